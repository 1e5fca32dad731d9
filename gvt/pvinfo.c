/* SPDX-License-Identifier: MIT */
/*
 * The PVINFO page: what the vGPU tells a guest that knows of GVT, and what such a guest tells back.
 * The fields are data in regs/pvinfo.def; what a notification makes happen to page tables is
 * ppgtt.c's.
 */
#include <mpt/sysfs.h>

#include "internal.h"
#include "ppgtt.h"

#define MAGIC 0x4776544776544776ULL
#define VERSION_MAJOR 1
#define VERSION_MINOR 0
#define CAP_FULL_PPGTT (1U << 2)
#define CAP_HWSP_EMULATION (1U << 3)
#define PDP 0x838

/* g2v_notify (Linux 6.1 i915_pvinfo.h, enum vgt_g2v_type) */
#define NOTIFY_L3_CREATE 2
#define NOTIFY_L4_CREATE 4
#define NOTIFY_L4_DESTROY 5
#define NOTIFY_LAST 7
/* From 8 to here: a PV MMIO level's (ACRN kernel 4.19). */
#define NOTIFY_PV_LAST 10

enum field_read { UNEXPECTED, EXPECTED, PV_PORT };
enum field_write { DROP, STORE, DISPLAY_READY, RESOURCES, NOTIFY, PV_ENABLE, PV_CHECK };

struct pvinfo_field {
	u16 offset, size;
	enum field_read read;
	enum field_write write;
	const char *name;
};

static const struct pvinfo_field pvinfo_field[] = {
#define PVINFO(at, bytes, text, expected, action) \
	{ .offset = (at), .size = (bytes), .read = (expected), .write = (action), \
	  .name = (text) },
#include "regs/pvinfo.def"
#undef PVINFO
};

/* By the byte of the page: 0 where a read is worth a look at the field, or there is none. */
static const u8 just_read[MPT_PAGE_SIZE] = {
#define PVINFO(at, bytes, text, expected, action) \
	[(at) ... (at) + (bytes) - 1] = (expected) == EXPECTED,
#include "regs/pvinfo.def"
#undef PVINFO
};

/* NULL: reserved. */
static const struct pvinfo_field *field_at(u32 reg)
{
	u32 offset = reg - GVT_PVINFO_OFFSET;
	size_t i;

	for (i = 0; i < sizeof(pvinfo_field) / sizeof(pvinfo_field[0]); i++) {
		const struct pvinfo_field *f = &pvinfo_field[i];

		if (offset >= f->offset && offset - f->offset < f->size)
			return f;
	}
	return NULL;
}

const char *gvt_pvinfo_name(u32 reg)
{
	const struct pvinfo_field *f = field_at(reg);

	return f ? f->name : NULL;
}

static void put16(struct gvt_vgpu *v, u32 offset, u16 value)
{
	gvt_vreg_put(v, GVT_PVINFO_OFFSET + offset, &value, sizeof(value));
}

static void put32(struct gvt_vgpu *v, u32 offset, u32 value)
{
	gvt_vreg_put(v, GVT_PVINFO_OFFSET + offset, &value, sizeof(value));
}

static void put64(struct gvt_vgpu *v, u32 offset, u64 value)
{
	gvt_vreg_put(v, GVT_PVINFO_OFFSET + offset, &value, sizeof(value));
}

/* Each field by a store of its own size: two of them share a dword. */
void gvt_pvinfo_init(struct gvt_vgpu *v)
{
	put64(v, 0x000, MAGIC);
	put16(v, 0x008, VERSION_MAJOR);
	put16(v, 0x00a, VERSION_MINOR);
	put32(v, 0x00c, (u32)v->base.id);
	put32(v, 0x010, CAP_FULL_PPGTT | CAP_HWSP_EMULATION);
	put32(v, 0x040, (u32)v->low.start);
	put32(v, 0x044, (u32)v->low.size);
	put32(v, 0x048, (u32)v->high.start);
	put32(v, 0x04c, (u32)v->high.size);
	put32(v, 0x050, v->fence_count);
	put32(v, 0x804, 0);
	put32(v, 0x830, ~0U);
	put32(v, 0x834, ~0U);
	put32(v, 0x860, v->pv.levels);
	v->count.display_ready = 0;
}

u32 gvt_pvinfo_read(struct gvt_vgpu *v, u32 reg)
{
	const struct pvinfo_field *f;

	v->pv_notified = true;
	if (just_read[reg - GVT_PVINFO_OFFSET])
		return gvt_vreg(v, reg);
	f = field_at(reg);
	if (f && f->read == PV_PORT)
		return gvt_pvmmio_read_port(v);
	if (!f || f->read == UNEXPECTED)
		mpt_log_guest(MPT_LOG_INFO, "vGPU %d: reads PVINFO 0x%x (%s)", v->base.id,
			      reg - GVT_PVINFO_OFFSET, f ? f->name : "reserved");
	return gvt_vreg(v, reg);
}

/* The four root pointers, low and high dwords in turn. */
static void read_pdp(const struct gvt_vgpu *v, u64 pdp[4])
{
	memcpy(pdp, v->regs + GVT_PVINFO_OFFSET + PDP, 4 * sizeof(pdp[0]));
}

static int page_tables(struct gvt_vgpu *v, u32 command)
{
	bool create = command == NOTIFY_L3_CREATE || command == NOTIFY_L4_CREATE;
	u64 pdp[4];

	if (command > NOTIFY_LAST)
		return gvt_pvmmio_ppgtt(v);
	read_pdp(v, pdp);
	return gvt_ppgtt_notify(v, create, command >= NOTIFY_L4_CREATE ? 4 : 3, pdp);
}

static bool on_page_tables(const struct gvt_vgpu *v, u32 command)
{
	if (v->pv.levels & GVT_PVMMIO_PPGTT && command > NOTIFY_LAST && command <= NOTIFY_PV_LAST)
		return true;
	return command >= NOTIFY_L3_CREATE && command <= NOTIFY_L4_DESTROY;
}

/* Counted. There is no answer, so what fails is only logged; so is a command that nobody knows. */
static void notify(struct gvt_vgpu *v, u32 command)
{
	v->count.ppgtt_notify++;
	if (on_page_tables(v, command)) {
		if (page_tables(v, command))
			mpt_log_guest(MPT_LOG_WARN, "vGPU %d: g2v_notify %u: %s", v->base.id,
				      command, mpt_last_error());
	} else if (command > NOTIFY_LAST && command <= NOTIFY_PV_LAST) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: g2v_notify %u without PV MMIO of page tables",
			      v->base.id, command);
	} else if (!command || command > NOTIFY_LAST) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: unknown g2v_notify %u", v->base.id, command);
	}
}

int gvt_pvinfo_write(struct gvt_vgpu *v, u32 reg, u32 value)
{
	const struct pvinfo_field *f = field_at(reg);

	switch (f ? f->write : DROP) {
	case DROP:
		mpt_log_guest(MPT_LOG_INFO, "vGPU %d: writes 0x%x to PVINFO 0x%x (%s): dropped",
			      v->base.id, value, reg - GVT_PVINFO_OFFSET, f ? f->name : "reserved");
		return 0;
	case RESOURCES:
		gvt_vgpu_failsafe(v, GVT_FAILSAFE_RESOURCES);
		return 0;
	case DISPLAY_READY:
		v->count.display_ready = value;
		mpt_uevent_display_ready(v->gvt->host, v->base.id, value);
		break;
	case NOTIFY:
		notify(v, value);
		break;
	case PV_ENABLE:
		gvt_pvmmio_enable(v, value);
		return 0;
	case PV_CHECK:
		gvt_irq_check(v);
		return 0;
	case STORE:
		break;
	}
	gvt_vreg_set(v, reg, value);
	return 0;
}
