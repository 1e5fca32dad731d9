/* SPDX-License-Identifier: MIT */
/*
 * An unmodified Linux 5.10 GVT core in user space, as a program sees it that uses libmpt: start the
 * fake device and the core on it, tie it to a host, look into it. VMs, vGPUs and guest accesses are
 * <mpt/host.h>'s and <mpt/testbed.h>'s. No kernel header is seen here.
 */
#ifndef LINUX_GVT_H
#define LINUX_GVT_H

struct mpt_host;

/* --- glue.c, device.c --- */

/* Makes the fake Skylake and lets the core take it over. Once in a process. 0 or -errno. */
int linux_gvt_start(void);

/* Registers @host with the core, by the core's own function and type; and the opposite. */
int linux_gvt_register(struct mpt_host *host);
void linux_gvt_unregister(void);

/* The core's device and its @index-th type of vGPU, for mpt_vgpu_create(); NULL: no such type. */
void *linux_gvt_device(void);
void *linux_gvt_type(unsigned int index);
/* How many more of a type the core would make. */
unsigned int linux_gvt_available(unsigned int index);

/*
 * The core's own entry points, without what stands before them elsewhere (the glue lets a thread
 * that is new take the core's signals): for the thread that has started the core.
 */
struct linux_gvt_entries {
	int (*cfg_read)(void *vgpu, unsigned int at, void *buf, unsigned int bytes);
	int (*cfg_write)(void *vgpu, unsigned int at, void *buf, unsigned int bytes);
	int (*mmio_read)(void *vgpu, unsigned long gpa, void *buf, unsigned int bytes);
	int (*mmio_write)(void *vgpu, unsigned long gpa, void *buf, unsigned int bytes);
	void (*reset)(void *vgpu);
	void (*activate)(void *vgpu);
	void (*deactivate)(void *vgpu);
};
void linux_gvt_entries(struct linux_gvt_entries *to);

/* Was the core told that its hypervisor is Xen (1) or KVM (0)? */
int linux_gvt_is_xen(void);

/* Of a vGPU: its place in the graphics memory, bytes. */
struct linux_gvt_place {
	unsigned long long aperture, aperture_size, hidden, hidden_size;
	unsigned int fences;
};
void linux_gvt_place(const void *vgpu, struct linux_gvt_place *place);
int linux_gvt_failsafe(const void *vgpu);

/* The fake device: an entry of its global page table, a register. */
unsigned long long linux_gvt_ggtt(unsigned long index);
unsigned int linux_gvt_reg(unsigned int offset);
/* The root of the @index-th live page table of a vGPU, shadowed: what an engine would be given. */
unsigned long long linux_gvt_shadow_root(const void *vgpu, unsigned int index);
/*
 * A page table of @levels made ready as before a submission: shadowed, what was put off done, its
 * roots told. 0 or -errno. *@held is given back by linux_gvt_shadow_unpin().
 */
int linux_gvt_shadow_pin(void *vgpu, int levels, const unsigned long long pdp[4],
			 unsigned long long root[4], void **held);
void linux_gvt_shadow_unpin(void *held);
/* What the engine would find behind a bus address that is a page of the core's own; NULL: none. */
const void *linux_gvt_core_page(unsigned long long addr);

/* --- memory.c: the core's own memory --- */

/* Lets the @nth request from now fail; 0: none. And whether it came to that. */
void linux_gvt_alloc_fail(unsigned long nth);
int linux_gvt_alloc_fired(void);
/* Pieces written to beyond their end, of those that were given back since the last call. */
unsigned long linux_gvt_overruns(void);
/* All that is held now; @where: the address in the core from which it was asked for. */
void linux_gvt_memory_each(void (*fn)(void *arg, const void *where, unsigned long size), void *arg);

/* --- trap.c: what the core complains about --- */

/* The core's warnings (WARN and the like) since the last call, of one place, by "file:line". */
struct linux_gvt_warning {
	const char *file;
	unsigned int line;
	unsigned long count;
};
/* Copies the first @max places and forgets all. Returns how many there were. */
unsigned int linux_gvt_warnings(struct linux_gvt_warning *to, unsigned int max);
void linux_gvt_trap_init(void);
/* The function of the core that an address is in; "?" if none is known. */
const char *linux_gvt_symbol(const void *addr);

/* --- libc.c: the core's log --- */

/* 0: nothing is shown. Counted are messages at all. */
void linux_gvt_log(int show);
unsigned long linux_gvt_messages(void);

#endif
