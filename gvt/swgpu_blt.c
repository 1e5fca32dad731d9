/* SPDX-License-Identifier: MIT */
/*
 * The blitter's commands: blit.c over the PPGTT of what is loaded. What becomes of a blit that is
 * not finished when its context has to go is in swgpu_kept.c.
 */
#include "swgpu.h"

static bool mem_read(void *arg, u64 addr, void *buf, u32 len)
{
	return swgpu_read(arg, SWGPU_PPGTT, addr, buf, len);
}

static bool mem_write(void *arg, u64 addr, const void *buf, u32 len)
{
	return swgpu_write(arg, SWGPU_PPGTT, addr, buf, len);
}

/* The commands have no bit for the GGTT: with page tables all operands are in them. */
enum gvt_cmd_result swgpu_blit(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	struct gvt_blit_mem mem = { .arg = e, .read = mem_read, .write = mem_write };
	enum gvt_blit_result result;

	if (!e->blitting) {
		u32 swctrl = e->reg[SWGPU_SWCTRL];

		if (!gvt_blit_start(&e->blit, dw, n, swctrl))
			return GVT_CMD_HANG;
		e->swctrl = swctrl & (GVT_BLIT_SRC_Y | GVT_BLIT_DST_Y);
	}
	result = gvt_blit_step(&e->blit, &mem, budget);
	e->blitting = result == GVT_BLIT_AGAIN;
	if (result == GVT_BLIT_FAULT)
		return GVT_CMD_HANG;
	return result == GVT_BLIT_DONE ? GVT_CMD_NEXT : GVT_CMD_AGAIN;
}
