/* SPDX-License-Identifier: MIT */
/*
 * Guest accesses to BAR0 and BAR2: bounds and sizes everywhere, the areas, failsafe. The rules that
 * all registers share are in test_gvt_mmio_regs.c; PVINFO, fences, GGTT entries and interrupts have
 * suites of their own. A name that begins with c and a number shows our rule for that defect of the
 * real cores.
 */
#include <pthread.h>
#include <sched.h>

#include "gvt_mmio.h"
#include "lib/runner.h"

#define CANARY 0xa5

static bool is_unknown(const struct gvt_reg *reg)
{
	return !reg;
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

START_TEST(sizes_and_alignments_everywhere)
{
	struct rig r;

	rig_open(&r);
	check_everywhere(&r);
	rig_close(&r);
}
END_TEST

START_TEST(failsafe_has_the_same_bounds)
{
	struct rig r;

	rig_open(&r);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	check_everywhere(&r);
	rig_close(&r);
}
END_TEST

START_TEST(eight_bytes_at_the_last_dword)
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

START_TEST(no_aliases_4_gib_away)
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
	ck_assert_int_eq(try_read(&r, 0x44200, &value, 4), 0);
	ck_assert_uint_eq(value, ~0U);
	value = 1U << 31;
	ck_assert_int_eq(try_write(&r, 0x44200, &value, 4), 0);
	ck_assert_int_eq(r.ops->emulate_mmio_read(r.vgpu, RIG_BAR2 + (64 << 20), &value, 4), 0);
	ck_assert_uint_eq(value, ~0U);
	ck_assert_int_eq(r.ops->emulate_mmio_write(r.vgpu, RIG_BAR2 + (64 << 20), &value, 4), 0);
	ck_assert_uint_eq(rig_info(&r).errors, 0);
	rig_cfg_write(&r, 0x04, 6, 2);
	ck_assert_uint_eq(rig_reg(&r, 0x44200), 0);
	rig_close(&r);
}
END_TEST

static void *read_late(void *arg)
{
	u32 value = 0;

	rig_ok(mpt_guest_read(((struct rig *)arg)->vm, RIG_BAR0 + 0x44200, &value, 4));
	ck_assert_uint_eq(value, ~0U);
	return NULL;
}

/* An access that waited for the lock while the device was reset is no reason for failsafe. */
START_TEST(an_access_that_meets_a_reset)
{
	pthread_t reader;
	struct rig r;

	rig_open(&r);
	rig_ok(mpt_host_set_policy(r.host, MPT_POLICY_FAILSAFE));
	gvt_lock(&r.v->lock);
	pthread_create(&reader, NULL, read_late, &r);
	while (!__atomic_load_n(&r.v->lock.waiters, __ATOMIC_SEQ_CST))
		sched_yield();
	gvt_device_reset(r.v);
	gvt_unlock(&r.v->lock);
	pthread_join(reader, NULL);
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_NONE);
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

START_TEST(lines_that_a_guest_causes_are_limited)
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

START_TEST(the_hole_is_no_guest_memory)
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

	tcase_add_test(tc, sizes_and_alignments_everywhere);
	tcase_add_test(tc, failsafe_has_the_same_bounds);
	tcase_add_test(tc, eight_bytes_at_the_last_dword);
	tcase_add_test(tc, no_aliases_4_gib_away);
	tcase_add_test(tc, nothing_matches_while_decoding_is_off);
	tcase_add_test(tc, an_access_that_meets_a_reset);
	tcase_add_test(tc, lines_that_a_guest_causes_are_limited);
	tc = add_case(s, "areas");
	tcase_add_test(tc, the_hole_is_no_guest_memory);
	tcase_add_test(tc, unknown_registers_are_stored_and_counted);
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
