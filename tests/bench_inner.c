/* SPDX-License-Identifier: MIT */
/* Speed gates of what the libraries hide: the blitter alone here. For make bench; no test. */
#include <string.h>

#include "bench/bench.h"
#include "gvt/blit.h"

/* --- the blitter: a frame of 1024 x 768 pixels of 32 bits --- */

#define WIDTH 1024U
#define HEIGHT 768U
#define PITCH (4 * WIDTH)
#define FRAME (PITCH * HEIGHT)
#define OP_SRC_COPY (2U << 29 | 0x53U << 22 | 3U << 20 | 8)
#define DST_TILED (1U << 11)
#define COPY_32 (3U << 24 | 0xccU << 16)

/* Source and destination, at other places of their pages. */
static u8 frames[2 * FRAME + 4096];
#define DST (FRAME + 4096 - 64)

static int frames_setup(void)
{
	memset(frames, 0x5a, sizeof(frames));
	return 0;
}

static void frame_copy(unsigned long n)
{
	unsigned int y;

	while (n--)
		for (y = 0; y < HEIGHT; y++)
			memcpy(frames + DST + y * PITCH, frames + y * PITCH, PITCH);
	bench_use(frames);
}

static bool mem_read(void *arg, u64 addr, void *buf, u32 len)
{
	(void)arg;
	memcpy(buf, frames + addr, len);
	return true;
}

static bool mem_write(void *arg, u64 addr, const void *buf, u32 len)
{
	(void)arg;
	memcpy(frames + addr, buf, len);
	return true;
}

static void blit(unsigned long n, u32 tiled, u32 swctrl, u32 dst_pitch, u32 dst)
{
	const struct gvt_blit_mem mem = { NULL, mem_read, mem_write };
	const u32 dw[10] = { OP_SRC_COPY | tiled, COPY_32 | dst_pitch, 0,     HEIGHT << 16 | WIDTH,
			     dst,		  0,		       0,     PITCH,
			     0,			  0 };
	struct gvt_blit b;

	while (n--) {
		u64 budget = ~0ULL;

		if (!gvt_blit_start(&b, dw, 10, swctrl))
			abort();
		gvt_blit_step(&b, &mem, &budget);
	}
}

static void blit_linear(unsigned long n)
{
	blit(n, 0, 0, PITCH, DST);
}

/* A pitch of dwords, a base that is a page. */
static void blit_x(unsigned long n)
{
	blit(n, DST_TILED, 0, PITCH / 4, FRAME);
}

static void blit_y(unsigned long n)
{
	blit(n, DST_TILED, GVT_BLIT_DST_Y, PITCH / 4, FRAME);
}

static const struct bench_row rows_inner[] = {
	{ .name = "memcpy of a frame", .fn = frame_copy, .setup = frames_setup, .slow = true,
	  .warm = true },
	{ .name = "blitter, a frame", .fn = blit_linear, .yard = "memcpy of a frame", .factor = 2,
	  .slow = true, .warm = true },
	{ .name = "blitter, a frame to X tiles", .fn = blit_x, .yard = "memcpy of a frame",
	  .factor = 2, .slow = true, .warm = true },
	{ .name = "blitter, a frame to Y tiles", .fn = blit_y, .yard = "memcpy of a frame",
	  .factor = 2, .slow = true, .warm = true },
};
static const size_t num_rows_inner = sizeof(rows_inner) / sizeof(rows_inner[0]);

const struct bench_set bench_sets[] = {
	{ rows_yard, &num_rows_yard },
	{ rows_inner, &num_rows_inner },
	{ rows_blit, &num_rows_blit },
	{ rows_ppgtt, &num_rows_ppgtt },
	{ NULL, NULL },
};
