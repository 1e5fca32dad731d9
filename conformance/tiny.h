/* SPDX-License-Identifier: MIT */
/*
 * The smallest back end: every callback is there and only counts. For what is about the library
 * rather than about the back end under test, and as the other back end in the process.
 */
#ifndef CONFORMANCE_TINY_H
#define CONFORMANCE_TINY_H

#include <mpt/backend.h>

#define TINY_NAME "tiny"
/* What its frame operations answer. */
#define TINY_MFN 0x71417UL

/* How often each callback was called, by all instances. */
extern u64 tiny_calls[MPT_OP_COUNT];

/* All callbacks, all capabilities; copies of them are what the tests break. */
extern const struct intel_gvt_mpt tiny_table;
extern const struct mpt_backend tiny_backend;

/* Takes a callback out of a table. */
void tiny_without(struct intel_gvt_mpt *table, enum mpt_op_id op);

#endif
