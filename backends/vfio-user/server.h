/* SPDX-License-Identifier: MIT */
/*
 * What the server's files share: the connection (conn.c), a request on its way through the table
 * (server.c), and the handlers (device.c, irq.c).
 */
#ifndef VU_SERVER_H
#define VU_SERVER_H

#include "backends/vfio-user/ahead.h"
#include "backends/vfio-user/sock.h"
#include "backends/vfio-user/vu.h"
#include "backends/vfio-user/wire.h"

/* Of one region or memory access; also what VERSION's absence means. */
#define VU_XFER_MAX (1U << 20)
/* The longest message there can be: a region write, or a reply to DMA_READ. */
#define VU_MSG_MAX (VUW_HEAD_MAX + VU_XFER_MAX)
/* Bytes of requests that may arrive while a request waits for the client's own memory. */
#define VU_QUEUE_MAX (4U << 20)
/* And descriptors with them: they are the whole process's. */
#define VU_QUEUE_FDS 64U

/* The longest bitmap of a report of what was written; the rest of the reply is in front of it. */
#define VU_BITMAP_MAX (VU_XFER_MAX - (u32)sizeof(struct vuw_log_report))

struct vu_wait;
struct vu_queued;

/* migrate.c: what the client does with the vGPU's state. */
struct vu_mig {
	bool offered; /* the client has said that it migrates */
	enum vuw_state state;
	unsigned long still; /* the handle of the vGPU that we have deactivated; 0: none */
	u8 *data;	     /* the stream, in STOP_COPY and RESUMING */
	size_t len, at;
	bool broken;  /* a part of it is missing */
	u64 xfer_max; /* that the client takes at a time */
};

/*
 * A VM's server, for all its clients. One thread at a time reads from the socket: whoever needs a
 * message and finds nobody reading. What is not for it is handed on: replies to the thread that
 * waits for them, requests to the server's queue. So a thread that holds a lock of the core's gets
 * its reply, also when the server's own thread waits for that lock.
 */
struct vu_conn {
	struct vu_vm *vm;
	int listen, given, wake; /* -1: none */
	pthread_t thread;
	struct os_mutex send_lock;

	/* under vm->lock */
	pthread_cond_t cond; /* anything below has changed */
	bool stop;
	bool dead; /* no client, or not for long any more */
	bool reading;
	unsigned int users; /* threads in mpt_vu_remote_access() */
	int fd;
	u16 next_id;
	struct vu_wait *waits;
	struct vu_queued *queue, **queue_end;
	size_t queued;
	unsigned int queued_fds;
	u64 remote_max; /* of one DMA_READ or DMA_WRITE; 0: not negotiated yet */
	bool short_dma; /* the client's DMA messages are QEMU's */

	/* who reads has these */
	struct vu_ahead ahead;
	u8 *rx;
	struct vu_fds rx_fds;

	/* the server's thread's */
	u8 *req; /* the request */
	u8 *tx;	 /* a reply's data */
	bool versioned;
	struct vu_mig mig;
	struct vu_bars bars;
	u32 cfg_size;
	unsigned long bars_of; /* the handle of the vGPU that has these; 0: not asked yet */
};

/* A request and what is answered. */
struct vu_req {
	struct vuw_msg m;
	struct vu_fds fds;
	struct vuw_msg reply; /* header filled in, u zero, data NULL */
};

/* --- conn.c --- */
/* A client is there; from now on mpt_vu_remote_access() sees it. False: the server is to stop. */
bool mpt_vu_conn_begin(struct vu_conn *c, int fd);
/* Nobody uses it any more. */
void mpt_vu_conn_end(struct vu_conn *c);
/*
 * The next request, in order. False: the connection is over. @bytes: the message, *len long, valid
 * until @hold is given back.
 */
bool mpt_vu_conn_next(struct vu_conn *c, const u8 **bytes, size_t *len, struct vu_fds *fds,
		      struct vu_queued **hold);
void mpt_vu_conn_give(struct vu_queued *hold);
/* A client that does not take it in time is one no more. @error: positive. */
void mpt_vu_conn_reply(struct vu_conn *c, const struct vuw_msg *m);
void mpt_vu_conn_error(struct vu_conn *c, const struct vuw_hdr *request, int error);
void mpt_vu_conn_die(struct vu_conn *c);

/* --- device.c --- */
int mpt_vu_get_info(struct vu_conn *c, struct vu_req *r);
int mpt_vu_get_region_info(struct vu_conn *c, struct vu_req *r);
int mpt_vu_region_read(struct vu_conn *c, struct vu_req *r);
int mpt_vu_region_write(struct vu_conn *c, struct vu_req *r);
int mpt_vu_region_write_multi(struct vu_conn *c, struct vu_req *r);
int mpt_vu_reset(struct vu_conn *c, struct vu_req *r);
/* The vGPU starts anew, as after the VM's reset. */
void mpt_vu_device_reset(struct vu_vm *vm);

/* --- migrate.c --- */
int mpt_vu_feature(struct vu_conn *c, struct vu_req *r);
int mpt_vu_mig_read(struct vu_conn *c, struct vu_req *r);
int mpt_vu_mig_write(struct vu_conn *c, struct vu_req *r);
/* Whether the core can hand out and take a vGPU's state. */
bool mpt_vu_mig_possible(const struct vu_conn *c);
/* The state is RUNNING, and what was begun is given up. Also without a client. */
void mpt_vu_mig_reset(struct vu_conn *c);
/* mig.still is set: is it still that vGPU, and is it still to stand still? */
void mpt_vu_mig_again(struct vu_conn *c);

/* --- log.c --- */
/* 0, -EBUSY: there is one already, -ENOMEM. What was written before is forgotten. */
int mpt_vu_log_start(struct vu_vm *vm, const struct vuw_feature_req *f);
/* 0, -EINVAL: there is none. */
int mpt_vu_log_stop(struct vu_vm *vm);
/* And forgets it. @bitmap: mpt_vuw_bitmap_size() bytes. 0, -EINVAL: there is no log. */
int mpt_vu_log_report(struct vu_vm *vm, const struct vuw_log_report *what, u8 *bitmap);

/* --- irq.c --- */
int mpt_vu_get_irq_info(struct vu_conn *c, struct vu_req *r);
int mpt_vu_set_irqs(struct vu_conn *c, struct vu_req *r);
/* The client's descriptors go. */
void mpt_vu_irq_clear(struct vu_vm *vm);

#endif
