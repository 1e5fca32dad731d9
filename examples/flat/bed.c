/* SPDX-License-Identifier: MIT */
/*
 * The testbed of the back end "flat": VMs, RAM, what a vCPU and what the device does. Nobody can
 * tell this hypervisor what to trap: it finds the BARs in the configuration space, as a VMM does.
 */
#include "flat.h"

#define BAR0_SIZE (16ULL << 20)

/* ---- memory; the lock is held ---- */

/* [memory] */
bool flat_is_ram(const struct vm *vm, u64 gpa, u64 len, bool write)
{
	u64 all = flat_pages(vm->machine) << MPT_PAGE_SHIFT, page = gpa >> MPT_PAGE_SHIFT;

	if (gpa > all || len > all - gpa)
		return false;
	for (; len && page <= (gpa + len - 1) >> MPT_PAGE_SHIFT; page++)
		if (!vm->frame[page] || (write && vm->frame[page] & FLAG))
			return false;
	return true;
}

void flat_copy(struct vm *vm, u64 gpa, u8 *buf, u64 len, bool write)
{
	u64 n;
	u8 *at;

	for (; len; gpa += n, buf += n, len -= n) {
		n = MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE;
		n = n < len ? n : len;
		at = vm->machine->mem + gpa % MPT_PAGE_SIZE +
		     ((u64)(vm->frame[gpa >> MPT_PAGE_SHIFT] & ~FLAG) << MPT_PAGE_SHIFT);
		memcpy(write ? at : buf, write ? buf : at, n);
	}
}

/* Machine frames of a range in a row, aligned to it. */
bool flat_in_a_row(const struct vm *vm, u64 gfn, u64 pages)
{
	u32 first = vm->frame[gfn] & ~FLAG, i;

	for (i = 1; i < pages; i++)
		if ((vm->frame[gfn + i] & ~FLAG) != first + i)
			return false;
	return first % pages == 0;
}
/* [/memory] */

/* ---- VMs and RAM ---- */

struct vm *flat_find(struct machine *m, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < VMS; i++)
		if (m->vm[i].id == id)
			return &m->vm[i];
	return NULL;
}

static void region_drop(struct region **p)
{
	struct region *r = *p;

	*p = r->next;
	mpt_free(r);
}

void flat_vm_free(struct vm *vm)
{
	while (vm->regions)
		region_drop(&vm->regions);
	mpt_free_pages(vm->frame, flat_pages(vm->machine) * sizeof(*vm->frame));
	mpt_free_pages(vm->maps, flat_pages(vm->machine) * sizeof(*vm->maps));
	pthread_spin_destroy(&vm->irq_lock);
	vm->id = 0;
}

static int vm_new(struct machine *m, struct vm *vm, unsigned int id)
{
	memset(vm, 0, sizeof(*vm));
	vm->machine = m;
	pthread_spin_init(&vm->irq_lock, PTHREAD_PROCESS_PRIVATE);
	vm->frame = mpt_zalloc_pages(flat_pages(m) * sizeof(*vm->frame));
	vm->maps = mpt_zalloc_pages(flat_pages(m) * sizeof(*vm->maps));
	vm->id = id;
	if (vm->frame && vm->maps)
		return 0;
	flat_vm_free(vm);
	return fail(-ENOMEM, "no memory for VM %u", id);
}

static int bed_vm_create(void *self, unsigned int id)
{
	struct vm *slot;
	int ret;

	if (!id || id > 65535)
		return fail(-EINVAL, "VM id %u (1 to 65535)", id);
	pthread_mutex_lock(&flat_lock);
	slot = flat_find(self, 0);
	if (flat_find(self, id))
		ret = fail(-EEXIST, "there is a VM %u already", id);
	else
		ret = slot ? vm_new(self, slot, id) : fail(-ENOMEM, "more than %d VMs", VMS);
	pthread_mutex_unlock(&flat_lock);
	return ret;
}

static int bed_vm_destroy(void *self, unsigned int id)
{
	struct vm *vm;
	int ret = 0;

	pthread_mutex_lock(&flat_lock);
	vm = id ? flat_find(self, id) : NULL;
	if (!vm)
		ret = fail(-ESRCH, "no VM %u", id);
	else if (vm->held || __atomic_load_n(&vm->vgpu, __ATOMIC_ACQUIRE))
		ret = fail(-EBUSY, "VM %u is held or has a vGPU", id);
	else
		flat_vm_free(vm);
	pthread_mutex_unlock(&flat_lock);
	return ret;
}

/* [ram] */
static void *deliver_begin(struct vm *vm)
{
	void *vgpu;

	if (!mpt_deliver_enter(vm))
		return NULL;
	vgpu = __atomic_load_n(&vm->deliver, __ATOMIC_ACQUIRE);
	if (!vgpu)
		mpt_deliver_leave();
	return vgpu;
}

static void tell(struct vm *vm, u64 gpa, u64 size, bool added)
{
	void *vgpu = deliver_begin(vm);

	if (!vgpu)
		return;
	mpt_deliver_region(vm->machine->host, vgpu, gpa >> MPT_PAGE_SHIFT, size >> MPT_PAGE_SHIFT,
			   added);
	mpt_deliver_leave();
}

static struct region **region_at(struct vm *vm, u64 gpa, u64 size)
{
	struct region **p = &vm->regions;

	while (*p && ((*p)->gpa != gpa || (*p)->size != size))
		p = &(*p)->next;
	return p;
}

static int no_region(u64 gpa, u64 size)
{
	return fail(-ENOENT, "no region of 0x%llx bytes at 0x%llx", (unsigned long long)size,
		    (unsigned long long)gpa);
}

/* A region where there is none but @leaving. The lock is held. */
static int region_new(struct vm *vm, u64 gpa, u64 size, const struct region *leaving)
{
	u64 all = flat_pages(vm->machine) << MPT_PAGE_SHIFT;
	struct region *r;

	if (!size || (gpa | size) % MPT_PAGE_SIZE || gpa >= all || size > all - gpa)
		return fail(-EINVAL, "0x%llx bytes at 0x%llx (whole pages, below %llu bits)",
			    (unsigned long long)size, (unsigned long long)gpa,
			    (unsigned long long)vm->machine->phys_bits);
	for (r = vm->regions; r; r = r->next)
		if (r != leaving && gpa < r->gpa + r->size && r->gpa < gpa + size)
			return fail(-EEXIST, "there is RAM at 0x%llx",
				    (unsigned long long)r->gpa);
	r = mpt_zalloc(sizeof(*r));
	if (!r)
		return fail(-ENOMEM, "no memory for a region");
	*r = (struct region){ gpa, size, vm->regions };
	vm->regions = r;
	return 0;
}

static void frames_set(struct vm *vm, u64 gpa, u64 size, u32 first)
{
	u64 i, gfn = gpa >> MPT_PAGE_SHIFT;

	for (i = 0; i < size >> MPT_PAGE_SHIFT; i++)
		vm->frame[gfn + i] = first ? first + (u32)i : 0;
}

static int ram_add(struct vm *vm, u64 gpa, u64 size, u32 flag)
{
	struct machine *m = vm->machine;
	u64 gfn = gpa >> MPT_PAGE_SHIFT;
	/* 2 MiB of the guest are 2 MiB of the machine. */
	u64 first = m->next_frame + (gfn - m->next_frame) % HUGE_PAGES;
	int ret = region_new(vm, gpa, size, NULL);

	if (ret)
		return ret;
	if (first + (size >> MPT_PAGE_SHIFT) > flat_pages(m)) {
		region_drop(&vm->regions);
		return fail(-ENOMEM, "the machine has no more memory");
	}
	m->next_frame = first + (size >> MPT_PAGE_SHIFT);
	frames_set(vm, gpa, size, (u32)first | flag);
	return 0;
}

static int bed_ram_add(void *vm, u64 gpa, u64 size, unsigned int flags)
{
	int ret;

	if (flags & ~MPT_RAM_READONLY)
		return fail(-EINVAL, "flags 0x%x", flags);
	pthread_mutex_lock(&flat_lock);
	ret = ram_add(vm, gpa, size, flags & MPT_RAM_READONLY ? FLAG : 0);
	pthread_mutex_unlock(&flat_lock);
	if (!ret)
		tell(vm, gpa, size, true);
	return ret;
}

/* The machine frames stay what they are, for the mappings that live on. */
static int bed_ram_remove(void *vm_, u64 gpa, u64 size)
{
	struct vm *vm = vm_;
	struct region **p;
	int ret = 0;

	pthread_mutex_lock(&flat_lock);
	p = region_at(vm, gpa, size);
	if (*p) {
		region_drop(p);
		frames_set(vm, gpa, size, 0);
	} else {
		ret = no_region(gpa, size);
	}
	pthread_mutex_unlock(&flat_lock);
	if (!ret)
		tell(vm, gpa, size, false);
	return ret;
}

static int bed_ram_move(void *vm_, u64 gpa, u64 size, u64 new_gpa)
{
	struct vm *vm = vm_;
	struct region *r;
	u32 first;
	int ret;

	pthread_mutex_lock(&flat_lock);
	r = *region_at(vm, gpa, size);
	ret = r ? region_new(vm, new_gpa, size, r) : no_region(gpa, size);
	if (!ret) {
		region_drop(region_at(vm, gpa, size));
		first = vm->frame[gpa >> MPT_PAGE_SHIFT];
		frames_set(vm, gpa, size, 0);
		frames_set(vm, new_gpa, size, first);
	}
	pthread_mutex_unlock(&flat_lock);
	if (ret)
		return ret;
	tell(vm, gpa, size, false);
	tell(vm, new_gpa, size, true);
	return 0;
}
/* [/ram] */

/* ---- a vCPU ---- */

/* [vcpu] */
static u64 cfg_read(struct vm *vm, void *vgpu, unsigned int offset, unsigned int len)
{
	u32 val = 0;

	mpt_deliver_cfg(vm->machine->host, vgpu, vm, offset, &val, len, false);
	return val;
}

static bool in_bar(struct vm *vm, void *vgpu, unsigned int offset, u64 size, u64 gpa)
{
	u64 base = cfg_read(vm, vgpu, offset, 4) & ~0xfULL;

	return gpa - (base | cfg_read(vm, vgpu, offset + 4, 4) << 32) < size;
}

/* Command register at 4, bit 1: decode memory; BAR0 at 0x10, BAR2 (the aperture) at 0x18. */
static bool decoded(struct vm *vm, void *vgpu, u64 gpa)
{
	u64 pages = mpt_host_core(vm->machine->host)->aperture_pages;

	return cfg_read(vm, vgpu, 4, 2) & 2 &&
	       (in_bar(vm, vgpu, 0x10, BAR0_SIZE, gpa) ||
		in_bar(vm, vgpu, 0x18, pages << MPT_PAGE_SHIFT, gpa));
}

/* A piece of 1, 2, 4 or 8 bytes, aligned: RAM, a register, or nothing (all ones). */
static int piece(struct vm *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	void *vgpu;
	bool ram;
	int ret = 0;

	pthread_mutex_lock(&flat_lock);
	ram = flat_is_ram(vm, gpa, len, write);
	if (ram)
		flat_copy(vm, gpa, buf, len, write);
	pthread_mutex_unlock(&flat_lock);
	if (ram)
		return 0;
	if (!write)
		memset(buf, 0xff, len);
	vgpu = deliver_begin(vm);
	if (vgpu && decoded(vm, vgpu, gpa)) {
		__atomic_fetch_add(&vm->stats.traps, 1, __ATOMIC_RELAXED);
		ret = mpt_deliver_mmio(vm->machine->host, vgpu, vm, gpa, buf, len, write);
	} else {
		__atomic_fetch_add(&vm->stats.unclaimed, 1, __ATOMIC_RELAXED);
	}
	if (vgpu)
		mpt_deliver_leave();
	return ret;
}

static int bed_mem_access(void *vm, u64 gpa, void *buf_, unsigned int len, bool write)
{
	unsigned int n;
	int ret = 0, err;
	u8 *buf = buf_;

	for (; len; gpa += n, buf += n, len -= n) {
		for (n = 8; n > len || gpa % n; n /= 2)
			;
		err = piece(vm, gpa, buf, n, write);
		ret = ret ? ret : err;
	}
	return ret;
}

static int bed_cfg_access(void *vm_, unsigned int offset, void *buf, unsigned int len, bool write)
{
	struct vm *vm = vm_;
	void *vgpu = deliver_begin(vm);
	int ret;

	if (!vgpu) {
		if (!write)
			memset(buf, 0xff, len);
		return 0;
	}
	__atomic_fetch_add(&vm->stats.cfg, 1, __ATOMIC_RELAXED);
	ret = mpt_deliver_cfg(vm->machine->host, vgpu, vm, offset, buf, len, write);
	mpt_deliver_leave();
	return ret;
}
/* [/vcpu] */

/* [irq] */
static int bed_irq_take(void *vm_, struct mpt_irq *irq)
{
	struct vm *vm = vm_;
	int ret = -ENOENT;

	pthread_spin_lock(&vm->irq_lock);
	if (vm->taken < vm->put) {
		*irq = vm->irq[vm->taken++ % IRQS];
		ret = 0;
	}
	pthread_spin_unlock(&vm->irq_lock);
	return ret ? fail(ret, "no interrupt waits") : 0;
}
/* [/irq] */

static int bed_stats(void *vm_, struct mpt_vm_stats *stats)
{
	struct vm *vm = vm_;

	pthread_mutex_lock(&flat_lock);
	pthread_spin_lock(&vm->irq_lock);
	*stats = vm->stats;
	pthread_spin_unlock(&vm->irq_lock);
	pthread_mutex_unlock(&flat_lock);
	return 0;
}

/* ---- the device ---- */

/* [bus] */
/* Whether some VM has a live mapping of a byte. The lock is held. */
static bool bus_mapped(const struct machine *m, u64 bus)
{
	u64 mfn = bus >> MPT_PAGE_SHIFT, head = mfn - mfn % HUGE_PAGES;
	unsigned int i;

	for (i = 0; i < VMS && mfn < flat_pages(m); i++)
		if (m->vm[i].id && (m->vm[i].maps[mfn] || m->vm[i].maps[head] & FLAG))
			return true;
	return false;
}

static int bed_bus_access(void *self, u64 bus, void *buf, unsigned int len, bool write)
{
	struct machine *m = self;
	unsigned int i;

	pthread_mutex_lock(&flat_lock);
	for (i = 0; i < len && bus_mapped(m, bus + i); i++)
		;
	if (i == len)
		memcpy(write ? m->mem + bus : buf, write ? buf : m->mem + bus, len);
	else
		m->fault = (struct mpt_iommu_fault){ bus + i, len, write };
	pthread_mutex_unlock(&flat_lock);
	if (i == len)
		return 0;
	if (!write)
		memset(buf, 0xff, len);
	return fail(-EFAULT, "bus address 0x%llx is not mapped", (unsigned long long)bus + i);
}

static int bed_fault_take(void *self, struct mpt_iommu_fault *fault)
{
	struct machine *m = self;
	bool any;

	pthread_mutex_lock(&flat_lock);
	any = m->fault.len;
	if (any)
		*fault = m->fault;
	m->fault.len = 0;
	pthread_mutex_unlock(&flat_lock);
	return any ? 0 : fail(-ENOENT, "no fault was recorded");
}
/* [/bus] */

const struct mpt_testbed flat_testbed = {
	.size = sizeof(struct mpt_testbed),
	.vm_create = bed_vm_create,
	.vm_destroy = bed_vm_destroy,
	.ram_add = bed_ram_add,
	.ram_remove = bed_ram_remove,
	.ram_move = bed_ram_move,
	.mem_access = bed_mem_access,
	.cfg_access = bed_cfg_access,
	.irq_take = bed_irq_take,
	.stats = bed_stats,
	.bus_access = bed_bus_access,
	.fault_take = bed_fault_take,
};
