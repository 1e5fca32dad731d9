/* SPDX-License-Identifier: MIT */
/* <mpt/testbed.h> in front of a back end's struct mpt_testbed: presence and lengths are checked here. */
#include "libmpt/layers/trace.h"

#define ACCESS_MAX 4096

static int absent(const struct mpt_host *host, const char *func)
{
	return mpt_fail_at(-EOPNOTSUPP, func, host->be.name,
			   "this back end has no such testbed function (use a simulated one)");
}

static int bad_len(const struct mpt_host *host, const char *func, unsigned int len)
{
	return mpt_fail_at(-EINVAL, func, host->be.name, "%u bytes (1 to %d at a time)", len,
			   ACCESS_MAX);
}

/* The part that every function begins with: a testbed function that is there, a sane length. */
#define NEED(host, fn) \
	do { \
		if (OS_UNLIKELY(!(host)->testbed.fn)) \
			return absent((host), __func__); \
	} while (0)
#define NEED_LEN(host, len) \
	do { \
		if (OS_UNLIKELY((len) - 1 >= ACCESS_MAX)) \
			return bad_len((host), __func__, (len)); \
	} while (0)

int mpt_vm_create(struct mpt_host *host, unsigned int id)
{
	int ret;

	NEED(host, vm_create);
	ret = host->testbed.vm_create(host->priv, id);
	MPT_TRACE_NOTE(host, TRACE_VM_CREATE, ret, id);
	return ret;
}

int mpt_vm_destroy(struct mpt_host *host, unsigned int id)
{
	int ret;

	NEED(host, vm_destroy);
	ret = host->testbed.vm_destroy(host->priv, id);
	MPT_TRACE_NOTE(host, TRACE_VM_DESTROY, ret, id);
	return ret;
}

int mpt_ram_add(struct mpt_vm *vm, u64 gpa, u64 size, unsigned int flags)
{
	int ret;

	NEED(vm->host, ram_add);
	ret = vm->host->testbed.ram_add(vm->priv, gpa, size, flags);
	MPT_TRACE_NOTE(vm->host, TRACE_RAM_ADD, ret, vm->id, gpa, size, flags);
	return ret;
}

int mpt_ram_remove(struct mpt_vm *vm, u64 gpa, u64 size)
{
	int ret;

	NEED(vm->host, ram_remove);
	ret = vm->host->testbed.ram_remove(vm->priv, gpa, size);
	MPT_TRACE_NOTE(vm->host, TRACE_RAM_REMOVE, ret, vm->id, gpa, size);
	return ret;
}

int mpt_ram_move(struct mpt_vm *vm, u64 gpa, u64 size, u64 new_gpa)
{
	int ret;

	NEED(vm->host, ram_move);
	ret = vm->host->testbed.ram_move(vm->priv, gpa, size, new_gpa);
	MPT_TRACE_NOTE(vm->host, TRACE_RAM_MOVE, ret, vm->id, gpa, size, new_gpa);
	return ret;
}

int mpt_guest_read(struct mpt_vm *vm, u64 gpa, void *buf, unsigned int len)
{
	int ret;

	NEED(vm->host, mem_access);
	NEED_LEN(vm->host, len);
	/* The frequent ones: a tail call when nobody records. */
	if (OS_LIKELY(!vm->host->trace))
		return vm->host->testbed.mem_access(vm->priv, gpa, buf, len, false);
	ret = vm->host->testbed.mem_access(vm->priv, gpa, buf, len, false);
	MPT_TRACE_NOTE(vm->host, TRACE_GUEST_READ, ret, vm->id, gpa, len, (uintptr_t)buf);
	return ret;
}

int mpt_guest_write(struct mpt_vm *vm, u64 gpa, const void *buf, unsigned int len)
{
	int ret;

	NEED(vm->host, mem_access);
	NEED_LEN(vm->host, len);
	if (OS_LIKELY(!vm->host->trace))
		return vm->host->testbed.mem_access(vm->priv, gpa, (void *)(uintptr_t)buf, len,
						    true);
	ret = vm->host->testbed.mem_access(vm->priv, gpa, (void *)(uintptr_t)buf, len, true);
	MPT_TRACE_NOTE(vm->host, TRACE_GUEST_WRITE, ret, vm->id, gpa, len, (uintptr_t)buf);
	return ret;
}

int mpt_guest_cfg_read(struct mpt_vm *vm, unsigned int offset, void *buf, unsigned int len)
{
	int ret;

	NEED(vm->host, cfg_access);
	ret = vm->host->testbed.cfg_access(vm->priv, offset, buf, len, false);
	MPT_TRACE_NOTE(vm->host, TRACE_CFG_READ, ret, vm->id, offset, len, (uintptr_t)buf);
	return ret;
}

int mpt_guest_cfg_write(struct mpt_vm *vm, unsigned int offset, const void *buf, unsigned int len)
{
	int ret;

	NEED(vm->host, cfg_access);
	ret = vm->host->testbed.cfg_access(vm->priv, offset, (void *)(uintptr_t)buf, len, true);
	MPT_TRACE_NOTE(vm->host, TRACE_CFG_WRITE, ret, vm->id, offset, len, (uintptr_t)buf);
	return ret;
}

int mpt_irq_take(struct mpt_vm *vm, struct mpt_irq *irq)
{
	int ret;

	NEED(vm->host, irq_take);
	ret = vm->host->testbed.irq_take(vm->priv, irq);
	if (ret) /* *irq is the caller's, who need not have set it. */
		MPT_TRACE_NOTE(vm->host, TRACE_IRQ_TAKE, ret, vm->id, 0, 0, 0);
	else
		MPT_TRACE_NOTE(vm->host, TRACE_IRQ_TAKE, 0, vm->id, irq->addr, irq->data,
			       irq->intx);
	return ret;
}

int mpt_irq_fd(struct mpt_vm *vm)
{
	NEED(vm->host, irq_fd);
	return vm->host->testbed.irq_fd(vm->priv);
}

int mpt_dirty_fetch(struct mpt_vm *vm, u64 gfn, u64 nr, u8 *bitmap)
{
	int ret;

	NEED(vm->host, dirty_fetch);
	ret = vm->host->testbed.dirty_fetch(vm->priv, gfn, nr, bitmap);
	MPT_TRACE_NOTE(vm->host, TRACE_DIRTY_FETCH, ret, vm->id, gfn, nr, (nr + 7) / 8,
		       (uintptr_t)bitmap);
	return ret;
}

bool mpt_vm_tracked(struct mpt_vm *vm, u64 gfn)
{
	bool ret = vm->host->testbed.tracked && vm->host->testbed.tracked(vm->priv, gfn);

	MPT_TRACE_NOTE(vm->host, TRACE_TRACKED, ret, vm->id, gfn, 0);
	return ret;
}

int mpt_vm_stats_get(struct mpt_vm *vm, struct mpt_vm_stats *stats)
{
	NEED(vm->host, stats);
	return vm->host->testbed.stats(vm->priv, stats);
}

int mpt_bus_read(struct mpt_host *host, u64 dma_addr, void *buf, unsigned int len)
{
	int ret;

	NEED(host, bus_access);
	NEED_LEN(host, len);
	ret = host->testbed.bus_access(host->priv, dma_addr, buf, len, false);
	MPT_TRACE_NOTE(host, TRACE_BUS_READ, ret, dma_addr, len, (uintptr_t)buf);
	return ret;
}

int mpt_bus_write(struct mpt_host *host, u64 dma_addr, const void *buf, unsigned int len)
{
	int ret;

	NEED(host, bus_access);
	NEED_LEN(host, len);
	ret = host->testbed.bus_access(host->priv, dma_addr, (void *)(uintptr_t)buf, len, true);
	MPT_TRACE_NOTE(host, TRACE_BUS_WRITE, ret, dma_addr, len, (uintptr_t)buf);
	return ret;
}

int mpt_fault_take(struct mpt_host *host, struct mpt_iommu_fault *fault)
{
	int ret;

	NEED(host, fault_take);
	ret = host->testbed.fault_take(host->priv, fault);
	if (ret)
		MPT_TRACE_NOTE(host, TRACE_FAULT_TAKE, ret, 0, 0, 0);
	else
		MPT_TRACE_NOTE(host, TRACE_FAULT_TAKE, 0, fault->dma_addr, fault->len,
			       fault->write);
	return ret;
}
