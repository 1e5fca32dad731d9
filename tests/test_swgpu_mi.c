/* SPDX-License-Identifier: MIT */
/* MI_ commands and PIPE_CONTROL one by one: what is stored where, which event is raised. */
#include "swgpu_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void open_rcs(void)
{
	sw_open(GVT_RCS, 4);
}

static void open_bcs(void)
{
	sw_open(GVT_BCS, 4);
}

static void done(void)
{
	ck_assert_int_eq(sw_run(), GVT_HW_DONE);
}

/* --- stores --- */

START_TEST(store_data)
{
	sw_ring(STORE_DW, LO(VA_DATA), 1, STORE_QW, LO(VA_DATA + 8), 2, 3, STORE_DW | GGTT_BIT,
		LO(GM_DATA), 4, STORE_DW + 2, LO(VA_DATA + 0x20), 5, 6, 7);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), 1);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 8), 3ULL << 32 | 2);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 4);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 0x20), 6ULL << 32 | 5);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 0x28), 7);
	/* The low bits of an address do not count. A qword of one dword is none. */
	sw_ring(STORE_QW, LO(VA_DATA + 0x34), 8, 9);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 0x30), 9ULL << 32 | 8);
	sw_ring(STORE_QW - 1, LO(VA_DATA), 8, NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 1);
}
END_TEST

START_TEST(store_index)
{
	u32 cmd = 0x21U << 23 | 1;

	sw_ring(cmd, 0x40, 5, cmd | 1U << 21, 0x48, 6, (cmd | 1U << 21) + 1, 0x5c, 7, 8, NOOP);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_HWS + 0x40), 5);
	ck_assert_uint_eq(sw_peek64(GPA_CTX + 0x48), 6);
	ck_assert_uint_eq(sw_peek64(GPA_CTX + 0x58), 8ULL << 32 | 7);
	/* The offset stays in the page, whatever it says. */
	sw_ring(cmd, 0x1ffc, 9, cmd + 1, 0xfffc, 10, 11);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_HWS + 0xff8), 11ULL << 32 | 10);
	/* A status page that is nowhere in the vGPU's share. */
	sw.reg[(BASE + 0x80) / 4] = 0;
	sw_ring(cmd, 0x40, 5);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

START_TEST(copy_and_head)
{
	sw_poke(GPA_PDATA + 4, 0x1111);
	sw_poke(GPA_DATA + 8, 0x2222);
	sw_ring(0x2eU << 23 | 3 | 1U << 21, LO(GM_DATA), LO(VA_DATA + 4),
		0x2eU << 23 | 3 | 1U << 22, LO(VA_DATA), LO(GM_DATA + 8), 0x07U << 23);
	sw.work.head = 0x200;
	done();
	ck_assert_uint_eq(sw_peek(GPA_DATA), 0x1111);
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0x2222);
	ck_assert_uint_eq(sw_peek(GPA_CTX + 0x10), 0x200 + 40);
}
END_TEST

/* --- registers --- */

START_TEST(registers)
{
	u32 preempt = 0x2248, timestamp = BASE + 0x358;

	sw.now = 0x123456789aULL;
	sw.reg[preempt / 4] = 0xabc;
	sw_poke(GPA_DATA + 0x20, 0x77);
	sw_ring(LRI(2), GPR(1), 0x11, GPR(1) + 4, 0x22, LRR, GPR(1), GPR(2), LRM | GGTT_BIT, GPR(3),
		LO(GM_DATA + 0x20), SRM, GPR(2), LO(VA_DATA), SRM, GPR(3), LO(VA_DATA + 4), SRM,
		timestamp, LO(VA_DATA + 8), SRM, timestamp + 4, LO(VA_DATA + 12), SRM, preempt,
		LO(VA_DATA + 16), LRR, GPR(3), preempt, SRM, GPR(1) + 4, LO(VA_DATA + 20), SRM,
		0x12358, LO(VA_DATA + 24));
	done();
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0x11);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 0x77);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 8), sw.now);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 16), 0xabc);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 20), 0x22);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 24), (u32)sw.now);
	ck_assert_uint_eq(sw.reg[preempt / 4], 0x77);
	ck_assert_uint_eq(sw.reg[GPR(1) / 4], 0);
	/* A store that the predicate stops; one that it does not. */
	sw_ring(LRI(1), GPR(0), 1, SRM | 1U << 21, GPR(0), LO(VA_DATA), LRI(1), BASE + 0x418, 1,
		SRM | 1U << 21, GPR(0), LO(VA_DATA + 4));
	done();
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0x11);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 1);
}
END_TEST

/* Where execution is, as a privileged command sees it; it cannot move it. */
START_TEST(position_registers)
{
	u32 batch[] = { SRM,   BASE + 0x140, LO(VA_DATA + 12), SRM, BASE + 0x110, LO(VA_DATA + 16),
			BB_END };
	u64 at = GM_CTX + 0x20000;

	sw.work.head = 0x100;
	sw_copy(at, batch, N(batch));
	sw_poke64(GPA_PDATA + 16, ~0ULL);
	sw_ring(SRM, BASE + 0x34, LO(VA_DATA), SRM, BASE + 0x3c, LO(VA_DATA + 4), SRM, BASE + 0x38,
		LO(VA_DATA + 8), BB_START(0), LO(at), LRI(2), BASE + 0x34, 0x800, BASE + 0x140,
		0x801, SRM, BASE + 0x140, LO(VA_DATA + 20));
	done();
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 0x100);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 4), 0x3001);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), sw.work.ring_start);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 12), at | 1);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 16), 0);
}
END_TEST

/* --- post-sync operations --- */

#define PIPE_CONTROL(flags, addr, val) 0x7a000004, flags, LO(addr), LO((u64)(val))

START_TEST(pipe_control)
{
	sw.now = 0x9876543210ULL;
	sw_poke64(GPA_PDATA + 8, ~0ULL);
	sw_ring(PIPE_CONTROL(1U << 14, VA_DATA, 0x1234567890ULL),
		PIPE_CONTROL(2U << 14, VA_DATA + 8, 7),
		PIPE_CONTROL(3U << 14 | 1U << 24, GM_DATA, 7),
		PIPE_CONTROL(1U << 14 | 1U << 21, 0xd0ULL, 5),
		PIPE_CONTROL(1U << 14 | 1U << 21 | 1U << 24, 0xd0ULL, 6),
		PIPE_CONTROL(1U << 8 | 1U << 20, VA_DATA + 0x20, 5), 0x7a000000, 0);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), 0x1234567890ULL);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 8), 0);
	ck_assert_uint_eq(sw_peek64(GPA_DATA), sw.now);
	ck_assert_uint_eq(sw_peek64(GPA_CTX + 0xd0), 5);
	ck_assert_uint_eq(sw_peek64(GPA_HWS + 0xd0), 6);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 0x20), 0);
	ck_assert_uint_eq(sw.notify, 1);
	ck_assert_uint_eq(sw.user, 0);
	sw_ring(0x7a000003, 1U << 14, LO(VA_DATA), 1, NOOP);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* The store's place is taken by a register; one that no command may write keeps its value. */
START_TEST(pipe_control_loads_a_register)
{
	sw_ring(PIPE_CONTROL(1U << 23 | 1U << 8, BASE + 0x600ULL, 0x1234ULL << 32 | 77), SRM,
		BASE + 0x600, LO(VA_DATA), PIPE_CONTROL(1U << 23, BASE + 0x34ULL, 8));
	done();
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 77);
	ck_assert_uint_eq(sw.notify, 1);
	ck_assert_uint_eq(sw_e()->denied, 1);
	sw_ring(PIPE_CONTROL(1U << 23 | 1U << 14, BASE + 0x600ULL, 1));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_ring(0x7a000002, 1U << 23, LO(BASE + 0x600ULL));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

#define FLUSH(bits, dwords) (0x26U << 23 | (bits) | ((dwords)-2))

START_TEST(flush)
{
	sw.now = 0x9876543210ULL;
	sw_poke64(GPA_PDATA, ~0ULL);
	sw_ring(FLUSH(1U << 14, 4), LO(VA_DATA), 1, FLUSH(1U << 14, 5), LO(VA_DATA + 8), 2, 3,
		FLUSH(3U << 14, 4), LO(VA_DATA + 16), 9, FLUSH(1U << 14, 4), LO(GM_DATA | 4), 4,
		FLUSH(1U << 14 | 1U << 21, 4), LO(0xd0ULL), 5,
		FLUSH(1U << 14 | 1U << 21 | 1U << 8, 4), LO(0xd4ULL), 6, FLUSH(0, 3), LO(VA_DATA),
		USER_INTERRUPT);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), 0xffffffff00000001ULL);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 8), 3ULL << 32 | 2);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 16), sw.now);
	ck_assert_uint_eq(sw_peek(GPA_DATA), 4);
	ck_assert_uint_eq(sw_peek(GPA_CTX + 0xd0), 5);
	ck_assert_uint_eq(sw_peek(GPA_HWS + 0xd0), 6);
	ck_assert_uint_eq(sw.notify, 1);
	ck_assert_uint_eq(sw.user, 1);
	/* The render engine has another command for it, this one has no PIPE_CONTROL. */
	sw_ring(PIPE_CONTROL(0, 0ULL, 0));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* What a driver ends a request with, on the two engines that do nothing else here. */
START_TEST(other_engines)
{
	enum gvt_engine engine = _i ? GVT_VECS : GVT_VCS;

	sw_open(engine, 4);
	sw_batch(GPA_BATCH, STORE_DW, LO(VA_DATA), 5, BB_END);
	sw_ring(engine == GVT_VCS ? 0x70000002 : 0x74020002, 0, 0, 0, BB_START(BB_PPGTT),
		LO(VA_BATCH), FLUSH(1U << 14 | 1U << 8, 4), LO(GM_HWS + 0x40 + 4), 6, LRI(1),
		GPR(2), 7, SRM | GGTT_BIT, GPR(2), LO(GM_HWS + 0x48), USER_INTERRUPT);
	done();
	ck_assert_uint_eq(sw_peek(GPA_PDATA), 5);
	ck_assert_uint_eq(sw_peek(GPA_HWS + 0x40), 6);
	ck_assert_uint_eq(sw_peek(GPA_HWS + 0x48), 7);
	ck_assert_uint_eq(sw.notify, 1);
	ck_assert_uint_eq(sw.user, 1);
	/* Another engine's commands. */
	sw_ring(engine == GVT_VCS ? 0x74020002 : 0x71000002, 0, 0, 0);
	ck_assert_int_eq(sw_run(), engine == GVT_VCS ? GVT_HW_DONE : GVT_HW_HUNG);
	sw_ring(0x54f00008, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_close();
}
END_TEST

/* --- waiting --- */

/* A register instead of memory: its own, the client's; not one that may not be read. */
START_TEST(semaphores_on_registers)
{
	const u32 wait = SEMAPHORE | 1U << 16 | 4U << 12;
	unsigned int user;

	/* There is memory with the value at an address of that number: it is not what counts. */
	sw_map(GPR(0) & ~0xfffULL, GPA_PDATA, PTE_RW);
	sw_poke(GPA_PDATA + (GPR(0) & 0xfff), 7);
	sw_ring(LRI(1), GPR(0), 6, wait, 7, GPR(0), 0, USER_INTERRUPT);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	sw_e()->reg[SWGPU_GPR] = 7;
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 1);
	sw.used = 0;
	/* Of the dword bits 22:2 count, and the bit for the GGTT says nothing. */
	sw_ring(wait | GGTT_BIT, 9, 0xff800000 | (BASE + 0x9c) | 3, 0, USER_INTERRUPT);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
	sw.reg[(BASE + 0x9c) / 4] = 9;
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 2);
	/* In user space by its own list. */
	for (user = 0; user < 2; user++) {
		sw.used = 0;
		sw_batch(GPA_BATCH, wait, user ? 0 : 9, user ? GPR(0) : BASE + 0x9c, 0, BB_END);
		sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
		ck_assert_int_eq(sw_run(), user ? GVT_HW_DONE : GVT_HW_HUNG);
	}
	sw_ring(wait, 0, 0x941c, 0);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	sw_ring(wait | 6U << 12, 0, GPR(0), 0);
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

START_TEST(semaphores)
{
	static const bool met[6][3] = {
		/* memory less, equal, greater */
		{ 0, 0, 1 }, { 0, 1, 1 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 }, { 1, 0, 1 },
	};
	u32 op, i, head;

	for (op = 0; op < 6; op++) {
		for (i = 0; i < 3; i++) {
			sw_poke(GPA_PDATA, 0x7fffffff + i);
			sw_ring(SEMAPHORE | op << 12 | (i & 1) << 15, 0x80000000, LO(VA_DATA));
			sw_expect(sw_run() == (met[op][i] ? GVT_HW_DONE : GVT_HW_WAIT), "%u %u", op,
				  i);
		}
	}
	sw_ring(SEMAPHORE | 6U << 12, 0, LO(VA_DATA));
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	/* It stays there until memory says so, and goes on from there; in the GGTT too. */
	sw_poke(GPA_DATA, 0);
	sw_ring(NOOP, USER_INTERRUPT, SEMAPHORE | GGTT_BIT | 4U << 12, 7, LO(GM_DATA),
		USER_INTERRUPT);
	sw_load(true);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_WAIT);
		head = sw.hw->head(sw.hw->priv, sw.state);
		ck_assert_uint_eq(head, 8);
	}
	ck_assert_uint_eq(sw.user, 1);
	sw_poke(GPA_DATA, 7);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw.user, 2);
	ck_assert_uint_eq(sw.hw->head(sw.hw->priv, sw.state), sw.work.tail);
}
END_TEST

/* --- atomics --- */

#define ATOMIC(op, bits, dwords) (0x2fU << 23 | (op) << 8 | (bits) | ((dwords)-2))
#define INLINE (1U << 18)
#define RETURN (1U << 16)

struct atomic_case {
	u32 op;
	u64 old, one, two, want;
};

/* Of dwords: the values, in the low half, are those of the table cut to 32 bits. */
static const struct atomic_case atomics[] = {
	{ 1, 0xf0f0, 0xff00, 0, 0xf000 },
	{ 2, 0xf0f0, 0xff00, 0, 0xfff0 },
	{ 3, 0xf0f0, 0xff00, 0, 0x0ff0 },
	{ 4, 0xf0f0, 0xff00, 0, 0xff00 },
	{ 5, ~0ULL, 9, 9, 0 },
	{ 6, 0, 9, 9, ~0ULL },
	{ 7, 5, 7, 9, 12 },
	{ 8, 5, 7, 9, -2ULL },
	{ 9, 5, 7, 9, 2 },
	{ 10, -5ULL, 3, 9, 3 },
	{ 10, 8, 3, 9, 8 },
	{ 11, -5ULL, 3, 9, -5ULL },
	{ 11, 8, 3, 9, 3 },
	{ 12, -5ULL, 3, 9, -5ULL },
	{ 12, 2, 3, 9, 3 },
	{ 13, -5ULL, 3, 9, 3 },
	{ 13, 2, 3, 9, 2 },
	{ 14, 5, 5, 9, 9 },
	{ 14, 5, 6, 9, 5 },
	{ 15, 0, 9, 9, ~0ULL },
};

START_TEST(atomic_dword)
{
	const struct atomic_case *c = &atomics[_i];
	u32 back = c->op == 15 ? (u32)c->want : (u32)c->old;

	sw_poke64(GPA_PDATA, 0x1111111100000000ULL | (u32)c->old);
	sw_ring(ATOMIC(c->op, INLINE | RETURN, 11), LO(VA_DATA), (u32)c->one, (u32)c->two, 1, 1, 0,
		0, 0, 0, SRM, GPR(4), LO(VA_DATA + 8), SRM, GPR(4) + 4, LO(VA_DATA + 12));
	done();
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), 0x1111111100000000ULL | (u32)c->want);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 8), back);
}
END_TEST

START_TEST(atomic_qword)
{
	const struct atomic_case *c = &atomics[_i];

	sw_poke64(GPA_DATA + 8, c->old);
	sw_ring(LRI(4), GPR(0), (u32)c->one, GPR(0) + 4, (u32)(c->one >> 32), GPR(2), (u32)c->two,
		GPR(2) + 4, (u32)(c->two >> 32), ATOMIC(c->op | 0x20, GGTT_BIT | RETURN, 3),
		LO(GM_DATA + 8), SRM, GPR(4), LO(VA_DATA), SRM, GPR(4) + 4, LO(VA_DATA + 4));
	done();
	ck_assert_uint_eq(sw_peek64(GPA_DATA + 8), c->want);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), c->op == 15 ? c->want : c->old);
}
END_TEST

START_TEST(atomic_edges)
{
	static const u32 bad[] = { 0, 16, 0x20, 0x30, 0x4e, 0x81 };
	unsigned int i;

	for (i = 0; i < N(bad); i++) {
		sw_ring(ATOMIC(bad[i], INLINE, 11), LO(VA_DATA), 0, 0, 0, 0, 0, 0, 0, 0);
		ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	}
	/* Inline qwords interleave; no return, no GPR; a length that is short has zeros. */
	sw_poke64(GPA_PDATA, 5ULL << 32);
	sw_ring(ATOMIC(0x2e, INLINE, 11), LO(VA_DATA), 0, 1, 5, 2, 0, 0, 0, 0, SRM, GPR(4),
		LO(VA_DATA + 8), ATOMIC(5, 0, 3), LO(VA_DATA + 16), ATOMIC(0x22, INLINE, 4),
		LO(VA_DATA + 24), 3);
	done();
	ck_assert_uint_eq(sw_peek64(GPA_PDATA), 2ULL << 32 | 1);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 8), 0);
	ck_assert_uint_eq(sw_peek(GPA_PDATA + 16), 1);
	ck_assert_uint_eq(sw_peek64(GPA_PDATA + 24), 3);
}
END_TEST

/* --- MI_MATH --- */

#define ALU(op, a, b) ((u32)(op) << 20 | (a) << 10 | (b))
#define MATH(n) (0x1aU << 23 | ((n)-1))

struct math_case {
	u32 op;
	u64 a, b, accu;
	bool carry;
};

static const struct math_case maths[] = {
	{ 0x100, ~0ULL, 2, 1, true },
	{ 0x100, 1ULL << 40, 3, (1ULL << 40) + 3, false },
	{ 0x101, 3, 3, 0, false },
	{ 0x101, 3, 5, -2ULL, true },
	{ 0x102, 0xff00ff00ff00ULL, 0x0ff00ff00ff0ULL, 0x0f000f000f00ULL, false },
	{ 0x103, 0xff00ff00ff00ULL, 0x0ff00ff00ff0ULL, 0xfff0fff0fff0ULL, false },
	{ 0x104, 0xff00ff00ff00ULL, 0x0ff00ff00ff0ULL, 0xf0f0f0f0f0f0ULL, false },
};

static u64 gpr(unsigned int n)
{
	return swgpu_reg64(sw_e(), SWGPU_GPR + 2 * n);
}

START_TEST(math)
{
	const struct math_case *c = &maths[_i];

	sw_ring(LRI(4), GPR(7), (u32)c->a, GPR(7) + 4, (u32)(c->a >> 32), GPR(15), (u32)c->b,
		GPR(15) + 4, (u32)(c->b >> 32), MATH(8), ALU(0x080, 0x20, 7), ALU(0x080, 0x21, 15),
		ALU(c->op, 0, 0), ALU(0x180, 1, 0x31), ALU(0x580, 2, 0x31), ALU(0x180, 3, 0x32),
		ALU(0x180, 4, 0x33), ALU(0, 0, 0));
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(gpr(1), c->accu);
	ck_assert_uint_eq(gpr(2), ~c->accu);
	ck_assert_uint_eq(gpr(3), c->accu ? 0 : ~0ULL);
	ck_assert_uint_eq(gpr(4), c->carry ? ~0ULL : 0);
}
END_TEST

START_TEST(math_edges)
{
	static const u32 bad[] = { ALU(0x080, 0x22, 0), ALU(0x080, 0x20, 16), ALU(0x180, 16, 0x31),
				   ALU(0x180, 0, 0x34), ALU(0x105, 0, 0),     ALU(0x081, 0x31, 0) };
	unsigned int i;

	for (i = 0; i < N(bad); i++) {
		sw_ring(MATH(1), bad[i]);
		ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	}
	sw_ring(LRI(1), GPR(0), 5, MATH(4), ALU(0x480, 0x20, 0), ALU(0x481, 0x21, 0),
		ALU(0x102, 0, 0), ALU(0x180, 1, 0x31), MATH(4), ALU(0x081, 0x20, 0),
		ALU(0x080, 0x21, 0), ALU(0x103, 0, 0), ALU(0x180, 2, 0x31));
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(gpr(1), ~5ULL);
	ck_assert_uint_eq(gpr(2), 5);
	/* An operation without a carry clears that of the one before. */
	sw.used = 0;
	sw_ring(MATH(5), ALU(0x481, 0x20, 0), ALU(0x481, 0x21, 0), ALU(0x100, 0, 0),
		ALU(0x102, 0, 0), ALU(0x580, 3, 0x33));
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(gpr(3), ~0ULL);
}
END_TEST

/* --- the rest --- */

START_TEST(without_effect)
{
	static const u32 single[] = { 0x00, 0x03, 0x05, 0x08, 0x0b };
	u32 i, used;

	for (i = 0; i < N(single); i++)
		sw_ring(single[i] << 23);
	sw_ring(0x12U << 23, 0, 0x13U << 23, 0, 0x1bU << 23, 0, 0x27U << 23 | 1, 0, 0,
		0x28U << 23 | 2, 0, 0, 0, 0x61010011);
	sw.used += 18;
	sw_ring(0x7b000005, 0, 0, 0, 0, 0, 0, 0x69040000, USER_INTERRUPT);
	used = sw.used;
	done();
	ck_assert_uint_eq(sw.user, 1);
	ck_assert_uint_gt(used, 40);
}
END_TEST

/* No engine knows them, or not this one. */
START_TEST(unknown)
{
	static const u32 cmds[] = { 0x10U << 23,     0x3fU << 23, 0x20000000,
				    0x40000000,	     0x80000000,  0xffffffff,
				    0x26U << 23 | 2, 0x50c00000,  0x7c000000 };
	unsigned int i;

	for (i = 0; i < N(cmds); i++) {
		sw_ring(cmds[i], 0, 0, 0, 0, 0, 0, 0, 0, 0, USER_INTERRUPT, 0);
		sw_expect(sw_run() == GVT_HW_HUNG, "0x%08x", cmds[i]);
	}
	ck_assert_uint_eq(sw.user, 0);
}
END_TEST

/* Shorter than the least length: nothing of it is done. */
START_TEST(too_short)
{
	static const u32 cmds[] = {
		0x20, 0x21, 0x22, 0x24, 0x29, 0x2a, 0x2e, 0x2f, 0x31, 0x36, 0x1c
	};
	unsigned int i;

	for (i = 0; i < N(cmds); i++) {
		sw_ring(cmds[i] << 23 | BB_PPGTT, 0, 0, 0);
		if (cmds[i] != 0x31)
			sw.ring[0] &= ~0xffU;
		else
			sw.ring[0] = 0x31U << 23 | BB_PPGTT;
		sw_expect(sw_run() == GVT_HW_HUNG, "MI_ opcode 0x%02x", cmds[i]);
	}
}
END_TEST

/* The rows agree with themselves: found by their opcode, no shorter than the bias. */
START_TEST(table)
{
	u32 engine, op, rows = 0;

	for (engine = 0; engine < GVT_NUM_ENGINES; engine++) {
		for (op = 0; op < 0x10000; op++) {
			u32 dw0 = op << 16;
			const struct gvt_cmd *cmd = gvt_cmd_lookup(engine, dw0);

			if (!cmd)
				continue;
			rows++;
			sw_expect(cmd->name && (dw0 & cmd->opcode_mask) == cmd->opcode &&
					  (cmd->engines >> engine & 1),
				  "0x%08x", dw0);
			sw_expect(cmd->len_bias && cmd->min_len >= cmd->len_bias, "%s", cmd->name);
			sw_expect(!cmd->len_mask || !(cmd->len_mask & cmd->opcode_mask), "%s",
				  cmd->name);
			sw_expect(!(cmd->flags & GVT_CMD_REFUSED) || !cmd->run, "%s", cmd->name);
			sw_expect(cmd->addr[0].dw + 1U < cmd->min_len || cmd->addr[0].use_mask ||
					  !cmd->addr[0].dw,
				  "%s", cmd->name);
		}
	}
	ck_assert_uint_gt(rows, 1000);
	ck_assert_uint_eq(gvt_cmd_len(gvt_cmd_lookup(GVT_RCS, 0x79170000), 0x791701ff), 0x201);
	ck_assert_uint_eq(gvt_cmd_len(gvt_cmd_lookup(GVT_VCS, 0x70000000), 0x70000fff), 0x1001);
	ck_assert_uint_eq(gvt_cmd_len(gvt_cmd_lookup(GVT_RCS, 0x69040000), 0x690400ff), 1);
	ck_assert_ptr_null(gvt_cmd_lookup(GVT_BCS, 0x7a000004));
	ck_assert_ptr_null(gvt_cmd_lookup(GVT_RCS, 0x13000000));
}
END_TEST

/* A budget goes down by the dwords that were done. */
START_TEST(charged_by_dwords)
{
	u64 budget = 1000;

	sw_ring(STORE_DW, LO(VA_DATA), 1, 0x7a000004, 0, 0, 0, 0, 0, NOOP, NOOP);
	sw_load(true);
	ck_assert_int_eq(sw.hw->run(sw.hw->priv, sw.state, &budget), GVT_HW_DONE);
	ck_assert_uint_eq(budget, 1000 - 12);
}
END_TEST

static Suite *mi_suite(void)
{
	Suite *s = suite_create("swgpu-mi");
	TCase *tc = tcase_create("render");

	tcase_add_checked_fixture(tc, open_rcs, sw_close);
	tcase_add_test(tc, store_data);
	tcase_add_test(tc, store_index);
	tcase_add_test(tc, copy_and_head);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, position_registers);
	tcase_add_test(tc, pipe_control);
	tcase_add_test(tc, pipe_control_loads_a_register);
	tcase_add_test(tc, semaphores);
	tcase_add_test(tc, semaphores_on_registers);
	tcase_add_loop_test(tc, atomic_dword, 0, N(atomics));
	tcase_add_loop_test(tc, atomic_qword, 0, N(atomics));
	tcase_add_test(tc, atomic_edges);
	tcase_add_loop_test(tc, math, 0, N(maths));
	tcase_add_test(tc, math_edges);
	tcase_add_test(tc, without_effect);
	tcase_add_test(tc, unknown);
	tcase_add_test(tc, too_short);
	tcase_add_test(tc, table);
	tcase_add_test(tc, charged_by_dwords);
	suite_add_tcase(s, tc);
	tc = tcase_create("blitter");
	tcase_add_checked_fixture(tc, open_bcs, sw_close);
	tcase_add_test(tc, flush);
	suite_add_tcase(s, tc);
	tc = tcase_create("others");
	tcase_add_loop_test(tc, other_engines, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { mi_suite };

	return mpt_test_main("swgpu_mi", suites, 1);
}
