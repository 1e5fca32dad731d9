/* SPDX-License-Identifier: MIT */
/*
 * Shares of time: by weight, in spite of batches that never end, of debts and of semaphores; and
 * vGPUs that submit, reset and go while several threads run the engines. What is executed is the
 * matter of test_gvt_execlist.c, what a load costs that of test_gvt_sched_costs.c.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "lib/runner.h"
#include "sched_rig.h"

START_TEST(shares_are_weights)
{
	static const u32 weights[4] = { 1, 2, 5, 16 };
	u64 since[4], sum = 0;
	struct exec x;
	int i;

	sched_open(&x, weights, 4);
	for (i = 0; i < 4; i++)
		since[i] = endless(&x.r[i], GVT_RCS);
	ck_assert_uint_eq(gvt_run(x.r[0].gvt, 200 * 24 * ROUND), 200 * 24 * ROUND);
	for (i = 0; i < 4; i++) {
		u64 got = units(&x.r[i], since[i]);

		sum += got;
		ck_assert_msg(within(got, 200ULL * weights[i] * ROUND, 5), "weight %u: %llu units",
			      weights[i], (unsigned long long)got);
	}
	ck_assert_uint_eq(sum, 200 * 24 * ROUND);
	exec_close(&x);
}
END_TEST

/* Nor do budgets of any size make a difference. */
START_TEST(the_budget_is_kept)
{
	static const u32 weights[2] = { 4, 4 };
	static const u64 budgets[] = { 1, 7, 4095, 4096, 4097, 100000 };
	u64 since[2], before;
	struct exec x;
	size_t i;

	sched_open(&x, weights, 2);
	ck_assert_uint_eq(gvt_run(x.r[0].gvt, 1000), 0);
	since[0] = endless(&x.r[0], GVT_RCS);
	since[1] = endless(&x.r[1], GVT_BCS);
	ck_assert(gvt_run_pending(x.r[0].gvt));
	ck_assert_uint_eq(gvt_run(x.r[0].gvt, 0), 0);
	while (x.r[0].v->share.credit < 20 || x.r[1].v->share.credit < 20)
		gvt_run(x.r[0].gvt, 1);
	/* With credit for both it is turn and turn about. */
	before = units(&x.r[0], since[0]);
	for (i = 0; i < 10; i++)
		ck_assert_uint_eq(gvt_run(x.r[0].gvt, 1), 1);
	ck_assert_uint_eq(units(&x.r[0], since[0]), before + 5);
	for (i = 0; i < N(budgets); i++)
		ck_assert_uint_eq(gvt_run(x.r[0].gvt, budgets[i]), budgets[i]);
	for (i = 0; i < 50000; i++) {
		if (gvt_run(x.r[0].gvt, 3) != 3)
			ck_abort_msg("after %zu", i);
	}
	ck_assert(within(units(&x.r[0], since[0]), units(&x.r[1], since[1]), 15));
	exec_close(&x);
}
END_TEST

/* Of one vGPU, too: an endless batch leaves time to its other engines. */
START_TEST(engines_share)
{
	struct exec x;
	struct rig *r = &x.r[0];
	int i;

	exec_open(&x);
	endless(r, GVT_RCS);
	endless(r, GVT_VCS);
	fake(r, GVT_RCS)->calls = fake(r, GVT_VCS)->calls = 0;
	ck_assert_uint_eq(gvt_run(r->gvt, 3), 3);
	ck_assert_uint_eq(fake(r, GVT_RCS)->calls, 1);
	ck_assert_uint_eq(fake(r, GVT_VCS)->calls, 1);
	for (i = 0; i < 9; i++)
		gvt_run(r->gvt, 1);
	ck_assert_uint_ge(fake(r, GVT_RCS)->calls, 3);
	ck_assert_uint_ge(fake(r, GVT_VCS)->calls, 3);
	for (i = 0; i < 20; i++) {
		ctx_more(r, 1, 100);
		submit(r, GVT_BCS, 1, -1);
		gvt_run(r->gvt, 1000);
		csb_is(&x, GVT_BCS, { 1, 0 }, { 0x18, ctx_id(1) });
	}
	exec_close(&x);
}
END_TEST

/* A submission is executed in the thread that makes it, whatever others do: up to the debt. */
START_TEST(debt)
{
	static const u32 weights[2] = { 2, 2 };
	unsigned int inside = 0, i;
	struct exec x;
	struct rig *r = &x.r[0];

	sched_open(&x, weights, 2);
	/* Alone there is nobody to owe to. */
	for (i = 0; i < 20; i++) {
		ctx_more(r, 1, 800);
		submit(r, GVT_RCS, 1, -1);
		csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(1) });
	}
	ck_assert_int_ge(r->v->share.credit, 0);
	endless(&x.r[1], GVT_RCS);
	for (i = 0; i < 20; i++) {
		ctx_more(r, 1, 800);
		submit(r, GVT_RCS, 1, -1);
		if (gvt_vreg(r->v, 0x2234))
			break;
		csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(1) });
		inside++;
	}
	/* It had two rounds' worth at most, and now owes one submission's at most. */
	ck_assert_uint_ge(inside, 1);
	ck_assert_uint_le(inside, 6);
	ck_assert_int_lt(r->v->share.credit, 0);
	ck_assert_int_ge(r->v->share.credit, -4096);
	csb_none(&x, GVT_RCS);
	/* It has its turn after the rounds that pay the debt. */
	gvt_run(r->gvt, 6 * 2 * 2 * ROUND);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(1) });
	/* A debt towards somebody who is gone is none. */
	while (r->v->share.credit >= 0) {
		ctx_more(r, 1, 800);
		submit(r, GVT_RCS, 1, -1);
		csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(1) });
	}
	r->ops->vgpu_deactivate(x.r[1].vgpu);
	ctx_more(r, 1, 800);
	submit(r, GVT_RCS, 1, -1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(1) });
	exec_close(&x);
}
END_TEST

/* A debt is bounded, however much was used at once, and so is what can be saved up. */
START_TEST(bounds)
{
	static const u32 weights[3] = { 1, 1, 1 };
	struct exec x;
	u64 since;
	int i;

	sched_open(&x, weights, 3);
	since = endless(&x.r[1], GVT_RCS);
	endless(&x.r[0], GVT_RCS);
	for (i = 0; i < 3; i++)
		submit(&x.r[0], GVT_RCS, 0, -1);
	ck_assert_int_eq(x.r[0].v->share.credit, -4 * ROUND);
	/* Idle for a hundred rounds: two are kept. A turn never ends in a debt. */
	gvt_run(x.r[0].gvt, 200 * ROUND + 7);
	ck_assert_int_ge(x.r[0].v->share.credit, 0);
	ck_assert_int_ge(x.r[1].v->share.credit, 0);
	ck_assert_int_eq(x.r[2].v->share.credit, 2 * ROUND);
	ck_assert(within(units(&x.r[1], since), 100ULL * ROUND, 15));
	since = endless(&x.r[2], GVT_RCS);
	gvt_run(x.r[0].gvt, 30 * ROUND);
	ck_assert_uint_le(units(&x.r[2], since), 14 * ROUND);
	exec_close(&x);
}
END_TEST

/* Weight 1 beside weight 16 and a guest that submits all the time. */
START_TEST(no_starvation)
{
	static const u32 weights[3] = { 1, 16, 16 };
	struct exec x;
	u64 since;
	int i;

	sched_open(&x, weights, 3);
	since = endless(&x.r[0], GVT_RCS);
	endless(&x.r[1], GVT_RCS);
	for (i = 0; i < 2000; i++) {
		ctx_more(&x.r[2], 1, 1000);
		submit(&x.r[2], GVT_RCS, 1, -1);
		gvt_run(x.r[0].gvt, 500);
	}
	/* Of the 1,000,000 units a 33rd, less what was run at submissions in advance. */
	ck_assert_msg(units(&x.r[0], since) > 20000, "%llu units",
		      (unsigned long long)units(&x.r[0], since));
	exec_close(&x);
}
END_TEST

/* --- semaphores --- */

static unsigned int asked;

static void count_asked(struct fake_engine *e)
{
	(void)e;
	asked++;
}

START_TEST(waiting_costs_nothing)
{
	static const u32 weights[2] = { 8, 8 };
	struct exec x;
	struct rig *r = &x.r[0];
	u64 since;
	int i;

	sched_open(&x, weights, 2);
	asked = 0;
	fake(r, GVT_RCS)->inside = count_asked;
	for (i = 0; i < 15; i++)
		script(r, GVT_RCS, GVT_HW_WAIT, 0, 0);
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(asked, 1);
	/* Alone: pending, but nothing goes on; asked once a call. */
	for (i = 0; i < 4; i++) {
		ck_assert(gvt_run_pending(r->gvt));
		ck_assert_uint_eq(gvt_run(r->gvt, 100000), 0);
	}
	ck_assert_uint_eq(asked, 5);
	/* Nobody owes a vGPU that waits. */
	ctx_more(&x.r[1], 1, 900);
	for (i = 0; i < 100; i++) {
		submit(&x.r[1], GVT_RCS, 1, -1);
		ctx_more(&x.r[1], 1, 900);
	}
	ck_assert_int_ge(x.r[1].v->share.credit, 0);
	/* Beside work it is asked each round, and takes none of the time. */
	since = endless(&x.r[1], GVT_RCS);
	ck_assert_uint_eq(gvt_run(r->gvt, 5 * 8 * ROUND), 5 * 8 * ROUND);
	ck_assert_uint_eq(units(&x.r[1], since), 5 * 8 * ROUND);
	ck_assert_uint_ge(asked, 5 + 3);
	ck_assert_uint_le(asked, 5 + 8);
	exec_close(&x);
}
END_TEST

/* One engine waits for another of the same vGPU, whose progress lets it go on at once. */
START_TEST(a_semaphore_between_engines)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	script(r, GVT_BCS, GVT_HW_WAIT, 0, 0);
	ctx_more(r, 1, 2);
	submit(r, GVT_BCS, 1, -1);
	csb_is(&x, GVT_BCS, { 1, 0 });
	ck_assert(gvt_run_pending(r->gvt));
	ctx_more(r, 0, 2);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	csb_is(&x, GVT_BCS, { 0x18, ctx_id(1) });
	ck_assert(!gvt_run_pending(r->gvt));
	exec_close(&x);
}
END_TEST

/* What waits takes no part of a slice; with a new list it does not wait any more. */
START_TEST(waiting_engines)
{
	static const u32 weights[2] = { 4, 4 };
	struct exec x;
	struct rig *r = &x.r[0];
	u64 since;

	sched_open(&x, weights, 2);
	script(r, GVT_BCS, GVT_HW_WAIT, 0, 0);
	script(r, GVT_BCS, GVT_HW_WAIT, 0, 0);
	submit(r, GVT_BCS, 1, -1);
	ck_assert_uint_eq(r->gvt->sched.waiting, 1U << r->v->base.id);
	endless(&x.r[1], GVT_RCS);
	r->v->share.credit = -1;
	submit(r, GVT_BCS, 2, -1);
	ck_assert_uint_eq(ereg(r, GVT_BCS, 0x234) & 4, 4);
	ck_assert_uint_eq(r->gvt->sched.waiting, 0);
	r->v->share.credit = 0;
	since = rig_info(r).units;
	fake(r, GVT_RCS)->endless = true;
	fake(r, GVT_BCS)->steps = fake(r, GVT_BCS)->at + 2;
	fake(r, GVT_BCS)->step[fake(r, GVT_BCS)->at] = (struct fake_step){ GVT_HW_WAIT, 0, 0 };
	fake(r, GVT_BCS)->step[fake(r, GVT_BCS)->at + 1] = (struct fake_step){ GVT_HW_WAIT, 0, 0 };
	gvt_run(r->gvt, 1);
	since = rig_info(r).units;
	r->v->share.credit = 0;
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(rig_info(r).units - since, 4096);
	exec_close(&x);
}
END_TEST

/* --- threads --- */

#define SECONDS 3
#define ROUNDS 60

static bool stop;
static time_t deadline;

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void *runs(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (!gvt_run(arg, 20000))
			sched_yield();
	}
	return NULL;
}

struct guest {
	struct exec *x;
	unsigned int n, rounds;
};

static int elsp(struct rig *r, enum gvt_engine e, unsigned int first, unsigned int second)
{
	const u32 dw[4] = { ctx_id(second), ctx_low(r, second), ctx_id(first), ctx_low(r, first) };

	return elsp_try(r, e, dw);
}

/*
 * A guest may store to an image while the device reads it; that is its own affair, but no sanitizer
 * can know. So those stores wait for the lock under which images are read.
 */
static void more_locked(struct rig *r)
{
	gvt_lock(&r->v->lock);
	ctx_more(r, 0, 600);
	ctx_more(r, 1, 500);
	gvt_unlock(&r->v->lock);
}

/* Submissions on all engines, longer than what runs at once; now and then a reset. */
static void guest_round(struct rig *r, unsigned int i)
{
	enum gvt_engine e = (enum gvt_engine)(i % GVT_NUM_ENGINES);

	more_locked(r);
	if (elsp(r, e, i % 2, 2 + i % 3))
		ck_abort_msg("refused: %s", mpt_last_error());
	ereg(r, e, 0x234);
	if (i % 7 == 3)
		rig_reg_set(r, GDRST, 2U << e);
	if (i % 11 == 5)
		ereg_set(r, e, MI_MODE, i % 2 ? 0x01000100 : 0x01000000);
}

static void *guest(void *arg)
{
	struct guest *g = arg;
	struct rig *r = &g->x->r[g->n];
	unsigned int i;

	for (; g->rounds < ROUNDS && now() < deadline; g->rounds++) {
		for (i = 0; i < 30; i++)
			guest_round(r, i);
		if (g->rounds % 5 == 4) {
			r->ops->vgpu_reset(r->vgpu);
			rig_cfg_place(r);
			exec_resume(g->x, g->n);
			exec_contexts(r);
		}
	}
	return NULL;
}

/* A vGPU that comes and goes, each time with work. */
static void *comes_and_goes(void *arg)
{
	struct guest *g = arg;
	struct rig *r = &g->x->r[g->n];

	for (; g->rounds < ROUNDS && now() < deadline; g->rounds++) {
		struct intel_vgpu_type type;

		fake(r, GVT_RCS)->endless = true;
		elsp(r, GVT_RCS, 0, 1);
		sched_yield();
		rig_ok(mpt_vgpu_destroy(r->vm, r->vgpu));
		gvt_type_init(&type, 16ULL << 20, 16ULL << 20, 4);
		type.low_start = g->x->low + ((16ULL * g->n) << 20);
		r->vgpu = mpt_vgpu_create(r->vm, r->gvt, &type);
		ck_assert(!MPT_IS_ERR(r->vgpu));
		r->v = to_gvt_vgpu(r->vgpu);
		r->ops->vgpu_activate(r->vgpu);
		rig_cfg_place(r);
		exec_resume(g->x, g->n);
		exec_contexts(r);
	}
	return NULL;
}

START_TEST(threads)
{
	static const u32 weights[4] = { 1, 4, 8, 16 };
	struct guest guests[4];
	pthread_t t[6];
	struct exec x;
	unsigned int i;

	sched_open(&x, weights, 4);
	stop = false;
	deadline = now() + SECONDS;
	for (i = 0; i < 4; i++) {
		guests[i] = (struct guest){ &x, i, 0 };
		pthread_create(&t[i], NULL, i == 3 ? comes_and_goes : guest, &guests[i]);
	}
	for (i = 4; i < 6; i++)
		pthread_create(&t[i], NULL, runs, x.r[0].gvt);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 4; i < 6; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < 4; i++)
		ck_assert_uint_gt(guests[i].rounds, 0);
	exec_close(&x);
}
END_TEST

/* Guests whose accesses wait for a vGPU's lock are let in between turns. */
static void *reads(void *arg)
{
	struct guest *g = arg;

	while (g->rounds < 2000 && now() < deadline) {
		ereg(&g->x->r[0], GVT_RCS, 0x34);
		g->rounds++;
	}
	return NULL;
}

START_TEST(accesses_get_in)
{
	struct guest g = { .rounds = 0 };
	pthread_t t[2];
	struct exec x;

	exec_open(&x);
	g.x = &x;
	stop = false;
	deadline = now() + SECONDS;
	endless(&x.r[0], GVT_RCS);
	pthread_create(&t[0], NULL, runs, x.r[0].gvt);
	pthread_create(&t[1], NULL, reads, &g);
	pthread_join(t[1], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(t[0], NULL);
	ck_assert_uint_gt(g.rounds, 100);
	exec_close(&x);
}
END_TEST

static Suite *sched_suite(void)
{
	Suite *s = suite_create("gvt-sched");
	TCase *tc = tcase_create("shares");

	tcase_add_test(tc, shares_are_weights);
	tcase_add_test(tc, the_budget_is_kept);
	tcase_add_test(tc, engines_share);
	tcase_add_test(tc, debt);
	tcase_add_test(tc, bounds);
	tcase_add_test(tc, no_starvation);
	tcase_add_test(tc, waiting_costs_nothing);
	tcase_add_test(tc, a_semaphore_between_engines);
	tcase_add_test(tc, waiting_engines);
	suite_add_tcase(s, tc);

	tc = tcase_create("threads");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, threads);
	tcase_add_test(tc, accesses_get_in);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { sched_suite };

	return mpt_test_main("gvt_sched", suites, N(suites));
}
