/* SPDX-License-Identifier: MIT */
/*
 * The one allocator of the libraries, so that a test can fail its Nth call. Nothing on a hot
 * path allocates.
 */
#ifndef MPT_ALLOC_H
#define MPT_ALLOC_H

#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * mpt_zalloc() - zeroed memory of @size bytes.
 * @size: bytes; 0 is answered like 1
 * Return: the memory, NULL when out of memory or when mpt_alloc_fail_at() says so.
 * Context: any thread; may sleep. Since: 0.1
 */
void *mpt_zalloc(size_t size);

/**
 * mpt_zalloc_pages() - zeroed, page-aligned memory that costs nothing until it is touched.
 * @size: bytes, rounded up to pages; may be far more than the machine has
 * Return: the memory, NULL when address space is out or when mpt_alloc_fail_at() says so.
 * Context: any thread; may sleep. Since: 0.1
 */
void *mpt_zalloc_pages(size_t size);

/**
 * mpt_clear_pages() - make a part (whole pages) of mpt_zalloc_pages() memory zero and untouched
 *	again.
 * @ptr: where the part begins. @size: bytes of it. Since: 0.1
 */
void mpt_clear_pages(void *ptr, size_t size);

/** mpt_free() - give memory back. @ptr: what mpt_zalloc() returned; NULL is fine. Since: 0.1 */
void mpt_free(void *ptr);

/**
 * mpt_free_pages() - give pages back.
 * @ptr: what mpt_zalloc_pages() returned; NULL is fine. @size: as it was asked for. Since: 0.1
 */
void mpt_free_pages(void *ptr, size_t size);

/**
 * mpt_free_pages_zeroed() - the same for memory that the caller has made zero again, byte for byte.
 * @ptr: what mpt_zalloc_pages() returned; NULL is fine
 * @size: as it was asked for
 *
 * A few such pieces are kept for the next mpt_zalloc_pages() of the same size: pages that are there
 * already cost no fault. Who leaves a byte behind shows it to the next user. Since: 0.1
 */
void mpt_free_pages_zeroed(void *ptr, size_t size);

/**
 * mpt_alloc_fail_at() - let the Nth allocation from now on fail, once.
 * @nth: 1 is the next one; 0 switches the failing off
 * Context: process-wide, meant for tests (Fail-N). Since: 0.1
 */
void mpt_alloc_fail_at(unsigned long nth);

/** mpt_alloc_failed() - whether the allocation of mpt_alloc_fail_at() was reached. Since: 0.1 */
bool mpt_alloc_failed(void);

/** mpt_alloc_live() - allocations made and not given back: 0 after the last close. Since: 0.1 */
long mpt_alloc_live(void);

#ifdef __cplusplus
}
#endif

#endif
