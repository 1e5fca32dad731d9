/* SPDX-License-Identifier: MIT */
/*
 * What every subcommand of mptctl shares: options as data (parsing and help come from one table),
 * messages, colour, progress.
 */
#ifndef MPT_TOOLS_CLI_H
#define MPT_TOOLS_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Exit status of every subcommand (mptctl(1)). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* it ran and found something wrong */
	CLI_USAGE = 2, /* bad option, bad input, or it could not start */
};

enum cli_type {
	CLI_FLAG, /* bool */
	CLI_TEXT, /* const char * */
	CLI_LIST, /* struct cli_list: may be given several times */
	CLI_NUMBER, /* uint64_t; decimal, 0x..., K, M, G, T behind it */
};

/* One option; a table ends with a NULL name. @offset: in the subcommand's structure. */
struct cli_option {
	const char *name;
	const char *arg; /* what the help calls its argument; NULL for FLAG */
	const char *help;
	size_t offset;
	enum cli_type type;
};

#define CLI_LIST_MAX 64

struct cli_list {
	const char *item[CLI_LIST_MAX];
	unsigned int n;
};

struct cli_command {
	const char *name;
	const char *summary;
	const char *usage; /* behind the name */
	const char *details; /* paragraphs after the options; may be NULL */
	const struct cli_option *options;
	int (*run)(const struct cli_command *cmd, int argc, char **argv);
};

extern const struct cli_command command_run;
extern const struct cli_command command_serve;
extern const struct cli_command command_backends;
extern const struct cli_command command_types;

/* Fills @values. Return: 0 go on, 1 help was asked for and printed, -1 an error was printed. */
int cli_parse(const struct cli_command *cmd, int argc, char **argv, void *values);
void cli_help(const struct cli_command *cmd, FILE *out);

/* "mptctl: ..." on standard error, in red on a terminal. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* An escape sequence when @out is a terminal with colours and NO_COLOR is not set, else "". */
const char *cli_bold(FILE *out);
const char *cli_red(FILE *out);
const char *cli_green(FILE *out);
const char *cli_plain(FILE *out);

/* A bar on standard error when it is a terminal; done >= total clears it. */
void cli_progress(const char *what, uint64_t done, uint64_t total);

#endif
