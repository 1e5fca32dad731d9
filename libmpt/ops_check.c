/* SPDX-License-Identifier: MIT */
/*
 * What <mpt/ops.def> is turned into: compile-time proof that struct intel_gvt_mpt and the wrappers
 * agree with it, the table of facts, and the checks of a table at registration.
 */
#include <mpt/mpt.h>

#include "libmpt/internal.h"

/* The struct's member and the wrapper have exactly the listed types. */
#define MPT_OP(scope, kind, id, wrapper, params, args, wparams, ...) \
	_Static_assert(__builtin_types_compatible_p( \
			       __typeof__(((struct intel_gvt_mpt *)0)->id), \
			       MPT_RET_##kind(*)(MPT_PARAMS_##scope(params))), \
		       "struct intel_gvt_mpt: " #id); \
	_Static_assert(__builtin_types_compatible_p( \
			       __typeof__(&intel_gvt_hypervisor_##wrapper), \
			       MPT_RET_##kind(*) wparams), \
		       "wrapper " #wrapper);
#include <mpt/ops.def>
#undef MPT_OP

/* The list is complete and in the struct's order: one pointer an operation. */
_Static_assert(sizeof(struct intel_gvt_mpt) == MPT_OP_COUNT * sizeof(void *), "ops.def is complete");
#define MPT_OP(scope, kind, id, ...) \
	_Static_assert(offsetof(struct intel_gvt_mpt, id) == MPT_OP_ID_##id * sizeof(void *), \
		       "ops.def order: " #id);
#include <mpt/ops.def>
#undef MPT_OP

/* Bits in the order of error.c's table, which mpt_errno_bit() answers. */
enum { BIT_INVAL, BIT_FAULT, BIT_SRCH, BIT_NOENT, BIT_EXIST, BIT_BUSY, BIT_NOSPC, BIT_NOMEM,
       BIT_OPNOTSUPP, BIT_NODEV, BIT_ACCES, BIT_IO, BIT_NXIO };
#define E(name) (1U << BIT_##name)

static const struct mpt_op_info op_info[MPT_OP_COUNT] = {
#define MPT_OP(scope_, kind, id, wrapper_, params, args, wparams, class_, cap_, absent_, errnos_, \
	       sleep, context_) \
	[MPT_OP_ID_##id] = { \
		.name = #id, \
		.wrapper = "intel_gvt_hypervisor_" #wrapper_, \
		.signature = MPT_STR(MPT_RET_##kind) " (" MPT_STR(MPT_PARAMS_##scope_(params)) ")", \
		.absent = #absent_, \
		.context = #context_, \
		.scope = MPT_SCOPE_##scope_, \
		.op_class = MPT_CLASS_##class_, \
		.cap = cap_, \
		.errnos = errnos_, \
		.may_sleep = sleep, \
	},
#include <mpt/ops.def>
#undef MPT_OP
};

static const char *const cap_names[] = {
	"page-track", "dma-pin", "intx", "gfn-to-mfn", "virt-to-mfn",
	"map-gfn",    "trap-area", "pvmmio", "write-after",
};

const struct mpt_op_info *mpt_op_info(enum mpt_op_id id)
{
	return (unsigned int)id < MPT_OP_COUNT ? &op_info[id] : NULL;
}

const char *mpt_cap_name(u64 cap)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(cap_names); i++)
		if (cap == 1ULL << i)
			return cap_names[i];
	return NULL;
}

void *mpt_table_slot(const struct intel_gvt_mpt *table, enum mpt_op_id op)
{
	void *fn;

	memcpy(&fn, (const char *)table + (size_t)op * sizeof(void *), sizeof(fn));
	return fn;
}

static void table_slot_clear(struct intel_gvt_mpt *table, unsigned int op)
{
	memset((char *)table + op * sizeof(void *), 0, sizeof(void *));
}

u64 mpt_table_caps(const struct intel_gvt_mpt *table)
{
	u64 caps = 0;
	unsigned int op;

	for (op = 0; op < MPT_OP_COUNT; op++)
		if (mpt_table_slot(table, op))
			caps |= op_info[op].cap;
	return caps;
}

void mpt_table_filter(struct intel_gvt_mpt *table, u64 caps)
{
	unsigned int op;

	for (op = 0; op < MPT_OP_COUNT; op++)
		if (op_info[op].cap & ~caps)
			table_slot_clear(table, op);
}

int mpt_table_check(const char *who, const struct intel_gvt_mpt *table, u64 caps)
{
	unsigned int op;

	if (caps & ~MPT_CAP_ALL)
		return mpt_fail(-EINVAL, who, "unknown capability bits 0x%llx (built for a newer libmpt?)",
				(unsigned long long)(caps & ~MPT_CAP_ALL));
	for (op = 0; op < MPT_OP_COUNT; op++) {
		if (mpt_table_slot(table, op))
			continue;
		if (op_info[op].op_class == MPT_CLASS_MANDATORY)
			return mpt_fail(-EINVAL, who, "mandatory callback %s is missing (set it)",
					op_info[op].name);
		if (op_info[op].cap & caps)
			return mpt_fail(-EINVAL, who,
					"capability %s is claimed but callback %s is missing (set it "
					"or do not claim it)",
					mpt_cap_name(op_info[op].cap), op_info[op].name);
	}
	return 0;
}
