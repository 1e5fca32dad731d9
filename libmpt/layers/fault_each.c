/* SPDX-License-Identifier: MIT */
/*
 * Fail-N as a function: a caller's scenario is repeated with the first, second, ... nth call or
 * allocation failing, and what is held is compared before and after. Nothing here makes a call fail
 * itself: that is the fault layer's (fault.c) and the allocator's business.
 */
#include "libmpt/layers/layer.h"

#define LIMIT 10000

/* What is held. */
struct held {
	bool ledger;
	struct mpt_ledger l;
	long allocs;
};

static void look(struct mpt_host *host, struct held *h)
{
	h->ledger = host && mpt_layer_of(host, &mpt_layer_check) && !mpt_ledger_get(host, &h->l);
	h->allocs = mpt_alloc_live();
}

struct text {
	char *buf;
	size_t len, n;
};

static void add(struct text *t, const char *fmt, ...) MPT_PRINTF(2, 3);
static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->n, t->len - t->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->n = t->n + (size_t)n < t->len ? t->n + (size_t)n : t->len - 1;
}

static void add_change(struct text *t, const char *what, u64 before, u64 after)
{
	if (after != before)
		add(t, "%s%+lld %s", t->n ? ", " : "", (long long)(after - before), what);
}

struct newest {
	u64 since;
	bool found, left;
	struct mpt_ledger_entry e;
};

static int find_newer(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	struct newest *n = arg;

	if (e->serial > n->since && (!n->found || e->serial < n->e.serial)) {
		n->found = true;
		n->e = *e;
		n->left = left;
	}
	return 0;
}

/* What has come or gone, "" for nothing. */
static void compare(struct mpt_host *host, const struct held *a, char *buf, size_t len)
{
	struct text t = { .buf = buf, .len = len };
	struct newest n = { .since = a->l.calls };
	char sentence[MPT_ERROR_MAX];
	struct held b;
	unsigned int kind;

	buf[0] = '\0';
	look(host, &b);
	for (kind = 0; a->ledger && kind < MPT_LEDGER_KINDS; kind++)
		add_change(&t, mpt_ledger_kind_name(kind), a->l.live[kind], b.l.live[kind]);
	if (a->ledger) {
		add_change(&t, "left at detach", a->l.left, b.l.left);
		/* That the ledger had no memory itself is nobody's violation. */
		add_change(&t, "violations", a->l.violations - a->l.lost,
			   b.l.violations - b.l.lost);
	}
	add_change(&t, "allocations", (u64)a->allocs, (u64)b.allocs);
	if (!t.n || !a->ledger || mpt_ledger_each(host, find_newer, &n) || !n.found)
		return;
	n.e.serial -= a->l.calls;
	mpt_ledger_describe(&n.e, n.left, sentence, sizeof(sentence));
	add(&t, "; counted from the run's begin, %s", sentence);
}

static const char *ordinal(unsigned long n)
{
	if (n / 10 % 10 == 1)
		return "th";
	return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

static int arm(struct mpt_host *host, const struct mpt_fault_scenario *s, unsigned long nth)
{
	if (!s->allocations)
		return mpt_fault_arm(host, s->ops, nth, s->err);
	mpt_alloc_fail_at(nth);
	return 0;
}

/* Runs once with the nth failing (0: none), and gives back what a success has made. */
static int run_once(struct mpt_host *host, const struct mpt_fault_scenario *s, unsigned long nth,
		    struct mpt_fault_run *run)
{
	int ret;

	*run = (struct mpt_fault_run){ .nth = nth, .op = MPT_OP_COUNT };
	ret = arm(host, s, nth);
	if (ret)
		return ret;
	run->ret = s->run(s->arg);
	run->fired = s->allocations ? mpt_alloc_failed() : mpt_fault_fired(host, &run->op);
	ret = arm(host, s, 0);
	if (!ret && run->ret >= 0 && s->undo)
		s->undo(s->arg);
	return ret;
}

static void complain(const struct mpt_fault_run *run, struct mpt_fault_report *report,
		    const char *what)
{
	char which[80] = "the run without a fault";

	if (run->fired)
		snprintf(which, sizeof(which), "the %lu%s %s%s%s failing", run->nth,
			 ordinal(run->nth), run->op < MPT_OP_COUNT ? "operation, " : "allocation",
			 run->op < MPT_OP_COUNT ? mpt_op_info(run->op)->name : "",
			 run->op < MPT_OP_COUNT ? "," : "");
	if (!report->bad++)
		snprintf(report->sentence, sizeof(report->sentence), "%s %s", which, what);
}

static void judge(const struct mpt_fault_run *run, struct mpt_fault_report *report,
		  const char *left)
{
	char what[MPT_ERROR_MAX];

	if (run->fired) {
		report->runs++;
		report->survived += run->ret >= 0;
		report->ops |= run->op < MPT_OP_COUNT ? 1U << run->op : 0;
	} else if (run->ret < 0) {
		complain(run, report, "did not succeed");
	}
	if (!*left)
		return;
	snprintf(what, sizeof(what), "(the scenario answered %d) left: %.*s", run->ret,
		 (int)sizeof(what) - 64, left);
	complain(run, report, what);
}

static int one(struct mpt_host *host, const struct mpt_fault_scenario *s, unsigned long nth,
	       struct mpt_fault_run *run, struct mpt_fault_report *report)
{
	char left[MPT_ERROR_MAX];
	struct held before;
	int ret = s->prepare ? s->prepare(s->arg) : 0;

	if (ret < 0)
		return ret;
	look(host, &before);
	ret = run_once(host, s, nth, run);
	if (ret)
		return ret;
	compare(host, &before, left, sizeof(left));
	/* The first run may make what is kept from then on. */
	judge(run, report, nth ? left : "");
	return s->check ? s->check(s->arg, run) : 0;
}

int mpt_fault_each(struct mpt_host *host, const struct mpt_fault_scenario *s,
		   struct mpt_fault_report *report)
{
	struct mpt_fault_report r = { 0 };
	struct mpt_fault_run run = { .fired = true };
	unsigned long nth, limit = s->limit ? s->limit : LIMIT;
	int ret = one(host, s, 0, &run, &r);

	if (ret >= 0 && run.ret < 0)
		ret = mpt_fail(-EINVAL, "fault", "the scenario fails without a fault: %d (-%s)",
			       run.ret, mpt_errno_name(run.ret));
	for (nth = 1, run.fired = true; ret >= 0 && run.fired; nth++)
		ret = nth <= limit ? one(host, s, nth, &run, &r) :
				     mpt_fail(-ENOSPC, "fault", "no run of %lu came through without a "
					      "fault (does each begin like the first?)", limit);
	if (report)
		*report = r;
	if (ret >= 0 && r.bad)
		ret = mpt_fail(-EIO, "fault", "%s", r.sentence);
	return ret < 0 ? ret : 0;
}
