/* SPDX-License-Identifier: MIT */
/*
 * Races over the mock hypervisor, each tried in every order of its steps with two preemptions: what
 * the core's operations, vCPUs and the hypervisor's own changes do to each other. How orders are
 * tried is tested in test_explore.c.
 */
#include "mock_rig.h"

#include "backends/mock/mock.h"
#include "explore_rig.h"

#define TRAP GIB
#define KEEP (GIB + 0x100000)
#define PLUGGED (2 * GIB)

static const char *const names[][EXPLORE_THREADS] = {
	{ "inject", "detach" }, { "inject 1", "inject 2" }, { "store", "untrack" },
	{ "store", "track" }, { "map 1", "map 2" }, { "map", "detach" }, { "vcpu", "detach" },
	{ "map", "remove" }, { "read", "remove" }, { "store", "fetch" }, { "vcpu", "retrap" },
	{ "get", "destroy" }, { "register 1", "register 2" }, { "stop", "vcpu" },
};

/* What threads leave for the check. */
static struct {
	int ret[EXPLORE_THREADS];
	u64 val[EXPLORE_THREADS];
	bool gone, inside;
} t;

/* --- the core: nothing of it is called once the vGPU is detached --- */

static int vcpu_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)gpa;
	if (t.gone)
		explore_fail("the core is called for a vGPU that is detached");
	t.inside = true;
	explore_step("in the core");
	t.inside = false;
	memset(buf, 0x5a, len);
	return 0;
}

static int told_of_store(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	if (t.gone)
		explore_fail("the core is told of a store after the detach");
	explore_step("told of a store");
	return rig_store(vgpu, gpa, buf, len);
}

static struct intel_gvt_ops core_ops;

static void open_mock(void)
{
	struct mpt_core core = { .size = sizeof(core), .ops = &core_ops };

	core_ops = rig_ops;
	core_ops.emulate_mmio_read = vcpu_read;
	core_ops.write_protect_handler = told_of_store;
	memset(&t, 0, sizeof(t));
	rig_open("mock");
	ck_assert_int_eq(mpt_host_set_core(rig.host, NULL), 0);
	ck_assert_int_eq(mpt_host_set_core(rig.host, &core), 0);
	rig_ram(0, HUGE, 0);
	rig.calls = 0;
	explore_ops_watch(rig.host);
}

static void close_detached(void)
{
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), 0);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static void detach(void)
{
	rig_detach();
	t.gone = true;
	if (t.inside)
		explore_fail("the detach has not waited for the core");
}

static u64 memory(u64 gpa)
{
	u64 val = 0;

	if (mpt_guest_read(rig.vm, gpa, &val, 8))
		explore_fail("guest memory cannot be read");
	return val;
}

#define MOCK_SCENE(n) .names = names[n], .setup = open_mock

/* --- interrupts --- */

static void inject_1(void)
{
	t.ret[0] = rig.vgpu.mpt->inject_msi(rig.vgpu.handle, 0xfee00000, 1);
}

static void inject_2(void)
{
	t.ret[1] = rig.vgpu.mpt->inject_msi(rig.vgpu.handle, 0xfee00000, 2);
}

static void injected_or_dead(void)
{
	struct mpt_irq irq;
	int none = mpt_irq_take(rig.vm, &irq);

	explore_assert(t.ret[0] == 0 || t.ret[0] == -ESRCH);
	explore_assert(!none == !t.ret[0]);
	explore_assert(none || irq.data == 1);
}

EXPLORE_TEST(inject_detach, 2, EXPLORE_MOST, .name = "inject-detach", MOCK_SCENE(0),
	     .thread = { inject_1, detach }, .check = injected_or_dead,
	     .teardown = close_detached)

static void both_injected(void)
{
	struct mpt_irq a, b;

	explore_assert(!t.ret[0] && !t.ret[1]);
	explore_assert(!mpt_irq_take(rig.vm, &a) && !mpt_irq_take(rig.vm, &b));
	explore_assert(a.data + b.data == 3);
	explore_assert(!rig_stats().irq_lost);
}

EXPLORE_TEST(inject_inject, 2, EXPLORE_WORDS, .name = "inject-inject", MOCK_SCENE(1),
	     .thread = { inject_1, inject_2 }, .check = both_injected, .teardown = rig_close)

/* --- stores to a tracked page --- */

static void open_tracked(void)
{
	open_mock();
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 1), 0);
}

static void store(void)
{
	u64 val = 0x1111222233334444;

	t.ret[0] = mpt_guest_write(rig.vm, PAGE, &val, 8);
}

static void untrack(void)
{
	t.ret[1] = intel_gvt_hypervisor_disable_page_track(&rig.vgpu, 1);
}

/* The store is done, told or not. */
static void stored_untracked(void)
{
	explore_assert(!t.ret[0] && !t.ret[1]);
	explore_assert(memory(PAGE) == 0x1111222233334444);
	explore_assert(rig.calls <= 1 && rig_stats().tracked == 0);
}

EXPLORE_TEST(store_untrack, 2, EXPLORE_WORDS, .name = "store-untrack", .names = names[2],
	     .setup = open_tracked, .thread = { store, untrack }, .check = stored_untracked,
	     .teardown = rig_close)

/* As a core shadows a table: from its reading on it is told of every store. */
static void track_and_read(void)
{
	t.ret[1] = intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 1);
	if (rig_read(PAGE, &t.val[1], 8))
		explore_fail("guest memory cannot be read");
}

static void stored_seen_or_told(void)
{
	explore_assert(!t.ret[0] && !t.ret[1]);
	explore_assert(memory(PAGE) == 0x1111222233334444);
	explore_assert(rig.calls == 1 || t.val[1] == 0x1111222233334444);
}

EXPLORE_TEST(store_track, 2, EXPLORE_WORDS, .name = "store-track", MOCK_SCENE(3),
	     .thread = { store, track_and_read }, .check = stored_seen_or_told,
	     .teardown = rig_close)

/* --- DMA --- */

static void map_use_unmap(unsigned int n, u64 gfn)
{
	dma_addr_t dma;
	u64 val = 0;

	t.ret[n] = rig_map(gfn, PAGE, &dma);
	if (t.ret[n])
		return;
	if (mpt_bus_read(rig.host, dma, &val, 8))
		explore_fail("a mapped page cannot be read by the device");
	t.val[n] = val;
	rig_unmap(dma);
}

static void map_1(void)
{
	map_use_unmap(0, 3);
}

static void map_2(void)
{
	map_use_unmap(1, 3);
}

static void nothing_mapped(void)
{
	struct mpt_vm_stats s = rig_stats();

	explore_assert(!t.ret[0] && !t.ret[1]);
	explore_assert(s.dma_live == 0 && s.bad_unmap == 0);
}

EXPLORE_TEST(map_map, 2, EXPLORE_WORDS, .name = "map-map", MOCK_SCENE(4),
	     .thread = { map_1, map_2 }, .check = nothing_mapped, .teardown = rig_close)

static void map_once(void)
{
	dma_addr_t dma;

	t.ret[0] = rig_map(3, PAGE, &dma);
}

/* Whichever came first, the detach has cleared it. */
static void mapped_or_dead(void)
{
	explore_assert(t.ret[0] == 0 || t.ret[0] == -ESRCH);
	explore_assert(rig_stats().dma_live == 0);
}

EXPLORE_TEST(map_detach, 2, EXPLORE_WORDS, .name = "map-detach", MOCK_SCENE(5),
	     .thread = { map_once, detach }, .check = mapped_or_dead,
	     .teardown = close_detached)

/* --- guest accesses that the core answers --- */

static void open_trap(void)
{
	open_mock();
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, TRAP, TRAP + 7, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&rig.vgpu, KEEP, KEEP + 7, true), 0);
}

static void vcpu_trap(void)
{
	t.ret[0] = mpt_guest_read(rig.vm, TRAP, &t.val[0], 4);
}

static void trapped_or_nothing(void)
{
	explore_assert(!t.ret[0]);
	explore_assert(t.val[0] == 0x5a5a5a5a || t.val[0] == 0xffffffff);
}

EXPLORE_TEST(access_detach, 2, EXPLORE_WORDS, .name = "access-detach", .names = names[6],
	     .setup = open_trap, .thread = { vcpu_trap, detach }, .check = trapped_or_nothing,
	     .teardown = close_detached)

static void vcpu_keep(void)
{
	t.ret[0] = mpt_guest_read(rig.vm, KEEP, &t.val[0], 4);
}

/* Room for ranges is used again, once nobody looks at what was in it. */
static void retrap(void)
{
	t.ret[1] = intel_gvt_hypervisor_set_trap_area(&rig.vgpu, TRAP, TRAP + 7, false) ||
		   intel_gvt_hypervisor_set_trap_area(&rig.vgpu, PLUGGED, PLUGGED + 7, true);
}

static void trapped(void)
{
	explore_assert(!t.ret[0] && !t.ret[1]);
	explore_assert(t.val[0] == 0x5a5a5a5a);
}

EXPLORE_TEST(access_retrap, 2, EXPLORE_MOST, .name = "access-retrap", .names = names[10],
	     .setup = open_trap, .thread = { vcpu_keep, retrap }, .check = trapped,
	     .teardown = rig_close)

static void stop(void)
{
	mock_vm_stop(NULL, mpt_vm_priv(rig.vm));
}

EXPLORE_TEST(access_stop, 2, EXPLORE_MOST, .name = "access-stop", .names = names[13],
	     .setup = open_trap, .thread = { stop, vcpu_trap }, .check = trapped_or_nothing,
	     .teardown = rig_close)

/* --- RAM that goes --- */

static void open_plugged(void)
{
	u64 page[8];

	open_mock();
	rig_ram(PLUGGED, MIB, 0);
	memset(page, 0x77, sizeof(page));
	ck_assert_int_eq(rig_write(PLUGGED, page, sizeof(page)), 0);
}

static void unplug(void)
{
	t.ret[1] = mpt_ram_remove(rig.vm, PLUGGED, MIB);
}

static void map_plugged(void)
{
	map_use_unmap(0, PLUGGED / PAGE);
}

static void mapped_or_no_ram(void)
{
	struct mpt_vm_stats s = rig_stats();

	explore_assert(!t.ret[1]);
	explore_assert(t.ret[0] == -EFAULT || (!t.ret[0] && t.val[0] == 0x7777777777777777));
	explore_assert(s.dma_live == 0 && s.bad_unmap == 0);
}

EXPLORE_TEST(map_remove, 1, EXPLORE_WORDS, .name = "map-remove", .names = names[7],
	     .setup = open_plugged, .thread = { map_plugged, unplug },
	     .check = mapped_or_no_ram, .teardown = rig_close)

/* A word and a longer piece, which go different ways. */
static void read_plugged(void)
{
	u64 buf[8];

	memset(buf, 1, sizeof(buf));
	t.ret[0] = rig_read(PLUGGED, buf, sizeof(buf));
	t.val[0] = buf[0] & buf[7];
	t.ret[2] = rig_read(PLUGGED, &t.val[2], 8);
}

static void read_or_no_ram(void)
{
	explore_assert(!t.ret[1]);
	explore_assert(t.ret[0] ? t.ret[0] == -EFAULT && !t.val[0] :
				  t.val[0] == 0x7777777777777777);
	explore_assert(t.ret[2] ? t.ret[2] == -EFAULT && !t.val[2] :
				  t.val[2] == 0x7777777777777777);
	/* What is gone does not come back. */
	explore_assert(!t.ret[0] || t.ret[2]);
}

EXPLORE_TEST(read_remove, 2, EXPLORE_MOST, .name = "read-remove", .names = names[8],
	     .setup = open_plugged, .thread = { read_plugged, unplug }, .check = read_or_no_ram,
	     .teardown = rig_close)

/* --- the dirty log --- */

static void fetch_and_read(void)
{
	u8 mark = 0;

	t.ret[1] = mpt_dirty_fetch(rig.vm, 1, 1, &mark);
	t.val[1] = memory(PAGE);
}

/* Who copies a page behind a fetch has the store, or finds the page dirty next time. */
static void copied_or_dirty(void)
{
	u8 mark = 0;

	explore_assert(!t.ret[0] && !t.ret[1]);
	explore_assert(!mpt_dirty_fetch(rig.vm, 1, 1, &mark));
	explore_assert(mark == 1 || t.val[1] == 0x1111222233334444);
}

EXPLORE_TEST(store_fetch, 2, EXPLORE_WORDS, .name = "store-fetch", MOCK_SCENE(9),
	     .thread = { store, fetch_and_read }, .check = copied_or_dirty,
	     .teardown = rig_close)

/* --- VMs and hosts --- */

static void open_free_vm(void)
{
	open_mock();
	rig_detach();
	mpt_vm_put(rig.vm);
}

/* Twice: the last one to put it may be followed by one that gets it. */
static void get_put(void)
{
	struct mpt_vm *vm;
	unsigned int i;

	for (i = 0; i < 3; i += 2) {
		t.ret[i] = mpt_vm_get(rig.host, 1, &vm);
		if (!t.ret[i])
			mpt_vm_put(vm);
	}
}

static void destroy_vm(void)
{
	t.ret[1] = mpt_vm_destroy(rig.host, 1);
}

static void held_or_gone(void)
{
	explore_assert(t.ret[1] == 0 || t.ret[1] == -EBUSY);
	explore_assert(t.ret[0] == 0 || (t.ret[0] == -ESRCH && t.ret[2] == -ESRCH));
	explore_assert(t.ret[2] == 0 || (t.ret[2] == -ESRCH && !t.ret[1]));
}

static void close_free_vm(void)
{
	if (t.ret[1])
		ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), 0);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

EXPLORE_TEST(get_destroy, 2, EXPLORE_WORDS, .name = "get-destroy", .names = names[11],
	     .setup = open_free_vm, .thread = { get_put, destroy_vm }, .check = held_or_gone,
	     .teardown = close_free_vm)

static void register_once(unsigned int n)
{
	t.ret[n] = mpt_register(&mpt_mock_table);
	if (!t.ret[n])
		mpt_unregister();
}

static void register_1(void)
{
	register_once(0);
}

static void register_get_2(void)
{
	struct mpt_vm *vm;

	t.ret[2] = mpt_vm_get(rig.host, 1, &vm);
	if (!t.ret[2])
		mpt_vm_put(vm);
	register_once(1);
}

static void one_registered(void)
{
	explore_assert(!t.ret[2]);
	explore_assert(!t.ret[0] || !t.ret[1]);
	explore_assert(t.ret[0] == 0 || t.ret[0] == -EEXIST);
	explore_assert(t.ret[1] == 0 || t.ret[1] == -EEXIST);
}

EXPLORE_TEST(register_get, 2, EXPLORE_WORDS, .name = "register-get", MOCK_SCENE(12),
	     .thread = { register_1, register_get_2 }, .check = one_registered,
	     .teardown = rig_close)

static Suite *mock_suite(void)
{
	Suite *s = suite_create("explore mock");

	explore_add(s, "inject detach", inject_detach, NULL);
	explore_add(s, "inject inject", inject_inject, NULL);
	explore_add(s, "store untrack", store_untrack, NULL);
	explore_add(s, "store track", store_track, NULL);
	explore_add(s, "map map", map_map, NULL);
	explore_add(s, "map detach", map_detach, NULL);
	explore_add(s, "access detach", access_detach, NULL);
	explore_add(s, "access retrap", access_retrap, NULL);
	explore_add(s, "access stop", access_stop, NULL);
	explore_add(s, "map remove", map_remove, NULL);
	explore_add(s, "read remove", read_remove, NULL);
	explore_add(s, "store fetch", store_fetch, NULL);
	explore_add(s, "get destroy", get_destroy, NULL);
	explore_add(s, "register get", register_get, NULL);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { mock_suite };

	return mpt_test_main("explore mock", suites, 1);
}
