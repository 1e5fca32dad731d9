#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a selection of IGT's own tests in a stock guest on a vGPU that mptctl serves, and judges the
# results by expect.txt. A guest that dies is booted again behind the test that it died in.
#
#   run.sh CACHE KERNEL fast-feedback|list|ci|FILE OUT
#
# CACHE is what fetch.sh filled, KERNEL 6.1 or 6.12, OUT a folder for the logs and results.txt. From
# the environment:
#   MPTCTL         the program to serve with     SERVE_ARGS     more for mptctl serve
#   SMP            processors (2)                APPEND         more for the kernel
#   POSTED=yes     QEMU does not wait for the answer to a register write; what is written through
#                  the aperture may then be read too early, so gem_mmap_gtt@coherency fails
#   BOOTS          boots at most (5)             BOOT_SECONDS   of one boot, at most (1800)
set -eu
export LC_ALL=C

[ $# -eq 4 ] || { sed -n 's/^#   \(run.sh .*\)/usage: \1/p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
cache=$1 kernel=$1/linux-$2 selection=$3
mkdir -p "$4"
out=$(cd "$4" && pwd)
: "${MPTCTL:?}"
busybox=$cache/busybox/usr/bin/busybox
server='' qemu=''
# A socket's path has 108 bytes.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/igt.XXXXXX")

finish()
{
	for process in $qemu $server; do
		kill "$process" 2>/dev/null || continue
		wait "$process" 2>/dev/null || :
	done
	rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

serve()
{
	rm -f "$scratch/gpu"
	# shellcheck disable=SC2086 # words
	"$MPTCTL" serve --socket "$scratch/gpu" ${SERVE_ARGS-} >>"$out/server.log" 2>&1 &
	server=$!
	i=0
	while [ ! -S "$scratch/gpu" ]; do
		i=$((i + 1))
		if [ $i -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
			echo "FAIL server: no socket after $i tries: $(tail -n 3 "$out/server.log")"
			exit 1
		fi
		sleep 0.1
	done
}

# Its status says whether all was given back, in order.
stop_server()
{
	kill "$server" 2>/dev/null || :
	status=0
	wait "$server" || status=$?
	server=
	[ $status -eq 0 ] ||
		echo "FAIL server: boot $n: ended with status $status" >>"$out/server.failed"
}

# The list rides behind the initramfs, in an archive of its own.
pack_list()
{
	cp "$1" "$scratch/igt.list"
	(cd "$scratch" && echo igt.list | "$busybox" cpio -o -H newc 2>/dev/null) \
		>"$scratch/list.cpio"
	cat "$out/base.cpio" "$scratch/list.cpio" >"$scratch/initrd"
}

boot()
{
	device='{"driver":"vfio-user-pci","addr":"02.0"'
	device=$device',"socket":{"type":"unix","path":"'$scratch/gpu'"}'
	[ "${POSTED-}" = yes ] || device=$device',"x-no-posted-writes":true'
	timeout "${BOOT_SECONDS:-1800}" "$here/../qemu.sh" "$cache" -nodefaults -no-user-config \
		-M q35,memory-backend=mem -m 2G -smp "${SMP:-2}" \
		-object memory-backend-memfd,id=mem,size=2G,share=on \
		-accel tcg,thread=multi -cpu max -display none -vga none -nic none \
		-serial "file:$1" -no-reboot -device "$device}" \
		-kernel "$(echo "$kernel"/boot/vmlinuz-*)" -initrd "$scratch/initrd" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check ${APPEND-}" >>"$out/qemu.log" 2>&1 &
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
	tr -d '\r' <"$1" | grep -E '^IGT(-LOG|-AGAIN)? ' >>"$out/results.txt" || :
	grep -q '^IGT-DONE' "$1" && return 0
	dead=$(left "$scratch/todo" | sed -n '1s/ .*//p')
	[ -n "$dead" ] || return 0
	echo "IGT $release $dead crash 0.00" >>"$out/results.txt"
	tr -d '\r' <"$1" | tail -n 30 | grep -v '^IGT' | sed "s|^|IGT-LOG $dead console: |" \
		>>"$out/results.txt"
}

# The list has tests of the display. A console on it would be drawn through the aperture, a message
# every 8 bytes, each time that a test gives the display back.
case $selection in
fast-feedback) sh "$here/select.sh" "$selection" "$cache/igt" >"$out/list.txt" ;;
list | ci)
	sh "$here/select.sh" "$selection" >"$out/list.txt"
	SERVE_ARGS="--monitor ${SERVE_ARGS-}"
	APPEND="drm_kms_helper.fbdev_emulation=0 ${APPEND-}"
	;;
*) cp "$selection" "$out/list.txt" ;;
esac
# shellcheck disable=SC2046 # words
release=$(sh "$here/initrd.sh" "$cache" "$kernel" "$out/base.cpio" \
	$(sed 's/[ @].*//' "$out/list.txt" | sort -u))
for log in results.txt server.log qemu.log server.failed; do : >"$out/$log"; done
n=0
while left "$out/list.txt" >"$scratch/todo" && [ -s "$scratch/todo" ] &&
	[ $n -lt "${BOOTS:-5}" ]; do
	n=$((n + 1))
	serve
	pack_list "$scratch/todo"
	boot "$out/console.$n.log"
	collect "$out/console.$n.log"
	stop_server
done
rm -f "$out/base.cpio"
awk -f "$here/compare.awk" kind=expect "$here/expect.txt" kind=list "$out/list.txt" \
	kind=results "$out/results.txt" kind=server "$out/server.failed"
