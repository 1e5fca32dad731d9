/* SPDX-License-Identifier: MIT */
/*
 * The upstream HSM over the simulated hypervisor: a file is a VM, its ioctls answer as those of
 * Linux 6.1 do. Memory is of 4 KiB pages of this process. Devices handed through, event files and
 * power states are not simulated: -ENOTTY. Requests and their dispatcher are sim_hsm_ioreq.c's.
 */
#include "backends/acrn/sim_hsm.h"

#define RECORDS 256U
#define VM_FLAG_POLLING (1ULL << 2)
/* sizeof(struct acrn_vm_memmap) and the like are all that is read from the caller. */
#define FROM_USER(to, arg) ((arg) ? (memcpy(&(to), (const void *)(arg), sizeof(to)), 0) : -EFAULT)

/* --- a VM begins and ends --- */

static int buffer_init(struct acrn_hsm_file *f, u64 user)
{
	union vhm_request_buffer *page =
		(union vhm_request_buffer *)(uintptr_t)(user & ~(u64)(MPT_PAGE_SIZE - 1));

	if (!page || acrn_hc_set_ioreq_buffer(f->mod->sim, f->vmid, page) < 0)
		return -EINVAL;
	f->page = page;
	return 0;
}

/* Whatever fails is -EINVAL (Linux 6.1, acrn/hsm.c). @vmid: a wish, in the simulator only. */
static int create_vm(struct acrn_hsm_file *f, unsigned long arg)
{
	struct acrn_sim *sim = f->mod->sim;
	const struct acrn_sim_config *config = acrn_sim_config(sim);
	struct acrn_vm_creation c;
	u16 vmid;

	if (FROM_USER(c, arg))
		return -EFAULT;
	if (c.reserved0 || c.reserved1 || f->created)
		return -EINVAL;
	vmid = c.vmid;
	if (acrn_hc_create_vm(sim, config->vcpus,
			      config->polling || (c.vm_flag & VM_FLAG_POLLING), &vmid) < 0)
		return -EINVAL;
	f->vmid = vmid;
	f->hvm = acrn_hvm_get(sim, vmid);
	f->vcpus = acrn_hvm_vcpus(f->hvm);
	if (buffer_init(f, c.ioreq_buf)) {
		acrn_hc_pause_vm(sim, vmid);
		acrn_hc_destroy_vm(sim, vmid);
		acrn_hvm_put(f->hvm);
		f->hvm = NULL;
		return -EINVAL;
	}
	os_store(&f->created, true);
	acrn_hsm_list(f);
	c.vmid = vmid;
	c.vcpu_num = (u16)f->vcpus;
	memcpy((void *)arg, &c, sizeof(c));
	return 0;
}

/* The hypervisor first; when it refuses all stays as it is. */
static int destroy_vm(struct acrn_hsm_file *f)
{
	long ret = acrn_hc_destroy_vm(f->mod->sim, f->vmid);

	if (ret < 0)
		return (int)ret;
	acrn_hsm_unlist(f);
	acrn_hsm_client_end(f);
	os_store(&f->created, false);
	acrn_hvm_put(f->hvm);
	f->hvm = NULL;
	return 0;
}

/* --- memory segments --- */

/* A region for each page, in one hypercall, in one record that stays until the VM's end. */
static int map_ram(struct acrn_hsm_file *f, const struct acrn_vm_memmap *m)
{
	struct acrn_sim *sim = f->mod->sim;
	u64 n = m->len >> MPT_PAGE_SHIFT, i;
	struct acrn_region *r;
	long ret;

	if (m->len < MPT_PAGE_SIZE)
		return -EINVAL;
	if (!m->vma_base)
		return -EFAULT;
	if (os_load(&f->records) >= RECORDS)
		return -ENOMEM;
	r = mpt_zalloc(n * sizeof(*r));
	if (!r)
		return -ENOMEM;
	os_fetch_add(&f->records, 1);
	for (i = 0; i < n; i++) {
		u64 off = i << MPT_PAGE_SHIFT;
		u64 hpa = acrn_mem_phys(sim, (void *)(uintptr_t)(m->vma_base + off));

		r[i] = (struct acrn_region){
			.type = ACRN_MR_ADD,
			.prot = MEM_TYPE_WB | (m->attr & MEM_ACCESS_RIGHT_MASK),
			.gpa = m->user_vm_pa + off,
			.service_gpa = acrn_mem_to_service(sim, hpa),
			.size = MPT_PAGE_SIZE,
		};
	}
	ret = acrn_hc_set_regions(sim, f->vmid, r, (u32)n);
	mpt_free(r);
	if (ret < 0)
		os_fetch_add(&f->records, -1U);
	return (int)ret;
}

static int set_memseg(struct acrn_hsm_file *f, unsigned long arg)
{
	struct acrn_vm_memmap m;
	struct acrn_region r;

	if (FROM_USER(m, arg))
		return -EFAULT;
	if (m.type == ACRN_MEMMAP_RAM)
		return map_ram(f, &m);
	if (m.type != ACRN_MEMMAP_MMIO)
		return -EINVAL;
	r = (struct acrn_region){
		.type = ACRN_MR_ADD,
		.prot = MEM_TYPE_UC | (m.attr & MEM_ACCESS_RIGHT_MASK),
		.gpa = m.user_vm_pa,
		.service_gpa = m.service_vm_pa,
		.size = m.len,
	};
	return (int)acrn_hc_set_regions(f->mod->sim, f->vmid, &r, 1);
}

/* Whatever is there, memory too; only the type that is asked for must be that of a device. */
static int unset_memseg(struct acrn_hsm_file *f, unsigned long arg)
{
	struct acrn_vm_memmap m;
	struct acrn_region r;

	if (FROM_USER(m, arg))
		return -EFAULT;
	if (m.type != ACRN_MEMMAP_MMIO)
		return -EINVAL;
	r = (struct acrn_region){ .type = ACRN_MR_DEL, .gpa = m.user_vm_pa, .size = m.len };
	return (int)acrn_hc_set_regions(f->mod->sim, f->vmid, &r, 1);
}

/* --- the rest --- */

static int inject_msi(struct acrn_hsm_file *f, unsigned long arg)
{
	struct acrn_msi_entry msi;

	if (FROM_USER(msi, arg))
		return -EFAULT;
	return (int)acrn_hc_inject_msi(f->mod->sim, f->vmid, msi.msi_addr, msi.msi_data);
}

static int set_regs(unsigned long arg)
{
	struct acrn_vcpu_regs regs;
	size_t i;
	u64 any = 0;

	if (FROM_USER(regs, arg))
		return -EFAULT;
	for (i = 0; i < OS_ARRAY_SIZE(regs.reserved); i++)
		any |= regs.reserved[i];
	for (i = 0; i < OS_ARRAY_SIZE(regs.vcpu_regs.reserved_64); i++)
		any |= regs.vcpu_regs.reserved_64[i];
	for (i = 0; i < OS_ARRAY_SIZE(regs.vcpu_regs.reserved_32); i++)
		any |= regs.vcpu_regs.reserved_32[i];
	for (i = 0; i < OS_ARRAY_SIZE(regs.vcpu_regs.gdt.reserved); i++)
		any |= regs.vcpu_regs.gdt.reserved[i] | regs.vcpu_regs.idt.reserved[i];
	return any ? -EINVAL : 0;
}

static int notify(struct acrn_hsm_file *f, unsigned long arg)
{
	struct acrn_ioreq_notify n;

	if (FROM_USER(n, arg))
		return -EFAULT;
	return n.reserved ? -EINVAL : acrn_hsm_default_complete(f, (u16)n.vcpu);
}

/* Of a file with a VM: its life and its memory. */
static int vm_ioctl(struct acrn_hsm_file *f, unsigned int cmd, unsigned long arg)
{
	struct acrn_sim *sim = f->mod->sim;

	switch (cmd) {
	case ACRN_IOCTL_START_VM:
		return (int)acrn_hc_start_vm(sim, f->vmid);
	case ACRN_IOCTL_PAUSE_VM:
		return (int)acrn_hc_pause_vm(sim, f->vmid);
	case ACRN_IOCTL_RESET_VM:
		return (int)acrn_hc_reset_vm(sim, f->vmid);
	case ACRN_IOCTL_DESTROY_VM:
		return destroy_vm(f);
	case ACRN_IOCTL_SET_VCPU_REGS:
		return set_regs(arg);
	case ACRN_IOCTL_SET_MEMSEG:
		return set_memseg(f, arg);
	case ACRN_IOCTL_UNSET_MEMSEG:
		return unset_memseg(f, arg);
	default:
		return -ENOTTY;
	}
}

int acrn_sim_hsm_ioctl(struct acrn_hsm_file *f, unsigned int cmd, unsigned long arg)
{
	if (cmd == ACRN_IOCTL_CREATE_VM)
		return create_vm(f, arg);
	if (!os_load(&f->created))
		return -EINVAL;
	switch (cmd) {
	case ACRN_IOCTL_INJECT_MSI:
		return inject_msi(f, arg);
	case ACRN_IOCTL_SET_IRQLINE:
		return (int)acrn_hc_set_irqline(f->mod->sim, f->vmid, (u32)arg, (u32)(arg >> 32));
	case ACRN_IOCTL_NOTIFY_REQUEST_FINISH:
		return notify(f, arg);
	case ACRN_IOCTL_CREATE_IOREQ_CLIENT:
		return acrn_hsm_client_begin(f);
	case ACRN_IOCTL_ATTACH_IOREQ_CLIENT:
		return acrn_hsm_client_wait(f);
	case ACRN_IOCTL_DESTROY_IOREQ_CLIENT:
		acrn_hsm_client_end(f);
		return 0;
	case ACRN_IOCTL_CLEAR_VM_IOREQ:
		acrn_hsm_requests_clear(f);
		return 0;
	default:
		return vm_ioctl(f, cmd, arg);
	}
}

/* --- files --- */

int acrn_sim_hsm_open(struct acrn_sim *sim, struct acrn_hsm_file **file)
{
	struct acrn_hsm_file *f = mpt_zalloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->mod = acrn_hsm_mod_get(sim);
	if (!f->mod) {
		mpt_free(f);
		return -ENOMEM;
	}
	os_mutex_init(&f->lock);
	acrn_door_init(&f->door, "a request for the HSM's default client");
	*file = f;
	return 0;
}

/*
 * A VM that is not destroyed is freed all the same, and the dispatcher follows it (Linux 6.1,
 * drivers/virt/acrn): counted, and then done properly.
 */
void acrn_sim_hsm_close(struct acrn_hsm_file *f)
{
	struct acrn_sim *sim = f->mod->sim;

	if (os_load(&f->created)) {
		if (acrn_hvm_state(f->hvm) != ACRN_PAUSED)
			acrn_broken(sim, 23, "the file of VM %u is closed while it runs: the HSM "
				    "follows freed memory", f->vmid);
		acrn_hc_pause_vm(sim, f->vmid);
		destroy_vm(f);
	}
	acrn_hsm_mod_put(f->mod);
	os_mutex_destroy(&f->lock);
	mpt_free(f);
}
