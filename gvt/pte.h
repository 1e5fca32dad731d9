/* SPDX-License-Identifier: MIT */
/*
 * The formats of gen8 and gen9 page-table entries, as functions of their arguments alone: what a
 * guest's entry means, and the shadow entry made of it. What entries are made for is not here.
 *
 * Sources: Broadwell PRM vol. 5 and Skylake PRM vol. 5 (Memory Views), "PPGTT" (from memory); Linux
 * 5.10 gvt/gtt.c for what a guest may rely on. Bit 7 is PAT in a PTE and "page size" above it; bit
 * 11 of a PDE says that the page table has 64 KiB entries, every 16th of its 512.
 */
#ifndef GVT_PTE_H
#define GVT_PTE_H

#include <mpt/types.h>

#define GVT_TABLE_ENTRIES 512U
/* 4 KiB entries that a 64 KiB one stands for. */
#define GVT_PTE_64K_PAGES 16U

/* A table is named by what its entries are; PT64 is a page table below a PDE with bit 11. */
enum gvt_table {
	GVT_TABLE_PT,
	GVT_TABLE_PT64,
	GVT_TABLE_PD,
	GVT_TABLE_PDP,
	GVT_TABLE_PML4,
	GVT_NUM_TABLES
};

enum gvt_entry_kind {
	GVT_ENTRY_NONE, /* not present */
	GVT_ENTRY_4K,
	GVT_ENTRY_64K,
	GVT_ENTRY_2M,
	GVT_ENTRY_TABLE,
	GVT_ENTRY_REFUSED, /* present, of a kind that is not shadowed: 1 GiB */
};

/* @child: for GVT_ENTRY_TABLE. @gfn: of the page, or the table; aligned as the kind says. */
struct gvt_entry {
	enum gvt_entry_kind kind;
	enum gvt_table child;
	u64 gfn;
};

/* @ips: the guest has switched 64 KiB page tables on; without it bit 11 means nothing. */
struct gvt_entry gvt_pte_decode(enum gvt_table table, u64 entry, bool ips);

/*
 * The shadow of @guest, of this kind (a 64 KiB entry becomes 16 of 4 KiB; its shadow is one of
 * those), pointing at bus address @bus. Bits that the hardware ignores are left out.
 */
u64 gvt_pte_shadow(enum gvt_entry_kind kind, u64 guest, u64 bus);

/* The 4 KiB shadow entry for a page of a 2 MiB one that has to be split. */
u64 gvt_pte_shadow_split(u64 guest, u64 bus);

/* The bus address in a shadow entry; @huge: of 2 MiB. */
u64 gvt_pte_bus(u64 shadow, bool huge);

/* Above the last level: bit 7 of a shadow entry tells a page from a table. */
bool gvt_pte_huge(u64 shadow);

/* Of two entries of this table, the hardware looks at one in so many. */
static inline unsigned int gvt_table_stride(enum gvt_table table)
{
	return table == GVT_TABLE_PT64 ? GVT_PTE_64K_PAGES : 1;
}

#endif
