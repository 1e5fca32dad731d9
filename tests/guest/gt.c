/* SPDX-License-Identifier: MIT */
/*
 * The GT outside of execution, in i915's order: forcewake, resets, status pages, execlists on,
 * interrupts on. Names and offsets: Linux 6.1 gt/intel_gt_regs.h and intel_engine_regs.h; from
 * memory.
 */
#include <gvt/gvt.h>

#include "guest_priv.h"

#define GDRST 0x941c
#define GDRST_FULL (1U << 0)
#define GAMW_ECO_DEV_RW_IA 0x4080
#define GAMW_64K 0xfU

#define RING_HWS_PGA 0x80
#define RING_HWSTAM 0x98
#define RING_MI_MODE 0x9c
#define STOP_RING (1U << 8)
#define MODE_IDLE (1U << 9)
#define RING_IMR 0xa8
#define RING_EIR 0xb0
#define RING_EMR 0xb4
#define RING_RESET_CTL 0xd0
#define RESET_REQUEST (1U << 0)
#define RESET_READY (1U << 1)
#define RING_MODE 0x29c
#define RUN_LIST_ENABLE (1U << 15)
#define RING_CSB_PTR 0x3a0
#define HWS_CSB_WRITE 0x1f /* dword of the status page */

#define MASTER 0x44200
#define MASTER_ENABLE (1U << 31)
#define GT_IMR(n) (0x44304U + 16 * (n))
#define GT_IIR(n) (0x44308U + 16 * (n))
#define GT_IER(n) (0x4430cU + 16 * (n))
#define IRQ_USER (1U << 0)
#define IRQ_SWITCH (1U << 8)

#define PV_DISPLAY_READY (GVT_PVINFO_OFFSET + 0x804)

const struct guest_engine_info guest_engines[G_NUM_ENGINES] = {
	[G_RCS] = { "rcs", 0x02000, 0, 0, 1U << 0, 1U << 1, 22 },
	[G_BCS] = { "bcs", 0x22000, 0, 16, 1U << 1, 1U << 3, 2 },
	[G_VCS] = { "vcs", 0x12000, 1, 0, 1U << 2, 1U << 2, 2 },
	[G_VECS] = { "vecs", 0x1a000, 3, 0, 1U << 6, 1U << 4, 2 },
};

static const struct {
	const char *name;
	u32 request, ack;
} domains[] = {
	{ "render forcewake", 0xa278, 0xd84 },
	{ "media forcewake", 0xa270, 0xd88 },
	{ "GT forcewake", 0xa188, 0x130044 },
};

void guest_forcewake(struct guest *g, bool on)
{
	u32 i;

	for (i = 0; i < G_ARRAY(domains); i++) {
		guest_reg_set(g, domains[i].request, on ? G_ON(1) : G_OFF(1));
		guest_reg_wait(g, domains[i].ack, 1, on, domains[i].name);
	}
}

void guest_full_reset(struct guest *g)
{
	guest_reg_set(g, GDRST, GDRST_FULL);
	guest_reg_wait(g, GDRST, GDRST_FULL, 0, "full reset");
}

/* GAMW_ECO_DEV_RW_IA says so for each of the four page walkers. */
static void large_pages(struct guest *g)
{
	guest_forcewake(g, true);
	guest_reg_set(g, GAMW_ECO_DEV_RW_IA, GAMW_64K);
	guest_expect(g, guest_reg(g, GAMW_ECO_DEV_RW_IA) & GAMW_64K, GAMW_64K, "64 KiB pages");
}

void guest_step_gt(struct guest *g)
{
	u32 i;

	for (i = 0; i < G_ARRAY(domains); i++) {
		guest_reg_set(g, domains[i].request, G_OFF(0xffff));
		guest_reg_wait(g, domains[i].ack, 0xffff, 0, domains[i].name);
	}
	guest_forcewake(g, true);
	/* Something that a full reset has to undo. */
	guest_reg_set(g, guest_engines[G_RCS].base + RING_IMR, 0x1234);
	guest_expect(g, guest_reg(g, guest_engines[G_RCS].base + RING_IMR), 0x1234,
		     "ring IMR before the reset");
	guest_full_reset(g);
	guest_expect(g, guest_reg(g, guest_engines[G_RCS].base + RING_IMR), ~0U,
		     "ring IMR after the reset");
	large_pages(g);
}

/* The device's pointers and the guest's say both: the last entry was the last one. */
static void reset_csb(struct guest *g, struct guest_engine *e)
{
	const u32 last = G_CSB_ENTRIES - 1;

	e->csb_head = last;
	guest_reg_set(g, e->info->base + RING_CSB_PTR, 0xffffU << 16 | last << 8 | last);
	guest_ram32_set(g, e->hwsp.gpa + 4 * HWS_CSB_WRITE, last);
}

void guest_engine_resume(struct guest *g, struct guest_engine *e)
{
	u32 base = e->info->base;

	guest_reg_set(g, base + RING_HWSTAM, ~0U);
	guest_reg_set(g, base + RING_IMR, ~((IRQ_USER | IRQ_SWITCH) << e->info->shift));
	guest_reg_set(g, base + RING_MODE, G_ON(RUN_LIST_ENABLE));
	guest_reg_set(g, base + RING_MI_MODE, G_OFF(STOP_RING));
	guest_reg_set(g, base + RING_HWS_PGA, (u32)e->hwsp.addr);
	guest_expect(g, guest_reg(g, base + RING_HWS_PGA), e->hwsp.addr, "%s: status page",
		     e->info->name);
	guest_expect(g, guest_reg(g, base + RING_MODE) & RUN_LIST_ENABLE, RUN_LIST_ENABLE,
		     "%s: execlists", e->info->name);
	guest_reg_set(g, base + RING_EIR, guest_reg(g, base + RING_EIR));
	guest_reg_set(g, base + RING_EMR, ~0U);
	reset_csb(g, e);
}

/* What ran is known no more. */
static void forget(struct guest_engine *e)
{
	memset(e->pending, 0, sizeof(e->pending));
	memset(e->inflight, 0, sizeof(e->inflight));
	e->acked = true;
}

/* Linux 6.1: intel_engine_stop_cs(), gen8_engine_reset_prepare(), gen6_hw_domain_reset(). */
void guest_engine_reset(struct guest *g, struct guest_engine *e)
{
	u32 base = e->info->base;

	guest_reg_set(g, base + RING_MI_MODE, G_ON(STOP_RING));
	guest_reg_wait(g, base + RING_MI_MODE, MODE_IDLE, MODE_IDLE, "the ring to stop");
	guest_reg_set(g, base + RING_RESET_CTL, G_ON(RESET_REQUEST));
	guest_reg_wait(g, base + RING_RESET_CTL, RESET_READY, RESET_READY, "ready for reset");
	guest_reg_set(g, GDRST, e->info->reset);
	guest_reg_wait(g, GDRST, e->info->reset, 0, "engine reset");
	guest_reg_set(g, base + RING_RESET_CTL, G_OFF(RESET_REQUEST));
	forget(e);
	guest_engine_resume(g, e);
}

/* All off and acknowledged, then those of the engines on (gen8_gt_irq_postinstall()). */
static void interrupts(struct guest *g)
{
	u32 enable[4] = { 0 }, i;

	guest_reg_set(g, MASTER, 0);
	for (i = 0; i < G_NUM_ENGINES; i++)
		enable[guest_engines[i].gt] |= (IRQ_USER | IRQ_SWITCH) << guest_engines[i].shift;
	for (i = 0; i < 4; i++) {
		guest_reg_set(g, GT_IMR(i), ~0U);
		guest_reg_set(g, GT_IER(i), 0);
		guest_reg_set(g, GT_IIR(i), ~0U);
		guest_expect(g, guest_reg(g, GT_IIR(i)), 0, "GT IIR %u after acknowledging", i);
		guest_reg_set(g, GT_IER(i), enable[i]);
		guest_reg_set(g, GT_IMR(i), ~enable[i]);
		guest_expect(g, guest_reg(g, GT_IER(i)), enable[i], "GT IER %u", i);
		guest_expect(g, guest_reg(g, GT_IMR(i)), ~enable[i], "GT IMR %u", i);
	}
	guest_reg_set(g, MASTER, MASTER_ENABLE);
	guest_expect(g, guest_reg(g, MASTER), MASTER_ENABLE, "master interrupt");
	g->irq_on = true;
}

void guest_step_engines(struct guest *g)
{
	u32 i;

	for (i = 0; i < G_NUM_ENGINES; i++)
		guest_engine_resume(g, &g->engine[i]);
	interrupts(g);
	guest_reg_set(g, PV_DISPLAY_READY, 1);
}

/* After a full reset: all that the steps before set up, but for what is in memory. */
void guest_gt_resume(struct guest *g)
{
	u32 i;

	for (i = 0; i < G_NUM_ENGINES; i++)
		forget(&g->engine[i]);
	large_pages(g);
	guest_step_engines(g);
}

void guest_gt_off(struct guest *g)
{
	u32 i;

	for (i = 0; i < G_NUM_ENGINES; i++) {
		guest_engine_reset(g, &g->engine[i]);
		guest_reg_set(g, g->engine[i].info->base + RING_HWS_PGA, 0);
	}
	guest_reg_set(g, MASTER, 0);
	guest_forcewake(g, false);
}
