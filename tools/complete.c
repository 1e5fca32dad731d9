/* SPDX-License-Identifier: MIT */
/*
 * mptctl complete: what can follow on a command line, from the tables of the commands and of the
 * back ends. The shell's part is tools/completion/mptctl.
 */
#include <ctype.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/backend.h>

#include "clause.h"
#include "cli.h"

#define LINE_MAX_BYTES 1024

/* The word that is completed, and what of it stands in front of each candidate. */
struct word {
	const char *text;
	char front[LINE_MAX_BYTES];
};

static void offer(const struct word *w, const char *name, const char *after)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line), "%s%s%s", w->front, name, after);
	if (!strncmp(line, w->text, strlen(w->text)))
		puts(line);
}

/* What the shell has to do: no blank behind the word; files. */
static void tell(const char *what, const struct word *w)
{
	printf(":%s %s\n", what, w->front);
}

/* The first @n bytes of the word stay. */
static void keep(struct word *w, size_t n)
{
	n = n < sizeof(w->front) ? n : sizeof(w->front) - 1;
	memcpy(w->front, w->text, n);
	w->front[n] = '\0';
}

/* --- SPEC --- */

static void offer_option(const struct word *w, const struct mpt_option *o)
{
	unsigned int i;

	switch (o->type) {
	case MPT_OPTION_BOOL:
		offer(w, "yes", "");
		offer(w, "no", "");
		break;
	case MPT_OPTION_ENUM:
		for (i = 0; o->choices[i]; i++)
			offer(w, o->choices[i], "");
		break;
	default:
		offer(w, o->def, "");
	}
}

/* Behind the back end's colon: opt=val{,opt=val}. */
static void complete_options(struct word *w, const struct mpt_backend *be, const char *at)
{
	const char *comma = strrchr(at, ','), *equals;
	const struct mpt_option *o;

	at = comma ? comma + 1 : at;
	equals = strchr(at, '=');
	keep(w, (size_t)((equals ? equals + 1 : at) - w->text));
	for (o = be->options; o && o->name; o++) {
		if (!equals)
			offer(w, o->name, "=");
		else if (strlen(o->name) == (size_t)(equals - at) &&
			 !strncmp(o->name, at, (size_t)(equals - at)))
			offer_option(w, o);
	}
	tell("nospace", w);
}

static bool is_layer(const char *at, size_t n)
{
	const char *name;
	unsigned int i;

	for (i = 0; (name = mpt_layer_each(i, NULL)); i++)
		if (strlen(name) == n && !strncmp(name, at, n))
			return true;
	return false;
}

/* A static-backend build opens its own alone, without layers. */
static bool opens(const char *name)
{
#ifdef MPT_STATIC_BACKEND
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
	return !strcmp(name, TEXT(MPT_STATIC_BACKEND));
#else
	return *name;
#endif
}

static void complete_name(struct word *w, const char *at)
{
	const struct mpt_backend *be;
	const char *name;
	unsigned int i;

	keep(w, (size_t)(at - w->text));
	if (strchr(at, '/')) {
		tell("files", w);
		return;
	}
	for (i = 0; (be = mpt_backend_each(i)); i++)
		if (opens(be->name))
			offer(w, be->name, "");
	for (i = 0; (name = mpt_layer_each(i, NULL)); i++)
		if (opens(name))
			offer(w, name, ",");
	tell("nospace", w);
}

static void complete_spec(struct word *w, const char *at)
{
	char name[64];
	size_t n;

	/* Layers end with a comma; a back end's name with a colon. */
	while (at[n = strcspn(at, ",=:")]) {
		if (is_layer(at, n)) {
			const char *comma = strchr(at, ',');

			if (!comma)
				return;
			at = comma + 1;
			continue;
		}
		if (at[n] == ':' && n < sizeof(name)) {
			const struct mpt_backend *be;

			snprintf(name, sizeof(name), "%.*s", (int)n, at);
			be = mpt_backend_find(name);
			if (be)
				complete_options(w, be, at + n + 1);
		}
		return;
	}
	complete_name(w, at);
}

/* --- values --- */

/* "a|b|c" */
static void offer_words(const struct word *w, const char *words)
{
	char one[64];
	size_t n;

	for (; *words; words += n + (words[n] == '|')) {
		n = strcspn(words, "|");
		snprintf(one, sizeof(one), "%.*s", (int)n, words);
		offer(w, one, "");
	}
}

static void offer_platforms(const struct word *w)
{
	const char *name;
	unsigned int i;

	for (i = 0; (name = gvt_platform_each(i)); i++)
		offer(w, name, "");
}

/* By their suffixes: all platforms have the same ones. */
static void offer_types(const struct word *w)
{
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct intel_vgpu_type *t;
	unsigned int i;

	if (mpt_host_open("mock", &host))
		return;
	if (!gvt_open(host, NULL, &gvt)) {
		for (i = 0; (t = gvt_type_each(gvt, i)); i++)
			offer(w, strrchr(t->name, '_') + 1, "");
		gvt_close(gvt);
	}
	mpt_host_close(host);
}

static void offer_clauses(const struct word *w)
{
	const struct cf_area *a;
	unsigned int i;

	for (a = cf_areas; a->id; a++)
		if (a->title)
			offer(w, a->id, "");
	for (i = 0; cf_clause(i); i++)
		offer(w, cf_clause(i)->id, "");
}

/* @at: in the word, where the value begins. */
static void complete_value(struct word *w, const char *arg, const char *at)
{
	keep(w, (size_t)(at - w->text));
	if (islower((unsigned char)*arg))
		offer_words(w, arg);
	else if (!strcmp(arg, "SPEC"))
		complete_spec(w, at);
	else if (!strcmp(arg, "PLATFORM"))
		offer_platforms(w);
	else if (!strcmp(arg, "TYPE"))
		offer_types(w);
	else if (!strcmp(arg, "CLAUSE"))
		offer_clauses(w);
	else if (!strncmp(arg, "FILE", 4) || !strcmp(arg, "PATH") || !strcmp(arg, "MOUNTPOINT"))
		tell("files", w);
}

/* --- commands and options --- */

static void offer_commands(const struct word *w, const struct cli_command *group)
{
	const struct cli_command *const *c;

	for (c = group->commands; c && *c; c++)
		if (!(*c)->hidden)
			offer(w, cli_word(*c), "");
}

static void offer_options(const struct word *w, const struct cli_command *cmd)
{
	const struct cli_option *o;

	for (o = cmd->options; o && o->name; o++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", o->name);
		offer(w, name, "");
	}
	offer(w, "--help", "");
}

/* "--trace" or "--trace=x"; NULL: no option of the command. */
static const struct cli_option *find_option(const struct cli_command *cmd, const char *word)
{
	size_t n = strcspn(word, "=");
	const struct cli_option *o;

	if (n < 3 || strncmp(word, "--", 2))
		return NULL;
	for (o = cmd->options; o && o->name; o++)
		if (strlen(o->name) == n - 2 && !strncmp(o->name, word + 2, n - 2))
			return o;
	return NULL;
}

/* The last of @words is completed; the ones before are complete. */
static void complete_command(const struct cli_command *cmd, const struct cli_list *words,
			     unsigned int i, struct word *w)
{
	const struct cli_option *o = NULL;
	const struct cli_operand *p = cmd->operands;
	const char *equals = strchr(w->text, '=');

	for (; i + 1 < words->n; i++) {
		const char *word = words->item[i];

		if (o && o->type != CLI_FLAG && !strchr(words->item[i - 1], '=')) {
			o = NULL;
			continue;
		}
		o = find_option(cmd, word);
		if (*word != '-' && p && p->name && !p->list)
			p++;
	}
	if (o && o->type != CLI_FLAG && !strchr(words->item[i - 1], '='))
		complete_value(w, o->arg, w->text);
	else if (*w->text == '-' && equals && (o = find_option(cmd, w->text)) && o->arg)
		complete_value(w, o->arg, equals + 1);
	else if (*w->text == '-')
		offer_options(w, cmd);
	else if (p && p->name)
		complete_value(w, p->name, w->text);
}

static void complete_line(const struct cli_list *words)
{
	const struct cli_command *cmd = &cli_root, *next;
	struct word w = { .text = words->item[words->n - 1] };
	bool help = false;
	unsigned int i;

	for (i = 0; i + 1 < words->n && cmd->commands; i++) {
		next = cli_find(cmd, words->item[i]);
		if (next == &command_help && !help)
			help = true;
		else if (next)
			cmd = next;
		else
			return;
	}
	if (cmd->commands && *w.text != '-')
		offer_commands(&w, cmd);
	else if (help)
		offer(&w, "--help", "");
	else if (cmd->commands)
		offer_options(&w, cmd);
	else
		complete_command(cmd, words, i, &w);
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct cli_list words = { .n = 0 };
	int ret = cli_parse(cmd, argc, argv, &words);

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	complete_line(&words);
	return CLI_OK;
}

const struct cli_command command_complete = {
	.name = "complete",
	.summary = "list what can follow on a command line, for the completion of a shell",
	.usage = "-- WORD...",
	.operands =
		(const struct cli_operand[]){
			{ "WORD", "the command line behind mptctl; the last is the one to complete",
			  0, false, true },
			{ 0 },
		},
	.details = "A line that begins with a colon tells the shell what else to do.",
	.hidden = true,
	.run = run,
};
