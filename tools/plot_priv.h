/* SPDX-License-Identifier: MIT */
/*
 * What plot.c (collection), plot_layout.c and plot_svg.c share; of no use to others.
 */
#ifndef MPT_TOOLS_PLOT_PRIV_H
#define MPT_TOOLS_PLOT_PRIV_H

#include "plot.h"

/* Time steps kept. A power of two well above the pixels drawn, for cut-out gaps widen the rest. */
#define COLS 16384u
#define WORDS (COLS / 64)
#define ROWS 32u

#define PLOT_X 218
#define PLOT_W 860
#define COUNT_X (PLOT_X + PLOT_W + 62)
#define WIDTH (COUNT_X + 84)
#define TOP 96
#define BOTTOM 66
#define BAND_GAP 2
#define BAND_PAD 4
#define BAND_MIN 18
#define BAND_MAX 32
#define SLOT 7			/* height of a row of marks: a bar and a dot below it */
#define BREAK_W 26
#define BREAKS_MAX 6
#define SEGMENT_MIN 36
#define SEGMENT_PAD 4
#define TICK_MIN 84		/* pixels from one time label to the next */

/**
 * struct strip - what is kept of one band
 * @hits: bit maps of COLS time steps, a row and a direction each: [row * 2 + is_write]
 * @count: accesses read and written
 */
struct strip {
	uint64_t hits[ROWS * 2][WORDS];
	uint64_t count[2];
};

/**
 * struct plot - a picture in the making
 * @title: heading
 * @bands: areas
 * @nr: how many
 * @shift: log2 of the microseconds in a time step
 * @base: number of the step in column 0, counted from time 0
 * @first: number of the first step in use, and
 * @last: of the last; meaningless while @total is 0
 * @total: accesses in some band
 * @outside: accesses in none
 * @strips: one a band
 */
struct plot {
	char *title;
	const struct plot_band *bands;
	size_t nr;
	unsigned int shift;
	uint64_t base;
	uint64_t first;
	uint64_t last;
	uint64_t total;
	uint64_t outside;
	struct strip strips[];
};

/* A stretch of the time axis that is drawn to scale: columns @from to @to, pixels @x to @x + @w. */
struct segment {
	unsigned int from;
	unsigned int to;
	int x;
	int w;
};

struct layout {
	const struct plot *p;
	struct segment seg[BREAKS_MAX + 1];
	size_t nr_seg;
	int y[PLOT_BANDS_MAX];
	int h[PLOT_BANDS_MAX];	/* 0: no access, not drawn */
	int bottom;
	FILE *file;
};

static inline bool plot_bit(const uint64_t *bits, unsigned int col)
{
	return bits[col / 64] >> (col % 64) & 1;
}

/* Is any of the WORDS words not zero? */
bool plot_any(const uint64_t *bits);

/* Fills everything but the file. */
void plot_layout(struct layout *l, const struct plot *p);

#endif
