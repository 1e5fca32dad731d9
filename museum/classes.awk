# SPDX-License-Identifier: MIT
# Reads the table of mutants (insert.awk) and then museum/classes, and writes the latter as tables of
# markdown. A mutant that is named and does not exist, or that no line names, is an error.

function die(what)
{
	printf "museum/classes: %s\n", what >"/dev/stderr"
	failed = 1
}

FNR == NR { known[$2] = 1; next }
/^# / || /^$/ { next }
/^## / {
	printf "\n%s\n\n| what was wrong | shown by |\n| --- | --- |\n", "#" $0
	next
}
{
	at = index($0, " | ")
	what = substr($0, 1, at - 1)
	how = substr($0, at + 5)
	if (!at || substr($0, at + 3, 2) !~ /^[+-] $/) {
		die("no ' | + ' or ' | - ' in: " $0)
		next
	}
	if (substr($0, at + 3, 1) == "+") {
		n = split(how, id, " ")
		how = ""
		for (i = 1; i <= n; i++) {
			if (!(id[i] in known))
				die("there is no mutant " id[i])
			named[id[i]] = 1
			how = how (i > 1 ? ", " : "") id[i]
		}
	} else {
		how = "none: " how
	}
	printf "| %s | %s |\n", what, how
}

END {
	for (name in known)
		if (!(name in named))
			die("no line names mutant " name)
	exit failed
}
