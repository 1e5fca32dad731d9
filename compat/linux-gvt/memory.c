/* SPDX-License-Identifier: MIT */
/*
 * The user-space kernel's memory: kmalloc's, vmalloc's and pages. Every piece is known with the
 * place that asked for it, so that what the core forgets can be named, and any request can be made
 * to fail. No kernel header is seen here.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "linux_gvt.h"
#include "side.h"

#define PAGES_MAX (1UL << 18)
#define PAGE 4096UL
/* Behind each piece, and looked at when it is given back. */
#define GUARD 64
#define GUARD_BYTE 0xc3

struct piece {
	struct piece *next, *prev;
	const void *where;
	unsigned long size;
} __attribute__((aligned(64))); /* the core may count on kmalloc's alignment */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct piece pieces = { .next = &pieces, .prev = &pieces };
static unsigned long overruns;
static unsigned long fail_in; /* the so-manyth request from here fails; 0: none */
static int fired;

static unsigned char *arena;
static unsigned long next_page = 1;
/* Of a run's first page: who asked, and its order + 1; of the others the order is 255. */
static struct run {
	const void *where;
	unsigned char order;
} runs[PAGES_MAX];

static int to_fail(void)
{
	if (!fail_in || --fail_in)
		return 0;
	fired = 1;
	return 1;
}

void linux_gvt_alloc_fail(unsigned long nth)
{
	pthread_mutex_lock(&lock);
	fail_in = nth;
	fired = 0;
	pthread_mutex_unlock(&lock);
}

int linux_gvt_alloc_fired(void)
{
	return fired;
}

void *side_alloc(unsigned long size, int zero, const void *where)
{
	struct piece *p = NULL;

	pthread_mutex_lock(&lock);
	if (!to_fail())
		p = aligned_alloc(64, (sizeof(*p) + size + GUARD + 63) & ~63UL);
	if (p) {
		p->where = where;
		p->size = size;
		p->next = &pieces;
		p->prev = pieces.prev;
		p->next->prev = p;
		p->prev->next = p;
	}
	pthread_mutex_unlock(&lock);
	if (!p)
		return NULL;
	memset((unsigned char *)(p + 1) + size, GUARD_BYTE, GUARD);
	/* What is not to be zero is garbage, so that a core that reads it is found. */
	return memset(p + 1, zero ? 0 : 0xa5, size);
}

static int overrun(const struct piece *p)
{
	const unsigned char *guard = (const unsigned char *)(p + 1) + p->size;
	unsigned int i;

	for (i = 0; i < GUARD && guard[i] == GUARD_BYTE; i++)
		;
	return i < GUARD;
}

unsigned long linux_gvt_overruns(void)
{
	unsigned long n = overruns;

	overruns = 0;
	return n;
}

void side_free(const void *data)
{
	struct piece *p = (struct piece *)data - 1;

	/* A page of the kernel's has no piece before it: kfree() takes none here. */
	if (!data)
		return;
	pthread_mutex_lock(&lock);
	overruns += overrun(p);
	p->next->prev = p->prev;
	p->prev->next = p->next;
	pthread_mutex_unlock(&lock);
	memset(p, 0x5a, sizeof(*p) + p->size);
	free(p);
}

unsigned long side_size(const void *data)
{
	return ((const struct piece *)data - 1)->size;
}

/* --- pages --- */

static void *reserve(unsigned long size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("linux-gvt: mmap");
		exit(1);
	}
	return p;
}

void side_pages_init(unsigned long page_struct_size, unsigned long *base, unsigned long *structs)
{
	arena = reserve(PAGES_MAX * PAGE);
	*base = (unsigned long)arena;
	*structs = (unsigned long)reserve(PAGES_MAX * page_struct_size);
}

static int run_free(unsigned long first, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		if (runs[first + i].order)
			return 0;
	return 1;
}

/* The next free run, from where the last one was found; page 0 is nobody's, as its PFN is 0. */
static unsigned long run_find(unsigned int order)
{
	unsigned long nr = 1UL << order, first = (next_page + nr - 1) & ~(nr - 1), tried;

	for (tried = 0; tried < PAGES_MAX; tried += nr, first += nr) {
		if (first + nr > PAGES_MAX)
			first = nr;
		if (run_free(first, nr))
			return first;
	}
	return 0;
}

void *side_pages(unsigned int order, int zero, const void *where)
{
	unsigned long i, first = 0;

	pthread_mutex_lock(&lock);
	if (!to_fail())
		first = run_find(order);
	if (first) {
		for (i = 0; i < 1UL << order; i++)
			runs[first + i].order = 255;
		runs[first].order = (unsigned char)(order + 1);
		runs[first].where = where;
		next_page = first + (1UL << order);
	}
	pthread_mutex_unlock(&lock);
	return first ? memset(arena + first * PAGE, zero ? 0 : 0xa5, PAGE << order) : NULL;
}

void side_pages_free(void *p, unsigned int order)
{
	unsigned long i, first = (unsigned long)((unsigned char *)p - arena) / PAGE;

	if (!p)
		return;
	pthread_mutex_lock(&lock);
	if (first >= PAGES_MAX || runs[first].order != order + 1) {
		fprintf(stderr, "linux-gvt: %p, order %u, is no run of pages\n", p, order);
		abort();
	}
	for (i = 0; i < 1UL << order; i++)
		runs[first + i].order = 0;
	pthread_mutex_unlock(&lock);
	memset(p, 0x5a, PAGE << order);
}

/* --- what is held --- */

void linux_gvt_memory_each(void (*fn)(void *arg, const void *where, unsigned long size), void *arg)
{
	const struct piece *p;
	unsigned long i;

	for (p = pieces.next; p != &pieces; p = p->next)
		fn(arg, p->where, p->size);
	for (i = 0; i < PAGES_MAX; i++)
		if (runs[i].order && runs[i].order != 255)
			fn(arg, runs[i].where, PAGE << (runs[i].order - 1));
}
