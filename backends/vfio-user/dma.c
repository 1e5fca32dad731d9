/* SPDX-License-Identifier: MIT */
/*
 * The bus side: machine frames for every place, mappings counted by bus address, and what the
 * device reads, writes and is refused. Only the first map in a block of 2 MiB takes a lock.
 */
#include <errno.h>

#include "backends/vfio-user/place.h"

/* Places by block of machine frames, lazily populated, and the refused accesses. */
struct vu_bus {
	struct vu_place **block;    /* written under vu->lock */
	u32 next;		    /* where the search for free ones goes on; vu->lock */
	u64 fault_head, fault_tail; /* vu->lock */
	struct mpt_iommu_fault fault[VU_FAULTS];
};

#define BLOCKS_SIZE (VU_BLOCK_END * sizeof(struct vu_place *))

int mpt_vu_bus_init(struct vu *vu)
{
	vu->bus = mpt_zalloc(sizeof(*vu->bus));
	if (vu->bus)
		vu->bus->block = mpt_zalloc_pages(BLOCKS_SIZE);
	if (vu->bus && vu->bus->block) {
		vu->bus->next = VU_BLOCK_FIRST;
		return 0;
	}
	mpt_free(vu->bus);
	vu->bus = NULL;
	return vu_fail("open", -ENOMEM, "no memory for the table of machine frames");
}

void mpt_vu_bus_exit(struct vu *vu)
{
	mpt_free_pages(vu->bus->block, BLOCKS_SIZE);
	mpt_free(vu->bus);
}

/* --- machine frames --- */

static u64 shift_of(const struct vu_place *place, u32 block)
{
	return (u64)block * VU_HUGE_FRAMES - place->base;
}

static u32 block_of(const struct vu_place *place)
{
	return (u32)((place->base + place->shift) / VU_HUGE_FRAMES);
}

/* The first of @n free blocks from @from on, before @end; @end: none. */
static u32 find_run(struct vu_place **block, u32 from, u32 end, u64 n)
{
	u32 at = from, i = from;

	while (i < end && i - at < n) {
		if (block[i])
			at = i = block_of(block[i]) + (u32)block[i]->nr_blocks;
		else
			i++;
	}
	return i - at >= n && at + n <= end ? at : end;
}

/* Not where the guest has it: a guest frame is never its own machine frame. */
static u32 find_place(struct vu_bus *bus, const struct vu_place *place)
{
	u32 at = find_run(bus->block, bus->next, VU_BLOCK_END, place->nr_blocks);

	if (at != VU_BLOCK_END && !shift_of(place, at))
		at = find_run(bus->block, at + 1, VU_BLOCK_END, place->nr_blocks);
	if (at == VU_BLOCK_END)
		at = find_run(bus->block, VU_BLOCK_FIRST, VU_BLOCK_END, place->nr_blocks);
	if (at != VU_BLOCK_END && !shift_of(place, at))
		at = find_run(bus->block, at + 1, VU_BLOCK_END, place->nr_blocks);
	return at;
}

int mpt_vu_bus_add(struct vu *vu, struct vu_place *place)
{
	struct vu_bus *bus = vu->bus;
	u64 i;
	u32 at;

	os_mutex_lock(&vu->lock);
	at = find_place(bus, place);
	if (at != VU_BLOCK_END) {
		place->shift = shift_of(place, at);
		for (i = 0; i < place->nr_blocks; i++)
			os_store(&bus->block[at + i], place);
		bus->next = at + (u32)place->nr_blocks;
	}
	os_mutex_unlock(&vu->lock);
	return at != VU_BLOCK_END ? 0
				  : vu_fail("dma_map", -ENOMEM,
					    "no %llu free blocks of 2 MiB are left on the bus",
					    (unsigned long long)place->nr_blocks);
}

void mpt_vu_bus_del(struct vu *vu, struct vu_place *place)
{
	u32 at = block_of(place);
	u64 i;

	os_mutex_lock(&vu->lock);
	for (i = 0; i < place->nr_blocks; i++)
		if (vu->bus->block[at + i] == place)
			os_store(&vu->bus->block[at + i], NULL);
	os_mutex_unlock(&vu->lock);
}

static dma_addr_t bus_addr(u64 mfn)
{
	return mfn << MPT_PAGE_SHIFT | VU_BUS_BIT;
}

/* The place of a bus address and the guest frame it is there; NULL: nobody's. In a section. */
static inline struct vu_place *bus_place(const struct vu_bus *bus, u64 addr, u64 *gfn)
{
	u64 mfn = (addr & (VU_BUS_BIT - 1)) >> MPT_PAGE_SHIFT;
	struct vu_place *place;

	if (OS_UNLIKELY(addr / VU_BUS_BIT != 1))
		return NULL;
	place = os_load(&bus->block[mfn / VU_HUGE_FRAMES]);
	if (OS_LIKELY(place))
		*gfn = mfn - place->shift;
	return place;
}

/* The counts of a frame's block, or NULL. */
static inline u32 *block_counts(const struct vu_place *place, u64 gfn)
{
	return os_load(&place->count[(gfn - place->base) / VU_HUGE_FRAMES]);
}

/* --- map --- */

/* One more; false: that is too many. */
static bool count_frame(struct vu_place *place, u32 *count, u64 gfn, u32 flags)
{
	u32 was;

	if (OS_UNLIKELY(!count_up(&count[gfn % VU_HUGE_FRAMES], flags, false, &was, false)))
		return false;
	if (!was)
		os_fetch_add(&place->mapped, 1);
	return true;
}

/* A frame in a block that has its counts. */
static bool map_fast(unsigned long handle, u64 gfn, dma_addr_t *dma_addr)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);
	struct vu_place *place = OS_LIKELY(vm) ? vu_place_at(os_load(&vm->map), gfn) : NULL;
	u32 *count = OS_LIKELY(place) ? block_counts(place, gfn) : NULL;
	bool done = OS_LIKELY(count) && count_frame(place, count, gfn, 0);

	if (done)
		*dma_addr = bus_addr(vu_mfn(place, gfn));
	mpt_rcu_leave(old);
	return done;
}

/* All 2 MiB must be one region's, or they are in several blocks. In a section. */
static int check_huge(const struct vu_map *map, u64 gfn)
{
	const struct vu_place *first, *p;
	u64 i;

	if (gfn % VU_HUGE_FRAMES)
		return vu_fail("dma_map_guest_page", -EINVAL,
			       "2 MiB at guest frame 0x%llx: not aligned", (unsigned long long)gfn);
	first = p = vu_place_at(map, gfn);
	for (i = 1; p && i < VU_HUGE_FRAMES; i++) {
		if ((p->gpa + p->size) >> MPT_PAGE_SHIFT >= gfn + VU_HUGE_FRAMES)
			break;
		i = ((p->gpa + p->size) >> MPT_PAGE_SHIFT) - gfn;
		p = vu_place_at(map, gfn + i);
	}
	if (!p)
		return vu_fail("dma_map_guest_page", -EFAULT,
			       "2 MiB at guest frame 0x%llx: not all RAM", (unsigned long long)gfn);
	if (p != first)
		return vu_fail("dma_map_guest_page", -EINVAL,
			       "2 MiB at guest frame 0x%llx: not contiguous in the machine (map "
			       "its pages one by one)",
			       (unsigned long long)gfn);
	return 0;
}

/* The block's counts, made at the first map in it. vm->lock is held, in a section. */
static u32 *counts_make(struct vu_place *place, u64 gfn)
{
	u32 **slot = &place->count[(gfn - place->base) / VU_HUGE_FRAMES];

	if (!*slot)
		os_store(slot, (u32 *)mpt_zalloc(VU_HUGE_FRAMES * sizeof(u32)));
	return *slot;
}

/* vm->lock is held, in a section. */
static int map_slow(struct vu_vm *vm, u64 gfn, u64 size, dma_addr_t *dma_addr)
{
	const struct vu_map *map = os_load(&vm->map);
	struct vu_place *place;
	u32 *count;
	int ret;

	if (size != MPT_PAGE_SIZE && size != MPT_HUGE_SIZE)
		return vu_fail("dma_map_guest_page", -EINVAL,
			       "size 0x%llx (only 4 KiB and 2 MiB can be mapped)",
			       (unsigned long long)size);
	ret = size == MPT_HUGE_SIZE ? check_huge(map, gfn) : 0;
	if (ret)
		return ret;
	place = vu_place_at(map, gfn);
	if (!place)
		return vu_fail("dma_map_guest_page", -EFAULT, "guest frame 0x%llx is no RAM",
			       (unsigned long long)gfn);
	count = counts_make(place, gfn);
	if (!count || !count_frame(place, count, gfn, size == MPT_HUGE_SIZE ? COUNT_LARGE : 0))
		return vu_fail("dma_map_guest_page", -ENOMEM,
			       "guest frame 0x%llx: no memory for its counts, or it cannot be "
			       "counted once more",
			       (unsigned long long)gfn);
	*dma_addr = bus_addr(vu_mfn(place, gfn));
	return 0;
}

int mpt_vu_dma_map(unsigned long handle, unsigned long gfn, unsigned long size,
		   dma_addr_t *dma_addr)
{
	struct vu_vm *vm;
	unsigned long old;
	int ret;

	if (OS_LIKELY(size == MPT_PAGE_SIZE && map_fast(handle, gfn, dma_addr)))
		return 0;
	vm = mpt_vu_vm_hold(handle, "dma_map_guest_page");
	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	old = mpt_rcu_enter();
	ret = map_slow(vm, gfn, size, dma_addr);
	mpt_rcu_leave(old);
	os_mutex_unlock(&vm->lock);
	mpt_vu_vm_drop(vm);
	return ret;
}

/* --- unmap and pin --- */

/* The count of an address that this VM's vGPU may have mapped, or NULL. In a section. */
static inline u32 *own_count(const struct vu_vm *vm, dma_addr_t addr, struct vu_place **place)
{
	u32 *count;
	u64 gfn;

	*place = bus_place(vm->vu->bus, addr, &gfn);
	if (OS_UNLIKELY(!*place || addr % MPT_PAGE_SIZE || (*place)->vm != vm))
		return NULL;
	count = block_counts(*place, gfn);
	return count ? &count[gfn % VU_HUGE_FRAMES] : NULL;
}

void mpt_vu_dma_unmap(unsigned long handle, dma_addr_t addr)
{
	unsigned long old = mpt_rcu_enter();
	struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);
	bool done = false, idle = false;
	struct vu_place *place;
	u32 *count, left;

	if (OS_LIKELY(vm)) {
		count = own_count(vm, addr, &place);
		done = count && count_down(count, &left, false);
		if (done && !left)
			idle = os_fetch_add(&place->mapped, -1ULL) == 1 && os_load(&place->gone);
		if (OS_UNLIKELY(!done))
			os_fetch_add(&vm->bad_unmap, 1);
		if (OS_UNLIKELY(idle))
			os_fetch_add(&vm->users, 1);
	}
	mpt_rcu_leave(old);
	if (OS_UNLIKELY(!vm))
		mpt_vu_dead_handle(handle, "dma_unmap_guest_page");
	if (OS_UNLIKELY(idle)) {
		mpt_vu_orphans_reap(vm);
		mpt_vu_vm_drop(vm);
	}
}

int mpt_vu_dma_pin(unsigned long handle, dma_addr_t addr)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);
	bool live = false, done = false;
	struct vu_place *place;
	u32 *count, was;

	if (vm) {
		count = own_count(vm, addr, &place);
		live = count && os_load_relaxed(count);
		done = live && count_up(count, 0, true, &was, false);
	}
	mpt_rcu_leave(old);
	if (!vm)
		return mpt_vu_dead_handle(handle, "dma_pin_guest_page");
	if (done)
		return 0;
	return vu_fail("dma_pin_guest_page", live ? -ENOMEM : -ENOENT, "bus address 0x%llx %s",
		       (unsigned long long)addr,
		       live ? "cannot be counted once more" : "is not mapped (map it first)");
}

/* --- all of a VM; vm->lock is held --- */

static u64 place_live(const struct vu_place *place)
{
	u64 i, live = 0;
	u32 *count, f;

	for (i = 0; os_load(&place->mapped) && i < place->nr_blocks; i++) {
		count = os_load(&place->count[i]);
		for (f = 0; count && f < VU_HUGE_FRAMES; f++)
			live += os_load(&count[f]) & COUNT_MASK;
	}
	return live;
}

static void place_clear(struct vu_place *place)
{
	u32 *count, f;
	u64 i;

	for (i = 0; os_load(&place->mapped) && i < place->nr_blocks; i++) {
		count = place->count[i];
		for (f = 0; count && f < VU_HUGE_FRAMES; f++)
			if (os_load_relaxed(&count[f]) && os_exchange(&count[f], 0))
				os_fetch_add(&place->mapped, -1ULL);
	}
}

void mpt_vu_dma_clear(struct vu_vm *vm)
{
	struct vu_place *place;
	unsigned int i;

	os_mutex_lock(&vm->lock);
	for (i = 0; i < vm->map->n; i++)
		place_clear(vm->map->span[i].place);
	for (place = vm->orphans; place; place = place->next)
		place_clear(place);
	os_mutex_unlock(&vm->lock);
	mpt_vu_orphans_reap(vm);
}

u64 mpt_vu_dma_live(struct vu_vm *vm)
{
	struct vu_place *place;
	unsigned int i;
	u64 live = 0;

	os_mutex_lock(&vm->lock);
	for (i = 0; i < vm->map->n; i++)
		live += place_live(vm->map->span[i].place);
	for (place = vm->orphans; place; place = place->next)
		live += place_live(place);
	os_mutex_unlock(&vm->lock);
	return live;
}

/* --- the device --- */

static void fault_record(struct vu *vu, u64 dma_addr, unsigned int len, bool write)
{
	struct vu_bus *bus = vu->bus;

	os_mutex_lock(&vu->lock);
	bus->fault[bus->fault_head++ % VU_FAULTS] =
		(struct mpt_iommu_fault){ .dma_addr = dma_addr, .len = len, .write = write };
	if (bus->fault_head - bus->fault_tail > VU_FAULTS)
		bus->fault_tail = bus->fault_head - VU_FAULTS;
	os_mutex_unlock(&vu->lock);
}

int mpt_vu_fault_take(void *self, struct mpt_iommu_fault *fault)
{
	struct vu *vu = self;
	bool some;

	os_mutex_lock(&vu->lock);
	some = vu->bus->fault_tail != vu->bus->fault_head;
	if (some)
		*fault = vu->bus->fault[vu->bus->fault_tail++ % VU_FAULTS];
	os_mutex_unlock(&vu->lock);
	return some ? 0 : -ENOENT;
}

/* A part of a device access: bytes within one frame. */
struct part {
	struct vu_place *place;
	u64 gpa;
	unsigned int len;
};

/* Where the device may access @addr now. In a section. */
static bool part_find(const struct vu_bus *bus, u64 addr, bool write, struct part *p)
{
	u32 *count;
	u64 gfn;

	p->place = bus_place(bus, addr, &gfn);
	count = p->place ? block_counts(p->place, gfn) : NULL;
	if (!count || !(p->place->flags & (write ? VU_MEM_WRITE : VU_MEM_READ)) ||
	    (!os_load(&count[gfn % VU_HUGE_FRAMES]) && !(os_load(count) & COUNT_LARGE)))
		return false;
	p->gpa = (gfn << MPT_PAGE_SHIFT) + addr % MPT_PAGE_SIZE;
	return true;
}

/* An access of up to a page touches two at most: both are looked at before any is touched. */
static unsigned int parts_find(const struct vu_bus *bus, u64 addr, unsigned int len, bool write,
			       struct part *p, u64 *bad)
{
	unsigned int first = (unsigned int)(MPT_PAGE_SIZE - addr % MPT_PAGE_SIZE);

	p[0].len = len < first ? len : first;
	*bad = addr;
	if (!part_find(bus, addr, write, &p[0]))
		return 0;
	if (len <= first)
		return 1;
	p[1].len = len - first;
	*bad = addr + first;
	return part_find(bus, addr + first, write, &p[1]) ? 2 : 0;
}

/* Those parts that are of a kind, of two at most. */
static bool parts_kind(const struct part *p, unsigned int n, enum vu_kind kind, u8 *buf, bool write)
{
	unsigned int i;

	for (i = 0; i < n; buf += p[i].len, i++)
		if (p[i].place->kind == kind &&
		    mpt_vu_place_access(p[i].place, p[i].gpa, buf, p[i].len, write))
			return false;
	return true;
}

/* Outside a section, where a part is slow: what may fail comes first, so that the rest stays. */
static bool parts_slow(struct part *p, unsigned int n, u8 *buf, bool write)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < n; i++)
		ok = ok && mpt_vu_place_whole(p[i].place, p[i].gpa, p[i].len);
	ok = ok && parts_kind(p, n, VU_REMOTE, buf, write) &&
	     parts_kind(p, n, VU_FILE, buf, write) && parts_kind(p, n, VU_MAPPED, buf, write);
	for (i = 0; i < n; i++)
		mpt_vu_place_drop(p[i].place);
	return ok;
}

static bool bus_try(const struct vu_bus *bus, u64 addr, u8 *buf, unsigned int len, bool write,
		    u64 *bad)
{
	unsigned long old = mpt_rcu_enter();
	struct part p[2];
	unsigned int n = parts_find(bus, addr, len, write, p, bad), i;
	bool slow = n && (p[0].place->kind != VU_MAPPED || p[n - 1].place->kind != VU_MAPPED);

	for (i = 0; i < n; i++) {
		if (slow)
			vu_place_hold(p[i].place);
		else
			mpt_vu_place_access(p[i].place, p[i].gpa, buf + (i ? p[0].len : 0),
					    p[i].len, write);
	}
	mpt_rcu_leave(old);
	if (!slow)
		return n;
	*bad = addr;
	return parts_slow(p, n, buf, write);
}

int mpt_vu_bus_access(void *self, u64 dma_addr, void *buf, unsigned int len, bool write)
{
	struct vu *vu = self;
	u64 bad;

	if (len - 1 >= MPT_PAGE_SIZE)
		return vu_fail("bus_access", -EINVAL, "a device access of %u bytes (1 to 4096)",
			       len);
	if (OS_LIKELY(bus_try(vu->bus, dma_addr, buf, len, write, &bad)))
		return 0;
	fault_record(vu, bad, len, write);
	if (!write)
		memset(buf, 0xff, len);
	return vu_fail("bus_access", -EFAULT,
		       "the device may not %s bus address 0x%llx: no live mapping, no right, or "
		       "the memory's owner does not give it",
		       write ? "write" : "read", (unsigned long long)bad);
}
