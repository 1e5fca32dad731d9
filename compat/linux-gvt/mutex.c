/* SPDX-License-Identifier: MIT */
/* The kernel's sleeping locks, on futexes. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * struct mutex begins with a word that is 0 as long as nobody holds it, which is all that the
 * kernel's inline functions look at. Here: 1 held, 2 held and waited for, as futex(7) describes.
 */
static long futex(unsigned int *word, int op, unsigned int value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

void mutex_lock(void *mutex);
void mutex_lock(void *mutex)
{
	unsigned int *word = mutex, free_word = 0;

	if (__atomic_compare_exchange_n(word, &free_word, 1, 0, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE))
		futex(word, FUTEX_WAIT_PRIVATE, 2);
}

void mutex_unlock(void *mutex);
void mutex_unlock(void *mutex)
{
	unsigned int *word = mutex;

	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
		futex(word, FUTEX_WAKE_PRIVATE, 1);
}
