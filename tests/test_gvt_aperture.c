/* SPDX-License-Identifier: MIT */
/*
 * Guest accesses through the aperture, by GGTT entry and IOMMU to RAM; the software GPU's bounds
 * and its own pages.
 */
#include "gvt_entries.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* --- through the aperture --- */

START_TEST(a_store_to_the_aperture_reaches_ram)
{
	u64 value = 0x1122334455667788ULL, back = 0;
	struct mpt_iommu_fault fault;
	u8 page[64];
	struct rig r;

	rig_open(&r);
	pte_set(&r, LOW + 0x5000, 0x9001);
	rig_ok(mpt_guest_write(r.vm, RIG_BAR2 + LOW + 0x5008, &value, 8));
	rig_ok(mpt_guest_read(r.vm, 0x9008, &back, 8));
	ck_assert_uint_eq(back, value);
	memset(page, 0x5a, sizeof(page));
	rig_ok(mpt_guest_write(r.vm, 0x9ff0 - sizeof(page), page, sizeof(page)));
	back = 0;
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW + 0x5fe0, &back, 8));
	ck_assert_uint_eq(back, 0x5a5a5a5a5a5a5a5aULL);
	ck_assert_int_eq(mpt_fault_take(r.host, &fault), -ENOENT);
	rig_close(&r);
}
END_TEST

/* As on a back end that does not map the aperture. */
START_TEST(bar2_goes_through_the_ggtt)
{
	u64 low = 64ULL << 20, value = 0x1122334455667788ULL, back = 0;
	struct rig r;

	rig_open(&r);
	rig_write(&r, GVT_GTT_OFFSET + (low >> 12) * 8, 0x5000 | 1, 8);
	rig_ok(r.ops->emulate_mmio_write(r.vgpu, RIG_BAR2 + low + 0x10, &value, 8));
	rig_ok(mpt_guest_read(r.vm, 0x5010, &back, 8));
	ck_assert_uint_eq(back, value);
	rig_ok(r.ops->emulate_mmio_read(r.vgpu, RIG_BAR2 + low + 0x14, &back, 2));
	ck_assert_uint_eq(back & 0xffff, 0x3344);
	/* Below and above its own part: another vGPU's, which may have mapped something there. */
	r.gvt->hw.ggtt[(low >> 12) - 1] = r.gvt->hw.ggtt[low >> 12];
	rig_ok(r.ops->emulate_mmio_write(r.vgpu, RIG_BAR2 + low - 8, &value, 8));
	rig_ok(r.ops->emulate_mmio_read(r.vgpu, RIG_BAR2 + low - 8, &back, 8));
	ck_assert_uint_eq(back, ~0ULL);
	r.gvt->hw.ggtt[(low >> 12) - 1] = 0;
	rig_ok(mpt_guest_read(r.vm, 0x5ff8, &back, 8));
	ck_assert_uint_eq(back, 0);
	rig_ok(r.ops->emulate_mmio_read(r.vgpu, RIG_BAR2 + 2 * low, &back, 8));
	ck_assert_uint_eq(back, ~0ULL);
	rig_close(&r);
}
END_TEST

START_TEST(scratch_reads_zeros_and_swallows_writes)
{
	struct mpt_iommu_fault fault;
	u64 value = 0x55, back = 1;
	struct rig r;

	rig_open(&r);
	pte_set(&r, LOW, NO_RAM | 1);
	rig_ok(mpt_guest_write(r.vm, RIG_BAR2 + LOW, &value, 8));
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW, &back, 8));
	ck_assert_uint_eq(back, 0);
	rig_ok(mpt_guest_write(r.vm, RIG_BAR2 + LOW + 0x1000, &value, 8));
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW + 0x1000, &back, 8));
	ck_assert_uint_eq(back, 0);
	/* Also by its address. */
	r.gvt->hw.ggtt[LOW >> 12] = r.gvt->hw.scratch | 1;
	back = 1;
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW + 8, &back, 8));
	ck_assert_uint_eq(back, 0);
	r.gvt->hw.ggtt[LOW >> 12] = 0;
	ck_assert_int_eq(mpt_fault_take(r.host, &fault), -ENOENT);
	rig_close(&r);
}
END_TEST

START_TEST(a_wrong_entry_is_an_iommu_fault)
{
	const u64 wrong = 0x123456000ULL;
	struct mpt_iommu_fault fault;
	u64 value = 0x55, back = 0;
	struct rig r;

	rig_open(&r);
	r.gvt->hw.ggtt[LOW >> 12] = wrong | 1;
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW + 0x18, &back, 8));
	ck_assert_uint_eq(back, ~0ULL);
	rig_ok(mpt_fault_take(r.host, &fault));
	ck_assert_uint_eq(fault.dma_addr, wrong + 0x18);
	ck_assert(!fault.write);
	rig_ok(mpt_guest_write(r.vm, RIG_BAR2 + LOW + 0x20, &value, 8));
	rig_ok(mpt_fault_take(r.host, &fault));
	ck_assert_uint_eq(fault.dma_addr, wrong + 0x20);
	ck_assert(fault.write);
	r.gvt->hw.ggtt[LOW >> 12] = 0;
	rig_close(&r);
}
END_TEST

static unsigned int flushes;

static void count_flush(void *priv)
{
	(void)priv;
	flushes++;
}

START_TEST(the_flush_comes_with_the_use)
{
	u64 back, i;
	struct rig r;

	rig_open(&r);
	r.gvt->hw.ggtt_flush = count_flush;
	for (i = 0; i < 100; i++)
		pte_set(&r, LOW + i * 0x1000, i << 12 | 1);
	ck_assert_uint_eq(flushes, 0);
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW, &back, 8));
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW, &back, 8));
	ck_assert_uint_eq(flushes, 1);
	pte_set(&r, LOW, 0);
	rig_ok(mpt_guest_write(r.vm, RIG_BAR2 + LOW, &back, 8));
	ck_assert_uint_eq(flushes, 2);
	r.gvt->hw.ggtt_flush = NULL;
	pte_set(&r, LOW, 1);
	rig_ok(mpt_guest_read(r.vm, RIG_BAR2 + LOW, &back, 8));
	rig_close(&r);
}
END_TEST

START_TEST(the_aperture_has_bounds)
{
	u8 buf[8192];
	struct gvt_hw hw;
	struct rig r;
	unsigned int i;

	rig_open(&r);
	hw = r.gvt->hw;
	ck_assert_int_eq(hw.aperture_read(hw.priv, 256ULL << 20, buf, 4), -EINVAL);
	ck_assert_int_eq(hw.aperture_write(hw.priv, 256ULL << 20, buf, 4), -EINVAL);
	ck_assert_int_eq(hw.aperture_read(hw.priv, ~0ULL, buf, 1), -EINVAL);
	memset(buf, 0, sizeof(buf));
	ck_assert_int_eq(hw.aperture_read(hw.priv, LOW + 0xffc, buf, 8), -EINVAL);
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(buf[i], 0xff);
	ck_assert_uint_eq(buf[8], 0);
	ck_assert_int_eq(hw.aperture_write(hw.priv, LOW + 0xffc, buf, 8), -EINVAL);
	ck_assert_int_eq(hw.aperture_read(hw.priv, LOW, buf, 4096), 0);
	ck_assert_int_eq(hw.aperture_read(hw.priv, LOW, buf, 0), 0);
	hw.fence_write(hw.priv, GVT_NUM_FENCES, 1);
	ck_assert_uint_eq(hw.fence_read(hw.priv, GVT_NUM_FENCES), 0);
	rig_close(&r);
}
END_TEST

/* Of a hypervisor without a bus side nothing can be read. */
static int bare_attach(void *vgpu, unsigned long *handle)
{
	(void)vgpu;
	*handle = 1;
	return 0;
}

static void bare_detach(unsigned long handle)
{
	(void)handle;
}

static int bare_msi(unsigned long handle, u32 addr, u16 data)
{
	(void)handle;
	(void)addr;
	return data ? 0 : -EINVAL;
}

static int bare_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	(void)handle;
	(void)gpa;
	memset(buf, 0, len);
	return -EFAULT;
}

static int bare_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *dma)
{
	(void)handle;
	*dma = gfn * size;
	return 0;
}

static void bare_unmap(unsigned long handle, dma_addr_t dma)
{
	(void)handle;
	(void)dma;
}

START_TEST(without_a_bus_side_reads_are_ones)
{
	struct intel_gvt_mpt table = {
		.attach_vgpu = bare_attach,
		.detach_vgpu = bare_detach,
		.inject_msi = bare_msi,
		.read_gpa = bare_gpa,
		.write_gpa = bare_gpa,
		.dma_map_guest_page = bare_map,
		.dma_unmap_guest_page = bare_unmap,
	};
	u64 value = 0x55;
	struct gvt_hw hw;

	rig_ok(mpt_register(&table));
	rig_ok(gvt_swgpu_new(mpt_host_current(), 256ULL << 20, &hw));
	hw.ggtt[3] = 0x7000 | 1;
	ck_assert_int_eq(hw.aperture_read(hw.priv, 0x3010, &value, 8), 0);
	ck_assert_uint_eq(value, ~0ULL);
	ck_assert_int_eq(hw.aperture_write(hw.priv, 0x3010, &value, 8), 0);
	ck_assert_int_eq(hw.aperture_read(hw.priv, 0x4010, &value, 8), 0);
	ck_assert_uint_eq(value, 0);
	hw.close(hw.priv);
	mpt_unregister();
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

START_TEST(swgpu_out_of_memory)
{
	struct gvt_hw hw;
	unsigned long n;

	for (n = 1; n <= 3; n++) {
		mpt_alloc_fail_at(n);
		ck_assert_int_eq(gvt_swgpu_new(NULL, 256ULL << 20, &hw), -ENOMEM);
		ck_assert_int_eq(mpt_alloc_live(), 0);
	}
	mpt_alloc_fail_at(0);
}
END_TEST

/* --- pages of the device's own --- */

START_TEST(own_pages_are_zeroed_and_above_all_mappings)
{
	u64 bus = 0, other = 0, *page, *again;
	struct rig r;

	rig_open(&r);
	page = r.gvt->hw.page_new(r.gvt->hw.priv, &bus);
	ck_assert_ptr_nonnull(page);
	ck_assert_uint_eq(bus % MPT_PAGE_SIZE, 0);
	ck_assert_uint_ge(bus, r.gvt->hw.own_bus);
	ck_assert_uint_lt(bus, r.gvt->hw.scratch);
	ck_assert_ptr_nonnull(r.gvt->hw.page_new(r.gvt->hw.priv, &other));
	ck_assert_uint_ne(bus, other);
	ck_assert(!gvt_bus_usable(r.gvt, bus));
	ck_assert(!gvt_bus_usable(r.gvt, r.gvt->hw.own_bus));
	ck_assert(gvt_bus_usable(r.gvt, r.gvt->hw.own_bus - MPT_PAGE_SIZE));
	memset(page, 0x5a, MPT_PAGE_SIZE);
	r.gvt->hw.page_free(r.gvt->hw.priv, bus);
	again = r.gvt->hw.page_new(r.gvt->hw.priv, &other);
	ck_assert_ptr_eq(again, page);
	ck_assert_uint_eq(bus, other);
	ck_assert_uint_eq(again[0] | again[511], 0);
	ck_assert_int_eq(memcmp(again, again + 1, MPT_PAGE_SIZE - 8), 0);
	rig_close(&r);
}
END_TEST

START_TEST(own_pages_come_to_an_end)
{
	u64 bus = 0, last = 0, n = 0;
	struct gvt_hw hw;

	ck_assert_int_eq(gvt_swgpu_new(NULL, 256ULL << 20, &hw), 0);
	for (; hw.page_new(hw.priv, &bus); n++, last = bus)
		if (n && bus <= last)
			ck_abort_msg("page %llu at 0x%llx", (unsigned long long)n,
				     (unsigned long long)bus);
	ck_assert_uint_eq(n, (hw.scratch - hw.own_bus) >> MPT_PAGE_SHIFT);
	ck_assert_uint_eq(bus, last);
	hw.page_free(hw.priv, hw.own_bus);
	ck_assert_ptr_nonnull(hw.page_new(hw.priv, &bus));
	ck_assert_uint_eq(bus, hw.own_bus);
	ck_assert_ptr_null(hw.page_new(hw.priv, &bus));
	hw.close(hw.priv);
}
END_TEST

static Suite *aperture_suite(void)
{
	Suite *s = suite_create("gvt-aperture");
	TCase *tc = tcase_create("aperture");

	tcase_add_test(tc, a_store_to_the_aperture_reaches_ram);
	tcase_add_test(tc, bar2_goes_through_the_ggtt);
	tcase_add_test(tc, scratch_reads_zeros_and_swallows_writes);
	tcase_add_test(tc, a_wrong_entry_is_an_iommu_fault);
	tcase_add_test(tc, the_flush_comes_with_the_use);
	tcase_add_test(tc, the_aperture_has_bounds);
	tcase_add_test(tc, without_a_bus_side_reads_are_ones);
	tcase_add_test(tc, swgpu_out_of_memory);
	tcase_add_test(tc, own_pages_are_zeroed_and_above_all_mappings);
	tcase_add_test(tc, own_pages_come_to_an_end);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { aperture_suite };

	return mpt_test_main("gvt_aperture", suites, N(suites));
}
