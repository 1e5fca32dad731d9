/* SPDX-License-Identifier: MIT */
/* The stats layer: its counts of calls, failures and time, alone, stacked, from many threads. */
#include <pthread.h>

#include "layer_rig.h"

#define THREADS 24 /* more than there are stripes of their own */
#define CALLS 2000

static struct mpt_op_stats stats(enum mpt_op_id op)
{
	struct mpt_op_stats s;

	ck_assert_msg(!mpt_stats_get(host, op, &s), "%s", mpt_last_error());
	return s;
}

static u64 in_buckets(const struct mpt_op_stats *s)
{
	u64 n = 0;
	unsigned int i;

	for (i = 0; i < MPT_STATS_BUCKETS; i++)
		n += s->bucket[i];
	return n;
}

static void read_at(unsigned long gpa, int expect)
{
	u64 word;

	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, gpa, &word, 8), expect);
}

START_TEST(calls_and_failures)
{
	struct mpt_op_stats s;
	dma_addr_t dma;

	open_spec("stats,fault,mock");
	read_at(0, 0);
	read_at(8, 0);
	read_at(1UL << 40, -EFAULT);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_dma_map_guest_page, 1, -ENOMEM), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 1, 4096, &dma), -ENOMEM);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 1UL << 30, 4096, &dma),
			 -EFAULT);
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.calls, 3);
	ck_assert_uint_eq(s.failed, 1);
	ck_assert_uint_eq(s.num_errors, 1);
	ck_assert_int_eq(s.error[0].err, -EFAULT);
	ck_assert_uint_eq(s.error[0].calls, 1);
	s = stats(MPT_OP_ID_dma_map_guest_page);
	ck_assert_uint_eq(s.failed, 2);
	ck_assert_uint_eq(s.num_errors, 2);
	/* In the order of <mpt/error.h>. */
	ck_assert_int_eq(s.error[0].err, -EFAULT);
	ck_assert_int_eq(s.error[1].err, -ENOMEM);
	ck_assert_uint_eq(stats(MPT_OP_ID_attach_vgpu).calls, 1);
	ck_assert_uint_eq(stats(MPT_OP_ID_write_gpa).calls, 0);
	close_all();
}
END_TEST

/* A frame has no errno: ~0UL is a failure, a large frame or a false are none. */
START_TEST(answers_without_errno)
{
	struct mpt_op_stats s;

	open_spec("stats,mock");
	ck_assert(intel_gvt_hypervisor_gfn_to_mfn(&vgpu, 1) != INTEL_GVT_INVALID_ADDR);
	ck_assert(intel_gvt_hypervisor_gfn_to_mfn(&vgpu, 1UL << 30) == INTEL_GVT_INVALID_ADDR);
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(&vgpu, 1UL << 30));
	s = stats(MPT_OP_ID_gfn_to_mfn);
	ck_assert_uint_eq(s.calls, 2);
	ck_assert_uint_eq(s.failed, 1);
	ck_assert_uint_eq(s.num_errors, 0);
	s = stats(MPT_OP_ID_is_valid_gfn);
	ck_assert_uint_eq(s.calls, 1);
	ck_assert_uint_eq(s.failed, 0);
	close_all();
}
END_TEST

START_TEST(durations)
{
	struct mpt_op_stats s;
	u64 least = 0;
	unsigned int i;

	open_spec("stats,mock");
	for (i = 0; i < 1000; i++)
		read_at(8 * i, 0);
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.timed, 1000);
	ck_assert_uint_eq(in_buckets(&s), 1000);
	for (i = 1; i < MPT_STATS_BUCKETS; i++)
		least += s.bucket[i] << (i - 1);
	/* The sum lies between what its classes allow. */
	ck_assert_uint_ge(s.ns, least);
	if (!s.bucket[MPT_STATS_BUCKETS - 1])
		ck_assert_uint_le(s.ns, 2 * least);
	close_all();
}
END_TEST

START_TEST(calls_only)
{
	struct mpt_op_stats s;

	open_spec("stats=calls,mock");
	read_at(0, 0);
	read_at(1UL << 40, -EFAULT);
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.calls, 2);
	ck_assert_uint_eq(s.failed, 1);
	ck_assert_uint_eq(s.timed, 0);
	ck_assert_uint_eq(s.ns, 0);
	ck_assert_uint_eq(in_buckets(&s), 0);
	close_all();
}
END_TEST

/* Each layer of the stack is told of a handle that leads nowhere, also behind another one. */
START_TEST(dead_handles)
{
	struct mpt_op_stats s;
	struct mpt_ledger l;
	u64 word;

	open_spec("fault,stats,check,mock");
	ck_assert_int_eq(vgpu.mpt->read_gpa(0x123456, 0, &word, 8), -ESRCH);
	vgpu.mpt->dma_unmap_guest_page(0x123456, 0);
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.calls, 1);
	ck_assert_uint_eq(s.timed, 0);
	ck_assert_int_eq(s.error[0].err, -ESRCH);
	s = stats(MPT_OP_ID_dma_unmap_guest_page);
	ck_assert_uint_eq(s.failed, 1);
	ck_assert_int_eq(mpt_ledger_get(host, &l), 0);
	ck_assert_uint_eq(l.violations, 2);
	close_all();
}
END_TEST

START_TEST(reset)
{
	struct mpt_op_stats s;

	open_spec("stats,mock");
	read_at(0, 0);
	read_at(1UL << 40, -EFAULT);
	ck_assert_int_eq(mpt_stats_reset(host), 0);
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.calls + s.failed + s.ns + s.timed + s.num_errors + in_buckets(&s), 0);
	read_at(0, 0);
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.calls, 1);
	ck_assert_uint_eq(s.failed, 0);
	ck_assert_uint_eq(in_buckets(&s), 1);
	close_all();
}
END_TEST

static void *caller(void *arg)
{
	u64 word;
	int i;

	(void)arg;
	for (i = 0; i < CALLS; i++)
		if (intel_gvt_hypervisor_read_gpa(&vgpu, i % 4 ? 0 : 1UL << 40, &word, 8) !=
		    (i % 4 ? 0 : -EFAULT))
			return &vgpu;
	return NULL;
}

/* No call is lost, in stripes of one thread and in the one that the rest shares. */
START_TEST(threads)
{
	pthread_t t[THREADS];
	struct mpt_op_stats s;
	void *wrong;
	int i;

	open_spec("stats,mock");
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, caller, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
	s = stats(MPT_OP_ID_read_gpa);
	ck_assert_uint_eq(s.calls, THREADS * CALLS);
	ck_assert_uint_eq(s.failed, THREADS * CALLS / 4);
	ck_assert_uint_eq(s.error[0].calls, THREADS * CALLS / 4);
	ck_assert_uint_eq(in_buckets(&s), THREADS * CALLS);
	close_all();
}
END_TEST

START_TEST(refused)
{
	struct mpt_op_stats s = { .calls = 77 };
	struct mpt_host *h;

	ck_assert_int_eq(mpt_host_open("stats=time,mock", &h), -EINVAL);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "stats=calls"));
	open_spec("stats,mock");
	ck_assert_int_eq(mpt_stats_get(host, MPT_OP_COUNT, &s), -EINVAL);
	ck_assert_uint_eq(s.calls, 77);
	close_all();
	open_spec("mock");
	ck_assert_int_eq(mpt_stats_get(host, MPT_OP_ID_read_gpa, &s), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "stats,mock"));
	ck_assert_int_eq(mpt_stats_reset(host), -EOPNOTSUPP);
	ck_assert_uint_eq(s.calls, 77);
	close_all();
}
END_TEST

START_TEST(no_memory)
{
	struct mpt_host *h;
	unsigned long n;
	int ret;

	for (n = 1; n < 1000; n++) {
		mpt_alloc_fail_at(n);
		ret = mpt_host_open("stats,mock", &h);
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_int_eq(mpt_alloc_live(), 0);
	}
	mpt_alloc_fail_at(0);
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 2);
	ck_assert_int_eq(mpt_host_close(h), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("layers-stats");
	TCase *tc = tcase_create("stats");

	tcase_add_test(tc, calls_and_failures);
	tcase_add_test(tc, answers_without_errno);
	tcase_add_test(tc, durations);
	tcase_add_test(tc, calls_only);
	tcase_add_test(tc, dead_handles);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, threads);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, no_memory);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("layers-stats", suites, 1);
}
