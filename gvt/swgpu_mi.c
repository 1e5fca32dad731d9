/* SPDX-License-Identifier: MIT */
/*
 * MI_ commands that store and copy, post-sync operations, interrupts. Registers, batches, waiting
 * and atomics have files of their own.
 */
#include "swgpu.h"

#define HWS_PGA 0x80
#define HEAD_REPORT 0x10 /* in the status page */

static u64 status_page(struct swgpu_engine *e, bool per_process)
{
	u32 pga;

	if (per_process)
		return e->work.context;
	pga = e->client.reg_read(e->client.arg, swgpu_engine_base[e->engine] + HWS_PGA);
	return pga & ~0xfffU;
}

enum gvt_cmd_result swgpu_user_interrupt(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	(void)dw;
	(void)n;
	(void)budget;
	e->client.event(e->client.arg, e->engine, GVT_HW_USER);
	return GVT_CMD_NEXT;
}

enum gvt_cmd_result swgpu_report_head(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 head = swgpu_engine_head(NULL, e);

	(void)dw;
	(void)n;
	(void)budget;
	return swgpu_write(e, SWGPU_GGTT, status_page(e, true) + HEAD_REPORT, &head, 4)
		       ? GVT_CMD_NEXT
		       : GVT_CMD_HANG;
}

/* --- MI_STORE_DATA_*, MI_COPY_MEM_MEM --- */

#define STORE_GGTT (1U << 22)
#define STORE_QWORD (1U << 21)
#define INDEX_PER_PROCESS (1U << 21)
#define COPY_FROM_GGTT (1U << 22)
#define COPY_TO_GGTT (1U << 21)

enum gvt_cmd_result swgpu_store_data(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	enum swgpu_space space = swgpu_space(e, dw[0] & STORE_GGTT);
	bool qword = dw[0] & STORE_QWORD;
	u64 addr = swgpu_addr(dw + 1, qword ? ~7U : ~3U);

	(void)budget;
	if (qword && n < 5)
		return GVT_CMD_HANG;
	if (!swgpu_write(e, space, addr, dw + 3, qword ? 8 : (n - 3) * 4))
		return GVT_CMD_HANG;
	return GVT_CMD_NEXT;
}

enum gvt_cmd_result swgpu_store_index(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u64 page = status_page(e, dw[0] & INDEX_PER_PROCESS);
	u32 len = n < 4 ? 4 : 8;

	(void)budget;
	if (!swgpu_write(e, SWGPU_GGTT, page + (dw[1] & (MPT_PAGE_SIZE - len)), dw + 2, len))
		return GVT_CMD_HANG;
	return GVT_CMD_NEXT;
}

enum gvt_cmd_result swgpu_copy_mem(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	enum swgpu_space from = swgpu_space(e, dw[0] & COPY_FROM_GGTT);
	enum swgpu_space to = swgpu_space(e, dw[0] & COPY_TO_GGTT);
	u32 value;

	(void)n;
	(void)budget;
	if (!swgpu_read(e, from, swgpu_addr(dw + 3, ~3U), &value, 4) ||
	    !swgpu_write(e, to, swgpu_addr(dw + 1, ~3U), &value, 4))
		return GVT_CMD_HANG;
	return GVT_CMD_NEXT;
}

/* --- post-sync operations --- */

enum {
	SYNC_NONE,
	SYNC_IMMEDIATE,
	SYNC_DEPTH_COUNT,
	SYNC_TIMESTAMP
};

#define FLUSH_GGTT (1U << 2) /* of the second dword */
#define PIPE_GGTT (1U << 24)
#define PIPE_LRI (1U << 23)
#define SYNC_INDEX (1U << 21)
#define SYNC_NOTIFY (1U << 8)

/* @index: the address counts in a status page: the context's, or with @ggtt the engine's. */
struct sync {
	u32 op;
	bool index, ggtt, notify;
	u64 addr, value;
	u32 len;
};

/* User space has no business in a status page: the driver keeps its breadcrumbs there. */
static bool sync_store(struct swgpu_engine *e, struct sync *s)
{
	enum swgpu_space space = swgpu_space(e, s->ggtt);

	if (s->op == SYNC_TIMESTAMP) {
		s->value = e->client.now(e->client.arg);
		s->len = 8;
	}
	if (s->index) {
		if (!swgpu_privileged(e))
			return false;
		space = SWGPU_GGTT;
		s->addr = status_page(e, !s->ggtt) + (s->addr & 0xff8);
	}
	return swgpu_write(e, space, s->addr, &s->value, s->len);
}

static enum gvt_cmd_result sync_run(struct swgpu_engine *e, struct sync *s)
{
	if (s->op != SYNC_NONE && !sync_store(e, s))
		return GVT_CMD_HANG;
	if (s->notify)
		e->client.event(e->client.arg, e->engine, GVT_HW_NOTIFY);
	return GVT_CMD_NEXT;
}

/* A command of four dwords stores one, of five two. */
enum gvt_cmd_result swgpu_flush(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	struct sync s = {
		.op = dw[0] >> 14 & 3,
		.index = dw[0] & SYNC_INDEX,
		.notify = dw[0] & SYNC_NOTIFY,
		.ggtt = dw[1] & FLUSH_GGTT,
		.addr = swgpu_addr(dw + 1, ~7U),
		.value = n > 3 ? dw[3] : 0,
		.len = n > 4 ? 8 : 4,
	};

	(void)budget;
	if (n > 4)
		s.value |= (u64)dw[4] << 32;
	if (s.op == SYNC_DEPTH_COUNT || (s.op == SYNC_IMMEDIATE && n < 4))
		return GVT_CMD_HANG;
	return sync_run(e, &s);
}

/*
 * Nothing is drawn, so no pixel passes the depth test. Bit 23 loads a register in place of the
 * store: bits 15:14 must then be clear (Skylake PRM vol. 2a, from memory).
 */
enum gvt_cmd_result swgpu_pipe_control(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	struct sync s = {
		.op = dw[1] >> 14 & 3,
		.index = dw[1] & SYNC_INDEX,
		.notify = dw[1] & SYNC_NOTIFY,
		.ggtt = dw[1] & PIPE_GGTT,
		.len = 8,
	};

	(void)budget;
	if ((s.op != SYNC_NONE && n < 6) || (dw[1] & PIPE_LRI && (s.op != SYNC_NONE || n < 5)))
		return GVT_CMD_HANG;
	if (dw[1] & PIPE_LRI)
		swgpu_reg_write(e, dw[2] & SWGPU_REG_MASK, dw[4]);
	if (s.op != SYNC_NONE)
		s.addr = swgpu_addr(dw + 2, ~7U);
	if (s.op == SYNC_IMMEDIATE)
		s.value = (u64)dw[5] << 32 | dw[4];
	return sync_run(e, &s);
}
