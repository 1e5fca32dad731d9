#!/bin/sh
# SPDX-License-Identifier: MIT
# Each installed header compiles alone, in C99 -pedantic and in C++11, from an installation.
# <mpt/compat/linux.h> needs a kernel's sources around it: make check-linux-headers is its test.
. "$(dirname "$0")/common.sh"

include=$MPT_STAGE$MPT_INCLUDEDIR
[ -d "$include/mpt" ] || fail "no headers installed in $include"

headers()
{
	(cd "$include" && find mpt gvt -name '*.h' ! -path mpt/compat/linux.h | sort)
}

# alone TEXT COMMAND...: COMMAND compiles each header by itself, included twice for its guard.
alone()
{
	text=$1
	shift
	for h in $(headers); do
		printf '#include <%s>\n#include <%s>\n' "$h" "$h" >"$scratch/one.c"
		"$@" -I"$include" -fsyntax-only "$scratch/one.c" || fail "<$h> does not compile alone as $text"
		ok "<$h> as $text"
	done
}

[ "$(headers | wc -l)" -gt 0 ] || fail "no header found"
# shellcheck disable=SC2086  # CC and CXX may carry flags
alone C99 $CC -std=c99 -pedantic -Wall -Wextra -Werror

printf 'int broken(void) { return undeclared; }\n' >"$scratch/one.c"
# shellcheck disable=SC2086
if $CC -std=c99 -fsyntax-only "$scratch/one.c" 2>/dev/null; then
	fail "$CC takes a broken header: this test sees nothing"
fi

need "$CXX" "C++ compiler (the C99 half passed)"
# shellcheck disable=SC2086
alone C++11 $CXX -x c++ -std=c++11 -pedantic -Wall -Wextra -Werror
finish
