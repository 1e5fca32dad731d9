/* SPDX-License-Identifier: MIT */
/*
 * Several synthetic guests on one device: step by step in turn, in threads, and beside threads that
 * only run the engines. What one of them checks is in tests/guest/.
 */
#include <pthread.h>

#include "guest_rig.h"
#include "specs.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Asked before a store to a table, told after it, not at all. */
static const char *specs[] = {
	"check,mock", "check,mock:trap=after", "check,mock:track=no", "check,vfio-user",
	"check,acrn-sim", "check,kvm-stub",
};

START_TEST(interleaved)
{
	struct bed b;
	unsigned int i, left;

	bed_open(&b, "check,mock", (unsigned int)_i);
	for (i = 0; i < b.n; i++)
		bed_guest(&b, i, 4 - (int)i % 2);
	do {
		for (left = 0, i = 0; i < b.n; i++)
			left += guest_step(b.guest[i]);
	} while (left);
	for (i = 0; i < b.n; i++) {
		passed(b.guest[i]);
		bed_left(&b, i);
	}
	bed_close(&b);
}
END_TEST

static void *run_thread(void *guest)
{
	guest_run(guest);
	return NULL;
}

START_TEST(threads)
{
	struct bed b;
	pthread_t thread[BED_VMS];
	unsigned int i;

	bed_open(&b, specs[(size_t)_i % specs_built(specs, N(specs))], (unsigned int)_i);
	b.shared = true;
	for (i = 0; i < b.n; i++) {
		bed_guest(&b, i, 4 - (int)i % 2);
		ck_assert_int_eq(pthread_create(&thread[i], NULL, run_thread, b.guest[i]), 0);
	}
	for (i = 0; i < b.n; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
	for (i = 0; i < b.n; i++) {
		passed(b.guest[i]);
		bed_left(&b, i);
	}
	bed_close(&b);
}
END_TEST

/* As an embedder does it: one thread for the engines, beside the vCPUs'. */
static bool stop;

static void *device_thread(void *arg)
{
	struct bed *b = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		if (!gvt_run(b->gvt, BED_BUDGET))
			usleep(50);
	return NULL;
}

START_TEST(device_in_a_thread)
{
	struct bed b;
	pthread_t thread[BED_VMS], device[2];
	unsigned int i;

	bed_open(&b, specs[_i], 3);
	b.idle = true;
	__atomic_store_n(&stop, false, __ATOMIC_RELEASE);
	for (i = 0; i < b.n; i++) {
		bed_guest(&b, i, 4 - (int)i % 2);
		ck_assert_int_eq(pthread_create(&thread[i], NULL, run_thread, b.guest[i]), 0);
	}
	for (i = 0; i < N(device); i++)
		ck_assert_int_eq(pthread_create(&device[i], NULL, device_thread, &b), 0);
	for (i = 0; i < b.n; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < N(device); i++)
		ck_assert_int_eq(pthread_join(device[i], NULL), 0);
	for (i = 0; i < b.n; i++) {
		passed(b.guest[i]);
		bed_left(&b, i);
	}
	bed_close(&b);
}
END_TEST

static Suite *many_suite(void)
{
	Suite *s = suite_create("guest-many");
	TCase *several = tcase_create("several");

	tcase_add_loop_test(several, interleaved, 2, BED_VMS + 1);
	tcase_add_loop_test(several, threads, 2, BED_VMS + 1);
	tcase_add_loop_test(several, device_in_a_thread, 0, (int)specs_built(specs, N(specs)));
	suite_add_tcase(s, several);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { many_suite };

	return mpt_test_main("guest-many", suites, N(suites));
}
