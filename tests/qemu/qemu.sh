#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the QEMU that fetch.sh unpacked, with the libraries it came with.
#
#   qemu.sh CACHE [OPTION]...
root=$1/qemu
shift
libraries=$root/usr/lib/x86_64-linux-gnu
exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/pulseaudio" \
	"$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" \
	-L "$root/usr/share/seabios" "$@"
