/* SPDX-License-Identifier: MIT */
/*
 * The bytes of vfio-user messages: decoding and encoding, both directions, requests and replies. No
 * sockets, no allocation, no state: every length is checked here, what the values mean is not.
 *
 * The protocol is that of QEMU's documentation, interop/vfio-user; data is in host byte order, so
 * the structures below are the wire's layout.
 */
#ifndef VU_WIRE_H
#define VU_WIRE_H

#include <stdbool.h>

#include <mpt/types.h>

/* --- header --- */

enum vuw_command {
	VUW_VERSION = 1,
	VUW_DMA_MAP = 2,
	VUW_DMA_UNMAP = 3,
	VUW_GET_INFO = 4,
	VUW_GET_REGION_INFO = 5,
	VUW_GET_REGION_IO_FDS = 6,
	VUW_GET_IRQ_INFO = 7,
	VUW_SET_IRQS = 8,
	VUW_REGION_READ = 9,
	VUW_REGION_WRITE = 10,
	VUW_DMA_READ = 11,  /* server to client */
	VUW_DMA_WRITE = 12, /* server to client */
	VUW_RESET = 13,
	VUW_REGION_WRITE_MULTI = 15,
	VUW_FEATURE = 16,
	VUW_MIG_DATA_READ = 17,
	VUW_MIG_DATA_WRITE = 18,
	VUW_COMMANDS
};

/* Flags. */
#define VUW_TYPE 0xfU
#define VUW_REPLY 0x1U
#define VUW_NO_REPLY 0x10U
#define VUW_ERROR 0x20U

struct vuw_hdr {
	u16 id;
	u16 command;
	u32 size; /* of the whole message */
	u32 flags;
	u32 error;
};
#define VUW_HDR sizeof(struct vuw_hdr)

/* --- payloads without what follows them (struct vuw_msg's data) --- */

struct vuw_version { /* data: JSON with its NUL, or none */
	u16 major, minor;
};

#define VUW_MAP_READ 1U
#define VUW_MAP_WRITE 2U
struct vuw_dma_map {
	u32 argsz, flags;
	u64 offset, addr, size;
};

#define VUW_UNMAP_ALL 2U
struct vuw_dma_unmap {
	u32 argsz, flags;
	u64 addr, size;
};

#define VUW_INFO_RESET 1U
#define VUW_INFO_PCI 2U
struct vuw_info {
	u32 argsz, flags, regions, irqs;
};

#define VUW_REGION_F_READ 1U
#define VUW_REGION_F_WRITE 2U
struct vuw_region_info { /* data of a reply: capabilities */
	u32 argsz, flags, index, cap_offset;
	u64 size, offset;
};

struct vuw_io_fds { /* data of a reply: sub-regions */
	u32 argsz, flags, index, count;
};

#define VUW_IRQ_EVENTFD 1U
#define VUW_IRQ_MASKABLE 2U
#define VUW_IRQ_AUTOMASKED 4U
#define VUW_IRQ_NORESIZE 8U
struct vuw_irq_info {
	u32 argsz, flags, index, count;
};

#define VUW_SET_NONE 1U
#define VUW_SET_BOOL 2U
#define VUW_SET_EVENTFD 4U
#define VUW_SET_DATA 7U
#define VUW_SET_MASK 8U
#define VUW_SET_UNMASK 16U
#define VUW_SET_TRIGGER 32U
#define VUW_SET_ACTION 56U
struct vuw_set_irqs { /* data: with SET_BOOL a byte for each of @count */
	u32 argsz, flags, index, start, count;
};

struct vuw_region { /* data: @count bytes, of a write's request and a read's reply */
	u64 offset;
	u32 region, count;
};

struct vuw_dma { /* data: @count bytes, of a write's request and a read's reply */
	u64 addr, count;
};

struct vuw_multi { /* data: of a request @count writes */
	u64 count;
};

struct vuw_one_write {
	u64 offset;
	u32 region, count;
	u8 data[8];
};

/* VFIO's device features (linux/vfio.h). */
#define VUW_FEATURE_INDEX 0xffffU
#define VUW_FEATURE_GET 0x10000U
#define VUW_FEATURE_SET 0x20000U
#define VUW_FEATURE_PROBE 0x40000U
enum vuw_feature_index {
	VUW_FEATURE_MIGRATION = 1,
	VUW_FEATURE_MIG_STATE = 2,
	VUW_FEATURE_LOG_START = 6,
	VUW_FEATURE_LOG_STOP = 7,
	VUW_FEATURE_LOG_REPORT = 8,
};
struct vuw_feature { /* data: the feature's */
	u32 argsz, flags;
};

#define VUW_MIGRATION_STOP_COPY 1U
struct vuw_migration {
	u64 flags;
};

enum vuw_state {
	VUW_STATE_ERROR,
	VUW_STATE_STOP,
	VUW_STATE_RUNNING,
	VUW_STATE_STOP_COPY,
	VUW_STATE_RESUMING,
	VUW_STATES
};
struct vuw_mig_state {
	u32 state, data_fd;
};

#define VUW_LOG_RANGES 256U
struct vuw_log_start { /* then @ranges times vuw_log_range */
	u64 page_size;
	u32 ranges, reserved;
};

struct vuw_log_range {
	u64 addr, size;
};

struct vuw_log_report { /* then, in a reply, the bitmap */
	u64 addr, size, page_size;
};

struct vuw_mig_data { /* data: @size bytes, of a write's request and a read's reply */
	u32 argsz, size;
};

/* --- a message --- */

struct vuw_msg {
	struct vuw_hdr hdr;
	union {
		struct vuw_version version;
		struct vuw_dma_map map;
		struct vuw_dma_unmap unmap;
		struct vuw_info info;
		struct vuw_region_info region_info;
		struct vuw_io_fds io_fds;
		struct vuw_irq_info irq_info;
		struct vuw_set_irqs set_irqs;
		struct vuw_region region;
		struct vuw_dma dma;
		struct vuw_multi multi;
		struct vuw_feature feature;
		struct vuw_mig_data mig;
	} u;
	const u8 *data; /* behind the fixed part; in the caller's bytes */
	u32 data_len;
};

/* The longest header with a fixed part. */
#define VUW_HEAD_MAX (VUW_HDR + sizeof(struct vuw_dma_map))

/*
 * A header, before the rest is there. 0, -EINVAL: its size is less than its own, or it is neither a
 * request nor a reply: nothing behind it can be trusted.
 */
int mpt_vuw_header(const void *bytes, size_t len, struct vuw_hdr *hdr);

/*
 * A whole message of @len bytes. @m->hdr is filled in as soon as mpt_vuw_header() accepts it. 0,
 * -EINVAL (a length, or a flag that does not exist), -EOPNOTSUPP (no such command).
 */
int mpt_vuw_decode(const void *bytes, size_t len, struct vuw_msg *m);

/*
 * Header and fixed part of @m to @head; the caller sends or copies m->data behind them. The
 * message's size is computed, the rest of the header is the caller's. The bytes written, or -EINVAL
 * (a data length that contradicts the rest), -EOPNOTSUPP.
 */
int mpt_vuw_head(const struct vuw_msg *m, u8 head[VUW_HEAD_MAX]);

/* All of it. The bytes, -ENOSPC, or as mpt_vuw_head(). */
int64_t mpt_vuw_encode(const struct vuw_msg *m, void *bytes, size_t room);

/*
 * DMA_READ's reply and DMA_WRITE's request as QEMU's client has them (10.1 to 11.1): a count of 4
 * bytes, the data behind it, and as many bytes at the end as the count is too short.
 */
#define VUW_SHORT_HEAD (VUW_HDR + sizeof(u64) + sizeof(u32))
#define VUW_SHORT_PAD sizeof(u32)
/* The data of a reply of exactly @count bytes; NULL: it is none. */
const u8 *mpt_vuw_short_data(const void *bytes, size_t len, u32 count);
/* A request's bytes in front of its data; behind it are VUW_SHORT_PAD of any value. */
void mpt_vuw_short_head(u16 id, const struct vuw_dma *dma, u8 head[VUW_SHORT_HEAD]);

/* The reply of an error: the header only. */
void mpt_vuw_error(const struct vuw_hdr *request, int error, struct vuw_hdr *reply);

/* --- DEVICE_FEATURE's data, and the states of a migration (feature.c) --- */

struct vuw_feature_req {
	enum vuw_feature_index index;
	u32 method; /* VUW_FEATURE_GET or _SET; with _PROBE both, one or none of them */
	union {
		struct vuw_mig_state state;   /* SET */
		struct vuw_log_start start;   /* SET */
		struct vuw_log_report report; /* GET */
	} u;
	const u8 *ranges; /* of LOG_START, in the message's bytes: mpt_vuw_log_range() */
};

/*
 * A decoded request of this command. 0, -EINVAL (flags, lengths, a method that the feature does not
 * have, ranges or a bitmap that cannot be), -EOPNOTSUPP (no such feature).
 */
int mpt_vuw_feature_decode(const struct vuw_msg *m, struct vuw_feature_req *f);
struct vuw_log_range mpt_vuw_log_range(const struct vuw_feature_req *f, u32 index);
/* Bytes of the bitmap that answers a decoded report. */
u64 mpt_vuw_bitmap_size(const struct vuw_log_report *r);

/*
 * Where a device in state @from goes next on its way to @to; @from itself: it is there; VUW_STATES:
 * it cannot get there. Each step is one of linux/vfio.h's arcs.
 */
enum vuw_state mpt_vuw_state_next(enum vuw_state from, u32 to);

/* --- VERSION's capabilities (caps.c) --- */

#define VUW_CAP_FDS 1U
#define VUW_CAP_XFER 2U
#define VUW_CAP_MAPS 4U
#define VUW_CAP_PGSIZES 8U
#define VUW_CAP_MULTI 16U
#define VUW_CAP_TWIN 32U
#define VUW_CAP_BITMAP 64U
#define VUW_CAP_MIG_PGSIZE 128U
struct vuw_caps {
	u32 has; /* VUW_CAP_* that were there */
	u64 max_msg_fds, max_data_xfer_size, max_dma_maps, pgsizes;
	u64 max_bitmap_size; /* of "migration", which only QEMU has */
	u64 mig_pgsize;	     /* of "migration" */
	bool write_multiple, twin_supported;
};

#define VUW_CAPS_MAX 512U
/* What a sender means that says nothing. */
void mpt_vuw_caps_default(struct vuw_caps *caps);
/*
 * @len: with the NUL; 0: no data, so the defaults. 0, -EINVAL (no JSON object, no NUL, a value of
 * the wrong type, nested too deeply). Names that are not known are skipped.
 */
int mpt_vuw_caps_decode(const void *json, size_t len, struct vuw_caps *caps);
/* What @caps->has names. Bytes with the NUL. */
int mpt_vuw_caps_encode(const struct vuw_caps *caps, char json[VUW_CAPS_MAX]);

#endif
