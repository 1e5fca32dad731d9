/* SPDX-License-Identifier: MIT */
/* The smallest back end: callbacks that count, made from ops.def. It simulates nothing. */
#include <string.h>

#include "tiny.h"

u64 tiny_calls[MPT_OP_COUNT];

static struct mpt_handles handles;
static char the_vm;

#define STRIP(...) __VA_ARGS__
#define RET_INT int
#define RET_VOID void
#define RET_MFN unsigned long
#define RET_BOOL bool
#define ANSWER_INT return 0
#define ANSWER_VOID return
#define ANSWER_MFN return TINY_MFN
#define ANSWER_BOOL return false

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define DEF(kind, id, params)                 \
	static RET_##kind count_##id params   \
	{                                     \
		tiny_calls[MPT_OP_ID_##id]++; \
		ANSWER_##kind;                \
	}
#define DEF_HOST(kind, id, params) DEF(kind, id, params)
#define DEF_HANDLE(kind, id, params) DEF(kind, id, (unsigned long handle STRIP params))
#define DEF_VGPU(kind, id, params) DEF(kind, id, (void *vgpu STRIP params))
/* These two keep real handles. */
#define DEF_ATTACH(kind, id, params)
#define DEF_DETACH(kind, id, params)
#define MPT_OP(scope, kind, id, wrapper, params, ...) DEF_##scope(kind, id, params)
#include <mpt/ops.def>
#undef MPT_OP
#pragma GCC diagnostic pop

static int count_attach_vgpu(void *vgpu, unsigned long *handle)
{
	tiny_calls[MPT_OP_ID_attach_vgpu]++;
	return mpt_handle_new(&handles, &the_vm, vgpu, handle);
}

static void count_detach_vgpu(unsigned long handle)
{
	tiny_calls[MPT_OP_ID_detach_vgpu]++;
	mpt_handle_free(&handles, handle);
}

const struct intel_gvt_mpt tiny_table = {
#define MPT_OP(scope, kind, id, ...) .id = count_##id,
#include <mpt/ops.def>
#undef MPT_OP
};

void tiny_without(struct intel_gvt_mpt *table, enum mpt_op_id op)
{
#define MPT_OP(scope, kind, id, ...) \
	if (op == MPT_OP_ID_##id)    \
		table->id = NULL;
#include <mpt/ops.def>
#undef MPT_OP
}

static int tiny_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	(void)host;
	(void)opts;
	inst->priv = &the_vm;
	inst->caps = MPT_CAP_OPS;
	return 0;
}

static void tiny_close(void *priv)
{
	(void)priv;
}

static int tiny_vm_get(void *priv, unsigned int id, void **vm)
{
	(void)priv;
	if (id != 1)
		return mpt_fail(-ESRCH, TINY_NAME, "there is VM 1 only");
	*vm = &the_vm;
	return 0;
}

static void tiny_vm_put(void *priv, void *vm)
{
	(void)priv;
	(void)vm;
}

const struct mpt_backend tiny_backend = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = TINY_NAME,
	.summary = "callbacks that count",
	.caps = MPT_CAP_OPS,
	.mpt = &tiny_table,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.open = tiny_open,
	.close = tiny_close,
	.vm_get = tiny_vm_get,
	.vm_put = tiny_vm_put,
};
