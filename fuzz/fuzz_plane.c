/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the plane that a guest shows (gvt/plane.c), with registers, GGTT and memory from the
 * input, on a vGPU that is nothing else. What is described is bounded and within the vGPU's share,
 * and its rows can be read.
 *
 * Input: a byte: bit 0 the generation, bit 1 whether a caller makes the plane up, bits 3:2 the
 * pipe. Eight words of four bytes: the registers of the pipe, plane control, stride, size, surface,
 * offset and source size, and a number of which rows are read. Then 64 bytes: the pages of memory
 * that the surface's first entries have, 255: none. What is left is in every page.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/display.h>

#include "gvt/platform.h"

#define LOW (64ULL << 20)
#define LOW_SIZE (64ULL << 20)
#define HIGH (512ULL << 20)
#define HIGH_SIZE (64ULL << 20)
#define PAGES 255U
#define ENTRIES 64U
#define PIPECONF(p) (0x70008U + 0x1000 * (p))
#define PIPESRC(p) (0x6001cU + 0x1000 * (p))
#define PLANE(p, reg) (0x70180U + 0x1000 * (p) + (reg))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(what)                                                                 \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

static u8 memory[PAGES * MPT_PAGE_SIZE];
static struct gvt_vgpu vgpu;
static struct intel_gvt gvt;
static struct gvt_platform platform;

static int read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	(void)handle;
	must(len <= MPT_PAGE_SIZE && gpa % MPT_PAGE_SIZE + len <= MPT_PAGE_SIZE);
	if (gpa >= sizeof(memory))
		return -EFAULT;
	memcpy(buf, memory + gpa, len);
	return 0;
}

static const struct intel_gvt_mpt table = { .read_gpa = read_gpa };

struct input {
	u8 what;
	u32 reg[8];
	u8 page[ENTRIES];
};

static void vgpu_make(void)
{
	if (vgpu.regs)
		return;
	vgpu.base.mpt = &table;
	vgpu.base.id = 1;
	vgpu.gvt = &gvt;
	vgpu.low = (struct gvt_range){ LOW, LOW_SIZE };
	vgpu.high = (struct gvt_range){ HIGH, HIGH_SIZE };
	gvt.platform = &platform;
	gvt_lock_init(&vgpu.lock);
	must(!gvt_ggtt_init(&vgpu));
	vgpu.regs = mpt_zalloc_pages(GVT_MMIO_SIZE);
	must(vgpu.regs);
}

/* --- registers and memory --- */

static void registers(const struct input *in, bool on)
{
	u32 p = in->what >> 2 & 3;

	p = p < GVT_NUM_PIPES ? p : 0;
	gvt_vreg_set(&vgpu, PIPECONF(p), on ? in->reg[0] | 1U << 31 : 0);
	gvt_vreg_set(&vgpu, PLANE(p, 0x00), on ? in->reg[1] | 1U << 31 : 0);
	gvt_vreg_set(&vgpu, PLANE(p, 0x08), in->reg[2]);
	gvt_vreg_set(&vgpu, PLANE(p, 0x10), in->reg[3]);
	gvt_vreg_set(&vgpu, PLANE(p, 0x1c), in->reg[4]);
	gvt_vreg_set(&vgpu, PLANE(p, 0x24), in->reg[5]);
	gvt_vreg_set(&vgpu, PIPESRC(p), in->reg[6]);
}

static void entries(const struct input *in, bool on)
{
	u64 first = in->reg[4] >> MPT_PAGE_SHIFT, i;

	for (i = 0; i < ENTRIES; i++)
		if (gvt_ggtt_validate(&vgpu, (first + i) << MPT_PAGE_SHIFT, MPT_PAGE_SIZE))
			vgpu.ggtt[first + i] = on && in->page[i] != 255
						       ? (u64)in->page[i] << 12 | GVT_PTE_PRESENT
						       : 0;
}

static void contents(const uint8_t *data, size_t size)
{
	size_t n = size < MPT_PAGE_SIZE ? size : MPT_PAGE_SIZE;
	u32 i;

	for (i = 0; n && i < PAGES; i++) {
		memcpy(memory + i * MPT_PAGE_SIZE, data, n);
		memory[i * MPT_PAGE_SIZE] ^= (u8)i;
	}
}

/* --- the plane --- */

static u32 pixel_bytes(const struct gvt_plane *p)
{
	return p->format == 0x36314752 /* RG16 */ ? 2 : 4;
}

/* Behind the plane's last pixel, or the tile that has it: tiles of 512 x 8 or 128 x 32 bytes. */
static u64 surface_end(const struct gvt_plane *p, u64 row)
{
	u64 last = (u64)p->y + p->height - 1, wide = p->tiling == GVT_PLANE_X ? 512 : 128;

	if (p->tiling == GVT_PLANE_LINEAR)
		return last * p->stride + row;
	return (last / (4096 / wide) * (p->stride / wide) + (row + wide - 1) / wide) * 4096;
}

static void sound(const struct gvt_plane *p)
{
	u64 row = (u64)(p->x + p->width) * pixel_bytes(p);

	must(p->width && p->width <= GVT_PLANE_MAX && p->height && p->height <= GVT_PLANE_MAX);
	must(p->pipe < GVT_NUM_PIPES && p->tiling <= GVT_PLANE_YF && p->format);
	must(row <= p->stride);
	must(gvt_ggtt_validate(&vgpu, p->addr, surface_end(p, row)));
}

/* A buffer of exactly a row: a sanitizer sees what is written behind it. */
static void row_read(const struct gvt_plane *p, u32 row)
{
	u32 width = p->width && p->width <= GVT_PLANE_MAX ? p->width : 1, i;
	u32 *pixel = malloc(width * sizeof(*pixel));
	int ret;

	must(pixel);
	ret = gvt_plane_row(&vgpu.base, p, row, pixel);
	must(!ret || ret == -EINVAL || ret == -EOPNOTSUPP);
	for (i = 0; !ret && i < width; i++)
		must(!(pixel[i] >> 24));
	free(pixel);
}

static void made_up(const struct input *in, struct gvt_plane *p)
{
	static const u32 formats[] = { 0x34325258, 0x34324258, 0x36314752,
				       0x30335258, 0x30334258, 0x31415258 };

	*p = (struct gvt_plane){
		.enabled = true,
		.width = in->reg[0],
		.height = in->reg[1],
		.stride = in->reg[2],
		.format = formats[(in->what >> 4) % 6],
		.tiling = (enum gvt_plane_tiling)(in->reg[3] & 7),
		.addr = (u64)in->reg[3] >> 3 << 32 | in->reg[4],
		.x = in->reg[5],
		.y = in->reg[6],
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gvt_plane p = { .enabled = false };
	struct input in = { 0 };
	int ret = 0, i;

	vgpu_make();
	memcpy(&in.what, data, size ? 1 : 0);
	if (size > 1)
		memcpy(in.reg, data + 1, size - 1 < sizeof(in.reg) ? size - 1 : sizeof(in.reg));
	if (size > 33)
		memcpy(in.page, data + 33, size - 33 < ENTRIES ? size - 33 : ENTRIES);
	if (size > 33 + ENTRIES)
		contents(data + 33 + ENTRIES, size - 33 - ENTRIES);
	platform.universal_planes = in.what & 1;
	registers(&in, true);
	entries(&in, true);
	if (in.what & 2)
		made_up(&in, &p);
	else
		ret = gvt_plane_get(&vgpu.base, &p);
	must(!ret || ret == -EOPNOTSUPP || ret == -EINVAL || ret == -EFAULT);
	must(!ret || (!p.enabled && !p.width));
	if (!ret && !(in.what & 2))
		sound(&p);
	for (i = 0; !ret && i < 4; i++)
		row_read(&p, i ? in.reg[7] >> 8 * i : p.height - 1);
	registers(&in, false);
	entries(&in, false);
	return 0;
}
