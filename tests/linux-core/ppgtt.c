/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of per-process page tables: four levels in guest memory, announced through PVINFO,
 * shadowed by the core, write-protected, changed by the guest and taken back.
 */
#include <errno.h>

#include "ppgtt.h"

int ppgtt_notify(struct rig *r, u32 message, u64 root)
{
	int ret;

	reg_write(r, PVINFO + 0x838, (u32)root);
	reg_write(r, PVINFO + 0x83c, (u32)(root >> 32));
	ret = reg_write(r, PVINFO + 0x818, message);
	return ret;
}

void ppgtt_fill(struct rig *r, unsigned int leaves)
{
	unsigned int i;

	guest_write(r, PML4, PDP | 3, 8);
	guest_write(r, PDP, PD | 3, 8);
	guest_write(r, PD, PT | 3, 8);
	for (i = 0; i < leaves; i++) {
		guest_write(r, PT + i * 8, (DATA + i * 4096ULL) | 3, 8);
		guest_write(r, DATA + i * 4096ULL, 0x1000 + i, 8);
	}
}

/* What the GPU would find at an address of the process. */
static u64 gpu_read(struct rig *r, u64 address)
{
	return bus_read(r, shadow_walk(r->vgpu, address) + (address & 4095));
}

const char *ppgtt_begin(struct rig *r, unsigned int leaves)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	ppgtt_fill(r, leaves);
	EQ(ppgtt_notify(r, L4_CREATE, PML4), 0);
	CHECK(linux_gvt_shadow_root(r->vgpu, 0));
	return NULL;
}

static const char *shadow(struct rig *r)
{
	const char *wrong = ppgtt_begin(r, 512);
	unsigned int i;

	if (wrong)
		return wrong;
	for (i = 0; i < 512; i++)
		EQ(gpu_read(r, i * 4096ULL), 0x1000 + i);
	EQ(rig_stats(r).dma_live, 512);
	CHECK(mpt_vm_tracked(r->vm, PML4 >> 12));
	CHECK(mpt_vm_tracked(r->vm, PT >> 12));
	CHECK(!mpt_vm_tracked(r->vm, DATA >> 12));
	EQ(ppgtt_notify(r, L4_DESTROY, PML4), 0);
	EQ(linux_gvt_shadow_root(r->vgpu, 0), 0);
	EQ(rig_stats(r).dma_live, 0);
	EQ(rig_stats(r).tracked, 0);
	return NULL;
}

/*
 * A store to a table: the core does not perform it, so that this is also the proof that the library
 * does, where the hypervisor has not.
 */
static const char *store(struct rig *r)
{
	const char *wrong = ppgtt_begin(r, 4);
	u64 hits;

	if (wrong)
		return wrong;
	hits = rig_stats(r).track_hits;
	EQ(guest_write(r, PT + 8, (DATA + 3 * 4096ULL) | 3, 8), 0);
	EQ(guest_read(r, PT + 8, 8), (DATA + 3 * 4096ULL) | 3);
	EQ(gpu_read(r, 4096), 0x1003);
	CHECK(rig_stats(r).track_hits > hits);
	EQ(guest_write(r, PT + 8, 0, 8), 0);
	EQ(guest_read(r, PT + 8, 8), 0);
	EQ(rig_stats(r).dma_live, 3);
	/* In halves: the core puts that off until something is submitted. */
	EQ(guest_write(r, PT + 8, (DATA + 2 * 4096ULL) | 3, 4), 0);
	EQ(guest_write(r, PT + 12, 0, 4), 0);
	EQ(guest_read(r, PT + 8, 8), (DATA + 2 * 4096ULL) | 3);
	EQ(rig_stats(r).dma_live, 3);
	/* A table that was not there. */
	EQ(guest_write(r, PT2, (DATA + 4096ULL) | 3, 8), 0);
	EQ(guest_write(r, PD + 8, PT2 | 3, 8), 0);
	EQ(gpu_read(r, 1 << 21), 0x1001);
	CHECK(mpt_vm_tracked(r->vm, PT2 >> 12));
	EQ(guest_write(r, PD + 8, 0, 8), 0);
	CHECK(!mpt_vm_tracked(r->vm, PT2 >> 12));
	EQ(ppgtt_notify(r, L4_DESTROY, PML4), 0);
	EQ(rig_stats(r).dma_live, 0);
	return NULL;
}

/* Two roots over one lower table: it is shadowed once. */
static const char *shared(struct rig *r)
{
	const char *wrong = ppgtt_begin(r, 2);

	if (wrong)
		return wrong;
	EQ(guest_write(r, PML4_2, PDP | 3, 8), 0);
	EQ(ppgtt_notify(r, L4_CREATE, PML4_2), 0);
	EQ(rig_stats(r).dma_live, 2);
	EQ(rig_stats(r).tracked, 5);
	EQ(ppgtt_notify(r, L4_DESTROY, PML4), 0);
	EQ(rig_stats(r).tracked, 4);
	EQ(gpu_read(r, 4096), 0x1001);
	EQ(ppgtt_notify(r, L4_DESTROY, PML4_2), 0);
	EQ(rig_stats(r).tracked, 0);
	return NULL;
}

/* 2 MiB in one entry of the guest's are 512 in the shadow: this kernel has no large pages. */
static const char *large(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	ppgtt_fill(r, 1);
	EQ(guest_write(r, PD + 16, 0x800000 | 0x83, 8), 0);
	EQ(guest_write(r, 0x955008, 0x5eed, 8), 0);
	EQ(ppgtt_notify(r, L4_CREATE, PML4), 0);
	EQ(rig_stats(r).dma_live, 513);
	EQ(gpu_read(r, (2ULL << 21) + 0x155008), 0x5eed);
	EQ(ppgtt_notify(r, L4_DESTROY, PML4), 0);
	EQ(rig_stats(r).dma_live, 0);
	return NULL;
}

/* What the guest left behind, the core gives back at its reset. */
static const char *left_to_reset(struct rig *r)
{
	const char *wrong = ppgtt_begin(r, 16);

	if (wrong)
		return wrong;
	r->ops->vgpu_reset(r->vgpu);
	EQ(rig_stats(r).dma_live, 0);
	EQ(rig_stats(r).tracked, 0);
	return NULL;
}

static const char *again_and_again(struct rig *r)
{
	const char *wrong = rig_boot(r);
	int i;

	if (wrong)
		return wrong;
	ppgtt_fill(r, 32);
	for (i = 0; i < 50; i++) {
		EQ(ppgtt_notify(r, L4_CREATE, PML4), 0);
		EQ(ppgtt_notify(r, L4_DESTROY, PML4), 0);
	}
	EQ(rig_stats(r).dma_live, 0);
	return NULL;
}

#define TRACK MPT_CAP_PAGE_TRACK

const struct scenario ppgtt_scenarios[] = {
	{ .name = "a page table of four levels is shadowed", .needs = TRACK, .run = shadow },
	{ .name = "a store to a page table is performed and followed", .needs = TRACK,
	  .run = store },
	{ .name = "two roots share a table", .needs = TRACK, .run = shared },
	{ .name = "an entry of 2 MiB", .needs = TRACK, .run = large },
	{ .name = "a page table that the guest forgot", .needs = TRACK, .run = left_to_reset },
	{ .name = "page tables come and go", .needs = TRACK, .run = again_and_again },
	{ .name = NULL },
};
