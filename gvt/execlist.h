/* SPDX-License-Identifier: MIT */
/*
 * Submission: the lists of contexts that a guest gives to an engine, and the one context of them
 * that the hardware has. Lock of the vGPU held in all functions. Whether an engine gets time is
 * decided in sched.c.
 *
 * A list is two context descriptors. An engine runs one list; the next one waits only while the
 * engine cannot switch: stopped, hung, or without time. A descriptor is looked at when its turn
 * comes, as the hardware reads an image when it switches to it: nothing is held for the others.
 *
 * What a guest can do wrong:
 *  - a descriptor without valid or privilege bit never gets here (handlers_engine.c, -EINVAL);
 *  - an image or a ring outside the vGPU's share: no driver that has read PVINFO does that. The
 *    engine hangs and the vGPU goes into failsafe;
 *  - anything else (memory that is not there, a bad ring, tables that cannot be shadowed, commands
 *    that the scanner refuses), and our own lack of memory: the engine hangs. The guest sees no
 *    progress and resets it, as it does with the hardware after a fault.
 */
#ifndef GVT_EXECLIST_H
#define GVT_EXECLIST_H

#include "internal.h"
#include "ppgtt.h"
#include "scan.h"

#define GVT_CTX_VALID (1U << 0)
#define GVT_CTX_FORCE_RESTORE (1U << 2)
#define GVT_CTX_PRIVILEGE (1U << 8)

/*
 * Units that loading a context or a lite restore costs by itself: the image, the registers, what
 * the guest is told.
 */
#define GVT_LOAD_COST 64U

/* A context descriptor. */
struct gvt_ctx {
	u32 low, id;
};

/*
 * A context as the hardware has it. @scan: a lite restore copies the commands anew while the
 * hardware still has the old copy; @spare is the one that may be overwritten.
 */
struct gvt_workload {
	struct gvt_mm *mm; /* held and pinned; NULL: nothing is loaded */
	struct gvt_scan scan[2];
	unsigned int spare;
	u32 ring_ctl; /* as in the image */
	struct gvt_hw_work hw;
};

struct gvt_exec_engine {
	enum gvt_engine id;
	void *hw; /* the hardware's share */
	struct gvt_ctx list[2], next[2];
	bool running; /* list[at] is the engine's context */
	bool queued; /* next[] waits for the switch */
	bool hung; /* only a reset helps */
	bool waiting; /* for a semaphore, when it was asked last */
	unsigned int at;
	unsigned int slot; /* of the two that EXECLIST_STATUS shows, the one list[] is in */
	unsigned int csb_new; /* entries that the status page lacks */
	struct gvt_workload work;
};

struct gvt_execlist {
	struct gvt_exec_engine engine[GVT_NUM_ENGINES];
	unsigned int first; /* engine that is served first, in turn */
	bool inside; /* a command runs: what it writes starts nothing */
};

/* --- execlist.c --- */
/* A step of creation and its undoing. */
int gvt_execlist_init(struct gvt_vgpu *v);
void gvt_execlist_clean(struct gvt_vgpu *v);

/* @dw: two descriptors, checked, low dwords first. */
void gvt_execlist_submit(struct gvt_vgpu *v, enum gvt_engine engine, const u32 dw[4]);

/* MI_MODE or RESET_CTL was written: the engine stops or goes on. */
void gvt_execlist_stop(struct gvt_vgpu *v, enum gvt_engine engine);

/* Stops, forgets and gives back what these engines have; their registers say so. */
void gvt_execlist_reset(struct gvt_vgpu *v, u32 engine_mask);

/*
 * The hardware has no context afterwards: each is in its image, and is loaded again when its engine
 * runs next. The guest sees as much of it as of a switch of contexts between two commands. An
 * engine that hangs keeps nothing but its registers: only a reset can follow.
 */
void gvt_execlist_unload(struct gvt_vgpu *v);

/* All registers were reset: they show again what is so. */
void gvt_execlist_show(struct gvt_vgpu *v);

/*
 * gvt_execlist_run() - let the vGPU's engines execute, @first before the others.
 *
 * Loading a context costs units as well: GVT_LOAD_COST, one for each dword that is scanned, and
 * what spt.h says of its tables. Otherwise contexts without commands, but with long page tables,
 * would be free. A load that costs more than is left of the part is the last one of it: the context
 * has what is left to execute, and the load comes on top.
 *
 * Return: units used: @budget at most, and one load more.
 */
u64 gvt_execlist_run(struct gvt_vgpu *v, unsigned int first, u64 budget);

/* Is there something to execute; does all of it wait? */
void gvt_execlist_state(const struct gvt_vgpu *v, bool *pending, bool *waiting);

/* --- csb.c: what the guest is told --- */
enum gvt_csb {
	GVT_CSB_IDLE_TO_ACTIVE = 1 << 0,
	GVT_CSB_PREEMPTED = 1 << 1,
	GVT_CSB_ELEMENT_SWITCH = 1 << 2,
	GVT_CSB_ACTIVE_TO_IDLE = 1 << 3,
	GVT_CSB_COMPLETE = 1 << 4,
	GVT_CSB_LITE_RESTORE = 1 << 15,
};

void gvt_csb_add(struct gvt_vgpu *v, struct gvt_exec_engine *e, u32 status, u32 id);
/* Entries since the last call go to the status page, and the interrupt is raised. */
void gvt_csb_flush(struct gvt_vgpu *v, struct gvt_exec_engine *e);
/* The ring's and the execlist's registers show where the engine is. */
void gvt_csb_registers(struct gvt_vgpu *v, const struct gvt_exec_engine *e);
extern const u32 gvt_engine_base[GVT_NUM_ENGINES];

/* --- workload.c: one context and the hardware --- */
/*
 * gvt_workload_load() - read the context's image, once, and give the hardware what it needs.
 * Return: 0; on failure nothing is held: -EACCES (an address outside the vGPU's share), else what
 * the guest or the machine lacks
 */
int gvt_workload_load(struct gvt_vgpu *v, struct gvt_exec_engine *e, struct gvt_ctx ctx);
/* The same context with a new tail: the ring's head goes on. On failure all is as before. */
int gvt_workload_extend(struct gvt_vgpu *v, struct gvt_exec_engine *e, struct gvt_ctx ctx);
/* The context's registers go to its image, and everything is given back. */
void gvt_workload_save(struct gvt_vgpu *v, struct gvt_exec_engine *e);
/* Everything is given back; nothing loaded: nothing. */
void gvt_workload_drop(struct gvt_vgpu *v, struct gvt_exec_engine *e);

/* --- client.c: what the hardware asks of a vGPU --- */
void gvt_client_init(struct gvt_vgpu *v, struct gvt_hw_client *client);

#endif
