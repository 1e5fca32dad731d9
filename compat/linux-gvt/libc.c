/* SPDX-License-Identifier: MIT */
/*
 * Functions of the kernel that need no header of the kernel's to be written: log, sleeping locks,
 * time. Memory is in memory.c, what needs the kernel's types in kernel.c.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "linux_gvt.h"
#include "side.h"

static int shown;
static unsigned long messages;

void linux_gvt_log(int show)
{
	shown = show;
}

unsigned long linux_gvt_messages(void)
{
	return __atomic_load_n(&messages, __ATOMIC_RELAXED);
}

/* A kernel's format begins with a level that is no text: SOH and one character. */
static void log_line(const char *fmt, va_list args)
{
	__atomic_fetch_add(&messages, 1, __ATOMIC_RELAXED);
	if (!shown)
		return;
	if (fmt[0] == '\001' && fmt[1])
		fmt += 2;
	fputs("    kernel: ", stderr);
	vfprintf(stderr, fmt, args);
}

void side_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(fmt, args);
	va_end(args);
}

int printk(const char *fmt, ...);
int printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(fmt, args);
	va_end(args);
	return 0;
}

void __warn_printk(const char *fmt, ...);
void __warn_printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(fmt, args);
	va_end(args);
}

void side_missing(const char *what)
{
	fprintf(stderr, "linux-gvt: the core called %s, which this kernel does not have\n", what);
	abort();
}

unsigned long long side_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec;
}

/*
 * struct mutex begins with a word that is 0 as long as nobody holds it, which is all that the
 * kernel's inline functions look at. Here: 1 held, 2 held and waited for, as futex(7) describes.
 */
static long futex(unsigned int *word, int op, unsigned int value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

void mutex_lock(void *mutex);
void mutex_lock(void *mutex)
{
	unsigned int *word = mutex, free_word = 0;

	if (__atomic_compare_exchange_n(word, &free_word, 1, 0, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE))
		futex(word, FUTEX_WAIT_PRIVATE, 2);
}

void mutex_unlock(void *mutex);
void mutex_unlock(void *mutex)
{
	unsigned int *word = mutex;

	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
		futex(word, FUTEX_WAKE_PRIVATE, 1);
}
