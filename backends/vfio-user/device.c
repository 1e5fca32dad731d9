/* SPDX-License-Identifier: MIT */
/*
 * What the device is, by asking the core as firmware would, and accesses to its regions. Whatever
 * the core's answer to an access is, the client's is success: the guest sees defined bytes, all
 * ones where nothing answers.
 */
#include "backends/vfio-user/server.h"

/* Region indices (linux/vfio.h, VFIO_PCI_*). */
#define REGION_ROM 6
#define REGION_CONFIG 7
#define REGIONS 9

/* PCI Local Bus Specification 3.0, 6.1, 6.2.5.1, 6.7; PCI Express: capability 0x10. */
#define CFG_COMMAND 0x04
#define COMMAND_IO 1U
#define COMMAND_MEMORY 2U
#define CFG_STATUS 0x06
#define STATUS_CAPS 0x10U
#define CFG_BAR(i) (0x10 + 4 * (i))
#define BAR_IO 1U
#define BAR_TYPE 6U
#define BAR_64 4U
#define CFG_CAPS 0x34
#define CAP_EXPRESS 0x10
#define CFG_SIZE 256U
#define CFG_SIZE_EXPRESS 4096U

/* --- configuration space, inside a delivery --- */

static u32 cfg_read(struct vu_vm *vm, void *vgpu, unsigned int offset, unsigned int len)
{
	u32 val = 0;

	mpt_deliver_cfg(vm->vu->host, vgpu, vm, offset, &val, len, false);
	return val;
}

static void cfg_write(struct vu_vm *vm, void *vgpu, unsigned int offset, u32 val, unsigned int len)
{
	mpt_deliver_cfg(vm->vu->host, vgpu, vm, offset, &val, len, true);
}

/* Writes all ones, reads, puts the old value back. */
static u32 probe(struct vu_vm *vm, void *vgpu, unsigned int i, u32 *old)
{
	u32 mask;

	*old = cfg_read(vm, vgpu, CFG_BAR(i), 4);
	cfg_write(vm, vgpu, CFG_BAR(i), ~0U, 4);
	mask = cfg_read(vm, vgpu, CFG_BAR(i), 4);
	cfg_write(vm, vgpu, CFG_BAR(i), *old, 4);
	return mask;
}

static unsigned int size_one(struct vu_vm *vm, void *vgpu, unsigned int i, struct vu_bars *bars)
{
	u32 low, high, mask = probe(vm, vgpu, i, &low);
	u64 wide;

	bars->io[i] = low & BAR_IO;
	if (bars->io[i]) {
		wide = mask & ~3U;
		/* The upper half of an I/O address may be hardwired to 0. */
		wide |= wide ? ~0xffffULL : 0;
	} else {
		wide = mask & ~0xfU;
		wide |= wide ? ~0ULL << 32 : 0;
	}
	if (!bars->io[i] && (low & BAR_TYPE) == BAR_64 && i + 1 < VU_BARS) {
		wide = (u64)probe(vm, vgpu, i + 1, &high) << 32 | (mask & ~0xfU);
		bars->size[i] = wide ? -wide : 0;
		return 2;
	}
	bars->size[i] = wide ? -wide : 0;
	return 1;
}

void mpt_vu_bars_size(struct vu_vm *vm, void *vgpu, struct vu_bars *bars)
{
	u32 command = cfg_read(vm, vgpu, CFG_COMMAND, 2), off = COMMAND_IO | COMMAND_MEMORY;
	unsigned int i;

	*bars = (struct vu_bars){ { 0 }, { false } };
	if (command & off)
		cfg_write(vm, vgpu, CFG_COMMAND, command & ~off, 2);
	for (i = 0; i < VU_BARS;)
		i += size_one(vm, vgpu, i, bars);
	if (command & off)
		cfg_write(vm, vgpu, CFG_COMMAND, command, 2);
}

u64 mpt_vu_bar_base(struct vu_vm *vm, void *vgpu, unsigned int index)
{
	u32 low = cfg_read(vm, vgpu, CFG_BAR(index), 4);

	if (low & BAR_IO)
		return low & ~3U;
	if ((low & BAR_TYPE) != BAR_64 || index + 1 == VU_BARS)
		return low & ~0xfU;
	return (u64)cfg_read(vm, vgpu, CFG_BAR(index + 1), 4) << 32 | (low & ~0xfU);
}

/* The extended space is there if the device is a PCI Express one. */
static u32 cfg_size(struct vu_vm *vm, void *vgpu)
{
	unsigned int at, left = 48;

	if (!(cfg_read(vm, vgpu, CFG_STATUS, 2) & STATUS_CAPS))
		return CFG_SIZE;
	at = cfg_read(vm, vgpu, CFG_CAPS, 1) & 0xfc;
	for (; at >= 0x40 && left; left--) {
		u32 cap = cfg_read(vm, vgpu, at, 2);

		if ((cap & 0xff) == CAP_EXPRESS)
			return CFG_SIZE_EXPRESS;
		at = cap >> 8 & 0xfc;
	}
	return CFG_SIZE;
}

/* --- what there is --- */

/*
 * Asked once for a vGPU and client. Without a vGPU that can be asked, what was asked before counts:
 * a quiesced one keeps its BARs.
 */
static void ask(struct vu_conn *c)
{
	struct vu_vm *vm = c->vm;
	unsigned long handle = os_load(&vm->handle);
	void *vgpu;

	if (OS_LIKELY(c->bars_of && c->bars_of == handle))
		return;
	vgpu = mpt_vu_deliver_begin(vm);
	if (!vgpu)
		return;
	mpt_vu_bars_size(vm, vgpu, &c->bars);
	c->cfg_size = cfg_size(vm, vgpu);
	c->bars_of = handle;
	mpt_deliver_leave();
}

static u64 region_size(const struct vu_conn *c, u32 index)
{
	if (index < VU_BARS)
		return c->bars.size[index];
	return index == REGION_CONFIG ? c->cfg_size : 0;
}

int mpt_vu_get_info(struct vu_conn *c, struct vu_req *r)
{
	(void)c;
	if (r->m.u.info.argsz < sizeof(r->m.u.info))
		return -EINVAL;
	r->reply.u.info = (struct vuw_info){ .argsz = sizeof(struct vuw_info),
					     .flags = VUW_INFO_RESET | VUW_INFO_PCI,
					     .regions = REGIONS,
					     .irqs = VU_IRQS };
	return 0;
}

int mpt_vu_get_region_info(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_region_info *q = &r->m.u.region_info;
	u64 size;

	if (q->argsz < sizeof(*q) || q->index >= REGIONS)
		return -EINVAL;
	ask(c);
	if (!c->bars_of)
		return -ENODEV;
	size = region_size(c, q->index);
	r->reply.u.region_info = (struct vuw_region_info){
		.argsz = sizeof(*q),
		.flags = size ? VUW_REGION_F_READ | VUW_REGION_F_WRITE : 0,
		.index = q->index,
		.size = size,
	};
	return 0;
}

/* --- accesses --- */

static void nothing(struct vu_vm *vm, void *buf, u32 len, bool write)
{
	if (!write)
		memset(buf, 0xff, len);
	os_fetch_add(&vm->unclaimed, 1);
}

/* The largest naturally aligned piece of up to @max bytes at @at; @len > 0. */
static inline unsigned int aligned_piece(u64 at, u32 len, unsigned int max)
{
	unsigned int n = 1U << __builtin_ctzll(at | max);

	return n <= len ? n : 1U << (31 - __builtin_clz(len));
}

/* The first error counts. */
static void answer(struct vu_vm *vm, int ret)
{
	if (OS_UNLIKELY(ret) && !os_load_relaxed(&vm->answer))
		os_store(&vm->answer, ret);
}

static void cfg_access(struct vu_vm *vm, void *vgpu, u32 offset, u8 *buf, u32 len, bool write)
{
	unsigned int n;
	u32 val = 0;

	for (; len; offset += n, buf += n, len -= n) {
		n = aligned_piece(offset, len, 4);
		memcpy(&val, buf, n);
		answer(vm, mpt_deliver_cfg(vm->vu->host, vgpu, vm, offset, &val, n, write));
		if (!write)
			memcpy(buf, &val, n);
		os_fetch_add(&vm->cfg, 1);
	}
}

/*
 * A BAR that decodes nothing is not claimed: asked, the core could only call it an error, which its
 * policy takes for the guest's fault. For I/O ports a core has no entry point.
 */
static bool bar_claimed(struct vu_conn *c, void *vgpu, u32 index, u64 *base)
{
	if (c->bars.io[index] || !(cfg_read(c->vm, vgpu, CFG_COMMAND, 2) & COMMAND_MEMORY))
		return false;
	*base = mpt_vu_bar_base(c->vm, vgpu, index);
	return *base && *base <= UINT64_MAX - c->bars.size[index];
}

static void bar_access(struct vu_conn *c, void *vgpu, u32 index, u64 offset, u8 *buf, u32 len,
		       bool write)
{
	struct vu_vm *vm = c->vm;
	unsigned int n;
	u64 gpa, val = 0;

	if (!bar_claimed(c, vgpu, index, &gpa)) {
		nothing(vm, buf, len, write);
		return;
	}
	for (gpa += offset; len; gpa += n, buf += n, len -= n) {
		n = aligned_piece(gpa, len, 8);
		memcpy(&val, buf, n);
		answer(vm, mpt_deliver_mmio(vm->vu->host, vgpu, vm, gpa, &val, n, write));
		if (!write)
			memcpy(buf, &val, n);
		os_fetch_add(&vm->traps, 1);
	}
}

/* 0, -EINVAL: not inside a region. */
static int access_region(struct vu_conn *c, u32 index, u64 offset, u8 *buf, u32 len, bool write)
{
	u64 size;
	void *vgpu;

	ask(c);
	if (index >= REGIONS)
		return -EINVAL;
	size = region_size(c, index);
	if (offset > size || len > size - offset)
		return -EINVAL;
	if (!len)
		return 0;
	os_store(&c->vm->answer, 0);
	vgpu = os_load(&c->vm->stopped) ? NULL : mpt_vu_deliver_begin(c->vm);
	if (!vgpu) {
		nothing(c->vm, buf, len, write);
		return 0;
	}
	if (index == REGION_CONFIG)
		cfg_access(c->vm, vgpu, (u32)offset, buf, len, write);
	else
		bar_access(c, vgpu, index, offset, buf, len, write);
	mpt_deliver_leave();
	return 0;
}

int mpt_vu_region_read(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_region *q = &r->m.u.region;
	int ret;

	if (q->count > VU_XFER_MAX)
		return -EINVAL;
	ret = access_region(c, q->region, q->offset, c->tx, q->count, false);
	r->reply.u.region = *q;
	r->reply.data = c->tx;
	r->reply.data_len = q->count;
	return ret;
}

/* The bytes are the server's own, and nothing writes to them. */
static u8 *bytes(const u8 *data)
{
	return (u8 *)(uintptr_t)data;
}

int mpt_vu_region_write(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_region *q = &r->m.u.region;

	if (q->count > VU_XFER_MAX)
		return -EINVAL;
	r->reply.u.region = *q;
	return access_region(c, q->region, q->offset, bytes(r->m.data), q->count, true);
}

/* In order, up to the first that cannot be. */
int mpt_vu_region_write_multi(struct vu_conn *c, struct vu_req *r)
{
	struct vuw_one_write w;
	u64 i;
	int ret;

	for (i = 0; i < r->m.u.multi.count; i++) {
		memcpy(&w, r->m.data + i * sizeof(w), sizeof(w));
		if (w.count > sizeof(w.data))
			return -EINVAL;
		ret = access_region(c, w.region, w.offset, w.data, w.count, true);
		if (ret)
			return ret;
	}
	r->reply.u.multi.count = i;
	return 0;
}

/* --- reset --- */

void mpt_vu_device_reset(struct vu_vm *vm)
{
	void *vgpu = mpt_vu_deliver_begin(vm);

	if (!vgpu)
		return;
	mpt_deliver_reset(vm->vu->host, vgpu);
	mpt_deliver_leave();
}

int mpt_vu_reset(struct vu_conn *c, struct vu_req *r)
{
	(void)r;
	mpt_vu_device_reset(c->vm);
	mpt_vu_mig_reset(c);
	return 0;
}
