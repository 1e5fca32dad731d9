#!/bin/sh
# SPDX-License-Identifier: MIT
# A C program outside the tree builds from an installation with pkg-config alone, against the shared
# and against the static libraries, and runs.
. "$(dirname "$0")/common.sh"

need "$PKG_CONFIG" pkg-config
lib=$MPT_STAGE$MPT_LIBDIR
unset PKG_CONFIG_PATH
# The stage is a sysroot: the .pc files must be right for their final place, not for the stage.
PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$MPT_STAGE
PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS

cp "$srcdir/tests/build/outside.c" "$scratch/"
cd "$scratch" || exit 1
version=$($PKG_CONFIG --modversion libmpt-gvt)
[ "$version" = "$($PKG_CONFIG --modversion libmpt)" ] || fail "two versions in the .pc files"
cflags="$MPT_SANITIZER_CFLAGS $($PKG_CONFIG --cflags libmpt-gvt)"
case "$cflags" in
*"$MPT_STATIC_BACKEND"*) ;;
*) fail "pkg-config --cflags lacks $MPT_STATIC_BACKEND" ;;
esac

# A build without any back end only shows that an unknown one is refused.
backend=${MPT_BACKENDS%% *}

# shellcheck disable=SC2086  # flags are lists
build()
{
	out=$1
	shift
	$CC $cflags -o "$out" outside.c "$@" || fail "$out: does not build"
}

if [ -e "$lib/libmpt-gvt.so" ]; then
	# shellcheck disable=SC2046
	build shared $($PKG_CONFIG --libs libmpt-gvt)
	# shellcheck disable=SC2086  # none or one
	LD_LIBRARY_PATH=$lib ./shared "$version" $backend || fail "shared: does not run"
	LD_LIBRARY_PATH=$lib ldd ./shared | grep -q "libmpt-gvt.so.* => $lib/" ||
		fail "shared: not linked to the installed library"
	ok "shared"
fi
if [ -e "$lib/libmpt-gvt.a" ]; then
	# Ours from the archives, the system's as they come.
	libs=$($PKG_CONFIG --static --libs libmpt-gvt |
		sed 's/-lmpt-gvt\>/-l:libmpt-gvt.a/g; s/-lmpt\>/-l:libmpt.a/g')
	# shellcheck disable=SC2086
	build static $libs
	# shellcheck disable=SC2086
	./static "$version" $backend || fail "static: does not run"
	if ldd ./static | grep libmpt; then
		fail "static: still wants a shared library of ours"
	fi
	ok "static"
fi
finish
