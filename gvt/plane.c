/* SPDX-License-Identifier: MIT */
/*
 * The guest's first plane as its registers describe it, and its pixels. The display reads by the
 * GGTT and knows the tiling from the plane: fences are for the CPU and have no say here.
 *
 * Registers: Skylake PRM vol. 2c, PLANE_CTL and its neighbours; Broadwell PRM vol. 2c, PRI_CTL.
 */
#include <gvt/display.h>

#include "platform.h"
#include "tiling.h"

#define PLANE(pipe, reg) (0x70180U + 0x1000 * (pipe) + (reg))
#define CTL 0x00
#define STRIDE 0x08
#define SIZE 0x10
#define SURF 0x1c
#define OFFSET 0x24
#define PIPESRC(pipe) (0x6001cU + 0x1000 * (pipe))

#define CTL_ENABLE (1U << 31)
#define SURF_ADDR 0xfffff000U
/* Of both generations: rows above columns. */
#define HIGH(value, mask) ((value) >> 16 & (mask))
#define LOW(value, mask) ((value) & (mask))

#define GEN9_FORMAT(ctl) ((ctl) >> 24 & 0xf)
#define GEN9_RGBX (1U << 20)
#define GEN9_COMPRESSED (1U << 15)
#define GEN9_TILING(ctl) ((ctl) >> 10 & 7)
#define GEN9_ROTATION(ctl) ((ctl)&3)
#define GEN9_STRIDE 0x3ffU

#define GEN8_FORMAT(ctl) ((ctl) >> 26 & 0xf)
#define GEN8_ROTATED (1U << 15)
#define GEN8_TILED (1U << 10)
#define GEN8_STRIDE 0xffc0U

/* drm_fourcc.h */
#define FOURCC(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
#define XRGB8888 FOURCC('X', 'R', '2', '4')
#define XBGR8888 FOURCC('X', 'B', '2', '4')
#define RGB565 FOURCC('R', 'G', '1', '6')
#define XRGB2101010 FOURCC('X', 'R', '3', '0')
#define XBGR2101010 FOURCC('X', 'B', '3', '0')

#define STRIDE_MAX (1U << 20)

/* What the registers' fields mean; 0: not here. */
static const u32 gen9_formats[16][2] = {
	[0x2] = { XRGB2101010, XBGR2101010 },
	[0x4] = { XRGB8888, XBGR8888 },
	[0xe] = { RGB565, 0 },
};

static const u32 gen8_formats[16] = {
	[0x5] = RGB565,	     [0x6] = XRGB8888, [0x8] = XBGR2101010,
	[0xa] = XRGB2101010, [0xe] = XBGR8888,
};

/* Stride units, by gvt_plane_tiling; of Yf for pixels of 2 and 4 bytes. */
static const u16 gen9_units[4] = { 64, 512, 128, 128 };

/* 0: unknown. */
static u32 pixel_bytes(u32 format)
{
	switch (format) {
	case RGB565:
		return 2;
	case XRGB8888:
	case XBGR8888:
	case XRGB2101010:
	case XBGR2101010:
		return 4;
	default:
		return 0;
	}
}

/* --- description --- */

static int refuse(const struct gvt_vgpu *v, const char *what, u32 ctl)
{
	return mpt_fail(-EOPNOTSUPP, "gvt", "vGPU %d: the plane is %s (control 0x%x)", v->base.id,
			what, ctl);
}

static int gen9_decode(const struct gvt_vgpu *v, u32 pipe, struct gvt_plane *p)
{
	u32 ctl = gvt_vreg(v, PLANE(pipe, CTL)), size = gvt_vreg(v, PLANE(pipe, SIZE));
	static const u8 tilings[8] = { GVT_PLANE_LINEAR, GVT_PLANE_X,  0, 0,
				       GVT_PLANE_Y,	 GVT_PLANE_YF, 0, 0 };
	u32 tiling = GEN9_TILING(ctl);

	p->tiling = (enum gvt_plane_tiling)tilings[tiling];
	p->format = gen9_formats[GEN9_FORMAT(ctl)][ctl & GEN9_RGBX ? 1 : 0];
	p->width = LOW(size, 0x1fff) + 1;
	p->height = HIGH(size, 0xfff) + 1;
	p->stride = (gvt_vreg(v, PLANE(pipe, STRIDE)) & GEN9_STRIDE) * gen9_units[p->tiling];
	if (GEN9_ROTATION(ctl))
		return refuse(v, "rotated", ctl);
	if (ctl & GEN9_COMPRESSED)
		return refuse(v, "compressed", ctl);
	if (tiling && !p->tiling)
		return refuse(v, "of an unknown tiling", ctl);
	return p->format ? 0 : refuse(v, "of a format that is not read", ctl);
}

static int gen8_decode(const struct gvt_vgpu *v, u32 pipe, struct gvt_plane *p)
{
	u32 ctl = gvt_vreg(v, PLANE(pipe, CTL)), size = gvt_vreg(v, PIPESRC(pipe));

	p->tiling = ctl & GEN8_TILED ? GVT_PLANE_X : GVT_PLANE_LINEAR;
	p->format = gen8_formats[GEN8_FORMAT(ctl)];
	/* Here the columns are above. */
	p->width = HIGH(size, 0xfff) + 1;
	p->height = LOW(size, 0xfff) + 1;
	p->stride = gvt_vreg(v, PLANE(pipe, STRIDE)) & GEN8_STRIDE;
	if (ctl & GEN8_ROTATED)
		return refuse(v, "rotated", ctl);
	return p->format ? 0 : refuse(v, "of a format that is not read", ctl);
}

static const struct gvt_tile *tile_of(const struct gvt_plane *p)
{
	/* Of Yf the outer form is Y's for the pixels that are known here. */
	return &gvt_tiles[p->tiling == GVT_PLANE_X ? GVT_TILE_X : GVT_TILE_Y];
}

/* Also a plane that a caller has made up: nothing of it overflows what follows. */
static bool sane(const struct gvt_plane *p)
{
	u64 row = (u64)(p->x + p->width) * pixel_bytes(p->format);

	if (!p->width || p->width > GVT_PLANE_MAX || !p->height || p->height > GVT_PLANE_MAX ||
	    p->x >= GVT_PLANE_MAX || p->y >= GVT_PLANE_MAX || p->addr >= GVT_GM_SIZE)
		return false;
	if (!row || row > p->stride || p->stride > STRIDE_MAX || p->tiling > GVT_PLANE_YF)
		return false;
	return p->tiling == GVT_PLANE_LINEAR || !(p->stride & ((1U << tile_of(p)->width) - 1));
}

/* Bytes from the surface's begin to behind the plane's last one. */
static u64 surface_size(const struct gvt_plane *p)
{
	u64 rows = p->y + p->height, end = (p->x + p->width) * pixel_bytes(p->format);
	const struct gvt_tile *tile = tile_of(p);

	if (p->tiling == GVT_PLANE_LINEAR)
		return (rows - 1) * p->stride + end;
	return (((rows - 1) >> tile->height) * (p->stride >> tile->width) +
		((end - 1) >> tile->width) + 1) *
	       GVT_TILE_SIZE;
}

static int check(const struct gvt_vgpu *v, const struct gvt_plane *p)
{
	if (!sane(p))
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: a plane of %u x %u pixels from %u, %u with rows of "
				"%u bytes",
				v->base.id, p->width, p->height, p->x, p->y, p->stride);
	if (!gvt_ggtt_validate(v, p->addr, surface_size(p)))
		return mpt_fail(-EFAULT, "gvt",
				"vGPU %d: a plane of %u x %u pixels at 0x%llx is not in its share",
				v->base.id, p->width, p->height, (unsigned long long)p->addr);
	return 0;
}

static int describe(const struct gvt_vgpu *v, u32 pipe, struct gvt_plane *p)
{
	u32 offset = gvt_vreg(v, PLANE(pipe, OFFSET));
	int ret;

	p->enabled = true;
	p->pipe = pipe;
	p->addr = gvt_vreg(v, PLANE(pipe, SURF)) & SURF_ADDR;
	p->x = LOW(offset, 0x1fff);
	p->y = HIGH(offset, 0x1fff);
	if (v->gvt->platform->universal_planes)
		ret = gen9_decode(v, pipe, p);
	else
		ret = gen8_decode(v, pipe, p);
	return ret ? ret : check(v, p);
}

int gvt_plane_get(struct intel_vgpu *vgpu, struct gvt_plane *plane)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	struct gvt_plane p = { .enabled = false };
	int ret = 0;
	u32 pipe;

	gvt_lock(&v->lock);
	for (pipe = 0; pipe < GVT_NUM_PIPES && !p.enabled && !ret; pipe++)
		if (gvt_pipe_on(v, pipe) && (gvt_vreg(v, PLANE(pipe, CTL)) & CTL_ENABLE))
			ret = describe(v, pipe, &p);
	gvt_unlock(&v->lock);
	if (!ret)
		*plane = p;
	return ret;
}

/* --- pixels --- */

/* Where a byte of a row is; @run: how many are there together, within a page. */
static u64 byte_at(const struct gvt_plane *p, u32 x, u32 y, u32 *run)
{
	const struct gvt_tile *tile = tile_of(p);
	u64 at;

	if (p->tiling == GVT_PLANE_LINEAR) {
		at = p->addr + (u64)y * p->stride + x;
		*run = (u32)(MPT_PAGE_SIZE - at % MPT_PAGE_SIZE);
		return at;
	}
	at = (u64)(y >> tile->height) * (p->stride >> tile->width) + (x >> tile->width);
	*run = (1U << tile->run) - (x & ((1U << tile->run) - 1));
	return p->addr + at * GVT_TILE_SIZE + gvt_tile_offset(tile, x, y);
}

/* The vGPU's lock is held. */
static void read_row(struct gvt_vgpu *v, const struct gvt_plane *p, u32 y, u8 *buf)
{
	u32 bytes = p->width * pixel_bytes(p->format), start = p->x * pixel_bytes(p->format);
	u32 done, n;

	for (done = 0; done < bytes; done += n) {
		u64 at = byte_at(p, start + done, y, &n);

		n = n < bytes - done ? n : bytes - done;
		if (gvt_gm_read(v, at, buf + done, n))
			memset(buf + done, 0, n);
	}
}

static u32 swap_ends(u32 value)
{
	return (value & 0xff) << 16 | (value & 0xff00) | (value >> 16 & 0xff);
}

/* A channel of @bits at @shift, spread over 8 bits. */
static u32 channel(u32 value, unsigned int shift, unsigned int bits)
{
	u32 max = (1U << bits) - 1;

	return ((value >> shift & max) * 255 + max / 2) / max;
}

static u32 to_xrgb(u32 format, u32 value)
{
	u32 wide =
		channel(value, 20, 10) << 16 | channel(value, 10, 10) << 8 | channel(value, 0, 10);

	switch (format) {
	case XRGB8888:
		return value & 0xffffff;
	case XBGR8888:
		return swap_ends(value);
	case XRGB2101010:
		return wide;
	case XBGR2101010:
		return swap_ends(wide);
	default: /* RGB565 */
		return channel(value, 11, 5) << 16 | channel(value, 5, 6) << 8 |
		       channel(value, 0, 5);
	}
}

/* In place: a row of smaller pixels stands at its end, and none is overtaken. */
static void convert(const struct gvt_plane *p, const u8 *raw, u32 *pixel)
{
	u32 bytes = pixel_bytes(p->format), i;

	for (i = 0; i < p->width; i++) {
		u32 value = 0;

		memcpy(&value, raw + (size_t)i * bytes, bytes);
		pixel[i] = to_xrgb(p->format, value);
	}
}

int gvt_plane_row(struct intel_vgpu *vgpu, const struct gvt_plane *plane, u32 row, u32 *pixel)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	u8 *raw;

	if (!plane->enabled || row >= plane->height || !sane(plane))
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: no row %u of the plane", vgpu->id, row);
	if (plane->tiling == GVT_PLANE_YF)
		return mpt_fail(-EOPNOTSUPP, "gvt", "vGPU %d: Yf tiles are not read", vgpu->id);
	raw = (u8 *)pixel + (size_t)plane->width * (4 - pixel_bytes(plane->format));
	gvt_lock(&v->lock);
	read_row(v, plane, plane->y + row, raw);
	gvt_unlock(&v->lock);
	convert(plane, raw, pixel);
	return 0;
}
