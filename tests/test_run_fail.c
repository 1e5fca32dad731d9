/* SPDX-License-Identifier: MIT */
/*
 * Fail-N over whole runs: the first, second, ... Nth call of the back end or allocation fails, and
 * each run ends with nothing left behind.
 */
#include "../tools/mmiotrace.h"
#include "run_rig.h"

#define SHORT_RECORDS 150
#define SHORT_GGTT 8
#define WHOLE_STEP 101
#define LIMIT 100000 /* a run that never completes is a defect too */

/* The beginning of a probe, and from further behind its sizes and its first GGTT entries. */
static const char *short_trace(void)
{
	const char *path = temp_path();
	FILE *out = fopen(path, "w");
	struct mmiotrace *in;
	struct mmiotrace_record rec;
	unsigned int n = 0, ggtt = 0;
	int ret;

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(mmiotrace_open(probe_path("6.1"), &in, NULL, 0), 0);
	while ((ret = mmiotrace_next(in, &rec)) > 0 && ggtt < SHORT_GGTT) {
		bool entry = rec.kind == MMIOTRACE_WRITE && rec.access.phys >= 0xc0800000;
		bool size = rec.kind == MMIOTRACE_READ && rec.access.phys >> 12 == 0xc0078;

		if (n++ < SHORT_RECORDS || entry || size)
			ck_assert_int_eq(mmiotrace_write_record(out, &rec), 0);
		ggtt += entry;
	}
	ck_assert_int_ge(ret, 0);
	ck_assert_uint_eq(ggtt, SHORT_GGTT);
	mmiotrace_close(in);
	ck_assert_int_eq(fclose(out), 0);
	return path;
}

/*
 * Two ends are told as unhealthy, and rightly so. A hypervisor that refuses to take a trap or a
 * mapping away when the vGPU goes leaves the core nothing to do but to detach; and a ledger without
 * memory for an entry says that it cannot vouch.
 */
static bool excused(void)
{
	unsigned int i;

	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		if (r.ledger.live[i])
			return false;
	if (r.fault && (!strcmp(r.fault, "set_trap_area") || !strcmp(r.fault, "map_gfn_to_mfn")))
		return r.ledger.left == 1 && !r.ledger.violations;
	return !r.fault && !r.ledger.left && strstr(r.violation, "out of memory: the ledger lost");
}

/* An error, or a verdict; nothing is left either way. */
static void check_end(unsigned long n)
{
	ck_assert_msg(session_ledger_empty(&r) || excused(), "%lu (%s): %s%s", n,
		      r.fault ? r.fault : "allocation", r.violation, r.left);
	ck_assert_msg(!r.err || r.vgpu.id == 0, "%lu: error %d, and yet it ran", n, r.err);
}

/* Return: how many runs had a failure. */
static unsigned long fail_calls(const char *trace, unsigned long step)
{
	unsigned long n, fired = 0;
	char spec[64];

	for (n = 1; n < LIMIT; n += step) {
		snprintf(spec, sizeof(spec), "fault=any:%lu,check,mock", n);
		run_on(spec, trace);
		check_end(n);
		if (!r.fault)
			break;
		fired++;
	}
	ck_assert_uint_lt(n, LIMIT);
	/* The last one ran to its end. */
	ck_assert_int_eq(r.err, 0);
	ck_assert(session_healthy(&r));
	return fired;
}

static unsigned long fail_allocations(const char *trace, unsigned long step)
{
	unsigned long n, fired = 0;

	for (n = 1; n < LIMIT; n += step) {
		mpt_alloc_fail_at(n);
		run_on("check,mock", trace);
		check_end(n);
		if (!mpt_alloc_failed())
			break;
		fired++;
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_lt(n, LIMIT);
	ck_assert_int_eq(r.err, 0);
	ck_assert(session_healthy(&r));
	return fired;
}

START_TEST(every_call_of_a_short_run)
{
	/* host_init, attach, trap and mapping, eight entries at the least. */
	ck_assert_uint_gt(fail_calls(short_trace(), 1), 12);
}
END_TEST

START_TEST(every_allocation_of_a_short_run)
{
	ck_assert_uint_gt(fail_allocations(short_trace(), 1), 12);
}
END_TEST

START_TEST(some_calls_of_a_whole_run)
{
	ck_assert_uint_gt(fail_calls(probe_path(probes[_i]), WHOLE_STEP), 3);
}
END_TEST

START_TEST(some_allocations_of_a_whole_run)
{
	ck_assert_uint_gt(fail_allocations(probe_path(probes[_i]), 7), 2);
}
END_TEST

static Suite *fail_suite(void)
{
	Suite *s = suite_create("run-fail");
	TCase *tc = tcase_create("fail-n");

	tcase_add_test(tc, every_call_of_a_short_run);
	tcase_add_test(tc, every_allocation_of_a_short_run);
	tcase_add_loop_test(tc, some_calls_of_a_whole_run, 0, N(probes));
	tcase_add_loop_test(tc, some_allocations_of_a_whole_run, 0, N(probes));
	rig_add(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { fail_suite };

	return mpt_test_main("run-fail", suites, N(suites));
}
