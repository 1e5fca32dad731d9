/* SPDX-License-Identifier: MIT */
/*
 * The world a clause runs in: one host, a VM with a fixed memory map, a tiny core that records what
 * it is told, and one attached vGPU whose calls are watched. Only public headers of libmpt.
 */
#ifndef CONFORMANCE_ENV_H
#define CONFORMANCE_ENV_H

#include <pthread.h>

#include <mpt/alloc.h>
#include <mpt/backend.h>
#include <mpt/mpt.h>

#include "clause.h"

/*
 * The VM's memory map, bytes. Between CF_PRE and CF_NEXT's end there is no gap; everything else is
 * surrounded by holes. CF_SEAM is 2 MiB aligned and made of two regions of 1 MiB. Back ends look
 * RAM up in large pieces: the first 2 MiB are of several regions, those of CF_NEXT are one.
 */
#define CF_LOW 0x0UL
#define CF_LOW_SIZE 0xa0000UL
#define CF_PRE 0xe0000UL
#define CF_PRE_SIZE 0x10000UL
#define CF_RO 0xf0000UL
#define CF_RO_SIZE 0x10000UL
#define CF_MAIN 0x100000UL
#define CF_MAIN_SIZE 0x100000UL
#define CF_NEXT 0x200000UL
#define CF_NEXT_SIZE 0x200000UL
#define CF_HUGE 0x800000UL
#define CF_HUGE_SIZE 0x400000UL
#define CF_SEAM 0x1000000UL
#define CF_SEAM_SIZE 0x200000UL
/* Read-only, 2 MiB aligned and all there is in these 2 MiB. */
#define CF_ROM 0x1400000UL
#define CF_ROM_SIZE 0x200000UL
#define CF_HIGH 0x100000000UL
#define CF_HIGH_SIZE 0x100000UL
/* Places with nothing around them: nobody's, for hot-plug, for traps, for device frames. */
#define CF_HOLE 0x600000UL
#define CF_PLUG 0x2000000UL
#define CF_BAR0 0xc0000000UL
#define CF_BAR0_SIZE 0x1000000UL
#define CF_BAR2 0xd0000000UL
#define CF_BAR0_HIGH 0x200000000UL
#define CF_BAR2_HIGH 0x400000000UL

#define CF_GFN(gpa) ((gpa) >> MPT_PAGE_SHIFT)

/* One region of a memory map; the list of a map ends with size 0. */
struct cf_region {
	u64 gpa;
	u64 size;
	unsigned int flags;
};

extern const struct cf_region cf_map[];

/* The aperture that the tiny core claims: frames of no back end's RAM, more than 4 GiB of them. */
#define CF_APERTURE_MFN 0x3e000000UL
#define CF_APERTURE_PAGES 0x180000UL

#define CF_VM_ID 1U
#define CF_VMS 8
#define CF_VGPUS 4
#define CF_THREADS 4
/* A limit on mapped pages below this counts as one. */
#define CF_PINS_ENOUGH 600U
/* What waits longer than this is taken for a deadlock; milliseconds. */
#define CF_PATIENCE 10000U

/* --- the tiny core --- */

enum cf_event_kind {
	CF_CFG_READ,
	CF_CFG_WRITE,
	CF_MMIO_READ,
	CF_MMIO_WRITE,
	CF_STORE,  /* write_protect_handler */
	CF_REGION, /* guest_region_event */
	CF_APERTURE_READ,
	CF_APERTURE_WRITE,
	CF_FAILED,  /* emulation_failed */
	CF_DESTROY, /* vgpu_destroy, before it detaches */
	CF_EVENTS
};

/* One call of the core. @addr: address, offset or gfn; @len: bytes, pages; @aux: errno, added. */
struct cf_event {
	enum cf_event_kind kind;
	struct intel_vgpu *vgpu;
	u64 addr;
	u64 len;
	u8 data[8];
	int aux;
};

#define CF_LOG 64

/**
 * struct cf_core - the core's state.
 * @told: calls of each kind
 * @log: the first CF_LOG of them since cf_forget()
 * @answer: what the next calls of a kind answer
 * @scribble: failing reads leave bytes in the buffer all the same
 * @hook: called in each entry point, after the recording and before the work
 * @inside, @release: of cf_hook_block(): calls in it, and whether they may go on
 */
struct cf_core {
	pthread_mutex_t lock;
	u64 told[CF_EVENTS];
	struct cf_event log[CF_LOG];
	unsigned int logged;
	int answer[CF_EVENTS];
	bool scribble;
	unsigned int flags;
	void (*hook)(struct cf_env *e, const struct cf_event *ev);
	unsigned int inside;
	bool release;
};

extern const struct intel_gvt_ops cf_core_ops;

/* The published opaque types, as this core fills them. */
struct intel_gvt {
	struct cf_env *env;
};

/* @slot: which of cf_env.vgpus; @answer: 0, an errno, or 1 for NULL. */
struct intel_vgpu_type {
	unsigned int slot;
	int answer;
};

struct cf_vgpu {
	struct intel_vgpu base;
	struct cf_env *env;
	struct mpt_vm *vm;
	bool live;
	u8 cfg[256];
};

/* --- threads with an end --- */

struct cf_thread {
	pthread_t id;
	int (*fn)(struct cf_env *e, void *arg);
	struct cf_env *e;
	void *arg;
	bool started, done;
	int rc;
};

/* --- the environment --- */

/**
 * struct cf_env - one run of one clause.
 * @v: the vGPU attached at the begin, NULL below CF_FULL
 * @vm: the VM, NULL below CF_VM
 * @table: what vgpu->mpt is set to: @real behind the recorder
 * @violations, @left: what the ledger must show at the end, beyond nothing
 * @place: where a clause of cf_twice() tries itself
 * @scratch: the clause's own, for what a kernel's stack is too small for
 * @slot: free for a clause's threads and hooks, which must not use its stack
 * @wedged: something never came back: nothing may be torn down
 */
struct cf_env {
	const struct mpt_clause *clause;
	const char *spec;
	u64 has;
	struct mpt_host *host;
	struct intel_gvt gvt;
	struct cf_core core;
	struct mpt_vm *vm;
	struct mpt_vm *vms[CF_VMS];
	struct intel_vgpu *v;
	struct cf_vgpu vgpus[CF_VGPUS];
	u8 scratch[4 * MPT_PAGE_SIZE];
	struct intel_gvt_mpt table;
	const struct intel_gvt_mpt *real;
	u64 violations, left;
	u64 place;
	u64 slot[8];
	struct cf_thread threads[CF_THREADS];
	bool core_set, inited, wedged;
	bool failed;
	pthread_mutex_t lock;
	struct cf_result *res;
	long allocs;
};

/* Opens up to the level; CF_FAIL with the report written. */
int cf_env_open(struct cf_env *e, enum cf_setup level);
int cf_env_close(struct cf_env *e);
/* The same again with other flags of the core. */
int cf_env_again(struct cf_env *e, unsigned int core_flags);
/* The parts of it. */
int cf_core_on(struct cf_env *e);
void cf_core_off(struct cf_env *e);
/* A clause in a small piece of RAM (CF_MAIN), then, in a new world, in a large one (CF_NEXT). */
int cf_twice(struct cf_env *e, int (*run)(struct cf_env *e));
#define CF_TWICE(run)                            \
	static int run##_twice(struct cf_env *e) \
	{                                        \
		return cf_twice(e, run);         \
	}
/* A VM with the regions of @map; NULL: none. It is destroyed at the end. */
int cf_vm_new(struct cf_env *e, unsigned int id, const struct cf_region *map, struct mpt_vm **vm);
void cf_vm_drop(struct cf_env *e, struct mpt_vm *vm);
/* A vGPU in @slot for @vm, by mpt_vgpu_create(). */
int cf_attach(struct cf_env *e, unsigned int slot, struct mpt_vm *vm);
/*
 * A hypervisor may ask the core what the device is before the guest's first access; from now on
 * what the core is told is the guest's doing.
 */
int cf_settle(struct cf_env *e, struct mpt_vm *vm);
/* By mpt_vgpu_destroy(). */
int cf_detach(struct cf_env *e, unsigned int slot);

/* --- saying what is wrong --- */

/* Keeps the first report; "expected ..., seen ...". Always CF_FAIL. */
int cf_fail(struct cf_env *e, const char *fmt, ...) MPT_PRINTF(2, 3);
int cf_int(struct cf_env *e, int want, int got, const char *fmt, ...) MPT_PRINTF(4, 5);
int cf_u64(struct cf_env *e, u64 want, u64 got, const char *fmt, ...) MPT_PRINTF(4, 5);
int cf_bytes(struct cf_env *e, const void *want, const void *got, size_t len, const char *fmt, ...)
	MPT_PRINTF(5, 6);
int cf_fill(struct cf_env *e, u8 want, const void *got, size_t len, const char *fmt, ...)
	MPT_PRINTF(5, 6);

/* Leave the clause with what the expression came to, unless it is 0. */
#define CF_TRY(expr)                    \
	do {                            \
		int cf_try_ = (expr);   \
		if (cf_try_)            \
			return cf_try_; \
	} while (0)
/* An answer; an expected number; a condition with a full sentence; bytes; bytes of one value. */
#define CF_INT(e, want, got, ...) CF_TRY(cf_int((e), (want), (got), __VA_ARGS__))
#define CF_U64(e, want, got, ...) CF_TRY(cf_u64((e), (want), (got), __VA_ARGS__))
#define CF_THAT(e, cond, ...) CF_TRY((cond) ? CF_PASS : cf_fail((e), __VA_ARGS__))
#define CF_BYTES(e, want, got, len, ...) CF_TRY(cf_bytes((e), (want), (got), (len), __VA_ARGS__))
#define CF_FILL(e, want, got, len, ...) CF_TRY(cf_fill((e), (want), (got), (len), __VA_ARGS__))

/* --- watching the calls --- */

#define HV(op) intel_gvt_hypervisor_##op
#define CF_ID(op) MPT_OP_ID_##op
#define CF_COUNT(a) (sizeof(a) / sizeof((a)[0]))

void cf_record(struct cf_env *e);
/* Writes down an answer that no watched vGPU gave: of an absent callback, of a host. Returns it. */
int cf_note(struct cf_env *e, enum mpt_op_id op, int answer);
/* Whether a sentence says who failed: the back end or a layer in front of it. */
bool cf_names_who(struct cf_env *e, const char *sentence);
bool cf_table_has(const struct intel_gvt_mpt *t, enum mpt_op_id op);

/* --- the core's side --- */

void cf_forget(struct cf_env *e);
u64 cf_told(struct cf_env *e, enum cf_event_kind kind);
/* The @n-th event of a kind in the log; a zeroed one if there is none. */
struct cf_event cf_event(struct cf_env *e, enum cf_event_kind kind, unsigned int n);
/* What this core answers at a byte of MMIO or aperture. */
u8 cf_device_byte(u64 addr);
void cf_device_bytes(u64 addr, void *buf, size_t len);
/* Waits until the clause opens the gate. */
void cf_hook_block(struct cf_env *e, const struct cf_event *ev);
int cf_wait_inside(struct cf_env *e);
void cf_release(struct cf_env *e);

/* --- threads, time, chance --- */

int cf_thread_start(struct cf_env *e, unsigned int n, int (*fn)(struct cf_env *, void *),
		    void *arg);
/* CF_FAIL with a report when it is not done in CF_PATIENCE; else what @fn returned. */
int cf_thread_join(struct cf_env *e, unsigned int n);
bool cf_thread_done(struct cf_env *e, unsigned int n);
/* Whether a slot that a thread counts up has come to @n, or it is later than @end_ms. */
bool cf_reached(struct cf_env *e, unsigned int slot, u64 n, u64 end_ms);
void cf_sleep_ms(unsigned int ms);

/* In a loop that does not wait: who is not preempted lets others run, as in some kernels. */
#ifdef __KERNEL__
#define cf_breathe() cond_resched()
#else
#define cf_breathe() ((void)0)
#endif
u64 cf_now_ms(void);
/* Where a clause's generator begins: @own, changed by cf_seed(). Never 0. */
u64 cf_seeded(u64 own);
/* A small generator with the state in the caller's hands; the same numbers everywhere. */
u64 cf_random(u64 *state);
/* What a byte of guest memory holds after cf_paint(). */
u8 cf_paint_byte(u64 gpa);
void cf_paint_bytes(u64 gpa, void *buf, size_t len);
/* Guest memory as the guest stores and loads it, any length. */
int cf_paint(struct cf_env *e, struct mpt_vm *vm, u64 gpa, u64 len);
int cf_guest_load(struct cf_env *e, struct mpt_vm *vm, u64 gpa, void *buf, u64 len);
int cf_guest_store(struct cf_env *e, struct mpt_vm *vm, u64 gpa, const void *buf, u64 len);
struct mpt_vm_stats cf_stats(struct cf_env *e, struct mpt_vm *vm);
/* Zeros without the check layer. */
struct mpt_ledger cf_ledger(struct cf_env *e);

/* --- keeping the last calls --- */

void cf_calls_forget(void);
void cf_calls_copy(struct cf_calls *to);
/* Between on and off calls are not kept. */
void cf_calls_pause(bool on);
/* Return: a number for cf_call_end(). */
u64 cf_call_begin(enum cf_call_kind kind, const char *name, const char *args, const u64 *value,
		  u32 pointers, unsigned int n);
void cf_call_end(u64 number, u64 answer);
/* What the last call has written through a pointer. */
void cf_call_out(u64 value);

/* The guest's and the device's side, kept as well. */
int cf_guest_read(struct mpt_vm *vm, u64 gpa, void *buf, unsigned int len);
int cf_guest_write(struct mpt_vm *vm, u64 gpa, const void *buf, unsigned int len);
int cf_guest_cfg_read(struct mpt_vm *vm, unsigned int offset, void *buf, unsigned int len);
int cf_guest_cfg_write(struct mpt_vm *vm, unsigned int offset, const void *buf, unsigned int len);
int cf_bus_read(struct mpt_host *host, u64 dma_addr, void *buf, unsigned int len);
int cf_bus_write(struct mpt_host *host, u64 dma_addr, const void *buf, unsigned int len);
int cf_ram_add(struct mpt_vm *vm, u64 gpa, u64 size, unsigned int flags);
int cf_ram_remove(struct mpt_vm *vm, u64 gpa, u64 size);
int cf_ram_move(struct mpt_vm *vm, u64 gpa, u64 size, u64 new_gpa);
#ifndef CF_CALLS_KEEPER
#define mpt_guest_read cf_guest_read
#define mpt_guest_write cf_guest_write
#define mpt_guest_cfg_read cf_guest_cfg_read
#define mpt_guest_cfg_write cf_guest_cfg_write
#define mpt_bus_read cf_bus_read
#define mpt_bus_write cf_bus_write
#define mpt_ram_add cf_ram_add
#define mpt_ram_remove cf_ram_remove
#define mpt_ram_move cf_ram_move
#endif

#endif
