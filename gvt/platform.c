/* SPDX-License-Identifier: MIT */
/*
 * The platforms: a row for each, and the PCI device ids of the parts that it stands for. The tables
 * that rows point to live with their subjects.
 */
#include <stdio.h>

#include "platform.h"

/*
 * Ports of the virtual monitor: D on gen9 but Broxton, else B (Linux 5.10, gvt/display.c). Bits of
 * the south display: Skylake PRM vol. 2c; Broxton's: Linux 5.10 i915_irq.c and gvt/display.c, which
 * read the state of a port from an interrupt register of the north display, the pulse where others
 * have it.
 */
static const struct gvt_port port_b_pch = {
	.number = 1,
	.strap = { 0xc2014, 1U << 2 },
	.live = { 0xc4000, 1U << 21 },
	.hotplug = 0xc4030,
	.pulse = 3U << 0,
	.long_pulse = 2U << 0,
	.event = GVT_EVENT_HOTPLUG_B,
};

static const struct gvt_port port_b_bxt = {
	.number = 1,
	.live = { 0x44440, 1U << 4 },
	.hotplug = 0xc4030,
	.pulse = 3U << 0,
	.long_pulse = 2U << 0,
	.event = GVT_EVENT_HOTPLUG_B,
};

static const struct gvt_port port_d_pch = {
	.number = 3,
	.strap = { 0xc2014, 1U << 0 },
	.live = { 0xc4000, 1U << 23 },
	.hotplug = 0xc4030,
	.pulse = 3U << 16,
	.long_pulse = 2U << 16,
	.event = GVT_EVENT_HOTPLUG_D,
};

/* Skylake's revision is that of both recorded probes; each other is one of several, from memory. */
static const struct gvt_platform platforms[] = {
	{
		.name = "skl",
		.id = 0x19128086,
		.revision = 0x07,
		.msi_cap = 0xac,
		.cfg = &gvt_cfg_gen9,
		.regs = &gvt_skl_regs,
		.events = gvt_irq_gen9,
		.monitor = &port_d_pch,
		.universal_planes = true,
		.ring_mode_refused = 1,
		.type_version = 5,
	}, {
		.name = "bdw",
		.id = 0x16168086,
		.revision = 0x09,
		.msi_cap = 0x90,
		.cfg = &gvt_cfg_gen8,
		.regs = &gvt_bdw_regs,
		.events = gvt_irq_bdw,
		.monitor = &port_b_pch,
		.ring_mode_refused = 1,
		.type_version = 4,
	}, {
		.name = "kbl",
		.id = 0x59128086,
		.revision = 0x04,
		.msi_cap = 0xac,
		.cfg = &gvt_cfg_gen9,
		.regs = &gvt_kbl_regs,
		.events = gvt_irq_gen9,
		.monitor = &port_d_pch,
		.universal_planes = true,
		.ring_mode_refused = 1,
		.type_version = 5,
	}, {
		.name = "bxt",
		.id = 0x5a848086,
		.revision = 0x0b,
		.msi_cap = 0xac,
		.cfg = &gvt_cfg_gen9,
		.regs = &gvt_bxt_regs,
		.events = gvt_irq_bxt,
		.monitor = &port_b_bxt,
		.universal_planes = true,
		.ring_mode_refused = 1,
		.type_version = 5,
	}, {
		.name = "cfl",
		.id = 0x3e928086,
		.revision = 0x00,
		.msi_cap = 0xac,
		.cfg = &gvt_cfg_gen9,
		.regs = &gvt_cfl_regs,
		.events = gvt_irq_gen9,
		.monitor = &port_d_pch,
		.universal_planes = true,
		.ring_mode_refused = 3,
		.type_version = 5,
	},
};

#define NUM_PLATFORMS (sizeof(platforms) / sizeof(platforms[0]))

/*
 * Parts with the register interface that we model: GT1 and GT2. Skylake's: pci.ids ("HD Graphics
 * 510" to "P530"); the others': Linux 5.12 include/drm/i915_pciids.h, which counts Whiskey Lake,
 * Comet Lake (here GT2 alone) and one Amber Lake as Coffee Lake.
 */
static const struct {
	const char *platform;
	u16 id[32]; /* 0 ends */
} devices[] = {
	{ "skl", { 0x1912, 0x1916, 0x191a, 0x191b, 0x191d, 0x191e, 0x1921, 0x1902, 0x1906, 0x190a,
		   0x190b, 0x190e } },
	{ "bdw", { 0x1616, 0x1612, 0x161a, 0x161b, 0x161d, 0x161e, 0x1602, 0x1606, 0x160a, 0x160b,
		   0x160d, 0x160e } },
	{ "kbl", { 0x5912, 0x5916, 0x5917, 0x591a, 0x591b, 0x591c, 0x591d, 0x591e, 0x5921, 0x87c0,
		   0x5902, 0x5906, 0x5908, 0x590a, 0x590b, 0x590e, 0x5913, 0x5915 } },
	{ "bxt", { 0x5a84, 0x5a85, 0x0a84, 0x1a84, 0x1a85 } },
	{ "cfl", { 0x3e92, 0x3e91, 0x3e94, 0x3e96, 0x3e98, 0x3e9a, 0x3e9b, 0x3ea0, 0x3ea3, 0x3ea9,
		   0x3e90, 0x3e93, 0x3e99, 0x3e9c, 0x3ea1, 0x3ea4, 0x9b41, 0x9bc2, 0x9bc4, 0x9bc5,
		   0x9bc6, 0x9bc8, 0x9bca, 0x9bcc, 0x9be6, 0x9bf6, 0x87ca } },
};

const char *gvt_platform_each(unsigned int index)
{
	return index < NUM_PLATFORMS ? platforms[index].name : NULL;
}

u16 gvt_device_each(unsigned int index, const char **platform)
{
	size_t i, n;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		for (n = 0; devices[i].id[n]; n++, index--) {
			if (index)
				continue;
			if (platform)
				*platform = devices[i].platform;
			return devices[i].id[n];
		}
	}
	return 0;
}

int gvt_platform_find(const char *name, const struct gvt_platform **platform)
{
	char known[128] = "";
	size_t i, len = 0;

	for (i = 0; i < NUM_PLATFORMS; i++) {
		if (!name || !strcmp(name, platforms[i].name)) {
			*platform = &platforms[i];
			return 0;
		}
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						i ? ", " : "", platforms[i].name);
	}
	return mpt_fail(-ENOENT, "gvt", "no platform \"%s\" (known: %s)", name, known);
}
