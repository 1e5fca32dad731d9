/* SPDX-License-Identifier: MIT */
/* mptctl types: the types of vGPU that a device offers, and how many of each fit. */
#include <stddef.h>

#include <gvt/gvt.h>

#include "cli.h"
#include "json.h"
#include "session.h"

struct types_args {
	const char *backend, *platform;
	uint64_t aperture;
	bool json;
};

static const struct cli_option options[] = {
	{ "backend", "SPEC", "back end [mock]", offsetof(struct types_args, backend), CLI_TEXT },
	{ "platform", "PLATFORM", "skl, bdw, kbl, bxt or cfl [skl]",
	  offsetof(struct types_args, platform), CLI_TEXT },
	{ "aperture", "SIZE", "aperture of the device: 256M, 512M or 1G [1G]",
	  offsetof(struct types_args, aperture), CLI_NUMBER },
	{ "json", NULL, "print JSON", offsetof(struct types_args, json), CLI_FLAG },
	{ 0 },
};

/* To the library 0 means its default. */
static const struct cli_range ranges[] = {
	{ "aperture", 256ULL << 20, 1ULL << 30, true },
	{ 0 },
};

static void print_text(struct intel_gvt *gvt)
{
	struct intel_vgpu_type *t;
	unsigned int i;

	printf("%s%-12s %9s %9s %7s %7s %11s %10s%s\n", cli_bold(stdout), "type", "aperture",
	       "hidden", "fences", "weight", "monitor", "available", cli_plain(stdout));
	for (i = 0; (t = gvt_type_each(gvt, i)); i++) {
		char monitor[24];

		snprintf(monitor, sizeof(monitor), "%ux%u", t->width, t->height);
		printf("%-12s %5llu MiB %5llu MiB %7u %7u %11s %10u\n", t->name,
		       (unsigned long long)(t->low_size >> 20),
		       (unsigned long long)(t->high_size >> 20), t->fence, t->weight, monitor,
		       gvt_type_available(gvt, t));
	}
}

#if TOOLS_HAVE_JSON
static int print_json(struct intel_gvt *gvt)
{
	json_t *list = json_array();
	struct intel_vgpu_type *t;
	unsigned int i;

	for (i = 0; (t = gvt_type_each(gvt, i)); i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:i}", "name",
						t->name, "low_size", (json_int_t)t->low_size,
						"high_size", (json_int_t)t->high_size, "fences",
						(int)t->fence, "weight", (int)t->weight, "width",
						(int)t->width, "height", (int)t->height,
						"available", (int)gvt_type_available(gvt, t)));
	json_dumpf(list, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(list);
	return CLI_OK;
}
#else
static int print_json(struct intel_gvt *gvt)
{
	(void)gvt;
	cli_error(TOOLS_NO_JSON);
	return CLI_USAGE;
}
#endif

static int list_types(const struct types_args *args)
{
	struct gvt_config config = {
		.size = sizeof(config),
		.platform = args->platform,
		.aperture = args->aperture,
	};
	struct mpt_host *host;
	struct intel_gvt *gvt;
	int status = CLI_OK;

	if (mpt_host_open(args->backend, &host)) {
		cli_error("%s", session_sentence());
		return CLI_USAGE;
	}
	if (gvt_open(host, &config, &gvt)) {
		cli_error("%s", session_sentence());
		mpt_host_close(host);
		return CLI_USAGE;
	}
	if (args->json)
		status = print_json(gvt);
	else
		print_text(gvt);
	gvt_close(gvt);
	mpt_host_close(host);
	return status;
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct types_args args = { .backend = "mock", .aperture = 1ULL << 30 };
	int ret = cli_parse(cmd, argc, argv, &args);

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	return list_types(&args);
}

const struct cli_command command_types = {
	.name = "types",
	.summary = "list the types of vGPU that a device offers",
	.usage = "[OPTION]...",
	.options = options,
	.ranges = ranges,
	.details = "exit status: 0, or 2 for a bad option, or when the device cannot be opened",
	.run = run,
};
