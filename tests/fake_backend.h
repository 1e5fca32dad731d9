/* SPDX-License-Identifier: MIT */
/*
 * The smallest back end a caller can bring: one VM (id 1), one page of memory, counters. For tests
 * of libmpt itself, which must not depend on a real back end.
 */
#ifndef MPT_TESTS_FAKE_BACKEND_H
#define MPT_TESTS_FAKE_BACKEND_H

#include <string.h>

#include <mpt/backend.h>

struct fake_options {
	bool flag;
	u64 number, size;
	unsigned int choice;
	const char *text;
};

static const char *const fake_choices[] = { "red", "green", NULL };

static const struct mpt_option fake_option_table[] = {
	{ .name = "flag", .def = "no", .help = "a flag", .type = MPT_OPTION_BOOL,
	  .offset = offsetof(struct fake_options, flag) },
	{ .name = "number", .def = "7", .help = "a number", .type = MPT_OPTION_UINT, .min = 1,
	  .max = 100, .offset = offsetof(struct fake_options, number) },
	{ .name = "size", .def = "64M", .help = "a size", .type = MPT_OPTION_SIZE, .min = 4096,
	  .max = 1ULL << 60, .offset = offsetof(struct fake_options, size) },
	{ .name = "choice", .def = "green", .help = "a colour", .type = MPT_OPTION_ENUM,
	  .choices = fake_choices, .offset = offsetof(struct fake_options, choice) },
	{ .name = "text", .def = "", .help = "a text", .type = MPT_OPTION_STRING,
	  .offset = offsetof(struct fake_options, text) },
	{ .name = NULL },
};

/* What the tests look at. */
static struct {
	struct fake_options options;
	int open_error, attach_error, answer;
	unsigned int opened, closed, attached, detached, calls, vms;
	int dummy_vm;
} fake;

static struct mpt_handles fake_handles;

static int fake_attach(void *vgpu, unsigned long *handle)
{
	void *vm;
	int ret = mpt_attach_target(&vm);

	if (ret)
		return ret;
	if (fake.attach_error)
		return mpt_fail(fake.attach_error, "fake", "asked to fail");
	ret = mpt_handle_new(&fake_handles, &fake, vgpu, handle);
	fake.attached += !ret;
	return ret;
}

static void fake_detach(unsigned long handle)
{
	fake.detached += mpt_handle_free(&fake_handles, handle);
}

static bool fake_alive(unsigned long handle)
{
	unsigned long old = mpt_rcu_enter();
	bool alive = mpt_handle_get(&fake_handles, handle);

	mpt_rcu_leave(old);
	return alive;
}

static int fake_answer(unsigned long handle)
{
	if (!fake_alive(handle))
		return -ESRCH;
	fake.calls++;
	return fake.answer;
}

static int fake_msi(unsigned long handle, u32 addr, u16 data)
{
	(void)addr;
	(void)data;
	return fake_answer(handle);
}

static int fake_rw(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	(void)gpa;
	(void)buf;
	(void)len;
	return fake_answer(handle);
}

static int fake_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *dma)
{
	int ret = fake_answer(handle);

	(void)size;
	if (!ret)
		*dma = (gfn + 0x1000) << MPT_PAGE_SHIFT;
	return ret;
}

static void fake_unmap(unsigned long handle, dma_addr_t dma)
{
	(void)dma;
	fake_answer(handle);
}

static const struct intel_gvt_mpt fake_table = {
	.attach_vgpu = fake_attach,
	.detach_vgpu = fake_detach,
	.inject_msi = fake_msi,
	.read_gpa = fake_rw,
	.write_gpa = fake_rw,
	.dma_map_guest_page = fake_map,
	.dma_unmap_guest_page = fake_unmap,
};

static int fake_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	(void)host;
	if (fake.open_error)
		return mpt_fail(fake.open_error, "fake", "asked to fail");
	fake.opened++;
	memcpy(&fake.options, opts, sizeof(fake.options));
	inst->priv = &fake;
	return 0;
}

static void fake_close(void *priv)
{
	(void)priv;
	fake.closed++;
}

static int fake_vm_get(void *priv, unsigned int id, void **vm)
{
	(void)priv;
	if (id != 1 && id != 2)
		return mpt_fail(-ESRCH, "fake", "no VM %u (there are 1 and 2)", id);
	fake.vms++;
	*vm = &fake.dummy_vm;
	return 0;
}

static void fake_vm_put(void *priv, void *vm)
{
	(void)priv;
	(void)vm;
	fake.vms--;
}

/* A module gives the object its own name and linkage. */
#ifndef FAKE_OBJECT
#define FAKE_OBJECT static const struct mpt_backend fake_backend
#define FAKE_NAME "fake"
#endif

FAKE_OBJECT = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = FAKE_NAME,
	.summary = "the smallest back end",
	.options = fake_option_table,
	.options_size = sizeof(struct fake_options),
	.mpt = &fake_table,
	.mpt_size = sizeof(fake_table),
	.open = fake_open,
	.close = fake_close,
	.vm_get = fake_vm_get,
	.vm_put = fake_vm_put,
};

#endif
