#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of mptctl(1) are run, and say what the page says: word by word, numbers aside.
. "$(dirname "$0")/lib/mptctl.sh"

if [ -n "$MPT_STATIC_BACKEND" ]; then
	echo "SKIP: $me: a static-backend build has no ledger and no other back end"
	exit 77
fi
for name in mock acrn-sim; do
	case " $MPT_BACKENDS " in
	*" $name "*) ;;
	*)
		echo "SKIP: $me: configured with --disable-backend-$name"
		exit 77
		;;
	esac
done
for tool in jq bash; do
	need $tool $tool
done
"$mptctl" types --json >"$out" 2>&1 || {
	echo "SKIP: $me: built without jansson"
	exit 77
}

# What the examples find.
PATH=$(dirname "$mptctl"):$PATH
BROKEN=track
export PATH BROKEN
for name in probe a b; do
	cp "$probe" $name.mmiotrace
done
{ head -n 200 "$probe"; echo 'MARK 1.0 cfg w 3 0x10 0x0'; } >cut.mmiotrace
module=$builddir/tests/.libs/broken_backend.so
[ ! -e "$module" ] || cp "$module" first.so

# From the page: a file of lines for each display, as a terminal shows them.
awk '/^\.Sh/ { on = $2 == "EXAMPLES" } on && /^\.Bd/ { n++; show = 1; next } /^\.Ed/ { show = 0 }
	on && show { gsub(/\\e/, "\\"); print >("display-" n) }' "$man"

# play FILE: its commands and what they say, one after the other, in one shell.
play()
{
	awk '/^\$ / || more { more = /\\$/; sub(/^\$ /, ""); printf "%s%s", $0, more ? "\n" : "\0" }' "$1" |
		bash -c 'while IFS= read -r -d "" command; do
			printf "$ %s\n" "$command"
			(exit "${status:-0}")
			eval "$command" 2>&1
			status=$?
		done' 2>/dev/null | grep -v '^broken: '
}

# Numbers are of that run; the page leaves out empty lines at ends.
plain()
{
	sed -E 's/0x[0-9a-f]+/N/g; s/[0-9]+(\.[0-9]+)?/N/g; s/ +/ /g; /^$/d' "$1"
}

n=1
while [ -e display-$n ]; do
	file=display-$n
	n=$((n + 1))
	if grep -q first.so $file && [ ! -e first.so ]; then
		skip "an example with a module: no modules in this build"
		continue
	fi
	play $file >said
	# Of a picture and a recording the page shows the command alone.
	if [ "$(grep -vc '^\$ \|^    --' $file)" -eq 0 ]; then
		says said 'healthy: '
		ok "example: $(head -n 1 $file)"
		continue
	fi
	plain $file >expected
	plain said >seen
	diff expected seen || fail "an example of mptctl.1 says something else: $(head -n 1 $file)"
	ok "example: $(head -n 1 $file)"
done
[ $n -gt 7 ] || fail "mptctl.1: only $((n - 1)) examples"
finish
