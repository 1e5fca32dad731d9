/* SPDX-License-Identifier: MIT */
/*
 * GMBUS when a transfer does not reach its end: cleared, stopped, begun anew, unplugged, reset, in
 * failsafe mode, or driven by random accesses. The EDID can be read afterwards.
 */
#include "gmbus_driver.h"
#include "lib/runner.h"

/* Two chunks of a long read are taken. */
static void begin(struct ddc *d)
{
	ddc_open(d, "skl");
	rig_reg_set(&d->r, REG(0), PIN);
	go(&d->r, INDEX | WAIT | BYTES(128) | TO(ADDR) | RD);
	rig_reg(&d->r, REG(3));
	rig_reg(&d->r, REG(3));
	ck_assert_uint_eq(status(&d->r), READY | ACTIVE | 8);
}

static void reads_well(struct ddc *d)
{
	u8 buf[128];

	ck_assert_int_eq(driver_edid(&d->r, 0, buf, 128, false), OK);
	is_edid(&d->r, buf, 0, 128);
	rig_close(&d->r);
}

/*
 * A driver that waits for what never comes: nothing was begun, or the cycle has stopped by itself.
 * It gives up, clears, and goes on.
 */
START_TEST(timeouts)
{
	struct ddc d;

	ddc_open(&d, "skl");
	rig_reg_set(&d.r, REG(0), PIN);
	ck_assert_int_eq(wait_for(&d.r, WAITING, ON_WAIT), LATE);
	rig_reg_set(&d.r, REG(1), WAIT | BYTES(4) | TO(ADDR) | RD);
	ck_assert_int_eq(wait_for(&d.r, WAITING, ON_WAIT), LATE);
	ck_assert_int_eq(driver_end(&d.r, LATE), LATE);
	rig_reg_set(&d.r, REG(0), PIN);
	go(&d.r, STOP | INDEX | WAIT | BYTES(4) | TO(ADDR) | RD);
	rig_reg(&d.r, REG(3));
	ck_assert_int_eq(wait_for(&d.r, WAITING, ON_WAIT), LATE);
	ck_assert_int_eq(driver_end(&d.r, LATE), LATE);
	reads_well(&d);
}
END_TEST

START_TEST(aborted_by_clear)
{
	struct ddc d;

	begin(&d);
	rig_reg_set(&d.r, REG(1), CLEAR | GO | WAIT | BYTES(4) | TO(ADDR) | RD);
	ck_assert_uint_eq(rig_reg(&d.r, REG(1)) & (CLEAR | GO), CLEAR);
	ck_assert_uint_eq(status(&d.r), READY);
	rig_reg_set(&d.r, REG(1), 0);
	ck_assert_uint_eq(status(&d.r), READY);
	reads_well(&d);
}
END_TEST

START_TEST(aborted_by_another_pin)
{
	struct ddc d;

	begin(&d);
	/* Rate and hold bits are none of it. */
	rig_reg_set(&d.r, REG(0), PIN | 0x780);
	ck_assert_uint_eq(status(&d.r), READY | ACTIVE | 8);
	rig_reg_set(&d.r, REG(0), 0);
	ck_assert_uint_eq(status(&d.r), READY);
	rig_reg_set(&d.r, REG(0), PIN);
	rig_reg(&d.r, REG(3));
	ck_assert_uint_eq(status(&d.r), READY);
	reads_well(&d);
}
END_TEST

START_TEST(aborted_by_stop_or_start)
{
	struct ddc d;

	begin(&d);
	go(&d.r, STOP);
	ck_assert_uint_eq(status(&d.r), READY);
	go(&d.r, INDEX | WAIT | BYTES(128) | TO(ADDR) | RD);
	rig_reg(&d.r, REG(3));
	go(&d.r, INDEX | WAIT | BYTES(2) | AT(1) | TO(ADDR) | RD);
	ck_assert_uint_eq(status(&d.r), READY | ACTIVE);
	ck_assert_uint_eq(rig_reg(&d.r, REG(3)), 0xffff);
	ck_assert_uint_eq(status(&d.r), READY | ACTIVE | WAITING | 2);
	reads_well(&d);
}
END_TEST

/* An unplugged monitor drives nothing; the next cycle is not acknowledged. */
START_TEST(unplugged_in_the_middle)
{
	struct ddc d;

	begin(&d);
	rig_reg(&d.r, REG(3)); /* had been fetched */
	d.r.ops->emulate_hotplug(d.r.vgpu, false);
	rig_reg(&d.r, REG(3));
	ck_assert_uint_eq(rig_reg(&d.r, REG(3)), ~0U);
	ck_assert_uint_eq(status(&d.r), READY | ACTIVE | 20);
	go(&d.r, INDEX | WAIT | BYTES(128) | TO(ADDR) | RD);
	ck_assert_uint_eq(status(&d.r), READY | NAK);
	driver_end(&d.r, NOBODY);
	d.r.ops->emulate_hotplug(d.r.vgpu, true);
	reads_well(&d);
}
END_TEST

START_TEST(reset_in_the_middle)
{
	struct ddc d;

	begin(&d);
	rig_reg_set(&d.r, REG(4), 0xf);
	d.r.ops->vgpu_reset(d.r.vgpu);
	rig_cfg_place(&d.r);
	ck_assert_uint_eq(d.r.v->gmbus.phase, GVT_GMBUS_IDLE);
	ck_assert_uint_eq(d.r.v->gmbus.left, 0);
	ck_assert_uint_eq(rig_reg(&d.r, REG(0)), 0);
	ck_assert_uint_eq(rig_reg(&d.r, REG(1)), 0);
	ck_assert_uint_eq(rig_reg(&d.r, REG(4)), 0);
	ck_assert_uint_eq(rig_reg(&d.r, REG(2)), READY);
	ck_assert_uint_eq(rig_reg(&d.r, REG(3)), 0);
	ck_assert_uint_eq(status(&d.r), READY);
	reads_well(&d);
}
END_TEST

/* A full GT reset ends before the display. */
START_TEST(gt_reset_in_the_middle)
{
	struct ddc d;

	begin(&d);
	rig_reg_set(&d.r, 0x941c, 1);
	ck_assert_uint_eq(status(&d.r), READY | ACTIVE | 8);
	reads_well(&d);
}
END_TEST

/* In failsafe mode registers are memory. */
START_TEST(failsafe_in_the_middle)
{
	struct ddc d;

	begin(&d);
	gvt_vgpu_failsafe_enter(d.r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	rig_reg_set(&d.r, REG(3), 0x1234);
	ck_assert_uint_eq(rig_reg(&d.r, REG(3)), 0x1234);
	ck_assert_uint_eq(rig_reg(&d.r, REG(3)), 0x1234);
	rig_reg_set(&d.r, REG(1), GO | WAIT);
	ck_assert_uint_eq(rig_reg(&d.r, REG(1)), GO | WAIT);
	d.r.ops->vgpu_reset(d.r.vgpu);
	rig_cfg_place(&d.r);
	ck_assert_uint_eq(status(&d.r), READY);
	reads_well(&d);
}
END_TEST

/* Any values in any order: bounds hold, and after the driver's clean-up the EDID can be read. */
START_TEST(random_accesses)
{
	u32 seed = (u32)_i * 7919 + 1, step;
	struct ddc d;
	struct rig *r = &d.r;

	ddc_open(&d, "skl");
	for (step = 0; step < 3000; step++) {
		u32 reg, value, s;

		seed = seed * 1664525 + 1013904223;
		reg = seed >> 24 & 7;
		value = seed << 7 ^ seed >> 5;
		if (reg == 0)
			value = seed >> 8 & 1 ? PIN : value;
		if (reg == 1 && (seed & 0x10000))
			value = (value & 0xffffff00) | TO(ADDR) | (value & 1);
		if (reg == 6)
			r->ops->emulate_hotplug(r->vgpu, seed >> 9 & 3);
		else if (seed & 0x800)
			rig_reg_set(r, reg == 5 ? REG5 : REG(reg % 5), value);
		else
			rig_reg(r, reg == 5 ? REG5 : REG(reg % 5));
		s = gvt_vreg(r->v, REG(2));
		if ((s & ~(IN_USE | WAITING | READY | NAK | ACTIVE | COUNT)) || !(s & READY) ||
		    ((s & NAK) && (s & ACTIVE)) || r->v->gmbus.left + r->v->gmbus.done > 511 ||
		    (gvt_vreg(r->v, REG(1)) & GO))
			ck_abort_msg("step %u: 0x%x", step, s);
	}
	r->ops->emulate_hotplug(r->vgpu, true);
	rig_reg_set(r, REG5, 0);
	driver_end(r, NOBODY);
	reads_well(&d);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gvt_gmbus_abort");
	TCase *tc = tcase_create("gmbus");

	tcase_add_test(tc, timeouts);
	tcase_add_test(tc, aborted_by_clear);
	tcase_add_test(tc, aborted_by_another_pin);
	tcase_add_test(tc, aborted_by_stop_or_start);
	tcase_add_test(tc, unplugged_in_the_middle);
	tcase_add_test(tc, reset_in_the_middle);
	tcase_add_test(tc, gt_reset_in_the_middle);
	tcase_add_test(tc, failsafe_in_the_middle);
	tcase_add_loop_test(tc, random_accesses, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("gvt_gmbus_abort", suites, 1);
}
