/* SPDX-License-Identifier: MIT */
/*
 * What `mptctl matrix` is made of: back ends by clauses, tried by matrix.c and printed by
 * matrix_print.c.
 */
#ifndef MPT_TOOLS_MATRIX_H
#define MPT_TOOLS_MATRIX_H

#include "conform.h"

#define MATRIX_COLUMNS 64
#define MATRIX_SPEC 256

/* How a clause went over a column's spec; what stands in the tables. */
enum matrix_verdict {
	MATRIX_ABSENT = '-',
	MATRIX_PASS = '+',
	MATRIX_FAIL = 'F',
	MATRIX_LIMIT = 'L',
	MATRIX_APPLIES = '?', /* --list: not tried */
};

/* @lacks, @hinders: of an absent one; @why: of a failure or a limit, allocated, or NULL. */
struct matrix_cell {
	enum matrix_verdict verdict;
	u64 lacks, hinders;
	char *why;
};

/**
 * struct matrix_column - one spec.
 * @spec: as it is named; @layered: with check and fault in front, empty: cannot be opened so
 * @has, @has_layered: what they offer
 */
struct matrix_column {
	char spec[MATRIX_SPEC], layered[MATRIX_SPEC + 16];
	u64 has, has_layered;
	struct matrix_cell *cells; /* by clause */
	unsigned int count[128];   /* by verdict */
};

struct matrix {
	struct matrix_column column[MATRIX_COLUMNS];
	unsigned int n, clauses;
	struct conform c; /* what it is tried with */
};

void matrix_text(const struct matrix *m);
void matrix_markdown(const struct matrix *m);
void matrix_json(const struct matrix *m);

#endif
