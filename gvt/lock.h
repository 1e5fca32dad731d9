/* SPDX-License-Identifier: MIT */
/*
 * The vGPU's lock: a sleeping mutex that costs one locked instruction a pair where pthread's costs
 * two. Every register access takes it, so that is half of what an access costs. Cold locks are
 * pthread mutexes.
 *
 * Giving the lock back is a plain store, then a plain look for waiters; the two may pass each other
 * in the processor. Who waits therefore announces itself and then makes every thread pass a barrier
 * (mpt_rcu_barrier()) before it looks at the lock: either it sees the store, or the owner sees it.
 */
#ifndef GVT_LOCK_H
#define GVT_LOCK_H

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mpt/rcu.h>

struct gvt_lock {
	u32 held; /* 0 or 1; what a waiter sleeps on */
	u32 waiters;
};

static inline void gvt_lock_init(struct gvt_lock *l)
{
	*l = (struct gvt_lock){ 0, 0 };
}

/* For the thread that has the lock: is it held at all? */
static inline bool gvt_lock_held(const struct gvt_lock *l)
{
	return __atomic_load_n(&l->held, __ATOMIC_RELAXED);
}

static inline bool gvt_trylock(struct gvt_lock *l)
{
	return !__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE);
}

static __attribute__((noinline, unused)) void gvt_lock_wait(struct gvt_lock *l)
{
	__atomic_fetch_add(&l->waiters, 1, __ATOMIC_SEQ_CST);
	mpt_rcu_barrier();
	while (!gvt_trylock(l))
		syscall(SYS_futex, &l->held, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	__atomic_fetch_sub(&l->waiters, 1, __ATOMIC_RELAXED);
}

static __attribute__((noinline, unused)) void gvt_lock_wake(struct gvt_lock *l)
{
	syscall(SYS_futex, &l->held, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static inline void gvt_lock(struct gvt_lock *l)
{
	if (__builtin_expect(!gvt_trylock(l), 0))
		gvt_lock_wait(l);
}

static inline void gvt_unlock(struct gvt_lock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	mpt_rcu_fence();
	if (__builtin_expect(__atomic_load_n(&l->waiters, __ATOMIC_RELAXED), 0))
		gvt_lock_wake(l);
}

#endif
