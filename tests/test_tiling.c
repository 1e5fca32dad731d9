/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of fences: a register's value taken apart, and the place of each byte of a tiled
 * surface, against the model. Accesses through fences are in test_gvt_tiling.c.
 */
#include "gvt/tiling.h"
#include "lib/runner.h"
#include "tiling_model.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define LOW (64U << 20)

static const struct surface {
	u32 pages, pitch;
	u64 walk;
	bool whole; /* the last row of tiles, too */
} surfaces[] = {
	{ 1, 512, 0, true },	    { 4, 512, 0, true },	{ 6, 1024, 0, true },
	{ 9, 1536, 0, true },	    { 8, 4096, 0, true },	{ 5, 1024, 0, false },
	{ 13, 2560, 0, false },	    { 2, 4096, 0, false },	{ 1, 128, Y_MAJOR, true },
	{ 5, 128, Y_MAJOR, true },  { 6, 384, Y_MAJOR, true },	{ 10, 640, Y_MAJOR, true },
	{ 16, 512, Y_MAJOR, true }, { 7, 384, Y_MAJOR, false }, { 14, 1152, Y_MAJOR, false },
};

#define MAX_PAGES 16
static u32 place[MAX_PAGES * PAGE];
static u8 hit[MAX_PAGES * PAGE];

START_TEST(every_byte_has_its_place)
{
	const struct surface *s = &surfaces[_i];
	u32 o, run, size = s->pages * PAGE, found = 0;
	struct gvt_tiling t;
	u64 tiled;

	t = gvt_tiling_decode(fence_of(LOW, LOW + size - PAGE, s->pitch, s->walk));
	ck_assert_uint_eq(gvt_tiling_size(&t), size);
	model(place, s->pages, s->pitch, s->walk);
	memset(hit, 0, sizeof(hit));
	for (o = 0; o < size; o++) {
		bool there = gvt_tiling_map(&t, o, &tiled, &run);

		expect(there == (place[o] != NOWHERE), "byte %u", o);
		if (!there)
			continue;
		expect(tiled == place[o], "byte %u at %u, not %llu", o, place[o],
		       (unsigned long long)tiled);
		expect(!hit[tiled]++, "two bytes at %u", place[o]);
		found++;
	}
	ck_assert(s->whole ? found == size : found < size);
}
END_TEST

/* As long as it can be in a row of one tile, in the surface or out of it. */
START_TEST(runs_end_where_neighbours_do)
{
	const struct surface *s = &surfaces[_i];
	u32 o, run, size = s->pages * PAGE, unit = s->walk ? 16 : 512, k;
	struct gvt_tiling t;
	u64 tiled, next;
	u32 ignored;

	t = gvt_tiling_decode(fence_of(LOW, LOW + size - PAGE, s->pitch, s->walk));
	for (o = 0; o < size; o += 1 + o % 7) {
		bool there = gvt_tiling_map(&t, o, &tiled, &run);

		expect(run == unit - o % s->pitch % unit, "byte %u: a run of %u", o, run);
		for (k = 1; k < run; k += 3) {
			expect(gvt_tiling_map(&t, o + k, &next, &ignored) == there, "%u", o);
			expect(!there || next == tiled + k, "byte %u + %u", o, k);
		}
		expect(!there || tiled / PAGE == (tiled + run - 1) / PAGE, "byte %u", o);
	}
}
END_TEST

START_TEST(a_value_taken_apart)
{
	struct gvt_tiling t = gvt_tiling_decode(0);

	ck_assert(!t.valid && !t.first && !t.last && t.pitch == 128 && t.walk == GVT_TILE_X);
	ck_assert(!gvt_tiling_covers(&t, 0));
	t = gvt_tiling_decode(~0ULL);
	ck_assert(t.valid && t.first == 0xfffff000 && t.last == 0xfffff000);
	ck_assert(t.pitch == 4096 * 128 && t.walk == GVT_TILE_Y);
	ck_assert(gvt_tiling_covers(&t, 0xffffffff) && !gvt_tiling_covers(&t, 0x100000000));
	t = gvt_tiling_decode(0x12345678ULL << 32 | 0xabcde001);
	ck_assert(t.first == 0xabcde000 && t.last == 0x12345000 && t.pitch == 0x679 * 128);
	ck_assert(t.valid && t.walk == GVT_TILE_X && gvt_tiling_size(&t) == 0);
	ck_assert(!gvt_tiling_covers(&t, 0xabcde000) && !gvt_tiling_covers(&t, 0x12345000));
	/* Bits 11:2 mean nothing. */
	t = gvt_tiling_decode(0x00002003ULL << 32 | 0x00001ffd);
	ck_assert(t.first == 0x1000 && t.last == 0x2000 && t.pitch == 512 && t.walk == GVT_TILE_X);
	ck_assert(!gvt_tiling_covers(&t, 0xfff) && gvt_tiling_covers(&t, 0x1000));
	ck_assert(gvt_tiling_covers(&t, 0x2fff) && !gvt_tiling_covers(&t, 0x3000));
	ck_assert_uint_eq(gvt_tiling_size(&t), 0x2000);
	/* The whole 4 GiB: 64 bits hold the size. */
	t = gvt_tiling_decode(0xfffff003ULL << 32 | 1);
	ck_assert_uint_eq(gvt_tiling_size(&t), 1ULL << 32);
}
END_TEST

START_TEST(a_pitch_of_no_whole_tiles_has_no_places)
{
	struct gvt_tiling t = gvt_tiling_decode(fence_of(0, 0xf000, 640, 0));
	u64 tiled;
	u32 run;

	ck_assert(!gvt_tiling_map(&t, 0x1230, &tiled, &run));
	ck_assert_uint_eq(run, 0xdd0);
	ck_assert(!gvt_tiling_map(&t, 0, &tiled, &run));
	ck_assert_uint_eq(run, PAGE);
}
END_TEST

static Suite *tiling_suite(void)
{
	Suite *s = suite_create("tiling");
	TCase *tc = tcase_create("arithmetic");

	tcase_add_loop_test(tc, every_byte_has_its_place, 0, N(surfaces));
	tcase_add_loop_test(tc, runs_end_where_neighbours_do, 0, N(surfaces));
	tcase_add_test(tc, a_value_taken_apart);
	tcase_add_test(tc, a_pitch_of_no_whole_tiles_has_no_places);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { tiling_suite };

	return mpt_test_main("tiling", suites, N(suites));
}
