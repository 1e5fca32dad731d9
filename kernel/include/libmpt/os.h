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

#include <mpt/alloc.h>
#include <mpt/types.h>

#define OS_LIKELY(x) likely(x)
#define OS_UNLIKELY(x) unlikely(x)
#define OS_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define OS_CONTAINER_OF(ptr, type, member) container_of(ptr, type, member)

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

#define os_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define os_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define os_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define os_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define os_fetch_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define os_fetch_or(p, v) __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define os_fetch_and(p, v) __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
#define os_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define os_cas(p, old, v) \
	__atomic_compare_exchange_n((p), (old), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

static inline void os_full_fence(void)
{
	smp_mb();
}

#define os_guest_copy memcpy
#define os_count(p) os_store_relaxed((p), os_load_relaxed(p) + 1)

struct os_ram {
	void *addr;
	size_t size;
	int fd; /* -1: a kernel's RAM is no file */
};

/* No thread has an errno here. */
#define os_errno_save() 0
#define os_errno_restore(saved) ((void)(saved))

#define os_mem_zalloc mpt_os_mem_zalloc
#define os_mem_free mpt_os_mem_free
#define os_pages_map mpt_os_pages_map
#define os_pages_clear mpt_os_pages_clear
#define os_pages_unmap mpt_os_pages_unmap
#define os_ram_map mpt_os_ram_map
#define os_ram_unmap mpt_os_ram_unmap
#define os_event_open mpt_os_event_open
#define os_event_close mpt_os_event_close
#define os_ram_alloc mpt_os_ram_alloc
#define os_ram_free mpt_os_ram_free
#define os_event_new mpt_os_event_new
#define os_event_signal mpt_os_event_signal
#define os_event_free mpt_os_event_free
#define os_now_ns mpt_os_now_ns
#define os_yield mpt_os_yield
#define os_symbol mpt_os_symbol

void *os_mem_zalloc(size_t size);
void os_mem_free(void *ptr);
void *os_pages_map(size_t size);
void os_pages_clear(void *ptr, size_t size);
void os_pages_unmap(void *ptr, size_t size);
int os_ram_map(struct os_ram *ram, size_t size);
void os_ram_unmap(struct os_ram *ram);
int os_event_open(void);
void os_event_close(int fd);

int os_ram_alloc(struct os_ram *ram, size_t size);
void os_ram_free(struct os_ram *ram);
int os_event_new(void);
void os_event_signal(int fd);
void os_event_free(int fd);

u64 os_now_ns(void);
void os_yield(void);
void os_symbol(const void *where, char *buf, size_t len);

#endif
