/* SPDX-License-Identifier: MIT */
/*
 * A sysfs tree over a device on a host, as the suites of the tree need it: uevents are kept, and in
 * the end nothing is left. No assertions about the tree's behaviour.
 */
#ifndef MPT_TESTS_SYSFS_RIG_H
#define MPT_TESTS_SYSFS_RIG_H

#include <pthread.h>
#include <stdio.h>

#include <gvt/gvt.h>
#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/sysfs.h>
#include <mpt/testbed.h>

#include "lib/runner.h"
#include "specs.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MIB (1ULL << 20)
#define CREATE "control/create_gvt_instance"

/* Moved by specs_built(). */
static const char *tree_specs[] __attribute__((unused)) = { "check,mock", "check,acrn-sim",
							     "check,vfio-user",
							     "check,kvm-stub" };

struct tree {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_sysfs *fs;
	struct mpt_sysfs_core core;
	char events[1024]; /* "object:ENV,ENV;" of each */
	pthread_mutex_t lock; /* events */
};

#define tree_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

static inline void tree_event(void *arg, const struct mpt_uevent *e)
{
	struct tree *t = arg;
	const char *const *env;
	size_t n;

	pthread_mutex_lock(&t->lock);
	n = strlen(t->events);
	n += (size_t)snprintf(t->events + n, sizeof(t->events) - n, "%s %s:", e->action, e->object);
	for (env = e->env; *env && n < sizeof(t->events); env++)
		n += (size_t)snprintf(t->events + n, sizeof(t->events) - n, "%s,", *env);
	if (n < sizeof(t->events))
		snprintf(t->events + n, sizeof(t->events) - n, ";");
	pthread_mutex_unlock(&t->lock);
}

static inline struct mpt_sysfs_config tree_config(struct tree *t)
{
	return (struct mpt_sysfs_config){
		.size = sizeof(struct mpt_sysfs_config),
		.core = &t->core,
		.uevent = tree_event,
		.uevent_arg = t,
	};
}

/* A device of 1 GiB, no tree yet. */
static inline void tree_device(struct tree *t, const char *spec)
{
	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	tree_ok(mpt_host_open(spec, &t->host));
	tree_ok(gvt_open(t->host, NULL, &t->gvt));
	gvt_sysfs_core(t->gvt, &t->core);
}

static inline void tree_open(struct tree *t, const char *spec, unsigned int flags)
{
	struct mpt_sysfs_config c;

	tree_device(t, spec);
	c = tree_config(t);
	c.flags = flags;
	tree_ok(mpt_sysfs_new(t->host, &c, &t->fs));
}

static inline void tree_ledger_empty(struct tree *t)
{
	struct mpt_ledger ledger;
	unsigned int kind;

	if (mpt_ledger_get(t->host, &ledger))
		return;
	for (kind = 0; kind < MPT_LEDGER_KINDS; kind++)
		ck_assert_msg(!ledger.live[kind], "%s is left", mpt_ledger_kind_name(kind));
	ck_assert_msg(!ledger.violations && !ledger.left, "%s", mpt_ledger_violation(t->host, 0));
}

static inline void tree_close(struct tree *t)
{
	tree_ok(mpt_sysfs_free(t->fs));
	tree_ledger_empty(t);
	tree_ok(gvt_close(t->gvt));
	tree_ok(mpt_host_close(t->host));
	pthread_mutex_destroy(&t->lock);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static inline int tree_echo(struct tree *t, const char *text)
{
	return mpt_sysfs_echo(t->fs, CREATE, text);
}

/* The contents of a file, as a string. */
static inline const char *tree_cat(struct tree *t, const char *path)
{
	static char buf[MPT_SYSFS_PAGE + 1];
	long n = mpt_sysfs_cat(t->fs, path, buf, sizeof(buf));

	ck_assert_msg(n >= 0, "%s: %s", path, mpt_last_error());
	ck_assert_uint_eq((size_t)n, strlen(buf));
	return buf;
}

static inline bool tree_has(struct tree *t, const char *path)
{
	struct mpt_sysfs_stat st;
	int ret = mpt_sysfs_stat(t->fs, path, &st);

	ck_assert(ret == 0 || ret == -ENOENT);
	return !ret;
}

static inline bool tree_has_vm(struct tree *t, unsigned int id)
{
	struct mpt_vm *vm;

	if (mpt_vm_get(t->host, id, &vm))
		return false;
	mpt_vm_put(vm);
	return true;
}

#endif
