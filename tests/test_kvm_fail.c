/* SPDX-License-Identifier: MIT */
/*
 * kvm-stub out of memory: each allocation of attaching, of the regions and of mapping fails in
 * turn, and what was done before it is undone.
 */
#include <mpt/layers.h>

#include "kvm_rig.h"

static u64 generation;

/* A vGPU with its regions and mappings, as a core makes it. */
static int whole_life(void *arg)
{
	struct mpt_vm *old = mpt_target_set(rig.vm);
	dma_addr_t bus;
	int ret;

	(void)arg;
	ret = intel_gvt_hypervisor_attach_vgpu(&rig.vgpu);
	mpt_target_set(old);
	if (ret)
		return ret;
	ret = intel_gvt_hypervisor_set_opregion(&rig.vgpu);
	if (!ret)
		ret = intel_gvt_hypervisor_set_edid(&rig.vgpu, 1);
	if (!ret)
		ret = rig_map(3, PAGE, &bus);
	if (!ret)
		ret = rig_map(512, HUGE, &bus);
	if (!ret)
		ret = intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 3);
	if (ret)
		rig_detach();
	return ret;
}

static void end_of_life(void *arg)
{
	(void)arg;
	rig_detach();
}

/* Whoever failed: no page is pinned, no frame protected, the VM is free for the next. */
static int nothing_is_left(void *arg, const struct mpt_fault_run *run)
{
	(void)arg;
	ck_assert_msg(!run->fired || run->ret == -ENOMEM, "allocation %lu: %d", run->nth, run->ret);
	ck_assert_uint_eq(rig_svc()->locked, 0);
	ck_assert_uint_eq(rig_svc()->nr_wp, 0);
	ck_assert_ptr_null(rig_svc()->user);
	ck_assert_uint_eq(mpt_svc_generation(rig_svc()), generation);
	return 0;
}

START_TEST(each_allocation)
{
	const struct mpt_fault_scenario scenario = { .allocations = true,
						     .run = whole_life,
						     .undo = end_of_life,
						     .check = nothing_is_left };
	struct mpt_fault_report r;

	rig_open("kvm-stub");
	rig_ram(0, 2 * HUGE, 0);
	rig_detach();
	generation = mpt_svc_generation(rig_svc());
	ck_assert_msg(!mpt_fault_each(NULL, &scenario, &r), "%s", mpt_last_error());
	/* A vdev and its table, two regions, two leaves of the gfn cache, entries for it. */
	ck_assert_uint_eq(r.runs, 7);
	ck_assert_uint_eq(r.survived, 0);
	ck_assert_uint_eq(r.bad, 0);
	rig_attach();
	rig_close();
}
END_TEST

/* The step that fails takes none that were done before with it. */
static int map_more(void *arg)
{
	dma_addr_t *bus = arg;
	int ret = rig_map(1024, HUGE, &bus[0]);

	if (ret)
		return ret;
	ret = rig_map(1024 + 512, PAGE, &bus[1]);
	if (ret)
		rig_unmap(bus[0]);
	return ret;
}

static void unmap_more(void *arg)
{
	dma_addr_t *bus = arg;

	rig_unmap(bus[0]);
	rig_unmap(bus[1]);
}

static int as_before(void *arg, const struct mpt_fault_run *run)
{
	(void)arg;
	(void)run;
	ck_assert_uint_eq(rig_svc()->locked, 1);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
	ck_assert_uint_eq(rig_stats().bad_unmap, 0);
	return 0;
}

START_TEST(each_allocation_of_a_mapping)
{
	dma_addr_t bus[2], first;
	const struct mpt_fault_scenario scenario = { .allocations = true,
						     .run = map_more,
						     .undo = unmap_more,
						     .check = as_before,
						     .arg = bus };
	u64 seen;

	rig_open("kvm-stub");
	rig_ram(0, 4 * HUGE, 0);
	ck_assert_int_eq(rig_map(5, PAGE, &first), 0);
	ck_assert_msg(!mpt_fault_each(NULL, &scenario, NULL), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_bus_read(rig.host, first, &seen, 8), 0);
	rig_close();
}
END_TEST

/* The IOMMU's table stays when it is made, so each turn needs memory that was never mapped. */
START_TEST(each_allocation_of_a_first_mapping)
{
	dma_addr_t bus = 0x1234;
	unsigned long n;
	long live;

	for (n = 1; n <= 3; n++) {
		rig_open("kvm-stub");
		rig_ram(0, HUGE, 0);
		live = mpt_alloc_live();
		mpt_alloc_fail_at(n);
		ck_assert_int_eq(rig_map(5, PAGE, &bus), -ENOMEM);
		mpt_alloc_fail_at(0);
		ck_assert_uint_eq(bus, 0x1234);
		ck_assert_uint_eq(rig_svc()->locked, 0);
		/* What was made before is room for the next try. */
		ck_assert_int_lt(mpt_alloc_live() - live, n);
		rig_unmap(rig_mapped(5, PAGE));
		ck_assert_uint_eq(rig_stats().bad_unmap, 0);
		rig_close();
	}
}
END_TEST

static Suite *fail_suite(void)
{
	Suite *s = suite_create("kvm-stub out of memory");
	TCase *tc = tcase_create("fail each");

	tcase_add_test(tc, each_allocation);
	tcase_add_test(tc, each_allocation_of_a_mapping);
	tcase_add_test(tc, each_allocation_of_a_first_mapping);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { fail_suite };

	return mpt_test_main("kvm_fail", suites, 1);
}
