/* SPDX-License-Identifier: MIT */
/*
 * The register state of a context: read from its image when it is loaded, written back when it is
 * saved. An image is a list of MI_LOAD_REGISTER_IMM, each register at the place where the list
 * names it (Linux 6.1 i915 gt/intel_lrc.c has the lists of gen9). Of the 3D state swgpu_units.c
 * keeps some registers, and nothing else is kept.
 */
#include "swgpu.h"

#define MI_OPCODE(dw) ((dw) >> 23)
#define MI_NOOP 0x00
#define MI_LOAD_REGISTER_IMM 0x22
#define RESTORE_INHIBIT (1U << 0) /* of CONTEXT_CONTROL */

/*
 * A list's registers that the engine keeps; what is in @end and beyond is not its. The ring's are
 * the work's matter and made anew when they are asked for; where execution was is looked at when it
 * is known what the work has (swgpu_batch_resume()). Other registers are skipped: an image is the
 * guest's memory, and no way around gvt_cmd_reg_ok().
 */
static void restore_list(struct swgpu_engine *e, u32 at, u32 end)
{
	enum gvt_engine engine = e->engine;

	for (; at + 1 < end && at + 1 < SWGPU_IMAGE_DWORDS; at += 2) {
		enum swgpu_reg number = swgpu_reg_own(engine, e->image[at] & SWGPU_REG_MASK);

		if (number == SWGPU_NUM_REGS)
			continue;
		e->image_at[number] = (u16)(at + 1);
		e->reg[number] = e->image[at + 1];
	}
}

/* Anything that is no list ends it: the state of the engine's other units begins there. */
static void walk_lists(struct swgpu_engine *e)
{
	u32 at = 0, end;

	while (at < SWGPU_IMAGE_DWORDS) {
		u32 dw = e->image[at++];

		if (MI_OPCODE(dw) == MI_NOOP)
			continue;
		if (MI_OPCODE(dw) != MI_LOAD_REGISTER_IMM)
			return;
		end = at + (dw & 0xff) + 1;
		restore_list(e, at, end);
		at = end;
	}
}

/*
 * Two registers have masks, which an image holds as a command would. A context that has never run
 * brings the ring's registers only.
 */
static void apply_control(struct swgpu_engine *e)
{
	u32 control = e->reg[SWGPU_CONTEXT_CONTROL];

	e->reg[SWGPU_SWCTRL] &= e->reg[SWGPU_SWCTRL] >> 16;
	e->reg[SWGPU_CONTEXT_CONTROL] = control & control >> 16;
	if (e->reg[SWGPU_CONTEXT_CONTROL] & RESTORE_INHIBIT)
		memset(e->reg, 0, SWGPU_CONTEXT_CONTROL * sizeof(e->reg[0]));
}

/* What the image does not name begins as 0, and not as the context before has left it. */
void swgpu_context_load(struct swgpu_engine *e)
{
	u64 base = e->work.context + MPT_PAGE_SIZE;

	memset(e->reg, 0, sizeof(e->reg));
	memset(e->image_at, 0, sizeof(e->image_at));
	memset(e->predicates, 0, sizeof(e->predicates));
	e->units.valid = e->units.changed = false;
	e->since = e->client.now(e->client.arg);
	if (!swgpu_read(e, SWGPU_GGTT, base, e->image, sizeof(e->image))) {
		e->hung = true;
		return;
	}
	walk_lists(e);
	apply_control(e);
	swgpu_units_load(e, e->reg[SWGPU_CONTEXT_CONTROL] & RESTORE_INHIBIT);
}

/*
 * The tail is the guest's to move while the context runs; start and control never change, and
 * nobody looks for the last command's header in an image.
 */
static bool saves(enum swgpu_reg number)
{
	return number < SWGPU_IPEHR || number == SWGPU_RING_HEAD || number > SWGPU_RING_CTL;
}

static void final_values(struct swgpu_engine *e)
{
	u64 now = e->client.now(e->client.arg);

	swgpu_reg_position(e);
	e->reg[SWGPU_CTX_TIMESTAMP] += (u32)(now - e->since);
	e->since = now;
	/* It has run now. */
	e->reg[SWGPU_CONTEXT_CONTROL] &= ~RESTORE_INHIBIT;
	e->reg[SWGPU_CONTEXT_CONTROL] |= 0xffff0000;
	e->reg[SWGPU_SWCTRL] |= 0xffff0000;
}

/* Only what has changed is written: a guest may write to the rest of the image meanwhile. */
void swgpu_context_save(struct swgpu_engine *e)
{
	u64 base = e->work.context + MPT_PAGE_SIZE;
	enum swgpu_reg number;

	final_values(e);
	for (number = 0; number < SWGPU_NUM_REGS; number++) {
		u32 at = e->image_at[number];

		if (!at || !saves(number) || e->image[at] == e->reg[number])
			continue;
		e->image[at] = e->reg[number];
		swgpu_write(e, SWGPU_GGTT, base + at * 4ULL, &e->image[at], 4);
	}
	swgpu_units_save(e);
}
