/* SPDX-License-Identifier: MIT */
/*
 * The invariants' complaints, and what is watched of each slot of a request page: who moves its
 * state, how often, who is told, and whether its content stays. Nothing is decided here: a machine
 * whose invariant is broken goes on as the real one would.
 */
#include "backends/acrn/sim_priv.h"

#define POISON 0xa5a5a5a5a5a5a5a5ULL

static u64 ever;
static struct os_mutex said_lock = OS_MUTEX_INIT(said_lock);

/* --- complaints --- */

void acrn_broken(struct acrn_sim *sim, unsigned int invariant, const char *fmt, ...)
{
	struct acrn_checks *c = &sim->checks;
	va_list ap;
	int n;

	if (invariant >= ACRN_INVARIANTS)
		invariant = 0;
	os_fetch_add(&c->broken[invariant], 1);
	os_fetch_add(&c->all, 1);
	os_fetch_add(&ever, 1);
	os_mutex_lock(&said_lock);
	if (c->said < ACRN_SAID) {
		char *say = c->say[c->said];

		n = snprintf(say, sizeof(c->say[0]), "I%u: ", invariant);
		va_start(ap, fmt);
		vsnprintf(say + n, sizeof(c->say[0]) - (size_t)n, fmt, ap);
		va_end(ap);
		os_store(&c->said, c->said + 1);
	}
	os_mutex_unlock(&said_lock);
}

u64 acrn_broken_count(struct acrn_sim *sim, unsigned int invariant)
{
	return invariant < ACRN_INVARIANTS ? os_load(&sim->checks.broken[invariant]) : 0;
}

u64 acrn_broken_all(struct acrn_sim *sim)
{
	return os_load(&sim->checks.all);
}

const char *acrn_broken_say(struct acrn_sim *sim, unsigned int n)
{
	return n < os_load(&sim->checks.said) ? sim->checks.say[n] : NULL;
}

u64 acrn_broken_ever(void)
{
	return os_load(&ever);
}

void acrn_diverged(struct acrn_sim *sim, const char *what)
{
	os_fetch_add(&sim->checks.diverged, 1);
	acrn_trace(sim, "diverged: %s", what);
}

u64 acrn_diverged_count(struct acrn_sim *sim)
{
	return os_load(&sim->checks.diverged);
}

/* --- a slot's content --- */

/*
 * A slot as 8-byte words. All are read and written as single accesses: what others write meanwhile,
 * against the rules, is seen, and is no race of ours.
 */
#define WORD(member) (offsetof(struct vhm_request, member) / 8)

static u64 *slot_words(struct vhm_request *r)
{
	return (u64 *)(void *)r;
}

_Static_assert(offsetof(struct vhm_request, reserved0) % 8 == 0, "whole words");
_Static_assert(offsetof(struct vhm_request, reserved2) % 8 == 4, "but for the first");

/* The parts that nobody owns but the check. */
static bool poisoned(struct vhm_request *r)
{
	u64 *w = slot_words(r), wrong = 0;
	size_t i;

	for (i = WORD(reserved0); i < WORD(reqs); i++)
		wrong |= os_load_relaxed(&w[i]) ^ POISON;
	for (i = WORD(reserved2) + 1; i < sizeof(*r) / 8; i++)
		wrong |= os_load_relaxed(&w[i]) ^ POISON;
	return !wrong;
}

void acrn_slot_poison(struct acrn_hvm *vm, unsigned int slot)
{
	struct vhm_request *r = &vm->page->req_queue[slot];
	u64 *w = slot_words(r);
	size_t i;

	for (i = WORD(reserved0); i < WORD(reqs); i++)
		os_store_relaxed(&w[i], POISON);
	for (i = WORD(reserved2) + 1; i < sizeof(*r) / 8; i++)
		os_store_relaxed(&w[i], POISON);
}

void acrn_slot_keep(struct acrn_hvm *vm, unsigned int slot)
{
	u64 *to = slot_words(&vm->slot[slot].kept);
	u64 *from = slot_words(&vm->page->req_queue[slot]);
	size_t i;

	to[0] = os_load_relaxed(&from[0]);
	for (i = WORD(reqs); i < WORD(processed); i++)
		to[i] = os_load_relaxed(&from[i]);
	vm->slot[slot].loose = false;
}

/* Whether @r is still as it was kept: its head, and the words up to @end. */
static bool same(struct vhm_request *r, struct vhm_request *kept, size_t end)
{
	u64 *a = slot_words(r), *b = slot_words(kept), wrong;
	size_t i;

	wrong = os_load_relaxed(&a[0]) ^ b[0];
	for (i = WORD(reqs); i < end; i++)
		wrong |= os_load_relaxed(&a[i]) ^ b[i];
	return !wrong;
}

/* What says which request it is. */
static bool same_request(struct vhm_request *r, struct vhm_request *kept)
{
	return same(r, kept, WORD(reqs.mmio_request.value));
}

/*
 * Freed: all is as it was left. Completed: what says which request it is; of a port that became a
 * PCI register the service VM has rewritten that.
 */
void acrn_slot_kept(struct acrn_hvm *vm, unsigned int slot, bool freed)
{
	struct vhm_request *r = &vm->page->req_queue[slot], *k = &vm->slot[slot].kept;
	bool good;

	if (freed)
		good = vm->slot[slot].loose || same(r, k, WORD(processed));
	else
		good = same_request(r, k) ||
		       (k->type == REQ_PORTIO && os_load_relaxed(&r->type) == REQ_PCICFG);
	if (good && poisoned(r))
		return;
	acrn_broken(vm->sim, 2, "VM %u slot %u: content was changed %s", vm->id, slot,
		    freed ? "while it was free" : "by who serves it");
	acrn_slot_poison(vm, slot);
}

/* --- a slot's state --- */

static const char *state_name(u32 state)
{
	static const char *const names[] = { "PENDING", "COMPLETE", "PROCESSING", "FREE" };

	return state < OS_ARRAY_SIZE(names) ? names[state] : "?";
}

static bool allowed(u32 from, u32 to, enum acrn_actor who)
{
	switch (who) {
	case ACRN_HV:
		return (from == REQ_STATE_FREE && to == REQ_STATE_PENDING) ||
		       (from == REQ_STATE_COMPLETE && to == REQ_STATE_FREE);
	case ACRN_DISPATCHER:
		return from == REQ_STATE_PENDING &&
		       (to == REQ_STATE_PROCESSING || to == REQ_STATE_COMPLETE);
	case ACRN_COMPLETER:
		return from == REQ_STATE_PROCESSING && to == REQ_STATE_COMPLETE;
	}
	return false;
}

/* Before the store: after it the slot may be somebody else's at once. */
static void count_move(struct acrn_hvm *vm, unsigned int slot, u32 to, bool undo)
{
	struct acrn_slot *s = &vm->slot[slot];
	u64 step = undo ? ~0ULL : 1;

	/* The vCPU's own, under its lock. */
	if (to == REQ_STATE_PENDING)
		os_store(&s->pendings, s->pendings + step);
	else if (to == REQ_STATE_FREE)
		os_store(&s->frees, s->frees + step);
	else if (to == REQ_STATE_COMPLETE) {
		os_fetch_add(&s->completes, step);
		if (!vm->polling)
			os_fetch_add(&s->due, (u32)step);
	}
}

static void check_move(struct acrn_hvm *vm, unsigned int slot, u32 to)
{
	struct acrn_slot *s = &vm->slot[slot];
	u64 pendings = os_load(&s->pendings);

	if (to == REQ_STATE_PENDING && !same_request(&vm->page->req_queue[slot], &s->kept))
		acrn_broken(vm->sim, 2, "VM %u slot %u: PENDING before its content", vm->id, slot);
	if (to == REQ_STATE_COMPLETE && os_load(&s->completes) >= pendings)
		acrn_broken(vm->sim, 4, "VM %u slot %u: completed twice", vm->id, slot);
	if (to == REQ_STATE_FREE && os_load(&s->frees) >= pendings)
		acrn_broken(vm->sim, 4, "VM %u slot %u: freed twice", vm->id, slot);
	if (to == REQ_STATE_COMPLETE && os_load(&s->polled_at) != pendings)
		acrn_broken(vm->sim, 7, "VM %u slot %u: COMPLETE, but completion_polling unread",
			    vm->id, slot);
}

bool acrn_slot_move(struct acrn_hvm *vm, unsigned int slot, u32 from, u32 to, enum acrn_actor who)
{
	union vhm_request_buffer *page = os_load(&vm->page);
	u32 is = from;

	if (slot >= VHM_REQUEST_MAX || !page || !allowed(from, to, who)) {
		acrn_broken(vm->sim, 1, "VM %u slot %u: %s to %s is not for actor %d", vm->id, slot,
			    state_name(from), state_name(to), who);
		return false;
	}
	if (os_load(&page->req_queue[slot].processed) == from)
		check_move(vm, slot, to);
	count_move(vm, slot, to, false);
	if (!os_cas(&page->req_queue[slot].processed, &is, to)) {
		count_move(vm, slot, to, true);
		acrn_broken(vm->sim, 1, "VM %u slot %u: %s to %s, but it is %s", vm->id, slot,
			    state_name(from), state_name(to), state_name(is));
		return false;
	}
	acrn_trace(vm->sim, "vm %u slot %u %s>%s", vm->id, slot, state_name(from), state_name(to));
	return true;
}

bool acrn_slot_polling(struct acrn_hvm *vm, unsigned int slot)
{
	union vhm_request_buffer *page = os_load(&vm->page);
	u32 state;

	if (slot >= VHM_REQUEST_MAX || !page)
		return false;
	state = os_load(&page->req_queue[slot].processed);
	if (state == REQ_STATE_COMPLETE || state == REQ_STATE_FREE)
		acrn_broken(vm->sim, 7, "VM %u slot %u: completion_polling is read in %s", vm->id,
			    slot, state_name(state));
	os_store(&vm->slot[slot].polled_at, os_load(&vm->slot[slot].pendings));
	return os_load_relaxed(&page->req_queue[slot].completion_polling) == 1;
}

void acrn_slot_notified(struct acrn_hvm *vm, unsigned int slot)
{
	u32 due = os_load(&vm->slot[slot].due);

	if (vm->polling) {
		acrn_broken(vm->sim, 5, "VM %u slot %u: a notify to a VM that polls", vm->id, slot);
		return;
	}
	while (due)
		if (os_cas(&vm->slot[slot].due, &due, due - 1))
			return;
	acrn_broken(vm->sim, 5, "VM %u slot %u: a notify without completion", vm->id, slot);
}

/* SET_IOREQ_BUFFER and RESET_VM: free, whatever it was. */
void acrn_slot_reset(struct acrn_hvm *vm, unsigned int slot)
{
	struct vhm_request *r = &vm->page->req_queue[slot];
	struct acrn_slot *s = &vm->slot[slot];

	/* Who had it may not have left it yet: its content is not looked at. */
	acrn_slot_poison(vm, slot);
	os_store(&s->completes, os_load(&s->pendings));
	os_store(&s->frees, os_load(&s->pendings));
	os_store(&s->due, 0);
	s->loose = true;
	os_store(&r->processed, REQ_STATE_FREE);
}
