/* SPDX-License-Identifier: MIT */
/*
 * What the hardware asks of a vGPU while its commands run: registers, interrupts, time. The vGPU's
 * lock is held by whoever let them run. Which commands may name which registers is decided before
 * (scan.h); here is only what no command may do, whatever was decided.
 */
#include "execlist.h"
#include "handlers.h"
#include "reg_table.h"

static bool reg_ok(u32 reg)
{
	return reg < GVT_MMIO_SIZE && !(reg % 4) && reg - GVT_PVINFO_OFFSET >= MPT_PAGE_SIZE;
}

static u32 client_reg_read(void *arg, u32 reg)
{
	return reg_ok(reg) ? gvt_mmio_reg_read(arg, reg) : 0;
}

/*
 * Most registers are memory. Of those that do something when written, the rest would act on the
 * vGPU while it executes: submit, reset, interrupt, move its status page.
 */
static bool harmless(const struct gvt_reg *r, u32 reg)
{
	if (!r || !r->write)
		return true;
	return r->write == gvt_write_nonpriv ||
	       (r->write == gvt_write_engine_stop && (reg & 0xfff) == 0x9c);
}

static void client_reg_write(void *arg, u32 reg, u32 value)
{
	struct gvt_vgpu *v = arg;

	if (reg_ok(reg) && harmless(gvt_reg_lookup(v->gvt->regs, reg), reg))
		gvt_mmio_reg_write(v, reg, value);
	else
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: a command wrote register 0x%x: dropped",
			      v->base.id, reg);
}

static const enum gvt_event events[GVT_NUM_ENGINES][2] = {
	[GVT_RCS] = { GVT_EVENT_RCS_USER, GVT_EVENT_RCS_PIPE_CONTROL },
	[GVT_VCS] = { GVT_EVENT_VCS_USER, GVT_EVENT_VCS_FLUSH },
	[GVT_BCS] = { GVT_EVENT_BCS_USER, GVT_EVENT_BCS_FLUSH },
	[GVT_VECS] = { GVT_EVENT_VECS_USER, GVT_EVENT_VECS_FLUSH },
};

static void client_event(void *arg, enum gvt_engine engine, enum gvt_hw_event event)
{
	gvt_irq_raise(arg, events[engine][event == GVT_HW_NOTIFY]);
}

static u64 client_now(void *arg)
{
	struct gvt_vgpu *v = arg;

	return gvt_ticks(v->gvt);
}

void gvt_client_init(struct gvt_vgpu *v, struct gvt_hw_client *client)
{
	*client = (struct gvt_hw_client){
		.arg = v,
		.reg_read = client_reg_read,
		.reg_write = client_reg_write,
		.event = client_event,
		.now = client_now,
		.low_start = v->low.start,
		.low_size = v->low.size,
		.high_start = v->high.start,
		.high_size = v->high.size,
	};
}

/* --- time --- */

/* 12 MHz: 83.33 ns a tick (Skylake PRM vol. 2c, TIMESTAMP); seconds apart, so nothing overflows. */
u64 gvt_ticks(struct intel_gvt *gvt)
{
	u64 ns = gvt->clock_ns(gvt->clock_arg);

	return ns / 1000 * 12 + ns % 1000 * 12 / 1000;
}

u32 gvt_read_timestamp(struct gvt_vgpu *v, u32 reg)
{
	u64 ticks = gvt_ticks(v->gvt);

	return (u32)(reg & 4 ? ticks >> 32 : ticks);
}
