/* SPDX-License-Identifier: MIT */
/*
 * kvm-stub's DMA: pages pinned one by one against a limit, mappings found by guest frame and by bus
 * address, RAM that goes and moves below them. What every back end has to hold is in conformance/.
 */
#include "kvm_rig.h"

static void setup(void)
{
	rig_open("kvm-stub");
	rig_ram(0, 4 * HUGE, 0);
}

static u64 locked(void)
{
	return rig_svc()->locked;
}

/* The sentence of a bare "-12" says what to raise, and nothing changes. */
START_TEST(limit_of_locked_memory)
{
	dma_addr_t bus[8], no = 0x1234;
	unsigned int i;

	rig_open("kvm-stub:memlock=32K");
	rig_ram(0, 4 * HUGE, 0);
	for (i = 0; i < 8; i++)
		bus[i] = rig_mapped(i, PAGE);
	ck_assert_int_eq(rig_map(8, PAGE, &no), -ENOMEM);
	ck_assert_uint_eq(no, 0x1234);
	rig_said("-12");
	rig_said("8 pages");
	rig_said("memlock=");
	rig_said("RLIMIT_MEMLOCK");
	/* What is pinned already costs nothing. */
	ck_assert_uint_eq(rig_mapped(3, PAGE), bus[3]);
	rig_unmap(bus[3]);
	ck_assert_uint_eq(locked(), 8);
	rig_unmap(bus[5]);
	ck_assert_uint_eq(locked(), 7);
	rig_mapped(8, PAGE);
	rig_close();
}
END_TEST

/* A page counts once, whoever needs it; 2 MiB that do not fit take and give back nothing. */
START_TEST(pages_count_once)
{
	dma_addr_t small, large;

	rig_open("kvm-stub:memlock=2M");
	rig_ram(0, 4 * HUGE, 0);
	small = rig_mapped(512 + 7, PAGE);
	large = rig_mapped(512, HUGE);
	ck_assert_uint_eq(locked(), 512);
	ck_assert_int_eq(rig_map(0, PAGE, &small), -ENOMEM);
	rig_unmap(large);
	ck_assert_uint_eq(locked(), 1);
	/* The other 2 MiB lack one page: those that were pinned on the way are not any more. */
	ck_assert_int_eq(rig_map(1024, HUGE, &large), -ENOMEM);
	ck_assert_uint_eq(locked(), 1);
	ck_assert_int_eq(mpt_bus_read(rig.host, small, &large, 8), 0);
	rig_unmap(small);
	ck_assert_uint_eq(locked(), 0);
	rig_mapped(1024, HUGE);
	rig_close();
}
END_TEST

/* A mapping of another size has an address of its own, and takes nothing away. */
START_TEST(sizes_are_apart)
{
	dma_addr_t small = rig_mapped(512, PAGE), large = rig_mapped(512, HUGE);
	u64 val = 0x77, seen = 0;

	ck_assert_uint_ne(small, large);
	ck_assert_int_eq(rig_write(HUGE, &val, 8), 0);
	rig_unmap(large);
	ck_assert_int_eq(mpt_bus_read(rig.host, large, &seen, 8), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, small, &seen, 8), 0);
	ck_assert_uint_eq(seen, val);
	large = rig_mapped(512, HUGE);
	rig_unmap(small);
	ck_assert_int_eq(mpt_bus_read(rig.host, small, &seen, 8), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, large + HUGE - 8, &seen, 8), 0);
	rig_unmap(large + PAGE);
	rig_unmap(large | 1);
	ck_assert_uint_eq(rig_stats().bad_unmap, 2);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
}
END_TEST

/* Pinned pages outlive their RAM; what comes in its place has other addresses. */
START_TEST(ram_goes)
{
	dma_addr_t old, new;
	long live = mpt_alloc_live();
	u64 val = 0x01d, seen = 0;

	rig_ram(8 * HUGE, HUGE, 0);
	ck_assert_int_eq(rig_write(8 * HUGE + PAGE, &val, 8), 0);
	old = rig_mapped(8 * 512 + 1, PAGE);
	live = mpt_alloc_live() - live;
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 8 * HUGE, HUGE), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, old, &seen, 8), 0);
	ck_assert_uint_eq(seen, val);
	ck_assert_int_eq(rig_map(8 * 512 + 1, PAGE, &new), -EFAULT);
	rig_ram(8 * HUGE, HUGE, 0);
	new = rig_mapped(8 * 512 + 1, PAGE);
	ck_assert_uint_ne(old, new);
	rig_unmap(old);
	ck_assert_int_eq(mpt_bus_read(rig.host, old, &seen, 8), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, new, &seen, 8), 0);
	ck_assert_uint_eq(seen, 0);
	/* The old memory went with its last pin. */
	ck_assert_uint_eq(locked(), 1);
	rig_unmap(old);
	ck_assert_uint_eq(rig_stats().bad_unmap, 1);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
}
END_TEST

/* An unmap notice finds 2 MiB that begin before its range, and leaves what is beside it. */
START_TEST(notice_in_the_middle)
{
	dma_addr_t large = rig_mapped(512, HUGE), page = rig_mapped(512 + 100, PAGE);
	dma_addr_t before = rig_mapped(511, PAGE), behind = rig_mapped(512 + 101, PAGE);

	mpt_kvm_dma_forget(rig_vdev(), 512 + 100, 1);
	ck_assert_uint_eq(rig_map_of(large)->gfn, SVC_NO_GFN);
	ck_assert_uint_eq(rig_map_of(page)->gfn, SVC_NO_GFN);
	ck_assert_uint_eq(rig_map_of(before)->gfn, 511);
	ck_assert_uint_eq(rig_map_of(behind)->gfn, 512 + 101);
	/* The same memory is found again by its frames: one more count of the same address. */
	ck_assert_uint_eq(rig_mapped(512, HUGE), large);
	ck_assert_uint_eq(rig_mapped(512 + 100, PAGE), page);
	ck_assert_uint_eq(rig_map_of(large)->gfn, 512);
	ck_assert_uint_eq(rig_stats().dma_live, 6);
	ck_assert_uint_eq(locked(), 513);
}
END_TEST

/* RAM that moves keeps its bus addresses; old and new place share the count. */
START_TEST(ram_moves)
{
	dma_addr_t old, new;
	u64 val = 0x3e, seen = 0;

	rig_ram(8 * HUGE, HUGE, 0);
	old = rig_mapped(8 * 512 + 5, PAGE);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 8 * HUGE, HUGE, 16 * HUGE), 0);
	ck_assert_int_eq(rig_map(8 * 512 + 5, PAGE, &new), -EFAULT);
	new = rig_mapped(16 * 512 + 5, PAGE);
	ck_assert_uint_eq(new, old);
	ck_assert_uint_eq(locked(), 1);
	rig_unmap(old);
	ck_assert_int_eq(rig_write(16 * HUGE + 5 * PAGE, &val, 8), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, new, &seen, 8), 0);
	ck_assert_uint_eq(seen, val);
	/* Found by the new frame without pinning it anew. */
	ck_assert_uint_eq(rig_mapped(16 * 512 + 5, PAGE), new);
	rig_unmap(new);
	rig_unmap(new);
	ck_assert_uint_eq(locked(), 0);
}
END_TEST

/* A translation holds no page. */
START_TEST(translation_is_free)
{
	long live = mpt_alloc_live();
	unsigned int i;

	rig_ram(8 * HUGE, HUGE, 0);
	for (i = 0; i < 1000; i++)
		ck_assert_uint_ne(rig_mfn(8 * 512 + i % 512), INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_eq(locked(), 0);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 8 * HUGE, HUGE), 0);
	ck_assert_int_eq(mpt_alloc_live(), live);
}
END_TEST

/* What a vGPU has left is gone with it, and its addresses mean nothing to the next. */
START_TEST(next_vgpu)
{
	dma_addr_t old = rig_mapped(9, PAGE), large = rig_mapped(512, HUGE), new;

	rig_detach();
	ck_assert_uint_eq(locked(), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, old, &new, 8), -EFAULT);
	rig_attach();
	rig_unmap(old);
	rig_unmap(large);
	ck_assert_uint_eq(rig_stats().bad_unmap, 2);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, old), -ENOENT);
	new = rig_mapped(10, PAGE);
	rig_unmap(old);
	ck_assert_int_eq(mpt_bus_read(rig.host, new, &large, 8), 0);
	ck_assert_uint_eq(rig_stats().dma_live, 1);
}
END_TEST

/* An entry that is used anew is not taken for what it was. */
START_TEST(entry_used_anew)
{
	dma_addr_t a = rig_mapped(1, PAGE), b, addr = a;
	struct kvm_map *entry = rig_map_of(a);
	u64 state = entry->state;

	rig_unmap(a);
	b = rig_mapped(2, PAGE);
	ck_assert_ptr_eq(rig_map_of(b), entry);
	ck_assert_uint_ne(entry->state, state);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, addr), -ENOENT);
	ck_assert_uint_ne(rig_mapped(1, PAGE), b);
	ck_assert_uint_eq(rig_stats().dma_live, 2);
}
END_TEST

/* A count that is full is refused, by frame and by address, and does not wrap to 0. */
START_TEST(count_is_full)
{
	dma_addr_t bus = rig_mapped(1, PAGE), no = 5;
	struct kvm_map *entry = rig_map_of(bus);
	u64 state = entry->state;

	entry->state = state | UINT32_MAX;
	ck_assert_int_eq(rig_map(1, PAGE, &no), -ENOMEM);
	ck_assert_uint_eq(no, 5);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, bus), -ENOMEM);
	ck_assert_uint_eq(entry->state, state | UINT32_MAX);
	entry->state = state;
	ck_assert_uint_eq(locked(), 1);
}
END_TEST

/* Scattered frames: 2 MiB are refused whole, each page is itself. */
START_TEST(without_huge_pages)
{
	dma_addr_t bus = 1;
	u64 val, seen, i;

	rig_open("kvm-stub:hugepages=no");
	rig_ram(0, 2 * HUGE, 0);
	ck_assert_int_eq(rig_map(512, HUGE, &bus), -EINVAL);
	rig_said("one by one");
	ck_assert_uint_eq(bus, 1);
	ck_assert_uint_eq(locked(), 0);
	for (i = 0; i < 1024; i += 31) {
		val = i * 3 + 1;
		ck_assert_int_eq(rig_write(i * PAGE + 16, &val, 8), 0);
		bus = rig_mapped(i, PAGE);
		ck_assert_int_eq(mpt_bus_read(rig.host, bus + 16, &seen, 8), 0);
		ck_assert_uint_eq(seen, val);
		ck_assert_uint_eq(rig_mfn(i), (bus & (SVC_BUS_HUGE - 1)) / PAGE);
	}
	rig_close();
}
END_TEST

static Suite *pins_suite(void)
{
	Suite *s = suite_create("kvm-stub pins");
	TCase *tc = tcase_create("limits"), *own = tcase_create("mappings");

	tcase_add_test(tc, limit_of_locked_memory);
	tcase_add_test(tc, pages_count_once);
	tcase_add_test(tc, without_huge_pages);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(own, setup, rig_close);
	tcase_add_test(own, sizes_are_apart);
	tcase_add_test(own, ram_goes);
	tcase_add_test(own, notice_in_the_middle);
	tcase_add_test(own, ram_moves);
	tcase_add_test(own, translation_is_free);
	tcase_add_test(own, next_vgpu);
	tcase_add_test(own, entry_used_anew);
	tcase_add_test(own, count_is_full);
	suite_add_tcase(s, own);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { pins_suite };

	return mpt_test_main("kvm_pins", suites, 1);
}
