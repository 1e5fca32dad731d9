/* SPDX-License-Identifier: MIT */
/*
 * Interrupt registers and delivery: the quartets' truth tables, the master, MSI against the pin.
 * The layout is written down here a second time, by group and bit number, to be compared.
 */
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MASTER 0x44200U
#define ENABLE (1U << 31)
#define CONTROL 0xae /* of the MSI capability */

static const struct expected {
	enum gvt_event event;
	u32 group, bit, master, ring_imr;
} expected[] = {
	{ GVT_EVENT_RCS_USER, 0x44300, 0, 0, 0x020a8 },
	{ GVT_EVENT_RCS_PIPE_CONTROL, 0x44300, 4, 0, 0x020a8 },
	{ GVT_EVENT_RCS_SWITCH, 0x44300, 8, 0, 0x020a8 },
	{ GVT_EVENT_BCS_USER, 0x44300, 16, 1, 0x220a8 },
	{ GVT_EVENT_BCS_FLUSH, 0x44300, 20, 1, 0x220a8 },
	{ GVT_EVENT_BCS_SWITCH, 0x44300, 24, 1, 0x220a8 },
	{ GVT_EVENT_VCS_USER, 0x44310, 0, 2, 0x120a8 },
	{ GVT_EVENT_VCS_FLUSH, 0x44310, 4, 2, 0x120a8 },
	{ GVT_EVENT_VCS_SWITCH, 0x44310, 8, 2, 0x120a8 },
	{ GVT_EVENT_VECS_USER, 0x44330, 0, 6, 0x1a0a8 },
	{ GVT_EVENT_VECS_FLUSH, 0x44330, 4, 6, 0x1a0a8 },
	{ GVT_EVENT_VECS_SWITCH, 0x44330, 8, 6, 0x1a0a8 },
	{ GVT_EVENT_PIPE_A_VBLANK, 0x44400, 0, 16, 0 },
	{ GVT_EVENT_PIPE_B_VBLANK, 0x44410, 0, 17, 0 },
	{ GVT_EVENT_PIPE_C_VBLANK, 0x44420, 0, 18, 0 },
	{ GVT_EVENT_PIPE_A_FLIP, 0x44400, 3, 16, 0 },
	{ GVT_EVENT_PIPE_B_FLIP, 0x44410, 3, 17, 0 },
	{ GVT_EVENT_PIPE_C_FLIP, 0x44420, 3, 18, 0 },
	{ GVT_EVENT_AUX_A, 0x44440, 0, 20, 0 },
	{ GVT_EVENT_AUX_B, 0x44440, 25, 20, 0 },
	{ GVT_EVENT_AUX_C, 0x44440, 26, 20, 0 },
	{ GVT_EVENT_AUX_D, 0x44440, 27, 20, 0 },
	{ GVT_EVENT_HOTPLUG_A, 0x44440, 3, 20, 0 },
	{ GVT_EVENT_HOTPLUG_B, 0xc4000, 21, 23, 0 },
	{ GVT_EVENT_HOTPLUG_C, 0xc4000, 22, 23, 0 },
	{ GVT_EVENT_HOTPLUG_D, 0xc4000, 23, 23, 0 },
	{ GVT_EVENT_GMBUS, 0xc4000, 17, 23, 0 },
	{ GVT_EVENT_GSE, 0x44460, 0, 22, 0 },
};

static void raise_event(struct rig *r, enum gvt_event event)
{
	gvt_lock(&r->v->lock);
	gvt_irq_raise(r->v, event);
	gvt_unlock(&r->v->lock);
}

static unsigned int take_all(struct rig *r)
{
	struct mpt_irq irq;
	unsigned int n = 0;

	while (!mpt_irq_take(r->vm, &irq)) {
		ck_assert(irq.intx || (irq.addr == RIG_MSI_ADDR && irq.data == RIG_MSI_DATA));
		n++;
	}
	return n;
}

static bool pin(struct rig *r)
{
	struct mpt_vm_stats stats;

	rig_ok(mpt_vm_stats_get(r->vm, &stats));
	return stats.intx_level;
}

/* Everything unmasked and on, so that each test takes away what it is about. */
static void open_up(struct rig *r, const struct expected *e)
{
	rig_reg_set(r, e->group + 0x4, 0);
	rig_reg_set(r, e->group + 0xc, ~0U);
	if (e->ring_imr)
		rig_reg_set(r, e->ring_imr, 0);
	rig_reg_set(r, MASTER, ENABLE);
}

START_TEST(every_event_is_in_the_table)
{
	bool seen[GVT_NUM_EVENTS] = { false };
	size_t i;

	for (i = 0; i < N(expected); i++)
		seen[expected[i].event] = true;
	for (i = 0; i < GVT_NUM_EVENTS; i++)
		ck_assert_msg(seen[i], "event %zu", i);
}
END_TEST

/* _i: IMR, RING_IMR, IER and master on or off: all 16 combinations for every event. */
START_TEST(quartet_truth_table)
{
	bool imr = _i & 1, ring = _i & 2, ier = _i & 4, master = _i & 8;
	struct rig r;
	size_t i;

	rig_open(&r);
	for (i = 0; i < N(expected); i++) {
		const struct expected *e = &expected[i];
		u32 bit = 1U << e->bit;
		bool latched = !imr && !(ring && e->ring_imr), summed = latched && ier;
		u32 want = (summed ? 1U << e->master : 0) | (master ? ENABLE : 0);

		rig_reg_set(&r, e->group + 0x4, imr ? bit : ~bit);
		if (e->ring_imr)
			rig_reg_set(&r, e->ring_imr, ring ? bit : ~bit);
		rig_reg_set(&r, e->group + 0xc, ier ? bit : ~bit);
		rig_reg_set(&r, MASTER, master ? ENABLE : 0);
		take_all(&r);
		raise_event(&r, e->event);
		ck_assert_uint_eq(rig_reg(&r, e->group + 0x8), latched ? bit : 0);
		ck_assert_uint_eq(rig_reg(&r, MASTER), want);
		ck_assert_uint_eq(take_all(&r), summed && master);
		rig_reg_set(&r, MASTER, 0);
		rig_reg_set(&r, e->group + 0x8, ~0U);
		ck_assert_uint_eq(rig_reg(&r, MASTER), 0);
	}
	rig_close(&r);
}
END_TEST

START_TEST(iir_is_write_one_to_clear)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	raise_event(&r, GVT_EVENT_RCS_USER);
	raise_event(&r, GVT_EVENT_RCS_SWITCH);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0x101);
	rig_reg_set(&r, 0x44308, 0);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0x101);
	rig_reg_set(&r, 0x44308, 0x100);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0x001);
	/* A narrow write acts on its own bytes alone. */
	rig_reg_set(&r, 0x220a8, 0);
	raise_event(&r, GVT_EVENT_BCS_USER);
	rig_write(&r, 0x44308, 0xff, 1);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0x10000);
	rig_write(&r, 0x4430a, 0xff, 1);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0);
	ck_assert_uint_eq(rig_reg(&r, MASTER), ENABLE);
	rig_close(&r);
}
END_TEST

START_TEST(acknowledging_sends_nothing)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	raise_event(&r, GVT_EVENT_RCS_USER);
	raise_event(&r, GVT_EVENT_RCS_SWITCH);
	ck_assert_uint_eq(take_all(&r), 2);
	rig_reg_set(&r, 0x44308, 0x1);
	ck_assert_uint_eq(take_all(&r), 0);
	rig_close(&r);
}
END_TEST

START_TEST(imr_ier_and_master_send_what_is_pending)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_reg_set(&r, 0x4430c, 0);
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert_uint_eq(take_all(&r), 0);
	rig_reg_set(&r, 0x4430c, 1);
	ck_assert_uint_eq(take_all(&r), 1);
	rig_reg_set(&r, 0x44304, 0);
	ck_assert_uint_eq(take_all(&r), 1);
	rig_reg_set(&r, MASTER, 0);
	ck_assert_uint_eq(take_all(&r), 0);
	ck_assert_uint_eq(rig_reg(&r, MASTER), 1);
	rig_reg_set(&r, MASTER, ENABLE);
	ck_assert_uint_eq(take_all(&r), 1);
	rig_reg_set(&r, 0x44308, 1);
	rig_reg_set(&r, MASTER, ENABLE);
	ck_assert_uint_eq(take_all(&r), 0);
	ck_assert_uint_eq(rig_info(&r).interrupts, 3);
	rig_close(&r);
}
END_TEST

START_TEST(only_bit_31_of_the_master_is_the_guests)
{
	struct rig r;

	rig_open(&r);
	rig_reg_set(&r, MASTER, ~0U);
	ck_assert_uint_eq(rig_reg(&r, MASTER), ENABLE);
	open_up(&r, &expected[0]);
	raise_event(&r, GVT_EVENT_RCS_USER);
	rig_reg_set(&r, MASTER, 0);
	ck_assert_uint_eq(rig_reg(&r, MASTER), 1);
	rig_close(&r);
}
END_TEST

/* An event masked when it happens is gone: unmasking later does not bring it back. */
START_TEST(a_masked_event_is_not_remembered)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_reg_set(&r, 0x44304, 1);
	raise_event(&r, GVT_EVENT_RCS_USER);
	rig_reg_set(&r, 0x44304, 0);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 0);
	ck_assert_uint_eq(take_all(&r), 0);
	rig_close(&r);
}
END_TEST

START_TEST(isr_is_not_the_guests)
{
	struct rig r;

	rig_open(&r);
	rig_reg_set(&r, 0x44300, ~0U);
	rig_reg_set(&r, 0xc4000, ~0U);
	ck_assert_uint_eq(rig_reg(&r, 0x44300), 0);
	ck_assert_uint_eq(rig_reg(&r, 0xc4000), 0);
	rig_close(&r);
}
END_TEST

START_TEST(msi_off_uses_the_pin)
{
	struct rig r;
	struct mpt_irq irq;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_cfg_write(&r, CONTROL, 0, 2);
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert(pin(&r));
	ck_assert_int_eq(mpt_irq_take(r.vm, &irq), 0);
	ck_assert(irq.intx);
	/* A level: more of the same is no further edge. */
	raise_event(&r, GVT_EVENT_RCS_SWITCH);
	ck_assert_uint_eq(take_all(&r), 0);
	rig_reg_set(&r, 0x44308, 0x1);
	ck_assert(pin(&r));
	rig_reg_set(&r, 0x44308, 0x100);
	ck_assert(!pin(&r));
	ck_assert_uint_eq(rig_info(&r).interrupts, 1);
	rig_close(&r);
}
END_TEST

START_TEST(the_pin_follows_the_master)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_cfg_write(&r, CONTROL, 0, 2);
	raise_event(&r, GVT_EVENT_RCS_USER);
	rig_reg_set(&r, MASTER, 0);
	ck_assert(!pin(&r));
	rig_reg_set(&r, MASTER, ENABLE);
	ck_assert(pin(&r));
	rig_reg_set(&r, 0x4430c, 0);
	ck_assert(!pin(&r));
	rig_close(&r);
}
END_TEST

START_TEST(command_bit_10_silences_the_pin)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_cfg_write(&r, CONTROL, 0, 2);
	rig_cfg_write(&r, 0x04, 0x406, 2);
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert(!pin(&r));
	ck_assert_uint_eq(take_all(&r), 0);
	rig_cfg_write(&r, 0x04, 0x006, 2);
	ck_assert(pin(&r));
	rig_cfg_write(&r, 0x04, 0x406, 2);
	ck_assert(!pin(&r));
	rig_close(&r);
}
END_TEST

START_TEST(enabling_msi_lowers_the_pin)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_cfg_write(&r, CONTROL, 0, 2);
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert(pin(&r));
	take_all(&r);
	rig_cfg_write(&r, CONTROL, 1, 2);
	ck_assert(!pin(&r));
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert_uint_eq(take_all(&r), 1);
	ck_assert(!pin(&r));
	rig_close(&r);
}
END_TEST

/* What a guest cannot set up, state that was loaded from elsewhere could hold. */
START_TEST(multi_message_msi_is_refused)
{
	u16 control = 0x0011;
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	memcpy(r.v->cfg + CONTROL, &control, sizeof(control));
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert_uint_eq(take_all(&r), 0);
	ck_assert(!pin(&r));
	ck_assert_uint_eq(rig_info(&r).interrupts, 0);
	ck_assert_uint_eq(rig_info(&r).errors, 1);
	control = 0x0001;
	memcpy(r.v->cfg + CONTROL, &control, sizeof(control));
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert_uint_eq(take_all(&r), 1);
	rig_close(&r);
}
END_TEST

START_TEST(failsafe_is_silent)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_cfg_write(&r, CONTROL, 0, 2);
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert(pin(&r));
	take_all(&r);
	/* The guest could not acknowledge any more, so the pin must not stay. */
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	ck_assert(!pin(&r));
	raise_event(&r, GVT_EVENT_RCS_SWITCH);
	rig_reg_set(&r, MASTER, ENABLE);
	rig_cfg_write(&r, CONTROL, 1, 2);
	rig_reg_set(&r, 0x4430c, ~0U);
	ck_assert_uint_eq(take_all(&r), 0);
	ck_assert_uint_eq(rig_reg(&r, 0x44308), 1);
	rig_close(&r);
}
END_TEST

START_TEST(a_reset_lowers_the_pin)
{
	struct rig r;

	rig_open(&r);
	open_up(&r, &expected[0]);
	rig_cfg_write(&r, CONTROL, 0, 2);
	raise_event(&r, GVT_EVENT_RCS_USER);
	ck_assert(pin(&r));
	r.ops->vgpu_reset(r.vgpu);
	ck_assert(!pin(&r));
	rig_close(&r);
}
END_TEST

static Suite *irq_suite(void)
{
	Suite *s = suite_create("gvt-irq");
	TCase *tc = tcase_create("registers");

	tcase_add_test(tc, every_event_is_in_the_table);
	tcase_add_loop_test(tc, quartet_truth_table, 0, 16);
	tcase_add_test(tc, iir_is_write_one_to_clear);
	tcase_add_test(tc, acknowledging_sends_nothing);
	tcase_add_test(tc, imr_ier_and_master_send_what_is_pending);
	tcase_add_test(tc, only_bit_31_of_the_master_is_the_guests);
	tcase_add_test(tc, a_masked_event_is_not_remembered);
	tcase_add_test(tc, isr_is_not_the_guests);
	suite_add_tcase(s, tc);
	tc = tcase_create("delivery");
	tcase_add_test(tc, msi_off_uses_the_pin);
	tcase_add_test(tc, the_pin_follows_the_master);
	tcase_add_test(tc, command_bit_10_silences_the_pin);
	tcase_add_test(tc, enabling_msi_lowers_the_pin);
	tcase_add_test(tc, multi_message_msi_is_refused);
	tcase_add_test(tc, failsafe_is_silent);
	tcase_add_test(tc, a_reset_lowers_the_pin);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { irq_suite };

	return mpt_test_main("gvt_irq", suites, N(suites));
}
