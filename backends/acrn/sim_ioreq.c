/* SPDX-License-Identifier: MIT */
/*
 * The simulated VHM's requests: the dispatcher that hands pending ones to clients, the
 * configuration ports, completion, and clearing before a reset. Who may move a slot's state is
 * checked in sim_check.c.
 */
#include "backends/acrn/sim_svc.h"

/* PCI Local Bus Specification 3.0, 3.2.2.3.2: CONFIG_ADDRESS and CONFIG_DATA. */
#define CFG_ADDRESS 0xcf8U
#define CFG_DATA 0xcfcU
#define CFG_END 0xd00U
#define CFG_ENABLE (1U << 31)
/* acrn_ioreq_clear_request() waits so long for other clients; ms. */
#define CLEAR_PATIENCE 100U
/* On a machine whose threads wait for processors, which VHM's do not. */
#define CLEAR_PATIENCE_FREE 3000U

static struct vhm_request *slot_of(struct acrn_svm *svm, unsigned int slot)
{
	return &os_load(&svm->page)->req_queue[slot];
}

static void set_bit(struct acrn_client *c, unsigned int slot)
{
	os_fetch_add(&c->handed, 1);
	os_fetch_or(&c->map, 1UL << slot);
}

/* --- completion --- */

/* COMPLETE, and the vCPU is told unless it polls. @from: the state it is in. */
static int complete(struct acrn_svm *svm, unsigned int slot, u32 from, enum acrn_actor who)
{
	struct acrn_sim *sim = svm->sim;
	bool late = acrn_sim_bugs(sim) & ACRN_BUG_POLL_LATE, polling = false;
	long ret;

	if (!late)
		polling = acrn_slot_polling(svm->hvm, slot);
	acrn_point(sim, "complete");
	if (!acrn_slot_move(svm->hvm, slot, from, REQ_STATE_COMPLETE, who))
		return -EINVAL;
	acrn_point(sim, "completed");
	if (late)
		polling = acrn_slot_polling(svm->hvm, slot);
	if (polling)
		return 0;
	ret = acrn_hc_notify(sim, svm->id, (u16)slot);
	if (acrn_sim_bugs(sim) & ACRN_BUG_NOTIFY_TWICE) {
		acrn_point(sim, "notified");
		acrn_hc_notify(sim, svm->id, (u16)slot);
	}
	return ret < 0 ? -EFAULT : 0;
}

/* Who goes by the state may be faster than the dispatcher, which sets the bit before it unlocks. */
static void wait_for_bit(struct acrn_svm *svm)
{
	os_mutex_lock(&svm->lock);
	os_mutex_unlock(&svm->lock);
}

static int complete_for(struct acrn_client *c, unsigned int slot)
{
	struct acrn_svm *svm = c->svm;
	int owner = VHM_CLIENT(svm->base.provider->index, c->id), ret;

	if (os_load_relaxed(&slot_of(svm, slot)->client) != owner) {
		acrn_broken(svm->sim, 1, "client %s completes slot %u of another", c->name, slot);
		return -EINVAL;
	}
	/* The bit first: the vCPU's next request may set it again at once. */
	os_fetch_add(&svm->completing, 1);
	if (OS_UNLIKELY(!(os_load(&c->map) >> slot & 1)))
		wait_for_bit(svm);
	os_fetch_and(&c->map, ~(1UL << slot));
	acrn_point(svm->sim, "bit cleared");
	ret = complete(svm, slot, REQ_STATE_PROCESSING, ACRN_COMPLETER);
	os_fetch_add(&svm->completing, -1U);
	return ret;
}

int acrn_ioreq_complete(struct vhm_provider *p, int id, uint64_t vcpu, struct vhm_request *req)
{
	struct acrn_client *c = acrn_client_get(acrn_sim_of(p), id);
	int ret = -EINVAL;

	(void)req;
	if (!c)
		return -EINVAL;
	if (vcpu < acrn_hvm_vcpus(c->svm->hvm))
		ret = complete_for(c, (unsigned int)vcpu);
	else if (acrn_sim_bugs(c->svm->sim) & ACRN_BUG_VCPU_TRUSTED)
		acrn_broken(c->svm->sim, 3, "slot %llu completed: memory of others is written",
			    (unsigned long long)vcpu);
	acrn_client_put(c);
	return ret;
}

/* --- the configuration ports --- */

static u32 *address_latch(struct acrn_svm *svm)
{
	return acrn_sim_bugs(svm->sim) & ACRN_BUG_CF8_SHARED ? &acrn_svc(svm->sim)->pci_addr :
							       &svm->pci_addr;
}

/* What the latch holds must be what this VM's guest wrote. */
static u32 latched(struct acrn_svm *svm)
{
	u32 is = os_load_relaxed(address_latch(svm));

	if (is != svm->pci_wrote)
		acrn_broken(svm->sim, 21, "VM %u: port 0xcf8 holds 0x%x, it wrote 0x%x", svm->id,
			    is, svm->pci_wrote);
	return is;
}

/* true: it is answered already, with @value for a read. */
static bool port_now(struct acrn_svm *svm, struct vhm_pio_request *r, u32 *value)
{
	if (r->address >= CFG_ADDRESS && r->address < CFG_DATA && r->size == 4) {
		if (r->direction == REQUEST_WRITE) {
			os_store_relaxed(address_latch(svm), r->value);
			svm->pci_wrote = r->value;
		}
		*value = latched(svm);
		return true;
	}
	*value = ~0U;
	return r->address >= CFG_DATA && r->address < CFG_END && !(latched(svm) & CFG_ENABLE);
}

/* A data port becomes the register that the latch names; direction, size and value stay put. */
static void port_to_pci(struct acrn_svm *svm, struct vhm_request *req)
{
	u64 port = req->reqs.pio_request.address;
	struct vhm_pci_request *pci = &req->reqs.pci_request;
	u32 addr;

	if (port < CFG_DATA || port >= CFG_END)
		return;
	addr = latched(svm);
	req->type = REQ_PCICFG;
	pci->bus = (int)(addr >> 16 & 0xff);
	pci->dev = (int)(addr >> 11 & 0x1f);
	pci->func = (int)(addr >> 8 & 7);
	pci->reg = (int)((addr & 0xff) + (addr >> 16 & 0xf00) + (u32)(port - CFG_DATA));
}

/* true: the request is complete. */
static bool port_request(struct acrn_svm *svm, unsigned int slot, struct vhm_request *req)
{
	struct vhm_pio_request *r = &req->reqs.pio_request;
	u32 value;

	if (req->type != REQ_PORTIO)
		return false;
	if (!port_now(svm, r, &value)) {
		port_to_pci(svm, req);
		return false;
	}
	if (r->direction == REQUEST_READ)
		r->value = value;
	complete(svm, slot, REQ_STATE_PENDING, ACRN_DISPATCHER);
	return true;
}

/* --- whose is it? svm->lock is held --- */

static bool in_range(const struct acrn_range *r, const struct vhm_request *req)
{
	const struct vhm_mmio_request *m = &req->reqs.mmio_request;

	return r->type == req->type && m->size && m->address >= (u64)r->start &&
	       m->address <= (u64)r->end && m->size - 1 <= (u64)r->end - m->address;
}

static bool has_function(const struct acrn_client *c, const struct vhm_request *req)
{
	const struct vhm_pci_request *r = &req->reqs.pci_request;

	return c->bdf_on && c->bus == r->bus && c->dev == r->dev && c->func == r->func;
}

static bool takes(const struct acrn_client *c, const struct vhm_request *req)
{
	const struct acrn_range *r;

	if (c->fallback || os_load_relaxed(&c->destroying))
		return false;
	if (req->type == REQ_PCICFG)
		return has_function(c, req);
	for (r = c->ranges; r && !in_range(r, req); r = r->next)
		;
	return r;
}

static struct acrn_client *route(struct acrn_svm *svm, const struct vhm_request *req)
{
	struct acrn_client *c;

	for (c = svm->clients; c && !takes(c, req); c = c->next)
		;
	return c ? c : svm->fallback;
}

/* First and last byte, each by its distance from the range's begin. */
static bool all_inside(const struct acrn_range *r, const struct vhm_request *req)
{
	const struct vhm_mmio_request *m = &req->reqs.mmio_request;
	u64 last = m->address + (m->size - 1), len = (u64)r->end - (u64)r->start;

	return r->type == req->type && m->size && last >= m->address &&
	       m->address - (u64)r->start <= len && last - (u64)r->start <= len;
}

/*
 * I8: the same told in another way, which does not rely on the order of lists: of all that could
 * take it, the client with the largest serial number.
 */
static void check_route(struct acrn_svm *svm, const struct vhm_request *req,
			const struct acrn_client *got)
{
	const struct acrn_client *c, *best = NULL;
	const struct acrn_range *r;
	bool mine;

	for (c = svm->clients; c; c = c->next) {
		mine = req->type == REQ_PCICFG && has_function(c, req);
		for (r = c->ranges; r && req->type != REQ_PCICFG; r = r->next)
			mine |= all_inside(r, req);
		if (mine && !c->fallback && !os_load_relaxed(&c->destroying) &&
		    (!best || c->serial > best->serial))
			best = c;
	}
	best = best ? best : svm->fallback;
	if (best != got)
		acrn_broken(svm->sim, 8, "a request of type %u at 0x%llx went to %s, not to %s",
			    req->type, (unsigned long long)req->reqs.mmio_request.address,
			    got ? got->name : "nobody", best ? best->name : "nobody");
}

/* --- distribution --- */

/* PROCESSING and the bit. Under one lock, so that who completes finds the bit set. */
static bool hand_over(struct acrn_svm *svm, unsigned int slot, struct acrn_client *c)
{
	struct vhm_request *req = slot_of(svm, slot);

	os_store_relaxed(&req->client, VHM_CLIENT(svm->base.provider->index, c->id));
	if (!acrn_slot_move(svm->hvm, slot, REQ_STATE_PENDING, REQ_STATE_PROCESSING,
			    ACRN_DISPATCHER))
		return false;
	if (!(acrn_sim_bugs(svm->sim) & ACRN_BUG_BIT_LATE))
		set_bit(c, slot);
	return true;
}

/* What VHM does: the request may have been completed in between. */
static void bit_late(struct acrn_client *c, unsigned int slot)
{
	struct acrn_svm *svm = c->svm;

	acrn_point(svm->sim, "bit not set yet");
	/* Looked at before: once the bit is set, completing is in order. */
	if (os_load(&slot_of(svm, slot)->processed) != REQ_STATE_PROCESSING)
		acrn_broken(svm->sim, 10, "client %s has a bit of slot %u, which is not its",
			    c->name, slot);
	set_bit(c, slot);
}

/* -EINVAL: nobody takes it. */
static int dispatch(struct acrn_svm *svm, unsigned int slot)
{
	struct vhm_request *req = slot_of(svm, slot);
	struct acrn_client *c;
	bool handed = false;

	if (port_request(svm, slot, req))
		return 0;
	os_mutex_lock(&svm->lock);
	c = route(svm, req);
	check_route(svm, req, c);
	if (c) {
		os_fetch_add(&c->refs, 1);
		handed = hand_over(svm, slot, c);
	}
	os_mutex_unlock(&svm->lock);
	if (!c)
		return -EINVAL;
	if (handed && acrn_sim_bugs(svm->sim) & ACRN_BUG_BIT_LATE)
		bit_late(c, slot);
	acrn_point(svm->sim, "handed over");
	acrn_door_ring(svm->sim, &c->door);
	acrn_client_put(c);
	return 0;
}

static int hand_out(struct acrn_svm *svm)
{
	unsigned int slot, n = acrn_hvm_vcpus(svm->hvm);
	int ret = 0;

	for (slot = 0; slot < n; slot++) {
		if (os_load(&slot_of(svm, slot)->processed) != REQ_STATE_PENDING)
			continue;
		acrn_point(svm->sim, "pending");
		if (!dispatch(svm, slot))
			continue;
		ret = -EINVAL;
		if (acrn_hvm_state(svm->hvm) == ACRN_RUNNING)
			acrn_broken(svm->sim, 11, "VM %u: nobody takes the request of slot %u",
				    svm->id, slot);
		if (acrn_sim_bugs(svm->sim) & ACRN_BUG_SCAN_RETURNS)
			break;
	}
	return ret;
}

/* By turns: a slot that two find pending is handed out once. */
static int distribute(struct acrn_svm *svm)
{
	bool turns = !acrn_sim_config(svm->sim)->seeded;
	int ret;

	if (turns)
		os_mutex_lock(&svm->scan);
	ret = hand_out(svm);
	if (turns)
		os_mutex_unlock(&svm->scan);
	return ret;
}

bool acrn_upcall_here(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svm *svm = acrn_svm_get(sim, vmid);
	bool done;

	if (!svm)
		return false;
	done = os_load(&svm->page);
	if (done)
		distribute(svm);
	acrn_svm_put(svm);
	return done;
}

int acrn_ioreq_distribute(struct vhm_provider *p, struct vhm_vm *vm)
{
	struct acrn_svm *svm = acrn_svm_of(vm);

	(void)p;
	return os_load(&svm->page) ? distribute(svm) : -EINVAL;
}

/* --- the dispatcher --- */

/* The VM after @svm, held; @svm is given back. NULL begins, and ends. */
static struct acrn_svm *next_vm(struct acrn_svc *svc, struct acrn_svm *svm)
{
	struct acrn_svm *next;

	/* Not from svm->next: it is of when @svm was in the list, which may be long ago. */
	os_mutex_lock(&svc->lock);
	for (next = svc->list; next && svm && next->serial <= svm->serial; next = next->next)
		;
	if (next)
		os_fetch_add(&next->refs, 1);
	os_mutex_unlock(&svc->lock);
	if (svm)
		acrn_svm_put(svm);
	return next;
}

static void scan(struct acrn_svc *svc)
{
	struct acrn_svm *svm = NULL;

	while ((svm = next_vm(svc, svm))) {
		if (os_load(&svm->page)) {
			distribute(svm);
		} else if (acrn_sim_bugs(svc->sim) & ACRN_BUG_SCAN_BREAKS) {
			acrn_broken(svc->sim, 21, "VM %u has no request page: the others wait",
				    svm->id);
			acrn_svm_put(svm);
			return;
		}
	}
}

struct upcalls {
	struct acrn_svc *svc;
	u64 seen;
};

static bool upcall_or_stop(void *arg)
{
	struct upcalls *u = arg;

	return acrn_sim_upcalls(u->svc->sim) != u->seen || os_load(&u->svc->stop) ||
	       os_load(&u->svc->flushes) != os_load_relaxed(&u->svc->flushed);
}

/* An upcall during a scan makes another scan: the count was read before it began. */
static void dispatcher_main(void *arg)
{
	struct upcalls u = { .svc = arg };
	u64 flushes;

	for (;;) {
		if (!acrn_door_wait(u.svc->sim, acrn_sim_upcall(u.svc->sim), upcall_or_stop, &u, 0))
			return;
		if (os_load(&u.svc->stop))
			return;
		u.seen = acrn_sim_upcalls(u.svc->sim);
		flushes = os_load(&u.svc->flushes);
		scan(u.svc);
		os_store(&u.svc->flushed, flushes);
		acrn_door_ring(u.svc->sim, &u.svc->flush_door);
	}
}

struct flush {
	struct acrn_svc *svc;
	u64 until;
};

static bool is_flushed(void *arg)
{
	struct flush *f = arg;

	return os_load(&f->svc->flushed) >= f->until;
}

void acrn_dispatcher_flush(struct acrn_sim *sim)
{
	struct acrn_svc *svc = acrn_svc(sim);
	struct flush f = { .svc = svc, .until = os_fetch_add(&svc->flushes, 1) + 1 };

	acrn_door_ring(sim, acrn_sim_upcall(sim));
	acrn_door_wait(sim, &svc->flush_door, is_flushed, &f, 0);
}

int acrn_dispatcher_start(struct acrn_sim *sim)
{
	struct acrn_svc *svc = acrn_svc(sim);

	return acrn_thread_start(sim, &svc->dispatcher, "dispatcher", dispatcher_main, svc);
}

void acrn_dispatcher_stop(struct acrn_sim *sim)
{
	struct acrn_svc *svc = acrn_svc(sim);

	os_store(&svc->stop, true);
	acrn_door_ring(sim, acrn_sim_upcall(sim));
	acrn_thread_join(&svc->dispatcher);
}

/* --- before a reset --- */

/* All ones for a read; a write is dropped. */
static void all_ones(struct vhm_request *req)
{
	if (req->reqs.mmio_request.direction != REQUEST_READ)
		return;
	if (req->type == REQ_PORTIO || req->type == REQ_PCICFG)
		req->reqs.pio_request.value = ~0U;
	else
		req->reqs.mmio_request.value = ~0ULL;
}

static bool others_idle(void *arg)
{
	struct acrn_svm *svm = arg;
	struct acrn_client *c;
	bool idle = true;

	os_mutex_lock(&svm->lock);
	for (c = svm->clients; c; c = c->next)
		idle &= c->fallback || !os_load(&c->map);
	os_mutex_unlock(&svm->lock);
	/* A bit is cleared before its request is complete and its vCPU told. */
	return idle && !os_load(&svm->completing);
}

void acrn_ioreq_clear(struct vhm_provider *p, struct vhm_vm *vm)
{
	struct acrn_svm *svm = acrn_svm_of(vm);
	struct acrn_client *c;
	unsigned int slot;

	(void)p;
	acrn_door_wait(svm->sim, NULL, others_idle, svm, acrn_sim_config(svm->sim)->seeded ?
						CLEAR_PATIENCE : CLEAR_PATIENCE_FREE);
	os_mutex_lock(&svm->lock);
	c = svm->fallback;
	if (c)
		os_fetch_add(&c->refs, 1);
	os_mutex_unlock(&svm->lock);
	if (!c)
		return;
	for (slot = 0; slot < VHM_REQUEST_MAX; slot++)
		if (os_load(&c->map) >> slot & 1)
			complete_for(c, slot);
	acrn_client_put(c);
}

void acrn_ioreq_orphan(struct acrn_svm *svm, unsigned int slot)
{
	struct vhm_request *req = slot_of(svm, slot);
	struct acrn_client *c;

	if (os_load(&req->processed) != REQ_STATE_PROCESSING)
		return;
	os_mutex_lock(&svm->lock);
	c = svm->fallback;
	if (c && !os_load_relaxed(&c->destroying)) {
		os_fetch_add(&c->refs, 1);
		os_store_relaxed(&req->client, VHM_CLIENT(svm->base.provider->index, c->id));
		set_bit(c, slot);
	} else {
		c = NULL;
	}
	os_mutex_unlock(&svm->lock);
	if (c) {
		acrn_door_ring(svm->sim, &c->door);
		acrn_client_put(c);
		return;
	}
	all_ones(req);
	complete(svm, slot, REQ_STATE_PROCESSING, ACRN_COMPLETER);
}
