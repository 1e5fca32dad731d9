/* SPDX-License-Identifier: MIT */
/*
 * What `mptctl sysfs` does while the tree is served: the main thread is the device's timer, takes
 * signals and prints what is told; another one lets the engines execute what guests have submitted.
 * The tree's own threads are the mount's.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "sysfs.h"

#define BUDGET 65536   /* units between two looks at whether to stop */
#define SEMAPHORE_MS 1 /* nobody tells when guest memory has what a semaphore waits for */
#define LINES 64
#define LINE_MAX_ 256

/* Of the process, as its signals are: there is one loop. */
enum { RUN, SERVICE, STOP, ENDED, TOLD, NUM_EVENTS };
static int event[NUM_EVENTS] = { -1, -1, -1, -1, -1 };
static int signal_fd = -1;

/* Lines that are not printed yet, the oldest at @first. */
static struct {
	pthread_mutex_t lock;
	char line[LINES][LINE_MAX_];
	unsigned int first, n, lost;
	bool quiet;
} told = { .lock = PTHREAD_MUTEX_INITIALIZER };

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

/* --- telling --- */

void sysfs_tell(const char *fmt, ...)
{
	va_list ap;

	if (told.quiet)
		return;
	pthread_mutex_lock(&told.lock);
	if (told.n < LINES) {
		va_start(ap, fmt);
		vsnprintf(told.line[(told.first + told.n++) % LINES], LINE_MAX_, fmt, ap);
		va_end(ap);
	} else {
		told.lost++;
	}
	pthread_mutex_unlock(&told.lock);
	notify(TOLD);
}

/* Return: whether there was a line. */
static bool take_line(char line[LINE_MAX_])
{
	bool any;

	pthread_mutex_lock(&told.lock);
	any = told.n || told.lost;
	if (told.n) {
		memcpy(line, told.line[told.first], LINE_MAX_);
		told.first = (told.first + 1) % LINES;
		told.n--;
	} else if (told.lost) {
		snprintf(line, LINE_MAX_, "%u more lines are lost", told.lost);
		told.lost = 0;
	}
	pthread_mutex_unlock(&told.lock);
	return any;
}

static void print_told(void)
{
	char line[LINE_MAX_];

	while (take_line(line))
		fprintf(stderr, "%s\n", line);
}

/* --- the beginning and the end --- */

int sysfs_loop_init(bool quiet)
{
	sigset_t set;
	int i;

	told.quiet = quiet;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	/* Who reads what is printed may go; a client of a back end as well. */
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (i = 0; i < NUM_EVENTS && signal_fd >= 0; i++) {
		event[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (event[i] < 0)
			break;
	}
	if (i == NUM_EVENTS)
		return 0;
	cli_error("sysfs: no descriptors to wait with: %s", strerror(errno));
	sysfs_loop_exit();
	return -1;
}

void sysfs_loop_exit(void)
{
	int i;

	print_told();
	for (i = 0; i < NUM_EVENTS; i++) {
		if (event[i] >= 0)
			close(event[i]);
		event[i] = -1;
	}
	if (signal_fd >= 0)
		close(signal_fd);
	signal_fd = -1;
}

void sysfs_loop_wake(void *arg, unsigned int what)
{
	(void)arg;
	if (what & GVT_WAKE_RUN)
		notify(RUN);
	if (what & GVT_WAKE_SERVICE)
		notify(SERVICE);
}

void sysfs_loop_ended(void)
{
	notify(ENDED);
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

/* --- the main thread --- */

/* Until something happens, or for @ns. Return: whether it is to go on. */
static bool main_wait(u64 ns)
{
	struct pollfd fd[] = { { .fd = signal_fd, .events = POLLIN },
			       { .fd = event[ENDED], .events = POLLIN },
			       { .fd = event[SERVICE], .events = POLLIN },
			       { .fd = event[TOLD], .events = POLLIN } };
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
			      .tv_nsec = (long)(ns % 1000000000) };

	ppoll(fd, sizeof(fd) / sizeof(fd[0]), ns == ~0ULL ? NULL : &t, NULL);
	if (fd[2].revents)
		quieten(SERVICE);
	if (fd[3].revents)
		quieten(TOLD);
	return !fd[0].revents && !fd[1].revents;
}

int sysfs_loop(struct sysfs *s)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, engines, s->gvt);
	bool on;

	if (err) {
		cli_error("sysfs: no thread for the engines: %s", strerror(err));
		return -1;
	}
	do {
		on = main_wait(gvt_service(s->gvt, session_now_ns()));
		print_told();
	} while (on);
	notify(STOP);
	pthread_join(thread, NULL);
	return 0;
}
