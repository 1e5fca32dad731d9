/* SPDX-License-Identifier: MIT */
/*
 * What the suites of fences share, on top of gvt_entries.h and the model: a surface in the
 * aperture, RAM behind it, fences as the guest and as the hardware has them. No tests.
 */
#ifndef MPT_TESTS_FENCE_RIG_H
#define MPT_TESTS_FENCE_RIG_H

#include "gvt_entries.h"
#include "tiling_model.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define FENCE(i) (0x100000U + 8 * (u32)(i))
#define PAGES 12
#define SURFACE (LOW + 0x30000)
#define SIZE (PAGES * PAGE)
#define BAR2(addr) (RIG_BAR2 + (addr))

static inline u32 rnd(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static u8 memory[SIZE];

/* Guest pages out of order, so that neighbours by graphics address are none in RAM. */
static inline u64 ram_of(u32 offset)
{
	return 0x100000ULL + offset / PAGE * 5 % PAGES * 2 * PAGE + offset % PAGE;
}

static inline void surface_map(struct rig *r)
{
	u32 o;

	for (o = 0; o < SIZE; o += PAGE)
		pte_set(r, SURFACE + o, ram_of(o) | 1);
}

static inline void ram_fill(struct rig *r, u32 seed)
{
	u32 o;

	for (o = 0; o < SIZE; o++)
		memory[o] = (u8)rnd(&seed);
	for (o = 0; o < SIZE; o += PAGE)
		rig_ok(mpt_guest_write(r->vm, ram_of(o), memory + o, PAGE));
}

static inline u64 host_fence(struct rig *r, u32 i)
{
	return r->gvt->hw.fence_read(r->gvt->hw.priv, r->v->fence_base + i);
}

static inline void fence_set(struct rig *r, u32 i, u64 value)
{
	rig_write(r, FENCE(i), value, 8);
	ck_assert_uint_eq(rig_read(r, FENCE(i), 8), value);
}

#endif
