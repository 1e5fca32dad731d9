# SPDX-License-Identifier: MIT
# The API reference: reads ops.def and the kernel-doc of the public headers, complains about what is
# not written down there ("FILE:LINE: ...", exit status 1), and writes one Markdown page a header.
# What a library really answers is not known but for the errnos that its sources name (sources.awk).
#
#   awk [-v out=FOLDER] [-v names=FILE] [-v errors=FILE] [-v root=FOLDER] \
#       -f text.awk -f pages.awk -f sources.awk -f api.awk ops.def types.h HEADER... [SOURCE.c]...
#
# out: where the pages go; names: where the names of all functions and variables go, "public NAME",
# "type NAME" or "internal NAME"; errors: where the table of doc/errors.md goes; root: cut off in
# front of file names.
#
# The form: a comment that begins with two stars stands before what it describes and names it first:
# "NAME() - what it does". "@NAME:" describes a parameter or member, "Return:", "Context:" and
# "Since:" begin what their names say. What follows an empty line is text again. A comment "DOC:" of
# <mpt/types.h> describes the parameters that mean the same everywhere; below "DOC: Internal" a
# header has nothing for callers.

# ---- what is declared ----

# described NAME: whether the comment at hand is about it.
function described(name,    first)
{
	first = doc
	sub(/\n.*/, "", first)
	sub(/ - .*/, "", first)
	gsub(/^(struct|enum|typedef) /, "", first)
	gsub(/\(\)/, "", first)
	gsub(/,/, " ", first)
	return index(" " first " ", " " name " ") > 0
}

# summary_only: drops "NAME() - " from the summary.
function summary_only()
{
	sub(/^[^-]*[^ -] - /, "", said["summary"])
}

function need_params(line, name, n,    i)
{
	for (i = 1; i <= n; i++)
		if (!(("@" param[i]) in said) && param[i] != "...") {
			if (param[i] in common) {
				said["@" param[i]] = common[param[i]]
				said_order[++n_said] = param[i]
			} else
				complain(line, name "(): nothing is said of @" param[i])
		}
	for (i = 1; i <= n_said; i++)
		if (!in_params(said_order[i], n))
			complain(line, name "(): @" said_order[i] " is described, but no parameter")
}

function in_params(name, n,    i)
{
	for (i = 1; i <= n; i++)
		if (param[i] == name)
			return 1
	return 0
}

function function_at(line, text,    name, n, type)
{
	match(text, /[A-Za-z0-9_]+\(/)
	name = substr(text, RSTART, RLENGTH - 1)
	type = trim(substr(text, 1, RSTART - 1))
	sub(/^(static inline|extern) /, "", type)
	known_function[name] = 1
	n = params(text)
	sub(/ *\{.*/, ";", text)
	sub(/^static inline /, "", text)
	sub(/ MPT_PRINTF\(.*/, ";", text)
	if (!described(name)) {
		complain(line, name "() has no kernel-doc")
		return
	}
	explain(doc)
	summary_only()
	if (name in op_by_wrapper) {
		wrapper_of(line, name, op_by_wrapper[name], n)
	} else {
		need_params(line, name, n)
		if (said["Since"] == "" && shown !~ /compat\//)
			complain(line, name "() does not say since when it is there")
	}
	returns(line, name, type)
	put_entry("`" name "()`", pretty(text))
	put_text()
}

# A wrapper's contract is its callback's.
function wrapper_of(line, name, op, n,    absent)
{
	if (shown ~ /compat\//)
		return
	absent = said["summary"]
	if (match(absent, /Absent: [^.]*\./)) {
		absent = substr(absent, RSTART + 8, RLENGTH - 9)
		if (told_absent(absent) != told_absent(op_absent[op]) && op_kind[op] != "VOID")
			complain(line, name "(): absent it answers " op_absent[op] ", not " absent)
	} else if (said["text"] !~ /Absent: /)
		complain(line, name "() does not say what it answers without the callback")
	said["Return"] = "as `" op "` in `struct intel_gvt_mpt`."
}

function told_absent(s)
{
	s = trim(s)
	return s == "INTEL_GVT_INVALID_ADDR" ? "~0UL" : s
}

function returns(line, name, type,    told)
{
	fn_errnos[name] = ""
	fn_line[name] = shown ":" line
	told = said["Return"]
	if (type == "int") {
		if (told == "")
			complain(line, name "() returns int and does not say what")
		else if (told !~ /-E[A-Z]|^(0\.|0$|the )|(^| )as [`a-z]|what .* answered/)
			complain(line, name "() returns int and lists no errno: " told)
	}
	fn_errnos[name] = errnos_in(told)
	fn_told[name] = type ~ /^(int|struct intel_vgpu \*)$/ && told !~ /(^| )as [`a-z]/
	fn_list[++n_fns] = name
}

# pretty TEXT: a long prototype in lines.
function pretty(s,    n, f, i, r, width, line)
{
	if (length(s) <= 96)
		return s
	r = ""
	line = ""
	n = split(s, f, /, /)
	for (i = 1; i <= n; i++) {
		if (i < n)
			f[i] = f[i] ","
		if (line != "" && length(line) + length(f[i]) + 1 > 88) {
			r = r line "\n"
			line = "\t" f[i]
		} else
			line = line (line == "" ? "" : " ") f[i]
	}
	return r line
}

# ---- structs and enums ----

# Members of the body at B..E: each described by "@name:" of the comment before, a comment of its
# own, or one behind it.
function members_at(kind, tag, b, e, table,    i, text, note, note_line, code, inner, closing)
{
	code = ""
	note = ""
	inner = 0
	for (i = b; i <= e; i++) {
		if (L[i] ~ /^[ \t]*\/\*/) {
			closing = i
			while (L[closing] !~ /\*\// && closing < e)
				closing++
			if (L[i] ~ /^[ \t]*\/\*\*/) {
				i = comment_at(i)
				note = doc
				note_line = doc_line
			} else
				i = closing
			continue
		}
		if (L[i] ~ /^#/) {
			generated[tag] = 1
			continue
		}
		if (trim(L[i]) == "") {
			continue
		}
		text = L[i]
		if (match(text, /\/\*\*< .*\*\//)) {
			note = substr(text, RSTART + 5, RLENGTH - 7)
			note_line = i
			check_closed(i, note)
		}
		code = code " " bare(text)
		if (code ~ (kind == "struct" ? ";$" : ",$") || (kind == "enum" && i == e)) {
			member(kind, tag, trim(code), note, i, table, note_line)
			code = ""
			note = ""
		}
	}
}

function member(kind, tag, code, note, line, table, note_line,    f, n, i, name)
{
	if (kind == "enum")
		n = fields(code, f)
	else {
		sub(/;$/, "", code)
		if (code ~ /\(\*/) {
			n = params(code)
			for (i = 1; i <= n; i++)
				of_callbacks = of_callbacks param[i] " "
			n = 1
			f[1] = code
		} else
			n = fields(code, f)
	}
	for (i = 1; i <= n; i++) {
		if (f[i] == "")
			continue
		if (kind == "enum")
			sub(/ *=.*/, "", f[i])
		name = name_of(f[i])
		if (kind == "enum" && name ~ /(_COUNT|_KINDS|_NUM_ENGINES|_LEVELS)$/)
			continue
		if (note != "") {
			m_note[++n_members] = note
		} else if (("@" name) in said) {
			m_note[++n_members] = ""
		} else {
			if (!(kind == "enum" && own_list(tag)))
				complain(line, kind " " tag ": nothing is said of " name)
			continue
		}
		m_name[n_members] = name
		m_code[n_members] = code
		if (table)
			operation(tag, name, code, note, note_line)
	}
}

# Enumerators whose names say it all: the comment of the enum describes them as a whole.
function own_list(tag)
{
	return said["text"] ~ /^The names say it/ || said["summary"] ~ /the names say it/
}

function as_another(text)
{
	return text ~ / As [a-z_]+\./
}

# A callback of a table of the contract: parameters, errnos, context.
function operation(tag, name, code, note, line,    i, n, told, absent, kept, order, n_kept, want)
{
	n = params(code)
	for (i in said)
		kept[i] = said[i]
	for (i = 1; i <= n_said; i++)
		order[i] = said_order[i]
	n_kept = n_said
	explain(note)
	if (!(("@" name) in said))
		complain(line, tag "." name ": its comment does not begin with @" name ":")
	for (i = 1; i <= n; i++)
		if (!(("@" param[i]) in said) && !(param[i] in common))
			complain(line, tag "." name ": nothing is said of @" param[i])
	told = note
	if (code ~ /^int / && note !~ /Return:/ && note !~ /; as [a-z_]+\./)
		complain(line, tag "." name " returns int and does not say what")
	if (tag == "intel_gvt_mpt") {
		if (!(name in op_kind))
			complain(line, name " is not in ops.def")
		if (match(told, /absent: *[^ .]*[^ .(]/)) {
			absent = substr(told, RSTART + 7, RLENGTH - 7)
			gsub(/[ ;,\n]+/, "", absent)
			want = told_absent(op_absent[name])
			if (op_kind[name] != "VOID" && absent != want)
				complain(line, name ": absent it answers " want ", not " absent)
		} else if (name in op_kind && op_class[name] != "MANDATORY" && !as_another(told))
			complain(line, name " does not say what is answered without it")
		if (op_cap[name] != "0" && !index(told, op_cap[name]) && !as_another(told))
			complain(line, name " does not name its capability " op_cap[name])
		gsub(/absent:[ \n]*-E[A-Z]+/, "", told)
		if (op_kind[name] == "INT") {
			told = errnos_in(told)
			want = lacking(op_errnos[name], told)
			if (want != "")
				complain(line, name ": only ops.def has" want)
			want = lacking(told, op_errnos[name])
			if (want != "")
				complain(line, name ": only its comment has" want)
		}
	}
	split("", said)
	split("", said_order)
	for (i in kept)
		said[i] = kept[i]
	for (i = 1; i <= n_kept; i++)
		said_order[i] = order[i]
	n_said = n_kept
}

function body_at(kind, i,    tag, e, b, c, text, j, table, names)
{
	b = i
	tag = L[i]
	sub(/^(typedef )?(struct|enum) /, "", tag)
	sub(/ .*/, "", tag)
	if (L[i] ~ /\};$/)
		e = i
	else
		for (e = i; e < n_lines && L[e] !~ /^\}/; e++)
			;
	if (!described(tag)) {
		complain(i, kind " " tag " has no kernel-doc")
		return e
	}
	explain(doc)
	summary_only()
	n_members = 0
	of_callbacks = " "
	table = tag ~ /^intel_gvt_(mpt|ops)$/
	if (e == i) {
		text = L[i]
		sub(/^[^{]*\{ */, "", text)
		sub(/ *\};$/, ",", text)
		member(kind, tag, text, "", i, 0, i)
	} else
		members_at(kind, tag, b + 1, e - 1, table)
	names = of_callbacks
	for (j = 1; j <= n_members; j++)
		names = names m_name[j] " "
	for (j = 1; j <= n_said; j++)
		if (index(names, " " said_order[j] " ") == 0)
			complain(i, kind " " tag ": @" said_order[j] " is described, but no member")
	text = ""
	for (j = b; j <= e; j++)
		text = text (j > b ? "\n" : "") L[j]
	put_body(kind, tag, text, table)
	return e
}

# ---- macros, variables, typedefs ----

function macro_at(i,    name, text, first)
{
	first = i
	name = L[i]
	sub(/^#[ \t]*define[ \t]+/, "", name)
	sub(/[^A-Za-z0-9_].*/, "", name)
	text = L[i]
	while (L[i] ~ /\\$/ && i < n_lines)
		i++
	if (name ~ /_H$/ || shown ~ /compat\//)
		return i
	if (match(text, /\/\*\*< .*\*\//)) {
		doc = name " - " trim(substr(text, RSTART + 5, RLENGTH - 7))
		doc_line = first
		text = trim(substr(text, 1, RSTART - 1))
	}
	if (!described(name)) {
		if (!hidden_macro(name))
			complain(first, name " has no kernel-doc")
		return i
	}
	explain(doc)
	summary_only()
	sub(/[ \t]*\\$/, "", text)
	if (i > first)
		sub(/\).*/, ")", text)
	put_entry("`" name "`", text)
	put_text()
	return i
}

# What a header needs itself: two spellings of an attribute, the halves of static dispatch.
function hidden_macro(name)
{
	return name ~ /^(MPT_PRINTF|MPT_STATIC_HEADER|MPT_HAS|MPT_CALL|MPT_OP)$/
}

function plain_at(line, text,    name)
{
	name = name_of(substr(text, 1, length(text) - 1))
	if (text ~ /__attribute__/) {
		name = text
		sub(/ __attribute__.*/, "", name)
		name = name_of(name)
	}
	if (text ~ /^typedef/)
		known_type[name] = 1
	else
		known_function[name] = 1
	if (!described(name)) {
		complain(line, name " has no kernel-doc")
		return
	}
	explain(doc)
	summary_only()
	put_entry("`" name "`", text)
	put_text()
}

# ---- a header ----

function declaration_at(i,    first, text, s, depth)
{
	first = i
	text = ""
	for (; i <= n_lines; i++) {
		s = bare(L[i])
		text = text " " s
		if (s ~ /;$/ && text !~ /\{/)
			break
		if (L[i] ~ /^\}/ || (text ~ /\{/ && s ~ /\}$/ && L[i] !~ /^[ \t]/))
			break
	}
	text = trim(text)
	if (text ~ /^(struct|enum) [a-z_0-9]+;$/)
		return i
	if (text ~ /^typedef/ || text ~ /__attribute__/ || (text ~ /^extern/ && text !~ /\(/))
		plain_at(first, text)
	else if (text ~ /\(/)
		function_at(first, text)
	return i
}

function parse_header(    i, head)
{
	page = ""
	doc = ""
	head = 1
	put("# `<" file_title() ">`\n")
	for (i = 1; i <= n_lines; i++) {
		if (L[i] ~ /SPDX/)
			continue
		if (L[i] ~ /^[ \t]*\/\*\*/) {
			i = comment_at(i)
			if (doc ~ /^DOC:/)
				doc_section()
			if (doc ~ /^DOC: Internal/) {
				internal_from(i)
				break
			}
			if (doc ~ /^DOC:/)
				doc = ""
		} else if (L[i] ~ /^[ \t]*\/\*/) {
			i = comment_at(i)
			if (head)
				put(md(doc) "\n")
			head = 0
			doc = ""
		} else if (L[i] ~ /^#[ \t]*define/) {
			i = macro_at(i)
			if (L[i + 1] !~ /^#[ \t]*define/)
				doc = ""
		} else if (L[i] ~ /^#/) {
			while (L[i] ~ /\\$/)
				i++
		} else if (L[i] ~ /^extern "C"/ || L[i] ~ /^\}/ || trim(L[i]) == "")
			continue
		else if (L[i] ~ /^(struct|enum) [A-Za-z0-9_]+ \{/) {
			i = body_at(L[i] ~ /^struct/ ? "struct" : "enum", i)
			doc = ""
		} else {
			i = declaration_at(i)
			if (L[i + 1] !~ /^(typedef|extern)/)
				doc = ""
		}
	}
	if (shown ~ /ops\.h$/)
		put_ops()
	write_page()
}

# The names below "DOC: Internal": a map may export them all the same.
function internal_from(i,    s)
{
	for (; i <= n_lines; i++)
		for (s = L[i]; match(s, /(mpt|gvt)_[a-z0-9_]+/); s = substr(s, RSTART + RLENGTH))
			internal[substr(s, RSTART, RLENGTH)] = 1
}

function doc_section(    i, title)
{
	explain(doc)
	title = said["summary"]
	sub(/^DOC: */, "", title)
	if (shown ~ /mpt\/types\.h$/)
		for (i = 1; i <= n_said; i++)
			common[said_order[i]] = said["@" said_order[i]]
	put("## " md(title) "\n")
	said["summary"] = ""
	put_text()
}

# ---- one file after the other ----

function file_end()
{
	if (n_lines == 0)
		return
	shown = file
	if (root != "" && index(shown, root "/") == 1)
		shown = substr(shown, length(root) + 2)
	n_files++
	if (file ~ /\.def$/)
		parse_ops()
	else if (file ~ /\.h$/)
		parse_header()
	else
		parse_source()
}

BEGIN { closed_set() }

FNR == 1 {
	file_end()
	n_lines = 0
	file = FILENAME
	split("", L)
}

{ L[++n_lines] = $0 }

END {
	file_end()
	shown = "api.awk"
	if (n_files == 0 || n_ops == 0)
		complain(0, "no header or no ops.def was read")
	for (i = 1; i <= n_ops; i++)
		if (!(("intel_gvt_hypervisor_" op_wrapper[op_list[i]]) in known_function))
			complain(0, "no wrapper of " op_list[i])
	if (out != "") {
		index_file = out "/README.md"
		print "# API reference\n\nMade from the headers by `make api`.\n" > index_file
		for (i = 1; i <= n_pages; i++)
			print "- [`<" titles[i] ">`](" pages[i] ".md)" > index_file
		close(index_file)
	}
	if (names != "") {
		for (name in known_function)
			print "public", name > names
		for (name in known_type)
			print "type", name > names
		for (name in internal)
			print "internal", name > names
		close(names)
	}
	if (errors != "")
		put_errors()
	exit bad > 0
}
