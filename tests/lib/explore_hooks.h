/* SPDX-License-Identifier: MIT */
/*
 * Put in front of a source (-include), this makes its locks, waits and atomics known to the race
 * explorer. Outside of a run they do what they always do. The sources themselves know nothing of
 * it, and neither does any other build of them.
 */
#ifndef MPT_TESTS_EXPLORE_HOOKS_H
#define MPT_TESTS_EXPLORE_HOOKS_H

/* Not <unistd.h>: sources have functions of their own that are called like some of it. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "explore.h"

int explore_mutex_lock(struct explore_site *site, pthread_mutex_t *m);
int explore_mutex_trylock(struct explore_site *site, pthread_mutex_t *m);
int explore_mutex_unlock(struct explore_site *site, pthread_mutex_t *m);
int explore_cond_wait(struct explore_site *site, pthread_cond_t *c, pthread_mutex_t *m);
int explore_cond_wake(struct explore_site *site, pthread_cond_t *c, bool all);
int explore_yield(struct explore_site *site);
/*
 * Waiting is by address: futex(2). Of membarrier(2) nothing is needed, one thread runs at a time.
 * No site: the name also stands in the header that declares it.
 */
long explore_syscall(long nr, ...);
/* What a thread of a run frees is poisoned, and really freed after the run. */
void explore_free(void *p);
int explore_munmap(void *p, size_t len);
/* @old: what was in a word that now is not 0: if it was 0, the thread has taken a lock. */
void explore_word(struct explore_site *site, const volatile void *p, unsigned long old);
/* The word is 0 again: if that was a lock, it is nobody's. */
void explore_gave(const volatile void *lock);

#define EXPLORE_SITE(kind)                                                                 \
	({                                                                                 \
		static struct explore_site explore_site_ = { __FILE__, __func__, __LINE__, \
							     kind, 0 };                    \
		&explore_site_;                                                            \
	})
#define EXPLORE_ORDER(order, kind) ((order) == __ATOMIC_RELAXED ? EXPLORE_RELAXED : (kind))
#define EXPLORE_AT(p, order) \
	((__typeof__(p))explore_at(EXPLORE_SITE(EXPLORE_ORDER(order, EXPLORE_ATOMIC)), (p)))

#ifndef EXPLORE_INSIDE
#define pthread_mutex_lock(m) explore_mutex_lock(EXPLORE_SITE(EXPLORE_LOCK), m)
#define pthread_mutex_trylock(m) explore_mutex_trylock(EXPLORE_SITE(EXPLORE_LOCK), m)
#define pthread_mutex_unlock(m) explore_mutex_unlock(EXPLORE_SITE(EXPLORE_LOCK), m)
#define pthread_cond_wait(c, m) explore_cond_wait(EXPLORE_SITE(EXPLORE_LOCK), c, m)
#define pthread_cond_signal(c) explore_cond_wake(EXPLORE_SITE(EXPLORE_LOCK), c, false)
#define pthread_cond_broadcast(c) explore_cond_wake(EXPLORE_SITE(EXPLORE_LOCK), c, true)
#define sched_yield() explore_yield(EXPLORE_SITE(EXPLORE_LOCK))
#define syscall explore_syscall
#define free(p) explore_free(p)
#define munmap(p, len) explore_munmap(p, len)

/* In its own expansion a macro's name is the compiler's builtin again. */
#define __atomic_load_n(p, order)                                                                  \
	({                                                                                         \
		__auto_type explore_v_ = __atomic_load_n(EXPLORE_AT(p, order), order);             \
		if ((order) != __ATOMIC_RELAXED)                                                   \
			explore_at(EXPLORE_SITE(EXPLORE_LOADED), NULL);                            \
		explore_v_;                                                                        \
	})
#define __atomic_store_n(p, v, order)                                                              \
	({                                                                                         \
		__auto_type explore_p_ = EXPLORE_AT(p, order);                                     \
		__typeof__(*explore_p_) explore_v_ = (v);                                          \
		__atomic_store_n(explore_p_, explore_v_, order);                                   \
		if (!explore_v_)                                                                   \
			explore_gave(explore_p_);                                                  \
	})
#define __atomic_exchange_n(p, v, order)                                                           \
	({                                                                                         \
		__auto_type explore_p_ = EXPLORE_AT(p, __ATOMIC_SEQ_CST);                          \
		__auto_type explore_v_ = __atomic_exchange_n(explore_p_, v, order);                \
		explore_word(EXPLORE_SITE(EXPLORE_ATOMIC), explore_p_, (unsigned long)explore_v_); \
		explore_v_;                                                                        \
	})
#define __atomic_compare_exchange_n(p, old, v, weak, order, fail) \
	__atomic_compare_exchange_n(EXPLORE_AT(p, __ATOMIC_SEQ_CST), old, v, weak, order, fail)
#define __atomic_fetch_add(p, v, order) \
	__atomic_fetch_add(EXPLORE_AT(p, __ATOMIC_SEQ_CST), v, order)
#define __atomic_fetch_sub(p, v, order) \
	__atomic_fetch_sub(EXPLORE_AT(p, __ATOMIC_SEQ_CST), v, order)
#define __atomic_fetch_or(p, v, order) \
	__atomic_fetch_or(EXPLORE_AT(p, __ATOMIC_SEQ_CST), v, order)
#define __atomic_fetch_and(p, v, order) \
	__atomic_fetch_and(EXPLORE_AT(p, __ATOMIC_SEQ_CST), v, order)
#endif

#endif
