# SPDX-License-Identifier: MIT
# A Linux kernel's source: fetched or given, configured, its GVT core compiled over
# <mpt/compat/linux.h>. Sourced by the checks that build that core; what is then proved is theirs.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the caller sets them
#
# The caller sets me (its name), top (the root of our source) and packages (its list of packages),
# defines configuration(), and may set kcflags, for every object. From the environment:
#
#   LINUX_SOURCE=DIR   a clean kernel tree; unless given, Debian bullseye's linux-source-5.10
#   LIBMPT_CACHE=DIR   where source and generated headers are kept from run to run
#   KERNEL_CC=gcc      the kernel's compiler
#   JOBS=N             compilers at once, by default one a processor

# A make above must not speak to the kernel's make, nor the user's own kernel settings.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT KCFLAGS \
	KCPPFLAGS CFLAGS_MODULE KCONFIG_ALLCONFIG
export LC_ALL=C

header=$top/include/mpt/compat/linux.h
cc=${KERNEL_CC:-gcc}
jobs=${JOBS:-$(nproc)}
gvt=drivers/gpu/drm/i915/gvt
package=linux-source-5.10
kcflags=
flags=
passed=0
failed=0

die()
{
	echo "$me: $*" >&2
	exit 1
}

skip()
{
	echo "SKIP: $me: $*"
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
		die "missing:$missing; on Debian: apt-get install $(paste -sd ' ' "$packages")"
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
	case $cache$top in
	*[[:space:]:]*) die "Kbuild takes no blank and no colon in a path: $cache, $top" ;;
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

# Only what configuration, generated headers, the i915 folder and a few objects beside it need: a
# tenth of the tree.
# The checksums beside it show later that nothing was changed.
unpack() # DEB FOLDER
{
	mkdir "$work/source" || return 1
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$package.tar.xz" | xz -dc |
		tar -x -C "$work/source" --strip-components=1 --wildcards \
			'*/Kconfig*' '*/Makefile*' '*/Kbuild*' "$package/include" \
			"$package/scripts" "$package/arch/x86" "$package/tools/include" \
			"$package/${gvt%/gvt}" "$package/drivers/gpu/drm/drm_mm.c" \
			"$package/lib" "$package/kernel/bounds.c" \
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
		deb=$(sh "$top/tests/linux-headers/fetch.sh" bullseye "$package" "$cache")
		status=$?
		[ $status -ne 77 ] || skip "$deb"
		[ $status -eq 0 ] || die "$package could not be fetched"
		source=$cache/$(basename "$deb" _all.deb)
		how='reused from the cache'
		# One that an older check unpacked has less in it.
		if [ ! -f "$source/drivers/gpu/drm/drm_mm.c" ]; then
			rm -rf "$source"
			unpack "$deb" "$source" || die "$deb could not be unpacked"
			how='unpacked now'
		fi
		cp "$source.sums" "$work/sums"
	fi
	[ -f "$source/$gvt/mpt.h" ] || die "$source has no $gvt/mpt.h"
	echo "source: $source ($how)"
}

# Without libelf Kbuild leaves objtool out, which checks objects and generates nothing we need.
kmake()
{
	make -C "$source" O="$build" CC="$cc" has_libelf=0 KCFLAGS="$kcflags" -j"$jobs" "$@"
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
		echo "$kcflags"
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

unchanged()
{
	sums "$source" | diff "$work/sums" -
}
