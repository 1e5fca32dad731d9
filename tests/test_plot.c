/* SPDX-License-Identifier: MIT */
/*
 * The picture of register offset against time, fed by hand and from the recorded probes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/mmiotrace.h"
#include "../tools/plot.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct plot_band two_bands[] = {
	{ PLOT_MMIO, "first", 0, 0x1000 },
	{ PLOT_GTT, "second", 0x1000, 0x2000 },
};

static char *drawn(const struct plot *p)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(plot_write(p, f), 0);
	fclose(f);
	ck_assert_uint_eq(strlen(text), len);
	return text;
}

/* Counts the marks of all paths of one class. */
static size_t marks(const char *svg, const char *class)
{
	char open[64];
	size_t n = 0;

	snprintf(open, sizeof(open), "<path class=\"%s\" d=\"", class);
	while ((svg = strstr(svg, open))) {
		for (svg += strlen(open); *svg != '"'; svg++)
			n += *svg == 'M';
	}
	return n;
}

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Tags nest, attributes are quoted, nothing is left open: what a parser would refuse first. */
static void well_formed(const char *s)
{
	const char *open[32];
	size_t depth = 0, len;

	ck_assert_mem_eq(s, "<svg ", 5);
	while ((s = strchr(s, '<'))) {
		bool closing = *++s == '/';
		bool quoted = false, empty;

		s += closing;
		len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		ck_assert_uint_gt(len, 0);
		if (closing) {
			ck_assert_uint_gt(depth--, 0);
			ck_assert_mem_eq(open[depth], s, len);
			ck_assert_int_eq(s[len], '>');
			continue;
		}
		open[depth] = s;
		for (s += len; quoted || *s != '>'; s++) {
			ck_assert(*s && *s != '<');
			quoted ^= *s == '"';
		}
		empty = s[-1] == '/';
		depth += !empty;
		ck_assert_uint_lt(depth, N(open));
	}
	ck_assert_uint_eq(depth, 0);
}

START_TEST(plot_refuses_bad_bands)
{
	struct plot_band empty = { PLOT_MMIO, "empty", 5, 5 };
	struct plot_band backwards = { PLOT_MMIO, "backwards", 5, 4 };

	ck_assert(!plot_new("x", two_bands, 0) && errno == EINVAL);
	ck_assert(!plot_new("x", two_bands, PLOT_BANDS_MAX + 1) && errno == EINVAL);
	ck_assert(!plot_new("x", &empty, 1) && errno == EINVAL);
	ck_assert(!plot_new("x", &backwards, 1) && errno == EINVAL);
	plot_free(NULL);
}
END_TEST

START_TEST(plot_one_mark_an_access)
{
	struct plot *p = plot_new("x", two_bands, N(two_bands));
	char *svg;

	for (unsigned int i = 0; i < 10; i++)
		plot_add(p, i * 1000, PLOT_MMIO, 0x800, false);
	for (unsigned int i = 0; i < 7; i++)
		plot_add(p, i * 1000 + 500, PLOT_GTT, 0x1000 + 8 * i, true);
	plot_add(p, 0, PLOT_MMIO, 0x1000, false);	/* a GTT offset, but not said to be one */
	plot_add(p, 0, PLOT_CFG, 0, true);
	svg = drawn(p);
	well_formed(svg);
	ck_assert_uint_eq(marks(svg, "read"), 10);
	ck_assert_uint_eq(marks(svg, "write"), 7);
	ck_assert_uint_eq(occurrences(svg, ">first<"), 1);
	ck_assert_uint_eq(occurrences(svg, ">second<"), 1);
	ck_assert_uint_eq(occurrences(svg, "2 outside the areas"), 1);
	free(svg);
	plot_free(p);
}
END_TEST

START_TEST(plot_same_pixel_once)
{
	struct plot *p = plot_new("x", two_bands, N(two_bands));
	char *svg;

	for (unsigned int i = 0; i < 5000; i++) {
		plot_add(p, 1000000, PLOT_MMIO, 0x800, false);
		plot_add(p, 1000000, PLOT_MMIO, 0x800, true);
	}
	svg = drawn(p);
	well_formed(svg);
	ck_assert_uint_eq(marks(svg, "read"), 1);
	ck_assert_uint_eq(marks(svg, "write"), 1);
	ck_assert_uint_eq(occurrences(svg, ">5,000<"), 4);
	ck_assert_uint_eq(occurrences(svg, ">1.000000<"), 1);
	ck_assert_uint_eq(occurrences(svg, ">second<"), 0);
	free(svg);
	plot_free(p);
}
END_TEST

/* In whatever order the times come, and however far apart, every access finds its place. */
START_TEST(plot_times_out_of_order)
{
	static const uint64_t times[] = { 5000000, 4000000, 9000000, 1, 8999999, 30000000, 0 };
	struct plot *p = plot_new("x", two_bands, N(two_bands));
	struct plot *q = plot_new("x", two_bands, N(two_bands));
	char *a, *b;

	for (size_t i = 0; i < N(times); i++)
		plot_add(p, times[i], PLOT_MMIO, 0, false);
	for (size_t i = N(times); i-- > 0;)
		plot_add(q, times[i], PLOT_MMIO, 0, false);
	a = drawn(p);
	b = drawn(q);
	ck_assert_str_eq(a, b);
	ck_assert_uint_eq(marks(a, "read"), 5);	/* 0 and 1, 8999999 and 9000000 share a pixel */
	free(a);
	free(b);
	plot_free(p);
	plot_free(q);
}
END_TEST

START_TEST(plot_extreme_times)
{
	struct plot *p = plot_new("x", two_bands, N(two_bands));
	char *svg;

	plot_add(p, UINT64_MAX, PLOT_MMIO, 0, false);
	plot_add(p, 0, PLOT_MMIO, 0, false);
	for (unsigned int i = 0; i < 64; i++)
		plot_add(p, 1ull << i, PLOT_MMIO, 0, true);
	svg = drawn(p);
	well_formed(svg);
	ck_assert_uint_eq(marks(svg, "read"), 2);
	ck_assert_uint_ge(marks(svg, "write"), 2);
	free(svg);
	plot_free(p);
}
END_TEST

START_TEST(plot_cuts_idle_time)
{
	struct plot *p = plot_new("x", two_bands, N(two_bands));
	char *svg;

	plot_add(p, 7350000, PLOT_MMIO, 0, false);
	for (unsigned int i = 0; i <= 100; i++)
		plot_add(p, 16000000 + i * 10000, PLOT_MMIO, 0, false);
	svg = drawn(p);
	well_formed(svg);
	ck_assert_uint_eq(occurrences(svg, ">8.7 s without an access<"), 1);
	ck_assert_uint_eq(occurrences(svg, "without an access<"), 1);
	ck_assert_uint_eq(occurrences(svg, ">7.35<"), 1);
	ck_assert_uint_eq(occurrences(svg, ">16.2<"), 1);
	ck_assert_uint_eq(marks(svg, "read"), 102);
	free(svg);
	plot_free(p);
}
END_TEST

START_TEST(plot_title_is_text)
{
	static const struct plot_band band = { PLOT_MMIO, "<b> & 'c'", 0, 1 };
	struct plot *p = plot_new("</text><script>\"\x01\xff\xc3\xa4\xed\xa0\x80", &band, 1);
	char *svg;

	plot_add(p, 0, PLOT_MMIO, 0, true);
	svg = drawn(p);
	well_formed(svg);
	ck_assert_uint_eq(occurrences(svg, "&#60;/text&#62;&#60;script&#62;&#34;?\?\xc3\xa4?\?\?<"),
			  2);
	ck_assert_uint_eq(occurrences(svg, "&#60;b&#62; &#38; &#39;c&#39;"), 1);
	free(svg);
	plot_free(p);
}
END_TEST

START_TEST(plot_without_access)
{
	struct plot *p = plot_new("", two_bands, N(two_bands));
	char *svg = drawn(p);

	well_formed(svg);
	ck_assert_uint_eq(occurrences(svg, ">no access<"), 1);
	free(svg);
	plot_free(p);
}
END_TEST

/* A million accesses all over: the file stays below what a browser shows without thinking. */
START_TEST(plot_size_is_bounded)
{
	struct plot *p = plot_new("x", plot_gen9_bands, plot_gen9_nr_bands);
	uint64_t x = 88172645463325252u;
	char *svg;

	for (unsigned int i = 0; i < 1000000; i++) {
		uint64_t offset;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		offset = x >> 20 & 0xffffff;
		plot_add(p, i * 37, offset < 0x800000 ? PLOT_MMIO : PLOT_GTT, offset, x >> 60 & 1);
	}
	svg = drawn(p);
	well_formed(svg);
	ck_assert_uint_lt(strlen(svg), 3u << 20);
	ck_assert_uint_eq(occurrences(svg, "outside"), 0);
	free(svg);
	plot_free(p);
}
END_TEST

/* Without gaps, so that no access of a real trace is ever outside. */
START_TEST(plot_gen9_bands_are_complete)
{
	uint64_t at = 0;

	ck_assert_uint_le(plot_gen9_nr_bands, PLOT_BANDS_MAX);
	for (size_t i = 0; i < plot_gen9_nr_bands; i++) {
		const struct plot_band *b = &plot_gen9_bands[i];

		if (b->kind == PLOT_CFG)
			continue;
		ck_assert_uint_eq(b->start, at);
		ck_assert_int_eq(b->kind, at < 0x800000 ? PLOT_MMIO : PLOT_GTT);
		at = b->end;
	}
	ck_assert_uint_eq(at, 0x1000000);
}
END_TEST

static const char *const kernels[] = { "6.1", "6.12" };

static struct mmiotrace *open_data(const char *kernel)
{
	const char *dir = getenv("srcdir");
	char path[4096], why[4096];
	struct mmiotrace *t;

	snprintf(path, sizeof(path), "%s/tests/data/i915-%s-skl-probe.mmiotrace", dir ? dir : ".",
		 kernel);
	ck_assert_msg(!mmiotrace_open(path, &t, why, sizeof(why)), "%s", why);
	return t;
}

static struct plot *plot_of_data(const char *kernel)
{
	struct plot *p = plot_new(kernel, plot_gen9_bands, plot_gen9_nr_bands);
	struct mmiotrace *t = open_data(kernel);
	struct mmiotrace_bar bar0 = { .addr = 0xc0000000, .len = 0x1000000 };
	struct mmiotrace_record r;
	uint64_t at;

	while (mmiotrace_next(t, &r) > 0) {
		if (r.kind == MMIOTRACE_CFG)
			plot_add(p, r.ns / 1000, PLOT_CFG, r.cfg.offset, r.cfg.write);
		if (r.kind != MMIOTRACE_READ && r.kind != MMIOTRACE_WRITE)
			continue;
		ck_assert(mmiotrace_bar_hit(&bar0, r.access.phys, r.access.width, &at));
		plot_add(p, r.ns / 1000, at < 0x800000 ? PLOT_MMIO : PLOT_GTT, at,
			 r.kind == MMIOTRACE_WRITE);
	}
	mmiotrace_close(t);
	return p;
}

START_TEST(plot_of_a_probe)
{
	static const char *const totals[][2] = {
		{ ">3,050<", ">3,662<" },
		{ ">3,313<", ">3,943<" },
	};
	struct plot *p = plot_of_data(kernels[_i]);
	char *svg = drawn(p);

	well_formed(svg);
	ck_assert_uint_eq(occurrences(svg, totals[_i][0]), 1);
	ck_assert_uint_eq(occurrences(svg, totals[_i][1]), 1);
	ck_assert_uint_eq(occurrences(svg, ">PVINFO<"), 1);
	ck_assert_uint_eq(occurrences(svg, "outside"), 0);
	ck_assert_uint_gt(marks(svg, "read"), 500);
	ck_assert_uint_gt(marks(svg, "write"), 500);
	ck_assert_uint_lt(strlen(svg), 64u << 10);
	free(svg);
	plot_free(p);
}
END_TEST

START_TEST(plot_to_a_full_disk)
{
	struct plot *p = plot_new("x", two_bands, N(two_bands));
	FILE *full = fopen("/dev/full", "w");

	if (full) {
		ck_assert_int_eq(plot_write(p, full), -EIO);
		fclose(full);
	} else {
		mpt_test_skip("no /dev/full");
	}
	plot_free(p);
}
END_TEST

static Suite *plot_suite(void)
{
	Suite *s = suite_create("plot");
	TCase *tc = tcase_create("plot");

	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, plot_refuses_bad_bands);
	tcase_add_test(tc, plot_one_mark_an_access);
	tcase_add_test(tc, plot_same_pixel_once);
	tcase_add_test(tc, plot_times_out_of_order);
	tcase_add_test(tc, plot_extreme_times);
	tcase_add_test(tc, plot_cuts_idle_time);
	tcase_add_test(tc, plot_title_is_text);
	tcase_add_test(tc, plot_without_access);
	tcase_add_test(tc, plot_size_is_bounded);
	tcase_add_test(tc, plot_gen9_bands_are_complete);
	tcase_add_loop_test(tc, plot_of_a_probe, 0, N(kernels));
	tcase_add_test(tc, plot_to_a_full_disk);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { plot_suite };

	return mpt_test_main("plot", suites, N(suites));
}
