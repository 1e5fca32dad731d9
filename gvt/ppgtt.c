/* SPDX-License-Identifier: MIT */
/*
 * A vGPU's address spaces: found by their roots, counted, pinned for submission, shadowed from the
 * first pin on, dropped in the order of use when shadow pages run out. The pages are spt.c's.
 */
#include "ppgtt.h"
#include "spt.h"

#define ADDR_END (1ULL << 48)
#define GAMW_ECO 0x4080U /* bits 3:0: 64 KiB page tables, all four or none (Skylake PRM vol. 2c) */

/*
 * @link: by use. @order: by gvt_mm_order()
 * @refs: submission's. @guest_refs: created by notification and not destroyed
 * @shadowed: the roots are there, and through them everything else
 * @dropped: a reset ended it; only submission still has a pointer
 */
struct gvt_mm {
	struct gvt_list link, order;
	int levels;
	bool shadowed, dropped;
	u32 refs, guest_refs, pins;
	u64 pdp[4];
	struct gvt_spt *root[4];
};

static struct gvt_mm *mm_of(struct gvt_list *link)
{
	return GVT_LIST_ENTRY(link, struct gvt_mm, link);
}

static struct gvt_mm *mm_in_order(struct gvt_list *link)
{
	return GVT_LIST_ENTRY(link, struct gvt_mm, order);
}

static struct gvt_mm_saved mm_saved(const struct gvt_mm *mm)
{
	struct gvt_mm_saved s = { .levels = mm->levels, .created = mm->guest_refs };

	memcpy(s.pdp, mm->pdp, sizeof(s.pdp));
	return s;
}

/* --- the shadow --- */

static void mm_unshadow(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (mm->root[i])
			gvt_spt_put(v, mm->root[i]);
		mm->root[i] = NULL;
	}
	mm->shadowed = false;
}

static int mm_shadow(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	int i, ret = 0;

	if (mm->levels == 4)
		ret = gvt_spt_get(v, mm->pdp[0] >> MPT_PAGE_SHIFT, GVT_TABLE_PML4, &mm->root[0]);
	for (i = 0; mm->levels == 3 && i < 4 && !ret; i++)
		if (mm->pdp[i])
			ret = gvt_spt_get(v, mm->pdp[i] >> MPT_PAGE_SHIFT, GVT_TABLE_PD,
					  &mm->root[i]);
	if (ret)
		mm_unshadow(v, mm);
	else
		mm->shadowed = true;
	return ret;
}

static bool reclaim_own(struct gvt_vgpu *v)
{
	struct gvt_list *l;

	for (l = v->ppgtt->mms.next; l != &v->ppgtt->mms; l = l->next) {
		if (!mm_of(l)->shadowed || mm_of(l)->pins)
			continue;
		mm_unshadow(v, mm_of(l));
		return true;
	}
	return false;
}

/*
 * With our own lock held the device's and another vGPU's are only tried: who holds them may wait
 * for ours. The device's keeps vGPUs from coming and going.
 */
static bool reclaim_other(struct gvt_vgpu *v)
{
	struct intel_gvt *gvt = v->gvt;
	bool done = false;
	int id;

	if (pthread_mutex_trylock(&gvt->lock))
		return false;
	for (id = 1; id <= GVT_MAX_VGPU && !done; id++) {
		struct gvt_vgpu *other = gvt->vgpu[id];

		if (!other || other == v || !gvt_trylock(&other->lock))
			continue;
		done = other->ppgtt && reclaim_own(other);
		gvt_unlock(&other->lock);
	}
	pthread_mutex_unlock(&gvt->lock);
	return done;
}

bool gvt_ppgtt_reclaim(struct gvt_vgpu *v, bool others)
{
	return reclaim_own(v) || (others && reclaim_other(v));
}

/* --- address spaces --- */

static bool same_roots(const struct gvt_mm *mm, int levels, const u64 pdp[4])
{
	return mm->levels == levels &&
	       !memcmp(mm->pdp, pdp, (levels == 4 ? 1 : 4) * sizeof(pdp[0]));
}

/* From the most recently used, which is mostly the one. */
static struct gvt_mm *mm_find(struct gvt_vgpu *v, int levels, const u64 pdp[4])
{
	struct gvt_list *l;

	for (l = v->ppgtt->mms.prev; l != &v->ppgtt->mms; l = l->prev)
		if (same_roots(mm_of(l), levels, pdp))
			return mm_of(l);
	return NULL;
}

static int check_roots(struct gvt_vgpu *v, int levels, const u64 pdp[4])
{
	u64 entry;
	int i, ret;

	if (levels != 3 && levels != 4)
		return mpt_fail(-EINVAL, "gvt", "page tables of %d levels (3 or 4)", levels);
	for (i = 0; i < (levels == 4 ? 1 : 4); i++) {
		if (pdp[i] & ~GVT_PTE_ADDR)
			return mpt_fail(-EINVAL, "gvt",
					"vGPU %d: root 0x%llx (a page address of up to 46 bits)",
					v->base.id, (unsigned long long)pdp[i]);
		if (levels == 3 && !pdp[i])
			continue;
		ret = intel_gvt_hypervisor_read_gpa(&v->base, pdp[i], &entry, sizeof(entry));
		if (ret)
			return ret;
	}
	return 0;
}

/* From the end: a restore brings them in order. */
static void put_in_order(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	struct gvt_list *l = v->ppgtt->ordered.prev;
	struct gvt_mm_saved s = mm_saved(mm), other;

	for (; l != &v->ppgtt->ordered; l = l->prev) {
		other = mm_saved(mm_in_order(l));
		if (gvt_mm_order(&other, &s) < 0)
			break;
	}
	gvt_list_to_end(l->next, &mm->order);
}

static int mm_alloc(struct gvt_vgpu *v, int levels, const u64 pdp[4], struct gvt_mm **out)
{
	struct gvt_mm *mm = mpt_zalloc(sizeof(*mm));

	if (!mm)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: no memory for an address space",
				v->base.id);
	gvt_list_init(&mm->link);
	gvt_list_init(&mm->order);
	gvt_list_to_end(&v->ppgtt->mms, &mm->link);
	mm->levels = levels;
	memcpy(mm->pdp, pdp, (levels == 4 ? 1 : 4) * sizeof(pdp[0]));
	put_in_order(v, mm);
	v->ppgtt->num_mms++;
	*out = mm;
	return 0;
}

static void mm_free_unused(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	if (mm->refs || mm->guest_refs)
		return;
	mm_unshadow(v, mm);
	gvt_list_del(&mm->link);
	gvt_list_del(&mm->order);
	v->ppgtt->num_mms--;
	mpt_free(mm);
}

/* Of those that the guest alone holds, the least recently used. Return: whether there was one */
static bool forget_one(struct gvt_vgpu *v)
{
	struct gvt_list *l;

	for (l = v->ppgtt->mms.next; l != &v->ppgtt->mms; l = l->next) {
		struct gvt_mm *mm = mm_of(l);

		if (mm->refs)
			continue;
		v->ppgtt->forgotten += mm->guest_refs;
		mm->guest_refs = 0;
		mm_free_unused(v, mm);
		return true;
	}
	return false;
}

static int mm_new(struct gvt_vgpu *v, int levels, const u64 pdp[4], struct gvt_mm **out)
{
	int ret = check_roots(v, levels, pdp);

	if (ret)
		return ret;
	if (v->ppgtt->num_mms >= GVT_MM_QUOTA && !forget_one(v))
		return mpt_fail(-ENOSPC, "gvt", "vGPU %d: submission holds all %u address spaces",
				v->base.id, GVT_MM_QUOTA);
	return mm_alloc(v, levels, pdp, out);
}

static int mm_look_up(struct gvt_vgpu *v, int levels, const u64 pdp[4], struct gvt_mm **out)
{
	*out = mm_find(v, levels, pdp);
	return *out ? 0 : mm_new(v, levels, pdp, out);
}

int gvt_mm_get(struct gvt_vgpu *v, int levels, const u64 pdp[4], struct gvt_mm **out)
{
	struct gvt_mm *mm;
	int ret = mm_look_up(v, levels, pdp, &mm);

	if (ret)
		return ret;
	mm->refs++;
	*out = mm;
	return 0;
}

void gvt_mm_put(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	mm->refs--;
	mm_free_unused(v, mm);
}

static int guest_create(struct gvt_vgpu *v, int levels, const u64 pdp[4])
{
	struct gvt_mm *mm;
	int ret = mm_look_up(v, levels, pdp, &mm);

	if (ret)
		return ret;
	if (mm->guest_refs == UINT32_MAX)
		return mpt_fail(-ENOSPC, "gvt",
				"vGPU %d: an address space is created over and over", v->base.id);
	mm->guest_refs++;
	return 0;
}

static int guest_destroy(struct gvt_vgpu *v, int levels, const u64 pdp[4])
{
	struct gvt_mm *mm = mm_find(v, levels, pdp);

	if (mm && mm->guest_refs) {
		mm->guest_refs--;
		mm_free_unused(v, mm);
		return 0;
	}
	if (v->ppgtt->forgotten) {
		v->ppgtt->forgotten--;
		return 0;
	}
	return mpt_fail(-ENOENT, "gvt",
			"vGPU %d: no address space of %d levels at 0x%llx was created",
			v->base.id, levels, (unsigned long long)pdp[0]);
}

int gvt_ppgtt_notify(struct gvt_vgpu *v, bool create, int levels, const u64 pdp[4])
{
	return create ? guest_create(v, levels, pdp) : guest_destroy(v, levels, pdp);
}

int gvt_ppgtt_changed(struct gvt_vgpu *v, u64 pml4, u64 start, u64 size)
{
	u64 pdp[4] = { pml4, 0, 0, 0 };
	struct gvt_mm *mm = mm_find(v, 4, pdp);

	if (size > ADDR_END || start > ADDR_END - size)
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: page tables for 0x%llx bytes at 0x%llx (within 48 bits)",
				v->base.id, (unsigned long long)size, (unsigned long long)start);
	if (!mm)
		return mpt_fail(-ENOENT, "gvt", "vGPU %d: there is no address space at 0x%llx",
				v->base.id, (unsigned long long)pml4);
	if (size && mm->shadowed)
		gvt_spt_range_dirty(v, mm->root[0], start, size);
	return 0;
}

/* --- save and restore --- */

int gvt_mm_order(const struct gvt_mm_saved *a, const struct gvt_mm_saved *b)
{
	int i;

	if (a->levels != b->levels)
		return a->levels < b->levels ? -1 : 1;
	for (i = 0; i < 4; i++)
		if (a->pdp[i] != b->pdp[i])
			return a->pdp[i] < b->pdp[i] ? -1 : 1;
	return 0;
}

const struct gvt_mm *gvt_mm_next(const struct gvt_vgpu *v, const struct gvt_mm *mm,
				 struct gvt_mm_saved *s)
{
	struct gvt_list *l = mm ? mm->order.next : v->ppgtt->ordered.next;

	if (l == &v->ppgtt->ordered)
		return NULL;
	*s = mm_saved(mm_in_order(l));
	return mm_in_order(l);
}

bool gvt_mm_saved_ok(const struct gvt_mm_saved *s)
{
	int i;

	if ((s->levels != 3 && s->levels != 4) || !s->created)
		return false;
	for (i = 0; i < 4; i++)
		if ((s->pdp[i] & ~GVT_PTE_ADDR) || (i && s->levels == 4 && s->pdp[i]))
			return false;
	return true;
}

/* RAM may be missing at a root: it may have gone since the guest announced it. A pin will see. */
int gvt_mm_restore(struct gvt_vgpu *v, const struct gvt_mm_saved *s)
{
	struct gvt_mm *mm;
	int ret = mm_alloc(v, s->levels, s->pdp, &mm);

	if (ret)
		return ret;
	mm->guest_refs = s->created;
	return 0;
}

/* --- pins --- */

static void check_ips(struct gvt_vgpu *v)
{
	bool ips = (gvt_vreg(v, GAMW_ECO) & 0xf) == 0xf;

	if (ips == v->ppgtt->ips)
		return;
	gvt_spt_ips_changed(v);
	v->ppgtt->ips = ips;
}

/* All that is dirty is resolved, but only what this address space needs can fail it. */
static int mm_update(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	int i, ret = 0;

	if (gvt_ppgtt_told(v->ppgtt) && !gvt_spt_resolve(v))
		return 0;
	for (i = 0; i < 4 && !ret; i++)
		if (mm->root[i])
			ret = gvt_spt_visit(v, mm->root[i]);
	return ret;
}

static int mm_ready(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	bool fresh = !mm->shadowed;
	int ret;

	v->ppgtt->pin++;
	check_ips(v);
	ret = fresh ? mm_shadow(v, mm) : 0;
	if (ret)
		return ret;
	ret = mm_update(v, mm);
	if (ret && fresh)
		mm_unshadow(v, mm);
	return ret;
}

int gvt_mm_pin(struct gvt_vgpu *v, struct gvt_mm *mm, u64 root[4])
{
	int i, ret;

	if (mm->dropped)
		return mpt_fail(-EIO, "gvt", "vGPU %d: a reset has ended this address space",
				v->base.id);
	if (!v->gvt->hw.page_new)
		return mpt_fail(-EOPNOTSUPP, "gvt", "the hardware has no pages for shadow tables");
	/* From here on it is not reclaimed. */
	mm->pins++;
	ret = mm_ready(v, mm);
	if (ret) {
		mm->pins--;
		return ret;
	}
	gvt_list_to_end(&v->ppgtt->mms, &mm->link);
	for (i = 0; i < 4; i++)
		root[i] = mm->root[i] ? mm->root[i]->bus : 0;
	return 0;
}

void gvt_mm_unpin(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	(void)v;
	mm->pins--;
}

/* --- the vGPU's --- */

int gvt_ppgtt_init(struct gvt_vgpu *v)
{
	u64 caps = mpt_host_caps(v->gvt->host);
	struct gvt_ppgtt *p = mpt_zalloc(sizeof(*p));
	int ret;

	if (!p)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: no memory for its address spaces",
				v->base.id);
	ret = gvt_track_init(&p->track, GVT_SPT_QUOTA);
	if (ret) {
		mpt_free(p);
		return ret;
	}
	p->can_track = caps & MPT_CAP_PAGE_TRACK;
	p->stores = !(caps & MPT_CAP_WRITE_AFTER);
	gvt_list_init(&p->all);
	gvt_list_init(&p->dirty);
	gvt_list_init(&p->mms);
	gvt_list_init(&p->dropped);
	gvt_list_init(&p->ordered);
	v->ppgtt = p;
	return 0;
}

void gvt_ppgtt_unshadow(struct gvt_vgpu *v)
{
	struct gvt_list *l;

	for (l = v->ppgtt->mms.next; l != &v->ppgtt->mms; l = l->next)
		mm_unshadow(v, mm_of(l));
}

void gvt_ppgtt_reset(struct gvt_vgpu *v, bool resumes)
{
	struct gvt_ppgtt *p = v->ppgtt;

	if (!resumes)
		p->forgotten = 0;
	while (!gvt_list_empty(&p->mms)) {
		struct gvt_mm *mm = mm_of(p->mms.next);

		mm_unshadow(v, mm);
		mm->dropped = true;
		p->forgotten += resumes ? mm->guest_refs : 0;
		mm->guest_refs = 0;
		gvt_list_to_end(&p->dropped, &mm->link);
		gvt_list_del(&mm->order);
		mm_free_unused(v, mm);
	}
}

void gvt_ppgtt_clean(struct gvt_vgpu *v)
{
	struct gvt_ppgtt *p = v->ppgtt;

	gvt_ppgtt_reset(v, false);
	/* Submission is gone, and what it held with it. */
	while (!gvt_list_empty(&p->dropped)) {
		mm_of(p->dropped.next)->refs = 0;
		mm_free_unused(v, mm_of(p->dropped.next));
	}
	gvt_track_exit(&p->track);
	mpt_free(p);
	v->ppgtt = NULL;
}

static bool in_region(u64 page, u64 gfn, u64 nr)
{
	return page >= gfn && page - gfn < nr;
}

static void spt_region_gone(struct gvt_vgpu *v, struct gvt_spt *spt, u64 gfn, u64 nr)
{
	if (spt->split || !in_region(spt->gfn, gfn, nr)) {
		gvt_spt_region_gone(v, spt, gfn, nr);
		return;
	}
	gvt_spt_clear(v, spt);
	gvt_page_untrack(v, gvt_track_find(&v->ppgtt->track, spt->gfn));
}

/* As in spt_sync.c: what goes meanwhile leaves the list by itself. */
void gvt_ppgtt_region_gone(struct gvt_vgpu *v, u64 gfn, u64 nr)
{
	struct gvt_list work;

	if (!v->ppgtt)
		return;
	gvt_list_init(&work);
	gvt_list_splice(&work, &v->ppgtt->all);
	while (!gvt_list_empty(&work)) {
		struct gvt_spt *spt = GVT_LIST_ENTRY(work.next, struct gvt_spt, all);

		gvt_list_to_end(&v->ppgtt->all, &spt->all);
		spt_region_gone(v, spt, gfn, nr);
	}
}

void gvt_ppgtt_region_came(struct gvt_vgpu *v)
{
	if (v->ppgtt)
		gvt_spt_ram_came(v);
}

void gvt_ppgtt_info(struct gvt_vgpu *v, struct gvt_vgpu_info *info)
{
	const struct gvt_ppgtt *p = v->ppgtt;

	info->ppgtt_spaces = p->num_mms;
	info->ppgtt_tables = p->pages;
	info->ppgtt_tracked = p->track.tracked;
	info->ppgtt_untracked = p->track.used - p->track.tracked;
}
