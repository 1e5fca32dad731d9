/* SPDX-License-Identifier: MIT */
/*
 * The guest's side over the simulator: what a vCPU does by borrowing one, interrupts as they arrive
 * at the guest's interrupt controller. What emulation came to is not in the request page: our
 * handler leaves it beside the slot (acrn_vm.slot). VMs and their RAM are acrn_dm.c's.
 */
#include "backends/acrn/acrn_bed.h"

#define IRQ_INTX (1ULL << 63)
#define IRQ_LAP(entry) ((entry) >> 48 & 0x7fff)

/* --- interrupts: a ring that any vCPU's or device's thread fills without a lock --- */

static void irq_post(struct acrn_vm *vm, u64 what)
{
	u64 head = os_fetch_add(&vm->irq_head, 1), lap = (head / ACRN_RING + 1) & 0x7fff;

	os_store(&vm->ring[head % ACRN_RING], what | lap << 48);
}

/* Skips what was overwritten since; how many there are. vm->irq_lock is held. */
static u64 irq_waiting(struct acrn_vm *vm)
{
	u64 n = os_load(&vm->irq_head) - vm->irq_tail;

	if (n <= ACRN_RING)
		return n;
	vm->irq_lost += n - ACRN_RING;
	vm->irq_tail += n - ACRN_RING;
	return ACRN_RING;
}

/* A slot of another lap: its producer is about to store, or was overtaken by a whole lap. */
static bool irq_next(struct acrn_vm *vm, u64 *entry)
{
	unsigned int tries;

	for (tries = 0; irq_waiting(vm); tries++) {
		*entry = os_load(&vm->ring[vm->irq_tail % ACRN_RING]);
		if (IRQ_LAP(*entry) == ((vm->irq_tail / ACRN_RING + 1) & 0x7fff)) {
			vm->irq_tail++;
			return true;
		}
		if (tries < 1000) {
			os_yield();
			continue;
		}
		vm->irq_tail++;
		vm->irq_lost++;
		tries = 0;
	}
	return false;
}

static int irq_take(void *vm_, struct mpt_irq *irq)
{
	struct acrn_vm *vm = vm_;
	u64 entry = 0;
	bool some;

	os_mutex_lock(&vm->irq_lock);
	some = irq_next(vm, &entry);
	os_mutex_unlock(&vm->irq_lock);
	if (!some)
		return -ENOENT;
	irq->addr = (u32)entry;
	irq->data = (u16)(entry >> 32);
	irq->intx = entry & IRQ_INTX;
	return 0;
}

/* --- what the simulator tells --- */

static void on_msi(void *arg, u32 addr, u32 data, bool merged)
{
	(void)merged;
	irq_post(arg, addr | (u64)(u16)data << 32);
}

static void on_pin(void *arg, unsigned int gsi)
{
	struct acrn_vm *vm = arg;

	if (gsi != vm->inst->gsi)
		return;
	os_fetch_add(&vm->intx, 1);
	irq_post(vm, IRQ_INTX);
}

static void nothing(struct acrn_vm *vm, void *buf, unsigned int len, bool write)
{
	if (!write)
		memset(buf, 0xff, len);
	os_fetch_add(&vm->unclaimed, 1);
}

/* Guest addresses that show no memory of the machine: the aperture, where it is the device's. */
static void on_device(void *arg, u64 hpa, void *buf, unsigned int len, bool write)
{
	struct acrn_vm *vm = arg;
	const struct mpt_core *core = mpt_host_core(vm->inst->host);
	u64 offset = hpa - (core->aperture_mfn << MPT_PAGE_SHIFT);
	void *vgpu = acrn_deliver_begin(vm);

	if (!vgpu) {
		nothing(vm, buf, len, write);
		return;
	}
	if (offset >> MPT_PAGE_SHIFT < core->aperture_pages) {
		os_fetch_add(&vm->aperture, 1);
		mpt_deliver_aperture(vm->inst->host, offset, buf, len, write);
	} else {
		nothing(vm, buf, len, write);
	}
	mpt_deliver_leave();
}

static void on_stray(void *arg, const struct vhm_request *req)
{
	struct acrn_vm *vm = arg;

	(void)req;
	os_fetch_add(&vm->unclaimed, 1);
}

static const struct acrn_sim_hooks hooks = {
	.device = on_device,
	.msi = on_msi,
	.pin = on_pin,
	.stray = on_stray,
};

void acrn_bed_vm_made(struct acrn_vm *vm)
{
	struct acrn_hvm *hvm = acrn_hvm_get(vm->inst->machine.sim, (u16)vm->id);

	if (!hvm)
		return;
	acrn_hvm_hooks(hvm, &hooks, vm);
	acrn_vcpu_irq_at_once(hvm, true);
	/* Others may have the VM already. */
	os_store(&vm->hvm, hvm);
}

/* The guest has ended: nobody calls a hook with the VM any more. */
void acrn_bed_vm_ended(struct acrn_vm *vm)
{
	if (!vm->hvm)
		return;
	acrn_hvm_hooks(vm->hvm, NULL, NULL);
	acrn_hvm_put(vm->hvm);
}

/* --- what a vCPU does --- */

/* The largest naturally aligned piece of up to @max bytes at @at; @len > 0. */
static unsigned int aligned_piece(u64 at, unsigned int len, unsigned int max)
{
	unsigned int n = 1U << __builtin_ctzll(at | max);

	return n <= len ? n : 1U << (31 - __builtin_clz(len));
}

/* What a vCPU's access came to; where it did not end well, nothing answered. */
static int ended(struct acrn_vm *vm, const struct acrn_vcpu *v, enum acrn_end end, void *buf,
		 unsigned int len, bool write)
{
	unsigned int n = acrn_vcpu_number(v);

	if (OS_UNLIKELY(end != ACRN_DONE)) {
		nothing(vm, buf, len, write);
		return 0;
	}
	/* The handler stored it before it completed the request. */
	return OS_LIKELY(!os_load(&vm->slot[n].err)) ? 0 : os_exchange(&vm->slot[n].err, 0);
}

static int mem_pieces(struct acrn_vm *vm, struct acrn_vcpu *v, u64 gpa, u8 *buf, unsigned int len,
		      bool write)
{
	enum acrn_end end;
	int ret = 0, err;
	unsigned int n;

	for (; len; gpa += n, buf += n, len -= n) {
		n = aligned_piece(gpa, len, 8);
		end = write ? acrn_vcpu_store(v, gpa, buf, n) : acrn_vcpu_load(v, gpa, buf, n);
		err = ended(vm, v, end, buf, n, write);
		ret = ret ? ret : err;
	}
	return ret;
}

/* By page, as much as is plainly RAM in one piece. Behind the last address there is nothing. */
static int mem_pages(struct acrn_vm *vm, struct acrn_vcpu *v, u64 gpa, u8 *buf, unsigned int len,
		     bool write)
{
	unsigned int n, left;
	int ret = 0, err;

	for (; len; gpa += n, buf += n, len -= n) {
		left = (unsigned int)(MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE);
		n = len < left ? len : left;
		if (!acrn_vcpu_plain(v, gpa, buf, n, write)) {
			err = mem_pieces(vm, v, gpa, buf, n, write);
			ret = ret ? ret : err;
		}
		if (OS_UNLIKELY(n < len && gpa + n < gpa)) {
			nothing(vm, buf + n, len - n, write);
			break;
		}
	}
	return ret;
}

static struct acrn_vcpu *borrow(struct acrn_vm *vm)
{
	struct acrn_hvm *hvm = os_load(&vm->hvm);

	return hvm && !os_load(&vm->stopped) ? acrn_vcpu_borrow(hvm) : NULL;
}

static int mem_access(void *vm_, u64 gpa, void *buf, unsigned int len, bool write)
{
	struct acrn_vm *vm = vm_;
	struct acrn_vcpu *v;
	int ret;

	if (len - 1 >= MPT_PAGE_SIZE)
		return acrn_fail(vm->inst, "mem_access", -EINVAL,
				 "a guest access of %u bytes (1 to 4096)", len);
	v = borrow(vm);
	if (!v) {
		nothing(vm, buf, len, write);
		return 0;
	}
	ret = mem_pages(vm, v, gpa, buf, len, write);
	acrn_vcpu_return(v);
	return ret;
}

/* Bus 0, device 2, function 0. */
#define BDF (2U << 3)

static int cfg_pieces(struct acrn_vm *vm, struct acrn_vcpu *v, unsigned int offset, u8 *buf,
		      unsigned int len, bool write)
{
	int ret = 0, err;
	unsigned int n;
	u32 val;

	for (; len; offset += n, buf += n, len -= n) {
		n = aligned_piece(offset, len, 4);
		val = 0;
		memcpy(&val, buf, n);
		err = ended(vm, v, acrn_vcpu_cfg(v, BDF, offset, &val, n, write), &val, n, write);
		if (!write)
			memcpy(buf, &val, n);
		ret = ret ? ret : err;
	}
	return ret;
}

/* The latch behind 0xcf8 is one for the whole VM: guests hold a lock around both ports. */
static int cfg_access(void *vm_, unsigned int offset, void *buf, unsigned int len, bool write)
{
	struct acrn_vm *vm = vm_;
	struct acrn_vcpu *v;
	int ret = 0;

	if (len - 1 >= MPT_PAGE_SIZE)
		return acrn_fail(vm->inst, "cfg_access", -EINVAL, "a config access of %u bytes",
				 len);
	os_mutex_lock(&vm->cfg_lock);
	v = borrow(vm);
	if (v) {
		ret = cfg_pieces(vm, v, offset, buf, len, write);
		acrn_vcpu_return(v);
	} else {
		nothing(vm, buf, len, write);
	}
	os_mutex_unlock(&vm->cfg_lock);
	return ret;
}

/* --- counters --- */

static int vm_stats(void *vm_, struct mpt_vm_stats *stats)
{
	struct acrn_vm *vm = vm_;

	acrn_dm_vm_stats(vm, stats);
	os_mutex_lock(&vm->irq_lock);
	irq_waiting(vm);
	stats->irq_lost = vm->irq_lost;
	os_mutex_unlock(&vm->irq_lock);
	stats->msi = os_load(&vm->irq_head) - stats->intx;
	return 0;
}

const struct mpt_testbed acrn_testbed = {
	.size = sizeof(struct mpt_testbed),
	.vm_create = acrn_dm_vm_create,
	.vm_destroy = acrn_dm_vm_destroy,
	.ram_add = acrn_dm_ram_add,
	.ram_remove = acrn_dm_ram_remove,
	.ram_move = acrn_dm_ram_move,
	.mem_access = mem_access,
	.cfg_access = cfg_access,
	.irq_take = irq_take,
	.tracked = acrn_dm_tracked,
	.stats = vm_stats,
	.bus_access = acrn_bus_access,
	.fault_take = acrn_fault_take,
};
