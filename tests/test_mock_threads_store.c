/* SPDX-License-Identifier: MIT */
/*
 * Stores in the mock hypervisor under threads: none slips past a track, each leaves its mark in the
 * dirty log. Meant for ThreadSanitizer, too. What else threads do is in test_mock_threads.c.
 */
#include <sched.h>

#include "mock_threads.h"

/* --- tracks and stores --- */

static u64 first_told; /* value of the first store that the core is told of */

static int told(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	u64 val;

	(void)vgpu;
	(void)gpa;
	memcpy(&val, buf, len);
	if (!__atomic_load_n(&first_told, __ATOMIC_RELAXED))
		__atomic_store_n(&first_told, val, __ATOMIC_RELEASE);
	return 0;
}

static void *stores(void *arg)
{
	u64 val = 0;

	(void)arg;
	while (running()) {
		val++;
		mpt_guest_write(rig.vm, PAGE, &val, 8);
	}
	return NULL;
}

/* Once enable has returned, every store that memory does not show yet is told. */
START_TEST(no_store_slips_past_a_track)
{
	struct intel_gvt_ops ops = rig_ops;
	struct mpt_core core = { .size = sizeof(core), .ops = &ops };
	unsigned int i;
	pthread_t t;
	u64 val, first;

	ops.write_protect_handler = told;
	rig_detach();
	ck_assert_int_eq(mpt_host_set_core(rig.host, NULL), 0);
	ck_assert_int_eq(mpt_host_set_core(rig.host, &core), 0);
	rig_attach();
	pthread_create(&t, NULL, stores, NULL);
	for (i = 0; i < 1000 && in_time(); i++) {
		__atomic_store_n(&first_told, 0, __ATOMIC_RELAXED);
		ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 1), 0);
		ck_assert_int_eq(rig_read(PAGE, &val, 8), 0);
		while (!(first = __atomic_load_n(&first_told, __ATOMIC_ACQUIRE)))
			sched_yield();
		ck_assert_uint_le(first, val + 1);
		ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&rig.vgpu, 1), 0);
		/* Let a store that is being told end before the next round forgets it. */
		do {
			sched_yield();
			ck_assert_int_eq(rig_read(PAGE, &val, 8), 0);
		} while (val <= first + 2);
	}
	finish(&t, 1);
}
END_TEST

static u64 turn, taken_turn;

#define TURNS 100000

static void *stores_by_turns(void *arg)
{
	u64 val;

	(void)arg;
	for (val = 1; val <= TURNS; val++) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) < val) {
			if (!running())
				return NULL;
			sched_yield();
		}
		mpt_guest_write(rig.vm, PAGE, &val, 8);
		__atomic_store_n(&taken_turn, val, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Who fetches a mark while the store goes on sees the data; and each store leaves a mark. */
START_TEST(dirty_mark_follows_data)
{
	unsigned int early = 0, lost = 0, looks = 0, marks;
	u64 val, seen, last;
	pthread_t t;
	u8 map;

	turn = taken_turn = 0;
	pthread_create(&t, NULL, stores_by_turns, NULL);
	for (val = 1; val <= TURNS && (val % 100 || in_time()); val++) {
		marks = 0;
		__atomic_store_n(&turn, val, __ATOMIC_RELEASE);
		do {
			last = __atomic_load_n(&taken_turn, __ATOMIC_ACQUIRE);
			mpt_dirty_fetch(rig.vm, 1, 1, &map);
			rig_read(PAGE, &seen, 8);
			marks += map & 1;
			early += (map & 1) && seen != val;
			if (++looks % 256 == 0)
				sched_yield();
		} while (last < val);
		lost += marks != 1;
	}
	finish(&t, 1);
	ck_assert_uint_eq(early, 0);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

/* --- a store that finds its mark set, against the fetch that takes the mark --- */

/*
 * Lines that the fetcher has just dirtied: the store's data waits behind them in the storing CPU's
 * store buffer, while its look at the mark, a load, goes ahead. The fetch must not get between.
 */
#define QUEUE 24
#define LINE 64
#define CROSSINGS 2000U

static u8 queue[QUEUE * LINE] __attribute__((aligned(LINE)));
static u64 crossing __attribute__((aligned(LINE)));
static u64 crossed __attribute__((aligned(LINE)));

static void queue_touch(u64 val)
{
	unsigned int i;

	for (i = 0; i < QUEUE; i++)
		__atomic_store_n(&queue[i * LINE], (u8)val, __ATOMIC_RELAXED);
}

/* Turns: an odd one sets the mark, the even one after it crosses the fetch. */
static bool await(const u64 *word, u64 val)
{
	unsigned int looks = 0;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < val) {
		if (!running())
			return false;
		if (++looks % 4096 == 0)
			sched_yield();
	}
	return true;
}

static void delay(u64 n)
{
	while (n--)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* On one CPU nothing crosses: the threads take the first and the last that they may use. */
static void take_cpu(const cpu_set_t *all, bool last)
{
	int cpu, mine = -1;
	cpu_set_t one;

	for (cpu = 0; cpu < CPU_SETSIZE && (last || mine < 0); cpu++)
		if (CPU_ISSET(cpu, all))
			mine = cpu;
	CPU_ZERO(&one);
	CPU_SET(mine, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *crosses(void *arg)
{
	u64 val;

	take_cpu(arg, true);
	for (val = 1; await(&crossing, val); val++) {
		if (val & 1) {
			mpt_guest_write(rig.vm, PAGE, &val, 8);
		} else {
			delay(val / 2 % 16 * 8);
			queue_touch(val);
			mpt_guest_write(rig.vm, PAGE, &val, 8);
		}
		__atomic_store_n(&crossed, val, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* A fetch beside the store of @val; false: it neither saw the data nor left the mark. */
static bool crossing_is_kept(u64 val)
{
	u8 map, again;
	u64 seen;

	__atomic_store_n(&crossing, val - 1, __ATOMIC_RELEASE);
	await(&crossed, val - 1);
	rig_read(PAGE, &seen, 8);
	queue_touch(val);
	__atomic_store_n(&crossing, val, __ATOMIC_RELEASE);
	delay(val / 32 % 64 * 16);
	mpt_dirty_fetch(rig.vm, 1, 1, &map);
	rig_read(PAGE, &seen, 8);
	await(&crossed, val);
	mpt_dirty_fetch(rig.vm, 1, 1, &again);
	return (map & 1) && (seen == val || (again & 1));
}

START_TEST(a_store_over_a_set_mark_is_not_lost)
{
	unsigned int i, lost = 0;
	cpu_set_t all;
	pthread_t t;

	crossing = crossed = 0;
	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	take_cpu(&all, false);
	pthread_create(&t, NULL, crosses, &all);
	for (i = 1; i <= CROSSINGS && (i % 100 || in_time()); i++)
		lost += !crossing_is_kept(2 * (u64)i);
	finish(&t, 1);
	sched_setaffinity(0, sizeof(all), &all);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

static Suite *store_suite(void)
{
	Suite *s = suite_create("mock threads: stores");

	add(s, "tracks", no_store_slips_past_a_track);
	add(s, "dirty log", dirty_mark_follows_data);
	add(s, "set mark", a_store_over_a_set_mark_is_not_lost);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { store_suite };

	return mpt_test_main("mock threads store", suites, 1);
}
