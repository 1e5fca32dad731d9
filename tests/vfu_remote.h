/* SPDX-License-Identifier: MIT */
/* Memory that a vfio-user client keeps for itself, from both sides; the core has a thread. */
#ifndef MPT_TESTS_VFU_REMOTE_H
#define MPT_TESTS_VFU_REMOTE_H

#include "vfu_cl.h"

#define AT 0x100000ULL
#define SIZE 0x100000ULL

/* --- the core's access, in a thread of its own --- */

struct access {
	u64 gpa;
	u8 *buf;
	unsigned long len;
	bool write;
	pthread_t thread;
	int ret;
};

static inline void *access_run(void *arg)
{
	struct access *a = arg;

	a->ret = a->write ? rig_gpa_write(a->gpa, a->buf, a->len)
			  : rig_gpa_read(a->gpa, a->buf, a->len);
	return NULL;
}

static inline void access_begin(struct access *a)
{
	ck_assert_int_eq(pthread_create(&a->thread, NULL, access_run, a), 0);
}

static inline int access_end(struct access *a)
{
	ck_assert_int_eq(pthread_join(a->thread, NULL), 0);
	return a->ret;
}

/* --- the client's side --- */

static inline void hello(struct cl *c, const char *json)
{
	cl_connect(c);
	ck_assert_int_eq(cl_version(c, 0, 1, json), 0);
	ck_assert_int_eq(cl_map(c, AT, SIZE, 0, -1, 3), 0);
}

static inline u64 get64(const u8 *at)
{
	u64 value;

	memcpy(&value, at, 8);
	return value;
}

/* A request of the server's: its length. */
static inline size_t asked(struct cl *c, u8 *msg, size_t room, u16 command, u64 gpa, u64 count)
{
	size_t len = cl_recv(c, msg, room);

	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(msg[2] | msg[3] << 8, command);
	ck_assert_uint_eq(cl_get32(msg + 8), 0);
	ck_assert_uint_eq(get64(msg + 16), gpa);
	ck_assert_uint_eq(get64(msg + 24), count);
	ck_assert_uint_eq(len, 32 + (command == 12 ? count : 0));
	return len;
}

/* @body behind the header, whose id and command are the request's. */
static inline bool answer(struct cl *c, const u8 *request, u32 flags, u32 error, const void *body,
			  size_t len)
{
	u8 msg[16 + 8192];

	memcpy(msg, request, 4);
	rig_put(msg + 4, 16 + len, 4);
	rig_put(msg + 8, flags, 4);
	rig_put(msg + 12, error, 4);
	if (len)
		memcpy(msg + 16, body, len);
	return cl_raw(c, msg, 16 + len, NULL, 0);
}

static inline bool answer_read(struct cl *c, const u8 *request, u64 count)
{
	u8 body[16 + 4096];

	memcpy(body, request + 16, 8);
	rig_put(body + 8, count, 8);
	memset(body + 16, 0x5c, count);
	return answer(c, request, 1, 0, body, 16 + count);
}

#endif
