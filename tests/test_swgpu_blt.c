/* SPDX-License-Identifier: MIT */
/*
 * The blitter's commands over shadow tables: linear, X and Y tiled operands byte by byte against
 * the model of tiles, budgets, and a blit that is cut by a switch of contexts.
 */
#include "swgpu_rig.h"
#include "lib/runner.h"
#include "libmpt/internal.h"
#include "tiling_model.h"

#define PAGES 16U
#define BYTES (PAGES * PAGE)
#define PITCH 1024U
#define ROWS (BYTES / PITCH)
#define VA_SRC 0x10000000ULL
#define VA_DST 0x20000000ULL
#define GPA_SRC 0x200000ULL
#define GPA_DST 0x400000ULL
#define SWCTRL 0x22200U

enum tile {
	LINEAR,
	X,
	Y
};

static u32 place[3][BYTES];
static u8 src[BYTES], dst[BYTES], want[BYTES], got[BYTES];

/* Every second frame, from the end: no page of a surface follows the one before. */
static u64 frame(u64 gpa, u32 page)
{
	return gpa + (PAGES - 1 - page) * 2ULL * PAGE;
}

static void open_engine(void)
{
	u32 i;

	sw_open(GVT_BCS, 4);
	for (i = 0; i < PAGES; i++) {
		sw_map(VA_SRC + i * PAGE, frame(GPA_SRC, i), PTE_RW);
		sw_map(VA_DST + i * PAGE, frame(GPA_DST, i), PTE_RW);
	}
	for (i = 0; i < BYTES; i++)
		place[LINEAR][i] = i;
	model(place[X], PAGES, PITCH, 0);
	model(place[Y], PAGES, PITCH, Y_MAJOR);
}

static void surface(u64 gpa, u8 *bytes, bool write)
{
	u32 i;

	for (i = 0; i < PAGES; i++) {
		if (write)
			rig_ok(mpt_guest_write(sw.r.vm, frame(gpa, i), bytes + i * PAGE, PAGE));
		else
			rig_ok(mpt_guest_read(sw.r.vm, frame(gpa, i), bytes + i * PAGE, PAGE));
	}
}

static void fill(void)
{
	u32 i;

	for (i = 0; i < BYTES; i++) {
		src[i] = (u8)(i * 7 + i / 251);
		dst[i] = (u8)(i * 13 + i / 127);
	}
	surface(GPA_SRC, src, true);
	surface(GPA_DST, dst, true);
	memcpy(want, dst, BYTES);
}

static void expect_dst(const char *what, u32 n)
{
	u32 i;

	surface(GPA_DST, got, false);
	for (i = 0; i < BYTES; i++)
		sw_expect(got[i] == want[i], "%s %u: byte 0x%x is 0x%x, not 0x%x", what, n, i,
			  got[i], want[i]);
}

/* --- commands: pixels of 4 bytes, x from 3 to 200, y from 5 to 61, source from 7, 2 --- */

#define XY(x, y) ((u32)(y) << 16 | (x))
#define X1 3U
#define Y1 5U
#define X2 200U
#define Y2 61U
#define SX 7U
#define SY 2U

static u32 pitch(enum tile tile)
{
	return tile == LINEAR ? PITCH : PITCH / 4;
}

/* BCS_SWCTRL, in the context's image: it has a mask. */
static void swctrl_set(u32 bits)
{
	sw_batch(GPA_CTX + 4096, LRI(1), SWCTRL, 3U << 16 | bits, BB_END);
	sw_e()->reg[SWGPU_SWCTRL] = bits;
}

static void src_copy(enum tile from, enum tile to, u32 rop)
{
	swctrl_set((from == Y ? 1 : 0) | (to == Y ? 2 : 0));
	sw_ring(0x54f00008 | (from ? 1U << 15 : 0) | (to ? 1U << 11 : 0),
		3U << 24 | rop << 16 | pitch(to), XY(X1, Y1), XY(X2, Y2), LO(VA_DST), XY(SX, SY),
		pitch(from), LO(VA_SRC));
}

static void fast_copy(enum tile from, enum tile to)
{
	sw_ring(0x50800008 | from << 20 | to << 13, 3U << 24 | pitch(to), XY(X1, Y1), XY(X2, Y2),
		LO(VA_DST), XY(SX, SY), pitch(from), LO(VA_SRC));
}

static void color(enum tile to, u32 value)
{
	swctrl_set(to == Y ? 2 : 0);
	sw_ring(0x54300005 | (to ? 1U << 11 : 0), 3U << 24 | 0xf0U << 16 | pitch(to), XY(X1, Y1),
		XY(X2, Y2), LO(VA_DST), value);
}

/* What it must come to. @rop: 0xcc a copy, 0x66 exclusive or. */
static void want_copy(enum tile from, enum tile to, u32 rop)
{
	u32 x, y;

	for (y = Y1; y < Y2; y++) {
		for (x = X1 * 4; x < X2 * 4; x++) {
			u8 *d = &want[place[to][y * PITCH + x]];
			u8 s = src[place[from][(y - Y1 + SY) * PITCH + x - X1 * 4 + SX * 4]];

			*d = rop == 0xcc ? s : *d ^ s;
		}
	}
}

static void want_color(enum tile to, u32 value)
{
	u32 x, y;

	for (y = Y1; y < Y2; y++) {
		for (x = X1 * 4; x < X2 * 4; x++)
			want[place[to][y * PITCH + x]] = (u8)(value >> 8 * (x % 4));
	}
}

static u64 run_by(u64 budget)
{
	enum gvt_hw_state state;
	u64 calls = 1, left;

	sw_load(true);
	for (;; calls++) {
		left = budget;
		state = sw.hw->run(sw.hw->priv, sw.state, &left);
		if (state != GVT_HW_MORE)
			break;
		sw_expect(!left, "more, with %llu left", (unsigned long long)left);
	}
	ck_assert_int_eq(state, GVT_HW_DONE);
	sw.used = 0;
	return calls;
}

START_TEST(copies)
{
	static const u64 budgets[] = { SW_BUDGET, 1, 50 };
	enum tile from, to;
	u32 b;

	for (from = LINEAR; from <= Y; from++) {
		for (to = LINEAR; to <= Y; to++) {
			for (b = 0; b < 3; b++) {
				fill();
				want_copy(from, to, 0xcc);
				src_copy(from, to, 0xcc);
				run_by(budgets[b]);
				expect_dst("copy", from * 3 + to);
			}
			fill();
			want_copy(from, to, 0xcc);
			fast_copy(from, to);
			run_by(SW_BUDGET);
			expect_dst("fast copy", from * 3 + to);
		}
	}
}
END_TEST

START_TEST(colors)
{
	enum tile to;

	for (to = LINEAR; to <= Y; to++) {
		fill();
		want_color(to, 0x12345678);
		color(to, 0x12345678);
		run_by(SW_BUDGET);
		expect_dst("color", to);
	}
}
END_TEST

/* From a batch in the PPGTT, and from one in the GGTT: operands are in the PPGTT either way. */
START_TEST(from_batches)
{
	static u32 copy[12];

	fill();
	want_copy(LINEAR, X, 0xcc);
	src_copy(LINEAR, X, 0xcc);
	memcpy(copy, sw.ring, 40);
	copy[10] = BB_END;
	rig_ok(mpt_guest_write(sw.r.vm, GPA_BATCH, copy, sizeof(copy)));
	sw.used = 0;
	sw_ring(BB_START(BB_PPGTT), LO(VA_BATCH));
	ck_assert_uint_gt(run_by(20), 20);
	expect_dst("batch", 0);
	fill();
	want_copy(LINEAR, X, 0xcc);
	sw_copy(GM_CTX + 0x20000, copy, 12);
	sw_ring(BB_START(0), LO(GM_CTX + 0x20000));
	run_by(20);
	expect_dst("batch", 1);
}
END_TEST

/* --- accesses on the bus --- */

static int (*bus)(void *self, u64 dma_addr, void *buf, unsigned int len, bool write);
static u32 bus_reads, bus_writes;

static int count_bus(void *self, u64 dma_addr, void *buf, unsigned int len, bool write)
{
	*(write ? &bus_writes : &bus_reads) += 1;
	return bus(self, dma_addr, buf, len, write);
}

/* 8 x 2 tiles, whole ones: none is written or read in more than one access. */
START_TEST(an_access_a_tile)
{
	fill();
	memcpy(want, src, BYTES);
	fast_copy(Y, Y);
	sw.ring[2] = 0;
	sw.ring[3] = XY(PITCH / 4, ROWS);
	sw.ring[6] = 0;
	bus = sw.r.host->testbed.bus_access;
	sw.r.host->testbed.bus_access = count_bus;
	run_by(SW_BUDGET);
	sw.r.host->testbed.bus_access = bus;
	ck_assert_uint_eq(bus_writes, PAGES);
	/* Two more are of the ring's context image: the registers, the predicates. */
	ck_assert_uint_le(bus_reads, PAGES + 2);
	expect_dst("tiles", 0);
}
END_TEST

/* --- what is not there, what cannot be --- */

START_TEST(holes)
{
	u64 *slot = sw_slot(VA_DST + 3 * PAGE, 0);
	u32 i;

	fill();
	want_color(LINEAR, 0xabcdef01);
	for (i = 3 * PAGE; i < 4 * PAGE; i++)
		want[i] = dst[i];
	*slot &= ~1ULL;
	color(LINEAR, 0xabcdef01);
	run_by(SW_BUDGET);
	expect_dst("hole", 0);
	/* Read-only, and a source that is not there: zeros. */
	*slot |= 1;
	*slot &= ~2ULL;
	*sw_slot(VA_SRC, 1) &= ~1ULL;
	fill();
	want_color(LINEAR, 0);
	for (i = 3 * PAGE; i < 4 * PAGE; i++)
		want[i] = dst[i];
	src_copy(LINEAR, LINEAR, 0xcc);
	run_by(SW_BUDGET);
	expect_dst("zeros", 0);
}
END_TEST

START_TEST(refused)
{
	*sw_slot(0x8000000000ULL, 2) = sw_table() | 1ULL << 7 | PTE_RW;
	color(LINEAR, 1);
	sw.ring[4] = 0;
	sw.ring[5] = 0x80;
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	/* Clipping is not there. */
	color(LINEAR, 1);
	sw.ring[1] |= 1U << 30;
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
	/* Too short. */
	src_copy(LINEAR, LINEAR, 0xcc);
	sw.ring[0]--;
	ck_assert_int_eq(sw_run(), GVT_HW_HUNG);
}
END_TEST

/* --- cut --- */

static void other_context(void)
{
	u64 context = sw.work.context;

	sw.work.context = GM_CTX + 0x100000;
	sw.used = 0;
	sw_ring(USER_INTERRUPT, USER_INTERRUPT);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	sw.hw->save(sw.hw->priv, sw.state);
	sw.work.context = context;
	sw.used = 0;
}

/* BCS_SWCTRL is a context's: it goes to the image with its mask, and another one begins with 0. */
START_TEST(swctrl_is_the_contexts)
{
	sw_ggtt(GM_CTX + 0x100000, GPA_DATA);
	sw_ggtt(GM_CTX + 0x101000, GPA_HWS);
	swctrl_set(1);
	/* Of 3, the mask lets through 2. */
	sw_ring(LRI(1), SWCTRL, 2U << 16 | 3);
	sw_load(true);
	ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
	ck_assert_uint_eq(sw_e()->reg[SWGPU_SWCTRL], 3);
	sw.hw->save(sw.hw->priv, sw.state);
	ck_assert_uint_eq(sw_peek(GPA_CTX + 4096 + 8), 0xffff0003);
	ck_assert_uint_eq(sw.reg[SWCTRL / 4], 0);
	sw.used = 0;
	sw.work.context = GM_CTX + 0x100000;
	sw_load(true);
	ck_assert_uint_eq(sw_e()->reg[SWGPU_SWCTRL], 0);
	sw.hw->save(sw.hw->priv, sw.state);
	sw.work.context = GM_CTX;
	sw_load(true);
	ck_assert_uint_eq(sw_e()->reg[SWGPU_SWCTRL], 3);
	/* Without its mask a value in an image is none. */
	sw.hw->save(sw.hw->priv, sw.state);
	sw_poke(GPA_CTX + 4096 + 8, 0x00010003);
	sw_load(true);
	ck_assert_uint_eq(sw_e()->reg[SWGPU_SWCTRL], 1);
}
END_TEST

/*
 * Exclusive or: each byte must be done once. @_i: 0: saved and loaded, 1: a lite restore, 2: moved
 * to another engine.
 */
START_TEST(cut_and_gone_on)
{
	unsigned int cuts = 0;
	bool lite = _i == 1;

	sw_ggtt(GM_CTX + 0x100000, GPA_DATA);
	sw_ggtt(GM_CTX + 0x101000, GPA_HWS);
	fill();
	want_copy(LINEAR, Y, 0x66);
	src_copy(LINEAR, Y, 0x66);
	sw_load(true);
	while (sw_go(37) == GVT_HW_MORE) {
		cuts++;
		if (!lite) {
			sw.hw->save(sw.hw->priv, sw.state);
			if (_i == 2)
				ck_assert(sw_move());
			else
				other_context();
		}
		sw.used = 0;
		src_copy(LINEAR, Y, 0x66);
		/* What the blit was started with counts. */
		swctrl_set(0);
		sw_load(!lite);
	}
	ck_assert_uint_gt(cuts, 10);
	expect_dst("cut", lite);
}
END_TEST

/*
 * It was cut, but what comes is another command, another context, at another place, or there was a
 * reset, with or without a save before; 5: a lite restore. It begins at the begin.
 */
START_TEST(cut_and_another)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		fill();
		sw.work.context_id = 1;
		sw.work.head = 0;
		src_copy(LINEAR, LINEAR, 0x66);
		sw_load(true);
		ck_assert_int_eq(sw_go(37), GVT_HW_MORE);
		if (i < 3 || i == 4)
			sw.hw->save(sw.hw->priv, sw.state);
		if (i == 3 || i == 4)
			sw.hw->engine_reset(sw.hw->priv, sw.state);
		fill();
		sw.used = 0;
		if (i == 0 || i == 5) {
			want_copy(LINEAR, LINEAR, 0xcc);
			src_copy(LINEAR, LINEAR, 0xcc);
		} else {
			want_copy(LINEAR, LINEAR, 0x66);
			src_copy(LINEAR, LINEAR, 0x66);
		}
		sw.work.context_id = i == 1 ? 2 : 1;
		sw.work.head = i == 2 ? 8 : 0;
		sw_load(i != 5);
		ck_assert_int_eq(sw_go(SW_BUDGET), GVT_HW_DONE);
		sw.used = 0;
		expect_dst("another", i);
	}
}
END_TEST

/* Rows of more than one piece: eight of 2000 pixels, from pixel 20 on; moved each time. */
START_TEST(cut_within_a_row)
{
	const u32 wide = 8192, from = 80, to = 8080;
	unsigned int cuts = 0;
	u32 x, y;

	fill();
	for (y = 0; y < 8; y++)
		for (x = from; x < to; x++)
			want[y * wide + x] ^= src[y * wide + x];
	for (;; cuts++) {
		sw.used = 0;
		sw_ring(0x54f00008, 3U << 24 | 0x66U << 16 | wide, XY(20, 0), XY(2020, 8),
			LO(VA_DST), XY(20, 0), wide, LO(VA_SRC));
		sw_load(true);
		if (sw_go(60) == GVT_HW_DONE)
			break;
		sw.hw->save(sw.hw->priv, sw.state);
		ck_assert(sw_move());
	}
	/* One of them is after the last cell, which is paid for first. */
	ck_assert_uint_eq(cuts, 16);
	expect_dst("row", 0);
}
END_TEST

/* Words that no engine has kept: 0 of them is changed, or any to anything. */
START_TEST(made_up_words)
{
	static const struct {
		u32 word, value;
	} bad[] = {
		{ 0, 0 }, { 0, 3 << 1 }, { 0, 5 }, { 8, 4 }, { 9, Y2 - Y1 }, { 10, 257 },
		{ 10, ~0U }, { 11, 9 }, { 11, 11 }, { 11, 0 }, { 12, 0 }, { 12, 0x54f00007 },
		{ 12, 0x01000000 }, { 13, 1U << 30 }, { 22, 1 }, { 23, 1 },
	};
	u32 word[GVT_HW_KEPT], edited[GVT_HW_KEPT];
	size_t i;

	src_copy(LINEAR, Y, 0x66);
	sw_load(true);
	ck_assert_int_eq(sw_go(37), GVT_HW_MORE);
	sw.hw->save(sw.hw->priv, sw.state);
	sw.hw->kept_get(sw.hw->priv, sw.state, word);
	ck_assert(sw.hw->kept_ok(sw.hw->priv, GVT_BCS, word));
	ck_assert_uint_eq(word[12], sw.ring[0]);
	/* Only the blitter blits. */
	ck_assert(!sw.hw->kept_ok(sw.hw->priv, GVT_RCS, word));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(edited, word, sizeof(word));
		edited[bad[i].word] = bad[i].value;
		sw_expect(!sw.hw->kept_ok(sw.hw->priv, GVT_BCS, edited), "word %u: 0x%x",
			  bad[i].word, bad[i].value);
	}
	/* Longer than what is kept of a command. */
	memcpy(edited, word, sizeof(word));
	edited[11] = 20;
	edited[12] += 10;
	ck_assert(!sw.hw->kept_ok(sw.hw->priv, GVT_BCS, edited));
	for (i = 0; i < 100000; i++) {
		memcpy(edited, word, sizeof(word));
		edited[i % GVT_HW_KEPT] = (u32)i * 2654435761U;
		edited[i / 3 % GVT_HW_KEPT] ^= 1U << i % 32;
		if (!sw.hw->kept_ok(sw.hw->priv, GVT_BCS, edited))
			continue;
		sw.hw->engine_reset(sw.hw->priv, sw.state);
		sw.hw->kept_set(sw.hw->priv, sw.state, edited);
		sw_load(true);
		sw_go(100);
		sw.hw->save(sw.hw->priv, sw.state);
	}
}
END_TEST

static Suite *blt_suite(void)
{
	Suite *s = suite_create("swgpu-blt");
	TCase *tc = tcase_create("blits");

	tcase_add_checked_fixture(tc, open_engine, sw_close);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, colors);
	tcase_add_test(tc, from_batches);
	tcase_add_test(tc, an_access_a_tile);
	tcase_add_test(tc, holes);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, swctrl_is_the_contexts);
	tcase_add_loop_test(tc, cut_and_gone_on, 0, 3);
	tcase_add_test(tc, cut_within_a_row);
	tcase_add_test(tc, made_up_words);
	tcase_add_test(tc, cut_and_another);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { blt_suite };

	return mpt_test_main("swgpu_blt", suites, 1);
}
