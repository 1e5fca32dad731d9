/* SPDX-License-Identifier: MIT */
/**
 * DOC: <mpt/compat/linux.h>, the contract's wrappers for an unmodified Linux GVT core
 *
 * Here live the intel_gvt_hypervisor_* wrappers over a Linux kernel's own struct intel_gvt_mpt,
 * struct intel_vgpu and intel_gvt_host. libmpt's own table and vGPU do not: this header stands in
 * for the core's "mpt.h" and includes nothing of libmpt, as both define the same struct tags.
 *
 * It is given to the compiler, and no file of drivers/gpu/drm/i915/gvt is changed::
 *
 *   -D_GVT_MPT_H_ -include $(pkg-config --variable=includedir libmpt)/mpt/compat/linux.h
 *
 * The macro is the include guard of the core's "mpt.h", whose inline functions thereby vanish. A
 * full path needs no -I and so keeps the folder of user-space headers out of a kernel build; where
 * a short one is wanted, `-iquote DIR -include mpt/compat/linux.h` finds it, <...> unaffected.
 * The core's "i915_drv.h" and "gvt.h" are not beside this file: they are found by -I of
 * drivers/gpu/drm/i915 and its gvt folder, which the core's Makefile gives. Pass the options to the
 * core's files only. With i915 as a module Kbuild does so for single targets::
 *
 *   make CFLAGS_MODULE="-D_GVT_MPT_H_ -include ..." drivers/gpu/drm/i915/gvt/gtt.o
 *
 * Written for and tested with Linux 5.10 (make check-linux-headers compiles its 22 files); any
 * other kernel is untried. Where another one keeps its vGPU differently, the accessors at the top
 * are the only place to map it; each may also be defined before this header is read.
 *
 * No wrapper calls through NULL, neither before a table is registered nor when one lacks the
 * operation (5.10's own make ten such calls without a test). The contract of each operation
 * stands at its callback in <mpt/hypercall.h>. Context, for all: process context, may sleep, under
 * whatever lock the core holds; the callback's own rules apply. Since: 0.1.
 */
#ifndef MPT_COMPAT_LINUX_H
#define MPT_COMPAT_LINUX_H

#ifndef _GVT_MPT_H_
#error "compile with -D_GVT_MPT_H_, or the core's own mpt.h defines the same wrappers"
#endif

#include "i915_drv.h"
#include "gvt.h"

/* The core's table of callbacks; NULL until a hypervisor is registered. */
#ifndef mpt_linux_table
#define mpt_linux_table() (intel_gvt_host.mpt)
#endif

/* The handle that attach_vgpu writes and every later operation takes; an lvalue. */
#ifndef mpt_linux_handle
#define mpt_linux_handle(vgpu) ((vgpu)->handle)
#endif

/* The vGPU's PCI configuration space, as bytes. */
#ifndef mpt_linux_config
#define mpt_linux_config(vgpu) ((vgpu)->cfg_space.virtual_cfg_space)
#endif

/* Where the MSI capability begins in it. A core has it from the host device's 8-bit capability
 * pointer, so that it lies inside the configuration space. */
#ifndef mpt_linux_msi_offset
#define mpt_linux_msi_offset(vgpu) ((vgpu)->gvt->device_info.msi_cap_offset)
#endif

/* The vGPU's number, for messages and the core's tracepoint. */
#ifndef mpt_linux_id
#define mpt_linux_id(vgpu) ((vgpu)->id)
#endif

/* Does the registered table have the operation? */
#define mpt_linux_has(op) (mpt_linux_table() && mpt_linux_table()->op)

/* The MSI capability (PCI Local Bus Specification 3.0, section 6.8.1), its 32-bit form. */
#define MPT_LINUX_MSI_CONTROL	2
#define MPT_LINUX_MSI_ADDRESS	4
#define MPT_LINUX_MSI_DATA	8
#define MPT_LINUX_MSI_ENABLE	0x0001
#define MPT_LINUX_MSI_REFUSED	0xfffe

/**
 * intel_gvt_hypervisor_host_init() - introduce the core to the hypervisor.
 * @dev: the graphics device
 * @gvt: the core's device, opaque
 * @ops: the core's struct intel_gvt_ops
 *
 * Return: the callback's answer; 0 when absent, as in the ACRN API (5.10's own says -ENODEV).
 */
static inline int intel_gvt_hypervisor_host_init(struct device *dev, void *gvt, const void *ops)
{
	if (!mpt_linux_has(host_init))
		return 0;
	return mpt_linux_table()->host_init(dev, gvt, ops);
}

/**
 * intel_gvt_hypervisor_host_exit() - take leave of the hypervisor; nothing when absent.
 * @dev: the graphics device
 */
static inline void intel_gvt_hypervisor_host_exit(struct device *dev)
{
	if (mpt_linux_has(host_exit))
		mpt_linux_table()->host_exit(dev);
}

/**
 * intel_gvt_hypervisor_attach_vgpu() - bind a vGPU to its VM.
 * @vgpu: the vGPU; the callback sets its handle
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_attach_vgpu(struct intel_vgpu *vgpu)
{
	if (!mpt_linux_has(attach_vgpu))
		return -EOPNOTSUPP;
	return mpt_linux_table()->attach_vgpu(vgpu, &mpt_linux_handle(vgpu));
}

/**
 * intel_gvt_hypervisor_detach_vgpu() - end what attach_vgpu began; nothing when absent.
 * @vgpu: the vGPU
 */
static inline void intel_gvt_hypervisor_detach_vgpu(struct intel_vgpu *vgpu)
{
	if (mpt_linux_has(detach_vgpu))
		mpt_linux_table()->detach_vgpu(vgpu);
}

/**
 * intel_gvt_hypervisor_inject_msi() - deliver an interrupt by the guest's MSI capability.
 * @vgpu: the vGPU whose capability is read
 *
 * The guest may write its configuration space meanwhile, so each field is read once.
 *
 * Return: the callback's answer; 0 while the guest has MSI disabled (nothing is injected and
 * nothing remembered); -EINVAL, with a message, when any other bit of the control word is set:
 * several messages, 64-bit address, per-vector masking; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_inject_msi(struct intel_vgpu *vgpu)
{
	const u8 *cap = mpt_linux_config(vgpu) + mpt_linux_msi_offset(vgpu);
	u16 control = READ_ONCE(*(const u16 *)(cap + MPT_LINUX_MSI_CONTROL));
	u32 addr = READ_ONCE(*(const u32 *)(cap + MPT_LINUX_MSI_ADDRESS));
	u16 data = READ_ONCE(*(const u16 *)(cap + MPT_LINUX_MSI_DATA));

	if (!(control & MPT_LINUX_MSI_ENABLE))
		return 0;
	if (control & MPT_LINUX_MSI_REFUSED) {
		/* The guest writes this word: no WARN and no flood of the host's log. */
		pr_warn_ratelimited("gvt: vgpu %d: MSI control 0x%04x is not supported\n",
				    mpt_linux_id(vgpu), control);
		return -EINVAL;
	}
	if (!mpt_linux_has(inject_msi))
		return -EOPNOTSUPP;
	trace_inject_msi(mpt_linux_id(vgpu), addr, data);
	return mpt_linux_table()->inject_msi(mpt_linux_handle(vgpu), addr, data);
}

/**
 * intel_gvt_hypervisor_virt_to_mfn() - machine frame of a page of the core.
 * @p: address in the kernel's linear map
 *
 * Return: the frame number; INTEL_GVT_INVALID_ADDR on failure and when absent.
 */
static inline unsigned long intel_gvt_hypervisor_virt_to_mfn(void *p)
{
	if (!mpt_linux_has(from_virt_to_mfn))
		return INTEL_GVT_INVALID_ADDR;
	return mpt_linux_table()->from_virt_to_mfn(p);
}

/**
 * intel_gvt_hypervisor_enable_page_track() - track the guest's stores to a page.
 * @vgpu: the vGPU
 * @gfn: the page
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	if (!mpt_linux_has(enable_page_track))
		return -EOPNOTSUPP;
	return mpt_linux_table()->enable_page_track(mpt_linux_handle(vgpu), gfn);
}

/**
 * intel_gvt_hypervisor_disable_page_track() - stop tracking a page.
 * @vgpu: the vGPU
 * @gfn: the page
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_disable_page_track(struct intel_vgpu *vgpu,
							  unsigned long gfn)
{
	if (!mpt_linux_has(disable_page_track))
		return -EOPNOTSUPP;
	return mpt_linux_table()->disable_page_track(mpt_linux_handle(vgpu), gfn);
}

/**
 * intel_gvt_hypervisor_read_gpa() - read guest memory.
 * @vgpu: the vGPU
 * @gpa: guest-physical byte address
 * @buf: where to
 * @len: bytes
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent, and then @buf is zeroed: many callers in
 * a 5.10 core ignore the result and go on with what the buffer holds.
 */
static inline int intel_gvt_hypervisor_read_gpa(struct intel_vgpu *vgpu, unsigned long gpa,
						void *buf, unsigned long len)
{
	if (!mpt_linux_has(read_gpa)) {
		memset(buf, 0, len);
		return -EOPNOTSUPP;
	}
	return mpt_linux_table()->read_gpa(mpt_linux_handle(vgpu), gpa, buf, len);
}

/**
 * intel_gvt_hypervisor_write_gpa() - write guest memory.
 * @vgpu: the vGPU
 * @gpa: guest-physical byte address
 * @buf: where from
 * @len: bytes
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_write_gpa(struct intel_vgpu *vgpu, unsigned long gpa,
						 void *buf, unsigned long len)
{
	if (!mpt_linux_has(write_gpa))
		return -EOPNOTSUPP;
	return mpt_linux_table()->write_gpa(mpt_linux_handle(vgpu), gpa, buf, len);
}

/**
 * intel_gvt_hypervisor_gfn_to_mfn() - machine frame behind a guest page.
 * @vgpu: the vGPU
 * @gfn: the guest page
 *
 * Return: the frame number; INTEL_GVT_INVALID_ADDR on failure and when absent.
 */
static inline unsigned long intel_gvt_hypervisor_gfn_to_mfn(struct intel_vgpu *vgpu,
							    unsigned long gfn)
{
	if (!mpt_linux_has(gfn_to_mfn))
		return INTEL_GVT_INVALID_ADDR;
	return mpt_linux_table()->gfn_to_mfn(mpt_linux_handle(vgpu), gfn);
}

/**
 * intel_gvt_hypervisor_dma_map_guest_page() - give the device access to guest memory.
 * @vgpu: the vGPU
 * @gfn: the first guest page
 * @size: bytes, 4096 or 2 MiB
 * @dma_addr: set to the bus address on success, untouched otherwise
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_dma_map_guest_page(struct intel_vgpu *vgpu,
							  unsigned long gfn, unsigned long size,
							  dma_addr_t *dma_addr)
{
	if (!mpt_linux_has(dma_map_guest_page))
		return -EOPNOTSUPP;
	return mpt_linux_table()->dma_map_guest_page(mpt_linux_handle(vgpu), gfn, size, dma_addr);
}

/**
 * intel_gvt_hypervisor_dma_unmap_guest_page() - give one mapping back; nothing when absent.
 * @vgpu: the vGPU
 * @dma_addr: the bus address that the mapping was given
 */
static inline void intel_gvt_hypervisor_dma_unmap_guest_page(struct intel_vgpu *vgpu,
							     dma_addr_t dma_addr)
{
	if (mpt_linux_has(dma_unmap_guest_page))
		mpt_linux_table()->dma_unmap_guest_page(mpt_linux_handle(vgpu), dma_addr);
}

/**
 * intel_gvt_hypervisor_dma_pin_guest_page() - count one more user of a mapping.
 * @vgpu: the vGPU
 * @dma_addr: the bus address of an existing mapping
 *
 * Return: the callback's answer; -EOPNOTSUPP when absent.
 */
static inline int intel_gvt_hypervisor_dma_pin_guest_page(struct intel_vgpu *vgpu,
							  dma_addr_t dma_addr)
{
	if (!mpt_linux_has(dma_pin_guest_page))
		return -EOPNOTSUPP;
	return mpt_linux_table()->dma_pin_guest_page(mpt_linux_handle(vgpu), dma_addr);
}

/**
 * intel_gvt_hypervisor_map_gfn_to_mfn() - map machine frames into the guest, or take them out.
 * @vgpu: the vGPU
 * @gfn: the first guest page
 * @mfn: the first machine frame
 * @nr: pages
 * @map: true to map
 *
 * Return: the callback's answer; 0 when absent.
 */
static inline int intel_gvt_hypervisor_map_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn,
						      unsigned long mfn, unsigned int nr, bool map)
{
	if (!mpt_linux_has(map_gfn_to_mfn))
		return 0;
	return mpt_linux_table()->map_gfn_to_mfn(mpt_linux_handle(vgpu), gfn, mfn, nr, map);
}

/**
 * intel_gvt_hypervisor_set_trap_area() - trap the guest's accesses to a range, or cease to.
 * @vgpu: the vGPU
 * @start: first byte
 * @end: last byte, inclusive
 * @map: true to trap
 *
 * Return: the callback's answer; 0 when absent.
 */
static inline int intel_gvt_hypervisor_set_trap_area(struct intel_vgpu *vgpu, u64 start, u64 end,
						     bool map)
{
	if (!mpt_linux_has(set_trap_area))
		return 0;
	return mpt_linux_table()->set_trap_area(mpt_linux_handle(vgpu), start, end, map);
}

/**
 * intel_gvt_hypervisor_set_opregion() - publish the vGPU's opregion.
 * @vgpu: the vGPU
 *
 * Return: the callback's answer; 0 when absent.
 */
static inline int intel_gvt_hypervisor_set_opregion(struct intel_vgpu *vgpu)
{
	if (!mpt_linux_has(set_opregion))
		return 0;
	return mpt_linux_table()->set_opregion(vgpu);
}

/**
 * intel_gvt_hypervisor_set_edid() - publish the EDID of a port.
 * @vgpu: the vGPU
 * @port_num: the port
 *
 * Return: the callback's answer; 0 when absent.
 */
static inline int intel_gvt_hypervisor_set_edid(struct intel_vgpu *vgpu, int port_num)
{
	if (!mpt_linux_has(set_edid))
		return 0;
	return mpt_linux_table()->set_edid(vgpu, port_num);
}

/**
 * intel_gvt_hypervisor_get_vfio_device() - hold the hypervisor's device while a buffer is exported.
 * @vgpu: the vGPU
 *
 * Return: the callback's answer; 0 when absent.
 */
static inline int intel_gvt_hypervisor_get_vfio_device(struct intel_vgpu *vgpu)
{
	if (!mpt_linux_has(get_vfio_device))
		return 0;
	return mpt_linux_table()->get_vfio_device(vgpu);
}

/**
 * intel_gvt_hypervisor_put_vfio_device() - end get_vfio_device's hold; nothing when absent.
 * @vgpu: the vGPU
 */
static inline void intel_gvt_hypervisor_put_vfio_device(struct intel_vgpu *vgpu)
{
	if (mpt_linux_has(put_vfio_device))
		mpt_linux_table()->put_vfio_device(vgpu);
}

/**
 * intel_gvt_hypervisor_is_valid_gfn() - may a guest page be mapped for the device?
 * @vgpu: the vGPU
 * @gfn: the guest page
 *
 * Return: the callback's answer; true when absent.
 */
static inline bool intel_gvt_hypervisor_is_valid_gfn(struct intel_vgpu *vgpu, unsigned long gfn)
{
	if (!mpt_linux_has(is_valid_gfn))
		return true;
	return mpt_linux_table()->is_valid_gfn(mpt_linux_handle(vgpu), gfn);
}

#endif /* MPT_COMPAT_LINUX_H */
