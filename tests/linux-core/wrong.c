/* SPDX-License-Identifier: MIT */
/* What is wrong, as a sentence that lives until the next one. */
#include "rig.h"

static char why[256];

const char *rig_wrong(const char *file, int line, const char *what)
{
	const char *slash = strrchr(file, '/');

	snprintf(why, sizeof(why), "%s:%d: not so: %s", slash ? slash + 1 : file, line, what);
	return why;
}

const char *rig_differ(const char *file, int line, const char *what, u64 is, u64 wanted)
{
	const char *slash = strrchr(file, '/');

	snprintf(why, sizeof(why), "%s:%d: %s is 0x%llx, not 0x%llx", slash ? slash + 1 : file,
		 line, what, (unsigned long long)is, (unsigned long long)wanted);
	return why;
}
