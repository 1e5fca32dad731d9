/* SPDX-License-Identifier: MIT */
/* The JSON of a vfio-user VERSION message: what is known, what is skipped, what is refused. */
#include <errno.h>
#include <string.h>

#include "backends/vfio-user/wire.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static int decode(const char *json, struct vuw_caps *caps)
{
	memset(caps, 0x5a, sizeof(*caps));
	return mpt_vuw_caps_decode(json, strlen(json) + 1, caps);
}

static void is_default(const struct vuw_caps *caps)
{
	ck_assert_uint_eq(caps->has, 0);
	ck_assert_uint_eq(caps->max_msg_fds, 1);
	ck_assert_uint_eq(caps->max_data_xfer_size, 1048576);
	ck_assert_uint_eq(caps->max_dma_maps, 65535);
	ck_assert_uint_eq(caps->pgsizes, 4096);
	ck_assert(!caps->write_multiple && !caps->twin_supported);
}

/* What a QEMU 11.1 sends. */
START_TEST(caps_of_qemu)
{
	struct vuw_caps c;

	ck_assert_int_eq(
		decode("{\"capabilities\": {\"max_msg_fds\": 8, \"migration\": {\"pgsize\": 4096, "
		       "\"max_bitmap_size\": 268435456}, \"pgsizes\": 4096, \"max_dma_maps\": "
		       "65535, \"max_data_xfer_size\": 1048576, \"write_multiple\": true}}",
		       &c),
		0);
	ck_assert_uint_eq(c.has, VUW_CAP_FDS | VUW_CAP_XFER | VUW_CAP_MAPS | VUW_CAP_PGSIZES |
					 VUW_CAP_MULTI | VUW_CAP_BITMAP | VUW_CAP_MIG_PGSIZE);
	ck_assert_uint_eq(c.mig_pgsize, 4096);
	ck_assert_uint_eq(c.max_msg_fds, 8);
	ck_assert_uint_eq(c.max_bitmap_size, 268435456);
	ck_assert(c.write_multiple);
}
END_TEST

START_TEST(caps_defaults)
{
	static const char *const none[] = {
		"{}",
		" { } ",
		"{\"capabilities\":{}}",
		"{\"Capabilities\":{\"pgsizes\":8192}}",
		"{\"x\":{\"capabilities\":{\"pgsizes\":8192}}}",
		"{\"pgsizes\":8192}",
		"{\"capabilities\":{\"x\":{\"pgsizes\":8192}}}",
		"{\"capabilities.pgsizes\":8192}",
		"{\"capabilities\":{\"x\":[{\"pgsizes\":8192}, 1, \"a\", null, true, -1.5e3]}}",
		"{\"capabilities\":{\"x\":\"\\\"pgsizes\\\":1\"}}",
		"{\"capabilities\":{\"\":1,\"-\":{\"capabilities\":{\"pgsizes\":1}}}}",
		"{\"capabilities\":{\"aname_that_is_in_nobodys_table_0123456789\":{\"a\":1}}}",
	};
	struct vuw_caps c;
	size_t i;

	for (i = 0; i < N(none); i++) {
		ck_assert_msg(!decode(none[i], &c), "%s", none[i]);
		is_default(&c);
	}
	ck_assert_int_eq(mpt_vuw_caps_decode("", 0, &c), 0);
	is_default(&c);
}
END_TEST

START_TEST(caps_values)
{
	struct vuw_caps c;

	ck_assert_int_eq(decode("{\"capabilities\":{\"max_msg_fds\":0,\"max_data_xfer_size\":1,"
				"\"max_dma_maps\":18446744073709551615,\"pgsizes\":007,"
				"\"twin_socket\":{\"fd_index\":3,\"supported\":true},"
				"\"write_multiple\":false}}",
				&c),
			 0);
	ck_assert_uint_eq(c.has, VUW_CAP_FDS | VUW_CAP_XFER | VUW_CAP_MAPS | VUW_CAP_PGSIZES |
					 VUW_CAP_TWIN | VUW_CAP_MULTI);
	ck_assert_uint_eq(c.max_msg_fds, 0);
	ck_assert_uint_eq(c.max_data_xfer_size, 1);
	ck_assert_uint_eq(c.max_dma_maps, UINT64_MAX);
	ck_assert_uint_eq(c.pgsizes, 7);
	ck_assert(c.twin_supported);
	ck_assert(!c.write_multiple);
}
END_TEST

START_TEST(caps_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"[]",
		"1",
		"null",
		"\"\"",
		"{",
		"}",
		"{}{}",
		"{} x",
		"{,}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{\"a\" 1}",
		"{\"a\":1 \"b\":2}",
		"{\"a\":[1,]}",
		"{\"a\":[}",
		"{\"a\":[1 2]}",
		"{\"a\":tru}",
		"{\"a\":nul}",
		"{\"a\":\"}",
		"{\"a\":\"\\",
		"{\"a\":\"\x01\"}",
		"{\"a",
		"{\"capabilities\":1}",
		"{\"capabilities\":null}",
		"{\"capabilities\":[]}",
		"{\"capabilities\":\"x\"}",
		"{\"capabilities\":{\"max_msg_fds\":\"8\"}}",
		"{\"capabilities\":{\"max_msg_fds\":-1}}",
		"{\"capabilities\":{\"max_msg_fds\":1.0}}",
		"{\"capabilities\":{\"max_msg_fds\":1e3}}",
		"{\"capabilities\":{\"max_msg_fds\":18446744073709551616}}",
		"{\"capabilities\":{\"max_msg_fds\":99999999999999999999999}}",
		"{\"capabilities\":{\"max_msg_fds\":true}}",
		"{\"capabilities\":{\"max_msg_fds\":{}}}",
		"{\"capabilities\":{\"max_msg_fds\":}}",
		"{\"capabilities\":{\"max_msg_fds\":1x}}",
		"{\"capabilities\":{\"write_multiple\":1}}",
		"{\"capabilities\":{\"write_multiple\":truee}}",
		"{\"capabilities\":{\"twin_socket\":{\"supported\":\"yes\"}}}",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}",
		"{\"a\":[[[[[[[[]]]]]]]]}",
	};
	struct vuw_caps c;
	size_t i;

	for (i = 0; i < N(bad); i++)
		ck_assert_msg(decode(bad[i], &c) == -EINVAL, "%s", bad[i]);
	/* The NUL: exactly one, at the end. */
	ck_assert_int_eq(mpt_vuw_caps_decode("{}", 2, &c), -EINVAL);
	ck_assert_int_eq(mpt_vuw_caps_decode("{}\0", 4, &c), -EINVAL);
	ck_assert_int_eq(mpt_vuw_caps_decode("{\0}", 4, &c), -EINVAL);
	ck_assert_int_eq(mpt_vuw_caps_decode("\0", 1, &c), -EINVAL);
}
END_TEST

START_TEST(caps_depth)
{
	struct vuw_caps c;

	ck_assert_int_eq(decode("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}", &c),
			 0);
	/* Beside each other they are not deep. */
	ck_assert_int_eq(decode("{\"a\":[{},{},{},{},{},{},{},{},{},{},[],[],[]]}", &c), 0);
}
END_TEST

START_TEST(caps_printed)
{
	struct vuw_caps c = { .has = 0 }, back;
	char json[VUW_CAPS_MAX];

	ck_assert_int_eq(mpt_vuw_caps_encode(&c, json), (int)strlen(json) + 1);
	ck_assert_str_eq(json, "{\"capabilities\":{}}");
	c = (struct vuw_caps){ .has = VUW_CAP_FDS | VUW_CAP_MULTI,
			       .max_msg_fds = 8,
			       .write_multiple = true };
	mpt_vuw_caps_encode(&c, json);
	ck_assert_str_eq(json, "{\"capabilities\":{\"max_msg_fds\":8,\"write_multiple\":true}}");
	memset(&c, 0xff, sizeof(c));
	c.write_multiple = c.twin_supported = true;
	c.has = 0xff;
	ck_assert_int_eq(mpt_vuw_caps_encode(&c, json), (int)strlen(json) + 1);
	ck_assert_int_eq(decode(json, &back), 0);
	ck_assert_uint_eq(back.has, 0xff);
	ck_assert_uint_eq(back.mig_pgsize, UINT64_MAX);
	ck_assert_uint_eq(back.pgsizes, UINT64_MAX);
	ck_assert_uint_eq(back.max_bitmap_size, UINT64_MAX);
	ck_assert(back.twin_supported && back.write_multiple);
}
END_TEST

static Suite *caps_suite(void)
{
	Suite *s = suite_create("capabilities");
	TCase *json = tcase_create("json");

	tcase_add_test(json, caps_of_qemu);
	tcase_add_test(json, caps_defaults);
	tcase_add_test(json, caps_values);
	tcase_add_test(json, caps_refused);
	tcase_add_test(json, caps_depth);
	tcase_add_test(json, caps_printed);
	suite_add_tcase(s, json);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { caps_suite };

	return mpt_test_main("vfu_caps", suites, N(suites));
}
