#!/bin/sh
# SPDX-License-Identifier: MIT
# The completion of mptctl as bash has it: its file is sourced as it is installed, COMPREPLY is what
# it offers. That each option of each command is offered is in tool.sh.
. "$(dirname "$0")/lib/mptctl.sh"

need bash bash
file=$(find "$MPT_STAGE" -name mptctl -path '*completions*')
[ -n "$file" ] || {
	echo "SKIP: $me: configured with --without-bash-completion"
	exit 77
}
PATH=$(dirname "$mptctl"):$PATH
export PATH file
cat >ask <<'END'
. "$file"
# A line with the cursor behind it, cut into words as bash does it.
COMP_LINE=$1 COMP_POINT=${#1}
mapfile -t COMP_WORDS < <(printf '%s' "$1" | sed 's/[:=]/ & /g' | tr -s ' ' '\n')
[[ $1 != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mptctl mptctl "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
echo "${COMPREPLY[*]}"
END

# offers LINE EXPECTED
offers()
{
	bash --norc ask "$1" >"$out" 2>"$err" || fail "$1: bash: $(cat "$err")"
	[ ! -s "$err" ] || fail "$1: $(cat "$err")"
	[ "$(cat "$out")" = "$2" ] || fail "$1: offers '$(cat "$out")', not '$2'"
	ok "$1"
}

bash --norc ask 'mptctl ' | tr ' ' '\n' >"$out"
cut -d ' ' -f 1 commands | uniq | diff - "$out" || fail "not the commands"
offers 'mptctl r' run
offers 'mptctl --' '--version --help'
offers 'mptctl no-such ' ''
offers 'mptctl help se' serve
offers 'mptctl run --re' '--record --registers'
offers 'mptctl run --json --g' --guest
offers 'mptctl run --guest ' synthetic
offers 'mptctl run --guest=' synthetic
offers 'mptctl run --trace ask --platform b' 'bdw bxt'
: >trace.mmiotrace
: >'trace two'
offers 'mptctl run --trace trac' 'trace.mmiotrace trace two'
offers 'mptctl run --trace=trace.' trace.mmiotrace
offers 'mptctl run --no-such ' ''

# Back ends as this build has them.
if [ -n "$MPT_STATIC_BACKEND" ]; then
	only=${MPT_STATIC_BACKEND##*MPT_STATIC_BACKEND=}
	offers 'mptctl run --backend ' "${only%% *}"
else
	# shellcheck disable=SC2086  # a list
	set -- $MPT_BACKENDS check, fault, stats, trace,
	offers 'mptctl run --backend ' "$*"
fi
offers 'mptctl types --backend ./trac' './trace.mmiotrace ./trace two'
mkdir -p folder
: >folder/foo.so
offers 'mptctl types --backend folder/' folder/foo.so
[ -n "$MPT_STATIC_BACKEND" ] ||
	offers 'mptctl types --backend check,folder/' check,folder/foo.so
case " $MPT_BACKENDS " in
*' mock '*)
	offers 'mptctl run --backend mo' mock
	offers 'mptctl run --backend=mo' mock
	offers 'mptctl run --backend mock:tra' 'trap= track= trap-area='
	offers 'mptctl run --backend mock:trap=' 'before after'
	offers 'mptctl run --backend=mock:trap=a' after
	offers 'mptctl run --backend mock:trap=after,pi' 'after,pins= after,pin='
	offers 'mptctl run --backend mock:contig=' 'yes no'
	offers 'mptctl run --type ' '8 4 2 1'
	[ -n "$MPT_STATIC_BACKEND" ] || offers 'mptctl run --backend check,mock:trap=b' before
	# All options of a back end, as `mptctl backends` tells them.
	"$mptctl" backends | awk '/^[a-z]/ { at = $1 == "mock:"; on = 0 }
		on && /^    [a-z]/ { print $1 "=" }
		at && /^  options/ { on = 1 }' >in-backends
	"$mptctl" complete -- run --backend mock: | sed -n 's/^mock://p' >in-completion
	[ -s in-backends ] || fail "mock: backends tells no options"
	diff in-backends in-completion || fail "mock: backends and completion do not agree"
	ok "options of a back end"
	;;
*)
	skip "options of the mock: configured with --disable-backend-mock"
	;;
esac
finish
