/* SPDX-License-Identifier: MIT */
/* mptctl matrix: which back ends and shapes of them, and each clause tried over each. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/backend.h>

#include "cli.h"
#include "json.h"
#include "matrix.h"

struct matrix_args {
	struct cli_list specs;
	const char *format;
	uint64_t timeout;
	bool list;
};

static const struct cli_option options[] = {
	{ "format", "text|markdown|json", "what to print [text]",
	  offsetof(struct matrix_args, format), CLI_TEXT },
	{ "list", NULL, "tell what applies to which back end; try nothing",
	  offsetof(struct matrix_args, list), CLI_FLAG },
	{ "timeout", "SECONDS", "a clause that takes longer has failed [60]",
	  offsetof(struct matrix_args, timeout), CLI_NUMBER },
	{ 0 },
};

static const struct cli_range ranges[] = {
	{ "timeout", 1, 86400, false },
	{ 0 },
};

static const struct cli_operand operands[] = {
	{ "SPEC", "back ends; without any, all shapes of those that need no hypervisor",
	  offsetof(struct matrix_args, specs), true, true },
	{ 0 },
};

/* --- columns --- */

/* Return: as conform_look(); @why: of one that does not open. */
static int look(struct matrix *m, const char *spec, u64 *has, char *why)
{
	struct conform_one one = { .outcome = CF_PASS };
	int ret;

	m->c.spec = spec;
	m->c.has = 0;
	ret = conform_look(&m->c, &one);
	*has = m->c.has;
	if (why)
		snprintf(why, CF_TEXT, "%s", one.why);
	return ret;
}

/* Return: 0, or -1: it does not open, @why. */
static int add(struct matrix *m, const char *spec, char *why)
{
	struct matrix_column *c = &m->column[m->n];

	if (m->n == MATRIX_COLUMNS || strlen(spec) >= MATRIX_SPEC) {
		snprintf(why, CF_TEXT, "more than %d back ends, or a name too long",
			 MATRIX_COLUMNS);
		return -1;
	}
	if (look(m, spec, &c->has, why) < 0)
		return -1;
	snprintf(c->spec, sizeof(c->spec), "%s", spec);
	snprintf(c->layered, sizeof(c->layered), "check,fault,%s", spec);
	/* Layers that the spec has already are refused. */
	if (look(m, c->layered, &c->has_layered, NULL))
		c->layered[0] = '\0';
	c->cells = calloc(m->clauses, sizeof(*c->cells));
	if (!c->cells) {
		snprintf(why, CF_TEXT, "no memory");
		return -1;
	}
	m->n++;
	return 0;
}

/* A shape of its own is what offers something else, and each of a list of words. */
static void add_shape(struct matrix *m, const char *name, const struct mpt_option *o,
		      const char *value, u64 usual)
{
	char spec[MATRIX_SPEC], why[CF_TEXT];
	u64 has;

	if (!strcmp(value, o->def))
		return;
	snprintf(spec, sizeof(spec), "%s:%s=%s", name, o->name, value);
	if (look(m, spec, &has, NULL) || (o->type == MPT_OPTION_BOOL && has == usual))
		return;
	add(m, spec, why);
}

/* One without a testbed needs a hypervisor and a guest. */
static void add_backend(struct matrix *m, const struct mpt_backend *be)
{
	const struct mpt_option *o;
	char why[CF_TEXT];
	unsigned int i;
	u64 usual;

	if (!be->testbed || mpt_backend_probe(be) != MPT_PROBE_OK || add(m, be->name, why))
		return;
	usual = m->column[m->n - 1].has;
	for (o = be->options; o && o->name; o++) {
		for (i = 0; o->type == MPT_OPTION_ENUM && o->choices[i]; i++)
			add_shape(m, be->name, o, o->choices[i], usual);
		if (o->type == MPT_OPTION_BOOL)
			add_shape(m, be->name, o, strcmp(o->def, "yes") ? "yes" : "no", usual);
	}
}

static int columns(struct matrix *m, const struct cli_list *specs)
{
	const struct mpt_backend *be;
	char why[CF_TEXT];
	unsigned int i;

	for (i = 0; i < specs->n; i++)
		if (add(m, specs->item[i], why)) {
			cli_error("%s", why);
			return -1;
		}
	for (i = 0; !specs->n && (be = mpt_backend_each(i)); i++)
		add_backend(m, be);
	if (!m->n)
		cli_error("matrix: no back end here that needs no hypervisor");
	return m->n ? 0 : -1;
}

/* --- cells --- */

static void try_clause(struct matrix *m, struct matrix_cell *cell, const struct mpt_clause *clause,
		       const char *spec, u64 has)
{
	struct conform_one one = { .clause = clause };
	const struct cf_limit *limit = cf_limit(spec, clause->id);

	m->c.spec = spec;
	m->c.has = has;
	conform_try(&m->c, &one);
	/* A limit that is met in some runs only is one in all of them: two tables shall agree. */
	if (limit && !limit->always && one.outcome == CF_PASS)
		one.outcome = CF_LIMIT;
	cell->verdict = one.outcome == CF_PASS	  ? MATRIX_PASS
			: one.outcome == CF_LIMIT ? MATRIX_LIMIT
						  : MATRIX_FAIL;
	if (cell->verdict != MATRIX_PASS)
		cell->why = strdup(cell->verdict == MATRIX_LIMIT ? limit->why : one.why);
}

/* With the ledger in front if it can be, since that sees more; some clauses are about none. */
static void fill(struct matrix *m, struct matrix_column *c, unsigned int i, bool list)
{
	const struct mpt_clause *clause = cf_clause(i);
	struct matrix_cell *cell = &c->cells[i];
	bool layered = *c->layered && cf_applies(clause, c->has_layered);
	u64 has = *c->layered ? c->has_layered : c->has;

	if (!layered && !cf_applies(clause, c->has)) {
		cell->verdict = MATRIX_ABSENT;
		cell->lacks = cf_lacks(clause, has);
		cell->hinders = cf_hinders(clause, has);
	} else if (list) {
		cell->verdict = MATRIX_APPLIES;
	} else {
		try_clause(m, cell, clause, layered ? c->layered : c->spec,
			   layered ? c->has_layered : c->has);
	}
	c->count[cell->verdict]++;
}

static void fill_all(struct matrix *m, bool list)
{
	unsigned int i, k, all = m->n * m->clauses;

	for (k = 0; k < m->n; k++)
		for (i = 0; i < m->clauses; i++) {
			cli_progress("clauses", k * m->clauses + i, all);
			fill(m, &m->column[k], i, list);
		}
	cli_progress("clauses", all, all);
}

/* --- the command --- */

static const struct {
	const char *name;
	void (*print)(const struct matrix *m);
} formats[] = {
	{ "text", matrix_text },
	{ "markdown", matrix_markdown },
	{ "json", matrix_json },
};

static void (*printer(const char *name))(const struct matrix *m)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].print;
	return NULL;
}

static int check_args(const struct matrix_args *a)
{
	if (!printer(a->format))
		cli_error("matrix: no format '%.64s' (text, markdown, json)", a->format);
	else if (printer(a->format) == matrix_json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
#ifdef MPT_STATIC_BACKEND
	else
		cli_error("matrix: a static-backend build calls its back end directly, so nothing "
			  "can be watched (configure without --with-static-backend)");
#else
	else
		return 0;
#endif
	return -1;
}

static void done(struct matrix *m)
{
	unsigned int i, k;

	for (k = 0; k < m->n; k++) {
		for (i = 0; i < m->clauses; i++)
			free(m->column[k].cells[i].why);
		free(m->column[k].cells);
	}
	free(m);
}

static int matrix(struct matrix *m, const struct matrix_args *a)
{
	unsigned int k, failed = 0;

	if (columns(m, &a->specs))
		return CLI_USAGE;
	fill_all(m, a->list);
	printer(a->format)(m);
	for (k = 0; k < m->n; k++)
		failed += m->column[k].count[MATRIX_FAIL];
	return failed ? CLI_FAILED : CLI_OK;
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct matrix_args args = { .timeout = 60, .format = "text" };
	int ret = cli_parse(cmd, argc, argv, &args), status;
	struct matrix *m;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_args(&args))
		return CLI_USAGE;
	m = calloc(1, sizeof(*m));
	if (!m) {
		cli_error("matrix: no memory");
		return CLI_USAGE;
	}
	m->clauses = cf_clause_count();
	m->c.timeout_s = args.timeout;
	m->c.fork = true;
	status = matrix(m, &args);
	done(m);
	return status;
}

static const char details[] =
	"A column is a back end: those that are built in and need no hypervisor, each once as it "
	"is, once for each value of an option that is one of several words, and once for each "
	"yes-or-no option that changes what it offers. A row is a clause. A clause is tried with "
	"the layers check and fault in front if it can be.\n\n"
	"+ passed, F failed, - the back end lacks what the clause needs, L it has failed and this "
	"is a known limit, ? applies (--list).\n\n"
	"exit status: 1 when a clause failed; 2 for a bad option, or when a back end does not open";

const struct cli_command command_matrix = {
	.name = "matrix",
	.summary = "try the contract's clauses over many back ends",
	.usage = "[SPEC...] [OPTION]...",
	.details = details,
	.options = options,
	.ranges = ranges,
	.operands = operands,
	.run = run,
};
