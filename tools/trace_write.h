/* SPDX-License-Identifier: MIT */
/* Writing some of a trace's records as a trace of their own. What the records mean is not here. */
#ifndef MPT_TOOLS_TRACE_WRITE_H
#define MPT_TOOLS_TRACE_WRITE_H

#include <stdio.h>

#include "trace_ring.h"

/**
 * trace_write() - a file with the records that @keep is true of, in order, as they are.
 * @from: opened, nothing read
 * @keep: asked with each record's number, which only grows
 * Return: 0; -1: errno says why.
 */
int trace_write(FILE *to, const struct trace_ring *from, bool (*keep)(void *arg, uint64_t number),
		void *arg);

#endif
