/* SPDX-License-Identifier: MIT */
/*
 * Requests over the upstream HSM: it knows one client of user space for each VM, so who takes what
 * is decided here, in the thread that waits on it: by ranges and function, as VHM does, but never a
 * store to a write-protected page. What nobody takes is answered with all ones.
 *
 * A slot's owner is the only lock. It is taken from nobody by the reader, and given up by whoever
 * completes after the HSM was told: the HSM repeats what is pending, so the reader that came too
 * early sees it again.
 */
#include "backends/acrn/vhm_hsm_priv.h"

/* --- completion --- */

static int notify(struct hsm_vm *vm, unsigned int slot)
{
	struct acrn_ioreq_notify n = { .vcpu = slot };

	return hsm_ioctl(vm, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, (unsigned long)&n);
}

/* From @owner's hands; false: it was not theirs. The HSM stores COMPLETE and tells the vCPU. */
static bool complete(struct hsm_vm *vm, unsigned int slot, int owner, int *ret)
{
	if (!os_cas(&vm->owner[slot], &owner, HSM_COMPLETING))
		return false;
	*ret = notify(vm, slot);
	if (*ret < 0)
		os_fetch_add(&vm->hsm->errors, 1);
	os_store(&vm->owner[slot], HSM_NOBODY);
	return true;
}

static void all_ones(struct vhm_request *req)
{
	u32 type = os_load_relaxed(&req->type);

	if (os_load_relaxed(&req->reqs.mmio_request.direction) != REQUEST_READ)
		return;
	if (type == REQ_PORTIO || type == REQ_PCICFG)
		os_store_relaxed(&req->reqs.pio_request.value, ~0U);
	else
		os_store_relaxed(&req->reqs.mmio_request.value, ~0ULL);
}

/* A request that is nobody's, or whose client does not answer it. */
static void sink(struct hsm_vm *vm, unsigned int slot, int owner)
{
	struct vhm_request *req = &vm->page->req_queue[slot];
	int ret;

	if (!os_cas(&vm->owner[slot], &owner, HSM_SINK))
		return;
	os_fetch_add(&vm->hsm->strays, 1);
	if (vm->hsm->io->stray)
		vm->hsm->io->stray(vm->file, req);
	all_ones(req);
	complete(vm, slot, HSM_SINK, &ret);
}

/* --- clients: numbers and references --- */

static struct hsm_client *client_get(struct vhm_provider *p, int id)
{
	struct acrn_hsm *h = hsm_of(p);
	unsigned long old;
	struct hsm_client *c;

	if (id <= 0 || id >= HSM_CLIENTS)
		return NULL;
	old = mpt_rcu_enter();
	c = os_load(&h->client[id]);
	if (c) {
		os_fetch_add(&c->refs, 1);
		os_fetch_add(&c->vm->users, 1);
	}
	mpt_rcu_leave(old);
	return c;
}

static void client_free(struct hsm_client *c)
{
	if (os_fetch_add(&c->refs, -1U) != 1)
		return;
	mpt_free(c->ranges);
	acrn_hsm_vm_put(c->vm);
	mpt_free(c);
}

static void client_put(struct hsm_client *c)
{
	struct hsm_vm *vm = c->vm;

	os_fetch_add(&vm->refs, 1);
	client_free(c);
	acrn_hsm_unuse(vm);
	acrn_hsm_vm_put(vm);
}

/* h->lock is held. The number, -EINVAL. */
static int client_number(struct acrn_hsm *h, struct hsm_client *c)
{
	int i, id;

	for (i = 0; i < HSM_CLIENTS; i++) {
		id = (h->next_id + i) % HSM_CLIENTS;
		if (!id || h->client[id])
			continue;
		h->next_id = id + 1;
		c->id = id;
		c->serial = ++h->serial;
		os_store(&h->client[id], c);
		return id;
	}
	return -EINVAL;
}

/* Without a handler it could not be served: who waits on the HSM is our reader alone. */
int acrn_hsm_client_new(struct vhm_provider *p, unsigned long vmid, ioreq_handler_t handler,
			void *client_priv, char *name)
{
	struct acrn_hsm *h = hsm_of(p);
	struct hsm_vm *vm = handler ? acrn_hsm_use(h, vmid) : NULL;
	struct hsm_client *c = vm ? mpt_zalloc(sizeof(*c)) : NULL;
	int id = -EINVAL;

	(void)name;
	if (c) {
		*c = (struct hsm_client){ .vm = vm, .refs = 1, .bdf = -1, .handler = handler,
					  .priv = client_priv };
		os_mutex_lock(&h->lock);
		id = client_number(h, c);
		os_mutex_unlock(&h->lock);
	}
	if (id > 0) {
		os_fetch_add(&vm->refs, 1);
		os_mutex_lock(&vm->lock);
		c->next = vm->clients;
		os_store(&vm->clients, c);
		os_mutex_unlock(&vm->lock);
	} else {
		mpt_free(c);
	}
	if (vm)
		acrn_hsm_unuse(vm);
	return id;
}

/* What is left of its requests is answered for it. */
static void client_end(struct hsm_client *c)
{
	struct hsm_vm *vm = c->vm;
	struct acrn_hsm *h = vm->hsm;
	struct hsm_client **at;
	unsigned int slot;

	if (os_exchange(&c->gone, true))
		return;
	os_mutex_lock(&vm->lock);
	for (at = &vm->clients; *at && *at != c; at = &(*at)->next)
		;
	if (*at)
		os_store(at, c->next);
	os_mutex_unlock(&vm->lock);
	mpt_rcu_synchronize();
	while (os_load(&vm->running) == c && !pthread_equal(vm->reader_self, pthread_self()))
		h->io->relax(h->arg);
	for (slot = 0; slot < VHM_REQUEST_MAX; slot++)
		sink(vm, slot, c->id);
	os_mutex_lock(&h->lock);
	os_store(&h->client[c->id], NULL);
	os_mutex_unlock(&h->lock);
	mpt_rcu_synchronize();
	client_free(c);
}

void acrn_hsm_client_destroy(struct vhm_provider *p, int id)
{
	struct hsm_client *c = client_get(p, id);

	if (!c)
		return;
	client_end(c);
	client_put(c);
}

void acrn_hsm_clients_end(struct hsm_vm *vm)
{
	struct hsm_client *c;

	do {
		os_mutex_lock(&vm->lock);
		c = vm->clients;
		if (c) {
			os_fetch_add(&c->refs, 1);
			os_fetch_add(&vm->users, 1);
		}
		os_mutex_unlock(&vm->lock);
		if (!c)
			return;
		client_end(c);
		client_put(c);
	} while (true);
}

/* --- what is whose --- */

/* NULL: no memory, or none there to delete. vm->lock is held. */
static struct hsm_ranges *ranges_with(const struct hsm_ranges *old, const struct hsm_range *r)
{
	unsigned int n = old ? old->n : 0;
	struct hsm_ranges *fresh =
		mpt_zalloc(sizeof(*fresh) + (n + 1) * sizeof(fresh->range[0]));

	if (!fresh)
		return NULL;
	if (n)
		memcpy(fresh->range, old->range, n * sizeof(fresh->range[0]));
	fresh->range[n] = *r;
	fresh->n = n + 1;
	return fresh;
}

static struct hsm_ranges *ranges_without(const struct hsm_ranges *old, unsigned int i)
{
	struct hsm_ranges *fresh =
		mpt_zalloc(sizeof(*fresh) + old->n * sizeof(fresh->range[0]));

	if (!fresh)
		return NULL;
	memcpy(fresh->range, old->range, i * sizeof(fresh->range[0]));
	memcpy(&fresh->range[i], &old->range[i + 1], (old->n - i - 1) * sizeof(fresh->range[0]));
	fresh->n = old->n - 1;
	return fresh;
}

int acrn_hsm_add_range(struct vhm_provider *p, int id, uint32_t type, long start, long end)
{
	struct hsm_client *c = end < start ? NULL : client_get(p, id);
	struct hsm_range r = { .type = type, .start = (u64)start, .end = (u64)end };
	struct hsm_ranges *old, *fresh;

	if (!c)
		return -EFAULT;
	os_mutex_lock(&c->vm->lock);
	old = c->ranges;
	fresh = ranges_with(old, &r);
	if (fresh)
		os_store(&c->ranges, fresh);
	os_mutex_unlock(&c->vm->lock);
	if (fresh) {
		mpt_rcu_synchronize();
		mpt_free(old);
	}
	client_put(c);
	return fresh ? 0 : -ENOMEM;
}

/* The newest that is equal; none: i == n. */
static unsigned int range_find(const struct hsm_ranges *t, u32 type, u64 start, u64 end)
{
	unsigned int i = t ? t->n : 0;

	while (i--)
		if (t->range[i].type == type && t->range[i].start == start &&
		    t->range[i].end == end)
			return i;
	return t ? t->n : 0;
}

/* Without memory for a new table the range stays, but as one that nothing matches. */
int acrn_hsm_del_range(struct vhm_provider *p, int id, uint32_t type, long start, long end)
{
	struct hsm_client *c = end < start ? NULL : client_get(p, id);
	struct hsm_ranges *old, *fresh = NULL;
	unsigned int i;

	if (!c)
		return -EFAULT;
	os_mutex_lock(&c->vm->lock);
	old = c->ranges;
	i = range_find(old, type, (u64)start, (u64)end);
	if (old && i < old->n) {
		fresh = ranges_without(old, i);
		if (fresh)
			os_store(&c->ranges, fresh);
		else
			os_store_relaxed(&old->range[i].type, ~0U);
	}
	os_mutex_unlock(&c->vm->lock);
	mpt_rcu_synchronize();
	if (fresh)
		mpt_free(old);
	client_put(c);
	return 0;
}

static void intercept(struct vhm_provider *p, int id, int bdf)
{
	struct hsm_client *c = client_get(p, id);

	if (!c)
		return;
	os_store(&c->bdf, bdf);
	client_put(c);
}

void acrn_hsm_intercept(struct vhm_provider *p, int id, int bus, int dev, int func)
{
	intercept(p, id, bus << 8 | dev << 3 | func);
}

void acrn_hsm_unintercept(struct vhm_provider *p, int id)
{
	intercept(p, id, -1);
}

struct vhm_request *acrn_hsm_reqbuf(struct vhm_provider *p, int id)
{
	struct hsm_client *c = client_get(p, id);
	struct vhm_request *req = NULL;

	if (c) {
		req = c->vm->page->req_queue;
		client_put(c);
	}
	return req;
}

/* From now on requests are its. Before, they are nobody's, where VHM would let them wait. */
int acrn_hsm_attach(struct vhm_provider *p, int id)
{
	struct hsm_client *c = client_get(p, id);

	if (!c)
		return -EFAULT;
	os_store(&c->attached, true);
	client_put(c);
	return 0;
}

int acrn_hsm_complete(struct vhm_provider *p, int id, uint64_t vcpu, struct vhm_request *req)
{
	struct hsm_client *c = client_get(p, id);
	int ret = -EINVAL, err;

	(void)req;
	if (!c)
		return -EINVAL;
	if (vcpu < c->vm->vcpus && os_load(&c->vm->owner[vcpu]) == c->id) {
		/* The bit first: it may be set again as soon as the HSM knows. */
		os_fetch_and(&c->map, ~(1UL << vcpu));
		if (complete(c->vm, (unsigned int)vcpu, c->id, &err))
			ret = err < 0 ? -EFAULT : 0;
	}
	client_put(c);
	return ret;
}

/* --- the reader: each slot is looked at once, by itself alone --- */

static bool in_range(const struct hsm_range *r, u32 type, u64 addr, u64 size)
{
	return os_load_relaxed(&r->type) == type && size && addr >= r->start && addr <= r->end &&
	       size - 1 <= r->end - addr;
}

static bool takes(const struct hsm_client *c, const struct vhm_request *copy)
{
	const struct vhm_pci_request *pci = &copy->reqs.pci_request;
	const struct vhm_mmio_request *mmio = &copy->reqs.mmio_request;
	const struct hsm_ranges *t = os_load(&c->ranges);
	unsigned int i;

	if (!os_load(&c->attached) || os_load(&c->gone))
		return false;
	if (copy->type == REQ_PCICFG)
		return (pci->bus & ~0xff) == 0 && (pci->dev & ~0x1f) == 0 &&
		       (pci->func & ~7) == 0 &&
		       (pci->bus << 8 | pci->dev << 3 | pci->func) == os_load(&c->bdf);
	if (copy->type != REQ_PORTIO && copy->type != REQ_MMIO)
		return false;
	for (i = t ? t->n : 0; i--;)
		if (in_range(&t->range[i], copy->type, mmio->address, mmio->size))
			return true;
	return false;
}

static void copy_request(struct vhm_request *copy, const struct vhm_request *req)
{
	unsigned int i;

	copy->type = os_load_relaxed(&req->type);
	for (i = 0; i < OS_ARRAY_SIZE(copy->reqs.data); i++)
		copy->reqs.data[i] = os_load_relaxed(&req->reqs.data[i]);
}

/* A new request: to its client, or answered. false: none. */
static bool serve(struct hsm_vm *vm, unsigned int slot)
{
	struct vhm_request *req = &vm->page->req_queue[slot], copy;
	struct hsm_client *c;
	unsigned long old;

	/* In this order: who completes gives the slot up after the state has changed. */
	if (os_load(&vm->owner[slot]) != HSM_NOBODY ||
	    os_load(&req->processed) != REQ_STATE_PROCESSING ||
	    os_load_relaxed(&req->client)) /* kernel_handled */
		return false;
	copy_request(&copy, req);
	old = mpt_rcu_enter();
	for (c = os_load(&vm->clients); c && !takes(c, &copy); c = os_load(&c->next))
		;
	if (c) {
		os_store_relaxed(&req->client, VHM_CLIENT(vm->hsm->provider.index, c->id));
		os_fetch_or(&c->map, 1UL << slot);
		os_store(&vm->owner[slot], c->id);
	}
	mpt_rcu_leave(old);
	if (!c)
		sink(vm, slot, HSM_NOBODY);
	return true;
}

/* The newest client older than @serial that has requests; its end waits while it is marked. */
static struct hsm_client *next_ready(struct hsm_vm *vm, u64 serial)
{
	unsigned long old = mpt_rcu_enter();
	struct hsm_client *c = os_load(&vm->clients);

	while (c && (c->serial >= serial || !os_load(&c->map) || os_load(&c->gone)))
		c = os_load(&c->next);
	if (c)
		os_fetch_add(&c->refs, 1);
	os_store(&vm->running, c);
	mpt_rcu_leave(old);
	return c;
}

/* VHM ends the thread of a handler that fails; here its requests are answered for it. */
static void run_handler(struct hsm_vm *vm, struct hsm_client *c)
{
	unsigned long before = os_load(&c->map);
	unsigned int slot;
	int ret;

	ret = c->handler(VHM_CLIENT(vm->hsm->provider.index, c->id), &c->map, c->priv);
	if (ret >= 0) {
		if (os_load(&c->map) == before)
			vm->hsm->io->relax(vm->hsm->arg);
		return;
	}
	os_fetch_add(&vm->hsm->errors, 1);
	for (slot = 0; slot < VHM_REQUEST_MAX; slot++) {
		if (os_load(&vm->owner[slot]) != c->id)
			continue;
		os_fetch_and(&c->map, ~(1UL << slot));
		sink(vm, slot, c->id);
	}
}

static bool reader_round(struct hsm_vm *vm)
{
	struct hsm_client *c;
	unsigned int slot;
	u64 serial = ~0ULL;
	bool any = false;

	for (slot = 0; slot < vm->vcpus; slot++)
		any |= serve(vm, slot);
	while ((c = next_ready(vm, serial))) {
		serial = c->serial;
		run_handler(vm, c);
		os_store(&vm->running, NULL);
		client_free(c);
		any = true;
	}
	return any;
}

/*
 * ATTACH answers 0 also when a signal has ended it (acrn/ioreq.c); -ENODEV: the client is
 * being destroyed, which only we do.
 */
static void reader_main(void *arg)
{
	struct hsm_vm *vm = arg;
	int ret;

	vm->reader_self = pthread_self();
	while (!os_load(&vm->stop)) {
		ret = hsm_ioctl(vm, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0);
		if (ret < 0 && ret != -EINTR) {
			os_fetch_add(&vm->hsm->errors, 1);
			break;
		}
		if (!os_load(&vm->stop) && !reader_round(vm))
			vm->hsm->io->relax(vm->hsm->arg);
	}
	os_store(&vm->left, true);
}

int acrn_hsm_reader_start(struct hsm_vm *vm)
{
	int ret = vm->hsm->io->start(vm->hsm->arg, &vm->reader, reader_main, vm);

	return ret ? hsm_fail(vm->hsm, "vm", -ENOMEM, "no thread for a VM's requests") : 0;
}

/*
 * A signal may come before the ioctl that it is meant for, so it is repeated. The client must not
 * be destroyed before: the HSM frees it under the thread that waits on it (acrn/ioreq.c).
 */
void acrn_hsm_reader_stop(struct hsm_vm *vm)
{
	struct acrn_hsm *h = vm->hsm;

	os_store(&vm->stop, true);
	while (!os_load(&vm->left)) {
		h->io->interrupt(vm->file, vm->reader);
		h->io->relax(h->arg);
	}
	h->io->join(h->arg, vm->reader);
}
