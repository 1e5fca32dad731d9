/* SPDX-License-Identifier: MIT */
/*
 * Interrupts on their way to the client: its eventfds, the pin that masks itself until the client
 * has looked, and a ring for the testbed. All under vm->lock: none of it sleeps.
 */
#include "backends/vfio-user/server.h"

#define RING OS_ARRAY_SIZE(((struct vu_irqs *)0)->ring)
#define RING_INTX (1ULL << 63)

/* What GET_IRQ_INFO says of each type. */
static const struct {
	u32 count, flags;
} types[VU_IRQS] = {
	[VU_IRQ_INTX] = { 1, VUW_IRQ_EVENTFD | VUW_IRQ_MASKABLE | VUW_IRQ_AUTOMASKED },
	[VU_IRQ_MSI] = { 1, VUW_IRQ_EVENTFD | VUW_IRQ_NORESIZE },
	[VU_IRQ_MSIX] = { 0, VUW_IRQ_EVENTFD | VUW_IRQ_NORESIZE },
	[VU_IRQ_ERR] = { 1, VUW_IRQ_EVENTFD | VUW_IRQ_NORESIZE },
	[VU_IRQ_REQ] = { 1, VUW_IRQ_EVENTFD | VUW_IRQ_NORESIZE },
};

/* --- vm->lock is held --- */

static void signal_type(struct vu_vm *vm, unsigned int index)
{
	if (vm->irqs.fd_plus_1[index])
		mpt_vu_event_signal(vm->irqs.fd_plus_1[index] - 1);
}

/* Tells the client of a level that is up, once until it unmasks. */
static void intx_tell(struct vu_vm *vm)
{
	if (!vm->intx_level || vm->irqs.masked || !vm->irqs.fd_plus_1[VU_IRQ_INTX])
		return;
	vm->irqs.masked = true;
	signal_type(vm, VU_IRQ_INTX);
}

static void fd_set_to(struct vu_vm *vm, unsigned int index, int fd)
{
	int *slot = &vm->irqs.fd_plus_1[index];

	mpt_vu_fd_close(*slot - 1);
	*slot = fd + 1;
}

static void ring_add(struct vu_vm *vm, u64 what)
{
	struct vu_irqs *q = &vm->irqs;

	if (!vm->client)
		return;
	q->ring[q->head++ % RING] = what;
	if (q->head - q->tail > RING) {
		q->tail++;
		q->lost++;
	}
}

/* --- the core's side --- */

int mpt_vu_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	struct vu_vm *vm = mpt_vu_vm_hold(handle, "inject_msi");
	bool ours = addr >> 20 == 0xfee;

	if (!vm)
		return -ESRCH;
	if (ours) {
		os_fetch_add(&vm->msi, 1);
		os_mutex_lock(&vm->lock);
		ring_add(vm, addr | (u64)data << 32);
		signal_type(vm, VU_IRQ_MSI);
		os_mutex_unlock(&vm->lock);
	}
	mpt_vu_vm_drop(vm);
	return ours ? 0
		    : vu_fail("inject_msi", -EINVAL,
			      "0x%x is no message address (0xfee00000 to 0xfeefffff: "
			      "has the guest set up its MSI capability?)",
			      addr);
}

int mpt_vu_set_intx(unsigned long handle, bool level)
{
	struct vu_vm *vm = mpt_vu_vm_hold(handle, "set_intx");

	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	if (level && !vm->intx_level) {
		os_fetch_add(&vm->intx, 1);
		ring_add(vm, RING_INTX);
	}
	os_store(&vm->intx_level, level);
	intx_tell(vm);
	os_mutex_unlock(&vm->lock);
	mpt_vu_vm_drop(vm);
	return 0;
}

/* --- the testbed's --- */

int mpt_vu_irq_take(struct vu_vm *vm, struct mpt_irq *irq)
{
	struct vu_irqs *q = &vm->irqs;
	u64 entry = 0;
	bool some;

	os_mutex_lock(&vm->lock);
	some = q->head != q->tail;
	if (some)
		entry = q->ring[q->tail++ % RING];
	os_mutex_unlock(&vm->lock);
	if (!some)
		return -ENOENT;
	irq->intx = entry & RING_INTX;
	irq->addr = (u32)entry;
	irq->data = (u16)(entry >> 32);
	return 0;
}

u64 mpt_vu_irq_lost(struct vu_vm *vm)
{
	u64 lost;

	os_mutex_lock(&vm->lock);
	lost = vm->irqs.lost;
	os_mutex_unlock(&vm->lock);
	return lost;
}

/* --- the client's side --- */

void mpt_vu_irq_clear(struct vu_vm *vm)
{
	unsigned int i;

	os_mutex_lock(&vm->lock);
	for (i = 0; i < VU_IRQS; i++)
		fd_set_to(vm, i, -1);
	vm->irqs.masked = false;
	os_mutex_unlock(&vm->lock);
}

int mpt_vu_get_irq_info(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_irq_info *q = &r->m.u.irq_info;

	(void)c;
	if (q->argsz < sizeof(*q) || q->index >= VU_IRQS)
		return -EINVAL;
	r->reply.u.irq_info = (struct vuw_irq_info){ .argsz = sizeof(*q),
						     .flags = types[q->index].flags,
						     .index = q->index,
						     .count = types[q->index].count };
	return 0;
}

/* One of several flags, and nothing else of them. */
static bool one_of(u32 flags)
{
	return flags && !(flags & (flags - 1));
}

/* @on: by SET_BOOL's byte. vm->lock is held. */
static void act(struct vu_vm *vm, u32 index, u32 action)
{
	if (action == VUW_SET_TRIGGER) {
		signal_type(vm, index);
		return;
	}
	vm->irqs.masked = action == VUW_SET_MASK;
	intx_tell(vm);
}

/* A new descriptor, or none. One that cannot be signalled at once is none of ours. */
static int set_fd(struct vu_vm *vm, u32 index, struct vu_fds *fds)
{
	int fd = mpt_vu_fds_take(fds, 0);

	if (fd >= 0 && !mpt_vu_event_ok(fd)) {
		mpt_vu_fd_close(fd);
		return -EINVAL;
	}
	os_mutex_lock(&vm->lock);
	fd_set_to(vm, index, fd);
	if (index == VU_IRQ_INTX) {
		vm->irqs.masked = false;
		intx_tell(vm);
	}
	os_mutex_unlock(&vm->lock);
	return 0;
}

static int check(const struct vuw_set_irqs *q, u32 data_len, unsigned int nfds)
{
	u32 data = q->flags & VUW_SET_DATA, action = q->flags & VUW_SET_ACTION;
	u32 count = q->index < VU_IRQS ? types[q->index].count : 0;

	if (q->index >= VU_IRQS || q->argsz < sizeof(*q) || q->argsz - sizeof(*q) < data_len ||
	    q->flags & ~(VUW_SET_DATA | VUW_SET_ACTION) || !one_of(data) || !one_of(action) ||
	    q->start > count || q->count > count - q->start)
		return -EINVAL;
	if (data == VUW_SET_EVENTFD ? nfds > q->count : nfds)
		return -EINVAL;
	/* Only the pin has a mask, and nobody is told by a descriptor that it changes. */
	if (action != VUW_SET_TRIGGER && (data == VUW_SET_EVENTFD || q->index != VU_IRQ_INTX))
		return -EOPNOTSUPP;
	return 0;
}

int mpt_vu_set_irqs(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_set_irqs *q = &r->m.u.set_irqs;
	u32 data = q->flags & VUW_SET_DATA, action = q->flags & VUW_SET_ACTION;
	int ret = check(q, r->m.data_len, r->fds.n);

	if (ret)
		return ret;
	/* No interrupts, no data: all of the type are switched off. */
	if (!q->count && !q->start && data == VUW_SET_NONE && action == VUW_SET_TRIGGER)
		return set_fd(c->vm, q->index, &r->fds);
	if (!q->count)
		return data == VUW_SET_NONE ? -EINVAL : 0;
	if (data == VUW_SET_EVENTFD)
		return set_fd(c->vm, q->index, &r->fds);
	os_mutex_lock(&c->vm->lock);
	if (data == VUW_SET_NONE || *r->m.data)
		act(c->vm, q->index, action);
	os_mutex_unlock(&c->vm->lock);
	return 0;
}
