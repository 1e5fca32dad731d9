/* SPDX-License-Identifier: MIT */
/*
 * A step of the race explorer before each operation that a core calls: the host's table, which its
 * vGPUs point to, made anew from <mpt/ops.def> over what was there.
 */
#include "explore.h"

#include "libmpt/internal.h"

static struct intel_gvt_mpt real;

#define RETURN_INT return
#define RETURN_VOID
#define RETURN_MFN return
#define RETURN_BOOL return
#define ARGS_HANDLE(args) handle MPT_UNPAREN args
#define ARGS_DETACH(args) handle
#define ARGS_VGPU(args) vgpu MPT_UNPAREN args
#define ARGS_ATTACH(args) MPT_UNPAREN args
#define ARGS_HOST(args) MPT_UNPAREN args

#define MPT_OP(scope, kind, id, wrapper, params, args, ...)                                   \
	static MPT_RET_##kind watch_##id(MPT_PARAMS_##scope(params))                          \
	{                                                                                     \
		static struct explore_site site = { __FILE__, #id, __LINE__, EXPLORE_OP, 0 }; \
		explore_at(&site, NULL);                                                      \
		RETURN_##kind real.id(ARGS_##scope(args));                                    \
	}
#include <mpt/ops.def>
#undef MPT_OP

void explore_ops_watch(struct mpt_host *host)
{
	real = host->table;
#define MPT_OP(scope, kind, id, ...) \
	if (real.id)                 \
		host->table.id = watch_##id;
#include <mpt/ops.def>
#undef MPT_OP
}
