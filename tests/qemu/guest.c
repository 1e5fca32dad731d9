/* SPDX-License-Identifier: MIT */
/*
 * Runs inside a guest, static and alone: asks the stock i915 driver what it found and has it
 * execute batches whose results are looked at. The kernel's ABI only, no library. Lines as in
 * init.sh.
 *
 *   guest about | batches NAME | time | loop SECONDS | hang-found | hang-told | show
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "pattern.h"

#define CARD "/dev/dri/card0"
#define IN_A_ROW 80
#define CONTEXTS 4

#define MI_STORE_DWORD_IMM 0x10000002 /* gen 8: two address dwords, one of data */

static const struct {
	const char *name;
	uint64_t ring; /* execbuffer2's */
	int has; /* what GETPARAM says of it; 0: always there */
} engines[] = {
	{ "rcs", I915_EXEC_RENDER, 0 },
	{ "bcs", I915_EXEC_BLT, I915_PARAM_HAS_BLT },
	{ "vcs", I915_EXEC_BSD, I915_PARAM_HAS_BSD },
	{ "vecs", I915_EXEC_VEBOX, I915_PARAM_HAS_VEBOX },
};
#define ENGINES (sizeof(engines) / sizeof(engines[0]))

int card;
static const char *when = "";
static int failures;
static bool quiet; /* only what fails is told */

/* ioctl() that a signal does not end. */
int call(unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(card, request, arg);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret ? -errno : 0;
}

/* The two kinds of result lines. */
void pass(const char *name)
{
	if (quiet)
		return;
	printf("PASS %s%s\n", name, when);
	fflush(stdout);
}

void fail(const char *name, const char *why, ...)
{
	va_list args;

	printf("FAIL %s%s: ", name, when);
	va_start(args, why);
	vprintf(why, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	failures++;
}

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* --- buffers --- */

int buffer_new(struct buffer *b)
{
	struct drm_i915_gem_create create = { .size = PAGE };
	struct drm_i915_gem_mmap map = { .size = PAGE };
	int ret = call(DRM_IOCTL_I915_GEM_CREATE, &create);

	if (ret)
		return ret;
	b->handle = map.handle = create.handle;
	ret = call(DRM_IOCTL_I915_GEM_MMAP, &map);
	if (ret)
		return ret;
	b->map = (void *)(uintptr_t)map.addr_ptr;
	return 0;
}

void buffer_free(struct buffer *b)
{
	struct drm_gem_close done = { .handle = b->handle };

	if (b->map)
		munmap(b->map, PAGE);
	if (b->handle)
		call(DRM_IOCTL_GEM_CLOSE, &done);
	memset(b, 0, sizeof(*b));
}

int buffer_write(struct buffer *b, const void *from, uint32_t size)
{
	struct drm_i915_gem_pwrite write = {
		.handle = b->handle, .size = size, .data_ptr = (uintptr_t)from,
	};

	return call(DRM_IOCTL_I915_GEM_PWRITE, &write);
}

static int buffer_read(struct buffer *b, uint32_t offset, uint32_t *value)
{
	struct drm_i915_gem_pread read = {
		.handle = b->handle, .offset = offset, .size = 4, .data_ptr = (uintptr_t)value,
	};

	return call(DRM_IOCTL_I915_GEM_PREAD, &read);
}

/* What takes longer than this has not ended; the capture of a hang takes a minute on a busy machine. */
#define FOREVER_NS 120000000000LL

int buffer_wait(struct buffer *b)
{
	struct drm_i915_gem_wait wait = { .bo_handle = b->handle, .timeout_ns = FOREVER_NS };

	return call(DRM_IOCTL_I915_GEM_WAIT, &wait);
}

/* --- batches --- */

#define BATCH_DWORDS 6

/* The batch that stores @value to dword @at of the target. */
static int write_batch(struct job *j, uint32_t at, uint32_t value)
{
	uint64_t address = j->pinned + 4 * at;
	uint32_t code[BATCH_DWORDS] = {
		MI_STORE_DWORD_IMM, (uint32_t)address, address >> 32, value,
		MI_BATCH_BUFFER_END, 0,
	};

	return buffer_write(&j->batch, code, sizeof(code));
}

/* Has it executed, with what write_batch() wrote last, for the same dword. */
static int execute(struct job *j, uint32_t at)
{
	struct drm_i915_gem_relocation_entry reloc = {
		.target_handle = j->target.handle, .delta = 4 * at, .offset = 4,
		.read_domains = I915_GEM_DOMAIN_INSTRUCTION,
		.write_domain = I915_GEM_DOMAIN_INSTRUCTION,
		/* Not what it is, so the kernel must write it. */
		.presumed_offset = ~0ULL,
	};
	struct drm_i915_gem_exec_object2 objects[] = {
		{ .handle = j->target.handle, .offset = j->pinned, .flags = EXEC_OBJECT_WRITE },
		{ .handle = j->batch.handle },
	};
	struct drm_i915_gem_execbuffer2 exec = {
		.buffers_ptr = (uintptr_t)objects, .buffer_count = 2, .batch_len = 4 * BATCH_DWORDS,
		.flags = j->ring, .rsvd1 = j->context,
	};

	objects[0].flags |= EXEC_OBJECT_SUPPORTS_48B_ADDRESS;
	if (j->pinned) {
		objects[0].flags |= EXEC_OBJECT_PINNED;
	} else {
		objects[1].relocs_ptr = (uintptr_t)&reloc;
		objects[1].relocation_count = 1;
	}
	return call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &exec);
}

static int submit(struct job *j, uint32_t at, uint32_t value)
{
	int ret = write_batch(j, at, value);

	return ret ? ret : execute(j, at);
}

int job_new(struct job *j, uint64_t ring, uint32_t context, uint64_t pinned)
{
	int ret;

	memset(j, 0, sizeof(*j));
	j->ring = ring;
	j->context = context;
	j->pinned = pinned;
	ret = buffer_new(&j->target);
	return ret ? ret : buffer_new(&j->batch);
}

void job_free(struct job *j)
{
	buffer_free(&j->batch);
	buffer_free(&j->target);
}

/*
 * Wait, and compare by both ways to the memory. Returns what a sentence says, or NULL; @value read.
 */
static const char *expect(struct job *j, uint32_t at, uint32_t value, uint32_t *got)
{
	uint32_t mapped;
	int ret = buffer_wait(&j->target);

	*got = -ret;
	if (ret)
		return "did not end";
	ret = buffer_read(&j->target, 4 * at, got);
	if (ret)
		return "cannot be read";
	mapped = *(volatile uint32_t *)&j->target.map[at];
	if (*got != value)
		return "stored another value";
	*got = mapped;
	return mapped == value ? NULL : "stored a value that the mapping does not show";
}

/* Store, wait, compare: @n times, one after the other. */
static void one_by_one(struct job *j, const char *name, uint32_t n)
{
	const char *why = NULL;
	uint32_t i, got = 0;
	int ret = 0;

	for (i = 0; i < n && !ret && !why; i++) {
		ret = submit(j, i, 0xc0de0000 + i);
		if (!ret)
			why = expect(j, i, 0xc0de0000 + i, &got);
	}
	if (ret)
		fail(name, "batch %u: execbuffer: %s", i, strerror(-ret));
	else if (why)
		fail(name, "batch %u %s: 0x%x", i, why, got);
	else
		pass(name);
}

/* All submitted, each with a batch of its own, before the first is waited for. */
static void in_a_row(const char *name, const uint64_t *rings, uint32_t n_rings)
{
	static struct job jobs[IN_A_ROW];
	const char *why = NULL;
	uint32_t i, made, got = 0;
	int ret = 0;

	for (made = 0; made < IN_A_ROW && !ret; made++) {
		ret = job_new(&jobs[made], rings[made % n_rings], 0, 0);
		if (!ret)
			ret = submit(&jobs[made], made, 0xabc00000 + made);
	}
	for (i = 0; i < made && !ret && !why; i++)
		why = expect(&jobs[i], i, 0xabc00000 + i, &got);
	if (ret)
		fail(name, "batch %u: %s", made, strerror(-ret));
	else if (why)
		fail(name, "batch %u %s: 0x%x", i, why, got);
	else
		pass(name);
	while (made > 0)
		job_free(&jobs[--made]);
}

/* Four contexts, each with an address space of its own, by turns: the same address in each. */
static void contexts(uint64_t ring, const char *name)
{
	struct job jobs[CONTEXTS] = { 0 };
	const char *why = NULL;
	uint32_t i, got = 0, made;
	int ret = 0;

	for (made = 0; made < CONTEXTS && !ret; made++) {
		struct drm_i915_gem_context_create create = { 0 };

		ret = call(DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create);
		if (!ret)
			ret = job_new(&jobs[made], ring, create.ctx_id, 0x1200000);
	}
	for (i = 0; i < 4 * CONTEXTS && !ret; i++)
		ret = submit(&jobs[i % CONTEXTS], i, 0xfeed0000 + i);
	for (i = 0; i < 4 * CONTEXTS && !ret && !why; i++)
		why = expect(&jobs[i % CONTEXTS], i, 0xfeed0000 + i, &got);
	if (ret)
		fail(name, "%s", strerror(-ret));
	else if (why)
		fail(name, "batch %u %s: 0x%x", i, why, got);
	else
		pass(name);
	while (made-- > 0) {
		struct drm_i915_gem_context_destroy done = { .ctx_id = jobs[made].context };

		job_free(&jobs[made]);
		if (done.ctx_id)
			call(DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &done);
	}
}

/* What the GPU stores must show through the aperture, what is written there must reach memory. */
static void aperture(void)
{
	struct drm_i915_gem_mmap_gtt map = { 0 };
	struct job j;
	volatile uint32_t *view;
	uint32_t got = 0;
	int ret = job_new(&j, I915_EXEC_RENDER, 0, 0);

	map.handle = j.target.handle;
	if (!ret)
		ret = submit(&j, 5, 0x5eed5eed);
	if (!ret)
		ret = buffer_wait(&j.target);
	if (!ret)
		ret = call(DRM_IOCTL_I915_GEM_MMAP_GTT, &map);
	if (ret) {
		fail("aperture", "%s", strerror(-ret));
		return;
	}
	view = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, card, map.offset);
	if (view == MAP_FAILED) {
		fail("aperture", "mmap: %s", strerror(errno));
		return;
	}
	got = view[5];
	view[6] = 0x600d600d;
	/* Writes to a device are posted, by QEMU too if it is told so; a read waits for them. */
	(void)view[6];
	if (got != 0x5eed5eed)
		fail("aperture", "reads 0x%x", got);
	else if (buffer_read(&j.target, 24, &got) || got != 0x600d600d)
		fail("aperture", "what was written there is 0x%x in memory", got);
	else
		pass("aperture");
	munmap((void *)view, PAGE);
	job_free(&j);
}

static int param(int which)
{
	int value = -1;
	struct drm_i915_getparam get = { .param = which, .value = &value };

	return call(DRM_IOCTL_I915_GETPARAM, &get) ? -1 : value;
}

static void engine(unsigned int e)
{
	static const uint64_t high = 0x7f0012345000;
	char name[64];
	struct job j;
	int way;

	if (engines[e].has && param(engines[e].has) < 1) {
		snprintf(name, sizeof(name), "engine-%s", engines[e].name);
		fail(name, "i915 has not found it");
		return;
	}
	for (way = 0; way < 2; way++) {
		int ret = job_new(&j, engines[e].ring, 0, way ? high : 0);

		snprintf(name, sizeof(name), "%s-%s", way ? "pinned" : "reloc", engines[e].name);
		if (ret)
			fail(name, "a buffer: %s", strerror(-ret));
		else
			one_by_one(&j, name, 8);
		job_free(&j);
	}
	snprintf(name, sizeof(name), "contexts-%s", engines[e].name);
	contexts(engines[e].ring, name);
	snprintf(name, sizeof(name), "row-%s", engines[e].name);
	in_a_row(name, &engines[e].ring, 1);
}

static void batches(void)
{
	uint64_t rings[ENGINES];
	unsigned int i;

	for (i = 0; i < ENGINES; i++) {
		engine(i);
		rings[i] = engines[i].ring;
	}
	in_a_row("row-by-turns", rings, ENGINES);
	aperture();
}

/* --- what the driver says --- */

static void about(void)
{
	char name[32] = "", date[32] = "";
	struct drm_version v = {
		.name_len = sizeof(name) - 1, .name = name,
		.date_len = sizeof(date) - 1, .date = date,
	};
	unsigned int i;

	if (call(DRM_IOCTL_VERSION, &v)) {
		fail("driver", "no version: %s", strerror(errno));
		return;
	}
	printf("INFO driver %s %d.%d.%d %s, chip 0x%04x revision %d\n", name, v.version_major,
	       v.version_minor, v.version_patchlevel, date, param(I915_PARAM_CHIPSET_ID),
	       param(I915_PARAM_REVISION));
	printf("INFO aliasing ppgtt %d, execlists scheduler 0x%x, subslices %d, EUs %d\n",
	       param(I915_PARAM_HAS_ALIASING_PPGTT), param(I915_PARAM_HAS_SCHEDULER),
	       param(I915_PARAM_SUBSLICE_TOTAL), param(I915_PARAM_EU_TOTAL));
	printf("INFO engines");
	for (i = 0; i < ENGINES; i++)
		if (!engines[i].has || param(engines[i].has) > 0)
			printf(" %s", engines[i].name);
	printf("\n");
	if (strcmp(name, "i915"))
		fail("driver", "it is %s", name);
	else
		pass("driver");
}

/* --- times --- */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *of, unsigned int n)
{
	qsort(of, n, sizeof(*of), by_size);
	return of[n / 2];
}

#define READS 200
#define TIMED 100

/* A register that costs the device nothing: what is left is the way there and back. 0: no way. */
uint64_t register_read(void)
{
	uint64_t t[READS];
	volatile uint32_t *bar;
	int i, fd = open(BAR0, O_RDWR | O_SYNC);

	bar = mmap(NULL, 0x100000, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (bar == MAP_FAILED) {
		fail("time", BAR0 ": %s", strerror(errno));
		return 0;
	}
	for (i = 0; i < READS; i++) {
		uint64_t begin = now();

		(void)bar[PVINFO / 4];
		t[i] = now() - begin;
	}
	munmap((void *)bar, 0x100000);
	return median(t, READS);
}

/* What user space waits for one batch that stores a dword: written and bound before. */
static uint64_t batch_time(uint64_t ring)
{
	uint64_t t[TIMED];
	struct job j;
	int i, ret = job_new(&j, ring, 0, 0x1200000);

	if (!ret)
		ret = write_batch(&j, 0, 1);
	for (i = 0; i < TIMED && !ret; i++) {
		uint64_t begin = now();

		ret = execute(&j, 0);
		if (!ret)
			ret = buffer_wait(&j.target);
		t[i] = now() - begin;
	}
	job_free(&j);
	if (ret) {
		fail("time", "batch %d: %s", i, strerror(-ret));
		return 0;
	}
	return median(t, TIMED);
}

static void times(void)
{
	uint64_t read = register_read(), batch;
	unsigned int i;

	for (i = 0; i < ENGINES && read; i++) {
		batch = batch_time(engines[i].ring);
		printf("INFO time %s batch %llu ns, register read %llu ns, ratio %.1f\n",
		       engines[i].name, (unsigned long long)batch, (unsigned long long)read,
		       (double)batch / read);
	}
}

/* --- batches for a while: something else happens on the host meanwhile --- */

static void loop(unsigned int seconds)
{
	uint64_t end = now() + seconds * 1000000000ULL, rings[ENGINES];
	unsigned int i, rounds = 0;

	for (i = 0; i < ENGINES; i++)
		rings[i] = engines[i].ring;
	printf("INFO loop begins\n");
	fflush(stdout);
	quiet = true;
	for (; now() < end && !failures; rounds++)
		in_a_row("loop", rings, ENGINES);
	quiet = false;
	printf("INFO loop %u rounds of %u batches\n", rounds, IN_A_ROW);
	if (!failures)
		pass("loop");
}

/* So long that somebody can make a screenshot. */
static void shown(unsigned int seconds)
{
	uint32_t width = 0, height = 0;
	int ret = show(card, &width, &height);

	if (ret) {
		fail("show", "%s", strerror(-ret));
		return;
	}
	pass("show");
	printf("INFO shown %u %u\n", width, height);
	fflush(stdout);
	sleep(seconds);
}

int main(int argc, char **argv)
{
	char suffix[32] = "";

	if (argc < 2)
		return 2;
	if (argc > 2 && !strcmp(argv[1], "batches"))
		snprintf(suffix, sizeof(suffix), "-%s", argv[2]);
	when = suffix;
	card = open(CARD, O_RDWR | O_CLOEXEC);
	if (card < 0) {
		fail("open", CARD ": %s", strerror(errno));
		return 1;
	}
	if (!strcmp(argv[1], "about"))
		about();
	else if (!strcmp(argv[1], "batches"))
		batches();
	else if (!strcmp(argv[1], "time"))
		times();
	else if (!strcmp(argv[1], "show"))
		shown(5);
	else if (!strcmp(argv[1], "loop") && argc > 2)
		loop(atoi(argv[2]));
	else if (!strcmp(argv[1], "hang-found"))
		hang_found();
	else if (!strcmp(argv[1], "hang-told"))
		hang_told();
	else
		return 2;
	return failures ? 1 : 0;
}
