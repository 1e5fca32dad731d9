/* SPDX-License-Identifier: MIT */
/*
 * A real mount of the sysfs tree, served by this process, as the suites over it need it; files by
 * system calls. Where the kernel has no FUSE for us, what needs it is skipped.
 */
#ifndef MPT_TESTS_SYSFS_MOUNT_H
#define MPT_TESTS_SYSFS_MOUNT_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tools/sysfs.h"
#include "sysfs_rig.h"

static char mount_dir[256];
static struct sysfs s;
static struct sysfs_args args;

/* Moved by specs_built(); the tool puts "check" in front. */
static const char *mount_specs[] = { "mock", "acrn-sim", "vfio-user" };

/* --- the folder, for all tests of a program: in its first process --- */

static inline void mount_dir_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(mount_dir, sizeof(mount_dir), "%s/mpt-sysfs.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(mount_dir))
		mount_dir[0] = '\0';
}

/* What a test that failed has left mounted goes, too. */
static inline void mount_dir_take(void)
{
	umount2(mount_dir, MNT_DETACH);
	if (rmdir(mount_dir))
		fprintf(stderr, "%s: %s\n", mount_dir, strerror(errno));
}

/* --- whether there is FUSE --- */

static inline const char *try_mount(int fd)
{
	char opts[64];

	snprintf(opts, sizeof(opts), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("mpt-test", mount_dir, "fuse", MS_NOSUID | MS_NODEV, opts))
		return errno == EPERM || errno == EACCES || errno == ENODEV ?
			       "mounting is not permitted here" : NULL;
	umount2(mount_dir, MNT_DETACH);
	return NULL;
}

static inline bool under_valgrind(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool is = false;

	while (maps && !is && fgets(line, sizeof(line), maps))
		is = strstr(line, "vgpreload") != NULL;
	if (maps)
		fclose(maps);
	return is;
}

/* NULL: there is; else what is missing. */
static inline const char *no_fuse(void)
{
	const char *why = NULL;
	int fd;

	/* Under its one lock, a stat() waits for the thread that would answer it. */
	if (under_valgrind())
		return "valgrind: one process cannot use what it serves";
	if (!TOOLS_HAVE_FUSE)
		return "built without libfuse";
	fd = open("/dev/fuse", O_RDWR);
	if (fd < 0)
		return "no /dev/fuse that can be opened";
	if (!geteuid())
		why = try_mount(fd);
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 || system("fusermount3 -V >/dev/null"))
		why = "no root, and no fusermount3 that could do it";
	close(fd);
	return why;
}

/* --- up and down --- */

/*
 * A process that hangs in a mount of its own cannot even be killed: who is asked has gone, who asks
 * waits. The kernel's end of it is taken away first.
 */
static inline void mount_give_up(int sig)
{
	static const char text[] = "the mount hangs\n";

	(void)sig;
	umount2(mount_dir, MNT_FORCE);
	if (write(STDERR_FILENO, text, sizeof(text) - 1))
		_exit(1);
	_exit(1);
}

#define MOUNT_SECONDS 50

/* args is filled but for the mount point. Return: false: skipped. */
static inline bool mount_args(void)
{
	const char *why = no_fuse();

	ck_assert(mount_dir[0]);
	if (why) {
		mpt_test_skip(why);
		return false;
	}
	umount2(mount_dir, MNT_DETACH);
	signal(SIGALRM, mount_give_up);
	alarm(MOUNT_SECONDS);
	args.mountpoint = mount_dir;
	if (!args.vm_mem)
		args.vm_mem = 64 * MIB;
	s = (struct sysfs){ .args = &args };
	ck_assert_int_eq(sysfs_up(&s), 0);
	ck_assert_int_eq(sysfs_mount(&s), 0);
	return true;
}

static inline bool mount_up(const char *spec)
{
	args = (struct sysfs_args){ .backend = spec };
	return mount_args();
}

static inline bool is_mounted(void)
{
	struct stat st, up;
	char parent[300];

	snprintf(parent, sizeof(parent), "%s/..", mount_dir);
	return stat(mount_dir, &st) || stat(parent, &up) || st.st_dev != up.st_dev;
}

/* @left: vGPUs that are there still. */
static inline void mount_down(u64 left)
{
	unsigned int i;

	ck_assert(is_mounted());
	sysfs_unmount(&s);
	ck_assert(!is_mounted());
	alarm(0);
	sysfs_down(&s);
	ck_assert_uint_eq(s.left, left);
	ck_assert_uint_eq(s.made, s.destroyed);
	ck_assert_msg(sysfs_healthy(&s), "%s%s%s", s.end.first_error, s.end.violation, s.end.left);
	ck_assert(s.end.have_ledger);
	ck_assert_uint_eq(s.end.ledger.made[MPT_LEDGER_ATTACH], s.made);
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		ck_assert_uint_eq(s.end.ledger.live[i], 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- files --- */

static inline const char *at(const char *path)
{
	static char full[4][512];
	static unsigned int n;
	char *to = full[n++ % 4];

	snprintf(to, sizeof(full[0]), "%s/%s", mount_dir, path);
	return to;
}

/* As a shell's > does it. Return: 0 or -errno. */
static inline int put_bytes(const char *path, const void *buf, size_t len)
{
	int fd = open(at(path), O_WRONLY | O_CREAT | O_TRUNC, 0666), ret = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, buf, len);
	if (n < 0)
		ret = -errno;
	else
		ck_assert_uint_eq((size_t)n, len);
	ck_assert_int_eq(close(fd), 0);
	return ret;
}

static inline int put(const char *text)
{
	return put_bytes(CREATE, text, strlen(text));
}

static inline const char *get(const char *path)
{
	static char buf[MPT_SYSFS_PAGE + 1];
	int fd = open(at(path), O_RDONLY);
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	n = read(fd, buf, sizeof(buf) - 1);
	ck_assert_msg(n >= 0, "%s: %s", path, strerror(errno));
	buf[n] = '\0';
	ck_assert_int_eq(close(fd), 0);
	return buf;
}

static inline bool is_there(const char *path)
{
	struct stat st;

	if (!stat(at(path), &st))
		return true;
	ck_assert_int_eq(errno, ENOENT);
	return false;
}

#endif
