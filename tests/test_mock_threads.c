/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor under threads: RAM that goes while it is read, counts that several threads
 * change, words that must not tear. Meant for ThreadSanitizer, too. Stores that must not slip past
 * a track or the dirty log are in test_mock_threads_store.c.
 */
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mock_threads.h"

static bool fewer(const unsigned long *count, unsigned long n)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED) < n;
}

/* --- RAM that comes and goes --- */

#define MOVING (8 * HUGE)
#define COMING (32 * HUGE)
#define MARK 0x4d41524bULL

/* A read finds all of the region or none; a device's finds the page it has mapped, always. */
static void *reads(void *arg)
{
	static __thread u8 much[MIB];
	unsigned long *done = arg;
	u64 pair[2], mfn;
	dma_addr_t dma;

	while (running()) {
		int ret = rig_read(MOVING + HUGE - 8, pair, sizeof(pair));

		ck_assert(!ret ? pair[0] == MARK && pair[1] == MARK : ret == -EFAULT && !pair[0]);
		ret = rig_read(MOVING + HUGE - 8, pair, 8);
		ck_assert(!ret ? pair[0] == MARK : ret == -EFAULT && !pair[0]);
		mfn = rig_mfn(MOVING / PAGE + 511);
		ck_assert(mfn == INTEL_GVT_INVALID_ADDR || mfn % 512 == 511);
		if (!rig_map(MOVING / PAGE + 511, PAGE, &dma)) {
			ck_assert_int_eq(mpt_bus_read(rig.host, dma + PAGE - 8, pair, 8), 0);
			ck_assert_uint_eq(pair[0], MARK);
			rig_unmap(dma);
		}
		ck_assert_int_eq(mpt_guest_read(rig.vm, MOVING + HUGE - 8, pair, 8), 0);
		ck_assert(pair[0] == MARK || pair[0] == ~0ULL);
		/* Long enough for the memory to be unplugged meanwhile. */
		ret = rig_read(COMING, much, sizeof(much));
		ck_assert(!ret || ret == -EFAULT);
		__atomic_fetch_add(done, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

START_TEST(readers_against_removal)
{
	unsigned long done[2] = { 0, 0 };
	u64 pair[2] = { MARK, MARK };
	pthread_t t[2];
	unsigned int i;

	/* The mark is written where nobody looks, then the region is moved into view. */
	rig_ram(16 * HUGE, HUGE + PAGE, 0);
	ck_assert_int_eq(rig_write(16 * HUGE + HUGE - 8, pair, sizeof(pair)), 0);
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, reads, &done[i]);
	do {
		sched_yield();
		ck_assert_int_eq(mpt_ram_move(rig.vm, 16 * HUGE, HUGE + PAGE, MOVING), 0);
		rig_ram(COMING, MIB, 0);
		ck_assert_int_eq(mpt_ram_move(rig.vm, MOVING, HUGE + PAGE, 16 * HUGE), 0);
		ck_assert_int_eq(mpt_ram_remove(rig.vm, COMING, MIB), 0);
	} while (in_time() && (fewer(&done[0], 8000) || fewer(&done[1], 8000)));
	finish(t, 2);
	ck_assert_uint_eq(rig_stats().dma_live, 0);
	ck_assert_uint_eq(rig_stats().bad_unmap, 0);
}
END_TEST

/* --- words --- */

#define TORN PAGE
/* A store in two halves is seen after 200 on two CPUs, after half a million on one. */
#define TORN_ROUNDS 2000000

static void *writes_words(void *arg)
{
	static const u64 val[2] = { 0, ~0ULL };
	unsigned long *done = arg;
	unsigned int i;

	while (running()) {
		__atomic_fetch_add(done, 1, __ATOMIC_RELAXED);
		for (i = 0; i < 8; i++)
			rig_write(TORN, &val[i & 1], 8);
		i = *done & 1;
		rig_write(TORN + 12, &val[i], 4);
		mpt_guest_write(rig.vm, TORN + 16, &val[i], 8);
		mpt_bus_write(rig.host, rig.aperture[0] + 24, &val[i], 8);
		rig_write(TORN + 34, &val[i], 2);
	}
	return NULL;
}

static bool torn(u64 val, unsigned int bytes)
{
	u64 ones = ~0ULL >> (64 - 8 * bytes);

	return (val & ones) && (val & ones) != ones;
}

START_TEST(words_do_not_tear)
{
	unsigned long done = 0;
	unsigned int i, bad = 0;
	dma_addr_t dma;
	pthread_t t;
	u64 v[5];

	ck_assert_int_eq(rig_map(TORN / PAGE, PAGE, &dma), 0);
	rig.aperture[0] = dma;
	pthread_create(&t, NULL, writes_words, &done);
	while (fewer(&done, TORN_ROUNDS) && in_time()) {
		memset(v, 0, sizeof(v));
		for (i = 0; i < 8; i++)
			bad += rig_read(TORN, &v[0], 8) || torn(v[0], 8);
		bad += rig_read(TORN + 12, &v[1], 4) || torn(v[1], 4);
		bad += mpt_guest_read(rig.vm, TORN + 16, &v[2], 8) || torn(v[2], 8);
		bad += mpt_bus_read(rig.host, dma + 24, &v[3], 8) || torn(v[3], 8);
		bad += rig_read(TORN + 34, &v[4], 2) || torn(v[4], 2);
	}
	finish(&t, 1);
	rig_unmap(dma);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* --- counts that several threads change --- */

#define ROUNDS 500000U

struct counter {
	unsigned int id, bad;
	unsigned int rounds; /* done, a multiple of 4 */
	dma_addr_t dma;
};

static pthread_barrier_t begin;

/* Each thread maps one page more often than it unmaps it, tracks pages and raises interrupts. */
static void *counts(void *arg)
{
	struct counter *c = arg;
	dma_addr_t dma;
	unsigned int i;

	pthread_barrier_wait(&begin);
	for (i = 0; i < ROUNDS && (i % 1000 || in_time()); i++) {
		c->bad += rig_map(7, PAGE, &dma) || rig_map(8 + c->id, PAGE, &c->dma);
		if (i)
			rig_unmap(c->dma);
		if (i % 4)
			rig_unmap(dma);
		c->bad += intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 64 + c->id) != 0;
		intel_gvt_hypervisor_disable_page_track(&rig.vgpu, 64 + c->id);
		c->bad += rig.vgpu.mpt->inject_msi(rig.vgpu.handle, 0xfee00000, (u16)i) != 0;
	}
	c->bad += intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 64 + c->id) != 0;
	c->rounds = i;
	return NULL;
}

START_TEST(counts_are_exact)
{
	struct counter c[3];
	pthread_t t[3];
	struct mpt_irq irq;
	struct mpt_vm_stats s;
	unsigned int i, taken = 0, rounds = 0;

	/* The main thread is the first to use the VM, so it must give the ownership up. */
	ck_assert_int_eq(rig.vgpu.mpt->inject_msi(rig.vgpu.handle, 0xfee00000, 9), 0);
	pthread_barrier_init(&begin, NULL, 3);
	for (i = 0; i < 3; i++) {
		c[i] = (struct counter){ .id = i };
		pthread_create(&t[i], NULL, counts, &c[i]);
	}
	for (i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		ck_assert_uint_eq(c[i].bad, 0);
		rounds += c[i].rounds;
	}
	pthread_barrier_destroy(&begin);
	s = rig_stats();
	ck_assert_uint_eq(s.dma_live, rounds / 4 + 3);
	ck_assert_uint_eq(s.bad_unmap, 0);
	ck_assert_uint_eq(s.tracked, 3);
	ck_assert_uint_eq(s.msi, rounds + 1);
	while (!mpt_irq_take(rig.vm, &irq))
		taken++;
	ck_assert_uint_eq(taken + rig_stats().irq_lost, s.msi);
	ck_assert_uint_gt(taken, 1000);
}
END_TEST

/* Numbered in the message: 20 bits of the address, 16 of data. */
static void *injects(void *arg)
{
	u64 n = 0;

	(void)arg;
	for (; running(); n++)
		rig.vgpu.mpt->inject_msi(rig.vgpu.handle, 0xfee00000 | (u32)(n >> 16), (u16)n);
	return NULL;
}

/* What is taken comes in order, and nothing is lost but what was counted. */
START_TEST(interrupts_in_order)
{
	u64 taken = 0, next = 0, n;
	struct mpt_irq irq;
	pthread_t t;

	pthread_create(&t, NULL, injects, NULL);
	while (taken < 100000 && in_time()) {
		if (mpt_irq_take(rig.vm, &irq)) {
			sched_yield();
			continue;
		}
		n = (u64)(irq.addr & 0xfffff) << 16 | irq.data;
		ck_assert_uint_ge(n, next);
		next = n + 1;
		taken++;
	}
	finish(&t, 1);
	while (!mpt_irq_take(rig.vm, &irq))
		taken++;
	ck_assert_uint_eq(taken + rig_stats().irq_lost, rig_stats().msi);
}
END_TEST

/* --- guest accesses against attach and detach --- */

static void *touches(void *arg)
{
	u64 val = 1;

	(void)arg;
	while (running()) {
		mpt_guest_write(rig.vm, PAGE, &val, 8);
		mpt_guest_read(rig.vm, GIB, &val, 4);
		mpt_guest_cfg_read(rig.vm, 0, &val, 4);
	}
	return NULL;
}

static unsigned int inside;

static int counts_calls(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)gpa;
	__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
	memset(buf, 0, len);
	usleep(20);
	__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int ignores_store(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)gpa;
	(void)buf;
	(void)len;
	return 0;
}

START_TEST(detach_waits_for_accesses)
{
	struct intel_gvt_ops ops = rig_ops;
	struct mpt_core core = { .size = sizeof(core), .ops = &ops };
	pthread_t t[2];
	unsigned int i;

	ops.emulate_mmio_read = counts_calls;
	ops.write_protect_handler = ignores_store;
	rig_detach();
	ck_assert_int_eq(mpt_host_set_core(rig.host, NULL), 0);
	ck_assert_int_eq(mpt_host_set_core(rig.host, &core), 0);
	rig_attach();
	/* Naps of 20 us, not of 70. */
	prctl(PR_SET_TIMERSLACK, 1000);
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, touches, NULL);
	for (i = 0; i < 1000 && in_time(); i++) {
		ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 1), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, GIB, GIB + 7, true),
				 0);
		rig_detach();
		ck_assert_uint_eq(__atomic_load_n(&inside, __ATOMIC_SEQ_CST), 0);
		rig_attach();
	}
	finish(t, 2);
	ck_assert_uint_eq(rig_stats().tracked, 0);
}
END_TEST

static Suite *threads_suite(void)
{
	Suite *s = suite_create("mock threads");

	add(s, "removal", readers_against_removal);
	add(s, "words", words_do_not_tear);
	add(s, "counts", counts_are_exact);
	add(s, "interrupts", interrupts_in_order);
	add(s, "detach", detach_waits_for_accesses);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { threads_suite };

	return mpt_test_main("mock threads", suites, 1);
}
