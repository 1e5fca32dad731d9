/* SPDX-License-Identifier: MIT */
/*
 * VMs and their RAM by the machine's device model: making and ending a VM, and RAM that comes, goes
 * and moves under what a vGPU has mapped, trapped and tracked. What a guest does is acrn_bed.c's.
 */
#include "backends/acrn/acrn.h"

#define ID_MAX 65535

/* --- VMs --- */

static int made(struct acrn_inst *inst, unsigned int id, int ret)
{
	switch (ret) {
	case 0:
		return 0;
	case -EEXIST:
		return acrn_fail(inst, "vm_create", ret, "VM %u exists already", id);
	case -ENOSPC:
		return acrn_fail(inst, "vm_create", -ENOMEM, "no more VMs in this machine");
	case -ENOMEM:
		return acrn_fail(inst, "vm_create", ret, "no memory for VM %u", id);
	}
	return acrn_fail(inst, "vm_create", -ENOMEM, "the device model could not make VM %u", id);
}

int acrn_dm_vm_create(void *self, unsigned int id)
{
	struct acrn_inst *inst = self;
	struct acrn_machine *m = &inst->machine;
	struct acrn_vm *vm;
	u16 vmid = (u16)id;
	int ret;

	if (!id || id > ID_MAX)
		return acrn_fail(inst, "vm_create", -EINVAL, "VM %u (1 to %d)", id, ID_MAX);
	ret = made(inst, id, m->dm_ops->vm_new(m->dm, &vmid));
	if (ret)
		return ret;
	os_mutex_lock(&inst->lock);
	/* Somebody may have asked for it since VHM knows it; or it is the one before, ending. */
	vm = acrn_vm_find(inst, id);
	if (vm)
		ret = vm->made ? -EEXIST : 0;
	else
		ret = acrn_vm_new(inst, id, &vm);
	if (!ret)
		vm->made = true;
	os_mutex_unlock(&inst->lock);
	if (ret) {
		m->dm_ops->vm_end(m->dm, vmid);
		return ret == -EEXIST ? made(inst, id, ret) : -ENOMEM;
	}
	if (m->vm_made)
		m->vm_made(vm);
	return 0;
}

static void unlink_vm(struct acrn_inst *inst, struct acrn_vm *vm)
{
	struct acrn_vm **p;

	os_mutex_lock(&inst->lock);
	for (p = &inst->vms; *p != vm; p = &(*p)->next)
		;
	os_store(p, vm->next);
	os_mutex_unlock(&inst->lock);
}

/* The guest first: then nobody calls a hook with the VM. */
static void machine_vm_end(struct acrn_vm *vm)
{
	struct acrn_machine *m = &vm->inst->machine;

	m->dm_ops->ram_free(m->dm, (u16)vm->id);
	m->dm_ops->vm_end(m->dm, (u16)vm->id);
	if (m->vm_ended)
		m->vm_ended(vm);
}

int acrn_dm_vm_destroy(void *self, unsigned int id)
{
	struct acrn_inst *inst = self;
	struct acrn_vm *vm;
	bool busy;

	os_mutex_lock(&inst->lock);
	vm = acrn_vm_find(inst, id);
	if (vm && vm->ending)
		vm = NULL;
	busy = vm && (vm->refs || vm->handle);
	/* In the list until VHM has forgotten it: else a get would make it anew from there. */
	if (vm && !busy)
		vm->ending = true;
	os_mutex_unlock(&inst->lock);
	if (!vm)
		return acrn_fail(inst, "vm_destroy", -ESRCH, "no VM %u", id);
	if (busy)
		return acrn_fail(inst, "vm_destroy", -EBUSY,
				 "VM %u is held or has a vGPU (give it back first)", id);
	machine_vm_end(vm);
	unlink_vm(inst, vm);
	acrn_vm_free(vm);
	return 0;
}

void acrn_dm_vm_end(struct acrn_vm *vm)
{
	machine_vm_end(vm);
	acrn_vm_free(vm);
}

/* --- RAM: what lies over it is lifted while the device model works --- */

static void region_event(struct acrn_vm *vm, u64 gpa, u64 size, bool added)
{
	void *vgpu = acrn_deliver_begin(vm);

	if (!vgpu)
		return;
	mpt_deliver_region(vm->inst->host, vgpu, gpa >> MPT_PAGE_SHIFT, size >> MPT_PAGE_SHIFT,
			   added);
	mpt_deliver_leave();
}

static int ram_said(struct acrn_vm *vm, int ret, u64 gpa, u64 size)
{
	const char *why = "the hypervisor refused";

	if (!ret)
		return 0;
	if (ret == -EINVAL)
		why = "whole pages within the guest's address bits are needed (phys-bits=)";
	else if (ret == -EEXIST)
		why = "there is RAM or a device already (remove it first)";
	else if (ret == -ENOENT)
		why = "no region is exactly that (name one as it was added)";
	else if (ret == -ENOMEM)
		why = "no memory";
	else
		ret = -ENOMEM;
	return acrn_fail(vm->inst, "ram", ret, "RAM of 0x%llx bytes at 0x%llx: %s",
			 (unsigned long long)size, (unsigned long long)gpa, why);
}

/* Frames of a range that may be nonsense: cut to the guest's address space; false: none. */
static bool frames_of(const struct acrn_vm *vm, u64 gpa, u64 size, u64 *first, u64 *last)
{
	u64 frames = vm->chunks * ACRN_HUGE_FRAMES;

	*first = gpa >> MPT_PAGE_SHIFT;
	if (!size || *first >= frames)
		return false;
	*last = size - 1 > UINT64_MAX - gpa ? frames : (gpa + size - 1) >> MPT_PAGE_SHIFT;
	*last = *last < frames ? *last : frames - 1;
	return true;
}

/* vm->lock is held from here to cover(). */
static void uncover(struct acrn_vm *vm, u64 gpa, u64 size)
{
	u64 first, last;

	if (frames_of(vm, gpa, size, &first, &last) && vm->view != &acrn_no_view)
		acrn_view_change(vm, vm->view, &acrn_no_view, first, last);
}

static void cover(struct acrn_vm *vm, u64 gpa, u64 size)
{
	u64 first, last;

	if (!frames_of(vm, gpa, size, &first, &last))
		return;
	if (vm->view != &acrn_no_view)
		acrn_view_change(vm, &acrn_no_view, vm->view, first, last);
	acrn_guard_range(vm, first, last);
}

static void forget_rights(struct acrn_vm *vm, u64 gpa, u64 size)
{
	u64 first, last;

	if (frames_of(vm, gpa, size, &first, &last))
		acrn_guard_forget(vm, first, last);
}

static int ram_add_locked(struct acrn_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct acrn_machine *m = &vm->inst->machine;
	u64 first, last;
	int ret = 0;

	if (readonly && frames_of(vm, gpa, size, &first, &last))
		ret = acrn_rom_add(vm, gpa, gpa + size - 1);
	if (ret)
		return ret;
	acrn_cache_close(vm, gpa, gpa + size - 1);
	os_mutex_lock(&vm->lock);
	uncover(vm, gpa, size);
	ret = m->dm_ops->ram_add(m->dm, (u16)vm->id, gpa, size, readonly);
	cover(vm, gpa, size);
	os_mutex_unlock(&vm->lock);
	acrn_cache_open(vm);
	if (ret && readonly)
		acrn_rom_del(vm, gpa, gpa + size - 1);
	return ram_said(vm, ret, gpa, size);
}

int acrn_dm_ram_add(void *vm_, u64 gpa, u64 size, unsigned int flags)
{
	struct acrn_vm *vm = vm_;
	int ret;

	if (flags & ~MPT_RAM_READONLY)
		return acrn_fail(vm->inst, "ram", -EINVAL, "unknown flags 0x%x of RAM", flags);
	if ((gpa | size) % MPT_PAGE_SIZE || !size || size - 1 > UINT64_MAX - gpa)
		return ram_said(vm, -EINVAL, gpa, size);
	os_mutex_lock(&vm->ram_lock);
	ret = ram_add_locked(vm, gpa, size, flags & MPT_RAM_READONLY);
	if (!ret)
		region_event(vm, gpa, size, true);
	os_mutex_unlock(&vm->ram_lock);
	return ret;
}

/* What nothing maps for the device is given back. vm->ram_lock is held. */
static void kept_free(struct acrn_vm *vm)
{
	struct acrn_machine *m = &vm->inst->machine;

	if (acrn_dma_live(vm))
		return;
	mpt_rcu_synchronize();
	m->dm_ops->ram_free(m->dm, (u16)vm->id);
}

static int ram_remove_locked(struct acrn_vm *vm, u64 gpa, u64 size)
{
	struct acrn_machine *m = &vm->inst->machine;
	int ret;

	acrn_cache_close(vm, gpa, gpa + size - 1);
	os_mutex_lock(&vm->lock);
	uncover(vm, gpa, size);
	ret = m->dm_ops->ram_remove(m->dm, (u16)vm->id, gpa, size, true);
	if (!ret)
		forget_rights(vm, gpa, size);
	cover(vm, gpa, size);
	os_mutex_unlock(&vm->lock);
	acrn_cache_open(vm);
	if (!ret)
		acrn_rom_del(vm, gpa, gpa + size - 1);
	return ram_said(vm, ret, gpa, size);
}

int acrn_dm_ram_remove(void *vm_, u64 gpa, u64 size)
{
	struct acrn_vm *vm = vm_;
	int ret;

	if (!size || size - 1 > UINT64_MAX - gpa)
		return ram_said(vm, -ENOENT, gpa, size);
	os_mutex_lock(&vm->ram_lock);
	ret = ram_remove_locked(vm, gpa, size);
	if (!ret) {
		region_event(vm, gpa, size, false);
		kept_free(vm);
	}
	os_mutex_unlock(&vm->ram_lock);
	return ret;
}

static int ram_move_locked(struct acrn_vm *vm, u64 gpa, u64 size, u64 to)
{
	struct acrn_machine *m = &vm->inst->machine;
	bool rom = acrn_readonly(vm, gpa);
	u64 low = gpa < to ? gpa : to, high = gpa < to ? to : gpa;
	int ret = rom ? acrn_rom_add(vm, to, to + size - 1) : 0;

	if (ret)
		return ret;
	acrn_cache_close(vm, low, high + size - 1);
	os_mutex_lock(&vm->lock);
	uncover(vm, gpa, size);
	uncover(vm, to, size);
	ret = m->dm_ops->ram_move(m->dm, (u16)vm->id, gpa, size, to);
	if (!ret)
		forget_rights(vm, gpa, size);
	cover(vm, gpa, size);
	cover(vm, to, size);
	os_mutex_unlock(&vm->lock);
	acrn_cache_open(vm);
	if (rom)
		acrn_rom_del(vm, ret ? to : gpa, (ret ? to : gpa) + size - 1);
	return ram_said(vm, ret, gpa, size);
}

int acrn_dm_ram_move(void *vm_, u64 gpa, u64 size, u64 to)
{
	struct acrn_vm *vm = vm_;
	int ret;

	if ((to | size) % MPT_PAGE_SIZE || !size || size - 1 > UINT64_MAX - to)
		return ram_said(vm, -EINVAL, to, size);
	if (size - 1 > UINT64_MAX - gpa)
		return ram_said(vm, -ENOENT, gpa, size);
	os_mutex_lock(&vm->ram_lock);
	ret = ram_move_locked(vm, gpa, size, to);
	if (!ret) {
		region_event(vm, gpa, size, false);
		region_event(vm, to, size, true);
	}
	os_mutex_unlock(&vm->ram_lock);
	return ret;
}

/* --- counters --- */

int acrn_dm_vm_stats(void *vm_, struct mpt_vm_stats *stats)
{
	struct acrn_vm *vm = vm_;

	*stats = (struct mpt_vm_stats){
		.traps = os_load(&vm->traps),
		.cfg = os_load(&vm->cfg),
		.track_hits = os_load(&vm->track_hits),
		.aperture = os_load(&vm->aperture),
		.unclaimed = os_load(&vm->unclaimed),
		.tracked = os_load(&vm->tracked),
		.dma_live = acrn_dma_live(vm),
		.bad_unmap = os_load(&vm->bad_unmap),
		.opregion = os_load(&vm->opregion),
		.edid = os_load(&vm->edid),
		.vfio_device = os_load(&vm->vfio_device),
		.intx = os_load(&vm->intx),
		.intx_level = os_load(&vm->intx_level),
		.stopped = os_load(&vm->stopped),
	};
	return 0;
}

bool acrn_dm_tracked(void *vm, u64 gfn)
{
	return acrn_tracked(vm, gfn);
}
