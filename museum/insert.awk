# SPDX-License-Identifier: MIT
# Reads mutants (museum/README.md has their form) and writes the sources that they name into the
# folder `to`, with every mutant in them, each behind its number; `table` gets one line a mutant:
# number, id, how it ends, killer, file, title, source, between tabs. It builds and runs nothing.

function die(what)
{
	printf "%s: mutant '%s': %s\n", where, m_id, what >"/dev/stderr"
	failed = 1
}

function slurp(name,    line, all, n)
{
	while ((n = (getline line <name)) > 0)
		all = all line "\n"
	close(name)
	if (n < 0)
		die("cannot read " name)
	return all
}

function wrapped(n, kind, old, new)
{
	if (kind == "expr")
		return "(MPT_MUTANT(" n ") ? (" new ") : (" old "))"
	return "if (MPT_MUTANT(" n ")) { " new " } else { " old " }"
}

# Where a text stands that occurs exactly once, else 0.
function place(text, old,    at)
{
	at = index(text, old)
	if (!at || index(substr(text, at + 1), old))
		return 0
	return at
}

function finish(    at)
{
	if (m_id == "")
		return
	if (m_id in seen)
		die("the id is used twice")
	seen[m_id] = 1
	if (m["title"] == "" || m["source"] == "" || m["killer"] == "" || m["file"] == "" ||
	    m["old"] == "" || (m["kind"] != "expr" && m["kind"] != "stmt"))
		die("title, source, file, kind (expr or stmt), old or killer is missing")
	if (m["ends"] !~ /^(|crashes|hangs)$/)
		die("ends: crashes or hangs")
	if (m["killer"] !~ /^conformance [^ ]+ [A-Z]+-[0-9]+$/ &&
	    m["killer"] !~ /^test_[a-z_0-9]+ [^ /]+\/[a-z_0-9]+( [A-Z_]+=[^ ]+)*$/)
		die("killer: conformance SPEC CLAUSE, or SUITE CASE/TEST NAME=VALUE...")
	if (!(m["file"] in text))
		text[m["file"]] = slurp(from "/" m["file"])
	at = place(text[m["file"]], m["old"])
	if (!at)
		die("old text does not occur exactly once in " m["file"] ": " m["old"])
	n++
	f_file[n] = m["file"]; f_at[n] = at; f_len[n] = length(m["old"])
	f_new[n] = wrapped(n, m["kind"], m["old"], m["new"])
	print n "\t" m_id "\t" (m["ends"] == "" ? "fails" : m["ends"]) "\t" m["killer"] \
		"\t" m["file"] "\t" m["title"] "\t" m["source"] >table
}

# From the file's end to its beginning, so that places stay what they were.
function mutate(file,    i, best, limit, out)
{
	out = text[file]
	limit = length(out) + 1
	for (;;) {
		best = 0
		for (i = 1; i <= n; i++)
			if (f_file[i] == file && !f_done[i] && (!best || f_at[i] > f_at[best]))
				best = i
		if (!best)
			break
		if (f_at[best] + f_len[best] > limit) {
			m_id = best
			die("overlaps another one in " file)
		}
		out = substr(out, 1, f_at[best] - 1) f_new[best] \
			substr(out, f_at[best] + f_len[best])
		limit = f_at[best]
		f_done[best] = 1
	}
	printf "#include \"museum/mutant.h\"\n%s", out >(to "/" file)
	close(to "/" file)
}

/^#/ || /^$/ { next }
{
	where = FILENAME ":" FNR
	colon = index($0, ":")
	key = substr($0, 1, colon - 1)
	value = substr($0, colon + 2)
}
key == "id" { finish(); split("", m); m_id = value; next }
# A second line of the same key goes on with it.
(key in m) { m[key] = m[key] (key == "old" || key == "new" ? "\n" : " ") value; next }
{ m[key] = value }

END {
	finish()
	if (!failed)
		for (file in text)
			mutate(file)
	exit failed
}
