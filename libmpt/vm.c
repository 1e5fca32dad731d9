/* SPDX-License-Identifier: MIT */
/* VMs: holding one by number, the target of an attach, creating and destroying a vGPU for one. */
#include "libmpt/layers/trace.h"

int mpt_attach_target(void **vm)
{
	struct mpt_vm *target = mpt_thread_self()->target;
	struct mpt_host *host = mpt_target_host();
	bool none = false, many = false;

	if (!target && host) {
		os_mutex_lock(&host->lock);
		target = host->vms;
		many = target && target->next;
		os_mutex_unlock(&host->lock);
	}
	none = !target;
	if (none || many)
		return mpt_fail(-EINVAL, host ? host->be.name : NULL,
				none ? "no VM is held (mpt_vm_get() one, or use mpt_vgpu_create())" :
				       "several VMs are held and none is the target (use "
				       "mpt_vgpu_create() or mpt_target_set())");
	*vm = target->priv;
	return 0;
}

unsigned int mpt_vm_id(const struct mpt_vm *vm)
{
	return vm->id;
}

struct mpt_host *mpt_vm_host(const struct mpt_vm *vm)
{
	return vm->host;
}

void *mpt_vm_priv(const struct mpt_vm *vm)
{
	return vm->priv;
}

static struct mpt_vm *vm_find(struct mpt_host *host, unsigned int id)
{
	struct mpt_vm *vm;

	for (vm = host->vms; vm; vm = vm->next)
		if (vm->id == id)
			return vm;
	return NULL;
}

/* A VM nobody holds yet. host->lock is held, so that two callers do not both make it. */
static int vm_new(struct mpt_host *host, unsigned int id, struct mpt_vm **out)
{
	struct mpt_vm *vm = mpt_zalloc(sizeof(*vm));
	int ret = 0;

	if (!vm)
		return mpt_fail(-ENOMEM, host->be.name, "no memory for VM %u", id);
	if (host->be.vm_get)
		ret = host->be.vm_get(host->priv, id, &vm->priv);
	if (ret) {
		mpt_free(vm);
		return ret;
	}
	vm->host = host;
	vm->id = id;
	vm->next = host->vms;
	host->vms = vm;
	*out = vm;
	return 0;
}

int mpt_vm_get(struct mpt_host *host, unsigned int id, struct mpt_vm **out)
{
	struct mpt_vm *vm;
	int ret = 0;

	os_mutex_lock(&host->lock);
	vm = vm_find(host, id);
	if (!vm)
		ret = vm_new(host, id, &vm);
	if (!ret)
		vm->refs++;
	os_mutex_unlock(&host->lock);
	MPT_TRACE_NOTE(host, TRACE_VM_GET, ret, id);
	if (!ret)
		*out = vm;
	return ret;
}

static void vm_free(struct mpt_vm *vm)
{
	struct mpt_host *host = vm->host;
	struct mpt_vm **p;

	for (p = &host->vms; *p != vm; p = &(*p)->next)
		;
	*p = vm->next;
	if (host->be.vm_put)
		host->be.vm_put(host->priv, vm->priv);
	mpt_free(vm);
}

void mpt_vm_put(struct mpt_vm *vm)
{
	struct mpt_host *host;

	if (!vm)
		return;
	host = vm->host;
	MPT_TRACE_NOTE(host, TRACE_VM_PUT, 0, vm->id);
	os_mutex_lock(&host->lock);
	if (!--vm->refs)
		vm_free(vm);
	os_mutex_unlock(&host->lock);
}

static void vm_hold(struct mpt_vm *vm)
{
	os_mutex_lock(&vm->host->lock);
	vm->refs++;
	vm->vgpus++;
	os_mutex_unlock(&vm->host->lock);
	/* Its end is a put. */
	MPT_TRACE_NOTE(vm->host, TRACE_VM_GET, 0, vm->id);
}

static void vm_release(struct mpt_vm *vm)
{
	os_mutex_lock(&vm->host->lock);
	vm->vgpus--;
	os_mutex_unlock(&vm->host->lock);
	mpt_vm_put(vm);
}

struct intel_vgpu *mpt_vgpu_create(struct mpt_vm *vm, struct intel_gvt *gvt,
				   struct intel_vgpu_type *type)
{
	const struct intel_gvt_ops *ops = os_load(&vm->host->ops);
	struct mpt_host *old_host;
	struct mpt_vm *old_target;
	struct intel_vgpu *vgpu;

	if (!ops || !ops->vgpu_create)
		return MPT_ERR_PTR(mpt_fail(-EINVAL, vm->host->be.name,
					    "no core has introduced itself (open one first)"));
	vm_hold(vm);
	old_host = mpt_host_use(vm->host);
	old_target = mpt_target_set(vm);
	vgpu = ops->vgpu_create(gvt, type);
	mpt_target_set(old_target);
	mpt_host_use(old_host);
	if (!vgpu)
		vgpu = MPT_ERR_PTR(mpt_fail(-EIO, vm->host->be.name,
					    "the core's vgpu_create answered NULL (it must be a vGPU "
					    "or an error pointer)"));
	if (MPT_IS_ERR(vgpu))
		vm_release(vm);
	return vgpu;
}

int mpt_vgpu_destroy(struct mpt_vm *vm, struct intel_vgpu *vgpu)
{
	struct mpt_host *host = vm->host, *old_host;
	const struct intel_gvt_ops *ops = host->core.ops;
	int ret = 0;

	if (!ops || !ops->vgpu_destroy)
		return mpt_fail(-EINVAL, host->be.name, "no core has introduced itself");
	if (host->be.quiesce)
		ret = host->be.quiesce(host->priv, vm->priv, true);
	if (ret)
		return ret;
	old_host = mpt_host_use(host);
	ops->vgpu_destroy(vgpu);
	mpt_host_use(old_host);
	if (host->be.quiesce)
		host->be.quiesce(host->priv, vm->priv, false);
	vm_release(vm);
	return 0;
}
