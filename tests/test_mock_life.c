/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor: making and ending things, dead handles, what is left behind, and each
 * allocation failing once.
 */
#include "mock_rig.h"

static void setup(void)
{
	rig_open("mock");
}

/* --- making and ending --- */

START_TEST(life)
{
	struct intel_vgpu second = { .mpt = rig.vgpu.mpt };
	unsigned long stale = rig.vgpu.handle;
	u64 val;

	ck_assert_int_eq(mpt_vm_create(rig.host, 0), -EINVAL);
	ck_assert_int_eq(mpt_vm_create(rig.host, 65536), -EINVAL);
	ck_assert_int_eq(mpt_vm_create(rig.host, 1), -EEXIST);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 2), -ESRCH);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), -EBUSY);
	mpt_target_set(rig.vm);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&second), -EEXIST);
	ck_assert_int_eq(rig.vgpu.mpt->attach_vgpu(NULL, &second.handle), -EINVAL);
	mpt_target_set(NULL);
	rig_ram(0, HUGE, 0);
	rig_detach();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_vm_get(rig.host, 1, &rig.vm), 0);
	ck_assert_int_eq(rig_read(0, &val, 8), -ESRCH);
	ck_assert_int_eq(rig_write(0, &val, 8), -ESRCH);
	rig_attach();
	ck_assert_uint_ne(rig.vgpu.handle, stale);
	ck_assert_int_eq(rig_read(0, &val, 8), 0);
	ck_assert_int_eq(rig.vgpu.mpt->read_gpa(stale, 0, &val, 8), -ESRCH);
	ck_assert_int_eq(rig.vgpu.mpt->read_gpa(0, 0, &val, 8), -ESRCH);
}
END_TEST

/* Every operation with a dead handle, and with one that was never given out. */
START_TEST(dead_handles)
{
	const unsigned long live = rig.vgpu.handle;
	const unsigned long dead[] = { 0,	 1,	     255,	 ~0UL,
				       live + 1, live + 256, live - 256, live | 1ULL << 63 };
	const struct intel_gvt_mpt *t = rig.vgpu.mpt;
	dma_addr_t dma = 0x55;
	unsigned int i;
	u64 val = 1;

	rig_ram(0, HUGE, 0);
	for (i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
		unsigned long h = dead[i];

		ck_assert_int_eq(t->read_gpa(h, 0, &val, 8), -ESRCH);
		ck_assert_uint_eq(val, 0);
		ck_assert_int_eq(t->write_gpa(h, 0, &val, 8), -ESRCH);
		ck_assert_int_eq(t->inject_msi(h, 0xfee00000, 1), -ESRCH);
		ck_assert_int_eq(t->set_intx(h, true), -ESRCH);
		ck_assert_int_eq(t->enable_page_track(h, 0), -ESRCH);
		ck_assert_int_eq(t->disable_page_track(h, 0), -ESRCH);
		ck_assert_uint_eq(t->gfn_to_mfn(h, 0), INTEL_GVT_INVALID_ADDR);
		ck_assert_int_eq(t->map_gfn_to_mfn(h, 0, 1, 0, true), -ESRCH);
		ck_assert_int_eq(t->map_gfn_to_mfn(h, 0, 1, 1, false), -ESRCH);
		ck_assert_int_eq(t->dma_map_guest_page(h, 0, 1, &dma), -ESRCH);
		ck_assert_uint_eq(dma, 0x55);
		t->dma_unmap_guest_page(h, 0);
		ck_assert_int_eq(t->dma_pin_guest_page(h, 0), -ESRCH);
		ck_assert_int_eq(t->set_trap_area(h, 1, 0, true), -ESRCH);
		ck_assert_int_eq(t->set_pvmmio(h, 1, 0, true), -ESRCH);
		ck_assert(!t->is_valid_gfn(h, 0));
		t->detach_vgpu(h);
	}
	ck_assert_int_eq(t->set_opregion(&val), -ESRCH);
	ck_assert_int_eq(t->set_edid(&val, 0), -ESRCH);
	ck_assert_int_eq(t->get_vfio_device(&val), -ESRCH);
	t->put_vfio_device(&val);
	ck_assert(t->is_valid_gfn(rig.vgpu.handle, 0));
}
END_TEST

START_TEST(core_comes_and_goes)
{
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, NULL, &rig_ops), -EINVAL);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, NULL), -EINVAL);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, &rig_ops), 0);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, &rig_ops), -EEXIST);
	mpt_host_exit(rig.host, NULL, &rig);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, &rig_ops), 0);
	mpt_host_exit(rig.host, NULL, &rig);
	ck_assert_int_eq(mpt_dom0_ready(rig.host), 0);
}
END_TEST

START_TEST(counted_only)
{
	struct intel_vgpu *v = &rig.vgpu;

	ck_assert_int_eq(intel_gvt_hypervisor_set_opregion(v), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(v, 4), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(v, 5), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(v, -1), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(v), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(v), 0);
	intel_gvt_hypervisor_put_vfio_device(v);
	ck_assert_uint_eq(rig_stats().opregion, 1);
	ck_assert_uint_eq(rig_stats().edid, 1);
	ck_assert_int_eq(rig_stats().vfio_device, 1);
}
END_TEST

/* What a vGPU leaves is gone with it; the next one finds nothing. */
START_TEST(detach_clears)
{
	struct mpt_vm_stats s;
	dma_addr_t dma;
	u64 val = 3;

	rig_ram(0, HUGE, 0);
	rig_ram(2 * HUGE, PAGE, 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, GIB, GIB + 7, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&rig.vgpu, GIB / PAGE + 1,
							     RIG_APERTURE_MFN, 2, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(&rig.vgpu, 0, 4 * MIB, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 3), 0);
	ck_assert_int_eq(rig_map(2 * HUGE / PAGE, PAGE, &dma), 0);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 2 * HUGE, PAGE), 0);
	ck_assert_int_eq(rig_map(5, PAGE, &dma), 0);
	ck_assert_int_eq(rig_map(5, PAGE, &dma), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 3 * PAGE, &val, 8), 0);
	s = rig_stats();
	ck_assert_uint_eq(s.tracked, 1);
	ck_assert_uint_eq(s.dma_live, 3);
	ck_assert_uint_eq(s.track_hits, 1);
	rig_detach();
	s = rig_stats();
	ck_assert_uint_eq(s.tracked, 0);
	ck_assert_uint_eq(s.dma_live, 0);
	ck_assert(!mpt_vm_tracked(rig.vm, 3));
	ck_assert_int_eq(mpt_bus_read(rig.host, dma, &val, 8), -EFAULT);
	/* Nobody is told any more, and the guest goes on. */
	rig.calls = 0;
	ck_assert_int_eq(mpt_guest_write(rig.vm, 3 * PAGE, &val, 8), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, GIB, &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_uint_eq(val, ~0ULL);
	rig_attach();
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, GIB, GIB + 7, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(&rig.vgpu, 0, 8 * MIB, true), 0);
	rig_unmap(dma);
	ck_assert_uint_eq(rig_stats().bad_unmap, 1);
	ck_assert_int_eq(rig_map(5, PAGE, &dma), 0);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
}
END_TEST

/* --- out of memory --- */

/* All that allocates, each part undone by the caller's clean-up whether it failed or not. */
static int scenario(void)
{
	struct intel_vgpu *v = &rig.vgpu;
	dma_addr_t dma;
	int ret;

	memset(&rig, 0, sizeof(rig));
	ret = mpt_host_open("mock:msi-eventfd=yes", &rig.host);
	ret = ret ? ret : mpt_vm_create(rig.host, 1);
	ret = ret ? ret : mpt_vm_get(rig.host, 1, &rig.vm);
	if (ret)
		return ret;
	v->mpt = mpt_host_table(rig.host);
	rig_attach();
	ret = mpt_ram_add(rig.vm, 0, HUGE + PAGE, 0);
	ret = ret ? ret : mpt_ram_add(rig.vm, HUGE + 4 * PAGE, PAGE, MPT_RAM_READONLY);
	ret = ret ? ret : mpt_ram_move(rig.vm, 0, HUGE + PAGE, 4 * HUGE + PAGE);
	ret = ret ? ret : intel_gvt_hypervisor_set_trap_area(v, GIB, GIB + 7, true);
	ret = ret ? ret : intel_gvt_hypervisor_map_gfn_to_mfn(v, 7, 9, 1, true);
	ret = ret ? ret : rig_map(4 * HUGE / PAGE + 3, PAGE, &dma);
	if (!ret && mpt_virt_to_mfn(rig.host, (void *)0x1000) == INTEL_GVT_INVALID_ADDR)
		ret = -ENOMEM;
	/* What takes away allocates nothing. */
	if (!ret && (intel_gvt_hypervisor_set_trap_area(v, GIB, GIB + 7, false) ||
		     mpt_ram_remove(rig.vm, 4 * HUGE + PAGE, HUGE + PAGE)))
		ret = -EIO;
	return ret;
}

static void undo(void)
{
	if (rig.vgpu.handle)
		rig_detach();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

START_TEST(each_allocation_fails_once)
{
	unsigned long nth;
	bool fired = true;
	int ret;

	for (nth = 1; fired; nth++) {
		mpt_alloc_fail_at(nth);
		ret = scenario();
		fired = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(ret, fired ? -ENOMEM : 0);
		undo();
	}
	ck_assert_uint_gt(nth, 20);
}
END_TEST

static Suite *life_suite(void)
{
	Suite *s = suite_create("mock life");
	TCase *life_ = tcase_create("life"), *none = tcase_create("out of memory");

	tcase_add_checked_fixture(life_, setup, rig_close);
	tcase_add_test(life_, life);
	tcase_add_test(life_, dead_handles);
	tcase_add_test(life_, core_comes_and_goes);
	tcase_add_test(life_, counted_only);
	tcase_add_test(life_, detach_clears);
	suite_add_tcase(s, life_);
	tcase_add_test(none, each_allocation_fails_once);
	suite_add_tcase(s, none);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { life_suite };

	return mpt_test_main("mock life", suites, 1);
}
