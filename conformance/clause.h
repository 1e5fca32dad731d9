/* SPDX-License-Identifier: MIT */
/*
 * The contract as a table of numbered clauses, for whoever runs or prints it: a test driver, a
 * tool, a list. What a clause's own code needs is in env.h.
 */
#ifndef CONFORMANCE_CLAUSE_H
#define CONFORMANCE_CLAUSE_H

#include <mpt/layers.h>
#include <mpt/ops.h>
#include <mpt/testbed.h>

struct cf_env;

/* How much of the world stands when a clause begins; each level has all below it. */
enum cf_setup {
	CF_FULL, /* a vGPU is attached to the VM */
	CF_VM,	 /* a VM with the memory map of env.h is held */
	CF_CORE, /* the core is set and initialised */
	CF_HOST, /* the host is open */
};

/*
 * What a back end opened by one spec offers beside its capabilities: found out by cf_probe(), in
 * the same word as MPT_CAP_*.
 */
#define CF_HAS_TESTBED (1ULL << 32)   /* guest side and bus side */
#define CF_HAS_LEDGER (1ULL << 33)    /* the check layer is in the spec */
#define CF_HAS_FAULT (1ULL << 34)     /* the fault layer is in the spec */
#define CF_HAS_DIRTY (1ULL << 35)     /* a dirty log */
#define CF_HAS_IRQ_FD (1ULL << 36)    /* interrupts as an eventfd */
#define CF_HAS_HUGE (1ULL << 37)      /* 2 MiB of machine memory in a row */
#define CF_HAS_SCATTER (1ULL << 38)   /* 2 MiB that are not in a row */
#define CF_HAS_PIN_LIMIT (1ULL << 39) /* fewer than CF_PINS_ENOUGH pages can be mapped */
#define CF_HAS_STOP (1ULL << 40)      /* can stop a VM */
#define CF_HAS_INIT (1ULL << 41)      /* host_init and host_exit */
#define CF_HAS_DOM0 (1ULL << 42)      /* dom0_ready */
#define CF_HAS_OPREGION (1ULL << 43)  /* set_opregion */
#define CF_HAS_EDID (1ULL << 44)      /* set_edid */
#define CF_HAS_VFIO (1ULL << 45)      /* get_vfio_device and put_vfio_device */
#define CF_HAS_VALID_GFN (1ULL << 46) /* is_valid_gfn */
#define CF_HAS_QUIESCE (1ULL << 47)   /* can hold accesses off while a vGPU goes */
#define CF_HAS_NAME (1ULL << 48)      /* can be found and opened a second time by its name */
#define CF_HAS_WIDE (1ULL << 49)      /* guest addresses of more than 36 bits */

/* An answer that a clause provokes. A list ends with err 0. */
struct cf_pair {
	enum mpt_op_id op;
	int err;
};

/**
 * struct mpt_clause - one numbered sentence of the contract and the code that tries it.
 * @id: area and number, "MEM-4"; never reused for another meaning
 * @text: the sentence
 * @bug_class: which known bugs it would have caught, a sentence part each with its public source,
 *	for somebody who knows neither (bugs.h); NULL: none known
 * @row: key of the question it answers (cf_rows), NULL: none
 * @needs_caps: MPT_CAP_* and CF_HAS_* without which it means nothing
 * @excludes_caps: with one of these it means nothing
 * @ops: bit 1 << id of each operation it must have called
 * @pairs: answers it must have seen from some back end; NULL: none
 * @setup: where it begins
 * @misuse: it breaks the contract on purpose, so the ledger may count violations
 * @run: 0, or after a cf_fail() CF_FAIL
 */
struct mpt_clause {
	const char *id;
	const char *text;
	const char *bug_class;
	const char *row;
	u64 needs_caps;
	u64 excludes_caps;
	u32 ops;
	const struct cf_pair *pairs;
	enum cf_setup setup;
	bool misuse;
	int (*run)(struct cf_env *e);
};

enum cf_outcome {
	CF_PASS,
	CF_FAIL,
	CF_NA,	  /* the back end lacks what the clause is about */
	CF_LIMIT, /* it has failed, which was known: never of cf_run(), see cf_limit() */
};

/* --- the last calls --- */

#define CF_CALLS 12
#define CF_CALL_ARGS 6

enum cf_call_kind {
	CF_CALL_INT,
	CF_CALL_VOID,
	CF_CALL_MFN,
	CF_CALL_BOOL,
	CF_CALL_EVENT, /* the core was told */
};

/**
 * struct cf_call - one call.
 * @name, @args: of what was called, "(gpa, buf, len)"; literals
 * @value: of the arguments; @pointers: a bit for each that is one
 * @answer: once it is @over
 * @out: what it wrote through a pointer, if it @has_out
 */
struct cf_call {
	const char *name, *args;
	u64 value[CF_CALL_ARGS];
	u64 answer, out;
	u32 pointers;
	enum cf_call_kind kind;
	bool over, has_out;
};

/* The last CF_CALLS of @n; call i is call[i % CF_CALLS]. */
struct cf_calls {
	struct cf_call call[CF_CALLS];
	u64 n;
};

/* Where the calling thread's are kept from now on; NULL: in memory of its own. */
void cf_calls_keep(struct cf_calls *calls);
/* "read_gpa(handle 0x1, gpa 0x1000, buf, len 0x8) = -EFAULT" */
void cf_call_text(const struct cf_call *c, char *buf, size_t len);

/* --- results --- */

/* Longest report of a failure, in bytes. */
#define CF_TEXT 1536

/**
 * struct cf_result - what one clause came to over one spec.
 * @outcome: see enum cf_outcome
 * @text: of a failure: clause, what was expected, what was seen
 * @calls: of a failure: the last calls of the thread that saw it
 * @called: bit of each operation that was called
 * @seen: of each operation, mpt_errno_bit() of each errno it answered
 */
struct cf_result {
	enum cf_outcome outcome;
	char text[CF_TEXT];
	struct cf_calls calls;
	u32 called;
	u32 seen[MPT_OP_COUNT];
};

/*
 * An area of the contract; areas and the clauses of each end with a NULL id. Without a title it is
 * more of the area above, from another file.
 */
struct cf_area {
	const char *id;
	const char *title;
	const struct mpt_clause *clauses;
};

/* A question on which back ends have disagreed. The list ends with a NULL key. */
struct cf_row {
	const char *key;
	const char *question;
};

/* An answer of ops.def that no clause can provoke by the operation itself, and why. */
struct cf_exempt {
	struct cf_pair pair;
	const char *why;
};

/* An operation that the core of this project does not call, and why not. */
struct cf_uncalled {
	enum mpt_op_id op;
	const char *why;
};

extern const struct cf_area cf_areas[];
extern const struct cf_row cf_rows[];
extern const struct cf_exempt cf_exempts[];
extern const struct cf_uncalled cf_uncalled[];

/* All clauses in the order of the areas; NULL ends. */
const struct mpt_clause *cf_clause(unsigned int index);
unsigned int cf_clause_count(void);
/* NULL: no such clause. */
const struct mpt_clause *cf_clause_find(const char *id);

/**
 * cf_probe() - open @spec once and find out what it offers.
 * @has: out: MPT_CAP_* and CF_HAS_*
 * @why: out: CF_TEXT bytes, the reason of a failure
 * Return: 0 or the errno of what failed.
 */
int cf_probe(const char *spec, u64 *has, char *why);

/* Whether a clause means something where @has is all there is. */
bool cf_applies(const struct mpt_clause *c, u64 has);
/* What a clause needs and is not in @has; what it excludes and is. Both 0: it applies. */
u64 cf_lacks(const struct mpt_clause *c, u64 has);
u64 cf_hinders(const struct mpt_clause *c, u64 has);
/* "page-track" or "layer check" for one bit of MPT_CAP_* or CF_HAS_*; NULL: none. */
const char *cf_feature(u64 bit);

/*
 * A clause that is known not to hold over a back end, for reasons of the machine behind it.
 * @option: with this one, behind the back end's colon; NULL: with any
 * @sign: what the text of such a failure has; another is no known one
 * @always: it fails in every run, so a pass means that this row is stale; else threads decide
 * @why: the machine's reason
 */
struct cf_limit {
	const char *backend, *option, *clause, *sign;
	bool always;
	const char *why;
};

/* The limit that a clause may meet over a spec; NULL: none, a failure is one. */
const struct cf_limit *cf_limit(const char *spec, const char *clause);
/* Whether a failure with this text is that limit, and no other. @limit: may be NULL. */
bool cf_is_limit(const struct cf_limit *limit, const char *text);

/* Changes what is left to chance in the clauses; 0 is how it was without. */
void cf_seed(u64 seed);

/**
 * cf_run() - try one clause over one spec, from opening the host to closing it.
 * @has: what cf_probe() found
 *
 * Beside what the clause tries, each call is watched (record.c) and at the end nothing may be left:
 * no memory, no entry of the ledger, no unexpected violation. After a deadlock the host stays open.
 */
void cf_run(const struct mpt_clause *c, const char *spec, u64 has, struct cf_result *res);

/* Whether a bug class tells an outsider something: words, and no numbers of somebody's list. */
bool cf_bug_readable(const char *text);

/**
 * cf_fillers() - how many different callbacks the built-in back ends have for an operation: back
 *	ends of one kind share theirs.
 * @op: which. Return: their number.
 */
unsigned int cf_fillers(enum mpt_op_id op);

/**
 * cf_census() - whether the table is complete: each operation, each errno of ops.def and each row
 *	has a clause, ids are unique and numbered without a hole, every clause says what it must.
 * @say: called for each complaint
 * Return: number of complaints.
 */
unsigned int cf_census(void (*say)(void *arg, const char *line), void *arg);

/* What the arrays of the areas need. */
#define CF_OP(id) (1U << MPT_OP_ID_##id)
#define CF_P(op, err)               \
	{                           \
		MPT_OP_ID_##op, err \
	}
#define CF_PAIRS(...) ((const struct cf_pair[]){ __VA_ARGS__, { MPT_OP_COUNT, 0 } })

#endif
