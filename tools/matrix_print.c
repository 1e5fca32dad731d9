/* SPDX-License-Identifier: MIT */
/* What `mptctl matrix` prints: a table for people, Markdown, JSON. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "matrix.h"
#include "report.h"

static void needs(const struct mpt_clause *c, char *buf, size_t len)
{
	conform_features("", c->needs_caps, "not ", c->excludes_caps, buf, len);
}

static bool absent_somewhere(const struct matrix *m, unsigned int clause)
{
	unsigned int k;

	for (k = 0; k < m->n; k++)
		if (m->column[k].cells[clause].verdict == MATRIX_ABSENT)
			return true;
	return false;
}

/* Of clause @i over column @c. Return: false: nothing is to be said. */
static bool remark(const struct matrix_column *c, unsigned int i, char *buf, size_t len)
{
	const struct matrix_cell *cell = &c->cells[i];

	if (cell->verdict != MATRIX_FAIL && cell->verdict != MATRIX_LIMIT)
		return false;
	snprintf(buf, len, "%s over %s: %s%s", cf_clause(i)->id, c->spec,
		 cell->verdict == MATRIX_LIMIT ? "known limit: " : "", cell->why ? cell->why : "");
	return true;
}

/* --- text --- */

#define CELLS_COLUMN 10

static void text_row(const struct matrix *m, unsigned int i)
{
	const struct mpt_clause *clause = cf_clause(i);
	char text[512];
	unsigned int k;

	printf("  %-*s", CELLS_COLUMN - 2, clause->id);
	for (k = 0; k < m->n; k++)
		printf("%s%c", k ? " " : "", m->column[k].cells[i].verdict);
	printf("\n");
	needs(clause, text, sizeof(text));
	if (*text && absent_somewhere(m, i)) {
		printf("%*sneeds ", CELLS_COLUMN, "");
		cli_wrap(stdout, CELLS_COLUMN + 6, CELLS_COLUMN + 2, text);
	}
}

static void text_heading(const struct matrix *m, unsigned int i, const char **last)
{
	const char *title, *area = conform_area(cf_clause(i), &title);
	unsigned int k, ten;

	if (*last && !strcmp(*last, area))
		return;
	*last = area;
	printf("\n%s%s: %s%s\n", cli_bold(stdout), area, title, cli_plain(stdout));
	for (ten = m->n < 10 ? 1 : 10; ten; ten /= 10) {
		printf("%*s", CELLS_COLUMN, "");
		for (k = 1; k <= m->n; k++)
			printf("%s%c", k > 1 ? " " : "", k < ten ? ' ' : '0' + (int)(k / ten % 10));
		printf("\n");
	}
}

void matrix_text(const struct matrix *m)
{
	const struct matrix_column *c;
	char text[CF_TEXT + MATRIX_SPEC];
	const char *last = NULL;
	unsigned int i, k;

	printf("%s%u clauses over %u back end%s%s\n", cli_bold(stdout), m->clauses, m->n,
	       m->n == 1 ? "" : "s", cli_plain(stdout));
	printf("+ passed  F failed  - absent  L known limit  ? applies\n\n");
	for (k = 0, c = m->column; k < m->n; k++, c++)
		printf("%4u  %s: %u passed, %u failed, %u absent, %u limits\n", k + 1, c->spec,
		       c->count[MATRIX_PASS] + c->count[MATRIX_APPLIES], c->count[MATRIX_FAIL],
		       c->count[MATRIX_ABSENT], c->count[MATRIX_LIMIT]);
	for (i = 0; i < m->clauses; i++) {
		text_heading(m, i, &last);
		text_row(m, i);
	}
	printf("\n");
	for (k = 0; k < m->n; k++)
		for (i = 0; i < m->clauses; i++)
			if (remark(&m->column[k], i, text, sizeof(text)))
				cli_wrap(stdout, 0, 2, text);
}

/* --- Markdown --- */

static void markdown_row(const struct matrix *m, unsigned int i)
{
	char text[512];
	unsigned int k;

	printf("| %s |", cf_clause(i)->id);
	for (k = 0; k < m->n; k++)
		printf(" %c |", m->column[k].cells[i].verdict);
	needs(cf_clause(i), text, sizeof(text));
	printf(" %s |\n", absent_somewhere(m, i) ? text : "");
}

static void markdown_text(const char *text)
{
	for (; *text; text++)
		printf(strchr("|<*_`\\", *text) ? "\\%c" : "%c", *text == '\n' ? ' ' : *text);
}

void matrix_markdown(const struct matrix *m)
{
	char text[CF_TEXT + MATRIX_SPEC];
	unsigned int i, k;

	printf("| column | back end |\n| --- | --- |\n");
	for (k = 0; k < m->n; k++)
		printf("| %u | `%s` |\n", k + 1, m->column[k].spec);
	printf("\n| clause |");
	for (k = 1; k <= m->n; k++)
		printf(" %u |", k);
	printf(" needs |\n| --- |");
	for (k = 0; k < m->n; k++)
		printf(" --- |");
	printf(" --- |\n");
	for (i = 0; i < m->clauses; i++)
		markdown_row(m, i);
	printf("\n");
	for (k = 0; k < m->n; k++)
		for (i = 0; i < m->clauses; i++)
			if (remark(&m->column[k], i, text, sizeof(text))) {
				printf("- ");
				markdown_text(text);
				printf("\n");
			}
}

/* --- JSON --- */

#if TOOLS_HAVE_JSON
static const char *word(enum matrix_verdict v)
{
	return v == MATRIX_PASS	    ? "pass"
	       : v == MATRIX_FAIL   ? "fail"
	       : v == MATRIX_LIMIT  ? "limit"
	       : v == MATRIX_ABSENT ? "absent"
				    : "applies";
}

static json_t *cells(const struct matrix *m, const struct matrix_column *c)
{
	json_t *list = json_array();
	char text[512];
	unsigned int i;

	for (i = 0; i < m->clauses; i++) {
		const struct matrix_cell *cell = &c->cells[i];

		conform_features("lacks ", cell->lacks, "has ", cell->hinders, text, sizeof(text));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o}", "clause", cf_clause(i)->id,
						"verdict", word(cell->verdict), "why",
						report_json_text(cell->why ? cell->why : text)));
	}
	return list;
}

void matrix_json(const struct matrix *m)
{
	json_t *list = json_array();
	unsigned int k;

	for (k = 0; k < m->n; k++)
		json_array_append_new(list, json_pack("{s:o, s:o}", "spec",
						      report_json_text(m->column[k].spec),
						      "clauses", cells(m, &m->column[k])));
	json_dumpf(list, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(list);
}
#else
void matrix_json(const struct matrix *m)
{
	(void)m;
}
#endif
