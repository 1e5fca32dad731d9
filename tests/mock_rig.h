/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the mock hypervisor share: a host with one VM and one vGPU, and a core that
 * only writes down what it is told. Tests of one subject stand in their own files.
 */
#ifndef MPT_TESTS_MOCK_RIG_H
#define MPT_TESTS_MOCK_RIG_H

#include <mpt/alloc.h>
#include <mpt/backend.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "lib/runner.h"

#define PAGE MPT_PAGE_SIZE
#define HUGE MPT_HUGE_SIZE
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

/* The last calls that the core got, oldest first. */
#define RIG_CALLS 64
struct rig_call {
	char what; /* r, w: MMIO; s: store; a, d: RAM added, removed */
	u64 addr, val;
	unsigned int len;
};

static struct {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_vgpu vgpu;
	u8 cfg[256];
	struct rig_call call[RIG_CALLS];
	unsigned int calls;
	int answer; /* of every call */
	u64 aperture[2]; /* offset and length of the last access */
} rig;

static void rig_note(char what, u64 addr, u64 val, unsigned int len)
{
	unsigned int n = __atomic_fetch_add(&rig.calls, 1, __ATOMIC_RELAXED);

	if (n < RIG_CALLS)
		rig.call[n] = (struct rig_call){ what, addr, val, len };
}

static int rig_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	ck_assert_ptr_eq(vgpu, &rig.vgpu);
	memset(buf, 0x5a, len);
	rig_note('r', gpa, 0, len);
	return rig.answer;
}

static int rig_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	u64 val = 0;

	ck_assert_ptr_eq(vgpu, &rig.vgpu);
	memcpy(&val, buf, len);
	rig_note('w', gpa, val, len);
	return rig.answer;
}

static int rig_store(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	u64 val = 0;

	ck_assert_ptr_eq(vgpu, &rig.vgpu);
	memcpy(&val, buf, len);
	rig_note('s', gpa, val, len);
	return rig.answer;
}

static void rig_region(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	ck_assert_ptr_eq(vgpu, &rig.vgpu);
	rig_note(added ? 'a' : 'd', gfn, nr, 0);
}

static int rig_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int len)
{
	ck_assert_ptr_eq(vgpu, &rig.vgpu);
	memcpy(buf, rig.cfg + offset, len);
	return 0;
}

static int rig_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int len)
{
	ck_assert_ptr_eq(vgpu, &rig.vgpu);
	memcpy(rig.cfg + offset, buf, len);
	return 0;
}

static int rig_aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	ck_assert_ptr_eq(opaque, &rig);
	memset(buf, 0xa5, len);
	rig.aperture[0] = offset;
	rig.aperture[1] = len;
	return 0;
}

static const struct intel_gvt_ops rig_ops = {
	.emulate_cfg_read = rig_cfg_read,
	.emulate_cfg_write = rig_cfg_write,
	.emulate_mmio_read = rig_mmio_read,
	.emulate_mmio_write = rig_mmio_write,
	.write_protect_handler = rig_store,
	.guest_region_event = rig_region,
};

/* The aperture: 256 MiB at machine address 2 GiB. */
#define RIG_APERTURE_MFN 0x80000UL
#define RIG_APERTURE_PAGES 0x10000UL

static void rig_attach(void)
{
	struct mpt_vm *old = mpt_target_set(rig.vm);

	ck_assert_msg(!intel_gvt_hypervisor_attach_vgpu(&rig.vgpu), "%s", mpt_last_error());
	mpt_target_set(old);
}

static void rig_detach(void)
{
	intel_gvt_hypervisor_detach_vgpu(&rig.vgpu);
}

/* A host by @spec with VM 1, no RAM, the vGPU attached. */
static void rig_open(const char *spec)
{
	struct mpt_core core = {
		.size = sizeof(core),
		.ops = &rig_ops,
		.opaque = &rig,
		.aperture_mfn = RIG_APERTURE_MFN,
		.aperture_pages = RIG_APERTURE_PAGES,
		.aperture_read = rig_aperture_read,
	};

	memset(&rig, 0, sizeof(rig));
	ck_assert_msg(!mpt_host_open(spec, &rig.host), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_host_set_core(rig.host, &core), 0);
	ck_assert_int_eq(mpt_vm_create(rig.host, 1), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 1, &rig.vm), 0);
	rig.vgpu.mpt = mpt_host_table(rig.host);
	rig.vgpu.cfg_space = rig.cfg;
	rig_attach();
}

/* Everything goes, and nothing stays. */
static void rig_close(void)
{
	rig_detach();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), 0);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static void rig_ram(u64 gpa, u64 size, unsigned int flags)
{
	ck_assert_msg(!mpt_ram_add(rig.vm, gpa, size, flags), "%s", mpt_last_error());
}

static int rig_read(u64 gpa, void *buf, unsigned long len)
{
	return intel_gvt_hypervisor_read_gpa(&rig.vgpu, gpa, buf, len);
}

static int rig_write(u64 gpa, const void *buf, unsigned long len)
{
	return intel_gvt_hypervisor_write_gpa(&rig.vgpu, gpa, (void *)(uintptr_t)buf, len);
}

static u64 rig_mfn(u64 gfn)
{
	return intel_gvt_hypervisor_gfn_to_mfn(&rig.vgpu, gfn);
}

static int rig_map(u64 gfn, unsigned long size, dma_addr_t *dma)
{
	return intel_gvt_hypervisor_dma_map_guest_page(&rig.vgpu, gfn, size, dma);
}

static void rig_unmap(dma_addr_t dma)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(&rig.vgpu, dma);
}

static struct mpt_vm_stats rig_stats(void)
{
	struct mpt_vm_stats s;

	ck_assert_int_eq(mpt_vm_stats_get(rig.vm, &s), 0);
	return s;
}

/* A test's own pseudo-random numbers (xorshift64). */
static u64 rig_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Not every suite uses every part. */
static inline void rig_unused(void)
{
	(void)rig_open;
	(void)rig_close;
	(void)rig_ram;
	(void)rig_read;
	(void)rig_write;
	(void)rig_mfn;
	(void)rig_map;
	(void)rig_unmap;
	(void)rig_stats;
	(void)rig_random;
}

#endif
