/* SPDX-License-Identifier: MIT */
/*
 * What the files of libmpt share: the host and the VM, the thread's state, options, layers. Back
 * ends do not include this.
 *
 * Lock order: the registry's lock, then mpt_host.lock, then a layer's, then what a back end holds.
 * None is held while a core's intel_gvt_ops or a back end's callback runs. mpt_host.uevent_lock is
 * taken under any lock, also a core's, and nothing under it. The sysfs tree's are in sysfs.h.
 */
#ifndef LIBMPT_INTERNAL_H
#define LIBMPT_INTERNAL_H

#include <mpt/backend.h>
#include <mpt/layers.h>
#include <mpt/log.h>
#include <mpt/sysfs.h>
#include <mpt/testbed.h>
#include <mpt/vgpu.h>

#include "libmpt/ops_gen.h"
#include "libmpt/os.h"

#define MPT_MAX_LAYERS 8

struct mpt_layer_inst;

struct mpt_vm {
	struct mpt_host *host;
	unsigned int id;
	void *priv;
	unsigned long refs; /* holders and vGPUs; host->lock */
	unsigned long vgpus; /* made by mpt_vgpu_create(); host->lock */
	struct mpt_vm *next;
};

struct mpt_host {
	struct intel_gvt_mpt table; /* outermost: what vgpu->mpt points at */
	struct intel_gvt_mpt base; /* the back end's, less what the instance lacks */
	struct mpt_backend be; /* normalised copy */
	struct mpt_testbed testbed; /* normalised copy; size 0: none */
	void *priv;
	u64 caps;
	char *spec;
	void *opts;
	struct mpt_layer_inst *layer[MPT_MAX_LAYERS]; /* [0] is the outermost */
	unsigned int num_layers;
	struct mpt_layer_inst *trace; /* the outermost trace layer; NULL: none */
	enum mpt_policy policy;
	struct mpt_core core;
	const struct intel_gvt_ops *ops; /* where accesses go; NULL: no core, or it has left */
	struct intel_gvt_ops *foreign; /* of mpt_foreign_init(); NULL: the core is none of it */
	void *module; /* of a loaded back end */
	struct os_mutex lock; /* vms */
	struct mpt_vm *vms;
	struct mpt_sysfs *sysfs; /* lock */
	int (*dom0_ready)(void); /* the layers' and the back end's; the table has one before it */
	struct os_mutex uevent_lock; /* what follows */
	mpt_uevent_fn uevent; /* NULL: nobody listens */
	void *uevent_arg;
	struct mpt_host *next; /* registry's list, oldest first */
};

/* --- current.c: the thread's state, the open hosts --- */
struct mpt_thread {
	struct mpt_host *host; /* chosen by mpt_host_use() */
	struct mpt_vm *target;
	unsigned int level; /* layers passed by the host-wide call in progress */
};
struct mpt_thread *mpt_thread_self(void);
struct mpt_host *mpt_target_host(void);
void mpt_hosts_add(struct mpt_host *host, bool first);
void mpt_hosts_del(struct mpt_host *host);

/* --- host.c --- */
/* Opens @be with parsed layers; takes over @module. */
int mpt_host_open_parsed(const struct mpt_backend *be, const char *spec, const char *opts,
			 const char *layers, void *module, struct mpt_host **host);

/* --- options.c --- */
int mpt_options_parse(const struct mpt_backend *be, const char *text, void **values);
void mpt_options_free(const struct mpt_backend *be, void *values);

/* --- registry.c, loader.c --- */
int mpt_backend_check(const struct mpt_backend *be);
const struct mpt_backend *mpt_module_open(const char *name, void **module, char *why, size_t len);
void mpt_module_close(void *module);

/* --- ops_check.c --- */
int mpt_table_check(const char *who, const struct intel_gvt_mpt *table, u64 caps);
void mpt_table_filter(struct intel_gvt_mpt *table, u64 caps);
u64 mpt_table_caps(const struct intel_gvt_mpt *table);
int mpt_errno_first(u32 errnos); /* the lowest errno of a set, negative; 0: empty */
void *mpt_table_slot(const struct intel_gvt_mpt *table, enum mpt_op_id op); /* NULL: absent */

/* --- layers/layer.c --- */
struct mpt_layer;
const struct mpt_layer *mpt_layer_find(const char *name, size_t len);
int mpt_layer_open(const struct mpt_layer *layer, struct mpt_host *host, unsigned int level,
		   const char *arg, size_t arg_len, struct mpt_layer_inst **inst);
void mpt_layer_close(struct mpt_layer_inst *inst);
/* The generated callbacks, for every layer the same, less those that @next lacks. */
void mpt_layer_table(const struct intel_gvt_mpt *next, struct intel_gvt_mpt *table);

#endif
