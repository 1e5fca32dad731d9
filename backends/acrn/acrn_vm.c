/* SPDX-License-Identifier: MIT */
/*
 * VMs: holding one by the hypervisor's number, attaching a vGPU to its request page, and leaving
 * it: a join in which no request is lost, however it goes.
 */
#include "backends/acrn/acrn.h"

/* The device's place in ACRN's guests: 0:2.0. */
#define BUS 0
#define DEV 2
#define FUNC 0
/* How long a request may be on its way when a vGPU goes; behind that it is answered all ones. */
#define DRAIN_NS 300000000ULL

struct mpt_handles acrn_handles = { .name = "acrn" };
static const char *last_name = "acrn";

const char *acrn_name(const struct acrn_inst *inst)
{
	return inst ? inst->name : os_load_relaxed(&last_name);
}

/* --- instances --- */

void acrn_inst_init(struct acrn_inst *inst, struct mpt_host *host, const char *name,
		    const struct acrn_machine *machine, u64 phys_bits)
{
	unsigned int vhm = machine->provider->caps;

	inst->host = host;
	inst->name = name;
	inst->machine = *machine;
	inst->phys_bits = phys_bits;
	inst->caps = MPT_CAP_DMA_PIN | MPT_CAP_GFN_TO_MFN | MPT_CAP_MAP_GFN | MPT_CAP_TRAP_AREA;
	if (vhm & VHM_CAP_WP)
		inst->caps |= MPT_CAP_PAGE_TRACK;
	if (vhm & VHM_CAP_HPA)
		inst->caps |= MPT_CAP_VIRT_TO_MFN;
	if ((vhm & VHM_CAP_WP) && (vhm & VHM_CAP_HPA))
		inst->caps |= MPT_CAP_PVMMIO;
	if (vhm & VHM_CAP_IRQLINE)
		inst->caps |= MPT_CAP_INTX;
	os_mutex_init(&inst->lock);
	os_store_relaxed(&last_name, name);
	os_store_relaxed(&acrn_handles.name, name);
}

void acrn_inst_exit(struct acrn_inst *inst)
{
	struct acrn_vm *vm;

	while ((vm = inst->vms)) {
		os_store(&inst->vms, vm->next);
		if (vm->made)
			acrn_dm_vm_end(vm);
		else
			acrn_vm_free(vm);
	}
	if (inst->machine.close)
		inst->machine.close(&inst->machine);
	os_mutex_destroy(&inst->lock);
}

/* --- VMs --- */

void acrn_vm_free(struct acrn_vm *vm)
{
	mpt_rcu_synchronize();
	acrn_tracks_free(vm);
	acrn_dma_free(vm);
	acrn_ram_exit(vm);
	if (vm->ref)
		put_vm(vm->ref);
	os_mutex_destroy(&vm->cfg_lock);
	os_mutex_destroy(&vm->irq_lock);
	os_mutex_destroy(&vm->cache_lock);
	os_mutex_destroy(&vm->lock);
	os_mutex_destroy(&vm->ram_lock);
	mpt_free_pages(vm, sizeof(*vm));
}

static int vm_tables(struct acrn_vm *vm)
{
	int ret = acrn_ram_init(vm);

	if (ret)
		return ret;
	vm->leaf = mpt_zalloc_pages((vm->chunks * ACRN_HUGE_FRAMES + ACRN_LEAF_FRAMES - 1) /
				    ACRN_LEAF_FRAMES * sizeof(*vm->leaf));
	return vm->leaf ? 0 :
			  acrn_fail(vm->inst, "vm_get", -ENOMEM,
				    "no address space for the tracked pages of a VM");
}

int acrn_vm_new(struct acrn_inst *inst, unsigned int id, struct acrn_vm **out)
{
	unsigned long vmid = VHM_VMID(inst->machine.provider->index, id);
	struct vhm_vm *ref = id && id <= 0xffff ? find_get_vm(vmid) : NULL;
	struct acrn_vm *vm;

	if (!ref)
		return acrn_fail(inst, "vm_get", -ESRCH, "VHM knows no VM %u", id);
	vm = mpt_zalloc_pages(sizeof(*vm));
	if (!vm) {
		put_vm(ref);
		return acrn_fail(inst, "vm_get", -ENOMEM, "no memory for VM %u", id);
	}
	vm->inst = inst;
	vm->id = id;
	vm->vmid = vmid;
	vm->ref = ref;
	vm->gone_start = 1;
	vm->view = &acrn_no_view;
	os_mutex_init(&vm->ram_lock);
	os_mutex_init(&vm->lock);
	os_mutex_init(&vm->cache_lock);
	os_mutex_init(&vm->irq_lock);
	os_mutex_init(&vm->cfg_lock);
	if (vm_tables(vm)) {
		acrn_vm_free(vm);
		return -ENOMEM;
	}
	vm->next = inst->vms;
	os_store(&inst->vms, vm);
	*out = vm;
	return 0;
}

struct acrn_vm *acrn_vm_find(struct acrn_inst *inst, unsigned int id)
{
	struct acrn_vm *vm;

	for (vm = inst->vms; vm && vm->id != id; vm = vm->next)
		;
	return vm;
}

int acrn_vm_get(void *priv, unsigned int id, void **out)
{
	struct acrn_inst *inst = priv;
	struct acrn_vm *vm;
	int ret = 0;

	os_mutex_lock(&inst->lock);
	vm = acrn_vm_find(inst, id);
	if (!vm)
		ret = acrn_vm_new(inst, id, &vm);
	else if (vm->ending)
		ret = acrn_fail(inst, "vm_get", -ESRCH, "VM %u is being destroyed", id);
	if (!ret)
		vm->refs++;
	os_mutex_unlock(&inst->lock);
	if (!ret)
		*out = vm;
	return ret;
}

void acrn_vm_put(void *priv, void *vm_)
{
	struct acrn_inst *inst = priv;
	struct acrn_vm *vm = vm_, **p;
	bool last;

	os_mutex_lock(&inst->lock);
	last = !--vm->refs && !vm->made;
	if (last) {
		for (p = &inst->vms; *p != vm; p = &(*p)->next)
			;
		os_store(p, vm->next);
	}
	os_mutex_unlock(&inst->lock);
	if (last)
		acrn_vm_free(vm);
}

/* --- handles --- */

int acrn_dead_handle(unsigned long handle, const char *op)
{
	return acrn_fail(NULL, op, -ESRCH, "handle 0x%lx is dead or was never given out", handle);
}

struct acrn_vm *acrn_vm_hold(unsigned long handle, const char *op)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);

	if (vm)
		os_fetch_add(&vm->users, 1);
	mpt_rcu_leave(old);
	if (!vm)
		acrn_dead_handle(handle, op);
	return vm;
}

void acrn_vm_drop(struct acrn_vm *vm)
{
	os_fetch_add(&vm->users, -1UL);
}

/* --- attaching: each step is undone in reverse --- */

static int client_new(struct acrn_vm *vm)
{
	char name[] = "gvt";
	int client = acrn_ioreq_create_client(vm->vmid, acrn_handler, vm, name);

	if (client < 0)
		return acrn_fail(vm->inst, "attach_vgpu", -ENOMEM,
				 "VHM made no client for VM %u (no request page yet, no id or no "
				 "memory)",
				 vm->id);
	vm->client = client;
	vm->page = acrn_ioreq_get_reqbuf(client);
	if (vm->page)
		return 0;
	acrn_ioreq_destroy_client(client);
	return acrn_fail(vm->inst, "attach_vgpu", -EBUSY,
			 "VM %u has no request page (attach when its device model has begun)",
			 vm->id);
}

static void client_end(struct acrn_vm *vm)
{
	acrn_ioreq_destroy_client(vm->client);
	vm->page = NULL;
	vm->client = 0;
}

/* What VHM answers when the VM ends behind us, and when it has no memory. */
static int vhm_refused(struct acrn_vm *vm, const char *what, int ret)
{
	if (ret == -ENOMEM)
		return acrn_fail(vm->inst, "attach_vgpu", -ENOMEM, "VHM has no memory for a %s",
				 what);
	return acrn_fail(vm->inst, "attach_vgpu", ret > 0 ? -EBUSY : -ESRCH,
			 "VHM gives no %s: VM %u is going", what, vm->id);
}

/* One range of all addresses for the client's whole life: no late request goes to somebody else. */
static int wp_range(struct acrn_vm *vm, bool on)
{
	if (!(vm->inst->machine.provider->caps & VHM_CAP_WP))
		return 0;
	return on ? acrn_ioreq_add_iorange(vm->client, REQ_WP, 0, INT64_MAX) :
		    acrn_ioreq_del_iorange(vm->client, REQ_WP, 0, INT64_MAX);
}

/* What the handler needs is there before its thread can run. */
static int join_page(struct acrn_vm *vm)
{
	int ret = client_new(vm);

	if (ret)
		return ret;
	acrn_ioreq_intercept_bdf(vm->client, BUS, DEV, FUNC);
	ret = wp_range(vm, true);
	if (ret) {
		ret = vhm_refused(vm, "range", ret);
		goto err_client;
	}
	ret = acrn_ioreq_attach_client(vm->client);
	if (!ret)
		return 0;
	ret = vhm_refused(vm, "thread", ret);
	/* Requests may have come already, and nobody serves them. */
	acrn_ioreq_unintercept_bdf(vm->client);
	acrn_complete_rest(vm);
	wp_range(vm, false);
err_client:
	client_end(vm);
	return ret;
}

/* inst->lock is held. */
static int attach_locked(struct acrn_vm *vm, void *vgpu, unsigned long *handle)
{
	struct vhm_vm *known;
	int ret;

	if (vm->handle)
		return acrn_fail(vm->inst, "attach_vgpu", -EEXIST,
				 "VM %u has a vGPU already (destroy that first)", vm->id);
	if (os_load(&vm->stopped))
		return acrn_fail(vm->inst, "attach_vgpu", -EBUSY, "VM %u has been stopped", vm->id);
	known = find_get_vm(vm->vmid);
	if (!known)
		return acrn_fail(vm->inst, "attach_vgpu", -ESRCH, "VM %u is gone", vm->id);
	ret = join_page(vm);
	if (ret)
		goto err_put;
	ret = mpt_handle_new(&acrn_handles, vm, vgpu, handle);
	if (ret)
		goto err_leave;
	os_store(&vm->handle, *handle);
	vm->vgpu = vgpu;
	os_store(&vm->deliver, vgpu);
	return 0;
err_leave:
	acrn_ioreq_unintercept_bdf(vm->client);
	wp_range(vm, false);
	client_end(vm);
err_put:
	put_vm(known);
	return ret;
}

int acrn_attach(void *vgpu, unsigned long *handle)
{
	struct acrn_vm *vm;
	void *target;
	int ret;

	if (!vgpu)
		return acrn_fail(NULL, "attach_vgpu", -EINVAL, "no vGPU was given");
	ret = mpt_attach_target(&target);
	if (ret)
		return ret;
	vm = target;
	os_mutex_lock(&vm->inst->lock);
	ret = attach_locked(vm, vgpu, handle);
	os_mutex_unlock(&vm->inst->lock);
	return ret;
}

/* --- leaving --- */

/*
 * Until every slot was seen without a request of ours, or one that may become ours. false: it took
 * too long. A page whose VM has ended is not looked at.
 */
static bool drained(struct acrn_vm *vm)
{
	unsigned int left = (1U << VHM_REQUEST_MAX) - 1, n;
	u64 end = os_now_ns() + DRAIN_NS;

	while (acrn_ioreq_get_reqbuf(vm->client)) {
		for (n = 0; n < VHM_REQUEST_MAX; n++)
			if (left >> n & 1 && !acrn_slot_busy(vm, n))
				left &= ~(1U << n);
		if (!left)
			return true;
		if (os_now_ns() > end)
			return false;
		os_yield();
	}
	return true;
}

static void drain(struct acrn_vm *vm)
{
	if (drained(vm))
		return;
	mpt_log(MPT_LOG_WARN, "VM %u: requests are left while its vGPU goes", vm->id);
	acrn_complete_rest(vm);
}

/*
 * New requests go elsewhere but for stores to protected pages; what was ours is answered; then
 * everything is undone from our own records, after errors too, and when nothing is protected any
 * more the last range and the client go.
 */
static void leave_page(struct acrn_vm *vm)
{
	struct vhm_vm *known = vm->ref;

	acrn_ioreq_unintercept_bdf(vm->client);
	acrn_unclaim(vm);
	drain(vm);
	acrn_tracks_clear(vm);
	acrn_io_clear(vm);
	/* A vCPU may have found a page protected and not asked yet. */
	if (vm->inst->machine.settle)
		vm->inst->machine.settle(&vm->inst->machine, vm->id);
	drain(vm);
	wp_range(vm, false);
	drain(vm);
	client_end(vm);
	put_vm(known); /* attach_locked()'s; ours is acrn_vm_new()'s */
}

/* Whether this thread serves a request of the VM right now. */
static bool inside(const struct acrn_vm *vm)
{
	unsigned int i;

	for (i = 0; i < mpt_reader_self.depth; i++)
		if (mpt_reader_self.delivering[i] == vm)
			return true;
	return false;
}

static void deliver_set(struct acrn_vm *vm, bool on)
{
	os_mutex_lock(&vm->inst->lock);
	os_store(&vm->deliver, on ? vm->vgpu : NULL);
	os_mutex_unlock(&vm->inst->lock);
}

/*
 * Requests find nobody to ask, those being served and the operations under way are waited for. The
 * VM's handle goes last: until then it can neither be destroyed nor attached.
 */
static void detach(struct acrn_vm *vm, unsigned long handle)
{
	os_mutex_lock(&vm->inst->lock);
	vm->vgpu = NULL;
	os_store(&vm->deliver, NULL);
	os_mutex_unlock(&vm->inst->lock);
	mpt_deliver_quiesce(vm);
	if (!mpt_handle_free(&acrn_handles, handle)) {
		acrn_vm_drop(vm);
		return;
	}
	acrn_vm_drop(vm);
	while (os_load(&vm->users))
		os_yield();
	leave_page(vm);
	acrn_dma_clear(vm);
	os_mutex_lock(&vm->inst->lock);
	os_store(&vm->handle, 0);
	os_mutex_unlock(&vm->inst->lock);
}

void acrn_detach(unsigned long handle)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, "detach_vgpu");

	if (!vm)
		return;
	if (!inside(vm)) {
		detach(vm, handle);
		return;
	}
	acrn_fail(vm->inst, "detach_vgpu", -EBUSY,
		  "called from inside a request of the same VM, which it would wait for (return "
		  "from the emulation callback first)");
	acrn_vm_drop(vm);
}

/* Under the lock of attaching: a quiesced vGPU that is gone by now is not delivered to again. */
int acrn_quiesce(void *priv, void *vm, bool on)
{
	int ret;

	(void)priv;
	deliver_set(vm, !on);
	ret = on ? mpt_deliver_quiesce(vm) : 0;
	if (ret)
		deliver_set(vm, true);
	return ret;
}

/* From here on the guest's accesses are answered all ones; its vCPUs are the device model's. */
void acrn_vm_stop(void *priv, void *vm_)
{
	struct acrn_vm *vm = vm_;

	(void)priv;
	os_store(&vm->stopped, true);
}
