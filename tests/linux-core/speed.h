/* SPDX-License-Identifier: MIT */
/*
 * Two GVT cores side by side, that of Linux 5.10 and libmpt-gvt: what a row of the comparison sees
 * of either. Each has a mock hypervisor of its own with the same options, two VMs with the same
 * memory, and a vGPU of the smallest type in the first of them; the second is for vGPUs that come
 * and go. A row knows no core by name.
 */
#ifndef LINUX_CORE_SPEED_H
#define LINUX_CORE_SPEED_H

#include <mpt/host.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

/* A vGPU's share of graphics memory and fences, bytes. */
struct speed_place {
	u64 low, low_size, high_size;
	unsigned int fences;
};

/**
 * struct speed_core - one of the two.
 * @name: as in the table
 * @open: the core's device on a host. 0 or -errno
 * @close: the opposite
 * @ops: entry points, called without anything of ours before them
 * @type: the @index-th type of vGPU; NULL: no such
 * @place: what a vGPU was given
 * @shadow: lets what was announced be shadowed, as far as that is not done yet. 0 or -errno
 * @walk: the bus address that the shadow shows for an address of the process; 0: none
 * @ggtt: an entry of the device's global page table
 */
struct speed_core {
	const char *name;
	int (*open)(struct mpt_host *host, void **device);
	void (*close)(void *device);
	void (*ops)(struct intel_gvt_ops *ops);
	void *(*type)(void *device, unsigned int index);
	void (*place)(struct intel_vgpu *vgpu, struct speed_place *place);
	int (*shadow)(struct intel_vgpu *vgpu, u64 root);
	u64 (*walk)(struct intel_vgpu *vgpu, u64 root, u64 address);
	u64 (*ggtt)(void *device, u64 index);
};

const struct speed_core *speed_linux(void);
/* In a shared object of its own: the two cores have names in common. */
const struct speed_core *speed_ours(void);

/**
 * struct speed_side - a core that is at work.
 * @first: of @vgpu's entries in the global page table
 * @value: what the last iteration of a row that reads has read
 * @failed: an iteration did not do what it should
 */
struct speed_side {
	const struct speed_core *core;
	struct intel_gvt_ops ops;
	struct mpt_host *host;
	void *device;
	struct mpt_vm *vm[2];
	struct intel_vgpu *vgpu;
	u64 first;
	u64 value;
	bool failed;
	struct intel_vgpu *(*create)(struct speed_side *s, unsigned int type);
	int (*destroy)(struct speed_side *s, struct intel_vgpu *vgpu);
};

/**
 * struct speed_row - one thing that is timed.
 * @name: as in the table
 * @run: does it @n times. Return: ns that it took
 * @proof: does it, and finds out whether it was done. NULL: it was. Else what is wrong
 * @limit: of the ratio of ours to Linux'
 */
struct speed_row {
	const char *name;
	double (*run)(struct speed_side *s, unsigned long n);
	const char *(*proof)(struct speed_side *s);
	double limit;
};

extern const struct speed_row speed_rows[];
extern const unsigned int speed_num_rows;

/* CPU time of the thread, ns. */
double speed_now(void);
/* Places the BARs of a VM's vGPU, decodes them and looks at PVINFO, as a driver does. */
int speed_boot(struct mpt_vm *vm);
/* The page tables that rows announce are in the memory of @vm. */
int speed_tables(struct mpt_vm *vm);

#endif
