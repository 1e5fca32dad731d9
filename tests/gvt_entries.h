/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the GGTT and the aperture share, on top of gvt_rig.h: the vGPU's ranges,
 * entries by graphics address, and what the ledger says of DMA mappings.
 */
#ifndef MPT_TESTS_GVT_ENTRIES_H
#define MPT_TESTS_GVT_ENTRIES_H

#include "gvt_rig.h"

#define LOW (64ULL << 20)
#define LOW_SIZE (64ULL << 20)
#define HIGH (512ULL << 20)
#define HIGH_SIZE (128ULL << 20)
#define NO_RAM 0x6000000ULL /* between the two regions */

static inline u64 gtt(u64 addr)
{
	return GVT_GTT_OFFSET + (addr >> 12) * 8;
}

static inline void pte_set(struct rig *r, u64 addr, u64 entry)
{
	rig_write(r, gtt(addr), entry, 8);
}

static inline u64 pte(struct rig *r, u64 addr)
{
	return rig_read(r, gtt(addr), 8);
}

static inline u64 host_pte(struct rig *r, u64 addr)
{
	return r->gvt->hw.ggtt[addr >> 12];
}

static inline int add_counts(void *arg, const struct mpt_ledger_entry *entry, bool left)
{
	if (entry->kind == MPT_LEDGER_DMA && !left)
		*(u64 *)arg += entry->count;
	return 0;
}

/* Maps minus unmaps of all addresses. */
static inline u64 dma_counts(struct rig *r)
{
	u64 sum = 0;

	rig_ok(mpt_ledger_each(r->host, add_counts, &sum));
	return sum;
}

static inline struct mpt_ledger ledger(struct rig *r)
{
	struct mpt_ledger l;

	rig_ok(mpt_ledger_get(r->host, &l));
	return l;
}

static inline void mapped_is(struct rig *r, u64 n)
{
	ck_assert_uint_eq(rig_info(r).ggtt_mapped, n);
	ck_assert_uint_eq(dma_counts(r), n);
}

static inline void write_half(struct rig *r, u64 addr, u64 entry, unsigned int half)
{
	rig_write(r, gtt(addr) + 4 * half, entry >> (32 * half) & 0xffffffff, 4);
}

#endif
