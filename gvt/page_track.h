/* SPDX-License-Identifier: MIT */
/*
 * Which guest frames are page tables: frame number to what is known of it. A fixed table with open
 * addressing, twice as large as what it may hold, so a place is found without chains and nothing
 * grows. What a store to such a frame means is not here. The lock is the user's.
 */
#ifndef GVT_PAGE_TRACK_H
#define GVT_PAGE_TRACK_H

#include "pte.h"

struct gvt_spt;

/*
 * One frame, a cache line. Valid until the next insert or remove: those move others.
 * @spt: its shadows: one for each kind of table that the guest uses it as
 * @writes: trapped stores in period @epoch
 * @tracked: the hypervisor tells us of stores
 */
struct gvt_track_page {
	u64 gfn;
	struct gvt_spt *spt[GVT_NUM_TABLES];
	u32 writes, epoch;
	bool used; /* explicit, for frame 0 is a frame like any other */
	bool tracked;
} __attribute__((aligned(64)));

struct gvt_track {
	struct gvt_track_page *page;
	unsigned int bits; /* the table has 1 << bits places */
	u32 used, tracked;
	u64 factor; /* of the hash; the guest, which chooses the frames, cannot know it */
};

/* @max: frames at a time. Return: 0, -ENOMEM */
int gvt_track_init(struct gvt_track *t, u32 max);
/* Whatever is in there. */
void gvt_track_exit(struct gvt_track *t);
/* NULL: not there. */
struct gvt_track_page *gvt_track_find(const struct gvt_track *t, u64 gfn);
/* A frame that is not there yet, all zero but its number; NULL: @max are there. */
struct gvt_track_page *gvt_track_insert(struct gvt_track *t, u64 gfn);
void gvt_track_remove(struct gvt_track *t, struct gvt_track_page *page);

#endif
