/* SPDX-License-Identifier: MIT */
/*
 * Fences: CPU accesses through them as a guest makes them, against the model. The arithmetic alone
 * is in test_tiling.c, what a fence must not reach in test_gvt_tiling_limits.c.
 */
#include <pthread.h>

#include "fence_rig.h"
#include "lib/runner.h"

static u8 image[SIZE];
static u32 place[SIZE];

/* --- through the aperture --- */

static void ram_get(struct rig *r)
{
	u32 o;

	for (o = 0; o < SIZE; o += PAGE)
		rig_ok(mpt_guest_read(r->vm, ram_of(o), memory + o, PAGE));
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
	u8 buf[8]; /* what any hypervisor passes on as one access */

	rig_open(&r);
	surface_map(&r);
	ram_fill(&r, 12);
	switched_fill(0, 0, 0, 512, 0);
	switched_fill(1, 0, 8, 1024, 0);
	switched_fill(2, 4, 8, 512, Y_MAJOR);
	ck_assert_int_eq(pthread_create(&thread, NULL, fence_switcher, &r), 0);
	for (i = 0; i < 20000 || switching(); i++) {
		o = rnd(&seed) % SIZE & ~7U;
		rig_ok(mpt_guest_read(r.vm, BAR2(SURFACE + o), buf, 8));
		for (n = 0, k = 0; n < N(switched) && k < 8; n++) {
			for (k = 0; k < 8 && buf[k] == memory[switched_place[n][o + k]];)
				k++;
		}
		ck_assert_msg(k == 8, "0x%x: none of the views", o);
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
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { tiling_suite };

	return mpt_test_main("gvt_tiling", suites, N(suites));
}
