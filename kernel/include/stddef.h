/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <stddef.h> for the contract's sources in a kernel. */
#include <linux/stddef.h>
