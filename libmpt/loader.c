/* SPDX-License-Identifier: MIT */
/*
 * Back ends that are not built in: a module in the library's module folder, or a path. A module
 * exports one object, `const struct mpt_backend mpt_module_backend`. Without libltdl there are none.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "libmpt/internal.h"

#ifdef HAVE_LTDL
#include <ltdl.h>

#define MODULE_SYMBOL "mpt_module_backend"

static struct os_mutex ltdl_lock = OS_MUTEX_INIT(ltdl_lock); /* libltdl is not thread safe */

static lt_dlhandle open_handle(const char *name)
{
	char path[1024];
	int n;

	if (strchr(name, '/'))
		return lt_dlopenext(name);
	n = snprintf(path, sizeof(path), "%s/%s", MPT_MODULE_DIR, name);
	return n > 0 && (size_t)n < sizeof(path) ? lt_dlopenext(path) : NULL;
}

const struct mpt_backend *mpt_module_open(const char *name, void **module, char *why, size_t len)
{
	const struct mpt_backend *be = NULL;
	const char *error;
	lt_dlhandle h;

	os_mutex_lock(&ltdl_lock);
	if (!lt_dlinit()) {
		h = open_handle(name);
		be = h ? lt_dlsym(h, MODULE_SYMBOL) : NULL;
		error = be ? NULL : lt_dlerror();
		snprintf(why, len, "%s", error ? error : "");
		if (be)
			*module = h;
		else if (h)
			lt_dlclose(h);
		if (!be)
			lt_dlexit();
	}
	os_mutex_unlock(&ltdl_lock);
	return be;
}

void mpt_module_close(void *module)
{
	if (!module)
		return;
	os_mutex_lock(&ltdl_lock);
	lt_dlclose(module);
	lt_dlexit();
	os_mutex_unlock(&ltdl_lock);
}

#else

const struct mpt_backend *mpt_module_open(const char *name, void **module, char *why, size_t len)
{
	(void)name;
	(void)module;
	snprintf(why, len, "this build loads no modules: it has no libltdl");
	return NULL;
}

void mpt_module_close(void *module)
{
	(void)module;
}

#endif
