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
 * A test after which acrn-sim counts broken invariants has failed, unless @name begins with "acrn".
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

/*
 * libcheck writes to a file at each assertion that holds, to name the last place in front of a
 * crash: a system call, which in a big loop is all that a test does. Here only places that are new
 * write, so what a crash names is the last place that was reached for the first time.
 */
#define _mark_point(file, line) mpt_test_mark(file, line)
void mpt_test_mark(const char *file, int line);

#endif
