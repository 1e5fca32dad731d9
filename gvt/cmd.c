/* SPDX-License-Identifier: MIT */
/*
 * The table of commands and the registers that they may access. What a command does is in the
 * handlers; what is refused for its operands is the scanner's and the engines' matter.
 */
#include "swgpu.h"

#define ONE(low, space, bit, size) \
	{ .dw = (low), .ggtt_dw = (space), .ggtt_mask = (bit), .bytes = (size) }
#define NONE { .dw = 0 }
#define NO_ADDR { NONE, NONE }
#define ADDR(...) { ONE(__VA_ARGS__), NONE }
#define ADDR2(a, b, c, d, ...) { ONE(a, b, c, d), ONE(__VA_ARGS__) }
#define ADDR_IF(low, space, bit, size, cond, if_set, index_cond, index_bit) \
	{ { .dw = (low), .ggtt_dw = (space), .ggtt_mask = (bit), .bytes = (size), \
	    .use_dw = (cond), .use_mask = (if_set), \
	    .index_dw = (index_cond), .index_mask = (index_bit) }, NONE }

#define CLIENT(dw) ((dw) >> 29)
enum { CLIENT_MI = 0, CLIENT_BLT = 2, CLIENT_GFX = 3 };

#define MI(op, text, on, mask, bias, least, bits, fn, ...) \
	[op] = { .name = (text), .opcode = (u32)(op) << 23, .opcode_mask = 0xff800000, \
		 .engines = (on), .len_mask = (mask), .len_bias = (bias), .min_len = (least), \
		 .flags = (bits), .addr = __VA_ARGS__, .run = (fn) },
static const struct gvt_cmd mi_cmds[64] = {
#include "cmds/mi.def"
};
#undef MI

#define BLT(op, text, least, fn) \
	[op] = { .name = (text), .opcode = 2U << 29 | (u32)(op) << 22, .opcode_mask = 0xffc00000, \
		 .engines = GVT_ON_BCS, .len_mask = 0xff, .len_bias = 2, .min_len = (least), \
		 .run = (fn) },
static const struct gvt_cmd blt_cmds[128] = {
#include "cmds/blt.def"
};
#undef BLT

#define ANY 0x100U
#define GFX(sub, op, subop, text, on, mask, bias, least, bits, fn, ...) \
	{ .name = (text), \
	  .opcode = 3U << 29 | (sub) << 27 | ((op) == ANY ? 0 : (op) << 24) | \
		    ((subop) == ANY ? 0 : (subop) << 16), \
	  .opcode_mask = 0xf8000000 | ((op) == ANY ? 0 : 0x07000000) | \
			 ((subop) == ANY ? 0 : 0x00ff0000), \
	  .engines = (on), .len_mask = (mask), .len_bias = (bias), .min_len = (least), \
	  .flags = (bits), .addr = __VA_ARGS__, .run = (fn) },
static const struct gvt_cmd gfx_cmds[] = {
#include "cmds/gfx.def"
};
#undef GFX

static const struct gvt_cmd *gfx_lookup(u32 engine_bit, u32 dw0)
{
	size_t i;

	for (i = 0; i < sizeof(gfx_cmds) / sizeof(gfx_cmds[0]); i++) {
		const struct gvt_cmd *cmd = &gfx_cmds[i];

		if ((dw0 & cmd->opcode_mask) == cmd->opcode && (cmd->engines & engine_bit))
			return cmd;
	}
	return NULL;
}

const struct gvt_cmd *gvt_cmd_lookup(enum gvt_engine engine, u32 dw0)
{
	const struct gvt_cmd *cmd;

	switch (CLIENT(dw0)) {
	case CLIENT_MI:
		cmd = &mi_cmds[dw0 >> 23 & 0x3f];
		break;
	case CLIENT_BLT:
		cmd = &blt_cmds[dw0 >> 22 & 0x7f];
		break;
	case CLIENT_GFX:
		return gfx_lookup(1U << engine, dw0);
	default:
		return NULL;
	}
	return cmd->engines >> engine & 1 ? cmd : NULL;
}

/* --- registers --- */

enum { R = 1, W = 2, RW = 3 };

/*
 * Inclusive ranges. @user: what a batch in the PPGTT may do; @kernel: what the ring and scanned
 * batches may. Nothing that submits, resets, interrupts or drives the display is here: the commands
 * run where such a register's handler must not.
 */
struct reg_rule {
	u32 first, last;
	u8 user, kernel;
};

/*
 * Relative to the base of the engine that executes. For @user: registers that the Skylake PRM lists
 * as not privileged (vol. 2a, MI_LOAD_REGISTER_IMM), as far as Linux 6.1 i915_cmd_parser.c lets
 * user space have them.
 */
static const struct reg_rule engine_rules[] = {
	{ 0x028, 0x028, 0, RW }, /* EXCC */
	{ 0x030, 0x03c, 0, R }, /* ring: tail, head, start, control */
	{ 0x05c, 0x05c, 0, R }, /* ACTHD, upper */
	{ 0x064, 0x06c, 0, R }, /* IPEIR, IPEHR, INSTDONE */
	{ 0x074, 0x074, 0, R }, /* ACTHD */
	{ 0x080, 0x080, 0, R }, /* HWS_PGA */
	{ 0x094, 0x094, R, RW }, /* NOPID */
	{ 0x09c, 0x09c, 0, RW }, /* MI_MODE */
	{ 0x0c0, 0x0c0, 0, RW }, /* INSTPM */
	{ 0x0c8, 0x0c8, 0, RW }, /* R_PWR_CLK_STATE */
	{ 0x110, 0x11c, 0, R }, /* BBSTATE, SBBADDR, SBBSTATE */
	{ 0x140, 0x140, 0, R }, /* BBADDR */
	{ 0x158, 0x158, RW, RW }, /* BB_OFFSET */
	{ 0x168, 0x168, 0, R }, /* BBADDR, upper */
	{ 0x178, 0x17c, 0, RW }, /* CTR_CTL, CTR_THRSH */
	{ 0x214, 0x214, RW, RW }, /* MI_PREDICATE_RESULT_2 */
	{ 0x220, 0x228, 0, RW }, /* PP_DIR */
	{ 0x244, 0x244, 0, RW }, /* CONTEXT_CONTROL */
	{ 0x270, 0x28c, 0, RW }, /* PDP: no effect, the work says which tables */
	{ 0x358, 0x35c, R, R }, /* TIMESTAMP */
	{ 0x3a8, 0x3a8, R, R }, /* CTX_TIMESTAMP */
	{ 0x400, 0x41c, RW, RW }, /* MI_PREDICATE_* */
	{ 0x4d0, 0x4fc, 0, RW }, /* FORCE_TO_NONPRIV: its handler decides what may be opened */
	{ 0x600, 0x67c, RW, RW }, /* CS_GPR */
};

/* Of the render engine, by offset in BAR0. */
static const struct reg_rule render_rules[] = {
	{ 0x20c0, 0x20fc, 0, RW }, /* FF modes, CS debug modes */
	{ 0x2248, 0x2248, 0, RW }, /* CTX_PREEMPT_REG */
	{ 0x2290, 0x2294, RW, RW }, /* GPGPU_THREADS_DISPATCHED */
	{ 0x22c8, 0x22cc, RW, RW }, /* PS_INVOCATION_COUNT, PS_DEPTH_COUNT of slice 0, and 1 */
	{ 0x22d8, 0x22dc, RW, RW },
	{ 0x22f0, 0x22fc, RW, RW },
	{ 0x2300, 0x2354, RW, RW }, /* pipeline statistics */
	{ 0x2360, 0x2364, RW, RW }, /* OACTXCONTROL, OACTXID */
	{ 0x2420, 0x2440, RW, RW }, /* 3DPRIM_* */
	{ 0x2448, 0x2454, RW, RW }, /* as above, of slice 2 */
	{ 0x2500, 0x2508, RW, RW }, /* GPGPU_DISPATCHDIM */
	{ 0x2580, 0x2580, 0, RW }, /* CS_CHICKEN1 */
	{ 0x2690, 0x27fc, 0, RW }, /* OA triggers */
	{ 0x2b00, 0x2bfc, 0, RW }, /* OA */
	{ 0x4ab0, 0x4ab0, 0, RW },
	{ 0x4dd0, 0x4dfc, 0, RW },
	{ 0x5200, 0x521c, RW, RW }, /* SO_NUM_PRIMS_WRITTEN */
	{ 0x5240, 0x525c, RW, RW }, /* SO_PRIM_STORAGE_NEEDED */
	{ 0x5280, 0x528c, RW, RW }, /* SO_WRITE_OFFSET */
	{ 0x5588, 0x5588, 0, RW }, /* WM_CHICKEN3 */
	{ 0x7000, 0x7008, RW, RW }, /* CACHE_MODE_0, CACHE_MODE_1, GT_MODE */
	{ 0x700c, 0x7030, 0, RW }, /* slice chickens */
	{ 0x7034, 0x7034, RW, RW }, /* L3CNTLREG */
	{ 0x7038, 0x7ffc, 0, RW }, /* HDC and slice chickens */
	{ 0x8380, 0x83fc, 0, RW },
	{ 0x9888, 0x9888, 0, RW }, /* NOA */
	{ 0xb000, 0xb1fc, 0, RW }, /* L3: control, MOCS */
	{ 0xe400, 0xe404, RW, RW }, /* TD_CTL, TD_CTL2 */
	{ 0xe000, 0xefff, 0, RW }, /* half slices, EU counters */
};

/* Of all engines, by offset in BAR0. */
static const struct reg_rule common_rules[] = {
	{ 0x2358, 0x235c, R, R }, /* the other engines' TIMESTAMP */
	{ 0x12358, 0x1235c, R, R },
	{ 0x1a358, 0x1a35c, R, R },
	{ 0x22358, 0x2235c, R, R },
	{ 0xc800, 0xcbfc, 0, RW }, /* MOCS */
};

static const struct reg_rule blitter_rules[] = {
	{ 0x22200, 0x22200, RW, RW }, /* BCS_SWCTRL */
};

const u32 swgpu_engine_base[GVT_NUM_ENGINES] = {
	[GVT_RCS] = 0x02000,
	[GVT_VCS] = 0x12000,
	[GVT_BCS] = 0x22000,
	[GVT_VECS] = 0x1a000,
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

static bool allowed(const struct reg_rule *rule, size_t rules, u32 reg, u8 need, bool privileged)
{
	for (; rules; rules--, rule++) {
		if (reg >= rule->first && reg <= rule->last)
			return ((privileged ? rule->kernel : rule->user) & need) != 0;
	}
	return false;
}

bool gvt_cmd_reg_ok(enum gvt_engine engine, u32 reg, bool write, bool privileged)
{
	u8 need = write ? W : R;

	if (reg % 4)
		return false;
	if (allowed(engine_rules, N(engine_rules), reg - swgpu_engine_base[engine], need,
		    privileged) ||
	    allowed(common_rules, N(common_rules), reg, need, privileged))
		return true;
	if (engine == GVT_RCS)
		return allowed(render_rules, N(render_rules), reg, need, privileged);
	return engine == GVT_BCS &&
	       allowed(blitter_rules, N(blitter_rules), reg, need, privileged);
}
