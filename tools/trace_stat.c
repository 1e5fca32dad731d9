/* SPDX-License-Identifier: MIT */
/* mptctl trace stat: how much of what a trace has, and what it has not any more. */
#include "trace.h"

#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "report.h"

struct stat_args {
	const char *file;
	bool json;
};

struct stat_op {
	uint64_t calls, failed;
};

struct stats {
	const struct trace_ring *ring;
	struct stat_op op[MPT_TRACE_OPS];
	uint64_t records, first_ns, last_ns;
};

static void count(struct stats *s, struct trace_ring *ring)
{
	static struct trace_record rec;

	s->ring = ring;
	while (trace_ring_next(ring, &rec)) {
		if (!s->records++)
			s->first_ns = rec.ns;
		s->last_ns = rec.ns;
		s->op[rec.index].calls++;
		s->op[rec.index].failed += rec.ret != 0;
	}
}

static uint64_t used(const struct stats *s)
{
	return s->ring->head.head - s->ring->first;
}

/* Anchors and what a killed writer left are in it. */
static double bytes_each(const struct stats *s)
{
	return s->records ? (double)used(s) * MPT_TRACE_SLOT / (double)s->records : 0;
}

static double seconds(const struct stats *s)
{
	return (double)(s->last_ns - s->first_ns) / 1e9;
}

static void text(const struct stats *s, const char *path)
{
	const struct mpt_trace_header *h = &s->ring->head;
	unsigned int i;

	printf("%s%s%s: %s\n", cli_bold(stdout), path, cli_plain(stdout), h->spec);
	printf("  process %" PRIu32 ", %s\n", h->pid,
	       h->closed ? "host closed" : "host open, or its process was killed");
	printf("  %" PRIu64 " records in %.6f s, %.1f bytes a record\n", s->records, seconds(s),
	       bytes_each(s));
	printf("  %" PRIu64 " of %" PRIu64 " slots in use, %" PRIu64 " written over, %" PRIu64
	       " not finished\n\n", used(s), h->slots, s->ring->first, s->ring->torn);
	printf("  operation                    calls     failed\n");
	for (i = 0; i < s->ring->ops; i++)
		if (s->op[i].calls)
			printf("  %-23s %10" PRIu64 " %10" PRIu64 "\n", h->op[i].name,
			       s->op[i].calls, s->op[i].failed);
}

#if TOOLS_HAVE_JSON
static void json(const struct stats *s, const char *path)
{
	const struct mpt_trace_header *h = &s->ring->head;
	json_t *ops = json_array(), *o;
	unsigned int i;

	for (i = 0; i < s->ring->ops; i++)
		if (s->op[i].calls)
			json_array_append_new(ops, json_pack("{s:s, s:I, s:I}", "operation",
							     h->op[i].name, "calls",
							     (json_int_t)s->op[i].calls, "failed",
							     (json_int_t)s->op[i].failed));
	o = json_pack("{s:o, s:o, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "file",
		      report_json_text(path), "spec", report_json_text(h->spec), "pid",
		      (json_int_t)h->pid, "closed", h->closed == 1, "records",
		      (json_int_t)s->records, "ns", (json_int_t)(s->last_ns - s->first_ns),
		      "slots", (json_int_t)h->slots, "used", (json_int_t)used(s), "lost",
		      (json_int_t)(s->ring->first & INT64_MAX), "torn", (json_int_t)s->ring->torn,
		      "operations", ops);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
#else
static void json(const struct stats *s, const char *path)
{
	(void)s;
	(void)path;
}
#endif

static const struct cli_option options[] = {
	{ "json", NULL, "print JSON", offsetof(struct stat_args, json), CLI_FLAG },
	{ 0 },
};

static const struct cli_operand operands[] = {
	{ "FILE", "what the layer trace has written", offsetof(struct stat_args, file), false,
	  false },
	{ 0 },
};

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	static struct stats s;
	struct stat_args a = { 0 };
	int ret = cli_parse(cmd, argc, argv, &a);
	struct trace_file f;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (a.json && !TOOLS_HAVE_JSON) {
		cli_error(TOOLS_NO_JSON);
		return CLI_USAGE;
	}
	if (trace_file_open(&f, a.file))
		return CLI_USAGE;
	memset(&s, 0, sizeof(s));
	count(&s, &f.ring);
	if (a.json)
		json(&s, a.file);
	else
		text(&s, a.file);
	trace_file_close(&f);
	return CLI_OK;
}

const struct cli_command command_trace_stat = {
	.name = "trace stat",
	.summary = "count a trace's operations, and what was written over",
	.usage = "FILE [OPTION]...",
	.details = "exit status: 0, or 2 for a bad option or what is no trace",
	.options = options,
	.operands = operands,
	.run = run,
};
