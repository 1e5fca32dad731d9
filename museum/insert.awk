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
	f_id[n] = m_id; f_kind[n] = m["kind"]; f_new[n] = m["new"]
	print n "\t" m_id "\t" (m["ends"] == "" ? "fails" : m["ends"]) "\t" m["killer"] \
		"\t" m["file"] "\t" m["title"] "\t" m["source"] >table
}

# The mutant of this file that begins last and is not inserted yet, of those the shortest; 0: none.
function last_one(file,    i, best)
{
	for (i = 1; i <= n; i++) {
		if (f_file[i] != file || f_done[i])
			continue
		if (!best || f_at[i] > f_at[best] ||
		    (f_at[i] == f_at[best] && f_len[i] < f_len[best]))
			best = i
	}
	return best
}

# How much those inserted so far have made the text of mutant i longer; each is inside it or behind.
function grown(i, file,    j, end, more)
{
	end = f_at[i] + f_len[i]
	for (j = 1; j <= n; j++) {
		if (f_file[j] != file || !f_done[j] || f_at[j] >= end)
			continue
		if (f_at[j] + f_len[j] > end) {
			m_id = f_id[i]
			die("its text overlaps that of " f_id[j] " by a part")
		}
		more += f_more[j]
	}
	return more
}

# From the file's end to its beginning, so that places stay what they were.
function mutate(file,    i, out, len, new)
{
	out = text[file]
	while ((i = last_one(file))) {
		len = f_len[i] + grown(i, file)
		new = wrapped(i, f_kind[i], substr(out, f_at[i], len), f_new[i])
		out = substr(out, 1, f_at[i] - 1) new substr(out, f_at[i] + len)
		f_more[i] = length(new) - len
		f_done[i] = 1
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
