/* SPDX-License-Identifier: MIT */
/* The core's hot entry points and the life of a vGPU, on the mock without layers. */
#include <stdio.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/testbed.h>

#include "bench.h"

#define BAR0 0xc0000000U
#define BAR2 0x80000000U
#define GGTT_ENTRIES 512
#define PLAIN_REGISTER 0x5080U /* a register without a handler */

static struct mpt_host *host;
static struct mpt_vm *vm, *vm2;
static struct intel_gvt *gvt;
static struct intel_vgpu *vgpu;
static const struct intel_gvt_ops *ops;
static u32 first_entry;

static int cfg_write(unsigned int offset, u32 value, unsigned int len)
{
	return mpt_guest_cfg_write(vm, offset, &value, len);
}

static int setup(void)
{
	struct gvt_vgpu_info info;

	ops = gvt_ops();
	if (mpt_host_open("mock", &host) || gvt_open(host, NULL, &gvt) || mpt_vm_create(host, 1) ||
	    mpt_vm_create(host, 2) || mpt_vm_get(host, 1, &vm) || mpt_vm_get(host, 2, &vm2) ||
	    mpt_ram_add(vm, 0, 64 << 20, 0) || mpt_ram_add(vm2, 0, 64 << 20, 0))
		goto fail;
	vgpu = mpt_vgpu_create(vm, gvt, gvt_type_each(gvt, 0));
	if (MPT_IS_ERR(vgpu) || cfg_write(0x10, BAR0, 4) || cfg_write(0x18, BAR2, 4) ||
	    cfg_write(0x04, 0x6, 2))
		goto fail;
	gvt_vgpu_info(vgpu, &info);
	first_entry = (u32)(info.low_start >> MPT_PAGE_SHIFT);
	return 0;
fail:
	fprintf(stderr, "bench: %s\n", mpt_last_error());
	return -1;
}

static void teardown(void)
{
	mpt_vgpu_destroy(vm, vgpu);
	mpt_vm_put(vm);
	mpt_vm_put(vm2);
	gvt_close(gvt);
	mpt_vm_destroy(host, 1);
	mpt_vm_destroy(host, 2);
	mpt_host_close(host);
}

static void mmio_read(unsigned long n)
{
	u32 value;

	while (n--) {
		ops->emulate_mmio_read(vgpu, BAR0 + PLAIN_REGISTER, &value, 4);
		bench_use(value);
	}
}

static void mmio_write(unsigned long n)
{
	u32 value = 1;

	while (n--)
		ops->emulate_mmio_write(vgpu, BAR0 + PLAIN_REGISTER, &value, 4);
}

static void cfg_read(unsigned long n)
{
	u32 value;

	while (n--) {
		ops->emulate_cfg_read(vgpu, 0x10, &value, 4);
		bench_use(value);
	}
}

/* A present entry over another one: one map, one unmap, both tables. */
static void ggtt_write(unsigned long n)
{
	while (n--) {
		u64 pte = ((256 + n % 4096) << MPT_PAGE_SHIFT) | 1;

		ops->emulate_mmio_write(vgpu, BAR0 + GVT_GTT_OFFSET +
						      8ULL * (first_entry + n % GGTT_ENTRIES), &pte, 8);
	}
}

/* Time of creations (destroy false) or destructions alone. */
static double life(unsigned long n, bool destroy)
{
	double start, middle, end, ns = 0;

	while (n--) {
		struct intel_vgpu *v;

		start = bench_now();
		v = mpt_vgpu_create(vm2, gvt, gvt_type_each(gvt, 0));
		middle = bench_now();
		if (MPT_IS_ERR(v))
			return 0;
		mpt_vgpu_destroy(vm2, v);
		end = bench_now();
		ns += destroy ? end - middle : middle - start;
	}
	return ns;
}

static double create(unsigned long n)
{
	return life(n, false);
}

static double destroy(unsigned long n)
{
	return life(n, true);
}

const struct bench_row rows_gvt[] = {
	{ .name = "emulate_mmio_read", .fn = mmio_read, .setup = setup, .teardown = teardown,
	  .yard = "lock pair", .factor = 1, .plus = 6 },
	{ .name = "emulate_mmio_write", .fn = mmio_write },
	{ .name = "emulate_cfg_read", .fn = cfg_read, .plus = 5 },
	{ .name = "GGTT write, present", .fn = ggtt_write, .plus = 40 },
	{ .name = "vGPU create, type _8", .timed = create, .plus = 150000, .slow = true },
	{ .name = "vGPU destroy, type _8", .timed = destroy, .plus = 100000, .slow = true },
};
const size_t num_rows_gvt = sizeof(rows_gvt) / sizeof(rows_gvt[0]);
