/* SPDX-License-Identifier: MIT */
/* The log's sink, level gate and rate limit. Nothing is written without a sink. */
#include "libmpt/internal.h"

#define RATE_WINDOW_NS 1000000000ULL
#define RATE_LINES 10

static mpt_log_sink log_sink;
static void *log_arg;
static enum mpt_log_level log_level;

void mpt_log_set(mpt_log_sink sink, void *arg, enum mpt_log_level level)
{
	os_store(&log_sink, NULL);
	log_arg = arg;
	log_level = level;
	os_store(&log_sink, sink);
}

bool mpt_log_enabled(enum mpt_log_level level)
{
	return os_load(&log_sink) && level <= log_level;
}

bool mpt_ratelimit_ok(struct mpt_ratelimit *rl)
{
	u64 now = os_now_ns() / RATE_WINDOW_NS;

	if (os_load_relaxed(&rl->window) != now) {
		os_store_relaxed(&rl->window, now);
		os_store_relaxed(&rl->count, 0);
	}
	return os_fetch_add(&rl->count, 1) < RATE_LINES;
}

void mpt_log_at(enum mpt_log_level level, const char *func, const char *fmt, ...)
{
	mpt_log_sink sink = os_load(&log_sink);
	char text[MPT_ERROR_MAX];
	int saved = os_errno_save();
	va_list ap;

	if (!sink)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sink(log_arg, level, func, text);
	os_errno_restore(saved);
}
