/* SPDX-License-Identifier: MIT */
/* mptctl: main(). The commands are listed in commands.c; each is a file of its own. */
#include <errno.h>
#include <string.h>

#include "cli.h"

int main(int argc, char **argv)
{
	int status = cli_run(&cli_root, argc, argv);

	/* A full disk behind a redirection is a failure; a reader that has left has enough. */
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		cli_error("standard output: %s", strerror(errno));
		return CLI_USAGE;
	}
	return status;
}
