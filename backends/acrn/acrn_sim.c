/* SPDX-License-Identifier: MIT */
/* The back end "acrn-sim": options, and the simulated machine below an instance. */
#include "backends/acrn/acrn_bed.h"
#include "backends/acrn/vhm_hsm.h"

#define ACRN_SIM "acrn-sim"

extern const struct mpt_backend mpt_backend_acrn_sim;

static const char *const profile_choices[] = { "2018", "2019", "2020", "upstream", "strict", NULL };
static const char *const record_choices[] = { "2M", "1G", NULL };

struct sim_options {
	unsigned int profile, records;
	u64 vcpus, phys_bits, seed, gsi;
	bool seeded, polling, spin, contig;
};

#define OPT(field, name_, type_, def_, help_, ...)                                           \
	{                                                                                    \
		.name = (name_), .def = (def_), .help = (help_), .type = MPT_OPTION_##type_, \
		.offset = offsetof(struct sim_options, field), __VA_ARGS__                   \
	}

static const struct mpt_option options[] = {
	OPT(profile, "profile", ENUM, "strict",
	    "generation of hypervisor and VHM; strict: the newest, and nothing is let pass",
	    .choices = profile_choices),
	OPT(vcpus, "vcpus", UINT, "4", "of each VM", .min = 1, .max = VHM_REQUEST_MAX),
	OPT(phys_bits, "phys-bits", UINT, "40", "guest-physical address bits",
	    .min = ACRN_GPA_BITS_MIN, .max = ACRN_GPA_BITS_MAX),
	OPT(polling, "polling", BOOL, "no", "vCPUs poll for completion; no: they are told"),
	OPT(spin, "spin", BOOL, "no",
	    "who waits for a request or an answer spins for 0.2 ms before it sleeps"),
	OPT(records, "records", ENUM, "2M", "size of VHM's records of guest memory",
	    .choices = record_choices),
	OPT(contig, "contig", BOOL, "yes", "2 MiB of aligned guest frames are contiguous"),
	OPT(gsi, "gsi", UINT, "16", "interrupt line of the device's pin", .max = ACRN_PINS - 1),
	OPT(seed, "seed", UINT, "0", "of every chance there is", .max = UINT64_MAX),
	OPT(seeded, "seeded", BOOL, "no", "the simulator's threads take turns as the seed decides"),
	{ .name = NULL },
};

/* --- the machine --- */

/* What the machine has to say of how it was used. */
static void machine_close(struct acrn_machine *m)
{
	const char *say;
	unsigned int i;

	if (m->priv)
		acrn_hsm_close(m->priv);
	for (i = 0; (say = acrn_broken_say(m->sim, i)); i++)
		mpt_log(MPT_LOG_ERROR, "broken: %s", say);
	acrn_sim_free(m->sim);
}

/* Simulated vCPUs touch memory in read sections. */
static void machine_fence(struct acrn_machine *m)
{
	(void)m;
	mpt_rcu_synchronize();
}

static void machine_settle(struct acrn_machine *m, unsigned int vm_id)
{
	struct acrn_hvm *hvm = acrn_hvm_get(m->sim, (u16)vm_id);

	if (!hvm)
		return;
	mpt_rcu_synchronize();
	acrn_vcpus_settle(hvm);
	acrn_hvm_put(hvm);
}

/* An upstream HSM over it: its services are by ioctl, and VMs are made by who has its file. */
static int hsm_open(struct acrn_machine *m, const struct sim_options *o)
{
	const struct acrn_hsm_config config = {
		.name = ACRN_SIM,
		.vcpus = (unsigned int)o->vcpus,
		.polling = o->polling,
		.gpa_bits = (unsigned int)o->phys_bits,
	};
	struct acrn_hsm *hsm;
	int ret = acrn_hsm_open_sim(m->sim, &config, &hsm);

	if (ret) {
		acrn_sim_free(m->sim);
		return ret;
	}
	m->priv = hsm;
	m->provider = acrn_hsm_provider(hsm);
	m->dm_ops = &acrn_hsm_dm_ops;
	m->dm = hsm;
	return 0;
}

static int machine_open(struct acrn_machine *m, const struct sim_options *o)
{
	const struct acrn_sim_config config = {
		.profile = acrn_profile_find(profile_choices[o->profile]),
		.seed = o->seed,
		.seeded = o->seeded,
		.polling = o->polling,
		.spin = o->spin,
		.vcpus = (unsigned int)o->vcpus,
		.gpa_bits = (unsigned int)o->phys_bits,
		.huge_records = o->records,
		.contiguous = o->contig,
	};
	int ret = acrn_sim_new(&config, &m->sim);

	if (ret)
		return mpt_fail_at(-ENOMEM, "open", ACRN_SIM,
				   ret == -ENOSPC ? "too many machines are open (close one)" :
						    "no memory for the machine");
	m->provider = acrn_sim_provider(m->sim);
	m->dm_ops = &acrn_sim_dm_ops;
	m->dm = m->sim;
	m->fence = machine_fence;
	m->settle = machine_settle;
	m->vm_made = acrn_bed_vm_made;
	m->vm_ended = acrn_bed_vm_ended;
	m->close = machine_close;
	return config.profile->hsm ? hsm_open(m, o) : 0;
}

/* --- the back end --- */

static int sim_open(struct mpt_host *host, const void *opts, struct mpt_instance *out)
{
	const struct sim_options *o = opts;
	struct acrn_machine machine = { .provider = NULL };
	struct acrn_inst *inst;
	int ret;

	inst = mpt_zalloc(sizeof(*inst));
	if (!inst)
		return mpt_fail_at(-ENOMEM, "open", ACRN_SIM, "no memory for the instance");
	ret = machine_open(&machine, o);
	if (ret) {
		mpt_free(inst);
		return ret;
	}
	acrn_inst_init(inst, host, ACRN_SIM, &machine, o->phys_bits);
	inst->gsi = (unsigned int)o->gsi;
	*out = (struct mpt_instance){ .priv = inst, .caps = inst->caps };
	return 0;
}

static void sim_close(void *priv)
{
	struct acrn_inst *inst = priv;

	acrn_inst_exit(inst);
	mpt_free(inst);
}

const struct mpt_backend mpt_backend_acrn_sim = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = ACRN_SIM,
	.summary = "ACRN and its VHM, simulated in this process",
	.caps = MPT_CAP_ALL & ~MPT_CAP_WRITE_AFTER,
	.options = options,
	.options_size = sizeof(struct sim_options),
	.mpt = &acrn_gvt_mpt,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.testbed = &acrn_testbed,
	.open = sim_open,
	.close = sim_close,
	.vm_get = acrn_vm_get,
	.vm_put = acrn_vm_put,
	.quiesce = acrn_quiesce,
	.vm_stop = acrn_vm_stop,
};
