#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints doc/igt.md: what the committed results of IGT runs (results/*.txt, the lines beginning with
# IGT of a run's results.txt) say, each failure with its reason from expect.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

part()
{
	printf '\n## %s\n\n' "$1"
	shift
	awk -f "$here/table.awk" kind=expect "$here/expect.txt" kind=results "$@"
}

cat <<'END'
# IGT on a vGPU

Intel's own tests of its driver (IGT, Debian's igt-gpu-tools-tests), run by stock Debian kernels in a
stock QEMU on a vGPU of `mptctl serve`; the software GPU executes. No Intel GPU and no KVM are in
the machine. Made by `tests/qemu/igt/table.sh` from the committed results; do not edit.
END
part "The package's fast-feedback list (gem, core, i915, kms_addfb, prime)" \
	"$here"/results/fast-feedback.*.txt
part 'The further list (tests/qemu/igt/list.txt)' "$here"/results/list.*.txt
