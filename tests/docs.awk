# SPDX-License-Identifier: MIT
# What the documents name must be there: complains ("FILE:LINE: ...") about paths, links, headers,
# identifiers, errnos, options, targets and pages that are not. Whether all that is there is named
# is asked by docs.sh.
#
#   awk -v facts=FILE -f docs.awk DOCUMENT...
#
# facts: lines "KIND NAME": path, word, target, configure, option, command, backend (NAME is
# "BACKEND:OPTION"), errno, built, upper (a word in capitals somewhere in the code).

function complain(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
	bad++
}

function is(kind, name)
{
	return (kind " " name) in fact
}

# begins KIND PREFIX: some name of it begins so.
function begins(kind, prefix,    f)
{
	prefix = kind " " prefix
	for (f in fact)
		if (index(f, prefix) == 1)
			return 1
	return 0
}

# matches KIND PATTERN: with * in it, of a shell.
function matches(kind, pattern,    f)
{
	gsub(/\./, "\\.", pattern)
	gsub(/\*/, "[^/]*", pattern)
	for (f in fact)
		if (f ~ ("^" kind " " pattern "$"))
			return 1
	return 0
}

# next_match REGEX: the next one in `rest` goes to `found`; what is before it to `before`.
function next_match(regex)
{
	if (!match(rest, regex))
		return 0
	before = substr(rest, RSTART - 1 > 0 ? RSTART - 1 : 1, RSTART > 1)
	found = substr(rest, RSTART, RLENGTH)
	rest = substr(rest, RSTART + RLENGTH)
	return 1
}

function placeholder(s)
{
	return s ~ /NAME|FILE|PATH|FOLDER|\.\.\.|STEP/
}

# Made by a build, or a folder of the user's.
function made(s)
{
	return s ~ /^(doc\/reference|fuzz\/work|libmpt\/guest)$/
}

function paths(line,    dir)
{
	rest = line
	while (next_match("(doc|tests|examples|include|backends|conformance|gvt|libmpt|tools|" \
	    "bench|fuzz|m4|compat|kernel|\\.ci)/[A-Za-z0-9_.*/-]+")) {
		sub(/[.,:;*\/-]+$/, "", found)
		if (before ~ /[A-Za-z0-9_.\/<-]/ || placeholder(found) || made(found))
			continue
		if (is("path", found) || is("path", "include/" found) || is("built", found) ||
		    is("path", found ".c"))
			continue
		if (found ~ /\*/ && matches("path", found))
			continue
		# A cut "test_acrn_*" has lost its star.
		if (found ~ /_$/ && begins("path", found))
			continue
		complain("no such path: " found)
	}
	rest = line
	while (next_match("build/[A-Za-z0-9_./-]+")) {
		sub(/[.,:;\/]+$/, "", found)
		sub(/^build\//, "", found)
		sub(/\.log$/, "", found)
		if (before ~ /[A-Za-z0-9_.\/-]/ || placeholder(found))
			continue
		if (!is("built", found) && !is("path", found ".c"))
			complain("no build makes " found)
	}
	dir = FILENAME
	sub(/[^\/]*$/, "", dir)
	rest = line
	while (next_match("\\]\\([^)]+\\)")) {
		found = substr(found, 3, length(found) - 3)
		sub(/#.*/, "", found)
		if (found == "" || found ~ /^[a-z]+:/)
			continue
		if (!is("path", tidy(dir found)))
			complain("a link to nothing: " found)
	}
}

# tidy PATH: relative to the root, without "..".
function tidy(p)
{
	if (root != "" && index(p, root "/") == 1)
		p = substr(p, length(root) + 2)
	while (p ~ /[^\/]+\/\.\.\//)
		sub(/[^\/]+\/\.\.\//, "", p)
	return p
}

function names(line)
{
	rest = line
	while (next_match("<(mpt|gvt)/[A-Za-z0-9_/.]+>")) {
		found = substr(found, 2, length(found) - 2)
		if (!placeholder(found) && !is("path", "include/" found))
			complain("no such header: <" found ">")
	}
	rest = line
	while (next_match("(mpt|gvt|intel_gvt|intel_vgpu|MPT|GVT|acrn_gvt)_[A-Za-z0-9_]+")) {
		if (before ~ /[A-Za-z0-9_\/-]/ || placeholder(found))
			continue
		if (found ~ /_$/ ? !begins("word", found) : !is("word", found))
			complain("no such name: " found)
	}
	# Variables, constants, targets: what is in capitals between backticks, or an .Ev of a page.
	rest = line
	while (next_match("`[A-Z][A-Z0-9_]*[A-Z0-9](=[^`]*)?`|\\.Ev [A-Z0-9_]+")) {
		sub(/^(`|\.Ev )/, "", found)
		sub(/[=`].*/, "", found)
		if (!placeholder(found) && !is("upper", found))
			complain("nothing reads " found)
	}
	rest = line
	while (next_match("-E[A-Z][A-Z0-9]+|\\.Er E[A-Z0-9]+")) {
		sub(/^(-|\.Er )/, "", found)
		if (before !~ /[A-Za-z]/ && !is("errno", found))
			complain("no errno of ours: " found)
	}
	rest = line
	while (next_match("(mptctl|libmpt|libmpt-gvt|mpt-backend|gvt-sysfs)\\([1-8]\\)")) {
		sub(/\(/, ".", found)
		sub(/\)/, "", found)
		if (before !~ /[a-z-]/ && !is("path", "doc/man/" found))
			complain("no such manual page: " found)
	}
}

function options(line,    n, w, i, be)
{
	rest = line
	while (next_match("--[a-z][a-z0-9-]+")) {
		# Not the modes of a file, "--w--w----".
		if (before ~ /[A-Za-z-]/ || found ~ /^--.-/)
			continue
		found = substr(found, 3)
		sub(/-$/, "", found)
		if (found ~ /^(enable|disable|with|without)-/) {
			sub(/^(enable|disable|with|without)-/, "", found)
			if (!is("configure", found))
				complain("configure has no " found)
		} else if (!is("option", found))
			complain("nobody has an option --" found)
	}
	rest = line
	while (next_match("(mock|vfio-user|acrn|acrn-sim|kvm-stub):[a-z][a-z-]*=[^ `\"|)}]*")) {
		be = found
		sub(/:.*/, "", be)
		sub(/^[^:]*:/, "", found)
		n = split(found, w, ",")
		for (i = 1; i <= n; i++) {
			sub(/=.*/, "", w[i])
			if (before !~ /[a-z-]/ && w[i] ~ /^[a-z-]+$/ && !is("backend", be ":" w[i]))
				complain(be " has no option " w[i])
		}
	}
}

# run COMMAND-LINE: of make or mptctl.
function run(s,    n, w, i)
{
	n = split(s, w, /[ \t]+/)
	if (s ~ /^[^ ]*mptctl [a-z]+( |$)/ && !is("command", w[2]))
		complain("mptctl has no command " w[2])
	if (w[1] != "make")
		return
	for (i = 2; i <= n; i++) {
		if (w[i] == "-C") {
			i++
			continue
		}
		if (w[i] ~ /[=&|;#]/ || w[i] ~ /^-/)
			continue
		if (w[i] !~ /^[a-z][a-z-]*$/)
			break
		if (!is("target", w[i]))
			complain("no target of make: " w[i])
		break
	}
}

function commands(line,    n, w, i)
{
	if (code) {
		rest = line
		while (next_match("(^|[ $])[A-Z][A-Z0-9_]+=")) {
			gsub(/[^A-Z0-9_]/, "", found)
			if (!placeholder(found) && !is("upper", found))
				complain("nothing reads " found)
		}
		n = split(line, w, /&&|;|\|/)
		for (i = 1; i <= n; i++) {
			sub(/^[ \t$]+/, "", w[i])
			run(w[i])
		}
		return
	}
	n = split(line, w, "`")
	for (i = 2; i <= n; i += 2)
		run(w[i])
	if (line ~ /^\.(Dl|Ql) /)
		run(substr(line, 5))
}

BEGIN {
	while ((getline line < facts) > 0)
		fact[line] = 1
}

FNR == 1 { code = 0 }

/^```/ {
	code = !code
	next
}

{
	paths($0)
	names($0)
	options($0)
	commands($0)
}

END { exit bad > 0 }
