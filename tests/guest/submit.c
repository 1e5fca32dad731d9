/* SPDX-License-Identifier: MIT */
/*
 * Submission through ELSP and what comes back: the interrupt handler, the events in the status page
 * as i915's tasklet reads them (Linux 6.1 gt/intel_execlists_submission.c, process_csb(), from
 * memory), and the waits of the steps.
 */
#include "guest_priv.h"

#define RING_ELSP 0x230
#define HWS_CSB 0x10 /* dwords of the status page */
#define HWS_CSB_WRITE 0x1f

#define DESC_VALID (1U << 0)
#define DESC_FORCE_RESTORE (1U << 2)
#define DESC_LEVELS(levels) ((levels) == 4 ? 3U << 3 : 1U << 3)
#define DESC_PRIVILEGE (1U << 8)

#define MASTER 0x44200
#define MASTER_ENABLE (1U << 31)
#define GT_IIR(n) (0x44308U + 16 * (n))
#define IRQ_USER (1U << 0)
#define IRQ_SWITCH (1U << 8)
#define MSI_ADDR 0xfee00000U
#define MSI_DATA 0x4031U
#define STORM 10000U

/* --- events --- */

/* The elements that were written last are the running ones now. */
static void promote(struct guest *g, struct guest_engine *e)
{
	if (e->acked) {
		guest_fail(g, "%s: event: expected none without a submission", e->info->name);
		return;
	}
	memcpy(e->inflight, e->pending, sizeof(e->inflight));
	memset(e->pending, 0, sizeof(e->pending));
	e->acked = true;
}

static void complete(struct guest *g, struct guest_engine *e, u32 id)
{
	struct guest_ctx *ctx = e->inflight[0];

	if (!ctx) {
		guest_fail(g, "%s: event: expected no completion of context %u, nothing runs",
			   e->info->name, id);
		return;
	}
	guest_expect(g, id, ctx->id, "%s: context that is complete", e->info->name);
	guest_expect(g, guest_ctx_read(g, ctx, G_CTX_HEAD), ctx->submitted,
		     "%s: ring head in the image of context %u", e->info->name, id);
	e->inflight[0] = e->inflight[1];
	e->inflight[1] = NULL;
}

static void event(struct guest *g, struct guest_engine *e, u32 status, u32 id)
{
	g->r.events++;
	if (e->logged < G_ARRAY(e->log))
		e->log[e->logged++] = (struct guest_csb){ status, id };
	if (status & (G_CSB_IDLE_ACTIVE | G_CSB_PREEMPTED))
		promote(g, e);
	else if (status & G_CSB_COMPLETE)
		complete(g, e, id);
	else
		guest_fail(g, "%s: event: expected a cause, saw status 0x%x", e->info->name,
			   status);
}

static void tasklet(struct guest *g, struct guest_engine *e)
{
	u32 tail = guest_ram32(g, e->hwsp.gpa + 4 * HWS_CSB_WRITE);

	if (!guest_check(g, tail < G_CSB_ENTRIES, tail, "write pointer of the events", "0 to 5"))
		return;
	while (e->csb_head != tail && !g->failed) {
		u64 at;

		e->csb_head = (e->csb_head + 1) % G_CSB_ENTRIES;
		at = e->hwsp.gpa + 4 * HWS_CSB + 8 * e->csb_head;
		event(g, e, guest_ram32(g, at), guest_ram32(g, at + 4));
	}
}

/* --- interrupts --- */

/* The causes go before events are looked at, so an event that comes meanwhile is a cause again. */
static void gt_irq(struct guest *g, u32 gt)
{
	u32 iir = guest_reg(g, GT_IIR(gt)), i;

	guest_reg_set(g, GT_IIR(gt), iir);
	for (i = 0; i < G_NUM_ENGINES; i++) {
		struct guest_engine *e = &g->engine[i];

		if (e->info->gt != gt)
			continue;
		e->user += !!(iir >> e->info->shift & IRQ_USER);
		if (iir >> e->info->shift & IRQ_SWITCH)
			tasklet(g, e);
	}
}

/* gen8_irq_handler() */
static void irq(struct guest *g)
{
	u32 master = guest_reg(g, MASTER), gts = 0, i;

	guest_reg_set(g, MASTER, 0);
	for (i = 0; i < G_NUM_ENGINES; i++)
		if (master & guest_engines[i].master)
			gts |= 1U << guest_engines[i].gt;
	for (i = 0; i < 4; i++)
		if (gts >> i & 1)
			gt_irq(g, i);
	guest_reg_set(g, MASTER, MASTER_ENABLE);
}

void guest_poll(struct guest *g)
{
	struct mpt_irq msi;
	u32 n = 0;

	guest_wait(g);
	while (guest_irq_take(g, &msi)) {
		if (++n == STORM)
			guest_fail(g, "interrupts: expected their causes gone, saw %u in a row", n);
		guest_expect(g, msi.addr, MSI_ADDR, "address of an MSI");
		guest_expect(g, msi.data, MSI_DATA, "data of an MSI");
		guest_expect(g, msi.intx, false, "interrupt on the pin");
		irq(g);
	}
}

/* --- submission --- */

static u32 descriptor(struct guest *g, struct guest_ctx *ctx)
{
	u32 desc = (u32)ctx->image.addr | DESC_VALID | DESC_PRIVILEGE |
		   DESC_LEVELS(ctx->vm->levels);

	/* A tail that goes backwards would look like less to do. */
	if (ctx->force_restore || ctx->tail <= ctx->submitted)
		desc |= DESC_FORCE_RESTORE;
	ctx->force_restore = false;
	ctx->submitted = ctx->tail;
	guest_ctx_write(g, ctx, G_CTX_TAIL, ctx->tail);
	return desc;
}

/* The second element first, of each the upper half first. An event may be there at once. */
void guest_submit(struct guest *g, struct guest_ctx *a, struct guest_ctx *b)
{
	struct guest_engine *e = a->e;
	u32 elsp = e->info->base + RING_ELSP, desc_b = b ? descriptor(g, b) : 0;
	u32 desc_a = descriptor(g, a);

	guest_expect(g, e->acked, true, "%s: submissions that wait for their event", e->info->name);
	e->pending[0] = a;
	e->pending[1] = b;
	e->acked = false;
	g->r.submissions++;
	guest_reg_set(g, elsp, b ? b->id : 0);
	guest_reg_set(g, elsp, desc_b);
	guest_reg_set(g, elsp, a->id);
	guest_reg_set(g, elsp, desc_a);
}

/* --- waits --- */

bool guest_done(struct guest *g, const struct guest_ctx *ctx)
{
	return guest_ram32(g, ctx->e->hwsp.gpa + ctx->slot) == ctx->seqno;
}

void guest_wait_acked(struct guest *g, struct guest_engine *e)
{
	int i;

	for (i = 0; i < G_WAITS && !e->acked && !g->failed; i++)
		guest_poll(g);
	guest_expect(g, e->acked, true, "%s: event of a submission", e->info->name);
}

void guest_wait_done(struct guest *g, struct guest_ctx *ctx)
{
	u32 seen;
	int i;

	for (i = 0; i < G_WAITS && !guest_done(g, ctx) && !g->failed; i++)
		guest_poll(g);
	seen = guest_ram32(g, ctx->e->hwsp.gpa + ctx->slot);
	guest_expect(g, seen, ctx->seqno, "%s: seqno of context %u", ctx->e->info->name, ctx->id);
}

void guest_wait_idle(struct guest *g, struct guest_engine *e)
{
	int i;

	for (i = 0; i < G_WAITS && (!e->acked || e->inflight[0]) && !g->failed; i++)
		guest_poll(g);
	guest_expect(g, !e->acked || e->inflight[0], false, "%s: contexts still running",
		     e->info->name);
}

void guest_log_clear(struct guest_engine *e)
{
	e->logged = 0;
	e->user = 0;
}

void guest_log_expect(struct guest *g, const struct guest_engine *e, const struct guest_csb *csb,
		      u32 n)
{
	u32 i;

	guest_expect(g, e->logged, n, "%s: number of events", e->info->name);
	for (i = 0; i < n && !g->failed; i++) {
		guest_expect(g, e->log[i].status, csb[i].status, "%s: status of event %u",
			     e->info->name, i);
		/* Whose it was to become active, hardware and GVT say differently. */
		if (!(csb[i].status & G_CSB_IDLE_ACTIVE))
			guest_expect(g, e->log[i].id, csb[i].id, "%s: context of event %u",
				     e->info->name, i);
	}
	guest_check(g, e->user, e->user, "user interrupts", "one or more");
}

/* The pages of the batch area follow each other in memory. */
static void batch_write(struct guest *g, u64 gpa, const struct guest_cs *batch)
{
	u32 at, n;

	guest_check(g, !batch->full, batch->n, "dwords of a batch", "room for all");
	for (at = 0; at < batch->n; at += n) {
		n = batch->n - at < G_PAGE / 4 ? batch->n - at : G_PAGE / 4;
		guest_ram_write(g, gpa + 4ULL * at, batch->dw + at, 4 * n);
	}
}

void guest_exec(struct guest *g, struct guest_ctx *ctx, struct guest_cs *batch)
{
	const struct guest_csb events[] = {
		{ G_CSB_IDLE_ACTIVE, ctx->id },
		{ G_CSB_ACTIVE_IDLE | G_CSB_COMPLETE, ctx->id },
	};

	guest_cs_end(batch);
	batch_write(g, ctx->vm == &g->vm[0] ? g->batch : g->batch1, batch);
	guest_log_clear(ctx->e);
	guest_request(g, ctx, G_VA_BATCH);
	guest_submit(g, ctx, NULL);
	guest_wait_done(g, ctx);
	guest_wait_idle(g, ctx->e);
	guest_log_expect(g, ctx->e, events, G_ARRAY(events));
	guest_expect(g, guest_ctx_scratch(g, ctx), 0, "%s: store by index into the status page",
		     ctx->e->info->name);
}
