/* SPDX-License-Identifier: MIT */
/*
 * A vGPU over fake engines as the tests of submission need it: contexts with images, rings and page
 * tables in the guest's RAM, status pages, interrupts open. As a driver would make them; the tests
 * break them afterwards.
 */
#ifndef MPT_TESTS_EXEC_RIG_H
#define MPT_TESTS_EXEC_RIG_H

#include "fake_hw.h"
#include "gvt/execlist.h"
#include "gvt/spt.h"
#include "gvt_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define EXEC_VMS 4
#define CTX_STEP 0x10000ULL
#define CTX_RING 0x8000ULL /* from the context's begin */
#define CTX_RING_SIZE 0x1000U
#define HWS 0x800000ULL
#define GPA_CTX 0x100000ULL
#define GPA_HWS 0x80000ULL
#define GPA_PML4 0x400000ULL /* zeroed, four pages a context */
#define GDRST 0x941cU
#define MI_MODE 0x9c
#define RESET_CTL 0xd0
#define MASTER 0x44200U

/* Dwords of an image's registers. */
#define IMG_HEAD 0x05
#define IMG_TAIL 0x07
#define IMG_START 0x09
#define IMG_CTL 0x0b
#define IMG_PDP_UDW(n) (0x31 - 4 * (n))
#define IMG_PDP_LDW(n) (0x33 - 4 * (n))

struct exec {
	struct rig r[EXEC_VMS]; /* host and device of all are the first one's */
	unsigned int vgpus;
	struct gvt_hw hw;
	u64 low; /* where the first one's aperture begins, the others behind it */
	u32 csb_seen[EXEC_VMS][GVT_NUM_ENGINES];
};

static const u32 exec_base[GVT_NUM_ENGINES] = { 0x2000, 0x12000, 0x22000, 0x1a000 };

/* --- guest memory and registers --- */

static inline u32 ram_get(struct rig *r, u64 gpa)
{
	u32 value = 0;

	rig_ok(mpt_guest_read(r->vm, gpa, &value, 4));
	return value;
}

static inline void ram_set(struct rig *r, u64 gpa, u32 value)
{
	rig_ok(mpt_guest_write(r->vm, gpa, &value, 4));
}

static inline u64 ctx_addr(const struct rig *r, unsigned int ctx)
{
	return r->v->low.start + ctx * CTX_STEP;
}

static inline u64 img_gpa(unsigned int ctx, unsigned int dword)
{
	return GPA_CTX + ctx * CTX_STEP + 0x1000 + 4 * dword;
}

static inline u32 img(struct rig *r, unsigned int ctx, unsigned int dword)
{
	return ram_get(r, img_gpa(ctx, dword));
}

static inline void img_set(struct rig *r, unsigned int ctx, unsigned int dword, u32 value)
{
	ram_set(r, img_gpa(ctx, dword), value);
}

static inline void ring_set(struct rig *r, unsigned int ctx, u32 offset, u32 value)
{
	ram_set(r, GPA_CTX + ctx * CTX_STEP + CTX_RING + offset, value);
}

static inline void exec_pte(struct rig *r, u64 addr, u64 entry)
{
	rig_write(r, GVT_GTT_OFFSET + (addr >> 12) * 8, entry, 8);
}

static inline u32 ctx_low(const struct rig *r, unsigned int ctx)
{
	return (u32)ctx_addr(r, ctx) | 1U << 8 | 3U << 3 | 1;
}

static inline u32 ctx_id(unsigned int ctx)
{
	return 0x100 + ctx;
}

/* The ring has @dwords commands more; returns the tail. */
static inline u32 ctx_more(struct rig *r, unsigned int ctx, u32 dwords)
{
	u32 tail = (img(r, ctx, IMG_TAIL) + 4 * dwords) % CTX_RING_SIZE;

	img_set(r, ctx, IMG_TAIL, tail);
	return tail;
}

static inline void ctx_init(struct rig *r, unsigned int ctx)
{
	u64 addr = ctx_addr(r, ctx), gpa = GPA_CTX + ctx * CTX_STEP;

	exec_pte(r, addr, gpa | 1);
	exec_pte(r, addr + 0x1000, (gpa + 0x1000) | 1);
	exec_pte(r, addr + CTX_RING, (gpa + CTX_RING) | 1);
	img_set(r, ctx, IMG_HEAD, 0);
	img_set(r, ctx, IMG_TAIL, 0);
	img_set(r, ctx, IMG_START, (u32)(addr + CTX_RING));
	img_set(r, ctx, IMG_CTL, 1);
	img_set(r, ctx, IMG_PDP_UDW(0), 0);
	img_set(r, ctx, IMG_PDP_LDW(0), (u32)(GPA_PML4 + ctx * 0x4000));
}

/* What loading one of these contexts costs: @dwords in the ring, a root table without entries. */
static inline u64 load_cost(u32 dwords)
{
	return GVT_LOAD_COST + GVT_SPT_COMPARE_COST + dwords;
}

/* --- submission --- */

static inline int elsp_try(struct rig *r, enum gvt_engine e, const u32 dw[4])
{
	int i, ret = 0;

	for (i = 0; i < 4 && !ret; i++) {
		u32 value = dw[i];

		ret = r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + exec_base[e] + 0x230, &value,
						 4);
	}
	return ret;
}

/* @second: -1: none. */
static inline void submit(struct rig *r, enum gvt_engine e, unsigned int first, int second)
{
	u32 dw[4] = { 0, 0, ctx_id(first), ctx_low(r, first) };

	if (second >= 0) {
		dw[0] = ctx_id((unsigned int)second);
		dw[1] = ctx_low(r, (unsigned int)second);
	}
	rig_ok(elsp_try(r, e, dw));
}

static inline u32 ereg(struct rig *r, enum gvt_engine e, u32 offset)
{
	return rig_reg(r, exec_base[e] + offset);
}

static inline void ereg_set(struct rig *r, enum gvt_engine e, u32 offset, u32 value)
{
	rig_reg_set(r, exec_base[e] + offset, value);
}

static inline struct fake_engine *fake(struct rig *r, enum gvt_engine e)
{
	return r->v->exec->engine[e].hw;
}

static inline void script(struct rig *r, enum gvt_engine e, enum gvt_hw_state state, u64 units,
			  u32 dwords)
{
	struct fake_engine *f = fake(r, e);

	ck_assert_uint_lt(f->steps, FAKE_STEPS);
	f->step[f->steps++] = (struct fake_step){ state, units, dwords };
}

/* --- what the guest is told --- */

#define csb_is(x, e, ...) \
	csb_check((x), 0, (e), (const u32[][2]){ __VA_ARGS__ }, \
		  sizeof((const u32[][2]){ __VA_ARGS__ }) / 8)
#define csb_none(x, e) csb_check((x), 0, (e), NULL, 0)

/* The entries since the last call, in the status page; the registers say the same. */
static inline void csb_check(struct exec *x, unsigned int n, enum gvt_engine e,
			     const u32 (*want)[2], size_t count)
{
	struct rig *r = &x->r[n];
	u64 page = GPA_HWS + e * 0x1000;
	u32 *seen = &x->csb_seen[n][e], last = ram_get(r, page + 0x7c);
	size_t i;

	for (i = 0; i < count; i++) {
		ck_assert_msg(*seen != last, "entry %zu of engine %d is missing", i, e);
		*seen = (*seen + 1) % 6;
		ck_assert_msg(ram_get(r, page + 0x40 + 8 * *seen) == want[i][0],
			      "entry %zu: 0x%x, not 0x%x", i, ram_get(r, page + 0x40 + 8 * *seen),
			      want[i][0]);
		ck_assert_uint_eq(ram_get(r, page + 0x44 + 8 * *seen), want[i][1]);
		ck_assert_uint_eq(ereg(r, e, 0x370 + 8 * *seen), want[i][0]);
		ck_assert_uint_eq(ereg(r, e, 0x374 + 8 * *seen), want[i][1]);
	}
	ck_assert_msg(*seen == last, "more entries than %zu: 0x%x", count,
		      ram_get(r, page + 0x40 + 8 * ((*seen + 1) % 6)));
	ck_assert(!count || (ereg(r, e, 0x3a0) & 7) == last);
}

static inline unsigned int msis(struct rig *r)
{
	struct mpt_irq irq;
	unsigned int n = 0;

	while (!mpt_irq_take(r->vm, &irq))
		n++;
	return n;
}

/* --- the device --- */

/* What a driver does after a reset: execlists on, status pages, pointers, interrupts. */
static inline void exec_resume(struct exec *x, unsigned int n)
{
	static const u32 gt[] = { 0x44300, 0x44310, 0x44330 };
	struct rig *r = &x->r[n];
	enum gvt_engine e;
	size_t i;

	rig_reg(r, GVT_PVINFO_OFFSET);
	for (i = 0; i < N(gt); i++) {
		rig_reg_set(r, gt[i] + 4, 0);
		rig_reg_set(r, gt[i] + 0xc, ~0U);
	}
	for (e = 0; e < GVT_NUM_ENGINES; e++) {
		exec_pte(r, r->v->low.start + HWS + e * 0x1000, (GPA_HWS + e * 0x1000) | 1);
		ereg_set(r, e, 0xa8, 0);
		ereg_set(r, e, 0x80, (u32)(r->v->low.start + HWS + e * 0x1000));
		ereg_set(r, e, 0x29c, 0x80008000);
		ereg_set(r, e, 0x3a0, 0xffff0505);
		ram_set(r, GPA_HWS + e * 0x1000 + 0x7c, 5);
		x->csb_seen[n][e] = 5;
	}
	rig_reg_set(r, MASTER, 1U << 31);
}

static inline void exec_contexts(struct rig *r)
{
	unsigned int ctx;

	for (ctx = 0; ctx < 6; ctx++)
		ctx_init(r, ctx);
}

/* The nth: 16 MiB of each kind of memory, in a VM of its own. */
static inline void exec_vgpu(struct exec *x, unsigned int n, u32 weight)
{
	struct rig *r = &x->r[n];
	struct intel_vgpu_type type;

	*r = x->r[0];
	if (n) {
		rig_ok(mpt_vm_create(r->host, n + 1));
		rig_ok(mpt_vm_get(r->host, n + 1, &r->vm));
		rig_ok(mpt_ram_add(r->vm, 0, RIG_RAM, 0));
	}
	gvt_type_init(&type, 16ULL << 20, 16ULL << 20, 4);
	type.weight = weight;
	type.low_start = x->low + ((16ULL * n) << 20);
	r->vgpu = mpt_vgpu_create(r->vm, r->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(r->vgpu), "%s", mpt_last_error());
	r->v = to_gvt_vgpu(r->vgpu);
	r->ops->vgpu_activate(r->vgpu);
	rig_cfg_place(r);
	exec_resume(x, n);
	exec_contexts(r);
}

static inline void exec_device(struct exec *x, const char *spec, struct gvt_config *config)
{
	struct rig *r = &x->r[0];

	memset(x, 0, sizeof(*x));
	x->low = 64ULL << 20;
	fake_fail_at = 0;
	rig_open_spec(r, spec, NULL);
	rig_ok(mpt_vgpu_destroy(r->vm, r->vgpu));
	rig_ok(gvt_close(r->gvt));
	fake_open(r->host, &x->hw);
	config->size = sizeof(*config);
	config->aperture = 256ULL << 20;
	config->hw = &x->hw;
	rig_ok(gvt_open(r->host, config, &r->gvt));
}

static inline void exec_open_spec(struct exec *x, const char *spec, unsigned int vgpus)
{
	struct gvt_config config = { .pvmmio = GVT_PVMMIO_ELSP };

	exec_device(x, spec, &config);
	for (x->vgpus = 0; x->vgpus < vgpus; x->vgpus++)
		exec_vgpu(x, x->vgpus, 4);
}

static inline void exec_open(struct exec *x)
{
	exec_open_spec(x, RIG_SPEC, 1);
}

static inline void exec_destroy(struct exec *x, unsigned int n)
{
	if (x->r[n].vgpu)
		rig_ok(mpt_vgpu_destroy(x->r[n].vm, x->r[n].vgpu));
	x->r[n].vgpu = NULL;
}

static inline void exec_close(struct exec *x)
{
	unsigned int n;

	for (n = 0; n < x->vgpus; n++)
		exec_destroy(x, n);
	for (n = 1; n < x->vgpus; n++) {
		mpt_vm_put(x->r[n].vm);
		rig_ok(mpt_vm_destroy(x->r[0].host, n + 1));
	}
	ck_assert_uint_eq(fake_engines, 0);
	ck_assert(!gvt_run_pending(x->r[0].gvt));
	rig_ok(gvt_close(x->r[0].gvt));
	x->hw.close(x->hw.priv);
	x->r[0].gvt = NULL;
	rig_close(&x->r[0]);
}

#endif
