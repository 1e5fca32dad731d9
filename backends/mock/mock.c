/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor as a back end: options, opening and closing, the core's coming and going,
 * attaching a vGPU to a VM, and the operations that are only counted.
 */
#include "backends/mock/mock.h"

struct mpt_handles mpt_mock_handles = { .name = MOCK };

/* --- options --- */

static const char *const trap_choices[] = { "before", "after", NULL };

#define OPT(field, name_, type_, def_, help_, ...)                                           \
	{                                                                                    \
		.name = (name_), .def = (def_), .help = (help_), .type = MPT_OPTION_##type_, \
		.offset = offsetof(struct mock_options, field), __VA_ARGS__                  \
	}

static const struct mpt_option options[] = {
	OPT(phys_bits, "phys-bits", UINT, "40", "guest-physical address bits", .min = 32,
	    .max = 46),
	OPT(seed, "seed", UINT, "0", "of the shuffle of machine frames", .max = UINT64_MAX),
	OPT(contig, "contig", BOOL, "yes", "2 MiB of aligned guest frames are contiguous"),
	OPT(pins, "pins", UINT, "0", "addresses mapped at a time, 0: any number",
	    .max = UINT64_MAX),
	OPT(trap, "trap", ENUM, "before", "tell the core of a tracked store before or after it",
	    .choices = trap_choices),
	OPT(msi_eventfd, "msi-eventfd", BOOL, "no", "also signal interrupts on an eventfd"),
	OPT(track, "track", BOOL, "yes", "offer enable_page_track, disable_page_track"),
	OPT(pin, "pin", BOOL, "yes", "offer dma_pin_guest_page"),
	OPT(intx, "intx", BOOL, "yes", "offer set_intx"),
	OPT(mfn, "mfn", BOOL, "yes", "offer gfn_to_mfn"),
	OPT(virt, "virt", BOOL, "yes", "offer from_virt_to_mfn"),
	OPT(map, "map", BOOL, "yes", "offer map_gfn_to_mfn; no: BAR2 goes to emulate_mmio_*"),
	OPT(trap_area, "trap-area", BOOL, "yes", "offer set_trap_area; no: BARs always trap"),
	OPT(pvmmio, "pvmmio", BOOL, "yes", "offer set_pvmmio"),
	{ .name = NULL },
};

static u64 options_caps(const struct mock_options *o)
{
	return (o->track ? MPT_CAP_PAGE_TRACK : 0) | (o->pin ? MPT_CAP_DMA_PIN : 0) |
	       (o->intx ? MPT_CAP_INTX : 0) | (o->mfn ? MPT_CAP_GFN_TO_MFN : 0) |
	       (o->virt ? MPT_CAP_VIRT_TO_MFN : 0) | (o->map ? MPT_CAP_MAP_GFN : 0) |
	       (o->trap_area ? MPT_CAP_TRAP_AREA : 0) | (o->pvmmio ? MPT_CAP_PVMMIO : 0) |
	       (o->trap ? MPT_CAP_WRITE_AFTER : 0);
}

/* --- instances --- */

static int mock_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	const struct mock_options *o = opts;
	struct mock *m;
	int ret;

#ifdef MPT_STATIC_BACKEND
	if (~options_caps(o) & MPT_CAP_OPS)
		return mock_fail(
			"open", -EOPNOTSUPP,
			"a static-backend build calls every operation by name "
			"and cannot leave one out (open without the option, or use another build)");
#endif
	m = mpt_zalloc(sizeof(*m));
	if (!m)
		return mock_fail("open", -ENOMEM, "no memory for the machine");
	m->host = host;
	m->opt = *o;
	m->caps = options_caps(o);
	ret = mock_machine_init(m);
	if (ret) {
		mpt_free(m);
		return ret;
	}
	os_mutex_init(&m->lock);
	os_mutex_init(&m->vms_lock);
	*inst = (struct mpt_instance){ .priv = m, .caps = m->caps };
	return 0;
}

static void mock_close(void *priv)
{
	struct mock *m = priv;

	mock_vms_exit(m);
	mock_machine_exit(m);
	os_mutex_destroy(&m->vms_lock);
	os_mutex_destroy(&m->lock);
	mpt_free(m);
}

static int mock_vm_get(void *priv, unsigned int id, void **out)
{
	struct mock *m = priv;
	struct mock_vm *vm;

	os_mutex_lock(&m->vms_lock);
	HASH_FIND(hh, m->vms, &id, sizeof(id), vm);
	if (vm)
		vm->refs++;
	os_mutex_unlock(&m->vms_lock);
	if (!vm)
		return mock_fail("vm_get", -ESRCH, "no VM %u (mpt_vm_create() makes one)", id);
	*out = vm;
	return 0;
}

static void mock_vm_put(void *priv, void *vm_)
{
	struct mock *m = priv;
	struct mock_vm *vm = vm_;

	os_mutex_lock(&m->vms_lock);
	vm->refs--;
	os_mutex_unlock(&m->vms_lock);
}

/* Under the lock of attaching: a quiesced vGPU that is gone by now is not delivered to again. */
static void deliver_set(struct mock_vm *vm, bool on)
{
	os_mutex_lock(&vm->mock->vms_lock);
	os_store(&vm->deliver, on ? vm->vgpu : NULL);
	os_mutex_unlock(&vm->mock->vms_lock);
}

static int mock_quiesce(void *priv, void *vm, bool on)
{
	int ret;

	(void)priv;
	deliver_set(vm, !on);
	ret = on ? mpt_deliver_quiesce(vm) : 0;
	if (ret)
		deliver_set(vm, true);
	return ret;
}

const struct mpt_backend mpt_backend_mock = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = MOCK,
	.summary = "the mock hypervisor: VMs, machine and IOMMU simulated in this process",
	.caps = MPT_CAP_ALL,
	.options = options,
	.options_size = sizeof(struct mock_options),
	.mpt = &mpt_mock_table,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.testbed = &mock_testbed,
	.open = mock_open,
	.close = mock_close,
	.vm_get = mock_vm_get,
	.vm_put = mock_vm_put,
	.quiesce = mock_quiesce,
	.vm_stop = mock_vm_stop,
};

/* --- handles --- */

int mock_dead_handle(unsigned long handle, const char *op)
{
	return mock_fail(op, -ESRCH, "handle 0x%lx is dead or was never given out", handle);
}

struct mock_vm *mock_vm_hold(unsigned long handle, const char *op)
{
	unsigned long old = mpt_rcu_enter();
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	struct mock_vm *vm = hot ? mock_vm_of(hot) : NULL;

	if (vm)
		os_fetch_add(&vm->users, 1);
	mpt_rcu_leave(old);
	if (!vm)
		mock_dead_handle(handle, op);
	return vm;
}

void mock_vm_drop(struct mock_vm *vm)
{
	os_fetch_add(&vm->users, -1UL);
}

/* From NULL to one thread to SHARED, and back only when the vGPU is gone. */
void mock_own(struct mock_vm *vm)
{
	const void *owner, *self = &mpt_reader_self;

	os_mutex_lock(&vm->lock);
	owner = vm->hot.owner;
	if (!owner) {
		os_store(&vm->hot.owner, self);
	} else if (owner != self && owner != MPT_MOCK_SHARED) {
		os_store(&vm->hot.owner, MPT_MOCK_SHARED);
		mpt_rcu_synchronize();
	}
	os_mutex_unlock(&vm->lock);
}

unsigned long mock_settle(struct mock_vm *vm, bool *alone)
{
	unsigned long old = mpt_rcu_enter();

	while (!(*alone = mpt_mock_alone(&vm->hot)) && !mpt_mock_shared(&vm->hot)) {
		mpt_rcu_leave(old);
		mock_own(vm);
		old = mpt_rcu_enter();
	}
	return old;
}

/* --- the core, and attaching --- */

int mpt_mock_host_init(struct device *dev, void *gvt, const void *ops)
{
	struct mock *m = mpt_backend_self();
	bool again;

	(void)dev;
	if (!m || !gvt || !ops)
		return mock_fail("host_init", -EINVAL,
				 "the core gave no device or no entry points");
	os_mutex_lock(&m->lock);
	again = m->initialised;
	m->initialised = true;
	os_mutex_unlock(&m->lock);
	if (again)
		return mock_fail("host_init", -EEXIST,
				 "a core is there already (let it exit first)");
	mpt_core_arrived(m->host, ops);
	return 0;
}

void mpt_mock_host_exit(struct device *dev, void *gvt)
{
	struct mock *m = mpt_backend_self();

	(void)dev;
	(void)gvt;
	if (!m)
		return;
	mpt_core_left(m->host);
	os_mutex_lock(&m->lock);
	m->initialised = false;
	os_mutex_unlock(&m->lock);
}

/* mock->vms_lock is held. */
static int attach_locked(struct mock_vm *vm, void *vgpu, unsigned long *handle)
{
	int ret;

	if (vm->handle)
		return mock_fail("attach_vgpu", -EEXIST,
				 "VM %u has a vGPU already (destroy that first)", vm->id);
	if (os_load(&vm->stopped))
		return mock_fail("attach_vgpu", -EBUSY, "VM %u has been stopped", vm->id);
	ret = mpt_handle_new(&mpt_mock_handles, vm, vgpu, handle);
	if (ret)
		return ret;
	os_store(&vm->handle, *handle);
	vm->vgpu = vgpu;
	os_store(&vm->deliver, vgpu);
	return 0;
}

int mpt_mock_attach_vgpu(void *vgpu, unsigned long *handle)
{
	struct mock_vm *vm;
	void *target;
	int ret;

	if (!vgpu)
		return mock_fail("attach_vgpu", -EINVAL, "no vGPU was given");
	ret = mpt_attach_target(&target);
	if (ret)
		return ret;
	vm = target;
	os_mutex_lock(&vm->mock->vms_lock);
	ret = attach_locked(vm, vgpu, handle);
	os_mutex_unlock(&vm->mock->vms_lock);
	return ret;
}

/*
 * Guest accesses stop seeing the vGPU, operations its handle, and both are waited for before
 * what it left is cleared. The VM's handle goes last: until then it can neither be destroyed nor
 * attached.
 */
void mpt_mock_detach_vgpu(unsigned long handle)
{
	struct mock_vm *vm = mock_vm_hold(handle, "detach_vgpu");

	if (!vm)
		return;
	os_mutex_lock(&vm->mock->vms_lock);
	vm->vgpu = NULL;
	os_store(&vm->deliver, NULL);
	os_mutex_unlock(&vm->mock->vms_lock);
	if (!mpt_handle_free(&mpt_mock_handles, handle)) {
		mock_vm_drop(vm);
		return;
	}
	mock_vm_drop(vm);
	while (os_load(&vm->users))
		os_yield();
	mpt_deliver_quiesce(vm);
	mock_tracks_clear(vm);
	mock_io_clear(vm);
	mock_dma_clear(vm);
	os_store(&vm->hot.owner, NULL);
	os_mutex_lock(&vm->mock->vms_lock);
	os_store(&vm->handle, 0);
	os_mutex_unlock(&vm->mock->vms_lock);
}

/* --- operations that are only counted --- */

int mpt_mock_dom0_ready(void)
{
	return 0;
}

/* The VM of a vGPU pointer, held as by mock_vm_hold(). */
static struct mock_vm *vm_of_vgpu(void *vgpu, const char *op)
{
	unsigned long handle = mpt_handle_by_vgpu(&mpt_mock_handles, vgpu);

	if (handle)
		return mock_vm_hold(handle, op);
	mock_fail(op, -ESRCH, "%p is no attached vGPU", vgpu);
	return NULL;
}

int mpt_mock_set_opregion(void *vgpu)
{
	struct mock_vm *vm = vm_of_vgpu(vgpu, "set_opregion");

	if (!vm)
		return -ESRCH;
	os_fetch_add(&vm->opregion, 1);
	mock_vm_drop(vm);
	return 0;
}

int mpt_mock_set_edid(void *vgpu, int port_num)
{
	struct mock_vm *vm = vm_of_vgpu(vgpu, "set_edid");
	bool known = port_num >= 0 && port_num <= 4; /* A to E */

	if (!vm)
		return -ESRCH;
	if (known)
		os_fetch_add(&vm->edid, 1);
	mock_vm_drop(vm);
	return known ? 0 : mock_fail("set_edid", -EINVAL, "port %d (0 to 4)", port_num);
}

int mpt_mock_get_vfio_device(void *vgpu)
{
	struct mock_vm *vm = vm_of_vgpu(vgpu, "get_vfio_device");

	if (!vm)
		return -ESRCH;
	os_fetch_add(&vm->vfio_device, 1);
	mock_vm_drop(vm);
	return 0;
}

void mpt_mock_put_vfio_device(void *vgpu)
{
	struct mock_vm *vm = vm_of_vgpu(vgpu, "put_vfio_device");

	if (!vm)
		return;
	os_fetch_add(&vm->vfio_device, -1);
	mock_vm_drop(vm);
}

/* Made from the one list, so that a callback can neither be missing nor have another signature. */
const struct intel_gvt_mpt mpt_mock_table = {
#define MPT_OP(scope, kind, id, ...) .id = mpt_mock_##id,
#include <mpt/ops.def>
#undef MPT_OP
};
