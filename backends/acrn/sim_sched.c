/* SPDX-License-Identifier: MIT */
/*
 * Points where actors may be switched, waits, threads and chance: free, or in an order that a seed
 * decides. It knows nothing of what the actors do.
 *
 * A seeded machine has one actor running at a time, acrn_sched.running. Who comes to a point picks
 * the next of those that can run, and sleeps until it is picked itself. Locks of the simulator are
 * never held at a point, so who runs never waits for a lock of who does not.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backends/acrn/sim_priv.h"

/* With threads that are no actors about, nobody can tell a deadlock from their absence. */
#define FOREIGN_PATIENCE_S 30
/* Polls before the processor is given away. */
#define POLL_SPINS 200
/* And with spin=yes before the thread sleeps; looks between two at the clock. */
#define SPIN_NS 200000ULL
#define SPIN_LOOKS 64
#define HASH_START 0xcbf29ce484222325ULL
#define HASH_TIMES 0x100000001b3ULL

OS_THREAD_LOCAL(struct acrn_task *, self)

static struct acrn_task *task_self(struct acrn_sim *sim)
{
	if (*self_mine() && (*self_mine())->sim == sim)
		return *self_mine();
	return pthread_equal(sim->sched.main_id, pthread_self()) ? &sim->sched.main : NULL;
}

/* --- chance --- */

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

u64 acrn_random(struct acrn_sim *sim)
{
	return mix(os_fetch_add(&sim->sched.chance, 0x9e3779b97f4a7c15ULL));
}

/* --- doors --- */

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static struct timespec after_ms(u64 ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

void acrn_door_init(struct acrn_door *d, const char *what)
{
	*d = (struct acrn_door){ .what = what };
}

/* As long as @seq is the count of rings; -1: at @until, NULL: never. */
static int door_sleep(struct acrn_door *d, u32 seq, const struct timespec *until)
{
	long ret = syscall(SYS_futex, &d->seq, FUTEX_WAIT_BITSET_PRIVATE, seq, until, NULL,
			   FUTEX_BITSET_MATCH_ANY);

	return ret && errno == ETIMEDOUT ? -1 : 0;
}

static void door_wake(struct acrn_door *d)
{
	syscall(SYS_futex, &d->seq, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* --- who runs; under sched.lock --- */

static bool can_run(const struct acrn_sched *s, const struct acrn_task *t)
{
	return t->state == ACRN_READY ||
	       (t->state == ACRN_POLLING && (s->dead || t->seen != s->progress));
}

static struct acrn_task *pick(struct acrn_sim *sim)
{
	struct acrn_sched *s = &sim->sched;
	unsigned int n = 0;
	struct acrn_task *t;

	for (t = s->tasks; t; t = t->next)
		n += can_run(s, t);
	if (!n)
		return NULL;
	n = (unsigned int)(acrn_random(sim) % n);
	for (t = s->tasks; t; t = t->next)
		if (can_run(s, t) && !n--)
			break;
	return t;
}

/* Nobody can run: the clock jumps to the next timeout. */
static bool expire(struct acrn_sched *s)
{
	struct acrn_task *t, *first = NULL;

	for (t = s->tasks; t; t = t->next)
		if (t->state >= ACRN_WAITING && t->state <= ACRN_POLLING && t->deadline &&
		    (!first || t->deadline < first->deadline))
			first = t;
	if (!first)
		return false;
	s->now = first->deadline;
	first->expired = true;
	first->state = ACRN_READY;
	return true;
}

static const char *waits_for(const struct acrn_task *t)
{
	if (t->state == ACRN_OUTSIDE)
		return "something outside";
	return t->door ? t->door->what : "a change that nobody rings for";
}

static void deadlock(struct acrn_sim *sim)
{
	struct acrn_sched *s = &sim->sched;
	char all[120] = "";
	struct acrn_task *t;
	size_t at = 0;

	for (t = s->tasks; t && at < sizeof(all); t = t->next)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s: %s", at ? "; " : "",
				       t->name, waits_for(t));
	acrn_broken(sim, 12, "deadlock: %s", all);
	s->dead = true;
	for (t = s->tasks; t; t = t->next) {
		if (t->state == ACRN_OUTSIDE)
			continue;
		t->expired = true;
		t->state = ACRN_READY;
	}
}

static bool somebody_outside(const struct acrn_sched *s)
{
	const struct acrn_task *t;

	for (t = s->tasks; t && t->state != ACRN_OUTSIDE; t = t->next)
		;
	return os_load_relaxed(&s->foreign) || t;
}

/* Gives the turn to the next; nobody has it where all wait for somebody outside. */
static void dispatch(struct acrn_sim *sim)
{
	struct acrn_sched *s = &sim->sched;
	struct acrn_task *next = pick(sim);

	if (!next && expire(s))
		next = pick(sim);
	if (!next && s->tasks && !somebody_outside(s)) {
		deadlock(sim);
		next = pick(sim);
	}
	s->running = next;
	if (!next)
		return;
	s->progress += next->state == ACRN_READY;
	pthread_cond_signal(&next->cond);
}

static void wait_turn(struct acrn_sim *sim, struct acrn_task *me)
{
	struct acrn_sched *s = &sim->sched;
	struct timespec until = after_ms(FOREIGN_PATIENCE_S * 1000ULL);

	while (s->running != me) {
		if (pthread_cond_timedwait(&me->cond, &s->lock, &until) && !s->running) {
			deadlock(sim);
			dispatch(sim);
			until = after_ms(FOREIGN_PATIENCE_S * 1000ULL);
		}
	}
	me->state = ACRN_READY;
}

static void next_turn(struct acrn_sim *sim, struct acrn_task *me)
{
	dispatch(sim);
	wait_turn(sim, me);
}

static void link_task(struct acrn_sim *sim, struct acrn_task *t, const char *name)
{
	struct acrn_sched *s = &sim->sched;
	struct acrn_task **p = &s->tasks;

	cond_init(&t->cond);
	t->sim = sim;
	t->number = s->next_number++;
	snprintf(t->name, sizeof(t->name), "%s", name);
	while (*p)
		p = &(*p)->next;
	*p = t;
}

static void unlink_task(struct acrn_sched *s, struct acrn_task *t)
{
	struct acrn_task **p = &s->tasks;

	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
}

void acrn_sched_init(struct acrn_sim *sim, u64 seed, bool seeded)
{
	struct acrn_sched *s = &sim->sched;

	s->chance = mix(seed + 1);
	s->hash = HASH_START;
	pthread_mutex_init(&s->lock, NULL);
	acrn_door_init(&s->ended, "the end of a thread");
	s->on = seeded;
	if (!seeded)
		return;
	s->main_id = pthread_self();
	link_task(sim, &s->main, "main");
	s->running = &s->main;
}

void acrn_sched_exit(struct acrn_sim *sim)
{
	struct acrn_sched *s = &sim->sched;

	if (s->on)
		pthread_cond_destroy(&s->main.cond);
	pthread_mutex_destroy(&s->lock);
}

/* --- points --- */

void acrn_point(struct acrn_sim *sim, const char *what)
{
	struct acrn_sched *s = &sim->sched;
	struct acrn_task *me;

	if (OS_LIKELY(!s->on))
		return;
	me = task_self(sim);
	acrn_trace_line(sim, "%s", what);
	if (!me)
		os_store_relaxed(&s->foreign, true);
	if (!me || me->hold)
		return;
	pthread_mutex_lock(&s->lock);
	if (me->state == ACRN_READY)
		next_turn(sim, me);
	pthread_mutex_unlock(&s->lock);
}

void acrn_sched_hold(struct acrn_sim *sim)
{
	struct acrn_task *me = sim->sched.on ? task_self(sim) : NULL;

	if (me)
		me->hold++;
}

void acrn_sched_release(struct acrn_sim *sim)
{
	struct acrn_task *me = sim->sched.on ? task_self(sim) : NULL;

	if (me)
		me->hold--;
}

void acrn_sched_outside(struct acrn_sim *sim, bool outside)
{
	struct acrn_sched *s = &sim->sched;
	struct acrn_task *me = s->on ? task_self(sim) : NULL;

	if (!me)
		return;
	pthread_mutex_lock(&s->lock);
	if (outside) {
		me->state = ACRN_OUTSIDE;
		dispatch(sim);
	} else {
		me->state = ACRN_READY;
		if (!s->running)
			dispatch(sim);
		wait_turn(sim, me);
	}
	pthread_mutex_unlock(&s->lock);
}

/* --- waiting --- */

static void wake_tasks(struct acrn_sim *sim, struct acrn_door *d)
{
	struct acrn_sched *s = &sim->sched;
	struct acrn_task *t;

	if (!task_self(sim))
		os_store_relaxed(&s->foreign, true);
	pthread_mutex_lock(&s->lock);
	for (t = s->tasks; t; t = t->next)
		if (t->state == ACRN_WAITING && t->door == d)
			t->state = ACRN_READY;
	if (!s->running)
		dispatch(sim);
	pthread_mutex_unlock(&s->lock);
}

void acrn_door_ring(struct acrn_sim *sim, struct acrn_door *d)
{
	__atomic_fetch_add(&d->seq, 1, __ATOMIC_SEQ_CST);
	/* Who waits was counted before it looked; who does not sleep yet finds that @seq moved. */
	if (__atomic_load_n(&d->waiters, __ATOMIC_SEQ_CST))
		door_wake(d);
	if (OS_UNLIKELY(sim->sched.on))
		wake_tasks(sim, d);
}

static bool seeded_wait(struct acrn_sim *sim, struct acrn_task *me, struct acrn_door *d,
			bool (*cond)(void *arg), void *arg, unsigned int timeout_ms)
{
	struct acrn_sched *s = &sim->sched;
	u64 deadline = timeout_ms ? s->now + timeout_ms : 0;
	bool over = false;
	u32 seq;

	me->expired = false;
	for (;;) {
		seq = d ? __atomic_load_n(&d->seq, __ATOMIC_SEQ_CST) : 0;
		if (cond(arg))
			return true;
		if (over)
			return false;
		pthread_mutex_lock(&s->lock);
		if (!s->dead && (!d || __atomic_load_n(&d->seq, __ATOMIC_SEQ_CST) == seq)) {
			me->state = d ? ACRN_WAITING : ACRN_POLLING;
			me->door = d;
			me->deadline = deadline;
			me->seen = s->progress;
			next_turn(sim, me);
		}
		over = me->expired || s->dead;
		pthread_mutex_unlock(&s->lock);
	}
}

static bool poll_wait(bool (*cond)(void *arg), void *arg, unsigned int timeout_ms)
{
	u64 end = timeout_ms ? os_now_ns() + timeout_ms * 1000000ULL : 0;
	unsigned int i;

	for (;;) {
		for (i = 0; i < POLL_SPINS; i++) {
			if (cond(arg))
				return true;
			__builtin_ia32_pause();
		}
		os_yield();
		if (end && os_now_ns() > end)
			return cond(arg);
	}
}

static bool spin_wait(bool (*cond)(void *arg), void *arg)
{
	u64 end = 0, now;
	unsigned int i;

	for (;;) {
		for (i = 0; i < SPIN_LOOKS; i++) {
			if (cond(arg))
				return true;
			__builtin_ia32_pause();
		}
		now = os_now_ns();
		end = end ? end : now + SPIN_NS;
		if (now > end)
			return false;
	}
}

static bool free_wait(struct acrn_door *d, bool (*cond)(void *arg), void *arg,
		      unsigned int timeout_ms)
{
	struct timespec until = { 0 };
	bool yes, late = false;
	u32 seq;

	if (timeout_ms)
		until = after_ms(timeout_ms);
	__atomic_fetch_add(&d->waiters, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		seq = __atomic_load_n(&d->seq, __ATOMIC_SEQ_CST);
		yes = cond(arg);
		if (yes || late)
			break;
		late = door_sleep(d, seq, timeout_ms ? &until : NULL);
	}
	__atomic_fetch_sub(&d->waiters, 1, __ATOMIC_SEQ_CST);
	return yes;
}

bool acrn_door_wait(struct acrn_sim *sim, struct acrn_door *d, bool (*cond)(void *arg), void *arg,
		    unsigned int timeout_ms)
{
	struct acrn_task *me;

	if (OS_UNLIKELY(sim->sched.on)) {
		me = task_self(sim);
		if (me)
			return seeded_wait(sim, me, d, cond, arg, timeout_ms);
		os_store_relaxed(&sim->sched.foreign, true);
	}
	if (cond(arg) || (sim->config.spin && spin_wait(cond, arg)))
		return true;
	return d ? free_wait(d, cond, arg, timeout_ms) : poll_wait(cond, arg, timeout_ms);
}

/* --- threads --- */

static void thread_ends(struct acrn_sim *sim, struct acrn_task *me)
{
	struct acrn_sched *s = &sim->sched;

	pthread_mutex_lock(&s->lock);
	unlink_task(s, me);
	s->running = NULL;
	dispatch(sim);
	pthread_mutex_unlock(&s->lock);
	*self_mine() = NULL;
}

static void *thread_main(void *arg)
{
	struct acrn_thread *t = arg;
	struct acrn_sim *sim = t->sim;

	if (t->task) {
		*self_mine() = t->task;
		pthread_mutex_lock(&sim->sched.lock);
		wait_turn(sim, t->task);
		pthread_mutex_unlock(&sim->sched.lock);
	}
	t->fn(t->arg);
	os_store(&t->done, true);
	acrn_door_ring(sim, &sim->sched.ended);
	if (t->task)
		thread_ends(sim, t->task);
	return NULL;
}

static void forget_task(struct acrn_sim *sim, struct acrn_thread *t)
{
	if (!t->task)
		return;
	pthread_mutex_lock(&sim->sched.lock);
	unlink_task(&sim->sched, t->task);
	pthread_mutex_unlock(&sim->sched.lock);
	pthread_cond_destroy(&t->task->cond);
	mpt_free(t->task);
	t->task = NULL;
}

int acrn_thread_start(struct acrn_sim *sim, struct acrn_thread *t, const char *name,
		      void (*fn)(void *arg), void *arg)
{
	struct acrn_sched *s = &sim->sched;

	*t = (struct acrn_thread){ .sim = sim, .fn = fn, .arg = arg };
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->task = mpt_zalloc(sizeof(*t->task));
	if (!t->task)
		return -ENOMEM;
	if (s->on) {
		pthread_mutex_lock(&s->lock);
		link_task(sim, t->task, name);
		if (!s->running)
			dispatch(sim);
		pthread_mutex_unlock(&s->lock);
	} else {
		mpt_free(t->task);
		t->task = NULL;
	}
	if (pthread_create(&t->id, NULL, thread_main, t)) {
		forget_task(sim, t);
		return -ENOMEM;
	}
	t->started = true;
	return 0;
}

static bool thread_done(void *arg)
{
	return os_load(&((struct acrn_thread *)arg)->done);
}

void acrn_thread_join(struct acrn_thread *t)
{
	if (!t->started)
		return;
	if (t->sim->sched.on)
		while (!acrn_door_wait(t->sim, &t->sim->sched.ended, thread_done, t, 0) &&
		       !thread_done(t))
			acrn_point(t->sim, "join");
	pthread_join(t->id, NULL);
	forget_task(t->sim, t);
	t->started = false;
}

/* --- the trace --- */

void acrn_sim_trace(struct acrn_sim *sim, acrn_trace_fn *fn, void *arg)
{
	sim->sched.sink_arg = arg;
	os_store(&sim->sched.sink, fn);
}

u64 acrn_trace_hash(struct acrn_sim *sim)
{
	return os_load_relaxed(&sim->sched.hash);
}

static void hash_line(struct acrn_sched *s, const char *line)
{
	u64 h = os_load_relaxed(&s->hash);

	for (; *line; line++)
		h = (h ^ (u8)*line) * HASH_TIMES;
	os_store_relaxed(&s->hash, h);
}

void acrn_trace_line(struct acrn_sim *sim, const char *fmt, ...)
{
	struct acrn_sched *s = &sim->sched;
	const struct acrn_task *me = s->on ? task_self(sim) : *self_mine();
	acrn_trace_fn *sink = os_load(&s->sink);
	char line[160];
	va_list ap;
	int n;

	n = snprintf(line, sizeof(line), "%llu %s ",
		     (unsigned long long)os_fetch_add(&s->steps, 1), me ? me->name : "-");
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	if (s->on && me)
		hash_line(s, line);
	if (sink)
		sink(s->sink_arg, line);
}
