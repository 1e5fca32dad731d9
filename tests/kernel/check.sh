#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-kernel: builds kernel/ against the headers of Debian's kernels, boots those kernels in
# QEMU and counts what the clauses of the contract come to in there. What is built is kernel/'s.
#
#   check.sh [SUITE]...   bookworm (Linux 6.1) and bullseye (5.10), or those named
#
#   LIBMPT_CACHE=DIR   where packages are kept from run to run
#   JOBS=N             compilers at once, by default one a processor
#
# Exit status: 0 all passed, 1 something failed or a tool is missing, 77 nothing could be tried.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT KCFLAGS
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd) || exit 1
fetch=$here/../linux-headers/fetch.sh
jobs=${JOBS:-$(nproc)}
passed=0
failed=0
skipped=0

die()
{
	echo "check-kernel: $*" >&2
	exit 1
}

skip()
{
	echo "SKIP: check-kernel: $*"
	skipped=$((skipped + 1))
}

result() # STATUS NAME
{
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $2"
	else
		failed=$((failed + 1))
		echo "not ok $2"
	fi
}

# got PACKAGE: its file, fetched if it is not there; the reason stays in $why.
got()
{
	why=$(sh "$fetch" "$suite" "$1" "$cache/debs-$suite" 2>/dev/null) || return 1
	printf '%s\n' "$why"
}

# depends DEB PATTERN: the first package that it depends on whose name matches.
depends()
{
	dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -E "$2" | head -n 1
}

# Everything of one kernel in one folder, where its makefiles then look.
unpack()
{
	meta=$(got linux-headers-amd64) || return 1
	abi=$(depends "$meta" '^linux-headers-')
	abi=${abi#linux-headers-}
	root=$cache/$suite-$abi
	[ ! -e "$root/ready" ] || return 0
	rm -rf "$root"
	headers=$(got "linux-headers-$abi") || return 1
	common=$(got "$(depends "$headers" '^linux-headers-.*-common$')") || return 1
	kbuild=$(got "$(depends "$headers" '^linux-kbuild-')") || return 1
	image=$(got "linux-image-$abi") || return 1
	mkdir "$root"
	for deb in "$headers" "$common" "$kbuild"; do
		dpkg-deb -x "$deb" "$root" || return 1
	done
	dpkg-deb --fsys-tarfile "$image" | tar -x -C "$root" "./boot/vmlinuz-$abi" || return 1
	sed -i "s,/usr/src,$root/usr/src," "$root/usr/src/linux-headers-$abi/Makefile"
	: >"$root/ready"
}

build()
{
	sh "$here/../../kernel/build.sh" "$root/usr/src/linux-headers-$abi" "$work/$suite" \
		CC="${KERNEL_CC:-gcc}" -j"$jobs" >"$work/$suite.log" 2>&1
}

# A warning of the compiler in our sources; frames are measured by the run itself.
warnings()
{
	grep 'warning:' "$work/$suite.log" | grep -v 'frame size of'
}

# The init of a system that loads the modules, tries what they offer and ends.
init()
{
	cat <<-'END'
		#!/bin/busybox sh
		b=/bin/busybox
		$b mount -t proc proc /proc
		$b mount -t devtmpfs dev /dev
		$b insmod /libmpt.ko; echo "check: libmpt loads: $?"
		for spec in check,fault,mock:phys-bits=36 stats,check,mock:phys-bits=36,trap=after; do
			$b insmod /mpt_selftest.ko spec=$spec; echo "check: selftest loads: $?"
			$b rmmod mpt_selftest; echo "check: selftest unloads: $?"
		done
		$b rmmod libmpt; echo "check: libmpt unloads: $?"
		$b poweroff -f
	END
}

boot()
{
	rm -rf "$work/root"
	mkdir -p "$work/root/bin" "$work/root/dev" "$work/root/proc"
	cp "$busybox" "$work/root/bin/busybox"
	cp "$work/$suite/libmpt.ko" "$work/$suite/mpt_selftest.ko" "$work/root" || return 1
	init >"$work/root/init"
	chmod +x "$work/root/init"
	(cd "$work/root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$work/root.gz"
	timeout 600 qemu-system-x86_64 -accel tcg -m 1536 -smp 2 -display none -serial stdio -no-reboot \
		-kernel "$root/boot/vmlinuz-$abi" -initrd "$work/root.gz" \
		-append "console=ttyS0 panic=-1 quiet loglevel=7" </dev/null 2>&1 |
		tr -d '\r' | sed 's/^\[ *[0-9.]*\] //' >"$work/$suite.boot"
}

# told COUNT PATTERN: so many lines of the boot match.
told()
{
	[ "$(grep -cE "$2" "$work/$suite.boot")" -eq "$1" ]
}

# Each clause is a check of its own, so that a boot in which few were tried is seen.
clauses()
{
	ok=$(grep -cE '^mpt: ok [0-9]+ - [A-Z]+-[0-9]+$' "$work/$suite.boot")
	bad=$(grep -cE '^mpt: not ok ' "$work/$suite.boot")
	passed=$((passed + ok))
	failed=$((failed + bad))
	echo "$release: $ok clauses hold, $bad do not"
	grep -A 1 '^mpt: not ok ' "$work/$suite.boot"
	planned=$(awk '/^mpt: 1\.\./ { sub(/.*\.\./, ""); n += $1 } END { print n + 0 }' "$work/$suite.boot")
	told "$planned" '^mpt: (ok|not ok) [0-9]+ - '
	result $? "$release: each of $planned clauses was tried or is named as absent"
	[ "$ok" -gt 250 ]
	result $? "$release: more than 250 of them were tried"
}

judge()
{
	for what in 'libmpt loads: 0' 'libmpt unloads: 0'; do
		told 1 "^check: $what\$"
		result $? "$release: $what"
	done
	for what in 'selftest loads: 0' 'selftest unloads: 0'; do
		told 2 "^check: $what\$"
		result $? "$release: $what, twice"
	done
	told 0 'BUG:|WARNING:|Oops|Call Trace|invoked oom-killer|possible recursive locking'
	result $? "$release: the kernel has no complaint"
}

try()
{
	unpack || { skip "Debian $suite: ${why:-a package of its kernel cannot be unpacked}"; return; }
	release="Linux $abi"
	build
	result $? "$release: the modules build"
	[ -e "$work/$suite/mpt_selftest.ko" ] || { tail -n 40 "$work/$suite.log"; return; }
	warnings
	[ -z "$(warnings)" ]
	result $? "$release: without a warning"
	boot
	clauses
	judge
	[ $failed -eq 0 ] || tail -n 30 "$work/$suite.boot"
}

case "$(uname -m)" in
x86_64) ;;
*) echo "SKIP: check-kernel: this machine is no x86_64"; exit 77 ;;
esac
for tool in cpio dpkg-deb flock gcc make qemu-system-x86_64; do
	command -v $tool >/dev/null 2>&1 ||
		die "no $tool; on Debian: apt-get install $(sed 's/#.*//' "$here/packages" | paste -sd ' ')"
done
busybox=$(command -v busybox) || die "no busybox; on Debian: apt-get install busybox-static"
cache=${LIBMPT_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/libmpt}/kernel
mkdir -p "$cache" || die "cannot make the cache folder $cache"
cache=$(cd "$cache" && pwd)
case $cache in
*[[:space:]:]*) die "Kbuild takes no blank and no colon in a path: $cache" ;;
esac
exec 9>"$cache/lock"
flock 9
work=$(mktemp -d "$cache/work.XXXXXX") || die "cannot write to $cache"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ $# -gt 0 ] || set -- bookworm bullseye
for suite; do
	try
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] || exit 1
[ $passed -gt 0 ] || exit 77
