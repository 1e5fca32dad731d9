/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing a device on a host, the table of entry points, and what an offset in BAR0 is
 * called. Platforms are in platform.c, vGPUs in vgpu.c.
 */
#include <stdio.h>
#include <time.h>

#include <gvt/state.h>

#include "internal.h"
#include "platform.h"

#define DEFAULT_APERTURE (1ULL << 30)
#define DEFAULT_APERTURE_MFN 0x80000ULL
/* Frames below 46 bits of address, the most that a GTT entry or a BAR holds. */
#define MFN_LIMIT (1ULL << 34)

/* A host has one core. Hosts do not know ours from another's, so the open ones are kept here. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct intel_gvt *open_list;

static const struct intel_gvt_ops ops = {
	.emulate_cfg_read = gvt_cfg_read,
	.emulate_cfg_write = gvt_cfg_write,
	.emulate_mmio_read = gvt_mmio_read,
	.emulate_mmio_write = gvt_mmio_write,
	.vgpu_create = gvt_vgpu_create,
	.vgpu_destroy = gvt_vgpu_destroy,
	.vgpu_reset = gvt_vgpu_reset,
	.vgpu_activate = gvt_vgpu_activate,
	.vgpu_deactivate = gvt_vgpu_deactivate,
	.vgpu_release = gvt_vgpu_release,
	.write_protect_handler = gvt_write_protect_handler,
	.emulate_hotplug = gvt_emulate_hotplug,
	.gvt_find_vgpu_type = gvt_find_vgpu_type,
	.guest_region_event = gvt_guest_region_event,
};

const struct intel_gvt_ops *gvt_ops(void)
{
	return &ops;
}

/* A longer structure of a newer caller is cut, a shorter one filled with zeros. */
static int config_copy(struct gvt_config *to, const struct gvt_config *from)
{
	memset(to, 0, sizeof(*to));
	if (!from)
		return 0;
	if (!from->size)
		return mpt_fail(-EINVAL, "gvt",
				"the configuration has size 0 (set .size to sizeof)");
	memcpy(to, from, from->size < sizeof(*to) ? from->size : sizeof(*to));
	return 0;
}

static u64 monotonic(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static int config_apply(struct intel_gvt *gvt, const struct gvt_config *c)
{
	gvt->aperture = c->aperture ? c->aperture : DEFAULT_APERTURE;
	if (gvt->aperture != 256ULL << 20 && gvt->aperture != 512ULL << 20 &&
	    gvt->aperture != 1024ULL << 20)
		return mpt_fail(-EINVAL, "gvt",
				"an aperture of 0x%llx bytes (256 MiB, 512 MiB or 1 GiB)",
				(unsigned long long)gvt->aperture);
	gvt->aperture_mfn = c->aperture_mfn ? c->aperture_mfn : DEFAULT_APERTURE_MFN;
	if (gvt->aperture_mfn > MFN_LIMIT - (gvt->aperture >> MPT_PAGE_SHIFT))
		return mpt_fail(-EINVAL, "gvt", "the aperture at frame 0x%llx ends above 0x%llx",
				(unsigned long long)gvt->aperture_mfn,
				(unsigned long long)MFN_LIMIT);
	if (c->pvmmio & ~GVT_PVMMIO_ALL)
		return mpt_fail(-EINVAL, "gvt", "PV MMIO levels 0x%x (bits of 0x%x)", c->pvmmio,
				GVT_PVMMIO_ALL);
	gvt->clock_ns = c->clock_ns ? c->clock_ns : monotonic;
	gvt->clock_arg = c->clock_arg;
	gvt->pvmmio = c->pvmmio;
	gvt->ops = c->ops ? c->ops : &ops;
	gvt->wake = c->wake;
	gvt->wake_arg = c->wake_arg;
	return gvt_platform_find(c->platform, &gvt->platform);
}

static bool engines_complete(const struct gvt_hw *hw)
{
	return hw->engine_free && hw->load && hw->run && hw->save && hw->engine_reset && hw->head;
}

static int hw_open(struct intel_gvt *gvt, const struct gvt_hw *hw)
{
	int ret;

	if (!hw) {
		ret = gvt_swgpu_new(gvt->host, gvt->aperture, &gvt->hw);
		gvt->own_hw = !ret;
		return ret;
	}
	if (!hw->size)
		return mpt_fail(-EINVAL, "gvt", "the hardware has size 0 (set .size to sizeof)");
	memcpy(&gvt->hw, hw, hw->size < sizeof(*hw) ? hw->size : sizeof(*hw));
	if (!gvt->hw.ggtt || !gvt->hw.fence_write || !gvt->hw.aperture_read ||
	    !gvt->hw.aperture_write)
		return mpt_fail(
			-EINVAL, "gvt",
			"hardware needs ggtt, fence_write, aperture_read and aperture_write");
	if (gvt->hw.engine_new && !engines_complete(&gvt->hw))
		return mpt_fail(-EINVAL, "gvt",
				"hardware with engine_new needs all members up to head");
	return 0;
}

static void hw_close(struct intel_gvt *gvt)
{
	if (gvt->own_hw)
		gvt->hw.close(gvt->hw.priv);
}

/* Everything of a device that no host knows of. */
static int device_new(struct mpt_host *host, const struct gvt_config *c, struct intel_gvt **out)
{
	struct intel_gvt *gvt = mpt_zalloc(sizeof(*gvt));
	int ret;

	if (!gvt)
		return mpt_fail(-ENOMEM, "gvt", "no memory for the device");
	gvt->host = host;
	ret = config_apply(gvt, c);
	if (!ret)
		ret = gvt_reg_table_new(gvt->platform->regs, &gvt->regs);
	if (!ret)
		ret = hw_open(gvt, c->hw);
	/* Hardware without pages for shadow tables has none that could follow. */
	if (!gvt->hw.page_new)
		gvt->pvmmio &= ~(u32)GVT_PVMMIO_PPGTT;
	if (ret) {
		gvt_reg_table_free(gvt->regs);
		mpt_free(gvt);
		return ret;
	}
	pthread_mutex_init(&gvt->lock, NULL);
	gvt_sched_init(&gvt->sched);
	gvt_types_init(gvt);
	*out = gvt;
	return 0;
}

static void device_free(struct intel_gvt *gvt)
{
	gvt_sched_destroy(&gvt->sched);
	pthread_mutex_destroy(&gvt->lock);
	hw_close(gvt);
	gvt_reg_table_free(gvt->regs);
	mpt_free(gvt);
}

/* The host learns of the core before host_init, and forgets it when host_init refuses. */
static int introduce(struct intel_gvt *gvt)
{
	struct mpt_core core = {
		.size = sizeof(core),
		.flags = MPT_CORE_STORES,
		.ops = gvt->ops,
		.opaque = gvt,
		.aperture_mfn = gvt->aperture_mfn,
		.aperture_pages = gvt->aperture >> MPT_PAGE_SHIFT,
		.aperture_read = gvt_aperture_read,
		.aperture_write = gvt_aperture_write,
		.emulation_failed = gvt_emulation_failed,
		.state_save = gvt_vgpu_save,
		.state_restore = gvt_vgpu_restore,
	};
	int ret = mpt_host_set_core(gvt->host, &core);

	if (ret)
		return ret;
	ret = mpt_host_init(gvt->host, NULL, gvt, gvt->ops);
	if (ret)
		mpt_host_set_core(gvt->host, NULL);
	return ret;
}

/* open_lock is held: of two openings on one host the second sees the first. */
static int open_on(struct mpt_host *host, const struct gvt_config *c, struct intel_gvt **out)
{
	struct intel_gvt *gvt;
	int ret;

	for (gvt = open_list; gvt; gvt = gvt->next) {
		if (gvt->host == host)
			return mpt_fail(-EEXIST, "gvt",
					"host %s has a device already (close it first)",
					mpt_host_spec(host));
	}
	ret = device_new(host, c, &gvt);
	if (ret)
		return ret;
	gvt->bus_end = gvt->hw.own_bus ? gvt->hw.own_bus : ~0ULL;
	ret = introduce(gvt);
	if (ret) {
		device_free(gvt);
		return ret;
	}
	gvt->next = open_list;
	open_list = gvt;
	*out = gvt;
	return 0;
}

int gvt_open(struct mpt_host *host, const struct gvt_config *config, struct intel_gvt **gvt)
{
	struct gvt_config c;
	int ret;

	if (!host)
		return mpt_fail(-EINVAL, "gvt", "no host (open one with mpt_host_open())");
	ret = config_copy(&c, config);
	if (ret)
		return ret;
	pthread_mutex_lock(&open_lock);
	ret = open_on(host, &c, gvt);
	pthread_mutex_unlock(&open_lock);
	return ret;
}

static bool has_vgpu(struct intel_gvt *gvt)
{
	bool found = false;
	int id;

	pthread_mutex_lock(&gvt->lock);
	for (id = 1; id <= GVT_MAX_VGPU; id++)
		found |= gvt->vgpu[id] != NULL;
	pthread_mutex_unlock(&gvt->lock);
	return found;
}

int gvt_close(struct intel_gvt *gvt)
{
	struct intel_gvt **p;

	if (!gvt)
		return 0;
	if (has_vgpu(gvt))
		return mpt_fail(-EBUSY, "gvt", "a vGPU exists (destroy it first)");
	pthread_mutex_lock(&open_lock);
	for (p = &open_list; *p && *p != gvt; p = &(*p)->next)
		;
	if (*p)
		*p = gvt->next;
	mpt_host_exit(gvt->host, NULL, gvt);
	mpt_host_set_core(gvt->host, NULL);
	pthread_mutex_unlock(&open_lock);
	device_free(gvt);
	return 0;
}

/* --- names --- */

static void describe(struct gvt_reg_desc *desc, bool known, const char *group, const char *name)
{
	snprintf(desc->name, sizeof(desc->name), "%s", name);
	desc->group = group;
	desc->known = known;
}

static void describe_pvinfo(struct gvt_reg_desc *desc, u32 reg)
{
	const char *field = gvt_pvinfo_name(reg);
	char name[sizeof(desc->name)];

	snprintf(name, sizeof(name), "PVINFO %s", field ? field : "reserved");
	describe(desc, field != NULL, "pvinfo", name);
}

static void describe_register(struct intel_gvt *gvt, struct gvt_reg_desc *desc, u32 reg)
{
	const struct gvt_reg *info = gvt_reg_lookup(gvt->regs, reg);

	if (!info) {
		describe(desc, false, gvt_reg_class_name(GVT_CLASS_UNKNOWN), "unknown");
		return;
	}
	gvt_reg_name(gvt->regs, reg, desc->name, sizeof(desc->name));
	desc->group = gvt_reg_class_name(info->class);
	desc->known = true;
}

void gvt_reg_describe(struct intel_gvt *gvt, u64 offset, struct gvt_reg_desc *desc)
{
	if (offset - GVT_PVINFO_OFFSET < MPT_PAGE_SIZE)
		describe_pvinfo(desc, (u32)offset);
	else if (offset < GVT_MMIO_SIZE)
		describe_register(gvt, desc, (u32)offset);
	else if (offset >= GVT_GTT_OFFSET && offset < GVT_BAR0_SIZE)
		describe(desc, true, "ggtt", "GGTT");
	else
		describe(desc, false, gvt_reg_class_name(GVT_CLASS_UNKNOWN), "hole");
}
