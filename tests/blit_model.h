/* SPDX-License-Identifier: MIT */
/*
 * The blitter's commands, and a model that draws them pixel by pixel, for the suites that compare
 * with it. No test.
 */
#ifndef MPT_TESTS_BLIT_MODEL_H
#define MPT_TESTS_BLIT_MODEL_H

#include <string.h>

#include "gvt/blit.h"
#include "lib/runner.h"

/* For loops over bytes: libcheck writes to a pipe for each assertion of its own. */
#define expect(cond, ...)                          \
	do {                                       \
		if (!(cond))                       \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

static u32 seed;

static inline u32 rnd(u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (u32)(((u64)seed * below) >> 32);
}

/* --- commands --- */

enum kind {
	COLOR,
	SRC_COPY,
	FAST_COPY
};
enum walk {
	LIN,
	X,
	Y
};

struct op {
	enum kind kind;
	enum walk src_walk, dst_walk;
	u32 cpp, rop, write;				  /* write: bit 0 RGB, bit 1 alpha */
	int x1, y1, x2, y2, sx, sy, src_pitch, dst_pitch; /* pitches in bytes */
	u64 src, dst;
	u32 color;
};

static inline u32 xy(int x, int y)
{
	return (u32)(u16)y << 16 | (u16)x;
}

static inline u32 pitch_field(int pitch, enum walk walk)
{
	return (u16)(walk == LIN ? pitch : pitch / 4);
}

static inline u32 fast_depth(u32 cpp)
{
	return cpp == 1 ? 0 : cpp == 2 ? 1 : cpp == 4 ? 3 : cpp == 8 ? 4 : 5;
}

static inline u32 encode(const struct op *o, u32 dw[10])
{
	u32 depth = o->cpp == 1 ? 0 : o->cpp == 2 ? 1 : 3;

	memset(dw, 0, 40);
	dw[1] = depth << 24 | o->rop << 16 | pitch_field(o->dst_pitch, o->dst_walk);
	dw[2] = xy(o->x1, o->y1);
	dw[3] = xy(o->x2, o->y2);
	dw[4] = (u32)o->dst;
	dw[5] = (u32)(o->dst >> 32);
	dw[6] = o->kind == COLOR ? o->color : xy(o->sx, o->sy);
	dw[7] = pitch_field(o->src_pitch, o->src_walk);
	dw[8] = (u32)o->src;
	dw[9] = (u32)(o->src >> 32);
	if (o->kind == FAST_COPY) {
		dw[0] = 0x50800008 | o->src_walk << 20 | o->dst_walk << 13;
		dw[1] = fast_depth(o->cpp) << 24 | (dw[1] & 0xffff);
		return 10;
	}
	dw[0] = (o->kind == COLOR ? 0x54000005 : 0x54c00008) | o->write << 20 |
		(o->dst_walk ? 1U << 11 : 0);
	if (o->kind == SRC_COPY && o->src_walk)
		dw[0] |= 1U << 15;
	return o->kind == COLOR ? 7 : 10;
}

/* An X tile with BCS_SWCTRL's bit set would be a Y tile: bits for linear operands mean nothing. */
static inline u32 swctrl_of(const struct op *o)
{
	if (o->kind == FAST_COPY)
		return rnd(4);
	return (o->src_walk == Y || (o->src_walk == LIN && rnd(2)) ? 1 : 0) |
	       (o->dst_walk == Y || (o->dst_walk == LIN && rnd(2)) ? 2 : 0);
}

static inline bool start(struct gvt_blit *b, const struct op *o)
{
	u32 dw[10], n = encode(o, dw);

	return gvt_blit_start(b, dw, n, swctrl_of(o));
}

/* --- the model --- */

static inline u64 place(u64 base, enum walk walk, int pitch, int byte, int y)
{
	int w = walk == X ? 512 : 128, h = walk == X ? 8 : 32;
	u64 tile;

	if (walk == LIN)
		return base + (u64)((long long)y * pitch + byte);
	tile = base + (u64)(y / h * (pitch / w) + byte / w) * 4096;
	if (walk == X)
		return tile + (u64)(y % 8 * 512 + byte % 512);
	return tile + (u64)(byte % 128 / 16 * 512 + y % 32 * 16 + byte % 16);
}

static inline u8 rop_byte(u32 rop, u8 p, u8 s, u8 d)
{
	u8 result = 0;
	int i;

	for (i = 0; i < 8; i++) {
		if (rop >> ((p >> i & 1) << 2 | (s >> i & 1) << 1 | (d >> i & 1)) & 1)
			result |= (u8)(1 << i);
	}
	return result;
}

static inline void model_pixel(u8 *m, const struct op *o, int col, int row)
{
	u8 s[16] = { 0 }, *d;
	u32 i, rop = o->kind == FAST_COPY ? 0xcc : o->rop;

	for (i = 0; i < o->cpp && o->kind != COLOR; i++)
		s[i] = m[place(o->src, o->src_walk, o->src_pitch,
			       (o->sx + col) * (int)o->cpp + (int)i, o->sy + row)];
	for (i = 0; i < o->cpp; i++) {
		if (o->kind != FAST_COPY && o->cpp == 4 && !(o->write & (i == 3 ? 2 : 1)))
			continue;
		d = &m[place(o->dst, o->dst_walk, o->dst_pitch,
			     (o->x1 + col) * (int)o->cpp + (int)i, o->y1 + row)];
		*d = rop_byte(rop, o->kind == COLOR ? (u8)(o->color >> 8 * i) : 0, s[i], *d);
	}
}

/* Backwards where a copy inside one surface would otherwise read what it has written. */
static inline void model(u8 *m, const struct op *o)
{
	int w = o->x2 - o->x1, h = o->y2 - o->y1, i, k;
	bool same = o->kind == SRC_COPY && o->src == o->dst;
	bool left = same && o->sx < o->x1, up = same && o->sy < o->y1;

	for (k = 0; k < h; k++) {
		for (i = 0; i < w; i++)
			model_pixel(m, o, left ? w - 1 - i : i, up ? h - 1 - k : k);
	}
}

#endif
