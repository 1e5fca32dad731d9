/* SPDX-License-Identifier: MIT */
/*
 * Decides where a picture's bands and times go, in pixels; writes nothing.
 */
#include "plot_priv.h"

#include <string.h>

static bool strip_used(const struct strip *s)
{
	return s->count[0] || s->count[1];
}

static int band_height(const struct strip *s)
{
	unsigned int rows = 0;
	int h;

	for (unsigned int r = 0; r < ROWS; r++)
		rows += plot_any(s->hits[r * 2]) || plot_any(s->hits[r * 2 + 1]);
	h = BAND_PAD + SLOT * (int)rows;
	return h < BAND_MIN ? BAND_MIN : h > BAND_MAX ? BAND_MAX : h;
}

static void place_bands(struct layout *l)
{
	int y = TOP;

	for (size_t i = 0; i < l->p->nr; i++) {
		l->h[i] = strip_used(&l->p->strips[i]) ? band_height(&l->p->strips[i]) : 0;
		l->y[i] = y;
		y += l->h[i] ? l->h[i] + BAND_GAP : 0;
	}
	l->bottom = y > TOP ? y : TOP + BAND_MIN;
}

static void gather_columns(const struct plot *p, uint64_t *used)
{
	for (size_t i = 0; i < p->nr; i++)
		for (size_t row = 0; row < ROWS * 2; row++)
			for (size_t w = 0; w < WORDS; w++)
				used[w] |= p->strips[i].hits[row][w];
}

/* Finds the widest empty run inside one of the segments; returns its length. */
static unsigned int widest_gap(const struct layout *l, const uint64_t *used, size_t *seg,
			       unsigned int *after)
{
	unsigned int best = 0;

	for (size_t i = 0; i < l->nr_seg; i++) {
		unsigned int prev = l->seg[i].from;

		for (unsigned int col = prev; col <= l->seg[i].to; col++) {
			if (!plot_bit(used, col))
				continue;
			if (col - prev > best) {
				best = col - prev;
				*seg = i;
				*after = prev;
			}
			prev = col;
		}
	}
	return best;
}

static unsigned int span(const struct layout *l)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < l->nr_seg; i++)
		sum += l->seg[i].to - l->seg[i].from + 1;
	return sum;
}

/* Cuts, widest first, each gap that takes more than three tenths of what is then left. */
static void cut_gaps(struct layout *l, const uint64_t *used)
{
	unsigned int gap, after = 0;
	size_t i = 0;

	while (l->nr_seg <= BREAKS_MAX) {
		gap = widest_gap(l, used, &i, &after);
		if ((uint64_t)gap * 10 <= (uint64_t)span(l) * 3)
			break;
		memmove(&l->seg[i + 1], &l->seg[i], (l->nr_seg - i) * sizeof(l->seg[0]));
		l->seg[i].to = after;
		l->seg[i + 1].from = after + gap;
		l->nr_seg++;
	}
}

static void place_segments(struct layout *l)
{
	int n = (int)l->nr_seg;
	int room = PLOT_W - (n - 1) * BREAK_W - n * SEGMENT_MIN;
	unsigned int all = span(l), before = 0;

	for (int i = 0; i < n; i++) {
		struct segment *s = &l->seg[i];
		unsigned int upto = before + s->to - s->from + 1;
		int left = (int)((uint64_t)before * room / all);

		s->x = PLOT_X + i * (SEGMENT_MIN + BREAK_W) + left;
		s->w = SEGMENT_MIN + (int)((uint64_t)upto * room / all) - left;
		before = upto;
	}
}

static void place_time(struct layout *l)
{
	uint64_t used[WORDS] = { 0 };

	if (!l->p->total)
		return;
	gather_columns(l->p, used);
	l->nr_seg = 1;
	l->seg[0].from = (unsigned int)(l->p->first - l->p->base);
	l->seg[0].to = (unsigned int)(l->p->last - l->p->base);
	cut_gaps(l, used);
	place_segments(l);
}

void plot_layout(struct layout *l, const struct plot *p)
{
	l->p = p;
	place_bands(l);
	place_time(l);
}
