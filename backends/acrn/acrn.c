/* SPDX-License-Identifier: MIT */
/*
 * The exported table: ACRN's GVT-g callbacks under their published names, and those that later
 * kernels added. Each is a line; the work is in the files of its subject.
 */
#include "backends/acrn/acrn.h"

/* --- the core --- */

static int acrngt_host_init(struct device *dev, void *gvt, const void *ops)
{
	struct acrn_inst *inst = mpt_backend_self();
	bool again;

	(void)dev;
	if (!inst || !gvt || !ops)
		return acrn_fail(inst, "host_init", -EINVAL,
				 "the core gave no device or no entry points");
	os_mutex_lock(&inst->lock);
	again = inst->initialised;
	inst->initialised = true;
	os_mutex_unlock(&inst->lock);
	if (again)
		return acrn_fail(inst, "host_init", -EEXIST,
				 "a core is there already (let it exit first)");
	mpt_core_arrived(inst->host, ops);
	return 0;
}

static void acrngt_host_exit(struct device *dev, void *gvt)
{
	struct acrn_inst *inst = mpt_backend_self();

	(void)dev;
	(void)gvt;
	if (!inst)
		return;
	mpt_core_left(inst->host);
	os_mutex_lock(&inst->lock);
	inst->initialised = false;
	os_mutex_unlock(&inst->lock);
}

static int acrngt_dom0_ready(void)
{
	return 0;
}

/* --- a vGPU --- */

static int acrngt_attach_vgpu(void *vgpu, unsigned long *handle)
{
	return acrn_attach(vgpu, handle);
}

static void acrngt_detach_vgpu(unsigned long handle)
{
	acrn_detach(handle);
}

/* --- interrupts: no lock, no allocation, no sleep (published issue 3032) --- */

/* What the interrupt controller takes (HC_INJECT_MSI); the rest it would drop in silence. */
static const char *msi_refused(u32 addr, u16 data)
{
	unsigned int mode = data >> 8 & 7;

	if (addr >> 20 != 0xfee)
		return "no message address (0xfee00000 to 0xfeefffff: has the guest set up its MSI "
		       "capability?)";
	if ((data & 0xff) < 16)
		return "vector below 16";
	if (mode != 0 && mode != 1 && mode != 7)
		return "delivery mode other than fixed, lowest priority or ExtINT";
	return NULL;
}

static int msi_failed(const struct acrn_inst *inst, unsigned long handle, int ret, u32 addr,
		      u16 data, const char *why)
{
	if (ret == -ESRCH)
		return acrn_dead_handle(handle, "inject_msi");
	return acrn_fail(inst, "inject_msi", ret, "address 0x%x, data 0x%x: %s", addr, data,
			 why ? why : "the hypervisor refused it (is the VM still there?)");
}

static int acrngt_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	unsigned long old = mpt_rcu_enter();
	const struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);
	const struct acrn_inst *inst = vm ? vm->inst : NULL;
	const char *why = vm ? msi_refused(addr, data) : NULL;
	int ret = !vm ? -ESRCH : why ? -EINVAL : 0;

	if (OS_LIKELY(!ret) && vhm_inject_msi(vm->vmid, addr, data))
		ret = -EIO;
	mpt_rcu_leave(old);
	return OS_LIKELY(!ret) ? 0 : msi_failed(inst, handle, ret, addr, data, why);
}

static int acrngt_set_intx(unsigned long handle, bool level)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, "set_intx");
	struct vhm_provider *p;
	int ret = 0;

	if (!vm)
		return -ESRCH;
	p = vm->inst->machine.provider;
	if (os_exchange(&vm->intx_level, level) != level &&
	    p->svc->set_irqline(p, VHM_VMID_LOCAL(vm->vmid), vm->inst->gsi, level)) {
		os_store(&vm->intx_level, !level);
		ret = acrn_fail(vm->inst, "set_intx", -EIO,
				"the hypervisor refused interrupt line %u (is the VM still there?)",
				vm->inst->gsi);
	}
	acrn_vm_drop(vm);
	return ret;
}

/* --- memory --- */

/* An error number is tested for before the shift: exactly ~0UL is the one failure. */
static unsigned long acrngt_virt_to_mfn(void *page)
{
	struct acrn_inst *inst = mpt_backend_self();
	struct vhm_provider *p = inst ? inst->machine.provider : NULL;
	u64 hpa;

	if (!p || !page || (uintptr_t)page % MPT_PAGE_SIZE) {
		acrn_fail(inst, "from_virt_to_mfn", -EINVAL,
			  "%p is no page of the core's (give a page-aligned address)", page);
		return INTEL_GVT_INVALID_ADDR;
	}
	hpa = p->svc->virt_to_phys(p, page);
	if (hpa != ~0ULL)
		return hpa >> MPT_PAGE_SHIFT;
	acrn_fail(inst, "from_virt_to_mfn", -ENOMEM, "the page at %p has no machine frame", page);
	return INTEL_GVT_INVALID_ADDR;
}

static int acrngt_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	return acrn_read(handle, gpa, buf, len);
}

static int acrngt_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	return acrn_write(handle, gpa, buf, len);
}

static unsigned long acrngt_gfn_to_pfn(unsigned long handle, unsigned long gfn)
{
	return acrn_gfn_to_mfn(handle, gfn);
}

static bool acrngt_is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	return acrn_is_ram(handle, gfn);
}

static int acrngt_dma_map_guest_page(unsigned long handle, unsigned long gfn, unsigned long size,
				     dma_addr_t *dma_addr)
{
	return acrn_dma_map(handle, gfn, size, dma_addr);
}

static void acrngt_dma_unmap_guest_page(unsigned long handle, dma_addr_t dma_addr)
{
	acrn_dma_unmap(handle, dma_addr);
}

static int acrngt_dma_pin_guest_page(unsigned long handle, dma_addr_t dma_addr)
{
	return acrn_dma_pin(handle, dma_addr);
}

/* --- what the guest sees --- */

static int acrngt_page_track_add(unsigned long handle, u64 gfn)
{
	return acrn_track(handle, gfn);
}

static int acrngt_page_track_remove(unsigned long handle, u64 gfn)
{
	return acrn_untrack(handle, gfn);
}

static int acrngt_map_gfn_to_mfn(unsigned long handle, unsigned long gfn, unsigned long mfn,
				 unsigned int nr, bool map)
{
	return acrn_map_gfn(handle, gfn, mfn, nr, map);
}

static int acrngt_set_trap_area(unsigned long handle, u64 start, u64 end, bool map)
{
	return acrn_set_trap_area(handle, start, end, map);
}

static int acrngt_set_pvmmio(unsigned long handle, u64 start, u64 end, bool map)
{
	return acrn_set_pvmmio(handle, start, end, map);
}

/* --- operations that are only counted --- */

/* The VM of a vGPU pointer, held as by acrn_vm_hold(). */
static struct acrn_vm *vm_of_vgpu(void *vgpu, const char *op)
{
	unsigned long handle = mpt_handle_by_vgpu(&acrn_handles, vgpu);

	if (handle)
		return acrn_vm_hold(handle, op);
	acrn_fail(NULL, op, -ESRCH, "%p is no attached vGPU", vgpu);
	return NULL;
}

static int acrngt_set_opregion(void *vgpu)
{
	struct acrn_vm *vm = vm_of_vgpu(vgpu, "set_opregion");

	if (!vm)
		return -ESRCH;
	os_fetch_add(&vm->opregion, 1);
	acrn_vm_drop(vm);
	return 0;
}

static int acrngt_set_edid(void *vgpu, int port_num)
{
	struct acrn_vm *vm = vm_of_vgpu(vgpu, "set_edid");
	bool known = port_num >= 0 && port_num <= 4; /* A to E */
	int ret = 0;

	if (!vm)
		return -ESRCH;
	if (known)
		os_fetch_add(&vm->edid, 1);
	else
		ret = acrn_fail(vm->inst, "set_edid", -EINVAL, "port %d (0 to 4)", port_num);
	acrn_vm_drop(vm);
	return ret;
}

static int acrngt_get_vfio_device(void *vgpu)
{
	struct acrn_vm *vm = vm_of_vgpu(vgpu, "get_vfio_device");

	if (!vm)
		return -ESRCH;
	os_fetch_add(&vm->vfio_device, 1);
	acrn_vm_drop(vm);
	return 0;
}

static void acrngt_put_vfio_device(void *vgpu)
{
	struct acrn_vm *vm = vm_of_vgpu(vgpu, "put_vfio_device");

	if (!vm)
		return;
	os_fetch_add(&vm->vfio_device, -1);
	acrn_vm_drop(vm);
}

const struct intel_gvt_mpt acrn_gvt_mpt = {
	.host_init = acrngt_host_init,
	.host_exit = acrngt_host_exit,
	.attach_vgpu = acrngt_attach_vgpu,
	.detach_vgpu = acrngt_detach_vgpu,
	.inject_msi = acrngt_inject_msi,
	.from_virt_to_mfn = acrngt_virt_to_mfn,
	.enable_page_track = acrngt_page_track_add,
	.disable_page_track = acrngt_page_track_remove,
	.read_gpa = acrngt_read_gpa,
	.write_gpa = acrngt_write_gpa,
	.gfn_to_mfn = acrngt_gfn_to_pfn,
	.map_gfn_to_mfn = acrngt_map_gfn_to_mfn,
	.dma_map_guest_page = acrngt_dma_map_guest_page,
	.dma_unmap_guest_page = acrngt_dma_unmap_guest_page,
	.set_trap_area = acrngt_set_trap_area,
	.set_pvmmio = acrngt_set_pvmmio,
	.dom0_ready = acrngt_dom0_ready,
	.dma_pin_guest_page = acrngt_dma_pin_guest_page,
	.set_opregion = acrngt_set_opregion,
	.set_edid = acrngt_set_edid,
	.get_vfio_device = acrngt_get_vfio_device,
	.put_vfio_device = acrngt_put_vfio_device,
	.is_valid_gfn = acrngt_is_valid_gfn,
	.set_intx = acrngt_set_intx,
};
