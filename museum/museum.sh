#!/bin/sh
# SPDX-License-Identifier: MIT
# museum.sh SRC WORK [ID...]: builds the sources in SRC (a distribution's tree) in WORK with every
# mutant in them, asleep; then wakes each (or those with ID) in a process of its own and demands
# that its killer fails as the mutant says, and that every killer passes without any. WORK/museum.md
# is the table. Products are not built here. MUSEUM_JOBS is how many killers run at a time.
set -u

src=$(cd "$1" && pwd) work=$2
shift 2
mkdir -p "$work" && work=$(cd "$work" && pwd) || exit 1
tab=$(printf '\t')
passed=0 failed=0 skipped=0
jobs=${MUSEUM_JOBS:-2}
unset MPT_MUTANT MPT_TEST_SPEC MPT_TEST_FEW MPT_EXPLORE_BOUND MPT_EXPLORE_REPLAY
unset CK_RUN_CASE CK_RUN_SUITE CK_FORK
CK_VERBOSITY=verbose
export CK_VERBOSITY

pass() { passed=$((passed + 1)); printf 'PASS: %s\n' "$1"; }
fail() { failed=$((failed + 1)); printf 'FAIL: %s\n' "$1"; }

# --- build ---

[ ! -d "$work/src" ] || chmod -R u+w "$work/src"
rm -rf "$work/src"
cp -Rp "$src" "$work/src" && chmod -R u+w "$work/src" || exit 1
awk -v from="$src" -v to="$work/src" -v table="$work/table" -f "$src/museum/insert.awk" \
	"$src"/museum/mutants/*.mut || exit 1

# The program of a killer: "conformance SPEC CLAUSE" or "SUITE CASE/TEST [NAME=VALUE...]".
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
make -s -j"$jobs" $programs >make.log 2>&1 || { cat make.log; exit 1; }

# --- run: two lists of jobs, "NUMBER ENDS KILLER", each with its log ---

# Seconds after which a test or clause hangs: where that is what it shall do, it is waited for.
limit_of() { [ "$1" = hangs ] && echo 5 || echo 30; }

# try NUMBER ENDS KILLER: runs it, 0 without a mutant.
try()
{
	(
		number=$1 limit=$(limit_of "$2")
		CK_DEFAULT_TIMEOUT=$limit
		export CK_DEFAULT_TIMEOUT
		# shellcheck disable=SC2086 # words
		set -- $3
		[ "$number" = 0 ] || { MPT_MUTANT=$number; export MPT_MUTANT; }
		program=$(program_of "$1")
		if [ "$1" = conformance ]; then
			exec "./$program" conformance "$2" --clause "$3" --tap --timeout "$limit"
		fi
		CK_RUN_CASE=$(printf '%s' "${2%/*}" | tr '+' ' ')
		export CK_RUN_CASE
		shift 2
		exec env "$@" "./$program"
	) </dev/null
}

# lane N LIST LOGS: every jobs-th line of LIST, from the Nth on; LOGS.N is what line N printed.
lane()
{
	awk -v n="$1" -v jobs="$jobs" 'NR % jobs == n % jobs { print NR "\t" $0 }' "$2" |
		while IFS=$tab read -r line number ends killer; do
			try "$number" "$ends" "$killer" >"$3.$line" 2>&1
			printf 'exit status %s\n' $? >>"$3.$line"
		done
}

run_all()
{
	n=0
	while [ $n -lt "$jobs" ]; do
		lane $n "$1" "$2" &
		n=$((n + 1))
	done
	wait
}

# --- judge: what a log must have, by the kind of killer ---

# The line in a log about the clause or test that is meant.
line_of()
{
	log=$1
	# shellcheck disable=SC2086 # words
	set -- $2
	if [ "$1" = conformance ]; then
		grep -A 2 -E "^(not )?ok [0-9]+ - $3 " "$log"
	else
		grep -E ":[A-Z]:$(printf '%s' "${2%/*}" | tr '+' ' '):${2#*/}:" "$log"
	fi
}

passes()
{
	case $2 in
	conformance*) line_of "$1" "$2" | grep '^ok' | grep -qv '# SKIP' ;;
	*) line_of "$1" "$2" | grep -q ':P:' ;;
	esac && grep -qx 'exit status 0' "$1"
}

# How what is meant has ended, in the words of conformance and of libcheck; nothing: it has passed,
# was not tried, or its process has ended itself.
ending()
{
	line_of "$1" "$2" >judged
	if grep -qE ':F:|^not ok' judged && ! grep -q 'expected an end, ' judged; then
		echo fails
	elif grep -qE 'expected an end, still running|:E:.*timeout expired' judged; then
		echo hangs
	elif grep -qE 'expected an end, seen a crash|:E:.*Received signal' judged; then
		echo crashes
	fi
}

row() { printf '| %s | %s | %s | %s | %s |\n' "$@" >>museum.md; }

# The killer as the table says it.
named()
{
	# shellcheck disable=SC2086 # words
	set -- $1
	if [ "$1" = conformance ]; then
		printf '%s over %s' "$3" "$2"
	else
		printf '%s: %s' "$1" "${2#*/}"
	fi
}

judge_healthy()
{
	line=0
	while IFS=$tab read -r number ends killer; do
		line=$((line + 1))
		if passes "run/healthy.$line" "$killer"; then
			pass "healthy: $killer"
		else
			fail "healthy: $killer"
			sed 's/^/	/' "run/healthy.$line" >&2
		fi
	done <run/healthy
}

judge_mutants()
{
	line=0
	while IFS=$tab read -r number id ends killer file title source; do
		line=$((line + 1))
		row "$id" "$title" "$source" "\`$file\`" "\`$(named "$killer")\`"
		how=$(ending "run/mutant.$line" "$killer")
		if [ "$how" = "$ends" ]; then
			pass "$id: $(named "$killer") $how"
		else
			fail "$id: $killer ${how:-passes, or is not there} (meant: $ends)"
			sed 's/^/	/' "run/mutant.$line" >&2
		fi
	done <run/chosen
}

cat >museum.md <<'END'
<!-- SPDX-License-Identifier: MIT -->
# The museum of bugs

Each row is a bug that a back end or a core of this kind has had. `make museum` puts every one of
them into our own code, wakes one after the other, and demands that the clause or test in the last
column fails by its own check, and that it passes while all of them sleep. The table is made by that
run.

| mutant | bug | where it was | put into | found by |
| --- | --- | --- | --- | --- |
END

rm -rf run && mkdir run || exit 1
awk -F "$tab" -v ids=" $* " 'ids == "  " || index(ids, " " $2 " ")' table >run/chosen
cut -f 1,3,4 run/chosen >run/mutant
cut -f 4 run/chosen | sort -u | sed "s/^/0${tab}passes$tab/" >run/healthy
run_all run/healthy run/healthy
run_all run/mutant run/mutant
judge_healthy
judge_mutants
cat >>museum.md <<'END'

## What is known of others

Each line is a defect that others had or reported, and the mutants above that show it, or why none
does here. The table is made of museum/classes.
END
if awk -F "$tab" -f src/museum/classes.awk table src/museum/classes >>museum.md; then
	pass "classes: each mutant is named, and each name is one"
else
	fail "classes"
fi
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
