/* SPDX-License-Identifier: MIT */
/*
 * Speed gates of the software GPU's copies: the blitter's command through shadow tables and the
 * mock's bus side, over frames of guest memory. The blitter alone is in bench_inner.c. For make
 * bench; no test.
 */
#include <stdio.h>

#include <mpt/testbed.h>

#include "bench/bench.h"
#include "gvt/internal.h"

/* Frames as in bench_inner.c, in pixels and bytes; in the PPGTT and in guest memory. */
#define WIDTH 1024U
#define HEIGHT 768U
#define PITCH (4 * WIDTH)
#define PAGES (PITCH * HEIGHT / MPT_PAGE_SIZE + 1)
#define SRC 0U
#define DST (8U << 20)
#define RAM (64ULL << 20)
#define TABLES 8U /* of 2 MiB each */
#define PRESENT 3ULL

#define SWCTRL_SRC_Y 1U
#define SWCTRL_DST_Y 2U

static struct mpt_host *host;
static struct mpt_vm *vm;
static struct intel_gvt *gvt;
static struct intel_vgpu *vgpu;
static void *engine;
static struct gvt_hw_work work;
static u64 bus[3 + TABLES]; /* three directories, then the tables */
static u64 *entries[3 + TABLES];
static u32 swctrl;

/* --- the engine's client --- */

static u32 reg_read(void *arg, u32 reg)
{
	(void)arg;
	(void)reg;
	return swctrl;
}

static void reg_write(void *arg, u32 reg, u32 value)
{
	(void)arg;
	(void)reg;
	(void)value;
}

static void event(void *arg, enum gvt_engine from, enum gvt_hw_event what)
{
	(void)arg;
	(void)from;
	(void)what;
}

static u64 now(void *arg)
{
	(void)arg;
	return 0;
}

static const struct gvt_hw_client client = {
	.reg_read = reg_read,
	.reg_write = reg_write,
	.event = event,
	.now = now,
};

/* --- memory --- */

static int map(u32 va)
{
	dma_addr_t dma;
	int ret = intel_gvt_hypervisor_dma_map_guest_page(vgpu, va >> MPT_PAGE_SHIFT, MPT_PAGE_SIZE,
							  &dma);

	if (!ret)
		entries[3 + (va >> 21)][va >> MPT_PAGE_SHIFT & 511] = dma | PRESENT;
	return ret;
}

static void unmap_all(void)
{
	unsigned int i, k;

	for (i = 3; i < 3 + TABLES; i++)
		for (k = 0; k < 512 && entries[i]; k++)
			if (entries[i][k])
				intel_gvt_hypervisor_dma_unmap_guest_page(
					vgpu, entries[i][k] & GVT_PTE_ADDR);
}

/* Addresses are the guest-physical ones; frames of the machine do not follow each other. */
static int build(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 3 + TABLES; i++) {
		entries[i] = gvt->hw.page_new(gvt->hw.priv, &bus[i]);
		if (!entries[i])
			return -1;
	}
	entries[0][0] = bus[1] | PRESENT;
	entries[1][0] = bus[2] | PRESENT;
	for (i = 0; i < TABLES; i++)
		entries[2][i] = bus[3 + i] | PRESENT;
	for (i = 0; i < PAGES && !ret; i++)
		ret = map(SRC + i * MPT_PAGE_SIZE) || map(DST + i * MPT_PAGE_SIZE);
	return ret;
}

static int setup(void)
{
	if (mpt_host_open("mock", &host) || gvt_open(host, NULL, &gvt) || mpt_vm_create(host, 1) ||
	    mpt_vm_get(host, 1, &vm) || mpt_ram_add(vm, 0, RAM, 0))
		goto fail;
	vgpu = mpt_vgpu_create(vm, gvt, gvt_type_each(gvt, 0));
	if (!MPT_IS_ERR(vgpu) && !build() &&
	    !gvt->hw.engine_new(gvt->hw.priv, &client, GVT_BCS, &engine)) {
		work = (struct gvt_hw_work){ .levels = 4, .ring_size = 4096, .root[0] = bus[0] };
		return 0;
	}
fail:
	fprintf(stderr, "bench: %s\n", mpt_last_error());
	return -1;
}

static void teardown(void)
{
	unsigned int i;

	gvt->hw.engine_free(gvt->hw.priv, engine);
	unmap_all();
	for (i = 0; i < 3 + TABLES; i++)
		gvt->hw.page_free(gvt->hw.priv, bus[i]);
	mpt_vgpu_destroy(vm, vgpu);
	gvt_close(gvt);
	mpt_vm_put(vm);
	mpt_vm_destroy(host, 1);
	mpt_host_close(host);
}

/* --- copies --- */

enum tiling { LINEAR, X, Y };

static u32 pitch(enum tiling tiling)
{
	return tiling == LINEAR ? PITCH : PITCH / 4;
}

/* A linear destination at another place of its pages. */
static void copy(unsigned long n, enum tiling from, enum tiling to)
{
	const u32 ring[] = { 2U << 29 | 0x53U << 22 | 3U << 20 | 8 | (from ? 1U << 15 : 0) |
				     (to ? 1U << 11 : 0),
			     3U << 24 | 0xccU << 16 | pitch(to),
			     0,
			     HEIGHT << 16 | WIDTH,
			     to == LINEAR ? DST + 4096 - 64 : DST,
			     0,
			     0,
			     pitch(from),
			     SRC,
			     0 };

	swctrl = (from == Y ? SWCTRL_SRC_Y : 0) | (to == Y ? SWCTRL_DST_Y : 0);
	work.ring = ring;
	work.tail = sizeof(ring);
	while (n--) {
		u64 budget = ~0ULL;

		gvt->hw.load(gvt->hw.priv, engine, &work);
		if (gvt->hw.run(gvt->hw.priv, engine, &budget) != GVT_HW_DONE)
			abort();
	}
}

static void linear_linear(unsigned long n)
{
	copy(n, LINEAR, LINEAR);
}

static void linear_x(unsigned long n)
{
	copy(n, LINEAR, X);
}

static void linear_y(unsigned long n)
{
	copy(n, LINEAR, Y);
}

static void x_x(unsigned long n)
{
	copy(n, X, X);
}

static void y_y(unsigned long n)
{
	copy(n, Y, Y);
}

static void y_linear(unsigned long n)
{
	copy(n, Y, LINEAR);
}

#define FRAME(what, function)                                                         \
	.name = "copy of a frame, " what, .fn = function, .slow = true, .warm = true, \
	.yard = "memcpy of a frame", .factor = 2

const struct bench_row rows_blit[] = {
	{ FRAME("linear", linear_linear), .setup = setup, .teardown = teardown },
	{ FRAME("linear to X tiles", linear_x) },
	{ FRAME("linear to Y tiles", linear_y) },
	{ FRAME("X to X tiles", x_x) },
	{ FRAME("Y to Y tiles", y_y) },
	{ FRAME("Y tiles to linear", y_linear) },
};
const size_t num_rows_blit = sizeof(rows_blit) / sizeof(rows_blit[0]);
