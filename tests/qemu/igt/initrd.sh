#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the initramfs of the IGT run from unpacked packages: the named test binaries, the libraries
# they need and no others, busybox, and the kernel modules. No tool of the guest runs on the host
# but through the packages' own dynamic loader; root is not needed.
# Usage: initrd.sh IGT_ROOT KERNEL_ROOT OUT TEST...
# KERNEL_ROOT holds one kernel with its modules, kmod, and a static busybox.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
igt=$1 kroot=$2 out=$3
shift 3
libdir=usr/lib/x86_64-linux-gnu
tests=usr/libexec/igt-gpu-tools
modules='i915 vgem'

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

# --- modules ---

moddir=
for d in "$kroot"/usr/lib/modules/* "$kroot"/lib/modules/*; do
	[ ! -d "$d/kernel" ] || moddir=$d
done
[ -n "$moddir" ] || die "no modules below $kroot"
release=$(basename "$moddir")

# One file a module name: modules.order is part of the package, modules.dep is not.
module_file()
{
	sed 's/\.[xg]z$//' "$moddir/modules.order" |
		awk -v want="$1" '{ n = $0; sub(/.*\//, "", n); sub(/\.ko$/, "", n); gsub(/-/, "_", n)
			if (n == want) { print; exit } }'
}

add_module()
{
	file=$(module_file "$1")
	[ -n "$file" ] || return 0 # built in
	to=$top/usr/lib/modules/$release/$file
	[ ! -e "$to" ] || return 0
	mkdir -p "$(dirname "$to")"
	if [ -e "$moddir/$file.xz" ]; then
		xz -dc "$moddir/$file.xz" >"$to"
	else
		cp "$moddir/$file" "$to"
	fi
	for dep in $(tr '\0' '\n' <"$to" | sed -n 's/^depends=//p' | tr , ' '); do
		add_module "$(echo "$dep" | tr - _)"
	done
}

# kmod belongs to the kernel's packages, its libraries to either; depmod is its second name.
depmod()
{
	"$igt/usr/lib64/ld-linux-x86-64.so.2" --argv0 depmod \
		--library-path "$kroot/$libdir:$igt/$libdir" "$kroot/usr/bin/kmod" "$@"
}

# --- the tree ---

mkdir -p "$top/$libdir" "$top/$tests" "$top/usr/bin" "$top/usr/lib64" "$top/dev" "$top/proc" \
	"$top/sys" "$top/tmp" "$top/run" "$top/etc" "$top/root" "$top/usr/share/igt-gpu-tools"
ln -s usr/lib "$top/lib"
ln -s usr/lib64 "$top/lib64"
ln -s usr/bin "$top/bin"
ln -s usr/bin "$top/sbin"
cp -L "$igt/usr/lib64/ld-linux-x86-64.so.2" "$top/usr/lib64/"
cp "$kroot/usr/bin/busybox" "$top/usr/bin/" 2>/dev/null || cp "$kroot/bin/busybox" "$top/usr/bin/"
cp "$here/init" "$here/runner.sh" "$top/"
chmod 755 "$top/init" "$top/runner.sh"

for t in $(printf '%s\n' "$@" | sed 's/@.*//' | sort -u); do
	[ -e "$igt/$tests/$t" ] || die "the package has no test $t"
	cp "$igt/$tests/$t" "$top/$tests/"
	add_libs_of "$top/$tests/$t"
done
for m in $modules; do
	add_module "$m"
done
cp "$moddir/modules.order" "$moddir/modules.builtin" "$top/usr/lib/modules/$release/"
cp "$moddir/modules.builtin.modinfo" "$top/usr/lib/modules/$release/" 2>/dev/null || :
depmod -b "$top" "$release"

# glibc's loader looks here without a cache.
mkdir -p "$(dirname "$out")"
(cd "$top" && find . | "$top/usr/bin/busybox" cpio -o -H newc) >"$out.new" 2>"$work/cpio.log" ||
	die "cpio: $(cat "$work/cpio.log")"
mv "$out.new" "$out"
echo "$release"
