/* SPDX-License-Identifier: MIT */
/*
 * mptctl state save and restore: a vGPU's state on its way from one simulated hypervisor to
 * another. What is in a state, state_show.c tells.
 */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "report.h"
#include "session_state.h"
#include "synthetic.h"

typedef unsigned long long ull;

/* More than any state has: each entry of the GGTT in a run of its own. */
#define FILE_LIMIT (64UL << 20)
#define NOT_GIVEN UINT64_MAX

struct state_args {
	const char *file, *backend, *trace, *guest, *platform, *type;
	uint64_t at, memory;
	bool json;
};

/* --- files --- */

static void *read_all(FILE *file, const char *path, size_t *len)
{
	struct stat st;
	char *buf = NULL;

	/* errno of what fails first. */
	if (fstat(fileno(file), &st)) {
		cli_error("%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		cli_error("%s: is no file", path);
		return NULL;
	}
	if (st.st_size > (off_t)FILE_LIMIT) {
		cli_error("%s: is no saved vGPU: %lld bytes (a state has at most %lu MiB)", path,
			  (long long)st.st_size, FILE_LIMIT >> 20);
		return NULL;
	}
	/* A byte more, so that an empty one has memory too. */
	buf = malloc((size_t)st.st_size + 1);
	if (!buf) {
		cli_error("%s: no memory for %lld bytes", path, (long long)st.st_size);
		return NULL;
	}
	*len = fread(buf, 1, (size_t)st.st_size, file);
	if (!ferror(file))
		return buf;
	cli_error("%s: %s", path, strerror(errno));
	free(buf);
	return NULL;
}

void *state_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	void *blob;

	if (!file) {
		cli_error("%s: %s", path, strerror(errno));
		return NULL;
	}
	blob = read_all(file, path, len);
	fclose(file);
	return blob;
}

int state_write(const char *path, const void *blob, size_t len)
{
	FILE *file = fopen(path, "w");
	int err = 0;

	if (!file) {
		cli_error("%s: %s", path, strerror(errno));
		return -1;
	}
	errno = 0;
	if (fwrite(blob, 1, len, file) != len)
		err = errno ? errno : EIO;
	if (fclose(file) && !err)
		err = errno;
	if (err)
		cli_error("%s: cannot write the state: %s", path, strerror(err));
	return err ? -1 : 0;
}

/* --- what is told --- */

/* One of the two commands, on its way. */
struct state_run {
	const struct state_args *args;
	const char *spec;
	bool restores;
	struct session_state state;
	int status;
};

/* Of the trace's accesses, counted from 1. */
static void text_fed(const struct session_state *s)
{
	u64 end = s->end < s->total ? s->end : s->total;

	if (s->begin == end)
		report_line(stdout, "fed", "none of %llu accesses", (ull)s->total);
	else
		report_line(stdout, "fed", "accesses %llu to %llu of %llu", (ull)s->begin + 1,
			    (ull)end, (ull)s->total);
}

static void text(const struct state_run *run, const struct session_result *r)
{
	const struct session_state *s = &run->state;
	const struct state_args *a = run->args;

	printf("%s%s %s %s%s\n", cli_bold(stdout), a->file,
	       run->restores ? "restored on" : "saved from", run->spec, cli_plain(stdout));
	report_vgpu(stdout, r);
	if (a->guest)
		report_line(stdout, "fed", "the synthetic guest: %llu looks", (ull)s->total);
	else if (a->trace)
		text_fed(s);
	else
		report_line(stdout, "fed", "%llu accesses", (ull)r->accesses);
	report_line(stdout, run->restores ? "state at the end" : "state",
		    "%zu bytes, hash 0x%016llx", s->saved_len, (ull)s->hash);
	if (!run->restores && a->trace && s->end < s->total)
		report_line(stdout, "to go on", "mptctl state restore %s --trace %s --at %llu",
			    a->file, a->trace, (ull)s->end);
	report_ledger(stdout, r);
	report_verdict(stdout, r);
}

#if TOOLS_HAVE_JSON
static json_t *number(u64 n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static void json(const struct state_run *run, const struct session_result *r)
{
	const struct session_state *s = &run->state;
	char hash[20];
	json_t *o;

	/* As text: more than 2^63 is no integer to many. */
	snprintf(hash, sizeof(hash), "0x%016llx", (ull)s->hash);
	o = json_pack("{s:o, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "file",
		      report_json_text(run->args->file), "backend", run->spec, "healthy",
		      session_healthy(r), "hash", hash, "size", number(s->saved_len), "accesses",
		      number(r->accesses), "skipped", number(r->skipped), "total", number(s->total),
		      "errors", number(r->errors), "first_error", report_json_text(r->first_error),
		      "vgpu", report_json_vgpu(&r->vgpu), "ledger", report_json_ledger(r));
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
#else
static void json(const struct state_run *run, const struct session_result *r)
{
	(void)run;
	(void)r;
}
#endif

static void report(void *arg, struct intel_gvt *gvt, const struct session_result *r)
{
	struct state_run *run = arg;

	(void)gvt;
	run->status = session_healthy(r) ? CLI_OK : CLI_FAILED;
	/* What cannot be kept is not told as if it were. */
	if (!run->restores && state_write(run->args->file, run->state.saved, run->state.saved_len))
		run->status = CLI_USAGE;
	else if (run->args->json)
		json(run, r);
	else
		text(run, r);
}

static int run_session(struct state_run *run)
{
	const struct state_args *a = run->args;
	struct synthetic *guest = a->guest ? calloc(1, sizeof(*guest)) : NULL;
	struct session_config c = {
		.spec = run->spec,
		.trace = a->trace,
		.guest = guest,
		.state = &run->state,
		.platform = a->platform,
		.type = a->type,
		.memory = a->memory,
		.progress = cli_progress,
		.report = report,
		.report_arg = run,
	};
	struct session_result r;

	if (a->guest && !guest) {
		cli_error("state: no memory");
		return CLI_USAGE;
	}
	run->status = CLI_USAGE;
	if (session_run(&c, &r))
		cli_error("%s%s%s", run->restores ? a->file : "", run->restores ? ": " : "", r.why);
	session_result_free(&r);
	free(guest);
	free(run->state.saved);
	return run->status;
}

/* --- save --- */

#define ARG(member) offsetof(struct state_args, member)

static const struct cli_operand file_operand[] = {
	{ "FILE", "the saved vGPU", ARG(file), false, false },
	{ 0 },
};

static const struct cli_range ranges[] = {
	{ "memory", 64ULL << 20, 1ULL << 46, true },
	{ 0 },
};

static const struct cli_option save_options[] = {
	{ "backend", "SPEC", "back end [mock]", ARG(backend), CLI_TEXT },
	{ "trace", "FILE", "feed a recorded mmiotrace", ARG(trace), CLI_TEXT },
	{ "guest", "synthetic", "play a driver in miniature instead", ARG(guest), CLI_TEXT },
	{ "at", "N", "save behind N accesses of the trace, or N looks of the guest [the end]",
	  ARG(at), CLI_NUMBER },
	{ "platform", "PLATFORM", "skl, bdw, kbl, bxt or cfl [the recorded one, or skl]",
	  ARG(platform), CLI_TEXT },
	{ "type", "TYPE", "vGPU type [the recorded sizes, or 8]", ARG(type), CLI_TEXT },
	{ "memory", "SIZE", "RAM of the VM, at least 64M [64M]", ARG(memory), CLI_NUMBER },
	{ "json", NULL, "print JSON", ARG(json), CLI_FLAG },
	{ 0 },
};

static int check_save(const struct state_args *a)
{
	if (a->guest && strcmp(a->guest, "synthetic"))
		cli_error("state save: no guest '%.64s' (known: synthetic)", a->guest);
	else if (a->guest && a->trace)
		cli_error("state save: --guest and --trace exclude each other");
	else if (a->at != NOT_GIVEN && !a->trace && !a->guest)
		cli_error("state save: --at needs --trace or --guest");
	else if (a->guest && !a->at)
		cli_error("state save: --at is at least 1 with --guest");
	else if (a->json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
	else
		return 0;
	return -1;
}

static int run_save(const struct cli_command *cmd, int argc, char **argv)
{
	struct state_args args = { .at = NOT_GIVEN, .memory = 64ULL << 20 };
	struct state_run run = { .args = &args };
	int ret = cli_parse(cmd, argc, argv, &args);

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_save(&args))
		return CLI_USAGE;
	run.spec = args.backend ? args.backend : "mock";
	run.state.end = args.at == NOT_GIVEN ? SESSION_TO_THE_END : args.at;
	return run_session(&run);
}

const struct cli_command command_state_save = {
	.name = "state save",
	.summary = "bring a vGPU up, feed it a guest's accesses, and write its state to FILE",
	.usage = "FILE [OPTION]...",
	.details =
		"Guest memory is not in the state: a trace has none, and of the synthetic "
		"guest it goes with the guest, so that what it had submitted cannot go on "
		"elsewhere.\n\n"
		"exit status: 1 when it was saved, but the vGPU was not healthy (as of mptctl "
		"run); 2 for a bad option or bad input, or when it could not be saved",
	.options = save_options,
	.ranges = ranges,
	.operands = file_operand,
	.run = run_save,
};

/* --- restore --- */

static const struct cli_option restore_options[] = {
	{ "backend", "SPEC", "back end [mock]", ARG(backend), CLI_TEXT },
	{ "trace", "FILE", "go on with the trace that the state was saved with", ARG(trace),
	  CLI_TEXT },
	{ "at", "N", "as many accesses of it as were fed before: those are left out", ARG(at),
	  CLI_NUMBER },
	{ "memory", "SIZE", "RAM of the VM, at least 64M [64M]", ARG(memory), CLI_NUMBER },
	{ "json", NULL, "print JSON", ARG(json), CLI_FLAG },
	{ 0 },
};

static int check_restore(const struct state_args *a)
{
	if (a->trace && a->at == NOT_GIVEN)
		cli_error("state restore: --trace needs --at N: how many of its accesses were fed "
			  "before the state was saved");
	else if (!a->trace && a->at != NOT_GIVEN)
		cli_error("state restore: --at needs --trace");
	else if (a->json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
	else
		return 0;
	return -1;
}

static int run_restore(const struct cli_command *cmd, int argc, char **argv)
{
	struct state_args args = { .at = NOT_GIVEN, .memory = 64ULL << 20 };
	struct state_run run = { .args = &args, .restores = true };
	int ret = cli_parse(cmd, argc, argv, &args), status;
	void *blob;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_restore(&args))
		return CLI_USAGE;
	blob = state_read(args.file, &run.state.len);
	if (!blob)
		return CLI_USAGE;
	run.state.blob = blob;
	run.spec = args.backend ? args.backend : "mock";
	run.state.begin = args.at == NOT_GIVEN ? 0 : args.at;
	run.state.end = SESSION_TO_THE_END;
	status = run_session(&run);
	free(blob);
	return status;
}

const struct cli_command command_state_restore = {
	.name = "state restore",
	.summary = "make the vGPU of FILE again, on any back end, and let its trace go on",
	.usage = "FILE [OPTION]...",
	.details =
		"The device gets the platform, the aperture, the place and the sizes that the "
		"state wants. The hash at the end is the one that a vGPU has that was never "
		"saved.\n\n"
		"exit status: 1 when the vGPU was not healthy (as of mptctl run); 2 for a bad "
		"option or a damaged file, or when it could not be restored",
	.options = restore_options,
	.ranges = ranges,
	.operands = file_operand,
	.run = run_restore,
};

/* --- the group --- */

const struct cli_command command_state = {
	.name = "state",
	.summary = "save a vGPU's state to a file, restore it elsewhere, or show it",
	.usage = "save|restore|show FILE [OPTION]...",
	.commands =
		(const struct cli_command *const[]){
			&command_state_save,
			&command_state_restore,
			&command_state_show,
			NULL,
		},
};
