/* SPDX-License-Identifier: MIT */
/*
 * The blitter against a model that draws pixel by pixel: random commands of all kinds, budgets that
 * stop anywhere, memory that is not there, operands that cannot be addressed.
 */
#include "blit_model.h"

#define MEM 0x200000U
#define DST 0x100000ULL
#define SRC 0x8000ULL

/* --- memory --- */

static u8 mem_before[MEM], mem_done[MEM], mem_model[MEM];

struct flat {
	u8 *bytes;
	long left; /* accesses until one faults; negative: never */
};

static bool reach(struct flat *f, u64 addr, u32 len)
{
	expect(len && len <= 4096, "%u bytes", len);
	if (addr > MEM || len > MEM - addr)
		return false;
	return f->left < 0 || f->left-- > 0;
}

static bool flat_read(void *arg, u64 addr, void *buf, u32 len)
{
	struct flat *f = arg;

	return reach(f, addr, len) && memcpy(buf, f->bytes + addr, len);
}

static bool flat_write(void *arg, u64 addr, const void *buf, u32 len)
{
	struct flat *f = arg;

	return reach(f, addr, len) && memcpy(f->bytes + addr, buf, len);
}

static enum gvt_blit_result run(struct gvt_blit *b, u8 *bytes, long fault, u64 budget)
{
	struct flat f = { bytes, fault };
	struct gvt_blit_mem mem = { &f, flat_read, flat_write };
	enum gvt_blit_result result;
	u64 left;

	do {
		left = budget;
		result = gvt_blit_step(b, &mem, &left);
		expect(left <= budget, "a budget that grows");
		expect(result != GVT_BLIT_AGAIN || !left, "again with a budget left");
	} while (result == GVT_BLIT_AGAIN);
	return result;
}

/* --- random commands --- */

static int any_pitch(enum walk walk, u32 tiles)
{
	return walk == LIN ? (int)(300 + rnd(8000)) : (int)(tiles * (walk == X ? 512 : 128));
}

static void operand(enum walk *walk, int *pitch)
{
	*walk = (enum walk)rnd(3);
	*pitch = any_pitch(*walk, *walk == X ? 1 + rnd(8) : 3 + rnd(32));
}

/* A rectangle of @w pixels at most within a row of @pitch bytes. */
static int fit(int pitch, u32 cpp, int w)
{
	int room = pitch / (int)cpp - w;

	return room > 0 ? (int)rnd((u32)room + 1) : 0;
}

static void any_op(struct op *o)
{
	static const u32 rops[] = { 0xcc, 0xf0, 0, 0xff, 0x66, 0xaa, 0x5a };
	int w, h, least;

	memset(o, 0, sizeof(*o));
	o->kind = (enum kind)rnd(3);
	o->cpp = 1U << rnd(o->kind == FAST_COPY ? 5 : 3);
	o->rop = rnd(3) ? rops[rnd(7)] : rnd(256);
	o->write = rnd(2) ? 3 : rnd(4);
	o->color = rnd(~0U);
	operand(&o->src_walk, &o->src_pitch);
	operand(&o->dst_walk, &o->dst_pitch);
	o->src = SRC;
	o->dst = DST;
	if (o->kind == SRC_COPY && rnd(2)) {
		o->src = o->dst;
		o->src_walk = o->dst_walk;
		o->src_pitch = o->dst_pitch;
	}
	least = o->src_pitch < o->dst_pitch ? o->src_pitch : o->dst_pitch;
	w = (int)rnd((u32)least / o->cpp + 1);
	h = (int)rnd(20);
	o->x1 = fit(o->dst_pitch, o->cpp, w);
	o->sx = fit(o->src_pitch, o->cpp, w);
	o->y1 = (int)rnd(40);
	o->sy = rnd(3) ? o->y1 : (int)rnd(40);
	o->x2 = o->x1 + w;
	o->y2 = o->y1 + h;
}

/* Rows upwards in memory, coordinates left of and above the base. */
static void negative(struct op *o)
{
	if (o->dst_walk != LIN || rnd(2))
		return;
	if (rnd(2)) {
		o->dst_pitch = -o->dst_pitch;
		if (o->src == o->dst)
			o->src_pitch = -o->src_pitch;
	}
	if (o->src == o->dst && o->kind == SRC_COPY)
		return;
	o->x1 -= 100;
	o->x2 -= 100;
	o->y1 -= 20;
	o->y2 -= 20;
}

static void fill(u8 *m)
{
	u32 i;

	for (i = 0; i < MEM; i++)
		m[i] = (u8)rnd(256);
}

static void same(const struct op *o, const u8 *got, const u8 *want)
{
	u32 i;

	if (!memcmp(got, want, MEM))
		return;
	for (i = 0; got[i] == want[i]; i++)
		;
	ck_abort_msg("kind %d rop %02x cpp %u walks %d %d (%d %d)-(%d %d) from (%d %d) pitches %d "
		     "%d: byte %x is %02x, not %02x",
		     o->kind, o->rop, o->cpp, o->src_walk, o->dst_walk, o->x1, o->y1, o->x2, o->y2,
		     o->sx, o->sy, o->src_pitch, o->dst_pitch, i, got[i], want[i]);
}

START_TEST(draws_like_the_model)
{
	struct gvt_blit b;
	struct op o;
	int i;

	seed = 7 + (u32)_i;
	fill(mem_done);
	memcpy(mem_model, mem_done, MEM);
	for (i = 0; i < 300; i++) {
		any_op(&o);
		negative(&o);
		expect(start(&b, &o), "refused");
		expect(run(&b, mem_done, -1, 1 + rnd(200)) == GVT_BLIT_DONE, "not done");
		model(mem_model, &o);
		same(&o, mem_done, mem_model);
	}
}
END_TEST

/* Also where operands overlap in a way that nobody describes. */
START_TEST(a_budget_changes_nothing)
{
	struct gvt_blit b, again;
	struct op o;
	int i;

	seed = 99;
	fill(mem_done);
	memcpy(mem_model, mem_done, MEM);
	for (i = 0; i < 300; i++) {
		any_op(&o);
		o.src = rnd(2) ? o.src : o.dst + (o.src_walk ? 4096 : rnd(64));
		ck_assert(start(&b, &o));
		again = b;
		ck_assert(run(&b, mem_done, -1, ~0ULL) == GVT_BLIT_DONE);
		ck_assert(run(&again, mem_model, -1, 1) == GVT_BLIT_DONE);
		same(&o, mem_done, mem_model);
	}
}
END_TEST

START_TEST(a_budget_counts_64_bytes)
{
	struct op o = { COLOR, LIN, LIN, 4, 0xf0, 3, 0, 0, 2000, 2, 0, 0, 0, 8000, 0, DST, 5 };
	struct flat f = { mem_done, -1 };
	struct gvt_blit_mem mem = { &f, flat_read, flat_write };
	struct gvt_blit b;
	u64 budget = 1000;

	ck_assert(start(&b, &o));
	ck_assert(gvt_blit_step(&b, &mem, &budget) == GVT_BLIT_DONE);
	ck_assert_uint_eq(budget, 1000 - 250);
	ck_assert(start(&b, &o));
	budget = 0;
	ck_assert(gvt_blit_step(&b, &mem, &budget) == GVT_BLIT_AGAIN);
	budget = 100;
	ck_assert(gvt_blit_step(&b, &mem, &budget) == GVT_BLIT_AGAIN);
	ck_assert_uint_eq(b.done, 2);
	o.x2 = 0;
	ck_assert(start(&b, &o));
	budget = 0;
	ck_assert(gvt_blit_step(&b, &mem, &budget) == GVT_BLIT_DONE);
}
END_TEST

/* A fault stops it; when the memory is there, it goes on where it was. */
START_TEST(a_fault_anywhere)
{
	struct gvt_blit b, first;
	struct op o;
	int i, at;

	seed = 5;
	fill(mem_before);
	for (i = 0; i < 12; i++) {
		any_op(&o);
		/* Only what does not read its own result can do a piece twice. */
		o.rop = o.kind == COLOR ? 0xf0 : 0xcc;
		o.src = SRC;
		if (o.x2 > o.x1 + 64)
			o.x2 = o.x1 + 64;
		ck_assert(start(&first, &o));
		memcpy(mem_model, mem_before, MEM);
		model(mem_model, &o);
		for (at = 0;; at += 1 + at / 8) {
			b = first;
			memcpy(mem_done, mem_before, MEM);
			if (run(&b, mem_done, at, 3) == GVT_BLIT_DONE)
				break;
			ck_assert(run(&b, mem_done, -1, 3) == GVT_BLIT_DONE);
			same(&o, mem_done, mem_model);
		}
		same(&o, mem_done, mem_model);
	}
}
END_TEST

/* --- what cannot be addressed --- */

static const struct op good = { SRC_COPY, LIN, LIN, 4,	 0xcc, 3,   0,	 0, 16,
				16,	  0,   0,   512, 512,  SRC, DST, 0 };

START_TEST(refused)
{
	struct gvt_blit b;
	u32 dw[10], n;
	struct op o = good;

#define REFUSED(change)                                 \
	do {                                            \
		o = good;                               \
		ck_assert(start(&b, &o));               \
		change;                                 \
		ck_assert_msg(!start(&b, &o), #change); \
	} while (0)
	REFUSED(o.dst = 0; o.y1 = -1);
	REFUSED(o.dst = 0; o.dst_pitch = -512);
	REFUSED(o.src = 0; o.sx = -1);
	REFUSED(o.dst = (1ULL << 48) - 512 * 16 + 512 - 64 + 1);
	REFUSED(o.src = (1ULL << 48) - 64);
	REFUSED(o.dst_walk = X; o.dst_pitch = 640);
	REFUSED(o.dst_walk = X; o.dst_pitch = 0);
	REFUSED(o.dst_walk = X; o.dst_pitch = -512);
	REFUSED(o.dst_walk = X; o.dst = DST + 64);
	REFUSED(o.dst_walk = X; o.x1 = -1);
	REFUSED(o.dst_walk = Y; o.y1 = -1);
	REFUSED(o.dst_walk = X; o.x2 = 129);
	REFUSED(o.src_walk = Y; o.src_pitch = 128; o.sx = 17);
	REFUSED(o.src_walk = Y; o.src = (1ULL << 48) - 8192; o.src_pitch = 384);
	REFUSED(o.kind = FAST_COPY; o.src_walk = 3);
	o = good;
	o.dst = (1ULL << 48) - 512 * 15 - 64;
	ck_assert(start(&b, &o));
	n = encode(&good, dw);
	ck_assert(!gvt_blit_start(&b, dw, n - 1, 0) && !gvt_blit_start(&b, dw, 0, 0));
	dw[1] |= 1U << 30;
	ck_assert(!gvt_blit_start(&b, dw, n, 0));
	dw[0] = 0x55000000;
	ck_assert(!gvt_blit_start(&b, dw, n, 0));
	o = good;
	o.kind = FAST_COPY;
	o.dst_walk = Y;
	n = encode(&o, dw);
	ck_assert(gvt_blit_start(&b, dw, n, 0));
	dw[1] |= 1U << 30;
	ck_assert(!gvt_blit_start(&b, dw, n, 0));
	dw[1] = (dw[1] & 0xffff) | 2U << 24;
	ck_assert(!gvt_blit_start(&b, dw, n, 0));
}
END_TEST

/* The high half of an address is canonical or not: 48 bits count. */
START_TEST(empty_and_canonical)
{
	struct gvt_blit b;
	struct op o = good;

	o.x2 = o.x1;
	ck_assert(start(&b, &o) && run(&b, mem_done, 0, 1) == GVT_BLIT_DONE);
	o.x2 = -32768;
	ck_assert(start(&b, &o) && run(&b, mem_done, 0, 1) == GVT_BLIT_DONE);
	o = good;
	o.y2 = -1;
	ck_assert(start(&b, &o) && run(&b, mem_done, 0, 1) == GVT_BLIT_DONE);
	o = good;
	o.write = 0;
	ck_assert(start(&b, &o) && run(&b, mem_done, 0, 1) == GVT_BLIT_DONE);
	o = good;
	o.dst |= 0xffffULL << 48;
	ck_assert(start(&b, &o) && b.dst.base == DST);
}
END_TEST

/* Random dwords: whatever they say, it ends, in memory that it was given. */
START_TEST(random_dwords)
{
	static const u32 head[] = { 0x50800008, 0x54000005, 0x54c00008 };
	struct gvt_blit b;
	u32 dw[10], i, k, started = 0;
	struct flat f = { mem_done, 20 };
	struct gvt_blit_mem mem = { &f, flat_read, flat_write };
	u64 budget;

	seed = 11;
	for (i = 0; i < 20000; i++) {
		for (k = 0; k < 10; k++)
			dw[k] = rnd(~0U);
		dw[0] = head[rnd(3)] | (dw[0] & 0x306000) | (dw[0] & 0x8800);
		dw[4] &= rnd(2) ? 0xff000 : ~0U;
		dw[8] &= rnd(2) ? 0xff000 : ~0U;
		dw[5] = rnd(2) ? 0 : dw[5];
		dw[9] = rnd(2) ? 0 : dw[9];
		f.left = 20;
		budget = 40;
		if (!gvt_blit_start(&b, dw, 10, rnd(4)))
			continue;
		started++;
		gvt_blit_step(&b, &mem, &budget);
		expect(b.done <= b.across.cells * b.down.cells, "beyond the end");
	}
	ck_assert_uint_gt(started, 1000);
}
END_TEST

static Suite *blit_suite(void)
{
	Suite *s = suite_create("blit");
	TCase *tc = tcase_create("operations");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, draws_like_the_model, 0, 4);
	tcase_add_test(tc, a_budget_changes_nothing);
	tcase_add_test(tc, a_budget_counts_64_bytes);
	tcase_add_test(tc, a_fault_anywhere);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, empty_and_canonical);
	tcase_add_test(tc, random_dwords);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { blit_suite };

	return mpt_test_main("blit", suites, 1);
}
