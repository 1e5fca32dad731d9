/* SPDX-License-Identifier: MIT */
/*
 * What the files of the vfio-user back end share: the instance, the VM (one client, one vGPU), its
 * memory and its connection. The bytes of messages are in wire.h, which knows nothing of this.
 *
 * A VM has one thread of ours, the server (server.c): it reads the client's messages in order and
 * calls the core. Readers of memory (operations, device accesses) run in mpt_rcu sections and take
 * no lock. Lock order: vu.vms_lock, then vu_vm.mem_lock, then vu_vm.lock, then vu_vm.send_lock,
 * then vu.lock. mem_lock is held while the core is told of RAM that came or went, so no operation
 * takes it; the others are held over no call of the core.
 */
#ifndef VU_H
#define VU_H

#include <mpt/backend.h>
#include <mpt/testbed.h>

#include "libmpt/hash.h"
#include "libmpt/os.h"

#define VU "vfio-user"
#define VU_VMS_MAX 7 /* on sockets: vGPUs of a device */
#define VU_TIMEOUT_NS 5000000000ULL
/* The sentence names the operation, not our function. */
#define vu_fail(op, err, ...) mpt_fail_at((err), (op), VU, __VA_ARGS__)

struct vu_conn;
struct vu_map;
struct vu_place;
struct vu_bus;
struct vu_client;
struct vu_log;
struct vu_sock_name;

struct vu_options {
	const char *socket; /* "": none; VMs are made by the testbed only */
	u64 vms;	    /* that wait on sockets */
};

/* Interrupt types as VFIO numbers them (linux/vfio.h). */
enum vu_irq_index {
	VU_IRQ_INTX,
	VU_IRQ_MSI,
	VU_IRQ_MSIX,
	VU_IRQ_ERR,
	VU_IRQ_REQ,
	VU_IRQS
};

/* irq.c; under vm->lock, zero at first. */
struct vu_irqs {
	int fd_plus_1[VU_IRQS]; /* the client's eventfd; 0: none */
	bool masked;		/* INTx */
	u64 ring[256];		/* what the testbed has not taken yet */
	u64 head, tail, lost;
};

/* An instance. */
struct vu {
	struct mpt_host *host;
	struct vu_options opt;
	struct os_mutex lock;
	struct os_mutex vms_lock; /* vms, their refs, attaching */
	struct vu_vm *vms;
	struct vu_bus *bus; /* dma.c */
	bool initialised;
};

/*
 * A VM: what one client shows us. With a socket it waits for one after the other; made by the
 * testbed it has its client in this process.
 */
struct vu_vm {
	struct vu *vu;
	unsigned int id;
	unsigned int refs;   /* vu->vms_lock */
	unsigned long users; /* operations that run outside a section */

	void *vgpu;    /* NULL: none, or it is being detached; vu->vms_lock */
	void *deliver; /* the vGPU that accesses go to; NULL: none, or it is quiesced */
	unsigned long handle;
	bool stopped;	/* policy STOP */
	u64 timeout_ns; /* as long as a client may let us wait, for a message or an answer */

	struct os_mutex mem_lock; /* changes of memory, one after the other */
	struct vu_map *map;	  /* region.c; read in sections, written under mem_lock and lock */
	struct vu_map *spare_map;
	struct vu_log *log; /* log.c; mem_lock; NULL: none */

	struct os_mutex lock;
	struct vu_place *orphans;  /* gone but for what maps or holds them */
	unsigned int nr_places;	   /* with the orphans */
	unsigned int nr_files;	   /* of them those with a descriptor */
	u64 total;		   /* their bytes */
	int listen;		   /* a listening socket; -1: none */
	struct vu_sock_name *name; /* its */
	struct vu_conn *conn;	   /* server.c */
	struct vu_client *client;  /* client.c: the testbed's; NULL: a stranger */
	struct vu_irqs irqs;

	/* changed atomically */
	bool intx_level;
	u64 msi, intx, traps, cfg, unclaimed, bad_unmap, opregion, edid;
	int64_t vfio_device;
	bool oom;
	int answer; /* of the core to the last access, for the testbed's client */
	UT_hash_handle hh;
};

/* --- vfio_user.c: the back end, attaching, handles --- */
extern const struct mpt_backend mpt_backend_vfio_user;
extern struct mpt_handles mpt_vu_handles;
int mpt_vu_dead_handle(unsigned long handle, const char *op);
/* The VM of a live handle, held over what sleeps; NULL with a sentence. */
struct vu_vm *mpt_vu_vm_hold(unsigned long handle, const char *op);
void mpt_vu_vm_drop(struct vu_vm *vm);
/* The vGPU, for calls of the core until mpt_deliver_leave(); NULL: nobody is to be called. */
void *mpt_vu_deliver_begin(struct vu_vm *vm);
/* A VM without memory and client, which nobody finds yet: 0, -ENOMEM. */
int mpt_vu_vm_new(struct vu *vu, unsigned int id, struct vu_vm **vm);
/* From now on it is found: 0, -EEXIST, -ENOMEM. */
int mpt_vu_vm_show(struct vu_vm *vm);
void mpt_vu_vm_free(struct vu_vm *vm);
void mpt_vu_detach_vgpu(unsigned long handle);

/* --- server.c: the thread --- */

/*
 * Serve. @listen: a listening socket: one client after the other, until mpt_vu_server_stop(); else
 * -1, and @fd is a connected one. Both are the caller's to close after mpt_vu_server_stop().
 * 0, -ENOMEM.
 */
int mpt_vu_server_start(struct vu_vm *vm, int listen, int fd);
/*
 * No thread, no client any more. Not from inside a delivery. When a client goes, whichever way,
 * its interrupts, its memory (mpt_vu_mem_clear()) and the device's state (mpt_deliver_reset()) go.
 */
void mpt_vu_server_stop(struct vu_vm *vm);
/* Whether this thread is a server's: what waits for that server here waits for ever. */
bool mpt_vu_server_here(void);
/*
 * Memory that the client keeps for itself, by DMA_READ and DMA_WRITE. Any thread, no lock, not in a
 * section; sleeps until all answers are there, vm->timeout_ns at most. 0, -EIO (no client, or it
 * does not answer in time), -EFAULT (it says no).
 */
int mpt_vu_remote_access(struct vu_vm *vm, u64 gpa, void *buf, u64 len, bool write);

/* --- device.c: what the device is, by asking the core as firmware would --- */
#define VU_BARS 6
struct vu_bars {
	u64 size[VU_BARS]; /* 0: none, or the upper half of the one before */
	bool io[VU_BARS];
};
void mpt_vu_bars_size(struct vu_vm *vm, void *vgpu, struct vu_bars *bars);
/* Where BAR @index is now. */
u64 mpt_vu_bar_base(struct vu_vm *vm, void *vgpu, unsigned int index);

/* --- irq.c: eventfds of the client --- */
int mpt_vu_inject_msi(unsigned long handle, u32 addr, u16 data);
int mpt_vu_set_intx(unsigned long handle, bool level);
/* The oldest interrupt of a testbed's VM that nobody took yet; 0, -ENOENT. */
int mpt_vu_irq_take(struct vu_vm *vm, struct mpt_irq *irq);
u64 mpt_vu_irq_lost(struct vu_vm *vm);

/* --- region.c: guest memory comes and goes --- */
#define VU_MEM_READ 1U
#define VU_MEM_WRITE 2U
int mpt_vu_mem_init(struct vu_vm *vm);
void mpt_vu_mem_exit(struct vu_vm *vm);
/*
 * A region. @fd: -1: only by mpt_vu_remote_access(); else of its memory from byte @offset on, and
 * ours to close from now on. The core is told. 0, -EINVAL (alignment, wraps, beyond the limit),
 * -EEXIST (overlaps), -ENOMEM, -EACCES (a descriptor that cannot be mapped).
 */
int mpt_vu_mem_add(struct vu_vm *vm, u64 gpa, u64 size, unsigned int flags, int fd, u64 offset);
/* Exactly one region; the core is told. 0, -ENOENT. */
int mpt_vu_mem_remove(struct vu_vm *vm, u64 gpa, u64 size);
/* All of them, each told to the core. */
void mpt_vu_mem_clear(struct vu_vm *vm);

/* --- mem.c: guest memory by address --- */
/* The dirty log, by guest address; -EINVAL. @bitmap: bit n is frame gfn + n. And clears. */
int mpt_vu_mem_dirty(struct vu_vm *vm, u64 gfn, u64 nr, u8 *bitmap);
int mpt_vu_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
int mpt_vu_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
unsigned long mpt_vu_gfn_to_mfn(unsigned long handle, unsigned long gfn);
bool mpt_vu_is_valid_gfn(unsigned long handle, unsigned long gfn);

/* --- dma.c: the bus side --- */
int mpt_vu_bus_init(struct vu *vu);
void mpt_vu_bus_exit(struct vu *vu);
int mpt_vu_dma_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *addr);
void mpt_vu_dma_unmap(unsigned long handle, dma_addr_t addr);
int mpt_vu_dma_pin(unsigned long handle, dma_addr_t addr);
void mpt_vu_dma_clear(struct vu_vm *vm);
u64 mpt_vu_dma_live(struct vu_vm *vm);
int mpt_vu_bus_access(void *self, u64 dma_addr, void *buf, unsigned int len, bool write);
int mpt_vu_fault_take(void *self, struct mpt_iommu_fault *fault);

/* --- testbed.c, client.c: a small client in this process, over a socket pair --- */
extern const struct mpt_testbed mpt_vu_testbed;
/* Of a VM about to be freed: its client and its server go. Nobody finds it yet, or any more. */
void mpt_vu_client_exit(struct vu_vm *vm);
/* Another vGPU is seen, or none: what the client has learned of it is old. */
void mpt_vu_client_changed(struct vu_vm *vm);

#endif
