/* SPDX-License-Identifier: MIT */
/* mptctl: the subcommands and their common help. Each subcommand is a file of its own. */
#include <errno.h>
#include <string.h>

#include <mpt/host.h>

#include "cli.h"

static const struct cli_command *const commands[] = {
	&command_run,
	&command_serve,
	&command_backends,
	&command_types,
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "usage: mptctl COMMAND [OPTION]...\n\n"
		     "Runs and inspects virtual GPUs on any back end of libmpt.\n\ncommands:\n");
	for (i = 0; i < NUM_COMMANDS; i++)
		fprintf(out, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\n  mptctl COMMAND --help   options of a command\n"
		     "  mptctl --help           this text\n"
		     "  mptctl --version        versions of the tool and of the library\n\n"
		     "exit status: 0 all is well, 1 it ran and found something wrong,\n"
		     "2 bad option or input, or it could not start\n");
}

static void unknown(const char *name)
{
	char known[256] = "";
	size_t i, n = 0;

	for (i = 0; i < NUM_COMMANDS && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i ? ", " : "",
				      commands[i]->name);
	cli_error("unknown command '%s' (known: %s; mptctl --help)", name, known);
}

static int dispatch(const char *name, int argc, char **argv)
{
	size_t i;

	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		usage(stdout);
		return CLI_OK;
	}
	if (!strcmp(name, "--version")) {
		printf("mptctl %s (libmpt %s)\n", MPT_VERSION, mpt_version());
		return CLI_OK;
	}
	for (i = 0; i < NUM_COMMANDS; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i]->run(commands[i], argc, argv);
	unknown(name);
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	status = dispatch(argv[1], argc - 1, argv + 1);
	/* A full disk behind a pipe or a redirection is a failure too. */
	if (fflush(stdout) || ferror(stdout)) {
		cli_error("standard output: %s", strerror(errno));
		return CLI_USAGE;
	}
	return status;
}
