/* SPDX-License-Identifier: MIT */
/*
 * What the threads of a run free: it is poisoned and kept until the run is over, so that a use
 * after free is found where it happens (an atomic or a lock in it, a page of it), or by what it
 * wrote.
 */
#define EXPLORE_INSIDE
#include "explore_hooks.h"
#include "explore_int.h"

#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#define KEPT 4096
#define POISON 0xdd

static struct {
	uint8_t *p;
	size_t size;
	bool pages;
	struct explore_site *site; /* where its thread was last */
} kept[KEPT];
static unsigned int num_kept;

static bool keep(void *p, size_t size, bool pages)
{
	struct explore_thread *t = explore_self();

	if (!t || !p)
		return false;
	if (num_kept == KEPT) {
		explore_limit("a run frees more than %d pieces", KEPT);
		return false;
	}
	kept[num_kept].p = p;
	kept[num_kept].size = size;
	kept[num_kept].pages = pages;
	kept[num_kept++].site = t->at;
	return true;
}

static void used_after_free(unsigned int i, const char *how)
{
	char where[EXPLORE_TEXT / 4];

	explore_site_print(kept[i].site, where, sizeof(where));
	explore_fail("use after free: %s of %zu bytes that were freed behind %s", how, kept[i].size,
		     where);
}

static void find(const volatile void *p, const char *how)
{
	unsigned int i;

	for (i = 0; i < num_kept; i++)
		if ((uintptr_t)p - (uintptr_t)kept[i].p < kept[i].size)
			used_after_free(i, how);
}

void explore_mem_check(struct explore_site *site, const volatile void *p)
{
	char how[EXPLORE_TEXT / 4];

	if (!num_kept)
		return;
	explore_site_print(site, how, sizeof(how));
	find(p, how);
}

void explore_free(void *p)
{
	size_t size = p ? malloc_usable_size(p) : 0;

	if (!keep(p, size, false)) {
		free(p);
		return;
	}
#if defined(__SANITIZE_ADDRESS__)
	ASAN_POISON_MEMORY_REGION(p, size);
#else
	memset(p, POISON, size);
#endif
}

int explore_munmap(void *p, size_t len)
{
	if (!keep(p, len, true))
		return munmap(p, len);
	return mprotect(p, len, PROT_NONE);
}

static void release(unsigned int i, bool check)
{
	size_t k;

	if (kept[i].pages) {
		munmap(kept[i].p, kept[i].size);
		return;
	}
#if defined(__SANITIZE_ADDRESS__)
	ASAN_UNPOISON_MEMORY_REGION(kept[i].p, kept[i].size);
	k = kept[i].size;
#else
	for (k = 0; k < kept[i].size && kept[i].p[k] == POISON; k++)
		;
#endif
	if (check && k < kept[i].size)
		used_after_free(i, "something was written into one");
	free(kept[i].p);
}

void explore_mem_release(bool check)
{
	unsigned int i;

	for (i = 0; i < num_kept; i++)
		release(i, check);
	num_kept = 0;
}

/* A sanitizer tells it better. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void explore_mem_signals(void)
{
}
#else
static void on_signal(int nr, siginfo_t *info, void *context)
{
	(void)context;
	if (!explore_self()) {
		signal(nr, SIG_DFL);
		raise(nr);
		return;
	}
	find(info->si_addr, "an access");
	explore_fail("signal %d (%s) at address %p", nr, strsignal(nr), info->si_addr);
}

void explore_mem_signals(void)
{
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
}
#endif
