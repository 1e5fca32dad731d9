/* SPDX-License-Identifier: MIT */
/*
 * Bytes between a part of an operand, linear or tiled, and rows in a buffer: for the blitter's
 * execution only.
 */
#ifndef GVT_BLIT_MOVE_H
#define GVT_BLIT_MOVE_H

#include "blit.h"

/* In bytes and rows, of a blit's rectangle. */
struct gvt_blit_part {
	u32 x, y, width, height;
};

/* The buffer: a row every @line bytes. @tile: room for a tile as it lies in memory. */
struct gvt_blit_rows {
	u8 *flat, *tile;
	u32 line;
};

/*
 * false: some of the memory is not there; of a write, some may have been done. Nothing but the part
 * is written, as a CPU or another engine may be writing to the rest of a tile.
 */
bool gvt_blit_move(const struct gvt_blit_area *a, const struct gvt_blit_mem *mem,
		   const struct gvt_blit_part *part, const struct gvt_blit_rows *rows, bool write);

#endif
