/* SPDX-License-Identifier: MIT */
/* The guest-physical map against a flat list of pages, in random histories; and as it is read. */
#include <pthread.h>

#include "acrn_hv_rig.h"

/* Enough for leaves of each size, somewhere in the middle of the address space. */
#define BASE (5 * GIB)
#define PAGES (3 * GIB / PAGE)

/* What the reference knows of a page; 0: absent. */
static u64 *flat;

static u64 pack(const struct acrn_ept_leaf *l)
{
	return l->hpa | (u64)l->rights << 1 | 1;
}

static struct acrn_ept *ept_new(void)
{
	struct acrn_ept *ept = calloc(1, sizeof(*ept));

	ck_assert_int_eq(acrn_ept_init(ept), 0);
	return ept;
}

static void ept_free(struct acrn_ept *ept)
{
	acrn_ept_exit(ept);
	free(ept);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- the reference --- */

static int flat_map(u64 first, u64 n, const struct acrn_ept_leaf *to, bool keep)
{
	struct acrn_ept_leaf at = *to;
	u64 i;

	for (i = first; i < first + n; i++, at.hpa += PAGE) {
		if (!flat[i])
			flat[i] = pack(&at);
		else if (!keep)
			return -EEXIST;
	}
	return 0;
}

static int flat_unmap(u64 first, u64 n, bool lenient)
{
	u64 i;

	for (i = first; i < first + n; i++) {
		if (!flat[i] && !lenient)
			return -ENOENT;
		flat[i] = 0;
	}
	return 0;
}

static int flat_writable(u64 page, bool on)
{
	if (!flat[page])
		return -ENOENT;
	flat[page] &= ~(u64)(MEM_ACCESS_WRITE << 1);
	flat[page] |= on ? MEM_ACCESS_WRITE << 1 : 0;
	return 0;
}

static void same_page(struct acrn_ept *ept, u64 page)
{
	struct acrn_ept_leaf leaf;
	bool there = acrn_ept_walk(ept, BASE + page * PAGE + 123, &leaf);

	ck_assert_uint_eq(there ? pack(&leaf) : 0, flat[page]);
}

/* --- a random history --- */

static u64 seed;

static u64 chance(u64 n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

/* Often whole large pages, so that large leaves come to be and are cut. */
static void choose(u64 *first, u64 *n)
{
	static const u64 unit[] = { 1, 512, 262144 };
	u64 u = unit[chance(3)];

	*first = chance(PAGES / u) * u;
	*n = (1 + chance(u == 1 ? 600 : 3)) * u;
	if (*first + *n > PAGES)
		*n = PAGES - *first;
	if (chance(4) == 0 && *n > 2) {
		(*first)++;
		*n -= 2;
	}
}

static void step(struct acrn_ept *ept)
{
	struct acrn_ept_leaf to = { .rights = MEM_ACCESS_READ | (unsigned int)chance(8),
				    .type = MEM_TYPE_WB };
	u64 first, n, what = chance(10);
	bool easy = chance(4);

	choose(&first, &n);
	to.hpa = 40 * GIB + (chance(2) ? first : chance(PAGES)) * PAGE;
	if (what < 4)
		ck_assert_int_eq(acrn_ept_map(ept, BASE + first * PAGE, n * PAGE, &to, easy),
				 flat_map(first, n, &to, easy));
	else if (what < 6)
		ck_assert_int_eq(acrn_ept_unmap(ept, BASE + first * PAGE, n * PAGE, easy),
				 flat_unmap(first, n, easy));
	else
		ck_assert_int_eq(acrn_ept_writable(ept, BASE + first * PAGE, easy),
				 flat_writable(first, easy));
	same_page(ept, first);
	same_page(ept, first + n - 1);
	if (first)
		same_page(ept, first - 1);
	if (first + n < PAGES)
		same_page(ept, first + n);
	for (what = 0; what < 8; what++)
		same_page(ept, chance(PAGES));
}

START_TEST(as_a_flat_list_says)
{
	struct acrn_ept *ept = ept_new();
	u64 i, pages = 0;

	seed = 0x1000 + (u64)_i;
	flat = calloc(PAGES, sizeof(*flat));
	for (i = 0; i < 400; i++)
		step(ept);
	for (i = 0; i < PAGES; i++) {
		struct acrn_ept_leaf leaf;
		bool there = acrn_ept_walk(ept, BASE + i * PAGE, &leaf);

		if ((there ? pack(&leaf) : 0) != flat[i])
			same_page(ept, i);
		pages += there;
	}
	ck_assert_uint_eq(ept->pages, pages);
	free(flat);
	ept_free(ept);
}
END_TEST

/* --- leaves --- */

START_TEST(leaves_are_as_large_as_they_can_be)
{
	static const struct {
		u64 gpa, hpa, size, leaf;
	} row[] = {
		{ GIB, 2 * GIB, GIB, GIB },
		{ 512 * GIB, 0, 512 * GIB, GIB },
		{ GIB, 2 * GIB + 2 * MIB, GIB, 2 * MIB },
		{ GIB, 2 * GIB + PAGE, GIB, PAGE },
		{ GIB + 2 * MIB, 2 * GIB + 2 * MIB, 2 * MIB, 2 * MIB },
		{ GIB + 2 * MIB, 2 * GIB + 2 * MIB, 2 * MIB - PAGE, PAGE },
		{ GIB + PAGE, 2 * GIB + PAGE, 2 * MIB, PAGE },
	};
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(row); i++) {
		struct acrn_ept_leaf leaf, to = { .hpa = row[i].hpa, .rights = MEM_ACCESS_RWX };
		struct acrn_ept *ept = ept_new();

		ck_assert_int_eq(acrn_ept_map(ept, row[i].gpa, row[i].size, &to, false), 0);
		ck_assert(acrn_ept_walk(ept, row[i].gpa + row[i].size - 1, &leaf));
		ck_assert_uint_eq(leaf.size, row[i].leaf);
		ck_assert_uint_eq(leaf.hpa, row[i].hpa + row[i].size - PAGE);
		ck_assert_uint_eq(leaf.type, MEM_TYPE_UC);
		ck_assert(!acrn_ept_walk(ept, row[i].gpa + row[i].size, &leaf));
		ck_assert(!acrn_ept_walk(ept, row[i].gpa - 1, &leaf));
		ept_free(ept);
	}
}
END_TEST

/* A part that changes cuts the leaf for good. */
START_TEST(cut_and_never_whole_again)
{
	struct acrn_ept_leaf leaf, to = {
		.hpa = GIB,
		.rights = MEM_ACCESS_RWX,
		.type = MEM_TYPE_WB,
	};
	struct acrn_ept *ept = ept_new();
	u64 tables;

	ck_assert_int_eq(acrn_ept_map(ept, 0, GIB, &to, false), 0);
	tables = ept->tables;
	ck_assert_int_eq(acrn_ept_writable(ept, 5 * PAGE, false), 0);
	ck_assert_uint_eq(ept->tables, tables + 2);
	ck_assert(acrn_ept_walk(ept, 5 * PAGE, &leaf));
	ck_assert_uint_eq(leaf.size, PAGE);
	ck_assert_uint_eq(leaf.rights, MEM_ACCESS_READ | MEM_ACCESS_EXEC);
	ck_assert_uint_eq(leaf.type, MEM_TYPE_WB);
	ck_assert(acrn_ept_walk(ept, 6 * PAGE, &leaf));
	ck_assert_uint_eq(leaf.rights, MEM_ACCESS_RWX);
	ck_assert(acrn_ept_walk(ept, 2 * MIB, &leaf));
	ck_assert_uint_eq(leaf.size, 2 * MIB);
	ck_assert_int_eq(acrn_ept_writable(ept, 5 * PAGE, true), 0);
	ck_assert(acrn_ept_walk(ept, 5 * PAGE, &leaf));
	ck_assert_uint_eq(leaf.size, PAGE);
	ck_assert_int_eq(acrn_ept_unmap(ept, 0, GIB, false), 0);
	ck_assert_uint_eq(ept->pages, 0);
	ck_assert_uint_eq(ept->tables, tables + 2);
	ck_assert_int_eq(acrn_ept_writable(ept, 0, false), -ENOENT);
	ept_free(ept);
}
END_TEST

START_TEST(the_first_type_counts)
{
	static const unsigned int row[][2] = {
		{ 0, MEM_TYPE_UC },
		{ MEM_TYPE_UC, MEM_TYPE_UC },
		{ MEM_TYPE_WC, MEM_TYPE_WC },
		{ MEM_TYPE_WP | MEM_TYPE_WC, MEM_TYPE_WC },
		{ MEM_TYPE_WT | MEM_TYPE_WC, MEM_TYPE_WT },
		{ MEM_TYPE_MASK, MEM_TYPE_WB },
		{ MEM_TYPE_WP, MEM_TYPE_WP },
	};
	struct acrn_ept *ept = ept_new();
	struct acrn_ept_leaf leaf;
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(row); i++) {
		struct acrn_ept_leaf to = { .rights = MEM_ACCESS_READ, .type = row[i][0] };

		ck_assert_int_eq(acrn_ept_map(ept, i * PAGE, PAGE, &to, false), 0);
		ck_assert(acrn_ept_walk(ept, i * PAGE, &leaf));
		ck_assert_uint_eq(leaf.type, row[i][1]);
	}
	ept_free(ept);
}
END_TEST

/* --- snapshots --- */

static bool count_piece(void *arg, u64 gpa, const struct acrn_ept_leaf *leaf)
{
	u64 *count = arg;

	ck_assert_uint_ge(gpa, count[1]);
	count[0]++;
	count[1] = gpa + leaf->size;
	return count[0] < 3;
}

START_TEST(snapshots_see_through_splits)
{
	struct acrn_sim_config config = rig_config("2020");
	u64 before, count[2] = { 0 };

	rig_begin(&config);
	before = acrn_ept_hash(rig.vm);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM + PAGE, true), 0);
	ck_assert_uint_ne(acrn_ept_hash(rig.vm), before);
	acrn_ept_each(rig.vm, 0, count_piece, count);
	ck_assert_uint_eq(count[0], 3);
	count[0] = count[1] = 0;
	acrn_ept_each(rig.vm, RIG_RAM + 2 * PAGE, count_piece, count);
	ck_assert_uint_eq(count[0], 1);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM + PAGE, false), 0);
	ck_assert_uint_eq(acrn_ept_hash(rig.vm), before);
	ck_assert_int_eq(rig_del(RIG_RAM, PAGE), 0);
	ck_assert_uint_ne(acrn_ept_hash(rig.vm), before);
	ck_assert_uint_eq(acrn_ept_pages(rig.vm), RIG_RAM_PAGES - 1);
	rig_end();
}
END_TEST

START_TEST(without_memory_the_map_stays_sound)
{
	struct acrn_ept_leaf leaf, to = { .hpa = GIB, .rights = MEM_ACCESS_RWX };
	struct acrn_ept *ept = ept_new();
	unsigned long nth;
	int ret;

	ck_assert_int_eq(acrn_ept_map(ept, 0, GIB, &to, false), 0);
	for (nth = 1;; nth++) {
		mpt_alloc_fail_at(nth);
		ret = acrn_ept_writable(ept, 77 * PAGE, false);
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert(acrn_ept_walk(ept, 77 * PAGE, &leaf));
		ck_assert_uint_eq(leaf.hpa, GIB + 77 * PAGE);
		ck_assert_uint_eq(leaf.rights, MEM_ACCESS_RWX);
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(nth, 1);
	ept_free(ept);
}
END_TEST

/* --- readers --- */

static struct acrn_ept *shared;
static bool enough;
static u64 cutting;

/* Always where the next cut comes. */
static void *look_all_the_time(void *arg)
{
	unsigned long *bad = arg;
	struct acrn_ept_leaf leaf;
	u64 gpa;

	while (!os_load(&enough)) {
		gpa = os_load(&cutting) + 2 * MIB + 7 * PAGE;
		*bad += !acrn_ept_walk(shared, gpa, &leaf) || leaf.hpa != GIB + gpa;
	}
	return NULL;
}

START_TEST(who_looks_never_sees_half_a_split)
{
	struct acrn_ept_leaf to = { .hpa = GIB, .rights = MEM_ACCESS_RWX };
	unsigned long bad = 0;
	pthread_t t;
	u64 i;

	shared = ept_new();
	os_store(&enough, false);
	ck_assert_int_eq(acrn_ept_map(shared, 0, 4 * GIB, &to, false), 0);
	pthread_create(&t, NULL, look_all_the_time, &bad);
	for (i = 0; i < 4 * 512 - 1; i++) {
		os_store(&cutting, i * 2 * MIB);
		ck_assert_int_eq(acrn_ept_writable(shared, i * 2 * MIB, false), 0);
	}
	os_store(&enough, true);
	pthread_join(t, NULL);
	ck_assert_uint_eq(bad, 0);
	ept_free(shared);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn ept");
	TCase *tc = tcase_create("map");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, as_a_flat_list_says, 0, 4);
	tcase_add_test(tc, leaves_are_as_large_as_they_can_be);
	tcase_add_test(tc, cut_and_never_whole_again);
	tcase_add_test(tc, the_first_type_counts);
	tcase_add_test(tc, snapshots_see_through_splits);
	tcase_add_test(tc, without_memory_the_map_stays_sound);
	tcase_add_test(tc, who_looks_never_sees_half_a_split);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn ept", suites, 1);
}
