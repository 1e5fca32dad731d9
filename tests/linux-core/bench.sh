#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-linux-core: an unmodified Linux GVT core and ours, timed side by side in one process. The
# table goes to the standard output and, between two marks, into a document; the same for machines
# into a file. What is taken from the environment is in tests/lib/linux.sh; and from make:
#
#   BUILD=DIR, LIBTOOL=COMMAND, CC=COMMAND    as in check.sh
#   JSON=FILE          for machines
#   DOCUMENT=FILE      the document; nothing is written where it cannot be
#
# Exit status: 0 ours is within the limit in each row, 1 it is not, or something failed, 77 no
# source can be had here.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../.." && pwd) || exit 1
me=bench-linux-core
packages=$top/tests/linux-headers/packages
ours=${CC:-gcc}
libtool=${LIBTOOL:-libtool}
build_dir=${BUILD:?}
. "$top/tests/lib/linux.sh"
. "$here/core.sh"

machine()
{
	printf '%s, %s processors; kernel compiled by %s, ours by %s; source of Linux %s\n' \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
		"$($cc -dumpfullversion)" "$($ours -dumpfullversion)" \
		"$(cat "$build/include/config/kernel.release")"
}

# What is between the marks is replaced.
into_document()
{
	{
		machine
		echo
		cat "$work/table.md"
	} >"$work/part" && awk -v part="$work/part" '
		/^<!-- end of the table -->$/ { inside = 0 }
		!inside { print }
		/^<!-- table: / {
			print ""
			while ((getline line <part) > 0)
				print line
			print ""
			inside = 1
		}' "$DOCUMENT" >"$work/document" && cat "$work/document" >"$DOCUMENT"
}

can_compare || die "the two cores need a shared library, which this build does not make"
need_tools
open_cache
find_source
prepare
compile >"$work/compile.out"
[ "$failed" -eq 0 ] || {
	grep -v '^ok ' "$work/compile.out"
	die "the core does not compile"
}
{
	take_flags && borrow && with_kernel && speed_program
} >"$work/link.log" 2>&1 || {
	tail -n 40 "$work/link.log"
	die "the core cannot be linked"
}
"$work/speed" --markdown "$work/table.md" --json "${JSON:-/dev/null}"
status=$?
[ $status -eq 0 ] || [ $status -eq 2 ] || exit 1
[ ! -w "${DOCUMENT:-}" ] || into_document || exit 1
[ $status -eq 0 ]
