/* SPDX-License-Identifier: MIT */
/* The Linux core as the differential test drives it. What is around it is compat/linux-gvt/. */
#include <mpt/vgpu.h>

#include "diff.h"
#include "linux_gvt.h"

static struct diff_side *real;

int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write);
int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write)
{
	return write ? mpt_bus_write(real->host, addr, buf, len) :
		       mpt_bus_read(real->host, addr, buf, len);
}

static int real_open(struct diff_side *side)
{
	static bool started;
	int ret = started ? 0 : linux_gvt_start();

	if (ret)
		return ret;
	started = true;
	linux_gvt_log(getenv("VERBOSE") != NULL);
	real = side;
	ret = linux_gvt_register(side->host);
	if (!ret)
		side->ops = mpt_host_core(side->host)->ops;
	return ret;
}

static void real_close(struct diff_side *side)
{
	(void)side;
	linux_gvt_unregister();
}

static int real_create(struct diff_side *side, unsigned int vm, struct diff_place *place)
{
	struct intel_vgpu *vgpu = mpt_vgpu_create(side->vm[vm], linux_gvt_device(),
						  linux_gvt_type(0));
	struct linux_gvt_place at;

	if (MPT_IS_ERR(vgpu))
		return MPT_PTR_ERR(vgpu);
	side->vgpu[vm] = vgpu;
	linux_gvt_place(vgpu, &at);
	*place = (struct diff_place){ at.aperture, at.aperture_size, at.hidden, at.hidden_size,
				      at.fences };
	return 0;
}

static bool real_failsafe(const void *vgpu)
{
	return linux_gvt_failsafe(vgpu);
}

static u64 real_ggtt(struct diff_side *side, unsigned long index)
{
	(void)side;
	return linux_gvt_ggtt(index);
}

static int real_ready(void *vgpu, const struct space_roots *s, u64 root[4], void **held)
{
	unsigned long long roots[4];
	int ret, i;

	ret = linux_gvt_shadow_pin(vgpu, s->levels, (const void *)s->pdp, roots, held);
	for (i = 0; i < 4 && !ret; i++)
		root[i] = roots[i] & ADDR_MASK;
	return ret;
}

static void real_done(void *vgpu, void *held)
{
	(void)vgpu;
	linux_gvt_shadow_unpin(held);
}

static const u64 *real_page(u64 bus)
{
	return linux_gvt_core_page(bus);
}

const struct diff_core real_core = {
	.name = "real",
	.open = real_open,
	.close = real_close,
	.create = real_create,
	.failsafe = real_failsafe,
	.ggtt = real_ggtt,
	.ready = real_ready,
	.done = real_done,
	.page = real_page,
	.aperture_mfn = 0x80000,
};
