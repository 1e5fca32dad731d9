/* SPDX-License-Identifier: MIT */
/*
 * The simulated VHM's clients: their numbers, ranges and intercepted functions, their threads, and
 * their end. How requests reach them is sim_ioreq.c's.
 */
#include "backends/acrn/sim_svc.h"

/* A handler that comes back this often with its map unchanged spins. */
#define SPINS_MAX 1000U

/* --- numbers and references --- */

struct acrn_client *acrn_client_get(struct acrn_sim *sim, int id)
{
	struct acrn_svc *svc = acrn_svc(sim);
	unsigned long old;
	struct acrn_client *c;
	unsigned int n;

	if (id < 0 || id >= ACRN_CLIENTS)
		return NULL;
	old = mpt_rcu_enter();
	c = os_load(&svc->client[id]);
	n = c ? os_load(&c->refs) : 0;
	while (n && !os_cas(&c->refs, &n, n + 1))
		;
	mpt_rcu_leave(old);
	return n ? c : NULL;
}

void acrn_client_put(struct acrn_client *c)
{
	struct acrn_range *r;

	if (os_fetch_add(&c->refs, -1U) != 1)
		return;
	mpt_rcu_synchronize();
	while ((r = c->ranges)) {
		c->ranges = r->next;
		mpt_free(r);
	}
	acrn_svm_put(c->svm);
	mpt_free(c);
}

/* A number of the generation's kind, or -EINVAL. svc->lock is held. */
static int id_take(struct acrn_svc *svc, struct acrn_client *c)
{
	bool zero = acrn_sim_config(svc->sim)->profile->ids_from_zero;
	int n = zero ? ACRN_CLIENTS_2018 : ACRN_CLIENTS, i, id;

	for (i = 0; i < n; i++) {
		id = zero ? i : (svc->next_id + i) % ACRN_CLIENTS;
		if ((!zero && !id) || svc->client[id])
			continue;
		svc->next_id = id + 1;
		c->id = id;
		c->serial = os_fetch_add(&svc->serial, 1) + 1;
		os_store(&svc->client[id], c);
		return id;
	}
	return -EINVAL;
}

static void id_drop(struct acrn_svc *svc, struct acrn_client *c)
{
	os_mutex_lock(&svc->lock);
	if (svc->client[c->id] == c)
		os_store(&svc->client[c->id], NULL);
	os_mutex_unlock(&svc->lock);
}

/* --- begin --- */

static struct acrn_client *client_alloc(struct acrn_svm *svm, const char *name)
{
	struct acrn_client *c = mpt_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->svm = svm;
	c->refs = 1;
	snprintf(c->name, sizeof(c->name), "%s", name ? name : "");
	acrn_door_init(&c->door, "a client's requests");
	return c;
}

/* Newest first; there is one fallback client, and none once they were all destroyed. */
static bool client_list(struct acrn_svm *svm, struct acrn_client *c)
{
	bool ok;

	os_mutex_lock(&svm->lock);
	ok = !os_load(&svm->freed) && !(c->fallback && svm->fallback);
	if (ok) {
		c->next = svm->clients;
		svm->clients = c;
		if (c->fallback)
			svm->fallback = c;
	}
	os_mutex_unlock(&svm->lock);
	return ok;
}

static int client_new(struct acrn_svm *svm, ioreq_handler_t handler, void *priv, const char *name,
		      bool fallback)
{
	struct acrn_svc *svc = acrn_svc(svm->sim);
	struct acrn_client *c;
	int id = -EINVAL;

	/* The reference of the VM is the client's from here on. */
	c = os_load(&svm->page) && !os_load(&svm->freed) ? client_alloc(svm, name) : NULL;
	if (!c) {
		acrn_svm_put(svm);
		return -EINVAL;
	}
	c->handler = handler;
	c->priv = priv;
	c->fallback = fallback;
	os_mutex_lock(&svc->lock);
	id = id_take(svc, c);
	os_mutex_unlock(&svc->lock);
	if (id >= 0 && !client_list(svm, c)) {
		id_drop(svc, c);
		id = -EINVAL;
	}
	if (id < 0)
		acrn_client_put(c);
	return id;
}

int acrn_client_new(struct vhm_provider *p, unsigned long vmid, ioreq_handler_t handler,
		    void *client_priv, char *name)
{
	struct acrn_svm *svm = acrn_svm_get(acrn_sim_of(p), (u16)vmid);

	return svm ? client_new(svm, handler, client_priv, name, false) : -EINVAL;
}

int acrn_client_new_fallback(struct vhm_provider *p, unsigned long vmid, char *name)
{
	struct acrn_svm *svm = acrn_svm_get(acrn_sim_of(p), (u16)vmid);

	return svm ? client_new(svm, NULL, NULL, name, true) : -EINVAL;
}

/* --- ranges and functions --- */

int acrn_client_add_range(struct vhm_provider *p, int id, uint32_t type, long start, long end)
{
	struct acrn_sim *sim = acrn_sim_of(p);
	struct acrn_client *c = end < start ? NULL : acrn_client_get(sim, id);
	struct acrn_range *r;

	if (!c)
		return -EFAULT;
	r = mpt_zalloc(sizeof(*r));
	if (r) {
		*r = (struct acrn_range){ .type = type, .start = start, .end = end };
		r->serial = os_fetch_add(&acrn_svc(sim)->serial, 1) + 1;
		os_mutex_lock(&c->svm->lock);
		r->next = c->ranges;
		c->ranges = r;
		os_mutex_unlock(&c->svm->lock);
	}
	acrn_client_put(c);
	acrn_point(sim, "range added");
	return r ? 0 : -ENOMEM;
}

/* Of types that have no addresses, the first of that type. */
static bool same_range(const struct acrn_range *r, u32 type, long start, long end)
{
	bool addressed = type == REQ_PORTIO || type == REQ_MMIO || type == REQ_WP;

	return r->type == type && (!addressed || (r->start == start && r->end == end));
}

int acrn_client_del_range(struct vhm_provider *p, int id, uint32_t type, long start, long end)
{
	struct acrn_sim *sim = acrn_sim_of(p);
	struct acrn_client *c = end < start ? NULL : acrn_client_get(sim, id);
	struct acrn_range **at, *r;

	if (!c)
		return -EFAULT;
	os_mutex_lock(&c->svm->lock);
	for (at = &c->ranges; (r = *at) && !same_range(r, type, start, end); at = &r->next)
		;
	if (r)
		*at = r->next;
	os_mutex_unlock(&c->svm->lock);
	mpt_free(r);
	acrn_client_put(c);
	acrn_point(sim, "range deleted");
	return 0;
}

static void intercept(struct acrn_sim *sim, int id, bool on, int bus, int dev, int func)
{
	struct acrn_client *c = acrn_client_get(sim, id);

	if (!c)
		return;
	os_mutex_lock(&c->svm->lock);
	c->bus = bus;
	c->dev = dev;
	c->func = func;
	c->bdf_on = on;
	os_mutex_unlock(&c->svm->lock);
	acrn_client_put(c);
	acrn_point(sim, "function intercepted");
}

void acrn_client_intercept(struct vhm_provider *p, int id, int bus, int dev, int func)
{
	intercept(acrn_sim_of(p), id, true, bus, dev, func);
}

void acrn_client_unintercept(struct vhm_provider *p, int id)
{
	intercept(acrn_sim_of(p), id, false, 0, 0, 0);
}

struct vhm_request *acrn_client_reqbuf(struct vhm_provider *p, int id)
{
	struct acrn_client *c = acrn_client_get(acrn_sim_of(p), id);
	union vhm_request_buffer *page;

	/* Who waits for something in the page asks for it again and again. */
	acrn_point(acrn_sim_of(p), "request buffer");
	if (!c)
		return NULL;
	page = os_load(&c->svm->page);
	acrn_client_put(c);
	return page ? page->req_queue : NULL;
}

/* --- the thread --- */

static bool work_or_end(void *arg)
{
	struct acrn_client *c = arg;

	return os_load(&c->map) || os_load(&c->destroying);
}

/* One wake-up's worth. false: the thread ends. */
static bool serve(struct acrn_client *c)
{
	struct acrn_sim *sim = c->svm->sim;
	int id = VHM_CLIENT(c->svm->base.provider->index, c->id);
	unsigned int spins = 0;
	unsigned long before;
	u64 handed;

	while ((before = os_load(&c->map))) {
		handed = os_load(&c->handed);
		acrn_point(sim, "handler");
		if (c->handler(id, &c->map, c->priv) < 0 &&
		    acrn_sim_bugs(sim) & ACRN_BUG_HANDLER_ENDS)
			return false;
		/* The same bits may be new ones. */
		spins = os_load(&c->map) == before && os_load(&c->handed) == handed ? spins + 1 : 0;
		if (spins < SPINS_MAX)
			continue;
		acrn_broken(sim, 12, "client %s spins: map 0x%lx stays", c->name, before);
		return false;
	}
	return true;
}

/* Whose thread this is. */
OS_THREAD_LOCAL(struct acrn_client *, own)

static void client_main(void *arg)
{
	struct acrn_client *c = arg;
	struct acrn_sim *sim = c->svm->sim;

	*own_mine() = c;
	do {
		if (!acrn_door_wait(sim, &c->door, work_or_end, c, 0) || !serve(c))
			break;
		acrn_point(sim, "served");
		/* A bit that was set before the end came is served: the order of the loads. */
	} while (!os_load(&c->destroying) || os_load(&c->map));
}

/* Once; and not of a client whose end has begun. */
static bool may_start(struct acrn_client *c)
{
	bool yes;

	os_mutex_lock(&c->svm->lock);
	yes = !c->destroying && c->attached == ACRN_ATTACH_NO;
	if (yes)
		os_store(&c->attached, ACRN_ATTACH_BEGUN);
	os_mutex_unlock(&c->svm->lock);
	return yes;
}

static int start_thread(struct acrn_client *c)
{
	struct acrn_sim *sim = c->svm->sim;
	char name[sizeof(c->thread.name)];
	int ret;

	if (!may_start(c))
		return os_load(&c->destroying);
	snprintf(name, sizeof(name), "VM%u:%.7s", c->svm->id, c->name);
	ret = acrn_thread_start(sim, &c->thread, name, client_main, c);
	os_store(&c->attached, ret ? ACRN_ATTACH_NO : ACRN_ATTACH_DONE);
	acrn_door_ring(sim, &c->door);
	return ret;
}

static bool no_start_under_way(void *arg)
{
	return os_load(&((struct acrn_client *)arg)->attached) != ACRN_ATTACH_BEGUN;
}

int acrn_client_attach(struct vhm_provider *p, int id)
{
	struct acrn_sim *sim = acrn_sim_of(p);
	struct acrn_client *c = acrn_client_get(sim, id);
	int ret = 0;

	if (!c)
		return -EFAULT;
	if (c->handler)
		ret = start_thread(c);
	else if (!acrn_door_wait(sim, &c->door, work_or_end, c, 0) || os_load(&c->destroying))
		ret = 1;
	acrn_client_put(c);
	return ret;
}

/* --- the end --- */

static void unlist(struct acrn_client *c)
{
	struct acrn_svm *svm = c->svm;
	struct acrn_client **at;

	os_mutex_lock(&svm->lock);
	for (at = &svm->clients; *at && *at != c; at = &(*at)->next)
		;
	if (*at)
		*at = c->next;
	if (svm->fallback == c)
		svm->fallback = NULL;
	os_mutex_unlock(&svm->lock);
}

/* What nobody will complete any more: a client's owner drains it before. */
static void orphans(struct acrn_client *c)
{
	unsigned long left = os_exchange(&c->map, 0);
	unsigned int slot;

	for (slot = 0; slot < VHM_REQUEST_MAX; slot++) {
		if (!(left >> slot & 1))
			continue;
		if (!c->fallback && acrn_hvm_state(c->svm->hvm) == ACRN_RUNNING)
			acrn_broken(c->svm->sim, 12, "client %s destroyed with slot %u in flight",
				    c->name, slot);
		acrn_ioreq_orphan(c->svm, slot);
	}
}

/* false: another thread ends it. */
static bool end_begins(struct acrn_client *c)
{
	bool first;

	os_mutex_lock(&c->svm->lock);
	first = !os_exchange(&c->destroying, true);
	os_mutex_unlock(&c->svm->lock);
	return first;
}

/* The id's reference goes with it: a second destroy finds nothing. */
static void client_end(struct acrn_client *c)
{
	struct acrn_sim *sim = c->svm->sim;
	struct acrn_svc *svc = acrn_svc(sim);
	bool early = acrn_sim_bugs(sim) & ACRN_BUG_ID_FIRST;

	if (*own_mine() == c) {
		acrn_broken(sim, 13, "client %s destroyed by its own handler", c->name);
		return;
	}
	if (!end_begins(c))
		return;
	if (early)
		id_drop(svc, c);
	acrn_point(sim, "client ends");
	acrn_door_ring(sim, &c->door);
	acrn_door_wait(sim, &c->door, no_start_under_way, c, 0);
	if (os_load(&c->attached) == ACRN_ATTACH_DONE)
		acrn_thread_join(&c->thread);
	unlist(c);
	orphans(c);
	if (!early)
		id_drop(svc, c);
	acrn_client_put(c);
}

void acrn_client_destroy(struct vhm_provider *p, int id)
{
	struct acrn_client *c = acrn_client_get(acrn_sim_of(p), id);

	if (!c)
		return;
	client_end(c);
	acrn_client_put(c);
}

static bool is_unlisted(void *arg)
{
	struct acrn_client *c = arg, *at;

	os_mutex_lock(&c->svm->lock);
	for (at = c->svm->clients; at && at != c; at = at->next)
		;
	os_mutex_unlock(&c->svm->lock);
	return !at;
}

void acrn_clients_end(struct acrn_svm *svm)
{
	struct acrn_client *c;

	for (;;) {
		os_mutex_lock(&svm->lock);
		c = svm->clients;
		if (c)
			os_fetch_add(&c->refs, 1);
		os_mutex_unlock(&svm->lock);
		if (!c)
			return;
		client_end(c);
		/* Another thread may be ending it. */
		acrn_door_wait(svm->sim, NULL, is_unlisted, c, 0);
		acrn_client_put(c);
	}
}
