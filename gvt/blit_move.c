/* SPDX-License-Identifier: MIT */
/*
 * The blitter's operands in memory: a part of one is moved with one access for each row, or tile by
 * tile with as few as a tile takes. What is done with the bytes is blit.c's.
 */
#include <string.h>

#include "blit_move.h"

/* Of Y tiles; bytes. */
#define Y_RUN 16U
#define Y_COLUMN 512U
#define Y_COLUMNS 8U

struct move {
	const struct gvt_blit_mem *mem;
	struct gvt_blit_rows rows;
	bool write;
};

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* Units from @at to where the next @size of them begin; @size is a power of two. */
static u32 to_next(u32 at, u32 size)
{
	return size - (at & (size - 1));
}

static bool access(const struct move *m, u64 addr, u8 *buf, u32 len)
{
	return m->write ? m->mem->write(m->mem->arg, addr, buf, len)
			: m->mem->read(m->mem->arg, addr, buf, len);
}

static bool move_linear(const struct move *m, const struct gvt_blit_area *a,
			const struct gvt_blit_part *part)
{
	int64_t offset = ((int64_t)a->y + part->y) * a->pitch + a->x + part->x;
	u8 *flat = m->rows.flat;
	u32 row;

	for (row = 0; row < part->height; row++, flat += m->rows.line, offset += a->pitch) {
		if (!access(m, (u64)((int64_t)a->base + offset), flat, part->width))
			return false;
	}
	return true;
}

/* --- a tile --- */

/* Where the first bytes are; bytes to those below, and to those in the next column. */
struct layout {
	u8 *at;
	u32 row, column;
};

static inline __attribute__((always_inline)) void copy_rows(struct layout to, struct layout from,
							    u32 n, u32 columns, u32 rows)
{
	u32 i;

	for (; rows--; to.at += to.row, from.at += from.row) {
#pragma GCC unroll 8
		for (i = 0; i < columns; i++)
			memcpy(to.at + i * to.column, from.at + i * from.column, n);
	}
}

static inline __attribute__((always_inline)) void copy(const struct move *m, u32 run, u32 offset,
						       u8 *flat, u32 n, u32 columns, u32 rows)
{
	struct layout tile = { m->rows.tile + offset, run, Y_COLUMN };
	struct layout line = { flat, m->rows.line, n };

	if (m->write)
		copy_rows(tile, line, n, columns, rows);
	else
		copy_rows(line, tile, n, columns, rows);
}

/*
 * Runs of 16 bytes are most of a copy's work: with constants they take no call each, and in a tile
 * of full width no loop either.
 */
static void copy_columns(const struct move *m, u32 run, u32 offset, u8 *flat, u32 n, u32 columns,
			 u32 rows)
{
	if (n != Y_RUN)
		copy(m, run, offset, flat, n, 1, rows);
	else if (columns != Y_COLUMNS)
		copy(m, run, offset, flat, Y_RUN, columns, rows);
	else
		copy(m, Y_RUN, offset, flat, Y_RUN, Y_COLUMNS, rows);
}

/* Between m->rows' buffer and its tile. @in: x and y in the surface, all of it in one tile. */
static void shuffle(const struct move *m, const struct gvt_tile *t, const struct gvt_blit_part *in)
{
	u32 end = in->x + in->width, run = 1U << t->run, x, n, columns;

	for (x = in->x; x < end; x += n * columns) {
		n = least(to_next(x, run), end - x);
		columns = n == Y_RUN && run == Y_RUN ? (end - x) / run : 1;
		copy_columns(m, run, gvt_tile_offset(t, x, in->y), m->rows.flat + (x - in->x), n,
			     columns, in->height);
	}
}

/* In one access, from the first byte that is wanted to the last. */
static bool read_tile(const struct move *m, const struct gvt_tile *t, u64 tile,
		      const struct gvt_blit_part *in)
{
	u32 first = gvt_tile_offset(t, in->x, in->y);
	u32 last = gvt_tile_offset(t, in->x + in->width - 1, in->y + in->height - 1);

	if (!access(m, tile + first, m->rows.tile + first, last + 1 - first))
		return false;
	shuffle(m, t, in);
	return true;
}

/* What of a tile is to be written next. */
struct span {
	u32 begin, end;
};

static bool write_span(const struct move *m, u64 tile, const struct span *s)
{
	return access(m, tile + s->begin, m->rows.tile + s->begin, s->end - s->begin);
}

/* Spans that follow each other are one. */
static bool add_span(const struct move *m, u64 tile, struct span *s, u32 begin, u32 len)
{
	if (begin != s->end) {
		if (!write_span(m, tile, s))
			return false;
		s->begin = begin;
	}
	s->end = begin + len;
	return true;
}

/* @n bytes of each row in one column: if that is all of the column, its rows follow each other. */
static bool add_column(const struct move *m, const struct gvt_tile *t, u64 tile, struct span *s,
		       u32 begin, u32 n, u32 rows)
{
	u32 row;

	if (n == 1U << t->run)
		return add_span(m, tile, s, begin, rows << t->run);
	for (row = 0; row < rows; row++) {
		if (!add_span(m, tile, s, begin + (row << t->run), n))
			return false;
	}
	return true;
}

static bool write_tile(const struct move *m, const struct gvt_tile *t, u64 tile,
		       const struct gvt_blit_part *in)
{
	u32 end = in->x + in->width, first = gvt_tile_offset(t, in->x, in->y), x, n;
	struct span s = { first, first };

	shuffle(m, t, in);
	for (x = in->x; x < end; x += n) {
		n = least(to_next(x, 1U << t->run), end - x);
		if (!add_column(m, t, tile, &s, gvt_tile_offset(t, x, in->y), n, in->height))
			return false;
	}
	return write_span(m, tile, &s);
}

/* --- tiles --- */

/* The tiles from @in's corner to @right. m->rows.flat is where their bytes are. */
static bool move_tile_row(struct move m, const struct gvt_blit_area *a, struct gvt_blit_part in,
			  u32 right)
{
	const struct gvt_tile *t = &gvt_tiles[a->walk];
	u64 number = (u64)(in.y >> t->height) * ((u32)a->pitch >> t->width), tile;

	for (; in.x < right; in.x += in.width, m.rows.flat += in.width) {
		in.width = least(to_next(in.x, 1U << t->width), right - in.x);
		tile = a->base + (number + (in.x >> t->width)) * GVT_TILE_SIZE;
		if (!(m.write ? write_tile : read_tile)(&m, t, tile, &in))
			return false;
	}
	return true;
}

static bool move_tiled(struct move m, const struct gvt_blit_area *a,
		       const struct gvt_blit_part *part)
{
	u32 height = 1U << gvt_tiles[a->walk].height;
	u32 right = (u32)a->x + part->x + part->width;
	u32 bottom = (u32)a->y + part->y + part->height;
	struct gvt_blit_part in = { .x = (u32)a->x + part->x, .y = (u32)a->y + part->y };

	for (; in.y < bottom; in.y += in.height) {
		in.height = least(to_next(in.y, height), bottom - in.y);
		if (!move_tile_row(m, a, in, right))
			return false;
		m.rows.flat += (size_t)in.height * m.rows.line;
	}
	return true;
}

bool gvt_blit_move(const struct gvt_blit_area *a, const struct gvt_blit_mem *mem,
		   const struct gvt_blit_part *part, const struct gvt_blit_rows *rows, bool write)
{
	struct move m = { mem, *rows, write };

	return a->tiled ? move_tiled(m, a, part) : move_linear(&m, a, part);
}
