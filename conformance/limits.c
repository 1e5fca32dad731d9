/* SPDX-License-Identifier: MIT */
/*
 * Clauses that a back end is known not to hold for reasons of the machine behind it: one list for
 * whoever runs the clauses, so that a known limit is not taken for a new failure.
 */
#include <string.h>

#include "clause.h"

#define HSM_RECORDS                                                                                \
	"the HSM of Linux 6.1 keeps a record of each piece of memory that a VM was ever given, and " \
	"has room for 256"

static const struct cf_limit limits[] = {
	{ "acrn-sim", "profile=upstream", "RGN-10", "seen -ENOMEM (ram: acrn-sim: ", false,
	  HSM_RECORDS },
	{ "acrn-sim", "profile=upstream", "RGN-11", "seen -ENOMEM (ram: acrn-sim: ", true,
	  HSM_RECORDS },
};

/* Whether @word is one of those that @seps part in @text. */
static bool has_word(const char *text, const char *word, const char *seps)
{
	size_t n;

	for (;; text += n + 1) {
		n = strcspn(text, seps);
		if (n == strlen(word) && !strncmp(text, word, n))
			return true;
		if (!text[n])
			return false;
	}
}

const struct cf_limit *cf_limit(const char *spec, const char *clause)
{
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!strcmp(limits[i].clause, clause) && has_word(spec, limits[i].backend, ",:") &&
		    (!limits[i].option || has_word(spec, limits[i].option, ",:")))
			return &limits[i];
	return NULL;
}

bool cf_is_limit(const struct cf_limit *limit, const char *text)
{
	return limit && strstr(text, limit->sign);
}
