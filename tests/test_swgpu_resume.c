/* SPDX-License-Identifier: MIT */
/*
 * Contexts that go on where their execution was: in a batch, a copy or the ring, after another
 * context, on another host or with a new tail. The image itself is in test_swgpu_ctx.c.
 */
#include "lib/runner.h"
#include "swgpu_image.h"

static void open_engine(void)
{
	sw_open(GVT_RCS, 4);
}

#define WAIT_FOR(value) SEMAPHORE | 4U << 12, (value), LO(VA_DATA)

static void second_level_batches(void)
{
	sw_batch(GPA_BATCH, LRI(1), GPR(0), 1, BB_START(BB_PPGTT | BB_SECOND), LO(VA_BATCH + 4096),
		 STORE_DW, LO(VA_DATA + 8), 3, BB_END);
	sw_batch(GPA_BATCH + 0x3000, USER_INTERRUPT, WAIT_FOR(1), SRM, GPR(0), LO(VA_DATA + 4),
		 BB_END);
}

/* A context that waits inside a second level is saved, another runs, it comes back. */
START_TEST(comes_back_inside)
{
	image_make();
	second_level_batches();
	sw_ring(NOOP, NOOP, BB_START(BB_PPGTT), LO(VA_BATCH), STORE_DW, LO(VA_DATA + 12), 4);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	ck_assert_uint_eq(head(), 8);
	save();
	ck_assert_uint_eq(saved(0x34), 8);
	ck_assert_uint_eq(saved(0x140), (u32)(VA_BATCH + 24) | 1);
	ck_assert_uint_eq(saved(0x168), (u32)(VA_BATCH >> 32));
	ck_assert_uint_eq(saved(0x114), (u32)(VA_BATCH + 4096 + 4) | 1);
	/* The other one, whose image is elsewhere and empty. */
	sw_ggtt(GM_CTX + 0x100000, GPA_DATA);
	sw_ggtt(GM_CTX + 0x101000, GPA_HWS);
	sw.work.context = GM_CTX + 0x100000;
	sw_ring(LRI(1), GPR(0), 77);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	save();
	sw.work.context = GM_CTX;
	sw.work.head = 8;
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), STORE_DW, LO(VA_DATA + 12), 4);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	sw_poke(GPA_PDATA, 1);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 1);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 1);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), 3);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 12), 4);
	save();
	ck_assert_uint_eq(saved(0x140), 0);
	ck_assert_uint_eq(saved(0x114), 0);
}
END_TEST

#define SET_PREDICATE (1U << 23)

/* MI_SET_PREDICATE counts on for who comes back inside the batch, by @_i: 1: on another host. */
START_TEST(comes_back_turned_off)
{
	unsigned int cuts = 0;

	image_make();
	sw_batch(GPA_BATCH, SET_PREDICATE | 15, STORE_DW, LO(VA_DATA), 1, STORE_DW, LO(VA_DATA + 4),
		 1, SET_PREDICATE, STORE_DW, LO(VA_DATA + 8), 1, SET_PREDICATE | 15, BB_END);
	for (;; cuts++) {
		sw.used = 0;
		if (sw.work.head == 0)
			sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
		if (sw.work.head <= 12)
			sw_ring(SET_PREDICATE);
		sw.work.tail = 16;
		sw.work.restore = true;
		sw.work.ring = sw.ring;
		sw.hw->load(sw.hw->priv, sw.state, &sw.work);
		if (sw_go(1) != GVT_HW_MORE)
			break;
		save();
		if (_i)
			sw_move();
		sw.work.head = saved(0x34);
		ck_assert_uint_lt(cuts, 20);
	}
	ck_assert_uint_gt(cuts, 5);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 0);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), 1);
}
END_TEST

/* In the ring, too; but not for the context's next work. */
START_TEST(complete_and_not_turned_off)
{
	image_make();
	sw_ring(SET_PREDICATE | 15, NOOP, STORE_DW, LO(VA_DATA), 1);
	sw_load(true);
	ck_assert_int_eq(sw_go(1), GVT_HW_MORE);
	save();
	if (_i)
		sw_move();
	sw.work.head = saved(0x34);
	ck_assert_uint_eq(sw.work.head, 4);
	sw_ring(NOOP, STORE_DW, LO(VA_DATA), 1);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0);
	save();
	if (_i)
		ck_assert(!sw_move());
	sw.work.head = sw.work.tail;
	sw_ring(STORE_DW, LO(VA_DATA), 1);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 1);
}
END_TEST

/* In a copied batch: the next load has another copy of it, at another place. */
START_TEST(comes_back_inside_a_copy)
{
	u32 first[] = { USER_INTERRUPT, WAIT_FOR(1), STORE_DW | GGTT_BIT, LO(GM_DATA), 5, BB_END };
	u32 second[10];

	memcpy(second, first, sizeof(first));
	image_make();
	sw_copy(GM_CTX + 0x20000, first, 10);
	sw_ring(BB_START(0), LO(GM_CTX + 0x20000), NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	save();
	memset(first, 0xff, sizeof(first));
	sw.work.batches = 0;
	sw_copy(GM_CTX + 0x20000, second, 10);
	sw_ring(BB_START(0), LO(GM_CTX + 0x20000), NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	sw_poke(GPA_PDATA, 1);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 1);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 5);
}
END_TEST

/*
 * An image that says to be in the middle of a command of a copy, in no copy, below a PPGTT batch in
 * a copy, or in a batch while the ring starts none: it begins at the head instead.
 */
START_TEST(made_up_positions)
{
	static const u32 inner[] = { STORE_DW, LO(VA_DATA + 4), STORE_DW | GGTT_BIT, BB_END };
	static const struct {
		u32 bb, state, sbb, sstate;
	} c[] = {
		{ (u32)(GM_CTX + 0x20000 + 12) | 1, 0, 0, 0 },
		{ (u32)GM_DATA | 1, 0, 0, 0 },
		{ 0x300000 | 1, 0x20, (u32)(GM_CTX + 0x20000) | 1, 0 },
		{ (u32)(GM_CTX + 0x20000 + 20) | 1, 0, 0, 0 },
	};
	u32 i;

	for (i = 0; i < 5; i++) {
		image_make();
		if (i < 4) {
			set(0x140, c[i].bb);
			set(0x168, c[i].state ? 0x7f00 : 0);
			set(0x110, c[i].state);
			set(0x114, c[i].sbb);
			set(0x118, c[i].sstate);
			sw_ring(BB_START(0), LO(GM_CTX + 0x20000), NOOP);
		} else {
			set(0x140, (u32)VA_BATCH | 1);
			set(0x168, 0x7f00);
			set(0x110, 0x20);
			sw_batch(GPA_BATCH, 0xffffffff);
			sw_ring(STORE_DW, LO(VA_DATA + 4), STORE_DW | GGTT_BIT);
		}
		sw_copy(GM_CTX + 0x20000, inner, 5);
		sw_poke(GPA_PDATA + 4, 0);
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
		ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), STORE_DW | GGTT_BIT);
	}
	/* A command that starts a batch, but is longer than the ring's part. */
	sw_batch(GPA_BATCH, BB_END);
	sw_ring(BB_START(BB_PPGTT) | 0xff, LO(VA_BATCH), NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* A new tail while it waits in a batch: registers and place stay, the image is not read. */
START_TEST(lite_restore)
{
	image_make();
	second_level_batches();
	sw_ring(USER_INTERRUPT, NOOP, BB_START(BB_PPGTT), LO(VA_BATCH), NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	set(0x600, 99);
	sw.work.head = head();
	sw.used = 0;
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), NOOP, STORE_DW, LO(VA_DATA + 12), 4);
	sw_load(false);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	sw_poke(GPA_PDATA, 1);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 1);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), 3);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 12), 4);
	ck_assert_uint_eq(sw.user, 2);
	/* After the end as well: the registers are those that the last command left. */
	sw.work.head = head();
	sw.used = 0;
	sw_ring(SRM, GPR(0), LO(VA_DATA + 16));
	sw_load(false);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 16), 1);
	ck_assert_uint_eq(head(), sw.work.tail);
}
END_TEST

/* What a context leaves when it is done, or saved in a batch, is not the next one's. */
START_TEST(leaves_nothing)
{
	image_make();
	second_level_batches();
	sw_ring(1U << 23 | 15, NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	sw.used = 0;
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), NOOP);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	save();
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH + 8192), NOOP);
	sw_batch(GPA_BATCH + 0x6000, USER_INTERRUPT, BB_END);
	sw_load(false);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 2);
}
END_TEST

static Suite *resume_suite(void)
{
	Suite *s = suite_create("swgpu-resume");
	TCase *tc = tcase_create("contexts");

	tcase_add_checked_fixture(tc, open_engine, sw_close);
	tcase_add_test(tc, leaves_nothing);
	tcase_add_test(tc, comes_back_inside);
	tcase_add_loop_test(tc, comes_back_turned_off, 0, 2);
	tcase_add_loop_test(tc, complete_and_not_turned_off, 0, 2);
	tcase_add_test(tc, comes_back_inside_a_copy);
	tcase_add_test(tc, made_up_positions);
	tcase_add_test(tc, lite_restore);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { resume_suite };

	return mpt_test_main("swgpu_resume", suites, 1);
}
