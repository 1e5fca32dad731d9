/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The sysfs tree of a host as a kernel shows it: each directory of <mpt/sysfs.h> is a kobject, each
 * file an attribute, below /sys/kernel.
 */
#ifndef MPT_KERNEL_KOBJECTS_H
#define MPT_KERNEL_KOBJECTS_H

#include <mpt/sysfs.h>

struct mpt_kobjects;

/*
 * Makes the tree of a host and shows it as /sys/kernel/NAME. Whoever loads this module's user may
 * unload it as soon as mpt_kobjects_free() has returned.
 * @config: as mpt_sysfs_new() takes it, without a listener: uevents are sent by the kobjects
 * @out: untouched on failure
 * Return: 0, what mpt_sysfs_new() answers, -EINVAL (a listener), -ENOMEM (that the name is
 * taken, too); then nothing is left. Context: sleeps.
 */
int mpt_kobjects_new(struct mpt_host *host, const struct mpt_sysfs_config *config,
		     const char *name, struct mpt_kobjects **out);

/*
 * The reverse. Files that are open stay so and answer -ENODEV.
 * Return: as mpt_sysfs_free(); the tree is gone all the same. Context: sleeps.
 */
int mpt_kobjects_free(struct mpt_kobjects *k);

/* What is shown; who writes to it other than by the files has it shown by mpt_kobjects_follow(). */
struct mpt_sysfs *mpt_kobjects_tree(struct mpt_kobjects *k);

/*
 * Makes the directories those of the tree. Return: 0, or why one of a VM cannot be shown: that
 * VM's instance is then destroyed. Context: sleeps.
 */
int mpt_kobjects_follow(struct mpt_kobjects *k);

#endif
