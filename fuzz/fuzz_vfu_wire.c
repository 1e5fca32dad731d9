/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the bytes of vfio-user messages and the JSON of their VERSION. What is accepted is
 * within its bytes and, encoded again, the same bytes; what is refused is refused by one of the
 * errors that are promised.
 *
 * Input: a byte; with bit 0 JSON follows, else a message. Bit 1: the message's size is made right.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vfio-user/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(what)                                                                 \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

/* --- messages --- */

static void feature(const struct vuw_msg *m)
{
	struct vuw_feature_req f;
	int ret = mpt_vuw_feature_decode(m, &f);
	u32 i;

	must(!ret || ret == -EINVAL || ret == -EOPNOTSUPP);
	if (ret)
		return;
	if (f.index == VUW_FEATURE_LOG_START && f.method == VUW_FEATURE_SET)
		for (i = 0; i < f.u.start.ranges; i++)
			mpt_vuw_log_range(&f, i);
}

static void round_trip(const struct vuw_msg *m, const uint8_t *bytes, size_t size)
{
	u8 *again = malloc(size);

	must(again);
	must(m->data >= bytes && m->data <= bytes + size);
	must(m->data_len == (size_t)(bytes + size - m->data));
	must(mpt_vuw_encode(m, again, size) == (int64_t)size);
	must(!memcmp(again, bytes, size));
	must(mpt_vuw_encode(m, again, size - 1) == -ENOSPC);
	free(again);
}

static void short_form(const uint8_t *bytes, size_t size)
{
	u32 count = size > 28 ? bytes[24] | (u32)bytes[25] << 8 : 0;
	const u8 *data = mpt_vuw_short_data(bytes, size, count);

	must(!data || (data == bytes + 28 && size == 32 + (size_t)count));
}

static void message(const uint8_t *bytes, size_t size)
{
	struct vuw_msg m = { .data_len = 0 };
	struct vuw_hdr hdr;
	int ret = mpt_vuw_decode(bytes, size, &m);

	must(!ret || ret == -EINVAL || ret == -EOPNOTSUPP);
	must(ret || !mpt_vuw_header(bytes, size, &hdr));
	short_form(bytes, size);
	if (ret)
		return;
	round_trip(&m, bytes, size);
	if (m.hdr.command == VUW_FEATURE && !(m.hdr.flags & VUW_REPLY))
		feature(&m);
}

static void right_size(const uint8_t *data, size_t size)
{
	u8 *bytes = malloc(size ? size : 1);
	u32 len = (u32)size;

	must(bytes);
	if (size)
		memcpy(bytes, data, size);
	if (size >= VUW_HDR)
		memcpy(bytes + 4, &len, sizeof(len));
	message(bytes, size);
	free(bytes);
}

/* --- JSON --- */

static void json(const uint8_t *data, size_t size)
{
	struct vuw_caps caps, again;
	char text[VUW_CAPS_MAX];
	int ret = mpt_vuw_caps_decode(data, size, &caps), len;

	must(!ret || ret == -EINVAL);
	if (ret)
		return;
	len = mpt_vuw_caps_encode(&caps, text);
	must(len > 0 && len <= (int)sizeof(text) && text[len - 1] == '\0');
	must(!mpt_vuw_caps_decode(text, (size_t)len, &again));
	must(again.has == caps.has && again.max_msg_fds == caps.max_msg_fds &&
	     again.max_data_xfer_size == caps.max_data_xfer_size &&
	     again.max_dma_maps == caps.max_dma_maps && again.pgsizes == caps.pgsizes &&
	     again.max_bitmap_size == caps.max_bitmap_size && again.mig_pgsize == caps.mig_pgsize &&
	     again.write_multiple == caps.write_multiple &&
	     again.twin_supported == caps.twin_supported);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		json(data + 1, size - 1);
	else if (data[0] & 2)
		right_size(data + 1, size - 1);
	else
		message(data + 1, size - 1);
	return 0;
}
