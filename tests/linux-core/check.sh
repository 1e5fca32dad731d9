#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-linux-core: builds an unmodified Linux GVT core for user space, ties it to libmpt and
# runs the scenarios of this folder over several back ends and layers. The kernel around it is ours
# (compat/linux-gvt/) and its own lib/. What is taken from the environment is in tests/lib/linux.sh;
# and from make:
#
#   BUILD=DIR          where libmpt.la is
#   LIBTOOL=COMMAND    of the same build
#   CC=COMMAND         the compiler of what sees no kernel header
#
# Then the differential test of diff/: the same guests on this core and on libmpt-gvt. Generated
# ones are from fixed seeds; another is tried with SEED=N, STEPS=N of it, over the host DIFF_SPEC.
# With VERBOSE=1 each step is shown before it is done, and what the core has to say.
#
# Exit status: 0 all passed, 1 something failed or a tool is missing, 77 no source can be had here.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../.." && pwd) || exit 1
me=check-linux-core
packages=$top/tests/linux-headers/packages
ours=${CC:-gcc}
libtool=${LIBTOOL:-libtool}
build_dir=${BUILD:?}
skipped=0
. "$top/tests/lib/linux.sh"
. "$here/core.sh"

# The list of stubs is complete and short: nothing else is missing, none of it is there.
assemble()
{
	with_kernel && with_libc -O1 "$kernel/libc.c" "$kernel/memory.c" "$kernel/mutex.c" \
		"$kernel/stubs.c" "$kernel/trap.c" "$here/defects.c" "$here/fail.c" \
		"$here/life.c" "$here/ppgtt.c" "$here/rig.c" "$here/space.c" "$here/walk.c" \
		"$here/wrong.c" &&
		link_core "$work/linux-core" "$work/glue.o" "$work"/libc-*.o
}

# Both cores in one program. The linker leads the tables of operations through the recorder.
build_diff()
{
	for file in "$here"/diff/*.c; do
		[ "${file##*/}" != table.c ] || continue
		$ours -std=gnu11 -O1 -g -Wall -Wextra -Werror -fno-pie -iquote "$kernel" \
			-I"$top/include" -I"$top" -c -o "$work/diff-$(basename "$file" .c).o" "$file" ||
			return 1
	done
	# shellcheck disable=SC2046,SC2086 # lists of names
	(cd "$build" && $libtool --silent --tag=CC --mode=link $ours -XCClinker -no-pie \
		-Wl,--wrap=mpt_foreign_table -Wl,--wrap=mpt_host_table -o "$work/diff" \
		"$work/glue.o" "$work/kernel.o" "$work/device.o" "$work"/diff-*.o "$work/libc-libc.o" \
		"$work/libc-memory.o" "$work/libc-mutex.o" "$work/libc-trap.o" "$work/libc-stubs.o" \
		$(core_files | sed 's/c$/o/') $borrowed "$build_dir/libmpt-gvt-core.la" \
		"$build_dir/libmpt-core.la" -lpthread)
}

diff_table_told()
{
	$ours -Wall -Wextra -Werror -o "$work/table" "$here/diff/table.c" &&
		"$work/table" | diff "$top/doc/linux-core-diff.md" -
}

# A core that says that it stores and does not: the store of a guest is lost, which the scenario
# has to see.
claims_to_store()
{
	with_kernel_headers "$work/claims.o" "$kernel/glue.c" \
		-DLINUX_GVT_FLAGS=MPT_FOREIGN_STORES &&
		link_core "$work/claims" "$work/claims.o" "$work"/libc-*.o || return 1
	if "$work/claims" mock 'a store to a page table' >"$work/claims.log"; then
		echo "the scenario passes without the library's store"
		return 1
	fi
	grep '^not ok' "$work/claims.log"
}

# Runs all scenarios over one host and adds its counts to ours.
scenarios() # SPEC
{
	run_counted "$1" "$work/linux-core" "$1"
}

run_counted() # NAME COMMAND...
{
	name=$1
	shift
	timeout 300 "$@" >"$work/run.log" 2>&1
	status=$?
	grep -v '^finding: ' "$work/run.log"
	grep '^finding: ' "$work/run.log" >>"$work/findings"
	counts=$(sed -nE 's/.*: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' \
		"$work/run.log")
	if [ -z "$counts" ] || [ $status -gt 1 ]; then
		result 1 "$name: the program ended with status $status"
		return
	fi
	# shellcheck disable=SC2086 # three numbers
	set -- $counts
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
}

# What is known of the core is written down, and what is written down is still so.
findings_told()
{
	sort -u "$work/findings" | sed 's/^finding: //' >"$work/found"
	# shellcheck disable=SC2016 # the backquotes are the document's
	sed -n 's/^| `\([a-z_0-9]*\.c\)` | \([^|]*\) |.*/\1: \2/p' "$top/doc/linux-core.md" |
		sed 's/ *$//' | sort -u >"$work/told"
	diff "$work/told" "$work/found"
}

need_tools
open_cache
find_source
prepare
compile
prove "every file of the core was compiled" test "$(core_files | wc -l)" -eq 22
prove "Kbuild's command for gtt.c is known" take_flags
prove "the kernel's own lib/ and drm_mm" borrow
prove "the core is linked with libmpt, a kernel and nothing else" assemble
: >"$work/findings"
if [ -x "$work/linux-core" ]; then
	for spec in mock check,fault,mock mock:trap=after check,fault,mock:trap=after \
		"check,stats,trace=$work/run.mpt,mock" check,mock:map=no,trap-area=no \
		kvm-stub check,fault,kvm-stub acrn-sim check,fault,acrn-sim vfio-user check,fault,vfio-user; do
		scenarios "$spec"
	done
	prove "a core that does not store is found out where nobody does" claims_to_store
	prove "doc/linux-core.md lists what was found, and no more" findings_told
	sort -u "$work/findings"
fi
prove "the core and libmpt-gvt in one program" build_diff
if [ -x "$work/diff" ]; then
	# shellcheck disable=SC2086 # no argument, or three
	run_counted diff "$work/diff" ${SEED:+${DIFF_SPEC:-mock:contig=no} $SEED ${STEPS:-}}
fi
prove "doc/linux-core-diff.md is the table of what differs" diff_table_told
if can_compare; then
	prove "the core is linked beside ours" speed_program
else
	skipped=$((skipped + 1))
	echo "skip the core beside ours: this build makes no shared library"
fi
if [ -x "$work/speed" ]; then
	prove "both do the work of each row that is timed" "$work/speed" --short
	prove "work that is not done is noticed" "$work/speed" --idle
fi
prove "no file of the core changed" unchanged
echo "check-linux-core: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
