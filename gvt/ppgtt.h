/* SPDX-License-Identifier: MIT */
/*
 * Per-process page tables: a guest's address spaces and their shadows, as submission, PVINFO,
 * resets and the write-protection handler use them. The lock of the vGPU is held in all of them.
 */
#ifndef GVT_PPGTT_H
#define GVT_PPGTT_H

#include "internal.h"

/* One address space of a guest: what its root pages name, and the shadow of it. */
struct gvt_mm;

/* A step of creation and its undoing: nothing is tracked, mapped or allocated afterwards. */
int gvt_ppgtt_init(struct gvt_vgpu *v);
void gvt_ppgtt_clean(struct gvt_vgpu *v);

/*
 * Of a reset of the GT: shadows are dropped and made anew by the next pin. What the guest created
 * is still there: i915 resets the GT before it gives its address spaces back. Nothing is pinned.
 */
void gvt_ppgtt_unshadow(struct gvt_vgpu *v);
/*
 * Of a reset of the device: nothing is left. An mm that submission still holds stays an object (put
 * frees it), but has no shadow and pin fails with -EIO. @resumes: the guest goes on, so in the end
 * it destroys what it created before.
 */
void gvt_ppgtt_reset(struct gvt_vgpu *v, bool resumes);

/*
 * PVINFO g2v_notify 2 to 5: create or destroy, of 3 or 4 levels; pdp as PVINFO holds them. Creation
 * is a hint only, the guest has no answer to it: beyond GVT_MM_QUOTA another one is forgotten, and
 * submission makes again what it needs.
 */
int gvt_ppgtt_notify(struct gvt_vgpu *v, bool create, int levels, const u64 pdp[4]);

/*
 * An address space that the guest has created @created times more often than destroyed. For save
 * and restore: of others the guest knows nothing, and shadows follow from guest memory.
 */
struct gvt_mm_saved {
	int levels; /* 0: before the first */
	u32 created;
	u64 pdp[4];
};
/*
 * From one (NULL: before the first) to the next, in an order that tells nothing of the past; while
 * submission has none of its own. Return: NULL: there is none
 */
const struct gvt_mm *gvt_mm_next(const struct gvt_vgpu *v, const struct gvt_mm *mm,
				 struct gvt_mm_saved *s);
/* Where two stand in that order, as memcmp() answers. */
int gvt_mm_order(const struct gvt_mm_saved *a, const struct gvt_mm_saved *b);
/* Whether there can be one like it. */
bool gvt_mm_saved_ok(const struct gvt_mm_saved *s);
/* Of one that is ok and not there; guest memory is not looked at. Return: 0, -ENOMEM */
int gvt_mm_restore(struct gvt_vgpu *v, const struct gvt_mm_saved *s);

/*
 * PV MMIO: with @on the guest announces what it changes in its tables, so nothing is tracked, and
 * what it does not announce stays as it was shadowed.
 */
void gvt_ppgtt_announce(struct gvt_vgpu *v, bool on);
/*
 * Tables for @size bytes from @start on, of the address space of 4 levels with this root, have
 * changed: the next pin looks. Return: 0, -EINVAL (the range), -ENOENT (no such address space)
 */
int gvt_ppgtt_changed(struct gvt_vgpu *v, u64 pml4, u64 start, u64 size);

/*
 * gvt_mm_get() - the address space with these roots, made if it is not there. One reference.
 * @levels: 4: pdp[0] is the PML4; 3: four page directories, 0 where there is none
 * Return: 0, -EINVAL (levels, an address that is not page aligned or above 46 bits), -EFAULT (no
 * RAM), -ENOSPC (submission holds as many as a vGPU can have), -ENOMEM. Nothing is shadowed before
 * the first pin.
 */
int gvt_mm_get(struct gvt_vgpu *v, int levels, const u64 pdp[4], struct gvt_mm **mm);
void gvt_mm_put(struct gvt_vgpu *v, struct gvt_mm *mm);

/*
 * gvt_mm_pin() - before submission: the shadow is complete and up to date (out-of-sync tables and
 * half-written entries are resolved; without write protection every table is checked again), and
 * stays until unpin. Counted.
 * @root: out, as gvt_hw_work.root; untouched on failure
 * Return: 0, -EIO (the mm has been dropped), -ENOMEM, -ENOSPC (the vGPU's quota of shadow pages),
 * -EFAULT (no RAM at a root), -EOPNOTSUPP (hardware without pages for shadow tables)
 */
int gvt_mm_pin(struct gvt_vgpu *v, struct gvt_mm *mm, u64 root[4]);
void gvt_mm_unpin(struct gvt_vgpu *v, struct gvt_mm *mm);

/* RAM and stores are told of from before init to after clean; all is well then. */

/* RAM went away: what is shadowed of it is dropped. */
void gvt_ppgtt_region_gone(struct gvt_vgpu *v, u64 gfn, u64 nr);
/* RAM came: entries for which there was none are looked at again by the next pin. */
void gvt_ppgtt_region_came(struct gvt_vgpu *v);

/*
 * A guest's store to a tracked page, of up to a page's length. Guest memory holds it on return.
 * Return: 0, -ENXIO (no page of it is tracked; nothing was done), -EINVAL (too long), what
 * write_gpa answered
 */
int gvt_page_track_write(struct gvt_vgpu *v, u64 gpa, const void *data, unsigned int bytes);

/* The counters of address spaces and tables. */
void gvt_ppgtt_info(struct gvt_vgpu *v, struct gvt_vgpu_info *info);

#endif
