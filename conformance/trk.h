/* SPDX-License-Identifier: MIT */
/* What the files of the area TRK share: checked tracks, and a store that is told or not. */
#ifndef CONFORMANCE_TRK_H
#define CONFORMANCE_TRK_H

#include "env.h"

#define PAGE(n) (e->place + (n)*MPT_PAGE_SIZE)
#define ON_OFF (CF_OP(enable_page_track) | CF_OP(disable_page_track))

static inline int track(struct cf_env *e, u64 gpa)
{
	return cf_int(e, 0, HV(enable_page_track)(e->v, CF_GFN(gpa)), "enable_page_track of 0x%llx",
		      (unsigned long long)gpa);
}

static inline int untrack(struct cf_env *e, u64 gpa)
{
	return cf_int(e, 0, HV(disable_page_track)(e->v, CF_GFN(gpa)),
		      "disable_page_track of 0x%llx", (unsigned long long)gpa);
}

static inline int is_tracked(struct cf_env *e, u64 gpa, bool want)
{
	CF_THAT(e, mpt_vm_tracked(e->vm, CF_GFN(gpa)) == want,
		"page 0x%llx: expected %s, seen otherwise", (unsigned long long)gpa,
		want ? "tracked" : "not tracked");
	return CF_PASS;
}

/* Whether a store of the guest to @gpa is told to the core, and that it reaches memory anyhow. */
static inline int store(struct cf_env *e, u64 gpa, bool told)
{
	u64 value = 0xfeedULL << 32 ^ gpa ^ cf_told(e, CF_STORE), seen = 0,
	    was = cf_told(e, CF_STORE);

	CF_TRY(cf_guest_store(e, e->vm, gpa, &value, 8));
	CF_U64(e, was + told, cf_told(e, CF_STORE), "stores told to the core after one to 0x%llx",
	       (unsigned long long)gpa);
	CF_TRY(cf_guest_load(e, e->vm, gpa, &seen, 8));
	return cf_u64(e, value, seen, "guest memory at 0x%llx after the store",
		      (unsigned long long)gpa);
}

#endif
