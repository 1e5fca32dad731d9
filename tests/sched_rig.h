/* SPDX-License-Identifier: MIT */
/*
 * What the suites of shares of time have in common, on top of exec_rig.h: vGPUs of given weights,
 * batches that never end, units counted from a moment on. No tests.
 */
#ifndef MPT_TESTS_SCHED_RIG_H
#define MPT_TESTS_SCHED_RIG_H

#include "exec_rig.h"

#define ROUND 1024 /* units a round, by weight */

static inline void sched_open(struct exec *x, const u32 *weights, unsigned int n)
{
	struct gvt_config config = { .size = 0 };

	exec_device(x, RIG_SPEC, &config);
	for (x->vgpus = 0; x->vgpus < n; x->vgpus++)
		exec_vgpu(x, x->vgpus, weights[x->vgpus]);
}

/* A batch that never ends; from here on what it uses is counted. */
static inline u64 endless(struct rig *r, enum gvt_engine e)
{
	fake(r, e)->endless = true;
	submit(r, e, 0, -1);
	return rig_info(r).units;
}

static inline u64 units(struct rig *r, u64 since)
{
	return rig_info(r).units - since;
}

static inline bool within(u64 value, u64 want, unsigned int percent)
{
	return value * 100 >= want * (100 - percent) && value * 100 <= want * (100 + percent);
}

#endif
