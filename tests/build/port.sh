#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/new-backend.sh, and the guide that goes on from it: each piece of doc/guides/port.md is put in
# where it says, in a copy of the source, and what comes out is examples/flat. If PORT_BUILD names a
# file (make check-port) each step is built and tried as well, and how many clauses hold is what the
# guide says; the counts go into that file, for doc/tables.sh.
# shellcheck disable=SC2016  # awk programs
. "$(dirname "$0")/common.sh"

: "${AWK:?}" "${CC:?}"
guide=$srcdir/doc/guides/port.md
tree=$scratch/tree
back=$tree/backends/flat
new=$tree/tools/new-backend.sh

# What is looked at; to build, all there is but what builds and git have left in there. The source may be
# read-only.
parts='Makefile.am configure.ac backends examples/flat include/mpt/ops.def libmpt/layers tools/new-backend
	tools/new-backend.sh'
[ -z "${PORT_BUILD:-}" ] || parts=.
mkdir "$tree"
# shellcheck disable=SC2086  # a list
(cd "$srcdir" && tar cf - --exclude=./.git --exclude='./build*' --exclude='./libmpt-*.tar.gz' --exclude=./autom4te.cache \
	--exclude=./Makefile --exclude='./config.*[!c]' --exclude='./stamp-h*' --exclude=./libtool \
	--exclude='*.o' --exclude='*.lo' --exclude='*.la' --exclude='*.a' --exclude='.libs' --exclude='.deps' \
	--exclude='./tests/stage*' --exclude='./doc/reference*' --exclude='./tests/data/*' $parts) | tar xf - -C "$tree"
chmod -R u+w "$tree"
rm -f "$tree/backends/builtin.inc"

# files: of the copy, but for the new back end's, each with a checksum and its mode.
files()
{
	(cd "$tree" && find . -path ./backends/flat -prune -o -type f -exec cksum {} + &&
		find . -path ./backends/flat -prune -o -exec ls -ld {} + | awk '{ print $1, $NF }' | sort) | sort
}
files >"$scratch/before"
mkdir "$scratch/was"
cp "$tree/configure.ac" "$tree/Makefile.am" "$scratch/was"

# unchanged WHEN
unchanged()
{
	files >"$scratch/after"
	diff "$scratch/before" "$scratch/after" >&2 || fail "$1: the tree is not as it was (above)"
	[ ! -e "$back" ] || fail "$1: there is a back end"
}

# ---- what is refused ----

# refused TEXT ARGUMENT...
refused()
{
	text=$1
	shift
	! "$new" "$@" >"$scratch/said" 2>&1 || fail "new-backend.sh $*: not refused"
	grep -qF -e "$text" "$scratch/said" || fail "new-backend.sh $*: '$(cat "$scratch/said")', not '$text'"
	[ "$(wc -l <"$scratch/said")" -eq 1 ] || fail "new-backend.sh $*: more than a sentence"
	unchanged "new-backend.sh $*"
}
refused 'NAME is needed'
for name in Foo 2foo foo_bar foo- foo--bar 'foo bar' ../foo foo/bar abcdefghijklmnopqrstuvwxy; do
	refused "'$name' cannot be a name (a name is of a-z, 0-9" "$name"
done
refused "unknown option '-foo'" -foo
refused 'one NAME' foo bar
refused 'prefix of other functions' mpt
refused 'a layer has it' trace
refused "there is a back end 'mock' already: " mock
# Two of them share a folder.
refused "there is a back end 'acrn-sim' already, says $tree/configure.ac" acrn-sim
refused '--tree needs a folder' foo --tree
refused "$scratch is no source tree of libmpt: it has no configure.ac" foo --tree "$scratch"
mkdir -p "$scratch/other/include/mpt" "$scratch/other/backends"
touch "$scratch/other/Makefile.am" "$scratch/other/include/mpt/ops.def"
echo 'AC_INIT([other], [1])' >"$scratch/other/configure.ac"
refused "its configure.ac has no line 'AC_INIT" foo "--tree=$scratch/other"
"$new" --help >"$scratch/said"
grep -q '^usage: tools/new-backend.sh NAME' "$scratch/said" || fail "--help: $(cat "$scratch/said")"
ok "what is refused"

# ---- the Nth command fails ----

# Each is counted; the one whose number is in the file `at` does nothing and fails. grep only asks.
mkdir "$scratch/bin"
for command in awk basename cat dirname mkdir mktemp mv sed tr; do
	real=$(command -v $command)
	cat >"$scratch/bin/$command" <<END
#!/bin/sh
read -r n <'$scratch/count'
n=\$((n + 1))
echo \$n >'$scratch/count'
read -r at <'$scratch/at'
[ \$n -ne \$at ] || exit 1
exec $real "\$@"
END
	chmod +x "$scratch/bin/$command"
done
n=0
while
	n=$((n + 1))
	[ $n -lt 100 ] || fail "a hundred commands, and each fails"
	echo $n >"$scratch/at"
	echo 0 >"$scratch/count"
	! PATH=$scratch/bin:$PATH "$new" flat >"$scratch/said" 2>&1
do
	unchanged "with command $n failing"
done
[ $n -gt 15 ] || fail "only $((n - 1)) commands could fail"
ok "$((n - 1)) commands, each of which may fail"

# ---- what is made ----

# more FILE LINE: the copy's has this line more, and nothing else is different.
more()
{
	diff "$scratch/was/$1" "$tree/$1" | sed '1d' >"$scratch/diff"
	[ "$(cat "$scratch/diff")" = "> $2" ] || fail "$1: more than a line: $(cat "$scratch/diff")"
}
more configure.ac 'MPT_BACKEND([flat], [TODO: one line about flat])'
more Makefile.am 'include backends/flat/local.mk'
files | diff "$scratch/before" - | grep '^>' | grep -vE ' \./(configure\.ac|Makefile\.am)$' >"$scratch/diff" || true
[ ! -s "$scratch/diff" ] || fail "changed outside of backends/flat: $(cat "$scratch/diff")"
ok "two lines outside of backends/flat"
refused_again=$("$new" flat 2>&1) && fail "a second one of this name is made"
case $refused_again in
*"there is a back end 'flat' already"*) ;;
*) fail "a second one of this name: $refused_again" ;;
esac
# Each mandatory operation is a stub that names itself.
for op in attach_vgpu detach_vgpu inject_msi read_gpa write_gpa dma_map_guest_page dma_unmap_guest_page; do
	grep -qF "TODO $op (clauses " "$back/flat.c" || fail "no TODO says what $op is to do"
done
ok "a TODO for each mandatory operation"

# ---- the guide, step by step ----

# The steps, a line each; blocks in files of their own:
#   put FILE REGION BLOCK     the block goes into the region
#   take FILE REGION          so does the region of a file of the tree
#   try BLOCK                 a command and a part of what it prints
$AWK -v to="$scratch/block." '
	/^<!-- put: / { print "put", $3, $4, file = to (++n); want = 1 }
	/^<!-- take: / { print "take", $3, $4 }
	/^<!-- conformance: flat -->$/ { print "try", file = to (++n); want = 1 }
	/^<!-- / { next }
	want && /^```/ { want = 0; on = 1; printf "" >file; next }
	on && /^```$/ { on = 0; close(file); next }
	on { print >file }' "$guide" >"$scratch/steps"
[ "$(grep -c '^try ' "$scratch/steps")" -gt 5 ] || fail "only these steps are in the guide: $(cat "$scratch/steps")"

# region FILE NAME
region()
{
	$AWK -v name="$2" '$0 == "/* [/" name "] */" { on = 0 } on { print }
		$0 == "/* [" name "] */" { on = 1 }' "$1"
}

# put_in FILE NAME TEXT: the text instead of what is in the region.
put_in()
{
	grep -qxF "/* [$2] */" "$1" || fail "$1 has no region $2"
	$AWK -v name="$2" -v text="$3" '$0 == "/* [/" name "] */" { on = 0 } !on { print }
		$0 == "/* [" name "] */" { on = 1; while ((getline line <text) > 0) print line }' "$1" >"$scratch/put"
	! cmp -s "$scratch/put" "$1" || fail "$1: the guide puts into $2 what is there"
	cat "$scratch/put" >"$1"
}

# wrong TEXT: all of them are told, and then it fails.
wrong=0
wrong()
{
	echo "$me: $*" >&2
	wrong=$((wrong + 1))
}

# build: as the guide says, but without what these clauses do not need.
build()
{
	if [ ! -e "$scratch/build" ]; then
		(cd "$tree" && ./autogen.sh) >"$scratch/log" 2>&1 || return 1
		mkdir "$scratch/build"
		others=$(sed -n 's/^MPT_BACKEND(\[\([a-z0-9-]*\)\],.*/--disable-backend-\1/p' "$srcdir/configure.ac")
		# shellcheck disable=SC2086  # a list
		(cd "$scratch/build" && ../tree/configure -q --enable-werror --disable-static --disable-tests \
			--disable-dependency-tracking --without-ltdl --without-jansson --without-png \
			--without-fuse3 $others CC="$CC" CFLAGS=-O0) >"$scratch/log" 2>&1 || return 1
	fi
	make -s -j2 -C "$scratch/build" tools/mptctl >"$scratch/log" 2>&1
}

# printed BLOCK: what is shown is what the command prints.
printed()
{
	[ -n "${PORT_BUILD:-}" ] || return 0
	build || {
		cat "$scratch/log"
		fail "step $step: it does not build"
	}
	"$scratch/build/tools/mptctl" conformance flat >"$scratch/said" 2>&1 || true
	grep ' passed, ' "$scratch/said" >"$scratch/counts"
	cat "$scratch/counts" >>"$PORT_BUILD"
	grep -v '^\$' "$1" | cmp -s - "$scratch/counts" || wrong "step $step is told otherwise in the guide"
	ok "step $step: $(cat "$scratch/counts")"
}

step=0
while read -r what first name block; do
	case $what in
	put)
		region "$srcdir/$first" "$name" | cmp -s - "$block" || fail "$guide: $name is not that of $first"
		put_in "$back/$(basename "$first")" "$name" "$block"
		;;
	take)
		region "$srcdir/$first" "$name" >"$scratch/taken"
		[ -s "$scratch/taken" ] || fail "$guide: $first has no region $name"
		grep -qF "\`[$name]\`" "$guide" || fail "$guide: nobody is told of $name"
		put_in "$back/$(basename "$first")" "$name" "$scratch/taken"
		;;
	try)
		printed "$first"
		step=$((step + 1))
		;;
	esac
done <"$scratch/steps"
[ $wrong -eq 0 ] || fail "$wrong counts of doc/guides/port.md are others (doc/tables.sh)"
ok "$step steps"

# ---- where it ends ----

# plain FILE: without what the template says of itself.
plain()
{
	sed '1,/^#include/d; s/mpt_module_backend/mpt_backend_flat/; /\.summary = /d' "$1"
}
for file in flat.c bed.c flat.h; do
	plain "$srcdir/examples/flat/$file" >"$scratch/end"
	plain "$back/$file" | diff - "$scratch/end" >"$scratch/diff" ||
		fail "$file is not that of examples/flat at the end: $(cat "$scratch/diff")"
done
! grep -v '\.summary = ' "$back"/*.[ch] | grep TODO || fail "a TODO is left at the end (above)"
[ "$(wc -l <"$back/flat.c")" -le 300 ] || fail "a whole back end has more than 300 lines"
ok "the end is examples/flat, in $(wc -l <"$back/flat.c") lines"
if [ -n "${PORT_BUILD:-}" ]; then
	mptctl=$scratch/build/tools/mptctl
	"$mptctl" conformance check,fault,flat >"$scratch/said" 2>&1 || {
		cat "$scratch/said"
		fail "a clause fails over check,fault,flat"
	}
	"$mptctl" run --backend flat --guest synthetic >"$scratch/said" 2>&1 || {
		cat "$scratch/said"
		fail "no vGPU runs on it"
	}
	ok "all clauses hold, and a vGPU runs"
fi
finish
