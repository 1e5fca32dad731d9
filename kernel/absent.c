/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a kernel has not: back ends in files of their own, and a recorder that maps a file. */
#include "libmpt/internal.h"
#include "libmpt/layers/layer.h"
#include "libmpt/layers/trace.h"

const struct mpt_backend *mpt_module_open(const char *name, void **module, char *why, size_t len)
{
	snprintf(why, len, "a kernel has those only that are built in, and registered tables");
	return NULL;
}

void mpt_module_close(void *module)
{
}

static int trace_open(struct mpt_layer_inst *inst, const char *arg, size_t len)
{
	return mpt_fail(-EOPNOTSUPP, "trace", "a kernel records to no file (trace outside of it)");
}

static void trace_close(struct mpt_layer_inst *inst)
{
}

const struct mpt_layer mpt_layer_trace = {
	.name = "trace",
	.summary = "not in a kernel",
	.open = trace_open,
	.close = trace_close,
};

void mpt_trace_note(struct mpt_host *host, enum mpt_trace_id id, long ret, const u64 *arg)
{
}

void mpt_trace_core(struct mpt_host *host, const void *vgpu, enum mpt_trace_id id, long ret,
		    const u64 *arg)
{
}
