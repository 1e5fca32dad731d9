#!/bin/sh
# SPDX-License-Identifier: MIT
# Every operation of ops.def is called by the core, or the table of clauses says why not. That two
# back ends have it and a clause speaks of it is tests/test_conformance.c's.
. "$(dirname "$0")/common.sh"

# reasons: operations that the table excuses.
"$builddir/conformance/list" >"$scratch/list"
awk -F' [|] |^[|] ' '/^## / { on = /core does not call/ } on && /^[|] [a-z_0-9]* [|] / && $2 != "operation" {
	print $2 }' "$scratch/list" >"$scratch/reasons"
[ -s "$scratch/reasons" ] || fail "no reasons in the list of clauses"

# census FOLDER: complaints about the core in there. A wrapper, or its variant that names the host.
census()
{
	sed -n 's/^MPT_OP([A-Z]*, [A-Z]*, \([a-z0-9_]*\), \([a-z0-9_]*\),.*/\1 \2/p' \
		"$srcdir/include/mpt/ops.def" >"$scratch/ops"
	while read -r op wrapper; do
		called=no
		if cat "$1"/*.c | grep -qE "(intel_gvt_hypervisor|mpt|mpt_host)_$wrapper\("; then
			called=yes
		fi
		if grep -qx "$op" "$scratch/reasons"; then
			[ $called = no ] || echo "$op: called, and excused"
		else
			[ $called = yes ] || echo "$op: neither called by the core nor excused"
		fi
	done <"$scratch/ops"
}

census "$srcdir/gvt" >"$scratch/complaints"
[ ! -s "$scratch/complaints" ] || fail "$(cat "$scratch/complaints")"
[ "$(wc -l <"$scratch/ops")" -gt 20 ] || fail "only these in ops.def: $(cat "$scratch/ops")"
ok "$(wc -l <"$scratch/ops") operations, $(wc -l <"$scratch/reasons") of them not called and excused"

# It bites: a core that has lost a call, and one that makes an excused one.
mkdir "$scratch/core"
cp "$srcdir"/gvt/*.c "$scratch/core"
# The source may be read-only.
chmod u+w "$scratch"/core/*
sed 's/intel_gvt_hypervisor_set_pvmmio/forgotten/' "$srcdir/gvt/pvmmio.c" >"$scratch/core/pvmmio.c"
echo 'intel_gvt_hypervisor_gfn_to_mfn(vgpu, 1);' >"$scratch/core/new.c"
census "$scratch/core" >"$scratch/complaints"
[ "$(cat "$scratch/complaints")" = "gfn_to_mfn: called, and excused
set_pvmmio: neither called by the core nor excused" ] || fail "not noticed: $(cat "$scratch/complaints")"
ok "a lost call and a stale reason are noticed"

# ---- the documents made of the table ----

cmp -s "$scratch/list" "$srcdir/doc/clauses.md" || fail "doc/clauses.md is not the table's (doc/tables.sh)"
ok "doc/clauses.md is the table's"

# fresh FILE: complaints about its matrix, by which back ends and shapes there are and what applies.
# What a run has shown, but for a failure, tests/test_conformance.c shows as well.
fresh()
{
	sed -n '/^<!-- made by/,/^<!-- end/p' "$1" | grep '^|' | sed 's/ [+L] |/ ? |/g; s/ [+L] |/ ? |/g' >"$scratch/told"
	cmp -s "$scratch/applies" "$scratch/told" || echo "$1: not what there is (doc/tables.sh)"
	! grep -q '| F |' "$1" || echo "$1: a clause has failed"
}
LD_LIBRARY_PATH=$MPT_STAGE$MPT_LIBDIR
export LD_LIBRARY_PATH
whole=yes
sed -n 's/^| [0-9]* | `\([a-z-]*\).*/\1/p' "$srcdir/doc/matrix.md" >"$scratch/names"
while read -r name; do
	case " $MPT_BACKENDS " in
	*" $name "*) ;;
	*) whole=no ;;
	esac
done <"$scratch/names"
if [ $whole = no ] || [ -n "$MPT_STATIC_BACKEND" ]; then
	echo "SKIP: $me: doc/matrix.md has more back ends than this build"
else
	"$MPT_STAGE$MPT_BINDIR/mptctl" matrix --list --format markdown | grep '^|' >"$scratch/applies"
	fresh "$srcdir/doc/matrix.md" >"$scratch/complaints"
	[ ! -s "$scratch/complaints" ] || fail "$(cat "$scratch/complaints")"
	sed 's/^| MEM-1 | + |/| MEM-1 | - |/' "$srcdir/doc/matrix.md" >"$scratch/stale.md"
	sed 's/^| MEM-2 | + |/| MEM-2 | F |/' "$srcdir/doc/matrix.md" >"$scratch/failed.md"
	for name in stale failed; do
		[ -n "$(fresh "$scratch/$name.md")" ] || fail "a $name matrix is not noticed"
	done
	ok "doc/matrix.md has each shape and what applies to it"
fi
finish
