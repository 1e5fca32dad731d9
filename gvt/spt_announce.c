/* SPDX-License-Identifier: MIT */
/*
 * Page tables whose guest says what it changes in them (PV MMIO, level 0x10): which shadow pages an
 * announced range concerns. What an announcement makes happen is the same as for a store that was
 * missed: the tables are compared with guest memory at the next pin (spt_sync.c).
 *
 * A guest that changes its tables and says nothing keeps the pages it had before: pages of its own,
 * which stay mapped as long as an entry names them, and go with its RAM like all others.
 */
#include "ppgtt.h"
#include "spt.h"

/* What an entry of a table spans, as a power of two. */
static const u8 span[GVT_NUM_TABLES] = {
	[GVT_TABLE_PT] = 12,
	[GVT_TABLE_PT64] = 12,
	[GVT_TABLE_PD] = 21,
	[GVT_TABLE_PDP] = 30,
	[GVT_TABLE_PML4] = 39,
};

static void all_dirty(struct gvt_vgpu *v)
{
	struct gvt_list *l;

	for (l = v->ppgtt->all.next; l != &v->ppgtt->all; l = l->next) {
		struct gvt_spt *spt = GVT_LIST_ENTRY(l, struct gvt_spt, all);

		if (!spt->split)
			gvt_spt_dirty(v, spt);
	}
}

static void all_untracked(struct gvt_vgpu *v)
{
	struct gvt_list *l;

	for (l = v->ppgtt->all.next; l != &v->ppgtt->all; l = l->next) {
		struct gvt_spt *spt = GVT_LIST_ENTRY(l, struct gvt_spt, all);

		if (!spt->split)
			gvt_page_untrack(v, gvt_track_find(&v->ppgtt->track, spt->gfn));
	}
}

void gvt_ppgtt_announce(struct gvt_vgpu *v, bool on)
{
	struct gvt_ppgtt *p = v->ppgtt;

	if (!p || p->announced == on)
		return;
	p->announced = on;
	if (on)
		all_untracked(v);
	else
		all_dirty(v);
}

/*
 * What hangs on the entries for addresses @first to @last of what @spt spans, and @spt itself.
 * Return: false if it was more than @left shadow pages
 */
static bool range_dirty(struct gvt_vgpu *v, struct gvt_spt *spt, u64 first, u64 last, u32 *left)
{
	u8 shift = span[spt->type];
	u64 below = (1ULL << shift) - 1, from, to;
	unsigned int i;

	if (spt->split)
		return true;
	if (!*left)
		return false;
	--*left;
	gvt_spt_dirty(v, spt);
	if (gvt_spt_leaf(spt))
		return true;
	for (i = gvt_bit_next(spt->used, (unsigned int)(first >> shift)); i <= last >> shift;
	     i = gvt_bit_next(spt->used, i + 1)) {
		from = i == first >> shift ? first & below : 0;
		to = i == last >> shift ? last & below : below;
		if (spt->child[i] && !range_dirty(v, spt->child[i], from, to, left))
			return false;
	}
	return true;
}

/*
 * A tree has no more pages than the quota. A guest whose tables name each other many times over may
 * have any number of ways through them: then all tables are compared.
 */
void gvt_spt_range_dirty(struct gvt_vgpu *v, struct gvt_spt *root, u64 start, u64 size)
{
	u32 left = GVT_SPT_QUOTA;

	if (!range_dirty(v, root, start, start + size - 1, &left))
		all_dirty(v);
}
