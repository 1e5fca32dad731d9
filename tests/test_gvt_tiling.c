/* SPDX-License-Identifier: MIT */
/*
 * Fences: CPU accesses through them as a guest makes them, against the model; and that no value a
 * guest can write reaches memory of another vGPU. The arithmetic alone is in test_tiling.c.
 */
#include <pthread.h>

#include "gvt_entries.h"
#include "gvt_second.h"
#include "lib/runner.h"
#include "tiling_model.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define FENCE(i) (0x100000U + 8 * (u32)(i))

static u32 rnd(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static u64 rnd64(u32 *seed)
{
	u64 value = rnd(seed);

	value = value << 24 ^ rnd(seed);
	return value << 24 ^ rnd(seed);
}

/* --- through the aperture --- */

#define PAGES 12
#define SURFACE (LOW + 0x30000)
#define SIZE (PAGES * PAGE)
#define BAR2(addr) (RIG_BAR2 + (addr))

static u8 image[SIZE], memory[SIZE];
static u32 place[SIZE];

/* Guest pages out of order, so that neighbours by graphics address are none in RAM. */
static u64 ram_of(u32 offset)
{
	return 0x100000ULL + offset / PAGE * 5 % PAGES * 2 * PAGE + offset % PAGE;
}

static void surface_map(struct rig *r)
{
	u32 o;

	for (o = 0; o < SIZE; o += PAGE)
		pte_set(r, SURFACE + o, ram_of(o) | 1);
}

static void ram_fill(struct rig *r, u32 seed)
{
	u32 o;

	for (o = 0; o < SIZE; o++)
		memory[o] = (u8)rnd(&seed);
	for (o = 0; o < SIZE; o += PAGE)
		rig_ok(mpt_guest_write(r->vm, ram_of(o), memory + o, PAGE));
}

static void ram_get(struct rig *r)
{
	u32 o;

	for (o = 0; o < SIZE; o += PAGE)
		rig_ok(mpt_guest_read(r->vm, ram_of(o), memory + o, PAGE));
}

static u64 host_fence(struct rig *r, u32 i)
{
	return r->gvt->hw.fence_read(r->gvt->hw.priv, r->v->fence_base + i);
}

static void fence_set(struct rig *r, u32 i, u64 value)
{
	rig_write(r, FENCE(i), value, 8);
	ck_assert_uint_eq(rig_read(r, FENCE(i), 8), value);
}

static const struct {
	u32 pitch;
	u64 walk;
} views[] = {
	{ 512, 0 }, { 1024, 0 }, { 2048, 0 }, { 128, Y_MAJOR }, { 384, Y_MAJOR }, { 512, Y_MAJOR },
};

START_TEST(writes_are_tiled)
{
	u32 i, k, o, len, seed = 1;
	struct rig r;

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 2);
	model(place, PAGES, views[_i].pitch, views[_i].walk);
	for (o = 0; o < SIZE; o++)
		image[o] = memory[place[o]];
	fence_set(&r, 2, fence_of(SURFACE, SURFACE + SIZE - PAGE, views[_i].pitch, views[_i].walk));
	for (i = 0; i < 4000; i++) {
		len = 1 + i % 64;
		o = rnd(&seed) % (SIZE - len + 1);
		for (k = 0; k < len; k++)
			image[o + k] = (u8)rnd(&seed);
		rig_ok(mpt_guest_write(r.vm, BAR2(SURFACE + o), image + o, len));
	}
	ram_get(&r);
	for (o = 0; o < SIZE; o++)
		expect(memory[place[o]] == image[o], "byte %u", o);
	rig_close(&r);
}
END_TEST

static void view_is_tiled(struct rig *r)
{
	u32 i, k, o, len, seed = 3;
	u8 buf[PAGE];

	for (i = 0; i < 4000; i++) {
		len = i % 100 ? 1 + i % 64 : PAGE;
		o = rnd(&seed) % (SIZE - len + 1);
		rig_ok(mpt_guest_read(r->vm, BAR2(SURFACE + o), buf, len));
		for (k = 0; k < len; k++)
			expect(buf[k] == memory[place[o + k]], "byte %u", o + k);
	}
}

static void view_is_linear(struct rig *r)
{
	u32 o;

	for (o = 0; o < SIZE; o += PAGE) {
		rig_ok(mpt_guest_read(r->vm, BAR2(SURFACE + o), image, PAGE));
		ck_assert(!memcmp(image, memory + o, PAGE));
	}
}

START_TEST(reads_are_detiled)
{
	struct rig r;
	u64 value = fence_of(SURFACE, SURFACE + SIZE - PAGE, views[_i].pitch, views[_i].walk);

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 4);
	model(place, PAGES, views[_i].pitch, views[_i].walk);
	view_is_linear(&r);
	fence_set(&r, 0, value);
	ck_assert_uint_eq(host_fence(&r, 0), value);
	view_is_tiled(&r);
	fence_set(&r, 0, value & ~1ULL);
	view_is_linear(&r);
	fence_set(&r, 3, value);
	view_is_tiled(&r);
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	surface_map(&r);
	view_is_linear(&r);
	rig_close(&r);
}
END_TEST

/* As on a back end that does not map the aperture; and no further than the range. */
START_TEST(trapped_and_at_the_edges)
{
	u64 value, back;
	struct rig r;
	u32 o;

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 5);
	model(place, 4, 256, Y_MAJOR);
	fence_set(&r, 1, fence_of(SURFACE + PAGE, SURFACE + 4 * PAGE, 256, Y_MAJOR));
	for (o = 0; o < SIZE; o += 8) {
		u32 at = o >= PAGE && o < 5 * PAGE ? PAGE + place[o - PAGE] : o;

		rig_ok(r.ops->emulate_mmio_read(r.vgpu, BAR2(SURFACE + o), &back, 8));
		memcpy(&value, memory + at, 8);
		expect(back == value, "at 0x%x", o);
	}
	value = 0x1122334455667788ULL;
	rig_ok(r.ops->emulate_mmio_write(r.vgpu, BAR2(SURFACE + PAGE + 256), &value, 8));
	rig_ok(mpt_guest_read(r.vm, ram_of(PAGE + 16), &back, 8));
	ck_assert_uint_eq(back, value);
	rig_close(&r);
}
END_TEST

START_TEST(the_lowest_number_wins)
{
	u64 x = fence_of(SURFACE, SURFACE + SIZE - PAGE, 1024, 0);
	u64 y = fence_of(SURFACE, SURFACE + SIZE - PAGE, 384, Y_MAJOR);
	struct rig r;

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 6);
	fence_set(&r, 2, x);
	fence_set(&r, 1, y);
	fence_set(&r, 3, y);
	model(place, PAGES, 384, Y_MAJOR);
	view_is_tiled(&r);
	fence_set(&r, 1, 0);
	model(place, PAGES, 1024, 0);
	view_is_tiled(&r);
	/* One that covers nothing is none. */
	fence_set(&r, 0, fence_of(SURFACE + SIZE, SURFACE, 384, Y_MAJOR));
	view_is_tiled(&r);
	rig_close(&r);
}
END_TEST

/* What a piece meets counts for it alone: scratch, a bus error, memory. */
START_TEST(a_run_into_scratch_reads_zeros)
{
	struct mpt_iommu_fault fault;
	struct rig r;
	u8 row[1024];
	u32 i;

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 7);
	fence_set(&r, 0, fence_of(SURFACE, SURFACE + PAGE, 1024, 0));
	pte_set(&r, SURFACE + PAGE, 0);
	rig_ok(mpt_guest_read(r.vm, BAR2(SURFACE), row, sizeof(row)));
	ck_assert(!memcmp(row, memory, 512));
	for (i = 512; i < 1024; i++)
		expect(row[i] == 0, "byte %u", i);
	r.gvt->hw.ggtt[(SURFACE + PAGE) >> 12] = 0x123456000ULL | 1;
	rig_ok(mpt_guest_read(r.vm, BAR2(SURFACE), row, sizeof(row)));
	ck_assert(!memcmp(row, memory, 512));
	for (i = 512; i < 1024; i++)
		expect(row[i] == 0xff, "byte %u", i);
	rig_ok(mpt_fault_take(r.host, &fault));
	ck_assert_uint_eq(fault.dma_addr, 0x123456000ULL);
	r.gvt->hw.ggtt[(SURFACE + PAGE) >> 12] = 0;
	rig_close(&r);
}
END_TEST

/* --- fences that make no sense --- */

static void nothing_there(struct rig *r, u32 offset, u32 len)
{
	u8 buf[PAGE];
	u32 i;

	memset(buf, 0x5a, len);
	rig_ok(mpt_guest_write(r->vm, BAR2(SURFACE + offset), buf, len));
	rig_ok(mpt_guest_read(r->vm, BAR2(SURFACE + offset), buf, len));
	for (i = 0; i < len; i++)
		expect(buf[i] == 0xff, "byte %u of 0x%x", i, offset);
}

START_TEST(no_place_reads_ones_and_is_dropped)
{
	u32 o, tiles;
	struct rig r;

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 8);
	memcpy(image, memory, SIZE);
	/* 640 is no multiple of 512. */
	fence_set(&r, 0, fence_of(SURFACE, SURFACE + SIZE - PAGE, 640, 0));
	for (o = 0; o < SIZE; o += PAGE)
		nothing_there(&r, o, PAGE);
	/* 8 tiles in a row, 12 pages: of the second row the right half is missing. */
	fence_set(&r, 0, fence_of(SURFACE, SURFACE + SIZE - PAGE, 4096, 0));
	for (o = 8 * PAGE; o < SIZE; o += 512) {
		tiles = o % 4096 / 512;
		if (tiles >= 4)
			nothing_there(&r, o, 512);
	}
	fence_set(&r, 0, 0);
	ram_get(&r);
	ck_assert(!memcmp(image, memory, SIZE));
	view_is_linear(&r);
	rig_close(&r);
}
END_TEST

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

/* --- threads --- */

static const u64 switched[] = {
	0,
	SURFACE | 1 | (SURFACE + 7 * PAGE) << 32 | 7ULL << 32,
	(SURFACE + 4 * PAGE) | 3 | (SURFACE + 11 * PAGE) << 32 | 3ULL << 32,
};
static u32 switched_place[N(switched)][SIZE];
static u32 switches;
static bool stop;

/* Where the view through switched[@n] finds each byte. */
static void switched_fill(u32 n, u32 first, u32 pages, u32 pitch, u64 walk)
{
	u32 o;

	model(place, pages, pitch, walk);
	for (o = 0; o < SIZE; o++)
		switched_place[n][o] =
			o / PAGE - first < pages ? first * PAGE + place[o - first * PAGE] : o;
}

static void *fence_switcher(void *arg)
{
	struct rig *r = arg;
	u64 value;
	u32 i;

	for (i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		value = switched[i % N(switched)];
		if (mpt_guest_write(r->vm, RIG_BAR0 + FENCE(i & 1), &value, 8))
			break;
		__atomic_store_n(&switches, i, __ATOMIC_RELAXED);
	}
	return __atomic_exchange_n(&stop, true, __ATOMIC_RELAXED) ? NULL : arg;
}

static bool switching(void)
{
	return !__atomic_load_n(&stop, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&switches, __ATOMIC_RELAXED) < 20000;
}

/*
 * Both registers take every value: whatever pair is in force, an access is by one of these views.
 */
START_TEST(an_access_sees_a_whole_fence)
{
	u32 i, n, o, k, seed = 11;
	pthread_t thread;
	void *failed;
	struct rig r;
	u8 buf[16];

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 12);
	switched_fill(0, 0, 0, 512, 0);
	switched_fill(1, 0, 8, 1024, 0);
	switched_fill(2, 4, 8, 512, Y_MAJOR);
	ck_assert_int_eq(pthread_create(&thread, NULL, fence_switcher, &r), 0);
	for (i = 0; i < 20000 || switching(); i++) {
		o = rnd(&seed) % SIZE & ~15U;
		rig_ok(mpt_guest_read(r.vm, BAR2(SURFACE + o), buf, 16));
		for (n = 0, k = 0; n < N(switched) && k < 16; n++) {
			for (k = 0; k < 16 && buf[k] == memory[switched_place[n][o + k]];)
				k++;
		}
		ck_assert_msg(k == 16, "0x%x: none of the views", o);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, &failed);
	ck_assert_ptr_null(failed);
	rig_close(&r);
}
END_TEST

static Suite *tiling_suite(void)
{
	Suite *s = suite_create("gvt-tiling");
	TCase *tc = tcase_create("aperture");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, writes_are_tiled, 0, N(views));
	tcase_add_loop_test(tc, reads_are_detiled, 0, N(views));
	tcase_add_test(tc, trapped_and_at_the_edges);
	tcase_add_test(tc, the_lowest_number_wins);
	tcase_add_test(tc, a_run_into_scratch_reads_zeros);
	tcase_add_test(tc, no_place_reads_ones_and_is_dropped);
	tcase_add_test(tc, an_access_sees_a_whole_fence);
	suite_add_tcase(s, tc);
	tc = tcase_create("others");
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
	static Suite *(*const suites[])(void) = { tiling_suite };

	return mpt_test_main("gvt_tiling", suites, N(suites));
}
