/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A host's operations for the GVT core that is inside the i915 of Linux 5.10, registered as any
 * hypervisor's module registers: loading this module hands the table over. Where there is no GPU
 * for GVT, i915 answers -ENODEV, which is told; the module then is of no use, and can be unloaded.
 *
 * A core of other headers is tied as <mpt/foreign.h> says. Headers packages have nothing of the
 * core's structures: so what lies inside a vGPU is not looked at.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include <mpt/error.h>
#include <mpt/foreign.h>

#include "kernel/linux510.h"

#define VGPUS 8
#define APERTURE_BAR 2

/* Declared here as <mpt/host.h> does; that one names structures as the core does. */
int mpt_host_open(const char *spec, struct mpt_host **host);
int mpt_host_close(struct mpt_host *host);

/* i915's. It has another tag for the table, of the same contents. */
int intel_gvt_register_hypervisor(struct linux510_mpt *table);
void intel_gvt_unregister_hypervisor(void);

static char *spec = "check,mock:phys-bits=36";
module_param(spec, charp, 0444);
MODULE_PARM_DESC(spec, "the host: layers, back end and options");

static int answer = 1;
module_param(answer, int, 0444);
MODULE_PARM_DESC(answer, "what i915 answered: 0, or an error; not to be set");

static struct mpt_host *host;
static struct mpt_foreign_table ops;
static const struct linux510_ops *core;
static void *device;

/* This core's detach has the vGPU where libmpt's has the handle: kept from attach on. */
static struct {
	void *vgpu;
	unsigned long handle;
} attached[VGPUS];
static DEFINE_MUTEX(lock); /* attached */

/* --- from libmpt to the core: "void *" for its structures --- */

#define TO(name, params, args)           \
	static int to_##name params      \
	{                                \
		return core->name args;  \
	}
#define TO_VOID(name)                    \
	static void to_##name(void *v)   \
	{                                \
		core->name(v);           \
	}

TO(emulate_cfg_read, (void *v, unsigned int at, void *buf, unsigned int n), (v, at, buf, n))
TO(emulate_cfg_write, (void *v, unsigned int at, void *buf, unsigned int n), (v, at, buf, n))
TO(emulate_mmio_read, (void *v, u64 gpa, void *buf, unsigned int n), (v, gpa, buf, n))
TO(emulate_mmio_write, (void *v, u64 gpa, void *buf, unsigned int n), (v, gpa, buf, n))
TO(write_protect_handler, (void *v, u64 gpa, void *buf, unsigned int n), (v, gpa, buf, n))
TO_VOID(vgpu_destroy)
TO_VOID(vgpu_release)
TO_VOID(vgpu_reset)
TO_VOID(vgpu_activate)
TO_VOID(vgpu_deactivate)

static void *to_vgpu_create(void *gvt, void *type)
{
	return core->vgpu_create(gvt, type);
}

static void *to_find_type(void *gvt, const char *name)
{
	return core->gvt_find_vgpu_type(gvt, name);
}

static void to_emulate_hotplug(void *v, bool connected)
{
	core->emulate_hotplug(v, connected);
}

static const struct mpt_foreign_core entry_points = {
	.size = sizeof(entry_points),
	.emulate_cfg_read = to_emulate_cfg_read,
	.emulate_cfg_write = to_emulate_cfg_write,
	.emulate_mmio_read = to_emulate_mmio_read,
	.emulate_mmio_write = to_emulate_mmio_write,
	.vgpu_create = to_vgpu_create,
	.vgpu_destroy = to_vgpu_destroy,
	.vgpu_reset = to_vgpu_reset,
	.vgpu_activate = to_vgpu_activate,
	.vgpu_deactivate = to_vgpu_deactivate,
	.vgpu_release = to_vgpu_release,
	.write_protect_handler = to_write_protect_handler,
	.emulate_hotplug = to_emulate_hotplug,
	.gvt_find_vgpu_type = to_find_type,
};

/* --- from the core to libmpt, where the two differ --- */

static int host_init(struct device *dev, void *gvt, const void *core_ops)
{
	struct mpt_foreign_core to = entry_points;

	if (dev && dev_is_pci(dev)) {
		struct pci_dev *pdev = to_pci_dev(dev);

		to.aperture_mfn = pci_resource_start(pdev, APERTURE_BAR) >> PAGE_SHIFT;
		to.aperture_pages = pci_resource_len(pdev, APERTURE_BAR) >> PAGE_SHIFT;
	}
	core = core_ops;
	device = gvt;
	return mpt_foreign_init(host, dev, gvt, &to);
}

static void host_exit(struct device *dev)
{
	mpt_foreign_exit(host, dev, device);
}

/* The place of @vgpu; NULL: a free one. -1: none. */
static int place(void *vgpu)
{
	int i;

	for (i = 0; i < VGPUS; i++)
		if (attached[i].vgpu == vgpu)
			return i;
	return -1;
}

static int attach_vgpu(void *vgpu, unsigned long *handle)
{
	int i, ret = -ENOSPC;

	mutex_lock(&lock);
	i = place(NULL);
	if (i >= 0)
		ret = ops.attach_vgpu(vgpu, handle);
	if (!ret) {
		attached[i].vgpu = vgpu;
		attached[i].handle = *handle;
	}
	mutex_unlock(&lock);
	return ret;
}

static void detach_vgpu(void *vgpu)
{
	unsigned long handle = 0;
	int i;

	mutex_lock(&lock);
	i = place(vgpu);
	if (i >= 0) {
		handle = attached[i].handle;
		attached[i].vgpu = NULL;
	}
	mutex_unlock(&lock);
	/* Waits for callbacks, which may attach another. */
	if (i >= 0)
		ops.detach_vgpu(handle);
}

static unsigned long from_virt_to_mfn(void *p)
{
	return mpt_foreign_virt_to_mfn(host, p);
}

/* --- the table --- */

/* What both have alike; the compiler compares the types. */
#define ALIKE(X)                                                                              \
	X(inject_msi) X(enable_page_track) X(disable_page_track) X(read_gpa) X(write_gpa)     \
	X(gfn_to_mfn) X(dma_map_guest_page) X(dma_unmap_guest_page) X(dma_pin_guest_page)     \
	X(map_gfn_to_mfn) X(set_trap_area) X(set_opregion) X(set_edid) X(get_vfio_device)     \
	X(put_vfio_device) X(is_valid_gfn)

static struct linux510_mpt table = {
	.host_init = host_init,
	.host_exit = host_exit,
	.attach_vgpu = attach_vgpu,
	.detach_vgpu = detach_vgpu,
	.from_virt_to_mfn = from_virt_to_mfn,
};

static int fill_table(void)
{
	int ret;

	ops.size = sizeof(ops);
	ret = mpt_foreign_table(host, &ops);
	if (ret)
		return ret;
#define X(member) table.member = ops.member;
	ALIKE(X)
#undef X
	/* Where the opregion is, is all that the core concludes from it. */
	table.type = ops.caps & MPT_FOREIGN_WRITE_AFTER || !ops.map_gfn_to_mfn ? LINUX510_KVM :
										   LINUX510_XEN;
	return 0;
}

static int __init register_init(void)
{
	int ret = mpt_host_open(spec, &host);

	if (ret) {
		pr_err("mpt: %s\n", mpt_last_error());
		return ret;
	}
	ret = fill_table();
	if (ret) {
		mpt_host_close(host);
		return ret;
	}
	answer = intel_gvt_register_hypervisor(&table);
	pr_info("mpt: i915 was offered %s and answers %d\n", spec, answer);
	return 0;
}

static void __exit register_exit(void)
{
	if (!answer)
		intel_gvt_unregister_hypervisor();
	pr_info("mpt: the host is closed: %d\n", mpt_host_close(host));
}

module_init(register_init);
module_exit(register_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("a host of libmpt, registered with the i915 of Linux 5.10");
