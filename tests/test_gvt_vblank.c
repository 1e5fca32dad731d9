/* SPDX-License-Identifier: MIT */
/*
 * Display time: vblanks and flips as a guest sees them when the embedder's timer runs, runs late,
 * runs backwards, or does not run at all.
 */
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PERIOD 16000000ULL
#define NEVER (~0ULL)
#define PIPECONF(p) (0x70008U + 0x1000 * (u32)(p))
#define FRAMES(p) (0x70040U + 0x1000 * (u32)(p))
#define PLANE_CTL(p) (0x70180U + 0x1000 * (u32)(p))
#define PLANE_SURF(p) (0x7019cU + 0x1000 * (u32)(p))
#define IIR(p) (0x44408U + 0x10 * (u32)(p))
#define ON (1U << 31)
#define ASYNC (1U << 9)
#define VBLANK (1U << 0)
#define FLIP (1U << 3)

/* Every pipe's vblank and flip unmasked, enabled, and the master on. */
static void rig_irqs(struct rig *r)
{
	u32 p;

	rig_open(r);
	for (p = 0; p < 3; p++) {
		rig_reg_set(r, IIR(p) - 4, ~(VBLANK | FLIP));
		rig_reg_set(r, IIR(p) + 4, VBLANK | FLIP);
	}
	rig_reg_set(r, 0x44200, ON);
}

static u32 iir_take(struct rig *r, u32 p)
{
	u32 iir = rig_reg(r, IIR(p));

	rig_reg_set(r, IIR(p), iir);
	return iir;
}

static unsigned int msis(struct rig *r)
{
	struct mpt_irq irq;
	unsigned int n = 0;

	while (!mpt_irq_take(r->vm, &irq))
		n++;
	return n;
}

/* _i: the pipe. */
START_TEST(one_pipe)
{
	struct rig r;
	u32 p;

	rig_irqs(&r);
	ck_assert_uint_eq(gvt_service(r.gvt, 1000), NEVER);
	rig_reg_set(&r, PIPECONF(_i), ON);
	ck_assert_uint_eq(gvt_service(r.gvt, 5000), PERIOD);
	ck_assert_uint_eq(gvt_service(r.gvt, 5000 + PERIOD - 1), 1);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(_i)), 0);
	ck_assert_uint_eq(msis(&r), 0);
	ck_assert_uint_eq(gvt_service(r.gvt, 5000 + PERIOD), PERIOD);
	ck_assert_uint_eq(msis(&r), 1);
	for (p = 0; p < 3; p++) {
		ck_assert_uint_eq(rig_reg(&r, FRAMES(p)), p == (u32)_i);
		ck_assert_uint_eq(iir_take(&r, p), p == (u32)_i ? VBLANK : 0);
	}
	rig_reg_set(&r, PIPECONF(_i), 0);
	ck_assert_uint_eq(gvt_service(r.gvt, 5000 + 2 * PERIOD), NEVER);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(_i)), 1);
	rig_close(&r);
}
END_TEST

#define PIPECONF_EDP 0x7f008U
#define DDI_FUNC_EDP 0x6f400U

/* The eDP transcoder alone; which pipe feeds it is told by an input, of which A has two. */
static const struct {
	u32 func;
	int pipe; /* -1: none */
} edp_rows[] = {
	{ ON | 0 << 12, 0 }, { ON | 4 << 12, 0 }, { ON | 5 << 12, 1 }, { ON | 6 << 12, 2 },
	{ ON | 1 << 12, -1 }, { ON | 7 << 12, -1 }, { 5 << 12, -1 }, { 0, -1 },
};

START_TEST(edp_drives_a_pipe)
{
	int pipe = edp_rows[_i].pipe, p;
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, DDI_FUNC_EDP, edp_rows[_i].func);
	ck_assert_uint_eq(gvt_service(r.gvt, 0), NEVER);
	rig_reg_set(&r, PIPECONF_EDP, ON);
	ck_assert_uint_eq(rig_reg(&r, PIPECONF_EDP), ON | ON >> 1);
	ck_assert_uint_eq(gvt_service(r.gvt, 0), pipe < 0 ? NEVER : PERIOD);
	gvt_service(r.gvt, PERIOD);
	for (p = 0; p < 3; p++)
		ck_assert_uint_eq(iir_take(&r, (u32)p), p == pipe ? VBLANK : 0);
	/* A flip that waits is dropped when the transcoder goes off. */
	if (pipe >= 0)
		rig_reg_set(&r, PLANE_SURF(pipe), 0x4000000);
	rig_reg_set(&r, PIPECONF_EDP, 0);
	rig_reg_set(&r, PIPECONF_EDP, ON);
	gvt_service(r.gvt, 2 * PERIOD);
	gvt_service(r.gvt, 3 * PERIOD);
	for (p = 0; p < 3; p++)
		ck_assert_uint_eq(iir_take(&r, (u32)p), p == pipe ? VBLANK : 0);
	rig_close(&r);
}
END_TEST

/* The nearest of several is told, and each keeps its own phase. */
START_TEST(pipes_have_phases)
{
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, PIPECONF(0), ON);
	ck_assert_uint_eq(gvt_service(r.gvt, 0), PERIOD);
	rig_reg_set(&r, PIPECONF(2), ON);
	ck_assert_uint_eq(gvt_service(r.gvt, 4000000), 12000000);
	ck_assert_uint_eq(gvt_service(r.gvt, 16000000), 4000000);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(0)), 1);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(2)), 0);
	ck_assert_uint_eq(gvt_service(r.gvt, 20000000), 12000000);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(0)), 1);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(2)), 1);
	rig_close(&r);
}
END_TEST

START_TEST(late_and_backwards)
{
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, PIPECONF(1), ON);
	gvt_service(r.gvt, 100);
	/* A hundred periods late: one vblank, and the next where it would have been. */
	ck_assert_uint_eq(gvt_service(r.gvt, 100 + 100 * PERIOD + 7), PERIOD - 7);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(1)), 1);
	ck_assert_uint_eq(msis(&r), 1);
	/* Backwards: no vblank, a new period. */
	ck_assert_uint_eq(gvt_service(r.gvt, 50), PERIOD);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(1)), 1);
	ck_assert_uint_eq(gvt_service(r.gvt, 50 + PERIOD), PERIOD);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(1)), 2);
	/* Both ends of time. */
	ck_assert_uint_le(gvt_service(r.gvt, ~0ULL), PERIOD);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(1)), 3);
	ck_assert_uint_eq(gvt_service(r.gvt, 0), PERIOD);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(1)), 3);
	rig_close(&r);
}
END_TEST

START_TEST(flips_without_a_timer)
{
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, PIPECONF(0), ON);
	rig_reg_set(&r, PLANE_SURF(0), 0x4000000);
	ck_assert_uint_eq(iir_take(&r, 0), FLIP);
	rig_close(&r);
}
END_TEST

/* _i: the pipe. The surface is live and counted at once; that it is, is told at the vblank. */
START_TEST(flips_wait)
{
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, PIPECONF(_i), ON);
	gvt_service(r.gvt, 0);
	rig_reg_set(&r, PLANE_SURF(_i), 0x4001000);
	ck_assert_uint_eq(rig_reg(&r, PLANE_SURF(_i) + 0x10), 0x4001000);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(_i) + 4), 1);
	gvt_service(r.gvt, PERIOD - 1);
	ck_assert_uint_eq(iir_take(&r, (u32)_i), 0);
	gvt_service(r.gvt, PERIOD);
	ck_assert_uint_eq(iir_take(&r, (u32)_i), FLIP | VBLANK);
	ck_assert_uint_eq(msis(&r), 2);
	gvt_service(r.gvt, 2 * PERIOD);
	ck_assert_uint_eq(iir_take(&r, (u32)_i), VBLANK);
	/* An asynchronous flip waits for nothing. */
	rig_reg_set(&r, PLANE_CTL(_i), ASYNC);
	rig_reg_set(&r, PLANE_SURF(_i), 0x4002000);
	ck_assert_uint_eq(iir_take(&r, (u32)_i), FLIP);
	rig_close(&r);
}
END_TEST

START_TEST(flips_are_dropped_with_the_pipe)
{
	struct rig r;

	rig_irqs(&r);
	gvt_service(r.gvt, 0);
	rig_reg_set(&r, PLANE_SURF(0), 0x4000000); /* the pipe is off */
	rig_reg_set(&r, PIPECONF(0), ON);
	gvt_service(r.gvt, 0);
	gvt_service(r.gvt, PERIOD);
	ck_assert_uint_eq(iir_take(&r, 0), VBLANK);
	rig_reg_set(&r, PLANE_SURF(0), 0x4001000);
	rig_reg_set(&r, PIPECONF(0), 0);
	rig_reg_set(&r, PIPECONF(0), ON);
	/* Off and on between two calls: also its phase is new. */
	ck_assert_uint_eq(gvt_service(r.gvt, 2 * PERIOD), PERIOD);
	ck_assert_uint_eq(iir_take(&r, 0), 0);
	gvt_service(r.gvt, 3 * PERIOD);
	ck_assert_uint_eq(iir_take(&r, 0), VBLANK);
	rig_close(&r);
}
END_TEST

START_TEST(inactive_and_reset)
{
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, PIPECONF(0), ON);
	gvt_service(r.gvt, 0);
	r.ops->vgpu_deactivate(r.vgpu);
	ck_assert_uint_eq(gvt_service(r.gvt, PERIOD), NEVER);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(0)), 0);
	r.ops->vgpu_activate(r.vgpu);
	ck_assert_uint_eq(gvt_service(r.gvt, PERIOD), PERIOD);
	rig_reg_set(&r, PLANE_SURF(0), 0x4000000);
	r.ops->vgpu_reset(r.vgpu);
	ck_assert_uint_eq(gvt_service(r.gvt, 2 * PERIOD), NEVER);
	ck_assert_uint_eq(r.v->vblank.flip | r.v->vblank.running, 0);
	rig_cfg_place(&r);
	rig_reg_set(&r, PIPECONF(0), ON);
	ck_assert_uint_eq(gvt_service(r.gvt, 2 * PERIOD), PERIOD);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	ck_assert_uint_eq(gvt_service(r.gvt, 3 * PERIOD), NEVER);
	rig_close(&r);
}
END_TEST

/* Masked, a vblank counts frames and tells nobody. */
START_TEST(masked)
{
	struct rig r;

	rig_irqs(&r);
	rig_reg_set(&r, IIR(0) - 4, ~0U);
	rig_reg_set(&r, PIPECONF(0), ON);
	gvt_service(r.gvt, 0);
	gvt_service(r.gvt, PERIOD);
	ck_assert_uint_eq(rig_reg(&r, FRAMES(0)), 1);
	ck_assert_uint_eq(rig_reg(&r, IIR(0)), 0);
	ck_assert_uint_eq(msis(&r), 0);
	rig_close(&r);
}
END_TEST

START_TEST(no_vgpu)
{
	struct rig r;

	rig_open(&r);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	r.vgpu = NULL;
	ck_assert_uint_eq(gvt_service(r.gvt, 1), NEVER);
	rig_close(&r);
}
END_TEST

static Suite *vblank_suite(void)
{
	Suite *s = suite_create("gvt-vblank");
	TCase *tc = tcase_create("time");

	tcase_add_loop_test(tc, one_pipe, 0, 3);
	tcase_add_loop_test(tc, edp_drives_a_pipe, 0, N(edp_rows));
	tcase_add_test(tc, pipes_have_phases);
	tcase_add_test(tc, late_and_backwards);
	tcase_add_test(tc, flips_without_a_timer);
	tcase_add_loop_test(tc, flips_wait, 0, 3);
	tcase_add_test(tc, flips_are_dropped_with_the_pipe);
	tcase_add_test(tc, inactive_and_reset);
	tcase_add_test(tc, masked);
	tcase_add_test(tc, no_vgpu);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { vblank_suite };

	return mpt_test_main("gvt_vblank", suites, N(suites));
}
