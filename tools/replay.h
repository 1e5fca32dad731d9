/* SPDX-License-Identifier: MIT */
/* A trace as a guest: which device it was recorded on, and feeding its accesses to a vGPU. */
#ifndef MPT_TOOLS_REPLAY_H
#define MPT_TOOLS_REPLAY_H

#include "mmiotrace.h"
#include "session.h"

#define REPLAY_BARS 6

struct replay_range {
	u64 start, size;
};

/**
 * struct replay - an open trace that has been read through once without an error.
 * @path: the caller's
 * @platform: of the recorded device; @device: "8086:1912 at 00:02.0"
 * @bar: the six BARs as recorded, flags included (64-bit ones whole in their first slot)
 * @bar0, @bar2: where the two memory BARs are
 * @have_sizes: the guest read its PVINFO, so the place and sizes below are known
 * @low, @high, @fence: of the vGPU it was recorded on
 */
struct replay {
	const char *path;
	struct mmiotrace *trace;
	struct mmiotrace_totals totals;
	const char *platform;
	char device[32];
	u64 bar[REPLAY_BARS];
	struct replay_range bar0, bar2;
	bool have_sizes;
	struct replay_range low, high;
	u32 fence;
};

/* Return: 0, or what is in @r->err, with a sentence that names the file. */
int replay_open(const char *path, struct replay **rp, struct session_result *r);
void replay_close(struct replay *rp);

/**
 * replay_pvinfo_own() - what a guest must find in PVINFO to be this vGPU's own.
 * @offset: in the PVINFO page. @width: bytes
 * @own: out, the value with all bytes that are free taken from @value
 * Return: whether @value is it.
 */
bool replay_pvinfo_own(const struct gvt_vgpu_info *vgpu, u32 offset, unsigned int width, u64 value,
		       u64 *own);

/* Feeds the trace (NULL: reads of PVINFO) to the vGPU; counts into @r. Return: r->err. */
int replay_run(struct replay *rp, const struct session_config *c, struct mpt_vm *vm,
	       struct intel_gvt *gvt, struct intel_vgpu *vgpu, struct session_result *r);

#endif
