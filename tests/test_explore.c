/* SPDX-License-Identifier: MIT */
/*
 * The race explorer itself, on programs whose orders can be counted by hand: how many it tries,
 * what it finds and what it says. The product's scenarios are in test_explore_mock.c and
 * test_explore_gvt.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/runner.h"

static struct explore_result r;
static int a, b;
static char order[16];
static unsigned int num_order;
static pthread_mutex_t m, n;
static pthread_cond_t cond;

static void fresh(void)
{
	a = b = 0;
	num_order = 0;
	memset(order, 0, sizeof(order));
	pthread_mutex_init(&m, NULL);
	pthread_mutex_init(&n, NULL);
	pthread_cond_init(&cond, NULL);
}

static void run(const struct explore *s, unsigned int bound)
{
	struct explore with = *s;

	with.setup = fresh;
	with.bound = bound;
	explore_run(&with, &r);
}

/* It fails, with these words, and the schedule that is told leads there again. */
static void finds(const struct explore *s, unsigned int bound, const char *what)
{
	struct explore with = *s;
	char schedule[EXPLORE_TEXT], failure[EXPLORE_TEXT];

	run(s, bound);
	ck_assert(!r.complete);
	ck_assert_msg(strstr(r.failure, what) != NULL, "'%s' of '%s'", what, r.failure);
	strcpy(schedule, r.schedule);
	strcpy(failure, r.failure);
	with.setup = fresh;
	explore_replay(&with, schedule, &r);
	ck_assert_str_eq(r.failure, failure);
	ck_assert(r.report[0]);
}

static void complete(const struct explore *s, unsigned int bound, unsigned long runs)
{
	run(s, bound);
	ck_assert_msg(r.complete && !r.failure[0] && !r.limit[0], "%s %s", r.failure, r.limit);
	ck_assert_uint_eq(r.runs, runs);
}

/* --- orders that can be counted --- */

static void put(char c)
{
	order[num_order++] = c;
}

static void steps_a(void)
{
	put('a');
	explore_step("a");
	put('A');
}

static void steps_b(void)
{
	put('b');
	explore_step("b");
	put('B');
}

static char seen[16][8];
static unsigned int num_seen, runs_seen;

/*
 * Each order once for a bound, and each smaller bound before: 2 runs, 4, 6. The very first run
 * comes once more than that.
 */
static void collect(void)
{
	unsigned int i;

	switch (runs_seen++) {
	case 0:
	case 1:
	case 1 + 2:
	case 1 + 2 + 4:
	case 1 + 2 + 4 + 6:
		num_seen = 0;
	}
	for (i = 0; i < num_seen; i++)
		explore_assert(strcmp(seen[i], order));
	memcpy(seen[num_seen++], order, 5);
}

/*
 * One after the other: 2. Each of the two may be preempted once, and the other goes to its end: 2
 * more. The other is preempted in turn: 2 more, and that is all of them.
 */
START_TEST(counts_two)
{
	const struct explore s = { .thread = { steps_a, steps_b }, .check = collect };
	static const unsigned long runs[] = { 2, 4, 6, 6 };

	num_seen = runs_seen = 0;
	complete(&s, (unsigned int)_i, runs[_i]);
	ck_assert_uint_eq(num_seen, runs[_i]);
}
END_TEST

static void steps_c(void)
{
	put('c');
}

/* Of three threads that are not preempted: 3! */
START_TEST(counts_three)
{
	const struct explore s = { .thread = { steps_a, steps_b, steps_c } };

	complete(&s, 0, 6);
}
END_TEST

/* --- what it finds --- */

static void adds(void)
{
	int v = __atomic_load_n(&a, __ATOMIC_RELAXED);

	__atomic_store_n(&a, v + 1, __ATOMIC_RELEASE);
}

static void is_two(void)
{
	explore_assert(a == 2);
}

START_TEST(lost_update)
{
	const struct explore s = { .thread = { adds, adds }, .check = is_two };

	complete(&s, 0, 2);
	finds(&s, 1, "a == 2");
}
END_TEST

static void adds_locked(void)
{
	pthread_mutex_lock(&m);
	adds();
	pthread_mutex_unlock(&m);
}

START_TEST(no_lost_update)
{
	const struct explore s = { .thread = { adds_locked, adds_locked }, .check = is_two };

	run(&s, 5);
	ck_assert(r.complete);
	ck_assert_uint_gt(r.runs, 6);
}
END_TEST

static void mn(void)
{
	pthread_mutex_lock(&m);
	pthread_mutex_lock(&n);
	pthread_mutex_unlock(&n);
	pthread_mutex_unlock(&m);
}

static void nm(void)
{
	pthread_mutex_lock(&n);
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	pthread_mutex_unlock(&n);
}

START_TEST(inversion)
{
	const struct explore s = { .thread = { mn, nm } };

	run(&s, 0);
	ck_assert(r.complete);
	finds(&s, 1, "deadlock: T0 waits for a mutex at mn (tests/test_explore.c:");
	ck_assert_ptr_nonnull(strstr(r.failure, "which T1 took at nm"));
	ck_assert_ptr_nonnull(strstr(r.failure, "which T0 took at mn"));
}
END_TEST

static void twice(void)
{
	pthread_mutex_lock(&m);
	pthread_mutex_lock(&m);
}

START_TEST(recursion)
{
	const struct explore s = { .thread = { twice } };

	finds(&s, 0, "deadlock: T0 waits for a mutex at twice");
}
END_TEST

/* --- conditions --- */

static void sets(void)
{
	pthread_mutex_lock(&m);
	a = 1;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&m);
}

static void waits(void)
{
	pthread_mutex_lock(&m);
	while (!a)
		pthread_cond_wait(&cond, &m);
	pthread_mutex_unlock(&m);
}

START_TEST(condition)
{
	const struct explore s = { .thread = { sets, waits } };

	run(&s, 3);
	ck_assert_msg(r.complete, "%s", r.failure);
}
END_TEST

static void sets_unlocked(void)
{
	__atomic_store_n(&a, 1, __ATOMIC_RELEASE);
	pthread_cond_signal(&cond);
}

static void waits_late(void)
{
	pthread_mutex_lock(&m);
	if (!__atomic_load_n(&a, __ATOMIC_ACQUIRE))
		pthread_cond_wait(&cond, &m);
	pthread_mutex_unlock(&m);
}

START_TEST(lost_wakeup)
{
	const struct explore s = { .thread = { sets_unlocked, waits_late } };

	finds(&s, 2, "T1 waits for a condition at waits_late");
}
END_TEST

/* --- threads that do not end --- */

static void spins(void)
{
	while (!__atomic_load_n(&a, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void lets_go(void)
{
	__atomic_store_n(&a, 1, __ATOMIC_RELEASE);
}

START_TEST(waits_by_yielding)
{
	const struct explore s = { .thread = { spins, lets_go, spins } };

	run(&s, 2);
	ck_assert_msg(r.complete, "%s", r.failure);
}
END_TEST

START_TEST(livelock)
{
	const struct explore s = { .thread = { spins, steps_a }, .max_steps = 500 };

	finds(&s, 0, "does not end within the steps of a run: T0");
}
END_TEST

/* --- memory --- */

static int *piece;

static void fresh_piece(void)
{
	fresh();
	piece = malloc(64);
	ck_assert_ptr_nonnull(piece);
}

static void frees(void)
{
	int *p = __atomic_exchange_n(&piece, NULL, __ATOMIC_ACQ_REL);

	free(p);
}

static void uses(void)
{
	int *p = __atomic_load_n(&piece, __ATOMIC_ACQUIRE);

	if (p)
		__atomic_store_n(p, 1, __ATOMIC_RELEASE);
}

/* Under ASan the second program is its finding. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(MPT_ASAN)
static void writes(void)
{
	int *p = __atomic_load_n(&piece, __ATOMIC_ACQUIRE);

	if (p)
		p[8] = 1;
}
#endif

static void finds_use(void (*body)(void), const char *what)
{
	struct explore s = { .setup = fresh_piece, .thread = { frees, body }, .bound = 2 };

	explore_run(&s, &r);
	ck_assert_msg(strstr(r.failure, what) != NULL, "'%s' of '%s'", what, r.failure);
}

START_TEST(use_after_free)
{
	finds_use(uses, "use after free: uses (tests/test_explore.c:");
}
END_TEST

START_TEST(write_after_free)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(MPT_ASAN)
	finds_use(writes, "something was written into one of");
#else
	mpt_test_skip("ASan finds that one");
#endif
}
END_TEST

/* --- it never passes silently --- */

START_TEST(limit_of_runs)
{
	const struct explore s = { .thread = { steps_a, steps_b }, .max_runs = 3 };

	run(&s, 2);
	ck_assert(!r.complete && !r.failure[0]);
	ck_assert_str_eq(r.limit, "more than 3 runs");
	ck_assert_uint_eq(r.runs, 3);
}
END_TEST

static void many_steps(void)
{
	int i;

	for (i = 0; i < 5000; i++)
		explore_step("many");
}

START_TEST(limit_of_choices)
{
	const struct explore s = { .thread = { many_steps, many_steps } };

	run(&s, 0);
	ck_assert(!r.failure[0]);
	/* 5000 of the first, and none once there is one thread only. */
	ck_assert(r.complete);
	const struct explore t = { .thread = { many_steps, many_steps, many_steps } };

	run(&t, 0);
	ck_assert(!r.complete && !r.failure[0]);
	ck_assert_msg(strstr(r.limit, "choices") != NULL, "%s", r.limit);
}
END_TEST

static void many_locks(void)
{
	static pthread_mutex_t lock[20];
	int i;

	for (i = 0; i < 20; i++)
		pthread_mutex_lock(&lock[i]);
	for (i = 0; i < 20; i++)
		pthread_mutex_unlock(&lock[i]);
}

START_TEST(limit_of_locks)
{
	const struct explore s = { .thread = { many_locks } };

	run(&s, 0);
	ck_assert(!r.complete && !r.failure[0]);
	ck_assert_msg(strstr(r.limit, "locks") != NULL, "%s", r.limit);
}
END_TEST

static void differs(void)
{
	static int times;

	if (times++ % 3)
		explore_step("sometimes");
	explore_step("always");
	explore_step("always");
}

START_TEST(not_deterministic)
{
	const struct explore s = { .thread = { differs, steps_a } };

	run(&s, 2);
	ck_assert(!r.complete);
	ck_assert_msg(strstr(r.failure, "not deterministic") || strstr(r.failure, "does not fit"),
		      "%s", r.failure);
}
END_TEST

START_TEST(schedules)
{
	static const char *const bad[] = { "", "x", "0", "0.", "0.9", "1.0,1.1", "0.1,", "-1.0",
					   "0.1x", "99999999999999.1" };
	struct explore s = { .setup = fresh, .thread = { steps_a, steps_b } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		explore_replay(&s, bad[i], &r);
		ck_assert_msg(strstr(r.failure, "is no schedule") != NULL, "%s: %s", bad[i],
			      r.failure);
	}
	explore_replay(&s, "1.1,2.0", &r);
	ck_assert_str_eq(r.failure, "");
	ck_assert_str_eq(order, "abAB");
	explore_replay(&s, "77.1", &r);
	ck_assert_str_eq(r.failure, "the schedule does not fit: there is no choice 77");
	explore_replay(&s, "1.1,2.0", &r);
	ck_assert_str_eq(r.failure, "");
}
END_TEST

/* explore_tell() is what suites call: what it answers has the schedule in it, and replays it. */
START_TEST(told)
{
	const struct explore s = {
		.name = "toy", .setup = fresh, .thread = { adds, adds },
		.check = is_two, .bound = 1,
	};
	const char *text;
	char replay[64];

	unsetenv("MPT_EXPLORE_BOUND");
	unsetenv("MPT_EXPLORE_REPLAY");
	text = explore_tell(&s);
	ck_assert_ptr_nonnull(text);
	text = strstr(text, "MPT_EXPLORE_REPLAY='toy=");
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(sscanf(text, "MPT_EXPLORE_REPLAY='%60[^']", replay), 1);
	setenv("MPT_EXPLORE_REPLAY", replay, 1);
	ck_assert_ptr_nonnull(explore_tell(&s));
	setenv("MPT_EXPLORE_REPLAY", "toy=-", 1);
	ck_assert_ptr_null(explore_tell(&s));
	unsetenv("MPT_EXPLORE_REPLAY");
	setenv("MPT_EXPLORE_BOUND", "0", 1);
	ck_assert_ptr_null(explore_tell(&s));
}
END_TEST

static void add(Suite *s, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_test(tc, test);
	suite_add_tcase(s, tc);
}

static Suite *explore_suite(void)
{
	Suite *s = suite_create("explore");
	TCase *tc = tcase_create("counts");

	tcase_add_loop_test(tc, counts_two, 0, 4);
	tcase_add_test(tc, counts_three);
	suite_add_tcase(s, tc);
	add(s, "lost update", lost_update);
	add(s, "no lost update", no_lost_update);
	add(s, "inversion", inversion);
	add(s, "recursion", recursion);
	add(s, "condition", condition);
	add(s, "lost wakeup", lost_wakeup);
	add(s, "yield", waits_by_yielding);
	add(s, "livelock", livelock);
	add(s, "use after free", use_after_free);
	add(s, "write after free", write_after_free);
	add(s, "limit of runs", limit_of_runs);
	add(s, "limit of choices", limit_of_choices);
	add(s, "limit of locks", limit_of_locks);
	add(s, "not deterministic", not_deterministic);
	add(s, "schedules", schedules);
	add(s, "told", told);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { explore_suite };

	return mpt_test_main("explore", suites, 1);
}
