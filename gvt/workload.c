/* SPDX-License-Identifier: MIT */
/*
 * One context on its way to the hardware and back: its image is read once, every field is judged,
 * its address space is held and pinned, its commands are copied and scanned. Which context's turn
 * it is, is not decided here.
 */
#include "execlist.h"

/* The status page comes first (Linux 6.1 gt/intel_lrc.h: LRC_STATE_OFFSET). */
#define STATE_OFFSET MPT_PAGE_SIZE

/* Dwords of the image's registers that hold values (Linux 6.1 gt/intel_lrc_reg.h). */
#define STATE_HEAD 0x05
#define STATE_TAIL 0x07
#define STATE_START 0x09
#define STATE_CTL 0x0b
#define STATE_PDP_UDW(n) (0x31 - 4 * (n))
#define STATE_PDP_LDW(n) (0x33 - 4 * (n))
#define STATE_DWORDS 0x34

/* RING_HEAD counts wraps above bit 20; RING_CTL has the pages less one (Skylake PRM vol. 2c). */
#define HEAD_OFFSET 0x1ffffcU
#define CTL_ENABLE (1U << 0)
#define CTL_SIZE 0x1ff000U

/* Bits 4:3 of a descriptor; the two others are for shared virtual memory. */
#define MODE_32B 1
#define MODE_64B 3

static u64 image_addr(struct gvt_ctx ctx)
{
	return ctx.low & 0xfffff000U;
}

static int outside(const struct gvt_vgpu *v, const char *what, u64 addr)
{
	return mpt_fail(-EACCES, "gvt", "vGPU %d: %s at 0x%llx is not in its share", v->base.id,
			what, (unsigned long long)addr);
}

static int image_read(struct gvt_vgpu *v, struct gvt_ctx ctx, u32 image[STATE_DWORDS])
{
	u64 addr = image_addr(ctx);

	if (!gvt_ggtt_validate(v, addr, 2 * MPT_PAGE_SIZE))
		return outside(v, "context image", addr);
	return gvt_gm_read(v, addr + STATE_OFFSET, image, STATE_DWORDS * sizeof(u32));
}

static int tail_take(const struct gvt_vgpu *v, u32 size, u32 tail, struct gvt_hw_work *hw)
{
	if (tail % 8 || tail >= size)
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: tail 0x%x of a ring of 0x%x bytes",
				v->base.id, tail, size);
	hw->tail = tail;
	return 0;
}

static int ring_take(struct gvt_vgpu *v, const u32 *image, struct gvt_hw_work *hw)
{
	u32 ctl = image[STATE_CTL], size = (ctl & CTL_SIZE) + MPT_PAGE_SIZE;
	u32 start = image[STATE_START];

	if (!(ctl & CTL_ENABLE) || (size & (size - 1)) || start % MPT_PAGE_SIZE)
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: no ring: start 0x%x, control 0x%x",
				v->base.id, start, ctl);
	if (!gvt_ggtt_validate(v, start, size))
		return outside(v, "ring", start);
	hw->ring_start = start;
	hw->ring_size = size;
	hw->head = image[STATE_HEAD] & HEAD_OFFSET;
	if (hw->head >= size)
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: head 0x%x of a ring of 0x%x bytes",
				v->base.id, hw->head, size);
	return tail_take(v, size, image[STATE_TAIL], hw);
}

static int space_get(struct gvt_vgpu *v, struct gvt_ctx ctx, const u32 *image, int *levels,
		     struct gvt_mm **mm)
{
	u32 mode = (ctx.low >> 3) & 3, n;
	u64 pdp[4] = { 0 };

	if (mode != MODE_32B && mode != MODE_64B)
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: addressing mode %u of a context",
				v->base.id, mode);
	*levels = mode == MODE_64B ? 4 : 3;
	for (n = 0; n < (mode == MODE_64B ? 1U : 4U); n++)
		pdp[n] = (u64)image[STATE_PDP_UDW(n)] << 32 | image[STATE_PDP_LDW(n)];
	return gvt_mm_get(v, *levels, pdp, mm);
}

/* Copies the commands of @hw and points it to the copy. */
static int commands_take(struct gvt_vgpu *v, struct gvt_exec_engine *e, struct gvt_hw_work *hw)
{
	struct gvt_scan *scan = &e->work.scan[e->work.spare];
	int ret = gvt_scan_ring(v, e->id, hw->ring_start, hw->ring_size, hw->head, hw->tail, scan);

	if (ret)
		return ret;
	hw->ring = scan->store;
	hw->batch = scan->batch;
	hw->batches = scan->batches;
	return 0;
}

static void hand_over(struct gvt_vgpu *v, struct gvt_exec_engine *e, const struct gvt_hw_work *hw)
{
	e->work.hw = *hw;
	e->work.spare ^= 1;
	v->gvt->hw.load(v->gvt->hw.priv, e->hw, &e->work.hw);
}

int gvt_workload_load(struct gvt_vgpu *v, struct gvt_exec_engine *e, struct gvt_ctx ctx)
{
	struct gvt_hw_work hw = { .context = image_addr(ctx),
				  .context_id = ctx.id,
				  .restore = true };
	u32 image[STATE_DWORDS];
	struct gvt_mm *mm;
	int ret = image_read(v, ctx, image);

	v->share.cost += GVT_LOAD_COST;
	if (!ret)
		ret = ring_take(v, image, &hw);
	if (!ret)
		ret = space_get(v, ctx, image, &hw.levels, &mm);
	if (ret)
		return ret;
	ret = commands_take(v, e, &hw);
	if (!ret)
		ret = gvt_mm_pin(v, mm, hw.root);
	if (ret) {
		gvt_mm_put(v, mm);
		return ret;
	}
	e->work.mm = mm;
	e->work.ring_ctl = image[STATE_CTL];
	hand_over(v, e, &hw);
	return 0;
}

/*
 * Of the image a lite restore takes the tail alone. The tables are pinned a second time before the
 * first pin goes: what the new commands use was mapped after that.
 */
int gvt_workload_extend(struct gvt_vgpu *v, struct gvt_exec_engine *e, struct gvt_ctx ctx)
{
	struct gvt_hw_work hw = e->work.hw;
	u32 image[STATE_DWORDS];
	int ret = image_read(v, ctx, image);

	v->share.cost += GVT_LOAD_COST;
	hw.restore = false;
	hw.head = v->gvt->hw.head(v->gvt->hw.priv, e->hw);
	if (!ret)
		ret = tail_take(v, hw.ring_size, image[STATE_TAIL], &hw);
	if (!ret)
		ret = commands_take(v, e, &hw);
	if (!ret)
		ret = gvt_mm_pin(v, e->work.mm, hw.root);
	if (ret)
		return ret;
	gvt_mm_unpin(v, e->work.mm);
	hand_over(v, e, &hw);
	return 0;
}

void gvt_workload_drop(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	if (!e->work.mm)
		return;
	gvt_mm_unpin(v, e->work.mm);
	gvt_mm_put(v, e->work.mm);
	e->work.mm = NULL;
}

void gvt_workload_save(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	if (!e->work.mm)
		return;
	v->gvt->hw.save(v->gvt->hw.priv, e->hw);
	gvt_workload_drop(v, e);
}
