/* SPDX-License-Identifier: MIT */
/*
 * What the files of the mock hypervisor share: the instance, the VM, its RAM and its address
 * ranges. The part of a VM that inline code reads is in <mpt/static/mock.h>.
 *
 * Readers (operations, guest accesses, device accesses) run in mpt_rcu sections and take no
 * lock. Lock order: mock.vms_lock, then mock_vm.ram_lock, then mock_vm.lock, then mock.lock.
 * ram_lock is held while the core is told of RAM that came or went, so no operation takes it;
 * the others are held over no call of the core. No lock is taken inside a section, so all may be
 * held while waiting for sections to end.
 */
#ifndef MOCK_H
#define MOCK_H

#include <mpt/backend.h>
#include <mpt/static/mock.h>
#include <mpt/testbed.h>

#include "libmpt/hash.h"
#include "libmpt/os.h"

#define MOCK "mock"
/*
 * `return mock_fail("read_gpa", -EFAULT, ...)`: the sentence names the operation, not our
 * function.
 */
#define mock_fail(op, err, ...) mpt_fail_at((err), (op), MOCK, __VA_ARGS__)
#define MOCK_HUGE_FRAMES 512
/*
 * Without contiguity frame i of 2 MiB of guest memory is frame i ^ this of its block: a bijection
 * without a fixed point, in which no two neighbours stay in order (the value is odd).
 */
#define MOCK_SCATTER 0x155U
/*
 * Machine blocks of 2 MiB. Those below 4 GiB belong to the device; bus addresses have 45 bits
 * of mfn.
 */
#define MOCK_BLOCK_FIRST 2048U
/* In a kernel the table of blocks does not come by touching: 12 GiB of machine are enough. */
#ifdef __KERNEL__
#define MOCK_BLOCK_END (1U << 13)
#else
#define MOCK_BLOCK_END (1U << 24)
#endif
/* Set in every bus address, so that a machine address taken for one faults. */
#define MOCK_BUS_BIT (1ULL << 45)
#define MOCK_FAULTS 512
#define MOCK_NO_GFN (~0ULL)

struct mock_vm;

struct mock_options {
	u64 phys_bits, seed, pins;
	unsigned int trap; /* 0: before, 1: after */
	bool contig, msi_eventfd;
	bool track, pin, intx, mfn, virt, map, trap_area, pvmmio;
};

/*
 * The bus side of a machine block, filled in by the first DMA map of a frame in it. Until @count
 * is published, and after the block was given back, the rest means nothing. Members are read and
 * written whole, with @count last: the device may look at any block at any time.
 */
struct mock_counts {
	u32 count[MOCK_HUGE_FRAMES];
	struct mock_counts *next; /* of mock.counts */
};

struct mock_block {
	u32 *count; /* of each frame, or NULL */
	struct mock_vm *vm; /* whose mappings these are */
	u8 *host; /* where guest frame 0 of the chunk is (or would be) */
	u64 gfn; /* guest frame 0; MOCK_NO_GFN when the RAM is gone */
	struct mock_counts *counts; /* where @count points; kept for the block's next use */
	u8 *dirty; /* the VM's */
	u32 scatter;
	bool readonly;
} __attribute__((aligned(64)));

/* A page of the core's own memory that was given a machine frame. */
struct mock_core_page {
	void *page;
	u64 mfn;
	bool oom;
	UT_hash_handle hh;
};

/* A machine block for such pages; never given back before the instance closes. */
struct mock_core_block {
	struct mock_core_block *next;
	u32 block;
	unsigned int used;
	void *page[MOCK_HUGE_FRAMES];
};

/* An instance: one machine. */
struct mock {
	struct mpt_host *host;
	struct mock_options opt;
	u64 caps;

	struct mock_block *blocks; /* by number, lazily populated */
	u64 pins; /* mapped addresses; only with a limit */

	struct os_mutex lock; /* what follows */
	u64 *used; /* a bit for each block */
	u32 next_block; /* where the search for a free one goes on */
	struct mock_counts *counts; /* all there are */
	bool initialised;
	struct mock_core_page *core_pages;
	struct mock_core_block *core_blocks;
	struct mpt_iommu_fault fault[MOCK_FAULTS];
	u64 fault_head, fault_tail;

	struct os_mutex vms_lock; /* vms, their refs, attaching */
	struct mock_vm *vms;
};

/* A region's memory; a moved one may have mappings of both places. */
struct mock_ram {
	struct os_ram mem;
	unsigned int places;
};

/*
 * A region at an address: the memory and its machine blocks, one for each chunk that it
 * touches.
 */
struct mock_place {
	struct mock_ram *ram;
	struct mock_place *next; /* of mock_vm.orphans */
	u64 gpa, size;
	bool readonly;
	u32 scatter; /* guest frame i of 2 MiB is frame i ^ scatter of its block */
	u64 nr_blocks;
	u32 block[];
};

/* The machine frame of a guest frame in 2 MiB that the place touches. */
static inline u64 mock_mfn(const struct mock_place *place, u64 gfn)
{
	u64 i = gfn / MOCK_HUGE_FRAMES - place->gpa / MPT_HUGE_SIZE;

	return (u64)place->block[i] * MOCK_HUGE_FRAMES + (gfn % MOCK_HUGE_FRAMES ^ place->scatter);
}

/* The VM's regions in order; immutable once published. */
struct mock_map {
	unsigned int n;
	struct mock_span {
		u64 gpa, size;
		u8 *host;
		struct mock_place *place;
	} span[];
};

/*
 * Addresses that are not RAM: trapped areas, then frames that show machine frames; both in
 * order.
 */
struct mock_range {
	u64 start, end; /* bytes, both inclusive */
	u64 mfn; /* of a mapping's first frame */
};

struct mock_io {
	u64 lo, hi; /* all ranges are in between; lo > hi: none */
	unsigned int traps, maps;
	struct mock_range range[];
};

struct mock_vm {
	struct mpt_mock_hot hot; /* first: what a handle leads to */

	/* read in sections */
	struct mock *mock;
	struct mock_map *map; /* written under ram_lock and lock */
	struct mock_io *io; /* written under lock */
	struct mock_block *blocks; /* mock->blocks; NULL: there is a limit of pins */
	void *vgpu; /* NULL: none, or it is being detached; mock->vms_lock */
	void *deliver; /* the vGPU that guest accesses go to; NULL: none, or it is quiesced */
	unsigned long handle;
	bool store_first; /* a tracked store is done before the core is told */
	bool stopped;
	bool dma_used; /* some block of this vGPU has counts */

	unsigned int id;
	unsigned int refs; /* mock->vms_lock */
	unsigned long users; /* operations that run outside a section */

	struct os_mutex ram_lock; /* changes of RAM, one after the other */
	struct mock_map *spare_map; /* room for all regions but one */

	struct os_mutex lock; /* what follows, and new DMA leaves */
	struct mock_place *orphans; /* RAM that is gone but for its DMA mappings */
	struct mock_io *spare_io; /* room for all ranges but one */
	struct mock_range pvmmio;
	bool pvmmio_on;
	u64 irq_tail, irq_lost;

	/* changed atomically */
	bool intx_level;
	u64 intx; /* edges */
	u64 traps, cfg, track_hits, aperture, unclaimed, bad_unmap;
	u64 opregion, edid;
	int64_t vfio_device;
	bool oom;
	UT_hash_handle hh;
};

static inline struct mock_vm *mock_vm_of(const struct mpt_mock_hot *hot)
{
	return (struct mock_vm *)(uintptr_t)hot;
}

/* Of the guest's address space. */
static inline u64 mock_frames(const struct mock_vm *vm)
{
	return vm->hot.nr_chunks * MPT_MOCK_CHUNK_FRAMES;
}

/* --- mock.c --- */
extern const struct mpt_backend mpt_backend_mock;
extern const struct intel_gvt_mpt mpt_mock_table;
/* The VM of a live handle, held over what sleeps or waits for sections; NULL with a sentence. */
struct mock_vm *mock_vm_hold(unsigned long handle, const char *op);
void mock_vm_drop(struct mock_vm *vm);
/* The calling thread is the VM's owner from now on, or the VM is SHARED. Not in a section. */
void mock_own(struct mock_vm *vm);
/* Begins a section in which this thread may change counts: plainly if @alone. */
unsigned long mock_settle(struct mock_vm *vm, bool *alone);
int mock_dead_handle(unsigned long handle, const char *op);

/* --- machine.c: blocks of machine frames, and the core's own pages among them --- */
int mock_machine_init(struct mock *m);
void mock_machine_exit(struct mock *m);
/* Blocks for chunks first, first + 1, ...; all or none. 0, -ENOMEM. */
int mock_blocks_alloc(struct mock *m, u64 first_chunk, u32 *block, u64 n);
void mock_blocks_free(struct mock *m, const u32 *block, u64 n);
/* The core's page behind a machine frame, NULL: none. */
void *mock_core_page(struct mock *m, u64 mfn);

/* --- ram.c: regions --- */
int mock_ram_init(struct mock_vm *vm);
void mock_ram_exit(struct mock_vm *vm);
int mock_ram_add(void *vm, u64 gpa, u64 size, unsigned int flags);
int mock_ram_remove(void *vm, u64 gpa, u64 size);
int mock_ram_move(void *vm, u64 gpa, u64 size, u64 new_gpa);
/* Gives back orphans that nothing maps any more. */
void mock_orphans_reap(struct mock_vm *vm);

/* --- table.c: where guest memory is --- */
int mock_table_init(struct mock_vm *vm);
void mock_table_exit(struct mock_vm *vm);
void mock_table_set(struct mock_vm *vm, const struct mock_place *place, bool show);

/* --- memory.c: guest memory by address; in a section --- */
struct mock_frame {
	u8 *host; /* its first byte */
	u64 mfn;
	bool readonly;
};
bool mock_frame(const struct mock_vm *vm, u64 gfn, struct mock_frame *out);
/* Index of the first region that ends behind @gpa. */
unsigned int mock_span_at(const struct mock_map *map, u64 gpa);
/* Whether [gpa, gpa + len), which does not wrap, is all RAM; @one: of a single region. */
bool mock_covers(const struct mock_vm *vm, u64 gpa, u64 len, bool *one);
/* All or nothing; 0, -EFAULT. */
int mock_copy(const struct mock_vm *vm, u64 gpa, void *buf, u64 len, bool write);
/* @write: from @buf to @mem. Aligned words do not tear. */
void mock_bytes(void *mem, void *buf, u64 len, bool write);

/* --- dma.c: the bus side --- */
bool mock_dma_in_use(struct mock_vm *vm, const struct mock_place *place);
void mock_dma_forget(struct mock *m, const struct mock_place *place);
void mock_dma_ram_gone(struct mock_vm *vm, const struct mock_place *place);
void mock_dma_clear(struct mock_vm *vm);
u64 mock_dma_live(struct mock_vm *vm);
int mock_bus_access(void *self, u64 dma_addr, void *buf, unsigned int len, bool write);
int mock_fault_take(void *self, struct mpt_iommu_fault *fault);

/* --- trap.c: trapped areas, mapped frames, PV MMIO, tracked pages --- */
void mock_io_init(struct mock_vm *vm);
void mock_io_exit(struct mock_vm *vm);
void mock_io_clear(struct mock_vm *vm); /* all that the vGPU left; sleeps */
/* Index of the first of @n ordered ranges that ends at @addr or behind. */
unsigned int mock_range_at(const struct mock_range *r, unsigned int n, u64 addr);
void mock_tracks_clear(struct mock_vm *vm);
bool mock_tracked(void *vm, u64 gfn);

/* --- irq.c --- */
int mock_irq_init(struct mock_vm *vm);
void mock_irq_exit(struct mock_vm *vm);
int mock_irq_take(void *vm, struct mpt_irq *irq);
int mock_irq_fd(void *vm);
void mock_irq_stats(struct mock_vm *vm, struct mpt_vm_stats *stats);

/* --- guest.c: what a vCPU does --- */
int mock_mem_access(void *vm, u64 gpa, void *buf, unsigned int len, bool write);
int mock_cfg_access(void *vm, unsigned int offset, void *buf, unsigned int len, bool write);
void mock_vm_stop(void *priv, void *vm);
void mock_region_event(struct mock_vm *vm, u64 gpa, u64 size, bool added);

/* --- testbed.c --- */
extern const struct mpt_testbed mock_testbed;
int mock_vm_create(void *self, unsigned int id);
int mock_vm_destroy(void *self, unsigned int id);
void mock_vms_exit(struct mock *m);

#endif
