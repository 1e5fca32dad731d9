/* SPDX-License-Identifier: MIT */
/* The simulator's scheduling: what a seed decides, waits that end and waits that cannot, doors. */
#include <pthread.h>

#include "acrn_hv_rig.h"

#define MMIO 0xd0000000ULL

static void begin(bool seeded, u64 seed)
{
	struct acrn_sim_config config = rig_config("strict");

	config.seeded = seeded;
	config.seed = seed;
	config.vcpus = 2;
	rig_begin(&config);
}

/* --- a run is a function of its seed --- */

static void guest(void *arg)
{
	struct acrn_vcpu *v = arg;
	unsigned int i;
	u64 val = 0;

	for (i = 0; i < 20; i++) {
		acrn_vcpu_load(v, MMIO + i * 8, &val, 8);
		acrn_vcpu_store(v, RIG_RAM, &val, 8);
		acrn_vcpu_out(v, 0x80, (u32)i, 1);
	}
}

#define LINES 4000

struct trace {
	char (*line)[160];
	unsigned int n;
};

static void note(void *arg, const char *line)
{
	struct trace *t = arg;

	if (t->n < LINES)
		snprintf(t->line[t->n++], sizeof(t->line[0]), "%s", line);
}

static u64 run(u64 seed, bool polling, struct trace *trace)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_thread t[2];
	unsigned int i;
	u64 hash;

	config.seeded = true;
	config.seed = seed;
	config.vcpus = 2;
	config.polling = polling;
	rig_begin(&config);
	if (trace)
		acrn_sim_trace(rig.sim, note, trace);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(acrn_thread_start(rig.sim, &t[i], i ? "one" : "zero", guest,
						   acrn_vcpu(rig.vm, i)), 0);
	for (i = 0; i < 2; i++)
		acrn_thread_join(&t[i]);
	acrn_sim_trace(rig.sim, NULL, NULL);
	rig_server_stop();
	rig_sound();
	hash = acrn_trace_hash(rig.sim);
	rig_end();
	return hash;
}

START_TEST(the_same_seed_is_the_same_run)
{
	struct trace a = { calloc(LINES, 160), 0 }, b = { calloc(LINES, 160), 0 };
	u64 hash = run(5 + (u64)_i, _i & 1, &a);
	unsigned int i;

	ck_assert_uint_eq(run(5 + (u64)_i, _i & 1, &b), hash);
	ck_assert_uint_gt(a.n, 500);
	ck_assert_uint_eq(a.n, b.n);
	for (i = 0; i < a.n; i++)
		ck_assert_str_eq(a.line[i], b.line[i]);
	free(a.line);
	free(b.line);
}
END_TEST

START_TEST(each_seed_is_a_run_of_its_own)
{
	u64 hash[20], i, j;

	for (i = 0; i < 20; i++) {
		hash[i] = run(i, false, NULL);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(hash[i], hash[j]);
	}
}
END_TEST

/* --- races --- */

static unsigned int total;

static void add_without_lock(void *arg)
{
	unsigned int was;
	int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		was = os_load(&total);
		acrn_point(rig.sim, "between");
		os_store(&total, was + 1);
	}
}

static void add_held(void *arg)
{
	unsigned int was;
	int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		acrn_sched_hold(rig.sim);
		was = os_load(&total);
		acrn_point(rig.sim, "between");
		os_store(&total, was + 1);
		acrn_sched_release(rig.sim);
		acrn_point(rig.sim, "after");
	}
}

static unsigned int race(u64 seed, void (*fn)(void *arg))
{
	struct acrn_thread t[2];
	unsigned int i;

	total = 0;
	begin(true, seed);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(acrn_thread_start(rig.sim, &t[i], "adds", fn, NULL), 0);
	for (i = 0; i < 2; i++)
		acrn_thread_join(&t[i]);
	rig_end();
	return total;
}

START_TEST(a_race_is_found_and_found_again)
{
	unsigned int found = 0, seed, first;

	for (seed = 0; seed < 30; seed++) {
		first = race(seed, add_without_lock);
		found += first < 6;
		ck_assert_uint_eq(race(seed, add_without_lock), first);
		ck_assert_uint_eq(race(seed, add_held), 6);
	}
	ck_assert_uint_gt(found, 3);
	ck_assert_uint_lt(found, 31);
}
END_TEST

/* --- waits --- */

static struct acrn_door door_a, door_b;
static bool flag_a, flag_b;
static char order[8];
static unsigned int ordered;

static bool is_set(void *arg)
{
	return os_load((bool *)arg);
}

static void set(bool *flag, struct acrn_door *d)
{
	os_store(flag, true);
	acrn_door_ring(rig.sim, d);
}

static void a_then_b(void *arg)
{
	bool *answer = arg;

	*answer = acrn_door_wait(rig.sim, &door_a, is_set, &flag_a, 0);
	set(&flag_b, &door_b);
}

static void doors_init(void)
{
	acrn_door_init(&door_a, "a");
	acrn_door_init(&door_b, "b");
	flag_a = flag_b = false;
	ordered = 0;
}

static void doors_exit(void)
{
}

/* Each waits for the other: seen at once, named, and over. */
START_TEST(a_deadlock_is_told)
{
	struct acrn_thread t;
	bool answer = true;

	begin(true, (u64)_i);
	doors_init();
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t, "first", a_then_b, &answer), 0);
	ck_assert(!acrn_door_wait(rig.sim, &door_b, is_set, &flag_b, 0) || flag_b);
	acrn_thread_join(&t);
	ck_assert(!answer);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 12), 1);
	ck_assert_ptr_nonnull(strstr(acrn_broken_say(rig.sim, 0), "first: a"));
	ck_assert_ptr_nonnull(strstr(acrn_broken_say(rig.sim, 0), "main: b"));
	ck_assert_ptr_nonnull(strstr(acrn_broken_say(rig.sim, 0), "server: an upcall"));
	doors_exit();
	rig_end();
}
END_TEST

START_TEST(polling_in_vain_is_a_deadlock)
{
	begin(true, (u64)_i);
	flag_a = false;
	ck_assert(!acrn_door_wait(rig.sim, NULL, is_set, &flag_a, 0));
	rig_only_broken(12);
	rig_end();
}
END_TEST

START_TEST(a_ring_wakes)
{
	struct acrn_thread t;
	bool answer = false;
	int i;

	begin(_i & 1, 3);
	for (i = 0; i < 50; i++) {
		doors_init();
		ck_assert_int_eq(acrn_thread_start(rig.sim, &t, "first", a_then_b, &answer), 0);
		acrn_point(rig.sim, "started");
		set(&flag_a, &door_a);
		ck_assert(acrn_door_wait(rig.sim, &door_b, is_set, &flag_b, 0));
		acrn_thread_join(&t);
		ck_assert(answer);
		doors_exit();
	}
	rig_sound();
	rig_end();
}
END_TEST

struct sleeper {
	unsigned int ms;
	char name;
};

static void sleeps(void *arg)
{
	struct sleeper *s = arg;

	ck_assert(!acrn_door_wait(rig.sim, &door_a, is_set, &flag_a, s->ms));
	order[ordered++] = s->name;
}

/* The machine's clock goes on when nobody can run, to the next that wants it. */
START_TEST(timeouts_in_order)
{
	struct sleeper s[] = { { 3000000, 'c' }, { 1000000, 'a' }, { 2000000, 'b' } };
	struct acrn_thread t[3];
	unsigned int i;

	begin(true, (u64)_i);
	doors_init();
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(acrn_thread_start(rig.sim, &t[i], "sleeper", sleeps, &s[i]), 0);
	for (i = 0; i < 3; i++)
		acrn_thread_join(&t[i]);
	order[ordered] = 0;
	ck_assert_str_eq(order, "abc");
	rig_sound();
	doors_exit();
	rig_end();
}
END_TEST

static void sleeps_twice(void *arg)
{
	sleeps(arg);
	sleeps(arg);
}

/* What was waited for has passed for all. */
START_TEST(the_clock_goes_on)
{
	struct sleeper s[] = { { 1000, 'a' }, { 1500, 'b' } };
	struct acrn_thread t[2];

	begin(true, (u64)_i);
	doors_init();
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t[0], "twice", sleeps_twice, &s[0]), 0);
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t[1], "once", sleeps, &s[1]), 0);
	acrn_thread_join(&t[0]);
	acrn_thread_join(&t[1]);
	order[ordered] = 0;
	ck_assert_str_eq(order, "aba");
	rig_sound();
	doors_exit();
	rig_end();
}
END_TEST

START_TEST(a_timeout_without_seed)
{
	begin(false, 0);
	doors_init();
	ck_assert(!acrn_door_wait(rig.sim, &door_a, is_set, &flag_a, 2));
	ck_assert(!acrn_door_wait(rig.sim, NULL, is_set, &flag_a, 2));
	flag_a = true;
	ck_assert(acrn_door_wait(rig.sim, &door_a, is_set, &flag_a, 2));
	rig_sound();
	doors_exit();
	rig_end();
}
END_TEST

/* --- threads that are no actors --- */

static void *outsider(void *arg)
{
	u32 val = 0;
	int i;

	for (i = 0; i < 50; i++)
		*(unsigned int *)arg += acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4) !=
					ACRN_DONE || val != ~0U;
	return NULL;
}

START_TEST(who_comes_from_outside)
{
	unsigned int bad = 0;
	pthread_t t;

	begin(true, (u64)_i);
	pthread_create(&t, NULL, outsider, &bad);
	acrn_sched_outside(rig.sim, true);
	pthread_join(t, NULL);
	acrn_sched_outside(rig.sim, false);
	ck_assert_uint_eq(bad, 0);
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(threads_that_cannot_start)
{
	struct acrn_thread t;
	bool answer;

	begin(_i, 0);
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t, "none", a_then_b, &answer), -ENOMEM);
	mpt_alloc_fail_at(0);
	ck_assert(!t.started);
	acrn_thread_join(&t);
	rig_sound();
	rig_end();
}
END_TEST

/* --- chance --- */

START_TEST(chance_is_the_seeds)
{
	u64 a[8], i;

	begin(false, 7);
	for (i = 0; i < 8; i++)
		a[i] = acrn_random(rig.sim);
	rig_end();
	begin(false, 7);
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(acrn_random(rig.sim), a[i]);
	rig_end();
	begin(false, 8);
	ck_assert_uint_ne(acrn_random(rig.sim), a[0]);
	rig_end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn scheduling");
	TCase *tc = tcase_create("actors");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, the_same_seed_is_the_same_run, 0, 4);
	tcase_add_test(tc, each_seed_is_a_run_of_its_own);
	tcase_add_test(tc, a_race_is_found_and_found_again);
	tcase_add_loop_test(tc, a_deadlock_is_told, 0, 8);
	tcase_add_loop_test(tc, polling_in_vain_is_a_deadlock, 0, 4);
	tcase_add_loop_test(tc, a_ring_wakes, 0, 2);
	tcase_add_loop_test(tc, timeouts_in_order, 0, 4);
	tcase_add_loop_test(tc, the_clock_goes_on, 0, 4);
	tcase_add_test(tc, a_timeout_without_seed);
	tcase_add_loop_test(tc, who_comes_from_outside, 0, 4);
	tcase_add_loop_test(tc, threads_that_cannot_start, 0, 2);
	tcase_add_test(tc, chance_is_the_seeds);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn scheduling", suites, 1);
}
