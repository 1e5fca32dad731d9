/* SPDX-License-Identifier: MIT */
/*
 * struct intel_gvt_ops: what a back end calls in the device-model core. The nine published entry
 * points first, in the order of the ACRN GVT-g API, then those that later kernels added.
 */
#ifndef MPT_GVT_OPS_H
#define MPT_GVT_OPS_H

#include <mpt/error.h>
#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct intel_gvt_ops - the entry points of a GVT core. Every member: since 0.1.
 *
 * A back end calls them with no lock of its own held that one of its callbacks could need. The
 * emulate_* and write_protect_handler members may be called from any thread, also in parallel for
 * one vGPU; the core takes the vGPU's lock.
 */
struct intel_gvt_ops {
	/**
	 * @emulate_cfg_read: guest read of PCI configuration space.
	 * @offset: 0..4095, bytes. @bytes: 1, 2 or 4 (0: nothing). Return: 0, -EINVAL (outside, or
	 * longer than 4; the buffer is then all ones). Context: no lock, may run beside writes.
	 */
	int (*emulate_cfg_read)(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
				unsigned int bytes);
	/**
	 * @emulate_cfg_write: guest write of configuration space. Return: 0, -EINVAL (outside,
	 * longer than 4, misaligned), or what moving a trap or the aperture answered; then nothing
	 * has changed. Context: takes the vGPU's lock.
	 */
	int (*emulate_cfg_write)(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
				 unsigned int bytes);
	/**
	 * @emulate_mmio_read: guest read of BAR0 or BAR2. @gpa: absolute guest-physical address.
	 * @bytes: 1, 2, 4 or 8. Return: 0, -EINVAL (outside the BARs, size, alignment); the buffer
	 * then holds all ones. While no BAR is decoded nobody answers: 0, all ones, nothing is
	 * written. Context: takes the vGPU's lock.
	 */
	int (*emulate_mmio_read)(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes);
	/** @emulate_mmio_write: guest write of BAR0 or BAR2; as emulate_mmio_read. */
	int (*emulate_mmio_write)(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes);
	/**
	 * @vgpu_create: build a vGPU for the thread's target VM; not active yet.
	 * Return: never NULL; the vGPU or an error pointer: -EINVAL, -ENOSPC (no id, aperture,
	 * hidden memory or fence left), -ENOMEM, what attach_vgpu answered.
	 */
	struct intel_vgpu *(*vgpu_create)(struct intel_gvt *gvt, struct intel_vgpu_type *type);
	/** @vgpu_destroy: give everything back. No access to the vGPU may be in flight. */
	void (*vgpu_destroy)(struct intel_vgpu *vgpu);
	/** @vgpu_reset: device-model level reset (DMLR). Takes the vGPU's lock. */
	void (*vgpu_reset)(struct intel_vgpu *vgpu);
	/** @vgpu_activate: let it be scheduled and receive events. Takes the vGPU's lock. */
	void (*vgpu_activate)(struct intel_vgpu *vgpu);
	/** @vgpu_deactivate: the opposite; waits for running work. Takes the vGPU's lock. */
	void (*vgpu_deactivate)(struct intel_vgpu *vgpu);
	/** @vgpu_release: the VMM has closed the device: deactivate, drop queued work. */
	void (*vgpu_release)(struct intel_vgpu *vgpu);
	/**
	 * @write_protect_handler: the guest stored to a tracked page. Guest memory holds the value
	 * on return. @gpa: byte address. @data: what was stored, @bytes: of it. Return: 0, -ENXIO
	 * (the page is not tracked: not mine), -EINVAL (a size or alignment that the handler
	 * cannot take). Context: takes the vGPU's lock.
	 */
	int (*write_protect_handler)(struct intel_vgpu *vgpu, u64 gpa, void *data,
				     unsigned int bytes);
	/**
	 * @emulate_hotplug: plug or unplug the virtual monitor. @connected: true plugs it. Takes
	 * the vGPU's lock.
	 */
	void (*emulate_hotplug)(struct intel_vgpu *vgpu, bool connected);
	/** @gvt_find_vgpu_type: a type. @name: its name. Return: NULL if there is none. */
	struct intel_vgpu_type *(*gvt_find_vgpu_type)(struct intel_gvt *gvt, const char *name);
	/**
	 * @guest_region_event: RAM came or went while the VM runs; on removal the core drops what
	 * it shadows of it. @gfn: first frame. @nr: pages. @added: false on removal, told after the
	 * guest cannot reach it any more. Context: takes the vGPU's lock.
	 */
	void (*guest_region_event)(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added);
};

#ifdef __cplusplus
}
#endif

#endif
