/* SPDX-License-Identifier: MIT */
/*
 * The blitter: Skylake PRM vol. 2a (the commands), vol. 10 (raster operations, what happens when
 * operands overlap). Clip rectangles, monochrome operands and patterns in memory are not here.
 */
#include <string.h>

#include "blit.h"

#define PIECE GVT_BLIT_PIECE
#define WORDS (PIECE / 8)
#define ADDR_END (1ULL << 48)
#define UNIT 64U /* bytes for one of the budget */

/* First dword */
#define OPCODE(dw) ((dw) >> 22)
#define OP_FAST_COPY (2U << 7 | 0x42)
#define OP_COLOR (2U << 7 | 0x50)
#define OP_SRC_COPY (2U << 7 | 0x53)
#define WRITE_ALPHA (1U << 21)
#define WRITE_RGB (1U << 20)
#define SRC_TILED (1U << 15)
#define DST_TILED (1U << 11)
#define FAST_SRC_TILING(dw) ((dw) >> 20 & 3)
#define FAST_DST_TILING(dw) ((dw) >> 13 & 3)
/* Second dword, BR13 */
#define CLIPPING (1U << 30)
#define DEPTH(dw) ((dw) >> 24 & 3)
#define FAST_DEPTH(dw) ((dw) >> 24 & 7)
#define FAST_SRC_YF (1U << 31)
#define FAST_DST_YF (1U << 30)

#define ROP_SRC_COPY 0xcc

enum tiling {
	LINEAR,
	X_TILED,
	Y_TILED,
	TILED_64K
};

struct point {
	int32_t x, y;
};

static struct point point(u32 dw)
{
	return (struct point){ (int16_t)dw, (int16_t)(dw >> 16) };
}

static u64 address(const u32 *dw)
{
	return ((u64)dw[1] << 32 | dw[0]) & (ADDR_END - 1);
}

/* --- where an operand is --- */

/* The rows may go down in memory: a pitch is signed. */
static bool linear_area(struct gvt_blit_area *a, struct point at, u32 cpp, u32 bytes, u32 rows)
{
	int64_t last, low, high;

	a->first = (int64_t)at.y * a->pitch + (int64_t)at.x * cpp;
	last = a->first + (int64_t)(rows - 1) * a->pitch;
	low = a->first < last ? a->first : last;
	high = (a->first < last ? last : a->first) + bytes;
	return (int64_t)a->base + low >= 0 && (int64_t)a->base + high <= (int64_t)ADDR_END;
}

/*
 * Pitches of tiled operands count dwords. The rectangle must be within the rows: beyond them it
 * would go on in other tiles, which the PRM does not describe.
 */
static bool tiled_area(struct gvt_blit_area *a, struct point at, u32 cpp, u32 bytes, u32 rows)
{
	u64 height = a->tiling.walk == GVT_TILE_Y ? 32 : 8;
	u32 width = a->tiling.walk == GVT_TILE_Y ? 128 : 512;
	u64 end;

	a->pitch *= 4;
	if (a->base % 4096 || a->pitch <= 0 || (u32)a->pitch % width || at.x < 0 || at.y < 0)
		return false;
	if ((u64)at.x * cpp + bytes > (u64)a->pitch)
		return false;
	end = ((u64)at.y + rows + height - 1) / height * height * (u64)a->pitch;
	a->tiling.pitch = (u32)a->pitch;
	a->tiling.last = end - 1;
	a->first = (int64_t)at.y * a->pitch + (int64_t)at.x * cpp;
	return a->base + end <= ADDR_END;
}

static bool area(struct gvt_blit_area *a, enum tiling tiling, struct point at, u32 cpp,
		 const struct gvt_blit *b)
{
	if (tiling == TILED_64K)
		return false;
	a->tiled = tiling != LINEAR;
	a->tiling.walk = tiling == Y_TILED ? GVT_TILE_Y : GVT_TILE_X;
	return a->tiled ? tiled_area(a, at, cpp, b->bytes, b->rows)
			: linear_area(a, at, cpp, b->bytes, b->rows);
}

/* --- decoding --- */

/* Whether a truth table of pattern (bit 2 of the index), source (1) and destination (0) asks one. */
static bool rop_uses_src(u8 rop)
{
	return (rop & 0x33) != (rop >> 2 & 0x33);
}

static bool rop_uses_dst(u8 rop)
{
	return (rop & 0x55) != (rop >> 1 & 0x55);
}

/* The channels' bits mean something for pixels of 32 bits only. */
static u64 write_mask(u32 dw0, u32 cpp)
{
	u64 mask = (dw0 & WRITE_ALPHA ? 0xff000000 : 0) | (dw0 & WRITE_RGB ? 0x00ffffff : 0);

	return cpp == 4 ? mask << 32 | mask : ~0ULL;
}

/* What the commands have in common: the destination's rectangle in dwords 1 to 5. */
static bool target(struct gvt_blit *b, const u32 *dw, enum tiling tiling, u32 cpp)
{
	struct point from = point(dw[2]), to = point(dw[3]);

	if (to.x <= from.x || to.y <= from.y || !b->mask)
		return true;
	b->bytes = (u32)(to.x - from.x) * cpp;
	b->rows = (u32)(to.y - from.y);
	b->dst.base = address(dw + 4);
	b->dst.pitch = (int16_t)dw[1];
	return area(&b->dst, tiling, from, cpp, b);
}

static bool source(struct gvt_blit *b, const u32 *dw, enum tiling tiling, u32 cpp)
{
	if (!b->rows || !b->reads_src)
		return true;
	b->src.base = address(dw + 8);
	b->src.pitch = (int16_t)dw[7];
	return area(&b->src, tiling, point(dw[6]), cpp, b);
}

static void operation(struct gvt_blit *b, u8 rop, u64 mask)
{
	b->rop = rop;
	b->mask = mask;
	b->reads_src = rop_uses_src(rop);
	b->reads_dst = rop_uses_dst(rop) || mask != ~0ULL;
}

/* Bytes of a pixel; 0: no such depth. Of the two with 16 bits one is 565, one 1555. */
static const u8 depths[4] = { 1, 2, 2, 4 };
static const u8 fast_depths[8] = { 1, 2, 0, 4, 8, 16 };

static bool start_color(struct gvt_blit *b, const u32 *dw, u32 swctrl)
{
	enum tiling y = swctrl & GVT_BLIT_DST_Y ? Y_TILED : X_TILED;
	u32 cpp = depths[DEPTH(dw[1])];

	if (dw[1] & CLIPPING)
		return false;
	operation(b, (u8)(dw[1] >> 16), write_mask(dw[0], cpp));
	/* There is no source; as an operand it is all zeros. */
	b->reads_src = false;
	b->pattern = cpp == 1	? (dw[6] & 0xff) * 0x01010101U
		     : cpp == 2 ? (dw[6] & 0xffff) * 0x00010001U
				: dw[6];
	b->pattern |= b->pattern << 32;
	return target(b, dw, dw[0] & DST_TILED ? y : LINEAR, cpp);
}

/*
 * Only the coordinates of two operands with one base decide on the direction, not whether they
 * overlap (PRM vol. 2a, XY_SRC_COPY_BLT). There is no pattern; as an operand it is all zeros.
 */
static bool start_src_copy(struct gvt_blit *b, const u32 *dw, u32 swctrl)
{
	enum tiling src_y = swctrl & GVT_BLIT_SRC_Y ? Y_TILED : X_TILED;
	enum tiling dst_y = swctrl & GVT_BLIT_DST_Y ? Y_TILED : X_TILED;
	struct point from = point(dw[6]), to = point(dw[2]);
	u32 cpp = depths[DEPTH(dw[1])];

	if (dw[1] & CLIPPING)
		return false;
	operation(b, (u8)(dw[1] >> 16), write_mask(dw[0], cpp));
	if (address(dw + 4) == address(dw + 8)) {
		b->x_back = from.x < to.x;
		b->y_back = from.y < to.y;
	}
	return target(b, dw, dw[0] & DST_TILED ? dst_y : LINEAR, cpp) &&
	       source(b, dw, dw[0] & SRC_TILED ? src_y : LINEAR, cpp);
}

/* Yf tiles are like those of 64 KiB: no driver of ours blits them, so they are not executed. */
static bool start_fast_copy(struct gvt_blit *b, const u32 *dw, u32 swctrl)
{
	enum tiling src = FAST_SRC_TILING(dw[0]), dst = FAST_DST_TILING(dw[0]);
	u32 cpp = fast_depths[FAST_DEPTH(dw[1])];

	(void)swctrl;
	if (!cpp || (src == Y_TILED && dw[1] & FAST_SRC_YF) ||
	    (dst == Y_TILED && dw[1] & FAST_DST_YF))
		return false;
	operation(b, ROP_SRC_COPY, ~0ULL);
	return target(b, dw, dst, cpp) && source(b, dw, src, cpp);
}

static const struct {
	u32 opcode, dwords;
	bool (*start)(struct gvt_blit *b, const u32 *dw, u32 swctrl);
} commands[] = {
	{ OP_COLOR, 7, start_color },
	{ OP_FAST_COPY, 10, start_fast_copy },
	{ OP_SRC_COPY, 10, start_src_copy },
};

bool gvt_blit_start(struct gvt_blit *b, const u32 *dw, u32 n, u32 swctrl)
{
	size_t i;

	memset(b, 0, sizeof(*b));
	for (i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (OPCODE(dw[0]) == commands[i].opcode)
			return n >= commands[i].dwords && commands[i].start(b, dw, swctrl);
	}
	return false;
}

/* --- execution --- */

static bool move(const struct gvt_blit_mem *mem, u64 addr, u8 *buf, u32 len, bool write)
{
	return write ? mem->write(mem->arg, addr, buf, len) : mem->read(mem->arg, addr, buf, len);
}

/* gvt_blit_start() has seen that all of the area has a place. */
static bool move_tiled(const struct gvt_blit_area *a, const struct gvt_blit_mem *mem, u64 offset,
		       u8 *buf, u32 len, bool write)
{
	u64 tiled;
	u32 run;

	for (; len; offset += run, buf += run, len -= run) {
		if (!gvt_tiling_map(&a->tiling, offset, &tiled, &run))
			return false;
		run = run < len ? run : len;
		if (!move(mem, a->base + tiled, buf, run, write))
			return false;
	}
	return true;
}

static bool move_row(const struct gvt_blit_area *a, const struct gvt_blit_mem *mem, u32 row, u32 x,
		     void *buf, u32 len, bool write)
{
	int64_t offset = a->first + (int64_t)row * a->pitch + x;

	if (a->tiled)
		return move_tiled(a, mem, (u64)offset, buf, len, write);
	return move(mem, (u64)((int64_t)a->base + offset), buf, len, write);
}

/* The truth table's eight products, those that are in it; then the bits that are not written. */
static void combine(const struct gvt_blit *b, u64 *s, const u64 *d, u32 words)
{
	u64 in[8], p = b->pattern, result;
	u32 i;

	for (i = 0; i < 8; i++)
		in[i] = (b->rop >> i & 1 ? ~0ULL : 0) & (i & 4 ? p : ~p);
	for (i = 0; i < words; i++) {
		result = (~s[i] & ~d[i] & (in[0] | in[4])) | (~s[i] & d[i] & (in[1] | in[5])) |
			 (s[i] & ~d[i] & (in[2] | in[6])) | (s[i] & d[i] & (in[3] | in[7]));
		s[i] = (result & b->mask) | (d[i] & ~b->mask);
	}
}

/* Operands, and the result in @s. What is not read stays as it is: zeros, or the only result. */
struct buffers {
	u64 s[WORDS], d[WORDS];
};

static bool draw(const struct gvt_blit *b, const struct gvt_blit_mem *mem, struct buffers *buf,
		 u32 row, u32 x, u32 len)
{
	if (b->reads_src && !move_row(&b->src, mem, row, x, buf->s, len, false))
		return false;
	if (b->reads_dst && !move_row(&b->dst, mem, row, x, buf->d, len, false))
		return false;
	if (b->reads_dst || (b->reads_src && b->rop != ROP_SRC_COPY)) {
		if (!b->reads_src)
			memset(buf->s, 0, len);
		combine(b, buf->s, buf->d, (len + 7) / 8);
	}
	return move_row(&b->dst, mem, row, x, buf->s, len, true);
}

/*
 * What a copy never looks at is not touched: for a small one this is most of the work. Zeros for an
 * operand that is combined but not read; an operation that reads nothing has one result for all.
 */
static void prepare(const struct gvt_blit *b, struct buffers *buf)
{
	u32 words = ((b->bytes < PIECE ? b->bytes : PIECE) + 7) / 8;

	if (b->rop == ROP_SRC_COPY && b->reads_src && !b->reads_dst)
		return;
	memset(buf->s, 0, words * sizeof(u64));
	memset(buf->d, 0, words * sizeof(u64));
	if (!b->reads_src && !b->reads_dst)
		combine(b, buf->s, buf->d, words);
}

static void charge(u64 *budget, u32 bytes)
{
	u64 units = (bytes + UNIT - 1) / UNIT;

	*budget -= units < *budget ? units : *budget;
}

/* Pieces are cut by the row alone, so that a budget changes nothing in what overlapping ones do. */
enum gvt_blit_result gvt_blit_step(struct gvt_blit *b, const struct gvt_blit_mem *mem, u64 *budget)
{
	u32 pieces = (b->bytes + PIECE - 1) / PIECE, row, x, len;
	struct buffers buf;

	if (b->row < b->rows && *budget)
		prepare(b, &buf);
	for (; b->row < b->rows; b->row++, b->piece = 0) {
		row = b->y_back ? b->rows - 1 - b->row : b->row;
		for (; b->piece < pieces; b->piece++) {
			if (!*budget)
				return GVT_BLIT_AGAIN;
			x = (b->x_back ? pieces - 1 - b->piece : b->piece) * PIECE;
			len = b->bytes - x < PIECE ? b->bytes - x : PIECE;
			if (!draw(b, mem, &buf, row, x, len))
				return GVT_BLIT_FAULT;
			charge(budget, len);
		}
	}
	return GVT_BLIT_DONE;
}
