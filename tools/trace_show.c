/* SPDX-License-Identifier: MIT */
/* mptctl trace show and convert: records of a trace as text, JSON, or a mmiotrace. */
#include "trace.h"

#include <inttypes.h>
#include <string.h>

#include "json.h"

#define NOT_GIVEN UINT64_MAX

struct show_args {
	const char *file, *format;
	struct cli_list op;
	uint64_t vgpu, from, to, last;
	bool failed, json;
};

/* --- which records --- */

static bool wanted(const struct show_args *a, const struct trace_record *rec)
{
	unsigned int i;

	if (rec->number < a->from || rec->number > a->to || (a->failed && !rec->ret))
		return false;
	if (a->vgpu != NOT_GIVEN && rec->vgpu != a->vgpu)
		return false;
	for (i = 0; i < a->op.n; i++)
		if (!strcmp(a->op.item[i], rec->op->name))
			return true;
	return !a->op.n;
}

/* A name that the file does not have is a slip of the pen. */
static int check_names(const struct show_args *a, const struct trace_ring *ring)
{
	const char *names[MPT_TRACE_OPS], *near;
	unsigned int i, k;

	for (i = 0; i < ring->ops; i++)
		names[i] = ring->head.op[i].name;
	for (k = 0; k < a->op.n; k++) {
		for (i = 0; i < ring->ops && strcmp(names[i], a->op.item[k]); i++)
			;
		if (i < ring->ops)
			continue;
		near = cli_nearest(a->op.item[k], names, ring->ops);
		cli_error("trace show: no operation '%s'%s%s%s", a->op.item[k],
			  near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
		return -1;
	}
	return 0;
}

static uint64_t count(const struct show_args *a, struct trace_ring ring)
{
	static struct trace_record rec;
	uint64_t n = 0;

	while (trace_ring_next(&ring, &rec))
		n += wanted(a, &rec);
	return n;
}

static void print(const struct show_args *a, struct trace_ring *ring)
{
	static struct trace_record rec;
	uint64_t skip = 0, n = 0;

	if (a->last != NOT_GIVEN) {
		n = count(a, *ring);
		skip = n > a->last ? n - a->last : 0;
	}
	while (trace_ring_next(ring, &rec)) {
		if (!wanted(a, &rec) || (skip && skip--))
			continue;
		if (a->json)
			trace_json(stdout, &rec);
		else
			trace_text(stdout, &rec);
	}
}

static int no_json(const struct show_args *a)
{
	if (!a->json || TOOLS_HAVE_JSON)
		return 0;
	cli_error(TOOLS_NO_JSON);
	return -1;
}

/* --- the commands --- */

static const struct cli_option show_options[] = {
	{ "op", "OPERATION", "only this one; may be given several times",
	  offsetof(struct show_args, op), CLI_LIST },
	{ "vgpu", "N", "only of this vGPU", offsetof(struct show_args, vgpu), CLI_NUMBER },
	{ "failed", NULL, "only those that failed", offsetof(struct show_args, failed), CLI_FLAG },
	{ "from", "N", "only records from this number on", offsetof(struct show_args, from),
	  CLI_NUMBER },
	{ "to", "N", "only records up to this number", offsetof(struct show_args, to),
	  CLI_NUMBER },
	{ "last", "N", "only the last N of these", offsetof(struct show_args, last), CLI_NUMBER },
	{ "json", NULL, "print JSON, an object a line", offsetof(struct show_args, json),
	  CLI_FLAG },
	{ 0 },
};

static const struct cli_range ranges[] = { { "vgpu", 0, 255, false }, { 0 } };

static const struct cli_operand operands[] = {
	{ "FILE", "what the layer trace has written", offsetof(struct show_args, file), false,
	  false },
	{ 0 },
};

static int run_show(const struct cli_command *cmd, int argc, char **argv)
{
	struct show_args a = { .vgpu = NOT_GIVEN, .to = UINT64_MAX, .last = NOT_GIVEN };
	int ret = cli_parse(cmd, argc, argv, &a), status = CLI_USAGE;
	struct trace_file f;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (no_json(&a) || trace_file_open(&f, a.file))
		return CLI_USAGE;
	if (!check_names(&a, &f.ring)) {
		print(&a, &f.ring);
		status = CLI_OK;
	}
	trace_file_close(&f);
	return status;
}

const struct cli_command command_trace_show = {
	.name = "trace show",
	.summary = "tell what a trace has: operations, arguments, answers",
	.usage = "FILE [OPTION]...",
	.details = "A line has the record's number, the time since the host was opened, the "
		   "vGPU's number, the operation, its arguments and its answer. What the core is "
		   "told (write_protect_handler, emulate_mmio_read and so on) is a line when that "
		   "begins; core_done is its end.\n\n"
		   "exit status: 0, or 2 for a bad option or what is no trace",
	.options = show_options,
	.ranges = ranges,
	.operands = operands,
	.run = run_show,
};

static const struct cli_option convert_options[] = {
	{ "format", "text|json|mmiotrace", "what to make of it",
	  offsetof(struct show_args, format), CLI_TEXT },
	{ "vgpu", "N", "only of this vGPU (mmiotrace: the first, unless given)",
	  offsetof(struct show_args, vgpu), CLI_NUMBER },
	{ 0 },
};

/* Return: 0, -1: no such format; an error was printed. */
static int check_format(struct show_args *a)
{
	a->json = a->format && !strcmp(a->format, "json");
	if (a->format && (a->json || !strcmp(a->format, "text") ||
			  !strcmp(a->format, "mmiotrace")))
		return no_json(a);
	cli_error("trace convert: --format is text, json or mmiotrace%s%s",
		  a->format ? ", not " : "", a->format ? a->format : "");
	return -1;
}

static int run_convert(const struct cli_command *cmd, int argc, char **argv)
{
	struct show_args a = { .vgpu = NOT_GIVEN, .to = UINT64_MAX, .last = NOT_GIVEN };
	int ret = cli_parse(cmd, argc, argv, &a), status = CLI_OK;
	struct trace_file f;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_format(&a) || trace_file_open(&f, a.file))
		return CLI_USAGE;
	if (strcmp(a.format, "mmiotrace"))
		print(&a, &f.ring);
	else if (trace_mmiotrace(stdout, a.file, &f.ring,
				 a.vgpu == NOT_GIVEN ? TRACE_ANY_VGPU : (unsigned int)a.vgpu))
		status = CLI_USAGE;
	trace_file_close(&f);
	return status;
}


const struct cli_command command_trace_convert = {
	.name = "trace convert",
	.summary = "write a trace as text, JSON, or a mmiotrace",
	.usage = "FILE --format FORMAT [OPTION]...",
	.details = "The result goes to standard output. A mmiotrace has what a guest did to "
		   "registers, aperture and configuration space of one vGPU, for mptctl run "
		   "--trace; what cannot be in it is counted on standard error.\n\n"
		   "exit status: 0, or 2 for a bad option, what is no trace, or a trace without "
		   "any such access",
	.options = convert_options,
	.ranges = ranges,
	.operands = operands,
	.run = run_convert,
};

/* --- the group --- */

const struct cli_command command_trace = {
	.name = "trace",
	.summary = "show, count, convert, replay and shrink what the layer trace recorded",
	.usage = "show|stat|convert|replay|shrink FILE [OPTION]...",
	.commands =
		(const struct cli_command *const[]){
			&command_trace_show,
			&command_trace_stat,
			&command_trace_convert,
			&command_trace_replay,
			&command_trace_shrink,
			NULL,
		},
};
