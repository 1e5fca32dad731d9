/* SPDX-License-Identifier: MIT */
/*
 * The back end above VHM: leaving while requests are under way, from inside one, when the VM has
 * died before, and when somebody else has to answer.
 */
#include "acrn_core.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define H (ac.vgpu.handle)
#define PAGE 4096ULL

static bool stop;

static void *guest(void *arg)
{
	u64 n = (u64)(uintptr_t)arg, val = n, i;

	for (i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		mpt_guest_read(ac.vm, AC_BAR0 + i % 512 * 8, &val, 8);
		mpt_guest_write(ac.vm, 0x800000 + n * PAGE + i % 512 * 8, &i, 8);
		mpt_guest_cfg_read(ac.vm, 0, &val, 4);
	}
	return NULL;
}

/* _i: 0: vCPUs are told, 1: they poll. No access hangs, and none is left behind. */
START_TEST(leaving_under_load)
{
	pthread_t thread[3];
	unsigned int i, n;
	u64 hash, trips = 40;

	ac_open(_i ? "acrn-sim:polling=yes" : "acrn-sim");
	hash = acrn_ept_hash(ac_hvm());
	stop = false;
	for (i = 0; i < N(thread); i++)
		pthread_create(&thread[i], NULL, guest, (void *)(uintptr_t)i);
	for (n = 0; n < trips; n++) {
		ac_bar_on();
		for (i = 0; i < N(thread); i++)
			ac_ok(ac.vgpu.mpt->enable_page_track(H, 0x800 + i));
		ac_ok(ac.vgpu.mpt->set_pvmmio(H, AC_BAR0, AC_BAR0 + MPT_HUGE_SIZE + 0xfff, true));
		os_yield();
		ac_detach();
		ck_assert_uint_eq(acrn_ept_hash(ac_hvm()), hash);
		ac_attach();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < N(thread); i++)
		pthread_join(thread[i], NULL);
	ac_close();
}
END_TEST

static void answered_by_another(void)
{
	ac.hook = NULL;
	acrn_complete_rest(acrn_of());
}

/* Who waits too long for the handler answers in its stead: the handler's own answer is dropped. */
START_TEST(answered_once)
{
	u32 val = 0;
	int i;

	ac_open("acrn-sim");
	ac_bar_on();
	for (i = 0; i < 20; i++) {
		ac.hook = answered_by_another;
		ac_ok(mpt_guest_read(ac.vm, AC_BAR0, &val, 4));
		ck_assert_uint_eq(val, 0xffffffff);
		ac_ok(mpt_guest_read(ac.vm, AC_BAR0, &val, 4));
		ck_assert_uint_eq(val, 0x5a5a5a5a);
	}
	ac_close();
}
END_TEST

static void leave_from_inside(void)
{
	ac.hook = NULL;
	intel_gvt_hypervisor_detach_vgpu(&ac.vgpu);
}

START_TEST(not_from_inside)
{
	unsigned long handle;
	u32 val = 0;

	ac_open("acrn-sim");
	ac_bar_on();
	handle = H;
	ac.hook = leave_from_inside;
	ac_ok(mpt_guest_read(ac.vm, AC_BAR0, &val, 4));
	ck_assert_uint_eq(val, 0x5a5a5a5a);
	/* It is still there; the wrapper has forgotten the handle. */
	ac.vgpu.handle = handle;
	ac_ok(mpt_guest_read(ac.vm, AC_BAR0, &val, 4));
	ck_assert_uint_eq(ac.mmio, 2);
	ac_close();
}
END_TEST

/* VHM destroys all clients of a VM that ends, ours too: the rest is done all the same. */
START_TEST(the_client_is_gone_before)
{
	struct vhm_vm *vm;
	u64 hash;

	ac_open("acrn-sim");
	hash = acrn_ept_hash(ac_hvm());
	ac_bar_on();
	ac_ok(ac.vgpu.mpt->enable_page_track(H, 0x800));
	ac_ok(ac.vgpu.mpt->map_gfn_to_mfn(H, AC_BAR2 >> 12, AC_APERTURE, 16, true));
	vm = find_get_vm(acrn_of()->vmid);
	acrn_ioreq_free(vm);
	put_vm(vm);
	ck_assert_int_ne(ac.vgpu.mpt->set_trap_area(H, AC_BAR2, AC_BAR2 + 0xfff, true), 0);
	ac_ok(ac.vgpu.mpt->map_gfn_to_mfn(H, AC_BAR2 >> 12, AC_APERTURE, 16, false));
	ac_detach();
	ck_assert_uint_eq(acrn_ept_hash(ac_hvm()), hash);
	ac_close();
}
END_TEST

static Suite *leave_suite(void)
{
	Suite *s = suite_create("acrn-leave");
	TCase *tc = tcase_create("leaving");

	tcase_add_loop_test(tc, leaving_under_load, 0, 2);
	tcase_add_test(tc, answered_once);
	tcase_add_test(tc, not_from_inside);
	tcase_add_test(tc, the_client_is_gone_before);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { leave_suite };

	return mpt_test_main("acrn-leave", suites, N(suites));
}
