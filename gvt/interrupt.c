/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of gen8 and gen9: the registers' rules and how an event becomes an MSI or a level of
 * the pin. Which event happens when is told by others (gvt_irq_raise()). Layout: Skylake PRM vol.
 * 12; Linux 5.10 gvt/interrupt.c; the second gate at the engines: i915 writes RING_IMR with the
 * bits of the GT registers.
 */
#include "platform.h"

#define MASTER 0x44200U
#define MASTER_ENABLE (1U << 31)

/* A group is four dwords. */
#define IMR 0x4U
#define IIR 0x8U
#define IER 0xcU

#define GT0 0x44300U
#define GT1 0x44310U
#define GT2 0x44320U
#define GT3 0x44330U
#define PIPE_A 0x44400U
#define PIPE_B 0x44410U
#define PIPE_C 0x44420U
#define PORT 0x44440U
#define MISC 0x44460U
#define PCU 0x444e0U
#define PCH 0xc4000U

#define RCS_BASE 0x02000U
#define VCS_BASE 0x12000U
#define VECS_BASE 0x1a000U
#define BCS_BASE 0x22000U
#define RING_IMR 0xa8U

/* Bits of a group that show as one bit of the master register. */
static const struct irq_summary {
	u32 group;
	u32 bits;
	u32 master;
} irq_summary[] = {
	{ GT0, 0x0000ffff, 1U << 0 },
	{ GT0, 0xffff0000, 1U << 1 },
	{ GT1, 0x0000ffff, 1U << 2 },
	{ GT1, 0xffff0000, 1U << 3 },
	{ GT2, 0x0000ffff, 1U << 4 },
	{ GT3, 0x0000ffff, 1U << 6 },
	{ PIPE_A, ~0U, 1U << 16 },
	{ PIPE_B, ~0U, 1U << 17 },
	{ PIPE_C, ~0U, 1U << 18 },
	{ PORT, ~0U, 1U << 20 },
	{ MISC, ~0U, 1U << 22 },
	{ PCH, ~0U, 1U << 23 }, /* the south display hangs below the north one */
	{ PCU, ~0U, 1U << 30 },
};

/* Gen8 and gen9 agree on these. */
#define COMMON_EVENTS \
	[GVT_EVENT_RCS_USER] = { GT0, 1U << 0, RCS_BASE }, \
	[GVT_EVENT_RCS_PIPE_CONTROL] = { GT0, 1U << 4, RCS_BASE }, \
	[GVT_EVENT_RCS_SWITCH] = { GT0, 1U << 8, RCS_BASE }, \
	[GVT_EVENT_BCS_USER] = { GT0, 1U << 16, BCS_BASE }, \
	[GVT_EVENT_BCS_FLUSH] = { GT0, 1U << 20, BCS_BASE }, \
	[GVT_EVENT_BCS_SWITCH] = { GT0, 1U << 24, BCS_BASE }, \
	[GVT_EVENT_VCS_USER] = { GT1, 1U << 0, VCS_BASE }, \
	[GVT_EVENT_VCS_FLUSH] = { GT1, 1U << 4, VCS_BASE }, \
	[GVT_EVENT_VCS_SWITCH] = { GT1, 1U << 8, VCS_BASE }, \
	[GVT_EVENT_VECS_USER] = { GT3, 1U << 0, VECS_BASE }, \
	[GVT_EVENT_VECS_FLUSH] = { GT3, 1U << 4, VECS_BASE }, \
	[GVT_EVENT_VECS_SWITCH] = { GT3, 1U << 8, VECS_BASE }, \
	[GVT_EVENT_PIPE_A_VBLANK] = { PIPE_A, 1U << 0, 0 }, \
	[GVT_EVENT_PIPE_B_VBLANK] = { PIPE_B, 1U << 0, 0 }, \
	[GVT_EVENT_PIPE_C_VBLANK] = { PIPE_C, 1U << 0, 0 }, \
	[GVT_EVENT_AUX_A] = { PORT, 1U << 0, 0 }, \
	[GVT_EVENT_HOTPLUG_A] = { PORT, 1U << 3, 0 }, \
	[GVT_EVENT_GSE] = { MISC, 1U << 0, 0 }

#define FLIP_EVENTS(bit) \
	[GVT_EVENT_PIPE_A_FLIP] = { PIPE_A, (bit), 0 }, \
	[GVT_EVENT_PIPE_B_FLIP] = { PIPE_B, (bit), 0 }, \
	[GVT_EVENT_PIPE_C_FLIP] = { PIPE_C, (bit), 0 }

#define AUX_EVENTS(group) \
	[GVT_EVENT_AUX_B] = { (group), 1U << 25, 0 }, \
	[GVT_EVENT_AUX_C] = { (group), 1U << 26, 0 }, \
	[GVT_EVENT_AUX_D] = { (group), 1U << 27, 0 }

#define PCH_EVENTS \
	[GVT_EVENT_HOTPLUG_B] = { PCH, 1U << 21, 0 }, \
	[GVT_EVENT_HOTPLUG_C] = { PCH, 1U << 22, 0 }, \
	[GVT_EVENT_HOTPLUG_D] = { PCH, 1U << 23, 0 }, \
	[GVT_EVENT_GMBUS] = { PCH, 1U << 17, 0 }

const struct gvt_irq_event gvt_irq_bdw[GVT_NUM_EVENTS] = {
	COMMON_EVENTS, FLIP_EVENTS(1U << 4), AUX_EVENTS(PCH), PCH_EVENTS,
};

const struct gvt_irq_event gvt_irq_gen9[GVT_NUM_EVENTS] = {
	COMMON_EVENTS, FLIP_EVENTS(1U << 3), AUX_EVENTS(PORT), PCH_EVENTS,
};

/* No PCH: its events show north, and there is no port D (Linux 5.10 i915_reg.h, i915_irq.c). */
const struct gvt_irq_event gvt_irq_bxt[GVT_NUM_EVENTS] = {
	COMMON_EVENTS, FLIP_EVENTS(1U << 3), AUX_EVENTS(PORT),
	[GVT_EVENT_HOTPLUG_B] = { PORT, 1U << 4, 0 },
	[GVT_EVENT_HOTPLUG_C] = { PORT, 1U << 5, 0 },
	[GVT_EVENT_GMBUS] = { PORT, 1U << 1, 0 },
};

/* Make the master's summary true; kept so at every change, since guests read it with bit 31 off. */
static u32 master_update(struct gvt_vgpu *v)
{
	u32 old = gvt_vreg(v, MASTER), master = old & MASTER_ENABLE;
	size_t i;

	for (i = 0; i < sizeof(irq_summary) / sizeof(irq_summary[0]); i++) {
		const struct irq_summary *s = &irq_summary[i];

		if (gvt_vreg(v, s->group + IIR) & gvt_vreg(v, s->group + IER) & s->bits)
			master |= s->master;
	}
	if (master != old)
		gvt_vreg_set(v, MASTER, master);
	return master;
}

static bool irq_pending(const struct gvt_vgpu *v, u32 master)
{
	if (!(master & MASTER_ENABLE) || !(master & ~MASTER_ENABLE) || v->failsafe)
		return false;
	return !(v->pv.levels & GVT_PVMMIO_MASTER_IRQ) || !gvt_pvmmio_irq_disabled(v);
}

/* PCI Local Bus Specification 3.0, 6.2.2: COMMAND bit 10 disables the pin; 6.8.1: so does MSI. */
static void pin_set(struct gvt_vgpu *v, bool level)
{
	int ret;

	if (gvt_cfg_msi_enabled(v) || (gvt_cfg_command(v) & 1U << 10))
		level = false;
	if (level == v->intx_level)
		return;
	ret = intel_gvt_hypervisor_set_intx(&v->base, level);
	if (ret) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: interrupt pin: %s", v->base.id,
			      mpt_errno_name(ret));
		return;
	}
	v->intx_level = level;
	if (level)
		v->count.interrupts++;
}

void gvt_irq_intx(struct gvt_vgpu *v)
{
	pin_set(v, irq_pending(v, gvt_vreg(v, MASTER)));
}

static void msi_send(struct gvt_vgpu *v)
{
	int ret = intel_gvt_hypervisor_inject_msi(&v->base);

	if (!ret) {
		v->count.interrupts++;
		return;
	}
	v->count.errors++;
	mpt_log_guest(MPT_LOG_WARN, "vGPU %d: MSI: %s", v->base.id, mpt_errno_name(ret));
}

/*
 * Nothing is acknowledged by an MSI: what is still pending when the guest enables the master
 * again is sent again.
 */
void gvt_irq_check(struct gvt_vgpu *v)
{
	bool pending = irq_pending(v, master_update(v));

	pin_set(v, pending);
	if (pending && gvt_cfg_msi_enabled(v))
		msi_send(v);
}

void gvt_irq_raise(struct gvt_vgpu *v, enum gvt_event event)
{
	const struct gvt_irq_event *e = &v->gvt->platform->events[event];

	if (v->failsafe || !e->group || (gvt_vreg(v, e->group + IMR) & e->bit))
		return;
	if (e->engine && (gvt_vreg(v, e->engine + RING_IMR) & e->bit))
		return;
	gvt_vreg_set(v, e->group + IIR, gvt_vreg(v, e->group + IIR) | e->bit);
	gvt_irq_check(v);
}

int gvt_irq_write_imr(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value);
	gvt_irq_check(v);
	return 0;
}

int gvt_irq_write_ier(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value);
	gvt_irq_check(v);
	return 0;
}

/* An acknowledgement sends nothing; the pin falls with the last one. */
int gvt_irq_write_iir(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, gvt_vreg(v, reg) & ~value);
	pin_set(v, irq_pending(v, master_update(v)));
	return 0;
}

int gvt_irq_write_master(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value & MASTER_ENABLE);
	gvt_irq_check(v);
	return 0;
}
