/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user server as a client that behaves sees it: what the device is, its regions, reset.
 * Coming and going is in test_vfu_session.c, clients that lie are in test_vfu_liar.c.
 */
#include "vfu_cl.h"

/* --- what the device is --- */

static void info(struct cl *c, u16 command, const void *body, size_t len, u8 *reply)
{
	size_t got;

	ck_assert(cl_send(c, command, 0, body, len, NULL, 0));
	ck_assert_int_eq(cl_reply(c, command, reply, 64, &got), 0);
	ck_assert_uint_eq(got, len);
	ck_assert_uint_eq(cl_get32(reply), len);
}

START_TEST(device_info)
{
	u8 body[16] = { 16 }, reply[64];
	struct cl c;

	cl_hello(&c);
	info(&c, 4, body, 16, reply);
	ck_assert_uint_eq(cl_get32(reply + 4), 3);
	ck_assert_uint_eq(cl_get32(reply + 8), 9);
	ck_assert_uint_eq(cl_get32(reply + 12), 5);
	body[0] = 15;
	ck_assert_int_eq(cl_call(&c, 4, body, 16), EINVAL);
	rig_put(body, 0xffffffff, 4);
	ck_assert_int_eq(cl_call(&c, 4, body, 16), 0);
	cl_close(&c);
}
END_TEST

static u64 region(struct cl *c, u32 index, u32 *flags)
{
	u8 body[32] = { 32 }, reply[64];
	u64 size;

	rig_put(body + 8, index, 4);
	info(c, 5, body, 32, reply);
	ck_assert_uint_eq(cl_get32(reply + 8), index);
	ck_assert_uint_eq(cl_get32(reply + 12), 0);
	*flags = cl_get32(reply + 4);
	memcpy(&size, reply + 16, 8);
	return size;
}

START_TEST(region_info)
{
	static const u64 sizes[9] = { BAR0_SIZE, 0, BAR2_SIZE, 0, BAR4_SIZE, 0, 0, 256, 0 };
	u8 body[32] = { 31 };
	struct cl c;
	u32 i, flags;

	cl_hello(&c);
	for (i = 0; i < 9; i++) {
		ck_assert_uint_eq(region(&c, i, &flags), sizes[i]);
		ck_assert_uint_eq(flags, sizes[i] ? 3 : 0);
	}
	ck_assert_int_eq(cl_call(&c, 5, body, 32), EINVAL);
	body[0] = 32;
	for (i = 9; i; i = i == 9 ? 10 : i == 10 ? 0xffffffff : 0) {
		rig_put(body + 8, i, 4);
		ck_assert_int_eq(cl_call(&c, 5, body, 32), EINVAL);
	}
	/* Asking for sizes leaves everything as it was. */
	ck_assert_uint_eq(cl_cfg(&c, 0x10, 4), 4);
	ck_assert_uint_eq(cl_cfg(&c, 0x20, 4), 1);
	cl_close(&c);
}
END_TEST

/* With decoding on, the BARs are where they were, and so is COMMAND. */
START_TEST(sizes_while_decoding)
{
	struct cl c;
	u32 flags;

	cl_hello(&c);
	cl_place(&c);
	cl_close(&c);
	cl_hello(&c);
	ck_assert_uint_eq(region(&c, 0, &flags), BAR0_SIZE);
	ck_assert_uint_eq(cl_cfg(&c, 0x10, 4), (u32)BAR0_AT | 4);
	ck_assert_uint_eq(cl_cfg(&c, 0x14, 4), (u32)(BAR0_AT >> 32));
	ck_assert_uint_eq(cl_cfg(&c, 0x18, 4), BAR2_AT);
	ck_assert_uint_eq(cl_cfg(&c, 4, 2), 7);
	cl_close(&c);
}
END_TEST

START_TEST(express_has_4_kib)
{
	struct cl c;
	u32 flags;

	rig.cfg[CFG_CAP + 1] = 0x60;
	rig.cfg[0x60] = 0x10;
	cl_hello(&c);
	ck_assert_uint_eq(region(&c, 7, &flags), 4096);
	ck_assert_uint_eq(cl_cfg(&c, 0xffc, 4), 0);
	cl_close(&c);
	/* A list that goes in circles ends. */
	rig.cfg[0x60] = 5;
	rig.cfg[0x61] = CFG_CAP;
	cl_hello(&c);
	ck_assert_uint_eq(region(&c, 7, &flags), 256);
	cl_close(&c);
}
END_TEST

START_TEST(irq_info)
{
	static const u32 want[5][2] = { { 7, 1 }, { 9, 1 }, { 9, 0 }, { 9, 1 }, { 9, 1 } };
	u8 body[16] = { 16 }, reply[64];
	struct cl c;
	u32 i;

	cl_hello(&c);
	for (i = 0; i < 5; i++) {
		rig_put(body + 8, i, 4);
		info(&c, 7, body, 16, reply);
		ck_assert_uint_eq(cl_get32(reply + 4), want[i][0]);
		ck_assert_uint_eq(cl_get32(reply + 8), i);
		ck_assert_uint_eq(cl_get32(reply + 12), want[i][1]);
	}
	body[8] = 5;
	ck_assert_int_eq(cl_call(&c, 7, body, 16), EINVAL);
	body[8] = 0;
	body[0] = 15;
	ck_assert_int_eq(cl_call(&c, 7, body, 16), EINVAL);
	cl_close(&c);
}
END_TEST

/* --- configuration space --- */

START_TEST(config_space)
{
	u8 buf[256], odd[3] = { 0 };
	struct cl c;

	cl_hello(&c);
	ck_assert_uint_eq(cl_cfg(&c, 0, 4), 0x19128086);
	ck_assert_uint_eq(cl_cfg(&c, 1, 1), 0x80);
	cl_cfg_set(&c, 4, 0xffff, 2);
	ck_assert_uint_eq(cl_cfg(&c, 4, 2), 0x407);
	/* All at once, and across words. */
	ck_assert_int_eq(cl_read(&c, 7, 0, buf, 256), 0);
	ck_assert_mem_eq(buf, rig.cfg, 256);
	ck_assert_int_eq(cl_read(&c, 7, 3, odd, 3), 0);
	ck_assert_mem_eq(odd, rig.cfg + 3, 3);
	ck_assert_int_eq(cl_write(&c, 7, 3, odd, 3), 0);
	ck_assert_uint_eq(cl_cfg(&c, 4, 2), 0x407);
	/* Not beyond the end; nothing at the end is something. */
	ck_assert_int_eq(cl_read(&c, 7, 253, buf, 4), EINVAL);
	ck_assert_int_eq(cl_read(&c, 7, 256, buf, 1), EINVAL);
	ck_assert_int_eq(cl_read(&c, 7, ~0ULL, buf, 1), EINVAL);
	ck_assert_int_eq(cl_read(&c, 7, ~0ULL - 3, buf, 8), EINVAL);
	ck_assert_int_eq(cl_read(&c, 7, 256, buf, 0), 0);
	ck_assert_int_eq(cl_write(&c, 7, 255, buf, 2), EINVAL);
	cl_close(&c);
}
END_TEST

/* --- BARs --- */

START_TEST(bars_that_decode_nothing)
{
	u64 value = 0;
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_read(&c, 0, 0x100, &value, 8), 0);
	ck_assert_uint_eq(value, ~0ULL);
	cl_place(&c);
	cl_cfg_set(&c, 4, 5, 2);
	ck_assert_int_eq(cl_write(&c, 0, 0x100, &value, 8), 0);
	cl_cfg_set(&c, 4, 2, 2);
	cl_cfg_set(&c, 0x18, 0, 4);
	value = 0;
	ck_assert_int_eq(cl_read(&c, 2, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 0xffffffff);
	/* Where it would wrap. */
	cl_cfg_set(&c, 0x10, 0xfff00000, 4);
	cl_cfg_set(&c, 0x14, 0xffffffff, 4);
	ck_assert_int_eq(cl_read(&c, 0, 0, &value, 1), 0);
	/* I/O has no entry point at the core. */
	cl_cfg_set(&c, 4, 7, 2);
	value = 0;
	ck_assert_int_eq(cl_read(&c, 4, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 0xffffffff);
	ck_assert_uint_eq(rig_calls(), 0);
	ck_assert_uint_eq(os_load(&rig.v->unclaimed), 5);
	cl_close(&c);
}
END_TEST

START_TEST(bars)
{
	u64 value = 0x1122334455667788, got = 0;
	struct cl c;

	cl_hello(&c);
	cl_place(&c);
	ck_assert_int_eq(cl_write(&c, 0, 0x2030, &value, 8), 0);
	ck_assert_int_eq(cl_read(&c, 0, 0x2034, &got, 4), 0);
	ck_assert_uint_eq(got, 0x11223344);
	ck_assert_int_eq(cl_write(&c, 2, BAR2_SIZE - 1, &value, 1), 0);
	ck_assert_uint_eq(rig.calls, 3);
	ck_assert_uint_eq(rig.call[0].addr, BAR0_AT + 0x2030);
	ck_assert_uint_eq(rig.call[0].val, value);
	ck_assert_uint_eq(rig.call[0].len, 8);
	ck_assert_uint_eq(rig.call[1].addr, BAR0_AT + 0x2034);
	ck_assert_uint_eq(rig.call[2].addr, BAR2_AT + BAR2_SIZE - 1);
	ck_assert_uint_eq(rig.call[2].len, 1);
	/* It goes where the guest puts it. */
	cl_cfg_set(&c, 0x14, 1, 4);
	ck_assert_int_eq(cl_read(&c, 0, 0, &got, 4), 0);
	ck_assert_uint_eq(rig.call[3].addr, 0x1c0000000);
	ck_assert_uint_eq(os_load(&rig.v->traps), 4);
	cl_close(&c);
}
END_TEST

/* Any length, in naturally aligned pieces of up to eight bytes, in order. */
START_TEST(pieces)
{
	static const unsigned int want[] = { 1, 2, 4, 8, 4, 1 };
	u8 buf[20], got[20];
	struct cl c;
	unsigned int i;
	u64 at = BAR0_AT + 1;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (u8)(0x40 + i);
	cl_hello(&c);
	cl_place(&c);
	ck_assert_int_eq(cl_write(&c, 0, 1, buf, 20), 0);
	ck_assert_uint_eq(rig.calls, N(want));
	for (i = 0; i < N(want); at += want[i++]) {
		ck_assert_uint_eq(rig.call[i].addr, at);
		ck_assert_uint_eq(rig.call[i].len, want[i]);
	}
	ck_assert_int_eq(cl_read(&c, 0, 1, got, 20), 0);
	ck_assert_mem_eq(got, buf, 20);
	cl_close(&c);
}
END_TEST

START_TEST(outside_of_regions)
{
	u8 buf[16] = { 0 };
	struct cl c;
	u32 i;

	cl_hello(&c);
	cl_place(&c);
	ck_assert_int_eq(cl_read(&c, 0, BAR0_SIZE - 4, buf, 8), EINVAL);
	ck_assert_int_eq(cl_write(&c, 0, BAR0_SIZE, buf, 1), EINVAL);
	ck_assert_int_eq(cl_read(&c, 0, ~0ULL - 3, buf, 8), EINVAL);
	for (i = 0; i < 12; i++)
		if (i != 0 && i != 2 && i != 4 && i != 7)
			ck_assert_int_eq(cl_read(&c, i, 0, buf, 1), EINVAL);
	ck_assert_int_eq(cl_read(&c, 0xffffffff, 0, buf, 1), EINVAL);
	ck_assert_uint_eq(rig_calls(), 0);
	cl_close(&c);
}
END_TEST

/* The most that a message may ask for, and a byte more. */
START_TEST(much_at_once)
{
	static u8 reply[BAR0_SIZE + 16];
	u8 body[16];
	struct cl c;
	size_t len;

	cl_hello(&c);
	cl_place(&c);
	cl_region_body(body, 0, 0, BAR0_SIZE, NULL);
	ck_assert(cl_send(&c, 9, 0, body, 16, NULL, 0));
	ck_assert_int_eq(cl_reply(&c, 9, reply, sizeof(reply), &len), 0);
	ck_assert_uint_eq(len, 16 + BAR0_SIZE);
	ck_assert_uint_eq(rig_calls(), BAR0_SIZE / 8);
	cl_region_body(body, 0, 0, BAR0_SIZE + 1, NULL);
	ck_assert_int_eq(cl_call(&c, 9, body, 16), EINVAL);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* A core that fails is no failure of the access. */
START_TEST(core_fails)
{
	u32 value = 0;
	struct cl c;

	cl_hello(&c);
	cl_place(&c);
	rig.answer = -EFAULT;
	ck_assert_int_eq(cl_read(&c, 0, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 0xffffffff);
	ck_assert_int_eq(cl_write(&c, 0, 0, &value, 4), 0);
	cl_close(&c);
}
END_TEST

/* Writes that nobody waits for are done in order, and before what comes behind them. */
START_TEST(posted_writes)
{
	u8 body[32];
	struct cl c;
	u32 i, value;

	cl_hello(&c);
	cl_place(&c);
	for (i = 0; i < 100; i++) {
		size_t len = cl_region_body(body, 0x40, 0, 4, &i);

		ck_assert(cl_send(&c, 10, 0x10, body, len, NULL, 0));
	}
	/* One that is wrong is answered by nothing, too. */
	cl_region_body(body, BAR0_SIZE, 0, 4, &i);
	ck_assert(cl_send(&c, 10, 0x10, body, 20, NULL, 0));
	ck_assert_int_eq(cl_read(&c, 0, 0x40, &value, 4), 0);
	ck_assert_uint_eq(value, 99);
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(rig.call[i].val, i);
	cl_close(&c);
}
END_TEST

static size_t one_write(u8 *at, u64 offset, u32 region_, u32 count, u64 data)
{
	rig_put(at, offset, 8);
	rig_put(at + 8, region_, 4);
	rig_put(at + 12, count, 4);
	rig_put(at + 16, data, 8);
	return 24;
}

START_TEST(multiple_writes)
{
	u8 body[8 + 3 * 24], reply[64];
	struct cl c;
	size_t len;

	cl_hello(&c);
	cl_place(&c);
	rig_put(body, 3, 8);
	one_write(body + 8, 0x10, 0, 4, 0x11);
	one_write(body + 32, 0x20, 2, 8, 0x22);
	one_write(body + 56, 0x3c, 7, 1, 0x33);
	ck_assert(cl_send(&c, 15, 0, body, sizeof(body), NULL, 0));
	ck_assert_int_eq(cl_reply(&c, 15, reply, sizeof(reply), &len), 0);
	ck_assert_uint_eq(len, 8);
	ck_assert_uint_eq(cl_get32(reply), 3);
	ck_assert_uint_eq(rig.calls, 2);
	ck_assert_uint_eq(rig.call[0].addr, BAR0_AT + 0x10);
	ck_assert_uint_eq(rig.call[1].addr, BAR2_AT + 0x20);
	ck_assert_uint_eq(rig.call[1].val, 0x22);
	/* Up to the first that cannot be. */
	one_write(body + 32, 0x20, 2, 9, 0);
	ck_assert_int_eq(cl_call(&c, 15, body, sizeof(body)), EINVAL);
	ck_assert_uint_eq(rig_calls(), 3);
	one_write(body + 32, BAR2_SIZE, 2, 4, 0);
	ck_assert_int_eq(cl_call(&c, 15, body, sizeof(body)), EINVAL);
	ck_assert_uint_eq(rig_calls(), 4);
	rig_put(body, 0, 8);
	ck_assert_int_eq(cl_call(&c, 15, body, 8), 0);
	cl_close(&c);
}
END_TEST

/* --- commands --- */

START_TEST(reset)
{
	struct cl c;

	cl_hello(&c);
	ck_assert_uint_eq(rig_resets(), 0);
	ck_assert_int_eq(cl_call(&c, 13, NULL, 0), 0);
	ck_assert_uint_eq(rig_resets(), 1);
	ck_assert(cl_send(&c, 13, 0x10, NULL, 0, NULL, 0));
	cl_alive(&c);
	ck_assert_uint_eq(rig_resets(), 2);
	cl_close(&c);
	/* The device's state does not outlive the client. */
	rig_until(rig_resets() == 3);
}
END_TEST

START_TEST(unknown_commands)
{
	static const u16 unknown[] = { 0, 14, 19, 0x7fff, 0xffff };
	const u8 body[64] = { 16 };
	struct cl c;
	size_t i;

	cl_hello(&c);
	for (i = 0; i < N(unknown); i++) {
		ck_assert_int_eq(cl_call(&c, unknown[i], body, 16), EOPNOTSUPP);
		ck_assert_int_eq(cl_call(&c, unknown[i], body, 0), EOPNOTSUPP);
		/* Nobody asked. */
		ck_assert(cl_send(&c, unknown[i], 0x10, body, 16, NULL, 0));
	}
	/* The server's own commands, and what it has no use for. */
	ck_assert_int_eq(cl_call(&c, 11, body, 16), EOPNOTSUPP);
	ck_assert_int_eq(cl_call(&c, 12, (const u8[16]){ 0 }, 16), EOPNOTSUPP);
	ck_assert_int_eq(cl_call(&c, 6, body, 16), EOPNOTSUPP);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* A feature that does not exist, and all indices of 16 bits and their methods end in an answer. */
START_TEST(features)
{
	u8 body[8] = { 8 };
	struct cl c;
	u32 i;

	cl_hello(&c);
	for (i = 0; i < 64; i++) {
		rig_put(body + 4, (i & 7) << 16 | 0x4000 | i >> 3, 4);
		ck_assert_int_gt(cl_call(&c, 16, body, 8), 0);
	}
	rig_put(body + 4, 0xffffffff, 4);
	ck_assert_int_gt(cl_call(&c, 16, body, 8), 0);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

static Suite *server_suite(void)
{
	Suite *s = suite_create("vfio-user server");
	TCase *t = tcase_create("server");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, device_info);
	tcase_add_test(t, region_info);
	tcase_add_test(t, sizes_while_decoding);
	tcase_add_test(t, express_has_4_kib);
	tcase_add_test(t, irq_info);
	tcase_add_test(t, config_space);
	tcase_add_test(t, bars_that_decode_nothing);
	tcase_add_test(t, bars);
	tcase_add_test(t, pieces);
	tcase_add_test(t, outside_of_regions);
	tcase_add_test(t, much_at_once);
	tcase_add_test(t, core_fails);
	tcase_add_test(t, posted_writes);
	tcase_add_test(t, multiple_writes);
	tcase_add_test(t, reset);
	tcase_add_test(t, unknown_commands);
	tcase_add_test(t, features);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { server_suite };

	return mpt_test_main("vfu_server", suites, N(suites));
}
