#!/bin/sh
# SPDX-License-Identifier: MIT
# Test driver for automake (its manual, "API for Custom Test Drivers"): runs one test program or
# script and writes its log and results. A libcheck program is counted test by test, from the tally
# it leaves; everything else counts as one. Exit 77 of a test is a skip, all but 0 a failure.
set -u

while [ $# -gt 0 ]; do
	case $1 in
	--test-name) name=$2; shift 2 ;;
	--log-file) log=$2; shift 2 ;;
	--trs-file) trs=$2; shift 2 ;;
	--color-tests) color=$2; shift 2 ;;
	--expect-failure | --enable-hard-errors | --collect-skipped-logs) shift 2 ;;
	--) shift; break ;;
	*) break ;;
	esac
done

# Some tests change folder.
MPT_TEST_TALLY=$(pwd)/$log.tally
export MPT_TEST_TALLY
rm -f "$MPT_TEST_TALLY"
begin=$(date +%s)
"$@" >"$log" 2>&1
status=$?
seconds=$(($(date +%s) - begin))

passed=0 failed=0 skipped=0
if [ -f "$MPT_TEST_TALLY" ]; then
	# A name may have blanks.
	totals=$(awk '{ p += $(NF - 2); f += $(NF - 1); s += $NF } END { print p, f, s }' "$MPT_TEST_TALLY")
	IFS=' ' read -r passed failed skipped <<-END
		$totals
	END
	rm -f "$MPT_TEST_TALLY"
fi
# What the tally does not know: a crash, a leak found at exit, or a script that keeps no tally.
case $status in
0) [ $((passed + failed + skipped)) -gt 0 ] || passed=1 ;;
77) skipped=$((skipped + 1)) ;;
*) [ "$failed" -gt 0 ] || failed=1 ;;
esac

result=PASS
[ "$skipped" -eq 0 ] || [ "$passed" -gt 0 ] || result=SKIP
[ "$failed" -eq 0 ] || result=FAIL
if [ "${color:-no}" = yes ]; then
	case $result in
	PASS) paint='\033[0;32m' ;;
	SKIP) paint='\033[1;34m' ;;
	*) paint='\033[0;31m' ;;
	esac
	printf '%b%s%b: %s' "$paint" "$result" '\033[m' "$name"
else
	printf '%s: %s' "$result" "$name"
fi
printf ' (%d passed, %d failed, %d skipped; %d s)\n' "$passed" "$failed" "$skipped" "$seconds"
# Why something was skipped is never hidden.
[ "$skipped" -eq 0 ] || grep '^SKIP: ' "$log" | sort -u
printf '%s %s (exit status: %s)\n' "$result" "$name" "$status" >>"$log"

repeat()
{
	i=0
	while [ "$i" -lt "$2" ]; do
		echo ":test-result: $1"
		i=$((i + 1))
	done
}
{
	repeat PASS "$passed"
	repeat FAIL "$failed"
	repeat SKIP "$skipped"
	echo ":global-test-result: $result"
	if [ $result = PASS ]; then echo ":recheck: no"; else echo ":recheck: yes"; fi
	if [ $result = PASS ]; then echo ":copy-in-global-log: no"; else echo ":copy-in-global-log: yes"; fi
} >"$trs"
