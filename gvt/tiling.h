/* SPDX-License-Identifier: MIT */
/*
 * Tiled surfaces as a fence register describes them: arithmetic only, no memory and no device.
 */
#ifndef GVT_TILING_H
#define GVT_TILING_H

#include <mpt/types.h>

#define GVT_TILE_SIZE 4096U /* of either kind: a tile is one page */

enum gvt_tile_walk { GVT_TILE_X, GVT_TILE_Y };

/*
 * Powers of two: a tile's bytes in a row, its rows, and @run, the bytes of a row that are
 * neighbours in memory. A tile is stored in columns of @run bytes, each from its first row to its
 * last; an X tile is a single one.
 */
struct gvt_tile {
	u8 width, height, run;
};

extern const struct gvt_tile gvt_tiles[2];

/* Where a byte lies in its tile; bits of @x and @y that count tiles are ignored. */
static inline u32 gvt_tile_offset(const struct gvt_tile *t, u32 x, u32 y)
{
	u32 column = (x & ((1U << t->width) - 1)) >> t->run;
	u32 row = y & ((1U << t->height) - 1);

	return ((column << t->height) + row) << t->run | (x & ((1U << t->run) - 1));
}

/**
 * struct gvt_tiling - a FENCE register taken apart
 * @first, @last: graphics addresses of the first and of the last page, both inclusive; the guest
 *	may have written them reversed
 * @pitch: bytes from one row to the next; never 0, the register holds it minus one unit
 * @walk: which kind of tile
 * @valid: bit 0, nothing more: the rest may still make no sense
 */
struct gvt_tiling {
	u64 first, last;
	u32 pitch;
	enum gvt_tile_walk walk;
	bool valid;
};

struct gvt_tiling gvt_tiling_decode(u64 value);

/* Bytes from the first to the last page; 0 when these are reversed. */
u64 gvt_tiling_size(const struct gvt_tiling *t);

/* Whether the fence decides where a CPU access to this graphics address goes. */
bool gvt_tiling_covers(const struct gvt_tiling *t, u64 addr);

/**
 * gvt_tiling_map() - where the byte at @offset of the linear view lies in the tiled memory.
 * @offset: from @first
 * @tiled: from @first as well, below gvt_tiling_size()
 * @run: from this byte on, how many have the same answer: they follow each other in memory within
 *	one page, or have no place. At least 1
 * Return: false if the surface has no such byte: the pitch is no whole number of tiles, or the byte
 * is in a row of tiles that the range cuts off.
 */
bool gvt_tiling_map(const struct gvt_tiling *t, u64 offset, u64 *tiled, u32 *run);

#endif
