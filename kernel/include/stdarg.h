/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <stdarg.h> for the contract's sources in a kernel: the compiler's own, until 5.15 brought one. */
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)
#include <linux/stdarg.h>
#else
#include_next <stdarg.h>
#endif
