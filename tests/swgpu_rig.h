/* SPDX-License-Identifier: MIT */
/*
 * An engine of the software GPU on a vGPU of the mock hypervisor, without the core's submission:
 * the tests build shadow tables from the device's pages over memory mapped for DMA, write commands
 * and look at guest memory. Its client keeps registers in an array. No tests.
 */
#ifndef MPT_TESTS_SWGPU_RIG_H
#define MPT_TESTS_SWGPU_RIG_H

#include "gvt/swgpu.h"
#include "gvt_rig.h"

#define SW_KIB 1024U
/* Graphics addresses, in the vGPU's low range, and what is behind them. */
#define GM_CTX 0x4000000ULL
#define GM_HWS 0x4002000ULL
#define GM_DATA 0x4003000ULL
#define GPA_CTX 0x100000ULL
#define GPA_HWS 0x102000ULL
#define GPA_DATA 0x103000ULL
/* Addresses in the PPGTT: two pages of data, four of commands, at frames that do not follow. */
#define VA_DATA 0x7f0000200000ULL
#define VA_BATCH 0x7f0000300000ULL
#define GPA_PDATA 0x110000ULL
#define GPA_BATCH 0x120000ULL
#define PTE_RW 3ULL

#define SW_RING 4096U /* dwords */
#define SW_TABLES 64
#define SW_MAPS 1024
#define SW_BUDGET 1000000ULL

struct sw {
	struct rig r;
	const struct gvt_hw *hw;
	enum gvt_engine engine;
	void *state;
	u64 now;
	unsigned int user, notify;
	void (*on_user)(void);
	u32 ring[SW_RING], used;
	struct gvt_hw_batch batch[4];
	struct gvt_hw_work work;
	struct {
		u64 bus, *dw;
	} table[SW_TABLES];
	unsigned int tables;
	u64 mapped[SW_MAPS];
	unsigned int maps;
	u32 reg[GVT_MMIO_SIZE / 4];
};

static struct sw sw;

#define sw_expect(cond, ...)                       \
	do {                                       \
		if (!(cond))                       \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

/* --- the client --- */

static inline u32 sw_reg_read(void *arg, u32 reg)
{
	struct sw *s = arg;

	return s->reg[reg / 4];
}

static inline void sw_reg_write(void *arg, u32 reg, u32 value)
{
	struct sw *s = arg;

	s->reg[reg / 4] = value;
}

static inline void sw_event(void *arg, enum gvt_engine engine, enum gvt_hw_event event)
{
	struct sw *s = arg;

	sw_expect(engine == s->engine, "an event of engine %d", engine);
	*(event == GVT_HW_USER ? &s->user : &s->notify) += 1;
	if (event == GVT_HW_USER && s->on_user)
		s->on_user();
}

static inline u64 sw_now(void *arg)
{
	struct sw *s = arg;

	return s->now;
}

/* --- memory --- */

static inline u64 sw_dma(u64 gpa, u64 size)
{
	dma_addr_t dma;

	rig_ok(intel_gvt_hypervisor_dma_map_guest_page(sw.r.vgpu, gpa >> 12, size, &dma));
	sw_expect(sw.maps < SW_MAPS, "too many mappings");
	sw.mapped[sw.maps++] = dma;
	return dma;
}

static inline u64 sw_table(void)
{
	unsigned int i = sw.tables++;

	sw_expect(i < SW_TABLES, "too many tables");
	sw.table[i].dw = sw.hw->page_new(sw.hw->priv, &sw.table[i].bus);
	ck_assert_ptr_nonnull(sw.table[i].dw);
	return sw.table[i].bus;
}

static inline u64 *sw_entries(u64 bus)
{
	unsigned int i;

	for (i = 0; i < sw.tables; i++) {
		if (sw.table[i].bus == (bus & GVT_PTE_ADDR))
			return sw.table[i].dw;
	}
	ck_abort_msg("no table at 0x%llx", (unsigned long long)bus);
}

/* The slot of the entry for @va at a level: 0 a page table's, 1 a directory's, 2, 3. */
static inline u64 *sw_slot(u64 va, unsigned int level)
{
	unsigned int at = sw.work.levels == 3 ? 1 : 3;
	u64 *slot, bus = sw.work.root[at == 1 ? va >> 30 & 3 : 0];

	for (;; at--) {
		slot = &sw_entries(bus)[va >> (12 + 9 * at) & 511];
		if (at == level)
			return slot;
		if (!*slot)
			*slot = sw_table() | PTE_RW;
		bus = *slot;
	}
}

static inline void sw_map(u64 va, u64 gpa, u64 flags)
{
	*sw_slot(va, 0) = sw_dma(gpa, MPT_PAGE_SIZE) | flags;
}

static inline void sw_ggtt(u64 addr, u64 gpa)
{
	rig_write(&sw.r, GVT_GTT_OFFSET + (addr >> 12) * 8, gpa | 1, 8);
}

static inline u32 sw_peek(u64 gpa)
{
	u32 value;

	rig_ok(mpt_guest_read(sw.r.vm, gpa, &value, 4));
	return value;
}

static inline u64 sw_peek64(u64 gpa)
{
	return sw_peek(gpa) | (u64)sw_peek(gpa + 4) << 32;
}

static inline void sw_poke(u64 gpa, u32 value)
{
	rig_ok(mpt_guest_write(sw.r.vm, gpa, &value, 4));
}

static inline void sw_poke64(u64 gpa, u64 value)
{
	sw_poke(gpa, (u32)value);
	sw_poke(gpa + 4, (u32)(value >> 32));
}

/* --- commands --- */

#define sw_ring(...)                                           \
	do {                                                   \
		const u32 dws_[] = { __VA_ARGS__ };            \
		memcpy(sw.ring + sw.used, dws_, sizeof(dws_)); \
		sw.used += sizeof(dws_) / 4;                   \
	} while (0)
#define sw_batch(gpa, ...)                                                 \
	do {                                                               \
		const u32 dws_[] = { __VA_ARGS__ };                        \
		rig_ok(mpt_guest_write(sw.r.vm, gpa, dws_, sizeof(dws_))); \
	} while (0)

#define LO(addr) (u32)(addr), (u32)((addr) >> 32)
#define NOOP 0U
#define USER_INTERRUPT (0x02U << 23)
#define BB_END (0x0aU << 23)
#define LRI(pairs) (0x22U << 23 | (2 * (pairs)-1))
#define SRM (0x24U << 23 | 2)
#define LRM (0x29U << 23 | 2)
#define LRR (0x2aU << 23 | 1)
#define STORE_DW (0x20U << 23 | 2)
#define STORE_QW (0x20U << 23 | 3 | 1U << 21)
#define BB_START(bits) (0x31U << 23 | 1 | (bits))
#define COND_END (0x36U << 23 | 2 | 1U << 21)
#define SEMAPHORE (0x1cU << 23 | 2)
#define GGTT_BIT (1U << 22)
#define BB_PPGTT (1U << 8)
#define BB_SECOND (1U << 22)
#define BASE swgpu_engine_base[sw.engine]
#define GPR(n) (BASE + 0x600 + 8 * (n))

/* A batch in the GGTT, as the scanner would hand it over. */
static inline void sw_copy(u64 addr, const u32 *dw, u32 dwords)
{
	sw.batch[sw.work.batches++] = (struct gvt_hw_batch){ addr, dw, dwords * 4 };
}

static inline void sw_load(bool restore)
{
	sw.work.restore = restore;
	sw.work.batch = sw.batch;
	sw.work.ring = sw.ring;
	if (sw.used % 2)
		sw.ring[sw.used++] = NOOP;
	sw.work.tail = (sw.work.head + sw.used * 4) % sw.work.ring_size;
	sw.hw->load(sw.hw->priv, sw.state, &sw.work);
}

static inline enum gvt_hw_state sw_go(u64 budget)
{
	return sw.hw->run(sw.hw->priv, sw.state, &budget);
}

/* All that is in the ring; the next sw_ring() begins anew. */
static inline enum gvt_hw_state sw_run(void)
{
	enum gvt_hw_state state;

	sw_load(true);
	state = sw_go(SW_BUDGET);
	sw.hw->engine_reset(sw.hw->priv, sw.state);
	sw.used = 0;
	sw.work.batches = 0;
	return state;
}

static inline struct swgpu_engine *sw_e(void)
{
	return sw.state;
}

/* --- open and close --- */

static inline void sw_open_engine(enum gvt_engine engine)
{
	struct gvt_hw_client client = {
		.arg = &sw,
		.reg_read = sw_reg_read,
		.reg_write = sw_reg_write,
		.event = sw_event,
		.now = sw_now,
		.low_start = 64ULL << 20,
		.low_size = 64ULL << 20,
		.high_start = 512ULL << 20,
		.high_size = 128ULL << 20,
	};

	sw.engine = engine;
	rig_ok(sw.hw->engine_new(sw.hw->priv, &client, engine, &sw.state));
	sw.reg[(BASE + 0x80) / 4] = (u32)GM_HWS;
}

/*
 * What is kept goes by way of words into an engine that knows nothing.
 * Return: whether it was any.
 */
static inline bool sw_move(void)
{
	static const u32 nothing[GVT_HW_KEPT];
	u32 word[GVT_HW_KEPT], again[GVT_HW_KEPT];

	sw.hw->kept_get(sw.hw->priv, sw.state, word);
	sw.hw->engine_reset(sw.hw->priv, sw.state);
	sw.hw->kept_get(sw.hw->priv, sw.state, again);
	sw_expect(!memcmp(again, nothing, sizeof(again)), "a reset leaves something");
	sw.hw->engine_free(sw.hw->priv, sw.state);
	sw_open_engine(sw.engine);
	if (!memcmp(word, nothing, sizeof(word)))
		return false;
	sw_expect(sw.hw->kept_ok(sw.hw->priv, sw.engine, word), "not taken back");
	sw.hw->kept_set(sw.hw->priv, sw.state, word);
	sw.hw->kept_get(sw.hw->priv, sw.state, again);
	sw_expect(!memcmp(again, word, sizeof(again)), "not the same afterwards");
	return true;
}

static inline void sw_open(enum gvt_engine engine, int levels)
{
	unsigned int i;

	memset(&sw, 0, sizeof(sw));
	rig_open(&sw.r);
	sw.hw = &sw.r.gvt->hw;
	sw.now = 1000;
	sw.work = (struct gvt_hw_work){ .context = GM_CTX,
					.levels = levels,
					.ring_size = 4 * SW_RING,
					.ring_start = GM_CTX + 0x10000 };
	for (i = 0; i < (levels == 3 ? 4U : 1U); i++)
		sw.work.root[i] = sw_table();
	for (i = 0; i < 2; i++) {
		sw_ggtt(GM_CTX + i * 4096, GPA_CTX + i * 4096);
		if (levels == 4)
			sw_map(VA_DATA + i * 4096, GPA_PDATA + i * 0x2000, PTE_RW);
	}
	for (i = 0; i < 4 && levels == 4; i++)
		sw_map(VA_BATCH + i * 4096, GPA_BATCH + i * 0x3000, PTE_RW);
	sw_ggtt(GM_HWS, GPA_HWS);
	sw_ggtt(GM_DATA, GPA_DATA);
	sw_open_engine(engine);
}

/* No access of a test reached the bus where nothing is mapped, unless it takes the faults out. */
static inline void sw_close(void)
{
	struct mpt_iommu_fault fault;
	unsigned int i;

	ck_assert_int_eq(mpt_fault_take(sw.r.host, &fault), -ENOENT);
	sw.hw->engine_free(sw.hw->priv, sw.state);
	for (i = 0; i < sw.tables; i++)
		sw.hw->page_free(sw.hw->priv, sw.table[i].bus);
	for (i = 0; i < sw.maps; i++)
		intel_gvt_hypervisor_dma_unmap_guest_page(sw.r.vgpu, sw.mapped[i]);
	rig_close(&sw.r);
}

#endif
