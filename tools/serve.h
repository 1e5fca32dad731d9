/* SPDX-License-Identifier: MIT */
/*
 * What the files of `mptctl serve` share: its options, the vGPUs that it serves, the parts of its
 * life: sockets (serve_socket.c), the loop (serve_loop.c), what is told of the guests meanwhile
 * (serve_watch.c) and at the end (serve_report.c).
 */
#ifndef MPT_TOOLS_SERVE_H
#define MPT_TOOLS_SERVE_H

#include "session.h"

#define SERVE_PATH_MAX 4096

struct serve_args {
	const char *socket, *type, *platform, *backend;
	uint64_t vgpus, aperture;
	bool json, quiet;
};

/**
 * struct serve_vgpu - one vGPU and its VM.
 * @id: the VM's number, from 1
 * @socket: its path as QEMU is told it
 * @vm, @vgpu: NULL: not there yet
 * @info: when it was looked at last; at the end what it did
 * @stats: at the end
 * @driver: its driver has read PVINFO at some time
 */
struct serve_vgpu {
	unsigned int id;
	char socket[SERVE_PATH_MAX];
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
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
/* The path of vGPU @id of @n. */
void serve_socket_path(const char *path, unsigned int id, unsigned int n, char *buf, size_t len);
/* Fills serve_vgpu.socket. */
void serve_socket_name(struct serve *s, struct serve_vgpu *v);
/* The host to open: @backend with the sockets' options, "check" in front. Return: 0, -1. */
int serve_spec(const char *backend, const char *path, unsigned int n, char *buf, size_t len);
/* How to start QEMU. */
void serve_print_qemu(FILE *out, const struct serve *s);

/* --- serve_loop.c --- */

/*
 * Before anything starts a thread: signals are kept for the loop. And what wakes the loop's
 * threads: struct gvt_config's. Return: 0, -1 with an error printed.
 */
int serve_loop_init(void);
void serve_loop_wake(void *arg, unsigned int what);
/* Serves until a signal says that it is to end. Return: 0, -1 with an error printed. */
int serve_loop(struct serve *s);
void serve_loop_exit(void);

/* --- serve_watch.c: what the guests do, on standard error --- */

/* The library's log from here on. @quiet: only what is wrong. */
void serve_watch_init(bool quiet);
/* Looks at the vGPUs: tells what has changed since the last time. @now: ns. */
void serve_watch(struct serve *s, u64 now);
/* The status line goes. */
void serve_watch_end(void);
void serve_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- serve_report.c --- */

bool serve_healthy(const struct serve *s);
void serve_report(const struct serve *s);

#endif
