/* SPDX-License-Identifier: MIT */
/*
 * The threads of `mptctl serve` and `mptctl sysfs`: those of the engines call gvt_run() whenever the
 * core says that a guest has something to execute, and sleep otherwise; the main thread waits here
 * for the device's time, signals and pokes. What it does then is the command's.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "loop.h"

#define THREADS_MAX 2
#define BUDGET 65536   /* units between two looks at whether to stop */
#define SEMAPHORE_MS 1 /* nobody tells when guest memory has what a semaphore waits for */

enum { RUN, SERVICE, STOP, POKE, NUM_EVENTS };
static int event[NUM_EVENTS] = { -1, -1, -1, -1 };
static int signal_fd = -1;
static const char *who;
static pthread_t thread[THREADS_MAX];
static unsigned int threads;

static void notify(int n)
{
	u64 one = 1;

	/* A counter that is full wakes as well. */
	if (write(event[n], &one, sizeof(one)) < 0)
		return;
}

static void quieten(int n)
{
	u64 count;

	if (read(event[n], &count, sizeof(count)) < 0)
		return;
}

/* --- the beginning and the end --- */

static void keep_signals(bool usr1)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (usr1)
		sigaddset(&set, SIGUSR1);
	/* Who reads what is printed may go, and a client while it is written to. */
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int loop_init(const char *command, bool usr1)
{
	int i;

	who = command;
	keep_signals(usr1);
	for (i = 0; i < NUM_EVENTS && signal_fd >= 0; i++) {
		event[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (event[i] < 0)
			break;
	}
	if (i == NUM_EVENTS)
		return 0;
	cli_error("%s: no descriptors to wait with: %s", who, strerror(errno));
	loop_exit();
	return -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void loop_exit(void)
{
	int i;

	close_fd(&signal_fd);
	for (i = 0; i < NUM_EVENTS; i++)
		close_fd(&event[i]);
}

void loop_close(struct mpt_host *host, struct intel_gvt *gvt, struct session_result *r)
{
	int ret;

	/* The ledger is told before the host goes, and faults of the last moments are counted. */
	if (host) {
		session_take_ledger(host, r);
		session_take_iommu_faults(host, r);
	}
	ret = gvt_close(gvt);
	if (ret)
		session_error(r, ret, "closing device", 0);
	ret = mpt_host_close(host);
	if (ret)
		session_error(r, ret, "closing host", 0);
}

void loop_wake(void *arg, unsigned int what)
{
	(void)arg;
	if (what & GVT_WAKE_RUN)
		notify(RUN);
	if (what & GVT_WAKE_SERVICE)
		notify(SERVICE);
}

void loop_poke(void)
{
	notify(POKE);
}

/* --- engines --- */

/* Return: whether it is to go on. */
static bool wait_for_work(int timeout_ms)
{
	struct pollfd fd[2] = { { .fd = event[RUN], .events = POLLIN },
				{ .fd = event[STOP], .events = POLLIN } };

	poll(fd, 2, timeout_ms);
	if (fd[0].revents)
		quieten(RUN);
	return !fd[1].revents;
}

static void *engines(void *arg)
{
	struct intel_gvt *gvt = arg;
	u64 used;

	/* What comes after gvt_run() has said that there is nothing has notified RUN. */
	do {
		used = gvt_run(gvt, BUDGET);
	} while (wait_for_work(used ? 0 : gvt_run_pending(gvt) ? SEMAPHORE_MS : -1));
	return NULL;
}

void loop_stop(void)
{
	notify(STOP);
	while (threads)
		pthread_join(thread[--threads], NULL);
	quieten(STOP);
}

int loop_start(struct intel_gvt *gvt, unsigned int n)
{
	int err;

	for (; threads < n && threads < THREADS_MAX; threads++) {
		err = pthread_create(&thread[threads], NULL, engines, gvt);
		if (err) {
			cli_error("%s: no thread for the engines: %s", who, strerror(err));
			loop_stop();
			return -1;
		}
	}
	return 0;
}

/* --- the main thread --- */

static unsigned int take_signals(void)
{
	struct signalfd_siginfo info;
	unsigned int seen = 0;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		seen |= info.ssi_signo == SIGUSR1 ? LOOP_USR1 : LOOP_END;
	return seen;
}

unsigned int loop_wait(u64 ns)
{
	struct pollfd fd[] = { { .fd = signal_fd, .events = POLLIN },
			       { .fd = event[SERVICE], .events = POLLIN },
			       { .fd = event[POKE], .events = POLLIN } };
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
			      .tv_nsec = (long)(ns % 1000000000) };

	ppoll(fd, sizeof(fd) / sizeof(fd[0]), ns == ~0ULL ? NULL : &t, NULL);
	if (fd[1].revents)
		quieten(SERVICE);
	if (fd[2].revents)
		quieten(POKE);
	return take_signals() | (fd[2].revents ? LOOP_POKE : 0);
}
