/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The clauses of the contract as a module: loading it tries each over a back end, by default the
 * mock hypervisor, and prints a line of TAP for each and a sum in the end. What is tried is
 * conformance/'s.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mm.h>

#include "conformance/clause.h"

static char *spec = "check,fault,mock:phys-bits=36";
module_param(spec, charp, 0444);
MODULE_PARM_DESC(spec, "what to try: layers, back end and options");

static struct {
	unsigned int passed, failed, skipped;
} sum;

static void report(unsigned int n, const struct mpt_clause *c, const struct cf_result *res)
{
	bool ok = res->outcome == CF_PASS;

	pr_info("mpt: %s %u - %s\n", ok ? "ok" : "not ok", n, c->id);
	if (!ok)
		pr_info("mpt: # %s\n", res->text);
	sum.passed += ok;
	sum.failed += !ok;
}

static int try_all(const char *what)
{
	struct cf_result *res = kvzalloc(sizeof(*res), GFP_KERNEL);
	const struct mpt_clause *c;
	unsigned int i;
	u64 has;

	if (!res)
		return -ENOMEM;
	if (cf_probe(what, &has, res->text)) {
		pr_info("mpt: not ok 0 - %s: %s\n", what, res->text);
		sum.failed++;
	} else {
		pr_info("mpt: 1..%u # %s\n", cf_clause_count(), what);
		for (i = 0; (c = cf_clause(i)); i++) {
			if (!cf_applies(c, has)) {
				pr_info("mpt: ok %u - %s # SKIP does not apply\n", i + 1, c->id);
				sum.skipped++;
				continue;
			}
			cf_run(c, what, has, res);
			report(i + 1, c, res);
		}
	}
	kvfree(res);
	return 0;
}

static int __init selftest_init(void)
{
	int ret = try_all(spec);

	pr_info("mpt: %u passed, %u failed, %u skipped\n", sum.passed, sum.failed, sum.skipped);
	return ret;
}

static void __exit selftest_exit(void)
{
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("the clauses of the contract, tried in a kernel");
