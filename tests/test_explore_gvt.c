/* SPDX-License-Identifier: MIT */
/*
 * Races of the device-model core over the mock hypervisor, each tried in every order of its steps
 * within a bound: vCPUs, the embedder's threads and the life of a vGPU. The hypervisor's own are in
 * test_explore_mock.c.
 */
#include "explore_gvt_rig.h"

#define GVT_SCENE(a, b) .names = (const char *const[]){ a, b }

/* --- entries against who reads by them --- */

static void open_page(void)
{
	u64 gm, a = 0xaaaaaaaa, b = 0xbbbbbbbb;
	struct rig *r = &x.r[0];

	open_one();
	gm = r->v->low.start + GM_PAGE;
	exec_pte(r, gm, PAGE_A | 1);
	rig_ok(mpt_guest_write(r->vm, PAGE_A, &a, 8));
	rig_ok(mpt_guest_write(r->vm, PAGE_B, &b, 8));
}

static void rewrite(void)
{
	struct rig *r = &x.r[0];

	guest_write(r, SPACE(r->v->low.start + GM_PAGE), PAGE_B | 1, 8);
}

static void display(void)
{
	struct rig *r = &x.r[0];
	struct gvt_plane p = {
		.enabled = true, .addr = r->v->low.start + GM_PAGE, .width = 2, .height = 1,
		.stride = 64, .format = 0x34325258 /* XR24 */,
	};
	u32 pixel[2] = { 0, 0 };

	t.ret[1] = gvt_plane_row(r->vgpu, &p, 0, pixel);
	t.val[1] = pixel[0];
}

static void old_or_new(void)
{
	no_fault();
	explore_assert(!t.ret[1]);
	explore_assert(t.val[1] == 0xaaaaaa || t.val[1] == 0xbbbbbb);
}

EXPLORE_TEST(ggtt_display, 2, EXPLORE_WORDS, .name = "ggtt-display",
	     GVT_SCENE("rewrite", "display"), .setup = open_page,
	     .thread = { rewrite, display }, .check = old_or_new, .teardown = close_all)

static void aperture(void)
{
	struct rig *r = &x.r[0];
	u32 value = 0;

	t.ret[1] = mpt_guest_read(r->vm, RIG_BAR2 + r->v->low.start + GM_PAGE, &value, 4);
	t.val[1] = value & 0xffffff;
}

/*
 * An access takes no lock: one that has looked at the old entry may find its page unmapped, which
 * is an IOMMU fault, and then it goes by the new one.
 */
static void old_or_new_by_fault(void)
{
	struct mpt_iommu_fault fault;

	mpt_fault_take(x.r[0].host, &fault);
	old_or_new();
}

EXPLORE_TEST(ggtt_aperture, 1, EXPLORE_WORDS, .name = "ggtt-aperture",
	     GVT_SCENE("rewrite", "vcpu"), .setup = open_page, .thread = { rewrite, aperture },
	     .check = old_or_new_by_fault, .teardown = close_all)

static void aperture_store(void)
{
	struct rig *r = &x.r[0];
	u32 value = 0xcccccccc;

	t.ret[1] = mpt_guest_write(r->vm, RIG_BAR2 + r->v->low.start + GM_PAGE, &value, 4);
}

static void in_old_or_new(void)
{
	struct mpt_iommu_fault fault;

	mpt_fault_take(x.r[0].host, &fault);
	no_fault();
	explore_assert(!t.ret[1]);
	explore_assert((ram_get(&x.r[0], PAGE_A) == 0xcccccccc) !=
		       (ram_get(&x.r[0], PAGE_B) == 0xcccccccc));
}

EXPLORE_TEST(ggtt_store, 1, EXPLORE_WORDS, .name = "ggtt-store", GVT_SCENE("rewrite", "vcpu"),
	     .setup = open_page, .thread = { rewrite, aperture_store }, .check = in_old_or_new,
	     .teardown = close_all)

static void set_fence(void)
{
	struct rig *r = &x.r[0];
	u64 first = r->v->low.start + GM_PAGE;

	/* X tiles, rows of 512 bytes: the page's first bytes stay where they are. */
	guest_write(r, FENCE_0, first << 32 | 3ULL << 32 | first | 1, 8);
}

EXPLORE_TEST(fence_aperture, 2, EXPLORE_WORDS, .name = "fence-aperture",
	     GVT_SCENE("fence", "vcpu"), .setup = open_page, .thread = { set_fence, aperture },
	     .check = old_or_new, .teardown = close_all)

/* --- submission --- */

static void submit_1(void)
{
	u32 dw[4] = { 0, 0, ctx_id(0), ctx_low(&x.r[0], 0) };
	int i;

	for (i = 0; i < 4; i++)
		guest_write(&x.r[0], exec_base[0] + 0x230, dw[i], 4);
}

static void reset(void)
{
	guest_write(&x.r[0], GDRST, 2, 4);
}

/* Whichever came last: the engine has what was submitted, or nothing. */
static void engine_sound(void)
{
	struct gvt_exec_engine *e = &x.r[0].v->exec->engine[0];

	no_fault();
	explore_assert(!e->hung && !e->queued);
	explore_assert(e->running || !fake(&x.r[0], 0)->loaded);
}

EXPLORE_TEST(submit_reset, 1, EXPLORE_WORDS, .name = "submit-reset",
	     GVT_SCENE("submit", "reset"), .setup = open_work, .thread = { submit_1, reset },
	     .check = engine_sound, .teardown = close_all)

static void executes(struct fake_engine *e)
{
	(void)e;
	explore_step("in the engine");
}

static void open_endless(void)
{
	open_work();
	fake(&x.r[0], 0)->endless = true;
	fake(&x.r[0], 0)->inside = executes;
	submit_1();
}

static void run_engines(void)
{
	gvt_run(x.r[0].gvt, 1);
}

EXPLORE_TEST(run_reset, 1, EXPLORE_WORDS, .name = "run-reset", GVT_SCENE("run", "reset"),
	     .setup = open_endless, .thread = { run_engines, reset }, .check = engine_sound,
	     .teardown = close_all)

/* --- destruction against all that may be with the vGPU --- */

static void destroyed(void)
{
	no_fault();
	explore_assert(!t.ret[1]);
}

EXPLORE_TEST(run_destroy, 1, EXPLORE_WORDS, .name = "run-destroy", GVT_SCENE("run", "destroy"),
	     .setup = open_endless, .thread = { run_engines, destroy }, .check = destroyed,
	     .teardown = close_all)

static void open_pipe(void)
{
	open_one();
	rig_reg_set(&x.r[0], IIR_A - 4, ~1U);
	rig_reg_set(&x.r[0], IIR_A + 4, 1);
	rig_reg_set(&x.r[0], PIPECONF_A, ON);
	gvt_service(x.r[0].gvt, 1000);
}

static void service(void)
{
	gvt_service(x.r[0].gvt, 1000 + PERIOD);
}

EXPLORE_TEST(service_destroy, 1, EXPLORE_WORDS, .name = "service-destroy",
	     GVT_SCENE("service", "destroy"), .setup = open_pipe,
	     .thread = { service, destroy }, .check = destroyed, .teardown = close_all)

static void vcpu(void)
{
	u32 value;

	t.ret[0] = mpt_guest_read(x.r[0].vm, RIG_BAR0 + PIPECONF_A, &value, 4);
	t.val[0] = value;
}

static void read_or_nothing(void)
{
	destroyed();
	explore_assert(!t.ret[0]);
	explore_assert(t.val[0] == ~0U || (t.val[0] & ON));
}

EXPLORE_TEST(access_destroy, 1, EXPLORE_WORDS, .name = "access-destroy",
	     GVT_SCENE("vcpu", "destroy"), .setup = open_pipe, .thread = { vcpu, destroy },
	     .check = read_or_nothing, .teardown = close_all)

/* The context's root is shadowed, so stores to it are told. */
static void open_shadowed(void)
{
	struct gvt_vgpu_info info;

	open_endless();
	gvt_vgpu_info(x.r[0].vgpu, &info);
	ck_assert_uint_gt(info.ppgtt_tracked, 0);
}

static void store_entry(void)
{
	u64 entry = (GPA_PML4 + 0x1000) | 3, got = 0;

	t.ret[0] = mpt_guest_write(x.r[0].vm, GPA_PML4, &entry, 8);
	t.ret[2] = mpt_guest_read(x.r[0].vm, GPA_PML4, &got, 8);
	t.val[0] = got == entry;
}

static void stored(void)
{
	no_fault();
	explore_assert(!t.ret[0] && !t.ret[1] && !t.ret[2] && t.val[0]);
}

EXPLORE_TEST(store_destroy, 1, EXPLORE_WORDS, .name = "store-destroy",
	     GVT_SCENE("store", "destroy"), .setup = open_shadowed,
	     .thread = { store_entry, destroy }, .check = stored, .teardown = close_all)

/* Of the whole GT: shadows go, too. */
static void reset_all(void)
{
	guest_write(&x.r[0], GDRST, 1, 4);
}

EXPLORE_TEST(store_reset, 1, EXPLORE_WORDS, .name = "store-reset", GVT_SCENE("store", "reset"),
	     .setup = open_shadowed, .thread = { store_entry, reset_all }, .check = stored,
	     .teardown = close_all)

/* Two vCPUs store to one entry of a last table. */
static void open_tables(void)
{
	u64 entry, level;

	open_work();
	for (level = 0; level < 3; level++) {
		entry = (GPA_PML4 + (level + 1) * MPT_PAGE_SIZE) | 3;
		rig_ok(mpt_guest_write(x.r[0].vm, GPA_PML4 + level * MPT_PAGE_SIZE, &entry, 8));
	}
	fake(&x.r[0], 0)->endless = true;
	submit_1();
}

static void store_leaf(u64 page)
{
	u64 entry = page | 3;

	if (mpt_guest_write(x.r[0].vm, GPA_PML4 + 3 * MPT_PAGE_SIZE, &entry, 8))
		explore_fail("a guest's store to its page table failed");
}

static void store_a(void)
{
	store_leaf(PAGE_A);
}

static void store_b(void)
{
	store_leaf(PAGE_B);
}

/* The shadow is that of what memory holds. */
static void shadow_follows(void)
{
	struct gvt_track_page *page;
	u64 entry = 0;

	no_fault();
	explore_assert(!mpt_guest_read(x.r[0].vm, GPA_PML4 + 3 * MPT_PAGE_SIZE, &entry, 8));
	explore_assert(entry == (PAGE_A | 3) || entry == (PAGE_B | 3));
	page = gvt_track_find(&x.r[0].v->ppgtt->track, (GPA_PML4 >> MPT_PAGE_SHIFT) + 3);
	explore_assert(page && page->tracked && page->spt[GVT_TABLE_PT]);
	explore_assert(page->spt[GVT_TABLE_PT]->guest[0] == entry);
}

EXPLORE_TEST(store_store, 1, EXPLORE_WORDS, .name = "store-store", GVT_SCENE("vcpu 1", "vcpu 2"),
	     .setup = open_tables, .thread = { store_a, store_b }, .check = shadow_follows,
	     .teardown = close_all)

/* --- two vGPUs, and the device's lock --- */

static void submit_on(unsigned int n)
{
	u32 dw[4] = { 0, 0, ctx_id(0), ctx_low(&x.r[n], 0) };
	int i;

	for (i = 0; i < 4; i++)
		guest_write(&x.r[n], exec_base[0] + 0x230, dw[i], 4);
}

static void submit_2(void)
{
	submit_on(1);
}

/* No page for a shadow is left, so each asks the other for one, with its own lock held. */
static void open_scarce(void)
{
	open_vgpus(2);
	driver(0);
	driver(1);
	t.pages = 0;
}

EXPLORE_TEST(reclaim_reclaim, 1, EXPLORE_WORDS, .name = "reclaim-reclaim",
	     GVT_SCENE("submit 1", "submit 2"), .setup = open_scarce,
	     .thread = { submit_1, submit_2 }, .check = no_fault, .teardown = close_all)

EXPLORE_TEST(reclaim_service, 1, EXPLORE_WORDS, .name = "reclaim-service",
	     GVT_SCENE("submit", "service"), .setup = open_scarce,
	     .thread = { submit_1, service }, .check = no_fault, .teardown = close_all)

static void destroy_2(void)
{
	t.ret[1] = mpt_vgpu_destroy(x.r[1].vm, x.r[1].vgpu);
	x.r[1].vgpu = NULL;
}

EXPLORE_TEST(reclaim_destroy, 1, EXPLORE_WORDS, .name = "reclaim-destroy",
	     GVT_SCENE("submit 1", "destroy 2"), .setup = open_scarce,
	     .thread = { submit_1, destroy_2 }, .check = no_fault, .teardown = close_all)

/* --- interrupts --- */

static void move_msi(void)
{
	struct rig *r = &x.r[0];
	unsigned int cap = r->vgpu->msi_cap_offset;
	static const struct {
		unsigned int at, len;
		u32 value;
	} step[] = { { 2, 2, 0 }, { 4, 4, RIG_MSI_ADDR + 0x1000 }, { 8, 2, 0x77 }, { 2, 2, 1 } };
	u32 value;
	size_t i;

	for (i = 0; i < N(step); i++) {
		value = step[i].value;
		if (mpt_guest_cfg_write(r->vm, cap + step[i].at, &value, step[i].len))
			explore_fail("a guest's configuration write failed");
	}
}

/* An interrupt goes to the old place or the new one, never to half of each. */
static void old_or_new_place(void)
{
	struct mpt_irq irq;

	no_fault();
	while (!mpt_irq_take(x.r[0].vm, &irq))
		explore_assert(irq.intx ||
			       (irq.addr == RIG_MSI_ADDR && irq.data == RIG_MSI_DATA) ||
			       (irq.addr == RIG_MSI_ADDR + 0x1000 && irq.data == 0x77));
}

EXPLORE_TEST(msi_service, 2, EXPLORE_WORDS, .name = "msi-service", GVT_SCENE("move", "service"),
	     .setup = open_pipe, .thread = { move_msi, service }, .check = old_or_new_place,
	     .teardown = close_all)

static void unplug(void)
{
	t.ret[1] = mpt_ram_remove(x.r[0].vm, 0, RAM);
}

static void unplugged(void)
{
	struct mpt_vm_stats s;

	no_fault();
	explore_assert(!t.ret[1]);
	explore_assert(!mpt_vm_stats_get(x.r[0].vm, &s));
	explore_assert(!s.dma_live);
}

EXPLORE_TEST(ggtt_remove, 2, EXPLORE_OP | EXPLORE_LOCK, .name = "ggtt-remove",
	     GVT_SCENE("rewrite", "remove"), .setup = open_page, .thread = { rewrite, unplug },
	     .check = unplugged, .teardown = close_all)

static void scenario_begins(void)
{
	kept = -1;
}

static Suite *gvt_suite(void)
{
	Suite *s = suite_create("explore gvt");

	explore_add(s, "ggtt display", ggtt_display, scenario_begins);
	explore_add(s, "ggtt aperture", ggtt_aperture, scenario_begins);
	explore_add(s, "ggtt store", ggtt_store, scenario_begins);
	explore_add(s, "fence aperture", fence_aperture, scenario_begins);
	explore_add(s, "submit reset", submit_reset, scenario_begins);
	explore_add(s, "run reset", run_reset, scenario_begins);
	explore_add(s, "run destroy", run_destroy, scenario_begins);
	explore_add(s, "service destroy", service_destroy, scenario_begins);
	explore_add(s, "access destroy", access_destroy, scenario_begins);
	explore_add(s, "store destroy", store_destroy, scenario_begins);
	explore_add(s, "store reset", store_reset, scenario_begins);
	explore_add(s, "store store", store_store, scenario_begins);
	explore_add(s, "reclaim reclaim", reclaim_reclaim, scenario_begins);
	explore_add(s, "reclaim service", reclaim_service, scenario_begins);
	explore_add(s, "reclaim destroy", reclaim_destroy, scenario_begins);
	explore_add(s, "msi service", msi_service, scenario_begins);
	explore_add(s, "ggtt remove", ggtt_remove, scenario_begins);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { gvt_suite };

	return mpt_test_main("explore gvt", suites, 1);
}
