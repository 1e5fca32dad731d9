/* SPDX-License-Identifier: MIT */
/*
 * VHM's services over the upstream HSM: VMs, from the opening of a file to its closing, and the
 * services that are one ioctl. Memory and requests have files of their own (vhm_hsm_priv.h).
 */
#include "backends/acrn/vhm_hsm_priv.h"

/* Of vm_flag (ACRN hypervisor, acrn_common.h: GUEST_FLAG_IO_COMPLETION_POLLING). */
#define VM_FLAG_POLLING (1ULL << 2)
/* What a CREATE_VM that found no place answers beside success. */
#define NO_VMID 0xffffU
/* SET_IRQLINE's operations, in the upper half of its argument. */
#define GSI_SET_HIGH 0ULL
#define GSI_SET_LOW 1ULL
#define GPA_BITS 39U
/* A VM that cannot be paused at once is asked so often. */
#define END_TRIES 3

/* --- who is it, and does it live? --- */

static struct hsm_vm *vm_look(struct acrn_hsm *h, unsigned long vmid)
{
	unsigned int place = vmid <= 0xffff ? os_load(&h->place[vmid]) : 0;

	return place ? os_load(&h->vm[place - 1]) : NULL;
}

struct hsm_vm *acrn_hsm_use(struct acrn_hsm *h, unsigned long vmid)
{
	unsigned long old = mpt_rcu_enter();
	struct hsm_vm *vm = vm_look(h, vmid);

	if (vm)
		os_fetch_add(&vm->users, 1);
	mpt_rcu_leave(old);
	return vm;
}

void acrn_hsm_unuse(struct hsm_vm *vm)
{
	os_fetch_add(&vm->users, -1U);
}

void acrn_hsm_vm_put(struct hsm_vm *vm)
{
	if (os_fetch_add(&vm->refs, -1U) != 1)
		return;
	mpt_free(vm->map);
	mpt_free(vm->spare);
	os_mutex_destroy(&vm->lock);
	os_mutex_destroy(&vm->ram_lock);
	mpt_free(vm);
}

static struct vhm_vm *find_vm(struct vhm_provider *p, unsigned long vmid)
{
	struct hsm_vm *vm = acrn_hsm_use(hsm_of(p), vmid);

	if (!vm)
		return NULL;
	os_fetch_add(&vm->refs, 1);
	acrn_hsm_unuse(vm);
	return &vm->base;
}

static void vm_get(struct vhm_provider *p, struct vhm_vm *vm)
{
	(void)p;
	os_fetch_add(&OS_CONTAINER_OF(vm, struct hsm_vm, base)->refs, 1);
}

static void vm_put(struct vhm_provider *p, struct vhm_vm *vm)
{
	(void)p;
	acrn_hsm_vm_put(OS_CONTAINER_OF(vm, struct hsm_vm, base));
}

/* The number of vCPUs is the HSM's own, not VHM's constant. */
static int vm_info(struct vhm_provider *p, unsigned long vmid, struct vm_info *info)
{
	struct hsm_vm *vm = acrn_hsm_use(hsm_of(p), vmid);

	if (!vm)
		return -EINVAL;
	*info = (struct vm_info){ .max_vcpu = (int)vm->vcpus, .max_gfn = acrn_hsm_max_gfn(vm) };
	acrn_hsm_unuse(vm);
	return 0;
}

/* --- interrupts: nothing is allocated, nothing waits --- */

/* The hypervisor's refusal is -1, which arrives as -EPERM. */
static int inject_msi(struct vhm_provider *p, unsigned long vmid, unsigned long addr,
		      unsigned long data)
{
	struct acrn_msi_entry msi = { .msi_addr = addr, .msi_data = data };
	struct hsm_vm *vm = acrn_hsm_use(hsm_of(p), vmid);
	int ret;

	if (!vm)
		return -EFAULT;
	ret = hsm_ioctl(vm, ACRN_IOCTL_INJECT_MSI, (unsigned long)&msi);
	acrn_hsm_unuse(vm);
	return ret < 0 ? -EFAULT : 0;
}

static int set_irqline(struct vhm_provider *p, unsigned long vmid, unsigned int gsi, bool level)
{
	struct hsm_vm *vm = acrn_hsm_use(hsm_of(p), vmid);
	int ret;

	if (!vm)
		return -EFAULT;
	ret = hsm_ioctl(vm, ACRN_IOCTL_SET_IRQLINE,
			gsi | (level ? GSI_SET_HIGH : GSI_SET_LOW) << 32);
	acrn_hsm_unuse(vm);
	return ret < 0 ? -EFAULT : 0;
}

/*
 * Absent: write_protect_page, vhm_vm_gpa2hpa (the HSM has no call), what a VM's maker does
 * (acrn_ioreq_init, acrn_ioreq_free, acrn_ioreq_clear_request: the page and the default client are
 * ours from the begin), acrn_ioreq_distribute_request (the HSM's dispatcher does), and a second
 * fallback client.
 */
static const struct vhm_services services = {
	.find_get_vm = find_vm,
	.get_vm = vm_get,
	.put_vm = vm_put,
	.vhm_get_vm_info = vm_info,
	.vhm_inject_msi = inject_msi,
	.acrn_ioreq_create_client = acrn_hsm_client_new,
	.acrn_ioreq_destroy_client = acrn_hsm_client_destroy,
	.acrn_ioreq_add_iorange = acrn_hsm_add_range,
	.acrn_ioreq_del_iorange = acrn_hsm_del_range,
	.acrn_ioreq_get_reqbuf = acrn_hsm_reqbuf,
	.acrn_ioreq_attach_client = acrn_hsm_attach,
	.acrn_ioreq_complete_request = acrn_hsm_complete,
	.acrn_ioreq_intercept_bdf = acrn_hsm_intercept,
	.acrn_ioreq_unintercept_bdf = acrn_hsm_unintercept,
	.map_guest_phys = acrn_hsm_map_guest,
	.unmap_guest_phys = acrn_hsm_unmap_guest,
	.add_memory_region = acrn_hsm_add_region,
	.del_memory_region = acrn_hsm_del_region,
	.virt_to_phys = acrn_hsm_virt_to_phys,
	.phys_to_virt = acrn_hsm_phys_to_virt,
	.set_irqline = set_irqline,
};

/* --- a VM begins --- */

/* A place and a number; h->lock is held. 0, -EEXIST, -ENOSPC. */
static int vm_number(struct acrn_hsm *h, unsigned int wish, u16 hypervisors, unsigned int *place,
		     u16 *id)
{
	unsigned int n = wish;

	for (*place = 0; *place < HSM_VMS && h->vm[*place]; (*place)++)
		;
	if (*place == HSM_VMS)
		return -ENOSPC;
	if (!n && hypervisors && hypervisors != NO_VMID && !h->place[hypervisors])
		n = hypervisors;
	for (; !n || (!wish && h->place[n]); n++)
		;
	*id = (u16)n;
	return h->place[n] ? -EEXIST : 0;
}

static int vm_publish(struct acrn_hsm *h, struct hsm_vm *vm, unsigned int wish, u16 hypervisors)
{
	unsigned int place;
	int ret;

	os_mutex_lock(&h->lock);
	ret = vm_number(h, wish, hypervisors, &place, &vm->id);
	if (!ret) {
		vm->base = (struct vhm_vm){ .provider = &h->provider,
					    .vmid = VHM_VMID(h->provider.index, vm->id) };
		os_store(&h->vm[place], vm);
		os_store(&h->place[vm->id], (u8)(place + 1));
	}
	os_mutex_unlock(&h->lock);
	if (ret)
		return hsm_fail(h, "vm", ret,
				ret == -EEXIST ? "VM %u is there already" :
						 "no place for VM %u (end another one)", wish);
	return 0;
}

/* No service begins with the VM's number any more; its clients' numbers still work. */
static void vm_hide(struct acrn_hsm *h, struct hsm_vm *vm)
{
	os_mutex_lock(&h->lock);
	os_store(&h->place[vm->id], 0);
	os_mutex_unlock(&h->lock);
	mpt_rcu_synchronize();
}

/* Until nobody uses its file. */
static void vm_idle(struct acrn_hsm *h, struct hsm_vm *vm)
{
	unsigned int i;

	mpt_rcu_synchronize();
	while (os_load(&vm->users))
		h->io->relax(h->arg);
	os_mutex_lock(&h->lock);
	for (i = 0; i < HSM_VMS; i++)
		if (h->vm[i] == vm)
			os_store(&h->vm[i], NULL);
	os_mutex_unlock(&h->lock);
}

/* A wish is the simulator's to grant: a hypervisor goes by the name. */
static int vm_create(struct hsm_vm *vm, u16 wish, u16 *vmid)
{
	struct acrn_hsm *h = vm->hsm;
	struct acrn_vm_creation c = {
		.vmid = wish,
		.vcpu_num = (u16)h->config.vcpus,
		.vm_flag = h->config.polling ? VM_FLAG_POLLING : 0,
		.ioreq_buf = (u64)(uintptr_t)vm->page,
		.cpu_affinity = h->config.affinity,
	};
	int ret;

	memcpy(&c.uuid, h->config.vm_name, sizeof(c.uuid));
	ret = hsm_ioctl(vm, ACRN_IOCTL_CREATE_VM, (unsigned long)&c);
	if (ret < 0)
		return hsm_fail(h, "vm", ret == -ENOMEM ? -ENOMEM : -EIO,
				"CREATE_VM: %s (does the hypervisor's scenario have a VM of this "
				"name or a free one?)", strerror(-ret));
	if (c.vmid == NO_VMID && wish != NO_VMID)
		return hsm_fail(h, "vm", -ENOSPC, "CREATE_VM: the hypervisor has no VM left");
	vm->vcpus = c.vcpu_num < VHM_REQUEST_MAX ? c.vcpu_num : VHM_REQUEST_MAX;
	*vmid = c.vmid;
	return 0;
}

/*
 * PAUSE answers 0 also where it did nothing, and then DESTROY is refused (ACRN's hypervisor,
 * hypercall.c). The client of a VM that runs stays: the HSM has no place for requests without one.
 */
static bool vm_destroy(struct hsm_vm *vm)
{
	bool client = true;
	int i;

	for (i = 0; i < END_TRIES; i++) {
		if (i)
			vm->hsm->io->relax(vm->hsm->arg);
		if (hsm_ioctl(vm, ACRN_IOCTL_PAUSE_VM, 0) < 0)
			continue;
		if (client)
			client = hsm_ioctl(vm, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0) < 0;
		if (hsm_ioctl(vm, ACRN_IOCTL_DESTROY_VM, 0) >= 0)
			return true;
	}
	return false;
}

/*
 * Who would serve has left, then the VM is paused, so that no request comes for which there is no
 * client; then the client goes, the VM, the file. A VM that cannot be destroyed keeps its file and
 * its memory: the HSM would follow freed memory of its own if the file were closed (Linux 6.1,
 * drivers/virt/acrn).
 */
static void vm_off(struct hsm_vm *vm)
{
	struct acrn_hsm *h = vm->hsm;
	bool off = vm_destroy(vm);

	if (off) {
		h->io->close(vm->file);
	} else {
		os_fetch_add(&h->errors, 1);
		hsm_fail(h, "vm", -EIO, "VM %u cannot be destroyed: its file stays open", vm->id);
	}
	acrn_hsm_ram_end(vm, !off);
	if (off)
		acrn_hsm_pages_free(vm->page, sizeof(*vm->page));
}

static struct hsm_vm *vm_alloc(struct acrn_hsm *h)
{
	struct hsm_vm *vm = mpt_zalloc(sizeof(*vm));

	if (!vm)
		return NULL;
	vm->hsm = h;
	vm->refs = 1;
	os_mutex_init(&vm->lock);
	os_mutex_init(&vm->ram_lock);
	vm->map = mpt_zalloc(sizeof(*vm->map));
	vm->page = vm->map ? acrn_hsm_pages(sizeof(*vm->page), false) : NULL;
	if (vm->page)
		return vm;
	acrn_hsm_vm_put(vm);
	return NULL;
}

/* From a file on: a VM that runs, with its reader; what fails undoes what was done. */
static int vm_begin(struct hsm_vm *vm, u16 wish, u16 *hypervisors)
{
	struct acrn_hsm *h = vm->hsm;
	int ret = vm_create(vm, wish, hypervisors);

	if (ret) {
		h->io->close(vm->file);
		acrn_hsm_pages_free(vm->page, sizeof(*vm->page));
		return ret;
	}
	ret = hsm_ioctl(vm, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0);
	if (ret < 0) {
		ret = hsm_fail(h, "vm", -EIO, "CREATE_IOREQ_CLIENT: %s", strerror(-ret));
		goto err_vm;
	}
	ret = acrn_hsm_reader_start(vm);
	if (ret)
		goto err_vm;
	ret = hsm_ioctl(vm, ACRN_IOCTL_START_VM, 0);
	if (ret >= 0)
		return 0;
	ret = hsm_fail(h, "vm", -EIO, "START_VM: %s", strerror(-ret));
	acrn_hsm_reader_stop(vm);
err_vm:
	vm_off(vm);
	return ret;
}

static int vm_new(void *dm, u16 *vmid)
{
	struct acrn_hsm *h = dm;
	struct hsm_vm *vm;
	u16 hypervisors = 0;
	int ret;

	if (*vmid && os_load(&h->place[*vmid]))
		return hsm_fail(h, "vm", -EEXIST, "VM %u is there already", *vmid);
	vm = vm_alloc(h);
	if (!vm)
		return hsm_fail(h, "vm", -ENOMEM, "no memory for a VM");
	ret = h->io->open(h->arg, &vm->file);
	if (ret) {
		acrn_hsm_pages_free(vm->page, sizeof(*vm->page));
		acrn_hsm_vm_put(vm);
		return ret == -ENOMEM ? hsm_fail(h, "vm", ret, "no memory for a VM") :
					hsm_fail(h, "vm", -EIO, "open: %s", strerror(-ret));
	}
	ret = vm_begin(vm, *vmid, &hypervisors);
	if (!ret) {
		ret = vm_publish(h, vm, *vmid, hypervisors);
		if (!ret) {
			*vmid = vm->id;
			return 0;
		}
		acrn_hsm_reader_stop(vm);
		vm_off(vm);
	}
	acrn_hsm_vm_put(vm);
	return ret;
}

static void vm_end(void *dm, u16 vmid)
{
	struct acrn_hsm *h = dm;
	struct hsm_vm *vm = acrn_hsm_use(h, vmid);
	bool mine;

	if (!vm)
		return;
	mine = !os_exchange(&vm->ending, true);
	acrn_hsm_unuse(vm);
	if (!mine)
		return;
	vm_hide(h, vm);
	acrn_hsm_reader_stop(vm);
	acrn_hsm_clients_end(vm);
	vm_idle(h, vm);
	vm_off(vm);
	acrn_hsm_vm_put(vm);
}

const struct acrn_dm_ops acrn_hsm_dm_ops = {
	.vm_new = vm_new,
	.vm_end = vm_end,
	.ram_add = acrn_hsm_ram_add,
	.ram_remove = acrn_hsm_ram_remove,
	.ram_move = acrn_hsm_ram_move,
	.ram_free = acrn_hsm_ram_free,
};

/* --- begin and end --- */

static int provider_begin(struct acrn_hsm *h)
{
	int ret;

	h->provider.svc = &services;
	h->provider.name = h->config.name;
	h->provider.caps = VHM_CAP_IRQLINE;
	ret = acrn_hsm_mem_init(h);
	if (ret)
		return hsm_fail(h, "open", ret, "no memory for the HSM's tables");
	ret = acrn_provider_add(&h->provider);
	if (!ret)
		return 0;
	acrn_hsm_mem_exit(h);
	return hsm_fail(h, "open", ret, "too many instances (close another one)");
}

int acrn_hsm_open_io(const struct acrn_hsm_io *io, void *arg,
		     const struct acrn_hsm_config *config, struct acrn_hsm **hsm)
{
	struct acrn_hsm *h = mpt_zalloc(sizeof(*h));
	const char *name = config->name ? config->name : "acrn";
	int ret;

	if (!h)
		return mpt_fail_at(-ENOMEM, "open", name, "no memory for the HSM");
	h->io = io;
	h->arg = arg;
	h->config = *config;
	h->config.name = name;
	h->config.vcpus = config->vcpus ? config->vcpus : 1;
	h->config.gpa_bits = config->gpa_bits ? config->gpa_bits : GPA_BITS;
	h->next_id = 1;
	os_mutex_init(&h->lock);
	ret = provider_begin(h);
	if (ret) {
		os_mutex_destroy(&h->lock);
		mpt_free(h);
		return ret;
	}
	*hsm = h;
	return 0;
}

void acrn_hsm_close(struct acrn_hsm *h)
{
	unsigned int i;

	for (i = 0; i < HSM_VMS; i++)
		if (h->vm[i])
			vm_end(h, h->vm[i]->id);
	acrn_provider_del(&h->provider);
	acrn_hsm_mem_exit(h);
	os_mutex_destroy(&h->lock);
	if (h->end)
		h->end(h->arg);
	mpt_free(h);
}

struct vhm_provider *acrn_hsm_provider(struct acrn_hsm *h)
{
	return &h->provider;
}

void *acrn_hsm_file(struct acrn_hsm *h, u16 vmid)
{
	struct hsm_vm *vm = acrn_hsm_use(h, vmid);
	void *file = vm ? vm->file : NULL;

	if (vm)
		acrn_hsm_unuse(vm);
	return file;
}

u64 acrn_hsm_strays(struct acrn_hsm *h)
{
	return os_load(&h->strays);
}

u64 acrn_hsm_errors(struct acrn_hsm *h)
{
	return os_load(&h->errors);
}
