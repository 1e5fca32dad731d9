/* SPDX-License-Identifier: MIT */
/*
 * What the core copies and validates of a guest's commands before the hardware executes them: the
 * part of the ring from head to tail, and every batch in the GGTT that it starts. Batches in the
 * PPGTT are not looked at: the hardware executes them without privileges.
 */
#ifndef GVT_SCAN_H
#define GVT_SCAN_H

#include "internal.h"

/* Bounds of one submission. */
#define GVT_SCAN_BATCHES 16
#define GVT_SCAN_BATCH_BYTES (256U << 10) /* of all its batches */
#define GVT_SCAN_RING_BYTES (2U << 20) /* what RING_CTL can say: 512 pages */

/*
 * Copies of one workload's commands. Zero-initialised by its owner, kept from workload to workload:
 * memory grows and is used again, so that a usual submission allocates nothing.
 */
struct gvt_scan {
	u32 *store;
	u32 room, used; /* dwords */
	u32 ring_dwords; /* store[0..]: the ring's part, without the wrap */
	struct gvt_hw_batch batch[GVT_SCAN_BATCHES];
	unsigned int batches;
};

/*
 * gvt_scan_ring() - copy once, then validate the copy. Lock of the vGPU held. Raises gvt_share.cost
 * by the dwords that were copied.
 * @head, @tail: bytes, below @ring_size, a power of two; multiples of 4
 * Return: 0; -EINVAL (no such ring; a command that is unknown, cut off, refused to all guests, or
 * that names a register or an address that it must not), -EFAULT (no memory there), -ENOSPC (more
 * batches or bytes than a submission may have), -ENOMEM. On failure @scan holds nothing to execute.
 */
int gvt_scan_ring(struct gvt_vgpu *v, enum gvt_engine engine, u64 ring_start, u32 ring_size,
		  u32 head, u32 tail, struct gvt_scan *scan);

/* gvt_scan_free() - gives the memory back. */
void gvt_scan_free(struct gvt_scan *scan);

#endif
