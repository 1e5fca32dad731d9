/* SPDX-License-Identifier: MIT */
/*
 * The data of vfio-user DEVICE_FEATURE messages, and the ways between the states of a migration
 * against a search over the arcs that the protocol's specification lists.
 */
#include <errno.h>
#include <string.h>

#include "backends/vfio-user/wire.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define GET VUW_FEATURE_GET
#define SET VUW_FEATURE_SET
#define PROBE VUW_FEATURE_PROBE

/* --- states --- */

/* "Direct State Transitions", without PRE_COPY. */
static const struct {
	u32 from, to;
} arcs[] = {
	{ VUW_STATE_RUNNING, VUW_STATE_STOP },	 { VUW_STATE_STOP_COPY, VUW_STATE_STOP },
	{ VUW_STATE_RESUMING, VUW_STATE_STOP },	 { VUW_STATE_STOP, VUW_STATE_RUNNING },
	{ VUW_STATE_STOP, VUW_STATE_STOP_COPY }, { VUW_STATE_STOP, VUW_STATE_RESUMING },
};

static bool is_arc(u32 from, u32 to)
{
	size_t i;

	for (i = 0; i < N(arcs); i++)
		if (arcs[i].from == from && arcs[i].to == to)
			return true;
	return false;
}

/* Steps from one to the other, with nothing of the saving group within; 99: there is no way. */
static u32 distance(u32 from, u32 to, u32 most)
{
	u32 best = 99, via, n;

	if (from == to)
		return 0;
	for (via = 0; most && via < VUW_STATES; via++) {
		if (!is_arc(from, via) || (via == VUW_STATE_STOP_COPY && via != to))
			continue;
		n = 1 + distance(via, to, most - 1);
		best = n < best ? n : best;
	}
	return best;
}

START_TEST(shortest_ways)
{
	u32 from, to, next;

	for (from = 0; from < VUW_STATES; from++) {
		for (to = 0; to < VUW_STATES; to++) {
			next = mpt_vuw_state_next((enum vuw_state)from, to);
			if (from == VUW_STATE_ERROR || to == VUW_STATE_ERROR) {
				ck_assert_uint_eq(next, VUW_STATES);
			} else if (from == to) {
				ck_assert_uint_eq(next, to);
			} else {
				ck_assert(is_arc(from, next));
				ck_assert_uint_eq(distance(next, to, 4) + 1, distance(from, to, 4));
			}
		}
		for (to = VUW_STATES; to < 300; to++)
			ck_assert_uint_eq(mpt_vuw_state_next((enum vuw_state)from, to), VUW_STATES);
		ck_assert_uint_eq(mpt_vuw_state_next((enum vuw_state)from, ~0U), VUW_STATES);
	}
	ck_assert_uint_eq(mpt_vuw_state_next(VUW_STATES, VUW_STATE_STOP), VUW_STATES);
}
END_TEST

/* --- features --- */

static struct vuw_feature_req f;

static int decode(u32 flags, const void *data, u32 len, u32 argsz)
{
	struct vuw_msg m = { .hdr = { .command = VUW_FEATURE },
			     .u.feature = { argsz, flags },
			     .data = data,
			     .data_len = len };

	memset(&f, 0x5a, sizeof(f));
	return mpt_vuw_feature_decode(&m, &f);
}

START_TEST(methods)
{
	static const struct {
		u32 index, methods, get, set;
	} known[] = {
		{ VUW_FEATURE_MIGRATION, GET, 0, 0 },	{ VUW_FEATURE_MIG_STATE, GET | SET, 0, 8 },
		{ VUW_FEATURE_LOG_START, SET, 0, 16 },	{ VUW_FEATURE_LOG_STOP, SET, 0, 0 },
		{ VUW_FEATURE_LOG_REPORT, GET, 24, 0 },
	};
	static const struct vuw_log_report data = { 0, 4096, 4096 };
	static const u8 zero[24];
	u32 index, i, how;

	for (index = 0; index < 0x10000; index++) {
		for (i = 0; i < N(known) && known[i].index != index; i++)
			;
		if (i == N(known)) {
			ck_assert_int_eq(decode(index | GET, NULL, 0, 8), -EOPNOTSUPP);
			ck_assert_int_eq(decode(index | PROBE, NULL, 0, 8), -EOPNOTSUPP);
			continue;
		}
		for (how = 0; how < 8; how++) {
			u32 flags = how << 16, both = flags & (GET | SET);
			u32 len = flags & PROBE ? 0 : both == GET ? known[i].get : known[i].set;
			const void *bytes =
				index == VUW_FEATURE_LOG_REPORT ? (const void *)&data : zero;
			bool ok = !(both & ~known[i].methods) &&
				  (flags & PROBE || both == GET || both == SET);

			ck_assert_int_eq(decode(index | flags, bytes, len, 64), ok ? 0 : -EINVAL);
			if (!ok)
				continue;
			ck_assert_uint_eq(f.index, index);
			ck_assert_uint_eq(f.method, flags);
			ck_assert_int_eq(decode(index | flags, bytes, len, 7), -EINVAL);
			if (flags & PROBE)
				continue;
			ck_assert_int_eq(decode(index | flags, bytes, len + 1, 64), -EINVAL);
			if (len)
				ck_assert_int_eq(decode(index | flags, bytes, len - 1, 64),
						 -EINVAL);
		}
		ck_assert_int_eq(decode(index | GET | 0x80000, NULL, 0, 64), -EINVAL);
		ck_assert_int_eq(decode(index | PROBE | 0x80000000, NULL, 0, 64), -EINVAL);
	}
}
END_TEST

/* What is answered with the request has to have room; what is asked for may lack it. */
START_TEST(room)
{
	static const struct vuw_mig_state state = { VUW_STATE_STOP, 7 };
	static const struct vuw_log_report what = { 0x1000, 0x2000, 4096 };

	ck_assert_int_eq(decode(VUW_FEATURE_MIG_STATE | SET, &state, 8, 15), -EINVAL);
	ck_assert_int_eq(decode(VUW_FEATURE_MIG_STATE | SET, &state, 8, 16), 0);
	ck_assert_uint_eq(f.u.state.state, VUW_STATE_STOP);
	ck_assert_int_eq(decode(VUW_FEATURE_LOG_REPORT | GET, &what, 24, 8), 0);
	ck_assert_uint_eq(f.u.report.size, 0x2000);
	ck_assert_int_eq(decode(VUW_FEATURE_MIG_STATE | PROBE, "abc", 3, 10), -EINVAL);
	ck_assert_int_eq(decode(VUW_FEATURE_MIG_STATE | PROBE, "abc", 3, 11), 0);
	ck_assert_int_eq(decode(VUW_FEATURE_MIG_STATE | PROBE | GET, "abc", 3, 10), -EINVAL);
}
END_TEST

START_TEST(ranges)
{
	struct {
		struct vuw_log_start head;
		struct vuw_log_range range[VUW_LOG_RANGES + 1];
	} s = { .head = { 0, 2, 0 }, .range = { { 0x1000, 0x2000 }, { 0x9000, 0x1000 } } };
	u32 i;

	ck_assert_int_eq(decode(VUW_FEATURE_LOG_START | SET, &s, 48, 56), 0);
	ck_assert_uint_eq(mpt_vuw_log_range(&f, 1).addr, 0x9000);
	ck_assert_uint_eq(mpt_vuw_log_range(&f, 0).size, 0x2000);
	ck_assert_int_eq(decode(VUW_FEATURE_LOG_START | SET, &s, 47, 56), -EINVAL);
	ck_assert_int_eq(decode(VUW_FEATURE_LOG_START | SET, &s, 64, 72), -EINVAL);
	s.head.ranges = 0x10000002; /* times 16 in 32 bits it is 2 */
	ck_assert_int_eq(decode(VUW_FEATURE_LOG_START | SET, &s, 48, 56), -EINVAL);
	for (i = 0; i <= VUW_LOG_RANGES; i++)
		s.range[i] = s.range[0];
	s.head.ranges = VUW_LOG_RANGES;
	ck_assert_int_eq(decode(VUW_FEATURE_LOG_START | SET, &s, 16 + 16 * VUW_LOG_RANGES, 8192),
			 0);
	s.head.ranges++;
	ck_assert_int_eq(decode(VUW_FEATURE_LOG_START | SET, &s, sizeof(s), 8192), -EINVAL);
}
END_TEST

START_TEST(bitmaps)
{
	static const struct {
		u64 size, page_size, bytes;
	} is[] = {
		{ 4096, 4096, 8 },
		{ 64 * 4096, 4096, 8 },
		{ 65 * 4096, 4096, 16 },
		{ 4096, 1ULL << 63, 8 },
		{ ~0xfffULL, 1ULL << 63, 8 },
		{ 0x10000, 0x8000, 8 },
		{ 1ULL << 63, 4096, 1ULL << 48 },
		{ ~0xfffULL, 4096, 1ULL << 49 },
	};
	size_t i;

	for (i = 0; i < N(is); i++) {
		struct vuw_log_report r = { 0, is[i].size, is[i].page_size };

		ck_assert_int_eq(decode(VUW_FEATURE_LOG_REPORT | GET, &r, 24, 64), 0);
		ck_assert_uint_eq(mpt_vuw_bitmap_size(&r), is[i].bytes);
	}
}
END_TEST

static Suite *feature_suite(void)
{
	Suite *s = suite_create("vfu-feature");
	TCase *t = tcase_create("pure");

	tcase_add_test(t, shortest_ways);
	tcase_add_test(t, methods);
	tcase_add_test(t, room);
	tcase_add_test(t, ranges);
	tcase_add_test(t, bitmaps);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { feature_suite };

	return mpt_test_main("test_vfu_feature", suites, N(suites));
}
