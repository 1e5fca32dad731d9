/* SPDX-License-Identifier: MIT */
/*
 * What cannot be executed: images, rings and tables that are wrong, memory that is not there, calls
 * and allocations that fail, commands that name registers they must not. Each time the engine
 * hangs, nothing leaks, and a reset makes it good again.
 */
#include "exec_rig.h"
#include "lib/runner.h"

#define OUTSIDE 0x00300000U /* an address of nobody */

/* One dword of a good image that makes it a bad one. */
static const struct {
	u32 dword, value;
	bool failsafe;
} bad_images[] = {
	{ IMG_CTL, 0, false }, /* not enabled */
	{ IMG_CTL, 0x2001, false }, /* three pages */
	{ IMG_CTL, 0x1fe001, false }, /* 511 pages */
	{ IMG_START, 0x04000800, false }, /* not a page's begin */
	{ IMG_START, OUTSIDE, true },
	{ IMG_START, 0, true },
	{ IMG_START, 0xfffff000, false }, /* the last page of the share, no entry */
	{ IMG_START, 0x04700000, false }, /* in the share, but no entry there */
	{ IMG_HEAD, CTX_RING_SIZE, false },
	{ IMG_HEAD, 0x1ffffc, false },
	{ IMG_TAIL, CTX_RING_SIZE, false },
	{ IMG_TAIL, 0x14, false },
	{ IMG_TAIL, 0xfffffff8, false },
	{ IMG_PDP_LDW(0), 0x06000000, false }, /* no RAM */
	{ IMG_PDP_UDW(0), 0xffffffff, false },
};

static void reset_engine(struct exec *x, enum gvt_engine e)
{
	static const u32 bit[GVT_NUM_ENGINES] = { 1U << 1, 1U << 2, 1U << 3, 1U << 4 };

	rig_reg_set(&x->r[0], GDRST, bit[e]);
	exec_resume(x, 0);
}

/* @failsafe: nothing works until DMLR. */
static void works_again(struct exec *x, enum gvt_engine e, bool failsafe)
{
	struct rig *r = &x->r[0];
	const u32 want[][2] = { { 1, 0 }, { 0x18, ctx_id(5) } };

	if (failsafe) {
		r->ops->vgpu_reset(r->vgpu);
		rig_cfg_place(r);
		exec_resume(x, 0);
		exec_contexts(r);
	} else {
		reset_engine(x, e);
	}
	fake(r, e)->steps = fake(r, e)->at = 0;
	ctx_more(r, 5, 2);
	submit(r, e, 5, -1);
	csb_check(x, 0, e, want, 2);
}

static void is_hung(struct exec *x, enum gvt_engine e, unsigned int times, bool failsafe)
{
	struct gvt_vgpu_info info = rig_info(&x->r[0]);

	ck_assert_uint_eq(info.hung, times);
	ck_assert_int_eq(info.failsafe, failsafe ? GVT_FAILSAFE_GUEST_ERR : GVT_FAILSAFE_NONE);
	ck_assert_uint_eq(info.errors, 0);
	ck_assert(!gvt_run_pending(x->r[0].gvt));
	ck_assert_uint_eq(gvt_run(x->r[0].gvt, 100), 0);
	/* The context is still the engine's. */
	ck_assert_uint_ne(gvt_vreg(x->r[0].v, exec_base[e] + 0x234) & 0x60000, 0);
}

START_TEST(bad_image)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	img_set(r, 0, bad_images[_i].dword, bad_images[_i].value);
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "R");
	is_hung(&x, GVT_RCS, 1, bad_images[_i].failsafe);
	works_again(&x, GVT_RCS, bad_images[_i].failsafe);
	exec_close(&x);
}
END_TEST

/* The same as a list's second: the first one is executed. */
START_TEST(bad_second)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	ctx_more(r, 1, 8);
	img_set(r, 1, bad_images[_i].dword, bad_images[_i].value);
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x14, ctx_id(0) });
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLrs");
	is_hung(&x, GVT_RCS, 1, bad_images[_i].failsafe);
	works_again(&x, GVT_RCS, bad_images[_i].failsafe);
	exec_close(&x);
}
END_TEST

/* A ring of 2 MiB, the longest, at the end of the share; then one page nearer to it. */
START_TEST(the_longest_ring)
{
	u32 end = 0x05000000, i;
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	img_set(r, 0, IMG_CTL, 0x1ff001);
	img_set(r, 0, IMG_START, end - (2U << 20));
	img_set(r, 0, IMG_HEAD, (2U << 20) - 8);
	for (i = 0; i < 2; i++)
		exec_pte(r, end - (i ? 2U << 20 : 0x1000), GPA_CTX | 1);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	ck_assert_uint_eq(fake(r, GVT_RCS)->work.ring_size, 2U << 20);
	img_set(r, 0, IMG_START, end - (2U << 20) + 0x1000);
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	is_hung(&x, GVT_RCS, 1, true);
	exec_close(&x);
}
END_TEST

static const struct {
	u32 low;
	bool failsafe;
} bad_descriptors[] = {
	{ OUTSIDE | 0x119, true },
	{ 0x04fff119, true }, /* its second page is another's */
	{ 0xfffff119, true },
	{ 0x04700119, false }, /* no entry there */
	{ 0x04000101, false }, /* shared virtual memory */
	{ 0x04000111, false },
};

START_TEST(bad_descriptor)
{
	u32 dw[4] = { 0, 0, ctx_id(0), bad_descriptors[_i].low };
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	rig_ok(elsp_try(r, GVT_VCS, dw));
	csb_is(&x, GVT_VCS, { 1, 0 });
	is_hung(&x, GVT_VCS, 1, bad_descriptors[_i].failsafe);
	works_again(&x, GVT_VCS, bad_descriptors[_i].failsafe);
	exec_close(&x);
}
END_TEST

/* Other engines go on; of what is submitted to this one the last list waits. */
START_TEST(a_hung_engine)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	ctx_more(r, 0, 8);
	ctx_more(r, 1, 2);
	script(r, GVT_RCS, GVT_HW_HUNG, 3, 5);
	submit(r, GVT_RCS, 0, 1);
	csb_is(&x, GVT_RCS, { 1, 0 });
	is_hung(&x, GVT_RCS, 1, false);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x34), 20);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x30), 32);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x74), ctx_addr(r, 0) + CTX_RING + 20);
	submit(r, GVT_RCS, 2, -1);
	submit(r, GVT_RCS, 0, -1);
	csb_none(&x, GVT_RCS);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x234), 0x44016);
	ck_assert_str_eq(fake(r, GVT_RCS)->log, "RLr");
	submit(r, GVT_BCS, 1, -1);
	csb_is(&x, GVT_BCS, { 1, 0 }, { 0x18, ctx_id(1) });
	reset_engine(&x, GVT_RCS);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x234), 0);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x34), 0);
	csb_none(&x, GVT_RCS);
	ck_assert_uint_eq(img(r, 0, IMG_HEAD), 0);
	works_again(&x, GVT_RCS, false);
	exec_close(&x);
}
END_TEST

/* An entry that waits for its other half names no page: nothing is written where it may point. */
START_TEST(half_a_status_page)
{
	struct exec x;
	struct rig *r = &x.r[0];
	u64 addr;

	exec_open(&x);
	addr = r->v->low.start + HWS;
	rig_write(r, GVT_GTT_OFFSET + (addr >> 12) * 8, GPA_HWS | 1, 4);
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(ram_get(r, GPA_HWS + 0x7c), 5);
	ck_assert_uint_eq(ereg(r, GVT_RCS, 0x3a0) & 7, 1);
	rig_write(r, GVT_GTT_OFFSET + (addr >> 12) * 8 + 4, 0, 4);
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(ram_get(r, GPA_HWS + 0x7c), 3);
	exec_close(&x);
}
END_TEST

START_TEST(failsafe_stops)
{
	struct exec x;
	struct rig *r = &x.r[0];

	exec_open(&x);
	fake(r, GVT_RCS)->endless = true;
	submit(r, GVT_RCS, 0, -1);
	ck_assert(gvt_run_pending(r->gvt));
	gvt_vgpu_failsafe_enter(r->vgpu, GVT_FAILSAFE_RESOURCES);
	ck_assert(!gvt_run_pending(r->gvt));
	ck_assert_uint_eq(gvt_run(r->gvt, 100), 0);
	fake(r, GVT_RCS)->endless = false;
	works_again(&x, GVT_RCS, true);
	exec_close(&x);
}
END_TEST

/* --- Fail-N --- */

static void longer(struct exec *x)
{
	struct rig *r = &x->r[0];

	exec_contexts(r);
	ctx_more(r, 0, 300);
	ctx_more(r, 1, 400);
	fake(r, GVT_RCS)->steps = fake(r, GVT_RCS)->at = 0;
	script(r, GVT_RCS, GVT_HW_MORE, 4096, 3);
	submit(r, GVT_RCS, 0, -1);
	ctx_more(r, 0, 600);
	submit(r, GVT_RCS, 0, 1);
	gvt_run(r->gvt, 100000);
}

/* The nth allocation of submissions fails: a hang, and a reset later all is well. */
START_TEST(each_allocation)
{
	unsigned int n, hung = 0;
	struct exec x;

	exec_open_spec(&x, "mock", 1);
	for (n = 1; n < 50; n++) {
		long live = mpt_alloc_live();
		u64 before = rig_info(&x.r[0]).hung;

		mpt_alloc_fail_at(n);
		longer(&x);
		if (!mpt_alloc_failed())
			break;
		ck_assert_uint_eq(rig_info(&x.r[0]).hung, before + 1);
		hung++;
		works_again(&x, GVT_RCS, false);
		/* Room for commands stays; it is not taken for each of them. */
		ck_assert_int_le(mpt_alloc_live(), live + 2);
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(hung, 2);
	ck_assert_uint_lt(n, 50);
	exec_close(&x);
}
END_TEST

/* The nth call of the back end fails; without a write to the status page the rest goes on. */
START_TEST(each_call)
{
	unsigned int n, hung = 0, fine = 0;
	enum mpt_op_id op;
	struct exec x;

	exec_open_spec(&x, "check,fault,mock", 1);
	for (n = 1; n < 100; n++) {
		u64 before = rig_info(&x.r[0]).hung;
		bool failed;

		exec_contexts(&x.r[0]);
		rig_ok(mpt_fault_at(x.r[0].host, MPT_OP_COUNT, n, 0));
		longer(&x);
		failed = mpt_fault_fired(x.r[0].host, &op);
		rig_ok(mpt_fault_at(x.r[0].host, MPT_OP_COUNT, 0, 0));
		if (!failed)
			break;
		if (rig_info(&x.r[0]).hung > before)
			hung++;
		else
			fine++;
		works_again(&x, GVT_RCS, false);
	}
	ck_assert_uint_gt(hung, 3);
	ck_assert_uint_gt(fine, 3);
	ck_assert_uint_lt(n, 100);
	exec_close(&x);
}
END_TEST

static void no_engines(struct exec *x)
{
	struct rig *r = &x->r[0];
	unsigned int n;

	for (n = 1; n <= GVT_NUM_ENGINES; n++) {
		struct intel_vgpu_type type;
		struct intel_vgpu *vgpu;

		gvt_type_init(&type, 16ULL << 20, 16ULL << 20, 4);
		fake_fail_at = n;
		vgpu = mpt_vgpu_create(r->vm, r->gvt, &type);
		ck_assert(MPT_IS_ERR(vgpu));
		ck_assert_int_eq(MPT_PTR_ERR(vgpu), -ENOMEM);
		ck_assert_uint_eq(fake_engines, 0);
		rig_ledger_empty(r);
	}
}

START_TEST(each_engine_at_creation)
{
	struct gvt_config config = { .size = 0 };
	struct exec x;

	exec_device(&x, RIG_SPEC, &config);
	no_engines(&x);
	exec_vgpu(&x, 0, 1);
	x.vgpus = 1;
	works_again(&x, GVT_RCS, false);
	exec_close(&x);
}
END_TEST

/* All of them or none; with none a submission is taken, and that is all. */
START_TEST(members_of_the_hardware)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256ULL << 20 };
	u32 dw[4] = { 0, 0, 1, 0x119 };
	struct gvt_hw hw;
	struct rig r;
	int n;

	rig_open_spec(&r, RIG_SPEC, NULL);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	rig_ok(gvt_close(r.gvt));
	fake_open(r.host, &hw);
	config.hw = &hw;
	for (n = 0; n < 6; n++) {
		struct gvt_hw part = hw;

		config.hw = &part;
		part.engine_free = n == 0 ? NULL : hw.engine_free;
		part.load = n == 1 ? NULL : hw.load;
		part.run = n == 2 ? NULL : hw.run;
		part.save = n == 3 ? NULL : hw.save;
		part.engine_reset = n == 4 ? NULL : hw.engine_reset;
		part.head = n == 5 ? NULL : hw.head;
		ck_assert_int_eq(gvt_open(r.host, &config, &r.gvt), -EINVAL);
	}
	config.hw = &hw;
	hw.engine_new = NULL;
	rig_ok(gvt_open(r.host, &config, &r.gvt));
	rig_vgpu(&r);
	rig_cfg_place(&r);
	rig_ok(elsp_try(&r, GVT_RCS, dw));
	rig_reg_set(&r, 0x209c, 0x01000100);
	ck_assert_uint_eq(rig_info(&r).submissions, 0);
	ck_assert_uint_eq(gvt_run(r.gvt, 100), 0);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	rig_ok(gvt_close(r.gvt));
	hw.close(hw.priv);
	r.vgpu = NULL;
	r.gvt = NULL;
	rig_close(&r);
}
END_TEST

/* --- registers that commands name --- */

static const struct {
	u32 reg;
	bool written;
} command_regs[] = {
	{ 0x02600, true }, /* a general purpose register */
	{ 0x07014, true }, /* a cache's mode */
	{ 0x0209c, true }, /* MI_MODE, but see its own test */
	{ 0x1fffc0, true }, /* nobody's */
	{ 0x02230, false }, /* ELSP */
	{ 0x22230, false },
	{ 0x0941c, false }, /* GDRST */
	{ 0x020d0, false }, /* RESET_CTL */
	{ 0x02080, false }, /* the status page's address */
	{ 0x0229c, false }, /* execlists on or off */
	{ 0x44200, false }, /* the master interrupt */
	{ 0x020a8, false },
	{ 0x78818, false }, /* PVINFO: g2v_notify */
	{ 0x78860, false },
	{ 0x100000, false }, /* a fence */
	{ 0x02358, false }, /* the timestamp is nobody's to write */
	{ 0x02601, false }, /* not a register's begin */
	{ 0x200000, false },
	{ 0xfffffffc, false },
};

static int at_reg;
static u32 old_value, new_value;

static void write_inside(struct fake_engine *e)
{
	u32 reg = command_regs[at_reg].reg;

	old_value = e->client.reg_read(e->client.arg, reg);
	e->client.reg_write(e->client.arg, reg, 0x00400040);
	new_value = e->client.reg_read(e->client.arg, reg);
}

static u64 stopped_clock(void *arg)
{
	return *(u64 *)arg;
}

START_TEST(registers_of_commands)
{
	u64 ns = 5000000123;
	struct gvt_config config = { .clock_ns = stopped_clock, .clock_arg = &ns };
	struct exec x;
	struct rig *r = &x.r[0];

	at_reg = _i;
	exec_device(&x, RIG_SPEC, &config);
	exec_vgpu(&x, 0, 1);
	x.vgpus = 1;
	fake(r, GVT_RCS)->inside = write_inside;
	submit(r, GVT_RCS, 0, -1);
	csb_is(&x, GVT_RCS, { 1, 0 }, { 0x18, ctx_id(0) });
	ck_assert_msg((new_value != old_value) == command_regs[_i].written, "0x%x: 0x%x, then 0x%x",
		      command_regs[_i].reg, old_value, new_value);
	ck_assert(command_regs[_i].written || !(new_value & 0x00400000));
	exec_close(&x);
}
END_TEST

static u64 ticks_inside;

static void now_inside(struct fake_engine *e)
{
	ticks_inside = e->client.now(e->client.arg);
}

/* 12 MHz. */
START_TEST(timestamps)
{
	u64 ns = 0;
	struct gvt_config config = { .clock_ns = stopped_clock, .clock_arg = &ns };
	struct exec x;
	struct rig *r = &x.r[0];

	exec_device(&x, RIG_SPEC, &config);
	exec_vgpu(&x, 0, 1);
	x.vgpus = 1;
	fake(r, GVT_RCS)->inside = now_inside;
	ns = 1000000000;
	submit(r, GVT_RCS, 0, -1);
	ck_assert_uint_eq(ticks_inside, 12000000);
	ck_assert_uint_eq(rig_reg(r, 0x2358), 12000000);
	ck_assert_uint_eq(rig_reg(r, 0x235c), 0);
	ns = 84;
	ck_assert_uint_eq(rig_reg(r, 0x22358), 1);
	ns = ~0ULL; /* 584 years */
	ck_assert_uint_eq(rig_reg(r, 0x2358), (u32)(221360928884514619ULL));
	ck_assert_uint_eq(rig_reg(r, 0x235c), (u32)(221360928884514619ULL >> 32));
	exec_close(&x);
}
END_TEST

START_TEST(the_default_clock_goes)
{
	struct exec x;
	u32 first;

	exec_open(&x);
	first = rig_reg(&x.r[0], 0x2358);
	while (rig_reg(&x.r[0], 0x2358) - first < 12)
		;
	exec_close(&x);
}
END_TEST

static Suite *exec_bad_suite(void)
{
	Suite *s = suite_create("gvt-exec-bad");
	TCase *tc = tcase_create("guest");

	tcase_add_loop_test(tc, bad_image, 0, N(bad_images));
	tcase_add_loop_test(tc, bad_second, 0, N(bad_images));
	tcase_add_test(tc, the_longest_ring);
	tcase_add_loop_test(tc, bad_descriptor, 0, N(bad_descriptors));
	tcase_add_test(tc, a_hung_engine);
	tcase_add_test(tc, half_a_status_page);
	tcase_add_test(tc, failsafe_stops);
	suite_add_tcase(s, tc);

	tc = tcase_create("failures");
	tcase_add_test(tc, each_allocation);
	tcase_add_test(tc, each_call);
	tcase_add_test(tc, each_engine_at_creation);
	tcase_add_test(tc, members_of_the_hardware);
	suite_add_tcase(s, tc);

	tc = tcase_create("commands");
	tcase_add_loop_test(tc, registers_of_commands, 0, N(command_regs));
	tcase_add_test(tc, timestamps);
	tcase_add_test(tc, the_default_clock_goes);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { exec_bad_suite };

	return mpt_test_main("gvt_exec_bad", suites, N(suites));
}
