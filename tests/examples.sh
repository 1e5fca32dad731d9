#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example builds from an installation with pkg-config alone and does what its guide says. The
# module is opened by a path, driven by the tool, and tried against the clauses of the contract.
. "$(dirname "$0")/build/common.sh"

need "$PKG_CONFIG" pkg-config
lib=$MPT_STAGE$MPT_LIBDIR
mptctl=$MPT_STAGE$MPT_BINDIR/mptctl
# The stage is a sysroot, as in tests/build/outside.sh.
unset PKG_CONFIG_PATH
PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$MPT_STAGE
PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
LD_LIBRARY_PATH=$lib
export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS
# The source may be somebody else's, and its folders read-only.
cp -R "$srcdir/examples" "$scratch/" && chmod -R u+w "$scratch/examples" &&
	cd "$scratch/examples" || exit 1

skip()
{
	echo "SKIP: $me: $*"
	[ -z "${MPT_TEST_TALLY:-}" ] || echo "$me 0 0 1" >>"$MPT_TEST_TALLY"
}

# build OUT PACKAGE ARGUMENT...: as its first comment says, warnings being errors.
build()
{
	out=$1 package=$2
	shift 2
	if [ -e "$lib/libmpt.so" ]; then
		libs=$($PKG_CONFIG --libs "$package")
	else
		libs=$($PKG_CONFIG --static --libs "$package")
	fi
	# shellcheck disable=SC2046,SC2086  # flags are lists
	$CC -Wall -Wextra -Werror $MPT_SANITIZER_CFLAGS -o "$out" "$@" \
		$($PKG_CONFIG --cflags "$package") $libs || fail "$out does not build"
}

# says NAME LINE...: the program ran well and printed each of them.
says()
{
	name=$1
	shift
	"./$name" >"$scratch/said" 2>&1 || {
		cat "$scratch/said"
		fail "$name: exit status $?"
	}
	for line; do
		grep -qF -e "$line" "$scratch/said" || {
			cat "$scratch/said"
			fail "$name does not say '$line'"
		}
	done
	ok "$name"
}

case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	echo "SKIP: $me: no mock in this build, which the examples run on"
	exit 77
	;;
esac

build hello libmpt-gvt hello.c
says hello 'PVINFO magic 0x4776544776544776, vGPU 1'
# A static-backend build has no ledger.
[ -n "$MPT_STATIC_BACKEND" ] || says hello '0 things left behind, 0 violations'
build core libmpt core.c
says core 'the register was 0x1234 and is 0x5eed'
build tree libmpt-gvt tree.c
says tree 'a second one for VM 1: EEXIST'
if [ -n "$MPT_STATIC_BACKEND" ]; then
	skip "a static-backend build has neither layers nor modules"
	finish
	exit 0
fi
build layers libmpt layers.c
says layers 'map gfn 1: ENOMEM' 'map gfn 2: 0' 'left behind: dma of gfn 2' \
	'1 left behind, 1 violations'

# ---- a back end as a module ----

# Without libltdl, or without shared libraries, there is none to load.
modules()
{
	[ -e "$lib/libmpt.so" ] && grep -q '^#define HAVE_LTDL 1' "$builddir/config.h"
}

if ! modules; then
	skip "this build loads no modules"
	finish
	exit 0
fi
build flat.so libmpt -shared -fPIC flat/flat.c flat/bed.c -pthread
[ "$(wc -l <flat/flat.c)" -le 300 ] || fail "flat.c, a small back end, has more than 300 lines"
spec=$scratch/examples/flat.so

# run TEXT ARGUMENT...: mptctl ends well and says TEXT.
run()
{
	text=$1
	shift
	"$mptctl" "$@" >"$scratch/said" 2>&1 || {
		cat "$scratch/said"
		fail "mptctl $*: exit status $?"
	}
	grep -q -e "$text" "$scratch/said" || {
		cat "$scratch/said"
		fail "mptctl $* does not say '$text'"
	}
	ok "mptctl $*"
}

run 'healthy' run --backend "$spec"
run 'healthy' run --backend "$spec" --guest synthetic
run 'healthy' run --backend "$spec" --trace "$srcdir/tests/data/i915-6.1-skl-probe.mmiotrace"
run ' 0 failed' conformance "check,$spec"
if "$mptctl" run --backend "$spec:phys-bits=99" >"$scratch/said" 2>&1; then
	fail "an option out of range was taken"
fi
grep -q '32 to 40' "$scratch/said" || fail "the range of phys-bits is not told"
ok "its option"
finish
