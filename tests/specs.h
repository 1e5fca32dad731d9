/* SPDX-License-Identifier: MIT */
/* Which hypervisor a test runs over: lists of them, and another one for a whole program. */
#ifndef MPT_TESTS_SPECS_H
#define MPT_TESTS_SPECS_H

#include <stdlib.h>
#include <string.h>

#include <mpt/backend.h>

/*
 * A build may be without vfio-user and without acrn-sim, never without the mock: what it lacks is
 * moved to the list's end. How many are left.
 */
static inline size_t specs_built(const char **specs, size_t n)
{
	static const char *const names[] = { "vfio-user", "acrn-sim" };
	const char *missing;
	size_t i, k;

	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		for (i = n; !mpt_backend_find(names[k]) && i--;)
			if (strstr(specs[i], names[k])) {
				missing = specs[i];
				specs[i] = specs[--n];
				specs[n] = missing;
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
