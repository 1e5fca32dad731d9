/* SPDX-License-Identifier: MIT */
/*
 * Memory that the client keeps for itself: the server asks for it with DMA_READ and DMA_WRITE. A
 * client that answers, late, wrongly, or not at all. One that goes on asking in between is in
 * test_vfu_nested.c.
 */
#include "vfu_remote.h"

#define JSON_SMALL "{\"capabilities\":{\"max_data_xfer_size\":4096}}"
#define JSON_QEMU                                                              \
	"{\"capabilities\":{\"max_msg_fds\":8,\"migration\":{\"pgsize\":4096," \
	"\"max_bitmap_size\":268435456},\"max_data_xfer_size\":1048576}}"

/* --- a client that answers --- */

START_TEST(read_and_write)
{
	static const size_t forms[] = { 16, 12, 0 };
	u8 msg[4096], buf[32];
	struct access a = { .gpa = AT + 0x123, .buf = buf, .len = 32 };
	struct cl c;
	size_t i;

	hello(&c, CL_JSON);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT + 0x123, 32);
	ck_assert(answer_read(&c, msg, 32));
	ck_assert_int_eq(access_end(&a), 0);
	for (i = 0; i < 32; i++)
		ck_assert_uint_eq(buf[i], 0x5c);
	/* The reply of a write has a count of 8 bytes, of 4, or nothing at all. */
	a.write = true;
	for (i = 0; i < N(forms); i++) {
		memset(buf, (int)i, 32);
		access_begin(&a);
		asked(&c, msg, sizeof(msg), 12, AT + 0x123, 32);
		ck_assert_mem_eq(msg + 32, buf, 32);
		ck_assert(answer(&c, msg, 1, 0, msg + 16, forms[i]));
		ck_assert_int_eq(access_end(&a), 0);
	}
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* Not more at a time than the client takes. */
START_TEST(pieces)
{
	static u8 buf[10000];
	u8 msg[8192];
	struct access a = { .gpa = AT, .buf = buf, .len = sizeof(buf) };
	struct cl c;
	int i;

	hello(&c, JSON_SMALL);
	access_begin(&a);
	for (i = 0; i < 3; i++) {
		asked(&c, msg, sizeof(msg), 11, AT + 4096ULL * i, i < 2 ? 4096 : 1808);
		ck_assert(answer_read(&c, msg, i < 2 ? 4096 : 1808));
	}
	ck_assert_int_eq(access_end(&a), 0);
	ck_assert_uint_eq(buf[9999], 0x5c);
	a.write = true;
	access_begin(&a);
	for (i = 0; i < 3; i++) {
		asked(&c, msg, sizeof(msg), 12, AT + 4096ULL * i, i < 2 ? 4096 : 1808);
		ck_assert(answer(&c, msg, 1, 0, msg + 16, 16));
	}
	ck_assert_int_eq(access_end(&a), 0);
	cl_close(&c);
}
END_TEST

/*
 * QEMU's own form (hw/vfio-user, of 10.1 to 11.1): a count of 4 bytes, data right behind it, and 4
 * bytes more at the end, so that the size is as if the count had 8.
 */
START_TEST(as_qemu_does)
{
	u8 msg[4096], body[64], buf[32];
	struct access a = { .gpa = AT, .buf = buf, .len = 32 };
	struct cl c;
	u32 i;

	hello(&c, JSON_QEMU);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 32);
	memcpy(body, msg + 16, 8);
	rig_put(body + 8, 32, 4);
	for (i = 0; i < 32; i++)
		body[12 + i] = (u8)(i + 1);
	memset(body + 44, 0, 4);
	ck_assert(answer(&c, msg, 1, 0, body, 48));
	ck_assert_int_eq(access_end(&a), 0);
	for (i = 0; i < 32; i++)
		ck_assert_uint_eq(buf[i], i + 1);

	a.write = true;
	access_begin(&a);
	ck_assert_uint_eq(cl_recv(&c, msg, sizeof(msg)), 64);
	ck_assert_uint_eq(get64(msg + 16), AT);
	ck_assert_uint_eq(cl_get32(msg + 24), 32);
	ck_assert_mem_eq(msg + 28, buf, 32);
	ck_assert_uint_eq(cl_get32(msg + 60), 0);
	ck_assert(answer(&c, msg, 1, 0, NULL, 0));
	ck_assert_int_eq(access_end(&a), 0);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* _i: the lengths that are not right for QEMU's form. */
START_TEST(as_qemu_does_not)
{
	u8 msg[4096], body[64] = { 0 }, buf[32];
	struct access a = { .gpa = AT, .buf = buf, .len = 32 };
	struct cl c;

	hello(&c, JSON_QEMU);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 32);
	memcpy(body, msg + 16, 8);
	rig_put(body + 8, _i == 0 ? 31 : 32, 4);
	ck_assert(answer(&c, msg, 1, 0, body, _i == 0 ? 48 : _i == 1 ? 47 : _i == 2 ? 49 : 0));
	ck_assert_int_eq(access_end(&a), -EFAULT);
	ck_assert(cl_closed(&c));
	cl_close(&c);
}
END_TEST

/* The client says no: nobody is hurt. */
START_TEST(refused)
{
	u8 msg[4096], buf[8];
	struct access a = { .gpa = AT, .buf = buf, .len = 8 };
	struct cl c;

	hello(&c, CL_JSON);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 8);
	ck_assert(answer(&c, msg, 0x21, EPERM, NULL, 0));
	ck_assert_int_eq(access_end(&a), -EFAULT);
	a.write = true;
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 12, AT, 8);
	ck_assert(answer(&c, msg, 0x21, 0, NULL, 0));
	ck_assert_int_eq(access_end(&a), -EFAULT);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

struct device {
	dma_addr_t dma;
	u8 buf[16];
	int ret[2];
};

static void *device_run(void *arg)
{
	struct device *d = arg;

	d->ret[0] = mpt_bus_read(rig.host, d->dma + 8, d->buf, 16);
	d->ret[1] = mpt_bus_write(rig.host, d->dma + 8, d->buf, 16);
	return NULL;
}

START_TEST(by_the_device)
{
	struct device d;
	pthread_t thread;
	u8 msg[4096];
	struct cl c;

	hello(&c, CL_JSON);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&rig.vgpu, AT >> 12, PAGE, &d.dma),
			 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, device_run, &d), 0);
	asked(&c, msg, sizeof(msg), 11, AT + 8, 16);
	ck_assert(answer_read(&c, msg, 16));
	asked(&c, msg, sizeof(msg), 12, AT + 8, 16);
	ck_assert_uint_eq(msg[47], 0x5c);
	ck_assert(answer(&c, msg, 1, 0, msg + 16, 16));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(!d.ret[0] && !d.ret[1]);
	ck_assert_uint_eq(d.buf[15], 0x5c);
	intel_gvt_hypervisor_dma_unmap_guest_page(&rig.vgpu, d.dma);
	cl_close(&c);
}
END_TEST

/* Two accesses at once, answered the other way round. */
START_TEST(two_at_once)
{
	u8 msg[2][4096], buf[2][8];
	struct access a[2];
	struct cl c;
	int i;

	hello(&c, CL_JSON);
	for (i = 0; i < 2; i++) {
		a[i] = (struct access){ .gpa = AT + 64 * (u64)i, .buf = buf[i], .len = 8 };
		access_begin(&a[i]);
		asked(&c, msg[i], sizeof(msg[i]), 11, a[i].gpa, 8);
	}
	ck_assert(msg[0][0] != msg[1][0]);
	for (i = 1; i >= 0; i--) {
		u8 body[24];

		memcpy(body, msg[i] + 16, 16);
		memset(body + 16, i + 1, 8);
		ck_assert(answer(&c, msg[i], 1, 0, body, 24));
	}
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(access_end(&a[i]), 0);
		ck_assert_uint_eq(buf[i][7], i + 1);
	}
	cl_close(&c);
}
END_TEST

/* --- answers that are none --- */

enum lie {
	WRONG_ID,
	WRONG_COMMAND,
	TOO_SHORT,
	TOO_LONG,
	OTHER_COUNT,
	ANOTHER_SIZE,
	NO_BODY,
	ERROR_WITH_BODY,
	NO_FLAGS_LIKE_THIS,
	WITH_A_DESCRIPTOR,
	HUGE_SIZE,
	SMALL_SIZE,
	LIES
};

static const u8 lie_flags[LIES] = { [ERROR_WITH_BODY] = 0x21, [NO_FLAGS_LIKE_THIS] = 0x11 };
/* Behind the header. Of a write's reply that may be anything: so as much as data was asked for. */
static const u8 lie_len[LIES] = {
	[WRONG_COMMAND] = 8,
	[TOO_SHORT] = 23,
	[TOO_LONG] = 25,
	[ANOTHER_SIZE] = 23,
};

static void lie(struct cl *c, u8 *msg, enum lie lie)
{
	u8 body[64] = { 0 }, raw[40] = { 0 };
	int fd = 0;

	memcpy(body, msg + 16, 16);
	memcpy(raw, msg, 32);
	rig_put(raw + 4, 40, 4);
	rig_put(raw + 8, 1, 4);
	msg[0] ^= lie == WRONG_ID;
	msg[2] ^= lie == WRONG_COMMAND ? 11 ^ 12 : 0;
	body[8] ^= lie == OTHER_COUNT;
	body[8] -= lie == ANOTHER_SIZE;
	if (lie == WITH_A_DESCRIPTOR) {
		cl_raw(c, raw, 40, &fd, 1);
	} else if (lie == HUGE_SIZE || lie == SMALL_SIZE) {
		rig_put(raw + 4, lie == HUGE_SIZE ? 0x7fffffff : 15, 4);
		cl_raw(c, raw, 40, NULL, 0);
	} else {
		answer(c, msg, lie_flags[lie] ? lie_flags[lie] : 1, 0, body,
		       lie == NO_BODY ? 0
		       : lie_len[lie] ? lie_len[lie]
				      : 24);
	}
}

/* _i: the lie. The stream means nothing any more: the connection ends, and another may begin. */
START_TEST(lies)
{
	u8 msg[4096], buf[8];
	struct access a = { .gpa = AT, .buf = buf, .len = 8 };
	struct cl c;

	hello(&c, CL_JSON);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 8);
	lie(&c, msg, (enum lie)_i);
	/* A descriptor comes with what is right otherwise. */
	ck_assert_int_eq(access_end(&a), _i == WITH_A_DESCRIPTOR ? 0 : -EFAULT);
	ck_assert(cl_closed(&c));
	cl_close(&c);
	hello(&c, CL_JSON);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

START_TEST(nobody_asked)
{
	u8 msg[4096] = { 7, 0, 11, 0 };
	struct cl c;

	hello(&c, CL_JSON);
	ck_assert(answer(&c, msg, 1, 0, NULL, 0));
	ck_assert(cl_closed(&c));
	cl_close(&c);
}
END_TEST

/* --- a client that is late --- */

START_TEST(no_answer)
{
	u8 buf[8];
	struct access a = { .gpa = AT, .buf = buf, .len = 8 };
	u64 start;
	struct cl c;

	rig.v->timeout_ns = 200 * MS;
	hello(&c, CL_JSON);
	start = os_now_ns();
	access_begin(&a);
	ck_assert_int_eq(access_end(&a), -EFAULT);
	ck_assert_uint_ge(os_now_ns() - start, 200 * MS);
	ck_assert_uint_lt(os_now_ns() - start, 5000 * MS);
	ck_assert(cl_closed(&c));
	cl_close(&c);
}
END_TEST

/* Half an answer is none. */
START_TEST(half_an_answer)
{
	u8 msg[4096], buf[8];
	struct access a = { .gpa = AT, .buf = buf, .len = 8 };
	struct cl c;

	rig.v->timeout_ns = 200 * MS;
	hello(&c, CL_JSON);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 8);
	rig_put(msg + 4, 40, 4);
	rig_put(msg + 8, 1, 4);
	ck_assert(cl_raw(&c, msg, 30, NULL, 0));
	ck_assert_int_eq(access_end(&a), -EFAULT);
	ck_assert(cl_closed(&c));
	cl_close(&c);
}
END_TEST

/* Every piece in time, but not all of them: the time is for the access. */
START_TEST(every_piece_late)
{
	static u8 buf[16 * 4096];
	u8 msg[8192];
	struct access a = { .gpa = AT, .buf = buf, .len = sizeof(buf) };
	u64 start;
	struct cl c;
	int i;

	rig.v->timeout_ns = 400 * MS;
	hello(&c, JSON_SMALL);
	start = os_now_ns();
	access_begin(&a);
	for (i = 0; i < 16 && cl_recv(&c, msg, sizeof(msg)); i++) {
		usleep(200000);
		answer_read(&c, msg, 4096);
	}
	ck_assert_int_eq(access_end(&a), -EFAULT);
	ck_assert_uint_lt(os_now_ns() - start, 1500 * MS);
	cl_close(&c);
}
END_TEST

START_TEST(dies_instead)
{
	u8 msg[4096], buf[8];
	struct access a = { .gpa = AT, .buf = buf, .len = 8 };
	u64 start = os_now_ns();
	struct cl c;

	hello(&c, CL_JSON);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 8);
	cl_close(&c);
	ck_assert_int_eq(access_end(&a), -EFAULT);
	ck_assert_uint_lt(os_now_ns() - start, 4000 * MS);
}
END_TEST

/* The vGPU is taken away while it waits. */
START_TEST(detached_instead)
{
	u8 msg[4096], buf[8];
	struct access a = { .gpa = AT, .buf = buf, .len = 8 };
	struct cl c;

	rig.v->timeout_ns = 300 * MS;
	hello(&c, CL_JSON);
	access_begin(&a);
	asked(&c, msg, sizeof(msg), 11, AT, 8);
	rig_detach();
	ck_assert_int_eq(access_end(&a), -EFAULT);
	ck_assert(cl_closed(&c));
	cl_close(&c);
}
END_TEST

static Suite *remote_suite(void)
{
	Suite *s = suite_create("vfio-user remote memory");
	TCase *t = tcase_create("remote");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, read_and_write);
	tcase_add_test(t, pieces);
	tcase_add_test(t, as_qemu_does);
	tcase_add_loop_test(t, as_qemu_does_not, 0, 4);
	tcase_add_test(t, refused);
	tcase_add_test(t, by_the_device);
	tcase_add_test(t, two_at_once);
	tcase_add_loop_test(t, lies, 0, LIES);
	tcase_add_test(t, nobody_asked);
	tcase_add_test(t, no_answer);
	tcase_add_test(t, half_an_answer);
	tcase_add_test(t, every_piece_late);
	tcase_add_test(t, dies_instead);
	tcase_add_test(t, detached_instead);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { remote_suite };

	return mpt_test_main("vfu_remote", suites, N(suites));
}
