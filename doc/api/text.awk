# SPDX-License-Identifier: MIT
# Of the API reference: the text of comments and of C, the closed set of errnos, and ops.def. What
# is declared where, and what has to be said of it, is not known here.

function complain(line, text)
{
	printf "%s:%d: %s\n", shown, line, text > "/dev/stderr"
	bad++
}

function trim(s)
{
	gsub(/^[ \t\n]+|[ \t\n]+$/, "", s)
	return s
}

# ---- the closed set ----

function closed_set(    i, names, n)
{
	n = split("EINVAL EFAULT ESRCH ENOENT EEXIST EBUSY ENOSPC ENOMEM EOPNOTSUPP ENODEV " \
	    "EACCES EIO ENXIO", names, " ")
	for (i = 1; i <= n; i++)
		closed[names[i]] = 1
}

# errnos_in TEXT: " EINVAL ENOMEM ", each once.
function errnos_in(s,    set)
{
	set = " "
	while (match(s, /-E[A-Z][A-Z0-9]+/)) {
		if (index(set, " " substr(s, RSTART + 1, RLENGTH - 1) " ") == 0)
			set = set substr(s, RSTART + 1, RLENGTH - 1) " "
		s = substr(s, RSTART + RLENGTH)
	}
	return set
}

# lacking A B: what of A is not in B.
function lacking(a, b,    w, n, i, out_)
{
	n = split(a, w, " ")
	for (i = 1; i <= n; i++)
		if (index(b, " " w[i] " ") == 0)
			out_ = out_ " -" w[i]
	return out_
}

function check_closed(line, text,    w, n, i)
{
	n = split(errnos_in(text), w, " ")
	for (i = 1; i <= n; i++)
		if (!(w[i] in closed))
			complain(line, "-" w[i] " is not of the closed set")
}

# ---- ops.def ----

function parse_ops(    i, text, f, n, id, e)
{
	for (i = 1; i <= n_lines; i++)
		if (L[i] ~ /^MPT_OP\(/) {
			text = L[i]
			while (text !~ /(HOST|LIFE|VGPU|ANY)\)$/ && i < n_lines)
				text = text " " trim(L[++i])
			n = fields(substr(text, 8, length(text) - 8), f)
			if (n != 13) {
				complain(i, "an operation has " n " fields, not 13")
				continue
			}
			id = f[3]
			op_list[++n_ops] = id
			op_kind[id] = f[2]
			op_wrapper[id] = f[4]
			op_by_wrapper["intel_gvt_hypervisor_" f[4]] = id
			op_class[id] = f[8]
			op_cap[id] = f[9]
			op_absent[id] = f[10]
			op_sleep[id] = f[12]
			op_context[id] = f[13]
			e = f[11]
			gsub(/E\(/, "-E", e)
			gsub(/\)/, "", e)
			op_errnos[id] = errnos_in(e)
			check_closed(i, e)
		}
}

# fields TEXT ARRAY: what commas outside of parentheses separate.
function fields(s, f,    i, c, depth, n)
{
	n = 1
	split("", f)
	f[1] = ""
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		depth += (c == "(") - (c == ")")
		if (c == "," && depth == 0)
			f[++n] = ""
		else
			f[n] = f[n] c
	}
	for (i = 1; i <= n; i++)
		f[i] = trim(f[i])
	return n
}

# ---- a comment ----

# comment_at I: reads it into `doc` and `doc_line`; the number of its last line.
function comment_at(i,    s)
{
	doc = ""
	doc_line = i
	for (; i <= n_lines; i++) {
		s = L[i]
		sub(/^[ \t]*\/\*\*?/, "", s)
		if (i > doc_line)
			sub(/^[ \t]*\* ?/, "", s)
		if (L[i] ~ /\*\//) {
			sub(/[ \t]*\*\/.*$/, "", s)
			if (L[i] ~ /^[ \t]*\*\//)
				s = ""
			doc = doc s "\n"
			break
		}
		doc = doc s "\n"
	}
	doc = trim(doc)
	check_closed(doc_line, doc)
	return i
}

# explain TEXT: fills said[], the parts of a comment: summary, text, @NAME, Return, Context, Since;
# and said_order[], the names that are described, as they come.
function explain(text,    par, n, i, p, parts, k, j, label, body)
{
	split("", said)
	split("", said_order)
	n_said = 0
	gsub(/\n[ \t]*\n/, "\001", text)
	n = split(text, par, "\001")
	for (i = 1; i <= n; i++) {
		p = par[i]
		gsub(/[ \t]*\n[ \t]*/, " ", p)
		gsub(/@[A-Za-z0-9_]+(, @[A-Za-z0-9_]+)*:/, "\002&\003", p)
		gsub(/(Return|Context|Since):/, "\002&\003", p)
		k = split(p, parts, "\002")
		for (j = 1; j <= k; j++) {
			label = ""
			body = parts[j]
			if (match(body, /\003/)) {
				label = substr(body, 1, RSTART - 2)
				body = substr(body, RSTART + 1)
			}
			body = trim(body)
			if (label == "")
				label = i == 1 ? "summary" : "text"
			if (label ~ /^@/)
				note_names(label, body)
			else if (body != "")
				said[label] = said[label] (said[label] == "" ? "" : "\n\n") body
		}
	}
}

function note_names(label, body,    w, n, i)
{
	gsub(/@/, "", label)
	n = split(label, w, /, */)
	for (i = 1; i <= n; i++) {
		said["@" w[i]] = body
		said_order[++n_said] = w[i]
	}
}

# ---- C ----

# bare TEXT: without comments, on one line.
function bare(s,    a, b)
{
	while ((a = index(s, "/*")) > 0) {
		b = index(substr(s, a), "*/")
		if (b == 0)
			break
		s = substr(s, 1, a - 1) " " substr(s, a + b + 1)
	}
	gsub(/[ \t\n]+/, " ", s)
	return trim(s)
}

# name_of PARAMETER or MEMBER.
function name_of(s)
{
	s = trim(s)
	if (match(s, /\(\*[A-Za-z0-9_]+\)/))
		return substr(s, RSTART + 2, RLENGTH - 3)
	sub(/(\[[^]]*\])+$/, "", s)
	if (match(s, /[A-Za-z0-9_]+$/))
		return substr(s, RSTART)
	return s
}

# params TEXT: of a prototype, into param[]; their number.
function params(s,    a, depth, i, c, n, f)
{
	split("", param)
	a = match(s, /[A-Za-z0-9_]+\(/) ? RSTART + RLENGTH : 0
	if (match(s, /\(\*[A-Za-z0-9_]+\)\(/) && (a == 0 || RSTART < a))
		a = RSTART + RLENGTH
	depth = 1
	for (i = a; i <= length(s) && depth > 0; i++) {
		c = substr(s, i, 1)
		depth += (c == "(") - (c == ")")
	}
	n = fields(substr(s, a, i - 1 - a), f)
	if (n == 1 && (f[1] == "void" || f[1] == ""))
		return 0
	for (i = 1; i <= n; i++)
		param[i] = f[i] == "..." ? "..." : name_of(f[i])
	return n
}
