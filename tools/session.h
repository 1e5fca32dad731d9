/* SPDX-License-Identifier: MIT */
/*
 * One run: open a host, create a VM and a vGPU through the published operations, feed it a recorded
 * trace through the testbed, give everything back, and say what happened. Prints nothing.
 */
#ifndef MPT_TOOLS_SESSION_H
#define MPT_TOOLS_SESSION_H

#include <gvt/gvt.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

#include "tally.h"

struct plot;
struct session_result;
struct session_state;
struct synthetic;

/* A path and a sentence. */
#define SESSION_WHY_MAX (4096 + MPT_ERROR_MAX)

/**
 * struct session_config - what to run.
 * @spec: host; the check layer is put in front unless there is one (or the build is static)
 * @trace: path, NULL: only read PVINFO
 * @guest: gets what the synthetic guest did, which is played instead; or NULL
 * @state: the vGPU is restored before it runs, or saved at the end; or NULL
 * @platform: of the device, NULL: the recorded one's, or skl
 * @type: "8" or a type's full name; NULL: sizes, or from the trace
 * @low, @high: bytes, 0: not given. @fence: registers, 0: not given. All three or none
 * @memory: bytes of VM RAM, at least 64 MiB, 0: 64 MiB
 * @record: file that gets what the guest did and saw in the trace format, or NULL; not touched
 *	before the vGPU is there
 * @plot: gets every access, or NULL
 * @progress: called now and then, or NULL
 * @report: called once when all is given back and only the device is still open (for the names
 *	of its registers), unless the run could not be done; or NULL
 */
struct session_config {
	const char *spec;
	const char *trace;
	struct synthetic *guest;
	struct session_state *state;
	const char *platform;
	const char *type;
	u64 low, high, fence;
	u64 memory;
	const char *record;
	struct plot *plot;
	void (*progress)(const char *what, u64 done, u64 total);
	void (*report)(void *arg, struct intel_gvt *gvt, const struct session_result *r);
	void *report_arg;
};

/**
 * struct session_result - what happened.
 * @err: 0, or why the run could not be done: errno, and a sentence in @why
 * @device: the recorded one, "8086:1912 at 00:02.0"
 * @vgpu: its resources, state and counters at the end
 * @stats: the VM's
 * @ledger: totals after everything was given back; @have_ledger: a check layer was there
 * @violation: the oldest violation of the contract that is kept; @left: the first thing that is
 *	left in the ledger
 * @fault: the operation that a fault layer let fail; NULL: none
 * @iommu_faults: accesses of the device outside a live mapping; @first_iommu: the first one
 * @guest: as in the configuration
 * @ops: what a stats layer counted of each operation; @have_ops: there was one
 * @tally: accesses by class and register
 * @accesses, @skipped: records fed; accesses outside the vGPU's BARs
 * @marks, @maps, @undecoded: MARK, MAP and UNMAP, UNKNOWN records of the trace
 * @lost, @lost_uncounted: events the kernel lost; its notices of loss without a number
 * @errors: accesses that were answered with an error, and steps of the run that failed;
 *	@first_error: the first one's sentence
 * @pvinfo_bad: PVINFO reads that were not this vGPU's own value; @first_pvinfo: a sentence
 * @differ: reads whose recorded value (another device's) was another one
 */
struct session_result {
	int err;
	char why[SESSION_WHY_MAX];
	char device[32];
	struct gvt_vgpu_info vgpu;
	struct mpt_vm_stats stats;
	struct mpt_ledger ledger;
	bool have_ledger;
	char violation[MPT_ERROR_MAX];
	char left[MPT_ERROR_MAX];
	const char *fault;
	u64 iommu_faults;
	struct mpt_iommu_fault first_iommu;
	const struct synthetic *guest;
	struct mpt_op_stats ops[MPT_OP_COUNT];
	bool have_ops;
	struct tally tally;
	u64 accesses, skipped, marks, maps, undecoded, lost, lost_uncounted;
	u64 errors, pvinfo_bad, differ;
	char first_error[MPT_ERROR_MAX];
	char first_pvinfo[128];
	u64 create_ns, destroy_ns;
};

/* Runs; always fills @r (free it with session_result_free()). Return: r->err. */
int session_run(const struct session_config *c, struct session_result *r);
void session_result_free(struct session_result *r);

/* Whether the run was healthy: what decides between exit status 0 and 1. */
bool session_healthy(const struct session_result *r);
bool session_ledger_empty(const struct session_result *r);

/* The library's last sentence without the name of the function: for users. */
const char *session_sentence(void);

/* What a check layer has kept of a host, a fault layer has let fail, a stats layer has counted. */
void session_take_ledger(struct mpt_host *host, struct session_result *r);
void session_take_iommu_faults(struct mpt_host *host, struct session_result *r);

/* What firmware and a PCI core did before the driver's first access. @bar: six, flags included. */
void session_firmware(struct mpt_vm *vm, const u64 *bar, struct session_result *r);

/* For the parts of a run. */
u64 session_now_ns(void);
/* The run cannot be done. Return: @err. */
int session_fail(struct session_result *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Something failed with the library's sentence, but the run goes on. */
void session_error(struct session_result *r, int err, const char *what, u64 where);

#endif
