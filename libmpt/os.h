/* SPDX-License-Identifier: MIT */
/*
 * The only door to libc, locks, threads' data and RAM for sources that are also built into a
 * kernel (ops.def's users, the check layer, the sysfs table, the mock). User-space side; a kernel
 * build brings its own header of this name.
 */
#ifndef LIBMPT_OS_H
#define LIBMPT_OS_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libmpt/os_common.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* A sleeping lock; a static one begins as OS_MUTEX_INIT(itself). */
struct os_mutex {
	pthread_mutex_t m;
};

#define OS_MUTEX_INIT(lock) { PTHREAD_MUTEX_INITIALIZER }

static inline void os_mutex_init(struct os_mutex *m)
{
	pthread_mutex_init(&m->m, NULL);
}

static inline void os_mutex_destroy(struct os_mutex *m)
{
	pthread_mutex_destroy(&m->m);
}

static inline void os_mutex_lock(struct os_mutex *m)
{
	pthread_mutex_lock(&m->m);
}

static inline void os_mutex_unlock(struct os_mutex *m)
{
	pthread_mutex_unlock(&m->m);
}

/* A thread's own object, zero at its start: NAME_mine() points to the calling thread's. */
#define OS_THREAD_LOCAL(type, name)                                                   \
	static __thread __attribute__((tls_model("initial-exec"))) type name##_here; \
	static inline type *name##_mine(void)                                         \
	{                                                                             \
		return &name##_here;                                                  \
	}

/* A full barrier. ThreadSanitizer has no model of a bare fence, but of a locked instruction. */
static inline void os_full_fence(void)
{
#if defined(__SANITIZE_THREAD__)
	static int fence;

	__atomic_fetch_add(&fence, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * More than a word of memory that a guest may use at the same time, which is the guest's affair: it
 * finds some of the old and some of the new. ThreadSanitizer, which would call that a race of ours,
 * is not shown it.
 */
#if defined(__SANITIZE_THREAD__)
static __attribute__((noinline, unused, no_sanitize("thread"))) void
os_guest_copy(void *to, const void *from, size_t len)
{
	const volatile u8 *f = from;
	volatile u8 *t = to;

	while (len--)
		*t++ = *f++;
}
#else
#define os_guest_copy memcpy
#endif

/* The thread's errno of libc, which a kernel has not: kept over what may change it. */
#define os_errno_save() (errno)
#define os_errno_restore(saved) ((void)(errno = (saved)))

#define os_all_barrier_cheap mpt_os_all_barrier_cheap
#define os_all_barrier mpt_os_all_barrier
#define os_at_thread_exit mpt_os_at_thread_exit

/*
 * Every thread passes a full barrier between the call and its return. Where that is not cheap to
 * be had (it is membarrier(2)'s), the caller fences, and so must every thread for itself.
 */
bool os_all_barrier_cheap(void);
void os_all_barrier(void);

/* One function for the whole process, called as the calling thread ends; its first use. */
void os_at_thread_exit(void (*fn)(void *arg), void *arg);

#endif
