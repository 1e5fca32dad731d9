/* SPDX-License-Identifier: MIT */
/*
 * How a core that brings its own struct intel_gvt_mpt, such as an unmodified Linux 5.10's, is tied
 * to a host: the operations of libmpt without a name in common with such a core's headers. It is
 * the only header of libmpt that may be included beside them, and it includes nothing of libmpt.
 * What a core's wrappers look like is in <mpt/compat/linux.h>.
 *
 * A core's glue asks for the operations (mpt_foreign_table()), puts them into the core's own table,
 * and registers that. From the core's call of host_init on guest accesses go to the entry points
 * that mpt_foreign_init() was given. VMs and vGPUs are then handled as ever, by <mpt/host.h> in a
 * file that does not include the core's headers.
 */
#ifndef MPT_FOREIGN_H
#define MPT_FOREIGN_H

/* A kernel has the types, uint64_t too, and none of the compiler's headers. */
#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct device;
struct mpt_host;

/** MPT_FOREIGN_WRITE_AFTER - of struct mpt_foreign_table: MPT_CAP_WRITE_AFTER of <mpt/ops.h>. */
#define MPT_FOREIGN_WRITE_AFTER (1ULL << 8)

/** MPT_FOREIGN_STORES - of struct mpt_foreign_core: MPT_CORE_STORES of <mpt/host.h>. */
#define MPT_FOREIGN_STORES (1U << 0)

/**
 * struct mpt_foreign_table - a host's operations, layers included. Since: 0.1
 * @size: in: sizeof(struct mpt_foreign_table) of the caller; a shorter one gets its part
 * @caps: the host's capabilities, MPT_CAP_* of <mpt/ops.h>
 *
 * @attach_vgpu, @detach_vgpu, @inject_msi: this and all that follow are the operations of the same
 *	names of struct intel_gvt_mpt in <mpt/hypercall.h>, which says what each does. NULL: the
 *	host has none, and the core's wrapper answers
 * @enable_page_track, @disable_page_track, @read_gpa, @write_gpa: as there
 * @gfn_to_mfn, @map_gfn_to_mfn, @dma_map_guest_page, @dma_unmap_guest_page: as there
 * @set_trap_area, @set_pvmmio, @dma_pin_guest_page, @set_opregion, @set_edid: as there
 * @get_vfio_device, @put_vfio_device, @is_valid_gfn, @set_intx: as there
 *
 * Operations without a vGPU are functions of their own, below, as they need to know the host.
 */
struct mpt_foreign_table {
	size_t size;
	uint64_t caps;
	int (*attach_vgpu)(void *vgpu, unsigned long *handle);
	void (*detach_vgpu)(unsigned long handle);
	int (*inject_msi)(unsigned long handle, unsigned int addr, unsigned short data);
	int (*enable_page_track)(unsigned long handle, uint64_t gfn);
	int (*disable_page_track)(unsigned long handle, uint64_t gfn);
	int (*read_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
	int (*write_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
	unsigned long (*gfn_to_mfn)(unsigned long handle, unsigned long gfn);
	int (*map_gfn_to_mfn)(unsigned long handle, unsigned long gfn, unsigned long mfn,
			      unsigned int nr, bool map);
	int (*dma_map_guest_page)(unsigned long handle, unsigned long gfn, unsigned long size,
				  uint64_t *dma_addr);
	void (*dma_unmap_guest_page)(unsigned long handle, uint64_t dma_addr);
	int (*set_trap_area)(unsigned long handle, uint64_t start, uint64_t end,
			     bool map);
	int (*set_pvmmio)(unsigned long handle, uint64_t start, uint64_t end,
			  bool map);
	int (*dma_pin_guest_page)(unsigned long handle, uint64_t dma_addr);
	int (*set_opregion)(void *vgpu);
	int (*set_edid)(void *vgpu, int port_num);
	int (*get_vfio_device)(void *vgpu);
	void (*put_vfio_device)(void *vgpu);
	bool (*is_valid_gfn)(unsigned long handle, unsigned long gfn);
	int (*set_intx)(unsigned long handle, bool level);
};

/**
 * struct mpt_foreign_core - a core's entry points. Since: 0.1
 * @size: sizeof(struct mpt_foreign_core) of the caller; what a shorter one lacks is absent
 * @flags: MPT_FOREIGN_STORES, if the core performs a trapped store itself. No Linux since 4.17 does
 * @opaque: handed to the aperture functions
 * @aperture_mfn: first machine frame of the device's aperture
 * @aperture_pages: frames of it; 0: none
 * @aperture_read: as in struct mpt_core of <mpt/host.h>; NULL: all ones
 * @aperture_write: as there; NULL: dropped
 * @emulation_failed: as there; may be NULL
 * @emulate_cfg_read, @emulate_cfg_write, @emulate_mmio_read, @emulate_mmio_write: this and all that
 *	follow are the entry points of the same names of struct intel_gvt_ops in <mpt/gvt_ops.h>,
 *	which says what each does. NULL: the core has none
 * @vgpu_create: as there: an error pointer on failure
 * @vgpu_destroy, @vgpu_reset, @vgpu_activate, @vgpu_deactivate, @vgpu_release: as there
 * @write_protect_handler, @emulate_hotplug, @gvt_find_vgpu_type: as there
 */
struct mpt_foreign_core {
	size_t size;
	unsigned int flags;
	void *opaque;
	uint64_t aperture_mfn;
	uint64_t aperture_pages;
	int (*aperture_read)(void *opaque, uint64_t offset, void *buf, unsigned int len);
	int (*aperture_write)(void *opaque, uint64_t offset, const void *buf,
			      unsigned int len);
	void (*emulation_failed)(void *vgpu, int err);
	int (*emulate_cfg_read)(void *vgpu, unsigned int offset, void *buf, unsigned int bytes);
	int (*emulate_cfg_write)(void *vgpu, unsigned int offset, void *buf, unsigned int bytes);
	int (*emulate_mmio_read)(void *vgpu, uint64_t gpa, void *buf,
				 unsigned int bytes);
	int (*emulate_mmio_write)(void *vgpu, uint64_t gpa, void *buf,
				  unsigned int bytes);
	void *(*vgpu_create)(void *gvt, void *type);
	void (*vgpu_destroy)(void *vgpu);
	void (*vgpu_reset)(void *vgpu);
	void (*vgpu_activate)(void *vgpu);
	void (*vgpu_deactivate)(void *vgpu);
	void (*vgpu_release)(void *vgpu);
	int (*write_protect_handler)(void *vgpu, uint64_t gpa, void *data,
				     unsigned int bytes);
	void (*emulate_hotplug)(void *vgpu, bool connected);
	void *(*gvt_find_vgpu_type)(void *gvt, const char *name);
};

/**
 * mpt_foreign_table() - a host's operations.
 * @table: its size is set; the rest is filled in. Stays valid until the host is closed
 * Return: 0, -EINVAL (its size is not set). Context: any. Since: 0.1
 */
int mpt_foreign_table(const struct mpt_host *host, struct mpt_foreign_table *table);

/**
 * mpt_foreign_init() - host_init for a core of other headers: introduce it to a host. The call of
 *	the core's table is answered with it.
 * @gvt: the core's device, not NULL
 * @core: copied
 * Return: 0, -EINVAL (size 0, unknown flags, no device), -EEXIST (the host has a core), -EBUSY (it
 * has a vGPU), -ENOMEM, what the back end's host_init answers; then the host has no core. Balanced
 * by mpt_foreign_exit(). Context: sleeps, start-up. Since: 0.1
 */
int mpt_foreign_init(struct mpt_host *host, struct device *dev, void *gvt,
		     const struct mpt_foreign_core *core);

/**
 * mpt_foreign_exit() - host_exit for it: no entry point is called any more. Does nothing where no
 *	foreign core is, and with a message where a vGPU of it still is.
 * @gvt: the core's device. Context: shutdown. Since: 0.1
 */
void mpt_foreign_exit(struct mpt_host *host, struct device *dev, void *gvt);

/**
 * mpt_foreign_virt_to_mfn() - from_virt_to_mfn of a host.
 * @p: page aligned, the core's own memory. Return: the frame, ~0UL on failure. Since: 0.1
 */
unsigned long mpt_foreign_virt_to_mfn(struct mpt_host *host, void *p);

#ifdef __cplusplus
}
#endif

#endif
