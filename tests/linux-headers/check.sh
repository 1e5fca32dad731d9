#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-linux-headers: compiles an unmodified Linux GVT core over <mpt/compat/linux.h> and
# proves what the header claims. How the kernel's source is downloaded is in fetch.sh.
#
#   LINUX_SOURCE=DIR   a clean kernel tree; unless given, Debian bullseye's linux-source-5.10
#   LIBMPT_CACHE=DIR   where source and generated headers are kept from run to run
#   KERNEL_CC=gcc      the kernel's compiler
#   JOBS=N             compilers at once, by default one a processor
#
# Exit status: 0 all passed, 1 something failed or a tool is missing, 77 no source can be had here.
set -u
# A make above must not speak to the kernel's make, nor the user's own kernel settings.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT KCFLAGS \
	KCPPFLAGS CFLAGS_MODULE KCONFIG_ALLCONFIG
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd) || exit 1
include=$(cd "$here/../../include" && pwd) || exit 1
header=$include/mpt/compat/linux.h
cc=${KERNEL_CC:-gcc}
jobs=${JOBS:-$(nproc)}
gvt=drivers/gpu/drm/i915/gvt
package=linux-source-5.10
flags=
passed=0
failed=0

die()
{
	echo "check-linux-headers: $*" >&2
	exit 1
}

skip()
{
	echo "SKIP: check-linux-headers: $*"
	exit 77
}

result() # STATUS NAME
{
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $2"
	else
		failed=$((failed + 1))
		echo "not ok $2"
	fi
}

# Runs a proof; what it printed is shown only when it does not hold.
prove() # NAME COMMAND...
{
	name=$1
	shift
	"$@" >"$work/proof.log" 2>&1
	status=$?
	result $status "$name"
	[ $status -eq 0 ] || sed 's/^/    /' "$work/proof.log" | tail -n 40
}

need_tools()
{
	missing=
	for tool in "$cc" ar awk bc bison flex flock make sha256sum tar xz; do
		command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
	done
	[ -z "$missing" ] ||
		die "missing:$missing; on Debian: apt-get install $(paste -sd ' ' "$here/packages")"
	case $("$cc" -dumpmachine) in
	x86_64*) ;;
	*) skip "GVT is built for x86_64 only, and $cc is not a compiler for it" ;;
	esac
}

# One run at a time uses the cache; Kbuild takes no path with a blank in it.
open_cache()
{
	cache=${LIBMPT_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/libmpt}/linux-headers
	mkdir -p "$cache" || die "cannot make the cache folder $cache"
	cache=$(cd "$cache" && pwd)
	case $cache$include in
	*[[:space:]:]*) die "Kbuild takes no blank and no colon in a path: $cache, $include" ;;
	esac
	exec 9>"$cache/lock"
	flock 9
	work=$(mktemp -d "$cache/work.XXXXXX") || die "cannot write to $cache"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

sums() # FOLDER: of the core's files, so that it can be shown that none changed
{
	(cd "$1" && find $gvt -type f | sort | xargs sha256sum)
}

# Only what configuration, generated headers and the i915 folder need: a tenth of the tree.
# The checksums beside it show later that nothing was changed.
unpack() # DEB FOLDER
{
	mkdir "$work/source" || return 1
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$package.tar.xz" | xz -dc |
		tar -x -C "$work/source" --strip-components=1 --wildcards \
			'*/Kconfig*' '*/Makefile*' '*/Kbuild*' "$package/include" \
			"$package/scripts" "$package/arch/x86" "$package/tools/include" \
			"$package/${gvt%/gvt}" "$package/kernel/bounds.c" \
			"$package/kernel/time/timeconst.bc" ||
		return 1
	sums "$work/source" >"$work/source.sums" && mv "$work/source.sums" "$2.sums" &&
		mv "$work/source" "$2"
}

find_source()
{
	if [ -n "${LINUX_SOURCE:-}" ]; then
		source=$(cd "$LINUX_SOURCE" && pwd) || die "LINUX_SOURCE=$LINUX_SOURCE is no folder"
		if [ -e "$source/.config" ] || [ -d "$source/include/config" ]; then
			die "$source is configured in place; Kbuild needs a clean tree here"
		fi
		sums "$source" >"$work/sums"
		how=given
	else
		command -v dpkg-deb >/dev/null 2>&1 ||
			skip "no dpkg-deb to unpack $package; give LINUX_SOURCE"
		deb=$(sh "$here/fetch.sh" bullseye "$package" "$cache")
		status=$?
		[ $status -ne 77 ] || skip "$deb"
		[ $status -eq 0 ] || die "$package could not be fetched"
		source=$cache/$(basename "$deb" _all.deb)
		how='reused from the cache'
		if [ ! -d "$source" ]; then
			unpack "$deb" "$source" || die "$deb could not be unpacked"
			how='unpacked now'
		fi
		cp "$source.sums" "$work/sums"
	fi
	[ -f "$source/$gvt/mpt.h" ] || die "$source has no $gvt/mpt.h"
	echo "source: $source ($how)"
}

# As near to a distribution's build as costs nothing: preemptible and traced code is compiled too.
configuration()
{
	printf 'CONFIG_%s\n' 64BIT=y SMP=y PM=y PRINTK=y MODULES=y PCI=y ACPI=y DEBUG_FS=y \
		FTRACE=y ENABLE_DEFAULT_TRACERS=y UNWINDER_GUESS=y DRM=m DRM_I915=m DRM_I915_GVT=y
}

# Without libelf Kbuild leaves objtool out, which checks objects and generates nothing we need.
kmake()
{
	make -C "$source" O="$build" CC="$cc" has_libelf=0 -j"$jobs" "$@"
}

configured()
{
	while read -r line; do
		grep -qx "$line" "$build/.config" && continue
		echo "the kernel did not take $line"
		return 1
	done <"$work/config"
}

prepare()
{
	configuration >"$work/config"
	key=$({
		echo "$source"
		cat "$source/Makefile" "$work/config"
		"$cc" --version
	} | cksum)
	build=$cache/build-${key%% *}
	how='reused from the cache'
	if [ ! -e "$build/prepared" ]; then
		rm -rf "$build"
		mkdir "$build"
		how='made now'
		{
			kmake KCONFIG_ALLCONFIG="$work/config" allnoconfig && configured &&
				kmake prepare && : >"$build/prepared"
		} >"$work/prepare.log" 2>&1 || {
			tail -n 30 "$work/prepare.log"
			die "the kernel's generated headers could not be made"
		}
	fi
	echo "generated headers: $build ($how)"
	echo "kernel: $(cat "$build/include/config/kernel.release")"
}

core_files() # kvmgt.c is a hypervisor's side, not the core's
{
	(cd "$source" && find $gvt -name '*.c' ! -name kvmgt.c | sort)
}

# The options are for modules only, so that Kbuild keeps them from its own helper files.
compile()
{
	rm -rf "${build:?}/$gvt"
	# shellcheck disable=SC2046 # no name has a blank in it
	kmake -k CFLAGS_MODULE="-D_GVT_MPT_H_ -include $header" \
		$(core_files | sed 's/c$/o/') >"$work/compile.log" 2>&1
	for file in $(core_files); do
		[ -f "$build/${file%c}o" ]
		result $? "gvt/${file##*/}"
	done
	[ "$failed" -eq 0 ] || grep -E -A 8 'error:|\*\*\*' "$work/compile.log" | head -n 60
}

# Kbuild's command for gtt.o less what names that object, its source and the header.
take_flags()
{
	flags=$(sed -n '1s/^cmd_[^ ]* := //p' "$build/$gvt/.gtt.o.cmd" |
		sed 's/ -Wp,-MMD,[^ ]*//; s/ -D_GVT_MPT_H_ -include [^ ]*//; s/ -c -o .*//')
	[ -n "$flags" ]
}

# The compiler as Kbuild calls it for gtt.c, with a header to include and arguments of ours.
kcc() # HEADER ARGUMENT...
{
	(cd "$build" && eval "$flags -D_GVT_MPT_H_ -include \"\$@\"")
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

unchanged()
{
	sums "$source" | diff "$work/sums" -
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
