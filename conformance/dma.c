/* SPDX-License-Identifier: MIT */
/*
 * DMA: mapping guest pages for the device, seen from the bus. RAM that goes is in rgn.c, random
 * walks and threads are in dma_walk.c.
 */
#include <string.h>

#include "areas.h"
#include "dma.h"

static int gone(struct cf_env *e, dma_addr_t addr)
{
	struct mpt_iommu_fault f;
	u64 seen = 0;

	while (!mpt_fault_take(e->host, &f))
		;
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, addr, &seen, 8),
	       "a device read at 0x%llx, not mapped", (unsigned long long)addr);
	CF_U64(e, ~0ULL, seen, "what that device read delivers");
	CF_INT(e, 0, mpt_fault_take(e->host, &f), "the record of that IOMMU fault");
	CF_U64(e, addr, f.dma_addr, "address of that IOMMU fault");
	CF_THAT(e, f.len == 8 && !f.write,
		"that IOMMU fault: expected a read of 8 bytes, seen %s of %u",
		f.write ? "a write" : "a read", f.len);
	return cf_int(e, -ENOENT, mpt_fault_take(e->host, &f),
		      "a second record of one IOMMU fault");
}

static int dma_page(struct cf_env *e)
{
	const struct cf_region *r;
	dma_addr_t addr;

	for (r = cf_map; r->size; r++) {
		if (r->flags & MPT_RAM_READONLY)
			continue;
		CF_TRY(map(e, r->gpa, MPT_PAGE_SIZE, &addr));
		CF_TRY(reaches(e, e->vm, addr, r->gpa));
		CF_TRY(reaches(e, e->vm, addr + 4088, r->gpa + 4088));
		unmap(e, addr);
		CF_TRY(map(e, r->gpa + r->size - MPT_PAGE_SIZE, MPT_PAGE_SIZE, &addr));
		CF_TRY(reaches(e, e->vm, addr + 4088, r->gpa + r->size - 8));
		unmap(e, addr);
	}
	return CF_PASS;
}

static int refused(struct cf_env *e, u64 gfn, unsigned long size, int want)
{
	u64 was = cf_stats(e, e->vm).dma_live;
	dma_addr_t addr = 0x123450;

	/* That *dma_addr is untouched is watched in record.c. */
	CF_INT(e, want, MAP(e, e->v, gfn, size, &addr),
	       "dma_map_guest_page of 0x%lx bytes at gfn 0x%llx", size, (unsigned long long)gfn);
	return cf_u64(e, was, cf_stats(e, e->vm).dma_live,
		      "live DMA counts after a refused mapping");
}

static int dma_size(struct cf_env *e)
{
	static const unsigned long sizes[] = { 0,
					       1,
					       4095,
					       4097,
					       8192,
					       0x10000,
					       0x1ff000,
					       0x200001,
					       0x201000,
					       0x400000,
					       1UL << 30,
					       1UL << 32,
					       (1UL << 32) + 4096,
					       (1UL << 32) + 0x200000,
					       1UL << 63,
					       ~0UL };
	size_t i;

	for (i = 0; i < CF_COUNT(sizes); i++)
		CF_TRY(refused(e, CF_GFN(CF_HUGE), sizes[i], -EINVAL));
	return CF_PASS;
}

static int dma_alignment(struct cf_env *e)
{
	static const u64 off[] = { 1, 2, 0xff, 0x100, 0x1ff };
	size_t i;

	for (i = 0; i < CF_COUNT(off); i++)
		CF_TRY(refused(e, CF_GFN(CF_HUGE) + off[i], MPT_HUGE_SIZE, -EINVAL));
	return CF_PASS;
}

static int dma_no_ram(struct cf_env *e)
{
	static const u64 gfns[] = { CF_GFN(CF_HOLE),
				    CF_GFN(CF_NEXT + CF_NEXT_SIZE),
				    CF_GFN(CF_HUGE) - 1,
				    CF_GFN(CF_HIGH + CF_HIGH_SIZE),
				    1ULL << 40,
				    (1ULL << 52) + 0x100,
				    (1ULL << 52) + CF_GFN(CF_MAIN),
				    1ULL << 63,
				    ~0ULL >> 12,
				    ~0ULL };
	size_t i;

	for (i = 0; i < CF_COUNT(gfns); i++)
		CF_TRY(refused(e, gfns[i], MPT_PAGE_SIZE, -EFAULT));
	CF_TRY(refused(e, CF_GFN(CF_HOLE), MPT_HUGE_SIZE, -EFAULT));
	/* RAM at the begin, at the end, a hole in the middle. */
	CF_TRY(refused(e, CF_GFN(CF_LOW), MPT_HUGE_SIZE, -EFAULT));
	return refused(e, CF_GFN(CF_HIGH), MPT_HUGE_SIZE, -EFAULT);
}

static int dma_counted(struct cf_env *e)
{
	dma_addr_t addr[5], other;
	int i;

	for (i = 0; i < 5; i++)
		CF_TRY(map(e, e->place, MPT_PAGE_SIZE, &addr[i]));
	for (i = 1; i < 5; i++)
		CF_U64(e, addr[0], addr[i], "the address of the same page mapped again");
	CF_TRY(map(e, e->place + 0x1000, MPT_PAGE_SIZE, &other));
	CF_THAT(e, other != addr[0], "two pages: expected two addresses, seen 0x%llx for both",
		(unsigned long long)other);
	CF_U64(e, 6, cf_stats(e, e->vm).dma_live, "live DMA counts after six mappings");
	for (i = 0; i < 5; i++) {
		CF_TRY(reaches(e, e->vm, addr[0], e->place));
		unmap(e, addr[i]);
	}
	CF_TRY(gone(e, addr[0]));
	CF_TRY(reaches(e, e->vm, other, e->place + 0x1000));
	unmap(e, other);
	CF_TRY(gone(e, other));
	CF_TRY(map(e, e->place, MPT_PAGE_SIZE, &addr[0]));
	CF_TRY(reaches(e, e->vm, addr[0], e->place));
	unmap(e, addr[0]);
	return CF_PASS;
}

CF_TWICE(dma_counted)

static int unknown(struct cf_env *e, dma_addr_t addr)
{
	struct mpt_vm_stats was = cf_stats(e, e->vm);
	struct mpt_ledger before = cf_ledger(e), after;

	unmap(e, addr);
	after = cf_ledger(e);
	CF_U64(e, was.dma_live, cf_stats(e, e->vm).dma_live,
	       "live DMA counts after unmapping 0x%llx", (unsigned long long)addr);
	CF_U64(e, was.bad_unmap + 1, cf_stats(e, e->vm).bad_unmap,
	       "unmaps of unknown addresses counted");
	if (!(e->has & CF_HAS_LEDGER))
		return CF_PASS;
	e->violations++;
	CF_U64(e, before.violations + 1, after.violations, "violations in the ledger");
	CF_THAT(e,
		mpt_ledger_violation(e->host, 0) &&
			strstr(mpt_ledger_violation(e->host, 0), "dma_unmap_guest_page"),
		"the last violation: expected a sentence about dma_unmap_guest_page, seen \"%s\"",
		mpt_ledger_violation(e->host, 0) ? mpt_ledger_violation(e->host, 0) : "nothing");
	return CF_PASS;
}

static int dma_unknown(struct cf_env *e)
{
	static const u64 never[] = { 0x1000, 1ULL << 40, 1ULL << 63, ~0ULL, ~0ULL << 12 };
	dma_addr_t addr, old;
	size_t i;

	CF_TRY(map(e, CF_MAIN + 0x3000, MPT_PAGE_SIZE, &old));
	unmap(e, old);
	CF_TRY(map(e, CF_MAIN, MPT_PAGE_SIZE, &addr));
	for (i = 0; i < CF_COUNT(never); i++)
		if (never[i] != addr)
			CF_TRY(unknown(e, never[i]));
	if (old != addr)
		CF_TRY(unknown(e, old));
	CF_TRY(unknown(e, addr + 1));
	CF_TRY(unknown(e, addr + 4095));
	CF_TRY(reaches(e, e->vm, addr, CF_MAIN));
	unmap(e, addr);
	return CF_PASS;
}

static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };

static int dma_two(struct cf_env *e)
{
	struct intel_vgpu *w = &e->vgpus[1].base;
	struct mpt_vm *other;
	dma_addr_t a, b;

	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_TRY(map(e, CF_MAIN, MPT_PAGE_SIZE, &a));
	CF_INT(e, 0, MAP(e, w, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, &b), "the same gfn of another VM");
	CF_THAT(e, a != b, "one gfn of two VMs: expected two bus addresses, seen 0x%llx for both",
		(unsigned long long)a);
	CF_TRY(reaches(e, e->vm, a, CF_MAIN));
	CF_TRY(reaches(e, other, b, CF_MAIN));
	CF_TRY(unknown(e, b));
	CF_TRY(reaches(e, other, b, CF_MAIN));
	CF_TRY(reaches(e, e->vm, a, CF_MAIN));
	HV(dma_unmap_guest_page)(w, b);
	CF_TRY(gone(e, b));
	unmap(e, a);
	return CF_PASS;
}

static int dma_pin(struct cf_env *e)
{
	dma_addr_t addr;

	CF_TRY(map(e, CF_MAIN, MPT_PAGE_SIZE, &addr));
	CF_INT(e, 0, HV(dma_pin_guest_page)(e->v, addr), "dma_pin_guest_page of a mapped address");
	CF_INT(e, 0, HV(dma_pin_guest_page)(e->v, addr), "pinning it again");
	CF_U64(e, 3, cf_stats(e, e->vm).dma_live, "live DMA counts of one mapping and two pins");
	unmap(e, addr);
	CF_TRY(reaches(e, e->vm, addr, CF_MAIN));
	unmap(e, addr);
	CF_TRY(reaches(e, e->vm, addr, CF_MAIN));
	unmap(e, addr);
	CF_TRY(gone(e, addr));
	CF_INT(e, -ENOENT, HV(dma_pin_guest_page)(e->v, addr),
	       "pinning what is not mapped any more");
	CF_INT(e, -ENOENT, HV(dma_pin_guest_page)(e->v, 1ULL << 63),
	       "pinning what never was mapped");
	CF_INT(e, -ENOENT, HV(dma_pin_guest_page)(e->v, ~0ULL), "pinning ~0");
	return gone(e, addr);
}

static int dma_huge(struct cf_env *e)
{
	dma_addr_t addr, again;
	u64 off;

	CF_TRY(map(e, CF_HUGE, MPT_HUGE_SIZE, &addr));
	for (off = 0; off < MPT_HUGE_SIZE; off += 0x1f000)
		CF_TRY(reaches(e, e->vm, addr + off, CF_HUGE + off));
	CF_TRY(reaches(e, e->vm, addr + 0xffc, CF_HUGE + 0xffc));
	CF_TRY(reaches(e, e->vm, addr + MPT_HUGE_SIZE - 8, CF_HUGE + MPT_HUGE_SIZE - 8));
	CF_TRY(map(e, CF_HUGE, MPT_HUGE_SIZE, &again));
	CF_U64(e, addr, again, "the address of the same 2 MiB mapped again");
	unmap(e, addr);
	CF_TRY(reaches(e, e->vm, addr + 0x100000, CF_HUGE + 0x100000));
	unmap(e, addr);
	CF_TRY(gone(e, addr));
	return gone(e, addr + 0x100000);
}

static int dma_mixed(struct cf_env *e)
{
	dma_addr_t huge, first, inner, again;

	CF_TRY(map(e, CF_HUGE, MPT_PAGE_SIZE, &first));
	CF_TRY(map(e, CF_HUGE, MPT_HUGE_SIZE, &huge));
	CF_TRY(map(e, CF_HUGE + 0x5000, MPT_PAGE_SIZE, &inner));
	CF_TRY(map(e, CF_HUGE, MPT_PAGE_SIZE, &again));
	CF_TRY(reaches(e, e->vm, first, CF_HUGE));
	CF_TRY(reaches(e, e->vm, huge + 0x1ff000, CF_HUGE + 0x1ff000));
	unmap(e, first);
	CF_TRY(reaches(e, e->vm, again, CF_HUGE));
	CF_TRY(reaches(e, e->vm, huge + 0x1ff000, CF_HUGE + 0x1ff000));
	unmap(e, huge);
	CF_TRY(reaches(e, e->vm, again, CF_HUGE));
	CF_TRY(reaches(e, e->vm, inner, CF_HUGE + 0x5000));
	unmap(e, again);
	CF_TRY(reaches(e, e->vm, inner, CF_HUGE + 0x5000));
	unmap(e, inner);
	CF_TRY(gone(e, huge + 0x100000));
	return cf_u64(e, 0, cf_stats(e, e->vm).dma_live, "live DMA counts at the end");
}

/* CF_SEAM is two regions: contiguous to the guest, to the machine only where the frames say so. */
static int dma_seam(struct cf_env *e)
{
	bool run = true;
	u64 gfn, first = HV(gfn_to_mfn)(e->v, CF_GFN(CF_SEAM));
	dma_addr_t addr;
	int r;

	for (gfn = 1; gfn < MPT_HUGE_SIZE / MPT_PAGE_SIZE; gfn++)
		run &= HV(gfn_to_mfn)(e->v, CF_GFN(CF_SEAM) + gfn) == first + gfn;
	if (!run || first % 512)
		return refused(e, CF_GFN(CF_SEAM), MPT_HUGE_SIZE, -EINVAL);
	r = map(e, CF_SEAM, MPT_HUGE_SIZE, &addr);
	if (!r)
		unmap(e, addr);
	return r;
}

static int dma_scatter(struct cf_env *e)
{
	dma_addr_t addr;

	CF_TRY(refused(e, CF_GFN(CF_HUGE), MPT_HUGE_SIZE, -EINVAL));
	CF_TRY(refused(e, CF_GFN(CF_HUGE + MPT_HUGE_SIZE), MPT_HUGE_SIZE, -EINVAL));
	/* As a core then does: page by page. */
	CF_TRY(map(e, CF_HUGE, MPT_PAGE_SIZE, &addr));
	CF_TRY(reaches(e, e->vm, addr, CF_HUGE));
	CF_TRY(refused(e, CF_GFN(CF_HUGE), MPT_HUGE_SIZE, -EINVAL));
	CF_TRY(reaches(e, e->vm, addr, CF_HUGE));
	unmap(e, addr);
	return gone(e, addr);
}

static int limit_fill(struct cf_env *e, dma_addr_t *addr, unsigned int *n)
{
	int r = 0;

	for (*n = 0; *n < CF_PINS_ENOUGH; (*n)++) {
		r = MAP(e, e->v, CF_GFN(CF_HUGE) + *n, MPT_PAGE_SIZE, &addr[*n]);
		if (r)
			break;
	}
	return cf_int(e, -ENOMEM, r, "dma_map_guest_page number %u, beyond the limit", *n + 1);
}

static int dma_limit(struct cf_env *e)
{
	dma_addr_t addr[CF_PINS_ENOUGH], same;
	unsigned int i, n, again;

	CF_TRY(limit_fill(e, addr, &n));
	CF_TRY(refused(e, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, -ENOMEM));
	for (i = 0; i < n; i++)
		CF_TRY(reaches(e, e->vm, addr[i], CF_HUGE + i * MPT_PAGE_SIZE));
	CF_TRY(map(e, CF_HUGE, MPT_PAGE_SIZE, &same));
	unmap(e, same);
	unmap(e, addr[0]);
	CF_TRY(map(e, CF_MAIN, MPT_PAGE_SIZE, &addr[0]));
	for (i = 0; i < n; i++)
		unmap(e, addr[i]);
	if (!(e->has & CF_HAS_HUGE))
		CF_TRY(refused(e, CF_GFN(CF_HUGE), MPT_HUGE_SIZE,
			       e->has & CF_HAS_SCATTER ? -EINVAL : -ENOMEM));
	CF_TRY(limit_fill(e, addr, &again));
	for (i = 0; i < again; i++)
		unmap(e, addr[i]);
	CF_U64(e, n, again, "pages that fit after a refused 2 MiB");
	CF_TRY(limit_fill(e, addr, &again));
	e->left = e->has & CF_HAS_LEDGER ? again : 0;
	CF_TRY(cf_detach(e, 0));
	CF_TRY(cf_attach(e, 0, e->vm));
	CF_TRY(limit_fill(e, addr, &again));
	for (i = 0; i < again; i++)
		unmap(e, addr[i]);
	return cf_u64(e, n, again, "pages that fit after a vGPU left all of them mapped");
}

static int dma_edge(struct cf_env *e)
{
	struct mpt_iommu_fault f;
	dma_addr_t addr;
	u8 buf[16], was[8], is[8];

	CF_TRY(map(e, CF_MAIN, MPT_PAGE_SIZE, &addr));
	CF_TRY(cf_paint(e, e->vm, CF_MAIN + 4088, 8));
	CF_TRY(cf_guest_load(e, e->vm, CF_MAIN + 4088, was, 8));
	memset(buf, 0, sizeof(buf));
	CF_INT(e, -EFAULT, mpt_bus_write(e->host, addr + 4088, buf, 16),
	       "a device write across the end");
	CF_TRY(cf_guest_load(e, e->vm, CF_MAIN + 4088, is, 8));
	CF_BYTES(e, was, is, 8, "the page after a device write across its end");
	CF_INT(e, 0, mpt_fault_take(e->host, &f), "the record of the fault");
	CF_U64(e, addr + 4096, f.dma_addr, "the first byte that was refused");
	CF_THAT(e, f.write && f.len == 16,
		"the fault: expected a write of 16 bytes, seen a %s of %u",
		f.write ? "write" : "read", f.len);
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, addr + 4088, buf, 16),
	       "a device read across the end");
	CF_FILL(e, 0xff, buf, 16, "what that device read delivers");
	CF_INT(e, 0, mpt_bus_read(e->host, addr, buf, 16), "a device read inside");
	CF_INT(e, -EINVAL, mpt_bus_read(e->host, addr, buf, 0), "a device read of 0 bytes");
	CF_INT(e, -EINVAL, mpt_bus_read(e->host, addr, buf, 4097), "a device read of 4097 bytes");
	unmap(e, addr);
	CF_INT(e, 0, mpt_fault_take(e->host, &f), "the record of the read's fault");
	return CF_PASS;
}

const struct mpt_clause cf_dma[] = {
	{
		.id = "DMA-1",
		.text = "A mapped page is reached by the device at the returned address, for "
			"reading and writing, in every region of RAM.",
		.row = "dma-map",
		.ops = MAP_UNMAP,
		.run = dma_page,
	},
	{
		.id = "DMA-2",
		.text = "A size that is neither 4 KiB nor 2 MiB is -EINVAL; *dma_addr and all "
			"counts are untouched.",
		.bug_class = BUG_A7,
		.row = "dma-map",
		.ops = CF_OP(dma_map_guest_page),
		.pairs = CF_PAIRS(CF_P(dma_map_guest_page, EINVAL)),
		.run = dma_size,
	},
	{
		.id = "DMA-3",
		.text = "2 MiB at a guest frame that is not aligned to it are -EINVAL.",
		.bug_class = BUG_A7,
		.row = "dma-map",
		.ops = CF_OP(dma_map_guest_page),
		.pairs = CF_PAIRS(CF_P(dma_map_guest_page, EINVAL)),
		.run = dma_alignment,
	},
	{
		.id = "DMA-4",
		.text = "Where there is no RAM, or not all of 2 MiB are, mapping is -EFAULT; no "
			"address is made up.",
		.bug_class = BUG_A6 "; " BUG_X1 "; " BUG_ANSWERS,
		.row = "dma-map",
		.ops = CF_OP(dma_map_guest_page),
		.pairs = CF_PAIRS(CF_P(dma_map_guest_page, EFAULT)),
		.run = dma_no_ram,
	},
	{
		.id = "DMA-5",
		.text = "Mappings are counted by the returned address: it lives until its last "
			"unmap, and no longer.",
		.bug_class = BUG_COUNT "; " BUG_A8,
		.row = "dma-map",
		.ops = MAP_UNMAP,
		.run = dma_counted_twice,
	},
	{
		.id = "DMA-6",
		.text = "Unmapping an unknown address has no effect and is counted as a "
			"violation: never mapped, unmapped before, inside a page.",
		.bug_class = BUG_UNKNOWN_UNMAP "; " BUG_K6,
		.row = "dma-unmap-unknown",
		.ops = MAP_UNMAP,
		.run = dma_unknown,
	},
	{
		.id = "DMA-7",
		.text = "One guest frame of two VMs has two bus addresses, and neither vGPU can "
			"unmap the other's.",
		.bug_class = BUG_UNKNOWN_UNMAP "; " BUG_K6,
		.row = "dma-unmap-unknown",
		.ops = MAP_UNMAP,
		.run = dma_two,
	},
	{
		.id = "DMA-8",
		.text = "A pin is one more count of a mapped address, given back by an unmap; an "
			"address that is not mapped is -ENOENT.",
		.bug_class = BUG_NOT_PINNED,
		.row = "dma-map",
		.needs_caps = MPT_CAP_DMA_PIN,
		.ops = MAP_UNMAP | CF_OP(dma_pin_guest_page),
		.pairs = CF_PAIRS(CF_P(dma_pin_guest_page, ENOENT)),
		.run = dma_pin,
	},
	{
		.id = "DMA-9",
		.text = "2 MiB in a row are mapped by one call and reached to the last byte.",
		.bug_class = BUG_A7,
		.row = "dma-map",
		.needs_caps = CF_HAS_HUGE,
		.ops = MAP_UNMAP,
		.run = dma_huge,
	},
	{
		.id = "DMA-10",
		.text = "Mapping a frame with another size takes nothing away from those who hold "
			"the first: every address lives until its own last unmap.",
		.bug_class = BUG_K4 "; " BUG_COUNT,
		.row = "dma-map",
		.needs_caps = CF_HAS_HUGE,
		.ops = MAP_UNMAP,
		.run = dma_mixed,
	},
	{
		.id = "DMA-11",
		.text = "2 MiB that are not in a row in the machine are -EINVAL, and nothing of "
			"them stays mapped.",
		.bug_class = BUG_A7 "; " BUG_UNWIND,
		.row = "dma-map",
		.needs_caps = CF_HAS_SCATTER,
		.ops = MAP_UNMAP,
		.pairs = CF_PAIRS(CF_P(dma_map_guest_page, EINVAL)),
		.run = dma_scatter,
	},
	{
		.id = "DMA-12",
		.text = "2 MiB made of two regions are mapped only if their machine frames are "
			"aligned and in a row.",
		.bug_class = BUG_A7,
		.row = "dma-map",
		.needs_caps = MPT_CAP_GFN_TO_MFN,
		.excludes_caps = CF_HAS_PIN_LIMIT,
		.ops = CF_OP(dma_map_guest_page) | CF_OP(gfn_to_mfn),
		.run = dma_seam,
	},
	{
		.id = "DMA-13",
		.text = "Beyond the limit of pins mapping is -ENOMEM, what is mapped lives on, "
			"and an unmap makes room; a refused 2 MiB and a vGPU that is gone cost "
			"nothing.",
		.bug_class = BUG_PIN_LIMIT "; " BUG_UNWIND,
		.row = "dma-map",
		.needs_caps = CF_HAS_PIN_LIMIT,
		.ops = MAP_UNMAP,
		.pairs = CF_PAIRS(CF_P(dma_map_guest_page, ENOMEM)),
		.run = dma_limit,
	},
	{
		.id = "DMA-14",
		.text = "A device access beyond a mapping is an IOMMU fault with the first "
			"refused byte: nothing is written, reads deliver all ones.",
		.bug_class = BUG_COUNT,
		.row = "dma-map",
		.ops = MAP_UNMAP,
		.run = dma_edge,
	},
	{ .id = NULL },
};
