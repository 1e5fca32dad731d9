/* SPDX-License-Identifier: MIT */
/*
 * What <mpt/ops.def> says, as data: an id, a name, a class, the capability and the errnos of each
 * operation. The capabilities of a back end are here too, because ops.def binds operations to them.
 */
#ifndef MPT_OPS_H
#define MPT_OPS_H

#include <mpt/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Capabilities of a back end. The first eight bind operations (see <mpt/ops.def>). */
#define MPT_CAP_PAGE_TRACK (1ULL << 0) /**< enable_page_track, disable_page_track */
#define MPT_CAP_DMA_PIN (1ULL << 1) /**< dma_pin_guest_page */
#define MPT_CAP_INTX (1ULL << 2) /**< set_intx */
#define MPT_CAP_GFN_TO_MFN (1ULL << 3) /**< gfn_to_mfn */
#define MPT_CAP_VIRT_TO_MFN (1ULL << 4) /**< from_virt_to_mfn */
#define MPT_CAP_MAP_GFN (1ULL << 5) /**< map_gfn_to_mfn */
#define MPT_CAP_TRAP_AREA (1ULL << 6) /**< set_trap_area */
#define MPT_CAP_PVMMIO (1ULL << 7) /**< set_pvmmio */
#define MPT_CAP_OPS 0xffULL /**< all that bind operations */
#define MPT_CAP_WRITE_AFTER (1ULL << 8) /**< a trapped store is in memory before the core is told */
#define MPT_CAP_ALL 0x1ffULL /**< every capability there is */

/** enum mpt_op_id - one number for each operation, in the order of struct intel_gvt_mpt. */
enum mpt_op_id {
#define MPT_OP(scope, kind, id, ...) MPT_OP_ID_##id,
#include <mpt/ops.def>
#undef MPT_OP
	MPT_OP_COUNT
};

/** enum mpt_op_class - what a table without the callback means. */
enum mpt_op_class {
	MPT_CLASS_MANDATORY, /**< the table is refused */
	MPT_CLASS_CAPABILITY, /**< the capability is absent; the wrapper says so */
	MPT_CLASS_OPTIONAL, /**< the wrapper answers a default */
};

/** enum mpt_op_scope - what the callback's first parameter is. */
enum mpt_op_scope {
	MPT_SCOPE_HOST, /**< none: it serves the current host */
	MPT_SCOPE_ATTACH, /**< a vGPU, and where its handle goes */
	MPT_SCOPE_DETACH, /**< a handle, which ends */
	MPT_SCOPE_HANDLE, /**< a handle */
	MPT_SCOPE_VGPU, /**< a vGPU */
};

/**
 * struct mpt_op_info - one operation of the contract.
 * @name: member of struct intel_gvt_mpt
 * @wrapper: the wrapper's name, its prefix intel_gvt_hypervisor_ included
 * @signature: the callback's return kind and parameters as text
 * @absent: the wrapper's answer without the callback, as text
 * @context: LIFE, VGPU, ANY or HOST (see <mpt/ops.def>)
 * @scope: what the first parameter is
 * @op_class: mandatory, bound to @cap, or optional
 * @cap: the capability bit, 0 if none
 * @errnos: bit set of mpt_errno_bit()
 * @may_sleep: whether it may sleep
 */
struct mpt_op_info {
	const char *name;
	const char *wrapper;
	const char *signature;
	const char *absent;
	const char *context;
	enum mpt_op_scope scope;
	enum mpt_op_class op_class;
	u64 cap;
	u32 errnos;
	bool may_sleep;
};

/**
 * mpt_op_info() - facts of an operation.
 * @id: which
 * Return: NULL for an unknown id. Context: any. Since: 0.1
 */
const struct mpt_op_info *mpt_op_info(enum mpt_op_id id);

/**
 * mpt_errno_bit() - the bit of an errno in mpt_op_info.errnos; 0 outside the closed set.
 * @err: negative or positive. Since: 0.1
 */
u32 mpt_errno_bit(int err);

/**
 * mpt_cap_name() - the word for a capability; NULL for an unknown bit.
 * @cap: one bit: MPT_CAP_PAGE_TRACK is "page-track" and so on. Since: 0.1
 */
const char *mpt_cap_name(u64 cap);

#ifdef __cplusplus
}
#endif

#endif
