/* SPDX-License-Identifier: MIT */
/*
 * The bytes of vfio-user messages against bytes that were written by hand from the specification
 * (QEMU's documentation, interop/vfio-user), and every form that is refused.
 */
#include <errno.h>
#include <string.h>

#include "backends/vfio-user/wire.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM 256

/* --- bytes --- */

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "01 0a ff"; '.' is a byte of zeros. */
static size_t hex(const char *text, u8 *bytes)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		ck_assert_uint_lt(n, ROOM);
		if (*text == '.') {
			bytes[n++] = 0;
			continue;
		}
		bytes[n++] = (u8)(digit(text[0]) << 4 | digit(text[1]));
		text++;
	}
	return n;
}

static void put(u8 *at, u64 value, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		at[i] = (u8)(value >> 8 * i);
}

/* A header by the specification's table: id, command, size, flags, error. */
static void header(u8 *bytes, u16 id, u16 command, u32 size, u32 flags, u32 error)
{
	put(bytes, id, 2);
	put(bytes + 2, command, 2);
	put(bytes + 4, size, 4);
	put(bytes + 8, flags, 4);
	put(bytes + 12, error, 4);
}

/* --- every message, by hand --- */

struct sample {
	const char *bytes;
	struct vuw_msg m;
	const char *data; /* behind the fixed part */
};

#define MSG(command_, flags_, ...)                                                             \
	{                                                                                      \
		.hdr = { .id = 0x1234, .command = (command_), .flags = (flags_) }, __VA_ARGS__ \
	}
#define REQ 0
#define REP 1

static const struct sample samples[] = {
	{ "34 12 01 . 18 . . . . . . . . . . .  . . 01 .  7b 7d 20 .",
	  MSG(VUW_VERSION, REQ, .u.version = { 0, 1 }), "7b 7d 20 ." },
	{ "34 12 01 . 14 . . . 01 . . . . . . .  02 . 03 .",
	  MSG(VUW_VERSION, REP, .u.version = { 2, 3 }), "" },
	{ "34 12 02 . 30 . . . . . . . . . . .  20 . . . 03 . . . "
	  ". 10 . . . . . .  . . 0c . 01 . . .  . . . 40 . . . .",
	  MSG(VUW_DMA_MAP, REQ, .u.map = { 32, 3, 0x1000, 0x1000c0000, 0x40000000 }), "" },
	{ "34 12 02 . 10 . . . 01 . . . . . . .", MSG(VUW_DMA_MAP, REP, .u = { { 0 } }), "" },
	{ "34 12 03 . 28 . . . 10 . . . . . . .  18 . . . 02 . . .  "
	  "11 22 33 44 55 66 77 88  01 . . . . . . 80",
	  MSG(VUW_DMA_UNMAP, VUW_NO_REPLY,
	      .u.unmap = { 24, 2, 0x8877665544332211, 0x8000000000000001 }),
	  "" },
	{ "34 12 03 . 28 . . . 01 . . . . . . .  18 . . . . . . .  . 10 . . . . . .  "
	  ". 20 . . . . . .",
	  MSG(VUW_DMA_UNMAP, REP, .u.unmap = { 24, 0, 0x1000, 0x2000 }), "" },
	{ "34 12 04 . 20 . . . . . . . . . . .  10 . . . . . . . . . . . . . . .",
	  MSG(VUW_GET_INFO, REQ, .u.info = { 16, 0, 0, 0 }), "" },
	{ "34 12 04 . 20 . . . 01 . . . . . . .  10 . . . 03 . . . 09 . . . 05 . . .",
	  MSG(VUW_GET_INFO, REP, .u.info = { 16, 3, 9, 5 }), "" },
	{ "34 12 05 . 30 . . . . . . . . . . .  20 . . . . . . . 07 . . . . . . . "
	  ". . . . . . . . . . . . . . . .",
	  MSG(VUW_GET_REGION_INFO, REQ, .u.region_info = { 32, 0, 7, 0, 0, 0 }), "" },
	{ "34 12 05 . 38 . . . 01 . . . . . . .  28 . . . 0f . . . 02 . . . 20 . . . "
	  ". . . 10 . . . .  . . . . 01 . . .  01 . 01 . . . . .",
	  MSG(VUW_GET_REGION_INFO, REP,
	      .u.region_info = { 40, 15, 2, 32, 0x10000000, 0x100000000 }),
	  "01 . 01 . . . . ." },
	{ "34 12 06 . 20 . . . . . . . . . . .  10 . . . . . . . 02 . . . . . . .",
	  MSG(VUW_GET_REGION_IO_FDS, REQ, .u.io_fds = { 16, 0, 2, 0 }), "" },
	{ "34 12 06 . 24 . . . 01 . . . . . . .  14 . . . . . . . 02 . . . 01 . . .  0a 0b 0c 0d",
	  MSG(VUW_GET_REGION_IO_FDS, REP, .u.io_fds = { 20, 0, 2, 1 }), "0a 0b 0c 0d" },
	{ "34 12 07 . 20 . . . . . . . . . . .  10 . . . . . . . 01 . . . . . . .",
	  MSG(VUW_GET_IRQ_INFO, REQ, .u.irq_info = { 16, 0, 1, 0 }), "" },
	{ "34 12 07 . 20 . . . 01 . . . . . . .  10 . . . 07 . . . . . . . 01 . . .",
	  MSG(VUW_GET_IRQ_INFO, REP, .u.irq_info = { 16, 7, 0, 1 }), "" },
	{ "34 12 08 . 24 . . . . . . . . . . .  14 . . . 24 . . . 01 . . . . . . . 01 . . .",
	  MSG(VUW_SET_IRQS, REQ, .u.set_irqs = { 20, 0x24, 1, 0, 1 }), "" },
	{ "34 12 08 . 27 . . . . . . . . . . .  17 . . . 22 . . . 02 . . . 04 . . . 03 . . .  "
	  "01 . 01",
	  MSG(VUW_SET_IRQS, REQ, .u.set_irqs = { 23, 0x22, 2, 4, 3 }), "01 . 01" },
	{ "34 12 08 . 10 . . . 01 . . . . . . .", MSG(VUW_SET_IRQS, REP, .u = { { 0 } }), "" },
	{ "34 12 09 . 20 . . . . . . . . . . .  30 04 07 . . . . .  . . . . 04 . . .",
	  MSG(VUW_REGION_READ, REQ, .u.region = { 0x70430, 0, 4 }), "" },
	{ "34 12 09 . 24 . . . 01 . . . . . . .  30 04 07 . . . . .  . . . . 04 . . .  de ad be ef",
	  MSG(VUW_REGION_READ, REP, .u.region = { 0x70430, 0, 4 }), "de ad be ef" },
	{ "34 12 0a . 22 . . . 10 . . . . . . .  04 . . . . . . .  07 . . . 02 . . .  06 04",
	  MSG(VUW_REGION_WRITE, VUW_NO_REPLY, .u.region = { 4, 7, 2 }), "06 04" },
	{ "34 12 0a . 20 . . . 01 . . . . . . .  04 . . . . . . .  07 . . . 02 . . .",
	  MSG(VUW_REGION_WRITE, REP, .u.region = { 4, 7, 2 }), "" },
	{ "34 12 0b . 20 . . . . . . . . . . .  . . 10 . . . . .  . 10 . . . . . .",
	  MSG(VUW_DMA_READ, REQ, .u.dma = { 0x100000, 0x1000 }), "" },
	{ "34 12 0b . 23 . . . 01 . . . . . . .  . . 10 . . . . .  03 . . . . . . .  61 62 63",
	  MSG(VUW_DMA_READ, REP, .u.dma = { 0x100000, 3 }), "61 62 63" },
	{ "34 12 0c . 23 . . . . . . . . . . .  . . 10 . . . . .  03 . . . . . . .  61 62 63",
	  MSG(VUW_DMA_WRITE, REQ, .u.dma = { 0x100000, 3 }), "61 62 63" },
	/* The address and, by the table, four bytes of count. */
	{ "34 12 0c . 1c . . . 01 . . . . . . .  . . 10 . . . . .  03 . . .",
	  MSG(VUW_DMA_WRITE, REP, .u = { { 0 } }), ". . 10 . . . . . 03 . . ." },
	{ "34 12 0d . 10 . . . . . . . . . . .", MSG(VUW_RESET, REQ, .u = { { 0 } }), "" },
	{ "34 12 0d . 10 . . . 01 . . . . . . .", MSG(VUW_RESET, REP, .u = { { 0 } }), "" },
	{ "34 12 0f . 30 . . . . . . . . . . .  01 . . . . . . .  "
	  ". 10 . . . . . .  . . . . 04 . . .  01 02 03 04 . . . .",
	  MSG(VUW_REGION_WRITE_MULTI, REQ, .u.multi = { 1 }),
	  ". 10 . . . . . .  . . . . 04 . . .  01 02 03 04 . . . ." },
	{ "34 12 0f . 18 . . . 01 . . . . . . .  01 . . . . . . .",
	  MSG(VUW_REGION_WRITE_MULTI, REP, .u.multi = { 1 }), "" },
	{ "34 12 10 . 18 . . . . . . . . . . .  10 . . . 01 . 01 .",
	  MSG(VUW_FEATURE, REQ, .u.feature = { 16, 0x10001 }), "" },
	{ "34 12 10 . 20 . . . 01 . . . . . . .  10 . . . 01 . 01 .  01 . . . . . . .",
	  MSG(VUW_FEATURE, REP, .u.feature = { 16, 0x10001 }), "01 . . . . . . ." },
	{ "34 12 11 . 18 . . . . . . . . . . .  08 01 . . . 01 . .",
	  MSG(VUW_MIG_DATA_READ, REQ, .u.mig = { 0x108, 0x100 }), "" },
	{ "34 12 11 . 1a . . . 01 . . . . . . .  0a . . . 02 . . .  aa bb",
	  MSG(VUW_MIG_DATA_READ, REP, .u.mig = { 10, 2 }), "aa bb" },
	{ "34 12 12 . 1a . . . . . . . . . . .  0a . . . 02 . . .  aa bb",
	  MSG(VUW_MIG_DATA_WRITE, REQ, .u.mig = { 10, 2 }), "aa bb" },
	{ "34 12 12 . 10 . . . 01 . . . . . . .", MSG(VUW_MIG_DATA_WRITE, REP, .u = { { 0 } }),
	  "" },
	/* An error is a header, of any command. */
	{ "34 12 09 . 10 . . . 21 . . . 16 . . .",
	  { .hdr = { 0x1234, VUW_REGION_READ, 0, 0x21, 22 } },
	  "" },
	{ "34 12 02 . 10 . . . 21 . . . . . . .",
	  { .hdr = { 0x1234, VUW_DMA_MAP, 0, 0x21, 0 } },
	  "" },
};

/* Both directions, and all that a sample's fixed part and data are. */
START_TEST(by_hand)
{
	const struct sample *s = &samples[_i];
	u8 want[ROOM], got[ROOM], data[ROOM];
	size_t len = hex(s->bytes, want), data_len = hex(s->data, data);
	struct vuw_msg m, out = s->m;

	memset(&m, 0, sizeof(m));
	ck_assert_int_eq(mpt_vuw_decode(want, len, &m), 0);
	ck_assert_uint_eq(m.hdr.id, 0x1234);
	ck_assert_uint_eq(m.hdr.command, s->m.hdr.command);
	ck_assert_uint_eq(m.hdr.size, len);
	ck_assert_uint_eq(m.hdr.flags, s->m.hdr.flags);
	ck_assert_uint_eq(m.hdr.error, s->m.hdr.error);
	ck_assert_mem_eq(&m.u, &s->m.u, sizeof(m.u));
	ck_assert_uint_eq(m.data_len, data_len);
	ck_assert_mem_eq(m.data, data, data_len);
	ck_assert_ptr_eq(m.data, want + len - data_len);

	out.data = data;
	out.data_len = (u32)data_len;
	memset(got, 0xee, sizeof(got));
	ck_assert_int_eq(mpt_vuw_encode(&out, got, len), (int64_t)len);
	ck_assert_mem_eq(got, want, len);
	ck_assert_uint_eq(got[len], 0xee);
	ck_assert_int_eq(mpt_vuw_encode(&out, got, len - 1), -ENOSPC);
	ck_assert_int_eq(mpt_vuw_encode(&out, got, 0), -ENOSPC);
	ck_assert_int_eq(mpt_vuw_head(&out, got), (int)(len - data_len));
	ck_assert_mem_eq(got, want, len - data_len);
}
END_TEST

START_TEST(errors)
{
	const struct vuw_hdr request = { 0xbeef, VUW_SET_IRQS, 77, VUW_NO_REPLY, 9 };
	struct vuw_hdr reply;
	u8 want[ROOM];

	ck_assert_uint_eq(hex("ef be 08 . 10 . . . 21 . . . 11 . . .", want), sizeof(reply));
	mpt_vuw_error(&request, EEXIST, &reply);
	ck_assert_mem_eq(&reply, want, sizeof(reply));
}
END_TEST

/* --- lengths --- */

/* What follows the fixed part, once more and from the specification. */
enum rest {
	NONE,
	ANY,
	COUNTED,
	NO_COMMAND
};
static const struct {
	unsigned int request;
	enum rest request_rest;
	unsigned int reply;
	enum rest reply_rest;
} lengths[] = {
	[1] = { 4, ANY, 4, ANY },	  [2] = { 32, NONE, 0, NONE },
	[3] = { 24, NONE, 24, NONE },	  [4] = { 16, NONE, 16, NONE },
	[5] = { 32, NONE, 32, ANY },	  [6] = { 16, NONE, 16, ANY },
	[7] = { 16, NONE, 16, NONE },	  [8] = { 20, COUNTED, 0, NONE },
	[9] = { 16, NONE, 16, COUNTED },  [10] = { 16, COUNTED, 16, NONE },
	[11] = { 16, NONE, 16, COUNTED }, [12] = { 16, COUNTED, 0, ANY },
	[13] = { 0, NONE, 0, NONE },	  [15] = { 8, COUNTED, 8, NONE },
	[16] = { 8, ANY, 8, ANY },	  [17] = { 8, NONE, 8, COUNTED },
	[18] = { 8, COUNTED, 0, NONE },
};

static bool is_command(unsigned int c)
{
	return c >= 1 && c <= 18 && c != 14;
}

/* Counts are 0: so the rest is nothing, unless it may be anything. */
static int expect(unsigned int command, u32 flags, size_t len)
{
	bool reply = flags & 1, error = flags & 0x20;
	unsigned int fixed = reply ? lengths[command].reply : lengths[command].request;
	enum rest rest = reply ? lengths[command].reply_rest : lengths[command].request_rest;

	if (!is_command(command))
		return -EOPNOTSUPP;
	if (error)
		return len == 16 ? 0 : -EINVAL;
	return len == 16 + fixed || (rest == ANY && len > 16 + fixed) ? 0 : -EINVAL;
}

/* _i: the command. All lengths around what is right; what the header says is what there is. */
START_TEST(lattice)
{
	static const u32 flags[] = { 0, 0x10, 1, 0x21 };
	u8 bytes[ROOM];
	struct vuw_msg m;
	size_t len, f;

	for (f = 0; f < N(flags); f++) {
		for (len = 16; len < 16 + 64; len++) {
			memset(bytes, 0, sizeof(bytes));
			header(bytes, 1, (u16)_i, (u32)len, flags[f], 0);
			ck_assert_msg(mpt_vuw_decode(bytes, len, &m) ==
					      (_i < (int)N(lengths)
						       ? expect((unsigned int)_i, flags[f], len)
						       : -EOPNOTSUPP),
				      "command %d, flags 0x%x, %zu bytes: %d", _i, flags[f], len,
				      mpt_vuw_decode(bytes, len, &m));
		}
	}
}
END_TEST

/* Where counts are, of how many bytes they are, and what one is worth. */
static const struct {
	u16 command;
	u32 flags;
	unsigned int fixed, at, size, each;
} counts[] = {
	{ 8, 0, 20, 16, 4, 1 }, { 9, 1, 16, 12, 4, 1 }, { 10, 0, 16, 12, 4, 1 },
	{ 11, 1, 16, 8, 8, 1 }, { 12, 0, 16, 8, 8, 1 }, { 15, 0, 8, 0, 8, 24 },
	{ 17, 1, 8, 4, 4, 1 },	{ 18, 0, 8, 4, 4, 1 },
};

static int counted(unsigned int i, u64 count, size_t rest)
{
	u8 bytes[ROOM] = { 0 };
	size_t len = 16 + counts[i].fixed + rest;
	struct vuw_msg m;

	header(bytes, 1, counts[i].command, (u32)len, counts[i].flags, 0);
	put(bytes + 16 + counts[i].at, count, counts[i].size);
	if (counts[i].command == 8) /* DATA_BOOL */
		put(bytes + 16 + 4, 0x22, 4);
	return mpt_vuw_decode(bytes, len, &m);
}

START_TEST(counted_data)
{
	unsigned int each = counts[_i].each;
	size_t n;

	for (n = 0; n < 5; n++) {
		size_t rest = n * each;

		ck_assert_int_eq(counted((unsigned int)_i, n, rest), 0);
		ck_assert_int_eq(counted((unsigned int)_i, n + 1, rest), -EINVAL);
		ck_assert_int_eq(counted((unsigned int)_i, n, rest + 1), -EINVAL);
		if (n)
			ck_assert_int_eq(counted((unsigned int)_i, n - 1, rest), -EINVAL);
		/* What the lower bits alone would make right. */
		ck_assert_int_eq(counted((unsigned int)_i, ~0ULL - n, rest), -EINVAL);
		if (counts[_i].size == 8) {
			ck_assert_int_eq(counted((unsigned int)_i, n | 1ULL << 32, rest), -EINVAL);
			ck_assert_int_eq(counted((unsigned int)_i, n | 1ULL << 63, rest), -EINVAL);
			/* 2^61 times 24 is 0 of 64 bits. */
			ck_assert_int_eq(counted((unsigned int)_i, n + (1ULL << 61), rest),
					 -EINVAL);
		}
	}
}
END_TEST

/* Without DATA_BOOL interrupts are not counted out in bytes. */
START_TEST(bools_only_with_their_flag)
{
	static const u32 none[] = { 0x21, 0x24, 0x09, 0x11, 0 };
	u8 bytes[ROOM] = { 0 };
	struct vuw_msg m;
	size_t i;

	for (i = 0; i < N(none); i++) {
		put(bytes + 16 + 4, none[i], 4);
		put(bytes + 16 + 16, 1, 4);
		header(bytes, 1, 8, 36, 0, 0);
		ck_assert_int_eq(mpt_vuw_decode(bytes, 36, &m), 0);
		header(bytes, 1, 8, 37, 0, 0);
		ck_assert_int_eq(mpt_vuw_decode(bytes, 37, &m), -EINVAL);
	}
}
END_TEST

/* --- headers --- */

START_TEST(headers)
{
	u8 bytes[ROOM] = { 0 };
	struct vuw_hdr hdr;
	struct vuw_msg m;
	u32 type;
	size_t len;

	for (len = 0; len < 16; len++) {
		header(bytes, 1, 13, 16, 0, 0);
		ck_assert_int_eq(mpt_vuw_header(bytes, len, &hdr), -EINVAL);
		ck_assert_int_eq(mpt_vuw_decode(bytes, len, &m), -EINVAL);
		/* One that is less than itself. */
		header(bytes, 1, 13, (u32)len, 0, 0);
		ck_assert_int_eq(mpt_vuw_header(bytes, 16, &hdr), -EINVAL);
	}
	for (type = 0; type < 16; type++) {
		header(bytes, 1, 13, 16, type, 0);
		ck_assert_int_eq(mpt_vuw_header(bytes, 16, &hdr), type < 2 ? 0 : -EINVAL);
	}
	/* How much more is to come is nobody's matter here. */
	header(bytes, 7, 999, 0xffffffff, 0xffffffe1, 5);
	ck_assert_int_eq(mpt_vuw_header(bytes, 16, &hdr), 0);
	ck_assert_uint_eq(hdr.id, 7);
	ck_assert_uint_eq(hdr.command, 999);
	ck_assert_uint_eq(hdr.size, 0xffffffff);
	ck_assert_uint_eq(hdr.error, 5);
}
END_TEST

START_TEST(sizes_that_lie)
{
	u8 bytes[ROOM] = { 0 };
	struct vuw_msg m;

	header(bytes, 1, 13, 17, 0, 0);
	ck_assert_int_eq(mpt_vuw_decode(bytes, 16, &m), -EINVAL);
	header(bytes, 1, 13, 16, 0, 0);
	ck_assert_int_eq(mpt_vuw_decode(bytes, 17, &m), -EINVAL);
	header(bytes, 1, 1, 20, 0, 0);
	ck_assert_int_eq(mpt_vuw_decode(bytes, 21, &m), -EINVAL);
	/* The header is there for the answer. */
	ck_assert_uint_eq(m.hdr.command, 1);
}
END_TEST

START_TEST(flags)
{
	u8 bytes[ROOM] = { 0 };
	struct vuw_msg m;
	unsigned int bit;

	for (bit = 4; bit < 32; bit++) {
		u32 flag = 1U << bit;

		header(bytes, 1, 13, 16, flag, 0);
		ck_assert_int_eq(mpt_vuw_decode(bytes, 16, &m), flag == 0x10 ? 0 : -EINVAL);
		header(bytes, 1, 13, 16, flag | 1, 0);
		ck_assert_int_eq(mpt_vuw_decode(bytes, 16, &m), flag == 0x20 ? 0 : -EINVAL);
	}
}
END_TEST

/* --- QEMU's own form of DMA messages --- */

START_TEST(short_form)
{
	const struct vuw_dma dma = { 0x1122334455667788, 3 };
	u8 want[ROOM], head[VUW_SHORT_HEAD];
	u32 count;
	size_t i;

	ck_assert_uint_eq(hex("34 12 0c . 23 . . . . . . . . . . .  88 77 66 55 44 33 22 11  "
			      "03 . . .",
			      want),
			  sizeof(head));
	mpt_vuw_short_head(0x1234, &dma, head);
	ck_assert_mem_eq(head, want, sizeof(head));

	ck_assert_uint_eq(hex("34 12 0b . 23 . . . 01 . . . . . . .  88 77 66 55 44 33 22 11  "
			      "03 . . .  61 62 63  ee ee ee ee",
			      want),
			  35);
	ck_assert_ptr_eq(mpt_vuw_short_data(want, 35, 3), want + 28);
	for (i = 0; i < 64; i++)
		ck_assert(i == 35 || !mpt_vuw_short_data(want, i, 3));
	for (count = 0; count < 64; count++)
		ck_assert(count == 3 || !mpt_vuw_short_data(want, 35, count));
	ck_assert_ptr_null(mpt_vuw_short_data(want, 35, 0xffffffff));
	/* Of another command, an error, a request, with another count. */
	for (i = 2; i < 28; i = i == 2 ? 8 : i == 8 ? 24 : 99) {
		want[i] ^= 1;
		ck_assert_ptr_null(mpt_vuw_short_data(want, 35, 3));
		want[i] ^= 1;
	}
	want[27] = 1;
	ck_assert_ptr_null(mpt_vuw_short_data(want, 35, 3));
	want[27] = 0;
	want[8] = 0x21;
	ck_assert_ptr_null(mpt_vuw_short_data(want, 35, 3));
}
END_TEST

/* --- what cannot be encoded --- */

START_TEST(bad_messages)
{
	u8 bytes[ROOM], data[4] = { 0 };
	struct vuw_msg m = { .hdr.command = VUW_REGION_WRITE, .data = data, .data_len = 4 };

	m.u.region.count = 3;
	ck_assert_int_eq(mpt_vuw_encode(&m, bytes, ROOM), -EINVAL);
	m.u.region.count = 4;
	ck_assert_int_eq(mpt_vuw_encode(&m, bytes, ROOM), 16 + 16 + 4);
	m.hdr.flags = 0x40;
	ck_assert_int_eq(mpt_vuw_encode(&m, bytes, ROOM), -EINVAL);
	m.hdr.flags = 0;
	m.hdr.command = 14;
	ck_assert_int_eq(mpt_vuw_encode(&m, bytes, ROOM), -EOPNOTSUPP);
	m.hdr.command = 0xffff;
	ck_assert_int_eq(mpt_vuw_head(&m, bytes), -EOPNOTSUPP);
	/* So long that the size overflows. */
	m.hdr.command = VUW_VERSION;
	m.data_len = 0xffffffff;
	ck_assert_int_eq(mpt_vuw_head(&m, bytes), -EINVAL);
	ck_assert_int_eq(mpt_vuw_encode(&m, bytes, ROOM), -EINVAL);
}
END_TEST

static Suite *wire_suite(void)
{
	Suite *s = suite_create("wire");
	TCase *messages = tcase_create("messages");

	tcase_add_loop_test(messages, by_hand, 0, (int)N(samples));
	tcase_add_loop_test(messages, lattice, 0, 24);
	tcase_add_loop_test(messages, counted_data, 0, (int)N(counts));
	tcase_add_test(messages, errors);
	tcase_add_test(messages, bools_only_with_their_flag);
	tcase_add_test(messages, headers);
	tcase_add_test(messages, sizes_that_lie);
	tcase_add_test(messages, flags);
	tcase_add_test(messages, short_form);
	tcase_add_test(messages, bad_messages);
	suite_add_tcase(s, messages);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { wire_suite };

	return mpt_test_main("vfu_wire", suites, N(suites));
}
