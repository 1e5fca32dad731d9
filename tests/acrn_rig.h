/* SPDX-License-Identifier: MIT */
/*
 * A simulated ACRN machine for tests, its VMs, and a client of the test's own. What is checked of
 * each machine at its end: no invariant was broken, and nothing is left.
 */
#ifndef ACRN_RIG_H
#define ACRN_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/acrn/sim.h"
#include "runner.h"

#define RIG_RAM_SIZE (4ULL << 20)

struct rig {
	struct acrn_sim *sim;
	struct vhm_provider *p;
	long live;
};

/* With what @config leaves zero: strict, one vCPU, 46 bits. */
static inline void rig_open(struct rig *r, const struct acrn_sim_config *config)
{
	r->live = mpt_alloc_live();
	ck_assert_int_eq(acrn_sim_new(config, &r->sim), 0);
	r->p = acrn_sim_provider(r->sim);
	ck_assert_ptr_nonnull(r->p);
}

static inline void rig_open_default(struct rig *r)
{
	rig_open(r, &(struct acrn_sim_config){ .contiguous = true });
}

/* Of a machine whose invariants are to hold. */
static inline void rig_whole(struct rig *r)
{
	ck_assert_msg(!acrn_broken_all(r->sim), "%s", acrn_broken_say(r->sim, 0));
}

static inline void rig_free(struct rig *r)
{
	acrn_sim_free(r->sim);
	ck_assert_int_eq(mpt_alloc_live(), r->live);
}

static inline void rig_close(struct rig *r)
{
	u64 before = acrn_broken_ever() - acrn_broken_all(r->sim);

	rig_whole(r);
	rig_free(r);
	ck_assert_msg(acrn_broken_ever() == before, "broken while the machine ended");
}

/* A running VM with @ram bytes from 0 on. */
static inline u16 rig_vm_ram(struct rig *r, u64 ram)
{
	u16 id = 0;

	ck_assert_int_eq(acrn_sim_dm_ops.vm_new(r->sim, &id), 0);
	if (ram)
		ck_assert_int_eq(acrn_sim_dm_ops.ram_add(r->sim, id, 0, ram, false), 0);
	return id;
}

static inline u16 rig_vm(struct rig *r)
{
	return rig_vm_ram(r, RIG_RAM_SIZE);
}

static inline void rig_vm_end(struct rig *r, u16 vm)
{
	acrn_sim_dm_ops.vm_end(r->sim, vm);
}

/* A VM's number for the services of vhm.h. */
static inline unsigned long rig_id(struct rig *r, u16 vm)
{
	return VHM_VMID(r->p->index, vm);
}

/* --- a client of the test's own, with a handler --- */

/*
 * @inside: NULL, or called in the handler for each request before it is completed
 * @served: requests so far; @last: the last one
 */
struct rig_client {
	struct rig *r;
	int id;
	void (*inside)(struct rig_client *c, const struct vhm_request *req);
	void *arg;
	unsigned int served;
	struct vhm_request last;
};

static inline u64 rig_mask(u64 size)
{
	return size < 8 ? (1ULL << size * 8) - 1 : ~0ULL;
}

/* What it answers to a read. */
static inline u64 rig_answer(const struct vhm_request *req)
{
	u64 at = req->type == REQ_PCICFG ? (u64)req->reqs.pci_request.reg :
					   req->reqs.mmio_request.address;

	return ((at + req->type) * 0x9e3779b97f4a7c15ULL) & rig_mask(req->reqs.mmio_request.size);
}

static inline void rig_copy(struct vhm_request *to, const struct vhm_request *from)
{
	const u32 *f = (const u32 *)(const void *)from;
	u32 *t = (u32 *)(void *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(u32); i++)
		t[i] = os_load_relaxed(&f[i]);
}

static inline void rig_serve(struct rig_client *c, unsigned int slot)
{
	struct vhm_request *req = acrn_ioreq_get_reqbuf(c->id), copy;
	u64 value;

	if (!req)
		return;
	req += slot;
	rig_copy(&copy, req);
	c->last = copy;
	os_store(&c->served, c->served + 1);
	if (c->inside)
		c->inside(c, &copy);
	value = rig_answer(&copy);
	if (copy.reqs.mmio_request.direction == REQUEST_READ) {
		if (copy.type == REQ_PORTIO || copy.type == REQ_PCICFG)
			os_store_relaxed(&req->reqs.pio_request.value, (u32)value);
		else
			os_store_relaxed(&req->reqs.mmio_request.value, value);
	}
	acrn_ioreq_complete_request(c->id, slot, req);
}

static inline bool rig_owns(struct rig_client *c, unsigned int slot)
{
	const struct vhm_request *req = acrn_ioreq_get_reqbuf(c->id);

	return req && os_load(&req[slot].processed) == REQ_STATE_PROCESSING &&
	       os_load_relaxed(&req[slot].client) == c->id;
}

/* A bit whose request is gone (a reset) is cleared; it may be set again in between. */
static inline int rig_handler(int id, unsigned long *map, void *priv)
{
	struct rig_client *c = priv;
	unsigned int slot;

	(void)id;
	for (slot = 0; slot < VHM_REQUEST_MAX; slot++) {
		if (!(os_load(map) >> slot & 1))
			continue;
		if (!rig_owns(c, slot))
			os_fetch_and(map, ~(1UL << slot));
		if (rig_owns(c, slot))
			rig_serve(c, slot);
	}
	return 0;
}

static inline void rig_client(struct rig *r, struct rig_client *c, u16 vm)
{
	memset(c, 0, sizeof(*c));
	c->r = r;
	c->id = acrn_ioreq_create_client(rig_id(r, vm), rig_handler, c, (char[]){ "test" });
	ck_assert_int_ge(c->id, 0);
	ck_assert_int_eq(acrn_ioreq_attach_client(c->id), 0);
}

/* --- a vCPU that does one thing in a thread of its own --- */

struct rig_access {
	struct acrn_vcpu *v;
	u64 at;
	unsigned int size;
	bool port, write;
	u64 val;
	enum acrn_end end;
	struct acrn_thread thread;
};

static inline void rig_access_do(void *arg)
{
	struct rig_access *a = arg;
	u32 v32 = (u32)a->val;

	if (a->port) {
		a->end = a->write ? acrn_vcpu_out(a->v, (u16)a->at, v32, a->size) :
				    acrn_vcpu_in(a->v, (u16)a->at, &v32, a->size);
		a->val = v32;
	} else {
		a->end = a->write ? acrn_vcpu_store(a->v, a->at, &a->val, a->size) :
				    acrn_vcpu_load(a->v, a->at, &a->val, a->size);
	}
}

static inline void rig_access_start(struct rig *r, struct rig_access *a, u16 vm)
{
	a->v = acrn_vcpu_borrow(acrn_hvm_find(r->sim, vm));
	ck_assert_int_eq(acrn_thread_start(r->sim, &a->thread, "vcpu", rig_access_do, a), 0);
}

static inline enum acrn_end rig_access_join(struct rig_access *a)
{
	acrn_thread_join(&a->thread);
	acrn_vcpu_return(a->v);
	return a->end;
}

struct rig_slot {
	const struct vhm_request *req;
	u32 state;
};

static inline bool rig_slot_is(void *arg)
{
	struct rig_slot *s = arg;

	return os_load(&s->req->processed) == s->state;
}

/* Until the slot is in that state; false: not in 10 s. */
static inline bool rig_await(struct rig *r, u16 vm, unsigned int slot, u32 state)
{
	struct rig_slot s = {
		.req = &acrn_hvm_page(acrn_hvm_find(r->sim, vm))->req_queue[slot],
		.state = state,
	};

	return acrn_door_wait(r->sim, NULL, rig_slot_is, &s, 10000);
}

/* --- a VM without a device model: the test is it --- */

struct rig_raw {
	u16 id;
	struct vhm_vm *vm;
	union vhm_request_buffer *page;
};

static inline void rig_raw(struct rig *r, struct rig_raw *raw, bool page)
{
	const struct acrn_sim_config *c = acrn_sim_config(r->sim);

	raw->id = 0;
	ck_assert_int_eq(acrn_hc_create_vm(r->sim, c->vcpus, c->polling, &raw->id), 0);
	ck_assert_int_eq(acrn_svm_add(r->sim, raw->id), 0);
	raw->vm = find_get_vm(rig_id(r, raw->id));
	ck_assert_ptr_nonnull(raw->vm);
	raw->page = mpt_zalloc_pages(sizeof(*raw->page));
	ck_assert_ptr_nonnull(raw->page);
	if (!page)
		return;
	ck_assert_int_eq(acrn_ioreq_init(raw->vm, (unsigned long)raw->page), 0);
	ck_assert_int_eq(acrn_hc_start_vm(r->sim, raw->id), 0);
}

static inline void rig_raw_end(struct rig *r, struct rig_raw *raw)
{
	acrn_hc_pause_vm(r->sim, raw->id);
	acrn_ioreq_free(raw->vm);
	acrn_svm_del(r->sim, raw->id);
	acrn_hc_destroy_vm(r->sim, raw->id);
	put_vm(raw->vm);
	mpt_free_pages(raw->page, sizeof(*raw->page));
}

#endif
