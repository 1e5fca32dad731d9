/* SPDX-License-Identifier: MIT */
/*
 * The simulated device model: what acrn-dm does over VHM, for VMs without any device. It makes,
 * resets and ends VMs, and answers what reaches its client, the fallback: reads with all ones,
 * writes not at all. RAM is sim_ram.c's.
 */
#include "backends/acrn/sim_dm.h"

/* So often may the thread be woken for nothing. */
#define IDLE_MAX 1000U

/* --- gates --- */

static bool gate_take(void *arg)
{
	bool open = false;

	return os_cas(&((struct acrn_gate *)arg)->shut, &open, true);
}

void acrn_gate_init(struct acrn_gate *g, const char *what)
{
	g->shut = false;
	acrn_door_init(&g->door, what);
}

/* A machine that is dead (sim_sched.c) lets everybody through. */
void acrn_gate_enter(struct acrn_sim *sim, struct acrn_gate *g)
{
	acrn_door_wait(sim, &g->door, gate_take, g, 0);
}

void acrn_gate_leave(struct acrn_sim *sim, struct acrn_gate *g)
{
	os_store(&g->shut, false);
	acrn_door_ring(sim, &g->door);
}

/* --- which VMs there are --- */

static const struct vhm_services *const vhm = &acrn_sim_services;

struct acrn_dm_vm *acrn_dm_get(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svc *svc = acrn_svc(sim);
	struct acrn_dm_vm *vm;

	os_mutex_lock(&svc->lock);
	for (vm = svc->dm; vm && vm->id != vmid; vm = vm->next)
		;
	if (vm)
		os_fetch_add(&vm->refs, 1);
	os_mutex_unlock(&svc->lock);
	return vm;
}

void acrn_dm_put(struct acrn_dm_vm *vm)
{
	if (os_fetch_add(&vm->refs, -1U) != 1)
		return;
	acrn_ram_end(vm);
	mpt_free_pages(vm->page, sizeof(*vm->page));
	mpt_free(vm);
}

static void list_add(struct acrn_dm_vm *vm)
{
	struct acrn_svc *svc = acrn_svc(vm->sim);

	os_mutex_lock(&svc->lock);
	vm->next = svc->dm;
	svc->dm = vm;
	os_mutex_unlock(&svc->lock);
}

/* With the list's reference; NULL: none, or somebody else ends it. */
static struct acrn_dm_vm *list_take(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svc *svc = acrn_svc(sim);
	struct acrn_dm_vm **at, *vm;

	os_mutex_lock(&svc->lock);
	for (at = &svc->dm; *at && (*at)->id != vmid; at = &(*at)->next)
		;
	vm = *at;
	if (vm)
		*at = vm->next;
	os_mutex_unlock(&svc->lock);
	return vm;
}

/* --- requests that nobody else claims --- */

/* Once: the slot is the service VM's now, but its page is a process's, which may write it. */
static void copy_slot(struct vhm_request *to, const struct vhm_request *from)
{
	const u32 *f = (const u32 *)(const void *)from;
	u32 *t = (u32 *)(void *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(u32); i++)
		t[i] = os_load_relaxed(&f[i]);
}

static u64 ones(u64 size)
{
	return size < sizeof(u64) ? (1ULL << size * 8) - 1 : ~0ULL;
}

/* The value is as wide as the type says: that of a port or a register has no upper half. */
static void answer(struct vhm_request *slot, const struct vhm_request *req)
{
	if (req->reqs.mmio_request.direction != REQUEST_READ)
		return;
	switch (req->type) {
	case REQ_PORTIO:
	case REQ_PCICFG:
		os_store_relaxed(&slot->reqs.pio_request.value,
				 (u32)ones(req->reqs.pio_request.size));
		break;
	case REQ_MMIO:
		os_store_relaxed(&slot->reqs.mmio_request.value,
				 ones(req->reqs.mmio_request.size));
		break;
	default:
		break;
	}
}

static void tell_stray(struct acrn_dm_vm *vm, const struct vhm_request *req)
{
	const struct acrn_sim_hooks *hooks;
	void *arg;

	hooks = acrn_hvm_hooked(vm->svm->hvm, &arg);
	if (hooks && hooks->stray)
		hooks->stray(arg, req);
}

static bool serve_slot(struct acrn_dm_vm *vm, unsigned int n)
{
	struct vhm_request *slot = &vm->page->req_queue[n], req;
	struct vhm_provider *p = acrn_sim_provider(vm->sim);

	copy_slot(&req, slot);
	if (req.type >= REQ_WP)
		acrn_broken(vm->sim, 9, "VM %u: a request of type %u at 0x%llx ends acrn-dm",
			    vm->id, req.type, (unsigned long long)req.reqs.mmio_request.address);
	tell_stray(vm, &req);
	answer(slot, &req);
	acrn_point(vm->sim, "device model completes");
	return vhm->acrn_ioreq_complete_request(p, vm->client, n, slot) != -EINVAL;
}

/*
 * Slots of its map. The real one looks at the states of all slots: it can be faster than the bit is
 * set (ACRN_BUG_BIT_LATE) and is then woken for nothing until that vCPU's next request. Of that,
 * tests have clients of their own; the bystander here keeps out of it.
 */
static bool serve(struct acrn_dm_vm *vm)
{
	struct acrn_client *c = acrn_client_get(vm->sim, vm->client);
	unsigned long map;
	bool served = false;
	unsigned int n;

	if (!c)
		return false;
	map = os_load(&c->map);
	for (n = 0; n < VHM_REQUEST_MAX; n++) {
		if (!(map >> n & 1) ||
		    os_load(&vm->page->req_queue[n].processed) != REQ_STATE_PROCESSING)
			continue;
		served |= serve_slot(vm, n);
	}
	acrn_client_put(c);
	return served;
}

static void dm_main(void *arg)
{
	struct acrn_dm_vm *vm = arg;
	struct vhm_provider *p = acrn_sim_provider(vm->sim);
	unsigned int idle = 0;

	while (!vhm->acrn_ioreq_attach_client(p, vm->client)) {
		acrn_gate_enter(vm->sim, &vm->serve_gate);
		idle = serve(vm) ? 0 : idle + 1;
		acrn_gate_leave(vm->sim, &vm->serve_gate);
		if (!idle)
			continue;
		acrn_point(vm->sim, "device model woken for nothing");
		if (idle < IDLE_MAX)
			continue;
		acrn_broken(vm->sim, 12, "VM %u: the device model spins", vm->id);
		return;
	}
}

/* --- begin --- */

static struct acrn_dm_vm *dm_alloc(struct acrn_sim *sim)
{
	struct acrn_dm_vm *vm = mpt_zalloc(sizeof(*vm));

	if (!vm)
		return NULL;
	vm->page = mpt_zalloc_pages(sizeof(*vm->page));
	if (!vm->page) {
		mpt_free(vm);
		return NULL;
	}
	vm->sim = sim;
	vm->refs = 1;
	vm->client = -1;
	acrn_gate_init(&vm->ram_gate, "RAM that is being changed");
	acrn_gate_init(&vm->serve_gate, "the device model's requests");
	return vm;
}

static void gone(void *arg)
{
	acrn_dm_put(arg);
}

/* VHM learns of the VM. What the guest had stays until VHM's last reference is given back. */
static int make_known(struct acrn_dm_vm *vm)
{
	struct acrn_sim *sim = vm->sim;
	struct vhm_vm *base;
	int ret = acrn_svm_add(sim, vm->id);

	if (ret)
		return ret;
	base = vhm->find_get_vm(acrn_sim_provider(sim), vm->id);
	vm->svm = acrn_svm_of(base);
	os_fetch_add(&vm->refs, 1);
	vm->svm->gone_arg = vm;
	vm->svm->gone = gone;
	return 0;
}

/* As acrn-dm does it: page, client, start (ACRN's devicemodel). */
static int begin(struct acrn_dm_vm *vm)
{
	struct acrn_sim *sim = vm->sim;
	struct vhm_provider *p = acrn_sim_provider(sim);
	char name[16];
	int ret;

	if (vhm->acrn_ioreq_init(p, &vm->svm->base, (unsigned long)(uintptr_t)vm->page))
		return -EIO;
	vm->client = vhm->acrn_ioreq_create_fallback_client(p, vm->id, (char[]){ "acrndm" });
	if (vm->client < 0)
		return -ENOMEM;
	snprintf(name, sizeof(name), "dm:%u", vm->id);
	ret = acrn_thread_start(sim, &vm->thread, name, dm_main, vm);
	if (ret) {
		vhm->acrn_ioreq_destroy_client(p, vm->client);
		return ret;
	}
	return acrn_hc_start_vm(sim, vm->id) < 0 ? -EIO : 0;
}

/* The ioctl's work: no request of the VM, which is paused, is in flight any more. */
static void clear(struct acrn_dm_vm *vm)
{
	acrn_dispatcher_flush(vm->sim);
	vhm->acrn_ioreq_clear_request(acrn_sim_provider(vm->sim), &vm->svm->base);
}

/* Of a VM that is in no list, or not in it any more; as far as it was made. */
static void end(struct acrn_dm_vm *vm)
{
	struct acrn_sim *sim = vm->sim;
	struct vhm_provider *p = acrn_sim_provider(sim);

	acrn_hc_pause_vm(sim, vm->id);
	if (vm->svm) {
		acrn_gate_enter(sim, &vm->serve_gate);
		if (vm->thread.started)
			clear(vm);
		acrn_gate_leave(sim, &vm->serve_gate);
		vhm->acrn_ioreq_free(p, &vm->svm->base);
		if (vm->thread.started)
			acrn_thread_join(&vm->thread);
		acrn_ram_forget(vm);
		acrn_svm_del(sim, vm->id);
	}
	acrn_hc_destroy_vm(sim, vm->id);
	if (vm->svm)
		vhm->put_vm(p, &vm->svm->base);
	acrn_dm_put(vm);
}

static unsigned int count_vms(struct acrn_sim *sim)
{
	struct acrn_svc *svc = acrn_svc(sim);
	const struct acrn_svm *svm;
	unsigned int n = 0;

	os_mutex_lock(&svc->lock);
	for (svm = svc->list; svm; svm = svm->next)
		n++;
	os_mutex_unlock(&svc->lock);
	return n;
}

/* The hypervisor says no more than that it would not. */
static int create(struct acrn_sim *sim, struct acrn_dm_vm *vm, u16 *vmid)
{
	const struct acrn_sim_config *c = acrn_sim_config(sim);

	vm->id = *vmid;
	if (*vmid && acrn_hvm_find(sim, *vmid))
		return -EEXIST;
	if (count_vms(sim) >= ACRN_VMS - 1)
		return -ENOSPC;
	return acrn_hc_create_vm(sim, c->vcpus, c->polling, &vm->id) < 0 ? -ENOMEM : 0;
}

static int vm_new(void *dm, u16 *vmid)
{
	struct acrn_sim *sim = dm;
	struct acrn_dm_vm *vm = dm_alloc(sim);
	int ret;

	if (!vm)
		return -ENOMEM;
	ret = create(sim, vm, vmid);
	if (ret) {
		acrn_dm_put(vm);
		return ret;
	}
	ret = make_known(vm);
	if (!ret)
		ret = begin(vm);
	if (ret) {
		end(vm);
		return ret;
	}
	*vmid = vm->id;
	list_add(vm);
	return 0;
}

/* --- reset and end --- */

static void vm_end(void *dm, u16 vmid)
{
	struct acrn_dm_vm *vm = list_take(dm, vmid);

	if (!vm)
		return;
	acrn_gate_enter(vm->sim, &vm->ram_gate);
	vm->ended = true;
	acrn_gate_leave(vm->sim, &vm->ram_gate);
	end(vm);
}

/* The gate: what the thread has in hand is answered before the slots are freed. */
int acrn_sim_vm_reset(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_dm_vm *vm = acrn_dm_get(sim, vmid);
	bool ok;

	if (!vm)
		return -ESRCH;
	acrn_gate_enter(sim, &vm->serve_gate);
	ok = acrn_hc_pause_vm(sim, vm->id) >= 0;
	if (ok) {
		clear(vm);
		ok = acrn_hc_reset_vm(sim, vm->id) >= 0 && acrn_hc_start_vm(sim, vm->id) >= 0;
	}
	acrn_gate_leave(sim, &vm->serve_gate);
	acrn_dm_put(vm);
	return ok ? 0 : -EIO;
}

const struct acrn_dm_ops acrn_sim_dm_ops = {
	.vm_new = vm_new,
	.vm_end = vm_end,
	.ram_add = acrn_ram_add,
	.ram_remove = acrn_ram_remove,
	.ram_move = acrn_ram_move,
	.ram_free = acrn_ram_free,
};
