/* SPDX-License-Identifier: MIT */
/*
 * What the files of the software GPU share: the device, a vGPU's share of an engine, memory and
 * registers as commands see them, the handlers that rows of cmds/ name. The core includes none of
 * this.
 */
#ifndef GVT_SWGPU_H
#define GVT_SWGPU_H

#include "blit.h"
#include "cmd.h"
#include "internal.h"

/*
 * A bus address that no mapping has: the highest page an entry can name. The device answers for
 * it by itself, so no access to it reaches the bus.
 */
#define SWGPU_SCRATCH GVT_PTE_ADDR

/*
 * The device's own pages, for shadow tables: one piece of memory at the top of the bus addresses,
 * populated as it is used. 64 Ki of them map 128 GiB of guest memory in 4 KiB pages.
 */
#define SWGPU_OWN_PAGES 65536U
#define SWGPU_OWN_SIZE ((u64)SWGPU_OWN_PAGES << MPT_PAGE_SHIFT)
#define SWGPU_OWN_BUS (SWGPU_SCRATCH - SWGPU_OWN_SIZE)

/*
 * @fence: as written, for whoever reads them. @live: those that cover something, the others 0; one
 * word each, so that no access sees halves of two fences. @active: bit n: live[n] is not 0; with
 * none set an access costs one test. All three are atomic; writers of one register take turns.
 * @limit: set while the register is nobody's.
 */
struct swgpu {
	struct mpt_host *host;
	u64 aperture;
	u64 *ggtt;
	u64 fence[GVT_NUM_FENCES];
	u64 live[GVT_NUM_FENCES];
	u32 active;
	struct gvt_range limit[GVT_NUM_FENCES];
	u64 *own;		  /* SWGPU_OWN_SIZE bytes, at bus address SWGPU_OWN_BUS */
	pthread_mutex_t own_lock; /* what follows */
	u32 own_free; /* 1 + the first free page, which begins with the next one's; 0: none */
	u32 own_used; /* pages from here on have never been given out */
};

/* --- swgpu_mem.c --- */

enum swgpu_space {
	SWGPU_GGTT,
	SWGPU_PPGTT
};

/*
 * Memory as a command addresses it. What is not present reads as zeros and swallows writes, as a
 * scratch page does; what the bus refuses reads as ones. A write stores nothing before all of it
 * was looked up.
 * Return: false: the engine hangs (not the vGPU's graphics addresses; a page of 1 GiB)
 */
bool swgpu_read(struct swgpu_engine *e, enum swgpu_space space, u64 addr, void *buf, u32 len);
bool swgpu_write(struct swgpu_engine *e, enum swgpu_space space, u64 addr, const void *buf,
		 u32 len);
/* Commands, within a page; false as well where no page is: commands are not executed from there. */
bool swgpu_fetch(struct swgpu_engine *e, u64 addr, void *buf, u32 len);

/* --- swgpu_reg.c --- */

/* The registers that an engine keeps by itself: numbers of struct swgpu_engine's reg[]. */
enum swgpu_reg {
	SWGPU_GPR, /* 16 of 64 bits */
	SWGPU_PREDICATE_SRC0 = SWGPU_GPR + 32,
	SWGPU_PREDICATE_SRC1 = SWGPU_PREDICATE_SRC0 + 2,
	SWGPU_PREDICATE_DATA = SWGPU_PREDICATE_SRC1 + 2,
	SWGPU_PREDICATE_RESULT = SWGPU_PREDICATE_DATA + 2,
	SWGPU_PREDICATE_RESULT_1,
	SWGPU_PREDICATE_RESULT_2,
	SWGPU_BB_OFFSET,
	SWGPU_SWCTRL, /* BCS_SWCTRL */
	SWGPU_CONTEXT_CONTROL,
	SWGPU_CTX_TIMESTAMP,
	SWGPU_IPEHR,
	/* Where execution is; commands only read them. */
	SWGPU_RING_HEAD,
	SWGPU_RING_TAIL,
	SWGPU_RING_START,
	SWGPU_RING_CTL,
	SWGPU_BBADDR,
	SWGPU_BBADDR_UDW,
	SWGPU_BBSTATE,
	SWGPU_SBBADDR,
	SWGPU_SBBADDR_UDW,
	SWGPU_SBBSTATE,
	SWGPU_NUM_REGS
};

#define SWGPU_BB_VALID (1U << 0) /* of BBADDR and SBBADDR */
#define SWGPU_BB_PPGTT (1U << 5) /* of BBSTATE and SBBSTATE */

#define SWGPU_REG_MASK 0x007ffffcU /* of a register's dword in a command */

extern const u32 swgpu_engine_base[GVT_NUM_ENGINES];

/* By dword from the engine's base: 1 + the number of a register that the engine keeps. */
#define SWGPU_OWN_NUMBERS (0x680 / 4)
extern const u8 swgpu_own_numbers[SWGPU_OWN_NUMBERS];

/*
 * The number of a register that an engine keeps; SWGPU_NUM_REGS: it is none. The walk of an image
 * asks for 67 of them: most of the time that loading a context takes.
 */
static inline enum swgpu_reg swgpu_reg_own(enum gvt_engine engine, u32 reg)
{
	u32 at = (reg - swgpu_engine_base[engine]) / 4;

	if (at >= SWGPU_OWN_NUMBERS || !swgpu_own_numbers[at])
		return SWGPU_NUM_REGS;
	return (enum swgpu_reg)(swgpu_own_numbers[at] - 1);
}

/* As a command does it; what it must not access reads as 0 or keeps its value (false). */
bool swgpu_reg_read(struct swgpu_engine *e, u32 reg, u32 *value);
bool swgpu_reg_write(struct swgpu_engine *e, u32 reg, u32 value);
u64 swgpu_reg64(const struct swgpu_engine *e, enum swgpu_reg low);
void swgpu_reg64_set(struct swgpu_engine *e, enum swgpu_reg low, u64 value);
/* RING_HEAD and the BB registers, from where execution is. */
void swgpu_reg_position(struct swgpu_engine *e);

/* --- swgpu_engine.c --- */

/* The longest command that a handler gets: MI_LOAD_REGISTER_IMM, MI_MATH. */
#define SWGPU_CMD_DWORDS 257
#define SWGPU_LINE 64U		/* bytes fetched at once */
#define SWGPU_IMAGE_DWORDS 0xb0 /* where the register state of gen9 ends */

/*
 * The registers of a context that swgpu_units.c keeps, and where in the image, in dwords: behind
 * what Linux writes there (gt/intel_lrc.c, i915_perf.c's OACTXCONTROL), before its EU counters.
 */
#define SWGPU_PREDICATES 8
#define SWGPU_PREDICATES_AT 0x160U
#define SWGPU_UNITS 79
#define SWGPU_UNITS_AT 0x180U

/* @valid: read from the image. @changed: not yet written to it. */
struct swgpu_units {
	bool valid, changed;
	u32 reg[SWGPU_UNITS];
};

/* A batch: where the next command is. */
struct swgpu_batch {
	enum swgpu_space space;
	u64 addr;
	const struct gvt_hw_batch *copy; /* in the GGTT */
};

#define SWGPU_BLIT_DWORDS 10

/*
 * What a switch of contexts has cut, and where.
 * @noop: as the engine's. @n: dwords of a blit's command; 0: none was cut
 */
struct swgpu_kept {
	bool valid, noop;
	u64 context, addr;
	u32 context_id, head, depth;
	u32 cmd[SWGPU_BLIT_DWORDS], n, swctrl;
	struct gvt_blit blit;
};

/*
 * @depth: 0: the ring; 1: a batch; 2: a batch of the second level. batch[depth] is executed.
 * @pos: dword in work.ring; while a batch runs, of the MI_BATCH_BUFFER_START in the ring
 * @noop: MI_SET_PREDICATE turned commands into MI_NOOP
 * @swctrl: BCS_SWCTRL, as @blit was started with it
 * @again: the command in @cmd, @cmd_dwords long, has answered AGAIN or WAIT
 * @line: commands fetched from @line_addr on, while @line_valid: nothing was written since
 */
struct swgpu_engine {
	struct swgpu *gpu;
	struct gvt_hw_client client;
	enum gvt_engine engine;
	bool loaded, hung, noop, again, line_valid;
	struct gvt_hw_work work;
	u32 ring_dwords, pos, depth;
	struct swgpu_batch batch[3];
	u64 line_addr;
	u32 line[SWGPU_LINE / 4];
	u32 cmd[SWGPU_CMD_DWORDS], cmd_dwords;
	u32 reg[SWGPU_NUM_REGS];
	u64 since;		       /* client's time of load, for CTX_TIMESTAMP */
	u32 image[SWGPU_IMAGE_DWORDS]; /* of the context, as it was read or written last */
	u16 image_at[SWGPU_NUM_REGS];  /* dword of each register's value; 0: not there */
	u32 predicates[1 + 2 * SWGPU_PREDICATES]; /* as image: the list of them */
	struct swgpu_units units;
	struct gvt_blit blit;
	u32 swctrl;
	bool blitting; /* @blit belongs to the command in @cmd */
	struct swgpu_kept kept;
	u64 denied; /* registers and addresses that an access was dropped for */
};

int swgpu_engine_new(void *priv, const struct gvt_hw_client *client, enum gvt_engine engine,
		     void **state);
void swgpu_engine_free(void *priv, void *state);
void swgpu_engine_load(void *priv, void *state, const struct gvt_hw_work *work);
enum gvt_hw_state swgpu_engine_run(void *priv, void *state, u64 *budget);
void swgpu_engine_save(void *priv, void *state);
void swgpu_engine_reset(void *priv, void *state);
u32 swgpu_engine_head(void *priv, void *state);

/* What is executed now may use the GGTT and all commands: the ring, or a copied batch. */
static inline bool swgpu_privileged(const struct swgpu_engine *e)
{
	return !e->depth || e->batch[e->depth].space == SWGPU_GGTT;
}

/*
 * The space that a command's bit asks for. In a batch of the PPGTT the bit counts as clear (Skylake
 * PRM vol. 2a, "Use Global GTT" of each command).
 */
static inline enum swgpu_space swgpu_space(const struct swgpu_engine *e, bool ggtt)
{
	return ggtt && swgpu_privileged(e) ? SWGPU_GGTT : SWGPU_PPGTT;
}

/* --- swgpu_context.c --- */

void swgpu_context_load(struct swgpu_engine *e);
void swgpu_context_save(struct swgpu_engine *e);

/* --- swgpu_units.c --- */

/* @fresh: of a context that has never run. */
void swgpu_units_load(struct swgpu_engine *e, bool fresh);
void swgpu_units_save(struct swgpu_engine *e);
/* false: it is none of them; which of them a command may access is the caller's matter. */
bool swgpu_unit_read(struct swgpu_engine *e, u32 reg, u32 *value);
bool swgpu_unit_write(struct swgpu_engine *e, u32 reg, u32 value);

/* --- swgpu_batch.c --- */

/* Go on inside a batch, by the BB registers; stays in the ring if they do not fit the work. */
void swgpu_batch_resume(struct swgpu_engine *e);

/* --- swgpu_kept.c --- */

/* Before what is loaded goes, and after it came. */
void swgpu_keep(struct swgpu_engine *e);
void swgpu_go_on(struct swgpu_engine *e);
/* As gvt_hw wants them. */
void swgpu_kept_get(void *priv, void *state, u32 word[GVT_HW_KEPT]);
bool swgpu_kept_ok(void *priv, enum gvt_engine engine, const u32 word[GVT_HW_KEPT]);
void swgpu_kept_set(void *priv, void *state, const u32 word[GVT_HW_KEPT]);

/* --- handlers, by file --- */
#define SWGPU_HANDLER(name) \
	enum gvt_cmd_result swgpu_##name(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)

SWGPU_HANDLER(batch_start); /* swgpu_batch.c */
SWGPU_HANDLER(batch_end);
SWGPU_HANDLER(cond_batch_end);
SWGPU_HANDLER(set_predicate);
SWGPU_HANDLER(predicate);
SWGPU_HANDLER(math);	     /* swgpu_math.c */
SWGPU_HANDLER(load_reg_imm); /* swgpu_reg.c */
SWGPU_HANDLER(load_reg_reg);
SWGPU_HANDLER(load_reg_mem);
SWGPU_HANDLER(store_reg_mem);
SWGPU_HANDLER(user_interrupt); /* swgpu_mi.c */
SWGPU_HANDLER(report_head);
SWGPU_HANDLER(store_data);
SWGPU_HANDLER(store_index);
SWGPU_HANDLER(copy_mem);
SWGPU_HANDLER(flush);
SWGPU_HANDLER(pipe_control);
SWGPU_HANDLER(semaphore_wait); /* swgpu_atomic.c */
SWGPU_HANDLER(atomic);
SWGPU_HANDLER(blit); /* swgpu_blt.c */

static inline u64 swgpu_addr(const u32 *dw, u32 low_mask)
{
	return (u64)(dw[1] & 0xffff) << 32 | (dw[0] & low_mask);
}

#endif
