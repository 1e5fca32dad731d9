/* SPDX-License-Identifier: MIT */
/*
 * What the back end "flat" (flat.c) and its testbed (bed.c) share. Machine memory is one flat piece
 * that is handed out once, and bus addresses are its own; each VM has an array that says which
 * machine frame is behind each guest frame.
 */
#ifndef FLAT_H
#define FLAT_H

#include <pthread.h>
#include <string.h>

#include <mpt/alloc.h>
#include <mpt/backend.h>
#include <mpt/testbed.h>

#define fail(err, ...) mpt_fail(err, "flat", __VA_ARGS__)

#define VMS 16
#define IRQS 256
#define HUGE_PAGES ((u32)(MPT_HUGE_SIZE / MPT_PAGE_SIZE))
#define FLAG 0x80000000U /* of a guest frame: read-only; of a mapping: 2 MiB */

struct region {
	u64 gpa, size;
	struct region *next;
};

struct vm {
	struct machine *machine;
	unsigned int id, held; /* id 0: a free slot */
	void *vgpu;	       /* the attached one */
	void *deliver;	       /* the same while guest accesses may reach it; atomic */
	u32 *frame;	       /* of each guest frame: machine frame and FLAG; 0: no RAM */
	u32 *maps;	       /* of each machine frame: count of mappings and FLAG */
	struct region *regions;
	pthread_spinlock_t irq_lock; /* inject_msi must not sleep */
	struct mpt_irq irq[IRQS];
	u64 put, taken;
	struct mpt_vm_stats stats;
};

struct machine {
	struct mpt_host *host;
	u64 phys_bits; /* the option */
	bool initialised;
	u8 *mem;	/* machine memory, as large as a VM's guest addresses */
	u64 next_frame; /* the first that was not handed out */
	struct mpt_iommu_fault fault; /* the last one; len 0: none */
	struct vm vm[VMS];
};

extern pthread_mutex_t flat_lock; /* one for everything: a real back end locks more finely */
extern const struct mpt_testbed flat_testbed;

static inline u64 flat_pages(const struct machine *m)
{
	return 1ULL << (m->phys_bits - MPT_PAGE_SHIFT);
}

/* These want the lock held. */
bool flat_is_ram(const struct vm *vm, u64 gpa, u64 len, bool write);
void flat_copy(struct vm *vm, u64 gpa, u8 *buf, u64 len, bool write); /* of RAM */
bool flat_in_a_row(const struct vm *vm, u64 gfn, u64 pages); /* machine frames, aligned to it */
struct vm *flat_find(struct machine *m, unsigned int id);
void flat_vm_free(struct vm *vm);

#endif
