/* SPDX-License-Identifier: MIT */
/*
 * Batches: levels, chains, conditions, predicates; and that no batch in the PPGTT becomes
 * privileged by any way.
 */
#include "swgpu_rig.h"
#include "lib/runner.h"

static const u32 secret[] = { STORE_DW | GGTT_BIT, LO(GM_DATA), 0x5ec12e7, BB_END, NOOP };
#define GM_BATCH (GM_CTX + 0x20000)

static void open_engine(void)
{
	sw_open(GVT_RCS, 4);
}

/* --- the boundary --- */

/* The same start of a privileged batch, from the ring and from where it must not work. */
START_TEST(ppgtt_starts_no_ggtt_batch)
{
	static const u32 bits[] = { 0, BB_SECOND, 1U << 15, 1U << 16 };
	unsigned int i;

	sw_copy(GM_BATCH, secret, 6);
	sw_ring(BB_START(0), LO(GM_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 0x5ec12e7);
	for (i = 0; i < 4; i++) {
		sw_poke(GPA_DATA, 0);
		sw_copy(GM_BATCH, secret, 6);
		sw_batch(GPA_BATCH, LRI(1), BASE + 0x41c, 1, BB_START(bits[i]), LO(GM_BATCH),
			 BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
		ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
		ck_assert_uint_eq(sw_peek(GPA_DATA), 0);
	}
}
END_TEST

/* First level PPGTT, second level PPGTT, from there; and a privileged batch's second level. */
START_TEST(ppgtt_of_any_depth)
{
	u32 outer[] = { BB_START(BB_PPGTT | BB_SECOND), LO(VA_BATCH), BB_END };
	u32 chained[] = { BB_START(BB_PPGTT), LO(VA_BATCH), BB_END };

	sw_batch(GPA_BATCH, BB_START(0), LO(GM_BATCH), BB_END);
	sw_batch(GPA_BATCH + 0x3000, BB_START(BB_PPGTT | BB_SECOND), LO(VA_BATCH), BB_END);
	sw_copy(GM_BATCH, secret, 6);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH + 4096));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_copy(GM_BATCH, secret, 6);
	sw_copy(GM_BATCH + 4096, outer, 4);
	sw_ring(BB_START(0), LO(GM_BATCH + 4096));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_copy(GM_BATCH, secret, 6);
	sw_copy(GM_BATCH + 4096, chained, 4);
	sw_ring(BB_START(0), LO(GM_BATCH + 4096));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 0);
}
END_TEST

/* Privileged commands; commands that name the GGTT; registers. */
START_TEST(ppgtt_has_no_privilege)
{
	static const u32 privileged[] = { 0x07, 0x08, 0x0b, 0x21, 0x1d };
	static const u32 refused[] = { 0x14, 0x18, 0x23, 0x2b };
	unsigned int i;

	/* As if it were not there; dwords of one that has some are no commands. */
	for (i = 0; i < 5; i++) {
		u32 cmd = privileged[i] << 23 | (privileged[i] >= 0x10), dw = cmd & 1 ? 0x40 : 0;

		sw_batch(GPA_BATCH, cmd, dw, dw, STORE_DW, LO(VA_DATA), i + 1, BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
		ck_assert_uint_eq(sw_peek(GPA_PDATA), i + 1);
		ck_assert_uint_eq(sw_peek(GPA_CTX + 0x40), 0);
		sw_ring(cmd, dw, dw);
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
		sw_poke(GPA_CTX + 0x40, 0);
	}
	for (i = 0; i < 4; i++) {
		sw_ring(refused[i] << 23 | 2, 0, 0, 0);
		ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	}
	/* Those of them that user space may not use at all, and the one that it could. */
	for (i = 0; i < 4; i++) {
		sw_batch(GPA_BATCH, refused[i] << 23 | 2, 0, 0, 0, BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
		ck_assert_int_eq(sw_run(), i < 3 ? GVT_HW_DONE : GVT_HW_HUNG);
	}
	/* The bit for the GGTT counts as clear: the address is in the PPGTT, where nothing is. */
	sw_poke(GPA_DATA, 0);
	sw_batch(GPA_BATCH, STORE_DW | GGTT_BIT, LO(GM_DATA), 1, STORE_DW | GGTT_BIT, LO(VA_DATA),
		 2, BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 0);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 2);
	/* A post-sync write to a status page. */
	sw_batch(GPA_BATCH, 0x7a000004, 1U << 14 | 1U << 21, 0x40, 0, 7, 0, BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	ck_assert_uint_eq(sw_peek(GPA_CTX + 0x40), 0);
}
END_TEST

START_TEST(ppgtt_registers)
{
	u32 mi_mode = BASE + 0x9c, preempt = 0x2248;

	sw_batch(GPA_BATCH, LRI(3), GPR(0), 5, mi_mode, 6, preempt, 7, SRM, mi_mode, LO(VA_DATA),
		 SRM, GPR(0), LO(VA_DATA + 4), BB_END);
	sw_poke(GPA_PDATA, 0x77);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw.reg[mi_mode / 4], 0);
	ck_assert_uint_eq(sw.reg[preempt / 4], 0);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0x77);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 5);
	/* Opened by the guest's driver; and one that is on no list stays closed. */
	sw.reg[(BASE + 0x4d8) / 4] = preempt;
	sw.reg[(BASE + 0x4dc) / 4] = BASE + 0x230;
	sw_batch(GPA_BATCH, LRI(2), preempt, 7, BASE + 0x230, 9, BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), LRI(2), mi_mode, 8, BASE + 0x230, 9);
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw.reg[preempt / 4], 7);
	ck_assert_uint_eq(sw.reg[mi_mode / 4], 8);
	ck_assert_uint_eq(sw.reg[(BASE + 0x230) / 4], 0);
}
END_TEST

/* What user space may write is its context's: neither the vGPU nor the next context sees it. */
START_TEST(nothing_between_contexts)
{
	static const u32 reg[] = { 0x2500, 0x5280, 0xe404, 0x22d8, 0x7034, 0x2310, 0x5240 };
	unsigned int i;

	for (i = 0; i < sizeof(reg) / sizeof(reg[0]); i++) {
		sw_poke(GPA_PDATA, 0x77);
		sw_batch(GPA_BATCH, SRM, reg[i], LO(VA_DATA), LRI(1), reg[i], 8, SRM, reg[i],
			 LO(VA_DATA + 4), BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), SRM, reg[i], LO(VA_DATA + 8));
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
		sw_expect(!sw_peek(GPA_PDATA), "0x%x is seen", reg[i]);
		sw_expect(sw_peek(GPA_PDATA + 4) == 8 && sw_peek(GPA_PDATA + 8) == 8,
			  "0x%x is lost", reg[i]);
		sw_expect(!sw.reg[reg[i] / 4], "0x%x is the vGPU's", reg[i]);
	}
	/* What it may only read is what it is. */
	sw.reg[(BASE + 0x94) / 4] = 3;
	sw_batch(GPA_BATCH, SRM, BASE + 0x94, LO(VA_DATA), BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 3);
}
END_TEST

/* What the core has not copied is not executed, and a copy not from the middle of a command. */
START_TEST(ggtt_copies_only)
{
	static const u32 hidden[] = { STORE_DW, LO(VA_DATA), 0x1234, BB_END, NOOP };

	sw_ring(BB_START(0), LO(GM_DATA));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_copy(GM_BATCH, hidden, 6);
	sw_ring(BB_START(0), LO(GM_BATCH + 16));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	/* A copy without an end stops at its end. */
	sw_copy(GM_BATCH, hidden, 4);
	sw_ring(BB_START(0), LO(GM_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	/* A command that reaches beyond the copy, and beyond the ring's part. */
	sw_copy(GM_BATCH, hidden, 3);
	sw_ring(BB_START(0), LO(GM_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_ring(STORE_DW, LO(VA_DATA + 8), NOOP, STORE_DW, 0);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* What may be done to a register: bits 0, 1: read, write by user space; 2, 3: by the ring. */
START_TEST(register_rules)
{
	static const struct {
		u32 reg, engine, may;
	} c[] = {
		{ 0x2600, GVT_RCS, 15 }, { 0x12600, GVT_VCS, 15 }, { 0x22600, GVT_RCS, 0 },
		{ 0x2600, GVT_BCS, 0 },	 { 0x22200, GVT_BCS, 15 }, { 0x22200, GVT_RCS, 0 },
		{ 0x2358, GVT_RCS, 5 },	 { 0x2358, GVT_BCS, 5 },   { 0x1a35c, GVT_VCS, 5 },
		{ 0x2034, GVT_RCS, 4 },	 { 0x2030, GVT_RCS, 4 },   { 0x22140, GVT_BCS, 4 },
		{ 0x2230, GVT_RCS, 0 },	 { 0x20d0, GVT_RCS, 12 },  { 0x20a8, GVT_RCS, 0 },
		{ 0x2080, GVT_RCS, 4 },	 { 0x20b0, GVT_RCS, 0 },   { 0x209c, GVT_RCS, 12 },
		{ 0x7300, GVT_RCS, 12 }, { 0x7300, GVT_BCS, 0 },   { 0x7034, GVT_RCS, 15 },
		{ 0x941c, GVT_RCS, 0 },	 { 0x78818, GVT_RCS, 0 },  { 0x100000, GVT_RCS, 0 },
		{ 0x44200, GVT_RCS, 0 }, { 0xc800, GVT_VECS, 12 }, { 0x2602, GVT_RCS, 0 },
		{ 0x680, GVT_RCS, 0 },	 { 0x2680, GVT_RCS, 0 },   { 0xffffffff, GVT_RCS, 0 },
		{ 0x5584, GVT_RCS, 0 },	 { 0x5588, GVT_RCS, 12 },  { 0x5588, GVT_BCS, 0 },
	};
	u32 i, got;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		got = gvt_cmd_reg_ok(c[i].engine, c[i].reg, false, false) |
		      gvt_cmd_reg_ok(c[i].engine, c[i].reg, true, false) << 1 |
		      gvt_cmd_reg_ok(c[i].engine, c[i].reg, false, true) << 2 |
		      gvt_cmd_reg_ok(c[i].engine, c[i].reg, true, true) << 3;
		sw_expect(got == c[i].may, "0x%x of engine %u: %u", c[i].reg, c[i].engine, got);
	}
	/* Nothing that user space may do is kept from the driver. */
	for (i = 0; i < 4 * 0x100000; i += 4) {
		if (gvt_cmd_reg_ok(i >> 20 & 3, i & 0xfffff, true, false))
			sw_expect(gvt_cmd_reg_ok(i >> 20 & 3, i & 0xfffff, true, true), "0x%x", i);
	}
}
END_TEST

/* --- levels --- */

#define STORE(n, val) STORE_DW, LO(VA_DATA + 4 * (n)), (val)

START_TEST(levels_and_chains)
{
	u32 ggtt[] = { STORE(0, 1),  BB_START(BB_PPGTT | BB_SECOND),
		       LO(VA_BATCH), STORE_DW | GGTT_BIT,
		       LO(GM_DATA),  2,
		       BB_END };
	static const u32 want[] = { 1, 3, 4, 5, 6 };
	unsigned int i;

	/* Privileged again behind the second level, which chains and does not come back. */
	sw_batch(GPA_BATCH, STORE(1, 3), BB_START(BB_PPGTT | BB_SECOND), LO(VA_BATCH + 4096),
		 STORE(6, 1));
	sw_batch(GPA_BATCH + 0x3000, STORE(2, 4), BB_START(BB_PPGTT), LO(VA_BATCH + 8192),
		 STORE(6, 1));
	sw_batch(GPA_BATCH + 0x6000, STORE(3, 5), BB_END, STORE(6, 1));
	sw_copy(GM_BATCH, ggtt, sizeof(ggtt) / 4);
	sw_ring(BB_START(BB_SECOND), LO(GM_BATCH), STORE(4, 6));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	for (i = 0; i < 5; i++)
		ck_assert_uint_eq(sw_peek(GPA_PDATA + 4 * i), want[i]);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 24), 0);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 2);
	/* A first level that chains ends in the ring. */
	sw_batch(GPA_BATCH, BB_START(BB_PPGTT), LO(VA_BATCH + 4096));
	sw_batch(GPA_BATCH + 0x3000, STORE(5, 7), BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), STORE(6, 8));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 20), 7);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 24), 8);
	/* An end outside of a batch. */
	sw_ring(BB_END, NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

START_TEST(start_by_offset_and_predicate)
{
	sw_batch(GPA_BATCH + 0x40, STORE(0, 1), BB_END);
	sw_batch(GPA_BATCH, STORE(1, 1), BB_END);
	sw_ring(LRI(1), BASE + 0x158, 0x40, BB_START(BB_PPGTT | 1U << 16), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 1);
	sw_ring(BB_START(BB_PPGTT | 1U << 15), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 0);
	sw_ring(LRI(1), BASE + 0x41c, 1, BB_START(BB_PPGTT | 1U << 15), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 1);
}
END_TEST

/* Commands across lines and pages; one that is longer than any handler's. */
START_TEST(fetching)
{
	u32 i;

	for (i = 0; i < 2048; i++)
		sw_poke(GPA_BATCH + (i < 1024 ? i * 4 : 0x3000 + (i - 1024) * 4), NOOP);
	sw_batch(GPA_BATCH + 0xff8, STORE_DW, (u32)VA_DATA);
	sw_batch(GPA_BATCH + 0x3000, (u32)(VA_DATA >> 32), 9, BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 9);
	/* 3DSTATE_SO_DECL_LIST has nine bits of length, and media commands sixteen. */
	sw_batch(GPA_BATCH, 0x79170000 | 0x102);
	sw_batch(GPA_BATCH + 0x104 * 4, 0x70000000 | 0x202);
	sw_batch(GPA_BATCH + 0x308 * 4, STORE(1, 10), BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 10);
	sw_batch(GPA_BATCH, STORE_DW | 0x3ff, LO(VA_DATA));
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	/* Where no page is, there are no commands. */
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH + 0x100000));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* The batch overwrites its own next command, in the line that is fetched already. */
START_TEST(fetching_what_was_written)
{
	sw_batch(GPA_BATCH, STORE_DW, LO(VA_BATCH + 16), BB_END, USER_INTERRUPT, BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 0);
}
END_TEST

static void end_the_batch(void)
{
	sw_batch(GPA_BATCH, BB_END);
}

/* The guest ends a loop, and changes what waits: each turn and each try looks at memory. */
START_TEST(fetching_what_the_guest_writes)
{
	sw.on_user = end_the_batch;
	sw_batch(GPA_BATCH, USER_INTERRUPT, BB_START(BB_PPGTT), LO(VA_BATCH));
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 1);
	sw_batch(GPA_BATCH, NOOP, SEMAPHORE | 4U << 12, 7, LO(VA_DATA), STORE(1, 1), BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	sw_batch(GPA_BATCH + 4, NOOP, NOOP, NOOP, NOOP);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 1);
}
END_TEST

/* --- conditions and predicates --- */

START_TEST(conditional_end)
{
	static const struct {
		u32 mem, mask, bits, data;
		bool ends;
	} c[] = {
		{ 5, 0, 0, 5, true },
		{ 5, 0, 0, 4, false },
		{ 5, 0, 0, 6, true },
		{ 0x80000000, 0, 0, 1, false },
		{ 0xf5, 0x0f, 1U << 19, 5, true },
		{ 0xf5, 0xff, 1U << 19, 5, false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		sw_poke(GPA_PDATA, c[i].mem);
		sw_poke(GPA_PDATA + 4, c[i].mask);
		sw_poke(GPA_PDATA + 8, 0);
		sw_batch(GPA_BATCH, COND_END | c[i].bits, c[i].data, LO(VA_DATA), STORE(2, 1),
			 BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), STORE(3, i));
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
		ck_assert_msg(sw_peek(GPA_PDATA + 8) == !c[i].ends, "case %u", i);
		ck_assert_uint_eq(sw_peek(GPA_PDATA + 12), i);
	}
	/* Without the compare bit it never ends; in the ring there is no batch to end. */
	sw_batch(GPA_BATCH, COND_END & ~(1U << 21), ~0U, LO(VA_DATA), STORE(2, 7), BB_END);
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), COND_END, ~0U, LO(VA_DATA), STORE(3, 77));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), 7);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 12), 77);
}
END_TEST

#define PREDICATE(load, combine, compare) (0x0cU << 23 | (load) << 6 | (combine) << 3 | (compare))

static u32 predicate_after(u32 was, u64 delta, u64 data, u32 command)
{
	u64 src = 0x100000005ULL;

	sw_ring(LRI(7), BASE + 0x418, was, BASE + 0x400, (u32)(src + delta), BASE + 0x404,
		(u32)((src + delta) >> 32), BASE + 0x408, (u32)src, BASE + 0x40c, (u32)(src >> 32),
		BASE + 0x410, (u32)data, BASE + 0x414, (u32)(data >> 32), command, SRM | GGTT_BIT,
		BASE + 0x418, LO(GM_DATA));
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
	return sw_peek(GPA_DATA);
}

/* All operations against what the tables of the PRM say. */
START_TEST(predicate_results)
{
	u64 delta = (u64)(_i & 1) << 32, data = _i & 2 ? delta : 7;
	u32 was = _i >> 2 & 1, load = _i >> 3 & 3, combine, compare;

	for (combine = 0; combine < 4; combine++) {
		for (compare = 0; compare < 4; compare++) {
			bool c = compare == 0 || (compare == 2 && !delta) ||
				 (compare == 3 && delta == data);
			bool in = c ^ (load == 3);
			bool want = (bool[]){ in, in && was, in || was, in != was }[combine];
			u32 got = predicate_after(was, delta, data,
						  PREDICATE(load, combine, compare));

			sw_expect(got == (load < 2 ? was : want),
				  "load %u combine %u compare %u: %u", load, combine, compare, got);
		}
	}
}
END_TEST

/* What is turned off does nothing but end; the next MI_SET_PREDICATE counts. */
START_TEST(set_predicate)
{
	static const struct {
		u32 enable, result, result2;
		bool off;
	} c[] = {
		{ 0, 0, 0, false }, { 1, 1, 0, true },	{ 1, 0, 1, false }, { 2, 0, 1, true },
		{ 2, 1, 0, false }, { 3, 0, 1, true },	{ 3, 1, 0, false }, { 4, 1, 0, true },
		{ 4, 0, 1, false }, { 15, 0, 0, true },
	};
	u32 i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		sw_poke64(GPA_PDATA, 0);
		sw_batch(GPA_BATCH, LRI(2), BASE + 0x418, c[i].result, BASE + 0x214, c[i].result2,
			 1U << 23 | c[i].enable, STORE(0, 1), BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH), 1U << 23, STORE(1, 2));
		ck_assert_int_eq(sw_run(), GVT_HW_DONE);
		ck_assert_msg(sw_peek(GPA_PDATA) == !c[i].off, "case %u", i);
		ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 2);
	}
}
END_TEST

static Suite *batch_suite(void)
{
	Suite *s = suite_create("swgpu-batch");
	TCase *tc = tcase_create("boundary");

	tcase_add_checked_fixture(tc, open_engine, sw_close);
	tcase_add_test(tc, ppgtt_starts_no_ggtt_batch);
	tcase_add_test(tc, ppgtt_of_any_depth);
	tcase_add_test(tc, ppgtt_has_no_privilege);
	tcase_add_test(tc, ppgtt_registers);
	tcase_add_test(tc, nothing_between_contexts);
	tcase_add_test(tc, ggtt_copies_only);
	tcase_add_test(tc, register_rules);
	suite_add_tcase(s, tc);
	tc = tcase_create("levels");
	tcase_add_checked_fixture(tc, open_engine, sw_close);
	tcase_add_test(tc, levels_and_chains);
	tcase_add_test(tc, start_by_offset_and_predicate);
	tcase_add_test(tc, fetching);
	tcase_add_test(tc, fetching_what_was_written);
	tcase_add_test(tc, fetching_what_the_guest_writes);
	tcase_add_test(tc, conditional_end);
	tcase_add_loop_test(tc, predicate_results, 0, 32);
	tcase_add_test(tc, set_predicate);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { batch_suite };

	return mpt_test_main("swgpu_batch", suites, 1);
}
