/* SPDX-License-Identifier: MIT */
/* GFN: translations to machine frames, and whether a guest frame is RAM. */
#include <stdlib.h>
#include <string.h>

#include "areas.h"

/* Frames that are no RAM whatever the address width. */
static const unsigned long no_ram[] = {
	CF_GFN(CF_HOLE),
	CF_GFN(CF_NEXT + CF_NEXT_SIZE),
	CF_GFN(CF_HUGE) - 1,
	CF_GFN(CF_LOW + CF_LOW_SIZE),
	CF_GFN(CF_HIGH) - 1,
	CF_GFN(CF_HIGH + CF_HIGH_SIZE),
	CF_GFN(1UL << 52),
	~0UL >> 12,
	1UL << 52,
	(1UL << 52) + CF_GFN(CF_MAIN),
	(1UL << 32) + CF_GFN(CF_MAIN),
	1UL << 63,
	~0UL - 1,
	~0UL,
};

static int compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static size_t map_pages(void)
{
	const struct cf_region *r;
	size_t n = 0;

	for (r = cf_map; r->size; r++)
		n += r->size / MPT_PAGE_SIZE;
	return n;
}

static int collect(struct cf_env *e, unsigned long *mfn)
{
	const struct cf_region *r;
	u64 gfn;

	for (r = cf_map; r->size; r++)
		for (gfn = CF_GFN(r->gpa); gfn < CF_GFN(r->gpa + r->size); gfn++, mfn++) {
			*mfn = HV(gfn_to_mfn)(e->v, gfn);
			CF_THAT(e, *mfn != INTEL_GVT_INVALID_ADDR,
				"gfn_to_mfn of RAM at 0x%llx: expected a frame, seen ~0UL",
				(unsigned long long)gfn << 12);
			CF_U64(e, *mfn, HV(gfn_to_mfn)(e->v, gfn),
			       "gfn_to_mfn of gfn 0x%llx asked again", (unsigned long long)gfn);
		}
	return CF_PASS;
}

static int gfn_ram(struct cf_env *e)
{
	size_t i, n = map_pages();
	unsigned long *mfn = calloc(n, sizeof(*mfn));
	int r = mfn ? collect(e, mfn) : cf_fail(e, "the suite is out of memory");

	if (!r)
		qsort(mfn, n, sizeof(*mfn), compare);
	for (i = 1; !r && i < n; i++)
		if (mfn[i] == mfn[i - 1])
			r = cf_fail(
				e, "gfn_to_mfn: expected each page its own frame, seen 0x%lx twice",
				mfn[i]);
	free(mfn);
	return r;
}

static int gfn_none(struct cf_env *e)
{
	size_t i;

	for (i = 0; i < CF_COUNT(no_ram); i++)
		CF_U64(e, INTEL_GVT_INVALID_ADDR, HV(gfn_to_mfn)(e->v, no_ram[i]),
		       "gfn_to_mfn of gfn 0x%lx, which is no RAM", no_ram[i]);
	return CF_PASS;
}

static int gfn_pure(struct cf_env *e)
{
	struct mpt_vm_stats was = cf_stats(e, e->vm), is;
	struct mpt_ledger before = cf_ledger(e), after;
	u8 bit = 0;
	int i;

	if (e->has & CF_HAS_DIRTY)
		mpt_dirty_fetch(e->vm, CF_GFN(CF_MAIN), 8, &bit);
	for (i = 0; i < 1000; i++)
		HV(gfn_to_mfn)(e->v, CF_GFN(CF_MAIN) + (unsigned long)i % 8);
	is = cf_stats(e, e->vm);
	after = cf_ledger(e);
	CF_U64(e, was.dma_live, is.dma_live, "live DMA counts after gfn_to_mfn");
	CF_U64(e, before.live[MPT_LEDGER_DMA], after.live[MPT_LEDGER_DMA],
	       "the ledger's DMA entries");
	if (e->has & CF_HAS_DIRTY) {
		CF_INT(e, 0, mpt_dirty_fetch(e->vm, CF_GFN(CF_MAIN), 8, &bit), "mpt_dirty_fetch");
		CF_U64(e, 0, bit, "the dirty log after gfn_to_mfn");
	}
	CF_INT(e, 0, mpt_ram_remove(e->vm, CF_MAIN, CF_MAIN_SIZE),
	       "removing RAM that was translated");
	CF_U64(e, INTEL_GVT_INVALID_ADDR, HV(gfn_to_mfn)(e->v, CF_GFN(CF_MAIN)),
	       "gfn_to_mfn of removed RAM");
	return CF_PASS;
}

static int gfn_vms(struct cf_env *e)
{
	static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };
	struct mpt_vm *other;
	unsigned long a, b;

	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	a = HV(gfn_to_mfn)(e->v, CF_GFN(CF_MAIN));
	b = HV(gfn_to_mfn)(&e->vgpus[1].base, CF_GFN(CF_MAIN));
	CF_THAT(e, a != b, "the same gfn of two VMs: expected two frames, seen 0x%lx for both", a);
	CF_U64(e, INTEL_GVT_INVALID_ADDR, HV(gfn_to_mfn)(&e->vgpus[1].base, CF_GFN(CF_NEXT)),
	       "gfn_to_mfn of RAM that only the other VM has");
	return CF_PASS;
}

static int gfn_virt(struct cf_env *e)
{
	static u8 pages[4 * MPT_PAGE_SIZE] __attribute__((aligned(4096)));
	unsigned long mfn[4];
	int i, j;

	for (i = 0; i < 4; i++) {
		pages[i * 4096] = 1;
		mfn[i] = HV(virt_to_mfn)(pages + i * 4096);
		cf_note(e, CF_ID(from_virt_to_mfn), 0);
		CF_THAT(e, mfn[i] != INTEL_GVT_INVALID_ADDR,
			"virt_to_mfn of the core's own page: expected a frame, seen ~0UL");
		CF_THAT(e, mfn[i] < INTEL_GVT_INVALID_ADDR >> 12,
			"virt_to_mfn: expected a frame, seen 0x%lx (an errno or a shifted one)",
			mfn[i]);
		CF_U64(e, mfn[i], mpt_virt_to_mfn(e->host, pages + i * 4096),
		       "mpt_virt_to_mfn of the same page");
		for (j = 0; j < i; j++)
			CF_THAT(e, mfn[j] != mfn[i],
				"virt_to_mfn: expected each page its own frame");
	}
	return CF_PASS;
}

static int gfn_valid(struct cf_env *e)
{
	const struct cf_region *r;
	size_t i;

	for (r = cf_map; r->size; r++) {
		CF_THAT(e, HV(is_valid_gfn)(e->v, CF_GFN(r->gpa)),
			"is_valid_gfn of the first page of RAM at 0x%llx: expected true, seen "
			"false",
			(unsigned long long)r->gpa);
		CF_THAT(e, HV(is_valid_gfn)(e->v, CF_GFN(r->gpa + r->size) - 1),
			"is_valid_gfn of the last page of RAM at 0x%llx: expected true, seen false",
			(unsigned long long)r->gpa);
	}
	for (i = 0; i < CF_COUNT(no_ram); i++)
		CF_THAT(e, !HV(is_valid_gfn)(e->v, no_ram[i]),
			"is_valid_gfn of gfn 0x%lx, which is no RAM: expected false, seen true",
			no_ram[i]);
	CF_INT(e, 0, mpt_ram_remove(e->vm, CF_MAIN, CF_MAIN_SIZE), "removing RAM");
	CF_THAT(e, !HV(is_valid_gfn)(e->v, CF_GFN(CF_MAIN)),
		"is_valid_gfn of removed RAM: expected false, seen true");
	return CF_PASS;
}

const struct mpt_clause cf_gfn[] = {
	{
		.id = "GFN-1",
		.text = "gfn_to_mfn answers each page of RAM with a frame of its own, the same "
			"each time.",
		.needs_caps = MPT_CAP_GFN_TO_MFN,
		.ops = CF_OP(gfn_to_mfn),
		.run = gfn_ram,
	},
	{
		.id = "GFN-2",
		.text = "Where there is no RAM gfn_to_mfn answers exactly ~0UL, for any 64-bit "
			"frame number.",
		.bug_class = BUG_A5 "; " BUG_X1 "; " BUG_ANSWERS,
		.row = "translation",
		.needs_caps = MPT_CAP_GFN_TO_MFN,
		.ops = CF_OP(gfn_to_mfn),
		.run = gfn_none,
	},
	{
		.id = "GFN-3",
		.text = "gfn_to_mfn has no side effect: nothing is held, marked or kept from "
			"being removed.",
		.bug_class = BUG_REFERENCE "; " BUG_K16,
		.needs_caps = MPT_CAP_GFN_TO_MFN,
		.ops = CF_OP(gfn_to_mfn),
		.run = gfn_pure,
	},
	{
		.id = "GFN-4",
		.text = "The same guest frame of two VMs has two machine frames.",
		.needs_caps = MPT_CAP_GFN_TO_MFN,
		.ops = CF_OP(gfn_to_mfn),
		.run = gfn_vms,
	},
	{
		.id = "GFN-5",
		.text = "virt_to_mfn answers each page of the core's own memory with a frame of "
			"its own.",
		.bug_class = BUG_A5 "; " BUG_A11,
		.row = "translation",
		.needs_caps = MPT_CAP_VIRT_TO_MFN,
		.ops = CF_OP(from_virt_to_mfn),
		.setup = CF_CORE,
		.run = gfn_virt,
	},
	{
		.id = "GFN-6",
		.text = "is_valid_gfn is true for RAM, read-only RAM too, and false for "
			"everything else.",
		.needs_caps = CF_HAS_VALID_GFN,
		.ops = CF_OP(is_valid_gfn),
		.run = gfn_valid,
	},
	{ .id = NULL },
};
