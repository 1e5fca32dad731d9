/* SPDX-License-Identifier: MIT */
/*
 * What a back end is, and the services that libmpt gives it: options, handles with a generation,
 * the target VM, and the delivery of guest accesses to the core. A back end includes this and
 * nothing of another back end.
 */
#ifndef MPT_BACKEND_H
#define MPT_BACKEND_H

#include <mpt/host.h>
#include <mpt/rcu.h>

#ifdef __cplusplus
extern "C" {
#endif

/** MPT_BACKEND_ABI - version of struct mpt_backend and struct mpt_testbed. */
#define MPT_BACKEND_ABI 1

/* --- options --- */

/** enum mpt_option_type - how an option's text becomes a value. */
enum mpt_option_type {
	MPT_OPTION_BOOL, /**< yes, no, on, off, true, false, 1, 0; stored as bool */
	MPT_OPTION_UINT, /**< decimal or 0x..; stored as u64 */
	MPT_OPTION_SIZE, /**< as UINT, with K, M, G or T behind it; stored as u64 bytes */
	MPT_OPTION_ENUM, /**< one of @choices; stored as unsigned int, its index */
	MPT_OPTION_STRING, /**< stored as const char *, valid until close */
};

/**
 * struct mpt_option - one option; a table of them ends with a NULL name. Since: 0.1
 * @name: as in opt=val
 * @def: default as text
 * @help: one line
 * @choices: of ENUM, NULL-terminated
 * @min, @max: of UINT and SIZE, inclusive
 * @offset: where the value goes in the back end's options structure
 * @type: how to read it
 */
struct mpt_option {
	const char *name;
	const char *def;
	const char *help;
	const char *const *choices;
	u64 min, max;
	size_t offset;
	enum mpt_option_type type;
};

/* --- the back end --- */

/** enum mpt_probe - what a back end says of this machine. */
enum mpt_probe {
	MPT_PROBE_DECLINED, /**< not here */
	MPT_PROBE_OK, /**< usable */
	MPT_PROBE_BROKEN, /**< here, but something is wrong; the sentence says what */
};

/**
 * struct mpt_instance - what open() fills in. Since: 0.1
 * @priv: the back end's own
 * @caps: what this instance can do, a subset of the back end's caps
 */
struct mpt_instance {
	void *priv;
	u64 caps;
};

struct mpt_testbed;

/**
 * struct mpt_backend - one hypervisor. Since: 0.1
 * @size: sizeof(struct mpt_backend): a longer one is cut, a shorter one filled with zeros
 * @abi: MPT_BACKEND_ABI
 * @name: of [a-z0-9-]
 * @summary: one line
 * @caps: all it can ever do
 * @options: table, NULL: none
 * @options_size: of the structure the values go to
 * @mpt: its callbacks; copied, and callbacks of capabilities an instance lacks are left out
 * @mpt_size: sizeof(struct intel_gvt_mpt) it was compiled with
 * @testbed: the other two sides, NULL: none
 * @probe: whether it works here; NULL: always OK. @opts: values or NULL for the defaults. The
 *	sentence for DECLINED and BROKEN is left with mpt_fail(). Opens nothing that stays
 * @open: -ENODEV, -EACCES, -EINVAL, -ENOMEM, -EIO, -EOPNOTSUPP; on failure nothing stays
 * @close: everything goes; no VM is held, no vGPU attached
 * @vm_get: hold a VM by the hypervisor's number; -ESRCH if unknown
 * @vm_put: give it back
 * @quiesce: with on, new guest accesses to the handle's vGPU are refused (reads all ones) and the
 *	running ones have ended on return; -ESRCH, -EBUSY (called from inside one). NULL: the back
 *	end delivers no accesses of its own
 * @vm_stop: stop a VM for good (policy STOP); NULL: cannot
 */
struct mpt_backend {
	size_t size;
	unsigned int abi;
	const char *name;
	const char *summary;
	u64 caps;
	const struct mpt_option *options;
	size_t options_size;
	const struct intel_gvt_mpt *mpt;
	size_t mpt_size;
	const struct mpt_testbed *testbed;
	enum mpt_probe (*probe)(const void *opts);
	int (*open)(struct mpt_host *host, const void *opts, struct mpt_instance *inst);
	void (*close)(void *priv);
	int (*vm_get)(void *priv, unsigned int id, void **vm);
	void (*vm_put)(void *priv, void *vm);
	int (*quiesce)(void *priv, void *vm, bool on);
	void (*vm_stop)(void *priv, void *vm);
};

/**
 * mpt_host_open_table() - open a caller-supplied back end, without a name look-up.
 * @be: stays valid until the host is closed
 * @opts: "opt=val,opt=val" or NULL
 * @host: out; untouched on failure
 * Return: as mpt_host_open(); -EINVAL names a callback that is missing or a capability that is
 * claimed without its callbacks; -EOPNOTSUPP (static-backend build). Since: 0.1
 */
int mpt_host_open_table(const struct mpt_backend *be, const char *opts, struct mpt_host **host);

/**
 * mpt_backend_find() - a built-in back end; NULL: none. A module is found by mpt_host_open() only.
 * @name: its name. Since: 0.1
 */
const struct mpt_backend *mpt_backend_find(const char *name);

/** mpt_backend_each() - the built-in back ends, @index 0, 1, ...; NULL ends. Since: 0.1 */
const struct mpt_backend *mpt_backend_each(unsigned int index);

/**
 * mpt_backend_probe() - ask a back end whether it works here, with the defaults of its options.
 * @be: of mpt_backend_find() or mpt_backend_each(). Since: 0.1
 */
enum mpt_probe mpt_backend_probe(const struct mpt_backend *be);

/**
 * mpt_layer_each() - names of the layers, @index 0, 1, ...; NULL ends.
 * @summary: out, one line; may be NULL. Since: 0.1
 */
const char *mpt_layer_each(unsigned int index, const char **summary);

/* --- services: who am I, whom do I serve --- */

/**
 * mpt_backend_self() - the private data of the back end whose host_init, host_exit,
 *	from_virt_to_mfn or dom0_ready is being called on this thread. NULL: no host. Since: 0.1
 */
void *mpt_backend_self(void);

/**
 * mpt_attach_target() - the VM for attach_vgpu: the thread's target, without one the current host's
 *	only VM.
 * @vm: out: the back end's private VM of mpt_vm_get()
 * Return: 0, -EINVAL (no target and not exactly one VM is held). Since: 0.1
 */
int mpt_attach_target(void **vm);

/** mpt_vm_priv() - a VM's private part, what vm_get() answered. Since: 0.1 */
void *mpt_vm_priv(const struct mpt_vm *vm);

/** mpt_host_priv() - a host's private part, what open() answered. Since: 0.1 */
void *mpt_host_priv(const struct mpt_host *host);

/**
 * mpt_core_arrived() - a back end's host_init has accepted a core: from now on its accesses go to
 *	these entry points.
 * @ops: as handed to host_init; used alone where the core did not call mpt_host_set_core()
 * Context: host_init. Since: 0.1
 */
void mpt_core_arrived(struct mpt_host *host, const void *ops);

/**
 * mpt_core_left() - a back end's host_exit was called: no entry point is called any more.
 *	Since: 0.1
 */
void mpt_core_left(struct mpt_host *host);

/** mpt_host_core() - what the core told of itself; @ops NULL: nothing yet. Since: 0.1 */
const struct mpt_core *mpt_host_core(const struct mpt_host *host);

/* --- services: handles --- */

/** MPT_HANDLE_SLOTS - vGPUs attached at a time to all instances of one back end. */
#define MPT_HANDLE_SLOTS 256

/**
 * struct mpt_handle_slot - one handle. Since: 0.1
 * @handle: generation and slot number, no other table has the same; else a mark that no handle of
 *	this slot equals
 * @priv: what the back end keeps for it
 * @vgpu: the pointer given to attach_vgpu
 */
struct mpt_handle_slot {
	unsigned long handle;
	void *priv;
	void *vgpu;
};

/**
 * struct mpt_handles - the handles of a back end; static, zero-initialised but for its name.
 * Since: 0.1
 * @slot: the handles
 * @name: the back end's, for sentences
 */
struct mpt_handles {
	struct mpt_handle_slot slot[MPT_HANDLE_SLOTS];
	const char *name;
};

/**
 * mpt_handle_new() - a handle for a vGPU.
 * @t: the back end's handles
 * @priv: what mpt_handle_get() answers for it, not NULL
 * @vgpu: the pointer given to attach_vgpu
 * @handle: out; untouched on failure
 * Return: 0, -ENOSPC. Context: any thread. Since: 0.1
 */
int mpt_handle_new(struct mpt_handles *t, void *priv, void *vgpu, unsigned long *handle);

/**
 * mpt_handle_free() - from now on the handle is dead; waits for the read sections that use it.
 * @t: the back end's handles
 * Return: false: it was dead already. Context: sleeps; not inside a read section. Since: 0.1
 */
bool mpt_handle_free(struct mpt_handles *t, unsigned long handle);

/**
 * mpt_handle_by_vgpu() - the live handle of a vGPU pointer; 0: none.
 * @t: the back end's handles. @vgpu: the pointer given to attach_vgpu. Since: 0.1
 */
unsigned long mpt_handle_by_vgpu(struct mpt_handles *t, const void *vgpu);

#if defined(__GNUC__)
/**
 * mpt_handle_get() - what the back end keeps for a handle.
 * @t: the back end's handles
 * Return: NULL for a dead or unknown one. Context: inside a read section; the answer is valid
 * until its end. Since: 0.1
 */
static inline void *mpt_handle_get(const struct mpt_handles *t, unsigned long handle)
{
	const struct mpt_handle_slot *s = &t->slot[handle % MPT_HANDLE_SLOTS];

	/* In a table that gave out no handle yet 0 is found, with no private part. */
	if (__builtin_expect(__atomic_load_n(&s->handle, __ATOMIC_ACQUIRE) != handle, 0))
		return NULL;
	return s->priv;
}
#endif

/* --- services: guest accesses go to the core --- */

/**
 * mpt_deliver_mmio() - a guest access that the core emulates (a trapped area, a BAR).
 * @vgpu: the pointer given to attach_vgpu
 * @vm: the back end's private VM, for policy STOP
 * @gpa: absolute address, bytes
 * @buf: @len bytes; defined (all ones) after a failed read
 * @len: 1, 2, 4 or 8
 * Return: what the core answered, after the host's policy was applied; -EINVAL without a core.
 * Context: no lock held; between mpt_deliver_enter() and _leave(). Since: 0.1
 */
int mpt_deliver_mmio(struct mpt_host *host, void *vgpu, void *vm, u64 gpa, void *buf,
		     unsigned int len, bool write);

/**
 * mpt_deliver_cfg() - the same for configuration space.
 * @vm: the back end's private VM, for policy STOP. @offset: bytes, 0..4095. @len: 1, 2 or 4
 * Return: as mpt_deliver_mmio(). Context: as there. Since: 0.1
 */
int mpt_deliver_cfg(struct mpt_host *host, void *vgpu, void *vm, unsigned int offset, void *buf,
		    unsigned int len, bool write);

/**
 * mpt_deliver_store() - a guest store to a tracked page.
 * @vm: the back end's private VM, for policy STOP
 * @data: what is stored, @len bytes
 * @write_gpa: the back end's own; used where nobody else performs the store
 * @handle: for @write_gpa
 *
 * Guest memory holds the value on return: with MPT_CAP_WRITE_AFTER it does so already; a core
 * with MPT_CORE_STORES stores; else, or when the core answers -ENXIO, the library does.
 * Return: 0, -ENXIO (not tracked by the core; stored all the same), or what the core answered
 * after the policy was applied. Context: as mpt_deliver_mmio(). Since: 0.1
 */
int mpt_deliver_store(struct mpt_host *host, void *vgpu, void *vm, unsigned long handle, u64 gpa,
		      const void *data, unsigned int len,
		      int (*write_gpa)(unsigned long, unsigned long, void *, unsigned long));

/**
 * mpt_deliver_aperture() - a guest access to a frame mapped to the device's aperture.
 * @offset: bytes from the aperture's begin. Reads are all ones where the core has no answer.
 * Return: 0, -EINVAL (outside the aperture). Since: 0.1
 */
int mpt_deliver_aperture(struct mpt_host *host, u64 offset, void *buf, unsigned int len,
			 bool write);

/**
 * mpt_deliver_region() - tell the core that RAM came or went (guest_region_event).
 * @added: false: it went, and the guest cannot reach it any more. Since: 0.1
 */
void mpt_deliver_region(struct mpt_host *host, void *vgpu, u64 gfn, u64 nr, bool added);

/**
 * mpt_deliver_reset() - the hypervisor resets the device (vgpu_reset): at a function level reset,
 *	when the VM is reset, when its VMM has died. Context: as mpt_deliver_mmio(). Since: 0.1
 */
void mpt_deliver_reset(struct mpt_host *host, void *vgpu);

/**
 * mpt_deliver_save() - ask the core for the state of a vGPU, for a migration that the hypervisor
 *	conducts. @write, @arg: as in struct mpt_core.
 * Return: 0, -EOPNOTSUPP (the core cannot), what the core answered. Context: as
 * mpt_deliver_mmio(); sleeps. Since: 0.1
 */
int mpt_deliver_save(struct mpt_host *host, void *vgpu,
		     int (*write)(void *arg, const void *buf, size_t len), void *arg);

/**
 * mpt_deliver_restore() - the other way. @blob: any bytes.
 * Return: 0, -EOPNOTSUPP (the core cannot), what the core answered. Context: as
 * mpt_deliver_save(). Since: 0.1
 */
int mpt_deliver_restore(struct mpt_host *host, void *vgpu, const void *blob, size_t len);

/**
 * mpt_deliver_active() - let a vGPU run or stand still (vgpu_activate, vgpu_deactivate), as a
 *	migration does.
 * @on: true: run. Context: as mpt_deliver_mmio(). Since: 0.1
 */
void mpt_deliver_active(struct mpt_host *host, void *vgpu, bool on);

#ifdef __cplusplus
}
#endif

#endif
