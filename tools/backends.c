/* SPDX-License-Identifier: MIT */
/* mptctl backends: what is built in, whether it works here and why not, options, capabilities. */
#include <stddef.h>
#include <string.h>

#include <mpt/backend.h>

#include "cli.h"
#include "json.h"
#include "session.h"

struct backends_args {
	bool json;
};

static const struct cli_option options[] = {
	{ "json", NULL, "print JSON", offsetof(struct backends_args, json), CLI_FLAG },
	{ 0 },
};

static const char *const probe_names[] = {
	[MPT_PROBE_DECLINED] = "declined",
	[MPT_PROBE_OK] = "usable",
	[MPT_PROBE_BROKEN] = "broken",
};

static const char *const type_names[] = {
	[MPT_OPTION_BOOL] = "yes|no",
	[MPT_OPTION_UINT] = "number",
	[MPT_OPTION_SIZE] = "size",
	[MPT_OPTION_STRING] = "text",
};

static void option_type(const struct mpt_option *o, char *buf, size_t len)
{
	size_t n = 0;
	unsigned int i;

	if (o->type != MPT_OPTION_ENUM) {
		snprintf(buf, len, "%s", type_names[o->type]);
		return;
	}
	buf[0] = '\0';
	for (i = 0; o->choices[i] && n < len; i++)
		n += (size_t)snprintf(buf + n, len - n, "%s%s", i ? "|" : "", o->choices[i]);
}

#define OPTION_COLUMN 18

static bool is_number(const struct mpt_option *o)
{
	return o->type == MPT_OPTION_UINT || o->type == MPT_OPTION_SIZE;
}

/* What it is, what may be given, what is taken else. */
static void print_option(const struct mpt_option *o)
{
	char type[64], text[512];

	option_type(o, type, sizeof(type));
	if (is_number(o) && o->min < o->max && o->max < UINT64_MAX)
		snprintf(type, sizeof(type), "%llu to %llu", (unsigned long long)o->min,
			 (unsigned long long)o->max);
	snprintf(text, sizeof(text), "%s (%s) [%s]", o->help, type, o->def);
	printf("    %-*s", OPTION_COLUMN - 4, o->name);
	cli_wrap(stdout, OPTION_COLUMN, OPTION_COLUMN, text);
}

static void print_caps(const struct mpt_backend *be)
{
	char text[512] = "capabilities:";
	size_t n = strlen(text);
	u64 cap;

	for (cap = 1; mpt_cap_name(cap) && n < sizeof(text); cap <<= 1)
		if (be->caps & cap)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", mpt_cap_name(cap));
	printf("  ");
	cli_wrap(stdout, 2, 4, text);
}

static void print_backend(const struct mpt_backend *be)
{
	enum mpt_probe probe = mpt_backend_probe(be);
	const struct mpt_option *o;

	printf("%s%s%s: ", cli_bold(stdout), be->name, cli_plain(stdout));
	cli_wrap(stdout, (int)strlen(be->name) + 2, 4, be->summary);
	printf("  %s%s%s", probe == MPT_PROBE_OK ? cli_green(stdout) : cli_red(stdout),
	       probe_names[probe], cli_plain(stdout));
	if (probe == MPT_PROBE_OK) {
		printf("\n");
	} else {
		printf(": ");
		cli_wrap(stdout, 4 + (int)strlen(probe_names[probe]), 4, session_sentence());
	}
	print_caps(be);
	if (be->options && be->options->name)
		printf("  options, %s:option=value,...:\n", be->name);
	for (o = be->options; o && o->name; o++)
		print_option(o);
	printf("\n");
}

static void print_all(void)
{
	const struct mpt_backend *be;
	const char *name, *summary;
	unsigned int i;

	for (i = 0; (be = mpt_backend_each(i)); i++)
		print_backend(be);
	if (!i)
		printf("no back end is built in\n\n");
	printf("%slayers%s, in front of a back end (check,mock):\n", cli_bold(stdout),
	       cli_plain(stdout));
	for (i = 0; (name = mpt_layer_each(i, &summary)); i++) {
		printf("    %-*s", OPTION_COLUMN - 4, name);
		cli_wrap(stdout, OPTION_COLUMN, OPTION_COLUMN, summary);
	}
}

#if TOOLS_HAVE_JSON
static json_t *options_json(const struct mpt_backend *be)
{
	json_t *list = json_array();
	const struct mpt_option *o;
	char type[64];

	for (o = be->options; o && o->name; o++) {
		option_type(o, type, sizeof(type));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s}", "name", o->name, "type",
						type, "default", o->def, "help", o->help));
	}
	return list;
}

static json_t *backend_json(const struct mpt_backend *be)
{
	enum mpt_probe probe = mpt_backend_probe(be);
	json_t *caps = json_array();
	u64 cap;

	for (cap = 1; mpt_cap_name(cap); cap <<= 1)
		if (be->caps & cap)
			json_array_append_new(caps, json_string(mpt_cap_name(cap)));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", be->name, "summary", be->summary,
			 "probe", probe_names[probe], "why",
			 probe == MPT_PROBE_OK ? "" : session_sentence(), "capabilities", caps,
			 "options", options_json(be));
}

static int print_json(void)
{
	json_t *list = json_array(), *layers = json_array(), *all;
	const struct mpt_backend *be;
	const char *name, *summary;
	unsigned int i;

	for (i = 0; (be = mpt_backend_each(i)); i++)
		json_array_append_new(list, backend_json(be));
	for (i = 0; (name = mpt_layer_each(i, &summary)); i++)
		json_array_append_new(layers,
				      json_pack("{s:s, s:s}", "name", name, "summary", summary));
	all = json_pack("{s:o, s:o}", "backends", list, "layers", layers);
	json_dumpf(all, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(all);
	return CLI_OK;
}
#else
static int print_json(void)
{
	cli_error(TOOLS_NO_JSON);
	return CLI_USAGE;
}
#endif

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct backends_args args = { 0 };
	int ret = cli_parse(cmd, argc, argv, &args);

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (args.json)
		return print_json();
	print_all();
	return CLI_OK;
}

const struct cli_command command_backends = {
	.name = "backends",
	.summary = "list the back ends, whether each works here, their options and capabilities",
	.usage = "[--json]",
	.options = options,
	.details =
		"A back end is usable, declined (its hypervisor is not here) or broken (it is, but "
		"something is wrong); the sentence behind says why.\n\n"
		"exit status: 0, whether any of them works or not; 2 for a bad option",
	.run = run,
};
