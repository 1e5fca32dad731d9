#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes anew what is made in documents: the table of errnos in doc/errors.md, by ops.def and the
# headers; the status table in README.md, by a run of the conformance clauses over the back ends;
# doc/clauses.md, by the table of clauses; doc/linux-core-diff.md, by the rules of the differential
# test; the table in doc/matrix.md, by a run of all of them; and the counts in doc/guides/port.md, by
# following it.
#
#   doc/tables.sh [BUILD]     the build folder, by default build; it has to be built
set -eu

cd "$(dirname "$0")/.."
build=${1:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# put FILE MARK: the lines of stdin between "<!-- MARK" and "<!-- end -->" of FILE.
put()
{
	cat >"$work/new"
	awk -v mark="<!-- $2" -v new="$work/new" '
		on && /^<!-- end -->/ { on = 0 }
		!on { print }
		index($0, mark) == 1 { on = 1; while ((getline line < new) > 0) print line }' "$1" >"$work/file"
	cat "$work/file" >"$1"
}

# shellcheck disable=SC2046  # names in the tree have no blanks
awk -v errors="$work/errors" -f doc/api/text.awk -f doc/api/pages.awk -f doc/api/sources.awk -f doc/api/api.awk \
	include/mpt/ops.def include/mpt/types.h \
	$(find include -name '*.h' ! -path '*/mpt/types.h' ! -path '*/compat/*' | sort)
put doc/errors.md 'made by doc/tables.sh' <"$work/errors"

# status SPEC WHAT: a row; the numbers are of a run.
status()
{
	"$build/tools/mptctl" conformance "$1" >"$work/run" || true
	# A known limit stands among the failures, as what it is.
	tail -n 1 "$work/run" | sed -n "s/^\([0-9]*\) passed, 0 failed, \([0-9]*\) not applicable, \([0-9]*\) known.*/\
| \`$1\` | $2 | \1 | \3 (known limits) | \2 |/p; s/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) not applicable\$/\
| \`$1\` | $2 | \1 | \2 | \3 |/p" | sed '/^$/d'
}

{
	echo '| back end | what it is | clauses passed | failed | not applicable |'
	echo '| --- | --- | --- | --- | --- |'
	status check,fault,mock 'a hypervisor in this process'
	status check,fault,mock:trap=after 'the same, which tells of a store after it was done'
	status check,fault,vfio-user 'a stock QEMU; here a client in this process'
	status check,fault,kvm-stub "KVM's shape over a stub of its services, in this process"
	status check,fault,acrn-sim 'ACRN with its VHM, simulated'
	status check,fault,acrn-sim:profile=upstream 'ACRN with the HSM of Linux 6.1, simulated'
	# shellcheck disable=SC2016  # backticks of Markdown
	echo '| `acrn` | ACRN, by `/dev/acrn_hsm` | none: no ACRN has run it | | |'
} >"$work/status"
put README.md 'made by doc/tables.sh: status' <"$work/status"

"$build/conformance/list" >doc/clauses.md
${CC:-cc} -o "$work/differences" tests/linux-core/diff/table.c
"$work/differences" >doc/linux-core-diff.md
"$build/tools/mptctl" matrix --format markdown >"$work/matrix" || true
put doc/matrix.md 'made by doc/tables.sh' <"$work/matrix"

srcdir=$PWD builddir=$PWD/$build MPT_STAGE=none AWK=awk CC=${CC:-cc} PORT_BUILD=$work/counts \
	sh tests/build/port.sh || true
awk -v counts="$work/counts" '
	/^<!-- conformance: flat -->$/ { on = 1 }
	on && / passed, / && (getline line <counts) > 0 { $0 = line; on = 0 }
	{ print }' doc/guides/port.md >"$work/file"
cat "$work/file" >doc/guides/port.md
