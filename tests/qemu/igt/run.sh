#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a selection of IGT's own tests in a stock guest on a vGPU that mptctl serves, and judges the
# results by expect.txt. A guest that dies is booted again behind the test that it died in.
# Usage: run.sh fast-feedback|list|ci|FILE OUT
# OUT is a folder for the logs and results.txt. From the environment:
#	MPTCTL		the program to serve with	QEMU		a qemu-system-x86_64 with vfio-user
#	KERNEL_ROOT	an unpacked kernel package	IGT_ROOT	the unpacked IGT packages
#	SERVE_ARGS	more for mptctl serve		APPEND		more for the kernel
#	BOOTS		boots at most (5)		BOOT_SECONDS	of one boot, at most (1800)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
selection=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
: "${MPTCTL:?}" "${QEMU:?}" "${KERNEL_ROOT:?}" "${IGT_ROOT:?}"
server='' qemu=''
# A socket's path has 108 bytes.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/igt.XXXXXX")

stop()
{
	[ -z "$1" ] || kill "$1" 2>/dev/null || :
	[ -z "$1" ] || wait "$1" 2>/dev/null || :
}

finish()
{
	stop "$qemu"
	stop "$server"
	rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

serve()
{
	rm -f "$scratch/vgpu.sock"
	# shellcheck disable=SC2086 # words
	"$MPTCTL" serve --socket "$scratch/vgpu.sock" ${SERVE_ARGS-} >>"$out/server.log" 2>&1 &
	server=$!
	i=0
	while [ ! -S "$scratch/vgpu.sock" ]; do
		i=$((i + 1))
		if [ $i -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
			echo "FAIL server: no socket after $i tries: $(tail -n 3 "$out/server.log")"
			exit 1
		fi
		sleep 0.1
	done
}

# The list rides behind the initramfs, in an archive of its own.
pack_list()
{
	cp "$1" "$scratch/igt.list"
	(cd "$scratch" && echo igt.list | "$busybox" cpio -o -H newc 2>/dev/null) >"$scratch/list.cpio"
	cat "$out/base.cpio" "$scratch/list.cpio" >"$scratch/initrd"
}

boot()
{
	device='{"driver":"vfio-user-pci","addr":"02.0","x-no-posted-writes":true,"socket":{"type":"unix","path":"'$scratch/vgpu.sock'"}}'
	timeout "${BOOT_SECONDS:-1800}" "$QEMU" -nodefaults -no-user-config -M q35 -m 2G -smp 2 \
		-object memory-backend-memfd,id=mem,size=2G,share=on -machine memory-backend=mem \
		-accel tcg,thread=multi -cpu max -display none -vga none -nic none \
		-serial "file:$1" -no-reboot -device "$device" -kernel "$kernel" \
		-initrd "$scratch/initrd" \
		-append "console=ttyS0 quiet panic=-1 ${APPEND-}" >>"$out/qemu.log" 2>&1 &
	qemu=$!
	wait "$qemu" || echo "QEMU ended with status $?" >>"$out/qemu.log"
	qemu=
}

# The tests of $1 that have no result yet; of what a guest died in, that is its result.
left()
{
	awk 'kind == "done" { if ($1 == "IGT") done[$3] = 1; next } !($1 in done)' \
		kind=done "$out/results.txt" kind=list "$1"
}

# Lines of several boots in one file, whole lines only, without the console's CR.
collect()
{
	tr -d '\r' <"$1" | grep -E '^IGT(-LOG)? ' >>"$out/results.txt" || :
	grep -q '^IGT-DONE' "$1" && return 0
	dead=$(left "$scratch/todo" | sed -n '1s/ .*//p')
	[ -n "$dead" ] || return 0
	echo "IGT $release $dead crash 0.00" >>"$out/results.txt"
	tr -d '\r' <"$1" | tail -n 30 | grep -v '^IGT' | sed "s|^|IGT-LOG $dead console: |" \
		>>"$out/results.txt"
}

case $selection in
fast-feedback | list | ci) "$here/select.sh" "$selection" "$IGT_ROOT" >"$out/list.txt" ;;
*) cp "$selection" "$out/list.txt" ;;
esac
# shellcheck disable=SC2046 # words
release=$("$here/initrd.sh" "$IGT_ROOT" "$KERNEL_ROOT" "$out/base.cpio" \
	$(sed 's/[ @].*//' "$out/list.txt" | sort -u))
kernel=$KERNEL_ROOT/boot/vmlinuz-$release
busybox=$KERNEL_ROOT/usr/bin/busybox
[ -x "$busybox" ] || busybox=$KERNEL_ROOT/bin/busybox
for log in results.txt server.log qemu.log; do : >"$out/$log"; done
n=0
while left "$out/list.txt" >"$scratch/todo" && [ -s "$scratch/todo" ] && [ $n -lt "${BOOTS:-5}" ]; do
	n=$((n + 1))
	serve
	pack_list "$scratch/todo"
	boot "$out/console.$n.log"
	collect "$out/console.$n.log"
	stop "$server"
	server=
done
awk -f "$here/compare.awk" kind=expect "$here/expect.txt" kind=list "$out/list.txt" \
	kind=results "$out/results.txt"
