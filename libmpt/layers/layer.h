/* SPDX-License-Identifier: MIT */
/*
 * What a layer is: two hooks around every operation. The 24 callbacks themselves are generated once,
 * in layer.c, and serve every layer; a handle of a layer leads to its record and so to its hooks.
 */
#ifndef LIBMPT_LAYER_H
#define LIBMPT_LAYER_H

#include "libmpt/internal.h"

#define MPT_CALL_ARGS 6

/**
 * struct mpt_layer_call - an operation in flight.
 * @op: which
 * @vgpu: its vGPU's record in this layer; NULL for host-wide operations and a dead handle
 * @handle: the layer's handle as the core gave it; 0 without one
 * @arg: the callback's other arguments in order, pointers as integers
 * @ret: the answer as an integer; VOID: 0
 * @where: return address in the caller of the callback
 * @scratch: the layer's own between before and after, such as a start time; 0 at first
 */
struct mpt_layer_call {
	enum mpt_op_id op;
	struct mpt_layer_vgpu *vgpu;
	unsigned long handle;
	u64 arg[MPT_CALL_ARGS];
	long ret;
	const void *where;
	u64 scratch;
};

/* An attached vGPU as one layer instance sees it. */
struct mpt_layer_vgpu {
	struct mpt_layer_inst *inst;
	void *vgpu; /* the core's pointer */
	unsigned long inner; /* handle of what is below */
	unsigned long handle; /* our own */
	unsigned long refs; /* operations in flight, and 1 while attached */
	void *priv; /* the layer's */
};

struct mpt_layer_inst {
	const struct mpt_layer *layer;
	struct mpt_host *host;
	unsigned int level;
	void *priv;
};

/**
 * struct mpt_layer - one layer.
 * @open: arg may be NULL and is not terminated; sets inst->priv
 * @before: true: do not call what is below, answer call->ret
 * @after: the answer is known; may look, must not change success into failure
 * @dead: a call with a handle that is dead or was never given out; before and after are not called.
 *	Which host was meant is not known: each layer of the thread's current one is told
 * Each may be NULL but open and close.
 */
struct mpt_layer {
	const char *name;
	const char *summary;
	int (*open)(struct mpt_layer_inst *inst, const char *arg, size_t len);
	void (*close)(struct mpt_layer_inst *inst);
	bool (*before)(struct mpt_layer_inst *inst, struct mpt_layer_call *call);
	void (*after)(struct mpt_layer_inst *inst, struct mpt_layer_call *call);
	void (*dead)(struct mpt_layer_inst *inst, struct mpt_layer_call *call);
};

extern const struct mpt_layer mpt_layer_check;
extern const struct mpt_layer mpt_layer_fault;
extern const struct mpt_layer mpt_layer_stats;
extern const struct mpt_layer mpt_layer_trace;

/* mpt_fault_at() of several operations, a bit each; 0: all that can fail. */
int mpt_fault_arm(struct mpt_host *host, u32 ops, u64 nth, int err);

/* The outermost instance of a layer in a host's stack; NULL: none. */
struct mpt_layer_inst *mpt_layer_of(struct mpt_host *host, const struct mpt_layer *layer);

#endif
