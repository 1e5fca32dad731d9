/* SPDX-License-Identifier: MIT */
/*
 * The log: silent until the embedder gives a sink. Guest-caused lines are rate limited at their
 * place; formatting happens only when the level is on.
 */
#ifndef MPT_LOG_H
#define MPT_LOG_H

#include <mpt/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** enum mpt_log_level - severity, most severe first. */
enum mpt_log_level {
	MPT_LOG_ERROR, /**< something failed that should not */
	MPT_LOG_WARN, /**< it goes on, but not as it was meant */
	MPT_LOG_INFO, /**< a step of the life of a host or a vGPU */
	MPT_LOG_DEBUG, /**< for who looks for a fault */
};

/**
 * typedef mpt_log_sink - receives one line, without a newline.
 *
 * Called without any lock of the library that a sink could need; errno is preserved around it.
 */
typedef void (*mpt_log_sink)(void *arg, enum mpt_log_level level, const char *func,
			     const char *text);

/**
 * mpt_log_set() - choose where lines go and how many.
 * @sink: NULL switches the log off
 * @arg: handed to @sink
 * @level: the least severe level to report
 * Context: call it before threads use the library. Since: 0.1
 */
void mpt_log_set(mpt_log_sink sink, void *arg, enum mpt_log_level level);

/** mpt_log_enabled() - whether a line would reach a sink. @level: its severity. Since: 0.1 */
bool mpt_log_enabled(enum mpt_log_level level);

/**
 * mpt_log_at() - write a line; use mpt_log() or mpt_log_guest().
 * @level: its severity
 * @func: who writes it
 * @fmt: the line, without a newline. Since: 0.1
 */
void mpt_log_at(enum mpt_log_level level, const char *func, const char *fmt, ...) MPT_PRINTF(3, 4);

/**
 * struct mpt_ratelimit - state of one rate-limited place; zero-initialised.
 * @window: the second that is counted in
 * @count: lines in it
 */
struct mpt_ratelimit {
	u64 window;
	u32 count;
};

/** mpt_ratelimit_ok() - at most 10 lines a second. @rl: of the place. Since: 0.1 */
bool mpt_ratelimit_ok(struct mpt_ratelimit *rl);

/** mpt_log() - a line of the library's own doing. */
#define mpt_log(level, ...) \
	do { \
		if (mpt_log_enabled(level)) \
			mpt_log_at((level), __func__, __VA_ARGS__); \
	} while (0)

/** mpt_log_guest() - a line that a guest can cause: rate limited at its place. */
#define mpt_log_guest(level, ...) \
	do { \
		static struct mpt_ratelimit mpt_rl_; \
		if (mpt_log_enabled(level) && mpt_ratelimit_ok(&mpt_rl_)) \
			mpt_log_at((level), __func__, __VA_ARGS__); \
	} while (0)

#ifdef __cplusplus
}
#endif

#endif
