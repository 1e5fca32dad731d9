#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the initramfs of the IGT run from unpacked packages: the named test binaries, the libraries
# they need and no others, busybox, and the kernel modules. No tool of the guest runs on the host
# but through the packages' own dynamic loader; root is not needed.
# Prints the kernel's release.
#
#   initrd.sh CACHE KERNEL_ROOT OUT TEST...     CACHE is what fetch.sh filled
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../modules.sh"
cache=$1 igt=$1/igt kernel=$2 out=$3
shift 3
busybox=$cache/busybox/usr/bin/busybox
libdir=usr/lib/x86_64-linux-gnu
tests=usr/libexec/igt-gpu-tools

die()
{
	echo "initrd.sh: $*" >&2
	exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/igt-initrd.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
top=$work/top

# --- libraries: what the unpacked files say, never the host's loader ---

needed()
{
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

add_lib()
{
	[ ! -e "$top/$libdir/$1" ] || return 0
	[ -e "$igt/$libdir/$1" ] || die "$2 needs $1, which no package of $igt has"
	cp -L "$igt/$libdir/$1" "$top/$libdir/$1"
	add_libs_of "$top/$libdir/$1"
}

add_libs_of()
{
	for lib in $(needed "$1"); do
		add_lib "$lib" "$1"
	done
}

# --- modules, and the index that IGT's libkmod reads ---

add_modules()
{
	release=$(echo "$kernel"/boot/vmlinuz-*)
	release=${release#*/boot/vmlinuz-}
	folder=$top/usr/lib/modules/$release
	mkdir -p "$folder/kernel"
	for name; do
		module "$kernel" "$busybox" "$folder/kernel" "$name"
	done
	[ -n "$order" ] || die "no modules below $kernel"
	: >"$folder/modules.builtin"
	: >"$folder/modules.builtin.modinfo"
	for name in $order; do
		echo "kernel/$name.ko"
	done >"$folder/modules.order"
	# depmod is kmod's second name.
	"$igt/usr/lib64/ld-linux-x86-64.so.2" --argv0 depmod --library-path "$igt/$libdir" \
		"$cache/kmod/usr/bin/kmod" -b "$top" "$release"
}

# --- the tree ---

mkdir -p "$top/$libdir" "$top/$tests" "$top/usr/bin" "$top/usr/lib64" "$top/dev" "$top/proc" \
	"$top/sys" "$top/tmp" "$top/run" "$top/etc" "$top/root" "$top/usr/share/igt-gpu-tools"
ln -s usr/lib "$top/lib"
ln -s usr/lib64 "$top/lib64"
ln -s usr/bin "$top/bin"
ln -s usr/bin "$top/sbin"
cp -L "$igt/usr/lib64/ld-linux-x86-64.so.2" "$top/usr/lib64/"
cp "$busybox" "$top/usr/bin/"
cp "$here/init" "$here/runner.sh" "$top/"
chmod 755 "$top/init" "$top/runner.sh"

for t in $(printf '%s\n' "$@" | sed 's/@.*//' | sort -u); do
	[ -e "$igt/$tests/$t" ] || die "the package has no test $t"
	cp "$igt/$tests/$t" "$top/$tests/"
	add_libs_of "$top/$tests/$t"
done
# glibc loads it by itself, for pthread_cancel().
add_lib libgcc_s.so.1 libc.so.6
add_modules i915 vgem

# glibc's loader looks here without a cache.
mkdir -p "$(dirname "$out")"
(cd "$top" && find . | "$busybox" cpio -o -H newc) >"$out.new" 2>"$work/cpio.log" ||
	die "cpio: $(cat "$work/cpio.log")"
mv "$out.new" "$out"
echo "$release"
