/* SPDX-License-Identifier: MIT */
/*
 * Batches: start, chain, second level, end, conditions and predicates.
 *
 * The boundary that is guarded here: a batch in the PPGTT is the guest's user space. It can start
 * and chain to others in the PPGTT, never to one in the GGTT, whatever started it. Of the GGTT only
 * copies that the core has scanned are executed, from their begin, or from a command's begin when a
 * context goes on where it was.
 */
#include "swgpu.h"

#define START_PPGTT (1U << 8)
#define START_PREDICATE (1U << 15)
#define START_ADD_OFFSET (1U << 16)
#define START_SECOND (1U << 22)
#define MI_OPCODE(dw) ((dw) >> 23)
#define MI_BATCH_BUFFER_START 0x31

static const struct gvt_hw_batch *copy_at(const struct swgpu_engine *e, u64 addr)
{
	unsigned int i;

	for (i = 0; i < e->work.batches; i++) {
		if (e->work.batch[i].addr == addr)
			return &e->work.batch[i];
	}
	return NULL;
}

/* --- going on inside --- */

static bool is_boundary(enum gvt_engine engine, const struct gvt_hw_batch *copy, u64 addr)
{
	u64 offset = (addr - copy->addr) / 4, at = 0;

	while (at < offset) {
		const struct gvt_cmd *cmd = gvt_cmd_lookup(engine, copy->dw[at]);

		if (!cmd)
			return false;
		at += gvt_cmd_len(cmd, copy->dw[at]);
	}
	return at == offset;
}

static bool resume_one(const struct swgpu_engine *e, enum swgpu_reg first, struct swgpu_batch *b)
{
	unsigned int i;

	b->addr = swgpu_reg64(e, first) & ~3ULL;
	b->space = e->reg[first + 2] & SWGPU_BB_PPGTT ? SWGPU_PPGTT : SWGPU_GGTT;
	if (b->space == SWGPU_PPGTT)
		return true;
	for (i = 0; i < e->work.batches; i++) {
		b->copy = &e->work.batch[i];
		if (b->addr >= b->copy->addr && b->addr - b->copy->addr < b->copy->bytes &&
		    is_boundary(e->engine, b->copy, b->addr))
			return true;
	}
	return false;
}

/* Where the ring goes on behind the start of a batch that it is at; 0: it is at none. */
static u32 start_len(const struct swgpu_engine *e)
{
	u32 dw0 = e->pos < e->ring_dwords ? e->work.ring[e->pos] : 0, n;

	if (MI_OPCODE(dw0) != MI_BATCH_BUFFER_START)
		return 0;
	n = gvt_cmd_len(gvt_cmd_lookup(e->engine, dw0), dw0);
	return n <= e->ring_dwords - e->pos ? n : 0;
}

/*
 * The registers may come from an image that the guest has written: what they say is taken only if
 * the ring goes on with the start of a batch, and a second level below the GGTT, or below the PPGTT
 * in the PPGTT.
 */
void swgpu_batch_resume(struct swgpu_engine *e)
{
	e->depth = 0;
	if (!start_len(e) || !(e->reg[SWGPU_BBADDR] & SWGPU_BB_VALID) ||
	    !resume_one(e, SWGPU_BBADDR, &e->batch[1]))
		return;
	e->depth = 1;
	if (!(e->reg[SWGPU_SBBADDR] & SWGPU_BB_VALID))
		return;
	if (!resume_one(e, SWGPU_SBBADDR, &e->batch[2]) ||
	    (e->batch[1].space == SWGPU_PPGTT && e->batch[2].space == SWGPU_GGTT))
		e->depth = 0;
	else
		e->depth = 2;
}

/* --- start and end --- */

enum gvt_cmd_result swgpu_batch_start(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	struct swgpu_batch to = { .space = dw[0] & START_PPGTT ? SWGPU_PPGTT : SWGPU_GGTT,
				  .addr = swgpu_addr(dw + 1, ~3U) };

	(void)budget;
	if ((dw[0] & START_PREDICATE) && !(e->reg[SWGPU_PREDICATE_RESULT_1] & 1))
		return GVT_CMD_NEXT;
	if (dw[0] & START_ADD_OFFSET)
		to.addr += e->reg[SWGPU_BB_OFFSET] & ~3U;
	if (to.space == SWGPU_GGTT) {
		to.copy = swgpu_privileged(e) ? copy_at(e, to.addr) : NULL;
		if (!to.copy)
			return GVT_CMD_HANG;
	}
	/* There is no third level: a start from the second one chains, with the bit or without. */
	if (e->depth == 1 && (dw[0] & START_SECOND)) {
		e->batch[1].addr += n * 4ULL;
		e->depth = 2;
	} else if (!e->depth) {
		e->depth = 1;
	}
	e->batch[e->depth] = to;
	e->line_valid = false;
	return GVT_CMD_JUMPED;
}

static enum gvt_cmd_result leave(struct swgpu_engine *e)
{
	if (--e->depth == 0)
		e->pos += start_len(e);
	return GVT_CMD_JUMPED;
}

enum gvt_cmd_result swgpu_batch_end(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	(void)dw;
	(void)n;
	(void)budget;
	return e->depth ? leave(e) : GVT_CMD_HANG;
}

#define COND_GGTT (1U << 22)
#define COND_COMPARE (1U << 21)
#define COND_MASK (1U << 19)

/*
 * The batch goes on while memory is greater than the command's dword (Skylake PRM vol. 2a). In mask
 * mode memory's second dword is a mask for the first.
 */
enum gvt_cmd_result swgpu_cond_batch_end(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 mem[2] = { 0, ~0U };

	(void)n;
	(void)budget;
	if (!(dw[0] & COND_COMPARE))
		return GVT_CMD_NEXT;
	if (!swgpu_read(e, swgpu_space(e, dw[0] & COND_GGTT), swgpu_addr(dw + 2, ~7U), mem,
			dw[0] & COND_MASK ? 8 : 4))
		return GVT_CMD_HANG;
	return e->depth && (mem[0] & mem[1]) <= dw[1] ? leave(e) : GVT_CMD_NEXT;
}

/* --- predicates --- */

enum gvt_cmd_result swgpu_set_predicate(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	bool result = e->reg[SWGPU_PREDICATE_RESULT] & 1;
	bool result2 = e->reg[SWGPU_PREDICATE_RESULT_2] & 1;

	(void)n;
	(void)budget;
	switch (dw[0] & 0xf) {
	case 1:
		e->noop = !result2;
		break;
	case 2:
		e->noop = result2;
		break;
	case 3:
		e->noop = !result;
		break;
	case 4:
		e->noop = result;
		break;
	case 15:
		e->noop = true;
		break;
	default:
		e->noop = false;
	}
	return GVT_CMD_NEXT;
}

enum {
	COMPARE_TRUE,
	COMPARE_FALSE,
	COMPARE_SRCS_EQUAL,
	COMPARE_DELTAS_EQUAL
};
enum {
	COMBINE_SET,
	COMBINE_AND,
	COMBINE_OR,
	COMBINE_XOR
};
enum {
	LOAD_KEEP = 0,
	LOAD_LOAD = 2,
	LOAD_INVERTED = 3
};

static bool compare(const struct swgpu_engine *e, u32 op)
{
	u64 delta = swgpu_reg64(e, SWGPU_PREDICATE_SRC0) - swgpu_reg64(e, SWGPU_PREDICATE_SRC1);

	switch (op) {
	case COMPARE_SRCS_EQUAL:
		return !delta;
	case COMPARE_DELTAS_EQUAL:
		return delta == swgpu_reg64(e, SWGPU_PREDICATE_DATA);
	default:
		return op == COMPARE_TRUE;
	}
}

enum gvt_cmd_result swgpu_predicate(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	bool was = e->reg[SWGPU_PREDICATE_RESULT] & 1, value = compare(e, dw[0] & 3);
	u32 load = dw[0] >> 6 & 3;

	(void)n;
	(void)budget;
	if (load != LOAD_LOAD && load != LOAD_INVERTED)
		return GVT_CMD_NEXT;
	value ^= load == LOAD_INVERTED;
	switch (dw[0] >> 3 & 3) {
	case COMBINE_AND:
		value &= was;
		break;
	case COMBINE_OR:
		value |= was;
		break;
	case COMBINE_XOR:
		value ^= was;
		break;
	}
	e->reg[SWGPU_PREDICATE_RESULT] = value;
	return GVT_CMD_NEXT;
}
