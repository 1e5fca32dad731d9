/* SPDX-License-Identifier: MIT */
/* A vGPU whose guest is offered PV MMIO, and that all that know of a level agree. No test. */
#ifndef MPT_TESTS_PVMMIO_RIG_H
#define MPT_TESTS_PVMMIO_RIG_H

#include "gvt_rig.h"

#define PV_SPEC "check,fault,mock"
#define PV_ENABLE (GVT_PVINFO_OFFSET + 0x860)
#define PV_SHARED GVT_MMIO_SIZE

static inline void pv_open_spec(struct rig *r, const char *spec, u32 offer)
{
	struct gvt_config config = { .size = sizeof(config),
				     .aperture = 256ULL << 20,
				     .pvmmio = offer };

	rig_open_spec(r, spec, NULL);
	rig_ok(mpt_vgpu_destroy(r->vm, r->vgpu));
	rig_ok(gvt_close(r->gvt));
	rig_ok(gvt_open(r->host, &config, &r->gvt));
	rig_vgpu(r);
	rig_cfg_place(r);
}

static inline void pv_open(struct rig *r)
{
	pv_open_spec(r, PV_SPEC, 0x1f);
}

static inline u64 pv_live(struct rig *r)
{
	struct mpt_ledger ledger;

	rig_ok(mpt_ledger_get(r->host, &ledger));
	return ledger.live[MPT_LEDGER_PVMMIO];
}

/* Register, state, page and back end say the same. */
static inline void pv_is(struct rig *r, u32 levels)
{
	ck_assert_uint_eq(gvt_vreg(r->v, PV_ENABLE), levels);
	ck_assert_uint_eq(r->v->pv.levels, levels);
	ck_assert(!r->v->pv.page == !levels);
	ck_assert(r->v->pv.on == (levels != 0));
	ck_assert_uint_eq(pv_live(r), levels != 0);
}

static inline void pv_enable(struct rig *r, u32 levels)
{
	rig_reg_set(r, PV_ENABLE, levels);
	ck_assert_uint_eq(rig_reg(r, PV_ENABLE), levels);
	pv_is(r, levels);
}

#endif
