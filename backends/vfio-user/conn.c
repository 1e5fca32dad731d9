/* SPDX-License-Identifier: MIT */
/*
 * A VM's connection: who reads, to whom a message goes, and the accesses to memory that the client
 * keeps for itself. What requests mean is server.c's.
 */
#include "backends/vfio-user/server.h"

/* The most that is asked of the client at a time. */
#define REMOTE_MAX 65536U

/* A thread that waits for a reply; on its stack, linked under vm->lock. */
struct vu_wait {
	struct vu_wait *next;
	u16 id, command;
	bool short_form;
	u8 *buf; /* of a read */
	u32 len;
	bool done;
	int ret;
};

/* A request that came while the server's thread could not take it. */
struct vu_queued {
	struct vu_queued *next;
	struct vu_fds fds;
	size_t len;
	u8 bytes[];
};

static void changed(struct vu_conn *c)
{
	pthread_cond_broadcast(&c->cond);
}

/* vm->lock is held. */
static void die_locked(struct vu_conn *c)
{
	c->dead = true;
	if (c->fd >= 0)
		mpt_vu_sock_shut(c->fd);
	changed(c);
}

void mpt_vu_conn_die(struct vu_conn *c)
{
	os_mutex_lock(&c->vm->lock);
	die_locked(c);
	os_mutex_unlock(&c->vm->lock);
}

/* --- reading: c->reading is ours, vm->lock is not held --- */

/* A whole message into c->rx. 1, 0: closed, or an error, after which the stream means nothing. */
static int read_message(struct vu_conn *c, u64 deadline)
{
	int ret = mpt_vu_ahead_take(&c->ahead, c->fd, c->rx, VU_MSG_MAX, &c->rx_fds, deadline);

	if (ret <= 0)
		mpt_vu_fds_close(&c->rx_fds);
	return ret;
}

static struct vuw_hdr rx_header(const struct vu_conn *c)
{
	struct vuw_hdr hdr;

	memcpy(&hdr, c->rx, sizeof(hdr));
	return hdr;
}

/* --- what was read: vm->lock is held --- */

/* The wait that a reply ends, unlinked; NULL: none. */
static struct vu_wait *wait_take(struct vu_conn *c, const struct vuw_hdr *hdr)
{
	struct vu_wait **at, *w;

	for (at = &c->waits; (w = *at); at = &w->next) {
		if (w->id == hdr->id && w->command == hdr->command) {
			*at = w->next;
			return w;
		}
	}
	return NULL;
}

static int short_reply(struct vu_conn *c, const struct vu_wait *w, const struct vuw_hdr *hdr)
{
	const u8 *data = mpt_vuw_short_data(c->rx, hdr->size, w->len);

	if (!data)
		return -EIO;
	memcpy(w->buf, data, w->len);
	return 0;
}

static int reply_check(struct vu_conn *c, const struct vu_wait *w, const struct vuw_hdr *hdr)
{
	struct vuw_msg m;

	if (w->short_form && w->command == VUW_DMA_READ && !(hdr->flags & VUW_ERROR))
		return short_reply(c, w, hdr);
	if (mpt_vuw_decode(c->rx, hdr->size, &m))
		return -EIO;
	if (hdr->flags & VUW_ERROR)
		return -EFAULT;
	if (w->command == VUW_DMA_WRITE)
		return 0;
	if (m.data_len != w->len)
		return -EIO;
	memcpy(w->buf, m.data, w->len);
	return 0;
}

/* A reply that nobody waits for, or that is none to the question, ends the connection. */
static void handle_reply(struct vu_conn *c)
{
	struct vuw_hdr hdr = rx_header(c);
	struct vu_wait *w = wait_take(c, &hdr);
	bool fds = c->rx_fds.n;

	mpt_vu_fds_close(&c->rx_fds);
	if (w) {
		w->ret = reply_check(c, w, &hdr);
		w->done = true;
	}
	if (!w || fds || w->ret == -EIO)
		die_locked(c);
}

static void queue_add(struct vu_conn *c)
{
	size_t len = rx_header(c).size, room = sizeof(struct vu_queued) + len;
	struct vu_queued *q = NULL;

	if (c->queued + room <= VU_QUEUE_MAX && c->queued_fds + c->rx_fds.n <= VU_QUEUE_FDS)
		q = mpt_zalloc(room);
	if (!q) {
		mpt_vu_fds_close(&c->rx_fds);
		die_locked(c);
		return;
	}
	q->len = len;
	q->fds = c->rx_fds;
	memcpy(q->bytes, c->rx, len);
	c->queued += room;
	c->queued_fds += q->fds.n;
	*c->queue_end = q;
	c->queue_end = &q->next;
}

static struct vu_queued *queue_take(struct vu_conn *c)
{
	struct vu_queued *q = c->queue;

	if (!q)
		return NULL;
	c->queue = q->next;
	if (!c->queue)
		c->queue_end = &c->queue;
	c->queued -= sizeof(*q) + q->len;
	c->queued_fds -= q->fds.n;
	return q;
}

/* vm->lock is held, but for the read itself. True: c->rx is a request. */
static bool pump(struct vu_conn *c, u64 deadline)
{
	bool request = false;
	int ret;

	c->reading = true;
	os_mutex_unlock(&c->vm->lock);
	ret = read_message(c, deadline);
	os_mutex_lock(&c->vm->lock);
	c->reading = false;
	if (ret <= 0)
		die_locked(c);
	else if (rx_header(c).flags & VUW_REPLY)
		handle_reply(c);
	else
		request = true;
	changed(c);
	return request;
}

/* --- the server's side --- */

bool mpt_vu_conn_begin(struct vu_conn *c, int fd)
{
	bool stop;

	os_mutex_lock(&c->vm->lock);
	stop = c->stop;
	c->fd = fd;
	c->dead = stop;
	c->remote_max = 0;
	c->queue = NULL;
	c->queue_end = &c->queue;
	c->queued = 0;
	c->queued_fds = 0;
	os_mutex_unlock(&c->vm->lock);
	return !stop;
}

void mpt_vu_conn_end(struct vu_conn *c)
{
	struct vu_queued *q;

	os_mutex_lock(&c->vm->lock);
	die_locked(c);
	while (c->users || c->reading)
		pthread_cond_wait(&c->cond, &c->vm->lock.m);
	c->fd = -1;
	mpt_vu_ahead_clear(&c->ahead);
	while ((q = queue_take(c))) {
		mpt_vu_fds_close(&q->fds);
		mpt_free(q);
	}
	os_mutex_unlock(&c->vm->lock);
}

/* c->rx is the request that the server's thread handles from now on. */
static void rx_take(struct vu_conn *c, const u8 **bytes, size_t *len, struct vu_fds *fds)
{
	u8 *req = c->rx;

	*len = rx_header(c).size;
	*fds = c->rx_fds;
	c->rx = c->req;
	c->req = req;
	*bytes = req;
}

bool mpt_vu_conn_next(struct vu_conn *c, const u8 **bytes, size_t *len, struct vu_fds *fds,
		      struct vu_queued **hold)
{
	struct vu_queued *q = NULL;
	bool got = false;

	os_mutex_lock(&c->vm->lock);
	while (!got && !c->dead) {
		q = queue_take(c);
		if (q) {
			*bytes = q->bytes;
			*len = q->len;
			*fds = q->fds;
			got = true;
		} else if (c->reading) {
			pthread_cond_wait(&c->cond, &c->vm->lock.m);
		} else if (pump(c, 0)) {
			/* Nothing was queued meanwhile: only who reads adds to the queue. */
			rx_take(c, bytes, len, fds);
			got = true;
		}
	}
	os_mutex_unlock(&c->vm->lock);
	*hold = q;
	return got;
}

void mpt_vu_conn_give(struct vu_queued *hold)
{
	mpt_free(hold);
}

/* @deadline: 0: as long as a client may let us wait, from when it does. */
static int send_pieces(struct vu_conn *c, const void *head, size_t n, const void *data, size_t len,
		       u64 deadline)
{
	struct vu_bytes piece[2] = { { head, n }, { data, len } };
	int ret = 0;

	os_mutex_lock(&c->send_lock);
	mpt_vu_sock_write_now(c->fd, piece);
	if (OS_UNLIKELY(piece[0].len + piece[1].len))
		ret = mpt_vu_sock_write(c->fd, piece, NULL,
					deadline ? deadline : os_now_ns() + c->vm->timeout_ns);
	os_mutex_unlock(&c->send_lock);
	return ret;
}

static int send_message(struct vu_conn *c, const struct vuw_msg *m, u64 deadline)
{
	u8 head[VUW_HEAD_MAX];
	int n = mpt_vuw_head(m, head);

	return n < 0 ? n : send_pieces(c, head, (size_t)n, m->data, m->data_len, deadline);
}

void mpt_vu_conn_reply(struct vu_conn *c, const struct vuw_msg *m)
{
	if (send_message(c, m, 0))
		mpt_vu_conn_die(c);
}

void mpt_vu_conn_error(struct vu_conn *c, const struct vuw_hdr *request, int error)
{
	struct vuw_hdr hdr;

	mpt_vuw_error(request, error, &hdr);
	if (send_pieces(c, &hdr, sizeof(hdr), NULL, 0, 0))
		mpt_vu_conn_die(c);
}

/*
 * --- memory that the client keeps for itself ---
 *
 * QEMU (10.1 to 11.1, seen) answers only while no processor of its guest waits for a register: that
 * one keeps the lock which the answer needs. So RAM that it does not share is of no use to a device
 * that reads by itself; what is left are regions that nobody but a lost guest names.
 */

static void wait_begin(struct vu_conn *c, struct vu_wait *w)
{
	w->id = c->next_id++;
	w->next = c->waits;
	c->waits = w;
}

static void wait_drop(struct vu_conn *c, struct vu_wait *w)
{
	struct vu_wait **at;

	for (at = &c->waits; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			return;
		}
	}
}

/* vm->lock is held. */
static void wait_for(struct vu_conn *c, struct vu_wait *w, u64 deadline)
{
	struct timespec ts = { .tv_sec = (time_t)(deadline / 1000000000),
			       .tv_nsec = (long)(deadline % 1000000000) };

	while (!w->done && !c->dead) {
		if (!c->reading) {
			if (pump(c, deadline))
				queue_add(c);
		} else if (pthread_cond_timedwait(&c->cond, &c->vm->lock.m, &ts) == ETIMEDOUT &&
			   !w->done) {
			die_locked(c);
		}
	}
}

static int send_short(struct vu_conn *c, u16 id, const struct vuw_dma *dma, const u8 *data,
		      u64 deadline)
{
	static const u8 pad[VUW_SHORT_PAD];
	u8 head[VUW_SHORT_HEAD];
	struct vu_bytes piece[2] = { { head, sizeof(head) }, { data, dma->count } };
	struct vu_bytes end[2] = { { pad, sizeof(pad) }, { NULL, 0 } };
	int ret;

	mpt_vuw_short_head(id, dma, head);
	os_mutex_lock(&c->send_lock);
	ret = mpt_vu_sock_write(c->fd, piece, NULL, deadline);
	if (!ret)
		ret = mpt_vu_sock_write(c->fd, end, NULL, deadline);
	os_mutex_unlock(&c->send_lock);
	return ret;
}

static int send_access(struct vu_conn *c, const struct vu_wait *w, u64 gpa, u64 deadline)
{
	bool write = w->command == VUW_DMA_WRITE;
	struct vuw_msg m = { .hdr = { .id = w->id, .command = w->command },
			     .u.dma = { .addr = gpa, .count = w->len },
			     .data = write ? w->buf : NULL,
			     .data_len = write ? w->len : 0 };

	if (write && w->short_form)
		return send_short(c, w->id, &m.u.dma, w->buf, deadline);
	return send_message(c, &m, deadline);
}

static int remote_piece(struct vu_conn *c, u64 gpa, u8 *buf, u32 len, bool write, u64 deadline)
{
	struct vu_wait w = {
		.command = write ? VUW_DMA_WRITE : VUW_DMA_READ, .buf = buf, .len = len, .ret = -EIO
	};

	os_mutex_lock(&c->vm->lock);
	w.short_form = c->short_dma;
	wait_begin(c, &w);
	os_mutex_unlock(&c->vm->lock);
	if (send_access(c, &w, gpa, deadline))
		mpt_vu_conn_die(c);
	os_mutex_lock(&c->vm->lock);
	wait_for(c, &w, deadline);
	if (!w.done)
		wait_drop(c, &w);
	os_mutex_unlock(&c->vm->lock);
	return w.ret;
}

/* The connection, counted among its users; NULL: no client, or it has not said what it can yet. */
static struct vu_conn *use(struct vu_vm *vm, u64 *max)
{
	struct vu_conn *c;

	os_mutex_lock(&vm->lock);
	c = vm->conn;
	if (c && !c->dead && c->remote_max) {
		*max = c->remote_max < REMOTE_MAX ? c->remote_max : REMOTE_MAX;
		c->users++;
	} else {
		c = NULL;
	}
	os_mutex_unlock(&vm->lock);
	return c;
}

static void unuse(struct vu_conn *c)
{
	struct vu_vm *vm = c->vm;

	os_mutex_lock(&vm->lock);
	c->users--;
	changed(c);
	os_mutex_unlock(&vm->lock);
}

int mpt_vu_remote_access(struct vu_vm *vm, u64 gpa, void *buf, u64 len, bool write)
{
	u64 deadline = os_now_ns() + vm->timeout_ns, max;
	struct vu_conn *c;
	u8 *at = buf;
	int ret = 0;
	u32 n;

	c = use(vm, &max);
	if (!c)
		return vu_fail("remote_access", -EIO, "VM %u has no client", vm->id);
	for (; len && !ret; gpa += n, at += n, len -= n) {
		n = len < max ? len : (u32)max;
		ret = remote_piece(c, gpa, at, n, write, deadline);
	}
	unuse(c);
	if (ret == -EFAULT)
		return vu_fail("remote_access", ret, "VM %u: the client refuses 0x%llx", vm->id,
			       (unsigned long long)gpa);
	return !ret ? 0
		    : vu_fail("remote_access", ret, "VM %u: the client does not answer, or is gone",
			      vm->id);
}
