/* SPDX-License-Identifier: MIT */
/*
 * Contexts: what is loaded from an image and saved to it, images that a guest has made up, going on
 * where execution was, budgets of any size.
 */
#include "swgpu_rig.h"
#include "lib/runner.h"

#define GPA_IMAGE (GPA_CTX + 4096)
#define INHIBIT 1U

static void open_engine(void)
{
	sw_open(GVT_RCS, 4);
}

/* --- an image as i915 lays it out for gen9 (gt/intel_lrc.c, gen9_rcs_offsets) --- */

static const u16 ring_regs[] = { 0x244, 0x034, 0x030, 0x038, 0x03c, 0x168, 0x140,
				 0x110, 0x11c, 0x114, 0x118, 0x1c0, 0x1c4, 0x1c8 };
static const u16 pdp_regs[] = { 0x3a8, 0x28c, 0x288, 0x284, 0x280, 0x27c, 0x278, 0x274, 0x270 };
static const u16 state_regs[] = { 0x028, 0x09c, 0x0c0, 0x178, 0x17c, 0x358,
				  0x170, 0x150, 0x154, 0x158, 0x41c };

static u32 image[1024];

static u32 list(u32 at, const u16 *regs, u32 n)
{
	u32 i;

	image[at++] = LRI(n) | 1U << 12;
	for (i = 0; i < n; i++, at += 2)
		image[at] = BASE + regs[i];
	return at;
}

static u32 value_at(u32 reg)
{
	u32 i;

	for (i = 2; i < 0xb0; i++) {
		if (image[i] == BASE + reg)
			return i + 1;
	}
	ck_abort_msg("0x%x is not in the image", reg);
}

static void image_make(void)
{
	u32 at, i;

	memset(image, 0, sizeof(image));
	at = list(1, ring_regs, 14) + 3;
	ck_assert_uint_eq(at, 0x21);
	at = list(at, pdp_regs, 9) + 13;
	image[at] = LRI(1);
	image[at + 1] = BASE + 0xc8;
	at += 3 + 13;
	ck_assert_uint_eq(at, 0x51);
	i = list(at, state_regs, 11);
	image[at] = LRI(44) | 1U << 12;
	for (at = 0; at < 32; at++, i += 2)
		image[i] = BASE + 0x600 + 4 * at;
	image[i] = BASE + 0x068;
	image[i + 2] = BB_END;
	ck_assert_uint_eq(value_at(0x34), 5);
	ck_assert_uint_eq(value_at(0x30), 7);
	ck_assert_uint_eq(value_at(0x270), 0x33);
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, image, 4096));
}

static u32 saved(u32 reg)
{
	return sw_peek(GPA_IMAGE + value_at(reg) * 4);
}

static void set(u32 reg, u32 value)
{
	sw_poke(GPA_IMAGE + value_at(reg) * 4, value);
}

static void save(void)
{
	sw.hw->save(sw.hw->priv, sw.state);
	sw.used = 0;
}

static u32 head(void)
{
	return sw.hw->head(sw.hw->priv, sw.state);
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
	set(0x618, 0);
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

/* --- going on --- */

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

static Suite *ctx_suite(void)
{
	Suite *s = suite_create("swgpu-ctx");
	TCase *tc = tcase_create("contexts");

	tcase_add_checked_fixture(tc, open_engine, sw_close);
	tcase_add_test(tc, registers_of_a_context);
	tcase_add_test(tc, guest_writes_meanwhile);
	tcase_add_test(tc, list_at_the_end);
	tcase_add_test(tc, leaves_nothing);
	tcase_add_test(tc, isolation);
	tcase_add_test(tc, restore_inhibit);
	tcase_add_test(tc, hostile_images);
	tcase_add_test(tc, comes_back_inside);
	tcase_add_loop_test(tc, comes_back_turned_off, 0, 2);
	tcase_add_loop_test(tc, complete_and_not_turned_off, 0, 2);
	tcase_add_test(tc, comes_back_inside_a_copy);
	tcase_add_test(tc, made_up_positions);
	tcase_add_test(tc, lite_restore);
	tcase_add_test(tc, hung_until_reset);
	tcase_add_test(tc, ring_wraps);
	tcase_add_test(tc, budgets);
	tcase_add_test(tc, no_memory);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ctx_suite };

	return mpt_test_main("swgpu_ctx", suites, 1);
}
