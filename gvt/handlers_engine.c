/* SPDX-License-Identifier: MIT */
/*
 * Handlers of the command streamers' registers: status page, mode, submission port, registers
 * opened to unprivileged batches. What is submitted goes to execlist.c; nothing is executed here.
 */
#include "execlist.h"
#include "handlers.h"
#include "platform.h"

#define RING_NOPID 0x94
#define RING_MODE_PPGTT (1U << 9)
#define RING_MODE_EXECLIST (1U << 15)
#define CSFE_PREEMPTION (1U << 3 | 1U << 4)
#define NONPRIV_ADDR 0x03fffffcU

int gvt_engine_of(u32 reg)
{
	switch (reg & ~0xfffU) {
	case 0x02000:
		return GVT_RCS;
	case 0x12000:
		return GVT_VCS;
	case 0x22000:
		return GVT_BCS;
	case 0x1a000:
		return GVT_VECS;
	default:
		return -1;
	}
}

int gvt_write_hws_pga(struct gvt_vgpu *v, u32 reg, u32 value)
{
	int engine = gvt_engine_of(reg);

	if (value && !gvt_ggtt_validate(v, value & ~0xfffU, MPT_PAGE_SIZE))
		return mpt_fail(-EINVAL, "gvt", "status page 0x%x is not in vGPU %d's share",
				value, v->base.id);
	gvt_vreg_set(v, reg, value);
	if (engine >= 0)
		v->hws_pga[engine] = value;
	return 0;
}

/*
 * A guest that turns page tables or execlists on without having read PVINFO believes to own the
 * device. GuC submission (bit 0, on Coffee Lake bit 1 too) is not virtualised (Linux 5.10
 * gvt/handlers.c, ring mode).
 */
int gvt_write_ring_mode(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 refused = v->gvt->platform->ring_mode_refused;
	bool unaware = !v->pv_notified && (value & (RING_MODE_PPGTT | RING_MODE_EXECLIST));

	gvt_vreg_set(v, reg, value & 0xffff & ~refused);
	if (unaware || (value & refused))
		gvt_vgpu_failsafe(v, GVT_FAILSAFE_UNSUPPORTED_GUEST);
	return 0;
}

/* Preemption inside a batch cannot be followed (Linux 5.10 gvt/handlers.c, CSFE chicken). */
int gvt_write_csfe_chicken(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value & 0xffff);
	if (value & CSFE_PREEMPTION)
		gvt_vgpu_failsafe(v, GVT_FAILSAFE_UNSUPPORTED_GUEST);
	return 0;
}

/* A slot is emptied with NOPID. */
bool gvt_nonpriv_ok(const struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 opened = value & NONPRIV_ADDR;
	const struct gvt_reg *info = NULL;

	if (opened < GVT_REG_SPACE)
		info = gvt_reg_lookup(v->gvt->regs, opened);
	return opened == (reg & ~0xfffU) + RING_NOPID || (info && (info->attr & GVT_NONPRIV));
}

/* A register that no guest may open leaves the slot as it was. */
int gvt_write_nonpriv(struct gvt_vgpu *v, u32 reg, u32 value)
{
	if (gvt_nonpriv_ok(v, reg, value))
		gvt_vreg_set(v, reg, value);
	else
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: register 0x%x must not become unprivileged",
			      v->base.id, value & NONPRIV_ADDR);
	return 0;
}

/* Two descriptors of two dwords; element 1 is written first, each with its high dword first. */
static int elsp_check(const struct gvt_vgpu *v, const u32 *dw)
{
	u32 low0 = dw[0], low1 = dw[2];

	if (!(low0 & GVT_CTX_VALID))
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: empty first element", v->base.id);
	if (!(low0 & GVT_CTX_PRIVILEGE) ||
	    ((low1 & GVT_CTX_VALID) && !(low1 & GVT_CTX_PRIVILEGE)))
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: unprivileged context 0x%x or 0x%x",
				v->base.id, low0, low1);
	return 0;
}

static int elsp_submit(struct gvt_vgpu *v, int engine)
{
	int ret = elsp_check(v, v->elsp_data[engine]);

	if (!ret)
		gvt_execlist_submit(v, (enum gvt_engine)engine, v->elsp_data[engine]);
	return ret;
}

int gvt_write_elsp(struct gvt_vgpu *v, u32 reg, u32 value)
{
	int engine = gvt_engine_of(reg);

	if (engine < 0)
		return 0;
	if (v->pv.levels & GVT_PVMMIO_ELSP) {
		gvt_pvmmio_elsp(v, v->elsp_data[engine], value);
		v->elsp_index[engine] = 0;
		return elsp_submit(v, engine);
	}
	v->elsp_data[engine][3 - v->elsp_index[engine]] = value;
	v->elsp_index[engine] = (v->elsp_index[engine] + 1) % 4;
	return v->elsp_index[engine] ? 0 : elsp_submit(v, engine);
}

/* MI_MODE and RESET_CTL. Commands end at once, so a stopped engine is idle and ready at once. */
int gvt_write_engine_stop(struct gvt_vgpu *v, u32 reg, u32 value)
{
	int engine = gvt_engine_of(reg), ret = gvt_write_follow(v, reg, value);

	if (!ret && engine >= 0)
		gvt_execlist_stop(v, (enum gvt_engine)engine);
	return ret;
}
