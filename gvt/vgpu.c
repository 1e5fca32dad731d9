/* SPDX-License-Identifier: MIT */
/*
 * The life of a vGPU: creation in the published order, destruction in reverse, activation, and what
 * is told of it. What its parts do lives with them.
 */
#include "execlist.h"
#include "platform.h"

static int make_id(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	int id;

	(void)type;
	for (id = 1; id <= GVT_MAX_VGPU; id++) {
		if (!v->gvt->vgpu[id]) {
			v->gvt->vgpu[id] = v;
			v->base.id = id;
			return 0;
		}
	}
	return mpt_fail(-ENOSPC, "gvt", "%d vGPUs exist, the most there can be (destroy one)",
			GVT_MAX_VGPU);
}

static void undo_id(struct gvt_vgpu *v)
{
	v->gvt->vgpu[v->base.id] = NULL;
}

static int make_cfg(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	gvt_cfg_init(v);
	return 0;
}

static int make_mmio(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	return gvt_mmio_init(v);
}

static int make_pvinfo(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	gvt_pvinfo_init(v);
	return 0;
}

/* None is plugged yet. After the resources: its EDID says the size of the type. */
static int make_monitor(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	gvt_monitor_reset(v);
	return 0;
}

/* Without a target the attach falls back on this host's only VM, whatever the thread's host is. */
static int make_attach(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	struct mpt_host *old = mpt_host_use(v->gvt->host);
	int ret;

	(void)type;
	ret = intel_gvt_hypervisor_attach_vgpu(&v->base);
	mpt_host_use(old);
	return ret;
}

/*
 * The vGPU's lock is not held over the detach: it waits for guest accesses in flight, and those
 * wait for the lock.
 */
static void undo_attach(struct gvt_vgpu *v)
{
	gvt_lock(&v->lock);
	gvt_cfg_off(v);
	if (v->intx_level)
		intel_gvt_hypervisor_set_intx(&v->base, false);
	gvt_unlock(&v->lock);
	intel_gvt_hypervisor_detach_vgpu(&v->base);
}

static int make_ggtt(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	return gvt_ggtt_init(v);
}

static void undo_ggtt(struct gvt_vgpu *v)
{
	gvt_lock(&v->lock);
	gvt_ggtt_clean(v);
	gvt_unlock(&v->lock);
}

static int make_ppgtt(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	int ret;

	(void)type;
	/* Attached already: the hypervisor may tell of RAM at any time. */
	gvt_lock(&v->lock);
	ret = gvt_ppgtt_init(v);
	gvt_unlock(&v->lock);
	return ret;
}

static void undo_ppgtt(struct gvt_vgpu *v)
{
	gvt_lock(&v->lock);
	gvt_ppgtt_clean(v);
	gvt_unlock(&v->lock);
}

static int make_execlist(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	int ret = gvt_execlist_init(v);

	(void)type;
	if (!ret && v->exec)
		gvt_sched_add(v);
	return ret;
}

/* Who runs the engines needs the vGPU's lock to end, so it is not held meanwhile. */
static void undo_execlist(struct gvt_vgpu *v)
{
	gvt_sched_remove(v);
	gvt_lock(&v->lock);
	gvt_execlist_clean(v);
	gvt_unlock(&v->lock);
}

static int make_opregion(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	return intel_gvt_hypervisor_set_opregion(&v->base);
}

static int make_edid(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	(void)type;
	return intel_gvt_hypervisor_set_edid(&v->base, v->gvt->platform->monitor->number);
}

/*
 * In the order of the published cores. Destruction undoes from the last: the handle outlives
 * everything that was mapped with it, and an id is free again when nothing of its vGPU is left.
 */
static const struct {
	int (*make)(struct gvt_vgpu *v, const struct intel_vgpu_type *type);
	void (*undo)(struct gvt_vgpu *v);
} steps[] = {
	{ make_id, undo_id },
	{ make_cfg, NULL },
	{ make_mmio, gvt_mmio_clean },
	{ gvt_resource_alloc, gvt_resource_free },
	{ make_pvinfo, NULL },
	{ make_monitor, NULL },
	{ make_attach, undo_attach },
	{ make_ggtt, undo_ggtt },
	{ make_ppgtt, undo_ppgtt },
	{ make_execlist, undo_execlist },
	{ make_opregion, NULL },
	{ make_edid, NULL },
};

#define NUM_STEPS (sizeof(steps) / sizeof(steps[0]))

static void undo_from(struct gvt_vgpu *v, size_t n)
{
	while (n--) {
		if (steps[n].undo)
			steps[n].undo(v);
	}
}

static int make_all(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	size_t n;
	int ret;

	for (n = 0; n < NUM_STEPS; n++) {
		ret = steps[n].make(v, type);
		if (ret) {
			undo_from(v, n);
			return ret;
		}
	}
	return 0;
}

struct intel_vgpu *gvt_vgpu_create(struct intel_gvt *gvt, struct intel_vgpu_type *type)
{
	struct gvt_vgpu *v;
	int ret;

	if (!gvt || !type)
		return MPT_ERR_PTR(mpt_fail(-EINVAL, "gvt", "no device or no type"));
	v = mpt_zalloc(sizeof(*v));
	if (!v)
		return MPT_ERR_PTR(mpt_fail(-ENOMEM, "gvt", "no memory for the vGPU"));
	v->gvt = gvt;
	v->base.mpt = mpt_host_table(gvt->host);
	gvt_lock_init(&v->lock);
	pthread_mutex_lock(&gvt->lock);
	ret = make_all(v, type);
	pthread_mutex_unlock(&gvt->lock);
	if (!ret)
		return &v->base;
	mpt_free(v);
	return MPT_ERR_PTR(ret);
}

void gvt_vgpu_destroy(struct intel_vgpu *vgpu)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	struct intel_gvt *gvt = v->gvt;

	gvt_vgpu_deactivate(vgpu);
	pthread_mutex_lock(&gvt->lock);
	undo_from(v, NUM_STEPS);
	pthread_mutex_unlock(&gvt->lock);
	mpt_free(v);
}

static void set_active(struct gvt_vgpu *v, bool active)
{
	gvt_lock(&v->lock);
	v->active = active;
	gvt_sched_update(v);
	if (active)
		gvt_vblank_pipes(v);
	gvt_unlock(&v->lock);
}

void gvt_vgpu_activate(struct intel_vgpu *vgpu)
{
	set_active(to_gvt_vgpu(vgpu), true);
}

void gvt_vgpu_deactivate(struct intel_vgpu *vgpu)
{
	set_active(to_gvt_vgpu(vgpu), false);
}

void gvt_vgpu_release(struct intel_vgpu *vgpu)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);

	gvt_lock(&v->lock);
	v->active = false;
	v->d3 = false;
	gvt_submission_reset(v, GVT_ALL_ENGINES);
	gvt_unlock(&v->lock);
}

void gvt_vgpu_info(struct intel_vgpu *vgpu, struct gvt_vgpu_info *info)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);

	gvt_lock(&v->lock);
	*info = v->count;
	gvt_ppgtt_info(v, info);
	info->id = v->base.id;
	info->low_start = v->low.start;
	info->low_size = v->low.size;
	info->high_start = v->high.start;
	info->high_size = v->high.size;
	info->fence_base = v->fence_base;
	info->fence_count = v->fence_count;
	info->bar0 = v->bar0.on ? v->bar0.base : 0;
	info->bar2 = v->bar2.on ? v->bar2.base : 0;
	info->bar0_size = v->bar0.size;
	info->bar2_size = v->bar2.size;
	info->failsafe = v->failsafe;
	info->active = v->active;
	info->pv_notified = v->pv_notified;
	info->msi_enabled = gvt_cfg_msi_enabled(v);
	gvt_unlock(&v->lock);
}
