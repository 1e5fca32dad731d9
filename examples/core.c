/* SPDX-License-Identifier: MIT */
/*
 * The skeleton of a device-model core of one's own: it introduces itself, offers one register, and
 * is created, driven and destroyed as a GVT core is. Nothing of libmpt-gvt is in it. Builds with
 *   cc core.c $(pkg-config --cflags --libs libmpt)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/mpt.h>
#include <mpt/testbed.h>

#define BAR0 0xc0000000U
#define BAR0_END (BAR0 + 0xfff)

/* The published opaque types, as this core fills them. */
struct intel_gvt {
	struct mpt_host *host;
};

struct intel_vgpu_type {
	u32 value; /* what the register holds at first */
};

/* [vgpu] */
struct my_vgpu {
	struct intel_vgpu base; /* what libmpt's wrappers read; first, so that a cast finds it */
	u8 cfg[256];
	u32 reg;
};

static struct intel_vgpu *my_create(struct intel_gvt *gvt, struct intel_vgpu_type *type)
{
	struct my_vgpu *v = calloc(1, sizeof(*v));
	int ret;

	if (!v)
		return MPT_ERR_PTR(-ENOMEM);
	v->base.mpt = mpt_host_table(gvt->host);
	v->base.cfg_space = v->cfg;
	v->base.id = 1;
	v->reg = type->value;
	ret = intel_gvt_hypervisor_attach_vgpu(&v->base);
	if (!ret)
		ret = intel_gvt_hypervisor_set_trap_area(&v->base, BAR0, BAR0_END, true);
	if (!ret)
		return &v->base;
	intel_gvt_hypervisor_detach_vgpu(&v->base);
	free(v);
	return MPT_ERR_PTR(ret);
}

static void my_destroy(struct intel_vgpu *vgpu)
{
	intel_gvt_hypervisor_set_trap_area(vgpu, BAR0, BAR0_END, false);
	intel_gvt_hypervisor_detach_vgpu(vgpu);
	free(vgpu);
}
/* [/vgpu] */

/* A real core takes the vGPU's lock in each of these. */
static int my_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	struct my_vgpu *v = (struct my_vgpu *)vgpu;

	memset(buf, 0, bytes);
	if (gpa == BAR0 && bytes == 4)
		memcpy(buf, &v->reg, 4);
	return 0;
}

static int my_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	struct my_vgpu *v = (struct my_vgpu *)vgpu;

	if (gpa == BAR0 && bytes == 4)
		memcpy(&v->reg, buf, 4);
	return 0;
}

static int my_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	memset(buf, 0xff, bytes);
	if (offset > 256 || bytes > 256 - offset)
		return mpt_fail(-EINVAL, "my core", "%u bytes at 0x%x of 256", bytes, offset);
	memcpy(buf, vgpu->cfg_space + offset, bytes);
	return 0;
}

static int my_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	if (offset > 256 || bytes > 256 - offset)
		return mpt_fail(-EINVAL, "my core", "%u bytes at 0x%x of 256", bytes, offset);
	memcpy(vgpu->cfg_space + offset, buf, bytes);
	return 0;
}

/* [core] */
static const struct intel_gvt_ops my_ops = {
	.emulate_cfg_read = my_cfg_read,
	.emulate_cfg_write = my_cfg_write,
	.emulate_mmio_read = my_mmio_read,
	.emulate_mmio_write = my_mmio_write,
	.vgpu_create = my_create,
	.vgpu_destroy = my_destroy,
};

/* First what the host should know of this core, then host_init, as a GVT core calls it. */
static int introduce(struct mpt_host *host, struct intel_gvt *gvt)
{
	const struct mpt_core core = { .size = sizeof(core), .ops = &my_ops };
	int ret = mpt_host_set_core(host, &core);

	return ret ? ret : mpt_host_init(host, NULL, gvt, &my_ops);
}
/* [/core] */

static int failed(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, mpt_last_error());
	return 1;
}

/* The guest reads the register, writes it, and reads it again. */
static int drive(struct mpt_vm *vm)
{
	u32 before = 0, value = 0x5eed, after = 0;

	if (mpt_guest_read(vm, BAR0, &before, 4) || mpt_guest_write(vm, BAR0, &value, 4) ||
	    mpt_guest_read(vm, BAR0, &after, 4))
		return failed("register");
	printf("the register was 0x%x and is 0x%x\n", before, after);
	return before != 0x1234 || after != 0x5eed;
}

static int run(struct mpt_host *host, struct intel_gvt *gvt)
{
	struct intel_vgpu_type type = { .value = 0x1234 };
	struct intel_vgpu *vgpu;
	struct mpt_vm *vm;
	int ret;

	if (mpt_vm_create(host, 1) || mpt_vm_get(host, 1, &vm))
		return failed("VM");
	vgpu = mpt_vgpu_create(vm, gvt, &type);
	ret = MPT_IS_ERR(vgpu) ? failed("vGPU") : drive(vm);
	if (!MPT_IS_ERR(vgpu))
		mpt_vgpu_destroy(vm, vgpu);
	mpt_vm_put(vm);
	mpt_vm_destroy(host, 1);
	return ret;
}

int main(int argc, char **argv)
{
	struct intel_gvt gvt;
	int ret;

	if (mpt_host_open(argc > 1 ? argv[1] : "mock", &gvt.host))
		return failed("host");
	ret = introduce(gvt.host, &gvt) ? failed("core") : run(gvt.host, &gvt);
	mpt_host_exit(gvt.host, NULL, &gvt);
	mpt_host_close(gvt.host);
	return ret;
}
