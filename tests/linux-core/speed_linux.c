/* SPDX-License-Identifier: MIT */
/* The comparison's view of the Linux core. */
#include <errno.h>

#include "ppgtt.h"
#include "speed.h"

static struct mpt_host *bus;

int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write);
int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write)
{
	return write ? mpt_bus_write(bus, addr, buf, len) : mpt_bus_read(bus, addr, buf, len);
}

static int open_device(struct mpt_host *host, void **device)
{
	int ret = linux_gvt_start();

	if (!ret)
		ret = linux_gvt_register(host);
	bus = host;
	*device = linux_gvt_device();
	return ret;
}

static void close_device(void *device)
{
	(void)device;
	linux_gvt_unregister();
}

/* The types differ in "void *" for a structure of the core's. */
static void entry_points(struct intel_gvt_ops *ops)
{
	struct linux_gvt_entries e;

	linux_gvt_entries(&e);
	ops->emulate_cfg_read = (void *)e.cfg_read;
	ops->emulate_cfg_write = (void *)e.cfg_write;
	ops->emulate_mmio_read = (void *)e.mmio_read;
	ops->emulate_mmio_write = (void *)e.mmio_write;
	ops->vgpu_reset = (void *)e.reset;
	ops->vgpu_activate = (void *)e.activate;
	ops->vgpu_deactivate = (void *)e.deactivate;
}

static void *type(void *device, unsigned int index)
{
	(void)device;
	return linux_gvt_type(index);
}

static void place(struct intel_vgpu *vgpu, struct speed_place *to)
{
	struct linux_gvt_place p;

	linux_gvt_place(vgpu, &p);
	to->low = p.aperture;
	to->low_size = p.aperture_size;
	to->high_size = p.hidden_size;
	to->fences = p.fences;
}

/* It was shadowed when the guest announced it. */
static int shadow(struct intel_vgpu *vgpu, u64 root)
{
	(void)root;
	return linux_gvt_shadow_root(vgpu, 0) ? 0 : -ENOENT;
}

static u64 walk(struct intel_vgpu *vgpu, u64 root, u64 address)
{
	(void)root;
	return shadow_walk(vgpu, address);
}

static u64 ggtt(void *device, u64 index)
{
	(void)device;
	return linux_gvt_ggtt(index);
}

const struct speed_core *speed_linux(void)
{
	static const struct speed_core core = {
		.name = "Linux 5.10",
		.open = open_device,
		.close = close_device,
		.ops = entry_points,
		.type = type,
		.place = place,
		.shadow = shadow,
		.walk = walk,
		.ggtt = ggtt,
	};

	return &core;
}
