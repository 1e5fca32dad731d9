/* SPDX-License-Identifier: MIT */
/*
 * A clause in a process of its own, so that a back end that crashes, hangs or exits fails this
 * clause and not the run. What it came to is in memory that both have.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mpt/host.h>

#include "conform.h"
#include "session.h"

struct shared {
	struct cf_result res;
	struct cf_calls calls;
	u64 has;
	int opens; /* 0 or an errno */
	char why[CF_TEXT];
	bool over;
};

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

/* --- in the child --- */

static void look(const struct conform *c, struct shared *s)
{
	struct mpt_host *host;

	s->opens = mpt_host_open(c->spec, &host);
	if (s->opens) {
		snprintf(s->why, sizeof(s->why), "%s", session_sentence());
		return;
	}
	mpt_host_close(host);
	cf_probe(c->spec, &s->has, s->why);
}

static void work(const struct conform *c, const struct mpt_clause *clause, struct shared *s)
{
	cf_calls_keep(&s->calls);
	cf_seed(c->seed);
	if (clause)
		cf_run(clause, c->spec, c->has, &s->res);
	else
		look(c, s);
	s->over = true;
	cf_calls_keep(NULL);
}

/* What the back end prints must not come between our lines. */
static void child(const struct conform *c, const struct mpt_clause *clause, struct shared *s,
		  const sigset_t *signals)
{
	sigprocmask(SIG_SETMASK, signals, NULL);
	/* Nobody would be left to look at the time. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	work(c, clause, s);
	_exit(0);
}

/* --- in the parent --- */

/* SIGCHLD is blocked, so it is waited for as well as the time. Return: false: it is still there. */
static bool await(pid_t pid, u64 end, int *status)
{
	sigset_t chld;
	struct timespec ts;
	u64 now;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (waitpid(pid, status, WNOHANG) == 0) {
		now = now_ms();
		if (now >= end)
			return false;
		ts.tv_sec = (time_t)((end - now) / 1000);
		ts.tv_nsec = (long)((end - now) % 1000) * 1000000;
		sigtimedwait(&chld, NULL, &ts);
	}
	return true;
}

static void ended(int status, char *why, size_t len)
{
	if (WIFSIGNALED(status))
		snprintf(why, len,
			 "expected an end, seen a crash: %s (signal %d; --no-fork shows it to a "
			 "debugger)",
			 strsignal(WTERMSIG(status)), WTERMSIG(status));
	else
		snprintf(why, len,
			 "expected an end, seen that the back end has ended the process (exit "
			 "status %d)",
			 WEXITSTATUS(status));
}

/* Return: false, with a sentence: the child is not through. */
static bool in_child(const struct conform *c, const struct mpt_clause *clause, struct shared *s,
		     char *why, size_t len)
{
	u64 end = now_ms() + c->timeout_s * 1000;
	sigset_t chld, before;
	int status = 0;
	bool gone;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(c, clause, s, &before);
	gone = pid > 0 && await(pid, end, &status);
	if (pid < 0) {
		snprintf(why, len, "no process to try it in: %s", strerror(errno));
	} else if (!gone) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		snprintf(why, len,
			 "expected an end, still running after %llu s and killed (--timeout gives "
			 "it longer)",
			 (unsigned long long)c->timeout_s);
	} else if (!s->over) {
		ended(status, why, len);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return gone && s->over;
}

static bool run(const struct conform *c, struct conform_one *one, struct shared *s)
{
	u64 start = now_ms();
	bool through = true;

	if (c->fork)
		through = in_child(c, one->clause, s, one->why, sizeof(one->why));
	else
		work(c, one->clause, s);
	one->ms = now_ms() - start;
	if (!through) {
		one->outcome = CF_FAIL;
		one->calls = s->calls;
	}
	return through;
}

static struct shared *share(void)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return s == MAP_FAILED ? NULL : s;
}

/* "MEM-4 over mock: what": the name is told beside it. */
static void take_why(struct conform_one *one, const char *text, const char *spec)
{
	const char *over = strstr(text, " over "), *rest = text;
	size_t n = strlen(spec);

	if (over && !strncmp(over + 6, spec, n) && !strncmp(over + 6 + n, ": ", 2))
		rest = over + 6 + n + 2;
	snprintf(one->why, sizeof(one->why), "%s", rest);
}

/* A crash is none, nor a clause that takes too long. */
static void take_limit(struct conform_one *one, const char *spec)
{
	const struct cf_limit *limit = cf_limit(spec, one->clause->id);

	if (one->outcome != CF_FAIL || !cf_is_limit(limit, one->why))
		return;
	one->outcome = CF_LIMIT;
	snprintf(one->why, sizeof(one->why), "%s", limit->why);
}

void conform_try(const struct conform *c, struct conform_one *one)
{
	struct shared *s = share();

	one->outcome = CF_FAIL;
	if (!s) {
		snprintf(one->why, sizeof(one->why), "no memory to try it in");
		return;
	}
	if (run(c, one, s)) {
		one->outcome = s->res.outcome;
		one->calls = s->res.calls;
		take_why(one, s->res.text, c->spec);
		take_limit(one, c->spec);
	}
	munmap(s, sizeof(*s));
}

int conform_look(struct conform *c, struct conform_one *one)
{
	struct shared *s = share();
	int ret = 2;

	if (!s) {
		snprintf(one->why, sizeof(one->why), "no memory to look at it in");
		return -1;
	}
	if (run(c, one, s)) {
		c->has = s->has;
		one->outcome = *s->why ? CF_FAIL : CF_PASS;
		one->calls = s->calls;
		take_why(one, s->why, c->spec);
		ret = s->opens ? -1 : *s->why != '\0';
	}
	munmap(s, sizeof(*s));
	return ret;
}
