/* SPDX-License-Identifier: MIT */
/* What --help prints, made from the tables: of the tool, of a group of commands, of a command. */
#include "cli.h"

#include <string.h>

#define HELP_COLUMN 28
#define COMMAND_COLUMN 15

/* A name, and what it means in a column of its own. */
static void help_line(FILE *out, int n, int column, const char *help)
{
	if (n >= column) {
		fputc('\n', out);
		n = 0;
	}
	fprintf(out, "%*s", column - n, "");
	cli_wrap(out, column, column, help);
}

static void help_option(FILE *out, const char *name, const char *arg, const char *help)
{
	int n = fprintf(out, "  --%s%s%s", name, arg ? " " : "", arg ? arg : "");

	help_line(out, n, HELP_COLUMN, help);
}

static void help_options(FILE *out, const struct cli_command *cmd)
{
	const struct cli_option *o;

	fprintf(out, "\noptions:\n");
	for (o = cmd->options; o && o->name; o++)
		help_option(out, o->name, o->arg, o->help);
	help_option(out, "help", NULL, "this text");
}

static void help_operands(FILE *out, const struct cli_command *cmd)
{
	const struct cli_operand *o;

	if (cmd->operands)
		fputc('\n', out);
	for (o = cmd->operands; o && o->name; o++)
		help_line(out, fprintf(out, "  %s%s", o->name, o->list ? "..." : ""), HELP_COLUMN,
			  o->help);
}

static void help_commands(FILE *out, const struct cli_command *group)
{
	const struct cli_command *const *c;

	fprintf(out, "\ncommands:\n");
	for (c = group->commands; *c; c++)
		if (!(*c)->hidden)
			help_line(out, fprintf(out, "  %s", cli_word(*c)), COMMAND_COLUMN,
				  (*c)->summary);
}

/* Paragraphs; a line that begins with a blank stays as it is. */
static void help_details(FILE *out, const char *text)
{
	char part[1024];
	size_t n;

	while (*text) {
		const char *end = strstr(text, "\n\n");

		n = end ? (size_t)(end - text) : strlen(text);
		n = n < sizeof(part) ? n : sizeof(part) - 1;
		memcpy(part, text, n);
		part[n] = '\0';
		fputc('\n', out);
		cli_wrap(out, 0, 0, part);
		text += n + strspn(text + n, "\n");
	}
}

void cli_help(const struct cli_command *cmd, FILE *out)
{
	fprintf(out, "usage: mptctl%s%s %s\n\n", *cmd->name ? " " : "", cmd->name, cmd->usage);
	cli_wrap(out, 0, 0, cmd->summary);
	help_operands(out, cmd);
	if (cmd->commands)
		help_commands(out, cmd);
	help_options(out, cmd);
	if (cmd->details)
		help_details(out, cmd->details);
}
