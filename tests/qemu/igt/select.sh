#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the tests of a selection, one a line as runner.sh wants it.
# Usage: select.sh fast-feedback IGT_ROOT	what the IGT package itself lists
#	 select.sh list				all of list.txt
#	 select.sh ci				the rows of list.txt that are marked ci
set -eu
here=$(cd "$(dirname "$0")" && pwd)

# Of the package's list: gem, core, i915, kms_addfb and prime, in the package's order.
fast_feedback()
{
	sed -n 's/^igt@\(\(gem_\|core_\|i915_\|kms_addfb_\|prime_\)[^[:space:]]*\).*/\1 300/p' "$1"
}

# Those that look at the record of a hung GPU.
looks='^(i915_hangman@.*error-state|gem_exec_capture@)'

# The limit is ten times what was measured, and never short: machines and their loads differ.
rows()
{
	sed 's/#.*//' "$here/list.txt" | awk -v mark="$1" -v looks="$looks" '
		NF && (mark == "" || $3 == mark) {
			limit = 10 * $2
			print $1, limit < 150 ? 150 : int(limit), $1 ~ looks ? "" : "nocapture"
		}'
}

case ${1-} in
fast-feedback)
	lines=$(fast_feedback "$2/usr/share/igt-gpu-tools/i915.fast-feedback.testlist") ;;
list)
	lines=$(rows '') ;;
ci)
	lines=$(rows ci) ;;
*)
	echo "usage: select.sh fast-feedback IGT_ROOT | list | ci" >&2
	exit 2 ;;
esac
[ -n "$lines" ] || { echo "select.sh: nothing to run in $1" >&2; exit 1; }
printf '%s\n' "$lines"
