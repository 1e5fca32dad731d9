#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the initramfs that a guest boots from: busybox, the modules that i915 needs of one kernel
# in their order, our init and the programs given. The same input makes the same archive; no root.
#
#   initramfs.sh CACHE KERNEL OUTPUT [FILE]...   KERNEL a set of fetch.sh; each FILE goes to /bin
set -eu
export LC_ALL=C

[ $# -ge 3 ] || { sed -n 's/^#   \(initramfs.sh .*\)/usage: \1/p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
. "$here/modules.sh"
cache=$1 kernel=$1/$2 output=$3
shift 3
busybox=$cache/busybox/usr/bin/busybox
work=$(mktemp -d "${TMPDIR:-/tmp}/initramfs.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the archive: cpio's newc format, kernel documentation "initramfs buffer format" ---

inode=0
# member NAME MODE [FILE]
member()
{
	inode=$((inode + 1))
	size=0
	[ -z "${3:-}" ] || size=$(wc -c <"$3")
	printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X' \
		$inode "$2" 0 0 1 0 "$size" 0 0 0 0 $((${#1} + 1)) 0
	printf '%s\0' "$1"
	pad $((110 + ${#1} + 1))
	[ -z "${3:-}" ] || cat "$3"
	pad "$size"
}

pad()
{
	head -c $(((4 - $1 % 4) % 4)) /dev/zero
}

folder=0x41ed program=0x81ed plain=0x81a4
archive()
{
	for name in bin dev lib modules proc root run sys tmp; do
		member $name $folder
	done
	member bin/busybox $program "$busybox"
	member init $program "$here/init.sh"
	member modules/order $plain "$work/order"
	for name in $order; do
		member "modules/$name.ko" $plain "$work/$name.ko"
	done
	for file; do
		member "bin/${file##*/}" $program "$file"
	done
	member 'TRAILER!!!' 0
}

module "$kernel" "$busybox" "$work" i915
[ -n "$order" ] || { echo "initramfs.sh: no i915 module in $kernel" >&2; exit 1; }
echo "$order" | tr ' ' '\n' >"$work/order"
archive "$@" >"$work/archive"
mv "$work/archive" "$output"
