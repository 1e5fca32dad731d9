/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user back end as its client sees it: a register read and a posted write through the
 * server's thread, beside the same bytes through a thread that only answers; and the operations on
 * guest memory that is the client's. The client is these few messages and no more.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mpt/testbed.h>

#include "memory.h"

#define BAR0 0xc0000000U
#define RAM (64ULL << 20)
#define PLAIN_REGISTER 0x5080U

/* QEMU's documentation, interop/vfio-user. */
#define VERSION 1
#define DMA_MAP 2
#define REGION_READ 9
#define REGION_WRITE 10
#define NO_REPLY 0x10U
#define REGION_BAR0 0
#define REGION_CONFIG 7

struct header {
	u16 id, command;
	u32 size, flags, error;
};

struct access {
	struct header h;
	u64 offset;
	u32 region, count;
	u32 data;
} __attribute__((packed));

#define READ_SIZE offsetof(struct access, data)

static struct {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	char folder[32], path[40];
	int fd; /* the client's */
} b = { .fd = -1 };

/* --- the bare one: a thread that answers as many bytes with as many --- */

static int bare[2] = { -1, -1 };
static pthread_t answerer;

static void *answer(void *arg)
{
	struct access a;

	(void)arg;
	while (recv(bare[1], &a, READ_SIZE, 0) == READ_SIZE)
		if (send(bare[1], &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			break;
	return NULL;
}

static int bare_setup(void)
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, bare) ||
	       pthread_create(&answerer, NULL, answer, NULL);
}

static void bare_teardown(void)
{
	shutdown(bare[0], SHUT_RDWR);
	pthread_join(answerer, NULL);
	close(bare[0]);
	close(bare[1]);
}

static bool trip(int fd, struct access *a)
{
	return send(fd, a, READ_SIZE, MSG_NOSIGNAL) == READ_SIZE &&
	       recv(fd, a, sizeof(*a), MSG_WAITALL) == sizeof(*a);
}

static void bare_trip(unsigned long n)
{
	struct access a = { .h = { .size = READ_SIZE } };

	while (n-- && trip(bare[0], &a))
		;
}

/* --- the client --- */

static int failed(const char *what)
{
	fprintf(stderr, "bench: vfio-user: %s: %s\n", what, mpt_last_error());
	return -1;
}

/* A reply without data of its own; @len bytes in all, with @fd if there is one. */
static int request(const void *msg, size_t len, int fd, size_t reply_len)
{
	union {
		struct cmsghdr c;
		char bytes[CMSG_SPACE(sizeof(fd))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)msg, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct header reply;
	char rest[4096];

	if (fd >= 0) {
		mh.msg_control = control.bytes;
		mh.msg_controllen = sizeof(control.bytes);
		control.c = (struct cmsghdr){ CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.c), &fd, sizeof(fd));
	}
	if (sendmsg(b.fd, &mh, MSG_NOSIGNAL) != (ssize_t)len ||
	    recv(b.fd, &reply, sizeof(reply), MSG_WAITALL) != sizeof(reply) || reply.error ||
	    reply.size < sizeof(reply) + reply_len || reply.size > sizeof(rest))
		return -1;
	len = reply.size - sizeof(reply);
	return !len || recv(b.fd, rest, len, MSG_WAITALL) == (ssize_t)len ? 0 : -1;
}

static int version(void)
{
	static const struct {
		struct header h;
		u16 major, minor;
		char caps[64];
	} msg = { { 1, VERSION, sizeof(msg), 0, 0 },
		  0,
		  1,
		  "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}" };

	return request(&msg, sizeof(msg), -1, 4);
}

static int map_ram(void)
{
	struct {
		struct header h;
		u32 argsz, flags;
		u64 offset, addr, size;
	} msg = { { 2, DMA_MAP, sizeof(msg), 0, 0 }, 32, 3, 0, 0, RAM };
	int ret, fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	ret = ftruncate(fd, RAM) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) ||
	      request(&msg, sizeof(msg), fd, 0);
	close(fd);
	return ret;
}

static int config(u32 offset, u32 value, u32 count)
{
	struct access a = { { 3, REGION_WRITE, (u32)READ_SIZE + count, 0, 0 },
			    offset,
			    REGION_CONFIG,
			    count,
			    value };

	return request(&a, READ_SIZE + count, -1, READ_SIZE - sizeof(a.h));
}

static int connect_client(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, b.path, strlen(b.path) + 1);
	b.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return b.fd < 0 || connect(b.fd, (const struct sockaddr *)&sun, sizeof(sun)) ||
	       version() || map_ram() || config(0x10, BAR0, 4) || config(0x04, 6, 2);
}

static int open_device(void)
{
	char spec[80];

	memcpy(b.folder, "/tmp/mpt-bench.XXXXXX", 22);
	if (!mkdtemp(b.folder))
		return -1;
	snprintf(b.path, sizeof(b.path), "%s/gpu", b.folder);
	snprintf(spec, sizeof(spec), "vfio-user:socket=%s", b.path);
	if (mpt_host_open(spec, &b.host) || gvt_open(b.host, NULL, &b.gvt) ||
	    mpt_vm_get(b.host, 1, &b.vm))
		return -1;
	b.vgpu = mpt_vgpu_create(b.vm, b.gvt, gvt_type_each(b.gvt, 0));
	return MPT_IS_ERR(b.vgpu) ? -1 : 0;
}

static int setup(void)
{
	if (open_device())
		return failed("open");
	return connect_client() ? failed("client") : 0;
}

static void teardown(void)
{
	close(b.fd);
	mpt_vgpu_destroy(b.vm, b.vgpu);
	gvt_close(b.gvt);
	mpt_vm_put(b.vm);
	mpt_host_close(b.host);
	rmdir(b.folder);
}

static int is_open(void)
{
	return b.fd < 0;
}

/* --- what the client asks of the device --- */

static void read_register(unsigned long n)
{
	struct access a;

	while (n--) {
		a = (struct access){ { 4, REGION_READ, READ_SIZE, 0, 0 },
				     PLAIN_REGISTER,
				     REGION_BAR0,
				     4,
				     0 };
		if (!trip(b.fd, &a) || a.h.error)
			abort();
	}
}

/* The read at the end waits for all of them. */
static void write_register(unsigned long n)
{
	struct access a = { { 5, REGION_WRITE, sizeof(a), NO_REPLY, 0 },
			    PLAIN_REGISTER,
			    REGION_BAR0,
			    4,
			    7 };

	while (n--)
		if (send(b.fd, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			abort();
	read_register(1);
}

/* --- what the device asks of the client's memory --- */

BENCH_ON(b.vgpu, read_8)
BENCH_ON(b.vgpu, write_8)
BENCH_ON(b.vgpu, read_4096)
BENCH_ON(b.vgpu, dma_pair)
BENCH_ON(b.vgpu, dma_hit)

static struct bench_held held;

static int hit_setup(void)
{
	return is_open() || bench_hold(b.vgpu, &held);
}

static void hit_teardown(void)
{
	bench_release(b.vgpu, &held);
}

const struct bench_row rows_vfu[] = {
	{ .name = "bare socket round trip", .fn = bare_trip, .setup = bare_setup,
	  .teardown = bare_teardown },
	{ .name = "vfio-user register read", .fn = read_register, .setup = setup,
	  .teardown = teardown, .yard = "bare socket round trip", .factor = 1.2 },
	{ .name = "vfio-user posted write", .fn = write_register, .setup = is_open },
	{ .name = "vfio-user read_gpa 8 B", .fn = read_8, .setup = is_open, .factor = 5 },
	{ .name = "vfio-user read_gpa 4 KiB", .fn = read_4096, .setup = is_open,
	  .yard = "memcpy(4096)", .factor = 1.4 },
	{ .name = "vfio-user write_gpa 8 B", .fn = write_8, .setup = is_open,
	  .yard = "vfio-user read_gpa 8 B", .factor = 1.1 },
	{ .name = "vfio-user dma map + unmap", .fn = dma_pair, .setup = is_open, .plus = 60 },
	{ .name = "vfio-user dma map + unmap, hit", .fn = dma_hit, .setup = hit_setup,
	  .teardown = hit_teardown, .plus = 45 },
};
const size_t num_rows_vfu = sizeof(rows_vfu) / sizeof(rows_vfu[0]);
