/* SPDX-License-Identifier: MIT */
/*
 * What the suites of guest accesses to BAR0 share, on top of gvt_rig.h: registers by what they are,
 * and accesses that may fail.
 */
#ifndef MPT_TESTS_GVT_MMIO_H
#define MPT_TESTS_GVT_MMIO_H

#include "gvt/reg_table.h"
#include "gvt_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PVINFO GVT_PVINFO_OFFSET

static inline u32 find_register(struct rig *r, bool (*wanted)(const struct gvt_reg *reg))
{
	u32 offset;

	for (offset = 0x1000; offset < GVT_MMIO_SIZE; offset += 4)
		if (offset - PVINFO >= MPT_PAGE_SIZE &&
		    wanted(gvt_reg_lookup(r->gvt->regs, offset)))
			return offset;
	ck_abort_msg("no such register in the table");
	return 0;
}

static inline bool is_stored(const struct gvt_reg *reg)
{
	return reg && !reg->read && !reg->write && !reg->ro_mask && !(reg->attr & ~GVT_BLOCK);
}

static inline int try_read(struct rig *r, u64 offset, void *buf, unsigned int bytes)
{
	return r->ops->emulate_mmio_read(r->vgpu, RIG_BAR0 + offset, buf, bytes);
}

static inline int try_write(struct rig *r, u64 offset, void *buf, unsigned int bytes)
{
	return r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + offset, buf, bytes);
}

#endif
