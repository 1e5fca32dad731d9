/* SPDX-License-Identifier: MIT */
/* The vfio-user server's clients: negotiation, one after the other, a vGPU that goes. */
#include "vfu_cl.h"

/* --- negotiation --- */

static void hello_answer(struct cl *c, const char *json, const char *want, u16 minor)
{
	u8 body[1024] = { 0 }, reply[1024];
	size_t len;

	rig_put(body + 2, minor, 2);
	memcpy(body + 4, json, strlen(json) + 1);
	ck_assert(cl_send(c, 1, 0, body, 4 + strlen(json) + 1, NULL, 0));
	ck_assert_int_eq(cl_reply(c, 1, reply, sizeof(reply), &len), 0);
	ck_assert_uint_eq(reply[0] | reply[1] << 8, 0);
	ck_assert_uint_eq(reply[2] | reply[3] << 8, minor < 1 ? minor : 1);
	ck_assert_uint_eq(len, 4 + strlen(want) + 1);
	ck_assert_str_eq((char *)reply + 4, want);
}

/* The answer is a subset of what was asked, and no more than the server can. */
START_TEST(capabilities)
{
	static const struct {
		const char *ask, *answer;
		u16 minor;
	} cases[] = {
		{ "{}", "{\"capabilities\":{}}", 0 },
		{ "{\"capabilities\":{\"max_msg_fds\":1}}",
		  "{\"capabilities\":{\"max_msg_fds\":8}}", 1 },
		{ "{\"capabilities\":{\"max_msg_fds\":99,\"max_data_xfer_size\":4294967296,"
		  "\"max_dma_maps\":7,\"pgsizes\":2101248,\"write_multiple\":true,"
		  "\"twin_socket\":{\"supported\":true},\"other\":[1]}}",
		  "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
		  "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true}}",
		  7 },
		{ "{\"capabilities\":{\"write_multiple\":false}}", "{\"capabilities\":{}}", 65535 },
	};
	struct cl c;
	size_t i;

	for (i = 0; i < N(cases); i++) {
		cl_connect(&c);
		hello_answer(&c, cases[i].ask, cases[i].answer, cases[i].minor);
		cl_alive(&c);
		cl_close(&c);
	}
}
END_TEST

START_TEST(without_json)
{
	struct cl c;

	cl_connect(&c);
	ck_assert_int_eq(cl_version(&c, 0, 0, NULL), 0);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

START_TEST(other_major)
{
	struct cl c;

	cl_connect(&c);
	cl_version(&c, 1, 0, CL_JSON);
	ck_assert(cl_closed(&c));
	cl_close(&c);
	cl_hello(&c);
	cl_close(&c);
}
END_TEST

/* A version that is refused may be said anew; nothing else may come before one, and no second. */
START_TEST(order)
{
	const u8 info[16] = { 16 };
	struct cl c;

	cl_connect(&c);
	ck_assert_int_eq(cl_call(&c, 4, info, 16), EINVAL);
	ck_assert_int_eq(cl_map(&c, 0, PAGE, 0, -1, 3), EINVAL);
	ck_assert_int_eq(cl_call(&c, 13, NULL, 0), EINVAL);
	ck_assert_uint_eq(rig_resets(), 0);
	ck_assert_int_eq(cl_version(&c, 0, 1, "{"), EINVAL);
	ck_assert_int_eq(cl_version(&c, 0, 1, "{\"capabilities\":{\"max_data_xfer_size\":0}}"),
			 EINVAL);
	ck_assert_int_eq(cl_call(&c, 4, info, 16), EINVAL);
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), 0);
	cl_alive(&c);
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), EINVAL);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* --- coming and going --- */

START_TEST(one_after_the_other)
{
	struct cl c;
	int i;

	for (i = 0; i < 50; i++) {
		cl_hello(&c);
		ck_assert_int_eq(cl_map(&c, 0, MIB, 0, -1, 3), 0);
		cl_close(&c);
	}
	rig_until(rig_resets() == 50);
	ck_assert_uint_eq(rig_places(), 0);
}
END_TEST

/* A second client waits until the first has gone, and finds nothing of its. */
START_TEST(second_client_waits)
{
	struct pollfd p = { .events = POLLIN };
	struct cl a, b;
	u8 body[64] = { 0 }, reply[1024];
	size_t len;
	int fd = rig_memfd(MIB, true);

	cl_hello(&a);
	ck_assert_int_eq(cl_map(&a, 0, MIB, 0, fd, 3), 0);
	cl_connect(&b);
	ck_assert(cl_send(&b, 1, 0, body, 4, NULL, 0));
	p.fd = b.fd;
	ck_assert_int_eq(poll(&p, 1, 50), 0);
	cl_alive(&a);
	cl_close(&a);
	ck_assert_int_eq(cl_reply(&b, 1, reply, sizeof(reply), &len), 0);
	ck_assert_uint_eq(rig_resets(), 1);
	ck_assert_int_eq(rig_gpa_read(0, reply, 4), -EFAULT);
	ck_assert_int_eq(cl_map(&b, 0, MIB, 0, fd, 3), 0);
	ck_assert_int_eq(rig_gpa_read(0, reply, 4), 0);
	cl_close(&b);
	close(fd);
}
END_TEST

/* The vGPU goes while a client is there: that is closed, and the next vGPU's clients are served. */
START_TEST(vgpu_goes)
{
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_map(&c, 0, MIB, 0, -1, 3), 0);
	rig_detach();
	ck_assert(cl_closed(&c));
	cl_close(&c);
	/* One may knock in between. */
	cl_connect(&c);
	rig_attach();
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), 0);
	rig_detach();
	cl_close(&c);
	rig_attach();
	cl_hello(&c);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

static Suite *session_suite(void)
{
	Suite *s = suite_create("vfio-user session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, capabilities);
	tcase_add_test(t, without_json);
	tcase_add_test(t, other_major);
	tcase_add_test(t, order);
	tcase_add_test(t, one_after_the_other);
	tcase_add_test(t, second_client_waits);
	tcase_add_test(t, vgpu_goes);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { session_suite };

	return mpt_test_main("vfu_session", suites, N(suites));
}
