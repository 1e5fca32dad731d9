/* SPDX-License-Identifier: MIT */
/* The synthetic guest of tests/guest/ as the guest of a run, instead of a trace. */
#ifndef MPT_TOOLS_SYNTHETIC_H
#define MPT_TOOLS_SYNTHETIC_H

#include "guest.h"
#include "session.h"

/**
 * struct synthetic_run - the guest with page tables of one shape.
 * @levels: 4 or 3
 * @guest: its steps
 * @dma, @tracked: mappings and tracked pages that the guest has left, though it took all down
 */
struct synthetic_run {
	int levels;
	struct guest_result guest;
	u64 dma, tracked;
};

/**
 * struct synthetic - what the guest did in a run.
 * @runs: of @run; the second begins only if the first has passed
 * @look: called when the guest has looked at something for the @n-th time, between two accesses; or
 *	NULL
 */
struct synthetic {
	struct synthetic_run run[2];
	unsigned int runs;
	void (*look)(void *arg, u64 n);
	void *look_arg;
	u64 looks;
};

/*
 * Plays the guest on an active vGPU, whose BARs are nowhere, with 4 and then with 3 levels. What
 * fails is told as an error of the run.
 * @ram: bytes of it from 0
 */
void synthetic_play(struct mpt_vm *vm, struct intel_gvt *gvt, u64 ram, struct synthetic *s,
		    struct session_result *r);

/* "passed" */
const char *synthetic_state_name(enum guest_state state);

#endif
