/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <sched.h> for the clauses in a kernel. */
#include <linux/sched.h>
#define sched_yield() schedule_timeout_uninterruptible(0)
