/* SPDX-License-Identifier: MIT */
/*
 * kvm-stub where two things meet: one is stopped halfway, in a section of the test's own, and the
 * other must wait or must find nothing gone. Load without an order is test_kvm_threads.c's.
 */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "kvm_rig.h"

#define HOT 6 /* a frame */
#define GOING (8 * HUGE)
#define LONG_ENOUGH 20000 /* us: for a thread to pass where it should wait */

static void setup(void)
{
	rig_open("kvm-stub");
	rig_ram(0, HUGE, 0);
}

static void at(const bool *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

/* --- a store that did not see the protection --- */

struct enabler {
	bool ready, go, done;
};

/* A thread's first section may wait for others to end: it is over before the test begins. */
static void *enables(void *arg)
{
	struct enabler *e = arg;

	mpt_rcu_leave(mpt_rcu_enter());
	set(&e->ready);
	at(&e->go);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, HOT), 0);
	set(&e->done);
	return NULL;
}

/* The section stands for a vCPU between its look at the bit and the end of its store. */
START_TEST(second_track_waits_too)
{
	struct enabler e[2] = { { .done = false }, { .done = false } };
	unsigned long old;
	pthread_t t[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		pthread_create(&t[i], NULL, enables, &e[i]);
		at(&e[i].ready);
	}
	old = mpt_rcu_enter();
	set(&e[0].go);
	while (!mpt_svc_protected(rig_svc(), HOT))
		sched_yield();
	set(&e[1].go);
	usleep(LONG_ENOUGH);
	for (i = 0; i < 2; i++)
		ck_assert(!__atomic_load_n(&e[i].done, __ATOMIC_ACQUIRE));
	mpt_rcu_leave(old);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_eq(rig_stats().tracked, 1);
}
END_TEST

/* --- frames that the device has still in hand --- */

static void *unmaps(void *bus)
{
	rig_unmap(*(dma_addr_t *)bus);
	return NULL;
}

/* The section stands for a device between its look at the mapping and its access to the frame. */
START_TEST(frames_wait_for_the_device)
{
	dma_addr_t bus;
	unsigned long old;
	u64 pfn, page;
	pthread_t t;

	rig_ram(GOING, PAGE, 0);
	ck_assert_int_eq(rig_map(GOING / PAGE, PAGE, &bus), 0);
	pfn = rig_mfn(GOING / PAGE);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, GOING, PAGE), 0);
	old = mpt_rcu_enter();
	pthread_create(&t, NULL, unmaps, &bus);
	while (mpt_svc_iommu_owner(rig_svc()->svc, bus))
		sched_yield();
	usleep(LONG_ENOUGH);
	ck_assert_ptr_nonnull(mpt_svc_page(rig_svc()->svc, pfn, &page));
	mpt_rcu_leave(old);
	pthread_join(t, NULL);
	ck_assert_ptr_null(mpt_svc_page(rig_svc()->svc, pfn, &page));
}
END_TEST

/* --- RAM that goes with its tracks while the vGPU goes --- */

static void *detaches(void *vgpu)
{
	intel_gvt_hypervisor_detach_vgpu(vgpu);
	return NULL;
}

/* A slot goes: its track is taken away, but not yet counted down. */
START_TEST(tracks_are_counted_once)
{
	struct svc_vm *vm = rig_svc();
	pthread_t t;

	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, HOT), 0);
	os_mutex_lock(&vm->slots_lock);
	os_fetch_and(&vm->wp[0], ~(1ULL << HOT));
	pthread_create(&t, NULL, detaches, &rig.vgpu);
	usleep(LONG_ENOUGH);
	os_fetch_add(&vm->nr_wp, -1ULL);
	os_mutex_unlock(&vm->slots_lock);
	pthread_join(t, NULL);
	ck_assert_uint_eq(rig_stats().tracked, 0);
	rig_attach();
}
END_TEST

/* --- a vGPU beside another that goes --- */

#define OTHER_ROUNDS 500

struct foreign {
	dma_addr_t bus;
	bool there, stop;
};

/* Addresses of the other's: no effect, and nothing of the other is touched. */
static void *unmaps_foreign(void *arg)
{
	struct foreign *f = arg;

	at(&f->there);
	while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE))
		rig_unmap(f->bus);
	return NULL;
}

START_TEST(foreign_addresses)
{
	struct intel_vgpu other = { .mpt = rig.vgpu.mpt, .cfg_space = rig.cfg };
	struct foreign f = { .bus = 0 };
	struct mpt_vm *vm, *old;
	unsigned int i;
	dma_addr_t bus;
	pthread_t t;

	ck_assert_int_eq(mpt_vm_create(rig.host, 2), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 2, &vm), 0);
	ck_assert_int_eq(mpt_ram_add(vm, 0, PAGE, 0), 0);
	pthread_create(&t, NULL, unmaps_foreign, &f);
	old = mpt_target_set(vm);
	for (i = 0; i < OTHER_ROUNDS; i++) {
		ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&other), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&other, 0, PAGE, &bus), 0);
		ck_assert(!i || bus == f.bus);
		if (!i)
			f.bus = bus;
		set(&f.there);
		ck_assert_int_eq(mpt_bus_read(rig.host, bus, &(u64){ 0 }, 8), 0);
		intel_gvt_hypervisor_detach_vgpu(&other);
	}
	set(&f.stop);
	pthread_join(t, NULL);
	mpt_target_set(old);
	mpt_vm_put(vm);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 2), 0);
	ck_assert_uint_gt(rig_stats().bad_unmap, 0);
}
END_TEST

/* --- a VM that goes as soon as its vGPU has --- */

static struct mpt_vm *second_vm(struct intel_vgpu *vgpu)
{
	struct mpt_vm *vm, *old;

	ck_assert_int_eq(mpt_vm_create(rig.host, 2), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 2, &vm), 0);
	old = mpt_target_set(vm);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(vgpu), 0);
	mpt_target_set(old);
	return vm;
}

static bool user_left(struct svc_vm *svc, unsigned int us)
{
	for (; us && os_load(&svc->user); us -= 1000)
		usleep(1000);
	return !os_load(&svc->user);
}

/*
 * The lock stops the detach behind its first wait; a guest access that comes then holds it at its
 * second, when the VM has no vGPU any more. False: the detach was not that far after @us.
 */
static bool destroyed_at_the_end(unsigned int us)
{
	struct intel_vgpu other = { .mpt = rig.vgpu.mpt, .cfg_space = rig.cfg };
	struct mpt_vm *vm = second_vm(&other);
	struct svc_vm *svc = mpt_vm_priv(vm);
	pthread_t t;
	bool left;

	/* A core of its own kind need not hold the VM. */
	mpt_vm_put(vm);
	os_mutex_lock(&svc->slots_lock);
	pthread_create(&t, NULL, detaches, &other);
	usleep(us);
	ck_assert(mpt_deliver_enter(svc));
	os_mutex_unlock(&svc->slots_lock);
	left = user_left(svc, us);
	if (left)
		ck_assert_int_eq(mpt_vm_destroy(rig.host, 2), -EBUSY);
	mpt_deliver_leave();
	pthread_join(t, NULL);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 2), 0);
	return left;
}

START_TEST(vm_outlives_detach)
{
	unsigned int us = LONG_ENOUGH;

	while (!destroyed_at_the_end(us))
		us *= 2;
}
END_TEST

static void add(Suite *s, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, rig_close);
	tcase_add_test(tc, test);
	suite_add_tcase(s, tc);
}

static Suite *races_suite(void)
{
	Suite *s = suite_create("kvm-stub races");

	add(s, "second track", second_track_waits_too);
	add(s, "frames", frames_wait_for_the_device);
	add(s, "tracks", tracks_are_counted_once);
	add(s, "foreign", foreign_addresses);
	add(s, "VM", vm_outlives_detach);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { races_suite };

	return mpt_test_main("kvm_races", suites, 1);
}
