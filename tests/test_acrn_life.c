/* SPDX-License-Identifier: MIT */
/*
 * The back end above VHM: who gets a vGPU and who does not, more of them than ACRN's own table has,
 * VMs that do not notice each other, and interrupts while the guest moves their address (scenarios
 * 1, 12 and 13 of doc/acrn.md).
 */
#include "acrn_core.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
/* ACRN's GVT has room for 15. */
#define VMS 17U
#define SHOTS 5000U
#define BASE 0xfee01000U

/* --- who gets one --- */

START_TEST(not_for_everybody)
{
	struct intel_vgpu second = { .mpt = NULL };
	struct acrn_sim *sim;
	struct mpt_vm *vm;
	u16 bare = 77;

	ac_open("acrn-sim");
	sim = acrn_of()->inst->machine.sim;
	/* A VM that nobody knows, and one that VHM knows but whose device model has not begun. */
	ck_assert_int_eq(mpt_vm_get(ac.host, 99, &vm), -ESRCH);
	ck_assert_int_eq(acrn_hc_create_vm(sim, 1, false, &bare), 0);
	ck_assert_int_eq(acrn_svm_add(sim, bare), 0);
	ac_ok(mpt_vm_get(ac.host, bare, &vm));
	second.mpt = mpt_host_table(ac.host);
	mpt_target_set(vm);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&second), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "request page"));
	/* The one that has a vGPU gets no other. */
	mpt_target_set(ac.vm);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&second), -EEXIST);
	mpt_target_set(NULL);
	mpt_vm_put(vm);
	acrn_svm_del(sim, bare);
	acrn_hc_pause_vm(sim, bare);
	ck_assert_int_eq(acrn_hc_destroy_vm(sim, bare), 0);
	ac_close();
}
END_TEST

/* Each access goes to its own vGPU: the last one told is the one that was asked. */
START_TEST(more_than_fifteen)
{
	struct intel_vgpu vgpu[VMS];
	struct mpt_vm *vm[VMS];
	unsigned int i;
	u32 val;

	ac_open("acrn-sim:vcpus=1");
	memset(vgpu, 0, sizeof(vgpu));
	for (i = 0; i < VMS; i++) {
		ac_ok(mpt_vm_create(ac.host, 100 + i));
		ac_ok(mpt_vm_get(ac.host, 100 + i, &vm[i]));
		vgpu[i].mpt = mpt_host_table(ac.host);
		mpt_target_set(vm[i]);
		ac_ok(intel_gvt_hypervisor_attach_vgpu(&vgpu[i]));
		ac_ok(intel_gvt_hypervisor_set_trap_area(&vgpu[i], AC_BAR0, AC_BAR0 + 0xffff,
							 true));
	}
	mpt_target_set(NULL);
	for (i = 0; i < 3 * VMS; i++) {
		ac_ok(mpt_guest_read(vm[i % VMS], AC_BAR0 + 8 * i, &val, 4));
		ck_assert_uint_eq(val, 0x5a5a5a5a);
		ck_assert_ptr_eq(ac.last_vgpu, &vgpu[i % VMS]);
		ck_assert_uint_eq(ac.last_addr, AC_BAR0 + 8 * i);
	}
	for (i = 0; i < VMS; i++) {
		intel_gvt_hypervisor_detach_vgpu(&vgpu[i]);
		mpt_vm_put(vm[i]);
		ac_ok(mpt_vm_destroy(ac.host, 100 + i));
	}
	ac_close();
}
END_TEST

/* --- interrupts while their address moves --- */

static u32 address;
static bool shooting;

static void *shoot(void *arg)
{
	u32 addr;
	unsigned int i;

	(void)arg;
	for (i = 0; i < SHOTS; i++) {
		addr = __atomic_load_n(&address, __ATOMIC_RELAXED);
		/* The data goes with the address, as the guest wrote both. */
		if (ac.vgpu.mpt->inject_msi(ac.vgpu.handle, addr, (u16)(0x40 + (addr >> 4 & 7))))
			return (void *)1;
	}
	return NULL;
}

static void *move(void *arg)
{
	u32 i;

	(void)arg;
	for (i = 0; __atomic_load_n(&shooting, __ATOMIC_RELAXED); i++)
		__atomic_store_n(&address, BASE + (i % 8 << 4), __ATOMIC_RELAXED);
	return NULL;
}

/* Each message arrives, as one of those that were sent, and with its own data. */
START_TEST(an_address_that_moves)
{
	pthread_t shooter[3], mover;
	u64 got = 0, delivered, merged, dropped;
	struct mpt_vm_stats stats;
	struct mpt_irq irq;
	unsigned int i;
	void *bad;

	ac_open("acrn-sim");
	address = BASE;
	shooting = true;
	pthread_create(&mover, NULL, move, NULL);
	for (i = 0; i < N(shooter); i++)
		pthread_create(&shooter[i], NULL, shoot, NULL);
	for (i = 0; i < N(shooter); i++) {
		pthread_join(shooter[i], &bad);
		ck_assert_ptr_null(bad);
	}
	__atomic_store_n(&shooting, false, __ATOMIC_RELAXED);
	pthread_join(mover, NULL);
	while (!mpt_irq_take(ac.vm, &irq)) {
		ck_assert_uint_eq(irq.addr & ~0x70U, BASE);
		ck_assert_uint_eq(irq.data, 0x40 + (irq.addr >> 4 & 7));
		got++;
	}
	ac_ok(mpt_vm_stats_get(ac.vm, &stats));
	ck_assert_uint_eq(got + stats.irq_lost, N(shooter) * SHOTS);
	acrn_msi_counts(ac_hvm(), &delivered, &merged, &dropped);
	ck_assert_uint_eq(delivered + merged, N(shooter) * SHOTS);
	ck_assert_uint_eq(dropped, 0);
	ac_close();
}
END_TEST

/* --- what comes while a VM is made, reset or ended --- */

static bool looking;

static void *look(void *arg)
{
	struct mpt_vm *vm;

	(void)arg;
	while (__atomic_load_n(&looking, __ATOMIC_RELAXED))
		if (!mpt_vm_get(ac.host, 7, &vm))
			mpt_vm_put(vm);
	return NULL;
}

/* Who asks for a VM gets one that is there, or none: never what is left of the one before. */
START_TEST(asked_for_meanwhile)
{
	pthread_t t;
	int i, ret;

	ac_open("acrn-sim");
	looking = true;
	pthread_create(&t, NULL, look, NULL);
	for (i = 0; i < 300; i++) {
		ac_ok(mpt_vm_create(ac.host, 7));
		while ((ret = mpt_vm_destroy(ac.host, 7)) == -EBUSY)
			;
		ac_ok(ret);
	}
	__atomic_store_n(&looking, false, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	ac_close();
}
END_TEST

static void *reset(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < 200; i++)
		if (acrn_sim_vm_reset(acrn_of()->inst->machine.sim, 1))
			return (void *)1;
	__atomic_store_n(&shooting, false, __ATOMIC_RELAXED);
	return NULL;
}

/* A pause waits for who is inside an operation; who is inside one waits for no pause. */
START_TEST(interrupts_during_resets)
{
	pthread_t t;
	void *bad;

	ac_open("acrn-sim");
	shooting = true;
	pthread_create(&t, NULL, reset, NULL);
	while (__atomic_load_n(&shooting, __ATOMIC_RELAXED)) {
		ac_ok(ac.vgpu.mpt->inject_msi(ac.vgpu.handle, BASE, 0x40));
		ck_assert_uint_ne(intel_gvt_hypervisor_gfn_to_mfn(&ac.vgpu, 1), ~0UL);
	}
	pthread_join(t, &bad);
	ck_assert_ptr_null(bad);
	ac_close();
}
END_TEST

static Suite *life_suite(void)
{
	Suite *s = suite_create("acrn-life");
	TCase *tc = tcase_create("life");

	tcase_add_test(tc, not_for_everybody);
	tcase_add_test(tc, more_than_fifteen);
	tcase_add_test(tc, an_address_that_moves);
	tcase_add_test(tc, asked_for_meanwhile);
	tcase_add_test(tc, interrupts_during_resets);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { life_suite };

	return mpt_test_main("acrn-life", suites, N(suites));
}
