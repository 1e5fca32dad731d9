/* SPDX-License-Identifier: MIT */
/*
 * The trace layer's door for what is no operation of the contract: the testbed and the holding of
 * VMs. A host without the layer pays one load and a branch.
 */
#ifndef LIBMPT_LAYERS_TRACE_H
#define LIBMPT_LAYERS_TRACE_H

#include "libmpt/internal.h"

/* Behind the contract's operations in the file's table; trace.c has names and letters. */
enum mpt_trace_id {
	TRACE_ANCHOR = MPT_OP_COUNT,
	TRACE_VM_GET,
	TRACE_VM_PUT,
	TRACE_VM_CREATE,
	TRACE_VM_DESTROY,
	TRACE_RAM_ADD,
	TRACE_RAM_REMOVE,
	TRACE_RAM_MOVE,
	TRACE_GUEST_READ,
	TRACE_GUEST_WRITE,
	TRACE_CFG_READ,
	TRACE_CFG_WRITE,
	TRACE_IRQ_TAKE,
	TRACE_DIRTY_FETCH,
	TRACE_TRACKED,
	TRACE_BUS_READ,
	TRACE_BUS_WRITE,
	TRACE_FAULT_TAKE,
	/* What the core is told, when it begins; TRACE_CORE_DONE is its end. */
	TRACE_MMIO_READ,
	TRACE_MMIO_WRITE,
	TRACE_EMULATE_CFG_READ,
	TRACE_EMULATE_CFG_WRITE,
	TRACE_STORE,
	TRACE_APERTURE_READ,
	TRACE_APERTURE_WRITE,
	TRACE_REGION,
	TRACE_CORE_DONE,
	TRACE_SET_CORE,
	TRACE_COUNT
};

/* @arg: as the letters say, the data as a pointer where its letter is. */
void mpt_trace_note(struct mpt_host *host, enum mpt_trace_id id, long ret, const u64 *arg);

/* The same of a call of the core for @vgpu, which is the core's pointer. */
void mpt_trace_core(struct mpt_host *host, const void *vgpu, enum mpt_trace_id id, long ret,
		    const u64 *arg);

#define MPT_TRACE_NOTE(host, id, ret, ...) \
	do { \
		if (OS_UNLIKELY((host)->trace)) \
			mpt_trace_note(host, id, ret, (const u64[]){ __VA_ARGS__ }); \
	} while (0)

#endif
