/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <stdint.h> for the contract's sources in a kernel. */
#ifndef MPT_KERNEL_STDINT_H
#define MPT_KERNEL_STDINT_H

#include <linux/kernel.h>
#include <linux/types.h>

typedef long intptr_t;

#define UINT64_MAX U64_MAX
#define UINT32_MAX U32_MAX

#endif
