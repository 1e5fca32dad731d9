/* SPDX-License-Identifier: MIT */
/*
 * What memory.c and mutex.c are for the scenarios, in a form that may be timed: the kernel's mutex
 * is libmpt-gvt's lock, memory is malloc's as libmpt-gvt's is, and nothing is counted, filled or
 * guarded. A page that was given back is the next to be given out.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <mpt/types.h>

#include "gvt/lock.h"
#include "side.h"

/* --- locks: struct mutex begins with a long that is 0 as long as nobody holds or wants it --- */

_Static_assert(sizeof(struct gvt_lock) == sizeof(long), "it fits into the mutex's owner");

void mutex_lock(void *mutex);
void mutex_lock(void *mutex)
{
	gvt_lock(mutex);
}

void mutex_unlock(void *mutex);
void mutex_unlock(void *mutex)
{
	gvt_unlock(mutex);
}

/* --- pieces --- */

/* Before a piece, which begins with a cache line, as it does in a kernel. */
struct head {
	void *whole;
	unsigned long size;
};

#define LINE 64UL

void *side_alloc(unsigned long size, int zero, const void *where)
{
	unsigned long all = sizeof(struct head) + LINE + size;
	char *whole = zero ? calloc(1, all) : malloc(all);
	struct head *head;

	(void)where;
	if (!whole)
		return NULL;
	head = (struct head *)(((unsigned long)whole + sizeof(*head) + LINE - 1) & ~(LINE - 1)) - 1;
	head->whole = whole;
	head->size = size;
	return head + 1;
}

void side_free(const void *p)
{
	if (p)
		free(((const struct head *)p - 1)->whole);
}

unsigned long side_size(const void *p)
{
	return ((const struct head *)p - 1)->size;
}

/* --- pages --- */

#define PAGE 4096UL
#define PAGES_MAX (1UL << 18)
#define ORDERS 10

static char *arena;
static unsigned long next_page = 1; /* frame 0 is nobody's */
static void *given_back[ORDERS];

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

static void *fresh(unsigned int order)
{
	unsigned long nr = 1UL << order, first = (next_page + nr - 1) & ~(nr - 1);

	if (first + nr > PAGES_MAX)
		return NULL;
	next_page = first + nr;
	return arena + first * PAGE;
}

void *side_pages(unsigned int order, int zero, const void *where)
{
	void *p = order < ORDERS ? given_back[order] : NULL;

	(void)where;
	if (p)
		memcpy(&given_back[order], p, sizeof(p));
	else
		p = fresh(order);
	return p && zero ? memset(p, 0, PAGE << order) : p;
}

/* What is beyond ORDERS is asked for once, at the start. */
void side_pages_free(void *p, unsigned int order)
{
	if (!p || order >= ORDERS)
		return;
	memcpy(p, &given_back[order], sizeof(p));
	given_back[order] = p;
}
