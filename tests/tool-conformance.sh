#!/bin/sh
# SPDX-License-Identifier: MIT
# mptctl conformance over a good back end and over modules with bugs (tests/broken_backend.c): which
# clause says what, in each format, and that a crash costs one clause.
. "$(dirname "$0")/lib/mptctl.sh"

# --- without a back end ---

refused conformance -- 'SPEC is needed' 'mptctl backends'
status 0 conformance --list
[ "$(awk 'length > 80' "$out")" = '' ] || fail "--list: more than 80 columns"
says "$out" 'MEM: Guest memory' '  REG-1   A table that lacks' 'needs layer fault' \
	'not with layer check'
[ "$(grep -c '^  [A-Z]*-[0-9]* ' "$out")" -gt 150 ] || fail "--list: not all clauses"
status 0 conformance --list --clause mem-3 --clause TRK-1
[ "$(grep -c '^  [A-Z]*-[0-9]* ' "$out")" -eq 2 ] || fail "--list: not the two clauses"
ok "--list"
refused conformance --list --clause MEN-4 -- "no clause or area 'MEN-4' (did you mean MEM-4?"
refused conformance --list --clause zebra -- "no clause or area 'zebra' (areas: REG, HOST, VM"
refused conformance --list --tap -- '--list and --tap exclude'
refused conformance mock --json --tap -- '--json and --tap exclude'
refused conformance mock --format junit --tap -- '--format and --tap exclude'
refused conformance mock --format xml -- "no format 'xml' (text, tap, junit, json)"
refused conformance --list --format junit -- '--list is text or json, not junit'
refused conformance mock --timeout 0 -- '--timeout is a number from 1 to 86400, not 0'
if [ -n "$MPT_STATIC_BACKEND" ]; then
	refused conformance mock -- 'static-backend build'
	skip "what needs a back end: a static-backend build has no table to watch"
	finish
	exit 0
fi
refused conformance no-such -- "no back end 'no-such'"
refused conformance ./no-such.so -- "no back end './no-such.so'"
case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	skip "what needs the mock: configured with --disable-backend-mock"
	finish
	exit 0
	;;
esac
refused conformance mock:no-such=1 -- "unknown option 'no-such'"

# --- a good one ---

status 0 conformance mock
[ ! -s "$err" ] || fail "conformance mock: $(cat "$err")"
[ "$(awk 'length > 80' "$out")" = '' ] || fail "conformance: more than 80 columns"
says "$out" 'conformance of mock: ' 'capabilities: page-track dma-pin' '  passed  MEM-4 ' \
	'  n/a     ERR-5' 'lacks layer fault' ' passed, 0 failed, '
! grep -q FAILED "$out" || fail "conformance mock: FAILED"
status 0 conformance mock:map=no --clause map --clause REG-1
says "$out" 'lacks map-gfn' '1 passed, 0 failed, '
status 0 conformance check,fault,mock --clause ERR --seed 7
says "$out" ', seed 7' '  passed  ERR-5' 'has layer check'
status 0 conformance mock --no-fork --clause MEM
says "$out" '0 failed, 0 not applicable'
status 0 conformance mock --tap --clause REG --clause ERR
[ "$(head -n 1 "$out")" = 'TAP version 13' ] || fail "--tap: no version"
plan=$(sed -n 's/^1\.\.//p' "$out")
[ "$(grep -c '^ok [0-9]* - ' "$out")" -eq "$plan" ] || fail "--tap: not the planned number"
says "$out" ' # SKIP lacks layer fault' "ok $plan - ERR-6 "
status 0 conformance mock --format tap --clause REG-1
[ "$(head -n 1 "$out")" = 'TAP version 13' ] || fail "--format tap: no version"
# well_formed CASES: the output is XML with as many cases, and with numbers that agree.
well_formed()
{
	[ "$(head -n 1 "$out")" = '<?xml version="1.0" encoding="UTF-8"?>' ] || fail "junit: no XML"
	[ "$(grep -c '<testcase classname="conformance\.[A-Z]*" name="' "$out")" -eq "$1" ] ||
		fail "junit: not $1 cases"
	says "$out" " tests=\"$1\" failures=\"$(grep -c '<failure ' "$out")\" errors=\"0\" time=\"" \
		" skipped=\"$(grep -c '<skipped ' "$out")\">"
	if have xmllint; then
		xmllint --noout "$out" 2>"$err" || fail "junit: $(cat "$err")"
	fi
}
status 0 conformance mock --format junit --clause REG-1 --clause ERR-4 --clause ERR-5
well_formed 3
says "$out" 'skipped message="lacks layer fault"' '<testsuite name="mock" ' \
	'<property name="capabilities" value="page-track, '
ok "the mock"
case " $MPT_BACKENDS " in
*' acrn-sim '*)
	for format in text tap junit; do
		status 0 conformance acrn-sim:profile=upstream --clause RGN-11 --format $format
		case $format in
		text)
			says "$out" '  limit   RGN-11' 'known of this back end: ' \
				'0 failed, 0 not applicable, 1 known limit'
			;;
		tap) says "$out" 'not ok 1 - RGN-11 ' ' # TODO known limit: the HSM' '1..1' ;;
		junit)
			well_formed 1
			says "$out" 'skipped message="known limit: the HSM'
			;;
		esac
	done
	ok "known limits"
	;;
esac

# --- many ---

refused matrix --format xml -- "no format 'xml' (text, markdown, json)"
refused matrix no-such -- "no back end 'no-such'"
refused matrix mock --timeout 0 -- '--timeout is a number from 1 to 86400, not 0'
status 0 matrix mock mock:trap=after,map=no --format markdown
# shellcheck disable=SC2016  # backticks of Markdown
says "$out" '| 2 | `mock:trap=after,map=no` |' '| clause | 1 | 2 | needs |' '| REG-1 | + | + |  |' \
	'| MAP-1 | + | - | map-gfn'
! grep -q '| F |' "$out" || fail "matrix: $(grep '| F |' "$out")"
# What needs a ledger or injected failures is tried too: the layers are put in front.
says "$out" '| ERR-5 | + | + |'
status 0 matrix mock --list
says "$out" '   1  mock: ' '  MEM-4   ?'
! grep -q '^  [A-Z]*-[0-9]* *[^-?]$' "$out" || fail "matrix --list has tried something"
status 0 matrix --list
[ "$(awk 'length > 80' "$out")" = '' ] || fail "matrix: more than 80 columns"
says "$out" '  mock: ' '  mock:trap=after: ' '  mock:pvmmio=no: '
for name in $MPT_BACKENDS; do
	# It needs a hypervisor.
	[ "$name" = acrn ] || says "$out" "  $name: "
done
if have jq && "$mptctl" types --json >/dev/null 2>&1; then
	status 0 matrix mock:map=no --list --format json
	jq -e '.[0].spec == "mock:map=no" and
		([.[0].clauses[] | select(.verdict == "absent" and (.why | test("map-gfn")))] |
			length > 5)' "$out" >/dev/null || fail "matrix: JSON: $(cat "$out")"
fi
ok "the matrix"

# --- bad ones ---

# shellcheck disable=SC3045  # where there is none, there is none
ulimit -c 0 2>/dev/null || :

so=$builddir/tests/.libs/broken_backend.so
[ -e "$so" ] || {
	skip "broken back ends: no modules in this build"
	finish
	exit 0
}
# broken BUG STATUS ARGUMENT...
broken()
{
	BROKEN=$1
	export BROKEN
	expected=$2
	shift 2
	status "$expected" conformance "$so" "$@"
}

broken none 0 --clause REG --clause HOST --clause HND --clause DMA
! grep -q 'FAILED\|not applicable: *$' "$out" || fail "the mock as a module"
says "$out" "conformance of $so: " ' passed, 0 failed, '
broken none 0 --tap --clause HOST
[ "$(head -n 1 "$out")" = 'TAP version 13' ] || fail "what a back end prints is in the TAP"
says "$err" 'broken: loaded'
broken read 1 --clause MEM
says "$out" '  FAILED  MEM-' 'buffer of a failed read_gpa of ' ': byte 0' 'expected 0x00, seen ' \
	'known bugs of this class: ' 'the last calls:' \
	'    attach_vgpu(vgpu, handle) = 0, 0x' ') = -EFAULT'
# The last call before it is the one that went wrong.
awk '/FAILED/ { on = 1 } on && /the last calls:/ { in_calls = 1 }
	in_calls && (/^  [a-zA-Z]/ || /^$/) { exit }
	in_calls && /^ *[a-z_]*\(/ { last = $0 } END { print last }' "$out" >last
says last 'read_gpa(handle 0x'
broken unmap 1 --clause DMA-5
says "$out" 'DMA-5' 'not mapped: expected -EFAULT' 'seen 0' '0 passed, 1 failed'
broken track 1 --clause TRK-2 --tap
says "$out" 'not ok 1 - TRK-2 Tracking is idempotent' '  ---' \
	"message: 'enable_page_track: expected 0 or" \
	"known_bugs: '" '  calls:' "  - 'enable_page_track(handle 0x" '= -EINVAL' '  ...' '1..1'
broken track 1 --clause TRK-2 --clause TRK-1 --format junit
well_formed 2
says "$out" '<failure message="enable_page_track: expected 0 or' '>clause: TRK-2' \
	'what it says: Tracking is idempotent' 'expected and seen: enable_page_track: expected' \
	'known bugs of this class: ' 'the last calls:' '  enable_page_track(handle 0x'
# What XML has no place for: control characters, bytes that are no UTF-8, its own signs.
ln -sf "$so" "$(printf 'a<&"\001\377\303\251.so')"
so=./$(printf 'a<&"\001\377\303\251.so')
broken none 0 --clause REG-1 --format junit
well_formed 1
so=$builddir/tests/.libs/broken_backend.so
says "$out" "name=\"./a&lt;&amp;&quot;\\x01\\xff$(printf '\303\251').so\""
ok "bugs are named"
BROKEN=unmap
export BROKEN
status 1 matrix "$so"
says "$out" '  DMA-5   F' "DMA-5 over $so: "
broken crash 1 --clause TRP
says "$out" '  FAILED  TRP-1' 'seen a crash: Segmentation fault' 'set_trap_area(handle 0x' \
	': has not returned'
[ "$(grep -c '  FAILED  TRP-' "$out")" -gt 3 ] || fail "a crash ends the run"
broken exit 1 --clause TRP-1 --clause REG-1
says "$out" '  passed  REG-1' '  FAILED  TRP-1' 'has ended the process' '(exit status 3)'
broken hang 1 --clause TRP-1 --clause TRP-2 --timeout 1
says "$out" 'still running after 1 s' '--timeout' '2 failed'
broken attach 1 --clause REG-1 --clause HND-1
says "$out" '  FAILED  PROBE   ' 'memory for a vGPU' '  passed  REG-1' '  FAILED  HND-1' \
	'PROBE comes first'
broken load 1
says "$out" '  FAILED  PROBE   ' 'Aborted' '0 passed, 1 failed, 0 not applicable'
if have jq && "$mptctl" types --json >/dev/null 2>&1; then
	broken read 1 --clause HND-1 --json
	jq -e '.failed == 1 and (.clauses[0] | .outcome == "failed" and
		(.why | test("expected 0x00")) and (.calls | length) > 3 and .known_bugs != "")' \
		"$out" >/dev/null ||
		fail "--json: not what was to be: $(cat "$out")"
else
	skip "the JSON of a failure: no jq or no jansson"
fi
ok "crashes, hangs and exits cost one clause"

if have script && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	script -qec "'$mptctl' conformance mock --tap --clause REG >tap" /dev/null >terminal \
		2>&1 </dev/null ||
		fail "on a terminal: $(cat terminal)"
	says terminal 'clauses ['
	script -qec "'$mptctl' conformance mock --clause REG" /dev/null >terminal 2>&1 </dev/null
	says terminal "${esc}[32mpassed"
	! grep -q 'clauses \[' terminal || fail "a bar between the lines of the table"
	ok "progress and colours on a terminal"
else
	skip "progress and colours on a terminal: no script(1)"
fi
finish
