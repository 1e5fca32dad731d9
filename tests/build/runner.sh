#!/bin/sh
# SPDX-License-Identifier: MIT
# The test runner and the test driver themselves: a failure, a crash, a skip and a run without
# tests are told apart and never pass for success.
. "$(dirname "$0")/common.sh"

cat >"$scratch/suite.c" <<'END'
#include <stdlib.h>
#include "runner.h"
START_TEST(good) { ck_assert_int_eq(1, 1); } END_TEST
START_TEST(bad) { ck_assert_int_eq(1, 2); } END_TEST
START_TEST(crash) { abort(); } END_TEST
START_TEST(skip) { mpt_test_skip("planted"); } END_TEST
static Suite *make(void)
{
	Suite *s = suite_create("planted");
	TCase *t = tcase_create("planted");

	TESTS
	suite_add_tcase(s, t);
	return s;
}
int main(void)
{
	Suite *(*const suites[])(void) = { make };

	return mpt_test_main("planted suite", suites, 1);
}
END
: "${CHECK_LIBS:?}"

# told EXPECTED TESTS: what the driver writes for a program of these tests, without its newlines.
told()
{
	expected=$1
	shift
	add=
	for t; do
		add="$add tcase_add_test(t, $t);"
	done
	# shellcheck disable=SC2086  # flags are lists
	$CC -std=gnu11 -w $CHECK_CFLAGS -I"$srcdir/tests/lib" "-DTESTS=$add" -o "$scratch/suite" \
		"$scratch/suite.c" "$srcdir/tests/lib/runner.c" $CHECK_LIBS || fail "the runner does not build"
	(
		cd "$scratch" || exit 1
		sh "$srcdir/tests/lib/driver.sh" --test-name planted --log-file planted.log \
			--trs-file planted.trs --color-tests no -- ./suite >/dev/null
	)
	got=$(sed -n 's/^:test-result: //p; s/^:global-test-result: /=/p' "$scratch/planted.trs" | tr '\n' ' ')
	[ "$got" = "$expected " ] || fail "tests '$*': driver says $got, not $expected"
	ok "tests '$*': $expected"
}

told 'PASS PASS =PASS' good good
told 'PASS FAIL =FAIL' good bad
told 'PASS SKIP =PASS' good skip
told 'SKIP =SKIP' skip
told 'FAIL =FAIL'
CK_FORK=yes told 'PASS FAIL =FAIL' good crash
CK_FORK=no told 'FAIL =FAIL' good crash
finish
