/* SPDX-License-Identifier: MIT */
/*
 * The testbed's table, and of its functions the counters. What the guest does is the client's, the
 * bus side dma.c's.
 */
#include <errno.h>

#include "backends/vfio-user/client.h"

/* --- counters: also of a VM whose client is a stranger --- */

static int vm_stats(void *vm_, struct mpt_vm_stats *stats)
{
	struct vu_vm *vm = vm_;

	*stats = (struct mpt_vm_stats){
		.msi = os_load(&vm->msi),
		.intx = os_load(&vm->intx),
		.intx_level = os_load(&vm->intx_level),
		.irq_lost = mpt_vu_irq_lost(vm),
		.traps = os_load(&vm->traps),
		.cfg = os_load(&vm->cfg),
		.unclaimed = os_load(&vm->unclaimed),
		.dma_live = mpt_vu_dma_live(vm),
		.bad_unmap = os_load(&vm->bad_unmap),
		.opregion = os_load(&vm->opregion),
		.edid = os_load(&vm->edid),
		.vfio_device = os_load(&vm->vfio_device),
		.stopped = os_load(&vm->stopped),
	};
	return 0;
}

const struct mpt_testbed mpt_vu_testbed = {
	.size = sizeof(struct mpt_testbed),
	.vm_create = mpt_vu_client_create,
	.vm_destroy = mpt_vu_client_destroy,
	.ram_add = mpt_vu_client_ram_add,
	.ram_remove = mpt_vu_client_ram_remove,
	.ram_move = mpt_vu_client_ram_move,
	.mem_access = mpt_vu_client_mem,
	.cfg_access = mpt_vu_client_cfg,
	.irq_take = mpt_vu_client_irq_take,
	.irq_fd = mpt_vu_client_irq_fd,
	.dirty_fetch = mpt_vu_client_dirty,
	.stats = vm_stats,
	.bus_access = mpt_vu_bus_access,
	.fault_take = mpt_vu_fault_take,
};
