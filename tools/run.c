/* SPDX-License-Identifier: MIT */
/*
 * mptctl run: options, one session a trace or shape of back end, the report, the picture.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "json.h"
#include "plot.h"
#include "report.h"
#include "synthetic.h"

/* To a session 0 means "not given"; here it is a mistake of the user's. */
#define NOT_GIVEN UINT64_MAX

struct run_args {
	const char *backend;
	const char *guest;
	const char *platform;
	const char *type;
	uint64_t low, high, fence, memory;
	struct cli_list traces;
	const char *record;
	const char *plot;
	bool json, registers;
};

static const struct cli_option run_options[] = {
	{ "backend", "SPEC", "back end, layers in front (check,mock:trap=after) [mock]",
	  offsetof(struct run_args, backend), CLI_TEXT },
	{ "trace", "FILE", "feed a recorded mmiotrace; may be given several times",
	  offsetof(struct run_args, traces), CLI_LIST },
	{ "guest", "synthetic", "play a driver in miniature that checks what it sees",
	  offsetof(struct run_args, guest), CLI_TEXT },
	{ "platform", "PLATFORM", "skl, bdw, kbl, bxt or cfl [the recorded one, or skl]",
	  offsetof(struct run_args, platform), CLI_TEXT },
	{ "type", "TYPE", "vGPU type, its name or its suffix: GVTg_V5_8 or 8",
	  offsetof(struct run_args, type), CLI_TEXT },
	{ "low", "SIZE", "aperture memory of the vGPU, whole MiB; with --high and --fence",
	  offsetof(struct run_args, low), CLI_NUMBER },
	{ "high", "SIZE", "its hidden memory, whole MiB", offsetof(struct run_args, high),
	  CLI_NUMBER },
	{ "fence", "N", "its fence registers, 1 to 32", offsetof(struct run_args, fence),
	  CLI_NUMBER },
	{ "memory", "SIZE", "RAM of the VM, at least 64M [64M]", offsetof(struct run_args, memory),
	  CLI_NUMBER },
	{ "record", "FILE", "write what the guest did and saw as a trace",
	  offsetof(struct run_args, record), CLI_TEXT },
	{ "plot", "FILE.svg", "draw register offset against time", offsetof(struct run_args, plot),
	  CLI_TEXT },
	{ "registers", NULL, "list every register that was touched",
	  offsetof(struct run_args, registers), CLI_FLAG },
	{ "json", NULL, "print JSON", offsetof(struct run_args, json), CLI_FLAG },
	{ 0 },
};

static const struct cli_range run_ranges[] = {
	{ "low", 1ULL << 20, 1ULL << 30, true },
	{ "high", 1ULL << 20, GVT_GM_SIZE, true },
	{ "fence", 1, 32, false },
	{ "memory", 64ULL << 20, 1ULL << 46, true },
	{ 0 },
};

/* What all sessions of one call share. */
struct run {
	const struct run_args *args;
	const char *title;
	struct plot *plot;
#if TOOLS_HAVE_JSON
	json_t *json;
#endif
};

static void report(void *arg, struct intel_gvt *gvt, const struct session_result *r)
{
	struct run *run = arg;

#if TOOLS_HAVE_JSON
	if (run->json) {
		report_json(run->json, gvt, run->title, r);
		return;
	}
#endif
	report_text(stdout, gvt, run->title, r, run->args->registers);
}

static uint64_t given(uint64_t n)
{
	return n == NOT_GIVEN ? 0 : n;
}

static int run_session(struct run *run, const char *spec, const char *trace,
		       struct synthetic *guest)
{
	const struct run_args *a = run->args;
	struct session_config c = {
		.spec = spec,
		.trace = trace,
		.guest = guest,
		.platform = a->platform,
		.type = a->type,
		.low = given(a->low),
		.high = given(a->high),
		.fence = given(a->fence),
		.memory = a->memory,
		.record = a->record,
		.plot = run->plot,
		.progress = cli_progress,
		.report = report,
		.report_arg = run,
	};
	struct session_result r;
	int status = CLI_OK;

	if (session_run(&c, &r)) {
		cli_error("%s", r.why);
		if (!session_ledger_empty(&r))
			cli_error("and something is left in the ledger: %s%s", r.left, r.violation);
		status = CLI_USAGE;
	} else if (!session_healthy(&r)) {
		status = CLI_FAILED;
	}
	session_result_free(&r);
	return status;
}

/* Without a trace the guest only reads PVINFO. */
static int run_trace(struct run *run, const char *trace)
{
	const char *spec = run->args->backend;

	run->title = trace ? trace : "no trace: the guest only reads PVINFO";
	return run_session(run, spec ? spec : "mock", trace, NULL);
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

static int run_guest(struct run *run, const char *spec)
{
	struct synthetic *guest = calloc(1, sizeof(*guest));
	char title[256];
	int status = CLI_USAGE;

	snprintf(title, sizeof(title), "synthetic guest on %s", spec);
	run->title = title;
	if (guest)
		status = run_session(run, spec, NULL, guest);
	else
		cli_error("run: no memory");
	free(guest);
	return status;
}

/*
 * What a hypervisor may do with a store to a page table: ask before it, tell after it, neither. A
 * static-backend build can leave no operation out.
 */
static int run_shapes(struct run *run)
{
	static const char *const specs[] = {
		"mock",
		"mock:trap=after",
#ifndef MPT_STATIC_BACKEND
		"mock:track=no",
#endif
	};
	int status = CLI_OK;
	size_t i;

	if (run->args->backend)
		return run_guest(run, run->args->backend);
	for (i = 0; i < sizeof(specs) / sizeof(specs[0]) && status != CLI_USAGE; i++)
		status = worse(status, run_guest(run, specs[i]));
	return status;
}

/* --- before the first session --- */

static int check_numbers(const struct run_args *a)
{
	bool any = given(a->low) || given(a->high) || given(a->fence);

	if (any && !(given(a->low) && given(a->high) && given(a->fence)))
		cli_error("run: --low, --high and --fence go together");
	else if (any && a->type)
		cli_error("run: --type and --low, --high, --fence exclude each other");
	else
		return 0;
	return -1;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* An output must not be what is read. */
static int check_output(const struct run_args *a, const char *option, const char *file)
{
	unsigned int i;

	for (i = 0; file && i < a->traces.n; i++) {
		if (same_file(file, a->traces.item[i])) {
			cli_error("run: --%s %s is a trace that is read", option, file);
			return -1;
		}
	}
	return 0;
}

static int check_guest(const struct run_args *a)
{
	if (!a->guest)
		return 0;
	if (strcmp(a->guest, "synthetic"))
		cli_error("run: no guest '%.64s' (known: synthetic)", a->guest);
	else if (a->traces.n || a->record || a->plot || a->registers)
		cli_error("run: --guest excludes --trace, --record, --plot and --registers");
	else
		return 0;
	return -1;
}

static int check_args(const struct run_args *a)
{
	if (check_numbers(a) || check_guest(a) || check_output(a, "record", a->record) ||
	    check_output(a, "plot", a->plot))
		return -1;
	if (a->json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
	else if (a->record && a->traces.n > 1)
		cli_error("run: --record takes one trace, not %u (run them one by one)",
			  a->traces.n);
	else
		return 0;
	return -1;
}

static struct plot *new_plot(const struct run_args *a)
{
	const char *slash = a->traces.n ? strrchr(a->traces.item[0], '/') : NULL;
	char title[300] = "Register accesses";

	if (a->traces.n == 1)
		snprintf(title, sizeof(title), "Register accesses of %s",
			 slash ? slash + 1 : a->traces.item[0]);
	else if (a->traces.n)
		snprintf(title, sizeof(title), "Register accesses of %u traces", a->traces.n);
	return plot_new(title, plot_gen9_bands, plot_gen9_nr_bands);
}

/* 0, or -1 with an error printed. */
static int prepare(struct run *run)
{
	const struct run_args *a = run->args;
	bool ok = true;

	if (a->plot) {
		run->plot = new_plot(a);
		ok = run->plot;
	}
#if TOOLS_HAVE_JSON
	if (a->json) {
		run->json = json_array();
		ok = ok && run->json;
	}
#endif
	if (!ok)
		cli_error("run: no memory");
	return ok ? 0 : -1;
}

/* --- after the last --- */

static int write_plot(const struct run *run)
{
	FILE *file = fopen(run->args->plot, "w");
	int err = 0;

	if (!file) {
		cli_error("%s: %s", run->args->plot, strerror(errno));
		return CLI_USAGE;
	}
	/* The system's own reason, where there is one. */
	errno = 0;
	if (plot_write(run->plot, file))
		err = errno ? errno : EIO;
	if (fclose(file) && !err)
		err = errno;
	if (err)
		cli_error("%s: cannot write the picture: %s", run->args->plot, strerror(err));
	return err ? CLI_USAGE : CLI_OK;
}

/* Of runs that could not be done nothing is written. */
static int finish(struct run *run, int status)
{
	if (run->plot && status != CLI_USAGE)
		status = worse(status, write_plot(run));
	plot_free(run->plot);
#if TOOLS_HAVE_JSON
	if (run->json && status != CLI_USAGE) {
		json_dumpf(run->json, stdout, JSON_INDENT(2));
		printf("\n");
	}
	json_decref(run->json);
#endif
	return status;
}

static int run_run(const struct cli_command *cmd, int argc, char **argv)
{
	struct run_args args = {
		.low = NOT_GIVEN,
		.high = NOT_GIVEN,
		.fence = NOT_GIVEN,
		.memory = 64ULL << 20,
	};
	struct run run = { .args = &args };
	unsigned int i;
	int ret = cli_parse(cmd, argc, argv, &args), status = CLI_OK;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_args(&args))
		return CLI_USAGE;
	if (prepare(&run))
		status = CLI_USAGE;
	else if (args.guest)
		status = run_shapes(&run);
	else if (!args.traces.n)
		status = run_trace(&run, NULL);
	for (i = 0; i < args.traces.n && status != CLI_USAGE; i++)
		status = worse(status, run_trace(&run, args.traces.item[i]));
	return finish(&run, status);
}

static const char details[] =
	"A trace is replayed into a vGPU of the place and sizes it was recorded on, unless "
	"--type or --low, --high and --fence say otherwise. Values that the recording read "
	"are another device's: differences are counted. Without a trace the guest only "
	"reads PVINFO. SIZE is decimal or 0x..., and K, M, G or T may follow. --guest "
	"synthetic brings its own accesses: it sets the device up as i915 does and checks "
	"each answer; without --backend on three shapes of the mock.\n\n"
	"exit status: 1 when the vGPU ended in failsafe, an access was answered with an "
	"error, PVINFO was not this vGPU's own, or the ledger is not empty; 2 for a bad "
	"option or bad input, or when it could not be done";

const struct cli_command command_run = {
	.name = "run",
	.summary = "bring a vGPU up on a simulated hypervisor, feed it recorded traffic, report",
	.usage = "[OPTION]...",
	.details = details,
	.options = run_options,
	.ranges = run_ranges,
	.run = run_run,
};
