#!/bin/sh
# SPDX-License-Identifier: MIT
# Replays each fuzz target's corpus through the program built without a fuzzer: every input that
# once mattered is run again. A target without a corpus is a failure.
. "$(dirname "$0")/../tests/build/common.sh"

for target in ${MPT_FUZZ:?}; do
	corpus=$srcdir/fuzz/corpus/${target#fuzz/fuzz_}
	[ -d "$corpus" ] || fail "no corpus for $target"
	said=$("$builddir/$target" "$corpus") || fail "$target fails on its corpus"
	ok "$target: $said"
done
finish
