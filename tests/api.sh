#!/bin/sh
# SPDX-License-Identifier: MIT
# The API reference (doc/api): the headers say all that it asks for, what the libraries export is in
# it, and each of its complaints can come: a header is spoiled in a copy and must be refused.
. "$(dirname "$0")/build/common.sh"

need "$NM" nm
: "${AWK:?}"

# reference ROOT [VARIABLE=VALUE]...: reads the headers and sources there; complaints on stdout.
reference()
{
	root=$1
	shift
	set -- "$@" "root=$root"
	# shellcheck disable=SC2046  # names in the tree have no blanks
	$AWK $(for v; do printf -- '-v %s ' "$v"; done) \
		-f "$srcdir/doc/api/text.awk" -f "$srcdir/doc/api/pages.awk" \
		-f "$srcdir/doc/api/sources.awk" -f "$srcdir/doc/api/api.awk" \
		"$root/include/mpt/ops.def" "$root/include/mpt/types.h" \
		$(find "$root/include" -name '*.h' ! -path '*/mpt/types.h' | sort) \
		$(find "$root/libmpt" "$root/gvt" -name '*.c' | sort) 2>&1
}

mkdir "$scratch/pages"
reference "$srcdir" "out=$scratch/pages" "names=$scratch/names" >"$scratch/said" || {
	cat "$scratch/said"
	fail "a header does not say all of the above"
}
ok "every header"

# ---- a page a header, and a word for each name ----

for h in "$srcdir"/include/mpt/*.h "$srcdir"/include/gvt/*.h; do
	page=$(echo "${h#"$srcdir/include/"}" | sed 's,/,-,; s/\.h$/.md/')
	[ -s "$scratch/pages/$page" ] || fail "there is no page $page"
	ok "$page"
done

for name in libmpt libmpt-gvt; do
	lib=$MPT_STAGE$MPT_LIBDIR/$name.so
	[ -e "$lib" ] || continue
	"$NM" -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
		grep -E '^(mpt|gvt|acrn)_' | sort -u >"$scratch/exported"
	[ -s "$scratch/exported" ] || fail "$name.so exports nothing"
	sed 's/.* //' "$scratch/names" | sort -u >"$scratch/known"
	comm -23 "$scratch/exported" "$scratch/known" >"$scratch/found"
	[ ! -s "$scratch/found" ] || {
		cat "$scratch/found"
		fail "$name.so exports names (above) that no header has"
	}
	ok "what $name.so exports"
done

# ---- do the rules bite? ----

mkdir -p "$scratch/tree"
(cd "$srcdir" && tar cf - include libmpt gvt) | (cd "$scratch/tree" && tar xf -)
chmod -R u+w "$scratch/tree"

# spoiled FILE SED-SCRIPT TEXT: with FILE changed so, there is a complaint with TEXT.
spoiled()
{
	cp "$scratch/tree/$1" "$scratch/before"
	sed "$2" "$scratch/before" >"$scratch/tree/$1"
	! cmp -s "$scratch/before" "$scratch/tree/$1" || fail "nothing was spoiled in $1: $2"
	if reference "$scratch/tree" >"$scratch/said"; then
		fail "not noticed in $1: $2"
	fi
	cp "$scratch/before" "$scratch/tree/$1"
	grep -qF -e "$3" "$scratch/said" || {
		cat "$scratch/said"
		fail "noticed for another reason in $1: $2"
	}
	ok "noticed: $3"
}

host=include/mpt/host.h
spoiled $host '/mpt_version() - /d' 'mpt_version() has no kernel-doc'
spoiled $host 's/^ \* @spec: /  * /' 'mpt_host_open(): nothing is said of @spec'
spoiled $host 's/^ \* @spec: /&@gone: /' 'mpt_host_open(): @gone is described, but no parameter'
spoiled $host '/^ \* @vm: out; unt/,/Since/s/Return: .*/Balanced. Since: 0.1/' 'mpt_vm_get() returns int and does not say what'
spoiled $host 's/Return: 0, -ESRCH (no such VM), -ENOMEM\./Return: zero or so./' 'mpt_vm_get() returns int and lists no errno'
spoiled $host 's/-ENODEV (no such/-ENOTSUP (no such/' '-ENOTSUP is not of the closed set'
spoiled $host 's/ Since: 0.1 \*\/$/ *\//' 'does not say since when it is there'
spoiled $host 's/MPT_POLICY_RETURN, .*/MPT_POLICY_RETURN,/' 'enum mpt_policy: nothing is said of MPT_POLICY_RETURN'
spoiled $host 's/^ \* @opaque: .*/ * -/' 'struct mpt_core: nothing is said of opaque'
spoiled $host 's/^ \* @opaque: /&@gone: /' 'struct mpt_core: @gone is described, but no member'
spoiled $host 's/^\(#define MPT_CORE_STORES.*\)/#define MPT_NEW 1\n\n\1/' 'MPT_CORE_STORES has no kernel-doc'
spoiled include/mpt/rcu.h 's/^.* mpt_rcu_epoch - .*//' 'mpt_rcu_epoch has no kernel-doc'
spoiled include/gvt/hw.h 's/^ \* struct gvt_hw - one/ * one/' 'struct gvt_hw has no kernel-doc'
spoiled include/mpt/hypercall.h 's/-ESRCH (VM is gone), //' 'attach_vgpu: only ops.def has -ESRCH'
spoiled include/mpt/hypercall.h 's/-ESRCH (VM is gone), /&-EIO, /' 'attach_vgpu: only its comment has -EIO'
spoiled include/mpt/hypercall.h 's/MPT_CAP_INTX,/that,/' 'set_intx does not name its capability'
spoiled include/mpt/hypercall.h 's/MPT_CAP_MAP_GFN, absent: 0/MPT_CAP_MAP_GFN, absent: -EOPNOTSUPP/' 'map_gfn_to_mfn: absent it answers 0'
spoiled include/mpt/hypercall.h 's/@addr, @data: the/the/' 'intel_gvt_mpt.inject_msi: nothing is said of @addr'
spoiled include/mpt/mpt.h 's/trap an inclusive address range. Absent: 0/trap. Absent: -ENOENT/' 'absent it answers 0, not -ENOENT'
spoiled include/mpt/ops.def 's/E(INVAL) | E(IO), 0, ANY/E(INVAL) | E(PERM), 0, ANY/' '-EPERM is not of the closed set'
spoiled include/mpt/mpt.h 's/intel_gvt_hypervisor_set_intx(/intel_gvt_hypervisor_set_int(/' 'no wrapper of set_intx'
spoiled libmpt/vm.c 's/^int mpt_vm_get(.*/&/; /^int mpt_vm_get(/,/^}/s/^{/{\n\treturn -EACCES;/' 'mpt_vm_get() answers -EACCES'
# By way of a static function of the file.
spoiled libmpt/vm.c '/^static int vm_new(/,/^}/s/^{/{\n\treturn -EIO;/' 'mpt_vm_get() answers -EIO'
finish
