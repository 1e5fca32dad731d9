/* SPDX-License-Identifier: MIT */
/*
 * What every subcommand of mptctl shares: commands and options as data (parsing, help, completion
 * and their tests come from one table), messages, colour, progress.
 */
#ifndef MPT_TOOLS_CLI_H
#define MPT_TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit status of every subcommand (mptctl(1)). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* it ran and found something wrong */
	CLI_USAGE = 2,	/* bad option, bad input, or it could not start */
};

enum cli_type {
	CLI_FLAG,   /* bool */
	CLI_TEXT,   /* const char * */
	CLI_LIST,   /* struct cli_list: may be given several times */
	CLI_NUMBER, /* uint64_t; decimal, 0x..., K, M, G, T behind it */
};

/*
 * One option; a table ends with a NULL name. @offset: in the subcommand's structure.
 * @arg: what the help calls its argument, NULL for FLAG. It says what completes it as well: words
 *	in lower case with | between are the values; SPEC, PLATFORM, TYPE, CLAUSE are known to
 *	complete.c; FILE..., PATH and MOUNTPOINT are files.
 */
struct cli_option {
	const char *name;
	const char *arg;
	const char *help;
	size_t offset;
	enum cli_type type;
};

/* What a number may be, both ends inclusive; a table ends with a NULL name. @size: of bytes. */
struct cli_range {
	const char *name; /* of the option */
	uint64_t min, max;
	bool size;
};

/* What stands behind the options: const char *, or struct cli_list, then the last one. */
struct cli_operand {
	const char *name; /* as cli_option.arg */
	const char *help;
	size_t offset;
	bool optional;
	bool list; /* any number of them */
};

#define CLI_LIST_MAX 64

struct cli_list {
	const char *item[CLI_LIST_MAX];
	unsigned int n;
};

struct cli_command {
	const char *name; /* with that of the command that it belongs to: "state save" */
	const char *summary;
	const char *usage;   /* behind the name */
	const char *details; /* paragraphs after the options, an empty line between; or NULL */
	const struct cli_option *options;
	const struct cli_range *ranges;
	const struct cli_operand *operands;
	const struct cli_command *const *commands; /* it is a group of these, and has no run() */
	bool hidden;				   /* not for people */
	int (*run)(const struct cli_command *cmd, int argc, char **argv);
};

extern const struct cli_command command_run;
extern const struct cli_command command_serve;
extern const struct cli_command command_backends;
extern const struct cli_command command_types;
extern const struct cli_command command_sysfs;
extern const struct cli_command command_state;
extern const struct cli_command command_trace;
extern const struct cli_command command_conformance;
extern const struct cli_command command_matrix;
extern const struct cli_command command_help;
extern const struct cli_command command_complete;

/* The tool itself: a group of all commands. */
extern const struct cli_command cli_root;

/* A command of a group by the last word of its name; NULL: none. */
const struct cli_command *cli_find(const struct cli_command *group, const char *name);
/* The last word of a command's name. */
const char *cli_word(const struct cli_command *cmd);
/* @argv[0] names the command. Return: exit status. */
int cli_run(const struct cli_command *cmd, int argc, char **argv);
/* No command of a group, nor one of its options: says what is near or known. Return: CLI_USAGE. */
int cli_unknown(const struct cli_command *group, const char *word);

/* Fills @values. Return: 0 go on, 1 help was asked for and printed, -1 an error was printed. */
int cli_parse(const struct cli_command *cmd, int argc, char **argv, void *values);
void cli_help(const struct cli_command *cmd, FILE *out);

/* Of @names the one that was probably meant; NULL: none is near. */
const char *cli_nearest(const char *word, const char *const *names, size_t n);

/* Words of @text from @column on, @indent blanks before each further line, at most 80 columns. */
#define CLI_COLUMNS 80
void cli_wrap(FILE *out, int column, int indent, const char *text);

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
