/* SPDX-License-Identifier: MIT */
/*
 * What the KVM of this machine, if there is one, has of the services that svc.h stands for. The
 * stub needs none of it: the answer is told in the log.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#ifdef HAVE_LINUX_KVM_H
#include <linux/kvm.h>
#endif

#include <mpt/log.h>

#include "backends/kvm-stub/kvm.h"

#ifdef HAVE_LINUX_KVM_H
static const struct {
	int number;
	const char *name;
} extensions[] = {
	{ KVM_CAP_USER_MEMORY, "memslots" },	{ KVM_CAP_READONLY_MEM, "read-only memslots" },
	{ KVM_CAP_IRQFD, "eventfds as interrupts" }, { KVM_CAP_IRQ_ROUTING, "MSI routing" },
	{ KVM_CAP_IRQFD_RESAMPLE, "level-triggered eventfds" },
};

/* The names of those that are there, or of those that are not. */
static void list(int fd, bool there, char *buf, size_t size)
{
	size_t i, n = 0;

	snprintf(buf, size, "none");
	for (i = 0; i < OS_ARRAY_SIZE(extensions); i++)
		if ((ioctl(fd, KVM_CHECK_EXTENSION, extensions[i].number) > 0) == there &&
		    n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
					      extensions[i].name);
}

static void ask(int fd, const char *path, char *buf, size_t size)
{
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);
	char has[256], lacks[256];

	if (version != KVM_API_VERSION) {
		snprintf(buf, size, "%s is no KVM of API version %d", path, KVM_API_VERSION);
		return;
	}
	list(fd, true, has, sizeof(has));
	list(fd, false, lacks, sizeof(lacks));
	snprintf(buf, size, "%s: API version %d; present: %s; missing: %s", path, version, has,
		 lacks);
}
#else
static void ask(int fd, const char *path, char *buf, size_t size)
{
	(void)fd;
	snprintf(buf, size, "%s is there, but this build has no <linux/kvm.h> to ask it with",
		 path);
}
#endif

bool mpt_kvm_probe_sentence(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0) {
		snprintf(buf, size, "%s is there, but cannot be opened (%s)", path,
			 mpt_errno_name(errno));
		return true;
	}
	ask(fd, path, buf, size);
	close(fd);
	return true;
}

enum mpt_probe mpt_kvm_probe(const void *opts)
{
	char text[512];

	(void)opts;
	if (mpt_log_enabled(MPT_LOG_INFO) &&
	    mpt_kvm_probe_sentence("/dev/kvm", text, sizeof(text)))
		mpt_log(MPT_LOG_INFO, "%s", text);
	return MPT_PROBE_OK;
}
