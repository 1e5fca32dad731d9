/* SPDX-License-Identifier: MIT */
/*
 * Counts user-space instructions exactly, without performance counters: a child is single-stepped
 * through n and through n + 1 iterations; the difference is one iteration.
 */
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define STEPS_MAX 2000000UL

/* The child stops itself before and after what is counted. */
static void child(bench_fn fn, unsigned long n)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	fn(n); /* resolve symbols, touch memory */
	raise(SIGSTOP);
	fn(n);
	raise(SIGUSR1);
	_exit(0);
}

static unsigned long steps_until_usr1(pid_t pid)
{
	unsigned long steps;
	int status;

	for (steps = 0; steps < STEPS_MAX; steps++) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid ||
		    !WIFSTOPPED(status))
			return 0;
		if (WSTOPSIG(status) == SIGUSR1)
			return steps;
	}
	return 0;
}

static unsigned long count(bench_fn fn, unsigned long n)
{
	unsigned long steps = 0;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return 0;
	if (!pid)
		child(fn, n);
	if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		steps = steps_until_usr1(pid);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return steps;
}

unsigned long bench_instructions(bench_fn fn)
{
	unsigned long few = count(fn, 8), more = count(fn, 9);

	return few && more > few ? more - few : 0;
}
