/* SPDX-License-Identifier: MIT */
/* TRK: tracked pages: who is told of a guest store, and who performs it. */
#include <string.h>

#include "areas.h"

#define PAGE(n) (e->place + (n)*MPT_PAGE_SIZE)

static int track(struct cf_env *e, u64 gpa)
{
	return cf_int(e, 0, HV(enable_page_track)(e->v, CF_GFN(gpa)), "enable_page_track of 0x%llx",
		      (unsigned long long)gpa);
}

static int untrack(struct cf_env *e, u64 gpa)
{
	return cf_int(e, 0, HV(disable_page_track)(e->v, CF_GFN(gpa)),
		      "disable_page_track of 0x%llx", (unsigned long long)gpa);
}

static int is_tracked(struct cf_env *e, u64 gpa, bool want)
{
	CF_THAT(e, mpt_vm_tracked(e->vm, CF_GFN(gpa)) == want,
		"page 0x%llx: expected %s, seen otherwise", (unsigned long long)gpa,
		want ? "tracked" : "not tracked");
	return CF_PASS;
}

/* Whether a store of the guest to @gpa is told to the core, and that it reaches memory anyhow. */
static int store(struct cf_env *e, u64 gpa, bool told)
{
	u64 value = 0xfeedULL << 32 ^ gpa ^ cf_told(e, CF_STORE), seen = 0,
	    was = cf_told(e, CF_STORE);

	CF_TRY(cf_guest_store(e, e->vm, gpa, &value, 8));
	CF_U64(e, was + told, cf_told(e, CF_STORE), "stores told to the core after one to 0x%llx",
	       (unsigned long long)gpa);
	CF_TRY(cf_guest_load(e, e->vm, gpa, &seen, 8));
	return cf_u64(e, value, seen, "guest memory at 0x%llx after the store",
		      (unsigned long long)gpa);
}

/* What the core was told since the last cf_forget() is this store and nothing else, in order. */
static int told_exactly(struct cf_env *e, u64 gpa, const u8 *data, unsigned int len)
{
	unsigned int at = 0, i;

	for (i = 0; i < cf_told(e, CF_STORE); i++) {
		struct cf_event ev = cf_event(e, CF_STORE, i);

		CF_THAT(e, ev.vgpu == e->v, "a tracked store: expected this vGPU, seen another");
		CF_U64(e, gpa + at, ev.addr, "address of piece %u of a store of %u bytes", i, len);
		CF_THAT(e, ev.len && ev.len <= len - at,
			"piece %u of a store of %u bytes at +%u: expected at most the rest, seen "
			"%llu bytes",
			i, len, at, (unsigned long long)ev.len);
		CF_BYTES(e, data + at, ev.data, ev.len < 8 ? ev.len : 8,
			 "data of piece %u of %u bytes", i, len);
		at += (unsigned int)ev.len;
	}
	return cf_u64(e, len, at, "bytes told of a store of %u at 0x%llx", len,
		      (unsigned long long)gpa);
}

static int store_sized(struct cf_env *e, u64 gpa, unsigned int len)
{
	u8 data[64], seen[64];
	unsigned int i;

	for (i = 0; i < len; i++)
		data[i] = (u8)(gpa + len + i * 13);
	cf_forget(e);
	CF_TRY(cf_guest_store(e, e->vm, gpa, data, len));
	CF_TRY(told_exactly(e, gpa, data, len));
	CF_TRY(cf_guest_load(e, e->vm, gpa, seen, len));
	return cf_bytes(e, data, seen, len, "guest memory after a store of %u bytes at 0x%llx", len,
			(unsigned long long)gpa);
}

static int sizes(struct cf_env *e)
{
	static const unsigned int lens[] = { 1, 2, 3, 4, 5, 7, 8, 12, 16, 33, 64 };
	unsigned int off;
	size_t i;

	CF_TRY(track(e, PAGE(2)));
	for (i = 0; i < CF_COUNT(lens); i++)
		for (off = 0; off < 9; off++)
			CF_TRY(store_sized(e, PAGE(2) + 0x40 + off, lens[i]));
	CF_TRY(store_sized(e, PAGE(2), 8));
	CF_TRY(store_sized(e, PAGE(3) - 8, 8));
	return untrack(e, PAGE(2));
}

static int trk_told(struct cf_env *e)
{
	CF_TRY(sizes(e));
	CF_TRY(cf_env_again(e, MPT_CORE_STORES));
	return sizes(e);
}

CF_TWICE(trk_told)

static int trk_idempotent(struct cf_env *e)
{
	struct mpt_ledger l;

	CF_TRY(track(e, PAGE(1)));
	CF_TRY(track(e, PAGE(1)));
	CF_TRY(track(e, PAGE(1)));
	CF_TRY(is_tracked(e, PAGE(1), true));
	CF_U64(e, 1, cf_stats(e, e->vm).tracked, "tracked pages after tracking one three times");
	l = cf_ledger(e);
	if (e->has & CF_HAS_LEDGER)
		CF_U64(e, 1, l.live[MPT_LEDGER_TRACK], "the ledger's tracks of it");
	CF_TRY(store(e, PAGE(1), true));
	CF_TRY(untrack(e, PAGE(1)));
	CF_TRY(is_tracked(e, PAGE(1), false));
	CF_TRY(store(e, PAGE(1), false));
	CF_TRY(track(e, PAGE(1)));
	CF_TRY(store(e, PAGE(1), true));
	return untrack(e, PAGE(1));
}

CF_TWICE(trk_idempotent)

static int trk_no_ram(struct cf_env *e)
{
	static const u64 gfns[] = { CF_GFN(CF_HOLE),
				    CF_GFN(CF_NEXT + CF_NEXT_SIZE),
				    CF_GFN(CF_HUGE) - 1,
				    CF_GFN(CF_HIGH + CF_HIGH_SIZE),
				    (1ULL << 32) + CF_GFN(CF_MAIN),
				    1ULL << 40,
				    (1ULL << 52) + CF_GFN(CF_MAIN),
				    1ULL << 63,
				    ~0ULL >> 12,
				    ~0ULL };
	size_t i;

	for (i = 0; i < CF_COUNT(gfns); i++) {
		CF_INT(e, -EFAULT, HV(enable_page_track)(e->v, gfns[i]),
		       "enable_page_track of gfn 0x%llx, which is no RAM",
		       (unsigned long long)gfns[i]);
		CF_INT(e, 0, HV(disable_page_track)(e->v, gfns[i]),
		       "disable_page_track of gfn 0x%llx, which is no RAM",
		       (unsigned long long)gfns[i]);
	}
	CF_TRY(is_tracked(e, CF_MAIN, false));
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages after refusals");
}

static int trk_disable(struct cf_env *e)
{
	CF_TRY(untrack(e, PAGE(5)));
	CF_TRY(track(e, PAGE(5)));
	CF_TRY(untrack(e, PAGE(5)));
	CF_TRY(untrack(e, PAGE(5)));
	CF_TRY(store(e, PAGE(5), false));
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages");
}

CF_TWICE(trk_disable)

static int trk_write_gpa(struct cf_env *e)
{
	u8 data[2 * MPT_PAGE_SIZE], seen[sizeof(data)];

	memset(data, 0x6e, sizeof(data));
	CF_TRY(track(e, PAGE(4)));
	CF_INT(e, 0, HV(write_gpa)(e->v, PAGE(4) + 8, data, 8), "write_gpa to a tracked page");
	CF_INT(e, 0, HV(write_gpa)(e->v, PAGE(3) + 0x800, data, sizeof(data)),
	       "write_gpa across it");
	CF_U64(e, 0, cf_told(e, CF_STORE), "stores told to the core after write_gpa");
	CF_TRY(cf_guest_load(e, e->vm, PAGE(3) + 0x800, seen, sizeof(seen)));
	CF_BYTES(e, data, seen, sizeof(data), "guest memory after write_gpa to a tracked page");
	CF_TRY(is_tracked(e, PAGE(4), true));
	CF_TRY(store(e, PAGE(4), true));
	return untrack(e, PAGE(4));
}

CF_TWICE(trk_write_gpa)

/* --- who performs the store --- */

static void look_inside(struct cf_env *e, const struct cf_event *ev)
{
	if (ev->kind == CF_STORE)
		cf_int(e, 0, HV(read_gpa)(ev->vgpu, ev->addr, &e->slot[1], 8),
		       "read_gpa from inside write_protect_handler");
}

static int seen_inside(struct cf_env *e, bool already)
{
	u64 value = 0x1122334455667788ULL, now;

	CF_TRY(track(e, PAGE(6)));
	CF_INT(e, 0, HV(write_gpa)(e->v, PAGE(6) + 0x10, &e->slot[0], 8), "write_gpa of zeros");
	e->slot[1] = 0x99;
	e->core.hook = look_inside;
	CF_TRY(cf_guest_store(e, e->vm, PAGE(6) + 0x10, &value, 8));
	e->core.hook = NULL;
	CF_U64(e, 1, cf_told(e, CF_STORE), "stores told to the core");
	CF_U64(e, already ? value : 0, e->slot[1], "guest memory when %s core is told of a store",
	       e->core.flags & MPT_CORE_STORES ? "a storing" : "any other");
	CF_TRY(cf_guest_load(e, e->vm, PAGE(6) + 0x10, &now, 8));
	CF_U64(e, value, now, "guest memory after the store");
	return untrack(e, PAGE(6));
}

static int trk_who(struct cf_env *e)
{
	CF_TRY(seen_inside(e, true));
	CF_TRY(cf_env_again(e, MPT_CORE_STORES));
	return seen_inside(e, e->has & MPT_CAP_WRITE_AFTER);
}

CF_TWICE(trk_who)

static int not_mine(struct cf_env *e)
{
	u64 value = 0x0123456789abcdefULL ^ e->core.flags, seen = 0;

	CF_TRY(track(e, PAGE(7)));
	e->core.answer[CF_STORE] = -ENXIO;
	mpt_guest_write(e->vm, PAGE(7), &value, 8);
	e->core.answer[CF_STORE] = 0;
	CF_U64(e, 1, cf_told(e, CF_STORE), "stores told to the core");
	CF_U64(e, 0, cf_told(e, CF_FAILED), "failures told to the core after -ENXIO");
	CF_TRY(cf_guest_load(e, e->vm, PAGE(7), &seen, 8));
	CF_U64(e, value, seen, "guest memory after a store that the core called not its own");
	return untrack(e, PAGE(7));
}

static int trk_not_mine(struct cf_env *e)
{
	CF_TRY(not_mine(e));
	CF_TRY(cf_env_again(e, MPT_CORE_STORES));
	return not_mine(e);
}

CF_TWICE(trk_not_mine)

static int trk_neighbours(struct cf_env *e)
{
	u8 data[32], seen[32];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(0x40 + i);
	CF_TRY(track(e, PAGE(9)));
	CF_TRY(store(e, PAGE(8) + 0xff8, false));
	CF_TRY(store(e, PAGE(10), false));
	CF_TRY(store(e, PAGE(9), true));
	cf_forget(e);
	CF_TRY(cf_guest_store(e, e->vm, PAGE(9) - 16, data, 32));
	CF_TRY(told_exactly(e, PAGE(9), data + 16, 16));
	cf_forget(e);
	CF_TRY(cf_guest_store(e, e->vm, PAGE(10) - 16, data, 32));
	CF_TRY(told_exactly(e, PAGE(10) - 16, data, 16));
	CF_TRY(cf_guest_load(e, e->vm, PAGE(10) - 16, seen, 32));
	CF_BYTES(e, data, seen, 32, "guest memory after a store that leaves a tracked page");
	cf_forget(e);
	CF_TRY(cf_guest_load(e, e->vm, PAGE(9), seen, 32));
	CF_U64(e, 0, cf_told(e, CF_STORE), "stores told to the core after a load");
	return untrack(e, PAGE(9));
}

CF_TWICE(trk_neighbours)

static int trk_everywhere(struct cf_env *e)
{
	static const u64 at[] = { CF_LOW,  CF_LOW + CF_LOW_SIZE - 4096,	  CF_PRE,
				  CF_NEXT, CF_NEXT + CF_NEXT_SIZE - 4096, CF_HUGE + 0x1ff000,
				  CF_HIGH, CF_HIGH + CF_HIGH_SIZE - 4096 };
	size_t i;

	for (i = 0; i < CF_COUNT(at); i++)
		CF_TRY(track(e, at[i]));
	CF_U64(e, CF_COUNT(at), cf_stats(e, e->vm).tracked, "tracked pages");
	for (i = 0; i < CF_COUNT(at); i++)
		CF_TRY(store(e, at[i] + 0x18, true));
	/* What a 32-bit frame number would make of CF_HIGH. */
	CF_TRY(is_tracked(e, CF_MAIN, false));
	for (i = 0; i < CF_COUNT(at); i++) {
		CF_TRY(untrack(e, at[i]));
		CF_TRY(store(e, at[i] + 0x18, false));
	}
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages at the end");
}

static int trk_many(struct cf_env *e)
{
	u64 i, n = CF_HUGE_SIZE / MPT_PAGE_SIZE;

	for (i = 0; i < n; i++)
		CF_TRY(track(e, CF_HUGE + i * MPT_PAGE_SIZE));
	CF_U64(e, n, cf_stats(e, e->vm).tracked, "tracked pages");
	for (i = 0; i < n; i += 2)
		CF_TRY(untrack(e, CF_HUGE + i * MPT_PAGE_SIZE));
	CF_U64(e, n / 2, cf_stats(e, e->vm).tracked, "tracked pages after every other one");
	for (i = 0; i < n; i++)
		CF_TRY(is_tracked(e, CF_HUGE + i * MPT_PAGE_SIZE, i % 2));
	for (i = 0; i < n; i++)
		CF_TRY(untrack(e, CF_HUGE + i * MPT_PAGE_SIZE));
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages at the end");
}

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

#define ON_OFF (CF_OP(enable_page_track) | CF_OP(disable_page_track))

const struct mpt_clause cf_trk[] = {
	{
		.id = "TRK-1",
		.text = "A guest store to a tracked page reaches write_protect_handler once for "
			"each of its bytes, and memory holds it on return; for a core that stores "
			"and for one that does not.",
		.bug_class = "field 16, field 6",
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_told_twice,
	},
	{
		.id = "TRK-2",
		.text = "Tracking is idempotent: one disable undoes any number of enables.",
		.bug_class = "field 2.1, AcrnGT A4",
		.row = "track-twice",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_idempotent_twice,
	},
	{
		.id = "TRK-3",
		.text = "Tracking a frame without RAM is -EFAULT and tracks nothing, for any "
			"64-bit frame number; disabling it is 0.",
		.bug_class = "field 1, AcrnGT A1",
		.row = "track-twice",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.pairs = CF_PAIRS(CF_P(enable_page_track, EFAULT)),
		.run = trk_no_ram,
	},
	{
		.id = "TRK-4",
		.text = "disable_page_track always reaches the untracked state, also from there.",
		.bug_class = "AcrnGT A2, KVMGT K3",
		.row = "track-twice",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_disable_twice,
	},
	{
		.id = "TRK-5",
		.text = "write_gpa never traps: it writes a tracked page, the core is not told, "
			"and the page stays tracked.",
		.bug_class = "field 11",
		.row = "guest-access",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF | CF_OP(write_gpa),
		.run = trk_write_gpa_twice,
	},
	{
		.id = "TRK-6",
		.text = "When the core is told, memory holds the value already, unless the core "
			"said that it stores and the hypervisor traps before the write.",
		.bug_class = "field 2.1, AcrnGT A15, gvt-contract 1.5",
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF | CF_OP(read_gpa) | CF_OP(write_gpa),
		.run = trk_who_twice,
	},
	{
		.id = "TRK-7",
		.text = "A store that the core calls not its own (-ENXIO) is performed all the "
			"same, and the vGPU has not failed.",
		.bug_class = "AcrnGT A14, A15",
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_not_mine_twice,
	},
	{
		.id = "TRK-8",
		.text = "Only the tracked page is told of: not its neighbours, not the rest of a "
			"store that crosses its ends, not loads.",
		.bug_class = "field 6",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_neighbours_twice,
	},
	{
		.id = "TRK-9",
		.text = "Any page of RAM can be tracked: guest frame 0, the ends of regions, "
			"above 4 GiB.",
		.bug_class = "field +B",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_everywhere,
	},
	{
		.id = "TRK-10",
		.text = "A thousand pages are tracked and untracked one by one, each for itself.",
		.bug_class = "AcrnGT A4, KVMGT K2",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_many,
	},
	{
		.id = "TRK-11",
		.text = "write_protect_handler may track and untrack, also the page it is told "
			"of; the store is not lost.",
		.bug_class = "field 11, KVMGT K1",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_inside_twice,
	},
	{
		.id = "TRK-12",
		.text = "Tracking and untracking beside a storm of stores loses none, and after a "
			"disable none is told.",
		.bug_class = "field 7, KVMGT K1",
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_storm_twice,
	},
	{
		.id = "TRK-13",
		.text = "A track belongs to one vGPU: another guest's stores and another vGPU's "
			"disable do not touch it.",
		.bug_class = "field 6",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_other,
	},
	{
		.id = "TRK-14",
		.text = "When enable_page_track has returned, every store to the page is told, "
			"those of vCPUs that were running too.",
		.bug_class = "field 6, field 7",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF | CF_OP(read_gpa),
		.run = trk_none_slips_twice,
	},
	{ .id = NULL },
};
