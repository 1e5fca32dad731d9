/* SPDX-License-Identifier: MIT */
/*
 * What watched sources call in place of locks and waits: in a run the scheduler decides who gets
 * what, elsewhere the real thing is done. Atomics are in explore_hooks.h.
 */
#define EXPLORE_INSIDE
#include "explore_hooks.h"
#include "explore_int.h"

#include <linux/futex.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The real lock is taken, too: what is not watched sees it. Nobody waits for it, since only the
 * thread that runs could hold it up.
 */
int explore_mutex_lock(struct explore_site *site, pthread_mutex_t *m)
{
	struct explore_thread *t = explore_self();

	if (!t)
		return pthread_mutex_lock(m);
	explore_at(site, m);
	while (pthread_mutex_trylock(m))
		explore_block(t, WHY_MUTEX, m, site);
	explore_took(site, m);
	return 0;
}

int explore_mutex_trylock(struct explore_site *site, pthread_mutex_t *m)
{
	int ret;

	explore_at(site, m);
	ret = pthread_mutex_trylock(m);
	if (!ret)
		explore_took(site, m);
	return ret;
}

static void unlock(pthread_mutex_t *m)
{
	explore_gave(m);
	pthread_mutex_unlock(m);
	explore_wake(m, true);
}

int explore_mutex_unlock(struct explore_site *site, pthread_mutex_t *m)
{
	if (!explore_self())
		return pthread_mutex_unlock(m);
	explore_mem_check(site, m);
	unlock(m);
	/* The lock may be gone by now. */
	explore_at(site, NULL);
	return 0;
}

int explore_cond_wait(struct explore_site *site, pthread_cond_t *c, pthread_mutex_t *m)
{
	struct explore_thread *t = explore_self();

	if (!t)
		return pthread_cond_wait(c, m);
	explore_at(site, c);
	unlock(m);
	explore_block(t, WHY_COND, c, site);
	while (pthread_mutex_trylock(m))
		explore_block(t, WHY_MUTEX, m, site);
	explore_took(site, m);
	return 0;
}

int explore_cond_wake(struct explore_site *site, pthread_cond_t *c, bool all)
{
	if (!explore_self())
		return all ? pthread_cond_broadcast(c) : pthread_cond_signal(c);
	explore_at(site, c);
	explore_wake(c, all);
	return 0;
}

int explore_yield(struct explore_site *site)
{
	struct explore_thread *t = explore_self();

	if (!t)
		return sched_yield();
	explore_block(t, WHY_YIELD, NULL, site);
	return 0;
}

static long futex(struct explore_thread *t, uint32_t *word, int op, uint32_t val)
{
	static struct explore_site wait = { "futex", "wait", 2, EXPLORE_LOCK, 0 };
	static struct explore_site wake = { "futex", "wake", 2, EXPLORE_LOCK, 0 };

	if ((op & FUTEX_CMD_MASK) == FUTEX_WAKE) {
		explore_at(&wake, word);
		explore_wake(word, true);
		return 0;
	}
	explore_at(&wait, word);
	if (*(volatile uint32_t *)word == val)
		explore_block(t, WHY_FUTEX, word, &wait);
	return 0;
}

long explore_syscall(long nr, ...)
{
	static struct explore_site barrier = { "membarrier", "barrier", 2, EXPLORE_LOCK, 0 };
	struct explore_thread *t = explore_self();
	long a[6];
	va_list ap;
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (t && nr == SYS_futex)
		return futex(t, (uint32_t *)a[0], (int)a[1], (uint32_t)a[2]);
	if (explore_ctx && nr == SYS_membarrier) {
		explore_at(&barrier, NULL);
		return 0;
	}
	return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

void explore_word(struct explore_site *site, const volatile void *p, unsigned long old)
{
	if (!old)
		explore_took(site, p);
}
