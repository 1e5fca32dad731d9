/* SPDX-License-Identifier: MIT */
/*
 * Messages out of a vfio-user stream that is read ahead: cut anywhere, many at once, with the
 * descriptors that came with each, and what ends the stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/vfio-user/ahead.h"
#include "backends/vfio-user/wire.h"
#include "lib/runner.h"
#include "libmpt/os.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM 8192U

static int s[2];
static struct vu_ahead a;
static struct vu_fds fds;
static u8 buf[ROOM];

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
}

static void teardown(void)
{
	mpt_vu_fds_close(&fds);
	mpt_vu_ahead_clear(&a);
	mpt_vu_fd_close(s[0]);
	mpt_vu_fd_close(s[1]);
}

/* A message of @size bytes that tells which one it is by each of them. */
static void message(u8 *at, u16 id, u32 size)
{
	struct vuw_hdr hdr = { .id = id, .command = VUW_REGION_READ, .size = size };

	memset(at, id, size);
	memcpy(at, &hdr, sizeof(hdr));
}

static void put(const void *bytes, size_t len, int fd)
{
	struct vu_bytes piece[2] = { { bytes, len }, { NULL, 0 } };
	struct vu_fds with = { .n = fd >= 0, .fd = { fd } };

	ck_assert_int_eq(mpt_vu_sock_write(s[0], piece, &with, os_now_ns() + 1000000000), 0);
}

static void put_message(u16 id, u32 size, int fd)
{
	u8 bytes[ROOM];

	message(bytes, id, size);
	put(bytes, size, fd);
}

static int take(void)
{
	mpt_vu_fds_close(&fds);
	return mpt_vu_ahead_take(&a, s[1], buf, ROOM, &fds, os_now_ns() + 10000000);
}

static void is_next(u16 id, u32 size, unsigned int num_fds)
{
	u8 want[ROOM];

	message(want, id, size);
	ck_assert_int_eq(take(), 1);
	ck_assert_mem_eq(buf, want, size);
	ck_assert_uint_eq(fds.n, num_fds);
}

/* How many counts an event has tells which descriptor it is. */
static int event(u64 count)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	ck_assert_int_eq(write(fd, &count, sizeof(count)), sizeof(count));
	return fd;
}

static void put_with_event(u16 id, u32 size)
{
	int fd = event(id);

	put_message(id, size, fd);
	close(fd);
}

static void its_event(u64 count)
{
	u64 got = 0;

	ck_assert_uint_eq(fds.n, 1);
	ck_assert_int_ne(fcntl(fds.fd[0], F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(read(fds.fd[0], &got, sizeof(got)), sizeof(got));
	ck_assert_uint_eq(got, count);
}

static const u32 sizes[] = { 16, 32, 36, 1023, 1024, 1025, 1040, 4096, 16, 17 };

START_TEST(each_by_itself)
{
	u16 i;

	for (i = 0; i < N(sizes); i++) {
		put_message(i + 1, sizes[i], -1);
		is_next(i + 1, sizes[i], 0);
	}
	close(s[0]);
	s[0] = -1;
	ck_assert_int_eq(take(), 0);
}
END_TEST

/* All of them are there before the first is taken; cut where @_i says. */
START_TEST(many_at_once)
{
	u8 all[ROOM * 2];
	u32 len = 0, cut = (u32)_i * 131;
	u16 i;

	for (i = 0; i < N(sizes); i++, len += sizes[i - 1])
		message(all + len, i + 1, sizes[i]);
	put(all, cut, -1);
	put(all + cut, len - cut, -1);
	for (i = 0; i < N(sizes); i++)
		is_next(i + 1, sizes[i], 0);
	ck_assert_int_eq(take(), -ETIMEDOUT);
}
END_TEST

/* The rest comes only when the reader waits for it: it is late for one that is not there. */
START_TEST(cut_and_late)
{
	u8 bytes[64];
	u32 cut = 1 + (u32)_i;

	message(bytes, 7, 40);
	put(bytes, cut, -1);
	ck_assert_int_eq(take(), -ETIMEDOUT);
	mpt_vu_ahead_clear(&a);
	put_message(8, 40, -1);
	is_next(8, 40, 0);
}
END_TEST

/* Any of three has descriptors; all three are read at once, as far as the kernel lets us. */
START_TEST(descriptors_belong_to_their_message)
{
	u16 i;

	for (i = 1; i <= 3; i++) {
		if (_i >> (i - 1) & 1)
			put_with_event(i, 48);
		else
			put_message(i, 48, -1);
	}
	for (i = 1; i <= 3; i++) {
		is_next(i, 48, _i >> (i - 1) & 1);
		if (_i >> (i - 1) & 1)
			its_event(i);
	}
}
END_TEST

/* What is read ahead ends within the header of a message with a descriptor, and others follow. */
START_TEST(descriptors_at_the_end_of_what_is_read)
{
	u32 first = VU_AHEAD - 20 + (u32)_i;

	put_message(1, first, -1);
	put_with_event(2, 48);
	put_with_event(3, 48);
	put_message(4, 48, -1);
	put_with_event(5, 4096);
	put_with_event(6, 16);
	is_next(1, first, 0);
	is_next(2, 48, 1);
	its_event(2);
	is_next(3, 48, 1);
	its_event(3);
	is_next(4, 48, 0);
	is_next(5, 4096, 1);
	its_event(5);
	is_next(6, 16, 1);
	its_event(6);
}
END_TEST

/* Sent with the second half of a header, with the payload, or with no byte of a message's own. */
START_TEST(descriptors_that_come_late)
{
	static const u32 cuts[] = { 1, 8, 15, 16, 40 };
	u8 bytes[48];
	int fd = event(9);

	message(bytes, 9, sizeof(bytes));
	put(bytes, cuts[_i], -1);
	put(bytes + cuts[_i], sizeof(bytes) - cuts[_i], fd);
	put_message(10, 32, -1);
	close(fd);
	is_next(9, sizeof(bytes), 1);
	its_event(9);
	is_next(10, 32, 0);
}
END_TEST

START_TEST(too_many_descriptors)
{
	u8 bytes[48];
	int fd = event(1), i;

	message(bytes, 1, sizeof(bytes));
	for (i = 0; i <= VU_FDS_MAX; i++)
		put(bytes + i, 1, fd);
	put(bytes + i, sizeof(bytes) - (size_t)i, -1);
	close(fd);
	ck_assert_int_eq(take(), -EIO);
}
END_TEST

/* What was read ahead of a stream that is over goes, with its descriptors. */
START_TEST(nothing_is_left_over)
{
	int before = event(1), after;

	put_message(1, 32, -1);
	put_with_event(2, 48);
	is_next(1, 32, 0);
	ck_assert_uint_eq(a.fds.n, 1);
	mpt_vu_ahead_clear(&a);
	ck_assert_uint_eq(a.fds.n, 0);
	after = event(1);
	/* The lowest number that is free: nothing else stayed open. */
	ck_assert_int_eq(after, before + 1);
	close(after);
	close(before);
}
END_TEST

START_TEST(what_ends_it)
{
	static const struct vuw_hdr bad[] = {
		{ .size = 0 }, { .size = 15 }, { .size = ROOM + 1 }, { .size = ~0U },
	};

	put(&bad[_i], sizeof(bad[_i]), -1);
	put_message(2, 48, -1);
	ck_assert_int_eq(take(), -EIO);
}
END_TEST

/* Behind @_i bytes. */
START_TEST(closed_within)
{
	u8 bytes[64];

	message(bytes, 1, 40);
	put_message(2, 36, -1);
	put(bytes, (size_t)_i, -1);
	close(s[0]);
	s[0] = -1;
	is_next(2, 36, 0);
	ck_assert_int_eq(take(), _i ? -EIO : 0);
}
END_TEST

static Suite *ahead_suite(void)
{
	Suite *suite = suite_create("vfio-user read ahead");
	TCase *tc = tcase_create("stream");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_by_itself);
	tcase_add_loop_test(tc, many_at_once, 0, 64);
	tcase_add_loop_test(tc, cut_and_late, 0, 39);
	tcase_add_loop_test(tc, descriptors_belong_to_their_message, 0, 8);
	tcase_add_loop_test(tc, descriptors_at_the_end_of_what_is_read, 0, 24);
	tcase_add_loop_test(tc, descriptors_that_come_late, 0, 5);
	tcase_add_test(tc, too_many_descriptors);
	tcase_add_test(tc, nothing_is_left_over);
	tcase_add_loop_test(tc, what_ends_it, 0, 4);
	tcase_add_loop_test(tc, closed_within, 0, 40);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ahead_suite };

	return mpt_test_main("vfu_ahead", suites, N(suites));
}
