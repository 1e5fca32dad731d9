/* SPDX-License-Identifier: MIT */
/*
 * The simulated VHM: which VMs it knows, and the services that are a hypercall or a look-up. Those
 * of clients and requests are sim_client.c's and sim_ioreq.c's.
 */
#include "backends/acrn/sim_dm.h"

/* --- VMs and references --- */

static struct acrn_svm **vm_place(struct acrn_svc *svc, u16 vmid)
{
	struct acrn_svm **leaf = os_load(&svc->vm[vmid >> 8]);

	return leaf ? &leaf[vmid & 0xff] : NULL;
}

/* In a section. */
static struct acrn_svm *vm_look(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svm **place = vm_place(acrn_svc(sim), vmid);

	return place ? os_load(place) : NULL;
}

/* One more, unless the last one is gone. */
static bool ref_get(unsigned int *refs)
{
	unsigned int n = os_load(refs);

	while (n)
		if (os_cas(refs, &n, n + 1))
			return true;
	return false;
}

struct acrn_svm *acrn_svm_get(struct acrn_sim *sim, u16 vmid)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_svm *svm = vm_look(sim, vmid);

	if (svm && !ref_get(&svm->refs))
		svm = NULL;
	mpt_rcu_leave(old);
	return svm;
}

static void svm_free(struct acrn_svm *svm)
{
	acrn_records_exit(svm);
	if (svm->hvm)
		acrn_hvm_put(svm->hvm);
	os_mutex_destroy(&svm->lock);
	os_mutex_destroy(&svm->scan);
	os_fetch_add(&acrn_svc(svm->sim)->alive, -1U);
	mpt_free(svm);
}

void acrn_svm_put(struct acrn_svm *svm)
{
	void (*gone)(void *arg);
	void *arg;

	if (os_fetch_add(&svm->refs, -1U) != 1)
		return;
	if (svm->clients)
		acrn_broken(svm->sim, 23, "VM %u ended with clients", svm->id);
	mpt_rcu_synchronize();
	gone = svm->gone;
	arg = svm->gone_arg;
	svm_free(svm);
	if (gone)
		gone(arg);
}

static struct acrn_svm *svm_new(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svm *svm = mpt_zalloc(sizeof(*svm));

	if (!svm)
		return NULL;
	os_fetch_add(&acrn_svc(sim)->alive, 1);
	svm->sim = sim;
	svm->id = vmid;
	svm->base.provider = acrn_sim_provider(sim);
	svm->base.vmid = VHM_VMID(svm->base.provider->index, vmid);
	svm->refs = 1;
	os_mutex_init(&svm->lock);
	os_mutex_init(&svm->scan);
	svm->hvm = acrn_hvm_get(sim, vmid);
	if (!svm->hvm || acrn_records_init(svm)) {
		svm_free(svm);
		return NULL;
	}
	return svm;
}

/* svc->lock is held. */
static int svm_list(struct acrn_svc *svc, struct acrn_svm *svm)
{
	struct acrn_svm ***leaf = &svc->vm[svm->id >> 8], **last = &svc->list;

	if (!*leaf) {
		struct acrn_svm **fresh = mpt_zalloc(256 * sizeof(*fresh));

		if (!fresh)
			return -ENOMEM;
		os_store(leaf, fresh);
	}
	if ((*leaf)[svm->id & 0xff])
		return -EEXIST;
	while (*last)
		last = &(*last)->next;
	svm->serial = os_fetch_add(&svc->serial, 1) + 1;
	*last = svm;
	os_store(&(*leaf)[svm->id & 0xff], svm);
	return 0;
}

int acrn_svm_add(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svc *svc = acrn_svc(sim);
	struct acrn_svm *svm = svm_new(sim, vmid);
	int ret;

	if (!svm)
		return -ENOMEM;
	os_mutex_lock(&svc->lock);
	ret = svm_list(svc, svm);
	os_mutex_unlock(&svc->lock);
	if (ret)
		svm_free(svm);
	return ret;
}

void acrn_svm_del(struct acrn_sim *sim, u16 vmid)
{
	struct acrn_svc *svc = acrn_svc(sim);
	struct acrn_svm *svm, **at;

	os_mutex_lock(&svc->lock);
	for (at = &svc->list; *at && (*at)->id != vmid; at = &(*at)->next)
		;
	svm = *at;
	if (svm) {
		*at = svm->next;
		os_store(vm_place(svc, vmid), NULL);
	}
	os_mutex_unlock(&svc->lock);
	if (svm)
		acrn_svm_put(svm);
}

static struct vhm_vm *svc_find_get_vm(struct vhm_provider *p, unsigned long vmid)
{
	struct acrn_svm *svm = acrn_svm_get(acrn_sim_of(p), (u16)vmid);

	return svm ? &svm->base : NULL;
}

static void svc_get_vm(struct vhm_provider *p, struct vhm_vm *vm)
{
	(void)p;
	os_fetch_add(&acrn_svm_of(vm)->refs, 1);
}

static void svc_put_vm(struct vhm_provider *p, struct vhm_vm *vm)
{
	(void)p;
	acrn_svm_put(acrn_svm_of(vm));
}

/* ACRN's constant: every VHM says 4. */
static int svc_get_vm_info(struct vhm_provider *p, unsigned long vmid, struct vm_info *info)
{
	struct acrn_svm *svm = acrn_svm_get(acrn_sim_of(p), (u16)vmid);

	if (!svm)
		return -EINVAL;
	*info = (struct vm_info){ .max_vcpu = 4, .max_gfn = os_load_relaxed(&svm->max_gfn) };
	acrn_svm_put(svm);
	return 0;
}

/* --- hypercalls --- */

static int answer(long ret)
{
	return ret < 0 ? -EFAULT : 0;
}

/* What may sleep, as vhm.h says. */
#define MAY(id) 1ULL << VHM_ID_##id
static const u64 sleepers =
	MAY(put_vm) | MAY(vhm_vm_gpa2hpa) | MAY(acrn_ioreq_create_client) |
	MAY(acrn_ioreq_create_fallback_client) | MAY(acrn_ioreq_destroy_client) |
	MAY(acrn_ioreq_add_iorange) | MAY(acrn_ioreq_attach_client) |
	MAY(acrn_ioreq_clear_request) | MAY(acrn_ioreq_init) | MAY(acrn_ioreq_free) |
	MAY(add_memory_region) | MAY(del_memory_region) | MAY(write_protect_page);
#undef MAY

OS_THREAD_LOCAL(unsigned int, atomic_depth)

void acrn_atomic(bool on)
{
	*atomic_depth_mine() += on ? 1 : -1U;
}

static void before_service(struct vhm_provider *p, enum vhm_service id)
{
	if (OS_UNLIKELY(*atomic_depth_mine()) && sleepers >> id & 1)
		acrn_broken(acrn_sim_of(p), 24, "%s may sleep, in atomic context",
			    acrn_service_name(id));
}

static int svc_inject_msi(struct vhm_provider *p, unsigned long vmid, unsigned long addr,
			  unsigned long data)
{
	long ret;

	acrn_atomic(true);
	ret = acrn_hc_inject_msi(acrn_sim_of(p), (u16)vmid, addr, data);
	acrn_atomic(false);
	return answer(ret);
}

static unsigned long svc_gpa2hpa(struct vhm_provider *p, unsigned long vmid, unsigned long gpa)
{
	u64 hpa = ~0ULL;

	if (!vmid)
		return acrn_mem_from_service(acrn_sim_of(p), gpa);
	if (acrn_hc_gpa2hpa(acrn_sim_of(p), (u16)vmid, gpa, &hpa) < 0)
		return (unsigned long)-EFAULT;
	return hpa;
}

static int svc_add_region(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			  unsigned long host_gpa, unsigned long size, unsigned int type,
			  unsigned int right)
{
	struct acrn_region r = {
		.type = ACRN_MR_ADD,
		.prot = (type & MEM_TYPE_MASK) | (right & MEM_ACCESS_RIGHT_MASK),
		.gpa = gpa,
		.service_gpa = host_gpa,
		.size = size,
	};

	return answer(acrn_hc_set_regions(acrn_sim_of(p), (u16)vmid, &r, 1));
}

static int svc_del_region(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			  unsigned long size)
{
	struct acrn_region r = { .type = ACRN_MR_DEL, .gpa = gpa, .size = size };

	return answer(acrn_hc_set_regions(acrn_sim_of(p), (u16)vmid, &r, 1));
}

/* HC_SET_IRQLINE's operations: 0 high, 1 low. */
static int svc_set_irqline(struct vhm_provider *p, unsigned long vmid, unsigned int gsi, bool level)
{
	return answer(acrn_hc_set_irqline(acrn_sim_of(p), (u16)vmid, gsi, level ? 0 : 1));
}

static int svc_write_protect(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			     unsigned char set)
{
	return answer(acrn_hc_write_protect(acrn_sim_of(p), (u16)vmid, gpa, set));
}

/* --- memory --- */

static unsigned long svc_hpa2gpa(struct vhm_provider *p, unsigned long hpa)
{
	return acrn_mem_to_service(acrn_sim_of(p), hpa);
}

static void *svc_map_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa, size_t size)
{
	unsigned long old = mpt_rcu_enter();
	struct acrn_svm *svm = vm_look(acrn_sim_of(p), (u16)vmid);
	const struct acrn_record *r = svm ? acrn_record_at(svm, gpa) : NULL;
	void *host = NULL;

	if (r && size <= r->size && gpa - r->gpa <= r->size - size)
		host = r->host + (gpa - r->gpa);
	mpt_rcu_leave(old);
	return host;
}

static int svc_unmap_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa)
{
	return svc_map_guest(p, vmid, gpa, 1) ? 0 : -ESRCH;
}

static u64 svc_virt_to_phys(struct vhm_provider *p, void *page)
{
	return acrn_mem_phys(acrn_sim_of(p), page);
}

static void *svc_phys_to_virt(struct vhm_provider *p, u64 hpa)
{
	return acrn_mem_virt(acrn_sim_of(p), hpa);
}

/* --- the request page --- */

static int svc_ioreq_init(struct vhm_provider *p, struct vhm_vm *vm, unsigned long vma)
{
	struct acrn_svm *svm = acrn_svm_of(vm);

	if (svm->page)
		return -EEXIST;
	if (!vma || vma % MPT_PAGE_SIZE)
		return -ENOMEM;
	if (acrn_hc_set_ioreq_buffer(acrn_sim_of(p), svm->id, (void *)vma) < 0)
		return -EFAULT;
	os_store(&svm->page, (union vhm_request_buffer *)vma);
	return 0;
}

static void svc_ioreq_free(struct vhm_provider *p, struct vhm_vm *vm)
{
	struct acrn_svm *svm = acrn_svm_of(vm);

	(void)p;
	if (!os_exchange(&svm->freed, true))
		acrn_clients_end(svm);
}

const struct vhm_services acrn_sim_services = {
	.find_get_vm = svc_find_get_vm,
	.get_vm = svc_get_vm,
	.put_vm = svc_put_vm,
	.vhm_get_vm_info = svc_get_vm_info,
	.vhm_inject_msi = svc_inject_msi,
	.vhm_vm_gpa2hpa = svc_gpa2hpa,
	.acrn_ioreq_create_client = acrn_client_new,
	.acrn_ioreq_create_fallback_client = acrn_client_new_fallback,
	.acrn_ioreq_destroy_client = acrn_client_destroy,
	.acrn_ioreq_add_iorange = acrn_client_add_range,
	.acrn_ioreq_del_iorange = acrn_client_del_range,
	.acrn_ioreq_get_reqbuf = acrn_client_reqbuf,
	.acrn_ioreq_attach_client = acrn_client_attach,
	.acrn_ioreq_distribute_request = acrn_ioreq_distribute,
	.acrn_ioreq_complete_request = acrn_ioreq_complete,
	.acrn_ioreq_clear_request = acrn_ioreq_clear,
	.acrn_ioreq_intercept_bdf = acrn_client_intercept,
	.acrn_ioreq_unintercept_bdf = acrn_client_unintercept,
	.acrn_ioreq_init = svc_ioreq_init,
	.acrn_ioreq_free = svc_ioreq_free,
	.acrn_hpa2gpa = svc_hpa2gpa,
	.map_guest_phys = svc_map_guest,
	.unmap_guest_phys = svc_unmap_guest,
	.add_memory_region = svc_add_region,
	.del_memory_region = svc_del_region,
	.write_protect_page = svc_write_protect,
	.virt_to_phys = svc_virt_to_phys,
	.phys_to_virt = svc_phys_to_virt,
	.set_irqline = svc_set_irqline,
};

/* --- begin and end --- */

/* Seeded it is an actor; and what is wrong with one scan for all VMs shows only there. */
static bool one_dispatcher(struct acrn_sim *sim)
{
	return acrn_sim_config(sim)->seeded || acrn_sim_config(sim)->profile->hsm ||
	       acrn_sim_bugs(sim) & (ACRN_BUG_SCAN_BREAKS | ACRN_BUG_CF8_SHARED);
}

int acrn_svc_init(struct acrn_sim *sim)
{
	struct acrn_svc *svc;
	int ret;

	/* The upstream HSM is another service side (sim_hsm.c). */
	if (!acrn_sim_provider(sim))
		return 0;
	svc = mpt_zalloc(sizeof(*svc));
	if (!svc)
		return -ENOMEM;
	svc->sim = sim;
	svc->next_id = 1;
	os_mutex_init(&svc->lock);
	acrn_door_init(&svc->flush_door, "the dispatcher's scan");
	*acrn_sim_svc(sim) = svc;
	acrn_sim_provider(sim)->caps = VHM_CAP_HPA | VHM_CAP_WP | VHM_CAP_IRQLINE;
	acrn_sim_provider(sim)->before = before_service;
	if (!one_dispatcher(sim))
		acrn_sim_upcall_here(sim, acrn_upcall_here);
	ret = acrn_dispatcher_start(sim);
	if (ret)
		acrn_svc_exit(sim);
	return ret;
}

void acrn_svc_exit(struct acrn_sim *sim)
{
	struct acrn_svc *svc = acrn_svc(sim);
	unsigned int i;

	if (!svc)
		return;
	while (svc->dm)
		acrn_sim_dm_ops.vm_end(sim, svc->dm->id);
	while (svc->list)
		acrn_svm_del(sim, svc->list->id);
	acrn_dispatcher_stop(sim);
	if (svc->alive)
		acrn_broken(sim, 23, "references of %u VMs are left", svc->alive);
	for (i = 0; i < OS_ARRAY_SIZE(svc->vm); i++)
		mpt_free(svc->vm[i]);
	os_mutex_destroy(&svc->lock);
	mpt_free(svc);
	*acrn_sim_svc(sim) = NULL;
}
