/* SPDX-License-Identifier: MIT */
/* The guest's program submits batches that never end, and looks at what i915 makes of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define MI_BATCH_BUFFER_START 0x18800101 /* gen 8: two address dwords; PPGTT */
#define WEDGED "/sys/kernel/debug/dri/0/i915_wedged"
/* Reads of these are looked for in the host's recording: PVINFO that means nothing. */
#define MARK_BEGIN (PVINFO + 0xf00)
#define MARK_END (PVINFO + 0xf04)

static int hanging(struct job *j)
{
	struct drm_i915_gem_context_create create = { 0 };
	uint32_t code[4] = { MI_BATCH_BUFFER_START, 0, 0, MI_BATCH_BUFFER_END };
	struct drm_i915_gem_exec_object2 object = {
		.offset = 0x1300000, .flags = EXEC_OBJECT_PINNED,
	};
	struct drm_i915_gem_execbuffer2 exec = {
		.buffers_ptr = (uintptr_t)&object, .buffer_count = 1, .batch_len = sizeof(code),
		.flags = I915_EXEC_RENDER,
	};
	int ret = call(DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create);

	if (!ret)
		ret = job_new(j, I915_EXEC_RENDER, create.ctx_id, 0);
	code[1] = (uint32_t)object.offset;
	object.handle = j->batch.handle;
	exec.rsvd1 = create.ctx_id;
	if (!ret)
		ret = buffer_write(&j->batch, code, sizeof(code));
	return ret ? ret : call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &exec);
}

/* How often i915 found that this context's batch hung. */
static int resets(const struct job *j)
{
	struct drm_i915_reset_stats stats = { .ctx_id = j->context };

	return call(DRM_IOCTL_I915_GET_RESET_STATS, &stats) ? -1 : (int)stats.batch_active;
}

/* i915 finds by itself that the engine does not get on. */
void hang_found(void)
{
	struct job j;
	uint64_t begin = now();
	int ret = hanging(&j);

	if (!ret)
		ret = buffer_wait(&j.batch);
	if (ret)
		fail("hang-found", "%s", strerror(-ret));
	else if (resets(&j) != 1)
		fail("hang-found", "its context has %d batches that hung", resets(&j));
	else
		pass("hang-found");
	printf("INFO hang found and ended after %llu ms\n",
	       (unsigned long long)((now() - begin) / 1000000));
	job_free(&j);
}

/* i915 is told, captures and resets before the write is over: what that takes. */
void hang_told(void)
{
	volatile uint32_t *bar;
	uint64_t begin, took, read = register_read();
	struct job j;
	int ret = hanging(&j), wedged = open(WEDGED, O_WRONLY), fd = open(BAR0, O_RDWR | O_SYNC);

	bar = mmap(NULL, 0x100000, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (ret || wedged < 0 || bar == MAP_FAILED) {
		fail("hang-told", "%s", ret ? strerror(-ret) : strerror(errno));
		return;
	}
	usleep(100000);
	(void)bar[MARK_BEGIN / 4];
	begin = now();
	ret = write(wedged, "1", 1) == 1 ? buffer_wait(&j.batch) : -errno;
	took = now() - begin;
	(void)bar[MARK_END / 4];
	if (ret)
		fail("hang-told", "%s", strerror(-ret));
	else
		pass("hang-told");
	printf("INFO capture took %llu ns, register read %llu ns\n", (unsigned long long)took,
	       (unsigned long long)read);
	munmap((void *)bar, 0x100000);
	close(wedged);
	job_free(&j);
}
