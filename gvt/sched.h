/* SPDX-License-Identifier: MIT */
/*
 * Who may use the engines and for how long: what a device and a vGPU keep of it. What a vGPU does
 * with its time is in execlist.h.
 */
#ifndef GVT_SCHED_H
#define GVT_SCHED_H

#include <pthread.h>
#include <stdint.h>

#include <gvt/gvt.h>

struct gvt_vgpu;

/*
 * Of a device. Its lock is the innermost one: nothing is taken or called under it.
 * @pending, @waiting: bit n: vGPU n has something to execute; and all of it waits for semaphores.
 * Changed under that vGPU's lock, read by anybody.
 */
struct gvt_sched {
	u32 pending, waiting;
	pthread_mutex_t lock; /* what follows, and gvt_share.busy */
	pthread_cond_t idle; /* a vGPU is not busy any more */
	unsigned int last; /* id that was served last */
	struct gvt_vgpu *vgpu[GVT_MAX_VGPU + 1]; /* those that can be served, by id */
};

/*
 * Of a vGPU. @credit: units that it may use before others; below 0: a debt. Atomic.
 * @cost: what bringing contexts to the hardware has cost, in units, and is not charged yet; raised
 *	by who does the work, also where it fails in the end. Under the vGPU's lock.
 */
struct gvt_share {
	int64_t credit;
	u64 cost;
	bool busy; /* a gvt_run() is with it */
};

void gvt_sched_init(struct gvt_sched *s);
void gvt_sched_destroy(struct gvt_sched *s);

/* gvt_run() serves it from here on; not any more, nor is one still with it. No vGPU's lock held. */
void gvt_sched_add(struct gvt_vgpu *v);
void gvt_sched_remove(struct gvt_vgpu *v);

/* Under the vGPU's lock: what it has to do has changed. */
void gvt_sched_update(struct gvt_vgpu *v);

/* The guest has given @engine something to do; it is done at once if that is fair. Lock held. */
void gvt_sched_kick(struct gvt_vgpu *v, enum gvt_engine engine);

#endif
