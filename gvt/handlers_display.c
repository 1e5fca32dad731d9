/* SPDX-License-Identifier: MIT */
/*
 * Handlers of display registers: power wells, panel power, surfaces, lanes of PHYs, GPIO lines
 * pulled up. Status bits that only follow others are in handlers_follow.c, AUX in aux.c, GMBUS in
 * gmbus.c.
 */
#include "handlers.h"
#include "internal.h"

#define POWER_WELL_REQUESTS 0xaaaaaaaaU

#define PP_CONTROL_ON (1U << 0)
#define PP_STATUS_ON_IDLE (1U << 31 | 8)

/* Each well has a request bit and, below it, its state. */
int gvt_write_power_well(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 requests = value & POWER_WELL_REQUESTS;

	gvt_vreg_set(v, reg, requests | requests >> 1);
	return 0;
}

/* The status is the register before. */
int gvt_write_panel_power(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value);
	gvt_vreg_set(v, reg - 4, value & PP_CONTROL_ON ? PP_STATUS_ON_IDLE : 0);
	return 0;
}

int gvt_write_pipeconf(struct gvt_vgpu *v, u32 reg, u32 value)
{
	int ret = gvt_write_follow(v, reg, value);

	gvt_vblank_pipes(v);
	return ret;
}

/* A new surface is live at once. Only the flips of the first plane are counted and told. */
int gvt_write_surf(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 pipe = (reg - 0x70000) / 0x1000, base = reg & ~0xfffU;
	bool cursor = (reg & 0xfff) == 0x084;

	if (!cursor && (v->pv.levels & (GVT_PVMMIO_PLANE | GVT_PVMMIO_PLANE_WM)))
		gvt_pvmmio_plane(v, reg);
	gvt_vreg_set(v, reg, value);
	gvt_vreg_set(v, reg + (cursor ? 0x28 : 0x10), value);
	if ((reg & 0xfff) != 0x19c)
		return 0;
	gvt_vreg_set(v, base + 0x44, gvt_vreg(v, base + 0x44) + 1);
	gvt_vblank_flip(v, pipe);
	return 0;
}

/* Link training pattern 2 is the idle pattern; DP_TP_STATUS, the next register, tells its end. */
int gvt_write_dp_tp_ctl(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value);
	if (((value >> 8) & 7) == 2)
		gvt_vreg_set(v, reg + 4, gvt_vreg(v, reg + 4) | 1U << 25);
	return 0;
}

/*
 * A write to a group of lanes of a Broxton PHY is a write to each of them, and drivers read them
 * back. Offsets in a PHY: channels' groups at 0xc00 and 0xe00, their lanes at 0x400 and 0x800;
 * lanes 2 and 3 are 0x200 on; from 0x100 on a lane has its own registers, 0x80 on for an odd one
 * (Linux 5.10 i915_reg.h).
 */
int gvt_write_phy_group(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 at = reg & 0x1ff, lanes = (reg & ~0xfffU) + (reg & 0x200 ? 0x800 : 0x400) + at;
	bool own = at >= 0x100 && at < 0x180;

	gvt_vreg_set(v, reg, value);
	gvt_vreg_set(v, lanes, value);
	gvt_vreg_set(v, lanes + 0x200, value);
	if (own) {
		gvt_vreg_set(v, lanes + 0x80, value);
		gvt_vreg_set(v, lanes + 0x280, value);
	}
	return 0;
}

/*
 * Clock in the low byte, data in the next: bit 0 says that the direction (1) is written, bit 2 that
 * the level (3) is; bit 4 shows the line, which is pulled up unless driven; bit 5 is stored.
 */
static u32 gpio_line(u32 old, u32 value)
{
	u32 line = (value & (1U << 0) ? value : old) & (1U << 1);

	line |= (value & (1U << 2) ? value : old) & (1U << 3);
	line |= value & (1U << 5);
	if (!(line & (1U << 1)) || (line & (1U << 3)))
		line |= 1U << 4;
	return line;
}

int gvt_write_gpio(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 old = gvt_vreg(v, reg);

	gvt_vreg_set(v, reg, gpio_line(old, value) | gpio_line(old >> 8, value >> 8) << 8);
	return 0;
}
