/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* <time.h> for the clauses in a kernel. */
#ifndef MPT_KERNEL_TIME_H
#define MPT_KERNEL_TIME_H

#include <linux/delay.h>
#include <linux/ktime.h>

#define timespec timespec64
#define CLOCK_MONOTONIC 1
#define clock_gettime(clock, ts) ktime_get_ts64(ts)
#define nanosleep(ts, left) msleep((ts)->tv_sec * 1000 + (ts)->tv_nsec / 1000000)

#endif
