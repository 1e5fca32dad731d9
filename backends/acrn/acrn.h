/* SPDX-License-Identifier: MIT */
/*
 * What the files of the back end above VHM's services share: the machine below an instance, the VM
 * with its tables, and the operations by subject. Nothing here knows whether ACRN is real.
 *
 *   acrn.c          the exported table: callbacks under their published names
 *   acrn_vm.c       VMs, attaching, and detaching as a join with the request page
 *   acrn_ioreq.c    the client of the request page
 *   acrn_view.c     what the guest shall see where: trapped areas, device frames, PV MMIO
 *   acrn_map.c      the operations that change that
 *   acrn_track.c    tracked pages
 *   acrn_ram.c      guest memory by address
 *   acrn_dma.c      mappings for the device
 *   acrn_dm.c       VMs and RAM by the machine's device model
 *   acrn_backend.c  the back end "acrn"
 *   acrn_sim.c      the back end "acrn-sim"
 *   acrn_bed.c      its testbed
 *
 * Readers (operations on memory, the request handler, device accesses) run in mpt_rcu sections and
 * take no lock. Lock order: acrn_inst.lock, acrn_vm.ram_lock, acrn_vm.lock, acrn_vm.cache_lock.
 * ram_lock is held while the core is told of RAM that came or went, so no operation takes it; the
 * others are held over no call of the core. None is taken inside a section.
 */
#ifndef ACRN_H
#define ACRN_H

#include <mpt/acrn.h>
#include <mpt/backend.h>
#include <mpt/log.h>
#include <mpt/testbed.h>

#include "backends/acrn/vhm_provider.h"
#include "libmpt/os.h"

/* `return acrn_fail(vm->inst, "read_gpa", -EFAULT, ...)`; no instance: of whichever is open. */
#define acrn_fail(inst, op, err, ...) mpt_fail_at((err), (op), acrn_name(inst), __VA_ARGS__)

#define ACRN_HUGE_FRAMES 512U
/* Guest memory is looked up in chunks of 2 MiB, VHM's smallest record of guest memory. */
#define ACRN_CHUNK_SHIFT 21
#define ACRN_CHUNK_SIZE (1UL << ACRN_CHUNK_SHIFT)
/* Host-physical addresses (vhm_provider.h). */
#define ACRN_HPA_BITS 42
#define ACRN_FAULTS 512
#define ACRN_RING 1024 /* a power of two */
/* Guest frames whose byte addresses fit 64 bits. */
#define ACRN_FRAME_MAX (UINT64_MAX >> MPT_PAGE_SHIFT)

struct acrn_hvm;
struct acrn_sim;
struct acrn_vm;

/**
 * struct acrn_machine - what is below an instance.
 * @provider: VHM's services
 * @dm_ops, @dm: who makes VMs; NULL: not here, so there is no testbed
 * @sim: NULL: not over the simulator
 * @fence: on its return each store that a vCPU had begun when it was called has ended; NULL: cannot
 *	be known, and some may land unseen behind a change of rights (ACRN's hypervisor, ept.c)
 * @settle: on its return each vCPU of the VM that had found the map as it was before has asked for
 *	what it wants; NULL: only time can tell
 * @vm_made, @vm_ended: NULL, or told of VMs that the device model makes and ends
 * @close: ends all of it
 */
struct acrn_machine {
	struct vhm_provider *provider;
	const struct acrn_dm_ops *dm_ops;
	void *dm;
	struct acrn_sim *sim;
	void (*fence)(struct acrn_machine *machine);
	void (*settle)(struct acrn_machine *machine, unsigned int vm_id);
	void (*vm_made)(struct acrn_vm *vm);
	void (*vm_ended)(struct acrn_vm *vm);
	void (*close)(struct acrn_machine *machine);
	void *priv;
};

struct acrn_inst {
	struct mpt_host *host;
	const char *name;
	struct acrn_machine machine;
	u64 caps;
	u64 phys_bits;
	unsigned int gsi; /* of the device's interrupt pin */
	struct os_mutex lock; /* what follows; attaching */
	bool initialised;
	struct acrn_vm *vms; /* read in sections */
	struct mpt_iommu_fault fault[ACRN_FAULTS];
	u64 fault_head, fault_tail;
};

/* --- tracked pages: a bit for each frame, in pieces that are made when needed and never go --- */

#define ACRN_LEAF_FRAMES 32768U
#define ACRN_LEAF_WORDS (ACRN_LEAF_FRAMES / 64)

/*
 * @tracked: what the core wants. @guarded: whose right to write we took. @busy: a bit for each word
 * in which one of both may have bits.
 */
struct acrn_leaf {
	u64 tracked[ACRN_LEAF_WORDS];
	u64 guarded[ACRN_LEAF_WORDS];
	u64 busy[ACRN_LEAF_WORDS / 64];
};

/* --- what the guest shall see --- */

struct acrn_range {
	u64 start, end; /* bytes, both inclusive */
	u64 mfn; /* of a mapping's first frame */
};

/* The core's pages at BAR0; @mfn 0: trapped. */
struct acrn_pv {
	u64 start, end;
	u64 pages;
	struct acrn_pv_page {
		u64 mfn;
		bool writable;
	} page[];
};

/* Immutable once published. Trapped areas, then mappings; both in order. */
struct acrn_view {
	struct acrn_pv *pv; /* NULL: PV MMIO is off */
	unsigned int traps, maps;
	struct acrn_range range[];
};

/* Read-only RAM, which only the testbed makes; immutable once published. */
struct acrn_roms {
	unsigned int n;
	struct acrn_range range[];
};

/* --- mappings for the device, by host-physical address --- */

struct acrn_dma_block {
	u32 count[ACRN_HUGE_FRAMES]; /* libmpt/counts.h */
	u64 readonly[ACRN_HUGE_FRAMES / 64];
	struct acrn_dma_block *next; /* acrn_vm.dma_blocks */
};

/* --- a VM --- */

/*
 * @err: what a vCPU's request came to; the request page has no place for it
 * @rests: how often acrn_complete_rest() has answered in the handler's stead
 */
struct acrn_slot {
	int err;
	unsigned int rests;
} __attribute__((aligned(64)));

struct acrn_vm {
	/* read in sections */
	struct acrn_inst *inst;
	unsigned long vmid; /* VHM_VMID() */
	u64 chunks; /* of the guest's address space */
	u64 *chunk; /* address in this process of a whole chunk | ACRN_WHOLE | ACRN_WRITABLE; 0 */
	u64 *chunk_mfn; /* its first machine frame, if all 512 are in a row; 0 */
	struct acrn_leaf **leaf; /* by frame / ACRN_LEAF_FRAMES */
	struct acrn_dma_block **dma; /* by hpa / 2 MiB */
	struct acrn_dma_block *dma_blocks; /* cache_lock */
	struct acrn_view *view; /* written under lock */
	struct acrn_roms *roms; /* written under cache_lock */
	void *deliver; /* the vGPU whose core is called; NULL: nobody's */
	struct vhm_request *page; /* slot 0 */
	unsigned long handle; /* inst->lock */

	unsigned int id;
	struct vhm_vm *ref;
	bool made, ending; /* by the testbed; inst->lock */
	unsigned int refs; /* inst->lock */
	struct acrn_vm *next; /* inst->vms */
	unsigned long users; /* operations under way that are in no section */

	struct os_mutex ram_lock;
	struct os_mutex lock; /* the view's change, tracks; what the guest sees */
	struct os_mutex cache_lock; /* chunk, chunk_mfn, gone, roms */
	u64 gone_start, gone_end; /* RAM that is going: not to be cached; inclusive */
	void *spare_view; /* room for the next removal; lock */

	void *vgpu; /* inst->lock */
	int client; /* 0: none */
	struct acrn_slot slot[VHM_REQUEST_MAX];
	bool answering; /* a lock: acrn_ioreq.c */
	bool stopped;

	/* counters */
	u64 traps, cfg, track_hits, aperture, unclaimed, bad_unmap;
	u64 opregion, edid;
	int64_t vfio_device;
	u64 tracked; /* pages */
	u64 lost_notify, bad_requests, stale_bits, undone_badly;

	/* interrupts, for the testbed: acrn_bed.c */
	bool intx_level;
	u64 intx, irq_lost;
	u64 irq_head, irq_tail;
	u64 ring[ACRN_RING];
	struct os_mutex irq_lock; /* who takes them */
	struct os_mutex cfg_lock; /* the guest's own, around 0xcf8 and 0xcfc */
	struct acrn_hvm *hvm;
};

#define ACRN_WHOLE 1UL
#define ACRN_WRITABLE 2UL

/* --- acrn_vm.c --- */
extern struct mpt_handles acrn_handles;
const char *acrn_name(const struct acrn_inst *inst);
void acrn_inst_init(struct acrn_inst *inst, struct mpt_host *host, const char *name,
		    const struct acrn_machine *machine, u64 phys_bits);
void acrn_inst_exit(struct acrn_inst *inst);
/* A VM that VHM knows, put into the list; 0, -ESRCH, -ENOMEM. inst->lock is held. */
int acrn_vm_new(struct acrn_inst *inst, unsigned int id, struct acrn_vm **vm);
void acrn_vm_free(struct acrn_vm *vm);
struct acrn_vm *acrn_vm_find(struct acrn_inst *inst, unsigned int id);
int acrn_vm_get(void *priv, unsigned int id, void **vm);
void acrn_vm_put(void *priv, void *vm);
int acrn_quiesce(void *priv, void *vm, bool on);
void acrn_vm_stop(void *priv, void *vm);
/* The VM of a live handle, held over what sleeps or waits for sections; NULL with a sentence. */
struct acrn_vm *acrn_vm_hold(unsigned long handle, const char *op);
void acrn_vm_drop(struct acrn_vm *vm);
int acrn_dead_handle(unsigned long handle, const char *op);
int acrn_attach(void *vgpu, unsigned long *handle);
void acrn_detach(unsigned long handle);

/* --- acrn_ioreq.c --- */
int acrn_handler(int client_id, unsigned long *map, void *priv);
/* Whom to call, between this and mpt_deliver_leave(); NULL: nobody, and nothing to leave. */
void *acrn_deliver_begin(struct acrn_vm *vm);
/* Completes what our client still has, with all ones. */
void acrn_complete_rest(struct acrn_vm *vm);
/* Whether slot @n holds a request of ours, or one that may become ours. */
bool acrn_slot_busy(struct acrn_vm *vm, unsigned int n);

/* --- acrn_view.c --- */
struct acrn_view *acrn_view_new(unsigned int ranges);
/* First of @n ordered ranges that ends at @addr or behind. */
unsigned int acrn_range_at(const struct acrn_range *r, unsigned int n, u64 addr);
/* The core's page that a guest address shows; NULL: none. */
const struct acrn_pv_page *acrn_pv_at(const struct acrn_view *v, u64 gpa);
/*
 * The guest's map of [first, last] (frames), from what @from says to what @to says. On failure it
 * is as it was. vm->lock is held. 0, -ENOMEM (the hypervisor refused).
 */
int acrn_view_change(struct acrn_vm *vm, const struct acrn_view *from, const struct acrn_view *to,
		     u64 first, u64 last);
/* Whether guest RAM is what shows at @gfn, and may be protected. vm->lock is held. */
bool acrn_shows_ram(struct acrn_vm *vm, const struct acrn_view *v, u64 gfn);
extern struct acrn_view acrn_no_view;

/* --- acrn_map.c --- */
int acrn_set_trap_area(unsigned long handle, u64 start, u64 end, bool map);
int acrn_map_gfn(unsigned long handle, u64 gfn, u64 mfn, unsigned int nr, bool map);
int acrn_set_pvmmio(unsigned long handle, u64 start, u64 end, bool map);
void acrn_io_clear(struct acrn_vm *vm);
/* The trapped areas' ranges of the request page; the record stays. */
void acrn_unclaim(struct acrn_vm *vm);

/* --- acrn_track.c --- */
int acrn_track(unsigned long handle, u64 gfn);
int acrn_untrack(unsigned long handle, u64 gfn);
bool acrn_tracked(const struct acrn_vm *vm, u64 gfn);
/* Of one frame: whether we took its right to write; changes what is remembered of it. */
bool acrn_guarded(const struct acrn_vm *vm, u64 gfn);
void acrn_guard_set(struct acrn_vm *vm, u64 gfn, bool on);
/* The first frame >= @gfn and <= @last that is tracked (or guarded); ~0: none. */
u64 acrn_track_next(const struct acrn_vm *vm, u64 gfn, u64 last, bool guarded);
/* Protects what is tracked in [first, last] and shows. vm->lock is held. */
void acrn_guard_range(struct acrn_vm *vm, u64 first, u64 last);
/* The hypervisor has forgotten the rights of these frames. */
void acrn_guard_forget(struct acrn_vm *vm, u64 first, u64 last);
void acrn_tracks_clear(struct acrn_vm *vm);
void acrn_tracks_free(struct acrn_vm *vm);

/* --- acrn_ram.c: guest memory; those with @vm alone run in a section --- */
int acrn_ram_init(struct acrn_vm *vm);
void acrn_ram_exit(struct acrn_vm *vm);
/* Looks the 2 MiB around an address up for the table, once. Not in a section. */
void acrn_chunk_learn(struct acrn_vm *vm, u64 gpa);
/* One page of this process, NULL: no RAM. */
u8 *acrn_page(const struct acrn_vm *vm, u64 gpa);
bool acrn_readonly(const struct acrn_vm *vm, u64 gpa);
/* Machine frame, INTEL_GVT_INVALID_ADDR: no RAM. */
u64 acrn_mfn(const struct acrn_vm *vm, u64 gfn);
/* All or nothing; 0, -EFAULT. */
int acrn_copy(struct acrn_vm *vm, u64 gpa, void *buf, u64 len, bool write);
/* Forgets and keeps forgotten what is in the range, until acrn_cache_open(). Sleeps. */
void acrn_cache_close(struct acrn_vm *vm, u64 start, u64 end);
void acrn_cache_open(struct acrn_vm *vm);
int acrn_rom_add(struct acrn_vm *vm, u64 start, u64 end);
void acrn_rom_del(struct acrn_vm *vm, u64 start, u64 end);
int acrn_read(unsigned long handle, u64 gpa, void *buf, u64 len);
int acrn_write(unsigned long handle, u64 gpa, void *buf, u64 len);
unsigned long acrn_gfn_to_mfn(unsigned long handle, u64 gfn);
bool acrn_is_ram(unsigned long handle, u64 gfn);
/* An access of the machine's memory; aligned words do not tear. */
void acrn_bytes(void *mem, void *buf, u64 len, bool write);

/* --- acrn_dma.c --- */
int acrn_dma_map(unsigned long handle, u64 gfn, u64 size, dma_addr_t *addr);
void acrn_dma_unmap(unsigned long handle, dma_addr_t addr);
int acrn_dma_pin(unsigned long handle, dma_addr_t addr);
u64 acrn_dma_live(struct acrn_vm *vm);
void acrn_dma_clear(struct acrn_vm *vm);
void acrn_dma_free(struct acrn_vm *vm);
int acrn_bus_access(void *self, u64 addr, void *buf, unsigned int len, bool write);
int acrn_fault_take(void *self, struct mpt_iommu_fault *fault);
/* --- acrn_dm.c: parts of a testbed --- */
int acrn_dm_vm_create(void *self, unsigned int id);
int acrn_dm_vm_destroy(void *self, unsigned int id);
int acrn_dm_ram_add(void *vm, u64 gpa, u64 size, unsigned int flags);
int acrn_dm_ram_remove(void *vm, u64 gpa, u64 size);
int acrn_dm_ram_move(void *vm, u64 gpa, u64 size, u64 new_gpa);
int acrn_dm_vm_stats(void *vm, struct mpt_vm_stats *stats);
bool acrn_dm_tracked(void *vm, u64 gfn);
/* A VM that is in no list any more. */
void acrn_dm_vm_end(struct acrn_vm *vm);

#endif
