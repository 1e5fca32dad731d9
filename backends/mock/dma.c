/* SPDX-License-Identifier: MIT */
/*
 * The bus side: mappings counted by bus address in a two-level table (machine block, then
 * frame), and what the device reads, writes and is refused. Only the first map in a block takes
 * a lock.
 */
#include "backends/mock/mock.h"
#include "libmpt/counts.h"

static dma_addr_t bus_addr(u64 mfn)
{
	return mfn << MPT_PAGE_SHIFT | MOCK_BUS_BIT;
}

/* The count of a bus address, NULL where nothing was ever mapped; @block: out. */
static inline u32 *bus_count(struct mock_block *blocks, u64 addr, struct mock_block **block)
{
	u64 mfn = (addr & (MOCK_BUS_BIT - 1)) >> MPT_PAGE_SHIFT;
	u32 *count;

	if (addr / MOCK_BUS_BIT != 1)
		return NULL;
	*block = &blocks[mfn / MOCK_HUGE_FRAMES];
	count = os_load(&(*block)->count);
	return count ? &count[mfn % MOCK_HUGE_FRAMES] : NULL;
}

/* --- pins --- */

/* The limit of mapped addresses; without one nothing is counted. */
static bool pin_take(struct mock *m)
{
	if (!m->opt.pins || os_fetch_add(&m->pins, 1) < m->opt.pins)
		return true;
	os_fetch_add(&m->pins, -1ULL);
	return false;
}

static void pin_put(struct mock *m)
{
	if (OS_UNLIKELY(m->opt.pins))
		os_fetch_add(&m->pins, -1ULL);
}

/* --- map --- */

static bool map_pinned(struct mock *m, u32 *count, u32 flags, bool alone)
{
	u32 was;

	/* At the limit an address that is mapped already may still be counted once more. */
	if (!pin_take(m))
		return count_up(count, flags, true, &was, alone);
	if (!count_up(count, flags, false, &was, alone)) {
		pin_put(m);
		return false;
	}
	if (was)
		pin_put(m);
	return true;
}

/* The block's counts, made at the first map in it. vm->lock is held, in a section. */
static u32 *block_counts(struct mock_vm *vm, u64 gfn, const struct mock_frame *f)
{
	struct mock *m = vm->mock;
	struct mock_block *b = &m->blocks[f->mfn / MOCK_HUGE_FRAMES];

	if (b->count)
		return b->count;
	if (!b->counts) {
		b->counts = mpt_zalloc(sizeof(*b->counts));
		if (!b->counts)
			return NULL;
		b->counts->next = os_load_relaxed(&m->counts);
		while (!os_cas(&m->counts, &b->counts->next, b->counts))
			;
	}
	os_store_relaxed(&b->vm, vm);
	os_store_relaxed(&b->gfn, gfn - gfn % MOCK_HUGE_FRAMES);
	os_store_relaxed(&b->host, f->host - (gfn % MOCK_HUGE_FRAMES << MPT_PAGE_SHIFT));
	os_store_relaxed(&b->dirty, vm->hot.dirty);
	os_store_relaxed(&b->scatter, vm->mock->opt.contig ? 0 : MOCK_SCATTER);
	os_store_relaxed(&b->readonly, f->readonly);
	vm->dma_used = true;
	os_store(&b->count, b->counts->count);
	return b->count;
}

/* All 2 MiB must be one region's, or its frames are in several blocks. */
static int check_huge(struct mock_vm *vm, u64 gfn)
{
	bool one = false;

	if (gfn % MOCK_HUGE_FRAMES)
		return mock_fail("dma_map_guest_page", -EINVAL,
				 "2 MiB at guest frame 0x%llx: not aligned",
				 (unsigned long long)gfn);
	if (gfn >= mock_frames(vm) || !mock_covers(vm, gfn << MPT_PAGE_SHIFT, MPT_HUGE_SIZE, &one))
		return mock_fail("dma_map_guest_page", -EFAULT,
				 "2 MiB at guest frame 0x%llx: not all RAM",
				 (unsigned long long)gfn);
	if (!vm->mock->opt.contig || !one)
		return mock_fail("dma_map_guest_page", -EINVAL,
				 "2 MiB at guest frame 0x%llx: not contiguous in the machine "
				 "(map its pages one by one)",
				 (unsigned long long)gfn);
	return 0;
}

/* vm->lock is held, in a section. */
static int map_slow(struct mock_vm *vm, u64 gfn, u64 size, dma_addr_t *dma_addr, bool alone)
{
	struct mock_frame f;
	u32 *count;
	int ret;

	if (size != MPT_PAGE_SIZE && size != MPT_HUGE_SIZE)
		return mock_fail("dma_map_guest_page", -EINVAL,
				 "size 0x%llx (only 4 KiB and 2 MiB can be mapped)",
				 (unsigned long long)size);
	ret = size == MPT_HUGE_SIZE ? check_huge(vm, gfn) : 0;
	if (ret)
		return ret;
	if (!mock_frame(vm, gfn, &f))
		return mock_fail("dma_map_guest_page", -EFAULT, "guest frame 0x%llx is no RAM",
				 (unsigned long long)gfn);
	count = block_counts(vm, gfn, &f);
	if (!count)
		return mock_fail("dma_map_guest_page", -ENOMEM,
				 "no memory for the counts of a block");
	if (!map_pinned(vm->mock, &count[f.mfn % MOCK_HUGE_FRAMES],
			size == MPT_HUGE_SIZE ? COUNT_LARGE : 0, alone))
		return mock_fail("dma_map_guest_page", -ENOMEM,
				 "guest frame 0x%llx cannot be mapped once more: all %llu "
				 "pins are in use (unmap something, or open with a larger pins=)",
				 (unsigned long long)gfn, (unsigned long long)vm->mock->opt.pins);
	*dma_addr = bus_addr(f.mfn);
	return 0;
}

/*
 * A frame of a chunk of one region, in a block that has its counts, without a limit of pins, by a
 * thread that may count so (@alone or locked).
 */
COUNTS_INLINE bool map_fast(unsigned long handle, u64 gfn, dma_addr_t *dma_addr, bool alone)
{
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	struct mock_block *blocks;
	u32 *count, was;
	u64 mfn;

	if (OS_UNLIKELY(!hot || !(alone ? mpt_mock_alone(hot) : mpt_mock_shared(hot))))
		return false;
	mfn = mpt_mock_mfn(hot, gfn);
	blocks = mock_vm_of(hot)->blocks;
	count = OS_LIKELY(mfn && blocks) ? os_load(&blocks[mfn / MOCK_HUGE_FRAMES].count) : NULL;
	if (OS_UNLIKELY(!count) || !count_up(&count[mfn % MOCK_HUGE_FRAMES], 0, false, &was, alone))
		return false;
	*dma_addr = bus_addr(mfn);
	return true;
}

static __attribute__((__noinline__)) int map_any(unsigned long handle, u64 gfn, u64 size,
					     dma_addr_t *dma_addr)
{
	unsigned long old = mpt_rcu_enter();
	bool done = size == MPT_PAGE_SIZE && map_fast(handle, gfn, dma_addr, false);
	struct mock_vm *vm;
	int ret;

	mpt_rcu_leave(old);
	if (done)
		return 0;
	vm = mock_vm_hold(handle, "dma_map_guest_page");
	if (!vm)
		return -ESRCH;
	mock_own(vm);
	os_mutex_lock(&vm->lock);
	old = mpt_rcu_enter();
	ret = map_slow(vm, gfn, size, dma_addr, mpt_mock_alone(&vm->hot));
	mpt_rcu_leave(old);
	os_mutex_unlock(&vm->lock);
	mock_vm_drop(vm);
	return ret;
}

int mpt_mock_dma_map_guest_page(unsigned long handle, unsigned long gfn, unsigned long size,
				dma_addr_t *dma_addr)
{
	if (OS_LIKELY(size == MPT_PAGE_SIZE && mpt_mock_enter())) {
		if (OS_LIKELY(map_fast(handle, gfn, dma_addr, true))) {
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return map_any(handle, gfn, size, dma_addr);
}

/* --- unmap and pin --- */

/* The count of an address that this VM's vGPU may have mapped, or NULL. */
static inline u32 *own_count(const struct mock_vm *vm, struct mock_block *blocks,
			     dma_addr_t dma_addr)
{
	struct mock_block *b;
	u32 *count = bus_count(blocks, dma_addr, &b);

	if (OS_UNLIKELY(!count || dma_addr % MPT_PAGE_SIZE || os_load_relaxed(&b->vm) != vm))
		return NULL;
	return count;
}

COUNTS_INLINE bool unmap_fast(unsigned long handle, dma_addr_t dma_addr, bool alone)
{
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	struct mock_block *blocks;
	u32 *count, left;

	if (OS_UNLIKELY(!hot || !(alone ? mpt_mock_alone(hot) : mpt_mock_shared(hot))))
		return false;
	blocks = mock_vm_of(hot)->blocks;
	count = OS_LIKELY(blocks) ? own_count(mock_vm_of(hot), blocks, dma_addr) : NULL;
	return OS_LIKELY(count) && count_down(count, &left, alone);
}

static __attribute__((__noinline__)) void unmap_any(unsigned long handle, dma_addr_t dma_addr)
{
	unsigned long old = mpt_rcu_enter();
	bool done = unmap_fast(handle, dma_addr, false), alone;
	struct mock_vm *vm;
	u32 *count, left;

	mpt_rcu_leave(old);
	vm = done ? NULL : mock_vm_hold(handle, "dma_unmap_guest_page");
	if (!vm)
		return;
	old = mock_settle(vm, &alone);
	count = own_count(vm, vm->mock->blocks, dma_addr);
	if (!count || !count_down(count, &left, alone))
		os_fetch_add(&vm->bad_unmap, 1);
	else if (!left)
		pin_put(vm->mock);
	mpt_rcu_leave(old);
	mock_vm_drop(vm);
}

void mpt_mock_dma_unmap_guest_page(unsigned long handle, dma_addr_t dma_addr)
{
	if (OS_LIKELY(mpt_mock_enter())) {
		if (OS_LIKELY(unmap_fast(handle, dma_addr, true))) {
			mpt_mock_leave();
			return;
		}
		mpt_mock_leave();
	}
	unmap_any(handle, dma_addr);
}

int mpt_mock_dma_pin_guest_page(unsigned long handle, dma_addr_t dma_addr)
{
	struct mock_vm *vm = mock_vm_hold(handle, "dma_pin_guest_page");
	bool live, done, alone;
	unsigned long old;
	u32 *count, was;

	if (!vm)
		return -ESRCH;
	old = mock_settle(vm, &alone);
	count = own_count(vm, vm->mock->blocks, dma_addr);
	live = count && os_load_relaxed(count);
	done = live && count_up(count, 0, true, &was, alone);
	mpt_rcu_leave(old);
	mock_vm_drop(vm);
	if (done)
		return 0;
	return mock_fail("dma_pin_guest_page", live ? -ENOMEM : -ENOENT, "bus address 0x%llx %s",
			 (unsigned long long)dma_addr,
			 live ? "cannot be counted once more" : "is not mapped (map it first)");
}

/* --- what becomes of a block's mappings --- */

/* The @i-th block of a place if it has counts, else NULL. */
static struct mock_block *counted(struct mock *m, const struct mock_place *place, u64 i)
{
	struct mock_block *b = &m->blocks[place->block[i]];

	return os_load(&b->count) ? b : NULL;
}

/* How often the frames of a place are mapped. */
static u64 place_live(struct mock *m, const struct mock_place *place)
{
	struct mock_block *b;
	u64 i, live = 0;
	u32 f;

	for (i = 0; i < place->nr_blocks; i++) {
		b = counted(m, place, i);
		for (f = 0; b && f < MOCK_HUGE_FRAMES; f++)
			live += os_load(&b->count[f]) & COUNT_MASK;
	}
	return live;
}

bool mock_dma_in_use(struct mock_vm *vm, const struct mock_place *place)
{
	return place_live(vm->mock, place) != 0;
}

/* No count is left: the blocks may go to somebody else. */
void mock_dma_forget(struct mock *m, const struct mock_place *place)
{
	struct mock_block *b;
	u64 i;

	for (i = 0; i < place->nr_blocks; i++) {
		b = counted(m, place, i);
		if (!b)
			continue;
		os_store_relaxed(&b->vm, NULL);
		os_store(&b->count, NULL);
	}
}

void mock_dma_ram_gone(struct mock_vm *vm, const struct mock_place *place)
{
	struct mock_block *b;
	u64 i;

	for (i = 0; i < place->nr_blocks; i++) {
		b = counted(vm->mock, place, i);
		if (b)
			os_store_relaxed(&b->gfn, MOCK_NO_GFN);
	}
}

static void clear_place(struct mock_vm *vm, const struct mock_place *place)
{
	struct mock_block *b;
	u64 i;
	u32 f;

	for (i = 0; i < place->nr_blocks; i++) {
		b = counted(vm->mock, place, i);
		for (f = 0; b && f < MOCK_HUGE_FRAMES; f++)
			if (os_load_relaxed(&b->count[f]) && os_exchange(&b->count[f], 0))
				pin_put(vm->mock);
	}
	mock_dma_forget(vm->mock, place);
}

/* The vGPU is gone, and no operation of it runs. */
void mock_dma_clear(struct mock_vm *vm)
{
	struct mock_place *place;
	unsigned int i;

	if (!vm->dma_used)
		return;
	os_mutex_lock(&vm->lock);
	for (i = 0; i < vm->map->n; i++)
		clear_place(vm, vm->map->span[i].place);
	for (place = vm->orphans; place; place = place->next)
		clear_place(vm, place);
	vm->dma_used = false;
	os_mutex_unlock(&vm->lock);
	mock_orphans_reap(vm);
}

u64 mock_dma_live(struct mock_vm *vm)
{
	struct mock_place *place;
	u64 live = 0;
	unsigned int i;

	os_mutex_lock(&vm->lock);
	for (i = 0; vm->dma_used && i < vm->map->n; i++)
		live += place_live(vm->mock, vm->map->span[i].place);
	for (place = vm->orphans; place; place = place->next)
		live += place_live(vm->mock, place);
	os_mutex_unlock(&vm->lock);
	return live;
}

/* --- the device --- */

static void fault_record(struct mock *m, u64 dma_addr, unsigned int len, bool write)
{
	os_mutex_lock(&m->lock);
	m->fault[m->fault_head++ % MOCK_FAULTS] =
		(struct mpt_iommu_fault){ .dma_addr = dma_addr, .len = len, .write = write };
	if (m->fault_head - m->fault_tail > MOCK_FAULTS)
		m->fault_tail = m->fault_head - MOCK_FAULTS;
	os_mutex_unlock(&m->lock);
}

int mock_fault_take(void *self, struct mpt_iommu_fault *fault)
{
	struct mock *m = self;
	bool some;

	os_mutex_lock(&m->lock);
	some = m->fault_tail != m->fault_head;
	if (some)
		*fault = m->fault[m->fault_tail++ % MOCK_FAULTS];
	os_mutex_unlock(&m->lock);
	return some ? 0 : -ENOENT;
}

/* The block of a bus address that the device may access now, or NULL. In a section. */
static struct mock_block *bus_live(struct mock *m, u64 addr, bool write)
{
	struct mock_block *b;
	u32 *count = bus_count(m->blocks, addr, &b);
	u32 *first = count ? count - (addr >> MPT_PAGE_SHIFT) % MOCK_HUGE_FRAMES : NULL;

	if (!count || (!os_load(count) && !(os_load(first) & COUNT_LARGE)))
		return NULL;
	return write && os_load_relaxed(&b->readonly) ? NULL : b;
}

/* Bytes within one frame, of a live block. */
static void bus_copy(struct mock_block *b, u64 addr, void *buf, unsigned int len, bool write)
{
	u64 frame = (addr >> MPT_PAGE_SHIFT) % MOCK_HUGE_FRAMES ^ os_load_relaxed(&b->scatter);
	u8 *host = os_load_relaxed(&b->host) + (frame << MPT_PAGE_SHIFT);
	u64 gfn = os_load_relaxed(&b->gfn);

	mock_bytes(host + addr % MPT_PAGE_SIZE, buf, len, write);
	if (write && gfn != MOCK_NO_GFN)
		os_store(&os_load_relaxed(&b->dirty)[gfn + frame], 1);
}

/* An access of up to a page touches two at most: both are looked at before any is touched. */
static bool bus_try(struct mock *m, u64 addr, void *buf, unsigned int len, bool write, u64 *bad)
{
	unsigned int first = (unsigned int)(MPT_PAGE_SIZE - addr % MPT_PAGE_SIZE);
	struct mock_block *b, *next = NULL;

	first = len < first ? len : first;
	*bad = addr;
	b = bus_live(m, addr, write);
	if (!b)
		return false;
	if (first < len) {
		*bad = addr + first;
		next = bus_live(m, addr + first, write);
		if (!next)
			return false;
	}
	bus_copy(b, addr, buf, first, write);
	if (next)
		bus_copy(next, addr + first, (u8 *)buf + first, len - first, write);
	return true;
}

int mock_bus_access(void *self, u64 dma_addr, void *buf, unsigned int len, bool write)
{
	struct mock *m = self;
	unsigned long old;
	bool done;
	u64 bad;

	if (len - 1 >= MPT_PAGE_SIZE)
		return mock_fail("bus_access", -EINVAL, "a device access of %u bytes (1 to 4096)",
				 len);
	old = mpt_rcu_enter();
	done = bus_try(m, dma_addr, buf, len, write, &bad);
	mpt_rcu_leave(old);
	if (OS_LIKELY(done))
		return 0;
	fault_record(m, bad, len, write);
	if (!write)
		memset(buf, 0xff, len);
	return mock_fail("bus_access", -EFAULT,
			 "the device may not %s bus address 0x%llx: no live mapping%s",
			 write ? "write" : "read", (unsigned long long)bad,
			 write ? ", or read-only RAM" : "");
}
