#!/bin/sh
# SPDX-License-Identifier: MIT
# Arrows go down through a header, never up and never sideways: who may include whom, which symbols
# the libraries export, and what they may not call. The rules are then shown to bite: each is broken
# in a copy and must be reported.
. "$(dirname "$0")/common.sh"

need "$NM" nm

# ---- includes ----

folders='include libmpt gvt backends compat tools examples bench fuzz conformance tests'

# sources ROOT: the files there of which the rules speak.
sources()
{
	(
		cd "$1" || exit 1
		for dir in $folders; do
			[ ! -d "$dir" ] || find "$dir" -name '*.[ch]' -o -name '*.def'
		done
	)
}

# includes ROOT: lines "file: <header>" or "file: "header"" of all of them.
includes()
{
	sources "$1" | (
		cd "$1" || exit 1
		xargs -r grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+[>"]'
	) | sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/: /'
}

# deny WHY PATTERN FOLDER...: no include in there matches PATTERN (of grep -E).
deny()
{
	why=$1 pattern=$2
	shift 2
	if grep -E "^($(echo "$*" | tr ' ' '|'))/[^:]*: ($pattern)" "$scratch/includes" >"$scratch/found"; then
		echo "$why:"
		cat "$scratch/found"
		return 1
	fi
}

# includes_of ROOT: all rules about includes; complains and fails on the first broken one.
includes_of()
{
	includes "$1" >"$scratch/includes"
	deny "libmpt/ includes the core or a tool" \
		'[<"](.*/)?(gvt|tools|conformance|tests)/' libmpt include/mpt || return 1
	deny "libmpt/ includes a back end" \
		'[<"](\.\./)?backends/([^/]+/|builtin\.h)' libmpt include || return 1
	deny "gvt/ looks below <mpt/...>" \
		'("(.*/)?(libmpt|backends|tools|tests|compat)/|"\.\./|<(libmpt|backends)/)' gvt include/gvt || return 1
	deny "a back end looks inside libmpt" '"(.*/)?libmpt/(internal|layers|exports)' backends || return 1
	deny "gvt/ knows of back ends" '<mpt/(backend|layers|static)[./]' gvt include/gvt || return 1
	deny "a back end includes the core" '[<"](.*/)?gvt/' backends || return 1
	for b in "$1"/backends/*/; do
		b=$(basename "$b")
		# Own files are included by name alone or by their path from the top.
		if grep -E "^backends/$b/[^:]*: \"(\.\./|backends/)" "$scratch/includes" |
			grep -vE ": \"backends/$b/"; then
			echo "back end $b includes another back end (above)"
			return 1
		fi
	done
	deny "a hypervisor's header outside backends/" \
		'[<"](linux|asm|xen)/(acrn|kvm|vfio|vhm|xen)[^>"]*[>"]' \
		include libmpt gvt tools examples bench fuzz conformance || return 1
	deny "conformance/ looks below <mpt/...>" \
		'("(.*/)?(libmpt|gvt|backends|tools|tests)/|"\.\./|<gvt/)' conformance || return 1
	deny "a tool, example or benchmark looks inside the libraries" \
		'"(.*/)?(libmpt|gvt|mpt|backends|include|tests|conformance)/|"\.\./' \
		tools examples bench || return 1
	deny "the synthetic guest looks below the testbed" \
		'("(.*/)?(libmpt|gvt|backends|tools|conformance)/|"\.\./|<gvt/hw\.h>|<mpt/(backend|hypercall|layers|mpt|ops|static)[./])' \
		tests/guest || return 1
	if grep -E '^compat/[^:]*: (<(mpt|gvt)/|".*(libmpt|backends|tools|tests)/)' "$scratch/includes" |
		grep -v ': <mpt/foreign\.h>'; then
		echo "compat/ knows more of libmpt than <mpt/foreign.h> (above)"
		return 1
	fi
	deny "the library knows an unmodified core's surroundings" \
		'["<](.*/)?(compat/linux-gvt/|linux_gvt\.h)' \
		include libmpt gvt backends conformance tools examples bench || return 1
	users=$(grep -cE ': <uthash\.h>' "$scratch/includes" || true)
	if [ "$users" -ne 1 ]; then
		echo "uthash.h is included by $users files, not by one:"
		grep -E ': <(uthash|utlist|utarray|utstring)\.h>' "$scratch/includes" || true
		return 1
	fi
}

# ---- symbols ----

# What a library never calls: ends the process, or writes to the standard streams. assert() stays.
never='exit|_exit|_Exit|quick_exit|abort|raise|std(in|out|err)|perror|psignal|error|error_at_line'
never="$never"'|(__)?v?printf(_chk)?|(__)?v?dprintf(_chk)?|puts|putchar(_unlocked)?|v?(err|warn)x?|syslog'

# undefined FILE: complains about calls it must not make.
undefined()
{
	if $NM -u "$1" | sed 's/.* //; s/@.*//' | grep -xE "$never" >"$scratch/found"; then
		echo "$1 calls:"
		cat "$scratch/found"
		return 1
	fi
}

# exported FILE PATTERN [NM-FLAG]: complains about global names outside PATTERN. Names with two
# underscores in front belong to the compiler and its sanitizers.
exported()
{
	$NM ${3:+"$3"} -g --defined-only "$1" | awk 'NF == 3 && $2 != "A" { print $3 }' |
		sed 's/@.*//' | sort -u >"$scratch/names"
	[ -s "$scratch/names" ] || { echo "$1 exports nothing"; return 1; }
	if grep -vxE "($2)|__.*" "$scratch/names" >"$scratch/found"; then
		echo "$1 exports:"
		cat "$scratch/found"
		return 1
	fi
}

# ---- the tree and its libraries ----

includes_of "$srcdir" || fail "layering is broken (above)"
ok "includes"

# What installed headers declare is exported because exports.h names them (<mpt/mpt.h> only defines
# inline functions; a back end's local.mk names its <mpt/static/NAME.h>).
named=0
for h in "$srcdir"/include/mpt/*.h "$srcdir"/include/gvt/*.h; do
	h=${h#"$srcdir/include/"}
	[ "$h" != mpt/mpt.h ] || continue
	case $h in
	mpt/*) list=libmpt/exports.h ;;
	*) list=gvt/exports.h ;;
	esac
	grep -qx "#include <$h>" "$srcdir/$list" || fail "<$h> is not in $list: its functions stay hidden"
	named=$((named + 1))
done
[ $named -gt 0 ] || fail "no installed header found"
ok "exports.h names all $named headers"

# Hidden names of an archive meet those of the program that links it: they carry a prefix, too.
ids=$(find "$srcdir/backends" -mindepth 1 -maxdepth 1 -type d -exec basename {} \; | tr '\n-' '|_' | sed 's/|$//')
lib=$MPT_STAGE$MPT_LIBDIR
looked=0
for name in libmpt libmpt-gvt; do
	case $name in
	# The one published name that keeps its own prefix.
	libmpt) pattern='mpt_.*|acrn_gvt_mpt' inside="mpt_.*|($ids)_.*" ;;
	*) pattern='gvt_.*' inside='(gvt|swgpu|intel_gvt|intel_vgpu)_.*' ;;
	esac
	if [ -e "$lib/$name.so" ]; then
		undefined "$lib/$name.so" || fail "$name.so calls what a library must not"
		exported "$lib/$name.so" "$pattern" -D || fail "$name.so exports a foreign name"
		ok "symbols of $name.so"
		looked=1
	fi
	if [ -e "$lib/$name.a" ]; then
		undefined "$lib/$name.a" || fail "$name.a calls what a library must not"
		exported "$lib/$name.a" "$inside" || fail "$name.a has a global name without a prefix"
		ok "symbols of $name.a"
		looked=1
	fi
done
[ $looked = 1 ] || fail "no library found in $lib"

# ---- do the rules bite? ----

mkdir "$scratch/tree"
sources "$srcdir" | tar cf - -C "$srcdir" -T - | tar xf - -C "$scratch/tree"

# planted FILE LINE TEXT: with LINE in a new FILE of a copy, the rules complain with TEXT.
planted()
{
	mkdir -p "$scratch/tree/$(dirname "$1")"
	printf '%s\n' "$2" >"$scratch/tree/$1"
	if includes_of "$scratch/tree" >"$scratch/out"; then
		fail "not noticed: $2 in $1"
	fi
	rm "$scratch/tree/$1"
	grep -q "$3" "$scratch/out" || fail "noticed for another reason: $2 in $1: $(cat "$scratch/out")"
	ok "noticed: $2 in $1"
}

planted libmpt/planted.c '#include <gvt/gvt.h>' 'includes the core'
planted libmpt/planted.c '#include "../gvt/internal.h"' 'includes the core'
planted libmpt/planted.c '#include "backends/mock/mock.h"' 'includes a back end'
planted include/mpt/planted.h '# include <gvt/gvt.h>' 'includes the core'
planted gvt/planted.c '#include "libmpt/internal.h"' 'looks below'
planted gvt/planted.c '#include "../libmpt/internal.h"' 'looks below'
planted gvt/planted.c '#include "backends/mock/mock.h"' 'looks below'
planted gvt/planted.c '#include <mpt/backend.h>' 'knows of back ends'
planted tests/guest/planted.c '#include "gvt/internal.h"' 'looks below the testbed'
planted tests/guest/planted.c '#include "../gvt_rig.h"' 'looks below the testbed'
planted tests/guest/planted.c '#include <gvt/hw.h>' 'looks below the testbed'
planted tests/guest/planted.c '#include <mpt/layers.h>' 'looks below the testbed'
planted backends/mock/planted.c '#include "../planted/planted.h"' 'another back end'
planted backends/mock/planted.c '#include "backends/planted/planted.h"' 'another back end'
planted backends/mock/planted.c '#include "libmpt/internal.h"' 'inside libmpt'
planted backends/mock/planted.c '#include <gvt/gvt.h>' 'includes the core'
planted libmpt/planted.c '#include <linux/acrn.h>' "hypervisor's header"
planted gvt/planted.c '#include <linux/kvm.h>' "hypervisor's header"
planted conformance/planted.c '#include "libmpt/internal.h"' 'conformance/ looks below'
planted tools/planted.c '#include "libmpt/internal.h"' 'looks inside'
planted tools/planted.c '#include "../gvt/internal.h"' 'looks inside'
planted bench/planted.c '#include "gvt/internal.h"' 'looks inside'
planted compat/linux-gvt/planted.c '#include <mpt/host.h>' 'compat/ knows more'
planted compat/linux-gvt/planted.c '#include "../../libmpt/internal.h"' 'compat/ knows more'
planted tools/planted.c '#include "linux_gvt.h"' 'surroundings'
planted gvt/planted.c '#include <uthash.h>' 'uthash.h is included by 2'

# bites TEXT CODE CHECK...: a library made of CODE must fail CHECK.
bites()
{
	text=$1
	printf '%s\n' "$2" >"$scratch/planted.c"
	shift 2
	# shellcheck disable=SC2086
	$CC -shared -fPIC -o "$scratch/planted.so" "$scratch/planted.c"
	if "$@" >/dev/null; then
		fail "not noticed: $text"
	fi
	ok "noticed: $text"
}

bites 'a library that aborts' '#include <stdlib.h>
void mpt_f(void); void mpt_f(void) { abort(); }' undefined "$scratch/planted.so"
bites 'a library that exits' '#include <stdlib.h>
void mpt_f(void); void mpt_f(void) { exit(1); }' undefined "$scratch/planted.so"
bites 'a library that prints' '#include <stdio.h>
void mpt_f(int i); void mpt_f(int i) { printf("%d", i); }' undefined "$scratch/planted.so"
bites 'a library that writes to stderr' '#include <stdio.h>
void mpt_f(int i); void mpt_f(int i) { fprintf(stderr, "%d", i); }' undefined "$scratch/planted.so"
bites 'a library with a foreign name' \
	'void other(void); void other(void) { }' exported "$scratch/planted.so" 'mpt_.*' -D
finish
