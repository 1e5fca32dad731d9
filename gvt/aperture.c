/* SPDX-License-Identifier: MIT */
/*
 * CPU accesses through the device's aperture, from a mapped frame or from a trapped BAR2, to the
 * hardware below. Which vGPU may reach which part is decided before (mmio.c, cfg_space.c).
 */
#include "internal.h"

/*
 * A writer of entries stores the entry, then the flag, each with release: whoever takes the flag
 * here sees the entries, and an entry stored later raises it again.
 */
void gvt_hw_flush(struct intel_gvt *gvt)
{
	if (!__atomic_load_n(&gvt->ggtt_dirty, __ATOMIC_RELAXED))
		return;
	if (__atomic_exchange_n(&gvt->ggtt_dirty, false, __ATOMIC_ACQ_REL) && gvt->hw.ggtt_flush)
		gvt->hw.ggtt_flush(gvt->hw.priv);
}

int gvt_aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	struct intel_gvt *gvt = opaque;

	gvt_hw_flush(gvt);
	return gvt->hw.aperture_read(gvt->hw.priv, offset, buf, len);
}

int gvt_aperture_write(void *opaque, u64 offset, const void *buf, unsigned int len)
{
	struct intel_gvt *gvt = opaque;

	gvt_hw_flush(gvt);
	return gvt->hw.aperture_write(gvt->hw.priv, offset, buf, len);
}
