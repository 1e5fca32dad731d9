/* SPDX-License-Identifier: MIT */
/*
 * What the files of `mptctl serve` share: its options, the vGPUs that it serves, the parts of its
 * life: sockets (serve_socket.c), the loop (serve_loop.c), what is told of the guests meanwhile
 * (serve_watch.c) and at the end (serve_report.c).
 */
#ifndef MPT_TOOLS_SERVE_H
#define MPT_TOOLS_SERVE_H

#include <stdio.h>

#include "session.h"

#define SERVE_PATH_MAX 4096

struct serve_args {
	const char *socket, *type, *platform, *backend, *record, *screenshot;
	uint64_t vgpus, aperture;
	bool monitor, json, quiet;
};

/**
 * struct serve_vgpu - one vGPU and its VM.
 * @id: the VM's number, from 1
 * @socket: its path as QEMU is told it
 * @vm, @vgpu: NULL: not there yet
 * @record: NULL: not recorded
 * @info: when it was looked at last; at the end what it did
 * @stats: at the end
 * @driver: its driver has read PVINFO at some time
 */
struct serve_vgpu {
	unsigned int id;
	char socket[SERVE_PATH_MAX];
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	struct recorder *record;
	struct gvt_vgpu_info info;
	struct mpt_vm_stats stats;
	bool driver;
};

/**
 * struct serve - all of it.
 * @type: what they are
 * @end: the ledger, IOMMU faults and errors
 */
struct serve {
	const struct serve_args *args;
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct intel_vgpu_type type;
	struct serve_vgpu vgpu[GVT_MAX_VGPU];
	unsigned int n;
	struct session_result end;
};

/* --- serve.c --- */

/* The device and its vGPUs, for the VMs of serve.host. Return: 0, -1 with an error printed. */
int serve_up(struct serve *s);
/* Whatever is up goes, the host last; fills serve.end. */
void serve_down(struct serve *s);

/* --- serve_socket.c --- */

/* Whether sockets can be made there: prints what is wrong. @n: of them. Return: 0, -1. */
int serve_socket_check(const char *path, unsigned int n);
/* What belongs to vGPU @id of @n: PATH, of several PATH.1, PATH.2, ... */
void serve_path(const char *path, unsigned int id, unsigned int n, char *buf, size_t len);
/* Fills serve_vgpu.socket. */
void serve_socket_name(struct serve *s, struct serve_vgpu *v);
/* The host to open: @backend with the sockets' options, "check" in front. Return: 0, -1. */
int serve_spec(const char *backend, const char *path, unsigned int n, char *buf, size_t len);
/* How to start QEMU. */
void serve_print_qemu(FILE *out, const struct serve *s);

/* --- serve_loop.c --- */

/* Serves until a signal says that it is to end. Return: 0, -1 with an error printed. */
int serve_loop(struct serve *s);

/* --- serve_watch.c: what the guests do, on standard error --- */

/* The library's log from here on. @quiet: only what is wrong. */
void serve_watch_init(bool quiet);
/* Looks at the vGPUs: tells what has changed since the last time. @now: ns. */
void serve_watch(struct serve *s, u64 now);
/* The status line goes. */
void serve_watch_end(void);
void serve_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- serve_record.c: the guest's accesses as an mmiotrace --- */

/* The entry points that record; those of vGPUs without a recorder only pass on. */
const struct intel_gvt_ops *serve_record_ops(void);
/* The file is made anew. Return: 0, -1 with an error printed. */
int serve_record_open(struct serve_vgpu *v, const char *path);
/* After the vGPU is gone. What could not be written is an error in @r. */
void serve_record_close(struct serve_vgpu *v, struct session_result *r);

/* --- serve_shot.c --- */

/* A picture of what each guest shows now; where one shows nothing, that is told. */
void serve_shot(const struct serve *s);

/* --- serve_report.c --- */

bool serve_healthy(const struct serve *s);
void serve_report(const struct serve *s);

#endif
