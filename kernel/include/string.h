/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <string.h> for the contract's sources in a kernel. */
#include <linux/string.h>
