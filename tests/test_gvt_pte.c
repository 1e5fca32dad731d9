/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries, every combination of flag bits at every level against tables written from the
 * manuals, and the registry of table frames against a plain array.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/alloc.h>

#include "gvt/page_track.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* --- what each bit of an entry is, by table and (second column) by bit 7 --- */

struct reference {
	enum gvt_table table;
	bool bit7;
	enum gvt_entry_kind kind;
	unsigned int addr_low; /* the address is bits 45 down to this one */
	u64 kept; /* bits that reach the shadow unchanged */
};

static const struct reference reference[] = {
	/* present, write, user, PWT, PCD: 0 to 4; PAT: 7 */
	{ GVT_TABLE_PT, false, GVT_ENTRY_4K, 12, 0x9f },
	{ GVT_TABLE_PT, true, GVT_ENTRY_4K, 12, 0x9f },
	{ GVT_TABLE_PT64, false, GVT_ENTRY_64K, 16, 0x9f },
	{ GVT_TABLE_PT64, true, GVT_ENTRY_64K, 16, 0x9f },
	{ GVT_TABLE_PD, false, GVT_ENTRY_TABLE, 12, 0x1f },
	/* page size: 7; PAT: 12 */
	{ GVT_TABLE_PD, true, GVT_ENTRY_2M, 21, 0x109f },
	{ GVT_TABLE_PDP, false, GVT_ENTRY_TABLE, 12, 0x1f },
	{ GVT_TABLE_PDP, true, GVT_ENTRY_REFUSED, 30, 0 },
	{ GVT_TABLE_PML4, false, GVT_ENTRY_TABLE, 12, 0x1f },
	{ GVT_TABLE_PML4, true, GVT_ENTRY_TABLE, 12, 0x1f },
};

static const u64 addresses[] = { 0, 0x1000, 0xf000, 0x10000, 0x200000, 0x40000000, 0x3ffffffff000,
				 0x2aaaaaaab000 };

static enum gvt_table child_of(enum gvt_table table, u64 entry, bool ips)
{
	switch (table) {
	case GVT_TABLE_PML4:
		return GVT_TABLE_PDP;
	case GVT_TABLE_PDP:
		return GVT_TABLE_PD;
	default:
		return ips && entry >> 11 & 1 ? GVT_TABLE_PT64 : GVT_TABLE_PT;
	}
}

static void check_one(const struct reference *ref, u64 entry, bool ips)
{
	struct gvt_entry e = gvt_pte_decode(ref->table, entry, ips);
	u64 bus = 0x155555400000ULL, shadow;
	u64 addr = entry << 18 >> 18 >> ref->addr_low << ref->addr_low;

	if (!(entry & 1)) {
		if (e.kind != GVT_ENTRY_NONE)
			ck_abort_msg("0x%llx is present", (unsigned long long)entry);
		return;
	}
	if (e.kind != ref->kind || e.gfn != addr >> 12)
		ck_abort_msg("table %d, 0x%llx: kind %d, frame 0x%llx", ref->table,
			     (unsigned long long)entry, e.kind, (unsigned long long)e.gfn);
	if (e.kind == GVT_ENTRY_TABLE && e.child != child_of(ref->table, entry, ips))
		ck_abort_msg("table %d, 0x%llx: child %d", ref->table, (unsigned long long)entry,
			     e.child);
	if (e.kind == GVT_ENTRY_REFUSED)
		return;
	shadow = gvt_pte_shadow(e.kind, entry, bus);
	if (shadow != ((entry & ref->kept) | bus))
		ck_abort_msg("table %d, 0x%llx: shadow 0x%llx", ref->table,
			     (unsigned long long)entry, (unsigned long long)shadow);
	if (gvt_pte_bus(shadow, e.kind == GVT_ENTRY_2M) != bus)
		ck_abort_msg("0x%llx: bus address lost", (unsigned long long)shadow);
	if (ref->table == GVT_TABLE_PD && gvt_pte_huge(shadow) != ref->bit7)
		ck_abort_msg("0x%llx: size", (unsigned long long)shadow);
}

/* All of the low 13 bits; the high ones that are no address all clear, one by one, all set. */
START_TEST(every_flag_at_every_level)
{
	const struct reference *ref;
	unsigned int low, high, i;
	u64 entry;

	for (ref = reference; ref < reference + N(reference); ref++) {
		for (low = 0; low < 1 << 13; low++) {
			if ((low >> 7 & 1) != ref->bit7)
				continue;
			for (i = 0; i < N(addresses); i++) {
				for (high = 45; high <= 64; high++) {
					entry = addresses[i] | low;
					if (high == 64)
						entry |= ~0ULL << 46;
					else if (high > 45)
						entry |= 1ULL << high;
					check_one(ref, entry, false);
					check_one(ref, entry, true);
				}
			}
		}
	}
}
END_TEST

/* PAT moves from bit 12 to bit 7, and the page-size bit with which it would be confused goes. */
START_TEST(a_split_entry_is_one_of_4_kib)
{
	u64 bus = 0x123456789000ULL, want;
	unsigned int low;

	for (low = 1; low < 1 << 13; low += 2) {
		want = bus | (low & 0x1f);
		if (low >> 12)
			want |= 0x80;
		ck_assert_uint_eq(gvt_pte_shadow_split(low | 0xfff0000000200080ULL, bus), want);
	}
}
END_TEST

START_TEST(strides)
{
	ck_assert_uint_eq(gvt_table_stride(GVT_TABLE_PT), 1);
	ck_assert_uint_eq(gvt_table_stride(GVT_TABLE_PT64), 16);
	ck_assert_uint_eq(gvt_table_stride(GVT_TABLE_PD), 1);
}
END_TEST

/* --- the registry --- */

#define MAX 64U
#define FRAMES 200U

static u64 frame(unsigned int i)
{
	/* Frame 0, neighbours, and far ones. */
	return i < 100 ? i : (u64)i << 27;
}

static void check_registry(const struct gvt_track *t, const bool *there)
{
	unsigned int i, n = 0;

	for (i = 0; i < FRAMES; i++) {
		struct gvt_track_page *p = gvt_track_find(t, frame(i));

		n += there[i];
		if (!p != !there[i] || (p && (p->gfn != frame(i) || p->writes != i + 1)))
			ck_abort_msg("frame %u", i);
	}
	if (t->used != n)
		ck_abort_msg("%u used, not %u", t->used, n);
}

/* _i: the hash's factor; with 1 and small frames all share one home. */
START_TEST(registry_against_an_array)
{
	bool there[FRAMES] = { false };
	struct gvt_track t;
	unsigned int n, i, used = 0;
	long live = mpt_alloc_live();

	srand(1 + (unsigned int)_i);
	ck_assert_int_eq(gvt_track_init(&t, MAX), 0);
	ck_assert(t.factor & 1);
	if (_i)
		t.factor = _i == 1 ? 1 : ~0ULL;
	for (n = 0; n < 20000; n++) {
		i = (unsigned int)rand() % FRAMES;
		if (there[i]) {
			gvt_track_remove(&t, gvt_track_find(&t, frame(i)));
			there[i] = false;
			used--;
		} else {
			struct gvt_track_page *p = gvt_track_insert(&t, frame(i));

			if (!p != (used == MAX))
				ck_abort_msg("%u of %u", used, MAX);
			if (!p)
				continue;
			p->writes = i + 1;
			there[i] = true;
			used++;
		}
		check_registry(&t, there);
	}
	gvt_track_exit(&t);
	ck_assert_int_eq(mpt_alloc_live(), live);
}
END_TEST

START_TEST(registry_without_memory)
{
	struct gvt_track t;

	mpt_alloc_fail_at(1);
	ck_assert_int_eq(gvt_track_init(&t, MAX), -ENOMEM);
	mpt_alloc_fail_at(0);
	ck_assert_int_eq(gvt_track_init(&t, MAX), 0);
	gvt_track_exit(&t);
}
END_TEST

static Suite *pte_suite(void)
{
	Suite *s = suite_create("gvt-pte");
	TCase *tc = tcase_create("entries");

	tcase_add_test(tc, every_flag_at_every_level);
	tcase_add_test(tc, a_split_entry_is_one_of_4_kib);
	tcase_add_test(tc, strides);
	suite_add_tcase(s, tc);
	tc = tcase_create("registry");
	tcase_add_loop_test(tc, registry_against_an_array, 0, 3);
	tcase_add_test(tc, registry_without_memory);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { pte_suite };

	return mpt_test_main("gvt_pte", suites, N(suites));
}
