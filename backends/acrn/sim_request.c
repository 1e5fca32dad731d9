/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's request: into its slot, waiting, and out again; and who may wake it. The slot's state is
 * the only thing that the service side shares; what it is about the hypervisor keeps for itself.
 */
#include "backends/acrn/sim_priv.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc

/* --- the slot --- */

/* What is the hypervisor's to write. */
static void copy_content(struct vhm_request *to, const struct vhm_request *from)
{
	size_t i;

	os_store_relaxed(&to->type, from->type);
	os_store_relaxed(&to->completion_polling, from->completion_polling);
	for (i = 0; i < OS_ARRAY_SIZE(to->reqs.data); i++)
		os_store_relaxed(&to->reqs.data[i], from->reqs.data[i]);
}

/* As it shall stand in the page. */
static void build(struct acrn_vcpu *v, const struct acrn_ask *ask)
{
	struct vhm_request *k = &v->vm->slot[v->n].kept;

	k->type = ask->type;
	k->completion_polling = v->vm->polling;
	memset(&k->reqs, 0, sizeof(k->reqs));
	k->reqs.mmio_request.direction = ask->write ? REQUEST_WRITE : REQUEST_READ;
	k->reqs.mmio_request.address = ask->address;
	k->reqs.mmio_request.size = ask->size;
	k->reqs.mmio_request.value = ask->value;
}

/* v->lock is held. */
static enum acrn_end insert(struct acrn_vcpu *v, const struct acrn_ask *ask)
{
	struct acrn_hvm *vm = v->vm;
	union vhm_request_buffer *page = os_load(&vm->page);
	struct vhm_request *r;
	bool late = vm->sim->bugs & ACRN_BUG_CONTENT_LATE;

	if (os_load(&vm->epoch) != v->epoch || !page)
		return ACRN_GONE;
	r = &page->req_queue[v->n];
	if (os_load(&r->processed) != REQ_STATE_FREE) {
		acrn_broken(vm->sim, 11, "VM %u vCPU %u: #GP, its slot is taken", vm->id, v->n);
		return ACRN_GP;
	}
	if (v->inflight)
		acrn_broken(vm->sim, 3, "VM %u vCPU %u: a second request", vm->id, v->n);
	acrn_slot_kept(vm, v->n, true);
	build(v, ask);
	if (!late)
		copy_content(r, &vm->slot[v->n].kept);
	v->inflight = true;
	v->asleep = true;
	if (!vm->sim->config.profile->sticky_event)
		os_store(&v->event, false);
	acrn_slot_move(vm, v->n, REQ_STATE_FREE, REQ_STATE_PENDING, ACRN_HV);
	return ACRN_DONE;
}

/* Somebody else's upcall may have had the slot looked at meanwhile. */
static void content_late(struct acrn_vcpu *v)
{
	union vhm_request_buffer *page = os_load(&v->vm->page);

	if (page)
		copy_content(&page->req_queue[v->n], &v->vm->slot[v->n].kept);
	acrn_point(v->vm->sim, "content");
}

/* v->lock is held, the slot is COMPLETE. */
static u64 take_out(struct acrn_vcpu *v, const struct vhm_request *r)
{
	u64 value = os_load_relaxed(&r->reqs.mmio_request.value);
	struct acrn_hvm *vm = v->vm;

	acrn_slot_kept(vm, v->n, false);
	acrn_slot_keep(vm, v->n);
	acrn_slot_move(vm, v->n, REQ_STATE_COMPLETE, REQ_STATE_FREE, ACRN_HV);
	v->inflight = false;
	v->asleep = false;
	return value;
}

/* --- between the fault and the slot --- */

void acrn_vcpu_asking(struct acrn_vcpu *v, bool on)
{
	if ((v->asking & 1) != on)
		os_store(&v->asking, v->asking + 1);
}

struct asking {
	struct acrn_vcpu *v;
	u32 was;
};

static bool asked(void *arg)
{
	struct asking *a = arg;

	return os_load(&a->v->asking) != a->was;
}

void acrn_vcpus_settle(struct acrn_hvm *vm)
{
	struct asking a;
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		a = (struct asking){ &vm->vcpu[i], os_load(&vm->vcpu[i].asking) };
		if (a.was & 1)
			acrn_door_wait(vm->sim, NULL, asked, &a, 0);
	}
}

/* --- waiting --- */

static bool told(void *arg)
{
	struct acrn_vcpu *v = arg;

	if (os_load(&v->vm->epoch) != v->epoch)
		return true;
	if (!os_load(&v->event))
		return false;
	os_store(&v->event, false);
	return true;
}

/* A pause waits for sections before the page may go. */
static bool polled(void *arg)
{
	struct acrn_vcpu *v = arg;
	unsigned long old = mpt_rcu_enter();
	union vhm_request_buffer *page = os_load(&v->vm->page);
	bool yes = os_load(&v->vm->epoch) != v->epoch || !page ||
		   os_load(&page->req_queue[v->n].processed) == REQ_STATE_COMPLETE;

	mpt_rcu_leave(old);
	return yes;
}

static bool await(struct acrn_vcpu *v)
{
	struct acrn_sim *sim = v->vm->sim;
	unsigned int patience = sim->sched.on ? 0 : sim->config.patience_ms;
	bool polls = v->vm->polling;

	if (acrn_door_wait(sim, polls ? NULL : &v->door, polls ? polled : told, v, patience))
		return true;
	if (!sim->sched.on)
		acrn_broken(sim, 12, "VM %u vCPU %u: no completion in %u ms", v->vm->id, v->n,
			    patience);
	return false;
}

static u64 size_mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << size * 8) - 1;
}

/* Awake again, for whatever reason. */
static enum acrn_end finish(struct acrn_vcpu *v, struct acrn_ask *ask)
{
	struct acrn_hvm *vm = v->vm;
	union vhm_request_buffer *page = os_load(&vm->page);
	struct vhm_request *r;
	u32 state;

	if (os_load(&vm->epoch) != v->epoch || !page)
		return ACRN_GONE;
	r = &page->req_queue[v->n];
	state = os_load(&r->processed);
	if (state == REQ_STATE_COMPLETE) {
		ask->value = take_out(v, r) & size_mask(ask->size);
		return ACRN_DONE;
	}
	v->inflight = false;
	v->asleep = false;
	ask->value = os_load_relaxed(&r->reqs.mmio_request.value) & size_mask(ask->size);
	acrn_broken(vm->sim, 6, "VM %u vCPU %u: resumed in state %u", vm->id, v->n, state);
	return ACRN_STALE;
}

enum acrn_end acrn_vcpu_ask(struct acrn_vcpu *v, struct acrn_ask *ask)
{
	struct acrn_sim *sim = v->vm->sim;
	enum acrn_end end;
	bool in_time;

	acrn_vcpu_entry(v);
	acrn_trace(sim, "vm %u vcpu %u type %u write %d addr %llx size %u value %llx", v->vm->id,
		   v->n, ask->type, ask->write, (unsigned long long)ask->address, ask->size,
		   (unsigned long long)ask->value);
	acrn_point(sim, "exit");
	os_mutex_lock(&v->lock);
	end = insert(v, ask);
	acrn_vcpu_asking(v, false);
	os_mutex_unlock(&v->lock);
	if (end != ACRN_DONE)
		return end;
	acrn_point(sim, "pending");
	if (OS_UNLIKELY(sim->bugs & ACRN_BUG_CONTENT_LATE))
		content_late(v);
	acrn_upcall_raise(v->vm);
	in_time = await(v);
	os_mutex_lock(&v->lock);
	end = in_time ? finish(v, ask) : ACRN_GONE;
	os_mutex_unlock(&v->lock);
	acrn_vcpu_entry(v);
	acrn_trace(sim, "vm %u vcpu %u end %d value %llx", v->vm->id, v->n, end,
		   (unsigned long long)ask->value);
	acrn_point(sim, "resumed");
	return end;
}

/* --- who wakes it --- */

void acrn_vcpu_kick(struct acrn_vcpu *v)
{
	/* Who is between its check of the epoch and its slot is out after this. */
	os_mutex_lock(&v->lock);
	v->asleep = false;
	os_mutex_unlock(&v->lock);
	acrn_door_ring(v->vm->sim, &v->door);
}

/* A parked vCPU's request ends without anybody to take its value. */
static bool zombie_done(struct acrn_vcpu *v)
{
	struct acrn_hvm *vm = v->vm;
	union vhm_request_buffer *page = os_load(&vm->page);

	if (os_load(&vm->state) != ACRN_PAUSED || !v->inflight || !page)
		return false;
	if (os_load(&page->req_queue[v->n].processed) == REQ_STATE_COMPLETE)
		take_out(v, &page->req_queue[v->n]);
	return true;
}

static void wake(struct acrn_vcpu *v)
{
	struct acrn_sim *sim = v->vm->sim;

	if (zombie_done(v))
		return;
	if (sim->config.profile->sticky_event) {
		if (os_exchange(&v->event, true))
			acrn_broken(sim, 6, "VM %u vCPU %u: told twice", v->vm->id, v->n);
	} else if (v->asleep) {
		v->asleep = false;
		os_store(&v->event, true);
	}
}

/* The hypervisor does not look at the slot. */
long acrn_vcpu_notify(struct acrn_vcpu *v)
{
	acrn_slot_notified(v->vm, v->n);
	if (v->vm->polling)
		return 0;
	os_mutex_lock(&v->lock);
	wake(v);
	os_mutex_unlock(&v->lock);
	acrn_door_ring(v->vm->sim, &v->door);
	return 0;
}

void acrn_vcpu_reset(struct acrn_vcpu *v)
{
	os_mutex_lock(&v->lock);
	os_store(&v->event, false);
	v->asleep = false;
	v->inflight = false;
	memset(v->irr, 0, sizeof(v->irr));
	os_mutex_unlock(&v->lock);
}

/* --- ports --- */

static enum acrn_end port(struct acrn_vcpu *v, u16 port, u32 *val, unsigned int size, bool write)
{
	struct acrn_ask ask = {
		.type = REQ_PORTIO,
		.write = write,
		.address = port,
		.size = size,
		.value = write ? *val & size_mask(size) : 0,
	};
	enum acrn_end end;

	if (size != 1 && size != 2 && size != 4)
		return ACRN_GP;
	acrn_point(v->vm->sim, write ? "out" : "in");
	v->epoch = os_load(&v->vm->epoch);
	if (os_load(&v->vm->state) != ACRN_RUNNING)
		return ACRN_GONE;
	end = acrn_vcpu_ask(v, &ask);
	if (!write && (end == ACRN_DONE || end == ACRN_STALE))
		*val = (u32)ask.value;
	return end;
}

enum acrn_end acrn_vcpu_in(struct acrn_vcpu *v, u16 nr, u32 *val, unsigned int size)
{
	return port(v, nr, val, size, false);
}

enum acrn_end acrn_vcpu_out(struct acrn_vcpu *v, u16 nr, u32 val, unsigned int size)
{
	return port(v, nr, &val, size, true);
}

enum acrn_end acrn_vcpu_cfg(struct acrn_vcpu *v, unsigned int bdf, unsigned int reg, u32 *val,
			    unsigned int size, bool write)
{
	u32 address = 1U << 31 | (reg & 0xf00) << 16 | (bdf & 0xffff) << 8 | (reg & 0xfc);
	enum acrn_end end = acrn_vcpu_out(v, CONFIG_ADDRESS, address, 4);

	if (end != ACRN_DONE)
		return end;
	return port(v, (u16)(CONFIG_DATA + reg % 4), val, size, write);
}
