/* SPDX-License-Identifier: MIT */
/* What the comparison has found, as a table for people, for doc/ and for machines. */
#ifndef LINUX_CORE_SPEED_PRINT_H
#define LINUX_CORE_SPEED_PRINT_H

#include "speed.h"

#define SPEED_ROUNDS 21
#define SPEED_ROWS 32

/**
 * struct speed_result - of a row.
 * @ns: of one iteration: Linux', then ours; a pair a round
 * @failed: an iteration did not do what it should
 */
struct speed_result {
	const struct speed_row *row;
	unsigned int rounds;
	double ns[2][SPEED_ROUNDS];
	bool failed;
};

/* Where to, beside the standard output; NULL: nowhere. */
struct speed_files {
	const char *json, *markdown;
};

/* @brief: one round, of which nothing is concluded. Return: 0, 2: a row is behind, 1: cannot write */
int speed_print(const struct speed_result *results, unsigned int n,
		const struct speed_files *files, bool brief);

#endif
