/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor as a module with a bug that BROKEN names: for tests of `mptctl conformance`.
 * It is what a porter's first try might be, so it uses public headers only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpt/backend.h>

extern struct mpt_backend mpt_module_backend;
struct mpt_backend mpt_module_backend;

static struct intel_gvt_mpt good, broken;

/* A failed read leaves in the buffer what was there. */
static int read_dirty(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	void *copy = malloc(len ? len : 1);
	int ret = good.read_gpa(handle, gpa, copy, len);

	if (!ret)
		memcpy(buf, copy, len);
	free(copy);
	return ret;
}

/* Nothing is ever given back. */
static void unmap_nothing(unsigned long handle, dma_addr_t dma_addr)
{
	(void)handle;
	(void)dma_addr;
}

static int track_twice(unsigned long handle, u64 gfn)
{
	int ret = good.enable_page_track(handle, gfn);

	/* The second is no mistake of the caller's. */
	if (!ret && good.enable_page_track(handle, gfn) == 0 && gfn % 2)
		return mpt_fail(-EINVAL, "broken", "gfn is tracked already");
	return ret;
}

static int trap_crash(unsigned long handle, u64 start, u64 end, bool map)
{
	volatile int *nothing = NULL;

	(void)handle;
	(void)start;
	(void)end;
	(void)map;
	return *nothing;
}

static int trap_hang(unsigned long handle, u64 start, u64 end, bool map)
{
	(void)handle;
	(void)start;
	(void)end;
	(void)map;
	while (pause())
		;
	return 0;
}

static int trap_exit(unsigned long handle, u64 start, u64 end, bool map)
{
	(void)handle;
	(void)start;
	(void)end;
	(void)map;
	exit(3);
}

static int attach_fails(void *vgpu, unsigned long *handle)
{
	(void)vgpu;
	(void)handle;
	return mpt_fail(-ENOMEM, "broken", "no memory for a vGPU");
}

static void break_it(const char *bug)
{
	if (!strcmp(bug, "read"))
		broken.read_gpa = read_dirty;
	else if (!strcmp(bug, "unmap"))
		broken.dma_unmap_guest_page = unmap_nothing;
	else if (!strcmp(bug, "track"))
		broken.enable_page_track = track_twice;
	else if (!strcmp(bug, "crash"))
		broken.set_trap_area = trap_crash;
	else if (!strcmp(bug, "hang"))
		broken.set_trap_area = trap_hang;
	else if (!strcmp(bug, "exit"))
		broken.set_trap_area = trap_exit;
	else if (!strcmp(bug, "attach"))
		broken.attach_vgpu = attach_fails;
	else if (!strcmp(bug, "load"))
		abort();
}

static void __attribute__((constructor)) make(void)
{
	const struct mpt_backend *mock = mpt_backend_find("mock");
	const char *bug = getenv("BROKEN");

	if (!mock)
		return;
	mpt_module_backend = *mock;
	broken = good = *mock->mpt;
	mpt_module_backend.mpt = &broken;
	/* As a back end does that thinks that it is alone. */
	printf("broken: loaded\n");
	fflush(stdout);
	if (bug)
		break_it(bug);
}
