/* SPDX-License-Identifier: MIT */
/*
 * Who may use the engines: rounds of credit by weight, and the embedder's gvt_run(). There are no
 * threads of ours: time is that of whoever calls, a vCPU that submits or the embedder.
 *
 * Each round gives a vGPU credit by its weight, up to two rounds' worth. gvt_run() serves those
 * that have some, in turn and in slices. What a guest submits runs at once in the vCPU's own
 * thread; while others have something to execute that is charged, and a vGPU in debt has to wait
 * for its turn. So a debt is a slice and a load at most; without the load, it is paid after four
 * rounds at the lowest weight.
 */
#include <sched.h>

#include "execlist.h"

#define QUANTUM 1024 /* units of credit a round, by weight */
#define CAP_ROUNDS 2
#define SLICE 4096ULL /* units a vGPU's lock is held for; at a submission, too */
#define PIECE 512ULL  /* units between two looks at whether somebody waits for it */
#define POLITE 64 /* turns given to those who wait for the lock */

void gvt_sched_init(struct gvt_sched *s)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle, NULL);
}

void gvt_sched_destroy(struct gvt_sched *s)
{
	pthread_cond_destroy(&s->idle);
	pthread_mutex_destroy(&s->lock);
}

static void mask_set(u32 *mask, int id, bool on)
{
	if (on)
		__atomic_fetch_or(mask, 1U << id, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(mask, ~(1U << id), __ATOMIC_RELEASE);
}

static bool mask_get(const u32 *mask, int id)
{
	return __atomic_load_n(mask, __ATOMIC_ACQUIRE) >> id & 1;
}

/* Usually nothing changes: the masks are shared by all vGPUs. */
void gvt_sched_update(struct gvt_vgpu *v)
{
	struct gvt_sched *s;
	bool pending, waiting, had, could;

	if (!v->exec)
		return;
	s = &v->gvt->sched;
	had = mask_get(&s->pending, v->base.id);
	could = had && !mask_get(&s->waiting, v->base.id);
	gvt_execlist_state(v, &pending, &waiting);
	if (mask_get(&s->waiting, v->base.id) != (pending && waiting))
		mask_set(&s->waiting, v->base.id, pending && waiting);
	if (mask_get(&s->pending, v->base.id) != pending)
		mask_set(&s->pending, v->base.id, pending);
	/* Who has seen less in the masks is asleep, or about to be. */
	if (pending && (!had || (!waiting && !could)))
		gvt_wake(v->gvt, GVT_WAKE_RUN);
}

void gvt_sched_add(struct gvt_vgpu *v)
{
	struct gvt_sched *s = &v->gvt->sched;

	pthread_mutex_lock(&s->lock);
	s->vgpu[v->base.id] = v;
	pthread_mutex_unlock(&s->lock);
}

void gvt_sched_remove(struct gvt_vgpu *v)
{
	struct gvt_sched *s = &v->gvt->sched;

	pthread_mutex_lock(&s->lock);
	s->vgpu[v->base.id] = NULL;
	while (v->share.busy)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* --- credit --- */

static int64_t credit_of(const struct gvt_vgpu *v)
{
	return __atomic_load_n(&v->share.credit, __ATOMIC_RELAXED);
}

static int64_t round_of(const struct gvt_vgpu *v)
{
	return (int64_t)v->weight * QUANTUM;
}

/* A vCPU and a gvt_run() may change it at once. */
static void credit_add(struct gvt_vgpu *v, int64_t units)
{
	int64_t cap = CAP_ROUNDS * round_of(v), old = credit_of(v), new;

	do {
		new = old + units;
		if (new > cap)
			new = cap;
	} while (!__atomic_compare_exchange_n(&v->share.credit, &old, new, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

/* After which it has credit again. */
static int64_t rounds_to_pay(const struct gvt_vgpu *v)
{
	return -credit_of(v) / round_of(v) + 1;
}

/* @n rounds nobody would have used a unit of. */
static void new_rounds(struct gvt_sched *s, int64_t n)
{
	int id;

	for (id = 1; id <= GVT_MAX_VGPU; id++) {
		if (s->vgpu[id])
			credit_add(s->vgpu[id], n * round_of(s->vgpu[id]));
	}
}

/* --- at a submission --- */

/* Does anybody wait for time that this vGPU would use? */
static bool others_pending(const struct gvt_vgpu *v)
{
	const struct gvt_sched *s = &v->gvt->sched;
	u32 pending = __atomic_load_n(&s->pending, __ATOMIC_RELAXED);

	return pending & ~__atomic_load_n(&s->waiting, __ATOMIC_RELAXED) & ~(1U << v->base.id);
}

void gvt_sched_kick(struct gvt_vgpu *v, enum gvt_engine engine)
{
	bool others = others_pending(v);
	u64 used;

	if (!others || credit_of(v) >= 0) {
		used = gvt_execlist_run(v, engine, SLICE);
		if (others)
			credit_add(v, -(int64_t)used);
	}
	gvt_sched_update(v);
}

/* --- the embedder's turn --- */

/*
 * The next in turn that has something to do and credit; @stuck: ids that could not go on when they
 * were asked. @rounds: until somebody has credit who has something to do; 0: nobody has. New rounds
 * begin when nobody else has credit, and then the stuck ones are asked again.
 */
static struct gvt_vgpu *next_in_turn(struct gvt_sched *s, u32 stuck, int64_t *rounds)
{
	u32 pending = __atomic_load_n(&s->pending, __ATOMIC_ACQUIRE) & ~stuck;
	unsigned int n, id;

	*rounds = 0;
	for (n = 0; n < GVT_MAX_VGPU; n++) {
		struct gvt_vgpu *v;

		id = (s->last + n) % GVT_MAX_VGPU + 1;
		v = s->vgpu[id];
		if (!v || v->share.busy || !(pending >> id & 1))
			continue;
		if (credit_of(v) > 0) {
			s->last = id;
			return v;
		}
		if (!*rounds || rounds_to_pay(v) < *rounds)
			*rounds = rounds_to_pay(v);
	}
	return NULL;
}

static struct gvt_vgpu *pick(struct gvt_sched *s, u32 *stuck)
{
	struct gvt_vgpu *v;
	int64_t rounds;

	pthread_mutex_lock(&s->lock);
	while (!(v = next_in_turn(s, *stuck, &rounds)) && rounds) {
		new_rounds(s, rounds);
		*stuck = 0;
	}
	if (v)
		v->share.busy = true;
	pthread_mutex_unlock(&s->lock);
	return v;
}

static void put(struct gvt_sched *s, struct gvt_vgpu *v)
{
	pthread_mutex_lock(&s->lock);
	v->share.busy = false;
	if (s->vgpu[v->base.id] != v)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

/* A guest's access that waits was told that the lock is free, but is not there yet. */
static void lock_politely(struct gvt_lock *l)
{
	int i;

	for (i = 0; i < POLITE && __atomic_load_n(&l->waiters, __ATOMIC_RELAXED); i++)
		sched_yield();
	gvt_lock(l);
}

/*
 * Until a guest's access waits: a batch that never ends must not make each of them wait for a
 * slice. v->lock is held.
 */
static u64 run_pieces(struct gvt_vgpu *v, u64 budget)
{
	unsigned int first = v->exec->first++ % GVT_NUM_ENGINES;
	u64 used = 0, n;

	do {
		n = gvt_execlist_run(v, first, budget - used < PIECE ? budget - used : PIECE);
		used += n;
	} while (n && used < budget && !__atomic_load_n(&v->lock.waiters, __ATOMIC_RELAXED));
	return used;
}

/* A submission may have used up the credit since it was seen. */
static u64 slice(struct gvt_vgpu *v, u64 budget)
{
	int64_t credit = credit_of(v);
	u64 used;

	budget = budget < SLICE ? budget : SLICE;
	if (credit < (int64_t)budget)
		budget = credit > 0 ? (u64)credit : 1;
	lock_politely(&v->lock);
	used = run_pieces(v, budget);
	gvt_sched_update(v);
	gvt_unlock(&v->lock);
	credit_add(v, -(int64_t)used);
	return used;
}

u64 gvt_run(struct intel_gvt *gvt, u64 budget)
{
	struct gvt_vgpu *v;
	u64 used = 0, n;
	u32 stuck = 0;

	while (used < budget && (v = pick(&gvt->sched, &stuck))) {
		n = slice(v, budget - used);
		if (!n)
			stuck |= 1U << v->base.id;
		used += n;
		put(&gvt->sched, v);
	}
	return used;
}

bool gvt_run_pending(struct intel_gvt *gvt)
{
	return __atomic_load_n(&gvt->sched.pending, __ATOMIC_ACQUIRE);
}
