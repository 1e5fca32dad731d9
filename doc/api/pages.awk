# SPDX-License-Identifier: MIT
# Of the API reference: what was found, as Markdown.

# md TEXT: prose as Markdown.
function md(s,    n, w, i, r)
{
	n = split(s, w, "`")
	for (i = 1; i <= n; i++)
		if (i % 2) {
			gsub(/&/, "\\&amp;", w[i])
			gsub(/</, "\\&lt;", w[i])
			gsub(/\*/, "\\*", w[i])
			gsub(/@/, "", w[i])
			r = r w[i]
		} else
			r = r "`" w[i] "`"
	return r
}

function put(s)
{
	if (out != "")
		page = page s "\n"
}

function put_entry(title, code)
{
	put("### " title "\n\n```c\n" code "\n```\n")
}

# sentence TEXT: with a capital, unless it begins with a name.
function sentence(s,    first)
{
	first = s
	sub(/[ ,.:].*/, "", first)
	return first ~ /[_(<"]/ ? s : toupper(substr(s, 1, 1)) substr(s, 2)
}

function put_text(    label, i, w, n)
{
	if (said["summary"] != "")
		put(md(sentence(said["summary"])) "\n")
	for (i = 1; i <= n_said; i++)
		put("- `" said_order[i] "`: " md(said["@" said_order[i]]))
	if (n_said)
		put("")
	if (said["text"] != "")
		put(md(said["text"]) "\n")
	n = split("Return Context Since", w, " ")
	for (i = 1; i <= n; i++)
		if (said[w[i]] != "")
			put("**" w[i] ":** " md(said[w[i]]) "\n")
}

function put_body(kind, tag, text, table,    j, note)
{
	put_entry("`" kind " " tag "`", table ? kind " " tag " { ... };" : without_docs(text))
	for (j = 1; j <= n_members; j++)
		if (m_note[j] != "" && !table) {
			note = m_note[j]
			gsub(/[ \t]*\n[ \t]*/, " ", note)
			sub(/^@[a-z_]+: */, "", note)
			said["@" m_name[j]] = note
			said_order[++n_said] = m_name[j]
		}
	put_text()
	if (table)
		for (j = 1; j <= n_members; j++)
			put_operation(m_name[j], m_code[j], m_note[j])
}

function put_operation(name, code, note)
{
	explain(note)
	put("#### `" name "`\n\n```c\n" pretty(code ";") "\n```\n")
	said["summary"] = said["@" name]
	delete said["@" name]
	if (said_order[1] == name) {
		# The first name is the member itself.
		shift_order()
	}
	put_text()
	if (name in op_kind)
		put("Class " tolower(op_class[name]) cap_of(name) ", context " op_context[name] \
		    (op_sleep[name] ? ", may sleep" : ", must not sleep") ".\n")
}

function shift_order(    i)
{
	for (i = 1; i < n_said; i++)
		said_order[i] = said_order[i + 1]
	n_said--
}

# without_docs TEXT: a body as code, its documenting comments left out.
function without_docs(s,    n, w, i, r, skip)
{
	n = split(s, w, "\n")
	for (i = 1; i <= n; i++) {
		if (w[i] ~ /^[ \t]*\/\*\*/)
			skip = 1
		if (!skip) {
			sub(/[ \t]*\/\*\*<.*$/, "", w[i])
			r = r (r == "" ? "" : "\n") w[i]
		}
		if (w[i] ~ /\*\//)
			skip = 0
	}
	return r
}

function cap_of(op)
{
	return op_cap[op] == "0" ? "" : " (`" op_cap[op] "`)"
}

function put_ops(    i, id)
{
	put("## The operations, as `<mpt/ops.def>` has them\n")
	put("| operation | class | absent | errnos | context | sleeps |")
	put("| --- | --- | --- | --- | --- | --- |")
	for (i = 1; i <= n_ops; i++) {
		id = op_list[i]
		put("| `" id "` | " tolower(op_class[id]) cap_of(id) \
		    " | " (op_kind[id] == "VOID" ? "nothing" : "`" told_absent(op_absent[id]) "`") \
		    " | " (op_errnos[id] == " " ? "none" : trim(op_errnos[id])) \
		    " | " op_context[id] " | " (op_sleep[id] ? "may" : "never") " |")
	}
	put("")
}

function file_title(    s)
{
	s = shown
	sub(/^.*include\//, "", s)
	return s
}

function write_page(    name)
{
	if (out == "" || page !~ /###/)
		return
	name = file_title()
	sub(/\.h$/, "", name)
	gsub(/\//, "-", name)
	printf "%s", page > (out "/" name ".md")
	close(out "/" name ".md")
	pages[++n_pages] = name
	titles[n_pages] = file_title()
}

# doc/errors.md: who answers which errno, by ops.def and by the comments of functions.
function put_errors(    i, j, n, w, who)
{
	n = split("EINVAL EFAULT ESRCH ENOENT EEXIST EBUSY ENOSPC ENOMEM EOPNOTSUPP ENODEV " \
	    "EACCES EIO ENXIO", w, " ")
	print "| errno | operations of the contract | functions that name it |" > errors
	print "| --- | --- | --- |" > errors
	for (i = 1; i <= n; i++) {
		who = ""
		for (j = 1; j <= n_ops; j++)
			if (index(op_errnos[op_list[j]], " " w[i] " "))
				who = who (who == "" ? "" : ", ") op_list[j]
		who = "| `-" w[i] "` | " who " | "
		for (j = 1; j <= n_fns; j++)
			if (index(fn_errnos[fn_list[j]], " " w[i] " "))
				who = who fn_list[j] ", "
		sub(/, $/, " ", who)
		print who "|" > errors
	}
	close(errors)
}
