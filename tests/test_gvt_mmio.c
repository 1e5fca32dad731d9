/* SPDX-License-Identifier: MIT */
/*
 * Guest accesses to BAR0 and BAR2: bounds and sizes everywhere, the areas, the rules that all
 * registers share, failsafe. PVINFO, fences, GGTT entries and interrupts have suites of their own.
 * A name that begins with c and a number shows our rule for that defect of the real cores.
 */
#include "gvt/reg_table.h"
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define CANARY 0xa5
#define PVINFO GVT_PVINFO_OFFSET

static u32 find_register(struct rig *r, bool (*wanted)(const struct gvt_reg *reg))
{
	u32 offset;

	for (offset = 0x1000; offset < GVT_MMIO_SIZE; offset += 4)
		if (offset - PVINFO >= MPT_PAGE_SIZE &&
		    wanted(gvt_reg_lookup(r->gvt->regs, offset)))
			return offset;
	ck_abort_msg("no such register in the table");
	return 0;
}

static bool is_unknown(const struct gvt_reg *reg)
{
	return !reg;
}

static bool is_stored(const struct gvt_reg *reg)
{
	return reg && !reg->read && !reg->write && !reg->ro_mask && !(reg->attr & ~GVT_BLOCK);
}

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

static int try_read(struct rig *r, u64 offset, void *buf, unsigned int bytes)
{
	return r->ops->emulate_mmio_read(r->vgpu, RIG_BAR0 + offset, buf, bytes);
}

static int try_write(struct rig *r, u64 offset, void *buf, unsigned int bytes)
{
	return r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + offset, buf, bytes);
}

/* --- bounds, sizes, alignments: both entry points --- */

static const u64 bases[] = {
	0,
	GVT_MMIO_SIZE - 1,
	GVT_MMIO_SIZE,
	GVT_GTT_OFFSET - 1,
	GVT_GTT_OFFSET,
	GVT_BAR0_SIZE - 1,
	GVT_BAR0_SIZE,
	RIG_BAR2 - RIG_BAR0 - 1,
	RIG_BAR2 - RIG_BAR0,
	1ULL << 31,
	(1ULL << 32) - 1,
	~0ULL,
	~0ULL - RIG_BAR0,
};

static bool inside(u64 gpa, u64 start, u64 size)
{
	return gpa >= start && gpa <= start + size - 1;
}

static bool allowed(u64 gpa, unsigned int bytes)
{
	if ((bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) || gpa % bytes)
		return false;
	if (inside(gpa, RIG_BAR0 + GVT_GTT_OFFSET, GVT_GTT_SIZE))
		return bytes >= 4;
	return inside(gpa, RIG_BAR0, GVT_BAR0_SIZE) || inside(gpa, RIG_BAR2, 256ULL << 20);
}

static void check_read(struct rig *r, u64 gpa, unsigned int bytes)
{
	u8 buf[40];
	unsigned int i;
	int ret;

	memset(buf, CANARY, sizeof(buf));
	ret = r->ops->emulate_mmio_read(r->vgpu, gpa, buf, bytes);
	ck_assert_msg(ret == (allowed(gpa, bytes) ? 0 : -EINVAL), "read of %u at 0x%llx: %d", bytes,
		      (unsigned long long)gpa, ret);
	for (i = 0; ret && i < bytes; i++)
		ck_assert_uint_eq(buf[i], 0xff);
	for (i = bytes; i < sizeof(buf); i++)
		ck_assert_uint_eq(buf[i], CANARY);
}

static void check_write(struct rig *r, u64 gpa, unsigned int bytes)
{
	u8 buf[40] = { 0 };
	int ret = r->ops->emulate_mmio_write(r->vgpu, gpa, buf, bytes);

	ck_assert_msg(ret == (allowed(gpa, bytes) ? 0 : -EINVAL), "write of %u at 0x%llx: %d",
		      bytes, (unsigned long long)gpa, ret);
}

static void check_everywhere(struct rig *r)
{
	unsigned int bytes, align;
	size_t i;

	for (i = 0; i < N(bases); i++) {
		for (align = 0; align <= 16; align++) {
			u64 gpa = RIG_BAR0 + bases[i] + align - 8;

			for (bytes = 0; bytes <= 17; bytes++) {
				check_read(r, gpa, bytes);
				check_write(r, gpa, bytes);
			}
		}
	}
}

START_TEST(c13_sizes_and_alignments_everywhere)
{
	struct rig r;

	rig_open(&r);
	check_everywhere(&r);
	rig_close(&r);
}
END_TEST

START_TEST(c12_failsafe_has_the_same_bounds)
{
	struct rig r;

	rig_open(&r);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	check_everywhere(&r);
	rig_close(&r);
}
END_TEST

START_TEST(c13_eight_bytes_at_the_last_dword)
{
	u64 value = 0x1122334455667788ULL;
	struct rig r;

	rig_open(&r);
	ck_assert_int_eq(try_write(&r, 0x1ffffc, &value, 8), -EINVAL);
	ck_assert_int_eq(try_read(&r, 0x1ffffc, &value, 8), -EINVAL);
	ck_assert_uint_eq(value, ~0ULL);
	ck_assert_uint_eq(rig_reg(&r, 0x1ffffc), 0);
	rig_write(&r, 0x1ffff8, 0x1122334455667788ULL, 8);
	ck_assert_uint_eq(rig_reg(&r, 0x1ffffc), 0x11223344);
	ck_assert_uint_eq(rig_info(&r).errors, 2);
	rig_close(&r);
}
END_TEST

/* @offset: what holds 0xabcd; whatever is 4 GiB or more away is not it. */
static void no_alias(struct rig *r, u64 offset, unsigned int len)
{
	unsigned int n;
	u64 value;

	rig_write(r, offset, 0xabcd, len);
	for (n = 1; n < 64; n++) {
		u64 away = offset + (n < 32 ? n * (1ULL << 32) : 1ULL << n);

		value = 0x12345678;
		ck_assert_int_eq(try_write(r, away, &value, len), -EINVAL);
		ck_assert_int_eq(try_read(r, away, &value, len), -EINVAL);
		ck_assert_uint_eq(value, len == 8 ? ~0ULL : ~0U);
	}
	ck_assert_uint_eq(rig_read(r, offset, len), 0xabcd);
}

START_TEST(c11_no_aliases_4_gib_away)
{
	struct rig r;

	rig_open(&r);
	no_alias(&r, find_register(&r, is_stored), 4);
	no_alias(&r, GVT_MMIO_SIZE - 8, 8);
	no_alias(&r, GVT_GTT_OFFSET + (64ULL << 20 >> 12) * 8, 8);
	rig_close(&r);
}
END_TEST

START_TEST(nothing_matches_while_decoding_is_off)
{
	struct rig r;
	u32 value = 0;

	rig_open(&r);
	rig_cfg_write(&r, 0x04, 0, 2);
	ck_assert_int_eq(try_read(&r, 0, &value, 4), -EINVAL);
	ck_assert_uint_eq(value, ~0U);
	ck_assert_int_eq(try_write(&r, 0, &value, 4), -EINVAL);
	ck_assert_int_eq(r.ops->emulate_mmio_read(r.vgpu, RIG_BAR2, &value, 4), -EINVAL);
	rig_cfg_write(&r, 0x04, 6, 2);
	rig_reg(&r, 0x44200);
	rig_close(&r);
}
END_TEST

static unsigned int lines;

static void count_line(void *arg, enum mpt_log_level level, const char *func, const char *text)
{
	(void)arg;
	(void)level;
	(void)func;
	ck_assert(text[0]);
	lines++;
}

START_TEST(c30_lines_that_a_guest_causes_are_limited)
{
	struct rig r;
	u32 value, i;

	rig_open(&r);
	mpt_log_set(count_line, NULL, MPT_LOG_DEBUG);
	for (i = 0; i < 20000; i++) {
		try_read(&r, 1, &value, 4);
		value = 0;
		try_write(&r, PVINFO, &value, 4);
	}
	mpt_log_set(NULL, NULL, MPT_LOG_ERROR);
	ck_assert_uint_ge(lines, 1);
	/* Two places, ten lines a second each; under valgrind the loop takes a while. */
	ck_assert_uint_lt(lines, 1000);
	ck_assert_uint_eq(rig_info(&r).errors, 20000);
	rig_close(&r);
}
END_TEST

/* --- areas --- */

static u64 ledger_calls(struct rig *r)
{
	struct mpt_ledger ledger;

	rig_ok(mpt_ledger_get(r->host, &ledger));
	return ledger.calls;
}

START_TEST(c25_the_hole_is_no_guest_memory)
{
	static const u32 offsets[] = { GVT_MMIO_SIZE, 0x300000, 0x555558, GVT_GTT_OFFSET - 8 };
	unsigned int bytes;
	struct rig r;
	u64 calls;
	size_t i;

	rig_open(&r);
	calls = ledger_calls(&r);
	for (i = 0; i < N(offsets); i++) {
		for (bytes = 1; bytes <= 8; bytes *= 2) {
			rig_write(&r, offsets[i], ~0ULL, bytes);
			ck_assert_uint_eq(rig_read(&r, offsets[i], bytes), 0);
		}
	}
	/* Neither read_gpa nor write_gpa nor anything else was asked of the hypervisor. */
	ck_assert_uint_eq(ledger_calls(&r), calls);
	rig_close(&r);
}
END_TEST

START_TEST(unknown_registers_are_stored_and_counted)
{
	struct rig r;
	u32 reg;

	rig_open(&r);
	reg = find_register(&r, is_unknown);
	ck_assert_uint_eq(rig_reg(&r, reg), 0);
	rig_reg_set(&r, reg, 0xdeadbeef);
	ck_assert_uint_eq(rig_reg(&r, reg), 0xdeadbeef);
	ck_assert_uint_eq(rig_info(&r).unknown, 3);
	rig_write(&r, reg & ~7U, 0, 8);
	ck_assert_uint_eq(rig_info(&r).unknown, 4);
	ck_assert_uint_eq(rig_info(&r).mmio_reads, 2);
	ck_assert_uint_eq(rig_info(&r).mmio_writes, 2);
	rig_close(&r);
}
END_TEST

/* --- the rules of all registers --- */

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

START_TEST(c14_narrow_writes_keep_the_other_bytes)
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

START_TEST(c14_handlers_see_whole_dwords)
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

/* --- failsafe --- */

START_TEST(failsafe_is_a_plain_array)
{
	struct rig r;

	rig_open(&r);
	rig_reg_set(&r, 0x44304, 0xffff);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	/* A read-only one, a write-one-to-clear one, PVINFO, a fence of others. */
	rig_reg_set(&r, 0x44300, 0x11);
	rig_reg_set(&r, 0x44308, 0x22);
	rig_reg_set(&r, PVINFO, 0x33);
	rig_reg_set(&r, 0x100000 + 8 * 31, 0x44);
	ck_assert_uint_eq(rig_reg(&r, 0x44300), 0x11);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0x22);
	ck_assert_uint_eq(rig_reg(&r, PVINFO), 0x33);
	ck_assert_uint_eq(rig_reg(&r, 0x100000 + 8 * 31), 0x44);
	ck_assert_uint_eq(rig_reg(&r, 0x44304), 0xffff);
	ck_assert_uint_eq(rig_info(&r).errors, 0);
	ck_assert(!rig_info(&r).pv_notified);
	ck_assert_uint_eq(r.gvt->hw.fence_read(r.gvt->hw.priv, 31), 0);
	rig_close(&r);
}
END_TEST

START_TEST(failsafe_ends_with_a_reset)
{
	struct rig r;

	rig_open(&r);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_RESOURCES);
	rig_reg_set(&r, PVINFO, 0x33);
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	ck_assert_uint_eq(rig_read(&r, PVINFO, 8), 0x4776544776544776ULL);
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_NONE);
	rig_close(&r);
}
END_TEST

static TCase *add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(s, tc);
	return tc;
}

static void add_access_cases(Suite *s)
{
	TCase *tc = add_case(s, "bounds");

	tcase_add_test(tc, c13_sizes_and_alignments_everywhere);
	tcase_add_test(tc, c12_failsafe_has_the_same_bounds);
	tcase_add_test(tc, c13_eight_bytes_at_the_last_dword);
	tcase_add_test(tc, c11_no_aliases_4_gib_away);
	tcase_add_test(tc, nothing_matches_while_decoding_is_off);
	tcase_add_test(tc, c30_lines_that_a_guest_causes_are_limited);
	tc = add_case(s, "areas");
	tcase_add_test(tc, c25_the_hole_is_no_guest_memory);
	tcase_add_test(tc, unknown_registers_are_stored_and_counted);
	tc = add_case(s, "registers");
	tcase_add_test(tc, c14_narrow_writes_keep_the_other_bytes);
	tcase_add_test(tc, narrow_writes_clear_no_status);
	tcase_add_test(tc, c14_handlers_see_whole_dwords);
	tcase_add_test(tc, a_handlers_error_reaches_the_caller);
	tcase_add_test(tc, read_only_bits_stay);
	tcase_add_test(tc, masked_registers_change_what_is_selected);
	tcase_add_test(tc, write_one_to_clear);
	tcase_add_test(tc, gpio_takes_any_alignment);
	tcase_add_test(tc, a_reset_is_golden_up_to_its_end);
}

static Suite *mmio_suite(void)
{
	Suite *s = suite_create("gvt-mmio");
	TCase *tc;

	add_access_cases(s);
	tc = add_case(s, "failsafe");
	tcase_add_test(tc, failsafe_is_a_plain_array);
	tcase_add_test(tc, failsafe_ends_with_a_reset);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { mmio_suite };

	return mpt_test_main("gvt_mmio", suites, N(suites));
}
