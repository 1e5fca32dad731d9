/* SPDX-License-Identifier: MIT */
/*
 * The seam in the middle of the user-space kernel: files compiled with the kernel's headers
 * (kernel.c, device.c, glue.c) on one side, files compiled with libc's on the other (memory.c,
 * libc.c, trap.c). Only C's own types cross it, as both sides define all others their own way.
 */
#ifndef LINUX_GVT_SIDE_H
#define LINUX_GVT_SIDE_H

/* --- memory.c: all is counted, by who asked for it, and can be made to fail --- */

/* @where: the address in the core that the report names. NULL: no memory, or it was to fail. */
void *side_alloc(unsigned long size, int zero, const void *where);
void side_free(const void *p);
unsigned long side_size(const void *p);

/* Pages with a struct page of the kernel's behind each: side_pages_init() gives room for both. */
void side_pages_init(unsigned long page_struct_size, unsigned long *base, unsigned long *structs);
void *side_pages(unsigned int order, int zero, const void *where);
void side_pages_free(void *p, unsigned int order);

/* --- libc.c --- */
void side_say(const char *fmt, ...);
/* Ends the program: the core came to a part of the kernel that is not here. */
void side_missing(const char *what) __attribute__((noreturn));
unsigned long long side_ns(void);

/* --- trap.c --- */
/* Before a thread runs in the core: it may come to a WARN. */
void side_thread(void);

/* --- kernel.c --- */
/* Where a ud2 at @addr is, of which kind. 0: none of the kernel's. 1: a warning, 2: a BUG. */
int side_bug(unsigned long addr, const char **file, unsigned int *line);

#endif
