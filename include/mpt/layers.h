/* SPDX-License-Identifier: MIT */
/*
 * The controls of the layers that can be stacked in front of a back end: the check layer's ledger,
 * the fault layer's trigger, the stats layer's counters. Without the layer in the host's spec each
 * answers -EOPNOTSUPP.
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
 * @serial: number of the operation that made it, counted from the opening of the host; when samples
 *	are taken only recorded operations count
 * @where: return address in the code that made it
 * @ns: when it was made, ns since the opening of the host
 */
struct mpt_ledger_entry {
	enum mpt_ledger_kind kind;
	const void *vgpu;
	u64 key, size, count, gfn;
	u64 serial;
	const void *where;
	u64 ns;
};

/**
 * struct mpt_ledger - the totals. Since: 0.1
 * @live: entries of each kind now; DMA counts mappings, not their counts
 * @made: entries of each kind ever made
 * @left: things that were still held when their vGPU was detached
 * @violations: calls that broke the contract, either way
 * @calls: operations seen; when samples are taken, operations recorded
 * @lost: entries that could not be made for want of memory; each is a violation as well, since the
 *	ledger cannot vouch from there on
 * @sample: of DMA mappings and tracked pages one of so many is recorded; 1: all
 */
struct mpt_ledger {
	u64 live[MPT_LEDGER_KINDS];
	u64 made[MPT_LEDGER_KINDS];
	u64 left;
	u64 violations;
	u64 calls;
	u64 lost;
	u64 sample;
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
 * mpt_ledger_violation() - the @index-th last violation as a sentence that ends with the caller, as
 *	mpt_ledger_describe() names a maker; NULL: no more. Since: 0.1
 */
const char *mpt_ledger_violation(struct mpt_host *host, unsigned int index);

/**
 * mpt_ledger_describe() - an entry as a sentence: what, of which vGPU, made by which operation,
 *	when, by whom.
 * @entry: from mpt_ledger_each()
 * @left: as there
 * @buf: gets the sentence
 * @len: its size; MPT_ERROR_MAX is enough
 *
 * The maker is "function+0x12 (file)" where the function is exported by a library, or by a program
 * linked with -rdynamic; elsewhere "file+0x1234", which addr2line -e file takes. Since: 0.1
 */
void mpt_ledger_describe(const struct mpt_ledger_entry *entry, bool left, char *buf, size_t len);

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

/**
 * struct mpt_fault_run - one run of a scenario under mpt_fault_each(). Since: 0.1
 * @nth: which call or allocation was to fail; 0: none
 * @fired: it was reached and has failed
 * @op: the operation that failed; MPT_OP_COUNT: an allocation, or none
 * @ret: what the scenario answered
 */
struct mpt_fault_run {
	unsigned long nth;
	bool fired;
	enum mpt_op_id op;
	int ret;
};

/**
 * struct mpt_fault_scenario - what mpt_fault_each() repeats. Since: 0.1
 * @allocations: let allocations fail (mpt_alloc_fail_at()), not calls
 * @ops: which operations to count, a bit for each, 1U << op; 0: all that can fail
 * @err: the errno to answer where the operation may; 0: the first that ops.def allows it
 * @limit: so many runs at most; 0: 10000
 * @prepare: before each run, without a fault; a negative answer ends it all. Or NULL
 * @run: the scenario. Negative: it failed, and has to have left everything as it was
 * @undo: gives back what a run that did not fail has made, without a fault. Or NULL
 * @check: after each run, without a fault: what only the caller knows. A negative answer ends it
 *	all. Or NULL
 * @arg: for these
 */
struct mpt_fault_scenario {
	bool allocations;
	u32 ops;
	int err;
	unsigned long limit;
	int (*prepare)(void *arg);
	int (*run)(void *arg);
	void (*undo)(void *arg);
	int (*check)(void *arg, const struct mpt_fault_run *run);
	void *arg;
};

/**
 * struct mpt_fault_report - what mpt_fault_each() found. Since: 0.1
 * @runs: runs in which something failed
 * @survived: of them: the scenario did not fail all the same
 * @bad: runs that left something, or failed without a fault
 * @ops: the operations that failed, a bit for each
 * @sentence: of the first of @bad: which step left what; "" without one
 */
struct mpt_fault_report {
	unsigned long runs;
	unsigned long survived;
	unsigned long bad;
	u32 ops;
	char sentence[MPT_ERROR_MAX];
};

/**
 * mpt_fault_each() - repeat a scenario with its first, second, ... nth call or allocation failing,
 *	until a run goes through without one.
 * @host: has a fault layer, and a check layer if its ledger is to be compared; may be NULL for
 *	allocations
 * @scenario: what to repeat
 * @report: out, filled also on failure; or NULL
 *
 * Before that it runs once without a fault, so that what is made at the first use and kept is not
 * taken for a leftover. After each run the ledger's entries by kind, its leftovers and violations,
 * and the number of allocations are compared with those before the run. It does not see what has
 * changed while the counts stayed: that is @check's.
 *
 * Return: 0, -EIO (a run left something, or failed without a fault; mpt_last_error() has the
 * sentence), -EINVAL (the scenario fails by itself, or no operation of @ops can fail), -ENOSPC (the
 * limit was reached), -EOPNOTSUPP (no fault layer), what @prepare or @check answered. Context: no
 * other thread uses the host, nor, with allocations, the library. Since: 0.1
 */
int mpt_fault_each(struct mpt_host *host, const struct mpt_fault_scenario *scenario,
		   struct mpt_fault_report *report);

/** MPT_STATS_BUCKETS - durations are sorted into so many classes. */
#define MPT_STATS_BUCKETS 32

/** MPT_STATS_ERRORS - at least as many as there are errnos in the closed set. */
#define MPT_STATS_ERRORS 16

/**
 * struct mpt_op_error - how often an operation failed with one errno. Since: 0.1
 * @err: the errno, negative
 * @calls: so often
 */
struct mpt_op_error {
	int err;
	u64 calls;
};

/**
 * struct mpt_op_stats - what the stats layer has counted of one operation. Since: 0.1
 * @calls: calls that have returned, also those that failed
 * @failed: of them: an errno, or ~0UL where a frame is answered. A call with a dead handle counts
 *	as -ESRCH, also of an operation that answers nothing
 * @timed: calls whose time is known: 0 with stats=calls; never those with a dead handle
 * @ns: their time in all, ns: what is below the layer took, with the layers there
 * @num_errors: of @error, in the order of <mpt/error.h>. Together they are less than @failed where
 *	a frame was ~0UL and where an errno is not of the closed set
 * @error: which errnos, how often
 * @bucket: timed calls by duration: [0] 0 ns, [i] 2^(i-1) to 2^i - 1 ns, the last one all above
 */
struct mpt_op_stats {
	u64 calls;
	u64 failed;
	u64 timed;
	u64 ns;
	unsigned int num_errors;
	struct mpt_op_error error[MPT_STATS_ERRORS];
	u64 bucket[MPT_STATS_BUCKETS];
};

/**
 * mpt_stats_get() - what was counted of an operation since the opening or the last reset.
 * @host: with a stats layer; of several the outermost
 * @op: which
 * @out: the counts; untouched on failure. Calls in flight are not in it; while other threads call,
 *	its numbers may be of moments that lie a call apart
 * Return: 0, -EOPNOTSUPP (no stats layer), -EINVAL (no such operation). Context: any thread.
 * Since: 0.1
 */
int mpt_stats_get(struct mpt_host *host, enum mpt_op_id op, struct mpt_op_stats *out);

/**
 * mpt_stats_reset() - begin to count anew, for all operations.
 * @host: as for mpt_stats_get()
 * Return: 0, -EOPNOTSUPP (no stats layer). Context: any thread, also while others call: no call is
 * counted twice, none is lost but to before the reset. Since: 0.1
 */
int mpt_stats_reset(struct mpt_host *host);

#ifdef __cplusplus
}
#endif

#endif
