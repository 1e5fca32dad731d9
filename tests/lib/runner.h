/* SPDX-License-Identifier: MIT */
/*
 * What every libcheck program of ours shares: its main(), the fork choice, skipping, the tally.
 * Fixtures and builders of one area live beside its tests.
 */
#ifndef MPT_TESTS_RUNNER_H
#define MPT_TESTS_RUNNER_H

#include <stddef.h>

#include <check.h>

/**
 * mpt_test_main() - run the suites; the body of a test program's main().
 * @name: what the program tests, for its messages
 * @suites: functions that make one suite each
 * @n: how many
 *
 * Tests run in forked children unless CK_FORK=no or a debugger is attached. CK_RUN_SUITE,
 * CK_RUN_CASE and CK_VERBOSITY are libcheck's. A run in which no test ran is a failure. If
 * $MPT_TEST_TALLY names a file, the line "name passed failed skipped" is appended to it.
 *
 * Return: the exit status of the program, 0 only if something ran and nothing failed.
 */
int mpt_test_main(const char *name, Suite *(*const suites[])(void), size_t n);

/**
 * mpt_test_skip() - count the running test as skipped; the test returns right after it.
 * @why: what is missing, one line
 *
 * Call it at most once in a test and before any assertion: a test that both skips and fails would
 * be counted twice.
 */
void mpt_test_skip(const char *why);

#endif
