/* SPDX-License-Identifier: MIT */
/*
 * The threads of `mptctl serve`: those of the engines call gvt_run() whenever the core says that a
 * guest has something to execute, and sleep otherwise; the main thread is the devices' timer, takes
 * signals, and looks at the vGPUs now and then. Guests are served by the back end's own threads.
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
#include "serve.h"

#define THREADS_MAX 2
#define BUDGET 65536   /* units between two looks at whether to stop */
#define SEMAPHORE_MS 1 /* nobody tells when guest memory has what a semaphore waits for */
#define WATCH_NS 100000000ULL

/* Of the process, as its signals are: there is one loop. */
static int run_fd = -1, service_fd = -1, stop_fd = -1, signal_fd = -1;

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
}

int serve_loop_init(void)
{
	sigset_t set;

	signal_set(&set);
	/* A client that goes while it is written to is the back end's matter. */
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	run_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	service_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (signal_fd >= 0 && run_fd >= 0 && service_fd >= 0 && stop_fd >= 0)
		return 0;
	cli_error("serve: no descriptors to wait with: %s", strerror(errno));
	serve_loop_exit();
	return -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void serve_loop_exit(void)
{
	close_fd(&signal_fd);
	close_fd(&run_fd);
	close_fd(&service_fd);
	close_fd(&stop_fd);
}

static void notify(int fd)
{
	u64 one = 1;

	/* A counter that is full wakes as well. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void quieten(int fd)
{
	u64 n;

	if (read(fd, &n, sizeof(n)) < 0)
		return;
}

void serve_loop_wake(void *arg, unsigned int what)
{
	(void)arg;
	if (what & GVT_WAKE_RUN)
		notify(run_fd);
	if (what & GVT_WAKE_SERVICE)
		notify(service_fd);
}

/* --- engines --- */

/* Return: whether it is to go on. */
static bool wait_for_work(int timeout_ms)
{
	struct pollfd fd[2] = { { .fd = run_fd, .events = POLLIN },
				{ .fd = stop_fd, .events = POLLIN } };

	poll(fd, 2, timeout_ms);
	if (fd[0].revents)
		quieten(run_fd);
	return !fd[1].revents;
}

static void *engines(void *arg)
{
	struct intel_gvt *gvt = arg;
	u64 used;

	/* What comes after gvt_run() has said that there is nothing has notified run_fd. */
	do {
		used = gvt_run(gvt, BUDGET);
	} while (wait_for_work(used ? 0 : gvt_run_pending(gvt) ? SEMAPHORE_MS : -1));
	return NULL;
}

struct threads {
	pthread_t thread[THREADS_MAX];
	unsigned int n;
};

static void stop_engines(struct threads *t)
{
	notify(stop_fd);
	while (t->n)
		pthread_join(t->thread[--t->n], NULL);
}

static int start_engines(struct serve *s, struct threads *t)
{
	int err;

	for (t->n = 0; t->n < s->n && t->n < THREADS_MAX; t->n++) {
		err = pthread_create(&t->thread[t->n], NULL, engines, s->gvt);
		if (err) {
			cli_error("serve: no thread for the engines: %s", strerror(err));
			stop_engines(t);
			return -1;
		}
	}
	return 0;
}

/* --- the main thread --- */

/* Return: whether it is to go on. */
static bool take_signals(const struct serve *s)
{
	struct signalfd_siginfo info;
	bool on = true;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			serve_shot(s);
		else
			on = false;
	}
	return on;
}

static u64 earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* Until something happens, or for @ns. */
static void main_wait(u64 ns)
{
	struct pollfd fd[2] = { { .fd = signal_fd, .events = POLLIN },
				{ .fd = service_fd, .events = POLLIN } };
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
			      .tv_nsec = (long)(ns % 1000000000) };

	ppoll(fd, 2, &t, NULL);
	if (fd[1].revents)
		quieten(service_fd);
}

int serve_loop(struct serve *s)
{
	struct threads threads;
	u64 watched = 0, now, next;

	if (start_engines(s, &threads))
		return -1;
	do {
		now = session_now_ns();
		if (now - watched >= WATCH_NS) {
			serve_watch(s, now);
			watched = now;
		}
		next = gvt_service(s->gvt, now);
		main_wait(earlier(next, watched + WATCH_NS - now));
	} while (take_signals(s));
	stop_engines(&threads);
	return 0;
}
