#!/bin/sh
# SPDX-License-Identifier: MIT
# mptctl state: a vGPU that is saved in the middle of a recorded probe and goes on elsewhere ends as
# one that stayed; what a file shows; files that are no states.
. "$(dirname "$0")/lib/mptctl.sh"

refused state save -- 'FILE is needed: mptctl state save FILE'
refused state sav x -- "state: unknown command 'sav' (did you mean save? mptctl state --help)"
refused state zap -- "state: unknown command 'zap' (known: save, restore, show;"
status 2 state
says "$err" 'usage: mptctl state save|restore|show'
refused state save x --guest nobody -- "no guest 'nobody' (known: synthetic)"
refused state save x --guest synthetic --trace y -- 'exclude each other'
refused state save x --guest synthetic --at 0 -- 'at least 1'
refused state save x --at 3 -- '--at needs --trace or --guest'
refused state save x --memory 1M -- '--memory is a size from 64M to 64T, not 1M'
refused state restore x --trace y -- '--trace needs --at N'
refused state restore x --at 3 -- '--at needs --trace'
refused state restore no-such -- 'no-such: No such file'
refused state show no-such -- 'no-such: No such file'
refused state show . -- '.: is no file'
case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	skip "what needs the mock: configured with --disable-backend-mock"
	finish
	exit 0
	;;
esac

# --- there and back ---

# hash FILE: of the state that a command tells of.
hash()
{
	sed -n 's/.*, hash \(0x[0-9a-f]*\)$/\1/p' "$1"
}

refused state save x --trace "$probe" --at 99999 -- \
	"$probe: --at 99999: the trace has 6712 accesses"
[ ! -e x ] || fail "a refused save has written"
status 0 state save whole --trace "$probe"
says "$out" 'whole saved from mock' 'accesses 1 to 6712 of 6712' 'healthy: '
whole=$(hash "$out")
[ -n "$whole" ] || fail "no hash"
status 0 state save part --trace "$probe" --at 3000
says "$out" 'accesses 1 to 3000 of 6712' "mptctl state restore part --trace $probe --at 3000"
part=$(hash "$out")
[ "$part" != "$whole" ] || fail "half a trace has the whole one's hash"
specs='mock mock:seed=3'
[ -n "$MPT_STATIC_BACKEND" ] || specs="$specs mock:trap=after,map=no,intx=no,trap-area=no,seed=3"
case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' acrn-sim '*) specs="$specs acrn-sim acrn-sim:profile=2019" ;;
esac
case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' vfio-user '*) specs="$specs vfio-user" ;;
esac
case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' kvm-stub '*) specs="$specs kvm-stub" ;;
esac
for spec in $specs; do
	status 0 state restore part --trace "$probe" --at 3000 --backend "$spec"
	says "$out" "part restored on $spec" 'accesses 3001 to 6712 of 6712' 'healthy: '
	[ "$(hash "$out")" = "$whole" ] || fail "on $spec: another state at the end: $(cat "$out")"
	ok "a probe goes on over $spec"
done
# Where it was when it was saved; without going on; a mistake shows.
status 0 state restore part
[ "$(hash "$out")" = "$part" ] || fail "restored, and another state"
status 0 state restore part --trace "$probe" --at 2990
[ "$(hash "$out")" != "$part" ] || fail "--at does not matter"
status 0 state save again --trace "$probe" --at 3000
cmp part again || fail "saved twice, and not the same"
status 0 state save bdw --platform bdw --type 4
status 0 state restore bdw
[ "$(hash "$out")" = "$("$mptctl" state show bdw | hash /dev/stdin)" ] || fail "bdw: another state"
refused state restore bdw --trace "$probe" --at 1 -- 'aperture of 256 MiB' '1024 MiB'
ok "hashes"
status 0 state save guest --guest synthetic --at 5000
says "$out" 'looks' 'healthy: '
status 0 state restore guest --backend mock:trap=after
status 0 state show guest
says "$out" 'levels             4'
refused state save x --guest synthetic --at 99999999 -- \
	'the guest has looked at something' 'times only'
ok "the synthetic guest is saved on its way"

# A vGPU in failsafe mode is saved, but it is not well.
sed 2q "$probe" >failsafe
echo 'W 4 1.0 1 0xc000229c 0x2000200 0x0 0' >>failsafe
status 1 state save sick --trace failsafe
says "$out" 'NOT healthy'
status 1 state restore sick
says "$out" 'failsafe            unsupported guest' 'NOT healthy'
ok "exit status 1"

# --- what it has ---

status 0 state show part
[ "$(awk 'length > 80' "$out")" = '' ] || fail "show: more than 80 columns"
says "$out" "part: format 1, $(wc -c <part) bytes, hash $part" \
	'identity         version 2, at 16, ' \
	'platform           skl' 'low_size           64 MiB' 'high_start         256 MiB' \
	'failsafe           none' 'vblank           version 1, optional' \
	'space              4096 of 1 byte'
status 0 state show part --all
says "$out" '0x86 0x80 0x12 0x19'
status 0 state show sick
says "$out" 'failsafe           unsupported guest'
if "$mptctl" state show part --json >shown 2>"$err" && have jq; then
	jq -e --arg hash "$part" '.hash == $hash and .format == 1 and (.sections | length) == 11 and
		.sections[0].section == "identity" and .sections[0].offset == 16 and
		([.sections[].length] | add) + 16 + 8 == .size and
		(.sections[0].fields[0] | .field == "platform" and .values == ["skl"])' \
		shown >/dev/null ||
		fail "show --json: not what was to be"
	"$mptctl" state show part --json --all |
		jq -e '[.sections[].fields[] | .count == (.values | length)] | all' >/dev/null ||
		fail "show --json --all: not all"
	ok "show --json"
else
	skip "show --json: no jq or no jansson"
fi
ok "show"

# --- files that are none ---

: >empty
echo 'this is no state at all, but a text' >text
head -c 65000000 /dev/zero >large
printf '\033[31m' >>large
head -c 3000000 /dev/zero >>large
for command in show restore; do
	refused state $command empty -- 'empty: ' 'state: 0 bytes are none'
	refused state $command text -- 'text: ' 'magic'
	refused state $command large -- 'large: is no saved vGPU' 'at most 64 MiB'
	refused state $command "$mptctl" -- "$mptctl: " 'magic'
done
# Cut anywhere, and any byte changed: refused with a sentence.
size=$(wc -c <part)
n=0
while [ $n -lt 40 ]; do
	at=$((n * size / 40))
	head -c $at part >short
	{ head -c $at part; printf '\377\000\177'; tail -c +$((at + 4)) part; } >changed
	for file in short changed; do
		cmp -s $file part && continue
		got=0
		"$mptctl" state show $file >"$out" 2>"$err" || got=$?
		case "$got $(cat "$out")$(cat "$err")" in
		"2 mptctl: $file: "*) ;;
		*) fail "$file at $at: exit status $got: $(cat "$out" "$err")" ;;
		esac
	done
	n=$((n + 1))
done
ok "damaged files are refused"
if [ -c /dev/full ]; then
	refused state save /dev/full -- '/dev/full: cannot write the state: No space left'
	got=0
	"$mptctl" state show part >/dev/full 2>"$err" || got=$?
	[ $got -eq 2 ] || fail "show to a full disk: exit status $got"
	ok "a full disk"
else
	skip "a full disk: no /dev/full"
fi
finish
