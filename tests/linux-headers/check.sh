#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-linux-headers: compiles an unmodified Linux GVT core over <mpt/compat/linux.h> and
# proves what the header claims. How the kernel's source is downloaded is in fetch.sh.
# What it takes from the environment is in tests/lib/linux.sh.
#
# Exit status: 0 all passed, 1 something failed or a tool is missing, 77 no source can be had here.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../.." && pwd) || exit 1
include=$top/include
me=check-linux-headers
packages=$here/packages
. "$top/tests/lib/linux.sh"

# As near to a distribution's build as costs nothing: preemptible and traced code is compiled too.
configuration()
{
	printf 'CONFIG_%s\n' 64BIT=y SMP=y PM=y PRINTK=y MODULES=y PCI=y ACPI=y DEBUG_FS=y \
		FTRACE=y ENABLE_DEFAULT_TRACERS=y UNWINDER_GUESS=y DRM=m DRM_I915=m DRM_I915_GVT=y
}

all_files()
{
	count=$(core_files | wc -l)
	echo "$count files compiled of $gvt, 5.10 has 22"
	[ "$count" -eq 22 ]
}

no_warning()
{
	! grep 'compat/linux\.h.*warning:' "$work/compile.log"
}

# Kbuild's own list of what each object was made from.
header_read()
{
	for file in $(core_files); do
		cmd=$build/$gvt/.$(basename "$file" .c).o.cmd
		grep -qF " $header " "$cmd" && continue
		echo "$file was compiled without the header"
		return 1
	done
}

names() # the wrappers that a text declares or calls
{
	grep -oh 'intel_gvt_hypervisor_[a-z0-9_]*(' "$@" | tr -d '(' | sort
}

# In the preprocessed text of gtt.c: who wrote each line that names a wrapper, and what is left of
# the kernel's mpt.h.
ours_only()
{
	kcc "$header" -E -o "$work/gtt.i" "$source/$gvt/gtt.c" || return 1
	awk -v header="$header" -v kernel="$source/$gvt/mpt.h" -v core="$source/$gvt/gtt.c" \
		-v ours="$work/ours.i" '
		/^# [0-9]+ "/ { file = $3; gsub(/"/, "", file); seen[file] = 1; next }
		file == kernel && NF { print "from the kernel: " $0; bad = 1 }
		/intel_gvt_hypervisor_[a-z0-9_]*\(/ && file != header && file != core {
			print file ": " $0; bad = 1
		}
		file == header { print >ours }
		END {
			if (!seen[kernel]) { print "mpt.h was not even looked at"; bad = 1 }
			exit bad
		}' "$work/gtt.i" || return 1
	names "$work/ours.i" >"$work/ours"
	# shellcheck disable=SC2046 # no name has a blank in it
	(cd "$source" && names $(core_files)) >"$work/calls"
	uniq "$work/calls" | comm -23 - "$work/ours" >"$work/foreign"
	sed 's/$/ is called and not ours/' "$work/foreign"
	[ ! -s "$work/foreign" ] && [ -s "$work/calls" ]
}

# The core's own mpt.h, its functions renamed, after ours: the compiler compares the types.
same_types()
{
	names "$source/$gvt/mpt.h" | uniq >"$work/theirs"
	[ -s "$work/theirs" ] || return 1
	{
		sed 's/\(intel_gvt\)\(.*\)/#define \1\2 core\2/' "$work/theirs"
		printf '#undef _GVT_MPT_H_\n#include "mpt.h"\n'
		sed 's/.*/#undef &/' "$work/theirs"
		echo '#define SAME_TYPE(a, b) __builtin_types_compatible_p(typeof(a), typeof(b))'
		sed 's/\(intel_gvt\)\(.*\)/_Static_assert(SAME_TYPE(\1\2, core\2), "\1\2");/' \
			"$work/theirs"
	} >"$work/types.c"
	kcc "$header" -fsyntax-only "$work/types.c"
}

short_path()
{
	kcc mpt/compat/linux.h -iquote "$include" -fsyntax-only "$source/$gvt/gtt.c"
}

# read_gpa renamed in a copy of the header: the core must fail on exactly that.
missing_wrapper()
{
	sed 's/intel_gvt_hypervisor_read_gpa(struct/removed_&/' "$header" >"$work/without.h"
	! cmp -s "$header" "$work/without.h" || return 1
	if kcc "$work/without.h" -fsyntax-only "$source/$gvt/gtt.c" >"$work/without.log" 2>&1; then
		echo "gtt.c compiles without read_gpa"
		return 1
	fi
	cat "$work/without.log"
	grep -q 'error: implicit declaration.*intel_gvt_hypervisor_read_gpa' "$work/without.log"
}

# Kernel objects are neither position independent nor complete: what the wrappers do not reach
# stays unresolved.
run() # HEADER
{
	kcc "$1" -c -o "$work/wrappers.o" "$here/wrappers.c" &&
		"$cc" -O1 -fno-pie -c -o "$work/run.o" "$here/run.c" &&
		"$cc" -static -no-pie -Wl,--unresolved-symbols=ignore-all -o "$work/run" \
			"$work/run.o" "$work/wrappers.o" || return 99
	(cd "$work" && ./run)
}

# The same with wrappers that do not test their pointers: it has to crash, else run() sees nothing.
untested_pointer()
{
	sed 's/^\(#define mpt_linux_has(op)\).*/\1 1/' "$header" >"$work/untested.h"
	! cmp -s "$header" "$work/untested.h" || return 1
	run "$work/untested.h"
	status=$?
	echo "exit status $status"
	[ "$status" -gt 128 ]
}

need_tools
open_cache
find_source
prepare
compile
prove "every file of the core was compiled" all_files
prove "every object was made with the header" header_read
prove "the header gives no warning" no_warning
prove "Kbuild's command for gtt.c is known" take_flags
if [ -n "$flags" ]; then
	prove "the wrappers that the core calls are ours, its own mpt.h gives nothing" ours_only
	prove "the wrappers have the types of the core's own mpt.h" same_types
	prove "the header is found by -iquote and its short name" short_path
	prove "without a wrapper the core does not compile" missing_wrapper
	prove "the wrappers answer when absent, and pass on what they are given" run "$header"
	prove "wrappers that do not test their pointer are found out" untested_pointer
fi
prove "no file of the core changed" unchanged
[ ! -s "$work/calls" ] ||
	echo "the core's $(wc -l <"$work/calls") calls use $(uniq "$work/calls" | wc -l) wrappers"
echo "check-linux-headers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
