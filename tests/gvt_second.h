/* SPDX-License-Identifier: MIT */
/* A second vGPU beside the rig's, in a VM of its own, for tests of what one may do to another. */
#ifndef MPT_TESTS_GVT_SECOND_H
#define MPT_TESTS_GVT_SECOND_H

#include "gvt_entries.h"

#define LOW2 (LOW + LOW_SIZE)

/* The one whose aperture begins where the other's ends, in a VM of its own. */
static inline void second_open(struct rig *r, struct rig *second)
{
	struct intel_vgpu_type type;

	*second = *r;
	rig_ok(mpt_vm_create(r->host, 2));
	rig_ok(mpt_vm_get(r->host, 2, &second->vm));
	rig_ok(mpt_ram_add(second->vm, 0, RIG_RAM, 0));
	gvt_type_init(&type, 64ULL << 20, 128ULL << 20, 4);
	type.low_start = LOW2;
	second->vgpu = mpt_vgpu_create(second->vm, r->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(second->vgpu), "%s", mpt_last_error());
	second->v = to_gvt_vgpu(second->vgpu);
	r->ops->vgpu_activate(second->vgpu);
	rig_cfg_place(second);
}

static inline void second_close(struct rig *r, struct rig *second)
{
	rig_ok(mpt_vgpu_destroy(second->vm, second->vgpu));
	mpt_vm_put(second->vm);
	rig_ok(mpt_vm_destroy(r->host, 2));
}

#endif
