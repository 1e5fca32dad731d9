/* SPDX-License-Identifier: MIT */
/*
 * The glue: ties a Linux 5.10 GVT core, whose headers it is compiled with, to a host of libmpt. It
 * is what a maintainer of such a core writes; the rest of this folder only stands in for a kernel.
 * At its end is what a test looks at inside the core.
 *
 * The core's table is made from a list of its members; two of them have prototypes of their own.
 */
#include "i915_drv.h"
#include "gvt.h"
#include "intel_gvt.h"

#include <mpt/foreign.h>

#include "kernel.h"
#include "linux_gvt.h"
#include "side.h"

/* Declared in the core's mpt.h, whose place <mpt/compat/linux.h> has taken. */
int intel_gvt_register_hypervisor(struct intel_gvt_mpt *mpt);
void intel_gvt_unregister_hypervisor(void);

/* The core keeps one table in one global variable: there is one host. */
static struct mpt_host *host;
static struct mpt_foreign_table ops;
static struct intel_gvt_mpt table;
static const struct intel_gvt_ops *core;
static struct drm_i915_private *device;

/* The core performs no trapped store itself; a test says otherwise to see what comes of it. */
#ifndef LINUX_GVT_FLAGS
#define LINUX_GVT_FLAGS 0
#endif

/* --- from libmpt to the core --- */

static int aperture(u64 offset, void *buf, unsigned int len, bool write);

static int aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	return aperture(offset, buf, len, false);
}

static int aperture_write(void *opaque, u64 offset, const void *buf, unsigned int len)
{
	return aperture(offset, (void *)buf, len, true);
}

/* libmpt's entry points have "void *" where the core's have its structures. */
#define VGPU_INT(name, params, args)					\
static int to_##name params						\
{									\
	side_thread();							\
	return core->name args;						\
}
#define VGPU_VOID(name)							\
static void to_##name(void *vgpu)					\
{									\
	side_thread();							\
	core->name(vgpu);						\
}

#define ACCESS	(void *vgpu, u64 gpa, void *buf, unsigned int bytes), (vgpu, gpa, buf, bytes)
#define CONFIG	(void *vgpu, unsigned int at, void *buf, unsigned int bytes), (vgpu, at, buf, bytes)
#define VGPU_INT_(name, list) VGPU_INT(name, list)
VGPU_INT_(emulate_cfg_read, CONFIG)
VGPU_INT_(emulate_cfg_write, CONFIG)
VGPU_INT_(emulate_mmio_read, ACCESS)
VGPU_INT_(emulate_mmio_write, ACCESS)
VGPU_INT_(write_protect_handler, ACCESS)
VGPU_VOID(vgpu_destroy)
VGPU_VOID(vgpu_reset)
VGPU_VOID(vgpu_activate)
VGPU_VOID(vgpu_deactivate)
VGPU_VOID(vgpu_release)

static void *to_vgpu_create(void *gvt, void *type)
{
	return core->vgpu_create(gvt, type);
}

static void to_emulate_hotplug(void *vgpu, bool connected)
{
	side_thread();
	core->emulate_hotplug(vgpu, connected);
}

static void *to_find_type(void *gvt, const char *name)
{
	return core->gvt_find_vgpu_type(gvt, name);
}

/* --- from the core to libmpt --- */

static int host_init(struct device *dev, void *gvt, const void *core_ops)
{
	struct i915_ggtt *ggtt = ((struct intel_gvt *)gvt)->gt->ggtt;
	struct mpt_foreign_core to = {
		.size = sizeof(to),
		.flags = LINUX_GVT_FLAGS,
		.aperture_mfn = ggtt->gmadr.start >> PAGE_SHIFT,
		.aperture_pages = ggtt->mappable_end >> PAGE_SHIFT,
		.aperture_read = aperture_read,
		.aperture_write = aperture_write,
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

	core = core_ops;
	return mpt_foreign_init(host, dev, gvt, &to);
}

static void host_exit(struct device *dev)
{
	mpt_foreign_exit(host, dev, device->gvt);
}

static void detach_vgpu(void *vgpu)
{
	ops.detach_vgpu(((struct intel_vgpu *)vgpu)->handle);
}

static unsigned long from_virt_to_mfn(void *p)
{
	return mpt_foreign_virt_to_mfn(host, p);
}

/* The members that 5.10 and libmpt have alike. The compiler compares the types. */
#define MEMBERS(X)							\
	X(attach_vgpu) X(inject_msi) X(enable_page_track) X(disable_page_track)	\
	X(read_gpa) X(write_gpa) X(gfn_to_mfn) X(dma_map_guest_page)	\
	X(dma_unmap_guest_page) X(dma_pin_guest_page) X(map_gfn_to_mfn)	\
	X(set_trap_area) X(set_opregion) X(set_edid) X(get_vfio_device)	\
	X(put_vfio_device) X(is_valid_gfn)

int linux_gvt_register(struct mpt_host *with)
{
	int ret;

	host = with;
	ops.size = sizeof(ops);
	ret = mpt_foreign_table(host, &ops);
	if (ret)
		return ret;
#define X(member) table.member = ops.member;
	MEMBERS(X)
#undef X
	table.host_init = host_init;
	table.host_exit = host_exit;
	table.detach_vgpu = detach_vgpu;
	table.from_virt_to_mfn = from_virt_to_mfn;
	/* Where the opregion is, is all that the core concludes from it. */
	table.type = ops.caps & MPT_FOREIGN_WRITE_AFTER || !ops.map_gfn_to_mfn ?
		     INTEL_GVT_HYPERVISOR_KVM : INTEL_GVT_HYPERVISOR_XEN;
	return intel_gvt_register_hypervisor(&table);
}

void linux_gvt_unregister(void)
{
	intel_gvt_unregister_hypervisor();
	host = NULL;
}

/* A pointer to the core's structure is passed as any other. */
void linux_gvt_entries(struct linux_gvt_entries *to)
{
	to->cfg_read = (void *)core->emulate_cfg_read;
	to->cfg_write = (void *)core->emulate_cfg_write;
	to->mmio_read = (void *)core->emulate_mmio_read;
	to->mmio_write = (void *)core->emulate_mmio_write;
	to->reset = (void *)core->vgpu_reset;
	to->activate = (void *)core->vgpu_activate;
	to->deactivate = (void *)core->vgpu_deactivate;
}

int linux_gvt_is_xen(void)
{
	return table.type == INTEL_GVT_HYPERVISOR_XEN;
}

/* --- the device, and a look inside the core --- */

int linux_gvt_start(void)
{
	linux_gvt_trap_init();
	kernel_init();
	device = device_init();
	return device ? intel_gvt_init_device(device) : -ENOMEM;
}

void *linux_gvt_device(void)
{
	return device->gvt;
}

void *linux_gvt_type(unsigned int index)
{
	return index < device->gvt->num_types ? &device->gvt->types[index] : NULL;
}

unsigned int linux_gvt_available(unsigned int index)
{
	return device->gvt->types[index].avail_instance;
}

void linux_gvt_place(const void *p, struct linux_gvt_place *place)
{
	struct intel_vgpu *vgpu = (struct intel_vgpu *)p;

	place->aperture = vgpu_aperture_gmadr_base(vgpu);
	place->aperture_size = vgpu_aperture_sz(vgpu);
	place->hidden = vgpu_hidden_gmadr_base(vgpu);
	place->hidden_size = vgpu_hidden_sz(vgpu);
	place->fences = vgpu_fence_sz(vgpu);
}

int linux_gvt_failsafe(const void *vgpu)
{
	return ((const struct intel_vgpu *)vgpu)->failsafe;
}

unsigned long long linux_gvt_shadow_root(const void *p, unsigned int index)
{
	struct intel_vgpu *vgpu = (struct intel_vgpu *)p;
	struct intel_vgpu_mm *mm;

	list_for_each_entry(mm, &vgpu->gtt.ppgtt_mm_list_head, ppgtt_mm.list)
		if (mm->ppgtt_mm.shadowed && !index--)
			return mm->ppgtt_mm.shadow_pdps[0];
	return 0;
}

static struct intel_vgpu_mm *mm_get(struct intel_vgpu *vgpu, int levels, const u64 *pdp)
{
	u64 pdps[4];

	memcpy(pdps, pdp, sizeof(pdps));
	return intel_vgpu_get_ppgtt_mm(vgpu, levels == 4 ? GTT_TYPE_PPGTT_ROOT_L4_ENTRY :
							   GTT_TYPE_PPGTT_ROOT_L3_ENTRY, pdps);
}

/* In the order in which a submission does it. */
static int mm_ready(struct intel_vgpu *vgpu, struct intel_vgpu_mm *mm)
{
	int ret = intel_vgpu_pin_mm(mm);

	if (!ret)
		ret = intel_vgpu_sync_oos_pages(vgpu);
	if (!ret)
		ret = intel_vgpu_flush_post_shadow(vgpu);
	return ret;
}

int linux_gvt_shadow_pin(void *p, int levels, const unsigned long long pdp[4],
			 unsigned long long root[4], void **held)
{
	struct intel_vgpu *vgpu = p;
	struct intel_vgpu_mm *mm;
	int ret;

	side_thread();
	mutex_lock(&vgpu->vgpu_lock);
	mm = mm_get(vgpu, levels, pdp);
	ret = PTR_ERR_OR_ZERO(mm);
	if (!ret) {
		ret = mm_ready(vgpu, mm);
		memcpy(root, mm->ppgtt_mm.shadow_pdps, 4 * sizeof(*root));
		if (ret) {
			intel_vgpu_unpin_mm(mm);
			intel_vgpu_mm_put(mm);
		}
	}
	mutex_unlock(&vgpu->vgpu_lock);
	*held = mm;
	return ret;
}

void linux_gvt_shadow_unpin(void *held)
{
	struct intel_vgpu_mm *mm = held;
	struct intel_vgpu *vgpu = mm->vgpu;

	side_thread();
	mutex_lock(&vgpu->vgpu_lock);
	intel_vgpu_unpin_mm(mm);
	intel_vgpu_mm_put(mm);
	mutex_unlock(&vgpu->vgpu_lock);
}

const void *linux_gvt_core_page(unsigned long long addr)
{
	if (addr < KERNEL_BUS || addr - KERNEL_BUS >= 1UL << 30)
		return NULL;
	return __va(addr - KERNEL_BUS);
}

/*
 * The device's answer in its aperture: through the global page table to guest memory. There is no
 * bus here; the harness has one, by bus address. What is not the guest's is the core's scratch
 * page: it reads 0, and what is written there is nobody's.
 */
int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write);

static int aperture(u64 offset, void *buf, unsigned int len, bool write)
{
	u64 entry = linux_gvt_ggtt(offset >> PAGE_SHIFT), page = entry & GENMASK_ULL(45, 12);

	if (entry & 1 && !linux_gvt_core_page(page))
		return linux_gvt_bus(page | (offset & ~PAGE_MASK), buf, len, write);
	if (!write)
		memset(buf, 0, len);
	return 0;
}
