/* SPDX-License-Identifier: MIT */
/*
 * Vertical blanks of a vGPU's pipes, and flips that wait for one. Pipes have no raster: a frame is
 * a period of time, which is the same for every mode (Linux 5.10 gvt/display.c: 60 Hz, 16 ms).
 */
#include "internal.h"

#define PERIOD 16000000ULL /* ns */

#define PIPECONF(pipe) (0x70008U + 0x1000 * (pipe))
#define PIPECONF_ENABLE (1U << 31)
/* The eDP transcoder takes the pipe that its function control selects (Skylake PRM vol. 2c). */
#define PIPECONF_EDP 0x7f008U
#define DDI_FUNC_EDP 0x6f400U
#define DDI_FUNC_ENABLE (1U << 31)
#define DDI_FUNC_INPUT(ctl) ((ctl) >> 12 & 7)
#define DDI_INPUT_A_ALWAYS 0
#define DDI_INPUT(pipe) (4 + (pipe))
#define FRAME_COUNT(pipe) (0x70040U + 0x1000 * (pipe))
#define PLANE_CTL(pipe) (0x70180U + 0x1000 * (pipe))
#define PLANE_CTL_ASYNC_FLIP (1U << 9)

static bool edp_on(const struct gvt_vgpu *v, u32 pipe)
{
	u32 ctl = gvt_vreg(v, DDI_FUNC_EDP), input = DDI_FUNC_INPUT(ctl);

	if (!(gvt_vreg(v, PIPECONF_EDP) & PIPECONF_ENABLE) || !(ctl & DDI_FUNC_ENABLE))
		return false;
	return input == DDI_INPUT(pipe) || (input == DDI_INPUT_A_ALWAYS && !pipe);
}

bool gvt_pipe_on(const struct gvt_vgpu *v, u32 pipe)
{
	return (gvt_vreg(v, PIPECONF(pipe)) & PIPECONF_ENABLE) || edp_on(v, pipe);
}

/*
 * Nobody would ever tell a vblank to an embedder without a timer, so before its first
 * gvt_service() each flip is over at once, as an asynchronous one always is.
 */
void gvt_vblank_flip(struct gvt_vgpu *v, u32 pipe)
{
	if (!gvt_pipe_on(v, pipe))
		return;
	if (__atomic_load_n(&v->gvt->serviced, __ATOMIC_RELAXED) &&
	    !(gvt_vreg(v, PLANE_CTL(pipe)) & PLANE_CTL_ASYNC_FLIP))
		v->vblank.flip |= 1U << pipe;
	else
		gvt_irq_raise(v, GVT_EVENT_PIPE_A_FLIP + (enum gvt_event)pipe);
}

/* The driver waits for its flip by the vblank that follows, so it sees the flip first. */
static void vblank(struct gvt_vgpu *v, u32 pipe)
{
	if (v->vblank.flip & 1U << pipe) {
		v->vblank.flip &= ~(1U << pipe);
		gvt_irq_raise(v, GVT_EVENT_PIPE_A_FLIP + (enum gvt_event)pipe);
	}
	gvt_vreg_set(v, FRAME_COUNT(pipe), gvt_vreg(v, FRAME_COUNT(pipe)) + 1);
	gvt_irq_raise(v, GVT_EVENT_PIPE_A_VBLANK + (enum gvt_event)pipe);
}

static void pipe_off(struct gvt_vgpu *v, u32 pipe)
{
	v->vblank.running &= ~(1U << pipe);
	v->vblank.flip &= ~(1U << pipe);
}

/*
 * The next vblank is due within a period of now; else the clock went backwards, or it is a pipe's
 * first call. Missed ones are not caught up: a guest that was stopped would get a storm of them.
 */
static u64 pipe_service(struct gvt_vgpu *v, u32 pipe, u64 now)
{
	u64 *last = &v->vblank.last[pipe];

	if (!(v->vblank.running & 1U << pipe) || now < *last) {
		v->vblank.running |= 1U << pipe;
		*last = now;
	} else if (now - *last >= PERIOD) {
		*last = now - (now - *last) % PERIOD;
		vblank(v, pipe);
	}
	return PERIOD - (now - *last);
}

u64 gvt_vblank_service(struct gvt_vgpu *v, u64 now)
{
	u64 next = ~0ULL, one;
	u32 pipe;

	for (pipe = 0; pipe < GVT_NUM_PIPES; pipe++) {
		if (!v->active || v->failsafe || !gvt_pipe_on(v, pipe)) {
			pipe_off(v, pipe);
			continue;
		}
		one = pipe_service(v, pipe, now);
		if (one < next)
			next = one;
	}
	return next;
}

/*
 * What waits on a pipe that went off is dropped, not told when it is on again. The period of one
 * that went on begins with the next service, so that one must not be far.
 */
void gvt_vblank_pipes(struct gvt_vgpu *v)
{
	bool begins = false;
	u32 pipe;

	for (pipe = 0; pipe < GVT_NUM_PIPES; pipe++) {
		if (!gvt_pipe_on(v, pipe))
			pipe_off(v, pipe);
		else if (!(v->vblank.running & 1U << pipe))
			begins = v->active && !v->failsafe;
	}
	if (begins)
		gvt_wake(v->gvt, GVT_WAKE_SERVICE);
}

void gvt_vblank_reset(struct gvt_vgpu *v)
{
	memset(&v->vblank, 0, sizeof(v->vblank));
}
