/* SPDX-License-Identifier: MIT */
/*
 * The controls of the layers that can be stacked in front of a back end: the check layer's ledger
 * and the fault layer's trigger. Without the layer in the host's spec each answers -EOPNOTSUPP.
 */
#ifndef MPT_LAYERS_H
#define MPT_LAYERS_H

#include <mpt/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/** enum mpt_ledger_kind - what an entry of the ledger is about. */
enum mpt_ledger_kind {
	MPT_LEDGER_ATTACH, /**< a vGPU is attached; key: handle */
	MPT_LEDGER_DMA, /**< a DMA mapping; key: bus address; count: maps and pins minus unmaps */
	MPT_LEDGER_TRACK, /**< a tracked page; key: gfn */
	MPT_LEDGER_MAP, /**< gfn mapped to mfn; key: first gfn; size: pages */
	MPT_LEDGER_TRAP, /**< a trapped area; key: start, bytes; size: bytes */
	MPT_LEDGER_PVMMIO, /**< PV MMIO is on; key: start */
	MPT_LEDGER_VFIO, /**< the VMM's device is held; count */
	MPT_LEDGER_KINDS
};

/**
 * struct mpt_ledger_entry - one thing that is held. Since: 0.1
 * @kind: what
 * @vgpu: the vGPU that holds it
 * @key, @size, @count: see enum mpt_ledger_kind
 * @gfn: of a DMA mapping
 * @serial: number of the operation that made it, counted from the opening of the host
 * @where: return address in the code that made it
 */
struct mpt_ledger_entry {
	enum mpt_ledger_kind kind;
	const void *vgpu;
	u64 key, size, count, gfn;
	u64 serial;
	const void *where;
};

/**
 * struct mpt_ledger - the totals. Since: 0.1
 * @live: entries of each kind now; DMA counts mappings, not their counts
 * @made: entries of each kind ever made
 * @left: things that were still held when their vGPU was detached
 * @violations: calls that broke the contract, either way
 * @calls: operations seen
 */
struct mpt_ledger {
	u64 live[MPT_LEDGER_KINDS];
	u64 made[MPT_LEDGER_KINDS];
	u64 left;
	u64 violations;
	u64 calls;
};

/**
 * mpt_ledger_get() - totals of a host's (outermost) check layer.
 * @out: the totals; untouched on failure. Return: 0, -EOPNOTSUPP. Since: 0.1
 */
int mpt_ledger_get(struct mpt_host *host, struct mpt_ledger *out);

/**
 * mpt_ledger_each() - every entry that is held now, then what was left at detaches.
 * @fn: called with no lock that it could need; a negative answer ends the walk and is returned
 * Return: 0, -EOPNOTSUPP, -ENOMEM, what @fn answered. Since: 0.1
 */
int mpt_ledger_each(struct mpt_host *host,
		    int (*fn)(void *arg, const struct mpt_ledger_entry *entry, bool left),
		    void *arg);

/**
 * mpt_ledger_violation() - the @index-th last violation as a sentence; NULL: no more.
 *	Since: 0.1
 */
const char *mpt_ledger_violation(struct mpt_host *host, unsigned int index);

/** mpt_ledger_kind_name() - a word for it. @kind: MPT_LEDGER_DMA is "dma", and so on. Since: 0.1 */
const char *mpt_ledger_kind_name(enum mpt_ledger_kind kind);

/**
 * mpt_fault_at() - let a call through the fault layer fail, once.
 * @op: the operation to count; MPT_OP_COUNT: every operation that can fail
 * @nth: 1 is the next one; 0 switches it off
 * @err: the errno to answer, 0: the first that ops.def allows the operation
 * Return: 0, -EOPNOTSUPP (no fault layer), -EINVAL (the operation cannot fail, or not so).
 * Since: 0.1
 */
int mpt_fault_at(struct mpt_host *host, enum mpt_op_id op, u64 nth, int err);

/**
 * mpt_fault_fired() - whether the armed failure has happened; @op: out, which operation, or NULL.
 *	Since: 0.1
 */
bool mpt_fault_fired(struct mpt_host *host, enum mpt_op_id *op);

#ifdef __cplusplus
}
#endif

#endif
