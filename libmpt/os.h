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

#include <mpt/alloc.h>
#include <mpt/types.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#define OS_LIKELY(x) __builtin_expect(!!(x), 1)
#define OS_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define OS_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define OS_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

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

/*
 * Counters that one thread at a time usually moves: a relaxed read and write, no locked
 * instruction. A lost count under contention is accepted where this is used, and said there.
 */
#define os_count(p) os_store_relaxed((p), os_load_relaxed(p) + 1)

/**
 * struct os_ram - guest RAM that may be shared as a file descriptor.
 * @addr: where it is mapped, page aligned
 * @size: bytes
 * @fd: of the memory file, -1 if the platform has none
 */
struct os_ram {
	void *addr;
	size_t size;
	int fd;
};

/* The thread's errno of libc, which a kernel has not: kept over what may change it. */
#define os_errno_save() (errno)
#define os_errno_restore(saved) ((void)(errno = (saved)))

/* Functions of ours that are global names in a static archive carry our prefix. */
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
#define os_all_barrier_cheap mpt_os_all_barrier_cheap
#define os_all_barrier mpt_os_all_barrier
#define os_at_thread_exit mpt_os_at_thread_exit

/* Where alloc.c takes memory from; only it calls these. All is zero; pages come when touched. */
void *os_mem_zalloc(size_t size);
void os_mem_free(void *ptr);
void *os_pages_map(size_t size);
void os_pages_clear(void *ptr, size_t size);
void os_pages_unmap(void *ptr, size_t size);
int os_ram_map(struct os_ram *ram, size_t size);
void os_ram_unmap(struct os_ram *ram);
int os_event_open(void);
void os_event_close(int fd);

/* 0, -ENOMEM. Contents zero; pages come when touched. Counts as an allocation for Fail-N. */
int os_ram_alloc(struct os_ram *ram, size_t size);
void os_ram_free(struct os_ram *ram);

/* An eventfd that never blocks: fd or -ENOMEM. */
int os_event_new(void);
void os_event_signal(int fd);
void os_event_free(int fd);

u64 os_now_ns(void);
void os_yield(void);

/*
 * Every thread passes a full barrier between the call and its return. Where that is not cheap to
 * be had (it is membarrier(2)'s), the caller fences, and so must every thread for itself.
 */
bool os_all_barrier_cheap(void);
void os_all_barrier(void);

/* One function for the whole process, called as the calling thread ends; its first use. */
void os_at_thread_exit(void (*fn)(void *arg), void *arg);

/* Names a place in code: "function+0x12 (file)", or "file+0x1234" where no name is known. */
void os_symbol(const void *where, char *buf, size_t len);

#endif
