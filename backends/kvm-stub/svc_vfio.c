/* SPDX-License-Identifier: MIT */
/*
 * VFIO's part: pages of guest memory pinned one by one, and counted against the VMM's limit of
 * locked memory. What the IOMMU maps is svc_mem.c's, what is told of RAM that goes svc_slots.c's.
 */
#include "backends/kvm-stub/svc.h"

/* The page of a guest frame with a reference of its own, so that its RAM may go meanwhile. */
static struct svc_mem *page_get(struct svc_vm *vm, u64 gfn, u64 *page)
{
	unsigned long old = mpt_rcu_enter();
	const struct svc_slot *slot = mpt_svc_slot_of(vm, gfn);
	struct svc_mem *mem = slot ? slot->mem : NULL;

	if (mem) {
		*page = gfn - (slot->gpa >> MPT_PAGE_SHIFT);
		os_fetch_add(&mem->refs, 1);
	}
	mpt_rcu_leave(old);
	return mem;
}

static int limit_met(const struct svc_vm *vm, u64 gfn)
{
	return svc_fail("dma_map_guest_page", -ENOMEM,
			"guest frame 0x%llx cannot be pinned: VM %u has locked all %llu pages that "
			"it may (-12 of VFIO; raise memlock=, on a real host RLIMIT_MEMLOCK of the "
			"VMM: ulimit -l, or LimitMEMLOCK= of its service)",
			(unsigned long long)gfn, vm->id, (unsigned long long)vm->locked);
}

int mpt_svc_pin(struct svc_vm *vm, u64 gfn, u64 *pfn)
{
	u64 limit = vm->svc->opt.memlock >> MPT_PAGE_SHIFT, page;
	struct svc_mem *mem = page_get(vm, gfn, &page);
	bool full, first;

	if (!mem)
		return svc_fail("dma_map_guest_page", -EFAULT, "guest frame 0x%llx is no RAM",
				(unsigned long long)gfn);
	os_mutex_lock(&vm->pin_lock);
	first = !mem->pins[page];
	full = first && vm->svc->opt.memlock && vm->locked >= limit;
	if (full) {
		limit_met(vm, gfn);
	} else {
		mem->pins[page]++;
		vm->locked += first;
		*pfn = mpt_svc_pfn(mem, page);
	}
	os_mutex_unlock(&vm->pin_lock);
	if (full || !first)
		mpt_svc_mem_put(mem);
	return full ? -ENOMEM : 0;
}

void mpt_svc_unpin(struct svc_vm *vm, u64 pfn)
{
	struct svc_mem *mem;
	bool last;
	u64 page;

	mem = mpt_svc_page(vm->svc, pfn, &page);
	os_mutex_lock(&vm->pin_lock);
	last = !--mem->pins[page];
	vm->locked -= last;
	os_mutex_unlock(&vm->pin_lock);
	if (last)
		mpt_svc_mem_put(mem);
}
