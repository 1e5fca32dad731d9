/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The sysfs tree as a module, over a core without a device: loading it shows the tree of a host as
 * /sys/kernel/gvt. vGPUs are made and destroyed by writes to it; they are attached to VMs of the
 * back end, and that is all.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include <mpt/alloc.h>
#include <mpt/host.h>
#include <mpt/mpt.h>

#include "kernel/kobjects.h"

#define MIB (1ULL << 20)
#define VGPUS 3
#define APERTURE (256 * MIB)

static char *spec = "check,mock:phys-bits=36";
module_param(spec, charp, 0444);
MODULE_PARM_DESC(spec, "the host: layers, back end and options");

static char *name = "gvt";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "what the tree is called below /sys/kernel");

struct intel_vgpu_type {
	struct mpt_sysfs_sizes sizes;
};

struct vgpu {
	struct intel_vgpu base;
	struct mpt_sysfs_sizes sizes;
	u8 cfg[256];
	bool live;
};

struct intel_gvt {
	struct mpt_host *host;
	struct vgpu vgpus[VGPUS];
};

static struct intel_gvt device;
static struct mpt_kobjects *tree;

static const struct mpt_sysfs_type types[] = {
	{ "GVTg_V5_8", 64 * MIB, 384 * MIB, 4, 2, 1024, 768 },
	{ "GVTg_V5_4", 128 * MIB, 512 * MIB, 4, 4, 1920, 1200 },
};

/* --- the core's entry points --- */

static struct vgpu *own(struct intel_vgpu *vgpu)
{
	return container_of(vgpu, struct vgpu, base);
}

/* One thread at a time makes vGPUs. */
static struct intel_vgpu *core_create(struct intel_gvt *gvt, struct intel_vgpu_type *type)
{
	unsigned int i;
	int ret;

	for (i = 0; i < VGPUS && gvt->vgpus[i].live; i++)
		;
	if (i == VGPUS)
		return ERR_PTR(-ENOSPC);
	memset(&gvt->vgpus[i], 0, sizeof(gvt->vgpus[i]));
	gvt->vgpus[i].base.mpt = mpt_host_table(gvt->host);
	gvt->vgpus[i].base.cfg_space = gvt->vgpus[i].cfg;
	gvt->vgpus[i].base.msi_cap_offset = 0xac;
	gvt->vgpus[i].base.id = i + 1;
	gvt->vgpus[i].sizes = type->sizes;
	ret = intel_gvt_hypervisor_attach_vgpu(&gvt->vgpus[i].base);
	if (ret)
		return ERR_PTR(ret);
	gvt->vgpus[i].live = true;
	return &gvt->vgpus[i].base;
}

static void core_destroy(struct intel_vgpu *vgpu)
{
	intel_gvt_hypervisor_detach_vgpu(vgpu);
	own(vgpu)->live = false;
}

static int core_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	memset(buf, 0xff, bytes);
	return 0;
}

static int core_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	return 0;
}

static int core_cfg(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	return -EINVAL;
}

static void core_nothing(struct intel_vgpu *vgpu)
{
}

static int core_store(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	return -ENXIO;
}

static void core_hotplug(struct intel_vgpu *vgpu, bool connected)
{
}

static struct intel_vgpu_type *core_type(struct intel_gvt *gvt, const char *name)
{
	return NULL;
}

static const struct intel_gvt_ops core_ops = {
	.emulate_cfg_read = core_cfg,
	.emulate_cfg_write = core_cfg,
	.emulate_mmio_read = core_read,
	.emulate_mmio_write = core_write,
	.vgpu_create = core_create,
	.vgpu_destroy = core_destroy,
	.vgpu_reset = core_nothing,
	.vgpu_activate = core_nothing,
	.vgpu_deactivate = core_nothing,
	.vgpu_release = core_nothing,
	.write_protect_handler = core_store,
	.emulate_hotplug = core_hotplug,
	.gvt_find_vgpu_type = core_type,
};

/* --- what the tree asks --- */

static int type_get(void *opaque, unsigned int index, struct mpt_sysfs_type *type)
{
	if (index >= ARRAY_SIZE(types))
		return -ENOENT;
	*type = types[index];
	return 0;
}

static unsigned int type_available(void *opaque, unsigned int index)
{
	struct intel_gvt *gvt = opaque;
	unsigned int i, n = 0;

	for (i = 0; i < VGPUS; i++)
		n += !READ_ONCE(gvt->vgpus[i].live);
	return n;
}

static void total(void *opaque, struct mpt_sysfs_sizes *sizes)
{
	*sizes = (struct mpt_sysfs_sizes){ APERTURE, 2048 * MIB, 32 };
}

static struct intel_vgpu *vgpu_create(void *opaque, struct mpt_vm *vm,
				      const struct mpt_sysfs_sizes *sizes)
{
	struct intel_vgpu_type type = { *sizes };

	return mpt_vgpu_create(vm, opaque, &type);
}

static int vgpu_destroy(void *opaque, struct mpt_vm *vm, struct intel_vgpu *vgpu)
{
	return mpt_vgpu_destroy(vm, vgpu);
}

static void vgpu_info(void *opaque, struct intel_vgpu *vgpu, struct mpt_sysfs_vgpu *info)
{
	const struct mpt_sysfs_sizes *sizes = &own(vgpu)->sizes;

	strcpy(info->type, "custom");
	strcpy(info->state, "inactive");
	info->low_size = sizes->low;
	info->high_size = sizes->high;
	info->fence_count = sizes->fence;
	info->bar0_size = 16 * MIB;
	info->bar2_size = APERTURE;
}

static const struct mpt_sysfs_core core = {
	.size = sizeof(core),
	.opaque = &device,
	.type_get = type_get,
	.type_available = type_available,
	.total = total,
	.vgpu_create = vgpu_create,
	.vgpu_destroy = vgpu_destroy,
	.vgpu_info = vgpu_info,
};

/* --- a write to the module's parameter "ready": the service VM's display is up --- */

static int ready_set(const char *text, const struct kernel_param *param)
{
	return device.host ? mpt_dom0_ready(device.host) : -ENODEV;
}

static const struct kernel_param_ops ready_ops = {
	.set = ready_set,
};
module_param_cb(ready, &ready_ops, NULL, 0200);

/* --- life --- */

static int __init tree_init(void)
{
	struct mpt_sysfs_config config = {
		.size = sizeof(config),
		.core = &core,
		.vm_memory = MIB,
	};
	int ret = mpt_host_open(spec, &device.host);

	if (ret)
		goto err;
	ret = mpt_host_init(device.host, NULL, &device, &core_ops);
	if (ret)
		goto err_host;
	ret = mpt_kobjects_new(device.host, &config, name, &tree);
	if (ret)
		goto err_core;
	return 0;
err_core:
	mpt_host_exit(device.host, NULL, &device);
err_host:
	mpt_host_close(device.host);
err:
	pr_err("mpt: no tree: %d (%s)\n", ret, mpt_last_error());
	return ret;
}

static void __exit tree_exit(void)
{
	int ret = mpt_kobjects_free(tree), closed;

	mpt_host_exit(device.host, NULL, &device);
	closed = mpt_host_close(device.host);
	pr_info("mpt: the tree has gone: %d, %d, %ld allocations are left\n", ret, closed,
		mpt_alloc_live());
}

module_init(tree_init);
module_exit(tree_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("the sysfs tree of a host, over a core without a device");
