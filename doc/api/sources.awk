# SPDX-License-Identifier: MIT
# Of the API reference: which errnos a public function of a source names itself, or a static one
# that it calls in the same file. What a callback or another file answers is not known here.

# Lines on which an errno is an answer, not only compared with one.
function answers(line)
{
	return line ~ /return|fail|ERR_PTR|[?:=]/ && line !~ /[!=]= -E/
}

function source_body(name, line,    s)
{
	if (answers(line))
		body_errnos[name] = body_errnos[name] errnos_in(line)
	for (s = line; match(s, /[a-z_0-9]+\(/); s = substr(s, RSTART + RLENGTH))
		body_calls[name] = body_calls[name] " " substr(s, RSTART, RLENGTH - 1)
}

function parse_source(    i, name, s)
{
	split("", body_errnos)
	split("", body_calls)
	split("", body_static)
	split("", body_line)
	for (i = 1; i <= n_lines; i++) {
		if (L[i] ~ /^[a-z].*[a-z0-9_]\(/ && L[i] !~ /;$/) {
			s = L[i]
			match(s, /[A-Za-z0-9_]+\(/)
			name = substr(s, RSTART, RLENGTH - 1)
			body_static[name] = L[i] ~ /^static/
			body_line[name] = i
		} else if (L[i] ~ /^\}/)
			name = ""
		else if (name != "")
			source_body(name, L[i])
	}
	for (name in body_line)
		if (!body_static[name] && fn_told[name]) {
			split("", seen)
			s = lacking(once(reach(name)), fn_errnos[name])
			s = s == "" ? "" : s ", which is not at " fn_line[name]
			if (s != "")
				complain(body_line[name], name "() answers" s)
		}
}

# reach NAME: the errnos of a function and of the static ones that it calls.
function reach(name,    w, n, i, all)
{
	if (name in seen)
		return ""
	seen[name] = 1
	all = body_errnos[name]
	n = split(body_calls[name], w, " ")
	for (i = 1; i <= n; i++)
		if (body_static[w[i]])
			all = all " " reach(w[i])
	return all
}

function once(set,    w, n, i, out_)
{
	out_ = " "
	n = split(set, w, " ")
	for (i = 1; i <= n; i++)
		if (index(out_, " " w[i] " ") == 0)
			out_ = out_ w[i] " "
	return out_
}
