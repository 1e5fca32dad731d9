/* SPDX-License-Identifier: MIT */
/*
 * The EDID of the virtual monitor: one block that says the size of the vGPU's type. Layout: VESA
 * EDID 1.3; the timing: VESA CVT 1.1, reduced blanking.
 */
#include "internal.h"

#define HZ 60U

/* What the fields of a detailed timing hold: 12 bits of pixels or lines, 16 of 10 kHz. */
#define SIZE_MAX_EDID 4095U
#define CLOCK_MAX 65535U

/* CVT 1.1, reduced blanking: 0.25 MHz steps, here in 10 kHz; pixels; microseconds; lines. */
#define RB_CLOCK_STEP 25U
#define RB_H_FRONT 48U
#define RB_H_SYNC 32U
#define RB_H_BLANK 160U
#define RB_V_BLANK_US 460U
#define RB_V_FRONT 3U
#define RB_V_BACK_MIN 6U
#define RB_V_SYNC_OTHER 10U

#define DETAILED_AT 54
#define DESCRIPTOR_SIZE 18
#define DIGITAL_SEPARATE_H_POSITIVE 0x1a /* CVT: reduced blanking is +H -V */

#define DUMMY_DESCRIPTOR 0x10
#define NAME_DESCRIPTOR 0xfc
#define RANGE_DESCRIPTOR 0xfd

struct timing {
	u32 width, height, h_blank, v_blank, v_sync; /* pixels and lines */
	u32 clock; /* 10 kHz */
};

/* The vertical sync tells a CVT timing's aspect ratio. */
static const struct {
	u32 x, y, lines;
} v_sync_rows[] = {
	{ 4, 3, 4 }, { 16, 9, 5 }, { 16, 10, 6 }, { 5, 4, 7 }, { 15, 9, 7 },
};

/* Of the established timings only those of 60 Hz, as the range limits say. */
static const struct {
	u32 width, height;
	u8 at, bit;
} established_rows[] = {
	{ 640, 480, 35, 1U << 5 }, { 800, 600, 35, 1U << 0 }, { 1024, 768, 36, 1U << 3 },
};

/* What is the same for each size. The colours are those of sRGB (IEC 61966-2-1), in 1/1024. */
static const struct {
	u8 at, len;
	u8 bytes[16];
} fixed_rows[] = {
	{ 0, 8, { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 } },
	/* manufacturer "MPT", 5 bits a letter, A is 1; product 1; no serial number */
	{ 8, 4, { 0x36, 0x14, 0x01, 0x00 } },
	{ 17, 3, { 2024 - 1990, 1, 3 } }, /* year of the model, EDID 1.3 */
	{ 20, 1, { 0x80 } }, /* digital */
	{ 23, 2, { 120, 0x0e } }, /* gamma 2.2; RGB, sRGB, the first timing is preferred */
	{ 25, 10, { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 } },
	{ 38, 16, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } }, /* no standard timing */
};

static u32 clamp(u32 value, u32 low, u32 high)
{
	return value < low ? low : value > high ? high : value;
}

static u32 v_sync_lines(u32 width, u32 height)
{
	size_t i;

	for (i = 0; i < sizeof(v_sync_rows) / sizeof(v_sync_rows[0]); i++)
		if (width * v_sync_rows[i].y == height * v_sync_rows[i].x)
			return v_sync_rows[i].lines;
	return RB_V_SYNC_OTHER;
}

/*
 * As CVT computes it, which would round the width down to whole cells of 8; the type's size is
 * kept instead. A size too large for the clock's field is shown more slowly.
 */
static void timing_make(struct timing *t, u32 width, u32 height)
{
	u32 blank, least, active_us = 1000000 - RB_V_BLANK_US * HZ; /* of a second */
	u64 hz;

	t->width = clamp(width, 1, SIZE_MAX_EDID);
	t->height = clamp(height, 1, SIZE_MAX_EDID);
	t->h_blank = RB_H_BLANK;
	t->v_sync = v_sync_lines(t->width, t->height);
	/* A line takes active_us / HZ / height; so many of them fill the blanking time. */
	blank = RB_V_BLANK_US * HZ * t->height / active_us + 1;
	least = RB_V_FRONT + t->v_sync + RB_V_BACK_MIN;
	t->v_blank = blank < least ? least : blank;
	hz = (u64)(t->width + t->h_blank) * (t->height + t->v_blank) * HZ;
	t->clock = (u32)(hz / (RB_CLOCK_STEP * 10000)) * RB_CLOCK_STEP;
	t->clock = clamp(t->clock, RB_CLOCK_STEP, CLOCK_MAX);
}

/* So large a picture at 96 pixels an inch. */
static u32 millimetres(u32 pixels)
{
	return pixels * 254 / 960;
}

static void put_pair(u8 *low_a, u8 *low_b, u8 *high, u32 a, u32 b)
{
	*low_a = (u8)a;
	*low_b = (u8)b;
	*high = (u8)((a >> 8 & 15) << 4 | (b >> 8 & 15));
}

static void put_timing(u8 *d, const struct timing *t)
{
	d[0] = (u8)t->clock;
	d[1] = (u8)(t->clock >> 8);
	put_pair(&d[2], &d[3], &d[4], t->width, t->h_blank);
	put_pair(&d[5], &d[6], &d[7], t->height, t->v_blank);
	/* The bits of these above their low ones, in d[11], are 0: none is that long. */
	d[8] = RB_H_FRONT;
	d[9] = RB_H_SYNC;
	d[10] = (u8)(RB_V_FRONT << 4 | t->v_sync);
	put_pair(&d[12], &d[13], &d[14], millimetres(t->width), millimetres(t->height));
	d[17] = DIGITAL_SEPARATE_H_POSITIVE;
}

/* Text from @at, shorter than its room, which a newline and blanks fill. */
static void put_text(u8 *d, u8 kind, u32 at, const char *text)
{
	size_t len = strlen(text);

	d[3] = kind;
	memset(d + at, ' ', DESCRIPTOR_SIZE - at);
	memcpy(d + at, text, len);
	d[at + len] = '\n';
}

/*
 * Wide enough for the preferred timing and the established ones (59.9 to 60.3 Hz, 31.5 kHz up).
 * Byte 10, no secondary timing formula, stays 0; the rest is blank.
 */
static void put_range(u8 *d, const struct timing *t)
{
	u32 line = t->width + t->h_blank, khz = t->clock * 10 / line;
	u32 hz = t->clock * 10000ULL / line / (t->height + t->v_blank);

	put_text(d, RANGE_DESCRIPTOR, 11, "");
	d[5] = (u8)clamp(hz, 1, HZ - 1);
	d[6] = (u8)clamp(hz + 1, HZ + 1, 255);
	d[7] = (u8)clamp(khz, 1, 31);
	d[8] = (u8)clamp(khz + 1, 49, 255);
	d[9] = (u8)clamp((t->clock + 999) / 1000, 7, 255); /* 10 MHz */
}

static void put_established(u8 *edid, const struct timing *t)
{
	size_t i;

	for (i = 0; i < sizeof(established_rows) / sizeof(established_rows[0]); i++)
		if (established_rows[i].width <= t->width &&
		    established_rows[i].height <= t->height)
			edid[established_rows[i].at] |= established_rows[i].bit;
}

/* All bytes of a block add up to 0. */
static u8 checksum(const u8 *edid)
{
	u32 sum = 0, i;

	for (i = 0; i < GVT_EDID_SIZE - 1; i++)
		sum += edid[i];
	return (u8)(0 - sum);
}

void gvt_edid_build(u8 edid[GVT_EDID_SIZE], u32 width, u32 height)
{
	u8 *d = edid + DETAILED_AT;
	struct timing t;
	size_t i;

	timing_make(&t, width, height);
	memset(edid, 0, GVT_EDID_SIZE);
	for (i = 0; i < sizeof(fixed_rows) / sizeof(fixed_rows[0]); i++)
		memcpy(edid + fixed_rows[i].at, fixed_rows[i].bytes, fixed_rows[i].len);
	edid[21] = (u8)(millimetres(t.width) / 10);
	edid[22] = (u8)(millimetres(t.height) / 10);
	put_established(edid, &t);
	put_timing(d, &t);
	put_range(d + DESCRIPTOR_SIZE, &t);
	put_text(d + 2 * DESCRIPTOR_SIZE, NAME_DESCRIPTOR, 5, "libmpt");
	d[3 * DESCRIPTOR_SIZE + 3] = DUMMY_DESCRIPTOR;
	edid[GVT_EDID_SIZE - 1] = checksum(edid);
}
