/* SPDX-License-Identifier: MIT */
/*
 * PV MMIO: a guest that knows of it reads registers without a trap and hands over batches in a
 * shared page at BAR0 + 2 MiB. Here are the switch, the page and what its fields mean; the PVINFO
 * rows that lead here are in regs/pvinfo.def.
 *
 * State: off, or on at a base that the back end was told. The register enable_pvmmio holds the
 * levels that are granted, 0 while off; only in failsafe, where registers are plain memory, can a
 * guest make it say otherwise. BAR0 never leaves a place while it is on there: a move, sizing, or
 * decoding off switches it off first, and the guest has to ask again. It stays off when the rest of
 * such a write fails. A GT reset keeps it, DMLR ends it.
 *
 * set_pvmmio hands no page to the core, and no operation reads a page that is not guest RAM. So the
 * core owns the page, zeroed at each enabling, and serves trapped accesses to it as memory
 * (gvt_pvmmio_at()). It is one page of the page allocator: a back end with from_virt_to_mfn can map
 * it instead, hence every field is copied before it is judged.
 *
 * Level 0x10: the guest announces ranges of page tables that it has changed, instead of being
 * trapped at each store to them. Its own tables stay what counts; the cache level in an
 * announcement is in their entries, too. It is offered where tables can be shadowed at all (gvt.c).
 * Layouts: ACRN kernel 4.19, i915_pvinfo.h.
 */
#include "internal.h"
#include "ppgtt.h"
#include "reg_table.h"

#define ENABLE_REG (GVT_PVINFO_OFFSET + 0x860)

/* Offsets in the shared page. */
#define PAGE_ELSP 0x00
#define PAGE_REG_ADDR 0x10
#define PAGE_PLANE 0x14
#define PAGE_WM 0x54
#define PAGE_DISABLE_IRQ 0x80
#define PAGE_PPGTT 0x88
#define PAGE_BATCHES PAGE_DISABLE_IRQ /* what a plane's update is copied from ends here */

#define PLANE_COLOUR (1U << 0)
#define PLANE_KEY (1U << 1)
#define PLANE_SCALER (1U << 2)
#define SURF_OFFSET 0x1cU
#define NUM_WM_LEVELS 8U

/* A field of the page and the register it is for, from the plane's first. */
struct pv_field {
	u16 page, reg;
	u32 flag; /* of the update; 0: always */
};

/* Plane control last: it may enable what the others describe. */
static const struct pv_field plane_field[] = {
	{ 0x18, 0x4c, PLANE_COLOUR }, /* PLANE_COLOR_CTL: parts after Skylake */
	{ 0x1c, 0x14, PLANE_KEY },
	{ 0x20, 0x20, PLANE_KEY },
	{ 0x24, 0x18, PLANE_KEY },
	{ 0x28, 0x24, 0 }, /* offset */
	{ 0x2c, 0x08, 0 }, /* stride */
	{ 0x30, 0x10, 0 }, /* size */
	{ 0x34, 0x40, 0 }, /* distance of the auxiliary surface */
	{ 0x38, 0x44, 0 }, /* and its offset */
	{ 0x4c, 0x0c, 0 }, /* position */
	{ 0x50, 0x00, 0 }, /* control */
};

/* Behind the levels, which are an array from 0x58 in the page and from 0xc0 at the plane. */
static const struct pv_field wm_field[] = {
	{ 0x78, 0xe8, 0 }, /* transition */
	{ 0x7c, 0xfc, 0 }, /* buffer */
};

static u32 page_get(const u8 *page, u32 offset)
{
	u32 value;

	memcpy(&value, page + offset, sizeof(value));
	return value;
}

/* --- on and off --- */

/* The register and the page follow the levels: no page without one. */
static void levels_store(struct gvt_vgpu *v, u32 levels)
{
	if (!levels) {
		mpt_free_pages(v->pv.page, MPT_PAGE_SIZE);
		v->pv.page = NULL;
	}
	v->pv.levels = levels;
	gvt_ppgtt_announce(v, levels & GVT_PVMMIO_PPGTT);
	gvt_vreg_set(v, ENABLE_REG, levels);
}

/* What the guest held back with disable_irq is due when the page no longer says so. */
static void levels_set(struct gvt_vgpu *v, u32 levels)
{
	u32 gone = v->pv.levels & ~levels;

	levels_store(v, levels);
	if (gone & GVT_PVMMIO_MASTER_IRQ)
		gvt_irq_check(v);
}

static int pv_switch(struct gvt_vgpu *v, u64 base, bool on)
{
	int ret = intel_gvt_hypervisor_set_pvmmio(&v->base, base, base + v->bar0.size - 1, on);

	if (ret) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: PV MMIO %s: %s", v->base.id,
			      on ? "on" : "off", mpt_errno_name(ret));
		return ret;
	}
	v->pv.on = on;
	v->pv.base = base;
	return 0;
}

int gvt_pvmmio_off(struct gvt_vgpu *v)
{
	int ret = v->pv.on ? pv_switch(v, v->pv.base, false) : 0;

	if (!ret && v->pv.levels)
		levels_set(v, 0);
	return ret;
}

/*
 * No interrupt: the vGPU is being reset or destroyed. What a back end does not give up is still
 * known here and tried again when BAR0 leaves its place.
 */
void gvt_pvmmio_end(struct gvt_vgpu *v)
{
	if (v->pv.on)
		pv_switch(v, v->pv.base, false);
	if (v->pv.levels)
		levels_store(v, 0);
}

static int pv_on(struct gvt_vgpu *v)
{
	int ret = 0;

	if (v->pv.page)
		return 0;
	if (!v->bar0.on)
		return -ENOENT;
	v->pv.page = mpt_zalloc_pages(MPT_PAGE_SIZE);
	if (!v->pv.page)
		return -ENOMEM;
	if (!v->pv.on)
		ret = pv_switch(v, v->bar0.base, true);
	if (ret) {
		mpt_free_pages(v->pv.page, MPT_PAGE_SIZE);
		v->pv.page = NULL;
	}
	return ret;
}

/* Refused enabling reads back as 0; refused disabling, as what is still on. */
void gvt_pvmmio_enable(struct gvt_vgpu *v, u32 wanted)
{
	u32 levels = wanted & v->gvt->pvmmio;

	if (!levels)
		gvt_pvmmio_off(v);
	else if (!pv_on(v))
		levels_set(v, levels);
}

/* After a reset, with BAR0 in place; the register is the caller's. */
int gvt_pvmmio_restore(struct gvt_vgpu *v, u32 levels, const u8 *page)
{
	int ret = levels ? pv_on(v) : 0;

	if (ret)
		return mpt_fail(ret, "gvt",
				"vGPU %d: state: field pvmmio.levels: 0x%x is on in the state, "
				"here it cannot be: %s", v->base.id, levels, mpt_errno_name(ret));
	if (levels)
		memcpy(v->pv.page, page, MPT_PAGE_SIZE);
	v->pv.levels = levels;
	gvt_ppgtt_announce(v, levels & GVT_PVMMIO_PPGTT);
	return 0;
}

/* --- the page's fields --- */

bool gvt_pvmmio_irq_disabled(const struct gvt_vgpu *v)
{
	return page_get(v->pv.page, PAGE_DISABLE_IRQ) != 0;
}

/* The first three of four dwords; they are stored from the last index down. */
void gvt_pvmmio_elsp(const struct gvt_vgpu *v, u32 dw[4], u32 value)
{
	dw[3] = page_get(v->pv.page, PAGE_ELSP);
	dw[2] = page_get(v->pv.page, PAGE_ELSP + 4);
	dw[1] = page_get(v->pv.page, PAGE_ELSP + 8);
	dw[0] = value;
}

/* PVINFO has the port itself: no register of it is read so. */
u32 gvt_pvmmio_read_port(struct gvt_vgpu *v)
{
	u32 reg = v->pv.page ? page_get(v->pv.page, PAGE_REG_ADDR) : ~0U;

	if (reg % 4 || reg >= GVT_MMIO_SIZE || reg - GVT_PVINFO_OFFSET < MPT_PAGE_SIZE) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: PV MMIO reads register 0x%x: answered by 0",
			      v->base.id, reg);
		return 0;
	}
	return gvt_mmio_reg_read(v, reg);
}

/*
 * To the shadow there is one change: tables for the range are looked at before they are used again,
 * whether they were allocated, filled or cleared.
 */
int gvt_pvmmio_ppgtt(struct gvt_vgpu *v)
{
	struct {
		u64 pdp, start, length;
	} range;

	memcpy(&range, v->pv.page + PAGE_PPGTT, sizeof(range));
	return gvt_ppgtt_changed(v, range.pdp, range.start, range.length);
}

/* A register that the platform does not have is left out. */
static void field_apply(struct gvt_vgpu *v, u32 reg, u32 value)
{
	if (gvt_reg_lookup(v->gvt->regs, reg))
		gvt_mmio_reg_write(v, reg, value);
}

static void fields_apply(struct gvt_vgpu *v, u32 plane, const u8 *page, u32 flags,
			 const struct pv_field *field, size_t num)
{
	size_t i;

	for (i = 0; i < num; i++) {
		if (!field[i].flag || (flags & field[i].flag))
			field_apply(v, plane + field[i].reg, page_get(page, field[i].page));
	}
}

/* scaler_owned reads 0: no scaler is this guest's, whatever the update says of one. */
static void plane_apply(struct gvt_vgpu *v, u32 plane, const u8 *page)
{
	u32 flags = page_get(page, PAGE_PLANE);

	if (flags & PLANE_SCALER)
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: PV MMIO: it owns no scaler", v->base.id);
	fields_apply(v, plane, page, flags, plane_field,
		     sizeof(plane_field) / sizeof(plane_field[0]));
}

static void wm_apply(struct gvt_vgpu *v, u32 plane, const u8 *page)
{
	u32 max = page_get(page, PAGE_WM), i;

	if (max >= NUM_WM_LEVELS) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: PV MMIO: watermark level %u: dropped",
			      v->base.id, max);
		return;
	}
	for (i = 0; i <= max; i++)
		field_apply(v, plane + 0xc0 + 4 * i, page_get(page, PAGE_WM + 4 + 4 * i));
	fields_apply(v, plane, page, 0, wm_field, sizeof(wm_field) / sizeof(wm_field[0]));
}

void gvt_pvmmio_plane(struct gvt_vgpu *v, u32 surf)
{
	u8 page[PAGE_BATCHES];

	memcpy(page, v->pv.page, sizeof(page));
	if (v->pv.levels & GVT_PVMMIO_PLANE_WM)
		wm_apply(v, surf - SURF_OFFSET, page);
	if (v->pv.levels & GVT_PVMMIO_PLANE)
		plane_apply(v, surf - SURF_OFFSET, page);
}
