/* SPDX-License-Identifier: MIT */
/* Scenarios of registration and of a vGPU's life: create, reset, destroy. */
#include <errno.h>

#include "rig.h"

static const char *create_destroy(struct rig *r)
{
	EQ(cfg_read(r, 0, 4), 0x19128086);
	CHECK(r->place.aperture_size == 64ULL << 20);
	CHECK(r->place.fences == 4);
	EQ(rig_destroy(r), 0);
	EQ(rig_create(r, 0), 0);
	return rig_boot(r);
}

static const char *every_type(struct rig *r)
{
	unsigned int type, before;

	for (type = 0; linux_gvt_type(type); type++) {
		before = linux_gvt_available(type);
		CHECK(before);
		EQ(rig_create(r, type), 0);
		CHECK(linux_gvt_available(type) < before);
		EQ(rig_destroy(r), 0);
		EQ(linux_gvt_available(type), before);
	}
	EQ(type, 4);
	return NULL;
}

#define MANY 8

/* A VM each, as many as there are ids, graphics memory and fences; then none. */
static const char *many(struct rig *r)
{
	struct intel_vgpu *vgpu[MANY];
	struct mpt_vm *vm[MANY];
	unsigned int n, i;

	for (n = 0; n < MANY; n++) {
		EQ(mpt_vm_create(r->host, 100 + n), 0);
		EQ(mpt_vm_get(r->host, 100 + n, &vm[n]), 0);
		vgpu[n] = mpt_vgpu_create(vm[n], linux_gvt_device(), linux_gvt_type(0));
		if (MPT_IS_ERR(vgpu[n]))
			break;
	}
	EQ(n, 7);
	EQ(MPT_PTR_ERR(vgpu[n]), -ENOSPC);
	mpt_vm_put(vm[n]);
	for (i = 0; i < n; i++) {
		EQ(mpt_vgpu_destroy(vm[i], vgpu[i]), 0);
		mpt_vm_put(vm[i]);
	}
	for (i = 0; i <= n; i++)
		EQ(mpt_vm_destroy(r->host, 100 + i), 0);
	return NULL;
}

static const char *second_for_a_vm(struct rig *r)
{
	struct intel_vgpu *vgpu = mpt_vgpu_create(r->vm, linux_gvt_device(), linux_gvt_type(0));

	CHECK(MPT_IS_ERR(vgpu));
	EQ(MPT_PTR_ERR(vgpu), -EEXIST);
	return NULL;
}

static const char *registered_type(struct rig *r)
{
	EQ(linux_gvt_is_xen(), !(r->caps & MPT_CAP_WRITE_AFTER) && r->caps & MPT_CAP_MAP_GFN);
	EQ(mpt_host_core(r->host)->flags, 0);
	CHECK(r->ops);
	return NULL;
}

static const char *find_type(struct rig *r)
{
	CHECK(r->ops->gvt_find_vgpu_type(linux_gvt_device(), "i915-GVTg_V5_8") ==
	      linux_gvt_type(0));
	CHECK(!r->ops->gvt_find_vgpu_type(linux_gvt_device(), "i915-GVTg_V4_8"));
	return NULL;
}

static const char *reset(struct rig *r)
{
	const char *wrong = rig_boot(r);
	u64 at = r->place.aperture >> 12;

	if (wrong)
		return wrong;
	EQ(guest_write(r, BAR0 + GTT + at * 8, 0x200000 | 1, 8), 0);
	EQ(rig_stats(r).dma_live, 1);
	EQ(reg_write(r, 0x2080, 0x1000), 0);
	r->ops->vgpu_reset(r->vgpu);
	EQ(rig_stats(r).dma_live, 0);
	EQ(cfg_read(r, 4, 2) & 2, 0);
	CHECK(linux_gvt_ggtt(at) != (0x200000 | 1));
	return rig_boot(r);
}

const struct scenario life_scenarios[] = {
	{ .name = "the core is registered, with the type that the back end needs", .bare = true,
	  .run = registered_type },
	{ .name = "the core finds its types by name", .bare = true, .run = find_type },
	{ .name = "create and destroy, twice", .run = create_destroy },
	{ .name = "every type", .bare = true, .run = every_type },
	{ .name = "seven vGPUs, not eight", .bare = true, .run = many },
	{ .name = "one vGPU for a VM", .run = second_for_a_vm },
	{ .name = "reset gives back what the guest had mapped", .run = reset },
	{ .name = NULL },
};
