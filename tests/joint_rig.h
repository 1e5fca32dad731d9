/* SPDX-License-Identifier: MIT */
/*
 * vGPUs over the software GPU, each in a VM of its own, as the tests of the whole way of a
 * submission need them: contexts with images, rings, page tables and batches in the guest's RAM,
 * as a driver makes them. Nothing below is replaced; what is wrong is what a test breaks later.
 */
#ifndef MPT_TESTS_JOINT_RIG_H
#define MPT_TESTS_JOINT_RIG_H

#include "gvt/execlist.h"
#include "gvt_rig.h"

#define J_VMS GVT_MAX_VGPU
#define J_CONTEXTS 6U
#define J_RING_SIZE 0x1000U
#define J_GDRST 0x941cU

/* Guest-physical; a context's have its number times the step in them. */
#define J_STEP 0x10000ULL
#define J_GPA_HWS 0x80000ULL /* a page for each engine */
#define J_GPA_CTX 0x100000ULL /* status page, image */
#define J_GPA_RING (J_GPA_CTX + 0x8000)
#define J_GPA_TABLES 0x400000ULL /* PML4, PDP, PD, PT */
#define J_GPA_BATCH 0x500000ULL
#define J_GPA_DATA 0x600000ULL
/* Graphics addresses, from the vGPU's low range on: the same memory. */
#define J_GM_HWS 0x800000ULL
#define J_GM_BATCH 0x900000ULL
#define J_GM_DATA 0xa00000ULL
/* In each context's page tables, of 4 levels or 3: 2 MiB that one page table maps. */
#define J_VA 0x40200000ULL
#define J_VA_BATCH J_VA
#define J_VA_DATA (J_VA + 0x10000)

/* Dwords of an image (Linux 6.1 i915 gt/intel_lrc_reg.h). */
#define J_IMG_HEAD 0x05
#define J_IMG_TAIL 0x07
#define J_IMG_START 0x09
#define J_IMG_CTL 0x0b
#define J_IMG_PDP_UDW(n) (0x31U - 4 * (n))
#define J_IMG_PDP_LDW(n) (0x33U - 4 * (n))

#define J_NOOP 0U
#define J_BB_END (0x0aU << 23)
#define J_USER_INTERRUPT (0x02U << 23)
#define J_LO(addr) (u32)(addr), (u32)((u64)(addr) >> 32)
#define J_STORE(addr, value) 0x20U << 23 | 2, J_LO(addr), (value)
#define J_STORE_GGTT(addr, value) 0x20U << 23 | 1U << 22 | 2, J_LO(addr), (value)
#define J_COPY(to, from) 0x2eU << 23 | 3, J_LO(to), J_LO(from)
#define J_START_PPGTT(addr) 0x31U << 23 | 1U << 8 | 1, J_LO(addr)
#define J_START_GGTT(addr) 0x31U << 23 | 1, J_LO(addr)

struct joint {
	struct rig r[J_VMS]; /* host and device of all are the first one's */
	unsigned int vgpus;
};

static const u32 j_base[GVT_NUM_ENGINES] = { 0x2000, 0x12000, 0x22000, 0x1a000 };

/* --- guest memory --- */

static inline u32 j_get(struct rig *r, u64 gpa)
{
	u32 value = 0;

	rig_ok(mpt_guest_read(r->vm, gpa, &value, 4));
	return value;
}

static inline void j_set(struct rig *r, u64 gpa, u32 value)
{
	rig_ok(mpt_guest_write(r->vm, gpa, &value, 4));
}

static inline void j_set64(struct rig *r, u64 gpa, u64 value)
{
	rig_ok(mpt_guest_write(r->vm, gpa, &value, 8));
}

static inline u64 j_gm(const struct rig *r, u64 offset)
{
	return r->v->low.start + offset;
}

static inline void j_ggtt(struct rig *r, u64 addr, u64 entry)
{
	rig_write(r, GVT_GTT_OFFSET + (addr >> 12) * 8, entry, 8);
}

/* Where a context's @base is. */
static inline u64 j_of(u64 base, unsigned int ctx)
{
	return base + ctx * J_STEP;
}

static inline u64 j_img_gpa(unsigned int ctx, unsigned int dword)
{
	return j_of(J_GPA_CTX, ctx) + 0x1000 + 4 * dword;
}

static inline u32 j_img(struct rig *r, unsigned int ctx, unsigned int dword)
{
	return j_get(r, j_img_gpa(ctx, dword));
}

static inline void j_img_set(struct rig *r, unsigned int ctx, unsigned int dword, u32 value)
{
	j_set(r, j_img_gpa(ctx, dword), value);
}

/* The entry for an address of the 2 MiB from J_VA on. */
static inline void j_map(struct rig *r, unsigned int ctx, u64 va, u64 entry)
{
	j_set64(r, j_of(J_GPA_TABLES, ctx) + 0x3000 + (va >> 12 & 511) * 8, entry);
}

/* --- a context --- */

static inline void j_tables(struct rig *r, unsigned int ctx)
{
	u64 t = j_of(J_GPA_TABLES, ctx);

	j_set64(r, t, (t + 0x1000) | 3);
	j_set64(r, t + 0x1000 + (J_VA >> 30 & 511) * 8, (t + 0x2000) | 3);
	j_set64(r, t + 0x2000 + (J_VA >> 21 & 511) * 8, (t + 0x3000) | 3);
	j_map(r, ctx, J_VA_BATCH, j_of(J_GPA_BATCH, ctx) | 3);
	j_map(r, ctx, J_VA_DATA, j_of(J_GPA_DATA, ctx) | 3);
}

/* The lists of Linux 6.1 gt/intel_lrc.c for gen9, without those of the 3D state. */
static inline void j_image(struct rig *r, enum gvt_engine e, unsigned int ctx)
{
	static const u16 first[] = { 0x244, 0x34, 0x30, 0x38, 0x3c, 0x168,
				     0x140, 0x110, 0x11c, 0x114, 0x118 };
	u64 pml4 = j_of(J_GPA_TABLES, ctx);
	unsigned int i;

	j_img_set(r, ctx, 1, 0x22U << 23 | 1U << 12 | 21);
	for (i = 0; i < 11; i++) {
		j_img_set(r, ctx, 2 + 2 * i, j_base[e] + first[i]);
		j_img_set(r, ctx, 3 + 2 * i, 0);
	}
	j_img_set(r, ctx, 0x21, 0x22U << 23 | 1U << 12 | 17);
	for (i = 0x22; i < 0x34; i += 2)
		j_img_set(r, ctx, i, j_base[e] + (i == 0x22 ? 0x3a8 : 0x28c - 2 * (i - 0x24)));
	j_img_set(r, ctx, 0x34, J_BB_END);
	j_img_set(r, ctx, J_IMG_START, (u32)j_gm(r, j_of(0x8000, ctx)));
	j_img_set(r, ctx, J_IMG_CTL, 1);
	j_img_set(r, ctx, J_IMG_PDP_LDW(0), (u32)pml4);
	j_img_set(r, ctx, J_IMG_PDP_UDW(0), (u32)(pml4 >> 32));
}

/* What a DMLR takes away of a context: its graphics memory. */
static inline void j_place(struct rig *r, unsigned int ctx)
{
	j_ggtt(r, j_gm(r, j_of(0, ctx)), j_of(J_GPA_CTX, ctx) | 1);
	j_ggtt(r, j_gm(r, j_of(0x1000, ctx)), (j_of(J_GPA_CTX, ctx) + 0x1000) | 1);
	j_ggtt(r, j_gm(r, j_of(0x8000, ctx)), j_of(J_GPA_RING, ctx) | 1);
	j_ggtt(r, j_gm(r, j_of(J_GM_BATCH, ctx)), j_of(J_GPA_BATCH, ctx) | 1);
	j_ggtt(r, j_gm(r, j_of(J_GM_DATA, ctx)), j_of(J_GPA_DATA, ctx) | 1);
}

/* Every context is made for one engine: its image names that engine's registers. */
static inline enum gvt_engine j_engine(unsigned int ctx)
{
	return (enum gvt_engine)(ctx % GVT_NUM_ENGINES);
}

static inline void j_context(struct rig *r, unsigned int ctx)
{
	j_place(r, ctx);
	j_tables(r, ctx);
	j_image(r, j_engine(ctx), ctx);
}

static inline void j_batch_at(struct rig *r, u64 gpa, const u32 *dw, size_t n)
{
	rig_ok(mpt_guest_write(r->vm, gpa, dw, (unsigned int)(n * 4)));
}

#define j_batch(r, ctx, ...) \
	j_batch_at((r), j_of(J_GPA_BATCH, (ctx)), (const u32[]){ __VA_ARGS__ }, \
		   sizeof((const u32[]){ __VA_ARGS__ }) / 4)

/* Behind what is in the ring; the tail stays a multiple of 8. */
static inline void j_ring_add(struct rig *r, unsigned int ctx, const u32 *dw, size_t n)
{
	u32 tail = j_img(r, ctx, J_IMG_TAIL);
	size_t i;

	for (i = 0; i < n + n % 2; i++) {
		j_set(r, j_of(J_GPA_RING, ctx) + tail, i < n ? dw[i] : J_NOOP);
		tail = (tail + 4) % J_RING_SIZE;
	}
	j_img_set(r, ctx, J_IMG_TAIL, tail);
}

#define j_ring(r, ctx, ...) \
	j_ring_add((r), (ctx), (const u32[]){ __VA_ARGS__ }, \
		   sizeof((const u32[]){ __VA_ARGS__ }) / 4)

/* --- submission --- */

static inline u32 j_low(const struct rig *r, unsigned int ctx)
{
	return (u32)j_gm(r, j_of(0, ctx)) | 1U << 8 | 3U << 3 | 1;
}

static inline u32 j_id(unsigned int ctx)
{
	return 0x100 + ctx;
}

static inline int j_elsp(struct rig *r, enum gvt_engine e, const u32 dw[4])
{
	int i, ret = 0;

	for (i = 0; i < 4 && !ret; i++) {
		u32 value = dw[i];

		ret = r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + j_base[e] + 0x230, &value, 4);
	}
	return ret;
}

/* One context, on the engine that it is made for. */
static inline int j_try(struct rig *r, unsigned int ctx)
{
	const u32 dw[4] = { 0, 0, j_id(ctx), j_low(r, ctx) };

	return j_elsp(r, j_engine(ctx), dw);
}

static inline void j_submit(struct rig *r, unsigned int ctx)
{
	rig_ok(j_try(r, ctx));
}

/* A batch of the context's own, started from its ring. */
static inline void j_start(struct rig *r, unsigned int ctx)
{
	j_ring(r, ctx, J_START_PPGTT(J_VA_BATCH), J_NOOP);
	j_submit(r, ctx);
}

/* --- the device --- */

/* What a driver does after a reset: execlists on, status pages, pointers, interrupts. */
static inline void j_resume(struct rig *r)
{
	static const u32 gt[] = { 0x44300, 0x44310, 0x44330 };
	enum gvt_engine e;
	size_t i;

	rig_reg(r, GVT_PVINFO_OFFSET);
	for (i = 0; i < sizeof(gt) / sizeof(gt[0]); i++) {
		rig_reg_set(r, gt[i] + 4, 0);
		rig_reg_set(r, gt[i] + 0xc, ~0U);
	}
	for (e = 0; e < GVT_NUM_ENGINES; e++) {
		j_ggtt(r, j_gm(r, J_GM_HWS + e * 0x1000), (J_GPA_HWS + e * 0x1000) | 1);
		rig_reg_set(r, j_base[e] + 0xa8, 0);
		rig_reg_set(r, j_base[e] + 0x80, (u32)j_gm(r, J_GM_HWS + e * 0x1000));
		rig_reg_set(r, j_base[e] + 0x29c, 0x80008000);
		rig_reg_set(r, j_base[e] + 0x3a0, 0xffff0505);
	}
	rig_reg_set(r, 0x44200, 1U << 31);
}

static inline void j_create(struct rig *r, unsigned int n)
{
	struct intel_vgpu_type type;

	gvt_type_init(&type, 16ULL << 20, 16ULL << 20, 4);
	type.low_start = (64ULL + 16 * n) << 20;
	r->vgpu = mpt_vgpu_create(r->vm, r->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(r->vgpu), "%s", mpt_last_error());
	r->v = to_gvt_vgpu(r->vgpu);
	r->ops->vgpu_activate(r->vgpu);
	rig_cfg_place(r);
	j_resume(r);
}

/* The nth: 16 MiB of each kind of memory, in a VM of its own. */
static inline void j_vgpu(struct joint *j, unsigned int n)
{
	struct rig *r = &j->r[n];
	unsigned int ctx;

	if (n)
		*r = j->r[0];
	rig_ok(mpt_vm_create(r->host, n + 1));
	rig_ok(mpt_vm_get(r->host, n + 1, &r->vm));
	rig_ok(mpt_ram_add(r->vm, 0, RIG_RAM, 0));
	j_create(r, n);
	for (ctx = 0; ctx < J_CONTEXTS; ctx++)
		j_context(r, ctx);
}

static inline void j_open(struct joint *j, const char *spec, unsigned int vgpus)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256ULL << 20 };
	struct rig *r = &j->r[0];

	memset(j, 0, sizeof(*j));
	r->ledger = strstr(spec, "check,") != NULL;
	rig_ok(mpt_host_open(spec, &r->host));
	rig_ok(mpt_host_set_policy(r->host, MPT_POLICY_RETURN));
	rig_ok(gvt_open(r->host, &config, &r->gvt));
	r->ops = gvt_ops();
	for (j->vgpus = 0; j->vgpus < vgpus; j->vgpus++)
		j_vgpu(j, j->vgpus);
}

static inline void j_destroy(struct rig *r)
{
	if (r->vgpu)
		rig_ok(mpt_vgpu_destroy(r->vm, r->vgpu));
	r->vgpu = NULL;
}

/* No engine has touched what was not mapped for it. */
static inline void j_no_fault(struct joint *j)
{
	struct mpt_iommu_fault f = { 0 };

	if (mpt_fault_take(j->r[0].host, &f) != -ENOENT)
		ck_abort_msg("the device's %s of %u bytes at 0x%llx was refused",
			     f.write ? "write" : "read", f.len, (unsigned long long)f.dma_addr);
}

static inline void j_close(struct joint *j)
{
	unsigned int n;

	j_no_fault(j);
	for (n = 0; n < j->vgpus; n++)
		j_destroy(&j->r[n]);
	for (n = 1; n < j->vgpus; n++) {
		mpt_vm_put(j->r[n].vm);
		rig_ok(mpt_vm_destroy(j->r[0].host, n + 1));
	}
	ck_assert(!gvt_run_pending(j->r[0].gvt));
	rig_close(&j->r[0]);
}

/* Until nobody can go on; @step: of the budget. */
static inline void j_run(struct joint *j, u64 step)
{
	unsigned int calls;

	for (calls = 0; calls < 1000000 && gvt_run(j->r[0].gvt, step); calls++)
		;
	ck_assert_uint_lt(calls, 1000000);
}

#endif
