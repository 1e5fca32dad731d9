/* SPDX-License-Identifier: MIT */
/*
 * Contexts: what is loaded from an image and saved to it, images that a guest has made up, hangs,
 * budgets of any size. Going on where execution was is the matter of test_swgpu_resume.c.
 */
#include "lib/runner.h"
#include "swgpu_image.h"

#define INHIBIT 1U

static void open_engine(void)
{
	sw_open(GVT_RCS, 4);
}

/* --- load and save --- */

START_TEST(registers_of_a_context)
{
	image_make();
	set(0x600 + 8, 5);
	set(0x41c, 1);
	set(0x3a8, 100);
	set(0x30, 0xdead);
	set(0x09c, 0x10001);
	sw.work.head = 0x40;
	sw_ring(SRM, GPR(1), LO(VA_DATA), LRI(2), GPR(2), 6, GPR(15) + 4, 7, SRM, BASE + 0x3a8,
		LO(VA_DATA + 4), BB_START(BB_PPGTT | 1U << 15), LO(VA_BATCH));
	sw_batch(GPA_BATCH, STORE_DW, LO(VA_DATA + 8), 8, BB_END);
	sw_load(true);
	sw.now += 11;
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	sw.now += 12;
	save();
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 5);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 111);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), 8);
	ck_assert_uint_eq(saved(0x608), 5);
	ck_assert_uint_eq(saved(0x610), 6);
	ck_assert_uint_eq(saved(0x67c), 7);
	ck_assert_uint_eq(saved(0x3a8), 123);
	ck_assert_uint_eq(saved(0x34), sw.work.tail);
	ck_assert_uint_eq(saved(0x140), 0);
	/* Neither the tail is touched nor what the engine does not keep; no register changes. */
	ck_assert_uint_eq(saved(0x30), 0xdead);
	ck_assert_uint_eq(saved(0x09c), 0x10001);
	ck_assert_uint_eq(sw.reg[(BASE + 0x9c) / 4], 0);
	ck_assert_uint_eq(saved(0x38), 0);
	/* After a save nothing is loaded. */
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
}
END_TEST

/* What the guest has written meanwhile stays, but where the engine has another value. */
START_TEST(guest_writes_meanwhile)
{
	image_make();
	sw_ring(LRI(1), GPR(1), 3);
	sw_load(true);
	set(0x600, 44);
	set(0x608, 55);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	ck_assert_uint_eq(saved(0x600), 44);
	ck_assert_uint_eq(saved(0x608), 3);
}
END_TEST

/* A list that goes on beyond what is read of the image. */
START_TEST(list_at_the_end)
{
	image_make();
	memset(image, 0, sizeof(image));
	image[SWGPU_IMAGE_DWORDS - 2] = LRI(100);
	image[SWGPU_IMAGE_DWORDS - 1] = BASE + 0x600;
	image[SWGPU_IMAGE_DWORDS] = 5;
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, image, 4096));
	sw_ring(NOOP);
	sw_load(true);
	ck_assert_uint_eq(swgpu_reg64(sw_e(), SWGPU_GPR), 0);
	ck_assert_uint_eq(sw_e()->image_at[SWGPU_GPR], 0);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
}
END_TEST

/* Another context begins with its own values, not with those of the one before. */
START_TEST(isolation)
{
	image_make();
	sw_ring(LRI(2), GPR(3), 9, BASE + 0x400, 9);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	image_make();
	sw_ring(SRM, GPR(3), LO(VA_DATA), SRM, BASE + 0x400, LO(VA_DATA + 4));
	sw_poke64(GPA_PDATA, ~0ULL);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), 0);
}
END_TEST

START_TEST(restore_inhibit)
{
	image_make();
	set(0x600, 5);
	set(0x244, 0x90001 | INHIBIT << 16);
	sw_ring(SRM, GPR(0), LO(VA_DATA));
	sw_poke(GPA_PDATA, 1);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0);
	save();
	ck_assert_uint_eq(saved(0x244) & INHIBIT, 0);
	ck_assert_uint_eq(saved(0x600), 0);
	/* With the mask clear the bit does not count. */
	set(0x600, 5);
	set(0x244, INHIBIT);
	sw_ring(SRM, GPR(0), LO(VA_DATA));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 5);
}
END_TEST

/* The lists name what a guest must not write; end nowhere; are not there. */
START_TEST(hostile_images)
{
	u32 i;

	image_make();
	for (i = 0; i < 1024; i++)
		image[i] = LRI(128);
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, image, 4096));
	sw_ring(NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	image[0] = LRI(3);
	image[1] = BASE + 0x230;
	image[3] = 0x78818;
	image[5] = BASE + 0x34;
	image[6] = 0x123;
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, image, 4096));
	sw_ring(NOOP, NOOP);
	sw_load(true);
	ck_assert_uint_eq(head(), 0);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	ck_assert_uint_eq(sw_peek(GPA_IMAGE + 24), 8);
	for (i = 0; i < GVT_MMIO_SIZE / 4; i++)
		sw_expect(!sw.reg[i] || i == (BASE + 0x80) / 4, "register 0x%x was written", i * 4);
	/* A context that is not the vGPU's. */
	sw.work.context = 0x3ffe000;
	sw_ring(NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw.work.context = 0x7fff000;
	sw_ring(NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* --- hangs, the ring's wrap, budgets --- */

START_TEST(hung_until_reset)
{
	sw_ring(NOOP, USER_INTERRUPT, 0x3fU << 23, USER_INTERRUPT);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_HUNG);
	ck_assert_uint_eq(head(), 8);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_HUNG);
	ck_assert_int_eq(sw_go(0), GVT_HW_HUNG);
	sw.used = 0;
	sw_ring(USER_INTERRUPT, NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_HUNG);
	ck_assert_uint_eq(sw.user, 1);
	sw.hw->engine_reset(sw.hw->priv, sw.state);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(head(), 0);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 2);
	/* A reset writes nothing to the image. */
	image_make();
	sw_load(true);
	sw.hw->engine_reset(sw.hw->priv, sw.state);
	save();
	ck_assert_uint_eq(saved(0x34), 0);
}
END_TEST

START_TEST(ring_wraps)
{
	sw.work.head = sw.work.ring_size - 8;
	sw_ring(STORE_DW, LO(VA_DATA), 1);
	sw_load(true);
	ck_assert_uint_eq(sw.work.tail, 8);
	ck_assert_uint_eq(head(), sw.work.ring_size - 8);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(head(), 8);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 1);
	/* Nothing to do. */
	sw.used = 0;
	sw.work.head = 8;
	sw_load(true);
	ck_assert_int_eq(sw_go(0), GVT_HW_DONE);
}
END_TEST

static u32 hash_page(u64 gpa)
{
	u32 h = 0, i;

	for (i = 0; i < 1024; i++)
		h = h * 16777619 ^ sw_peek(gpa + i * 4);
	return h;
}

/* A loop that counts to 50 by MI_MATH, an atomic each turn, and ends by a condition. */
static u32 counted(u64 budget, u64 *calls)
{
	enum gvt_hw_state state;
	u32 h;

	sw_poke64(GPA_PDATA, 50);
	sw_poke64(GPA_PDATA + 0x40, 0);
	sw_batch(GPA_BATCH, 0x2fU << 23 | 5U << 8 | 1, LO(VA_DATA + 0x40),
		 0x2fU << 23 | 6U << 8 | 1, LO(VA_DATA), 0x1aU << 23 | 3, 0x080U << 20 | 0x20 << 10,
		 0x081U << 20 | 0x21 << 10, 0x101U << 20, 0x180U << 20 | 0x31, SRM, GPR(0),
		 LO(VA_DATA + 0x80), COND_END, 0, LO(VA_DATA), BB_START(BB_PPGTT), LO(VA_BATCH));
	sw_ring(LRI(1), GPR(0), 9, BB_START(BB_PPGTT), LO(VA_BATCH), 0x7a000004, 1U << 14,
		LO(VA_DATA + 0x100), 1, 2, NOOP);
	sw_load(true);
	for (*calls = 1; (state = sw_go(budget)) == GVT_HW_MORE; ++*calls)
		;
	ck_assert_int_eq(state, GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 0x40), 50);
	h = hash_page(GPA_PDATA);
	sw_poke64(GPA_PDATA + 0x80, 0);
	sw_poke64(GPA_PDATA + 0x100, 0);
	save();
	return h;
}

START_TEST(budgets)
{
	u64 calls, budget;
	u32 h = counted(SW_BUDGET, &calls);

	ck_assert_uint_eq(calls, 1);
	for (budget = 1; budget < 9; budget++)
		ck_assert_uint_eq(counted(budget, &calls), h);
	counted(1, &calls);
	ck_assert_uint_ge(calls, 50 * 6);
	/* An endless batch takes what it is given. */
	sw_batch(GPA_BATCH, BB_START(BB_PPGTT), LO(VA_BATCH));
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	sw_load(true);
	budget = 1000;
	ck_assert_int_eq(sw.hw->run(sw.hw->priv, sw.state, &budget), GVT_HW_MORE);
	ck_assert_uint_eq(budget, 0);
}
END_TEST

START_TEST(no_memory)
{
	struct gvt_hw_client client = { .arg = &sw };
	void *state = &sw;

	mpt_alloc_fail_at(1);
	ck_assert_int_eq(sw.hw->engine_new(sw.hw->priv, &client, GVT_BCS, &state), -ENOMEM);
	mpt_alloc_fail_at(0);
	ck_assert_ptr_eq(state, &sw);
	sw.hw->engine_free(sw.hw->priv, NULL);
}
END_TEST

/* --- registers of the engine's units --- */

#define UNITS_AT(dword) (GPA_IMAGE + (SWGPU_UNITS_AT + (dword)) * 4)

/* What the register is in the context whose image is there. */
static u32 unit(u32 reg)
{
	sw_poke(GPA_PDATA, 0x77777777);
	sw_ring(SRM, reg, LO(VA_DATA));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	return sw_peek(GPA_PDATA);
}

static void unit_set(u32 reg, u32 value)
{
	sw_ring(LRI(1), reg, value);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
}

/* All that user space may write, and what Linux opens to it, is in the context and nowhere else. */
START_TEST(units_of_a_context)
{
	static const u32 opened[] = { 0x2580, 0x7014, 0x7304 };
	u32 reg, value, n = 0, other[1024];

	image_make();
	for (reg = 0; reg < GVT_MMIO_SIZE; reg += 4) {
		if (!gvt_cmd_reg_ok(GVT_RCS, reg, true, false) && reg != opened[0] &&
		    reg != opened[1] && reg != opened[2])
			continue;
		if (swgpu_reg_own(GVT_RCS, reg) != SWGPU_NUM_REGS)
			continue;
		n++;
		value = 0x10 * n;
		unit_set(reg, value | value << 16);
	}
	ck_assert_uint_eq(n, SWGPU_UNITS);
	rig_ok(mpt_guest_read(sw.r.vm, GPA_IMAGE, other, 4096));
	image_make();
	ck_assert_uint_eq(unit(0x2290), 0);
	ck_assert_uint_eq(unit(0xe404), 0);
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, other, 4096));
	ck_assert_uint_eq(unit(0x2290), 0x100010);
	ck_assert_uint_eq(unit(0x2294), 0x200020);
	ck_assert_uint_eq(unit(0xe404), n * 0x100010);
	for (reg = 0; reg < GVT_MMIO_SIZE; reg += 4)
		ck_assert_uint_eq(sw.reg[reg / 4], reg == BASE + 0x80 ? (u32)GM_HWS : 0);
}
END_TEST

START_TEST(units_bits)
{
	image_make();
	unit_set(0x5280, ~0U);
	ck_assert_uint_eq(unit(0x5280), ~3U);
	unit_set(0xe400, ~0U);
	ck_assert_uint_eq(unit(0xe400), 0xffff);
	/* Only what the upper half selects. */
	unit_set(0x7004, 0x00f00fff);
	ck_assert_uint_eq(unit(0x7004), 0xf0);
	unit_set(0x7004, 0x00300000);
	ck_assert_uint_eq(unit(0x7004), 0xc0);
	unit_set(0x7000, ~0U);
	ck_assert_uint_eq(unit(0x7000), 0xfeff);
}
END_TEST

/* A list that the guest has made up, one that is left from before, and none at all. */
START_TEST(units_in_the_image)
{
	u32 i;

	image_make();
	ck_assert_uint_eq(unit(0x2310), 0);
	sw_ring(NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	for (i = 0; i <= 2 * SWGPU_UNITS; i++)
		ck_assert_uint_eq(sw_peek(UNITS_AT(i)), 0);
	unit_set(0x2290, 5);
	unit_set(0x2294, 6);
	ck_assert_uint_eq(sw_peek(UNITS_AT(0)), LRI(SWGPU_UNITS));
	ck_assert_uint_eq(sw_peek(UNITS_AT(1)), 0x2290);
	ck_assert_uint_eq(sw_peek(UNITS_AT(2)), 5);
	sw_poke(UNITS_AT(3), 0x2290);
	ck_assert_uint_eq(unit(0x2290), 5);
	ck_assert_uint_eq(unit(0x2294), 0);
	/* 0x22c8 has no bits 1:0. */
	sw_poke(UNITS_AT(6), ~0U);
	ck_assert_uint_eq(unit(0x22c8), ~3U);
	sw_poke(UNITS_AT(0), LRI(SWGPU_UNITS - 1));
	ck_assert_uint_eq(unit(0x2290), 0);
	sw_poke(UNITS_AT(0), LRI(SWGPU_UNITS));
	set(0x244, 0x90001 | INHIBIT << 16);
	ck_assert_uint_eq(unit(0x2290), 0);
	sw_ring(NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	ck_assert_uint_eq(saved(0x244) & INHIBIT, 0);
	ck_assert_uint_eq(unit(0x2290), 0);
}
END_TEST

/* The registers of predicates are nobody else's either, on each engine. */
START_TEST(predicates_of_a_context)
{
	static const u16 reg[] = { 0x400, 0x404, 0x408, 0x40c, 0x410, 0x414, 0x418, 0x214 };
	u32 i, other[1024];

	image_make();
	sw_ring(NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	ck_assert_uint_eq(sw_peek(GPA_IMAGE + SWGPU_PREDICATES_AT * 4), 0);
	for (i = 0; i < 8; i++)
		unit_set(BASE + reg[i], i + 1);
	rig_ok(mpt_guest_read(sw.r.vm, GPA_IMAGE, other, 4096));
	image_make();
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(unit(BASE + reg[i]), 0);
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, other, 4096));
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(unit(BASE + reg[i]), i + 1);
	/* Another register in a list that the guest has made up; a list left from before. */
	sw_poke(GPA_IMAGE + (SWGPU_PREDICATES_AT + 1) * 4, BASE + 0x404);
	ck_assert_uint_eq(unit(BASE + 0x400), 0);
	ck_assert_uint_eq(unit(BASE + 0x404), 2);
	set(0x244, 0x90001 | INHIBIT << 16);
	sw_ring(NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	ck_assert_uint_eq(unit(BASE + 0x408), 0);
}
END_TEST

static Suite *ctx_suite(void)
{
	Suite *s = suite_create("swgpu-ctx");
	TCase *tc = tcase_create("contexts");

	tcase_add_checked_fixture(tc, open_engine, sw_close);
	tcase_add_test(tc, registers_of_a_context);
	tcase_add_test(tc, guest_writes_meanwhile);
	tcase_add_test(tc, list_at_the_end);
	tcase_add_test(tc, isolation);
	tcase_add_test(tc, restore_inhibit);
	tcase_add_test(tc, hostile_images);
	tcase_add_test(tc, hung_until_reset);
	tcase_add_test(tc, ring_wraps);
	tcase_add_test(tc, budgets);
	tcase_add_test(tc, no_memory);
	tcase_add_test(tc, units_of_a_context);
	tcase_add_test(tc, units_bits);
	tcase_add_test(tc, units_in_the_image);
	tcase_add_test(tc, predicates_of_a_context);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ctx_suite };

	return mpt_test_main("swgpu_ctx", suites, 1);
}
