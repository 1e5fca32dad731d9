/* SPDX-License-Identifier: MIT */
/* What `mptctl conformance` prints for people: a table of clauses, and why some have failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "conform.h"

/* Verdict, clause, what is said of it. */
#define ID_COLUMN 10
#define TEXT_COLUMN 18

static void heading(const struct mpt_clause *clause, const char **last)
{
	const char *title, *area = conform_area(clause, &title);

	if (*last && !strcmp(*last, area))
		return;
	*last = area;
	printf("\n%s%s: %s%s\n", cli_bold(stdout), area, title, cli_plain(stdout));
}

/* Below a clause's sentence, @more columns to the right. */
static void below(int more, const char *what, const char *text)
{
	int column = TEXT_COLUMN + more;

	printf("%*s%s", column, "", what);
	cli_wrap(stdout, column + (int)strlen(what), column + 2, text);
}

static void row(const struct conform_one *o)
{
	const char *verdict = o->outcome == CF_PASS ? "passed" : "FAILED", *colour = "";

	if (o->outcome == CF_NA)
		verdict = "n/a";
	else if (o->outcome == CF_LIMIT)
		verdict = "limit";
	else
		colour = o->outcome == CF_PASS ? cli_green(stdout) : cli_red(stdout);
	printf("  %s%-*s%s%-*s", colour, ID_COLUMN - 2, verdict, *colour ? cli_plain(stdout) : "",
	       TEXT_COLUMN - ID_COLUMN, conform_id(o));
	cli_wrap(stdout, TEXT_COLUMN, TEXT_COLUMN, conform_sentence(o));
}

static void calls(const struct cf_calls *k)
{
	u64 i = k->n > CF_CALLS ? k->n - CF_CALLS : 0;
	char text[256];

	if (i < k->n)
		below(0, "", "the last calls:");
	for (; i < k->n; i++) {
		cf_call_text(&k->call[i % CF_CALLS], text, sizeof(text));
		below(2, "", text);
	}
}

static void plan(struct conform *c)
{
	char text[512] = "";
	size_t n = 0;
	u64 bit;

	printf("%sconformance of %s%s: %u clause%s", cli_bold(stdout), c->spec, cli_plain(stdout),
	       c->n, c->n == 1 ? "" : "s");
	if (c->seed)
		printf(", seed %llu", (unsigned long long)c->seed);
	printf("\n");
	for (bit = 1; bit <= MPT_CAP_ALL && n < sizeof(text); bit <<= 1)
		if (c->has & bit)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", mpt_cap_name(bit));
	printf("capabilities: ");
	cli_wrap(stdout, 14, 2, *text ? text : "none");
	c->out = NULL;
}

static void one(struct conform *c, const struct conform_one *o)
{
	const char *last = c->out;
	char reason[512];

	if (o->clause)
		heading(o->clause, &last);
	else
		printf("\n");
	c->out = (void *)(uintptr_t)last;
	row(o);
	if (o->outcome == CF_NA) {
		conform_features("lacks ", o->lacks, "has ", o->hinders, reason, sizeof(reason));
		below(0, "", reason);
	}
	if (o->outcome == CF_LIMIT)
		below(0, "known of this back end: ", o->why);
	if (o->outcome == CF_FAIL) {
		below(0, "", o->why);
		if (o->clause && o->clause->bug_class)
			below(0, "known bugs of this class: ", o->clause->bug_class);
		calls(&o->calls);
	}
	/* It may take a while, and somebody may be looking. */
	fflush(stdout);
}

static void end(struct conform *c)
{
	char limits[48] = "";

	if (c->limits)
		snprintf(limits, sizeof(limits), ", %u known limit%s", c->limits,
			 c->limits == 1 ? "" : "s");
	printf("\n%s%u passed, %u failed, %u not applicable%s%s\n",
	       c->failed ? cli_red(stdout) : cli_green(stdout), c->passed, c->failed, c->na, limits,
	       cli_plain(stdout));
	if (c->look_failed)
		printf("PROBE comes first: what it says fails many clauses.\n");
}

const struct conform_format conform_text = { plan, one, end };

/* Of a spec what is in the way, else all. */
static void needs(const struct conform *c, const struct mpt_clause *clause)
{
	const char *what = c->spec ? "not applicable: " : "";
	char text[512];

	if (c->spec)
		conform_features("lacks ", cf_lacks(clause, c->has), "has ",
				 cf_hinders(clause, c->has), text, sizeof(text));
	else
		conform_features("needs ", clause->needs_caps, "not with ", clause->excludes_caps,
				 text, sizeof(text));
	if (!*text)
		return;
	printf("%*s%s", ID_COLUMN, "", what);
	cli_wrap(stdout, ID_COLUMN + (int)strlen(what), ID_COLUMN + 2, text);
}

void conform_list_text(const struct conform *c)
{
	const struct mpt_clause *clause;
	const char *last = NULL;
	unsigned int i;

	for (i = 0; (clause = cf_clause(i)); i++) {
		if (!c->chosen[i])
			continue;
		heading(clause, &last);
		printf("  %-*s", ID_COLUMN - 2, clause->id);
		cli_wrap(stdout, ID_COLUMN, ID_COLUMN, clause->text);
		needs(c, clause);
	}
}
