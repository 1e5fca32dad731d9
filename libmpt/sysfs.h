/* SPDX-License-Identifier: MIT */
/*
 * What the files of the sysfs tree share: the tree, its instances (a VM with its vGPU), nodes. The
 * public face is <mpt/sysfs.h>.
 *
 * Lock order: tree.control, then instance.lock, then what the core and the back end hold; then the
 * host's uevent_lock. tree.lock and file.lock: under tree.lock nothing is taken; file.lock is taken
 * before instance.lock, and not by who has tree.control.
 */
#ifndef LIBMPT_SYSFS_H
#define LIBMPT_SYSFS_H

#include <mpt/sysfs.h>

#include "libmpt/internal.h"

#define SYSFS_VM_MAX 65535U
#define SYSFS_FENCE_MAX 32U

/* A vGPU that was made here. Constant but for what a lock is named for. */
struct sysfs_instance {
	unsigned int vmid;
	struct mpt_vm *vm;
	bool made; /* the VM was made for it */
	int id;	   /* the vGPU's */
	struct os_mutex lock;
	struct intel_vgpu *vgpu; /* lock; NULL: it has gone */
	unsigned int refs;	 /* tree->lock; the list's, and one for each node that is held */
	struct sysfs_instance *next;
};

struct mpt_sysfs {
	struct mpt_host *host;
	struct mpt_sysfs_core core;
	unsigned int flags;
	u64 vm_memory;
	struct os_mutex control; /* creation and deletion, one at a time */
	struct os_mutex lock;	 /* what follows */
	struct sysfs_instance *instances; /* by ascending vmid */
	struct mpt_sysfs_file *files;
};

struct sysfs_attr;

/* What a path has led to. */
struct sysfs_node {
	struct mpt_sysfs *tree;
	const struct sysfs_attr *attr;
	struct sysfs_instance *inst; /* held; NULL: not below a VM's directory */
	struct mpt_sysfs_type type;  /* below a type's */
	unsigned int index;	     /* of it */
};

/* One row of the table. A directory has neither @show nor @store. */
struct sysfs_attr {
	const char *path; /* a "*" ends a name that stands for many: vm*, types/ and a star */
	unsigned int mode;
	/* MPT_SYSFS_PAGE bytes at @buf. Return: how many are used, or an error. */
	long (*show)(const struct sysfs_node *node, char *buf);
	int (*store)(struct mpt_sysfs *tree, const char *buf, size_t len);
};

#define SYSFS_DIRECTORY 0755U

static inline bool sysfs_is_directory(const struct sysfs_attr *attr)
{
	return !attr->show && !attr->store;
}

/* --- sysfs_table.c --- */
extern const struct sysfs_attr mpt_sysfs_table[];
extern const unsigned int mpt_sysfs_rows;

/* --- sysfs_path.c --- */
/* 0: @node is filled, to be put back; -ENOENT. */
int mpt_sysfs_lookup(struct mpt_sysfs *tree, const char *path, struct sysfs_node *node);
void mpt_sysfs_node_put(struct sysfs_node *node);

/* --- sysfs_grammar.c: what create_gvt_instance is told; no state --- */
struct sysfs_command {
	bool remove;
	u64 vmid;
	struct mpt_sysfs_sizes sizes; /* of a creation */
};
/* 0, -EINVAL. Sizes are not 0 and fit in 64 bits; vmid is not 0, a creation's is in range. */
int mpt_sysfs_parse(const char *buf, size_t len, struct sysfs_command *cmd);
int mpt_sysfs_parse_acrn(const char *buf, size_t len, struct sysfs_command *cmd);

/* --- sysfs_instance.c --- */
/* The first one of a VM >= @vmid, held; NULL: none. */
struct sysfs_instance *mpt_sysfs_instance_from(struct mpt_sysfs *tree, unsigned int vmid);
void mpt_sysfs_instance_put(struct mpt_sysfs *tree, struct sysfs_instance *inst);
/* tree->control is taken. */
int mpt_sysfs_store_instance(struct mpt_sysfs *tree, const char *buf, size_t len);
int mpt_sysfs_remove_all(struct mpt_sysfs *tree);

/* --- sysfs_event.c --- */
/* Who listens on a host; NULL: nobody. When it returns, nobody is being told any more. */
void mpt_uevent_listen(struct mpt_host *host, mpt_uevent_fn fn, void *arg);
/* The outermost dom0_ready of every host. */
int mpt_uevent_dom0_ready(void);

#endif
