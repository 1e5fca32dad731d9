/* SPDX-License-Identifier: MIT */
/*
 * What differs from part to part, as data: rows in platform.c point to tables that live with their
 * subject. No behaviour is declared here.
 */
#ifndef GVT_PLATFORM_H
#define GVT_PLATFORM_H

#include "internal.h"
#include "reg_table.h"

/* A bit of a register; @reg 0: there is none. */
struct gvt_reg_bit {
	u32 reg, bit;
};

/* Where the virtual monitor is plugged in, and how a guest learns of it. */
struct gvt_port {
	u32 number; /* counted from A; the AUX channel's too */
	u32 ddc_pin; /* GMBUS pin pair; 0: it is DP, whose EDID comes by AUX */
	struct gvt_reg_bit strap; /* the port exists */
	struct gvt_reg_bit live; /* something is plugged in now */
	u32 hotplug, pulse, long_pulse; /* register, and in it what kind of pulse was seen */
	enum gvt_event event;
};

/* interrupt.c: where an event shows. */
struct gvt_irq_event {
	u32 group; /* 0: the platform has no such event */
	u32 bit;
	u32 engine; /* base of the engine whose RING_IMR gates it too; 0: none */
};

struct gvt_platform {
	const char *name;
	u32 id; /* configuration space 0x00: device and vendor */
	u8 revision;
	u8 msi_cap; /* offset of the MSI capability */
	const struct gvt_cfg_map *cfg; /* cfg_space.c: rules of the first 256 bytes */
	const struct gvt_platform_regs *regs; /* reg_table.c */
	const struct gvt_irq_event *events; /* interrupt.c: GVT_NUM_EVENTS of them */
	const struct gvt_port *monitor;
	bool universal_planes; /* plane.c: the first plane is as on gen9 */
	u32 ring_mode_refused; /* bits of RING_MODE that are features not virtualised */
	u32 type_version; /* the 5 of GVTg_V5_8 */
};

extern const struct gvt_irq_event gvt_irq_bdw[GVT_NUM_EVENTS];
extern const struct gvt_irq_event gvt_irq_gen9[GVT_NUM_EVENTS];
extern const struct gvt_irq_event gvt_irq_bxt[GVT_NUM_EVENTS];

/* @name NULL: the first. -ENOENT: the sentence lists the known ones. */
int gvt_platform_find(const char *name, const struct gvt_platform **platform);

#endif
