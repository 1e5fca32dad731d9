/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU of a testbed's VM does: loads and stores that are answered by RAM, by the device over
 * the socket, or by nothing; configuration space.
 */
#include "backends/vfio-user/client.h"

/* linux/vfio.h, VFIO_PCI_CONFIG_REGION_INDEX. */
#define REGION_CONFIG 7

/* PCI Local Bus Specification 3.0, 6.1, 6.2.5.1. */
#define CFG_COMMAND 0x04
#define COMMAND_MEMORY 2U
#define CFG_BARS 0x10
#define BAR_IO 1U
#define BAR_TYPE 6U
#define BAR_64 4U
#define CFG_BARS_END (CFG_BARS + 4 * VU_BARS)
/* What every device has. */
#define CFG_SIZE 256U

static void nothing(struct vu_vm *vm, void *buf, unsigned int len, bool write)
{
	if (!write)
		memset(buf, 0xff, len);
	os_fetch_add(&vm->unclaimed, 1);
}

/* --- the device; c->lock is held --- */

/* A part of a region. 0, what the server refuses it with, -EIO. */
static int region(struct vu_client *c, u32 index, u64 offset, void *buf, unsigned int len,
		  bool write)
{
	struct vuw_msg m = {
		.hdr.command = write ? VUW_REGION_WRITE : VUW_REGION_READ,
		.u.region = { .offset = offset, .region = index, .count = len },
		.data = write ? buf : NULL,
		.data_len = write ? len : 0,
	};
	int ret = mpt_vu_client_call(c, &m, NULL);

	if (!ret && !write && m.data_len != len)
		ret = -EIO;
	if (!ret && !write)
		memcpy(buf, m.data, len);
	return ret;
}

static bool find_size(struct vu_client *c)
{
	struct vu_decode *d = &c->decode;
	unsigned int i;

	for (i = 0; i < VU_BARS; i++) {
		struct vuw_msg m = {
			.hdr.command = VUW_GET_REGION_INFO,
			.u.region_info = { .argsz = sizeof(struct vuw_region_info), .index = i },
		};

		if (mpt_vu_client_call(c, &m, NULL))
			return false;
		d->size[i] = m.u.region_info.size;
	}
	d->sized = true;
	return true;
}

/* COMMAND and the BARs in one piece. */
static bool find_base(struct vu_client *c)
{
	struct vu_decode *d = &c->decode;
	u32 cfg[(CFG_BARS_END - CFG_COMMAND) / 4], low;
	const u32 *bar = &cfg[(CFG_BARS - CFG_COMMAND) / 4];
	unsigned int i;

	if (region(c, REGION_CONFIG, CFG_COMMAND, cfg, sizeof(cfg), false))
		return false;
	memset(d->base, 0, sizeof(d->base));
	d->placed = true;
	/* All ones: nobody is there to be asked. */
	if (!(cfg[0] & COMMAND_MEMORY) || !~cfg[0])
		return true;
	for (i = 0; i < VU_BARS; i++) {
		low = bar[i];
		if (!d->size[i] || low & BAR_IO)
			continue;
		d->base[i] = low & ~0xfU;
		/* The next is its upper half, and has no size of its own. */
		if ((low & BAR_TYPE) == BAR_64 && i + 1 < VU_BARS)
			d->base[i] |= (u64)bar[i + 1] << 32;
	}
	return true;
}

/* The BAR at an address, or VU_BARS. @len: cut to its end, or to the page's where there is none. */
static unsigned int bar_at(const struct vu_decode *d, u64 gpa, unsigned int *len)
{
	unsigned int i;
	u64 left;

	for (i = 0; i < VU_BARS; i++) {
		if (!d->base[i] || gpa - d->base[i] >= d->size[i])
			continue;
		left = d->size[i] - (gpa - d->base[i]);
		*len = *len < left ? *len : (unsigned int)left;
		return i;
	}
	left = MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE;
	*len = *len < left ? *len : (unsigned int)left;
	return VU_BARS;
}

/*
 * What is known may be old by now: a vGPU came or went, which we are told, or it was reset, which
 * nobody tells; so where nothing is found the device is asked again.
 */
static unsigned int decode(struct vu_client *c, u64 gpa, unsigned int *len)
{
	struct vu_decode *d = &c->decode;
	unsigned long now = os_load(&c->changes);
	unsigned int i;

	if (c->seen != now) {
		*d = (struct vu_decode){ .sized = false };
		c->seen = now;
	}
	if (d->placed) {
		i = bar_at(d, gpa, len);
		if (i < VU_BARS)
			return i;
	}
	if ((!d->sized && !find_size(c)) || !find_base(c))
		*d = (struct vu_decode){ .sized = false };
	return bar_at(d, gpa, len);
}

/* --- accesses --- */

/* What the core made of the last access: the wire says only that it was done. */
static int answered(struct vu_client *c, const char *op)
{
	int ret = os_load(&c->vm->answer);

	return ret ? vu_fail(op, ret, "VM %u's core did not emulate the access", c->vm->id) : 0;
}

/* A vGPU that went meanwhile is no error of the guest's. */
static int refused(struct vu_client *c, const char *op, int ret, void *buf, unsigned int len,
		   bool write)
{
	nothing(c->vm, buf, len, write);
	return ret == -EIO ? vu_fail(op, ret, "VM %u's server is gone", c->vm->id) : 0;
}

static int access_device(struct vu_client *c, u64 gpa, void *buf, unsigned int *len, bool write)
{
	unsigned int bar;
	int ret = mpt_vu_client_begin(c, "mem_access");

	if (ret) {
		if (!write)
			memset(buf, 0xff, *len);
		return ret;
	}
	bar = decode(c, gpa, len);
	if (bar == VU_BARS) {
		nothing(c->vm, buf, *len, write);
	} else {
		ret = region(c, bar, gpa - c->decode.base[bar], buf, *len, write);
		if (!ret)
			ret = answered(c, "mem_access");
		else
			ret = refused(c, "mem_access", ret, buf, *len, write);
	}
	mpt_vu_client_end(c);
	return ret;
}

int mpt_vu_client_mem(void *vm_, u64 gpa, void *buf_, unsigned int len, bool write)
{
	struct vu_vm *vm = vm_;
	int ret = 0, err;
	unsigned int n;
	u8 *buf = buf_;

	if (!vm->client)
		return vu_fail("mem_access", -EOPNOTSUPP, "VM %u's client is another process",
			       vm->id);
	if (OS_UNLIKELY(os_load_relaxed(&vm->stopped))) {
		nothing(vm, buf, len, write);
		return 0;
	}
	for (; len; gpa += n, buf += n, len -= n) {
		n = len;
		if (OS_LIKELY(mpt_vu_client_ram(vm->client, gpa, buf, &n, write)))
			continue;
		err = access_device(vm->client, gpa, buf, &n, write);
		ret = ret ? ret : err;
		/* Behind the last address there is nothing. */
		if (OS_UNLIKELY(n < len && gpa + n < gpa)) {
			nothing(vm, buf + n, len - n, write);
			break;
		}
	}
	return ret;
}

static int beyond(struct vu_client *c, unsigned int offset, void *buf, unsigned int len, bool write)
{
	nothing(c->vm, buf, len, write);
	return vu_fail("cfg_access", -EINVAL, "VM %u's device has no %u bytes at 0x%x", c->vm->id,
		       len, offset);
}

/* Who writes may move a BAR. Before a vGPU was there the server knows of no configuration space. */
int mpt_vu_client_cfg(void *vm_, unsigned int offset, void *buf, unsigned int len, bool write)
{
	struct vu_vm *vm = vm_;
	struct vu_client *c = vm->client;
	int ret;

	if (!c)
		return vu_fail("cfg_access", -EOPNOTSUPP, "VM %u's client is another process",
			       vm->id);
	ret = mpt_vu_client_begin(c, "cfg_access");
	if (ret) {
		if (!write)
			memset(buf, 0xff, len);
		return ret;
	}
	if (write)
		c->decode.placed = false;
	ret = region(c, REGION_CONFIG, offset, buf, len, write);
	if (!ret)
		ret = answered(c, "cfg_access");
	else if (ret != -EINVAL || (u64)offset + len <= CFG_SIZE)
		ret = refused(c, "cfg_access", ret, buf, len, write);
	else
		ret = beyond(c, offset, buf, len, write);
	mpt_vu_client_end(c);
	return ret;
}
