/* SPDX-License-Identifier: MIT */
/*
 * A driver of GMBUS, written from the registers' description alone, and a device whose monitor
 * answers it. What is expected of it all lives in the suites.
 */
#ifndef MPT_TESTS_GMBUS_DRIVER_H
#define MPT_TESTS_GMBUS_DRIVER_H

#include "gvt/platform.h"
#include "gvt_rig.h"

#define REG(n) (0xc5100U + 4 * (n))
#define REG5 0xc5120U
#define SDE 0xc4000U
#define EVENT (1U << 17)
#define PIN 6U /* port D's */
#define ADDR 0x50U
#define SEG 0x30U

/* GMBUS1 */
#define CLEAR (1U << 31)
#define GO (1U << 30)
#define STOP (4U << 25)
#define INDEX (2U << 25)
#define WAIT (1U << 25)
#define RD 1U
#define BYTES(n) ((u32)(n) << 16)
#define AT(n) ((u32)(n) << 8)
#define TO(slave) ((u32)(slave) << 1)

/* GMBUS2 */
#define IN_USE (1U << 15)
#define WAITING (1U << 14)
#define INTR (1U << 12)
#define READY (1U << 11)
#define NAK (1U << 10)
#define ACTIVE (1U << 9)
#define COUNT 0x1ffU

/* GMBUS4 */
#define ON_READY 1U
#define ON_WAIT 2U
#define ON_IDLE 4U
#define ON_NAK 8U

/* A device whose monitor is on DDC pins: what no platform has, since theirs is DP. */
struct ddc {
	struct rig r;
	struct gvt_port port;
	struct gvt_platform platform;
};

static inline void ddc_open(struct ddc *d, const char *platform)
{
	rig_open_platform(&d->r, platform);
	d->platform = *d->r.gvt->platform;
	d->port = *d->platform.monitor;
	d->port.ddc_pin = PIN;
	d->platform.monitor = &d->port;
	d->r.gvt->platform = &d->platform;
	d->r.ops->emulate_hotplug(d->r.vgpu, true);
	rig_reg_set(&d->r, SDE + 4, ~EVENT);
	rig_reg_set(&d->r, SDE + 12, EVENT);
	rig_reg_set(&d->r, 0x44200, 1U << 31);
}

/* Without the bit that says who may use it, which each read sets. */
static inline u32 status(struct rig *r)
{
	return rig_reg(r, REG(2)) & ~IN_USE;
}

static inline void go(struct rig *r, u32 cycle)
{
	rig_reg_set(r, REG(1), cycle | GO);
	ck_assert_uint_eq(rig_reg(r, REG(1)), cycle);
}

/* How often the event came since the last call. */
static inline u32 events(struct rig *r)
{
	static u64 before;
	u64 now = rig_info(r).interrupts, n = now - before;

	before = now;
	rig_reg_set(r, SDE + 8, EVENT);
	return (u32)n;
}

/* --- the driver --- */

enum { OK, NOBODY, LATE };

/* As a driver waits: enable the interrupt, look, disable. */
static inline int wait_for(struct rig *r, u32 bit, u32 enable)
{
	u32 s;

	rig_reg_set(r, REG(4), enable);
	s = rig_reg(r, REG(2));
	rig_reg_set(r, REG(4), 0);
	if (s & NAK)
		return NOBODY;
	return s & bit ? OK : LATE;
}

static inline int driver_read(struct rig *r, u32 cycle, u8 *buf, u32 len)
{
	u32 done = 0, data, i;
	int ret;

	rig_reg_set(r, REG(1), cycle | WAIT | BYTES(len) | TO(ADDR) | RD | GO);
	while (done < len) {
		ret = wait_for(r, READY, ON_READY);
		if (ret)
			return ret;
		data = rig_reg(r, REG(3));
		for (i = 0; i < 4 && done < len; i++, done++)
			buf[done] = (u8)(data >> 8 * i);
	}
	return wait_for(r, WAITING, ON_WAIT);
}

static inline int driver_write(struct rig *r, u32 slave, u8 byte)
{
	rig_reg_set(r, REG(3), byte);
	rig_reg_set(r, REG(1), WAIT | BYTES(1) | TO(slave) | GO);
	return wait_for(r, WAITING, ON_WAIT);
}

/* Ends a message: a stop, then an idle bus; or after a failure the clear bit up and down. */
static inline int driver_end(struct rig *r, int ret)
{
	if (!ret)
		rig_reg_set(r, REG(1), STOP | GO);
	rig_reg_set(r, REG(4), ON_IDLE);
	ck_assert_uint_eq(rig_reg(r, REG(2)) & ACTIVE, 0);
	rig_reg_set(r, REG(4), 0);
	if (ret) {
		rig_reg_set(r, REG(1), CLEAR);
		rig_reg_set(r, REG(1), 0);
	}
	rig_reg_set(r, REG(0), 0);
	return ret;
}

/* By an index cycle, or by a write and a repeated start. */
static inline int driver_edid(struct rig *r, u8 at, u8 *buf, u32 len, bool index)
{
	int ret = OK;

	rig_reg_set(r, REG(0), PIN);
	if (!index)
		ret = driver_write(r, ADDR, at);
	if (!ret)
		ret = driver_read(r, index ? INDEX | AT(at) : 0, buf, len);
	return driver_end(r, ret);
}

static inline void is_edid(const struct rig *r, const u8 *buf, u32 at, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++) {
		u32 from = (at + i) % 256;
		u8 want = from < 128 ? r->v->monitor.edid[from] : 0;

		if (buf[i] != want)
			ck_abort_msg("byte %u is 0x%x, not 0x%x", at + i, buf[i], want);
	}
}

#endif
