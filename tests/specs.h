/* SPDX-License-Identifier: MIT */
/* Which hypervisor a test runs over: lists of them, and another one for a whole program. */
#ifndef MPT_TESTS_SPECS_H
#define MPT_TESTS_SPECS_H

#include <stdlib.h>
#include <string.h>

#include <mpt/backend.h>

/* A build may be without vfio-user, never without the mock; in a list it comes last. */
static inline size_t specs_built(const char *const *specs, size_t n)
{
	while (n && strstr(specs[n - 1], "vfio-user") && !mpt_backend_find("vfio-user"))
		n--;
	return n;
}

/* $MPT_TEST_SPEC instead of the usual one: tests/vfio-user.sh. */
static inline const char *spec_or(const char *usual)
{
	const char *spec = getenv("MPT_TEST_SPEC");

	return spec && *spec ? spec : usual;
}

#endif
