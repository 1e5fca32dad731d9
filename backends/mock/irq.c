/* SPDX-License-Identifier: MIT */
/*
 * Interrupts on their way to the guest: a ring that any thread fills without a lock and the
 * testbed empties, the level of the pin, and an eventfd for who wants to sleep.
 */
#include "backends/mock/mock.h"

#define IRQ_INTX (1ULL << 63)
#define IRQ_LAP(entry) ((entry) >> 48 & 0x7fff)

int mock_irq_init(struct mock_vm *vm)
{
	struct mpt_mock_busy *busy = mpt_zalloc_pages(sizeof(*busy));

	vm->hot.busy = busy;
	if (busy)
		busy->irq_fd = vm->mock->opt.msi_eventfd ? os_event_new() : -1;
	if (busy && (busy->irq_fd >= 0 || !vm->mock->opt.msi_eventfd))
		return 0;
	return mock_fail("vm_create", -ENOMEM, "no memory for the interrupt queue of a VM");
}

void mock_irq_exit(struct mock_vm *vm)
{
	struct mpt_mock_busy *busy = vm->hot.busy;

	if (busy && busy->irq_fd >= 0)
		os_event_free(busy->irq_fd);
	mpt_free_pages(busy, sizeof(*busy));
}

static void irq_post(struct mock_vm *vm, u64 what)
{
	bool alone;
	unsigned long old = mock_settle(vm, &alone);

	mpt_mock_post(&vm->hot, what, alone);
	mpt_rcu_leave(old);
	if (vm->hot.busy->irq_fd >= 0)
		os_event_signal(vm->hot.busy->irq_fd);
}

/* --- the operations --- */

int mpt_mock_msi_slow(unsigned long handle, u32 addr, u16 data)
{
	struct mock_vm *vm = mock_vm_hold(handle, "inject_msi");
	bool ours = addr >> 20 == 0xfee;

	if (!vm)
		return -ESRCH;
	if (ours)
		irq_post(vm, addr | (u64)data << 32);
	mock_vm_drop(vm);
	return ours ? 0 :
		      mock_fail("inject_msi", -EINVAL,
				"0x%x is no message address (0xfee00000 to 0xfeefffff: "
				"has the guest set up its MSI capability?)",
				addr);
}

int mpt_mock_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	return mpt_static_inject_msi(handle, addr, data);
}

int mpt_mock_set_intx(unsigned long handle, bool level)
{
	struct mock_vm *vm = mock_vm_hold(handle, "set_intx");

	if (!vm)
		return -ESRCH;
	if (!os_exchange(&vm->intx_level, level) && level) {
		os_fetch_add(&vm->intx, 1);
		irq_post(vm, IRQ_INTX);
	}
	mock_vm_drop(vm);
	return 0;
}

/* --- the testbed's side --- */

/* Skips what the producers have overwritten since; the answer is how many there are. vm->lock. */
static u64 irq_waiting(struct mock_vm *vm)
{
	u64 n = os_load(&vm->hot.busy->irq_head) - vm->irq_tail;

	if (n <= MPT_MOCK_RING)
		return n;
	vm->irq_lost += n - MPT_MOCK_RING;
	vm->irq_tail += n - MPT_MOCK_RING;
	return MPT_MOCK_RING;
}

/*
 * A slot without its lap is one whose producer has not come to the store yet, or (a producer
 * slept for a whole lap) has an older one. Producers run in sections: after a wait only the
 * latter is left, and its interrupt is lost. vm->lock is held.
 */
static bool irq_next(struct mock_vm *vm, u64 *entry)
{
	u64 waited_for = ~0ULL;

	while (irq_waiting(vm)) {
		u64 tail = vm->irq_tail;

		*entry = os_load(&vm->hot.busy->ring[tail % MPT_MOCK_RING]);
		if (IRQ_LAP(*entry) == ((tail / MPT_MOCK_RING + 1) & 0x7fff)) {
			vm->irq_tail++;
			return true;
		}
		if (waited_for != tail) {
			mpt_rcu_synchronize();
			waited_for = tail;
		} else if (irq_waiting(vm) && vm->irq_tail == tail) {
			vm->irq_tail++;
			vm->irq_lost++;
		}
	}
	return false;
}

int mock_irq_take(void *vm_, struct mpt_irq *irq)
{
	struct mock_vm *vm = vm_;
	u64 entry = 0;
	bool some;

	os_mutex_lock(&vm->lock);
	some = irq_next(vm, &entry);
	os_mutex_unlock(&vm->lock);
	if (!some)
		return -ENOENT;
	irq->addr = (u32)entry;
	irq->data = (u16)(entry >> 32);
	irq->intx = entry & IRQ_INTX;
	return 0;
}

int mock_irq_fd(void *vm_)
{
	struct mock_vm *vm = vm_;

	return vm->hot.busy->irq_fd >= 0 ?
		       vm->hot.busy->irq_fd :
		       mock_fail("irq_fd", -EOPNOTSUPP, "no eventfd (open with msi-eventfd=yes)");
}

void mock_irq_stats(struct mock_vm *vm, struct mpt_vm_stats *stats)
{
	u64 head;

	os_mutex_lock(&vm->lock);
	irq_waiting(vm);
	stats->irq_lost = vm->irq_lost;
	os_mutex_unlock(&vm->lock);
	stats->intx = os_load(&vm->intx);
	head = os_load(&vm->hot.busy->irq_head);
	stats->msi = head - stats->intx;
	stats->intx_level = os_load(&vm->intx_level);
}
