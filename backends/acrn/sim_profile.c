/* SPDX-License-Identifier: MIT */
/*
 * Versions of the hypervisor and of VHM as data: one line a version, nothing else. What a field
 * does is where it is asked.
 */
#include "backends/acrn/sim_priv.h"

/* What each VHM up to the last has. A client that drains and answers 0 sees none of it. */
#define BUGS_ALWAYS (ACRN_BUG_HANDLER_ENDS | ACRN_BUG_SCAN_RETURNS | ACRN_BUG_BIT_LATE)

static const struct acrn_profile profiles[] = {
	{
		.name = "2018",
		.summary = "hypervisor 1.0, VHM with 64 clients",
		.add_present_fails = true,
		.del_absent_fails = true,
		.destroy_pauses = true,
		.identity = true,
		.ids_from_zero = true,
		.flush = ACRN_FLUSH_NEXT,
		.bugs = BUGS_ALWAYS | ACRN_BUG_CF8_SHARED | ACRN_BUG_SCAN_BREAKS |
			ACRN_BUG_VCPU_TRUSTED,
		.no_vm = -EINVAL,
		.refused = -EINVAL,
	},
	{
		.name = "2019",
		.summary = "hypervisor 1.3 to 1.5, VHM with handlers",
		.identity = true,
		.flush = ACRN_FLUSH_NEXT,
		.bugs = BUGS_ALWAYS | ACRN_BUG_ID_FIRST | ACRN_BUG_SCAN_BREAKS |
			ACRN_BUG_VCPU_TRUSTED,
		.no_vm = -1,
		.refused = -1,
	},
	{
		.name = "2020",
		.summary = "hypervisor 2.0 to 2.4, the last VHM",
		.modify_deletes = true,
		.range_refused = true,
		.lock_each = true,
		.sticky_event = true,
		.identity = true,
		.flush = ACRN_FLUSH_NEXT,
		.bugs = BUGS_ALWAYS | ACRN_BUG_ID_FIRST,
		.no_vm = -1,
		.refused = -1,
	},
	{
		.name = "upstream",
		.summary = "hypervisor 3.3, the upstream HSM",
		.modify_deletes = true,
		.range_refused = true,
		.lock_each = true,
		.sticky_event = true,
		.identity = true,
		.hsm = true,
		.flush = ACRN_FLUSH_NEXT,
		.bugs = ACRN_BUG_SCAN_RETURNS,
		.no_vm = -ENOTTY,
		.refused = -1,
	},
	{
		.name = "strict",
		.summary = "the last hypervisor at its worst, a VHM without faults",
		.modify_deletes = true,
		.range_refused = true,
		.lock_each = true,
		.sticky_event = true,
		.flush = ACRN_FLUSH_RANDOM,
		.no_vm = -ENOTTY,
		.refused = -1,
	},
};

const struct acrn_profile *acrn_profile_each(unsigned int i)
{
	return i < OS_ARRAY_SIZE(profiles) ? &profiles[i] : NULL;
}

const struct acrn_profile *acrn_profile_find(const char *name)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(profiles); i++)
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}
