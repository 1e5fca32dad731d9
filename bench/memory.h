/* SPDX-License-Identifier: MIT */
/*
 * What a core asks of guest memory, as rows of any back end that has a vGPU: frames 256 to 319 and
 * 1024 to 1087 of the guest are RAM, and so is what bench_hot names.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <gvt/gvt.h>
#include <mpt/mpt.h>

#include "bench.h"

#define BENCH_FRAMES 64
#define BENCH_FRAME 256 /* the first that are mapped and unmapped */
#define BENCH_HELD 1024 /* the first that are mapped once more */

struct bench_held {
	dma_addr_t addr[BENCH_FRAMES];
};

void bench_read_8(struct intel_vgpu *vgpu, unsigned long n);
void bench_write_8(struct intel_vgpu *vgpu, unsigned long n);
void bench_read_4096(struct intel_vgpu *vgpu, unsigned long n);
void bench_translate(struct intel_vgpu *vgpu, unsigned long n);
/* Maps and unmaps frames that are not mapped. */
void bench_dma_pair(struct intel_vgpu *vgpu, unsigned long n);
/* And such that are, between these two. */
void bench_dma_hit(struct intel_vgpu *vgpu, unsigned long n);
int bench_hold(struct intel_vgpu *vgpu, struct bench_held *held);
void bench_release(struct intel_vgpu *vgpu, const struct bench_held *held);

/* The row's function of that name, for @vgpu. */
#define BENCH_ON(vgpu, name) \
	static void name(unsigned long n) \
	{ \
		bench_##name(vgpu, n); \
	}

#endif
