/* SPDX-License-Identifier: MIT */
/*
 * struct intel_gvt_mpt: the table of callbacks that a hypervisor back end fills in. Names,
 * argument orders and types are those of the published ACRN GVT-g API and do not change;
 * <mpt/ops.def> is the list that code is made from and is checked against this struct at compile
 * time. The wrappers that a core calls are in <mpt/mpt.h>.
 */
#ifndef MPT_HYPERCALL_H
#define MPT_HYPERCALL_H

#include <mpt/error.h>
#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct intel_gvt_mpt - what a GVT core asks of a hypervisor.
 *
 * Common to all: a handle that is dead or was never given out answers -ESRCH (MFN: ~0UL, bool:
 * false, void: nothing happens). Out-parameters are untouched on failure, but for read_gpa's
 * buffer. Every callback may sleep unless it says otherwise, holds no lock of the library while it
 * calls into intel_gvt_ops, and never calls intel_gvt_ops for the same vGPU from inside. Operations
 * on different vGPUs run in parallel. A callback is usable from the return of attach_vgpu until
 * detach_vgpu returns. Every member: since 0.1.
 */
struct intel_gvt_mpt {
	/**
	 * @host_init: the core introduces itself to the back end, once per host.
	 * @dev: the device of the host GPU, opaque; may be NULL outside a kernel. @gvt: the core's
	 * device, opaque. @ops: a struct intel_gvt_ops that stays valid until host_exit.
	 * Return: 0, -EINVAL (gvt or ops is NULL), -EEXIST (initialised already), -ENOMEM.
	 * Optional, absent: 0. Context: start-up, no lock held.
	 */
	int (*host_init)(struct device *dev, void *gvt, const void *ops);

	/**
	 * @host_exit: the core goes; after it the back end calls no ops. Balances a successful
	 * host_init only. Optional, absent: nothing. Context: shutdown, no lock held.
	 */
	void (*host_exit)(struct device *dev, void *gvt);

	/**
	 * @attach_vgpu: bind a vGPU to the target VM (mpt_attach_target()).
	 * @vgpu: opaque, the back end only compares it. @handle: set here, valid until detach.
	 * Return: 0, -EINVAL (no target and not exactly one VM), -ESRCH (VM is gone), -EEXIST (the
	 * VM has a vGPU), -ENOSPC (no handle left), -ENOMEM, -EBUSY (VM is going).
	 * Mandatory. Context: vGPU creation, the core's device lock held.
	 */
	int (*attach_vgpu)(void *vgpu, unsigned long *handle);

	/**
	 * @detach_vgpu: end a handle. Drops what the vGPU left (the check layer reports it),
	 * returns when no callback for that vGPU runs any more. Never called from inside one.
	 * Mandatory. Context: vGPU destruction, the core's vGPU lock not held.
	 */
	void (*detach_vgpu)(unsigned long handle);

	/**
	 * @inject_msi: deliver a message-signalled interrupt to the guest.
	 * @addr, @data: the message address (physical, bytes) and data of the guest's MSI
	 * capability.
	 * Return: 0, -ESRCH, -EINVAL (a message the interrupt controller refuses), -EIO (the
	 * hypervisor failed). Mandatory. Context: hot path, any thread, must not sleep.
	 */
	int (*inject_msi)(unsigned long handle, u32 addr, u16 data);

	/**
	 * @from_virt_to_mfn: machine frame of a page of the core's own memory.
	 * @p: page aligned. Return: mfn, ~0UL on failure. Capability MPT_CAP_VIRT_TO_MFN, absent:
	 * ~0UL.
	 */
	unsigned long (*from_virt_to_mfn)(void *p);

	/**
	 * @enable_page_track: from now on guest stores to the page reach write_protect_handler.
	 * Idempotent: tracking a tracked page is 0, one disable undoes it.
	 * @gfn: guest frame. Return: 0, -ESRCH, -EFAULT (no RAM there), -ENOMEM, -EOPNOTSUPP.
	 * Capability MPT_CAP_PAGE_TRACK, absent: -EOPNOTSUPP. Context: the core's vGPU lock held.
	 */
	int (*enable_page_track)(unsigned long handle, u64 gfn);

	/**
	 * @disable_page_track: always reaches the untracked state: 0 also for a page that is not
	 * tracked or whose RAM is gone. Return: 0, -ESRCH, -EOPNOTSUPP. As enable_page_track.
	 */
	int (*disable_page_track)(unsigned long handle, u64 gfn);

	/**
	 * @read_gpa: read guest memory; any length (0 is fine), alignment, page and region
	 * crossing. Aligned accesses of 1, 2, 4 and 8 bytes never tear. All or nothing.
	 * @gpa: guest-physical byte address. @buf: zeroed on failure. @len: bytes.
	 * Return: 0, -ESRCH, -EFAULT (some byte is no RAM). Mandatory. Context: hot path, any
	 * thread.
	 */
	int (*read_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);

	/**
	 * @write_gpa: write guest memory; rules of read_gpa. Read-only RAM is -EFAULT. Marks the
	 * dirty log and never traps: only the guest's own stores reach write_protect_handler. On
	 * failure nothing was written. Return: 0, -ESRCH, -EFAULT. Mandatory. Context: hot path,
	 * any thread.
	 */
	int (*write_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);

	/**
	 * @gfn_to_mfn: machine frame behind a guest frame; no side effect, nothing to give back.
	 * Return: mfn, exactly ~0UL when there is no RAM or the handle is dead. Capability
	 * MPT_CAP_GFN_TO_MFN, absent: ~0UL. Context: any thread.
	 */
	unsigned long (*gfn_to_mfn)(unsigned long handle, unsigned long gfn);

	/**
	 * @map_gfn_to_mfn: let guest frames show machine frames (the aperture, the opregion).
	 * @gfn: first guest frame. @mfn: first machine frame. @nr: pages, > 0. @map: false undoes
	 * exactly what a map of the same gfn, mfn and nr did.
	 * Return: 0, -ESRCH, -EINVAL (nr 0, wraps), -EEXIST (overlaps a mapping), -ENOENT (unmap of
	 * what is not mapped so), -ENOMEM. Capability MPT_CAP_MAP_GFN, absent: 0. Context: the
	 * core's vGPU lock held.
	 */
	int (*map_gfn_to_mfn)(unsigned long handle, unsigned long gfn, unsigned long mfn,
			      unsigned int nr, bool map);

	/**
	 * @dma_map_guest_page: make a guest page reachable by the device.
	 * Counted by the returned address; the range lives until its last unmap, also when the RAM
	 * is removed meanwhile. Another size of the same gfn gets another address or shares the
	 * count.
	 * @size: 4096 or 2 MiB, bytes; 2 MiB needs an aligned gfn and contiguous machine memory.
	 * @dma_addr: out, bus address in bytes; untouched on failure.
	 * Return: 0, -ESRCH, -EINVAL (size, alignment, not contiguous), -EFAULT (no RAM there),
	 * -ENOMEM (memory or pins). Mandatory. Context: hot path, any thread.
	 */
	int (*dma_map_guest_page)(unsigned long handle, unsigned long gfn, unsigned long size,
				  dma_addr_t *dma_addr);

	/**
	 * @dma_unmap_guest_page: give back one count of a mapped address.
	 * @dma_addr: what dma_map_guest_page answered, bytes. An unknown address has no effect; the
	 * check layer counts it as a violation. Mandatory. Context: hot path, any thread.
	 */
	void (*dma_unmap_guest_page)(unsigned long handle, dma_addr_t dma_addr);

	/**
	 * @set_trap_area: let guest accesses of an address range reach emulate_mmio_*.
	 * @start, @end: guest-physical bytes, both inclusive. @map: false undoes exactly the same
	 * range.
	 * Return: 0, -ESRCH, -EINVAL (end < start), -EEXIST (overlaps a range), -ENOENT (unmap of
	 * what is not trapped so), -ENOMEM. Capability MPT_CAP_TRAP_AREA, absent: 0 (the hypervisor
	 * always traps BARs). Context: the core's vGPU lock held.
	 */
	int (*set_trap_area)(unsigned long handle, u64 start, u64 end, bool map);

	/**
	 * @set_pvmmio: show the guest the register file and the shared page at BAR0.
	 * @start, @end: the BAR, bytes, both inclusive; page aligned, at least 2 MiB + 4 KiB.
	 * @map: false switches it off again. The same state again is 0.
	 * Return: 0, -ESRCH, -EINVAL (alignment, size), -EEXIST (on at another place), -ENOENT
	 * (off, but it is on at another place), -ENOMEM. Capability MPT_CAP_PVMMIO, absent:
	 * -ENOENT. Context: the core's vGPU lock held.
	 */
	int (*set_pvmmio)(unsigned long handle, u64 start, u64 end, bool map);

	/**
	 * @dom0_ready: the host's display is up; a back end may tell user space.
	 * Return: 0. Optional, absent: 0. Context: no lock held.
	 */
	int (*dom0_ready)(void);

	/**
	 * @dma_pin_guest_page: one more count for an address that is mapped already; given back
	 * with dma_unmap_guest_page.
	 * @dma_addr: bytes. Return: 0, -ESRCH, -ENOENT (not mapped), -ENOMEM, -EOPNOTSUPP.
	 * Capability MPT_CAP_DMA_PIN, absent: -EOPNOTSUPP. Context: any thread.
	 */
	int (*dma_pin_guest_page)(unsigned long handle, dma_addr_t dma_addr);

	/**
	 * @set_opregion: the vGPU's opregion is ready; a back end that offers it to a user-space
	 * VMM publishes it. Return: 0, -ESRCH (unknown vGPU), -EINVAL, -ENOMEM. Optional, absent:
	 * 0. Context: vGPU creation, after attach.
	 */
	int (*set_opregion)(void *vgpu);

	/**
	 * @set_edid: the vGPU's EDID of a port is ready. @port_num: 0 is port A.
	 * Return: 0, -ESRCH, -EINVAL (no such port), -ENOMEM. Optional, absent: 0. Context: as
	 * set_opregion.
	 */
	int (*set_edid)(void *vgpu, int port_num);

	/**
	 * @get_vfio_device: hold the VMM's device object while an exported frame buffer lives.
	 * Return: 0, -ESRCH. Optional, absent: 0. Balanced by put_vfio_device.
	 */
	int (*get_vfio_device)(void *vgpu);

	/** @put_vfio_device: give it back. Optional, absent: nothing. */
	void (*put_vfio_device)(void *vgpu);

	/**
	 * @is_valid_gfn: whether a guest frame is RAM. Return: false for a dead handle. Optional,
	 * absent: true. Context: any thread.
	 */
	bool (*is_valid_gfn)(unsigned long handle, unsigned long gfn);

	/**
	 * @set_intx: drive the level of the vGPU's interrupt pin. libmpt's own addition; the core
	 * uses it when MSI is off and COMMAND bit 10 is clear.
	 * @level: true asserts. Return: 0, -ESRCH, -EIO, -EOPNOTSUPP. Capability MPT_CAP_INTX,
	 * absent: -EOPNOTSUPP. Context: any thread, must not sleep.
	 */
	int (*set_intx)(unsigned long handle, bool level);
};

/**
 * mpt_register() - make a host of a caller-supplied table; it becomes the current host of threads
 *	that chose none.
 * @table: copied; checked as at mpt_host_open_table(); capabilities are those whose callbacks are
 *	all there
 *
 * Unlike the kernel's, this does not call host_init: the core does, when it opens.
 * Return: 0, -EINVAL (a mandatory callback is absent, named in mpt_last_error()), -EEXIST (one is
 * registered), -EOPNOTSUPP (static-backend build), -ENOMEM. Context: start-up. Since: 0.1
 */
int mpt_register(const struct intel_gvt_mpt *table);

/** mpt_unregister() - take it back; without one nothing happens. Context: shutdown. Since: 0.1 */
void mpt_unregister(void);

#ifndef MPT_NO_REGISTER_NAMES
/**
 * intel_gvt_register_hypervisor() - the published name of mpt_register().
 * @m: copied. Return: as mpt_register(). Since: 0.1
 */
static inline int intel_gvt_register_hypervisor(struct intel_gvt_mpt *m)
{
	return mpt_register(m);
}

/** intel_gvt_unregister_hypervisor() - the published name of mpt_unregister(). Since: 0.1 */
static inline void intel_gvt_unregister_hypervisor(void)
{
	mpt_unregister();
}
#endif

#ifdef __cplusplus
}
#endif

#endif
