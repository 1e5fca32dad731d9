/* SPDX-License-Identifier: MIT */
/*
 * The mount of `mptctl sysfs`: each request of the kernel is a call on the tree, nothing is cached
 * and nothing is known here of what is in it. Without libfuse at build time there is none.
 */
#include "sysfs.h"

#include "cli.h"

#if TOOLS_HAVE_FUSE
#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <fuse_log.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A writer that waits for another one has a thread, so that many readers go on. */
#define WORKERS 8
#define DRAIN 1000 /* requests of a worker after it was told to end */

struct sysfs_mount {
	struct mpt_sysfs *tree;
	struct fuse *fuse;
	struct fuse_session *session;
	int stop_fd; /* readable for good once the workers are to end */
	pthread_t worker[WORKERS];
	unsigned int workers;
	struct timespec since;
};

static struct mpt_sysfs *tree(void)
{
	struct sysfs_mount *m = fuse_get_context()->private_data;

	return m->tree;
}

/* --- what is there --- */

static void fill_stat(const struct mpt_sysfs_stat *from, struct stat *st)
{
	const struct sysfs_mount *m = fuse_get_context()->private_data;

	memset(st, 0, sizeof(*st));
	st->st_mode = (from->directory ? S_IFDIR : S_IFREG) | from->mode;
	st->st_nlink = from->directory ? 2 : 1;
	st->st_size = (off_t)from->size;
	st->st_blksize = MPT_SYSFS_PAGE;
	st->st_uid = geteuid();
	st->st_gid = getegid();
	st->st_atim = st->st_mtim = st->st_ctim = m->since;
}

static int op_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	struct mpt_sysfs_stat found;
	int ret = mpt_sysfs_stat(tree(), path, &found);

	(void)fi;
	if (!ret)
		fill_stat(&found, st);
	return ret;
}

struct listing {
	void *buf;
	fuse_fill_dir_t fill;
};

static int list_one(void *arg, const char *name, const struct mpt_sysfs_stat *found)
{
	const struct listing *l = arg;
	struct stat st;

	fill_stat(found, &st);
	return l->fill(l->buf, name, &st, 0, 0) ? -ENOMEM : 0;
}

static int op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
		      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	struct listing l = { buf, fill };

	(void)offset;
	(void)fi;
	(void)flags;
	if (fill(buf, ".", NULL, 0, 0) || fill(buf, "..", NULL, 0, 0))
		return -ENOMEM;
	return mpt_sysfs_list(tree(), path, list_one, &l);
}

/* --- files --- */

static int op_open(const char *path, struct fuse_file_info *fi)
{
	static const unsigned int access[] = {
		[O_RDONLY] = MPT_SYSFS_READ,
		[O_WRONLY] = MPT_SYSFS_WRITE,
		[O_RDWR] = MPT_SYSFS_READ | MPT_SYSFS_WRITE,
	};
	unsigned int mode = (unsigned int)fi->flags & O_ACCMODE;
	struct mpt_sysfs_file *file;
	int ret;

	if (mode > O_RDWR)
		return -EINVAL;
	ret = mpt_sysfs_open(tree(), path, access[mode], &file);
	if (!ret)
		fi->fh = (uintptr_t)file;
	return ret;
}

static struct mpt_sysfs_file *file_of(const struct fuse_file_info *fi)
{
	return (struct mpt_sysfs_file *)(uintptr_t)fi->fh;
}

static int op_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	mpt_sysfs_close(file_of(fi));
	return 0;
}

static int op_read(const char *path, char *buf, size_t len, off_t offset, struct fuse_file_info *fi)
{
	(void)path;
	return (int)mpt_sysfs_read(file_of(fi), (u64)offset, buf, len);
}

static int op_write(const char *path, const char *buf, size_t len, off_t offset,
		    struct fuse_file_info *fi)
{
	(void)path;
	return (int)mpt_sysfs_write(file_of(fi), (u64)offset, buf, len);
}

/* A shell's ">" cuts the file first, which means nothing here. */
static int op_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	struct mpt_sysfs_stat found;

	(void)size;
	return fi ? 0 : mpt_sysfs_stat(tree(), path, &found);
}

/* --- what the kernel's tree refuses --- */

static int op_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	(void)path;
	(void)mode;
	(void)fi;
	return -EACCES;
}

static int op_mknod(const char *path, mode_t mode, dev_t dev)
{
	(void)path;
	(void)mode;
	(void)dev;
	return -EPERM;
}

static int op_mkdir(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	return -EPERM;
}

static int op_remove(const char *path)
{
	(void)path;
	return -EPERM;
}

static int op_link(const char *from, const char *to)
{
	(void)from;
	(void)to;
	return -EPERM;
}

static int op_rename(const char *from, const char *to, unsigned int flags)
{
	(void)from;
	(void)to;
	(void)flags;
	return -EPERM;
}

static int op_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	(void)path;
	(void)mode;
	(void)fi;
	return -EPERM;
}

static int op_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	(void)path;
	(void)uid;
	(void)gid;
	(void)fi;
	return -EPERM;
}

static int op_utimens(const char *path, const struct timespec tv[2], struct fuse_file_info *fi)
{
	(void)path;
	(void)tv;
	(void)fi;
	return -EPERM;
}

/* Sizes are not to be believed, names come and go: the kernel keeps nothing. */
static void *op_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	/* A descriptor that does not block, and a pipe beside it, would go ill together. */
	conn->want &= ~(unsigned int)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
				      FUSE_CAP_SPLICE_MOVE);
	config->direct_io = 1;
	config->entry_timeout = 0;
	config->negative_timeout = 0;
	config->attr_timeout = 0;
	config->hard_remove = 1;
	return fuse_get_context()->private_data;
}

static const struct fuse_operations operations = {
	.getattr = op_getattr,
	.readdir = op_readdir,
	.open = op_open,
	.release = op_release,
	.read = op_read,
	.write = op_write,
	.truncate = op_truncate,
	.create = op_create,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_remove,
	.rmdir = op_remove,
	.symlink = op_link,
	.link = op_link,
	.rename = op_rename,
	.chmod = op_chmod,
	.chown = op_chown,
	.utimens = op_utimens,
	.init = op_init,
};

/* --- serving --- */

/* Return: whether to go on. */
static bool serve_one(struct sysfs_mount *m, struct fuse_buf *buf)
{
	int ret = fuse_session_receive_buf(m->session, buf);

	if (ret > 0)
		fuse_session_process_buf(m->session, buf);
	/* Another worker was faster. */
	return ret > 0 || ret == -EINTR || ret == -EAGAIN;
}

/* What has been asked already, files that were closed for instance; not for ever. */
static void drain(struct sysfs_mount *m, struct fuse_buf *buf)
{
	struct pollfd fd = { .fd = fuse_session_fd(m->session), .events = POLLIN };
	unsigned int n = 0;

	while (n++ < DRAIN && poll(&fd, 1, 0) > 0 && serve_one(m, buf))
		;
}

static void *serve(void *arg)
{
	struct sysfs_mount *m = arg;
	struct fuse_buf buf = { .mem = NULL };
	struct pollfd fd[2] = { { .fd = fuse_session_fd(m->session), .events = POLLIN },
				{ .fd = m->stop_fd, .events = POLLIN } };

	do {
		poll(fd, 2, -1);
		if (fd[1].revents)
			break;
	} while (!fd[0].revents || serve_one(m, &buf));
	if (fd[1].revents)
		drain(m, &buf);
	else
		sysfs_loop_ended();
	free(buf.mem);
	return NULL;
}

static void stop(struct sysfs_mount *m)
{
	u64 one = 1;

	if (write(m->stop_fd, &one, sizeof(one)) < 0)
		return;
	while (m->workers)
		pthread_join(m->worker[--m->workers], NULL);
}

static int start(struct sysfs_mount *m)
{
	int fd = fuse_session_fd(m->session), err = 0;

	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		err = errno;
	while (!err && m->workers < WORKERS) {
		err = pthread_create(&m->worker[m->workers], NULL, serve, m);
		m->workers += !err;
	}
	if (!err)
		return 0;
	cli_error("sysfs: no thread to serve with: %s", strerror(err));
	stop(m);
	return -1;
}

/* --- mounting --- */

/* What libfuse has to say goes into our sentence; it is asked by one thread. */
static char said[256];

static void log_said(enum fuse_log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static void log_said(enum fuse_log_level level, const char *fmt, va_list ap)
{
	size_t n;

	if (level > FUSE_LOG_WARNING)
		return;
	vsnprintf(said, sizeof(said), fmt, ap);
	n = strlen(said);
	while (n && said[n - 1] == '\n')
		said[--n] = '\0';
}

static int refuse(const char *path, const char *why)
{
	cli_error("sysfs: %s: %s", path, why);
	return -1;
}

static int check_mountpoint(const char *path)
{
	static const char left_over[] =
		"a server that was killed has left its mount there (fusermount3 -u, then again)";
	char parent[4096 + 4];
	struct stat st, up;

	if (strlen(path) > 4096)
		return refuse("MOUNTPOINT", "the path is too long");
	if (stat(path, &st))
		return refuse(path, errno == ENOTCONN ? left_over : strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return refuse(path, "no folder (make one to mount the tree on)");
	snprintf(parent, sizeof(parent), "%s/..", path);
	if (!stat(parent, &up) && (st.st_dev != up.st_dev || st.st_ino == up.st_ino))
		return refuse(path,
			      "something is mounted there (unmount it, or take another folder)");
	if (access("/dev/fuse", F_OK))
		return refuse(path, "cannot mount: there is no /dev/fuse (modprobe fuse)");
	return 0;
}

static struct fuse *new_fuse(const struct sysfs *s, struct sysfs_mount *m)
{
	char opts[] = "default_permissions,fsname=gvt-sysfs,subtype=mptctl,allow_other";
	char name[] = "mptctl", flag[] = "-o", *argv[] = { name, flag, opts, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse *fuse;

	if (!s->args->allow_other)
		*strrchr(opts, ',') = '\0';
	fuse = fuse_new(&args, &operations, sizeof(operations), m);
	fuse_opt_free_args(&args);
	return fuse;
}

static int mount_tree(struct sysfs *s, struct sysfs_mount *m)
{
	said[0] = '\0';
	fuse_set_log_func(log_said);
	m->fuse = new_fuse(s, m);
	if (!m->fuse) {
		refuse(s->args->mountpoint, *said ? said : "libfuse does not start");
		return -1;
	}
	m->session = fuse_get_session(m->fuse);
	if (!fuse_mount(m->fuse, s->args->mountpoint)) {
		if (!start(m))
			return 0;
		fuse_unmount(m->fuse);
	} else {
		cli_error("sysfs: %s: cannot mount: %s", s->args->mountpoint,
			  *said ? said : "not permitted (see above)");
	}
	fuse_destroy(m->fuse);
	return -1;
}

int sysfs_mount(struct sysfs *s)
{
	struct sysfs_mount *m;

	if (check_mountpoint(s->args->mountpoint))
		return -1;
	m = calloc(1, sizeof(*m));
	if (!m)
		return refuse(s->args->mountpoint, "no memory for the mount");
	m->tree = s->tree;
	clock_gettime(CLOCK_REALTIME, &m->since);
	m->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->stop_fd < 0)
		refuse(s->args->mountpoint, strerror(errno));
	else if (!mount_tree(s, m)) {
		s->mount = m;
		return 0;
	} else
		close(m->stop_fd);
	free(m);
	return -1;
}

void sysfs_unmount(struct sysfs *s)
{
	struct sysfs_mount *m = s->mount;

	if (!m)
		return;
	stop(m);
	fuse_unmount(m->fuse);
	fuse_destroy(m->fuse);
	close(m->stop_fd);
	free(m);
	s->mount = NULL;
}

#else

int sysfs_mount(struct sysfs *s)
{
	(void)s;
	cli_error(TOOLS_NO_FUSE);
	return -1;
}

void sysfs_unmount(struct sysfs *s)
{
	(void)s;
}

#endif
