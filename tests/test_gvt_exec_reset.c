/* SPDX-License-Identifier: MIT */
/*
 * Engines that stop: resets of every kind at every point of submissions, a stopped ring, a reset
 * that is only asked for, a vGPU that is switched off or goes. The fake engines see to it that
 * nothing stays loaded, the rig that nothing is left.
 */
#include "exec_rig.h"
#include "lib/runner.h"

#define STOP 0x01000100U
#define GO 0x01000000U
#define IDLE 0x200U

/* Of two engines: both have lists, one waits in the middle, one is preempted. */
static void begin(struct exec *x)
{
	struct rig *r = &x->r[0];

	ctx_more(r, 0, 300);
	ctx_more(r, 1, 20);
	ctx_more(r, 2, 20);
	script(r, GVT_RCS, GVT_HW_WAIT, 0, 2);
	script(r, GVT_RCS, GVT_HW_MORE, 1, 3);
	script(r, GVT_RCS, GVT_HW_DONE, 1, 0);
	script(r, GVT_BCS, GVT_HW_WAIT, 0, 1);
	script(r, GVT_BCS, GVT_HW_MORE, 1, 1);
	submit(r, GVT_RCS, 0, 1);
	submit(r, GVT_BCS, 2, -1);
}

/* What the scenario does at its nth moment; false: it is over. */
static bool moment(struct exec *x, unsigned int n)
{
	struct rig *r = &x->r[0];

	switch (n) {
	case 0:
		begin(x);
		return true;
	case 3:
		ctx_more(r, 0, 10);
		submit(r, GVT_RCS, 0, 1); /* a lite restore, or a preemption */
		return true;
	case 6:
		ctx_more(r, 3, 200);
		submit(r, GVT_BCS, 3, 2);
		return true;
	default:
		gvt_run(r->gvt, 1 + n % 3);
		return n < 40;
	}
}

static void kind_engine(struct exec *x)
{
	rig_reg_set(&x->r[0], GDRST, 1U << 1 | 1U << 3);
}

static void kind_full(struct exec *x)
{
	rig_reg_set(&x->r[0], GDRST, 1);
}

static void kind_dmlr(struct exec *x)
{
	x->r[0].ops->vgpu_reset(x->r[0].vgpu);
	rig_cfg_place(&x->r[0]);
}

/* Power management's control and status are behind the capability; D3hot and back, then DMLR. */
static void kind_d3(struct exec *x)
{
	struct rig *r = &x->r[0];

	rig_cfg_write(r, 0xd4, 3, 2);
	ck_assert(r->v->d3);
	ck_assert(!fake(r, GVT_RCS)->loaded && !fake(r, GVT_BCS)->loaded);
	rig_cfg_write(r, 0xd4, 0, 2);
}

static void kind_release(struct exec *x)
{
	x->r[0].ops->vgpu_release(x->r[0].vgpu);
	x->r[0].ops->vgpu_activate(x->r[0].vgpu);
}

static const struct {
	const char *name;
	void (*reset)(struct exec *x);
} kinds[] = {
	{ "engines", kind_engine }, { "GT", kind_full }, { "DMLR", kind_dmlr },
	{ "D3hot", kind_d3 }, { "release", kind_release },
};

static void stopped_all(struct exec *x, const char *what, unsigned int n)
{
	struct rig *r = &x->r[0];
	enum gvt_engine e;

	for (e = 0; e < GVT_NUM_ENGINES; e++) {
		if (fake(r, e)->loaded || r->v->exec->engine[e].work.mm)
			ck_abort_msg("%s after %u: engine %d has something", what, n, e);
		if (ereg(r, e, 0x234) || ereg(r, e, 0x34) || ereg(r, e, MI_MODE) != IDLE)
			ck_abort_msg("%s after %u: engine %d shows something", what, n, e);
		fake(r, e)->steps = fake(r, e)->at = 0;
	}
	ck_assert(!gvt_run_pending(r->gvt));
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 0);
}

/* The driver resubmits: from where the image says. */
static void again(struct exec *x)
{
	struct rig *r = &x->r[0];

	exec_resume(x, 0);
	exec_contexts(r);
	msis(r);
	ctx_more(r, 0, 4);
	ctx_more(r, 1, 4);
	submit(r, GVT_RCS, 0, 1);
	submit(r, GVT_BCS, 2, -1);
	csb_is(x, GVT_RCS, { 1, 0 }, { 0x14, ctx_id(0) }, { 0x18, ctx_id(1) });
	csb_is(x, GVT_BCS, { 1, 0 }, { 0x18, ctx_id(2) });
	ck_assert_uint_eq(msis(r), 2);
}

/* _i: the kind. */
START_TEST(at_every_moment)
{
	unsigned int n, k;

	for (n = 0; n < 45; n++) {
		struct exec x;
		bool more = true;

		exec_open(&x);
		for (k = 0; k < n && more; k++)
			more = moment(&x, k);
		kinds[_i].reset(&x);
		stopped_all(&x, kinds[_i].name, n);
		again(&x);
		exec_close(&x);
		if (!more)
			break;
	}
	ck_assert_uint_gt(n, 20);
	ck_assert_uint_lt(n, 45);
}
END_TEST

START_TEST(destroyed_at_every_moment)
{
	unsigned int n, k;

	for (n = 0; n < 42; n++) {
		struct exec x;

		exec_open(&x);
		for (k = 0; k < n; k++)
			moment(&x, k);
		exec_destroy(&x, 0);
		ck_assert_uint_eq(gvt_run(x.r[0].gvt, 100), 0);
		exec_close(&x);
	}
}
END_TEST

/* The other engines' contexts go on where they were; a full reset stops them. */
START_TEST(one_engine_of_two)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	begin(&x);
	csb_is(&x, GVT_RCS, { 1, 0 });
	csb_is(&x, GVT_BCS, { 1, 0 });
	rig_reg_set(r, GDRST, 1U << 1);
	ck_assert(!fake(r, GVT_RCS)->loaded);
	ck_assert(fake(r, GVT_BCS)->loaded);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x3a0), 7);
	ck_assert_uint_eq(ereg(r, GVT_BCS, 0x3a0), 0x500);
	while (gvt_run(r->gvt, 100))
		;
	csb_none(&x, GVT_RCS);
	csb_is(&x, GVT_BCS, { 0x18, ctx_id(2) });
	exec_close(&x);
}
END_TEST

/* How i915 stops an engine before it resets it: the ring first, then the request. */
START_TEST(a_stopped_ring)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	fake(r, GVT_RCS)->endless = true;
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	ck_assert_uint_eq(ereg(r, GVT_RCS, MI_MODE), 0);
	ereg_set(r, GVT_RCS, MI_MODE, STOP);
	ck_assert_uint_eq(ereg(r, GVT_RCS, MI_MODE), IDLE | 0x100);
	ck_assert(!gvt_run_pending(r->gvt));
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 0);
	/* A list waits for a ring that is stopped. */
	submit(r, GVT_RCS, 1, -1);
	csb_none(&x, GVT_RCS);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x234) & 4, 4);
	fake(r, GVT_RCS)->endless = false;
	ereg_set(r, GVT_RCS, MI_MODE, GO);
	csb_is(&x, GVT_RCS, { 2, ctx_id(0) }, { 0x18, ctx_id(1) });
	ck_assert_uint_eq(ereg(r, GVT_RCS, MI_MODE), IDLE);
	exec_close(&x);
}
END_TEST

START_TEST(a_reset_that_is_asked_for)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 100);
	fake(r, GVT_VCS)->endless = true;
	submit(r, GVT_VCS, 0, -1);
	ereg_set(r, GVT_VCS, RESET_CTL, 0x00010001);
	ck_assert_uint_eq(ereg(r, GVT_VCS, RESET_CTL), 3);
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 0);
	/* Called off: it goes on. */
	fake(r, GVT_VCS)->endless = false;
	ereg_set(r, GVT_VCS, RESET_CTL, 0x00010000);
	csb_is(&x, GVT_VCS, { 1, 0 }, { 0x18, ctx_id(0) });
	/* Done: what was submitted is gone. */
	fake(r, GVT_VCS)->endless = true;
	ctx_more(r, 0, 100);
	submit(r, GVT_VCS, 0, 1);
	ereg_set(r, GVT_VCS, MI_MODE, STOP);
	ereg_set(r, GVT_VCS, RESET_CTL, 0x00010001);
	rig_reg_set(r, GDRST, 1U << 2);
	ck_assert_uint_eq(rig_reg(r, GDRST), 0);
	ereg_set(r, GVT_VCS, RESET_CTL, 0x00010000);
	ck_assert_uint_eq(ereg(r, GVT_VCS, MI_MODE), IDLE);
	ck_assert(!fake(r, GVT_VCS)->loaded);
	ck_assert(!gvt_run_pending(r->gvt));
	/* The guilty one's head is put behind what hung, the innocent is submitted as it was. */
	fake(r, GVT_VCS)->endless = false;
	exec_resume(&x, 0);
	img_set(r, 0, IMG_HEAD, img(r, 0, IMG_TAIL));
	submit(r, GVT_VCS, 0, 1);
	csb_is(&x, GVT_VCS, { 1, 0 }, { 0x14, ctx_id(0) }, { 0x18, ctx_id(1) });
	exec_close(&x);
}
END_TEST

static void stop_inside(struct fake_engine *e)
{
	e->client.reg_write(e->client.arg, exec_base[e->id] + MI_MODE, STOP);
}

/* A command stops its own ring: what runs ends its turn, and then nothing starts. */
START_TEST(stopped_by_a_command)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	fake(r, GVT_RCS)->inside = stop_inside;
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x14, ctx_id(0) });
	ck_assert(!gvt_run_pending(r->gvt));
	fake(r, GVT_RCS)->inside = NULL;
	ereg_set(r, GVT_RCS, MI_MODE, GO);
	csb_is(&x, GVT_RCS, { 0x18, ctx_id(1) });
	exec_close(&x);
}
END_TEST

/* Off: nothing is lost. A list that waits is the last one written. */
START_TEST(inactive)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 10);
	fake(r, GVT_RCS)->endless = true;
	submit(r, GVT_RCS, 0, -1);
	r->ops->vgpu_deactivate(r->vgpu);
	ck_assert(!gvt_run_pending(r->gvt));
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 0);
	submit(r, GVT_BCS, 2, -1);
	submit(r, GVT_BCS, 1, -1);
	csb_none(&x, GVT_BCS);
	ck_assert_uint_eq(rig_info(r).submissions, 3);
	ck_assert_uint_eq(ereg(r, GVT_BCS, 0x234), 4);
	fake(r, GVT_RCS)->endless = false;
	r->ops->vgpu_activate(r->vgpu);
	ck_assert(gvt_run_pending(r->gvt));
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 10 + load_cost(0));
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	csb_is(&x, GVT_BCS, { 1, 0 }, { 0x18, ctx_id(1) });
	exec_close(&x);
}
END_TEST

static Suite *exec_reset_suite(void)
{
	Suite *s = suite_create("gvt-exec-reset");
	TCase *tc = tcase_create("resets");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, at_every_moment, 0, N(kinds));
	tcase_add_test(tc, destroyed_at_every_moment);
	tcase_add_test(tc, one_engine_of_two);
	tcase_add_test(tc, a_stopped_ring);
	tcase_add_test(tc, a_reset_that_is_asked_for);
	tcase_add_test(tc, stopped_by_a_command);
	tcase_add_test(tc, inactive);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { exec_reset_suite };

	return mpt_test_main("gvt_exec_reset", suites, N(suites));
}
