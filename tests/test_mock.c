/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor: RAM and its changes, the machine behind it, making and ending things. What a
 * guest does is in test_mock_guest.c, the bus side in test_mock_dma.c, threads in
 * test_mock_threads.c.
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

/* The core is told after the guest cannot reach the RAM any more, and before another region comes. */
START_TEST(region_events)
{
	static const struct rig_call want[] = {
		{ 'a', 0, 512, 0 }, { 'd', 0, 512, 0 }, { 'a', 1024, 512, 0 }, { 'd', 1024, 512, 0 },
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
			ck_assert_int_eq(mpt_ram_remove(rig.vm, region[i].gfn * PAGE, nr * PAGE), 0);
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

/* --- making and ending --- */

START_TEST(life)
{
	struct intel_vgpu second = { .mpt = rig.vgpu.mpt };
	unsigned long stale = rig.vgpu.handle;
	u64 val;

	ck_assert_int_eq(mpt_vm_create(rig.host, 0), -EINVAL);
	ck_assert_int_eq(mpt_vm_create(rig.host, 65536), -EINVAL);
	ck_assert_int_eq(mpt_vm_create(rig.host, 1), -EEXIST);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 2), -ESRCH);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), -EBUSY);
	mpt_target_set(rig.vm);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&second), -EEXIST);
	ck_assert_int_eq(rig.vgpu.mpt->attach_vgpu(NULL, &second.handle), -EINVAL);
	mpt_target_set(NULL);
	rig_ram(0, HUGE, 0);
	rig_detach();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_vm_get(rig.host, 1, &rig.vm), 0);
	ck_assert_int_eq(rig_read(0, &val, 8), -ESRCH);
	ck_assert_int_eq(rig_write(0, &val, 8), -ESRCH);
	rig_attach();
	ck_assert_uint_ne(rig.vgpu.handle, stale);
	ck_assert_int_eq(rig_read(0, &val, 8), 0);
	ck_assert_int_eq(rig.vgpu.mpt->read_gpa(stale, 0, &val, 8), -ESRCH);
	ck_assert_int_eq(rig.vgpu.mpt->read_gpa(0, 0, &val, 8), -ESRCH);
}
END_TEST

/* Every operation with a dead handle, and with one that was never given out. */
START_TEST(dead_handles)
{
	const unsigned long live = rig.vgpu.handle;
	const unsigned long dead[] = { 0, 1, 255, ~0UL, live + 1, live + 256, live - 256, live | 1ULL << 63 };
	const struct intel_gvt_mpt *t = rig.vgpu.mpt;
	dma_addr_t dma = 0x55;
	unsigned int i;
	u64 val = 1;

	rig_ram(0, HUGE, 0);
	for (i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
		unsigned long h = dead[i];

		ck_assert_int_eq(t->read_gpa(h, 0, &val, 8), -ESRCH);
		ck_assert_uint_eq(val, 0);
		ck_assert_int_eq(t->write_gpa(h, 0, &val, 8), -ESRCH);
		ck_assert_int_eq(t->inject_msi(h, 0xfee00000, 1), -ESRCH);
		ck_assert_int_eq(t->set_intx(h, true), -ESRCH);
		ck_assert_int_eq(t->enable_page_track(h, 0), -ESRCH);
		ck_assert_int_eq(t->disable_page_track(h, 0), -ESRCH);
		ck_assert_uint_eq(t->gfn_to_mfn(h, 0), INTEL_GVT_INVALID_ADDR);
		ck_assert_int_eq(t->map_gfn_to_mfn(h, 0, 1, 0, true), -ESRCH);
		ck_assert_int_eq(t->map_gfn_to_mfn(h, 0, 1, 1, false), -ESRCH);
		ck_assert_int_eq(t->dma_map_guest_page(h, 0, 1, &dma), -ESRCH);
		ck_assert_uint_eq(dma, 0x55);
		t->dma_unmap_guest_page(h, 0);
		ck_assert_int_eq(t->dma_pin_guest_page(h, 0), -ESRCH);
		ck_assert_int_eq(t->set_trap_area(h, 1, 0, true), -ESRCH);
		ck_assert_int_eq(t->set_pvmmio(h, 1, 0, true), -ESRCH);
		ck_assert(!t->is_valid_gfn(h, 0));
		t->detach_vgpu(h);
	}
	ck_assert_int_eq(t->set_opregion(&val), -ESRCH);
	ck_assert_int_eq(t->set_edid(&val, 0), -ESRCH);
	ck_assert_int_eq(t->get_vfio_device(&val), -ESRCH);
	t->put_vfio_device(&val);
	ck_assert(t->is_valid_gfn(rig.vgpu.handle, 0));
}
END_TEST

START_TEST(core_comes_and_goes)
{
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, NULL, &rig_ops), -EINVAL);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, NULL), -EINVAL);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, &rig_ops), 0);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, &rig_ops), -EEXIST);
	mpt_host_exit(rig.host, NULL, &rig);
	ck_assert_int_eq(mpt_host_init(rig.host, NULL, &rig, &rig_ops), 0);
	mpt_host_exit(rig.host, NULL, &rig);
	ck_assert_int_eq(mpt_dom0_ready(rig.host), 0);
}
END_TEST

START_TEST(counted_only)
{
	struct intel_vgpu *v = &rig.vgpu;

	ck_assert_int_eq(intel_gvt_hypervisor_set_opregion(v), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(v, 4), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(v, 5), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(v, -1), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(v), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(v), 0);
	intel_gvt_hypervisor_put_vfio_device(v);
	ck_assert_uint_eq(rig_stats().opregion, 1);
	ck_assert_uint_eq(rig_stats().edid, 1);
	ck_assert_int_eq(rig_stats().vfio_device, 1);
}
END_TEST

/* What a vGPU leaves is gone with it; the next one finds nothing. */
START_TEST(detach_clears)
{
	struct mpt_vm_stats s;
	dma_addr_t dma;
	u64 val = 3;

	rig_ram(0, HUGE, 0);
	rig_ram(2 * HUGE, PAGE, 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, GIB, GIB + 7, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&rig.vgpu, GIB / PAGE + 1,
							     RIG_APERTURE_MFN, 2, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(&rig.vgpu, 0, 4 * MIB, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 3), 0);
	ck_assert_int_eq(rig_map(2 * HUGE / PAGE, PAGE, &dma), 0);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 2 * HUGE, PAGE), 0);
	ck_assert_int_eq(rig_map(5, PAGE, &dma), 0);
	ck_assert_int_eq(rig_map(5, PAGE, &dma), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 3 * PAGE, &val, 8), 0);
	s = rig_stats();
	ck_assert_uint_eq(s.tracked, 1);
	ck_assert_uint_eq(s.dma_live, 3);
	ck_assert_uint_eq(s.track_hits, 1);
	rig_detach();
	s = rig_stats();
	ck_assert_uint_eq(s.tracked, 0);
	ck_assert_uint_eq(s.dma_live, 0);
	ck_assert(!mpt_vm_tracked(rig.vm, 3));
	ck_assert_int_eq(mpt_bus_read(rig.host, dma, &val, 8), -EFAULT);
	/* Nobody is told any more, and the guest goes on. */
	rig.calls = 0;
	ck_assert_int_eq(mpt_guest_write(rig.vm, 3 * PAGE, &val, 8), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, GIB, &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_uint_eq(val, ~0ULL);
	rig_attach();
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, GIB, GIB + 7, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(&rig.vgpu, 0, 8 * MIB, true), 0);
	rig_unmap(dma);
	ck_assert_uint_eq(rig_stats().bad_unmap, 1);
	ck_assert_int_eq(rig_map(5, PAGE, &dma), 0);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
}
END_TEST

/* --- out of memory --- */

/* All that allocates, each part undone by the caller's clean-up whether it failed or not. */
static int scenario(void)
{
	struct intel_vgpu *v = &rig.vgpu;
	dma_addr_t dma;
	int ret;

	memset(&rig, 0, sizeof(rig));
	ret = mpt_host_open("mock:msi-eventfd=yes", &rig.host);
	ret = ret ? ret : mpt_vm_create(rig.host, 1);
	ret = ret ? ret : mpt_vm_get(rig.host, 1, &rig.vm);
	if (ret)
		return ret;
	v->mpt = mpt_host_table(rig.host);
	rig_attach();
	ret = mpt_ram_add(rig.vm, 0, HUGE + PAGE, 0);
	ret = ret ? ret : mpt_ram_add(rig.vm, HUGE + 4 * PAGE, PAGE, MPT_RAM_READONLY);
	ret = ret ? ret : mpt_ram_move(rig.vm, 0, HUGE + PAGE, 4 * HUGE + PAGE);
	ret = ret ? ret : intel_gvt_hypervisor_set_trap_area(v, GIB, GIB + 7, true);
	ret = ret ? ret : intel_gvt_hypervisor_map_gfn_to_mfn(v, 7, 9, 1, true);
	ret = ret ? ret : rig_map(4 * HUGE / PAGE + 3, PAGE, &dma);
	if (!ret && mpt_virt_to_mfn(rig.host, (void *)0x1000) == INTEL_GVT_INVALID_ADDR)
		ret = -ENOMEM;
	/* What takes away allocates nothing. */
	if (!ret && (intel_gvt_hypervisor_set_trap_area(v, GIB, GIB + 7, false) ||
		     mpt_ram_remove(rig.vm, 4 * HUGE + PAGE, HUGE + PAGE)))
		ret = -EIO;
	return ret;
}

static void undo(void)
{
	if (rig.vgpu.handle)
		rig_detach();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

START_TEST(each_allocation_fails_once)
{
	unsigned long nth;
	bool fired = true;
	int ret;

	for (nth = 1; fired; nth++) {
		mpt_alloc_fail_at(nth);
		ret = scenario();
		fired = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(ret, fired ? -ENOMEM : 0);
		undo();
	}
	ck_assert_uint_gt(nth, 20);
}
END_TEST

static void setup_46(void)
{
	rig_open("mock:phys-bits=46");
}

static Suite *mock_suite(void)
{
	Suite *s = suite_create("mock");
	TCase *ram = tcase_create("ram"), *wide = tcase_create("wide"), *life_ = tcase_create("life");
	TCase *none = tcase_create("out of memory");

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
	tcase_add_checked_fixture(life_, setup, rig_close);
	tcase_add_test(life_, life);
	tcase_add_test(life_, dead_handles);
	tcase_add_test(life_, core_comes_and_goes);
	tcase_add_test(life_, counted_only);
	tcase_add_test(life_, detach_clears);
	suite_add_tcase(s, life_);
	tcase_add_test(none, each_allocation_fails_once);
	suite_add_tcase(s, none);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { mock_suite };

	return mpt_test_main("mock", suites, 1);
}
