/* SPDX-License-Identifier: MIT */
/*
 * Sockets and descriptors, the only place that knows them: listening, whole messages in and out
 * with a bounded number of descriptors, deadlines. What is in the messages is wire.h's.
 */
#ifndef VU_SOCK_H
#define VU_SOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include <mpt/types.h>

/* Descriptors that a message may bring; VERSION announces the number. */
#define VU_FDS_MAX 8

struct vu_fds {
	unsigned int n;
	int fd[VU_FDS_MAX];
};

/* A socket's name, and whether it is still ours. */
struct vu_sock_name {
	char path[108];
	dev_t dev;
	ino_t ino;
};

/*
 * A listening socket at @path, mode 0600. What nobody listens at any more is removed first. The
 * descriptor, or -EINVAL (no path, or too long), -EBUSY (somebody listens there), -EEXIST
 * (something that is no socket), -EACCES, -ENOENT, -EIO; each with a sentence.
 */
int mpt_vu_sock_listen(const char *path, struct vu_sock_name *name);
/* Closes it, and removes the name if it is still ours. */
void mpt_vu_sock_unlisten(int fd, const struct vu_sock_name *name);

/* The next client, or -EAGAIN: @wake is readable, -EIO: not now. */
int mpt_vu_sock_accept(int fd, int wake);

/*
 * Exactly @len bytes, and what descriptors come with them are added to @fds (the caller's to close,
 * also on failure). @deadline: os_now_ns(), 0: none. 1; 0: the peer closed before the first byte;
 * -EIO (closed or broken, too many descriptors), -ETIMEDOUT.
 */
int mpt_vu_sock_read(int fd, void *buf, size_t len, struct vu_fds *fds, u64 deadline);

/*
 * Likewise from @least up to @most bytes (more than 0), their number. Not more than @least if there
 * are descriptors in @fds already, or come: the next ones belong to other bytes.
 */
int mpt_vu_sock_read_some(int fd, void *buf, size_t least, size_t most, struct vu_fds *fds,
			  u64 deadline);

struct vu_bytes {
	const void *at;
	size_t len;
};
/*
 * What of a short message goes without waiting; the pieces are then what is left. send() does less
 * than sendmsg(), and who has not waited needs no clock.
 */
void mpt_vu_sock_write_now(int fd, struct vu_bytes piece[2]);
/* All of two pieces, by @deadline, with descriptors if @fds is given. 0, -EIO, -ETIMEDOUT. */
int mpt_vu_sock_write(int fd, const struct vu_bytes piece[2], const struct vu_fds *fds,
		      u64 deadline);

/* Every reader and writer of it ends. */
void mpt_vu_sock_shut(int fd);

void mpt_vu_fds_close(struct vu_fds *fds);
/* One of them, which is the caller's from now on; -1: none. */
int mpt_vu_fds_take(struct vu_fds *fds, unsigned int i);

/* Whether a descriptor can be signalled without waiting for anybody; makes it so. */
bool mpt_vu_event_ok(int fd);
void mpt_vu_event_signal(int fd);
void mpt_vu_fd_close(int fd);

#endif
