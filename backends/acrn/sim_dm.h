/* SPDX-License-Identifier: MIT */
/*
 * The simulated device model's own: its VMs, and their RAM. sim_dm.c makes, ends and serves VMs,
 * sim_ram.c gives them RAM.
 */
#ifndef ACRN_SIM_DM_H
#define ACRN_SIM_DM_H

#include "backends/acrn/sim_svc.h"

/* One at a time, others wait in order of luck; unlike a lock it may be held in hypercalls. */
struct acrn_gate {
	bool shut;
	struct acrn_door door;
};

/* A piece of RAM in one piece of the machine. @off: from the region's begin */
struct acrn_piece {
	u64 off, size, hpa;
};

/* A region as it was added. */
struct acrn_ram {
	struct acrn_ram *next;
	u64 gpa, size;
	bool readonly;
	u64 n;
	struct acrn_piece piece[];
};

/*
 * A VM of the device model's. @refs: the list's, and each caller's that uses it
 * @ended: nothing may be added any more
 * @ram_gate: RAM is being changed; @serve_gate: requests are served, or the VM is being reset
 * @ram: what the guest has, @kept: what only the device may still have. Under @ram_gate.
 */
struct acrn_dm_vm {
	struct acrn_dm_vm *next;
	struct acrn_sim *sim;
	u16 id;
	unsigned int refs;
	bool ended;
	int client;
	struct acrn_svm *svm;
	union vhm_request_buffer *page;
	struct acrn_thread thread;
	struct acrn_gate ram_gate, serve_gate;
	struct acrn_ram *ram, *kept;
};

void acrn_gate_init(struct acrn_gate *g, const char *what);
void acrn_gate_enter(struct acrn_sim *sim, struct acrn_gate *g);
void acrn_gate_leave(struct acrn_sim *sim, struct acrn_gate *g);

/* NULL: none. */
struct acrn_dm_vm *acrn_dm_get(struct acrn_sim *sim, u16 vmid);
void acrn_dm_put(struct acrn_dm_vm *vm);

/* --- sim_ram.c; members of struct acrn_dm_ops --- */
int acrn_ram_add(void *dm, u16 vmid, u64 gpa, u64 size, bool readonly);
int acrn_ram_remove(void *dm, u16 vmid, u64 gpa, u64 size, bool keep);
int acrn_ram_move(void *dm, u16 vmid, u64 gpa, u64 size, u64 new_gpa);
void acrn_ram_free(void *dm, u16 vmid);
/* The VM's records of all its RAM go; the memory itself with acrn_ram_end(). */
void acrn_ram_forget(struct acrn_dm_vm *vm);
void acrn_ram_end(struct acrn_dm_vm *vm);

#endif
