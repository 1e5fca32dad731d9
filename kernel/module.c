/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* libmpt as a module: its begin and its end. */
#include <linux/module.h>

#include "libmpt/internal.h"
#include "thread.h"

static int __init mpt_init(void)
{
	return 0;
}

static void __exit mpt_exit(void)
{
	mpt_threads_exit();
}

module_init(mpt_init);
module_exit(mpt_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("the contract between a GVT core and a hypervisor");
