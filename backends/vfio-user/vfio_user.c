/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user back end: options, opening and closing, VMs, the core's coming and going, attaching
 * a vGPU to a VM, and the operations that are only counted.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "backends/vfio-user/sock.h"
#include "backends/vfio-user/vu.h"

#define CAPS (MPT_CAP_DMA_PIN | MPT_CAP_INTX | MPT_CAP_GFN_TO_MFN)

struct mpt_handles mpt_vu_handles = { .name = VU };

#define OPT(field, name_, type_, def_, help_, ...)                                           \
	{                                                                                    \
		.name = (name_), .def = (def_), .help = (help_), .type = MPT_OPTION_##type_, \
		.offset = offsetof(struct vu_options, field), __VA_ARGS__                    \
	}

static const struct mpt_option options[] = {
	OPT(socket, "socket", STRING, "",
	    "where the VMMs connect: PATH of one VM, PATH.1, PATH.2 ... of several; none: VMs of "
	    "the testbed only"),
	OPT(vms, "vms", UINT, "1", "VMs that wait on sockets", .min = 1, .max = VU_VMS_MAX),
	{ .name = NULL },
};

/* --- VMs --- */

void mpt_vu_vm_free(struct vu_vm *vm)
{
	mpt_vu_mem_exit(vm);
	if (vm->listen >= 0)
		mpt_vu_sock_unlisten(vm->listen, vm->name);
	mpt_free(vm->name);
	os_mutex_destroy(&vm->lock);
	mpt_free(vm);
}

/* Into the table; vms_lock is held. */
static int vm_enter(struct vu *vu, struct vu_vm *vm)
{
	struct vu_vm *have;
	bool ok;

	HASH_FIND(hh, vu->vms, &vm->id, sizeof(vm->id), have);
	if (have)
		return vu_fail("vm_create", -EEXIST, "VM %u exists already", vm->id);
	MPT_HASH_ADD(vu->vms, id, vm, ok);
	return ok ? 0 : vu_fail("vm_create", -ENOMEM, "no memory for VM %u", vm->id);
}

int mpt_vu_vm_new(struct vu *vu, unsigned int id, struct vu_vm **out)
{
	struct vu_vm *vm = mpt_zalloc(sizeof(*vm));

	if (!vm)
		return vu_fail("vm_create", -ENOMEM, "no memory for VM %u", id);
	vm->vu = vu;
	vm->id = id;
	vm->listen = -1;
	vm->timeout_ns = VU_TIMEOUT_NS;
	os_mutex_init(&vm->lock);
	if (mpt_vu_mem_init(vm)) {
		os_mutex_destroy(&vm->lock);
		mpt_free(vm);
		return -ENOMEM;
	}
	*out = vm;
	return 0;
}

int mpt_vu_vm_show(struct vu_vm *vm)
{
	int ret;

	os_mutex_lock(&vm->vu->vms_lock);
	ret = vm_enter(vm->vu, vm);
	os_mutex_unlock(&vm->vu->vms_lock);
	return ret;
}

static int vu_vm_get(void *priv, unsigned int id, void **out)
{
	struct vu *vu = priv;
	struct vu_vm *vm;

	os_mutex_lock(&vu->vms_lock);
	HASH_FIND(hh, vu->vms, &id, sizeof(id), vm);
	if (vm)
		vm->refs++;
	os_mutex_unlock(&vu->vms_lock);
	if (!vm)
		return vu_fail("vm_get", -ESRCH,
			       "no VM %u (open with socket= and vms=, or mpt_vm_create() one)", id);
	*out = vm;
	return 0;
}

static void vu_vm_put(void *priv, void *vm_)
{
	struct vu *vu = priv;
	struct vu_vm *vm = vm_;

	os_mutex_lock(&vu->vms_lock);
	vm->refs--;
	os_mutex_unlock(&vu->vms_lock);
}

static void vu_vm_stop(void *priv, void *vm_)
{
	struct vu_vm *vm = vm_;

	(void)priv;
	os_store(&vm->stopped, true);
}

/* --- instances --- */

/* PATH of one VM, PATH.N of several. */
static int vm_listen(struct vu *vu, struct vu_vm *vm)
{
	char path[sizeof(vm->name->path) + 1];
	int fd;

	/* One that is cut is too long, and refused. */
	snprintf(path, sizeof(path), vu->opt.vms > 1 ? "%s.%u" : "%s", vu->opt.socket, vm->id);
	vm->name = mpt_zalloc(sizeof(*vm->name));
	if (!vm->name)
		return vu_fail("open", -ENOMEM, "no memory for a socket's name");
	fd = mpt_vu_sock_listen(path, vm->name);
	if (fd < 0)
		return fd;
	vm->listen = fd;
	return 0;
}

static int vm_waiting(struct vu *vu, unsigned int id)
{
	struct vu_vm *vm;
	int ret = mpt_vu_vm_new(vu, id, &vm);

	if (ret)
		return ret;
	ret = vm_listen(vu, vm);
	if (!ret)
		ret = mpt_vu_vm_show(vm);
	if (ret)
		mpt_vu_vm_free(vm);
	return ret;
}

static void vu_close(void *priv)
{
	struct vu *vu = priv;
	struct vu_vm *vm, *tmp;

	HASH_ITER(hh, vu->vms, vm, tmp)
	{
		HASH_DEL(vu->vms, vm);
		mpt_vu_client_exit(vm);
		mpt_vu_vm_free(vm);
	}
	mpt_vu_bus_exit(vu);
	os_mutex_destroy(&vu->vms_lock);
	os_mutex_destroy(&vu->lock);
	mpt_free(vu);
}

static int vu_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	struct vu *vu = mpt_zalloc(sizeof(*vu));
	unsigned int id;
	int ret = 0;

	if (!vu)
		return vu_fail("open", -ENOMEM, "no memory for the instance");
	vu->host = host;
	vu->opt = *(const struct vu_options *)opts;
	ret = mpt_vu_bus_init(vu);
	if (ret) {
		mpt_free(vu);
		return ret;
	}
	os_mutex_init(&vu->lock);
	os_mutex_init(&vu->vms_lock);
	for (id = 1; vu->opt.socket[0] && id <= vu->opt.vms && !ret; id++)
		ret = vm_waiting(vu, id);
	if (ret) {
		vu_close(vu);
		return ret;
	}
	*inst = (struct mpt_instance){ .priv = vu, .caps = CAPS };
	return 0;
}

/* --- handles --- */

int mpt_vu_dead_handle(unsigned long handle, const char *op)
{
	return vu_fail(op, -ESRCH, "handle 0x%lx is dead or was never given out", handle);
}

struct vu_vm *mpt_vu_vm_hold(unsigned long handle, const char *op)
{
	unsigned long old = mpt_rcu_enter();
	struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);

	if (vm)
		os_fetch_add(&vm->users, 1);
	mpt_rcu_leave(old);
	if (!vm)
		mpt_vu_dead_handle(handle, op);
	return vm;
}

void mpt_vu_vm_drop(struct vu_vm *vm)
{
	os_fetch_add(&vm->users, -1UL);
}

/* --- delivering --- */

void *mpt_vu_deliver_begin(struct vu_vm *vm)
{
	void *vgpu;

	if (OS_UNLIKELY(!mpt_deliver_enter(vm)))
		return NULL;
	vgpu = os_load(&vm->deliver);
	if (OS_UNLIKELY(!vgpu))
		mpt_deliver_leave();
	return vgpu;
}

/* Under the lock of attaching: a quiesced vGPU that is gone by now is not delivered to again. */
static void deliver_set(struct vu_vm *vm, bool on)
{
	os_mutex_lock(&vm->vu->vms_lock);
	os_store(&vm->deliver, on ? vm->vgpu : NULL);
	os_mutex_unlock(&vm->vu->vms_lock);
}

static int vu_quiesce(void *priv, void *vm, bool on)
{
	int ret;

	(void)priv;
	deliver_set(vm, !on);
	ret = on ? mpt_deliver_quiesce(vm) : 0;
	if (ret)
		deliver_set(vm, true);
	return ret;
}

/* --- the core, and attaching --- */

static int vu_host_init(struct device *dev, void *gvt, const void *ops)
{
	struct vu *vu = mpt_backend_self();
	bool again;

	(void)dev;
	if (!vu || !gvt || !ops)
		return vu_fail("host_init", -EINVAL, "the core gave no device or no entry points");
	os_mutex_lock(&vu->lock);
	again = vu->initialised;
	vu->initialised = true;
	os_mutex_unlock(&vu->lock);
	if (again)
		return vu_fail("host_init", -EEXIST, "a core is there already (let it exit first)");
	mpt_core_arrived(vu->host, ops);
	return 0;
}

static void vu_host_exit(struct device *dev, void *gvt)
{
	struct vu *vu = mpt_backend_self();

	(void)dev;
	(void)gvt;
	if (!vu)
		return;
	mpt_core_left(vu->host);
	os_mutex_lock(&vu->lock);
	vu->initialised = false;
	os_mutex_unlock(&vu->lock);
}

/* The vGPU's accesses begin with the thread's first message. vms_lock is held. */
static int attach_locked(struct vu_vm *vm, void *vgpu, unsigned long *handle)
{
	int ret;

	if (vm->handle)
		return vu_fail("attach_vgpu", -EEXIST,
			       "VM %u has a vGPU already (destroy that first)", vm->id);
	if (os_load(&vm->stopped))
		return vu_fail("attach_vgpu", -EBUSY, "VM %u has been stopped", vm->id);
	ret = mpt_handle_new(&mpt_vu_handles, vm, vgpu, handle);
	if (ret)
		return ret;
	os_store(&vm->handle, *handle);
	vm->vgpu = vgpu;
	os_store(&vm->deliver, vgpu);
	return 0;
}

static int vu_attach_vgpu(void *vgpu, unsigned long *handle)
{
	struct vu_vm *vm;
	void *target;
	int ret;

	if (!vgpu)
		return vu_fail("attach_vgpu", -EINVAL, "no vGPU was given");
	ret = mpt_attach_target(&target);
	if (ret)
		return ret;
	vm = target;
	os_mutex_lock(&vm->vu->vms_lock);
	ret = attach_locked(vm, vgpu, handle);
	os_mutex_unlock(&vm->vu->vms_lock);
	if (ret)
		return ret;
	mpt_vu_client_changed(vm);
	if (vm->listen < 0)
		return 0;
	ret = mpt_vu_server_start(vm, vm->listen, -1);
	if (ret)
		mpt_vu_detach_vgpu(*handle);
	return ret;
}

/*
 * Guest accesses stop seeing the vGPU, operations its handle, and both are waited for before what
 * it left is cleared. The VM's handle goes last: until then it can neither be destroyed nor
 * attached.
 */
void mpt_vu_detach_vgpu(unsigned long handle)
{
	struct vu_vm *vm = mpt_vu_vm_hold(handle, "detach_vgpu");

	if (!vm)
		return;
	os_mutex_lock(&vm->vu->vms_lock);
	vm->vgpu = NULL;
	os_store(&vm->deliver, NULL);
	os_mutex_unlock(&vm->vu->vms_lock);
	if (!mpt_handle_free(&mpt_vu_handles, handle)) {
		mpt_vu_vm_drop(vm);
		return;
	}
	mpt_vu_vm_drop(vm);
	while (os_load(&vm->users))
		os_yield();
	mpt_deliver_quiesce(vm);
	if (vm->listen >= 0)
		mpt_vu_server_stop(vm);
	mpt_vu_client_changed(vm);
	mpt_vu_dma_clear(vm);
	os_mutex_lock(&vm->vu->vms_lock);
	os_store(&vm->handle, 0);
	os_mutex_unlock(&vm->vu->vms_lock);
}

/* --- operations that are only counted --- */

static int vu_dom0_ready(void)
{
	return 0;
}

/* The VM of a vGPU pointer, held as by mpt_vu_vm_hold(). */
static struct vu_vm *vm_of_vgpu(void *vgpu, const char *op)
{
	unsigned long handle = mpt_handle_by_vgpu(&mpt_vu_handles, vgpu);

	if (handle)
		return mpt_vu_vm_hold(handle, op);
	vu_fail(op, -ESRCH, "%p is no attached vGPU", vgpu);
	return NULL;
}

static int vu_set_opregion(void *vgpu)
{
	struct vu_vm *vm = vm_of_vgpu(vgpu, "set_opregion");

	if (!vm)
		return -ESRCH;
	os_fetch_add(&vm->opregion, 1);
	mpt_vu_vm_drop(vm);
	return 0;
}

static int vu_set_edid(void *vgpu, int port_num)
{
	struct vu_vm *vm = vm_of_vgpu(vgpu, "set_edid");
	bool known = port_num >= 0 && port_num <= 4; /* A to E */

	if (!vm)
		return -ESRCH;
	if (known)
		os_fetch_add(&vm->edid, 1);
	mpt_vu_vm_drop(vm);
	return known ? 0 : vu_fail("set_edid", -EINVAL, "port %d (0 to 4)", port_num);
}

static int vu_get_vfio_device(void *vgpu)
{
	struct vu_vm *vm = vm_of_vgpu(vgpu, "get_vfio_device");

	if (!vm)
		return -ESRCH;
	os_fetch_add(&vm->vfio_device, 1);
	mpt_vu_vm_drop(vm);
	return 0;
}

static void vu_put_vfio_device(void *vgpu)
{
	struct vu_vm *vm = vm_of_vgpu(vgpu, "put_vfio_device");

	if (!vm)
		return;
	os_fetch_add(&vm->vfio_device, -1);
	mpt_vu_vm_drop(vm);
}

static const struct intel_gvt_mpt table = {
	.host_init = vu_host_init,
	.host_exit = vu_host_exit,
	.attach_vgpu = vu_attach_vgpu,
	.detach_vgpu = mpt_vu_detach_vgpu,
	.inject_msi = mpt_vu_inject_msi,
	.read_gpa = mpt_vu_read_gpa,
	.write_gpa = mpt_vu_write_gpa,
	.gfn_to_mfn = mpt_vu_gfn_to_mfn,
	.dma_map_guest_page = mpt_vu_dma_map,
	.dma_unmap_guest_page = mpt_vu_dma_unmap,
	.dom0_ready = vu_dom0_ready,
	.dma_pin_guest_page = mpt_vu_dma_pin,
	.set_opregion = vu_set_opregion,
	.set_edid = vu_set_edid,
	.get_vfio_device = vu_get_vfio_device,
	.put_vfio_device = vu_put_vfio_device,
	.is_valid_gfn = mpt_vu_is_valid_gfn,
	.set_intx = mpt_vu_set_intx,
};

const struct mpt_backend mpt_backend_vfio_user = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = VU,
	.summary = "a stock QEMU (10.1 or later) as the hypervisor, by the vfio-user protocol",
	.caps = CAPS,
	.options = options,
	.options_size = sizeof(struct vu_options),
	.mpt = &table,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.testbed = &mpt_vu_testbed,
	.open = vu_open,
	.close = vu_close,
	.vm_get = vu_vm_get,
	.vm_put = vu_vm_put,
	.quiesce = vu_quiesce,
	.vm_stop = vu_vm_stop,
};
