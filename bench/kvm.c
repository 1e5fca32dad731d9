/* SPDX-License-Identifier: MIT */
/*
 * The back end of KVM's shape: guest memory by memslots, with one and with 500 of them, and
 * mappings that are counted once more, or pinned and unpinned.
 */
#include <stdio.h>

#include <mpt/testbed.h>

#include "memory.h"

#define RAM (64ULL << 20)
#define MANY_AT (4ULL << 30)
#define MANY 500

/* @other: with many memslots */
static struct bed {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm, *other;
	struct intel_vgpu *vgpu, *many;
	bool open;
} b;

static int open_vm(unsigned int id, struct mpt_vm **vm, struct intel_vgpu **vgpu)
{
	if (mpt_vm_create(b.host, id) || mpt_vm_get(b.host, id, vm) || mpt_ram_add(*vm, 0, RAM, 0))
		return -1;
	*vgpu = mpt_vgpu_create(*vm, b.gvt, gvt_type_each(b.gvt, 0));
	return MPT_IS_ERR(*vgpu) ? -1 : 0;
}

static int setup(void)
{
	b.open = !mpt_host_open("kvm-stub", &b.host) && !gvt_open(b.host, NULL, &b.gvt) &&
		 !open_vm(1, &b.vm, &b.vgpu) && !open_vm(2, &b.other, &b.many);
	if (!b.open)
		fprintf(stderr, "bench: kvm-stub: %s\n", mpt_last_error());
	return !b.open;
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

static int many_setup(void)
{
	unsigned long i;
	int ret = is_open();

	for (i = 0; i < MANY && !ret; i++)
		ret = mpt_ram_add(b.other, MANY_AT + (i << 20), 1U << 19, 0);
	return ret;
}

static void read_many(unsigned long n)
{
	bench_read_8(b.many, n);
}

BENCH_ON(b.vgpu, read_8)
BENCH_ON(b.vgpu, read_4096)
BENCH_ON(b.vgpu, translate)
BENCH_ON(b.vgpu, dma_pair)
BENCH_ON(b.vgpu, dma_hit)

static struct bench_held held;

static int hit_setup(void)
{
	return is_open() || bench_hold(b.vgpu, &held);
}

static void hit_teardown(void)
{
	bench_release(b.vgpu, &held);
}

const struct bench_row rows_kvm[] = {
	{ .name = "kvm-stub read_gpa 8 B", .fn = read_8, .setup = setup, .teardown = teardown,
	  .yard = "memcpy(8)", .factor = 5 },
	{ .name = "kvm-stub read_gpa 4 KiB", .fn = read_4096, .setup = is_open,
	  .yard = "memcpy(4096)", .factor = 1.4 },
	{ .name = "kvm-stub gfn_to_mfn", .fn = translate, .setup = is_open },
	{ .name = "kvm-stub dma map + unmap", .fn = dma_pair, .setup = is_open, .plus = 250 },
	{ .name = "kvm-stub dma map + unmap, hit", .fn = dma_hit, .setup = hit_setup,
	  .teardown = hit_teardown, .plus = 45 },
	{ .name = "kvm-stub read_gpa 8 B, 500 slots", .fn = read_many, .setup = many_setup,
	  .yard = "kvm-stub read_gpa 8 B", .factor = 3 },
};
const size_t num_rows_kvm = sizeof(rows_kvm) / sizeof(rows_kvm[0]);
