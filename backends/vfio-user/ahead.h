/* SPDX-License-Identifier: MIT */
/*
 * A client's messages out of its stream: what is there is read at once, a system call for a short
 * message, and one for many that were posted. Whoever reads has it, without a lock.
 */
#ifndef VU_AHEAD_H
#define VU_AHEAD_H

#include "backends/vfio-user/sock.h"

/* Short messages have some 40 bytes; of a long one the rest is read to where it belongs. */
#define VU_AHEAD 1024

/*
 * @at, @end: what of @bytes was read and not taken yet; @at is where a message begins
 * @fds: came with the bytes; at most one message has some: reading ends with the first
 * @fds_at: that message's begin
 */
struct vu_ahead {
	u8 bytes[VU_AHEAD];
	u32 at, end;
	u32 fds_at;
	struct vu_fds fds;
};

/*
 * A whole message of up to @room bytes to @buf, and its descriptors to @fds (the caller's to close,
 * also on failure). @deadline: os_now_ns(), 0: none. 1; 0: the peer closed between two messages;
 * -EIO (closed or broken, no header, too long, too many descriptors), -ETIMEDOUT.
 */
int mpt_vu_ahead_take(struct vu_ahead *a, int fd, u8 *buf, u32 room, struct vu_fds *fds,
		      u64 deadline);
/* Nothing was read. */
void mpt_vu_ahead_clear(struct vu_ahead *a);

#endif
