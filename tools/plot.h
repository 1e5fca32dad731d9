/* SPDX-License-Identifier: MIT */
/*
 * A picture of register offset against time, as one SVG file; where the accesses come from is the
 * caller's affair.
 */
#ifndef MPT_TOOLS_PLOT_H
#define MPT_TOOLS_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLOT_BANDS_MAX 64

enum plot_kind {
	PLOT_CFG,	/* offset in config space */
	PLOT_MMIO,	/* offset in BAR0, registers */
	PLOT_GTT,	/* offset in BAR0, graphics translation table */
	PLOT_KINDS
};

/**
 * struct plot_band - a known area; one strip of the picture
 * @kind: what the offsets are
 * @name: its label
 * @start: first offset
 * @end: first offset behind it
 */
struct plot_band {
	enum plot_kind kind;
	const char *name;
	uint64_t start;
	uint64_t end;
};

/* The areas of a Gen9 GPU with a BAR0 of 16 MiB, without gaps, and config space. */
extern const struct plot_band plot_gen9_bands[];
extern const size_t plot_gen9_nr_bands;

struct plot;

/**
 * plot_new() - begin a picture
 * @title: its heading; any bytes, what is no UTF-8 shows as a question mark
 * @bands: the areas, from top to bottom; not copied, must stay until plot_free()
 * @nr: how many, 1 to PLOT_BANDS_MAX
 *
 * Memory does not grow with the number of accesses: time is kept in at most 16384 steps, which
 * become coarser as the span grows, offsets in 32 steps a band.
 *
 * Return: the picture; NULL with errno = EINVAL (no or too many bands, an empty band) or ENOMEM.
 * Since: 0.1
 */
struct plot *plot_new(const char *title, const struct plot_band *bands, size_t nr);

/**
 * plot_add() - note an access
 * @plot: the picture
 * @t_us: when, in microseconds; need not be in order
 * @kind: what @offset means
 * @offset: where; if no band of @kind holds it, it is only counted
 * @is_write: a write
 *
 * Since: 0.1
 */
void plot_add(struct plot *plot, uint64_t t_us, enum plot_kind kind, uint64_t offset,
	      bool is_write);

/**
 * plot_write() - write the picture
 * @plot: the picture; stays as it is
 * @file: where to
 *
 * Bands without an access are left out; a long time without any access is cut out of the time
 * axis and named.
 *
 * Return: 0; -ENOMEM, -EIO.
 * Since: 0.1
 */
int plot_write(const struct plot *plot, FILE *file);

/**
 * plot_free() - end a picture
 * @plot: the picture, or NULL
 *
 * Since: 0.1
 */
void plot_free(struct plot *plot);

#endif
