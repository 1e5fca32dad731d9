/* SPDX-License-Identifier: MIT */
/*
 * Interrupts on their way to the guest: a ring that the testbed empties, the level of the pin, and
 * the eventfd by which VFIO signals MSI.
 */
#include "backends/kvm-stub/svc.h"

int mpt_svc_irq_init(struct svc_vm *vm)
{
	pthread_spin_init(&vm->irq_lock, PTHREAD_PROCESS_PRIVATE);
	vm->trigger = -1;
	return vm->svc->opt.msi_eventfd ? mpt_svc_trigger(vm, true) : 0;
}

void mpt_svc_irq_exit(struct svc_vm *vm)
{
	mpt_svc_trigger(vm, false);
	pthread_spin_destroy(&vm->irq_lock);
}

/* Who signals does so in a section: the old eventfd is closed when nobody can have it any more. */
int mpt_svc_trigger(struct svc_vm *vm, bool on)
{
	int fd = on ? os_event_new() : -1;

	if (on && fd < 0)
		return svc_fail("irq", -ENOMEM, "no eventfd for the interrupts of VM %u", vm->id);
	fd = os_exchange(&vm->trigger, fd);
	if (fd >= 0) {
		mpt_rcu_synchronize();
		os_event_free(fd);
	}
	return 0;
}

/* The ring's lock is held. */
static void post(struct svc_vm *vm, struct mpt_irq irq)
{
	if (vm->irq_put - vm->irq_taken < SVC_IRQS)
		vm->irq[vm->irq_put++ % SVC_IRQS] = irq;
	else
		vm->irq_lost++;
}

/* In a section. Without an eventfd the guest polls, so that nothing is lost. */
static void signal_trigger(struct svc_vm *vm)
{
	int fd = os_load(&vm->trigger);

	if (fd >= 0)
		os_event_signal(fd);
}

/*
 * A real host drops address and data here: the VMM has put them into KVM's routing. The stub has
 * no VMM that watches the capability, so they go with the signal.
 */
void mpt_svc_msi(struct svc_vm *vm, u32 addr, u16 data)
{
	pthread_spin_lock(&vm->irq_lock);
	vm->msi++;
	post(vm, (struct mpt_irq){ .addr = addr, .data = data });
	pthread_spin_unlock(&vm->irq_lock);
	signal_trigger(vm);
}

void mpt_svc_intx(struct svc_vm *vm, bool level)
{
	bool edge;

	pthread_spin_lock(&vm->irq_lock);
	edge = level && !vm->intx_level;
	vm->intx_level = level;
	vm->intx += edge;
	if (edge)
		post(vm, (struct mpt_irq){ .intx = true });
	pthread_spin_unlock(&vm->irq_lock);
	if (edge)
		signal_trigger(vm);
}

/* --- the testbed's side --- */

int mpt_svc_irq_take(void *vm_, struct mpt_irq *irq)
{
	struct svc_vm *vm = vm_;
	bool some;

	pthread_spin_lock(&vm->irq_lock);
	some = vm->irq_taken != vm->irq_put;
	if (some)
		*irq = vm->irq[vm->irq_taken++ % SVC_IRQS];
	pthread_spin_unlock(&vm->irq_lock);
	return some ? 0 : -ENOENT;
}

int mpt_svc_irq_fd(void *vm_)
{
	struct svc_vm *vm = vm_;
	int fd = os_load(&vm->trigger);

	return fd >= 0 ? fd : svc_fail("irq_fd", -EOPNOTSUPP,
				       "no eventfd (open with msi-eventfd=yes)");
}

void mpt_svc_irq_stats(struct svc_vm *vm, struct mpt_vm_stats *stats)
{
	pthread_spin_lock(&vm->irq_lock);
	stats->msi = vm->msi;
	stats->intx = vm->intx;
	stats->intx_level = vm->intx_level;
	stats->irq_lost = vm->irq_lost;
	pthread_spin_unlock(&vm->irq_lock);
}
