/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor: its table of VMs and their life, and the hypercalls, each with the checks and
 * answers that the profile's version has. vCPUs and local APICs are elsewhere.
 */
#include "backends/acrn/sim_priv.h"

/* --- the table of VMs --- */

struct acrn_hvm *acrn_hvm_find(struct acrn_sim *sim, u16 vmid)
{
	return os_load(&sim->vm[vmid]);
}

static bool ref_up(struct acrn_hvm *vm)
{
	unsigned int refs = os_load(&vm->refs);

	while (refs)
		if (os_cas(&vm->refs, &refs, refs + 1))
			return true;
	return false;
}

struct acrn_hvm *acrn_hvm_get(struct acrn_sim *sim, u16 vmid)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_hvm *vm = acrn_hvm_find(sim, vmid);

	if (vm && !ref_up(vm))
		vm = NULL;
	mpt_rcu_leave(old);
	return vm;
}

static void hvm_free(struct acrn_hvm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++)
		acrn_vcpu_exit(&vm->vcpu[i]);
	acrn_ept_exit(&vm->ept);
	os_mutex_destroy(&vm->hc);
	mpt_free(vm);
}

void acrn_hvm_put(struct acrn_hvm *vm)
{
	if (os_fetch_add(&vm->refs, -1U) == 1)
		hvm_free(vm);
}

void acrn_hvm_hooks(struct acrn_hvm *vm, const struct acrn_sim_hooks *hooks, void *arg)
{
	os_store(&vm->hooks, NULL);
	os_store(&vm->hooks_arg, arg);
	os_store(&vm->hooks, hooks);
}

const struct acrn_sim_hooks *acrn_hvm_hooked(struct acrn_hvm *vm, void **arg)
{
	const struct acrn_sim_hooks *hooks = os_load(&vm->hooks);

	*arg = os_load(&vm->hooks_arg);
	return hooks;
}

enum acrn_vm_state acrn_hvm_state(struct acrn_hvm *vm)
{
	return (enum acrn_vm_state)os_load(&vm->state);
}

union vhm_request_buffer *acrn_hvm_page(struct acrn_hvm *vm)
{
	return os_load(&vm->page);
}

unsigned int acrn_hvm_vcpus(struct acrn_hvm *vm)
{
	return vm->nr_vcpus;
}

struct acrn_sim *acrn_hvm_sim(struct acrn_hvm *vm)
{
	return vm->sim;
}

u16 acrn_hvm_id(struct acrn_hvm *vm)
{
	return vm->id;
}

/* --- every hypercall that concerns a VM --- */

struct acrn_hvm *acrn_hc_enter(struct acrn_sim *sim, u16 vmid, const char *what)
{
	struct acrn_hvm *vm;

	acrn_point(sim, what);
	vm = acrn_hvm_get(sim, vmid);
	if (!vm) {
		if (os_load(&sim->was[vmid]))
			acrn_broken(sim, 22, "VM %u: %s after its end", vmid, what);
		return NULL;
	}
	if (sim->config.profile->lock_each)
		os_mutex_lock(&vm->hc);
	if (os_load(&vm->state) != ACRN_OFF)
		return vm;
	acrn_hc_leave(vm, sim->config.profile->no_vm);
	return NULL;
}

long acrn_hc_leave(struct acrn_hvm *vm, long ret)
{
	struct acrn_sim *sim = vm->sim;

	if (sim->config.profile->lock_each)
		os_mutex_unlock(&vm->hc);
	acrn_trace(sim, "vm %u answer %ld", vm->id, ret);
	acrn_hvm_put(vm);
	acrn_point(sim, "hypercall ends");
	return ret;
}

/* Older hypervisors have one lock for the lives of all VMs. */
static struct acrn_hvm *life_enter(struct acrn_sim *sim, u16 vmid, const char *what)
{
	struct acrn_hvm *vm = acrn_hc_enter(sim, vmid, what);

	if (vm && !sim->config.profile->lock_each)
		os_mutex_lock(&sim->life);
	return vm;
}

static long life_leave(struct acrn_hvm *vm, long ret)
{
	if (!vm->sim->config.profile->lock_each)
		os_mutex_unlock(&vm->sim->life);
	return acrn_hc_leave(vm, ret);
}

/* --- life --- */

static int hvm_init(struct acrn_hvm *vm, unsigned int vcpus)
{
	unsigned int i;

	if (acrn_ept_init(&vm->ept))
		return -ENOMEM;
	os_mutex_init(&vm->hc);
	acrn_door_init(&vm->idle_door, "an idle vCPU");
	vm->nr_vcpus = vcpus;
	for (i = 0; i < vcpus; i++)
		acrn_vcpu_init(vm, i);
	vm->idle = (1U << vcpus) - 1;
	vm->refs = 1;
	vm->state = ACRN_CREATED;
	return 0;
}

/* life is held. From here on others may find the VM, and end it. */
static bool take_number(struct acrn_sim *sim, struct acrn_hvm *vm, u16 *want)
{
	unsigned int id;

	if (sim->vms == ACRN_VMS - 1)
		return false;
	if (*want && sim->vm[*want])
		return false;
	for (id = *want ? *want : 1; id < ACRN_NUMBERS && sim->vm[id]; id++)
		;
	if (id == ACRN_NUMBERS)
		return false;
	*want = vm->id = (u16)id;
	sim->vms++;
	os_store(&sim->was[id], 0);
	os_store(&sim->vm[id], vm);
	return true;
}

long acrn_hc_create_vm(struct acrn_sim *sim, unsigned int vcpus, bool polling, u16 *vmid)
{
	struct acrn_hvm *vm;
	bool taken;

	acrn_point(sim, "create_vm");
	if (!vcpus || vcpus > VHM_REQUEST_MAX)
		return -1;
	vm = mpt_zalloc(sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->sim = sim;
	vm->polling = polling;
	vm->remembers = sim->config.profile->flush != ACRN_FLUSH_SYNC;
	if (hvm_init(vm, vcpus)) {
		mpt_free(vm);
		return -ENOMEM;
	}
	os_mutex_lock(&sim->life);
	taken = take_number(sim, vm, vmid);
	os_mutex_unlock(&sim->life);
	if (!taken) {
		hvm_free(vm);
		return -1;
	}
	acrn_point(sim, "hypercall ends");
	return 0;
}

long acrn_hc_start_vm(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_hvm *vm = life_enter(sim, vmid, "start_vm");
	long ret = -1;

	if (!vm)
		return sim->config.profile->no_vm;
	if (os_load(&vm->state) == ACRN_CREATED && os_load(&vm->page)) {
		os_store(&vm->state, ACRN_RUNNING);
		ret = 0;
	}
	return life_leave(vm, ret);
}

static void kick_vcpus(struct acrn_hvm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++)
		acrn_vcpu_kick(&vm->vcpu[i]);
}

/*
 * Waits for all sections, and lets others do their hypercalls meanwhile: somebody in a section may
 * wait for the VM's lock (an interrupt, a translation).
 */
static void wait_sections(struct acrn_hvm *vm)
{
	bool locked = vm->sim->config.profile->lock_each;

	if (locked)
		os_mutex_unlock(&vm->hc);
	mpt_rcu_synchronize();
	if (locked)
		os_mutex_lock(&vm->hc);
}

/* On return no vCPU runs, whoever has paused; those that wait for a completion are told to go. */
static void await_vcpus(struct acrn_hvm *vm)
{
	vm->pausing++;
	wait_sections(vm);
	vm->pausing--;
	if (os_load(&vm->state) == ACRN_PAUSED)
		kick_vcpus(vm);
}

static void pause_vcpus(struct acrn_hvm *vm)
{
	os_store(&vm->state, ACRN_PAUSED);
	os_fetch_add(&vm->epoch, 1);
	await_vcpus(vm);
}

long acrn_hc_pause_vm(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_hvm *vm = life_enter(sim, vmid, "pause_vm");

	if (!vm)
		return sim->config.profile->no_vm;
	if (os_load(&vm->state) != ACRN_PAUSED)
		pause_vcpus(vm);
	else if (vm->pausing)
		await_vcpus(vm);
	return life_leave(vm, 0);
}

long acrn_hc_reset_vm(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_hvm *vm = life_enter(sim, vmid, "reset_vm");
	unsigned int i;

	if (!vm)
		return sim->config.profile->no_vm;
	if (vm->pausing)
		await_vcpus(vm);
	if (os_load(&vm->state) != ACRN_PAUSED)
		return life_leave(vm, -1);
	for (i = 0; i < vm->nr_vcpus; i++)
		acrn_vcpu_reset(&vm->vcpu[i]);
	for (i = 0; os_load(&vm->page) && i < VHM_REQUEST_MAX; i++)
		acrn_slot_reset(vm, i);
	os_store(&vm->state, ACRN_CREATED);
	return life_leave(vm, 0);
}

static void leave_table(struct acrn_hvm *vm)
{
	struct acrn_sim *sim = vm->sim;
	bool old = !sim->config.profile->lock_each;

	if (!old)
		os_mutex_lock(&sim->life);
	os_store(&vm->state, ACRN_OFF);
	os_store(&sim->was[vm->id], 1);
	os_store(&sim->vm[vm->id], NULL);
	sim->vms--;
	if (!old)
		os_mutex_unlock(&sim->life);
}

long acrn_hc_destroy_vm(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_hvm *vm;
	u32 state;

	vm = life_enter(sim, vmid, "destroy_vm");
	if (!vm)
		return sim->config.profile->no_vm;
	if (vm->pausing)
		await_vcpus(vm);
	state = os_load(&vm->state);
	if (state != ACRN_PAUSED && !sim->config.profile->destroy_pauses)
		return life_leave(vm, -1);
	if (state != ACRN_PAUSED)
		pause_vcpus(vm);
	leave_table(vm);
	wait_sections(vm);
	/* Who tells a vCPU that its request is complete is out of the page after this. */
	kick_vcpus(vm);
	os_store(&vm->page, NULL);
	/* Who still has a vCPU keeps the structure, not the VM. */
	acrn_ept_unmap(&vm->ept, 0, 1ULL << ACRN_GPA_BITS_MAX, true);
	life_leave(vm, 0);
	acrn_hvm_put(vm);
	return 0;
}

/* --- the request page --- */

long acrn_hc_set_ioreq_buffer(struct acrn_sim *sim, u16 vmid, union vhm_request_buffer *page)
{
	struct acrn_hvm *vm = life_enter(sim, vmid, "set_ioreq_buffer");
	unsigned int i;

	if (!vm)
		return sim->config.profile->no_vm;
	if (sim->config.profile->lock_each && os_load(&vm->state) != ACRN_CREATED)
		return life_leave(vm, -1);
	if (!page || (uintptr_t)page % MPT_PAGE_SIZE) {
		os_store(&vm->page, NULL);
		return life_leave(vm, -1);
	}
	os_store(&vm->page, page);
	for (i = 0; i < VHM_REQUEST_MAX; i++) {
		os_store_relaxed(&page->req_queue[i].completion_polling, vm->polling);
		acrn_slot_reset(vm, i);
	}
	return life_leave(vm, 0);
}

long acrn_hc_notify(struct acrn_sim *sim, u16 vmid, u16 vcpu)
{
	struct acrn_hvm *vm = acrn_hc_enter(sim, vmid, "notify");
	const struct acrn_profile *p = sim->config.profile;

	if (!vm)
		return p->no_vm;
	if (os_load(&vm->state) == ACRN_OFF || !os_load(&vm->page) || vcpu >= vm->nr_vcpus)
		return acrn_hc_leave(vm, p->refused);
	return acrn_hc_leave(vm, acrn_vcpu_notify(&vm->vcpu[vcpu]));
}

/* --- memory --- */

void acrn_hvm_flush(struct acrn_hvm *vm)
{
	unsigned int i;

	if (vm->sim->config.profile->flush == ACRN_FLUSH_SYNC) {
		mpt_rcu_synchronize();
		return;
	}
	for (i = 0; i < vm->nr_vcpus; i++)
		os_fetch_add(&vm->vcpu[i].flush, 1);
}

static u64 gpa_limit(const struct acrn_sim *sim)
{
	return 1ULL << sim->config.gpa_bits;
}

static bool guest_range(const struct acrn_sim *sim, u64 gpa, u64 size)
{
	return size <= gpa_limit(sim) && gpa <= gpa_limit(sim) - size;
}

long acrn_hc_gpa2hpa(struct acrn_sim *sim, u16 vmid, u64 gpa, u64 *hpa)
{
	const struct acrn_profile *p = sim->config.profile;
	struct acrn_ept_leaf leaf;
	struct acrn_hvm *vm;

	*hpa = ~0ULL;
	if (!vmid)
		return acrn_mem_service_range(sim, gpa, 1, hpa) ? p->refused : 0;
	vm = acrn_hc_enter(sim, vmid, "gpa2hpa");
	if (!vm)
		return p->no_vm;
	if (!acrn_ept_look(vm, gpa, &leaf))
		return acrn_hc_leave(vm, p->refused);
	*hpa = leaf.hpa + gpa % MPT_PAGE_SIZE;
	return acrn_hc_leave(vm, 0);
}

static long ept_answer(int ret)
{
	return ret == -ENOMEM ? -ENOMEM : ret ? -1 : 0;
}

static long region_add(struct acrn_hvm *vm, const struct acrn_region *r)
{
	const struct acrn_profile *p = vm->sim->config.profile;
	struct acrn_ept_leaf to = { .rights = r->prot & MEM_ACCESS_RIGHT_MASK,
				    .type = r->prot & MEM_TYPE_MASK };
	int ret = acrn_mem_service_range(vm->sim, r->service_gpa, r->size, &to.hpa);

	if (ret == -EFAULT)
		return ret;
	if (ret || !guest_range(vm->sim, r->gpa, r->size))
		return p->range_refused ? -EINVAL : 0;
	return ept_answer(acrn_ept_map(&vm->ept, r->gpa, r->size, &to, !p->add_present_fails));
}

static long region_del(struct acrn_hvm *vm, const struct acrn_region *r)
{
	const struct acrn_profile *p = vm->sim->config.profile;

	if (!guest_range(vm->sim, r->gpa, r->size))
		return p->range_refused ? -EINVAL : 0;
	return ept_answer(acrn_ept_unmap(&vm->ept, r->gpa, r->size, !p->del_absent_fails));
}

static long region_do(struct acrn_hvm *vm, const struct acrn_region *r)
{
	bool del = r->type == ACRN_MR_DEL;

	acrn_trace(vm->sim, "vm %u region %u prot %x gpa %llx size %llx", vm->id, r->type, r->prot,
		   (unsigned long long)r->gpa, (unsigned long long)r->size);
	if (r->type == ACRN_MR_MODIFY)
		acrn_broken(vm->sim, 18, "VM %u: a region is modified, which no two versions do "
			    "alike", vm->id);
	if ((r->size | r->gpa | (del ? 0 : r->service_gpa)) % MPT_PAGE_SIZE)
		return -EINVAL;
	if (!r->size)
		return 0;
	if (vm->sim->config.profile->modify_deletes)
		del = r->type != ACRN_MR_ADD;
	return del ? region_del(vm, r) : region_add(vm, r);
}

long acrn_hc_set_regions(struct acrn_sim *sim, u16 vmid, const struct acrn_region *r, u32 nr)
{
	struct acrn_hvm *vm = acrn_hc_enter(sim, vmid, "set_regions");
	long ret = 0;
	u32 i;

	if (!vm)
		return sim->config.profile->no_vm;
	if (!nr)
		return acrn_hc_leave(vm, sim->config.profile->lock_each ? -1 : -EFAULT);
	for (i = 0; i < nr && !ret; i++)
		ret = region_do(vm, &r[i]);
	acrn_hvm_flush(vm);
	return acrn_hc_leave(vm, ret);
}

long acrn_hc_write_protect(struct acrn_sim *sim, u16 vmid, u64 gpa, bool set)
{
	struct acrn_hvm *vm = acrn_hc_enter(sim, vmid, "write_protect");
	int ret;

	if (!vm)
		return sim->config.profile->no_vm;
	acrn_trace(sim, "vm %u protect %d gpa %llx", vm->id, set, (unsigned long long)gpa);
	if (gpa % MPT_PAGE_SIZE || !guest_range(sim, gpa, MPT_PAGE_SIZE))
		return acrn_hc_leave(vm, -EINVAL);
	ret = acrn_ept_writable(&vm->ept, gpa, !set);
	if (!ret)
		acrn_hvm_flush(vm);
	return acrn_hc_leave(vm, ret == -ENOENT ? -EINVAL : ret);
}
