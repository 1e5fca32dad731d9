/* SPDX-License-Identifier: MIT */
/* Page-table entries of gen8 and gen9, taken apart and put together; see pte.h. */
#include "pte.h"

#include <mpt/types.h>

#define PRESENT (1ULL << 0)
#define WRITE (1ULL << 1)
#define PAT (1ULL << 7) /* in a PTE */
#define PAGE_SIZE_BIT (1ULL << 7) /* above it */
#define IPS (1ULL << 11)
#define PAT_LARGE (1ULL << 12)
/* Present, write, user, PWT, PCD: the same at every level. */
#define COMMON 0x1fULL

/* Bits 45 down to the page's own. */
static u64 addr_mask(unsigned int shift)
{
	return ((1ULL << 46) - 1) & ~((1ULL << shift) - 1);
}

/* Of each kind of entry: where its address begins, and the flags that mean something. */
static const struct {
	unsigned int shift;
	u64 flags;
} format[] = {
	[GVT_ENTRY_NONE] = { 12, 0 },
	[GVT_ENTRY_4K] = { 12, COMMON | PAT },
	[GVT_ENTRY_64K] = { 16, COMMON | PAT },
	[GVT_ENTRY_2M] = { 21, COMMON | PAGE_SIZE_BIT | PAT_LARGE },
	[GVT_ENTRY_TABLE] = { 12, COMMON },
	[GVT_ENTRY_REFUSED] = { 30, 0 },
};

/* By bit 7. */
static const enum gvt_entry_kind kind_of[GVT_NUM_TABLES][2] = {
	[GVT_TABLE_PT] = { GVT_ENTRY_4K, GVT_ENTRY_4K },
	[GVT_TABLE_PT64] = { GVT_ENTRY_64K, GVT_ENTRY_64K },
	[GVT_TABLE_PD] = { GVT_ENTRY_TABLE, GVT_ENTRY_2M },
	[GVT_TABLE_PDP] = { GVT_ENTRY_TABLE, GVT_ENTRY_REFUSED },
	/* Reserved here, so ignored. */
	[GVT_TABLE_PML4] = { GVT_ENTRY_TABLE, GVT_ENTRY_TABLE },
};

struct gvt_entry gvt_pte_decode(enum gvt_table table, u64 entry, bool ips)
{
	struct gvt_entry e = { .kind = GVT_ENTRY_NONE };

	if (!(entry & PRESENT))
		return e;
	e.kind = kind_of[table][!!(entry & PAGE_SIZE_BIT)];
	e.gfn = (entry & addr_mask(format[e.kind].shift)) >> MPT_PAGE_SHIFT;
	if (table == GVT_TABLE_PML4)
		e.child = GVT_TABLE_PDP;
	else if (table == GVT_TABLE_PDP)
		e.child = GVT_TABLE_PD;
	else
		e.child = ips && entry & IPS ? GVT_TABLE_PT64 : GVT_TABLE_PT;
	return e;
}

u64 gvt_pte_shadow(enum gvt_entry_kind kind, u64 guest, u64 bus)
{
	return (guest & format[kind].flags) | bus;
}

u64 gvt_pte_shadow_split(u64 guest, u64 bus)
{
	return (guest & COMMON) | (guest & PAT_LARGE ? PAT : 0) | bus;
}

u64 gvt_pte_bus(u64 shadow, bool huge)
{
	return shadow & addr_mask(huge ? 21 : 12);
}

bool gvt_pte_huge(u64 shadow)
{
	return shadow & PAGE_SIZE_BIT;
}
