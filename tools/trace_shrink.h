/* SPDX-License-Identifier: MIT */
/* Few records of a trace, in which a replay differs in the same way as in all. Prints nothing. */
#ifndef MPT_TOOLS_TRACE_SHRINK_H
#define MPT_TOOLS_TRACE_SHRINK_H

#include "trace_play.h"

/**
 * struct shrink - a trace, and what of it is left.
 * @trace, @spec: what is replayed where
 * @ns: time after which what was reached is the answer; 0: none
 * @progress: called now and then with how many records are left, or NULL
 * @drop: out, a byte for each record: not 0: it is not needed; the caller frees it
 * @first: out, the difference
 * @left: out, records that are not dropped
 * @trials: out, replays
 * @out_of_time: out
 */
struct shrink {
	const struct play_trace *trace;
	const char *spec;
	uint64_t ns;
	void (*progress)(uint32_t left, uint32_t all);
	uint8_t *drop;
	struct play_diff first;
	uint32_t left;
	uint64_t trials;
	bool out_of_time;
	char why[MPT_ERROR_MAX + 64];
};

/* Return: 1: shrunk; 0: nothing differs; -1: the replay cannot be done, a sentence is in @why. */
int shrink_run(struct shrink *s);

#endif
