/* SPDX-License-Identifier: MIT */
/*
 * Handlers of the GT outside the engines: forcewake, reset, 64 KiB pages, pcode, GuC status. The
 * reset itself is in reset.c.
 */
#include "handlers.h"
#include "internal.h"

#define GUC_STATUS 0xc000
#define GUC_STATUS_IN_RESET 1U

#define GDRST_FULL (1U << 0)
#define GDRST_GUC (1U << 5)

#define PCODE_DATA 0x138128
#define PCODE_READY (1U << 31)
#define PCODE_COMMAND 0xffU /* when it is over, the error code: 0 is success */

/* Each domain's acknowledge repeats its request. */
static const struct {
	u32 request, ack;
} forcewake_rows[] = {
	{ 0x00a278, 0x000d84 }, /* render */
	{ 0x00a270, 0x000d88 }, /* media */
	{ 0x00a188, 0x130044 }, /* blitter and the rest */
};

int gvt_write_forcewake(struct gvt_vgpu *v, u32 reg, u32 value)
{
	size_t i;

	value &= 0xffff;
	gvt_vreg_set(v, reg, value);
	for (i = 0; i < sizeof(forcewake_rows) / sizeof(forcewake_rows[0]); i++) {
		if (forcewake_rows[i].request == reg)
			gvt_vreg_set(v, forcewake_rows[i].ack, value);
	}
	return 0;
}

static const struct {
	u32 bit;
	enum gvt_engine engine;
} gdrst_rows[] = {
	{ 1, GVT_RCS }, { 2, GVT_VCS }, { 3, GVT_BCS }, { 4, GVT_VECS },
};

/* The request is never stored: it reads 0 because the reset is over. */
int gvt_write_gdrst(struct gvt_vgpu *v, u32 reg, u32 value)
{
	bool full = value & GDRST_FULL;
	u32 engines = full ? GVT_ALL_ENGINES : 0;
	int ret = 0;
	size_t i;

	(void)reg;
	for (i = 0; i < sizeof(gdrst_rows) / sizeof(gdrst_rows[0]); i++)
		engines |= ((value >> gdrst_rows[i].bit) & 1) << gdrst_rows[i].engine;
	if (engines)
		ret = gvt_vgpu_engine_reset(v, engines, full);
	if (value & GDRST_GUC)
		gvt_vreg_set(v, GUC_STATUS, gvt_vreg(v, GUC_STATUS) | GUC_STATUS_IN_RESET);
	return ret;
}

/* "In reset" is told once (Linux 5.10 gvt/handlers.c: a driver waits for it after a GuC reset). */
u32 gvt_read_guc_status(struct gvt_vgpu *v, u32 reg)
{
	u32 value = gvt_vreg(v, reg);

	gvt_vreg_set(v, reg, value & ~GUC_STATUS_IN_RESET);
	return value;
}

/* 64 KiB pages are on for all four page walkers or for none (Linux 5.10 gvt/handlers.c). */
int gvt_write_gamw_eco(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 walkers = value & 0xf;

	if (walkers != 0 && walkers != 0xf)
		return mpt_fail(-EINVAL, "gvt", "64 KiB pages for walkers 0x%x (all four or none)",
				walkers);
	gvt_vreg_set(v, reg, value);
	return 0;
}

/* Answers that drivers wait for, as both probes got them; other commands leave the data alone. */
static const struct {
	u32 command, data;
} pcode_rows[] = {
	{ 0x05, 0x00000001 }, /* RC6 voltages */
	{ 0x06, 0x02020202 }, /* memory latencies of four watermark levels, us */
	{ 0x07, 0x00000001 }, /* clock change: ready */
	{ 0x21, 0x00000001 }, /* memory frequency changes: off */
};

int gvt_write_pcode(struct gvt_vgpu *v, u32 reg, u32 value)
{
	size_t i;

	for (i = 0; i < sizeof(pcode_rows) / sizeof(pcode_rows[0]) && (value & PCODE_READY); i++) {
		if (pcode_rows[i].command == (value & PCODE_COMMAND))
			gvt_vreg_set(v, PCODE_DATA, pcode_rows[i].data);
	}
	if (value & PCODE_READY)
		value &= ~(PCODE_READY | PCODE_COMMAND);
	gvt_vreg_set(v, reg, value);
	return 0;
}
