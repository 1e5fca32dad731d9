/* SPDX-License-Identifier: MIT */
/* The string that chooses a host: `{layer[=arg],} backend[:opt=val{,opt=val}]`. */
#include "libmpt/internal.h"

#define SPEC_MAX 1024

static void list_known(char *buf, size_t len)
{
	const struct mpt_backend *be;
	const char *layer;
	unsigned int i;
	size_t n = 0;

	snprintf(buf, len, "this build has none");
	for (i = 0; (be = mpt_backend_each(i)) && n < len; i++)
		n += (size_t)snprintf(buf + n, len - n, "%s%s", i ? ", " : "back ends: ", be->name);
	n = strlen(buf);
	for (i = 0; (layer = mpt_layer_each(i, NULL)) && n < len; i++)
		n += (size_t)snprintf(buf + n, len - n, "%s%s", i ? ", " : "; layers: ", layer);
}

/* Length of the layers in front of the back end, the last comma included. */
static size_t layers_len(const char *spec)
{
	const char *p = spec;

	for (;;) {
		size_t name = strcspn(p, "=:,");
		const char *end = p + name + (p[name] == '=' ? strcspn(p + name, ",") : 0);

		if (*end != ',' || !mpt_layer_find(p, name))
			return (size_t)(p - spec);
		p = end + 1;
		while (*p == ' ')
			p++;
	}
}

/* @why: of a path, what the loader says. */
static int unknown(const char *name, const char *why)
{
	char list[256];

	if (strchr(name, '/'))
		return mpt_fail(-ENOENT, NULL, "no back end '%.200s': %.200s (a module exports "
				"mpt_module_backend)", name, *why ? why : "it cannot be loaded");
	list_known(list, sizeof(list));
	return mpt_fail(-ENOENT, NULL, "no back end '%.64s' (%s; or the path of a module)", name, list);
}

#ifdef MPT_STATIC_BACKEND
/* The wrappers of a static-backend build know one back end: nothing may stand before or beside it. */
static int static_only(const char *name, size_t layers)
{
	if (!layers && !strcmp(name, MPT_STATIC_NAME))
		return 0;
	return mpt_fail(-EOPNOTSUPP, name, "this libmpt was built for the static back end %s alone, "
			"without layers (use a build without --with-static-backend)",
			MPT_STATIC_NAME);
}
#else
static int static_only(const char *name, size_t layers)
{
	(void)name;
	(void)layers;
	return 0;
}
#endif

int mpt_host_open(const char *spec, struct mpt_host **host)
{
	const struct mpt_backend *be;
	char text[SPEC_MAX], why[256] = "";
	char *name, *opts;
	void *module = NULL;
	size_t layers;
	int ret;

	if (!spec || !*spec || strlen(spec) >= sizeof(text))
		return mpt_fail(-EINVAL, NULL, "a host needs a spec of 1 to %d characters, for "
				"instance \"check,mock\"", SPEC_MAX - 1);
	layers = layers_len(spec);
	strcpy(text, spec);
	name = text + layers;
	if (layers)
		text[layers - 1] = '\0';
	while (layers && text[layers - 1] == ' ')
		text[--layers] = '\0';
	opts = strchr(name, ':');
	if (opts)
		*opts++ = '\0';
	ret = static_only(name, layers);
	if (ret)
		return ret;
	be = mpt_backend_find(name);
	if (!be)
		be = mpt_module_open(name, &module, why, sizeof(why));
	if (!be)
		return unknown(name, why);
	ret = mpt_host_open_parsed(be, spec, opts, layers ? text : NULL, module, host);
	if (ret)
		mpt_module_close(module);
	return ret;
}
