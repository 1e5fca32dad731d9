/* SPDX-License-Identifier: MIT */
/*
 * What the files of the synthetic guest share: its memory, engines, address spaces, contexts.
 * The first failed check stays; after it every access and every check does nothing, so that a step
 * needs no way out of its own.
 */
#ifndef MPT_GUEST_PRIV_H
#define MPT_GUEST_PRIV_H

#include <string.h>

#include "guest.h"

#define G_PAGE 4096U
#define G_ARRAY(a) (sizeof(a) / sizeof((a)[0]))
#define G_OBJECTS 64
#define G_CONTEXTS 24
#define G_CSB_ENTRIES 6
#define G_BLIT_BYTES 0x10000U
#define G_WAITS 10000 /* calls of wait until something counts as lost */

/* Memory with an address in the GGTT; its pages follow each other. */
struct guest_gm {
	u64 addr, gpa;
	u32 pages;
};

/* Part of the graphics addresses: what PVINFO gives, and how much of it is used. */
struct guest_range {
	u64 start, size, used;
};

struct guest_vm {
	int levels;
	u64 root[4]; /* the PML4, or the page directories */
	u64 scratch[4]; /* page, table, directory, PDP table */
	bool announced;
};

enum guest_engine_id { G_RCS, G_BCS, G_VCS, G_VECS, G_NUM_ENGINES };

struct guest_engine_info {
	const char *name;
	u32 base;
	u32 gt; /* number of the GT interrupt registers */
	u32 shift; /* of its bits in them */
	u32 master; /* bit of the master register */
	u32 reset; /* bit of GDRST */
	u32 context_pages;
};
extern const struct guest_engine_info guest_engines[G_NUM_ENGINES];

struct guest_csb {
	u32 status, id;
};

struct guest_engine {
	const struct guest_engine_info *info;
	struct guest_gm hwsp;
	u32 csb_head;
	struct guest_ctx *pending[2], *inflight[2];
	bool acked; /* nothing pending */
	struct guest_csb log[16]; /* since guest_log_clear() */
	u32 logged;
	u32 user; /* user interrupts */
	u32 slots; /* seqno slots given out */
	struct guest_gm wa; /* rcs: what runs at each context switch */
};

/* A context with its ring; also the timeline of its requests. */
struct guest_ctx {
	struct guest_engine *e;
	struct guest_vm *vm;
	struct guest_gm image, ring;
	u32 id;
	u32 tail; /* bytes emitted, in the ring */
	u32 submitted; /* the tail that ELSP was told last */
	u32 seqno; /* of the last request */
	u32 slot; /* byte in the status page */
	u32 head, postfix; /* of the last request: where it begins, where its breadcrumb begins */
	bool force_restore;
};

/* Commands on their way to a batch or a ring. */
struct guest_cs {
	u32 dw[3072];
	u32 n;
	bool full;
};

struct guest {
	struct guest_config c;
	struct guest_result r;
	unsigned int next; /* step */
	bool failed;
	u64 ram_low, ram_high; /* free RAM is between them */

	u64 bar2_size;
	u32 msi_cap;
	struct guest_range low, high;
	u32 fences;

	struct guest_gm objects[G_OBJECTS];
	u32 num_objects;
	struct guest_engine engine[G_NUM_ENGINES];
	struct guest_vm vm[2];
	struct guest_ctx ctx[G_CONTEXTS];
	u32 num_ctx;
	bool irq_on;

	/* of vm[0]: guest-physical pages behind the addresses in guest_va */
	u64 batch, data4k, data64k, data2m, far;
	u64 batch1, data1; /* of vm[1] */
	struct guest_ctx *work[G_NUM_ENGINES], *other[G_NUM_ENGINES];
	struct guest_cs cs, ring_cs; /* a batch, a request */
	u8 blit_src[G_BLIT_BYTES], blit_want[G_BLIT_BYTES];
};

/* Addresses in vm[0]; each kind of leaf has 2 MiB of its own. */
#define G_VA_BATCH 0x200000ULL /* 16 pages */
#define G_VA_4K 0x220000ULL
#define G_VA_MOVE 0x230000ULL
#define G_VA_64K 0x400000ULL
#define G_VA_2M 0x600000ULL
#define G_VA_BLIT 0x800000ULL
#define G_VA_MANY 0xa00000ULL
#define G_BATCH_PAGES 16

/* --- guest.c: steps and checks --- */
void guest_fail(struct guest *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool guest_expect(struct guest *g, u64 seen, u64 expected, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* @ok: what is expected, in words. */
bool guest_check(struct guest *g, bool ok, u64 seen, const char *what, const char *expected);

/* --- io.c: accesses --- */
u32 guest_cfg_read(struct guest *g, u32 offset, u32 len);
void guest_cfg_write(struct guest *g, u32 offset, u32 value, u32 len);
u64 guest_bar0_read(struct guest *g, u64 offset, u32 len);
void guest_bar0_write(struct guest *g, u64 offset, u64 value, u32 len);
void guest_aperture_read(struct guest *g, u64 addr, void *buf, u32 len);
void guest_aperture_write(struct guest *g, u64 addr, const void *buf, u32 len);
void guest_ram_read(struct guest *g, u64 gpa, void *buf, u32 len); /* within a page */
void guest_ram_write(struct guest *g, u64 gpa, const void *buf, u32 len);
bool guest_irq_take(struct guest *g, struct mpt_irq *irq);
void guest_wait(struct guest *g);

static inline u32 guest_reg(struct guest *g, u32 reg)
{
	return (u32)guest_bar0_read(g, reg, 4);
}

static inline void guest_reg_set(struct guest *g, u32 reg, u32 value)
{
	guest_bar0_write(g, reg, value, 4);
}

/* Registers whose upper half says which bits of the lower one change. */
#define G_ON(bits) ((u32)(bits) << 16 | (u32)(bits))
#define G_OFF(bits) ((u32)(bits) << 16)

u32 guest_ram32(struct guest *g, u64 gpa);
u64 guest_ram64(struct guest *g, u64 gpa);
void guest_ram32_set(struct guest *g, u64 gpa, u32 value);
void guest_ram64_set(struct guest *g, u64 gpa, u64 value);
/* Polls a register; fails when it never shows @value under @mask. */
void guest_reg_wait(struct guest *g, u32 reg, u32 mask, u32 value, const char *what);

/* --- memory.c: RAM and graphics addresses; step --- */
u64 guest_alloc(struct guest *g, u32 pages, u32 align); /* zeroed; @align in pages; 0: failed */
struct guest_gm guest_gm_new(struct guest *g, struct guest_range *range, u32 pages);
void guest_step_pvinfo(struct guest *g);
void guest_step_ggtt(struct guest *g);
void guest_ggtt_clear(struct guest *g);

/* --- pci.c --- */
void guest_step_pci(struct guest *g);
void guest_pci_off(struct guest *g);

/* --- gt.c: forcewake, resets, engines, interrupts --- */
void guest_step_gt(struct guest *g);
void guest_step_engines(struct guest *g);
void guest_forcewake(struct guest *g, bool on);
void guest_engine_resume(struct guest *g, struct guest_engine *e);
void guest_engine_reset(struct guest *g, struct guest_engine *e);
void guest_gt_resume(struct guest *g);
void guest_gt_off(struct guest *g);
void guest_full_reset(struct guest *g);

/* --- ppgtt.c --- */
void guest_vm_new(struct guest *g, struct guest_vm *vm);
void guest_vm_notify(struct guest *g, struct guest_vm *vm, bool create);
void guest_vm_map(struct guest *g, struct guest_vm *vm, u64 va, u64 gpa, u32 pages);
void guest_vm_map_64k(struct guest *g, struct guest_vm *vm, u64 va, u64 gpa);
void guest_vm_map_2m(struct guest *g, struct guest_vm *vm, u64 va, u64 gpa);
/* Guest-physical address of the entry at @level (1: of a page) for @va; tables above are made. */
u64 guest_vm_entry(struct guest *g, struct guest_vm *vm, u64 va, int level);
u64 guest_vm_pte(u64 gpa);
u64 guest_va_far(const struct guest_vm *vm);
void guest_step_ppgtt(struct guest *g);

/* --- context.c: images, rings, requests --- */
struct guest_ctx *guest_ctx_new(struct guest *g, enum guest_engine_id id, struct guest_vm *vm,
				u32 ring_pages);
u32 guest_ctx_read(struct guest *g, const struct guest_ctx *ctx, u32 dw);
void guest_ctx_write(struct guest *g, const struct guest_ctx *ctx, u32 dw, u32 value);
void guest_step_contexts(struct guest *g);
/* A request: @batch is an address in the context's space, ~0: no batch. */
void guest_request(struct guest *g, struct guest_ctx *ctx, u64 batch);
/* What the invalidation at a request's begin sets to 0 in the context's own status page. */
u32 guest_ctx_scratch(struct guest *g, const struct guest_ctx *ctx);

/* Dwords of the register state (Linux 6.1 gt/intel_lrc_reg.h; from memory). */
#define G_CTX_CONTROL 0x03
#define G_CTX_HEAD 0x05
#define G_CTX_TAIL 0x07
#define G_CTX_START 0x09
#define G_CTX_CTL 0x0b
#define G_CTX_BB_STATE 0x11
#define G_CTX_WA_BB 0x19
#define G_CTX_INDIRECT 0x1b
#define G_CTX_INDIRECT_OFFSET 0x1d
#define G_CTX_TIMESTAMP 0x23
#define G_CTX_PDP3_UDW 0x25
#define G_CTX_PDP0_UDW 0x31
#define G_CTX_PDP0_LDW 0x33
#define G_CTX_GPR0 0x69 /* value of GPR 0's low half; 4 dwords a register */

/* --- submit.c: ELSP, events, interrupts --- */
void guest_submit(struct guest *g, struct guest_ctx *a, struct guest_ctx *b);
void guest_poll(struct guest *g); /* lets the device run and serves its interrupts */
bool guest_done(struct guest *g, const struct guest_ctx *ctx);
void guest_wait_acked(struct guest *g, struct guest_engine *e);
void guest_wait_done(struct guest *g, struct guest_ctx *ctx);
void guest_wait_idle(struct guest *g, struct guest_engine *e);
void guest_log_clear(struct guest_engine *e);
void guest_log_expect(struct guest *g, const struct guest_engine *e, const struct guest_csb *csb,
		      u32 n);
/* A batch in vm[0] or vm[1] is written, submitted alone, waited for. */
void guest_exec(struct guest *g, struct guest_ctx *ctx, struct guest_cs *batch);

#define G_CSB_IDLE_ACTIVE (1U << 0)
#define G_CSB_PREEMPTED (1U << 1)
#define G_CSB_ELEMENT_SWITCH (1U << 2)
#define G_CSB_ACTIVE_IDLE (1U << 3)
#define G_CSB_COMPLETE (1U << 4)
#define G_CSB_LITE_RESTORE (1U << 15)

/* --- cs.c: commands --- */
void guest_cs_begin(struct guest_cs *cs);
void guest_cs_put(struct guest_cs *cs, u32 dw);
void guest_cs_addr(struct guest_cs *cs, u64 addr);
void guest_cs_end(struct guest_cs *cs);
void guest_cs_store(struct guest_cs *cs, u64 addr, u32 value);
void guest_cs_store64(struct guest_cs *cs, u64 addr, u64 value);
void guest_cs_lri(struct guest_cs *cs, u32 reg, u32 value);
void guest_cs_lri64(struct guest_cs *cs, u32 reg, u64 value);
void guest_cs_srm(struct guest_cs *cs, u32 reg, u64 addr);
void guest_cs_srm64(struct guest_cs *cs, u32 reg, u64 addr);
void guest_cs_lrm(struct guest_cs *cs, u32 reg, u64 addr);
void guest_cs_lrr(struct guest_cs *cs, u32 from, u32 to);
void guest_cs_math(struct guest_cs *cs, u32 op, u32 a, u32 b, u32 to); /* of GPRs */
void guest_cs_copy(struct guest_cs *cs, u64 from, u64 to);
void guest_cs_wait_eq(struct guest_cs *cs, u64 addr, u32 value);
void guest_cs_jump(struct guest_cs *cs, u64 batch); /* in the PPGTT */
u32 guest_gpr(const struct guest_engine *e, u32 n);

#define G_ALU_ADD 0x100U
#define G_ALU_SUB 0x101U
#define G_ALU_AND 0x102U
#define G_ALU_OR 0x103U
#define G_ALU_XOR 0x104U

/* --- the steps that execute --- */
void guest_step_batches(struct guest *g); /* work.c */
void guest_step_wrap(struct guest *g);
void guest_step_elements(struct guest *g); /* order.c */
void guest_step_lite(struct guest *g);
void guest_step_preempt(struct guest *g);
void guest_step_semaphore(struct guest *g);
void guest_step_registers(struct guest *g);
void guest_step_tables(struct guest *g); /* work.c */
void guest_step_blits(struct guest *g); /* blit.c */
void guest_step_hang(struct guest *g); /* hang.c */
void guest_step_reset(struct guest *g);

#endif
