/* SPDX-License-Identifier: MIT */
/* POL: what happens when the core cannot emulate an access. */
#include <string.h>

#include "areas.h"

static int set(struct cf_env *e, enum mpt_policy policy)
{
	e->core.scribble = true;
	cf_forget(e);
	return cf_int(e, 0, mpt_host_set_policy(e->host, policy), "mpt_host_set_policy");
}

/* Each kind of guest access fails once in the core. Reads deliver all ones whatever it left. */
static int failing_reads(struct cf_env *e, int want)
{
	u8 b[8];

	memset(b, 0, sizeof(b));
	e->core.answer[CF_CFG_READ] = -EINVAL;
	CF_INT(e, want, mpt_guest_cfg_read(e->vm, 0x20, b, 4), "a configuration read that fails");
	e->core.answer[CF_CFG_READ] = 0;
	CF_FILL(e, 0xff, b, 4, "a configuration read that fails");
	if (!(e->has & MPT_CAP_TRAP_AREA))
		return CF_PASS;
	memset(b, 0, sizeof(b));
	e->core.answer[CF_MMIO_READ] = -EINVAL;
	CF_INT(e, want, mpt_guest_read(e->vm, CF_BAR0, b, 8), "a trapped load that fails");
	e->core.answer[CF_MMIO_READ] = 0;
	CF_FILL(e, 0xff, b, 8, "a trapped load that fails");
	return CF_PASS;
}

static int failing_writes(struct cf_env *e, int want)
{
	u64 word = 0x7777;

	e->core.answer[CF_CFG_WRITE] = -EINVAL;
	CF_INT(e, want, mpt_guest_cfg_write(e->vm, 0x20, &word, 4),
	       "a configuration write that fails");
	e->core.answer[CF_CFG_WRITE] = 0;
	if (!(e->has & MPT_CAP_TRAP_AREA))
		return CF_PASS;
	e->core.answer[CF_MMIO_WRITE] = -EINVAL;
	CF_INT(e, want, mpt_guest_write(e->vm, CF_BAR0, &word, 8), "a trapped store that fails");
	e->core.answer[CF_MMIO_WRITE] = 0;
	return CF_PASS;
}

static int failing_store(struct cf_env *e, int want)
{
	u64 word = 0x8888 + cf_told(e, CF_STORE), seen = 0, mmio = cf_told(e, CF_MMIO_WRITE);

	if (!(e->has & MPT_CAP_PAGE_TRACK))
		return CF_PASS;
	CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_MAIN)), "enable_page_track");
	e->core.answer[CF_STORE] = -EINVAL;
	CF_INT(e, want, mpt_guest_write(e->vm, CF_MAIN, &word, 8), "a tracked store that fails");
	e->core.answer[CF_STORE] = 0;
	CF_TRY(cf_guest_load(e, e->vm, CF_MAIN, &seen, 8));
	CF_U64(e, word, seen, "guest memory after a tracked store that fails");
	CF_U64(e, mmio, cf_told(e, CF_MMIO_WRITE), "trapped stores told after one that fails");
	return cf_int(e, 0, HV(disable_page_track)(e->v, CF_GFN(CF_MAIN)), "disable_page_track");
}

static u64 kinds(struct cf_env *e)
{
	return 2 + (e->has & MPT_CAP_TRAP_AREA ? 2 : 0) + (e->has & MPT_CAP_PAGE_TRACK ? 1 : 0);
}

static int traps_on(struct cf_env *e, bool on)
{
	if (!(e->has & MPT_CAP_TRAP_AREA))
		return CF_PASS;
	return cf_int(e, 0, HV(set_trap_area)(e->v, CF_BAR0, CF_BAR0 + 4095, on), "set_trap_area");
}

static int all_fail(struct cf_env *e, int want)
{
	CF_TRY(failing_reads(e, want));
	CF_TRY(failing_writes(e, want));
	return failing_store(e, want);
}

/* After a failure the next access works. */
static int works(struct cf_env *e)
{
	u8 b[4];

	e->v->cfg_space[0x40] = 0x42;
	CF_INT(e, 0, mpt_guest_cfg_read(e->vm, 0x40, b, 4), "the next access");
	return cf_u64(e, 0x42, b[0], "what the next access reads");
}

static int pol_failsafe(struct cf_env *e)
{
	struct cf_event ev;
	u64 i;

	CF_TRY(traps_on(e, true));
	e->core.scribble = true;
	CF_TRY(all_fail(e, -EINVAL));
	CF_U64(e, kinds(e), cf_told(e, CF_FAILED), "failures told to the core, by default");
	for (i = 0; i < kinds(e); i++) {
		ev = cf_event(e, CF_FAILED, (unsigned int)i);
		CF_THAT(e, ev.vgpu == e->v && ev.aux == -EINVAL,
			"emulation_failed: expected this vGPU and -EINVAL, told %s and %d",
			ev.vgpu == e->v ? "it" : "another", ev.aux);
	}
	CF_TRY(set(e, MPT_POLICY_FAILSAFE));
	CF_TRY(failing_reads(e, -EINVAL));
	CF_THAT(e, cf_told(e, CF_FAILED), "policy failsafe: expected the core told, seen nothing");
	CF_TRY(works(e));
	return traps_on(e, false);
}

static int pol_return(struct cf_env *e)
{
	CF_TRY(traps_on(e, true));
	CF_TRY(set(e, MPT_POLICY_RETURN));
	CF_TRY(all_fail(e, -EINVAL));
	CF_U64(e, 0, cf_told(e, CF_FAILED), "failures told to the core");
	CF_THAT(e, !cf_stats(e, e->vm).stopped,
		"policy return: expected the VM to run, seen it stopped");
	CF_TRY(works(e));
	return traps_on(e, false);
}

static int pol_stop(struct cf_env *e)
{
	struct intel_vgpu_type type = { .slot = 1 };
	struct intel_vgpu *v;
	u64 told;
	u8 b[4] = { 0 };

	CF_TRY(traps_on(e, true));
	CF_TRY(set(e, MPT_POLICY_STOP));
	CF_THAT(e, !cf_stats(e, e->vm).stopped, "before a failure: expected the VM to run");
	e->core.answer[CF_CFG_READ] = -EINVAL;
	mpt_guest_cfg_read(e->vm, 0x20, b, 4);
	e->core.answer[CF_CFG_READ] = 0;
	CF_FILL(e, 0xff, b, 4, "a configuration read that fails");
	CF_THAT(e, cf_stats(e, e->vm).stopped,
		"after a failure: expected the VM stopped, seen it run");
	CF_U64(e, 0, cf_told(e, CF_FAILED), "failures told to the core");
	told = cf_told(e, CF_CFG_READ);
	mpt_guest_cfg_read(e->vm, 0x20, b, 4);
	CF_U64(e, told, cf_told(e, CF_CFG_READ), "accesses of a stopped VM told to the core");
	CF_FILL(e, 0xff, b, 4, "a configuration read of a stopped VM");
	mpt_guest_read(e->vm, CF_BAR0, b, 4);
	CF_U64(e, 0, cf_told(e, CF_MMIO_READ), "trapped loads of a stopped VM told to the core");
	CF_TRY(traps_on(e, false));
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, b, 4), "read_gpa of a stopped VM");
	CF_TRY(cf_detach(e, 0));
	v = mpt_vgpu_create(e->vm, &e->gvt, &type);
	return cf_int(e, -EBUSY, MPT_IS_ERR(v) ? MPT_PTR_ERR(v) : 0, "attaching to a stopped VM");
}

static int pol_unknown(struct cf_env *e)
{
	CF_INT(e, -EINVAL, mpt_host_set_policy(e->host, (enum mpt_policy)3), "policy 3");
	return cf_int(e, -EINVAL, mpt_host_set_policy(e->host, (enum mpt_policy)99), "policy 99");
}

static int pol_store(struct cf_env *e)
{
	CF_TRY(failing_store(e, -EINVAL));
	CF_TRY(cf_env_again(e, MPT_CORE_STORES));
	return failing_store(e, -EINVAL);
}

const struct mpt_clause cf_pol[] = {
	{
		.id = "POL-1",
		.text = "By default the core is told of an access that it could not emulate "
			"(failsafe); reads deliver all ones whatever it left in the buffer.",
		.bug_class = BUG_A17 "; " BUG_UNREAD,
		.row = "emulation-fails",
		.run = pol_failsafe,
	},
	{
		.id = "POL-2",
		.text = "With policy return the back end gets the error and nothing else happens; "
			"reads deliver all ones.",
		.bug_class = BUG_POLICY,
		.row = "emulation-fails",
		.run = pol_return,
	},
	{
		.id = "POL-3",
		.text = "With policy stop the VM is stopped for good: its accesses reach nobody, "
			"operations still do, and no vGPU can be attached (-EBUSY).",
		.bug_class = BUG_X14,
		.row = "emulation-fails",
		.needs_caps = CF_HAS_STOP,
		.ops = CF_OP(attach_vgpu) | CF_OP(read_gpa),
		.pairs = CF_PAIRS(CF_P(attach_vgpu, EBUSY)),
		.run = pol_stop,
	},
	{
		.id = "POL-4",
		.text = "An unknown policy is -EINVAL.",
		.row = "emulation-fails",
		.setup = CF_HOST,
		.run = pol_unknown,
	},
	{
		.id = "POL-5",
		.text = "A tracked store that the core cannot take is in guest memory all the "
			"same, whoever stores; it does not come again as a trapped one.",
		.bug_class = BUG_A14 "; " BUG_A15,
		.row = "who-stores",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.run = pol_store,
	},
	{ .id = NULL },
};
