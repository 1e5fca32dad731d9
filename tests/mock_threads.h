/* SPDX-License-Identifier: MIT */
/*
 * What the threaded suites of the mock hypervisor share, on top of mock_rig.h: a time limit,
 * threads that run until they are told to stop, cases of their own. No tests.
 */
#ifndef MPT_TESTS_MOCK_THREADS_H
#define MPT_TESTS_MOCK_THREADS_H

#include <pthread.h>
#include <time.h>

#include "mock_rig.h"
#include "specs.h"

/* Over another back end for a whole program: tests/kvm-stub.sh. */
#ifndef THREADS_SPEC
#define THREADS_SPEC spec_or("mock")
#endif

/* Where a tool makes everything slow, a test ends with fewer rounds instead of late. */
#define SECONDS 3

static bool stop;
static time_t deadline;

static inline time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static inline void setup(void)
{
	rig_open(THREADS_SPEC);
	rig_ram(0, HUGE, 0);
	stop = false;
	deadline = now() + SECONDS;
}

static inline bool in_time(void)
{
	return now() < deadline;
}

static inline bool running(void)
{
	return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static inline void finish(pthread_t *t, unsigned int n)
{
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	while (n--)
		pthread_join(t[n], NULL);
}

/* Cases of their own, so that one can be run alone. */
static inline void add(Suite *s, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, rig_close);
	tcase_add_test(tc, test);
	suite_add_tcase(s, tc);
}

#endif
