/* SPDX-License-Identifier: MIT */
/*
 * The layout of fence registers: Skylake PRM vol. 2c, FENCE. That of tiles: vol. 5, memory views.
 * On gen9 no address bit is swizzled.
 */
#include "tiling.h"

#define FENCE_VALID 1ULL
#define FENCE_Y_MAJOR 2ULL
#define FENCE_ADDR 0xfffff000ULL /* of either half */
#define FENCE_PITCH 0xfffULL /* of the high half */
#define FENCE_PITCH_UNIT 128U

const struct gvt_tile gvt_tiles[2] = {
	[GVT_TILE_X] = { 9, 3, 9 },
	[GVT_TILE_Y] = { 7, 5, 4 },
};

static inline u32 below(u64 value, u8 power)
{
	return (u32)value & ((1U << power) - 1);
}

struct gvt_tiling gvt_tiling_decode(u64 value)
{
	u64 high = value >> 32;

	return (struct gvt_tiling){
		.first = value & FENCE_ADDR,
		.last = high & FENCE_ADDR,
		.pitch = ((u32)(high & FENCE_PITCH) + 1) * FENCE_PITCH_UNIT,
		.walk = value & FENCE_Y_MAJOR ? GVT_TILE_Y : GVT_TILE_X,
		.valid = value & FENCE_VALID,
	};
}

u64 gvt_tiling_size(const struct gvt_tiling *t)
{
	return t->first <= t->last ? t->last - t->first + GVT_TILE_SIZE : 0;
}

bool gvt_tiling_covers(const struct gvt_tiling *t, u64 addr)
{
	return t->valid && addr >= t->first && addr - t->first < gvt_tiling_size(t);
}

/*
 * The range is whole pages and a tile is a page, so a tile whose first byte is inside is inside:
 * the answer is the same for the whole run.
 */
bool gvt_tiling_map(const struct gvt_tiling *t, u64 offset, u64 *tiled, u32 *run)
{
	const struct gvt_tile *tile = &gvt_tiles[t->walk];
	u64 y = offset / t->pitch, number;
	u32 x = (u32)(offset % t->pitch);

	if (below(t->pitch, tile->width)) {
		*run = GVT_TILE_SIZE - (u32)(offset % GVT_TILE_SIZE);
		return false;
	}
	number = (y >> tile->height) * (t->pitch >> tile->width) + (x >> tile->width);
	*tiled = number * GVT_TILE_SIZE + gvt_tile_offset(tile, x, (u32)y);
	*run = (1U << tile->run) - below(x, tile->run);
	return *tiled < gvt_tiling_size(t);
}
