/* SPDX-License-Identifier: MIT */
/* The thread's last error sentence and the closed set of errnos. */
#include "libmpt/internal.h"

struct sentence {
	char text[MPT_ERROR_MAX];
};

OS_THREAD_LOCAL(struct sentence, last_error)

static const struct {
	int err;
	const char *name;
} errnos[] = {
	{ EINVAL, "EINVAL" }, { EFAULT, "EFAULT" }, { ESRCH, "ESRCH" }, { ENOENT, "ENOENT" },
	{ EEXIST, "EEXIST" }, { EBUSY, "EBUSY" },   { ENOSPC, "ENOSPC" }, { ENOMEM, "ENOMEM" },
	{ EOPNOTSUPP, "EOPNOTSUPP" }, { ENODEV, "ENODEV" }, { EACCES, "EACCES" },
	{ EIO, "EIO" }, { ENXIO, "ENXIO" },
};

const char *mpt_last_error(void)
{
	return last_error_mine()->text;
}

void mpt_clear_error(void)
{
	last_error_mine()->text[0] = '\0';
}

static int errno_index(int err)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(errnos); i++)
		if (errnos[i].err == (err < 0 ? -err : err))
			return (int)i;
	return -1;
}

const char *mpt_errno_name(int err)
{
	int i = errno_index(err);

	return i < 0 ? "E?" : errnos[i].name;
}

u32 mpt_errno_bit(int err)
{
	int i = errno_index(err);

	return i < 0 ? 0 : 1U << i;
}

int mpt_errno_first(u32 set)
{
	return set ? -errnos[__builtin_ctz(set)].err : 0;
}

int mpt_fail_at(int err, const char *func, const char *who, const char *fmt, ...)
{
	char text[MPT_ERROR_MAX]; /* the arguments may be the last sentence itself */
	int saved = os_errno_save();
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text), "%s: %s: ", func, who ? who : "libmpt");
	if (n > 0 && (size_t)n < sizeof(text)) {
		va_start(ap, fmt);
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
		va_end(ap);
	}
	memcpy(last_error_mine()->text, text, sizeof(text));
	os_errno_restore(saved);
	return err > 0 ? -err : err;
}
