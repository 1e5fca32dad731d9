/* SPDX-License-Identifier: MIT */
/*
 * The sentence beside the errno. Every function of libmpt and libmpt-gvt that fails returns a
 * negative errno of the closed set below and leaves one sentence for the calling thread.
 */
#ifndef MPT_ERROR_H
#define MPT_ERROR_H

#include <errno.h>
#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The closed set, one meaning each:
 * -EINVAL      wrong in itself, a number out of range too
 * -EFAULT      the guest range is no RAM
 * -ESRCH       dead or unknown handle or VM
 * -ENOENT      no such object
 * -EEXIST      it is there already
 * -EBUSY       wrong time
 * -ENOSPC      a quota is used up
 * -ENOMEM      out of memory
 * -EOPNOTSUPP  the capability is absent
 * -ENODEV      no such hypervisor here
 * -EACCES      present but not permitted
 * -EIO         the other side broke the protocol
 * -ENXIO       page not tracked; only from write_protect_handler
 */

/** MPT_ERROR_MAX - bytes of the longest sentence, its NUL included. */
#define MPT_ERROR_MAX 512

/**
 * mpt_last_error() - the sentence of the last failure in this thread.
 *
 * Form: "function: back end: what: why (what to do)". Only meaningful after a call that failed.
 * Return: never NULL; valid until the next failing call of this thread. Context: any; allocates
 * nothing. Since: 0.1
 */
const char *mpt_last_error(void);

/** mpt_clear_error() - forget the sentence: mpt_last_error() is then "". Since: 0.1 */
void mpt_clear_error(void);

/**
 * mpt_errno_name() - an errno's name, "EINVAL"; "E?" outside the closed set.
 * @err: negative or positive. Since: 0.1
 */
const char *mpt_errno_name(int err);

#if defined(__GNUC__)
#define MPT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MPT_PRINTF(fmt, args)
#endif

/**
 * mpt_fail_at() - leave the sentence of a failure; use mpt_fail().
 * @err: the errno, positive or negative
 * @func: the function that fails
 * @who: the back end or core that fails
 * @fmt: what, why and what to do about it
 * Return: @err as a negative number. Context: any; allocates nothing. Since: 0.1
 */
int mpt_fail_at(int err, const char *func, const char *who, const char *fmt, ...) MPT_PRINTF(4, 5);

/** mpt_fail() - `return mpt_fail(-EINVAL, "mock", "offset 0x%x is odd (use an even one)", off);` */
#define mpt_fail(err, who, ...) mpt_fail_at((err), __func__, (who), __VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
