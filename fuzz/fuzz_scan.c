/* SPDX-License-Identifier: MIT */
/*
 * The scanner of commands on a vGPU that is nothing but graphics memory. An input is a byte that
 * chooses the engine, two of the ring's head, one of how many dwords are in the ring; the dwords
 * behind are the ring's, then memory from BATCHES on. The rest of memory are ends of batches, or
 * with the highest bit of the first byte nothing but MI_NOOP. What the scanner hands on must be
 * bounded, the vGPU's and what was in memory, though memory changes as soon as it was read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gvt/cmd.h"
#include "gvt/scan.h"

#define LOW (64ULL << 20)
#define LOW_SIZE (64ULL << 20)
#define PAGES 81U /* from LOW on, but for the last, which is at the end of the range */
#define RING (LOW + 0x1000)
#define RING_SIZE 0x1000U
#define BATCHES (LOW + 0x2000)
#define HEADER 4U
#define FLAG_NOOPS 0x80
#define BATCH_END (0x0aU << 23)

struct input {
	enum gvt_engine engine;
	u32 head, tail;
};

static u8 memory[PAGES * MPT_PAGE_SIZE], changed[PAGES * MPT_PAGE_SIZE];
static struct gvt_vgpu vgpu;
static long at_rest; /* allocations: its GGTT */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_scan: %s: %s\n", what, mpt_last_error());
	abort();
}

/* Another processor of the guest writes there at once. */
static int read_once(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	unsigned long i;

	(void)handle;
	must_be(gpa < sizeof(memory) && len <= sizeof(memory) - gpa, "where the scanner reads");
	memcpy(buf, changed + gpa, len);
	for (i = 0; i < len; i++)
		changed[gpa + i] ^= 0xff;
	return 0;
}

static const struct intel_gvt_mpt table = { .read_gpa = read_once };

static void vgpu_make(void)
{
	u64 i;

	if (vgpu.ggtt)
		return;
	vgpu.base.mpt = &table;
	vgpu.base.id = 1;
	vgpu.low = (struct gvt_range){ LOW, LOW_SIZE };
	vgpu.high = (struct gvt_range){ 512ULL << 20, 64ULL << 20 };
	must_be(!gvt_ggtt_init(&vgpu), "no memory for a GGTT");
	at_rest = mpt_alloc_live();
	for (i = 0; i + 1 < PAGES; i++)
		vgpu.ggtt[(LOW >> MPT_PAGE_SHIFT) + i] = i << MPT_PAGE_SHIFT | GVT_PTE_PRESENT;
	vgpu.ggtt[((LOW + LOW_SIZE) >> MPT_PAGE_SHIFT) - 1] = i << MPT_PAGE_SHIFT | GVT_PTE_PRESENT;
}

/* In the window from LOW on, or in the last page. */
static u8 *at(u64 addr)
{
	if (addr >= LOW + LOW_SIZE - MPT_PAGE_SIZE)
		addr -= LOW_SIZE - PAGES * MPT_PAGE_SIZE;
	return memory + (addr - LOW);
}

static void fill(u32 dw)
{
	size_t i;

	for (i = 0; i < sizeof(memory); i += sizeof(dw))
		memcpy(memory + i, &dw, sizeof(dw));
}

static void place(const uint8_t *data, size_t size, struct input *in)
{
	u32 bytes = data[3] * 4U, first;
	size_t room = sizeof(memory) - (BATCHES - LOW), rest;

	in->engine = (enum gvt_engine)(data[0] % GVT_NUM_ENGINES);
	in->head = (data[1] | (u32)data[2] << 8) % RING_SIZE & ~3U;
	if (bytes > size - HEADER)
		bytes = (u32)(size - HEADER) & ~3U;
	in->tail = (in->head + bytes) % RING_SIZE;
	first = RING_SIZE - in->head < bytes ? RING_SIZE - in->head : bytes;
	fill(data[0] & FLAG_NOOPS ? 0 : BATCH_END);
	memcpy(at(RING + in->head), data + HEADER, first);
	memcpy(at(RING), data + HEADER + first, bytes - first);
	rest = size - HEADER - bytes;
	memcpy(at(BATCHES), data + HEADER + bytes, rest < room ? rest : room);
}

static void batch_sound(const struct gvt_hw_batch *b)
{
	must_be(b->bytes && b->bytes % 4 == 0 && b->bytes <= GVT_SCAN_BATCH_BYTES, "a length");
	must_be(gvt_ggtt_validate(&vgpu, b->addr, b->bytes), "a batch is not the vGPU's");
}

/* Batches that share a page see what the first copy left: every second look is upside down. */
static bool copy_sound(const struct gvt_hw_batch *b)
{
	const u8 *there = at(b->addr), *copy = (const u8 *)b->dw;
	u32 i;

	for (i = 0; i < b->bytes; i++)
		if (copy[i] != there[i] && (copy[i] ^ there[i]) != 0xff)
			return false;
	return true;
}

static void result_sound(const struct gvt_scan *s, int ret)
{
	unsigned int i, k;
	u64 sum = 0;

	must_be(!ret || ret == -EINVAL || ret == -EFAULT || ret == -ENOSPC, "the errno");
	if (ret) {
		must_be(!s->ring_dwords && !s->batches && !s->used, "a failed scan holds some");
		return;
	}
	must_be(s->batches <= GVT_SCAN_BATCHES, "how many batches");
	for (i = 0; i < s->batches; i++) {
		batch_sound(&s->batch[i]);
		must_be(copy_sound(&s->batch[i]), "a copy is not what was in memory");
		sum += s->batch[i].bytes;
		for (k = 0; k < i; k++)
			must_be(s->batch[k].addr != s->batch[i].addr, "a batch twice");
	}
	must_be(sum <= GVT_SCAN_BATCH_BYTES, "the batches' bytes");
	must_be(s->used == s->ring_dwords + sum / 4, "what the store holds");
}

static int scan_once(const struct input *in, struct gvt_scan *s)
{
	int ret;

	memcpy(changed, memory, sizeof(memory));
	ret = gvt_scan_ring(&vgpu, in->engine, RING, RING_SIZE, in->head, in->tail, s);
	result_sound(s, ret);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gvt_scan a = { 0 }, b = { 0 };
	struct input in;
	int ret;

	if (size < HEADER)
		return 0;
	vgpu_make();
	place(data, size, &in);
	ret = scan_once(&in, &a);
	must_be(scan_once(&in, &b) == ret, "two scans");
	must_be(scan_once(&in, &a) == ret, "two scans into one store");
	must_be(a.used == b.used && a.batches == b.batches, "two scans' sizes");
	must_be(!a.used || !memcmp(a.store, b.store, a.used * 4ULL), "two scans' copies");
	gvt_scan_free(&a);
	gvt_scan_free(&b);
	must_be(mpt_alloc_live() == at_rest, "allocations left");
	return 0;
}
