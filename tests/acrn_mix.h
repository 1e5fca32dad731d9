/* SPDX-License-Identifier: MIT */
/*
 * A mixed load for a simulated ACRN machine: VMs whose vCPUs access what two clients and the device
 * model serve, while ranges come and go. Every read is checked. Seeded or free, short or long.
 */
#ifndef ACRN_MIX_H
#define ACRN_MIX_H

#include "acrn_rig.h"
#include "backends/acrn/sim_dm.h"

#define MIX_VMS 4
#define MIX_A 0x80000000UL /* the client with a handler: MMIO */
#define MIX_B 0x80010000UL /* the client that scans slots by itself */
#define MIX_MOVING 0x80020000UL /* sometimes the first one's, sometimes nobody's */
#define MIX_NOBODY 0x80030000UL
#define MIX_WP 0x4000UL /* 2 pages, sometimes protected */
#define MIX_PORT 0x300
#define MIX_IDLE 1000U

struct mix_vm;

struct mix_vcpu {
	struct mix_vm *vm;
	struct acrn_vcpu *v;
	unsigned int n;
	u64 rng, cell; /* what its word of protected memory holds */
	unsigned long done, wrong;
	struct acrn_thread thread;
};

struct mix_vm {
	struct rig *r;
	u16 id;
	struct rig_client a;
	int b;
	struct acrn_gate cfg; /* the guest's lock around 0xcf8 and 0xcfc */
	struct acrn_thread own, changes;
	struct mix_vcpu vcpu[VHM_REQUEST_MAX];
	unsigned int vcpus, ops;
	bool stop, only_own, no_own; /* only, or nothing, of what @b serves */
	u64 rng;
};

/* @beside: NULL, or run meanwhile in a thread. */
struct mix {
	struct rig r;
	void (*beside)(void *arg);
	void *beside_arg;
	struct acrn_thread *beside_thread;
	struct mix_vm vm[MIX_VMS];
};

static inline u64 mix_random(u64 *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng;
}

/* --- the clients --- */

/* What the back end does with a store to a tracked page: it is performed. */
static inline void mix_store(struct rig_client *c, const struct vhm_request *req)
{
	const struct vhm_mmio_request *m = &req->reqs.mmio_request;
	struct mix_vm *vm = c->arg;
	u64 *mem;

	if (req->type != REQ_WP)
		return;
	mem = map_guest_phys(rig_id(vm->r, vm->id), m->address, m->size);
	if (mem && m->size == 8)
		os_store_relaxed(mem, m->value);
}

/* As AcrnGT's own thread did it: all slots by their state, whatever woke it. */
static inline bool mix_scan(struct mix_vm *vm, struct rig_client *c)
{
	struct vhm_request *slot = acrn_ioreq_get_reqbuf(vm->b);
	bool found = false;
	unsigned int n;

	for (n = 0; slot && n < vm->vcpus; n++) {
		acrn_point(vm->r->sim, "own client looks");
		if (os_load(&slot[n].processed) != REQ_STATE_PROCESSING ||
		    os_load_relaxed(&slot[n].client) != vm->b)
			continue;
		rig_serve(c, n);
		found = true;
	}
	return found;
}

static inline void mix_own(void *arg)
{
	struct mix_vm *vm = arg;
	struct rig_client c = { .r = vm->r, .id = vm->b };
	unsigned int idle = 0;

	while (idle < MIX_IDLE && !acrn_ioreq_attach_client(vm->b))
		idle = mix_scan(vm, &c) ? 0 : idle + 1;
}

/* --- vCPUs --- */

static inline u64 mix_expected(u64 at, unsigned int size)
{
	struct vhm_request req = { .type = REQ_MMIO };

	req.reqs.mmio_request.address = at;
	req.reqs.mmio_request.size = size;
	return rig_answer(&req);
}

static inline bool mix_mmio(struct mix_vcpu *c, u64 base, bool ones)
{
	unsigned int size = 1U << mix_random(&c->rng) % 4;
	u64 at = base + (mix_random(&c->rng) % 512) * 8, val = 0, is;

	if (mix_random(&c->rng) % 3 == 0)
		return acrn_vcpu_store(c->v, at, &at, size) == ACRN_DONE;
	if (acrn_vcpu_load(c->v, at, &val, size) != ACRN_DONE)
		return false;
	is = mix_expected(at, size);
	return (base != MIX_NOBODY && val == is) || (ones && val == rig_mask(size));
}

static inline bool mix_port(struct mix_vcpu *c)
{
	struct vhm_request req = { .type = REQ_PORTIO };
	u32 val = 0;

	req.reqs.pio_request.address = MIX_PORT + mix_random(&c->rng) % 8;
	req.reqs.pio_request.size = 1;
	if (acrn_vcpu_in(c->v, (u16)req.reqs.pio_request.address, &val, 1) != ACRN_DONE)
		return false;
	return (val & 0xff) == rig_answer(&req);
}

static inline bool mix_cfg(struct mix_vcpu *c)
{
	struct vhm_request req = { .type = REQ_PCICFG };
	unsigned int reg = mix_random(&c->rng) % 64 * 4, dev = 2 + mix_random(&c->rng) % 2;
	struct acrn_sim *sim = c->vm->r->sim;
	enum acrn_end end;
	u32 val = 0;

	acrn_gate_enter(sim, &c->vm->cfg);
	end = acrn_vcpu_cfg(c->v, dev << 3, reg, &val, 4, false);
	acrn_gate_leave(sim, &c->vm->cfg);
	req.reqs.pci_request.reg = (int)reg;
	req.reqs.pci_request.size = 4;
	return end == ACRN_DONE && val == (dev == 2 ? (u32)rig_answer(&req) : ~0U);
}

/* A word of its own in a page that is tracked at times: what was stored is read. */
static inline bool mix_cell(struct mix_vcpu *c)
{
	u64 at = MIX_WP + c->n * 0x100, val = 0;

	if (acrn_vcpu_load(c->v, at, &val, 8) != ACRN_DONE || val != c->cell)
		return false;
	c->cell = mix_random(&c->rng);
	if (acrn_vcpu_store(c->v, at, &c->cell, 8) != ACRN_DONE)
		return false;
	return acrn_vcpu_load(c->v, at, &val, 8) == ACRN_DONE && val == c->cell;
}

static inline bool mix_step(struct mix_vcpu *c)
{
	if (c->vm->only_own)
		return mix_mmio(c, MIX_B, false);
	switch (mix_random(&c->rng) % 8) {
	case 0:
	case 1:
		return mix_mmio(c, MIX_A, false);
	case 2:
	case 3:
		return mix_mmio(c, c->vm->no_own ? MIX_A : MIX_B, false);
	case 4:
		return mix_mmio(c, mix_random(&c->rng) % 2 ? MIX_MOVING : MIX_NOBODY, true);
	case 5:
		return mix_port(c);
	case 6:
		return mix_cfg(c);
	default:
		return mix_cell(c);
	}
}

static inline void mix_vcpu_main(void *arg)
{
	struct mix_vcpu *c = arg;
	unsigned int i;

	for (i = 0; i < c->vm->ops; i++, c->done++)
		c->wrong += !mix_step(c);
}

/* --- what changes meanwhile --- */

static inline void mix_change(struct mix_vm *vm)
{
	unsigned long id = rig_id(vm->r, vm->id);
	u64 page = MIX_WP + mix_random(&vm->rng) % 2 * MPT_PAGE_SIZE;

	switch (mix_random(&vm->rng) % 4) {
	case 0:
		acrn_ioreq_add_iorange(vm->a.id, REQ_MMIO, MIX_MOVING, MIX_MOVING + 0xfff);
		acrn_ioreq_del_iorange(vm->a.id, REQ_MMIO, MIX_MOVING, MIX_MOVING + 0xfff);
		break;
	case 1:
		write_protect_page(id, page, 1);
		break;
	case 2:
		write_protect_page(id, page, 0);
		break;
	default:
		vhm_inject_msi(id, 0xfee00000, 0x31);
		break;
	}
}

static inline void mix_changes(void *arg)
{
	struct mix_vm *vm = arg;
	unsigned int i;

	for (i = 0; i < vm->ops / 2 && !os_load(&vm->stop); i++) {
		acrn_point(vm->r->sim, "change");
		mix_change(vm);
	}
}

/* --- begin and end --- */

static inline void mix_clients(struct mix_vm *vm)
{
	struct rig *r = vm->r;

	rig_client(r, &vm->a, vm->id);
	vm->a.inside = mix_store;
	vm->a.arg = vm;
	acrn_ioreq_add_iorange(vm->a.id, REQ_MMIO, MIX_A, MIX_A + 0xfff);
	acrn_ioreq_add_iorange(vm->a.id, REQ_PORTIO, MIX_PORT, MIX_PORT + 7);
	acrn_ioreq_add_iorange(vm->a.id, REQ_WP, MIX_WP, MIX_WP + 2 * MPT_PAGE_SIZE - 1);
	acrn_ioreq_intercept_bdf(vm->a.id, 0, 2, 0);
	vm->b = acrn_ioreq_create_client(rig_id(r, vm->id), NULL, NULL, (char[]){ "own" });
	acrn_ioreq_add_iorange(vm->b, REQ_MMIO, MIX_B, MIX_B + 0xfff);
}

static inline void mix_vm_begin(struct mix *m, unsigned int i, u64 seed)
{
	struct mix_vm *vm = &m->vm[i];
	unsigned int n;

	vm->r = &m->r;
	vm->id = rig_vm_ram(&m->r, 0x10000);
	vm->rng = seed * 131 + i + 1;
	acrn_gate_init(&vm->cfg, "the guest's lock");
	mix_clients(vm);
	for (n = 0; n < vm->vcpus; n++) {
		vm->vcpu[n].vm = vm;
		vm->vcpu[n].v = acrn_vcpu_borrow(acrn_hvm_find(m->r.sim, vm->id));
		vm->vcpu[n].n = n;
		vm->vcpu[n].rng = (seed + 1) * 0x9e3779b97f4a7c15ULL + i * 64 + n;
	}
}

static inline void mix_vm_run(struct mix_vm *vm)
{
	struct acrn_sim *sim = vm->r->sim;
	unsigned int n;

	ck_assert_int_eq(acrn_thread_start(sim, &vm->own, "own", mix_own, vm), 0);
	ck_assert_int_eq(acrn_thread_start(sim, &vm->changes, "changes", mix_changes, vm), 0);
	for (n = 0; n < vm->vcpus; n++)
		ck_assert_int_eq(acrn_thread_start(sim, &vm->vcpu[n].thread, "vcpu", mix_vcpu_main,
						   &vm->vcpu[n]),
				 0);
}

/* The number of accesses; @wrong: of those with another end or value than there must be. */
static inline unsigned long mix_vm_join(struct mix_vm *vm, unsigned long *wrong)
{
	unsigned long done = 0;
	unsigned int n;

	for (n = 0; n < vm->vcpus; n++) {
		acrn_thread_join(&vm->vcpu[n].thread);
		acrn_vcpu_return(vm->vcpu[n].v);
		done += vm->vcpu[n].done;
		*wrong += vm->vcpu[n].wrong;
	}
	os_store(&vm->stop, true);
	acrn_thread_join(&vm->changes);
	acrn_ioreq_destroy_client(vm->b);
	acrn_thread_join(&vm->own);
	acrn_ioreq_destroy_client(vm->a.id);
	rig_vm_end(vm->r, vm->id);
	return done;
}

/* All VMs, @ops accesses a vCPU; the machine stays, for its counts. */
static inline unsigned long mix_run(struct mix *m, const struct acrn_sim_config *config,
				    unsigned int vms, unsigned int ops, unsigned long *wrong)
{
	unsigned long done = 0;
	unsigned int i;

	rig_open(&m->r, config);
	for (i = 0; i < vms; i++) {
		m->vm[i].vcpus = acrn_sim_config(m->r.sim)->vcpus;
		m->vm[i].ops = ops;
		mix_vm_begin(m, i, config->seed);
	}
	for (i = 0; i < vms; i++)
		mix_vm_run(&m->vm[i]);
	if (m->beside)
		ck_assert_int_eq(acrn_thread_start(m->r.sim, m->beside_thread, "beside", m->beside,
						   m->beside_arg),
				 0);
	*wrong = 0;
	for (i = 0; i < vms; i++)
		done += mix_vm_join(&m->vm[i], wrong);
	if (m->beside)
		acrn_thread_join(m->beside_thread);
	return done;
}

#endif
