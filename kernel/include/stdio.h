/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <stdio.h> for the contract's sources in a kernel. */
#include <linux/kernel.h>
