/* SPDX-License-Identifier: MIT */
/*
 * The one place that includes uthash. An insertion that runs out of memory is not fatal: it leaves
 * the element out and says so (MPT_HASH_ADD).
 */
#ifndef LIBMPT_HASH_H
#define LIBMPT_HASH_H

#include <mpt/alloc.h>

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(sz) mpt_zalloc(sz)
#define uthash_free(ptr, sz) mpt_free(ptr)
#define uthash_nonfatal_oom(elt) ((void)((elt)->oom = true))
#include <uthash.h>

/*
 * Add an element that has members `hh` and `bool oom`; @ok becomes false and the element stays out
 * when the table cannot grow.
 */
#define MPT_HASH_ADD(head, field, elt, ok) \
	do { \
		(elt)->oom = false; \
		HASH_ADD(hh, head, field, sizeof((elt)->field), elt); \
		(ok) = !(elt)->oom; \
	} while (0)

#endif
