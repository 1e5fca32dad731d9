#!/bin/bash
# SPDX-License-Identifier: MIT
# Two machines on two vGPUs of one device, both at work. One is killed in the middle of it: the
# other notices nothing, all of the dead one is given back, and a machine that is started in its
# place finds a vGPU as new.
#
#   pair.sh mptctl=PATH cache=FOLDER program=FILE OUT=FOLDER
#
# In the folder then are those of the machines (lives, dies, again; see boot.sh) and serve, the
# output of mptctl serve. Prints FAIL lines and `N passed, N failed, 0 skipped`.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
mptctl=mptctl cache='' program='' OUT=''
for word; do
	case $word in
	mptctl=* | cache=* | program=* | OUT=*) printf -v "${word%%=*}" %s "${word#*=}" ;;
	*) echo "pair.sh: unknown option '$word'" >&2; exit 2 ;;
	esac
done
: "${OUT:?} ${cache:?} ${program:?}"
rm -rf "$OUT"
mkdir -p "$OUT"/lives "$OUT"/dies "$OUT"/again
sockets=$(mktemp -d "${TMPDIR:-/tmp}/mpt-guest.XXXXXX")
. "$here/machine.sh"
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
passed=0 failed=0

# check NAME STATUS [WHY]
check()
{
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: $1: ${3:-}"
	fi
}

# until_says FILE EXPRESSION [SECONDS]
until_says()
{
	local end=$((SECONDS + ${3:-90}))
	until grep -Eqs "$2" "$1"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

# gated FOLDER WORK: what the gate says of one of the machines counts here.
gated()
{
	local out p f
	out=$(sh "$here/gate.sh" "$OUT/$1" "$2")
	grep '^FAIL: ' <<<"$out" | sed "s/^FAIL: /FAIL: $1: /"
	read -r p f < <(awk '/^[0-9]+ passed, / { p = $1; f = $3; n++ }
		END { print p + 0, n ? f + 0 : 1 }' <<<"$out")
	passed=$((passed + p)) failed=$((failed + f))
}

begun='^INFO loop begins'
words='console=ttyS0 panic=-1 log_buf_len=4M'
SECONDS=0
serve_start "$OUT/serve" --vgpus 2 --type 4
machine_start "$OUT/lives" "$sockets/gpu.1" 6.12 "$words guest=loop loop=${LOOP:-25}"
lives=$machine
machine_start "$OUT/dies" "$sockets/gpu.2" 6.1 "$words guest=loop loop=1000"
dies=$machine
until_says "$OUT/dies/results" "$begun" && until_says "$OUT/lives/results" "$begun"
check 'both at work' $? "one has not begun after $SECONDS s"
sleep 3
! grep -q '^PASS loop' "$OUT/lives/results"
check 'the other is at work' $? "it has ended before"
kill -KILL "$dies"
wait "$dies" 2>/dev/null
until_says "$OUT/serve" 'VM 2: its client is gone' 10
check 'the death is seen' $? "mptctl serve says nothing of it"
grep -q 'VM 2: its client is gone; 0 DMA mappings are left' "$OUT/serve"
check 'all is given back' $? "$(grep 'VM 2: its client is gone' "$OUT/serve")"
machine_start "$OUT/again" "$sockets/gpu.2" 6.1 "$words guest=boot"
machine_wait "$machine" 90 "$OUT/again"
machine_wait "$lives" 90 "$OUT/lives"
serve_stop "$OUT"
tail -n 1 "$OUT/status" | tee -a "$OUT/lives/status" >>"$OUT/again/status"
grep -q 'healthy: no failsafe, no error, everything given back' "$OUT/serve"
check healthy $? 'mptctl serve is not'
gated lives loop
gated again boot
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
