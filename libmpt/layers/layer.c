/* SPDX-License-Identifier: MIT */
/*
 * The layers' callbacks, generated from <mpt/ops.def>: find the record, ask the layer's hooks, call
 * what is below. Also the list of layers.
 */
#include "libmpt/layers/layer.h"

static const struct mpt_layer *const layers[] = {
	&mpt_layer_check, &mpt_layer_fault, &mpt_layer_stats, &mpt_layer_trace,
};

static struct mpt_handles handles; /* of all instances of all layers */

/* --- the list --- */

const char *mpt_layer_each(unsigned int index, const char **summary)
{
	if (index >= OS_ARRAY_SIZE(layers))
		return NULL;
	if (summary)
		*summary = layers[index]->summary;
	return layers[index]->name;
}

const struct mpt_layer *mpt_layer_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(layers); i++)
		if (strlen(layers[i]->name) == len && !memcmp(layers[i]->name, name, len))
			return layers[i];
	return NULL;
}

int mpt_layer_open(const struct mpt_layer *layer, struct mpt_host *host, unsigned int level,
		   const char *arg, size_t arg_len, struct mpt_layer_inst **out)
{
	struct mpt_layer_inst *inst = mpt_zalloc(sizeof(*inst));
	int ret;

	if (!inst)
		return mpt_fail(-ENOMEM, layer->name, "no memory for the layer");
	*inst = (struct mpt_layer_inst){ .layer = layer, .host = host, .level = level };
	ret = layer->open(inst, arg, arg_len);
	if (ret) {
		mpt_free(inst);
		return ret;
	}
	*out = inst;
	return 0;
}

void mpt_layer_close(struct mpt_layer_inst *inst)
{
	inst->layer->close(inst);
	mpt_free(inst);
}

struct mpt_layer_inst *mpt_layer_of(struct mpt_host *host, const struct mpt_layer *layer)
{
	unsigned int i;

	for (i = 0; i < host->num_layers; i++)
		if (host->layer[i]->layer == layer)
			return host->layer[i];
	return NULL;
}

/* --- records --- */

static struct mpt_layer_vgpu *record_get(unsigned long handle)
{
	unsigned long old = mpt_rcu_enter();
	struct mpt_layer_vgpu *v = mpt_handle_get(&handles, handle);

	if (v)
		os_fetch_add(&v->refs, 1);
	mpt_rcu_leave(old);
	return v;
}

static void record_put(struct mpt_layer_vgpu *v)
{
	os_fetch_add(&v->refs, -1UL);
}

/* The record of a vGPU pointer at this level; the core holds the vGPU, so it stays. */
static struct mpt_layer_vgpu *record_by_vgpu(const void *vgpu, unsigned int level)
{
	struct mpt_layer_vgpu *v = NULL;
	size_t i;

	for (i = 0; i < MPT_HANDLE_SLOTS; i++) {
		v = record_get(os_load(&handles.slot[i].handle));
		if (v && v->vgpu == vgpu && v->inst->level == level)
			return v;
		if (v)
			record_put(v);
	}
	return NULL;
}

/* What an instance calls: the next layer's generated table is the same one, so only the end differs. */
static const struct intel_gvt_mpt *below(const struct mpt_layer_inst *inst)
{
	const struct mpt_host *host = inst->host;

	return inst->level + 1 == host->num_layers ? &host->base : &host->table;
}

static bool hook_before(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	return inst->layer->before && inst->layer->before(inst, call);
}

static void hook_after(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	if (inst->layer->after)
		inst->layer->after(inst, call);
}

/* A handle that leads nowhere: no host is named, so the layers of the current one are told. */
static void hook_dead(struct mpt_layer_call *call)
{
	struct mpt_host *host = mpt_host_current();
	struct mpt_layer_inst *inst = host && host->num_layers ? host->layer[0] : NULL;
	unsigned int i;

	/* The contract zeroes a failed read's buffer. */
	if (call->op == MPT_OP_ID_read_gpa)
		memset((void *)(uintptr_t)call->arg[1], 0, call->arg[2]);
	mpt_fail(-ESRCH, inst ? inst->layer->name : NULL, "%s: handle 0x%lx is dead or unknown",
		 mpt_op_info(call->op)->name, call->handle);
	for (i = 0; host && i < host->num_layers; i++)
		if (host->layer[i]->layer->dead)
			host->layer[i]->layer->dead(host->layer[i], call);
}

/* Host-wide operations pass from level to level by the thread's counter. */
static struct mpt_layer_inst *enter_level(struct mpt_host *host)
{
	return host->layer[mpt_thread_self()->level++];
}

static void leave_level(void)
{
	mpt_thread_self()->level--;
}

/* --- attach and detach: where records come and go --- */

static int layer_attach(struct mpt_layer_inst *inst, struct mpt_layer_call *call, void *vgpu,
			unsigned long *handle)
{
	struct mpt_layer_vgpu *v;
	int ret;

	v = mpt_zalloc(sizeof(*v));
	if (!v)
		return mpt_fail(-ENOMEM, inst->layer->name, "no memory for the vGPU's record");
	*v = (struct mpt_layer_vgpu){ .inst = inst, .vgpu = vgpu, .refs = 1 };
	ret = below(inst)->attach_vgpu(vgpu, &v->inner);
	if (ret)
		goto err_free;
	ret = mpt_handle_new(&handles, v, vgpu, &v->handle);
	if (ret) {
		mpt_fail(ret, inst->layer->name, "all %d handles of the layers are in use (destroy a "
			 "vGPU, or stack fewer layers)", MPT_HANDLE_SLOTS);
		goto err_detach;
	}
	*handle = v->handle;
	call->vgpu = v;
	return 0;
err_detach:
	below(inst)->detach_vgpu(v->inner);
err_free:
	mpt_free(v);
	return ret;
}

static int gen_attach_vgpu(void *vgpu, unsigned long *handle)
{
	struct mpt_layer_call call = {
		.op = MPT_OP_ID_attach_vgpu,
		.arg = { (u64)(uintptr_t)vgpu, (u64)(uintptr_t)handle },
		.where = __builtin_return_address(0),
	};
	struct mpt_host *host = mpt_target_host();
	struct mpt_layer_inst *inst;

	if (!host || mpt_thread_self()->level >= host->num_layers)
		return mpt_fail(-EINVAL, NULL, "no host is current (mpt_host_use() one)");
	inst = enter_level(host);
	if (!hook_before(inst, &call))
		call.ret = layer_attach(inst, &call, vgpu, handle);
	hook_after(inst, &call);
	leave_level();
	return (int)call.ret;
}

static void gen_detach_vgpu(unsigned long handle)
{
	struct mpt_layer_call call = {
		.op = MPT_OP_ID_detach_vgpu,
		.handle = handle,
		.where = __builtin_return_address(0),
	};
	struct mpt_layer_vgpu *v = record_get(handle);

	call.vgpu = v;
	/* After the free no new operation finds the record; those in flight are waited for. */
	if (!v || !mpt_handle_free(&handles, handle)) {
		hook_dead(&call);
		if (v)
			record_put(v);
		return;
	}
	while (os_load(&v->refs) != 2)
		os_yield();
	hook_before(v->inst, &call);
	below(v->inst)->detach_vgpu(v->inner);
	hook_after(v->inst, &call);
	mpt_free(v);
}

/* --- the other 22, generated --- */

static inline u64 arg_ptr(const void *p)
{
	return (u64)(uintptr_t)p;
}

static inline u64 arg_int(u64 n)
{
	return n;
}

#define ARG(x) \
	_Generic((x), void *: arg_ptr, const void *: arg_ptr, struct device *: arg_ptr, \
		 dma_addr_t *: arg_ptr, default: arg_int)(x)
/* How many arguments follow the first. */
#define COUNT(...) COUNT_(__VA_ARGS__, 5, 4, 3, 2, 1, 0)
#define COUNT_(x, a, b, c, d, e, n, ...) n
#define CALL_ARGV(...) CALL_ARGV_N(COUNT(__VA_ARGS__), __VA_ARGS__)
#define CALL_ARGV_N(n, ...) CALL_ARGV_M(n, __VA_ARGS__)
#define CALL_ARGV_M(n, ...) ARGN_##n(__VA_ARGS__)
#define ARGN_0(x) 0
#define ARGN_1(x, a) ARG(a)
#define ARGN_2(x, a, b) ARG(a), ARG(b)
#define ARGN_3(x, a, b, c) ARG(a), ARG(b), ARG(c)
#define ARGN_4(x, a, b, c, d) ARG(a), ARG(b), ARG(c), ARG(d)

#define FAIL_INT (-ESRCH)
#define FAIL_MFN INTEL_GVT_INVALID_ADDR
#define FAIL_BOOL false
#define SET_INT(call, expr) ((call).ret = (expr))
#define SET_MFN(call, expr) ((call).ret = (long)(expr))
#define SET_BOOL(call, expr) ((call).ret = (expr))
#define SET_VOID(call, expr) (expr)
#define GET_INT(call) return (int)(call).ret
#define GET_MFN(call) return (unsigned long)(call).ret
#define GET_BOOL(call) return (call).ret
#define GET_VOID(call) return
#define DEAD_INT return FAIL_INT
#define DEAD_MFN return FAIL_MFN
#define DEAD_BOOL return FAIL_BOOL
#define DEAD_VOID return

#define GEN_HANDLE(kind, id, params, args) \
	static MPT_RET_##kind gen_##id(unsigned long handle MPT_UNPAREN params) \
	{ \
		struct mpt_layer_call call = { \
			.op = MPT_OP_ID_##id, \
			.handle = handle, \
			.arg = { CALL_ARGV(0 MPT_UNPAREN args) }, \
			.where = __builtin_return_address(0), \
		}; \
		struct mpt_layer_vgpu *v = record_get(handle); \
 \
		call.vgpu = v; \
		if (!v) { \
			hook_dead(&call); \
			DEAD_##kind; \
		} \
		if (!hook_before(v->inst, &call)) \
			SET_##kind(call, below(v->inst)->id(v->inner MPT_UNPAREN args)); \
		hook_after(v->inst, &call); \
		record_put(v); \
		GET_##kind(call); \
	}
#define GEN_VGPU(kind, id, params, args) \
	static MPT_RET_##kind gen_##id(void *vgpu MPT_UNPAREN params) \
	{ \
		struct mpt_layer_call call = { \
			.op = MPT_OP_ID_##id, \
			.arg = { CALL_ARGV(0 MPT_UNPAREN args) }, \
			.where = __builtin_return_address(0), \
		}; \
		struct mpt_layer_vgpu *v = record_by_vgpu(vgpu, mpt_thread_self()->level); \
 \
		call.vgpu = v; \
		if (!v) { \
			hook_dead(&call); \
			DEAD_##kind; \
		} \
		mpt_thread_self()->level++; \
		if (!hook_before(v->inst, &call)) \
			SET_##kind(call, below(v->inst)->id(vgpu MPT_UNPAREN args)); \
		hook_after(v->inst, &call); \
		leave_level(); \
		record_put(v); \
		GET_##kind(call); \
	}
#define HOST_ARGS(...) __VA_OPT__(, ) __VA_ARGS__
#define GEN_HOST(kind, id, params, args) \
	static MPT_RET_##kind gen_##id params \
	{ \
		struct mpt_layer_call call = { \
			.op = MPT_OP_ID_##id, \
			.arg = { CALL_ARGV(0 HOST_ARGS args) }, \
			.where = __builtin_return_address(0), \
		}; \
		struct mpt_host *host = mpt_host_current(); \
		struct mpt_layer_inst *inst; \
 \
		if (!host || mpt_thread_self()->level >= host->num_layers) \
			DEAD_##kind; \
		inst = enter_level(host); \
		if (!hook_before(inst, &call)) \
			SET_##kind(call, below(inst)->id args); \
		hook_after(inst, &call); \
		leave_level(); \
		GET_##kind(call); \
	}
/* These two are written above. */
#define GEN_ATTACH(kind, id, params, args)
#define GEN_DETACH(kind, id, params, args)
#define MPT_OP(scope, kind, id, wrapper, params, args, ...) GEN_##scope(kind, id, params, args)
#include <mpt/ops.def>
#undef MPT_OP

static const struct intel_gvt_mpt layer_table = {
#define MPT_OP(scope, kind, id, ...) .id = gen_##id,
#include <mpt/ops.def>
#undef MPT_OP
};

void mpt_layer_table(const struct intel_gvt_mpt *next, struct intel_gvt_mpt *table)
{
	unsigned int op;

	*table = layer_table;
	for (op = 0; op < MPT_OP_COUNT; op++)
		if (!mpt_table_slot(next, op))
			memset((char *)table + op * sizeof(void *), 0, sizeof(void *));
}
