/* SPDX-License-Identifier: MIT */
/*
 * A vGPU's share of an engine: what is loaded, where commands come from, which of them are refused.
 * What a command does is in the handlers; what a context keeps in its image in swgpu_context.c.
 *
 * A vGPU's engine belongs to one thread at a time; there is no lock.
 */
#include "swgpu.h"

int swgpu_engine_new(void *priv, const struct gvt_hw_client *client, enum gvt_engine engine,
		     void **state)
{
	struct swgpu_engine *e = mpt_zalloc(sizeof(*e));

	if (!e)
		return mpt_fail(-ENOMEM, "swgpu", "no memory for an engine's state");
	e->gpu = priv;
	e->client = *client;
	e->engine = engine;
	*state = e;
	return 0;
}

void swgpu_engine_free(void *priv, void *state)
{
	(void)priv;
	mpt_free(state);
}

void swgpu_engine_load(void *priv, void *state, const struct gvt_hw_work *work)
{
	struct swgpu_engine *e = state;

	(void)priv;
	/* A lite restore in the middle of a blit. */
	swgpu_keep(e);
	e->work = *work;
	e->ring_dwords = ((work->tail - work->head) & (work->ring_size - 1)) / 4;
	e->loaded = true;
	e->again = e->blitting = e->line_valid = false;
	if (work->restore) {
		e->depth = 0;
		e->noop = false;
		swgpu_context_load(e);
	} else {
		/* The copies of batches are others now, and the ring's part begins elsewhere. */
		swgpu_reg_position(e);
	}
	e->pos = 0;
	swgpu_batch_resume(e);
	swgpu_go_on(e);
}

void swgpu_engine_save(void *priv, void *state)
{
	struct swgpu_engine *e = state;

	(void)priv;
	if (!e->loaded)
		return;
	swgpu_context_save(e);
	swgpu_keep(e);
	e->loaded = e->blitting = e->noop = false;
	e->depth = 0;
}

void swgpu_engine_reset(void *priv, void *state)
{
	struct swgpu_engine *e = state;

	(void)priv;
	memset(e->reg, 0, sizeof(e->reg));
	e->loaded = e->hung = e->noop = e->again = e->blitting = e->line_valid = false;
	e->depth = e->pos = e->ring_dwords = 0;
	e->kept.valid = e->units.valid = e->units.changed = false;
	memset(&e->work, 0, sizeof(e->work));
}

u32 swgpu_engine_head(void *priv, void *state)
{
	struct swgpu_engine *e = state;

	(void)priv;
	return e->work.ring_size ? (e->work.head + e->pos * 4) & (e->work.ring_size - 1) : 0;
}

/* --- commands --- */

/* What a command is and where it can be had from, as far as it is known without copying it. */
struct fetched {
	const struct gvt_cmd *cmd;
	const u32 *dw; /* all of it, in memory that the guest cannot change; NULL: in the PPGTT */
	u32 n, left;   /* dwords of it; and to the end of the ring's part or the copied batch */
};

/* @n dwords at @addr in the PPGTT, by lines: what the engine does not look at is not fetched. */
static bool fetch_lines(struct swgpu_engine *e, u64 addr, u32 *dw, u32 n)
{
	u32 first, run;

	for (; n; n -= run, dw += run, addr += run * 4ULL) {
		first = (u32)(addr % SWGPU_LINE) / 4;
		run = SWGPU_LINE / 4 - first;
		run = run < n ? run : n;
		if (!e->line_valid || e->line_addr != addr - addr % SWGPU_LINE) {
			e->line_addr = addr - addr % SWGPU_LINE;
			e->line_valid = swgpu_fetch(e, e->line_addr, e->line, SWGPU_LINE);
		}
		if (!e->line_valid)
			return false;
		memcpy(dw, e->line + first, run * 4ULL);
	}
	return true;
}

static bool fetch_first(struct swgpu_engine *e, struct fetched *f, u32 *dw0)
{
	const struct swgpu_batch *b = &e->batch[e->depth];
	u64 offset;

	f->dw = NULL;
	f->left = ~0U;
	if (!e->depth) {
		f->dw = e->work.ring + e->pos;
		f->left = e->ring_dwords - e->pos;
	} else if (b->space == SWGPU_GGTT) {
		offset = (b->addr - b->copy->addr) / 4;
		f->dw = b->copy->dw + offset;
		f->left = offset < b->copy->bytes / 4 ? (u32)(b->copy->bytes / 4 - offset) : 0;
	} else {
		return fetch_lines(e, b->addr, dw0, 1);
	}
	if (!f->left)
		return false;
	*dw0 = f->dw[0];
	return true;
}

/* A command that user space may not use: the hardware goes on as if it were MI_NOOP. */
static bool not_its(const struct swgpu_engine *e, const struct gvt_cmd *cmd)
{
	return (cmd->flags & GVT_CMD_PRIVILEGED) && !swgpu_privileged(e);
}

/* false: there is none that may be executed here. */
static bool decode(struct swgpu_engine *e, struct fetched *f)
{
	u32 dw0;

	if (!fetch_first(e, f, &dw0))
		return false;
	e->reg[SWGPU_IPEHR] = dw0;
	f->cmd = gvt_cmd_lookup(e->engine, dw0);
	if (!f->cmd || ((f->cmd->flags & GVT_CMD_REFUSED) && !not_its(e, f->cmd)))
		return false;
	f->n = gvt_cmd_len(f->cmd, dw0);
	return f->n >= f->cmd->min_len && f->n <= f->left;
}

static void advance(struct swgpu_engine *e, u32 n)
{
	if (e->depth)
		e->batch[e->depth].addr += n * 4ULL;
	else
		e->pos += n;
}

static void charge(u64 *budget, u64 units)
{
	*budget -= units < *budget ? units : *budget;
}

static bool turned_off(const struct swgpu_engine *e, const struct gvt_cmd *cmd)
{
	return e->noop && !(cmd->flags & GVT_CMD_END) && cmd->run != swgpu_set_predicate;
}

/*
 * The handler gets a copy that stays the same until the command is finished, however often it is
 * tried: commands in the PPGTT are the guest's to change at any time.
 */
static enum gvt_cmd_result execute(struct swgpu_engine *e, struct fetched *f, u64 *budget)
{
	enum gvt_cmd_result result;

	if (!f->cmd->run || turned_off(e, f->cmd) || not_its(e, f->cmd))
		return GVT_CMD_NEXT;
	if (!e->again && f->n > SWGPU_CMD_DWORDS)
		return GVT_CMD_HANG;
	if (!e->again && !f->dw && !fetch_lines(e, e->batch[e->depth].addr, e->cmd, f->n))
		return GVT_CMD_HANG;
	if (!e->again && f->dw)
		memcpy(e->cmd, f->dw, f->n * 4ULL);
	e->cmd_dwords = f->n;
	result = f->cmd->run(e, e->cmd, f->n, budget);
	/* A semaphore's command may be changed while it waits: the next try fetches it anew. */
	e->again = result == GVT_CMD_AGAIN;
	return result;
}

static enum gvt_cmd_result step(struct swgpu_engine *e, u64 *budget)
{
	struct fetched f = { 0 };
	enum gvt_cmd_result result;

	if (e->again) {
		f.cmd = gvt_cmd_lookup(e->engine, e->cmd[0]);
		f.n = e->cmd_dwords;
	} else if (!decode(e, &f)) {
		return GVT_CMD_HANG;
	}
	result = execute(e, &f, budget);
	if (result == GVT_CMD_NEXT)
		advance(e, f.n);
	/* A wait did nothing: who asks again and again must see that there is nothing to do. */
	if (result != GVT_CMD_AGAIN && result != GVT_CMD_WAIT)
		charge(budget, f.n);
	return result;
}

enum gvt_hw_state swgpu_engine_run(void *priv, void *state, u64 *budget)
{
	struct swgpu_engine *e = state;
	enum gvt_cmd_result result;

	(void)priv;
	/* The guest may have written other commands since. */
	e->line_valid = false;
	while (!e->hung) {
		if (!e->loaded || (!e->depth && e->pos >= e->ring_dwords))
			return GVT_HW_DONE;
		if (!*budget)
			return GVT_HW_MORE;
		result = step(e, budget);
		if (result == GVT_CMD_WAIT)
			return GVT_HW_WAIT;
		e->hung = result == GVT_CMD_HANG;
	}
	return GVT_HW_HUNG;
}
