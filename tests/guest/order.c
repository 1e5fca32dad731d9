/* SPDX-License-Identifier: MIT */
/*
 * Steps about the order of things: two contexts at once, more work for a running context, engines
 * that wait for each other, registers that belong to a context.
 */
#include "guest_priv.h"

#define FLAG (G_VA_4K + 0xc00) /* what semaphores wait for */
#define FLAG_GPA(g) ((g)->data4k + 0xc00)
#define MARK(n) (0xc10 + 4 * (n))

/* So many polls show that something waits. */
#define PATIENCE 10

static void batch_write(struct guest *g, u64 gpa, struct guest_cs *cs)
{
	guest_cs_end(cs);
	guest_ram_write(g, gpa, cs->dw, 4 * cs->n);
}

/* At page @page of the batch area: wait for the flag (0: no wait), then set a mark. */
static u64 batch_mark(struct guest *g, struct guest_vm *vm, u32 page, u32 flag, u32 mark, u32 value)
{
	u64 gpa = (vm == &g->vm[0] ? g->batch : g->batch1) + (u64)page * G_PAGE;

	guest_cs_begin(&g->cs);
	if (flag)
		guest_cs_wait_eq(&g->cs, FLAG, flag);
	guest_cs_store(&g->cs, G_VA_4K + MARK(mark), value);
	batch_write(g, gpa, &g->cs);
	return G_VA_BATCH + (u64)page * G_PAGE;
}

static void still_waits(struct guest *g, struct guest_ctx *ctx)
{
	int i;

	for (i = 0; i < PATIENCE; i++)
		guest_poll(g);
	guest_expect(g, guest_done(g, ctx), false, "%s: request done before its signal",
		     ctx->e->info->name);
}

/* --- elements --- */

static void elements(struct guest *g, u32 n)
{
	struct guest_ctx *a = g->work[n], *b = g->other[n];
	const struct guest_csb events[] = {
		{ G_CSB_IDLE_ACTIVE, a->id },
		{ G_CSB_ELEMENT_SWITCH | G_CSB_COMPLETE, a->id },
		{ G_CSB_ACTIVE_IDLE | G_CSB_COMPLETE, b->id },
	};

	guest_log_clear(a->e);
	guest_request(g, a, batch_mark(g, a->vm, 1, 0, 0, 0xe0 + n));
	guest_request(g, b, batch_mark(g, b->vm, 1, 0, 1, 0xf0 + n));
	guest_submit(g, a, b);
	guest_wait_done(g, a);
	guest_wait_done(g, b);
	guest_wait_idle(g, a->e);
	guest_log_expect(g, a->e, events, G_ARRAY(events));
	guest_expect(g, guest_ram32(g, g->data4k + MARK(0)), 0xe0 + n, "%s: first element",
		     a->e->info->name);
	guest_expect(g, guest_ram32(g, g->data1 + MARK(1)), 0xf0 + n, "%s: second element",
		     a->e->info->name);
}

void guest_step_elements(struct guest *g)
{
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++)
		elements(g, n);
}

/* --- lite restore --- */

static void lite(struct guest *g, u32 n)
{
	struct guest_ctx *ctx = g->work[n];
	const struct guest_csb events[] = {
		{ G_CSB_IDLE_ACTIVE, ctx->id },
		{ G_CSB_LITE_RESTORE | G_CSB_PREEMPTED, ctx->id },
		{ G_CSB_ACTIVE_IDLE | G_CSB_COMPLETE, ctx->id },
	};

	guest_ram32_set(g, FLAG_GPA(g), 0);
	guest_log_clear(ctx->e);
	guest_request(g, ctx, batch_mark(g, ctx->vm, 1, 1, 2, 0x111 + n));
	guest_submit(g, ctx, NULL);
	guest_wait_acked(g, ctx->e);
	still_waits(g, ctx);
	guest_request(g, ctx, batch_mark(g, ctx->vm, 2, 0, 3, 0x222 + n));
	guest_submit(g, ctx, NULL);
	guest_wait_acked(g, ctx->e);
	still_waits(g, ctx);
	guest_ram32_set(g, FLAG_GPA(g), 1);
	guest_wait_done(g, ctx);
	guest_wait_idle(g, ctx->e);
	guest_log_expect(g, ctx->e, events, G_ARRAY(events));
	guest_expect(g, guest_ram32(g, g->data4k + MARK(2)), 0x111 + n, "%s: before",
		     ctx->e->info->name);
	guest_expect(g, guest_ram32(g, g->data4k + MARK(3)), 0x222 + n, "%s: added",
		     ctx->e->info->name);
}

void guest_step_lite(struct guest *g)
{
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++)
		lite(g, n);
}

/* --- preemption --- */

#define COUNT 0xc80

/* Counts in memory how often it begins, then waits for the flag. */
static u64 batch_count(struct guest *g, const struct guest_engine *e)
{
	guest_cs_begin(&g->cs);
	guest_cs_lri64(&g->cs, guest_gpr(e, 0), 0);
	guest_cs_lri64(&g->cs, guest_gpr(e, 1), 1);
	guest_cs_lrm(&g->cs, guest_gpr(e, 0), G_VA_4K + COUNT);
	guest_cs_math(&g->cs, G_ALU_ADD, 0, 1, 2);
	guest_cs_srm(&g->cs, guest_gpr(e, 2), G_VA_4K + COUNT);
	guest_cs_wait_eq(&g->cs, FLAG, 1);
	guest_cs_srm(&g->cs, guest_gpr(e, 2), G_VA_4K + COUNT + 4);
	batch_write(g, g->batch + G_PAGE, &g->cs);
	return G_VA_BATCH + G_PAGE;
}

/* As i915 does it: the more urgent context first, the one that runs behind it. */
static void preempt(struct guest *g, u32 n)
{
	struct guest_ctx *a = g->work[n], *b = g->other[n];
	const struct guest_csb events[] = {
		{ G_CSB_IDLE_ACTIVE, a->id },
		{ G_CSB_PREEMPTED, a->id },
		{ G_CSB_ELEMENT_SWITCH | G_CSB_COMPLETE, b->id },
		{ G_CSB_ACTIVE_IDLE | G_CSB_COMPLETE, a->id },
	};

	guest_ram32_set(g, FLAG_GPA(g), 0);
	guest_ram64_set(g, g->data4k + COUNT, 0);
	guest_log_clear(a->e);
	guest_request(g, a, batch_count(g, a->e));
	guest_submit(g, a, NULL);
	guest_wait_acked(g, a->e);
	still_waits(g, a);
	guest_request(g, b, batch_mark(g, b->vm, 1, 0, 6, 0x9e0 + n));
	guest_submit(g, b, a);
	guest_wait_done(g, b);
	guest_expect(g, guest_ram32(g, g->data1 + MARK(6)), 0x9e0 + n, "%s: the urgent one",
		     a->e->info->name);
	still_waits(g, a);
	guest_ram32_set(g, FLAG_GPA(g), 1);
	guest_wait_done(g, a);
	guest_wait_idle(g, a->e);
	guest_log_expect(g, a->e, events, G_ARRAY(events));
	guest_expect(g, guest_ram32(g, g->data4k + COUNT), 1, "%s: times the batch began",
		     a->e->info->name);
	guest_expect(g, guest_ram32(g, g->data4k + COUNT + 4), 1, "%s: register after it",
		     a->e->info->name);
}

void guest_step_preempt(struct guest *g)
{
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++)
		preempt(g, n);
}

/* --- semaphores --- */

static void semaphore(struct guest *g, u32 waits, u32 signals)
{
	struct guest_ctx *a = g->work[waits], *b = g->work[signals];

	guest_ram32_set(g, FLAG_GPA(g), 0);
	guest_ram32_set(g, g->data4k + MARK(4), 0);
	guest_request(g, a, batch_mark(g, a->vm, 1, 0x5e, 4, 0x900d));
	guest_submit(g, a, NULL);
	guest_wait_acked(g, a->e);
	still_waits(g, a);
	guest_expect(g, guest_ram32(g, g->data4k + MARK(4)), 0, "store behind the semaphore");
	guest_cs_begin(&g->cs);
	guest_cs_store(&g->cs, FLAG, 0x5e);
	batch_write(g, g->batch + 2 * G_PAGE, &g->cs);
	guest_request(g, b, G_VA_BATCH + 2 * G_PAGE);
	guest_submit(g, b, NULL);
	guest_wait_done(g, b);
	guest_wait_done(g, a);
	guest_wait_idle(g, a->e);
	guest_wait_idle(g, b->e);
	guest_expect(g, guest_ram32(g, g->data4k + MARK(4)), 0x900d, "%s signalled by %s",
		     a->e->info->name, b->e->info->name);
}

void guest_step_semaphore(struct guest *g)
{
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++)
		semaphore(g, n, (n + 1) % G_NUM_ENGINES);
}

/* --- registers --- */

#define GPR 7U

static void gpr_set(struct guest *g, struct guest_ctx *ctx, u64 value)
{
	guest_cs_begin(&g->cs);
	guest_cs_lri64(&g->cs, guest_gpr(ctx->e, GPR), value);
	guest_exec(g, ctx, &g->cs);
	guest_expect(g, guest_ctx_read(g, ctx, G_CTX_GPR0 + 4 * GPR), (u32)value,
		     "%s: register in the image", ctx->e->info->name);
	guest_expect(g, guest_ctx_read(g, ctx, G_CTX_GPR0 + 4 * GPR + 2), value >> 32,
		     "%s: its upper half", ctx->e->info->name);
}

static void gpr_check(struct guest *g, struct guest_ctx *ctx, u64 data, u64 value)
{
	guest_cs_begin(&g->cs);
	guest_cs_srm64(&g->cs, guest_gpr(ctx->e, GPR), G_VA_4K + 0xd00);
	guest_exec(g, ctx, &g->cs);
	guest_expect(g, guest_ram64(g, data + 0xd00), value, "%s: register of context %u",
		     ctx->e->info->name, ctx->id);
	guest_ram64_set(g, data + 0xd00, 0);
}

void guest_step_registers(struct guest *g)
{
	const u64 a = 0xaaaa5555deadbeefULL, b = 0x0123bbbb4567bbbbULL;
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++) {
		gpr_set(g, g->work[n], a + n);
		gpr_set(g, g->other[n], b + n);
		gpr_check(g, g->work[n], g->data4k, a + n);
		gpr_check(g, g->other[n], g->data1, b + n);
		/* Memory is what counts: a driver may edit an image that does not run. */
		guest_ctx_write(g, g->work[n], G_CTX_GPR0 + 4 * GPR, 0x77);
		g->work[n]->force_restore = true;
		gpr_check(g, g->work[n], g->data4k, ((a + n) >> 32 << 32) | 0x77);
	}
}
