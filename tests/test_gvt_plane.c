/* SPDX-License-Identifier: MIT */
/*
 * The plane that a guest shows: description and pixels in each format and tiling, against a model
 * of the tilings of its own; registers that lie.
 */
#include <gvt/display.h>

#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ON (1U << 31)
#define PIPECONF(p) (0x70008U + 0x1000 * (u32)(p))
#define PIPESRC(p) (0x6001cU + 0x1000 * (u32)(p))
#define PLANE(p, reg) (0x70180U + 0x1000 * (u32)(p) + (reg))
#define CTL 0x00
#define STRIDE 0x08
#define SIZE 0x10
#define SURF 0x1c
#define OFFSET 0x24
#define FOURCC(s) ((u32)(s)[0] | (u32)(s)[1] << 8 | (u32)(s)[2] << 16 | (u32)(s)[3] << 24)

#define GPA 0x100000ULL
#define PAGES 128U
#define WIDTH 150U
#define HEIGHT 70U

/* Pages in reverse: neighbours by graphics address are none in memory. */
static u64 gpa_of(u64 offset)
{
	return GPA + (PAGES - 1 - offset / 4096) * 4096 + offset % 4096;
}

static void map(struct rig *r, u32 first, u32 pages)
{
	u32 i;

	for (i = first; i < first + pages; i++)
		rig_write(r, GVT_GTT_OFFSET + (r->v->low.start / 4096 + i) * 8,
			  gpa_of(4096ULL * i) | 1, 8);
}

/* Where a byte of a surface is, said without our tiling code. */
static u64 model(enum gvt_plane_tiling tiling, u64 stride, u64 x, u64 y)
{
	if (tiling == GVT_PLANE_X)
		return y / 8 * 8 * stride + x / 512 * 4096 + y % 8 * 512 + x % 512;
	if (tiling == GVT_PLANE_Y)
		return y / 32 * 32 * stride + x / 128 * 4096 + x % 128 / 16 * 512 + y % 32 * 16 +
		       x % 16;
	return y * stride + x;
}

static u32 colour(u32 x, u32 y)
{
	return x * 0x010307 + y * 0x050b0d + 0x123456;
}

struct plane_case {
	u32 ctl; /* without enable */
	const char *fourcc;
	u32 bytes;
	enum gvt_plane_tiling tiling;
	u32 stride; /* register */
	u32 stride_bytes;
};

static const struct plane_case cases[] = {
	{ 4U << 24, "XR24", 4, GVT_PLANE_LINEAR, 10, 640 },
	{ 4U << 24 | 1 << 20, "XB24", 4, GVT_PLANE_LINEAR, 11, 704 },
	{ 14U << 24, "RG16", 2, GVT_PLANE_LINEAR, 5, 320 },
	{ 2U << 24, "XR30", 4, GVT_PLANE_LINEAR, 10, 640 },
	{ 2U << 24 | 1 << 20, "XB30", 4, GVT_PLANE_LINEAR, 10, 640 },
	{ 4U << 24 | 1 << 10, "XR24", 4, GVT_PLANE_X, 2, 1024 },
	{ 14U << 24 | 1 << 10, "RG16", 2, GVT_PLANE_X, 1, 512 },
	{ 4U << 24 | 4 << 10, "XR24", 4, GVT_PLANE_Y, 6, 768 },
	{ 14U << 24 | 4 << 10, "RG16", 2, GVT_PLANE_Y, 4, 512 },
};

/* What is in memory for a pixel, and what is to come out of it. */
static u32 raw_of(const struct plane_case *c, u32 value, u32 *xrgb)
{
	u32 r = value >> 16 & 0xff, g = value >> 8 & 0xff, b = value & 0xff;

	*xrgb = value & 0xffffff;
	if (!strcmp(c->fourcc, "XR24"))
		return value | 0xaa000000;
	if (!strcmp(c->fourcc, "XB24"))
		return b << 16 | g << 8 | r;
	if (c->bytes == 4) {
		/* Of 10 bits; 255 is 1023. */
		bool bgr = !strcmp(c->fourcc, "XB30");
		u32 first = bgr ? b : r, last = bgr ? r : b;

		return (first * 1023 + 127) / 255 << 20 | (g * 1023 + 127) / 255 << 10 |
		       (last * 1023 + 127) / 255;
	}
	r >>= 3;
	g >>= 2;
	b >>= 3;
	*xrgb = (r * 255 + 15) / 31 << 16 | (g * 255 + 31) / 63 << 8 | (b * 255 + 15) / 31;
	return r << 11 | g << 5 | b;
}

static void program(struct rig *r, u32 pipe, const struct plane_case *c)
{
	rig_reg_set(r, PIPECONF(pipe), ON);
	rig_reg_set(r, PLANE(pipe, STRIDE), c->stride);
	rig_reg_set(r, PLANE(pipe, SIZE), (HEIGHT - 1) << 16 | (WIDTH - 1));
	rig_reg_set(r, PLANE(pipe, CTL), ON | c->ctl);
	rig_reg_set(r, PLANE(pipe, SURF), (u32)r->v->low.start);
}

static void draw(struct rig *r, const struct plane_case *c, u32 x0, u32 y0)
{
	u32 x, y, unused, value;

	for (y = 0; y < HEIGHT; y++) {
		for (x = 0; x < WIDTH; x++) {
			value = raw_of(c, colour(x, y), &unused);
			rig_ok(mpt_guest_write(r->vm,
					       gpa_of(model(c->tiling, c->stride_bytes,
							    (x0 + x) * c->bytes, y0 + y)),
					       &value, c->bytes));
		}
	}
}

static void compare(struct rig *r, const struct plane_case *c, const struct gvt_plane *p)
{
	u32 pixel[WIDTH + 1], x, y, want;

	for (y = 0; y < HEIGHT; y++) {
		pixel[WIDTH] = 0xdeadbeef;
		rig_ok(gvt_plane_row(r->vgpu, p, y, pixel));
		ck_assert_uint_eq(pixel[WIDTH], 0xdeadbeef);
		for (x = 0; x < WIDTH; x++) {
			raw_of(c, colour(x, y), &want);
			ck_assert_msg(pixel[x] == want, "%u, %u: 0x%06x, not 0x%06x", x, y,
				      pixel[x], want);
		}
	}
}

/* _i: the case. On each pipe in turn, and not at the surface's first pixel. */
START_TEST(pixels)
{
	const struct plane_case *c = &cases[_i];
	u32 pipe = (u32)_i % 3, x = _i % 2 ? 3 : 0, y = _i % 2 ? 5 : 0;
	struct gvt_plane p;
	struct rig r;

	rig_open(&r);
	map(&r, 0, PAGES);
	program(&r, pipe, c);
	rig_reg_set(&r, PLANE(pipe, OFFSET), y << 16 | x);
	rig_ok(gvt_plane_get(r.vgpu, &p));
	ck_assert(p.enabled);
	ck_assert_uint_eq(p.pipe, pipe);
	ck_assert_uint_eq(p.width, WIDTH);
	ck_assert_uint_eq(p.height, HEIGHT);
	ck_assert_uint_eq(p.format, FOURCC(c->fourcc));
	ck_assert_int_eq(p.tiling, c->tiling);
	ck_assert_uint_eq(p.stride, c->stride_bytes);
	ck_assert_uint_eq(p.addr, r.v->low.start);
	ck_assert_uint_eq(p.x, x);
	ck_assert_uint_eq(p.y, y);
	draw(&r, c, x, y);
	compare(&r, c, &p);
	rig_close(&r);
}
END_TEST

/* Gen8: other fields, the size is the pipe's. _i: tiled. */
START_TEST(broadwell)
{
	static const struct plane_case gen8[2] = {
		{ 6U << 26, "XR24", 4, GVT_PLANE_LINEAR, 640, 640 },
		{ 14U << 26 | 1 << 10, "XB24", 4, GVT_PLANE_X, 1024, 1024 },
	};
	const struct plane_case *c = &gen8[_i];
	struct gvt_plane p;
	struct rig r;

	rig_open_platform(&r, "bdw");
	map(&r, 0, PAGES);
	program(&r, 0, c);
	rig_reg_set(&r, PIPESRC(0), (WIDTH - 1) << 16 | (HEIGHT - 1));
	rig_ok(gvt_plane_get(r.vgpu, &p));
	ck_assert_uint_eq(p.width, WIDTH);
	ck_assert_uint_eq(p.height, HEIGHT);
	ck_assert_uint_eq(p.format, FOURCC(c->fourcc));
	draw(&r, c, 0, 0);
	compare(&r, c, &p);
	rig_reg_set(&r, PLANE(0, CTL), ON | c->ctl | 1 << 15);
	ck_assert_int_eq(gvt_plane_get(r.vgpu, &p), -EOPNOTSUPP);
	rig_reg_set(&r, PLANE(0, CTL), ON | 2U << 26);
	ck_assert_int_eq(gvt_plane_get(r.vgpu, &p), -EOPNOTSUPP);
	/* An X tile has 512 bytes a row. */
	rig_reg_set(&r, PLANE(0, CTL), ON | 6U << 26 | 1 << 10);
	rig_reg_set(&r, PLANE(0, STRIDE), 640);
	ck_assert_int_eq(gvt_plane_get(r.vgpu, &p), -EINVAL);
	rig_close(&r);
}
END_TEST

START_TEST(nothing_is_shown)
{
	struct gvt_plane p = { .enabled = true };
	u32 pixel[4];
	struct rig r;

	rig_open(&r);
	rig_ok(gvt_plane_get(r.vgpu, &p));
	ck_assert(!p.enabled);
	ck_assert_int_eq(gvt_plane_row(r.vgpu, &p, 0, pixel), -EINVAL);
	/* A pipe without a plane, a plane without a pipe. */
	program(&r, 1, &cases[0]);
	rig_reg_set(&r, PLANE(1, CTL), cases[0].ctl);
	rig_ok(gvt_plane_get(r.vgpu, &p));
	ck_assert(!p.enabled);
	rig_reg_set(&r, PLANE(1, CTL), ON | cases[0].ctl);
	rig_reg_set(&r, PIPECONF(1), 0);
	rig_ok(gvt_plane_get(r.vgpu, &p));
	ck_assert(!p.enabled);
	rig_close(&r);
}
END_TEST

/* Pages without memory are black; what has some is not. */
START_TEST(not_mapped)
{
	u32 pixel[WIDTH], x, y, black = 0, value = 0xffffffff;
	struct gvt_plane p;
	struct rig r;

	rig_open(&r);
	map(&r, 1, 1);
	program(&r, 0, &cases[0]);
	for (x = 0; x < 1024; x++)
		rig_ok(mpt_guest_write(r.vm, gpa_of(4096 + 4 * x), &value, 4));
	rig_ok(gvt_plane_get(r.vgpu, &p));
	for (y = 0; y < HEIGHT; y++) {
		rig_ok(gvt_plane_row(r.vgpu, &p, y, pixel));
		for (x = 0; x < WIDTH; x++) {
			u64 at = 640ULL * y + 4 * x;

			ck_assert_uint_eq(pixel[x], at / 4096 == 1 ? 0xffffff : 0);
			black += !pixel[x];
		}
	}
	ck_assert_uint_gt(black, 0);
	rig_close(&r);
}
END_TEST

static const struct {
	u32 reg, value;
	int err;
} lies[] = {
	{ CTL, ON | 4U << 24 | 1, -EOPNOTSUPP }, /* 90 degrees */
	{ CTL, ON | 4U << 24 | 2, -EOPNOTSUPP },
	{ CTL, ON | 4U << 24 | 1 << 15, -EOPNOTSUPP },
	{ CTL, ON | 4U << 24 | 2 << 10, -EOPNOTSUPP },
	{ CTL, ON | 4U << 24 | 7 << 10, -EOPNOTSUPP },
	{ CTL, ON | 12U << 24, -EOPNOTSUPP }, /* a palette */
	{ CTL, ON | 1U << 24, -EOPNOTSUPP },
	{ CTL, ON | 14U << 24 | 1 << 20, -EOPNOTSUPP },
	{ STRIDE, 0, -EINVAL },
	{ STRIDE, 9, -EINVAL }, /* 576 bytes for 600 */
	{ SIZE, 0xffffffff, -EINVAL },
	{ SIZE, 0x0fff0000, 0 },
	{ SURF, 0xfffff000, -EFAULT },
	{ SURF, 0, -EFAULT },
	{ OFFSET, 0xffffffff, -EINVAL },
	{ OFFSET, 0x1fff0000, 0 },
};

/* Each register alone says something that cannot be; the last ones are large, and can. */
START_TEST(lying_registers)
{
	struct gvt_plane p, before;
	struct rig r;
	int ret;

	rig_open(&r);
	program(&r, 0, &cases[0]);
	rig_reg_set(&r, PLANE(0, lies[_i].reg), lies[_i].value);
	if (lies[_i].reg != SURF)
		rig_reg_set(&r, PLANE(0, SURF), (u32)r.v->low.start);
	memset(&p, 0x5a, sizeof(p));
	before = p;
	ret = gvt_plane_get(r.vgpu, &p);
	if (lies[_i].reg == SURF && !lies[_i].value && !r.v->low.start)
		ck_assert_int_eq(ret, 0);
	else
		ck_assert_msg(ret == lies[_i].err, "%d: %s", ret, mpt_last_error());
	if (ret)
		ck_assert_mem_eq(&p, &before, sizeof(p));
	rig_close(&r);
}
END_TEST

/* The end of the share counts, to the page: for each tiling. */
START_TEST(end_of_share)
{
	static const u8 which[] = { 0, 5, 7 };
	const struct plane_case *c = &cases[which[_i]];
	u64 last = model(c->tiling, c->stride_bytes, 4 * WIDTH - 1, HEIGHT - 1), fits;
	u32 pixel[WIDTH];
	struct gvt_plane p;
	struct rig r;

	rig_open(&r);
	program(&r, 0, c);
	fits = r.v->low.start + r.v->low.size - (last / 4096 + 1) * 4096;
	rig_reg_set(&r, PLANE(0, SURF), (u32)fits);
	rig_ok(gvt_plane_get(r.vgpu, &p));
	rig_ok(gvt_plane_row(r.vgpu, &p, HEIGHT - 1, pixel));
	rig_reg_set(&r, PLANE(0, SURF), (u32)fits + 4096);
	ck_assert_int_eq(gvt_plane_get(r.vgpu, &p), -EFAULT);
	/* Who reads all the same sees nothing of others. */
	p.addr += 4096;
	rig_ok(gvt_plane_row(r.vgpu, &p, HEIGHT - 1, pixel));
	ck_assert_uint_eq(pixel[WIDTH - 1], 0);
	rig_close(&r);
}
END_TEST

/* A description is the caller's: whatever it says. */
START_TEST(made_up)
{
	const struct gvt_plane good = {
		true, 0, 2, 2, FOURCC("XR24"), GVT_PLANE_LINEAR, 64, 0, 0, 0
	};
	struct gvt_plane p[] = { good, good, good, good, good, good, good, good };
	u32 pixel[2];
	struct rig r;
	size_t i;

	p[0].width = 0;
	p[1].width = GVT_PLANE_MAX + 1;
	p[2].height = 0xffffffff;
	p[3].format = FOURCC("NV12");
	p[4].stride = 0xffffffc0;
	p[5].addr = ~0ULL;
	p[6].x = 0xffffffff;
	p[7].tiling = (enum gvt_plane_tiling)77;
	rig_open(&r);
	rig_ok(gvt_plane_row(r.vgpu, &good, 1, pixel));
	ck_assert_int_eq(gvt_plane_row(r.vgpu, &good, 2, pixel), -EINVAL);
	for (i = 0; i < N(p); i++)
		ck_assert_int_eq(gvt_plane_row(r.vgpu, &p[i], 0, pixel), -EINVAL);
	p[0] = good;
	p[0].tiling = GVT_PLANE_YF;
	p[0].stride = 128;
	ck_assert_int_eq(gvt_plane_row(r.vgpu, &p[0], 0, pixel), -EOPNOTSUPP);
	rig_close(&r);
}
END_TEST

static Suite *plane_suite(void)
{
	Suite *s = suite_create("gvt-plane");
	TCase *shown = tcase_create("shown"), *hostile = tcase_create("hostile");

	tcase_add_loop_test(shown, pixels, 0, N(cases));
	tcase_add_loop_test(shown, broadwell, 0, 2);
	tcase_add_test(shown, nothing_is_shown);
	tcase_add_test(shown, not_mapped);
	suite_add_tcase(s, shown);
	tcase_add_loop_test(hostile, lying_registers, 0, N(lies));
	tcase_add_loop_test(hostile, end_of_share, 0, 3);
	tcase_add_test(hostile, made_up);
	suite_add_tcase(s, hostile);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { plane_suite };

	return mpt_test_main("gvt-plane", suites, N(suites));
}
