/* SPDX-License-Identifier: MIT */
/*
 * The simulated VHM's own: VMs with their memory records, clients with their ranges. Readers of the
 * tables run in mpt_rcu sections; who keeps a VM or a client counts a reference.
 *
 * Locks, all leaves: acrn_svc.lock (which VMs and ids there are), acrn_svm.lock (its clients, their
 * ranges and maps). None is held in a scheduling point, a handler or a hypercall. acrn_svm.scan is
 * around all of them and around hypercalls: who has it hands the VM's requests out.
 */
#ifndef ACRN_SIM_SVC_H
#define ACRN_SIM_SVC_H

#include <mpt/rcu.h>

#include "backends/acrn/sim.h"

#define ACRN_CLIENTS 1024
#define ACRN_CLIENTS_2018 64

/* A piece of guest memory in one piece of the machine. */
struct acrn_record {
	u64 gpa, size;
	u8 *host;
};

/* The records of 2 MiB of guest-physical addresses, in order; immutable. */
struct acrn_chunk {
	unsigned int n;
	struct acrn_record r[];
};

/* Of 1 GiB: one record for all of it, or those of its parts. */
struct acrn_giant {
	struct acrn_chunk *whole;
	struct acrn_chunk *chunk[512];
};

struct acrn_range {
	struct acrn_range *next;
	u32 type;
	long start, end; /* both inclusive */
	u64 serial;
};

/* Of a client with a handler: its thread. */
enum acrn_attach { ACRN_ATTACH_NO, ACRN_ATTACH_BEGUN, ACRN_ATTACH_DONE };

/*
 * A client. @refs: its id's, and each caller's that uses it
 * @map: slots in PROCESSING that are its; bits are set under the VM's lock, cleared by anybody
 * @serial: newer clients and ranges have larger ones
 */
struct acrn_client {
	struct acrn_client *next; /* of the VM's, newest first */
	struct acrn_svm *svm;
	unsigned int refs;
	int id;
	u64 serial;
	char name[16];
	bool fallback, bdf_on;
	u32 attached; /* enum acrn_attach */
	int bus, dev, func;
	ioreq_handler_t handler;
	void *priv;
	char apart[ACRN_APART];
	unsigned long map;
	bool destroying;
	char apart2[ACRN_APART];
	u64 handed; /* requests so far; counted before the bit is set */
	struct acrn_range *ranges; /* newest first */
	struct acrn_door door;
	struct acrn_thread thread;
};

/* A VM. @refs: the table's, each client's, and callers' of find_get_vm() and get_vm(). */
struct acrn_svm {
	struct vhm_vm base;
	struct acrn_sim *sim;
	struct acrn_hvm *hvm;
	unsigned int refs;
	u16 id;
	u64 serial; /* newer VMs have larger ones */
	bool freed; /* acrn_ioreq_free() was here */
	union vhm_request_buffer *page;
	u32 pci_addr; /* what port 0xcf8 holds */
	u32 pci_wrote; /* what its guest wrote there last; scan */
	int max_gfn;
	u64 giants;
	struct acrn_giant **giant;
	struct os_mutex scan; /* seeded: not used; the one dispatcher has points in it */
	struct os_mutex lock;
	struct acrn_client *clients;
	struct acrn_client *fallback;
	unsigned int completing; /* clients' completions that are under way */
	struct acrn_svm *next; /* of acrn_svc.list */
	void (*gone)(void *arg); /* NULL, or when the last reference has been given back */
	void *gone_arg;
};

struct acrn_svc {
	struct acrn_sim *sim;
	struct os_mutex lock;
	struct acrn_svm *list; /* oldest first: the order of scans */
	unsigned int alive; /* VMs of which somebody has a reference */
	struct acrn_svm **vm[256]; /* by number; read in sections */
	struct acrn_client *client[ACRN_CLIENTS];
	int next_id;
	u64 serial;
	u32 pci_addr; /* for ACRN_BUG_CF8_SHARED */
	bool stop;
	u64 flushes, flushed; /* asked for, done; acrn_dispatcher_flush() */
	struct acrn_door flush_door;
	struct acrn_thread dispatcher;
	struct acrn_dm_vm *dm; /* sim_dm.c's, under lock */
};

static inline struct acrn_svc *acrn_svc(struct acrn_sim *sim)
{
	return *acrn_sim_svc(sim);
}

static inline struct acrn_svm *acrn_svm_of(struct vhm_vm *vm)
{
	return OS_CONTAINER_OF(vm, struct acrn_svm, base);
}

/* --- sim_vhm.c --- */
struct acrn_svm *acrn_svm_get(struct acrn_sim *sim, u16 vmid); /* NULL: unknown */
void acrn_svm_put(struct acrn_svm *svm); /* sleeps */

/* --- sim_records.c --- */
int acrn_records_init(struct acrn_svm *svm);
void acrn_records_exit(struct acrn_svm *svm);
/* In a section: the record that holds an address, or NULL. */
const struct acrn_record *acrn_record_at(const struct acrn_svm *svm, u64 gpa);

/* --- sim_client.c: clients and ranges; the services of the same names --- */
int acrn_client_new(struct vhm_provider *p, unsigned long vmid, ioreq_handler_t handler,
		    void *client_priv, char *name);
int acrn_client_new_fallback(struct vhm_provider *p, unsigned long vmid, char *name);
void acrn_client_destroy(struct vhm_provider *p, int id);
int acrn_client_add_range(struct vhm_provider *p, int id, uint32_t type, long start, long end);
int acrn_client_del_range(struct vhm_provider *p, int id, uint32_t type, long start, long end);
void acrn_client_intercept(struct vhm_provider *p, int id, int bus, int dev, int func);
void acrn_client_unintercept(struct vhm_provider *p, int id);
int acrn_client_attach(struct vhm_provider *p, int id);
struct vhm_request *acrn_client_reqbuf(struct vhm_provider *p, int id);
struct acrn_client *acrn_client_get(struct acrn_sim *sim, int id);
void acrn_client_put(struct acrn_client *c);
/* All of a VM's. */
void acrn_clients_end(struct acrn_svm *svm);

/* --- sim_ioreq.c: requests --- */
int acrn_ioreq_distribute(struct vhm_provider *p, struct vhm_vm *vm);
int acrn_ioreq_complete(struct vhm_provider *p, int id, uint64_t vcpu, struct vhm_request *req);
void acrn_ioreq_clear(struct vhm_provider *p, struct vhm_vm *vm);
/* In a vCPU's thread: true, what is pending in its VM was handed out. */
bool acrn_upcall_here(struct acrn_sim *sim, u16 vmid);
/* A whole scan of all VMs has begun and ended since: what the ioctl does in front of a clear. */
void acrn_dispatcher_flush(struct acrn_sim *sim);
/* One whose client has gone: to the fallback client, or answered with all ones. */
void acrn_ioreq_orphan(struct acrn_svm *svm, unsigned int slot);

#endif
