/* SPDX-License-Identifier: MIT */
/*
 * The tree's life, and files: opening, reading, writing. What is in a file is sysfs_table.c's, what
 * a write to create_gvt_instance does is sysfs_instance.c's.
 */
#include "libmpt/sysfs.h"

#define VM_MEMORY (64ULL << 20)

struct mpt_sysfs_file {
	struct sysfs_node node; /* holds its instance */
	unsigned int flags;
	struct os_mutex lock; /* what follows */
	bool filled;
	size_t len;
	char buf[MPT_SYSFS_PAGE];
	struct mpt_sysfs_file *next, **link; /* tree->lock */
};

/* --- the tree --- */

static int check_config(const struct mpt_sysfs_config *c)
{
	if (c->flags & ~MPT_SYSFS_ACRN)
		return mpt_fail(-EINVAL, "sysfs", "unknown flags 0x%x", c->flags);
	if (!c->core || !c->core->size)
		return mpt_fail(-EINVAL, "sysfs", "no core, or of size 0 (set .size to sizeof)");
	if (c->vm_memory % MPT_PAGE_SIZE)
		return mpt_fail(-EINVAL, "sysfs", "0x%llx bytes of VM memory (whole pages)",
				(unsigned long long)c->vm_memory);
	return 0;
}

static void copy_sized(void *to, size_t to_size, const void *from, size_t from_size)
{
	memset(to, 0, to_size);
	memcpy(to, from, from_size < to_size ? from_size : to_size);
}

static int fill_tree(struct mpt_sysfs *tree, const struct mpt_sysfs_config *c)
{
	copy_sized(&tree->core, sizeof(tree->core), c->core, c->core->size);
	if (!tree->core.vgpu_create || !tree->core.vgpu_destroy || !tree->core.vgpu_info)
		return mpt_fail(-EINVAL, "sysfs",
				"a core needs vgpu_create, vgpu_destroy and vgpu_info");
	tree->flags = c->flags;
	tree->vm_memory = c->vm_memory ? c->vm_memory : VM_MEMORY;
	return 0;
}

/* A host has one tree, as it has one kernel. */
static int claim_host(struct mpt_host *host, struct mpt_sysfs *tree)
{
	bool taken;

	os_mutex_lock(&host->lock);
	taken = host->sysfs;
	if (!taken)
		host->sysfs = tree;
	os_mutex_unlock(&host->lock);
	return taken ? mpt_fail(-EEXIST, "sysfs", "host %s has a tree already (free it first)",
				mpt_host_spec(host)) : 0;
}

int mpt_sysfs_new(struct mpt_host *host, const struct mpt_sysfs_config *config,
		  struct mpt_sysfs **out)
{
	struct mpt_sysfs_config c;
	struct mpt_sysfs *tree;
	int ret;

	if (!host || !config || !config->size)
		return mpt_fail(-EINVAL, "sysfs", "no host, or no configuration with its size");
	copy_sized(&c, sizeof(c), config, config->size);
	ret = check_config(&c);
	if (ret)
		return ret;
	tree = mpt_zalloc(sizeof(*tree));
	if (!tree)
		return mpt_fail(-ENOMEM, "sysfs", "no memory for the tree");
	tree->host = host;
	ret = fill_tree(tree, &c);
	if (!ret)
		ret = claim_host(host, tree);
	if (ret) {
		mpt_free(tree);
		return ret;
	}
	os_mutex_init(&tree->control);
	os_mutex_init(&tree->lock);
	mpt_uevent_listen(host, c.uevent, c.uevent_arg);
	*out = tree;
	return 0;
}

int mpt_sysfs_free(struct mpt_sysfs *tree)
{
	int ret;

	if (!tree)
		return 0;
	while (tree->files)
		mpt_sysfs_close(tree->files);
	ret = mpt_sysfs_remove_all(tree);
	mpt_uevent_listen(tree->host, NULL, NULL);
	os_mutex_lock(&tree->host->lock);
	tree->host->sysfs = NULL;
	os_mutex_unlock(&tree->host->lock);
	os_mutex_destroy(&tree->lock);
	os_mutex_destroy(&tree->control);
	mpt_free(tree);
	return ret;
}

/* --- files --- */

static void link_file(struct mpt_sysfs *tree, struct mpt_sysfs_file *file)
{
	os_mutex_lock(&tree->lock);
	file->next = tree->files;
	file->link = &tree->files;
	if (file->next)
		file->next->link = &file->next;
	tree->files = file;
	os_mutex_unlock(&tree->lock);
}

static void unlink_file(struct mpt_sysfs *tree, struct mpt_sysfs_file *file)
{
	os_mutex_lock(&tree->lock);
	*file->link = file->next;
	if (file->next)
		file->next->link = file->link;
	os_mutex_unlock(&tree->lock);
}

static int check_open(const struct sysfs_attr *attr, const char *path, unsigned int flags)
{
	if (!flags || flags & ~(MPT_SYSFS_READ | MPT_SYSFS_WRITE))
		return mpt_fail(-EINVAL, "sysfs", "'%.128s': flags 0x%x", path, flags);
	if (sysfs_is_directory(attr))
		return mpt_fail(-EINVAL, "sysfs", "'%.128s' is a directory", path);
	if (flags & MPT_SYSFS_READ && !attr->show)
		return mpt_fail(-EACCES, "sysfs", "'%.128s' is only written to", path);
	if (flags & MPT_SYSFS_WRITE && !attr->store)
		return mpt_fail(-EACCES, "sysfs", "'%.128s' is only read", path);
	return 0;
}

int mpt_sysfs_open(struct mpt_sysfs *tree, const char *path, unsigned int flags,
		   struct mpt_sysfs_file **out)
{
	struct mpt_sysfs_file *file;
	struct sysfs_node node;
	int ret = mpt_sysfs_lookup(tree, path, &node);

	if (ret)
		return ret;
	ret = check_open(node.attr, path, flags);
	file = ret ? NULL : mpt_zalloc(sizeof(*file));
	if (!file) {
		mpt_sysfs_node_put(&node);
		return ret ? ret : mpt_fail(-ENOMEM, "sysfs", "no memory for the file");
	}
	file->node = node;
	file->flags = flags;
	os_mutex_init(&file->lock);
	link_file(tree, file);
	*out = file;
	return 0;
}

void mpt_sysfs_close(struct mpt_sysfs_file *file)
{
	if (!file)
		return;
	unlink_file(file->node.tree, file);
	mpt_sysfs_node_put(&file->node);
	os_mutex_destroy(&file->lock);
	mpt_free(file);
}

/* Below a VM's directory the vGPU stays while it is shown. */
static long show(const struct sysfs_node *node, char *buf)
{
	struct sysfs_instance *inst = node->inst;
	long ret;

	if (!inst)
		return node->attr->show(node, buf);
	os_mutex_lock(&inst->lock);
	ret = inst->vgpu ? node->attr->show(node, buf) : -ENODEV;
	os_mutex_unlock(&inst->lock);
	if (ret == -ENODEV)
		mpt_fail(-ENODEV, "sysfs", "the instance of VM %u has gone", inst->vmid);
	return ret;
}

/* A text is made when its beginning is read; file->lock is held. */
static int fill(struct mpt_sysfs_file *file, u64 offset)
{
	long ret;

	if (file->filled && offset)
		return 0;
	ret = show(&file->node, file->buf);
	file->filled = ret >= 0;
	file->len = ret >= 0 ? (size_t)ret : 0;
	return ret >= 0 ? 0 : (int)ret;
}

static bool gone(const struct sysfs_node *node)
{
	struct sysfs_instance *inst = node->inst;
	bool is;

	if (!inst)
		return false;
	os_mutex_lock(&inst->lock);
	is = !inst->vgpu;
	os_mutex_unlock(&inst->lock);
	return is;
}

long mpt_sysfs_read(struct mpt_sysfs_file *file, u64 offset, void *buf, size_t len)
{
	long ret;

	if (!(file->flags & MPT_SYSFS_READ))
		return mpt_fail(-EACCES, "sysfs", "not opened for reading");
	/* The rest of a text that was begun goes with its directory, too. */
	if (offset && gone(&file->node))
		return mpt_fail(-ENODEV, "sysfs", "the instance of VM %u has gone",
				file->node.inst->vmid);
	os_mutex_lock(&file->lock);
	ret = fill(file, offset);
	if (!ret && offset < file->len) {
		size_t left = file->len - (size_t)offset;

		ret = (long)(len < left ? len : left);
		memcpy(buf, file->buf + offset, (size_t)ret);
	}
	os_mutex_unlock(&file->lock);
	return ret;
}

long mpt_sysfs_write(struct mpt_sysfs_file *file, u64 offset, const void *buf, size_t len)
{
	int ret;

	(void)offset;
	if (!(file->flags & MPT_SYSFS_WRITE))
		return mpt_fail(-EACCES, "sysfs", "not opened for writing");
	if (!len)
		return 0;
	if (len > MPT_SYSFS_PAGE)
		return mpt_fail(-EINVAL, "sysfs", "%zu bytes in one write (at most %d)", len,
				MPT_SYSFS_PAGE);
	ret = file->node.attr->store(file->node.tree, buf, len);
	return ret ? ret : (long)len;
}

/* --- whole files --- */

long mpt_sysfs_cat(struct mpt_sysfs *tree, const char *path, char *buf, size_t size)
{
	struct mpt_sysfs_file *file;
	long ret;

	if (!size)
		return mpt_fail(-EINVAL, "sysfs", "no room for the NUL");
	ret = mpt_sysfs_open(tree, path, MPT_SYSFS_READ, &file);
	if (ret)
		return ret;
	ret = mpt_sysfs_read(file, 0, buf, size - 1);
	if (ret >= 0)
		buf[ret] = '\0';
	mpt_sysfs_close(file);
	return ret;
}

int mpt_sysfs_echo(struct mpt_sysfs *tree, const char *path, const char *text)
{
	struct mpt_sysfs_file *file;
	long ret = mpt_sysfs_open(tree, path, MPT_SYSFS_WRITE, &file);

	if (ret)
		return (int)ret;
	ret = mpt_sysfs_write(file, 0, text, strlen(text));
	mpt_sysfs_close(file);
	return ret < 0 ? (int)ret : 0;
}
