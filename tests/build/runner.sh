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
	const char *p;

	for (p = getenv("PLANTED"); *p; p++)
		tcase_add_test(t, *p == 'g' ? good : *p == 'b' ? bad : *p == 'c' ? crash : skip);
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

# shellcheck disable=SC2086  # flags are lists
$CC -std=gnu11 -w $CHECK_CFLAGS -I"$srcdir/tests/lib" -o "$scratch/suite" \
	"$scratch/suite.c" "$srcdir/tests/lib/runner.c" $CHECK_LIBS || fail "the runner does not build"

# told EXPECTED TESTS: what the driver writes for these tests, each by its first letter, without its
# newlines.
told()
{
	(
		cd "$scratch" || exit 1
		PLANTED=$2 sh "$srcdir/tests/lib/driver.sh" --test-name planted --log-file planted.log \
			--trs-file planted.trs --color-tests no -- ./suite >/dev/null
	)
	got=$(sed -n 's/^:test-result: //p; s/^:global-test-result: /=/p' "$scratch/planted.trs" | tr '\n' ' ')
	[ "$got" = "$1 " ] || fail "tests '$2': driver says $got, not $1"
	ok "tests '$2': $1"
}

told 'PASS PASS =PASS' gg
told 'PASS FAIL =FAIL' gb
told 'PASS SKIP =PASS' gs
told 'SKIP =SKIP' s
told 'FAIL =FAIL' ''
CK_FORK=yes told 'PASS FAIL =FAIL' gc
CK_FORK=no told 'FAIL =FAIL' gc
finish
