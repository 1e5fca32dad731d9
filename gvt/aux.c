/* SPDX-License-Identifier: MIT */
/*
 * DP AUX channels, and the monitor that answers on one of them while it is plugged: its DPCD and,
 * by I2C over AUX, its EDID. Messages and DPCD: VESA DisplayPort 1.2; registers: Skylake PRM vol.
 * 2c. Each message is the guest's: no field of it is used before it was checked.
 */
#include "handlers.h"
#include "platform.h"

/* DP_AUX_CH_CTL; the five data registers follow it. */
#define AUX_BUSY (1U << 31)
#define AUX_DONE (1U << 30)
#define AUX_INTERRUPT (1U << 29)
#define AUX_TIMEOUT (1U << 28)
#define AUX_SIZE_SHIFT 20
#define AUX_SIZE (31U << AUX_SIZE_SHIFT)
#define AUX_DATA 4
#define AUX_BYTES 20U

/* Of a message: a request and address, then the length less 1, then data. */
#define ADDRESS_ONLY 3U
#define HEADER 4U
#define BURST 16U
#define NATIVE 8U
#define MOT 4U

#define ACK 0x00
#define NATIVE_NAK 0x10
#define I2C_NAK 0x40

#define EDID_SLAVE 0x50U

/* DPCD addresses. */
#define TRAINING_PATTERN_SET 0x102U
#define TRAINING_PATTERN 3U

struct message {
	u32 size; /* as the guest says, so maybe above AUX_BYTES */
	u8 byte[AUX_BYTES];
	u32 addr, len; /* valid once parse() said so; @len 0: the address alone */
};

/* @out: BURST bytes. Return: how many of them are the answer's, -1: not acknowledged. */
typedef int (*serve_fn)(struct gvt_monitor *m, const struct message *msg, u8 *out);

/* Revision 1.2; 4 lanes of 5.4 Gbit/s, enhanced framing; one sink. */
static const struct {
	u16 at;
	u8 value;
} dpcd_rows[] = {
	{ 0x000, 0x12 }, { 0x001, 0x14 }, { 0x002, 0x84 }, { 0x200, 1 },
};

/* Training succeeds at once: what the end of each pattern leaves in the status of four lanes. */
static const struct {
	u8 pattern;
	u16 at;
	u8 keep, set;
} training_rows[] = {
	{ 1, 0x202, 0xff, 0x11 }, { 1, 0x203, 0xff, 0x11 }, /* clock recovered */
	{ 2, 0x202, 0xff, 0x66 }, { 2, 0x203, 0xff, 0x66 }, /* equalised, symbols locked */
	{ 2, 0x204, 0xff, 0x01 }, /* lanes aligned */
	{ 0, 0x205, 0x00, 0x03 }, /* in sync with the picture */
};

void gvt_aux_reset(struct gvt_vgpu *v)
{
	struct gvt_monitor *m = &v->monitor;
	size_t i;

	gvt_edid_build(m->edid, v->width, v->height);
	m->edid_offset = 0;
	memset(m->dpcd, 0, sizeof(m->dpcd));
	for (i = 0; i < sizeof(dpcd_rows) / sizeof(dpcd_rows[0]); i++)
		m->dpcd[dpcd_rows[i].at] = dpcd_rows[i].value;
}

/* --- the monitor's side --- */

static int native_read(struct gvt_monitor *m, const struct message *msg, u8 *out)
{
	u32 i;

	for (i = 0; i < msg->len; i++)
		out[i] = msg->addr + i < GVT_DPCD_SIZE ? m->dpcd[msg->addr + i] : 0;
	return (int)msg->len;
}

static void train(struct gvt_monitor *m)
{
	u8 pattern = m->dpcd[TRAINING_PATTERN_SET] & TRAINING_PATTERN;
	size_t i;

	for (i = 0; i < sizeof(training_rows) / sizeof(training_rows[0]); i++) {
		u8 *status = &m->dpcd[training_rows[i].at];

		if (training_rows[i].pattern == pattern)
			*status = (*status & training_rows[i].keep) | training_rows[i].set;
	}
}

/* All of it is stored, also where a real sink lets only itself write: it is this guest's alone. */
static int native_write(struct gvt_monitor *m, const struct message *msg, u8 *out)
{
	(void)out;
	if (msg->addr >= GVT_DPCD_SIZE || msg->len > GVT_DPCD_SIZE - msg->addr)
		return -1;
	memcpy(m->dpcd + msg->addr, msg->byte + HEADER, msg->len);
	/* Drivers write the pattern and the lanes' settings behind it in one burst. */
	if (msg->addr <= TRAINING_PATTERN_SET && TRAINING_PATTERN_SET - msg->addr < msg->len)
		train(m);
	return 0;
}

/* The EDID cannot be written, so a write carries its offset and no more. */
static int i2c_write(struct gvt_monitor *m, const struct message *msg, u8 *out)
{
	(void)out;
	if (msg->addr != EDID_SLAVE || msg->len > 1)
		return -1;
	if (msg->len)
		m->edid_offset = msg->byte[HEADER];
	return 0;
}

/* The offset goes around at 256, and half of what it can say is beyond the block. */
static int i2c_read(struct gvt_monitor *m, const struct message *msg, u8 *out)
{
	u32 i;

	if (msg->addr != EDID_SLAVE)
		return -1;
	for (i = 0; i < msg->len; i++, m->edid_offset++)
		out[i] = m->edid_offset < GVT_EDID_SIZE ? m->edid[m->edid_offset] : 0;
	return (int)msg->len;
}

/* --- messages --- */

static const struct request {
	u8 code; /* without MOT: the offset outlives a stop, so that has no say */
	bool data; /* the message carries what is written */
	bool bare; /* the address alone starts or stops a transfer */
	serve_fn serve;
} request_rows[] = {
	{ 0x0, true, true, i2c_write },
	{ 0x1, false, true, i2c_read },
	{ 0x8, true, false, native_write },
	{ 0x9, false, false, native_read },
};

static const struct request *request_of(const struct message *msg)
{
	u32 code = msg->byte[0] >> 4;
	size_t i;

	if (!(code & NATIVE))
		code &= ~MOT;
	for (i = 0; i < sizeof(request_rows) / sizeof(request_rows[0]); i++)
		if (request_rows[i].code == code)
			return &request_rows[i];
	return NULL;
}

static bool parse(struct message *msg, const struct request *r)
{
	const u8 *b = msg->byte;

	msg->addr = (b[0] & 15U) << 16 | (u32)b[1] << 8 | b[2];
	msg->len = 0;
	if (msg->size == ADDRESS_ONLY)
		return r->bare;
	if (msg->size < HEADER || msg->size > AUX_BYTES || b[3] >= BURST)
		return false;
	msg->len = b[3] + 1U;
	return msg->size == HEADER + (r->data ? msg->len : 0);
}

/* @reply: AUX_BYTES of zeros. Return: its size. */
static u32 answer(struct gvt_monitor *m, struct message *msg, u8 *reply)
{
	const struct request *r = request_of(msg);
	int len = -1;

	if (r && parse(msg, r))
		len = r->serve(m, msg, reply + 1);
	if (len >= 0) {
		reply[0] = ACK;
		return 1 + (u32)len;
	}
	/* A message of no bytes has no kind. */
	reply[0] = msg->size && !(msg->byte[0] >> 4 & NATIVE) ? I2C_NAK : NATIVE_NAK;
	return 1;
}

/* --- the channel's registers, most significant byte first --- */

static void message_load(const struct gvt_vgpu *v, u32 reg, u32 ctl, struct message *msg)
{
	u32 i;

	memset(msg, 0, sizeof(*msg));
	msg->size = (ctl & AUX_SIZE) >> AUX_SIZE_SHIFT;
	for (i = 0; i < AUX_BYTES; i++)
		msg->byte[i] = (u8)(gvt_vreg(v, reg + AUX_DATA + (i & ~3U)) >> (24 - 8 * (i & 3)));
}

/* The last register's bytes behind the reply are 0; further registers stay. */
static void reply_store(struct gvt_vgpu *v, u32 reg, const u8 *reply, u32 size)
{
	u32 i;

	for (i = 0; i < size; i += 4)
		gvt_vreg_set(v, reg + AUX_DATA + i, (u32)reply[i] << 24 | (u32)reply[i + 1] << 16 |
			     (u32)reply[i + 2] << 8 | reply[i + 3]);
}

/* Return: CTL's value with the reply's size. */
static u32 transact(struct gvt_vgpu *v, u32 reg, u32 ctl)
{
	u8 reply[AUX_BYTES] = { 0 };
	struct message msg;
	u32 size;

	message_load(v, reg, ctl, &msg);
	size = answer(&v->monitor, &msg, reply);
	reply_store(v, reg, reply, size);
	return (ctl & ~AUX_SIZE) | size << AUX_SIZE_SHIFT;
}

/*
 * A transaction is over at once; without a sink, it timed out. Writing 1 clears outcome bits. A
 * time-out comes without an interrupt: drivers look at the register before they wait for one, and
 * on ports without a sink i915 tries 300 times while it probes, with five accesses for each
 * interrupt.
 */
int gvt_write_aux(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 outcome = gvt_sticky_bits(reg), port = (reg >> 8) & 3;
	u32 kept = gvt_vreg(v, reg) & outcome & ~value;
	bool send = value & AUX_BUSY, sink;

	sink = port == v->gvt->platform->monitor->number && v->monitor.plugged;
	if (send)
		kept |= AUX_DONE;
	if (send && sink)
		value = transact(v, reg, value);
	else if (send)
		kept |= AUX_TIMEOUT;
	gvt_vreg_set(v, reg, (value & ~(outcome | AUX_BUSY)) | kept);
	if (send && sink && (value & AUX_INTERRUPT))
		gvt_irq_raise(v, GVT_EVENT_AUX_A + port);
	return 0;
}
