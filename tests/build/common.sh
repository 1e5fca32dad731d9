# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the scripts beside it: the environment that `make check` gives (tests/local.mk), a
# scratch folder, and how to fail, skip and count. No test lives here.
set -eu

: "${srcdir:?run me through make check}" "${builddir:?}" "${MPT_STAGE:?}"
LC_ALL=C
export LC_ALL
me=$(basename "$0" .sh)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mpt-$me.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' HUP INT TERM
passed=0

# ok TEXT: one check passed. The count goes to the test driver.
ok()
{
	passed=$((passed + 1))
	echo "ok: $*"
}

fail()
{
	echo "$me: $*" >&2
	exit 1
}

# need TOOL WHAT: skip the whole test for a missing tool, and only for that.
need()
{
	if [ -z "$1" ] || ! command -v "${1%% *}" >/dev/null 2>&1; then
		echo "SKIP: $me: no $2 on this machine"
		exit 77
	fi
}

# finish: the last line of each script; nothing checked is a failure.
finish()
{
	[ "$passed" -gt 0 ] || fail "nothing was checked"
	echo "$me: $passed checks passed"
	[ -z "${MPT_TEST_TALLY:-}" ] || echo "$me $passed 0 0" >>"$MPT_TEST_TALLY"
}
