/* SPDX-License-Identifier: MIT */
/*
 * The testbed's table, and of its functions those about a whole VM: making and ending one,
 * counters, the dirty log. Guest, bus and RAM functions are with their subjects.
 */
#include "backends/mock/mock.h"

#define ID_MAX 65535

/* --- VMs --- */

static void vm_free(struct mock_vm *vm)
{
	mock_ram_exit(vm);
	mock_table_exit(vm);
	mock_io_exit(vm);
	mock_irq_exit(vm);
	os_mutex_destroy(&vm->ram_lock);
	os_mutex_destroy(&vm->lock);
	mpt_free_pages(vm, sizeof(*vm));
}

static struct mock_vm *vm_new(struct mock *m, unsigned int id)
{
	struct mock_vm *vm = mpt_zalloc_pages(sizeof(*vm));

	if (!vm) {
		mock_fail("vm_create", -ENOMEM, "no memory for VM %u", id);
		return NULL;
	}
	vm->mock = m;
	vm->id = id;
	vm->blocks = m->opt.pins ? NULL : m->blocks;
	vm->store_first = m->caps & MPT_CAP_WRITE_AFTER;
	os_mutex_init(&vm->ram_lock);
	os_mutex_init(&vm->lock);
	mock_io_init(vm);
	if (!mock_irq_init(vm) && !mock_table_init(vm) && !mock_ram_init(vm))
		return vm;
	vm_free(vm);
	return NULL;
}

int mock_vm_create(void *self, unsigned int id)
{
	struct mock *m = self;
	struct mock_vm *vm, *have;
	bool ok = true;

	if (!id || id > ID_MAX)
		return mock_fail("vm_create", -EINVAL, "VM %u (1 to %d)", id, ID_MAX);
	vm = vm_new(m, id);
	if (!vm)
		return -ENOMEM;
	os_mutex_lock(&m->vms_lock);
	HASH_FIND(hh, m->vms, &id, sizeof(id), have);
	if (!have)
		MPT_HASH_ADD(m->vms, id, vm, ok);
	os_mutex_unlock(&m->vms_lock);
	if (!have && ok)
		return 0;
	vm_free(vm);
	return have ? mock_fail("vm_create", -EEXIST, "VM %u exists already", id) :
		      mock_fail("vm_create", -ENOMEM, "no memory for VM %u", id);
}

int mock_vm_destroy(void *self, unsigned int id)
{
	struct mock *m = self;
	struct mock_vm *vm;
	bool busy;

	os_mutex_lock(&m->vms_lock);
	HASH_FIND(hh, m->vms, &id, sizeof(id), vm);
	busy = vm && (vm->refs || vm->handle);
	if (vm && !busy)
		HASH_DEL(m->vms, vm);
	os_mutex_unlock(&m->vms_lock);
	if (!vm)
		return mock_fail("vm_destroy", -ESRCH, "no VM %u", id);
	if (busy)
		return mock_fail("vm_destroy", -EBUSY,
				 "VM %u is held or has a vGPU (give it back first)", id);
	vm_free(vm);
	return 0;
}

void mock_vms_exit(struct mock *m)
{
	struct mock_vm *vm, *tmp;

	HASH_ITER(hh, m->vms, vm, tmp) {
		HASH_DEL(m->vms, vm);
		vm_free(vm);
	}
}

/* --- counters and the dirty log --- */

static int vm_stats(void *vm_, struct mpt_vm_stats *stats)
{
	struct mock_vm *vm = vm_;
	struct mpt_mock_busy *busy = vm->hot.busy;

	*stats = (struct mpt_vm_stats){
		.traps = os_load(&vm->traps),
		.cfg = os_load(&vm->cfg),
		.track_hits = os_load(&vm->track_hits),
		.aperture = os_load(&vm->aperture),
		.unclaimed = os_load(&vm->unclaimed),
		.tracked = os_load(&busy->tracks_on) - os_load(&busy->tracks_off),
		.dma_live = mock_dma_live(vm),
		.bad_unmap = os_load(&vm->bad_unmap),
		.opregion = os_load(&vm->opregion),
		.edid = os_load(&vm->edid),
		.vfio_device = os_load(&vm->vfio_device),
		.stopped = os_load(&vm->stopped),
	};
	mock_irq_stats(vm, stats);
	return 0;
}

/*
 * The mark goes before the caller reads the page; a store behind it marks anew. A store that found
 * the mark still set has its data visible after the barrier (mpt_mock_store()).
 */
static int dirty_fetch(void *vm_, u64 gfn, u64 nr, u8 *bitmap)
{
	struct mock_vm *vm = vm_;
	u64 frames = mock_frames(vm), i;
	bool any = false;
	u8 *dirty;

	if (nr > frames || gfn > frames - nr)
		return mock_fail("dirty_fetch", -EINVAL,
				 "frames 0x%llx and %llu on are beyond the guest's address space",
				 (unsigned long long)gfn, (unsigned long long)nr);
	dirty = vm->hot.dirty + gfn;
	memset(bitmap, 0, (nr + 7) / 8);
	for (i = 0; i < nr; i++) {
		if (!os_load_relaxed(&dirty[i]) || !os_exchange(&dirty[i], 0))
			continue;
		bitmap[i / 8] |= (u8)(1U << i % 8);
		any = true;
	}
	if (any)
		mpt_rcu_barrier();
	return 0;
}

const struct mpt_testbed mock_testbed = {
	.size = sizeof(struct mpt_testbed),
	.vm_create = mock_vm_create,
	.vm_destroy = mock_vm_destroy,
	.ram_add = mock_ram_add,
	.ram_remove = mock_ram_remove,
	.ram_move = mock_ram_move,
	.mem_access = mock_mem_access,
	.cfg_access = mock_cfg_access,
	.irq_take = mock_irq_take,
	.irq_fd = mock_irq_fd,
	.dirty_fetch = dirty_fetch,
	.tracked = mock_tracked,
	.stats = vm_stats,
	.bus_access = mock_bus_access,
	.fault_take = mock_fault_take,
};
