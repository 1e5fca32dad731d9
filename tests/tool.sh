#!/bin/sh
# SPDX-License-Identifier: MIT
# mptctl as a user has it, installed: help, refusals with what is known, bad traces, exit statuses,
# everything that it writes, and its manual page.
. "$(dirname "$0")/lib/mptctl.sh"

# --- help and refusals of the command line: no back end is needed ---

status 0 --help
says "$out" 'usage: mptctl COMMAND' 'exit status' ' run ' ' backends ' ' types '
[ ! -s "$err" ] || fail "--help writes to standard error"
cp "$out" help
status 0 help
cmp -s "$out" help || fail "help is not --help"
status 0 --version
grep -Eqx 'mptctl [0-9]+\.[0-9]+\.[0-9]+ \(libmpt [0-9.]+\)' "$out" ||
	fail "--version: $(cat "$out")"
status 2
says "$err" 'usage: mptctl COMMAND'
[ ! -s "$out" ] || fail "usage on standard output"
while read -r command; do
	# shellcheck disable=SC2086  # words
	set -- $command
	status 0 "$@" --help
	says "$out" "usage: mptctl $command" '--help'
	[ "$(awk 'length > 80' "$out")" = '' ] || fail "$command --help: more than 80 columns"
	[ "$command" = help ] || says "$out" 'exit status: '
	cp "$out" one.help
	status 0 "$@" -h
	cmp -s "$out" one.help || fail "$command: -h is not --help"
	status 0 help "$@"
	cmp -s "$out" one.help || fail "$command: help $command is not --help"
	refused "$@" --no-such -- "$command: unknown option" "'--no-such'" 'known: --help'
	refused "$@" --hepl -- "'--hepl' (did you mean --help? mptctl $command --help)"
	refused "$@" -x -- "unknown option '-x'" 'known: --help'
	refused "$@" --help=3 -- "'--help=3': the option takes no value"
	if takes json "$@"; then
		refused "$@" --json=3 -- "'--json=3': the option takes no value"
	fi
	[ "$command" = help ] || [ "$command" = matrix ] || refused "$@" word word word -- "unexpected argument 'word'"
done <commands
ok "help and version"
refused no-such -- "unknown command 'no-such'" 'known: run, serve, '
refused rum -- "unknown command 'rum' (did you mean run? mptctl --help)"
refused --verison -- "unknown option '--verison' (did you mean --version? mptctl --help)"
refused -x -- "unknown option '-x' (known: --help, --version; mptctl --help)"
refused help no-such -- "unknown command 'no-such'" 'known: run, serve, '
refused help run no-such -- 'help: run has no commands'
refused run --trce x -- "unknown option '--trce' (did you mean --trace? mptctl run --help)"
refused run --re x -- "'--re' may be any of --registers, --record"
refused complete -- 'WORD is needed'
refused run --trace -- "'--trace' needs a value"
refused run --low 1Q -- "--low: '1Q' is not a number" 'K, M, G or T'
refused run --low -1 -- "--low: '-1' is not a number"
refused run --low '' -- "--low: '' is not a number"
refused run --low 99999999999999999999 -- 'is not a number'
refused run --memory 99999999T -- 'is not a number'
refused run --low 64M -- 'go together'
refused run --low 0 --high 384M --fence 4 -- '--low is a size from 1M to 1G, not 0'
refused run --low 64M --high 5G --fence 4 -- '--high is a size from 1M to 4G, not 5G'
refused run --low 64M --high 384M --fence 33 -- '--fence is a number from 1 to 32, not 33'
refused run --memory 1M -- '--memory is a size from 64M to 64T, not 1M'
refused run --type 8 --low 64M --high 384M --fence 4 -- 'exclude each other'
refused run --record x --trace "$probe" --trace "$probe" -- '--record takes one trace, not 2'
refused run --guest nobody -- "no guest 'nobody' (known: synthetic)"
refused run --guest synthetic --trace "$probe" -- '--guest excludes --trace'
refused run --guest synthetic --registers -- '--guest excludes --trace, --record, --plot and'
refused types --aperture 0 -- '--aperture is a size from 256M to 1G, not 0'
refused serve -- '--socket PATH is needed'
refused serve --socket '' -- 'the path is empty'
refused serve --socket a,b -- 'no comma'
refused serve --socket no-such/x -- 'folder no-such: No such file'
refused serve --socket "$(printf '%0108d' 0)" -- '108 bytes' 'at most 107'
refused serve --socket "$(printf '%0106d' 0)" --vgpus 2 -- '108 bytes'
: >no-socket
refused serve --socket no-socket -- 'exists and is no socket'
refused serve --socket x --vgpus 0 -- '--vgpus is a number from 1 to 7, not 0'
refused serve --socket x --vgpus 8 -- '--vgpus is a number from 1 to 7, not 8'
refused serve --socket x --aperture 0 -- '--aperture is a size from 256M to 1G, not 0'
refused serve --socket x --backend mock -- 'only vfio-user has sockets'
refused serve --socket x --backend check,mock:seed=1 -- 'only vfio-user has sockets'

# --- what needs the mock ---

if [ -n "$MPT_STATIC_BACKEND" ]; then
	refused run --backend check,mock -- 'static back end'
	refused run --backend no-such -- 'static back end'
else
	refused run --backend no-such -- "no back end 'no-such'" 'layers: check, fault'
	refused run --backend no-such,mock -- 'layers: check, fault'
	refused types --backend no-such -- "no back end 'no-such'" 'layers: check, fault'
fi
case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	status 0 backends
	case $MPT_BACKENDS in
	*[a-z]*) says "$out" 'usable' ;;
	*) says "$out" 'no back end is built in' ;;
	esac
	skip "all that needs the mock: configured with --disable-backend-mock"
	finish
	exit 0
	;;
esac

[ -n "$MPT_STATIC_BACKEND" ] || refused run --backend no-such -- 'back ends: mock'
refused run --backend mock:no-such=1 -- "unknown option 'no-such'" 'known: phys-bits, seed' 'trap'
refused run --backend mock:trap=never -- "option trap: 'never' is not one of before, after"
refused run --backend mock:contig -- 'option contig has no value' 'yes or no'
refused run --backend mock:phys-bits=99 -- 'a number from 32 to 46'
refused run --type 3 -- "no type '3'" 'known: GVTg_V5_8, GVTg_V5_4, GVTg_V5_2, GVTg_V5_1'
refused run --low 1G --high 4G --fence 4 -- 'largest free piece is 3072 MiB'
refused types --aperture 300M -- '256 MiB, 512 MiB or 1 GiB'
refused types --platform xe -- 'no platform "xe"' 'known: skl, bdw, kbl, bxt, cfl'
refused run --platform SKL -- 'no platform "SKL"' 'known: skl, bdw, kbl, bxt, cfl'
if [ -z "$MPT_STATIC_BACKEND" ]; then
	refused run --backend fault=no-such:1,mock -- "unknown operation 'no-such'" 'OP one of any'
	refused run --backend fault=attach_vgpu:1,mock -- 'attach_vgpu: failed on request'
fi

status 0 backends
says "$out" 'mock' '  usable' 'capabilities: page-track' 'before|after' 'layers, in front'
status 0 types
says "$out" GVTg_V5_8 GVTg_V5_1 '1024x768'
status 0 types --aperture 256M
says "$out" GVTg_V5_2
! grep -q GVTg_V5_1 "$out" || fail "types: a type larger than the aperture"
for platform in bdw kbl bxt cfl; do
	status 0 types --platform $platform
	status 0 run --platform $platform
	says "$out" 'unknown registers   0 (0 accesses)' 'healthy:'
done
status 0 types --platform bdw
says "$out" GVTg_V4_8 GVTg_V4_1
! grep -q GVTg_V5 "$out" || fail "types: a Broadwell with types of gen9"
status 0 types --platform cfl
says "$out" GVTg_V5_8
# A given platform counts more than the trace's.
status 0 run --platform kbl --trace "$probe"
says "$out" 'healthy:'
ok "backends, types and platforms"

case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' vfio-user '*)
	# The same guests, each access a message on a socket.
	status 0 run --backend vfio-user --trace "$probe"
	says "$out" 'unknown registers   0 (0 accesses)' '0 violations' 'healthy:'
	status 0 run --backend vfio-user --guest synthetic
	says "$out" 'gt-reset            passed' '0 violations' 'healthy:'
	ok "runs over vfio-user"
	;;
esac

case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' acrn-sim '*)
	# And each access that traps a vCPU's request in the page that ACRN has for it.
	for spec in check,acrn-sim acrn-sim:vcpus=1,profile=2019; do
		status 0 run --backend "$spec" --trace "$probe"
		says "$out" 'unknown registers   0 (0 accesses)' '0 violations' 'healthy:'
	done
	status 0 run --backend check,acrn-sim --guest synthetic
	says "$out" 'gt-reset            passed' '0 violations' 'healthy:'
	ok "runs over acrn-sim"
	;;
esac
case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' kvm-stub '*)
	status 0 run --backend check,kvm-stub --guest synthetic
	says "$out" 'gt-reset            passed' '0 violations' 'healthy:'
	ok "runs over kvm-stub"
	;;
esac
case " $MPT_BACKENDS " in
*' acrn '*)
	if [ -z "$MPT_STATIC_BACKEND" ] && [ ! -e /dev/acrn_hsm ]; then
		refused run --backend acrn -- 'no /dev/acrn_hsm'
		status 0 backends
		says "$out" 'declined: acrn: no /dev/acrn_hsm'
		ok "no ACRN here, and it says so"
	fi
	;;
esac

json=yes
got=0
"$mptctl" run --json >"$out" 2>"$err" || got=$?
if [ "$got" -eq 2 ] && grep -q 'built without jansson' "$err"; then
	json=no
	for command in serve\ --socket\ x backends types; do
		# shellcheck disable=SC2086  # words
		refused $command --json -- 'built without jansson'
	done
fi

# --- bad traces: nothing is written, not even over what was there ---

# bad NAME TEXT...: the trace of that name.
bad()
{
	name=$1
	shift
	echo old >old
	rm -f new.svg
	refused run --trace "$name" --record old --plot new.svg -- "$name:" "$@"
	[ "$(cat old)" = old ] || fail "$name: the recording was written"
	[ ! -e new.svg ] || fail "$name: the picture was written"
	[ $json = no ] || refused run --json --trace "$name" -- "$name:" "$@"
}

head -n 200 "$probe" >start
: >empty
bad empty ':1: expected a record'
{ cat start; echo 'R 4 0xc0002080 0x0'; } >malformed
bad malformed ':201: expected the time' 'in a R record'
{ cat start; echo 'MARK 1.0 cfg w 3 0x10 0x0'; } >malformed-cfg
bad malformed-cfg ':201: expected the width (1, 2 or 4)'
head -c 20001 "$probe" >truncated
bad truncated ":$(wc -l <truncated | awk '{ print $1 + 1 }'): expected"
{ cat start; head -c 1048576 /dev/zero | tr '\0' x; } >huge
bad huge ':201: expected a line of at most 8192 bytes'
{ cat start; head -c 100 /dev/zero; echo; } >nul
bad nul ':201: expected text, found a NUL byte'
grep -v PCIDEV start >no-device
bad no-device 'expected a PCIDEV line'
sed '/^PCIDEV/s/ 10000000 / 8000000 /' start >aperture
bad aperture ':2: expected a BAR2 (aperture) of 256, 512 or 1024 MiB' '0x8000000'
long=$(printf '%0200d' 0)
cp malformed "$long"
bad "$long" ':201: expected the time'
cp malformed 'with space'
bad 'with space' ':201: expected'
refused run --trace no-such -- 'no-such: No such file'
mkdir folder
refused run --trace folder -- 'folder:' 'Is a directory'
cp start self
refused run --trace self --record self -- 'is a trace that is read'
refused run --trace self --plot ./self -- 'is a trace that is read'
cmp -s start self || fail "a trace was written over"
# The first is replayed, but what is written at the end is not.
for option in --plot=new.svg --json; do
	status 2 run --trace start --trace malformed $option
	[ ! -e new.svg ] || fail "one of two traces is bad, and the picture was written"
	[ $option != --json ] || [ ! -s "$out" ] ||
		fail "one of two traces is bad, and JSON was written"
	[ $json$option = no--json ] || says "$err" 'malformed:201: expected'
done

# --- healthy and not ---

for kernel in 6.1 6.12; do
	trace=$data/i915-$kernel-skl-probe.mmiotrace
	status 0 run --trace "$trace" --record "rec-$kernel"
	says "$out" "$trace" 'aperture 64 MiB at 0, hidden 128 MiB at 256 MiB, 4 fences' \
		'unknown registers   0 (0 accesses)' 'healthy: '
	[ -n "$MPT_STATIC_BACKEND" ] || says "$out" ' 0 violations, 0 left at detach'
	[ -z "$MPT_STATIC_BACKEND" ] || says "$out" 'no ledger in this build'
	[ ! -s "$err" ] || fail "$kernel: writes to standard error: $(cat "$err")"
	status 0 run --trace "rec-$kernel" --record "rec2-$kernel"
	says "$out" '; 0 reads differ' 'healthy: '
	cmp "rec-$kernel" "rec2-$kernel" || fail "$kernel: a recording replays into another one"
	ok "probe $kernel is healthy, its recording too"
done
status 0 run --record rec-none
says "$out" '9 accesses' 'healthy: '
status 0 run --trace rec-none
says "$out" '9 accesses; 0 reads differ' 'healthy: '
ok "a recording without a trace"
status 0 run --trace "$probe" --registers
[ "$(grep -c ' 0x[0-9a-f]\{6\} ' "$out")" -gt 500 ] || fail "--registers: not all registers"
for type in 8 4 GVTg_V5_2; do
	status 0 run --trace "$probe" --type $type
done
status 0 run --trace "$probe" --low 64M --high 0x18000000 --fence 4
says "$out" 'hidden 384 MiB at 256 MiB'
# No octal, units of both cases, a value behind = as well.
status 0 run --low=064M --high 0X180m --fence 08
says "$out" 'aperture 64 MiB at 0, hidden 384 MiB' '8 fences'
for spec in mock:trap=after mock:contig=no; do
	status 0 run --trace "$probe" --backend $spec
done
refused run --platform no-such -- 'no platform "no-such" (known: '
status 0 run --platform skl
ok "types, sizes, back ends"

status 0 run --guest synthetic
shapes=3
[ -z "$MPT_STATIC_BACKEND" ] || shapes=2
[ "$(grep -c 'healthy: ' "$out")" -eq $shapes ] || fail "--guest: not $shapes shapes of the mock"
[ -n "$MPT_STATIC_BACKEND" ] || says "$out" 'on mock:track=no'
says "$out" 'synthetic guest on mock' 'on mock:trap=after' 'step, 4 levels' \
	'step, 3 levels' 'teardown            passed'
! grep -Eq 'FAILED|skipped|not run' "$out" || fail "--guest: a healthy run without all steps"
status 0 run --guest synthetic --backend mock:contig=no --type 4 --memory 96M
[ "$(grep -c 'healthy: ' "$out")" -eq 1 ] || fail "--guest: --backend names one"
if [ -z "$MPT_STATIC_BACKEND" ]; then
	# Its first page of the GGTT cannot be mapped: what it stores there does not arrive.
	status 1 run --guest synthetic --backend fault=dma_map_guest_page:2,check,mock
	says "$out" 'FAILED' 'errors              1, the first: guest with 4 levels: ggtt: ' \
		'expected what was' 'not run' 'NOT healthy'
	# Each step passes, but a page stays tracked.
	status 1 run --guest synthetic --backend fault=disable_page_track:1,check,mock
	says "$out" 'guest with 4 levels: leaves 0 DMA mappings and ' 'NOT healthy'
fi
ok "the synthetic guest"

sed 2q "$probe" >device
{ cat device; echo 'W 4 1.0 1 0xc000229c 0x2000200 0x0 0'; } >failsafe
{ cat device; echo 'W 1 1.0 1 0xc0800003 0x1 0x0 0'; } >error
status 1 run --trace failsafe
says "$out" 'failsafe            unsupported guest' 'NOT healthy'
status 1 run --trace error
says "$out" 'errors              1, the first: write of 0xc0800003: -EINVAL' 'NOT healthy'
# The worst of several counts, whatever the order.
status 1 run --trace error --trace "$probe"
[ "$(grep -c 'healthy' "$out")" -eq 2 ] || fail "two traces, not two verdicts"
if [ -z "$MPT_STATIC_BACKEND" ]; then
	status 1 run --backend check,fault=set_trap_area:2,mock
	says "$out" 'left in the ledger  the trap of 0x1000000 bytes from 0xc0000000 of vGPU' 'NOT healthy'
fi
ok "exit status 1"

# --- the picture ---

if have xmllint; then
	xml='xmllint --noout'
elif have python3; then
	xml="python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])'"
else
	xml=
	skip "whether the picture is well-formed: neither xmllint nor python3"
fi
# picture TRACE...
picture()
{
	rm -f p.svg
	set -- "$@" --plot p.svg
	status 0 run "$@"
	says p.svg '<svg' '</svg>' 'GTT'
	[ -z "$xml" ] || eval "$xml p.svg" || fail "the picture is not well-formed"
}
picture --trace "$probe"
says p.svg '3,050' '3,662'
# XML has no control characters, and < is its own.
odd=$(printf 'a<b>&"\001\351')
cp "$probe" "$odd"
picture --trace "$odd"
picture --trace "$probe" --trace rec-6.12
rm -f p.svg
status 0 run --plot p.svg
[ -z "$xml" ] || eval "$xml p.svg" || fail "without a trace: the picture is not well-formed"
ok "--plot"

# --- JSON ---

if [ $json = no ]; then
	skip "--json: built without jansson"
elif have python3; then
	status 1 run --json --trace "$probe" --trace error --trace "$odd" --plot p.svg
	python3 - "$out" <<'END' || fail "--json: not what was to be"
import json, sys
runs = json.load(open(sys.argv[1]))
assert [r["healthy"] for r in runs] == [True, False, True]
good, bad, odd = runs
assert good["unknown_registers"] == 0 and good["vgpu"]["ggtt_writes"] > 200 and good["msi"] > 0
counted = ["submissions", "completed", "preempted", "hung", "units"]
counted += ["ppgtt_" + n for n in "spaces tables tracked untracked mapped scratch".split()]
assert all(good["vgpu"][n] >= 0 for n in counted)
assert good["accesses"] == sum(c["reads"] + c["writes"] for c in good["classes"])
assert good["ledger"] is None or good["ledger"]["left"] == 0 == sum(good["ledger"]["live"].values())
assert bad["errors"] == 1 and bad["first_error"].startswith("write of 0xc0800003")
assert odd["run"].startswith('a<b>&"') and odd["vgpu"] == good["vgpu"]
END
	status 0 run --json --guest synthetic
	python3 - "$out" $shapes <<'END' || fail "--guest --json: not what was to be"
import json, sys
runs = json.load(open(sys.argv[1]))
shapes = ["mock", "mock:trap=after", "mock:track=no"]
assert [r["run"].split()[-1] for r in runs] == shapes[:int(sys.argv[2])]
for r in runs:
    assert r["healthy"] and [g["levels"] for g in r["guest"]] == [4, 3]
    for g in r["guest"]:
        assert g["why"] == "" and g["dma_left"] == g["tracked_left"] == 0
        assert {s["result"] for s in g["steps"]} == {"passed"} and len(g["steps"]) > 15
        assert set(g["batches"]) == {"rcs", "bcs", "vcs", "vecs"}
        assert min(g["batches"].values()) > 50 and g["events"] > g["submissions"] > 300
END
	for command in backends types; do
		status 0 "$command" --json
		python3 -m json.tool "$out" >/dev/null || fail "$command --json: not JSON"
	done
	ok "--json"
elif have jq; then
	status 1 run --json --trace "$probe" --trace error --trace "$odd"
	[ "$(jq -c '[.[].healthy]' "$out")" = '[true,false,true]' ] ||
		fail "--json: not what was to be"
	for command in backends types; do
		status 0 "$command" --json
		jq . "$out" >/dev/null || fail "$command --json: not JSON"
	done
	ok "--json"
else
	skip "whether --json is JSON: neither python3 nor jq"
fi

# --- terminals ---

status 0 run --trace "$probe"
! grep -q "$esc" "$out" || fail "escape sequences in a file"
status 2 run --trace malformed
! grep -q "$esc" "$err" || fail "escape sequences in the errors in a file"
# on_terminal FILE COMMAND: what a terminal would get.
on_terminal()
{
	script -qec "$2" /dev/null >"$1" 2>&1 </dev/null || fail "on a terminal: $2: $(cat "$1")"
}
if have script && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	on_terminal tty "'$mptctl' run --trace '$probe'"
	says tty "${esc}[1m" "${esc}[32m" 'replay [' '%'
	on_terminal tty "NO_COLOR=1 '$mptctl' run --trace '$probe'"
	! grep -q "$esc\\[[0-9;]*m" tty || fail "colours in spite of NO_COLOR"
	says tty 'replay ['
	on_terminal tty "TERM=dumb '$mptctl' backends"
	! grep -q "$esc\\[[0-9;]*m" tty || fail "colours on a dumb terminal"
	# Standard output is what matters to the report, standard error to the bar.
	on_terminal tty "'$mptctl' run --trace '$probe' >file"
	! grep -q "$esc" file || fail "escape sequences in a file, started from a terminal"
	says tty 'replay ['
	on_terminal tty "'$mptctl' run --trace '$probe' 2>file"
	[ ! -s file ] || fail "the bar in a file"
	ok "colours and the bar on a terminal only"
else
	skip "colours and the bar on a terminal: no script(1)"
fi

# --- a full disk ---

if [ -c /dev/full ]; then
	refused run --trace "$probe" --record /dev/full -- '/dev/full: cannot record: No space left'
	[ $json = no ] ||
		refused run --json --plot /dev/full -- \
			'/dev/full: cannot write the picture: No space'
	refused run --record no/such/folder -- 'no/such/folder: No such file'
	status 2 run --plot /dev/full
	says "$err" '/dev/full: cannot write the picture: No space left'
	for command in "run --trace $probe" run backends types --help; do
		got=0
		# shellcheck disable=SC2086  # a list
		"$mptctl" $command >/dev/full 2>"$err" || got=$?
		[ "$got" -eq 2 ] || fail "$command to a full disk: exit status $got"
		says "$err" 'mptctl: standard output: No space left'
	done
	# A reader that has enough is no failure, also where the signal is held back.
	got=0
	(trap '' PIPE; "$mptctl" backends; echo $? >got) 2>"$err" | : || got=$?
	[ "$(cat got "$err")" = 0 ] || fail "to a closed pipe: $(cat got "$err")"
	ok "a full disk, a closed pipe"
else
	skip "a full disk: no /dev/full"
fi

# --- the manual page ---

if have mandoc; then
	got=0
	mandoc -Tlint -W warning "$man" >lint || got=$?
	if [ "$got" -ne 0 ] || [ -s lint ]; then
		fail "mptctl.1: mandoc complains: $(cat lint)"
	fi
	ok "mandoc has nothing to say"
else
	skip "the lint of mptctl.1: no mandoc"
fi
# Each section on a command lists its options as .It Fl -NAME, and the completion offers them.
while read -r command; do
	# shellcheck disable=SC2086  # words
	"$mptctl" help $command | sed -n 's/^  --\([a-z-]*\).*/\1/p' | sort >in-help
	awk -v command="$command" '/^\.Ss/ { on = substr($0, 5) == command }
		on && /^\.It Fl -/ { sub("-", "", $3); print $3 }' "$man" | sort >in-man
	# shellcheck disable=SC2086  # words
	"$mptctl" complete -- $command -- | sed 's/^--//' | sort >in-completion
	[ -s in-help ] || fail "$command: no options in its help"
	diff in-help in-man || fail "$command: help and manual page do not agree"
	diff in-help in-completion || fail "$command: help and completion do not agree"
	ok "options of $command in the manual page and in the completion"
done <commands
sort commands >in-tool
sed -n 's/^\.Ss \([a-z]\)/\1/p' "$man" | sort >in-man
diff in-tool in-man || fail "mptctl.1: not a section for each command"
finish
