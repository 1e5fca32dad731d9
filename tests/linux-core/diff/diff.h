/* SPDX-License-Identifier: MIT */
/*
 * The differential test: the same steps on the Linux core and on libmpt-gvt, what came of each
 * compared. What a step is, what is recorded of it, and the interface that both cores are driven
 * through. How they are driven is in real.c and ours.c, what may differ in rules.c.
 */
#ifndef LINUX_CORE_DIFF_H
#define LINUX_CORE_DIFF_H

#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/backend.h>
#include <mpt/foreign.h>
#include <mpt/testbed.h>

#define VMS 2
#define RAM_SIZE (64ULL << 20)
#define PVINFO 0x78000U
#define GTT (8U << 20)
#define ADDR_MASK 0x3ffffffff000ULL
/* Addresses of a space that a walk looks at, see script.c. */
#define PROBES 72
#define SPACES 3

/* --- steps --- */

enum diff_op {
	CFG_READ, CFG_WRITE, /* at: offset */
	BAR0_READ, BAR0_WRITE, /* at: offset in BAR0, wherever the guest has put it */
	GTT_READ, GTT_WRITE, /* at: bytes in the vGPU's entries, aperture first, then hidden */
	RAM_READ, RAM_WRITE, /* at: guest-physical */
	APERTURE_READ, APERTURE_WRITE, /* at: bytes from the vGPU's part of BAR2 */
	NOTIFY, /* at: roots, an index; value: the message */
	WALK, /* all spaces made ready as before a submission, and what a device finds there */
	FLIP, /* at: pipe; value: surface */
	HOTPLUG, /* value: connected */
	RESET, ACTIVATE, DEACTIVATE, RELEASE,
	DESTROY, /* value: without a reset before it */
	CREATE, /* destroyed first if it is there */
	NUM_OPS
};

struct diff_step {
	u8 op, vm, len;
	u64 at, value;
};

void script_describe(const struct diff_step *s, char *text, size_t size);

/* Written by hand. */
struct diff_script {
	const char *name;
	const struct diff_step *step;
	unsigned int steps;
};
extern const struct diff_script diff_scripts[];

/* From a seed: the next step. */
struct script;
struct script *script_new(u64 seed);
void script_next(struct script *g, struct diff_step *s);
/* A vGPU of both cores was made anew outside of the script. */
void script_fresh(struct script *g, unsigned int vm);

/* The page tables of the scripts: roots by index, and the addresses that a walk looks at. */
struct space_roots {
	int levels;
	u64 pdp[4];
};
extern const struct space_roots space_roots[SPACES];
u64 probe_address(unsigned int index);
#define DATA 0x400000ULL
#define LARGE 0x800000ULL
#define NO_RAM 0x20000000ULL
/* Guest frames of the tables, one after the other: roots, page directory pointers and so on. */
#define FRAME(n) ((0x100ULL + (n)) << 12)
enum { ROOT_A, ROOT_B, PDP_A, PDP_B, PD_A, PD_B, PT_A, PT_B, PT_C, PT_D, FRAMES };

/* --- what is recorded of a step --- */

enum diff_call_op {
	CALL_TRAP, CALL_MAP_GFN, CALL_DMA_MAP, CALL_DMA_UNMAP, CALL_DMA_PIN, CALL_TRACK,
	CALL_UNTRACK, CALL_MSI, CALL_INTX, CALL_WRITE_GPA, CALL_READ_GPA, CALL_GFN_TO_MFN,
	CALL_VALID_GFN, CALL_OPREGION, CALL_EDID, CALL_PVMMIO, CALL_VFIO_GET, CALL_VFIO_PUT,
	CALL_ATTACH, CALL_DETACH, NUM_CALLS
};

/* Frames of the device are counted from the aperture's first, bus addresses are guest frames. */
struct diff_call {
	u8 op;
	int ret;
	u64 a, b, c;
};

static inline bool same_call(const struct diff_call *a, const struct diff_call *b)
{
	return a->op == b->op && a->ret == b->ret && a->a == b->a && a->b == b->b && a->c == b->c;
}

#define MAX_CALLS 4096
/* What can differ; the first six are kinds of calls. */
enum {
	PLACES = 1 << 0, /* traps and mapped frames */
	DMA = 1 << 1,
	TRACKS = 1 << 2,
	IRQS = 1 << 3,
	STORES = 1 << 4, /* to guest memory */
	QUERIES = 1 << 5, /* what changes nothing: reads and translations */
	LIFE = 1 << 6, /* attach, opregion and EDID, detach */
	RET = 1 << 7,
	VALUE = 1 << 8, /* what was read, or is there afterwards */
	FAILSAFE = 1 << 9,
	MAPPED = 1 << 10, /* all that is mapped for DMA after the step */
	TRACKED = 1 << 11, /* all that is tracked */
	ALL = (1 << 12) - 1
};

struct diff_record {
	int ret;
	u64 value, host; /* host: of a GGTT write, the device's entry: guest frame and flags */
	bool failsafe;
	bool d3; /* it was put into D3 since the last reset */
	bool resumed; /* and reset then, with spaces announced */
	bool pcode; /* the power controller was given a command */
	u64 mapped, tracked; /* counts */
	u64 mapped_sum, tracked_sum; /* of which frames */
	u64 walk[SPACES][PROBES]; /* guest frame << 12 | 2 writable | 1; 0: nothing */
	int ready[SPACES];
	unsigned int calls;
	struct diff_call call[MAX_CALLS];
};

/* --- a core under test --- */

struct diff_place {
	u64 low, low_size, high, high_size;
	u32 fences;
};

struct diff_side;

struct diff_core {
	const char *name;
	int (*open)(struct diff_side *side); /* the host is open, VMs and RAM are there */
	void (*close)(struct diff_side *side);
	/* The first of the two tells where the vGPU is, the second is put there. 0 or -errno. */
	int (*create)(struct diff_side *side, unsigned int vm, struct diff_place *place);
	bool (*failsafe)(const void *vgpu);
	u64 (*ggtt)(struct diff_side *side, unsigned long index);
	/* As before a submission: roots of the shadow, given back by the call of done. */
	int (*ready)(void *vgpu, const struct space_roots *s, u64 root[4], void **held);
	void (*done)(void *vgpu, void *held);
	const u64 *(*page)(u64 bus); /* of the core's own; NULL: none */
	u64 aperture_mfn;
};

#define DMA_SLOTS 65536U

struct diff_side {
	const struct diff_core *core;
	struct mpt_host *host;
	struct mpt_vm *vm[VMS];
	struct intel_vgpu *vgpu[VMS];
	struct diff_place place[VMS];
	const struct intel_gvt_ops *ops;
	struct mpt_foreign_table table; /* what is below the recorder */
	struct diff_record *now; /* of the step that is under way */
	struct {
		u64 dma, gfn, count;
		u8 vm;
	} dma[DMA_SLOTS];
	struct {
		u64 mapped, tracked, mapped_sum, tracked_sum;
	} sum[VMS], *of; /* of the VM whose step it is */
	u64 live; /* mapped of all */
};

extern const struct diff_core real_core, our_core;

/* The side whose core runs now: the recorder belongs to it. */
extern struct diff_side *recording;
void record_table(struct mpt_foreign_table *table); /* the recorder's operations in it */
void record_forget(struct diff_side *side, unsigned int vm); /* its handle is gone */
u64 record_frame(const struct diff_side *side, u64 bus); /* guest frame behind it; ~0: none */
void record_describe(const struct diff_call *c, char *text, size_t size);

/* side.c: a step on one side. */
int side_open(struct diff_side *side, const struct diff_core *core, const char *spec);
void side_close(struct diff_side *side);
/* Of a WALK: whether the shadow shows what the guest's memory says. */
bool side_walk_is_true(struct diff_side *side, unsigned int vm, const struct diff_record *r,
		       u32 announced);
/* Reset and destroyed, nothing recorded. */
void side_drop(struct diff_side *side, unsigned int vm);
void side_step(struct diff_side *side, const struct diff_step *s, struct diff_record *r,
	       const struct diff_place *place);

/* --- what may differ --- */

#define ENTRIES 81920U
#define HALF_LOW 1 /* was written, and the other one is waited for */
#define HALF_HIGH 2
#define HALF_STALE 4 /* then the whole entry was, or there was a reset */
#define ENTRY_WRITTEN 8
#define ENTRY_SURVIVES 16 /* it was before a reset */

/* Of a vGPU, what rules depend on. */
struct diff_vm {
	bool there;
	u32 command, bar0, bar2; /* before the step, as ours shows them */
	u64 bar0_at, bar2_at; /* with their upper halves */
	u32 pipes; /* that are on, bits */
	bool failsafe;
	bool d3; /* it was put into D3 since the last reset */
	bool resumed; /* and reset then, with spaces announced */
	bool pcode; /* the power controller was given a command */
	u32 announced; /* spaces, bits */
	unsigned int times[SPACES]; /* each was, and not taken back */
	bool no_ram; /* an entry of a table was set to no RAM since then */
	bool unseen; /* a table was written in failsafe mode since then */
	u8 entry[ENTRIES]; /* of the GGTT: HALF_*, ENTRY_* */
};

struct diff_view {
	const struct diff_step *step;
	const struct diff_vm *vm;
	const struct diff_record *real, *ours;
	u32 differs;
	bool ours_true; /* of a WALK: as the guest's memory has it */
};

/**
 * struct diff_rule - a difference that is known, see rules.def.
 * @where: the core's file; NULL ends. @real: what the core does
 * @mask: what may differ by it
 * @again: the two are not in the same state afterwards: both are made anew
 * @applies: whether this is it
 * @fired: how often it was
 */
struct diff_rule {
	const char *where, *real;
	u32 mask;
	bool again;
	bool (*applies)(const struct diff_view *v);
	unsigned long fired;
};

extern struct diff_rule diff_rules[];

static inline u32 call_kind(u8 op)
{
	switch (op) {
	case CALL_TRAP: case CALL_MAP_GFN: case CALL_PVMMIO:
		return PLACES;
	case CALL_DMA_MAP: case CALL_DMA_UNMAP: case CALL_DMA_PIN:
		return DMA;
	case CALL_TRACK: case CALL_UNTRACK:
		return TRACKS;
	case CALL_MSI: case CALL_INTX:
		return IRQS;
	case CALL_WRITE_GPA:
		return STORES;
	case CALL_READ_GPA: case CALL_GFN_TO_MFN: case CALL_VALID_GFN:
		return QUERIES;
	default:
		return LIFE;
	}
}

#endif
