/* SPDX-License-Identifier: MIT */
/*
 * Which schedules the race explorer tries: a tree. Its root is the run without a deviation, in
 * which a thread goes on as long as it can; a child is its parent's run with one more deviation
 * behind the parent's last. Each schedule has one place in it.
 */
#include "explore_int.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A run whose children are being tried. */
struct level {
	struct explore_choice *choice;
	unsigned int num_choices, at, thread; /* next to be tried */
	unsigned int num_dev, preemptions;
};

static bool level_push(struct level *level, unsigned int depth, struct explore_ctx *c,
		       unsigned int preemptions)
{
	struct level *l = &level[depth];
	size_t size = c->num_choices * sizeof(*l->choice);

	*l = (struct level){ .num_choices = c->num_choices, .num_dev = c->num_dev };
	l->at = c->num_dev ? c->dev[c->num_dev - 1].choice + 1 : 0;
	l->preemptions = preemptions;
	l->choice = malloc(size ? size : 1);
	if (!l->choice) {
		explore_limit("no memory for a run's choices");
		return false;
	}
	memcpy(l->choice, c->choice, size);
	return true;
}

static bool preempts(const struct explore_choice *ch)
{
	return ch->current != EXPLORE_NOBODY && ch->enabled >> ch->current & 1;
}

/* The next child within the bound becomes the context's schedule. */
static bool level_next(struct level *l, struct explore_ctx *c, unsigned int *preemptions)
{
	for (; l->at < l->num_choices; l->at++, l->thread = 0) {
		struct explore_choice *ch = &l->choice[l->at];

		*preemptions = l->preemptions + preempts(ch);
		if (*preemptions > c->bound)
			continue;
		for (; l->thread < c->threads; l->thread++) {
			if (l->thread == ch->chosen || !(ch->enabled >> l->thread & 1))
				continue;
			c->num_dev = l->num_dev;
			c->dev[c->num_dev++] = (struct explore_deviation){ l->at, l->thread++ };
			c->want_hash = ch->hash;
			return true;
		}
	}
	return false;
}

static bool tree_step(struct level *level, unsigned int *depth, struct explore_ctx *c)
{
	unsigned long most = c->s->max_runs ? c->s->max_runs : 1000000;
	unsigned int preemptions;

	if (!level_next(&level[*depth - 1], c, &preemptions)) {
		free(level[--*depth].choice);
		return true;
	}
	if (c->r->runs == most) {
		explore_limit("more than %lu runs", most);
		return false;
	}
	if (!explore_once(c))
		return false;
	if (c->num_dev == EXPLORE_DEVIATIONS) {
		explore_limit("a schedule has %d deviations", EXPLORE_DEVIATIONS);
		return true;
	}
	return level_push(level, (*depth)++, c, preemptions);
}

/* All schedules with up to @bound preemptions. */
static void tree_walk(struct explore_ctx *c, struct level *level, unsigned int bound)
{
	unsigned int depth = 0;

	c->bound = bound;
	c->num_dev = 0;
	c->r->runs = 0;
	if (!explore_once(c))
		return;
	if (level_push(level, depth++, c, 0))
		while (depth && tree_step(level, &depth, c))
			;
	while (depth)
		free(level[--depth].choice);
}

/* With a smaller bound first: a failure is then told with as few preemptions as it needs. */
static void trees_walk(struct explore_ctx *c)
{
	struct level *level = calloc(EXPLORE_DEVIATIONS + 1, sizeof(*level));
	unsigned int bound;

	if (!level) {
		explore_limit("no memory for the tree");
		return;
	}
	/* What is made once in a process is made here; the run does not count. */
	if (explore_once(c))
		for (bound = 0; bound <= c->s->bound && !c->failed && !c->r->limit[0]; bound++)
			tree_walk(c, level, bound);
	free(level);
}

/* Handing over between two processors costs ten times as much as on one. */
static void one_processor(cpu_set_t *old)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	CPU_ZERO(old);
	if (cpu < 0 || sched_getaffinity(0, sizeof(*old), old))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

void explore_run(const struct explore *s, struct explore_result *r)
{
	struct explore_ctx *c;
	cpu_set_t old;

	one_processor(&old);
	c = explore_begin(s, r);
	if (c) {
		trees_walk(c);
		r->complete = !c->failed && !r->limit[0];
		explore_end(c);
	}
	if (CPU_COUNT(&old))
		sched_setaffinity(0, sizeof(old), &old);
}

void explore_replay(const struct explore *s, const char *schedule, struct explore_result *r)
{
	struct explore_ctx *c = explore_begin(s, r);

	if (!c)
		return;
	/* As before an exploration. */
	if (explore_once(c)) {
		r->runs = 0;
		if (!explore_schedule_parse(c, schedule)) {
			c->failed = true;
			snprintf(r->failure, sizeof(r->failure), "'%.200s' is no schedule",
				 schedule);
		} else if (explore_once(c)) {
			explore_report(c, r->report, sizeof(r->report));
		}
	}
	explore_end(c);
}

/* --- as a test --- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *told(const struct explore *s, const struct explore_result *r)
{
	static char text[EXPLORE_TEXT * 20];

	if (r->failure[0])
		snprintf(text, sizeof(text),
			 "%s: run %lu: %s\nagain with MPT_EXPLORE_REPLAY='%s=%s'\n%s", s->name,
			 r->runs + 1, r->failure, s->name, r->schedule, r->report);
	else
		snprintf(text, sizeof(text), "%s: not complete after %lu runs: %s", s->name,
			 r->runs, r->limit);
	return text;
}

/* The schedule that is asked for, if it is this scenario's. */
static const char *asked(const struct explore *s)
{
	const char *text = getenv("MPT_EXPLORE_REPLAY");
	size_t len = strlen(s->name);

	return text && !strncmp(text, s->name, len) && text[len] == '=' ? text + len + 1 : NULL;
}

const char *explore_tell(const struct explore *s)
{
	static struct explore_result r;
	const char *bound = getenv("MPT_EXPLORE_BOUND"), *schedule = asked(s);
	struct explore with = *s;
	double since = seconds();

	if (bound && *bound)
		with.bound = (unsigned int)strtoul(bound, NULL, 10);
	if (schedule) {
		explore_replay(&with, schedule, &r);
		printf("%s=%s: %s\n%s", s->name, schedule, r.failure[0] ? r.failure : "passes",
		       r.report);
		return r.failure[0] ? told(&with, &r) : NULL;
	}
	explore_run(&with, &r);
	if (getenv("MPT_EXPLORE_PRINT"))
		printf("%-20s bound %u  %8lu runs  %5lu choices  %6.2f s  %s\n", s->name,
		       with.bound, r.runs, r.choices, seconds() - since,
		       r.complete ? "complete" : r.failure[0] ? "FAILED" : "NOT COMPLETE");
	fflush(stdout);
	return r.complete ? NULL : told(&with, &r);
}
