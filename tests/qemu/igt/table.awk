# SPDX-License-Identifier: MIT
# The table of doc/igt.md from committed result files.
# Files, in this order: kind=expect expect.txt  kind=results RESULTS...
# A row a test, in the order of the result files; two columns (result, seconds) a kernel.

function matches(pattern, text,    re)
{
	re = pattern
	gsub(/[.+]/, "[&]", re)
	gsub(/\*/, ".*", re)
	return text ~ ("^" re "$")
}

function reason(name, kernel, got,    i)
{
	for (i = 1; i <= rows; i++) {
		if (matches(row_test[i], name) && matches(row_kernel[i], kernel) &&
		    row_result[i] == got)
			return row_reason[i]
	}
	return "not explained"
}

# What does not pass is explained once, with the kernel where they differ.
function why(name,    k, text, all, r)
{
	for (k = 1; k <= kernels; k++) {
		r = result[name, kernel[k]]
		if (r == "" || r == "pass")
			continue
		text = reason(name, kernel[k], r)
		if (index(all, text))
			continue
		all = all (all == "" ? "" : "; ") text
	}
	return all
}

kind == "expect" && /^[^#]/ && NF >= 4 {
	row_test[++rows] = $1
	row_result[rows] = $2
	row_kernel[rows] = $3
	$1 = $2 = $3 = ""
	sub(/^ +/, "")
	row_reason[rows] = $0
}

kind == "results" && $1 == "IGT" {
	if (!(("k", $2) in seen))
		kernel[++kernels] = $2
	seen["k", $2] = 1
	if (!(("t", $3) in seen))
		order[++count] = $3
	seen["t", $3] = 1
	result[$3, $2] = $4
	seconds[$3, $2] = $5
	total[$2, $4]++
	spent[$2] += $5
}

END {
	printf "| kernel | pass | skip | fail | timeout | crash | seconds |\n"
	printf "| --- | --- | --- | --- | --- | --- | --- |\n"
	for (k = 1; k <= kernels; k++) {
		v = kernel[k]
		printf "| %s | %d | %d | %d | %d | %d | %.0f |\n", v, total[v, "pass"],
		       total[v, "skip"], total[v, "fail"], total[v, "timeout"],
		       total[v, "crash"], spent[v]
	}
	printf "\n| test |"
	for (k = 1; k <= kernels; k++)
		printf " %s | s |", kernel[k]
	printf " why |\n| --- |"
	for (k = 1; k <= kernels; k++)
		printf " --- | --- |"
	printf " --- |\n"
	for (i = 1; i <= count; i++) {
		printf "| %s |", order[i]
		for (k = 1; k <= kernels; k++)
			printf " %s | %s |", result[order[i], kernel[k]],
			       seconds[order[i], kernel[k]]
		printf " %s |\n", why(order[i])
	}
}
