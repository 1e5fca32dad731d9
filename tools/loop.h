/* SPDX-License-Identifier: MIT */
/*
 * What a command that serves a device has in common with the others: threads for the engines, a main
 * thread that is the device's timer and takes signals, the end. Of the process, as its signals are:
 * there is one loop.
 */
#ifndef MPT_TOOLS_LOOP_H
#define MPT_TOOLS_LOOP_H

#include "session.h"

/* Rows of the options that these commands have alike; @args: their structure. */
#define LOOP_OPTION_QUIET(args) \
	{ "quiet", NULL, "tell only what is wrong meanwhile", offsetof(args, quiet), CLI_FLAG }
#define LOOP_OPTION_JSON(args) \
	{ "json", NULL, "print the final report as JSON", offsetof(args, json), CLI_FLAG }

/* What a wait has ended with, beside the time and the device. */
#define LOOP_END (1U << 0)  /* SIGINT, SIGTERM or SIGHUP */
#define LOOP_USR1 (1U << 1) /* SIGUSR1 */
#define LOOP_POKE (1U << 2) /* loop_poke() */

/*
 * Before anything starts a thread: signals are kept for loop_wait(), SIGUSR1 too with @usr1.
 * @command: whose name errors have. Return: 0, -1 with an error printed.
 */
int loop_init(const char *command, bool usr1);
void loop_exit(void);
/* struct gvt_config's: what wakes the threads. */
void loop_wake(void *arg, unsigned int what);
/* Wakes loop_wait(); any thread, with any lock; does not wait. */
void loop_poke(void);
/* So many threads for the engines, of which two are enough. Return: 0, -1 with an error printed. */
int loop_start(struct intel_gvt *gvt, unsigned int threads);
void loop_stop(void);
/* The main thread, until something happens or for @ns, ~0: no limit. Return: LOOP_*. */
unsigned int loop_wait(u64 ns);
/* Closes device and host, which may be NULL; what the ledger and the IOMMU say goes to @r before. */
void loop_close(struct mpt_host *host, struct intel_gvt *gvt, struct session_result *r);

#endif
