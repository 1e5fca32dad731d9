/* SPDX-License-Identifier: MIT */
/*
 * What the rigs and models of tests/ need of libcheck, for a fuzz target: what does not hold ends
 * the process. Include it before them. No test, and no libcheck.
 */
#ifndef MPT_FUZZ_ASSERTS_H
#define MPT_FUZZ_ASSERTS_H

#include <stdio.h>
#include <stdlib.h>

#include <mpt/error.h>

/* lib/runner.h is taken to be there already. */
#define MPT_TESTS_RUNNER_H

#define ck_abort_msg(...)                                                       \
	do {                                                                    \
		fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                 \
		fprintf(stderr, __VA_ARGS__);                                   \
		fprintf(stderr, "\n(last error: %s)\n", mpt_last_error());      \
		abort();                                                        \
	} while (0)
#define ck_assert_msg(cond, ...)                   \
	do {                                       \
		if (!(cond))                       \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)
#define ck_assert(cond) ck_assert_msg(cond, "%s", #cond)
#define ck_compare(a, op, b) ck_assert_msg((a) op (b), "not so: %s %s %s", #a, #op, #b)
#define ck_assert_int_eq(a, b) ck_compare(a, ==, b)
#define ck_assert_int_ge(a, b) ck_compare(a, >=, b)
#define ck_assert_int_gt(a, b) ck_compare(a, >, b)
#define ck_assert_int_lt(a, b) ck_compare(a, <, b)
#define ck_assert_int_ne(a, b) ck_compare(a, !=, b)
#define ck_assert_uint_eq(a, b) ck_compare(a, ==, b)
#define ck_assert_uint_ne(a, b) ck_compare(a, !=, b)
#define ck_assert_uint_ge(a, b) ck_compare(a, >=, b)
#define ck_assert_uint_le(a, b) ck_compare(a, <=, b)
#define ck_assert_uint_lt(a, b) ck_compare(a, <, b)
#define ck_assert_ptr_null(p) ck_assert(!(p))
#define ck_assert_ptr_nonnull(p) ck_assert(p)

#endif
