/* SPDX-License-Identifier: MIT */
/*
 * What the files of `mptctl sysfs` share: the host, its device and its tree (sysfs.c), the recorded
 * guest (sysfs_guest.c), the mount (sysfs_fuse.c), waiting and telling (sysfs_loop.c), the report.
 */
#ifndef MPT_TOOLS_SYSFS_H
#define MPT_TOOLS_SYSFS_H

#include <mpt/sysfs.h>

#include "replay.h"
#include "session.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_FUSE3
#define TOOLS_HAVE_FUSE 1
#else
#define TOOLS_HAVE_FUSE 0
#endif

#define TOOLS_NO_FUSE \
	"built without libfuse: no mount (install libfuse3-dev and fuse3, and build again)"

struct sysfs_args {
	const char *mountpoint, *backend, *trace, *platform;
	uint64_t aperture, vm_mem;
	bool acrn_answers, allow_other, quiet, json;
};

struct sysfs_mount;

/**
 * struct sysfs - all of it.
 * @core: the device's own; the tree's is one in front of it
 * @made, @destroyed: instances; written one at a time
 * @trace: the recorded guest, NULL: none
 * @trace_vm: the VM it was replayed into; 0: none yet
 * @played: what it did
 * @end: the ledger, IOMMU faults and errors
 */
struct sysfs {
	const struct sysfs_args *args;
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_sysfs *tree;
	struct mpt_sysfs_core core;
	struct sysfs_mount *mount;
	u64 made, destroyed, left;
	struct replay *trace;
	unsigned int trace_vm;
	struct session_result played;
	struct session_result end;
};

/* --- sysfs.c --- */

/* The host, the device, the tree. Return: 0, -1 with an error printed; down it goes either way. */
int sysfs_up(struct sysfs *s);
/* Whatever is up goes, the host last; fills sysfs.end. */
void sysfs_down(struct sysfs *s);

/* --- sysfs_guest.c --- */

/* The trace; what is wrong with it is printed. Return: 0, -1. */
int sysfs_guest_open(struct sysfs *s);
/* Its place is kept in the device. Return: 0, -1 with an error printed. */
int sysfs_guest_place(struct sysfs *s);
/* Whether a vGPU of these sizes is the one that it is replayed into. */
bool sysfs_guest_wants(const struct sysfs *s, const struct mpt_sysfs_sizes *sizes);
/* Makes that one, active, and replays. Return: as the core's vgpu_create. */
struct intel_vgpu *sysfs_guest_create(struct sysfs *s, struct mpt_vm *vm);
void sysfs_guest_close(struct sysfs *s);

/* --- sysfs_fuse.c --- */

/* Mounts and serves, by threads of its own. Return: 0, -1 with an error printed. */
int sysfs_mount(struct sysfs *s);
/* Unmounts if somebody else has not, and ends the threads. */
void sysfs_unmount(struct sysfs *s);

/* --- sysfs_loop.c --- */

/* loop_init() and its end, when what was told is printed. */
int sysfs_loop_init(bool quiet);
void sysfs_loop_exit(void);
/* The mount has gone. */
void sysfs_loop_ended(void);
/* Until a signal comes or the mount has gone. Return: 0, -1 with an error printed. */
int sysfs_loop(struct sysfs *s);
/* A line on standard error, soon; any thread, with any lock; does not wait. */
void sysfs_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- sysfs_report.c --- */

bool sysfs_healthy(const struct sysfs *s);
void sysfs_report(const struct sysfs *s);

#endif
