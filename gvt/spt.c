/* SPDX-License-Identifier: MIT */
/*
 * Shadow pages and their entries: made, changed, dropped. When they have to change is not decided
 * here; see spt.h.
 */
#include "spt.h"

#define HUGE_PAGES (MPT_HUGE_SIZE / MPT_PAGE_SIZE)

/* --- mappings --- */

/* What a lack of RAM is answered with, as against a lack of means: the entry is left out. */
static bool no_ram(int err)
{
	return err == -EFAULT || err == -EINVAL;
}

static void missing(struct gvt_vgpu *v, struct gvt_spt *spt, u64 gfn)
{
	spt->missing = true;
	v->count.ppgtt_scratch++;
	mpt_log_guest(MPT_LOG_WARN, "vGPU %d: a page-table entry names guest frame 0x%llx: no RAM",
		      v->base.id, (unsigned long long)gfn);
}

static inline bool bus_fits(const struct gvt_vgpu *v, u64 bus, u64 size)
{
	return !(bus & (size - 1)) && gvt_bus_usable(v->gvt, bus) &&
	       gvt_bus_usable(v->gvt, bus + size - MPT_PAGE_SIZE);
}

static inline int map(struct gvt_vgpu *v, u64 gfn, u64 size, u64 *bus)
{
	dma_addr_t dma;
	int ret;

	do {
		ret = intel_gvt_hypervisor_dma_map_guest_page(&v->base, gfn, size, &dma);
	} while (ret == -ENOMEM && gvt_ppgtt_reclaim(v, false));
	if (ret)
		return ret;
	if (!bus_fits(v, dma, size)) {
		intel_gvt_hypervisor_dma_unmap_guest_page(&v->base, dma);
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: bus address 0x%llx does not fit a page-table entry",
				v->base.id, (unsigned long long)dma);
	}
	v->count.ppgtt_mapped++;
	*bus = dma;
	return 0;
}

static inline void unmap(struct gvt_vgpu *v, u64 entry, bool huge)
{
	v->count.ppgtt_mapped--;
	intel_gvt_hypervisor_dma_unmap_guest_page(&v->base, gvt_pte_bus(entry, huge));
}

/* --- shadow pages --- */

static int no_page(const struct gvt_vgpu *v)
{
	if (v->ppgtt->pages >= GVT_SPT_QUOTA)
		return mpt_fail(-ENOSPC, "gvt", "vGPU %d: all %u shadow pages are in use",
				v->base.id, GVT_SPT_QUOTA);
	return mpt_fail(-ENOMEM, "gvt", "vGPU %d: the device has no page left for a shadow table",
			v->base.id);
}

static int page_new(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	struct gvt_hw *hw = &v->gvt->hw;
	bool quota;

	do {
		quota = v->ppgtt->pages >= GVT_SPT_QUOTA;
		spt->entry = quota ? NULL : hw->page_new(hw->priv, &spt->bus);
	} while (!spt->entry && gvt_ppgtt_reclaim(v, !quota));
	if (!spt->entry)
		return no_page(v);
	v->ppgtt->pages++;
	return 0;
}

/* One piece: the copy of the guest's table and the children behind the page itself. */
static struct gvt_spt *spt_alloc(enum gvt_table type, bool split)
{
	bool leaf = type <= GVT_TABLE_PT64;
	size_t table = GVT_TABLE_ENTRIES * sizeof(u64);
	struct gvt_spt *spt = mpt_zalloc(sizeof(*spt) + (split ? 0 : GVT_LINE + table) +
					 (leaf ? 0 : table));

	if (!spt)
		return NULL;
	gvt_list_init(&spt->all);
	gvt_list_init(&spt->dirty);
	spt->type = type;
	spt->split = split;
	spt->refs = 1;
	if (!split)
		spt->guest = gvt_line(spt + 1);
	if (!leaf)
		spt->child = (struct gvt_spt **)(void *)(spt->guest + GVT_TABLE_ENTRIES);
	return spt;
}

static int spt_new(struct gvt_vgpu *v, u64 gfn, enum gvt_table type, bool split,
		   struct gvt_spt **out)
{
	struct gvt_spt *spt = spt_alloc(type, split);
	int ret;

	if (!spt)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: no memory for a shadow page", v->base.id);
	ret = page_new(v, spt);
	if (ret) {
		mpt_free(spt);
		return ret;
	}
	spt->gfn = gfn;
	gvt_list_to_end(&v->ppgtt->all, &spt->all);
	*out = spt;
	return 0;
}

/* The registry has a place for every page of the quota. */
static void spt_register(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	struct gvt_track_page *page = gvt_track_find(&v->ppgtt->track, spt->gfn);

	if (!page)
		page = gvt_track_insert(&v->ppgtt->track, spt->gfn);
	page->spt[spt->type] = spt;
}

static void spt_unregister(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	struct gvt_track_page *page = gvt_track_find(&v->ppgtt->track, spt->gfn);
	unsigned int type;

	page->spt[spt->type] = NULL;
	for (type = 0; type < GVT_NUM_TABLES; type++)
		if (page->spt[type])
			return;
	gvt_page_untrack(v, page);
	gvt_track_remove(&v->ppgtt->track, page);
}

int gvt_spt_get(struct gvt_vgpu *v, u64 gfn, enum gvt_table type, struct gvt_spt **out)
{
	struct gvt_track_page *page = gvt_track_find(&v->ppgtt->track, gfn);
	struct gvt_spt *spt = page ? page->spt[type] : NULL;
	int ret;

	if (spt) {
		spt->refs++;
		*out = spt;
		return 0;
	}
	ret = spt_new(v, gfn, type, false, &spt);
	if (ret)
		return ret;
	spt_register(v, spt);
	ret = gvt_spt_sync(v, spt);
	if (ret) {
		gvt_spt_put(v, spt);
		return ret;
	}
	*out = spt;
	return 0;
}

void gvt_spt_put(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	if (--spt->refs)
		return;
	gvt_spt_clear(v, spt);
	if (!spt->split)
		spt_unregister(v, spt);
	gvt_list_del(&spt->all);
	gvt_list_del(&spt->dirty);
	v->gvt->hw.page_free(v->gvt->hw.priv, spt->bus);
	v->ppgtt->pages--;
	mpt_free(spt);
}

/* --- entries --- */

static u64 exchange(struct gvt_spt *spt, unsigned int index, u64 entry)
{
	u64 old = spt->entry[index];

	__atomic_store_n(&spt->entry[index], entry, __ATOMIC_RELEASE);
	return old;
}

/* One page for a leaf entry; 0 with @entry 0: there is no RAM. */
static inline int make_page(struct gvt_vgpu *v, struct gvt_spt *spt, u64 gfn, u64 *bus)
{
	int ret = map(v, gfn, MPT_PAGE_SIZE, bus);

	if (ret && no_ram(ret)) {
		missing(v, spt, gfn);
		*bus = 0;
		return 0;
	}
	return ret;
}

/* The new page is mapped before the old one is unmapped: a rewrite of the same never drops it. */
static inline int set_page(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int index, u64 guest)
{
	u64 bus = 0, old;
	int ret = 0;

	if (guest & GVT_PTE_PRESENT)
		ret = make_page(v, spt, (guest & GVT_PTE_ADDR) >> MPT_PAGE_SHIFT, &bus);
	if (ret)
		return ret;
	spt->guest[index] = guest;
	old = exchange(spt, index, bus ? gvt_pte_shadow(GVT_ENTRY_4K, guest, bus) : 0);
	if (old)
		unmap(v, old, false);
	return 0;
}

/* The same for the 16 entries that one of 64 KiB stands for: all or none of them change. */
static int set_64k(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int index, u64 guest)
{
	struct gvt_entry e = gvt_pte_decode(spt->type, guest, false);
	u64 entry[GVT_PTE_64K_PAGES], bus;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < GVT_PTE_64K_PAGES; i++) {
		bus = 0;
		if (e.kind != GVT_ENTRY_NONE)
			ret = make_page(v, spt, e.gfn + i, &bus);
		if (ret)
			break;
		entry[i] = bus ? gvt_pte_shadow(e.kind, guest, bus) : 0;
	}
	if (ret) {
		while (i--)
			if (entry[i])
				unmap(v, entry[i], false);
		return ret;
	}
	spt->guest[index] = guest;
	for (i = 0; i < GVT_PTE_64K_PAGES; i++) {
		u64 old = exchange(spt, index + i, entry[i]);

		if (old)
			unmap(v, old, false);
	}
	return 0;
}

/* An entry above the last level, before it is in its place. */
struct upper {
	u64 entry;
	struct gvt_spt *child; /* NULL: a page of 2 MiB, or nothing */
};

/*
 * A page of 2 MiB that is not one piece for the device. Asking first is cheaper than 512 refusals,
 * each with a sentence.
 */
static int fill_split(struct gvt_vgpu *v, struct gvt_spt *child, u64 guest)
{
	unsigned int i;
	u64 bus = 0;
	int ret;

	for (i = 0; i < HUGE_PAGES; i++) {
		if (!intel_gvt_hypervisor_is_valid_gfn(&v->base, child->gfn + i)) {
			missing(v, child, child->gfn + i);
			continue;
		}
		ret = make_page(v, child, child->gfn + i, &bus);
		if (ret)
			return ret;
		if (bus)
			exchange(child, i, gvt_pte_shadow_split(guest, bus));
	}
	return 0;
}

static int make_split(struct gvt_vgpu *v, struct gvt_spt *spt, u64 guest, u64 gfn, struct upper *u)
{
	struct gvt_spt *child;
	int ret;

	if (!intel_gvt_hypervisor_is_valid_gfn(&v->base, gfn) &&
	    !intel_gvt_hypervisor_is_valid_gfn(&v->base, gfn + HUGE_PAGES - 1)) {
		missing(v, spt, gfn);
		return 0;
	}
	ret = spt_new(v, gfn, GVT_TABLE_PT, true, &child);
	if (ret)
		return ret;
	v->share.cost += GVT_SPT_ENTRIES_COST;
	ret = fill_split(v, child, guest);
	if (ret) {
		gvt_spt_put(v, child);
		return ret;
	}
	u->child = child;
	u->entry = gvt_pte_shadow(GVT_ENTRY_TABLE, guest, child->bus);
	return 0;
}

static int make_huge(struct gvt_vgpu *v, struct gvt_spt *spt, u64 guest, u64 gfn, struct upper *u)
{
	u64 bus = 0;
	int ret = map(v, gfn, MPT_HUGE_SIZE, &bus);

	if (!ret)
		u->entry = gvt_pte_shadow(GVT_ENTRY_2M, guest, bus);
	return ret && no_ram(ret) ? make_split(v, spt, guest, gfn, u) : ret;
}

static int make_table(struct gvt_vgpu *v, struct gvt_spt *spt, u64 guest,
		      const struct gvt_entry *e, struct upper *u)
{
	int ret = gvt_spt_get(v, e->gfn, e->child, &u->child);

	if (ret == -EFAULT) {
		missing(v, spt, e->gfn);
		return 0;
	}
	if (!ret)
		u->entry = gvt_pte_shadow(GVT_ENTRY_TABLE, guest, u->child->bus);
	return ret;
}

static int make_upper(struct gvt_vgpu *v, struct gvt_spt *spt, u64 guest, struct upper *u)
{
	struct gvt_entry e = gvt_pte_decode(spt->type, guest, v->ppgtt->ips);

	switch (e.kind) {
	case GVT_ENTRY_TABLE:
		return make_table(v, spt, guest, &e, u);
	case GVT_ENTRY_2M:
		return make_huge(v, spt, guest, e.gfn, u);
	case GVT_ENTRY_REFUSED:
		v->count.ppgtt_scratch++;
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: a page of 1 GiB is not supported",
			      v->base.id);
		return 0;
	default:
		return 0;
	}
}

static int set_upper(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int index, u64 guest)
{
	struct gvt_spt *child = spt->child[index];
	struct upper u = { 0 };
	u64 old;
	int ret = make_upper(v, spt, guest, &u);

	if (ret)
		return ret;
	spt->guest[index] = guest;
	spt->child[index] = u.child;
	old = exchange(spt, index, u.entry);
	gvt_bit_put(spt->used, index, u.entry);
	if (child)
		gvt_spt_put(v, child);
	else if (old)
		unmap(v, old, true);
	return 0;
}

int gvt_spt_set(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int index, u64 guest)
{
	if (spt->type == GVT_TABLE_PT)
		return set_page(v, spt, index, guest);
	if (spt->type == GVT_TABLE_PT64)
		return set_64k(v, spt, index, guest);
	return set_upper(v, spt, index, guest);
}

/* Most of a table is mostly as it was. */
static inline bool same_line(const u64 *a, const u64 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) |
		 (a[5] ^ b[5]) | (a[6] ^ b[6]) | (a[7] ^ b[7]));
}

int gvt_spt_update(struct gvt_vgpu *v, struct gvt_spt *spt, const u64 *now)
{
	unsigned int i, step = gvt_table_stride(spt->type);
	int ret = 0;

	for (i = 0; i < GVT_TABLE_ENTRIES && !ret; i += step) {
		if (i % 8 == 0 && same_line(now + i, spt->guest + i)) {
			i += step == 1 ? 7 : 0;
			continue;
		}
		if (now[i] == spt->guest[i])
			continue;
		ret = spt->type == GVT_TABLE_PT ? set_page(v, spt, i, now[i]) :
						  gvt_spt_set(v, spt, i, now[i]);
	}
	return ret;
}

static void clear_upper(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	unsigned int i;

	for (i = gvt_bit_next(spt->used, 0); i < GVT_TABLE_ENTRIES;
	     i = gvt_bit_next(spt->used, i + 1))
		set_upper(v, spt, i, 0);
}

static void clear_leaf(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	unsigned int i;

	for (i = 0; i < GVT_TABLE_ENTRIES; i++) {
		if (!spt->entry[i])
			continue;
		unmap(v, exchange(spt, i, 0), false);
	}
}

void gvt_spt_clear(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	if (gvt_spt_leaf(spt))
		clear_leaf(v, spt);
	else
		clear_upper(v, spt);
	if (spt->guest)
		memset(spt->guest, 0, GVT_TABLE_ENTRIES * sizeof(u64));
}

/* --- RAM that goes --- */

static bool overlaps(u64 a, u64 a_nr, u64 b, u64 b_nr)
{
	return a < b ? b - a < a_nr : a - b < b_nr;
}

/* The frame that a shadow's leaf entry is for. */
static u64 leaf_gfn(const struct gvt_spt *spt, unsigned int index)
{
	unsigned int n = gvt_table_stride(spt->type);

	if (spt->split)
		return spt->gfn + index;
	return gvt_pte_decode(spt->type, spt->guest[index - index % n], false).gfn + index % n;
}

void gvt_spt_region_gone(struct gvt_vgpu *v, struct gvt_spt *spt, u64 gfn, u64 nr)
{
	unsigned int i;

	for (i = 0; i < GVT_TABLE_ENTRIES; i++) {
		if (!spt->entry[i])
			continue;
		if (gvt_spt_leaf(spt)) {
			if (!overlaps(leaf_gfn(spt, i), 1, gfn, nr))
				continue;
			missing(v, spt, leaf_gfn(spt, i));
			unmap(v, exchange(spt, i, 0), false);
		} else if (!spt->child[i]) {
			u64 first = gvt_pte_decode(spt->type, spt->guest[i], v->ppgtt->ips).gfn;

			if (!overlaps(first, HUGE_PAGES, gfn, nr))
				continue;
			/* Some of it may still be there: the next pin looks. */
			set_upper(v, spt, i, 0);
			gvt_spt_dirty(v, spt);
		}
	}
}
