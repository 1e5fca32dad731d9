/* SPDX-License-Identifier: MIT */
/* mptctl trace replay and shrink: a trace performed again, and a small one that differs alike. */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "report.h"
#include "trace_shrink.h"
#include "trace_write.h"

struct replay_args {
	const char *file, *small, *backend;
	uint64_t seconds;
	bool json;
};

static double rate(const struct play_result *r)
{
	return r->ns ? (double)r->done * 1e3 / (double)r->ns : 0;
}

/* --- replay --- */

static void note(uint64_t n, const char *what)
{
	if (n)
		printf("  %" PRIu64 " %s\n", n, what);
}

static void text(const struct replay_args *a, const struct play_trace *t,
		 const struct play_result *r, const char *first)
{
	printf("%s%s on %s%s\n", cli_bold(stdout), a->file, a->backend, cli_plain(stdout));
	printf("  %" PRIu64 " of %" PRIu32 " records performed in %.6f s: %.2f million a second\n",
	       r->done, t->n, (double)r->ns / 1e9, rate(r));
	note(t->skipped, "records of operations that are not known");
	note(t->torn, "slots were never finished");
	note(t->open, "times the core was told something and never answered");
	note(r->cut, "writes with zeros for what was not recorded of their data");
	printf("  state at the end    0x%016" PRIx64 "\n", r->hash);
	if (r->diffs)
		printf("  %sDIFFERS%s in %" PRIu64 " records, first in\n  %s\n", cli_red(stdout),
		       cli_plain(stdout), r->diffs, first);
	else
		printf("  equal: each answer is the recorded one\n");
}

#if TOOLS_HAVE_JSON
static void json(const struct replay_args *a, const struct play_trace *t,
		 const struct play_result *r, const char *first)
{
	char hash[20];
	json_t *o;

	snprintf(hash, sizeof(hash), "0x%016" PRIx64, r->hash);
	o = json_pack("{s:o, s:o, s:b, s:I, s:I, s:I, s:s, s:I, s:o, s:I, s:I, s:I, s:I}", "file",
		      report_json_text(a->file), "backend", report_json_text(a->backend), "equal",
		      !r->diffs, "records", (json_int_t)t->n, "performed", (json_int_t)r->done,
		      "ns", (json_int_t)r->ns, "hash", hash, "differ", (json_int_t)r->diffs,
		      "first_difference", report_json_text(first), "unknown",
		      (json_int_t)t->skipped, "torn", (json_int_t)t->torn, "unanswered",
		      (json_int_t)t->open, "cut", (json_int_t)r->cut);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
#else
static void json(const struct replay_args *a, const struct play_trace *t,
		 const struct play_result *r, const char *first)
{
	(void)a;
	(void)t;
	(void)r;
	(void)first;
}
#endif

static int replay(const struct replay_args *a, const struct play_trace *t)
{
	struct play_config c = { .spec = a->backend, .end = t->n, .hash = true };
	char first[2 * PLAY_WHY_MAX] = "";
	struct play_result r;

	if (play_run(t, &c, &r)) {
		cli_error("%s: cannot be replayed on %s: %s", a->file, a->backend, r.why);
		return CLI_USAGE;
	}
	if (r.diffs)
		play_tell(t, &r.first, first, sizeof(first));
	if (a->json)
		json(a, t, &r, first);
	else
		text(a, t, &r, first);
	return r.diffs ? CLI_FAILED : CLI_OK;
}

static int with_trace(const struct cli_command *cmd, int argc, char **argv,
		      int (*fn)(const struct replay_args *a, struct trace_file *f,
				const struct play_trace *t))
{
	struct replay_args a = { .seconds = 60 };
	int ret = cli_parse(cmd, argc, argv, &a);
	struct trace_file f;
	struct play_trace t;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (a.json && !TOOLS_HAVE_JSON) {
		cli_error(TOOLS_NO_JSON);
		return CLI_USAGE;
	}
	if (trace_file_load(&f, a.file, &t))
		return CLI_USAGE;
	if (!a.backend)
		a.backend = play_spec(&f.ring);
	ret = fn(&a, &f, &t);
	play_free(&t);
	trace_file_close(&f);
	return ret;
}

static int replay_file(const struct replay_args *a, struct trace_file *f,
		       const struct play_trace *t)
{
	(void)f;
	return replay(a, t);
}

static int run_replay(const struct cli_command *cmd, int argc, char **argv)
{
	return with_trace(cmd, argc, argv, replay_file);
}

/* --- shrink --- */

/* Whether a record, of numbers that only grow, is left. */
struct kept {
	const struct play_trace *t;
	const uint8_t *drop;
	uint32_t at;
};

static bool is_kept(void *arg, uint64_t number)
{
	struct kept *k = arg;

	while (k->at < k->t->n && k->t->op[k->at].number < number)
		k->at++;
	return k->at < k->t->n && k->t->op[k->at].number == number && !k->drop[k->at];
}

/* The file is there in full, or as it was. */
static int write_small(const struct replay_args *a, struct trace_file *f,
		       const struct play_trace *t, const struct shrink *s)
{
	struct kept k = { .t = t, .drop = s->drop };
	struct trace_ring ring;
	char why[128], temp[4096];
	FILE *to;
	int ret;

	if ((size_t)snprintf(temp, sizeof(temp), "%s.new", a->small) >= sizeof(temp)) {
		cli_error("%s: the name is too long", a->small);
		return -1;
	}
	to = fopen(temp, "w");
	ret = to ? 0 : -1;
	if (to && !trace_ring_open(&ring, f->bytes, f->len, why, sizeof(why)))
		ret = trace_write(to, &ring, is_kept, &k);
	if (to && (fclose(to) || ret))
		ret = -1;
	if (!ret)
		ret = rename(temp, a->small);
	if (!ret)
		return 0;
	cli_error("%s: cannot write it: %s", a->small, strerror(errno));
	if (to)
		unlink(temp);
	return -1;
}

static void progress(uint32_t left, uint32_t all)
{
	cli_progress("shrink", all - left, all);
}

static int shrink_file(const struct replay_args *a, struct trace_file *f,
		       const struct play_trace *t)
{
	struct shrink s = { .trace = t, .spec = a->backend, .progress = progress,
			    .ns = a->seconds * 1000000000 };
	char first[2 * PLAY_WHY_MAX];
	int ret = shrink_run(&s);

	cli_progress("shrink", 1, 1);
	if (ret < 0)
		cli_error("%s: cannot be replayed on %s: %s", a->file, a->backend, s.why);
	if (!ret)
		printf("%s: replayed on %s nothing differs: there is nothing to shrink\n", a->file,
		       a->backend);
	if (ret <= 0)
		return ret ? CLI_USAGE : CLI_FAILED;
	ret = write_small(a, f, t, &s);
	free(s.drop);
	if (ret)
		return CLI_USAGE;
	play_tell(t, &s.first, first, sizeof(first));
	printf("%s%s%s: %" PRIu32 " of %" PRIu32 " records, %" PRIu64 " replays%s\n  %s\n",
	       cli_bold(stdout), a->small, cli_plain(stdout), s.left, t->n, s.trials,
	       s.out_of_time ? ", out of time" : "", first);
	return CLI_OK;
}

static int run_shrink(const struct cli_command *cmd, int argc, char **argv)
{
	return with_trace(cmd, argc, argv, shrink_file);
}

/* --- the commands --- */

static const struct cli_option replay_options[] = {
	{ "backend", "SPEC", "where to replay it: mock as it was recorded, unless given",
	  offsetof(struct replay_args, backend), CLI_TEXT },
	{ "json", NULL, "print JSON", offsetof(struct replay_args, json), CLI_FLAG },
	{ 0 },
};

static const struct cli_operand replay_operands[] = {
	{ "FILE", "what the layer trace has written", offsetof(struct replay_args, file), false,
	  false },
	{ 0 },
};

const struct cli_command command_trace_replay = {
	.name = "trace replay",
	.summary = "perform a trace again and compare every answer",
	.usage = "FILE [OPTION]...",
	.details =
		"VMs, RAM and vGPUs are made as they were, and each operation is performed in "
		"order; what the recorded core called while it was told of an access is called at "
		"that point. Addresses that a back end chooses are translated. The state at the "
		"end is a number that is the same after each replay in which nothing differs.\n\n"
		"exit status: 0 all answers are equal, 1 some differ, 2 a bad option, or what is "
		"no trace or cannot be replayed",
	.options = replay_options,
	.operands = replay_operands,
	.run = run_replay,
};

static const struct cli_option shrink_options[] = {
	{ "backend", "SPEC", "where to replay it: mock as it was recorded, unless given",
	  offsetof(struct replay_args, backend), CLI_TEXT },
	{ "seconds", "N", "time after which what was reached is written: 60 unless given",
	  offsetof(struct replay_args, seconds), CLI_NUMBER },
	{ 0 },
};

static const struct cli_range shrink_ranges[] = { { "seconds", 1, 1000000, false }, { 0 } };

static const struct cli_operand shrink_operands[] = {
	{ "FILE", "what the layer trace has written", offsetof(struct replay_args, file), false,
	  false },
	{ "FILE.small", "what is left of it", offsetof(struct replay_args, small), false, false },
	{ 0 },
};

const struct cli_command command_trace_shrink = {
	.name = "trace shrink",
	.summary = "find few records of a trace that differ in the same way when replayed",
	.usage = "FILE FILE.small [OPTION]...",
	.details = "Records are left out as long as the replay of the rest differs first at the "
		   "same record in the same way.\n\n"
		   "exit status: 0 it is shrunk, 1 nothing differs, 2 a bad option, or what is no "
		   "trace or cannot be replayed",
	.options = shrink_options,
	.ranges = shrink_ranges,
	.operands = shrink_operands,
	.run = run_shrink,
};
