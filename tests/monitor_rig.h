/* SPDX-License-Identifier: MIT */
/* What a guest's driver says over AUX and what it hears, for tests of the virtual monitor. */
#ifndef MPT_TESTS_MONITOR_RIG_H
#define MPT_TESTS_MONITOR_RIG_H

#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define CTL(port) (0x64010U + 0x100 * (port))
#define PORT_D 3
#define BUSY (1U << 31)
#define DONE (1U << 30)
#define INTERRUPT (1U << 29)
#define TIMEOUT (1U << 28)
#define OUTCOME 0x52000000U
#define ACK 0x00
#define NATIVE_NAK 0x10
#define I2C_NAK 0x40
#define DPCD_END 0x700U
#define SFUSE_STRAP 0xc2014U
#define SDE_ISR 0xc4000U

/* --- as a guest's driver over AUX --- */

struct reply {
	u32 ctl, size;
	u8 byte[20];
};

static inline struct reply reply_get(struct rig *r, u32 port)
{
	struct reply reply;
	u32 i;

	reply.ctl = rig_reg(r, CTL(port));
	reply.size = reply.ctl >> 20 & 31;
	for (i = 0; i < 20; i++)
		reply.byte[i] = (u8)(rig_reg(r, CTL(port) + 4 + (i & ~3U)) >> (24 - i % 4 * 8));
	return reply;
}

/* 20 bytes and a size that need not agree. */
static inline struct reply send_raw(struct rig *r, u32 port, const u8 *byte, u32 size, u32 flags)
{
	u32 i;

	for (i = 0; i < 20; i += 4)
		rig_reg_set(r, CTL(port) + 4 + i, (u32)byte[i] << 24 | (u32)byte[i + 1] << 16 |
			    (u32)byte[i + 2] << 8 | byte[i + 3]);
	rig_reg_set(r, CTL(port), BUSY | OUTCOME | size << 20 | 0x23f | flags);
	return reply_get(r, port);
}

/* @len 0: the address alone. @data: of a write. */
static inline struct reply send(struct rig *r, u32 request, u32 addr, u32 len, const u8 *data)
{
	u8 byte[20] = { (u8)(request << 4 | addr >> 16), (u8)(addr >> 8), (u8)addr, (u8)(len - 1) };
	u32 size = len ? 4 + (data ? len : 0) : 3;

	if (data)
		memcpy(byte + 4, data, len);
	return send_raw(r, PORT_D, byte, size, 0);
}

static inline void is_answer(const struct reply *reply, u32 kind, u32 size)
{
	ck_assert_uint_eq(reply->ctl, DONE | size << 20 | 0x23f);
	ck_assert_uint_eq(reply->byte[0], kind);
}

static inline void is_timeout(const struct reply *reply, u32 size)
{
	ck_assert_uint_eq(reply->ctl, DONE | TIMEOUT | size << 20 | 0x23f);
}

static inline u8 dpcd(struct rig *r, u32 addr)
{
	struct reply reply = send(r, 9, addr, 1, NULL);

	is_answer(&reply, ACK, 2);
	return reply.byte[1];
}

static inline void dpcd_set(struct rig *r, u32 addr, u8 value)
{
	struct reply reply = send(r, 8, addr, 1, &value);

	is_answer(&reply, ACK, 1);
}

static inline void edid_seek(struct rig *r, u8 offset)
{
	struct reply reply = send(r, 4, 0x50, 1, &offset);

	is_answer(&reply, ACK, 1);
}

static inline void plug(struct rig *r, bool on)
{
	r->ops->emulate_hotplug(r->vgpu, on);
}

static inline void rig_plugged(struct rig *r)
{
	rig_open(r);
	plug(r, true);
}

static inline u8 dpcd_default(u32 addr)
{
	switch (addr) {
	case 0x000:
		return 0x12;
	case 0x001:
		return 0x14;
	case 0x002:
		return 0x84;
	case 0x200:
		return 1;
	}
	return 0;
}

static inline void dpcd_is_new(struct rig *r)
{
	struct reply reply;
	u32 addr, i;

	for (addr = 0; addr < DPCD_END + 0x20; addr += 16) {
		reply = send(r, 9, addr, 16, NULL);
		is_answer(&reply, ACK, 17);
		for (i = 0; i < 16; i++)
			ck_assert_uint_eq(reply.byte[1 + i], dpcd_default(addr + i));
	}
}

#endif
