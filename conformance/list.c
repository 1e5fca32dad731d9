/* SPDX-License-Identifier: MIT */
/* Prints the table of clauses as Markdown, for the documentation. Runs nothing. */
#include <stdio.h>
#include <string.h>

#include "clause.h"

/* Words with a separator between them, nothing where there are none. */
static void word(const char *prefix, const char *text, unsigned int *n)
{
	printf("%s%s%s", (*n)++ ? ", " : "", prefix, text);
}

static void caps(const char *prefix, u64 bits, unsigned int *n)
{
	u64 bit;

	for (bit = 1; bit; bit <<= 1)
		if ((bits & bit) && cf_feature(bit))
			word(prefix, cf_feature(bit), n);
}

static void answers(const struct mpt_clause *c)
{
	const struct cf_pair *p, *q;
	unsigned int n = 0;

	/* One word an errno and operation; a pair listed twice is printed once. */
	for (p = c->pairs; p && p->err; p++) {
		char text[64];

		for (q = c->pairs; q != p && (q->op != p->op || q->err != p->err); q++)
			;
		if (q != p)
			continue;
		snprintf(text, sizeof(text), "%s -%s", mpt_op_info(p->op)->name,
			 mpt_errno_name(p->err));
		word("", text, &n);
	}
}

static void clause(const struct mpt_clause *c)
{
	unsigned int n = 0;

	printf("| %s | %s | ", c->id, c->text);
	caps("", c->needs_caps, &n);
	caps("not ", c->excludes_caps, &n);
	printf(" | ");
	answers(c);
	printf(" | %s |\n", c->bug_class ? c->bug_class : "");
}

static void area(const struct cf_area *a)
{
	const struct mpt_clause *c;

	if (a->title) {
		printf("\n## %s: %s\n\n", a->id, a->title);
		printf("| clause | text | needs | answers provoked | known bugs of this class |\n");
		printf("| --- | --- | --- | --- | --- |\n");
	}
	for (c = a->clauses; c->id; c++)
		clause(c);
}

static void rows(void)
{
	const struct mpt_clause *c;
	const struct cf_row *r;
	unsigned int i, n;

	printf("\n## Questions with one answer\n\n| question | clauses |\n| --- | --- |\n");
	for (r = cf_rows; r->key; r++) {
		printf("| %s | ", r->question);
		for (i = 0, n = 0; (c = cf_clause(i)); i++)
			if (c->row && strcmp(c->row, r->key) == 0)
				word("", c->id, &n);
		printf(" |\n");
	}
}

static void exempts(void)
{
	const struct cf_exempt *x;

	printf("\n## Answers that only the fault layer gives\n\n| operation | errno | why |\n| "
	       "--- | --- | --- |\n");
	for (x = cf_exempts; x->why; x++)
		printf("| %s | -%s | %s |\n", mpt_op_info(x->pair.op)->name,
		       mpt_errno_name(x->pair.err), x->why);
}

static void uncalled(void)
{
	const struct cf_uncalled *u;

	printf("\n## Operations that the core does not call\n\n| operation | why |\n| --- | --- |\n");
	for (u = cf_uncalled; u->why; u++)
		printf("| %s | %s |\n", mpt_op_info(u->op)->name, u->why);
}

int main(void)
{
	const struct cf_area *a;

	printf("<!-- SPDX-License-Identifier: MIT -->\n# The contract, clause by clause\n\nMade from the table that the suite runs: "
	       "%u clauses.\n",
	       cf_clause_count());
	for (a = cf_areas; a->id; a++)
		area(a);
	rows();
	exempts();
	uncalled();
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
