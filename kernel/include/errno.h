/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <errno.h> for the contract's sources in a kernel. */
#include <linux/errno.h>
