/* SPDX-License-Identifier: MIT */
/*
 * Memory as the engines see it: the host GGTT and shadow page tables, walked by bus address at each
 * access (no TLB). Formats: Skylake PRM vol. 5, "gen8+ legacy contexts"; Linux 6.1 i915
 * gt/gen8_ppgtt.c. Guest-physical addresses do not occur here.
 */
#include "swgpu.h"

#include <mpt/testbed.h>

#define ENTRY_WRITABLE (1ULL << 1) /* counts in the last level */
#define ENTRY_PAGE (1ULL << 7)	   /* of a directory: it is a page of 2 MiB, one level up 1 GiB */
#define ENTRY_64K (1ULL << 11)	   /* of a directory: its table has pages of 64 KiB (gen9) */
#define ADDR_BITS_3 32		   /* with four levels bits above 47 do not count */

enum where {
	MEMORY,
	NOWHERE,
	FATAL
};

/* A piece of an access, within a page. */
struct piece {
	enum where where;
	u64 bus;
	u32 len;
};

static u64 in_page(u64 addr)
{
	return addr & (MPT_PAGE_SIZE - 1);
}

/* --- the host GGTT --- */

static bool own_range(const struct gvt_hw_client *c, u64 addr, u32 len)
{
	struct gvt_range low = { c->low_start, c->low_size },
			 high = { c->high_start, c->high_size };

	return gvt_range_has(&low, addr, len) || gvt_range_has(&high, addr, len);
}

static enum where ggtt_walk(const struct swgpu_engine *e, u64 addr, u32 len, u64 *bus)
{
	u64 entry;

	if (!own_range(&e->client, addr, len) || addr >> MPT_PAGE_SHIFT >= GVT_GGTT_ENTRIES)
		return FATAL;
	entry = __atomic_load_n(&e->gpu->ggtt[addr >> MPT_PAGE_SHIFT], __ATOMIC_ACQUIRE);
	if (!(entry & GVT_PTE_PRESENT) || (entry & GVT_PTE_ADDR) == SWGPU_SCRATCH)
		return NOWHERE;
	*bus = (entry & GVT_PTE_ADDR) + in_page(addr);
	return MEMORY;
}

/* --- shadow tables --- */

/* Tables are the device's own pages; any other address is asked of the bus, as hardware would. */
static u64 table_entry(const struct swgpu *gpu, u64 table, u64 index)
{
	u64 own = table - SWGPU_OWN_BUS, entry = 0;

	if (own < SWGPU_OWN_SIZE)
		return __atomic_load_n(&gpu->own[own / sizeof(u64) + index], __ATOMIC_ACQUIRE);
	if (table == SWGPU_SCRATCH ||
	    mpt_bus_read(gpu->host, table + index * sizeof(u64), &entry, sizeof(entry)))
		return 0;
	return entry;
}

/* The entry for @addr of the table that @entry names. @shift: address bits below its index. */
static u64 next_level(const struct swgpu *gpu, u64 entry, u64 addr, unsigned int shift)
{
	if (!(entry & GVT_PTE_PRESENT))
		return 0;
	return table_entry(gpu, entry & GVT_PTE_ADDR, addr >> shift & 511);
}

/* What names the page directory; 0: nothing does. */
static u64 directory(const struct swgpu_engine *e, u64 addr)
{
	const u64 *root = e->work.root;
	u64 entry;

	if (e->work.levels == 3)
		return addr >> ADDR_BITS_3 || !root[addr >> 30]
			       ? 0
			       : root[addr >> 30] | GVT_PTE_PRESENT;
	entry = root[0] ? root[0] | GVT_PTE_PRESENT : 0;
	return next_level(e->gpu, next_level(e->gpu, entry, addr, 39), addr, 30);
}

static enum where leaf(u64 entry, u64 addr, u64 size, bool write, u64 *bus)
{
	u64 page = entry & GVT_PTE_ADDR & ~(size - 1);

	if (!(entry & GVT_PTE_PRESENT) || (entry & GVT_PTE_ADDR) == SWGPU_SCRATCH ||
	    (write && !(entry & ENTRY_WRITABLE)))
		return NOWHERE;
	*bus = page + (addr & (size - 1));
	return MEMORY;
}

static enum where ppgtt_walk(const struct swgpu_engine *e, u64 addr, bool write, u64 *bus)
{
	u64 entry = directory(e, addr), table;

	if (entry & ENTRY_PAGE && e->work.levels != 3)
		return FATAL;
	entry = next_level(e->gpu, entry, addr, 21);
	if (entry & ENTRY_PAGE)
		return leaf(entry, addr, MPT_HUGE_SIZE, write, bus);
	if (!(entry & ENTRY_64K))
		return leaf(next_level(e->gpu, entry, addr, 12), addr, MPT_PAGE_SIZE, write, bus);
	/* Of 16 entries only the first counts. */
	table = next_level(e->gpu, entry, addr & ~0xffffULL, 12);
	return leaf(table, addr, 65536, write, bus);
}

/* --- accesses --- */

static enum where walk(const struct swgpu_engine *e, enum swgpu_space space, u64 addr, u32 len,
		       bool write, u64 *bus)
{
	return space == SWGPU_GGTT ? ggtt_walk(e, addr, len, bus) : ppgtt_walk(e, addr, write, bus);
}

/* An access of at most 4 KiB touches at most two pages. Their number; 0: the engine hangs. */
static unsigned int look_up(struct swgpu_engine *e, enum swgpu_space space, u64 addr, u32 len,
			    bool write, struct piece piece[2])
{
	u32 first = (u32)(MPT_PAGE_SIZE - in_page(addr));
	unsigned int i, n = len > first ? 2 : 1;

	piece[0].len = len < first ? len : first;
	piece[1].len = len - piece[0].len;
	for (i = 0; i < n; i++, addr += first) {
		piece[i].where = walk(e, space, addr, piece[i].len, write, &piece[i].bus);
		if (piece[i].where == FATAL)
			return 0;
		e->denied += piece[i].where == NOWHERE;
	}
	return n;
}

/* What the bus refuses is recorded there as a fault of the device; it reads as ones. */
bool swgpu_read(struct swgpu_engine *e, enum swgpu_space space, u64 addr, void *buf, u32 len)
{
	struct piece piece[2];
	unsigned int i, n = look_up(e, space, addr, len, false, piece);
	u8 *to = buf;

	for (i = 0; i < n; to += piece[i++].len) {
		if (piece[i].where == NOWHERE)
			memset(to, 0, piece[i].len);
		else if (mpt_bus_read(e->gpu->host, piece[i].bus, to, piece[i].len))
			memset(to, 0xff, piece[i].len);
	}
	return n;
}

bool swgpu_write(struct swgpu_engine *e, enum swgpu_space space, u64 addr, const void *buf, u32 len)
{
	struct piece piece[2];
	unsigned int i, n = look_up(e, space, addr, len, true, piece);
	const u8 *from = buf;

	for (i = 0; i < n; from += piece[i++].len) {
		if (piece[i].where == MEMORY)
			mpt_bus_write(e->gpu->host, piece[i].bus, from, piece[i].len);
	}
	/* It may have been the commands that come next. */
	e->line_valid = false;
	return n;
}

bool swgpu_fetch(struct swgpu_engine *e, u64 addr, void *buf, u32 len)
{
	u64 bus;

	return ppgtt_walk(e, addr, false, &bus) == MEMORY &&
	       !mpt_bus_read(e->gpu->host, bus, buf, len);
}
