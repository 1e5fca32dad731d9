/* SPDX-License-Identifier: MIT */
/*
 * Shadow pages: what of a guest's page tables the device walks. spt.c makes and drops them and
 * their entries, spt_sync.c keeps them equal to guest memory; ppgtt.c says which are wanted. The
 * lock of the vGPU is held in all of them.
 *
 * Invariants:
 * - a leaf entry of a shadow is not 0 exactly while it holds one count of a DMA mapping; an entry
 *   above holds a reference to its child, or one count of a mapping of 2 MiB;
 * - guest[i] is the guest's entry that entry[i] was made of; what is 0 in it and not in guest
 *   memory is on the list of dirty tables;
 * - a table of the guest is tracked or, if it can be tracked at all, on that list; or the guest
 *   announces what it changes in its tables.
 *
 * Recursion is by kind of table, each time to a lower one, so it ends after four steps whatever the
 * guest points at what. A guest's page that serves as several kinds has as many shadows. Work is
 * bounded by the quota: no step visits a shadow page more than once for each entry that names it.
 */
#ifndef GVT_SPT_H
#define GVT_SPT_H

#include "internal.h"
#include "list.h"
#include "page_track.h"
#include "pte.h"

/* Shadow pages of a vGPU: 16 GiB in 4 KiB pages. */
#define GVT_SPT_QUOTA 8192U
/*
 * Address spaces of a vGPU, 128 bytes each. i915 has one for each open file, and its acceptance
 * list opens 1024 at once while the last 1024 are still being closed. Beyond that the one that was
 * used least recently is forgotten, so no guest runs out.
 */
#define GVT_MM_QUOTA 4096U
/* So many trapped stores to a page between two pins are cheaper than comparing all of it once. */
#define GVT_SPT_STORM 8U
#define GVT_LINE 64U
/*
 * What a pin's work costs in units (gvt_share.cost): a comparison moves a table's 64 lines; the
 * entries of one that has changed are made anew, and a split page of 2 MiB has as many.
 */
#define GVT_SPT_COMPARE_COST (MPT_PAGE_SIZE / GVT_LINE)
#define GVT_SPT_ENTRIES_COST GVT_TABLE_ENTRIES

/*
 * @all, @dirty: links in the lists of struct gvt_ppgtt
 * @entry: the shadow, in a page of the device at bus address @bus
 * @gfn: the guest's table; of a split page of 2 MiB, its first frame
 * @split: stands for a page of 2 MiB; there is no guest table, so guest is NULL
 * @missing: some entry is 0 because there was no RAM behind it
 * @err: of the last comparison with guest memory
 * @refs: entries and address spaces that name it, and who works on it
 * @synced, @visited: the pin that did so last
 * @guest: what the entries were made of
 * @child: by entry, above the last level; @used: there, bit n: entry[n] is not 0
 * @half: bit n of [h]: half h of entry n was stored and the other is waited for; both bits: stored
 *	in other pieces, so that only the next comparison completes it. @halves: some may be set
 */
struct gvt_spt {
	/* Where nothing is tracked each pin needs these of every table: a cache line. */
	u64 gfn;
	u64 *guest;
	struct gvt_spt **child;
	u64 synced, visited;
	int err;
	u32 refs;
	enum gvt_table type;
	bool split, missing, halves;
	struct gvt_list all, dirty;
	u64 *entry;
	u64 bus;
	u64 used[GVT_TABLE_ENTRIES / 64];
	u64 half[2][GVT_TABLE_ENTRIES / 64];
};

/*
 * @can_track: the hypervisor tells us of stores; else every pin compares everything
 * @announced: the guest does, by ranges: nothing is tracked, and a pin compares what was announced
 * @stores: a trapped store is ours to perform
 * @ips: 64 KiB page tables were on when the shadows were made
 * @all: every shadow page. @dirty: those to be compared with guest memory at the next pin
 * @mms: address spaces, the least recently used first. @dropped: those that only submission holds
 * @ordered: the same as @mms, by gvt_mm_order()
 * @forgotten: so often had the guest created what is gone; as many destructions find nothing
 * @pages: shadow pages. @num_mms: in both lists
 * @pin: number of the latest pin
 * @room: gvt_ppgtt_buf()'s
 */
struct gvt_ppgtt {
	bool can_track, announced, stores, ips;
	struct gvt_track track;
	struct gvt_list all, dirty, mms, dropped, ordered;
	u32 pages, num_mms;
	u64 forgotten, pin;
	u64 room[GVT_NUM_TABLES * GVT_TABLE_ENTRIES + GVT_LINE / sizeof(u64)];
};

/*
 * The next begin of a cache line. Tables are copied and compared by whole lines: where they begin
 * elsewhere each access touches two, and a comparison takes a third longer.
 */
static inline u64 *gvt_line(void *p)
{
	return (u64 *)(((uintptr_t)p + GVT_LINE - 1) & ~(uintptr_t)(GVT_LINE - 1));
}

/* Where a guest's table is while it is compared; one for each kind, for recursion. */
static inline u64 *gvt_ppgtt_buf(struct gvt_ppgtt *p, enum gvt_table type)
{
	return gvt_line(p->room) + type * GVT_TABLE_ENTRIES;
}

static inline bool gvt_bit_get(const u64 *map, unsigned int n)
{
	return map[n / 64] >> n % 64 & 1;
}

static inline void gvt_bit_put(u64 *map, unsigned int n, bool on)
{
	map[n / 64] = (map[n / 64] & ~(1ULL << n % 64)) | (u64)on << n % 64;
}

/* The first bit of an entry that is set, from @n on; GVT_TABLE_ENTRIES: none. */
static inline unsigned int gvt_bit_next(const u64 *map, unsigned int n)
{
	for (; n < GVT_TABLE_ENTRIES; n = (n / 64 + 1) * 64) {
		u64 bits = map[n / 64] & ~0ULL << n % 64;

		if (bits)
			return n / 64 * 64 + (unsigned int)__builtin_ctzll(bits);
	}
	return GVT_TABLE_ENTRIES;
}

/* Whether somebody tells of changes: a table that is not on the dirty list is then equal. */
static inline bool gvt_ppgtt_told(const struct gvt_ppgtt *p)
{
	return p->can_track || p->announced;
}

static inline bool gvt_spt_leaf(const struct gvt_spt *spt)
{
	return !spt->child;
}

/* --- spt.c --- */

/*
 * The shadow of a guest's table, made and filled if it is not there; one reference.
 * Return: 0, -EFAULT (no RAM there), -ENOSPC (the quota), -ENOMEM
 */
int gvt_spt_get(struct gvt_vgpu *v, u64 gfn, enum gvt_table type, struct gvt_spt **spt);
void gvt_spt_put(struct gvt_vgpu *v, struct gvt_spt *spt);
/*
 * Make an entry the shadow of @guest. A page that is no RAM leaves 0 and is no failure. For 0 it
 * cannot fail. Return: 0, -ENOSPC, -ENOMEM, -ESRCH; the entry is then as before
 */
int gvt_spt_set(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int index, u64 guest);
/* All entries that differ from the guest's table @now. Return: as above; what was done stays */
int gvt_spt_update(struct gvt_vgpu *v, struct gvt_spt *spt, const u64 *now);
void gvt_spt_clear(struct gvt_vgpu *v, struct gvt_spt *spt);
/* RAM went away: leaf entries that point there become 0, all others stay. */
void gvt_spt_region_gone(struct gvt_vgpu *v, struct gvt_spt *spt, u64 gfn, u64 nr);

/* --- spt_sync.c --- */

/*
 * Compare with guest memory and make it equal; tracked from then on, if that is possible.
 * Return: as gvt_spt_get()
 */
int gvt_spt_sync(struct gvt_vgpu *v, struct gvt_spt *spt);
/* At the next pin it is to be compared. */
void gvt_spt_dirty(struct gvt_vgpu *v, struct gvt_spt *spt);
/* Whatever is dirty, of all address spaces. Return: did something fail; see gvt_spt_visit() */
bool gvt_spt_resolve(struct gvt_vgpu *v);
/*
 * Everything below a root: without tracking it is compared; then what failed is told.
 * Return: 0, what failed
 */
int gvt_spt_visit(struct gvt_vgpu *v, struct gvt_spt *root);
/* Entries are looked at anew: those to which RAM has come, or that 64 KiB tables concern. */
void gvt_spt_ram_came(struct gvt_vgpu *v);
void gvt_spt_ips_changed(struct gvt_vgpu *v);
/* Stores to the page are not told any more; its tables are dirty. */
void gvt_page_untrack(struct gvt_vgpu *v, struct gvt_track_page *page);

/* --- spt_announce.c --- */

/* All tables for @size bytes from @start on are dirty; not 0, and within 48 bits. */
void gvt_spt_range_dirty(struct gvt_vgpu *v, struct gvt_spt *root, u64 start, u64 size);

/* --- ppgtt.c --- */

/*
 * Drop the shadow of the least recently used address space that no submission needs. @others: also
 * of other vGPUs, if theirs has none and nobody is at work there. Return: whether there was one
 */
bool gvt_ppgtt_reclaim(struct gvt_vgpu *v, bool others);

#endif
