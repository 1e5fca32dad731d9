/* SPDX-License-Identifier: MIT */
/* Which hypervisor a test runs over: lists of them, and another one for a whole program. */
#ifndef MPT_TESTS_SPECS_H
#define MPT_TESTS_SPECS_H

#include <stdlib.h>
#include <string.h>

#include <mpt/backend.h>

/*
 * A build may be without vfio-user, acrn-sim and kvm-stub, never without the mock: what it lacks is
 * moved to the list's end. So is acrn-sim where $MPT_TEST_FEW is set: under a checker that makes
 * each thread's turn dear, or has no room for it. How many are left.
 */
static inline bool specs_left_out(const char *spec)
{
	static const char *const names[] = { "vfio-user", "acrn-sim", "kvm-stub" };
	size_t k;

	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strstr(spec, names[k]) && !mpt_backend_find(names[k]))
			return true;
	return getenv("MPT_TEST_FEW") && strstr(spec, "acrn-sim");
}

static inline size_t specs_built(const char **specs, size_t n)
{
	const char *spec;
	size_t i;

	for (i = n; i--;)
		if (specs_left_out(specs[i])) {
			spec = specs[i];
			specs[i] = specs[--n];
			specs[n] = spec;
		}
	return n;
}

/* $MPT_TEST_SPEC instead of the usual one: tests/vfio-user.sh. */
static inline const char *spec_or(const char *usual)
{
	const char *spec = getenv("MPT_TEST_SPEC");

	return spec && *spec ? spec : usual;
}

#endif
