/* SPDX-License-Identifier: MIT */
/*
 * The blitter: Skylake PRM vol. 2a (the commands), vol. 10 (raster operations, what happens when
 * operands overlap). Clip rectangles, monochrome operands and patterns in memory are not here.
 */
#include <string.h>

#include "blit_move.h"

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
static bool linear_area(const struct gvt_blit_area *a, u32 bytes, u32 rows)
{
	int64_t first = (int64_t)a->y * a->pitch + a->x;
	int64_t last = first + (int64_t)(rows - 1) * a->pitch;
	int64_t low = first < last ? first : last, high = (first < last ? last : first) + bytes;

	return (int64_t)a->base + low >= 0 && (int64_t)a->base + high <= (int64_t)ADDR_END;
}

/*
 * The rectangle must be within the rows: beyond them it would go on in other tiles, which the PRM
 * does not describe.
 */
static bool tiled_area(const struct gvt_blit_area *a, u32 bytes, u32 rows)
{
	const struct gvt_tile *t = &gvt_tiles[a->walk];
	u32 pitch = (u32)a->pitch;
	u64 tile_rows;

	if (a->base % GVT_TILE_SIZE || a->pitch <= 0 || pitch % (1U << t->width) || a->x < 0 ||
	    a->y < 0 || (u64)a->x + bytes > pitch)
		return false;
	tile_rows = (((u64)a->y + rows - 1) >> t->height) + 1;
	return a->base + (tile_rows << t->height) * pitch <= ADDR_END;
}

/* Pitches of tiled operands count dwords. */
static bool area(struct gvt_blit_area *a, enum tiling tiling, struct point at, u32 cpp,
		 const struct gvt_blit *b)
{
	if (tiling == TILED_64K)
		return false;
	a->x = at.x * (int32_t)cpp;
	a->y = at.y;
	a->tiled = tiling != LINEAR;
	a->walk = tiling == Y_TILED ? GVT_TILE_Y : GVT_TILE_X;
	if (!a->tiled)
		return linear_area(a, b->bytes, b->rows);
	a->pitch *= 4;
	return tiled_area(a, b->bytes, b->rows);
}

/* --- decoding --- */

/*
 * Whether a truth table of pattern (bit 2 of the index), source (1) and destination (0) asks one.
 */
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

/* --- cells: what is drawn at once --- */

/*
 * A cell is read as a whole before any of it is written. Where operands overlap in one surface that
 * is what pixel by pixel would give, as cells follow each other in both directions as pixels do.
 * Cells are cut by the operands alone, so that a budget changes nothing in other overlaps either.
 *
 * With tiles a cell is a block of whole ones of either kind, in the destination's grid if that has
 * one: then only tiles at the rectangle's edges are written in part. It is four tiles wide if they
 * are Y tiles, as a linear operand is reached row by row. Without tiles it is a page of a row.
 */
#define ROW_CELL 4096U
#define BLOCK_CELL 512U
#define CELL_SIZE (BLOCK_CELL << 5)

static struct gvt_blit_cut cut(u32 size, u32 cell, int32_t at)
{
	u32 before = (u32)at % cell;

	return (struct gvt_blit_cut){ cell, before, (before + size + cell - 1) / cell };
}

static u32 tile_height(const struct gvt_blit_area *a)
{
	return a->tiled ? 1U << gvt_tiles[a->walk].height : 1;
}

static void cut_rectangle(struct gvt_blit *b)
{
	const struct gvt_blit_area *grid = b->dst.tiled ? &b->dst : &b->src;
	u32 dst = tile_height(&b->dst), src = tile_height(&b->src);

	if (grid->tiled) {
		b->across = cut(b->bytes, BLOCK_CELL, grid->x);
		b->down = cut(b->rows, dst > src ? dst : src, grid->y);
	} else {
		b->across = cut(b->bytes, ROW_CELL, 0);
		b->down = cut(b->rows, 1, 0);
	}
}

/* Where the @n-th of @size units' cells is. */
static void cell_range(const struct gvt_blit_cut *c, u32 n, u32 size, u32 *at, u32 *len)
{
	u32 begin = n * c->cell, end = begin + c->cell - c->before;

	*at = n ? begin - c->before : 0;
	*len = (end < size ? end : size) - *at;
}

static struct gvt_blit_part next_cell(const struct gvt_blit *b)
{
	u32 column = b->done % b->across.cells, line = b->done / b->across.cells;
	struct gvt_blit_part p;

	column = b->x_back ? b->across.cells - 1 - column : column;
	line = b->y_back ? b->down.cells - 1 - line : line;
	cell_range(&b->across, column, b->bytes, &p.x, &p.width);
	cell_range(&b->down, line, b->rows, &p.y, &p.height);
	return p;
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
		if (OPCODE(dw[0]) != commands[i].opcode)
			continue;
		if (n < commands[i].dwords || !commands[i].start(b, dw, swctrl))
			return false;
		cut_rectangle(b);
		return true;
	}
	return false;
}

/* What a cell costs at most. */
#define CELL_COST (CELL_SIZE / UNIT)

bool gvt_blit_resume(struct gvt_blit *b, u32 done, u32 owed)
{
	u64 cells = (u64)b->across.cells * b->down.cells;

	if (done > cells || owed > CELL_COST || (done == cells && !owed) || (owed && !done))
		return false;
	b->done = done;
	b->owed = owed;
	return true;
}

/* --- execution --- */

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

/*
 * Operands, and the result in @s. What is not read stays as it is: zeros, or the only result.
 * Aligned to what the machine copies at once.
 */
struct buffers {
	u64 s[CELL_SIZE / 8] __attribute__((aligned(64)));
	u64 d[CELL_SIZE / 8];
	u8 tile[GVT_TILE_SIZE];
	u32 line; /* bytes from row to row, a multiple of 8 */
};

static bool move(const struct gvt_blit_area *a, const struct gvt_blit_mem *mem, struct buffers *buf,
		 u64 *operand, const struct gvt_blit_part *cell, bool write)
{
	struct gvt_blit_rows rows = { (u8 *)operand, buf->tile, buf->line };

	return gvt_blit_move(a, mem, cell, &rows, write);
}

static bool draw(const struct gvt_blit *b, const struct gvt_blit_mem *mem, struct buffers *buf,
		 const struct gvt_blit_part *cell)
{
	u32 bytes = cell->height * buf->line;

	if (b->reads_src && !move(&b->src, mem, buf, buf->s, cell, false))
		return false;
	if (b->reads_dst && !move(&b->dst, mem, buf, buf->d, cell, false))
		return false;
	if (b->reads_dst || (b->reads_src && b->rop != ROP_SRC_COPY)) {
		if (!b->reads_src)
			memset(buf->s, 0, bytes);
		combine(b, buf->s, buf->d, bytes / 8);
	}
	return move(&b->dst, mem, buf, buf->s, cell, true);
}

/*
 * What a copy never looks at is not touched: for a small one this is most of the work. Zeros for an
 * operand that is combined but not read; an operation that reads nothing has one result for all.
 * Rows begin with a pixel and at a word: the pattern is the same in all of them.
 */
static void prepare(const struct gvt_blit *b, struct buffers *buf)
{
	u32 width = b->bytes < b->across.cell ? b->bytes : b->across.cell;
	u32 height = b->rows < b->down.cell ? b->rows : b->down.cell, bytes;

	buf->line = (width + 7) / 8 * 8;
	if (b->rop == ROP_SRC_COPY && b->reads_src && !b->reads_dst)
		return;
	bytes = height * buf->line;
	memset(buf->s, 0, bytes);
	memset(buf->d, 0, bytes);
	if (!b->reads_src && !b->reads_dst)
		combine(b, buf->s, buf->d, bytes / 8);
}

/* false: there is more to pay than is left. */
static bool pay(struct gvt_blit *b, u64 *budget)
{
	u32 paid = b->owed < *budget ? b->owed : (u32)*budget;

	b->owed -= paid;
	*budget -= paid;
	return !b->owed;
}

enum gvt_blit_result gvt_blit_step(struct gvt_blit *b, const struct gvt_blit_mem *mem, u64 *budget)
{
	u32 cells = b->across.cells * b->down.cells;
	struct buffers buf;
	struct gvt_blit_part cell;

	if (!pay(b, budget))
		return GVT_BLIT_AGAIN;
	if (b->done < cells && *budget)
		prepare(b, &buf);
	for (; b->done < cells; b->done++) {
		if (!*budget)
			return GVT_BLIT_AGAIN;
		cell = next_cell(b);
		if (!draw(b, mem, &buf, &cell))
			return GVT_BLIT_FAULT;
		b->owed = cell.height * ((cell.width + UNIT - 1) / UNIT);
		pay(b, budget);
	}
	return b->owed ? GVT_BLIT_AGAIN : GVT_BLIT_DONE;
}
