/* SPDX-License-Identifier: MIT */
/*
 * The testbed: what a VMM and its vCPUs do. Nobody tells this hypervisor what to trap: it finds the
 * BARs in the configuration space, as a VMM does. RAM and the bus side are the services' own.
 */
#include "backends/kvm-stub/kvm.h"

#define ID_MAX 65535
/* GTTMMADR of gen8 and gen9 graphics (Intel datasheets, register GTTMMADR). */
#define BAR0_SIZE (16ULL << 20)

/* --- VMs --- */

static void vm_free(struct svc_vm *vm)
{
	mpt_svc_slots_exit(vm);
	mpt_svc_irq_exit(vm);
	mpt_free_pages(vm, sizeof(*vm));
}

static struct svc_vm *vm_new(struct svc *svc, unsigned int id)
{
	struct svc_vm *vm = mpt_zalloc_pages(sizeof(*vm));
	int ret;

	if (!vm) {
		svc_fail("vm_create", -ENOMEM, "no memory for VM %u", id);
		return NULL;
	}
	vm->svc = svc;
	vm->id = id;
	ret = mpt_svc_irq_init(vm);
	if (!mpt_svc_slots_init(vm) && !ret)
		return vm;
	vm_free(vm);
	return NULL;
}

/* Where VM @id stands in the list, or would. svc->vms_lock is held. */
static struct svc_vm **vm_at(struct svc *svc, unsigned int id)
{
	struct svc_vm **p = &svc->vms;

	while (*p && (*p)->id != id)
		p = &(*p)->next;
	return p;
}

static int bed_vm_create(void *self, unsigned int id)
{
	struct svc *svc = self;
	struct svc_vm *vm, **at;
	bool there;

	if (!id || id > ID_MAX)
		return svc_fail("vm_create", -EINVAL, "VM %u (1 to %d)", id, ID_MAX);
	vm = vm_new(svc, id);
	if (!vm)
		return -ENOMEM;
	os_mutex_lock(&svc->vms_lock);
	at = vm_at(svc, id);
	there = *at;
	if (!there)
		*at = vm;
	os_mutex_unlock(&svc->vms_lock);
	if (!there)
		return 0;
	vm_free(vm);
	return svc_fail("vm_create", -EEXIST, "VM %u exists already", id);
}

static int bed_vm_destroy(void *self, unsigned int id)
{
	struct svc *svc = self;
	struct svc_vm *vm, **at;
	bool busy;

	os_mutex_lock(&svc->vms_lock);
	at = vm_at(svc, id);
	vm = *at;
	busy = vm && (vm->refs || vm->user);
	if (vm && !busy)
		*at = vm->next;
	os_mutex_unlock(&svc->vms_lock);
	if (!vm)
		return svc_fail("vm_destroy", -ESRCH, "no VM %u", id);
	if (busy)
		return svc_fail("vm_destroy", -EBUSY,
				"VM %u is held or has a vGPU (give it back first)", id);
	vm_free(vm);
	return 0;
}

void mpt_kvm_vms_exit(struct svc *svc)
{
	struct svc_vm *vm;

	while ((vm = svc->vms)) {
		svc->vms = vm->next;
		vm_free(vm);
	}
}

static int bed_ram_add(void *vm, u64 gpa, u64 size, unsigned int flags)
{
	if (flags & ~MPT_RAM_READONLY)
		return svc_fail("ram", -EINVAL, "unknown flags 0x%x of RAM", flags);
	return mpt_svc_slot_add(vm, gpa, size, flags & MPT_RAM_READONLY);
}

static int bed_ram_remove(void *vm, u64 gpa, u64 size)
{
	return mpt_svc_slot_del(vm, gpa, size);
}

static int bed_ram_move(void *vm, u64 gpa, u64 size, u64 new_gpa)
{
	return mpt_svc_slot_move(vm, gpa, size, new_gpa);
}

static int bed_stats(void *vm_, struct mpt_vm_stats *stats)
{
	struct svc_vm *vm = vm_;

	*stats = (struct mpt_vm_stats){
		.traps = os_load(&vm->traps),
		.cfg = os_load(&vm->cfg),
		.track_hits = os_load(&vm->track_hits),
		.unclaimed = os_load(&vm->unclaimed),
		.tracked = os_load(&vm->nr_wp),
		.bad_unmap = os_load(&vm->bad_unmap),
		.opregion = os_load(&vm->opregion),
		.edid = os_load(&vm->edid),
		.vfio_device = os_load(&vm->vfio_device),
		.stopped = os_load(&vm->stopped),
	};
	mpt_svc_irq_stats(vm, stats);
	/* The lock keeps the vdev. */
	os_mutex_lock(&vm->svc->vms_lock);
	if (vm->user)
		stats->dma_live = mpt_kvm_dma_live(
			OS_CONTAINER_OF(vm->user, struct kvm_vdev, user));
	os_mutex_unlock(&vm->svc->vms_lock);
	return 0;
}

/* --- a vCPU --- */

static int nothing(struct svc_vm *vm, void *buf, unsigned int len, bool write)
{
	if (!write)
		memset(buf, 0xff, len);
	os_fetch_add(&vm->unclaimed, 1);
	return 0;
}

/* PCI Local Bus Specification 3.0, 6.1: COMMAND at 4, BARs from 0x10. */
static u64 cfg_read(struct svc_vm *vm, void *vgpu, unsigned int offset, unsigned int len)
{
	u32 val = 0;

	mpt_deliver_cfg(vm->svc->host, vgpu, vm, offset, &val, len, false);
	return val;
}

static bool in_bar(struct svc_vm *vm, void *vgpu, unsigned int offset, u64 size, u64 gpa)
{
	u64 base = cfg_read(vm, vgpu, offset, 4) & ~0xfULL;

	return gpa - (base | cfg_read(vm, vgpu, offset + 4, 4) << 32) < size;
}

static bool decoded(struct svc_vm *vm, void *vgpu, u64 gpa)
{
	u64 pages = mpt_host_core(vm->svc->host)->aperture_pages;

	return cfg_read(vm, vgpu, 0x04, 2) & 2 &&
	       (in_bar(vm, vgpu, 0x10, BAR0_SIZE, gpa) ||
		in_bar(vm, vgpu, 0x18, pages << MPT_PAGE_SHIFT, gpa));
}

/* An aligned piece of 1, 2, 4 or 8 bytes that is no RAM; it reaches the core whole. */
static int mmio(struct svc_vm *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	void *vgpu = mpt_kvm_deliver(vm);
	int ret;

	if (!vgpu)
		return nothing(vm, buf, len, write);
	if (decoded(vm, vgpu, gpa)) {
		os_fetch_add(&vm->traps, 1);
		ret = mpt_deliver_mmio(vm->svc->host, vgpu, vm, gpa, buf, len, write);
	} else {
		ret = nothing(vm, buf, len, write);
	}
	mpt_deliver_leave();
	return ret;
}

static int tell_store(struct svc_vm *vm, u64 gpa, const void *buf, unsigned int len)
{
	struct svc_user *user = mpt_svc_user_enter(vm);
	int ret;

	if (!user)
		return 0;
	ret = user->written(user, gpa, buf, len);
	mpt_deliver_leave();
	return ret;
}

/* The bit is looked at in the store's own section: see mpt_svc_protect(). */
static int piece(struct svc_vm *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	bool ram = !mpt_svc_rw(vm, gpa, buf, len, write);
	bool tell = ram && write && mpt_svc_protected(vm, gpa >> MPT_PAGE_SHIFT);

	mpt_rcu_leave(old);
	if (OS_LIKELY(ram && !tell))
		return 0;
	return tell ? tell_store(vm, gpa, buf, len) : mmio(vm, gpa, buf, len, write);
}

/* The whole of it at once, if it is RAM that nobody tracks. */
static bool plain(struct svc_vm *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	bool done = !write || !(mpt_svc_protected(vm, gpa >> MPT_PAGE_SHIFT) ||
				mpt_svc_protected(vm, (gpa + len - 1) >> MPT_PAGE_SHIFT));

	done = done && !mpt_svc_rw(vm, gpa, buf, len, write);
	mpt_rcu_leave(old);
	return done;
}

static int bed_mem_access(void *vm_, u64 gpa, void *buf_, unsigned int len, bool write)
{
	struct svc_vm *vm = vm_;
	unsigned int n;
	int ret = 0, err;
	u8 *buf = buf_;

	if (len - 1 >= MPT_PAGE_SIZE)
		return svc_fail("mem_access", -EINVAL, "a guest access of %u bytes (1 to 4096)",
				len);
	if (OS_UNLIKELY(os_load(&vm->stopped)))
		return nothing(vm, buf, len, write);
	if (OS_LIKELY(plain(vm, gpa, buf, len, write)))
		return 0;
	for (; len; gpa += n, buf += n, len -= n) {
		for (n = 8; n > len || gpa % n; n /= 2)
			;
		err = piece(vm, gpa, buf, n, write);
		ret = ret ? ret : err;
		/* Behind the last address there is nothing. */
		if (OS_UNLIKELY(n < len && gpa + n < gpa)) {
			nothing(vm, buf + n, len - n, write);
			break;
		}
	}
	return ret;
}

static int bed_cfg_access(void *vm_, unsigned int offset, void *buf, unsigned int len, bool write)
{
	struct svc_vm *vm = vm_;
	void *vgpu;
	int ret;

	if (len - 1 >= MPT_PAGE_SIZE)
		return svc_fail("cfg_access", -EINVAL, "a config access of %u bytes", len);
	vgpu = os_load(&vm->stopped) ? NULL : mpt_kvm_deliver(vm);
	if (!vgpu)
		return nothing(vm, buf, len, write);
	os_fetch_add(&vm->cfg, 1);
	ret = mpt_deliver_cfg(vm->svc->host, vgpu, vm, offset, buf, len, write);
	mpt_deliver_leave();
	return ret;
}

const struct mpt_testbed mpt_kvm_testbed = {
	.size = sizeof(struct mpt_testbed),
	.vm_create = bed_vm_create,
	.vm_destroy = bed_vm_destroy,
	.ram_add = bed_ram_add,
	.ram_remove = bed_ram_remove,
	.ram_move = bed_ram_move,
	.mem_access = bed_mem_access,
	.cfg_access = bed_cfg_access,
	.irq_take = mpt_svc_irq_take,
	.irq_fd = mpt_svc_irq_fd,
	.dirty_fetch = mpt_svc_dirty_fetch,
	.tracked = mpt_svc_protected,
	.stats = bed_stats,
	.bus_access = mpt_svc_bus_access,
	.fault_take = mpt_svc_fault_take,
};
