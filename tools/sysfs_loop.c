/* SPDX-License-Identifier: MIT */
/*
 * What the main thread of `mptctl sysfs` does while the tree is served by the mount's own threads: it
 * is the device's timer and prints what is told.
 */
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

#include "loop.h"
#include "sysfs.h"

#define LINES 64
#define LINE_MAX_ 256

/* Lines that are not printed yet, the oldest at @first. */
static struct {
	pthread_mutex_t lock;
	char line[LINES][LINE_MAX_];
	unsigned int first, n, lost;
	bool quiet;
} told = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool ended; /* atomic */

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
	loop_poke();
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

int sysfs_loop_init(bool quiet)
{
	told.quiet = quiet;
	__atomic_store_n(&ended, false, __ATOMIC_RELEASE);
	return loop_init("sysfs", false);
}

void sysfs_loop_exit(void)
{
	print_told();
	loop_exit();
}

void sysfs_loop_ended(void)
{
	__atomic_store_n(&ended, true, __ATOMIC_RELEASE);
	loop_poke();
}

int sysfs_loop(struct sysfs *s)
{
	unsigned int seen;

	if (loop_start(s->gvt, 1))
		return -1;
	do {
		seen = loop_wait(gvt_service(s->gvt, session_now_ns()));
		print_told();
	} while (!(seen & LOOP_END) && !__atomic_load_n(&ended, __ATOMIC_ACQUIRE));
	loop_stop();
	return 0;
}
