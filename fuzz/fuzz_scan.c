/* SPDX-License-Identifier: MIT */
/*
 * The scanner of commands on a vGPU of the mock hypervisor. An input is a byte that chooses the
 * engine, two of the ring's head, one of how many dwords are in the ring; the dwords behind are the
 * ring's, then memory from BATCHES on. What the scanner hands on must be bounded, the vGPU's, and
 * what was in memory; two scans must agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/testbed.h>

#include "gvt/cmd.h"
#include "gvt/scan.h"

#define LOW (64ULL << 20)
#define LOW_SIZE (64ULL << 20)
#define PAGES 80U /* mapped from LOW on, and the last page of the range */
#define RING (LOW + 0x1000)
#define RING_SIZE 0x1000U
#define BATCHES (LOW + 0x2000)
#define HEADER 4U

struct guest {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
};

struct input {
	enum gvt_engine engine;
	u32 head, tail;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(call) must_be((call) == 0, #call)

static void must_be(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_scan: %s: %s\n", what, mpt_last_error());
	abort();
}

static void entry(struct guest *g, u64 addr, u64 gpa)
{
	u64 pte = gpa | GVT_PTE_PRESENT;

	must(gvt_ggtt_write(to_gvt_vgpu(g->vgpu), (u32)(addr >> MPT_PAGE_SHIFT) * 8, &pte, 8));
}

static void guest_open(struct guest *g)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256ULL << 20 };
	struct intel_vgpu_type type;
	u64 i;

	must(mpt_host_open("mock", &g->host));
	must(gvt_open(g->host, &config, &g->gvt));
	must(mpt_vm_create(g->host, 1));
	must(mpt_vm_get(g->host, 1, &g->vm));
	must(mpt_ram_add(g->vm, 0, 1ULL << 20, 0));
	gvt_type_init(&type, LOW_SIZE, 64ULL << 20, 4);
	type.low_start = LOW;
	g->vgpu = mpt_vgpu_create(g->vm, g->gvt, &type);
	must_be(!MPT_IS_ERR(g->vgpu), "mpt_vgpu_create");
	for (i = 0; i < PAGES; i++)
		entry(g, LOW + (i << MPT_PAGE_SHIFT), i << MPT_PAGE_SHIFT);
	entry(g, LOW + LOW_SIZE - MPT_PAGE_SIZE, PAGES << MPT_PAGE_SHIFT);
}

static void guest_close(struct guest *g)
{
	must(mpt_vgpu_destroy(g->vm, g->vgpu));
	must(gvt_close(g->gvt));
	mpt_vm_put(g->vm);
	must(mpt_vm_destroy(g->host, 1));
	must(mpt_host_close(g->host));
	must_be(!mpt_alloc_live(), "allocations left");
}

static void store(struct guest *g, u64 addr, const void *buf, u64 len)
{
	must(gvt_gm_write(to_gvt_vgpu(g->vgpu), addr, buf, len));
}

static void place(struct guest *g, const uint8_t *data, size_t size, struct input *in)
{
	u32 bytes = data[3] * 4U, first;
	size_t room = (PAGES << MPT_PAGE_SHIFT) - 0x2000, rest;

	in->engine = (enum gvt_engine)(data[0] % GVT_NUM_ENGINES);
	in->head = (data[1] | (u32)data[2] << 8) % RING_SIZE & ~3U;
	if (bytes > size - HEADER)
		bytes = (u32)(size - HEADER) & ~3U;
	in->tail = (in->head + bytes) % RING_SIZE;
	first = RING_SIZE - in->head < bytes ? RING_SIZE - in->head : bytes;
	store(g, RING + in->head, data + HEADER, first);
	store(g, RING, data + HEADER + first, bytes - first);
	rest = size - HEADER - bytes;
	store(g, BATCHES, data + HEADER + bytes, rest < room ? rest : room);
}

static void batch_sound(struct guest *g, const struct gvt_hw_batch *b)
{
	static u32 there[GVT_SCAN_BATCH_BYTES / 4];
	struct gvt_vgpu *v = to_gvt_vgpu(g->vgpu);

	must_be(b->bytes && b->bytes % 4 == 0 && b->bytes <= GVT_SCAN_BATCH_BYTES, "a length");
	must_be(gvt_ggtt_validate(v, b->addr, b->bytes), "a batch is not the vGPU's");
	must(gvt_gm_read(v, b->addr, there, b->bytes));
	must_be(!memcmp(there, b->dw, b->bytes), "a copy is not what was in memory");
}

static void result_sound(struct guest *g, const struct gvt_scan *s, int ret)
{
	unsigned int i, k;
	u64 sum = 0;

	if (ret) {
		must_be(!s->ring_dwords && !s->batches && !s->used, "a failed scan holds some");
		return;
	}
	must_be(s->batches <= GVT_SCAN_BATCHES, "how many batches");
	for (i = 0; i < s->batches; i++) {
		batch_sound(g, &s->batch[i]);
		sum += s->batch[i].bytes;
		for (k = 0; k < i; k++)
			must_be(s->batch[k].addr != s->batch[i].addr, "a batch twice");
	}
	must_be(sum <= GVT_SCAN_BATCH_BYTES, "the batches' bytes");
	must_be(s->used == s->ring_dwords + sum / 4, "what the store holds");
}

static int scan_once(struct guest *g, const struct input *in, struct gvt_scan *s)
{
	int ret = gvt_scan_ring(to_gvt_vgpu(g->vgpu), in->engine, RING, RING_SIZE, in->head,
				in->tail, s);

	must_be(!ret || ret == -EINVAL || ret == -EFAULT || ret == -ENOSPC, "the errno");
	result_sound(g, s, ret);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gvt_scan a = { 0 }, b = { 0 };
	struct input in;
	struct guest g;
	int ret;

	if (size < HEADER)
		return 0;
	guest_open(&g);
	place(&g, data, size, &in);
	ret = scan_once(&g, &in, &a);
	must_be(scan_once(&g, &in, &b) == ret, "two scans");
	must_be(scan_once(&g, &in, &a) == ret, "two scans into one store");
	must_be(a.used == b.used && a.batches == b.batches, "two scans' sizes");
	must_be(!a.used || !memcmp(a.store, b.store, a.used * 4ULL), "two scans' copies");
	gvt_scan_free(&a);
	gvt_scan_free(&b);
	guest_close(&g);
	return 0;
}
