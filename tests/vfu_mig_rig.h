/* SPDX-License-Identifier: MIT */
/*
 * For the tests of migration over vfio-user: vGPUs that wait on sockets, each on a host of its own,
 * and a client that speaks to one in plain messages. What it is answered is the tests' to judge.
 */
#ifndef MPT_TESTS_VFU_MIG_RIG_H
#define MPT_TESTS_VFU_MIG_RIG_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gvt/state.h>

#include "backends/vfio-user/wire.h"
#include "gvt_life.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MIG_BAR0 0xc0000000ULL
#define MIG_BAR2 0xb0000000ULL
#define MIG_RAM (16 * MIB)
#define MIG_LOW (64 * MIB)
#define MIG_HIGH (512 * MIB)
#define MIG_XFER (1U << 20)
/* What a QEMU 11.1 says of itself, as far as it matters here. */
#define MIG_CAPS                                                                            \
	"{\"capabilities\":{\"max_data_xfer_size\":1048576,\"migration\":{\"pgsize\":4096," \
	"\"max_bitmap_size\":268435456}}}"

/* One side of a move: a vGPU and the client that has it. */
struct mig {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	struct gvt_vgpu *v;
	char path[64];
	int fd; /* -1: no client */
	int memfd;
	u8 *ram;
	u16 id;
	u8 *reply; /* behind the header */
	u32 reply_len;
};

static unsigned int migs; /* open */

/* --- messages --- */

static inline void mig_bytes_out(struct mig *c, const void *buf, size_t len)
{
	ssize_t n;

	for (; len; buf = (const u8 *)buf + n, len -= (size_t)n) {
		n = send(c->fd, buf, len, MSG_NOSIGNAL);
		ck_assert_int_gt(n, 0);
	}
}

static inline void mig_bytes_in(struct mig *c, void *buf, size_t len)
{
	if (len)
		ck_assert_int_eq(recv(c->fd, buf, len, MSG_WAITALL), (ssize_t)len);
}

/* @fd: goes with it; -1: none. */
static inline void mig_send(struct mig *c, u16 command, u32 flags, const void *head, u32 head_len,
			    const void *data, u32 len, int fd)
{
	struct vuw_hdr hdr = { .id = ++c->id,
			       .command = command,
			       .size = (u32)sizeof(hdr) + head_len + len,
			       .flags = flags };
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { &hdr, sizeof(hdr) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (fd >= 0) {
		msg.msg_control = space;
		msg.msg_controllen = sizeof(space);
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	ck_assert_int_eq(sendmsg(c->fd, &msg, MSG_NOSIGNAL), sizeof(hdr));
	mig_bytes_out(c, head, head_len);
	mig_bytes_out(c, data, len);
}

/* The answer to the last message, in c->reply. 0 or the error that it says. */
static inline int mig_answer(struct mig *c, u16 command)
{
	struct vuw_hdr hdr;

	mig_bytes_in(c, &hdr, sizeof(hdr));
	ck_assert_uint_eq(hdr.id, c->id);
	ck_assert_uint_eq(hdr.command, command);
	ck_assert_uint_ge(hdr.size, sizeof(hdr));
	c->reply_len = hdr.size - (u32)sizeof(hdr);
	ck_assert_uint_le(c->reply_len, 2 * MIG_XFER);
	mig_bytes_in(c, c->reply, c->reply_len);
	if (!(hdr.flags & VUW_ERROR))
		return 0;
	ck_assert_uint_eq(c->reply_len, 0);
	ck_assert_uint_ne(hdr.error, 0);
	return (int)hdr.error;
}

static inline int mig_call(struct mig *c, u16 command, const void *head, u32 head_len,
			   const void *data, u32 len)
{
	mig_send(c, command, 0, head, head_len, data, len, -1);
	return mig_answer(c, command);
}

/* --- a client --- */

static inline void mig_map(struct mig *c, u64 gpa, u64 offset, u64 size)
{
	struct vuw_dma_map m = { .argsz = sizeof(m),
				 .flags = VUW_MAP_READ | VUW_MAP_WRITE,
				 .offset = offset,
				 .addr = gpa,
				 .size = size };

	mig_send(c, VUW_DMA_MAP, 0, &m, sizeof(m), NULL, 0, c->memfd);
	ck_assert_int_eq(mig_answer(c, VUW_DMA_MAP), 0);
}

static inline void mig_unmap(struct mig *c, u64 gpa, u64 size)
{
	struct vuw_dma_unmap m = { .argsz = sizeof(m), .addr = gpa, .size = size };

	ck_assert_int_eq(mig_call(c, VUW_DMA_UNMAP, &m, sizeof(m), NULL, 0), 0);
}

static inline void mig_greet(struct mig *c, const char *caps)
{
	struct vuw_version v = { 0, 1 };

	ck_assert_int_eq(mig_call(c, VUW_VERSION, &v, sizeof(v), caps, (u32)strlen(caps) + 1), 0);
}

static inline void mig_connect(struct mig *c, const char *caps)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", c->path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(c->fd, 0);
	ck_assert_int_eq(connect(c->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	mig_greet(c, caps);
	mig_map(c, 0, 0, MIG_RAM);
}

static inline void mig_hangup(struct mig *c)
{
	close(c->fd);
	c->fd = -1;
}

static inline int mig_region(struct mig *c, u16 command, u32 region, u64 offset, void *buf, u32 len)
{
	struct vuw_region q = { offset, region, len };
	bool write = command == VUW_REGION_WRITE;
	int err = mig_call(c, command, &q, sizeof(q), write ? buf : NULL, write ? len : 0);

	if (!err && !write) {
		ck_assert_uint_eq(c->reply_len, sizeof(q) + len);
		memcpy(buf, c->reply + sizeof(q), len);
	}
	return err;
}

#define MIG_CONFIG 7

static inline void mig_cfg_write(struct mig *c, u32 offset, u32 value, u32 len)
{
	ck_assert_int_eq(mig_region(c, VUW_REGION_WRITE, MIG_CONFIG, offset, &value, len), 0);
}

static inline void mig_write(struct mig *c, u64 offset, u64 value, u32 len)
{
	ck_assert_int_eq(mig_region(c, VUW_REGION_WRITE, 0, offset, &value, len), 0);
}

static inline u64 mig_read(struct mig *c, u64 offset, u32 len)
{
	u64 value = 0;

	ck_assert_int_eq(mig_region(c, VUW_REGION_READ, 0, offset, &value, len), 0);
	return value;
}

static inline u64 mig_gtt(u64 addr)
{
	return GVT_GTT_OFFSET + (addr >> 12) * 8;
}

static inline void mig_reset(struct mig *c)
{
	ck_assert_int_eq(mig_call(c, VUW_RESET, NULL, 0, NULL, 0), 0);
}

/* --- features --- */

static inline int mig_feature(struct mig *c, u32 flags, const void *data, u32 len, u32 argsz)
{
	struct vuw_feature f = { argsz, flags };

	return mig_call(c, VUW_FEATURE, &f, sizeof(f), data, len);
}

static inline struct vuw_feature mig_feature_reply(const struct mig *c)
{
	struct vuw_feature f;

	ck_assert_uint_ge(c->reply_len, sizeof(f));
	memcpy(&f, c->reply, sizeof(f));
	return f;
}

static inline int mig_set(struct mig *c, u32 state)
{
	struct vuw_mig_state s = { state, 0 };

	return mig_feature(c, VUW_FEATURE_SET | VUW_FEATURE_MIG_STATE, &s, sizeof(s),
			   sizeof(struct vuw_feature) + sizeof(s));
}

static inline void mig_go(struct mig *c, u32 state)
{
	ck_assert_int_eq(mig_set(c, state), 0);
}

static inline u32 mig_state(struct mig *c)
{
	struct vuw_mig_state s;

	ck_assert_int_eq(mig_feature(c, VUW_FEATURE_GET | VUW_FEATURE_MIG_STATE, NULL, 0, 64), 0);
	ck_assert_uint_eq(c->reply_len, sizeof(struct vuw_feature) + sizeof(s));
	memcpy(&s, c->reply + sizeof(struct vuw_feature), sizeof(s));
	ck_assert_uint_eq(s.data_fd, ~0U);
	return s.state;
}

/* --- the stream --- */

struct mig_blob {
	u8 *p;
	size_t len;
};

/* One piece, at most @want bytes of it; how many came. */
static inline u32 mig_piece(struct mig *c, u32 want)
{
	struct vuw_mig_data q = { (u32)sizeof(q) + want, want }, a;

	ck_assert_int_eq(mig_call(c, VUW_MIG_DATA_READ, &q, sizeof(q), NULL, 0), 0);
	memcpy(&a, c->reply, sizeof(a));
	ck_assert_uint_le(a.size, want);
	ck_assert_uint_eq(a.argsz, sizeof(a) + a.size);
	ck_assert_uint_eq(c->reply_len, sizeof(a) + a.size);
	return a.size;
}

/* All of it, in pieces of @want bytes. */
static inline struct mig_blob mig_pull(struct mig *c, u32 want)
{
	struct mig_blob b = { calloc(1, 32 * MIB), 0 };
	u32 n;

	do {
		n = mig_piece(c, want);
		memcpy(b.p + b.len, c->reply + sizeof(struct vuw_mig_data), n);
		b.len += n;
	} while (n == want);
	return b;
}

static inline int mig_push(struct mig *c, const void *p, u32 len)
{
	struct vuw_mig_data q = { sizeof(q), len };

	return mig_call(c, VUW_MIG_DATA_WRITE, &q, sizeof(q), p, len);
}

static inline void mig_push_all(struct mig *c, const struct mig_blob *b, u32 piece)
{
	size_t at;

	for (at = 0; at < b->len; at += piece)
		ck_assert_int_eq(
			mig_push(c, b->p + at, (u32)(b->len - at < piece ? b->len - at : piece)),
			0);
}

static inline struct mig_blob mig_save(struct mig *c)
{
	mig_go(c, VUW_STATE_STOP_COPY);
	return mig_pull(c, MIG_XFER);
}

/* --- up and down --- */

static inline void mig_memory(struct mig *c)
{
	c->memfd = memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_ge(c->memfd, 0);
	ck_assert_int_eq(ftruncate(c->memfd, (off_t)MIG_RAM), 0);
	ck_assert_int_eq(fcntl(c->memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	c->ram = mmap(NULL, MIG_RAM, PROT_READ | PROT_WRITE, MAP_SHARED, c->memfd, 0);
	ck_assert(c->ram != MAP_FAILED);
}

/* With a vGPU that runs, and no client. @layers: "" or "check,". */
static inline void mig_open_on(struct mig *c, const char *layers)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256 * MIB };
	struct intel_vgpu_type type;
	char spec[128];

	memset(c, 0, sizeof(*c));
	snprintf(c->path, sizeof(c->path), "vfu-mig.%d.%u", (int)getpid(), migs++);
	snprintf(spec, sizeof(spec), "%svfio-user:socket=%s", layers, c->path);
	c->reply = malloc(2 * MIG_XFER);
	c->fd = -1;
	mig_memory(c);
	life_ok(mpt_host_open(spec, &c->host));
	life_ok(mpt_host_set_policy(c->host, MPT_POLICY_RETURN));
	life_ok(gvt_open(c->host, &config, &c->gvt));
	life_ok(mpt_vm_get(c->host, 1, &c->vm));
	gvt_type_init(&type, MIG_LOW, 128 * MIB, 4);
	type.low_start = MIG_LOW;
	type.high_start = MIG_HIGH;
	c->vgpu = mpt_vgpu_create(c->vm, c->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(c->vgpu), "%s", mpt_last_error());
	c->v = to_gvt_vgpu(c->vgpu);
	gvt_ops()->vgpu_activate(c->vgpu);
}

static inline void mig_open(struct mig *c)
{
	mig_open_on(c, "check,");
}

/* And with a client. */
static inline void mig_up(struct mig *c)
{
	mig_open(c);
	mig_connect(c, MIG_CAPS);
}

static inline void mig_down(struct mig *c)
{
	life_ok(mpt_vgpu_destroy(c->vm, c->vgpu));
	mpt_vm_put(c->vm);
	life_ledger_empty(c->host);
	life_ok(gvt_close(c->gvt));
	life_ok(mpt_host_close(c->host));
	if (c->fd >= 0)
		close(c->fd);
	munmap(c->ram, MIG_RAM);
	close(c->memfd);
	free(c->reply);
	ck_assert_int_ne(access(c->path, F_OK), 0);
	if (!--migs)
		ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- in a state --- */

static inline bool mig_active(const struct mig *c)
{
	return life_info(c->vgpu).active;
}

static inline void mig_state_is(struct mig *c, u32 state)
{
	ck_assert_uint_eq(mig_state(c), state);
	ck_assert_int_eq(mig_active(c), state == VUW_STATE_RUNNING);
}

static inline void mig_to_error(struct mig *c)
{
	mig_go(c, VUW_STATE_RESUMING);
	ck_assert_int_eq(mig_push(c, "nobody has saved this", 21), 0);
	ck_assert_int_eq(mig_set(c, VUW_STATE_STOP), EINVAL);
	mig_state_is(c, VUW_STATE_ERROR);
}

/* With a state to resume from that is one. */
static inline void mig_enter(struct mig *c, u32 state, const struct mig_blob *good)
{
	mig_reset(c);
	mig_state_is(c, VUW_STATE_RUNNING);
	if (state == VUW_STATE_ERROR) {
		mig_to_error(c);
		return;
	}
	mig_go(c, state);
	if (state == VUW_STATE_RESUMING)
		mig_push_all(c, good, MIG_XFER);
	mig_state_is(c, state);
}

/* --- a guest that leaves something everywhere --- */

static inline void mig_space(struct mig *c, int levels, u64 pdp0)
{
	mig_write(c, GVT_PVINFO_OFFSET + 0x838, pdp0, 8);
	mig_write(c, GVT_PVINFO_OFFSET + 0x818, levels == 4 ? 4 : 2, 4);
}

static inline void mig_submit(struct mig *c, u32 base, u32 id, u32 low)
{
	const u32 dw[] = { 0, 0, id, low };
	unsigned int i;

	for (i = 0; i < 4; i++)
		mig_write(c, base + 0x230, dw[i], 4);
}

/* No memory is behind it, so whoever executes it hangs. */
#define MIG_CONTEXT ((u32)MIG_HIGH + 0x100000 + 0x119)

/* As a driver does that knows what it is on. */
static inline void mig_decode(struct mig *c)
{
	mig_cfg_write(c, 0x10, (u32)MIG_BAR0, 4);
	mig_cfg_write(c, 0x14, 0, 4);
	mig_cfg_write(c, 0x18, (u32)MIG_BAR2, 4);
	mig_cfg_write(c, 0x1c, 0, 4);
	mig_cfg_write(c, 0x04, 6, 2);
	mig_read(c, GVT_PVINFO_OFFSET, 8);
}

static inline void mig_busy(struct mig *c)
{
	u64 i;

	mig_decode(c);
	for (i = 0; i < 20; i++)
		mig_write(c, mig_gtt(MIG_LOW + i * 4096), (0x100000 + i * 8192) | 1, 8);
	mig_write(c, mig_gtt(MIG_HIGH), 0x201001, 8);
	mig_write(c, mig_gtt(MIG_HIGH + 0x30000), 0x204001, 4); /* waits for its high half */
	mig_write(c, 0x2080, MIG_LOW, 4);
	mig_write(c, 0x2038, 0x12345000, 4);
	mig_write(c, 0x100000, MIG_LOW | 1, 4);
	mig_write(c, 0x100004, (MIG_LOW + 0x10000) | 7, 4);
	mig_write(c, 0x2230, 0x11, 4); /* half a submission */
	mig_write(c, 0x1229c, 0x80008000, 4);
	mig_submit(c, 0x12000, 0x71, MIG_CONTEXT); /* hangs */
	mig_write(c, 0x2229c, 0x80008000, 4);
	mig_write(c, 0x2209c, 0x01000100, 4); /* stopped */
	mig_submit(c, 0x22000, 0x72, MIG_CONTEXT);
	mig_space(c, 4, 0x208000);
	mig_space(c, 4, 0x207000);
}

#endif
