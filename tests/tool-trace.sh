#!/bin/sh
# SPDX-License-Identifier: MIT
# mptctl trace: what the layer trace has recorded is shown, counted, converted, replayed and shrunk;
# so is what a killed process has left; files that are no traces.
. "$(dirname "$0")/lib/mptctl.sh"

refused trace show -- 'FILE is needed: mptctl trace show FILE'
refused trace shwo x -- "trace: unknown command 'shwo' (did you mean show? mptctl trace --help)"
status 2 trace
says "$err" 'usage: mptctl trace show|stat|convert|replay|shrink'
refused trace show no-such -- 'no-such: No such file'
refused trace show x --vgpu 300 -- '--vgpu is a number from 0 to 255, not 300'
refused trace convert x -- '--format is text, json or mmiotrace'
refused trace convert x --format svg -- '--format is text, json or mmiotrace, not svg'
refused trace shrink x -- 'FILE.small is needed'
refused trace shrink x y --seconds 0 -- '--seconds is a number from 1 to'

# --- files that are none ---

: >empty
echo 'this is no trace at all, but a text' >text
head -c 8192 /dev/zero >zeros
for file in empty text . zeros "$mptctl" "$probe"; do
	for command in show stat replay; do
		refused trace $command "$file" -- "$file: " 'is no trace of the layer trace: '
	done
	refused trace convert "$file" --format text -- 'is no trace of the layer trace: '
	refused trace shrink "$file" small -- 'is no trace of the layer trace: '
done
[ ! -e small ] || fail "a refused trace was shrunk"
ok "what is no trace"

if [ -n "$MPT_STATIC_BACKEND" ]; then
	skip "recording: a static-backend build has no layers"
	finish
	exit 0
fi
case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	# The corpus has traces, and no build lacks a sentence.
	refused trace replay "$srcdir/fuzz/corpus/trace_replay/all" -- \
		"cannot be replayed on mock" "no back end 'mock'"
	skip "what needs the mock: configured with --disable-backend-mock"
	finish
	exit 0
	;;
esac

# --- a recorded probe ---

status 0 run --backend trace=ring,mock --trace "$probe"
status 0 trace show ring --last 3
[ "$(wc -l <"$out")" -eq 3 ] || fail "--last 3: $(cat "$out")"
says "$out" ' host_exit = 0' ' set_core set=0x0 '
status 0 trace show ring --op attach_vgpu --op write_gpa
says "$out" ' attach_vgpu vm=0x1 = 0' ' write_gpa gpa=0x' 'len=0x' ' data='
! grep -qv ' attach_vgpu \| write_gpa ' "$out" || fail "--op: others too"
refused trace show ring --op write_gap -- "no operation 'write_gap' (did you mean write_gpa?)"
status 0 trace show ring --failed
says "$out" ' fault_take = -ENOENT'
[ "$(wc -l <"$out")" -eq 1 ] || fail "--failed: $(cat "$out")"
status 0 trace show ring --from 5 --to 9
[ "$(awk '{ print $1 }' "$out" | tr '\n' ' ')" = '5 6 7 8 9 ' ] || fail "--from, --to: $(cat "$out")"
status 0 trace show ring --vgpu 200
[ ! -s "$out" ] || fail "--vgpu: $(cat "$out")"
status 0 trace show ring
cp "$out" shown
status 0 trace convert ring --format text
cmp -s shown "$out" || fail "convert --format text: not what show prints"
status 0 trace stat ring
says "$out" 'ring: check,trace=ring,mock' 'host closed' " $(wc -l <shown) records in " \
	', 0 written over, 0 not finished' 'bytes a record'
# Counted by hand.
n=$(grep -c ' emulate_mmio_write ' shown)
grep -q "^  emulate_mmio_write  *$n  *0\$" "$out" || fail "stat: not $n emulate_mmio_write"
ok "show and stat"

if have jq && "$mptctl" trace show ring --json >lines 2>"$err"; then
	[ "$(wc -l <lines)" -eq "$(wc -l <shown)" ] || fail "show --json: not an object a line"
	jq -es 'map(select(.operation == "ram_add"))[0] | .answer == "0" and .vgpu == null and
		(.args | map("\(.name)=\(.value)") | join(" ")) == "vm=1 gpa=0 size=67108864 flags=0"' \
		lines >"$err" || fail "show --json: not the values"
	"$mptctl" trace convert ring --format json | cmp -s - lines || fail "convert --format json"
	"$mptctl" trace stat ring --json | jq -e '.closed and .lost == 0 and .torn == 0 and
		.spec == "check,trace=ring,mock" and
		(.operations | map(.calls) | add) == .records' >/dev/null ||
		fail "stat --json: not the values"
	ok "JSON"
else
	skip "JSON: no jq or no jansson"
fi

"$mptctl" trace convert ring --format mmiotrace >made 2>"$err" || fail "convert: $(cat "$err")"
says "$err" 'accesses of vGPU' ' 0 accesses do not fit'
# What the guest did is what the probe was: each write, in order.
grep '^W ' made | awk '{ print $2, $5, $6 }' >writes
grep '^W ' "$probe" | awk '{ print $2, $5, $6 }' >probed
[ -s writes ] || fail "convert: no writes"
awk 'NR == FNR { have[$0]++; next } !have[$0]-- { print; bad = 1 } END { exit bad }' probed writes \
	>"$out" || fail "convert: writes that the probe has not: $(head -n 3 "$out")"
[ "$(wc -l <writes)" -gt 3000 ] || fail "convert: $(wc -l <writes) writes only"
head -n 2 made | grep -q '^VERSION 20070824' || fail "convert: no version"
ok "convert to a mmiotrace"

# hash: of the state that was told.
hash()
{
	sed -n 's/^  state at the end  *//p' "$out"
}
status 0 trace replay ring
says "$out" 'ring on mock' 'million a second' 'equal: each answer is the recorded one'
first=$(hash)
[ -n "$first" ] || fail "replay: no hash"
for spec in mock mock:seed=3,trap=after; do
	status 0 trace replay ring --backend "$spec"
	[ "$(hash)" = "$first" ] || fail "replay on $spec: another state"
done
refused trace replay ring --backend no-such -- "cannot be replayed on no-such: " "no back end"
case " $MPT_BACKENDS " in
*' acrn '*)
	refused trace replay ring --backend acrn -- 'cannot be replayed on acrn: '
	;;
esac
status 1 trace shrink ring small
says "$out" 'nothing differs: there is nothing to shrink'
[ ! -e small ] || fail "nothing to shrink, and a file"
ok "replay"

# --- one that differs: the third mapping was refused, the mock maps it ---

status 1 run --backend trace=faulty,fault=dma_map_guest_page:3,mock --guest synthetic
status 1 trace replay faulty
says "$out" 'DIFFERS in ' 'dma_map_guest_page: expected -EINVAL, seen 0'
if have jq && "$mptctl" trace replay faulty --json >"$out" 2>"$err"; then
	fail "replay --json: exit status 0"
elif have jq && [ -s "$out" ]; then
	jq -e '.equal == false and .differ >= 1 and .performed > 100 and
		(.first_difference | test("expected -EINVAL")) and (.hash | test("^0x"))' "$out" \
		>/dev/null || fail "replay --json: not the values"
fi
status 0 trace shrink faulty small
says "$out" 'small: ' ' replays' 'dma_map_guest_page: expected -EINVAL, seen 0'
left=$(sed -n 's/^small: \([0-9]*\) of .*/\1/p' "$out")
[ "$left" -le 15 ] || fail "shrink: $left records are left"
status 1 trace replay small
says "$out" 'DIFFERS in 1 records' 'expected -EINVAL, seen 0'
status 0 trace show small
[ "$(wc -l <"$out")" -eq "$left" ] || fail "shrink: not $left records in the file"
says "$out" ' vm_create ' ' attach_vgpu ' ' dma_map_guest_page gfn='
ok "shrink"
if [ -c /dev/full ] && [ "$(id -u)" -ne 0 ]; then
	refused trace shrink faulty /dev/none -- '/dev/none: cannot write it'
fi
mkdir folder
refused trace shrink faulty folder -- 'folder: cannot write it: '
[ ! -e folder.new ] || fail "a file was left"

# --- a ring that is too small ---

status 0 run --backend trace=lapped:64K,mock --trace "$probe"
status 0 trace stat lapped
says "$out" ' written over, 0 not finished'
status 0 trace show lapped --last 1
refused trace replay lapped -- 'slots were written over, so it cannot be replayed' 'trace=FILE:SIZE'
ok "laps"

# --- killed ---

case " $MPT_BACKENDS " in
*' vfio-user '*)
	"$mptctl" serve --socket socket --backend trace=killed,vfio-user >/dev/null 2>&1 &
	server=$!
	n=0
	while ! "$mptctl" trace stat killed 2>/dev/null | grep -q ' set_edid ' && [ $n -lt 200 ]; do
		sleep 0.05
		n=$((n + 1))
	done
	kill -KILL $server
	wait $server 2>/dev/null || :
	status 0 trace stat killed
	says "$out" 'host open, or its process was killed' ' attach_vgpu '
	status 0 trace show killed
	says "$out" ' attach_vgpu '
	ok "what a killed process has left"
	;;
*) skip "a killed process: no vfio-user" ;;
esac

# --- any byte may be another ---

size=$(wc -c <small)
n=0
while [ $n -lt 12 ]; do
	at=$((n < 6 ? n * 680 : 4096 + n * 13))
	{ head -c $at small; printf '\377\000\177'; tail -c +$((at + 4)) small; } >changed
	head -c $((n * size / 12)) small >short
	for file in changed short; do
		for command in show stat replay; do
			got=0
			"$mptctl" trace $command $file >"$out" 2>"$err" || got=$?
			[ $got -le 2 ] || fail "$file at $at: $command: exit status $got: $(cat "$err")"
			[ $got -ne 2 ] || says "$err" "mptctl: $file: "
		done
	done
	n=$((n + 1))
done
ok "damaged files"
finish
