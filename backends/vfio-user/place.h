/* SPDX-License-Identifier: MIT */
/*
 * A place: memory of the client's at a guest address, and what the device has mapped of it. For
 * region.c (they come and go), mem.c (access by guest address) and dma.c (by bus address).
 */
#ifndef VU_PLACE_H
#define VU_PLACE_H

#include "backends/vfio-user/vu.h"
#include "libmpt/counts.h"

#define VU_HUGE_FRAMES (MPT_HUGE_SIZE / MPT_PAGE_SIZE)
/* Regions of a VM, those included that are gone but for mappings; all their bytes. */
#define VU_REGIONS 1024U
/* Of them those that keep a descriptor (VU_FILE): descriptors are all VMs' together. */
#define VU_FILES 128U
#define VU_TOTAL (1ULL << 40)
/* Physical addresses of x86 have at most so many bits. */
#define VU_GUEST_BITS 52
/*
 * Machine frames are numbered in blocks of 2 MiB. Those below 4 GiB belong to the device; bus
 * addresses have 45 bits, and one more that is always set, so that a machine address or a guest
 * address taken for one faults.
 */
#define VU_BLOCK_FIRST 2048U
#define VU_BLOCK_END (1U << 24)
#define VU_BUS_BIT (1ULL << 45)
#define VU_FAULTS 512

/* How the bytes are reached; all but the first may sleep, and fail. */
enum vu_kind {
	VU_MAPPED, /* a file that cannot shrink, in our address space */
	VU_FILE,   /* one that can: a mapping would kill us, pread() only falls short */
	VU_REMOTE, /* the client keeps it */
};

struct vu_place {
	struct vu_vm *vm;
	u64 gpa, size;
	u64 shift;  /* machine frame - guest frame: never 0, a multiple of VU_HUGE_FRAMES */
	u64 base;   /* of the first block, in guest frames */
	u8 *host;   /* of gpa */
	u8 *dirty;  /* a byte for each frame */
	u64 offset; /* of gpa, in the file */
	enum vu_kind kind;
	unsigned int flags;
	int fd;

	/* changed atomically */
	bool gone;  /* the guest does not have it any more */
	u64 mapped; /* frames that have a count */
	u64 holds;  /* accesses that run outside a section */

	struct vu_place *next; /* of vu_vm.orphans */
	u64 nr_blocks;
	u32 *count[]; /* of each block's frames; NULL: nothing was ever mapped */
};

static inline u64 vu_mfn(const struct vu_place *place, u64 gfn)
{
	return gfn + place->shift;
}

/* The VM's regions in order; one of two arrays of VU_REGIONS. Immutable while published. */
struct vu_map {
	unsigned int n;
	struct vu_span {
		u64 gpa, size;
		struct vu_place *place;
	} span[VU_REGIONS];
};

/* Index of the first region that ends behind @gpa. */
static inline unsigned int vu_span_at(const struct vu_map *map, u64 gpa)
{
	unsigned int lo = 0, hi = map->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (gpa - map->span[mid].gpa < map->span[mid].size || map->span[mid].gpa > gpa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* The place of a guest frame, or NULL. In a section. */
static inline struct vu_place *vu_place_at(const struct vu_map *map, u64 gfn)
{
	u64 gpa = gfn << MPT_PAGE_SHIFT;
	unsigned int i = vu_span_at(map, gpa);

	if (OS_UNLIKELY(gfn >> (VU_GUEST_BITS - MPT_PAGE_SHIFT) || i == map->n ||
			map->span[i].gpa > gpa))
		return NULL;
	return map->span[i].place;
}

/* --- region.c --- */
/* Keeps a place over what sleeps, and its VM with it. In a section. */
static inline void vu_place_hold(struct vu_place *place)
{
	os_fetch_add(&place->vm->users, 1);
	os_fetch_add(&place->holds, 1);
}

/* Not in a section. */
void mpt_vu_place_drop(struct vu_place *place);
/* Gives back what the guest does not have any more and nothing maps or holds. Not in a section. */
void mpt_vu_orphans_reap(struct vu_vm *vm);

/* --- mem.c --- */
/* @write: from @buf to @mem. Aligned words do not tear. */
void mpt_vu_copy(void *mem, void *buf, u64 len, bool write);
/* Within a held place: 0, -EFAULT, -EIO. MAPPED never fails, and may also be in a section. */
int mpt_vu_place_access(struct vu_place *place, u64 gpa, void *buf, u64 len, bool write);
void mpt_vu_place_mark(struct vu_place *place, u64 gpa, u64 len);
/* False: a file that ends before, so an access would fall short. Within a held place. */
bool mpt_vu_place_whole(const struct vu_place *place, u64 gpa, u64 len);

/* --- log.c --- */
/* The place is about to go, nobody finds it by address: its marks stay. vm->mem_lock is held. */
void mpt_vu_log_keep(struct vu_log *log, const struct vu_place *place);

/* --- dma.c --- */
/* Machine frames for a place whose address and size are set: the shift. 0, -ENOMEM. */
int mpt_vu_bus_add(struct vu *vu, struct vu_place *place);
/* The device finds it no more; who does now may go on until a wait. */
void mpt_vu_bus_del(struct vu *vu, struct vu_place *place);

#endif
