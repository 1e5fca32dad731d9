/* SPDX-License-Identifier: MIT */
/*
 * Every clause of the contract over every back end and shape of one that this build has. A clause
 * that none of them can run is an error, and so is an answer that a clause promises and none gave.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "conformance/clause.h"
#include "lib/runner.h"
#include "specs.h"

/* A back end adds its lines. */
static const char *all_specs[] = {
	"check,mock",
	"mock",
	"fault,mock",
	"check,mock:trap=after",
	"check,mock:contig=no",
	"check,mock:map=no,pvmmio=no,virt=no,track=no,trap-area=no",
	"check,mock:trap-area=no,mfn=no,pin=no,intx=no",
	"check,mock:map=no,trap=after,contig=no",
	"check,mock:pins=64",
	"check,mock:pins=40,contig=no",
	"check,mock:msi-eventfd=yes",
	"check,mock:phys-bits=36,seed=2",
	"check,fault,mock",
	"fault,check,mock:trap=after",
	"vfio-user",
	"check,vfio-user",
	"check,acrn-sim",
	"check,acrn-sim:profile=2018",
	"check,acrn-sim:profile=2019,polling=yes",
	"check,acrn-sim:profile=2020,contig=no",
	"check,acrn-sim:profile=upstream",
	"check,fault,acrn-sim:phys-bits=36,records=1G,vcpus=16",
	"kvm-stub",
	"check,kvm-stub",
	"check,kvm-stub:hugepages=no,memlock=256K",
	"check,kvm-stub:track=no,pin=no,intx=no,mfn=no",
	"check,fault,kvm-stub:msi-eventfd=no,phys-bits=36,memlock=160K",
};
#define SPECS (sizeof(all_specs) / sizeof(all_specs[0]))

/* For $MPT_TEST_FEW, under a checker that takes minutes for all: each back end, each layer. */
static const char *few_specs[] = {
	"mock",
	"check,mock",
	"check,fault,mock",
	"check,mock:trap-area=no,mfn=no,pin=no,intx=no",
	"check,mock:pins=40,contig=no",
	"check,mock:msi-eventfd=yes",
	"vfio-user",
	"check,vfio-user",
	"check,kvm-stub",
	"check,fault,kvm-stub:msi-eventfd=no,phys-bits=36,memlock=160K",
};
#define FEW_SPECS (sizeof(few_specs) / sizeof(few_specs[0]))

static const char **specs = all_specs;
static size_t specs_given = SPECS;

/* Options of the mock by capability, for all 256 combinations of them; for a few, each on and off. */
static const struct {
	const char *option;
	u64 cap;
} options[] = {
	{ "track", MPT_CAP_PAGE_TRACK },    { "pin", MPT_CAP_DMA_PIN },
	{ "intx", MPT_CAP_INTX },	    { "mfn", MPT_CAP_GFN_TO_MFN },
	{ "virt", MPT_CAP_VIRT_TO_MFN },    { "map", MPT_CAP_MAP_GFN },
	{ "trap-area", MPT_CAP_TRAP_AREA }, { "pvmmio", MPT_CAP_PVMMIO },
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))
#define COMBINATIONS (1 << OPTIONS)
#define FEW_STEP 17

static int combination_step = 1;

/* Clauses that mean something with any set of capabilities. */
static const char *const combined[] = { "REG-4", "VM-7", "LIFE-6" };

#define CLAUSES_MAX 512

/* Written by the forked tests. */
static struct {
	unsigned int ran;
	u32 seen[CLAUSES_MAX][MPT_OP_COUNT];
} * shared;

static u64 has[SPECS];
static char probe_failed[SPECS][CF_TEXT];
static unsigned int clauses, planned;

static void merge(unsigned int clause, const struct cf_result *res)
{
	unsigned int op;

	__atomic_add_fetch(&shared->ran, 1, __ATOMIC_RELAXED);
	for (op = 0; op < MPT_OP_COUNT; op++)
		__atomic_or_fetch(&shared->seen[clause][op], res->seen[op], __ATOMIC_RELAXED);
}

START_TEST(spec_opens)
{
	ck_assert_msg(!probe_failed[_i][0], "%s", probe_failed[_i]);
}
END_TEST

/* _i: number of the spec times the number of clauses, plus the clause's. */
START_TEST(clause_holds)
{
	unsigned int spec = (unsigned int)_i / clauses, clause = (unsigned int)_i % clauses;
	struct cf_result res;
	const struct cf_limit *limit = cf_limit(specs[spec], cf_clause(clause)->id);

	cf_run(cf_clause(clause), specs[spec], has[spec], &res);
	merge(clause, &res);
	if (res.outcome == CF_PASS)
		ck_assert_msg(!limit || !limit->always, "%s has passed over %s: no limit any more",
			      cf_clause(clause)->id, specs[spec]);
	else
		ck_assert_msg(cf_is_limit(limit, res.text), "%s", res.text);
}
END_TEST

START_TEST(combination_holds)
{
	char spec[256] = "check,mock:";
	struct cf_result res;
	size_t i, n = strlen(spec);

	for (i = 0; i < OPTIONS; i++)
		n += (size_t)snprintf(spec + n, sizeof(spec) - n, "%s%s=%s", i ? "," : "",
				      options[i].option, (_i * combination_step) & 1 << i ? "yes" : "no");
	for (i = 0; i < sizeof(combined) / sizeof(combined[0]); i++) {
		cf_run(cf_clause_find(combined[i]), spec, CF_HAS_TESTBED | CF_HAS_LEDGER, &res);
		ck_assert_msg(res.outcome == CF_PASS, "%s", res.text);
	}
}
END_TEST

/* --- the table itself --- */

static void say(void *arg, const char *line)
{
	(void)arg;
	printf("census: %s\n", line);
}

START_TEST(table_is_complete)
{
	unsigned int complaints = cf_census(say, NULL);

	ck_assert_msg(!complaints, "%u complaints about the table (above)", complaints);
}
END_TEST

static bool some_can_run(const struct mpt_clause *c)
{
	size_t i;

	for (i = 0; i < specs_given; i++)
		if (cf_applies(c, has[i]))
			return true;
	return false;
}

START_TEST(limits_are_of_their_spec)
{
	ck_assert(cf_limit("acrn-sim:profile=upstream", "RGN-10"));
	ck_assert(cf_limit("check,acrn-sim:vcpus=2,profile=upstream,seed=1", "RGN-11"));
	ck_assert(!cf_limit("acrn-sim:profile=upstream", "RGN-1"));
	ck_assert(!cf_limit("acrn-sim:profile=2020", "RGN-10"));
	ck_assert(!cf_limit("acrn-sim", "RGN-10"));
	ck_assert(!cf_limit("mock:profile=upstream", "RGN-10"));
	ck_assert(cf_is_limit(cf_limit("acrn-sim:profile=upstream", "RGN-11"),
			      "RGN-11: expected 0, seen -ENOMEM (ram: acrn-sim: RAM of ...)"));
	ck_assert(!cf_is_limit(cf_limit("acrn-sim:profile=upstream", "RGN-11"),
			       "RGN-11: expected 0, seen -EFAULT (ram: acrn-sim: RAM of ...)"));
	ck_assert(!cf_is_limit(NULL, "seen -ENOMEM (ram: acrn-sim: "));
}
END_TEST

START_TEST(each_operation_has_two_back_ends)
{
	unsigned int op, n;

	if (specs_built(specs, specs_given) < SPECS) {
		mpt_test_skip("not every back end is built in");
		return;
	}
	for (op = 0; op < MPT_OP_COUNT; op++) {
		n = cf_fillers((enum mpt_op_id)op);
		ck_assert_msg(n >= 2, "%s: %u back ends have it",
			      mpt_op_info((enum mpt_op_id)op)->name, n);
	}
}
END_TEST

START_TEST(codes_are_no_bug_classes)
{
	static const char *const codes[] = {
		"",
		"field 3",
		"KVMGT K4",
		"a page stays tracked after the guest has reused it (KVMGT K4)",
		"a page stays tracked after the guest has reused it (field 6)",
		"a page stays tracked after the guest has reused it (gvt-contract 2)",
		"stays tracked",
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		ck_assert_msg(!cf_bug_readable(codes[i]), "'%s' passes as readable", codes[i]);
	ck_assert(cf_bug_readable("a page stays tracked after the guest has reused it (5.10)"));
}
END_TEST

START_TEST(every_clause_can_run)
{
	const struct mpt_clause *c;
	unsigned int i;

	for (i = 0; (c = cf_clause(i)); i++)
		ck_assert_msg(some_can_run(c), "%s: no back end of this build can run it", c->id);
}
END_TEST

static bool was_seen(unsigned int clause, struct cf_pair p)
{
	return shared->seen[clause][p.op] & mpt_errno_bit(p.err);
}

static bool all_ran(void)
{
	if (shared->ran >= planned && specs == all_specs)
		return true;
	mpt_test_skip("only a part of the clauses was run");
	return false;
}

START_TEST(promised_answers_were_seen)
{
	const struct mpt_clause *c;
	const struct cf_pair *p;
	unsigned int i;

	if (!all_ran())
		return;
	for (i = 0; (c = cf_clause(i)); i++)
		for (p = c->pairs; p && p->err; p++)
			ck_assert_msg(was_seen(i, *p), "%s promises -%s of %s: no back end gave it",
				      c->id, mpt_errno_name(p->err), mpt_op_info(p->op)->name);
}
END_TEST

START_TEST(excused_answers_were_made)
{
	const struct cf_exempt *x;
	unsigned int i, fault = 0;

	if (!all_ran())
		return;
	for (i = 0; cf_clause(i); i++)
		if (strcmp(cf_clause(i)->id, "ERR-5") == 0)
			fault = i;
	for (x = cf_exempts; x->why; x++)
		ck_assert_msg(was_seen(fault, x->pair),
			      "-%s of %s: the fault layer did not answer it",
			      mpt_errno_name(x->pair.err), mpt_op_info(x->pair.op)->name);
}
END_TEST

/* --- suites --- */

static void add_spec(Suite *s, unsigned int spec)
{
	TCase *tc = tcase_create(specs[spec]);
	unsigned int i, n = 0;

	cf_probe(specs[spec], &has[spec], probe_failed[spec]);
	tcase_add_loop_test(tc, spec_opens, (int)spec, (int)spec + 1);
	for (i = 0; i < clauses; i++) {
		int at = (int)(spec * clauses + i);

		/* One report is enough of a back end that does not open. */
		if (probe_failed[spec][0] || !cf_applies(cf_clause(i), has[spec]))
			continue;
		tcase_add_loop_test(tc, clause_holds, at, at + 1);
		n++;
	}
	planned += n;
	printf("%s: %u clauses, %u not applicable\n", specs[spec], n, clauses - n);
	suite_add_tcase(s, tc);
}

static Suite *clauses_suite(void)
{
	Suite *s = suite_create("clauses");
	unsigned int i;

	for (i = 0; i < specs_built(specs, specs_given); i++)
		add_spec(s, i);
	return s;
}

static Suite *combinations_suite(void)
{
	Suite *s = suite_create("combinations");
	TCase *tc = tcase_create("capabilities of the mock");

	tcase_add_loop_test(tc, combination_holds, 0,
			    (COMBINATIONS - 1) / combination_step + 1);
	suite_add_tcase(s, tc);
	return s;
}

static Suite *census_suite(void)
{
	Suite *s = suite_create("census");
	TCase *tc = tcase_create("table");

	tcase_add_test(tc, table_is_complete);
	tcase_add_test(tc, limits_are_of_their_spec);
	tcase_add_test(tc, each_operation_has_two_back_ends);
	tcase_add_test(tc, codes_are_no_bug_classes);
	tcase_add_test(tc, every_clause_can_run);
	tcase_add_test(tc, promised_answers_were_seen);
	tcase_add_test(tc, excused_answers_were_made);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	/* In this order: the census looks at what the clauses have shown. */
	Suite *(*const suites[])(void) = { clauses_suite, combinations_suite, census_suite };

	if (getenv("MPT_TEST_FEW")) {
		specs = few_specs;
		specs_given = FEW_SPECS;
		combination_step = FEW_STEP;
	}
	clauses = cf_clause_count();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || clauses > CLAUSES_MAX) {
		fprintf(stderr, "conformance: no memory, or more than %d clauses\n", CLAUSES_MAX);
		return 1;
	}
	return mpt_test_main("conformance", suites, sizeof(suites) / sizeof(suites[0]));
}
