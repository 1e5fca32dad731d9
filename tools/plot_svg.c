/* SPDX-License-Identifier: MIT */
/*
 * Writes a laid-out picture as SVG; decides colours and wording, not places.
 */
#include "plot_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char style[] =
	"<style>\n"
	"svg{font-family:system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:11px}\n"
	".bg{fill:#ffffff}.band{fill:#f2f4f7}.alt{fill:#e8ebf0}\n"
	"text{fill:#1c2430}.title{font-size:17px;font-weight:600}.muted{fill:#5d6877}\n"
	".hex{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:10px;fill:#5d6877}\n"
	".grid{stroke:#c9cfd8;stroke-width:1;fill:none}\n"
	".cut{stroke:#8a94a3;stroke-width:1;stroke-dasharray:2 3;fill:none}\n"
	".read{stroke:#0072b2;stroke-width:2.6;stroke-linecap:round;fill:none}\n"
	".write{stroke:#d55e00;stroke-width:1.2;fill:none}\n"
	".readtext,.readdot{fill:#0072b2}.writetext{fill:#b34f00}.writebar{fill:#d55e00}\n"
	"@media (prefers-color-scheme:dark){\n"
	".bg{fill:#14171c}.band{fill:#1d2128}.alt{fill:#242932}\n"
	"text{fill:#e6e9ee}.muted,.hex{fill:#9aa5b4}\n"
	".grid{stroke:#3a424e}.cut{stroke:#6b7684}\n"
	".read{stroke:#56b4e9}.write{stroke:#f0a04b}\n"
	".readtext,.readdot{fill:#56b4e9}.writetext,.writebar{fill:#f0a04b}\n"
	"}\n"
	"</style>\n";

/* Length of the UTF-8 sequence at @s that XML may hold, 0 if there is none. */
static size_t utf8_length(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 : 0;
	uint32_t c = n > 1 ? s[0] & (0x7f >> n) : s[0];

	if (n == 1)
		return c >= ' ' && c != 0x7f;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff || (c & 0xfffe) == 0xfffe)
		return 0;
	return n;
}

static void put_escaped(FILE *f, const char *text)
{
	while (*text) {
		size_t n = utf8_length((const unsigned char *)text);

		if (!n)
			fputc('?', f);
		else if (n == 1 && strchr("<>&\"'", *text))
			fprintf(f, "&#%d;", *text);
		else
			fwrite(text, 1, n, f);
		text += n ? n : 1;
	}
}

/* 1234567 as 1,234,567, whatever the locale. */
static const char *grouped(uint64_t v, char buf[32])
{
	char plain[24];
	int n = snprintf(plain, sizeof(plain), "%" PRIu64, v);
	char *to = buf;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*to++ = ',';
		*to++ = plain[i];
	}
	*to = '\0';
	return buf;
}

/* Seconds rounded to @decimals digits; in integers, for a locale must not bring commas. */
static void put_seconds(FILE *f, uint64_t us, unsigned int decimals)
{
	uint64_t s = us / 1000000, unit = 1, rest;

	for (unsigned int i = decimals; i < 6; i++)
		unit *= 10;
	rest = (us % 1000000 + unit / 2) / unit;
	if (rest * unit == 1000000) {
		s++;
		rest = 0;
	}
	fprintf(f, "%" PRIu64, s);
	if (decimals)
		fprintf(f, ".%0*" PRIu64, (int)decimals, rest);
}

static uint64_t time_of(const struct plot *p, unsigned int col)
{
	return (p->base + col) << p->shift;
}

static int x_of(const struct segment *s, uint64_t t, const struct plot *p)
{
	uint64_t from = time_of(p, s->from);
	double scale = (double)(s->to - s->from) * (double)(1ull << p->shift);

	if (s->from == s->to)
		return s->x + s->w / 2;
	return s->x + SEGMENT_PAD +
	       (int)((double)(t - from) * (s->w - 1 - 2 * SEGMENT_PAD) / scale);
}

static void put_label(FILE *f, int x, int y, uint64_t t, unsigned int decimals)
{
	fprintf(f, "<text class=\"muted\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", x, y);
	put_seconds(f, t, decimals);
	fputs("</text>\n", f);
}

/* The smallest of 1, 2, 5 times a power of ten microseconds that keeps labels apart. */
static uint64_t tick_step(const struct segment *s, const struct plot *p, unsigned int *decimals)
{
	static const unsigned int factor[] = { 1, 2, 5 };
	double least = (double)(s->to - s->from + 1) * (double)(1ull << p->shift) * TICK_MIN / s->w;
	uint64_t power = 1;

	*decimals = 6;
	for (unsigned int i = 0; i < 54; i++) {
		if ((double)(power * factor[i % 3]) >= least)
			return power * factor[i % 3];
		if (i % 3 < 2)
			continue;
		power *= 10;
		*decimals -= *decimals > 0;
	}
	return power;
}

/* Digits that tell one stretch of the whole span from another. */
static unsigned int span_decimals(const struct plot *p)
{
	uint64_t least = ((p->last - p->first + 1) << p->shift) / 500, unit = 10000;
	unsigned int decimals = 2;

	for (; decimals < 6 && unit > least; unit /= 10)
		decimals++;
	return decimals;
}

static void put_ticks(struct layout *l, const struct segment *s)
{
	unsigned int decimals;
	uint64_t step = tick_step(s, l->p, &decimals);
	uint64_t from = time_of(l->p, s->from), to = time_of(l->p, s->to);
	uint64_t t = from + (step - from % step) % step;
	int y = l->bottom;

	/* A segment too short for a round number shows where it begins. */
	if (s->from == s->to || t < from || t > to || s->w <= TICK_MIN) {
		put_label(l->file, s->x + s->w / 2, y + 18, from, span_decimals(l->p));
		return;
	}
	for (; t <= to && t >= from; t += step) {
		int x = x_of(s, t, l->p);

		fprintf(l->file, "<path class=\"grid\" d=\"M%d.5 %dV%d\"/>\n", x, TOP - 4, y + 4);
		put_label(l->file, x, y + 18, t, decimals);
	}
}

static void put_break(struct layout *l, const struct segment *left, const struct segment *right)
{
	uint64_t from = time_of(l->p, left->to), to = time_of(l->p, right->from);
	int x = left->x + left->w + BREAK_W / 2;
	int y = (TOP + l->bottom) / 2;

	fprintf(l->file, "<rect class=\"bg\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
		left->x + left->w, TOP - 1, BREAK_W, l->bottom - TOP + 1);
	fprintf(l->file, "<path class=\"cut\" d=\"M%d.5 %dV%dM%d.5 %dV%d\"/>\n",
		left->x + left->w + 3, TOP, l->bottom, right->x - 4, TOP, l->bottom);
	fprintf(l->file, "<text class=\"muted\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
		"transform=\"rotate(-90 %d %d)\">", x + 4, y, x + 4, y);
	put_seconds(l->file, to - from, to - from < 1000000 ? 3 : 1);
	fputs(" s without an access</text>\n", l->file);
}

static void put_head(struct layout *l)
{
	FILE *f = l->file;
	int height = l->bottom + BOTTOM;

	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\">\n<title>", WIDTH, height, WIDTH, height);
	put_escaped(f, l->p->title);
	fputs("</title>\n", f);
	fputs(style, f);
	fprintf(f, "<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", WIDTH, height);
	fputs("<text class=\"title\" x=\"20\" y=\"36\">", f);
	put_escaped(f, l->p->title);
	fputs("</text>\n<text class=\"muted\" x=\"20\" y=\"56\">Register offset against time: a "
	      "dot where something was read, a bar where it was written. Areas without an access "
	      "are left out.</text>\n", f);
	fprintf(f, "<text class=\"muted\" x=\"20\" y=\"%d\">offset</text><text class=\"muted\" "
		"x=\"%d\" y=\"%d\" text-anchor=\"end\">area</text>\n", TOP - 9, PLOT_X - 10,
		TOP - 9);
}

static void put_legend(struct layout *l)
{
	uint64_t count[2] = { 0, 0 };
	char buf[32];

	for (size_t i = 0; i < l->p->nr; i++)
		for (int w = 0; w < 2; w++)
			count[w] += l->p->strips[i].count[w];
	fprintf(l->file, "<circle class=\"readdot\" cx=\"%d\" cy=\"%d\" r=\"3.5\"/>"
		"<rect class=\"writebar\" x=\"%d\" y=\"%d\" width=\"3\" height=\"11\"/>\n",
		COUNT_X - 41, TOP - 28, COUNT_X + 13, TOP - 33);
	for (int w = 0; w < 2; w++) {
		const char *name = w ? "write" : "read";
		int x = COUNT_X + (w ? 58 : 0);

		fprintf(l->file, "<text class=\"%stext\" x=\"%d\" y=\"%d\" text-anchor=\"end\">"
			"%ss</text>", name, x, TOP - 24, name);
		fprintf(l->file, "<text class=\"%stext\" x=\"%d\" y=\"%d\" text-anchor=\"end\" "
			"font-weight=\"600\">%s</text>\n", name, x, TOP - 9,
			grouped(count[w], buf));
	}
}

static void put_band(struct layout *l, size_t i, bool alt)
{
	const struct plot_band *b = &l->p->bands[i];
	int middle = l->y[i] + l->h[i] / 2 + 4;
	char buf[32];

	fprintf(l->file, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		alt ? "alt" : "band", PLOT_X, l->y[i], PLOT_W, l->h[i]);
	fprintf(l->file, "<text class=\"hex\" x=\"20\" y=\"%d\">%06" PRIx64 "</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", middle, b->start, PLOT_X - 10,
		middle);
	put_escaped(l->file, b->name);
	fputs("</text>", l->file);
	for (int w = 0; w < 2; w++)
		if (l->p->strips[i].count[w])
			fprintf(l->file, "<text class=\"%stext\" x=\"%d\" y=\"%d\" "
				"text-anchor=\"end\">%s</text>", w ? "write" : "read",
				COUNT_X + (w ? 58 : 0), middle,
				grouped(l->p->strips[i].count[w], buf));
	fputs("\n", l->file);
}

/* All columns of the rows that fall on @slot of @slots, in one direction. */
static void gather_slot(const struct strip *s, int slot, int slots, bool write, uint64_t *bits)
{
	for (unsigned int r = 0; r < ROWS; r++)
		if ((int)(r * slots / ROWS) == slot)
			for (size_t w = 0; w < WORDS; w++)
				bits[w] |= s->hits[r * 2 + write][w];
}

/* One row of marks. Several steps on one pixel make one mark: that bounds the file. */
static void put_slot(struct layout *l, const uint64_t *bits, int y, bool write)
{
	int last = -1;

	for (size_t i = 0; i < l->nr_seg; i++) {
		const struct segment *s = &l->seg[i];

		for (unsigned int col = s->from; col <= s->to; col++) {
			int x;

			if (!plot_bit(bits, col))
				continue;
			x = x_of(s, time_of(l->p, col), l->p);
			if (x == last)
				continue;
			last = x;
			fprintf(l->file, write ? "M%d.5 %dv4" : "M%d.5 %dh.1", x, y);
		}
	}
}

static void put_marks(struct layout *l, size_t i, bool write)
{
	int slots = (l->h[i] - BAND_PAD) / SLOT;

	if (!l->p->strips[i].count[write])
		return;
	fprintf(l->file, "<path class=\"%s\" d=\"", write ? "write" : "read");
	for (int slot = 0; slot < slots; slot++) {
		uint64_t bits[WORDS] = { 0 };
		int y = l->y[i] + BAND_PAD / 2 + slot * SLOT;

		gather_slot(&l->p->strips[i], slot, slots, write, bits);
		put_slot(l, bits, write ? y : y + 5, write);
	}
	fputs("\"/>\n", l->file);
}

static void put_foot(struct layout *l)
{
	char buf[32];

	fprintf(l->file, "<text class=\"muted\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">time "
		"stamp in seconds</text>\n", PLOT_X + PLOT_W / 2, l->bottom + 42);
	if (l->p->outside)
		fprintf(l->file, "<text class=\"muted\" x=\"20\" y=\"%d\">%s outside the areas, "
			"not shown</text>\n", l->bottom + 42, grouped(l->p->outside, buf));
	if (!l->p->total)
		fprintf(l->file, "<text class=\"muted\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">"
			"no access</text>\n", PLOT_X + PLOT_W / 2, TOP + BAND_MIN - 4);
	fputs("</svg>\n", l->file);
}

int plot_write(const struct plot *plot, FILE *file)
{
	struct layout l = { .file = file };
	bool alt = false;

	plot_layout(&l, plot);
	put_head(&l);
	put_legend(&l);
	for (size_t i = 0; i < plot->nr; i++)
		if (l.h[i])
			put_band(&l, i, alt = !alt);
	for (size_t i = 0; i < l.nr_seg; i++)
		put_ticks(&l, &l.seg[i]);
	for (size_t i = 1; i < l.nr_seg; i++)
		put_break(&l, &l.seg[i - 1], &l.seg[i]);
	for (size_t i = 0; i < plot->nr; i++)
		for (int write = 0; l.h[i] && write < 2; write++)
			put_marks(&l, i, write);
	put_foot(&l);
	return ferror(file) || fflush(file) ? -EIO : 0;
}
