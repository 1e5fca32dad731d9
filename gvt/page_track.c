/* SPDX-License-Identifier: MIT */
/* The registry of guest frames that are page tables; see page_track.h. */
#include "page_track.h"

#include <errno.h>
#include <string.h>

#include <mpt/alloc.h>
#include <mpt/error.h>

_Static_assert(sizeof(struct gvt_track_page) == 64, "a frame's record is a cache line");

static size_t table_size(const struct gvt_track *t)
{
	return sizeof(*t->page) << t->bits;
}

static u32 mask(const struct gvt_track *t)
{
	return (1U << t->bits) - 1;
}

/* Where a frame would like to be. */
static u32 home(const struct gvt_track *t, u64 gfn)
{
	return (u32)(gfn * t->factor >> (64 - t->bits));
}

int gvt_track_init(struct gvt_track *t, u32 max)
{
	memset(t, 0, sizeof(*t));
	while (1U << t->bits < 2 * max)
		t->bits++;
	t->page = mpt_zalloc_pages(table_size(t));
	if (!t->page)
		return mpt_fail(-ENOMEM, "gvt", "no memory for the registry of page tables");
	/* Where the system puts us is as good as random; odd, so that no bit of a frame is lost. */
	t->factor = ((u64)(uintptr_t)t->page >> MPT_PAGE_SHIFT ^ (u64)(uintptr_t)t << 20) *
			    0x9e3779b97f4a7c15ULL | 1;
	return 0;
}

void gvt_track_exit(struct gvt_track *t)
{
	mpt_free_pages(t->page, table_size(t));
	memset(t, 0, sizeof(*t));
}

/* The frame's place, or the free one where the search for it ends. */
static struct gvt_track_page *place(const struct gvt_track *t, u64 gfn)
{
	u32 i = home(t, gfn);

	while (t->page[i].used && t->page[i].gfn != gfn)
		i = (i + 1) & mask(t);
	return &t->page[i];
}

struct gvt_track_page *gvt_track_find(const struct gvt_track *t, u64 gfn)
{
	struct gvt_track_page *page = place(t, gfn);

	return page->used ? page : NULL;
}

struct gvt_track_page *gvt_track_insert(struct gvt_track *t, u64 gfn)
{
	struct gvt_track_page *page = place(t, gfn);

	/* Half of the places stay free: that keeps searches short, and lets them end. */
	if (t->used >= 1U << (t->bits - 1))
		return NULL;
	*page = (struct gvt_track_page){ .gfn = gfn, .used = true };
	t->used++;
	return page;
}

/* Whoever is behind the hole and would rather be in it, or before it, moves up. */
void gvt_track_remove(struct gvt_track *t, struct gvt_track_page *page)
{
	u32 hole = (u32)(page - t->page), i = hole;

	for (;;) {
		i = (i + 1) & mask(t);
		if (!t->page[i].used)
			break;
		if (((i - home(t, t->page[i].gfn)) & mask(t)) < ((i - hole) & mask(t)))
			continue;
		t->page[hole] = t->page[i];
		hole = i;
	}
	memset(&t->page[hole], 0, sizeof(t->page[hole]));
	t->used--;
}
