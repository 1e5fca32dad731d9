/* SPDX-License-Identifier: MIT */
/*
 * Instances: making a vGPU for a VM, and the VM where a testbed can; destroying both; who holds
 * one. Each step that fails undoes those before it.
 */
#include "libmpt/sysfs.h"

/* As on a PC: no RAM where BARs of 32 bits are. */
#define HOLE_START (2ULL << 30)
#define HOLE_END (4ULL << 30)

/* --- the list --- */

struct sysfs_instance *mpt_sysfs_instance_from(struct mpt_sysfs *tree, unsigned int vmid)
{
	struct sysfs_instance *inst;

	os_mutex_lock(&tree->lock);
	for (inst = tree->instances; inst && inst->vmid < vmid; inst = inst->next)
		;
	if (inst)
		inst->refs++;
	os_mutex_unlock(&tree->lock);
	return inst;
}

void mpt_sysfs_instance_put(struct mpt_sysfs *tree, struct sysfs_instance *inst)
{
	bool last;

	if (!inst)
		return;
	os_mutex_lock(&tree->lock);
	last = !--inst->refs;
	os_mutex_unlock(&tree->lock);
	if (!last)
		return;
	os_mutex_destroy(&inst->lock);
	mpt_free(inst);
}

static void link_instance(struct mpt_sysfs *tree, struct sysfs_instance *inst)
{
	struct sysfs_instance **p;

	os_mutex_lock(&tree->lock);
	for (p = &tree->instances; *p && (*p)->vmid < inst->vmid; p = &(*p)->next)
		;
	inst->next = *p;
	*p = inst;
	os_mutex_unlock(&tree->lock);
}

static void unlink_instance(struct mpt_sysfs *tree, struct sysfs_instance *inst)
{
	struct sysfs_instance **p;

	os_mutex_lock(&tree->lock);
	for (p = &tree->instances; *p != inst; p = &(*p)->next)
		;
	*p = inst->next;
	os_mutex_unlock(&tree->lock);
}

/* --- the VM --- */

static int add_memory(struct mpt_vm *vm, u64 size)
{
	u64 low = size < HOLE_START ? size : HOLE_START;
	int ret = mpt_ram_add(vm, 0, low, 0);

	if (!ret && size > low)
		ret = mpt_ram_add(vm, HOLE_END, size - low, 0);
	return ret;
}

static int make_vm(struct mpt_sysfs *tree, struct sysfs_instance *inst)
{
	int ret = mpt_vm_create(tree->host, inst->vmid);

	if (ret)
		return ret;
	ret = mpt_vm_get(tree->host, inst->vmid, &inst->vm);
	if (!ret) {
		ret = add_memory(inst->vm, tree->vm_memory);
		if (!ret) {
			inst->made = true;
			return 0;
		}
		mpt_vm_put(inst->vm);
	}
	mpt_vm_destroy(tree->host, inst->vmid);
	return ret;
}

static int hold_vm(struct mpt_sysfs *tree, struct sysfs_instance *inst)
{
	int ret = mpt_vm_get(tree->host, inst->vmid, &inst->vm);

	if (ret != -ESRCH)
		return ret;
	ret = make_vm(tree, inst);
	/* No testbed: its VMs come from elsewhere. */
	if (ret == -EOPNOTSUPP)
		ret = mpt_fail(-ESRCH, "sysfs", "no VM %u, and this back end cannot make one",
			       inst->vmid);
	return ret;
}

static int drop_vm(struct mpt_sysfs *tree, struct sysfs_instance *inst)
{
	int ret;

	mpt_vm_put(inst->vm);
	if (!inst->made)
		return 0;
	ret = mpt_vm_destroy(tree->host, inst->vmid);
	if (ret)
		mpt_log(MPT_LOG_WARN, "VM %u was made for its vGPU and stays: %s", inst->vmid,
			mpt_last_error());
	return ret;
}

/* --- making and destroying, tree->control held --- */

static bool exists(struct mpt_sysfs *tree, u64 vmid)
{
	struct sysfs_instance *inst = mpt_sysfs_instance_from(tree, (unsigned int)vmid);
	bool found = inst && inst->vmid == vmid;

	mpt_sysfs_instance_put(tree, inst);
	return found;
}

/* More than the whole device has is no matter of what is free. */
static int check_total(struct mpt_sysfs *tree, const struct mpt_sysfs_sizes *sizes)
{
	struct mpt_sysfs_sizes total = { ~0ULL, ~0ULL, ~0U };

	if (tree->core.total)
		tree->core.total(tree->core.opaque, &total);
	if (sizes->low <= total.low && sizes->high <= total.high && sizes->fence <= total.fence)
		return 0;
	return mpt_fail(-EINVAL, "sysfs",
			"%llu MiB of aperture, %llu MiB hidden, %u fences asked; the device has "
			"%llu, %llu and %u (ask for less)",
			(unsigned long long)(sizes->low >> 20),
			(unsigned long long)(sizes->high >> 20), sizes->fence,
			(unsigned long long)(total.low >> 20),
			(unsigned long long)(total.high >> 20), total.fence);
}

static int make_vgpu(struct mpt_sysfs *tree, struct sysfs_instance *inst,
		     const struct mpt_sysfs_sizes *sizes)
{
	struct intel_vgpu *vgpu = tree->core.vgpu_create(tree->core.opaque, inst->vm, sizes);

	if (!vgpu)
		return mpt_fail(-EIO, "sysfs", "the core's vgpu_create answered NULL");
	if (MPT_IS_ERR(vgpu))
		return (int)MPT_PTR_ERR(vgpu);
	inst->vgpu = vgpu;
	inst->id = vgpu->id;
	return 0;
}

static int create(struct mpt_sysfs *tree, const struct sysfs_command *cmd)
{
	struct sysfs_instance *inst;
	int ret = check_total(tree, &cmd->sizes);

	if (ret)
		return ret;
	if (exists(tree, cmd->vmid))
		return mpt_fail(-EEXIST, "sysfs", "VM %u has an instance (destroy it by -%u first)",
				(unsigned int)cmd->vmid, (unsigned int)cmd->vmid);
	inst = mpt_zalloc(sizeof(*inst));
	if (!inst)
		return mpt_fail(-ENOMEM, "sysfs", "no memory for the instance");
	inst->vmid = (unsigned int)cmd->vmid;
	inst->refs = 1;
	ret = hold_vm(tree, inst);
	if (ret)
		goto err_free;
	ret = make_vgpu(tree, inst, &cmd->sizes);
	if (ret)
		goto err_vm;
	os_mutex_init(&inst->lock);
	link_instance(tree, inst);
	return 0;
err_vm:
	drop_vm(tree, inst);
err_free:
	mpt_free(inst);
	return ret;
}

/*
 * Who shows something of the vGPU ends first, who comes later finds that it has gone. When the core
 * refuses, nothing has changed. @vm_err: out, why a VM that was made stays.
 */
static int destroy(struct mpt_sysfs *tree, struct sysfs_instance *inst, int *vm_err)
{
	int ret;

	os_mutex_lock(&inst->lock);
	ret = tree->core.vgpu_destroy(tree->core.opaque, inst->vm, inst->vgpu);
	if (!ret)
		inst->vgpu = NULL;
	os_mutex_unlock(&inst->lock);
	if (ret)
		return ret;
	unlink_instance(tree, inst);
	*vm_err = drop_vm(tree, inst);
	mpt_sysfs_instance_put(tree, inst);
	return 0;
}

static int remove_vm(struct mpt_sysfs *tree, u64 vmid)
{
	struct sysfs_instance *inst = NULL;
	int ret = -ENOENT, vm_err;

	if (vmid <= SYSFS_VM_MAX)
		inst = mpt_sysfs_instance_from(tree, (unsigned int)vmid);
	if (inst && inst->vmid == vmid)
		ret = destroy(tree, inst, &vm_err);
	else
		mpt_fail(ret, "sysfs", "VM %llu has no instance", (unsigned long long)vmid);
	mpt_sysfs_instance_put(tree, inst);
	return ret;
}

static int execute(struct mpt_sysfs *tree, const struct sysfs_command *cmd)
{
	int ret;

	os_mutex_lock(&tree->control);
	ret = cmd->remove ? remove_vm(tree, cmd->vmid) : create(tree, cmd);
	os_mutex_unlock(&tree->control);
	return ret;
}

int mpt_sysfs_store_instance(struct mpt_sysfs *tree, const char *buf, size_t len)
{
	bool acrn = tree->flags & MPT_SYSFS_ACRN;
	struct sysfs_command cmd = { 0 };
	int ret = acrn ? mpt_sysfs_parse_acrn(buf, len, &cmd) : mpt_sysfs_parse(buf, len, &cmd);

	if (!ret)
		ret = execute(tree, &cmd);
	if (!acrn || !ret)
		return ret;
	if (ret == -ENOENT && cmd.remove)
		return 0;
	/* There, the directory's own error kept its number. */
	return ret == -EEXIST ? ret : -EINVAL;
}

int mpt_sysfs_remove_all(struct mpt_sysfs *tree)
{
	struct sysfs_instance *inst;
	int first = 0, vm_err = 0, ret;

	os_mutex_lock(&tree->control);
	while ((inst = tree->instances)) {
		ret = destroy(tree, inst, &vm_err);
		if (ret) { /* it cannot be shown any more, whatever becomes of it */
			unlink_instance(tree, inst);
			mpt_sysfs_instance_put(tree, inst);
		}
		if (!first)
			first = ret ? ret : vm_err;
	}
	os_mutex_unlock(&tree->control);
	return first;
}
