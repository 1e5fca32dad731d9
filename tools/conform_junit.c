/* SPDX-License-Identifier: MIT */
/*
 * What `mptctl conformance` prints for CI systems: JUnit's XML. Its counts stand in front, so the
 * cases are kept until the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "conform.h"

/* The cases so far. */
struct junit {
	FILE *cases;
	char *text;
	size_t len;
	u64 ms;
};

/* --- escaping --- */

/* Return: bytes of the character of UTF-8 at @s, 0: none, or one that XML 1.0 forbids. */
static unsigned int utf8(const unsigned char *s)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int n = *s < 0x80   ? 1
			 : *s < 0xc2 ? 0
			 : *s < 0xe0 ? 2
			 : *s < 0xf0 ? 3
			 : *s < 0xf5 ? 4
				     : 0;
	unsigned int i, c = n < 2 ? *s : *s & (0x7fU >> n);

	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (n > 1 && (c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff))
		return 0;
	return c == 0xfffe || c == 0xffff ? 0 : n;
}

static void escaped(FILE *out, const char *text, const char *newline)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int n;

	for (; *s; s += n ? n : 1) {
		n = utf8(s);
		if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else if (*s == '\n')
			fputs(newline, out);
		else if (*s == '\t')
			fputs("&#9;", out);
		else if (!n || *s < 0x20 || *s == 0x7f)
			fprintf(out, "\\x%02x", *s);
		else
			fwrite(s, 1, n, out);
	}
}

static void attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	escaped(out, text, "&#10;");
	fputc('"', out);
}

static void line(FILE *out, const char *what, const char *text)
{
	fputs(what, out);
	escaped(out, text, "\n");
	fputc('\n', out);
}

/* --- cases --- */

static void called(FILE *out, const struct cf_calls *k)
{
	u64 i = k->n > CF_CALLS ? k->n - CF_CALLS : 0;
	char text[256];

	if (i < k->n)
		line(out, "the last calls:", "");
	for (; i < k->n; i++) {
		cf_call_text(&k->call[i % CF_CALLS], text, sizeof(text));
		line(out, "  ", text);
	}
}

/* What was expected and what was seen is one sentence: the clauses say them so. */
static void failure(FILE *out, const struct conform_one *o)
{
	fprintf(out, "      <failure");
	attribute(out, "message", o->why);
	fprintf(out, " type=\"conformance\">");
	line(out, "clause: ", conform_id(o));
	line(out, "what it says: ", conform_sentence(o));
	line(out, "expected and seen: ", o->why);
	if (o->clause && o->clause->bug_class)
		line(out, "known bugs of this class: ", o->clause->bug_class);
	called(out, &o->calls);
	fprintf(out, "</failure>\n");
}

static void plan(struct conform *c)
{
	struct junit *j = calloc(1, sizeof(*j));

	c->out = j;
	if (j)
		j->cases = open_memstream(&j->text, &j->len);
}

static void one(struct conform *c, const struct conform_one *o)
{
	struct junit *j = c->out;
	char text[CF_TEXT + 32], class[64];
	const char *title;

	if (!j || !j->cases)
		return;
	snprintf(class, sizeof(class), "conformance.%s",
		 o->clause ? conform_area(o->clause, &title) : "PROBE");
	snprintf(text, sizeof(text), "%s %s", conform_id(o), conform_sentence(o));
	j->ms += o->ms;
	fprintf(j->cases, "    <testcase");
	attribute(j->cases, "classname", class);
	attribute(j->cases, "name", text);
	fprintf(j->cases, " time=\"%llu.%03llu\"%s\n", (unsigned long long)o->ms / 1000,
		(unsigned long long)o->ms % 1000, o->outcome == CF_PASS ? "/>" : ">");
	if (o->outcome == CF_PASS)
		return;
	if (o->outcome == CF_FAIL) {
		failure(j->cases, o);
	} else if (o->outcome == CF_LIMIT) {
		fprintf(j->cases, "      <skipped");
		snprintf(text, sizeof(text), "known limit: %s", o->why);
		attribute(j->cases, "message", text);
		fprintf(j->cases, "/>\n");
	} else {
		conform_features("lacks ", o->lacks, "has ", o->hinders, text, sizeof(text));
		fprintf(j->cases, "      <skipped");
		attribute(j->cases, "message", text);
		fprintf(j->cases, "/>\n");
	}
	fprintf(j->cases, "    </testcase>\n");
}

static void counts(const struct conform *c, const struct junit *j)
{
	printf(" tests=\"%u\" failures=\"%u\" errors=\"0\" time=\"%llu.%03llu\"", conform_count(c),
	       c->failed, (unsigned long long)j->ms / 1000, (unsigned long long)j->ms % 1000);
}

static void suite(const struct conform *c, const struct junit *j)
{
	char text[512];

	printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	counts(c, j);
	printf(">\n  <testsuite");
	attribute(stdout, "name", c->spec);
	counts(c, j);
	printf(" skipped=\"%u\">\n    <properties>\n", c->na + c->limits);
	printf("      <property name=\"seed\" value=\"%llu\"/>\n", (unsigned long long)c->seed);
	conform_features("", c->has & MPT_CAP_ALL, "", 0, text, sizeof(text));
	printf("      <property name=\"capabilities\"");
	attribute(stdout, "value", text);
	printf("/>\n    </properties>\n");
	fwrite(j->text, 1, j->len, stdout);
	printf("  </testsuite>\n</testsuites>\n");
}

static void end(struct conform *c)
{
	struct junit *j = c->out;
	bool whole = j && j->cases && !ferror(j->cases) && !fclose(j->cases);

	if (whole)
		suite(c, j);
	else
		cli_error("conformance: no memory for the cases of JUnit");
	/* Half a report must not look like a good one. */
	c->failed += !whole;
	if (j)
		free(j->text);
	free(j);
}

const struct conform_format conform_junit = { plan, one, end };
