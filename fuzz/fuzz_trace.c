/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the input is an mmiotrace file. What parses must survive being written and read
 * again, and the file reader must agree with the line parser.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/mmiotrace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int held)
{
	if (!held)
		abort();
}

static void check_round_trip(const struct mmiotrace_record *rec)
{
	char first[MMIOTRACE_LINE_MAX + 1], second[MMIOTRACE_LINE_MAX + 1];
	struct mmiotrace_record back;
	int len;

	len = mmiotrace_format(rec, first, sizeof(first));
	if (len < 0) {
		/* A short time stamp gets its zeros; a mark of full length has no room for them. */
		demand(rec->kind == MMIOTRACE_MARK && rec->text.len > MMIOTRACE_LINE_MAX - 32);
		return;
	}
	demand(!mmiotrace_parse_line(first, len, &back, NULL, 0));
	demand(mmiotrace_equal(rec, &back));
	demand(mmiotrace_format(&back, second, sizeof(second)) == len);
	demand(!memcmp(first, second, len));
}

static void use_device(const struct mmiotrace_record *rec)
{
	struct mmiotrace_bar bar;
	uint64_t offset;

	for (unsigned int i = 0; i <= MMIOTRACE_BARS; i++) {
		if (mmiotrace_bar(&rec->pcidev, i, &bar))
			continue;
		demand(mmiotrace_bar_hit(&bar, bar.addr + (bar.len - 1), 1, &offset));
		demand(offset == bar.len - 1);
		demand(!mmiotrace_bar_hit(&bar, bar.addr + (bar.len - 1), 2, &offset));
	}
}

/* Returns how many lines parse before the first that does not. */
static uint64_t parse_lines(const char *at, const char *end, int *bad)
{
	char why[MMIOTRACE_WHY_MAX];
	struct mmiotrace_record rec;
	uint64_t good = 0;

	for (*bad = 0; at < end; good += !*bad) {
		const char *lf = memchr(at, '\n', end - at);
		size_t len = lf ? (size_t)(lf - at) + 1 : (size_t)(end - at);

		if (mmiotrace_parse_line(at, len, &rec, why, sizeof(why))) {
			demand(!strncmp(why, "expected ", 9) && strlen(why) + 1 < sizeof(why));
			*bad = 1;
		} else {
			check_round_trip(&rec);
			if (rec.kind == MMIOTRACE_PCIDEV)
				use_device(&rec);
		}
		at += len;
	}
	return good;
}

static void read_as_file(const uint8_t *data, size_t size, uint64_t good, int bad)
{
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
	struct mmiotrace_totals totals;
	struct mmiotrace_record rec;
	struct mmiotrace *trace;
	uint64_t records = 0;

	if (!file)
		return;
	if (mmiotrace_attach(file, "input", &trace)) {
		fclose(file);
		return;
	}
	while (mmiotrace_next(trace, &rec) > 0)
		records++;
	demand(bad ? records <= good : records == good);
	demand(mmiotrace_check(trace, &totals) == mmiotrace_check(trace, NULL));
	demand(!*mmiotrace_why(trace) == !bad);
	mmiotrace_close(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t good;
	int bad;

	if (!size)
		return 0;
	good = parse_lines((const char *)data, (const char *)data + size, &bad);
	read_as_file(data, size, good, bad);
	return 0;
}
