/* SPDX-License-Identifier: MIT */
/*
 * Tracked pages: what the core wants, and whose right to write was taken for it, as bits by guest
 * frame, so that neither a look nor a change depends on how many there are. One write-protect range
 * over all addresses is the client's for its whole life (acrn_vm.c), so a request for a page that
 * is not tracked (any more) is ours as well, and done as a plain store.
 */
#include "backends/acrn/acrn.h"

static u64 leaves(const struct acrn_vm *vm)
{
	return (vm->chunks * ACRN_HUGE_FRAMES + ACRN_LEAF_FRAMES - 1) / ACRN_LEAF_FRAMES;
}

static struct acrn_leaf *leaf_of(const struct acrn_vm *vm, u64 gfn)
{
	u64 i = gfn / ACRN_LEAF_FRAMES;

	return i < leaves(vm) ? os_load(&vm->leaf[i]) : NULL;
}

/* NULL: no memory. vm->lock is held. */
static struct acrn_leaf *leaf_make(struct acrn_vm *vm, u64 gfn)
{
	struct acrn_leaf *leaf = leaf_of(vm, gfn);

	if (leaf || gfn / ACRN_LEAF_FRAMES >= leaves(vm))
		return leaf;
	leaf = mpt_zalloc(sizeof(*leaf));
	if (leaf)
		os_store(&vm->leaf[gfn / ACRN_LEAF_FRAMES], leaf);
	return leaf;
}

static bool bit_get(const u64 *bits, u64 i)
{
	return os_load(&bits[i / 64]) >> i % 64 & 1;
}

/* vm->lock is held. */
static void bit_put(u64 *bits, u64 i, bool on)
{
	u64 bit = 1ULL << i % 64, was = os_load_relaxed(&bits[i / 64]);

	os_store(&bits[i / 64], on ? was | bit : was & ~bit);
}

static void busy_set(struct acrn_leaf *leaf, u64 i)
{
	bit_put(leaf->busy, i / 64, leaf->tracked[i / 64] | leaf->guarded[i / 64]);
}

bool acrn_tracked(const struct acrn_vm *vm, u64 gfn)
{
	const struct acrn_leaf *leaf = leaf_of(vm, gfn);

	return leaf && bit_get(leaf->tracked, gfn % ACRN_LEAF_FRAMES);
}

bool acrn_guarded(const struct acrn_vm *vm, u64 gfn)
{
	const struct acrn_leaf *leaf = leaf_of(vm, gfn);

	return leaf && bit_get(leaf->guarded, gfn % ACRN_LEAF_FRAMES);
}

void acrn_guard_set(struct acrn_vm *vm, u64 gfn, bool on)
{
	struct acrn_leaf *leaf = leaf_of(vm, gfn);

	if (!leaf)
		return;
	bit_put(leaf->guarded, gfn % ACRN_LEAF_FRAMES, on);
	busy_set(leaf, gfn % ACRN_LEAF_FRAMES);
}

static void track_set(struct acrn_vm *vm, struct acrn_leaf *leaf, u64 gfn, bool on)
{
	if (bit_get(leaf->tracked, gfn % ACRN_LEAF_FRAMES) == on)
		return;
	bit_put(leaf->tracked, gfn % ACRN_LEAF_FRAMES, on);
	busy_set(leaf, gfn % ACRN_LEAF_FRAMES);
	os_store(&vm->tracked, vm->tracked + (on ? 1 : -1ULL));
}

/* The first bit >= @i in a leaf's words, or ACRN_LEAF_FRAMES. */
static u64 leaf_next(const struct acrn_leaf *leaf, const u64 *bits, u64 i)
{
	u64 word, some;

	for (; i < ACRN_LEAF_FRAMES; i = (i | 63) + 1) {
		/* Words without any bit are skipped 64 at a time. */
		if (!(i % 4096) && !leaf->busy[i / 4096]) {
			i |= 4095;
			continue;
		}
		some = leaf->busy[i / 4096] >> i / 64 % 64 & 1;
		word = some ? os_load_relaxed(&bits[i / 64]) >> i % 64 : 0;
		if (word)
			return i + (u64)__builtin_ctzll(word);
	}
	return ACRN_LEAF_FRAMES;
}

u64 acrn_track_next(const struct acrn_vm *vm, u64 gfn, u64 last, bool guarded)
{
	u64 n = leaves(vm), l = gfn / ACRN_LEAF_FRAMES, i = gfn % ACRN_LEAF_FRAMES, found;

	for (; l < n && l * ACRN_LEAF_FRAMES <= last; l++, i = 0) {
		const struct acrn_leaf *leaf = os_load(&vm->leaf[l]);

		if (!leaf)
			continue;
		found = leaf_next(leaf, guarded ? leaf->guarded : leaf->tracked, i);
		if (found < ACRN_LEAF_FRAMES) {
			found += l * ACRN_LEAF_FRAMES;
			return found <= last ? found : ~0ULL;
		}
	}
	return ~0ULL;
}

/* --- the hypervisor's side --- */

/* 0, -EFAULT. vm->lock is held. */
static int guard(struct acrn_vm *vm, u64 gfn, bool on)
{
	int ret;

	if (acrn_guarded(vm, gfn) == on)
		return 0;
	ret = write_protect_page(vm->vmid, gfn << MPT_PAGE_SHIFT, on);
	if (!ret)
		acrn_guard_set(vm, gfn, on);
	return ret;
}

void acrn_guard_range(struct acrn_vm *vm, u64 first, u64 last)
{
	u64 gfn = acrn_track_next(vm, first, last, false);

	for (; gfn != ~0ULL; gfn = acrn_track_next(vm, gfn + 1, last, false)) {
		if (!acrn_shows_ram(vm, vm->view, gfn) || !guard(vm, gfn, true))
			continue;
		os_fetch_add(&vm->undone_badly, 1);
		mpt_log(MPT_LOG_ERROR, "guest frame 0x%llx of VM %u cannot be protected again",
			(unsigned long long)gfn, vm->id);
	}
}

void acrn_guard_forget(struct acrn_vm *vm, u64 first, u64 last)
{
	u64 gfn = acrn_track_next(vm, first, last, true);

	for (; gfn != ~0ULL; gfn = acrn_track_next(vm, gfn + 1, last, true))
		acrn_guard_set(vm, gfn, false);
}

/* Each is tried, also after errors: what stays protected would have nobody to serve it. */
static void unguard_all(struct acrn_vm *vm)
{
	u64 gfn = acrn_track_next(vm, 0, ~0ULL, true), left = 0;

	for (; gfn != ~0ULL; gfn = acrn_track_next(vm, gfn + 1, ~0ULL, true)) {
		/* Asked twice: a hypercall that fails once is no reason to lose a guest. */
		if (guard(vm, gfn, false) && guard(vm, gfn, false))
			left++;
		acrn_guard_set(vm, gfn, false);
	}
	if (!left)
		return;
	os_fetch_add(&vm->undone_badly, left);
	mpt_log(MPT_LOG_ERROR, "%llu pages of VM %u stay write-protected (is the VM still there?)",
		(unsigned long long)left, vm->id);
}

/* --- the operations --- */

/* vm->lock is held. */
static int track_locked(struct acrn_vm *vm, u64 gfn)
{
	struct acrn_leaf *leaf;
	unsigned long old = mpt_rcu_enter();
	bool ram = gfn <= ACRN_FRAME_MAX && acrn_page(vm, gfn << MPT_PAGE_SHIFT);

	mpt_rcu_leave(old);
	if (!ram)
		return acrn_fail(vm->inst, "enable_page_track", -EFAULT,
				 "guest frame 0x%llx is no RAM, so it cannot be tracked",
				 (unsigned long long)gfn);
	leaf = leaf_make(vm, gfn);
	if (!leaf)
		return acrn_fail(vm->inst, "enable_page_track", -ENOMEM,
				 "no memory for the table of tracked pages");
	/* First known here, then protected: a request must find who it is for. */
	if (bit_get(leaf->tracked, gfn % ACRN_LEAF_FRAMES))
		return 0;
	track_set(vm, leaf, gfn, true);
	if (!acrn_shows_ram(vm, vm->view, gfn) || !guard(vm, gfn, true))
		return 0;
	track_set(vm, leaf, gfn, false);
	return acrn_fail(vm->inst, "enable_page_track", -EFAULT,
			 "the hypervisor does not protect guest frame 0x%llx (is it mapped?)",
			 (unsigned long long)gfn);
}

int acrn_track(unsigned long handle, u64 gfn)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, "enable_page_track");
	int ret;

	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	ret = track_locked(vm, gfn);
	os_mutex_unlock(&vm->lock);
	/* The core reads the page on our return: what is not told it must find there. */
	if (!ret && vm->inst->machine.fence)
		vm->inst->machine.fence(&vm->inst->machine);
	acrn_vm_drop(vm);
	return ret;
}

/*
 * The page is untracked whatever the hypervisor says: if it stays protected, its stores are done
 * here as plain ones, and detaching tries again.
 */
int acrn_untrack(unsigned long handle, u64 gfn)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, "disable_page_track");
	struct acrn_leaf *leaf;

	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	leaf = leaf_of(vm, gfn);
	if (leaf) {
		if (guard(vm, gfn, false))
			mpt_log_guest(MPT_LOG_WARN, "guest frame 0x%llx of VM %u stays protected",
				      (unsigned long long)gfn, vm->id);
		track_set(vm, leaf, gfn, false);
	}
	os_mutex_unlock(&vm->lock);
	acrn_vm_drop(vm);
	return 0;
}

void acrn_tracks_clear(struct acrn_vm *vm)
{
	u64 gfn;

	os_mutex_lock(&vm->lock);
	unguard_all(vm);
	for (gfn = acrn_track_next(vm, 0, ~0ULL, false); gfn != ~0ULL;
	     gfn = acrn_track_next(vm, gfn + 1, ~0ULL, false))
		track_set(vm, leaf_of(vm, gfn), gfn, false);
	os_mutex_unlock(&vm->lock);
}

void acrn_tracks_free(struct acrn_vm *vm)
{
	u64 i, n = leaves(vm);

	for (i = 0; vm->leaf && i < n; i++)
		mpt_free(vm->leaf[i]);
	mpt_free_pages(vm->leaf, n * sizeof(*vm->leaf));
	vm->leaf = NULL;
}
