#!/bin/sh
# SPDX-License-Identifier: MIT
# museum.sh SRC WORK [ID...]: builds the sources in SRC (a distribution's tree) in WORK with every
# mutant in them, asleep; then wakes one after the other (or those with ID) and demands that its
# killer fails, and that every killer passes without any. WORK/museum.md is the table. Products are
# not built here.
set -u

src=$(cd "$1" && pwd) work=$2
shift 2
mkdir -p "$work" && work=$(cd "$work" && pwd) || exit 1
tab=$(printf '\t')
passed=0 failed=0 skipped=0
# A killer that takes longer hangs.
limit=30
unset MPT_MUTANT MPT_TEST_SPEC MPT_TEST_FEW CK_RUN_CASE CK_RUN_SUITE CK_FORK

pass() { passed=$((passed + 1)); printf 'PASS: %s\n' "$1"; }
fail() { failed=$((failed + 1)); printf 'FAIL: %s\n' "$1"; }

# --- build ---

[ ! -d "$work/src" ] || chmod -R u+w "$work/src"
rm -rf "$work/src"
cp -Rp "$src" "$work/src" && chmod -R u+w "$work/src" || exit 1
awk -v from="$src" -v to="$work/src" -v table="$work/table" -f "$src/museum/insert.awk" \
	"$src"/museum/mutants/*.mut || exit 1

# The program of a killer: "conformance SPEC CLAUSE" or "PROGRAM CASE [NAME=VALUE...]".
program_of()
{
	case $1 in
	conformance) printf 'tools/mptctl' ;;
	*) printf 'tests/%s' "$1" ;;
	esac
}

programs=$(cut -f 4 "$work/table" | while read -r what rest; do
	program_of "$what"
	printf '\n'
done | sort -u)

cd "$work" || exit 1
[ -f Makefile ] || src/configure -q --disable-shared --enable-tests CFLAGS='-O0 -w' \
	>configure.log 2>&1 || { cat configure.log; exit 1; }
# shellcheck disable=SC2086 # a list
make -s -j"${MUSEUM_JOBS:-2}" $programs >make.log 2>&1 || { cat make.log; exit 1; }

# --- run ---

# try NUMBER KILLER: runs it, 0 without a mutant.
try()
{
	(
		number=$1
		# shellcheck disable=SC2086 # words
		set -- $2
		[ "$number" = 0 ] || { MPT_MUTANT=$number; export MPT_MUTANT; }
		program=$(program_of "$1")
		if [ "$1" = conformance ]; then
			exec timeout -k 2 $limit "./$program" conformance "$2" --clause "$3"
		fi
		CK_RUN_CASE=$(printf '%s' "$2" | tr '+' ' ')
		export CK_RUN_CASE
		shift 2
		exec env "$@" timeout -k 2 $limit "./$program"
	) >run.log 2>&1
}

# A killer that tries nothing passes too; libcheck says "100%: Checks: 0".
tried_some() { ! grep -Eq 'Checks: 0|0 clauses|0 passed, 0 failed' run.log; }

healthy()
{
	cut -f 4 table | sort -u | while IFS= read -r killer; do
		if try 0 "$killer" && tried_some; then
			printf 'ok%s%s\n' "$tab" "$killer"
		else
			printf 'bad%s%s\n' "$tab" "$killer"
			sed 's/^/	/' run.log >&2
		fi
	done
}

row() { printf '| %s | %s | %s | %s | %s |\n' "$@" >>museum.md; }

# verdict RC HANGS: 137 and 124 are timeout's.
killed()
{
	case $1 in
	0) return 1 ;;
	124 | 137) [ "$2" = hangs ] ;;
	*) [ "$2" != hangs ] ;;
	esac
}

wanted() { [ $# -eq 1 ] && return 0; case " $* " in *" $1 "*" $1 "*) return 0 ;; esac; return 1; }

cat >museum.md <<'END'
<!-- SPDX-License-Identifier: MIT -->
# The museum of bugs

Each row is a bug that a back end or a core of this kind has had. `make museum` puts every one of
them into our own code, wakes one after the other, and demands that what the last column names
fails, and that it passes while all of them sleep. The table is made by that run.

| mutant | bug | where it was | put into | killed by |
| --- | --- | --- | --- | --- |
END

if [ $# -eq 0 ]; then
	healthy >verdicts
	while IFS=$tab read -r verdict killer; do
		if [ "$verdict" = ok ]; then
			pass "healthy: $killer"
		else
			fail "healthy: $killer"
		fi
	done <verdicts
fi
while IFS=$tab read -r number id hangs killer file title source; do
	wanted "$id" "$@" || continue
	try "$number" "$killer" </dev/null
	rc=$?
	row "$id" "$title" "$source" "\`$file\`" "\`$killer\`"
	if killed $rc "$hangs" && tried_some; then
		pass "$id: killed by $killer"
	else
		fail "$id: $killer answers $rc"
	fi
done <table
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
