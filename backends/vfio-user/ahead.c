/* SPDX-License-Identifier: MIT */
/*
 * Messages out of a stream, read ahead.
 *
 * Linux ends a read behind the bytes with which descriptors were sent, so those belong to the last
 * message of which a byte has come; a client sends them with its message's first bytes.
 */
#include <errno.h>
#include <string.h>

#include "backends/vfio-user/ahead.h"
#include "backends/vfio-user/wire.h"

void mpt_vu_ahead_clear(struct vu_ahead *a)
{
	mpt_vu_fds_close(&a->fds);
	a->at = a->end = 0;
}

/* Where the last message begins of which a byte is there; one that is bad is the last. */
static u32 last_begin(const struct vu_ahead *a)
{
	struct vuw_hdr hdr;
	u32 at = a->at;

	while (a->end - at >= VUW_HDR) {
		memcpy(&hdr, a->bytes + at, sizeof(hdr));
		if (hdr.size < VUW_HDR || hdr.size >= a->end - at)
			break;
		at += hdr.size;
	}
	return at;
}

/* At least a header is there: 1, or as mpt_vu_ahead_take(). */
static int fill(struct vu_ahead *a, int fd, u64 deadline)
{
	u32 have = a->end - a->at, least = (u32)VUW_HDR - have;
	int n;

	memmove(a->bytes, a->bytes + a->at, have);
	a->at = a->fds_at = 0;
	a->end = have;
	n = mpt_vu_sock_read_some(fd, a->bytes + have, least, VU_AHEAD - have, &a->fds, deadline);
	if (n <= 0)
		return !n && have ? -EIO : n;
	a->end += (u32)n;
	if (a->fds.n)
		a->fds_at = last_begin(a);
	return 1;
}

int mpt_vu_ahead_take(struct vu_ahead *a, int fd, u8 *buf, u32 room, struct vu_fds *fds,
		      u64 deadline)
{
	struct vuw_hdr hdr;
	int ret = a->end - a->at >= VUW_HDR ? 1 : fill(a, fd, deadline);
	u32 n;

	fds->n = 0;
	if (ret <= 0)
		return ret;
	if (a->fds.n && a->fds_at == a->at) {
		*fds = a->fds;
		a->fds.n = 0;
	}
	if (mpt_vuw_header(a->bytes + a->at, VUW_HDR, &hdr) || hdr.size > room)
		return -EIO;
	n = hdr.size < a->end - a->at ? hdr.size : a->end - a->at;
	memcpy(buf, a->bytes + a->at, n);
	a->at += n;
	if (n == hdr.size)
		return 1;
	ret = mpt_vu_sock_read(fd, buf + n, hdr.size - n, fds, deadline);
	return ret ? ret : -EIO;
}
