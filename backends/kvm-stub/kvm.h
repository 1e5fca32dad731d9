/* SPDX-License-Identifier: MIT */
/*
 * The back end proper: what a mediated driver of KVM's shape keeps for a vGPU (a "vdev") over the
 * services of svc.h. The testbed is bed.c's.
 */
#ifndef KVM_H
#define KVM_H

#include "backends/kvm-stub/svc.h"

#define KVM_SLAB 64
#define KVM_PORTS 5 /* A to E */

struct kvm_vdev;

/*
 * One mapping for the device. It may be found while it is made or taken away, so it is never given
 * back before the vdev goes: who finds it reads @state, then the rest, and has it only if it can
 * change the very same @state. From 0 to 1 and back the count goes under vdev->lock.
 */
struct kvm_map {
	u64 state; /* upper half: how often it was taken away; lower half: its count */
	u64 gfn;   /* SVC_NO_GFN: its RAM is gone, so it is found by its bus address only */
	u64 bus;
	u64 pfn, nr; /* machine frames that are pinned */
	struct kvm_vdev *vdev;
	struct kvm_map *next; /* of the free ones */
};

struct kvm_slab {
	struct kvm_slab *next;
	struct kvm_map map[KVM_SLAB];
};

/* The gfn cache's part for 2 MiB of guest addresses. */
struct kvm_leaf {
	struct kvm_map *page[SVC_HUGE_FRAMES];
	struct kvm_map *huge;
	struct kvm_leaf *next; /* of vdev->leaves */
};

enum kvm_region_type { KVM_REGION_OPREGION, KVM_REGION_EDID };

/* A region of the device beside its BARs, as VFIO describes one to the VMM. */
struct kvm_region {
	struct kvm_region *next;
	enum kvm_region_type type;
	u64 size;
	bool writable;
	/* of an EDID */
	int port;
	u32 edid_offset, edid_max;
};

struct kvm_vdev {
	struct svc_user user; /* first: what a notice leads to */
	struct svc_vm *vm;
	void *vgpu;
	void *deliver; /* vgpu, or NULL: guest accesses are refused; svc->vms_lock */
	unsigned long handle;
	unsigned long users; /* operations that run outside a section */

	struct kvm_leaf **leaf; /* the gfn cache, lazily populated; lock */

	struct os_mutex lock; /* what follows, and mappings that begin or end */
	struct kvm_map *free;
	struct kvm_slab *slabs;
	struct kvm_leaf *leaves;
	struct kvm_region *regions;
};

extern struct mpt_handles mpt_kvm_handles;
extern const struct mpt_testbed mpt_kvm_testbed;

/* The vdev of a live handle, held over what sleeps; NULL with a sentence. */
struct kvm_vdev *mpt_kvm_hold(unsigned long handle, const char *op);
void mpt_kvm_drop(struct kvm_vdev *vdev);
int mpt_kvm_dead_handle(unsigned long handle, const char *op);
/* The vGPU of the VM for calls of the core until mpt_deliver_leave(); NULL: nobody is called. */
void *mpt_kvm_deliver(struct svc_vm *vm);

/* --- kvm_dma.c --- */
int mpt_kvm_dma_init(struct kvm_vdev *vdev);
/* All mappings end, then the cache goes. No operation runs. */
void mpt_kvm_dma_clear(struct kvm_vdev *vdev);
void mpt_kvm_dma_exit(struct kvm_vdev *vdev); /* sleeps */
u64 mpt_kvm_dma_live(struct kvm_vdev *vdev);
/* RAM at these frames is going: nobody finds it by gfn any more. */
void mpt_kvm_dma_forget(struct kvm_vdev *vdev, u64 gfn, u64 nr);
int mpt_kvm_dma_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *bus);
void mpt_kvm_dma_unmap(unsigned long handle, dma_addr_t bus);
int mpt_kvm_dma_pin(unsigned long handle, dma_addr_t bus);

/* --- kvm_ops.c: the other operations --- */
int mpt_kvm_inject_msi(unsigned long handle, u32 addr, u16 data);
int mpt_kvm_set_intx(unsigned long handle, bool level);
int mpt_kvm_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
int mpt_kvm_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
unsigned long mpt_kvm_gfn_to_mfn(unsigned long handle, unsigned long gfn);
bool mpt_kvm_is_valid_gfn(unsigned long handle, unsigned long gfn);
int mpt_kvm_enable_page_track(unsigned long handle, u64 gfn);
int mpt_kvm_disable_page_track(unsigned long handle, u64 gfn);
int mpt_kvm_set_opregion(void *vgpu);
int mpt_kvm_set_edid(void *vgpu, int port);
int mpt_kvm_get_vfio_device(void *vgpu);
void mpt_kvm_put_vfio_device(void *vgpu);
void mpt_kvm_regions_exit(struct kvm_vdev *vdev);

/* --- bed.c --- */
void mpt_kvm_vms_exit(struct svc *svc);

/* --- probe.c --- */
enum mpt_probe mpt_kvm_probe(const void *opts);
/* What the KVM of this machine has, in a sentence. False: there is none to ask. */
bool mpt_kvm_probe_sentence(const char *path, char *buf, size_t size);

#endif
