/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor: RAM and its changes, the machine behind it. Making and ending things is in
 * test_mock_life.c, what a guest does in test_mock_guest.c, the bus side in test_mock_dma.c,
 * threads in test_mock_threads.c.
 */
#include <stdlib.h>

#include "mock_rig.h"

static void setup(void)
{
	rig_open("mock");
}

/* --- RAM --- */

static void put(u64 gpa, u64 val)
{
	ck_assert_int_eq(rig_write(gpa, &val, sizeof(val)), 0);
}

static u64 get(u64 gpa)
{
	u64 val = 0;

	ck_assert_int_eq(rig_read(gpa, &val, sizeof(val)), 0);
	return val;
}

/* All of [gpa, gpa + len) is refused, and the buffer comes back as zeros. */
static void no_ram(u64 gpa, unsigned long len)
{
	u8 buf[3 * PAGE], zero[sizeof(buf)] = { 0 };

	ck_assert_uint_le(len, sizeof(buf));
	memset(buf, 0xcc, sizeof(buf));
	ck_assert_int_eq(rig_read(gpa, buf, len), -EFAULT);
	ck_assert_mem_eq(buf, zero, len);
	ck_assert_int_eq(rig_write(gpa, buf, len), -EFAULT);
}

START_TEST(any_length_and_alignment)
{
	u8 out[40], in[40];
	unsigned int len, at;

	/* Two regions that touch, in two chunks, and a third in the second's chunk. */
	rig_ram(0, HUGE, 0);
	rig_ram(HUGE, 64 * PAGE, 0);
	rig_ram(HUGE + 64 * PAGE, 64 * PAGE, 0);
	for (len = 0; len < sizeof(out); len++)
		out[len] = (u8)(len * 7 + 1);
	for (len = 0; len <= 33; len++) {
		for (at = 0; at < 24; at++) {
			u64 gpa[] = { PAGE - 16 + at, HUGE - 16 + at, HUGE + 64 * PAGE - 16 + at };
			unsigned int i;

			for (i = 0; i < 3; i++) {
				memset(in, 0, sizeof(in));
				ck_assert_int_eq(rig_write(gpa[i], out, len), 0);
				ck_assert_int_eq(rig_read(gpa[i], in, len), 0);
				ck_assert_mem_eq(in, out, len);
				ck_assert_uint_eq(in[len], 0);
			}
		}
	}
}
END_TEST

START_TEST(all_or_nothing)
{
	u8 buf[2 * PAGE];
	u64 ones = ~0ULL;

	rig_ram(0, 4 * PAGE, 0);
	rig_ram(5 * PAGE, PAGE, 0);
	memset(buf, 0xff, sizeof(buf));
	/* Neither before nor behind the hole anything is written. */
	ck_assert_int_eq(rig_write(3 * PAGE + 8, buf, 2 * PAGE), -EFAULT);
	ck_assert_uint_eq(get(3 * PAGE + 8), 0);
	ck_assert_uint_eq(get(5 * PAGE), 0);
	no_ram(3 * PAGE + 8, 2 * PAGE);
	no_ram(4 * PAGE - 1, 2);
	no_ram(4 * PAGE, 8);
	no_ram(6 * PAGE, 1);
	ck_assert_int_eq(rig_write(4 * PAGE - 8, &ones, 8), 0);
	ck_assert_uint_eq(get(4 * PAGE - 8), ones);
}
END_TEST

START_TEST(lengths_beyond_everything)
{
	static const u64 gpas[] = { 0, PAGE - 1, PAGE, HUGE - 1, 1ULL << 31, (1ULL << 32) - 1,
				    (1ULL << 40) - 1, 1ULL << 40, 1ULL << 52, 1ULL << 63, ~0ULL };
	unsigned int i;
	u8 byte;

	rig_ram(0, HUGE, 0);
	for (i = 0; i < sizeof(gpas) / sizeof(gpas[0]); i++) {
		/* No buffer can be that long, so none is touched. */
		ck_assert_int_eq(rig_read(gpas[i], &byte, 1UL << 63), -EFAULT);
		ck_assert_int_eq(rig_write(gpas[i], &byte, 1UL << 63), -EFAULT);
		ck_assert_int_eq(rig_read(gpas[i], &byte, ~0UL), -EFAULT);
		ck_assert_int_eq(rig_write(gpas[i], &byte, ~0UL), -EFAULT);
		ck_assert_int_eq(rig_read(gpas[i], NULL, 0), 0);
		if (gpas[i] >= HUGE)
			no_ram(gpas[i], 17);
	}
	ck_assert_uint_eq(rig_mfn(1ULL << 28), INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_eq(rig_mfn(1ULL << 52), INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_eq(rig_mfn(~0ULL), INTEL_GVT_INVALID_ADDR);
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(&rig.vgpu, 1UL << 52));
}
END_TEST

START_TEST(read_only)
{
	u64 val = 1;

	rig_ram(0, HUGE, MPT_RAM_READONLY);
	rig_ram(HUGE, PAGE, MPT_RAM_READONLY);
	rig_ram(HUGE + PAGE, PAGE, 0);
	ck_assert_uint_eq(get(8), 0);
	ck_assert_int_eq(rig_write(8, &val, 8), -EFAULT);
	ck_assert_int_eq(rig_write(HUGE + PAGE - 4, &val, 8), -EFAULT);
	ck_assert_uint_eq(get(HUGE + PAGE - 8), 0);
	put(HUGE + PAGE, 5);
	ck_assert_uint_eq(get(HUGE + PAGE), 5);
	/* A guest's store is dropped. */
	ck_assert_int_eq(mpt_guest_write(rig.vm, 8, &val, 8), 0);
	ck_assert_uint_eq(rig_stats().unclaimed, 1);
	ck_assert_uint_eq(get(8), 0);
}
END_TEST

START_TEST(bad_regions)
{
	static const struct {
		u64 gpa, size;
		unsigned int flags;
		int err;
	} bad[] = {
		{ 0, 0, 0, -EINVAL },
		{ 1, PAGE, 0, -EINVAL },
		{ 0, PAGE + 1, 0, -EINVAL },
		{ 0, PAGE, 2, -EINVAL },
		{ 1ULL << 40, PAGE, 0, -EINVAL },
		{ (1ULL << 40) - PAGE, 2 * PAGE, 0, -EINVAL },
		{ ~0ULL - PAGE + 1, PAGE, 0, -EINVAL },
		{ PAGE, ~0ULL - PAGE + 1, 0, -EINVAL },
		{ 15 * PAGE, 2 * PAGE, 0, -EEXIST },
		{ 17 * PAGE, PAGE, 0, -EEXIST },
		{ 31 * PAGE, 2 * PAGE, 0, -EEXIST },
		{ 0, GIB, 0, -EEXIST },
	};
	unsigned int i;

	rig_ram(16 * PAGE, 16 * PAGE, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(mpt_ram_add(rig.vm, bad[i].gpa, bad[i].size, bad[i].flags),
				 bad[i].err);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 16 * PAGE, 15 * PAGE), -ENOENT);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 17 * PAGE, 16 * PAGE), -ENOENT);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 0, PAGE), -ENOENT);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 16 * PAGE, PAGE, 0), -ENOENT);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 16 * PAGE, 16 * PAGE, 1), -EINVAL);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 16 * PAGE, 16 * PAGE, 1ULL << 40), -EINVAL);
	rig_ram(64 * PAGE, PAGE, 0);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 16 * PAGE, 16 * PAGE, 60 * PAGE), -EEXIST);
	rig_ram((1ULL << 40) - PAGE, PAGE, 0);
	put((1ULL << 40) - 8, 3);
}
END_TEST

START_TEST(remove_and_move)
{
	u64 mfn;

	rig_ram(0, 2 * HUGE + 3 * PAGE, 0);
	rig_ram(2 * HUGE + 8 * PAGE, PAGE, 0);
	put(HUGE + 16, 0x1234);
	put(2 * HUGE + 8 * PAGE, 0x5678);
	mfn = rig_mfn(HUGE / PAGE);
	/* By less than its own size, so old and new place overlap. */
	ck_assert_int_eq(mpt_ram_move(rig.vm, 0, 2 * HUGE + 3 * PAGE, 2 * PAGE), 0);
	no_ram(PAGE, 8);
	ck_assert_uint_eq(get(HUGE + 2 * PAGE + 16), 0x1234);
	ck_assert_uint_ne(rig_mfn(HUGE / PAGE + 2), mfn);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 2 * PAGE, 2 * HUGE + 3 * PAGE, 8 * HUGE), 0);
	ck_assert_uint_eq(get(9 * HUGE + 16), 0x1234);
	no_ram(HUGE + 16, 8);
	ck_assert_uint_eq(get(2 * HUGE + 8 * PAGE), 0x5678);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 8 * HUGE, 2 * HUGE + 3 * PAGE), 0);
	no_ram(9 * HUGE + 16, 8);
	ck_assert_uint_eq(rig_mfn(9 * HUGE / PAGE), INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_eq(get(2 * HUGE + 8 * PAGE), 0x5678);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 2 * HUGE + 8 * PAGE, PAGE), 0);
	no_ram(2 * HUGE + 8 * PAGE, 8);
	rig_ram(0, PAGE, 0);
	ck_assert_uint_eq(get(0), 0);
}
END_TEST

/*
 * The core is told after the guest cannot reach the RAM any more, and before another region comes.
 */
START_TEST(region_events)
{
	static const struct rig_call want[] = {
		{ 'a', 0, 512, 0 },
		{ 'd', 0, 512, 0 },
		{ 'a', 1024, 512, 0 },
		{ 'd', 1024, 512, 0 },
	};
	unsigned int i;

	rig_ram(0, HUGE, 0);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 0, HUGE, 2 * HUGE), 0);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 2 * HUGE, HUGE), 0);
	ck_assert_uint_eq(rig.calls, 4);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(rig.call[i].what, want[i].what);
		ck_assert_uint_eq(rig.call[i].addr, want[i].addr);
		ck_assert_uint_eq(rig.call[i].val, want[i].val);
	}
}
END_TEST

/* Random adds, removes and moves of small regions against an array of pages. */
#define MODEL_PAGES 2048U

START_TEST(random_regions)
{
	static u32 owner[MODEL_PAGES], stamp[MODEL_PAGES];
	struct {
		u32 gfn, nr;
	} region[64] = { { 0, 0 } };
	u64 seed = 0x9e3779b97f4a7c15ULL + (u64)_i;
	u32 round, i, g, nr, to, k;
	u64 val, r;
	int ret;

	memset(owner, 0, sizeof(owner));
	memset(stamp, 0, sizeof(stamp));
	for (round = 1; round <= 1500; round++) {
		bool free_there = true;

		r = rig_random(&seed);
		i = r % 64;
		to = (r >> 8) % MODEL_PAGES;
		nr = region[i].nr ? region[i].nr : 1 + (r >> 24) % ((r >> 40) % 4 ? 40 : 700);
		for (g = to; g < to + nr && g < MODEL_PAGES; g++)
			free_there &= !owner[g] || (region[i].nr && owner[g] == i + 1);
		if (to + nr > MODEL_PAGES)
			continue;
		if (!region[i].nr) {
			ret = mpt_ram_add(rig.vm, to * PAGE, nr * PAGE, 0);
			ck_assert_int_eq(ret, free_there ? 0 : -EEXIST);
			if (ret)
				continue;
			for (g = to; g < to + nr; g++) {
				owner[g] = i + 1;
				stamp[g] = 0;
			}
			region[i].gfn = to;
			region[i].nr = nr;
		} else if (r >> 63) {
			ck_assert_int_eq(mpt_ram_remove(rig.vm, region[i].gfn * PAGE, nr * PAGE),
					 0);
			for (g = region[i].gfn; g < region[i].gfn + nr; g++)
				owner[g] = 0;
			region[i].nr = 0;
		} else {
			static u32 keep[MODEL_PAGES];

			ret = mpt_ram_move(rig.vm, region[i].gfn * PAGE, nr * PAGE, to * PAGE);
			ck_assert_int_eq(ret, free_there ? 0 : -EEXIST);
			if (ret)
				continue;
			memcpy(keep, &stamp[region[i].gfn], nr * sizeof(keep[0]));
			for (g = region[i].gfn; g < region[i].gfn + nr; g++)
				owner[g] = 0;
			for (g = to; g < to + nr; g++) {
				owner[g] = i + 1;
				stamp[g] = keep[g - to];
			}
			region[i].gfn = to;
		}
		for (k = 0; k < 40; k++) {
			g = rig_random(&seed) % MODEL_PAGES;
			val = 0;
			ret = rig_read(g * PAGE + 8, &val, 8);
			ck_assert_int_eq(ret, owner[g] ? 0 : -EFAULT);
			ck_assert_uint_eq(val, owner[g] ? stamp[g] : 0);
			ck_assert_int_eq(rig_mfn(g) != INTEL_GVT_INVALID_ADDR, owner[g] != 0);
			val = round;
			ck_assert_int_eq(rig_write(g * PAGE + 8, &val, 8), ret);
			stamp[g] = owner[g] ? round : 0;
		}
	}
}
END_TEST

START_TEST(sparse_17_tib)
{
	u64 top = 17ULL << 40, val = 0x17;
	dma_addr_t dma;
	u8 map[1];

	rig_ram(0, HUGE, 0);
	rig_ram(top, 2 * HUGE + PAGE, 0);
	put(top, 1);
	put(top + 2 * HUGE + PAGE - 8, 2);
	no_ram(top - 8, 16);
	no_ram(top + 2 * HUGE + PAGE - 8, 16);
	no_ram(top - (16ULL << 40), 8);
	ck_assert_uint_eq(get(0), 0);
	ck_assert_uint_eq(get(top), 1);
	ck_assert_int_eq(rig_map(top / PAGE + 1, PAGE, &dma), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, dma + 8, &val, 8), 0);
	ck_assert_uint_eq(get(top + PAGE + 8), 0x17);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, top / PAGE, 8, map), 0);
	ck_assert_uint_eq(map[0], 3);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, top / PAGE), 0);
	ck_assert(mpt_vm_tracked(rig.vm, top / PAGE));
	ck_assert_int_eq(mpt_guest_write(rig.vm, top, &val, 8), 0);
	ck_assert_uint_eq(rig_stats().track_hits, 1);
	ck_assert_uint_eq(get(top), 0x17);
	ck_assert_int_eq(mpt_ram_add(rig.vm, (1ULL << 46) - PAGE, PAGE, 0), 0);
	ck_assert_int_eq(mpt_ram_add(rig.vm, 1ULL << 46, PAGE, 0), -EINVAL);
}
END_TEST

/* --- the machine --- */

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* Machine frames of two VMs: never the guest's own number, never the device's, never twice. */
START_TEST(machine_frames)
{
	static u64 mfn[2 * 4096];
	struct intel_vgpu other = { .mpt = rig.vgpu.mpt };
	struct mpt_vm *vm2;
	unsigned int i, n = 0;

	ck_assert_int_eq(mpt_vm_create(rig.host, 2), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 2, &vm2), 0);
	ck_assert_int_eq(mpt_ram_add(vm2, 0, 8 * HUGE, 0), 0);
	mpt_target_set(vm2);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&other), 0);
	mpt_target_set(NULL);
	rig_ram(0, 4 * HUGE, 0);
	rig_ram(4 * GIB, 4 * HUGE, 0);
	for (i = 0; i < 4096; i++) {
		u64 gfn = i < 2048 ? i : 4 * GIB / PAGE + i - 2048;

		mfn[n] = rig_mfn(gfn);
		ck_assert_uint_ne(mfn[n], gfn);
		n++;
		mfn[n] = intel_gvt_hypervisor_gfn_to_mfn(&other, i);
		ck_assert_uint_ne(mfn[n], i);
		n++;
	}
	qsort(mfn, n, sizeof(mfn[0]), cmp_u64);
	ck_assert_uint_ge(mfn[0], 4 * GIB / PAGE);
	ck_assert_uint_lt(mfn[n - 1], 1ULL << 33);
	for (i = 1; i < n; i++)
		ck_assert_uint_ne(mfn[i], mfn[i - 1]);
	intel_gvt_hypervisor_detach_vgpu(&other);
	mpt_vm_put(vm2);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 2), 0);
}
END_TEST

static unsigned int neighbours_in_order(void)
{
	unsigned int i, n = 0;

	for (i = 1; i < 512; i++)
		n += rig_mfn(i) == rig_mfn(i - 1) + 1;
	return n;
}

START_TEST(contiguous_or_not)
{
	rig_ram(0, HUGE, 0);
	ck_assert_uint_eq(neighbours_in_order(), 511);
	rig_close();
	rig_open("mock:contig=no");
	rig_ram(0, HUGE, 0);
	ck_assert_uint_eq(neighbours_in_order(), 0);
}
END_TEST

START_TEST(seed_changes_the_machine)
{
	u64 first[64];
	unsigned int i, same = 0;

	rig_ram(0, 64 * HUGE, 0);
	for (i = 0; i < 64; i++)
		first[i] = rig_mfn(i * 512);
	rig_close();
	rig_open("mock");
	rig_ram(0, 64 * HUGE, 0);
	for (i = 0; i < 64; i++)
		ck_assert_uint_eq(rig_mfn(i * 512), first[i]);
	rig_close();
	rig_open("mock:seed=7");
	rig_ram(0, 64 * HUGE, 0);
	for (i = 0; i < 64; i++)
		same += rig_mfn(i * 512) == first[i];
	ck_assert_uint_lt(same, 8);
}
END_TEST

static void setup_46(void)
{
	rig_open("mock:phys-bits=46");
}

static Suite *mock_suite(void)
{
	Suite *s = suite_create("mock");
	TCase *ram = tcase_create("ram"), *wide = tcase_create("wide");

	tcase_add_checked_fixture(ram, setup, rig_close);
	tcase_add_test(ram, any_length_and_alignment);
	tcase_add_test(ram, all_or_nothing);
	tcase_add_test(ram, lengths_beyond_everything);
	tcase_add_test(ram, read_only);
	tcase_add_test(ram, bad_regions);
	tcase_add_test(ram, remove_and_move);
	tcase_add_test(ram, region_events);
	tcase_add_loop_test(ram, random_regions, 0, 4);
	tcase_add_test(ram, machine_frames);
	tcase_add_test(ram, contiguous_or_not);
	tcase_add_test(ram, seed_changes_the_machine);
	suite_add_tcase(s, ram);
	tcase_add_checked_fixture(wide, setup_46, rig_close);
	tcase_add_test(wide, sparse_17_tib);
	suite_add_tcase(s, wide);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { mock_suite };

	return mpt_test_main("mock", suites, 1);
}
