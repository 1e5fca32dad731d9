/* SPDX-License-Identifier: MIT */
/*
 * Memory as the engines reach it: the vGPU's share of the GGTT, shadow tables of both depths with
 * pages of all sizes, what is not there, what the bus refuses.
 */
#include "swgpu_rig.h"
#include "lib/runner.h"

#define VA 0x600000000000ULL
#define PS (1ULL << 7)
#define IPS (1ULL << 11)
#define HUGE_GPA 0x1000000ULL

static void open_4(void)
{
	sw_open(GVT_RCS, 4);
}

static enum gvt_hw_state store(u64 va, u32 value)
{
	sw_ring(STORE_DW, LO(va), value);
	return sw_run();
}

/* What the device reads there, as it is copied to the page of data in the GGTT. */
static u32 load(u64 va)
{
	sw_poke(GPA_DATA, 0x55555555);
	sw_ring(0x2eU << 23 | 3 | 1U << 21, LO(GM_DATA), LO(va));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	return sw_peek(GPA_DATA);
}

/* --- the GGTT --- */

START_TEST(ggtt_share)
{
	static const u64 outside[] = { 0,	   0x3fffffc,  0x8000000,  0x1ffffffc,
				       0x28000000, 1ULL << 32, 0x104003000 };
	static const u64 inside[] = { 0x4000000, 0x7fffffc, 0x20000000, 0x27fffffc };
	unsigned int i;

	for (i = 0; i < sizeof(outside) / 8; i++) {
		sw_ring(STORE_DW | GGTT_BIT, LO(outside[i]), 1);
		ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
		sw_ring(LRM | GGTT_BIT, GPR(0), LO(outside[i]));
		ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	}
	/* In the share, but without an entry: it swallows. */
	for (i = 0; i < sizeof(inside) / 8; i++) {
		sw_ring(STORE_DW | GGTT_BIT, LO(inside[i]), 1);
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	}
	/* Half inside: nothing is written. */
	sw_ggtt(0x7fff000, GPA_DATA);
	sw_poke(GPA_DATA + 0xffc, 9);
	sw_ring(STORE_DW | GGTT_BIT | 1, LO(0x7fffffcULL), 1, 1);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	ck_assert_uint_eq(sw_peek(GPA_DATA + 0xffc), 9);
	/* Across pages. */
	sw_ggtt(0x5000000, GPA_DATA);
	sw_ggtt(0x5001000, GPA_HWS);
	sw_ring(STORE_DW | GGTT_BIT | 1, LO(0x5000ffcULL), 3, 4);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_DATA + 0xffc), 3);
	ck_assert_uint_eq(sw_peek(GPA_HWS), 4);
}
END_TEST

/* --- pages of 4 KiB --- */

START_TEST(page_4k)
{
	u64 *slot;

	ck_assert_int_eq(store(VA_DATA + 0xffc, 1), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0xffc), 1);
	/* Two pages whose frames do not follow; bits above 47 do not count. */
	sw_ring(STORE_DW | 1, LO((VA_DATA + 0xffc) | 0x800000000000ULL << 1), 2, 3);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0xffc), 2);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0x2000), 3);
	ck_assert_uint_eq(load(VA_DATA + 0x1000), 3);
	/* Read-only: a write is dropped, also if it is only half of one. */
	slot = sw_slot(VA_DATA + 4096, 0);
	*slot &= ~2ULL;
	sw_ring(STORE_DW | 1, LO(VA_DATA + 0xffc), 4, 5);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0xffc), 4);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0x2000), 3);
	ck_assert_uint_eq(load(VA_DATA + 0x1000), 3);
	/* Not present, and present but scratch. */
	*slot &= ~1ULL;
	ck_assert_uint_eq(load(VA_DATA + 0x1000), 0);
	ck_assert_int_eq(store(VA_DATA + 0x1000, 6), GVT_HW_DONE);
	*slot = sw.hw->scratch | PTE_RW;
	ck_assert_uint_eq(load(VA_DATA + 0x1000), 0);
	ck_assert_int_eq(store(VA_DATA + 0x1000, 7), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0x2000), 3);
}
END_TEST

/* At each level an entry that is not present, or that names the scratch page, ends the walk. */
START_TEST(holes_above)
{
	unsigned int level;

	for (level = 1; level < 4; level++) {
		u64 *slot = sw_slot(VA_DATA, level), old = *slot;

		*slot = old & ~1ULL;
		ck_assert_uint_eq(load(VA_DATA), 0);
		ck_assert_int_eq(store(VA_DATA, 1), GVT_HW_DONE);
		*slot = sw.hw->scratch | PTE_RW;
		ck_assert_uint_eq(load(VA_DATA), 0);
		*slot = old;
	}
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0);
	sw.work.root[0] = 0;
	ck_assert_uint_eq(load(VA_DATA), 0);
	sw.work.root[0] = sw.table[0].bus;
}
END_TEST

/* A wrong entry is a fault of the device on the bus, and nobody's memory. */
START_TEST(wrong_address)
{
	struct mpt_iommu_fault fault;
	u64 *slot = sw_slot(VA_DATA, 0), own = sw.table[0].bus, was = *sw.table[0].dw;

	*slot = (*slot + (1ULL << 32)) | PTE_RW;
	ck_assert_uint_eq(load(VA_DATA + 8), ~0U);
	rig_ok(mpt_fault_take(sw.r.host, &fault));
	ck_assert_uint_eq(fault.dma_addr, (*slot & GVT_PTE_ADDR) + 8);
	ck_assert(!fault.write);
	ck_assert_int_eq(store(VA_DATA + 8, 1), GVT_HW_DONE);
	rig_ok(mpt_fault_take(sw.r.host, &fault));
	ck_assert(fault.write);
	/* Not even the device's own tables. */
	*slot = own | PTE_RW;
	ck_assert_int_eq(store(VA_DATA, 1), GVT_HW_DONE);
	rig_ok(mpt_fault_take(sw.r.host, &fault));
	ck_assert_uint_eq(fault.dma_addr, own);
	ck_assert_uint_eq(*sw.table[0].dw, was);
	/* A table that is no page of the device's: asked of the bus. */
	*sw_slot(VA_DATA, 1) = 0x123456000ULL | PTE_RW;
	ck_assert_uint_eq(load(VA_DATA), 0);
	rig_ok(mpt_fault_take(sw.r.host, &fault));
	ck_assert_uint_eq(fault.dma_addr, 0x123456000ULL + (VA_DATA >> 12 & 511) * 8);
}
END_TEST

/* --- larger pages --- */

START_TEST(page_2m)
{
	u64 dma = sw_dma(HUGE_GPA, MPT_HUGE_SIZE), *slot = sw_slot(VA, 1);

	*slot = dma | PS | PTE_RW;
	ck_assert_int_eq(store(VA + 0x1ffffc, 1), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0x1ffffc), 1);
	sw_ring(STORE_DW | 1, LO(VA + 0x12fffc), 2, 3);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0x12fffc), 2);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0x130000), 3);
	*slot &= ~2ULL;
	ck_assert_int_eq(store(VA, 4), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA), 0);
	ck_assert_uint_eq(load(VA + 0x130000), 3);
	/* Bits of the address below the page's size do not count. */
	*slot = dma | 0x3000 | PS | PTE_RW;
	ck_assert_uint_eq(load(VA + 0x130000), 3);
}
END_TEST

START_TEST(page_64k)
{
	u64 dma = sw_dma(HUGE_GPA, MPT_HUGE_SIZE), *pte = sw_slot(VA, 0);

	*sw_slot(VA, 1) |= IPS;
	pte[0] = dma | PTE_RW;
	pte[16] = (dma + 0x50000) | PTE_RW;
	ck_assert_int_eq(store(VA + 0xfffc, 1), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0xfffc), 1);
	ck_assert_int_eq(store(VA + 0x1abcc, 2), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0x5abcc), 2);
	ck_assert_int_eq(store(VA + 0x20000, 3), GVT_HW_DONE);
	/* Entries between the sixteenths mean nothing. */
	pte[1] = 0x666000 | PTE_RW;
	ck_assert_int_eq(store(VA + 0x1000, 4), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0x1000), 4);
	/* Without the bit they do. */
	*sw_slot(VA, 1) &= ~IPS;
	ck_assert_uint_eq(load(VA + 0x2000), 0);
}
END_TEST

START_TEST(page_1g)
{
	*sw_slot(VA, 2) = sw_dma(HUGE_GPA, MPT_HUGE_SIZE) | PS | PTE_RW;
	ck_assert_int_eq(store(VA, 1), GVT_HW_HUNG);
	sw_ring(LRM, GPR(0), LO(VA));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	ck_assert_uint_eq(sw_peek(HUGE_GPA), 0);
}
END_TEST

static void open_3(void)
{
	sw_open(GVT_BCS, 3);
}

START_TEST(three_levels)
{
	u64 dma = sw_dma(HUGE_GPA, MPT_HUGE_SIZE);
	u32 i;

	for (i = 0; i < 4; i++) {
		sw_map(i << 30 | 0x201000, GPA_PDATA + i * 0x2000, PTE_RW);
		ck_assert_int_eq(store(((u64)i << 30 | 0x201000) + 8, i + 1), GVT_HW_DONE);
		ck_assert_uint_eq(sw_peek(GPA_PDATA + i * 0x2000 + 8), i + 1);
	}
	*sw_slot(0xc0400000, 1) = dma | PS | PTE_RW;
	ck_assert_int_eq(store(0xc0412340, 9), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(HUGE_GPA + 0x12340), 9);
	/* Beyond 4 GiB there is nothing, and behind a root that is 0 neither. */
	ck_assert_uint_eq(load(0x100201008ULL), 0);
	sw.work.root[2] = 0;
	ck_assert_uint_eq(load(0x80201008ULL), 0);
	ck_assert_uint_eq(load(0x40201008ULL), 2);
}
END_TEST

static Suite *mem_suite(void)
{
	Suite *s = suite_create("swgpu-mem");
	TCase *tc = tcase_create("4 levels");

	tcase_add_checked_fixture(tc, open_4, sw_close);
	tcase_add_test(tc, ggtt_share);
	tcase_add_test(tc, page_4k);
	tcase_add_test(tc, holes_above);
	tcase_add_test(tc, wrong_address);
	tcase_add_test(tc, page_2m);
	tcase_add_test(tc, page_64k);
	tcase_add_test(tc, page_1g);
	suite_add_tcase(s, tc);
	tc = tcase_create("3 levels");
	tcase_add_checked_fixture(tc, open_3, sw_close);
	tcase_add_test(tc, three_levels);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { mem_suite };

	return mpt_test_main("swgpu_mem", suites, 1);
}
