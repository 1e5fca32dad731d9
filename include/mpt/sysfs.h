/* SPDX-License-Identifier: MIT */
/*
 * The tree that a GVT host shows at /sys/kernel/gvt, as calls in this process: vGPUs are made and
 * destroyed by a write, what they are is read. Nodes, modes, grammar and errors: gvt-sysfs(5). What
 * serves the tree as files is a tool's (mptctl sysfs).
 */
#ifndef MPT_SYSFS_H
#define MPT_SYSFS_H

#include <mpt/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_sysfs;
struct mpt_sysfs_file;

/** MPT_SYSFS_PAGE - bytes of the longest contents and of the longest write; each file's size. */
#define MPT_SYSFS_PAGE 4096

/* --- what the core gives --- */

/**
 * struct mpt_sysfs_type - one type of vGPU that the device offers. Since: 0.1
 * @name: "GVTg_V5_8"; a name of a directory, so no '/' is in it
 * @low_size, @high_size: aperture and hidden graphics memory, bytes
 * @fence: fence registers
 * @weight: share in scheduling
 * @width, @height: of the virtual monitor, pixels
 */
struct mpt_sysfs_type {
	char name[32];
	u64 low_size, high_size;
	u32 fence, weight, width, height;
};

/**
 * struct mpt_sysfs_sizes - what a vGPU is made of, or what the whole device has. Since: 0.1
 * @low, @high: aperture and hidden graphics memory, bytes
 * @fence: fence registers
 */
struct mpt_sysfs_sizes {
	u64 low, high;
	u32 fence;
};

/**
 * struct mpt_sysfs_vgpu - what a vGPU is now. Since: 0.1
 * @type: its type's name; "custom" for sizes that no type has
 * @state: "active", "inactive" or "failsafe", and behind the last ": " and why
 * @low_start, @low_size, @high_start, @high_size: graphics addresses, bytes
 * @fence_base, @fence_count: fence registers of the device
 * @weight, @width, @height: as struct mpt_sysfs_type
 * @bar0, @bar2: the guest's BARs as its configuration space holds them, whether it decodes or not;
 *	the low 4 bits are 0
 * @bar0_size, @bar2_size: bytes
 */
struct mpt_sysfs_vgpu {
	char type[32];
	char state[64];
	u64 low_start, low_size, high_start, high_size;
	u32 fence_base, fence_count;
	u32 weight, width, height;
	u64 bar0, bar0_size, bar2, bar2_size;
};

/** MPT_SYSFS_COUNTERS - how many counters of a vGPU are shown at most. */
#define MPT_SYSFS_COUNTERS 64

/**
 * struct mpt_sysfs_counter - one of a vGPU's. Since: 0.1
 * @name: a word; lives as long as the core
 * @value: its value now
 */
struct mpt_sysfs_counter {
	const char *name;
	u64 value;
};

/**
 * struct mpt_sysfs_core - what the tree needs of a core; libmpt-gvt's is filled in by
 *	gvt_sysfs_core(). Since: 0.1
 * @size: sizeof(struct mpt_sysfs_core)
 * @opaque: handed to each callback
 * @type_get: type @index, 0, 1, ...; answers 0, -ENOENT (no more). NULL: no types are shown
 * @type_available: how many more vGPUs of type @index fit now
 * @total: what the device has: more is wrong in itself. NULL: only what cannot be said in bytes
 * @vgpu_create: make an active vGPU of those sizes for @vm, through mpt_vgpu_create(); answers
 *	never NULL: the vGPU or an error pointer. Called by one thread at a time, as is @vgpu_destroy
 * @vgpu_destroy: the reverse, through mpt_vgpu_destroy(); answers 0 or its error
 * @vgpu_info: what it is now. Not called once @vgpu_destroy was
 * @vgpu_counters: up to @max of its counters; answers how many. NULL: none
 * @plane_owner: the VM that owns a plane (0: the first) of a pipe (0: A); 0: the host's own.
 *	NULL: all are the host's
 *
 * All but @opaque are called with a lock of the tree held: they call nothing of it. @type_get to
 * @total, @vgpu_info and what follows may be called by several threads at once.
 */
struct mpt_sysfs_core {
	size_t size;
	void *opaque;
	int (*type_get)(void *opaque, unsigned int index, struct mpt_sysfs_type *type);
	unsigned int (*type_available)(void *opaque, unsigned int index);
	void (*total)(void *opaque, struct mpt_sysfs_sizes *total);
	struct intel_vgpu *(*vgpu_create)(void *opaque, struct mpt_vm *vm,
					  const struct mpt_sysfs_sizes *sizes);
	int (*vgpu_destroy)(void *opaque, struct mpt_vm *vm, struct intel_vgpu *vgpu);
	void (*vgpu_info)(void *opaque, struct intel_vgpu *vgpu, struct mpt_sysfs_vgpu *info);
	unsigned int (*vgpu_counters)(void *opaque, struct intel_vgpu *vgpu,
				      struct mpt_sysfs_counter *counter, unsigned int max);
	unsigned int (*plane_owner)(void *opaque, unsigned int pipe, unsigned int plane);
};

/* --- uevents --- */

/**
 * struct mpt_uevent - what a kernel would send to user space. Since: 0.1
 * @action: "add"
 * @object: whose event it is: "control" (the directory), "drm" (the primary DRM node)
 * @env: strings, NULL ends: "GVT_DOM0_READY=1"; "GVT_DISPLAY_READY=1" and "VMID=2", which is the id
 *	of the vGPU, not of the VM
 */
struct mpt_uevent {
	const char *action;
	const char *object;
	const char *const *env;
};

/**
 * typedef mpt_uevent_fn - takes an event; what it is given is gone when it returns.
 *
 * Called in the thread in which it happens, a vCPU's for instance, with locks of the core held: it
 * calls nothing of the libraries and does not wait. One at a time for a host. Since: 0.1
 */
typedef void (*mpt_uevent_fn)(void *arg, const struct mpt_uevent *event);

/**
 * mpt_uevent_display_ready() - the core tells that a guest has written PVINFO display_ready.
 * @vgpu_id: 1..7. @ready: not 0: its display is up
 *
 * Nobody listens: nothing happens. GVT_DOM0_READY needs no call: the host's dom0_ready sends it (in
 * a static-backend build only mpt_dom0_ready() does, not the wrapper).
 * Context: any thread; locks of a core may be held. Since: 0.1
 */
void mpt_uevent_display_ready(struct mpt_host *host, int vgpu_id, bool ready);

/* --- the tree --- */

/**
 * MPT_SYSFS_ACRN - create_gvt_instance answers what ACRN's did: what fails is -EINVAL (but
 *	-EEXIST), a VM that is not there is destroyed with success, what follows a number is not
 *	looked at. What ACRN's got wrong about large numbers stays refused.
 */
#define MPT_SYSFS_ACRN (1U << 0)

/**
 * struct mpt_sysfs_config - how to make a tree. Since: 0.1
 * @size: sizeof(struct mpt_sysfs_config)
 * @flags: MPT_SYSFS_*
 * @core: copied
 * @vm_memory: bytes of RAM, whole pages, of a VM that is made because the hypervisor has none of
 *	that number; from address 0, with a hole from 2 to 4 GiB. 0: 64 MiB
 * @uevent, @uevent_arg: who is told of uevents; NULL: nobody
 */
struct mpt_sysfs_config {
	size_t size;
	unsigned int flags;
	const struct mpt_sysfs_core *core;
	u64 vm_memory;
	mpt_uevent_fn uevent;
	void *uevent_arg;
};

/**
 * mpt_sysfs_new() - make the tree of a host; there is no vGPU in it yet.
 * @config: read during the call
 * @tree: out; untouched on failure
 *
 * The host and the core stay open until mpt_sysfs_free(): mpt_host_close() is -EBUSY meanwhile.
 * Return: 0, -EINVAL (no host, no core or one without @vgpu_create, @vgpu_destroy and @vgpu_info;
 * size 0; unknown flags; @vm_memory is not whole pages), -EEXIST (the host has a tree), -ENOMEM.
 * Context: sleeps. Since: 0.1
 */
int mpt_sysfs_new(struct mpt_host *host, const struct mpt_sysfs_config *config,
		  struct mpt_sysfs **tree);

/**
 * mpt_sysfs_free() - destroy the tree, its vGPUs, and the VMs made for them.
 * @tree: NULL is fine
 *
 * No other call on the tree or on a file of it may run or follow; files that are open are closed.
 * Return: 0, or the first error of destroying a vGPU or a VM, -EBUSY (somebody holds the VM, or the
 * call comes from inside a guest access) for instance; the tree is gone all the same. Context: sleeps; no lock of the core held.
 * Since: 0.1
 */
int mpt_sysfs_free(struct mpt_sysfs *tree);

/**
 * struct mpt_sysfs_stat - what stat() would say. Since: 0.1
 * @mode: permission bits, 0220 for instance; sysfs asks for them of root as well
 * @directory: else it is a file
 * @size: MPT_SYSFS_PAGE for a file, whatever its contents; 0 for a directory
 */
struct mpt_sysfs_stat {
	unsigned int mode;
	bool directory;
	u64 size;
};

/**
 * mpt_sysfs_stat() - look a node up.
 * @tree: the tree
 * @path: from the tree's root, with or without a leading '/', "vm1/vgpu_id"; "" or "/" is the root.
 *	Names are separated by one '/', and none ends a path; "." and ".." are no names
 * @st: out; untouched on failure
 * Return: 0, -ENOENT. Context: any thread; sleeps. Since: 0.1
 */
int mpt_sysfs_stat(struct mpt_sysfs *tree, const char *path, struct mpt_sysfs_stat *st);

/**
 * typedef mpt_sysfs_fn - takes one name of a directory. It may call anything but mpt_sysfs_free().
 *	Return: not 0 ends the listing. Since: 0.1
 */
typedef int (*mpt_sysfs_fn)(void *arg, const char *name, const struct mpt_sysfs_stat *st);

/**
 * mpt_sysfs_list() - the names in a directory: those of vGPUs that were there at some moment
 *	during the call, in the order of their VMs.
 * @tree: the tree
 * @path: of the directory, as mpt_sysfs_stat() takes it
 * @fn: takes each name; handed @arg
 * Return: 0, -ENOENT (no directory of that path), what @fn answered. Context: any thread;
 * sleeps; @fn is called with no lock held. Since: 0.1
 */
int mpt_sysfs_list(struct mpt_sysfs *tree, const char *path, mpt_sysfs_fn fn, void *arg);

/** MPT_SYSFS_READ - open for mpt_sysfs_read(). */
#define MPT_SYSFS_READ (1U << 0)
/** MPT_SYSFS_WRITE - open for mpt_sysfs_write(). */
#define MPT_SYSFS_WRITE (1U << 1)

/**
 * mpt_sysfs_open() - open a file.
 * @tree: the tree
 * @path: as mpt_sysfs_stat() takes it
 * @flags: MPT_SYSFS_READ, MPT_SYSFS_WRITE or both
 * @file: out; untouched on failure. Given back by mpt_sysfs_close()
 * Return: 0, -ENOENT (no file of that path), -EINVAL (a directory, or flags), -EACCES (its mode
 * does not have what @flags ask for: nobody may, root neither), -ENOMEM.
 * Context: any thread; sleeps. Since: 0.1
 */
int mpt_sysfs_open(struct mpt_sysfs *tree, const char *path, unsigned int flags,
		   struct mpt_sysfs_file **file);

/**
 * mpt_sysfs_close() - give a file back.
 * @file: NULL is fine
 * Context: any thread. Since: 0.1
 */
void mpt_sysfs_close(struct mpt_sysfs_file *file);

/**
 * mpt_sysfs_read() - read from a file.
 * @file: an open one
 * @offset: bytes from its beginning
 * @len: bytes; fewer are answered where the contents end
 *
 * The contents are those of the file's first read, or of its last one at offset 0: who reads on in
 * pieces reads one text. Return: bytes, 0 at or behind the end; -EACCES (not opened for reading),
 * -ENODEV (its directory has gone since it was opened, as in sysfs; a new one of the same name is
 * another one). Context: any thread; sleeps. Since: 0.1
 */
long mpt_sysfs_read(struct mpt_sysfs_file *file, u64 offset, void *buf, size_t len);

/**
 * mpt_sysfs_write() - write to a file: one write is one command.
 * @file: an open one
 * @offset: not looked at, as in sysfs
 * @len: bytes; 0 is nothing
 *
 * Return: @len, or an error and nothing has happened: -EACCES (not opened for writing), -EINVAL
 * (longer than MPT_SYSFS_PAGE, not the grammar, a number out of range), -EEXIST (the VM has an
 * instance), -ENOENT (no instance of the VM to destroy), -ESRCH (no such VM, and none can be made),
 * -ENOSPC (the device has no such piece of memory, fences or vGPU left), -ENOMEM, what else
 * attaching a vGPU answered. Context: any thread; sleeps; one write of a tree at a time, others
 * wait. Not from inside a guest access. Since: 0.1
 */
long mpt_sysfs_write(struct mpt_sysfs_file *file, u64 offset, const void *buf, size_t len);

/**
 * mpt_sysfs_cat() - open, read from the beginning, close; a NUL follows what was read.
 * @tree: the tree
 * @path: as mpt_sysfs_stat() takes it
 * @size: bytes of @buf, the NUL included; > 0
 * Return: bytes read (cut where @buf is full), -EINVAL (@size 0), what mpt_sysfs_open() and
 * mpt_sysfs_read() answer. Since: 0.1
 */
long mpt_sysfs_cat(struct mpt_sysfs *tree, const char *path, char *buf, size_t size);

/**
 * mpt_sysfs_echo() - open, write a text in one piece, close.
 * @tree: the tree
 * @path: as mpt_sysfs_stat() takes it
 * @text: ends with a NUL, which is not written
 * Return: 0, -ENOENT (no file of that path, or no instance of the VM to destroy), what else
 * mpt_sysfs_open() and mpt_sysfs_write() answer. Since: 0.1
 */
int mpt_sysfs_echo(struct mpt_sysfs *tree, const char *path, const char *text);

#ifdef __cplusplus
}
#endif

#endif
