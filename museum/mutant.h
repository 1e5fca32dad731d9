/* SPDX-License-Identifier: MIT */
/* Which mutant is alive in this process, for the museum's build only: no product source has this. */
#ifndef MPT_MUSEUM_MUTANT_H
#define MPT_MUSEUM_MUTANT_H

#include <stdlib.h>

#define MPT_MUTANT(n) (mpt_mutant() == (n))

/* Threads may race to the first look; they find the same. */
static __attribute__((unused)) int mpt_mutant(void)
{
	static volatile int alive = -1;
	const char *name;

	if (alive < 0) {
		name = getenv("MPT_MUTANT");
		alive = name ? atoi(name) : 0;
	}
	return alive;
}

#endif
