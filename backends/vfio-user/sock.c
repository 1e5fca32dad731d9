/* SPDX-License-Identifier: MIT */
/* Sockets and descriptors. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/vfio-user/sock.h"
#include "backends/vfio-user/vu.h"

#define BACKLOG 4
#define SHORT 128 /* bytes of a message that are worth a copy */

/* --- descriptors --- */

void mpt_vu_fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void mpt_vu_fds_close(struct vu_fds *fds)
{
	while (fds->n)
		mpt_vu_fd_close(fds->fd[--fds->n]);
}

int mpt_vu_fds_take(struct vu_fds *fds, unsigned int i)
{
	int fd = i < fds->n ? fds->fd[i] : -1;

	if (i < fds->n)
		fds->fd[i] = -1;
	return fd;
}

/*
 * Pipes, sockets and files can make their writer wait, whatever the flag says today; an event
 * descriptor has no file type. The flag is on the description, which the client shares: it could
 * take it away again.
 */
bool mpt_vu_event_ok(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &st) || st.st_mode & S_IFMT)
		return false;
	return flags & O_NONBLOCK || !fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void mpt_vu_event_signal(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	u64 one = 1;

	/*
	 * A full counter is readable all the same: it is left alone, since writing would wait if
	 * the client has taken the flag away. What takes no count is the client's matter.
	 */
	if (poll(&p, 1, 0) != 1 || write(fd, &one, sizeof(one)) < 0)
		return;
}

/* --- listening --- */

static int address(const char *path, struct sockaddr_un *sun)
{
	size_t len = strlen(path);

	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!len || len >= sizeof(sun->sun_path))
		return vu_fail("open", -EINVAL, "the socket's path has %zu bytes (1 to %zu)", len,
			       sizeof(sun->sun_path) - 1);
	memcpy(sun->sun_path, path, len + 1);
	return 0;
}

static int errno_known(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
	case EROFS:
		return -EACCES;
	case ENOENT:
	case ENOTDIR:
		return -ENOENT;
	default:
		return -EIO;
	}
}

static int listen_fail(const char *path, int err)
{
	return vu_fail("open", errno_known(err),
		       "cannot listen at %s: %s (choose a folder that is "
		       "there and yours)",
		       path, strerror(err));
}

/* Whether anybody answers at the address. */
static bool answered(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return true;
	/* EAGAIN: somebody's queue is full. */
	yes = !connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) || errno == EAGAIN;
	close(fd);
	return yes;
}

/* What is in the way goes, if it is a socket that nobody listens at. */
static int make_way(const struct sockaddr_un *sun)
{
	struct stat st;

	if (lstat(sun->sun_path, &st))
		return errno == ENOENT ? 0 : listen_fail(sun->sun_path, errno);
	if (!S_ISSOCK(st.st_mode))
		return vu_fail("open", -EEXIST, "%s is there and no socket (choose another path)",
			       sun->sun_path);
	if (answered(sun))
		return vu_fail("open", -EBUSY,
			       "somebody listens at %s already (choose another path)",
			       sun->sun_path);
	return unlink(sun->sun_path) ? listen_fail(sun->sun_path, errno) : 0;
}

static int bind_name(int fd, const struct sockaddr_un *sun, struct vu_sock_name *name)
{
	struct stat st;

	/* The socket's own mode becomes the name's: no moment in which others may connect. */
	if (fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)sun, sizeof(*sun)))
		return errno;
	if (lstat(sun->sun_path, &st) || listen(fd, BACKLOG)) {
		int err = errno;

		unlink(sun->sun_path);
		return err;
	}
	memcpy(name->path, sun->sun_path, sizeof(name->path));
	name->dev = st.st_dev;
	name->ino = st.st_ino;
	return 0;
}

int mpt_vu_sock_listen(const char *path, struct vu_sock_name *name)
{
	struct sockaddr_un sun;
	int ret, fd;

	ret = address(path, &sun);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return listen_fail(path, errno);
	ret = bind_name(fd, &sun, name);
	if (ret == EADDRINUSE) {
		ret = make_way(&sun);
		if (ret) {
			close(fd);
			return ret;
		}
		ret = bind_name(fd, &sun, name);
	}
	if (!ret)
		return fd;
	close(fd);
	return listen_fail(path, ret);
}

void mpt_vu_sock_unlisten(int fd, const struct vu_sock_name *name)
{
	struct stat st;

	if (fd < 0)
		return;
	close(fd);
	if (!lstat(name->path, &st) && st.st_dev == name->dev && st.st_ino == name->ino)
		unlink(name->path);
}

int mpt_vu_sock_accept(int fd, int wake)
{
	struct pollfd p[2] = { { .fd = wake, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	int client;

	if (poll(p, 2, -1) < 0)
		return -EIO;
	if (p[0].revents)
		return -EAGAIN;
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (client >= 0)
		return client;
	/* Out of descriptors, for instance: the client still waits, so not at once again. */
	poll(p, 1, 100);
	return -EIO;
}

void mpt_vu_sock_shut(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

/* --- messages --- */

/* 0, -ETIMEDOUT. */
static int wait_for(int fd, short events, u64 deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	u64 now = os_now_ns(), ms = deadline > now ? (deadline - now + 999999) / 1000000 : 0;
	int n = poll(&p, 1, ms < INT32_MAX ? (int)ms : INT32_MAX);

	return n || deadline > os_now_ns() ? 0 : -ETIMEDOUT;
}

/* What came with a read; false: more than a message may bring. */
static bool fds_add(struct msghdr *mh, struct vu_fds *fds)
{
	bool ok = !(mh->msg_flags & MSG_CTRUNC);
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (fds->n < VU_FDS_MAX) {
				fds->fd[fds->n++] = fd;
			} else {
				close(fd);
				ok = false;
			}
		}
	}
	return ok;
}

int mpt_vu_sock_read_some(int fd, void *buf, size_t least, size_t most, struct vu_fds *fds,
			  u64 deadline)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(VU_FDS_MAX * sizeof(int))];
	} control;
	size_t done = 0;
	ssize_t n;

	while (done < least) {
		struct iovec iov = { .iov_base = (char *)buf + done,
				     .iov_len = (fds->n ? least : most) - done };
		struct msghdr mh = { .msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control.bytes,
				     .msg_controllen = sizeof(control.bytes) };

		if (deadline && wait_for(fd, POLLIN, deadline))
			return -ETIMEDOUT;
		n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC | (deadline ? MSG_DONTWAIT : 0));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n > 0 && !fds_add(&mh, fds))
			return -EIO;
		if (n <= 0)
			return !n && !done ? 0 : -EIO;
		done += (size_t)n;
	}
	return (int)done;
}

int mpt_vu_sock_read(int fd, void *buf, size_t len, struct vu_fds *fds, u64 deadline)
{
	int n = mpt_vu_sock_read_some(fd, buf, len, len, fds, deadline);

	return n > 0 ? 1 : n;
}

static void control_fill(struct msghdr *mh, const struct vu_fds *fds)
{
	struct cmsghdr *c;

	mh->msg_controllen = CMSG_SPACE(fds->n * sizeof(int));
	c = CMSG_FIRSTHDR(mh);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(fds->n * sizeof(int));
	memcpy(CMSG_DATA(c), fds->fd, fds->n * sizeof(int));
}

static void pieces_skip(struct vu_bytes piece[2], size_t n)
{
	size_t first = n < piece[0].len ? n : piece[0].len;

	piece[0].at = (const u8 *)piece[0].at + first;
	piece[0].len -= first;
	piece[1].at = (const u8 *)piece[1].at + (n - first);
	piece[1].len -= n - first;
}

/* What is left of the pieces behind @done bytes; the number of them. */
static size_t pieces_left(const struct vu_bytes piece[2], size_t done, struct iovec iov[2])
{
	size_t i, n = 0, skip;

	for (i = 0; i < 2; i++) {
		skip = done < piece[i].len ? done : piece[i].len;
		done -= skip;
		if (skip == piece[i].len)
			continue;
		iov[n].iov_base = (char *)(uintptr_t)piece[i].at + skip;
		iov[n++].iov_len = piece[i].len - skip;
	}
	return n;
}

void mpt_vu_sock_write_now(int fd, struct vu_bytes piece[2])
{
	u8 bytes[SHORT];
	size_t len = piece[0].len + piece[1].len;
	ssize_t n;

	if (piece[0].len > SHORT || len > SHORT)
		return;
	memcpy(bytes, piece[0].at, piece[0].len);
	if (piece[1].len)
		memcpy(bytes + piece[0].len, piece[1].at, piece[1].len);
	n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n <= 0)
		return;
	if ((size_t)n == len)
		piece[0].len = piece[1].len = 0;
	else
		pieces_skip(piece, (size_t)n);
}

int mpt_vu_sock_write(int fd, const struct vu_bytes piece[2], const struct vu_fds *fds,
		      u64 deadline)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(VU_FDS_MAX * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec iov[2];
	size_t done = 0;
	ssize_t n;

	while (done < piece[0].len + piece[1].len) {
		struct msghdr mh = { .msg_iov = iov, .msg_control = control.bytes };

		mh.msg_iovlen = pieces_left(piece, done, iov);
		if (fds && fds->n && !done)
			control_fill(&mh, fds);
		else
			mh.msg_control = NULL;
		n = sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, deadline))
			return -ETIMEDOUT;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -EIO;
	}
	return 0;
}
