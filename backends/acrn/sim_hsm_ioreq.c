/* SPDX-License-Identifier: MIT */
/*
 * The simulated HSM's requests: its dispatcher, the configuration ports, the default client. There
 * are no other clients: those of a kernel are for event files, which are not simulated.
 */
#include "backends/acrn/sim_hsm.h"

/* PCI Local Bus Specification 3.0, 3.2.2.3.2: CONFIG_ADDRESS and CONFIG_DATA. */
#define CFG_ADDRESS 0xcf8U
#define CFG_DATA 0xcfcU
#define CFG_END 0xd00U
#define CFG_ENABLE (1U << 31)

/* --- completion --- */

static struct vhm_request *slot_of(struct acrn_hsm_file *f, unsigned int slot)
{
	return &f->page->req_queue[slot];
}

/* COMPLETE, after the polling flag was read; what is left is to tell the vCPU. f->lock is held. */
static bool complete_locked(struct acrn_hsm_file *f, unsigned int slot, u32 from,
			    enum acrn_actor who)
{
	bool polling;

	os_store(&f->map, f->map & ~(1UL << slot));
	polling = acrn_slot_polling(f->hvm, slot);
	return acrn_slot_move(f->hvm, slot, from, REQ_STATE_COMPLETE, who) && !polling;
}

static int complete(struct acrn_hsm_file *f, unsigned int slot, u32 from, enum acrn_actor who)
{
	bool tell;

	acrn_point(f->mod->sim, "complete");
	os_mutex_lock(&f->lock);
	tell = complete_locked(f, slot, from, who);
	os_mutex_unlock(&f->lock);
	return tell ? (int)acrn_hc_notify(f->mod->sim, f->vmid, (u16)slot) : 0;
}

/* Whether the client has it is not looked at; that it is PROCESSING is our check, not the HSM's. */
int acrn_hsm_default_complete(struct acrn_hsm_file *f, unsigned int vcpu)
{
	if (vcpu >= f->vcpus)
		return -EINVAL;
	if (!os_load(&f->client))
		return 0;
	return complete(f, vcpu, REQ_STATE_PROCESSING, ACRN_COMPLETER);
}

void acrn_hsm_requests_clear(struct acrn_hsm_file *f)
{
	unsigned int slot;
	bool mine;

	os_store(&f->clearing, true);
	for (slot = 0; slot < f->vcpus; slot++) {
		os_mutex_lock(&f->lock);
		mine = f->client && (f->map >> slot & 1);
		os_mutex_unlock(&f->lock);
		if (mine)
			complete(f, slot, REQ_STATE_PROCESSING, ACRN_COMPLETER);
	}
	os_store(&f->clearing, false);
}

/* --- the configuration ports: only 0xcf8 itself, whatever the size --- */

static bool port_now(struct acrn_hsm_file *f, struct vhm_pio_request *r)
{
	u64 port = r->address;

	if (port == CFG_ADDRESS) {
		if (r->direction == REQUEST_WRITE)
			f->pci_addr = r->value;
		else
			r->value = f->pci_addr;
		return true;
	}
	if (port < CFG_DATA || port >= CFG_END || (f->pci_addr & CFG_ENABLE))
		return false;
	if (r->direction == REQUEST_READ)
		r->value = ~0U;
	return true;
}

static void port_to_pci(struct acrn_hsm_file *f, struct vhm_request *req)
{
	u64 port = req->reqs.pio_request.address;
	struct vhm_pci_request *pci = &req->reqs.pci_request;
	u32 addr = f->pci_addr;

	if (port < CFG_DATA || port >= CFG_END)
		return;
	req->type = REQ_PCICFG;
	pci->bus = (int)(addr >> 16 & 0xff);
	pci->dev = (int)(addr >> 11 & 0x1f);
	pci->func = (int)(addr >> 8 & 7);
	pci->reg = (int)((addr & 0xfc) + (addr >> 16 & 0xf00) + (u32)(port - CFG_DATA));
}

/* --- the dispatcher --- */

/* To the default client; false: there is none. */
static bool hand_over(struct acrn_hsm_file *f, unsigned int slot)
{
	struct vhm_request *req = slot_of(f, slot);
	bool there;

	os_mutex_lock(&f->lock);
	there = f->client && !f->ending;
	if (there) {
		os_store_relaxed(&req->client, 0); /* kernel_handled */
		if (acrn_slot_move(f->hvm, slot, REQ_STATE_PENDING, REQ_STATE_PROCESSING,
				   ACRN_DISPATCHER))
			os_store(&f->map, f->map | 1UL << slot);
	}
	os_mutex_unlock(&f->lock);
	acrn_point(f->mod->sim, "handed over");
	if (there)
		acrn_door_ring(f->mod->sim, &f->door);
	return there;
}

static bool dispatch(struct acrn_hsm_file *f, unsigned int slot)
{
	struct vhm_request *req = slot_of(f, slot);

	if (os_load(&f->clearing) ||
	    (req->type == REQ_PORTIO && port_now(f, &req->reqs.pio_request))) {
		complete(f, slot, REQ_STATE_PENDING, ACRN_DISPATCHER);
		return true;
	}
	if (req->type == REQ_PORTIO)
		port_to_pci(f, req);
	return hand_over(f, slot);
}

/* A request that nobody takes ends its VM's scan; it stays pending. */
static void scan(struct acrn_hsm_file *f)
{
	unsigned int slot;

	for (slot = 0; slot < f->vcpus; slot++) {
		if (os_load(&slot_of(f, slot)->processed) != REQ_STATE_PENDING)
			continue;
		acrn_point(f->mod->sim, "pending");
		if (dispatch(f, slot))
			continue;
		if (acrn_hvm_state(f->hvm) == ACRN_RUNNING)
			acrn_broken(f->mod->sim, 11, "VM %u: nobody takes the request of slot %u",
				    f->vmid, slot);
		return;
	}
}

/* The VM behind @f, which is marked: who ends it waits. NULL begins, and ends. */
static struct acrn_hsm_file *next_vm(struct acrn_hsm_mod *mod, struct acrn_hsm_file *f)
{
	struct acrn_hsm_file *at;

	os_mutex_lock(&mod->lock);
	at = f ? f->next : mod->files;
	os_store(&mod->scanned, at);
	os_mutex_unlock(&mod->lock);
	return at;
}

struct upcalls {
	struct acrn_hsm_mod *mod;
	u64 seen;
};

static bool upcall_or_stop(void *arg)
{
	struct upcalls *u = arg;

	return acrn_sim_upcalls(u->mod->sim) != u->seen || os_load(&u->mod->stop);
}

static void dispatcher_main(void *arg)
{
	struct upcalls u = { .mod = arg };
	struct acrn_hsm_file *f;

	while (acrn_door_wait(u.mod->sim, acrn_sim_upcall(u.mod->sim), upcall_or_stop, &u, 0) &&
	       !os_load(&u.mod->stop)) {
		u.seen = acrn_sim_upcalls(u.mod->sim);
		for (f = NULL; (f = next_vm(u.mod, f));)
			scan(f);
	}
}

/* --- VMs and the module --- */

void acrn_hsm_list(struct acrn_hsm_file *f)
{
	os_mutex_lock(&f->mod->lock);
	f->next = f->mod->files;
	f->mod->files = f;
	os_mutex_unlock(&f->mod->lock);
}

static bool not_scanned(void *arg)
{
	struct acrn_hsm_file *f = arg;

	return os_load(&f->mod->scanned) != f;
}

void acrn_hsm_unlist(struct acrn_hsm_file *f)
{
	struct acrn_hsm_file **at;

	/* Out of its hands first: it goes on from there by the list. */
	do {
		acrn_door_wait(f->mod->sim, NULL, not_scanned, f, 0);
		acrn_point(f->mod->sim, "unlist");
		os_mutex_lock(&f->mod->lock);
		for (at = &f->mod->files; *at && *at != f; at = &(*at)->next)
			;
		if (*at && f->mod->scanned != f)
			*at = f->next;
		else
			at = NULL;
		os_mutex_unlock(&f->mod->lock);
	} while (!at);
}

static struct os_mutex mods_lock = OS_MUTEX_INIT(mods_lock);
static struct acrn_hsm_mod *mods;

/* Listed with its thread, or freed again. */
static struct acrn_hsm_mod *mod_new(struct acrn_sim *sim)
{
	struct acrn_hsm_mod *mod = mpt_zalloc(sizeof(*mod));

	if (!mod)
		return NULL;
	mod->sim = sim;
	os_mutex_init(&mod->lock);
	if (acrn_thread_start(sim, &mod->dispatcher, "hsm", dispatcher_main, mod)) {
		os_mutex_destroy(&mod->lock);
		mpt_free(mod);
		return NULL;
	}
	mod->next = mods;
	mods = mod;
	return mod;
}

struct acrn_hsm_mod *acrn_hsm_mod_get(struct acrn_sim *sim)
{
	struct acrn_hsm_mod *mod;

	os_mutex_lock(&mods_lock);
	for (mod = mods; mod && mod->sim != sim; mod = mod->next)
		;
	if (!mod)
		mod = mod_new(sim);
	if (mod)
		mod->refs++;
	os_mutex_unlock(&mods_lock);
	return mod;
}

void acrn_hsm_mod_put(struct acrn_hsm_mod *mod)
{
	struct acrn_hsm_mod **at;
	bool last;

	os_mutex_lock(&mods_lock);
	last = !--mod->refs;
	for (at = &mods; last && *at != mod; at = &(*at)->next)
		;
	if (last)
		*at = mod->next;
	os_mutex_unlock(&mods_lock);
	if (!last)
		return;
	os_store(&mod->stop, true);
	acrn_door_ring(mod->sim, acrn_sim_upcall(mod->sim));
	acrn_thread_join(&mod->dispatcher);
	os_mutex_destroy(&mod->lock);
	mpt_free(mod);
}

/* --- the default client --- */

int acrn_hsm_client_begin(struct acrn_hsm_file *f)
{
	int ret = 0;

	os_mutex_lock(&f->lock);
	if (f->client)
		ret = -EEXIST;
	os_store(&f->client, true);
	os_mutex_unlock(&f->lock);
	return ret;
}

static bool has_work(void *arg)
{
	struct acrn_hsm_file *f = arg;

	return os_load(&f->map) || os_load(&f->ending) || os_load(&f->signal);
}

/* A signal ends it with 0, as if there were work. */
int acrn_hsm_client_wait(struct acrn_hsm_file *f)
{
	bool there;

	os_mutex_lock(&f->lock);
	there = f->client && !f->ending;
	os_store(&f->inside, f->inside + there);
	os_mutex_unlock(&f->lock);
	if (!there)
		return -ENODEV;
	there = acrn_door_wait(f->mod->sim, &f->door, has_work, f, 0) && !os_load(&f->ending);
	os_mutex_lock(&f->lock);
	os_store(&f->inside, f->inside - 1);
	os_store(&f->signal, false);
	os_mutex_unlock(&f->lock);
	return there ? 0 : -ENODEV;
}

void acrn_sim_hsm_interrupt(struct acrn_hsm_file *f)
{
	os_mutex_lock(&f->lock);
	if (f->inside)
		os_store(&f->signal, true);
	os_mutex_unlock(&f->lock);
	acrn_door_ring(f->mod->sim, &f->door);
}

static bool nobody_inside(void *arg)
{
	return !os_load(&((struct acrn_hsm_file *)arg)->inside);
}

/* The HSM frees it at once, under the thread that waits on it (6.2, 12): counted; here it waits. */
void acrn_hsm_client_end(struct acrn_hsm_file *f)
{
	bool there;

	os_mutex_lock(&f->lock);
	there = f->client && !f->ending;
	if (there)
		os_store(&f->ending, true);
	if (there && f->inside)
		acrn_broken(f->mod->sim, 13, "VM %u: the default client is destroyed under the "
			    "thread that waits on it", f->vmid);
	os_mutex_unlock(&f->lock);
	if (!there)
		return;
	acrn_door_ring(f->mod->sim, &f->door);
	acrn_door_wait(f->mod->sim, NULL, nobody_inside, f, 0);
	os_mutex_lock(&f->lock);
	os_store(&f->client, false);
	os_store(&f->ending, false);
	os_store(&f->map, 0);
	os_mutex_unlock(&f->lock);
}
