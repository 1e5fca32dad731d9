/* SPDX-License-Identifier: MIT */
/* From the arguments of a command to its values, by its tables; what is wrong, with the remedy. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 32
#define WORD_MAX 32

/* --- the nearest name --- */

/* How many letters have to be added, left out or changed (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], i, j, n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return SIZE_MAX;
	for (j = 0; j <= m; j++)
		row[j] = j;
	for (i = 1; i <= n; i++) {
		size_t before = row[0];

		row[0] = i;
		for (j = 1; j <= m; j++) {
			size_t best = before + (a[i - 1] != b[j - 1]);

			best = best < row[j] + 1 ? best : row[j] + 1;
			best = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
			before = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

const char *cli_nearest(const char *word, const char *const *names, size_t n)
{
	size_t i, d, best = SIZE_MAX, len = strlen(word), limit = len < 6 ? 2 : 1 + len / 3;
	const char *nearest = NULL;

	for (i = 0; i < n; i++) {
		d = distance(word, names[i]);
		if (d <= limit && d < len && d < best) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}

/* --- values --- */

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

/* As a user would write it: 64M. */
static const char *number_text(uint64_t n, bool size, char *buf, size_t len)
{
	static const char units[] = "\0KMGT";
	unsigned int u = 0;

	for (; size && n && n % 1024 == 0 && u < 4; u++)
		n /= 1024;
	snprintf(buf, len, "%llu%.1s", (unsigned long long)n, units + u);
	return buf;
}

static int check_range(const struct cli_command *cmd, const struct cli_option *o, uint64_t n,
		       const char *text)
{
	const struct cli_range *r;
	char min[32], max[32];

	for (r = cmd->ranges; r && r->name && strcmp(r->name, o->name); r++)
		;
	if (!r || !r->name || (n >= r->min && n <= r->max))
		return 0;
	number_text(r->min, r->size, min, sizeof(min));
	number_text(r->max, r->size, max, sizeof(max));
	if (r->max == UINT64_MAX)
		cli_error("%s: --%s is a %s of at least %s, not %s", cmd->name, o->name,
			  r->size ? "size" : "number", min, text);
	else
		cli_error("%s: --%s is a %s from %s to %s, not %s", cmd->name, o->name,
			  r->size ? "size" : "number", min, max, text);
	return -1;
}

static int set_number(const struct cli_command *cmd, const struct cli_option *o, const char *text,
		      uint64_t *to)
{
	if (!parse_number(text, to))
		return check_range(cmd, o, *to, text);
	cli_error("%s: --%s: '%s' is not a number (decimal or 0x..., K, M, G or T may follow)",
		  cmd->name, o->name, text);
	return -1;
}

static int add_item(const struct cli_command *cmd, const char *dashes, const char *name,
		    const char *text, struct cli_list *list)
{
	if (list->n == CLI_LIST_MAX) {
		cli_error("%s: %s%s: more than %d times", cmd->name, dashes, name, CLI_LIST_MAX);
		return -1;
	}
	list->item[list->n++] = text;
	return 0;
}

static int set_value(const struct cli_command *cmd, const struct cli_option *o, const char *text,
		     void *values)
{
	void *to = (char *)values + o->offset;

	switch (o->type) {
	case CLI_FLAG:
		*(bool *)to = true;
		return 0;
	case CLI_TEXT:
		*(const char **)to = text;
		return 0;
	case CLI_LIST:
		return add_item(cmd, "--", o->name, text, to);
	case CLI_NUMBER:
		return set_number(cmd, o, text, to);
	}
	return -1;
}

/* --- options --- */

/* What getopt_long() answers for option n of the table; optopt too, where it knows the option. */
#define OPTION_VALUE(n) (256 + (int)(n))

/* Return: how many, --help included. */
static size_t long_options(const struct cli_command *cmd, struct option *longs)
{
	size_t n;

	for (n = 0; cmd->options && cmd->options[n].name && n < OPTIONS_MAX; n++)
		longs[n] = (struct option){ cmd->options[n].name,
					    cmd->options[n].type == CLI_FLAG ? no_argument
									     : required_argument,
					    NULL, OPTION_VALUE(n) };
	longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
	return n + 1;
}

/* The names that begin with @word, or all of them if it is empty. */
static unsigned int list_names(const struct option *longs, size_t n, const char *word, char *buf,
			       size_t len)
{
	unsigned int found = 0;
	size_t i, used = 0;

	*buf = '\0';
	for (i = n; i-- > 0 && used < len;) {
		if (strncmp(longs[i].name, word, strlen(word)))
			continue;
		used += (size_t)snprintf(buf + used, len - used, "%s--%s", found++ ? ", " : "",
					 longs[i].name);
	}
	return found;
}

static void unknown_option(const struct cli_command *cmd, const char *word,
			   const struct option *longs, size_t n)
{
	const char *names[OPTIONS_MAX + 1], *near;
	char name[WORD_MAX + 1], known[768];
	size_t i;

	/* Without dashes, up to the =. */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (i = 0; i < n; i++)
		names[i] = longs[i].name;
	near = cli_nearest(name, names, n);
	if (*name && list_names(longs, n, name, known, sizeof(known)) > 1)
		cli_error("%s: '%s' may be any of %s (write more of it)", cmd->name, word, known);
	else if (near)
		cli_error("%s: unknown option '%s' (did you mean --%s? mptctl %s --help)",
			  cmd->name, word, near, cmd->name);
	else if (list_names(longs, n, "", known, sizeof(known)))
		cli_error("%s: unknown option '%s' (known: %s)", cmd->name, word, known);
}

/* @c: '?' or ':' as getopt_long() said it; @word: what it was about. */
static void option_error(const struct cli_command *cmd, int c, const char *word,
			 const struct option *longs, size_t n)
{
	char known[768];

	list_names(longs, n, "", known, sizeof(known));
	if (c == ':')
		cli_error("%s: '%s' needs a value (mptctl %s --help)", cmd->name, word, cmd->name);
	else if (optopt >= OPTION_VALUE(0) || optopt == 'h')
		cli_error("%s: '%s': the option takes no value", cmd->name, word);
	else if (optopt)
		cli_error("%s: unknown option '-%c' (known: %s)", cmd->name, optopt, known);
	else
		unknown_option(cmd, word, longs, n);
}

/* --- operands --- */

static int set_operands(const struct cli_command *cmd, int argc, char **argv, void *values)
{
	const struct cli_operand *o = cmd->operands;
	void *to;
	int i;

	for (i = 0; i < argc; i++) {
		if (!o || !o->name) {
			cli_error("%s: unexpected argument '%s' (mptctl %s --help)", cmd->name,
				  argv[i], cmd->name);
			return -1;
		}
		to = (char *)values + o->offset;
		if (!o->list) {
			*(const char **)to = argv[i];
			o++;
		} else if (add_item(cmd, "", o->name, argv[i], to)) {
			return -1;
		}
	}
	if (!o || !o->name || o->optional || (o->list && i))
		return 0;
	cli_error("%s: %s is needed: mptctl %s %s", cmd->name, o->name, cmd->name, cmd->usage);
	return -1;
}

int cli_parse(const struct cli_command *cmd, int argc, char **argv, void *values)
{
	struct option longs[OPTIONS_MAX + 2] = { { 0 } };
	size_t n = long_options(cmd, longs);
	int c;

	optind = 0; /* a second parse in one process begins anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (c == 'h') {
			cli_help(cmd, stdout);
			return 1;
		}
		if (c == '?' || c == ':') {
			option_error(cmd, c, argv[optind - 1], longs, n);
			return -1;
		}
		if (set_value(cmd, &cmd->options[c - OPTION_VALUE(0)], optarg, values))
			return -1;
	}
	return set_operands(cmd, argc - optind, argv + optind, values);
}
