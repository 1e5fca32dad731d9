/* SPDX-License-Identifier: MIT */
/*
 * The intel_gvt_hypervisor_* wrappers, which a GVT core calls: names, argument orders and types of
 * the published API. Each is one indirect call (none in a static-backend build) and never goes
 * through NULL: without the callback it answers what <mpt/ops.def> says. The contract of each
 * operation is at its callback in <mpt/hypercall.h>.
 */
#ifndef MPT_MPT_H
#define MPT_MPT_H

#include <string.h>
#include <mpt/host.h>
#include <mpt/hypercall.h>
#include <mpt/vgpu.h>

#ifdef MPT_STATIC_BACKEND
#define MPT_STATIC_HEADER <mpt/static/MPT_STATIC_BACKEND.h>
#include MPT_STATIC_HEADER
/* Static dispatch: the back end's functions by name; the table is not looked at. */
#define MPT_HAS(table, op) ((table) != NULL)
#define MPT_CALL(table, op) mpt_static_##op
#else
#define MPT_HAS(table, op) ((table) && (table)->op)
#define MPT_CALL(table, op) ((table)->op)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Layout of the MSI capability (PCI Local Bus Specification 3.0, 6.8.1). */
#define MPT_MSI_CONTROL 2 /**< offset of the control word */
#define MPT_MSI_ADDRESS 4 /**< offset of the message address */
#define MPT_MSI_DATA 8 /**< offset of the message data, in the 32-bit form */
#define MPT_MSI_ENABLE 0x0001 /**< of the control word: MSI is on */
#define MPT_MSI_UNSUPPORTED 0xfffe /**< of it: what no vGPU offers */

/**
 * intel_gvt_hypervisor_host_init() - introduce the core to the thread's current host. Absent:
 *	0. Since: 0.1
 */
static inline int intel_gvt_hypervisor_host_init(struct device *dev, void *gvt, const void *ops)
{
	const struct intel_gvt_mpt *t = mpt_current_table();

	return MPT_HAS(t, host_init) ? MPT_CALL(t, host_init)(dev, gvt, ops) : 0;
}

/**
 * intel_gvt_hypervisor_host_exit() - take leave of the current host. Absent: nothing. Since:
 *	0.1
 */
static inline void intel_gvt_hypervisor_host_exit(struct device *dev, void *gvt)
{
	const struct intel_gvt_mpt *t = mpt_current_table();

	if (MPT_HAS(t, host_exit))
		MPT_CALL(t, host_exit)(dev, gvt);
}

/**
 * intel_gvt_hypervisor_attach_vgpu() - bind a vGPU to the target VM; sets vgpu->handle. Absent:
 *	-EOPNOTSUPP. Since: 0.1
 */
static inline int intel_gvt_hypervisor_attach_vgpu(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, attach_vgpu) ? MPT_CALL(t, attach_vgpu)(vgpu, &vgpu->handle) :
					 -EOPNOTSUPP;
}

/** intel_gvt_hypervisor_detach_vgpu() - end the handle. Absent: nothing. Since: 0.1 */
static inline void intel_gvt_hypervisor_detach_vgpu(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	if (MPT_HAS(t, detach_vgpu))
		MPT_CALL(t, detach_vgpu)(vgpu->handle);
}

/**
 * intel_gvt_hypervisor_inject_msi() - deliver an interrupt by the guest's MSI capability.
 *
 * Reads control, address and data of the 32-bit, non-maskable form. MSI disabled: 0, nothing is
 * injected and nothing remembered. Any other control bit set (several messages, 64-bit address,
 * per-vector mask): -EINVAL. Absent: -EOPNOTSUPP. Since: 0.1
 */
static inline int intel_gvt_hypervisor_inject_msi(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;
	const u8 *cap;
	u16 control, data;
	u32 addr;

	if (!MPT_HAS(t, inject_msi))
		return -EOPNOTSUPP;
	cap = vgpu->cfg_space + vgpu->msi_cap_offset;
	memcpy(&control, cap + MPT_MSI_CONTROL, sizeof(control));
	memcpy(&addr, cap + MPT_MSI_ADDRESS, sizeof(addr));
	memcpy(&data, cap + MPT_MSI_DATA, sizeof(data));
	if (!(control & MPT_MSI_ENABLE))
		return 0;
	if (control & MPT_MSI_UNSUPPORTED)
		return -EINVAL;
	return MPT_CALL(t, inject_msi)(vgpu->handle, addr, data);
}

/**
 * intel_gvt_hypervisor_virt_to_mfn() - machine frame of the core's own page. Absent: ~0UL.
 *	Since: 0.1
 */
static inline unsigned long intel_gvt_hypervisor_virt_to_mfn(void *p)
{
	const struct intel_gvt_mpt *t = mpt_current_table();

	return MPT_HAS(t, from_virt_to_mfn) ? MPT_CALL(t, from_virt_to_mfn)(p) :
					      INTEL_GVT_INVALID_ADDR;
}

/**
 * intel_gvt_hypervisor_enable_page_track() - track guest stores to a page. Absent: -EOPNOTSUPP.
 *	Since: 0.1
 */
static inline int intel_gvt_hypervisor_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, enable_page_track) ? MPT_CALL(t, enable_page_track)(vgpu->handle, gfn) :
					       -EOPNOTSUPP;
}

/**
 * intel_gvt_hypervisor_disable_page_track() - stop tracking a page. Absent: -EOPNOTSUPP. Since:
 *	0.1
 */
static inline int intel_gvt_hypervisor_disable_page_track(struct intel_vgpu *vgpu,
							  unsigned long gfn)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, disable_page_track) ? MPT_CALL(t, disable_page_track)(vgpu->handle, gfn) :
						-EOPNOTSUPP;
}

/** intel_gvt_hypervisor_read_gpa() - read guest memory. Absent: -EOPNOTSUPP. Since: 0.1 */
static inline int intel_gvt_hypervisor_read_gpa(struct intel_vgpu *vgpu, unsigned long gpa,
						void *buf, unsigned long len)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, read_gpa) ? MPT_CALL(t, read_gpa)(vgpu->handle, gpa, buf, len) :
				      -EOPNOTSUPP;
}

/** intel_gvt_hypervisor_write_gpa() - write guest memory. Absent: -EOPNOTSUPP. Since: 0.1 */
static inline int intel_gvt_hypervisor_write_gpa(struct intel_vgpu *vgpu, unsigned long gpa,
						 void *buf, unsigned long len)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, write_gpa) ? MPT_CALL(t, write_gpa)(vgpu->handle, gpa, buf, len) :
				       -EOPNOTSUPP;
}

/** intel_gvt_hypervisor_gfn_to_mfn() - machine frame of a guest frame. Absent: ~0UL. Since: 0.1 */
static inline unsigned long intel_gvt_hypervisor_gfn_to_mfn(struct intel_vgpu *vgpu,
							    unsigned long gfn)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, gfn_to_mfn) ? MPT_CALL(t, gfn_to_mfn)(vgpu->handle, gfn) :
					INTEL_GVT_INVALID_ADDR;
}

/**
 * intel_gvt_hypervisor_map_gfn_to_mfn() - show machine frames to the guest. Absent: 0. Since:
 *	0.1
 */
static inline int intel_gvt_hypervisor_map_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn,
						      unsigned long mfn, unsigned int nr, bool map)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, map_gfn_to_mfn) ?
		       MPT_CALL(t, map_gfn_to_mfn)(vgpu->handle, gfn, mfn, nr, map) :
		       0;
}

/**
 * intel_gvt_hypervisor_dma_map_guest_page() - map a guest page for DMA. Absent: -EOPNOTSUPP.
 *	Since: 0.1
 */
static inline int intel_gvt_hypervisor_dma_map_guest_page(struct intel_vgpu *vgpu,
							  unsigned long gfn, unsigned long size,
							  dma_addr_t *dma_addr)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, dma_map_guest_page) ?
		       MPT_CALL(t, dma_map_guest_page)(vgpu->handle, gfn, size, dma_addr) :
		       -EOPNOTSUPP;
}

/**
 * intel_gvt_hypervisor_dma_unmap_guest_page() - give back one count of a mapping. Absent:
 *	nothing. Since: 0.1
 */
static inline void intel_gvt_hypervisor_dma_unmap_guest_page(struct intel_vgpu *vgpu,
							     dma_addr_t dma_addr)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	if (MPT_HAS(t, dma_unmap_guest_page))
		MPT_CALL(t, dma_unmap_guest_page)(vgpu->handle, dma_addr);
}

/** intel_gvt_hypervisor_set_trap_area() - trap an inclusive address range. Absent: 0. Since: 0.1 */
static inline int intel_gvt_hypervisor_set_trap_area(struct intel_vgpu *vgpu, u64 start, u64 end,
						     bool map)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, set_trap_area) ?
		       MPT_CALL(t, set_trap_area)(vgpu->handle, start, end, map) :
		       0;
}

/**
 * intel_gvt_hypervisor_set_pvmmio() - paravirtual register file on or off. Absent: -ENOENT.
 *	Since: 0.1
 */
static inline int intel_gvt_hypervisor_set_pvmmio(struct intel_vgpu *vgpu, u64 start, u64 end,
						  bool map)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, set_pvmmio) ? MPT_CALL(t, set_pvmmio)(vgpu->handle, start, end, map) :
					-ENOENT;
}

/** intel_gvt_hypervisor_dom0_ready() - the host's display is up. Absent: 0. Since: 0.1 */
static inline int intel_gvt_hypervisor_dom0_ready(void)
{
	const struct intel_gvt_mpt *t = mpt_current_table();

	return MPT_HAS(t, dom0_ready) ? MPT_CALL(t, dom0_ready)() : 0;
}

/**
 * intel_gvt_hypervisor_dma_pin_guest_page() - one more count of a mapping. Absent: -EOPNOTSUPP.
 *	Since: 0.1
 */
static inline int intel_gvt_hypervisor_dma_pin_guest_page(struct intel_vgpu *vgpu,
							  dma_addr_t dma_addr)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, dma_pin_guest_page) ?
		       MPT_CALL(t, dma_pin_guest_page)(vgpu->handle, dma_addr) :
		       -EOPNOTSUPP;
}

/** intel_gvt_hypervisor_set_opregion() - the opregion is ready. Absent: 0. Since: 0.1 */
static inline int intel_gvt_hypervisor_set_opregion(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, set_opregion) ? MPT_CALL(t, set_opregion)(vgpu) : 0;
}

/** intel_gvt_hypervisor_set_edid() - the EDID of a port is ready. Absent: 0. Since: 0.1 */
static inline int intel_gvt_hypervisor_set_edid(struct intel_vgpu *vgpu, int port_num)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, set_edid) ? MPT_CALL(t, set_edid)(vgpu, port_num) : 0;
}

/** intel_gvt_hypervisor_get_vfio_device() - hold the VMM's device. Absent: 0. Since: 0.1 */
static inline int intel_gvt_hypervisor_get_vfio_device(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, get_vfio_device) ? MPT_CALL(t, get_vfio_device)(vgpu) : 0;
}

/** intel_gvt_hypervisor_put_vfio_device() - give it back. Absent: nothing. Since: 0.1 */
static inline void intel_gvt_hypervisor_put_vfio_device(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	if (MPT_HAS(t, put_vfio_device))
		MPT_CALL(t, put_vfio_device)(vgpu);
}

/** intel_gvt_hypervisor_is_valid_gfn() - whether a guest frame is RAM. Absent: true. Since: 0.1 */
static inline bool intel_gvt_hypervisor_is_valid_gfn(struct intel_vgpu *vgpu, unsigned long gfn)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, is_valid_gfn) ? MPT_CALL(t, is_valid_gfn)(vgpu->handle, gfn) : true;
}

/** intel_gvt_hypervisor_set_intx() - drive the interrupt pin. Absent: -EOPNOTSUPP. Since: 0.1 */
static inline int intel_gvt_hypervisor_set_intx(struct intel_vgpu *vgpu, bool level)
{
	const struct intel_gvt_mpt *t = vgpu->mpt;

	return MPT_HAS(t, set_intx) ? MPT_CALL(t, set_intx)(vgpu->handle, level) : -EOPNOTSUPP;
}

#ifdef __cplusplus
}
#endif

#endif
