/* SPDX-License-Identifier: MIT */
/* The bytes of vfio-user messages. VERSION's capabilities are in caps.c. */
#include <errno.h>
#include <string.h>

#include "backends/vfio-user/wire.h"

/* What is behind the fixed part. */
enum tail {
	TAIL_NONE,
	TAIL_ANY,
	TAIL_REGION, /* vuw_region.count bytes */
	TAIL_DMA,
	TAIL_MIG,
	TAIL_BOOLS, /* a byte for each interrupt, with SET_BOOL */
	TAIL_WRITES,
};

struct shape {
	u8 fixed;
	u8 tail; /* enum tail */
};

struct command {
	bool known;
	struct shape request, reply;
};

#define ROW(type, req_tail, rep_tail)                                                   \
	{                                                                               \
		.known = true, .request = { sizeof(struct type), req_tail }, .reply = { \
			sizeof(struct type),                                            \
			rep_tail                                                        \
		}                                                                       \
	}
#define ROW_NO_REPLY(type, req_tail)                                                    \
	{                                                                               \
		.known = true, .request = { sizeof(struct type), req_tail }, .reply = { \
			0,                                                              \
			TAIL_NONE                                                       \
		}                                                                       \
	}

static const struct command commands[VUW_COMMANDS] = {
	[VUW_VERSION] = ROW(vuw_version, TAIL_ANY, TAIL_ANY),
	[VUW_DMA_MAP] = ROW_NO_REPLY(vuw_dma_map, TAIL_NONE),
	[VUW_DMA_UNMAP] = ROW(vuw_dma_unmap, TAIL_NONE, TAIL_NONE),
	[VUW_GET_INFO] = ROW(vuw_info, TAIL_NONE, TAIL_NONE),
	[VUW_GET_REGION_INFO] = ROW(vuw_region_info, TAIL_NONE, TAIL_ANY),
	[VUW_GET_REGION_IO_FDS] = ROW(vuw_io_fds, TAIL_NONE, TAIL_ANY),
	[VUW_GET_IRQ_INFO] = ROW(vuw_irq_info, TAIL_NONE, TAIL_NONE),
	[VUW_SET_IRQS] = ROW_NO_REPLY(vuw_set_irqs, TAIL_BOOLS),
	[VUW_REGION_READ] = ROW(vuw_region, TAIL_NONE, TAIL_REGION),
	[VUW_REGION_WRITE] = ROW(vuw_region, TAIL_REGION, TAIL_NONE),
	[VUW_DMA_READ] = ROW(vuw_dma, TAIL_NONE, TAIL_DMA),
	/* The reply has the address and 8 or (by the specification's table) 4 bytes of count;
	 * QEMU's has neither. Nobody needs them. */
	[VUW_DMA_WRITE] = { true, { sizeof(struct vuw_dma), TAIL_DMA }, { 0, TAIL_ANY } },
	[VUW_RESET] = { true, { 0, TAIL_NONE }, { 0, TAIL_NONE } },
	[VUW_REGION_WRITE_MULTI] = ROW(vuw_multi, TAIL_WRITES, TAIL_NONE),
	[VUW_FEATURE] = ROW(vuw_feature, TAIL_ANY, TAIL_ANY),
	[VUW_MIG_DATA_READ] = ROW(vuw_mig_data, TAIL_NONE, TAIL_MIG),
	[VUW_MIG_DATA_WRITE] = ROW_NO_REPLY(vuw_mig_data, TAIL_MIG),
};

static const struct shape nothing = { 0, TAIL_NONE };

/* NULL: no such command. */
static const struct shape *shape_of(const struct vuw_hdr *hdr)
{
	const struct command *c;

	if (hdr->command >= VUW_COMMANDS || !commands[hdr->command].known)
		return NULL;
	c = &commands[hdr->command];
	if (!(hdr->flags & VUW_REPLY))
		return &c->request;
	return hdr->flags & VUW_ERROR ? &nothing : &c->reply;
}

static bool flags_ok(u32 flags)
{
	if (flags & VUW_REPLY)
		return !(flags & ~(VUW_REPLY | VUW_ERROR));
	return !(flags & ~VUW_NO_REPLY);
}

static bool tail_ok(enum tail tail, const struct vuw_msg *m)
{
	switch (tail) {
	case TAIL_NONE:
		return !m->data_len;
	case TAIL_ANY:
		return true;
	case TAIL_REGION:
		return m->data_len == m->u.region.count;
	case TAIL_DMA:
		return m->data_len == m->u.dma.count;
	case TAIL_MIG:
		return m->data_len == m->u.mig.size;
	case TAIL_BOOLS:
		return m->data_len ==
		       (m->u.set_irqs.flags & VUW_SET_BOOL ? m->u.set_irqs.count : 0);
	case TAIL_WRITES:
		return m->data_len % sizeof(struct vuw_one_write) == 0 &&
		       m->data_len / sizeof(struct vuw_one_write) == m->u.multi.count;
	}
	return false;
}

int mpt_vuw_header(const void *bytes, size_t len, struct vuw_hdr *hdr)
{
	if (len < sizeof(*hdr))
		return -EINVAL;
	memcpy(hdr, bytes, sizeof(*hdr));
	return hdr->size < sizeof(*hdr) || (hdr->flags & VUW_TYPE) > VUW_REPLY ? -EINVAL : 0;
}

int mpt_vuw_decode(const void *bytes, size_t len, struct vuw_msg *m)
{
	const struct shape *s;
	int ret = mpt_vuw_header(bytes, len, &m->hdr);

	if (ret)
		return ret;
	s = shape_of(&m->hdr);
	if (!s)
		return -EOPNOTSUPP;
	if (m->hdr.size != len || !flags_ok(m->hdr.flags) || len - VUW_HDR < s->fixed)
		return -EINVAL;
	memcpy(&m->u, (const u8 *)bytes + VUW_HDR, s->fixed);
	m->data = (const u8 *)bytes + VUW_HDR + s->fixed;
	m->data_len = (u32)(len - VUW_HDR - s->fixed);
	return tail_ok((enum tail)s->tail, m) ? 0 : -EINVAL;
}

int mpt_vuw_head(const struct vuw_msg *m, u8 head[VUW_HEAD_MAX])
{
	const struct shape *s = shape_of(&m->hdr);
	struct vuw_hdr hdr = m->hdr;

	if (!s)
		return -EOPNOTSUPP;
	if (!flags_ok(hdr.flags) || !tail_ok((enum tail)s->tail, m) ||
	    m->data_len > UINT32_MAX - VUW_HEAD_MAX)
		return -EINVAL;
	hdr.size = (u32)VUW_HDR + s->fixed + m->data_len;
	memcpy(head, &hdr, VUW_HDR);
	memcpy(head + VUW_HDR, &m->u, s->fixed);
	return (int)VUW_HDR + s->fixed;
}

int64_t mpt_vuw_encode(const struct vuw_msg *m, void *bytes, size_t room)
{
	u8 head[VUW_HEAD_MAX];
	int n = mpt_vuw_head(m, head);

	if (n < 0)
		return n;
	if (room < (size_t)n || room - (size_t)n < m->data_len)
		return -ENOSPC;
	memcpy(bytes, head, (size_t)n);
	if (m->data_len)
		memcpy((u8 *)bytes + n, m->data, m->data_len);
	return (int64_t)n + m->data_len;
}

const u8 *mpt_vuw_short_data(const void *bytes, size_t len, u32 count)
{
	const u8 *at = bytes;
	struct vuw_hdr hdr;
	u32 said;

	if (mpt_vuw_header(bytes, len, &hdr) || hdr.size != len || hdr.command != VUW_DMA_READ ||
	    hdr.flags != VUW_REPLY || len != VUW_SHORT_HEAD + (u64)count + VUW_SHORT_PAD)
		return NULL;
	memcpy(&said, at + VUW_SHORT_HEAD - sizeof(said), sizeof(said));
	return said == count ? at + VUW_SHORT_HEAD : NULL;
}

void mpt_vuw_short_head(u16 id, const struct vuw_dma *dma, u8 head[VUW_SHORT_HEAD])
{
	u32 count = (u32)dma->count;
	struct vuw_hdr hdr = { .id = id,
			       .command = VUW_DMA_WRITE,
			       .size = (u32)(VUW_SHORT_HEAD + VUW_SHORT_PAD) + count };

	memcpy(head, &hdr, VUW_HDR);
	memcpy(head + VUW_HDR, &dma->addr, sizeof(dma->addr));
	memcpy(head + VUW_HDR + sizeof(dma->addr), &count, sizeof(count));
}

void mpt_vuw_error(const struct vuw_hdr *request, int error, struct vuw_hdr *reply)
{
	*reply = (struct vuw_hdr){
		.id = request->id,
		.command = request->command,
		.size = VUW_HDR,
		.flags = VUW_REPLY | VUW_ERROR,
		.error = (u32)error,
	};
}
