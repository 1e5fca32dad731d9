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
#   seconds=420      then it is over
#   mptctl=PATH  cache=FOLDER  program=FILE   mptctl, what fetch.sh filled, guest.c compiled
#   serve=WORDS      more options of mptctl serve
#
# In the folder then are: console (the kernel's), results (init.sh's), serve, qemu (their output)
# and status (exit statuses). Exit status: that of gate.sh.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # posted and smp are machine.sh's
kernel=6.12 posted=no smp=1 irq=msi platform=skl guest='test' append='' seconds=420 serve=''
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
sockets=$(mktemp -d "${TMPDIR:-/tmp}/mpt-guest.XXXXXX")
. "$here/machine.sh"
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# shellcheck disable=SC2086 # a list
serve_start "$OUT/serve" --platform "$platform" $serve
words="console=ttyS0 panic=-1 log_buf_len=4M guest=$guest $append"
[ "$irq" = msi ] || words+=' pci=nomsi'
SECONDS=0
machine_start "$OUT" "$sockets/gpu" "$kernel" "$words"
# What the guest shows is looked at while it does.
while sleep 0.2 && kill -0 "$machine" 2>/dev/null; do
	! grep -q '^INFO shown ' "$OUT/results" 2>/dev/null || { kill -USR1 "$server"; break; }
done &
# The end: by itself, or it is over; then the server says what is left.
machine_wait "$machine" "$seconds" "$OUT"
serve_stop "$OUT"
echo "seconds $SECONDS" >>"$OUT/status"
exec sh "$here/gate.sh" "$OUT" "$guest"
