/* SPDX-License-Identifier: MIT */
/*
 * GMBUS, the I2C controller of the south display, and the monitor's EDID as a slave on it: a
 * machine that the guest steps by writing GMBUS1 and by reading the data register. Nothing takes
 * time: a step is over when the access is. On pins without a monitor nobody acknowledges, nor on
 * those of a DP monitor, whose EDID comes by AUX (aux.c). The GPIO lines are handlers_display.c's.
 * Registers: Skylake PRM vol. 2c (from memory); what a driver waits for: Linux 6.1
 * display/intel_gmbus.c; that GMBUS2 reads 0xc00 without a slave: the recorded probes. Slaves:
 * VESA E-DDC 1.2.
 */
#include "handlers.h"
#include "platform.h"

#define GMBUS0 0xc5100U
#define GMBUS0_PIN 7U

#define GMBUS1_CLEAR (1U << 31)
#define GMBUS1_SOFTWARE_READY (1U << 30)
#define GMBUS1_STOP (1U << 27)
#define GMBUS1_INDEX (1U << 26)
#define GMBUS1_WAIT (1U << 25) /* moves data and then waits; without it a cycle can only stop */
#define GMBUS1_BYTES(v) ((v) >> 16 & 0x1ff)
#define GMBUS1_OFFSET(v) ((u8)((v) >> 8))
#define GMBUS1_SLAVE(v) ((v) >> 1 & 0x7f)
#define GMBUS1_READ 1U

#define GMBUS2 0xc5108U
#define GMBUS2_IN_USE (1U << 15)
#define GMBUS2_WAITING (1U << 14)
#define GMBUS2_INTERRUPT (1U << 12)
#define GMBUS2_READY (1U << 11)
#define GMBUS2_NAK (1U << 10)
#define GMBUS2_ACTIVE (1U << 9)

#define GMBUS3 0xc510cU
#define GMBUS4 0xc5110U
#define GMBUS4_NAK (1U << 3)
#define GMBUS4_IDLE (1U << 2)
#define GMBUS4_WAITING (1U << 1)
#define GMBUS4_READY (1U << 0)
#define GMBUS5 0xc5120U
#define GMBUS5_TWO_BYTES (1U << 31)

#define EDID_SLAVE 0x50U
#define SEGMENT_SLAVE 0x30U
#define SEGMENT_SIZE 256U
#define NOTHING_DRIVES 0xff /* the lines are pulled up */

/* --- the slaves --- */

static bool monitor_here(const struct gvt_vgpu *v)
{
	u32 pin = gvt_vreg(v, GMBUS0) & GMBUS0_PIN;

	return pin && pin == v->gvt->platform->monitor->ddc_pin && v->monitor.plugged;
}

/* Segments are 256 bytes of EDID, of which this one has half of the first. */
static u8 slave_get(struct gvt_vgpu *v)
{
	u32 at = v->gmbus.segment * SEGMENT_SIZE + v->monitor.edid_offset++;

	if (!monitor_here(v))
		return NOTHING_DRIVES;
	return at < GVT_EDID_SIZE ? v->monitor.edid[at] : 0;
}

/* The segment pointer can only be written. */
static bool slave_answers(const struct gvt_vgpu *v, u32 slave, bool read)
{
	return monitor_here(v) && (slave == EDID_SLAVE || (slave == SEGMENT_SLAVE && !read));
}

static void slave_point(struct gvt_vgpu *v, u32 slave, u8 to)
{
	if (slave == SEGMENT_SLAVE)
		v->gmbus.segment = to;
	else
		v->monitor.edid_offset = to;
}

/* --- what the guest is told --- */

/* What holds now, as bits of GMBUS4, which enables an interrupt for each. */
static u32 conditions(u32 status)
{
	return (status & GMBUS2_READY ? GMBUS4_READY : 0) |
	       (status & GMBUS2_WAITING ? GMBUS4_WAITING : 0) |
	       (status & GMBUS2_ACTIVE ? 0 : GMBUS4_IDLE) |
	       (status & GMBUS2_NAK ? GMBUS4_NAK : 0);
}

/* Each step is an event of its own, also one after which the same holds as before. */
static void tell(struct gvt_vgpu *v, u32 status)
{
	gvt_vreg_set(v, GMBUS2, (gvt_vreg(v, GMBUS2) & GMBUS2_IN_USE) | status);
	if (conditions(status) & gvt_vreg(v, GMBUS4))
		gvt_irq_raise(v, GVT_EVENT_GMBUS);
}

static void bus_free(struct gvt_vgpu *v)
{
	memset(&v->gmbus, 0, sizeof(v->gmbus));
}

/* A stop follows, so the bus is free. */
static void not_acknowledged(struct gvt_vgpu *v)
{
	bus_free(v);
	tell(v, GMBUS2_READY | GMBUS2_NAK);
}

/* More is to be moved, or the cycle is over: then it stops, or waits for the next one. */
static void moved(struct gvt_vgpu *v)
{
	struct gvt_gmbus *g = &v->gmbus;

	if (g->left) {
		tell(v, GMBUS2_READY | GMBUS2_ACTIVE | g->done);
	} else if (g->stop) {
		bus_free(v);
		tell(v, GMBUS2_READY);
	} else {
		g->phase = GVT_GMBUS_WAIT;
		tell(v, GMBUS2_READY | GMBUS2_WAITING | GMBUS2_ACTIVE | g->done);
	}
}

/* --- reading: up to four bytes a step, the low one first --- */

static u32 step_bytes(const struct gvt_gmbus *g)
{
	return g->left < 4 ? g->left : 4;
}

/* What the guest finds in the data register; they count as moved when it has read them. */
static void fetch(struct gvt_vgpu *v)
{
	u32 i, n = step_bytes(&v->gmbus), data = 0;

	for (i = 0; i < n; i++)
		data |= (u32)slave_get(v) << 8 * i;
	gvt_vreg_set(v, GMBUS3, data);
}

static void fetched(struct gvt_vgpu *v)
{
	struct gvt_gmbus *g = &v->gmbus;
	u32 n = step_bytes(g);

	g->left -= n;
	g->done += n;
	if (g->left)
		fetch(v);
	moved(v);
}

/* --- cycles --- */

/*
 * What is written: the index, if the cycle has one, then the data. The EDID is read-only and its
 * pointers are one byte, so a second byte is not acknowledged, be it of the index or of the data.
 */
static bool written(struct gvt_vgpu *v, u32 value)
{
	u32 slave = GMBUS1_SLAVE(value), bytes = value & GMBUS1_READ ? 0 : GMBUS1_BYTES(value);
	bool index = value & GMBUS1_INDEX;

	if (!slave_answers(v, slave, value & GMBUS1_READ) || bytes + index > 1 ||
	    (gvt_vreg(v, GMBUS5) & GMBUS5_TWO_BYTES))
		return false;
	if (index)
		slave_point(v, slave, GMBUS1_OFFSET(value));
	else if (bytes)
		slave_point(v, slave, (u8)gvt_vreg(v, GMBUS3));
	return true;
}

/* Begins anew, whatever an earlier cycle had left to move: a repeated start. */
static void data_cycle(struct gvt_vgpu *v, u32 value)
{
	struct gvt_gmbus *g = &v->gmbus;
	bool read = value & GMBUS1_READ;

	if (!written(v, value)) {
		not_acknowledged(v);
		return;
	}
	g->phase = GVT_GMBUS_READ;
	g->stop = value & GMBUS1_STOP;
	g->left = read ? GMBUS1_BYTES(value) : 0;
	g->done = read ? 0 : GMBUS1_BYTES(value);
	if (read)
		fetch(v);
	moved(v);
}

int gvt_write_gmbus0(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 old = gvt_vreg(v, reg);

	gvt_vreg_set(v, reg, value);
	if (v->gmbus.phase == GVT_GMBUS_IDLE || !((old ^ value) & GMBUS0_PIN))
		return 0;
	/* The lines of a transfer are gone. */
	bus_free(v);
	tell(v, GMBUS2_READY);
	return 0;
}

/* With the clear bit nothing else is looked at. A cycle that moves no data can only be a stop. */
int gvt_write_gmbus1(struct gvt_vgpu *v, u32 reg, u32 value)
{
	gvt_vreg_set(v, reg, value & ~GMBUS1_SOFTWARE_READY);
	if (value & GMBUS1_CLEAR) {
		bus_free(v);
		gvt_vreg_set(v, GMBUS2, (gvt_vreg(v, GMBUS2) & GMBUS2_IN_USE) | GMBUS2_READY);
	} else if (!(value & GMBUS1_SOFTWARE_READY)) {
		return 0;
	} else if (value & GMBUS1_WAIT) {
		data_cycle(v, value);
	} else if (value & GMBUS1_STOP) {
		bus_free(v);
		tell(v, GMBUS2_READY);
	}
	return 0;
}

/* Who reads it while it is not in use has it from then on; the owner writes a 1 to give it back. */
u32 gvt_read_gmbus2(struct gvt_vgpu *v, u32 reg)
{
	u32 status = gvt_vreg(v, reg);

	gvt_vreg_set(v, reg, status | GMBUS2_IN_USE);
	if (conditions(status) & gvt_vreg(v, GMBUS4))
		status |= GMBUS2_INTERRUPT;
	return status;
}

u32 gvt_read_gmbus3(struct gvt_vgpu *v, u32 reg)
{
	u32 data = gvt_vreg(v, reg);

	if (v->gmbus.phase == GVT_GMBUS_READ)
		fetched(v);
	return data;
}

/* A driver starts a cycle first and enables the interrupt then: what holds already is told now. */
int gvt_write_gmbus4(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 added = value & ~gvt_vreg(v, reg);

	gvt_vreg_set(v, reg, value);
	if (conditions(gvt_vreg(v, GMBUS2)) & added)
		gvt_irq_raise(v, GVT_EVENT_GMBUS);
	return 0;
}

void gvt_gmbus_reset(struct gvt_vgpu *v)
{
	bus_free(v);
}
