/* SPDX-License-Identifier: MIT */
/*
 * The fence registers as a vGPU sees them: its own few, numbered from 0, in front of the host
 * registers it was given. What a fence does to an access is the hardware's business (<gvt/hw.h>);
 * that it does it to nobody else's, ours.
 */
#include "internal.h"
#include "tiling.h"

/* 64 bits each; bit 0 of the low dword is the valid bit (Skylake PRM vol. 2c, FENCE). */
#define FENCE_BASE 0x100000U
#define FENCE_INDEX(reg) (((reg) - FENCE_BASE) / 8)

static u64 fence_value(const struct gvt_vgpu *v, u32 index)
{
	u32 reg = FENCE_BASE + 8 * index;

	return gvt_vreg(v, reg) | (u64)gvt_vreg(v, reg + 4) << 32;
}

/*
 * A guest that has not read PVINFO does not know of its allotment and drives the hardware as if
 * it were alone.
 */
static bool fence_owned(struct gvt_vgpu *v, u32 reg)
{
	if (FENCE_INDEX(reg) < v->fence_count)
		return true;
	if (!v->pv_notified)
		gvt_vgpu_failsafe(v, GVT_FAILSAFE_UNSUPPORTED_GUEST);
	return false;
}

static int fence_foreign(const struct gvt_vgpu *v, u32 reg)
{
	return mpt_fail(-EINVAL, "gvt", "vGPU %d: fence %u: it has %u (see PVINFO fence_num)",
			v->base.id, FENCE_INDEX(reg), v->fence_count);
}

u32 gvt_fence_read(struct gvt_vgpu *v, u32 reg)
{
	return fence_owned(v, reg) ? gvt_vreg(v, reg) : 0;
}

/*
 * A fence over memory of others would redirect their accesses, and the owner's into theirs. The
 * hardware is told of the limit beforehand and keeps the value; one that has no such thing must
 * not get the value.
 */
static bool fence_harmless(const struct gvt_vgpu *v, u64 value)
{
	struct gvt_tiling t = gvt_tiling_decode(value);

	return v->gvt->hw.fence_limit || !t.valid ||
	       (t.first <= t.last && gvt_range_has(&v->low, t.first, gvt_tiling_size(&t)));
}

void gvt_fence_limit(struct gvt_vgpu *v)
{
	const struct gvt_hw *hw = &v->gvt->hw;
	u32 i;

	for (i = 0; hw->fence_limit && i < v->fence_count; i++)
		hw->fence_limit(hw->priv, v->fence_base + i, v->low.start, v->low.size);
}

/*
 * The hardware gets all 64 bits at once: it never sees a half of this write as valid. A guest
 * that writes the halves one by one invalidates the fence first, as on bare metal.
 */
static void fence_apply(struct gvt_vgpu *v, u32 index)
{
	const struct gvt_hw *hw = &v->gvt->hw;
	u64 value = fence_value(v, index);

	hw->fence_write(hw->priv, v->fence_base + index, fence_harmless(v, value) ? value : 0);
}

int gvt_fence_write(struct gvt_vgpu *v, u32 reg, u32 value)
{
	if (!fence_owned(v, reg))
		return fence_foreign(v, reg);
	gvt_vreg_set(v, reg, value);
	fence_apply(v, FENCE_INDEX(reg));
	return 0;
}

int gvt_fence_write64(struct gvt_vgpu *v, u32 reg, u64 value)
{
	if (!fence_owned(v, reg))
		return fence_foreign(v, reg);
	gvt_vreg_set(v, reg, (u32)value);
	gvt_vreg_set(v, reg + 4, (u32)(value >> 32));
	fence_apply(v, FENCE_INDEX(reg));
	return 0;
}

void gvt_fence_restore(struct gvt_vgpu *v)
{
	u32 i;

	for (i = 0; i < v->fence_count; i++)
		fence_apply(v, i);
}

void gvt_fence_reset(struct gvt_vgpu *v)
{
	u32 i;

	for (i = 0; i < v->fence_count; i++) {
		gvt_vreg_set(v, FENCE_BASE + 8 * i, 0);
		gvt_vreg_set(v, FENCE_BASE + 8 * i + 4, 0);
		fence_apply(v, i);
	}
}
