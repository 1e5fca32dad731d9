/* SPDX-License-Identifier: MIT */
/*
 * What a guest sees of an engine's submission: the context status buffer in registers and in the
 * status page, EXECLIST_STATUS, the ring's registers. What happens to contexts is in execlist.c.
 */
#include "execlist.h"

/* Relative to an engine's base (Skylake PRM vol. 2c). */
#define RING_TAIL 0x30
#define RING_HEAD 0x34
#define RING_START 0x38
#define RING_CTL 0x3c
#define RING_ACTHD_UDW 0x5c
#define RING_ACTHD 0x74
#define MI_MODE 0x9c
#define CCID 0x180
#define EXECLIST_STATUS_LO 0x234
#define EXECLIST_STATUS_HI 0x238
#define CSB_BUF 0x370
#define CSB_POINTER 0x3a0

#define MI_MODE_STOP (1U << 8)
#define MI_MODE_IDLE (1U << 9)

#define CSB_ENTRIES 6U
/* In the status page, bytes (Linux 6.1 gt/intel_engine_types.h: I915_HWS_CSB_*, up to gen9). */
#define HWS_CSB_BUF 0x40
#define HWS_CSB_WRITE 0x7c

/* EXECLIST_STATUS (Linux 5.10 gvt/execlist.h). */
#define STATUS_CURRENT(slot) ((slot) << 0)
#define STATUS_WRITE(slot) ((slot) << 1)
#define STATUS_FULL (1U << 2)
#define STATUS_VALID(slot) (1U << (4 - (slot)))
#define STATUS_ELEMENT(at) (((at) + 1) << 14)
#define STATUS_ACTIVE(slot) (1U << (18 - (slot)))

const u32 gvt_engine_base[GVT_NUM_ENGINES] = {
	[GVT_RCS] = 0x02000,
	[GVT_VCS] = 0x12000,
	[GVT_BCS] = 0x22000,
	[GVT_VECS] = 0x1a000,
};

static const enum gvt_event switch_event[GVT_NUM_ENGINES] = {
	[GVT_RCS] = GVT_EVENT_RCS_SWITCH,
	[GVT_VCS] = GVT_EVENT_VCS_SWITCH,
	[GVT_BCS] = GVT_EVENT_BCS_SWITCH,
	[GVT_VECS] = GVT_EVENT_VECS_SWITCH,
};

/* After a reset the pointer is 7 or, as drivers write it, 5: either way entry 0 is next. */
static u32 csb_after(u32 pointer)
{
	return (pointer & 7) >= CSB_ENTRIES - 1 ? 0 : (pointer & 7) + 1;
}

static u32 csb_pointer(const struct gvt_vgpu *v, const struct gvt_exec_engine *e)
{
	return gvt_vreg(v, gvt_engine_base[e->id] + CSB_POINTER);
}

void gvt_csb_add(struct gvt_vgpu *v, struct gvt_exec_engine *e, u32 status, u32 id)
{
	u32 base = gvt_engine_base[e->id], pointer = csb_pointer(v, e), at = csb_after(pointer);

	gvt_vreg_set(v, base + CSB_BUF + 8 * at, status);
	gvt_vreg_set(v, base + CSB_BUF + 8 * at + 4, id);
	gvt_vreg_set(v, base + CSB_POINTER, (pointer & ~7U) | at);
	if (e->csb_new < CSB_ENTRIES)
		e->csb_new++;
}

/* Entries @from to @to, which do not wrap. */
static int hws_entries(struct gvt_vgpu *v, const struct gvt_exec_engine *e, u32 from, u32 to)
{
	return gvt_gm_write(v, (v->hws_pga[e->id] & ~0xfffULL) + HWS_CSB_BUF + 8 * from,
			    v->regs + gvt_engine_base[e->id] + CSB_BUF + 8 * from,
			    8 * (to - from + 1));
}

/* The pointer after the entries: a guest that sees it reads them. */
static int hws_write(struct gvt_vgpu *v, const struct gvt_exec_engine *e)
{
	u32 last = csb_pointer(v, e) & 7;
	u32 first = (last + CSB_ENTRIES + 1 - e->csb_new) % CSB_ENTRIES;
	int ret;

	if (first <= last) {
		ret = hws_entries(v, e, first, last);
	} else {
		ret = hws_entries(v, e, first, CSB_ENTRIES - 1);
		if (!ret)
			ret = hws_entries(v, e, 0, last);
	}
	if (ret)
		return ret;
	return gvt_gm_write(v, (v->hws_pga[e->id] & ~0xfffULL) + HWS_CSB_WRITE, &last,
			    sizeof(last));
}

/* Without a status page the registers have to do; the interrupt comes in any case. */
void gvt_csb_flush(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	int ret;

	if (!e->csb_new)
		return;
	ret = v->hws_pga[e->id] ? hws_write(v, e) : 0;
	if (ret)
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: status page of engine %d: %s", v->base.id,
			      e->id, mpt_last_error());
	e->csb_new = 0;
	gvt_irq_raise(v, switch_event[e->id]);
}

static u32 execlist_status(const struct gvt_exec_engine *e)
{
	u32 status = e->queued ? STATUS_FULL : 0;

	if (!e->running)
		return status;
	return status | STATUS_CURRENT(e->slot) | STATUS_WRITE(!e->slot) | STATUS_VALID(e->slot) |
	       STATUS_ELEMENT(e->at) | STATUS_ACTIVE(e->slot);
}

static void ring_registers(struct gvt_vgpu *v, const struct gvt_exec_engine *e, u32 base)
{
	const struct gvt_hw_work *work = &e->work.hw;
	u32 head = v->gvt->hw.head(v->gvt->hw.priv, e->hw);

	gvt_vreg_set(v, base + RING_TAIL, work->tail);
	gvt_vreg_set(v, base + RING_HEAD, head);
	gvt_vreg_set(v, base + RING_START, (u32)work->ring_start);
	gvt_vreg_set(v, base + RING_CTL, e->work.ring_ctl);
	gvt_vreg_set(v, base + RING_ACTHD, (u32)work->ring_start + head);
	gvt_vreg_set(v, base + RING_ACTHD_UDW, 0);
	gvt_vreg_set(v, base + CCID, e->list[e->at].low);
}

/* The ring's registers keep the last context's values while the engine is idle. */
void gvt_csb_registers(struct gvt_vgpu *v, const struct gvt_exec_engine *e)
{
	u32 base = gvt_engine_base[e->id], mode = gvt_vreg(v, base + MI_MODE);

	gvt_vreg_set(v, base + EXECLIST_STATUS_LO, execlist_status(e));
	gvt_vreg_set(v, base + EXECLIST_STATUS_HI, e->running ? e->list[e->at].id : 0);
	if (e->running && !(mode & MI_MODE_STOP))
		gvt_vreg_set(v, base + MI_MODE, mode & ~MI_MODE_IDLE);
	else
		gvt_vreg_set(v, base + MI_MODE, mode | MI_MODE_IDLE);
	if (e->work.mm)
		ring_registers(v, e, base);
}
