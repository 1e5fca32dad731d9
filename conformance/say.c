/* SPDX-License-Identifier: MIT */
/* How a clause reports what is wrong, and helpers for threads, time and chance. No worlds. */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "env.h"

static void vreport(struct cf_env *e, const char *fmt, va_list ap) MPT_PRINTF(2, 0);

static void vreport(struct cf_env *e, const char *fmt, va_list ap)
{
	char *text = e->res->text;
	int n;

	pthread_mutex_lock(&e->lock);
	if (!e->failed) {
		n = snprintf(text, CF_TEXT, "%s over %s: ", e->clause ? e->clause->id : "probe",
			     e->spec);
		if (n >= 0 && n < CF_TEXT)
			vsnprintf(text + n, (size_t)(CF_TEXT - n), fmt, ap);
		cf_calls_copy(&e->res->calls);
	}
	__atomic_store_n(&e->failed, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&e->lock);
}

int cf_fail(struct cf_env *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vreport(e, fmt, ap);
	va_end(ap);
	return CF_FAIL;
}

/* Longest description of what was tried. */
#define WHAT 512

static void describe(char *what, const char *fmt, va_list ap) MPT_PRINTF(2, 0);

static void describe(char *what, const char *fmt, va_list ap)
{
	if (vsnprintf(what, WHAT, fmt, ap) < 0)
		what[0] = '\0';
}

static const char *answer_name(int answer, char *buf, size_t size)
{
	if (answer < 0 && mpt_errno_bit(answer))
		snprintf(buf, size, "-%s", mpt_errno_name(answer));
	else
		snprintf(buf, size, "%d", answer);
	return buf;
}

int cf_int(struct cf_env *e, int want, int got, const char *fmt, ...)
{
	char what[WHAT], w[24], g[24];
	const char *why = mpt_last_error();
	va_list ap;

	if (want == got)
		return CF_PASS;
	va_start(ap, fmt);
	describe(what, fmt, ap);
	va_end(ap);
	return cf_fail(e, "%s: expected %s, seen %s%s%s%s", what, answer_name(want, w, sizeof(w)),
		       answer_name(got, g, sizeof(g)), got < 0 && *why ? " (" : "",
		       got < 0 ? why : "", got < 0 && *why ? ")" : "");
}

int cf_u64(struct cf_env *e, u64 want, u64 got, const char *fmt, ...)
{
	char what[WHAT];
	va_list ap;

	if (want == got)
		return CF_PASS;
	va_start(ap, fmt);
	describe(what, fmt, ap);
	va_end(ap);
	return cf_fail(e, "%s: expected 0x%llx, seen 0x%llx", what, (unsigned long long)want,
		       (unsigned long long)got);
}

int cf_bytes(struct cf_env *e, const void *want, const void *got, size_t len, const char *fmt, ...)
{
	const u8 *w = want, *g = got;
	char what[WHAT];
	size_t i;
	va_list ap;

	for (i = 0; i < len && w[i] == g[i]; i++)
		;
	if (i == len)
		return CF_PASS;
	va_start(ap, fmt);
	describe(what, fmt, ap);
	va_end(ap);
	return cf_fail(e, "%s: byte %zu of %zu: expected 0x%02x, seen 0x%02x", what, i, len, w[i],
		       g[i]);
}

int cf_fill(struct cf_env *e, u8 want, const void *got, size_t len, const char *fmt, ...)
{
	const u8 *g = got;
	char what[WHAT];
	size_t i;
	va_list ap;

	for (i = 0; i < len && g[i] == want; i++)
		;
	if (i == len)
		return CF_PASS;
	va_start(ap, fmt);
	describe(what, fmt, ap);
	va_end(ap);
	return cf_fail(e, "%s: byte %zu of %zu: expected 0x%02x, seen 0x%02x", what, i, len, want,
		       g[i]);
}

/* --- threads --- */

static void *thread_main(void *arg)
{
	struct cf_thread *t = arg;

	t->rc = t->fn(t->e, t->arg);
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

int cf_thread_start(struct cf_env *e, unsigned int n, int (*fn)(struct cf_env *, void *), void *arg)
{
	struct cf_thread *t = &e->threads[n];

	*t = (struct cf_thread){ .fn = fn, .e = e, .arg = arg };
	if (pthread_create(&t->id, NULL, thread_main, t))
		return cf_fail(e, "no thread to be had from the machine");
	t->started = true;
	return CF_PASS;
}

bool cf_thread_done(struct cf_env *e, unsigned int n)
{
	return __atomic_load_n(&e->threads[n].done, __ATOMIC_ACQUIRE);
}

bool cf_reached(struct cf_env *e, unsigned int slot, u64 n, u64 end_ms)
{
	if (__atomic_load_n(&e->slot[slot], __ATOMIC_ACQUIRE) >= n || cf_now_ms() > end_ms)
		return true;
	/* The other thread may be waiting for this processor. */
	sched_yield();
	return false;
}

int cf_thread_join(struct cf_env *e, unsigned int n)
{
	u64 end = cf_now_ms() + CF_PATIENCE;
	struct cf_thread *t = &e->threads[n];

	while (!cf_thread_done(e, n) && cf_now_ms() < end)
		cf_sleep_ms(1);
	if (!cf_thread_done(e, n)) {
		e->wedged = true;
		return cf_fail(
			e,
			"thread %u of the clause: expected to end, still running after %u ms (a "
			"deadlock)",
			n, CF_PATIENCE);
	}
	pthread_join(t->id, NULL);
	t->started = false;
	return t->rc;
}

void cf_sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

u64 cf_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

static u64 seed;

void cf_seed(u64 new_seed)
{
	seed = new_seed;
}

u64 cf_seeded(u64 own)
{
	/* 2^64 divided by the golden ratio: far apart for seeds that are not. */
	u64 state = own ^ seed * 0x9e3779b97f4a7c15ULL;

	return state ? state : own;
}

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators"). */
u64 cf_random(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}
