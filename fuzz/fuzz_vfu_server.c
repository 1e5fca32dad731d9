/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a whole conversation of a client with the vfio-user server, over a socket pair, with
 * a small core that reads, writes and maps guest memory as its registers are written. Whatever is
 * said, the server answers or closes, and at the end nothing is left.
 *
 * Input: records. A byte: bits 4:0 the command; bit 5: a reply instead of a request; bit 6: no
 * reply is wanted; bit 7: the size is a lie. A byte: bits 2:0 how many descriptors, bits 6:3 of
 * which kind. A byte: the length of what follows as body; 255: as many as there are. A lie has a
 * byte more, that is added to the size. Whenever the server asks for memory, a byte says how it is
 * answered. What the input lacks at its end is 0.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mpt/mpt.h>

#include "backends/vfio-user/server.h"

#define KINDS 8
#define MAPS 16
#define WAIT_MS 20000 /* longer than this is a hang */
#define TIMEOUT_NS 10000000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(what)                                                                 \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

struct input {
	const uint8_t *p, *end;
};

static struct mpt_host *host;
static struct mpt_vm *vm;
static struct vu_vm *v;
static struct intel_vgpu vgpu;
static int kind[KINDS];
static long alloc_at_rest;

/* --- the core: one thread at a time --- */

static u8 cfg[4096];
static struct {
	u64 gpa;
	dma_addr_t dma[MAPS];
	unsigned int n;
} core;

static void unmap_all(void)
{
	while (core.n)
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, core.dma[--core.n]);
}

static void map_one(void)
{
	if (core.n < MAPS &&
	    !intel_gvt_hypervisor_dma_map_guest_page(&vgpu, core.gpa >> 12,
						     core.gpa & 1 ? MPT_HUGE_SIZE : MPT_PAGE_SIZE,
						     &core.dma[core.n]))
		core.n++;
}

static void by_bus(bool write)
{
	u8 buf[64] = { 0 };

	if (core.n && write)
		mpt_bus_write(host, core.dma[core.n - 1] + core.gpa % 4096, buf, 64);
	else if (core.n)
		mpt_bus_read(host, core.dma[core.n - 1] + core.gpa % 4096, buf, 64);
}

/* What a register does that is written. */
static void act(unsigned int reg, u64 value)
{
	u8 buf[4096] = { 0 };

	switch (reg) {
	case 0:
		core.gpa = value;
		break;
	case 1:
		intel_gvt_hypervisor_read_gpa(&vgpu, core.gpa, buf, value % sizeof(buf));
		break;
	case 2:
		intel_gvt_hypervisor_write_gpa(&vgpu, core.gpa, buf, value % sizeof(buf));
		break;
	case 3:
		map_one();
		break;
	case 4:
		unmap_all();
		break;
	case 5:
		intel_gvt_hypervisor_inject_msi(&vgpu);
		break;
	case 6:
		intel_gvt_hypervisor_set_intx(&vgpu, value & 1);
		break;
	default:
		by_bus(value & 1);
	}
}

static int mmio_read(struct intel_vgpu *g, u64 gpa, void *buf, unsigned int len)
{
	(void)g;
	memset(buf, (int)gpa, len);
	return 0;
}

static int mmio_write(struct intel_vgpu *g, u64 gpa, void *buf, unsigned int len)
{
	u64 value = 0;

	(void)g;
	must(len <= 8);
	memcpy(&value, buf, len);
	act(gpa >> 3 & 7, value);
	return 0;
}

static int cfg_read(struct intel_vgpu *g, unsigned int offset, void *buf, unsigned int len)
{
	(void)g;
	must(offset + len <= sizeof(cfg) && len <= 4);
	memcpy(buf, cfg + offset, len);
	return 0;
}

/* BAR0 of 64 KiB, BAR4 of I/O; no other. COMMAND, and MSI at 0x50. */
static int cfg_write(struct intel_vgpu *g, unsigned int offset, void *buf, unsigned int len)
{
	u32 mask = offset / 4 == 4   ? 0xffff0000
		   : offset / 4 == 8 ? 0xffc0
		   : offset / 4 == 1 ? 7
				     : 0;
	unsigned int i;

	(void)g;
	must(offset + len <= sizeof(cfg) && len <= 4);
	if (offset / 4 >= 0x14 && offset / 4 < 0x18)
		mask = 0xffff0000;
	for (i = 0; i < len; i++) {
		u8 m = (u8)(mask >> 8 * ((offset + i) % 4));

		cfg[offset + i] = (u8)((cfg[offset + i] & ~m) | (((u8 *)buf)[i] & m));
	}
	return 0;
}

static void reset(struct intel_vgpu *g)
{
	(void)g;
	unmap_all();
}

static void region(struct intel_vgpu *g, u64 gfn, u64 nr, bool added)
{
	(void)g;
	must(nr && gfn + nr <= 1ULL << 40);
	(void)added;
}

static const struct intel_gvt_ops ops = {
	.emulate_cfg_read = cfg_read,
	.emulate_cfg_write = cfg_write,
	.emulate_mmio_read = mmio_read,
	.emulate_mmio_write = mmio_write,
	.vgpu_reset = reset,
	.guest_region_event = region,
};

/* --- once --- */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	must(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int memory(bool sealed)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	must(fd >= 0 && !ftruncate(fd, 4 << 20));
	must(!sealed || !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	return fd;
}

static void kinds_make(void)
{
	int pipes[2];

	must(!pipe2(pipes, O_CLOEXEC));
	kind[0] = memory(true);
	kind[1] = memory(false);
	kind[2] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	kind[3] = open("/dev/null", O_RDWR | O_CLOEXEC);
	kind[4] = pipes[0];
	kind[5] = pipes[1];
	kind[6] = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	kind[7] = eventfd(0, EFD_CLOEXEC);
}

static void open_once(void)
{
	struct mpt_core c = { .size = sizeof(c), .ops = &ops, .opaque = cfg };
	struct mpt_vm *old;

	kinds_make();
	must(!mpt_host_open("vfio-user", &host));
	must(!mpt_host_set_policy(host, MPT_POLICY_RETURN));
	must(!mpt_host_set_core(host, &c));
	must(!mpt_vu_vm_new(mpt_host_priv(host), 1, &v));
	must(!mpt_vu_vm_show(v));
	v->timeout_ns = TIMEOUT_NS;
	must(!mpt_vm_get(host, 1, &vm));
	vgpu.mpt = mpt_host_table(host);
	vgpu.cfg_space = cfg;
	vgpu.msi_cap_offset = 0x50;
	old = mpt_target_set(vm);
	must(!intel_gvt_hypervisor_attach_vgpu(&vgpu));
	mpt_target_set(old);
	alloc_at_rest = mpt_alloc_live();
}

/* Decoding at 64 KiB, so that the first write reaches a register. */
static void cfg_make(void)
{
	static const u8 start[0x60] = {
		[0x04] = 2, [0x06] = 0x10, [0x12] = 1,	  [0x20] = 1,	[0x34] = 0x50,
		[0x50] = 5, [0x52] = 1,	   [0x56] = 0xe0, [0x57] = 0xfe
	};

	memset(cfg, 0, sizeof(cfg));
	memcpy(cfg, start, sizeof(start));
}

/* --- the client --- */

struct client {
	int fd;
	struct input in;
	bool synced; /* each request has had its reply */
};

static void take(struct input *in, void *buf, size_t len)
{
	size_t left = (size_t)(in->end - in->p), n = len < left ? len : left;

	memset(buf, 0, len);
	memcpy(buf, in->p, n);
	in->p += n;
}

static u8 byte(struct input *in)
{
	u8 b;

	take(in, &b, 1);
	return b;
}

/* False: the server has closed. */
static bool say(struct client *c, const void *bytes, size_t len, unsigned int n, unsigned int which)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	unsigned int i;

	if (n) {
		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		*cm = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		cm->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (i = 0; i < n; i++)
			memcpy(CMSG_DATA(cm) + i * sizeof(int), &kind[(which + i) % KINDS],
			       sizeof(int));
	}
	return sendmsg(c->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* False: closed. */
static bool hear(struct client *c, void *buf, size_t len)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		must(poll(&p, 1, WAIT_MS) == 1);
		n = recv(c->fd, (char *)buf + done, len - done, MSG_DONTWAIT);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* How the server's question for memory is answered. */
static bool answer(struct client *c, const struct vuw_hdr *q, const u8 *body)
{
	u8 how = byte(&c->in), msg[sizeof(*q) + 16 + 4096];
	struct vuw_hdr r = { .id = q->id, .command = q->command, .flags = VUW_REPLY };
	u64 count;

	memcpy(&count, body + 8, sizeof(count));
	must(count <= 4096);
	r.size = (u32)(sizeof(r) + 16 + (q->command == VUW_DMA_READ ? count : 0));
	if (how & 1)
		r.flags |= VUW_ERROR;
	if (how & 2)
		r.size = sizeof(r);
	r.id ^= how >> 2 & 1;
	r.size -= how >> 3 & 1;
	memcpy(msg, &r, sizeof(r));
	memcpy(msg + sizeof(r), body, 16);
	memset(msg + sizeof(r) + 16, how, 4096);
	/* Not at all; after another request; with a descriptor. */
	if (how & 16)
		return true;
	if (how & 32) {
		struct vuw_hdr first = { 0, VUW_RESET, sizeof(first), VUW_NO_REPLY, 0 };

		say(c, &first, sizeof(first), how >> 6, 0);
	}
	return say(c, msg, r.size, how >> 7, 2);
}

/* One message of the server's. 1: a reply, 0: it was a question, -1: closed. */
static int listen_once(struct client *c)
{
	static u8 body[VU_MSG_MAX];
	struct vuw_hdr h;

	if (!hear(c, &h, sizeof(h)))
		return -1;
	must(h.size >= sizeof(h) && h.size <= VU_MSG_MAX);
	if (!hear(c, body, h.size - sizeof(h)))
		return -1;
	if (h.flags & VUW_REPLY) {
		must(!(h.flags & VUW_ERROR) || h.size == sizeof(h));
		must(!(h.flags & ~(VUW_REPLY | VUW_ERROR)));
		return 1;
	}
	must(h.command == VUW_DMA_READ || h.command == VUW_DMA_WRITE);
	must(h.size >= sizeof(h) + 16);
	return answer(c, &h, body) ? 0 : -1;
}

/* False: it is over. */
static bool record(struct client *c)
{
	u8 what = byte(&c->in), fds = byte(&c->in), len = byte(&c->in);
	size_t left = (size_t)(c->in.end - c->in.p), n = len == 255 ? left : len;
	struct vuw_hdr h = { .id = 1, .command = what & 31 };
	u8 msg[sizeof(h) + 4096];
	int ret;

	n = n < 4096 ? n : 4096;
	h.size = (u32)(sizeof(h) + n);
	h.flags = (what & 32 ? VUW_REPLY : 0) | (what & 64 ? VUW_NO_REPLY : 0);
	if (what & 128)
		h.size += (u32)(int8_t)byte(&c->in);
	memcpy(msg, &h, sizeof(h));
	take(&c->in, msg + sizeof(h), n);
	c->synced = c->synced && !(what & 128);
	if (!say(c, msg, sizeof(h) + n, fds & 7, fds >> 3))
		return false;
	if (!c->synced || what & (32 | 64))
		return true;
	while (!(ret = listen_once(c)))
		;
	return ret > 0;
}

static void hello(struct client *c, bool json)
{
	static const char caps[] = "{\"capabilities\":{\"max_data_xfer_size\":4096}}";
	struct vuw_hdr h = { 0, VUW_VERSION, sizeof(h) + 4, 0, 0 };
	u8 msg[sizeof(h) + 4 + sizeof(caps)] = { 0 };

	h.size += json ? (u32)sizeof(caps) : 0;
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h) + 4, caps, sizeof(caps));
	must(say(c, msg, h.size, 0, 0));
	must(listen_once(c) == 1);
}

static void converse(struct client *c)
{
	/* Most inputs shall get further than the version. */
	if (byte(&c->in) & 3)
		hello(c, true);
	while (c->in.p < c->in.end && record(c))
		;
	shutdown(c->fd, SHUT_WR);
	while (listen_once(c) >= 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client c = { .in = { data, data + size }, .synced = true };
	int pair[2], fds;

	if (!host)
		open_once();
	/* A fuzzer has some of its own, from time to time. */
	fds = count_fds();
	cfg_make();
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	c.fd = pair[0];
	must(!mpt_vu_server_start(v, -1, pair[1]));
	converse(&c);
	mpt_vu_server_stop(v);
	close(pair[0]);
	close(pair[1]);
	unmap_all();
	intel_gvt_hypervisor_set_intx(&vgpu, false);
	must(!v->nr_places && !v->total && !mpt_vu_dma_live(v));
	must(mpt_alloc_live() == alloc_at_rest);
	must(count_fds() == fds);
	return 0;
}
