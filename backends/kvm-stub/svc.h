/* SPDX-License-Identifier: MIT */
/*
 * The stub of what a kernel with KVM and VFIO offers to a mediated driver: memslots, pinning, an
 * IOMMU, write tracking, interrupts. It knows the driver by its notices only (struct svc_user);
 * what the driver makes of it is in kvm.h.
 *
 * Readers (guest, driver, device) run in mpt_rcu sections and take no lock; no lock is taken inside
 * a section, so all may be held while waiting for sections to end. Lock order: svc.vms_lock, then
 * svc_vm.slots_lock, then kvm_vdev.lock, then svc_vm.pin_lock, then svc.lock. slots_lock is held
 * while the user is told of RAM that came or went; no other is held over a notice.
 */
#ifndef SVC_H
#define SVC_H

#include <mpt/backend.h>
#include <mpt/testbed.h>

#include "libmpt/os.h"

#define SVC_NAME "kvm-stub"
/* `return svc_fail("ram", -EINVAL, ...)`: the sentence names the operation, not our function. */
#define svc_fail(op, err, ...) mpt_fail_at((err), (op), SVC_NAME, __VA_ARGS__)
#define SVC_HUGE_FRAMES (MPT_HUGE_SIZE / MPT_PAGE_SIZE)
/*
 * Machine memory is given out in blocks of 2 MiB, from 8 TiB on: above all guest addresses
 * (SVC_PHYS_BITS_MAX), so that no guest frame is its own machine frame.
 */
#define SVC_PHYS_BITS_MAX 42
#define SVC_BLOCK_FIRST (1U << 22)
#define SVC_BLOCK_END (1U << 23)
/*
 * Bus addresses: the machine frame, a bit that is always set (a machine address taken for one
 * faults), and one that tells a mapping of 2 MiB from those of its pages.
 */
#define SVC_BUS_BIT (1ULL << 45)
#define SVC_BUS_HUGE (1ULL << 44)
#define SVC_NO_GFN (~0ULL)
#define SVC_IRQS 4096
#define SVC_FAULTS 512

struct svc_options {
	u64 memlock, memslots, phys_bits;
	bool hugepages, msi_eventfd;
	bool track, pin, intx, mfn;
};

/* The device's mappings of one block of 2 MiB of machine frames: whose they are. */
struct svc_iommu {
	void *page[SVC_HUGE_FRAMES];
	void *huge;
};

/* A machine with its IOMMU. */
struct svc {
	struct mpt_host *host;
	struct svc_options opt;
	struct svc_mem **block;   /* by number less SVC_BLOCK_FIRST, lazily populated; lock */
	struct svc_iommu **iommu; /* likewise; one that was made stays; lock */

	struct os_mutex lock; /* what follows */
	u32 next_block, end_block; /* where the search goes on; behind the last ever used */
	struct mpt_iommu_fault fault[SVC_FAULTS];
	u64 fault_put, fault_taken;
	bool core_there;

	struct os_mutex vms_lock; /* vms, their refs, attaching */
	struct svc_vm *vms;
};

/* Memory of a VMM, as long as a memslot shows it or a page of it is pinned. */
struct svc_mem {
	struct svc_vm *vm;
	struct os_ram ram;
	u64 first, frames; /* machine frame of byte 0, not yet scattered */
	u32 nr_blocks;
	u32 *pins; /* of each page; vm->pin_lock */

	/* changed atomically */
	u64 refs; /* memslots and pinned pages */
	u64 gfn;  /* of byte 0 in the guest; SVC_NO_GFN: not there */
	bool readonly;
};

struct svc_slot {
	u64 gpa, size;
	struct svc_mem *mem;
};

/* The memslots in order; immutable while published. */
struct svc_slots {
	u64 generation;
	unsigned int n;
	struct svc_slot slot[];
};

/* Who mediates a device for the VM. Called in a delivery (mpt_deliver_enter()), in no section. */
struct svc_user {
	/* The guest has stored to a write-protected page; memory holds the value. */
	int (*written)(struct svc_user *user, u64 gpa, const void *data, unsigned int len);
	/* Frames came into the IOMMU domain, or are about to be forgotten; slots_lock is held. */
	void (*mapped)(struct svc_user *user, u64 gfn, u64 nr);
	void (*unmapped)(struct svc_user *user, u64 gfn, u64 nr);
};

struct svc_vm {
	struct svc *svc;
	struct svc_vm *next;
	unsigned int id;
	unsigned int refs; /* svc->vms_lock */
	struct svc_user *user; /* written under svc->vms_lock */
	bool stopped;

	u64 nr_frames; /* of the guest's address space */
	struct svc_slots *slots; /* one of set; slots_lock */
	struct svc_slots *set[2];
	struct os_mutex slots_lock;
	u8 *dirty;  /* a byte for each frame */
	u64 *wp;    /* a bit for each write-protected frame */
	u64 nr_wp;

	struct os_mutex pin_lock; /* and svc_mem.pins */
	u64 locked;		  /* pages pinned */

	pthread_spinlock_t irq_lock; /* what follows; inject_msi must not sleep */
	struct mpt_irq irq[SVC_IRQS];
	u64 irq_put, irq_taken, irq_lost, msi, intx;
	bool intx_level;
	int trigger; /* an eventfd; -1: none */

	/* the VMM's counters, changed atomically */
	u64 traps, cfg, track_hits, unclaimed, bad_unmap, opregion, edid;
	int64_t vfio_device;
};

/* --- svc_mem.c: machine frames, the IOMMU, the device --- */
int mpt_svc_init(struct svc *svc);
void mpt_svc_exit(struct svc *svc);
/* NULL with a sentence: no memory. */
struct svc_mem *mpt_svc_mem_new(struct svc_vm *vm, u64 gpa, u64 size, bool readonly);
void mpt_svc_mem_put(struct svc_mem *mem); /* sleeps */
/* The machine frame of a page, and the way back. */
u64 mpt_svc_pfn(const struct svc_mem *mem, u64 page);
struct svc_mem *mpt_svc_page(const struct svc *svc, u64 pfn, u64 *page);
/* 0; -EEXIST: @owner is who has it; -ENOMEM. */
int mpt_svc_iommu_map(struct svc *svc, u64 pfn, u64 nr, void **owner, u64 *bus);
void mpt_svc_iommu_unmap(struct svc *svc, u64 bus);
/* Who mapped exactly this address; NULL: nobody. In a section. */
void *mpt_svc_iommu_owner(const struct svc *svc, u64 bus);
int mpt_svc_bus_access(void *self, u64 bus, void *buf, unsigned int len, bool write);
int mpt_svc_fault_take(void *self, struct mpt_iommu_fault *fault);

/* --- svc_slots.c: memslots; -EEXIST, -ENOENT, -EINVAL, -ENOMEM as mpt_ram_*() --- */
int mpt_svc_slots_init(struct svc_vm *vm);
void mpt_svc_slots_exit(struct svc_vm *vm);
int mpt_svc_slot_add(struct svc_vm *vm, u64 gpa, u64 size, bool readonly);
int mpt_svc_slot_del(struct svc_vm *vm, u64 gpa, u64 size);
int mpt_svc_slot_move(struct svc_vm *vm, u64 gpa, u64 size, u64 new_gpa);
int mpt_svc_slot_flags(struct svc_vm *vm, u64 gpa, u64 size, bool readonly);
u64 mpt_svc_generation(const struct svc_vm *vm);

/* --- svc_rw.c: guest memory by address; in a section --- */
/* The slot of a frame; NULL: none. */
const struct svc_slot *mpt_svc_slot_of(const struct svc_vm *vm, u64 gfn);
/* Whether all of them are RAM; they do not wrap. */
bool mpt_svc_is_ram(const struct svc_vm *vm, u64 gfn, u64 nr);
/* Index of the first slot that ends behind @gpa. */
unsigned int mpt_svc_slot_at(const struct svc_slots *slots, u64 gpa);
/* All or nothing: 0, -EFAULT. */
int mpt_svc_rw(const struct svc_vm *vm, u64 gpa, void *buf, u64 len, bool write);
/* Aligned words do not tear. @write: from @buf to @mem. */
void mpt_svc_copy(void *mem, void *buf, u64 len, bool write);
int mpt_svc_dirty_fetch(void *vm, u64 gfn, u64 nr, u8 *bitmap);

/* --- svc_vfio.c: pins; each page that is pinned counts once against memlock --- */
int mpt_svc_pin(struct svc_vm *vm, u64 gfn, u64 *pfn); /* 0, -EFAULT, -ENOMEM */
void mpt_svc_unpin(struct svc_vm *vm, u64 pfn);

/* --- svc_track.c: write protection, and telling the user --- */
int mpt_svc_protect(struct svc_vm *vm, u64 gfn); /* 0, -EFAULT; sleeps */
void mpt_svc_unprotect(struct svc_vm *vm, u64 gfn, u64 nr);
void mpt_svc_unprotect_all(struct svc_vm *vm);
bool mpt_svc_protected(void *vm, u64 gfn);
/* The user, for calls until mpt_deliver_leave(); NULL: none. */
struct svc_user *mpt_svc_user_enter(struct svc_vm *vm);

/* --- svc_irq.c --- */
int mpt_svc_irq_init(struct svc_vm *vm);
void mpt_svc_irq_exit(struct svc_vm *vm);
void mpt_svc_msi(struct svc_vm *vm, u32 addr, u16 data);
void mpt_svc_intx(struct svc_vm *vm, bool level);
/* Another eventfd, made here, or none, for the one there is. 0, -ENOMEM. */
int mpt_svc_trigger(struct svc_vm *vm, bool on);
int mpt_svc_irq_take(void *vm, struct mpt_irq *irq);
int mpt_svc_irq_fd(void *vm);
void mpt_svc_irq_stats(struct svc_vm *vm, struct mpt_vm_stats *stats);

#endif
