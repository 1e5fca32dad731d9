#!/bin/sh
# SPDX-License-Identifier: MIT
# The documents and the tree agree: what a document names is there (docs.awk), what is there is named
# in a document, code in a guide is the file's, tables are fresh, each file has its licence. Then the
# checks are shown to bite: a document is spoiled in a copy and must be refused.
# shellcheck disable=SC2016  # awk programs, and backticks of documents
. "$(dirname "$0")/build/common.sh"

: "${AWK:?}" "${MPT_BACKENDS?}" "${MPT_STATIC_BACKEND?}"
mptctl=$MPT_STAGE$MPT_BINDIR/mptctl
LD_LIBRARY_PATH=$MPT_STAGE$MPT_LIBDIR
export LD_LIBRARY_PATH
facts=$scratch/facts

skip()
{
	echo "SKIP: $me: $*"
	[ -z "${MPT_TEST_TALLY:-}" ] || echo "$me 0 0 1" >>"$MPT_TEST_TALLY"
}

# documents ROOT: all of them.
documents()
{
	find "$1/README.md" "$1/NEWS" "$1/CONTRIBUTING.md" "$1/SECURITY.md" "$1/doc" \
		\( -name '*.md' -o -name '*.[135]' -o -name NEWS \) ! -path "$1/doc/reference/*" | sort
}

# ---- what is there ----

tree='.ci LICENSE Makefile.am NEWS README.md CONTRIBUTING.md SECURITY.md autogen.sh backends bench
	compat configure.ac conformance doc examples fuzz gvt include kernel libmpt libmpt.pc.in
	libmpt-gvt.pc.in m4 packages.txt quickstart tests tools'
api=$srcdir/doc/api
reference="$AWK -v root=$srcdir -f $api/text.awk -f $api/pages.awk -f $api/sources.awk -f $api/api.awk"
headers="$srcdir/include/mpt/ops.def $srcdir/include/mpt/types.h $(
	find "$srcdir/include" -name '*.h' ! -path '*/mpt/types.h' ! -path '*/compat/*' | sort | tr '\n' ' ')"

# commands: of mptctl, as its help lists them.
list_commands()
{
	"$mptctl" --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'
}

# sub COMMAND: the help of a command and of what is below it.
sub()
{
	# shellcheck disable=SC2086  # words
	"$mptctl" help $1 2>/dev/null
}

list_options()
{
	commands | while read -r command; do
		sub "$command"
		sub "$command" | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' |
			while read -r below; do
				sub "$command $below"
			done
	done | sed -n 's/^  --\([a-z][a-z-]*\).*/\1/p'
	"$mptctl" --help | sed -n 's/^  --\([a-z][a-z-]*\).*/\1/p'
}

list_backend_options()
{
	"$mptctl" backends | awk '/^layers/ { exit } /^[a-z-]+: / { b = $1; sub(/:$/, "", b); on = 0 }
		/^  options/ { on = 1; next } on && /^    [a-z]/ { print b ":" $1 }'
}

# In capitals: variables, constants. CK_RUN_CASE is libcheck's own.
uppers()
{
	(cd "$srcdir" && grep -rhoE --exclude=docs.sh '\b[A-Z][A-Z0-9_]*[A-Z0-9]\b' include libmpt gvt \
		backends conformance tests/*.[chm]* tests/*.sh tests/qemu/*.sh tests/qemu/local.mk tests/lib \
		tests/linux-core/*.sh tools bench fuzz/local.mk fuzz/*.c quickstart .ci configure.ac m4 | sort -u)
	echo CK_RUN_CASE
}

# Once for all questions.
commands()
{
	cat "$scratch/commands"
}

options()
{
	cat "$scratch/options"
}

backend_options()
{
	cat "$scratch/backend-options"
}

configure_options()
{
	sed -n 's/^[[:space:]]*AC_ARG_\(ENABLE\|WITH\)(\[\([a-z0-9-]*\)\],.*/\2/p' "$srcdir"/m4/mpt-*.m4 |
		grep -v -- '-$' || true
	sed -n 's/^[[:space:]]*MPT_BACKEND(\[\([a-z-]*\)\],.*/backend-\1/p' "$srcdir/configure.ac"
}

# Of the makefiles' own, without what only others depend on.
targets()
{
	sed -n 's/^\.PHONY: *//p' "$srcdir"/Makefile.am "$srcdir"/*/local.mk "$srcdir"/*/*/local.mk |
		tr ' ' '\n' | grep -vE '^(clean|install|uninstall)-|^$'
}

words()
{
	(cd "$srcdir" && grep -rhoE '\b(mpt|gvt|intel_gvt|intel_vgpu|MPT|GVT|acrn_gvt)_[A-Za-z0-9_]+' \
		include libmpt gvt backends kernel conformance tools bench m4 configure.ac quickstart .ci \
		tests/*.[ch] tests/*.mk tests/lib tests/qemu/*.sh | sort -u)
}

# variables: what code asks its environment for, but for what the tests' own makefile and scripts set.
list_variables()
{
	(cd "$srcdir" && grep -rhoE --include='*.[ch]' 'getenv\("[A-Za-z_]+"\)' \
		tools libmpt gvt backends bench tests |
		sed 's/.*"\(.*\)".*/\1/'
	sed -n 's/.*\${\([A-Z_]*\):[-=].*/\1/p' quickstart) | sort -u |
		grep -vxE 'srcdir|builddir|MPT_TEST_TALLY'
}

list_commands >"$scratch/commands"
list_options | sort -u >"$scratch/options"
list_backend_options >"$scratch/backend-options"
list_variables >"$scratch/variables"
"$mptctl" conformance --list >"$scratch/clauses"

# kind NAME: each line of stdin as a fact.
kind()
{
	sed "s,^,$1 ,"
}

{
	(cd "$srcdir" && for top in $tree; do
		[ ! -e "$top" ] || find "$top" ! -path 'fuzz/corpus/*/*' ! -path 'tests/data/*' -print
	done; find tests/data) | kind path
	words | kind word
	uppers | kind upper
	{ targets; printf '%s\n' all check install uninstall clean distcheck dist; } | kind target
	{ configure_options; printf '%s\n' shared static; } | kind configure
	# Of our own tool, and of those that are named beside it.
	{ options; printf '%s\n' cflags libs variable modversion static; } | kind option
	commands | kind command
	backend_options | kind backend
	sed -n 's/^ \* -\(E[A-Z]*\) .*/\1/p' "$srcdir/include/mpt/error.h" | kind errno
	printf '%s\n' tools/mptctl bench/bench conformance/list tests/bench_inner quickstart \
		quickstart-check test-suite | kind built
} >"$facts"
for k in path word target configure option command errno; do
	[ "$(grep -c "^$k " "$facts")" -gt 3 ] || fail "the tree has no facts of the kind '$k'"
done
# A build may lack back ends; what documents say of them is then not looked at.
missing=
for b in mock vfio-user acrn acrn-sim kvm-stub; do
	case " $MPT_BACKENDS " in
	*" $b "*) ;;
	*) missing="$missing $b" ;;
	esac
done
if [ -n "$missing" ]; then
	skip "options of back ends that this build lacks:$missing"
fi

# named ROOT: complaints about what documents there name and is not.
named()
{
	# shellcheck disable=SC2046  # names in the tree have no blanks
	$AWK -v facts="$facts" -v root="$1" -f "$srcdir/tests/docs.awk" $(documents "$1") |
		if [ -n "$missing" ]; then
			grep -vE " ($(echo "$missing" | sed 's/^ //; s/ /|/g')) has no option" || true
		else
			cat
		fi
}

# ---- code in guides is the file's ----

# code ROOT: of each block behind "<!-- FILE REGION -->", or the same with "put:" (tests/build/port.sh).
code()
{
	# shellcheck disable=SC2046
	$AWK -v root="$1" '
		function region(file, name,    line, on, text) {
			while ((getline line < file) > 0) {
				if (line == "/* [/" name "] */")
					on = 0
				if (on)
					text = text line "\n"
				if (line == "/* [" name "] */")
					on = 1
			}
			close(file)
			return text
		}
		/^<!-- (put: )?[a-z\/_.]+\.[ch] [a-z]+ -->$/ { file = $(NF - 2); name = $(NF - 1); next }
		file != "" && /^```c$/ { on = 1; text = ""; next }
		on && /^```$/ {
			if (text == "" || text != region(root "/" file, name))
				print FILENAME ":" FNR ": this is not [" name "] of " file
			on = 0; file = ""; blocks++; next
		}
		on { text = text $0 "\n"; next }
		/^```c$/ { free++ }
		END { if (!blocks) print "no code of an example is in any guide" }' $(documents "$1")
}

# ---- what a document shows was printed ----

# blocks ROOT KIND: each block behind "<!-- KIND: ARGUMENTS -->", as a file $scratch/block.N whose first
# line is the arguments and the second where it stands.
blocks()
{
	rm -f "$scratch"/block.*
	# shellcheck disable=SC2046
	$AWK -v kind="$2" -v to="$scratch/block." '
		index($0, "<!-- " kind ":") == 1 {
			args = $0; sub(/^<!-- [a-z]+: */, "", args); sub(/ *-->$/, "", args); wait = 1; next }
		wait && /^```$/ { wait = 0; on = 1; file = to (++n); print args > file
			print FILENAME ":" FNR > file; next }
		on && /^```$/ { on = 0; close(file); next }
		on { print > file }' $(documents "$1")
	set -- "$scratch"/block.*
	[ -e "$1" ] || fail "no document shows output"
}

# shown BLOCK PRINTED: every line of the block but commands was printed.
shown()
{
	where=$(sed -n 2p "$1")
	sed '1,2d; /^\$ /d' "$1" | while IFS= read -r line; do
		grep -qxF -e "$line" "$2" || echo "$where: nobody prints '$line'"
	done
}

printed()
{
	blocks "$1" mptctl
	for b in "$scratch"/block.*; do
		# shellcheck disable=SC2046  # words
		(cd "$srcdir" && "$mptctl" $(sed -n 1p "$b") >"$scratch/printed" 2>&1) || true
		shown "$b" "$scratch/printed"
	done
}

# A session on the mounted tree: its commands are run there.
server=
trap '[ -z "$server" ] || kill -9 $server 2>/dev/null
	fusermount3 -uzq "$scratch/gvt" 2>/dev/null || :
	rm -rf "$scratch"' EXIT
sessions()
{
	blocks "$1" session
	for b in "$scratch"/block.*; do
		mkdir -p "$scratch/gvt"
		# What the last one said would be taken for this one's.
		: >"$scratch/printed"
		# shellcheck disable=SC2046  # words
		(cd "$srcdir" && exec "$mptctl" sysfs "$scratch/gvt" $(sed -n 1p "$b")) \
			>"$scratch/printed" 2>&1 &
		server=$!
		until grep -q '^READY' "$scratch/printed" || ! kill -0 $server 2>/dev/null; do
			sleep 0.1
		done
		if grep -Eq 'cannot mount: .*(not permitted|Permission denied)' "$scratch/printed"; then
			: >"$scratch/no-mount"
			server=
			return 0
		fi
		sed -n '1,2d; s/^\$ //p' "$b" | grep -v '^cd ' >"$scratch/commands.sh"
		(cd "$scratch/gvt" && bash 2>&1 <"$scratch/commands.sh") |
			sed 's/^bash: line [0-9]*: /bash: /' >"$scratch/answers"
		kill -TERM $server
		wait $server || echo "$(sed -n 2p "$b"): the server ends with status $?"
		server=
		cat "$scratch/answers" >>"$scratch/printed"
		shown "$b" "$scratch/printed"
	done
}

# ---- tables ----

# table FILE MARK: what stands between "<!-- MARK" and "<!-- end -->".
table()
{
	$AWK -v mark="<!-- $2" '/^<!-- end -->/ { on = 0 } on { print } index($0, mark) == 1 { on = 1 }' "$1"
}

tables()
{
	$CC -o "$scratch/differences" "$srcdir/tests/linux-core/diff/table.c" &&
		"$scratch/differences" | cmp -s - "$1/doc/linux-core-diff.md" ||
		echo "doc/linux-core-diff.md: not what rules.def says (doc/tables.sh)"
	# shellcheck disable=SC2086
	$reference -v errors="$scratch/errors" $headers >&2 || true
	table "$1/doc/errors.md" 'made by doc/tables.sh' | cmp -s - "$scratch/errors" ||
		echo "doc/errors.md: the table is not what ops.def and the headers say (doc/tables.sh)"
	# The rows of doc/threads.md by context.
	$AWK '/^MPT_OP\(/ { id = $3; sub(/,/, "", id) }
		/ (HOST|LIFE|VGPU|ANY)\)$/ { c = $NF; sub(/\)/, "", c); print c, id }' \
		"$srcdir/include/mpt/ops.def" | sort >"$scratch/contexts"
	$AWK -F'|' '/^\| (HOST|LIFE|VGPU|ANY) \|/ {
		gsub(/ /, "", $2)
		n = split($4, w, ",")
		for (i = 1; i <= n; i++) {
			gsub(/ /, "", w[i]); print $2, w[i] } }' "$1/doc/threads.md" | sort >"$scratch/told"
	cmp -s "$scratch/contexts" "$scratch/told" ||
		echo "doc/threads.md: the table of contexts is not that of ops.def"
	# A line each: operation, class, capability, whether it may sleep.
	$AWK '/^MPT_OP\(/ { id = $3; sub(/,/, "", id) } { all = all " " $0 }
		match(all, /(MANDATORY|CAPABILITY|OPTIONAL), [A-Z_0-9]+,/) && / (HOST|LIFE|VGPU|ANY)\)$/ {
			split(substr(all, RSTART, RLENGTH), w, ", *"); n = split($0, f, ", *")
			print id, w[1], w[2], f[n - 1]; all = "" }' "$srcdir/include/mpt/ops.def" >"$scratch/ops"
	[ "$(wc -l <"$scratch/ops")" -eq "$(grep -c '^MPT_OP(' "$srcdir/include/mpt/ops.def")" ] ||
		echo "ops.def is not understood"
	never=$($AWK '$4 == 0 { printf "%s%s", n++ ? " and " : "", $1 }' "$scratch/ops")
	grep -q "^$never never sleep" "$1/doc/threads.md" || echo "doc/threads.md: what never sleeps is $never"
	while read -r op class cap _; do
		case $class in
		CAPABILITY) grep -qE "^\.It Dv $cap Ta .*\b$op\b" "$1/doc/man/mpt-backend.5" ;;
		MANDATORY) sed -n '/^Mandatory are/,/^\.Ss/p' "$1/doc/man/mpt-backend.5" | grep -qw "$op" ;;
		esac || echo "doc/man/mpt-backend.5: $op is $class $cap"
	done <"$scratch/ops"
}

# The status table of README.md: every back end that is built has a row, and each row has all clauses.
status()
{
	table "$1/README.md" 'made by doc/tables.sh: status' >"$scratch/status"
	for b in $MPT_BACKENDS; do
		grep -qE "^\| \`([a-z,]*,)?${b}[\`:]" "$scratch/status" ||
			echo "README.md: no status of $b (doc/tables.sh)"
	done
	clauses=$(grep -cE '^ +[A-Z]+-[0-9]+ ' "$scratch/clauses")
	$AWK -F'|' -v n="$clauses" '$4 + 0 > 0 { rows++; if ($4 + $5 + $6 != n)
		print "README.md: " $2 " was run over " $4 + $5 + $6 " clauses, there are " n " (doc/tables.sh)" }
		END { if (!rows) print "README.md: an empty table of status (doc/tables.sh)" }' "$scratch/status"
}

# ---- what is there is named ----

# together ROOT: all documents in one file.
together()
{
	# shellcheck disable=SC2046
	cat $(documents "$1") >"$scratch/all"
}

targets_named()
{
	together "$1"
	targets | while read -r t; do
		grep -qE "(make |^\| .*\`)$t\b" "$scratch/all" || echo "no document has the target $t of make"
	done
}

configure_named()
{
	together "$1"
	configure_options | sort -u | while read -r o; do
		grep -qE -e "--(enable|disable|with|without)-$o\b" "$scratch/all" ||
			echo "no document has the option $o of configure"
	done
}

commands_named()
{
	commands | while read -r c; do
		grep -qE "^\.Ss $c|^\.Cm $c\$" "$1/doc/man/mptctl.1" || echo "mptctl(1) lacks the command $c"
	done
	options | while read -r o; do
		grep -qE -- "Fl -$o\b|\| -$o\b|--$o\b" "$1/doc/man/mptctl.1" ||
			echo "mptctl(1) lacks the option --$o"
	done
}

backends_named()
{
	backend_options | while IFS=: read -r b o; do
		page=$1/doc/$b.md
		[ "$b" != acrn-sim ] || page=$1/doc/acrn.md
		grep -qE "^\| .*\`$o\`" "$page" || echo "no table has the option $b:$o"
	done
}

variables_named()
{
	together "$1"
	while read -r v; do
		grep -qwE "$v" "$scratch/all" || grep -qE "(^|[[:space:]])$v=" "$srcdir"/tests/*.sh ||
			echo "no document has the environment variable $v"
	done <"$scratch/variables"
}

# Examples are in a guide; one of two pages leads to every document.
led_to()
{
	together "$1"
	(cd "$srcdir" && find examples -name '*.c') | while read -r e; do
		grep -qF -e "$e" -e "$(basename "$e")" "$scratch/all" || echo "no document has $e"
	done
	(cd "$1" && find doc -name '*.md' ! -path 'doc/reference/*') | while read -r d; do
		grep -qF -e "$d" "$1/README.md" "$1/doc/architecture.md" ||
			echo "neither README.md nor doc/architecture.md leads to $d"
	done
}

# Each public name in the page of its library.
manuals()
{
	# shellcheck disable=SC2086
	$reference -v names="$scratch/names" $headers >&2 || true
	sed -n 's/^public //p' "$scratch/names" | while read -r name; do
		case $name in
		gvt_*) page=libmpt-gvt.3 ;;
		*) page=libmpt.3 ;;
		esac
		grep -qE "(Fn|Va) $name( |\$)" "$1/doc/man/$page" || echo "doc/man/$page lacks $name"
	done
	for page in libmpt.3 libmpt-gvt.3; do
		sed -n 's/^\.It \(Fn\|Va\) //p' "$1/doc/man/$page" | sed 's/ , \(Fn\|Va\) /\n/g' |
			while read -r name; do
				grep -qxE "(public|type) $name" "$scratch/names" ||
					echo "doc/man/$page: $name is no public name"
			done
	done
}

lint()
{
	for page in gvt-sysfs.5 libmpt.3 libmpt-gvt.3 mpt-backend.5; do
		mandoc -Tlint -W style "$1/doc/man/$page" 2>&1 |
			grep -vE 'referenced manual not found|outdated mandoc.db' || true
	done
}

# ---- licence ----

# files ROOT: git's, or those of a tarball.
files()
{
	if [ -e "$1/.git" ] && command -v git >/dev/null 2>&1; then
		git -c safe.directory="$1" -C "$1" ls-files
	else
		(cd "$1" && for top in $tree; do [ ! -e "$top" ] || find "$top" -type f; done) |
			grep -vE '^m4/(libtool|lt)|^doc/(reference|names)|^tests/stage'
	fi
}

licences()
{
	files "$1" | $AWK -v patterns="$srcdir/tests/no-licence" '
		BEGIN {
			while ((getline line < patterns) > 0)
				if (line !~ /^#/) {
					sub(/ .*/, "", line)
					gsub(/\./, "\\.", line)
					gsub(/\*/, ".*", line)
					without = without "|^" line "$"
				}
			without = substr(without, 2)
		}
		$0 !~ without' | (cd "$1" && xargs "$AWK" '
		FNR == 1 { if (file != "" && !tag) print file " has no SPDX tag"; file = FILENAME; tag = 0 }
		FNR <= 5 && FILENAME ~ /^kernel\// && /SPDX-License-Identifier: GPL-2.0 OR MIT/ { tag = 1 }
		FNR <= 5 && FILENAME !~ /^kernel\// && /SPDX-License-Identifier: MIT/ { tag = 1 }
		END { if (!tag) print file " has no SPDX tag" }')
}

# ---- they agree ----

# agree WHAT FUNCTION: it has no complaint about the tree.
agree()
{
	"$2" "$srcdir" >"$scratch/said" 2>&1
	[ ! -s "$scratch/said" ] || {
		cat "$scratch/said"
		fail "$1 (above)"
	}
	[ -e "$scratch/no-mount" ] || ok "$1"
}

agree "what documents name is there" named
agree "code in guides is the examples'" code
agree "tables are fresh" tables
case "$MPT_STATIC_BACKEND| $MPT_BACKENDS " in
"|"*" mock "*)
	agree "what mptctl is shown to print it prints" printed
	if [ -c /dev/fuse ] && grep -q '^#define HAVE_FUSE3 1' "$builddir/config.h" &&
		command -v bash >/dev/null 2>&1 && command -v fusermount3 >/dev/null 2>&1; then
		agree "sessions on the tree go as they are shown" sessions
		if [ -e "$scratch/no-mount" ]; then
			rm "$scratch/no-mount"
			skip "sessions on the mounted tree: mounting is not permitted here"
		fi
	else
		skip "sessions on the mounted tree: no FUSE here, or not in this build"
	fi
	;;
*) skip "what mptctl prints: documents show it with layers, over the mock" ;;
esac
agree "the table of status is fresh" status
agree "every target of make is documented" targets_named
agree "every option of configure is documented" configure_named
agree "every command and option of mptctl is in its page" commands_named
agree "every option of a back end is documented" backends_named
agree "every environment variable is documented" variables_named
agree "something leads to each example and each document" led_to
agree "every public name is in its manual page" manuals
if command -v mandoc >/dev/null 2>&1; then
	agree "mandoc has nothing to say" lint
else
	skip "the lint of manual pages: no mandoc"
fi
agree "each file has its licence" licences

# ---- do they bite? ----

mkdir "$scratch/tree"
(cd "$srcdir" && tar cf - README.md NEWS CONTRIBUTING.md SECURITY.md doc examples) |
	(cd "$scratch/tree" && tar xf -)
chmod -R u+w "$scratch/tree"

# spoiled FUNCTION FILE SED-SCRIPT TEXT: with FILE changed so, FUNCTION complains with TEXT.
spoiled()
{
	cp "$scratch/tree/$2" "$scratch/before"
	sed "$3" "$scratch/before" >"$scratch/tree/$2"
	! cmp -s "$scratch/before" "$scratch/tree/$2" || fail "nothing was spoiled in $2: $3"
	"$1" "$scratch/tree" >"$scratch/said" 2>&1
	cp "$scratch/before" "$scratch/tree/$2"
	grep -qF -e "$4" "$scratch/said" || {
		cat "$scratch/said"
		fail "not noticed in $2: $3"
	}
	ok "noticed: $4"
}

# planted LINE TEXT: in README.md.
planted()
{
	spoiled named README.md "\$a $1" "$2"
}

planted 'See doc/no-such.md.' 'no such path: doc/no-such.md'
planted 'See tests/test_nothing_*.c.' 'no such path: tests/test_nothing_*.c'
planted 'See [this](doc/no-such.md).' 'a link to nothing: doc/no-such.md'
planted 'Run build/tools/mptctk.' 'no build makes tools/mptctk'
planted 'Include <mpt/hosts.h>.' 'no such header: <mpt/hosts.h>'
planted 'Call mpt_host_opened().' 'no such name: mpt_host_opened'
planted 'Set MPT_CAP_NOTHING.' 'no such name: MPT_CAP_NOTHING'
planted 'It answers -ENOTSUP.' 'no errno of ours: ENOTSUP'
planted 'See mpt-backends(5) and libmpt(4).' 'no such manual page: libmpt.4'
planted 'Set `NOTHING_LIKE_IT=1`.' 'nothing reads NOTHING_LIKE_IT'
planted 'Give --enable-nothing.' 'configure has no nothing'
planted 'Give --backends.' 'nobody has an option --backends'
planted 'Run `make check-nothing`.' 'no target of make: check-nothing'
planted 'Run `mptctl sevre`.' 'mptctl has no command sevre'
case "$MPT_STATIC_BACKEND| $MPT_BACKENDS " in
"|"*" mock "*) spoiled printed README.md 's/ MSIs and 0 INTx/ MSIs and 1 INTx/' 'nobody prints' ;;
esac
case " $MPT_BACKENDS " in
*' mock '*) planted 'Open mock:trap=after,pinz=3.' 'mock has no option pinz' ;;
esac
spoiled code doc/guides/hello.md 's/vgpu_activate(vgpu)/vgpu_activate(NULL)/' 'this is not [vgpu] of examples/hello.c'
spoiled code examples/layers.c 's/MPT_OP_ID_dma_map_guest_page, 2/MPT_OP_ID_dma_map_guest_page, 3/' 'this is not [fault]'
spoiled tables doc/errors.md 's/^| `-EIO` | inject_msi, /| `-EIO` | /' 'doc/errors.md: the table is not'
spoiled tables doc/linux-core-diff.md 's/| defect |/| choice |/' 'not what rules.def says'
spoiled tables doc/threads.md 's/^\(| VGPU .*\), set_pvmmio/\1/' 'doc/threads.md: the table of contexts'
spoiled tables doc/threads.md 's/^inject_msi and set_intx never/inject_msi never/' 'what never sleeps'
spoiled tables doc/man/mpt-backend.5 's/^\(.It Dv MPT_CAP_INTX Ta\).*/\1 nothing/' 'set_intx is CAPABILITY'
spoiled tables doc/man/mpt-backend.5 's/^\(Mandatory are attach_vgpu\), detach_vgpu/\1/' 'detach_vgpu is MANDATORY'
spoiled status README.md 's/^\(| `check,fault,mock` .*| \)\([0-9]*\) |$/\11\2 |/' 'was run over'
case " $MPT_BACKENDS " in
*' vfio-user '*) spoiled status README.md '/^| `check,fault,vfio-user`/d' 'no status of vfio-user' ;;
esac
spoiled targets_named CONTRIBUTING.md '/`check-threads`/d' 'no document has the target check-threads'
spoiled configure_named CONTRIBUTING.md '/enable-werror/d' 'no document has the option werror of configure'
spoiled variables_named CONTRIBUTING.md '/MPT_JOINT_MS/d' 'no document has the environment variable MPT_JOINT_MS'
spoiled commands_named doc/man/mptctl.1 's/-registers/-register/' 'mptctl(1) lacks the option --registers'
spoiled commands_named doc/man/mptctl.1 's/^\.\(Ss\|Cm\) types/.\1 kinds/' 'mptctl(1) lacks the command types'
case " $MPT_BACKENDS " in
*' vfio-user '*) spoiled backends_named doc/vfio-user.md 's/^| `vms`/| `vmz`/' 'no table has the option vfio-user:vms' ;;
esac
spoiled led_to README.md 's,doc/status\.md,,' 'leads to doc/status.md'
spoiled licences examples/core.c 1d 'examples/core.c has no SPDX tag'
spoiled manuals doc/man/libmpt.3 's/^\.It Fn mpt_host_caps/.It Fn mpt_host_cap/' 'doc/man/libmpt.3 lacks mpt_host_caps'
spoiled manuals doc/man/libmpt-gvt.3 's/^\.It Fn gvt_ops/.It Fn gvt_opz/' 'gvt_opz is no public name'
finish
