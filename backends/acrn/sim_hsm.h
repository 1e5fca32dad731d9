/* SPDX-License-Identifier: MIT */
/*
 * The simulated HSM among its files: sim_hsm.c answers ioctls, sim_hsm_ioreq.c moves requests,
 * vhm_hsm_sim.c lets our services run over both.
 *
 * Locks, all leaves: the module's list, acrn_hsm_file.lock (its client and its requests). None is
 * held in a scheduling point or a hypercall.
 */
#ifndef ACRN_SIM_HSM_H
#define ACRN_SIM_HSM_H

#include <sys/ioctl.h>

#include <linux/acrn.h>

#include "backends/acrn/sim.h"

/* What a kernel with the module has: the VMs, and one dispatcher for all. @refs: open files. */
struct acrn_hsm_mod {
	struct acrn_hsm_mod *next;
	struct acrn_sim *sim;
	unsigned int refs;
	bool stop;
	struct os_mutex lock;
	struct acrn_hsm_file *files; /* with a VM */
	struct acrn_hsm_file *scanned; /* by the dispatcher, outside the lock */
	struct acrn_thread dispatcher;
};

/*
 * A file, and its VM. @client: the default client is there; @map: its slots; @inside: threads that
 * wait on it; @signal: one of them is interrupted
 */
struct acrn_hsm_file {
	struct acrn_hsm_file *next;
	struct acrn_hsm_mod *mod;
	struct acrn_hvm *hvm;
	bool created;
	u16 vmid;
	unsigned int vcpus, records;
	union vhm_request_buffer *page;
	u32 pci_addr; /* what port 0xcf8 holds */
	struct os_mutex lock;
	bool client, ending, clearing;
	unsigned long map;
	unsigned int inside;
	bool signal;
	struct acrn_door door;
};

/* --- sim_hsm_ioreq.c --- */
struct acrn_hsm_mod *acrn_hsm_mod_get(struct acrn_sim *sim); /* NULL: no memory */
void acrn_hsm_mod_put(struct acrn_hsm_mod *mod);
void acrn_hsm_list(struct acrn_hsm_file *f);
void acrn_hsm_unlist(struct acrn_hsm_file *f); /* the dispatcher has left it on return */
int acrn_hsm_client_begin(struct acrn_hsm_file *f);
int acrn_hsm_client_wait(struct acrn_hsm_file *f);
void acrn_hsm_client_end(struct acrn_hsm_file *f);
int acrn_hsm_default_complete(struct acrn_hsm_file *f, unsigned int vcpu);
void acrn_hsm_requests_clear(struct acrn_hsm_file *f);

#endif
