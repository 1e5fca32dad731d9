/* SPDX-License-Identifier: MIT */
/*
 * kvm-stub under threads: first and last counts that meet, RAM that moves below mappings, vGPUs
 * that go while their guest stores and their core maps, eventfds that change. Meant for
 * ThreadSanitizer, too.
 */
#include <sched.h>

#include "backends/kvm-stub/kvm.h"
#define THREADS_SPEC "kvm-stub:memlock=1M"
#include "mock_threads.h"

#define ROUNDS 20000
#define MOVING (8 * HUGE)
#define MARK 0x4b564dULL

static struct svc_vm *svc_vm(void)
{
	return mpt_vm_priv(rig.vm);
}

static void clean_at_the_end(void)
{
	ck_assert_uint_eq(rig_stats().dma_live, 0);
	ck_assert_uint_eq(rig_stats().bad_unmap, 0);
	ck_assert_uint_eq(svc_vm()->locked, 0);
}

/* --- counts that go from 0 to 1 and back in several threads --- */

static void *maps(void *arg)
{
	unsigned long n;
	dma_addr_t bus;
	u64 seen;

	(void)arg;
	for (n = 0; n < ROUNDS && in_time(); n++) {
		u64 gfn = n % 3;

		ck_assert_int_eq(rig_map(gfn, PAGE, &bus), 0);
		if (n % 7 == 0) {
			ck_assert_int_eq(
				intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, bus), 0);
			rig_unmap(bus);
		}
		ck_assert_int_eq(mpt_bus_read(rig.host, bus, &seen, 8), 0);
		ck_assert_uint_eq(seen, MARK + gfn);
		rig_unmap(bus);
	}
	return NULL;
}

START_TEST(first_and_last_counts)
{
	pthread_t t[3];
	unsigned int i;
	u64 mark;

	for (i = 0; i < 3; i++) {
		mark = MARK + i;
		ck_assert_int_eq(rig_write(i * PAGE, &mark, 8), 0);
	}
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, maps, NULL);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	clean_at_the_end();
}
END_TEST

/* --- RAM that moves and goes below them --- */

static void *uses(void *arg)
{
	unsigned long *done = arg;
	dma_addr_t bus;
	u64 seen;
	int ret;

	while (running()) {
		ret = rig_map(MOVING / PAGE + 5, PAGE, &bus);
		ck_assert(!ret || ret == -EFAULT);
		if (!ret) {
			ck_assert_int_eq(mpt_bus_read(rig.host, bus + 8, &seen, 8), 0);
			ck_assert_uint_eq(seen, MARK);
			rig_unmap(bus);
		}
		ret = rig_read(MOVING + 5 * PAGE + 8, &seen, 8);
		ck_assert(ret ? ret == -EFAULT && !seen : seen == MARK);
		ret = intel_gvt_hypervisor_enable_page_track(&rig.vgpu, MOVING / PAGE + 6);
		ck_assert(!ret || ret == -EFAULT);
		seen = 1;
		ck_assert_int_eq(mpt_guest_write(rig.vm, MOVING + 6 * PAGE, &seen, 8), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&rig.vgpu,
									 MOVING / PAGE + 6),
				 0);
		__atomic_fetch_add(done, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

START_TEST(ram_below_mappings)
{
	unsigned long done = 0, round;
	u64 mark = MARK;
	pthread_t t[2];
	unsigned int i;

	rig_ram(MOVING, HUGE, 0);
	ck_assert_int_eq(rig_write(MOVING + 5 * PAGE + 8, &mark, 8), 0);
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, uses, &done);
	for (round = 0; in_time(); round++) {
		if (round >= 500 && __atomic_load_n(&done, __ATOMIC_RELAXED) >= 2000)
			break;
		ck_assert_int_eq(mpt_ram_move(rig.vm, MOVING, HUGE, 2 * MOVING), 0);
		sched_yield();
		ck_assert_int_eq(mpt_ram_move(rig.vm, 2 * MOVING, HUGE, MOVING), 0);
		ck_assert_int_eq(mpt_svc_slot_flags(svc_vm(), 0, HUGE, round & 1), 0);
	}
	finish(t, 2);
	clean_at_the_end();
	ck_assert_uint_eq(svc_vm()->nr_wp, 0);
}
END_TEST

/* --- vGPUs that go --- */

static unsigned long handle_now(void)
{
	return __atomic_load_n(&rig.vgpu.handle, __ATOMIC_ACQUIRE);
}

static void *stores(void *arg)
{
	u64 val = 0;

	(void)arg;
	while (running()) {
		val++;
		ck_assert_int_eq(mpt_guest_write(rig.vm, 4 * PAGE, &val, 8), 0);
	}
	return NULL;
}

/* A handle of before is dead or works; what is done with it never reaches the next vGPU. */
static void *operates(void *arg)
{
	dma_addr_t bus;
	int ret;

	(void)arg;
	while (running()) {
		unsigned long handle = handle_now();

		ret = mpt_kvm_enable_page_track(handle, 4);
		ck_assert(!ret || ret == -ESRCH);
		ret = mpt_kvm_dma_map(handle, 7, PAGE, &bus);
		ck_assert(!ret || ret == -ESRCH);
		if (!ret)
			mpt_kvm_dma_unmap(handle, bus);
		ret = mpt_kvm_inject_msi(handle, 0xfee00000, 1);
		ck_assert(!ret || ret == -ESRCH);
	}
	return NULL;
}

static void *plugs(void *arg)
{
	(void)arg;
	while (running()) {
		ck_assert_int_eq(mpt_ram_add(rig.vm, MOVING, 16 * PAGE, 0), 0);
		ck_assert_int_eq(mpt_ram_remove(rig.vm, MOVING, 16 * PAGE), 0);
	}
	return NULL;
}

static const struct intel_gvt_mpt *table;

START_TEST(vgpus_that_go)
{
	void *(*const body[])(void *) = { stores, operates, plugs };
	struct mpt_vm *old = mpt_target_set(rig.vm);
	unsigned long handle;
	pthread_t t[3];
	unsigned int i;

	table = rig.vgpu.mpt;
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, body[i], NULL);
	for (i = 0; i < 300 && in_time(); i++) {
		sched_yield();
		table->detach_vgpu(rig.vgpu.handle);
		ck_assert_uint_eq(svc_vm()->nr_wp, 0);
		ck_assert_int_eq(table->attach_vgpu(&rig.vgpu, &handle), 0);
		__atomic_store_n(&rig.vgpu.handle, handle, __ATOMIC_RELEASE);
	}
	finish(t, 3);
	mpt_target_set(old);
	clean_at_the_end();
}
END_TEST

/* --- interrupts whose eventfd changes --- */

static void *injects(void *arg)
{
	(void)arg;
	while (running()) {
		ck_assert_int_eq(mpt_kvm_inject_msi(rig.vgpu.handle, 0xfee00000, 7), 0);
		ck_assert_int_eq(mpt_kvm_set_intx(rig.vgpu.handle, true), 0);
		ck_assert_int_eq(mpt_kvm_set_intx(rig.vgpu.handle, false), 0);
	}
	return NULL;
}

START_TEST(triggers_that_change)
{
	struct mpt_irq irq;
	pthread_t t[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, injects, NULL);
	for (i = 0; i < 1000 && in_time(); i++) {
		ck_assert_int_eq(mpt_svc_trigger(svc_vm(), i % 3), 0);
		while (!mpt_irq_take(rig.vm, &irq))
			ck_assert(irq.intx || (irq.addr == 0xfee00000 && irq.data == 7));
	}
	finish(t, 2);
}
END_TEST

static Suite *threads_suite(void)
{
	Suite *s = suite_create("kvm-stub threads");

	add(s, "first and last counts", first_and_last_counts);
	add(s, "RAM below mappings", ram_below_mappings);
	add(s, "vGPUs that go", vgpus_that_go);
	add(s, "triggers that change", triggers_that_change);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { threads_suite };

	return mpt_test_main("kvm_threads", suites, 1);
}
