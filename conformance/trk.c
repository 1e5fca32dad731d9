/* SPDX-License-Identifier: MIT */
/*
 * TRK: tracked pages: who is told of a guest store, and who performs it. What is tracked and
 * untracked while stores are made is in trk_busy.c.
 */
#include <string.h>

#include "areas.h"
#include "trk.h"

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
	const u64 len = 2 * MPT_PAGE_SIZE;
	u8 *data = e->scratch, *seen = e->scratch + len;

	memset(data, 0x6e, len);
	CF_TRY(track(e, PAGE(4)));
	CF_INT(e, 0, HV(write_gpa)(e->v, PAGE(4) + 8, data, 8), "write_gpa to a tracked page");
	CF_INT(e, 0, HV(write_gpa)(e->v, PAGE(3) + 0x800, data, len),
	       "write_gpa across it");
	CF_U64(e, 0, cf_told(e, CF_STORE), "stores told to the core after write_gpa");
	CF_TRY(cf_guest_load(e, e->vm, PAGE(3) + 0x800, seen, len));
	CF_BYTES(e, data, seen, len, "guest memory after write_gpa to a tracked page");
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

const struct mpt_clause cf_trk[] = {
	{
		.id = "TRK-1",
		.text = "A guest store to a tracked page reaches write_protect_handler once for "
			"each of its bytes, and memory holds it on return; for a core that stores "
			"and for one that does not.",
		.bug_class = BUG_TORN "; " BUG_STALE_TRACK,
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_told_twice,
	},
	{
		.id = "TRK-2",
		.text = "Tracking is idempotent: one disable undoes any number of enables.",
		.bug_class = BUG_TRACK_TWICE,
		.row = "track-twice",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_idempotent_twice,
	},
	{
		.id = "TRK-3",
		.text = "Tracking a frame without RAM is -EFAULT and tracks nothing, for any "
			"64-bit frame number; disabling it is 0.",
		.bug_class = BUG_UNWIND "; " BUG_A1,
		.row = "track-twice",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.pairs = CF_PAIRS(CF_P(enable_page_track, EFAULT)),
		.run = trk_no_ram,
	},
	{
		.id = "TRK-4",
		.text = "disable_page_track always reaches the untracked state, also from there.",
		.bug_class = BUG_A2 "; " BUG_K3,
		.row = "track-twice",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_disable_twice,
	},
	{
		.id = "TRK-5",
		.text = "write_gpa never traps: it writes a tracked page, the core is not told, "
			"and the page stays tracked.",
		.bug_class = BUG_DEADLOCK,
		.row = "guest-access",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF | CF_OP(write_gpa),
		.run = trk_write_gpa_twice,
	},
	{
		.id = "TRK-6",
		.text = "When the core is told, memory holds the value already, unless the core "
			"said that it stores and the hypervisor traps before the write.",
		.bug_class = BUG_WHO_STORES "; " BUG_A15,
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF | CF_OP(read_gpa) | CF_OP(write_gpa),
		.run = trk_who_twice,
	},
	{
		.id = "TRK-7",
		.text = "A store that the core calls not its own (-ENXIO) is performed all the "
			"same, and the vGPU has not failed.",
		.bug_class = BUG_A14 "; " BUG_A15,
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_not_mine_twice,
	},
	{
		.id = "TRK-8",
		.text = "Only the tracked page is told of: not its neighbours, not the rest of a "
			"store that crosses its ends, not loads.",
		.bug_class = BUG_STALE_TRACK,
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_neighbours_twice,
	},
	{
		.id = "TRK-9",
		.text = "Any page of RAM can be tracked: guest frame 0, the ends of regions, "
			"above 4 GiB.",
		.bug_class = BUG_32_BITS,
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_everywhere,
	},
	{
		.id = "TRK-10",
		.text = "A thousand pages are tracked and untracked one by one, each for itself.",
		.bug_class = BUG_A4 "; " BUG_K2,
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = ON_OFF,
		.run = trk_many,
	},
	{ .id = NULL },
};
