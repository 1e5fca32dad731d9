/* SPDX-License-Identifier: MIT */
/*
 * What submission has of a saved vGPU, over engines that do as a script says: lists at every moment
 * of theirs, contexts that are switched out by a save, engines that hang or are stopped. That real
 * work goes on elsewhere is shown by test_guest_move.c.
 */
#include <gvt/state.h>

#include "exec_rig.h"

#include "lib/runner.h"

struct blob {
	u8 *p;
	size_t len;
};

static int keep(void *arg, const void *buf, size_t len)
{
	struct blob *b = arg;

	b->p = malloc(len);
	b->len = len;
	memcpy(b->p, buf, len);
	return 0;
}

/* Away and back: all that is not in the state is forgotten by the reset. The memory stays. */
static void move(struct exec *x)
{
	struct rig *r = &x->r[0];
	struct blob b;
	u64 hash;

	r->ops->vgpu_deactivate(r->vgpu);
	hash = gvt_vgpu_hash(r->vgpu);
	rig_ok(gvt_vgpu_save(r->vgpu, keep, &b));
	r->ops->vgpu_reset(r->vgpu);
	rig_ok(gvt_vgpu_restore(r->vgpu, b.p, b.len));
	ck_assert_uint_eq(gvt_vgpu_hash(r->vgpu), hash);
	ck_assert(!gvt_run_pending(r->gvt));
	r->ops->vgpu_activate(r->vgpu);
	free(b.p);
}

static void run_all(struct exec *x)
{
	while (gvt_run(x->r[0].gvt, 100))
		;
}

/* --- in the middle of a list --- */

/* Saved @_i times on the way; at each only the context that is due is loaded again. */
START_TEST(two_contexts)
{
	struct exec x;
	struct rig *r = &x.r[0];
	int i;

	exec_open(&x);
	ctx_more(r, 0, 100);
	ctx_more(r, 1, 50);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 0);
	submit(r, GVT_RCS, 0, 1);
	for (i = 0; i < _i; i++) {
		gvt_run(r->gvt, 30);
		move(&x);
	}
	run_all(&x);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x14, ctx_id(0) }, { 0x18, ctx_id(1) });
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 400);
	ck_assert_uint_eq(img(r, 1, IMG_HEAD), 200);
	ck_assert_uint_eq(rig_info(r).completed, 2);
	exec_close(&x);
}
END_TEST

/* What the registers show is the same before and after, and the slots go on in turn. */
START_TEST(execlist_status)
{
	struct exec x;
	struct rig *r = &x.r[0];
	u32 status, head;
	int i;

	exec_open(&x);
	for (i = 0; i < 3; i++) {
		ctx_more(r, 0, 20);
		script(r, GVT_RCS, GVT_HW_MORE, 4096, 4);
		submit(r, GVT_RCS, 0, -1);
		status = ereg(r, GVT_RCS, 0x234);
		head = ereg(r, GVT_RCS, 0x34);
		ck_assert_uint_eq(status & 1, i % 2);
		move(&x);
		ck_assert_uint_eq(ereg(r, GVT_RCS, 0x234), status);
		ck_assert_uint_eq(ereg(r, GVT_RCS, 0x238), ctx_id(0));
		ck_assert_uint_eq(ereg(r, GVT_RCS, 0x34), head);
		run_all(&x);
		csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	}
	exec_close(&x);
}
END_TEST

/* A save without a move changes nothing: loaded again where it was. */
START_TEST(the_source_goes_on)
{
	struct exec x;
	struct rig *r = &x.r[0];
	struct blob b;

	exec_open(&x);
	ctx_more(r, 0, 100);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 7);
	submit(r, GVT_RCS, 0, -1);
	rig_ok(gvt_vgpu_save(r->vgpu, keep, &b)); /* active */
	free(b.p);
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 28);
	ck_assert(!fake(r, GVT_RCS)->loaded);
	ck_assert(gvt_run_pending(r->gvt));
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 0);
	run_all(&x);
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLrsLrs");
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	exec_close(&x);
}
END_TEST

/* --- what follows on the other side --- */

/* More for the context that was running: still a lite restore to the guest. */
START_TEST(lite_restore)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 7);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	move(&x);
	ctx_more(r, 0, 20);
	submit(r, GVT_RCS, 0, -1);
	run_all(&x);
	csb_is(&x, GVT_RCS, { 0x8002, ctx_id(0) }, { 0x18, ctx_id(0) });
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 480);
	exec_close(&x);
}
END_TEST

START_TEST(preemption)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	ctx_more(r, 1, 10);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 7);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	move(&x);
	submit(r, GVT_RCS, 1, 0);
	run_all(&x);
	csb_is(&x, GVT_RCS, { 2, ctx_id(0) }, { 0x14, ctx_id(1) }, { 0x18, ctx_id(0) });
	ck_assert_uint_eq(rig_info(r).preempted, 1);
	exec_close(&x);
}
END_TEST

/* A list that waits for an engine that was stopped. */
START_TEST(stopped)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	ctx_more(r, 1, 10);
	script(r, GVT_VECS, GVT_HW_MORE, 4096, 7);
	submit(r, GVT_VECS, 0, -1);
	ereg_set(r, GVT_VECS, MI_MODE, 0x01000100);
	submit(r, GVT_VECS, 1, -1);
	ck_assert_uint_eq(ereg(r, GVT_VECS, 0x234) & 4, 4);
	csb_is(&x, GVT_VECS, { 1, 0 });
	move(&x);
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 0);
	ck_assert_uint_eq(ereg(r, GVT_VECS, 0x234) & 4, 4);
	csb_none(&x, GVT_VECS);
	ereg_set(r, GVT_VECS, MI_MODE, 0x01000000);
	run_all(&x);
	csb_is(&x, GVT_VECS, { 2, ctx_id(0) }, { 0x18, ctx_id(1) });
	exec_close(&x);
}
END_TEST

/* It hangs on the other side, too; its image is as the guest has left it; a reset helps. */
START_TEST(hung)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	script(r, GVT_RCS, GVT_HW_HUNG, 100, 33);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x34), 132);
	move(&x);
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 0);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x34), 132);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x74), (u32)ctx_addr(r, 0) + CTX_RING + 132);
	submit(r, GVT_RCS, 1, -1);
	run_all(&x);
	csb_none(&x, GVT_RCS);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x34), 132);
	rig_reg_set(r, GDRST, 1U << 1);
	exec_resume(&x, 0);
	submit(r, GVT_RCS, 0, -1);
	run_all(&x);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	exec_close(&x);
}
END_TEST

/* The image is looked at anew: what the guest broke meanwhile hangs the engine, nothing else. */
START_TEST(broken_meanwhile)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 7);
	submit(r, GVT_RCS, 0, -1);
	move(&x);
	img_set(r, 0, IMG_CTL, 0);
	run_all(&x);
	ck_assert_uint_eq(rig_info(r).hung, 1);
	ck_assert_int_eq(rig_info(r).failsafe, GVT_FAILSAFE_NONE);
	exec_close(&x);
}
END_TEST

/* --- address spaces --- */

static void notify(struct rig *r, int what, u64 pdp)
{
	rig_write(r, GVT_PVINFO_OFFSET + 0x838, pdp, 8);
	rig_reg_set(r, GVT_PVINFO_OFFSET + 0x818, (u32)what);
}

/* One that a context uses as well stays the guest's; the order of use does not show. */
START_TEST(spaces)
{
	struct exec x;
	struct rig *r = &x.r[0];
	u64 hash;

	exec_open(&x);
	notify(r, 4, GPA_PML4);
	notify(r, 4, GPA_PML4 + 0x4000);
	hash = gvt_vgpu_hash(r->vgpu);
	notify(r, 5, GPA_PML4);
	ck_assert_uint_ne(gvt_vgpu_hash(r->vgpu), hash);
	notify(r, 4, GPA_PML4);
	rig_write(r, GVT_PVINFO_OFFSET + 0x838, GPA_PML4 + 0x4000, 8);
	ck_assert_uint_eq(gvt_vgpu_hash(r->vgpu), hash);
	ctx_more(r, 0, 100);
	ctx_more(r, 2, 100);
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 7);
	script(r, GVT_BCS, GVT_HW_MORE, 4096, 7);
	submit(r, GVT_RCS, 0, -1);
	submit(r, GVT_BCS, 2, -1);
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 3);
	move(&x);
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 2);
	ck_assert_uint_eq(rig_info(r).ppgtt_tables, 0);
	run_all(&x);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	csb_is(&x, GVT_BCS, { 1, 0 }, { 0x18, ctx_id(2) });
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 2);
	notify(r, 5, GPA_PML4);
	notify(r, 5, GPA_PML4 + 0x4000);
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 0);
	exec_close(&x);
}
END_TEST

/* As many as there can be; one more takes another's place. */
START_TEST(all_spaces)
{
	struct exec x;
	struct rig *r = &x.r[0];
	u64 i;

	exec_open(&x);
	for (i = 0; i < 4096; i++)
		notify(r, 4, (i * 37 % 4096) << 12);
	move(&x);
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 4096);
	notify(r, 4, 4096 << 12);
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 4096);
	for (i = 0; i <= 4096; i++)
		notify(r, 5, i << 12);
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 0);
	exec_close(&x);
}
END_TEST

static Suite *exec_suite(void)
{
	Suite *s = suite_create("gvt-state-exec");
	TCase *tc = tcase_create("exec");

	tcase_add_loop_test(tc, two_contexts, 0, 6);
	tcase_add_test(tc, execlist_status);
	tcase_add_test(tc, the_source_goes_on);
	tcase_add_test(tc, lite_restore);
	tcase_add_test(tc, preemption);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, hung);
	tcase_add_test(tc, broken_meanwhile);
	tcase_add_test(tc, spaces);
	tcase_add_test(tc, all_spaces);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { exec_suite };

	return mpt_test_main("gvt_state_exec", suites, 1);
}
