/* SPDX-License-Identifier: MIT */
/*
 * The client of a testbed's VM: the socket pair, a request and its reply, making and ending the VM,
 * interrupts. Its RAM is client_ram.c's, its vCPU client_cpu.c's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/socket.h>

#include "backends/vfio-user/client.h"

#define ID_MAX 65535

/* --- messages --- */

static void request_begin(struct vu_client *c, struct vuw_msg *m, u32 flags)
{
	m->hdr = (struct vuw_hdr){ .id = c->next_id++, .command = m->hdr.command, .flags = flags };
}

static int send_request(struct vu_client *c, struct vuw_msg *m, const struct vu_fds *fds, u32 flags)
{
	u8 head[VUW_HEAD_MAX];
	int n, ret;

	os_mutex_lock(&c->send_lock);
	request_begin(c, m, flags);
	n = mpt_vuw_head(m, head);
	if (n > 0) {
		struct vu_bytes piece[2] = { { head, (size_t)n }, { m->data, m->data_len } };

		if (!fds)
			mpt_vu_sock_write_now(c->fd, piece);
		ret = piece[0].len + piece[1].len
			      ? mpt_vu_sock_write(c->fd, piece, fds,
						  os_now_ns() + c->vm->timeout_ns)
			      : 0;
	} else {
		ret = n;
	}
	os_mutex_unlock(&c->send_lock);
	return ret ? -EIO : 0;
}

/* A reply may take as long as the core likes. Descriptors are never sent to a client. */
static int recv_message(struct vu_client *c, struct vuw_msg *m)
{
	struct vu_fds fds;
	bool ok = mpt_vu_ahead_take(&c->ahead, c->fd, c->rx, sizeof(c->rx), &fds, 0) == 1 && !fds.n;
	u32 size;

	mpt_vu_fds_close(&fds);
	if (!ok)
		return -EIO;
	memcpy(&size, c->rx + offsetof(struct vuw_hdr, size), sizeof(size));
	return mpt_vuw_decode(c->rx, size, m) ? -EIO : 0;
}

/* Of the closed set, or -EIO. */
static int refusal(u32 error)
{
	static const u8 known[] = { EINVAL, EFAULT, ESRCH,  ENOENT, EEXIST,    EBUSY,
				    ENOSPC, ENOMEM, ENODEV, EACCES, EOPNOTSUPP };
	unsigned int i;

	for (i = 0; i < OS_ARRAY_SIZE(known); i++)
		if (error == known[i])
			return -(int)known[i];
	return -EIO;
}

int mpt_vu_client_call(struct vu_client *c, struct vuw_msg *m, const struct vu_fds *fds)
{
	struct vuw_msg reply;

	if (send_request(c, m, fds, 0) || recv_message(c, &reply))
		return -EIO;
	if (!(reply.hdr.flags & VUW_REPLY) || reply.hdr.id != m->hdr.id ||
	    reply.hdr.command != m->hdr.command)
		return -EIO;
	*m = reply;
	return reply.hdr.flags & VUW_ERROR ? refusal(reply.hdr.error) : 0;
}

int mpt_vu_client_begin(struct vu_client *c, const char *op)
{
	if (OS_UNLIKELY(mpt_vu_server_here()))
		return vu_fail(op, -EBUSY,
			       "VM %u's device cannot be reached from inside a call of the core, "
			       "which its only thread makes (use another thread, and do not wait "
			       "for it)",
			       c->vm->id);
	os_mutex_lock(&c->lock);
	return 0;
}

void mpt_vu_client_end(struct vu_client *c)
{
	os_mutex_unlock(&c->lock);
}

/* --- what it says first --- */

static int say_version(struct vu_client *c)
{
	const struct vuw_caps caps = { .has = VUW_CAP_FDS | VUW_CAP_XFER | VUW_CAP_PGSIZES,
				       .max_msg_fds = VU_FDS_MAX,
				       .max_data_xfer_size = VU_CLIENT_ACCESS,
				       .pgsizes = MPT_PAGE_SIZE };
	struct vuw_msg m = { .hdr.command = VUW_VERSION, .u.version = { 0, 1 } };
	struct vuw_caps theirs;
	char json[VUW_CAPS_MAX];
	int ret;

	m.data = (const u8 *)json;
	m.data_len = (u32)mpt_vuw_caps_encode(&caps, json);
	ret = mpt_vu_client_call(c, &m, NULL);
	if (ret)
		return ret;
	if (m.u.version.major || mpt_vuw_caps_decode(m.data, m.data_len, &theirs) ||
	    !theirs.max_msg_fds || theirs.max_data_xfer_size < VU_CLIENT_ACCESS)
		return -EIO;
	return 0;
}

static int ask_info(struct vu_client *c)
{
	struct vuw_msg m = { .hdr.command = VUW_GET_INFO, .u.info.argsz = sizeof(struct vuw_info) };
	int ret = mpt_vu_client_call(c, &m, NULL);

	return !ret && !(m.u.info.flags & VUW_INFO_PCI) ? -EIO : ret;
}

static struct vuw_msg set_irqs(u32 index, u32 flags)
{
	return (struct vuw_msg){
		.hdr.command = VUW_SET_IRQS,
		.u.set_irqs = { .argsz = sizeof(struct vuw_set_irqs),
				.flags = flags,
				.index = index,
				.count = 1 },
	};
}

static int set_event(struct vu_client *c, u32 index)
{
	struct vuw_msg m = set_irqs(index, VUW_SET_EVENTFD | VUW_SET_TRIGGER);
	const struct vu_fds fds = { .n = 1, .fd = { c->irq_fd } };

	return mpt_vu_client_call(c, &m, &fds);
}

static int negotiate(struct vu_client *c)
{
	int ret;

	os_mutex_lock(&c->lock);
	ret = say_version(c);
	if (!ret)
		ret = ask_info(c);
	if (!ret)
		ret = set_event(c, VU_IRQ_MSI);
	if (!ret)
		ret = set_event(c, VU_IRQ_INTX);
	os_mutex_unlock(&c->lock);
	return ret ? vu_fail("vm_create", ret, "VM %u's server does not accept its client",
			     c->vm->id)
		   : 0;
}

/* --- coming and going --- */

static struct vu_client *client_new(struct vu_vm *vm)
{
	struct vu_client *c = mpt_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->vm = vm;
	c->fd = c->served = -1;
	c->irq_fd = os_event_new();
	os_mutex_init(&c->lock);
	os_mutex_init(&c->send_lock);
	os_mutex_init(&c->ram_lock);
	vm->client = c;
	return c;
}

static int client_connect(struct vu_client *c)
{
	int pair[2];

	if (c->irq_fd < 0 || mpt_vu_client_ram_init(c))
		return vu_fail("vm_create", -ENOMEM, "no memory for VM %u's client", c->vm->id);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return vu_fail("vm_create", -ENOMEM, "no socket pair for VM %u (errno %d)",
			       c->vm->id, errno);
	c->fd = pair[0];
	c->served = pair[1];
	return 0;
}

void mpt_vu_client_exit(struct vu_vm *vm)
{
	struct vu_client *c = vm->client;

	if (!c)
		return;
	if (c->started)
		mpt_vu_server_stop(vm);
	mpt_vu_ahead_clear(&c->ahead);
	mpt_vu_fd_close(c->fd);
	mpt_vu_fd_close(c->served);
	mpt_vu_client_ram_exit(c);
	if (c->irq_fd >= 0)
		os_event_free(c->irq_fd);
	os_mutex_destroy(&c->ram_lock);
	os_mutex_destroy(&c->send_lock);
	os_mutex_destroy(&c->lock);
	vm->client = NULL;
	mpt_free(c);
}

void mpt_vu_client_changed(struct vu_vm *vm)
{
	if (vm->client)
		os_fetch_add(&vm->client->changes, 1);
}

/* The client is there before its server is, which asks for it at every interrupt. */
static int vm_begin(struct vu_vm *vm)
{
	struct vu_client *c = client_new(vm);
	int ret;

	if (!c)
		return vu_fail("vm_create", -ENOMEM, "no memory for VM %u's client", vm->id);
	ret = client_connect(c);
	if (!ret)
		ret = mpt_vu_server_start(vm, -1, c->served);
	c->started = !ret;
	if (!ret)
		ret = negotiate(c);
	return ret ? ret : mpt_vu_vm_show(vm);
}

int mpt_vu_client_create(void *vu, unsigned int id)
{
	struct vu_vm *vm;
	int ret;

	if (!id || id > ID_MAX)
		return vu_fail("vm_create", -EINVAL, "VM %u (1 to %d)", id, ID_MAX);
	ret = mpt_vu_vm_new(vu, id, &vm);
	if (ret)
		return ret;
	ret = vm_begin(vm);
	if (ret) {
		mpt_vu_client_exit(vm);
		mpt_vu_vm_free(vm);
	}
	return ret;
}

/* Out of the table; vms_lock is held. */
static int vm_leave(struct vu *vu, unsigned int id, struct vu_vm **vm)
{
	HASH_FIND(hh, vu->vms, &id, sizeof(id), *vm);
	if (!*vm)
		return vu_fail("vm_destroy", -ESRCH, "no VM %u", id);
	if (!(*vm)->client)
		return vu_fail("vm_destroy", -EBUSY,
			       "VM %u waits on a socket for its client (it goes with the host)",
			       id);
	if ((*vm)->refs || (*vm)->handle)
		return vu_fail("vm_destroy", -EBUSY,
			       "VM %u is held or has a vGPU (give it back first)", id);
	HASH_DEL(vu->vms, *vm);
	return 0;
}

int mpt_vu_client_destroy(void *vu_, unsigned int id)
{
	struct vu *vu = vu_;
	struct vu_vm *vm;
	int ret;

	os_mutex_lock(&vu->vms_lock);
	ret = vm_leave(vu, id, &vm);
	os_mutex_unlock(&vu->vms_lock);
	if (ret)
		return ret;
	mpt_vu_client_exit(vm);
	mpt_vu_vm_free(vm);
	return 0;
}

/* --- interrupts --- */

/*
 * Taking an edge is the guest's end of interrupt: if the level is still up, the event comes again.
 * The reply is waited for, so that the next edge is not lost on a mask, where that takes no time.
 */
static void unmask(struct vu_client *c)
{
	struct vuw_msg m = set_irqs(VU_IRQ_INTX, VUW_SET_NONE | VUW_SET_UNMASK);

	if (mpt_vu_server_here() || pthread_mutex_trylock(&c->lock.m)) {
		send_request(c, &m, NULL, VUW_NO_REPLY);
		return;
	}
	mpt_vu_client_call(c, &m, NULL);
	os_mutex_unlock(&c->lock);
}

static int no_client(const struct vu_vm *vm, const char *op)
{
	return vu_fail(op, -EOPNOTSUPP, "VM %u's client is another process", vm->id);
}

int mpt_vu_client_irq_take(void *vm_, struct mpt_irq *irq)
{
	struct vu_vm *vm = vm_;
	int ret;

	if (!vm->client)
		return no_client(vm, "irq_take");
	ret = mpt_vu_irq_take(vm, irq);
	if (!ret && irq->intx)
		unmask(vm->client);
	return ret;
}

int mpt_vu_client_irq_fd(void *vm_)
{
	struct vu_vm *vm = vm_;

	return vm->client ? vm->client->irq_fd : no_client(vm, "irq_fd");
}
