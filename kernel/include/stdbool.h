/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <stdbool.h> for the contract's sources in a kernel. */
#include <linux/types.h>
