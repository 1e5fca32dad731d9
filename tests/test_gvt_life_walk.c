/* SPDX-License-Identifier: MIT */
/*
 * Random walks through a vGPU's states: submissions, resets of each kind, power states, failsafe,
 * moves by save and restore, creation and destruction. After each step what is left of the steps
 * before is as a small model has it, and a driver that begins anew is served.
 */
#include <stdlib.h>

#include <gvt/state.h>

#include "joint_rig.h"
#include "lib/runner.h"

#define STEPS 3000
#define PMCSR 0xd4U
#define VALUE 0xbeef0000U
/* PVINFO g2v_notify (Linux 6.1 i915_pvinfo.h) */
#define NOTIFY 0x818U
#define CREATE_L4 4
#define DESTROY_L4 5

/*
 * @up: the driver has set the device up since the last reset. @aware: it has read PVINFO since the
 * last reset that makes the device forget that. @low: it is in D3; @d3: it was, since the last
 * reset.
 * @busy: bit n: engine n has an endless batch.
 */
struct model {
	bool up, active, low, d3, failsafe, aware;
	unsigned int busy;
	u32 value;
	u64 fresh[2]; /* hash after a DMLR; [1]: of a vGPU that still counts as aware */
	struct {
		u8 *p;
		size_t len;
	} blob;
};

static struct joint j;
static struct model m;
static u64 seed;

static u32 rnd(u32 below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(seed >> 33) % below;
}

static struct rig *rig(void)
{
	return &j.r[0];
}

static u64 hash(void)
{
	return gvt_vgpu_hash(rig()->vgpu);
}

/* Nothing of what was mapped, tracked, trapped or executed is there any more. */
static void is_fresh(void)
{
	struct gvt_vgpu_info info = rig_info(rig());
	struct mpt_ledger l;

	rig_ok(mpt_ledger_get(rig()->host, &l));
	ck_assert_uint_eq(l.live[MPT_LEDGER_DMA], 0);
	ck_assert_uint_eq(l.live[MPT_LEDGER_TRACK], 0);
	ck_assert_uint_eq(l.live[MPT_LEDGER_MAP], 0);
	ck_assert_uint_eq(l.live[MPT_LEDGER_TRAP], 0);
	ck_assert_uint_eq(l.violations, 0);
	ck_assert_uint_eq(info.ggtt_mapped + info.ppgtt_spaces + info.ppgtt_tables +
			  info.ppgtt_tracked + info.ppgtt_mapped, 0);
	ck_assert_int_eq(info.failsafe, GVT_FAILSAFE_NONE);
	ck_assert(!gvt_run_pending(rig()->gvt));
	ck_assert_uint_eq(hash(), m.fresh[m.aware]);
}

/* --- steps --- */

/* What a driver does first; it can do nothing before the device is in D0 and active. */
static void step_up(void)
{
	unsigned int ctx;

	if (m.up || m.failsafe || m.low)
		return;
	rig_cfg_place(rig());
	j_resume(rig());
	for (ctx = 0; ctx < J_CONTEXTS; ctx++)
		j_context(rig(), ctx);
	m.up = m.aware = true;
}

/* The engine's registers after its own reset; everything else of the guest stays. */
static void step_engine_reset(void)
{
	enum gvt_engine e = (enum gvt_engine)rnd(GVT_NUM_ENGINES);

	if (!m.up || m.failsafe || m.low)
		return;
	rig_reg_set(rig(), J_GDRST, 2U << e);
	ck_assert_uint_eq(rig_reg(rig(), J_GDRST), 0);
	m.busy &= ~(1U << e);
}

static void step_gt_reset(void)
{
	if (!m.up || m.failsafe || m.low)
		return;
	rig_reg_set(rig(), J_GDRST, 1);
	m.busy = 0;
	j_resume(rig());
}

static void contexts_anew(unsigned int ctx)
{
	j_img_set(rig(), ctx, J_IMG_HEAD, 0);
	j_img_set(rig(), ctx, J_IMG_TAIL, 0);
	j_image(rig(), j_engine(ctx), ctx);
}

/* A batch that ends stores its value, whatever was before. */
static void step_work(void)
{
	unsigned int ctx = rnd(J_CONTEXTS), calls;
	enum gvt_engine e = j_engine(ctx);

	if (!m.up || m.failsafe || m.low || !m.active || (m.busy >> e & 1))
		return;
	contexts_anew(ctx);
	j_batch(rig(), ctx, J_STORE(J_VA_DATA, VALUE + ++m.value), J_BB_END);
	j_start(rig(), ctx);
	for (calls = 0; j_get(rig(), j_of(J_GPA_DATA, ctx)) != VALUE + m.value; calls++)
		if (calls == 1000 || !gvt_run(rig()->gvt, 1 + rnd(300)))
			ck_abort_msg("a batch that ends does not");
}

static void step_endless(void)
{
	unsigned int ctx = rnd(J_CONTEXTS);
	enum gvt_engine e = j_engine(ctx);

	if (!m.up || m.failsafe || m.low || !m.active || (m.busy >> e & 1))
		return;
	contexts_anew(ctx);
	j_batch(rig(), ctx, J_NOOP, J_NOOP, J_START_PPGTT(J_VA_BATCH));
	j_start(rig(), ctx);
	m.busy |= 1U << e;
	ck_assert(gvt_run_pending(rig()->gvt));
}

/*
 * A space that the guest has created stays when its context is gone, until a reset or the notice.
 */
static void step_space(void)
{
	u64 pml4 = j_of(J_GPA_TABLES, rnd(J_CONTEXTS));

	if (!m.up || m.failsafe || m.low)
		return;
	rig_reg_set(rig(), GVT_PVINFO_OFFSET + 0x838, (u32)pml4);
	rig_reg_set(rig(), GVT_PVINFO_OFFSET + 0x83c, 0);
	rig_reg_set(rig(), GVT_PVINFO_OFFSET + NOTIFY, rnd(3) ? CREATE_L4 : DESTROY_L4);
}

static void step_run(void)
{
	gvt_run(rig()->gvt, rnd(5000));
}

static void step_dmlr(void)
{
	rig()->ops->vgpu_reset(rig()->vgpu);
	m.aware &= m.d3;
	m.up = m.low = m.d3 = m.failsafe = false;
	m.busy = 0;
	is_fresh();
}

static void power(u32 state)
{
	rig_cfg_write(rig(), PMCSR, state, 2);
}

/* What was submitted is forgotten on the way down. */
static void step_power(void)
{
	if (m.failsafe)
		return;
	m.low = !m.low;
	power(m.low ? 3 : 0);
	m.d3 |= m.low;
	m.busy = 0;
	m.up = false;
	ck_assert(!gvt_run_pending(rig()->gvt));
}

static void step_active(void)
{
	m.active = !m.active;
	if (m.active)
		rig()->ops->vgpu_activate(rig()->vgpu);
	else
		rig()->ops->vgpu_deactivate(rig()->vgpu);
	ck_assert_int_eq(gvt_run_pending(rig()->gvt), m.active && m.busy && !m.failsafe);
}

static void step_failsafe(void)
{
	gvt_vgpu_failsafe_enter(rig()->vgpu, GVT_FAILSAFE_GUEST_ERR);
	m.failsafe = true;
	ck_assert(!gvt_run_pending(rig()->gvt));
}

static int take(void *arg, const void *buf, size_t len)
{
	(void)arg;
	m.blob.p = realloc(m.blob.p, m.blob.len + len);
	ck_assert_ptr_nonnull(m.blob.p);
	memcpy(m.blob.p + m.blob.len, buf, len);
	m.blob.len += len;
	return 0;
}

static void make(void)
{
	struct intel_vgpu_type type;

	gvt_type_init(&type, 16ULL << 20, 16ULL << 20, 4);
	type.low_start = 64ULL << 20;
	rig()->vgpu = mpt_vgpu_create(rig()->vm, rig()->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(rig()->vgpu), "%s", mpt_last_error());
	rig()->v = to_gvt_vgpu(rig()->vgpu);
}

/* Another vGPU goes on where this one was; RAM stays where it is. */
static void step_move(void)
{
	u64 before;

	m.blob.len = 0;
	rig_ok(gvt_vgpu_save(rig()->vgpu, take, NULL));
	before = hash();
	j_destroy(rig());
	make();
	rig_ok(gvt_vgpu_restore(rig()->vgpu, m.blob.p, m.blob.len));
	ck_assert_uint_eq(hash(), before);
	if (m.active)
		rig()->ops->vgpu_activate(rig()->vgpu);
	ck_assert_int_eq(gvt_run_pending(rig()->gvt), m.active && m.busy && !m.failsafe);
}

static void step_recreate(void)
{
	j_destroy(rig());
	make();
	rig()->ops->vgpu_activate(rig()->vgpu);
	m.up = m.low = m.d3 = m.failsafe = m.aware = false;
	m.active = true;
	m.busy = 0;
	is_fresh();
}

static const struct {
	void (*run)(void);
	u32 weight;
} steps[] = {
	{ step_up, 30 }, { step_work, 30 }, { step_endless, 15 }, { step_run, 10 },
	{ step_space, 10 }, { step_engine_reset, 10 }, { step_gt_reset, 5 }, { step_dmlr, 8 },
	{ step_power, 4 }, { step_active, 6 }, { step_failsafe, 2 }, { step_move, 8 },
	{ step_recreate, 2 },
};

#define NUM_STEPS (sizeof(steps) / sizeof(steps[0]))

static void step(void)
{
	u32 n = 0, at;
	size_t i;

	for (i = 0; i < NUM_STEPS; i++)
		n += steps[i].weight;
	at = rnd(n);
	for (i = 0; at >= steps[i].weight; i++)
		at -= steps[i].weight;
	steps[i].run();
}

/* A device that was made and reset, and one that came from D3 knowing what it is. */
static void learn_fresh(void)
{
	rig()->ops->vgpu_reset(rig()->vgpu);
	m.fresh[0] = hash();
	rig_cfg_place(rig());
	rig_reg(rig(), GVT_PVINFO_OFFSET);
	power(3);
	rig()->ops->vgpu_reset(rig()->vgpu);
	m.fresh[1] = hash();
	ck_assert(m.fresh[0] != m.fresh[1]);
}

static unsigned long number_of_steps(void)
{
	const char *text = getenv("MPT_LIFE_STEPS");

	return text ? strtoul(text, NULL, 0) : STEPS;
}

static const char *specs[] = {
	"check,mock", "check,mock:trap=after", "check,mock:track=no", "check,acrn-sim",
	"check,kvm-stub",
};

START_TEST(walk)
{
	unsigned long n, end = number_of_steps();

	/* Where each access is the work of four threads, fewer will do. */
	if (strstr(specs[_i], "acrn"))
		end /= 5;
	seed = (u64)_i + 1;
	memset(&m, 0, sizeof(m));
	j_open(&j, specs[_i], 1);
	learn_fresh();
	m.aware = m.active = true;
	for (n = 0; n < end; n++)
		step();
	step_dmlr();
	free(m.blob.p);
	j_close(&j);
}
END_TEST

static Suite *walk_suite(void)
{
	Suite *s = suite_create("gvt-life-walk");
	TCase *tc = tcase_create("walks");

	tcase_set_timeout(tc, 3600);
	tcase_add_loop_test(tc, walk, 0,
			    (int)specs_built(specs, sizeof(specs) / sizeof(specs[0])));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { walk_suite };

	return mpt_test_main("gvt-life-walk", suites, 1);
}
