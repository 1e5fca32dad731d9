/* SPDX-License-Identifier: MIT */
/*
 * The commands that engines know: one table for the scanner, which refuses before submission, and
 * for the software GPU, which executes. The rows are in cmds/; what a command does is not here.
 */
#ifndef GVT_CMD_H
#define GVT_CMD_H

#include <gvt/hw.h>

struct swgpu_engine;

/* Engines that know a command: bits of enum gvt_engine. */
#define GVT_ON_RCS (1U << GVT_RCS)
#define GVT_ON_VCS (1U << GVT_VCS)
#define GVT_ON_BCS (1U << GVT_BCS)
#define GVT_ON_VECS (1U << GVT_VECS)
#define GVT_ON_ALL (GVT_ON_RCS | GVT_ON_VCS | GVT_ON_BCS | GVT_ON_VECS)

enum gvt_cmd_flag {
	GVT_CMD_PRIVILEGED = 1 << 0, /* never from a batch in the PPGTT */
	GVT_CMD_REFUSED = 1 << 1, /* no guest may use it, privileged or not */
	GVT_CMD_REGS = 1 << 2, /* names registers: the allow-list decides */
	GVT_CMD_BATCH = 1 << 3, /* starts a batch */
	GVT_CMD_END = 1 << 4, /* ends the batch (or the ring's part) */
};

/* Where a command carries a memory address, for the scanner: dwords from 0, 0 in dw: none. */
struct gvt_cmd_addr {
	u8 dw; /* low dword of the address; the high one follows */
	u8 ggtt_dw; /* the dword that says which space */
	u32 ggtt_mask; /* a bit there set: the GGTT; 0: by the batch it is in */
	u32 bytes; /* that it reaches at least */
	u8 use_dw; /* the dword that says whether there is an address */
	u32 use_mask; /* no bit there set: there is none; 0: always one */
	u8 index_dw; /* the dword that says whether it is an offset in the context's status page */
	u32 index_mask; /* a bit there set: it is; 0: never */
};

/* What a handler answers. */
enum gvt_cmd_result {
	GVT_CMD_NEXT, /* go on behind it */
	GVT_CMD_JUMPED, /* the handler has set where to go on */
	GVT_CMD_AGAIN, /* not finished: same command again, with what the handler keeps */
	GVT_CMD_WAIT, /* a semaphore is not signalled: same command again, later */
	GVT_CMD_HANG, /* cannot or must not be executed */
};

/*
 * @dw: the whole command, copied. @n: its dwords. @budget: units left; a handler that moves memory
 * takes what it uses and answers AGAIN when it is 0.
 */
typedef enum gvt_cmd_result (*gvt_cmd_fn)(struct swgpu_engine *e, const u32 *dw, u32 n,
					  u64 *budget);

struct gvt_cmd {
	const char *name;
	u32 opcode, opcode_mask; /* of the first dword */
	u32 engines;
	u32 len_mask; /* of the first dword; 0: the length is len_bias */
	u32 len_bias; /* dwords = (dw & len_mask) + len_bias */
	u32 min_len; /* shorter: refused */
	u32 flags;
	struct gvt_cmd_addr addr[2];
	gvt_cmd_fn run; /* NULL: parsed for its length, does nothing */
};

/* gvt_cmd_lookup() - NULL: no engine, or not @engine, knows a command that begins with @dw0. */
const struct gvt_cmd *gvt_cmd_lookup(enum gvt_engine engine, u32 dw0);

/* gvt_cmd_len() - dwords of a command, at least 1. */
static inline u32 gvt_cmd_len(const struct gvt_cmd *cmd, u32 dw0)
{
	return cmd->len_mask ? (dw0 & cmd->len_mask) + cmd->len_bias : cmd->len_bias;
}

/* gvt_cmd_reg_ok() - whether a command may read or write a register (offset in BAR0). */
bool gvt_cmd_reg_ok(enum gvt_engine engine, u32 reg, bool write, bool privileged);

#endif
