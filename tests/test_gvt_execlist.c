/* SPDX-License-Identifier: MIT */
/*
 * Submission as a driver sees it: lists of contexts, what is told of them, lite restores and
 * preemption, and what engines do with contexts that cannot be executed. Resets are in
 * test_gvt_exec_reset.c, shares of time in test_gvt_sched.c.
 */
#include "exec_rig.h"
#include "lib/runner.h"

#define IDLE_ACTIVE { 0x1, 0 }
#define COMPLETE(ctx) { 0x18, ctx_id(ctx) }
#define ELEMENT(ctx) { 0x14, ctx_id(ctx) }
#define LITE(ctx) { 0x8002, ctx_id(ctx) }
#define PREEMPTED(ctx) { 0x2, ctx_id(ctx) }

static const u32 iir_of[GVT_NUM_ENGINES] = { 0x44308, 0x44318, 0x44308, 0x44338 };
static const u32 iir_shift[GVT_NUM_ENGINES] = { 0, 0, 16, 0 };

/* _i: the engine. */
START_TEST(one_context)
{
	enum gvt_engine e = (enum gvt_engine)_i;
	struct gvt_vgpu_info info;
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	ring_set(r, 0, 12, FAKE_USER);
	msis(r);
	submit(r, e, 0, -1);
	csb_is(&x, e, IDLE_ACTIVE, COMPLETE(0));
	ck_assert_uint_eq(rig_reg(r, iir_of[e]), 0x101U << iir_shift[e]);
	ck_assert_uint_eq(msis(r), 2);
	ck_assert_str_eq(fake(r, e)->log, "RLrs");
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 32);
	ck_assert_uint_eq(ereg(r, e, 0x30), 32);
	ck_assert_uint_eq(ereg(r, e, 0x34), 32);
	ck_assert_uint_eq(ereg(r, e, 0x38), ctx_addr(r, 0) + CTX_RING);
	ck_assert_uint_eq(ereg(r, e, 0x3c), 1);
	ck_assert_uint_eq(ereg(r, e, 0x74), ctx_addr(r, 0) + CTX_RING + 32);
	ck_assert_uint_eq(ereg(r, e, 0x180), ctx_low(r, 0));
	ck_assert_uint_eq(ereg(r, e, 0x234), 0);
	ck_assert_uint_eq(ereg(r, e, 0x238), 0);
	ck_assert_uint_eq(ereg(r, e, MI_MODE), 0x200);
	ck_assert(!gvt_run_pending(r->gvt));
	info = rig_info(r);
	ck_assert_uint_eq(info.submissions, 1);
	ck_assert_uint_eq(info.completed, 1);
	ck_assert_uint_eq(info.units, load_cost(8) + 8);
	ck_assert_uint_eq(info.preempted + info.hung, 0);
	exec_close(&x);
}
END_TEST

/* Writes to memory: the image by the hardware, the entries, the pointer; and one interrupt. */
START_TEST(few_calls)
{
	static const struct {
		enum mpt_op_id op;
		unsigned int calls;
	} most[] = { { MPT_OP_ID_write_gpa, 3 }, { MPT_OP_ID_inject_msi, 1 } };
	struct exec x;
	struct rig *r = &x.r[0];
	size_t i;
	int n;

	exec_open_spec(&x, "check,fault,mock", 1);
	for (i = 0; i < N(most); i++) {
		for (n = 0; n < 2; n++) {
			rig_ok(mpt_fault_at(r->host, most[i].op, most[i].calls + (n == 0), 0));
			submit(r, GVT_RCS, 0, -1);
			ck_assert(mpt_fault_fired(r->host, NULL) == (n == 1));
			rig_ok(mpt_fault_at(r->host, MPT_OP_COUNT, 0, 0));
		}
	}
	exec_close(&x);
}
END_TEST

START_TEST(what_the_hardware_gets)
{
	const struct gvt_hw_work *w;
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	img_set(r, 2, IMG_HEAD, 0xabe00ff8); /* with a count of wraps above bit 20 */
	img_set(r, 2, IMG_TAIL, 0x10);
	ring_set(r, 2, 0xff8, 0x11);
	ring_set(r, 2, 0x0, 0x22);
	submit(r, GVT_BCS, 2, -1);
	w = &fake(r, GVT_BCS)->work;
	ck_assert_uint_eq(w->context, ctx_addr(r, 2));
	ck_assert_uint_eq(w->context_id, ctx_id(2));
	ck_assert(w->restore);
	ck_assert_int_eq(w->levels, 4);
	ck_assert_uint_eq(w->ring_start, ctx_addr(r, 2) + CTX_RING);
	ck_assert_uint_eq(w->ring_size, CTX_RING_SIZE);
	ck_assert_uint_eq(w->head, 0xff8);
	ck_assert_uint_eq(w->tail, 0x10);
	ck_assert_uint_eq(w->ring[0], 0x11);
	ck_assert_uint_eq(w->ring[2], 0x22);
	exec_close(&x);
}
END_TEST

/* Four page directories, of which one is not there. */
START_TEST(three_levels)
{
	u32 dw[4] = { 0, 0, ctx_id(1), 0 };
	struct exec x;
	struct rig *r = &x.r[0];
	int n;

	exec_open(&x);
	ctx_more(r, 1, 2);
	for (n = 0; n < 4; n++) {
		img_set(r, 1, IMG_PDP_UDW(n), 0);
		img_set(r, 1, IMG_PDP_LDW(n), n == 2 ? 0 : (u32)GPA_PML4 + 0x1000 * (u32)n);
	}
	dw[3] = (ctx_low(r, 1) & ~(3U << 3)) | 1U << 3;
	rig_ok(elsp_try(r, GVT_RCS, dw));
	csb_is(&x, GVT_RCS, IDLE_ACTIVE, COMPLETE(1));
	ck_assert_int_eq(fake(r, GVT_RCS)->work.levels, 3);
	/* The last directory is looked at as well; of four levels there is no second root. */
	img_set(r, 1, IMG_PDP_LDW(3), (u32)RIG_RAM + 0x1000);
	ctx_more(r, 1, 2);
	submit(r, GVT_RCS, 1, -1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE, COMPLETE(1));
	rig_ok(elsp_try(r, GVT_RCS, dw));
	csb_is(&x, GVT_RCS, IDLE_ACTIVE);
	ck_assert_uint_eq(rig_info(r).hung, 1);
	exec_close(&x);
}
END_TEST

START_TEST(two_elements)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 4);
	ctx_more(r, 1, 6);
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE, ELEMENT(0), COMPLETE(1));
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLrsLrs");
	ck_assert_uint_eq(rig_info(r).completed, 2);
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 16);
	ck_assert_uint_eq(img(r, 1, IMG_HEAD), 24);
	exec_close(&x);
}
END_TEST

/* An element's image is read when its turn comes; the status register says whose it is. */
START_TEST(elements_have_turns)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	msis(r);
	ctx_more(r, 0, 4);
	ctx_more(r, 1, 2);
	script(r, GVT_VCS, GVT_HW_MORE, 4096, 1);
	script(r, GVT_VCS, GVT_HW_MORE, 10, 0);
	script(r, GVT_VCS, GVT_HW_DONE, 10, 0);
	script(r, GVT_VCS, GVT_HW_MORE, 4096, 0);
	submit(r, GVT_VCS, 0, 1);
	csb_is(&x, GVT_VCS, IDLE_ACTIVE);
	ck_assert_uint_eq(msis(r), 1);
	/* Where nothing is to tell, nothing is told. */
	ck_assert_uint_eq(gvt_run(r->gvt, 10), 10);
	ck_assert_uint_eq(msis(r), 0);
	/* Slot 0, element 0; the next list goes to slot 1. */
	ck_assert_uint_eq(ereg(r, GVT_VCS, 0x234), 0x44012);
	ck_assert_uint_eq(ereg(r, GVT_VCS, 0x238), ctx_id(0));
	ck_assert_uint_eq(ereg(r, GVT_VCS, 0x34), 4);
	ck_assert_uint_eq(ereg(r, GVT_VCS, MI_MODE), 0);
	ck_assert(gvt_run_pending(r->gvt));
	ctx_more(r, 1, 2);
	/* The load of the second comes on top of what was left for it. */
	ck_assert_uint_eq(gvt_run(r->gvt, 20), 20 + load_cost(4));
	csb_is(&x, GVT_VCS, ELEMENT(0));
	ck_assert_uint_eq(ereg(r, GVT_VCS, 0x234), 0x48012);
	ck_assert_uint_eq(ereg(r, GVT_VCS, 0x238), ctx_id(1));
	ck_assert_uint_eq(fake(r, GVT_VCS)->work.tail, 16);
	ck_assert_uint_eq(gvt_run(r->gvt, 4096), 4);
	csb_is(&x, GVT_VCS, COMPLETE(1));
	submit(r, GVT_VCS, 2, -1);
	csb_is(&x, GVT_VCS, IDLE_ACTIVE, COMPLETE(2));
	exec_close(&x);
}
END_TEST

/* One context uses the time up to its last unit; the next one's turn is when there is more. */
START_TEST(no_time_left)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 4);
	script(r, GVT_VCS, GVT_HW_DONE, 4096, 0);
	submit(r, GVT_VCS, 0, 1);
	csb_is(&x, GVT_VCS, IDLE_ACTIVE, ELEMENT(0));
	ck_assert(gvt_run_pending(r->gvt));
	gvt_run(r->gvt, 1);
	csb_is(&x, GVT_VCS, COMPLETE(1));
	exec_close(&x);
}
END_TEST

START_TEST(lite_restore)
{
	struct exec x;
	struct rig *r = &x.r[0];
	const struct gvt_hw_work *w;
	const u32 *before;

	exec_open(&x);
	ctx_more(r, 0, 8);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 6);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 1);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE);
	/* Of the image only the tail counts now. */
	ctx_more(r, 0, 4);
	img_set(r, 0, IMG_HEAD, 0x7777);
	img_set(r, 0, IMG_START, 0);
	img_set(r, 0, IMG_CTL, 0);
	img_set(r, 0, IMG_PDP_LDW(0), 0x1001);
	before = fake(r, GVT_RCS)->work.ring;
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, LITE(0));
	/* The hardware had the old commands until it got the new ones. */
	ck_assert_ptr_ne(fake(r, GVT_RCS)->work.ring, before);
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLrlr");
	w = &fake(r, GVT_RCS)->work;
	ck_assert(!w->restore);
	ck_assert_uint_eq(w->head, 24);
	ck_assert_uint_eq(w->tail, 48);
	ck_assert_uint_eq(w->ring_size, CTX_RING_SIZE);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x234), 0x24009);
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 5 + load_cost(0));
	csb_is(&x, GVT_RCS, ELEMENT(0), COMPLETE(1));
	ck_assert_uint_eq(rig_info(r).preempted, 0);
	exec_close(&x);
}
END_TEST

/* Of a list's second context, too, while that one runs. */
START_TEST(lite_restore_of_the_second)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 2);
	ctx_more(r, 1, 2);
	script(r, GVT_RCS, GVT_HW_DONE, 2, 0);
	script(r, GVT_RCS, GVT_HW_WAIT, 0, 0);
	script(r, GVT_RCS, GVT_HW_WAIT, 0, 0);
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE, ELEMENT(0));
	ctx_more(r, 1, 2);
	submit(r, GVT_RCS, 1, 2);
	csb_is(&x, GVT_RCS, LITE(1));
	gvt_run(r->gvt, 100);
	csb_is(&x, GVT_RCS, ELEMENT(1), COMPLETE(2));
	exec_close(&x);
}
END_TEST

/* The tables are checked again: what a lite restore adds was mapped after the first load. */
START_TEST(lite_restore_that_cannot_be)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 0);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE);
	img_set(r, 0, IMG_TAIL, 0x44);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, LITE(0));
	ck_assert_uint_eq(rig_info(r).hung, 1);
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLr");
	ck_assert(!gvt_run_pending(r->gvt));
	exec_close(&x);
}
END_TEST

START_TEST(preemption)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	ctx_more(r, 1, 4);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 3);
	submit(r, GVT_RCS, 0, 2);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE);
	submit(r, GVT_RCS, 1, -1);
	csb_is(&x, GVT_RCS, PREEMPTED(0), COMPLETE(1));
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLrsLrs");
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 12);
	ck_assert_uint_eq(rig_info(r).preempted, 1);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE, COMPLETE(0));
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 32);
	ck_assert_uint_eq(rig_info(r).units, 4096 + load_cost(4) + 4 + load_cost(5) + 5);
	exec_close(&x);
}
END_TEST

/* Another id over one image is another context; a forced restore is no lite one. */
START_TEST(no_lite_restore)
{
	u32 dw[4] = { 0 };
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 3);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 1);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, IDLE_ACTIVE);
	dw[2] = ctx_id(0);
	dw[3] = ctx_low(r, 0) | 1U << 2;
	rig_ok(elsp_try(r, GVT_RCS, dw));
	csb_is(&x, GVT_RCS, PREEMPTED(0));
	ck_assert_uint_eq(fake(r, GVT_RCS)->work.head, 12);
	dw[2] = 0x999;
	dw[3] = ctx_low(r, 0);
	rig_ok(elsp_try(r, GVT_RCS, dw));
	csb_is(&x, GVT_RCS, PREEMPTED(0), { 0x18, 0x999 });
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLrsLrsLrs");
	exec_close(&x);
}
END_TEST

/* Entry 0 follows on entry 5; also when two entries of one flush are on both sides. */
START_TEST(csb_wraps)
{
	struct exec x;
	struct rig *r = &x.r[0];
	unsigned int i;

	exec_open(&x);
	for (i = 0; i < 13; i++) {
		ctx_more(r, 0, 2);
		ctx_more(r, 1, 2);
		submit(r, GVT_VECS, 0, i % 3 ? 1 : -1);
		if (i % 3)
			csb_is(&x, GVT_VECS, IDLE_ACTIVE, ELEMENT(0), COMPLETE(1));
		else
			csb_is(&x, GVT_VECS, IDLE_ACTIVE, COMPLETE(0));
	}
	/* The pointer as a reset leaves it: entry 0 is next. */
	ereg_set(r, GVT_VECS, 0x3a0, 0x00070007);
	ram_set(r, GPA_HWS + GVT_VECS * 0x1000 + 0x7c, 5);
	x.csb_seen[0][GVT_VECS] = 5;
	submit(r, GVT_VECS, 0, -1);
	csb_is(&x, GVT_VECS, IDLE_ACTIVE, COMPLETE(0));
	ck_assert_uint_eq(ereg(r, GVT_VECS, 0x3a0) & 7, 1);
	/* The guest's read pointer is its own. */
	ck_assert_uint_eq(ereg(r, GVT_VECS, 0x3a0) >> 8, 5);
	exec_close(&x);
}
END_TEST

/* Without a status page, or with one that is not there, registers and interrupts have to do. */
START_TEST(no_status_page)
{
	struct exec x;
	struct rig *r = &x.r[0];
	int n;

	exec_open(&x);
	for (n = 0; n < 2; n++) {
		if (n)
			exec_pte(r, r->v->low.start + HWS, 0);
		ereg_set(r, GVT_RCS, 0x80, n ? (u32)(r->v->low.start + HWS) : 0);
		rig_reg_set(r, iir_of[GVT_RCS], ~0U);
		submit(r, GVT_RCS, 0, -1);
		csb_none(&x, GVT_RCS);
		ck_assert_uint_eq(ereg(r, GVT_RCS, 0x370 + 16 * (u32)n), 0x1);
		ck_assert_uint_eq(ereg(r, GVT_RCS, 0x378 + 16 * (u32)n), 0x18);
		ck_assert_uint_eq(rig_reg(r, iir_of[GVT_RCS]), 0x100);
		ck_assert_uint_eq(rig_info(r).errors, 0);
	}
	exec_close(&x);
}
END_TEST

/* No status page is none at graphics address 0, even where that is the vGPU's own. */
START_TEST(no_status_page_at_0)
{
	struct gvt_config config = { .size = 0 };
	struct exec x;
	struct rig *r = &x.r[0];

	exec_device(&x, RIG_SPEC, &config);
	x.low = 0;
	exec_vgpu(&x, 0, 1);
	x.vgpus = 1;
	exec_pte(r, 0, 0x700001);
	ereg_set(r, GVT_RCS, 0x80, 0);
	submit(r, GVT_RCS, 1, -1);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x378), 0x18);
	ck_assert_uint_eq(ram_get(r, 0x700040), 0);
	exec_close(&x);
}
END_TEST

static void notify_inside(struct fake_engine *e)
{
	e->client.event(e->client.arg, e->id, GVT_HW_NOTIFY);
}

START_TEST(notify)
{
	enum gvt_engine e = (enum gvt_engine)_i;
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	fake(r, e)->inside = notify_inside;
	submit(r, e, 0, -1);
	ck_assert_uint_eq(rig_reg(r, iir_of[e]), 0x110U << iir_shift[e]);
	exec_close(&x);
}
END_TEST

/* PV MMIO: one trapped write is a submission of the same kind. */
START_TEST(pv_submission)
{
	struct exec x;
	struct rig *r = &x.r[0];
	u32 low;

	exec_open(&x);
	if (!rig_has(r, MPT_CAP_PVMMIO)) {
		mpt_test_skip("no PV MMIO here");
		exec_close(&x);
		return;
	}
	ctx_more(r, 0, 2);
	rig_reg_set(r, GVT_PVINFO_OFFSET + 0x860, GVT_PVMMIO_ELSP);
	rig_reg_set(r, GVT_MMIO_SIZE, ctx_id(1));
	rig_reg_set(r, GVT_MMIO_SIZE + 4, ctx_low(r, 1));
	rig_reg_set(r, GVT_MMIO_SIZE + 8, ctx_id(0));
	low = ctx_low(r, 0);
	rig_reg_set(r, 0x22230, low);
	csb_is(&x, GVT_BCS, IDLE_ACTIVE, ELEMENT(0), COMPLETE(1));
	ck_assert_uint_eq(rig_info(r).submissions, 1);
	exec_close(&x);
}
END_TEST

START_TEST(refused_lists_execute_nothing)
{
	u32 dw[4] = { 0, 0, ctx_id(0), 0 };
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	dw[3] = ctx_low(r, 0) & ~1U;
	ck_assert_int_eq(elsp_try(r, GVT_RCS, dw), -EINVAL);
	dw[3] = ctx_low(r, 0) & ~(1U << 8);
	ck_assert_int_eq(elsp_try(r, GVT_RCS, dw), -EINVAL);
	dw[3] = ctx_low(r, 0);
	dw[1] = ctx_low(r, 1) & ~(1U << 8);
	ck_assert_int_eq(elsp_try(r, GVT_RCS, dw), -EINVAL);
	/* As a legacy ring the engine has no submission port. */
	ereg_set(r, GVT_RCS, 0x29c, 0x80000000);
	submit(r, GVT_RCS, 0, -1);
	csb_none(&x, GVT_RCS);
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "R");
	ck_assert_uint_eq(rig_info(r).submissions, 0);
	exec_close(&x);
}
END_TEST

static Suite *execlist_suite(void)
{
	Suite *s = suite_create("gvt-execlist");
	TCase *tc = tcase_create("lists");

	tcase_add_loop_test(tc, one_context, 0, GVT_NUM_ENGINES);
	tcase_add_test(tc, few_calls);
	tcase_add_test(tc, what_the_hardware_gets);
	tcase_add_test(tc, three_levels);
	tcase_add_test(tc, two_elements);
	tcase_add_test(tc, elements_have_turns);
	tcase_add_test(tc, no_time_left);
	tcase_add_test(tc, lite_restore);
	tcase_add_test(tc, lite_restore_of_the_second);
	tcase_add_test(tc, lite_restore_that_cannot_be);
	tcase_add_test(tc, preemption);
	tcase_add_test(tc, no_lite_restore);
	suite_add_tcase(s, tc);

	tc = tcase_create("told");
	tcase_add_test(tc, csb_wraps);
	tcase_add_test(tc, no_status_page);
	tcase_add_test(tc, no_status_page_at_0);
	tcase_add_loop_test(tc, notify, 0, GVT_NUM_ENGINES);
	tcase_add_test(tc, pv_submission);
	tcase_add_test(tc, refused_lists_execute_nothing);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { execlist_suite };

	return mpt_test_main("gvt_execlist", suites, N(suites));
}
