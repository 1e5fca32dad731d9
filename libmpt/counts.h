/* SPDX-License-Identifier: MIT */
/*
 * How often a frame is mapped for the device, in one word: for back ends that count in tables of
 * their own. Nothing here takes a lock.
 */
#ifndef LIBMPT_COUNTS_H
#define LIBMPT_COUNTS_H

#include "libmpt/os.h"

/* Two hot functions from one body, by a constant argument. */
#define COUNTS_INLINE static inline __attribute__((always_inline))

/* In a 2 MiB block's first frame only: a 2 MiB mapping is among those counted. */
#define COUNT_LARGE (1U << 31)
#define COUNT_MASK (COUNT_LARGE - 1)

/* @alone: only this thread changes the word. False: it was changed meanwhile, and @was is new. */
COUNTS_INLINE bool count_set(u32 *count, u32 *was, u32 val, bool alone)
{
	if (OS_UNLIKELY(!alone))
		return os_cas(count, was, val);
	os_store(count, val);
	return true;
}

/* One more. False: it cannot be more, or @live and it is 0. @was: out, the word before. */
COUNTS_INLINE bool count_up(u32 *count, u32 flags, bool live, u32 *was, bool alone)
{
	*was = os_load_relaxed(count);
	do {
		if (OS_UNLIKELY((*was & COUNT_MASK) == COUNT_MASK || (live && !*was)))
			return false;
	} while (!count_set(count, was, (*was + 1) | flags, alone));
	return true;
}

/* One less; with the last, a 2 MiB mapping ends too. False: it is 0. @left: out. */
COUNTS_INLINE bool count_down(u32 *count, u32 *left, bool alone)
{
	u32 was = os_load_relaxed(count);

	do {
		if (OS_UNLIKELY(!was))
			return false;
		*left = (was - 1) & COUNT_MASK ? was - 1 : 0;
	} while (!count_set(count, &was, *left, alone));
	return true;
}

#endif
