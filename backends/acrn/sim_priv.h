/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated hypervisor share among themselves: the machine, a VM, a vCPU.
 * The service side has sim.h, and a private header of its own.
 */
#ifndef ACRN_SIM_PRIV_H
#define ACRN_SIM_PRIV_H

#include <mpt/rcu.h>

#include "backends/acrn/sim.h"

/* --- scheduling --- */

enum acrn_task_state { ACRN_READY, ACRN_WAITING, ACRN_POLLING, ACRN_OUTSIDE };

/*
 * An actor of a seeded machine. All under acrn_sched.lock, but @hold, which is the actor's own.
 * @door, @what: what it waits for
 * @deadline: in the machine's time, 0: none
 * @seen: acrn_sched.progress when it last polled in vain
 */
struct acrn_task {
	struct acrn_task *next;
	struct acrn_sim *sim;
	pthread_cond_t cond;
	unsigned int number;
	char name[16];
	enum acrn_task_state state;
	struct acrn_door *door;
	const char *what;
	u64 deadline, seen;
	bool expired;
	unsigned int hold;
};

/*
 * @running: who may run; NULL: nobody can, until a thread from outside rings
 * @foreign: a thread that is no actor was seen
 * @dead: a deadlock was found: no wait lasts any more
 * @now: milliseconds, which pass only when nobody can run
 */
struct acrn_sched {
	bool on, foreign, dead;
	pthread_mutex_t lock;
	struct acrn_task *tasks, *running;
	struct acrn_task main;
	pthread_t main_id;
	unsigned int next_number;
	u64 chance, progress, steps, now;
	struct acrn_door ended;
	u64 hash;
	acrn_trace_fn *sink;
	void *sink_arg;
};

void acrn_sched_init(struct acrn_sim *sim, u64 seed, bool seeded);
void acrn_sched_exit(struct acrn_sim *sim);
/* One event; only with a listener, or seeded for the hash. */
#define acrn_trace(sim, ...) \
	do { \
		if (OS_UNLIKELY((sim)->sched.on || (sim)->sched.sink)) \
			acrn_trace_line(sim, __VA_ARGS__); \
	} while (0)
void acrn_trace_line(struct acrn_sim *sim, const char *fmt, ...) MPT_PRINTF(2, 3);

/* --- complaints --- */

#define ACRN_SAID 16

struct acrn_checks {
	u64 broken[ACRN_INVARIANTS], all, diverged;
	unsigned int said;
	char say[ACRN_SAID][160];
};

/*
 * What the checks know of a slot. Moved by whoever may move the slot's state.
 * @pendings, @completes, @frees: since the VM began; equal when the slot is free
 * @polled_at: @pendings when completion_polling was last read
 * @due: completions that nobody was told of
 * @kept: the slot as the hypervisor left it; @loose: it did not look
 */
struct acrn_slot {
	u64 pendings, completes, frees, polled_at;
	u32 due;
	bool loose;
	struct vhm_request kept;
};

void acrn_slot_poison(struct acrn_hvm *vm, unsigned int slot);
void acrn_slot_keep(struct acrn_hvm *vm, unsigned int slot);
void acrn_slot_kept(struct acrn_hvm *vm, unsigned int slot, bool freed);
void acrn_slot_reset(struct acrn_hvm *vm, unsigned int slot);
/* One more notify, whose slot it is not: I5. */
void acrn_slot_notified(struct acrn_hvm *vm, unsigned int slot);

/* --- memory --- */

#define ACRN_RAM_SIZE (1ULL << 36)
/* Or half of it, and so on, where the process has no room (valgrind, ulimit -v). */
#define ACRN_RAM_LEAST (1ULL << 33)
/* The hypervisor's own, at the end of RAM. */
#define ACRN_RAM_RESERVED (16ULL << 20)
/* Where a service VM without identity sees host address 0. */
#define ACRN_SERVICE_SHIFTED (1ULL << 43)

/*
 * @base: host-physical address of RAM; @arena: where it is in the process; @size: bytes of it
 * @used: a bit for each page of RAM; changed under @lock, read without; @taken: and those on their
 *	way out
 * @foreign: pages of the process by their number above RAM
 * @next: where the next search begins, so that addresses are not reused at once
 */
struct acrn_mem {
	u64 base, size;
	u8 *arena;
	u64 *used, *taken;
	u64 *foreign;
	u64 next;
	struct os_mutex lock;
};

int acrn_mem_init(struct acrn_sim *sim, unsigned int index);
void acrn_mem_exit(struct acrn_sim *sim);
/* What the service VM could map: 0, -EINVAL (not all there), -EFAULT (the hypervisor's). */
int acrn_mem_service_range(struct acrn_sim *sim, u64 gpa, u64 size, u64 *hpa);

/* --- guest-physical maps --- */

struct acrn_ept {
	struct os_mutex lock; /* of writers */
	u64 *root;
	u64 pages, tables;
};

int acrn_ept_init(struct acrn_ept *ept);
void acrn_ept_exit(struct acrn_ept *ept);
/* Page multiples. 0, -EEXIST (present; without @keep), -ENOMEM; what was done before stays done. */
int acrn_ept_map(struct acrn_ept *ept, u64 gpa, u64 size, const struct acrn_ept_leaf *to,
		 bool keep);
/* 0, -ENOENT (absent; without @lenient), -ENOMEM. */
int acrn_ept_unmap(struct acrn_ept *ept, u64 gpa, u64 size, bool lenient);
/* One page's right to write. 0, -ENOENT, -ENOMEM. */
int acrn_ept_writable(struct acrn_ept *ept, u64 gpa, bool on);
bool acrn_ept_walk(const struct acrn_ept *ept, u64 gpa, struct acrn_ept_leaf *leaf);

/* --- VMs --- */

#define ACRN_TLB 32

/* A translation as a vCPU remembers it; @rights 0: none. The vCPU's own thread's. */
struct acrn_tlb {
	u64 gfn, hpa;
	unsigned int rights;
};

/*
 * @lock: @inflight and what comes of it; leaf
 * @event: somebody may go on; @asleep: in a wait for it
 * @epoch: the VM's when the operation began
 * @flush: EPT changes; @flushed: those that the TLB knows of; @late: operations until it looks
 * @irr: vectors pending
 */
struct acrn_vcpu {
	struct acrn_hvm *vm;
	unsigned int n;
	struct os_mutex lock;
	struct acrn_door door;
	bool inflight, asleep;
	char apart[ACRN_APART];
	bool event;
	char apart2[ACRN_APART];
	u32 epoch;
	u32 asking;
	u64 flush, flushed;
	unsigned int late;
	struct acrn_tlb tlb[ACRN_TLB];
	u64 irr[4];
};

/*
 * @refs: the table's and each borrowed vCPU's
 * @state: enum acrn_vm_state; @epoch: of pauses: what began before one ends with it
 * @hc: hypercalls by turns, in profiles that have that; @pausing: callers that wait for its vCPUs
 * @remembers: vCPUs have a TLB: changes of the map are not seen at once
 * @idle: a bit for each vCPU that can be borrowed
 * @hooks: NULL, or of @hooks_arg
 * @pins: level of each line
 */
struct acrn_hvm {
	struct acrn_sim *sim;
	u16 id;
	unsigned int nr_vcpus;
	bool polling, remembers, irq_at_once;
	char apart[ACRN_APART];
	u32 state, epoch;
	char apart2[ACRN_APART];
	unsigned int refs;
	struct os_mutex hc;
	unsigned int pausing;
	struct acrn_ept ept;
	union vhm_request_buffer *page;
	unsigned int idle;
	struct acrn_door idle_door;
	const struct acrn_sim_hooks *hooks;
	void *hooks_arg;
	u64 pins[ACRN_PINS / 64];
	u64 msi_delivered, msi_merged, msi_dropped;
	struct acrn_slot slot[VHM_REQUEST_MAX];
	struct acrn_vcpu vcpu[VHM_REQUEST_MAX];
};

#define ACRN_NUMBERS 65536

/* @vm: by number, NULL where none is; @was: numbers that were in use. */
struct acrn_sim {
	struct acrn_sim_config config;
	unsigned int bugs;
	struct vhm_provider provider;
	void *svc;
	struct acrn_sched sched;
	struct acrn_checks checks;
	struct acrn_mem mem;
	struct os_mutex life;
	struct acrn_hvm **vm;
	u8 *was;
	unsigned int vms;
	struct acrn_door upcall;
	u64 upcalls;
	bool (*upcall_here)(struct acrn_sim *sim, u16 vmid);
};

/* No vCPU uses what the map said before (ACRN_FLUSH_SYNC), or each has been told. */
void acrn_hvm_flush(struct acrn_hvm *vm);
/* A request of @vm is pending. */
void acrn_upcall_raise(struct acrn_hvm *vm);
/* Hypercalls that concern one VM begin and end with these; NULL: there is none of that number. */
struct acrn_hvm *acrn_hc_enter(struct acrn_sim *sim, u16 vmid, const char *what);
long acrn_hc_leave(struct acrn_hvm *vm, long ret);

/* --- vCPUs --- */

/* Where an access stopped, and what that is. */
struct acrn_fault {
	u64 gpa;
	enum vhm_request_type type;
};

/* What is asked of the service VM. @value: in and out. */
struct acrn_ask {
	enum vhm_request_type type;
	bool write;
	u64 address;
	unsigned int size;
	u64 value;
};

/* v->epoch was read when the VM was seen running. */
enum acrn_end acrn_vcpu_ask(struct acrn_vcpu *v, struct acrn_ask *ask);
/* The vCPU leaves or enters the guest: it forgets translations that have changed. */
void acrn_vcpu_entry(struct acrn_vcpu *v);
/* From finding a fault in the map, in that section, until the request is in its slot. */
void acrn_vcpu_asking(struct acrn_vcpu *v, bool on);

void acrn_vcpu_init(struct acrn_hvm *vm, unsigned int n);
void acrn_vcpu_exit(struct acrn_vcpu *v);
/* Whoever waits looks again; the VM's epoch has changed. */
void acrn_vcpu_kick(struct acrn_vcpu *v);
/* Completion was told. */
long acrn_vcpu_notify(struct acrn_vcpu *v);
void acrn_vcpu_reset(struct acrn_vcpu *v);

#endif
