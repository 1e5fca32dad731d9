/* SPDX-License-Identifier: MIT */
/* mpt_fault_each() over scenarios that give back what they made, and over some that do not. */
#include "layer_rig.h"

#define PAGES 3

static dma_addr_t addr[PAGES];
static void *block;
static void *forgotten[8]; /* so that no sanitizer finds them */
static unsigned int num_forgotten;
static bool forget_page, forget_block, unmap_twice;
static unsigned int checks, prepares;

static void begin(const char *spec)
{
	/* Without fork() a test finds what another has left. */
	forget_page = forget_block = unmap_twice = false;
	checks = prepares = 0;
	open_spec(spec);
}

/* --- the scenario: a block of memory, then three pages, the first of them also tracked --- */

static void unmap(unsigned int n)
{
	while (n--)
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, addr[n]);
}

static void undo(void *arg)
{
	(void)arg;
	intel_gvt_hypervisor_disable_page_track(&vgpu, 0);
	unmap(PAGES);
	mpt_free(block);
}

static int run(void *arg)
{
	unsigned int n;
	int ret = -ENOMEM;

	(void)arg;
	block = mpt_zalloc(64);
	if (!block)
		return -ENOMEM;
	for (n = 0; n < PAGES; n++) {
		ret = intel_gvt_hypervisor_dma_map_guest_page(&vgpu, n, 4096, &addr[n]);
		if (ret)
			goto err_unmap;
	}
	ret = intel_gvt_hypervisor_enable_page_track(&vgpu, 0);
	if (!ret)
		return 0;
err_unmap:
	if (unmap_twice && n)
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, addr[0]);
	unmap(forget_page && n ? n - 1 : n);
	if (forget_block)
		forgotten[num_forgotten++] = block;
	else
		mpt_free(block);
	return ret;
}

static int count_check(void *arg, const struct mpt_fault_run *r)
{
	ck_assert_ptr_eq(arg, &checks);
	ck_assert_uint_eq(r->nth, checks++);
	ck_assert(r->fired == (r->ret < 0));
	return 0;
}

static int count_prepare(void *arg)
{
	(void)arg;
	prepares++;
	return 0;
}

static const struct mpt_fault_scenario scenario = {
	.prepare = count_prepare,
	.run = run,
	.undo = undo,
	.check = count_check,
	.arg = &checks,
};

START_TEST(clean)
{
	struct mpt_fault_report r;

	begin("check,fault,mock");
	ck_assert_msg(!mpt_fault_each(host, &scenario, &r), "%s", mpt_last_error());
	ck_assert_uint_eq(r.runs, PAGES + 1);
	ck_assert_uint_eq(r.survived + r.bad, 0);
	ck_assert_uint_eq(r.ops, 1U << MPT_OP_ID_dma_map_guest_page |
					 1U << MPT_OP_ID_enable_page_track);
	ck_assert_str_eq(r.sentence, "");
	/* One without a fault before, one after. */
	ck_assert_uint_eq(checks, PAGES + 3);
	ck_assert_uint_eq(prepares, PAGES + 3);
	close_all();
}
END_TEST

START_TEST(one_operation)
{
	struct mpt_fault_scenario s = scenario;
	struct mpt_fault_report r;

	s.ops = 1U << MPT_OP_ID_enable_page_track;
	s.err = ENOMEM;
	begin("check,fault,mock");
	ck_assert_msg(!mpt_fault_each(host, &s, &r), "%s", mpt_last_error());
	ck_assert_uint_eq(r.runs, 1);
	s.ops = 1U << MPT_OP_ID_detach_vgpu;
	ck_assert_int_eq(mpt_fault_each(host, &s, &r), -EINVAL);
	close_all();
}
END_TEST

/* The second mapping is the first that leaves one behind. */
START_TEST(a_page_is_forgotten)
{
	struct mpt_fault_report r;
	struct mpt_ledger l;

	begin("check,fault,mock");
	forget_page = true;
	ck_assert_int_eq(mpt_fault_each(host, &scenario, &r), -EIO);
	ck_assert_uint_gt(r.bad, 0);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), r.sentence));
	ck_assert_msg(strstr(r.sentence, "the 2nd operation, dma_map_guest_page, failing") ==
			      r.sentence, "%s", r.sentence);
	ck_assert_msg(strstr(r.sentence, "+1 dma"), "%s", r.sentence);
	ck_assert_msg(strstr(r.sentence, "begin, the DMA mapping of gfn 0x0 (") &&
		      strstr(r.sentence, "is held: operation 1 made it"), "%s", r.sentence);
	ck_assert_int_eq(mpt_ledger_get(host, &l), 0);
	ck_assert_uint_gt(l.live[MPT_LEDGER_DMA], 0);
	close_all();
}
END_TEST

START_TEST(an_unmap_too_many)
{
	struct mpt_fault_report r;

	begin("check,fault,mock");
	unmap_twice = true;
	ck_assert_int_eq(mpt_fault_each(host, &scenario, &r), -EIO);
	ck_assert_msg(strstr(r.sentence, "the 2nd operation"), "%s", r.sentence);
	ck_assert_msg(strstr(r.sentence, "+1 violations"), "%s", r.sentence);
	close_all();
}
END_TEST

/* Without a check layer allocations are compared alone. */
START_TEST(memory_is_forgotten)
{
	struct mpt_fault_report r;

	begin("fault,mock");
	forget_block = true;
	ck_assert_int_eq(mpt_fault_each(host, &scenario, &r), -EIO);
	ck_assert_uint_eq(r.bad, PAGES + 1);
	ck_assert_msg(strstr(r.sentence, "the 1st operation"), "%s", r.sentence);
	ck_assert_msg(strstr(r.sentence, "+1 allocations"), "%s", r.sentence);
	while (num_forgotten)
		mpt_free(forgotten[--num_forgotten]);
	close_all();
}
END_TEST

static int check_any(void *arg, const struct mpt_fault_run *r)
{
	(void)arg;
	ck_assert_int_eq(r->op, MPT_OP_COUNT);
	return 0;
}

/* Each allocation: the scenario's and the ledger's own, which costs an entry but no leftover. */
START_TEST(allocations)
{
	struct mpt_fault_scenario s = scenario;
	struct mpt_fault_report r;

	s.allocations = true;
	s.check = check_any;
	begin("check,fault,mock");
	ck_assert_msg(!mpt_fault_each(host, &s, &r), "%s", mpt_last_error());
	ck_assert_uint_gt(r.runs, 1);
	ck_assert_uint_gt(r.survived, 0);
	ck_assert_uint_eq(r.ops, 0);
	close_all();
}
END_TEST

static int refuse(void *arg)
{
	(void)arg;
	return -EBUSY;
}

static int always(void *arg)
{
	u64 word;

	(void)arg;
	intel_gvt_hypervisor_read_gpa(&vgpu, 0, &word, 8);
	return 0;
}

static int stop(void *arg, const struct mpt_fault_run *r)
{
	(void)arg;
	return r->nth ? -EACCES : 0;
}

static int take_block(void *arg)
{
	(void)arg;
	block = mpt_zalloc(64);
	if (block)
		forgotten[num_forgotten++] = block;
	return block ? 0 : -ENOMEM;
}

/* No host at all; what a success has made is not given back, either. */
START_TEST(without_host)
{
	struct mpt_fault_scenario s = { .allocations = true, .run = take_block };
	struct mpt_fault_report r;

	ck_assert_int_eq(mpt_fault_each(NULL, &s, &r), -EIO);
	ck_assert_uint_eq(r.runs, 1);
	ck_assert_uint_eq(r.bad, 1);
	ck_assert_str_eq(r.sentence,
			 "the run without a fault (the scenario answered 0) left: +1 allocations");
	while (num_forgotten)
		mpt_free(forgotten[--num_forgotten]);
}
END_TEST

START_TEST(refused)
{
	struct mpt_fault_scenario s = { .run = refuse };
	struct mpt_fault_report r;

	begin("fault,mock");
	ck_assert_int_eq(mpt_fault_each(host, &s, &r), -EINVAL);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "fails without a fault: -16 (-EBUSY)"));
	s = (struct mpt_fault_scenario){ .run = always, .check = stop };
	ck_assert_int_eq(mpt_fault_each(host, &s, NULL), -EACCES);
	s = (struct mpt_fault_scenario){ .run = always, .prepare = refuse };
	ck_assert_int_eq(mpt_fault_each(host, &s, NULL), -EBUSY);
	s = (struct mpt_fault_scenario){ .run = run, .undo = undo, .limit = 2 };
	ck_assert_int_eq(mpt_fault_each(host, &s, NULL), -ENOSPC);
	s = (struct mpt_fault_scenario){ .run = always };
	ck_assert_int_eq(mpt_fault_each(host, &s, &r), 0);
	ck_assert_uint_eq(r.survived, 1);
	close_all();
	begin("check,mock");
	ck_assert_int_eq(mpt_fault_each(host, &s, &r), -EOPNOTSUPP);
	close_all();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("layers-each");
	TCase *tc = tcase_create("each");

	tcase_add_test(tc, clean);
	tcase_add_test(tc, one_operation);
	tcase_add_test(tc, a_page_is_forgotten);
	tcase_add_test(tc, an_unmap_too_many);
	tcase_add_test(tc, memory_is_forgotten);
	tcase_add_test(tc, allocations);
	tcase_add_test(tc, without_host);
	tcase_add_test(tc, refused);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("layers-each", suites, 1);
}
