/* SPDX-License-Identifier: MIT */
/*
 * Shadow tables at their limits: quotas, what gives way for what, RAM that goes, resets, hardware
 * without pages.
 */
#include "lib/runner.h"
#include "gvt_second.h"
#include "ppgtt_rig.h"

#define MIB (1ULL << 20)
#define GDRST 0x941cU

#define SPACES 4096U

static u64 *space_no(unsigned int i)
{
	static u64 pdp[4];

	pdp[0] = MIB + 4096ULL * i;
	return pdp;
}

/* The guest has no answer to a creation, so none fails: what was used least recently gives way. */
START_TEST(spaces_have_a_quota)
{
	struct gvt_mm *first, *third;
	unsigned int i;

	open_tree(RIG_SPEC);
	for (i = 0; i < SPACES; i++)
		rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space_no(i)));
	rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space_no(1)));
	rig_ok(gvt_mm_get(m.r.v, 4, space_no(0), &first));
	ck_assert_uint_eq(info().ppgtt_spaces, SPACES);
	rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space_no(SPACES)));
	ck_assert_uint_eq(info().ppgtt_spaces, SPACES);
	/* That was number 1, created twice; number 0 is at work. Number 2 goes for its sake. */
	rig_ok(gvt_mm_get(m.r.v, 4, space_no(1), &third));
	ck_assert_uint_eq(info().ppgtt_spaces, SPACES);
	gvt_mm_put(m.r.v, third);
	gvt_mm_put(m.r.v, first);
	/* Three creations were forgotten, so three destructions are believed. */
	for (i = 0; i <= SPACES; i++)
		rig_ok(gvt_ppgtt_notify(m.r.v, false, 4, space_no(i)));
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	rig_ok(gvt_ppgtt_notify(m.r.v, false, 4, space_no(1)));
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, false, 4, space_no(1)), -ENOENT);
	close_tree();
}
END_TEST

START_TEST(submission_holds_all)
{
	static struct gvt_mm *held[SPACES];
	struct gvt_mm *mm;
	unsigned int i;

	open_tree(RIG_SPEC);
	for (i = 0; i < SPACES; i++)
		rig_ok(gvt_mm_get(m.r.v, 4, space_no(i), &held[i]));
	ck_assert_int_eq(gvt_mm_get(m.r.v, 4, space_no(SPACES), &mm), -ENOSPC);
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, true, 4, space_no(SPACES)), -ENOSPC);
	for (i = 0; i < SPACES; i++)
		gvt_mm_put(m.r.v, held[i]);
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	close_tree();
}
END_TEST

/* --- when pages run out --- */

/* A space of so many page tables: each holds one page, its directory's entries name others. */
static struct gvt_mm *big_space(struct rig *r, u64 at, unsigned int tables)
{
	u64 pdp[4] = { at }, dir = at + 0x2000, pt = at + 0x20000, e;
	struct gvt_mm *mm;
	unsigned int i;

	e = (at + 0x1000) | 3;
	rig_ok(mpt_guest_write(r->vm, at, &e, 8));
	for (i = 0; i < tables; i++) {
		if (i % 512 == 0) {
			e = (dir + i / 512 * 4096ULL) | 3;
			rig_ok(mpt_guest_write(r->vm, at + 0x1000 + i / 512 * 8, &e, 8));
		}
		e = (pt + i * 4096ULL) | 3;
		rig_ok(mpt_guest_write(r->vm, dir + i * 8ULL, &e, 8));
	}
	rig_ok(gvt_mm_get(r->v, 4, pdp, &mm));
	return mm;
}

START_TEST(the_quota)
{
	struct gvt_mm *a, *b, *huge;
	u64 r4[4];

	open_tree("mock");
	a = big_space(&m.r, MIB, 3000);
	b = big_space(&m.r, 16 * MIB, 6000);
	/* The two do not fit together: the one not in use gives way, the one in use does not. */
	rig_ok(gvt_mm_pin(m.r.v, a, r4));
	ck_assert_uint_eq(info().ppgtt_tables, 3000 + 6 + 2);
	ck_assert_int_eq(gvt_mm_pin(m.r.v, b, r4), -ENOSPC);
	ck_assert_uint_eq(info().ppgtt_tables, 3000 + 6 + 2);
	gvt_mm_unpin(m.r.v, a);
	rig_ok(gvt_mm_pin(m.r.v, b, r4));
	ck_assert_uint_eq(info().ppgtt_tables, 6000 + 12 + 2);
	gvt_mm_unpin(m.r.v, b);
	/* It comes back when it is needed. */
	rig_ok(gvt_mm_pin(m.r.v, a, r4));
	gvt_mm_unpin(m.r.v, a);
	gvt_mm_put(m.r.v, a);
	gvt_mm_put(m.r.v, b);
	nothing_left();
	huge = big_space(&m.r, MIB, 8190);
	ck_assert_int_eq(gvt_mm_pin(m.r.v, huge, r4), -ENOSPC);
	nothing_left();
	gvt_mm_put(m.r.v, huge);
	close_tree();
}
END_TEST

/* The order of use decides who gives way. */
START_TEST(the_least_recently_used_gives_way)
{
	struct gvt_mm *mm[3];
	u64 r4[4];
	unsigned int i;

	open_tree("mock");
	for (i = 0; i < 3; i++)
		mm[i] = big_space(&m.r, (16 + 4 * i) * MIB, 10);
	pm_page_limit = 2 * 13;
	for (i = 0; i < 2; i++) {
		rig_ok(gvt_mm_pin(m.r.v, mm[i], r4));
		gvt_mm_unpin(m.r.v, mm[i]);
	}
	rig_ok(gvt_mm_pin(m.r.v, mm[0], r4));
	gvt_mm_unpin(m.r.v, mm[0]);
	rig_ok(gvt_mm_pin(m.r.v, mm[2], r4));
	gvt_mm_unpin(m.r.v, mm[2]);
	ck_assert_uint_eq(info().ppgtt_tables, 26);
	ck_assert(mpt_vm_tracked(m.r.vm, 16 * MIB >> 12));
	ck_assert(!mpt_vm_tracked(m.r.vm, 20 * MIB >> 12));
	ck_assert(mpt_vm_tracked(m.r.vm, 24 * MIB >> 12));
	for (i = 0; i < 3; i++)
		gvt_mm_put(m.r.v, mm[i]);
	pm_page_limit = -1;
	close_tree();
}
END_TEST

/* C21: a pin that failed does not count, so what it was for can still give way. */
START_TEST(a_failed_pin_is_none)
{
	struct gvt_mm *other;
	u64 r4[4];

	open_tree("check,mock");
	space->pdp[0] = pm_gpa(PM_LOW_FRAMES);
	pm_set(&m, PM_LOW_FRAMES, 0, entry_of(DIR3));
	pin();
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	ck_assert_int_eq(pin_error(), -EFAULT);
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	memset(m.mem[PM_LOW_FRAMES], 0, (PM_FRAMES - PM_LOW_FRAMES) * 4096);
	pm_set(&m, PM_LOW_FRAMES, 0, entry_of(DIR3));
	pin();
	other = big_space(&m.r, 16 * MIB, 1);
	pm_page_limit = 0;
	rig_ok(gvt_mm_pin(m.r.v, other, r4));
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	gvt_mm_unpin(m.r.v, other);
	gvt_mm_put(m.r.v, other);
	pm_page_limit = -1;
	close_tree();
}
END_TEST

/* What one space lacks fails its pins, and no other's, until it is there. */
START_TEST(what_fails_one_space_fails_no_other)
{
	struct gvt_mm *other;
	u64 r4[4];

	open_tree("check,mock");
	other = big_space(&m.r, 16 * MIB, 1);
	rig_ok(gvt_mm_pin(m.r.v, other, r4));
	pin();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	pm_page_limit = 0;
	pm_set(&m, DIR2, 1, entry_of(OTHER));
	ck_assert_int_eq(pin_error(), -ENOMEM);
	rig_ok(gvt_mm_pin(m.r.v, other, r4));
	gvt_mm_unpin(m.r.v, other);
	ck_assert_int_eq(pin_error(), -ENOMEM);
	pm_page_limit = -1;
	gvt_mm_unpin(m.r.v, other);
	gvt_mm_put(m.r.v, other);
	gvt_mm_unpin(m.r.v, space->held);
	pin();
	close_tree();
}
END_TEST

/* The space whose table is just being worked on is the one that has to give way. */
START_TEST(a_space_gives_way_in_the_middle)
{
	struct gvt_mm *other;
	u64 r4[4];

	open_tree("mock");
	pin();
	pm_set(&m, DIR2, 1, entry_of(OTHER));
	pm_set(&m, DIR2, 2, entry_of(6));
	other = big_space(&m.r, 16 * MIB, 1);
	pm_page_limit = 4;
	rig_ok(gvt_mm_pin(m.r.v, other, r4));
	ck_assert_uint_eq(info().ppgtt_tables, 4);
	ck_assert_uint_eq(info().ppgtt_mapped, 0);
	pm_page_limit = -1;
	pin();
	gvt_mm_unpin(m.r.v, other);
	gvt_mm_put(m.r.v, other);
	close_tree();
}
END_TEST

/* Another vGPU gives way only while nobody works there, and nobody comes or goes. */
START_TEST(another_vgpu_is_only_tried)
{
	struct gvt_mm *mine, *theirs;
	struct rig second;
	u64 r4[4];

	open_tree("mock");
	second_open(&m.r, &second);
	theirs = big_space(&second, 16 * MIB, 10);
	mine = big_space(&m.r, 16 * MIB, 10);
	pm_page_limit = 13;
	rig_ok(gvt_mm_pin(second.v, theirs, r4));
	ck_assert_int_eq(gvt_mm_pin(m.r.v, mine, r4), -ENOMEM);
	gvt_mm_unpin(second.v, theirs);
	gvt_lock(&second.v->lock);
	ck_assert_int_eq(gvt_mm_pin(m.r.v, mine, r4), -ENOMEM);
	gvt_unlock(&second.v->lock);
	pthread_mutex_lock(&m.r.gvt->lock);
	ck_assert_int_eq(gvt_mm_pin(m.r.v, mine, r4), -ENOMEM);
	pthread_mutex_unlock(&m.r.gvt->lock);
	ck_assert_uint_eq(rig_info(&second).ppgtt_tables, 13);
	rig_ok(gvt_mm_pin(m.r.v, mine, r4));
	ck_assert_uint_eq(rig_info(&second).ppgtt_tables, 0);
	ck_assert_uint_eq(info().ppgtt_tables, 13);
	gvt_mm_unpin(m.r.v, mine);
	gvt_mm_put(m.r.v, mine);
	gvt_mm_put(second.v, theirs);
	second_close(&m.r, &second);
	close_tree();
}
END_TEST

/* When nothing more can be mapped, what is not in use gives its mappings back. */
START_TEST(pins_run_out)
{
	struct pm_space *first;

	open_tree("check,mock:pins=10");
	first = space;
	pin();
	space = &m.space[1];
	space->levels = 4;
	space->pdp[0] = pm_gpa(OTHER);
	pm_set(&m, OTHER, 0, entry_of(6));
	pm_set(&m, 6, 0, entry_of(7));
	pm_set(&m, 7, 0, entry_of(8));
	pm_set(&m, 8, 0, 0x600003);
	pm_set(&m, 8, 1, 0x601003);
	pm_set(&m, 8, 2, 0x602003);
	first->shadowed = false;
	pin();
	close_tree();
	ck_assert_ptr_nonnull(first->held);
}
END_TEST

/* A store for which its own space has to give way: nobody submitted it, so nothing is lost. */
START_TEST(a_store_takes_its_own_space)
{
	open_tree("check,mock:pins=8");
	pin();
	pm_set(&m, PT, 20, 0x700003);
	nothing_left();
	ck_assert_uint_eq(m.mem[PT][20], 0x700003);
	pm_set(&m, PT, 2, 0);
	pin();
	close_tree();
}
END_TEST

/* --- RAM that goes and comes --- */

START_TEST(ram_under_leaves)
{
	open_tree(RIG_SPEC);
	pm_set(&m, PT, 2, RIG_EXTRA | 0x20003);
	pm_set(&m, DIR2, 1, RIG_EXTRA | 0x83);
	pm_set(&m, DIR2, 2, 0x800083);
	pin();
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	m.extra = false;
	ck_assert_uint_eq(shadow(PM_PT, 2), 0);
	pm_compare_sets(&m);
	pin();
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	m.extra = true;
	pin();
	ck_assert_uint_ne(shadow(PM_PT, 2), 0);
	pm_compare_va(&m, space, root, 0x200000);
	close_tree();
}
END_TEST

/* A whole page of 2 MiB of which half goes: the half that stays is there after the next pin. */
/* Told of one frame: a back end may give a page of 2 MiB out of several regions. */
START_TEST(ram_under_the_end_of_a_2_mib_page)
{
	open_tree(RIG_SPEC);
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, 2 * RIG_EXTRA_SIZE, 0));
	pm_set(&m, DIR2, 1, RIG_EXTRA | 0x83);
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 1);
	m.r.ops->guest_region_event(m.r.vgpu, (RIG_EXTRA >> 12) + 512, 1, false);
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 1);
	m.r.ops->guest_region_event(m.r.vgpu, (RIG_EXTRA >> 12) + 511, 1, false);
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES);
	ck_assert_uint_eq(shadow(PM_PD, 1), 0);
	gvt_mm_unpin(m.r.v, space->held);
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 1);
	gvt_mm_unpin(m.r.v, space->held);
	close_tree();
}
END_TEST

START_TEST(ram_under_a_2_mib_page)
{
	open_tree(RIG_SPEC);
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, 2 * RIG_EXTRA_SIZE, 0));
	pm_set(&m, DIR2, 1, RIG_EXTRA | 0x83);
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 1);
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, 2 * RIG_EXTRA_SIZE));
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES);
	ck_assert_uint_eq(shadow(PM_PD, 1), 0);
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	gvt_mm_unpin(m.r.v, space->held);
	pin();
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 256);
	close_tree();
}
END_TEST

/* Two regions under one page, so it is split; one of them goes. */
START_TEST(ram_under_part_of_a_split_page)
{
	open_tree(RIG_SPEC);
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA + RIG_EXTRA_SIZE, RIG_EXTRA_SIZE, 0));
	pm_set(&m, DIR2, 1, RIG_EXTRA | 0x83);
	hold();
	rig_ok(gvt_mm_pin(m.r.v, space->held, root));
	gvt_mm_unpin(m.r.v, space->held);
	/* A machine that has both in a row has nothing to split. */
	if (info().ppgtt_mapped == LEAVES + 1) {
		close_tree();
		return;
	}
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 512);
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA + RIG_EXTRA_SIZE, RIG_EXTRA_SIZE));
	ck_assert_uint_eq(info().ppgtt_mapped, LEAVES + 256);
	pm_compare_va(&m, space, root, 0x2ff000);
	pm_compare_va(&m, space, root, 0x300000);
	pin();
	close_tree();
}
END_TEST

/* _i: a page table, the root; the root while it is pinned. */
START_TEST(ram_under_tables)
{
	unsigned int frame = PM_LOW_FRAMES;
	u64 r4[4];

	open_tree("check,mock");
	pm_set(&m, frame, 0, _i ? entry_of(DIR3) : leaf_of(1));
	if (_i)
		space->pdp[0] = pm_gpa(frame);
	else
		pm_set(&m, DIR2, 1, entry_of(frame));
	pin();
	if (_i == 2)
		rig_ok(gvt_mm_pin(m.r.v, space->held, r4));
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	m.extra = false;
	memset(m.mem[frame], 0, 4096);
	ck_assert(!mpt_vm_tracked(m.r.vm, pm_gpa(frame) >> 12));
	if (_i) {
		ck_assert_uint_eq(info().ppgtt_mapped, 0);
		ck_assert_int_eq(pin_error(), -EFAULT);
		/* What the device may have in its hands is still there, and empty. */
		ck_assert_uint_eq(pm_page(root[0])[0], 0);
	} else {
		pin();
	}
	if (_i == 2)
		gvt_mm_unpin(m.r.v, space->held);
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	m.extra = true;
	/* What it held before is not taken for what it holds. */
	pm_set(&m, frame, 0, _i ? entry_of(DIR3) : leaf_of(1));
	pin();
	pm_compare_va(&m, space, root, 0x200000);
	close_tree();
}
END_TEST

/* --- resets and hardware --- */

START_TEST(a_reset_while_submission_holds_it)
{
	u64 r4[4];

	open_tree(RIG_SPEC);
	rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space->pdp));
	pin();
	rig_ok(gvt_mm_pin(m.r.v, space->held, r4));
	m.r.ops->vgpu_reset(m.r.vgpu);
	rig_cfg_place(&m.r);
	nothing_left();
	ck_assert_int_eq(pin_error(), -EIO);
	/* What the guest creates now is another one. */
	rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space->pdp));
	ck_assert_uint_eq(info().ppgtt_spaces, 2);
	gvt_mm_unpin(m.r.v, space->held);
	put();
	ck_assert_uint_eq(info().ppgtt_spaces, 1);
	pin();
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, false, 4, space->pdp), 0);
	close_tree();
}
END_TEST

/* i915 resets the GT before it gives its address spaces back: they are still there. */
START_TEST(a_reset_of_the_gt)
{
	open_tree(RIG_SPEC);
	rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space->pdp));
	pin();
	put();
	ck_assert_uint_ne(info().ppgtt_tables, 0);
	rig_reg_set(&m.r, GDRST, 1);
	nothing_left();
	ck_assert_uint_eq(info().ppgtt_spaces, 1);
	/* It works as before. */
	pin();
	ck_assert_uint_ne(info().ppgtt_tables, 0);
	put();
	rig_ok(gvt_ppgtt_notify(m.r.v, false, 4, space->pdp));
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, false, 4, space->pdp), -ENOENT);
	close_tree();
}
END_TEST

/* What was forgotten for want of room is forgotten for good. */
START_TEST(a_reset_of_the_device)
{
	unsigned int i;

	open_tree(RIG_SPEC);
	for (i = 0; i <= SPACES; i++)
		rig_ok(gvt_ppgtt_notify(m.r.v, true, 4, space_no(i)));
	m.r.ops->vgpu_reset(m.r.vgpu);
	rig_cfg_place(&m.r);
	ck_assert_uint_eq(info().ppgtt_spaces, 0);
	ck_assert_int_eq(gvt_ppgtt_notify(m.r.v, false, 4, space_no(0)), -ENOENT);
	close_tree();
}
END_TEST

START_TEST(a_space_held_at_destruction)
{
	open_tree(RIG_SPEC);
	pin();
	m.r.ops->vgpu_reset(m.r.vgpu);
	pm_close_all(&m);
}
END_TEST

START_TEST(hardware_without_pages)
{
	open_tree(RIG_SPEC);
	m.r.gvt->hw.page_new = NULL;
	ck_assert_int_eq(pin_error(), -EOPNOTSUPP);
	nothing_left();
	m.r.gvt->hw.page_new = pm_page_new;
	pin();
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

static Suite *limits_suite(void)
{
	Suite *s = suite_create("gvt-ppgtt-limits");
	TCase *tc = add_case(s, "limits");

	tcase_add_test(tc, spaces_have_a_quota);
	tcase_add_test(tc, submission_holds_all);
	tcase_add_test(tc, the_quota);
	tcase_add_test(tc, the_least_recently_used_gives_way);
	tcase_add_test(tc, a_failed_pin_is_none);
	tcase_add_test(tc, what_fails_one_space_fails_no_other);
	tcase_add_test(tc, a_space_gives_way_in_the_middle);
	tcase_add_test(tc, another_vgpu_is_only_tried);
	tcase_add_test(tc, pins_run_out);
	tcase_add_test(tc, a_store_takes_its_own_space);
	tc = add_case(s, "ram");
	tcase_add_test(tc, ram_under_leaves);
	tcase_add_test(tc, ram_under_a_2_mib_page);
	tcase_add_test(tc, ram_under_the_end_of_a_2_mib_page);
	tcase_add_test(tc, ram_under_part_of_a_split_page);
	tcase_add_loop_test(tc, ram_under_tables, 0, 3);
	tc = add_case(s, "resets");
	tcase_add_test(tc, a_reset_while_submission_holds_it);
	tcase_add_test(tc, a_reset_of_the_gt);
	tcase_add_test(tc, a_reset_of_the_device);
	tcase_add_test(tc, a_space_held_at_destruction);
	tcase_add_test(tc, hardware_without_pages);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { limits_suite };

	return mpt_test_main("gvt_ppgtt_limits", suites, 1);
}
