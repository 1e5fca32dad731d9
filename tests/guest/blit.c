/* SPDX-License-Identifier: MIT */
/*
 * The blitter: fills and copies of rectangles between surfaces that are linear, X and Y tiled, each
 * compared byte by byte with a model of its own. Commands: Skylake PRM vol. 2a; tiles: vol. 5;
 * BCS_SWCTRL: Linux 6.1 gt/selftest_migrate and gem selftests; from memory.
 */
#include "guest_priv.h"

#define PITCH 1024U
#define ROWS 64U
#define PAGES (G_BLIT_BYTES / G_PAGE)
#define VA_SRC G_VA_BLIT
#define VA_DST (G_VA_BLIT + G_BLIT_BYTES)

#define BLT(op, dwords) (2U << 29 | (u32)(op) << 22 | ((dwords) - 2))
#define WRITE_RGBA (3U << 20)
#define DEPTH_32 (3U << 24)
#define ROP_PATTERN (0xf0U << 16)
#define ROP_SOURCE (0xccU << 16)
#define SRC_TILED (1U << 15)
#define DST_TILED (1U << 11)
#define SWCTRL 0x22200
#define SWCTRL_SRC_Y 1U
#define SWCTRL_DST_Y 2U

enum tiling { LINEAR, X, Y };
enum command { FILL, COPY, FAST };

/* Pixels. Fast copies want 16 bytes as a unit. */
struct rect {
	u32 x, y, to_x, to_y, w, h;
};

static const struct blit {
	const char *name;
	enum command command;
	enum tiling src, dst;
	struct rect r;
} blits[] = {
	{ "fill, linear", FILL, LINEAR, LINEAR, { 0, 0, 5, 3, 101, 37 } },
	{ "fill, X tiled", FILL, LINEAR, X, { 0, 0, 97, 5, 63, 21 } },
	{ "fill, Y tiled", FILL, LINEAR, Y, { 0, 0, 29, 30, 41, 9 } },
	{ "copy, linear", COPY, LINEAR, LINEAR, { 3, 1, 17, 9, 77, 50 } },
	{ "copy, linear to X", COPY, LINEAR, X, { 1, 2, 120, 3, 19, 60 } },
	{ "copy, Y to linear", COPY, Y, LINEAR, { 30, 30, 7, 0, 36, 34 } },
	{ "copy, X to Y", COPY, X, Y, { 100, 6, 60, 20, 140, 40 } },
	{ "fast copy, linear", FAST, LINEAR, LINEAR, { 4, 3, 8, 5, 100, 55 } },
	{ "fast copy, X to linear", FAST, X, LINEAR, { 112, 1, 16, 2, 32, 61 } },
	{ "fast copy, linear to Y", FAST, LINEAR, Y, { 8, 0, 28, 29, 72, 33 } },
	{ "fast copy, Y to X", FAST, Y, X, { 24, 24, 124, 4, 80, 36 } },
};

/* --- the model --- */

/* Where byte @x of row @y is. */
static u32 place(enum tiling t, u32 x, u32 y)
{
	switch (t) {
	case X:
		return (y / 8 * (PITCH / 512) + x / 512) * 4096 + y % 8 * 512 + x % 512;
	case Y:
		return (y / 32 * (PITCH / 128) + x / 128) * 4096 + x % 128 / 16 * 512 +
		       y % 32 * 16 + x % 16;
	case LINEAR:
		break;
	}
	return y * PITCH + x;
}

static void model(struct guest *g, const struct blit *b, u32 colour)
{
	u32 x, y;

	for (y = 0; y < b->r.h; y++) {
		for (x = 0; x < 4 * b->r.w; x++) {
			u32 to = place(b->dst, 4 * b->r.to_x + x, b->r.to_y + y);
			u32 from = place(b->src, 4 * b->r.x + x, b->r.y + y);

			g->blit_want[to] = b->command == FILL ? (u8)(colour >> 8 * (x % 4))
							      : g->blit_src[from];
		}
	}
}

/* --- the commands --- */

static u32 pitch(enum tiling t)
{
	return t == LINEAR ? PITCH : PITCH / 4;
}

static void target(struct guest_cs *cs, const struct blit *b, u32 br13)
{
	guest_cs_put(cs, br13 | pitch(b->dst));
	guest_cs_put(cs, b->r.to_y << 16 | b->r.to_x);
	guest_cs_put(cs, (b->r.to_y + b->r.h) << 16 | (b->r.to_x + b->r.w));
	guest_cs_addr(cs, VA_DST);
}

static void source(struct guest_cs *cs, const struct blit *b)
{
	guest_cs_put(cs, b->r.y << 16 | b->r.x);
	guest_cs_put(cs, pitch(b->src));
	guest_cs_addr(cs, VA_SRC);
}

static void emit_fast(struct guest_cs *cs, const struct blit *b)
{
	guest_cs_put(cs, BLT(0x42, 10) | (u32)b->src << 20 | (u32)b->dst << 13);
	target(cs, b, DEPTH_32);
	source(cs, b);
}

static void emit_older(struct guest_cs *cs, const struct blit *b, u32 colour)
{
	u32 swctrl = (b->src == Y ? SWCTRL_SRC_Y : 0) | (b->dst == Y ? SWCTRL_DST_Y : 0);
	u32 tiled = (b->src != LINEAR ? SRC_TILED : 0) | (b->dst != LINEAR ? DST_TILED : 0);

	guest_cs_lri(cs, SWCTRL, (SWCTRL_SRC_Y | SWCTRL_DST_Y) << 16 | swctrl);
	if (b->command == FILL) {
		guest_cs_put(cs, BLT(0x50, 7) | WRITE_RGBA | tiled);
		target(cs, b, DEPTH_32 | ROP_PATTERN);
		guest_cs_put(cs, colour);
	} else {
		guest_cs_put(cs, BLT(0x53, 10) | WRITE_RGBA | tiled);
		target(cs, b, DEPTH_32 | ROP_SOURCE);
		source(cs, b);
	}
	guest_cs_lri(cs, SWCTRL, G_OFF(SWCTRL_SRC_Y | SWCTRL_DST_Y));
}

/* --- the step --- */

static void upload(struct guest *g, const u64 *pages, const u8 *bytes)
{
	u32 i;

	for (i = 0; i < PAGES; i++)
		guest_ram_write(g, pages[i], bytes + (size_t)i * G_PAGE, G_PAGE);
}

static void compare(struct guest *g, const struct blit *b, const u64 *pages)
{
	u8 seen[G_PAGE];
	u32 i, n;

	for (i = 0; i < PAGES && !g->failed; i++) {
		guest_ram_read(g, pages[i], seen, G_PAGE);
		if (!memcmp(seen, g->blit_want + (size_t)i * G_PAGE, G_PAGE))
			continue;
		for (n = 0; n < G_PAGE; n++)
			guest_expect(g, seen[n], g->blit_want[i * G_PAGE + n], "%s: byte 0x%x",
				     b->name, i * G_PAGE + n);
	}
}

static void blit(struct guest *g, const struct blit *b, const u64 *src, const u64 *dst, u32 seed)
{
	u32 colour = 0x89abcdefU + seed * 0x01010203U, i;

	for (i = 0; i < G_BLIT_BYTES; i++) {
		g->blit_src[i] = (u8)(i * 7 + i / 256 + seed);
		g->blit_want[i] = (u8)(0x80 ^ (i * 3) ^ seed);
	}
	upload(g, src, g->blit_src);
	upload(g, dst, g->blit_want);
	model(g, b, colour);
	guest_cs_begin(&g->cs);
	if (b->command == FAST)
		emit_fast(&g->cs, b);
	else
		emit_older(&g->cs, b, colour);
	guest_exec(g, g->work[G_BCS], &g->cs);
	compare(g, b, dst);
}

void guest_step_blits(struct guest *g)
{
	u64 src[PAGES], dst[PAGES];
	u32 i;

	/* Neighbours in the address space are none in memory. */
	for (i = 0; i < PAGES; i++) {
		src[i] = guest_alloc(g, 1, 1);
		dst[i] = guest_alloc(g, 1, 1);
		guest_vm_map(g, &g->vm[0], VA_SRC + (u64)i * G_PAGE, src[i], 1);
		guest_vm_map(g, &g->vm[0], VA_DST + (u64)i * G_PAGE, dst[i], 1);
	}
	for (i = 0; i < G_ARRAY(blits) && !g->failed; i++)
		blit(g, &blits[i], src, dst, i);
}
