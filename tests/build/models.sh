#!/bin/sh
# SPDX-License-Identifier: MIT
# The model of ACRN's request page (doc/models/ioreq.pml): each generation and ending holds, each of
# the defects that it knows is found. What the states and defects mean is said there.
. "$(dirname "$0")/common.sh"

need spin 'spin (Debian package spin)'
need "$CC" 'C compiler'
cp "$srcdir/doc/models/ioreq.pml" "$scratch/"
cd "$scratch" || exit 1

# checked CFLAG OPTION...: how many errors the checker finds, in $errors; none: it saw all states.
checked()
{
	cflag=$1
	shift
	rm -f pan pan.out
	spin "$@" -a ioreq.pml >spin.out 2>&1 || fail "spin $*: $(cat spin.out)"
	$CC -w "$cflag" -DSAFETY -DNOCLAIM -DMEMLIM=1024 -o pan pan.c >spin.out 2>&1 ||
		fail "the checker of $*: $(cat spin.out)"
	timeout 120 ./pan -m1000000 >pan.out 2>&1 ||
		fail "the checker of $* stopped: $(cat pan.out)"
	errors=$(sed -n 's/.* errors: \([0-9]*\)$/\1/p' pan.out)
	[ "${errors:-x}" != 0 ] || ! grep -q 'Search not completed\|max search depth' pan.out ||
		fail "not all states of $* were looked at: $(cat pan.out)"
}

holds()
{
	checked -O1 "$@"
	[ "$errors" = 0 ] || fail "$*: $(grep '^pan:' pan.out)"
	ok "$* holds in $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.out) states"
}

found()
{
	checked -O0 "$@"
	[ "${errors:-0}" -gt 0 ] || fail "$* is not found"
	ok "$*: $(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' pan.out)"
}

for gen in 0 1 2; do
	for ending in 0 1 2; do
		holds -DGEN=$gen -DENDING=$ending
	done
done
for defect in BIT_AFTER_COMPLETE UPCALL_LATE NO_DRAIN DRAIN_PROCESSING RANGES_LAST; do
	found -DGEN=1 -DENDING=1 -D$defect
done
found -DGEN=1 -DENDING=0 -DBIT_LATE -DSCAN
found -DGEN=1 -DENDING=2 -DRESET_EARLY
for gen in 0 1; do
	found -DGEN=$gen -DENDING=2 -DNOTIFY_TWICE
	found -DGEN=$gen -DENDING=2 -DNOTIFY_FIRST
done
finish
