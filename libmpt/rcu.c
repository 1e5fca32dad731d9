/* SPDX-License-Identifier: MIT */
/*
 * The writer's side of read sections and deliveries: the list of threads, membarrier(2), waiting.
 * The reader's fast path is in <mpt/rcu.h>.
 */
#include "libmpt/internal.h"

unsigned long mpt_rcu_epoch __attribute__((aligned(64))) = MPT_READER_INSIDE;
#ifndef mpt_reader_self
__thread struct mpt_reader mpt_reader_self __attribute__((tls_model("initial-exec"), aligned(64)));
#endif

static struct os_mutex readers_lock = OS_MUTEX_INIT(readers_lock);
static struct mpt_reader *readers; /* readers_lock */

static void reader_exit(void *self)
{
	struct mpt_reader **p;

	os_mutex_lock(&readers_lock);
	for (p = &readers; *p; p = &(*p)->next) {
		if (*p == self) {
			*p = (*p)->next;
			break;
		}
	}
	os_mutex_unlock(&readers_lock);
	((struct mpt_reader *)self)->state = MPT_READER_UNKNOWN;
	((struct mpt_reader *)self)->epoch = MPT_READER_UNKNOWN;
}

static void reader_register(struct mpt_reader *r)
{
	bool cheap = os_all_barrier_cheap();

	os_mutex_lock(&readers_lock);
	r->next = readers;
	readers = r;
	r->state = cheap ? MPT_READER_READY : MPT_READER_FENCED;
	os_mutex_unlock(&readers_lock);
	os_at_thread_exit(reader_exit, r);
}

/* Without membarrier(2) each entry pays a full fence instead; both pair with os_all_barrier(). */
void mpt_rcu_enter_slow(void)
{
	if (mpt_reader_self.state == MPT_READER_UNKNOWN)
		reader_register(&mpt_reader_self);
	os_full_fence();
}

void mpt_rcu_barrier(void)
{
	os_all_barrier();
}

void mpt_rcu_synchronize(void)
{
	struct mpt_reader *r;
	unsigned long epoch, e;

	/* The lock also keeps exiting threads in the list while it is walked. */
	os_mutex_lock(&readers_lock);
	epoch = os_load_relaxed(&mpt_rcu_epoch) + 1;
	os_store(&mpt_rcu_epoch, epoch);
	os_all_barrier();
	for (r = readers; r; r = r->next)
		while ((e = os_load(&r->epoch)) >= MPT_READER_INSIDE && e < epoch &&
		       r != &mpt_reader_self)
			os_yield();
	os_mutex_unlock(&readers_lock);
}

static bool reader_delivers(struct mpt_reader *r, const void *obj)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(r->delivering); i++)
		if (os_load(&r->delivering[i]) == obj)
			return true;
	return false;
}

/* One reader that delivers for obj, or NULL. The lock is not kept while waiting for it. */
static struct mpt_reader *find_delivering(const void *obj)
{
	struct mpt_reader *r;

	os_mutex_lock(&readers_lock);
	for (r = readers; r; r = r->next)
		if (r != &mpt_reader_self && reader_delivers(r, obj))
			break;
	os_mutex_unlock(&readers_lock);
	return r;
}

int mpt_deliver_quiesce(const void *obj)
{
	if (reader_delivers(&mpt_reader_self, obj))
		return mpt_fail(-EBUSY, NULL,
				"called from inside a guest access to the same object (return from "
				"the emulation callback first)");
	mpt_rcu_barrier();
	while (find_delivering(obj))
		os_yield();
	return 0;
}
