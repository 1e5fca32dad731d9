#!/bin/bash
# SPDX-License-Identifier: MIT
# One boot of a stock kernel in a stock QEMU on a vGPU that mptctl serves, from start to power-off,
# and what is to be said of it. All of it is kept in a folder.
#
#   boot.sh [OPTION=VALUE]... OUT=FOLDER
#
#   kernel=6.12      6.1 or 6.12, as fetch.sh has them
#   posted=no        yes: QEMU does not wait for the answer to a register write
#   smp=1            processors
#   irq=msi          msi or intx
#   platform=skl     what mptctl serve is to be
#   guest=test       what the guest does, see init.sh
#   append=          more words for the kernel's command line
#   seconds=180      then it is over
#   mptctl=PATH  cache=FOLDER  program=FILE   mptctl, what fetch.sh filled, guest.c compiled
#   serve=WORDS      more options of mptctl serve
#
# In the folder then are: console (the kernel's), results (init.sh's), serve, qemu (their output)
# and status (exit statuses). Exit status: that of gate.sh.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
kernel=6.12 posted=no smp=1 irq=msi platform=skl guest='test' append='' seconds=180 serve=''
mptctl=mptctl cache='' program='' OUT=''
for word; do
	case $word in
	kernel=* | posted=* | smp=* | irq=* | platform=* | guest=* | append=* | seconds=* | \
		mptctl=* | cache=* | program=* | serve=* | OUT=*)
		printf -v "${word%%=*}" %s "${word#*=}"
		;;
	*) echo "boot.sh: unknown option '$word'" >&2; exit 2 ;;
	esac
done
: "${OUT:?} ${cache:?} ${program:?}"
mkdir -p "$OUT"
rm -f "$OUT"/{console,results,serve,qemu,status,socket}
# A socket's path has a short limit (108 bytes), a build folder's has none.
sockets=$(mktemp -d "${TMPDIR:-/tmp}/mpt-guest.XXXXXX")
server='' machine=''
clean()
{
	[ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null
	[ -z "$server" ] || kill -KILL "$server" 2>/dev/null
	rm -rf "$sockets"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the vGPU ---

# shellcheck disable=SC2086 # a list
"$mptctl" serve --socket "$sockets/gpu" --platform "$platform" $serve >"$OUT/serve" 2>&1 &
server=$!
for ((i = 0; i < 100; i++)); do
	[ ! -S "$sockets/gpu" ] || break
	kill -0 $server 2>/dev/null || break
	sleep 0.1
done

# --- the machine: only what it needs, nothing of the host's configuration ---

device='{"driver":"vfio-user-pci","addr":"02.0","socket":{"type":"unix","path":"'$sockets/gpu'"}'
[ "$posted" = yes ] || device+=',"x-no-posted-writes":true'
device+='}'
words="console=ttyS0 panic=-1 log_buf_len=4M guest=$guest $append"
[ "$irq" = msi ] || words+=' pci=nomsi'
sh "$here/initramfs.sh" "$cache" "linux-$kernel" "$sockets/initramfs" "$program" || exit 1
"$here/qemu.sh" "$cache" -nodefaults -no-user-config -M q35,memory-backend=mem -m 1G \
	-object memory-backend-memfd,id=mem,size=1G,share=on -accel tcg,thread=multi -cpu max \
	-smp "$smp" -display none -vga none -nic none -no-reboot \
	-serial "file:$OUT/console" -serial "file:$OUT/results" -device "$device" \
	-kernel "$(echo "$cache/linux-$kernel"/boot/vmlinuz-*)" -initrd "$sockets/initramfs" \
	-append "$words" >"$OUT/qemu" 2>&1 &
machine=$!
SECONDS=0
while kill -0 $machine 2>/dev/null && [ $SECONDS -lt "$seconds" ]; do
	sleep 0.2
done

# --- the end: by itself, or it is over; then the server says what is left ---

status=timeout
if ! kill -0 $machine 2>/dev/null; then
	wait $machine
	status=$?
fi
echo "qemu $status" >"$OUT/status"
[ $status != timeout ] || { kill -KILL $machine; wait $machine 2>/dev/null; }
machine=''
kill -TERM $server 2>/dev/null
# What does not end by itself is told by its status.
(sleep 10; kill -KILL $server) 2>/dev/null &
killer=$!
wait $server
echo "serve $?" >>"$OUT/status"
kill $killer 2>/dev/null
server=''
echo "seconds $SECONDS" >>"$OUT/status"
exec sh "$here/gate.sh" "$OUT" "$guest"
