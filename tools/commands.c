/* SPDX-License-Identifier: MIT */
/* The tree of mptctl's commands: finding one, running one, `mptctl help`. */
#include "cli.h"

#include <string.h>

#include <mpt/host.h>

#define COMMANDS_MAX 24

/* clang-format off: one a line */
static const struct cli_command *const all[] = {
	&command_run,
	&command_serve,
	&command_sysfs,
	&command_backends,
	&command_types,
	&command_state,
	&command_trace,
	&command_conformance,
	&command_matrix,
	&command_help,
	&command_complete,
	NULL,
};
/* clang-format on */

const struct cli_command cli_root = {
	.name = "",
	.summary = "Runs and inspects virtual GPUs on any back end of libmpt.",
	.usage = "COMMAND [OPTION]...",
	.options =
		(const struct cli_option[]){
			{ "version", NULL, "versions of the tool and of the library", 0, CLI_FLAG },
			{ 0 },
		},
	.details = "mptctl COMMAND --help, or mptctl help COMMAND, lists the options of a "
		   "command.\n\n"
		   "exit status: 0 all is well, 1 it ran and found something wrong, 2 bad option "
		   "or input, or it could not start",
	.commands = all,
};

const char *cli_word(const struct cli_command *cmd)
{
	const char *blank = strrchr(cmd->name, ' ');

	return blank ? blank + 1 : cmd->name;
}

const struct cli_command *cli_find(const struct cli_command *group, const char *name)
{
	const struct cli_command *const *c;

	for (c = group->commands; c && *c; c++)
		if (!strcmp(cli_word(*c), name))
			return *c;
	return NULL;
}

/* Return: how many; the rest is for people. */
static size_t known_commands(const struct cli_command *group, const char **names, char *list,
			     size_t len)
{
	const struct cli_command *const *c;
	size_t n = 0, used = 0;

	for (c = group->commands; *c && n < COMMANDS_MAX && used < len; c++) {
		if ((*c)->hidden)
			continue;
		names[n++] = cli_word(*c);
		used += (size_t)snprintf(list + used, len - used, "%s%s", used ? ", " : "",
					 cli_word(*c));
	}
	return n;
}

int cli_unknown(const struct cli_command *group, const char *word)
{
	const char *names[COMMANDS_MAX] = { "--help", "--version" }, *near;
	const char *what = *word == '-' ? "option" : "command", *blank = *group->name ? " " : "";
	char known[512] = "--help, --version", hint[600];
	size_t n = group == &cli_root ? 2 : 1;

	if (n == 1)
		snprintf(known, sizeof(known), "--help");
	if (*word != '-')
		n = known_commands(group, names, known, sizeof(known));
	near = cli_nearest(word, names, n);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	else
		snprintf(hint, sizeof(hint), "known: %s;", known);
	cli_error("%s%sunknown %s '%s' (%s mptctl %s%s--help)", group->name,
		  *group->name ? ": " : "", what, word, hint, group->name, blank);
	return CLI_USAGE;
}

static int run_group(const struct cli_command *group, int argc, char **argv)
{
	const struct cli_command *cmd;

	if (argc < 2) {
		cli_help(group, stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		cli_help(group, stdout);
		return CLI_OK;
	}
	if (group == &cli_root && !strcmp(argv[1], "--version")) {
		printf("mptctl %s (libmpt %s)\n", MPT_VERSION, mpt_version());
		return CLI_OK;
	}
	cmd = cli_find(group, argv[1]);
	return cmd ? cli_run(cmd, argc - 1, argv + 1) : cli_unknown(group, argv[1]);
}

int cli_run(const struct cli_command *cmd, int argc, char **argv)
{
	return cmd->commands ? run_group(cmd, argc, argv) : cmd->run(cmd, argc, argv);
}

/* --- mptctl help --- */

static int run_help(const struct cli_command *self, int argc, char **argv)
{
	struct cli_list words = { .n = 0 };
	const struct cli_command *cmd = &cli_root, *next;
	unsigned int i;
	int ret = cli_parse(self, argc, argv, &words);

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	for (i = 0; i < words.n; i++) {
		next = cli_find(cmd, words.item[i]);
		if (!next && cmd->commands)
			return cli_unknown(cmd, words.item[i]);
		if (!next) {
			cli_error("help: %s has no commands (mptctl help %s)", cmd->name,
				  cmd->name);
			return CLI_USAGE;
		}
		cmd = next;
	}
	cli_help(cmd, stdout);
	return CLI_OK;
}

const struct cli_command command_help = {
	.name = "help",
	.summary = "tell what a command does and which options it has",
	.usage = "[COMMAND]...",
	.operands =
		(const struct cli_operand[]){
			{ "COMMAND", "a command, and a command of it: state save", 0, true, true },
			{ 0 },
		},
	.run = run_help,
};
