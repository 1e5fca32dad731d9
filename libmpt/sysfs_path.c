/* SPDX-License-Identifier: MIT */
/*
 * From a path to a node: which row of the table, which VM's instance, which type; and the names in
 * a directory. Contents are not looked at here.
 */
#include "libmpt/sysfs.h"

/* Names between slashes. */
static size_t name_len(const char *path)
{
	size_t n = 0;

	while (path[n] && path[n] != '/')
		n++;
	return n;
}

/* What a star stands for: at @name, not 0 bytes of it. */
struct star {
	const char *name;
	size_t len;
};

/* One name against one of a pattern; both end at a slash or a NUL. */
static bool name_matches(const char *pattern, size_t plen, const char *name, size_t len,
			 struct star *star)
{
	if (!plen || pattern[plen - 1] != '*')
		return plen == len && !memcmp(pattern, name, len);
	if (len < plen || memcmp(pattern, name, plen - 1))
		return false;
	star->name = name + plen - 1;
	star->len = len - (plen - 1);
	return true;
}

static bool path_matches(const char *pattern, const char *path, struct star *star)
{
	for (;;) {
		size_t plen = name_len(pattern), len = name_len(path);

		if (!name_matches(pattern, plen, path, len, star) || pattern[plen] != path[len])
			return false;
		if (!pattern[plen])
			return true;
		pattern += plen + 1;
		path += len + 1;
	}
}

/* As the directory is called: decimal, no leading zero. 0: no such name. */
static unsigned int vm_number(const struct star *star)
{
	unsigned int n = 0;
	size_t i;

	if (star->len > 5 || star->name[0] == '0')
		return 0;
	for (i = 0; i < star->len; i++) {
		if (star->name[i] < '0' || star->name[i] > '9')
			return 0;
		n = n * 10 + (unsigned int)(star->name[i] - '0');
	}
	return n;
}

static bool find_vm(struct sysfs_node *node, const struct star *star)
{
	unsigned int vmid = vm_number(star);

	node->inst = vmid ? mpt_sysfs_instance_from(node->tree, vmid) : NULL;
	if (node->inst && node->inst->vmid == vmid)
		return true;
	mpt_sysfs_node_put(node);
	return false;
}

/* The core's, with a name that a path can hold. */
static bool type_at(struct mpt_sysfs *tree, unsigned int index, struct mpt_sysfs_type *type)
{
	memset(type, 0, sizeof(*type));
	if (!tree->core.type_get || tree->core.type_get(tree->core.opaque, index, type))
		return false;
	type->name[sizeof(type->name) - 1] = '\0';
	return true;
}

static bool find_type(struct sysfs_node *node, const struct star *star)
{
	for (node->index = 0; type_at(node->tree, node->index, &node->type); node->index++) {
		const char *name = node->type.name;

		if (strlen(name) == star->len && !memcmp(name, star->name, star->len))
			return true;
	}
	return false;
}

static bool resolve(struct sysfs_node *node, const struct star *star)
{
	if (!star->len)
		return true;
	return node->attr->path[0] == 'v' ? find_vm(node, star) : find_type(node, star);
}

int mpt_sysfs_lookup(struct mpt_sysfs *tree, const char *path, struct sysfs_node *node)
{
	const char *from = path[0] == '/' ? path + 1 : path;
	unsigned int i;

	memset(node, 0, sizeof(*node));
	node->tree = tree;
	for (i = 0; i < mpt_sysfs_rows; i++) {
		struct star star = { NULL, 0 };

		node->attr = &mpt_sysfs_table[i];
		if (path_matches(node->attr->path, from, &star)) {
			if (resolve(node, &star))
				return 0;
			break;
		}
	}
	return mpt_fail_at(-ENOENT, "lookup", "sysfs", "'%.128s' is not there", path);
}

void mpt_sysfs_node_put(struct sysfs_node *node)
{
	mpt_sysfs_instance_put(node->tree, node->inst);
	node->inst = NULL;
}

/* --- listing --- */

static void fill_stat(const struct sysfs_attr *attr, struct mpt_sysfs_stat *st)
{
	st->mode = attr->mode;
	st->directory = sysfs_is_directory(attr);
	st->size = st->directory ? 0 : MPT_SYSFS_PAGE;
}

int mpt_sysfs_stat(struct mpt_sysfs *tree, const char *path, struct mpt_sysfs_stat *st)
{
	struct sysfs_node node;
	int ret = mpt_sysfs_lookup(tree, path, &node);

	if (ret)
		return ret;
	fill_stat(node.attr, st);
	mpt_sysfs_node_put(&node);
	return 0;
}

struct list {
	struct mpt_sysfs *tree;
	mpt_sysfs_fn fn;
	void *arg;
};

static int list_vms(const struct list *l, const struct mpt_sysfs_stat *st)
{
	struct sysfs_instance *inst;
	unsigned int vmid = 0;
	char name[16];
	int ret = 0;

	while (!ret && (inst = mpt_sysfs_instance_from(l->tree, vmid + 1))) {
		vmid = inst->vmid;
		mpt_sysfs_instance_put(l->tree, inst);
		snprintf(name, sizeof(name), "vm%u", vmid);
		ret = l->fn(l->arg, name, st);
	}
	return ret;
}

static int list_types(const struct list *l, const struct mpt_sysfs_stat *st)
{
	struct mpt_sysfs_type type;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && type_at(l->tree, i, &type); i++)
		ret = l->fn(l->arg, type.name, st);
	return ret;
}

/* Return: the name of a row in the directory @dir; NULL: it is not in there. */
static const char *name_in(const char *dir, const char *path)
{
	size_t n = strlen(dir);
	const char *name;

	if (!*path || strncmp(path, dir, n))
		return NULL;
	if (n && path[n] != '/')
		return NULL;
	name = path + n + (n != 0);
	return name[name_len(name)] ? NULL : name;
}

static int list_row(const struct list *l, const char *name, const struct mpt_sysfs_stat *st)
{
	if (name[strlen(name) - 1] != '*')
		return l->fn(l->arg, name, st);
	return name[0] == 'v' ? list_vms(l, st) : list_types(l, st);
}

int mpt_sysfs_list(struct mpt_sysfs *tree, const char *path, mpt_sysfs_fn fn, void *arg)
{
	struct list l = { tree, fn, arg };
	struct mpt_sysfs_stat st;
	struct sysfs_node node;
	unsigned int i;
	int ret = mpt_sysfs_lookup(tree, path, &node);

	if (ret)
		return ret;
	mpt_sysfs_node_put(&node);
	if (!sysfs_is_directory(node.attr))
		return mpt_fail(-ENOENT, "sysfs", "'%.128s' is no directory", path);
	for (i = 0; !ret && i < mpt_sysfs_rows; i++) {
		const char *name = name_in(node.attr->path, mpt_sysfs_table[i].path);

		if (!name)
			continue;
		fill_stat(&mpt_sysfs_table[i], &st);
		ret = list_row(&l, name, &st);
	}
	return ret;
}
