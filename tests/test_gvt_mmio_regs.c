/* SPDX-License-Identifier: MIT */
/*
 * The rules that all registers share: narrow writes, read-only bits, masks, write one to clear,
 * reset. Bounds and areas are in test_gvt_mmio.c. A name that begins with c and a number shows our
 * rule for that defect of the real cores.
 */
#include "gvt_mmio.h"
#include "lib/runner.h"

static bool is_readonly(const struct gvt_reg *reg)
{
	return reg && !reg->read && reg->ro_mask == GVT_RO;
}

static bool is_masked(const struct gvt_reg *reg)
{
	return reg && !reg->read && !reg->write && !reg->ro_mask && reg->attr == GVT_MASKED;
}

static bool is_w1c(const struct gvt_reg *reg)
{
	return reg && !reg->read && !reg->write && !reg->ro_mask && reg->attr == GVT_W1C;
}

/* The status bits that writing 1 clears, in bytes that a narrow write leaves out. */
START_TEST(narrow_writes_clear_no_status)
{
	static const struct {
		u32 reg, status;
	} rows[] = {
		{ 0x044030, 0x00000003 }, { 0x0c4030, 0x03030303 }, { 0x0c403c, 0x00000003 },
		{ 0x064044, 0x0d000000 }, { 0x064010, 0x52000000 }, { 0x064310, 0x52000000 },
	};
	unsigned int i, lane;
	struct rig r;

	rig_open(&r);
	for (i = 0; i < N(rows); i++) {
		for (lane = 0; lane < 4; lane++) {
			u32 byte = 0xffU << 8 * lane, status = rows[i].status;

			gvt_vreg_set(r.v, rows[i].reg, status);
			rig_write(&r, rows[i].reg + lane, 0, 1);
			ck_assert_uint_eq(rig_reg(&r, rows[i].reg) & status, status);
			rig_write(&r, rows[i].reg + lane, (status & byte) >> 8 * lane, 1);
			ck_assert_uint_eq(rig_reg(&r, rows[i].reg) & status, status & ~byte);
		}
	}
	rig_close(&r);
}
END_TEST

START_TEST(narrow_writes_keep_the_other_bytes)
{
	struct rig r;
	u32 reg;

	rig_open(&r);
	reg = find_register(&r, is_stored);
	rig_reg_set(&r, reg, 0x44332211);
	rig_write(&r, reg + 1, 0xaa, 1);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x4433aa11);
	rig_write(&r, reg + 2, 0xbbcc, 2);
	ck_assert_uint_eq(rig_reg(&r, reg), 0xbbccaa11);
	ck_assert_uint_eq(rig_read(&r, reg + 3, 1), 0xbb);
	ck_assert_uint_eq(rig_read(&r, reg, 2), 0xaa11);
	rig_close(&r);
}
END_TEST

static u32 handler_value, handler_calls;

static int note_write(struct gvt_vgpu *v, u32 reg, u32 value)
{
	handler_value = value;
	handler_calls++;
	gvt_vreg_set(v, reg, value);
	return 0;
}

static u32 note_read(struct gvt_vgpu *v, u32 reg)
{
	(void)v;
	handler_calls++;
	return 0x80000000U | reg;
}

/* The table is the device's own and nobody else looks at it here. */
static struct gvt_reg *line_of(struct rig *r, u32 reg)
{
	return (struct gvt_reg *)(uintptr_t)gvt_reg_lookup(r->gvt->regs, reg);
}

START_TEST(handlers_see_whole_dwords)
{
	struct gvt_reg *line;
	struct rig r;
	u32 reg;

	rig_open(&r);
	reg = find_register(&r, is_stored) & ~7U;
	line = line_of(&r, reg);
	ck_assert_ptr_nonnull(line);
	rig_reg_set(&r, reg, 0x44332211);
	line->write = note_write;
	rig_write(&r, reg + 3, 0x99, 1);
	ck_assert_uint_eq(handler_calls, 1);
	ck_assert_uint_eq(handler_value, 0x99332211);
	rig_write(&r, reg, 0x0102030405060708ULL, 8);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x05060708);
	ck_assert_uint_eq(rig_reg(&r, reg + 4), 0x01020304);
	line->read = note_read;
	ck_assert_uint_eq(rig_read(&r, reg + 2, 2), 0x8000 | reg >> 16);
	ck_assert_uint_eq(rig_read(&r, reg, 1), reg & 0xff);
	rig_close(&r);
}
END_TEST

static int refuse_write(struct gvt_vgpu *v, u32 reg, u32 value)
{
	(void)v;
	return mpt_fail(-EINVAL, "test", "0x%x does not take 0x%x", reg, value);
}

START_TEST(a_handlers_error_reaches_the_caller)
{
	struct rig r;
	u32 reg, value = 5;

	rig_open(&r);
	reg = find_register(&r, is_stored);
	line_of(&r, reg)->write = refuse_write;
	ck_assert_int_eq(try_write(&r, reg, &value, 4), -EINVAL);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "does not take 0x5"));
	ck_assert_uint_eq(rig_info(&r).errors, 1);
	rig_close(&r);
}
END_TEST

START_TEST(read_only_bits_stay)
{
	struct rig r;
	u32 reg, old;

	rig_open(&r);
	reg = find_register(&r, is_readonly);
	old = rig_reg(&r, reg);
	rig_reg_set(&r, reg, ~old);
	ck_assert_uint_eq(rig_reg(&r, reg), old);
	reg = find_register(&r, is_stored);
	rig_reg_set(&r, reg, 0x12345678);
	line_of(&r, reg)->ro_mask = 0x0000ff00;
	rig_reg_set(&r, reg, ~0U);
	ck_assert_uint_eq(rig_reg(&r, reg), 0xffff56ff);
	rig_close(&r);
}
END_TEST

START_TEST(masked_registers_change_what_is_selected)
{
	struct rig r;
	u32 reg;

	rig_open(&r);
	reg = find_register(&r, is_masked);
	rig_reg_set(&r, reg, 0xffff0000);
	rig_reg_set(&r, reg, 0x00ff00a5);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x000000a5);
	rig_reg_set(&r, reg, 0x0001ff00);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x000000a4);
	/* Without the upper half nothing is selected. */
	rig_write(&r, reg, 0xffff, 2);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x000000a4);
	rig_write(&r, reg + 2, 0x0004, 2);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x000000a0);
	rig_close(&r);
}
END_TEST

START_TEST(write_one_to_clear)
{
	struct rig r;
	u32 reg;

	rig_open(&r);
	reg = find_register(&r, is_w1c);
	gvt_vreg_set(r.v, reg, 0x0f0f0f0f);
	rig_reg_set(&r, reg, 0x00000f00);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x0f0f000f);
	rig_write(&r, reg + 3, 0xff, 1);
	ck_assert_uint_eq(rig_reg(&r, reg), 0x000f000f);
	rig_close(&r);
}
END_TEST

/* The GPIO pins, the only registers that take any alignment: not beyond their last one. */
START_TEST(gpio_takes_any_alignment)
{
	u32 first = 0xc5010, last = 0xc5024, value = 0;
	struct rig r;

	rig_open(&r);
	ck_assert_uint_eq(rig_read(&r, first, 4), rig_read(&r, first + 4, 4));
	value = rig_reg(&r, first);
	rig_ok(try_read(&r, first + 2, &value, 4));
	ck_assert_uint_eq(value, (rig_reg(&r, first) >> 16) | (rig_reg(&r, first + 4) << 16));
	rig_ok(try_read(&r, first + 1, &value, 2));
	ck_assert_int_eq(try_read(&r, last + 1, &value, 4), -EINVAL);
	ck_assert_int_eq(try_read(&r, first - 1, &value, 4), -EINVAL);
	ck_assert_int_eq(try_read(&r, first + 1, &value, 3), -EINVAL);
	rig_close(&r);
}
END_TEST

START_TEST(a_reset_is_golden_up_to_its_end)
{
	u32 below, above = 0x1ffff0, golden = 0x44304;
	struct rig r;

	rig_open(&r);
	below = find_register(&r, is_stored);
	rig_reg_set(&r, below, 0x1111);
	rig_reg_set(&r, 0x441fc, 0x2222);
	rig_reg_set(&r, golden, 0x3333);
	rig_reg_set(&r, above, 0x4444);
	gvt_mmio_reset(r.v, 0x44200);
	ck_assert_uint_eq(rig_reg(&r, below), 0);
	ck_assert_uint_eq(rig_reg(&r, 0x441fc), 0);
	ck_assert_uint_eq(rig_reg(&r, golden), 0x3333);
	ck_assert_uint_eq(rig_reg(&r, above), 0x4444);
	gvt_mmio_reset(r.v, GVT_MMIO_SIZE);
	ck_assert_uint_eq(rig_reg(&r, golden), ~0U);
	ck_assert_uint_eq(rig_reg(&r, above), 0);
	rig_close(&r);
}
END_TEST

static Suite *registers_suite(void)
{
	Suite *s = suite_create("gvt-mmio-regs");
	TCase *tc = tcase_create("registers");

	tcase_add_test(tc, narrow_writes_keep_the_other_bytes);
	tcase_add_test(tc, narrow_writes_clear_no_status);
	tcase_add_test(tc, handlers_see_whole_dwords);
	tcase_add_test(tc, a_handlers_error_reaches_the_caller);
	tcase_add_test(tc, read_only_bits_stay);
	tcase_add_test(tc, masked_registers_change_what_is_selected);
	tcase_add_test(tc, write_one_to_clear);
	tcase_add_test(tc, gpio_takes_any_alignment);
	tcase_add_test(tc, a_reset_is_golden_up_to_its_end);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { registers_suite };

	return mpt_test_main("gvt_mmio_regs", suites, N(suites));
}
