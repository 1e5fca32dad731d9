/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <stdlib.h> for the contract's sources in a kernel. */
#ifndef MPT_KERNEL_STDLIB_H
#define MPT_KERNEL_STDLIB_H

#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#define malloc(size) kvzalloc((size), GFP_KERNEL)
#define calloc(n, size) kvzalloc((n) * (size), GFP_KERNEL)
#define free(ptr) kvfree(ptr)
#define qsort(base, n, size, compare) sort((base), (n), (size), (compare), NULL)

#endif
