/* SPDX-License-Identifier: MIT */
/*
 * Context images in gen9's layout, rings, and what i915 puts in a ring for a request (Linux 6.1
 * gt/intel_lrc.c, gen8_engine_cs.c; from memory). Submission is in submit.c.
 */
#include "guest_priv.h"

#define LRI(n) (0x22U << 23 | (2 * (n) - 1))
#define LRI_POSTED (1U << 12)
#define BATCH_END (0x0aU << 23)

/* What of a context is registers begins one page into the image. */
#define STATE_PAGE 1U
#define STATE_DWORDS 256U

#define CONTROL_RESTORE_INHIBIT (1U << 0)
#define CONTROL_RS (1U << 1)
#define CONTROL_SAVE_INHIBIT (1U << 2)
#define CONTROL_INHIBIT_SYN_SWITCH (1U << 3)
#define RING_VALID 1U
#define BB_STATE_PPGTT (1U << 5)

#define SEQNO_BASE 0x100 /* byte in the status page: behind what hardware writes */
#define SEQNO_STRIDE 0x40
#define SCRATCH_INDEX (0x34 * 4) /* byte in the context's own status page */

#define MI_USER_INTERRUPT (0x02U << 23)
#define MI_ARB_CHECK (0x05U << 23)
#define MI_ARB_ON_OFF (0x08U << 23)
#define MI_STORE_GGTT (0x20U << 23 | 1U << 22 | 2)
#define MI_FLUSH_DW (0x26U << 23 | 2)
#define FLUSH_STORE (1U << 14)
#define FLUSH_INDEX (1U << 21)
#define FLUSH_INVALIDATE_TLB (1U << 18)
#define FLUSH_INVALIDATE_BSD (1U << 7)
#define FLUSH_GGTT (1U << 2) /* in the address */
#define PIPE_CONTROL (3U << 29 | 3U << 27 | 2U << 24 | 4)
#define PC_STALL (1U << 20)
#define PC_GGTT (1U << 24)
#define PC_INDEX (1U << 21)
#define PC_STORE (1U << 14)
#define PC_INVALIDATE (1U << 18 | 1U << 11 | 1U << 10 | 1U << 4 | 1U << 3 | 1U << 2)
#define PC_FLUSH (1U << 12 | 1U << 7 | 1U << 5 | 1U << 0)

/*
 * The registers of an image: offsets from the engine's base; runs that begin with a load of @n
 * registers, then @pad dwords of nothing. The last run is the engine's own state.
 */
static const struct image_run {
	u32 n, pad, posted;
	u16 reg[12];
} image_runs[] = {
	{ 14, 3, 1,
	  { 0x244, 0x034, 0x030, 0x038, 0x03c, 0x168, 0x140, 0x110, 0x11c, 0x114, 0x118 } },
	{ 9, 13, 1, { 0x3a8, 0x28c, 0x288, 0x284, 0x280, 0x27c, 0x278, 0x274, 0x270 } },
	{ 1, 13, 0, { 0x0c8 } },
	{ 44, 0, 1,
	  { 0x028, 0x09c, 0x0c0, 0x178, 0x17c, 0x358, 0x170, 0x150, 0x154, 0x158, 0x41c } },
};

#define OWN_RUN 3
static const u16 wa_regs[3] = { 0x1c0, 0x1c4, 0x1c8 }; /* the last three of the first run */

/* Register @i of run @r. */
static u32 image_reg(u32 r, u32 i, bool render)
{
	const struct image_run *run = &image_runs[r];

	if (r == 0 && i >= 11)
		return wa_regs[i - 11];
	if (r == 2 && !render)
		return 0x200;
	if (r == OWN_RUN && i >= 11)
		return i == 43 ? 0x068 : 0x600 + 4 * (i - 11);
	return run->reg[i];
}

static u32 image_fill(u32 *dw, const struct guest_engine_info *e)
{
	bool render = e == &guest_engines[G_RCS];
	u32 at = 1, r, i;

	for (r = 0; r < G_ARRAY(image_runs); r++) {
		const struct image_run *run = &image_runs[r];

		dw[at++] = LRI(run->n) | (run->posted || !render ? LRI_POSTED : 0);
		for (i = 0; i < run->n; i++, at += 2)
			dw[at] = e->base + image_reg(r, i, render);
		at += run->pad;
	}
	dw[at] = BATCH_END;
	return at;
}

static u64 state_gpa(const struct guest_ctx *ctx, u32 dw)
{
	return ctx->image.gpa + STATE_PAGE * G_PAGE + 4ULL * dw;
}

u32 guest_ctx_read(struct guest *g, const struct guest_ctx *ctx, u32 dw)
{
	return guest_ram32(g, state_gpa(ctx, dw));
}

void guest_ctx_write(struct guest *g, const struct guest_ctx *ctx, u32 dw, u32 value)
{
	guest_ram32_set(g, state_gpa(ctx, dw), value);
}

/* As gen9's workarounds: a cache line of harmless commands, and a batch that only ends. */
static void image_wa(struct guest *g, struct guest_ctx *ctx, u32 *dw)
{
	static const u32 line[32] = { MI_ARB_ON_OFF, 0, LRI(1), 0x7014, 1U << 28,
				      [8] = MI_ARB_ON_OFF | 1, [16] = BATCH_END };
	struct guest_gm *wa = &ctx->e->wa;

	if (!wa->pages) {
		*wa = guest_gm_new(g, &g->high, 1);
		guest_ram_write(g, wa->gpa, line, sizeof(line));
	}
	dw[G_CTX_WA_BB] = (u32)(wa->addr + 64) | 1;
	dw[G_CTX_INDIRECT] = (u32)wa->addr | 1; /* cache lines */
	dw[G_CTX_INDIRECT_OFFSET] = 0x26 << 6;
}

static void image_init(struct guest *g, struct guest_ctx *ctx)
{
	u32 dw[STATE_DWORDS] = { 0 }, end = image_fill(dw, ctx->e->info);
	int i;

	guest_expect(g, end, 0xaa, "end of the register state");
	dw[G_CTX_CONTROL] = G_ON(CONTROL_INHIBIT_SYN_SWITCH) |
			    G_OFF(CONTROL_RESTORE_INHIBIT | CONTROL_RS | CONTROL_SAVE_INHIBIT);
	dw[G_CTX_START] = (u32)ctx->ring.addr;
	dw[G_CTX_CTL] = (ctx->ring.pages * G_PAGE - G_PAGE) | RING_VALID;
	dw[G_CTX_BB_STATE] = BB_STATE_PPGTT;
	if (ctx->e->info == &guest_engines[G_RCS])
		image_wa(g, ctx, dw);
	for (i = 0; i < (ctx->vm->levels == 4 ? 1 : 4); i++) {
		dw[G_CTX_PDP0_UDW - 4 * i] = (u32)(ctx->vm->root[i] >> 32);
		dw[G_CTX_PDP0_LDW - 4 * i] = (u32)ctx->vm->root[i];
	}
	guest_ram_write(g, state_gpa(ctx, 0), dw, sizeof(dw));
}

struct guest_ctx *guest_ctx_new(struct guest *g, enum guest_engine_id id, struct guest_vm *vm,
				u32 ring_pages)
{
	/* A run needs fewer than there are, but a failed one goes on to its step's end. */
	struct guest_ctx *ctx = &g->ctx[g->num_ctx < G_CONTEXTS - 1 ? g->num_ctx++ : g->num_ctx];
	struct guest_engine *e = &g->engine[id];

	if (g->num_ctx == G_CONTEXTS - 1)
		guest_fail(g, "contexts: expected room for one more");
	memset(ctx, 0, sizeof(*ctx));
	ctx->e = e;
	ctx->vm = vm;
	ctx->id = g->num_ctx;
	ctx->image = guest_gm_new(g, &g->high, e->info->context_pages);
	ctx->ring = guest_gm_new(g, &g->low, ring_pages);
	ctx->slot = SEQNO_BASE + SEQNO_STRIDE * e->slots++;
	ctx->force_restore = true;
	image_init(g, ctx);
	return ctx;
}

/* --- what a request is made of --- */

static void post(struct guest_cs *cs, u32 cmd, u32 addr, u32 value)
{
	guest_cs_put(cs, MI_FLUSH_DW | cmd);
	guest_cs_addr(cs, addr);
	guest_cs_put(cs, value);
}

static void post_pc(struct guest_cs *cs, u32 flags, u32 addr, u32 value)
{
	guest_cs_put(cs, PIPE_CONTROL);
	guest_cs_put(cs, flags);
	guest_cs_addr(cs, addr);
	guest_cs_addr(cs, value);
}

static bool is_render(const struct guest_ctx *ctx)
{
	return ctx->e->info == &guest_engines[G_RCS];
}

/* gen8_emit_flush_xcs(), gen8_emit_flush_rcs() with EMIT_INVALIDATE */
static void emit_invalidate(struct guest_cs *cs, const struct guest_ctx *ctx)
{
	u32 flags = FLUSH_STORE | FLUSH_INDEX | FLUSH_INVALIDATE_TLB;

	if (!is_render(ctx)) {
		if (ctx->e->info == &guest_engines[G_VCS])
			flags |= FLUSH_INVALIDATE_BSD;
		post(cs, flags, SCRATCH_INDEX, 0);
		return;
	}
	post_pc(cs, 0, 0, 0);
	post_pc(cs, PC_STALL | PC_INVALIDATE | PC_STORE | PC_INDEX, SCRATCH_INDEX, 0);
}

/* gen8_emit_init_breadcrumb() */
static void emit_begin(struct guest_cs *cs, const struct guest_ctx *ctx)
{
	guest_cs_put(cs, MI_ARB_ON_OFF | 1);
	guest_cs_put(cs, MI_STORE_GGTT);
	guest_cs_addr(cs, ctx->e->hwsp.addr + ctx->slot);
	guest_cs_put(cs, ctx->seqno - 1);
	guest_cs_put(cs, MI_ARB_CHECK);
}

/* gen8_emit_bb_start() */
static void emit_batch(struct guest_cs *cs, u64 batch)
{
	guest_cs_put(cs, MI_ARB_ON_OFF | 1);
	guest_cs_jump(cs, batch);
	guest_cs_put(cs, MI_ARB_ON_OFF);
	guest_cs_put(cs, 0);
}

/* gen8_emit_fini_breadcrumb_*() */
static void emit_end(struct guest_cs *cs, const struct guest_ctx *ctx)
{
	u32 addr = (u32)ctx->e->hwsp.addr + ctx->slot;

	if (is_render(ctx)) {
		post_pc(cs, PC_FLUSH, 0, 0);
		post_pc(cs, PC_STALL | PC_GGTT | PC_STORE | 1U << 7, addr, ctx->seqno);
	} else {
		post(cs, FLUSH_STORE, addr | FLUSH_GGTT, ctx->seqno);
	}
	guest_cs_put(cs, MI_USER_INTERRUPT);
	guest_cs_put(cs, MI_ARB_ON_OFF | 1);
}

static void ring_put(struct guest *g, struct guest_ctx *ctx, const u32 *dw, u32 n)
{
	guest_ram_write(g, ctx->ring.gpa + ctx->tail, dw, 4 * n);
	ctx->tail = (ctx->tail + 4 * n) & (ctx->ring.pages * G_PAGE - 1);
}

/* What does not fit before the ring's end goes to its begin; the rest is filled with MI_NOOP. */
static void ring_room(struct guest *g, struct guest_ctx *ctx, u32 n)
{
	static const u32 noop[2];
	u32 size = ctx->ring.pages * G_PAGE;

	if (ctx->tail + 4 * n <= size)
		return;
	while (ctx->tail && !g->failed)
		ring_put(g, ctx, noop, 2);
}

u32 guest_ctx_scratch(struct guest *g, const struct guest_ctx *ctx)
{
	return guest_ram32(g, ctx->image.gpa + SCRATCH_INDEX);
}

void guest_request(struct guest *g, struct guest_ctx *ctx, u64 batch)
{
	struct guest_cs *cs = &g->ring_cs;
	u32 i, postfix;

	ctx->seqno++;
	guest_ram32_set(g, ctx->image.gpa + SCRATCH_INDEX, ctx->seqno);
	guest_cs_begin(cs);
	emit_invalidate(cs, ctx);
	emit_begin(cs, ctx);
	if (batch != ~0ULL) {
		emit_batch(cs, batch);
		g->r.batches[ctx->e->info - guest_engines] += !g->failed;
	}
	if (cs->n & 1)
		guest_cs_put(cs, 0);
	postfix = cs->n;
	emit_end(cs, ctx);
	guest_cs_put(cs, MI_ARB_CHECK);
	if (cs->n & 1)
		guest_cs_put(cs, 0);
	ring_room(g, ctx, cs->n);
	ctx->head = ctx->tail;
	ctx->postfix = ctx->head + 4 * postfix;
	/* Never across a page: only the GGTT says where the next one is. */
	for (i = 0; i < cs->n; i += 2)
		ring_put(g, ctx, cs->dw + i, 2);
}

/* One context for each engine; what it will execute first is in its ring. */
void guest_step_contexts(struct guest *g)
{
	u32 i;

	for (i = 0; i < G_NUM_ENGINES; i++) {
		struct guest_ctx *ctx = guest_ctx_new(g, (enum guest_engine_id)i, &g->vm[0], 4);

		g->work[i] = ctx;
		g->other[i] = guest_ctx_new(g, (enum guest_engine_id)i, &g->vm[1], 1);
		guest_expect(g, guest_ctx_read(g, ctx, G_CTX_START), ctx->ring.addr,
			     "%s: ring start in the image", ctx->e->info->name);
		guest_expect(g, guest_ctx_read(g, ctx, G_CTX_PDP0_LDW), (u32)ctx->vm->root[0],
			     "%s: page tables in the image", ctx->e->info->name);
		guest_expect(g, guest_ctx_read(g, ctx, G_CTX_GPR0 - 1), guest_gpr(ctx->e, 0),
			     "%s: register 0 in the image", ctx->e->info->name);
	}
}
