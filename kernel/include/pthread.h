/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <pthread.h> for the clauses in a kernel: threads are kernel threads. */
#ifndef MPT_KERNEL_PTHREAD_H
#define MPT_KERNEL_PTHREAD_H

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/slab.h>

typedef struct mutex pthread_mutex_t;

#define pthread_mutex_init(m, attr) mutex_init(m)
#define pthread_mutex_destroy(m) mutex_destroy(m)
#define pthread_mutex_lock(m) mutex_lock(m)
#define pthread_mutex_unlock(m) mutex_unlock(m)

struct mpt_kthread {
	struct completion done;
	void *(*fn)(void *arg);
	void *arg;
};

typedef struct mpt_kthread *pthread_t;

static inline int mpt_kthread_main(void *t_)
{
	struct mpt_kthread *t = t_;

	t->fn(t->arg);
	complete(&t->done);
	return 0;
}

static inline int mpt_kthread_create(pthread_t *out, void *(*fn)(void *arg), void *arg)
{
	struct mpt_kthread *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	init_completion(&t->done);
	t->fn = fn;
	t->arg = arg;
	if (IS_ERR(kthread_run(mpt_kthread_main, t, "mpt-clause"))) {
		kfree(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

static inline void mpt_kthread_join(pthread_t t)
{
	wait_for_completion(&t->done);
	kfree(t);
}

#define pthread_create(t, attr, fn, arg) mpt_kthread_create((t), (fn), (arg))
#define pthread_join(t, ret) mpt_kthread_join(t)

#endif
