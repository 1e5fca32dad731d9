#!/bin/sh
# SPDX-License-Identifier: MIT
# The judge of IGT runs (tests/qemu/igt), over results made up for it, and the lists and tables that
# are committed. No QEMU.
. "$(dirname "$0")/common.sh"
igt=$srcdir/tests/qemu/igt

cat >"$scratch/list" <<'END'
gem_a@one 40
gem_a@two 40
gem_render_x@basic 40
gem_skip@s@rcs0 40
END
cat >"$scratch/expect" <<'END'
# a comment
gem_render_* fail * draws nothing
gem_skip@s@* skip 6.1.* has no such thing
END
good="IGT 6.1.0 gem_a@one pass 0.10
IGT 6.1.0 gem_a@two pass 0.20
IGT 6.1.0 gem_render_x@basic fail 1.00
IGT 6.1.0 gem_skip@s@rcs0 skip 0.01"

# judged STATUS RESULTS: the judge's exit status, and its report in $scratch/report.
judged()
{
	status=0
	printf '%s\n' "$2" >"$scratch/results"
	awk -f "$igt/compare.awk" kind=expect "$scratch/expect" kind=list "$scratch/list" \
		kind=results "$scratch/results" >"$scratch/report" || status=$?
	[ "$status" = "$1" ] || fail "status $status for: $2: $(cat "$scratch/report")"
	ok "judged $1: $(tail -n 1 "$scratch/report")"
}

says()
{
	grep -Fqx -- "$1" "$scratch/report" || fail "no line '$1' in: $(cat "$scratch/report")"
}

judged 0 "$good"
says 'PASS gem_a@one'
says 'XFAIL gem_render_x@basic: draws nothing'
says 'SKIP gem_skip@s@rcs0: has no such thing'
says '2 passed, 0 failed, 1 failed as explained, 1 skipped'

# Each way in which a run goes wrong.
judged 1 "$(echo "$good" | sed 's/one pass/one fail/')
IGT-LOG gem_a@one out: it burns"
says 'FAIL gem_a@one: expected pass, got fail'
says '  IGT-LOG gem_a@one out: it burns'
judged 1 "$(echo "$good" | sed 's/one pass/one skip/')"
says 'FAIL gem_a@one: expected pass, got skip'
judged 1 "$(echo "$good" | sed 's/basic fail/basic timeout/')"
says 'FAIL gem_render_x@basic: expected fail, got timeout'
judged 1 "$(echo "$good" | sed 's/basic fail/basic skip/')"
judged 1 "$(echo "$good" | sed 1d)"
says 'FAIL gem_a@one: no result'
judged 1 "$good
IGT 6.1.0 gem_a@one pass 0.10"
says 'FAIL gem_a@one: a second result'
judged 1 "$good
IGT 6.1.0 gem_b@one pass 0.10"
says 'FAIL gem_b@one: a result that nobody asked for'
judged 1 "$good
IGT 6.1.0 gem_a@o"
judged 1 "$(echo "$good" | sed 's/6\.1\.0/6.12.0/')"
says 'FAIL gem_skip@s@rcs0: expected pass, got skip'
judged 1 ''

# A second try counts, and is told; what was seen in the first is not forgotten.
again="IGT-AGAIN 6.1.0 gem_a@one timeout 9.00
IGT-LOG gem_a@one out: too late
$good"
judged 0 "$again"
says 'PASS gem_a@one: at the second try'
judged 1 "$(echo "$again" | sed 's/one pass/one timeout/')"
says 'FAIL gem_a@one: expected pass, got timeout'
judged 1 "$again
IGT-LOG gem_a@one dmesg: [    9.0] WARNING: CPU: 0 PID: 1 at drivers/x.c:1 f+0x1/0x2 [i915]"
judged 1 "$(echo "$again" | sed '/^IGT 6.1.0 gem_a@one/d')"
says 'FAIL gem_a@one: no result'

# What the kernel complains of counts, whatever the test says; a hang that it meant to make does not.
judged 1 "$good
IGT-LOG gem_a@two dmesg: [    9.0] WARNING: CPU: 0 PID: 1 at drivers/x.c:1 f+0x1/0x2 [i915]"
says 'FAIL gem_a@two: the kernel complains: [    9.0] WARNING: CPU: 0 PID: 1 at drivers/x.c:1 f+0x1/0x2 [i915]'
says '1 passed, 1 failed, 1 failed as explained, 1 skipped'
judged 1 "$good
IGT-LOG probe dmesg: [    9.0] i915 0000:00:02.0: [drm] *ERROR* no"
judged 0 "$good
IGT-LOG gem_a@two dmesg: [    9.0] i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:00000000"

# What was wrong with the vGPU's side.
echo 'FAIL server: boot 1: ended with status 1' >"$scratch/server"
status=0
printf '%s\n' "$good" >"$scratch/results"
awk -f "$igt/compare.awk" kind=expect "$scratch/expect" kind=list "$scratch/list" kind=results \
	"$scratch/results" kind=server "$scratch/server" >"$scratch/report" || status=$?
[ "$status" -eq 1 ] || fail "a server that fails is not seen: $(cat "$scratch/report")"
says 'FAIL server: boot 1: ended with status 1'
says '2 passed, 1 failed, 1 failed as explained, 1 skipped'
ok 'the server is judged'

# Better than expected is said, and no failure.
judged 0 "$(echo "$good" | sed 's/basic fail/basic pass/')"
says 'PASS gem_render_x@basic: expected fail, no longer so: take the row out of expect.txt'

# A name is no pattern, and a row has a reason.
printf 'gem_a.one fail * why\ngem_render_x@basic fail * why\ngem_skip* skip * why\n' \
	>"$scratch/expect"
judged 0 "$good"
says 'PASS gem_a@one'
echo 'gem_a@one fail *' >>"$scratch/expect"
judged 1 "$good"

# --- what is committed ---

rows()
{
	sed 's/#.*//' "$igt/list.txt" | awk 'NF'
}

[ "$(rows | wc -l)" -le 120 ] || fail "list.txt has more than 120 tests"
[ "$(rows | awk '{ s += $2 } END { print int(s) }')" -le 900 ] || fail "list.txt takes over 15 minutes"
[ "$(rows | awk '$3 == "ci" { s += $2 } END { print int(s) }')" -le 360 ] ||
	fail "the ci rows of list.txt take over 6 minutes"
[ -z "$(rows | awk '{ print $1 }' | sort | uniq -d)" ] || fail "list.txt has a test twice"
[ -z "$(rows | awk 'NF < 2 || NF > 3 || (NF == 3 && $3 != "ci")')" ] || fail "list.txt: a bad row"
sh "$igt/select.sh" ci >"$scratch/ci" || fail "select.sh ci"
[ "$(wc -l <"$scratch/ci")" -eq "$(rows | grep -c 'ci$')" ] || fail "select.sh ci: not its rows"

# From the first committed run on.
if [ -d "$igt/results" ]; then
	sh "$igt/table.sh" >"$scratch/igt.md" || fail "table.sh"
	cmp -s "$scratch/igt.md" "$srcdir/doc/igt.md" ||
		fail "doc/igt.md is not what tests/qemu/igt/table.sh makes of the committed results"
	! grep -q 'not explained' "$srcdir/doc/igt.md" || fail "doc/igt.md: a result without a reason"
fi
ok "list.txt and what is made of the results"
finish
