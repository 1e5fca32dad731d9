/* SPDX-License-Identifier: MIT */
/*
 * Read sections that cost two plain stores: what keeps a handle's VM and a RAM region alive
 * while an operation uses them. The writer pays: mpt_rcu_synchronize() makes every running thread
 * pass a barrier (membarrier(2)) and waits for the sections that began before.
 *
 * Here because static-backend builds inline it; a back end that needs the same may use it. A
 * section must not sleep for long and never calls into a core.
 */
#ifndef MPT_RCU_H
#define MPT_RCU_H

#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum mpt_reader_idle - a thread outside any section. Since: 0.1
 * @MPT_READER_UNKNOWN: not registered
 * @MPT_READER_READY: registered
 * @MPT_READER_FENCED: registered, but every entry needs a full fence
 * @MPT_READER_INSIDE: this and all above are epochs
 */
enum mpt_reader_idle {
	MPT_READER_UNKNOWN,
	MPT_READER_READY,
	MPT_READER_FENCED,
	MPT_READER_INSIDE,
};

/**
 * struct mpt_reader - a thread's side of it. Since: 0.1
 * @epoch: inside a section the global epoch at its begin, else one of enum mpt_reader_idle: one
 *	load tells whether the thread is known, outside and may enter cheaply
 * @state: what @epoch is outside a section
 * @next: list of all threads
 * @delivering: objects for which this thread is inside a delivery (mpt_deliver_enter())
 * @depth: deliveries nested
 */
struct mpt_reader {
	unsigned long epoch;
	unsigned int state; /* enum mpt_reader_idle */
	unsigned int depth;
	const void *delivering[4];
	struct mpt_reader *next;
};

/** mpt_rcu_epoch - the global epoch; alone in its cache line. For the inline functions here. */
extern unsigned long mpt_rcu_epoch;
#if defined(__GNUC__)
#ifdef __KERNEL__
/** mpt_reader_current() - the calling task's side. For the inline functions here. Since: 0.1 */
struct mpt_reader *mpt_reader_current(void);
/** mpt_reader_self - the calling task's side. For the inline functions here. */
#define mpt_reader_self (*mpt_reader_current())
#else
/** mpt_reader_self - the calling thread's side. For the inline functions here. */
extern __thread struct mpt_reader mpt_reader_self __attribute__((tls_model("initial-exec")));
#endif

/** mpt_rcu_enter_slow() - first entry of a thread, or no membarrier(2) here. Since: 0.1 */
void mpt_rcu_enter_slow(void);

/** mpt_rcu_enter() - begin a read section; nests. Return: cookie for mpt_rcu_leave(). Since: 0.1 */
static inline unsigned long mpt_rcu_enter(void)
{
	struct mpt_reader *r = &mpt_reader_self;
	unsigned long old = r->epoch;

	if (old >= MPT_READER_INSIDE)
		return old;
	__atomic_store_n(&r->epoch, __atomic_load_n(&mpt_rcu_epoch, __ATOMIC_RELAXED),
			 __ATOMIC_RELEASE);
	/* The writer's membarrier(2) pairs with this: loads below stay below. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(old != MPT_READER_READY, 0)) {
		mpt_rcu_enter_slow();
		return r->state;
	}
	return MPT_READER_READY;
}

/**
 * mpt_rcu_fence() - order the stores above before the loads below, as seen by a thread that calls
 *	mpt_rcu_barrier(). Costs nothing where membarrier(2) is there. Since: 0.1
 */
static inline void mpt_rcu_fence(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(mpt_reader_self.state != MPT_READER_READY, 0))
		mpt_rcu_enter_slow();
}

/** mpt_rcu_leave() - end it. @old: what mpt_rcu_enter() returned. Since: 0.1 */
static inline void mpt_rcu_leave(unsigned long old)
{
	__atomic_store_n(&mpt_reader_self.epoch, old, __ATOMIC_RELEASE);
}
#endif

/**
 * mpt_rcu_synchronize() - wait until every section that began before has ended.
 *
 * Context: sleeps; never from inside a section; no lock held that a section takes. Since: 0.1
 */
void mpt_rcu_synchronize(void);

/**
 * mpt_rcu_barrier() - every thread of the process passes a full barrier between the call and its
 *	return; what mpt_rcu_fence() pairs with. Context: a system call. Since: 0.1
 */
void mpt_rcu_barrier(void);

#if defined(__GNUC__)
/**
 * mpt_deliver_enter() - the calling thread begins to call a core on behalf of @obj.
 * @obj: what mpt_deliver_quiesce() will name
 * Return: true; false when more than 4 are nested (refuse the access). Cheap: plain stores.
 * Since: 0.1
 */
static inline bool mpt_deliver_enter(const void *obj)
{
	struct mpt_reader *r = &mpt_reader_self;

	if (__builtin_expect(r->depth == sizeof(r->delivering) / sizeof(r->delivering[0]), 0))
		return false;
	__atomic_store_n(&r->delivering[r->depth], obj, __ATOMIC_RELEASE);
	r->depth++;
	mpt_rcu_fence();
	return true;
}

/** mpt_deliver_leave() - ends the innermost mpt_deliver_enter(). Since: 0.1 */
static inline void mpt_deliver_leave(void)
{
	struct mpt_reader *r = &mpt_reader_self;

	r->depth--;
	__atomic_store_n(&r->delivering[r->depth], (const void *)NULL, __ATOMIC_RELEASE);
}
#endif

/**
 * mpt_deliver_quiesce() - wait until no other thread delivers for @obj. The caller has made sure
 *	before that new deliveries look at a flag after mpt_deliver_enter() and back out.
 * @obj: what mpt_deliver_enter() named
 *
 * Return: 0, -EBUSY (the calling thread itself is inside one). Context: sleeps. Since: 0.1
 */
int mpt_deliver_quiesce(const void *obj);

#ifdef __cplusplus
}
#endif

#endif
