/* SPDX-License-Identifier: MIT */
/*
 * Who is behind the services of vhm.h: a provider for each opened instance (the simulator, the
 * upstream HSM), found by the upper part of a VM's or client's number, so that several hypervisors
 * live in one process; what a kernel has beside its VHM; and the fault that a test injects.
 */
#ifndef ACRN_VHM_PROVIDER_H
#define ACRN_VHM_PROVIDER_H

#include "backends/acrn/vhm.h"

#define ACRN_PROVIDERS 30
/* A VM's number for vhm.h: the provider's index above the hypervisor's own number of it. */
#define VHM_VMID(index, id) ((unsigned long)(index) << 16 | (id))
#define VHM_VMID_LOCAL(vmid) ((unsigned long)(vmid) & 0xffffUL)
/* The same for clients. */
#define VHM_CLIENT(index, id) ((int)(index) << 20 | (id))
#define VHM_CLIENT_LOCAL(id) ((id) & 0xfffff)
/*
 * Each provider's machine has host-physical addresses of its own: 128 GiB from (index + 1) times
 * that, RAM in the lower half, pages of the core's in the upper. All are below 2^42.
 */
#define VHM_HPA_SHIFT 37
#define VHM_HPA_BASE(index) ((u64)((index) + 1) << VHM_HPA_SHIFT)

/** enum vhm_service - the services' numbers, for faults and logs. */
enum vhm_service {
#define VHM(route, kind, id, ...) VHM_ID_##id,
#include "backends/acrn/vhm.def"
#undef VHM
	VHM_SERVICES
};

/* What a provider can do beside what each can: clients, completion, MSI, guest memory. */
#define VHM_CAP_HPA (1U << 0) /* vhm_vm_gpa2hpa, virt_to_phys of any page */
#define VHM_CAP_WP (1U << 1) /* write_protect_page, and REQ_WP reaches clients */
#define VHM_CAP_IRQLINE (1U << 2) /* set_irqline */

/* Types of vhm.def's first parameters and results. */
#define VHM_T_VMID unsigned long
#define VHM_T_CLIENT int
#define VHM_T_VM struct vhm_vm *
#define VHM_T_HPA unsigned long
#define VHM_R_INT int
#define VHM_R_CLIENT int
#define VHM_R_VOID void
#define VHM_R_ULONG unsigned long
#define VHM_R_BUF struct vhm_request *
#define VHM_R_PTR void *
#define VHM_R_VM struct vhm_vm *
#define VHM_UNPACK(...) __VA_ARGS__

/**
 * struct vhm_services - what a provider fills in; NULL: not offered, answered as vhm.def says.
 * VM and client numbers are the provider's own (VHM_VMID_LOCAL(), VHM_CLIENT_LOCAL()).
 * @virt_to_phys: host-physical address of a page of this process; ~0: unknown. Of what
 *	map_guest_phys() answers every provider knows it - without VHM_CAP_HPA it is a number that
 *	only phys_to_virt() understands
 * @phys_to_virt: the way back, for one page; NULL: none. In a read section: valid until its end
 * @set_irqline: level of a global interrupt line of the VM. 0, -EFAULT. Never sleeps
 */
struct vhm_services {
#define VHM(route, kind, id, params, ...) \
	VHM_R_##kind (*id)(struct vhm_provider *, VHM_T_##route VHM_UNPACK params);
#include "backends/acrn/vhm.def"
#undef VHM
	u64 (*virt_to_phys)(struct vhm_provider *p, void *page);
	void *(*phys_to_virt)(struct vhm_provider *p, u64 hpa);
	int (*set_irqline)(struct vhm_provider *p, unsigned long vmid, unsigned int gsi,
			   bool level);
};

/**
 * struct vhm_fault - fails services on purpose, for Fail-N tests.
 * @services: a bit for each enum vhm_service that counts and may fail
 * @nth: this call of them fails, from 1; 0: none
 * @calls: made so far
 */
struct vhm_fault {
	u64 services;
	u64 nth;
	u64 calls;
};

/**
 * struct vhm_provider - one hypervisor, as an instance of a back end opened it.
 * @svc: stays valid
 * @name: of the back end, for sentences
 * @caps: VHM_CAP_*
 * @index: set by vhm_provider_add()
 * @fault: see there
 * @before: NULL, or called before each service, also one that fails on purpose
 */
struct vhm_provider {
	const struct vhm_services *svc;
	const char *name;
	unsigned int caps;
	unsigned int index;
	struct vhm_fault fault;
	void (*before)(struct vhm_provider *p, enum vhm_service id);
};

/**
 * struct acrn_dm_ops - a device model: what makes VMs and gives them RAM. @dm: its own. Any thread.
 * @vm_new: a running VM without RAM. @vmid: in: its number, 0: any; out. 0, -EEXIST, -ENOSPC,
 *	-ENOMEM, -EIO
 * @vm_end: and all that it has. Its clients of others' are gone, too
 * @ram_add: 0, -EINVAL (alignment, size 0, wraps, beyond the VM's address width), -EEXIST (RAM is
 *	there), -ENOMEM, -EIO. @readonly: stores to it are nobody's
 * @ram_remove: exactly one region; 0, -ENOENT. @keep: its memory stays, for the device, until
 *	@ram_free
 * @ram_move: the same memory elsewhere; 0, -ENOENT, -EINVAL, -EEXIST, -ENOMEM, -EIO
 * @ram_free: frees what ram_remove kept of a VM's
 */
struct acrn_dm_ops {
	int (*vm_new)(void *dm, u16 *vmid);
	void (*vm_end)(void *dm, u16 vmid);
	int (*ram_add)(void *dm, u16 vmid, u64 gpa, u64 size, bool readonly);
	int (*ram_remove)(void *dm, u16 vmid, u64 gpa, u64 size, bool keep);
	int (*ram_move)(void *dm, u16 vmid, u64 gpa, u64 size, u64 new_gpa);
	void (*ram_free)(void *dm, u16 vmid);
};

/* 0 and @p->index, -ENOSPC. Any thread. */
int acrn_provider_add(struct vhm_provider *p);
/* No service runs and none will be called with its numbers. */
void acrn_provider_del(struct vhm_provider *p);
const char *acrn_service_name(enum vhm_service id);

#endif
