/* SPDX-License-Identifier: MIT */
/*
 * What a fence must not reach: no value that a guest can write touches memory of another vGPU, and
 * hardware is given limits. What accesses find behind a fence is in test_gvt_tiling.c.
 */
#include "fence_rig.h"
#include "gvt_second.h"
#include "lib/runner.h"

static u64 rnd64(u32 *seed)
{
	u64 value = rnd(seed);

	value = value << 24 ^ rnd(seed);
	return value << 24 ^ rnd(seed);
}

/* --- two vGPUs --- */

#define VICTIM_PAGES 32U
#define VICTIM_RAM 0x200000ULL
#define OWN_RAM 0x400000ULL

/* Graphics address of the victim's page @i: half at the begin of its range, half at the end. */
static u64 victim_addr(u32 i)
{
	return i < VICTIM_PAGES / 2 ? LOW2 + i * PAGE : LOW2 + LOW_SIZE - (VICTIM_PAGES - i) * PAGE;
}

static u8 victim_byte(u32 page, u32 i)
{
	return (u8)(page * 7 + i / 16 * 3 + i);
}

static void victim_fill(struct rig *victim)
{
	u8 buf[PAGE];
	u32 page, i;

	for (page = 0; page < VICTIM_PAGES; page++) {
		for (i = 0; i < PAGE; i++)
			buf[i] = victim_byte(page, i);
		rig_ok(mpt_guest_write(victim->vm, VICTIM_RAM + page * PAGE, buf, PAGE));
		pte_set(victim, victim_addr(page), (VICTIM_RAM + page * PAGE) | 1);
	}
}

static void page_is_untouched(struct rig *victim, u64 at, u32 page)
{
	u8 buf[PAGE];
	u32 i;

	rig_ok(mpt_guest_read(victim->vm, at, buf, PAGE));
	for (i = 0; i < PAGE; i++)
		expect(buf[i] == victim_byte(page, i), "0x%llx", (unsigned long long)at + i);
}

static void victim_check(struct rig *victim)
{
	u32 page;

	for (page = 0; page < VICTIM_PAGES; page++) {
		page_is_untouched(victim, VICTIM_RAM + page * PAGE, page);
		page_is_untouched(victim, BAR2(victim_addr(page)), page);
	}
}

/* The attacker's own pages hold 0 or 0x5a, also at the two ends of its range. */
static u64 own_addr(u32 i)
{
	return i < VICTIM_PAGES / 2 ? LOW + i * PAGE : LOW2 - (VICTIM_PAGES - i) * PAGE;
}

static void own_map(struct rig *r)
{
	u32 i;

	for (i = 0; i < VICTIM_PAGES; i++)
		pte_set(r, own_addr(i), (OWN_RAM + i * PAGE) | 1);
}

/* The victim's pattern has other bytes in each 8 that are aligned. */
static void attack(struct rig *r, u32 *seed)
{
	u64 addr = own_addr(rnd(seed) % VICTIM_PAGES) + (rnd(seed) % PAGE & ~7U), back = 0;
	u8 byte[8];
	u32 i;

	rig_ok(mpt_guest_read(r->vm, BAR2(addr), &back, 8));
	memcpy(byte, &back, 8);
	for (i = 0; i < 8; i++)
		expect(byte[i] == 0 || byte[i] == 0x5a || byte[i] == 0xff, "read %02x", byte[i]);
	back = 0x5a5a5a5a5a5a5a5aULL;
	rig_ok(mpt_guest_write(r->vm, BAR2(addr), &back, 8));
}

/* Any bits, or a range with ends near the two borders of the victim's. */
static u64 hostile(u32 *seed)
{
	u64 first = LOW2 + ((u64)rnd(seed) % 96 - 64) * PAGE;
	u64 last = LOW2 + ((u64)rnd(seed) % 64 - 16) * PAGE;
	u32 kind = rnd(seed) % 8;

	if (kind < 2)
		return rnd64(seed) | (kind & 1);
	if (kind == 2)
		last = LOW2 + LOW_SIZE + ((u64)rnd(seed) % 64 - 32) * PAGE;
	if (kind == 3)
		first = LOW;
	if (kind == 4)
		last = LOW2 + LOW_SIZE - PAGE;
	return fence_of(first, last, 128 * (1 + rnd(seed) % (rnd(seed) % 2 ? 16 : 4096)),
			rnd(seed) % 2 ? Y_MAJOR : 0);
}

START_TEST(no_fence_reaches_another_vgpu)
{
	struct rig r, victim;
	u32 i, k, seed = 9;

	rig_open(&r);
	second_open(&r, &victim);
	victim_fill(&victim);
	own_map(&r);
	for (i = 0; i < 10000; i++) {
		fence_set(&r, i % 4, hostile(&seed));
		for (k = 0; k < 4; k++)
			attack(&r, &seed);
		k = rnd(&seed) % VICTIM_PAGES;
		page_is_untouched(&victim, BAR2(victim_addr(k)), k);
		if (i % 500 == 0)
			victim_check(&victim);
	}
	victim_check(&victim);
	second_close(&r, &victim);
	rig_close(&r);
}
END_TEST

/* The other way round: what is the owner's own business works up to the last page. */
START_TEST(each_vgpu_has_its_own_fences)
{
	u64 last = LOW2 + 7 * PAGE, value, back = 0;
	struct rig r, second;

	rig_open(&r);
	second_open(&r, &second);
	own_map(&r);
	victim_fill(&second);
	fence_set(&r, 0, fence_of(LOW2 - 8 * PAGE, LOW2 - PAGE, 1024, 0));
	fence_set(&second, 0, fence_of(LOW2, last, 512, Y_MAJOR));
	value = 0x1020304050607080ULL;
	rig_ok(mpt_guest_write(r.vm, BAR2(LOW2 - 8 * PAGE + 1024), &value, 8));
	rig_ok(mpt_guest_read(r.vm, OWN_RAM + 24 * PAGE + 512, &back, 8));
	ck_assert_uint_eq(back, value);
	rig_ok(mpt_guest_write(second.vm, BAR2(LOW2 + 512), &value, 8));
	rig_ok(mpt_guest_read(second.vm, VICTIM_RAM + 16, &back, 8));
	ck_assert_uint_eq(back, value);
	second_close(&r, &second);
	/* Its memory and its fences are free now; the neighbour's still work. */
	back = 0;
	rig_ok(mpt_guest_read(r.vm, BAR2(LOW2 - 8 * PAGE + 1024), &back, 8));
	ck_assert_uint_eq(back, value);
	rig_close(&r);
}
END_TEST

/* --- limits that the hardware gets --- */

/* Hardware that cannot be told of limits gets no fence that needs one. */
START_TEST(without_limits_the_hardware_gets_zero)
{
	static const struct {
		u64 first, last;
		bool given;
	} rows[] = {
		{ LOW, LOW + LOW_SIZE - PAGE, true },
		{ LOW, LOW, true },
		{ LOW - PAGE, LOW + PAGE, false },
		{ LOW, LOW + LOW_SIZE, false },
		{ LOW + PAGE, LOW, false },
		{ LOW + LOW_SIZE, LOW, false },
		{ LOW2, LOW2 + PAGE, false },
		{ 0, 0xfffff000, false },
		{ HIGH, HIGH + PAGE, false },
		{ 0xfffff000, 0, false },
		{ LOW + 2 * PAGE, LOW - PAGE, false },
		{ LOW + LOW_SIZE - PAGE, LOW2, false },
	};
	struct rig r;
	u64 value;
	u32 i;

	rig_open(&r);
	r.gvt->hw.fence_limit = NULL;
	for (i = 0; i < N(rows); i++) {
		value = fence_of(rows[i].first, rows[i].last, 512, 0);
		fence_set(&r, 1, value);
		ck_assert_msg(host_fence(&r, 1) == (rows[i].given ? value : 0), "row %u", i);
	}
	/* Not valid: harmless wherever it points. */
	fence_set(&r, 1, value & ~1ULL);
	ck_assert_uint_eq(host_fence(&r, 1), value & ~1ULL);
	rig_close(&r);
}
END_TEST

START_TEST(a_limit_counts_for_what_is_there_already)
{
	struct gvt_hw hw;
	u8 buf[8];
	struct rig r;

	rig_open(&r);
	hw = r.gvt->hw;
	surface_map(&r);
	ram_fill(&r, 10);
	/* 640: no place, so a fence in force is seen by its ones. */
	hw.fence_write(hw.priv, 31, fence_of(SURFACE, SURFACE + PAGE, 640, 0));
	rig_ok(hw.aperture_read(hw.priv, SURFACE, buf, 8));
	ck_assert(!memcmp(buf, "\xff\xff\xff\xff\xff\xff\xff\xff", 8));
	hw.fence_limit(hw.priv, 31, SURFACE, PAGE);
	rig_ok(hw.aperture_read(hw.priv, SURFACE, buf, 8));
	ck_assert(!memcmp(buf, memory, 8));
	hw.fence_limit(hw.priv, 31, SURFACE, 2 * PAGE);
	rig_ok(hw.aperture_read(hw.priv, SURFACE, buf, 8));
	ck_assert(memcmp(buf, memory, 8));
	hw.fence_limit(hw.priv, GVT_NUM_FENCES, 0, 0);
	hw.fence_write(hw.priv, 31, 0);
	rig_close(&r);
}
END_TEST

static Suite *limits_suite(void)
{
	Suite *s = suite_create("gvt-tiling-limits");
	TCase *tc = tcase_create("others");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_fence_reaches_another_vgpu);
	tcase_add_test(tc, each_vgpu_has_its_own_fences);
	tcase_add_test(tc, without_limits_the_hardware_gets_zero);
	tcase_add_test(tc, a_limit_counts_for_what_is_there_already);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { limits_suite };

	return mpt_test_main("gvt_tiling_limits", suites, N(suites));
}
