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
[ "$(wc -l <"$scratch/ops")" -gt 20 ] || fail "ops.def: only $(wc -l <"$scratch/ops") operations found"
ok "$(wc -l <"$scratch/ops") operations, $(wc -l <"$scratch/reasons") of them not called and excused"

# It bites: a core that has lost a call, and one that makes an excused one.
mkdir "$scratch/core"
cp "$srcdir"/gvt/*.c "$scratch/core"
sed 's/intel_gvt_hypervisor_set_pvmmio/forgotten/' "$srcdir/gvt/pvmmio.c" >"$scratch/core/pvmmio.c"
echo 'intel_gvt_hypervisor_gfn_to_mfn(vgpu, 1);' >"$scratch/core/new.c"
census "$scratch/core" >"$scratch/complaints"
[ "$(cat "$scratch/complaints")" = "gfn_to_mfn: called, and excused
set_pvmmio: neither called by the core nor excused" ] || fail "not noticed: $(cat "$scratch/complaints")"
ok "a lost call and a stale reason are noticed"
finish
