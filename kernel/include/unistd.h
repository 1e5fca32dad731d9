/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <unistd.h> for the clauses in a kernel, where nothing has a descriptor. */
#ifndef MPT_KERNEL_UNISTD_H
#define MPT_KERNEL_UNISTD_H

#define read(fd, buf, len) ((ssize_t)-1)
/* user-mode-linux names its own away. */
#undef errno
#define errno 0

#endif
