/* SPDX-License-Identifier: MIT */
/*
 * The back end when VHM refuses: each operation once for each service that it calls, with that call
 * failing. The operation says so, the guest's map and our records are as they were, and the next
 * try works; what cannot refuse (untrack, detach) leaves nothing behind whatever fails.
 */
#include "acrn_core.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define CALLS_MAX 4000U
/* More than VHM has numbers for clients. */
#define ATTACHES 1100U

/* Looking for RAM has no failure of its own: no answer is the answer that there is none. */
#define FAULTS (~0ULL & ~(1ULL << VHM_ID_map_guest_phys))

#define GFN_RAM 0x800UL
#define H (ac.vgpu.handle)

static int trap_on(void)
{
	return ac.vgpu.mpt->set_trap_area(H, AC_BAR0, AC_BAR0 + AC_BAR0_SIZE - 1, true);
}

static int trap_off(void)
{
	return ac.vgpu.mpt->set_trap_area(H, AC_BAR0, AC_BAR0 + AC_BAR0_SIZE - 1, false);
}

/* Over RAM: some pages of a large piece, from inside one piece into the next. */
static int ram_trap_on(void)
{
	return ac.vgpu.mpt->set_trap_area(H, 0x3ff000, 0x402fff, true);
}

static int ram_trap_off(void)
{
	return ac.vgpu.mpt->set_trap_area(H, 0x3ff000, 0x402fff, false);
}

static int map_on(void)
{
	return ac.vgpu.mpt->map_gfn_to_mfn(H, AC_BAR2 >> 12, AC_APERTURE, 0x1000, true);
}

static int map_off(void)
{
	return ac.vgpu.mpt->map_gfn_to_mfn(H, AC_BAR2 >> 12, AC_APERTURE, 0x1000, false);
}

/* With tracked pages among them. */
static int ram_map_on(void)
{
	return ac.vgpu.mpt->map_gfn_to_mfn(H, GFN_RAM - 2, AC_APERTURE, 600, true);
}

static int ram_map_off(void)
{
	return ac.vgpu.mpt->map_gfn_to_mfn(H, GFN_RAM - 2, AC_APERTURE, 600, false);
}

static int track_on(void)
{
	return ac.vgpu.mpt->enable_page_track(H, GFN_RAM + 5);
}

static int track_off(void)
{
	return ac.vgpu.mpt->disable_page_track(H, GFN_RAM + 5);
}

static int pv_on(void)
{
	return ac.vgpu.mpt->set_pvmmio(H, AC_BAR0, AC_BAR0 + MPT_HUGE_SIZE + 0xfff, true);
}

static int pv_off(void)
{
	return ac.vgpu.mpt->set_pvmmio(H, AC_BAR0, AC_BAR0 + MPT_HUGE_SIZE + 0xfff, false);
}

static const struct scene {
	const char *name;
	int (*on)(void);
	int (*off)(void);
	bool never; /* @off does not fail */
} scenes[] = {
	{ "trap", trap_on, trap_off, false },
	{ "trap over RAM", ram_trap_on, ram_trap_off, false },
	{ "map", map_on, map_off, false },
	{ "map over RAM", ram_map_on, ram_map_off, false },
	{ "track", track_on, track_off, true },
	{ "pvmmio", pv_on, pv_off, false },
};

/* --- failing the nth call --- */

static void arm(u64 nth)
{
	ac_provider()->fault = (struct vhm_fault){ .services = FAULTS, .nth = nth };
}

/* Whether the nth call came. */
static bool disarm(u64 nth)
{
	bool reached = ac_provider()->fault.calls >= nth;

	ac_provider()->fault = (struct vhm_fault){ .nth = 0 };
	return reached;
}

struct state {
	u64 ept, tracked, leaves;
	unsigned int traps, maps;
	bool pv;
};

static struct state state_now(void)
{
	const struct acrn_view *v = acrn_of()->view;

	return (struct state){
		.ept = acrn_ept_hash(ac_hvm()),
		.leaves = acrn_ept_pages(ac_hvm()),
		.tracked = acrn_of()->tracked,
		.traps = v->traps,
		.maps = v->maps,
		.pv = v->pv,
	};
}

static void same(const struct state *a, const char *what, u64 nth)
{
	struct state b = state_now();

	ck_assert_msg(a->ept == b.ept && a->leaves == b.leaves,
		      "%s, call %llu: the guest's map has changed", what, (unsigned long long)nth);
	ck_assert_msg(a->tracked == b.tracked && a->traps == b.traps && a->maps == b.maps &&
			      a->pv == b.pv,
		      "%s, call %llu: the record has changed", what, (unsigned long long)nth);
}

/* The operation with its nth call failing, then, if it failed, again. false: there is no nth. */
static bool nth_fails(const struct scene *s, bool on, u64 nth)
{
	int (*op)(void) = on ? s->on : s->off;
	struct state was = state_now();
	bool reached;
	int ret;

	arm(nth);
	ret = op();
	reached = disarm(nth);
	if (ret) {
		ck_assert_msg(reached, "%s fails by itself: %s", s->name, mpt_last_error());
		ck_assert_msg(ret == -ENOMEM || ret == -EFAULT, "%s: %d", s->name, ret);
		ck_assert(!(s->never && !on));
		same(&was, s->name, nth);
		ac_ok(op());
	}
	return reached;
}

/* _i: the scene. */
START_TEST(each_call_fails_once)
{
	const struct scene *s = &scenes[_i];
	bool more_on = true, more_off = true;
	struct state base;
	u64 nth;

	ac_open("acrn-sim");
	ac_ok(ac.vgpu.mpt->enable_page_track(H, GFN_RAM + 1));
	ac_ok(ac.vgpu.mpt->enable_page_track(H, GFN_RAM + 513));
	base = state_now();
	for (nth = 1; (more_on || more_off) && nth < CALLS_MAX; nth++) {
		more_on = nth_fails(s, true, nth);
		more_off = nth_fails(s, false, nth);
		/* A page that stays protected is given back with the vGPU, not before. */
		if (!s->never)
			same(&base, s->name, nth);
		ck_assert_uint_eq(state_now().tracked, base.tracked);
	}
	ck_assert_uint_lt(nth, CALLS_MAX);
	ac_close();
}
END_TEST

/* --- attaching and detaching --- */

START_TEST(attach_fails_at_each_call)
{
	bool reached = true;
	struct state base;
	int ret;
	u64 nth;

	ac_open("acrn-sim");
	ac_detach();
	base = state_now();
	for (nth = 1; reached && nth < 100; nth++) {
		mpt_target_set(ac.vm);
		arm(nth);
		ret = intel_gvt_hypervisor_attach_vgpu(&ac.vgpu);
		reached = disarm(nth);
		if (ret) {
			ck_assert(reached);
			ck_assert_msg(ret == -ENOMEM || ret == -ESRCH || ret == -EBUSY, "%d: %s",
				      ret, mpt_last_error());
			same(&base, "attach", nth);
			ac_attach();
		}
		mpt_target_set(NULL);
		ac_detach();
		same(&base, "detach", nth);
	}
	ck_assert_uint_gt(nth, 5);
	ac_close();
}
END_TEST

static void attach_often(int err)
{
	unsigned int i;

	mpt_target_set(ac.vm);
	for (i = 0; i < ATTACHES; i++) {
		ac_provider()->fault.calls = 0;
		ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&ac.vgpu), err);
	}
	mpt_target_set(NULL);
}

START_TEST(attach_without_a_page)
{
	struct state base;

	ac_open("acrn-sim");
	ac_detach();
	base = state_now();
	ac_provider()->fault = (struct vhm_fault){
		.services = 1ULL << VHM_ID_acrn_ioreq_get_reqbuf, .nth = 1
	};
	attach_often(-EBUSY);
	disarm(1);
	same(&base, "attach", 1);
	ac_attach();
	ac_close();
}
END_TEST

/* Behind all that VHM was asked for. */
START_TEST(attach_without_a_handle)
{
	unsigned long handle[MPT_HANDLE_SLOTS];
	struct state base;
	unsigned int n = 0;

	ac_open("acrn-sim");
	ac_detach();
	base = state_now();
	while (n < MPT_HANDLE_SLOTS && !mpt_handle_new(&acrn_handles, &ac, &ac, &handle[n]))
		n++;
	attach_often(-ENOSPC);
	same(&base, "attach", 0);
	while (n)
		ck_assert(mpt_handle_free(&acrn_handles, handle[--n]));
	ac_attach();
	ac_close();
}
END_TEST

static void everything_on(void)
{
	size_t i;

	for (i = 0; i < N(scenes); i++)
		ac_ok(scenes[i].on());
}

/* Whatever fails once on the way out, the guest has its own map again and nobody else's handler. */
START_TEST(detach_undoes_all)
{
	bool reached = true;
	struct state base;
	u64 nth, val = 1;

	ac_open("acrn-sim");
	ac_detach();
	base = state_now();
	for (nth = 1; reached && nth < CALLS_MAX; nth++) {
		ac_attach();
		everything_on();
		arm(nth);
		ac_detach();
		reached = disarm(nth);
		same(&base, "detach", nth);
		ac_ok(mpt_guest_write(ac.vm, (GFN_RAM + 5) << 12, &val, 8));
		ck_assert_uint_eq(ac.stores, 0);
	}
	ck_assert_uint_gt(nth, 10);
	ck_assert_uint_lt(nth, CALLS_MAX);
	ac_close();
}
END_TEST

/* --- memory --- */

START_TEST(each_allocation_fails_once)
{
	const struct scene *s = &scenes[_i];
	struct state base;
	bool reached = true;
	unsigned long n;
	int ret;

	ac_open("acrn-sim");
	base = state_now();
	for (n = 1; reached && n < 100; n++) {
		mpt_alloc_fail_at(n);
		ret = s->on();
		reached = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		if (ret) {
			ck_assert_msg(ret == -ENOMEM || ret == -EFAULT, "%s: %d", s->name, ret);
			same(&base, s->name, n);
			ac_ok(s->on());
		}
		/* What undoes it needs no memory of ours. */
		mpt_alloc_fail_at(1);
		ret = s->off();
		mpt_alloc_fail_at(0);
		if (ret)
			ac_ok(s->off());
		same(&base, s->name, n);
	}
	ck_assert_uint_lt(n, 100);
	ac_close();
}
END_TEST

static Suite *fail_suite(void)
{
	Suite *s = suite_create("acrn-fail");
	TCase *tc = tcase_create("services"), *mem = tcase_create("memory");

	tcase_add_loop_test(tc, each_call_fails_once, 0, N(scenes));
	tcase_add_test(tc, attach_fails_at_each_call);
	tcase_add_test(tc, attach_without_a_page);
	tcase_add_test(tc, attach_without_a_handle);
	tcase_add_test(tc, detach_undoes_all);
	tcase_add_loop_test(mem, each_allocation_fails_once, 0, N(scenes));
	suite_add_tcase(s, tc);
	suite_add_tcase(s, mem);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { fail_suite };

	return mpt_test_main("acrn-fail", suites, N(suites));
}
