#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-kernel: builds kernel/ against several kernels, boots them, two at a time, and counts
# what the modules come to in there. What is built is kernel/'s, what a kernel's first process does
# is in init, how a kernel is had and booted in debian.sh and uml.sh.
#
#   check.sh [TARGET]...   a suite of Debian, whose kernel is booted in QEMU, or "uml", which is
#                          user-mode-linux, or "layout", which boots nothing (layout.sh); by
#                          default those of `targets` at the end
#
#   LIBMPT_CACHE=DIR   where packages are kept from run to run
#   JOBS=N             compilers at once, by default one a processor
#
# The last line is the sum of all. Exit status: 0 all passed, 1 something failed or a tool is
# missing, 77 nothing could be tried.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT KCFLAGS
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../.." && pwd)
fetch=$here/../linux-headers/fetch.sh
jobs=${JOBS:-$(nproc)}
passed=0
failed=0
skipped=0

die()
{
	echo "check-kernel: $*" >&2
	exit 1
}

skip()
{
	echo "SKIP: check-kernel: $*"
	skipped=$((skipped + 1))
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

sum()
{
	echo "$passed passed, $failed failed, $skipped skipped"
}

. "$here/debian.sh"
. "$here/uml.sh"
. "$here/layout.sh"

# --- what is expected ---

# The nodes of the sysfs tree as "MODE PATH", from the rows of the library's table, where so many VMs
# have an instance.
expected() # VMS
{
	vms=$1
	sed -nE 's/^\t\{ "([^"]*)", (SYSFS_DIRECTORY|0[0-7]+), .*/\2 \1/p' \
		"$top/libmpt/sysfs_table.c" | sed 's/^SYSFS_DIRECTORY/755/; s/^0//' |
		while read -r mode path; do
			# shellcheck disable=SC2086 # a list of numbers
			case $path in
			types/\**) set -- GVTg_V5_8 GVTg_V5_4 ;;
			vm\**) set -- $vms ;;
			*) set -- '' ;;
			esac
			for star; do
				echo "$mode $(echo "$path" | sed "s/\*/$star/")"
			done
		done | sort
}

system()
{
	into=$work/$target.root
	mkdir -p "$into/bin" "$into/dev" "$into/proc" "$into/sys" "$into/expected"
	cp "$busybox" "$into/bin/busybox"
	cp "$here/init" "$into/init"
	cp "$work/$target"/*.ko "$into" || return 1
	expected '' >"$into/expected/none"
	expected '1 7' >"$into/expected/two"
	sed -n 's/^#define MPT_VERSION "\(.*\)"/\1/p' "$top/include/mpt/host.h" \
		>"$into/expected/version"
	if [ -e "$root/i915" ]; then
		mkdir "$into/i915"
		sed 's,.*/,,' "$root/i915" >"$into/i915/order"
		xargs cp -t "$into/i915" <"$root/i915"
	fi
	(cd "$into" && find . | cpio -o -H newc --quiet) | gzip -1 >"$work/$target.gz"
}

# --- what was told ---

# told COUNT PATTERN: so many lines of the boot match.
told()
{
	[ "$(grep -cE "$2" "$work/$target.boot")" -eq "$1" ]
}

# Each clause is a check of its own, so that a boot in which few were tried is seen.
clauses()
{
	ok=$(grep -cE '^mpt: ok [0-9]+ - [A-Z]+-[0-9]+$' "$work/$target.boot")
	bad=$(grep -cE '^mpt: not ok ' "$work/$target.boot")
	passed=$((passed + ok))
	failed=$((failed + bad))
	echo "$release: $ok clauses hold, $bad do not"
	grep -A 1 '^mpt: not ok ' "$work/$target.boot"
	planned=$(awk '/^mpt: 1\.\./ { sub(/.*\.\./, ""); n += $1 } END { print n + 0 }' \
		"$work/$target.boot")
	told "$planned" '^mpt: (ok|not ok) [0-9]+ - '
	result $? "$release: each of $planned clauses was tried or is named as absent"
	[ "$ok" -gt 250 ]
	result $? "$release: more than 250 of them were tried"
}

# What its first process told, and that it came to its end.
first_process()
{
	ok=$(grep -c '^check: ok ' "$work/$target.boot")
	bad=$(grep -c '^check: not ok ' "$work/$target.boot")
	passed=$((passed + ok))
	failed=$((failed + bad))
	echo "$release: of what its first process tried $ok hold, $bad do not"
	sed -n 's/^check: \(not ok\|#\)/\1/p' "$work/$target.boot"
	told 1 "^check: $((ok + bad)) were tried\$"
	result $? "$release: its first process came to its end"
	told 0 'BUG:|WARNING:|Oops|Call Trace|invoked oom-killer|possible recursive locking'
	result $? "$release: the kernel has no complaint"
}

# A warning of the compiler in our sources; frames are measured by the run itself.
warnings()
{
	grep 'warning:' "$work/$target.log" | grep -v 'frame size of'
}

boot() # COMMAND
{
	begin=$(date +%s)
	system && "$1" | tr -d '\r' | sed -u 's/^\[ *[0-9.]*\] //' >"$work/$target.boot"
	echo "$release: up and down in $(($(date +%s) - begin)) s"
}

# --- one target ---

get()
{
	case $target in
	uml) unpack_uml ;;
	*) unpack "$target" ;;
	esac
}

build()
{
	case $target in
	uml) build_uml ;;
	*) build_debian ;;
	esac
}

try()
{
	[ "$target" != layout ] || { layout; return; }
	get || { skip "$target: ${why:-no kernel}"; return; }
	release="Linux $abi ($target)"
	build
	result $? "$release: the modules build"
	[ -e "$work/$target/libmpt.ko" ] || { tail -n 40 "$work/$target.log"; return; }
	warnings
	[ -z "$(warnings)" ]
	result $? "$release: without a warning"
	case $target in
	uml) boot boot_uml ;;
	*) boot boot_qemu ;;
	esac
	clauses
	first_process
	[ $failed -eq 0 ] || tail -n 30 "$work/$target.boot"
}

# --- all targets ---

# Of the targets one after the other that nobody has begun; what each prints comes in one piece.
lane() # TARGET...
{
	exec 8>>"$work/printing"
	for target; do
		mkdir "$work/$target.begun" 2>/dev/null || continue
		(
			try
			echo "$passed $failed $skipped" >"$work/$target.sum"
		) >"$work/$target.out" 2>&1
		flock 8
		cat "$work/$target.out"
		flock -u 8
	done
}

# Who leaves no sum has failed.
add()
{
	p=0 f=1 s=0
	[ ! -s "$work/$1.sum" ] || read -r p f s <"$work/$1.sum"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

case "$(uname -m)" in
x86_64) ;;
*)
	skip "this machine is no x86_64"
	sum
	exit 77
	;;
esac
for tool in bc bison cpio dpkg-deb flex flock gcc make qemu-system-x86_64 xz; do
	command -v $tool >/dev/null 2>&1 ||
		die "no $tool; on Debian: apt-get install $(sed 's/#.*//' "$here/packages" | paste -sd ' ')"
done
busybox=$(command -v busybox) || die "no busybox; on Debian: apt-get install busybox-static"
cache=${LIBMPT_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/libmpt}/kernel
mkdir -p "$cache" || die "cannot make the cache folder $cache"
cache=$(cd "$cache" && pwd)
case $cache in
*[[:space:]:]*) die "Kbuild takes no blank and no colon in a path: $cache" ;;
esac
exec 9>"$cache/lock"
flock 9
work=$(mktemp -d "$cache/work.XXXXXX") || die "cannot write to $cache"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The longest first.
targets='uml bookworm bullseye bookworm-backports layout'
# shellcheck disable=SC2086 # a list of names
[ $# -gt 0 ] || set -- $targets
lane "$@" &
lane "$@" &
wait
for target; do
	add "$target"
done
sum
[ $failed -eq 0 ] || exit 1
[ $passed -gt 0 ] || exit 77
