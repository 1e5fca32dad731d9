/* SPDX-License-Identifier: MIT */
/*
 * The stats layer: counts the calls of each operation, what failed and how long the rest of the
 * stack took. It changes no answer and takes no lock on a call's way.
 *
 * A thread counts in a stripe. The first threads of the process have one each, which nobody else
 * writes; those that come after share the last one and pay for locked instructions there.
 */
#include "libmpt/layers/layer.h"

#define STRIPES 16 /* the last is shared */
#define SHARED (STRIPES - 1)
#define ERRNOS 13 /* of the closed set: bits of mpt_errno_bit() */

struct op_count {
	u64 calls;
	u64 ns;
	u64 timed;
	u64 failed;
	u64 error[ERRNOS];
	u64 bucket[MPT_STATS_BUCKETS];
} __attribute__((aligned(64)));

struct stripe {
	struct op_count op[MPT_OP_COUNT];
};

struct stats {
	struct stripe stripe[STRIPES]; /* grows only */
	bool clock;
	struct os_mutex lock; /* what follows */
	struct op_count base[MPT_OP_COUNT]; /* what had been counted at the last reset */
};

/* --- counting --- */

static unsigned int threads;
/* 0: none yet; else one more than its number */
OS_THREAD_LOCAL(unsigned int, thread_stripe)

static unsigned int my_stripe(void)
{
	unsigned int *mine = thread_stripe_mine(), n;

	if (OS_UNLIKELY(!*mine)) {
		/* It stops at the shared one, so it cannot wrap. */
		n = os_load_relaxed(&threads) < SHARED ? os_fetch_add(&threads, 1) : SHARED;
		*mine = (n < SHARED ? n : SHARED) + 1;
	}
	return *mine - 1;
}

static inline void count(u64 *counter, u64 n, bool shared)
{
	if (OS_UNLIKELY(shared))
		__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
	else
		os_store_relaxed(counter, os_load_relaxed(counter) + n);
}

static unsigned int bucket_of(u64 ns)
{
	unsigned int b = ns ? 64 - (unsigned int)__builtin_clzll(ns) : 0;

	return b < MPT_STATS_BUCKETS ? b : MPT_STATS_BUCKETS - 1;
}

static bool answers_frame(enum mpt_op_id op)
{
	return op == MPT_OP_ID_gfn_to_mfn || op == MPT_OP_ID_from_virt_to_mfn;
}

static void count_failure(struct op_count *c, int err, bool shared)
{
	u32 bit = mpt_errno_bit(err);

	count(&c->failed, 1, shared);
	if (bit)
		count(&c->error[__builtin_ctz(bit)], 1, shared);
}

static void count_answer(struct op_count *c, const struct mpt_layer_call *call, bool shared)
{
	count(&c->calls, 1, shared);
	if (answers_frame(call->op)) {
		if ((unsigned long)call->ret == INTEL_GVT_INVALID_ADDR)
			count_failure(c, 0, shared);
	} else if (call->ret < 0) {
		count_failure(c, (int)call->ret, shared);
	}
}

static bool stats_before(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	struct stats *s = inst->priv;

	if (s->clock)
		call->scratch = os_now_ns();
	return false;
}

static void stats_after(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	struct stats *s = inst->priv;
	unsigned int n = my_stripe();
	struct op_count *c = &s->stripe[n].op[call->op];
	u64 ns;

	if (s->clock) {
		ns = os_now_ns() - call->scratch;
		count(&c->ns, ns, n == SHARED);
		count(&c->timed, 1, n == SHARED);
		count(&c->bucket[bucket_of(ns)], 1, n == SHARED);
	}
	count_answer(c, call, n == SHARED);
}

static void stats_dead(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	struct stats *s = inst->priv;
	unsigned int n = my_stripe();
	struct op_count *c = &s->stripe[n].op[call->op];

	count(&c->calls, 1, n == SHARED);
	count_failure(c, -ESRCH, n == SHARED);
}

/* --- the layer --- */

static int stats_open(struct mpt_layer_inst *inst, const char *arg, size_t len)
{
	struct stats *s;

	if (arg && (len != 5 || memcmp(arg, "calls", 5)))
		return mpt_fail(-EINVAL, "stats",
				"unknown argument '%.*s' (write stats, or stats=calls: no time)",
				(int)(len > 64 ? 64 : len), arg);
	/* Pages: a stripe that no thread uses costs nothing. */
	s = mpt_zalloc_pages(sizeof(*s));
	if (!s)
		return mpt_fail(-ENOMEM, "stats", "no memory for the counters");
	s->clock = !arg;
	os_mutex_init(&s->lock);
	inst->priv = s;
	return 0;
}

static void stats_close(struct mpt_layer_inst *inst)
{
	struct stats *s = inst->priv;

	os_mutex_destroy(&s->lock);
	mpt_free_pages(s, sizeof(*s));
}

const struct mpt_layer mpt_layer_stats = {
	.name = "stats",
	.summary = "counts calls, failures and time of each operation (stats=calls: no time)",
	.open = stats_open,
	.close = stats_close,
	.before = stats_before,
	.after = stats_after,
	.dead = stats_dead,
};

/* --- <mpt/layers.h> --- */

/* All counters are u64, so a sum needs no list of them. */
#define COUNTERS (sizeof(struct op_count) / sizeof(u64))

static void sum(struct stats *s, enum mpt_op_id op, struct op_count *out)
{
	u64 *to = (u64 *)out, *from;
	unsigned int n;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (n = 0; n < STRIPES; n++) {
		from = (u64 *)&s->stripe[n].op[op];
		for (i = 0; i < COUNTERS; i++)
			to[i] += os_load_relaxed(&from[i]);
	}
}

static void subtract(struct op_count *from, const struct op_count *base)
{
	const u64 *b = (const u64 *)base;
	u64 *f = (u64 *)from;
	size_t i;

	for (i = 0; i < COUNTERS; i++)
		f[i] -= b[i];
}

static struct stats *stats_of(struct mpt_host *host)
{
	struct mpt_layer_inst *inst = mpt_layer_of(host, &mpt_layer_stats);

	if (inst)
		return inst->priv;
	mpt_fail(-EOPNOTSUPP, host->be.name, "no stats layer (open \"stats,%s\")", host->be.name);
	return NULL;
}

static void export_errors(const struct op_count *c, struct mpt_op_stats *out)
{
	unsigned int i;

	for (i = 0; i < ERRNOS; i++) {
		if (!c->error[i])
			continue;
		out->error[out->num_errors].err = mpt_errno_first(1U << i);
		out->error[out->num_errors++].calls = c->error[i];
	}
}

int mpt_stats_get(struct mpt_host *host, enum mpt_op_id op, struct mpt_op_stats *out)
{
	struct stats *s = stats_of(host);
	struct op_count c;

	if (!s)
		return -EOPNOTSUPP;
	if ((unsigned int)op >= MPT_OP_COUNT)
		return mpt_fail(-EINVAL, "stats", "no operation %d (see enum mpt_op_id)", (int)op);
	os_mutex_lock(&s->lock);
	sum(s, op, &c);
	subtract(&c, &s->base[op]);
	os_mutex_unlock(&s->lock);
	*out = (struct mpt_op_stats){
		.calls = c.calls, .failed = c.failed, .timed = c.timed, .ns = c.ns,
	};
	export_errors(&c, out);
	memcpy(out->bucket, c.bucket, sizeof(out->bucket));
	return 0;
}

int mpt_stats_reset(struct mpt_host *host)
{
	struct stats *s = stats_of(host);
	unsigned int op;

	if (!s)
		return -EOPNOTSUPP;
	/* The counters belong to their threads: what is there is remembered instead. */
	os_mutex_lock(&s->lock);
	for (op = 0; op < MPT_OP_COUNT; op++)
		sum(s, (enum mpt_op_id)op, &s->base[op]);
	os_mutex_unlock(&s->lock);
	return 0;
}
