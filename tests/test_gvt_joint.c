/* SPDX-License-Identifier: MIT */
/*
 * The whole way of a submission by value: a guest's image, ring, page tables and batch, through the
 * scanner and the shadow tables, to what the software GPU stores in guest memory. Each step failing
 * in turn; vGPUs beside each other; one that tries to reach another's memory.
 */
#include "joint_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define VALUE 0xc0ffee00U

static struct joint j;

static u32 data(struct rig *r, unsigned int ctx)
{
	return j_get(r, j_of(J_GPA_DATA, ctx));
}

static void gdrst(struct rig *r, enum gvt_engine e)
{
	rig_reg_set(r, J_GDRST, 2U << e);
}

/* The context has run to its tail, and its image says so. */
static void complete(struct rig *r, unsigned int ctx, u64 completed)
{
	enum gvt_engine e = j_engine(ctx);

	ck_assert_uint_eq(rig_info(r).completed, completed);
	ck_assert_uint_eq(rig_info(r).hung, 0);
	ck_assert_uint_eq(j_img(r, ctx, J_IMG_HEAD), j_img(r, ctx, J_IMG_TAIL));
	ck_assert_uint_eq(rig_reg(r, j_base[e] + 0x34), j_img(r, ctx, J_IMG_TAIL));
	ck_assert_uint_eq(rig_reg(r, j_base[e] + 0x234) & 0x1f, 0);
}

/* --- one submission --- */

START_TEST(a_batch_on_each_engine)
{
	struct rig *r = &j.r[0];
	unsigned int ctx = (unsigned int)_i;
	u64 hws = J_GPA_HWS + ctx * 0x1000;

	j_open(&j, RIG_SPEC, 1);
	j_batch(r, ctx, J_STORE(J_VA_DATA, VALUE + ctx), J_BB_END);
	j_start(r, ctx);
	ck_assert_uint_eq(data(r, ctx), VALUE + ctx);
	complete(r, ctx, 1);
	/* Idle to active; complete and active to idle. */
	ck_assert_uint_eq(j_get(r, hws + 0x7c), 1);
	ck_assert_uint_eq(j_get(r, hws + 0x40), 1);
	ck_assert_uint_eq(j_get(r, hws + 0x48), 0x18);
	ck_assert_uint_eq(j_get(r, hws + 0x4c), j_id(ctx));
	j_close(&j);
}
END_TEST

/* The ring's own commands and a batch in the GGTT reach memory by graphics address. */
START_TEST(a_batch_in_the_ggtt)
{
	struct rig *r = &j.r[0];
	unsigned int ctx = (unsigned int)_i;
	u64 at;

	j_open(&j, RIG_SPEC, 1);
	at = j_gm(r, j_of(J_GM_DATA, ctx));
	j_batch(r, ctx, J_STORE_GGTT(at + 4, VALUE + 1), J_STORE(J_VA_DATA + 8, VALUE + 2),
		J_BB_END);
	j_ring(r, ctx, J_STORE_GGTT(at, VALUE), J_START_GGTT(j_gm(r, j_of(J_GM_BATCH, ctx))),
	       J_STORE_GGTT(at + 12, VALUE + 3));
	j_submit(r, ctx);
	ck_assert_uint_eq(j_get(r, j_of(J_GPA_DATA, ctx)), VALUE);
	ck_assert_uint_eq(j_get(r, j_of(J_GPA_DATA, ctx) + 4), VALUE + 1);
	ck_assert_uint_eq(j_get(r, j_of(J_GPA_DATA, ctx) + 8), VALUE + 2);
	ck_assert_uint_eq(j_get(r, j_of(J_GPA_DATA, ctx) + 12), VALUE + 3);
	complete(r, ctx, 1);
	j_close(&j);
}
END_TEST

START_TEST(three_levels)
{
	struct rig *r = &j.r[0];
	u64 pd;
	u32 dw[4];

	j_open(&j, RIG_SPEC, 1);
	pd = j_of(J_GPA_TABLES, 0) + 0x2000;
	j_img_set(r, 0, J_IMG_PDP_LDW(0), 0);
	j_img_set(r, 0, J_IMG_PDP_LDW(1), (u32)pd);
	j_batch(r, 0, J_STORE(J_VA_DATA, VALUE), J_BB_END);
	j_ring(r, 0, J_START_PPGTT(J_VA_BATCH), J_NOOP);
	memcpy(dw, (const u32[]){ 0, 0, j_id(0), (j_low(r, 0) & ~0x18U) | 1U << 3 }, sizeof(dw));
	rig_ok(j_elsp(r, GVT_RCS, dw));
	ck_assert_uint_eq(data(r, 0), VALUE);
	complete(r, 0, 1);
	j_close(&j);
}
END_TEST

/* The ways in which a hypervisor tells of stores to tables. */
static const char *const modes[] = { "check,mock", "check,mock:trap=after", "check,mock:track=no" };

/* What the guest changes in its tables between two submissions is what the second one sees. */
START_TEST(tables_change_in_between)
{
	struct rig *r = &j.r[0];
	unsigned int i;

	j_open(&j, modes[_i], 1);
	j_batch(r, 0, J_STORE(J_VA_DATA, VALUE), J_BB_END);
	for (i = 0; i < 12; i++) {
		u64 gpa = J_GPA_DATA + 0x100000 + i * 0x1000;

		j_map(r, 0, J_VA_DATA, gpa | 3);
		j_start(r, 0);
		ck_assert_uint_eq(j_get(r, gpa), VALUE);
		complete(r, 0, i + 1);
		j_set(r, gpa, 0);
	}
	for (i = 0; i < 12; i++)
		ck_assert_uint_eq(j_get(r, J_GPA_DATA + 0x100000 + i * 0x1000), 0);
	j_close(&j);
}
END_TEST

/* More dwords than a submission executes at once, then a store. */
static void long_batch(struct rig *r, unsigned int ctx, u32 value)
{
	static const u32 filler[1000];
	const u32 last[] = { J_STORE(J_VA_DATA, value), J_BB_END };
	u64 at = j_of(J_GPA_BATCH, ctx);
	unsigned int i;

	j_batch_at(r, at, filler, N(filler));
	j_batch_at(r, at + sizeof(filler), last, N(last));
	for (i = 0; i < 6; i++)
		j_ring(r, ctx, J_START_PPGTT(J_VA_BATCH), J_NOOP);
	j_submit(r, ctx);
	ck_assert(gvt_run_pending(r->gvt));
}

/* A context that runs gets more, and pages for it: a lite restore sees both. */
START_TEST(tables_change_meanwhile)
{
	struct rig *r = &j.r[0];

	j_open(&j, modes[_i], 1);
	long_batch(r, 0, VALUE);
	j_map(r, 0, J_VA_BATCH + 0x8000, j_of(J_GPA_BATCH, 1) | 3);
	j_map(r, 0, J_VA_DATA + 0x8000, j_of(J_GPA_DATA, 1) | 3);
	j_batch(r, 1, J_STORE(J_VA_DATA + 0x8000, VALUE + 1), J_BB_END);
	j_ring(r, 0, J_START_PPGTT(J_VA_BATCH + 0x8000), J_NOOP);
	j_submit(r, 0);
	j_run(&j, 100);
	ck_assert_uint_eq(data(r, 0), VALUE);
	ck_assert_uint_eq(data(r, 1), VALUE + 1);
	complete(r, 0, 1);
	j_close(&j);
}
END_TEST

/* Contexts of one engine, each in its own tables: one is cut off, and goes on where it was. */
START_TEST(preempted)
{
	struct rig *r = &j.r[0];

	j_open(&j, RIG_SPEC, 1);
	/* The fifth is made for the same engine. */
	long_batch(r, 0, VALUE);
	ck_assert_uint_eq(data(r, 0), VALUE);
	j_set(r, j_of(J_GPA_DATA, 0), 0);
	j_batch(r, 4, J_STORE(J_VA_DATA, VALUE + 4), J_BB_END);
	j_start(r, 4);
	j_run(&j, 100);
	ck_assert_uint_eq(data(r, 4), VALUE + 4);
	ck_assert_uint_eq(data(r, 0), 0);
	ck_assert_uint_eq(rig_info(r).preempted, 1);
	ck_assert_uint_ne(j_img(r, 0, J_IMG_HEAD), j_img(r, 0, J_IMG_TAIL));
	ck_assert_uint_ne(j_img(r, 0, J_IMG_HEAD), 0);
	j_submit(r, 0);
	j_run(&j, 100);
	ck_assert_uint_eq(data(r, 0), VALUE);
	ck_assert_uint_eq(data(r, 4), VALUE + 4);
	complete(r, 0, 2);
	j_close(&j);
}
END_TEST

/* RAM goes while a batch that uses it runs: what it stores from then on goes nowhere. */
START_TEST(memory_goes_meanwhile)
{
	struct rig *r = &j.r[0];
	struct gvt_vgpu_info before;

	j_open(&j, RIG_SPEC, 1);
	rig_ok(mpt_ram_add(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	j_map(r, 0, J_VA_DATA, RIG_EXTRA | 3);
	j_ggtt(r, j_gm(r, j_of(J_GM_DATA, 0)), RIG_EXTRA | 1);
	j_ring(r, 0, J_STORE_GGTT(j_gm(r, j_of(J_GM_DATA, 0) + 8), VALUE));
	long_batch(r, 0, VALUE);
	ck_assert_uint_eq(j_get(r, RIG_EXTRA), VALUE);
	ck_assert_uint_eq(j_get(r, RIG_EXTRA + 8), VALUE);
	before = rig_info(r);
	rig_ok(mpt_ram_remove(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	ck_assert_uint_eq(rig_info(r).ppgtt_mapped, before.ppgtt_mapped - 1);
	ck_assert_uint_eq(rig_info(r).ggtt_mapped, before.ggtt_mapped - 1);
	j_ring(r, 0, J_STORE_GGTT(j_gm(r, j_of(J_GM_DATA, 0) + 8), VALUE));
	j_submit(r, 0);
	j_run(&j, 100);
	complete(r, 0, 1);
	rig_ok(mpt_ram_add(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	ck_assert_uint_eq(j_get(r, RIG_EXTRA), 0);
	j_start(r, 0);
	ck_assert_uint_eq(j_get(r, RIG_EXTRA), VALUE);
	j_close(&j);
}
END_TEST

/* A page that is read-only, and one that went: the store is dropped, the context goes on. */
START_TEST(stores_that_go_nowhere)
{
	struct rig *r = &j.r[0];

	j_open(&j, RIG_SPEC, 1);
	j_batch(r, 0, J_STORE(J_VA_DATA, VALUE), J_STORE(J_VA_DATA + 0x1000, VALUE), J_BB_END);
	j_map(r, 0, J_VA_DATA, j_of(J_GPA_DATA, 0) | 1);
	j_start(r, 0);
	ck_assert_uint_eq(data(r, 0), 0);
	complete(r, 0, 1);
	j_map(r, 0, J_VA_DATA, 0x10000000ULL | 3);
	j_start(r, 0);
	complete(r, 0, 2);
	j_close(&j);
}
END_TEST

/* --- each step failing --- */

static void prepare(struct rig *r, unsigned int ctx)
{
	j_batch(r, ctx, J_STORE(J_VA_DATA, VALUE), J_BB_END);
	j_ring(r, ctx, J_START_PPGTT(J_VA_BATCH), J_USER_INTERRUPT);
}

/* The commands are still in the ring; a reset of the engine is all that they need. */
static void works_again(struct rig *r, unsigned int ctx, bool full)
{
	u64 completed = rig_info(r).completed;

	if (full) {
		rig_reg_set(r, J_GDRST, 1);
		j_resume(r);
	} else {
		gdrst(r, j_engine(ctx));
	}
	ck_assert_uint_eq(rig_info(r).ppgtt_spaces, 0);
	ck_assert_uint_eq(rig_info(r).ppgtt_tables, 0);
	j_set(r, j_of(J_GPA_DATA, ctx), 0);
	j_img_set(r, ctx, J_IMG_HEAD, 0);
	j_submit(r, ctx);
	j_run(&j, 1000);
	ck_assert_uint_eq(data(r, ctx), VALUE);
	ck_assert_uint_eq(rig_info(r).completed, completed + 1);
}

/* Without the check layer, whose ledger allocates too. */
START_TEST(every_allocation_fails)
{
	struct rig *r = &j.r[0];
	unsigned int ctx = (unsigned int)_i;
	unsigned long n;
	bool fired = true;

	for (n = 1; fired && n < 100; n++) {
		j_open(&j, "mock", 1);
		prepare(r, ctx);
		mpt_alloc_fail_at(n);
		j_submit(r, ctx);
		fired = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_msg(rig_info(r).hung == fired, "allocation %lu", n);
		ck_assert_uint_eq(data(r, ctx), fired ? 0 : VALUE);
		ck_assert_uint_eq(r->v->failsafe, 0);
		works_again(r, ctx, n % 2);
		j_close(&j);
	}
	/* A copy of the commands, an address space, four tables. */
	ck_assert_uint_gt(n, 6);
	ck_assert_uint_lt(n, 100);
}
END_TEST

/*
 * A call that is needed to execute hangs the engine; one without which only the guest's notice is
 * late, or a page of it is not there, does not.
 */
START_TEST(every_call_fails)
{
	enum mpt_op_id op = MPT_OP_COUNT;
	struct rig *r = &j.r[0];
	unsigned int ctx = (unsigned int)_i, n, seen = 0;
	bool fired = true;

	for (n = 1; fired && n < 100; n++) {
		j_open(&j, "check,fault,mock", 1);
		prepare(r, ctx);
		rig_ok(mpt_fault_at(r->host, MPT_OP_COUNT, n, 0));
		j_submit(r, ctx);
		fired = mpt_fault_fired(r->host, &op);
		rig_ok(mpt_fault_at(r->host, MPT_OP_COUNT, 0, 0));
		if (fired)
			seen |= 1U << op;
		ck_assert_msg(rig_info(r).completed + rig_info(r).hung == 1, "call %u", n);
		ck_assert_uint_eq(r->v->failsafe, 0);
		ck_assert(data(r, ctx) == 0 || data(r, ctx) == VALUE);
		ck_assert(fired || data(r, ctx) == VALUE);
		works_again(r, ctx, n % 2);
		j_close(&j);
	}
	ck_assert_uint_lt(n, 100);
	ck_assert_uint_ne(seen & 1U << MPT_OP_ID_read_gpa, 0);
	ck_assert_uint_ne(seen & 1U << MPT_OP_ID_write_gpa, 0);
	ck_assert_uint_ne(seen & 1U << MPT_OP_ID_inject_msi, 0);
	ck_assert_uint_ne(seen & 1U << MPT_OP_ID_enable_page_track, 0);
	ck_assert_uint_ne(seen & 1U << MPT_OP_ID_dma_map_guest_page, 0);
}
END_TEST

/* --- vGPUs beside each other --- */

/* The same addresses in all, another value in each. A piece at a time, so that they take turns. */
START_TEST(results_never_mix)
{
	unsigned int n, ctx, i, vgpus = (unsigned int)_i;

	j_open(&j, RIG_SPEC, vgpus);
	for (n = 0; n < vgpus; n++) {
		for (ctx = 0; ctx < GVT_NUM_ENGINES; ctx++) {
			u32 dw[601] = { 0 };

			for (i = 0; i < 150; i++)
				memcpy(dw + 4 * i,
				       (const u32[]){ J_STORE(J_VA_DATA + 4 * i,
							      VALUE ^ n << 4 ^ ctx ^ i << 8) },
				       16);
			dw[600] = J_BB_END;
			j_batch_at(&j.r[n], j_of(J_GPA_BATCH, ctx), dw, N(dw));
			j_start(&j.r[n], ctx);
		}
	}
	j_run(&j, 7);
	for (n = 0; n < vgpus; n++) {
		ck_assert_uint_eq(rig_info(&j.r[n]).completed, GVT_NUM_ENGINES);
		for (ctx = 0; ctx < GVT_NUM_ENGINES; ctx++)
			for (i = 0; i < 150; i++)
				if (j_get(&j.r[n], j_of(J_GPA_DATA, ctx) + 4 * i) !=
				    (VALUE ^ n << 4 ^ ctx ^ i << 8))
					ck_abort_msg("vGPU %u, engine %u, %u", n, ctx, i);
	}
	j_close(&j);
}
END_TEST

/* Where the device finds a page of a guest. */
static u64 bus_of(struct rig *r, u64 gpa)
{
	dma_addr_t dma;

	rig_ok(intel_gvt_hypervisor_dma_map_guest_page(r->vgpu, gpa >> 12, 4096, &dma));
	intel_gvt_hypervisor_dma_unmap_guest_page(r->vgpu, dma);
	return dma;
}

/* A guest names the other's page as the device would: that is no page of its own. */
START_TEST(a_guessed_bus_address)
{
	struct rig *victim = &j.r[0], *r = &j.r[1];
	u64 bus;

	j_open(&j, RIG_SPEC, 2);
	j_batch(victim, 0, J_STORE(J_VA_DATA, VALUE), J_BB_END);
	j_start(victim, 0);
	ck_assert_uint_eq(data(victim, 0), VALUE);
	bus = bus_of(victim, j_of(J_GPA_DATA, 0));
	ck_assert_uint_ge(bus, RIG_RAM);
	j_map(r, 0, J_VA_DATA + 0x1000, bus | 3);
	j_set(r, j_of(J_GPA_DATA, 0), 7);
	j_batch(r, 0, J_COPY(J_VA_DATA, J_VA_DATA + 0x1000), J_STORE(J_VA_DATA + 0x1000, 9),
		J_BB_END);
	j_start(r, 0);
	complete(r, 0, 1);
	ck_assert_uint_eq(data(r, 0), 0);
	ck_assert_uint_eq(data(victim, 0), VALUE);
	j_close(&j);
}
END_TEST

/* Nor by a table: the device's own pages, where shadows are, are named in a guest's directory. */
START_TEST(a_guessed_shadow)
{
	struct rig *r = &j.r[1];
	u64 t, bus;

	j_open(&j, RIG_SPEC, 2);
	j_batch(&j.r[0], 0, J_STORE(J_VA_DATA, VALUE), J_BB_END);
	j_start(&j.r[0], 0);
	t = j_of(J_GPA_TABLES, 0);
	/* The first tables that the device gave out are the first vGPU's. */
	for (bus = r->gvt->hw.own_bus; bus < r->gvt->hw.own_bus + 0x4000; bus += 0x1000) {
		u64 completed = rig_info(r).completed;

		j_set(r, j_of(J_GPA_DATA, 0), 7);
		j_set64(r, t + 0x2000 + ((J_VA >> 21 & 511) + 1) * 8, bus | 3);
		j_map(r, 0, J_VA_DATA + 0x2000, bus | 3);
		j_batch(r, 0, J_COPY(J_VA_DATA, J_VA_DATA + 0x200000),
			J_COPY(J_VA_DATA + 4, J_VA_DATA + 0x2000),
			J_STORE(J_VA_DATA + 0x200000, 9), J_STORE(J_VA_DATA + 0x2000, 9), J_BB_END);
		j_start(r, 0);
		complete(r, 0, completed + 1);
		ck_assert_uint_eq(data(r, 0), 0);
		ck_assert_uint_eq(j_get(r, j_of(J_GPA_DATA, 0) + 4), 0);
	}
	ck_assert_uint_eq(data(&j.r[0], 0), VALUE);
	j_start(&j.r[0], 0);
	complete(&j.r[0], 0, 2);
	j_close(&j);
}
END_TEST

/* The other's graphics addresses hang the engine, in the ring as in a batch, and touch nothing. */
START_TEST(anothers_graphics_address)
{
	struct rig *victim = &j.r[0], *r = &j.r[1];
	u64 at;

	j_open(&j, RIG_SPEC, 2);
	at = j_gm(victim, j_of(J_GM_DATA, 0));
	j_set(victim, j_of(J_GPA_DATA, 0), VALUE);
	if (_i) {
		j_batch(r, 0, J_STORE_GGTT(at, 9), J_BB_END);
		j_ring(r, 0, J_START_GGTT(j_gm(r, j_of(J_GM_BATCH, 0))), J_NOOP);
	} else {
		j_ring(r, 0, J_STORE_GGTT(at, 9));
	}
	j_submit(r, 0);
	ck_assert_uint_eq(rig_info(r).hung, 1);
	ck_assert_uint_eq(data(victim, 0), VALUE);
	gdrst(r, GVT_RCS);
	/* Of a batch in the PPGTT the bit counts as clear: an address there, where nothing is. */
	j_batch(r, 0, J_STORE_GGTT(at, 9), J_BB_END);
	j_img_set(r, 0, J_IMG_HEAD, j_img(r, 0, J_IMG_TAIL));
	j_start(r, 0);
	ck_assert_uint_eq(rig_info(r).completed, 1);
	ck_assert_uint_eq(data(victim, 0), VALUE);
	j_close(&j);
}
END_TEST

/* The owner of an endless batch gets what is due to it, others and its own engines go on. */
START_TEST(an_endless_batch)
{
	struct rig *bad = &j.r[0], *r = &j.r[1];
	unsigned int i;

	j_open(&j, RIG_SPEC, 2);
	j_batch(bad, 0, J_STORE(J_VA_DATA, VALUE), J_START_PPGTT(J_VA_BATCH));
	j_start(bad, 0);
	ck_assert_uint_eq(data(bad, 0), VALUE);
	for (i = 0; i < 20; i++) {
		j_batch(r, 0, J_STORE(J_VA_DATA, i + 1), J_BB_END);
		j_start(r, 0);
		j_batch(bad, 2, J_STORE(J_VA_DATA, i + 1), J_BB_END);
		j_start(bad, 2);
		gvt_run(r->gvt, 20000);
		ck_assert_uint_eq(data(r, 0), i + 1);
		ck_assert_uint_eq(data(bad, 2), i + 1);
	}
	ck_assert_uint_eq(rig_info(r).completed, 20);
	ck_assert_uint_eq(rig_info(bad).completed, 20);
	ck_assert(gvt_run_pending(r->gvt));
	gdrst(bad, GVT_RCS);
	ck_assert(!gvt_run_pending(r->gvt));
	j_close(&j);
}
END_TEST

static Suite *joint_suite(void)
{
	Suite *s = suite_create("gvt-joint");
	TCase *tc = tcase_create("one");

	tcase_add_loop_test(tc, a_batch_on_each_engine, 0, GVT_NUM_ENGINES);
	tcase_add_loop_test(tc, a_batch_in_the_ggtt, 0, GVT_NUM_ENGINES);
	tcase_add_test(tc, three_levels);
	tcase_add_loop_test(tc, tables_change_in_between, 0, N(modes));
	tcase_add_loop_test(tc, tables_change_meanwhile, 0, N(modes));
	tcase_add_test(tc, preempted);
	tcase_add_test(tc, memory_goes_meanwhile);
	tcase_add_test(tc, stores_that_go_nowhere);
	suite_add_tcase(s, tc);
	tc = tcase_create("fail");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_allocation_fails, 0, GVT_NUM_ENGINES);
	tcase_add_loop_test(tc, every_call_fails, 0, GVT_NUM_ENGINES);
	suite_add_tcase(s, tc);
	tc = tcase_create("several");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, results_never_mix, 2, J_VMS + 1);
	tcase_add_test(tc, a_guessed_bus_address);
	tcase_add_test(tc, a_guessed_shadow);
	tcase_add_loop_test(tc, anothers_graphics_address, 0, 2);
	tcase_add_test(tc, an_endless_batch);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { joint_suite };

	return mpt_test_main("gvt_joint", suites, N(suites));
}
