# SPDX-License-Identifier: MIT
# Judges the result lines of an IGT run (runner.sh) by what is expected.
# Files, in this order: kind=expect expect.txt  kind=list LIST  kind=results LOG  kind=server FAILED
# The last one's lines say what was wrong with mptctl serve.
# Prints one line a test and a closing count; the exit status is 0 only if nothing was unexpected.
#	PASS name                       as it should
#	PASS name: at the second try    it ran out of time at first
#	PASS name: expected fail: ...   better than expected: the expectation is to be taken out
#	SKIP name: reason               expected
#	XFAIL name: reason              a failure that expect.txt explains
#	FAIL name: ...                  anything else: a test of the list without a result as well,
#	                                and a pass of which the kernel complains

function fail(name, why)
{
	printf "FAIL %s: %s\n", name, why
	failed++
}

function matches(pattern, text,    re)
{
	re = pattern
	gsub(/[.+]/, "[&]", re)
	gsub(/\*/, ".*", re)
	return text ~ ("^" re "$")
}

# The row for a test on a kernel, 0: it is to pass.
function expectation(name, kernel,    i)
{
	for (i = 1; i <= rows; i++) {
		if (matches(row_test[i], name) && matches(row_kernel[i], kernel))
			return i
	}
	return 0
}

function judge(name,    got, i, want)
{
	got = result[name]
	i = expectation(name, kernel_of[name])
	want = i ? row_result[i] : "pass"
	if (name in complaint && (got == "pass" || got == "skip")) {
		fail(name, "the kernel complains: " complaint[name])
	} else if (got == "pass") {
		passed++
		if (i)
			printf "PASS %s: expected %s, no longer so: take the row out of expect.txt\n",
				name, want
		else
			print "PASS " name (name in again ? ": at the second try" : "")
	} else if (got != want) {
		fail(name, "expected " want ", got " got)
		if (log_of[name] != "")
			printf "%s", log_of[name]
	} else if (got == "skip") {
		skipped++
		printf "SKIP %s: %s\n", name, row_reason[i]
	} else {
		explained++
		printf "XFAIL %s: %s\n", name, row_reason[i]
	}
}

/^[ \t]*(#|$)/ && kind != "results" {
	next
}

# test  result  kernel  reason; in test and kernel * stands for anything
kind == "expect" {
	if (NF < 4 || $2 !~ /^(skip|fail|timeout|crash)$/) {
		fail($1, "expect.txt: no row of test, result, kernel, reason: " $0)
		next
	}
	row_test[++rows] = $1
	row_result[rows] = $2
	row_kernel[rows] = $3
	$1 = $2 = $3 = ""
	sub(/^ +/, "")
	row_reason[rows] = $0
	next
}

kind == "list" {
	if (!($1 in listed))
		order[++count] = $1
	listed[$1] = 1
	next
}

kind == "server" {
	print
	failed++
	next
}

{
	sub(/\r$/, "")
}

$1 == "IGT" {
	if (NF != 5 || $4 !~ /^(pass|skip|fail|timeout|crash)$/)
		fail("line", "not a result: " $0)
	else if (!($3 in listed))
		fail($3, "a result that nobody asked for")
	else if ($3 in result)
		fail($3, "a second result")
	else {
		result[$3] = $4
		kernel_of[$3] = $2
	}
	next
}

# Said once more after it: what counts is the second result, and what the kernel said of either.
$1 == "IGT-AGAIN" {
	again[$3] = 1
	next
}

# A test that hangs the GPU on purpose makes the driver say so, and no more than that.
$1 == "IGT-LOG" && $3 == "dmesg:" && /\*ERROR\*|WARNING:|BUG:|Call Trace|Oops/ {
	complaint[$2] = $0
	sub(/^IGT-LOG [^ ]* dmesg: /, "", complaint[$2])
}

$1 == "IGT-LOG" {
	log_of[$2] = log_of[$2] "  " $0 "\n"
	next
}

END {
	for (i = 1; i <= count; i++) {
		if (order[i] in result)
			judge(order[i])
		else
			fail(order[i], "no result")
	}
	if (!count)
		fail("list", "empty")
	# What the driver said when it was loaded, before the first test.
	if ("probe" in complaint)
		fail("probe", "the kernel complains: " complaint["probe"])
	printf "%d passed, %d failed, %d failed as explained, %d skipped\n", passed, failed,
	       explained, skipped
	exit failed != 0
}
