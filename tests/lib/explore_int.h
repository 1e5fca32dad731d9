/* SPDX-License-Identifier: MIT */
/* What the files of the race explorer share: a run's threads, its choices, and who may go on. */
#ifndef MPT_TESTS_EXPLORE_INT_H
#define MPT_TESTS_EXPLORE_INT_H

#include <pthread.h>
#include <setjmp.h>

#include "explore.h"

#define EXPLORE_CHOICES 8192 /* of a run that can be recorded */
#define EXPLORE_DEVIATIONS 64 /* of a schedule */
#define EXPLORE_HELD 16 /* locks of one thread */
#define EXPLORE_LOG 32768 /* points of a run that are kept for the report */
#define EXPLORE_NOBODY EXPLORE_THREADS

/* Why a thread does not go on. */
enum explore_why { WHY_NOT, WHY_MUTEX, WHY_COND, WHY_FUTEX, WHY_YIELD, WHY_ENDED };

struct explore_thread {
	unsigned int n;
	pthread_t id;
	int go; /* what it sleeps on */
	bool live; /* inside its body */
	bool ended;
	enum explore_why why;
	const volatile void *waits; /* NULL: it may run */
	unsigned int after; /* mask: it has yielded, and these come first */
	struct explore_site *at; /* where it was last */
	struct {
		const volatile void *lock;
		struct explore_site *site;
	} held[EXPLORE_HELD];
	unsigned int num_held;
};

/* A moment at which more than one thread could have gone on. */
struct explore_choice {
	unsigned char enabled, current, chosen; /* a mask; EXPLORE_NOBODY: none */
	unsigned int hash; /* of the run so far */
};

struct explore_deviation {
	unsigned int choice, thread;
};

struct explore_logged {
	struct explore_site *site;
	unsigned char thread, to, why;
};

/* An exploration. One that failed is never freed: its threads still sleep in it. */
struct explore_ctx {
	const struct explore *s;
	struct explore_result *r;
	struct explore_thread thread[EXPLORE_THREADS];
	unsigned int threads, kinds, bound;
	unsigned long max_steps;
	int done; /* what the caller sleeps on */
	bool quit, running, failed;
	jmp_buf out; /* of the caller, in setup, check and teardown */

	/* of a run */
	struct explore_deviation dev[EXPLORE_DEVIATIONS];
	unsigned int num_dev, next_dev;
	unsigned int want_hash; /* at the last deviation; 0: any */
	struct explore_choice choice[EXPLORE_CHOICES];
	unsigned int num_choices;
	unsigned long steps;
	unsigned int hash;
	struct explore_logged log[EXPLORE_LOG];
	unsigned int num_log;
};

extern struct explore_ctx *explore_ctx;
/* The calling thread if it is in a run, else NULL. */
struct explore_thread *explore_self(void);

/* --- explore.c --- */
/* The scenario's threads are there and wait; NULL: they are not, and why is in the result. */
struct explore_ctx *explore_begin(const struct explore *s, struct explore_result *r);
void explore_end(struct explore_ctx *c);
/* One run, of the context's schedule. False: it has failed, and nothing more can be run. */
bool explore_once(struct explore_ctx *c);

void explore_block(struct explore_thread *t, enum explore_why why, const volatile void *on,
		   struct explore_site *site);
void explore_wake(const volatile void *on, bool all);
void explore_took(struct explore_site *site, const volatile void *lock);
void explore_gave(const volatile void *lock);
void explore_limit(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Not a failure of the scenario's assertions: says where each thread is. */
void explore_stuck(const char *what);

/* --- explore_mem.c --- */
void explore_mem_check(struct explore_site *site, const volatile void *p);
/* After a run. @check: it is a failure if poison was written over. */
void explore_mem_release(bool check);
/* A thread of a run that gets one has failed. */
void explore_mem_signals(void);

/* --- explore_names.c --- */
void explore_schedule_print(const struct explore_ctx *c, char *buf, size_t len);
/* False: it is none. */
bool explore_schedule_parse(struct explore_ctx *c, const char *text);
void explore_site_print(const struct explore_site *site, char *buf, size_t len);
const char *explore_thread_name(const struct explore_ctx *c, unsigned int n);
void explore_report(const struct explore_ctx *c, char *buf, size_t len);
void explore_where(const struct explore_ctx *c, char *buf, size_t len);

#endif
