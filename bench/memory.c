/* SPDX-License-Identifier: MIT */
/* The loops of memory.h. Which back end and which vGPU is the caller's. */
#include "memory.h"

static volatile unsigned long length = 8;

void bench_read_8(struct intel_vgpu *vgpu, unsigned long n)
{
	unsigned long len = length;
	u64 word;

	while (n--) {
		intel_gvt_hypervisor_read_gpa(vgpu, bench_hot[n % BENCH_HOT], &word, len);
		bench_use(word);
	}
}

void bench_write_8(struct intel_vgpu *vgpu, unsigned long n)
{
	unsigned long len = length;
	u64 word = n;

	while (n--)
		intel_gvt_hypervisor_write_gpa(vgpu, bench_hot[n % BENCH_HOT], &word, len);
}

void bench_read_4096(struct intel_vgpu *vgpu, unsigned long n)
{
	static char page[4096] __attribute__((aligned(4096)));
	unsigned long len = length * 512;

	while (n--)
		intel_gvt_hypervisor_read_gpa(vgpu, (unsigned long)BENCH_FRAME << MPT_PAGE_SHIFT,
					      page, len);
	bench_use(page[0]);
}

void bench_translate(struct intel_vgpu *vgpu, unsigned long n)
{
	while (n--)
		bench_use(intel_gvt_hypervisor_gfn_to_mfn(vgpu, BENCH_FRAME + n % BENCH_FRAMES));
}

static void map_unmap(struct intel_vgpu *vgpu, unsigned long first, unsigned long n)
{
	unsigned long gfn;
	dma_addr_t dma;

	while (n--) {
		gfn = first + n % BENCH_FRAMES;
		if (intel_gvt_hypervisor_dma_map_guest_page(vgpu, gfn, 4096, &dma))
			return;
		intel_gvt_hypervisor_dma_unmap_guest_page(vgpu, dma);
	}
}

void bench_dma_pair(struct intel_vgpu *vgpu, unsigned long n)
{
	map_unmap(vgpu, BENCH_FRAME, n);
}

void bench_dma_hit(struct intel_vgpu *vgpu, unsigned long n)
{
	map_unmap(vgpu, BENCH_HELD, n);
}

int bench_hold(struct intel_vgpu *vgpu, struct bench_held *held)
{
	unsigned long i;
	int ret = 0;

	for (i = 0; i < BENCH_FRAMES && !ret; i++)
		ret = intel_gvt_hypervisor_dma_map_guest_page(vgpu, BENCH_HELD + i, 4096,
							      &held->addr[i]);
	return ret;
}

void bench_release(struct intel_vgpu *vgpu, const struct bench_held *held)
{
	unsigned int i;

	for (i = 0; i < BENCH_FRAMES; i++)
		intel_gvt_hypervisor_dma_unmap_guest_page(vgpu, held->addr[i]);
}
