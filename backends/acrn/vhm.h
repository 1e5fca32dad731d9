/* SPDX-License-Identifier: MIT */
/*
 * The services of ACRN's VHM that a GVT-g back end calls, under their published names and with
 * their published signatures (the last generation: ACRN kernel 4.19, include/linux/vhm/). Here they
 * are functions of this library, which vhm.c hands to the provider that the VM or the client belongs
 * to (vhm_provider.h); in a kernel that has a VHM they are the kernel's own.
 *
 * Common to all: the errnos are VHM's, not this library's closed set, and mean little more than
 * "failed". Unknown VMs and clients are answered, never followed. Which call may sleep stands at
 * each.
 */
#ifndef ACRN_VHM_H
#define ACRN_VHM_H

#include <mpt/types.h>

/*
 * Global names in a static archive carry our prefix; the published ones are what C sees. Those that
 * begin with acrn_ have one.
 */
#ifdef __KERNEL__
#define VHM_SYMBOL(name)
#else
#define VHM_SYMBOL(name) __asm__("acrn_vhm_" #name)
#endif

/* --- the request page (ACRN kernel 4.19, acrn_common.h; Linux 6.1, uapi/linux/acrn.h) --- */

/** VHM_REQUEST_MAX - slots of a VM's request page; slot n is vCPU n's. */
#define VHM_REQUEST_MAX 16

/** enum vhm_request_type - what a request is. WP is in no uapi header, but hypervisors send it. */
enum vhm_request_type {
	REQ_PORTIO = 0,
	REQ_MMIO = 1,
	REQ_PCICFG = 2,
	REQ_WP = 3,
};

/** enum vhm_request_direction - of an access. */
enum vhm_request_direction {
	REQUEST_READ = 0,
	REQUEST_WRITE = 1,
};

/**
 * enum vhm_request_state - the slot's only lock.
 * @REQ_STATE_PENDING: the hypervisor has filled the slot
 * @REQ_STATE_COMPLETE: answered; the hypervisor's again
 * @REQ_STATE_PROCESSING: handed to a client
 * @REQ_STATE_FREE: no request
 */
enum vhm_request_state {
	REQ_STATE_PENDING = 0,
	REQ_STATE_COMPLETE = 1,
	REQ_STATE_PROCESSING = 2,
	REQ_STATE_FREE = 3,
};

/** struct vhm_mmio_request - REQ_MMIO and REQ_WP. @address, @size: bytes. */
struct vhm_mmio_request {
	u32 direction;
	u32 reserved;
	u64 address;
	u64 size;
	u64 value;
};

/** struct vhm_pio_request - REQ_PORTIO. @address: port; @size: bytes. */
struct vhm_pio_request {
	u32 direction;
	u32 reserved;
	u64 address;
	u64 size;
	u32 value;
};

/** struct vhm_pci_request - REQ_PCICFG; made by VHM of a port request. @size: bytes. */
struct vhm_pci_request {
	u32 direction;
	u32 reserved[3];
	int64_t size;
	int32_t value;
	int32_t bus;
	int32_t dev;
	int32_t func;
	int32_t reg;
};

/**
 * struct vhm_request - one slot, 256 bytes.
 * @type: enum vhm_request_type
 * @completion_polling: 1: the vCPU polls @processed, nobody is to be notified; constant for a VM
 * @client: id of the client that a request in PROCESSING belongs to
 * @processed: enum vhm_request_state; read with acquire and written with release ordering
 */
struct vhm_request {
	u32 type;
	u32 completion_polling;
	u32 reserved0[14];
	union {
		struct vhm_pio_request pio_request;
		struct vhm_pci_request pci_request;
		struct vhm_mmio_request mmio_request;
		u64 data[8];
	} reqs;
	u32 reserved1;
	int32_t client;
	u32 processed;
	u32 reserved2[29];
} __attribute__((aligned(256)));

/** union vhm_request_buffer - the page. */
union vhm_request_buffer {
	struct vhm_request req_queue[VHM_REQUEST_MAX];
	u8 reserved[4096];
};

_Static_assert(sizeof(struct vhm_request) == 256, "a slot");
_Static_assert(sizeof(union vhm_request_buffer) == 4096, "a page");
_Static_assert(offsetof(struct vhm_request, reqs) == 0x40, "the request");
_Static_assert(offsetof(struct vhm_request, reqs.mmio_request.value) == 0x58, "its value");
_Static_assert(offsetof(struct vhm_request, reqs.pci_request.reg) == 0x68, "its register");
_Static_assert(offsetof(struct vhm_request, client) == 0x84, "its client");
_Static_assert(offsetof(struct vhm_request, processed) == 0x88, "its state");

/* --- memory (ACRN kernel 4.19, acrn_common.h) --- */

/* Rights and types of a memory region. */
#define MEM_ACCESS_READ 0x00000001U
#define MEM_ACCESS_WRITE 0x00000002U
#define MEM_ACCESS_EXEC 0x00000004U
#define MEM_ACCESS_RWX (MEM_ACCESS_READ | MEM_ACCESS_WRITE | MEM_ACCESS_EXEC)
#define MEM_ACCESS_RIGHT_MASK 0x00000007U
#define MEM_TYPE_WB 0x00000040U
#define MEM_TYPE_WT 0x00000080U
#define MEM_TYPE_UC 0x00000100U
#define MEM_TYPE_WC 0x00000200U
#define MEM_TYPE_WP 0x00000400U
#define MEM_TYPE_MASK 0x000007C0U

/* --- VMs --- */

/** ACRN_INVALID_VMID - no VM. */
#define ACRN_INVALID_VMID (-1UL)

struct vhm_provider;

/**
 * struct vhm_vm - a VM that VHM knows; only what every provider has. Refcounted.
 * @provider: whose it is
 * @vmid: its number, as all services below take it (VHM_VMID())
 */
struct vhm_vm {
	struct vhm_provider *provider;
	unsigned long vmid;
};

/**
 * struct vm_info - what vhm_get_vm_info() tells.
 * @max_vcpu: the constant 4 in every VHM seen, whatever the VM has: never size a scan by it
 * @max_gfn: highest guest frame of RAM that was mapped so far
 */
struct vm_info {
	int max_vcpu;
	int max_gfn;
};

/**
 * find_get_vm() - a VM by its number, with one more reference.
 * Return: NULL: none. Context: any.
 */
struct vhm_vm *find_get_vm(unsigned long vmid) VHM_SYMBOL(find_get_vm);

/** get_vm() - one more reference. Context: any. */
void get_vm(struct vhm_vm *vm) VHM_SYMBOL(get_vm);

/** put_vm() - give one back; the last one ends the VM's memory. Context: sleeps. */
void put_vm(struct vhm_vm *vm) VHM_SYMBOL(put_vm);

/** vhm_get_vm_info() - Return: 0, -EINVAL (no such VM; @info untouched). Context: any. */
int vhm_get_vm_info(unsigned long vmid, struct vm_info *info) VHM_SYMBOL(vhm_get_vm_info);

/**
 * vhm_inject_msi() - HC_INJECT_MSI: always an edge.
 * @msi_addr: bits 31:20 must be 0xfee. @msi_data: vector in bits 7:0, delivery mode in 10:8
 * Return: 0 - also when the interrupt is dropped (vector below 16, a mode other than fixed, lowest
 * priority or ExtINT, a disabled local APIC, no vCPU of that number); -EFAULT (the hypervisor
 * refused). Context: atomic, never sleeps.
 */
int vhm_inject_msi(unsigned long vmid, unsigned long msi_addr, unsigned long msi_data)
	VHM_SYMBOL(vhm_inject_msi);

/**
 * vhm_vm_gpa2hpa() - HC_VM_GPA2HPA.
 * @vmid: VM 0 of the provider is the service VM itself. @gpa: bytes
 * Return: host-physical address; (unsigned long)-EFAULT when there is none. Context: sleeps.
 */
unsigned long vhm_vm_gpa2hpa(unsigned long vmid, unsigned long gpa) VHM_SYMBOL(vhm_vm_gpa2hpa);

/* --- clients of the request page (acrn_vhm_ioreq.h) --- */

/**
 * ioreq_handler_t - a client's work, in a thread of VHM's; called while bits are set.
 * @ioreqs_map: VHM_REQUEST_MAX bits: slots in PROCESSING that are this client's. Completing a
 *	request clears its bit
 * Return: 0. Less than 0 ends the thread for good.
 */
typedef int (*ioreq_handler_t)(int client_id, unsigned long *ioreqs_map, void *client_priv);

/**
 * acrn_ioreq_create_client() - a client without ranges; the newest is asked first.
 * @handler: NULL: the caller serves requests itself, by acrn_ioreq_attach_client()
 * @name: up to 15 characters count
 * Return: its id > 0 (VHM of 2018: >= 0); -EINVAL whatever failed: no such VM, no request page, no
 * id, no memory. Holds a reference of the VM until it is destroyed. Context: sleeps.
 */
int acrn_ioreq_create_client(unsigned long vmid, ioreq_handler_t handler, void *client_priv,
			     char *name);

/**
 * acrn_ioreq_create_fallback_client() - the one that gets what nobody claims: the device model's.
 * Return: its id, -EINVAL (no such VM, it has one). Context: sleeps.
 */
int acrn_ioreq_create_fallback_client(unsigned long vmid, char *name);

/**
 * acrn_ioreq_destroy_client() - ends the client, its thread and its ranges. An unknown id is
 *	ignored. A request in flight can no longer be completed, so drain before.
 * Context: sleeps until the thread has ended; never in the client's own handler.
 */
void acrn_ioreq_destroy_client(int client_id);

/**
 * acrn_ioreq_add_iorange() - requests of @type that lie wholly in [start, end] are this client's.
 * @end: inclusive; compared signed. Overlaps and duplicates are not refused.
 * Return: 0, -EFAULT (no such client, end < start), -ENOMEM. Context: sleeps.
 */
int acrn_ioreq_add_iorange(int client_id, uint32_t type, long start, long end);

/**
 * acrn_ioreq_del_iorange() - the first entry that is equal.
 * Return: 0, also when none is; -EFAULT (no such client, end < start). Context: any.
 */
int acrn_ioreq_del_iorange(int client_id, uint32_t type, long start, long end);

/** acrn_ioreq_get_reqbuf() - slot 0 of the VM's page. Return: NULL: none. Context: any. */
struct vhm_request *acrn_ioreq_get_reqbuf(int client_id);

/**
 * acrn_ioreq_attach_client() - with a handler: start its thread. Without: wait until a bit of the
 *	client's map is set.
 * Return: 0, 1 (being destroyed), -EFAULT (no such client), -ENOMEM (no thread). Context: sleeps.
 */
int acrn_ioreq_attach_client(int client_id);

/**
 * acrn_ioreq_distribute_request() - hand the VM's pending requests to their clients.
 * Return: 0, -EINVAL (nobody takes one: it stays pending, and those after it are not looked at).
 * Context: VHM's own dispatcher, one at a time.
 */
int acrn_ioreq_distribute_request(struct vhm_vm *vm);

/**
 * acrn_ioreq_complete_request() - COMPLETE, and the vCPU is told unless it polls.
 * @vcpu: slot. @req: the slot, NULL: look it up
 * Return: 0, -EINVAL (no such client or vCPU), -EFAULT (the vCPU could not be told: the request is
 * complete all the same). Context: any.
 */
int acrn_ioreq_complete_request(int client_id, uint64_t vcpu, struct vhm_request *req);

/**
 * acrn_ioreq_clear_request() - before a VM's reset: wait up to 100 ms for the other clients,
 *	complete what the fallback client has. Context: sleeps.
 */
void acrn_ioreq_clear_request(struct vhm_vm *vm);

/**
 * acrn_ioreq_intercept_bdf() - configuration accesses to a function are this client's; one function
 *	a client, a second call replaces it. Context: any.
 */
void acrn_ioreq_intercept_bdf(int client_id, int bus, int dev, int func);

/** acrn_ioreq_unintercept_bdf() - none any more. Context: any. */
void acrn_ioreq_unintercept_bdf(int client_id);

/**
 * acrn_ioreq_init() - register the VM's request page; the hypervisor sets all slots FREE.
 * @vma: address of a page of the caller's, aligned
 * Return: 0, -EEXIST, -ENOMEM, -EFAULT (the hypervisor refused). Context: sleeps.
 */
int acrn_ioreq_init(struct vhm_vm *vm, unsigned long vma);

/** acrn_ioreq_free() - destroys every client of the VM, whosever they are. Context: sleeps. */
void acrn_ioreq_free(struct vhm_vm *vm);

/* --- memory (acrn_vhm_mm.h) --- */

/**
 * acrn_hpa2gpa() - the service VM's address of a host-physical one: the same wherever the service
 *	VM is mapped one to one.
 */
unsigned long acrn_hpa2gpa(unsigned long hpa);

/**
 * map_guest_phys() - guest RAM in the caller's address space.
 * @uos_phys, @size: bytes, within one record of guest memory (2 MiB or 1 GiB)
 * Return: NULL (no such VM, no RAM, crosses records). Nothing is held: valid until the memory goes.
 * Context: any.
 */
void *map_guest_phys(unsigned long vmid, u64 uos_phys, size_t size) VHM_SYMBOL(map_guest_phys);

/** unmap_guest_phys() - Return: 0, -ESRCH (no record there). Context: any. */
int unmap_guest_phys(unsigned long vmid, u64 uos_phys) VHM_SYMBOL(unmap_guest_phys);

/**
 * add_memory_region() - HC_VM_SET_MEMORY_REGIONS with one MR_ADD.
 * @gpa, @size: guest bytes, page multiples. @host_gpa: of the service VM (acrn_hpa2gpa())
 * @mem_type: one MEM_TYPE_*. @mem_access_right: MEM_ACCESS_*
 * Return: 0 - also over a present mapping, which stays (hypervisors from 1.3 on); -EFAULT.
 * Context: sleeps. The other vCPUs' TLBs may be flushed later.
 */
int add_memory_region(unsigned long vmid, unsigned long gpa, unsigned long host_gpa,
		      unsigned long size, unsigned int mem_type, unsigned int mem_access_right)
	VHM_SYMBOL(add_memory_region);

/** del_memory_region() - the same with MR_DEL. Return: 0, -EFAULT. Context: sleeps. */
int del_memory_region(unsigned long vmid, unsigned long gpa, unsigned long size)
	VHM_SYMBOL(del_memory_region);

/**
 * write_protect_page() - HC_VM_WRITE_PROTECT_PAGE: take the right to write from a page, or give it
 *	back; the others stay.
 * @gpa: page aligned, mapped. @set: not 0 protects
 * Return: 0, -EFAULT. Context: sleeps. A store may still land until the vCPUs' TLBs are flushed.
 */
int write_protect_page(unsigned long vmid, unsigned long gpa, unsigned char set)
	VHM_SYMBOL(write_protect_page);

#endif
