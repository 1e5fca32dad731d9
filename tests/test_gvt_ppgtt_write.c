/* SPDX-License-Identifier: MIT */
/*
 * Stores to page tables, rule by rule: whole, by halves, in odd pieces, across pages, in storms;
 * trapped before or after memory has them, or not at all.
 */
#include <pthread.h>

#include "lib/runner.h"
#include "ppgtt_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

#ifdef __SANITIZE_THREAD__
/* A guest may store to a page while the core reads it: a race, but the guest's. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:mpt_mock_read_slow\n";
}
#endif

/* _i: how stores are told of. */
static const char *const modes[] = { "check,mock", "check,mock:trap=after" };

static u64 table_gpa(unsigned int index)
{
	return pm_gpa(PT) + 8 * index;
}

static void half(unsigned int frame, unsigned int index, u64 entry, unsigned int which)
{
	u32 value = (u32)(entry >> 32 * which);

	pm_store(&m, pm_gpa(frame) + 8 * index + 4 * which, &value, 4);
}

static u64 memory(u64 gpa)
{
	u64 value;

	rig_ok(mpt_guest_read(m.r.vm, gpa, &value, 8));
	return value;
}

/* As the hypervisor tells of it; memory has the store already where it comes first. */
static int handler(u64 gpa, const void *data, unsigned int bytes)
{
	u8 copy[64];

	memcpy(copy, data, bytes < sizeof(copy) ? bytes : sizeof(copy));
	return m.r.ops->write_protect_handler(m.r.vgpu, gpa, copy, bytes);
}

/* --- entries --- */

START_TEST(a_leaf_is_followed_at_once)
{
	open_tree(modes[_i]);
	pin();
	pm_set(&m, PT, 2, 0x600000 | 1);
	ck_assert_uint_eq(memory(table_gpa(2)), 0x600001);
	pm_compare_va(&m, space, root, 0x2000);
	pm_compare_sets(&m);
	pm_set(&m, PT, 2, 0);
	pm_compare_va(&m, space, root, 0x2000);
	pm_set(&m, PT, 100, 0x601000 | 0x9b);
	pm_compare_va(&m, space, root, 100 << 12);
	pm_set(&m, PT, 101, NO_RAM | 1);
	ck_assert_uint_eq(shadow(PM_PT, 101), 0);
	pm_compare_sets(&m);
	ck_assert_uint_eq(info().ppgtt_scratch, 1);
	close_tree();
}
END_TEST

/* The page of an entry that is rewritten is never without a mapping. */
START_TEST(a_rewrite_never_drops_the_page)
{
	struct mpt_ledger before;

	open_tree(modes[_i]);
	pin();
	before = ledger(&m.r);
	pm_set(&m, PT, 2, leaf_of(2) & ~2ULL);
	ck_assert_uint_eq(ledger(&m.r).made[MPT_LEDGER_DMA], before.made[MPT_LEDGER_DMA]);
	ck_assert(!(shadow(PM_PT, 2) & 2));
	/* The same value again is no work at all. */
	before = ledger(&m.r);
	pm_set(&m, PT, 3, leaf_of(3));
	ck_assert_uint_le(ledger(&m.r).calls - before.calls, 2);
	close_tree();
}
END_TEST

/* Above, the old goes at once and the new comes with the next pin: one store is bounded work. */
START_TEST(a_table_is_followed_at_the_next_pin)
{
	open_tree(modes[_i]);
	pin();
	pm_set(&m, OTHER, 0, 0x700003);
	pm_set(&m, DIR2, 1, entry_of(OTHER));
	ck_assert_uint_eq(shadow(PM_PD, 1), 0);
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 5);
	pm_compare_va(&m, space, root, 0x200000);
	pm_set(&m, DIR2, 1, entry_of(6));
	ck_assert_uint_eq(shadow(PM_PD, 1), 0);
	ck_assert(!mpt_vm_tracked(m.r.vm, pm_gpa(OTHER) >> 12));
	pm_set(&m, DIR2, 1, 0);
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	pm_compare_sets(&m);
	/* A page of 2 MiB as well. */
	pm_set(&m, DIR2, 1, 0x800000 | 0x83);
	ck_assert_uint_eq(shadow(PM_PD, 1), 0);
	pin();
	ck_assert_uint_ne(shadow(PM_PD, 1), 0);
	/* What an entry names already stays. */
	pm_set(&m, DIR2, 0, entry_of(PT));
	ck_assert_uint_ne(shadow(PM_PD, 0), 0);
	close_tree();
}
END_TEST

/* A tracked table that could not be followed is not equal: the next pin tries again. */
START_TEST(a_table_that_failed_is_tried_again)
{
	open_tree("mock");
	pin();
	pm_set(&m, OTHER, 0, 0x700003);
	pm_set(&m, DIR2, 1, entry_of(OTHER));
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(pin_error(), -ENOMEM);
	mpt_alloc_fail_at(0);
	pin();
	ck_assert_uint_ne(shadow(PM_PD, 1), 0);
	pm_compare_va(&m, space, root, 0x200000);
	close_tree();
}
END_TEST

/* The first half, either one, takes the entry away; the other half brings the new one. */
START_TEST(halves)
{
	u64 first = 0x600000 | 3, second = 0x601000 | 3;
	unsigned int h;

	open_tree(modes[_i]);
	pin();
	for (h = 0; h < 2; h++) {
		half(PT, 1, first, h);
		ck_assert_uint_eq(shadow(PM_PT, 1), 0);
		/* The same half again replaces it; another entry's are its own. */
		half(PT, 1, second, h);
		ck_assert_uint_eq(shadow(PM_PT, 1), 0);
		half(PT, 2, first, !h);
		ck_assert_uint_eq(shadow(PM_PT, 2), 0);
		half(PT, 1, second, !h);
		ck_assert_uint_ne(shadow(PM_PT, 1), 0);
		pm_compare_va(&m, space, root, 0x1000);
		half(PT, 2, first, h);
		pm_compare_va(&m, space, root, 0x2000);
		pin();
	}
	/* Half of it is enough for a pin. */
	half(PT, 1, 0x602000 | 3, 0);
	pin();
	ck_assert_uint_ne(shadow(PM_PT, 1), 0);
	/* And the half is forgotten by then: this is a first one. */
	half(PT, 1, 0, 1);
	ck_assert_uint_eq(shadow(PM_PT, 1), 0);
	/* A whole store needs no other half. */
	pm_set(&m, PT, 1, first);
	pm_compare_va(&m, space, root, 0x1000);
	half(PT, 1, second, 0);
	ck_assert_uint_eq(shadow(PM_PT, 1), 0);
	pin();
	close_tree();
}
END_TEST

/* Every length at every offset: memory has it, and the shadow does after the pin. */
START_TEST(odd_stores)
{
	unsigned int len, off;
	u8 data[16];

	open_tree(modes[_i]);
	pin();
	for (len = 1; len <= 16; len++) {
		for (off = 0; off < 16; off++) {
			memset(data, (int)(1 + 16 * (off % 4)), sizeof(data));
			pm_store(&m, table_gpa(1) + off, data, len);
			pin();
			ck_assert_int_eq(memcmp(m.mem[PT], (u64[4]){ memory(table_gpa(0)),
						memory(table_gpa(1)), memory(table_gpa(2)),
						memory(table_gpa(3)) }, 32), 0);
			pm_set(&m, PT, 1, leaf_of(1));
			pm_set(&m, PT, 2, leaf_of(2));
			pin();
		}
	}
	close_tree();
}
END_TEST

/* A byte is neither half: what follows does not complete the entry before the pin. */
START_TEST(a_byte_waits_for_the_pin)
{
	u8 byte = 0x1b;

	open_tree(modes[_i]);
	pin();
	pm_store(&m, table_gpa(1), &byte, 1);
	ck_assert_uint_eq(shadow(PM_PT, 1), 0);
	half(PT, 1, leaf_of(9), 1);
	ck_assert_uint_eq(shadow(PM_PT, 1), 0);
	pin();
	ck_assert_uint_ne(shadow(PM_PT, 1), 0);
	close_tree();
}
END_TEST

/* One store to two pages, as a hypervisor may tell of it: whole entries on both sides. */
START_TEST(across_pages)
{
	u64 two[2] = { 0x600003, 0x601003 };
	u64 gpa = pm_gpa(OTHER) - 8;

	open_tree(modes[_i]);
	pm_set(&m, DIR2, 1, entry_of(OTHER));
	pin();
	if (_i)
		rig_ok(intel_gvt_hypervisor_write_gpa(m.r.vgpu, gpa, two, 16));
	ck_assert_int_eq(handler(gpa, two, 16), 0);
	ck_assert_uint_eq(memory(gpa), two[0]);
	ck_assert_uint_eq(memory(gpa + 8), two[1]);
	m.mem[PT][511] = two[0];
	m.mem[OTHER][0] = two[1];
	pm_compare_va(&m, space, root, 511 << 12);
	pm_compare_va(&m, space, root, 512 << 12);
	pm_compare_sets(&m);
	close_tree();
}
END_TEST

/* Only one of the two is a table: the first or the second. */
START_TEST(across_pages_of_which_one_is_tracked)
{
	u64 two[2] = { 0x600003, 0x601003 };

	open_tree(modes[_i]);
	pin();
	if (_i) {
		rig_ok(intel_gvt_hypervisor_write_gpa(m.r.vgpu, pm_gpa(OTHER) - 8, two, 16));
		rig_ok(intel_gvt_hypervisor_write_gpa(m.r.vgpu, pm_gpa(ROOT) - 8, two, 16));
	}
	ck_assert_int_eq(handler(pm_gpa(OTHER) - 8, two, 16), 0);
	ck_assert_int_eq(handler(pm_gpa(ROOT) - 8, two, 16), 0);
	ck_assert_uint_eq(memory(pm_gpa(OTHER)), two[1]);
	ck_assert_uint_eq(memory(pm_gpa(ROOT) - 8), two[0]);
	m.mem[PT][511] = two[0];
	m.mem[OTHER][0] = two[1];
	m.mem[ROOT][0] = two[1];
	pm_compare_va(&m, space, root, 511 << 12);
	pin();
	close_tree();
}
END_TEST

/* Two vCPUs' stores are in memory already, and the first one is told last: memory decides. */
START_TEST(the_later_store_stays)
{
	u64 earlier = 0x600003, later = 0x601003;

	open_tree(modes[1]);
	pin();
	rig_ok(intel_gvt_hypervisor_write_gpa(m.r.vgpu, table_gpa(1), &later, 8));
	m.mem[PT][1] = later;
	ck_assert_int_eq(handler(table_gpa(1), &later, 8), 0);
	ck_assert_int_eq(handler(table_gpa(1), &earlier, 8), 0);
	ck_assert_uint_eq(memory(table_gpa(1)), later);
	pm_compare_va(&m, space, root, 0x1000);
	close_tree();
}
END_TEST

START_TEST(what_the_handler_refuses)
{
	static u8 page[4097];
	u64 value = 0x600003;

	open_tree("check,mock");
	ck_assert_int_eq(handler(table_gpa(1), &value, 8), -ENXIO);
	ck_assert_uint_eq(memory(table_gpa(1)), leaf_of(1));
	pin();
	ck_assert_int_eq(handler(pm_gpa(OTHER), &value, 8), -ENXIO);
	ck_assert_int_eq(handler(~0ULL - 3, &value, 8), -ENXIO);
	ck_assert_int_eq(handler(table_gpa(1), &value, 0), 0);
	ck_assert_int_eq(m.r.ops->write_protect_handler(m.r.vgpu, table_gpa(0), page, 4097),
			 -EINVAL);
	ck_assert_uint_eq(memory(table_gpa(0)), leaf_of(0));
	/* A store that cannot be done is no answer of "not mine". */
	rig_ok(mpt_ram_add(m.r.vm, 256ULL << 20, 4096, MPT_RAM_READONLY));
	pm_set(&m, DIR2, 1, (256ULL << 20) | 3);
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	gvt_mm_unpin(m.r.v, space->held);
	ck_assert_int_eq(handler(256ULL << 20, &value, 8), -EFAULT);
	ck_assert_uint_eq(shadow(PM_PD, 1) & 1, 1);
	/* A whole page at once is fine. */
	ck_assert_int_eq(m.r.ops->write_protect_handler(m.r.vgpu, table_gpa(0), page, 4096), 0);
	ck_assert_uint_eq(info().ppgtt_mapped, 0);
	close_tree();
}
END_TEST

/* --- tracking --- */

static struct intel_gvt_mpt hooked;
static const struct intel_gvt_mpt *real;
static unsigned int reads_untracked;

static int watch_read(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	reads_untracked += len == 4096 && !mpt_vm_tracked(m.r.vm, gpa >> 12);
	return real->read_gpa(handle, gpa, buf, len);
}

/* Read first and tracked then, a store in between would be lost. */
START_TEST(a_table_is_tracked_before_it_is_read)
{
	unsigned int n;

	open_tree(modes[_i]);
	real = m.r.v->base.mpt;
	hooked = *real;
	hooked.read_gpa = watch_read;
	reads_untracked = 0;
	m.r.v->base.mpt = &hooked;
	pin();
	for (n = 0; n < 20; n++)
		pm_set(&m, PT, n, leaf_of(n));
	pin();
	m.r.v->base.mpt = real;
	ck_assert_uint_eq(reads_untracked, 0);
	close_tree();
}
END_TEST

static u64 hits(void)
{
	struct mpt_vm_stats stats;

	rig_ok(mpt_vm_stats_get(m.r.vm, &stats));
	return stats.track_hits;
}

/* A table that is rewritten: a few stores trap, the rest costs one comparison. */
START_TEST(a_storm_is_bounded)
{
	unsigned int n, round;
	u64 before;

	open_tree(modes[_i]);
	pin();
	for (round = 0; round < 3; round++) {
		before = hits();
		for (n = 0; n < 512; n++)
			pm_set(&m, PT, n, leaf_of(n + 1 + round));
		ck_assert_uint_le(hits() - before, 16);
		ck_assert_uint_eq(info().ppgtt_untracked, 1);
		ck_assert_uint_eq(info().ppgtt_tracked, 3);
		ck_assert(!mpt_vm_tracked(m.r.vm, pm_gpa(PT) >> 12));
		pin();
		ck_assert_uint_eq(info().ppgtt_untracked, 0);
		ck_assert_uint_eq(info().ppgtt_mapped, 512);
	}
	/* Few stores between pins are none, however many there are in all. */
	for (n = 0; n < 100; n++) {
		pm_set(&m, PT, n, leaf_of(n));
		ck_assert_uint_eq(info().ppgtt_untracked, 0);
		pin();
	}
	close_tree();
}
END_TEST

START_TEST(a_page_that_cannot_be_tracked)
{
	open_tree("check,fault,mock");
	rig_ok(mpt_fault_at(m.r.host, MPT_OP_ID_enable_page_track, 4, -ENOMEM));
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	gvt_mm_unpin(m.r.v, space->held);
	/* The fourth is the page table; the pin went on to the next try at once. */
	ck_assert(mpt_fault_fired(m.r.host, NULL));
	ck_assert_uint_eq(info().ppgtt_tracked + info().ppgtt_untracked, 4);
	pm_set(&m, PT, 3, 0x700003);
	pin();
	ck_assert_uint_eq(info().ppgtt_untracked, 0);
	close_tree();
}
END_TEST

/* It is as one without entries: what it held before may be anybody's by now. */
START_TEST(a_page_that_cannot_be_read)
{
	open_tree("check,fault,mock");
	pin();
	half(PT, 2, leaf_of(9), 0);
	rig_ok(mpt_fault_at(m.r.host, MPT_OP_ID_read_gpa, 1, -EFAULT));
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	gvt_mm_unpin(m.r.v, space->held);
	ck_assert(mpt_fault_fired(m.r.host, NULL));
	ck_assert_uint_eq(shadow(PM_PT, 1), 0);
	ck_assert_uint_eq(info().ppgtt_mapped, 0);
	pin();
	close_tree();
}
END_TEST

/* Without the capability every pin looks at everything that it needs, and at nothing else. */
START_TEST(without_tracking_every_pin_compares)
{
	open_tree("check,mock:track=no");
	pin();
	ck_assert_uint_eq(info().ppgtt_tracked, 0);
	ck_assert_uint_eq(info().ppgtt_untracked, 4);
	pm_set(&m, PT, 2, 0x700003);
	pm_set(&m, DIR2, 1, entry_of(OTHER));
	pm_set(&m, OTHER, 0, 0x701003);
	pin();
	pm_compare_va(&m, space, root, 0x200000);
	pm_set(&m, OTHER, 0, 0x702003);
	pin();
	pm_compare_va(&m, space, root, 0x200000);
	pm_set(&m, ROOT, 0, 0);
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 1);
	put();
	nothing_left();
	close_tree();
}
END_TEST

/* Memory has what the guest stored; nobody follows it any more. */
START_TEST(failsafe_stores_and_follows_not)
{
	u64 was;

	open_tree(modes[_i]);
	pin();
	was = shadow(PM_PT, 2);
	gvt_vgpu_failsafe_enter(m.r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	pm_set(&m, PT, 2, 0x700003);
	ck_assert_uint_eq(memory(table_gpa(2)), 0x700003);
	ck_assert_uint_eq(shadow(PM_PT, 2), was);
	ck_assert(!mpt_vm_tracked(m.r.vm, pm_gpa(PT) >> 12));
	put();
	nothing_left();
	close_tree();
}
END_TEST

/* --- threads --- */

#define ROUNDS 3000U

/* Two vCPUs store to the same entries while the third submits: at the end all agree. */
static void *vcpu_main(void *arg)
{
	u64 seed = (u64)(uintptr_t)arg, entry;
	unsigned int n;

	for (n = 0; n < ROUNDS; n++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		entry = seed >> 60 ? leaf_of(seed >> 40 & 31) : 0;
		mpt_guest_write(m.r.vm, table_gpa(seed >> 33 & 15), &entry, 8);
		if (seed >> 56 & 15)
			continue;
		entry = entry_of(OTHER + (seed >> 50 & 1));
		mpt_guest_write(m.r.vm, pm_gpa(DIR2) + 8, &entry, 8);
	}
	return NULL;
}

START_TEST(vcpus_store_while_one_submits)
{
	pthread_t vcpu[2];
	unsigned int i;
	u64 r4[4];

	open_tree(modes[_i]);
	hold();
	for (i = 0; i < N(vcpu); i++)
		ck_assert_int_eq(pthread_create(&vcpu[i], NULL, vcpu_main,
						(void *)(uintptr_t)(i + 1)), 0);
	for (i = 0; i < ROUNDS; i++) {
		gvt_lock(&m.r.v->lock);
		rig_ok(gvt_mm_pin(m.r.v, space->held, r4));
		gvt_mm_unpin(m.r.v, space->held);
		gvt_unlock(&m.r.v->lock);
	}
	for (i = 0; i < N(vcpu); i++)
		ck_assert_int_eq(pthread_join(vcpu[i], NULL), 0);
	for (i = 0; i < PM_FRAMES; i++)
		rig_ok(mpt_guest_read(m.r.vm, pm_gpa(i), m.mem[i], 4096));
	pin();
	close_tree();
}
END_TEST

static TCase *add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *write_suite(void)
{
	Suite *s = suite_create("gvt-ppgtt-write");
	TCase *tc = add_case(s, "entries");

	tcase_add_loop_test(tc, a_leaf_is_followed_at_once, 0, N(modes));
	tcase_add_loop_test(tc, a_rewrite_never_drops_the_page, 0, N(modes));
	tcase_add_loop_test(tc, a_table_is_followed_at_the_next_pin, 0, N(modes));
	tcase_add_test(tc, a_table_that_failed_is_tried_again);
	tcase_add_loop_test(tc, halves, 0, N(modes));
	tcase_add_loop_test(tc, odd_stores, 0, N(modes));
	tcase_add_loop_test(tc, a_byte_waits_for_the_pin, 0, N(modes));
	tcase_add_loop_test(tc, across_pages, 0, N(modes));
	tcase_add_loop_test(tc, across_pages_of_which_one_is_tracked, 0, N(modes));
	tcase_add_test(tc, the_later_store_stays);
	tcase_add_test(tc, what_the_handler_refuses);
	tc = add_case(s, "tracking");
	tcase_add_loop_test(tc, a_table_is_tracked_before_it_is_read, 0, N(modes));
	tcase_add_loop_test(tc, a_storm_is_bounded, 0, N(modes));
	tcase_add_test(tc, a_page_that_cannot_be_tracked);
	tcase_add_test(tc, a_page_that_cannot_be_read);
	tcase_add_test(tc, without_tracking_every_pin_compares);
	tcase_add_loop_test(tc, failsafe_stores_and_follows_not, 0, N(modes));
	tc = add_case(s, "threads");
	tcase_add_loop_test(tc, vcpus_store_while_one_submits, 0, N(modes));
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { write_suite };

	return mpt_test_main("gvt_ppgtt_write", suites, N(suites));
}
