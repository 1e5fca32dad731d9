/* SPDX-License-Identifier: MIT */
/* The back ends of this build, looking one up by name, and asking it whether it works here. */
#include "libmpt/internal.h"

#define MPT_BUILTIN(name) extern const struct mpt_backend mpt_backend_##name;
#include "backends/builtin.inc"
#undef MPT_BUILTIN

static const struct mpt_backend *const builtin[] = {
#define MPT_BUILTIN(name) &mpt_backend_##name,
#include "backends/builtin.inc"
#undef MPT_BUILTIN
	NULL
};

const struct mpt_backend *mpt_backend_each(unsigned int index)
{
	return index < OS_ARRAY_SIZE(builtin) ? builtin[index] : NULL;
}

const struct mpt_backend *mpt_backend_find(const char *name)
{
	unsigned int i;

	for (i = 0; builtin[i]; i++)
		if (!strcmp(builtin[i]->name, name))
			return builtin[i];
	return NULL;
}

/* What must hold of any back end before one of its functions is called. */
int mpt_backend_check(const struct mpt_backend *be)
{
	const char *who = be->name ? be->name : "?";

	if (be->size < offsetof(struct mpt_backend, probe) || be->abi != MPT_BACKEND_ABI)
		return mpt_fail(-EINVAL, who, "made for back-end ABI %u, this libmpt has %u (rebuild it)",
				be->abi, MPT_BACKEND_ABI);
	if (!be->name || !be->mpt || !be->open || !be->close)
		return mpt_fail(-EINVAL, who, "name, mpt, open and close must be set");
	if (be->mpt_size < offsetof(struct intel_gvt_mpt, dma_pin_guest_page))
		return mpt_fail(-EINVAL, who, "its table is shorter than the published one (rebuild it)");
	return 0;
}

enum mpt_probe mpt_backend_probe(const struct mpt_backend *be)
{
	enum mpt_probe answer;
	void *values;

	if (mpt_backend_check(be) || mpt_options_parse(be, NULL, &values))
		return MPT_PROBE_BROKEN;
	answer = be->probe ? be->probe(values) : MPT_PROBE_OK;
	mpt_options_free(be, values);
	return answer;
}
