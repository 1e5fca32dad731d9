/* SPDX-License-Identifier: MIT */
/*
 * The contract's hot operations on the mock, with one region of RAM and with a thousand: guest
 * memory, translation, DMA maps, tracks, interrupts, guest stores.
 */
#include <stdio.h>
#include <string.h>

#include <mpt/mpt.h>
#include <mpt/testbed.h>
#ifndef MPT_STATIC_BACKEND
#include <mpt/static/mock.h>
#endif

#include "bench.h"

#define MANY 1000
#define REGION (1ULL << 20)
#define ONE_SIZE (2ULL * MANY * REGION) /* as much address space as many regions take */
#define HOT 256 /* pages that are walked, over all regions; the same addresses in one region */
#define TRACKED_GFN 64
#define PLAIN_GFN 65

struct rig {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_vgpu vgpu;
	unsigned long gpa[HOT]; /* one in each of HOT pages */
};

static struct rig one, many;
static u8 cfg[256];
static volatile unsigned long length = 8;

/* A core that does nothing: what is timed is the way to it. */
static int empty_handler(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	(void)vgpu;
	(void)gpa;
	bench_use(data);
	return bytes == 0;
}

static const struct intel_gvt_ops ops = { .write_protect_handler = empty_handler };

static int rig_open(struct rig *r, const char *spec, unsigned int regions)
{
	struct mpt_core core = { .size = sizeof(core), .flags = MPT_CORE_STORES, .ops = &ops };
	unsigned int i;

	if (mpt_host_open(spec, &r->host) || mpt_host_set_core(r->host, &core) ||
	    mpt_vm_create(r->host, 1) || mpt_vm_get(r->host, 1, &r->vm))
		goto fail;
	for (i = 0; i < regions; i++)
		if (mpt_ram_add(r->vm, i * 2 * REGION, regions == 1 ? ONE_SIZE : REGION, 0))
			goto fail;
	for (i = 0; i < HOT; i++)
		r->gpa[i] = (u64)i * MANY / HOT * 2 * REGION + 64 * (i % 60);
	r->vgpu.mpt = mpt_host_table(r->host);
	r->vgpu.cfg_space = cfg;
	r->vgpu.msi_cap_offset = 0xac;
	mpt_target_set(r->vm);
	if (intel_gvt_hypervisor_attach_vgpu(&r->vgpu))
		goto fail;
	mpt_target_set(NULL);
	return 0;
fail:
	fprintf(stderr, "bench: %s\n", mpt_last_error());
	return -1;
}

static void rig_close(struct rig *r)
{
	intel_gvt_hypervisor_detach_vgpu(&r->vgpu);
	mpt_vm_put(r->vm);
	mpt_vm_destroy(r->host, 1);
	mpt_host_close(r->host);
}

static int setup_one(void)
{
	return rig_open(&one, "mock", 1);
}

static void teardown_one(void)
{
	rig_close(&one);
}

static int setup_many(void)
{
	return rig_open(&many, "mock", MANY);
}

static void teardown_many(void)
{
	rig_close(&many);
}

/* --- guest memory --- */

static void read_8(struct rig *r, unsigned long n)
{
	unsigned long len = length;
	u64 word;

	while (n--) {
		intel_gvt_hypervisor_read_gpa(&r->vgpu, bench_hot[n % BENCH_HOT], &word, len);
		bench_use(word);
	}
}

static void read_8_hot(struct rig *r, unsigned long n)
{
	unsigned long len = length;
	u64 word;

	while (n--) {
		intel_gvt_hypervisor_read_gpa(&r->vgpu, r->gpa[n % HOT], &word, len);
		bench_use(word);
	}
}

static void read_8_one(unsigned long n)
{
	read_8(&one, n);
}

static void read_8_one_hot(unsigned long n)
{
	read_8_hot(&one, n);
}

static void read_8_many_hot(unsigned long n)
{
	read_8_hot(&many, n);
}

/* What a static-backend build makes of the same wrapper. */
static void read_8_inline(unsigned long n)
{
	u64 word;

	while (n--) {
		mpt_static_read_gpa(one.vgpu.handle, bench_hot[n % BENCH_HOT], &word, 8);
		bench_use(word);
	}
}

static void read_4096(unsigned long n)
{
	static char page[4096] __attribute__((aligned(4096)));
	unsigned long len = length * 512;

	while (n--)
		intel_gvt_hypervisor_read_gpa(&one.vgpu, PLAIN_GFN << MPT_PAGE_SHIFT, page, len);
	bench_use(page[0]);
}

static void write_8(unsigned long n)
{
	unsigned long len = length;
	u64 word = n;

	while (n--)
		intel_gvt_hypervisor_write_gpa(&one.vgpu, bench_hot[n % BENCH_HOT], &word, len);
}

static void store_plain(unsigned long n)
{
	u64 word = n;

	while (n--)
		mpt_guest_write(one.vm, bench_hot[n % BENCH_HOT], &word, 8);
}

static int track_setup(void)
{
	return intel_gvt_hypervisor_enable_page_track(&one.vgpu, TRACKED_GFN);
}

static void track_teardown(void)
{
	intel_gvt_hypervisor_disable_page_track(&one.vgpu, TRACKED_GFN);
}

static void store_tracked(unsigned long n)
{
	unsigned long i = 0;
	u64 word = n;

	while (n--) {
		mpt_guest_write(one.vm, (TRACKED_GFN << MPT_PAGE_SHIFT) + (i & 2040), &word, 8);
		i += 8;
	}
}

/* --- translation, maps, tracks, interrupts --- */

static void translate(struct rig *r, unsigned long n)
{
	while (n--)
		bench_use(intel_gvt_hypervisor_gfn_to_mfn(&r->vgpu,
							  r->gpa[n % HOT] >> MPT_PAGE_SHIFT));
}

static void translate_one(unsigned long n)
{
	translate(&one, n);
}

static void translate_many(unsigned long n)
{
	translate(&many, n);
}

static void dma_pair(unsigned long n)
{
	dma_addr_t dma;

	while (n--) {
		if (intel_gvt_hypervisor_dma_map_guest_page(&one.vgpu, 100 + n % 64, 4096, &dma))
			return;
		intel_gvt_hypervisor_dma_unmap_guest_page(&one.vgpu, dma);
	}
}

static void track_pair(unsigned long n)
{
	while (n--) {
		intel_gvt_hypervisor_enable_page_track(&one.vgpu, 200 + n % 64);
		intel_gvt_hypervisor_disable_page_track(&one.vgpu, 200 + n % 64);
	}
}

/* Enabled, 32-bit address, one message (PCI Local Bus Specification 3.0, 6.8.1). */
static int msi_setup(void)
{
	static const u32 address = 0xfee00000;

	cfg[0xac + MPT_MSI_CONTROL] = MPT_MSI_ENABLE;
	memcpy(cfg + 0xac + MPT_MSI_ADDRESS, &address, sizeof(address));
	return intel_gvt_hypervisor_inject_msi(&one.vgpu);
}

static void msi(unsigned long n)
{
	while (n--)
		intel_gvt_hypervisor_inject_msi(&one.vgpu);
}

const struct bench_row rows_mem[] = {
	{ .name = "read_gpa 8 B", .fn = read_8_one, .setup = setup_one, .teardown = teardown_one,
	  .factor = 1.7, .instructions = 60 },
	{ .name = "read_gpa 8 B, inline", .fn = read_8_inline, .factor = 0.8 },
	{ .name = "read_gpa 8 B, 256 pages", .fn = read_8_one_hot },
	{ .name = "read_gpa 8 B, 1000 regions", .fn = read_8_many_hot, .setup = setup_many,
	  .teardown = teardown_many, .yard = "read_gpa 8 B, 256 pages", .factor = 1.15 },
	{ .name = "read_gpa 4 KiB", .fn = read_4096, .yard = "memcpy(4096)", .factor = 1.12 },
	{ .name = "write_gpa 8 B", .fn = write_8, .yard = "read_gpa 8 B", .factor = 1.1 },
	{ .name = "guest store, untracked page", .fn = store_plain, .yard = "write_gpa 8 B",
	  .factor = 1, .plus = 2.5 },
	{ .name = "guest store, tracked page", .fn = store_tracked, .setup = track_setup,
	  .teardown = track_teardown, .plus = 15 },
	{ .name = "gfn_to_mfn", .fn = translate_one, .plus = 5 },
	{ .name = "gfn_to_mfn, 1000 regions", .fn = translate_many, .plus = 5 },
	{ .name = "dma map + unmap", .fn = dma_pair, .plus = 20 },
	{ .name = "track on + off", .fn = track_pair, .plus = 15 },
	{ .name = "inject_msi", .fn = msi, .setup = msi_setup, .plus = 10 },
};
const size_t num_rows_mem = sizeof(rows_mem) / sizeof(rows_mem[0]);
