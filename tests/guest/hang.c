/* SPDX-License-Identifier: MIT */
/*
 * A batch without an end and what i915 does about it: notices, resets the one engine or the whole
 * GT, skips the guilty request, replays the innocent one (Linux 6.1 gt/intel_reset.c and
 * intel_execlists_submission.c, from memory).
 */
#include "guest_priv.h"

#define RING_HEAD 0x34
#define MARK 0xe00

static void batch_at(struct guest *g, u64 gpa)
{
	guest_cs_end(&g->cs);
	guest_ram_write(g, gpa, g->cs.dw, 4 * g->cs.n);
}

/* Begins with a store, so that the hang is known to have begun. */
static void loop_batch(struct guest *g, u32 value)
{
	guest_cs_begin(&g->cs);
	guest_cs_store(&g->cs, G_VA_4K + MARK, value);
	guest_cs_jump(&g->cs, G_VA_BATCH + 5 * G_PAGE);
	batch_at(g, g->batch + 4 * G_PAGE);
	guest_cs_begin(&g->cs);
	guest_cs_put(&g->cs, 0);
	guest_cs_put(&g->cs, 0);
	guest_cs_jump(&g->cs, G_VA_BATCH + 5 * G_PAGE);
	batch_at(g, g->batch + 5 * G_PAGE);
}

/* i915 gives a request some seconds; time is polls here. */
static void hangcheck(struct guest *g, struct guest_ctx *guilty, struct guest_ctx *innocent)
{
	u32 size = guilty->ring.pages * G_PAGE, head;
	int i;

	for (i = 0; i < G_WAITS && guest_ram32(g, g->data4k + MARK) != 0x4a6 && !g->failed; i++)
		guest_poll(g);
	for (i = 0; i < 20; i++)
		guest_poll(g);
	guest_expect(g, guest_ram32(g, g->data4k + MARK), 0x4a6, "%s: store before the loop",
		     guilty->e->info->name);
	guest_expect(g, guest_done(g, guilty), false, "%s: request without an end done",
		     guilty->e->info->name);
	guest_expect(g, guest_done(g, innocent), false, "%s: request behind it done",
		     guilty->e->info->name);
	head = guest_reg(g, guilty->e->info->base + RING_HEAD) & (size - 1) & ~3U;
	guest_check(g, head > guilty->head && head <= guilty->postfix, head,
		    "RING_HEAD of the engine that hangs", "inside the request");
}

/* Another engine goes on meanwhile. */
static void bystander(struct guest *g, u32 n)
{
	guest_cs_begin(&g->cs);
	guest_cs_store(&g->cs, G_VA_4K + MARK + 8, 0xb0 + n);
	guest_exec(g, g->work[n], &g->cs);
	guest_expect(g, guest_ram32(g, g->data4k + MARK + 8), 0xb0 + n,
		     "%s: store while another engine hangs", g->engine[n].info->name);
}

/* The guilty request is skipped up to its breadcrumb, the innocent one begins anew. */
static void replay(struct guest *g, struct guest_ctx *guilty, struct guest_ctx *innocent)
{
	guest_ctx_write(g, guilty, G_CTX_HEAD, guilty->postfix);
	guest_ctx_write(g, innocent, G_CTX_HEAD, innocent->head);
	guilty->force_restore = true;
	innocent->force_restore = true;
	guest_log_clear(guilty->e);
	guest_submit(g, guilty, innocent);
	guest_wait_done(g, guilty);
	guest_wait_done(g, innocent);
	guest_wait_idle(g, guilty->e);
}

static void hang(struct guest *g, u32 n, bool full)
{
	struct guest_ctx *guilty = g->work[n], *innocent = g->other[n];
	const struct guest_csb events[] = {
		{ G_CSB_IDLE_ACTIVE, guilty->id },
		{ G_CSB_ELEMENT_SWITCH | G_CSB_COMPLETE, guilty->id },
		{ G_CSB_ACTIVE_IDLE | G_CSB_COMPLETE, innocent->id },
	};

	guest_ram32_set(g, g->data1 + MARK + 4, 0);
	guest_ram32_set(g, g->data4k + MARK, 0);
	loop_batch(g, 0x4a6);
	guest_cs_begin(&g->cs);
	guest_cs_store(&g->cs, G_VA_4K + MARK + 4, 0x1220 + n);
	batch_at(g, g->batch1 + 4 * G_PAGE);
	guest_request(g, guilty, G_VA_BATCH + 4 * G_PAGE);
	guest_request(g, innocent, G_VA_BATCH + 4 * G_PAGE);
	guest_submit(g, guilty, innocent);
	guest_wait_acked(g, guilty->e);
	hangcheck(g, guilty, innocent);
	bystander(g, (n + 1) % G_NUM_ENGINES);
	guest_expect(g, guest_ram32(g, g->data1 + MARK + 4), 0, "store behind the hang");
	guest_forcewake(g, true);
	if (full) {
		guest_full_reset(g);
		guest_gt_resume(g);
	} else {
		guest_engine_reset(g, guilty->e);
	}
	replay(g, guilty, innocent);
	guest_log_expect(g, guilty->e, events, G_ARRAY(events));
	guest_expect(g, guest_ram32(g, g->data1 + MARK + 4), 0x1220 + n, "%s: replayed request",
		     guilty->e->info->name);
	/* And on with its life. */
	bystander(g, n);
}

void guest_step_hang(struct guest *g)
{
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++)
		hang(g, n, false);
}

/* Page tables are in memory, so nobody announces them again, and they can still change. */
void guest_step_reset(struct guest *g)
{
	hang(g, G_RCS, true);
	hang(g, G_BCS, true);
	guest_step_tables(g);
}
