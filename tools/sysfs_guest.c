/* SPDX-License-Identifier: MIT */
/*
 * The recorded guest of `mptctl sysfs --trace`: its place is kept for the first vGPU of its sizes,
 * and into that one alone it is replayed, before the write that has made it ends.
 */
#include <string.h>

#include "cli.h"
#include "sysfs.h"

/* As the tree gives memory to the VMs that it makes. */
#define HOLE_START (2ULL << 30)
#define HOLE_END (4ULL << 30)

static bool overlap(u64 start, u64 size, const struct replay_range *bar)
{
	return size && start < bar->start + bar->size && bar->start < start + size;
}

static bool in_memory(u64 memory, const struct replay_range *bar)
{
	u64 low = memory < HOLE_START ? memory : HOLE_START;

	return overlap(0, low, bar) || overlap(HOLE_END, memory - low, bar);
}

static int check(const struct sysfs *s)
{
	const struct replay *rp = s->trace;
	u64 memory = s->args->vm_mem;

	if (!rp->have_sizes)
		cli_error("sysfs: %s: the guest did not read its sizes, so no vGPU can be the one "
			  "that it is replayed into",
			  s->args->trace);
	else if (in_memory(memory, &rp->bar0) || in_memory(memory, &rp->bar2))
		cli_error("sysfs: %s: %llu MiB of VM memory reach into the BARs at 0x%llx and "
			  "0x%llx (give less)",
			  s->args->trace, (unsigned long long)(memory >> 20),
			  (unsigned long long)rp->bar0.start, (unsigned long long)rp->bar2.start);
	else
		return 0;
	return -1;
}

int sysfs_guest_open(struct sysfs *s)
{
	struct session_result *r = &s->played;

	if (!s->args->trace)
		return 0;
	if (tally_init(&r->tally)) {
		cli_error("sysfs: no memory for the trace");
		return -1;
	}
	if (replay_open(s->args->trace, &s->trace, r)) {
		s->trace = NULL;
		cli_error("sysfs: %s", r->why);
		return -1;
	}
	return check(s);
}

static void recorded_type(const struct sysfs *s, struct intel_vgpu_type *type)
{
	const struct replay *rp = s->trace;

	gvt_type_init(type, rp->low.size, rp->high.size, rp->fence);
	type->low_start = rp->low.start;
	type->high_start = rp->high.start;
}

int sysfs_guest_place(struct sysfs *s)
{
	struct intel_vgpu_type type;

	if (!s->trace)
		return 0;
	if (!mpt_host_has_testbed(s->host)) {
		cli_error("sysfs: %s has no testbed to play the trace's guest on (use a simulated "
			  "back end)",
			  mpt_host_spec(s->host));
		return -1;
	}
	recorded_type(s, &type);
	if (!gvt_place_keep(s->gvt, &type))
		return 0;
	cli_error("sysfs: %s: the vGPU that its PVINFO reads tell of: %s", s->args->trace,
		  session_sentence());
	return -1;
}

bool sysfs_guest_wants(const struct sysfs *s, const struct mpt_sysfs_sizes *sizes)
{
	const struct replay *rp = s->trace;

	return rp && !s->trace_vm && sizes->low == rp->low.size && sizes->high == rp->high.size &&
	       sizes->fence == rp->fence;
}

static void play(struct sysfs *s, struct mpt_vm *vm, struct intel_vgpu *vgpu)
{
	static const struct session_config config;
	struct session_result *r = &s->played;

	s->trace_vm = mpt_vm_id(vm);
	sysfs_tell("VM %u: %s is replayed", s->trace_vm, s->args->trace);
	session_firmware(vm, s->trace->bar, r);
	replay_run(s->trace, &config, vm, s->gvt, vgpu, r);
	gvt_vgpu_info(vgpu, &r->vgpu);
	sysfs_tell("VM %u: %llu accesses replayed%s%s", s->trace_vm,
		   (unsigned long long)r->accesses, r->err ? ", then " : "", r->err ? r->why : "");
}

struct intel_vgpu *sysfs_guest_create(struct sysfs *s, struct mpt_vm *vm)
{
	struct intel_vgpu_type type;
	struct intel_vgpu *vgpu;

	recorded_type(s, &type);
	vgpu = mpt_vgpu_create(vm, s->gvt, &type);
	if (MPT_IS_ERR(vgpu)) {
		int err = (int)MPT_PTR_ERR(vgpu);
		char why[MPT_ERROR_MAX];

		/* Kept for the next one; why this one failed is told all the same. */
		snprintf(why, sizeof(why), "%s", session_sentence());
		gvt_place_keep(s->gvt, &type);
		mpt_fail(err, "sysfs", "%s", why);
		return vgpu;
	}
	gvt_ops()->vgpu_activate(vgpu);
	play(s, vm, vgpu);
	return vgpu;
}

void sysfs_guest_close(struct sysfs *s)
{
	replay_close(s->trace);
	session_result_free(&s->played);
}
