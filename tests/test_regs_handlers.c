/* SPDX-License-Identifier: MIT */
/*
 * The simple register handlers of gvt/: what each makes of a write. The table is in test_regs.c;
 * dispatch, interrupts and fences have suites of their own.
 */
#include "regs_rig.h"

static u32 guest_read(u32 reg)
{
	const struct gvt_reg *info = gvt_reg_lookup(table, reg);

	ck_assert_msg(info != NULL, "0x%x", reg);
	return info->read ? info->read(&vgpu, reg) : gvt_vreg(&vgpu, reg);
}

/* As dispatch does for a whole dword: masked registers are merged before the handler sees them. */
static int guest_write(u32 reg, u32 value)
{
	const struct gvt_reg *info = gvt_reg_lookup(table, reg);
	u32 mask = value >> 16;

	ck_assert_msg(info && info->write, "0x%x has no handler", reg);
	if (info->attr & GVT_MASKED)
		value = (value & 0xffff0000) | (gvt_vreg(&vgpu, reg) & 0xffff & ~mask) |
			(value & mask);
	return info->write(&vgpu, reg, value);
}

/* A register, what is written, and which register then holds what. */
static const struct {
	u32 reg, value; /* written */
	u32 then, holds;
} steps[] = {
	/* forcewake: each domain acknowledges its own */
	{ 0x0a278, 0x00010001, 0x00d84, 0x1 },
	{ 0x0a278, 0x00010001, 0x0a278, 0x1 },
	{ 0x0a278, 0x00020002, 0x00d84, 0x3 },
	{ 0x0a278, 0x00010000, 0x00d84, 0x2 },
	{ 0x0a270, 0x00010001, 0x00d88, 0x1 },
	{ 0x0a188, 0xffff0001, 0x130044, 0x1 },
	{ 0x0a188, 0xffff0000, 0x130044, 0x0 },
	/* RESET_CTL and MI_MODE of every engine, as recorded */
	{ 0x020d0, 0x00010001, 0x020d0, 0x3 },
	{ 0x020d0, 0x00010000, 0x020d0, 0x0 },
	{ 0x120d0, 0x00010001, 0x120d0, 0x3 },
	{ 0x1a0d0, 0x00010001, 0x1a0d0, 0x3 },
	{ 0x220d0, 0x00010001, 0x220d0, 0x3 },
	{ 0x0209c, 0x01000100, 0x0209c, 0x300 },
	{ 0x0209c, 0x01000000, 0x0209c, 0x0 },
	{ 0x2209c, 0x01000100, 0x2209c, 0x300 },
	/* status bits of power, clocks and pipes */
	{ 0x45008, 0x80000000, 0x45008, 0xc0000000 },
	{ 0x45008, 0x00000000, 0x45008, 0x0 },
	{ 0x46010, 0x80000000, 0x46010, 0xc0000000 },
	{ 0x46010, 0x80000000, 0x6c060, 0x1 },
	{ 0x46014, 0x80000000, 0x6c060, 0x101 },
	{ 0x46014, 0x80000000, 0x46014, 0x80000000 },
	{ 0x46040, 0x80000000, 0x6c060, 0x10101 },
	{ 0x46060, 0x80000000, 0x6c060, 0x1010101 },
	{ 0x46010, 0x00000000, 0x6c060, 0x1010100 },
	{ 0x46010, 0x00000000, 0x46010, 0x0 },
	{ 0x130040, 0x00200000, 0x130040, 0x40280000 },
	{ 0x130040, 0x80000000, 0x130040, 0x80000000 },
	{ 0x70008, 0x80000000, 0x70008, 0xc0000000 },
	{ 0x71008, 0x80000000, 0x71008, 0xc0000000 },
	{ 0x7f008, 0x80000000, 0x7f008, 0xc0000000 },
	{ 0x7f008, 0x40000000, 0x7f008, 0x0 },
	{ 0xf1008, 0x80000000, 0xf1008, 0xc0000000 },
	{ 0xc2004, 0x00002000, 0xc2004, 0x3000 },
	{ 0x64300, 0x80000000, 0x64300, 0x80000000 },
	{ 0x64300, 0x00000000, 0x64300, 0x80 },
	{ 0x45404, 0x20000000, 0x45404, 0x30000000 },
	{ 0x45404, 0x30000002, 0x45404, 0x30000003 },
	{ 0x45404, 0x00000000, 0x45404, 0x0 },
	{ 0xc7204, 0x00000001, 0xc7200, 0x80000008 },
	{ 0xc7204, 0x00000008, 0xc7200, 0x0 },
	{ 0xc7204, 0x00000008, 0xc7204, 0x8 },
	/* pcode: recorded answers; an unknown command leaves the data */
	{ 0x138124, 0x80000006, 0x138128, 0x02020202 },
	{ 0x138124, 0x80000006, 0x138124, 0x0 },
	{ 0x138124, 0x8000001a, 0x138128, 0x02020202 },
	{ 0x138124, 0x80000007, 0x138128, 0x1 },
	{ 0x138124, 0x00000006, 0x138128, 0x1 },
	{ 0x138124, 0x80000021, 0x138128, 0x1 },
	{ 0x138124, 0x80010005, 0x138124, 0x10000 },
	/* DP AUX without a sink, the outcome cleared by writing 1 */
	{ 0x64010, 0xfe40023f, 0x64010, 0x7c40023f },
	{ 0x64010, 0x2c40023f, 0x64010, 0x7c40023f },
	{ 0x64010, 0x7e40023f, 0x64010, 0x2c40023f },
	{ 0x64210, 0x80000000, 0x64210, 0x50000000 },
	/* GMBUS without a slave; who has read the status once has it in use */
	{ 0xc5104, 0x460100a1, 0xc5108, 0xc00 },
	{ 0xc5104, 0x460100a1, 0xc5104, 0x060100a1 },
	{ 0xc5104, 0x80000000, 0xc5108, 0x8800 },
	{ 0xc5104, 0x00000000, 0xc5104, 0x0 },
	{ 0xc5104, 0x40000000, 0xc5108, 0x8800 },
	/* GPIO: pulled up, driven low, driven high, released; mask bits read 0 */
	{ 0xc501c, 0x00000100, 0xc501c, 0x1010 },
	{ 0xc501c, 0x00000007, 0xc501c, 0x1002 },
	{ 0xc501c, 0x0000000c, 0xc501c, 0x101a },
	{ 0xc501c, 0x00000700, 0xc501c, 0x021a },
	{ 0xc501c, 0x00000001, 0xc501c, 0x0218 },
	{ 0xc501c, 0x00000100, 0xc501c, 0x1018 },
	/* surfaces become live at once; the first plane's flips are counted */
	{ 0x7119c, 0x00123000, 0x711ac, 0x123000 },
	{ 0x7119c, 0x00124000, 0x71044, 0x2 },
	{ 0x7129c, 0x00125000, 0x712ac, 0x125000 },
	{ 0x7129c, 0x00125000, 0x71044, 0x2 },
	{ 0x72084, 0x00126000, 0x720ac, 0x126000 },
	/* link training's idle pattern; sticky bits */
	{ 0x64340, 0x80000200, 0x64344, 0x02000000 },
	{ 0x64344, 0x0d000000, 0x64344, 0x0 },
	{ 0xc4030, 0x10101010, 0xc4030, 0x10101010 },
	{ 0xc4030, 0x00000003, 0xc4030, 0x0 },
	/* 64 KiB pages */
	{ 0x04080, 0x0000000f, 0x04080, 0xf },
	{ 0x04080, 0x00000010, 0x04080, 0x10 },
};

START_TEST(handlers_do_what_a_driver_waits_for)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		u32 got;

		ck_assert_int_eq(guest_write(steps[i].reg, steps[i].value), 0);
		got = guest_read(steps[i].then);
		ck_assert_msg(got == steps[i].holds,
			      "step %zu: 0x%x <- 0x%x: 0x%x is 0x%x, not 0x%x", i, steps[i].reg,
			      steps[i].value, steps[i].then, got, steps[i].holds);
	}
	ck_assert_uint_eq(vgpu.failsafe, GVT_FAILSAFE_NONE);
}
END_TEST

START_TEST(guc_in_reset_is_told_once)
{
	ck_assert_uint_eq(guest_read(0xc000), 1);
	ck_assert_uint_eq(guest_read(0xc000), 0);
	ck_assert_int_eq(guest_write(0x941c, 0x20), 0);
	ck_assert_uint_eq(guest_read(0x941c), 0);
	ck_assert_uint_eq(guest_read(0xc000), 1);
	ck_assert_uint_eq(guest_read(0xc000), 0);
}
END_TEST

/* Each row: a write that raises an event, and the bit of the unmasked IIR. */
static const struct {
	u32 prepare, prepared; /* stored before */
	u32 reg, value;
	u32 iir, bits;
} events[] = {
	{ 0x71008, 0xc0000000, 0x7119c, 0x123000, 0x44418, 1 << 3 }, /* flip on a running pipe */
	{ 0x71008, 0x00000000, 0x7119c, 0x123000, 0x44418, 0 },
	{ 0x71008, 0xc0000000, 0x7129c, 0x123000, 0x44418, 0 },
	{ 0x64014, 0x00000000, 0x64010, 0xa0000000, 0x44448, 0 }, /* AUX without a sink */
	{ 0x64014, 0x00000000, 0x64210, 0xa0000000, 0x44448, 0 },
	{ 0x64014, 0x00000000, 0x64210, 0x20000000, 0x44448, 0 }, /* nothing sent */
	{ 0xc5110, 0x00000008, 0xc5104, 0x460100a1, 0xc4008, 1 << 17 }, /* GMBUS not answered */
	{ 0xc5110, 0x00000000, 0xc5104, 0x460100a1, 0xc4008, 0 },
	{ 0xc5110, 0x00000008, 0xc5104, 0x80000000, 0xc4008, 0 },
};

START_TEST(handlers_raise_events)
{
	gvt_vreg_set(&vgpu, events[_i].iir - 4, 0);
	gvt_vreg_set(&vgpu, events[_i].prepare, events[_i].prepared);
	ck_assert_int_eq(guest_write(events[_i].reg, events[_i].value), 0);
	ck_assert_uint_eq(gvt_vreg(&vgpu, events[_i].iir), events[_i].bits);
}
END_TEST

START_TEST(sticky_bits_stay_until_written)
{
	gvt_vreg_set(&vgpu, 0xc4030, 0x10101213);
	ck_assert_int_eq(guest_write(0xc4030, 0x10101001), 0);
	ck_assert_uint_eq(guest_read(0xc4030), 0x10101202);
	ck_assert_int_eq(guest_write(0xc4030, 0x10100300), 0);
	ck_assert_uint_eq(guest_read(0xc4030), 0x10100002);
}
END_TEST

START_TEST(some_walkers_only_is_refused)
{
	ck_assert_int_eq(guest_write(0x4080, 0xf), 0);
	ck_assert_int_eq(guest_write(0x4080, 0x7), -EINVAL);
	ck_assert_uint_eq(guest_read(0x4080), 0xf);
}
END_TEST

START_TEST(status_page_must_be_the_vgpus)
{
	static const u32 foreign[] = { 0x1000, 0x3fff000, 0x8000000, 0xfffff000 };
	size_t i;

	ck_assert_int_eq(guest_write(0x2080, 0x7fff000), 0);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_RCS], 0x7fff000);
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		ck_assert_int_eq(guest_write(0x2080, foreign[i]), -EINVAL);
	ck_assert_uint_eq(guest_read(0x2080), 0x7fff000);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_RCS], 0x7fff000);
	ck_assert_int_eq(guest_write(0x2080, 0), 0);
	ck_assert_int_eq(guest_write(0x22080, 0x4000000), 0);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_RCS], 0);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_BCS], 0x4000000);
}
END_TEST

/* Which of a mode register's bits make a guest one that cannot be served. */
static const struct {
	bool notified;
	u32 reg, value;
	u32 holds;
	enum gvt_failsafe failsafe;
} modes[] = {
	{ true, 0x229c, 0x80008000, 0x8000, GVT_FAILSAFE_NONE },
	{ true, 0x229c, 0x02000200, 0x0200, GVT_FAILSAFE_NONE },
	{ true, 0x229c, 0x00010001, 0x0000, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ false, 0x1229c, 0x80008000, 0x8000, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ false, 0x1a29c, 0x02000200, 0x0200, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ false, 0x229c, 0x80000000, 0x0000, GVT_FAILSAFE_NONE },
	{ false, 0x229c, 0x00008201, 0x0000, GVT_FAILSAFE_NONE },
	{ true, 0x20d4, 0x00040004, 0x0004, GVT_FAILSAFE_NONE },
	{ true, 0x20d4, 0x00080008, 0x0008, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ true, 0x220d4, 0x00100010, 0x0010, GVT_FAILSAFE_UNSUPPORTED_GUEST },
};

START_TEST(modes_that_cannot_be_served)
{
	vgpu.pv_notified = modes[_i].notified;
	ck_assert_int_eq(guest_write(modes[_i].reg, modes[_i].value), 0);
	ck_assert_uint_eq(gvt_vreg(&vgpu, modes[_i].reg), modes[_i].holds);
	ck_assert_uint_eq(vgpu.failsafe, modes[_i].failsafe);
}
END_TEST

static const struct {
	u32 slot, value;
	bool accepted;
} nonpriv[] = {
	{ 0x24d0, 0x2248, true }, /* recorded */
	{ 0x24dc, 0x7304, true },
	{ 0x24e4, 0x2094, true }, /* the engine's own NOPID empties a slot */
	{ 0x124d0, 0x12094, true },
	{ 0x124d0, 0x2094, false },
	{ 0x24d0, 0x2080, false }, /* a status page address */
	{ 0x24d0, 0x3fffffc, false },
	{ 0x24d0, 0x0, false },
};

START_TEST(only_listed_registers_become_unprivileged)
{
	gvt_vreg_set(&vgpu, nonpriv[_i].slot, 0x1234);
	ck_assert_int_eq(guest_write(nonpriv[_i].slot, nonpriv[_i].value), 0);
	ck_assert_uint_eq(guest_read(nonpriv[_i].slot),
			  nonpriv[_i].accepted ? nonpriv[_i].value : 0x1234);
}
END_TEST

static int submit(u32 port, u32 high1, u32 low1, u32 high0, u32 low0)
{
	ck_assert_int_eq(guest_write(port, high1), 0);
	ck_assert_int_eq(guest_write(port, low1), 0);
	ck_assert_int_eq(guest_write(port, high0), 0);
	return guest_write(port, low0);
}

START_TEST(submissions_are_collected_and_checked)
{
	ck_assert_int_eq(submit(0x2230, 0, 0, 0x20, 0x17fe651d), 0);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_RCS][0], 0x17fe651d);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_RCS][1], 0x20);
	ck_assert_int_eq(submit(0x12230, 0x21, 0x17fde11d, 0x20, 0x17fba11d), 0);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_VCS][2], 0x17fde11d);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_VCS][3], 0x21);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_RCS][0], 0x17fe651d);
	ck_assert_int_eq(submit(0x2230, 0x20, 0x17fe651d, 0, 0), -EINVAL);
	ck_assert_int_eq(submit(0x2230, 0, 0, 0x20, 0x17fe641d), -EINVAL);
	ck_assert_int_eq(submit(0x2230, 0, 0x17fe641d, 0x20, 0x17fe651d), -EINVAL);
	ck_assert_int_eq(submit(0x2230, 0, 0x17fe641c, 0x20, 0x17fe651d), 0);
}
END_TEST

static Suite *handlers_suite(void)
{
	Suite *s = suite_create("regs handlers");
	TCase *tc = tcase_create("handlers");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, handlers_do_what_a_driver_waits_for);
	tcase_add_test(tc, guc_in_reset_is_told_once);
	tcase_add_loop_test(tc, handlers_raise_events, 0, ARRAY_SIZE(events));
	tcase_add_test(tc, sticky_bits_stay_until_written);
	tcase_add_test(tc, some_walkers_only_is_refused);
	tcase_add_test(tc, status_page_must_be_the_vgpus);
	tcase_add_loop_test(tc, modes_that_cannot_be_served, 0, ARRAY_SIZE(modes));
	tcase_add_loop_test(tc, only_listed_registers_become_unprivileged, 0, ARRAY_SIZE(nonpriv));
	tcase_add_test(tc, submissions_are_collected_and_checked);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { handlers_suite };

	return mpt_test_main("regs_handlers", suites, ARRAY_SIZE(suites));
}
