/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the contract's sources keep by thread, here by task: its last sentence, the host and the VM
 * that it means, its read sections; and who waits for those (what libmpt/rcu.c is elsewhere).
 *
 * No module is told when a task ends. So each entry holds a reference to its task, which keeps the
 * pointer from meaning another one, and entries of dead tasks are swept when a new task comes. Only
 * a task itself uses its entry, so looking it up takes no lock.
 */
#include <linux/hashtable.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "libmpt/internal.h"
#include "thread.h"

#define RESERVE 64

struct entry {
	struct hlist_node node;
	struct task_struct *task;
	struct rcu_head rcu;
	struct mpt_reader reader;
	u64 own[OS_TASK_BYTES / sizeof(u64)];
};

unsigned long mpt_rcu_epoch = MPT_READER_INSIDE;

static DEFINE_HASHTABLE(entries, 8);
static DEFINE_SPINLOCK(lock); /* changes of entries; reserve */
static struct entry reserve[RESERVE]; /* for when there is no memory */
static DEFINE_MUTEX(writers);

static bool is_reserve(const struct entry *e)
{
	return e >= reserve && e < reserve + RESERVE;
}

static struct entry *find(void)
{
	struct entry *e, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(entries, e, node, (unsigned long)current)
		if (e->task == current) {
			found = e;
			break;
		}
	rcu_read_unlock();
	return found;
}

/* The lock is held. Who walks the table now may still stand on an entry that goes. */
static void sweep(bool all)
{
	struct hlist_node *next;
	struct entry *e;
	int i;

	hash_for_each_safe(entries, i, next, e, node) {
		if (!all && pid_alive(e->task))
			continue;
		hash_del_rcu(&e->node);
		put_task_struct(e->task);
		if (!is_reserve(e))
			kfree_rcu(e, rcu);
		else
			e->task = NULL;
	}
}

/* Of the reserve, one that nobody has; the lock is held. */
static struct entry *from_reserve(void)
{
	unsigned int i;

	for (i = 0; i < RESERVE; i++)
		if (!reserve[i].task) {
			memset(&reserve[i], 0, sizeof(reserve[i]));
			return &reserve[i];
		}
	return NULL;
}

/* May be called where nothing may sleep. */
static struct entry *add(void)
{
	struct entry *e = kzalloc(sizeof(*e), GFP_NOWAIT | __GFP_NOWARN);
	unsigned long flags;

	for (;;) {
		spin_lock_irqsave(&lock, flags);
		sweep(false);
		e = e ? e : from_reserve();
		if (e)
			break;
		spin_unlock_irqrestore(&lock, flags);
		cpu_relax();
	}
	e->task = get_task_struct(current);
	e->reader.state = MPT_READER_FENCED;
	e->reader.epoch = MPT_READER_FENCED;
	hash_add_rcu(entries, &e->node, (unsigned long)current);
	spin_unlock_irqrestore(&lock, flags);
	return e;
}

static struct entry *mine(void)
{
	struct entry *e = find();

	return likely(e) ? e : add();
}

void mpt_threads_exit(void)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	sweep(true);
	spin_unlock_irqrestore(&lock, flags);
	rcu_barrier();
}

/* --- a task's own objects: each kind has a place in own[], given at its first use --- */

void *mpt_os_tls(struct os_tls *tls)
{
	static unsigned int given = 1;
	unsigned int at = os_load(&tls->offset), none = 0;

	if (unlikely(!at)) {
		at = os_fetch_add(&given, ALIGN(tls->size, sizeof(u64)));
		if (!os_cas(&tls->offset, &none, at))
			at = none;
	}
	BUG_ON(at - 1 + tls->size > OS_TASK_BYTES);
	return (u8 *)mine()->own + (at - 1);
}

/* --- read sections --- */

struct mpt_reader *mpt_reader_current(void)
{
	return &mine()->reader;
}

void mpt_rcu_enter_slow(void)
{
	smp_mb();
}

void mpt_rcu_barrier(void)
{
	smp_mb();
}

static bool is_inside(const struct mpt_reader *r, unsigned long epoch)
{
	unsigned long e = os_load(&r->epoch);

	return e >= MPT_READER_INSIDE && e < epoch;
}

static bool delivers(const struct mpt_reader *r, const void *obj)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(r->delivering); i++)
		if (os_load(&r->delivering[i]) == obj)
			return true;
	return false;
}

/* Whether a task but this one is inside a section that is older than @epoch, or delivers for @obj. */
static bool somebody(unsigned long epoch, const void *obj)
{
	struct entry *e;
	bool found = false;
	int i;

	rcu_read_lock();
	hash_for_each_rcu(entries, i, e, node)
		if (e->task != current &&
		    (obj ? delivers(&e->reader, obj) : is_inside(&e->reader, epoch)))
			found = true;
	rcu_read_unlock();
	return found;
}

void mpt_rcu_synchronize(void)
{
	unsigned long epoch;

	mutex_lock(&writers);
	epoch = os_load_relaxed(&mpt_rcu_epoch) + 1;
	os_store(&mpt_rcu_epoch, epoch);
	smp_mb();
	while (somebody(epoch, NULL))
		schedule_timeout_uninterruptible(1);
	mutex_unlock(&writers);
}

int mpt_deliver_quiesce(const void *obj)
{
	if (delivers(&mine()->reader, obj))
		return mpt_fail(-EBUSY, NULL,
				"called from inside a guest access to the same object (return from "
				"the emulation callback first)");
	smp_mb();
	while (somebody(0, obj))
		schedule_timeout_uninterruptible(1);
	return 0;
}
