/* SPDX-License-Identifier: MIT */
/*
 * Opening the device, its types, and the partition: who gets which part of the aperture, of hidden
 * memory, of the fences.
 */
#include <mpt/backend.h>

#include "gvt_life.h"
#include "runner.h"

static struct life r;

static void setup(void)
{
	life_open(&r, "check,fault,mock", 256 * MIB);
}

static void teardown(void)
{
	life_close(&r);
}

static bool error_says(const char *text)
{
	return strstr(mpt_last_error(), text) != NULL;
}

/* --- the device --- */

static int try_open(const struct gvt_config *config)
{
	struct intel_gvt *gvt = NULL;
	int ret = gvt_open(r.host, config, &gvt);

	if (!ret)
		ck_assert_int_eq(gvt_close(gvt), 0);
	else
		ck_assert_ptr_null(gvt);
	return ret;
}

START_TEST(test_open_checks_its_configuration)
{
	struct gvt_config c = { .size = sizeof(c) };
	struct gvt_hw hw = { .size = sizeof(hw) };

	ck_assert_int_eq(gvt_close(r.gvt), 0);
	ck_assert_int_eq(try_open(NULL), 0);
	ck_assert_int_eq(try_open(&c), 0);
	c.platform = "skl";
	ck_assert_int_eq(try_open(&c), 0);
	c.platform = "xe";
	ck_assert_int_eq(try_open(&c), -ENOENT);
	ck_assert(error_says("skl"));
	c.platform = NULL;
	for (c.aperture = 1; c.aperture <= 2048 * MIB; c.aperture *= 2) {
		bool ok = c.aperture >= 256 * MIB && c.aperture <= 1024 * MIB;

		ck_assert_int_eq(try_open(&c), ok ? 0 : -EINVAL);
	}
	c.aperture = 257 * MIB;
	ck_assert_int_eq(try_open(&c), -EINVAL);
	c.aperture = 256 * MIB;
	c.aperture_mfn = ~0ULL;
	ck_assert_int_eq(try_open(&c), -EINVAL);
	c.aperture_mfn = 0x100000;
	ck_assert_int_eq(try_open(&c), 0);
	c.hw = &hw;
	ck_assert_int_eq(try_open(&c), -EINVAL);
	c.hw = NULL;
	c.size = 0;
	ck_assert_int_eq(try_open(&c), -EINVAL);
	/* A caller of an older header has a shorter structure: what it lacks is the default. */
	c.size = offsetof(struct gvt_config, aperture);
	c.aperture = 3;
	ck_assert_int_eq(try_open(&c), 0);
	ck_assert_int_eq(gvt_open(NULL, NULL, &r.gvt), -EINVAL);
	ck_assert_int_eq(gvt_open(r.host, NULL, &r.gvt), 0);
}
END_TEST

START_TEST(test_one_device_a_host)
{
	struct intel_gvt *gvt = NULL;

	ck_assert_int_eq(gvt_open(r.host, NULL, &gvt), -EEXIST);
	ck_assert_ptr_null(gvt);
	/* The first one still works. */
	life_create(&r, 0, NULL);
	ck_assert_int_eq(gvt_close(r.gvt), -EBUSY);
	life_destroy(&r, 0);
	ck_assert_int_eq(gvt_close(NULL), 0);
}
END_TEST

START_TEST(test_open_fails_without_a_trace)
{
	struct gvt_config c = { .size = sizeof(c), .aperture = 256 * MIB };
	unsigned long n;
	long live;
	int ret;

	ck_assert_int_eq(gvt_close(r.gvt), 0);
	live = mpt_alloc_live();
	for (n = 1; n < 100; n++) {
		mpt_alloc_fail_at(n);
		ret = gvt_open(r.host, &c, &r.gvt);
		if (!mpt_alloc_failed())
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_int_eq(mpt_alloc_live(), live);
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(n, 3);
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(gvt_close(r.gvt), 0);
	ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_ID_host_init, 1, -ENOMEM), 0);
	ck_assert_int_eq(gvt_open(r.host, &c, &r.gvt), -ENOMEM);
	ck_assert_int_eq(mpt_alloc_live(), live);
	/* The host has forgotten the core that could not be opened. */
	life_refused(&r, 0, NULL, -EINVAL);
	ck_assert(error_says("no core"));
	ck_assert_int_eq(gvt_open(r.host, &c, &r.gvt), 0);
}
END_TEST

START_TEST(test_all_entry_points_are_there)
{
	const struct intel_gvt_ops *ops = gvt_ops();
	void *const *slot = (void *const *)(const void *)ops;
	size_t i;

	ck_assert_ptr_eq(mpt_host_core(r.host)->ops, ops);
	ck_assert_uint_eq(mpt_host_core(r.host)->flags, MPT_CORE_STORES);
	ck_assert_uint_eq(sizeof(*ops), 14 * sizeof(void *));
	for (i = 0; i < 14; i++)
		ck_assert_ptr_nonnull(slot[i]);
	ck_assert_str_eq(gvt_platform_each(0), "skl");
	ck_assert_ptr_null(gvt_platform_each(5));
}
END_TEST

START_TEST(test_names_of_offsets)
{
	static const struct {
		u64 offset;
		const char *name, *group;
		bool known;
	} rows[] = {
		{ 0x44200, NULL, "irq", true },
		{ 0x78000, "PVINFO magic", "pvinfo", true },
		{ 0x78004, "PVINFO magic", "pvinfo", true },
		{ 0x78014, "PVINFO reserved", "pvinfo", false },
		{ 0x78fff, "PVINFO reserved", "pvinfo", false },
		{ 0x1ffffc, "unknown", "unknown", false },
		{ 0x200000, "hole", "unknown", false },
		{ 0x7ffffc, "hole", "unknown", false },
		{ 0x800000, "GGTT", "ggtt", true },
		{ 0xffffff, "GGTT", "ggtt", true },
		{ 0x1000000, "hole", "unknown", false },
		{ 0x100078000ULL, "hole", "unknown", false },
		{ ~0ULL, "hole", "unknown", false },
	};
	struct gvt_reg_desc d;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gvt_reg_describe(r.gvt, rows[i].offset, &d);
		if (rows[i].name)
			ck_assert_str_eq(d.name, rows[i].name);
		ck_assert_str_eq(d.group, rows[i].group);
		ck_assert_int_eq(d.known, rows[i].known);
	}
	ck_assert_str_eq(gvt_failsafe_name(GVT_FAILSAFE_RESOURCES), "insufficient resources");
	ck_assert_str_eq(gvt_failsafe_name((enum gvt_failsafe)99), "unknown");
}
END_TEST

/* --- types --- */

struct type_row {
	u64 aperture;
	unsigned int available[4]; /* of _8, _4, _2, _1 on an empty device; 0: no such type */
};

static const struct type_row type_rows[] = {
	{ 256, { 4, 2, 1, 0 } },
	{ 512, { 7, 4, 2, 1 } },
	{ 1024, { 7, 6, 3, 1 } },
};

static void check_type(struct intel_gvt *gvt, unsigned int i, unsigned int available)
{
	static const struct {
		const char *name;
		u64 low, high;
		u32 weight, width, height;
	} want[] = {
		{ "GVTg_V5_8", 64, 384, 2, 1024, 768 },
		{ "GVTg_V5_4", 128, 512, 4, 1920, 1200 },
		{ "GVTg_V5_2", 256, 1024, 8, 1920, 1200 },
		{ "GVTg_V5_1", 512, 2048, 16, 1920, 1200 },
	};
	struct intel_vgpu_type *t = gvt_type_each(gvt, i);

	if (!available) {
		ck_assert_ptr_null(t);
		ck_assert_ptr_null(gvt_ops()->gvt_find_vgpu_type(gvt, want[i].name));
		return;
	}
	ck_assert_ptr_nonnull(t);
	ck_assert_ptr_eq(gvt_ops()->gvt_find_vgpu_type(gvt, want[i].name), t);
	ck_assert_uint_eq(t->low_size, want[i].low * MIB);
	ck_assert_uint_eq(t->high_size, want[i].high * MIB);
	ck_assert_uint_eq(t->fence, 4);
	ck_assert_uint_eq(t->weight, want[i].weight);
	ck_assert_uint_eq(t->width, want[i].width);
	ck_assert_uint_eq(t->height, want[i].height);
	ck_assert_uint_eq(gvt_type_available(gvt, t), available);
}

/* Nothing is subtracted from an aperture, so nothing goes below zero; the table needs no memory. */
START_TEST(test_types_of_each_aperture)
{
	const struct type_row *row = &type_rows[_i];
	struct gvt_config c = { .size = sizeof(c), .aperture = row->aperture * MIB };
	unsigned int i;

	ck_assert_int_eq(gvt_close(r.gvt), 0);
	ck_assert_int_eq(gvt_open(r.host, &c, &r.gvt), 0);
	for (i = 0; i < 4; i++)
		check_type(r.gvt, i, row->available[i]);
	ck_assert_ptr_null(gvt_type_each(r.gvt, 4));
	ck_assert_ptr_null(gvt_ops()->gvt_find_vgpu_type(r.gvt, "GVTg_V5_3"));
	/* What is told to be available can be had, and not one more. */
	for (i = 0; i < row->available[0]; i++) {
		ck_assert_uint_eq(gvt_type_available(r.gvt, gvt_type_each(r.gvt, 0)),
				  row->available[0] - i);
		life_create(&r, i, NULL);
	}
	ck_assert_uint_eq(gvt_type_available(r.gvt, gvt_type_each(r.gvt, 0)), 0);
	life_refused(&r, i, gvt_type_each(r.gvt, 0), -ENOSPC);
	while (i--)
		life_destroy(&r, i);
}
END_TEST

/* --- the partition --- */

START_TEST(test_bad_types)
{
	static const struct {
		u64 low, high, low_start, high_start;
		u32 fence, weight;
		int err;
	} rows[] = {
		{ 0, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 64 * MIB, 0, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 0, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 33, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, ~0U, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 0, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 17, -EINVAL },
		{ MIB + 4096, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 64 * MIB, MIB / 2, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, 4096, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, 512 * MIB + 1, 4, 2, -EINVAL },
		/* places that are not in the area, also when their end wraps */
		{ 64 * MIB, 64 * MIB, 193 * MIB, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, 255 * MIB, 4, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, GVT_ANYWHERE, 4033 * MIB, 4, 2, -EINVAL },
		{ 64 * MIB, 64 * MIB, 0 - 32 * MIB, GVT_ANYWHERE, 4, 2, -EINVAL },
		{ 0 - MIB, 64 * MIB, 64 * MIB, GVT_ANYWHERE, 4, 2, -EINVAL },
		/* more than there is; 4 GiB and above do not wrap to little */
		{ 257 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -ENOSPC },
		{ 4096 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -ENOSPC },
		{ 4097 * MIB, 64 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -ENOSPC },
		{ 64 * MIB, 3841 * MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -ENOSPC },
		{ 64 * MIB, 0 - MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -ENOSPC },
		{ 0 - MIB, 0 - MIB, GVT_ANYWHERE, GVT_ANYWHERE, 4, 2, -ENOSPC },
	};
	struct intel_vgpu_type type;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gvt_type_init(&type, rows[i].low, rows[i].high, rows[i].fence);
		type.low_start = rows[i].low_start;
		type.high_start = rows[i].high_start;
		type.weight = rows[i].weight;
		life_refused(&r, 0, &type, rows[i].err);
		ck_assert_uint_eq(gvt_type_available(r.gvt, &type), 0);
	}
	ck_assert_int_eq(MPT_PTR_ERR(gvt_ops()->vgpu_create(NULL, &type)), -EINVAL);
	ck_assert_int_eq(MPT_PTR_ERR(gvt_ops()->vgpu_create(r.gvt, NULL)), -EINVAL);
	/* All of it at once is fine. */
	gvt_type_init(&type, 256 * MIB, 3840 * MIB, 32);
	life_create(&r, 0, &type);
}
END_TEST

static void expect_place(struct intel_vgpu *g, u64 low, u64 high, u32 fence)
{
	struct gvt_vgpu_info info = life_info(g);

	ck_assert_uint_eq(info.low_start, low * MIB);
	ck_assert_uint_eq(info.high_start, high * MIB);
	ck_assert_uint_eq(info.fence_base, fence);
}

START_TEST(test_places)
{
	struct intel_vgpu_type type;

	/* The aperture from the bottom, hidden memory from the top, fences from the first. */
	expect_place(life_create(&r, 0, NULL), 0, 4096 - 384, 0);
	expect_place(life_create(&r, 1, NULL), 64, 4096 - 768, 4);
	expect_place(life_create(&r, 2, NULL), 128, 4096 - 1152, 8);
	life_destroy(&r, 1);
	/* First fit: the hole is not big enough for this one ... */
	gvt_type_init(&type, 64 * MIB, 448 * MIB, 5);
	expect_place(life_create(&r, 3, &type), 64, 4096 - 1152 - 448, 12);
	/* ... but for that. */
	gvt_type_init(&type, 64 * MIB, 128 * MIB, 4);
	expect_place(life_create(&r, 1, &type), 192, 4096 - 384 - 128, 4);
	life_destroy(&r, 0);
	type.low_size = 16 * MIB;
	type.low_start = 32 * MIB;
	type.high_start = 256 * MIB;
	expect_place(life_create(&r, 0, &type), 32, 256, 0);
}
END_TEST

START_TEST(test_no_space_says_what_would_fit)
{
	struct intel_vgpu_type type;

	gvt_type_init(&type, 192 * MIB, 3584 * MIB, 20);
	life_create(&r, 0, &type);
	gvt_type_init(&type, 128 * MIB, 64 * MIB, 4);
	life_refused(&r, 1, &type, -ENOSPC);
	ck_assert(error_says("aperture: 128 MiB asked, the largest free piece is 64 MiB"));
	gvt_type_init(&type, 64 * MIB, 384 * MIB, 4);
	life_refused(&r, 1, &type, -ENOSPC);
	ck_assert(error_says("hidden memory: 384 MiB asked, the largest free piece is 256 MiB "
			     "(ask for less or destroy a vGPU)"));
	gvt_type_init(&type, 64 * MIB, 256 * MIB, 13);
	life_refused(&r, 1, &type, -ENOSPC);
	ck_assert(error_says("fences: 13 asked, the longest free run is 12"));
	type.fence = 12;
	type.low_start = 128 * MIB;
	life_refused(&r, 1, &type, -ENOSPC);
	ck_assert(error_says("aperture: 64 MiB at 128 MiB asked, nothing of it is free"));
	type.low_start = 160 * MIB;
	life_refused(&r, 1, &type, -ENOSPC);
	ck_assert(error_says("the free piece there is 64 MiB at 192 MiB"));
	type.low_start = GVT_ANYWHERE;
	life_create(&r, 1, &type);
}
END_TEST

START_TEST(test_fences_are_contiguous)
{
	struct intel_vgpu_type type;
	unsigned int i;

	gvt_type_init(&type, MIB, MIB, 8);
	for (i = 0; i < 4; i++)
		expect_place(life_create(&r, i, &type), i, 4095 - i, i * 8);
	life_destroy(&r, 0);
	life_destroy(&r, 2);
	type.fence = 9;
	life_refused(&r, 0, &type, -ENOSPC);
	ck_assert(error_says("the longest free run is 8"));
	ck_assert_uint_eq(gvt_type_available(r.gvt, &type), 0);
	type.fence = 3;
	ck_assert_uint_eq(gvt_type_available(r.gvt, &type), 4);
	life_destroy(&r, 1);
	type.fence = 24;
	expect_place(life_create(&r, 0, &type), 0, 4095, 0);
}
END_TEST

/* --- random walk against a map of megabytes --- */

#define LOW_MIB 256U
#define ALL_MIB 4096U

struct model {
	u8 owner[ALL_MIB]; /* slot + 1; by graphics address */
	u8 fence[32];
};

static u32 rnd(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static bool model_free(const u8 *map, u64 start, u64 size)
{
	u64 i;

	for (i = start; i < start + size; i++) {
		if (map[i])
			return false;
	}
	return true;
}

/* The first free place from the bottom or from the top; ~0: none. */
static u64 model_find(const u8 *map, u64 begin, u64 end, u64 size, bool top)
{
	u64 i;

	for (i = 0; size <= end - begin && i <= end - begin - size; i++) {
		u64 at = top ? end - size - i : begin + i;

		if (model_free(map, at, size))
			return at;
	}
	return ~0ULL;
}

static u64 model_place(const u8 *map, u64 begin, u64 end, u64 size, u64 want, bool top)
{
	if (want == GVT_ANYWHERE)
		return model_find(map, begin, end, size, top);
	return model_free(map, want / MIB, size) ? want / MIB : ~0ULL;
}

static void walk_create(struct model *m, unsigned int slot, u32 *seed)
{
	u32 low = 1 + rnd(seed) % 100, high = 1 + rnd(seed) % 1500, fence = 1 + rnd(seed) % 12;
	struct intel_vgpu_type type;
	u64 at[3];

	gvt_type_init(&type, low * MIB, high * MIB, fence);
	if (rnd(seed) % 4 == 0)
		type.low_start = rnd(seed) % (LOW_MIB - low + 1) * MIB;
	if (rnd(seed) % 4 == 0)
		type.high_start = (LOW_MIB + rnd(seed) % (ALL_MIB - LOW_MIB - high + 1)) * MIB;
	at[0] = model_place(m->owner, 0, LOW_MIB, low, type.low_start, false);
	at[1] = model_place(m->owner, LOW_MIB, ALL_MIB, high, type.high_start, true);
	at[2] = model_find(m->fence, 0, 32, fence, false);
	if (at[0] == ~0ULL || at[1] == ~0ULL || at[2] == ~0ULL) {
		ck_assert_uint_eq(gvt_type_available(r.gvt, &type), 0);
		life_refused(&r, slot, &type, -ENOSPC);
		return;
	}
	ck_assert_uint_gt(gvt_type_available(r.gvt, &type), 0);
	expect_place(life_create(&r, slot, &type), at[0], at[1], (u32)at[2]);
	memset(m->owner + at[0], (int)slot + 1, low);
	memset(m->owner + at[1], (int)slot + 1, high);
	memset(m->fence + at[2], (int)slot + 1, fence);
}

static void walk_destroy(struct model *m, unsigned int slot)
{
	u32 i;

	life_destroy(&r, slot);
	for (i = 0; i < ALL_MIB; i++)
		m->owner[i] = m->owner[i] == slot + 1 ? 0 : m->owner[i];
	for (i = 0; i < 32; i++)
		m->fence[i] = m->fence[i] == slot + 1 ? 0 : m->fence[i];
}

START_TEST(test_random_walk)
{
	u32 seed = (u32)_i + 1, step;
	struct model m;

	memset(&m, 0, sizeof(m));
	for (step = 0; step < 400; step++) {
		unsigned int slot = rnd(&seed) % 7;

		if (r.vgpu[slot])
			walk_destroy(&m, slot);
		else
			walk_create(&m, slot, &seed);
	}
}
END_TEST

static Suite *device_suite(void)
{
	Suite *s = suite_create("gvt_device");
	TCase *device = tcase_create("device");
	TCase *partition = tcase_create("partition");

	tcase_add_checked_fixture(device, setup, teardown);
	tcase_add_test(device, test_open_checks_its_configuration);
	tcase_add_test(device, test_one_device_a_host);
	tcase_add_test(device, test_open_fails_without_a_trace);
	tcase_add_test(device, test_all_entry_points_are_there);
	tcase_add_test(device, test_names_of_offsets);
	tcase_add_loop_test(device, test_types_of_each_aperture, 0, 3);
	suite_add_tcase(s, device);
	tcase_add_checked_fixture(partition, setup, teardown);
	tcase_add_test(partition, test_bad_types);
	tcase_add_test(partition, test_places);
	tcase_add_test(partition, test_no_space_says_what_would_fit);
	tcase_add_test(partition, test_fences_are_contiguous);
	tcase_add_loop_test(partition, test_random_walk, 0, 5);
	suite_add_tcase(s, partition);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { device_suite };

	return mpt_test_main("gvt_device", suites, 1);
}
