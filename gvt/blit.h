/* SPDX-License-Identifier: MIT */
/*
 * The blitter's operations: decoded from a command's dwords and executed over a memory that the
 * caller gives. Which space an address is in, registers and the command stream are not here.
 */
#ifndef GVT_BLIT_H
#define GVT_BLIT_H

#include <mpt/types.h>

#include "tiling.h"

/* The BCS_SWCTRL register: tiled operands of the older commands are Y tiled. */
#define GVT_BLIT_SRC_Y (1U << 0)
#define GVT_BLIT_DST_Y (1U << 1)

/*
 * false: the memory is not there, the operation faults. @len is 4 KiB at most. Of a tile more is
 * read than the rectangle covers, as long as it lies between what it covers; nothing else is
 * written.
 */
struct gvt_blit_mem {
	void *arg;
	bool (*read)(void *arg, u64 addr, void *buf, u32 len);
	bool (*write)(void *arg, u64 addr, const void *buf, u32 len);
};

/* A rectangle of an operand; all of it has addresses, without a wrap. */
struct gvt_blit_area {
	u64 base;      /* of the surface */
	int32_t x, y;  /* its corner: bytes, rows */
	int32_t pitch; /* bytes */
	bool tiled;
	enum gvt_tile_walk walk;
};

/*
 * One dimension of the rectangle, cut into cells by a grid: @cell units each, but the first, of
 * which @before units are outside, and the last.
 */
struct gvt_blit_cut {
	u32 cell, before, cells;
};

/* An operation and how far it is. Nothing in here needs to be given back. */
struct gvt_blit {
	struct gvt_blit_area src, dst;
	u32 bytes, rows; /* of the rectangle */
	struct gvt_blit_cut across, down;
	u32 done; /* cells, counted in the order of execution */
	u32 owed; /* of the budget, for the last one */
	bool x_back, y_back;
	bool reads_src, reads_dst;
	u8 rop;
	u64 pattern, mask; /* repeated to 64 bits; @mask: the bits that are written */
};

enum gvt_blit_result {
	GVT_BLIT_DONE,
	GVT_BLIT_AGAIN,
	GVT_BLIT_FAULT
};

/*
 * gvt_blit_start() - decode a command.
 * @dw: the whole command, @n dwords; @swctrl: BCS_SWCTRL
 * Return: false if it is none of XY_COLOR_BLT, XY_FAST_COPY_BLT and XY_SRC_COPY_BLT, or has
 * operands that the blitter cannot address: nothing was drawn then, the engine hangs.
 */
bool gvt_blit_start(struct gvt_blit *b, const u32 *dw, u32 n, u32 swctrl);

/*
 * gvt_blit_resume() - go on with one that was started anew where another one was: its @done and
 * @owed.
 * Return: false if no blit with these operands can be there.
 */
bool gvt_blit_resume(struct gvt_blit *b, u32 done, u32 owed);

/*
 * gvt_blit_step() - draw on.
 * @budget: 1 for each 64 bytes written of a row. Of a cell (16 KiB at most) that began with too
 *	little left, the rest is paid by the calls that follow
 * Return: AGAIN if the budget was used up. After FAULT the cells before are drawn, and the same
 * cell is tried again by another call. The result does not depend on the budgets given.
 */
enum gvt_blit_result gvt_blit_step(struct gvt_blit *b, const struct gvt_blit_mem *mem, u64 *budget);

#endif
