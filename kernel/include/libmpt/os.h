/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The kernel's side of libmpt/os.h: what the contract's sources reach of locks, memory, time and
 * threads. Memory and time are os.c's, what is kept by task is thread.c's.
 */
#ifndef LIBMPT_OS_H
#define LIBMPT_OS_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <stdarg.h>

#include "libmpt/os_common.h"

struct os_mutex {
	struct mutex m;
};

#define OS_MUTEX_INIT(lock) { __MUTEX_INITIALIZER(lock.m) }

static inline void os_mutex_init(struct os_mutex *m)
{
	mutex_init(&m->m);
}

static inline void os_mutex_destroy(struct os_mutex *m)
{
	mutex_destroy(&m->m);
}

static inline void os_mutex_lock(struct os_mutex *m)
{
	mutex_lock(&m->m);
}

static inline void os_mutex_unlock(struct os_mutex *m)
{
	mutex_unlock(&m->m);
}

/* Bytes that a task has for objects of its own, all of them together. */
#define OS_TASK_BYTES 1024

struct os_tls {
	unsigned int offset; /* one more than where they are; 0: not given yet */
	unsigned int size;
};

void *mpt_os_tls(struct os_tls *tls);

#define OS_THREAD_LOCAL(type, name)                                       \
	static struct os_tls name##_tls = { .size = sizeof(type) };       \
	static inline type *name##_mine(void)                             \
	{                                                                 \
		BUILD_BUG_ON(sizeof(type) > OS_TASK_BYTES / 2);           \
		return mpt_os_tls(&name##_tls);                           \
	}

static inline void os_full_fence(void)
{
	smp_mb();
}

#define os_guest_copy memcpy

/* No thread has an errno here. */
#define os_errno_save() 0
#define os_errno_restore(saved) ((void)(saved))

#endif
