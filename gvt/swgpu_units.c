/* SPDX-License-Identifier: MIT */
/*
 * What each context has its own of and no list that Linux writes into an image has: the registers
 * of predicates, and those of the render engine's units (statistics, stream output, modes). No unit
 * does what they say; what is written is there when the context is.
 */
#include "swgpu.h"

#define MI_LOAD_REGISTER_IMM(n) (0x22U << 23 | (2 * (n)-1))

/*
 * Inclusive ranges. @bits: those that a register has. @masked: bits 31:16 of a write select which
 * of 15:0 change. Those that user space may write without leave (cmd.c's rules), and those that
 * Linux opens to it by FORCE_TO_NONPRIV and the hardware keeps in the image.
 */
static const struct {
	u32 first, last, bits;
	bool masked;
} ranges[] = {
	{ 0x2290, 0x2294, ~0U, false },	   /* GPGPU_THREADS_DISPATCHED */
	{ 0x22c8, 0x22cc, ~3U, false },	   /* PS_INVOCATION_COUNT of slice 0 */
	{ 0x22d8, 0x22dc, ~0U, false },	   /* PS_DEPTH_COUNT */
	{ 0x22f0, 0x22f4, ~3U, false },	   /* the same of slice 1 */
	{ 0x22f8, 0x22fc, ~0U, false },	   /* PS_DEPTH_COUNT */
	{ 0x2300, 0x2354, ~0U, false },	   /* pipeline statistics */
	{ 0x2360, 0x2364, ~0U, false },	   /* OACTXCONTROL, OACTXID */
	{ 0x2420, 0x2440, ~0U, false },	   /* 3DPRIM_* */
	{ 0x2448, 0x244c, ~3U, false },	   /* as above of slice 2 */
	{ 0x2450, 0x2454, ~0U, false },	   /* PS_DEPTH_COUNT */
	{ 0x2500, 0x2508, ~0U, false },	   /* GPGPU_DISPATCHDIM */
	{ 0x2580, 0x2580, 0xffff, true },  /* CS_CHICKEN1 */
	{ 0x5200, 0x521c, ~0U, false },	   /* SO_NUM_PRIMS_WRITTEN */
	{ 0x5240, 0x525c, ~0U, false },	   /* SO_PRIM_STORAGE_NEEDED */
	{ 0x5280, 0x528c, ~3U, false },	   /* SO_WRITE_OFFSET */
	{ 0x7000, 0x7000, 0xfeff, true },  /* CACHE_MODE_0 */
	{ 0x7004, 0x7008, 0xffff, true },  /* CACHE_MODE_1, GT_MODE */
	{ 0x7014, 0x7014, 0xffff, true },  /* COMMON_SLICE_CHICKEN2 */
	{ 0x7034, 0x7034, ~0U, false },	   /* L3CNTLREG */
	{ 0x7304, 0x7304, 0xffff, true },  /* HDC_CHICKEN1 */
	{ 0xe400, 0xe400, 0xffff, false }, /* TD_CTL */
	{ 0xe404, 0xe404, ~0U, false },
};
#define RANGES (sizeof(ranges) / sizeof(ranges[0]))

struct unit_reg {
	u32 index, range;
};

static bool find(const struct swgpu_engine *e, u32 reg, struct unit_reg *found)
{
	u32 index = 0, i;

	if (e->engine != GVT_RCS)
		return false;
	for (i = 0; i < RANGES && reg >= ranges[i].first; i++) {
		if (reg <= ranges[i].last) {
			*found = (struct unit_reg){ index + (reg - ranges[i].first) / 4, i };
			return true;
		}
		index += (ranges[i].last - ranges[i].first) / 4 + 1;
	}
	return false;
}

/* --- in the image: lists of their own, where none that Linux writes reaches --- */

static u64 place(const struct swgpu_engine *e, u32 dword)
{
	return e->work.context + MPT_PAGE_SIZE + dword * sizeof(u32);
}

static const struct {
	u32 reg; /* from the engine's base */
	enum swgpu_reg number;
} predicates[SWGPU_PREDICATES] = {
	{ 0x400, SWGPU_PREDICATE_SRC0 },   { 0x404, SWGPU_PREDICATE_SRC0 + 1 },
	{ 0x408, SWGPU_PREDICATE_SRC1 },   { 0x40c, SWGPU_PREDICATE_SRC1 + 1 },
	{ 0x410, SWGPU_PREDICATE_DATA },   { 0x414, SWGPU_PREDICATE_DATA + 1 },
	{ 0x418, SWGPU_PREDICATE_RESULT }, { 0x214, SWGPU_PREDICATE_RESULT_2 },
};

/* In @dw what is in the image: only what we have written there. */
static void predicates_load(struct swgpu_engine *e, bool fresh)
{
	u32 *dw = e->predicates, i;

	if (!swgpu_read(e, SWGPU_GGTT, place(e, SWGPU_PREDICATES_AT), dw, sizeof(e->predicates)) ||
	    dw[0] != MI_LOAD_REGISTER_IMM(SWGPU_PREDICATES))
		memset(dw, 0, sizeof(e->predicates));
	for (i = 0; i < SWGPU_PREDICATES && !fresh; i++) {
		if (dw[1 + 2 * i] == swgpu_engine_base[e->engine] + predicates[i].reg)
			e->reg[predicates[i].number] = dw[2 + 2 * i];
	}
}

static void predicates_save(struct swgpu_engine *e)
{
	u32 *dw = e->predicates, i;
	bool changed = false;

	for (i = 0; i < SWGPU_PREDICATES; i++)
		changed |= dw[2 + 2 * i] != e->reg[predicates[i].number];
	if (!changed)
		return;
	dw[0] = MI_LOAD_REGISTER_IMM(SWGPU_PREDICATES);
	for (i = 0; i < SWGPU_PREDICATES; i++) {
		dw[1 + 2 * i] = swgpu_engine_base[e->engine] + predicates[i].reg;
		dw[2 + 2 * i] = e->reg[predicates[i].number];
	}
	swgpu_write(e, SWGPU_GGTT, place(e, SWGPU_PREDICATES_AT), dw, sizeof(e->predicates));
}

/* All pairs as they are to be; the values are @value's. */
static u32 make_list(u32 *dw, const u32 *value)
{
	u32 n = 0, i, reg;

	for (i = 0; i < RANGES; i++) {
		for (reg = ranges[i].first; reg <= ranges[i].last; reg += 4, n++) {
			dw[1 + 2 * n] = reg;
			dw[2 + 2 * n] = value[n];
		}
	}
	dw[0] = MI_LOAD_REGISTER_IMM(n);
	return 1 + 2 * n;
}

/* What is not what we have written is taken for nothing: the image is the guest's memory. */
static void read_list(struct swgpu_engine *e)
{
	struct swgpu_units *u = &e->units;
	u32 mine[1 + 2 * SWGPU_UNITS], dw[1 + 2 * SWGPU_UNITS];
	u32 n = make_list(mine, u->reg), i, at = 0, reg;

	if (!swgpu_read(e, SWGPU_GGTT, place(e, SWGPU_UNITS_AT), dw, n * sizeof(u32)) ||
	    dw[0] != mine[0])
		return;
	for (i = 0; i < RANGES; i++) {
		for (reg = ranges[i].first; reg <= ranges[i].last; reg += 4, at++) {
			if (dw[1 + 2 * at] == reg)
				u->reg[at] = dw[2 + 2 * at] & ranges[i].bits;
		}
	}
}

/* A context that has never run has none, whatever its memory has been before. */
void swgpu_units_load(struct swgpu_engine *e, bool fresh)
{
	predicates_load(e, fresh);
	if (fresh && e->engine == GVT_RCS) {
		memset(e->units.reg, 0, sizeof(e->units.reg));
		e->units.valid = e->units.changed = true;
	}
}

void swgpu_units_save(struct swgpu_engine *e)
{
	u32 dw[1 + 2 * SWGPU_UNITS], n;

	predicates_save(e);
	if (!e->units.changed)
		return;
	e->units.changed = false;
	n = make_list(dw, e->units.reg);
	swgpu_write(e, SWGPU_GGTT, place(e, SWGPU_UNITS_AT), dw, n * sizeof(u32));
}

/* --- access. Most contexts never ask: the image is read when the first command does. --- */

static u32 *value_of(struct swgpu_engine *e, const struct unit_reg *found)
{
	if (!e->units.valid) {
		memset(e->units.reg, 0, sizeof(e->units.reg));
		read_list(e);
		e->units.valid = true;
	}
	return &e->units.reg[found->index];
}

bool swgpu_unit_read(struct swgpu_engine *e, u32 reg, u32 *value)
{
	struct unit_reg found;

	if (!find(e, reg, &found))
		return false;
	*value = *value_of(e, &found);
	return true;
}

bool swgpu_unit_write(struct swgpu_engine *e, u32 reg, u32 value)
{
	struct unit_reg found;
	u32 *slot;

	if (!find(e, reg, &found))
		return false;
	slot = value_of(e, &found);
	if (ranges[found.range].masked)
		value = (*slot & ~(value >> 16)) | (value & value >> 16);
	*slot = value & ranges[found.range].bits;
	e->units.changed = true;
	return true;
}
