/* SPDX-License-Identifier: MIT */
/* The device and the vGPUs of test_explore_gvt.c, and what is looked at after each of its scenarios. */
#ifndef MPT_TESTS_EXPLORE_GVT_RIG_H
#define MPT_TESTS_EXPLORE_GVT_RIG_H

#include <gvt/display.h>

#include "exec_rig.h"
#include "explore_rig.h"

#define RAM (8ULL << 20)
#define PERIOD 16000000ULL
#define PIPECONF_A 0x70008U
#define IIR_A 0x44408U
#define ON (1U << 31)
#define FENCE_0 0x100000U
#define SPACE(gm) (GVT_GTT_OFFSET + ((gm) >> 12) * 8)
#define PAGE_A 0x700000ULL
#define PAGE_B 0x701000ULL
#define GM_PAGE 0x900000ULL /* from the low range's begin */

static struct exec x;
static long live, kept; /* allocations before a run, and what each leaves: see close_all() */

static struct {
	int ret[EXPLORE_THREADS];
	u64 val[EXPLORE_THREADS];
	unsigned int pages; /* that the hardware has for shadow tables */
	bool destroyed;
} t;

/* --- the device --- */

static u64 *(*real_page_new)(void *priv, u64 *bus);

static u64 *scarce_page_new(void *priv, u64 *bus)
{
	if (!t.pages)
		return NULL;
	t.pages--;
	return real_page_new(priv, bus);
}

/*
 * Host and device are opened once for all runs: half of a run's time would go into the table of
 * registers, which nobody writes. VMs and vGPUs are new in each.
 */
static void open_device(void)
{
	static struct rig device;
	static struct gvt_hw hw;
	struct gvt_config config = { .size = sizeof(config), .aperture = 256ULL << 20, .hw = &hw };

	if (!device.host) {
		rig_ok(mpt_host_open("mock", &device.host));
		rig_ok(mpt_host_set_policy(device.host, MPT_POLICY_RETURN));
		explore_ops_watch(device.host);
		fake_open(device.host, &hw);
		real_page_new = hw.page_new;
		hw.page_new = scarce_page_new;
		rig_ok(gvt_open(device.host, &config, &device.gvt));
		device.ops = gvt_ops();
	}
	memset(&x, 0, sizeof(x));
	x.r[0] = device;
	memset(&t, 0, sizeof(t));
	t.pages = ~0U;
	live = mpt_alloc_live();
}

/* As much of what a driver does as the first engine needs. */
static void driver(unsigned int n)
{
	struct rig *r = &x.r[n];

	rig_reg(r, GVT_PVINFO_OFFSET);
	rig_reg_set(r, 0x44304, 0);
	rig_reg_set(r, 0x4430c, ~0U);
	exec_pte(r, r->v->low.start + HWS, GPA_HWS | 1);
	ereg_set(r, 0, 0xa8, 0);
	ereg_set(r, 0, 0x80, (u32)(r->v->low.start + HWS));
	ereg_set(r, 0, 0x29c, 0x80008000);
	ereg_set(r, 0, 0x3a0, 0xffff0505);
	ram_set(r, GPA_HWS + 0x7c, 5);
	rig_reg_set(r, MASTER, ON);
	ctx_init(r, 0);
	ctx_more(r, 0, 2);
}

static void open_vgpu(unsigned int n)
{
	struct rig *r = &x.r[n];
	struct intel_vgpu_type type;

	*r = x.r[0];
	rig_ok(mpt_vm_create(r->host, n + 1));
	rig_ok(mpt_vm_get(r->host, n + 1, &r->vm));
	rig_ok(mpt_ram_add(r->vm, 0, RAM, 0));
	gvt_type_init(&type, 16ULL << 20, 16ULL << 20, 4);
	type.weight = 4;
	r->vgpu = mpt_vgpu_create(r->vm, r->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(r->vgpu), "%s", mpt_last_error());
	r->v = to_gvt_vgpu(r->vgpu);
	r->ops->vgpu_activate(r->vgpu);
	rig_cfg_place(r);
}

static void open_vgpus(unsigned int n)
{
	open_device();
	for (x.vgpus = 0; x.vgpus < n; x.vgpus++)
		open_vgpu(x.vgpus);
}

static void open_one(void)
{
	open_vgpus(1);
}

static void open_work(void)
{
	open_vgpus(1);
	driver(0);
}

/* The machine keeps the counts of a block that was mapped: in each run as many. That is all. */
static void close_all(void)
{
	struct rig *r = &x.r[0];
	unsigned int n;

	for (n = 0; n < x.vgpus; n++)
		if (n || !t.destroyed)
			exec_destroy(&x, n);
	for (n = 0; n < x.vgpus; n++) {
		mpt_vm_put(x.r[n].vm);
		rig_ok(mpt_vm_destroy(r->host, n + 1));
	}
	ck_assert_uint_eq(fake_engines, 0);
	if (kept < 0)
		kept = mpt_alloc_live() - live;
	ck_assert_int_le(kept, 2);
	ck_assert_int_eq(mpt_alloc_live() - live, kept);
}

static void nothing_left(void)
{
	struct mpt_vm_stats s;

	explore_assert(!mpt_vm_stats_get(x.r[0].vm, &s));
	explore_assert(!s.bad_unmap);
	explore_assert(!t.destroyed || (!s.dma_live && !s.tracked));
}

/* And the device never touched what was not mapped. */
static void no_fault(void)
{
	struct mpt_iommu_fault fault;

	explore_assert(mpt_fault_take(x.r[0].host, &fault) == -ENOENT);
	nothing_left();
}

static void destroy(void)
{
	t.ret[1] = mpt_vgpu_destroy(x.r[0].vm, x.r[0].vgpu);
	t.destroyed = true;
}

static void guest_write(struct rig *r, u64 offset, u64 value, unsigned int len)
{
	if (mpt_guest_write(r->vm, RIG_BAR0 + offset, &value, len))
		explore_fail("a guest's write to 0x%llx failed: %s", (unsigned long long)offset,
			     mpt_last_error());
}

#endif
