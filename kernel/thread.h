/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The end of what is kept by task. */
#ifndef MPT_KERNEL_THREAD_H
#define MPT_KERNEL_THREAD_H

/* No task is in a section, and none will be. */
void mpt_threads_exit(void);

#endif
