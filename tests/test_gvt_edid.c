/* SPDX-License-Identifier: MIT */
/*
 * The virtual monitor's EDID, by size: every field against its place in EDID 1.3. Expected timings
 * are those of VESA DMT where it lists the size with reduced blanking.
 */
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

struct mode {
	u32 width, height, clock, v_blank, v_sync; /* clock: 10 kHz */
};

static const struct mode modes[] = {
	{ 1024, 768, 5600, 22, 4 },
	{ 1280, 768, 6825, 22, 7 },
	{ 1280, 800, 7100, 23, 6 },
	{ 1400, 1050, 10100, 30, 4 },
	{ 1440, 900, 8875, 26, 6 },
	{ 1680, 1050, 11900, 30, 6 },
	{ 1920, 1080, 13850, 31, 5 },
	{ 1920, 1200, 15400, 35, 6 },
	{ 2560, 1600, 26850, 46, 6 },
	/* Odd: no listed aspect ratio, too small for the blanking time, too large for the clock. */
	{ 1366, 768, 7225, 22, 10 },
	{ 1, 1, 25, 19, 10 },
	{ 4095, 4095, 65535, 117, 10 },
};

/* Every block, of whatever size. */
static void edid_is_sound(const u8 *e)
{
	static const u8 header[8] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	u32 i, sum = 0;

	for (i = 0; i < GVT_EDID_SIZE; i++)
		sum += e[i];
	ck_assert_uint_eq(sum & 0xff, 0);
	ck_assert_mem_eq(e, header, sizeof(header));
	ck_assert_uint_eq(e[8] << 8 | e[9], ('M' - '@') << 10 | ('P' - '@') << 5 | ('T' - '@'));
	ck_assert_uint_eq(e[18] << 8 | e[19], 0x103);
	ck_assert_uint_eq(e[20] & 0x80, 0x80);
	ck_assert_uint_eq(e[24] & 2, 2);
	ck_assert_uint_eq(e[126], 0);
	for (i = 38; i < 54; i++)
		ck_assert_uint_eq(e[i], 1);
	ck_assert_mem_eq(e + 72, "\0\0\0\xfd\0", 5);
	ck_assert_mem_eq(e + 82, "\0\n      ", 8);
	ck_assert_mem_eq(e + 90, "\0\0\0\xfc\0libmpt\n      ", 18);
	ck_assert_mem_eq(e + 108, "\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
}

/* The first detailed timing, decoded field by field. */
static void edid_shows(const u8 *e, const struct mode *m)
{
	const u8 *d = e + 54;

	ck_assert_uint_eq(d[0] | d[1] << 8, m->clock);
	ck_assert_uint_eq(d[2] | (d[4] & 0xf0) << 4, m->width);
	ck_assert_uint_eq(d[3] | (d[4] & 0x0f) << 8, 160);
	ck_assert_uint_eq(d[5] | (d[7] & 0xf0) << 4, m->height);
	ck_assert_uint_eq(d[6] | (d[7] & 0x0f) << 8, m->v_blank);
	ck_assert_uint_eq(d[8], 48);
	ck_assert_uint_eq(d[9], 32);
	ck_assert_uint_eq(d[10], 3 << 4 | m->v_sync);
	ck_assert_uint_eq(d[11], 0);
	ck_assert_uint_eq(d[12] | (d[14] & 0xf0) << 4, m->width * 254 / 960);
	ck_assert_uint_eq(d[13] | (d[14] & 0x0f) << 8, m->height * 254 / 960);
	ck_assert_uint_eq(d[15] | d[16], 0);
	ck_assert_uint_eq(d[17], 0x1a);
}

static void limits_hold(const u8 *e, const struct mode *m)
{
	double line = m->clock * 10.0 / (m->width + 160);
	double frame = line * 1000 / (m->height + m->v_blank);

	ck_assert(e[77] <= frame && frame <= e[78]);
	ck_assert(e[79] <= line && line <= e[80]);
	ck_assert_uint_le(m->clock, e[81] * 1000U);
	/* and for what the established timings say */
	ck_assert(e[77] <= 59.9 && e[78] >= 60.3 && e[79] <= 31 && e[80] >= 48);
}

START_TEST(preferred_timing)
{
	const struct mode *m = &modes[_i];
	u8 e[GVT_EDID_SIZE];

	memset(e, 0xa5, sizeof(e));
	gvt_edid_build(e, m->width, m->height);
	edid_is_sound(e);
	edid_shows(e, m);
	limits_hold(e, m);
}
END_TEST

START_TEST(established_timings_fit)
{
	static const struct {
		u32 width, height, bits;
	} sizes[] = {
		{ 639, 480, 0x0000 }, { 640, 479, 0x0000 }, { 640, 480, 0x2000 },
		{ 800, 599, 0x2000 }, { 800, 600, 0x2100 }, { 1023, 768, 0x2100 },
		{ 1024, 768, 0x2108 }, { 1920, 1200, 0x2108 },
	};
	u8 e[GVT_EDID_SIZE];
	size_t i;

	for (i = 0; i < N(sizes); i++) {
		gvt_edid_build(e, sizes[i].width, sizes[i].height);
		ck_assert_uint_eq(e[35] << 8 | e[36], sizes[i].bits);
		ck_assert_uint_eq(e[37], 0);
	}
}
END_TEST

/* A type's size is its creator's: none makes fields run over. */
START_TEST(sizes_out_of_range_are_clamped)
{
	static const u32 sizes[] = { 0, 1, 4095, 4096, 65536, 0x80000000, 0xffffffff };
	const struct mode *smallest = &modes[10], *largest = &modes[11];
	u8 e[GVT_EDID_SIZE];
	size_t i, j;

	gvt_edid_build(e, 0, 0);
	edid_shows(e, smallest);
	gvt_edid_build(e, 4096, ~0U);
	edid_shows(e, largest);
	for (i = 0; i < N(sizes); i++) {
		for (j = 0; j < N(sizes); j++) {
			gvt_edid_build(e, sizes[i], sizes[j]);
			edid_is_sound(e);
			ck_assert_uint_ne(e[54] | e[55], 0);
		}
	}
}
END_TEST

START_TEST(each_type_has_its_size)
{
	static const struct mode *const want[] = { &modes[0], &modes[7], &modes[7], &modes[7] };
	struct gvt_config config = { .size = sizeof(config), .aperture = 512ULL << 20 };
	struct rig r;
	unsigned int i;

	rig_open(&r);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	rig_ok(gvt_close(r.gvt));
	rig_ok(gvt_open(r.host, &config, &r.gvt));
	for (i = 0; gvt_type_each(r.gvt, i); i++) {
		ck_assert_uint_lt(i, N(want));
		r.vgpu = mpt_vgpu_create(r.vm, r.gvt, gvt_type_each(r.gvt, i));
		ck_assert_msg(!MPT_IS_ERR(r.vgpu), "%s", mpt_last_error());
		edid_is_sound(to_gvt_vgpu(r.vgpu)->monitor.edid);
		edid_shows(to_gvt_vgpu(r.vgpu)->monitor.edid, want[i]);
		rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	}
	ck_assert_uint_eq(i, N(want));
	r.vgpu = NULL;
	rig_close(&r);
}
END_TEST

static Suite *edid_suite(void)
{
	Suite *s = suite_create("gvt-edid");
	TCase *tc = tcase_create("edid");

	tcase_add_loop_test(tc, preferred_timing, 0, N(modes));
	tcase_add_test(tc, established_timings_fit);
	tcase_add_test(tc, sizes_out_of_range_are_clamped);
	tcase_add_test(tc, each_type_has_its_size);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { edid_suite };

	return mpt_test_main("gvt_edid", suites, N(suites));
}
