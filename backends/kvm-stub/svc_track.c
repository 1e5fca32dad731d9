/* SPDX-License-Identifier: MIT */
/*
 * KVM's page track: which guest frames are write-protected, and who is told. The store itself is
 * the vCPU's (bed.c), and is done before anybody is told.
 */
#include "backends/kvm-stub/svc.h"

struct svc_user *mpt_svc_user_enter(struct svc_vm *vm)
{
	struct svc_user *user;

	if (OS_UNLIKELY(!mpt_deliver_enter(vm)))
		return NULL;
	user = os_load(&vm->user);
	if (!user)
		mpt_deliver_leave();
	return user;
}

bool mpt_svc_protected(void *vm_, u64 gfn)
{
	struct svc_vm *vm = vm_;

	return gfn < vm->nr_frames && os_load_relaxed(&vm->wp[gfn / 64]) & 1ULL << gfn % 64;
}

/*
 * In one section with the look for RAM: a slot that goes waits for the section, and takes the bit
 * away behind it. Stores that did not see the bit have ended on return.
 */
int mpt_svc_protect(struct svc_vm *vm, u64 gfn)
{
	unsigned long old = mpt_rcu_enter();
	bool ram = mpt_svc_slot_of(vm, gfn);
	u64 bit = 1ULL << gfn % 64;

	if (ram && !(os_fetch_or(&vm->wp[gfn / 64], bit) & bit))
		os_fetch_add(&vm->nr_wp, 1);
	mpt_rcu_leave(old);
	/* Whoever set the bit may not have waited to the end yet. */
	if (ram)
		mpt_rcu_synchronize();
	return ram ? 0 : -EFAULT;
}

void mpt_svc_unprotect(struct svc_vm *vm, u64 gfn, u64 nr)
{
	u64 end = gfn < vm->nr_frames ? gfn + nr : gfn, mask, was;

	for (; gfn < end; gfn = (gfn / 64 + 1) * 64) {
		mask = ~0ULL << gfn % 64;
		if (end - gfn < 64 - gfn % 64)
			mask &= ~0ULL >> (64 - end % 64);
		if (!(os_load_relaxed(&vm->wp[gfn / 64]) & mask))
			continue;
		was = os_fetch_and(&vm->wp[gfn / 64], ~mask) & mask;
		os_fetch_add(&vm->nr_wp, -(u64)__builtin_popcountll(was));
	}
}

/* The user has gone: nobody protects. A slot that goes at the same time has counted to the end. */
void mpt_svc_unprotect_all(struct svc_vm *vm)
{
	os_mutex_lock(&vm->slots_lock);
	if (os_load(&vm->nr_wp)) {
		mpt_clear_pages(vm->wp, vm->nr_frames / 8);
		os_store(&vm->nr_wp, 0);
	}
	os_mutex_unlock(&vm->slots_lock);
}
