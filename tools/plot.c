/* SPDX-License-Identifier: MIT */
/*
 * Collects accesses for a picture in memory that does not grow, and knows the areas of a Gen9 GPU;
 * draws nothing.
 */
#include "plot_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Borders are our choice, laid around the registers of i915_reg.h and gt/intel_gt_regs.h of Linux
 * 6.1; the GTT fills the upper half of BAR0.
 */
const struct plot_band plot_gen9_bands[] = {
	{ PLOT_CFG, "config space", 0, 0x1000 },
	{ PLOT_MMIO, "VGA and other", 0, 0x2000 },
	{ PLOT_MMIO, "render engine", 0x2000, 0x2800 },
	{ PLOT_MMIO, "GT, other", 0x2800, 0x4000 },
	{ PLOT_MMIO, "GT faults, TLB", 0x4000, 0x5000 },
	{ PLOT_MMIO, "GT, other", 0x5000, 0x9000 },
	{ PLOT_MMIO, "GT reset, fuses, power", 0x9000, 0xb000 },
	{ PLOT_MMIO, "L3 and its MOCS", 0xb000, 0xc000 },
	{ PLOT_MMIO, "GuC, MOCS", 0xc000, 0xd000 },
	{ PLOT_MMIO, "GT, other", 0xd000, 0x12000 },
	{ PLOT_MMIO, "video engine", 0x12000, 0x12800 },
	{ PLOT_MMIO, "GT, other", 0x12800, 0x1a000 },
	{ PLOT_MMIO, "video enhancement", 0x1a000, 0x1a800 },
	{ PLOT_MMIO, "GT, other", 0x1a800, 0x1c000 },
	{ PLOT_MMIO, "second video engine", 0x1c000, 0x1c800 },
	{ PLOT_MMIO, "GT, other", 0x1c800, 0x22000 },
	{ PLOT_MMIO, "blitter engine", 0x22000, 0x22800 },
	{ PLOT_MMIO, "GT, other", 0x22800, 0x40000 },
	{ PLOT_MMIO, "display, other", 0x40000, 0x44000 },
	{ PLOT_MMIO, "interrupts", 0x44000, 0x45000 },
	{ PLOT_MMIO, "power wells, clocks", 0x45000, 0x47000 },
	{ PLOT_MMIO, "display, other", 0x47000, 0x60000 },
	{ PLOT_MMIO, "transcoders", 0x60000, 0x64000 },
	{ PLOT_MMIO, "DDI, AUX", 0x64000, 0x65000 },
	{ PLOT_MMIO, "audio, PLLs", 0x65000, 0x70000 },
	{ PLOT_MMIO, "pipes, planes", 0x70000, 0x78000 },
	{ PLOT_MMIO, "PVINFO", 0x78000, 0x79000 },
	{ PLOT_MMIO, "display, other", 0x79000, 0xc0000 },
	{ PLOT_MMIO, "PCH interrupts", 0xc0000, 0xc5000 },
	{ PLOT_MMIO, "PCH GPIO, GMBUS", 0xc5000, 0xc6000 },
	{ PLOT_MMIO, "PCH clocks, panel", 0xc6000, 0xd0000 },
	{ PLOT_MMIO, "PCH, other", 0xd0000, 0x100000 },
	{ PLOT_MMIO, "fences", 0x100000, 0x101000 },
	{ PLOT_MMIO, "GTT flush", 0x101000, 0x102000 },
	{ PLOT_MMIO, "eDRAM, other", 0x102000, 0x138000 },
	{ PLOT_MMIO, "pcode", 0x138000, 0x140000 },
	{ PLOT_MMIO, "MCHBAR mirror", 0x140000, 0x180000 },
	{ PLOT_MMIO, "other", 0x180000, 0x200000 },
	{ PLOT_MMIO, "reserved", 0x200000, 0x800000 },
	{ PLOT_GTT, "GTT", 0x800000, 0x1000000 },
};
const size_t plot_gen9_nr_bands = sizeof(plot_gen9_bands) / sizeof(plot_gen9_bands[0]);

struct plot *plot_new(const char *title, const struct plot_band *bands, size_t nr)
{
	struct plot *p;

	errno = EINVAL;
	if (!nr || nr > PLOT_BANDS_MAX)
		return NULL;
	for (size_t i = 0; i < nr; i++)
		if (bands[i].start >= bands[i].end)
			return NULL;
	errno = ENOMEM;
	p = calloc(1, sizeof(*p) + nr * sizeof(p->strips[0]));
	if (!p)
		return NULL;
	p->title = strdup(title);
	if (!p->title) {
		free(p);
		return NULL;
	}
	p->bands = bands;
	p->nr = nr;
	return p;
}

void plot_free(struct plot *plot)
{
	if (!plot)
		return;
	free(plot->title);
	free(plot);
}

bool plot_any(const uint64_t *bits)
{
	for (size_t i = 0; i < WORDS; i++)
		if (bits[i])
			return true;
	return false;
}

static void set_bit(uint64_t *bits, uint64_t col)
{
	bits[col / 64] |= 1ull << (col % 64);
}

/* Rewrites one row after steps became @fold powers of two longer and column 0 became @base. */
static void move_row(uint64_t *row, uint64_t old_base, unsigned int fold, uint64_t base)
{
	uint64_t moved[WORDS] = { 0 };

	if (!plot_any(row))
		return;
	for (unsigned int col = 0; col < COLS; col++)
		if (plot_bit(row, col))
			set_bit(moved, ((old_base + col) >> fold) - base);
	memcpy(row, moved, sizeof(moved));
}

/*
 * Makes room for the steps @first to @last of the present length. The used span is put in the
 * middle: spare columns on both sides keep accesses out of order from moving everything each time.
 */
static void make_room(struct plot *p, uint64_t first, uint64_t last)
{
	unsigned int fold = 0;
	uint64_t spare, base;

	while ((last >> fold) - (first >> fold) >= COLS)
		fold++;
	spare = (COLS - 1 - ((last >> fold) - (first >> fold))) / 2;
	base = (first >> fold) - (spare < first >> fold ? spare : first >> fold);
	for (size_t i = 0; i < p->nr; i++)
		for (size_t row = 0; row < ROWS * 2; row++)
			move_row(p->strips[i].hits[row], p->base, fold, base);
	p->shift += fold;
	p->base = base;
	p->first = first >> fold;
	p->last = last >> fold;
}

static uint64_t column(struct plot *p, uint64_t t_us)
{
	uint64_t step = t_us >> p->shift;
	uint64_t first = p->total && p->first < step ? p->first : step;
	uint64_t last = p->total && p->last > step ? p->last : step;

	if (first < p->base || last - p->base >= COLS) {
		make_room(p, first, last);
	} else {
		p->first = first;
		p->last = last;
	}
	return (t_us >> p->shift) - p->base;
}

static bool holds(const struct plot_band *band, enum plot_kind kind, uint64_t offset)
{
	return band->kind == kind && offset >= band->start && offset < band->end;
}

void plot_add(struct plot *plot, uint64_t t_us, enum plot_kind kind, uint64_t offset,
	      bool is_write)
{
	const struct plot_band *band;
	struct strip *strip;
	uint64_t row;
	size_t i;

	for (i = 0; i < plot->nr && !holds(&plot->bands[i], kind, offset); i++)
		;
	if (i == plot->nr) {
		plot->outside++;
		return;
	}
	band = &plot->bands[i];
	strip = &plot->strips[i];
	row = (uint64_t)((double)(offset - band->start) * ROWS / (double)(band->end - band->start));
	if (row >= ROWS)
		row = ROWS - 1;
	set_bit(strip->hits[row * 2 + is_write], column(plot, t_us));
	strip->count[is_write]++;
	plot->total++;
}
