/* SPDX-License-Identifier: MIT */
/*
 * Functions of the kernel that need no header of the kernel's to be written: log, time.
 * Memory is in memory.c, sleeping locks in mutex.c, what needs the kernel's types in kernel.c.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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
