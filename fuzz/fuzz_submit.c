/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: everything on the way of a submission. A guest has contexts, rings, page tables and
 * batches as a driver makes them; an input changes them, submits, lets the engines run a little and
 * resets. Beside it is a vGPU of another guest, of which nothing may change. No access of an engine
 * leaves what is mapped for it, no step takes long; a driver that begins anew finds the device as
 * new, and at the end nothing is left.
 *
 * Input: operations, a byte each and what it takes (see take_step()). What the input lacks at its
 * end is 0. Of fuzz/corpus/submit, random-* are such operations at random, the others by hand.
 */
#include "asserts.h"

#include <time.h>

#include "tests/joint_rig.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define STEPS 300
#define STEP_SECONDS 5 /* of processor time, with sanitizers */
#define PAGES 10U /* of a context, and three others */
#define CANARY_PAGE 0x5a5a5a5aU

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_STORE, /* a page, offset, dword */
	STEP_ENTRY, /* a page, which of its entries, an entry made of parts */
	STEP_RING, /* a context, a command */
	STEP_BATCH, /* a context, a command behind the last one */
	STEP_FIELD, /* a context, a field of its image, two bytes */
	STEP_SUBMIT, /* engine, two contexts, bits of the descriptors */
	STEP_ELSP, /* engine, dword */
	STEP_RUN, /* budget */
	STEP_RESET, /* of engines */
	STEP_DMLR, /* with or without what a driver does afterwards */
	STEP_GGTT, /* where, an entry */
	STEP_ENGINE_REG, /* engine, offset, value */
	STEP_REG, /* offset, value */
	STEP_NOTIFY, /* a context's tables are created or destroyed; or any roots */
	STEP_REGION, /* RAM goes, or comes */
	STEP_APERTURE, /* where; a read or a write */
	NUM_STEPS
};

struct input {
	const u8 *at;
	size_t left;
};

static struct joint j;
static struct rig *r; /* the guest */
static bool extra;
static u32 batch_at[J_CONTEXTS]; /* where the next command goes, bytes */

static u64 take(struct input *in, unsigned int bytes)
{
	u64 value = 0;

	if (bytes > in->left)
		bytes = (unsigned int)in->left;
	memcpy(&value, in->at, bytes);
	in->at += bytes;
	in->left -= bytes;
	return value;
}

static unsigned int take_below(struct input *in, unsigned int end)
{
	return (unsigned int)take(in, 1) % end;
}

static unsigned int take_context(struct input *in)
{
	return take_below(in, J_CONTEXTS);
}

/* --- places --- */

/* Of everything that matters a page, by guest-physical address. */
static u64 take_page(struct input *in)
{
	unsigned int n = (unsigned int)take(in, 1), ctx = n / PAGES % J_CONTEXTS;
	const u64 page[PAGES] = {
		j_of(J_GPA_CTX, ctx),
		j_of(J_GPA_CTX, ctx) + 0x1000,
		j_of(J_GPA_RING, ctx),
		j_of(J_GPA_TABLES, ctx),
		j_of(J_GPA_TABLES, ctx) + 0x1000,
		j_of(J_GPA_TABLES, ctx) + 0x2000,
		j_of(J_GPA_TABLES, ctx) + 0x3000,
		j_of(J_GPA_BATCH, ctx),
		j_of(J_GPA_DATA, ctx),
		RIG_EXTRA + ctx * 0x1000,
	};

	return n >= PAGES * J_CONTEXTS ? J_GPA_HWS + n % GVT_NUM_ENGINES * 0x1000 : page[n % PAGES];
}

/* Two bytes of flags: the low 13 bits as they are, the rest to the top. */
static u64 take_entry(struct input *in)
{
	u64 page = take_page(in), flags = take(in, 2);

	if (flags == 0xffff)
		return take(in, 8);
	return page | (flags & 0x1fff) | flags >> 13 << 60;
}

/* An address as commands name them: some of the guest's own, the other guest's, or any. */
static u64 take_addr(struct input *in)
{
	unsigned int n = (unsigned int)take(in, 1), ctx = n / 8 % J_CONTEXTS;
	const u64 at[] = {
		J_VA_DATA,
		J_VA_BATCH,
		j_gm(r, j_of(J_GM_DATA, ctx)),
		j_gm(r, j_of(J_GM_BATCH, ctx)),
		j_gm(r, j_of(0x1000, ctx)),
		j_gm(r, j_of(0x8000, ctx)),
		j_gm(&j.r[1], j_of(J_GM_DATA, 0)),
	};

	return n % 8 < N(at) ? at[n % 8] + take(in, 2) : take(in, 6);
}

/* --- commands --- */

/*
 * @n: dwords. Bit i of @addr: dword i begins an address; the others are a byte, or four if its
 * highest bit is set.
 */
static const struct {
	u32 dw0;
	u8 n;
	u32 addr;
} commands[] = {
	{ J_BB_END, 1, 0 },
	{ 0x20U << 23 | 2, 4, 1 << 1 }, /* MI_STORE_DATA_IMM */
	{ 0x20U << 23 | 1U << 21 | 3, 5, 1 << 1 },
	{ 0x31U << 23 | 1U << 8 | 1, 3, 1 << 1 }, /* MI_BATCH_BUFFER_START */
	{ 0x31U << 23 | 1, 3, 1 << 1 },
	{ 0x2eU << 23 | 3, 5, 1 << 1 | 1 << 3 }, /* MI_COPY_MEM_MEM */
	{ 0x22U << 23 | 1, 3, 0 }, /* MI_LOAD_REGISTER_IMM */
	{ 0x24U << 23 | 2, 4, 1 << 2 }, /* MI_STORE_REGISTER_MEM */
	{ 0x29U << 23 | 2, 4, 1 << 2 }, /* MI_LOAD_REGISTER_MEM */
	{ 0x2aU << 23 | 1, 3, 0 }, /* MI_LOAD_REGISTER_REG */
	{ 0x1cU << 23 | 1U << 15 | 2, 4, 1 << 2 }, /* MI_SEMAPHORE_WAIT */
	{ 0x2fU << 23 | 5U << 8 | 1, 3, 1 << 1 }, /* MI_ATOMIC, an increment */
	{ 0x2fU << 23 | 1U << 18 | 5U << 8 | 9, 11, 1 << 1 },
	{ 0x36U << 23 | 1U << 21 | 2, 4, 1 << 2 }, /* MI_CONDITIONAL_BATCH_BUFFER_END */
	{ 0x26U << 23 | 1U << 14 | 3, 5, 1 << 1 }, /* MI_FLUSH_DW */
	{ 0x7a000004, 6, 1 << 2 }, /* PIPE_CONTROL */
	{ 0x21U << 23 | 1, 3, 0 }, /* MI_STORE_DATA_INDEX */
	{ 0x1aU << 23 | 2, 4, 0 }, /* MI_MATH */
	{ J_USER_INTERRUPT, 1, 0 },
	{ 0x07U << 23, 1, 0 }, /* MI_REPORT_HEAD */
	{ 0x01U << 23, 1, 0 }, /* MI_SET_PREDICATE */
	{ 0x0cU << 23, 1, 0 }, /* MI_PREDICATE */
	{ 2U << 29 | 0x50U << 22 | 5, 7, 1 << 4 }, /* XY_COLOR_BLT */
	{ 2U << 29 | 0x53U << 22 | 8, 10, 1 << 4 | 1 << 8 }, /* XY_SRC_COPY_BLT */
	{ 2U << 29 | 0x42U << 22 | 8, 10, 1 << 4 | 1 << 8 }, /* XY_FAST_COPY_BLT */
};

static u32 take_small(struct input *in)
{
	u32 value = (u32)take(in, 1);

	return value & 0x80 ? (u32)take(in, 4) : value;
}

/* What a command's first dword may have beside its opcode, by bits of a byte. */
static u32 take_bits(struct input *in)
{
	static const u8 bit[] = { 22, 21, 8, 15, 16, 14, 0, 12 };
	u32 n = (u32)take(in, 1), value = 0, i;

	for (i = 0; i < N(bit); i++)
		value |= (n >> i & 1) << bit[i];
	return value;
}

static unsigned int take_raw(struct input *in, u32 *dw)
{
	unsigned int n = take_below(in, 15) + 1, i;

	for (i = 0; i < n; i++)
		dw[i] = (u32)take(in, 4);
	return n;
}

/* Return: its dwords, 16 at most. */
static unsigned int take_command(struct input *in, u32 dw[16])
{
	unsigned int which = take_below(in, N(commands) + 1), i;
	u64 addr;

	if (which == N(commands))
		return take_raw(in, dw);
	dw[0] = commands[which].dw0 ^ take_bits(in);
	for (i = 1; i < commands[which].n; i++) {
		if (!(commands[which].addr >> i & 1)) {
			dw[i] = take_small(in);
			continue;
		}
		addr = take_addr(in);
		dw[i++] = (u32)addr;
		dw[i] = (u32)(addr >> 32);
	}
	return commands[which].n;
}

static void add_to_ring(struct input *in)
{
	unsigned int ctx = take_context(in), n;
	u32 dw[16];

	/* A guest may have any tail; what a driver adds to is a sound one. */
	j_img_set(r, ctx, J_IMG_TAIL, j_img(r, ctx, J_IMG_TAIL) % J_RING_SIZE & ~7U);
	n = take_command(in, dw);
	j_ring_add(r, ctx, dw, n);
}

static void add_to_batch(struct input *in)
{
	unsigned int ctx = take_context(in), n;
	u32 dw[16];

	n = take_command(in, dw);
	if (batch_at[ctx] + n * 4 > MPT_PAGE_SIZE)
		batch_at[ctx] = 0;
	j_batch_at(r, j_of(J_GPA_BATCH, ctx) + batch_at[ctx], dw, n);
	batch_at[ctx] += n * 4;
}

/* --- submission --- */

static void store(struct input *in)
{
	u64 gpa = take_page(in) + (take(in, 2) & 0xffc);
	u32 value = (u32)take(in, 4);

	rig_ok(mpt_guest_write(r->vm, gpa, &value, 4));
}

static void store_entry(struct input *in)
{
	u64 gpa = take_page(in) + (take(in, 2) & 0x1ff) * 8;

	j_set64(r, gpa, take_entry(in));
}

static void set_field(struct input *in)
{
	static const u8 field[] = { J_IMG_HEAD, J_IMG_TAIL, J_IMG_CTL, J_IMG_START, 0x03,
				    0x0d, 0x0f, 0x11, 0x13, 0x15, 0x17, J_IMG_PDP_LDW(0),
				    J_IMG_PDP_LDW(1), J_IMG_PDP_LDW(2), J_IMG_PDP_LDW(3) };
	unsigned int ctx = take_context(in), at = field[take_below(in, N(field))];

	/* The high half of what is an address stays. */
	if (at == J_IMG_START || at >= 0x33 - 12)
		j_img_set(r, ctx, at, (u32)take(in, 4));
	else
		j_img_set(r, ctx, at, (j_img(r, ctx, at) & ~0xffffU) | (u32)take(in, 2));
}

static u32 take_low(struct input *in, unsigned int ctx)
{
	return j_low(r, ctx) ^ ((u32)take(in, 1) << 2);
}

static void submit(struct input *in)
{
	unsigned int e = take_below(in, GVT_NUM_ENGINES + 1), first = take_context(in);
	unsigned int second = take_below(in, J_CONTEXTS + 1);
	u32 dw[4] = { 0, 0, j_id(first), take_low(in, first) };

	if (second < J_CONTEXTS) {
		dw[0] = j_id(second);
		dw[1] = take_low(in, second);
	}
	j_elsp(r, e == GVT_NUM_ENGINES ? j_engine(first) : (enum gvt_engine)e, dw);
}

static void put_reg(u64 reg, u32 value)
{
	r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + reg, &value, 4);
}

static void any_reg(struct input *in)
{
	u64 reg = take(in, 3) % GVT_MMIO_SIZE & ~3ULL;
	u32 value;

	put_reg(reg, (u32)take(in, 4));
	r->ops->emulate_mmio_read(r->vgpu, RIG_BAR0 + reg, &value, 4);
}

static void engine_reg(struct input *in)
{
	u64 base = j_base[take_below(in, GVT_NUM_ENGINES)];

	base += take(in, 2) & 0xffc;
	put_reg(base, (u32)take(in, 4));
}

static void ggtt_entry(struct input *in)
{
	u64 addr = take_addr(in) & 0xfffff000, entry = take_entry(in);

	r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + GVT_GTT_OFFSET + (addr >> 12) * 8, &entry,
				   entry >> 63 ? 4 : 8);
}

/* --- what is not submission, but meets it --- */

static void dmlr(bool resume)
{
	unsigned int ctx;

	r->ops->vgpu_reset(r->vgpu);
	rig_cfg_place(r);
	if (!resume)
		return;
	j_resume(r);
	for (ctx = 0; ctx < J_CONTEXTS; ctx++)
		j_place(r, ctx);
}

static void notify(struct input *in)
{
	unsigned int what = take_below(in, 16), i;
	u64 pdp[4] = { take_page(in) };

	for (i = 0; what & 8 && i < 4; i++)
		pdp[i] = take_entry(in);
	for (i = 0; i < 4; i++) {
		put_reg(GVT_PVINFO_OFFSET + 0x838 + 8 * i, (u32)pdp[i]);
		put_reg(GVT_PVINFO_OFFSET + 0x83c + 8 * i, (u32)(pdp[i] >> 32));
	}
	put_reg(GVT_PVINFO_OFFSET + 0x818, what & 7);
}

static void toggle_region(void)
{
	extra = !extra;
	if (extra)
		rig_ok(mpt_ram_add(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	else
		rig_ok(mpt_ram_remove(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE));
}

static void aperture(struct input *in)
{
	u64 addr = RIG_BAR2 + take_addr(in) % (256ULL << 20), value = take(in, 1);

	if (value)
		mpt_guest_write(r->vm, addr, &value, 8);
	else
		mpt_guest_read(r->vm, addr, &value, 8);
}

static void step(struct input *in, enum step what)
{
	switch (what) {
	case STEP_STORE:
		store(in);
		break;
	case STEP_ENTRY:
		store_entry(in);
		break;
	case STEP_RING:
		add_to_ring(in);
		break;
	case STEP_BATCH:
		add_to_batch(in);
		break;
	case STEP_FIELD:
		set_field(in);
		break;
	case STEP_SUBMIT:
		submit(in);
		break;
	case STEP_ELSP:
		put_reg(j_base[take_below(in, GVT_NUM_ENGINES)] + 0x230, (u32)take(in, 4));
		break;
	case STEP_RUN:
		gvt_run(r->gvt, take(in, 2) % 0x800);
		break;
	case STEP_RESET:
		put_reg(J_GDRST, (u32)take(in, 1));
		break;
	case STEP_DMLR:
		dmlr(take(in, 1) % 4);
		break;
	case STEP_GGTT:
		ggtt_entry(in);
		break;
	case STEP_ENGINE_REG:
		engine_reg(in);
		break;
	case STEP_REG:
		any_reg(in);
		break;
	case STEP_NOTIFY:
		notify(in);
		break;
	case STEP_REGION:
		toggle_region();
		break;
	case STEP_APERTURE:
	default:
		aperture(in);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void take_step(struct input *in)
{
	enum step what = (enum step)take_below(in, NUM_STEPS);
	double begin = seconds();

	step(in, what);
	if (seconds() - begin > STEP_SECONDS)
		ck_abort_msg("step %d took %.1f s", (int)what, seconds() - begin);
	j_no_fault(&j);
}

/* --- the other guest --- */

#define CANARY_ENTRIES (16U << 8) /* of each of its ranges */

static u64 canary_entries[2][CANARY_ENTRIES], around[2];

static const u64 *host_entries(const struct gvt_range *range)
{
	return r->gvt->hw.ggtt + (range->start >> MPT_PAGE_SHIFT);
}

static void canary_set(void)
{
	struct rig *c = &j.r[1];
	u32 page[MPT_PAGE_SIZE / 4];
	unsigned int i;

	for (i = 0; i < N(page); i++)
		page[i] = CANARY_PAGE;
	for (i = 1; i < J_CONTEXTS; i++)
		j_batch_at(c, j_of(J_GPA_DATA, i), page, N(page));
	j_batch(c, 0, J_STORE(J_VA_DATA, 1), J_BB_END);
	j_start(c, 0);
	memcpy(canary_entries[0], host_entries(&c->v->low), sizeof(canary_entries[0]));
	memcpy(canary_entries[1], host_entries(&c->v->high), sizeof(canary_entries[1]));
	around[0] = host_entries(&r->v->low)[-1];
	around[1] = host_entries(&r->v->high)[-1];
}

/* As it was, and its engine still does what it is told. */
static void canary_check(void)
{
	struct rig *c = &j.r[1];
	u32 page[MPT_PAGE_SIZE / 4];
	unsigned int i, k;

	for (i = 1; i < J_CONTEXTS; i++) {
		rig_ok(mpt_guest_read(c->vm, j_of(J_GPA_DATA, i), page, sizeof(page)));
		for (k = 0; k < N(page); k++)
			ck_assert_msg(page[k] == CANARY_PAGE, "page %u, dword %u: 0x%x", i, k,
				      page[k]);
	}
	ck_assert(!memcmp(canary_entries[0], host_entries(&c->v->low), sizeof(canary_entries[0])));
	ck_assert(!memcmp(canary_entries[1], host_entries(&c->v->high), sizeof(canary_entries[1])));
	ck_assert_uint_eq(around[0], host_entries(&r->v->low)[-1]);
	ck_assert_uint_eq(around[1], host_entries(&r->v->high)[-1]);
	ck_assert_uint_eq(j_get(c, j_of(J_GPA_DATA, 0)), 1);
	j_batch(c, 0, J_STORE(J_VA_DATA, 2), J_BB_END);
	j_start(c, 0);
	for (i = 0; i < 100 && rig_info(c).completed < 2; i++)
		gvt_run(r->gvt, 10000);
	ck_assert_uint_eq(j_get(c, j_of(J_GPA_DATA, 0)), 2);
	ck_assert_uint_eq(rig_info(c).hung, 0);
}

/* --- the whole --- */

static void zero_page(u64 gpa)
{
	static const u32 zero[MPT_PAGE_SIZE / 4];

	j_batch_at(r, gpa, zero, N(zero));
}

/* Whatever a guest has done: a driver that begins anew after a reset finds the device as new. */
static void recover(void)
{
	u64 completed;
	unsigned int i;

	dmlr(true);
	zero_page(j_of(J_GPA_CTX, 0) + 0x1000);
	for (i = 0; i < 4; i++)
		zero_page(j_of(J_GPA_TABLES, 0) + i * MPT_PAGE_SIZE);
	j_context(r, 0);
	completed = rig_info(r).completed;
	j_batch(r, 0, J_STORE(J_VA_DATA, 3), J_BB_END);
	j_start(r, 0);
	gvt_run(r->gvt, 1000);
	ck_assert_uint_eq(rig_info(r).completed, completed + 1);
	ck_assert_uint_eq(j_get(r, j_of(J_GPA_DATA, 0)), 3);
}

static int add_counts(void *arg, const struct mpt_ledger_entry *entry, bool left)
{
	if (entry->kind == MPT_LEDGER_DMA && !left)
		*(u64 *)arg += entry->count;
	return 0;
}

static void counts_agree(void)
{
	u64 counts = 0, said = 0;
	unsigned int n;

	rig_ok(mpt_ledger_each(r->host, add_counts, &counts));
	for (n = 0; n < j.vgpus; n++) {
		struct gvt_vgpu_info info = rig_info(&j.r[n]);

		said += info.ggtt_mapped + info.ppgtt_mapped;
	}
	ck_assert_msg(counts == said, "%llu mapped, not %llu", (unsigned long long)counts,
		      (unsigned long long)said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int i;

	j_open(&j, RIG_SPEC, 2);
	r = &j.r[0];
	memset(batch_at, 0, sizeof(batch_at));
	extra = false;
	toggle_region();
	canary_set();
	for (i = 0; i < STEPS && in.left; i++)
		take_step(&in);
	canary_check();
	j_no_fault(&j);
	counts_agree();
	recover();
	j_no_fault(&j);
	for (i = 0; i < j.vgpus; i++)
		j_destroy(&j.r[i]);
	j_close(&j);
	return 0;
}
