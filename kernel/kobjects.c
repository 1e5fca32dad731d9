/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The sysfs tree on kobjects: made by walking the tree of <mpt/sysfs.h>, so that names, modes and
 * contents are that table's; nothing of them is here.
 *
 * Lock order: k->lock, then what the tree takes. Removing a directory waits for who is in one of
 * its files: so no file of a directory that comes and goes may be written to, as a write takes the
 * lock under which it goes. The table has such files below "control" only.
 */
#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "kernel/kobjects.h"

#define CONTROL "control"
#define CREATE CONTROL "/create_gvt_instance"
#define PATH_LEN 96

struct mpt_kobjects {
	struct mpt_sysfs *tree;
	struct kset *set; /* the root; a set, since only what is in one sends uevents */
	struct mutex lock; /* writes, and what follows */
	bool closing;
	struct list_head dirs;
	atomic_t live; /* directories that are not released, and one for the whole */
	struct completion gone;
	spinlock_t events; /* what follows */
	struct kobject *control;
};

struct dir {
	struct kobject kobj;
	struct mpt_kobjects *k;
	struct list_head entry; /* k->dirs; what is in a directory stands before it */
	struct list_head files;
	char path[PATH_LEN];
};

struct leaf {
	struct kobj_attribute attr;
	struct mpt_kobjects *k;
	struct list_head entry; /* dir->files */
	char path[PATH_LEN];
};

/* --- files --- */

static ssize_t show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct leaf *f = container_of(attr, struct leaf, attr);

	return mpt_sysfs_cat(f->k->tree, f->path, buf, MPT_SYSFS_PAGE);
}

static long write_file(struct leaf *f, const char *buf, size_t len)
{
	struct mpt_sysfs_file *file;
	long ret = mpt_sysfs_open(f->k->tree, f->path, MPT_SYSFS_WRITE, &file);

	if (ret)
		return ret;
	ret = mpt_sysfs_write(file, 0, buf, len);
	mpt_sysfs_close(file);
	return ret;
}

static int follow(struct mpt_kobjects *k);

/* What cannot be shown has not happened. */
static ssize_t store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf, size_t len)
{
	struct leaf *f = container_of(attr, struct leaf, attr);
	ssize_t ret = -ENODEV;
	int shown;

	mutex_lock(&f->k->lock);
	if (!f->k->closing) {
		ret = write_file(f, buf, len);
		shown = follow(f->k);
		if (ret >= 0 && shown)
			ret = shown;
	}
	mutex_unlock(&f->k->lock);
	return ret;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int add_file(struct dir *d, const char *name, unsigned int mode)
{
	struct leaf *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	snprintf(f->path, sizeof(f->path), "%s/%s", d->path, name);
	f->k = d->k;
	/* Two classes for the kernel's own check of locks: what is written to removes the others. */
	if (mode & 0222)
		sysfs_attr_init(&f->attr.attr);
	else
		sysfs_attr_init(&f->attr.attr);
	f->attr.attr.name = last_name(f->path);
	f->attr.attr.mode = mode;
	f->attr.show = mode & 0444 ? show : NULL;
	f->attr.store = mode & 0222 ? store : NULL;
	/* Whether it is shown or not, it goes with its directory. */
	list_add(&f->entry, &d->files);
	return sysfs_create_file(&d->kobj, &f->attr.attr);
}

/* --- directories --- */

static void put_live(struct mpt_kobjects *k)
{
	if (atomic_dec_and_test(&k->live))
		complete(&k->gone);
}

static void release(struct kobject *kobj)
{
	struct dir *d = container_of(kobj, struct dir, kobj);
	struct mpt_kobjects *k = d->k;
	struct leaf *f, *next;

	list_for_each_entry_safe(f, next, &d->files, entry)
		kfree(f);
	kfree(d);
	put_live(k);
}

static struct kobj_type type = {
	.release = release,
	.sysfs_ops = &kobj_sysfs_ops,
};

static struct dir *first_below(struct dir *d)
{
	struct dir *below;

	list_for_each_entry(below, &d->k->dirs, entry)
		if (below->kobj.parent == &d->kobj)
			return below;
	return NULL;
}

/* Nobody is in a file of it when this returns. A table has few levels. */
static void remove_dir(struct dir *d)
{
	struct dir *below;

	while ((below = first_below(d)))
		remove_dir(below);
	list_del(&d->entry);
	kobject_del(&d->kobj);
	kobject_put(&d->kobj);
}

static int add_name(void *arg, const char *name, const struct mpt_sysfs_stat *st);

/* @in: NULL: the root. */
static int add_dir(struct mpt_kobjects *k, struct dir *in, const char *name)
{
	struct dir *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int ret;

	if (!d)
		return -ENOMEM;
	d->k = k;
	INIT_LIST_HEAD(&d->files);
	snprintf(d->path, sizeof(d->path), "%s%s%s", in ? in->path : "", in ? "/" : "", name);
	atomic_inc(&k->live);
	kobject_init(&d->kobj, &type);
	d->kobj.kset = k->set;
	ret = kobject_add(&d->kobj, in ? &in->kobj : NULL, "%s", name);
	if (ret) {
		kobject_put(&d->kobj);
		return ret;
	}
	list_add(&d->entry, &k->dirs);
	ret = mpt_sysfs_list(k->tree, d->path, add_name, d);
	if (ret)
		remove_dir(d);
	return ret;
}

static int add_name(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	struct dir *d = arg;

	return st->directory ? add_dir(d->k, d, name) : add_file(d, name, st->mode);
}

static struct dir *find(struct mpt_kobjects *k, const char *path)
{
	struct dir *d;

	list_for_each_entry(d, &k->dirs, entry)
		if (!strcmp(d->path, path))
			return d;
	return NULL;
}

/* --- the root --- */

/* A VM whose directory cannot be made loses its instance: what is not shown cannot be destroyed. */
static void give_up(struct mpt_kobjects *k, const char *name)
{
	char text[16];

	if (strncmp(name, "vm", 2))
		return;
	snprintf(text, sizeof(text), "-%s", name + 2);
	mpt_sysfs_echo(k->tree, CREATE, text);
}

struct follow {
	struct mpt_kobjects *k;
	int err;
};

static int add_to_root(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	struct follow *f = arg;
	int ret;

	if (find(f->k, name))
		return 0;
	ret = st->directory ? add_dir(f->k, NULL, name) : -EINVAL;
	if (ret)
		give_up(f->k, name);
	f->err = f->err ? f->err : ret;
	return 0;
}

/* k->lock is held. */
static int follow(struct mpt_kobjects *k)
{
	struct follow f = { .k = k };
	struct mpt_sysfs_stat st;
	struct dir *d, *next;
	int ret;

	list_for_each_entry_safe(d, next, &k->dirs, entry)
		if (!strncmp(d->path, "vm", 2) && mpt_sysfs_stat(k->tree, d->path, &st))
			remove_dir(d);
	ret = mpt_sysfs_list(k->tree, "", add_to_root, &f);
	return ret ? ret : f.err;
}

int mpt_kobjects_follow(struct mpt_kobjects *k)
{
	int ret;

	mutex_lock(&k->lock);
	ret = k->closing ? -ENODEV : follow(k);
	mutex_unlock(&k->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(mpt_kobjects_follow);

/* --- uevents --- */

static void set_control(struct mpt_kobjects *k, struct kobject *kobj)
{
	spin_lock(&k->events);
	k->control = kobj;
	spin_unlock(&k->events);
}

/* Of the directory "control"; a DRM node, which others are sent by, is nobody's here. */
static void uevent(void *arg, const struct mpt_uevent *event)
{
	struct mpt_kobjects *k = arg;
	struct kobject *control;

	if (strcmp(event->object, CONTROL))
		return;
	spin_lock(&k->events);
	control = kobject_get(k->control);
	spin_unlock(&k->events);
	if (control)
		kobject_uevent_env(control, KOBJ_ADD, (char **)event->env);
	kobject_put(control);
}

/* --- life --- */

static void remove_all(struct mpt_kobjects *k)
{
	mutex_lock(&k->lock);
	k->closing = true;
	mutex_unlock(&k->lock);
	set_control(k, NULL);
	/* Without the lock: who waits for it in a file is waited for. */
	while (!list_empty(&k->dirs))
		remove_dir(list_first_entry(&k->dirs, struct dir, entry));
	kset_unregister(k->set);
	put_live(k);
	wait_for_completion(&k->gone);
}

static struct mpt_kobjects *alloc(void)
{
	struct mpt_kobjects *k = kzalloc(sizeof(*k), GFP_KERNEL);

	if (!k)
		return NULL;
	mutex_init(&k->lock);
	spin_lock_init(&k->events);
	INIT_LIST_HEAD(&k->dirs);
	init_completion(&k->gone);
	atomic_set(&k->live, 1);
	return k;
}

/* Files can be written to as soon as they are there. */
static int show_all(struct mpt_kobjects *k, const char *name)
{
	struct dir *control;
	int ret;

	k->set = kset_create_and_add(name, NULL, kernel_kobj);
	if (!k->set)
		return -ENOMEM;
	mutex_lock(&k->lock);
	ret = follow(k);
	control = ret ? NULL : find(k, CONTROL);
	set_control(k, control ? &control->kobj : NULL);
	mutex_unlock(&k->lock);
	if (ret)
		remove_all(k);
	return ret;
}

int mpt_kobjects_new(struct mpt_host *host, const struct mpt_sysfs_config *config,
		     const char *name, struct mpt_kobjects **out)
{
	struct mpt_sysfs_config c = *config;
	struct mpt_kobjects *k;
	int ret;

	if (c.uevent)
		return -EINVAL;
	k = alloc();
	if (!k)
		return -ENOMEM;
	c.uevent = uevent;
	c.uevent_arg = k;
	ret = mpt_sysfs_new(host, &c, &k->tree);
	if (ret)
		goto err_free;
	ret = show_all(k, name);
	if (ret)
		goto err_tree;
	*out = k;
	return 0;
err_tree:
	mpt_sysfs_free(k->tree);
err_free:
	kfree(k);
	return ret;
}
EXPORT_SYMBOL_GPL(mpt_kobjects_new);

int mpt_kobjects_free(struct mpt_kobjects *k)
{
	int ret;

	remove_all(k);
	ret = mpt_sysfs_free(k->tree);
	kfree(k);
	return ret;
}
EXPORT_SYMBOL_GPL(mpt_kobjects_free);

struct mpt_sysfs *mpt_kobjects_tree(struct mpt_kobjects *k)
{
	return k->tree;
}
EXPORT_SYMBOL_GPL(mpt_kobjects_tree);
