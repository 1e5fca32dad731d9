/* SPDX-License-Identifier: MIT */
/* What `mptctl conformance` prints for machines: TAP version 13, JSON. */
#include <stdio.h>
#include <string.h>

#include "conform.h"
#include "json.h"
#include "report.h"

/* --- TAP --- */

/* In a description # begins a directive. */
static void tap_text(const char *text)
{
	for (; *text; text++)
		printf(*text == '#' || *text == '\\' ? "\\%c" : "%c", *text == '\n' ? ' ' : *text);
}

/* A YAML scalar in single quotes, on one line. */
static void yaml(const char *before, const char *text)
{
	printf("  %s'", before);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\'')
			putchar('\'');
		putchar(c < 0x20 || c == 0x7f ? ' ' : c);
	}
	printf("'\n");
}

static void tap_plan(struct conform *c)
{
	printf("TAP version 13\n");
	(void)c;
}

static void tap_failure(const struct conform_one *o)
{
	const struct cf_calls *k = &o->calls;
	u64 i = k->n > CF_CALLS ? k->n - CF_CALLS : 0;
	char text[256];

	printf("  ---\n");
	yaml("message: ", o->why);
	if (o->clause && o->clause->bug_class)
		yaml("known_bugs: ", o->clause->bug_class);
	if (i < k->n)
		printf("  calls:\n");
	for (; i < k->n; i++) {
		cf_call_text(&k->call[i % CF_CALLS], text, sizeof(text));
		yaml("  - ", text);
	}
	printf("  ...\n");
}

static void tap_one(struct conform *c, const struct conform_one *o)
{
	char reason[512];

	bool bad = o->outcome == CF_FAIL || o->outcome == CF_LIMIT;

	printf("%s %u - %s ", bad ? "not ok" : "ok", conform_count(c), conform_id(o));
	tap_text(conform_sentence(o));
	if (o->outcome == CF_NA) {
		conform_features("lacks ", o->lacks, "has ", o->hinders, reason, sizeof(reason));
		printf(" # SKIP %s", reason);
	}
	/* TAP's word for what is known to fail. */
	if (o->outcome == CF_LIMIT)
		printf(" # TODO known limit: %s", o->why);
	printf("\n");
	if (o->outcome == CF_FAIL)
		tap_failure(o);
	fflush(stdout);
}

/* The plan may stand at the end: the look counts if something is wrong with it. */
static void tap_end(struct conform *c)
{
	printf("1..%u\n", conform_count(c));
}

const struct conform_format conform_tap = { tap_plan, tap_one, tap_end };

/* --- JSON --- */

#if TOOLS_HAVE_JSON
static json_t *features(u64 bits)
{
	json_t *list = json_array();
	u64 bit;

	for (bit = 1; bit; bit <<= 1)
		if ((bits & bit) && cf_feature(bit))
			json_array_append_new(list, json_string(cf_feature(bit)));
	return list;
}

static json_t *about(const struct mpt_clause *clause)
{
	const char *title, *area = conform_area(clause, &title);

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "clause", clause->id, "area", area,
			 "title", title, "text", clause->text, "needs",
			 features(clause->needs_caps), "not_with", features(clause->excludes_caps),
			 "known_bugs", clause->bug_class ? clause->bug_class : "");
}

static json_t *calls(const struct cf_calls *k)
{
	u64 i = k->n > CF_CALLS ? k->n - CF_CALLS : 0;
	json_t *list = json_array();
	char text[256];

	for (; i < k->n; i++) {
		cf_call_text(&k->call[i % CF_CALLS], text, sizeof(text));
		json_array_append_new(list, report_json_text(text));
	}
	return list;
}

static const char *const outcomes[] = {
	[CF_PASS] = "passed",
	[CF_FAIL] = "failed",
	[CF_NA] = "not applicable",
	[CF_LIMIT] = "limit",
};

static void json_plan(struct conform *c)
{
	c->out = json_array();
}

static void json_one(struct conform *c, const struct conform_one *o)
{
	json_t *r = o->clause ? about(o->clause)
			      : json_pack("{s:s, s:s}", "clause", conform_id(o), "text",
					  conform_sentence(o));

	json_object_set_new(r, "outcome", json_string(outcomes[o->outcome]));
	json_object_set_new(r, "lacks", features(o->lacks));
	json_object_set_new(r, "has", features(o->hinders));
	json_object_set_new(r, "why", report_json_text(o->why));
	json_object_set_new(r, "calls", o->outcome == CF_FAIL ? calls(&o->calls) : json_array());
	json_object_set_new(r, "ms", json_integer((json_int_t)o->ms));
	json_array_append_new(c->out, r);
}

static void json_end(struct conform *c)
{
	json_t *o = json_pack(
		"{s:o, s:I, s:o, s:i, s:i, s:i, s:i, s:o}", "spec", report_json_text(c->spec),
		"seed", (json_int_t)(c->seed > INT64_MAX ? INT64_MAX : c->seed), "capabilities",
		features(c->has & MPT_CAP_ALL), "passed", (int)c->passed, "failed", (int)c->failed,
		"not_applicable", (int)c->na, "limits", (int)c->limits, "clauses", c->out);

	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}

void conform_list_json(const struct conform *c)
{
	json_t *list = json_array(), *o;
	const struct mpt_clause *clause;
	unsigned int i;

	for (i = 0; (clause = cf_clause(i)); i++) {
		if (!c->chosen[i])
			continue;
		o = about(clause);
		if (c->spec)
			json_object_set_new(o, "applies", json_boolean(cf_applies(clause, c->has)));
		json_array_append_new(list, o);
	}
	json_dumpf(list, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(list);
}
#else
static void json_plan(struct conform *c)
{
	(void)c;
}

static void json_one(struct conform *c, const struct conform_one *o)
{
	(void)c;
	(void)o;
}

void conform_list_json(const struct conform *c)
{
	(void)c;
}
#define json_end json_plan
#endif

const struct conform_format conform_json = { json_plan, json_one, json_end };
