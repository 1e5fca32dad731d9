/* SPDX-License-Identifier: MIT */
/* A guest's page tables, for the scenarios that need some: where they are, and what a GPU sees. */
#ifndef LINUX_CORE_PPGTT_H
#define LINUX_CORE_PPGTT_H

#include "rig.h"

#define PML4 0x100000ULL
#define PDP 0x101000ULL
#define PD 0x102000ULL
#define PT 0x103000ULL
#define PT2 0x104000ULL
#define PML4_2 0x105000ULL
#define DATA 0x400000ULL

/* Messages of PVINFO: a root of four levels comes, or goes. */
#define L4_CREATE 4
#define L4_DESTROY 5

int ppgtt_notify(struct rig *r, u32 message, u64 root);
/* One table a level, @leaves pages in the last; the first word of page i is 0x1000 + i. */
void ppgtt_fill(struct rig *r, unsigned int leaves);
/* The same on a vGPU that is booted first; the core has shadowed it. */
const char *ppgtt_begin(struct rig *r, unsigned int leaves);
/* The bus address that the shadow shows for an address of the process; 0: none. */
u64 shadow_walk(const void *vgpu, u64 address);

#endif
