# shellcheck shell=sh disable=SC2034  # used by who sources it
# SPDX-License-Identifier: MIT
# Sourced by the scripts that test mptctl as it is installed: running it, looking at what it says.
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/build/common.sh"

: "${MPT_BACKENDS?}"
mptctl=$MPT_STAGE$MPT_BINDIR/mptctl
LD_LIBRARY_PATH=$MPT_STAGE$MPT_LIBDIR
export LD_LIBRARY_PATH
data=$srcdir/tests/data
probe=$data/i915-6.1-skl-probe.mmiotrace
man=$srcdir/doc/man/mptctl.1
out=$scratch/out err=$scratch/err
esc=$(printf '\033')
cd "$scratch" || exit 1
unset NO_COLOR
TERM=xterm
export TERM

# All commands, those of groups too, one a line: what mptctl itself says.
"$mptctl" complete -- '' | while read -r command; do
	"$mptctl" help "$command" | grep -q '^commands:' || {
		echo "$command"
		continue
	}
	"$mptctl" complete -- "$command" '' | sed "s/^/$command /"
done >commands
# takes OPTION COMMAND...: a command has an option.
takes()
{
	option=$1
	shift
	"$mptctl" help "$@" | grep -q "^  --$option\\>"
}

# skip TEXT: a part of this script cannot run here.
skip()
{
	echo "SKIP: $me: $*"
	[ -z "${MPT_TEST_TALLY:-}" ] || echo "$me 0 0 1" >>"$MPT_TEST_TALLY"
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

# status EXPECTED ARGUMENT...: runs mptctl.
status()
{
	expected=$1
	shift
	got=0
	"$mptctl" "$@" >"$out" 2>"$err" </dev/null || got=$?
	[ "$got" -eq "$expected" ] || {
		cat "$out" "$err" >&2
		fail "mptctl $*: exit status $got, not $expected"
	}
}

# has WHOLE TEXT
has()
{
	case $1 in
	*"$2"*) ;;
	*)
		printf '%s\n' "$1" >&2
		fail "'$2' is not in what was printed"
		;;
	esac
}

# says FILE TEXT...: it holds each of them.
says()
{
	held=$(cat "$1")
	shift
	for text; do
		has "$held" "$text"
	done
}

# refused ARGUMENT... -- TEXT...: exit status 2, nothing on standard output, one message with all
# the texts on standard error.
refused()
{
	n=$#
	asked=
	while [ "$1" != -- ]; do
		asked="$asked $1"
		set -- "$@" "$1"
		shift
		n=$((n - 1))
	done
	shift
	n=$((n - 1))
	# Now the n texts stand first, then the arguments.
	: >texts
	while [ "$n" -gt 0 ]; do
		printf '%s\n' "$1" >>texts
		shift
		n=$((n - 1))
	done
	status 2 "$@"
	[ ! -s "$out" ] || fail "mptctl$asked: prints beside the refusal"
	{ IFS= read -r line && ! IFS= read -r more && [ -z "$more" ]; } <"$err" ||
		fail "mptctl$asked: not one line on standard error: $(cat "$err")"
	has "$line" 'mptctl: '
	while IFS= read -r text; do
		has "$line" "$text"
	done <texts
	ok "refused:$asked"
}

