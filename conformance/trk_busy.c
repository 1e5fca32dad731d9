/* SPDX-License-Identifier: MIT */
/* TRK: pages tracked and untracked while stores are made, from inside and from beside them. */
#include <string.h>

#include "areas.h"
#include "trk.h"

/* --- the core works on what it is told of --- */

static void untrack_inside(struct cf_env *e, const struct cf_event *ev)
{
	if (ev->kind != CF_STORE)
		return;
	cf_int(e, 0, HV(disable_page_track)(ev->vgpu, CF_GFN(ev->addr)),
	       "disable_page_track from inside write_protect_handler");
	cf_int(e, 0, HV(enable_page_track)(ev->vgpu, CF_GFN(PAGE(12))),
	       "enable_page_track from inside write_protect_handler");
}

static int store_thread(struct cf_env *e, void *arg)
{
	u64 value = 0x55aa;

	(void)arg;
	return cf_guest_store(e, e->vm, PAGE(11), &value, 8);
}

static int trk_inside(struct cf_env *e)
{
	u64 seen = 0;

	CF_TRY(track(e, PAGE(11)));
	e->core.hook = untrack_inside;
	CF_TRY(cf_thread_start(e, 0, store_thread, NULL));
	CF_TRY(cf_thread_join(e, 0));
	e->core.hook = NULL;
	CF_TRY(is_tracked(e, PAGE(11), false));
	CF_TRY(is_tracked(e, PAGE(12), true));
	CF_TRY(cf_guest_load(e, e->vm, PAGE(11), &seen, 8));
	CF_U64(e, 0x55aa, seen, "guest memory after a store whose page was untracked meanwhile");
	CF_TRY(store(e, PAGE(11), false));
	return untrack(e, PAGE(12));
}

CF_TWICE(trk_inside)

static int storm(struct cf_env *e, void *arg)
{
	u64 i, seen;

	(void)arg;
	for (i = 1; !__atomic_load_n(&e->slot[2], __ATOMIC_ACQUIRE); i++) {
		cf_breathe();
		CF_TRY(cf_guest_store(e, e->vm, PAGE(13) + 0x20, &i, 8));
		CF_TRY(cf_guest_load(e, e->vm, PAGE(13) + 0x20, &seen, 8));
		CF_U64(e, i, seen, "guest memory after store number %llu", (unsigned long long)i);
		__atomic_store_n(&e->slot[3], i, __ATOMIC_RELEASE);
	}
	return CF_PASS;
}

static int storm_round(struct cf_env *e)
{
	u64 end = cf_now_ms() + CF_PATIENCE;
	int i, r = CF_PASS;

	for (i = 0; !r && !cf_thread_done(e, 0) && (i < 300 || !cf_reached(e, 3, 300, end)); i++) {
		r = track(e, PAGE(13));
		if (!r)
			r = untrack(e, PAGE(13));
	}
	return r;
}

/* Stores told to the core after the one under way has ended, while a hundred more are made. */
static int told_late(struct cf_env *e, u64 *late)
{
	u64 end = cf_now_ms() + CF_PATIENCE, at = __atomic_load_n(&e->slot[3], __ATOMIC_ACQUIRE),
	    told;

	while (!cf_reached(e, 3, at + 2, end))
		;
	told = cf_told(e, CF_STORE);
	while (!cf_reached(e, 3, at + 102, end))
		;
	*late = cf_told(e, CF_STORE) - told;
	CF_THAT(e, cf_now_ms() <= end,
		"the storm of stores: expected it to go on, seen it stand still");
	return CF_PASS;
}

static int trk_storm(struct cf_env *e)
{
	u64 late = 0;
	int r, joined;

	e->slot[2] = e->slot[3] = 0;
	CF_TRY(cf_thread_start(e, 0, storm, NULL));
	r = storm_round(e);
	if (!r && !cf_thread_done(e, 0))
		r = told_late(e, &late);
	__atomic_store_n(&e->slot[2], 1, __ATOMIC_RELEASE);
	joined = cf_thread_join(e, 0);
	CF_TRY(r ? r : joined);
	CF_U64(e, 0, late, "stores told to the core after disable_page_track");
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages at the end");
}

CF_TWICE(trk_storm)

/* Notes the first store that is told. */
static void first_told(struct cf_env *e, const struct cf_event *ev)
{
	u64 none = 0, value;

	if (ev->kind != CF_STORE)
		return;
	memcpy(&value, ev->data, sizeof(value));
	__atomic_compare_exchange_n(&e->slot[4], &none, value, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE);
}

/* The guest counts up: what is told first after the enable follows what memory held then. */
static int none_slips(struct cf_env *e, u64 end)
{
	u64 held, told;

	__atomic_store_n(&e->slot[4], 0, __ATOMIC_RELEASE);
	CF_TRY(track(e, PAGE(13)));
	CF_INT(e, 0, HV(read_gpa)(e->v, PAGE(13) + 0x20, &held, 8), "read_gpa of the tracked page");
	while (!cf_reached(e, 4, 1, end))
		;
	told = __atomic_load_n(&e->slot[4], __ATOMIC_ACQUIRE);
	CF_THAT(e, told && told <= held + 1,
		"after enable_page_track with %llu in memory: expected store %llu or an earlier "
		"one told first, seen %llu",
		(unsigned long long)held, (unsigned long long)held + 1, (unsigned long long)told);
	return untrack(e, PAGE(13));
}

static int trk_none_slips(struct cf_env *e)
{
	u64 end = cf_now_ms() + CF_PATIENCE;
	int i, r = CF_PASS, joined;

	e->slot[2] = e->slot[3] = 0;
	e->core.hook = first_told;
	CF_TRY(cf_thread_start(e, 0, storm, NULL));
	for (i = 0; !r && i < 40 && !cf_thread_done(e, 0); i++)
		r = none_slips(e, end);
	__atomic_store_n(&e->slot[2], 1, __ATOMIC_RELEASE);
	joined = cf_thread_join(e, 0);
	e->core.hook = NULL;
	return r ? r : joined;
}

CF_TWICE(trk_none_slips)

static int trk_other(struct cf_env *e)
{
	static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };
	struct mpt_vm *other;
	u64 value = 1;

	e->place = CF_MAIN;
	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_TRY(track(e, PAGE(1)));
	CF_TRY(cf_guest_store(e, other, PAGE(1), &value, 8));
	CF_U64(e, 0, cf_told(e, CF_STORE), "stores told after one of another VM's guest");
	CF_INT(e, 0, HV(disable_page_track)(&e->vgpus[1].base, CF_GFN(PAGE(1))),
	       "disable_page_track of the other vGPU");
	CF_TRY(store(e, PAGE(1), true));
	return untrack(e, PAGE(1));
}

const struct mpt_clause cf_trk_busy[] = {
	{
		.id = "TRK-11",
		.text = "write_protect_handler may track and untrack, also the page it is told "
			"of; the store is not lost.",
		.bug_class = BUG_DEADLOCK "; " BUG_K1,
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_inside_twice,
	},
	{
		.id = "TRK-12",
		.text = "Tracking and untracking beside a storm of stores loses none, and after a "
			"disable none is told.",
		.bug_class = BUG_TRACK_RACE "; " BUG_K1,
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_storm_twice,
	},
	{
		.id = "TRK-13",
		.text = "A track belongs to one vGPU: another guest's stores and another vGPU's "
			"disable do not touch it.",
		.bug_class = BUG_STALE_TRACK,
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_other,
	},
	{
		.id = "TRK-14",
		.text = "When enable_page_track has returned, every store to the page is told, "
			"those of vCPUs that were running too.",
		.bug_class = BUG_STALE_TRACK "; " BUG_TRACK_RACE,
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF | CF_OP(read_gpa),
		.run = trk_none_slips_twice,
	},
	{ .id = NULL },
};
