#!/bin/sh
# SPDX-License-Identifier: MIT
# The table of doc/igt.md, from the committed results of IGT runs, each failure with its reason from
# expect.txt.
#
#   table.sh                 prints doc/igt.md
#   table.sh --update OUT    first takes the results of check-guest-all or check-guest-igt from OUT,
#                            its folder of logs (tests/qemu/out in the build folder)
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)

if [ "${1-}" = --update ]; then
	mkdir -p "$here/results"
	for run in "$2"/igt-*/; do
		run=${run%/}
		name=${run##*/igt-}
		grep '^IGT ' "$run/results.txt" >"$here/results/${name#*-}.${name%%-*}.txt"
	done
	exec sh "$0" >"$here/../../../doc/igt.md"
fi

part()
{
	printf '\n## %s\n\n' "$1"
	shift
	awk -f "$here/table.awk" kind=expect "$here/expect.txt" kind=results "$@"
}

cat <<'END'
<!-- SPDX-License-Identifier: MIT -->
# IGT on a vGPU

Intel's own tests of its driver (IGT, Debian's igt-gpu-tools-tests), run by stock Debian kernels in
a stock QEMU on a vGPU of `mptctl serve`; the software GPU executes. No Intel GPU and no KVM are in
the machine. `make check-guest` runs the first list and a part of the second, `make check-guest-all`
all of both on each kernel. Made by `tests/qemu/igt/table.sh` from the results of such a run; do not
edit.

Two things are set for the second list, in the guest: `drm_kms_helper.fbdev_emulation=0`, since a
console is drawn through the aperture, a message to the vGPU every 8 bytes; and for tests that hang
the GPU but do not look at the record that the driver keeps of it, `error_capture=N`, for the same
reason. Seconds are those of a machine with two cores, without KVM.
END
part "The package's fast-feedback list (gem, core, i915, kms_addfb, prime)" \
	"$here"/results/fast-feedback.6.12.txt "$here"/results/fast-feedback.6.1.txt
part 'The further list (tests/qemu/igt/list.txt)' "$here"/results/list.6.12.txt \
	"$here"/results/list.6.1.txt
