/* SPDX-License-Identifier: MIT */
/*
 * Memslots: RAM that comes, goes, moves and changes its kind while the guest runs. The IOMMU domain
 * follows them, as a VMM makes it do, and the user is told. How memory is accessed is svc_rw.c's.
 */
#include "backends/kvm-stub/svc.h"

static u64 set_size(const struct svc *svc)
{
	return sizeof(struct svc_slots) + svc->opt.memslots * sizeof(struct svc_slot);
}

/* Two arrays in turn, large enough for all slots: what is refused is refused before any change. */
int mpt_svc_slots_init(struct svc_vm *vm)
{
	const struct svc *svc = vm->svc;

	os_mutex_init(&vm->slots_lock);
	os_mutex_init(&vm->pin_lock);
	vm->nr_frames = 1ULL << (svc->opt.phys_bits - MPT_PAGE_SHIFT);
	vm->set[0] = mpt_zalloc_pages(set_size(svc));
	vm->set[1] = mpt_zalloc_pages(set_size(svc));
	vm->dirty = mpt_zalloc_pages(vm->nr_frames);
	vm->wp = mpt_zalloc_pages(vm->nr_frames / 8);
	vm->slots = vm->set[0];
	if (vm->set[0] && vm->set[1] && vm->dirty && vm->wp)
		return 0;
	return svc_fail("vm_create", -ENOMEM,
			"no address space for the tables of a VM with %llu address bits "
			"(open with a smaller phys-bits=)",
			(unsigned long long)svc->opt.phys_bits);
}

/* No vGPU is attached, so nothing is pinned. */
void mpt_svc_slots_exit(struct svc_vm *vm)
{
	unsigned int i;

	for (i = 0; vm->slots && i < vm->slots->n; i++)
		mpt_svc_mem_put(vm->slots->slot[i].mem);
	mpt_free_pages(vm->wp, vm->nr_frames / 8);
	mpt_free_pages(vm->dirty, vm->nr_frames);
	mpt_free_pages(vm->set[1], set_size(vm->svc));
	mpt_free_pages(vm->set[0], set_size(vm->svc));
	os_mutex_destroy(&vm->pin_lock);
	os_mutex_destroy(&vm->slots_lock);
}

u64 mpt_svc_generation(const struct svc_vm *vm)
{
	unsigned long old = mpt_rcu_enter();
	u64 generation = os_load(&vm->slots)->generation;

	mpt_rcu_leave(old);
	return generation;
}

/* --- changes; slots_lock is held --- */

/* @del slots less at @i, and @add instead. On return nobody sees the old array. */
static void slots_change(struct svc_vm *vm, unsigned int i, unsigned int del,
			 const struct svc_slot *add)
{
	const struct svc_slots *from = vm->slots;
	struct svc_slots *to = vm->set[vm->slots == vm->set[0]];

	memcpy(to->slot, from->slot, i * sizeof(*add));
	if (add)
		to->slot[i] = *add;
	memcpy(&to->slot[i + !!add], &from->slot[i + del],
	       (from->n - i - del) * sizeof(*add));
	to->n = from->n - del + !!add;
	to->generation = from->generation + 1;
	os_store(&vm->slots, to);
	mpt_rcu_synchronize();
}

static void tell(struct svc_vm *vm, u64 gpa, u64 size, bool mapped)
{
	struct svc_user *user = mpt_svc_user_enter(vm);

	if (!user)
		return;
	(mapped ? user->mapped : user->unmapped)(user, gpa >> MPT_PAGE_SHIFT,
						 size >> MPT_PAGE_SHIFT);
	mpt_deliver_leave();
}

static void slot_show(struct svc_vm *vm, const struct svc_slot *slot)
{
	os_store(&slot->mem->gfn, slot->gpa >> MPT_PAGE_SHIFT);
	slots_change(vm, mpt_svc_slot_at(vm->slots, slot->gpa), 0, slot);
	tell(vm, slot->gpa, slot->size, true);
}

/* Nobody reaches the frames by address when the user is told; a pinned page stays what it is. */
static struct svc_slot slot_hide(struct svc_vm *vm, unsigned int i)
{
	struct svc_slot slot = vm->slots->slot[i];

	slots_change(vm, i, 1, NULL);
	os_store(&slot.mem->gfn, SVC_NO_GFN);
	mpt_svc_unprotect(vm, slot.gpa >> MPT_PAGE_SHIFT, slot.size >> MPT_PAGE_SHIFT);
	tell(vm, slot.gpa, slot.size, false);
	return slot;
}

/* --- what is refused --- */

static int slot_check(const struct svc_vm *vm, u64 gpa, u64 size)
{
	u64 limit = vm->nr_frames << MPT_PAGE_SHIFT;

	if ((gpa | size) % MPT_PAGE_SIZE || !size || size > limit || gpa > limit - size)
		return svc_fail("ram", -EINVAL,
				"RAM of 0x%llx bytes at 0x%llx: whole pages are needed, within "
				"the guest's %llu address bits (phys-bits=)",
				(unsigned long long)size, (unsigned long long)gpa,
				(unsigned long long)vm->svc->opt.phys_bits);
	return 0;
}

/* @except: a slot that does not count, or n. */
static int slot_overlap(const struct svc_slots *slots, u64 gpa, u64 size, unsigned int except)
{
	unsigned int i = mpt_svc_slot_at(slots, gpa);

	i += i == except;
	if (i >= slots->n || slots->slot[i].gpa >= gpa + size)
		return 0;
	return svc_fail("ram", -EEXIST, "there is RAM at 0x%llx already (remove it first)",
			(unsigned long long)slots->slot[i].gpa);
}

/* Index of exactly this slot, or -ENOENT. */
static int slot_find(const struct svc_slots *slots, u64 gpa, u64 size)
{
	unsigned int i = mpt_svc_slot_at(slots, gpa);

	if (i < slots->n && slots->slot[i].gpa == gpa && slots->slot[i].size == size)
		return (int)i;
	return svc_fail("ram", -ENOENT,
			"no memslot of 0x%llx bytes begins at 0x%llx (name one as it was added)",
			(unsigned long long)size, (unsigned long long)gpa);
}

/* --- the services --- */

static int slot_add(struct svc_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct svc_slot slot = { .gpa = gpa, .size = size };
	int ret = slot_overlap(vm->slots, gpa, size, vm->slots->n);

	if (ret)
		return ret;
	if (vm->slots->n == vm->svc->opt.memslots)
		return svc_fail("ram", -ENOMEM,
				"all %u memslots of VM %u are in use (open with a larger "
				"memslots=)",
				vm->slots->n, vm->id);
	slot.mem = mpt_svc_mem_new(vm, gpa, size, readonly);
	if (!slot.mem)
		return -ENOMEM;
	slot_show(vm, &slot);
	return 0;
}

int mpt_svc_slot_add(struct svc_vm *vm, u64 gpa, u64 size, bool readonly)
{
	int ret = slot_check(vm, gpa, size);

	if (ret)
		return ret;
	os_mutex_lock(&vm->slots_lock);
	ret = slot_add(vm, gpa, size, readonly);
	os_mutex_unlock(&vm->slots_lock);
	return ret;
}

int mpt_svc_slot_del(struct svc_vm *vm, u64 gpa, u64 size)
{
	int i;

	os_mutex_lock(&vm->slots_lock);
	i = slot_find(vm->slots, gpa, size);
	if (i >= 0)
		mpt_svc_mem_put(slot_hide(vm, (unsigned int)i).mem);
	os_mutex_unlock(&vm->slots_lock);
	return i < 0 ? i : 0;
}

/* Like KVM's own: the old place goes, then the new one comes. Nothing fails in between. */
int mpt_svc_slot_move(struct svc_vm *vm, u64 gpa, u64 size, u64 new_gpa)
{
	int ret = slot_check(vm, new_gpa, size), i;
	struct svc_slot slot;

	if (ret)
		return ret;
	os_mutex_lock(&vm->slots_lock);
	i = slot_find(vm->slots, gpa, size);
	ret = i < 0 ? i : slot_overlap(vm->slots, new_gpa, size, (unsigned int)i);
	if (!ret) {
		slot = slot_hide(vm, (unsigned int)i);
		slot.gpa = new_gpa;
		slot_show(vm, &slot);
	}
	os_mutex_unlock(&vm->slots_lock);
	return ret;
}

/* The memory and its mappings stay: nobody is told, only the generation says so. */
int mpt_svc_slot_flags(struct svc_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct svc_slot slot;
	int i;

	os_mutex_lock(&vm->slots_lock);
	i = slot_find(vm->slots, gpa, size);
	if (i >= 0) {
		slot = vm->slots->slot[i];
		os_store(&slot.mem->readonly, readonly);
		slots_change(vm, (unsigned int)i, 1, &slot);
	}
	os_mutex_unlock(&vm->slots_lock);
	return i < 0 ? i : 0;
}
