/* SPDX-License-Identifier: MIT */
/*
 * Address spaces and their shadow tables, rule by rule: what is made of what, and defects of real
 * cores that ours must not have.
 */
#include "lib/runner.h"
#include "ppgtt_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* --- objects --- */

START_TEST(roots_are_checked)
{
	static const struct {
		int levels;
		u64 pdp[4];
		int err;
	} bad[] = {
		{ 2, { 0x1000 }, -EINVAL },
		{ 5, { 0x1000 }, -EINVAL },
		{ 4, { 0x1008 }, -EINVAL },
		{ 4, { 1ULL << 46 }, -EINVAL },
		{ 4, { NO_RAM }, -EFAULT },
		{ 3, { 0x1000, 0x2001 }, -EINVAL },
		{ 3, { 0x1000, 0, 0, NO_RAM }, -EFAULT },
	};
	struct gvt_mm *mm = NULL;
	unsigned int i;

	open_tree(RIG_SPEC);
	for (i = 0; i < N(bad); i++) {
		ck_assert_int_eq(gvt_mm_get(m.r.v, bad[i].levels, bad[i].pdp, &mm), bad[i].err);
		ck_assert_ptr_null(mm);
		ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, true, bad[i].levels, bad[i].pdp),
				 bad[i].err);
	}
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	close_tree();
}
END_TEST

START_TEST(same_roots_are_one_space)
{
	u64 pdp[4] = { pm_gpa(ROOT), 1, 2, 3 }, three[4] = { pm_gpa(ROOT) };
	struct gvt_mm *a, *b, *c;

	open_tree(RIG_SPEC);
	rig_ok(gvt_mm_get(m.r.v, 4, pdp, &a));
	/* Of four levels only the first root counts. */
	pdp[1] = 77;
	rig_ok(gvt_mm_get(m.r.v, 4, pdp, &b));
	rig_ok(gvt_mm_get(m.r.v, 3, three, &c));
	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	ck_assert_uint_eq(info().ppgtt_spaces, 2);
	gvt_mm_put(m.r.v, a);
	ck_assert_uint_eq(info().ppgtt_spaces, 2);
	gvt_mm_put(m.r.v, b);
	gvt_mm_put(m.r.v, c);
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	close_tree();
}
END_TEST

static void notify(u32 command, u64 pdp)
{
	rig_reg_set(&m.r, GVT_PVINFO_OFFSET + 0x838, (u32)pdp);
	rig_reg_set(&m.r, GVT_PVINFO_OFFSET + 0x83c, (u32)(pdp >> 32));
	rig_reg_set(&m.r, GVT_PVINFO_OFFSET + 0x818, command);
}

/* g2v_notify 2 to 5; a creation counts, and so does what submission holds beside it. */
START_TEST(the_guest_notifies)
{
	open_tree(RIG_SPEC);
	notify(4, pm_gpa(ROOT));
	notify(4, pm_gpa(ROOT));
	notify(2, pm_gpa(ROOT));
	ck_assert_uint_eq(info().ppgtt_spaces, 2);
	notify(3, pm_gpa(ROOT));
	ck_assert_uint_eq(info().ppgtt_spaces, 1);
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	notify(5, pm_gpa(ROOT));
	put();
	space->shadowed = true;
	pm_compare_sets(&m);
	ck_assert_uint_eq(info().ppgtt_spaces, 1);
	notify(5, pm_gpa(ROOT));
	nothing_left();
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	/* Unknown: no effect, and no error that the guest could see. */
	notify(5, pm_gpa(ROOT));
	notify(3, 0x123456789000);
	notify(4, NO_RAM);
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, false, 4, space->pdp), -ENOENT);
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	ck_assert_uint_eq(info().errors, 0);
	space->shadowed = false;
	close_tree();
}
END_TEST

/* What submission holds, a guest can neither destroy nor count down. */
START_TEST(a_guest_destroys_only_what_it_created)
{
	open_tree(RIG_SPEC);
	pin();
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, false, 4, space->pdp), -ENOENT);
	pin();
	put();
	nothing_left();
	close_tree();
}
END_TEST

/* --- tables --- */

/* Of so many pages, where the hypervisor can. */
static unsigned int tracked(unsigned int pages)
{
	return m.track ? pages : 0;
}

START_TEST(nothing_is_shadowed_before_the_first_pin)
{
	open_tree(RIG_SPEC);
	rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space->pdp));
	hold();
	nothing_left();
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	ck_assert_uint_eq(info().ppgtt_tracked, tracked(4));
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES);
	/* It stays, for the next one. */
	pin();
	put();
	rig_ok(gvt_ppgtt_notify(m.r.v, false, 4, space->pdp));
	nothing_left();
	close_tree();
}
END_TEST

START_TEST(a_table_at_frame_0)
{
	open_tree(RIG_SPEC);
	/* First as a page table, then as the root. */
	pm_set(&m, DIR2, 1, entry_of(0));
	pin();
	ck_assert(mpt_vm_tracked(m.r.vm, 0) == m.track);
	put();
	ck_assert(!mpt_vm_tracked(m.r.vm, 0));
	nothing_left();
	pm_set(&m, 0, 0, entry_of(DIR3));
	space->pdp[0] = 0;
	pin();
	ck_assert(mpt_vm_tracked(m.r.vm, 0) == m.track);
	put();
	nothing_left();
	close_tree();
}
END_TEST

/* Enough of everything: each kind of leaf, two page tables, one used twice. */
static void rich_tree(void)
{
	pm_set(&m, DIR2, 1, 0x800000 | 0x83);
	pm_set(&m, DIR2, 2, entry_of(OTHER) | 0x800);
	pm_set(&m, DIR2, 3, entry_of(PT));
	pm_set(&m, OTHER, 0, 0x500000 | 3);
	pm_set(&m, OTHER, 16, 0x510000 | 3);
	rig_reg_set(&m.r, 0x4080, 0xf);
	m.ips = true;
}

static const struct {
	const char *spec;
	enum mpt_op_id op;
	int err;
} fallible[] = {
	{ "check,fault,mock", MPT_OP_ID_read_gpa, -ESRCH },
	{ "check,fault,mock", MPT_OP_ID_dma_map_guest_page, -ENOMEM },
	{ "check,fault,mock:contig=no", MPT_OP_ID_dma_map_guest_page, -ENOMEM },
	{ "check,fault,mock", MPT_OP_ID_enable_page_track, -ENOMEM },
};

/* Every call of a pin fails in turn. Each time nothing is left, or it has found another way. */
/* Three levels have four roots: what the first holds goes when the second cannot be read. */
START_TEST(a_failed_root_gives_back_the_others)
{
	u64 pdp[4] = { pm_gpa(DIR2), pm_gpa(OTHER) }, spare[4];
	struct gvt_mm *mm;

	open_tree("check,fault,mock");
	rig_ok(gvt_mm_get(m.r.v, 3, pdp, &mm));
	rig_ok(mpt_fault_at(m.r.host, MPT_OP_ID_read_gpa, 3, -EFAULT));
	ck_assert_int_eq(gvt_mm_pin(m.r.v, mm, spare), -EFAULT);
	ck_assert(mpt_fault_fired(m.r.host, NULL));
	nothing_left();
	rig_ok(gvt_mm_pin(m.r.v, mm, spare));
	ck_assert_uint_eq(info().ppgtt_tables, 3);
	gvt_mm_unpin(m.r.v, mm);
	gvt_mm_put(m.r.v, mm);
	nothing_left();
	close_tree();
}
END_TEST

START_TEST(a_failed_population_is_undone)
{
	enum mpt_op_id op = fallible[_i].op;
	unsigned int n, failed = 0;
	u64 spare[4];
	int ret;

	open_tree(fallible[_i].spec);
	rich_tree();
	hold();
	for (n = 1; n < 1000; n++) {
		rig_ok(mpt_fault_at(m.r.host, op, n, fallible[_i].err));
		ret = gvt_mm_pin(m.r.v, space->held, spare);
		if (!mpt_fault_fired(m.r.host, NULL))
			break;
		rig_ok(mpt_fault_at(m.r.host, op, 0, 0));
		failed += ret != 0;
		if (ret) {
			nothing_left();
		} else {
			gvt_mm_unpin(m.r.v, space->held);
		}
		pin();
		put();
		hold();
		nothing_left();
	}
	rig_ok(ret);
	gvt_mm_unpin(m.r.v, space->held);
	/* A page that cannot be tracked is compared instead. */
	ck_assert_uint_eq(failed, op == MPT_OP_ID_enable_page_track ? 0 : n - 1);
	ck_assert_uint_gt(n, 4);
	close_tree();
}
END_TEST

START_TEST(nor_for_lack_of_memory_or_pages)
{
	unsigned long n;
	int ret = 0;

	open_tree("mock");
	rich_tree();
	pin();
	put();
	hold();
	for (n = 1; n < 100; n++) {
		u64 spare[4];

		if (_i)
			pm_page_limit = (long)n - 1;
		else
			mpt_alloc_fail_at(n);
		ret = gvt_mm_pin(m.r.v, space->held, spare);
		mpt_alloc_fail_at(0);
		pm_page_limit = -1;
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		nothing_left();
	}
	/* Five tables. */
	ck_assert_uint_eq(n, 6);
	rig_ok(ret);
	gvt_mm_unpin(m.r.v, space->held);
	pin();
	close_tree();
}
END_TEST

/* A page of 2 MiB in one piece is one mapping, else 512 in a page table of our own. */
START_TEST(a_2_mib_page)
{
	static const char *const specs[] = { "check,mock", "check,mock:contig=no" };

	open_tree(specs[_i]);
	pm_set(&m, DIR2, 1, 0x800000 | 0x1083);
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 4 + (u64)_i);
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + (_i ? 512 : 1));
	pm_compare_va(&m, space, root, 0x200000);
	pm_compare_va(&m, space, root, 0x3ff000);
	ck_assert_uint_eq(shadow(PM_PD, 1) & 0x80, _i ? 0 : 0x80);
	/* Each way that it can go. */
	pm_set(&m, DIR2, 1, 0xa00000 | 0x83);
	pin();
	pm_set(&m, DIR2, 1, 0);
	pin();
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES);
	pm_set(&m, DIR2, 1, 0x800000 | 0x83);
	pin();
	put();
	nothing_left();
	close_tree();
}
END_TEST

/* A table with 64 KiB entries and the same page without are two shadows. */
START_TEST(the_same_page_with_64_kib_entries_and_without)
{
	open_tree(RIG_SPEC);
	rich_tree();
	pm_set(&m, DIR2, 4, entry_of(OTHER));
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 6);
	ck_assert_uint_eq(info().ppgtt_tracked, tracked(5));
	pm_compare_va(&m, space, root, 0x200000 * 2 + 0xf000);
	pm_compare_va(&m, space, root, 0x200000 * 4 + 0x1000);
	pm_compare_va(&m, space, root, 0x200000 * 4 + 0x10000);
	/* A PDE that says the other now. */
	pm_set(&m, DIR2, 2, entry_of(OTHER));
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 5);
	pm_set(&m, DIR2, 2, entry_of(OTHER) | 0x800);
	pm_set(&m, DIR2, 4, entry_of(OTHER) | 0x800);
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 5);
	pm_compare_va(&m, space, root, 0x200000 * 4 + 0x1000);
	/* And bit 11 means nothing any more. */
	rig_reg_set(&m.r, 0x4080, 0);
	m.ips = false;
	pin();
	pm_compare_va(&m, space, root, 0x200000 * 4 + 0x1000);
	close_tree();
}
END_TEST

START_TEST(entries_without_ram_are_left_out)
{
	open_tree(RIG_SPEC);
	pm_set(&m, PT, 3, NO_RAM | 3);
	pm_set(&m, DIR2, 1, NO_RAM | 3);
	pm_set(&m, DIR2, 2, NO_RAM | 0x83);
	pm_set(&m, DIR3, 1, NO_RAM | 3);
	pm_set(&m, DIR3, 2, 0x40000083); /* 1 GiB */
	pm_set(&m, ROOT, 1, NO_RAM | 3);
	pin();
	ck_assert_uint_eq(shadow(PM_PT, 3), 0);
	ck_assert_uint_eq(shadow(PM_PD, 1), 0);
	ck_assert_uint_eq(shadow(PM_PD, 2), 0);
	ck_assert_uint_eq(shadow(PM_PDP, 1), 0);
	ck_assert_uint_eq(shadow(PM_PDP, 2), 0);
	ck_assert_uint_eq(shadow(PM_PML4, 1), 0);
	ck_assert_uint_eq(info().ppgtt_scratch, 6);
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	/* They are not tried again and again. */
	pin();
	ck_assert_uint_eq(info().ppgtt_scratch, 6);
	close_tree();
}
END_TEST

static struct intel_gvt_mpt odd_table;
static const struct intel_gvt_mpt *real;
static u64 odd_bus;
static unsigned int odd_maps;

/* A back end whose large pages are where an entry cannot point. */
static int odd_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *dma)
{
	if (size != MPT_HUGE_SIZE)
		return real->dma_map_guest_page(handle, gfn, size, dma);
	odd_maps++;
	*dma = odd_bus;
	return 0;
}

static void odd_unmap(unsigned long handle, dma_addr_t dma)
{
	if (dma == odd_bus)
		odd_maps--;
	else
		real->dma_unmap_guest_page(handle, dma);
}

/* Not aligned, beyond the entry's bits, in the device's own pages: split, and given back. */
START_TEST(a_large_page_where_no_entry_can_point)
{
	u64 own;

	open_tree(RIG_SPEC);
	own = m.r.gvt->hw.own_bus;
	odd_bus = ((u64[]){ 0x12345000, 1ULL << 46, own & ~0x1fffffULL, own - 0x100000 })[_i];
	pm_set(&m, DIR2, 1, 0x800000 | 0x83);
	real = m.r.v->base.mpt;
	odd_table = *real;
	odd_table.dma_map_guest_page = odd_map;
	odd_table.dma_unmap_guest_page = odd_unmap;
	m.r.v->base.mpt = &odd_table;
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	gvt_mm_unpin(m.r.v, space->held);
	m.r.v->base.mpt = real;
	ck_assert_uint_eq(odd_maps, 0);
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 512);
	pm_compare_va(&m, space, root, 0x200000);
	close_tree();
}
END_TEST

/* 1 MiB of the 2 is there. */
START_TEST(a_2_mib_page_that_is_partly_ram)
{
	open_tree(RIG_SPEC);
	pm_set(&m, DIR2, 1, RIG_EXTRA | 0x83);
	pin();
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 256);
	pm_compare_va(&m, space, root, 0x200000 + 0xff000);
	pm_compare_va(&m, space, root, 0x200000 + 0x100000);
	close_tree();
}
END_TEST

/* Every entry of the root names the root: it serves as a table of each kind, and as a page. */
START_TEST(a_table_may_name_itself)
{
	unsigned int i;

	open_tree(RIG_SPEC);
	for (i = 0; i < 512; i++)
		pm_set(&m, ROOT, i, entry_of(ROOT));
	pin();
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	ck_assert_uint_eq(info().ppgtt_tracked, tracked(1));
	ck_assert_uint_eq(info().ppgtt_mapped, 512);
	pm_compare_va(&m, space, root, 0xffffffffffff & ~0xfffULL);
	/* One store changes it at all four levels. */
	pm_set(&m, ROOT, 0, leaf_of(0));
	pin();
	pm_set(&m, ROOT, 0, 0);
	pin();
	put();
	nothing_left();
	close_tree();
}
END_TEST

START_TEST(spaces_share_tables)
{
	struct pm_space *first = space;

	open_tree(RIG_SPEC);
	first = space;
	pin();
	space = &m.space[1];
	space->levels = 3;
	space->pdp[1] = pm_gpa(DIR2);
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	space->shadowed = true;
	ck_assert_uint_eq(root[0], 0);
	ck_assert_uint_eq(root[2], 0);
	pm_compare_va(&m, space, root, 1ULL << 30);
	pm_compare_va(&m, space, root, 1ULL << 30 | 0x3000);
	pm_compare_sets(&m);
	gvt_mm_unpin(m.r.v, space->held);
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	space = first;
	put();
	ck_assert_uint_eq(info().ppgtt_tables, 2);
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES);
	pm_compare_sets(&m);
	space = &m.space[1];
	close_tree();
}
END_TEST

static TCase *add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *ppgtt_suite(void)
{
	Suite *s = suite_create("gvt-ppgtt");
	TCase *tc = add_case(s, "spaces");

	tcase_add_test(tc, roots_are_checked);
	tcase_add_test(tc, same_roots_are_one_space);
	tcase_add_test(tc, the_guest_notifies);
	tcase_add_test(tc, a_guest_destroys_only_what_it_created);
	tc = add_case(s, "tables");
	tcase_add_test(tc, nothing_is_shadowed_before_the_first_pin);
	tcase_add_test(tc, a_table_at_frame_0);
	tcase_add_test(tc, a_failed_root_gives_back_the_others);
	tcase_add_loop_test(tc, a_failed_population_is_undone, 0, N(fallible));
	tcase_add_loop_test(tc, nor_for_lack_of_memory_or_pages, 0, 2);
	tcase_add_loop_test(tc, a_2_mib_page, 0, 2);
	tcase_add_test(tc, the_same_page_with_64_kib_entries_and_without);
	tcase_add_test(tc, entries_without_ram_are_left_out);
	tcase_add_loop_test(tc, a_large_page_where_no_entry_can_point, 0, 4);
	tcase_add_test(tc, a_2_mib_page_that_is_partly_ram);
	tcase_add_test(tc, a_table_may_name_itself);
	tcase_add_test(tc, spaces_share_tables);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ppgtt_suite };

	return mpt_test_main("gvt_ppgtt", suites, N(suites));
}
