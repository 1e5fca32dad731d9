/* SPDX-License-Identifier: MIT */
/*
 * What a context has that no image holds, when it has to go in the middle of a batch: until it
 * comes back, and on the way to another host. Registers are swgpu_context.c's.
 */
#include "swgpu.h"

/*
 * Hardware switches between the blitter's commands only. Budgets do not, and half a blit done again
 * from its begin is another picture where operands overlap or the destination counts. Nor has an
 * image a place for MI_SET_PREDICATE, which counts until the context is complete. So the engine
 * keeps the last of what was cut.
 */
void swgpu_keep(struct swgpu_engine *e)
{
	bool blit = e->blitting && e->cmd_dwords <= SWGPU_BLIT_DWORDS;
	bool noop = e->noop && (e->depth || e->pos < e->ring_dwords);
	struct swgpu_kept *k = &e->kept;

	if (!blit && !noop)
		return;
	*k = (struct swgpu_kept){
		.valid = true,
		.noop = noop,
		.context = e->work.context,
		.context_id = e->work.context_id,
		.head = swgpu_engine_head(NULL, e),
		.depth = e->depth,
		.addr = e->depth ? e->batch[e->depth].addr : 0,
	};
	if (!blit)
		return;
	k->blit = e->blit;
	k->swctrl = e->swctrl;
	k->n = e->cmd_dwords;
	memcpy(k->cmd, e->cmd, k->n * sizeof(u32));
}

/*
 * Of a copy, what follows was scanned as following this very command: were it another one now, the
 * next would begin where the scanner has not seen a command.
 */
static bool same_command(const struct swgpu_engine *e, const struct swgpu_kept *k)
{
	const struct swgpu_batch *b = &e->batch[e->depth];
	const u32 *dw = e->work.ring + e->pos;
	u64 left = e->ring_dwords - e->pos, offset;

	if (e->depth && b->space == SWGPU_PPGTT)
		return true;
	if (e->depth) {
		offset = (b->addr - b->copy->addr) / 4;
		dw = b->copy->dw + offset;
		left = b->copy->bytes / 4 - offset;
	}
	return k->n <= left && !memcmp(dw, k->cmd, k->n * sizeof(u32));
}

static void blit_go_on(struct swgpu_engine *e, const struct swgpu_kept *k)
{
	e->blit = k->blit;
	e->swctrl = k->swctrl;
	e->cmd_dwords = k->n;
	memcpy(e->cmd, k->cmd, k->n * sizeof(u32));
	e->blitting = e->again = true;
}

void swgpu_go_on(struct swgpu_engine *e)
{
	struct swgpu_kept *k = &e->kept;

	if (!k->valid || k->context != e->work.context || k->context_id != e->work.context_id)
		return;
	k->valid = false;
	if (k->head != swgpu_engine_head(NULL, e) || k->depth != e->depth ||
	    (e->depth && k->addr != e->batch[e->depth].addr))
		return;
	e->noop |= k->noop;
	if (k->n && same_command(e, k))
		blit_go_on(e, k);
}

/* --- on the way to another host --- */

#define KEPT_VALID (1U << 0)
#define KEPT_NOOP (1U << 1)

enum {
	WORD_FLAGS,
	WORD_CONTEXT, /* 64 bits, as the address */
	WORD_ADDR = WORD_CONTEXT + 2,
	WORD_ID = WORD_ADDR + 2,
	WORD_HEAD,
	WORD_DEPTH,
	WORD_SWCTRL,
	WORD_DONE, /* how far the blit is */
	WORD_OWED,
	WORD_N,
	WORD_CMD,
	NUM_WORDS = WORD_CMD + SWGPU_BLIT_DWORDS
};
_Static_assert(NUM_WORDS <= GVT_HW_KEPT, "GVT_HW_KEPT is too small");

void swgpu_kept_get(void *priv, void *state, u32 word[GVT_HW_KEPT])
{
	const struct swgpu_kept *k = &((struct swgpu_engine *)state)->kept;

	(void)priv;
	memset(word, 0, GVT_HW_KEPT * sizeof(u32));
	if (!k->valid)
		return;
	word[WORD_FLAGS] = KEPT_VALID | (k->noop ? KEPT_NOOP : 0);
	memcpy(word + WORD_CONTEXT, &k->context, sizeof(k->context));
	memcpy(word + WORD_ADDR, &k->addr, sizeof(k->addr));
	word[WORD_ID] = k->context_id;
	word[WORD_HEAD] = k->head;
	word[WORD_DEPTH] = k->depth;
	word[WORD_SWCTRL] = k->swctrl;
	word[WORD_DONE] = k->blit.done;
	word[WORD_OWED] = k->blit.owed;
	word[WORD_N] = k->n;
	memcpy(word + WORD_CMD, k->cmd, k->n * sizeof(u32));
}

/* The command is decoded anew: it says what there is to draw, the words only how far it is. */
static bool blit_from(struct swgpu_kept *k, enum gvt_engine engine, const u32 *word)
{
	const struct gvt_cmd *cmd = gvt_cmd_lookup(engine, word[WORD_CMD]);

	if (!cmd || word[WORD_N] > SWGPU_BLIT_DWORDS ||
	    word[WORD_N] != gvt_cmd_len(cmd, word[WORD_CMD]))
		return false;
	k->n = word[WORD_N];
	memcpy(k->cmd, word + WORD_CMD, k->n * sizeof(u32));
	k->swctrl = word[WORD_SWCTRL] & (GVT_BLIT_SRC_Y | GVT_BLIT_DST_Y);
	if (!gvt_blit_start(&k->blit, k->cmd, k->n, k->swctrl))
		return false;
	return gvt_blit_resume(&k->blit, word[WORD_DONE], word[WORD_OWED]);
}

static bool kept_from(struct swgpu_kept *k, enum gvt_engine engine, const u32 *word)
{
	*k = (struct swgpu_kept){
		.valid = word[WORD_FLAGS] & KEPT_VALID,
		.noop = word[WORD_FLAGS] & KEPT_NOOP,
		.context_id = word[WORD_ID],
		.head = word[WORD_HEAD],
		.depth = word[WORD_DEPTH],
	};
	memcpy(&k->context, word + WORD_CONTEXT, sizeof(k->context));
	memcpy(&k->addr, word + WORD_ADDR, sizeof(k->addr));
	return word[WORD_N] ? blit_from(k, engine, word) : k->noop;
}

/* What it means is all that it says: written again, it is the same. */
bool swgpu_kept_ok(void *priv, enum gvt_engine engine, const u32 word[GVT_HW_KEPT])
{
	struct swgpu_engine e = { .engine = engine };
	u32 again[GVT_HW_KEPT];

	if (!kept_from(&e.kept, engine, word))
		return false;
	swgpu_kept_get(priv, &e, again);
	return !memcmp(again, word, sizeof(again));
}

void swgpu_kept_set(void *priv, void *state, const u32 word[GVT_HW_KEPT])
{
	struct swgpu_engine *e = state;

	(void)priv;
	kept_from(&e->kept, e->engine, word);
}
