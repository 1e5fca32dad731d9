/* SPDX-License-Identifier: MIT */
/*
 * The blitter's accesses to tiles: rectangles that cut tiles at every edge, overlap inside of one,
 * a budget that ends inside; each byte written once, and no byte but the rectangle's, which another
 * writer changes all the time.
 */
#include "blit_model.h"

#define PAGE 4096U
#define MEM (64 * PAGE)
#define SRC 0ULL
#define DST (32ULL * PAGE)

static u8 bytes[MEM], want[MEM];
static u8 mine[MEM]; /* the rectangle's of the destination: not written yet 1, written 2 */

/* --- memory that counts, and where somebody else writes to the destination at each access --- */

static struct {
	u32 reads, writes, written;
	bool busy;
} seen;

/* To all bytes of the page but the rectangle's. */
static void other_writer(u64 addr)
{
	u64 i = addr / PAGE * PAGE, end = i + PAGE;

	for (; i < end && addr >= DST && seen.busy; i++) {
		bytes[i] += !mine[i];
		want[i] += !mine[i];
	}
}

static bool fine(u64 addr, u32 len)
{
	return len && len <= PAGE && addr + len <= MEM;
}

static bool mem_read(void *arg, u64 addr, void *buf, u32 len)
{
	(void)arg;
	expect(fine(addr, len), "reads %u bytes at 0x%llx", len, (unsigned long long)addr);
	seen.reads++;
	memcpy(buf, bytes + addr, len);
	other_writer(addr);
	return true;
}

static bool mem_write(void *arg, u64 addr, const void *buf, u32 len)
{
	u32 i;

	(void)arg;
	expect(fine(addr, len), "writes %u bytes at 0x%llx", len, (unsigned long long)addr);
	seen.writes++;
	for (i = 0; i < len; i++) {
		expect(mine[addr + i] == 1, "byte 0x%llx is %s", (unsigned long long)addr + i,
		       mine[addr + i] ? "written twice" : "not the rectangle's");
		mine[addr + i] = 2;
	}
	seen.written += len;
	memcpy(bytes + addr, buf, len);
	other_writer(addr);
	return true;
}

static const struct gvt_blit_mem mem = { NULL, mem_read, mem_write };

/* --- one operation against the model --- */

static void mark(const struct op *o)
{
	int x, y;

	memset(mine, 0, MEM);
	for (y = o->y1; y < o->y2; y++) {
		for (x = o->x1 * (int)o->cpp; x < o->x2 * (int)o->cpp; x++)
			mine[place(o->dst, o->dst_walk, o->dst_pitch, x, y)] = 1;
	}
}

static void fill(void)
{
	u32 i;

	for (i = 0; i < MEM; i++)
		bytes[i] = (u8)rnd(256);
	memcpy(want, bytes, MEM);
}

static u64 rows_cost(const struct op *o)
{
	return (u64)(o->y2 - o->y1) * (((u64)(o->x2 - o->x1) * o->cpp + 63) / 64);
}

/* In calls of @budget. What it paid in all. */
static u64 run(const struct op *o, u64 budget)
{
	enum gvt_blit_result result;
	struct gvt_blit b;
	u64 paid = 0, left;

	memset(&seen, 0, offsetof(__typeof__(seen), busy));
	mark(o);
	expect(start(&b, o), "refused");
	do {
		left = budget;
		result = gvt_blit_step(&b, &mem, &left);
		expect(left <= budget, "a budget that grows");
		expect(result != GVT_BLIT_AGAIN || !left, "again with a budget left");
		paid += budget - left;
	} while (result == GVT_BLIT_AGAIN);
	expect(result == GVT_BLIT_DONE, "not done");
	expect(seen.written == (u32)((o->x2 - o->x1) * (o->y2 - o->y1)) * o->cpp,
	       "%u bytes written", seen.written);
	return paid;
}

static void compare(const struct op *o)
{
	u32 i = 0;

	model(want, o);
	if (!memcmp(bytes, want, MEM))
		return;
	while (bytes[i] == want[i])
		i++;
	ck_abort_msg("walks %d %d cpp %u (%d %d)-(%d %d) from (%d %d): byte 0x%x is %02x, not %02x",
		     o->src_walk, o->dst_walk, o->cpp, o->x1, o->y1, o->x2, o->y2, o->sx, o->sy, i,
		     bytes[i], want[i]);
}

/* --- edges --- */

static const int tile_width[] = { 0, 512, 128 }, tile_height[] = { 0, 8, 32 };

/* Surfaces with odd pitches: 3 tiles to a row, in a source of Y tiles 9, or 1543 bytes. */
static struct op surfaces(enum walk from, enum walk to, u32 cpp)
{
	struct op o = { .kind = SRC_COPY, .rop = 0xcc, .write = 3, .cpp = cpp };

	o.src_walk = from;
	o.dst_walk = to;
	o.src_pitch = from == LIN ? 1543 : from == X ? 3 * 512 : 9 * 128;
	o.dst_pitch = to ? 3 * tile_width[to] : 1543;
	o.src = SRC;
	o.dst = DST;
	return o;
}

/*
 * The corners of the rectangle are around those of the tile in the middle, by pixels and rows. @_i:
 * the kinds of the operands.
 */
static const int near[] = { -1, 0, 1, 3 };

static void edges(struct op *o, u32 k)
{
	enum walk walk = o->dst_walk ? o->dst_walk : o->src_walk ? o->src_walk : Y;
	int w = tile_width[walk] / (int)o->cpp, h = tile_height[walk];

	o->x1 = w + near[k & 3];
	o->x2 = 2 * w + near[k >> 2 & 3];
	o->y1 = h + near[k >> 4 & 3];
	o->y2 = 2 * h + near[k >> 6 & 3];
	o->sx = (int)rnd(4);
	o->sy = (int)rnd(4);
}

START_TEST(every_edge)
{
	struct op o;
	u32 k;

	seed = 3;
	fill();
	seen.busy = true;
	for (k = 0; k < 256; k++) {
		o = surfaces((enum walk)(_i / 3), (enum walk)(_i % 3), 1U << k % 3);
		edges(&o, k);
		o.rop = k % 5 ? 0xcc : 0x66;
		run(&o, ~0ULL);
		compare(&o);
	}
	seen.busy = false;
}
END_TEST

/* Whole tiles: one access each; a source that lies as they do is read likewise. */
START_TEST(an_access_a_tile)
{
	struct op o;
	enum walk walk;

	seed = 4;
	fill();
	for (walk = X; walk <= Y; walk++) {
		o = surfaces(walk, walk, 4);
		o.src_pitch = o.dst_pitch;
		o.x2 = 3 * tile_width[walk] / 4;
		o.y2 = 3 * tile_height[walk];
		run(&o, ~0ULL);
		ck_assert_uint_eq(seen.writes, 9);
		ck_assert_uint_eq(seen.reads, 9);
		compare(&o);
		/* The rows at the bottom are left out: a column of a Y tile is an access. */
		o.y2 -= 2;
		run(&o, ~0ULL);
		ck_assert_uint_eq(seen.reads, 9);
		ck_assert_uint_eq(seen.writes, walk == X ? 9 : 6 + 3 * 8);
		compare(&o);
		/* The destination's tiles stay whole, wherever the source is. */
		o.y2 += 2;
		o.sx = 0;
		o.sy = 5;
		run(&o, ~0ULL);
		ck_assert_uint_eq(seen.writes, 9);
		compare(&o);
		o.src_walk = LIN;
		run(&o, ~0ULL);
		ck_assert_uint_eq(seen.writes, 9);
		compare(&o);
	}
	/* 24 rows of a source of Y tiles are one row of its tiles. */
	o = surfaces(Y, X, 4);
	o.src_pitch = 12 * 128;
	o.x2 = 3 * 128;
	o.y2 = 3 * 8;
	run(&o, ~0ULL);
	ck_assert_uint_eq(seen.writes, 9);
	ck_assert_uint_eq(seen.reads, 12);
	compare(&o);
}
END_TEST

/* --- overlap --- */

/* Within a tile, and from one into its neighbours. */
static void shift(enum walk walk, u32 cpp, int dx, int dy, u64 budget)
{
	struct op o = surfaces(walk, walk, cpp);

	o.src = o.dst;
	o.src_pitch = o.dst_pitch;
	o.x1 = 8;
	o.y1 = 6;
	o.x2 = o.x1 + (rnd(2) ? 9 : tile_width[walk] / (int)cpp);
	o.y2 = o.y1 + (rnd(2) ? 5 : 2 * tile_height[walk] - 5);
	o.sx = o.x1 + dx;
	o.sy = o.y1 + dy;
	run(&o, budget);
	compare(&o);
}

START_TEST(overlap_in_every_direction)
{
	static const u32 sizes[] = { 1, 2, 4 };
	int dx, dy;

	seed = 5;
	fill();
	for (dx = -8; dx <= 8; dx += 1 + (dx > 2)) {
		for (dy = -6; dy <= 6; dy++)
			shift(_i % 2 ? X : Y, sizes[_i / 2], dx, dy, 1 + rnd(300));
	}
}
END_TEST

/* --- budgets --- */

/*
 * All is paid for, row by row, however it is cut; a cell that was begun is paid by the next calls.
 */
START_TEST(a_budget_inside_a_tile)
{
	static const u64 budgets[] = { 1, 5, 32, 37, 64, 100 };
	struct op o = surfaces(LIN, Y, 4);
	struct gvt_blit b;
	u64 left;
	u32 i;

	seed = 6;
	fill();
	o.x1 = 1;
	o.x2 = 16;
	o.y1 = 3;
	o.y2 = 80;
	for (i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		ck_assert_uint_eq(run(&o, budgets[i]), rows_cost(&o));
		compare(&o);
	}
	mark(&o);
	ck_assert(start(&b, &o));
	memset(&seen, 0, sizeof(seen));
	left = 10;
	ck_assert(gvt_blit_step(&b, &mem, &left) == GVT_BLIT_AGAIN && b.done == 1 && b.owed == 19);
	i = seen.writes;
	left = 18;
	ck_assert(gvt_blit_step(&b, &mem, &left) == GVT_BLIT_AGAIN && seen.writes == i);
	left = 1;
	ck_assert(gvt_blit_step(&b, &mem, &left) == GVT_BLIT_AGAIN && seen.writes == i);
	left = 1000;
	ck_assert(gvt_blit_step(&b, &mem, &left) == GVT_BLIT_DONE && left == 1000 - 48);
}
END_TEST

static Suite *tiles_suite(void)
{
	Suite *s = suite_create("blit-tiles");
	TCase *tc = tcase_create("accesses");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_edge, 0, 9);
	tcase_add_test(tc, an_access_a_tile);
	tcase_add_loop_test(tc, overlap_in_every_direction, 0, 6);
	tcase_add_test(tc, a_budget_inside_a_tile);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { tiles_suite };

	return mpt_test_main("blit_tiles", suites, 1);
}
