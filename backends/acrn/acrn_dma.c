/* SPDX-License-Identifier: MIT */
/*
 * Mappings for the device, counted by host-physical address in a two-level table of each VM (there
 * is no IOMMU between a GVT-g device and memory); and, for the testbed, what the device reads,
 * writes and is refused. Only the first map in 2 MiB takes a lock.
 */
#include "backends/acrn/acrn.h"
#include "libmpt/counts.h"

#define BLOCKS (1ULL << (ACRN_HPA_BITS - ACRN_CHUNK_SHIFT))

/* The block of an address, NULL where nothing was ever mapped. */
static inline struct acrn_dma_block *block_of(const struct acrn_vm *vm, u64 hpa)
{
	struct acrn_dma_block **dma = os_load(&vm->dma);

	return dma && !(hpa >> ACRN_HPA_BITS) ? os_load(&dma[hpa >> ACRN_CHUNK_SHIFT]) : NULL;
}

static inline u64 frame_in(u64 hpa)
{
	return (hpa >> MPT_PAGE_SHIFT) % ACRN_HUGE_FRAMES;
}

/* vm->cache_lock is held. */
static struct acrn_dma_block *block_make(struct acrn_vm *vm, u64 hpa)
{
	struct acrn_dma_block **dma = vm->dma, *b;

	if (!dma) {
		dma = mpt_zalloc_pages(BLOCKS * sizeof(*dma));
		if (!dma)
			return NULL;
		os_store(&vm->dma, dma);
	}
	b = dma[hpa >> ACRN_CHUNK_SHIFT];
	if (b)
		return b;
	b = mpt_zalloc(sizeof(*b));
	if (!b)
		return NULL;
	b->next = vm->dma_blocks;
	os_store(&vm->dma_blocks, b);
	os_store(&dma[hpa >> ACRN_CHUNK_SHIFT], b);
	return b;
}

/* --- map --- */

static bool count_one(struct acrn_dma_block *b, u64 hpa, u32 flags, bool readonly)
{
	u64 f = frame_in(hpa), bit = 1ULL << f % 64;
	u32 was;

	if (!count_up(&b->count[f], flags, false, &was, false))
		return false;
	if (OS_UNLIKELY(readonly))
		os_fetch_or(&b->readonly[f / 64], bit);
	else if (OS_UNLIKELY(os_load_relaxed(&b->readonly[f / 64]) & bit))
		os_fetch_and(&b->readonly[f / 64], ~bit);
	return true;
}

/* All 2 MiB must be RAM in a row, and begin on their own multiple. In a section. */
static int check_huge(struct acrn_vm *vm, u64 gfn, u64 mfn)
{
	const char *why = gfn % ACRN_HUGE_FRAMES ? "not aligned" : NULL;
	u64 i, one;

	for (i = 0; !why && i < ACRN_HUGE_FRAMES; i++) {
		one = acrn_mfn(vm, gfn + i);
		if (one == INTEL_GVT_INVALID_ADDR)
			return acrn_fail(vm->inst, "dma_map_guest_page", -EFAULT,
					 "2 MiB at guest frame 0x%llx: not all RAM",
					 (unsigned long long)gfn);
		if (one != mfn + i && i) /* one after the other, tested to the end for RAM */
			mfn = ~0ULL;
	}
	if (!why && (mfn == ~0ULL || mfn % ACRN_HUGE_FRAMES))
		why = "not contiguous in the machine (map its pages one by one)";
	return why ? acrn_fail(vm->inst, "dma_map_guest_page", -EINVAL,
			       "2 MiB at guest frame 0x%llx: %s", (unsigned long long)gfn, why) : 0;
}

/* In a section; -EAGAIN: the block is to be made. */
static int map_try(struct acrn_vm *vm, u64 gfn, u64 size, dma_addr_t *addr, u64 *hpa)
{
	struct acrn_dma_block *b;
	u64 mfn = acrn_mfn(vm, gfn);
	int ret;

	if (mfn == INTEL_GVT_INVALID_ADDR && !(size == MPT_HUGE_SIZE && gfn % ACRN_HUGE_FRAMES))
		return acrn_fail(vm->inst, "dma_map_guest_page", -EFAULT,
				 "guest frame 0x%llx is no RAM", (unsigned long long)gfn);
	ret = size == MPT_HUGE_SIZE ? check_huge(vm, gfn, mfn) : 0;
	if (ret)
		return ret;
	*hpa = mfn << MPT_PAGE_SHIFT;
	b = block_of(vm, *hpa);
	if (!b)
		return -EAGAIN;
	if (!count_one(b, *hpa, size == MPT_HUGE_SIZE ? COUNT_LARGE : 0,
		       acrn_readonly(vm, gfn << MPT_PAGE_SHIFT)))
		return acrn_fail(vm->inst, "dma_map_guest_page", -ENOMEM,
				 "guest frame 0x%llx cannot be mapped once more",
				 (unsigned long long)gfn);
	*addr = *hpa;
	return 0;
}

static int map_slow(struct acrn_vm *vm, u64 gfn, u64 size, dma_addr_t *addr)
{
	unsigned long old;
	bool made = true;
	u64 hpa = 0;
	int ret;

	if (size != MPT_PAGE_SIZE && size != MPT_HUGE_SIZE)
		return acrn_fail(vm->inst, "dma_map_guest_page", -EINVAL,
				 "size 0x%llx (only 4 KiB and 2 MiB can be mapped)",
				 (unsigned long long)size);
	for (;;) {
		old = mpt_rcu_enter();
		ret = map_try(vm, gfn, size, addr, &hpa);
		mpt_rcu_leave(old);
		if (ret != -EAGAIN)
			return ret;
		os_mutex_lock(&vm->cache_lock);
		made = block_make(vm, hpa);
		os_mutex_unlock(&vm->cache_lock);
		if (!made)
			return acrn_fail(vm->inst, "dma_map_guest_page", -ENOMEM,
					 "no memory for the counts of a block");
	}
}

int acrn_dma_map(unsigned long handle, u64 gfn, u64 size, dma_addr_t *addr)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);
	u64 i = gfn / ACRN_HUGE_FRAMES, mfn = vm && i < vm->chunks ? os_load(&vm->chunk_mfn[i]) : 0;
	struct acrn_dma_block *b = mfn ? block_of(vm, mfn << MPT_PAGE_SHIFT) : NULL;
	u64 hpa = (mfn + gfn % ACRN_HUGE_FRAMES) << MPT_PAGE_SHIFT;
	bool done = OS_LIKELY(b && size == MPT_PAGE_SIZE && !(mfn % ACRN_HUGE_FRAMES)) &&
		    count_one(b, hpa, 0, acrn_readonly(vm, gfn << MPT_PAGE_SHIFT));
	int ret;

	mpt_rcu_leave(old);
	if (OS_LIKELY(done)) {
		*addr = hpa;
		return 0;
	}
	vm = acrn_vm_hold(handle, "dma_map_guest_page");
	if (!vm)
		return -ESRCH;
	if (gfn <= ACRN_FRAME_MAX)
		acrn_chunk_learn(vm, gfn << MPT_PAGE_SHIFT);
	ret = map_slow(vm, gfn, size, addr);
	acrn_vm_drop(vm);
	return ret;
}

/* --- unmap and pin --- */

static bool unmap_one(const struct acrn_vm *vm, dma_addr_t addr)
{
	struct acrn_dma_block *b = addr % MPT_PAGE_SIZE ? NULL : block_of(vm, addr);
	u32 left;

	return b && count_down(&b->count[frame_in(addr)], &left, false);
}

void acrn_dma_unmap(unsigned long handle, dma_addr_t addr)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);

	if (OS_LIKELY(vm) && !OS_LIKELY(unmap_one(vm, addr)))
		os_fetch_add(&vm->bad_unmap, 1);
	mpt_rcu_leave(old);
	if (OS_UNLIKELY(!vm))
		acrn_dead_handle(handle, "dma_unmap_guest_page");
}

int acrn_dma_pin(unsigned long handle, dma_addr_t addr)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);
	struct acrn_dma_block *b = !vm || addr % MPT_PAGE_SIZE ? NULL : block_of(vm, addr);
	struct acrn_inst *inst = vm ? vm->inst : NULL;
	bool live = b && os_load_relaxed(&b->count[frame_in(addr)]), done;
	u32 was;

	done = live && count_up(&b->count[frame_in(addr)], 0, true, &was, false);
	mpt_rcu_leave(old);
	if (done)
		return 0;
	if (!inst)
		return acrn_dead_handle(handle, "dma_pin_guest_page");
	return acrn_fail(inst, "dma_pin_guest_page", live ? -ENOMEM : -ENOENT,
			 "bus address 0x%llx %s", (unsigned long long)addr,
			 live ? "cannot be counted once more" : "is not mapped (map it first)");
}

/* --- all of a VM's --- */

u64 acrn_dma_live(struct acrn_vm *vm)
{
	struct acrn_dma_block *b;
	u64 live = 0;
	u32 f;

	os_mutex_lock(&vm->cache_lock);
	for (b = vm->dma_blocks; b; b = b->next)
		for (f = 0; f < ACRN_HUGE_FRAMES; f++)
			live += os_load(&b->count[f]) & COUNT_MASK;
	os_mutex_unlock(&vm->cache_lock);
	return live;
}

/* The vGPU is gone, and no operation of it runs. Blocks stay for the next one. */
void acrn_dma_clear(struct acrn_vm *vm)
{
	struct acrn_dma_block *b;
	u32 f;

	os_mutex_lock(&vm->cache_lock);
	for (b = vm->dma_blocks; b; b = b->next)
		for (f = 0; f < ACRN_HUGE_FRAMES; f++)
			if (os_load_relaxed(&b->count[f]))
				os_store(&b->count[f], 0);
	os_mutex_unlock(&vm->cache_lock);
}

void acrn_dma_free(struct acrn_vm *vm)
{
	struct acrn_dma_block *b, *next;

	for (b = vm->dma_blocks; b; b = next) {
		next = b->next;
		mpt_free(b);
	}
	vm->dma_blocks = NULL;
	mpt_free_pages(vm->dma, BLOCKS * sizeof(*vm->dma));
	vm->dma = NULL;
}

/* --- the device --- */

static void fault_record(struct acrn_inst *inst, u64 addr, unsigned int len, bool write)
{
	os_mutex_lock(&inst->lock);
	inst->fault[inst->fault_head++ % ACRN_FAULTS] =
		(struct mpt_iommu_fault){ .dma_addr = addr, .len = len, .write = write };
	if (inst->fault_head - inst->fault_tail > ACRN_FAULTS)
		inst->fault_tail = inst->fault_head - ACRN_FAULTS;
	os_mutex_unlock(&inst->lock);
}

int acrn_fault_take(void *self, struct mpt_iommu_fault *fault)
{
	struct acrn_inst *inst = self;
	bool some;

	os_mutex_lock(&inst->lock);
	some = inst->fault_tail != inst->fault_head;
	if (some)
		*fault = inst->fault[inst->fault_tail++ % ACRN_FAULTS];
	os_mutex_unlock(&inst->lock);
	return some ? 0 : -ENOENT;
}

/* The page behind an address that some VM's mappings let the device access now. In a section. */
static u8 *bus_page(struct acrn_inst *inst, u64 addr, bool write)
{
	struct vhm_provider *p = inst->machine.provider;
	u64 f = frame_in(addr), page = addr & ~(u64)(MPT_PAGE_SIZE - 1);
	const struct acrn_vm *vm;
	struct acrn_dma_block *b;

	for (vm = os_load(&inst->vms); vm; vm = os_load(&vm->next)) {
		b = block_of(vm, addr);
		if (!b || (!os_load(&b->count[f]) && !(os_load(&b->count[0]) & COUNT_LARGE)))
			continue;
		if (write && os_load(&b->readonly[f / 64]) >> f % 64 & 1)
			return NULL;
		return p->svc->phys_to_virt ? p->svc->phys_to_virt(p, page) : NULL;
	}
	return NULL;
}

/* An access of up to a page touches two at most: both are looked at before any is touched. */
static bool bus_try(struct acrn_inst *inst, u64 addr, void *buf, unsigned int len, bool write,
		    u64 *bad)
{
	unsigned int first = (unsigned int)(MPT_PAGE_SIZE - addr % MPT_PAGE_SIZE);
	u8 *a, *b = NULL;

	first = len < first ? len : first;
	*bad = addr;
	a = bus_page(inst, addr, write);
	if (!a)
		return false;
	if (first < len) {
		*bad = addr + first;
		b = bus_page(inst, addr + first, write);
		if (!b)
			return false;
	}
	acrn_bytes(a + addr % MPT_PAGE_SIZE, buf, first, write);
	if (b)
		acrn_bytes(b, (u8 *)buf + first, len - first, write);
	return true;
}

int acrn_bus_access(void *self, u64 addr, void *buf, unsigned int len, bool write)
{
	struct acrn_inst *inst = self;
	unsigned long old;
	bool done;
	u64 bad;

	if (len - 1 >= MPT_PAGE_SIZE)
		return acrn_fail(inst, "bus_access", -EINVAL,
				 "a device access of %u bytes (1 to 4096)", len);
	old = mpt_rcu_enter();
	done = bus_try(inst, addr, buf, len, write, &bad);
	mpt_rcu_leave(old);
	if (OS_LIKELY(done))
		return 0;
	fault_record(inst, bad, len, write);
	if (!write)
		memset(buf, 0xff, len);
	return acrn_fail(inst, "bus_access", -EFAULT,
			 "the device may not %s bus address 0x%llx: no live mapping%s",
			 write ? "write" : "read", (unsigned long long)bad,
			 write ? ", or read-only RAM" : "");
}
