/* SPDX-License-Identifier: MIT */
/*
 * One small address space for tests of single rules: four levels of one table each, in the frames
 * of ppgtt_model.h, pinned and put at will.
 */
#ifndef MPT_TESTS_PPGTT_RIG_H
#define MPT_TESTS_PPGTT_RIG_H

#include "ppgtt_model.h"

/* Frames of the tree; those after PT are the tests' own. */
enum { ROOT = 1, DIR3 = 2, DIR2 = 3, PT = 4, OTHER = 5 };

#define LEAF 0x400000ULL
#define LEAVES 8U

static struct ppgtt_model m;
static struct pm_space *space;
static u64 root[4];

static inline u64 entry_of(unsigned int frame)
{
	return pm_gpa(frame) | 3;
}

static inline u64 leaf_of(unsigned int n)
{
	return (LEAF + 4096ULL * n) | 3;
}

static inline void open_tree(const char *spec)
{
	unsigned int i;

	pm_open(&m, spec);
	space = &m.space[0];
	space->levels = 4;
	space->pdp[0] = pm_gpa(ROOT);
	pm_set(&m, ROOT, 0, entry_of(DIR3));
	pm_set(&m, DIR3, 0, entry_of(DIR2));
	pm_set(&m, DIR2, 0, entry_of(PT));
	for (i = 0; i < LEAVES; i++)
		pm_set(&m, PT, i, leaf_of(i));
}

static inline void hold(void)
{
	if (!space->held)
		rig_ok(gvt_mm_get(m.r.v, space->levels, space->pdp, &space->held));
}

/* Pinned, with all of its leaves and the sets as they should be; unpinned at once. */
static inline void pin(void)
{
	u64 va;

	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	space->shadowed = true;
	for (va = 0; va < 0x20000; va += 0x1000)
		pm_compare_va(&m, space, root, va);
	pm_compare_sets(&m);
	gvt_mm_unpin(m.r.v, space->held);
}

static inline int pin_error(void)
{
	u64 untouched[4] = { 7, 7, 7, 7 };
	int ret;

	hold();
	ret = gvt_mm_pin(m.r.v, space->held, untouched);
	ck_assert_int_lt(ret, 0);
	ck_assert_uint_eq(untouched[0] + untouched[1] + untouched[2] + untouched[3], 28);
	return ret;
}

static inline void put(void)
{
	if (space->held)
		gvt_mm_put(m.r.v, space->held);
	space->held = NULL;
	space->shadowed = false;
}

static inline void close_tree(void)
{
	put();
	pm_close_all(&m);
}

/* The shadow's entry at the end of the path through the first entries. */
static inline u64 shadow(enum pm_kind kind, unsigned int index)
{
	enum pm_kind k;
	u64 bus = root[0];

	for (k = PM_PML4; k > kind; k--) {
		ck_assert_uint_ne(pm_page(bus)[0], 0);
		bus = pm_page(bus)[0] & PM_ADDR(12);
		if (k == PM_PD)
			k = PM_PT64;
	}
	return pm_page(bus)[index];
}

static inline struct gvt_vgpu_info info(void)
{
	return rig_info(&m.r);
}

/* Nothing is shadowed, nothing left of it. */
static inline void nothing_left(void)
{
	struct gvt_vgpu_info i = info();

	ck_assert_uint_eq(i.ppgtt_tables, 0);
	ck_assert_uint_eq(i.ppgtt_mapped, 0);
	ck_assert_uint_eq(i.ppgtt_tracked + i.ppgtt_untracked, 0);
	if (m.r.ledger) {
		ck_assert_uint_eq(dma_counts(&m.r), 0);
		ck_assert_uint_eq(ledger(&m.r).live[MPT_LEDGER_TRACK], 0);
		ck_assert_uint_eq(ledger(&m.r).violations, 0);
	}
}

#endif
