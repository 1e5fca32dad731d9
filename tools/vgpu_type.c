/* SPDX-License-Identifier: MIT */
/* Finds a device's type of vGPU by what users call it. */
#include "vgpu_type.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool type_is(const struct intel_vgpu_type *t, const char *name)
{
	const char *suffix = strrchr(t->name, '_');

	return !strcmp(t->name, name) || (suffix && !strcmp(suffix + 1, name));
}

int vgpu_type_find(struct intel_gvt *gvt, const char *name, struct intel_vgpu_type *type, char *why,
		   size_t len)
{
	char known[256] = "";
	struct intel_vgpu_type *t;
	unsigned int i;
	size_t n = 0;

	for (i = 0; (t = gvt_type_each(gvt, i)); i++) {
		if (type_is(t, name)) {
			*type = *t;
			return 0;
		}
		if (n < sizeof(known))
			n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i ? ", " : "",
					      t->name);
	}
	snprintf(why, len, "no type '%.64s' (known: %s)", name, known);
	return -ENOENT;
}
