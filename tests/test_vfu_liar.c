/* SPDX-License-Identifier: MIT */
/*
 * Clients of the vfio-user server that lie: about lengths, flags, descriptors; that stop in the
 * middle, or never read what they are told. Each gets an error or a closed connection, and the next
 * client finds a server as new.
 */
#include "vfu_cl.h"

/* What a client has to be after another: served, with nothing of the other's left. */
static void next_client(void)
{
	struct cl c;

	cl_hello(&c);
	cl_alive(&c);
	ck_assert_uint_eq(rig_places(), 0);
	cl_close(&c);
}

/* --- lengths --- */

START_TEST(sizes_that_end_it)
{
	static const u32 sizes[] = { 0, 1, 15, VU_MSG_MAX + 1, 0x7fffffff, 0xffffffff };
	u8 msg[64] = { 0 };
	struct cl c;
	size_t i;

	for (i = 0; i < 2 * N(sizes); i++) {
		if (i % 2)
			cl_hello(&c);
		else
			cl_connect(&c);
		cl_message(&c, msg, 13, 0, NULL, 0);
		rig_put(msg + 4, sizes[i / 2], 4);
		ck_assert(cl_raw(&c, msg, 64, NULL, 0));
		ck_assert(cl_closed(&c));
		cl_close(&c);
	}
	next_client();
	rig_until(rig_resets() == 2 * N(sizes) + 1);
}
END_TEST

/* Every command in every length that is not its own: an error, and the stream goes on. */
START_TEST(lengths)
{
	static const u8 fixed[19] = { 0,  4,  32, 24, 16, 32, 16, 16, 20, 16,
				      16, 16, 16, 0,  0,  8,  8,  8,  8 };
	u8 body[80];
	struct cl c;
	u16 command;
	u32 len;
	int err;

	cl_hello(&c);
	for (command = 2; command < 19; command++) {
		for (len = 0; len < sizeof(body); len++) {
			memset(body, 0, sizeof(body));
			if (len == fixed[command] || command == 16 || command == 14)
				continue;
			err = cl_call(&c, command, body, len);
			ck_assert_msg(err == EINVAL, "command %u, %u bytes: %d", command, len, err);
		}
	}
	cl_alive(&c);
	ck_assert_uint_eq(rig_resets(), 0);
	cl_close(&c);
}
END_TEST

/* The longest message there is, and of a command that nobody knows. */
START_TEST(longest)
{
	static u8 body[VU_MSG_MAX];
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_call(&c, 999, body, VU_MSG_MAX - 16), EOPNOTSUPP);
	ck_assert_int_eq(cl_call(&c, 4, body, VU_MSG_MAX - 16), EINVAL);
	rig_put(body + 8, 2, 4);
	rig_put(body + 12, VU_XFER_MAX, 4);
	ck_assert_int_eq(cl_call(&c, 10, body, 16 + VU_XFER_MAX), EINVAL);
	memset(body, 0, 16);
	rig_put(body, VU_XFER_MAX / 24, 8);
	ck_assert_int_eq(cl_call(&c, 15, body, 8 + VU_XFER_MAX / 24 * 24), 0);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* --- flags --- */

START_TEST(flags)
{
	const u8 info[16] = { 16 };
	struct cl c;
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		u32 flag = 1U << bit;

		cl_hello(&c);
		ck_assert(cl_send(&c, 4, flag, info, 16, NULL, 0));
		if (bit < 4) {
			/* A reply that nobody waits for, or neither reply nor request. */
			ck_assert(cl_closed(&c));
		} else if (flag == 0x10) {
			cl_alive(&c);
		} else {
			u8 reply[64];
			size_t len;

			ck_assert_int_eq(cl_reply(&c, 4, reply, 64, &len), EINVAL);
			cl_alive(&c);
			/* Nobody wants to know what is wrong. */
			ck_assert(cl_send(&c, 4, flag | 0x10, info, 16, NULL, 0));
			cl_alive(&c);
		}
		cl_close(&c);
	}
	next_client();
}
END_TEST

/* --- descriptors --- */

/* A command that takes none, or one, gets one more: refused, and all of them are closed. */
START_TEST(where_they_do_not_belong)
{
	int fds[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
	u8 body[32] = { 32 };
	u16 command;
	struct cl c;

	cl_connect(&c);
	memset(body, 0, 4);
	ck_assert_int_eq(cl_call_fds(&c, 1, body, 4, fds, 1), EINVAL);
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), 0);
	ck_assert_int_eq(cl_call_fds(&c, 4, (const u8[16]){ 16 }, 16, fds, 1), EINVAL);
	ck_assert_int_eq(cl_call_fds(&c, 13, NULL, 0, fds, 8), EINVAL);
	ck_assert_uint_eq(rig_resets(), 0);
	cl_map_body(body, 3, 0, 0, PAGE);
	ck_assert_int_eq(cl_call_fds(&c, 2, body, 32, fds, 2), EINVAL);
	for (command = 0; command < 20; command++)
		ck_assert_int_gt(cl_call_fds(&c, command, body, 15, fds, 8), 0);
	cl_alive(&c);
	/* Those of a message that nobody answers are closed as well. */
	ck_assert(cl_send(&c, 13, 0x10, NULL, 0, fds, 8));
	cl_alive(&c);
	ck_assert_int_eq(rig_fds(), rig.fds_idle + 2); /* both ends of this connection */
	cl_close(&c);
}
END_TEST

START_TEST(too_many)
{
	int fds[64] = { 0 };
	struct cl c;

	cl_hello(&c);
	ck_assert(cl_send(&c, 13, 0, NULL, 0, fds, 9));
	ck_assert(cl_closed(&c));
	cl_close(&c);
	cl_hello(&c);
	ck_assert(cl_send(&c, 13, 0, NULL, 0, fds, 64));
	ck_assert(cl_closed(&c));
	cl_close(&c);
	next_client();
}
END_TEST

/* So many with each byte: together they are too many, too. */
START_TEST(bit_by_bit)
{
	const int fds[3] = { 0, 1, 2 };
	u8 msg[64];
	struct cl c;
	int i;

	cl_hello(&c);
	cl_message(&c, msg, 13, 0, NULL, 0);
	for (i = 0; i < 16; i++)
		if (!cl_raw(&c, msg + i, 1, fds, 3))
			break;
	ck_assert(cl_closed(&c));
	cl_close(&c);
	next_client();
}
END_TEST

/* Descriptors in the middle of a message count for it; those of a message that never ends go. */
START_TEST(half_way)
{
	int fd = rig_memfd(PAGE, true);
	u8 msg[64], body[32];
	struct cl c;

	cl_hello(&c);
	cl_map_body(body, 3, 0, 0, PAGE);
	cl_message(&c, msg, 2, 0, body, 32);
	ck_assert(cl_raw(&c, msg, 20, NULL, 0));
	ck_assert(cl_raw(&c, msg + 20, 28, &fd, 1));
	ck_assert_int_eq(cl_reply(&c, 2, msg, sizeof(msg), &(size_t){ 0 }), 0);
	ck_assert_int_eq(rig_gpa_read(0, msg, 8), 0);
	ck_assert(cl_raw(&c, msg, 20, &fd, 1));
	cl_close(&c);
	close(fd);
	next_client();
}
END_TEST

/* --- closed half-way at every byte of a conversation --- */

#define PARTS 10
static struct {
	u8 bytes[1024];
	size_t end[PARTS]; /* of each message */
	int fd[PARTS];	   /* with its first byte; -1: none */
	unsigned int n;
} talk;

static void talk_add(struct cl *c, u16 command, const void *body, size_t len, int fd)
{
	size_t at = talk.n ? talk.end[talk.n - 1] : 0;

	talk.fd[talk.n] = fd;
	talk.end[talk.n++] = at + cl_message(c, talk.bytes + at, command, 0, body, len);
}

static void talk_make(int mem, int event)
{
	struct cl c = { .id = 0 };
	u8 body[128] = { 0 };

	memset(&talk, 0, sizeof(talk));
	memcpy(body + 4, CL_JSON, sizeof(CL_JSON));
	talk_add(&c, 1, body, 4 + sizeof(CL_JSON), -1);
	cl_map_body(body, 3, 0, 0, MIB);
	talk_add(&c, 2, body, 32, mem);
	cl_map_body(body, 3, 0, MIB, MIB);
	talk_add(&c, 2, body, 32, -1);
	talk_add(&c, 10, body, cl_region_body(body, 0x18, 7, 4, "\0\0\0\xd0"), -1);
	talk_add(&c, 10, body, cl_region_body(body, 0x04, 7, 2, "\7\0"), -1);
	memset(body, 0, sizeof(body));
	rig_put(body, 20, 4);
	rig_put(body + 4, 0x24, 4);
	rig_put(body + 8, 1, 4);
	rig_put(body + 16, 1, 4);
	talk_add(&c, 8, body, 20, event);
	talk_add(&c, 10, body, cl_region_body(body, 0x40, 2, 8, "register"), -1);
	talk_add(&c, 9, body, cl_region_body(body, 0x40, 2, 8, NULL), -1);
	cl_map_body(body, 0, 0, 0, 0);
	rig_put(body + 4, 2, 4);
	talk_add(&c, 3, body, 24, -1);
	talk_add(&c, 13, NULL, 0, -1);
}

/* The first @n bytes. */
static void talk_to(struct cl *c, size_t n)
{
	size_t at = 0, end;
	unsigned int i;

	for (i = 0; i < talk.n && at < n; at = end, i++) {
		end = talk.end[i] < n ? talk.end[i] : n;
		ck_assert(cl_raw(c, talk.bytes + at, end - at, &talk.fd[i], talk.fd[i] >= 0));
		at = end;
	}
}

/* _i: how it ends: closed at once, no more is sent, or after the answers. */
START_TEST(at_every_byte)
{
	int mem = rig_memfd(MIB, true), event = eventfd(0, EFD_NONBLOCK);
	u8 buf[4096];
	struct cl c;
	size_t n;

	talk_make(mem, event);
	for (n = 0; n <= talk.end[talk.n - 1]; n++) {
		cl_connect(&c);
		talk_to(&c, n);
		if (_i == 1)
			shutdown(c.fd, SHUT_WR);
		if (_i == 2)
			recv(c.fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (_i == 1)
			ck_assert(cl_closed(&c));
		cl_close(&c);
		/* Nothing of it is left. */
		cl_connect(&c);
		ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), 0);
		ck_assert_uint_eq(rig_places(), 0);
		ck_assert_int_eq(rig_fds(), rig.fds_idle + 4);
		cl_close(&c);
	}
	/* Two clients a round. */
	rig_until(rig_resets() >= 2 * n);
	close(mem);
	close(event);
}
END_TEST

/* The same in pieces of one byte is the same. */
START_TEST(byte_by_byte)
{
	int mem = rig_memfd(MIB, true), event = eventfd(0, EFD_NONBLOCK);
	unsigned int i;
	u8 reply[1024];
	struct cl c;
	size_t at;

	talk_make(mem, event);
	cl_connect(&c);
	for (i = 0, at = 0; i < talk.n; i++) {
		bool first = talk.fd[i] >= 0;

		for (; at < talk.end[i]; at++, first = false)
			ck_assert(cl_raw(&c, talk.bytes + at, 1, &talk.fd[i], first));
	}
	for (i = 0; i < talk.n; i++) {
		ck_assert_uint_gt(cl_recv(&c, reply, sizeof(reply)), 0);
		ck_assert_uint_eq(cl_get32(reply + 8), 1);
	}
	ck_assert_uint_eq(rig_resets(), 1);
	cl_close(&c);
	close(mem);
	close(event);
}
END_TEST

/* --- never reading --- */

/* Requests without end, answers that nobody takes: at some time the client is none any more. */
START_TEST(flood)
{
	u8 body[16];
	struct cl c;
	u32 i;

	rig.v->timeout_ns = 300 * MS;
	cl_hello(&c);
	cl_region_body(body, 0, 2, _i ? BAR2_SIZE : 4, NULL);
	for (i = 0; i < 1000000; i++)
		if (!cl_send(&c, 9, 0, body, 16, NULL, 0))
			break;
	ck_assert_uint_lt(i, 1000000);
	cl_close(&c);
	next_client();
}
END_TEST

/* One that is slow is still one. */
START_TEST(slow_reader)
{
	static u8 reply[32 + 0x8000];
	u8 body[16];
	struct cl c;
	int i;

	cl_hello(&c);
	cl_region_body(body, 0, 2, 0x8000, NULL);
	for (i = 0; i < 32; i++)
		ck_assert(cl_send(&c, 9, 0, body, 16, NULL, 0));
	usleep(50000);
	for (i = 0; i < 32; i++)
		ck_assert_uint_eq(cl_recv(&c, reply, sizeof(reply)), 32 + 0x8000);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* --- noise --- */

/* Bytes of no meaning, from which a header is now and then made whole. */
START_TEST(noise)
{
	u64 seed = 0x9e3779b97f4a7c15ULL + (u64)_i;
	u8 bytes[256];
	struct cl c;
	int i, k;

	for (i = 0; i < 100; i++) {
		cl_hello(&c);
		for (k = 0; k < 20; k++) {
			size_t b, len = 16 + (seed >> 20) % 48;

			for (b = 0; b < sizeof(bytes); b++) {
				seed ^= seed << 13;
				seed ^= seed >> 7;
				seed ^= seed << 17;
				bytes[b] = (u8)(seed % 3 ? 0 : seed >> 32);
			}
			if (seed >> 50 & 15) {
				rig_put(bytes + 2, (seed >> 8) % 20, 2);
				rig_put(bytes + 4, len, 4);
				rig_put(bytes + 8, seed >> 16 & 1 ? 0x10 : 0, 4);
			}
			if (!cl_raw(&c, bytes, len, &(int){ 0 }, !(seed >> 40 & 7)))
				break;
		}
		cl_close(&c);
	}
	next_client();
}
END_TEST

static Suite *liar_suite(void)
{
	Suite *s = suite_create("vfio-user liars");
	TCase *t = tcase_create("liars");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, sizes_that_end_it);
	tcase_add_test(t, lengths);
	tcase_add_test(t, longest);
	tcase_add_test(t, flags);
	tcase_add_test(t, where_they_do_not_belong);
	tcase_add_test(t, too_many);
	tcase_add_test(t, bit_by_bit);
	tcase_add_test(t, half_way);
	tcase_add_loop_test(t, at_every_byte, 0, 3);
	tcase_add_test(t, byte_by_byte);
	tcase_add_loop_test(t, flood, 0, 2);
	tcase_add_test(t, slow_reader);
	tcase_add_loop_test(t, noise, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { liar_suite };

	return mpt_test_main("vfu_liar", suites, N(suites));
}
