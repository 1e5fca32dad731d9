#!/bin/sh
# SPDX-License-Identifier: MIT
# Reads object code: each wrapper of <mpt/mpt.h> makes exactly one indirect call, and none in a
# static-backend build; nor does a hot function of gvt/ there. Both builds are made here, of single
# objects, whatever this tree was configured for.
. "$(dirname "$0")/common.sh"

need "$OBJDUMP" objdump
static=mock
hot_file=gvt/ggtt.c
hot=gvt_ggtt_write

# A jump table is an indirect jump that calls nothing, a split-off cold part hides a call, and a
# wrapper merged with an equal one has no code of its own: none of that here. clang lacks the last two.
flags="-std=gnu11 -O2 -fPIC -fcf-protection=none -fno-jump-tables -D_GNU_SOURCE -I$srcdir/include"
for f in -fno-reorder-blocks-and-partition -fno-ipa-icf; do
	echo 'int nothing;' >"$scratch/try.c"
	# shellcheck disable=SC2086
	! $CC -Werror $f -c -o "$scratch/try.o" "$scratch/try.c" 2>/dev/null || flags="$flags $f"
done

# compile OUT SOURCE FLAG...
compile()
{
	out=$1 source=$2
	shift 2
	# shellcheck disable=SC2086
	$CC $flags "$@" -c -o "$out" "$source" || fail "$source does not compile with: $*"
}

# indirect OBJECT: lines "function count" of indirect calls and of indirect jumps, which tail calls
# are. A function is charged with those of its own split-off parts (name.part.0, name.cold) and of
# the functions of this object that it calls, directly or not.
indirect()
{
	$OBJDUMP -dr --no-show-raw-insn "$1" | awk '
	# Where a call goes is in its relocation, if it has one: what objdump prints beside the
	# instruction is then only the address that follows.
	function commit() {
		if (to != "" && to != fn)
			edge[fn, to] = 1
		to = ""
	}
	/^[0-9a-f]+ <.*>:$/ {
		commit()
		fn = substr($2, 2, length($2) - 3)
		defined[fn] = 1
		next
	}
	fn == "" { next }
	/^\t+[0-9a-f]+: R_/ {
		if (to != "")
			to = $3
		sub(/[-+]0x[0-9a-f]+$/, "", to)
		next
	}
	{ commit() }
	/\t(bnd |notrack )*(call|jmp)q? +\*/ { own[fn]++; next }
	/\t(bnd )?(call|j[a-z]+)q? .*<.*>/ {
		to = $0
		sub(/.*</, "", to)
		sub(/[>+].*/, "", to)
	}
	function visit(f,    k, p) {
		if (seen[f]++)
			return
		sum += own[f]
		for (k in edge) {
			split(k, p, SUBSEP)
			if (p[1] == f && (p[2] in defined))
				visit(p[2])
		}
		for (k in defined)
			if (index(k, f ".") == 1)
				visit(k)
	}
	END {
		commit()
		for (f in defined) {
			split("", seen)
			sum = 0
			visit(f)
			print f, sum
		}
	}'
}

# count OBJECT FUNCTION: the number for one function, "absent" if the object has none of that name.
count()
{
	indirect "$1" | awk -v f="$2" '$1 == f { n = $2; has = 1 } END { print has ? n : "absent" }'
}

# ---- does the reader see what it must? ----

cat >"$scratch/known.c" <<'END'
extern int (*table[4])(int);
int known(int);
__attribute__((noinline)) static int inner(int i) { return table[1](i) + 1; }
int none(int i) { return known(i) + 1; }
int call(int i) { return table[0](i) + 1; }
int tail(int i) { return table[0](i); }
int both(int i) { return table[0](i) + table[1](i); }
int deep(int i) { return inner(i) + 1; }
END
compile "$scratch/known.o" "$scratch/known.c"
case $($OBJDUMP -f "$scratch/known.o") in
*x86-64*) ;;
*) echo "SKIP: dispatch: no rules to read this machine's code (x86-64 only)"; exit 77 ;;
esac
for want in none:0 call:1 tail:1 both:2 deep:1; do
	got=$(count "$scratch/known.o" "${want%:*}")
	[ "$got" = "${want#*:}" ] || fail "cannot read code: ${want%:*} has $got indirect calls, not ${want#*:}"
	ok "read ${want%:*}"
done

# ---- every wrapper, out of line ----

wrappers=$(grep -oE '\bintel_gvt_hypervisor_[a-z0-9_]+\(' "$srcdir/include/mpt/mpt.h" | tr -d '(' | sort -u)
[ -n "$wrappers" ] || fail "no wrapper found in <mpt/mpt.h>"
listed=$(grep -cE '^MPT_OP\(' "$srcdir/include/mpt/ops.def")
[ "$(echo "$wrappers" | wc -l)" -eq "$listed" ] ||
	fail "$(echo "$wrappers" | wc -l) wrappers, but $listed operations in ops.def"
{
	echo '#include <mpt/mpt.h>'
	for w in $wrappers; do
		echo "extern __typeof__($w) *const probe_$w;"
		echo "__typeof__($w) *const probe_$w = $w;"
	done
} >"$scratch/probe.c"

# each OBJECT N TEXT: every wrapper there has N indirect calls.
each()
{
	counts=" $(indirect "$1" | tr '\n' ' ')"
	for w in $wrappers; do
		got=${counts#* "$w" }
		[ "$got" != "$counts" ] || got=
		got=${got%% *}
		[ "${got:-absent}" = "$2" ] || fail "$w: ${got:-absent} indirect calls in the $3 build, not $2"
		ok "$w: $2 in the $3 build"
	done
}

compile "$scratch/probe.o" "$scratch/probe.c"
each "$scratch/probe.o" 1 default
compile "$scratch/static.o" "$scratch/probe.c" "-DMPT_STATIC_BACKEND=$static"
each "$scratch/static.o" 0 static-backend

# ---- a hot function of the core ----

compile "$scratch/hot.o" "$srcdir/$hot_file"
got=$(count "$scratch/hot.o" "$hot")
case $got in
absent) fail "$hot is not in $hot_file" ;;
0) fail "$hot calls no wrapper: it proves nothing" ;;
*) ok "$hot: $got in the default build" ;;
esac
compile "$scratch/hot-static.o" "$srcdir/$hot_file" "-DMPT_STATIC_BACKEND=$static"
got=$(count "$scratch/hot-static.o" "$hot")
[ "$got" = 0 ] || fail "$hot: $got indirect calls in the static-backend build"
ok "$hot: 0 in the static-backend build"
finish
