/* SPDX-License-Identifier: MIT */
/*
 * What the core does when a guest cannot be served (failsafe), and the events a hypervisor reports:
 * a store to a tracked page, RAM that came or went, the virtual monitor's plug.
 */
#include "platform.h"
#include "ppgtt.h"

const char *gvt_failsafe_name(enum gvt_failsafe reason)
{
	static const char *const names[] = {
		[GVT_FAILSAFE_NONE] = "none",
		[GVT_FAILSAFE_UNSUPPORTED_GUEST] = "unsupported guest",
		[GVT_FAILSAFE_RESOURCES] = "insufficient resources",
		[GVT_FAILSAFE_GUEST_ERR] = "guest error",
	};

	return (unsigned int)reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

/* The first reason stays: what follows it is mostly its consequence. */
void gvt_vgpu_failsafe(struct gvt_vgpu *v, enum gvt_failsafe reason)
{
	if (v->failsafe != GVT_FAILSAFE_NONE || reason == GVT_FAILSAFE_NONE)
		return;
	v->failsafe = reason;
	v->count.failsafes++;
	gvt_irq_intx(v);
	gvt_sched_update(v);
	mpt_log_guest(MPT_LOG_WARN, "vGPU %d: failsafe: %s", v->base.id, gvt_failsafe_name(reason));
}

void gvt_vgpu_failsafe_enter(struct intel_vgpu *vgpu, enum gvt_failsafe reason)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);

	gvt_lock(&v->lock);
	gvt_vgpu_failsafe(v, reason);
	gvt_unlock(&v->lock);
}

void gvt_emulation_failed(struct intel_vgpu *vgpu, int err)
{
	mpt_log_guest(MPT_LOG_WARN, "vGPU %d: a guest access failed: %s", vgpu->id,
		      mpt_errno_name(err));
	gvt_vgpu_failsafe_enter(vgpu, GVT_FAILSAFE_GUEST_ERR);
}

/* -ENXIO without a sentence: it is an answer, not a failure. */
int gvt_write_protect_handler(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	int ret;

	gvt_lock(&v->lock);
	ret = gvt_page_track_write(v, gpa, data, bytes);
	gvt_unlock(&v->lock);
	return ret;
}

void gvt_guest_region_event(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);

	gvt_lock(&v->lock);
	if (added) {
		gvt_ppgtt_region_came(v);
	} else {
		gvt_ggtt_region_gone(v, gfn, nr);
		gvt_ppgtt_region_gone(v, gfn, nr);
	}
	gvt_unlock(&v->lock);
}

static void vreg_bits(struct gvt_vgpu *v, u32 reg, u32 bits, bool on)
{
	u32 value = gvt_vreg(v, reg);

	gvt_vreg_set(v, reg, on ? value | bits : value & ~bits);
}

static void show_monitor(struct gvt_vgpu *v, bool connected)
{
	const struct gvt_port *port = v->gvt->platform->monitor;

	if (port->strap.reg)
		vreg_bits(v, port->strap.reg, port->strap.bit, connected);
	vreg_bits(v, port->live.reg, port->live.bit, connected);
}

/*
 * A reset of the device pulls no cable: the golden image has none plugged, so one that is plugged
 * is shown again. Nothing changed on the wire: no pulse, no interrupt.
 */
void gvt_monitor_reset(struct gvt_vgpu *v)
{
	gvt_aux_reset(v);
	if (v->monitor.plugged)
		show_monitor(v, true);
}

void gvt_emulate_hotplug(struct intel_vgpu *vgpu, bool connected)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	const struct gvt_port *port = v->gvt->platform->monitor;

	gvt_lock(&v->lock);
	/* What is plugged anew knows nothing of earlier training. */
	if (connected && !v->monitor.plugged)
		gvt_aux_reset(v);
	v->monitor.plugged = connected;
	show_monitor(v, connected);
	vreg_bits(v, port->hotplug, port->pulse, false);
	vreg_bits(v, port->hotplug, port->long_pulse, true);
	gvt_irq_raise(v, port->event);
	gvt_unlock(&v->lock);
}
