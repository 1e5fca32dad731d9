/* SPDX-License-Identifier: MIT */
/* One valid call of each operation and its undoing, for whoever wants every operation in turn. */
#ifndef CONFORMANCE_TRIES_H
#define CONFORMANCE_TRIES_H

#include "env.h"

/**
 * struct cf_try - one operation, called with a vGPU attached.
 * @go: a call that succeeds; MFN and BOOL operations answer 0 or -ENOENT for ~0UL or false
 * @back: undoes a successful @go; NULL: nothing to undo
 * @ready: makes it possible; NULL: nothing to do
 * @done: undoes @ready
 */
struct cf_try {
	enum mpt_op_id op;
	int (*go)(struct cf_env *e);
	void (*back)(struct cf_env *e);
	int (*ready)(struct cf_env *e);
	void (*done)(struct cf_env *e);
};

/* Of every operation that can fail; ends with MPT_OP_COUNT. */
extern const struct cf_try cf_tries[];

#endif
