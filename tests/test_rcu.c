/* SPDX-License-Identifier: MIT */
/* Read sections, handles and deliveries under threads: nothing is freed while it is read. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <mpt/backend.h>

#include "lib/runner.h"

#define READERS 3
#define ROUNDS 500

/* On a machine with far more to do a test ends with fewer rounds instead of late. */
#define SECONDS 3

static u64 *published;
static bool stop;
static time_t deadline;

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static bool in_time(void)
{
	return now() < deadline;
}

static bool fewer(const unsigned int *count, unsigned int n)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED) < n;
}

/* A reader sees either the old or the new object, never one that was overwritten on its way out. */
static void *reader(void *arg)
{
	unsigned long *bad = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		unsigned long old = mpt_rcu_enter();
		unsigned long nested = mpt_rcu_enter();
		u64 *p = __atomic_load_n(&published, __ATOMIC_ACQUIRE);

		*bad += *p == 0xdeadULL;
		mpt_rcu_leave(nested);
		*bad += *p == 0xdeadULL;
		mpt_rcu_leave(old);
	}
	return NULL;
}

START_TEST(sections_keep_what_they_read)
{
	unsigned long bad[READERS] = { 0 };
	pthread_t t[READERS];
	int i;

	published = malloc(sizeof(u64));
	*published = 1;
	for (i = 0; i < READERS; i++)
		pthread_create(&t[i], NULL, reader, &bad[i]);
	for (i = 0; i < ROUNDS && in_time(); i++) {
		u64 *fresh = malloc(sizeof(u64)), *old;

		*fresh = (u64)i + 2;
		old = __atomic_exchange_n(&published, fresh, __ATOMIC_ACQ_REL);
		mpt_rcu_synchronize();
		*old = 0xdead;
		free(old);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < READERS; i++) {
		pthread_join(t[i], NULL);
		ck_assert_uint_eq(bad[i], 0);
	}
	free(published);
}
END_TEST

static struct mpt_handles handles;
static unsigned long live_handle;

static unsigned int looks;

static void *handle_user(void *arg)
{
	unsigned long *bad = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		unsigned long old = mpt_rcu_enter();
		u64 *p = mpt_handle_get(&handles, __atomic_load_n(&live_handle, __ATOMIC_ACQUIRE));

		if (p)
			*bad += __atomic_load_n(p, __ATOMIC_RELAXED) != 1;
		mpt_rcu_leave(old);
		__atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

START_TEST(handles_die_cleanly)
{
	unsigned long bad = 0, last = 0, h;
	pthread_t t;
	u64 obj[2];
	int i;

	pthread_create(&t, NULL, handle_user, &bad);
	for (i = 0; (i < ROUNDS || fewer(&looks, 20 * ROUNDS)) && in_time(); i++) {
		u64 *o = &obj[i & 1];

		__atomic_store_n(o, 1, __ATOMIC_RELAXED);
		ck_assert_int_eq(mpt_handle_new(&handles, o, o, &h), 0);
		ck_assert_uint_ne(h, last);
		ck_assert_uint_eq(mpt_handle_by_vgpu(&handles, o), h);
		__atomic_store_n(&live_handle, h, __ATOMIC_RELEASE);
		ck_assert(mpt_handle_free(&handles, h));
		ck_assert(!mpt_handle_free(&handles, h));
		ck_assert_ptr_null(mpt_handle_get(&handles, h));
		__atomic_store_n(o, 2, __ATOMIC_RELAXED);
		last = h;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

START_TEST(handles_run_out)
{
	unsigned long h[MPT_HANDLE_SLOTS], extra = 5;
	unsigned int i;

	for (i = 0; i < MPT_HANDLE_SLOTS; i++)
		ck_assert_int_eq(mpt_handle_new(&handles, &h, &h[i], &h[i]), 0);
	ck_assert_int_eq(mpt_handle_new(&handles, &h, &h, &extra), -ENOSPC);
	ck_assert_uint_eq(extra, 5);
	for (i = 0; i < MPT_HANDLE_SLOTS; i++)
		ck_assert_ptr_eq(mpt_handle_get(&handles, h[i]), &h);
	ck_assert_ptr_null(mpt_handle_get(&handles, 0));
	ck_assert_ptr_null(mpt_handle_get(&handles, ~0UL));
	for (i = 0; i < MPT_HANDLE_SLOTS; i++)
		ck_assert(mpt_handle_free(&handles, h[i]));
	for (i = 0; i < MPT_HANDLE_SLOTS; i++)
		ck_assert_ptr_null(mpt_handle_get(&handles, h[i]));
}
END_TEST

/* --- handle 0 in a table that gave out none yet --- */

#define FRESH_ROUNDS 10
#define STRETCH_US 10000

static unsigned int looking, given;

/* What mpt_handle_get(0) does, with the time between its two loads stretched. */
static void *handle_0_user(void *arg)
{
	const struct mpt_handle_slot *s = &handles.slot[0];
	unsigned long old = mpt_rcu_enter();
	unsigned long *found = arg;
	unsigned int i;

	*found = __atomic_load_n(&s->handle, __ATOMIC_ACQUIRE);
	__atomic_store_n(&looking, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 100 && !__atomic_load_n(&given, __ATOMIC_ACQUIRE); i++)
		usleep(STRETCH_US / 100);
	*found |= s->priv != NULL;
	mpt_rcu_leave(old);
	return NULL;
}

/* The second handle would be slot 0's: not before the look-ups of the zero in it have ended. */
START_TEST(slot_0_waits_for_look_ups_of_0)
{
	unsigned long h[3], found;
	pthread_t t;
	unsigned int i, k;

	for (i = 0; i < FRESH_ROUNDS; i++) {
		memset(&handles, 0, sizeof(handles));
		looking = given = 0;
		pthread_create(&t, NULL, handle_0_user, &found);
		while (!__atomic_load_n(&looking, __ATOMIC_ACQUIRE))
			usleep(1);
		for (k = 0; k < 3; k++)
			ck_assert_int_eq(mpt_handle_new(&handles, &h, &h[k], &h[k]), 0);
		ck_assert_ptr_eq(handles.slot[0].priv, &h);
		__atomic_store_n(&given, 1, __ATOMIC_RELEASE);
		pthread_join(t, NULL);
		ck_assert_uint_eq(found, 0);
		for (k = 0; k < 3; k++)
			ck_assert(mpt_handle_free(&handles, h[k]));
	}
}
END_TEST

static int object;
static unsigned int delivering, delivered;
static bool over;

/* Until the deliverer is at work again. */
static void await_delivery(void)
{
	unsigned int was = __atomic_load_n(&delivered, __ATOMIC_RELAXED);

	while (__atomic_load_n(&delivered, __ATOMIC_RELAXED) == was && in_time())
		sched_yield();
}

/*
 * It takes its time inside, so that who does not wait for it finds it there. Where it has seen that
 * it is to stop it begins nothing more: who waits under valgrind might see it inside each time.
 */
static void *deliverer(void *arg)
{
	unsigned int i;

	(void)arg;
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
			sched_yield();
			continue;
		}
		ck_assert(mpt_deliver_enter(&object));
		if (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
			for (i = 1; i < 200; i++)
				__atomic_store_n(&delivering, i, __ATOMIC_RELAXED);
			__atomic_store_n(&delivering, 0, __ATOMIC_RELAXED);
		}
		mpt_deliver_leave();
		__atomic_fetch_add(&delivered, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

START_TEST(quiesce_waits_for_deliveries)
{
	pthread_t t;
	int i;

	over = false;
	delivered = 0;
	pthread_create(&t, NULL, deliverer, NULL);
	for (i = 0; i < 200 && in_time(); i++) {
		await_delivery();
		__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
		ck_assert_int_eq(mpt_deliver_quiesce(&object), 0);
		ck_assert_uint_eq(__atomic_load_n(&delivering, __ATOMIC_RELAXED), 0);
		__atomic_store_n(&stop, false, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
}
END_TEST

START_TEST(quiesce_from_inside_is_refused)
{
	int other;

	ck_assert(mpt_deliver_enter(&object));
	ck_assert(mpt_deliver_enter(&other));
	ck_assert_int_eq(mpt_deliver_quiesce(&object), -EBUSY);
	ck_assert(mpt_deliver_enter(&other));
	ck_assert(mpt_deliver_enter(&other));
	ck_assert(!mpt_deliver_enter(&other));
	mpt_deliver_leave();
	mpt_deliver_leave();
	mpt_deliver_leave();
	mpt_deliver_leave();
	ck_assert_int_eq(mpt_deliver_quiesce(&object), 0);
}
END_TEST

static void fresh(void)
{
	stop = false;
	deadline = now() + SECONDS;
}

static Suite *suite(void)
{
	Suite *s = suite_create("rcu");
	TCase *tc = tcase_create("threads");

	tcase_add_checked_fixture(tc, fresh, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, sections_keep_what_they_read);
	tcase_add_test(tc, handles_die_cleanly);
	tcase_add_test(tc, handles_run_out);
	tcase_add_test(tc, slot_0_waits_for_look_ups_of_0);
	tcase_add_test(tc, quiesce_waits_for_deliveries);
	tcase_add_test(tc, quiesce_from_inside_is_refused);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("rcu", suites, 1);
}
