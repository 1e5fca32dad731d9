/* SPDX-License-Identifier: MIT */
/*
 * Hosts, VMs and vGPUs as an embedder sees them: open a back end by name, look a VM up, create a
 * vGPU for it. Several hosts on several back ends live in one process.
 */
#ifndef MPT_HOST_H
#define MPT_HOST_H

#include <mpt/gvt_ops.h>
#include <mpt/hypercall.h>
#include <mpt/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/** MPT_VERSION - the version of these headers; mpt_version() is the library's. */
#define MPT_VERSION "0.1.0"

/** mpt_version() - the library's version, "0.1.0". Since: 0.1 */
const char *mpt_version(void);

/**
 * mpt_host_open() - open a back end, layers in front of it.
 * @spec: `{layer[=arg],} backend[:opt=val{,opt=val}]`, for instance "check,mock:trap=after"; all
 *	after the back end's colon is the back end's own
 * @host: out; untouched on failure
 *
 * The first host opened in a process becomes the current host of threads that chose none.
 * Return: 0, -ENOENT (no such back end or layer; the sentence lists the known), -EINVAL (syntax,
 * unknown option, value), -ENODEV (no such hypervisor here), -EACCES, -EOPNOTSUPP (a layer or
 * another back end in a static-backend build), -ENOMEM, -EIO. Context: sleeps. Since: 0.1
 */
int mpt_host_open(const char *spec, struct mpt_host **host);

/**
 * mpt_host_close() - close a host. NULL is fine.
 *
 * Return: 0, -EBUSY (VMs are held, vGPUs attached, or it has a sysfs tree; nothing is closed).
 * Since: 0.1
 */
int mpt_host_close(struct mpt_host *host);

/**
 * mpt_host_use() - choose the calling thread's current host, which serves host_init, host_exit,
 *	virt_to_mfn and dom0_ready.
 * @host: NULL goes back to the process's first one
 * Return: the one that was current before (NULL: none chosen). Since: 0.1
 */
struct mpt_host *mpt_host_use(struct mpt_host *host);

/** mpt_host_current() - the thread's current host; NULL when none is open. Since: 0.1 */
struct mpt_host *mpt_host_current(void);

/** mpt_current_table() - operations of the thread's current host; NULL when none. Since: 0.1 */
const struct intel_gvt_mpt *mpt_current_table(void);

/**
 * mpt_host_table() - operations of a host, layers included; what vgpu->mpt is set to.
 *	Since: 0.1
 */
const struct intel_gvt_mpt *mpt_host_table(const struct mpt_host *host);

/** mpt_host_caps() - capabilities of a host, MPT_CAP_*. Since: 0.1 */
u64 mpt_host_caps(const struct mpt_host *host);

/** mpt_host_name() - the back end's name, "mock". Since: 0.1 */
const char *mpt_host_name(const struct mpt_host *host);

/** mpt_host_spec() - the string it was opened with. Since: 0.1 */
const char *mpt_host_spec(const struct mpt_host *host);

/* --- the core introduces itself --- */

/** MPT_CORE_STORES - the core performs a trapped store itself, before it returns. */
#define MPT_CORE_STORES (1U << 0)

/** enum mpt_policy - what the library does when emulating a guest access fails. */
enum mpt_policy {
	/** tell the core (emulation_failed), which enters failsafe; default */
	MPT_POLICY_FAILSAFE,
	MPT_POLICY_RETURN, /**< only hand the error to the back end */
	MPT_POLICY_STOP, /**< ask the back end to stop the VM */
};

/**
 * struct mpt_core - what a core tells a host of itself. Since: 0.1
 * @size: sizeof(struct mpt_core); a longer one of a newer header is cut, a shorter one is filled
 *	with zeros
 * @flags: MPT_CORE_*
 * @ops: its entry points; stay valid until the host is closed or another core is set
 * @opaque: handed to the aperture callbacks
 * @aperture_mfn: first machine frame of the device's aperture (BAR2), in frames
 * @aperture_pages: frames of it; 0: the core has none
 * @aperture_read: the device's answer to a guest read at a byte offset of the aperture; any
 *	length within a page. Without it reads are all ones
 * @aperture_write: the same for writes; without it they are dropped
 * @emulation_failed: an emulation callback answered @err for this vGPU and the policy is failsafe
 * @state_save: hand out the vGPU's state, for a migration that the hypervisor conducts; NULL:
 *	cannot
 * @state_restore: take it; the vGPU is not active. Both are there or none
 * @pv_page: the core's page behind a byte offset (a page multiple) of BAR0 that the guest may read
 *	without a trap while PV MMIO is on; NULL: trap it. @writable: stores need no trap either,
 *	else they go to emulate_mmio_write. Stays the same, and valid, until PV MMIO is off. Without
 *	this callback BAR0 stays trapped: so does libmpt-gvt's, whose registers are not all plain
 *	memory
 */
struct mpt_core {
	size_t size;
	unsigned int flags;
	const struct intel_gvt_ops *ops;
	void *opaque;
	u64 aperture_mfn;
	u64 aperture_pages;
	int (*aperture_read)(void *opaque, u64 offset, void *buf, unsigned int len);
	int (*aperture_write)(void *opaque, u64 offset, const void *buf, unsigned int len);
	void (*emulation_failed)(struct intel_vgpu *vgpu, int err);
	int (*state_save)(struct intel_vgpu *vgpu,
			  int (*write)(void *arg, const void *buf, size_t len), void *arg);
	int (*state_restore)(struct intel_vgpu *vgpu, const void *blob, size_t len);
	void *(*pv_page)(struct intel_vgpu *vgpu, u64 offset, bool *writable);
};

/**
 * mpt_host_set_core() - introduce the core, before host_init. A core that gives none has flags 0
 *	and only the ops handed to host_init.
 * @core: copied; NULL forgets it
 * Return: 0, -EINVAL (size 0, unknown flags, no ops), -EEXIST (another core, known by its ops, has
 * introduced itself), -EBUSY (a vGPU is attached). Since: 0.1
 */
int mpt_host_set_core(struct mpt_host *host, const struct mpt_core *core);

/**
 * mpt_host_set_policy() - what a failed emulation does.
 * @policy: from now on. Return: 0, -EINVAL (no such policy). Since: 0.1
 */
int mpt_host_set_policy(struct mpt_host *host, enum mpt_policy policy);

/**
 * mpt_host_init() - intel_gvt_hypervisor_host_init() for a named host.
 * @ops: a struct intel_gvt_ops that stays valid until host_exit
 * Return: as intel_gvt_hypervisor_host_init(): 0, -EINVAL, -EEXIST, -ENOMEM. Since: 0.1
 */
int mpt_host_init(struct mpt_host *host, struct device *dev, void *gvt, const void *ops);
/** mpt_host_exit() - intel_gvt_hypervisor_host_exit() for a named host. Since: 0.1 */
void mpt_host_exit(struct mpt_host *host, struct device *dev, void *gvt);
/**
 * mpt_virt_to_mfn() - intel_gvt_hypervisor_virt_to_mfn() for a named host.
 * @p: page aligned, the core's own memory. Since: 0.1
 */
unsigned long mpt_virt_to_mfn(struct mpt_host *host, void *p);
/**
 * mpt_dom0_ready() - intel_gvt_hypervisor_dom0_ready() for a named host.
 * Return: as there: 0. Since: 0.1
 */
int mpt_dom0_ready(struct mpt_host *host);

/* --- VMs and vGPUs --- */

/**
 * mpt_vm_get() - hold a VM of the hypervisor.
 * @id: the hypervisor's number of it
 * @vm: out; untouched on failure
 * Return: 0, -ESRCH (no such VM), -ENOMEM. Balanced by mpt_vm_put(). Context: sleeps. Since: 0.1
 */
int mpt_vm_get(struct mpt_host *host, unsigned int id, struct mpt_vm **vm);

/** mpt_vm_put() - give it back; NULL is fine. Since: 0.1 */
void mpt_vm_put(struct mpt_vm *vm);

/** mpt_vm_id() - the hypervisor's number of a VM. Since: 0.1 */
unsigned int mpt_vm_id(const struct mpt_vm *vm);

/** mpt_vm_host() - the host a VM belongs to. Since: 0.1 */
struct mpt_host *mpt_vm_host(const struct mpt_vm *vm);

/**
 * mpt_vgpu_create() - create a vGPU of a type for a VM, through the core's vgpu_create with the
 *	calling thread's target VM set around it.
 * @gvt, @type: the core's, as its vgpu_create takes them
 * Return: never NULL: the vGPU, or an error pointer: what vgpu_create answered, -EINVAL (no core),
 * -EIO (the core answered NULL). Context: sleeps. Since: 0.1
 */
struct intel_vgpu *mpt_vgpu_create(struct mpt_vm *vm, struct intel_gvt *gvt,
				   struct intel_vgpu_type *type);

/**
 * mpt_vgpu_destroy() - quiesce the VM's accesses to its vGPU, then the core's vgpu_destroy.
 *
 * Return: 0, -EINVAL (no core), -EBUSY (called from inside a guest access). Context: sleeps; no
 * lock of the core held. Since: 0.1
 */
int mpt_vgpu_destroy(struct mpt_vm *vm, struct intel_vgpu *vgpu);

/**
 * mpt_target_set() - choose the target VM of the calling thread's next attach_vgpu, as
 *	mpt_vgpu_create() does around the core's vgpu_create.
 * @vm: NULL: none. Return: the one before. Since: 0.1
 */
struct mpt_vm *mpt_target_set(struct mpt_vm *vm);

#ifdef __cplusplus
}
#endif

#endif
