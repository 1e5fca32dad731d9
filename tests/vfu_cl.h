/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user client for tests of the server: it speaks in bytes over a socket, checks every answer
 * and knows nothing of the back end's own encoder.
 */
#ifndef MPT_TESTS_VFU_CL_H
#define MPT_TESTS_VFU_CL_H

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "vfu_rig.h"

struct cl {
	int fd;
	u16 id; /* of the last request */
};

#define CL_ROOM (VU_MSG_MAX + 64)

/* No answer within 20 s is none. */
static inline void cl_bound(int fd)
{
	struct timeval tv = { .tv_sec = 20 };

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), 0);
}

static inline void cl_connect(struct cl *c)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	*c = (struct cl){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .id = 0x100 };
	ck_assert_int_ge(c->fd, 0);
	memcpy(sun.sun_path, rig.path, strlen(rig.path) + 1);
	ck_assert_int_eq(connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	cl_bound(c->fd);
}

static inline void cl_close(struct cl *c)
{
	close(c->fd);
	c->fd = -1;
}

/* False: the server has closed. */
static inline bool cl_raw(struct cl *c, const void *bytes, size_t len, const int *fds,
			  unsigned int n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	ssize_t sent;

	if (n) {
		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, n * sizeof(int));
	}
	sent = sendmsg(c->fd, &mh, MSG_NOSIGNAL);
	if (sent < 0)
		ck_assert_msg(errno == EPIPE || errno == ECONNRESET, "send: %s", strerror(errno));
	return sent == (ssize_t)len;
}

static inline size_t cl_message(struct cl *c, u8 *bytes, u16 command, u32 flags, const void *body,
				size_t len)
{
	rig_put(bytes, ++c->id, 2);
	rig_put(bytes + 2, command, 2);
	rig_put(bytes + 4, 16 + len, 4);
	rig_put(bytes + 8, flags, 4);
	rig_put(bytes + 12, 0, 4);
	if (len)
		memcpy(bytes + 16, body, len);
	return 16 + len;
}

static inline bool cl_send(struct cl *c, u16 command, u32 flags, const void *body, size_t len,
			   const int *fds, unsigned int n)
{
	u8 *bytes = malloc(16 + len);
	bool ok;

	ck_assert_ptr_nonnull(bytes);
	ok = cl_raw(c, bytes, cl_message(c, bytes, command, flags, body, len), fds, n);
	free(bytes);
	return ok;
}

/* False: the other side has closed; nothing at all for 20 s is a failure. */
static inline bool cl_bytes(struct cl *c, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = recv(c->fd, (char *)buf + done, len - done, 0);
		ck_assert_msg(n >= 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* A whole message with its header; its length, 0: closed. */
static inline size_t cl_recv(struct cl *c, u8 *buf, size_t room)
{
	u32 size;

	if (!cl_bytes(c, buf, 16))
		return 0;
	memcpy(&size, buf + 4, 4);
	ck_assert_uint_ge(size, 16);
	ck_assert_uint_le(size, room);
	return cl_bytes(c, buf + 16, size - 16) ? size : 0;
}

static inline u32 cl_get32(const u8 *at)
{
	u32 value;

	memcpy(&value, at, 4);
	return value;
}

/* The reply to the last request: 0 or the error; its body to @body. -1: closed. */
static inline int cl_reply(struct cl *c, u16 command, u8 *body, size_t room, size_t *len)
{
	u8 *buf = malloc(CL_ROOM);
	size_t size;
	int err = -1;

	ck_assert_ptr_nonnull(buf);
	size = cl_recv(c, buf, CL_ROOM);
	if (size) {
		ck_assert_uint_eq(buf[0] | buf[1] << 8, c->id);
		ck_assert_uint_eq(buf[2] | buf[3] << 8, command);
		err = cl_get32(buf + 8) & 0x20 ? (int)cl_get32(buf + 12) : 0;
		ck_assert_uint_eq(cl_get32(buf + 8), err ? 0x21 : 1);
		ck_assert(!err || size == 16);
		ck_assert_uint_le(size - 16, room);
		memcpy(body, buf + 16, size - 16);
		*len = size - 16;
	}
	free(buf);
	return err;
}

/* The whole exchange; what it answers is thrown away. */
static inline int cl_call_fds(struct cl *c, u16 command, const void *body, size_t len,
			      const int *fds, unsigned int n)
{
	u8 reply[4096];
	size_t got;

	if (!cl_send(c, command, 0, body, len, fds, n))
		return -1;
	return cl_reply(c, command, reply, sizeof(reply), &got);
}

static inline int cl_call(struct cl *c, u16 command, const void *body, size_t len)
{
	return cl_call_fds(c, command, body, len, NULL, 0);
}

static inline bool cl_closed(struct cl *c)
{
	u8 buf[4096];
	ssize_t n;

	/* What was on its way before. */
	while ((n = recv(c->fd, buf, sizeof(buf), 0)) > 0)
		;
	ck_assert_msg(n == 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
	return true;
}

/* --- what it says --- */

static inline int cl_version(struct cl *c, u16 major, u16 minor, const char *json)
{
	u8 body[1024];

	rig_put(body, major, 2);
	rig_put(body + 2, minor, 2);
	if (json)
		memcpy(body + 4, json, strlen(json) + 1);
	return cl_call(c, 1, body, 4 + (json ? strlen(json) + 1 : 0));
}

#define CL_JSON "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}"

static inline void cl_hello(struct cl *c)
{
	cl_connect(c);
	ck_assert_int_eq(cl_version(c, 0, 1, CL_JSON), 0);
}

/* The server is there and serves. */
static inline void cl_alive(struct cl *c)
{
	const u8 info[16] = { 16 };

	ck_assert_int_eq(cl_call(c, 4, info, 16), 0);
}

static inline void cl_map_body(u8 body[32], u32 flags, u64 offset, u64 addr, u64 size)
{
	rig_put(body, 32, 4);
	rig_put(body + 4, flags, 4);
	rig_put(body + 8, offset, 8);
	rig_put(body + 16, addr, 8);
	rig_put(body + 24, size, 8);
}

/* @fd: -1: none. */
static inline int cl_map(struct cl *c, u64 addr, u64 size, u64 offset, int fd, u32 flags)
{
	u8 body[32];

	cl_map_body(body, flags, offset, addr, size);
	return cl_call_fds(c, 2, body, 32, &fd, fd >= 0);
}

static inline int cl_unmap(struct cl *c, u64 addr, u64 size, u32 flags)
{
	u8 body[24];

	rig_put(body, 24, 4);
	rig_put(body + 4, flags, 4);
	rig_put(body + 8, addr, 8);
	rig_put(body + 16, size, 8);
	return cl_call(c, 3, body, 24);
}

static inline size_t cl_region_body(u8 *body, u64 offset, u32 region, u32 count, const void *data)
{
	rig_put(body, offset, 8);
	rig_put(body + 8, region, 4);
	rig_put(body + 12, count, 4);
	if (data)
		memcpy(body + 16, data, count);
	return 16 + (data ? count : 0);
}

static inline int cl_write(struct cl *c, u32 region, u64 offset, const void *data, u32 count)
{
	u8 body[16 + 4096];

	return cl_call(c, 10, body, cl_region_body(body, offset, region, count, data));
}

static inline int cl_read(struct cl *c, u32 region, u64 offset, void *data, u32 count)
{
	u8 body[16], reply[16 + 4096];
	size_t len;
	int err;

	cl_region_body(body, offset, region, count, NULL);
	ck_assert(cl_send(c, 9, 0, body, 16, NULL, 0));
	err = cl_reply(c, 9, reply, sizeof(reply), &len);
	if (err)
		return err;
	ck_assert_uint_eq(len, 16 + count);
	ck_assert_mem_eq(reply, body, 16);
	memcpy(data, reply + 16, count);
	return 0;
}

static inline u32 cl_cfg(struct cl *c, u64 offset, u32 count)
{
	u32 value = 0;

	ck_assert_int_eq(cl_read(c, 7, offset, &value, count), 0);
	return value;
}

static inline void cl_cfg_set(struct cl *c, u64 offset, u32 value, u32 count)
{
	ck_assert_int_eq(cl_write(c, 7, offset, &value, count), 0);
}

/* BARs placed, decoding on. */
static inline void cl_place(struct cl *c)
{
	cl_cfg_set(c, 0x10, (u32)BAR0_AT, 4);
	cl_cfg_set(c, 0x14, (u32)(BAR0_AT >> 32), 4);
	cl_cfg_set(c, 0x18, (u32)BAR2_AT, 4);
	cl_cfg_set(c, 0x04, 7, 2);
}

static inline int cl_irqs(struct cl *c, u32 index, u32 flags, u32 start, u32 count, int fd)
{
	u8 body[20];

	rig_put(body, 20, 4);
	rig_put(body + 4, flags, 4);
	rig_put(body + 8, index, 4);
	rig_put(body + 12, start, 4);
	rig_put(body + 16, count, 4);
	return cl_call_fds(c, 8, body, 20, &fd, fd >= 0);
}

#endif
