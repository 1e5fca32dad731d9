/* SPDX-License-Identifier: MIT */
/*
 * What `mptctl conformance` is made of: which clauses are tried over which spec, each in a process
 * of its own (conform_child.c), and what is printed of it (conform_text.c, conform_machine.c,
 * conform_junit.c).
 */
#ifndef MPT_TOOLS_CONFORM_H
#define MPT_TOOLS_CONFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "clause.h"

/**
 * struct conform_one - one clause, or the look at the back end before all of them.
 * @clause: NULL: the look
 * @lacks, @hinders: why it is not applicable: bits of MPT_CAP_* and CF_HAS_*
 * @why: of a failure, without the clause's name; of a limit what is known of it
 * @calls: the last ones before it
 */
struct conform_one {
	const struct mpt_clause *clause;
	enum cf_outcome outcome;
	u64 lacks, hinders;
	char why[CF_TEXT];
	struct cf_calls calls;
	u64 ms;
};

/**
 * struct conform - one call of the command.
 * @spec: NULL: clauses are only listed
 * @has: what the spec offers; @look_failed: this was not all found out
 * @chosen: clauses, by their index; @n of them
 * @passed, @failed, @na, @limits: so far
 */
struct conform {
	const char *spec;
	u64 seed, timeout_s;
	bool fork;
	u64 has;
	bool look_failed;
	bool *chosen;
	unsigned int n, passed, failed, na, limits;
	void *out; /* the format's own */
};

/* How results are printed. @plan: before the first, @one: each, @end: behind the last. */
struct conform_format {
	void (*plan)(struct conform *c);
	void (*one)(struct conform *c, const struct conform_one *one);
	void (*end)(struct conform *c);
};

extern const struct conform_format conform_text, conform_tap, conform_json, conform_junit;

/* The clause's area and that area's title. */
const char *conform_area(const struct mpt_clause *clause, const char **title);
/* How many are over. */
static inline unsigned int conform_count(const struct conform *c)
{
	return c->passed + c->failed + c->na + c->limits;
}

/* "PROBE" and its sentence for the look. */
const char *conform_id(const struct conform_one *one);
const char *conform_sentence(const struct conform_one *one);
/*
 * "lacks page-track, layer check; has map-gfn" for @one "lacks ", @other "has "; empty where there
 * are neither.
 */
void conform_features(const char *one, u64 bits, const char *other, u64 others, char *buf,
		      size_t len);
/* --list: what there is, without results. */
void conform_list_text(const struct conform *c);
void conform_list_json(const struct conform *c);

/*
 * Opens the spec and finds out what it offers (@c->has).
 * Return: 0; with @one filled in 1: something is wrong with it, 2: it was not through, so no clause
 * can be either; -1: it does not open, @one->why.
 */
int conform_look(struct conform *c, struct conform_one *one);
/* Tries a clause that applies. */
void conform_try(const struct conform *c, struct conform_one *one);

#endif
