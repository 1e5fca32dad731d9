/* SPDX-License-Identifier: MIT */
/*
 * The race explorer's scheduler: the threads of a run, of which one goes on at a time, and the
 * choice of which. What is tried in which order is explore_tree.c's, what a step is the hooks'.
 */
#include "explore_int.h"

#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct explore_ctx *explore_ctx;
static __thread struct explore_thread *self;

struct explore_thread *explore_self(void)
{
	return self && self->live ? self : NULL;
}

/* --- sleeping and waking, which no hook sees --- */

static void sleep_on(int *word)
{
	while (!__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void wake_up(int *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* --- failure --- */

/* The thread sleeps for good: it may hold anything, and nobody would know what to undo. */
static void freeze(void)
{
	int never = 0;

	wake_up(&explore_ctx->done);
	for (;;)
		sleep_on(&never);
}

static void failed(const char *what)
{
	struct explore_ctx *c = explore_ctx;

	if (!c->failed) {
		c->failed = true;
		snprintf(c->r->failure, sizeof(c->r->failure), "%s", what);
		explore_schedule_print(c, c->r->schedule, sizeof(c->r->schedule));
		explore_report(c, c->r->report, sizeof(c->r->report));
	}
	if (explore_self())
		freeze();
	longjmp(c->out, 1);
}

void explore_fail(const char *fmt, ...)
{
	char what[EXPLORE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	failed(what);
}

void explore_limit(const char *fmt, ...)
{
	struct explore_ctx *c = explore_ctx;
	va_list ap;

	if (c->r->limit[0])
		return;
	va_start(ap, fmt);
	vsnprintf(c->r->limit, sizeof(c->r->limit), fmt, ap);
	va_end(ap);
}

void explore_stuck(const char *what)
{
	char where[EXPLORE_TEXT - 64];

	explore_where(explore_ctx, where, sizeof(where));
	explore_fail("%s: %s", what, where);
}

/* --- who goes on --- */

static unsigned int runnable(const struct explore_ctx *c)
{
	unsigned int mask = 0, i;

	for (i = 0; i < c->threads; i++)
		if (!c->thread[i].ended && !c->thread[i].waits)
			mask |= 1U << i;
	return mask;
}

static void hash_in(struct explore_ctx *c, const void *p, unsigned int n)
{
	c->hash = (c->hash ^ (unsigned int)((unsigned long)p >> 3) ^ n << 24) * 16777619U;
}

/* The same threads could have gone on, and had come as far, when this schedule was thought of. */
static unsigned int deviate(struct explore_ctx *c, unsigned int mask)
{
	unsigned int thread = c->dev[c->next_dev++].thread;

	if (!(mask >> thread & 1))
		explore_fail("the schedule does not fit: thread %u cannot go on at choice %u",
			     thread, c->num_choices);
	if (c->next_dev == c->num_dev && c->want_hash && c->want_hash != c->hash)
		explore_fail("the scenario is not deterministic: what led to choice %u differs "
			     "from the run before",
			     c->num_choices);
	return thread;
}

/* One of @mask. Unless told otherwise @current, or who comes next after it. */
static unsigned int choose(struct explore_ctx *c, unsigned int mask, unsigned int current)
{
	unsigned int chosen = current % EXPLORE_THREADS;
	struct explore_choice *choice;

	while (!(mask >> chosen & 1))
		chosen = (chosen + 1) % EXPLORE_THREADS;
	if (!(mask & (mask - 1)))
		return chosen;
	if (c->num_choices == EXPLORE_CHOICES) {
		explore_limit("a run has more than %d choices", EXPLORE_CHOICES);
		return chosen;
	}
	if (c->next_dev < c->num_dev && c->dev[c->next_dev].choice == c->num_choices)
		chosen = deviate(c, mask);
	choice = &c->choice[c->num_choices++];
	*choice = (struct explore_choice){ (unsigned char)mask, (unsigned char)current,
					   (unsigned char)chosen, c->hash };
	return chosen;
}

static void note(struct explore_ctx *c, struct explore_thread *t, struct explore_site *site,
		 enum explore_why why)
{
	hash_in(c, site, t->n);
	t->at = site ? site : t->at;
	if (c->num_log < EXPLORE_LOG)
		c->log[c->num_log++] = (struct explore_logged){
			site, (unsigned char)t->n, (unsigned char)t->n, (unsigned char)why };
}

/*
 * Who yields waits for something that another one does: all that could go on then come before it.
 * Otherwise two that wait for a third could yield to each other for ever.
 */
static unsigned int fair(struct explore_ctx *c, unsigned int mask)
{
	unsigned int late = 0, i;

	for (i = 0; i < c->threads; i++)
		if (c->thread[i].after & mask)
			late |= 1U << i;
	return mask & ~late ? mask & ~late : mask;
}

/* Nobody can go on: the run is over, unless somebody has not ended. */
static void run_over(struct explore_ctx *c, struct explore_thread *t)
{
	unsigned int i;

	for (i = 0; i < c->threads; i++)
		if (!c->thread[i].ended)
			explore_stuck("deadlock");
	t->live = false;
	wake_up(&c->done);
}

/* The calling thread has come to @why; another one may go on in its place. */
static void go_on(struct explore_thread *t, enum explore_why why)
{
	struct explore_ctx *c = explore_ctx;
	unsigned int mask = runnable(c), next, i;

	for (i = 0; i < c->threads; i++)
		c->thread[i].after &= ~(1U << t->n);
	t->after = why == WHY_YIELD ? mask & ~(1U << t->n) : t->after;
	if (!mask) {
		run_over(c, t);
		return;
	}
	next = choose(c, fair(c, mask), t->n);
	if (next == t->n)
		return;
	if (c->num_log)
		c->log[c->num_log - 1].to = (unsigned char)next;
	if (why == WHY_ENDED)
		t->live = false;
	wake_up(&c->thread[next].go);
	if (why != WHY_ENDED)
		sleep_on(&t->go);
}

void *explore_at(struct explore_site *site, const volatile void *p)
{
	struct explore_thread *t = explore_self();
	struct explore_ctx *c = explore_ctx;

	if (!t)
		return (void *)(unsigned long)p;
	/* Of the allocator's own there is too much, and of the sentences'. */
	if (!site->known)
		site->known = strstr(site->file, "libmpt/alloc.c") ||
			      strstr(site->file, "libmpt/error.c") ? 2 : 1;
	if (p)
		explore_mem_check(site, p);
	if (site->known == 2)
		return (void *)(unsigned long)p;
	note(c, t, site, WHY_NOT);
	if (++c->steps > c->max_steps)
		explore_stuck("a thread does not end within the steps of a run");
	if (c->kinds & site->kind)
		go_on(t, WHY_NOT);
	return (void *)(unsigned long)p;
}

void explore_block(struct explore_thread *t, enum explore_why why, const volatile void *on,
		   struct explore_site *site)
{
	struct explore_ctx *c = explore_ctx;

	note(c, t, site, why);
	if (++c->steps > c->max_steps)
		explore_stuck("a thread does not end within the steps of a run");
	t->why = why;
	t->waits = why == WHY_YIELD ? NULL : on;
	go_on(t, why);
	t->why = WHY_NOT;
}

void explore_wake(const volatile void *on, bool all)
{
	struct explore_ctx *c = explore_ctx;
	unsigned int i;

	for (i = 0; i < c->threads; i++) {
		if (c->thread[i].waits != on)
			continue;
		c->thread[i].waits = NULL;
		if (!all)
			break;
	}
}

/* --- who has which lock, for what is told of a deadlock --- */

void explore_took(struct explore_site *site, const volatile void *lock)
{
	struct explore_thread *t = explore_self();

	if (!t)
		return;
	if (t->num_held == EXPLORE_HELD) {
		explore_limit("a thread has more than %d locks", EXPLORE_HELD);
		return;
	}
	t->held[t->num_held].lock = lock;
	t->held[t->num_held++].site = site;
}

/* By whomever: a word that is a lock may be given back by another thread. */
void explore_gave(const volatile void *lock)
{
	struct explore_ctx *c = explore_ctx;
	unsigned int i, k;

	if (!explore_self())
		return;
	for (i = 0; i < c->threads; i++) {
		struct explore_thread *t = &c->thread[i];

		for (k = 0; k < t->num_held; k++)
			if (t->held[k].lock == lock)
				t->held[k--] = t->held[--t->num_held];
	}
}

/* --- threads: one for each body, for all runs --- */

static void *thread_main(void *arg)
{
	struct explore_thread *t = arg;
	struct explore_ctx *c = explore_ctx;

	self = t;
	if (c->s->warm)
		c->s->warm();
	wake_up(&c->done);
	for (;;) {
		sleep_on(&t->go);
		if (c->quit)
			return NULL;
		c->s->thread[t->n]();
		t->ended = true;
		note(c, t, NULL, WHY_ENDED);
		go_on(t, WHY_ENDED);
	}
}

/* One after the other, so that what they set up is the same in each process. */
static bool threads_start(struct explore_ctx *c)
{
	unsigned int i;

	for (i = 0; i < c->threads; i++) {
		c->thread[i].n = i;
		if (pthread_create(&c->thread[i].id, NULL, thread_main, &c->thread[i])) {
			snprintf(c->r->failure, sizeof(c->r->failure), "no thread %u", i);
			c->threads = i;
			return false;
		}
		sleep_on(&c->done);
	}
	return true;
}

static void threads_end(struct explore_ctx *c)
{
	unsigned int i;

	c->quit = true;
	for (i = 0; i < c->threads; i++) {
		wake_up(&c->thread[i].go);
		pthread_join(c->thread[i].id, NULL);
	}
}

static struct explore_ctx *ctx_new(const struct explore *s, struct explore_result *r)
{
	struct explore_ctx *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	memset(r, 0, sizeof(*r));
	c->s = s;
	c->r = r;
	c->kinds = s->kinds ? s->kinds : EXPLORE_MOST;
	c->max_steps = s->max_steps ? s->max_steps : 20000;
	while (s->thread[c->threads])
		c->threads++;
	return c;
}

struct explore_ctx *explore_begin(const struct explore *s, struct explore_result *r)
{
	struct explore_ctx *c = ctx_new(s, r);

	explore_ctx = c;
	/* What an exploration that failed has left. */
	explore_mem_release(false);
	explore_mem_signals();
	return threads_start(c) ? c : NULL;
}

void explore_end(struct explore_ctx *c)
{
	if (c->failed)
		return;
	threads_end(c);
	explore_ctx = NULL;
	free(c);
}

/* --- a run --- */

static void run_reset(struct explore_ctx *c)
{
	unsigned int i;

	c->num_choices = c->next_dev = c->num_log = 0;
	c->steps = 0;
	c->hash = 2166136261U;
	for (i = 0; i < c->threads; i++) {
		struct explore_thread *t = &c->thread[i];

		t->ended = false;
		t->live = true;
		t->waits = NULL;
		t->after = 0;
		t->why = WHY_NOT;
		t->at = NULL;
		t->num_held = 0;
	}
}

/* False: it has failed, and nothing more can be run. */
bool explore_once(struct explore_ctx *c)
{
	if (setjmp(c->out))
		return false;
	if (c->s->setup)
		c->s->setup();
	run_reset(c);
	wake_up(&c->thread[choose(c, runnable(c), EXPLORE_NOBODY)].go);
	sleep_on(&c->done);
	if (c->failed)
		return false;
	c->r->runs++;
	if (c->num_choices > c->r->choices)
		c->r->choices = c->num_choices;
	if (c->next_dev < c->num_dev)
		explore_fail("the schedule does not fit: there is no choice %u",
			     c->dev[c->next_dev].choice);
	explore_mem_release(true);
	if (c->s->check)
		c->s->check();
	if (c->s->teardown)
		c->s->teardown();
	return true;
}
