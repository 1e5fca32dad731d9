/* SPDX-License-Identifier: MIT */
/*
 * The server of a VM: its thread, the table of commands, and the handlers that concern the
 * connection and memory. Regions are in device.c, interrupts in irq.c, migration in migrate.c, the
 * traffic in conn.c.
 */
#include <signal.h>

#include <mpt/log.h>

#include "backends/vfio-user/server.h"

/* Protocol 0.1: the newest minor that has all of the table. */
#define MAJOR 0
#define MINOR 1
#define MAPS_MAX 65535

typedef int (*handler)(struct vu_conn *c, struct vu_req *r);

/* --- VERSION --- */

#define CAPS (VUW_CAP_FDS | VUW_CAP_XFER | VUW_CAP_MAPS | VUW_CAP_PGSIZES)
#define CAPS_MIG (VUW_CAP_BITMAP | VUW_CAP_MIG_PGSIZE)

/* Not more than the client has asked for. */
static void caps_answer(const struct vuw_caps *peer, bool migrates, struct vuw_caps *ours)
{
	*ours = (struct vuw_caps){
		.has = peer->has & (migrates ? CAPS | CAPS_MIG : CAPS),
		.max_msg_fds = VU_FDS_MAX,
		.max_data_xfer_size = VU_XFER_MAX,
		.max_dma_maps = MAPS_MAX,
		.pgsizes = MPT_PAGE_SIZE,
		.mig_pgsize = MPT_PAGE_SIZE,
		.max_bitmap_size = VU_BITMAP_MAX,
	};
	if (peer->max_bitmap_size < VU_BITMAP_MAX)
		ours->max_bitmap_size = peer->max_bitmap_size;
	if (peer->write_multiple) {
		ours->has |= VUW_CAP_MULTI;
		ours->write_multiple = true;
	}
}

static int version(struct vu_conn *c, struct vu_req *r)
{
	struct vuw_version *v = &r->reply.u.version;
	struct vuw_caps peer, ours;

	if (c->versioned || mpt_vuw_caps_decode(r->m.data, r->m.data_len, &peer) ||
	    !peer.max_data_xfer_size)
		return -EINVAL;
	if (r->m.u.version.major != MAJOR) {
		/* "or closes the connection if it cannot support the advertised version" */
		mpt_vu_conn_die(c);
		return -EOPNOTSUPP;
	}
	caps_answer(&peer, mpt_vu_mig_possible(c), &ours);
	v->major = MAJOR;
	v->minor = r->m.u.version.minor < MINOR ? r->m.u.version.minor : MINOR;
	r->reply.data = c->tx;
	r->reply.data_len = (u32)mpt_vuw_caps_encode(&ours, (char *)c->tx);
	c->versioned = true;
	c->mig.offered = peer.has & CAPS_MIG;
	c->mig.xfer_max =
		peer.max_data_xfer_size < VU_XFER_MAX ? peer.max_data_xfer_size : VU_XFER_MAX;
	os_mutex_lock(&c->vm->lock);
	c->remote_max = c->mig.xfer_max;
	c->short_dma = peer.has & VUW_CAP_BITMAP;
	os_mutex_unlock(&c->vm->lock);
	return 0;
}

/* --- memory --- */

static int dma_map(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_dma_map *m = &r->m.u.map;

	if (m->argsz < sizeof(*m) || m->flags & ~(VUW_MAP_READ | VUW_MAP_WRITE))
		return -EINVAL;
	return mpt_vu_mem_add(c->vm, m->addr, m->size,
			      (m->flags & VUW_MAP_READ ? VU_MEM_READ : 0) |
				      (m->flags & VUW_MAP_WRITE ? VU_MEM_WRITE : 0),
			      mpt_vu_fds_take(&r->fds, 0), m->offset);
}

static int dma_unmap(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_dma_unmap *m = &r->m.u.unmap;

	if (m->argsz < sizeof(*m) || m->flags & ~VUW_UNMAP_ALL)
		return -EINVAL;
	r->reply.u.unmap = *m;
	if (!(m->flags & VUW_UNMAP_ALL))
		return mpt_vu_mem_remove(c->vm, m->addr, m->size);
	if (m->addr || m->size)
		return -EINVAL;
	mpt_vu_mem_clear(c->vm);
	return 0;
}

static int unsupported(struct vu_conn *c, struct vu_req *r)
{
	(void)c;
	(void)r;
	return -EOPNOTSUPP;
}

/* --- the table --- */

struct row {
	handler fn; /* NULL: the client does not send this */
	u8 fds;	    /* at most */
	bool first; /* VERSION */
};

static const struct row rows[VUW_COMMANDS] = {
	[VUW_VERSION] = { .fn = version, .first = true },
	[VUW_DMA_MAP] = { .fn = dma_map, .fds = 1 },
	[VUW_DMA_UNMAP] = { .fn = dma_unmap },
	[VUW_GET_INFO] = { .fn = mpt_vu_get_info },
	[VUW_GET_REGION_INFO] = { .fn = mpt_vu_get_region_info },
	[VUW_GET_REGION_IO_FDS] = { .fn = unsupported },
	[VUW_GET_IRQ_INFO] = { .fn = mpt_vu_get_irq_info },
	[VUW_SET_IRQS] = { .fn = mpt_vu_set_irqs, .fds = 1 },
	[VUW_REGION_READ] = { .fn = mpt_vu_region_read },
	[VUW_REGION_WRITE] = { .fn = mpt_vu_region_write },
	[VUW_RESET] = { .fn = mpt_vu_reset },
	[VUW_REGION_WRITE_MULTI] = { .fn = mpt_vu_region_write_multi },
	[VUW_FEATURE] = { .fn = mpt_vu_feature },
	[VUW_MIG_DATA_READ] = { .fn = mpt_vu_mig_read },
	[VUW_MIG_DATA_WRITE] = { .fn = mpt_vu_mig_write },
};

/* @r->m is decoded. 0, or what the client is told. */
static int dispatch(struct vu_conn *c, struct vu_req *r)
{
	const struct row *row = &rows[r->m.hdr.command];

	if (!row->fn)
		return -EOPNOTSUPP;
	if (r->fds.n > row->fds || c->versioned == row->first)
		return -EINVAL;
	if (OS_UNLIKELY(c->mig.still))
		mpt_vu_mig_again(c);
	return row->fn(c, r);
}

static void serve_one(struct vu_conn *c, const u8 *bytes, size_t len, const struct vu_fds *fds)
{
	struct vu_req r = { .fds = *fds };
	int ret = mpt_vuw_decode(bytes, len, &r.m);

	r.reply.hdr = (struct vuw_hdr){ .id = r.m.hdr.id,
					.command = r.m.hdr.command,
					.flags = VUW_REPLY };
	if (!ret)
		ret = dispatch(c, &r);
	mpt_vu_fds_close(&r.fds);
	if (r.m.hdr.flags & VUW_NO_REPLY)
		return;
	if (!ret)
		mpt_vu_conn_reply(c, &r.reply);
	else
		mpt_vu_conn_error(c, &r.m.hdr, -ret);
}

/* --- the thread --- */

static void session(struct vu_conn *c, int fd)
{
	struct vu_queued *hold;
	struct vu_fds fds;
	const u8 *bytes;
	size_t len;

	c->versioned = false;
	c->mig.offered = false;
	c->mig.state = VUW_STATE_RUNNING;
	c->bars_of = 0;
	mpt_log_guest(MPT_LOG_INFO, "VM %u: a client has come", c->vm->id);
	if (mpt_vu_conn_begin(c, fd))
		while (mpt_vu_conn_next(c, &bytes, &len, &fds, &hold)) {
			serve_one(c, bytes, len, &fds);
			mpt_vu_conn_give(hold);
		}
	mpt_vu_conn_end(c);
	mpt_vu_irq_clear(c->vm);
	if (c->vm->log)
		mpt_vu_log_stop(c->vm);
	mpt_vu_mem_clear(c->vm);
	mpt_vu_device_reset(c->vm);
	mpt_log_guest(MPT_LOG_INFO, "VM %u: its client is gone; %llu DMA mappings are left",
		      c->vm->id, (unsigned long long)mpt_vu_dma_live(c->vm));
	mpt_vu_mig_reset(c);
}

OS_THREAD_LOCAL(bool, here)

bool mpt_vu_server_here(void)
{
	return *here_mine();
}

static void *server(void *arg)
{
	struct vu_conn *c = arg;
	int fd;

	*here_mine() = true;
	if (c->listen < 0) {
		session(c, c->given);
		return NULL;
	}
	while ((fd = mpt_vu_sock_accept(c->listen, c->wake)) != -EAGAIN) {
		if (fd < 0)
			continue;
		session(c, fd);
		mpt_vu_fd_close(fd);
	}
	return NULL;
}

/* Signals are the embedder's threads'. */
static int thread_start(struct vu_conn *c)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&c->thread, NULL, server, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

static void conn_free(struct vu_conn *c)
{
	mpt_free_pages(c->rx, VU_MSG_MAX);
	mpt_free_pages(c->req, VU_MSG_MAX);
	mpt_free_pages(c->tx, VU_XFER_MAX);
	os_event_free(c->wake);
	os_mutex_destroy(&c->send_lock);
	pthread_cond_destroy(&c->cond);
	mpt_free(c);
}

static struct vu_conn *conn_new(struct vu_vm *vm, int listen, int fd)
{
	struct vu_conn *c = mpt_zalloc(sizeof(*c));
	pthread_condattr_t attr;

	if (!c)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->cond, &attr);
	pthread_condattr_destroy(&attr);
	os_mutex_init(&c->send_lock);
	c->vm = vm;
	c->listen = listen;
	c->given = fd;
	c->fd = -1;
	c->dead = true;
	c->wake = os_event_new();
	c->rx = mpt_zalloc_pages(VU_MSG_MAX);
	c->req = mpt_zalloc_pages(VU_MSG_MAX);
	c->tx = mpt_zalloc_pages(VU_XFER_MAX);
	if (c->wake >= 0 && c->rx && c->req && c->tx)
		return c;
	conn_free(c);
	return NULL;
}

static void conn_set(struct vu_vm *vm, struct vu_conn *c)
{
	os_mutex_lock(&vm->lock);
	vm->conn = c;
	os_mutex_unlock(&vm->lock);
}

int mpt_vu_server_start(struct vu_vm *vm, int listen, int fd)
{
	struct vu_conn *c = conn_new(vm, listen, fd);

	if (!c)
		return vu_fail("open", -ENOMEM, "no memory for VM %u's server", vm->id);
	conn_set(vm, c);
	if (!thread_start(c))
		return 0;
	conn_set(vm, NULL);
	conn_free(c);
	return vu_fail("open", -ENOMEM, "no thread for VM %u's server", vm->id);
}

void mpt_vu_server_stop(struct vu_vm *vm)
{
	struct vu_conn *c;

	os_mutex_lock(&vm->lock);
	c = vm->conn;
	if (c)
		c->stop = true;
	os_mutex_unlock(&vm->lock);
	if (!c)
		return;
	os_event_signal(c->wake);
	mpt_vu_conn_die(c);
	pthread_join(c->thread, NULL);
	conn_set(vm, NULL);
	conn_free(c);
}
