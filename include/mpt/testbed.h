/* SPDX-License-Identifier: MIT */
/*
 * The other two sides of a hypervisor, for tests, tools and the conformance suite: the guest side
 * (memory, vCPU accesses, interrupts, hot-plug) and the bus side (what the device does by DMA
 * address). Every simulated back end has one, so one suite runs on all.
 */
#ifndef MPT_TESTBED_H
#define MPT_TESTBED_H

#include <mpt/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/** MPT_RAM_READONLY - write_gpa and guest stores to the region fail. */
#define MPT_RAM_READONLY (1U << 0)

/**
 * struct mpt_irq - one delivered interrupt. Since: 0.1
 * @addr, @data: of the MSI
 * @intx: true: a rising edge of the pin, addr and data are 0
 */
struct mpt_irq {
	u32 addr;
	u16 data;
	bool intx;
};

/**
 * struct mpt_iommu_fault - a device access outside a live mapping. Since: 0.1
 * @dma_addr: bus address of the first byte that was refused
 * @len: bytes of the access
 * @write: direction
 */
struct mpt_iommu_fault {
	u64 dma_addr;
	u32 len;
	bool write;
};

/**
 * struct mpt_vm_stats - what a VM's testbed has counted. Since: 0.1
 * @msi: MSIs delivered
 * @intx: rising edges of the pin
 * @intx_level: its level now
 * @irq_lost: interrupts that nobody took before the queue was full
 * @traps: accesses delivered to emulate_mmio_*
 * @cfg: accesses delivered to emulate_cfg_*
 * @track_hits: stores delivered to write_protect_handler
 * @aperture: accesses to frames mapped to device frames
 * @unclaimed: accesses that nothing answered (reads all ones)
 * @tracked: pages tracked now
 * @dma_live: counts of live DMA mappings
 * @bad_unmap: unmaps of unknown addresses
 * @opregion, @edid, @vfio_device: set_opregion and set_edid calls, get minus put of the device
 * @stopped: the policy has stopped the VM
 */
struct mpt_vm_stats {
	u64 msi, intx, irq_lost;
	u64 traps, cfg, track_hits, aperture, unclaimed;
	u64 tracked, dma_live, bad_unmap;
	u64 opregion, edid;
	int64_t vfio_device;
	bool intx_level, stopped;
};

/**
 * struct mpt_testbed - implemented by a simulated back end; call the mpt_guest_*, mpt_ram_* and
 *	mpt_bus_* functions below instead, which say what each is to do.
 * @size: sizeof(struct mpt_testbed): a longer one is cut, a shorter one filled with zeros
 * @vm_create: mpt_vm_create()
 * @vm_destroy: mpt_vm_destroy()
 * @ram_add: mpt_ram_add(); NULL, as all below: the testbed has no such part
 * @ram_remove: mpt_ram_remove()
 * @ram_move: mpt_ram_move()
 * @mem_access: mpt_guest_read() and mpt_guest_write()
 * @cfg_access: mpt_guest_cfg_read() and mpt_guest_cfg_write()
 * @irq_take: mpt_irq_take()
 * @irq_fd: mpt_irq_fd()
 * @dirty_fetch: mpt_dirty_fetch()
 * @tracked: mpt_vm_tracked()
 * @stats: mpt_vm_stats_get()
 * @bus_access: mpt_bus_read() and mpt_bus_write()
 * @fault_take: mpt_fault_take()
 *
 * In all of them self is the instance's private part, vm the VM's. Since: 0.1
 */
struct mpt_testbed {
	size_t size;
	int (*vm_create)(void *self, unsigned int id);
	int (*vm_destroy)(void *self, unsigned int id);
	int (*ram_add)(void *vm, u64 gpa, u64 size, unsigned int flags);
	int (*ram_remove)(void *vm, u64 gpa, u64 size);
	int (*ram_move)(void *vm, u64 gpa, u64 size, u64 new_gpa);
	int (*mem_access)(void *vm, u64 gpa, void *buf, unsigned int len, bool write);
	int (*cfg_access)(void *vm, unsigned int offset, void *buf, unsigned int len, bool write);
	int (*irq_take)(void *vm, struct mpt_irq *irq);
	int (*irq_fd)(void *vm);
	int (*dirty_fetch)(void *vm, u64 gfn, u64 nr, u8 *bitmap);
	bool (*tracked)(void *vm, u64 gfn);
	int (*stats)(void *vm, struct mpt_vm_stats *stats);
	int (*bus_access)(void *self, u64 dma_addr, void *buf, unsigned int len, bool write);
	int (*fault_take)(void *self, struct mpt_iommu_fault *fault);
};

/** mpt_host_has_testbed() - whether the functions below work on a host. Since: 0.1 */
bool mpt_host_has_testbed(const struct mpt_host *host);

/**
 * DOC: What all functions below have in common
 *
 * -EOPNOTSUPP without a testbed (or without the part in question). Any thread.
 */

/**
 * mpt_vm_create() - a VM with no RAM.
 * @id: its number, 1..65535
 * Return: 0, -EINVAL (id 0 or > 65535), -EEXIST, -ENOMEM. Since: 0.1
 */
int mpt_vm_create(struct mpt_host *host, unsigned int id);
/**
 * mpt_vm_destroy() - the end of a VM and of its RAM.
 * @id: its number
 * Return: 0, -ESRCH, -EBUSY (held or a vGPU is attached). Since: 0.1
 */
int mpt_vm_destroy(struct mpt_host *host, unsigned int id);

/**
 * mpt_ram_add() - plug RAM in.
 * @gpa, @size: bytes, page aligned, size > 0. @flags: MPT_RAM_*
 * Return: 0, -EINVAL (alignment, wraps, beyond the VM's address width, unknown flag), -EEXIST
 * (overlaps RAM), -ENOMEM. Since: 0.1
 */
int mpt_ram_add(struct mpt_vm *vm, u64 gpa, u64 size, unsigned int flags);
/**
 * mpt_ram_remove() - unplug exactly one region; the core is told.
 * Return: 0, -ENOENT. Since: 0.1
 */
int mpt_ram_remove(struct mpt_vm *vm, u64 gpa, u64 size);
/**
 * mpt_ram_move() - the same memory at another address.
 * @new_gpa: page aligned, bytes
 * Return: 0, -ENOENT, -EINVAL, -EEXIST, -ENOMEM. Since: 0.1
 */
int mpt_ram_move(struct mpt_vm *vm, u64 gpa, u64 size, u64 new_gpa);

/**
 * mpt_guest_read() - a vCPU's load: RAM, a trapped area, a mapped device frame, or nothing.
 * @len: 1..4096. Crosses pages piece by piece, trapped areas in naturally aligned pieces of
 *	up to 8.
 * Return: 0 (also where nothing answers: all ones), -EINVAL (len), what emulation answered (the
 * buffer is then all ones for that piece). Context: may block; no lock held. Since: 0.1
 */
int mpt_guest_read(struct mpt_vm *vm, u64 gpa, void *buf, unsigned int len);
/**
 * mpt_guest_write() - a vCPU's store; to a tracked page it goes to write_protect_handler.
 * @len: as mpt_guest_read(). Return: as there. Since: 0.1
 */
int mpt_guest_write(struct mpt_vm *vm, u64 gpa, const void *buf, unsigned int len);
/**
 * mpt_guest_cfg_read() - a vCPU's read of the vGPU's configuration space.
 * Return: 0, what emulation answered (the buffer is then all ones). Since: 0.1
 */
int mpt_guest_cfg_read(struct mpt_vm *vm, unsigned int offset, void *buf, unsigned int len);
/** mpt_guest_cfg_write() - and write. Return: as mpt_guest_cfg_read(). Since: 0.1 */
int mpt_guest_cfg_write(struct mpt_vm *vm, unsigned int offset, const void *buf, unsigned int len);

/**
 * mpt_irq_take() - the oldest interrupt not taken yet.
 * @irq: out. Return: 0, -ENOENT (none). Since: 0.1
 */
int mpt_irq_take(struct mpt_vm *vm, struct mpt_irq *irq);
/**
 * mpt_irq_fd() - an eventfd that counts interrupts; owned by the VM.
 * Return: fd, -EOPNOTSUPP. Since: 0.1
 */
int mpt_irq_fd(struct mpt_vm *vm);
/**
 * mpt_dirty_fetch() - pages written since the last fetch, and clear.
 * @bitmap: (nr + 7) / 8 bytes, bit n is gfn + n. Return: 0, -EINVAL. Since: 0.1
 */
int mpt_dirty_fetch(struct mpt_vm *vm, u64 gfn, u64 nr, u8 *bitmap);
/** mpt_vm_tracked() - whether guest stores to a page are told to the core now. Since: 0.1 */
bool mpt_vm_tracked(struct mpt_vm *vm, u64 gfn);
/** mpt_vm_stats_get() - counters. @stats: out. Return: 0, -EOPNOTSUPP. Since: 0.1 */
int mpt_vm_stats_get(struct mpt_vm *vm, struct mpt_vm_stats *stats);

/**
 * mpt_bus_read() - the device reads memory by DMA address.
 * @dma_addr: bytes. @len: 1..4096. Return: 0, -EINVAL (len), -EFAULT (some byte outside a live
 * mapping: recorded as an IOMMU fault, the buffer is all ones). Since: 0.1
 */
int mpt_bus_read(struct mpt_host *host, u64 dma_addr, void *buf, unsigned int len);
/**
 * mpt_bus_write() - and writes; marks the dirty log; nothing is written on -EFAULT.
 * @dma_addr: bytes. @len: 1..4096. Return: as mpt_bus_read(). Since: 0.1
 */
int mpt_bus_write(struct mpt_host *host, u64 dma_addr, const void *buf, unsigned int len);
/**
 * mpt_fault_take() - the oldest recorded IOMMU fault.
 * @fault: out. Return: 0, -ENOENT (none). Since: 0.1
 */
int mpt_fault_take(struct mpt_host *host, struct mpt_iommu_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
