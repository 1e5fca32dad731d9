/* SPDX-License-Identifier: MIT */
/*
 * Time of a device: the embedder's timer calls gvt_service(), which passes it on to each vGPU. What
 * a vGPU does with time lives with its subject (vblank.c).
 */
#include "internal.h"

u64 gvt_service(struct intel_gvt *gvt, u64 now_ns)
{
	u64 next = ~0ULL, one;
	int id;

	pthread_mutex_lock(&gvt->lock);
	/* Read under a vGPU's lock alone: a flip at the same moment is told by either rule. */
	__atomic_store_n(&gvt->serviced, true, __ATOMIC_RELAXED);
	for (id = 1; id <= GVT_MAX_VGPU; id++) {
		struct gvt_vgpu *v = gvt->vgpu[id];

		if (!v)
			continue;
		gvt_lock(&v->lock);
		one = gvt_vblank_service(v, now_ns);
		gvt_unlock(&v->lock);
		if (one < next)
			next = one;
	}
	pthread_mutex_unlock(&gvt->lock);
	return next;
}
