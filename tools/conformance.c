/* SPDX-License-Identifier: MIT */
/* mptctl conformance: options, which clauses, one after the other. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"
#include "conform.h"
#include "json.h"
#include "session.h"

struct conformance_args {
	const char *spec, *format;
	struct cli_list clauses;
	uint64_t seed, timeout;
	bool list, tap, json, no_fork;
};

static const struct cli_option options[] = {
	{ "clause", "CLAUSE", "only this clause (MEM-4) or area (MEM); may be given several times",
	  offsetof(struct conformance_args, clauses), CLI_LIST },
	{ "list", NULL, "tell what the clauses say and what they need; try nothing",
	  offsetof(struct conformance_args, list), CLI_FLAG },
	{ "seed", "N", "changes what is left to chance [0]",
	  offsetof(struct conformance_args, seed), CLI_NUMBER },
	{ "timeout", "SECONDS", "a clause that takes longer has failed [60]",
	  offsetof(struct conformance_args, timeout), CLI_NUMBER },
	{ "no-fork", NULL, "all in this process, for a debugger: a crash ends it",
	  offsetof(struct conformance_args, no_fork), CLI_FLAG },
	{ "format", "text|tap|junit|json", "what to print [text]",
	  offsetof(struct conformance_args, format), CLI_TEXT },
	{ "tap", NULL, "the same as --format tap", offsetof(struct conformance_args, tap),
	  CLI_FLAG },
	{ "json", NULL, "the same as --format json", offsetof(struct conformance_args, json),
	  CLI_FLAG },
	{ 0 },
};

static const struct cli_range ranges[] = {
	{ "timeout", 1, 86400, false },
	{ 0 },
};

static const struct cli_operand operands[] = {
	{ "SPEC", "the back end: a name or the path of a module, with layers and options",
	  offsetof(struct conformance_args, spec), true, false },
	{ 0 },
};

/* --- clauses --- */

const char *conform_area(const struct mpt_clause *clause, const char **title)
{
	const struct cf_area *a;
	size_t n = strcspn(clause->id, "-");

	for (a = cf_areas; a->id; a++)
		if (a->title && strlen(a->id) == n && !strncmp(a->id, clause->id, n))
			break;
	*title = a->title;
	return a->id;
}

const char *conform_id(const struct conform_one *one)
{
	return one->clause ? one->clause->id : "PROBE";
}

const char *conform_sentence(const struct conform_one *one)
{
	return one->clause ? one->clause->text
			   : "A core, a VM and a vGPU come and go, which the clauses begin with.";
}

/* Return: whether there were any. */
static bool add_features(const char *what, u64 bits, char *buf, size_t len, size_t *n)
{
	bool any = false;
	u64 bit;

	for (bit = 1; bit; bit <<= 1) {
		if (!(bits & bit) || !cf_feature(bit) || *n >= len)
			continue;
		*n += (size_t)snprintf(buf + *n, len - *n, "%s%s", any ? ", " : what,
				       cf_feature(bit));
		any = true;
	}
	return any;
}

void conform_features(const char *one, u64 bits, const char *other, u64 others, char *buf,
		      size_t len)
{
	size_t n = 0;

	*buf = '\0';
	if (add_features(one, bits, buf, len, &n) && others && n < len)
		n += (size_t)snprintf(buf + n, len - n, "; ");
	add_features(other, others, buf, len, &n);
}

/* --- choosing --- */

/* A clause's name, or its area's. */
static bool is_called(const struct mpt_clause *c, const char *name)
{
	size_t n = strlen(name);

	return !strcasecmp(c->id, name) || (!strncasecmp(c->id, name, n) && c->id[n] == '-');
}

static int unknown_clause(const char *name)
{
	const char *known[512], *near;
	char areas[256] = "", upper[32];
	const struct cf_area *a;
	size_t n, i, used = 0;

	for (n = 0; n < 400 && cf_clause((unsigned int)n); n++)
		known[n] = cf_clause((unsigned int)n)->id;
	for (a = cf_areas; a->id && n < 512; a++) {
		if (!a->title)
			continue;
		known[n++] = a->id;
		used += (size_t)snprintf(areas + used,
					 used < sizeof(areas) ? sizeof(areas) - used : 0, "%s%s",
					 used ? ", " : "", a->id);
	}
	for (i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
	upper[i] = '\0';
	near = cli_nearest(upper, known, n);
	if (near)
		cli_error("conformance: no clause or area '%.64s' (did you mean %s? --list)", name,
			  near);
	else
		cli_error("conformance: no clause or area '%.64s' (areas: %s; --list)", name,
			  areas);
	return -1;
}

static int choose(struct conform *c, const struct cli_list *names)
{
	const struct mpt_clause *clause;
	unsigned int i, k, found;

	for (i = 0; !names->n && cf_clause(i); i++)
		c->chosen[i] = true;
	for (k = 0; k < names->n; k++) {
		found = 0;
		for (i = 0; (clause = cf_clause(i)); i++) {
			if (!is_called(clause, names->item[k]))
				continue;
			c->chosen[i] = true;
			found++;
		}
		if (!found)
			return unknown_clause(names->item[k]);
	}
	for (i = 0; cf_clause(i); i++)
		c->n += c->chosen[i];
	return 0;
}

/* --- trying --- */

static void count(struct conform *c, const struct conform_format *f, const struct conform_one *one)
{
	c->passed += one->outcome == CF_PASS;
	c->failed += one->outcome == CF_FAIL;
	c->na += one->outcome == CF_NA;
	c->limits += one->outcome == CF_LIMIT;
	f->one(c, one);
}

static void try_all(struct conform *c, const struct conform_format *f, bool progress)
{
	const struct mpt_clause *clause;
	unsigned int i, done = 0;

	for (i = 0; (clause = cf_clause(i)); i++) {
		struct conform_one one = { .clause = clause, .outcome = CF_NA };

		if (!c->chosen[i])
			continue;
		if (progress)
			cli_progress("clauses", done++, c->n);
		one.lacks = cf_lacks(clause, c->has);
		one.hinders = cf_hinders(clause, c->has);
		if (!one.lacks && !one.hinders)
			conform_try(c, &one);
		count(c, f, &one);
	}
	if (progress)
		cli_progress("clauses", c->n, c->n);
}

static const struct {
	const char *name;
	const struct conform_format *format;
} formats[] = {
	{ "text", &conform_text },
	{ "tap", &conform_tap },
	{ "junit", &conform_junit },
	{ "json", &conform_json },
};

static const struct conform_format *format_of(const struct conformance_args *a)
{
	const char *name = a->json ? "json" : a->tap ? "tap" : a->format ? a->format : "text";
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].format;
	return NULL;
}

/* What could not even be looked at is told first; the clauses that need no more are still tried. */
static int conformance(struct conform *c, const struct conformance_args *a)
{
	const struct conform_format *f = format_of(a);
	struct conform_one look = { .outcome = CF_PASS };
	int ret = conform_look(c, &look);

	if (ret < 0) {
		cli_error("%s", look.why);
		return CLI_USAGE;
	}
	f->plan(c);
	c->look_failed = ret;
	if (ret)
		count(c, f, &look);
	/* On a terminal the text itself shows how far it is. */
	if (ret < 2)
		try_all(c, f, f != &conform_text || !isatty(STDOUT_FILENO));
	f->end(c);
	return c->failed ? CLI_FAILED : CLI_OK;
}

static int list(struct conform *c, const struct conformance_args *a)
{
	struct conform_one look = { .outcome = CF_PASS };

	if (c->spec && conform_look(c, &look) < 0) {
		cli_error("%s", look.why);
		return CLI_USAGE;
	}
	if (format_of(a) == &conform_json)
		conform_list_json(c);
	else
		conform_list_text(c);
	return CLI_OK;
}

/* --- the command --- */

static int check_args(const struct conformance_args *a)
{
	if (!a->spec && !a->list)
		cli_error("conformance: SPEC is needed: mptctl conformance SPEC (mptctl backends "
			  "lists them)");
	else if (a->json && a->tap)
		cli_error("conformance: --json and --tap exclude each other");
	else if (a->format && (a->json || a->tap))
		cli_error("conformance: --format and --%s exclude each other",
			  a->json ? "json" : "tap");
	else if (!format_of(a))
		cli_error("conformance: no format '%.64s' (text, tap, junit, json)", a->format);
	else if (a->list && a->tap)
		cli_error("conformance: --list and --tap exclude each other");
	else if (a->list && format_of(a) != &conform_text && format_of(a) != &conform_json)
		cli_error("conformance: --list is text or json, not %s", a->format);
	else if (format_of(a) == &conform_json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
#ifdef MPT_STATIC_BACKEND
	else if (!a->list)
		cli_error("conformance: a static-backend build calls its back end directly, so "
			  "nothing can be watched (configure without --with-static-backend)");
#endif
	else
		return 0;
	return -1;
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct conformance_args args = { .timeout = 60 };
	struct conform c = { 0 };
	int ret = cli_parse(cmd, argc, argv, &args), status = CLI_USAGE;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_args(&args))
		return CLI_USAGE;
	c.spec = args.spec;
	c.seed = args.seed;
	c.timeout_s = args.timeout;
	c.fork = !args.no_fork;
	c.chosen = calloc(cf_clause_count(), sizeof(*c.chosen));
	if (!c.chosen)
		cli_error("conformance: no memory");
	else if (!choose(&c, &args.clauses))
		status = args.list ? list(&c, &args) : conformance(&c, &args);
	free(c.chosen);
	return status;
}

static const char details[] =
	"Each clause is one sentence of the contract between libmpt and a back end, and "
	"code that tries it. One that is about what the back end does not offer is not "
	"applicable; the layers check and fault, put in front, offer the ledger and "
	"injected failures: check,fault,mock.\n\n"
	"Each is tried in a process of its own: a back end that crashes or hangs fails that "
	"clause.\n\n"
	"exit status: 1 when a clause failed; 2 for a bad option, or when the back end does "
	"not open";

const struct cli_command command_conformance = {
	.name = "conformance",
	.summary = "try the contract's clauses over a back end",
	.usage = "SPEC [OPTION]...",
	.details = details,
	.options = options,
	.ranges = ranges,
	.operands = operands,
	.run = run,
};
