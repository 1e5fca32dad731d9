#!/bin/bash
# SPDX-License-Identifier: MIT
# make check-guest: stock kernels in a stock QEMU bind their stock i915 to our vGPU. Fetches what it
# needs, boots a set of machines (boot.sh) and adds up what the gate says of each.
#
#   check.sh covering|all|platforms|more|igt|igt-all|show [OPTION=VALUE]...
#
#   covering    four boots in which each value of each axis appears, and each two values of most;
#               two machines at once, a batch that hangs; more.sh on one kernel;
#               IGT's fast-feedback list and the shorter part of ours on one kernel each
#   all         every combination, the other platforms, and both lists of IGT on each kernel
#   platforms   every other platform once, on the newest kernel
#   more        only what all has of more.sh
#   igt         only what covering runs of IGT
#   igt-all     only what all runs of IGT
#   show        one boot, with what i915 and the batches say; OPTIONs are boot.sh's
#
#   MPTCTL=PATH      what serves the vGPU
#   GUEST_CACHE=DIR  where packages are kept from run to run, by default libmpt/guest in the user's
#                    cache folder
#   GUEST_OUT=DIR    where the logs of each boot are left, by default ./guest-out
#   GUEST_CC=gcc     makes the program that runs in the guest
#
# Exit status: 0 all passed, 1 something failed, 77 something cannot be had here.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
mptctl=${MPTCTL:-mptctl}
cache=${GUEST_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/libmpt/guest}
out=${GUEST_OUT:-$PWD/guest-out}
passed=0 failed=0 skipped=0

closing()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] || exit 1
	[ "$passed" -gt 0 ] || exit 77
	exit 0
}

# ready SET...: packages and the guest's program; ends this if one is not to be had.
ready()
{
	if ! sh "$here/fetch.sh" "$cache" "$@"; then
		skipped=$((skipped + 1))
		closing
	fi
	# Not the build's compiler options: what runs in the guest is no part of what is tested.
	program=$out/guest
	${GUEST_CC:-gcc} -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static \
		-isystem "$cache/uapi/usr/include/libdrm" "$here/guest.c" "$here/guest_hang.c" \
		"$here/guest_show.c" -o "$program" ||
		{ echo "check-guest: no static program (libc6-dev has the library)" >&2; exit 1; }
}

# boot NAME OPTION=VALUE...: its result, in the manner of tests/lib/driver.sh. What the gate said is
# in $said, its counts in $p and $f.
boot()
{
	local name=$1
	shift
	bash "$here/boot.sh" cache="$cache" program="$program" mptctl="$mptctl" \
		OUT="$out/$name" "$@" >"$out/$name.gate" 2>&1
	said=$(grep '^FAIL: ' "$out/$name.gate")
	read -r p f < <(awk '/^[0-9]+ passed, [0-9]+ failed, 0 skipped$/ { p = $1; f = $3; n++ }
		END { print p + 0, n ? f + 0 : 1 }' "$out/$name.gate")
	seconds=$(awk '$1 == "seconds" { print $2 }' "$out/$name/status" 2>/dev/null)
	verdict=PASS
	[ "$f" -eq 0 ] || verdict=FAIL
}

# judged NAME OPTION=VALUE...: a boot that must pass.
judged()
{
	boot "$@"
	passed=$((passed + p)) failed=$((failed + f))
	echo "$verdict: guest $1 ($p passed, $f failed, 0 skipped; ${seconds:-?} s)"
	[ "$f" -eq 0 ] || { echo "$said"; echo "logs: $out/$1"; }
	grep -h '^INFO time' "$out/$1/results" 2>/dev/null | tr -d '\r'
	grep '^INFO ratio' "$out/$1.gate"
}

# machine KERNEL POSTED SMP IRQ
machine()
{
	judged "$1-$([ "$2" = yes ] && echo posted || echo waited)-smp$3-$4" \
		kernel="$1" posted="$2" smp="$3" irq="$4"
}

covering()
{
	machine 6.1 no 1 msi
	machine 6.1 yes 2 intx
	machine 6.12 yes 1 intx
	machine 6.12 no 2 msi
}

product()
{
	for kernel in 6.1 6.12; do
		for posted in no yes; do
			for smp in 1 2; do
				for irq in msi intx; do
					machine $kernel $posted $smp $irq
				done
			done
		done
	done
}

# The file names those that have passed once, and must again; the others may.
platforms()
{
	local platform known
	while read -r platform known; do
		case $platform in '#'* | '') continue ;; esac
		if [ "$known" = judged ]; then
			judged "$platform" platform="$platform" guest=boot
			continue
		fi
		boot "$platform" platform="$platform" guest=boot
		if [ "$f" -eq 0 ]; then
			echo "NOTE: guest: platform $platform passes; mark it judged in platforms"
			passed=$((passed + p))
		else
			echo "SKIP: guest: $platform stays unjudged: $(head -n 1 <<<"$said")"
			skipped=$((skipped + 1))
		fi
	done <"$here/platforms"
}

# igt KERNEL SELECTION [NAME=VALUE]...: a guest that runs tests of IGT (igt/run.sh). What fails as
# expected is no pass: it counts as a skip.
igt()
{
	local name=igt-$1-$2 x s
	local kernel=$1 selection=$2
	shift 2
	SECONDS=0
	env MPTCTL="$mptctl" "$@" sh "$here/igt/run.sh" "$cache" "$kernel" "$selection" \
		"$out/$name" >"$out/$name.gate" 2>&1
	read -r p f x s < <(awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ failed as explained, / {
			p = $1; f = $3; x = $5; s = $9; n++ }
		END { print p + 0, n ? f + 0 : 1, x + 0, s + 0 }' "$out/$name.gate")
	verdict=PASS
	[ "$f" -eq 0 ] || verdict=FAIL
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + x + s))
	echo "$verdict: guest $name ($p passed, $f failed, $x failed as expected, $s skipped;" \
		"$SECONDS s)"
	sed -nE "s/^SKIP /SKIP: guest $name: /p; s/^XFAIL (.*)/SKIP: guest $name: \1 (fails)/p;
		/^PASS .*: (expected|at the second) /p" "$out/$name.gate"
	[ "$f" -eq 0 ] || { grep -E '^(FAIL|  )' "$out/$name.gate" | cut -c1-200 | head -n 60
		echo "logs: $out/$name"; }
}

# tally NAME FILE COMMAND...: a script that closes as the gate does, with its output there.
tally()
{
	local name=$1 file=$2
	shift 2
	SECONDS=0
	"$@" >"$file" 2>&1
	read -r p f < <(awk '/^[0-9]+ passed, [0-9]+ failed, 0 skipped$/ { p = $1; f = $3; n++ }
		END { print p + 0, n ? f + 0 : 1 }' "$file")
	verdict=PASS
	[ "$f" -eq 0 ] || verdict=FAIL
	passed=$((passed + p)) failed=$((failed + f))
	echo "$verdict: guest $name ($p passed, $f failed, 0 skipped; $SECONDS s)"
	grep -h '^FAIL: \|^INFO capture' "$file"
	[ "$f" -eq 0 ] || echo "logs: ${file%/*}"
}

# Two machines of which one dies, and one whose GPU hangs.
accidents()
{
	tally pair "$out/pair.gate" bash "$here/pair.sh" cache="$cache" program="$program" \
		mptctl="$mptctl" OUT="$out/pair"
	# On a busy machine a capture takes longer than the 20 s after which i915 ends any request.
	judged hang kernel="$1" guest=hang append=i915.request_timeout_ms=0 \
		serve="--record $out/hang.mmiotrace"
	tally capture "$out/capture.gate" sh "$here/hang.sh" "$out/hang" "$out/hang.mmiotrace"
}

igt_covering()
{
	igt 6.12 fast-feedback
	igt 6.12 ci
}

igt_all()
{
	for kernel in 6.12 6.1; do
		igt $kernel fast-feedback
		igt $kernel list
	done
}

# more KERNEL: what is more than a boot (more.sh).
more()
{
	local s
	bash "$here/more.sh" kernel="$1" cache="$cache" program="$program" mptctl="$mptctl" \
		OUT="$out/more-$1" | tee "$out/more-$1.gate" | grep -Ev '^[0-9]+ passed, '
	read -r p f s < <(awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
			p = $1; f = $3; s = $5; n++ }
		END { print p + 0, n ? f + 0 : 1, s + 0 }' "$out/more-$1.gate")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

show()
{
	judged show "$@"
	echo
	echo "what the guest's kernel says, but for missing firmware and BIOS" \
		"(all of it: $out/show/results):"
	# What it says of a firmware and a BIOS that no vGPU has would be half of this.
	sed '/^#/d; /^$/d' "$here/dmesg.allow" >"$out/show/allow"
	tr -d '\r' <"$out/show/results" |
		sed -nE 's/^LOG <[0-6]>(\[.*(i915|\[drm\]).*)/  \1/p' |
		grep -Ev -e 'drm:|firmware|vgaarb:' -f "$out/show/allow"
	echo
	echo "what its user space says:"
	# Times stand above.
	tr -d '\r' <"$out/show/results" |
		sed -nE '/^INFO time/d; s/^((INFO|PASS|FAIL) .*)/  \1/p'
	echo
	echo "what mptctl serve says:"
	sed 's/^/  /' "$out/show/serve"
	echo
}

mkdir -p "$out" "$cache" || exit 1
out=$(cd "$out" && pwd) cache=$(cd "$cache" && pwd)
what=${1:-covering}
[ $# -eq 0 ] || shift
case $what in
covering)
	ready qemu busybox uapi linux-6.1 linux-6.12 igt kmod
	covering
	accidents 6.12
	more 6.12
	igt_covering
	;;
all)
	ready qemu busybox uapi linux-6.1 linux-6.12 igt kmod
	product
	accidents 6.1
	accidents 6.12
	platforms
	more 6.1
	more 6.12
	igt_all
	;;
platforms)
	ready qemu busybox uapi linux-6.12
	platforms
	;;
igt)
	ready qemu busybox uapi linux-6.1 linux-6.12 igt kmod
	igt_covering
	;;
more)
	ready qemu busybox uapi linux-6.1 linux-6.12
	more 6.1
	more 6.12
	;;
igt-all)
	ready qemu busybox uapi linux-6.1 linux-6.12 igt kmod
	igt_all
	;;
show)
	kernel=6.12
	for word; do
		case $word in kernel=*) kernel=${word#*=} ;; esac
	done
	ready qemu busybox uapi "linux-$kernel"
	show "$@"
	;;
*)
	echo "check.sh: no '$what'; known: covering, all, platforms, more, igt, igt-all, show" >&2
	exit 2
	;;
esac
closing
