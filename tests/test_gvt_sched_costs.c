/* SPDX-License-Identifier: MIT */
/*
 * What loading a context costs its vGPU, and that it is paid, also when the load fails or is more
 * than a slice; the shares themselves are in test_gvt_sched.c.
 */
#include "lib/runner.h"
#include "sched_rig.h"

#define LOADS_TABLES 40U

/* The context has page tables without entries, 43 with those above. */
static void big_tree(struct rig *r, unsigned int ctx)
{
	u64 root = GPA_PML4 + ctx * 0x4000;
	u32 i, pt = (u32)(0x1000000 + ctx * 0x100000);

	ram_set(r, root, (u32)root + 0x1003);
	ram_set(r, root + 0x1000, (u32)root + 0x2003);
	for (i = 0; i < LOADS_TABLES; i++)
		ram_set(r, root + 0x2000 + 8 * i, (pt + 0x1000 * i) | 3);
}

/*
 * Contexts without a command, but with many tables that are looked at each time, from a guest in
 * debt: it has no more of the embedder's time than by its weight.
 */
START_TEST(loads_are_paid)
{
	static const u32 weights[2] = { 4, 4 };
	/* Nobody holds the address spaces in between, so three tables are made anew each time. */
	const u64 load = GVT_LOAD_COST + GVT_SPT_COMPARE_COST * (LOADS_TABLES + 3) +
			 3 * GVT_SPT_ENTRIES_COST;
	struct exec x;
	u64 since, before, done;
	unsigned int i;

	sched_open(&x, weights, 2);
	for (i = 0; i < 2; i++)
		big_tree(&x.r[0], i);
	since = endless(&x.r[1], GVT_RCS);
	submit(&x.r[0], GVT_RCS, 0, 1);
	before = rig_info(&x.r[0]).completed;
	for (i = 0; i < 2000; i++) {
		submit(&x.r[0], GVT_RCS, 0, 1);
		gvt_run(x.r[0].gvt, 4096);
	}
	done = rig_info(&x.r[0]).completed - before;
	ck_assert_uint_ge(done, 100);
	since = units(&x.r[1], since);
	ck_assert_msg(within(done * load, since, 10), "%llu loads beside %llu units",
		      (unsigned long long)done, (unsigned long long)since);
	exec_close(&x);
}
END_TEST

/* What a load costs: dwords of the ring, tables, what is made of them; also a lite restore. */
START_TEST(load_costs)
{
	const u64 made = GVT_SPT_COMPARE_COST + GVT_SPT_ENTRIES_COST;
	struct exec x;
	struct rig *r = &x.r[0];
	u64 since;

	exec_open(&x);
	script(r, GVT_RCS, GVT_HW_WAIT, 0, 0);
	script(r, GVT_RCS, GVT_HW_WAIT, 0, 0);
	big_tree(r, 0);
	ctx_more(r, 0, 100);
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(rig_info(r).units, GVT_LOAD_COST + 100 + 3 * made +
						     LOADS_TABLES * GVT_SPT_COMPARE_COST);
	if (!rig_has(r, MPT_CAP_PAGE_TRACK)) {
		exec_close(&x);
		return;
	}
	/* The tables are tracked, and none has changed. */
	since = rig_info(r).units;
	ctx_more(r, 0, 50);
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(rig_info(r).units - since, GVT_LOAD_COST + 150);
	exec_close(&x);
}
END_TEST

/* A page of 2 MiB that is none for the device has as many entries made as a table. */
START_TEST(a_split_page_costs)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open_spec(&x, "check,mock:contig=no", 1);
	ram_set(r, GPA_PML4, GPA_PML4 + 0x1003);
	ram_set(r, GPA_PML4 + 0x1000, GPA_PML4 + 0x2003);
	ram_set(r, GPA_PML4 + 0x2000, 0x1000083);
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(rig_info(r).completed, 1);
	ck_assert_uint_eq(rig_info(r).units, GVT_LOAD_COST + 3 * GVT_SPT_COMPARE_COST +
						     4 * GVT_SPT_ENTRIES_COST);
	exec_close(&x);
}
END_TEST

/* A load that fails has cost as much as it did: a reset and the same again are not free. */
START_TEST(failures_are_paid)
{
	struct exec x;
	struct rig *r = &x.r[0];
	u64 since;
	int i;

	exec_open(&x);
	ring_set(r, 0, 4 * 399, 0xffffffff);
	ctx_more(r, 0, 400);
	for (i = 1; i < 4; i++) {
		since = rig_info(r).units;
		submit(r, GVT_RCS, 0, -1);
		ck_assert_uint_eq(rig_info(r).hung, i);
		ck_assert_uint_eq(rig_info(r).units - since, GVT_LOAD_COST + 400);
		rig_reg_set(r, GDRST, 2);
		exec_resume(&x, 0);
	}
	/* No image, no ring: the attempt. */
	img_set(r, 0, IMG_CTL, 0);
	since = rig_info(r).units;
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(rig_info(r).hung, 4);
	ck_assert_uint_eq(rig_info(r).units - since, GVT_LOAD_COST);
	exec_close(&x);
}
END_TEST

/*
 * A slice ends with the load that it cannot pay, and the vGPU owes it: however deep that is, nobody
 * else's turn is late, and alone it goes on at once.
 */
START_TEST(a_load_beyond_the_slice)
{
	static const u32 weights[2] = { 1, 1 };
	struct exec x;
	struct rig *r = &x.r[0];
	u64 since;

	sched_open(&x, weights, 2);
	big_tree(r, 0);
	big_tree(r, 1);
	endless(&x.r[1], GVT_RCS);
	r->v->share.credit = -1;
	submit(r, GVT_RCS, 0, 1);
	csb_none(&x, GVT_RCS);
	r->v->share.credit = 10;
	x.r[1].v->share.credit = -1;
	gvt_run(r->gvt, 1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x14, ctx_id(0) });
	ck_assert_int_lt(r->v->share.credit, -4 * ROUND);
	since = units(&x.r[1], 0);
	gvt_run(r->gvt, 3 * ROUND);
	csb_none(&x, GVT_RCS);
	ck_assert_uint_eq(units(&x.r[1], since), 3 * ROUND);
	/* Rounds for a very deep debt are not counted one by one; nor do they make anybody rich. */
	r->ops->vgpu_deactivate(x.r[1].vgpu);
	r->v->share.credit = -(1LL << 50);
	gvt_run(r->gvt, 1);
	csb_is(&x, GVT_RCS, { 0x18, ctx_id(1) });
	ck_assert_int_eq(x.r[1].v->share.credit, 2 * ROUND);
	exec_close(&x);
}
END_TEST

static Suite *costs_suite(void)
{
	Suite *s = suite_create("gvt-sched-costs");
	TCase *tc = tcase_create("loads");

	tcase_add_test(tc, loads_are_paid);
	tcase_add_test(tc, load_costs);
	tcase_add_test(tc, a_split_page_costs);
	tcase_add_test(tc, failures_are_paid);
	tcase_add_test(tc, a_load_beyond_the_slice);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { costs_suite };

	return mpt_test_main("gvt_sched_costs", suites, N(suites));
}
