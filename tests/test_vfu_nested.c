/* SPDX-License-Identifier: MIT */
/*
 * Requests that reach the vfio-user server while it waits for the client's own memory: they are
 * kept, in order and up to a limit.
 */
#include "vfu_remote.h"

static u8 hooked[8];
static int hook_ret;

/* The device looks at the client's memory for every register that is written. */
static void hook(bool write, u64 gpa, void *buf)
{
	(void)gpa;
	(void)buf;
	if (write)
		hook_ret = rig_gpa_read(AT, hooked, 8);
}

static void begin_nested(struct cl *c, u8 *msg, size_t room, u16 *id)
{
	u8 body[32];

	hello(c, CL_JSON);
	cl_place(c);
	rig.hook = hook;
	ck_assert(cl_send(c, 10, 0, body, cl_region_body(body, 0x40, 0, 4, "abcd"), NULL, 0));
	*id = c->id;
	asked(c, msg, room, 11, AT, 8);
}

static void reply_is(struct cl *c, u16 id, u16 command)
{
	u8 reply[4096];
	size_t len = cl_recv(c, reply, sizeof(reply));

	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(reply[0] | reply[1] << 8, id);
	ck_assert_uint_eq(reply[2] | reply[3] << 8, command);
	ck_assert_uint_eq(cl_get32(reply + 8), 1);
}

/* What is asked meanwhile is answered afterwards, in order, with its descriptors. */
START_TEST(nested)
{
	int fd = rig_memfd(SIZE, true);
	u8 msg[4096], body[32];
	u16 id, ids[50];
	struct cl c;
	u32 i;

	begin_nested(&c, msg, sizeof(msg), &id);
	for (i = 0; i < 50; i++) {
		if (i % 10 == 5) {
			cl_map_body(body, 3, 0, GIB + i * SIZE, SIZE);
			ck_assert(cl_send(&c, 2, 0, body, 32, &fd, 1));
		} else {
			cl_region_body(body, 0x40, 0, 4, NULL);
			ck_assert(cl_send(&c, 9, 0, body, 16, NULL, 0));
		}
		ids[i] = c.id;
	}
	ck_assert(answer_read(&c, msg, 8));
	reply_is(&c, id, 10);
	for (i = 0; i < 50; i++)
		reply_is(&c, ids[i], i % 10 == 5 ? 2 : 9);
	ck_assert_int_eq(hook_ret, 0);
	ck_assert_uint_eq(hooked[7], 0x5c);
	ck_assert_uint_eq(rig_places(), 6);
	cl_close(&c);
	close(fd);
}
END_TEST

/* Removed while it is being read: the answer still counts, and then it is gone. */
START_TEST(unmapped_meanwhile)
{
	u8 msg[4096], body[24] = { 24 };
	struct cl c;
	u16 id;

	begin_nested(&c, msg, sizeof(msg), &id);
	rig_put(body + 8, AT, 8);
	rig_put(body + 16, SIZE, 8);
	ck_assert(cl_send(&c, 3, 0, body, 24, NULL, 0));
	ck_assert(answer_read(&c, msg, 8));
	reply_is(&c, id, 10);
	reply_is(&c, c.id, 3);
	ck_assert_int_eq(hook_ret, 0);
	ck_assert_int_eq(rig_gpa_read(AT, msg, 8), -EFAULT);
	ck_assert_uint_eq(rig_places(), 0);
	cl_close(&c);
}
END_TEST

/* There is an end to what may be asked meanwhile: of bytes, of small messages, of descriptors. */
START_TEST(flood)
{
	static const unsigned int sizes[] = { 0, 16, 4096, VU_XFER_MAX };
	static u8 body[16 + VU_XFER_MAX];
	u8 msg[4096];
	struct cl c;
	u32 i;
	u16 id;

	begin_nested(&c, msg, sizeof(msg), &id);
	cl_region_body(body, 0, 0, sizes[_i], NULL);
	for (i = 0; i < 200000; i++)
		if (!(sizes[_i] ? cl_send(&c, 10, 0x10, body, 16 + sizes[_i], NULL, 0)
				: cl_send(&c, 13, 0x10, NULL, 0, NULL, 0)))
			break;
	ck_assert_uint_lt(i, 200000);
	ck_assert(cl_closed(&c));
	cl_close(&c);
	rig_until(rig_resets() == 1);
	ck_assert_int_eq(hook_ret, -EFAULT);
}
END_TEST

START_TEST(flood_of_descriptors)
{
	int fds[8] = { 0, 0, 0, 0, 0, 0, 0, 0 }, most = 0, now;
	u8 msg[4096], body[32] = { 0 };
	struct cl c;
	u16 id;
	int i;

	begin_nested(&c, msg, sizeof(msg), &id);
	for (i = 0; i < 100 && cl_send(&c, 2, 0x10, body, 32, fds, 8); i++) {
		usleep(500);
		now = rig_fds() - rig.fds_idle;
		most = now > most ? now : most;
	}
	ck_assert_int_lt(most, 100);
	ck_assert(cl_closed(&c));
	cl_close(&c);
}
END_TEST

START_TEST(no_memory_for_a_request)
{
	u8 msg[4096];
	struct cl c;
	u16 id;

	begin_nested(&c, msg, sizeof(msg), &id);
	mpt_alloc_fail_at(1);
	ck_assert(cl_send(&c, 13, 0, NULL, 0, NULL, 0));
	ck_assert(cl_closed(&c));
	ck_assert(mpt_alloc_failed());
	mpt_alloc_fail_at(0);
	cl_close(&c);
}
END_TEST

static Suite *nested_suite(void)
{
	Suite *s = suite_create("vfio-user nested requests");
	TCase *t = tcase_create("nested");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, nested);
	tcase_add_test(t, unmapped_meanwhile);
	tcase_add_loop_test(t, flood, 0, 4);
	tcase_add_test(t, flood_of_descriptors);
	tcase_add_test(t, no_memory_for_a_request);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { nested_suite };

	return mpt_test_main("vfu_nested", suites, N(suites));
}
