/* SPDX-License-Identifier: MIT */
/*
 * What keeps shadow pages equal to guest memory: stores that the hypervisor traps, and comparing
 * where it does not. What an entry's shadow is made of is spt.c's.
 *
 * Only an entry of a last-level table is shadowed at the store itself. Above, a store takes the old
 * entry away and leaves the new one to the next pin: a whole tree may hang on it, and a guest is
 * not to make us build that by one store, perhaps for nothing.
 */
#include "ppgtt.h"
#include "spt.h"

/* --- tracking --- */

/* Whether changes are told from now on. A page of which nobody tells is compared at each pin. */
static bool track(struct gvt_vgpu *v, u64 gfn)
{
	struct gvt_ppgtt *p = v->ppgtt;
	struct gvt_track_page *page;

	if (p->announced)
		return true;
	if (!p->can_track)
		return false;
	page = gvt_track_find(&p->track, gfn);
	if (page->tracked)
		return true;
	if (intel_gvt_hypervisor_enable_page_track(&v->base, gfn))
		return false;
	page->tracked = true;
	p->track.tracked++;
	return true;
}

void gvt_page_untrack(struct gvt_vgpu *v, struct gvt_track_page *page)
{
	unsigned int type;

	for (type = 0; type < GVT_NUM_TABLES; type++)
		if (page->spt[type])
			gvt_spt_dirty(v, page->spt[type]);
	if (!page->tracked)
		return;
	page->tracked = false;
	v->ppgtt->track.tracked--;
	intel_gvt_hypervisor_disable_page_track(&v->base, page->gfn);
}

void gvt_spt_dirty(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	gvt_list_to_end(&v->ppgtt->dirty, &spt->dirty);
}

/* --- comparing --- */

/* Tracked before it is read: what is stored later is told. One read, so nothing changes in it. */
int gvt_spt_sync(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	struct gvt_ppgtt *p = v->ppgtt;
	u64 *now = gvt_ppgtt_buf(p, spt->type);
	bool tracked = track(v, spt->gfn);
	int ret = intel_gvt_hypervisor_read_gpa(&v->base, spt->gfn << MPT_PAGE_SHIFT, now,
						MPT_PAGE_SIZE);

	v->share.cost += GVT_SPT_COMPARE_COST;
	if (ret) {
		gvt_spt_clear(v, spt);
	} else if (memcmp(now, spt->guest, MPT_PAGE_SIZE)) {
		v->share.cost += GVT_SPT_ENTRIES_COST;
		ret = gvt_spt_update(v, spt, now);
	}
	spt->err = ret;
	spt->synced = p->pin;
	if (spt->halves)
		memset(spt->half, 0, sizeof(spt->half));
	spt->halves = false;
	/* Where nothing is tracked all are on the list and stay where they are. */
	if (!ret && tracked)
		gvt_list_del(&spt->dirty);
	else if (gvt_list_empty(&spt->dirty))
		gvt_spt_dirty(v, spt);
	return ret;
}

/* Held while it is worked on: what it needs may be taken from the address space it belongs to. */
static int sync_held(struct gvt_vgpu *v, struct gvt_spt *spt)
{
	int ret;

	spt->refs++;
	ret = gvt_spt_sync(v, spt);
	gvt_spt_put(v, spt);
	return ret;
}

/* What becomes or stays dirty meanwhile is the next pin's. */
bool gvt_spt_resolve(struct gvt_vgpu *v)
{
	struct gvt_list work;
	bool failed = false;

	gvt_list_init(&work);
	gvt_list_splice(&work, &v->ppgtt->dirty);
	while (!gvt_list_empty(&work)) {
		struct gvt_spt *spt = GVT_LIST_ENTRY(work.next, struct gvt_spt, dirty);

		gvt_spt_dirty(v, spt);
		if (sync_held(v, spt))
			failed = true;
	}
	return failed;
}

/* A table without RAM is as one without entries, but where an address space begins. */
static int visit(struct gvt_vgpu *v, struct gvt_spt *spt, bool root)
{
	struct gvt_ppgtt *p = v->ppgtt;
	unsigned int i;
	int ret = 0;

	if (spt->visited == p->pin || spt->split)
		return 0;
	spt->visited = p->pin;
	if (!gvt_ppgtt_told(p) && spt->synced != p->pin)
		sync_held(v, spt);
	if (spt->err && (root || spt->err != -EFAULT))
		return spt->err;
	if (gvt_spt_leaf(spt))
		return 0;
	for (i = gvt_bit_next(spt->used, 0); i < GVT_TABLE_ENTRIES && !ret;
	     i = gvt_bit_next(spt->used, i + 1))
		if (spt->child[i])
			ret = visit(v, spt->child[i], false);
	return ret;
}

int gvt_spt_visit(struct gvt_vgpu *v, struct gvt_spt *root)
{
	return visit(v, root, true);
}

/* --- entries that are looked at anew --- */

static bool entry_missing(const struct gvt_spt *spt, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < gvt_table_stride(spt->type); i++)
		if (!spt->entry[index + i])
			return spt->guest[index] & GVT_PTE_PRESENT;
	return spt->child && spt->child[index] && spt->child[index]->split &&
	       spt->child[index]->missing;
}

static bool entry_ips(const struct gvt_spt *spt, unsigned int index)
{
	return spt->type == GVT_TABLE_PD &&
	       gvt_pte_decode(spt->type, spt->guest[index], true).child == GVT_TABLE_PT64;
}

/* All pages are gone through, though some go meanwhile: each leaves the list by itself. */
static void look_again(struct gvt_vgpu *v, bool (*which)(const struct gvt_spt *, unsigned int))
{
	struct gvt_list work;
	unsigned int i, step;

	gvt_list_init(&work);
	gvt_list_splice(&work, &v->ppgtt->all);
	while (!gvt_list_empty(&work)) {
		struct gvt_spt *spt = GVT_LIST_ENTRY(work.next, struct gvt_spt, all);

		gvt_list_to_end(&v->ppgtt->all, &spt->all);
		step = gvt_table_stride(spt->type);
		for (i = 0; i < GVT_TABLE_ENTRIES && !spt->split; i += step) {
			if (!which(spt, i))
				continue;
			gvt_spt_set(v, spt, i, 0);
			gvt_spt_dirty(v, spt);
		}
	}
}

void gvt_spt_ram_came(struct gvt_vgpu *v)
{
	look_again(v, entry_missing);
}

void gvt_spt_ips_changed(struct gvt_vgpu *v)
{
	look_again(v, entry_ips);
}

/* --- trapped stores --- */

/* Bytes @from to @to of an entry were stored. Return: the whole entry is there now. */
static bool complete(struct gvt_spt *spt, unsigned int index, unsigned int from, unsigned int to)
{
	bool low = from == 0 && to >= 4, high = from <= 4 && to == 8;
	bool had_low = gvt_bit_get(spt->half[0], index);
	bool had_high = gvt_bit_get(spt->half[1], index);
	bool odd = (had_low && had_high) || (from != 0 && from != 4) || (to != 4 && to != 8);
	bool whole = (low && high) || (!odd && (low || had_low) && (high || had_high));

	spt->halves = true;
	gvt_bit_put(spt->half[0], index, !whole && (odd || low || had_low));
	gvt_bit_put(spt->half[1], index, !whole && (odd || high || had_high));
	return whole;
}

/*
 * By what memory holds, not by what was stored: of two vCPUs' stores the later one may be told
 * first.
 * Return: the entry's shadow is what it should be
 */
static bool follow(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int index)
{
	u64 guest, gpa = (spt->gfn << MPT_PAGE_SHIFT) + index * sizeof(guest);

	if (intel_gvt_hypervisor_read_gpa(&v->base, gpa, &guest, sizeof(guest)))
		return false;
	if (guest == spt->guest[index])
		return true;
	if (!gvt_spt_leaf(spt) && guest & GVT_PTE_PRESENT)
		return false;
	return !gvt_spt_set(v, spt, index, guest);
}

static void spt_written(struct gvt_vgpu *v, struct gvt_spt *spt, unsigned int from, unsigned int to)
{
	unsigned int i, at, n;

	for (at = from; at < to; at += n) {
		i = at / 8;
		n = 8 - at % 8 < to - at ? 8 - at % 8 : to - at;
		if (i % gvt_table_stride(spt->type))
			continue;
		if (complete(spt, i, at % 8, at % 8 + n) && follow(v, spt, i))
			continue;
		gvt_spt_set(v, spt, i, 0);
		gvt_spt_dirty(v, spt);
	}
}

/* Between two pins, few stores are followed one by one. */
static bool storm(struct gvt_vgpu *v, struct gvt_track_page *page)
{
	if (page->epoch != (u32)v->ppgtt->pin)
		page->writes = 0;
	page->epoch = (u32)v->ppgtt->pin;
	return ++page->writes > GVT_SPT_STORM;
}

/* What one kind of table does with a store may end another that is the same page. */
static void page_written(struct gvt_vgpu *v, u64 gfn, unsigned int from, unsigned int to)
{
	struct gvt_track_page *page = gvt_track_find(&v->ppgtt->track, gfn);
	struct gvt_spt *spt;
	unsigned int type;

	if (!page || !page->tracked)
		return;
	if (v->failsafe || storm(v, page)) {
		gvt_page_untrack(v, page);
		return;
	}
	for (type = 0; type < GVT_NUM_TABLES; type++) {
		page = gvt_track_find(&v->ppgtt->track, gfn);
		spt = page ? page->spt[type] : NULL;
		if (!spt)
			continue;
		spt->refs++;
		spt_written(v, spt, from, to);
		gvt_spt_put(v, spt);
	}
}

static bool tracked(const struct gvt_vgpu *v, u64 gfn)
{
	const struct gvt_track_page *page =
		v->ppgtt ? gvt_track_find(&v->ppgtt->track, gfn) : NULL;

	return page && page->tracked;
}

int gvt_page_track_write(struct gvt_vgpu *v, u64 gpa, const void *data, unsigned int bytes)
{
	u64 gfn = gpa >> MPT_PAGE_SHIFT;
	unsigned int from = gpa & (MPT_PAGE_SIZE - 1);
	unsigned int here = bytes < MPT_PAGE_SIZE - from ? bytes : MPT_PAGE_SIZE - from;
	int ret = 0;

	if (bytes > MPT_PAGE_SIZE)
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: a store of %u bytes (up to a page)",
				v->base.id, bytes);
	/* The last frame there can be has no next one: its number is never tracked. */
	if (!tracked(v, gfn) && (here == bytes || !tracked(v, gfn + 1)))
		return -ENXIO;
	if (v->ppgtt->stores)
		ret = intel_gvt_hypervisor_write_gpa(&v->base, gpa, (void *)(uintptr_t)data, bytes);
	if (ret)
		return ret;
	page_written(v, gfn, from, from + here);
	if (here < bytes)
		page_written(v, gfn + 1, 0, bytes - here);
	return 0;
}
