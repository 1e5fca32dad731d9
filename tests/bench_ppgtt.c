/* SPDX-License-Identifier: MIT */
/*
 * Speed gates of shadow page tables: an address space made and given up, and unchanged tables
 * checked again where the hypervisor cannot trap stores. For make bench; no test.
 */
#include <stdio.h>

#include <mpt/testbed.h>

#include "bench/bench.h"
#include "gvt/ppgtt.h"

#define PRESENT 3ULL /* and writable */
#define PML4 0x10000U
#define PDP 0x11000U
#define PD 0x12000U
#define PT 0x100000U
#define PAGES 0x400000U
#define RAM (64ULL << 20)
/* Tables that are checked again, of all levels: what nearer and farther caches hold. */
#define UPPER 3U
#define FEW 64U
#define SOME 256U
#define MANY 512U

/* One vGPU whose guest has an address space of @pts page tables, all full. */
struct rig {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	struct gvt_mm *mm;
};

static struct rig small, few, some, many;
static const u64 roots[4] = { PML4, 0, 0, 0 };

static int store(const struct rig *r, u64 gpa, u64 entry)
{
	return mpt_guest_write(r->vm, gpa, &entry, sizeof(entry));
}

static int build(const struct rig *r, unsigned int pts)
{
	int ret = store(r, PML4, PDP | PRESENT) || store(r, PDP, PD | PRESENT);
	unsigned int i, k;

	for (i = 0; i < pts && !ret; i++) {
		ret = store(r, PD + 8 * i, (PT + 4096 * i) | PRESENT);
		for (k = 0; k < 512 && !ret; k++)
			ret = store(r, PT + 4096 * i + 8 * k, (PAGES + 4096 * k) | PRESENT);
	}
	return ret;
}

static int open_rig(struct rig *r, const char *spec, unsigned int pts)
{
	if (mpt_host_open(spec, &r->host) || gvt_open(r->host, NULL, &r->gvt) ||
	    mpt_vm_create(r->host, 1) || mpt_vm_get(r->host, 1, &r->vm) ||
	    mpt_ram_add(r->vm, 0, RAM, 0))
		goto fail;
	r->vgpu = mpt_vgpu_create(r->vm, r->gvt, gvt_type_each(r->gvt, 0));
	if (!MPT_IS_ERR(r->vgpu) && !build(r, pts))
		return 0;
fail:
	fprintf(stderr, "bench: %s\n", mpt_last_error());
	return -1;
}

static void close_rig(struct rig *r)
{
	mpt_vgpu_destroy(r->vm, r->vgpu);
	gvt_close(r->gvt);
	mpt_vm_put(r->vm);
	mpt_vm_destroy(r->host, 1);
	mpt_host_close(r->host);
}

static int pin(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	u64 root[4];
	int ret = gvt_mm_pin(v, mm, root);

	if (!ret)
		gvt_mm_unpin(v, mm);
	return ret;
}

static int setup_small(void)
{
	return open_rig(&small, "mock", 1);
}

static void teardown_small(void)
{
	close_rig(&small);
}

static void create_destroy(unsigned long n)
{
	struct gvt_vgpu *v = to_gvt_vgpu(small.vgpu);
	struct gvt_mm *mm;

	while (n--) {
		gvt_lock(&v->lock);
		if (gvt_mm_get(v, 4, roots, &mm) || pin(v, mm))
			abort();
		gvt_mm_put(v, mm);
		gvt_unlock(&v->lock);
	}
}

/* --- checked again --- */

static int open_untracked(struct rig *r, unsigned int tables)
{
	if (open_rig(r, "mock:track=no", tables - UPPER))
		return -1;
	return gvt_mm_get(to_gvt_vgpu(r->vgpu), 4, roots, &r->mm);
}

static void close_untracked(struct rig *r)
{
	gvt_mm_put(to_gvt_vgpu(r->vgpu), r->mm);
	close_rig(r);
}

static void check_again(const struct rig *r, unsigned long n)
{
	struct gvt_vgpu *v = to_gvt_vgpu(r->vgpu);

	while (n--) {
		gvt_lock(&v->lock);
		if (pin(v, r->mm))
			abort();
		gvt_unlock(&v->lock);
	}
}

/* As much memory, twice. */
static u64 tables[2][MANY][512];

static void compare(unsigned long n, unsigned int count)
{
	volatile size_t size = sizeof(tables[0][0]);
	unsigned int i;

	while (n--)
		for (i = 0; i < count; i++)
			bench_use(memcmp(tables[0][i], tables[1][i], size));
}

#define ROW_FUNCTIONS(rig, count) \
	static int setup_##rig(void) \
	{ \
		return open_untracked(&(rig), (count)); \
	} \
	static void teardown_##rig(void) \
	{ \
		close_untracked(&(rig)); \
	} \
	static void check_##rig(unsigned long n) \
	{ \
		check_again(&(rig), n); \
	} \
	static int setup_compare_##rig(void) \
	{ \
		memset(tables, 0x77, sizeof(tables)); \
		return 0; \
	} \
	static void compare_##rig(unsigned long n) \
	{ \
		compare(n, (count)); \
	}

ROW_FUNCTIONS(few, FEW)
ROW_FUNCTIONS(some, SOME)
ROW_FUNCTIONS(many, MANY)

/*
 * Few tables stay in the nearest caches, where the copy that reading guest memory makes costs as
 * much as the comparison: that row is shown without a gate.
 */
#define ROWS(rig, count, most) \
	{ .name = "memcmp of " #count " tables", .fn = compare_##rig, \
	  .setup = setup_compare_##rig, .slow = true }, \
	{ .name = "check of " #count " unchanged tables", .fn = check_##rig, \
	  .setup = setup_##rig, .teardown = teardown_##rig, \
	  .yard = "memcmp of " #count " tables", .factor = (most), .slow = true }

const struct bench_row rows_ppgtt[] = {
	{ .name = "4-level create + destroy, 512 PTEs", .fn = create_destroy, .setup = setup_small,
	  .teardown = teardown_small, .plus = 20000, .slow = true },
	ROWS(few, 64, 0),
	ROWS(some, 256, 1.5),
	ROWS(many, 512, 1.5),
};
const size_t num_rows_ppgtt = sizeof(rows_ppgtt) / sizeof(rows_ppgtt[0]);
