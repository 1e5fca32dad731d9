/* SPDX-License-Identifier: MIT */
/*
 * Where a byte of a tiled surface lies in memory: a model that walks the memory tile by tile, for
 * the suites that compare with it. No test.
 */
#ifndef MPT_TESTS_TILING_MODEL_H
#define MPT_TESTS_TILING_MODEL_H

#include <string.h>

#include <mpt/types.h>

#include "lib/runner.h"

#define PAGE 4096U
#define NOWHERE (~0U)
#define Y_MAJOR 2ULL

/* For loops over bytes: libcheck writes to a pipe for each assertion of its own. */
#define expect(cond, ...)                          \
	do {                                       \
		if (!(cond))                       \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

static inline u64 fence_of(u64 first, u64 last, u32 pitch, u64 walk)
{
	return last << 32 | (u64)(pitch / 128 - 1) << 32 | first | walk | 1;
}

/* --- the model: memory in its order, each byte given its place on the surface --- */

struct walk {
	u32 *place; /* by linear offset: where in memory; NOWHERE */
	u32 size, pitch, mem;
};

static inline void model_span(struct walk *w, u32 x, u32 y, u32 bytes)
{
	u32 i;

	for (i = 0; i < bytes; i++, w->mem++) {
		if (y * w->pitch + x + i < w->size)
			w->place[y * w->pitch + x + i] = w->mem;
	}
}

static inline void model_x_tile(struct walk *w, u32 x, u32 y)
{
	u32 row;

	for (row = 0; row < 8; row++)
		model_span(w, x, y + row, 512);
}

static inline void model_y_tile(struct walk *w, u32 x, u32 y)
{
	u32 row, column;

	for (column = 0; column < 8; column++) {
		for (row = 0; row < 32; row++)
			model_span(w, x + 16 * column, y + row, 16);
	}
}

/* @place: of @pages pages. */
static inline void model(u32 *place, u32 pages, u32 pitch, u64 walk)
{
	struct walk w = { place, pages * PAGE, pitch, 0 };
	u32 x, y;

	memset(place, 0xff, pages * PAGE * sizeof(*place));
	for (y = 0; w.mem < w.size; y += walk ? 32 : 8) {
		for (x = 0; x < pitch && w.mem < w.size; x += walk ? 128 : 512)
			walk ? model_y_tile(&w, x, y) : model_x_tile(&w, x, y);
	}
}

#endif
