/* SPDX-License-Identifier: MIT */
/* Options, help, messages, colour and progress of mptctl. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 32
#define HELP_COLUMN 30
#define BAR_WIDTH 30

static bool coloured(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && strcmp(term, "dumb") && isatty(fileno(out));
}

const char *cli_bold(FILE *out)
{
	return coloured(out) ? "\033[1m" : "";
}

const char *cli_red(FILE *out)
{
	return coloured(out) ? "\033[1;31m" : "";
}

const char *cli_green(FILE *out)
{
	return coloured(out) ? "\033[32m" : "";
}

const char *cli_plain(FILE *out)
{
	return coloured(out) ? "\033[0m" : "";
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%smptctl: ", cli_red(stderr));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", cli_plain(stderr));
}

void cli_progress(const char *what, uint64_t done, uint64_t total)
{
	unsigned int i, filled;

	if (!total || !isatty(STDERR_FILENO))
		return;
	if (done >= total) {
		fprintf(stderr, "\r\033[K");
		return;
	}
	filled = (unsigned int)(done * BAR_WIDTH / total);
	fprintf(stderr, "\r%s [", what);
	for (i = 0; i < BAR_WIDTH; i++)
		fputc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %3u %%", (unsigned int)(done * 100 / total));
	fflush(stderr);
}

static void help_option(FILE *out, const char *name, const char *arg, const char *help)
{
	int n = fprintf(out, "  --%s%s%s", name, arg ? " " : "", arg ? arg : "");

	if (n >= HELP_COLUMN)
		n = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", HELP_COLUMN - n, "", help);
}

void cli_help(const struct cli_command *cmd, FILE *out)
{
	const struct cli_option *o;

	fprintf(out, "usage: mptctl %s %s\n\n%s\n\noptions:\n", cmd->name, cmd->usage,
		cmd->summary);
	for (o = cmd->options; o->name; o++)
		help_option(out, o->name, o->arg, o->help);
	help_option(out, "help", NULL, "this text");
	if (cmd->details)
		fprintf(out, "\n%s", cmd->details);
}

/* Decimal or 0x...: a leading 0 means nothing, for nobody types octal. */
static int parse_number(const char *text, uint64_t *number)
{
	static const char units[] = "KMGT";
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *unit;
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, hex ? 16 : 10);
	if (!isdigit((unsigned char)text[0]) || errno)
		return -1;
	if (*end && (unit = strchr(units, toupper((unsigned char)*end)))) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		if (n > UINT64_MAX >> shift)
			return -1;
		n <<= shift;
		end++;
	}
	if (*end)
		return -1;
	*number = n;
	return 0;
}

static int set_value(const struct cli_option *o, const char *text, void *values)
{
	void *to = (char *)values + o->offset;
	struct cli_list *list = to;

	switch (o->type) {
	case CLI_FLAG:
		*(bool *)to = true;
		return 0;
	case CLI_TEXT:
		*(const char **)to = text;
		return 0;
	case CLI_LIST:
		if (list->n == CLI_LIST_MAX) {
			cli_error("--%s: more than %d times", o->name, CLI_LIST_MAX);
			return -1;
		}
		list->item[list->n++] = text;
		return 0;
	case CLI_NUMBER:
		if (!parse_number(text, to))
			return 0;
		cli_error("--%s: '%s' is not a number (decimal or 0x..., K, M, G or T may follow)",
			  o->name, text);
		return -1;
	}
	return -1;
}

/* What getopt_long() answers for option n of the table; optopt too, where it knows the option. */
#define OPTION_VALUE(n) (256 + (int)(n))

static void long_options(const struct cli_command *cmd, struct option *longs)
{
	size_t n;

	for (n = 0; cmd->options[n].name && n < OPTIONS_MAX; n++)
		longs[n] = (struct option){ cmd->options[n].name,
					    cmd->options[n].type == CLI_FLAG ? no_argument :
									       required_argument,
					    NULL, OPTION_VALUE(n) };
	longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
}

/* @c: '?' or ':' as getopt_long() said it; @word: what it was about. */
static void option_error(const struct cli_command *cmd, int c, const char *word)
{
	char known[512] = "--help";
	const struct cli_option *o;
	size_t n = strlen(known);

	for (o = cmd->options; o->name && n < sizeof(known); o++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, ", --%s", o->name);
	if (c == ':')
		cli_error("%s: '%s' needs a value (mptctl %s --help)", cmd->name, word, cmd->name);
	else if (optopt >= OPTION_VALUE(0) || optopt == 'h')
		cli_error("%s: '%s': the option takes no value", cmd->name, word);
	else if (optopt)
		cli_error("%s: unknown option '-%c' (known: %s)", cmd->name, optopt, known);
	else
		cli_error("%s: unknown or ambiguous option '%s' (known: %s)", cmd->name, word,
			  known);
}

int cli_parse(const struct cli_command *cmd, int argc, char **argv, void *values)
{
	struct option longs[OPTIONS_MAX + 2] = { { 0 } };
	int c;

	long_options(cmd, longs);
	optind = 0; /* a second parse in one process begins anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (c == 'h') {
			cli_help(cmd, stdout);
			return 1;
		}
		if (c == '?' || c == ':') {
			option_error(cmd, c, argv[optind - 1]);
			return -1;
		}
		if (set_value(&cmd->options[c - OPTION_VALUE(0)], optarg, values))
			return -1;
	}
	if (optind == argc)
		return 0;
	cli_error("%s: unexpected argument '%s' (mptctl %s --help)", cmd->name, argv[optind],
		  cmd->name);
	return -1;
}
