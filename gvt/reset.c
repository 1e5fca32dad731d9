/* SPDX-License-Identifier: MIT */
/*
 * Resets of three depths: of engines' submission, of the GT, of the whole device model (DMLR). What
 * each subject's initial state is lives with the subject.
 */
#include "execlist.h"

/* Relative to an engine's base (Skylake PRM vol. 2c). */
#define EXECLIST_STATUS_LO 0x234
#define EXECLIST_STATUS_HI 0x238
#define CSB_POINTER 0x3a0
/* Write pointer 7: no entry yet; read pointer 0. */
#define CSB_POINTER_RESET 7

/* The GT ends where the display engine's interrupts begin (Linux 5.10 gvt/mmio.c). */
#define GT_END 0x44200U

static void submission_registers(struct gvt_vgpu *v, u32 engine_mask)
{
	u32 i;

	for (i = 0; i < GVT_NUM_ENGINES; i++) {
		if (!(engine_mask >> i & 1))
			continue;
		v->elsp_index[i] = 0;
		memset(v->elsp_data[i], 0, sizeof(v->elsp_data[i]));
		gvt_vreg_set(v, gvt_engine_base[i] + EXECLIST_STATUS_LO, 0);
		gvt_vreg_set(v, gvt_engine_base[i] + EXECLIST_STATUS_HI, 0);
		gvt_vreg_set(v, gvt_engine_base[i] + CSB_POINTER, CSB_POINTER_RESET);
	}
}

void gvt_submission_reset(struct gvt_vgpu *v, u32 engine_mask)
{
	gvt_execlist_reset(v, engine_mask);
	submission_registers(v, engine_mask);
}

/* Registers below @end as after power-on, and what is kept beside them. */
static void registers_reset(struct gvt_vgpu *v, u32 end)
{
	gvt_mmio_reset(v, end);
	memset(v->hws_pga, 0, sizeof(v->hws_pga));
	submission_registers(v, GVT_ALL_ENGINES);
	gvt_execlist_show(v);
	gvt_pvinfo_init(v);
}

/* Engines stop before what they use goes: first submission, then shadows, then the GGTT. */
int gvt_vgpu_engine_reset(struct gvt_vgpu *v, u32 engine_mask, bool full)
{
	gvt_submission_reset(v, engine_mask);
	if (full) {
		gvt_ppgtt_unshadow(v);
		registers_reset(v, GT_END);
	}
	v->count.resets++;
	return 0;
}

void gvt_device_reset(struct gvt_vgpu *v)
{
	gvt_submission_reset(v, GVT_ALL_ENGINES);
	gvt_cfg_off(v);
	gvt_ppgtt_reset(v, v->d3);
	gvt_ggtt_reset(v);
	/* Before the registers: it tells the hardware of the fences this vGPU has. */
	gvt_fence_reset(v);
	registers_reset(v, GVT_MMIO_SIZE);
	gvt_monitor_reset(v);
	gvt_gmbus_reset(v);
	gvt_vblank_reset(v);
	gvt_cfg_init(v);
	v->failsafe = GVT_FAILSAFE_NONE;
	/* A guest that resumes from D3hot knows already what it has and does not ask again. */
	if (!v->d3)
		v->pv_notified = false;
	v->d3 = false;
	/* Nothing is pending now, so the pin goes low. */
	gvt_irq_intx(v);
	v->count.resets++;
}

void gvt_vgpu_reset(struct intel_vgpu *vgpu)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);

	gvt_lock(&v->lock);
	gvt_device_reset(v);
	gvt_unlock(&v->lock);
}
