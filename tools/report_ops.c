/* SPDX-License-Identifier: MIT */
/* The part of a report that is about the contract's operations, where a stats layer counted. */
#include "report_ops.h"

#include "cli.h"

typedef unsigned long long ull;

/* What is above a class of durations: no call in it took so long. */
static u64 bucket_end(unsigned int i)
{
	return 1ULL << i;
}

/*
 * The end of the class in which the call is that is slower than @part of 100; 0: none was timed. Of
 * the last class, which has no end, its begin.
 */
static u64 slower_than(const struct mpt_op_stats *s, unsigned int part)
{
	u64 before = 0, want = (s->timed * part + 99) / 100;
	unsigned int i;

	if (!s->timed)
		return 0;
	for (i = 0; i < MPT_STATS_BUCKETS - 1; i++) {
		before += s->bucket[i];
		if (before >= want)
			return bucket_end(i);
	}
	return bucket_end(i - 1);
}

static double mean(const struct mpt_op_stats *s)
{
	return s->timed ? (double)s->ns / (double)s->timed : 0;
}

static void text_errors(FILE *out, const struct mpt_op_stats *s)
{
	u64 named = 0;
	unsigned int i;

	for (i = 0; i < s->num_errors; i++) {
		fprintf(out, " -%s %llu", mpt_errno_name(s->error[i].err), (ull)s->error[i].calls);
		named += s->error[i].calls;
	}
	if (s->failed > named)
		fprintf(out, " no errno %llu", (ull)(s->failed - named));
}

static void text_op(FILE *out, enum mpt_op_id op, const struct mpt_op_stats *s)
{
	fprintf(out, "  %-20s%8llu %8llu", mpt_op_info(op)->name, (ull)s->calls, (ull)s->failed);
	if (s->timed)
		fprintf(out, " %9.1f %8.0f %8llu %8llu", (double)s->ns / 1e3, mean(s),
			(ull)slower_than(s, 50), (ull)slower_than(s, 99));
	text_errors(out, s);
	fputc('\n', out);
}

void report_ops_text(FILE *out, const struct session_result *r)
{
	unsigned int op;
	u64 timed = 0;

	if (!r->have_ops)
		return;
	for (op = 0; op < MPT_OP_COUNT; op++)
		timed += r->ops[op].timed;
	fprintf(out, "\n%s  %-20s%8s %8s", cli_bold(out), "operation", "calls", "failed");
	if (timed)
		fprintf(out, " %9s %8s %8s %8s", "us", "mean ns", "50% <", "99% <");
	fprintf(out, "%s\n", cli_plain(out));
	for (op = 0; op < MPT_OP_COUNT; op++)
		if (r->ops[op].calls)
			text_op(out, (enum mpt_op_id)op, &r->ops[op]);
	fputc('\n', out);
}

#if TOOLS_HAVE_JSON
static json_t *number(u64 n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *json_errors(const struct mpt_op_stats *s)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < s->num_errors; i++)
		json_array_append_new(list, json_pack("{s:s, s:o}", "errno",
						      mpt_errno_name(s->error[i].err), "calls",
						      number(s->error[i].calls)));
	return list;
}

/* Classes that have a call. */
static json_t *json_durations(const struct mpt_op_stats *s)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < MPT_STATS_BUCKETS; i++)
		if (s->bucket[i])
			json_array_append_new(list, json_pack("{s:o, s:o}", "from_ns",
							      number(i ? bucket_end(i - 1) : 0),
							      "calls", number(s->bucket[i])));
	return list;
}

json_t *report_ops_json(const struct session_result *r)
{
	json_t *list;
	unsigned int op;

	if (!r->have_ops)
		return json_null();
	list = json_array();
	for (op = 0; op < MPT_OP_COUNT; op++) {
		const struct mpt_op_stats *s = &r->ops[op];

		if (!s->calls)
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "operation",
					mpt_op_info((enum mpt_op_id)op)->name, "calls",
					number(s->calls), "failed", number(s->failed), "timed",
					number(s->timed), "ns", number(s->ns), "errnos",
					json_errors(s), "durations", json_durations(s)));
	}
	return list;
}
#endif
