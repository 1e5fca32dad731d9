/* SPDX-License-Identifier: MIT */
/*
 * The scanner of commands over batches: which are collected and where each ends, the bounds of a
 * submission, memory that is not there or not to be had, and guests that change what was read.
 */
#include "gvt_scan.h"
#include "lib/runner.h"

static void scan_ok(struct scan_rig *r, unsigned int batches)
{
	int ret = scan(r, GVT_RCS);

	ck_assert_msg(!ret, "%s", mpt_last_error());
	ck_assert_uint_eq(r->scan.batches, batches);
}

static void refused(struct scan_rig *r, int err, const char *part)
{
	ck_assert_int_eq(scan(r, GVT_RCS), err);
	says(part);
	holds_nothing(r);
}

/* A batch that says which it is: @dwords in all. */
static void batch_make(struct scan_rig *r, u64 addr, u32 dwords)
{
	u32 i;

	/* MI_NOOP with a number */
	for (i = 0; i + 1 < dwords; i++)
		gm_put(r, addr + 4ULL * i, ((u32)(addr >> 2) + i) & 0x3fffff);
	gm_put(r, addr + 4ULL * i, MI_BATCH_END);
}

/* --- which, and how far --- */

START_TEST(batches_are_copied_to_their_end)
{
	static const u32 dwords[] = { 1, 2, 7, 1023, 1024, 1025, 2048 };
	struct scan_rig r;
	unsigned int i;

	scan_open(&r);
	for (i = 0; i < N(dwords); i++) {
		batch_make(&r, BATCH(i) + 8 * i, dwords[i] - (i > 5 ? 40 : 0));
		ring_start_batch(&r, BATCH_START, BATCH(i) + 8 * i);
	}
	scan_ok(&r, N(dwords));
	ck_assert_uint_eq(r.scan.ring_dwords, 3 * N(dwords));
	for (i = 0; i < N(dwords); i++)
		batch_is(&r, i, BATCH(i) + 8 * i, dwords[i] - (i > 5 ? 40 : 0));
	scan_close(&r);
}
END_TEST

START_TEST(a_command_lies_across_pages)
{
	u64 addr = LOW + 0x101000 - 12;
	u32 dw[] = { MI_NOOP, MI(0x20, 4) | GGTT22, (u32)HIGH, 0, 7, MI_BATCH_END };
	struct scan_rig r;

	scan_open(&r);
	gm_add(&r, addr, 0, dw, N(dw));
	ring_start_batch(&r, BATCH_START, addr);
	scan_ok(&r, 1);
	batch_is(&r, 0, addr, 6);
	gm_put(&r, addr + 8, 0x1000);
	refused(&r, -EINVAL, "MI_STORE_DATA_IMM at dword 1 of the batch at 0x4100ff4:");
	scan_close(&r);
}
END_TEST

START_TEST(the_same_batch_is_copied_once)
{
	struct scan_rig r;

	scan_open(&r);
	batch_make(&r, BATCH(0), 4);
	batch_make(&r, BATCH(1), 5);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	ring_start_batch(&r, BATCH_START, BATCH(1));
	ring_start_batch(&r, BATCH_START, BATCH(0));
	ring_start_batch(&r, BATCH_START, BATCH(0) | 3);
	scan_ok(&r, 2);
	batch_is(&r, 0, BATCH(0), 4);
	batch_is(&r, 1, BATCH(1), 5);
	/* Begun in the middle it is another one. */
	ring_start_batch(&r, BATCH_START, BATCH(0) + 4);
	scan_ok(&r, 3);
	batch_is(&r, 2, BATCH(0) + 4, 3);
	scan_close(&r);
}
END_TEST

/* A chain ends the batch: garbage behind it is not looked at. */
START_TEST(chains)
{
	struct scan_rig r;

	scan_open(&r);
	gm_put(&r, BATCH(0), MI_NOOP);
	gm_start(&r, BATCH(0), 1, BATCH_START, BATCH(1));
	gm_put(&r, BATCH(0) + 16, 0xffffffff);
	batch_make(&r, BATCH(1), 3);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	scan_ok(&r, 2);
	batch_is(&r, 0, BATCH(0), 4);
	batch_is(&r, 1, BATCH(1), 3);
	/* The same into the PPGTT, of which nothing is copied. */
	gm_start(&r, BATCH(0), 1, BATCH_START | BATCH_PPGTT, 0x5000);
	scan_ok(&r, 1);
	batch_is(&r, 0, BATCH(0), 4);
	/* What may not be taken does not end it. */
	gm_start(&r, BATCH(0), 1, BATCH_START | BATCH_PREDICATED, BATCH(1));
	refused(&r, -EINVAL, "at dword 4 of the batch");
	gm_put(&r, BATCH(0) + 16, MI_BATCH_END);
	scan_ok(&r, 2);
	batch_is(&r, 0, BATCH(0), 5);
	scan_close(&r);
}
END_TEST

START_TEST(the_second_level_returns)
{
	struct scan_rig r;

	scan_open(&r);
	gm_start(&r, BATCH(0), 0, BATCH_START | BATCH_SECOND, BATCH(1));
	gm_add(&r, BATCH(0), 3, (u32[]){ MI_NOOP, MI_BATCH_END }, 2);
	/* From the second level there is no third: it is a chain. */
	gm_start(&r, BATCH(1), 0, BATCH_START | BATCH_SECOND, BATCH(2));
	gm_put(&r, BATCH(1) + 12, 0xffffffff);
	batch_make(&r, BATCH(2), 3);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	scan_ok(&r, 3);
	batch_is(&r, 0, BATCH(0), 5);
	batch_is(&r, 1, BATCH(1), 3);
	batch_is(&r, 2, BATCH(2), 3);
	/* However it is asked for; and what it goes to is on the second level too. */
	gm_start(&r, BATCH(1), 0, BATCH_START, BATCH(2));
	gm_start(&r, BATCH(2), 0, BATCH_START | BATCH_SECOND, BATCH(1));
	gm_put(&r, BATCH(2) + 12, 0xffffffff);
	scan_ok(&r, 3);
	batch_is(&r, 2, BATCH(2), 3);
	/* And what it returns to is judged. */
	gm_put(&r, BATCH(0) + 12, 0xffffffff);
	refused(&r, -EINVAL, "at dword 3 of the batch at 0x4100000");
	scan_close(&r);
}
END_TEST

/* Where a batch ends depends on its level, and there is one copy of it. */
START_TEST(on_both_levels_it_is_refused)
{
	struct scan_rig r;

	scan_open(&r);
	gm_start(&r, BATCH(0), 0, BATCH_START | BATCH_SECOND, BATCH(1));
	gm_put(&r, BATCH(0) + 12, MI_BATCH_END);
	batch_make(&r, BATCH(1), 3);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	scan_ok(&r, 2);
	ring_start_batch(&r, BATCH_START, BATCH(1));
	refused(&r, -EINVAL, "at dword 0 of the batch at 0x4100000: a batch started on both");
	/* From the ring all are on the first one. */
	gm_start(&r, BATCH(0), 0, BATCH_START, BATCH(1));
	ring_start_batch(&r, BATCH_START | BATCH_SECOND, BATCH(0));
	scan_ok(&r, 2);
	batch_is(&r, 0, BATCH(0), 3);
	gm_start(&r, BATCH(1), 0, BATCH_START | BATCH_SECOND, BATCH(2));
	gm_add(&r, BATCH(1), 3, (u32[]){ MI_NOOP, MI_BATCH_END }, 2);
	batch_make(&r, BATCH(2), 3);
	r.tail = 0;
	ring_start_batch(&r, BATCH_START | BATCH_SECOND, BATCH(1));
	scan_ok(&r, 2);
	batch_is(&r, 0, BATCH(1), 5);
	scan_close(&r);
}
END_TEST

START_TEST(loops_end)
{
	struct scan_rig r;

	scan_open(&r);
	gm_start(&r, BATCH(0), 0, BATCH_START, BATCH(0));
	ring_start_batch(&r, BATCH_START, BATCH(0));
	scan_ok(&r, 1);
	batch_is(&r, 0, BATCH(0), 3);
	gm_start(&r, BATCH(0), 0, BATCH_START, BATCH(1));
	gm_start(&r, BATCH(1), 0, BATCH_START, BATCH(2));
	gm_start(&r, BATCH(2), 0, BATCH_START, BATCH(0));
	scan_ok(&r, 3);
	gm_start(&r, BATCH(0), 0, BATCH_START | BATCH_SECOND, BATCH(0));
	refused(&r, -EINVAL, "a batch started on both levels (0x4100000)");
	scan_close(&r);
}
END_TEST

/* --- bounds --- */

START_TEST(so_many_batches)
{
	struct scan_rig r;
	unsigned int i;

	scan_open(&r);
	for (i = 0; i < GVT_SCAN_BATCHES; i++) {
		batch_make(&r, BATCH(i), 2 + i);
		ring_start_batch(&r, BATCH_START, BATCH(i));
	}
	ring_start_batch(&r, BATCH_START, BATCH(3));
	scan_ok(&r, GVT_SCAN_BATCHES);
	for (i = 0; i < GVT_SCAN_BATCHES; i++)
		batch_is(&r, i, BATCH(i), 2 + i);
	ring_start_batch(&r, BATCH_START, BATCH(i));
	refused(&r, -ENOSPC, "more batches than a submission may have (0x11)");
	/* The one too many is in a batch. */
	r.tail -= 12;
	gm_start(&r, BATCH(15), 0, BATCH_START, BATCH(i));
	refused(&r, -ENOSPC, "MI_BATCH_BUFFER_START at dword 0 of the batch at 0x411e000");
	scan_close(&r);
}
END_TEST

static void chain_make(struct scan_rig *r, u64 addr, u32 dwords, u64 to)
{
	static u32 dw[GVT_SCAN_BATCH_BYTES / 4 + 64];

	memset(dw, 0, sizeof(dw));
	dw[dwords - 3] = BATCH_START;
	dw[dwords - 2] = (u32)to;
	gm_store(r, addr, dw, 4ULL * dwords);
}

START_TEST(so_many_bytes)
{
	const u32 most = GVT_SCAN_BATCH_BYTES / 4;
	struct scan_rig r;

	scan_open(&r);
	chain_make(&r, BATCH(0), most, BATCH(0));
	ring_start_batch(&r, BATCH_START, BATCH(0));
	scan_ok(&r, 1);
	batch_is(&r, 0, BATCH(0), most);
	chain_make(&r, BATCH(0), most + 1, BATCH(0));
	refused(&r, -ENOSPC, "more bytes of batches than a submission may have (0x40000)");
	/* Of all together; the ring's own part does not count. */
	chain_make(&r, BATCH(0), most - 7, BATCH(64));
	batch_make(&r, BATCH(64), 7);
	ring_add(&r, (u32[100]){ 0 }, 100);
	scan_ok(&r, 2);
	batch_is(&r, 1, BATCH(64), 7);
	batch_make(&r, BATCH(64), 8);
	refused(&r, -ENOSPC, "at dword 7 of the batch at 0x4180000");
	scan_close(&r);
}
END_TEST

/* --- memory --- */

START_TEST(a_batch_stays_where_memory_is)
{
	struct scan_rig r;

	scan_open(&r);
	/* The last dword of each range. */
	batch_make(&r, LAST_LOW + 0xff8, 2);
	batch_make(&r, LAST_HIGH + 0xffc, 1);
	ring_start_batch(&r, BATCH_START, LAST_LOW + 0xff8);
	ring_start_batch(&r, BATCH_START, LAST_HIGH + 0xffc);
	scan_ok(&r, 2);
	batch_is(&r, 0, LAST_LOW + 0xff8, 2);
	batch_is(&r, 1, LAST_HIGH + 0xffc, 1);
	gm_put(&r, LAST_LOW + 0xffc, MI_NOOP);
	refused(&r, -EFAULT, "the batch leaves the vGPU's range (0x8000000)");
	gm_put(&r, LAST_LOW + 0xffc, MI_BATCH_END);
	gm_put(&r, LAST_HIGH + 0xffc, MI(0x20, 4));
	refused(&r, -EFAULT, "the batch leaves the vGPU's range (0x28000000)");
	/* Inside, but without memory. */
	r.tail = 0;
	gm_put(&r, LOW + WINDOW - 4, MI_NOOP);
	ring_start_batch(&r, BATCH_START, LOW + WINDOW - 4);
	refused(&r, -EFAULT, "no memory at graphics address 0x4200000");
	gm_put(&r, LOW + WINDOW - 4, MI_BATCH_END);
	scan_ok(&r, 1);
	scan_close(&r);
}
END_TEST

/* Where both ranges are one behind the other, a batch is still in one of them. */
START_TEST(neighbouring_ranges_are_two)
{
	struct gvt_range high;
	struct scan_rig r;

	scan_open(&r);
	high = r.g.v->high;
	r.g.v->high.start = LOW + WINDOW / 2;
	r.g.v->low.size = WINDOW / 2;
	gm_put(&r, LOW + WINDOW / 2 - 4, MI_NOOP);
	gm_put(&r, LOW + WINDOW / 2, MI_BATCH_END);
	ring_start_batch(&r, BATCH_START, LOW + WINDOW / 2 - 4);
	refused(&r, -EFAULT, "the batch leaves the vGPU's range (0x4100000)");
	r.g.v->high = high;
	r.g.v->low.size = LOW_SIZE;
	scan_ok(&r, 1);
	scan_close(&r);
}
END_TEST

static void big_submission(struct scan_rig *r)
{
	unsigned int i;

	r->tail = 0;
	ring_add(r, (u32[200]){ 0 }, 200);
	for (i = 0; i < 6; i++) {
		batch_make(r, BATCH(i), 700 + i);
		ring_start_batch(r, BATCH_START, BATCH(i));
	}
}

START_TEST(each_allocation_fails_once)
{
	struct scan_rig r;
	unsigned long n;
	unsigned int i;
	int ret = -1;

	scan_open(&r);
	big_submission(&r);
	for (n = 1; ret && n < 30; n++) {
		gvt_scan_free(&r.scan);
		mpt_alloc_fail_at(n);
		ret = scan(&r, GVT_RCS);
		mpt_alloc_fail_at(0);
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		says("no memory for a copy of");
		holds_nothing(&r);
		/* And goes on with what it has. */
		scan_ok(&r, 6);
	}
	ck_assert_uint_gt(n, 3);
	for (i = 0; i < 6; i++)
		batch_is(&r, i, BATCH(i), 700 + i);
	scan_close(&r);
}
END_TEST

START_TEST(what_was_allocated_is_kept)
{
	struct scan_rig r;
	long live;

	scan_open(&r);
	ring_add(&r, (u32[]){ MI_NOOP, MI_USER_INTERRUPT }, 2);
	scan_ok(&r, 0);
	live = mpt_alloc_live();
	mpt_alloc_fail_at(1);
	scan_ok(&r, 0);
	r.tail = 0;
	ring_add(&r, (u32[250]){ 0 }, 250);
	scan_ok(&r, 0);
	mpt_alloc_fail_at(0);
	r.tail = 0;
	batch_make(&r, BATCH(0), 2);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	scan_ok(&r, 1);
	/* It moves when it grows. */
	big_submission(&r);
	scan_ok(&r, 6);
	batch_is(&r, 0, BATCH(0), 700);
	ck_assert_int_eq(mpt_alloc_live(), live);
	mpt_alloc_fail_at(1);
	scan_ok(&r, 6);
	ck_assert(!mpt_alloc_failed());
	mpt_alloc_fail_at(0);
	scan_close(&r);
}
END_TEST

/* --- a guest that changes what was read --- */

static struct {
	const struct intel_gvt_mpt *below;
	struct intel_gvt_mpt table;
	u64 gpa; /* of the dword that changes as soon as it was read */
	u32 value;
	unsigned int reads[WINDOW / MPT_PAGE_SIZE]; /* of each page */
	unsigned int changes;
} spy;

static int spy_read(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = spy.below->read_gpa(handle, gpa, buf, len);

	if (gpa >= WINDOW_GPA && gpa - WINDOW_GPA < WINDOW)
		spy.reads[(gpa - WINDOW_GPA) / MPT_PAGE_SIZE]++;
	if (!ret && spy.gpa - gpa < len) {
		ret = spy.below->write_gpa(handle, spy.gpa, &spy.value, 4);
		spy.changes++;
	}
	return ret;
}

static void spy_set(struct scan_rig *r, u64 addr, u32 value)
{
	memset(&spy, 0, sizeof(spy));
	spy.below = r->g.v->base.mpt;
	spy.table = *spy.below;
	spy.table.read_gpa = spy_read;
	spy.gpa = addr - LOW + WINDOW_GPA;
	spy.value = value;
	r->g.v->base.mpt = &spy.table;
}

static void spy_end(struct scan_rig *r)
{
	unsigned int i;

	r->g.v->base.mpt = spy.below;
	for (i = 0; i < N(spy.reads); i++)
		if (spy.reads[i] > 1)
			ck_abort_msg("page %u was read %u times", i, spy.reads[i]);
}

static u32 gm_get(struct scan_rig *r, u64 addr)
{
	u32 dw;

	rig_ok(gvt_gm_read(r->g.v, addr, &dw, 4));
	return dw;
}

/* As a second processor would do it, at the worst moment: between the copy and the decision. */
START_TEST(the_copy_is_what_counts)
{
	static const u64 where[] = { RING + 8, BATCH(0) + 4, BATCH(1) + 0xffc };
	struct scan_rig r;
	unsigned int i;

	for (i = 0; i < N(where); i++) {
		scan_open(&r);
		batch_make(&r, BATCH(0), 4);
		batch_make(&r, BATCH(1), 1500);
		ring_start_batch(&r, BATCH_START, BATCH(0));
		r.ring[2] = 0;
		ring_start_batch(&r, BATCH_START, BATCH(1));
		spy_set(&r, where[i], 0xffffffff);
		scan_ok(&r, 2);
		spy_end(&r);
		ck_assert_uint_eq(spy.changes, 1);
		ck_assert_uint_eq(gm_get(&r, where[i]), 0xffffffff);
		/* What is handed on is what was judged. */
		ck_assert_uint_eq(r.scan.store[2], 0);
		ck_assert_uint_eq(r.scan.batch[0].dw[1], ((BATCH(0) >> 2) + 1) & 0x3fffff);
		ck_assert_uint_eq(r.scan.batch[1].dw[0x3ff], ((BATCH(1) >> 2) + 0x3ff) & 0x3fffff);
		refused(&r, -EINVAL, "");
		scan_close(&r);
	}
}
END_TEST

/* The other way round: what was bad when it was read stays refused. */
START_TEST(a_repair_comes_too_late)
{
	struct scan_rig r;

	scan_open(&r);
	gm_add(&r, BATCH(0), 0, (u32[]){ MI_NOOP, 0xffffffff, MI_BATCH_END }, 3);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	spy_set(&r, BATCH(0) + 4, MI_NOOP);
	refused(&r, -EINVAL, "at dword 1 of the batch");
	spy_end(&r);
	scan_ok(&r, 1);
	scan_close(&r);
}
END_TEST

/* --- */

static Suite *batch_suite(void)
{
	Suite *s = suite_create("gvt-scan-batch");
	TCase *tc = tcase_create("collecting");

	tcase_add_test(tc, batches_are_copied_to_their_end);
	tcase_add_test(tc, a_command_lies_across_pages);
	tcase_add_test(tc, the_same_batch_is_copied_once);
	tcase_add_test(tc, chains);
	tcase_add_test(tc, the_second_level_returns);
	tcase_add_test(tc, on_both_levels_it_is_refused);
	tcase_add_test(tc, loops_end);
	tcase_add_test(tc, so_many_batches);
	tcase_add_test(tc, so_many_bytes);
	suite_add_tcase(s, tc);
	tc = tcase_create("memory");
	tcase_add_test(tc, a_batch_stays_where_memory_is);
	tcase_add_test(tc, neighbouring_ranges_are_two);
	tcase_add_test(tc, each_allocation_fails_once);
	tcase_add_test(tc, what_was_allocated_is_kept);
	tcase_add_test(tc, the_copy_is_what_counts);
	tcase_add_test(tc, a_repair_comes_too_late);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { batch_suite };

	return mpt_test_main("gvt_scan_batch", suites, N(suites));
}
