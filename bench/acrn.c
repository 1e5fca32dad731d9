/* SPDX-License-Identifier: MIT */
/*
 * The ACRN back end over its simulator: a register read and a store to a tracked page, which cross
 * three threads (vCPU, dispatcher, client), beside a futex round trip, which crosses two; and the
 * operations on guest memory, with few and with a million pages tracked.
 */
#include <stdio.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "bench.h"

#define BAR0 0xc0000000U
#define RAM (64ULL << 20)
#define MANY_AT (4ULL << 30)
#define MANY (1UL << 20) /* pages */
#define PLAIN_REGISTER 0x5080U
#define FRAMES 64
#define FRAME 256 /* the first that are mapped and unmapped */
#define HELD 1024 /* the first that are mapped once more */
#define TRACKED 2048

static struct {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm, *other;
	struct intel_vgpu *vgpu, *many; /* the other VM's, with a million pages tracked */
	bool open;
} b;

static volatile unsigned long length = 8;

static int place_bars(void)
{
	u32 bar = BAR0, command = 6;

	return mpt_guest_cfg_write(b.vm, 0x10, &bar, 4) ||
	       mpt_guest_cfg_write(b.vm, 0x04, &command, 2);
}

static int open_vm(unsigned int id, struct mpt_vm **vm, struct intel_vgpu **vgpu)
{
	if (mpt_vm_create(b.host, id) || mpt_vm_get(b.host, id, vm) || mpt_ram_add(*vm, 0, RAM, 0))
		return -1;
	*vgpu = mpt_vgpu_create(*vm, b.gvt, gvt_type_each(b.gvt, 0));
	if (MPT_IS_ERR(*vgpu))
		return -1;
	gvt_ops()->vgpu_activate(*vgpu);
	return 0;
}

static int open_all(void)
{
	return mpt_host_open("acrn-sim", &b.host) || gvt_open(b.host, NULL, &b.gvt) ||
	       open_vm(1, &b.vm, &b.vgpu) || open_vm(2, &b.other, &b.many) || place_bars();
}

static int setup(void)
{
	if (open_all()) {
		fprintf(stderr, "bench: acrn-sim: %s\n", mpt_last_error());
		return -1;
	}
	b.open = true;
	return 0;
}

static void teardown(void)
{
	if (!b.open)
		return;
	mpt_vgpu_destroy(b.vm, b.vgpu);
	mpt_vgpu_destroy(b.other, b.many);
	gvt_close(b.gvt);
	mpt_vm_put(b.vm);
	mpt_vm_put(b.other);
	mpt_vm_destroy(b.host, 1);
	mpt_vm_destroy(b.host, 2);
	mpt_host_close(b.host);
}

static int is_open(void)
{
	return !b.open;
}

/* --- what a vCPU does --- */

static void read_register(unsigned long n)
{
	u32 value;

	while (n--)
		if (mpt_guest_read(b.vm, BAR0 + PLAIN_REGISTER, &value, 4))
			abort();
}

static void store_tracked(unsigned long n)
{
	u64 value = n;

	while (n--)
		if (mpt_guest_write(b.vm, (u64)TRACKED << MPT_PAGE_SHIFT, &value, 8))
			abort();
}

static int tracked_setup(void)
{
	return is_open() || intel_gvt_hypervisor_enable_page_track(b.vgpu, TRACKED);
}

static void tracked_teardown(void)
{
	intel_gvt_hypervisor_disable_page_track(b.vgpu, TRACKED);
}

static void load_8(unsigned long n)
{
	unsigned int len = (unsigned int)length;
	u64 word;

	while (n--) {
		mpt_guest_read(b.vm, bench_hot[n % BENCH_HOT], &word, len);
		bench_use(word);
	}
}

/* --- what a core asks --- */

static void read_8(unsigned long n)
{
	unsigned long len = length;
	u64 word;

	while (n--) {
		intel_gvt_hypervisor_read_gpa(b.vgpu, bench_hot[n % BENCH_HOT], &word, len);
		bench_use(word);
	}
}

static void read_4096(unsigned long n)
{
	static char page[4096] __attribute__((aligned(4096)));
	unsigned long len = length * 512;

	while (n--)
		intel_gvt_hypervisor_read_gpa(b.vgpu, (unsigned long)FRAME << MPT_PAGE_SHIFT, page,
					      len);
	bench_use(page[0]);
}

static void translate(unsigned long n)
{
	while (n--)
		bench_use(intel_gvt_hypervisor_gfn_to_mfn(b.vgpu, FRAME + n % FRAMES));
}

static void map_unmap(unsigned long first, unsigned long n)
{
	dma_addr_t dma;

	while (n--) {
		if (intel_gvt_hypervisor_dma_map_guest_page(b.vgpu, first + n % FRAMES, 4096, &dma))
			return;
		intel_gvt_hypervisor_dma_unmap_guest_page(b.vgpu, dma);
	}
}

static void dma_pair(unsigned long n)
{
	map_unmap(FRAME, n);
}

static dma_addr_t held[FRAMES];

static int hit_setup(void)
{
	unsigned long i;
	int ret = is_open();

	for (i = 0; i < FRAMES && !ret; i++)
		ret = intel_gvt_hypervisor_dma_map_guest_page(b.vgpu, HELD + i, 4096, &held[i]);
	return ret;
}

static void hit_teardown(void)
{
	unsigned int i;

	for (i = 0; i < FRAMES; i++)
		intel_gvt_hypervisor_dma_unmap_guest_page(b.vgpu, held[i]);
}

static void dma_hit(unsigned long n)
{
	map_unmap(HELD, n);
}

static void on_off(struct intel_vgpu *vgpu, unsigned long n)
{
	unsigned long gfn;

	while (n--) {
		gfn = FRAME + n % FRAMES;
		if (intel_gvt_hypervisor_enable_page_track(vgpu, gfn) ||
		    intel_gvt_hypervisor_disable_page_track(vgpu, gfn))
			abort();
	}
}

static void track_untrack(unsigned long n)
{
	on_off(b.vgpu, n);
}

static void track_untrack_many(unsigned long n)
{
	on_off(b.many, n);
}

static int many_setup(void)
{
	unsigned long gfn = MANY_AT >> MPT_PAGE_SHIFT, i;
	int ret = is_open() || mpt_ram_add(b.other, MANY_AT, (u64)MANY << MPT_PAGE_SHIFT, 0);

	for (i = 0; i < MANY && !ret; i++)
		ret = intel_gvt_hypervisor_enable_page_track(b.many, gfn + i);
	return ret;
}

const struct bench_row rows_acrn[] = {
	{ .name = "acrn-sim register read", .fn = read_register, .setup = setup,
	  .teardown = teardown, .yard = "futex round trip", .factor = 3, .slow = true },
	{ .name = "acrn-sim store, tracked", .fn = store_tracked, .setup = tracked_setup,
	  .teardown = tracked_teardown, .yard = "acrn-sim register read", .factor = 1.2,
	  .slow = true },
	{ .name = "acrn-sim guest load 8 B", .fn = load_8, .setup = is_open },
	{ .name = "acrn-sim read_gpa 8 B", .fn = read_8, .setup = is_open, .plus = 40 },
	{ .name = "acrn-sim read_gpa 4 KiB", .fn = read_4096, .setup = is_open,
	  .yard = "memcpy(4096)", .factor = 1.4 },
	{ .name = "acrn-sim gfn_to_mfn", .fn = translate, .setup = is_open, .plus = 40 },
	{ .name = "acrn-sim dma map + unmap", .fn = dma_pair, .setup = is_open, .plus = 80 },
	{ .name = "acrn-sim dma map + unmap, hit", .fn = dma_hit, .setup = hit_setup,
	  .teardown = hit_teardown, .plus = 80 },
	{ .name = "acrn-sim page track on + off", .fn = track_untrack, .setup = is_open },
	{ .name = "acrn-sim the same, 10^6 tracked", .fn = track_untrack_many, .setup = many_setup,
	  .yard = "acrn-sim page track on + off", .factor = 1.2 },
};
const size_t num_rows_acrn = sizeof(rows_acrn) / sizeof(rows_acrn[0]);
