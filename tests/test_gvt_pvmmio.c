/* SPDX-License-Identifier: MIT */
/*
 * PV MMIO: what a guest is granted, when the back end is told, that register, state and back end
 * agree through moves, resets and faults, and what the fields of the shared page do.
 */
#include "lib/runner.h"
#include "pvmmio_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PORT (GVT_PVINFO_OFFSET + 0x864)
#define SCALERS (GVT_PVINFO_OFFSET + 0x868)
#define CHECK_IRQ (GVT_PVINFO_OFFSET + 0x86c)
#define REG_ADDR (PV_SHARED + 0x10)
#define DISABLE_IRQ (PV_SHARED + 0x80)
#define ELSP 0x2230U
#define GDRST 0x941cU
#define MASTER 0x44200U
#define GT0 0x44300U
#define PLANE 0x71280U /* pipe B, plane 2 */
#define SURF (PLANE + 0x1c)
#define BAR0_NEXT 0xd0000000U

/* --- what is granted --- */

START_TEST(nothing_is_offered_by_default)
{
	struct rig r;

	rig_open(&r);
	rig_reg_set(&r, PV_ENABLE, ~0U);
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0);
	rig_write(&r, PV_SHARED, ~0ULL, 8);
	ck_assert_uint_eq(rig_read(&r, PV_SHARED, 8), 0);
	ck_assert_uint_eq(rig_reg(&r, PORT), 0);
	pv_is(&r, 0);
	rig_close(&r);
}
END_TEST

START_TEST(levels_unknown_are_refused)
{
	struct gvt_config config = { .size = sizeof(config) };
	struct mpt_host *host;
	struct intel_gvt *gvt = NULL;
	u32 bit;

	rig_ok(mpt_host_open(RIG_SPEC, &host));
	for (bit = 0; bit < 32; bit++) {
		config.pvmmio = 1U << bit;
		if (bit < 5) {
			rig_ok(gvt_open(host, &config, &gvt));
			rig_ok(gvt_close(gvt));
			continue;
		}
		ck_assert_int_eq(gvt_open(host, &config, &gvt), -EINVAL);
	}
	rig_ok(mpt_host_close(host));
}
END_TEST

/* _i: the offer. */
START_TEST(wanted_and_offered)
{
	u32 offer = (u32)_i, wanted;
	struct rig r;

	pv_open_spec(&r, PV_SPEC, offer);
	for (wanted = 0; wanted < 0x40; wanted++) {
		rig_reg_set(&r, PV_ENABLE, wanted | 0xffffff00);
		ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), wanted & offer);
		pv_is(&r, wanted & offer);
	}
	rig_close(&r);
}
END_TEST

START_TEST(toggling)
{
	struct rig r;
	int i;

	pv_open(&r);
	ck_assert_uint_eq(rig_reg(&r, SCALERS), 0);
	for (i = 0; i < 20; i++) {
		pv_enable(&r, 0xf);
		pv_enable(&r, 0xf);
		rig_write(&r, PV_SHARED + 0xff8, ~0ULL, 8);
		pv_enable(&r, 0x2);
		ck_assert_uint_eq(rig_read(&r, PV_SHARED + 0xff8, 8), ~0ULL);
		ck_assert_uint_eq(rig_read(&r, PV_SHARED + 0x1000, 8), 0);
		pv_enable(&r, 0);
		pv_enable(&r, 0);
		ck_assert_uint_eq(rig_read(&r, PV_SHARED + 0xff8, 8), 0);
		pv_enable(&r, 1);
		/* A new page: nothing of the old one. */
		ck_assert_uint_eq(rig_read(&r, PV_SHARED + 0xff8, 8), 0);
		pv_enable(&r, 0);
	}
	rig_close(&r);
}
END_TEST

START_TEST(a_back_end_without_it)
{
	struct rig r;

	pv_open_spec(&r, "check,mock:pvmmio=no", 0xf);
	rig_reg_set(&r, PV_ENABLE, 0xf);
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0);
	pv_is(&r, 0);
	rig_close(&r);
}
END_TEST

/* --- what can fail --- */

static void fault(struct rig *r, int err)
{
	rig_ok(mpt_fault_at(r->host, err ? MPT_OP_ID_set_pvmmio : MPT_OP_COUNT, err ? 1 : 0, err));
}

START_TEST(the_switch_can_fail)
{
	struct rig r;

	pv_open(&r);
	fault(&r, -ENOMEM);
	rig_reg_set(&r, PV_ENABLE, 0xf);
	ck_assert(mpt_fault_fired(r.host, NULL));
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0);
	pv_is(&r, 0);
	mpt_alloc_fail_at(1);
	rig_reg_set(&r, PV_ENABLE, 0xf);
	mpt_alloc_fail_at(0);
	pv_is(&r, 0);
	pv_enable(&r, 0xf);
	/* What cannot be switched off is on. */
	fault(&r, -ENOMEM);
	rig_reg_set(&r, PV_ENABLE, 0);
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0xf);
	pv_is(&r, 0xf);
	pv_enable(&r, 0);
	rig_close(&r);
}
END_TEST

/* Every call of a move fails in turn: BAR0 leaves its place only with PV MMIO off there. */
START_TEST(a_move_can_fail)
{
	unsigned int n;
	struct rig r;
	u32 at = BAR0_NEXT;
	int ret;

	for (n = 1; n < 10; n++) {
		pv_open(&r);
		pv_enable(&r, 0xf);
		rig_ok(mpt_fault_at(r.host, MPT_OP_COUNT, n, -ENOMEM));
		ret = gvt_ops()->emulate_cfg_write(r.vgpu, 0x10, &at, 4);
		if (!mpt_fault_fired(r.host, NULL))
			break;
		fault(&r, 0);
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(rig_info(&r).bar0, RIG_BAR0);
		pv_is(&r, n == 1 ? 0xf : 0);
		pv_enable(&r, 0xf);
		rig_close(&r);
	}
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(ret, 0);
	fault(&r, 0);
	ck_assert_uint_eq(rig_info(&r).bar0, BAR0_NEXT);
	pv_is(&r, 0);
	rig_close(&r);
}
END_TEST

/* The guest has a vGPU without it; the back end is asked again when BAR0 goes. */
START_TEST(dmlr_can_fail)
{
	struct rig r;
	int n;

	for (n = 1; n <= 2; n++) {
		pv_open_spec(&r, n == 1 ? PV_SPEC : "check,fault,fault=set_pvmmio:2,mock", 0xf);
		pv_enable(&r, 0xf);
		if (n == 1)
			fault(&r, -ENOMEM);
		r.ops->vgpu_reset(r.vgpu);
		pv_is(&r, 0);
		ck_assert_uint_eq(rig_info(&r).bar0, 0);
		fault(&r, 0);
		rig_cfg_place(&r);
		pv_enable(&r, 0xf);
		rig_close(&r);
	}
}
END_TEST

/* --- moves and resets --- */

START_TEST(bar0_leaves)
{
	struct rig r;

	pv_open(&r);
	pv_enable(&r, 0xf);
	rig_cfg_write(&r, 0x10, ~0U, 4); /* sizing */
	pv_is(&r, 0);
	rig_cfg_write(&r, 0x10, (u32)RIG_BAR0, 4);
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0);
	pv_enable(&r, 0xf);
	rig_cfg_write(&r, 0x04, 0, 2);
	pv_is(&r, 0);
	rig_cfg_write(&r, 0x04, 6, 2);
	pv_enable(&r, 0xf);
	/* The same place again, and the other BAR: no move of this one. */
	rig_cfg_write(&r, 0x10, (u32)RIG_BAR0, 4);
	rig_cfg_write(&r, 0x1c, 1, 4);
	pv_is(&r, 0xf);
	rig_cfg_write(&r, 0x14, 1, 4);
	pv_is(&r, 0);
	rig_cfg_write(&r, 0x14, 0, 4);
	pv_enable(&r, 0x5);
	rig_close(&r); /* destroyed while on */
}
END_TEST

/* What the guest holds back with disable_irq is gone with what raised it. */
START_TEST(a_reset_sends_nothing)
{
	struct rig r;
	u64 sent;

	pv_open(&r);
	rig_reg_set(&r, GT0 + 0xc, ~0U);
	rig_reg_set(&r, GT0 + 0x4, 0);
	rig_reg_set(&r, 0x20a8, 0);
	rig_reg_set(&r, MASTER, 1U << 31);
	pv_enable(&r, 0x8);
	rig_reg_set(&r, DISABLE_IRQ, 1);
	sent = rig_info(&r).interrupts;
	gvt_irq_raise(r.v, GVT_EVENT_RCS_USER);
	r.ops->vgpu_reset(r.vgpu);
	ck_assert_uint_eq(rig_info(&r).interrupts, sent);
	rig_close(&r);
}
END_TEST

START_TEST(resets)
{
	struct rig r;

	pv_open(&r);
	pv_enable(&r, 0xe);
	rig_reg_set(&r, REG_ADDR, 0x2358);
	rig_reg_set(&r, GDRST, 2); /* an engine */
	pv_is(&r, 0xe);
	rig_reg_set(&r, GDRST, 1);
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0xe);
	ck_assert_uint_eq(rig_reg(&r, REG_ADDR), 0x2358);
	pv_is(&r, 0xe);
	r.ops->vgpu_reset(r.vgpu);
	pv_is(&r, 0);
	rig_cfg_place(&r);
	ck_assert_uint_eq(rig_reg(&r, PV_ENABLE), 0);
	pv_enable(&r, 0xf);
	rig_close(&r);
}
END_TEST

/* Registers are plain memory then, and what is on stays on until BAR0 leaves. */
START_TEST(failsafe)
{
	struct rig r;

	pv_open(&r);
	pv_enable(&r, 0xf);
	rig_reg_set(&r, PV_SHARED + 0x2c, 7);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	rig_reg_set(&r, SURF, 0x1000);
	ck_assert_uint_eq(rig_reg(&r, PLANE + 0x08), 0);
	rig_reg_set(&r, PORT, 0x55);
	ck_assert_uint_eq(rig_reg(&r, PORT), 0x55);
	rig_reg_set(&r, PV_ENABLE, 0);
	ck_assert_uint_eq(pv_live(&r), 1);
	ck_assert_uint_eq(rig_reg(&r, PV_SHARED + 0x2c), 7);
	rig_cfg_write(&r, 0x04, 0, 2);
	pv_is(&r, 0);
	r.ops->vgpu_reset(r.vgpu);
	pv_is(&r, 0);
	rig_close(&r);
}
END_TEST

/* --- levels --- */

static void elsp_page(struct rig *r, u32 first, u32 second, u32 third)
{
	rig_reg_set(r, PV_SHARED, first);
	rig_reg_set(r, PV_SHARED + 4, second);
	rig_reg_set(r, PV_SHARED + 8, third);
}

static int elsp_write(struct rig *r, u32 value)
{
	return gvt_ops()->emulate_mmio_write(r->vgpu, RIG_BAR0 + ELSP, &value, 4);
}

START_TEST(elsp_in_one_write)
{
	static const u32 want[4] = { 0x44000101, 0x33, 0x22000101, 0x11 };
	struct rig r;

	pv_open(&r);
	rig_reg_set(&r, ELSP, 0x99); /* one of four, then the guest changes its mind */
	pv_enable(&r, 1);
	elsp_page(&r, 0x11, 0x22000101, 0x33);
	ck_assert_int_eq(elsp_write(&r, 0x44000101), 0);
	ck_assert_mem_eq(r.v->elsp_data[GVT_RCS], want, sizeof(want));
	ck_assert_uint_eq(r.v->elsp_index[GVT_RCS], 0);
	ck_assert_int_eq(elsp_write(&r, 0x44000000), -EINVAL); /* not valid */
	ck_assert_int_eq(elsp_write(&r, 0x44000001), -EINVAL); /* not privileged */
	elsp_page(&r, 0, 1, 0);
	ck_assert_int_eq(elsp_write(&r, 0x44000101), -EINVAL); /* the second is not */
	pv_enable(&r, 0xe);
	ck_assert_int_eq(elsp_write(&r, 0), 0); /* the first of four */
	ck_assert_uint_eq(r.v->elsp_index[GVT_RCS], 1);
	rig_close(&r);
}
END_TEST

/* _i: the level is granted. */
START_TEST(interrupts_held_back)
{
	u32 level = _i ? 0x8 : 0x7;
	struct rig r;
	u64 sent;

	pv_open(&r);
	rig_reg_set(&r, GT0 + 0xc, ~0U);
	rig_reg_set(&r, GT0 + 0x4, 0);
	rig_reg_set(&r, 0x20a8, 0);
	rig_reg_set(&r, MASTER, 1U << 31);
	pv_enable(&r, level);
	rig_reg_set(&r, DISABLE_IRQ, 0x80000000);
	sent = rig_info(&r).interrupts;
	gvt_irq_raise(r.v, GVT_EVENT_RCS_USER);
	ck_assert_uint_eq(rig_info(&r).interrupts, sent + !_i);
	ck_assert_uint_eq(rig_reg(&r, MASTER), 1U << 31 | 1); /* pending all the same */
	rig_reg_set(&r, CHECK_IRQ, 0);
	ck_assert_uint_eq(rig_info(&r).interrupts, sent + (_i ? 0 : 2));
	rig_reg_set(&r, DISABLE_IRQ, 0);
	ck_assert_uint_eq(rig_info(&r).interrupts, sent + (_i ? 0 : 2));
	rig_reg_set(&r, CHECK_IRQ, 0);
	ck_assert_uint_eq(rig_info(&r).interrupts, sent + (_i ? 1 : 3));
	ck_assert_uint_eq(rig_reg(&r, CHECK_IRQ), 0);
	rig_reg_set(&r, DISABLE_IRQ, 1);
	/* The flag goes with the level, and what it held back is told. */
	pv_enable(&r, 0x7);
	ck_assert_uint_eq(rig_info(&r).interrupts, sent + (_i ? 2 : 3));
	rig_close(&r);
}
END_TEST

static void plane_page(struct rig *r)
{
	u32 at;

	for (at = 0x18; at < 0x54; at += 4)
		rig_reg_set(r, PV_SHARED + at, 0xa000 + at);
	for (at = 0x58; at < 0x80; at += 4)
		rig_reg_set(r, PV_SHARED + at, 0xa000 + at);
}

static void plane_regs_are(struct rig *r, bool plane, bool key, u32 num_wm)
{
	static const struct {
		u32 reg, page;
		bool key;
	} want[] = {
		{ 0x00, 0x50, false }, { 0x08, 0x2c, false }, { 0x0c, 0x4c, false },
		{ 0x10, 0x30, false }, { 0x24, 0x28, false }, { 0x40, 0x34, false },
		{ 0x44, 0x38, false }, { 0x14, 0x1c, true },  { 0x18, 0x24, true },
		{ 0x20, 0x20, true },
	};
	size_t i;

	for (i = 0; i < N(want); i++)
		ck_assert_uint_eq(rig_reg(r, PLANE + want[i].reg),
				  plane && (key || !want[i].key) ? 0xa000 + want[i].page : 0);
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(rig_reg(r, PLANE + 0xc0 + 4 * (u32)i),
				  i < num_wm ? 0xa058 + 4 * i : 0);
	ck_assert_uint_eq(rig_reg(r, PLANE + 0xe8), num_wm ? 0xa078 : 0);
	ck_assert_uint_eq(rig_reg(r, PLANE + 0xfc), num_wm ? 0xa07c : 0);
	ck_assert_uint_eq(rig_reg(r, SURF), 0x1000);
	ck_assert_uint_eq(rig_reg(r, PLANE + 0x2c), 0x1000);
	ck_assert_uint_eq(rig_reg(r, PLANE + 0x4c), 0);
	ck_assert_uint_eq(rig_info(r).unknown, 1); /* that read */
	/* No other plane, and no scaler. */
	ck_assert_uint_eq(rig_reg(r, PLANE + 0x100), 0);
	ck_assert_uint_eq(rig_reg(r, PLANE - 0x1000), 0);
	ck_assert_uint_eq(rig_reg(r, 0x68980), 0);
}

static const struct {
	u32 levels, flags, max_wm;
	bool plane, key;
	u32 num_wm;
} updates[] = {
	{ 0x2, 0, 7, true, false, 0 },	{ 0x2, 2, 7, true, true, 0 },
	{ 0x2, 7, 7, true, true, 0 },	{ 0x6, 0xfffffffd, 7, true, false, 8 },
	{ 0x4, 7, 0, false, false, 1 }, { 0x4, 7, 3, false, false, 4 },
	{ 0x4, 7, 8, false, false, 0 }, { 0x4, 7, ~0U, false, false, 0 },
	{ 0x9, 7, 7, false, false, 0 },
};

START_TEST(planes)
{
	struct rig r;

	pv_open(&r);
	pv_enable(&r, updates[_i].levels);
	plane_page(&r);
	rig_reg_set(&r, PV_SHARED + 0x14, updates[_i].flags);
	rig_reg_set(&r, PV_SHARED + 0x54, updates[_i].max_wm);
	rig_reg_set(&r, 0x71084, 0x2000); /* the cursor's surface carries no update */
	ck_assert_uint_eq(rig_reg(&r, PLANE + 0x08), 0);
	rig_reg_set(&r, SURF, 0x1000);
	plane_regs_are(&r, updates[_i].plane, updates[_i].key, updates[_i].num_wm);
	rig_close(&r);
}
END_TEST

/* --- the read port --- */

static u32 port_read(struct rig *r, u32 reg)
{
	rig_reg_set(r, REG_ADDR, reg);
	return rig_reg(r, PORT);
}

START_TEST(the_read_port)
{
	struct rig r;
	u32 base, i;

	pv_open(&r);
	pv_enable(&r, 1);
	rig_reg_set(&r, 0x2358 - 0x328, 0x5550); /* RING_TAIL */
	ck_assert_uint_eq(port_read(&r, 0x2030), 0x5550);
	gvt_vreg_set(r.v, GVT_MMIO_SIZE - 4, 0x77);
	ck_assert_uint_eq(port_read(&r, GVT_MMIO_SIZE - 4), 0x77);
	/* With a handler: GUC_STATUS tells of the reset once. */
	ck_assert_uint_ne(port_read(&r, 0xc000), 0);
	ck_assert_uint_eq(rig_reg(&r, PORT), rig_reg(&r, 0xc000));
	/* Hostile addresses around every edge. */
	memset(r.v->regs + 0x2000, 0x5a, 0x40);
	gvt_vreg_set(r.v, 0, 0x77);
	ck_assert_uint_eq(port_read(&r, 0), 0x77);
	for (i = 1; i < 0x40; i++)
		ck_assert_uint_eq(port_read(&r, 0x2000 + i) != 0, i % 4 == 0);
	for (base = GVT_PVINFO_OFFSET; base < GVT_PVINFO_OFFSET + 0x1000; base += 4)
		if (port_read(&r, base))
			ck_abort_msg("0x%x", base);
	for (i = 21; i < 32; i++) {
		ck_assert_uint_eq(port_read(&r, 1U << i), 0);
		ck_assert_uint_eq(port_read(&r, (1U << i) - 4), i == 21 ? 0x77 : 0);
		ck_assert_uint_eq(port_read(&r, (1U << i) + 0x2000), 0);
	}
	ck_assert_uint_eq(port_read(&r, ~0U), 0);
	ck_assert_uint_eq(port_read(&r, ~3U), 0);
	pv_enable(&r, 0);
	ck_assert_uint_eq(rig_reg(&r, PORT), 0);
	rig_close(&r);
}
END_TEST

static Suite *pvmmio_suite(void)
{
	Suite *s = suite_create("gvt_pvmmio");
	TCase *c = tcase_create("switch"), *levels = tcase_create("levels");

	tcase_add_test(c, nothing_is_offered_by_default);
	tcase_add_test(c, levels_unknown_are_refused);
	tcase_add_loop_test(c, wanted_and_offered, 0, 0x20);
	tcase_add_test(c, toggling);
	tcase_add_test(c, a_back_end_without_it);
	tcase_add_test(c, the_switch_can_fail);
	tcase_add_test(c, a_move_can_fail);
	tcase_add_test(c, dmlr_can_fail);
	tcase_add_test(c, bar0_leaves);
	tcase_add_test(c, resets);
	tcase_add_test(c, a_reset_sends_nothing);
	tcase_add_test(c, failsafe);
	suite_add_tcase(s, c);
	tcase_add_test(levels, elsp_in_one_write);
	tcase_add_loop_test(levels, interrupts_held_back, 0, 2);
	tcase_add_loop_test(levels, planes, 0, (int)N(updates));
	tcase_add_test(levels, the_read_port);
	suite_add_tcase(s, levels);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { pvmmio_suite };

	return mpt_test_main("gvt_pvmmio", suites, N(suites));
}
