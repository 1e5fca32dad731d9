/* SPDX-License-Identifier: MIT */
/*
 * Save and restore of a vGPU, for migration and snapshots: what of its state the guest can see and
 * the hypervisor does not have. Guest memory moves by other means. The format and its rules are in
 * doc/state.md.
 */
#ifndef GVT_STATE_H
#define GVT_STATE_H

#include <gvt/gvt.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * gvt_vgpu_save() - hand out the state of a vGPU as one self-describing piece of bytes.
 * @write: called once with all of it, under no lock; its failure ends the save
 *
 * All of it is of one moment, also of an active vGPU; but a vCPU that runs on changes what was
 * saved, and memory that is moved before or after does not belong to it: stop the vCPUs,
 * deactivate, save, then copy the memory. In this order: contexts that run are switched out, so
 * their registers are stored in their images, in guest memory. Afterwards the vGPU may go on.
 * Return: 0, -EINVAL (no @write), -ENOMEM, what @write answered. Context: takes the vGPU's lock;
 * sleeps. Since: 0.1
 */
int gvt_vgpu_save(struct intel_vgpu *vgpu, int (*write)(void *arg, const void *buf, size_t len),
		  void *arg);

/**
 * gvt_vgpu_restore() - make a vGPU what the saved one was.
 * @vgpu: not active; of the same platform, aperture, place and sizes (type.low_start, ...): the
 *	guest knows them. Its id is its own and stays. Which host, which back end does not matter
 * @blob: @len bytes; any bytes at all, nothing of them is trusted, but they must not change
 *	meanwhile
 *
 * The guest's memory has to be there: what the guest had mapped is mapped again. What is in it is
 * not looked at before the vGPU is activated. An address space whose tables are not there stays, as
 * it does when its memory is unplugged.
 * Return: 0; -EINVAL (damaged or incompatible: the sentence names the field, both values and the
 * remedy), -EBUSY (active): nothing has changed. What the back end answers to a BAR, a mapping, or
 * PV MMIO; -EFAULT (a page at a bus address that an entry cannot hold), -ENOMEM, -EIO: the vGPU is
 * as after vgpu_reset. Context: takes the vGPU's lock; sleeps. Since: 0.1
 */
int gvt_vgpu_restore(struct intel_vgpu *vgpu, const void *blob, size_t len);

/**
 * gvt_vgpu_hash() - a number for all that gvt_vgpu_save() would hand out now: equal for a vGPU and
 *	what was restored of it elsewhere. The last 8 bytes of a saved state are the same number.
 *
 * Contexts that run are switched out, as by gvt_vgpu_save(). Return: the hash. Context: takes the
 * vGPU's lock; allocates nothing. Since: 0.1
 */
u64 gvt_vgpu_hash(struct intel_vgpu *vgpu);

/**
 * struct gvt_state_field - one field of a saved state. Since: 0.1
 * @section, @name: "registers", "run_at"; they and @data live as long as the blob
 * @version: of the section
 * @optional: a reader that does not know the section skips it
 * @width: bytes of an element, 1, 2, 4 or 8, little endian
 * @count: elements
 * @data: @width times @count bytes; not aligned
 */
struct gvt_state_field {
	const char *section;
	const char *name;
	u32 version;
	bool optional;
	u32 width;
	u32 count;
	const void *data;
};

/**
 * gvt_state_each() - every field of a saved state, known or not, in its order.
 * @blob: any bytes; read as the walk goes
 * @fn: a negative answer ends the walk and is returned; NULL: only the form is checked
 *
 * The form of what has been told by then is right; @blob is read as it goes, so a field may be told
 * before a later one turns out to be damaged.
 * Return: 0, -EINVAL (not a saved state, or damaged), what @fn answered. Since: 0.1
 */
int gvt_state_each(const void *blob, size_t len,
		   int (*fn)(void *arg, const struct gvt_state_field *field), void *arg);

#ifdef __cplusplus
}
#endif

#endif
