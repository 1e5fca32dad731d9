#!/bin/sh
# SPDX-License-Identifier: MIT
# A new back end in the tree: examples/flat with another name and with holes in it, which
# tools/new-backend/ fills with stubs; one line in configure.ac, one in Makefile.am. On a failure the
# tree is as it was. What to do then is in doc/guides/port.md.
set -eu
LC_ALL=C
export LC_ALL

me=$(basename "$0")
here=$(cd "$(dirname "$0")/.." && pwd)

usage()
{
	cat <<END
usage: tools/$me NAME [--tree FOLDER]

Makes backends/NAME: a back end that compiles, registers and opens, and whose
operations are to be written. Adds a line to configure.ac and one to Makefile.am.

NAME             of a-z, 0-9 and single '-', a letter first, at most 24 of them
--tree FOLDER    the source tree to put it in [the one of this script]
--help           this text

The guide that goes on from there is doc/guides/port.md.
END
}

fail()
{
	echo "$me: $*" >&2
	exit 2
}

# ---- what is asked for ----

name='' tree=$here
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h)
		usage
		exit 0
		;;
	--tree)
		[ $# -gt 1 ] || fail "--tree needs a folder"
		tree=$2
		shift
		;;
	--tree=*) tree=${1#--tree=} ;;
	-*) fail "unknown option '$1' (--help lists them)" ;;
	*)
		[ -z "$name" ] || fail "one NAME, not '$name' and '$1'"
		name=$1
		;;
	esac
	shift
done
[ -n "$name" ] || fail "NAME is needed: tools/$me NAME (--help tells more)"
allowed="a name is of a-z, 0-9 and single '-', has a letter first and at most 24 characters"
case $name in
[!a-z]* | *[!a-z0-9-]* | *- | *--*) fail "'$name' cannot be a name ($allowed)" ;;
esac
[ ${#name} -le 24 ] || fail "'$name' cannot be a name ($allowed)"
# Its functions begin with it.
case $name in
mpt | gvt | intel-* | pthread) fail "'$name' cannot be a name: it is the prefix of other functions" ;;
esac

# ---- where ----

for file in configure.ac Makefile.am include/mpt/ops.def backends; do
	[ -e "$tree/$file" ] || fail "$tree is no source tree of libmpt: it has no $file (--tree)"
done
tree=$(cd "$tree" && pwd)
# has FILE LINE: by a pattern of grep; it is where a line is put in.
has()
{
	grep -q "^$2\$" "$tree/$1" || fail "$tree is no source tree of libmpt: its $1 has no line '$2' (--tree)"
}
has configure.ac 'AC_INIT(\[libmpt\].*'
has configure.ac 'MPT_BACKENDS_DONE'
has Makefile.am 'include backends/.*/local\.mk'
[ ! -e "$tree/libmpt/layers/$name.c" ] || fail "'$name' cannot be a name: a layer has it"
[ ! -e "$tree/backends/$name" ] || fail "there is a back end '$name' already: $tree/backends/$name"
! grep -qF "MPT_BACKEND([$name]," "$tree/configure.ac" ||
	fail "there is a back end '$name' already, says $tree/configure.ac"
! grep -qxF "include backends/$name/local.mk" "$tree/Makefile.am" ||
	fail "there is a back end '$name' already, says $tree/Makefile.am"
for file in configure.ac Makefile.am backends; do
	[ -w "$tree/$file" ] || fail "$tree/$file cannot be written to"
done

# ---- all of it beside the tree's own, then into place ----

lower=$(echo "$name" | tr - _)
upper=$(echo "$lower" | tr '[:lower:]' '[:upper:]')
work=$(mktemp -d "$tree/backends/.$name.XXXXXX") || fail "cannot make a folder in $tree/backends"
begun=no
# What is half done is undone.
undo()
{
	if [ $begun = yes ]; then
		cat "$work/configure.ac.was" >"$tree/configure.ac"
		cat "$work/Makefile.am.was" >"$tree/Makefile.am"
		rm -rf "$tree/backends/$name"
	fi
	rm -rf "$work"
}
trap undo EXIT
trap 'exit 130' HUP INT TERM

# renamed FILE: flat, in all that is a name.
renamed()
{
	sed "s/\"flat\.h\"/\"$lower.h\"/; s/\"flat\"/\"$name\"/g; s/flat_/${lower}_/g; s/flat\.c/$lower.c/g
		s/FLAT_H/${upper}_H/; s/mpt_module_backend/mpt_backend_$lower/
		s/\.summary = .*/.summary = \"TODO: one line about $name\",/" "$1"
}

# with_holes FILE STUBS HEAD: a file of the example with its regions replaced where there are stubs.
with_holes()
{
	printf '/* SPDX-License-Identifier: MIT */\n/* %s */\n' "$3"
	awk -v stubs="$2" '
		BEGIN {
			while ((getline line < stubs) > 0) {
				if (line ~ /^\/\* \[[a-z]+\] \*\/$/) { region = line; has[region] = 1 }
				if (region != "") text[region] = text[region] line "\n"
				if (line ~ /^\/\* \[\/[a-z]+\] \*\/$/) region = ""
			}
		}
		/^#include / { on = 1 }
		!on { next }
		$0 in has { printf "%s", text[$0]; skip = 1 }
		!skip { print }
		/^\/\* \[\/[a-z]+\] \*\/$/ { skip = 0 }' "$1" >"$work/text"
	renamed "$work/text"
}

mkdir "$work/new"
stubs=$here/tools/new-backend
with_holes "$here/examples/flat/flat.c" "$stubs/flat-todo.c" \
	"The back end \"$name\": its operations, opening, VMs. Its testbed is bed.c." >"$work/new/$lower.c"
with_holes "$here/examples/flat/bed.c" "$stubs/bed-todo.c" \
	"The testbed of \"$name\": VMs, RAM, what a vCPU and what the device does." >"$work/new/bed.c"
renamed "$here/examples/flat/flat.h" >"$work/new/$lower.h"
sed "s/NAME/$name/g; s/LOWER/$lower/g; s/UPPER/$upper/g" "$stubs/template.mk" >"$work/new/local.mk"
awk -v line="MPT_BACKEND([$name], [TODO: one line about $name])" '
	$0 == "MPT_BACKENDS_DONE" { print line }
	{ print }' "$tree/configure.ac" >"$work/configure.ac"
awk -v line="include backends/$name/local.mk" '
	/^include backends\// { seen = 1 }
	seen && !/^include backends\// { print line; seen = 0 }
	{ print }' "$tree/Makefile.am" >"$work/Makefile.am"
cat "$tree/configure.ac" >"$work/configure.ac.was"
cat "$tree/Makefile.am" >"$work/Makefile.am.was"

# Written, not moved: the files keep their modes.
begun=yes
mv "$work/new" "$tree/backends/$name"
cat "$work/configure.ac" >"$tree/configure.ac"
cat "$work/Makefile.am" >"$tree/Makefile.am"
begun=no

# All is done, whether or not it can be told.
cat <<END || :
backends/$name is there: $lower.c, the back end; bed.c, its testbed; $lower.h, what
both have; local.mk. configure.ac and Makefile.am have a line more. Then:

  cd $tree
  ./autogen.sh && mkdir -p build && cd build && ../configure && make -s
  tools/mptctl conformance $name

Each TODO in backends/$name says what is wanted there. doc/guides/port.md goes on
from here.
END
