/* SPDX-License-Identifier: MIT */
/*
 * The log of what the device wrote, as a vfio-user client asks for it: exact to the page, in the
 * ranges that were named, of memory that came and went meanwhile. And questions that are none.
 */
#include <pthread.h>

#include "vfu_mig_rig.h"

#define PAGE 4096ULL
#define FRAMES (MIG_RAM / PAGE)

/* --- asking --- */

struct start {
	struct vuw_log_start head;
	struct vuw_log_range range[VUW_LOG_RANGES + 1];
};

static int log_start(struct mig *c, struct start *s)
{
	u32 len = (u32)(sizeof(s->head) + s->head.ranges * sizeof(s->range[0]));

	return mig_feature(c, VUW_FEATURE_SET | VUW_FEATURE_LOG_START, s, len, 8 + len);
}

static void log_all(struct mig *c)
{
	struct start s = { .head = { PAGE, 0, 0 } };

	ck_assert_int_eq(log_start(c, &s), 0);
}

static int log_stop(struct mig *c)
{
	return mig_feature(c, VUW_FEATURE_SET | VUW_FEATURE_LOG_STOP, NULL, 0, 8);
}

static int ask(struct mig *c, u64 addr, u64 size, u64 page_size, u32 argsz)
{
	struct vuw_log_report r = { addr, size, page_size };

	return mig_feature(c, VUW_FEATURE_GET | VUW_FEATURE_LOG_REPORT, &r, sizeof(r), argsz);
}

#define REPORT_HEAD (sizeof(struct vuw_feature) + sizeof(struct vuw_log_report))

/* The bitmap of what there is, in the reply. */
static const u8 *report(struct mig *c, u64 addr, u64 size, u64 page_size)
{
	u64 bits = (size - 1) / page_size + 1, bytes = (bits + 63) / 64 * 8;
	struct vuw_log_report r;

	ck_assert_int_eq(ask(c, addr, size, page_size, MIG_XFER), 0);
	ck_assert_uint_eq(c->reply_len, REPORT_HEAD + bytes);
	ck_assert_uint_eq(mig_feature_reply(c).argsz, REPORT_HEAD + bytes);
	memcpy(&r, c->reply + sizeof(struct vuw_feature), sizeof(r));
	ck_assert(r.addr == addr && r.size == size && r.page_size == page_size);
	return c->reply + REPORT_HEAD;
}

static bool bit(const u8 *bitmap, u64 n)
{
	return bitmap[n / 8] >> n % 8 & 1;
}

static u64 count(struct mig *c, u64 addr, u64 size, u64 page_size)
{
	const u8 *bitmap = report(c, addr, size, page_size);
	u64 i, n = 0;

	for (i = 0; i < 8 * (c->reply_len - REPORT_HEAD); i++)
		n += bit(bitmap, i);
	return n;
}

static u64 count_all(struct mig *c)
{
	return count(c, 0, MIG_RAM, PAGE);
}

/* As the device does. */
static void device_writes(struct mig *c, u64 gpa, unsigned long len)
{
	static u8 bytes[1 << 20];

	life_ok(intel_gvt_hypervisor_write_gpa(c->vgpu, gpa, bytes, len));
}

/* --- what is said --- */

START_TEST(exact)
{
	static const u64 at[] = { 0, 1, 7, 8, 63, 64, 1000, FRAMES - 1 };
	const u8 *bitmap;
	struct mig c;
	u64 i, j;

	mig_up(&c);
	device_writes(&c, 5 * PAGE, 4);
	log_all(&c);
	ck_assert_uint_eq(count_all(&c), 0); /* before it was asked for */
	for (i = 0; i < N(at); i++)
		device_writes(&c, at[i] * PAGE + 4095, 1);
	device_writes(&c, 2000 * PAGE + 4095, 2);
	bitmap = report(&c, 0, MIG_RAM, PAGE);
	for (i = 0, j = 0; i < FRAMES; i++) {
		bool want = i == 2000 || i == 2001 || (j < N(at) && at[j] == i);

		ck_assert_msg(bit(bitmap, i) == want, "frame %llu", (unsigned long long)i);
		j += j < N(at) && at[j] == i;
	}
	ck_assert_uint_eq(count_all(&c), 0); /* once */
	/* Reads of the device and of the client are none. */
	life_ok(intel_gvt_hypervisor_read_gpa(c.vgpu, 0x3000, &i, 8));
	c.ram[0x4000] = 1;
	ck_assert_uint_eq(count_all(&c), 0);
	ck_assert_int_eq(log_stop(&c), 0);
	mig_down(&c);
}
END_TEST

START_TEST(coarser)
{
	const u8 *bitmap;
	struct mig c;

	mig_up(&c);
	log_all(&c);
	device_writes(&c, 0x10000, 1);
	device_writes(&c, 0x2ff000, 0x2000);
	bitmap = report(&c, 0, MIG_RAM, 65536);
	ck_assert(bit(bitmap, 1) && bit(bitmap, 0x2f) && bit(bitmap, 0x30));
	ck_assert_uint_eq(count(&c, 0, MIG_RAM, 65536), 0);
	device_writes(&c, 0x201000, 1);
	ck_assert_uint_eq(count(&c, 0, MIG_RAM, 1ULL << 63), 1);
	/* From where the question begins, not from a page's begin. */
	device_writes(&c, 0x103000, 1);
	device_writes(&c, 0x112000, 1);
	bitmap = report(&c, 0x103000, 0x20000, 65536);
	ck_assert(bit(bitmap, 0) && !bit(bitmap, 1));
	mig_down(&c);
}
END_TEST

/* Parts: each is said of itself, the rest stays. */
START_TEST(parts)
{
	struct mig c;
	u64 i;

	mig_up(&c);
	log_all(&c);
	for (i = 0; i < 64; i++)
		device_writes(&c, i * PAGE, 1);
	ck_assert_uint_eq(count(&c, 3 * PAGE, PAGE, PAGE), 1);
	ck_assert_uint_eq(count(&c, 3 * PAGE, PAGE, PAGE), 0);
	ck_assert_uint_eq(count(&c, 0, 10 * PAGE, PAGE), 9);
	ck_assert_uint_eq(count(&c, MIG_RAM - PAGE, 1 << 20, PAGE), 0);
	ck_assert_uint_eq(count_all(&c), 54);
	mig_down(&c);
}
END_TEST

START_TEST(named_ranges)
{
	/* Not in order, one beside the other, one within another. */
	struct start s = { .head = { 65536, 4, 0 },
			   .range = { { 0x100000, 0x4000 },
				      { 0x10000, 0x1000 },
				      { 0x11000, 0x1000 },
				      { 0x102000, 0x1000 } } };
	struct vuw_log_start back;
	struct mig c;
	u64 i;

	mig_up(&c);
	ck_assert_int_eq(log_start(&c, &s), 0);
	ck_assert_uint_eq(c.reply_len, 8 + 16 + 64);
	memcpy(&back, c.reply + 8, sizeof(back));
	ck_assert(back.page_size == PAGE && back.ranges == 4);
	ck_assert_int_eq(memcmp(c.reply + 24, s.range, 64), 0);
	for (i = 0; i < FRAMES; i++)
		device_writes(&c, i * PAGE, 1);
	ck_assert_uint_eq(count(&c, 0x11000, 0xf0000, PAGE), 2);
	ck_assert_uint_eq(count_all(&c), 4);
	ck_assert_uint_eq(count_all(&c), 0);
	mig_down(&c);
}
END_TEST

/* --- memory that comes and goes --- */

START_TEST(kept)
{
	struct mig c;

	mig_up(&c);
	mig_map(&c, 0x40000000, 0x100000, 0x100000);
	log_all(&c);
	device_writes(&c, 0x40003000, 0x2000);
	device_writes(&c, 0x400ff000, 1);
	device_writes(&c, 0x5000, 1);
	mig_unmap(&c, 0x40000000, 0x100000);
	ck_assert_uint_eq(count(&c, 0x40004000, PAGE, PAGE), 1);
	ck_assert_uint_eq(count(&c, 0x40000000, 0x100000, PAGE), 2);
	ck_assert_uint_eq(count(&c, 0x40000000, 0x100000, PAGE), 0);
	ck_assert_uint_eq(count_all(&c), 1);
	mig_map(&c, 0x40000000, 0x100000, 0x100000);
	device_writes(&c, 0x40010000, 4 * PAGE);
	mig_unmap(&c, 0x40000000, 0x100000);
	ck_assert_uint_eq(count(&c, 0x40010000, PAGE, PAGE), 1);
	ck_assert_uint_eq(count(&c, 0x40000000, 0x100000, PAGE), 3);
	/* There again, and written again: both are said, once. */
	mig_map(&c, 0x40000000, 0x100000, 0x100000);
	device_writes(&c, 0x40003000, 1);
	mig_unmap(&c, 0x40000000, 0x100000);
	mig_map(&c, 0x40000000, 0x200000, 0x200000);
	device_writes(&c, 0x40003000, 0x1001);
	ck_assert_uint_eq(count(&c, 0x40000000, 0x200000, PAGE), 2);
	ck_assert_uint_eq(count(&c, 0x40000000, 0x200000, PAGE), 0);
	/* What was kept is of no interest to the next who asks. */
	device_writes(&c, 0x40003000, 1);
	mig_unmap(&c, 0x40000000, 0x200000);
	ck_assert_int_eq(log_stop(&c), 0);
	log_all(&c);
	ck_assert_uint_eq(count(&c, 0x40000000, 0x200000, PAGE), 0);
	mig_down(&c);
}
END_TEST

/* More runs than are kept: all that was written is said, and perhaps more; but only once. */
START_TEST(too_many_to_keep)
{
	const u8 *bitmap;
	unsigned int round;
	struct mig c;
	u64 i;

	mig_up(&c);
	log_all(&c);
	/* First the upper half, then the lower: from both ends. */
	for (round = 0; round < 2; round++) {
		u64 gpa = 0x40000000 + (round ? 0 : MIG_RAM / 2);

		mig_map(&c, gpa, 0, MIG_RAM / 2);
		for (i = 0; i < FRAMES / 2; i += 2)
			device_writes(&c, gpa + i * PAGE, 1);
		mig_unmap(&c, gpa, MIG_RAM / 2);
	}
	bitmap = report(&c, 0x40000000, MIG_RAM, PAGE);
	for (i = 0; i < FRAMES; i += 2)
		ck_assert_msg(bit(bitmap, i), "frame %llu", (unsigned long long)i);
	ck_assert_uint_eq(count(&c, 0x40000000, MIG_RAM, PAGE), 0);
	/* A hole in the middle of a run stays said. */
	mig_map(&c, 0x40000000, 0, MIG_RAM);
	device_writes(&c, 0x40000000, 8 * PAGE);
	mig_unmap(&c, 0x40000000, MIG_RAM);
	ck_assert_uint_eq(count(&c, 0x40003000, PAGE, PAGE), 1);
	ck_assert_uint_ge(count(&c, 0x40000000, MIG_RAM, PAGE), 7);
	ck_assert_uint_eq(count(&c, 0x40000000, MIG_RAM, PAGE), 0);
	mig_down(&c);
}
END_TEST

/* A client that vanishes takes its log along. */
START_TEST(goes_with_the_client)
{
	struct mig c;
	long live;

	mig_up(&c);
	live = mpt_alloc_live();
	log_all(&c);
	device_writes(&c, 0x5000, 1);
	mig_hangup(&c);
	mig_connect(&c, MIG_CAPS);
	ck_assert_int_eq(log_stop(&c), EINVAL);
	ck_assert_int_eq(mpt_alloc_live(), live);
	log_all(&c);
	mig_down(&c);
}
END_TEST

/* --- questions that are none --- */

START_TEST(wrong_time)
{
	struct start s = { .head = { PAGE, 0, 0 } };
	struct mig c;

	mig_up(&c);
	ck_assert_int_eq(log_stop(&c), EINVAL);
	ck_assert_int_eq(ask(&c, 0, PAGE, PAGE, 64), EINVAL);
	log_all(&c);
	ck_assert_int_eq(log_start(&c, &s), EBUSY);
	ck_assert_int_eq(log_stop(&c), 0);
	ck_assert_int_eq(log_stop(&c), EINVAL);
	log_all(&c);
	/* It is none of the migration's states. */
	mig_go(&c, VUW_STATE_STOP);
	device_writes(&c, 0x5000, 1);
	mig_reset(&c);
	ck_assert_uint_eq(count_all(&c), 1);
	mig_down(&c);
}
END_TEST

START_TEST(wrong_ranges)
{
	static const struct vuw_log_range bad[] = {
		{ 0, 0 }, { 1, PAGE }, { 0, PAGE + 1 }, { ~0xfffULL, PAGE }, { PAGE, ~0xfffULL },
	};
	struct start s = { .head = { PAGE, 1, 0 } };
	struct mig c;
	size_t i;

	mig_up(&c);
	for (i = 0; i < N(bad); i++) {
		s.range[0] = bad[i];
		ck_assert_int_eq(log_start(&c, &s), EINVAL);
	}
	for (i = 0; i <= VUW_LOG_RANGES; i++)
		s.range[i] = (struct vuw_log_range){ i * 2 * PAGE, PAGE };
	s.head.ranges = VUW_LOG_RANGES + 1;
	ck_assert_int_eq(log_start(&c, &s), EINVAL);
	s.head.ranges = VUW_LOG_RANGES;
	/* A number that is not that of what follows. */
	ck_assert_int_eq(mig_feature(&c, VUW_FEATURE_SET | VUW_FEATURE_LOG_START, &s, 16, 24),
			 EINVAL);
	ck_assert_int_eq(log_start(&c, &s), 0);
	device_writes(&c, 0, VUW_LOG_RANGES * 2 * PAGE > MIB ? MIB : VUW_LOG_RANGES * 2 * PAGE);
	ck_assert_uint_eq(count_all(&c), 128);
	mig_down(&c);
}
END_TEST

START_TEST(wrong_questions)
{
	/* Of a bitmap beside what is in front of it, in a reply of at most 1 MiB of data. */
	const u64 most = (MIG_XFER - 24) * 8 * PAGE;
	struct mig c;

	mig_up(&c);
	log_all(&c);
	device_writes(&c, 0x5000, 1);
	ck_assert_int_eq(ask(&c, 0, 0, PAGE, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, 0, PAGE, 0, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, 0, PAGE, 2048, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, 0, PAGE, 3 * PAGE, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, 1, PAGE, PAGE, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, 0, PAGE + 1, PAGE, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, ~0xfffULL, PAGE, PAGE, MIG_XFER), EINVAL);
	ck_assert_int_eq(ask(&c, 0, ~0xfffULL, PAGE, ~0U), EINVAL);
	ck_assert_int_eq(ask(&c, 0, most + PAGE, PAGE, ~0U), EINVAL);
	/* Too little room: only how much it takes, and the marks stay. */
	ck_assert_int_eq(ask(&c, 0, most, PAGE, MIG_XFER), 0);
	ck_assert_uint_eq(c.reply_len, 8);
	ck_assert_uint_eq(mig_feature_reply(&c).argsz, MIG_XFER + 8);
	ck_assert_int_eq(ask(&c, 0, most, PAGE, MIG_XFER + 8), 0);
	ck_assert_uint_eq(c.reply_len, MIG_XFER + 8);
	ck_assert(bit(c.reply + REPORT_HEAD, 5));
	/* All addresses there are, in one bit. */
	device_writes(&c, 0x5000, 1);
	ck_assert_uint_eq(count(&c, 0, ~0xfffULL, 1ULL << 63), 1);
	mig_down(&c);
}
END_TEST

START_TEST(no_memory)
{
	struct start s = { .head = { PAGE, 0, 0 } };
	unsigned long nth;
	bool failed = true;
	struct mig c;
	int err;

	mig_open_on(&c, "");
	mig_connect(&c, MIG_CAPS);
	for (nth = 1; failed; nth++) {
		mpt_alloc_fail_at(nth);
		err = log_start(&c, &s);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(err, failed ? ENOMEM : 0);
		ck_assert_int_eq(log_stop(&c), failed ? EINVAL : 0);
	}
	ck_assert_uint_eq(nth, 5);
	mig_down(&c);
}
END_TEST

/* --- threads --- */

static void *write_all(void *arg)
{
	struct mig *c = arg;
	u64 i;

	for (i = 0; i < FRAMES; i++)
		device_writes(c, i * PAGE, 8);
	return NULL;
}

/* The device writes while it is asked, and while other memory comes and goes: nothing is lost. */
START_TEST(asked_meanwhile)
{
	static bool seen[FRAMES];
	const u8 *bitmap;
	pthread_t thread;
	struct mig c;
	u64 i, round;

	mig_up(&c);
	log_all(&c);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_all, &c), 0);
	for (round = 0; round < 50; round++) {
		if (round == 49)
			pthread_join(thread, NULL);
		mig_map(&c, 0x40000000, 0x100000, 0x100000);
		bitmap = report(&c, 0, MIG_RAM, PAGE);
		for (i = 0; i < FRAMES; i++)
			seen[i] |= bit(bitmap, i);
		mig_unmap(&c, 0x40000000, 0x100000);
	}
	for (i = 0; i < FRAMES; i++)
		ck_assert_msg(seen[i], "frame %llu", (unsigned long long)i);
	mig_down(&c);
}
END_TEST

static Suite *log_suite(void)
{
	Suite *s = suite_create("vfu-log");
	TCase *t = tcase_create("log");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, exact);
	tcase_add_test(t, coarser);
	tcase_add_test(t, parts);
	tcase_add_test(t, named_ranges);
	tcase_add_test(t, kept);
	tcase_add_test(t, too_many_to_keep);
	tcase_add_test(t, goes_with_the_client);
	tcase_add_test(t, wrong_time);
	tcase_add_test(t, wrong_ranges);
	tcase_add_test(t, wrong_questions);
	tcase_add_test(t, no_memory);
	tcase_add_test(t, asked_meanwhile);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { log_suite };

	return mpt_test_main("test_vfu_log", suites, N(suites));
}
