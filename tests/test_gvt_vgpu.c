/* SPDX-License-Identifier: MIT */
/*
 * The life of vGPUs: creation with every step failing in turn, destruction, activation, failsafe,
 * events; resets are in test_gvt_vgpu_reset.c.
 */
#include "gvt_life.h"
#include "runner.h"

static struct life r;

static void setup(void)
{
	life_open(&r, "check,fault,mock", 256 * MIB);
}

static void teardown(void)
{
	life_close(&r);
}

static bool error_says(const char *text)
{
	return strstr(mpt_last_error(), text) != NULL;
}

/* --- creation --- */

START_TEST(test_seven_succeed_and_the_eighth_does_not)
{
	struct intel_vgpu_type type;
	int i;

	gvt_type_init(&type, MIB, MIB, 1);
	for (i = 0; i < 7; i++)
		ck_assert_int_eq(life_create(&r, (unsigned int)i, &type)->id, i + 1);
	life_refused(&r, 7, &type, -ENOSPC);
	ck_assert(error_says("7 vGPUs exist"));
	ck_assert_uint_eq(gvt_type_available(r.gvt, &type), 0);
	/* The lowest free id is next. */
	life_destroy(&r, 4);
	life_destroy(&r, 2);
	ck_assert_int_eq(life_create(&r, 7, &type)->id, 3);
	ck_assert_int_eq(life_create(&r, 2, &type)->id, 5);
}
END_TEST

/* A vGPU that gets a fence finds it clear, whatever the one before left in it. */
START_TEST(test_fences_are_given_back_clear)
{
	u64 value = 0x0000100000000001ULL;
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_hw *hw = &r.gvt->hw;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x100000 + 8, &value, 8));
	ck_assert_uint_eq(hw->fence_read(hw->priv, 1), value);
	life_destroy(&r, 0);
	ck_assert_uint_eq(hw->fence_read(hw->priv, 1), 0);
}
END_TEST

/* Without a target, and with another host as the thread's own, the device's host is the one. */
START_TEST(test_attach_in_the_right_host)
{
	struct life other;
	struct mpt_host *before;
	struct intel_vgpu *g;

	life_vm(&r, 0);
	life_open(&other, "check,mock", 256 * MIB);
	life_vm(&other, 0);
	before = mpt_host_use(other.host);
	g = gvt_ops()->vgpu_create(r.gvt, gvt_type_each(r.gvt, 0));
	ck_assert_msg(!MPT_IS_ERR(g), "%s", mpt_last_error());
	ck_assert_ptr_eq(mpt_host_current(), other.host);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_ATTACH).count, 1);
	ck_assert_uint_eq(life_held(other.host, MPT_LEDGER_ATTACH).count, 0);
	gvt_ops()->vgpu_destroy(g);
	mpt_host_use(before);
	life_close(&other);
}
END_TEST

START_TEST(test_a_vm_has_one)
{
	life_create(&r, 0, NULL);
	life_refused(&r, 0, gvt_type_each(r.gvt, 0), -EEXIST);
	ck_assert_int_eq(life_info(r.vgpu[0]).id, 1);
	ck_assert_uint_eq(gvt_type_available(r.gvt, gvt_type_each(r.gvt, 0)), 3);
}
END_TEST

/* --- Fail-N --- */

static int create(void *type)
{
	struct intel_vgpu *g = mpt_vgpu_create(life_vm(&r, 0), r.gvt, type);

	if (MPT_IS_ERR(g))
		return MPT_PTR_ERR(g);
	r.vgpu[0] = g;
	return 0;
}

static void destroy(void *type)
{
	(void)type;
	life_destroy(&r, 0);
}

/* It has failed as it may, and the next one is the first. */
static int next_is_first(void *type, const struct mpt_fault_run *run)
{
	u32 errnos = run->op < MPT_OP_COUNT ? mpt_op_info(run->op)->errnos :
					      mpt_errno_bit(-ENOMEM);

	ck_assert(!run->fired || errnos & mpt_errno_bit(run->ret));
	ck_assert_uint_eq(gvt_type_available(r.gvt, type), 4);
	ck_assert_int_eq(life_create(&r, 0, type)->id, 1);
	life_destroy(&r, 0);
	return 0;
}

static struct mpt_fault_report fail_each(bool allocations)
{
	const struct mpt_fault_scenario s = {
		.allocations = allocations, .run = create, .undo = destroy, .check = next_is_first,
		.arg = gvt_type_each(r.gvt, 0),
	};
	struct mpt_fault_report report;

	ck_assert_msg(!mpt_fault_each(r.host, &s, &report), "%s", mpt_last_error());
	ck_assert_uint_eq(report.survived, 0);
	return report;
}

START_TEST(test_creation_unwinds_from_every_call)
{
	ck_assert_uint_eq(fail_each(false).ops, 1U << MPT_OP_ID_attach_vgpu |
						1U << MPT_OP_ID_set_opregion |
						1U << MPT_OP_ID_set_edid);
}
END_TEST

/* Without the check layer: its ledger allocates too, and says so when it could not. */
START_TEST(test_creation_unwinds_from_every_allocation)
{
	life_open(&r, "mock", 256 * MIB);
	/* The vGPU, its registers, its GGTT at least. */
	ck_assert_uint_gt(fail_each(true).runs, 2);
	life_close(&r);
}
END_TEST

/* --- destruction --- */

START_TEST(test_destroy_gives_everything_back)
{
	u64 pte = 0x1001;
	struct intel_vgpu *g;
	int i;

	for (i = 0; i < 3; i++) {
		g = life_create(&r, 0, NULL);
		if (!i)
			life_ok(mpt_ram_add(r.vm[0], 0, 64 * MIB, 0));
		gvt_ops()->vgpu_activate(g);
		life_decode(g, LIFE_BAR0, LIFE_BAR2);
		life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET, &pte, 8));
		ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_DMA).count, 1);
		ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_TRAP).count, 1);
		ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_MAP).count, 1);
		life_destroy(&r, 0);
		life_ledger_empty(r.host);
	}
}
END_TEST

START_TEST(test_activation)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_vgpu *v = to_gvt_vgpu(g);

	ck_assert(!life_info(g).active);
	gvt_ops()->vgpu_activate(g);
	ck_assert(life_info(g).active);
	gvt_ops()->vgpu_deactivate(g);
	ck_assert(!life_info(g).active);
	gvt_ops()->vgpu_activate(g);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0xd4, 3, 2);
	v->elsp_index[GVT_BCS] = 2;
	gvt_ops()->vgpu_release(g);
	ck_assert(!life_info(g).active);
	ck_assert(!v->d3);
	ck_assert_uint_eq(v->elsp_index[GVT_BCS], 0);
	/* The device is still there for whoever opens it next. */
	ck_assert_uint_eq(life_info(g).bar0, LIFE_BAR0);
}
END_TEST

/* --- failsafe and events --- */

START_TEST(test_failsafe)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	u32 value = 0;

	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_NONE);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_NONE);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	/* The library's default policy: an access that cannot be emulated ends in failsafe. */
	ck_assert_int_eq(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET, &value, 2), -EINVAL);
	ck_assert_uint_eq(value, 0xffff);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_GUEST_ERR);
	ck_assert_uint_eq(life_info(g).errors, 1);
	/* The first reason stays. */
	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_RESOURCES);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_GUEST_ERR);
	gvt_ops()->vgpu_reset(g);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_NONE);
	gvt_emulation_failed(g, -EIO);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_GUEST_ERR);
}
END_TEST

START_TEST(test_no_page_is_ours)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	unsigned int bytes;
	u64 data = 0;

	for (bytes = 0; bytes <= 17; bytes++)
		ck_assert_int_eq(gvt_ops()->write_protect_handler(g, 0x1000 + bytes, &data, bytes),
				 -ENXIO);
	ck_assert_int_eq(gvt_ops()->write_protect_handler(g, ~0ULL, &data, 8), -ENXIO);
}
END_TEST

START_TEST(test_ram_that_goes_is_dropped)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	u64 pte[2] = { 0x1001, 0x2000001 };
	int i;

	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	life_ok(mpt_ram_add(r.vm[0], 32 * MIB, 16 * MIB, 0));
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	for (i = 0; i < 2; i++)
		life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET + 8 * (u64)i, &pte[i],
					8));
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 2);
	gvt_ops()->guest_region_event(g, 0, 4096, true);
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 2);
	life_ok(mpt_ram_remove(r.vm[0], 32 * MIB, 16 * MIB));
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 1);
	ck_assert_uint_eq(life_info(g).ggtt_scratch, 1);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_DMA).count, 1);
}
END_TEST

START_TEST(test_hotplug)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	struct mpt_irq irq;

	life_cfg_write(g, 0xb0, 0xfee00000, 4);
	life_cfg_write(g, 0xb4, 0x4041, 2);
	life_cfg_write(g, 0xae, 1, 2);
	/* South display: unmask port D, enable it, enable the master. */
	gvt_vreg_set(v, 0xc4004, ~(1U << 23));
	gvt_vreg_set(v, 0xc400c, 1U << 23);
	gvt_vreg_set(v, 0x44200, 1U << 31);
	gvt_ops()->emulate_hotplug(g, true);
	ck_assert_uint_eq(gvt_vreg(v, 0xc2014) & 7, 1);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4000) & 1U << 23, 1U << 23);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4008) & 1U << 23, 1U << 23);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4030) >> 16 & 3, 2);
	ck_assert_int_eq(mpt_irq_take(r.vm[0], &irq), 0);
	ck_assert_uint_eq(irq.data, 0x4041);
	gvt_ops()->emulate_hotplug(g, false);
	ck_assert_uint_eq(gvt_vreg(v, 0xc2014) & 7, 0);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4000) & 1U << 23, 0);
	ck_assert_int_eq(mpt_irq_take(r.vm[0], &irq), 0);
}
END_TEST

static Suite *vgpu_suite(void)
{
	Suite *s = suite_create("gvt_vgpu");
	TCase *life = tcase_create("life");
	TCase *bare = tcase_create("no layer");
	TCase *events = tcase_create("events");

	tcase_add_checked_fixture(life, setup, teardown);
	tcase_add_test(life, test_seven_succeed_and_the_eighth_does_not);
	tcase_add_test(life, test_fences_are_given_back_clear);
	tcase_add_test(life, test_attach_in_the_right_host);
	tcase_add_test(life, test_a_vm_has_one);
	tcase_add_test(life, test_creation_unwinds_from_every_call);
	tcase_add_test(life, test_destroy_gives_everything_back);
	tcase_add_test(life, test_activation);
	suite_add_tcase(s, life);
	tcase_add_test(bare, test_creation_unwinds_from_every_allocation);
	suite_add_tcase(s, bare);
	tcase_add_checked_fixture(events, setup, teardown);
	tcase_add_test(events, test_failsafe);
	tcase_add_test(events, test_no_page_is_ours);
	tcase_add_test(events, test_ram_that_goes_is_dropped);
	tcase_add_test(events, test_hotplug);
	suite_add_tcase(s, events);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { vgpu_suite };

	return mpt_test_main("gvt_vgpu", suites, 1);
}
