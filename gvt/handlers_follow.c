/* SPDX-License-Identifier: MIT */
/*
 * Two patterns that need data only: a status bit that follows a control bit, and status bits
 * cleared by writing 1 among ordinary ones. What hardware does over time happens at once.
 */
#include "handlers.h"
#include "internal.h"
#include "reg_table.h"

/* A row applies where (offset & mask) == match; only registers that name the handler get here. */
struct follow {
	u32 mask, match;
	u8 control, status;
	bool inverted; /* the status is set while the control is clear */
	u32 target; /* where the status is; 0: in the register itself */
};

#define DPLL_STATUS 0x6c060
#define BXT_CL1CM_DW0_PHY0 0x6c000
#define BXT_CL1CM_DW0_PHY1 0x162000
#define BXT_PHY_CTL(port) (0x64c00 + 0x10 * (port))

static const struct follow follow_rows[] = {
	{ 0x000fff, 0x0000d0, 0, 1, false, 0 }, /* RESET_CTL: ready for reset */
	{ 0x000fff, 0x00009c, 8, 9, false, 0 }, /* MI_MODE: a stopped ring is idle */
	{ 0x1f0fff, 0x070008, 31, 30, false, 0 }, /* PIPECONF: enabled */
	{ 0x1fffff, 0x045008, 31, 30, false, 0 }, /* DBUF_CTL: powered */
	{ 0x1fffff, 0x046010, 31, 30, false, 0 }, /* LCPLL1_CTL: locked */
	{ 0x1fffff, 0x046010, 31, 0, false, DPLL_STATUS },
	{ 0x1fffff, 0x046014, 31, 8, false, DPLL_STATUS }, /* LCPLL2_CTL */
	{ 0x1fffff, 0x046040, 31, 16, false, DPLL_STATUS }, /* WRPLL_CTL1 */
	{ 0x1fffff, 0x046060, 31, 24, false, DPLL_STATUS }, /* WRPLL_CTL2 */
	/* Broxton (Linux 5.10 i915_reg.h; what its display/intel_dpio_phy.c waits for) */
	{ 0x1fffff, 0x046070, 31, 30, false, 0 }, /* BXT_DE_PLL_ENABLE: locked */
	{ 0x1fffff, 0x046074, 31, 30, false, 0 }, /* BXT_PORT_PLL_ENABLE: locked */
	{ 0x1fffff, 0x046078, 31, 30, false, 0 },
	{ 0x1fffff, 0x04607c, 31, 30, false, 0 },
	{ 0x1fffff, 0x046080, 31, 30, false, 0 }, /* BXT_DSI_PLL_ENABLE: locked */
	{ 0x1fffff, 0x138090, 0, 16, false, BXT_CL1CM_DW0_PHY0 }, /* power: good */
	{ 0x1fffff, 0x138090, 1, 16, false, BXT_CL1CM_DW0_PHY1 },
	{ 0x1fffff, 0x064c80, 31, 8, false, BXT_PHY_CTL(0) }, /* out of reset: lanes enabled */
	{ 0x1fffff, 0x064c90, 31, 8, false, BXT_PHY_CTL(1) },
	{ 0x1fffff, 0x064c90, 31, 8, false, BXT_PHY_CTL(2) },
	{ 0x1fffff, 0x130040, 31, 30, true, 0 }, /* LCPLL_CTL: locked unless disabled */
	{ 0x1fffff, 0x130040, 21, 19, false, 0 }, /* its clock source switched */
	{ 0x1ff8ff, 0x064000, 31, 7, true, 0 }, /* DDI_BUF_CTL: a disabled buffer is idle */
	{ 0x1fffff, 0x0c2004, 13, 12, false, 0 }, /* SOUTH_CHICKEN2: FDI mPHY in reset */
	{ 0x1f0fff, 0x0f0008, 31, 30, false, 0 }, /* PCH_TRANSCONF: enabled */
};

static u32 follow_apply(u32 status_reg, u32 control_reg, const struct follow *f)
{
	bool on = ((control_reg >> f->control) & 1) != f->inverted;

	return (status_reg & ~(1U << f->status)) | (on ? 1U << f->status : 0);
}

int gvt_write_follow(struct gvt_vgpu *v, u32 reg, u32 value)
{
	const struct gvt_reg *info = gvt_reg_lookup(v->gvt->regs, reg);
	size_t i;

	if (info && (info->attr & GVT_MASKED))
		value &= 0xffff;
	for (i = 0; i < sizeof(follow_rows) / sizeof(follow_rows[0]); i++) {
		const struct follow *f = &follow_rows[i];

		if ((reg & f->mask) != f->match)
			continue;
		if (f->target)
			gvt_vreg_set(v, f->target, follow_apply(gvt_vreg(v, f->target), value, f));
		else
			value = follow_apply(value, value, f);
	}
	gvt_vreg_set(v, reg, value);
	return 0;
}

struct sticky {
	u32 mask, match;
	u32 bits; /* cleared by writing 1, never set by a write */
};

static const struct sticky sticky_rows[] = {
	{ 0x1fffff, 0x044030, 0x00000003 }, /* DDI A: short and long pulse seen */
	{ 0x1fffff, 0x0c4030, 0x03030303 }, /* DDI B, C, D, A */
	{ 0x1fffff, 0x0c403c, 0x00000003 }, /* DDI E */
	{ 0x1ff8ff, 0x064044, 0x0d000000 }, /* DP_TP_STATUS: mode changes and training events */
	{ 0x1ffcff, 0x064010, 0x52000000 }, /* DP_AUX_CH_CTL: done, timed out, receive error */
	{ 0x1ffcff, 0x0e4010, 0x52000000 }, /* the same in the PCH */
};

u32 gvt_sticky_bits(u32 reg)
{
	size_t i;

	for (i = 0; i < sizeof(sticky_rows) / sizeof(sticky_rows[0]); i++)
		if ((reg & sticky_rows[i].mask) == sticky_rows[i].match)
			return sticky_rows[i].bits;
	return 0;
}

int gvt_write_sticky(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 bits = gvt_sticky_bits(reg);

	gvt_vreg_set(v, reg, (value & ~bits) | (gvt_vreg(v, reg) & bits & ~value));
	return 0;
}
