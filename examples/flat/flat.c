/* SPDX-License-Identifier: MIT */
/*
 * The back end "flat", the least that a hypervisor must offer: no capability. Its testbed, by which
 * the clauses of the contract run over it, is bed.c. Here it is a module outside of libmpt:
 *   cc -shared -fPIC -o flat.so flat.c bed.c $(pkg-config --cflags --libs libmpt)
 */
#include "flat.h"

pthread_mutex_t flat_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mpt_handles handles = { .name = "flat" };

/* [handle] */
/* The VM of a handle, locked: the read section keeps it, and detach_vgpu waits for the section. */
static struct vm *enter(unsigned long handle, const char *op, unsigned long *section)
{
	struct vm *vm;

	*section = mpt_rcu_enter();
	vm = mpt_handle_get(&handles, handle);
	if (vm) {
		pthread_mutex_lock(&flat_lock);
		return vm;
	}
	mpt_rcu_leave(*section);
	mpt_fail_at(-ESRCH, op, "flat", "handle 0x%lx is dead or was never given out", handle);
	return NULL;
}

static int leave(unsigned long section, int ret)
{
	pthread_mutex_unlock(&flat_lock);
	mpt_rcu_leave(section);
	return ret;
}
/* [/handle] */

static int flat_host_init(struct device *dev, void *gvt, const void *ops)
{
	struct machine *m = mpt_backend_self();

	(void)dev;
	if (!m || !gvt || !ops)
		return fail(-EINVAL, "the core gave no device or no entry points");
	if (__atomic_exchange_n(&m->initialised, true, __ATOMIC_ACQ_REL))
		return fail(-EEXIST, "a core is there already (let it exit first)");
	mpt_core_arrived(m->host, ops);
	return 0;
}

static void flat_host_exit(struct device *dev, void *gvt)
{
	struct machine *m = mpt_backend_self();

	(void)dev;
	(void)gvt;
	mpt_core_left(m->host);
	__atomic_store_n(&m->initialised, false, __ATOMIC_RELEASE);
}

/* [attach] */
static int flat_attach(void *vgpu, unsigned long *handle)
{
	void *target, *old = NULL;
	struct vm *vm;
	int ret = vgpu ? mpt_attach_target(&target) : fail(-EINVAL, "no vGPU was given");

	if (ret)
		return ret;
	vm = target;
	if (!__atomic_compare_exchange_n(&vm->vgpu, &old, vgpu, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return fail(-EEXIST, "VM %u has a vGPU already (destroy that first)", vm->id);
	ret = mpt_handle_new(&handles, vm, vgpu, handle);
	__atomic_store_n(ret ? &vm->vgpu : &vm->deliver, ret ? NULL : vgpu, __ATOMIC_RELEASE);
	return ret;
}

/* First nobody finds the vGPU any more, then who has found it is waited for, without the lock. */
static void flat_detach(unsigned long handle)
{
	unsigned long section = mpt_rcu_enter();
	struct vm *vm = mpt_handle_get(&handles, handle);

	mpt_rcu_leave(section);
	if (!vm || !mpt_handle_free(&handles, handle))
		return;
	__atomic_store_n(&vm->deliver, NULL, __ATOMIC_RELEASE);
	mpt_deliver_quiesce(vm);
	pthread_mutex_lock(&flat_lock);
	mpt_clear_pages(vm->maps, flat_pages(vm->machine) * sizeof(*vm->maps));
	vm->stats.dma_live = 0;
	pthread_mutex_unlock(&flat_lock);
	__atomic_store_n(&vm->vgpu, NULL, __ATOMIC_RELEASE);
}
/* [/attach] */

/* [msi] */
static int flat_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	unsigned long section = mpt_rcu_enter();
	struct vm *vm = mpt_handle_get(&handles, handle);
	int ret = 0;

	if (!vm) {
		ret = fail(-ESRCH, "handle 0x%lx is dead", handle);
	} else if (addr >> 20 != 0xfee) {
		ret = fail(-EINVAL, "0x%x is no message address", addr);
	} else {
		pthread_spin_lock(&vm->irq_lock);
		vm->stats.msi++;
		if (vm->put - vm->taken < IRQS)
			vm->irq[vm->put++ % IRQS] = (struct mpt_irq){ addr, data, false };
		else
			vm->stats.irq_lost++;
		pthread_spin_unlock(&vm->irq_lock);
	}
	mpt_rcu_leave(section);
	return ret;
}
/* [/msi] */

/* [memory] */
/* All or nothing. */
static int copy(struct vm *vm, unsigned long gpa, void *buf, unsigned long len, bool write)
{
	if (!flat_is_ram(vm, gpa, len, write))
		return fail(-EFAULT, "%lu bytes at 0x%lx are not all RAM that can be %s", len, gpa,
			    write ? "written" : "read");
	flat_copy(vm, gpa, buf, len, write);
	return 0;
}

static int flat_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);
	int ret = vm ? leave(section, copy(vm, gpa, buf, len, false)) : -ESRCH;

	if (ret)
		memset(buf, 0, len);
	return ret;
}

static int flat_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	return vm ? leave(section, copy(vm, gpa, buf, len, true)) : -ESRCH;
}
/* [/memory] */

/* [dma] */
static int flat_dma_map(unsigned long handle, unsigned long gfn, unsigned long size,
			dma_addr_t *bus)
{
	u64 pages = size >> MPT_PAGE_SHIFT;
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);
	u32 mfn;

	if (!vm)
		return -ESRCH;
	if ((size != MPT_PAGE_SIZE && size != MPT_HUGE_SIZE) || gfn % pages)
		return leave(section, fail(-EINVAL, "%lu bytes at gfn 0x%lx", size, gfn));
	if (gfn >= flat_pages(vm->machine) || !flat_is_ram(vm, gfn << MPT_PAGE_SHIFT, size, false))
		return leave(section, fail(-EFAULT, "gfn 0x%lx is no RAM", gfn));
	if (!flat_in_a_row(vm, gfn, pages))
		return leave(section, fail(-EINVAL, "2 MiB at gfn 0x%lx are in pieces", gfn));
	mfn = vm->frame[gfn] & ~FLAG;
	vm->maps[mfn] = (vm->maps[mfn] + 1) | (pages > 1 ? FLAG : 0);
	vm->stats.dma_live++;
	*bus = (u64)mfn << MPT_PAGE_SHIFT;
	return leave(section, 0);
}

static void flat_dma_unmap(unsigned long handle, dma_addr_t bus)
{
	u64 mfn = bus >> MPT_PAGE_SHIFT;
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	if (!vm)
		return;
	if (bus % MPT_PAGE_SIZE || mfn >= flat_pages(vm->machine) || !vm->maps[mfn]) {
		vm->stats.bad_unmap++;
	} else {
		vm->stats.dma_live--;
		vm->maps[mfn] = (vm->maps[mfn] & ~FLAG) > 1 ? vm->maps[mfn] - 1 : 0;
	}
	leave(section, 0);
}
/* [/dma] */

static const struct intel_gvt_mpt table = {
	.host_init = flat_host_init,
	.host_exit = flat_host_exit,
	.attach_vgpu = flat_attach,
	.detach_vgpu = flat_detach,
	.inject_msi = flat_inject_msi,
	.read_gpa = flat_read_gpa,
	.write_gpa = flat_write_gpa,
	.dma_map_guest_page = flat_dma_map,
	.dma_unmap_guest_page = flat_dma_unmap,
};

static int flat_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	struct machine *m = mpt_zalloc(sizeof(*m));

	if (!m)
		return fail(-ENOMEM, "no memory for the machine");
	m->host = host;
	m->phys_bits = *(const u64 *)opts;
	m->next_frame = HUGE_PAGES; /* frame 0 means none */
	m->mem = mpt_zalloc_pages(flat_pages(m) << MPT_PAGE_SHIFT);
	if (!m->mem) {
		mpt_free(m);
		return fail(-ENOMEM, "no address space for the machine's memory");
	}
	inst->priv = m;
	return 0;
}

static void flat_close(void *priv)
{
	struct machine *m = priv;
	unsigned int i;

	for (i = 0; i < VMS; i++)
		if (m->vm[i].id)
			flat_vm_free(&m->vm[i]);
	mpt_free_pages(m->mem, flat_pages(m) << MPT_PAGE_SHIFT);
	mpt_free(m);
}

static int flat_vm_get(void *priv, unsigned int id, void **vm)
{
	struct vm *found;

	pthread_mutex_lock(&flat_lock);
	found = id ? flat_find(priv, id) : NULL;
	if (found)
		found->held++;
	pthread_mutex_unlock(&flat_lock);
	if (!found)
		return fail(-ESRCH, "no VM %u (mpt_vm_create() makes one)", id);
	*vm = found;
	return 0;
}

static void flat_vm_put(void *priv, void *vm)
{
	(void)priv;
	pthread_mutex_lock(&flat_lock);
	((struct vm *)vm)->held--;
	pthread_mutex_unlock(&flat_lock);
}

/* [quiesce] */
static int flat_quiesce(void *priv, void *vm_, bool on)
{
	struct vm *vm = vm_;
	int ret;

	(void)priv;
	__atomic_store_n(&vm->deliver, on ? NULL : vm->vgpu, __ATOMIC_RELEASE);
	ret = on ? mpt_deliver_quiesce(vm) : 0;
	if (ret)
		__atomic_store_n(&vm->deliver, vm->vgpu, __ATOMIC_RELEASE);
	return ret;
}
/* [/quiesce] */

/* [backend] */
static const struct mpt_option options[] = {
	{ .name = "phys-bits", .def = "36", .help = "guest-physical address bits",
	  .type = MPT_OPTION_UINT, .min = 32, .max = 40, .offset = 0 },
	{ .name = NULL },
};

const struct mpt_backend mpt_module_backend = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = "flat",
	.summary = "an example: one flat piece of memory for each VM, no capability",
	.options = options,
	.options_size = sizeof(u64),
	.mpt = &table,
	.mpt_size = sizeof(table),
	.testbed = &flat_testbed,
	.open = flat_open,
	.close = flat_close,
	.vm_get = flat_vm_get,
	.vm_put = flat_vm_put,
	.quiesce = flat_quiesce,
};
/* [/backend] */
