/* SPDX-License-Identifier: MIT */
/*
 * acrn-sim: a hypervisor with ACRN's request page, and the service VM's VHM over it, in process.
 * What the simulator's files share, and what a test of it uses. It knows the request ABI (vhm.h)
 * and nothing of cores, hosts or the back end above.
 *
 *   sim_profile.c  versions of the hypervisor and of VHM, as data
 *   sim_sched.c    points where actors may be switched; seeded or free
 *   sim_check.c    the invariants' complaints
 *   sim_mem.c      host-physical memory
 *   sim_ept.c      a VM's guest-physical map
 *   sim_machine.c  a machine begins and ends
 *   sim_hv.c       hypercalls and VMs
 *   sim_vcpu.c     what a vCPU does: accesses
 *   sim_request.c  a vCPU's request: the slot, waiting, being told
 *   sim_lapic.c    MSIs
 *   sim_vhm.c      VHM: VMs, memory records; the provider's table
 *   sim_ioreq.c    VHM: clients, ranges, the dispatcher
 *   sim_dm.c       the device model: makes and ends VMs, owns the fallback client
 *   sim_hsm.c      the upstream HSM's ioctls over the same hypervisor
 *
 * Lock order: acrn_hvm.hc (a hypercall), acrn_sim.life (VMs come and go), then the leaf locks
 * (memory, service lists, one at a time). None is held while a handler or a hook runs, while a vCPU
 * waits, or in a scheduling point.
 */
#ifndef ACRN_SIM_H
#define ACRN_SIM_H

#include <mpt/error.h>

#include "backends/acrn/vhm_provider.h"
#include "libmpt/os.h"

struct acrn_sim;
struct acrn_hvm;

#define ACRN_VMS 512 /* at a time; number 0 is the service VM, the others any 16 bits */
#define ACRN_GPA_BITS_MIN 32
#define ACRN_GPA_BITS_MAX 46

/* --- profiles: versions as data --- */

enum acrn_flush {
	ACRN_FLUSH_SYNC, /* a changed entry is seen by all vCPUs on return */
	ACRN_FLUSH_NEXT, /* by a vCPU at its next exit */
	ACRN_FLUSH_RANDOM, /* or a while later */
};

/* What VHM generations get wrong; each can be switched alone, to see that a check notices. */
#define ACRN_BUG_ID_FIRST (1U << 0) /* destroy forgets the id before the thread has ended */
#define ACRN_BUG_BIT_LATE (1U << 1) /* PROCESSING is stored before the map's bit is set */
#define ACRN_BUG_HANDLER_ENDS (1U << 2) /* a handler that answers < 0 ends its thread */
#define ACRN_BUG_CF8_SHARED (1U << 3) /* one address latch for all VMs */
#define ACRN_BUG_SCAN_BREAKS (1U << 4) /* a VM without a page ends the scan of all VMs */
#define ACRN_BUG_SCAN_RETURNS (1U << 5) /* a request that nobody takes ends its VM's scan */
#define ACRN_BUG_VCPU_TRUSTED (1U << 6) /* complete_request does not check the vCPU number */
#define ACRN_BUG_POLL_LATE (1U << 7) /* completion_polling is read after COMPLETE */
#define ACRN_BUG_NOTIFY_TWICE (1U << 8)
#define ACRN_BUG_CONTENT_LATE (1U << 9) /* the hypervisor fills the slot after PENDING */

struct acrn_profile {
	const char *name; /* as in acrn-sim:profile=NAME */
	const char *summary;
	bool add_present_fails; /* MR_ADD over a present page: the hypercall fails; else it stays */
	bool del_absent_fails;
	bool modify_deletes; /* an unknown region type deletes; else it adds */
	bool range_refused; /* a range the VM cannot have: -EINVAL; else 0 and nothing */
	bool destroy_pauses;
	bool lock_each; /* every hypercall holds its VM's lock; else life cycle ones a global one */
	bool sticky_event; /* notify sets a flag that stays; else it wakes who sleeps */
	bool identity; /* service VM address == host address */
	bool hsm; /* service side: the upstream HSM, by ioctls; no WP, no gpa2hpa */
	bool ids_from_zero; /* client ids 0 to 63, lowest first; else 1 to 1023 in turn */
	enum acrn_flush flush;
	unsigned int bugs; /* ACRN_BUG_* */
	int no_vm; /* answer where no VM has the number */
	int refused; /* of notify, gpa2hpa, an empty list of regions */
};

/* "2018", "2019", "2020", "upstream", "strict"; NULL ends. */
const struct acrn_profile *acrn_profile_each(unsigned int i);
const struct acrn_profile *acrn_profile_find(const char *name);

/* --- the simulator --- */

/**
 * struct acrn_sim_config - how a machine is made.
 * @profile: NULL: "strict"
 * @bugs: ACRN_BUG_* added to the profile's
 * @seed: of every chance there is
 * @seeded: actors take turns in an order that the seed decides (sim_sched.c)
 * @polling: VMs poll for completion
 * @spin: who waits looks again for a while before it sleeps; seeded: not used
 * @vcpus: of a VM made by the device model, 1 to VHM_REQUEST_MAX
 * @gpa_bits: ACRN_GPA_BITS_MIN to _MAX
 * @huge_records: one record of guest memory for each 1 GiB that is whole, not only for each 2 MiB
 * @contiguous: 2 MiB of aligned guest RAM are contiguous in the machine
 * @cross_at_begin: an operand that faults only in its second page is reported at its own begin;
 *	else at the page's, as the processor says it, with the whole operand's size and value
 * @patience_ms: how long a vCPU waits for a completion before I12 is counted and the access ends
 *	with ACRN_GONE; 0: 60 s. Seeded: not used, a deadlock is seen at once
 */
struct acrn_sim_config {
	const struct acrn_profile *profile;
	unsigned int bugs;
	u64 seed;
	bool seeded, polling, spin;
	unsigned int vcpus;
	unsigned int gpa_bits;
	bool huge_records, contiguous, cross_at_begin;
	unsigned int patience_ms;
};

/**
 * struct acrn_sim_hooks - whom the simulator calls; all with @arg of acrn_hvm_hooks(). No lock is
 *	held. Where there are none: all ones, dropped.
 * @device: an access to host-physical memory that is no RAM (the aperture), within a page
 * @msi: a message was accepted; @merged: into a vector that was pending already
 * @pin: a rising edge of interrupt line @gsi
 * @stray: the device model got a request that it has no device for
 */
struct acrn_sim_hooks {
	void (*device)(void *arg, u64 hpa, void *buf, unsigned int len, bool write);
	void (*msi)(void *arg, u32 addr, u32 data, bool merged);
	void (*pin)(void *arg, unsigned int gsi);
	void (*stray)(void *arg, const struct vhm_request *req);
};

/* 0, -ENOMEM, -ENOSPC (ACRN_PROVIDERS machines). */
int acrn_sim_new(const struct acrn_sim_config *config, struct acrn_sim **sim);
/* No VM but the service VM is left, or they are ended here. */
void acrn_sim_free(struct acrn_sim *sim);
/* The services over it; a profile with hsm has nobody who asks them (sim_hsm.c). */
struct vhm_provider *acrn_sim_provider(struct acrn_sim *sim);
/* And back. */
struct acrn_sim *acrn_sim_of(struct vhm_provider *p);
/* As asked for, with the profile in it; and ACRN_BUG_* of both. */
const struct acrn_sim_config *acrn_sim_config(const struct acrn_sim *sim);
unsigned int acrn_sim_bugs(const struct acrn_sim *sim);

/* The service side's own (sim_vhm.c): its table, and its state, kept at acrn_sim_svc(). */
extern const struct vhm_services acrn_sim_services;
/* 0, -ENOMEM. Last in acrn_sim_new(), first in acrn_sim_free(). */
int acrn_svc_init(struct acrn_sim *sim);
void acrn_svc_exit(struct acrn_sim *sim);
void **acrn_sim_svc(struct acrn_sim *sim);

/* --- scheduling (sim_sched.c) ---
 *
 * An actor is a thread that touches the simulator: vCPUs, the dispatcher, client threads, whoever
 * calls a service. Free: points cost nothing and waits are real. Seeded: one actor runs at a time;
 * at each point the seed picks who goes on, so a run is a function of its seed.
 *
 * Seeded, actors are the threads of acrn_thread_start() and the one that made the machine. Others
 * are not held up: they may call everything, but then the seed does not decide all. An actor that
 * blocks on something that the simulator does not know (pthread_join) steps outside before, for
 * nobody else runs meanwhile. When nobody can run, the machine's clock jumps to the next timeout;
 * where there is none, it is a deadlock: I12 says who waits for what, and from then on no wait of
 * this machine lasts: all answer false, which who waits without timeout takes for the end.
 */

/* Something may have changed, and somebody waits for it. A futex: nothing to give back. */
struct acrn_door {
	u32 seq; /* rings */
	unsigned int waiters;
	const char *what; /* for who waits in vain */
};

void acrn_door_init(struct acrn_door *d, const char *what);
void acrn_door_ring(struct acrn_sim *sim, struct acrn_door *d);
/*
 * Until @cond says true; it is asked again after each ring and may have effects only when it says
 * true. false: @timeout_ms (0: none) have passed; seeded, when nobody else can run. @d: NULL:
 * nobody rings, it is polled.
 */
bool acrn_door_wait(struct acrn_sim *sim, struct acrn_door *d, bool (*cond)(void *arg), void *arg,
		    unsigned int timeout_ms);

/* Actors may be switched here. @what: for the trace. Never with a lock of the simulator. */
void acrn_point(struct acrn_sim *sim, const char *what);
/* Nested: between them the thread is not switched but for waits: it holds somebody's lock. */
void acrn_sched_hold(struct acrn_sim *sim);
void acrn_sched_release(struct acrn_sim *sim);
/* The actor does something that the simulator cannot see; the others go on. Not nested. */
void acrn_sched_outside(struct acrn_sim *sim, bool outside);

/*
 * One line an event, without newline: step, actor, what, and the numbers of it (no host addresses:
 * those differ from run to run). @fn: NULL: none. The hash is of all lines of a seeded machine.
 */
typedef void acrn_trace_fn(void *arg, const char *line);
void acrn_sim_trace(struct acrn_sim *sim, acrn_trace_fn *fn, void *arg);
u64 acrn_trace_hash(struct acrn_sim *sim);

/* Between what one thread looks at again and again and what others write. */
#define ACRN_APART 64

/* A thread of the simulator's, which is an actor from its begin; joined with acrn_thread_join(). */
struct acrn_thread {
	pthread_t id;
	struct acrn_sim *sim;
	void (*fn)(void *arg);
	void *arg;
	char name[16];
	bool started, done;
	struct acrn_task *task;
};

/* 0, -ENOMEM. */
int acrn_thread_start(struct acrn_sim *sim, struct acrn_thread *t, const char *name,
		      void (*fn)(void *arg), void *arg);
void acrn_thread_join(struct acrn_thread *t);

/* Chance, by the seed. */
u64 acrn_random(struct acrn_sim *sim);

/* --- invariants (sim_check.c; doc/acrn.md) --- */

#define ACRN_INVARIANTS 27 /* I1 to I26; [0]: the simulator's own */

/* Counted by number; the first sentences are kept. Not fatal. */
void acrn_broken(struct acrn_sim *sim, unsigned int invariant, const char *fmt, ...)
	MPT_PRINTF(3, 4);
u64 acrn_broken_count(struct acrn_sim *sim, unsigned int invariant);
u64 acrn_broken_all(struct acrn_sim *sim);
/* The @n-th sentence, NULL: none. Valid until the simulator goes. */
const char *acrn_broken_say(struct acrn_sim *sim, unsigned int n);
/* Of all simulators of the process that there ever were: what a test runner looks at. */
u64 acrn_broken_ever(void);
/* A documented divergence (RMW values, stores in a flush window): not broken. */
void acrn_diverged(struct acrn_sim *sim, const char *what);
u64 acrn_diverged_count(struct acrn_sim *sim);

/*
 * Every change of a slot's state goes through here: who may do what, and that nobody was faster.
 * false: the slot was not in @from (counted as I1).
 */
enum acrn_actor { ACRN_HV, ACRN_DISPATCHER, ACRN_COMPLETER };
bool acrn_slot_move(struct acrn_hvm *vm, unsigned int slot, u32 from, u32 to, enum acrn_actor who);
/* The slot's completion_polling; read through here before each COMPLETE (I7). */
bool acrn_slot_polling(struct acrn_hvm *vm, unsigned int slot);

/* --- host-physical memory (sim_mem.c) --- */

/* @size, @align: bytes, page multiples, a power of two. ~0: none left. Zeroed. */
u64 acrn_mem_alloc(struct acrn_sim *sim, u64 size, u64 align);
void acrn_mem_free(struct acrn_sim *sim, u64 hpa, u64 size);
/* One page; NULL: no memory there (a device's, or nothing). */
void *acrn_mem_virt(struct acrn_sim *sim, u64 hpa);
/* Of an allocated page, or of any page of the process, which gets a number of its own. ~0: none. */
u64 acrn_mem_phys(struct acrn_sim *sim, void *page);
/* The service VM's address of a host one and back; the same but for a profile without identity. */
u64 acrn_mem_to_service(struct acrn_sim *sim, u64 hpa);
u64 acrn_mem_from_service(struct acrn_sim *sim, u64 gpa);

/* --- EPT (sim_ept.c): 4-level, leaves of 4 KiB, 2 MiB, 1 GiB --- */

struct acrn_ept_leaf {
	u64 hpa; /* of the page asked for */
	u64 size; /* of the leaf */
	unsigned int rights; /* MEM_ACCESS_* */
	unsigned int type; /* MEM_TYPE_* */
};

/* false: not present. Lock-free, in a read section. */
bool acrn_ept_look(struct acrn_hvm *vm, u64 gpa, struct acrn_ept_leaf *leaf);
u64 acrn_ept_pages(struct acrn_hvm *vm); /* 4 KiB pages present */
u64 acrn_ept_tables(struct acrn_hvm *vm); /* splits make them, only the end frees them */
/*
 * All leaves from @gpa on, in order, neighbours that continue each other as one (@leaf->size is
 * then the piece's): two snapshots are equal if the guest cannot tell them apart. false from @fn
 * ends.
 */
void acrn_ept_each(struct acrn_hvm *vm, u64 gpa,
		   bool (*fn)(void *arg, u64 gpa, const struct acrn_ept_leaf *leaf), void *arg);
/* The same as a number (I18). */
u64 acrn_ept_hash(struct acrn_hvm *vm);

/* --- hypercalls (sim_hv.c): 0 or what the profile's version answers --- */

enum acrn_vm_state { ACRN_OFF, ACRN_CREATED, ACRN_RUNNING, ACRN_PAUSED };

/* Types of a region (HC_VM_SET_MEMORY_REGIONS). */
#define ACRN_MR_ADD 0U
#define ACRN_MR_DEL 2U
#define ACRN_MR_MODIFY 3U

struct acrn_region {
	u32 type;
	u32 prot; /* MEM_TYPE_* | MEM_ACCESS_* */
	u64 gpa;
	u64 service_gpa;
	u64 size;
};

/* @vmid: in: the number it shall have, 0: the lowest free one; out. */
long acrn_hc_create_vm(struct acrn_sim *sim, unsigned int vcpus, bool polling, u16 *vmid);
long acrn_hc_destroy_vm(struct acrn_sim *sim, u16 vmid);
long acrn_hc_start_vm(struct acrn_sim *sim, u16 vmid);
long acrn_hc_pause_vm(struct acrn_sim *sim, u16 vmid);
long acrn_hc_reset_vm(struct acrn_sim *sim, u16 vmid);
long acrn_hc_set_ioreq_buffer(struct acrn_sim *sim, u16 vmid, union vhm_request_buffer *page);
long acrn_hc_notify(struct acrn_sim *sim, u16 vmid, u16 vcpu);
long acrn_hc_inject_msi(struct acrn_sim *sim, u16 vmid, u64 addr, u64 data);
long acrn_hc_set_irqline(struct acrn_sim *sim, u16 vmid, u32 gsi, u32 op);
long acrn_hc_gpa2hpa(struct acrn_sim *sim, u16 vmid, u64 gpa, u64 *hpa);
long acrn_hc_set_regions(struct acrn_sim *sim, u16 vmid, const struct acrn_region *r, u32 nr);
long acrn_hc_write_protect(struct acrn_sim *sim, u16 vmid, u64 gpa, bool set);

/* Lines of a VM that acrn_hc_set_irqline() takes. */
#define ACRN_PINS 256

/* NULL: off. Valid until the VM is destroyed; with a reference, until that is given back. */
struct acrn_hvm *acrn_hvm_find(struct acrn_sim *sim, u16 vmid);
struct acrn_hvm *acrn_hvm_get(struct acrn_sim *sim, u16 vmid);
void acrn_hvm_put(struct acrn_hvm *vm);
struct acrn_sim *acrn_hvm_sim(struct acrn_hvm *vm);
u16 acrn_hvm_id(struct acrn_hvm *vm);
/* Of the whole VM or NULL; @hooks stays valid. What runs in a hook may still do so on return. */
void acrn_hvm_hooks(struct acrn_hvm *vm, const struct acrn_sim_hooks *hooks, void *arg);
const struct acrn_sim_hooks *acrn_hvm_hooked(struct acrn_hvm *vm, void **arg);
enum acrn_vm_state acrn_hvm_state(struct acrn_hvm *vm);
union vhm_request_buffer *acrn_hvm_page(struct acrn_hvm *vm);
unsigned int acrn_hvm_vcpus(struct acrn_hvm *vm);
/* Edges merge; the service side's dispatcher waits here, until the count is another. */
struct acrn_door *acrn_sim_upcall(struct acrn_sim *sim);
u64 acrn_sim_upcalls(struct acrn_sim *sim);
/*
 * Or, not seeded: the interrupt is taken where the vCPU left its guest, by that thread. false from
 * @fn: it did nothing, and the dispatcher is called. Before there are VMs.
 */
void acrn_sim_upcall_here(struct acrn_sim *sim, bool (*fn)(struct acrn_sim *sim, u16 vmid));

/* --- vCPUs (sim_vcpu.c) --- */

/* How an access ended. */
enum acrn_end {
	ACRN_DONE,
	ACRN_GP, /* the slot was taken: #GP into the guest (ACRN's hypervisor, io_req.c) */
	ACRN_GONE, /* the VM was paused, reset or destroyed; the vCPU is parked */
	ACRN_STALE, /* resumed without completion (a broken notify); counted as I6 */
};

/*
 * A vCPU is used by one thread at a time; borrowing waits for the lowest idle one. NULL: deadlock.
 * Whoever has borrowed one keeps the structures, also of a VM that ends meanwhile; acrn_vcpu() does
 * not.
 */
struct acrn_vcpu *acrn_vcpu_borrow(struct acrn_hvm *vm);
void acrn_vcpu_return(struct acrn_vcpu *vcpu);
struct acrn_vcpu *acrn_vcpu(struct acrn_hvm *vm, unsigned int n);
unsigned int acrn_vcpu_number(const struct acrn_vcpu *vcpu);

/* @size: 1, 2, 4, 8; any alignment, a page crossed included. */
enum acrn_end acrn_vcpu_load(struct acrn_vcpu *v, u64 gpa, void *val, unsigned int size);
enum acrn_end acrn_vcpu_store(struct acrn_vcpu *v, u64 gpa, const void *val, unsigned int size);
enum acrn_end acrn_vcpu_in(struct acrn_vcpu *v, u16 port, u32 *val, unsigned int size);
enum acrn_end acrn_vcpu_out(struct acrn_vcpu *v, u16 port, u32 val, unsigned int size);
/* or, and to memory: on a trapped page the hypervisor computes with 0 (ACRN, io_req.c). */
enum acrn_end acrn_vcpu_rmw(struct acrn_vcpu *v, u64 gpa, u64 val, unsigned int size, bool and_);
/* By 0xcf8 and 0xcfc; the guest's own lock around both is the caller's. */
enum acrn_end acrn_vcpu_cfg(struct acrn_vcpu *v, unsigned int bdf, unsigned int reg, u32 *val,
			    unsigned int size, bool write);
/* RAM without a request, in one piece: false where some byte is not plainly there. */
/* Waits for vCPUs that have found a fault and not asked yet; the map is changed, sections ended. */
void acrn_vcpus_settle(struct acrn_hvm *vm);
bool acrn_vcpu_plain(struct acrn_vcpu *v, u64 gpa, void *buf, unsigned int len, bool write);
/* The highest pending vector is taken and ended; -1: none. Where the testbed is, at once. */
int acrn_vcpu_take_irq(struct acrn_vcpu *v);
/* Messages so far that were delivered, merged into a pending vector, dropped silently (I26). */
void acrn_msi_counts(struct acrn_hvm *vm, u64 *delivered, u64 *merged, u64 *dropped);
void acrn_vcpu_irq_at_once(struct acrn_hvm *vm, bool on);

/* --- the service side (sim_vhm.c, sim_ioreq.c) --- */

/* A VM becomes known to VHM, by its number; 0, -EEXIST, -ENOMEM. */
int acrn_svm_add(struct acrn_sim *sim, u16 vmid);
/* The list's reference goes. */
void acrn_svm_del(struct acrn_sim *sim, u16 vmid);
/* Guest RAM that VHM may hand out by map_guest_phys(); a record for each piece (sim_vhm.c). */
int acrn_svm_record(struct acrn_sim *sim, u16 vmid, u64 gpa, u64 size, u64 hpa);
void acrn_svm_unrecord(struct acrn_sim *sim, u16 vmid, u64 gpa, u64 size);
/* The calling thread enters or leaves atomic context: no service that may sleep (I24). Nests. */
void acrn_atomic(bool on);
/* The dispatcher: one thread for all VMs, "service VM CPU 0". */
int acrn_dispatcher_start(struct acrn_sim *sim);
void acrn_dispatcher_stop(struct acrn_sim *sim);

/* --- the device model (sim_dm.c): what acrn-dm does over VHM --- */

/* @dm is the simulator. */
extern const struct acrn_dm_ops acrn_sim_dm_ops;
/* PAUSE, clear, RESET, START; the clients stay. 0, -ESRCH, -EIO. */
int acrn_sim_vm_reset(struct acrn_sim *sim, u16 vmid);

/* --- the upstream HSM (sim_hsm.c): one open file; answers -errno as ioctl(2) would --- */

struct acrn_hsm_file;
int acrn_sim_hsm_open(struct acrn_sim *sim, struct acrn_hsm_file **file);
int acrn_sim_hsm_ioctl(struct acrn_hsm_file *file, unsigned int cmd, unsigned long arg);
void acrn_sim_hsm_close(struct acrn_hsm_file *file);
/* A signal for the thread that waits in ATTACH; nothing where none does. */
void acrn_sim_hsm_interrupt(struct acrn_hsm_file *file);

#endif
