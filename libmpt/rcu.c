/* SPDX-License-Identifier: MIT */
/*
 * The writer's side of read sections and deliveries: the list of threads, membarrier(2), waiting.
 * The reader's fast path is in <mpt/rcu.h>.
 */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libmpt/internal.h"

unsigned long mpt_rcu_epoch __attribute__((aligned(64))) = MPT_READER_INSIDE;
__thread struct mpt_reader mpt_reader_self __attribute__((tls_model("initial-exec"), aligned(64)));

static struct os_mutex readers_lock = OS_MUTEX_INIT;
static struct mpt_reader *readers; /* readers_lock */
static pthread_once_t readers_once = PTHREAD_ONCE_INIT;
static pthread_key_t readers_key;
static bool have_membarrier;

static int membarrier(int cmd)
{
	return (int)syscall(SYS_membarrier, cmd, 0, 0);
}

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

static void readers_setup(void)
{
	pthread_key_create(&readers_key, reader_exit);
	have_membarrier = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

static void reader_register(struct mpt_reader *r)
{
	pthread_once(&readers_once, readers_setup);
	os_mutex_lock(&readers_lock);
	r->next = readers;
	readers = r;
	r->state = have_membarrier ? MPT_READER_READY : MPT_READER_FENCED;
	os_mutex_unlock(&readers_lock);
	pthread_setspecific(readers_key, r);
}

/* Without membarrier(2) each entry pays a full fence instead; both pair with full_barrier(). */
void mpt_rcu_enter_slow(void)
{
	if (mpt_reader_self.state == MPT_READER_UNKNOWN)
		reader_register(&mpt_reader_self);
	os_full_fence();
}

/* Every thread of the process passes a full barrier between now and the return. */
static void full_barrier(void)
{
	os_full_fence();
	if (!have_membarrier || !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		return;
	/* A child of fork() may have to register anew. */
	membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

void mpt_rcu_barrier(void)
{
	pthread_once(&readers_once, readers_setup);
	full_barrier();
}

void mpt_rcu_synchronize(void)
{
	struct mpt_reader *r;
	unsigned long epoch, e;

	pthread_once(&readers_once, readers_setup);
	/* The lock also keeps exiting threads in the list while it is walked. */
	os_mutex_lock(&readers_lock);
	epoch = os_load_relaxed(&mpt_rcu_epoch) + 1;
	os_store(&mpt_rcu_epoch, epoch);
	full_barrier();
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
