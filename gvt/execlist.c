/* SPDX-License-Identifier: MIT */
/*
 * Execlists: which context of which list an engine has, and what happens to it. How one is brought
 * to the hardware is in workload.c, what the guest is told in csb.c, who gets time in sched.c.
 *
 * The hardware comes back at a command's boundary only, so a list that is submitted can take over
 * at once: by a lite restore where it begins with the context that runs, else by preemption.
 */
#include "execlist.h"

/* Relative to an engine's base (Skylake PRM vol. 2c). */
#define RING_TAIL 0x30
#define RING_HEAD 0x34
#define RING_START 0x38
#define RING_CTL 0x3c
#define RING_ACTHD 0x74
#define MI_MODE 0x9c
#define MI_MODE_STOP (1U << 8)
#define RESET_CTL 0xd0
#define RESET_CTL_REQUEST (1U << 0)
#define CCID 0x180
#define RING_MODE 0x29c
#define RING_MODE_EXECLIST (1U << 15)

static struct gvt_hw *hw_of(const struct gvt_vgpu *v)
{
	return &v->gvt->hw;
}

static u32 engine_reg(const struct gvt_vgpu *v, const struct gvt_exec_engine *e, u32 offset)
{
	return gvt_vreg(v, gvt_engine_base[e->id] + offset);
}

/* --- life --- */

/* Without engines nothing executes: a submission is taken and forgotten. */
int gvt_execlist_init(struct gvt_vgpu *v)
{
	struct gvt_hw_client client;
	int i, ret = 0;

	if (!hw_of(v)->engine_new)
		return 0;
	v->exec = mpt_zalloc(sizeof(*v->exec));
	if (!v->exec)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: no memory for its engines", v->base.id);
	gvt_client_init(v, &client);
	for (i = 0; i < GVT_NUM_ENGINES && !ret; i++) {
		struct gvt_exec_engine *e = &v->exec->engine[i];

		e->id = (enum gvt_engine)i;
		ret = hw_of(v)->engine_new(hw_of(v)->priv, &client, e->id, &e->hw);
		if (ret)
			e->hw = NULL;
	}
	if (ret)
		gvt_execlist_clean(v);
	else
		gvt_execlist_reset(v, GVT_ALL_ENGINES);
	return ret;
}

static void engine_free(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	hw_of(v)->engine_free(hw_of(v)->priv, e->hw);
	gvt_scan_free(&e->work.scan[0]);
	gvt_scan_free(&e->work.scan[1]);
}

void gvt_execlist_clean(struct gvt_vgpu *v)
{
	int i;

	if (!v->exec)
		return;
	for (i = GVT_NUM_ENGINES; i--;) {
		if (!v->exec->engine[i].hw)
			continue;
		gvt_execlist_reset(v, 1U << i);
		engine_free(v, &v->exec->engine[i]);
	}
	mpt_free(v->exec);
	v->exec = NULL;
}

/* --- one engine --- */

static bool stopped(const struct gvt_vgpu *v, const struct gvt_exec_engine *e)
{
	return (engine_reg(v, e, MI_MODE) & MI_MODE_STOP) ||
	       (engine_reg(v, e, RESET_CTL) & RESET_CTL_REQUEST);
}

static bool can_run(const struct gvt_vgpu *v, const struct gvt_exec_engine *e)
{
	return v->active && !v->failsafe && !e->hung && (e->queued || e->running) && !stopped(v, e);
}

static void hang(struct gvt_vgpu *v, struct gvt_exec_engine *e, int err)
{
	e->hung = true;
	v->count.hung++;
	mpt_log_guest(MPT_LOG_WARN, "vGPU %d: engine %d hangs: %s", v->base.id, e->id,
		      err ? mpt_last_error() : "a command that it cannot execute");
	if (err == -EACCES)
		gvt_vgpu_failsafe(v, GVT_FAILSAFE_GUEST_ERR);
}

static bool same_context(struct gvt_ctx a, struct gvt_ctx b)
{
	return a.id == b.id && !((a.low ^ b.low) & 0xfffff000U);
}

/* The list that waits becomes the one that runs. */
static void list_switch(struct gvt_exec_engine *e)
{
	memcpy(e->list, e->next, sizeof(e->list));
	e->queued = false;
	e->running = true;
	e->at = 0;
	e->slot ^= 1;
}

static void lite_restore(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	int ret = 0;

	list_switch(e);
	gvt_csb_add(v, e, GVT_CSB_LITE_RESTORE | GVT_CSB_PREEMPTED, e->list[0].id);
	/* One that was not loaded yet takes its tail when it is. */
	if (e->work.mm)
		ret = gvt_workload_extend(v, e, e->list[0]);
	if (ret)
		hang(v, e, ret);
}

/* Linux 5.10 gvt/execlist.c: an idle engine's first event names no context. */
static void switch_to_next(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	struct gvt_ctx old = e->list[e->at];

	if (!e->running) {
		list_switch(e);
		gvt_csb_add(v, e, GVT_CSB_IDLE_TO_ACTIVE, 0);
	} else if (same_context(old, e->next[0]) && !(e->next[0].low & GVT_CTX_FORCE_RESTORE)) {
		lite_restore(v, e);
	} else {
		gvt_workload_save(v, e);
		v->count.preempted++;
		list_switch(e);
		gvt_csb_add(v, e, GVT_CSB_PREEMPTED, old.id);
	}
}

/* The context's registers are in its image before the guest hears that it is complete. */
static void complete(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	u32 id = e->list[e->at].id;

	gvt_csb_registers(v, e);
	gvt_workload_save(v, e);
	v->count.completed++;
	if (!e->at && (e->list[1].low & GVT_CTX_VALID)) {
		e->at = 1;
		gvt_csb_add(v, e, GVT_CSB_ELEMENT_SWITCH | GVT_CSB_COMPLETE, id);
		return;
	}
	e->running = false;
	gvt_csb_add(v, e, GVT_CSB_ACTIVE_TO_IDLE | GVT_CSB_COMPLETE, id);
}

/* What has to be there before commands run. Return: false: the engine hangs now. */
static bool prepare(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	int ret = 0;

	if (e->queued)
		switch_to_next(v, e);
	if (!e->work.mm)
		ret = gvt_workload_load(v, e, e->list[e->at]);
	if (ret)
		hang(v, e, ret);
	return !e->hung;
}

/*
 * A load that does not fit leaves the context what there is: else one with many tables would never
 * run at its submission.
 */
static void charge_load(struct gvt_vgpu *v, u64 *budget, u64 *over)
{
	if (v->share.cost < *budget)
		*budget -= v->share.cost;
	else
		*over += v->share.cost;
	v->share.cost = 0;
}

/* @over: units beyond the budget. Return: whether there may be more to do at once. */
static bool step(struct gvt_vgpu *v, struct gvt_exec_engine *e, u64 *budget, u64 *over)
{
	enum gvt_hw_state state;
	bool ready;

	if (!can_run(v, e))
		return false;
	ready = prepare(v, e);
	charge_load(v, budget, over);
	if (!ready)
		return false;
	state = hw_of(v)->run(hw_of(v)->priv, e->hw, budget);
	e->waiting = state == GVT_HW_WAIT;
	if (state == GVT_HW_DONE)
		complete(v, e);
	else if (state == GVT_HW_HUNG)
		hang(v, e, 0);
	return state == GVT_HW_DONE && *budget && !*over;
}

static u64 engine_run(struct gvt_vgpu *v, struct gvt_exec_engine *e, u64 budget)
{
	u64 left = budget, over = 0;

	if (!can_run(v, e))
		return 0;
	while (step(v, e, &left, &over))
		;
	gvt_csb_registers(v, e);
	gvt_csb_flush(v, e);
	return budget - left + over;
}

/* --- all of a vGPU's --- */

static bool waits(const struct gvt_exec_engine *e)
{
	return e->waiting && !e->queued;
}

/* Those that will use time. */
static unsigned int runnable(const struct gvt_vgpu *v)
{
	unsigned int i, n = 0;

	for (i = 0; i < GVT_NUM_ENGINES; i++)
		n += can_run(v, &v->exec->engine[i]) && !waits(&v->exec->engine[i]);
	return n;
}

/* In equal parts, so that an endless batch on one engine leaves time for the others. */
u64 gvt_execlist_run(struct gvt_vgpu *v, unsigned int first, u64 budget)
{
	unsigned int i, n;
	u64 used = 0, part;

	if (!v->exec)
		return 0;
	n = runnable(v);
	part = n ? (budget + n - 1) / n : budget;
	gvt_hw_flush(v->gvt);
	v->exec->inside = true;
	for (i = 0; i < GVT_NUM_ENGINES && used < budget; i++) {
		struct gvt_exec_engine *e = &v->exec->engine[(first + i) % GVT_NUM_ENGINES];

		used += engine_run(v, e, part < budget - used ? part : budget - used);
	}
	v->exec->inside = false;
	v->count.units += used;
	return used;
}

void gvt_execlist_state(const struct gvt_vgpu *v, bool *pending, bool *waiting)
{
	int i;

	*pending = false;
	*waiting = true;
	for (i = 0; v->exec && i < GVT_NUM_ENGINES; i++) {
		const struct gvt_exec_engine *e = &v->exec->engine[i];

		if (!can_run(v, e))
			continue;
		*pending = true;
		*waiting &= waits(e);
	}
}

/* --- what the guest does --- */

/* A list that still waits is replaced: the hardware has one place for it. */
void gvt_execlist_submit(struct gvt_vgpu *v, enum gvt_engine engine, const u32 dw[4])
{
	struct gvt_exec_engine *e;

	if (!v->exec)
		return;
	e = &v->exec->engine[engine];
	if (!(engine_reg(v, e, RING_MODE) & RING_MODE_EXECLIST)) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: engine %d: execlists are off", v->base.id,
			      engine);
		return;
	}
	e->next[0] = (struct gvt_ctx){ dw[0], dw[1] };
	e->next[1] = (struct gvt_ctx){ dw[2], dw[3] };
	e->queued = true;
	v->count.submissions++;
	gvt_sched_kick(v, engine);
	gvt_csb_registers(v, e);
}

void gvt_execlist_stop(struct gvt_vgpu *v, enum gvt_engine engine)
{
	if (!v->exec)
		return;
	gvt_csb_registers(v, &v->exec->engine[engine]);
	if (!v->exec->inside)
		gvt_sched_kick(v, engine);
}

/* --- resets --- */

/* The hardware stops before anything that it uses goes. */
static void engine_reset(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	static const u32 cleared[] = {
		RING_TAIL, RING_HEAD, RING_START, RING_CTL, RING_ACTHD, CCID
	};
	u32 base = gvt_engine_base[e->id];
	size_t i;

	hw_of(v)->engine_reset(hw_of(v)->priv, e->hw);
	gvt_workload_drop(v, e);
	memset(e->list, 0, sizeof(e->list));
	memset(e->next, 0, sizeof(e->next));
	e->running = e->queued = e->hung = e->waiting = false;
	e->at = e->csb_new = 0;
	e->slot = 1; /* the first list goes to the other one */
	for (i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++)
		gvt_vreg_set(v, base + cleared[i], 0);
	gvt_vreg_set(v, base + MI_MODE, gvt_vreg(v, base + MI_MODE) & ~MI_MODE_STOP);
	gvt_csb_registers(v, e);
}

void gvt_execlist_reset(struct gvt_vgpu *v, u32 engine_mask)
{
	u32 i;

	for (i = 0; v->exec && i < GVT_NUM_ENGINES; i++) {
		if ((engine_mask >> i & 1) && v->exec->engine[i].hw)
			engine_reset(v, &v->exec->engine[i]);
	}
	gvt_sched_update(v);
}

static void engine_unload(struct gvt_vgpu *v, struct gvt_exec_engine *e)
{
	if (!e->work.mm)
		return;
	if (!e->hung) {
		gvt_workload_save(v, e);
		return;
	}
	/* Its image stays as the guest has it, who looks there for the culprit. */
	hw_of(v)->engine_reset(hw_of(v)->priv, e->hw);
	gvt_workload_drop(v, e);
}

void gvt_execlist_unload(struct gvt_vgpu *v)
{
	u32 i;

	for (i = 0; v->exec && i < GVT_NUM_ENGINES; i++)
		engine_unload(v, &v->exec->engine[i]);
}

void gvt_execlist_show(struct gvt_vgpu *v)
{
	u32 i;

	for (i = 0; v->exec && i < GVT_NUM_ENGINES; i++)
		gvt_csb_registers(v, &v->exec->engine[i]);
}
