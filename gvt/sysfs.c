/* SPDX-License-Identifier: MIT */
/*
 * What libmpt's sysfs tree is told of a device and its vGPUs, and how a vGPU is made through it.
 * The tree itself, its nodes and its grammar are libmpt's.
 */
#include <stdio.h>

#include <mpt/sysfs.h>

#include "internal.h"

static int type_get(void *opaque, unsigned int index, struct mpt_sysfs_type *type)
{
	const struct intel_vgpu_type *t = gvt_type_each(opaque, index);

	if (!t)
		return -ENOENT;
	memcpy(type->name, t->name, sizeof(type->name));
	type->low_size = t->low_size;
	type->high_size = t->high_size;
	type->fence = t->fence;
	type->weight = t->weight;
	type->width = t->width;
	type->height = t->height;
	return 0;
}

static unsigned int type_available(void *opaque, unsigned int index)
{
	const struct intel_vgpu_type *t = gvt_type_each(opaque, index);

	return t ? gvt_type_available(opaque, t) : 0;
}

static void total(void *opaque, struct mpt_sysfs_sizes *all)
{
	const struct intel_gvt *gvt = opaque;

	all->low = gvt->aperture;
	all->high = GVT_GM_SIZE - gvt->aperture;
	all->fence = GVT_NUM_FENCES;
}

static struct intel_vgpu *vgpu_create(void *opaque, struct mpt_vm *vm,
				      const struct mpt_sysfs_sizes *sizes)
{
	struct intel_gvt *gvt = opaque;
	struct intel_vgpu_type type;
	struct intel_vgpu *vgpu;

	gvt_type_init(&type, sizes->low, sizes->high, sizes->fence);
	vgpu = mpt_vgpu_create(vm, gvt, &type);
	if (!MPT_IS_ERR(vgpu))
		gvt->ops->vgpu_activate(vgpu);
	return vgpu;
}

/* Deactivated only when nothing stands in the way: who is refused finds all as it was. */
static int vgpu_destroy(void *opaque, struct mpt_vm *vm, struct intel_vgpu *vgpu)
{
	(void)opaque;
	return mpt_vgpu_destroy(vm, vgpu);
}

/* A vGPU keeps no type: it has one's sizes, or not. */
static void type_name(struct gvt_vgpu *v, char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < v->gvt->num_types; i++) {
		const struct intel_vgpu_type *t = &v->gvt->type[i];

		if (t->low_size == v->low.size && t->high_size == v->high.size &&
		    t->fence == v->fence_count && t->weight == v->weight &&
		    t->width == v->width && t->height == v->height) {
			snprintf(name, len, "%s", t->name);
			return;
		}
	}
	snprintf(name, len, "custom");
}

static u64 cfg_bar(const struct gvt_vgpu *v, unsigned int offset)
{
	u64 bar;

	memcpy(&bar, v->cfg + offset, sizeof(bar));
	return bar & ~0xfULL;
}

static void state_of(const struct gvt_vgpu *v, char *state, size_t len)
{
	if (v->failsafe)
		snprintf(state, len, "failsafe: %s", gvt_failsafe_name(v->failsafe));
	else
		snprintf(state, len, "%s", v->active ? "active" : "inactive");
}

static void vgpu_info(void *opaque, struct intel_vgpu *vgpu, struct mpt_sysfs_vgpu *info)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);

	(void)opaque;
	gvt_lock(&v->lock);
	type_name(v, info->type, sizeof(info->type));
	state_of(v, info->state, sizeof(info->state));
	info->low_start = v->low.start;
	info->low_size = v->low.size;
	info->high_start = v->high.start;
	info->high_size = v->high.size;
	info->fence_base = v->fence_base;
	info->fence_count = v->fence_count;
	info->weight = v->weight;
	info->width = v->width;
	info->height = v->height;
	info->bar0 = cfg_bar(v, 0x10);
	info->bar0_size = v->bar0.size;
	info->bar2 = cfg_bar(v, 0x18);
	info->bar2_size = v->bar2.size;
	gvt_unlock(&v->lock);
}

#define COUNTER(field) { #field, offsetof(struct gvt_vgpu_info, field) }

static const struct {
	const char *name;
	size_t offset; /* of a u64 */
} counters[] = {
	COUNTER(mmio_reads), COUNTER(mmio_writes), COUNTER(unknown), COUNTER(errors),
	COUNTER(interrupts), COUNTER(ggtt_writes), COUNTER(ggtt_ignored), COUNTER(ggtt_mapped),
	COUNTER(ggtt_scratch), COUNTER(ppgtt_notify), COUNTER(ppgtt_spaces),
	COUNTER(ppgtt_tables), COUNTER(ppgtt_tracked), COUNTER(ppgtt_untracked),
	COUNTER(ppgtt_mapped), COUNTER(ppgtt_scratch), COUNTER(submissions), COUNTER(completed),
	COUNTER(preempted), COUNTER(hung), COUNTER(units), COUNTER(resets), COUNTER(failsafes),
};

static unsigned int vgpu_counters(void *opaque, struct intel_vgpu *vgpu,
				  struct mpt_sysfs_counter *counter, unsigned int max)
{
	struct gvt_vgpu_info info;
	unsigned int i;

	(void)opaque;
	gvt_vgpu_info(vgpu, &info);
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]) && i < max; i++) {
		counter[i].name = counters[i].name;
		memcpy(&counter[i].value, (const char *)&info + counters[i].offset,
		       sizeof(counter[i].value));
	}
	return i;
}

void gvt_sysfs_core(struct intel_gvt *gvt, struct mpt_sysfs_core *core)
{
	*core = (struct mpt_sysfs_core){
		.size = sizeof(*core),
		.opaque = gvt,
		.type_get = type_get,
		.type_available = type_available,
		.total = total,
		.vgpu_create = vgpu_create,
		.vgpu_destroy = vgpu_destroy,
		.vgpu_info = vgpu_info,
		.vgpu_counters = vgpu_counters,
	};
}
