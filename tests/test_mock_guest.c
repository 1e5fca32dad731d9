/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor as a guest sees it: trapped areas, mapped frames, tracked pages, config
 * space. Interrupts and options are in test_mock_options.c.
 */
#include "mock_rig.h"

static void setup(void)
{
	rig_open("mock");
}

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

/* --- trapped areas and mapped frames --- */

static int trap(u64 start, u64 end, bool map)
{
	return intel_gvt_hypervisor_set_trap_area(&rig.vgpu, start, end, map);
}

static const u64 edges[] = {
	0, 1, PAGE - 1, PAGE, (1ULL << 31) - 1, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32,
	(1ULL << 40) - 1, (1ULL << 63) - 1, 1ULL << 63, ~0ULL - 1, ~0ULL,
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

START_TEST(trap_lattice)
{
	unsigned int a, b, i;
	u64 val;

	for (a = 0; a < EDGES; a++) {
		for (b = 0; b < EDGES; b++) {
			ck_assert_int_eq(trap(edges[a], edges[b], true), b < a ? -EINVAL : 0);
			if (b < a)
				continue;
			ck_assert_int_eq(trap(edges[a], edges[b], true), -EEXIST);
			ck_assert_int_eq(trap(edges[b], edges[b], true), -EEXIST);
			for (i = 0; i < EDGES; i++) {
				rig.calls = 0;
				ck_assert_int_eq(mpt_guest_read(rig.vm, edges[i], &val, 1), 0);
				ck_assert_uint_eq(rig.calls,
						  edges[i] >= edges[a] && edges[i] <= edges[b]);
				ck_assert_uint_eq((u8)val, rig.calls ? 0x5a : 0xff);
			}
			if (a < b)
				ck_assert_int_eq(trap(edges[a] + 1, edges[b], false), -ENOENT);
			if (edges[b] - edges[a] > 1)
				ck_assert_int_eq(trap(edges[a], edges[b] - 1, false), -ENOENT);
			ck_assert_int_eq(trap(edges[a], edges[b], false), 0);
			ck_assert_int_eq(trap(edges[a], edges[b], false), -ENOENT);
		}
	}
}
END_TEST

START_TEST(many_traps)
{
	unsigned int i;
	u64 val;

	/* In an order that is not theirs: odd ones first, then even ones backwards. */
	for (i = 1; i < 200; i += 2)
		ck_assert_int_eq(trap(i * 100, i * 100 + 49, true), 0);
	for (i = 200; i > 0; i -= 2)
		ck_assert_int_eq(trap(i * 100, i * 100 + 49, true), 0);
	for (i = 1; i <= 200; i++) {
		ck_assert_int_eq(trap(i * 100 + 49, i * 100 + 60, true), -EEXIST);
		rig.calls = 0;
		mpt_guest_read(rig.vm, i * 100 + 48, &val, 1);
		mpt_guest_read(rig.vm, i * 100 + 50, &val, 1);
		ck_assert_uint_eq(rig.calls, 1);
	}
	for (i = 200; i > 0; i--)
		ck_assert_int_eq(trap(i * 100, i * 100 + 49, false), 0);
	rig.calls = 0;
	mpt_guest_read(rig.vm, 100, &val, 1);
	ck_assert_uint_eq(rig.calls, 0);
}
END_TEST

/* A store of 20 bytes over the begin of a trapped area that RAM lies before. */
START_TEST(pieces)
{
	static const struct rig_call want[] = {
		{ 'w', PAGE, 0x17161514, 4 }, { 'w', PAGE + 4, 0x1b1a1918, 4 },
		{ 'w', PAGE + 8, 0x1d1c, 2 }, { 'w', PAGE + 10, 0x1e, 1 },
	};
	u8 buf[20];
	unsigned int i;

	rig_ram(0, PAGE, 0);
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (u8)(0x10 + i);
	ck_assert_int_eq(trap(PAGE, PAGE + 10, true), 0);
	rig.calls = 0;
	/* The area ends within the access; behind it is nothing. */
	ck_assert_int_eq(mpt_guest_write(rig.vm, PAGE - 4, buf, sizeof(buf)), 0);
	ck_assert_uint_eq(rig.calls, 3);
	ck_assert_uint_eq(rig.call[0].addr, PAGE);
	ck_assert_uint_eq(rig.call[0].len, 8);
	ck_assert_uint_eq(rig.call[1].len, 2);
	ck_assert_uint_eq(rig.call[2].len, 1);
	ck_assert_uint_eq(rig_stats().unclaimed, 1);
	ck_assert_int_eq(rig_read(PAGE - 4, buf + 16, 4), 0);
	ck_assert_mem_eq(buf, buf + 16, 4);
	rig.calls = 0;
	ck_assert_int_eq(trap(PAGE, PAGE + 10, false), 0);
	ck_assert_int_eq(trap(PAGE, PAGE + 12, true), 0);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(mpt_guest_write(rig.vm, want[i].addr, &want[i].val, want[i].len),
				 0);
	ck_assert_uint_eq(rig.calls, 4);
	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(rig.call[i].addr, want[i].addr);
		ck_assert_uint_eq(rig.call[i].val, want[i].val);
		ck_assert_uint_eq(rig.call[i].len, want[i].len);
	}
	/* What emulation answers comes back, and reads are ones then. */
	rig.answer = -EINVAL;
	ck_assert_int_eq(mpt_guest_read(rig.vm, PAGE, buf, 4), -EINVAL);
	ck_assert_uint_eq(buf[0] & buf[1] & buf[2] & buf[3], 0xff);
}
END_TEST

static int map_gfn(u64 gfn, u64 mfn, unsigned int nr, bool map)
{
	return intel_gvt_hypervisor_map_gfn_to_mfn(&rig.vgpu, gfn, mfn, nr, map);
}

START_TEST(mapped_frames)
{
	u64 max = ~0ULL >> 12;
	u8 buf[16];

	ck_assert_int_eq(map_gfn(0x100, RIG_APERTURE_MFN, 0, true), -EINVAL);
	ck_assert_int_eq(map_gfn(max, RIG_APERTURE_MFN, 2, true), -EINVAL);
	ck_assert_int_eq(map_gfn(0x100, max, 2, true), -EINVAL);
	ck_assert_int_eq(map_gfn(~0ULL, RIG_APERTURE_MFN, 1, true), -EINVAL);
	ck_assert_int_eq(map_gfn(max, max, 1, true), 0);
	ck_assert_int_eq(map_gfn(max, max, 1, false), 0);
	ck_assert_int_eq(map_gfn(0, max - 0xfffffffe, 0xffffffff, true), 0);
	ck_assert_int_eq(map_gfn(0xfffffffe, 1, 1, true), -EEXIST);
	ck_assert_int_eq(map_gfn(0xffffffff, 1, 1, true), 0);
	ck_assert_int_eq(map_gfn(0xffffffff, 1, 1, false), 0);
	ck_assert_int_eq(map_gfn(0, max - 0xfffffffe, 0xffffffff, false), 0);
	ck_assert_int_eq(map_gfn(0x100, RIG_APERTURE_MFN + 2, 4, true), 0);
	ck_assert_int_eq(map_gfn(0x103, RIG_APERTURE_MFN, 1, true), -EEXIST);
	ck_assert_int_eq(map_gfn(0xff, RIG_APERTURE_MFN, 2, true), -EEXIST);
	ck_assert_int_eq(map_gfn(0x100, RIG_APERTURE_MFN, 4, false), -ENOENT);
	ck_assert_int_eq(map_gfn(0x100, RIG_APERTURE_MFN + 2, 3, false), -ENOENT);
	ck_assert_int_eq(map_gfn(0x101, RIG_APERTURE_MFN + 2, 4, false), -ENOENT);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0x101 * PAGE + 5, buf, 3), 0);
	ck_assert_uint_eq(rig.aperture[0], 3 * PAGE + 5);
	ck_assert_uint_eq(rig.aperture[1], 3);
	ck_assert_uint_eq(buf[2], 0xa5);
	ck_assert_uint_eq(rig_stats().aperture, 1);
	/* A trap is before a mapping. */
	ck_assert_int_eq(trap(0x101 * PAGE, 0x101 * PAGE + 3, true), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0x101 * PAGE, buf, 8), 0);
	ck_assert_uint_eq(buf[3], 0x5a);
	ck_assert_uint_eq(buf[4], 0xa5);
	ck_assert_int_eq(map_gfn(0x100, RIG_APERTURE_MFN + 2, 4, false), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0x101 * PAGE, buf, 8), 0);
	ck_assert_uint_eq(buf[4], 0xff);
	/* Frames of nobody. */
	ck_assert_int_eq(map_gfn(0x200, 0x1234567, 1, true), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0x200 * PAGE, buf, 8), 0);
	ck_assert_uint_eq(buf[0], 0xff);
}
END_TEST

START_TEST(pvmmio_states)
{
	struct intel_vgpu *v = &rig.vgpu;
	u64 bar = 0xc0000000, end = bar + 16 * MIB - 1;

	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar + 1, end, true), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, end, bar, true), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, bar + HUGE + PAGE - 2, true),
			 -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, end, false), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, end, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, end, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, end - 1, true), -EEXIST);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, end - 1, false), -ENOENT);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, bar, end, false), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(v, 0, ~0ULL, true), 0);
}
END_TEST

static u8 core_page[2][PAGE] __attribute__((aligned(4096)));

START_TEST(core_pages)
{
	unsigned long a, b;
	u64 val = 0x77;

	a = mpt_virt_to_mfn(rig.host, core_page[0]);
	b = mpt_virt_to_mfn(rig.host, core_page[1]);
	ck_assert_uint_ne(a, INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(mpt_virt_to_mfn(rig.host, core_page[0]), a);
	ck_assert_uint_eq(mpt_virt_to_mfn(rig.host, core_page[0] + 1), INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_eq(mpt_virt_to_mfn(rig.host, NULL), INTEL_GVT_INVALID_ADDR);
	/* Shown to the guest over RAM, they hide it until they are taken away. */
	rig_ram(0, HUGE, 0);
	put(3 * PAGE + 8, 5);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&rig.vgpu, 3, b, 1, true), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 3 * PAGE + 8, &val, 8), 0);
	ck_assert_mem_eq(core_page[1] + 8, &val, 8);
	ck_assert_uint_eq(get(3 * PAGE + 8), 5);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&rig.vgpu, 3, b, 1, false), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 3 * PAGE + 8, &val, 8), 0);
	ck_assert_uint_eq(val, 5);
}
END_TEST

/* --- tracked pages --- */

static int track(u64 gfn)
{
	return intel_gvt_hypervisor_enable_page_track(&rig.vgpu, gfn);
}

static int untrack(u64 gfn)
{
	return intel_gvt_hypervisor_disable_page_track(&rig.vgpu, gfn);
}

START_TEST(track_is_idempotent)
{
	rig_ram(0, HUGE + 2 * PAGE, 0);
	rig_ram(HUGE + 4 * PAGE, PAGE, 0);
	ck_assert_int_eq(track(HUGE / PAGE + 2), -EFAULT);
	ck_assert_int_eq(track(1ULL << 28), -EFAULT);
	ck_assert_int_eq(track(~0ULL), -EFAULT);
	ck_assert_int_eq(untrack(~0ULL), 0);
	ck_assert_int_eq(untrack(7), 0);
	ck_assert_int_eq(track(7), 0);
	ck_assert_int_eq(track(7), 0);
	ck_assert_int_eq(track(HUGE / PAGE + 4), 0);
	ck_assert_uint_eq(rig_stats().tracked, 2);
	ck_assert(mpt_vm_tracked(rig.vm, 7));
	ck_assert(!mpt_vm_tracked(rig.vm, 6));
	ck_assert(!mpt_vm_tracked(rig.vm, ~0ULL));
	ck_assert_int_eq(untrack(7), 0);
	ck_assert(!mpt_vm_tracked(rig.vm, 7));
	ck_assert_int_eq(untrack(7), 0);
	ck_assert_uint_eq(rig_stats().tracked, 1);
	/* A track survives its RAM. */
	ck_assert_int_eq(mpt_ram_remove(rig.vm, HUGE + 4 * PAGE, PAGE), 0);
	ck_assert(mpt_vm_tracked(rig.vm, HUGE / PAGE + 4));
	ck_assert_int_eq(untrack(HUGE / PAGE + 4), 0);
	ck_assert_uint_eq(rig_stats().tracked, 0);
}
END_TEST

/* The value in memory at the time of the call: old with trap=before, new with after. */
static u64 seen;

static int store_looks(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)buf;
	(void)len;
	seen = get(gpa & ~7ULL);
	return rig.answer;
}

/* @flags: of the core; answers of the handler that leave the store to others are tried as well. */
static void store_order(const char *spec, unsigned int flags, u64 want)
{
	struct intel_gvt_ops ops = rig_ops;
	struct mpt_core core = { .size = sizeof(core), .flags = flags, .ops = &ops };
	u64 val = 0x1122334455667788ULL;

	ops.write_protect_handler = store_looks;
	rig_open(spec);
	rig_detach();
	ck_assert_int_eq(mpt_host_set_core(rig.host, NULL), 0);
	ck_assert_int_eq(mpt_host_set_core(rig.host, &core), 0);
	rig_attach();
	rig_ram(0, HUGE, 0);
	ck_assert_int_eq(track(1), 0);
	seen = 1;
	ck_assert_int_eq(mpt_guest_write(rig.vm, PAGE + 8, &val, 8), 0);
	ck_assert_uint_eq(seen, want);
	/* A core that stores and did not is the only one after which memory is old. */
	ck_assert_uint_eq(get(PAGE + 8), want || !flags ? val : 0);
	rig.answer = -ENXIO;
	ck_assert_int_eq(mpt_guest_write(rig.vm, PAGE + 16, &val, 8), 0);
	ck_assert_uint_eq(get(PAGE + 16), val);
	rig.answer = -EINVAL;
	ck_assert_int_eq(mpt_guest_write(rig.vm, PAGE + 24, &val, 8), -EINVAL);
	ck_assert_uint_eq(rig_stats().track_hits, 3);
	rig_close();
}

START_TEST(who_stores)
{
	u64 val = 0x1122334455667788ULL;

	rig_close();
	store_order("mock:trap=before", 0, val);
	store_order("mock:trap=before", MPT_CORE_STORES, 0);
	store_order("mock:trap=after", 0, val);
	store_order("mock:trap=after", MPT_CORE_STORES, val);
	rig_open("mock:trap=after");
	ck_assert_uint_ne(mpt_host_caps(rig.host) & MPT_CAP_WRITE_AFTER, 0);
}
END_TEST

/* 30 bytes at an odd place, from an untracked page into a tracked one and out again. */
START_TEST(stores_in_pieces)
{
	u8 out[3 * PAGE - 200], in[sizeof(out)];
	u64 begin = 2 * PAGE - 3, at, end = 3 * PAGE;
	unsigned int i;

	rig_ram(0, HUGE, 0);
	rig_ram(HUGE, PAGE, MPT_RAM_READONLY);
	ck_assert_int_eq(track(2), 0);
	ck_assert_int_eq(track(HUGE / PAGE), 0);
	for (i = 0; i < sizeof(out); i++)
		out[i] = (u8)(i * 13 + 5);
	rig.calls = 0;
	ck_assert_int_eq(mpt_guest_write(rig.vm, begin, out, 30), 0);
	ck_assert_int_eq(rig_read(begin, in, 30), 0);
	ck_assert_mem_eq(in, out, 30);
	ck_assert_uint_eq(rig.calls, 5); /* 8, 8, 8, 2, 1 */
	for (i = 0, at = 2 * PAGE; i < rig.calls; i++) {
		ck_assert_int_eq(rig.call[i].what, 's');
		ck_assert_uint_eq(rig.call[i].addr, at);
		ck_assert_uint_eq(at % rig.call[i].len, 0);
		ck_assert_mem_eq(&rig.call[i].val, out + (at - begin), rig.call[i].len);
		at += rig.call[i].len;
	}
	ck_assert_uint_eq(at, begin + 30);
	rig.calls = 0;
	ck_assert_int_eq(mpt_guest_write(rig.vm, end - 5, out, 13), 0);
	ck_assert_uint_eq(rig.calls, 2); /* 1, 4 */
	ck_assert_int_eq(rig_read(end - 5, in, 13), 0);
	ck_assert_mem_eq(in, out, 13);
	/* write_gpa never traps; a store to read-only RAM tells nobody. */
	rig.calls = 0;
	put(2 * PAGE, 1);
	ck_assert_int_eq(mpt_guest_write(rig.vm, HUGE, out, 8), 0);
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_uint_eq(get(HUGE), 0);
}
END_TEST

START_TEST(dirty_log)
{
	u8 page[PAGE] = { 1 }, map[4];

	rig_ram(0, HUGE, 0);
	rig_ram(HUGE + PAGE, PAGE, 0);
	ck_assert_int_eq(track(3), 0);
	put(PAGE, 1);
	ck_assert_int_eq(rig_write(5 * PAGE - 1, page, 2), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 3 * PAGE, page, 8), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 9 * PAGE + 1, page, PAGE), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, HUGE + PAGE, page, 1), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 15 * PAGE, page, 1), 0);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, 1, 17, map), 0);
	ck_assert_uint_eq(map[0], 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4);
	ck_assert_uint_eq(map[1], 1 << 0 | 1 << 1);
	ck_assert_uint_eq(map[2], 0);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, 0, 32, map), 0);
	ck_assert_uint_eq(map[0] | map[1] | map[2] | map[3], 0);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, HUGE / PAGE, 2, map), 0);
	ck_assert_uint_eq(map[0], 2);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, (1ULL << 28) - 1, 1, map), 0);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, 1ULL << 28, 1, map), -EINVAL);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, 1, 1ULL << 28, map), -EINVAL);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, ~0ULL, 2, map), -EINVAL);
}
END_TEST

/* Guest accesses of every length at every alignment, over a page's and a chunk's end. */
START_TEST(guest_lengths)
{
	u8 out[24], in[24], ones[24];
	unsigned int len, at;

	rig_ram(0, HUGE, 0);
	rig_ram(HUGE, PAGE, 0);
	memset(ones, 0xff, sizeof(ones));
	for (len = 0; len < sizeof(out); len++)
		out[len] = (u8)(len + 1);
	for (at = 0; at < 24; at++) {
		for (len = 1; len <= 17; len++) {
			u64 gpa = (at & 1 ? PAGE : HUGE) - at;

			ck_assert_int_eq(mpt_guest_write(rig.vm, gpa, out, len), 0);
			ck_assert_int_eq(mpt_guest_read(rig.vm, gpa, in, len), 0);
			ck_assert_mem_eq(in, out, len);
			ck_assert_int_eq(mpt_guest_read(rig.vm, ~0ULL - at, in, len), 0);
			ck_assert_mem_eq(in, ones, len);
			ck_assert_int_eq(mpt_guest_write(rig.vm, ~0ULL - at, out, len), 0);
		}
	}
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0, in, 0), -EINVAL);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0, in, PAGE + 1), -EINVAL);
}
END_TEST

/* --- config space, quiescing, stopping --- */

START_TEST(config_space)
{
	u32 val = 0x12345678;

	ck_assert_int_eq(mpt_guest_cfg_write(rig.vm, 0x10, &val, 4), 0);
	val = 0;
	ck_assert_int_eq(mpt_guest_cfg_read(rig.vm, 0x11, &val, 2), 0);
	ck_assert_uint_eq(val, 0x3456);
	ck_assert_uint_eq(rig_stats().cfg, 2);
	rig_detach();
	ck_assert_int_eq(mpt_guest_cfg_read(rig.vm, 0x10, &val, 4), 0);
	ck_assert_uint_eq(val, ~0U);
	ck_assert_uint_eq(rig_stats().cfg, 2);
	rig_attach();
}
END_TEST

START_TEST(quiesce_and_stop)
{
	const struct mpt_backend *be = mpt_backend_find("mock");
	void *self = mpt_host_priv(rig.host), *vm = mpt_vm_priv(rig.vm);
	u64 val = 7;

	rig_ram(0, HUGE, 0);
	ck_assert_int_eq(track(0), 0);
	ck_assert_int_eq(trap(GIB, GIB + 7, true), 0);
	rig.calls = 0;
	ck_assert_int_eq(be->quiesce(self, vm, true), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 0, &val, 8), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, GIB, &val, 8), 0);
	ck_assert_uint_eq(val, ~0ULL);
	ck_assert_uint_eq(get(0), 7);
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_int_eq(be->quiesce(self, vm, false), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, GIB, &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 1);
	/* Policy STOP: the VM runs no more, but its memory is there. */
	ck_assert_int_eq(mpt_host_set_policy(rig.host, MPT_POLICY_STOP), 0);
	rig.answer = -EINVAL;
	ck_assert_int_eq(mpt_guest_read(rig.vm, GIB, &val, 8), -EINVAL);
	ck_assert(rig_stats().stopped);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0, &val, 8), 0);
	ck_assert_uint_eq(val, ~0ULL);
	val = 9;
	ck_assert_int_eq(mpt_guest_write(rig.vm, 0, &val, 8), 0);
	ck_assert_uint_eq(get(0), 7);
	ck_assert_uint_eq(rig.calls, 2);
}
END_TEST

static Suite *guest_suite(void)
{
	Suite *s = suite_create("mock guest");
	TCase *guest = tcase_create("guest");

	tcase_add_checked_fixture(guest, setup, rig_close);
	tcase_add_test(guest, trap_lattice);
	tcase_add_test(guest, many_traps);
	tcase_add_test(guest, pieces);
	tcase_add_test(guest, mapped_frames);
	tcase_add_test(guest, core_pages);
	tcase_add_test(guest, pvmmio_states);
	tcase_add_test(guest, track_is_idempotent);
	tcase_add_test(guest, who_stores);
	tcase_add_test(guest, stores_in_pieces);
	tcase_add_test(guest, dirty_log);
	tcase_add_test(guest, guest_lengths);
	tcase_add_test(guest, config_space);
	tcase_add_test(guest, quiesce_and_stop);
	suite_add_tcase(s, guest);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { guest_suite };

	return mpt_test_main("mock guest", suites, 1);
}
