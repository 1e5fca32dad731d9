/* SPDX-License-Identifier: MIT */
/*
 * PV MMIO of page tables: what is tracked while the guest announces its changes, which tables an
 * announced range concerns, what becomes of changes that are not announced, and what hostile guests
 * can announce. Shadows are compared with the model's walk of guest memory.
 */
#include "lib/runner.h"
#include "ppgtt_model.h"
#include "pvmmio_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define LEVEL 0x10U
#define NOTIFY (GVT_PVINFO_OFFSET + 0x818)
#define CREATE 4U
#define INSERT 10U
#define WHOLE (1ULL << 48)
#define VA(pml4, pdp, pd, pt) \
	((u64)(pml4) << 39 | (u64)(pdp) << 30 | (u64)(pd) << 21 | (u64)(pt) << 12)

static const char *const modes[] = {
	"check,mock",
	"check,mock:trap=after",
	"check,mock:track=no",
	"check,mock:contig=no",
};

static void pv_model(struct ppgtt_model *m, const char *spec)
{
	memset(m, 0, sizeof(*m));
	pv_open_spec(&m->r, spec, 0x1f);
	pm_begin(m, spec);
}

/* Space 0 has its root in @frame, and submission holds it. */
static void hold(struct ppgtt_model *m, unsigned int frame)
{
	struct pm_space *s = &m->space[0];

	s->levels = 4;
	s->pdp[0] = pm_gpa(frame);
	rig_write(&m->r, GVT_PVINFO_OFFSET + 0x838, s->pdp[0], 8);
	rig_reg_set(&m->r, NOTIFY, CREATE);
	ck_assert_uint_eq(rig_info(&m->r).ppgtt_spaces, 1);
	rig_ok(gvt_mm_get(m->r.v, 4, s->pdp, &s->held));
}

static void drop(struct ppgtt_model *m)
{
	gvt_mm_put(m->r.v, m->space[0].held);
	pm_close_all(m);
}

static void announce_of(struct ppgtt_model *m, u32 command, u64 pdp, u64 start, u64 length)
{
	rig_write(&m->r, PV_SHARED + 0x88, pdp, 8);
	rig_write(&m->r, PV_SHARED + 0x90, start, 8);
	rig_write(&m->r, PV_SHARED + 0x98, length, 8);
	rig_reg_set(&m->r, NOTIFY, command);
}

static void announce(struct ppgtt_model *m, u64 start, u64 length)
{
	announce_of(m, INSERT, m->space[0].pdp[0], start, length);
}

static void pinned(struct ppgtt_model *m, u64 root[4])
{
	rig_ok(gvt_mm_pin(m->r.v, m->space[0].held, root));
	gvt_mm_unpin(m->r.v, m->space[0].held);
}

/* Whether the device finds the guest's @page at an address; @page 0: nothing. */
static bool is(struct ppgtt_model *m, u64 va, u64 page)
{
	struct pm_walk have;
	u64 root[4];

	pinned(m, root);
	have = pm_walk_shadow(PM_PML4, root[0], va);
	if (!page)
		return !have.mapped;
	return have.mapped && have.addr == pm_bus_of(m, page);
}

static void same(struct ppgtt_model *m, u64 va)
{
	u64 root[4];

	pinned(m, root);
	pm_compare_va(m, &m->space[0], root, va);
}

static void table(struct ppgtt_model *m, unsigned int frame, unsigned int index, unsigned int to)
{
	pm_set(m, frame, index, pm_gpa(to) | 3);
}

#define PAGE_A 0x400000ULL
#define PAGE_B 0x500000ULL

/* 1: PML4, 2: PDP; its entries 0 and 1: 3 and 6; theirs 0, 511 and 0, 1: 4, 5 and 7, 8. */
static void tree(struct ppgtt_model *m)
{
	static const unsigned int leaf[] = { 4, 5, 7, 8 };
	size_t i;

	table(m, 1, 0, 2);
	table(m, 2, 0, 3);
	table(m, 2, 1, 6);
	table(m, 3, 0, 4);
	table(m, 3, 511, 5);
	table(m, 6, 0, 7);
	table(m, 6, 1, 8);
	for (i = 0; i < N(leaf); i++) {
		pm_set(m, leaf[i], 0, PAGE_A | 3);
		pm_set(m, leaf[i], 511, PAGE_A | 3);
	}
}

static const struct {
	u64 va;
	unsigned int frame, index;
} leaves[] = {
	{ VA(0, 0, 0, 0), 4, 0 },   { VA(0, 0, 0, 511), 4, 511 }, { VA(0, 0, 511, 0), 5, 0 },
	{ VA(0, 0, 511, 511), 5, 511 }, { VA(0, 1, 0, 0), 7, 0 }, { VA(0, 1, 0, 511), 7, 511 },
	{ VA(0, 1, 1, 0), 8, 0 },   { VA(0, 1, 1, 511), 8, 511 },
};

/* --- what is tracked --- */

/* _i: the mode. */
START_TEST(nothing_is_tracked)
{
	static struct ppgtt_model m;
	u64 tables, sent;

	pv_model(&m, modes[_i]);
	tree(&m);
	hold(&m, 1);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	tables = rig_info(&m.r).ppgtt_tables;
	ck_assert_uint_eq(tables, 8);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, m.track ? 8 : 0);
	pm_set(&m, 4, 0, PAGE_B | 3);
	pv_enable(&m.r, LEVEL);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 0);
	/* Stored before the first pin, so seen by it. */
	pm_set(&m, 4, 511, PAGE_B | 3);
	ck_assert(is(&m, leaves[0].va, PAGE_B) && is(&m, leaves[1].va, PAGE_B));
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 0);
	ck_assert_uint_eq(mpt_vm_tracked(m.r.vm, pm_gpa(4) >> 12), 0);
	/* A new table neither. */
	table(&m, 3, 9, 9);
	announce(&m, VA(0, 0, 9, 0), 1);
	same(&m, VA(0, 0, 9, 0));
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tables, 9);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 0);
	/* Without the level all are compared once more, and tracked. */
	pm_set(&m, 4, 0, PAGE_A | 3);
	ck_assert(is(&m, leaves[0].va, PAGE_B));
	sent = rig_info(&m.r).ppgtt_notify;
	pv_enable(&m.r, 0xf);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, m.track ? 9 : 0);
	pm_set(&m, 4, 0, PAGE_B | 3);
	ck_assert(is(&m, leaves[0].va, PAGE_B));
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_notify, sent);
	drop(&m);
}
END_TEST

/* Other levels that come and go change nothing in this. */
START_TEST(other_levels)
{
	static struct ppgtt_model m;

	pv_model(&m, modes[0]);
	tree(&m);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL | 1);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	pv_enable(&m.r, LEVEL | 2);
	pm_set(&m, 4, 0, PAGE_B | 3);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	announce(&m, 0, 1);
	ck_assert(is(&m, leaves[0].va, PAGE_B));
	drop(&m);
}
END_TEST

/* --- ranges --- */

static const struct {
	u64 start, length;
	u32 seen; /* bit n: the table of leaves[n] is looked at */
} ranges[] = {
	{ 0, 1, 0x03 },
	{ 0x1fffff, 1, 0x03 },
	{ 0x200000, 1, 0 },
	{ 0x200000, VA(0, 0, 511, 0) - 0x200000, 0 },
	{ 0x1fffff, VA(0, 0, 511, 0) - 0x200000 + 2, 0x0f },
	{ VA(0, 0, 511, 511), 4096, 0x0c },
	{ VA(0, 1, 0, 0) - 1, 2, 0x3c },
	{ VA(0, 1, 0, 0) - 1, 0x200002, 0xfc },
	{ VA(0, 1, 1, 0), VA(0, 0, 1, 0), 0xc0 },
	{ VA(0, 1, 2, 0), WHOLE - VA(0, 1, 2, 0), 0 },
	{ VA(0, 2, 0, 0), 1, 0 },
	{ VA(1, 0, 0, 0), 1, 0 },
	{ WHOLE - 1, 1, 0 },
	{ 0, WHOLE, 0xff },
	{ VA(0, 0, 511, 0), WHOLE - VA(0, 0, 511, 0), 0xfc },
	/* Nothing, and what is no range. */
	{ 0, 0, 0 },
	{ WHOLE, 0, 0 },
	{ 1, WHOLE, 0 },
	{ 0, WHOLE + 1, 0 },
	{ WHOLE, 1, 0 },
	{ ~0ULL, 2, 0 },
	{ 4096, ~0ULL, 0 },
	{ ~0ULL, ~0ULL, 0 },
	{ 1ULL << 63, 1ULL << 63, 0 },
};

/* _i: the range; by each of the three commands. */
START_TEST(a_range)
{
	static struct ppgtt_model m;
	u32 command, n;

	pv_model(&m, modes[0]);
	tree(&m);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	for (command = 8; command <= 10; command++) {
		for (n = 0; n < N(leaves); n++)
			pm_set(&m, leaves[n].frame, leaves[n].index, PAGE_B | 3);
		announce_of(&m, command, m.space[0].pdp[0], ranges[_i].start, ranges[_i].length);
		for (n = 0; n < N(leaves); n++)
			if (!is(&m, leaves[n].va, ranges[_i].seen >> n & 1 ? PAGE_B : PAGE_A))
				ck_abort_msg("command %u, leaf %u", command, n);
		for (n = 0; n < N(leaves); n++)
			pm_set(&m, leaves[n].frame, leaves[n].index, PAGE_A | 3);
		announce(&m, 0, WHOLE);
		for (n = 0; n < N(leaves); n++)
			ck_assert(is(&m, leaves[n].va, PAGE_A));
	}
	ck_assert_int_eq(rig_info(&m.r).failsafe, GVT_FAILSAFE_NONE);
	ck_assert_uint_eq(rig_info(&m.r).errors, 0);
	drop(&m);
}
END_TEST

/* Above the last level: tables that come, go, and take another's place. */
START_TEST(upper_levels)
{
	static struct ppgtt_model m;

	pv_model(&m, modes[0]);
	tree(&m);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL);
	same(&m, 0);
	pm_set(&m, 1, 0, 0);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	announce(&m, VA(5, 0, 0, 0), 1);
	/* The root is looked at whatever is announced below it. */
	ck_assert(is(&m, leaves[0].va, 0));
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tables, 1);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_mapped, 0);
	table(&m, 1, 5, 2);
	announce(&m, VA(5, 1, 0, 0), 1);
	same(&m, VA(5, 1, 0, 0));
	ck_assert(is(&m, VA(5, 1, 1, 511), PAGE_A));
	table(&m, 2, 1, 3);
	announce(&m, VA(5, 0, 0, 0), 1);
	same(&m, VA(5, 1, 511, 0));
	ck_assert(is(&m, VA(5, 1, 511, 0), PAGE_A) && is(&m, VA(5, 1, 1, 511), 0));
	pm_set(&m, 3, 7, 0x600083);
	announce(&m, VA(5, 0, 7, 300), 1);
	ck_assert(is(&m, VA(5, 0, 7, 300), 0x600000 + 300 * 4096));
	drop(&m);
}
END_TEST

/* --- what is hostile, or merely goes --- */

/* 2^27 ways lead through the tables. What hangs on the last entry is seen all the same. */
START_TEST(many_ways)
{
	static struct ppgtt_model m;
	unsigned int frame, i;

	pv_model(&m, modes[0]);
	for (frame = 1; frame < 4; frame++)
		for (i = 0; i < 512; i++)
			table(&m, frame, i, frame + 1);
	table(&m, 1, 511, 5);
	table(&m, 5, 511, 6);
	table(&m, 6, 511, 7);
	pm_set(&m, 7, 511, PAGE_A | 3);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL);
	ck_assert(is(&m, WHOLE - 1, PAGE_A));
	pm_set(&m, 7, 511, PAGE_B | 3);
	pm_set(&m, 4, 7, PAGE_B | 3);
	announce(&m, 0, WHOLE);
	ck_assert(is(&m, WHOLE - 1, PAGE_B));
	ck_assert(is(&m, VA(9, 8, 10, 7), PAGE_B));
	drop(&m);
}
END_TEST

START_TEST(of_no_address_space)
{
	static struct ppgtt_model m;
	static const u64 other[] = { 0, 1, 4096 * 5, ~0ULL, 1ULL << 47, 4096 + 8 };
	u64 before;
	size_t i;

	pv_model(&m, modes[0]);
	tree(&m);
	pv_enable(&m.r, LEVEL);
	before = rig_info(&m.r).ppgtt_notify;
	for (i = 0; i < N(other); i++)
		announce_of(&m, INSERT, other[i], 0, WHOLE);
	ck_assert_int_eq(gvt_ppgtt_changed(m.r.v, 4096, 0, 1), -ENOENT);
	hold(&m, 1);
	/* There, but not shadowed yet. */
	announce(&m, 0, WHOLE);
	ck_assert_int_eq(gvt_ppgtt_changed(m.r.v, 4096, 0, 1), 0);
	ck_assert_int_eq(gvt_ppgtt_changed(m.r.v, 4096, 1, WHOLE), -EINVAL);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	pm_set(&m, 4, 0, PAGE_B | 3);
	for (i = 0; i < N(other); i++)
		announce_of(&m, INSERT, other[i], 0, WHOLE);
	ck_assert(is(&m, leaves[0].va, PAGE_A));
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_notify, before + 2 * N(other) + 2);
	ck_assert_int_eq(rig_info(&m.r).failsafe, GVT_FAILSAFE_NONE);
	drop(&m);
}
END_TEST

/* Without the level an announcement is nothing, whatever else is granted. */
START_TEST(not_granted)
{
	static struct ppgtt_model m;

	pv_model(&m, "check,mock:track=no");
	tree(&m);
	hold(&m, 1);
	announce(&m, 0, WHOLE);
	pv_enable(&m.r, 0xf);
	announce(&m, 0, WHOLE);
	pm_set(&m, 4, 0, PAGE_B | 3);
	ck_assert(is(&m, leaves[0].va, PAGE_B)); /* compared anyway */
	ck_assert_int_eq(rig_info(&m.r).failsafe, GVT_FAILSAFE_NONE);
	drop(&m);
}
END_TEST

/* RAM that goes is not asked about. */
START_TEST(ram_goes)
{
	static struct ppgtt_model m;

	pv_model(&m, modes[0]);
	tree(&m);
	pm_set(&m, 4, 3, RIG_EXTRA | 3);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL);
	ck_assert(is(&m, VA(0, 0, 0, 3), RIG_EXTRA));
	rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	m.extra = false;
	ck_assert(is(&m, VA(0, 0, 0, 3), 0));
	same(&m, VA(0, 0, 0, 0));
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	m.extra = true;
	ck_assert(is(&m, VA(0, 0, 0, 3), RIG_EXTRA));
	drop(&m);
}
END_TEST

/* The level ends with BAR0's place; a GT reset keeps it, DMLR does not. */
START_TEST(the_level_ends)
{
	static struct ppgtt_model m;

	pv_model(&m, modes[0]);
	tree(&m);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL);
	same(&m, 0);
	rig_cfg_write(&m.r, 0x04, 0, 2);
	pv_is(&m.r, 0);
	same(&m, 0);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 8);
	rig_cfg_write(&m.r, 0x04, 6, 2);
	pv_enable(&m.r, LEVEL);
	rig_reg_set(&m.r, 0x941c, 1);
	pv_is(&m.r, LEVEL);
	gvt_mm_put(m.r.v, m.space[0].held);
	hold(&m, 1);
	same(&m, 0);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 0);
	m.r.ops->vgpu_reset(m.r.vgpu);
	pv_is(&m.r, 0);
	gvt_mm_put(m.r.v, m.space[0].held);
	rig_cfg_place(&m.r);
	hold(&m, 1);
	same(&m, 0);
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 8);
	drop(&m);
}
END_TEST

/* Hardware that has no pages for shadow tables. */
START_TEST(nothing_to_shadow_with)
{
	struct gvt_config config = { .size = sizeof(config),
				     .aperture = 256ULL << 20,
				     .pvmmio = 0x1f };
	struct gvt_hw hw;
	struct rig r;

	rig_open(&r);
	if (!rig_has(&r, MPT_CAP_PVMMIO)) {
		mpt_test_skip("no PV MMIO here");
		rig_close(&r);
		return;
	}
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	rig_ok(gvt_close(r.gvt));
	rig_ok(gvt_swgpu_new(r.host, config.aperture, &hw));
	hw.page_new = NULL;
	hw.page_free = NULL;
	hw.own_bus = 0;
	config.hw = &hw;
	rig_ok(gvt_open(r.host, &config, &r.gvt));
	rig_vgpu(&r);
	rig_cfg_place(&r);
	rig_reg_set(&r, PV_ENABLE, 0x1f);
	pv_is(&r, 0xf);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	rig_ok(gvt_close(r.gvt));
	hw.close(hw.priv);
	/* For the end, which closes a device. */
	rig_ok(gvt_open(r.host, NULL, &r.gvt));
	r.vgpu = NULL;
	rig_close(&r);
}
END_TEST

/* --- a random guest, that announces before it submits --- */

static u64 random_entry(struct ppgtt_model *m, unsigned int frame)
{
	u64 to = pm_random(m) % 4 ? pm_gpa(1 + (frame + pm_random(m) % 6) % 12) :
				    PAGE_A + (pm_random(m) % 64 << 12);

	return pm_random(m) % 8 ? to | 3 | (pm_random(m) % 32 ? 0 : 0x80) : 0;
}

static u64 random_va(struct ppgtt_model *m)
{
	static const unsigned int place[] = { 0, 1, 511 };

	return VA(place[pm_random(m) % 3], place[pm_random(m) % 3], place[pm_random(m) % 3],
		  place[pm_random(m) % 3]);
}

START_TEST(random_guest)
{
	static const unsigned int place[] = { 0, 1, 511 };
	static struct ppgtt_model m;
	unsigned int round, i, frame;
	u64 root[4];

	pv_model(&m, modes[_i]);
	hold(&m, 1);
	pv_enable(&m.r, LEVEL);
	for (round = 0; round < 400; round++) {
		for (i = pm_random(&m) % 12; i; i--) {
			frame = 1 + pm_random(&m) % 12;
			pm_set(&m, frame, place[pm_random(&m) % 3], random_entry(&m, frame));
		}
		announce(&m, 0, WHOLE);
		pinned(&m, root);
		for (i = 0; i < 81; i++)
			pm_compare_va(&m, &m.space[0], root, random_va(&m));
		ck_assert_uint_eq(rig_info(&m.r).ppgtt_tracked, 0);
	}
	drop(&m);
}
END_TEST

static Suite *ppgtt_suite(void)
{
	Suite *s = suite_create("gvt_pvmmio_ppgtt");
	TCase *tc = tcase_create("page tables");

	tcase_add_loop_test(tc, nothing_is_tracked, 0, N(modes));
	tcase_add_test(tc, other_levels);
	tcase_add_loop_test(tc, a_range, 0, N(ranges));
	tcase_add_test(tc, upper_levels);
	tcase_add_test(tc, many_ways);
	tcase_add_test(tc, of_no_address_space);
	tcase_add_test(tc, not_granted);
	tcase_add_test(tc, ram_goes);
	tcase_add_test(tc, the_level_ends);
	tcase_add_test(tc, nothing_to_shadow_with);
	tcase_add_loop_test(tc, random_guest, 0, N(modes));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ppgtt_suite };

	return mpt_test_main("gvt_pvmmio_ppgtt", suites, N(suites));
}
