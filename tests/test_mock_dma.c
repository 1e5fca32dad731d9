/* SPDX-License-Identifier: MIT */
/* The mock hypervisor's bus side: mappings and their counts, what the device may and may not do. */
#include "mock_rig.h"

static void setup(void)
{
	rig_open("mock");
	rig_ram(0, 4 * HUGE, 0);
}

static dma_addr_t map(u64 gfn, unsigned long size)
{
	dma_addr_t dma = 0;

	ck_assert_msg(!rig_map(gfn, size, &dma), "%s", mpt_last_error());
	ck_assert_uint_ne(dma, 0);
	return dma;
}

static bool live(dma_addr_t dma)
{
	u8 byte;

	return !mpt_bus_read(rig.host, dma, &byte, 1);
}

static void drain_faults(void)
{
	struct mpt_iommu_fault fault;

	while (!mpt_fault_take(rig.host, &fault))
		;
}

/* --- counts --- */

START_TEST(map_is_counted)
{
	dma_addr_t a = map(3, PAGE), b = map(4, PAGE);

	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(map(3, PAGE), a);
	/* The address is no machine address, which a core could have found by gfn_to_mfn. */
	ck_assert_uint_ne(a >> MPT_PAGE_SHIFT, rig_mfn(3));
	ck_assert(!live(rig_mfn(3) << MPT_PAGE_SHIFT));
	rig_unmap(a);
	ck_assert(live(a));
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, a), 0);
	rig_unmap(a);
	ck_assert(live(a));
	rig_unmap(a);
	ck_assert(!live(a));
	ck_assert(live(b));
	ck_assert_uint_eq(rig_stats().dma_live, 1);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, a), -ENOENT);
	ck_assert_uint_eq(map(3, PAGE), a);
}
END_TEST

START_TEST(bad_maps)
{
	static const struct {
		u64 gfn;
		unsigned long size;
		int err;
	} bad[] = {
		{ 0, 0, -EINVAL }, { 0, 1, -EINVAL }, { 0, 8192, -EINVAL }, { 0, 65536, -EINVAL },
		{ 0, ~0UL, -EINVAL }, { 1, HUGE, -EINVAL }, { 511, HUGE, -EINVAL },
		{ 2048, PAGE, -EFAULT }, { 1ULL << 28, PAGE, -EFAULT }, { ~0ULL, PAGE, -EFAULT },
		{ 1ULL << 52, PAGE, -EFAULT }, { 1ULL << 52, HUGE, -EFAULT },
		{ 2048, HUGE, -EFAULT },
		/* One region over a chunk's end, two in one chunk, a hole in one. */
		{ 8 * 512, HUGE, -EFAULT }, { 10 * 512, HUGE, -EINVAL },
		{ 11 * 512, HUGE, -EFAULT },
	};
	dma_addr_t dma;
	unsigned int i;

	rig_ram(8 * HUGE + PAGE, HUGE, 0);
	rig_ram(10 * HUGE, PAGE, 0);
	rig_ram(10 * HUGE + PAGE, HUGE - PAGE, 0);
	rig_ram(11 * HUGE, PAGE, 0);
	rig_ram(11 * HUGE + 2 * PAGE, HUGE - 2 * PAGE, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		dma = 0x55;
		ck_assert_int_eq(rig_map(bad[i].gfn, bad[i].size, &dma), bad[i].err);
		ck_assert_uint_eq(dma, 0x55);
	}
	ck_assert_uint_eq(rig_stats().dma_live, 0);
}
END_TEST

START_TEST(large_and_small_share)
{
	dma_addr_t large = map(512, HUGE), small = map(512, PAGE), other = map(700, PAGE);

	ck_assert_uint_eq(large, small);
	ck_assert_uint_eq(other, large + 188 * PAGE);
	rig_unmap(other);
	ck_assert(live(other));
	ck_assert(live(large + HUGE - 1));
	/* The range lives until the shared count is 0, whichever map is undone first. */
	rig_unmap(large);
	ck_assert(live(large + HUGE - 1));
	rig_unmap(small);
	ck_assert(!live(large));
	ck_assert(!live(large + HUGE - 1));
	ck_assert_uint_eq(rig_stats().bad_unmap, 0);
	rig_unmap(small);
	rig_unmap(other);
	rig_unmap(large + 5 * PAGE);
	ck_assert_uint_eq(rig_stats().bad_unmap, 3);
	/* And a small map alone makes only its page live. */
	small = map(512, PAGE);
	ck_assert(!live(small + PAGE));
}
END_TEST

START_TEST(no_contiguity)
{
	dma_addr_t dma;

	rig_close();
	rig_open("mock:contig=no");
	rig_ram(0, 4 * HUGE, 0);
	ck_assert_int_eq(rig_map(512, HUGE, &dma), -EINVAL);
	ck_assert_int_eq(rig_map(512, PAGE, &dma), 0);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
}
END_TEST

START_TEST(unknown_addresses)
{
	static const u64 bits[] = { 1, 1ULL << 44, 1ULL << 45, 1ULL << 46, 1ULL << 63 };
	dma_addr_t dma = map(3, PAGE);
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		rig_unmap(dma ^ bits[i]);
	rig_unmap(0);
	rig_unmap(~0ULL);
	rig_unmap(dma + PAGE);
	rig_unmap(rig_mfn(3) << MPT_PAGE_SHIFT);
	ck_assert_uint_eq(rig_stats().bad_unmap, i + 4);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
	ck_assert(live(dma));
}
END_TEST

/* Another VM's vGPU can neither unmap nor pin what is not its own. */
START_TEST(owners)
{
	struct intel_vgpu other = { .mpt = rig.vgpu.mpt };
	dma_addr_t dma = map(3, PAGE);
	struct mpt_vm_stats s;
	struct mpt_vm *vm2;

	ck_assert_int_eq(mpt_vm_create(rig.host, 2), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 2, &vm2), 0);
	mpt_target_set(vm2);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&other), 0);
	mpt_target_set(NULL);
	intel_gvt_hypervisor_dma_unmap_guest_page(&other, dma);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&other, dma), -ENOENT);
	ck_assert(live(dma));
	ck_assert_int_eq(mpt_vm_stats_get(vm2, &s), 0);
	ck_assert_uint_eq(s.bad_unmap, 1);
	intel_gvt_hypervisor_detach_vgpu(&other);
	mpt_vm_put(vm2);
	ck_assert(live(dma));
}
END_TEST

START_TEST(limit_of_pins)
{
	dma_addr_t dma[3], more;

	rig_close();
	rig_open("mock:pins=3");
	rig_ram(0, 4 * HUGE, 0);
	dma[0] = map(0, HUGE);
	dma[1] = map(512, PAGE);
	dma[2] = map(513, PAGE);
	ck_assert_int_eq(rig_map(514, PAGE, &more), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "pins="));
	/* What is mapped may be counted on. */
	ck_assert_uint_eq(map(513, PAGE), dma[2]);
	ck_assert_uint_eq(map(0, PAGE), dma[0]);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, dma[1]), 0);
	rig_unmap(dma[2]);
	ck_assert_int_eq(rig_map(514, PAGE, &more), -ENOMEM);
	rig_unmap(dma[2]);
	ck_assert_int_eq(rig_map(514, PAGE, &more), 0);
	ck_assert_int_eq(rig_map(515, PAGE, &more), -ENOMEM);
	/* A vGPU that goes gives its pins back. */
	rig_detach();
	rig_attach();
	map(0, PAGE);
	map(1, PAGE);
	map(2, PAGE);
	ck_assert_int_eq(rig_map(3, PAGE, &more), -ENOMEM);
}
END_TEST

/* --- RAM that goes while it is mapped --- */

START_TEST(mapping_outlives_its_ram)
{
	u64 val = 0xabcd, got = 0;
	dma_addr_t dma, again, third;

	rig_ram(8 * HUGE, PAGE, 0);
	ck_assert_int_eq(rig_write(8 * HUGE + 16, &val, 8), 0);
	dma = map(8 * 512, PAGE);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 8 * HUGE, PAGE), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, dma + 16, &got, 8), 0);
	ck_assert_uint_eq(got, val);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, dma), 0);
	/* New RAM at the same place is other memory at another address. */
	rig_ram(8 * HUGE, PAGE, 0);
	again = map(8 * 512, PAGE);
	ck_assert_uint_ne(again, dma);
	val = 1;
	ck_assert_int_eq(mpt_bus_write(rig.host, dma + 16, &val, 8), 0);
	ck_assert_int_eq(rig_read(8 * HUGE + 16, &got, 8), 0);
	ck_assert_uint_eq(got, 0);
	rig_unmap(dma);
	ck_assert(live(dma));
	rig_unmap(dma);
	ck_assert(!live(dma));
	/* A move keeps the memory: both addresses show it. */
	ck_assert_int_eq(mpt_ram_move(rig.vm, 8 * HUGE, PAGE, 9 * HUGE + PAGE), 0);
	third = map(9 * 512 + 1, PAGE);
	ck_assert_uint_ne(third, again);
	ck_assert_int_eq(mpt_bus_write(rig.host, again, &val, 8), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, third, &got, 8), 0);
	ck_assert_uint_eq(got, 1);
	ck_assert_uint_eq(rig_stats().dma_live, 2);
	ck_assert_uint_eq(rig_stats().bad_unmap, 0);
}
END_TEST

/* Regions come and go while the device holds pages of them: no address is given out twice. */
START_TEST(churn)
{
	dma_addr_t held[64] = { 0 };
	unsigned int round, i;
	u64 got, val;

	for (round = 0; round < 400; round++) {
		i = round % 64;
		if (held[i]) {
			ck_assert_int_eq(mpt_bus_read(rig.host, held[i], &got, 8), 0);
			ck_assert_uint_eq(got, round - 64);
			rig_unmap(held[i]);
			ck_assert(!live(held[i]));
		}
		rig_ram(8 * HUGE, HUGE + PAGE, 0);
		val = round;
		ck_assert_int_eq(rig_write(8 * HUGE + (round % 513) * PAGE, &val, 8), 0);
		held[i] = map(8 * 512 + round % 513, PAGE);
		ck_assert_int_eq(mpt_ram_remove(rig.vm, 8 * HUGE, HUGE + PAGE), 0);
	}
	ck_assert_uint_eq(rig_stats().dma_live, 64);
}
END_TEST

/* --- the device --- */

START_TEST(device_accesses)
{
	u8 out[PAGE], in[PAGE], map_[8];
	dma_addr_t a = map(10, PAGE), b = map(11, PAGE);
	unsigned int len, i;

	ck_assert_uint_eq(b, a + PAGE);
	for (i = 0; i < PAGE; i++)
		out[i] = (u8)(i * 3 + 1);
	for (len = 1; len <= 17; len++) {
		for (i = 0; i < 16; i++) {
			ck_assert_int_eq(mpt_bus_write(rig.host, b - i, out, len), 0);
			ck_assert_int_eq(mpt_bus_read(rig.host, b - i, in, len), 0);
			ck_assert_mem_eq(in, out, len);
			ck_assert_int_eq(rig_read(11 * PAGE - i, in, len), 0);
			ck_assert_mem_eq(in, out, len);
		}
	}
	ck_assert_int_eq(mpt_bus_write(rig.host, a, out, PAGE), 0);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, 8, 8, map_), 0);
	ck_assert_uint_eq(map_[0], 1 << 2 | 1 << 3);
	ck_assert_int_eq(mpt_bus_read(rig.host, a, in, PAGE), 0);
	ck_assert_mem_eq(in, out, PAGE);
	ck_assert_int_eq(mpt_dirty_fetch(rig.vm, 8, 8, map_), 0);
	ck_assert_uint_eq(map_[0], 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, a, in, 0), -EINVAL);
	ck_assert_int_eq(mpt_bus_read(rig.host, a, in, PAGE + 1), -EINVAL);
}
END_TEST

START_TEST(faults)
{
	struct mpt_iommu_fault f;
	dma_addr_t a = map(10, PAGE), ro;
	u8 buf[16];

	memset(buf, 0x11, sizeof(buf));
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), -ENOENT);
	/* Over the end of a mapping: nothing happens, the first bad byte is named. */
	ck_assert_int_eq(mpt_bus_write(rig.host, a + PAGE - 8, buf, 16), -EFAULT);
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), 0);
	ck_assert_uint_eq(f.dma_addr, a + PAGE);
	ck_assert_uint_eq(f.len, 16);
	ck_assert(f.write);
	ck_assert_int_eq(mpt_bus_read(rig.host, a + PAGE - 8, buf, 8), 0);
	ck_assert_uint_eq(buf[0], 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, a - 4, buf, 8), -EFAULT);
	ck_assert_uint_eq(buf[0] & buf[7], 0xff);
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), 0);
	ck_assert_uint_eq(f.dma_addr, a - 4);
	ck_assert(!f.write);
	ck_assert_int_eq(mpt_bus_read(rig.host, ~0ULL - 3, buf, 8), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, 0, buf, 1), -EFAULT);
	drain_faults();
	/* Read-only RAM can be mapped, and then only read. */
	rig_ram(8 * HUGE, PAGE, MPT_RAM_READONLY);
	ro = map(8 * 512, PAGE);
	ck_assert_int_eq(mpt_bus_read(rig.host, ro, buf, 8), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, ro, buf, 8), -EFAULT);
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), 0);
}
END_TEST

START_TEST(faults_drop_the_oldest)
{
	struct mpt_iommu_fault f;
	unsigned int i;
	u8 byte;

	for (i = 0; i < 700; i++)
		ck_assert_int_eq(mpt_bus_read(rig.host, i, &byte, 1), -EFAULT);
	for (i = 700 - 512; i < 700; i++) {
		ck_assert_int_eq(mpt_fault_take(rig.host, &f), 0);
		ck_assert_uint_eq(f.dma_addr, i);
	}
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), -ENOENT);
}
END_TEST

/* --- against a model: 100,000 random maps, unmaps and pins of few frames --- */

#define FRAMES 1024U /* two chunks */

static struct {
	u32 count[FRAMES];
	bool large[2];
	u64 bad;
} model;

static bool model_live(u32 f)
{
	return model.count[f] || model.large[f / 512];
}

static void model_step(u64 r, const dma_addr_t *base)
{
	/* Few frames, a chunk's first among them, so that counts meet. */
	u32 chunk = r & 1, f = chunk * 512 + ((r >> 1) & 7 ? (u32)(r >> 8) % 6 : 0);
	dma_addr_t addr = base[chunk] + f % 512 * PAGE, dma = 0;
	bool large = f % 512 == 0 && (r >> 40 & 3) == 0;

	switch (r >> 20 & 7) {
	case 0:
	case 1:
	case 2:
		ck_assert_int_eq(rig_map(f, large ? HUGE : PAGE, &dma), 0);
		ck_assert_uint_eq(dma, addr);
		model.count[f]++;
		model.large[chunk] |= large;
		break;
	case 3:
		ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, addr),
				 model.count[f] ? 0 : -ENOENT);
		model.count[f] += model.count[f] != 0;
		break;
	default:
		rig_unmap(addr);
		if (!model.count[f])
			model.bad++;
		else if (!--model.count[f] && f % 512 == 0)
			model.large[chunk] = false;
	}
}

START_TEST(random_counts)
{
	u64 seed = 0x2545f4914f6cdd1dULL + (u64)_i, total = 0;
	dma_addr_t base[2];
	u32 i, f;

	memset(&model, 0, sizeof(model));
	for (i = 0; i < 2; i++) {
		base[i] = map(i * 512, PAGE);
		rig_unmap(base[i]);
	}
	for (i = 0; i < 100000; i++) {
		u64 r = rig_random(&seed);

		model_step(r, base);
		f = (u32)(r >> 44) % 16 + (r >> 60) % 2 * 512;
		if (r >> 50 & 1)
			ck_assert_int_eq(live(base[f / 512] + f % 512 * PAGE), model_live(f));
	}
	for (f = 0; f < FRAMES; f++) {
		ck_assert_int_eq(live(base[f / 512] + f % 512 * PAGE), model_live(f));
		total += model.count[f];
	}
	ck_assert_uint_eq(rig_stats().dma_live, total);
	ck_assert_uint_eq(rig_stats().bad_unmap, model.bad);
}
END_TEST

static Suite *dma_suite(void)
{
	Suite *s = suite_create("mock dma");
	TCase *tc = tcase_create("dma");

	tcase_add_checked_fixture(tc, setup, rig_close);
	tcase_add_test(tc, map_is_counted);
	tcase_add_test(tc, bad_maps);
	tcase_add_test(tc, large_and_small_share);
	tcase_add_test(tc, no_contiguity);
	tcase_add_test(tc, unknown_addresses);
	tcase_add_test(tc, owners);
	tcase_add_test(tc, limit_of_pins);
	tcase_add_test(tc, mapping_outlives_its_ram);
	tcase_add_test(tc, churn);
	tcase_add_test(tc, device_accesses);
	tcase_add_test(tc, faults);
	tcase_add_test(tc, faults_drop_the_oldest);
	tcase_add_loop_test(tc, random_counts, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { dma_suite };

	return mpt_test_main("mock dma", suites, 1);
}
