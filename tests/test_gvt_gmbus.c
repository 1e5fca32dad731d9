/* SPDX-License-Identifier: MIT */
/*
 * GMBUS as a driver uses it: the EDID of a monitor that is not DP in chunks, by polling or by
 * interrupts; nobody there, the wrong slave; who may use it. What comes in the middle of a transfer
 * is test_gvt_gmbus_abort.c's.
 */
#include "gmbus_driver.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* --- reading --- */

static const struct {
	u8 at;
	u32 len;
} reads[] = {
	{ 0, 128 }, { 0, 1 }, { 0, 2 }, { 0, 3 }, { 0, 4 }, { 0, 5 }, { 8, 127 }, { 126, 4 },
	{ 127, 1 }, { 128, 8 }, { 255, 6 }, { 0, 256 }, { 0, 511 },
};

START_TEST(whole_edid)
{
	u8 buf[512];
	struct ddc d;
	int index;

	ddc_open(&d, "skl");
	for (index = 0; index < 2; index++) {
		memset(buf, 0xee, sizeof(buf));
		ck_assert_int_eq(driver_edid(&d.r, reads[_i].at, buf, reads[_i].len, index), OK);
		is_edid(&d.r, buf, reads[_i].at, reads[_i].len);
		ck_assert_uint_eq(buf[reads[_i].len], 0xee);
		ck_assert_uint_eq(status(&d.r), READY);
	}
	ck_assert_uint_eq(d.r.v->monitor.edid[1], 0xff);
	rig_close(&d.r);
}
END_TEST

/* The same on every platform. */
START_TEST(every_platform)
{
	u8 buf[128];
	struct ddc d;

	ddc_open(&d, gvt_platform_each((unsigned int)_i));
	ck_assert_int_eq(driver_edid(&d.r, 0, buf, 128, false), OK);
	is_edid(&d.r, buf, 0, 128);
	rig_close(&d.r);
}
END_TEST

/* Without an offset reading goes on where it was. */
START_TEST(reading_goes_on)
{
	u8 buf[16];
	struct ddc d;

	ddc_open(&d, "skl");
	ck_assert_int_eq(driver_edid(&d.r, 16, buf, 8, true), OK);
	rig_reg_set(&d.r, REG(0), PIN);
	ck_assert_int_eq(driver_end(&d.r, driver_read(&d.r, 0, buf, 16)), OK);
	is_edid(&d.r, buf, 24, 16);
	rig_close(&d.r);
}
END_TEST

/* Each state on the way, as the registers show it. */
START_TEST(states_of_a_read)
{
	struct ddc d;
	struct rig *r = &d.r;

	ddc_open(&d, "skl");
	ck_assert_uint_eq(status(r), READY);
	rig_reg_set(r, REG(0), PIN);
	ck_assert_uint_eq(status(r), READY);
	go(r, INDEX | WAIT | BYTES(6) | AT(0) | TO(ADDR) | RD);
	ck_assert_uint_eq(status(r), READY | ACTIVE);
	ck_assert_uint_eq(rig_reg(r, REG(3)), 0xffffff00);
	ck_assert_uint_eq(status(r), READY | ACTIVE | 4);
	ck_assert_uint_eq(rig_reg(r, REG(3)), 0xffff);
	ck_assert_uint_eq(status(r), READY | ACTIVE | WAITING | 6);
	/* Nothing is behind the last byte. */
	ck_assert_uint_eq(rig_reg(r, REG(3)), 0xffff);
	ck_assert_uint_eq(status(r), READY | ACTIVE | WAITING | 6);
	go(r, STOP);
	ck_assert_uint_eq(status(r), READY);
	/* The cycle can end with a stop by itself. */
	go(r, STOP | INDEX | WAIT | BYTES(5) | AT(0) | TO(ADDR) | RD);
	rig_reg(r, REG(3));
	ck_assert_uint_eq(status(r), READY | ACTIVE | 4);
	rig_reg(r, REG(3));
	ck_assert_uint_eq(status(r), READY);
	/* No bytes: only the address is asked. */
	go(r, WAIT | TO(ADDR) | RD);
	ck_assert_uint_eq(status(r), READY | ACTIVE | WAITING);
	go(r, WAIT | TO(ADDR));
	ck_assert_uint_eq(status(r), READY | ACTIVE | WAITING);
	go(r, STOP | WAIT | TO(ADDR));
	ck_assert_uint_eq(status(r), READY);
	rig_close(r);
}
END_TEST

/* Written without the ready bit, or a cycle that is none: nothing begins. */
START_TEST(nothing_begins)
{
	static const u32 values[] = {
		WAIT | BYTES(4) | TO(ADDR) | RD, GO, GO | INDEX | BYTES(4) | TO(ADDR) | RD,
		GO | BYTES(4) | TO(ADDR) | RD,
	};
	struct ddc d;

	ddc_open(&d, "skl");
	rig_reg_set(&d.r, REG(0), PIN);
	rig_reg_set(&d.r, REG(1), values[_i]);
	ck_assert_uint_eq(rig_reg(&d.r, REG(1)), values[_i] & ~GO);
	ck_assert_uint_eq(status(&d.r), READY);
	ck_assert_uint_eq(rig_reg(&d.r, REG(3)), 0);
	rig_close(&d.r);
}
END_TEST

/* --- nobody there --- */

static const struct {
	u32 pin, cycle, five;
	bool plugged, answers;
} askings[] = {
	{ PIN, WAIT | BYTES(1) | TO(ADDR), 0, true, true },
	{ PIN, WAIT | BYTES(4) | TO(ADDR) | RD, 0, true, true },
	{ PIN, INDEX | WAIT | BYTES(4) | TO(ADDR) | RD, 0, true, true },
	{ PIN, WAIT | BYTES(1) | TO(SEG), 0, true, true },
	{ PIN, INDEX | WAIT | TO(SEG), 0, true, true },
	{ PIN | 0x8 | 0x700, WAIT | BYTES(4) | TO(ADDR) | RD, 0, true, true },
	/* no pin, others, none plugged */
	{ 0, WAIT | BYTES(4) | TO(ADDR) | RD, 0, true, false },
	{ 5, WAIT | BYTES(4) | TO(ADDR) | RD, 0, true, false },
	{ 7, WAIT | BYTES(4) | TO(ADDR) | RD, 0, true, false },
	{ PIN, WAIT | BYTES(4) | TO(ADDR) | RD, 0, false, false },
	{ PIN, WAIT | BYTES(1) | TO(SEG), 0, false, false },
	/* other slaves */
	{ PIN, WAIT | BYTES(4) | TO(0x51) | RD, 0, true, false },
	{ PIN, WAIT | BYTES(4) | TO(0x10) | RD, 0, true, false },
	{ PIN, WAIT | BYTES(4) | TO(0x7f) | RD, 0, true, false },
	{ PIN, WAIT | BYTES(1) | TO(0x40), 0, true, false },
	{ PIN, WAIT | BYTES(4) | TO(SEG) | RD, 0, true, false },
	{ PIN, INDEX | WAIT | BYTES(4) | TO(SEG) | RD, 0, true, false },
	/* more than a pointer takes */
	{ PIN, WAIT | BYTES(2) | TO(ADDR), 0, true, false },
	{ PIN, WAIT | BYTES(511) | TO(ADDR), 0, true, false },
	{ PIN, WAIT | BYTES(2) | TO(SEG), 0, true, false },
	{ PIN, INDEX | WAIT | BYTES(1) | TO(ADDR), 0, true, false },
	{ PIN, WAIT | BYTES(4) | TO(ADDR) | RD, 1U << 31, true, false },
};

START_TEST(who_answers)
{
	struct ddc d;
	struct rig *r = &d.r;

	ddc_open(&d, "skl");
	if (!askings[_i].plugged)
		r->ops->emulate_hotplug(r->vgpu, false);
	rig_reg_set(r, REG(0), askings[_i].pin);
	rig_reg_set(r, REG5, askings[_i].five);
	go(r, askings[_i].cycle);
	if (askings[_i].answers) {
		ck_assert_uint_eq(status(r) & (NAK | ACTIVE | READY), ACTIVE | READY);
	} else {
		ck_assert_uint_eq(status(r), READY | NAK);
		ck_assert_uint_eq(rig_reg(r, REG(3)), 0);
		/* It stays until it is cleared, whatever pin is chosen; then all is as new. */
		rig_reg_set(r, REG(0), askings[_i].pin ^ 1);
		ck_assert_uint_eq(status(r), READY | NAK);
		ck_assert_int_eq(driver_end(r, NOBODY), NOBODY);
		ck_assert_uint_eq(status(r), READY);
	}
	rig_close(r);
}
END_TEST

/* What the platforms have is DP: no pin answers, whatever is asked. */
START_TEST(a_dp_monitor_has_no_pins)
{
	struct rig r;
	u32 pin, slave;

	rig_open_platform(&r, gvt_platform_each((unsigned int)_i));
	r.ops->emulate_hotplug(r.vgpu, true);
	for (pin = 0; pin < 8; pin++) {
		rig_reg_set(&r, REG(0), pin);
		for (slave = 0; slave < 128; slave++) {
			rig_reg_set(&r, REG(1), WAIT | BYTES(1) | TO(slave) | (slave & 1) | GO);
			if (status(&r) != (READY | NAK))
				ck_abort_msg("pin %u, slave 0x%x: 0x%x", pin, slave, status(&r));
			rig_reg_set(&r, REG(1), CLEAR);
			rig_reg_set(&r, REG(1), 0);
		}
	}
	rig_close(&r);
}
END_TEST

/* The segment counts until the stop; of this EDID only the first one has something. */
START_TEST(segments)
{
	static const u8 zero[8] = { 0 };
	u8 buf[8];
	struct ddc d;
	struct rig *r = &d.r;

	ddc_open(&d, "skl");
	rig_reg_set(r, REG(0), PIN);
	ck_assert_int_eq(driver_write(r, SEG, 1), OK);
	ck_assert_int_eq(driver_write(r, ADDR, 0), OK);
	ck_assert_int_eq(driver_read(r, 0, buf, 8), OK);
	ck_assert_int_eq(memcmp(buf, zero, 8), 0);
	ck_assert_int_eq(driver_end(r, OK), OK);
	ck_assert_int_eq(driver_edid(r, 0, buf, 8, false), OK);
	is_edid(r, buf, 0, 8);
	rig_reg_set(r, REG(0), PIN);
	go(r, INDEX | WAIT | AT(255) | TO(SEG));
	ck_assert_int_eq(driver_read(r, INDEX, buf, 8), OK);
	ck_assert_int_eq(memcmp(buf, zero, 8), 0);
	/* A not acknowledged cycle ends it too. */
	go(r, WAIT | BYTES(1) | TO(0x33));
	ck_assert_uint_eq(status(r), READY | NAK);
	ck_assert_int_eq(driver_read(r, INDEX, buf, 8), OK);
	is_edid(r, buf, 0, 8);
	rig_close(r);
}
END_TEST

/* --- interrupts --- */

/* A driver that sleeps: one event for each chunk, one for the wait phase, one for the idle bus. */
START_TEST(interrupts_of_a_read)
{
	struct ddc d;
	struct rig *r = &d.r;
	u32 i;

	ddc_open(&d, "skl");
	events(r);
	rig_reg_set(r, REG(0), PIN);
	rig_reg_set(r, REG(4), ON_WAIT);
	ck_assert_uint_eq(events(r), 0);
	rig_reg_set(r, REG(4), ON_READY | ON_WAIT);
	ck_assert_uint_eq(events(r), 1); /* it is ready already */
	rig_reg_set(r, REG(4), ON_READY | ON_WAIT);
	ck_assert_uint_eq(events(r), 0);
	go(r, INDEX | WAIT | BYTES(12) | TO(ADDR) | RD);
	ck_assert_uint_eq(events(r), 1);
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(status(r), READY | ACTIVE | INTR | i * 4);
		rig_reg(r, REG(3));
		ck_assert_uint_eq(events(r), 1);
	}
	/* There is nothing more to be told by reading on. */
	rig_reg(r, REG(3));
	ck_assert_uint_eq(events(r), 0);
	rig_reg_set(r, REG(4), ON_IDLE);
	ck_assert_uint_eq(events(r), 0);
	ck_assert_uint_eq(status(r), READY | WAITING | ACTIVE | 12);
	go(r, STOP);
	ck_assert_uint_eq(events(r), 1);
	ck_assert_uint_eq(status(r), READY | INTR);
	rig_reg_set(r, REG(4), 0);
	ck_assert_uint_eq(status(r), READY);
	go(r, STOP);
	ck_assert_uint_eq(events(r), 0);
	rig_close(r);
}
END_TEST

static const struct {
	u32 enable, pin;
	u32 n; /* events of a cycle of no bytes */
} cycles[] = {
	{ ON_NAK, 5, 1 }, { ON_IDLE, 5, 1 }, { ON_READY, 5, 1 }, { ON_WAIT, 5, 0 }, { 16, 5, 0 },
	{ ON_NAK, PIN, 0 }, { ON_IDLE, PIN, 0 }, { ON_READY, PIN, 1 }, { ON_WAIT, PIN, 1 },
};

START_TEST(interrupts_by_condition)
{
	struct ddc d;
	struct rig *r = &d.r;

	ddc_open(&d, "skl");
	rig_reg_set(r, REG(0), cycles[_i].pin);
	rig_reg_set(r, REG(4), cycles[_i].enable);
	events(r);
	go(r, WAIT | TO(ADDR));
	ck_assert_uint_eq(events(r), cycles[_i].n);
	ck_assert_uint_eq(status(r) & INTR, cycles[_i].n ? INTR : 0);
	/* Clearing tells nobody. */
	rig_reg_set(r, REG(1), CLEAR);
	ck_assert_uint_eq(events(r), 0);
	rig_close(r);
}
END_TEST

/* --- who may use it --- */

START_TEST(in_use)
{
	struct ddc d;
	struct rig *r = &d.r;

	ddc_open(&d, "skl");
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY);
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY | IN_USE);
	/* Writing 0, or 1 to the others, gives nothing back. */
	rig_reg_set(r, REG(2), ~IN_USE);
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY | IN_USE);
	/* Nor do cycles, or clearing. */
	go(r, WAIT | TO(ADDR));
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY | NAK | IN_USE);
	rig_reg_set(r, REG(1), CLEAR);
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY | IN_USE);
	rig_reg_set(r, REG(2), IN_USE);
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY);
	/* A byte at a time: the byte beside it does not give it back. */
	rig_write(r, REG(2), 0xff, 1);
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY | IN_USE);
	rig_write(r, REG(2) + 1, 0x80, 1);
	ck_assert_uint_eq(rig_reg(r, REG(2)), READY);
	rig_close(r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gvt_gmbus");
	TCase *tc = tcase_create("gmbus");

	tcase_add_loop_test(tc, whole_edid, 0, N(reads));
	tcase_add_loop_test(tc, every_platform, 0, 5);
	tcase_add_test(tc, reading_goes_on);
	tcase_add_test(tc, states_of_a_read);
	tcase_add_loop_test(tc, nothing_begins, 0, 4);
	tcase_add_loop_test(tc, who_answers, 0, N(askings));
	tcase_add_loop_test(tc, a_dp_monitor_has_no_pins, 0, 5);
	tcase_add_test(tc, segments);
	tcase_add_test(tc, interrupts_of_a_read);
	tcase_add_loop_test(tc, interrupts_by_condition, 0, N(cycles));
	tcase_add_test(tc, in_use);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("gvt_gmbus", suites, 1);
}
