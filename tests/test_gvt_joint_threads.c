/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, over the software GPU: of each of three vGPUs one thread that submits batches
 * and looks at what they stored, one that reads and writes registers, one that resets the device;
 * a fourth that comes and goes; the engines run by two threads, time passed by one, a monitor
 * plugged by one. Made for ThreadSanitizer, right without it; MPT_JOINT_MS makes it longer. What is
 * executed matters in test_gvt_joint.c.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "joint_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define VGPUS 4U
#define COMES_AND_GOES 3U /* its vGPU has no other guest than that thread and accesses by address */
#define PATIENCE 5000 /* looks at a submission before it counts as lost */
#define CHECKED 3
/* A batch of so many dwords, so many times: more than a submission runs at once. */
#define FILLER 1000
#define STARTS 8

static struct joint j;
static bool stop; /* atomic */
static time_t deadline;

/*
 * Of a vGPU. @epoch is odd from before a reset until the guest has its device back: what was
 * submitted meanwhile may be lost.
 */
struct guest {
	struct rig *r;
	u32 epoch; /* atomic */
	unsigned int rounds, checked, resets;
};

static struct guest guests[VGPUS];

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* On a busy machine it takes longer until each guest has seen what it is there for. */
static bool enough(void)
{
	unsigned int n;

	for (n = 0; n < COMES_AND_GOES; n++) {
		if (__atomic_load_n(&guests[n].checked, __ATOMIC_RELAXED) < CHECKED)
			return false;
	}
	return true;
}

static bool over(void)
{
	return now() >= deadline && enough();
}

static u32 epoch(const struct guest *g)
{
	return __atomic_load_n(&g->epoch, __ATOMIC_SEQ_CST);
}

/* --- a guest that submits --- */

/*
 * A guest may store to a batch while the device reads it; that is its own affair, but no sanitizer
 * can know. So stores to what an engine may be reading wait for the lock under which it reads.
 */
static void write_batch(struct rig *r, unsigned int ctx, u32 value)
{
	static const u32 filler[FILLER];
	const u32 last[] = { J_STORE(J_VA_DATA, value), J_BB_END };
	u64 at = j_of(J_GPA_BATCH, ctx);
	unsigned int i;

	gvt_lock(&r->v->lock);
	j_batch_at(r, at, filler, N(filler));
	j_batch_at(r, at + sizeof(filler), last, N(last));
	for (i = 0; i < STARTS; i++)
		j_ring(r, ctx, J_START_PPGTT(J_VA_BATCH), J_USER_INTERRUPT);
	gvt_unlock(&r->v->lock);
}

static u32 stored(struct rig *r, unsigned int ctx)
{
	u32 value;

	gvt_lock(&r->v->lock);
	value = j_get(r, j_of(J_GPA_DATA, ctx));
	gvt_unlock(&r->v->lock);
	return value;
}

/* Whether one more context is complete before patience ends, or a reset comes. */
static bool wait_for(const struct guest *g, u64 completed, u32 before)
{
	unsigned int i;

	for (i = 0; i < PATIENCE && epoch(g) == before; i++) {
		if (rig_info(g->r).completed > completed)
			return true;
		sched_yield();
	}
	return false;
}

/* The engine has nothing any more, and the context begins anew. */
static void start_over(struct rig *r, unsigned int ctx)
{
	rig_reg_set(r, J_GDRST, 2U << j_engine(ctx));
	gvt_lock(&r->v->lock);
	j_img_set(r, ctx, J_IMG_HEAD, 0);
	j_img_set(r, ctx, J_IMG_TAIL, 0);
	for (unsigned int i = 0x0d; i <= 0x17; i += 2)
		j_img_set(r, ctx, i, 0);
	gvt_unlock(&r->v->lock);
}

/* Of a submission that met no reset, from a state that met none, the value is there. */
static void submit_once(struct guest *g, unsigned int ctx, bool *sound)
{
	u32 value = ++g->rounds << 8 | ctx, before = epoch(g);
	u64 completed = rig_info(g->r).completed;
	bool done;

	write_batch(g->r, ctx, value);
	done = !j_try(g->r, ctx) && wait_for(g, completed, before);
	if (*sound && done && !(before & 1)) {
		u32 got = stored(g->r, ctx);

		if (epoch(g) == before && got != value)
			ck_abort_msg("0x%x was stored, not 0x%x", got, value);
		__atomic_fetch_add(&g->checked, epoch(g) == before, __ATOMIC_RELAXED);
	}
	*sound = done && epoch(g) == before && !(before & 1);
}

static void *submits(void *arg)
{
	struct guest *g = arg;
	unsigned int ctx = 0;
	bool sound = true;

	while (!over()) {
		submit_once(g, ctx, &sound);
		if (sound && g->rounds % 16) {
			ctx = (ctx + 1) % GVT_NUM_ENGINES;
			continue;
		}
		while (epoch(g) & 1 && !over())
			sched_yield();
		for (ctx = 0; ctx < GVT_NUM_ENGINES; ctx++)
			start_over(g->r, ctx);
		sound = !(epoch(g) & 1);
		ctx = 0;
	}
	return NULL;
}

/* --- a guest that resets --- */

static void *resets(void *arg)
{
	struct guest *g = arg;
	struct rig *r = g->r;
	unsigned int ctx;

	while (!over()) {
		struct timespec pause = { 0, 40000000 };

		nanosleep(&pause, NULL);
		__atomic_fetch_add(&g->epoch, 1, __ATOMIC_SEQ_CST);
		if (g->resets++ % 2) {
			r->ops->vgpu_reset(r->vgpu);
			rig_cfg_place(r);
		} else {
			rig_reg_set(r, J_GDRST, 1);
		}
		j_resume(r);
		for (ctx = 0; ctx < J_CONTEXTS; ctx++)
			j_place(r, ctx);
		__atomic_fetch_add(&g->epoch, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* --- a guest's other processors --- */

/* Registers of all kinds, and entries that no context uses; by address, wherever BAR0 is now. */
static void *accesses(void *arg)
{
	static const u32 reg[] = { 0x2034, 0x2234, 0x22234, 0x2358,  0x44200, 0x44304, 0xa188,
				   0x70008, 0x6f000, 0x45400, 0x2370, 0x100000, 0x100008, 0x2680 };
	struct guest *g = arg;
	u64 low = (64ULL + 16 * (u64)(g - guests)) << 20, entry = J_GPA_DATA | 1;
	u64 gtt = RIG_BAR0 + GVT_GTT_OFFSET + ((low >> 12) + 0xf00) * 8;
	unsigned int i = 0;
	u32 value;

	while (!over()) {
		u64 at = RIG_BAR0 + reg[i++ % N(reg)];

		rig_ok(mpt_guest_read(g->r->vm, at, &value, 4));
		rig_ok(mpt_guest_write(g->r->vm, RIG_BAR0 + 0x100000 + i % 4 * 8, &entry, 8));
		rig_ok(mpt_guest_write(g->r->vm, gtt + i % 64 * 8, &entry, 8));
		entry = entry + 0x1000 < RIG_RAM ? entry + 0x1000 : J_GPA_DATA | 1;
	}
	return NULL;
}

/* A vGPU that comes and goes, each time with batches that never end. */
static void *comes_and_goes(void *arg)
{
	struct guest *g = arg;
	struct rig *r = g->r;
	unsigned int ctx;

	while (!over()) {
		struct timespec pause = { 0, g->rounds % 4 * 500000 };

		for (ctx = 0; ctx < GVT_NUM_ENGINES; ctx++)
			j_context(r, ctx);
		for (ctx = 0; ctx < GVT_NUM_ENGINES; ctx++) {
			j_batch(r, ctx, J_STORE(J_VA_DATA, ctx), J_START_PPGTT(J_VA_BATCH));
			j_ring(r, ctx, J_START_PPGTT(J_VA_BATCH), J_NOOP);
			j_submit(r, ctx);
		}
		nanosleep(&pause, NULL);
		j_destroy(r);
		j_create(r, COMES_AND_GOES);
		g->rounds++;
	}
	return NULL;
}

/* --- the embedder --- */

static void *runs(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (!gvt_run(j.r[0].gvt, 20000))
			sched_yield();
	}
	return NULL;
}

static void *serves(void *arg)
{
	u64 t = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct timespec pause = { 0, 500000 };

		gvt_service(j.r[0].gvt, t += 5000000);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* Of those that stay. */
static void *plugs(void *arg)
{
	unsigned int i = 0;
	struct mpt_irq irq;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct rig *r = &j.r[i++ % COMES_AND_GOES];
		struct timespec pause = { 0, 500000 };

		r->ops->emulate_hotplug(r->vgpu, i & 4);
		while (!mpt_irq_take(r->vm, &irq))
			;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* --- all --- */

static pthread_t thread[32];
static unsigned int threads;

static void begin(void *(*fn)(void *arg), void *arg)
{
	ck_assert_uint_lt(threads, N(thread));
	ck_assert_int_eq(pthread_create(&thread[threads++], NULL, fn, arg), 0);
}

static void guests_begin(void)
{
	unsigned int n;

	for (n = 0; n < VGPUS; n++) {
		guests[n] = (struct guest){ .r = &j.r[n] };
		begin(accesses, &guests[n]);
		if (n == COMES_AND_GOES) {
			begin(comes_and_goes, &guests[n]);
			continue;
		}
		begin(submits, &guests[n]);
		begin(resets, &guests[n]);
	}
}

START_TEST(everything_at_once)
{
	const char *ms = getenv("MPT_JOINT_MS");
	unsigned int n, guest_threads;

	j_open(&j, RIG_SPEC, VGPUS);
	rig_ok(mpt_host_set_policy(j.r[0].host, MPT_POLICY_FAILSAFE));
	stop = false;
	threads = 0;
	deadline = now() + (ms ? strtol(ms, NULL, 0) : 900);
	guests_begin();
	guest_threads = threads;
	begin(runs, NULL);
	begin(runs, NULL);
	begin(serves, NULL);
	begin(plugs, NULL);
	for (n = 0; n < guest_threads; n++)
		pthread_join(thread[n], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (; n < threads; n++)
		pthread_join(thread[n], NULL);
	for (n = 0; n < VGPUS; n++) {
		ck_assert_uint_gt(guests[n].rounds, 0);
		ck_assert(n == COMES_AND_GOES || guests[n].checked);
		ck_assert(n == COMES_AND_GOES || guests[n].resets);
		ck_assert_uint_eq(j.r[n].v->failsafe, 0);
	}
	for (n = 0; n < VGPUS; n++)
		j_destroy(&j.r[n]);
	j_close(&j);
}
END_TEST

static Suite *threads_suite(void)
{
	Suite *s = suite_create("gvt-joint-threads");
	TCase *tc = tcase_create("threads");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, everything_at_once);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { threads_suite };

	return mpt_test_main("gvt_joint_threads", suites, N(suites));
}
