/* SPDX-License-Identifier: MIT */
/*
 * The race explorer: runs a scenario's threads one at a time and tries every order of their steps
 * that a bound allows (doc/explorer.md). No scenario and no hook is here: sources that are to be
 * watched are compiled with explore_hooks.h in front.
 */
#ifndef MPT_TESTS_EXPLORE_H
#define MPT_TESTS_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>

#define EXPLORE_THREADS 4
/* Replay of any one schedule fits in here, or the exploration says that it does not. */
#define EXPLORE_TEXT 1024

/* Where a thread may be preempted; where it waits, yields or ends, another one is chosen anyway. */
enum explore_kind {
	EXPLORE_OP = 1 << 0, /* a call of the back end */
	EXPLORE_LOCK = 1 << 1, /* before a lock is taken, after it was given back */
	EXPLORE_ATOMIC = 1 << 2, /* before an atomic store, exchange, load with acquire */
	EXPLORE_LOADED = 1 << 3, /* after such a load */
	EXPLORE_RELAXED = 1 << 4, /* before a relaxed load or store */
	EXPLORE_STEP = 1 << 5, /* explore_step() of a scenario */
	/* Enough where what is loaded is a number. */
	EXPLORE_WORDS = EXPLORE_OP | EXPLORE_LOCK | EXPLORE_ATOMIC | EXPLORE_STEP,
	/* Also between a pointer's load and its use. */
	EXPLORE_MOST = EXPLORE_WORDS | EXPLORE_LOADED,
};

/**
 * struct explore - a scenario.
 * @name: for messages and for $MPT_EXPLORE_REPLAY
 * @setup: fresh state before each run; not watched
 * @thread: the bodies; NULL ends the list
 * @warm: in each thread once before the first run, not watched; or NULL
 * @check: after each run in which all threads have ended; not watched; or NULL
 * @teardown: after @check; or NULL
 * @names: of the threads; or NULL
 * @kinds: set of enum explore_kind; 0: EXPLORE_MOST
 * @bound: preemptions in a schedule at most
 * @max_steps: of a run, 0: 20000; a run that needs more does not end
 * @max_runs: 0: 1000000; one that needs more is not complete
 */
struct explore {
	const char *name;
	void (*setup)(void);
	void (*thread[EXPLORE_THREADS + 1])(void);
	void (*warm)(void);
	void (*check)(void);
	void (*teardown)(void);
	const char *const *names;
	unsigned int kinds, bound;
	unsigned long max_steps, max_runs;
};

/**
 * struct explore_result - what came out.
 * @complete: every schedule within the bound was run, and none failed
 * @runs: how many there were with the last bound
 * @choices: the most that a run had
 * @failure: the first failure, "" if there is none; the exploration ended with it
 * @schedule: with which it comes again
 * @limit: why it is not complete though nothing failed; ""
 * @report: what each thread did in the run that failed
 */
struct explore_result {
	bool complete;
	unsigned long runs, choices;
	char failure[EXPLORE_TEXT], schedule[EXPLORE_TEXT], limit[EXPLORE_TEXT];
	char report[16 * EXPLORE_TEXT];
};

/*
 * Tries all schedules, those with fewer preemptions first. Deterministic: it says so if the
 * scenario is not. After a failure the scenario's threads stay where they are, with what they hold.
 */
void explore_run(const struct explore *s, struct explore_result *r);
/* One schedule, as explore_run() printed it. */
void explore_replay(const struct explore *s, const char *schedule, struct explore_result *r);

/*
 * As a test: explore_run(), with $MPT_EXPLORE_BOUND instead of the scenario's bound if that is set,
 * or the one schedule that $MPT_EXPLORE_REPLAY has as NAME=SCHEDULE; with $MPT_EXPLORE_PRINT it
 * prints a line. NULL: complete; else what to tell, in a static buffer.
 */
const char *explore_tell(const struct explore *s);

/* In a scenario: the run has failed. From a thread it does not return. */
void explore_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define explore_assert(cond)                                                    \
	do {                                                                    \
		if (!(cond)) {                                                  \
			explore_fail("%s:%d: %s", __FILE__, __LINE__, #cond);   \
			return;                                                 \
		}                                                               \
	} while (0)
/* A place of the scenario's own where it may be preempted. */
#define explore_step(what)                                                              \
	do {                                                                            \
		static struct explore_site explore_site_ = { __FILE__, what, __LINE__,  \
							     EXPLORE_STEP, 0 };         \
		explore_at(&explore_site_, NULL);                                       \
	} while (0)

/* --- for hooks --- */

/* A place in the code where a thread may be preempted. */
struct explore_site {
	const char *file, *func;
	unsigned int line;
	unsigned char kind; /* enum explore_kind */
	unsigned char known; /* 1: shown, 2: hidden */
};

/* The calling thread is at @site and is about to use @p, which is the answer. */
void *explore_at(struct explore_site *site, const volatile void *p);

/* --- explore_ops.c --- */
struct mpt_host;
/* A step before each operation that a core calls through the host's table. */
void explore_ops_watch(struct mpt_host *host);

#endif
