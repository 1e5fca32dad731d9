/* SPDX-License-Identifier: MIT */
/*
 * What libmpt/os.h is in user space and in a kernel alike: small macros, atomics, the functions and
 * their names. Included by the header of that name of either side, never by itself.
 */
#ifndef LIBMPT_OS_COMMON_H
#define LIBMPT_OS_COMMON_H

#include <mpt/alloc.h>
#include <mpt/types.h>

#define OS_LIKELY(x) __builtin_expect(!!(x), 1)
#define OS_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define OS_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define OS_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

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

/* Names a place in code: "function+0x12 (file)", or "file+0x1234" where no name is known. */
void os_symbol(const void *where, char *buf, size_t len);

#endif
