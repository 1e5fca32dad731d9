/* SPDX-License-Identifier: MIT */
/*
 * Fail-N under the synthetic guest: a call of the back end or an allocation fails somewhere in its
 * life. What the guest then sees is its own matter; nothing is left, the device touches nothing
 * that is not mapped, and after a reset the same vGPU serves the next guest as if nothing had been.
 */
#include <stdio.h>

#include "guest_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define LIMIT 1000000

/* Not disable_page_track: a hypervisor that refuses it has a page left tracked, whatever we do. */
static const char *const ops[] = {
	"dma_map_guest_page", "enable_page_track", "read_gpa", "write_gpa", "inject_msi",
};

/* Ever further apart: most of the variety is in the beginning. */
static unsigned long after(unsigned long n)
{
	return n + n / 3 + 1;
}

static void next_guest_is_served(struct bed *b)
{
	const struct guest_result *r;

	gvt_ops()->vgpu_reset(b->vgpu[0]);
	bed_guest(b, 0, 3);
	guest_run(b->guest[0]);
	r = guest_result(b->guest[0]);
	ck_assert_msg(!*r->why, "after a reset: %s", r->why);
}

/* Return: whether a call was refused. */
static bool run_refused(const char *op, unsigned long n)
{
	char spec[96];
	enum mpt_op_id id;
	struct bed b;
	bool fired;

	snprintf(spec, sizeof(spec), "fault=%s:%lu,check,mock", op, n);
	bed_open(&b, spec, 1);
	bed_guest(&b, 0, 4);
	guest_run(b.guest[0]);
	fired = mpt_fault_fired(b.host, &id);
	if (fired)
		next_guest_is_served(&b);
	else
		ck_assert_msg(!*guest_result(b.guest[0])->why, "%s", guest_result(b.guest[0])->why);
	bed_close(&b);
	return fired;
}

START_TEST(refused_call)
{
	unsigned long n, runs = 0;

	for (n = 1; n < LIMIT && run_refused(ops[_i], n); n = after(n))
		runs++;
	ck_assert_uint_lt(n, LIMIT);
	ck_assert_uint_gt(runs, 10);
}
END_TEST

static bool run_without_memory(unsigned long n)
{
	struct bed b;
	bool failed;

	/* A ledger without memory for an entry could not vouch. */
	bed_open(&b, "mock", 1);
	bed_guest(&b, 0, 4);
	mpt_alloc_fail_at(n);
	guest_run(b.guest[0]);
	failed = mpt_alloc_failed();
	mpt_alloc_fail_at(0);
	if (failed)
		next_guest_is_served(&b);
	bed_close(&b);
	return failed;
}

START_TEST(refused_allocation)
{
	unsigned long n, runs = 0;

	for (n = 1; n < LIMIT && run_without_memory(n); n = after(n))
		runs++;
	ck_assert_uint_lt(n, LIMIT);
	ck_assert_uint_gt(runs, 8);
}
END_TEST

static Suite *fail_suite(void)
{
	Suite *s = suite_create("guest-fail");
	TCase *tc = tcase_create("fail-n");

	tcase_add_loop_test(tc, refused_call, 0, N(ops));
	tcase_add_test(tc, refused_allocation);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { fail_suite };

	return mpt_test_main("guest-fail", suites, N(suites));
}
