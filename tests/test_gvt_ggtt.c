/* SPDX-License-Identifier: MIT */
/*
 * GGTT entries: the virtual table, DMA mappings, split writes, scratch, RAM that goes, reset and
 * destruction. The bounds of accesses to BAR0 are tested in test_gvt_mmio.c, the way through the
 * aperture in test_gvt_aperture.c.
 */
#include "gvt_entries.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
/* --- entries --- */

START_TEST(an_entry_maps_its_page)
{
	u64 host;
	struct rig r;

	rig_open(&r);
	pte_set(&r, LOW, 0x7000 | 0x3 | 1ULL << 62);
	mapped_is(&r, 1);
	host = host_pte(&r, LOW);
	/* The guest's bits, another address. */
	ck_assert_uint_eq(host & ~GVT_PTE_ADDR, 0x3 | 1ULL << 62);
	ck_assert_uint_ne(host & GVT_PTE_ADDR, 0);
	ck_assert_uint_ne(host & GVT_PTE_ADDR, 0x7000);
	ck_assert_uint_eq(pte(&r, LOW), 0x7000 | 0x3 | 1ULL << 62);
	ck_assert_uint_eq(rig_read(&r, gtt(LOW) + 4, 4), 1U << 30);
	pte_set(&r, LOW, 0x7000);
	mapped_is(&r, 0);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	ck_assert_uint_eq(pte(&r, LOW), 0x7000);
	ck_assert_uint_eq(rig_info(&r).ggtt_writes, 2);
	rig_close(&r);
}
END_TEST

START_TEST(both_ranges_to_their_ends)
{
	static const u64 own[] = { LOW, LOW + LOW_SIZE - 1, HIGH, HIGH + HIGH_SIZE - 1 };
	static const u64 foreign[] = {
		0, LOW - 1, LOW + LOW_SIZE, HIGH - 1, HIGH + HIGH_SIZE, GVT_GM_SIZE - 1,
	};
	struct rig r;
	size_t i;

	rig_open(&r);
	for (i = 0; i < N(foreign); i++) {
		pte_set(&r, foreign[i], 0x3000 | 1);
		rig_write(&r, gtt(foreign[i]), 0x3001, 4);
		ck_assert_uint_eq(pte(&r, foreign[i]), 0);
		ck_assert_uint_eq(host_pte(&r, foreign[i]), 0);
	}
	mapped_is(&r, 0);
	ck_assert_uint_eq(rig_info(&r).ggtt_ignored, 2 * N(foreign));
	ck_assert_uint_eq(rig_info(&r).errors, 0);
	for (i = 0; i < N(own); i++) {
		pte_set(&r, own[i], 0x3000 | 1);
		ck_assert_uint_eq(pte(&r, own[i]), 0x3001);
	}
	mapped_is(&r, N(own));
	rig_close(&r);
}
END_TEST

START_TEST(validate)
{
	struct rig r;

	rig_open(&r);
	ck_assert(gvt_ggtt_validate(r.v, LOW, 0));
	ck_assert(gvt_ggtt_validate(r.v, LOW, LOW_SIZE));
	ck_assert(gvt_ggtt_validate(r.v, LOW + LOW_SIZE - 1, 1));
	ck_assert(gvt_ggtt_validate(r.v, HIGH + HIGH_SIZE - 1, 0));
	ck_assert(!gvt_ggtt_validate(r.v, LOW - 1, 0));
	ck_assert(!gvt_ggtt_validate(r.v, LOW, LOW_SIZE + 1));
	ck_assert(!gvt_ggtt_validate(r.v, LOW + LOW_SIZE, 0));
	ck_assert(!gvt_ggtt_validate(r.v, LOW, HIGH + 1 - LOW));
	ck_assert(!gvt_ggtt_validate(r.v, LOW + 1, ~0ULL));
	ck_assert(!gvt_ggtt_validate(r.v, ~0ULL, 2));
	rig_close(&r);
}
END_TEST

START_TEST(natural_alignment_only)
{
	u64 value = 0x3001, back = 0, gpa = RIG_BAR0 + gtt(LOW);
	unsigned int bytes;
	struct rig r;

	rig_open(&r);
	ck_assert_int_eq(r.ops->emulate_mmio_write(r.vgpu, gpa + 4, &value, 8), -EINVAL);
	ck_assert_int_eq(r.ops->emulate_mmio_read(r.vgpu, gpa + 4, &back, 8), -EINVAL);
	ck_assert_uint_eq(back, ~0ULL);
	for (bytes = 1; bytes <= 2; bytes++)
		ck_assert_int_eq(r.ops->emulate_mmio_write(r.vgpu, gpa, &value, bytes), -EINVAL);
	/* The table's own functions rely on nobody. */
	ck_assert_int_eq(gvt_ggtt_write(r.v, (u32)(LOW >> 12) * 8 + 4, &value, 8), -EINVAL);
	ck_assert_int_eq(gvt_ggtt_write(r.v, GVT_GTT_SIZE, &value, 8), -EINVAL);
	ck_assert_int_eq(gvt_ggtt_read(r.v, GVT_GTT_SIZE, &back, 4), -EINVAL);
	ck_assert_uint_eq(pte(&r, LOW), 0);
	ck_assert_uint_eq(pte(&r, LOW + 0x1000), 0);
	mapped_is(&r, 0);
	rig_close(&r);
}
END_TEST

/* --- scratch --- */

START_TEST(a_frame_without_ram_is_scratch)
{
	struct rig r;

	rig_open(&r);
	pte_set(&r, LOW, NO_RAM | 1);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	ck_assert_uint_eq(pte(&r, LOW), NO_RAM | 1);
	ck_assert_uint_eq(rig_info(&r).ggtt_scratch, 1);
	mapped_is(&r, 0);
	/* The largest frame an entry can name. */
	pte_set(&r, LOW, ~0ULL);
	ck_assert_uint_eq(rig_info(&r).ggtt_scratch, 2);
	/* And over a mapping: that one goes. */
	pte_set(&r, LOW, 0x3001);
	mapped_is(&r, 1);
	pte_set(&r, LOW, NO_RAM | 1);
	mapped_is(&r, 0);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	rig_close(&r);
}
END_TEST

START_TEST(a_failed_mapping_is_scratch)
{
	struct rig r;

	rig_open_spec(&r, "check,fault,mock", NULL);
	rig_ok(mpt_fault_at(r.host, MPT_OP_ID_dma_map_guest_page, 1, -ENOMEM));
	pte_set(&r, LOW, 0x3001);
	ck_assert(mpt_fault_fired(r.host, NULL));
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	ck_assert_uint_eq(pte(&r, LOW), 0x3001);
	ck_assert_uint_eq(rig_info(&r).ggtt_scratch, 1);
	mapped_is(&r, 0);
	pte_set(&r, LOW, 0x3001);
	mapped_is(&r, 1);
	ck_assert_uint_ne(host_pte(&r, LOW), 0);
	/* The rewrite of a mapped entry. */
	rig_ok(mpt_fault_at(r.host, MPT_OP_ID_dma_map_guest_page, 1, 0));
	pte_set(&r, LOW, 0x4001);
	mapped_is(&r, 0);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	rig_close(&r);
}
END_TEST

static struct intel_gvt_mpt far_table;
static unsigned int far_maps, far_unmaps;
static const dma_addr_t far_addr = 1ULL << 46;

static int far_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *dma)
{
	(void)handle;
	(void)gfn;
	ck_assert_uint_eq(size, MPT_PAGE_SIZE);
	far_maps++;
	*dma = far_addr;
	return 0;
}

static void far_unmap(unsigned long handle, dma_addr_t dma)
{
	(void)handle;
	ck_assert_uint_eq(dma, far_addr);
	far_unmaps++;
}

static unsigned int asked;

static bool count_valid_gfn(unsigned long handle, unsigned long gfn)
{
	(void)handle;
	(void)gfn;
	asked++;
	return false;
}

/*
 * The map itself refuses what is no RAM; is_valid_gfn tells the reason, so it is asked only then.
 */
START_TEST(the_map_decides_what_is_valid)
{
	const struct intel_gvt_mpt *real;
	struct rig r;

	rig_open(&r);
	real = r.v->base.mpt;
	far_table = *real;
	far_table.is_valid_gfn = count_valid_gfn;
	r.v->base.mpt = &far_table;
	asked = 0;
	pte_set(&r, LOW, 0x3001);
	ck_assert_uint_eq(asked, 0);
	mapped_is(&r, 1);
	pte_set(&r, LOW, 0x7ffff000001ULL);
	r.v->base.mpt = real;
	ck_assert_uint_eq(asked, 1);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	ck_assert_uint_eq(rig_info(&r).ggtt_scratch, 1);
	mapped_is(&r, 0);
	rig_close(&r);
}
END_TEST

/* An entry has 46 bits of address; cutting one would let the device reach another page. */
START_TEST(a_bus_address_beyond_the_entry_is_scratch)
{
	const struct intel_gvt_mpt *real;
	struct rig r;

	rig_open(&r);
	real = r.v->base.mpt;
	far_table = *real;
	far_table.dma_map_guest_page = far_map;
	far_table.dma_unmap_guest_page = far_unmap;
	r.v->base.mpt = &far_table;
	pte_set(&r, LOW, 0x3001);
	r.v->base.mpt = real;
	ck_assert_uint_eq(far_maps, 1);
	ck_assert_uint_eq(far_unmaps, 1);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	ck_assert_uint_eq(rig_info(&r).ggtt_scratch, 1);
	mapped_is(&r, 0);
	rig_close(&r);
}
END_TEST

START_TEST(a_rewrite_never_drops_the_page)
{
	struct mpt_ledger before;
	struct rig r;
	u64 host;

	rig_open(&r);
	pte_set(&r, LOW, 0x3001);
	host = host_pte(&r, LOW);
	before = ledger(&r);
	pte_set(&r, LOW, 0x3003);
	/* 1, 2, 1: never 0, or the ledger would have a new entry. */
	ck_assert_uint_eq(ledger(&r).made[MPT_LEDGER_DMA], before.made[MPT_LEDGER_DMA]);
	ck_assert_uint_eq(host_pte(&r, LOW) & GVT_PTE_ADDR, host & GVT_PTE_ADDR);
	mapped_is(&r, 1);
	/* One page by two entries: two counts of one mapping. */
	pte_set(&r, HIGH, 0x3001);
	mapped_is(&r, 2);
	ck_assert_uint_eq(ledger(&r).live[MPT_LEDGER_DMA], 1);
	pte_set(&r, LOW, 0);
	mapped_is(&r, 1);
	ck_assert_uint_eq(host_pte(&r, HIGH) & GVT_PTE_ADDR, host & GVT_PTE_ADDR);
	rig_close(&r);
}
END_TEST

/* --- split writes --- */

#define SPLIT 100

static u64 split_entry(u64 i)
{
	return 1ULL << 63 | (0x10000 + i * 0x1000) | 1;
}

/* _i: which half comes first. All first halves upwards, then all others downwards. */
START_TEST(split_writes_interleave)
{
	unsigned int first = (unsigned int)_i;
	struct rig r;
	u64 i;

	rig_open(&r);
	for (i = 0; i < SPLIT; i++) {
		write_half(&r, LOW + i * 0x1000, split_entry(i), first);
		ck_assert_uint_eq(pte(&r, LOW + i * 0x1000),
				  split_entry(i) & (first ? ~0ULL << 32 : 0xffffffffULL));
	}
	mapped_is(&r, 0);
	ck_assert_uint_eq(rig_info(&r).ggtt_writes, 0);
	for (i = SPLIT; i-- > 0;) {
		ck_assert_uint_eq(host_pte(&r, LOW + i * 0x1000), 0);
		write_half(&r, LOW + i * 0x1000, split_entry(i), !first);
		ck_assert_uint_eq(pte(&r, LOW + i * 0x1000), split_entry(i));
		ck_assert_uint_ne(host_pte(&r, LOW + i * 0x1000), 0);
	}
	mapped_is(&r, SPLIT);
	ck_assert_uint_eq(rig_info(&r).ggtt_writes, SPLIT);
	rig_close(&r);
}
END_TEST

START_TEST(the_first_half_ends_the_old_mapping)
{
	struct rig r;

	rig_open(&r);
	pte_set(&r, LOW, 0x3001);
	mapped_is(&r, 1);
	write_half(&r, LOW, 0x5001, 0);
	mapped_is(&r, 0);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	/* The same half again replaces it. */
	write_half(&r, LOW, 0x6001, 0);
	mapped_is(&r, 0);
	write_half(&r, LOW, 0, 1);
	ck_assert_uint_eq(pte(&r, LOW), 0x6001);
	mapped_is(&r, 1);
	rig_close(&r);
}
END_TEST

START_TEST(a_whole_write_forgets_the_half)
{
	struct rig r;

	rig_open(&r);
	write_half(&r, LOW, 0x5001, 0);
	pte_set(&r, LOW, 0x7001);
	mapped_is(&r, 1);
	/* So this is a first half again. */
	write_half(&r, LOW, 1ULL << 63, 1);
	mapped_is(&r, 0);
	ck_assert_uint_eq(pte(&r, LOW), 1ULL << 63);
	write_half(&r, LOW, 0x8001, 0);
	ck_assert_uint_eq(pte(&r, LOW), 1ULL << 63 | 0x8001);
	mapped_is(&r, 1);
	rig_close(&r);
}
END_TEST

/* --- RAM that goes --- */

START_TEST(entries_into_removed_ram_go_to_scratch)
{
	struct rig r;
	u64 i;

	rig_open(&r);
	for (i = 0; i < 16; i++) {
		pte_set(&r, LOW + i * 0x1000, (RIG_EXTRA + i * 0x1000) | 1);
		pte_set(&r, HIGH + i * 0x1000, (0x20000 + i * 0x1000) | 1);
	}
	mapped_is(&r, 32);
	rig_ok(mpt_ram_remove(r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	mapped_is(&r, 16);
	for (i = 0; i < 16; i++) {
		ck_assert_uint_eq(host_pte(&r, LOW + i * 0x1000), 0);
		ck_assert_uint_eq(pte(&r, LOW + i * 0x1000), (RIG_EXTRA + i * 0x1000) | 1);
		ck_assert_uint_ne(host_pte(&r, HIGH + i * 0x1000), 0);
	}
	pte_set(&r, LOW, RIG_EXTRA | 1);
	mapped_is(&r, 16);
	rig_ok(mpt_ram_add(r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	pte_set(&r, LOW, RIG_EXTRA | 1);
	mapped_is(&r, 17);
	rig_close(&r);
}
END_TEST

/* --- reset and destruction --- */

static void fill(struct rig *r, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++) {
		pte_set(r, LOW + i * 0x1000, (i * 0x1000) | 1);
		pte_set(r, HIGH + HIGH_SIZE - (i + 1) * 0x1000, (i * 0x1000) | 1);
	}
	mapped_is(r, 2 * n);
}

START_TEST(a_reset_gives_everything_back)
{
	struct rig r;

	rig_open(&r);
	fill(&r, 1000);
	write_half(&r, LOW + 0x400000, 0x5001, 0);
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	mapped_is(&r, 0);
	ck_assert_uint_eq(pte(&r, LOW), 0);
	ck_assert_uint_eq(host_pte(&r, LOW), 0);
	ck_assert_uint_eq(host_pte(&r, HIGH + HIGH_SIZE - 0x1000), 0);
	/* The half is forgotten too. */
	write_half(&r, LOW + 0x400000, 1ULL << 63, 1);
	ck_assert_uint_eq(pte(&r, LOW + 0x400000), 1ULL << 63);
	fill(&r, 10);
	rig_close(&r);
}
END_TEST

START_TEST(destruction_gives_everything_back)
{
	struct rig r;
	u64 i;

	rig_open(&r);
	fill(&r, 1000);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	r.vgpu = NULL;
	rig_ledger_empty(&r);
	for (i = 0; i < GVT_GGTT_ENTRIES; i++)
		ck_assert_uint_eq(r.gvt->hw.ggtt[i], 0);
	rig_close(&r);
}
END_TEST

START_TEST(failsafe_maps_nothing)
{
	struct rig r;

	rig_open(&r);
	pte_set(&r, LOW, 0x3001);
	pte_set(&r, HIGH, 0x4001);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	pte_set(&r, LOW, RIG_EXTRA | 1);
	pte_set(&r, LOW + 0x1000, 0x6001);
	rig_write(&r, gtt(LOW) + 4, 0x77, 4);
	pte_set(&r, 0, 0x3001);
	ck_assert_uint_eq(pte(&r, LOW), 0x77ULL << 32 | RIG_EXTRA | 1);
	ck_assert_uint_eq(pte(&r, LOW + 0x1000), 0x6001);
	ck_assert_uint_eq(pte(&r, 0), 0);
	mapped_is(&r, 1);
	/* What is left names its page still, so a removal finds it. */
	rig_ok(mpt_ram_remove(r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	mapped_is(&r, 1);
	r.ops->vgpu_reset(r.vgpu);
	mapped_is(&r, 0);
	rig_close(&r);
}
END_TEST

static TCase *add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(s, tc);
	return tc;
}

static Suite *ggtt_suite(void)
{
	Suite *s = suite_create("gvt-ggtt");
	TCase *tc = add_case(s, "entries");

	tcase_add_test(tc, an_entry_maps_its_page);
	tcase_add_test(tc, both_ranges_to_their_ends);
	tcase_add_test(tc, validate);
	tcase_add_test(tc, natural_alignment_only);
	tcase_add_test(tc, a_rewrite_never_drops_the_page);
	tc = add_case(s, "scratch");
	tcase_add_test(tc, a_frame_without_ram_is_scratch);
	tcase_add_test(tc, a_failed_mapping_is_scratch);
	tcase_add_test(tc, the_map_decides_what_is_valid);
	tcase_add_test(tc, a_bus_address_beyond_the_entry_is_scratch);
	tc = add_case(s, "split");
	tcase_add_loop_test(tc, split_writes_interleave, 0, 2);
	tcase_add_test(tc, the_first_half_ends_the_old_mapping);
	tcase_add_test(tc, a_whole_write_forgets_the_half);
	tc = add_case(s, "going");
	tcase_add_test(tc, entries_into_removed_ram_go_to_scratch);
	tcase_add_test(tc, a_reset_gives_everything_back);
	tcase_add_test(tc, destruction_gives_everything_back);
	tcase_add_test(tc, failsafe_maps_nothing);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ggtt_suite };

	return mpt_test_main("gvt_ggtt", suites, N(suites));
}
