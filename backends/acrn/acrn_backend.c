/* SPDX-License-Identifier: MIT */
/*
 * The back end "acrn": a real hypervisor through /dev/acrn_hsm. This process is its VMs' device
 * model: it makes them (mpt_vm_create(), mpt_ram_add()); what no vGPU takes of their accesses is
 * answered with all ones.
 */
#include "backends/acrn/acrn.h"
#include "backends/acrn/vhm_hsm.h"

#define ACRN "acrn"

extern const struct mpt_backend mpt_backend_acrn;

struct acrn_options {
	const char *device;
	u64 vcpus, phys_bits, gsi;
	bool polling, huge;
};

#define OPT(field, name_, type_, def_, help_, ...)                                           \
	{                                                                                    \
		.name = (name_), .def = (def_), .help = (help_), .type = MPT_OPTION_##type_, \
		.offset = offsetof(struct acrn_options, field), __VA_ARGS__                  \
	}

static const struct mpt_option options[] = {
	OPT(device, "device", STRING, ACRN_HSM_PATH, "the HSM"),
	OPT(vcpus, "vcpus", UINT, "1", "wanted for each VM; the hypervisor decides", .min = 1,
	    .max = VHM_REQUEST_MAX),
	OPT(phys_bits, "phys-bits", UINT, "39", "guest-physical address bits", .min = 32,
	    .max = 46),
	OPT(polling, "polling", BOOL, "no", "vCPUs poll for completion; no: they are told"),
	OPT(huge, "huge", BOOL, "no", "guest RAM of 2 MiB pages, in multiples of them"),
	OPT(gsi, "gsi", UINT, "16", "interrupt line of the device's pin", .max = 255),
	{ .name = NULL },
};

/* What may be asked without opening: by the default path, or the one in @opts. */
static enum mpt_probe acrn_probe(const void *opts)
{
	const struct acrn_options *o = opts;

	switch (acrn_hsm_probe(o ? o->device : NULL, ACRN)) {
	case 0:
		return MPT_PROBE_OK;
	case -ENODEV:
		return MPT_PROBE_DECLINED;
	}
	return MPT_PROBE_BROKEN;
}

static void machine_close(struct acrn_machine *m)
{
	acrn_hsm_close(m->priv);
}

static int machine_open(struct acrn_machine *m, const struct acrn_options *o)
{
	const struct acrn_hsm_config config = {
		.name = ACRN,
		.vm_name = "mpt",
		.vcpus = (unsigned int)o->vcpus,
		.polling = o->polling,
		.huge = o->huge,
		.gpa_bits = (unsigned int)o->phys_bits,
	};
	struct acrn_hsm *hsm;
	int ret = acrn_hsm_open(o->device, &config, &hsm);

	if (ret)
		return ret;
	*m = (struct acrn_machine){
		.provider = acrn_hsm_provider(hsm),
		.dm_ops = &acrn_hsm_dm_ops,
		.dm = hsm,
		.close = machine_close,
		.priv = hsm,
	};
	return 0;
}

static int acrn_open(struct mpt_host *host, const void *opts, struct mpt_instance *out)
{
	const struct acrn_options *o = opts;
	struct acrn_machine machine;
	struct acrn_inst *inst;
	int ret;

	inst = mpt_zalloc(sizeof(*inst));
	if (!inst)
		return mpt_fail_at(-ENOMEM, "open", ACRN, "no memory for the instance");
	ret = machine_open(&machine, o);
	if (ret) {
		mpt_free(inst);
		return ret == -ENOSPC ? -ENOMEM : ret;
	}
	acrn_inst_init(inst, host, ACRN, &machine, o->phys_bits);
	inst->gsi = (unsigned int)o->gsi;
	*out = (struct mpt_instance){ .priv = inst, .caps = inst->caps };
	return 0;
}

static void acrn_close(void *priv)
{
	struct acrn_inst *inst = priv;

	acrn_inst_exit(inst);
	mpt_free(inst);
}

/* VMs and their RAM; what the guest does is its own business here. */
static const struct mpt_testbed testbed = {
	.size = sizeof(struct mpt_testbed),
	.vm_create = acrn_dm_vm_create,
	.vm_destroy = acrn_dm_vm_destroy,
	.ram_add = acrn_dm_ram_add,
	.ram_remove = acrn_dm_ram_remove,
	.ram_move = acrn_dm_ram_move,
	.tracked = acrn_dm_tracked,
	.stats = acrn_dm_vm_stats,
};

const struct mpt_backend mpt_backend_acrn = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = ACRN,
	.summary = "ACRN: guests of this service VM, through /dev/acrn_hsm",
	/* What the HSM has no call for can never be (doc/acrn.md). */
	.caps = MPT_CAP_DMA_PIN | MPT_CAP_GFN_TO_MFN | MPT_CAP_MAP_GFN | MPT_CAP_TRAP_AREA |
		MPT_CAP_INTX,
	.options = options,
	.options_size = sizeof(struct acrn_options),
	.mpt = &acrn_gvt_mpt,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.testbed = &testbed,
	.probe = acrn_probe,
	.open = acrn_open,
	.close = acrn_close,
	.vm_get = acrn_vm_get,
	.vm_put = acrn_vm_put,
	.quiesce = acrn_quiesce,
	.vm_stop = acrn_vm_stop,
};
