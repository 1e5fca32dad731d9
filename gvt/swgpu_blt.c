/* SPDX-License-Identifier: MIT */
/*
 * The blitter's commands: blit.c over the PPGTT of what is loaded, and what becomes of one that is
 * not finished when its context has to go.
 */
#include "swgpu.h"

#define BCS_SWCTRL 0x22200U

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
		u32 swctrl = e->client.reg_read(e->client.arg, BCS_SWCTRL);

		if (!gvt_blit_start(&e->blit, dw, n, swctrl))
			return GVT_CMD_HANG;
	}
	result = gvt_blit_step(&e->blit, &mem, budget);
	e->blitting = result == GVT_BLIT_AGAIN;
	if (result == GVT_BLIT_FAULT)
		return GVT_CMD_HANG;
	return result == GVT_BLIT_DONE ? GVT_CMD_NEXT : GVT_CMD_AGAIN;
}

/*
 * Hardware switches between the blitter's commands only. Budgets do not, and half a blit done again
 * from its begin is another picture where operands overlap or the destination counts. So the engine
 * keeps the last one that was cut; it has nowhere to go in an image.
 */
void swgpu_blit_keep(struct swgpu_engine *e)
{
	struct swgpu_kept *k = &e->kept;

	if (!e->blitting || e->cmd_dwords > SWGPU_BLIT_DWORDS)
		return;
	*k = (struct swgpu_kept){
		.valid = true,
		.context = e->work.context,
		.context_id = e->work.context_id,
		.head = swgpu_engine_head(NULL, e),
		.depth = e->depth,
		.addr = e->depth ? e->batch[e->depth].addr : 0,
		.blit = e->blit,
		.n = e->cmd_dwords,
	};
	memcpy(k->cmd, e->cmd, k->n * sizeof(u32));
}

/*
 * Of a copy, what follows was scanned as following this very command: were it another one now, the
 * next would begin where the scanner has not seen a command.
 */
static bool same_command(const struct swgpu_engine *e, const struct swgpu_kept *k)
{
	const struct swgpu_batch *b = &e->batch[e->depth];
	const u32 *dw = e->work.ring + e->pos;
	u64 left = e->ring_dwords - e->pos, offset;

	if (e->depth && b->space == SWGPU_PPGTT)
		return true;
	if (e->depth) {
		offset = (b->addr - b->copy->addr) / 4;
		dw = b->copy->dw + offset;
		left = b->copy->bytes / 4 - offset;
	}
	return k->n <= left && !memcmp(dw, k->cmd, k->n * sizeof(u32));
}

void swgpu_blit_go_on(struct swgpu_engine *e)
{
	struct swgpu_kept *k = &e->kept;

	if (!k->valid || k->context != e->work.context || k->context_id != e->work.context_id)
		return;
	k->valid = false;
	if (k->head != swgpu_engine_head(NULL, e) || k->depth != e->depth ||
	    (e->depth && k->addr != e->batch[e->depth].addr) || !same_command(e, k))
		return;
	e->blit = k->blit;
	e->cmd_dwords = k->n;
	memcpy(e->cmd, k->cmd, k->n * sizeof(u32));
	e->blitting = e->again = true;
}
