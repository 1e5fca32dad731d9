/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space of a vGPU: what each dword starts as and which bits a guest can write,
 * and the trap and the mapping that follow COMMAND and the BARs. What is behind the BARs, and the
 * opregion, are not here.
 */
#include "platform.h"

/* What can be other than 0 and read-only; the extended space behind it is empty. */
#define CFG_MAP_SIZE 256

#define CFG_ID 0x00
#define CFG_COMMAND 0x04
#define CFG_CLASS 0x08
#define CFG_BAR0 0x10
#define CFG_BAR2 0x18
#define CFG_PMCSR 0xd4
#define CFG_ASLS 0xfc

#define COMMAND_MEMORY 0x0002
#define PMCSR_STATE 3U
#define PMCSR_D3HOT 3U

/* One above the last address a BAR can decode: 46 bits, as many as a GTT entry holds. */
#define BAR_LIMIT (1ULL << 46)

/* Guests and wrappers read the bytes as dwords: little endian, like every host of this GPU. */
typedef u32 __attribute__((may_alias)) cfg_u32;

/* A guest's write, merged with what was there: all that @commit looks at. */
struct cfg_change {
	u32 reg; /* offset of the dword */
	u32 value;
	bool whole; /* all four bytes were */
	bool ones; /* every byte written was 0xff */
};

struct gvt_cfg_dword {
	u32 init;
	u32 rw; /* BARs: computed from the size instead */
	u32 w1c;
	/* Does what the new value means, before it is stored; on failure nothing has changed. */
	int (*commit)(struct gvt_vgpu *v, struct cfg_change *c);
	void (*done)(struct gvt_vgpu *v); /* after it is stored */
};

struct gvt_cfg_map {
	struct gvt_cfg_dword dword[CFG_MAP_SIZE / 4];
};

static int commit_command(struct gvt_vgpu *v, struct cfg_change *c);
static int commit_bar0(struct gvt_vgpu *v, struct cfg_change *c);
static int commit_bar2(struct gvt_vgpu *v, struct cfg_change *c);
/* Nothing is executed in D3hot, and what was submitted is lost (PCI PM 1.2, 5.4.1). */
static void power_down(struct gvt_vgpu *v)
{
	v->d3 = true;
	gvt_submission_reset(v, GVT_ALL_ENGINES);
}

static int commit_power(struct gvt_vgpu *v, struct cfg_change *c);
static int commit_swsci(struct gvt_vgpu *v, struct cfg_change *c);
static int commit_asls(struct gvt_vgpu *v, struct cfg_change *c);

/*
 * Integrated graphics of gen8 and gen9; @msi is where the first capability is. Offsets and layouts:
 * PCI Local Bus Specification 3.0, PCI Power Management 1.2; 0x50, 0xe8, 0xfc: 6th Generation Intel
 * Core datasheet vol. 2, device 2. Rows that are not here read 0 and ignore writes: there is no ROM
 * (0x30) and no extended capability.
 */
#define CFG_ROWS(msi) \
	/* status: capability list; bits 15:11 and 8 are cleared by writing 1 */ \
	[CFG_COMMAND / 4] = { .init = 0x00100000, .rw = 0x000007ff, .w1c = 0xf9000000, \
			      .commit = commit_command, .done = gvt_irq_intx }, \
	[CFG_CLASS / 4] = { .init = 0x03000000 }, \
	[0x0c / 4] = { .rw = 0x000000ff }, /* cache line size */ \
	[CFG_BAR0 / 4] = { .init = 0x4, .commit = commit_bar0 }, /* 64 bits */ \
	[CFG_BAR0 / 4 + 1] = { .commit = commit_bar0 }, \
	[CFG_BAR2 / 4] = { .init = 0xc, .commit = commit_bar2 }, /* 64 bits, prefetchable */ \
	[CFG_BAR2 / 4 + 1] = { .commit = commit_bar2 }, \
	[0x20 / 4] = { .init = 0x1, .rw = 0xffffffc0 }, /* BAR4: 64 bytes of I/O */ \
	[0x34 / 4] = { .init = (msi) }, /* first capability */ \
	[0x3c / 4] = { .init = 0x00000100, .rw = 0x000000ff }, /* pin A; line */ \
	[0x50 / 4] = { .init = 3 << 6 }, /* GMCH control: 8 MiB of GTT, nothing stolen */ \
	/* MSI, next at 0xd0: one message, 32 bits, no masks: the enable bit is the guest's */ \
	[(msi) / 4] = { .init = 0x0000d005, .rw = 0x00010000, .done = gvt_irq_intx }, \
	[(msi) / 4 + 1] = { .rw = 0xfffffffc }, \
	[(msi) / 4 + 2] = { .rw = 0x0000ffff }, \
	/* power management, the last: version 2, device-specific initialisation, no PME */ \
	[0xd0 / 4] = { .init = 0x00220001 }, \
	[CFG_PMCSR / 4] = { .rw = PMCSR_STATE, .commit = commit_power }, \
	[0xe8 / 4] = { .rw = 0x0000ffff, .commit = commit_swsci }, /* SWSCI */ \
	/* ASLS: address of the opregion */ \
	[CFG_ASLS / 4] = { .rw = 0xffffffff, .commit = commit_asls }

const struct gvt_cfg_map gvt_cfg_gen8 = { .dword = { CFG_ROWS(0x90) } };
const struct gvt_cfg_map gvt_cfg_gen9 = { .dword = { CFG_ROWS(0xac) } };

/* Acquire: what is loaded next, the sequence count above all, stays behind it. */
static u32 cfg_load(const struct gvt_vgpu *v, u32 reg)
{
	return __atomic_load_n((const cfg_u32 *)(const void *)(v->cfg + reg), __ATOMIC_ACQUIRE);
}

/* Release: a reader who sees the value sees that the count had become odd. */
static void cfg_store(struct gvt_vgpu *v, u32 reg, u32 value)
{
	__atomic_store_n((cfg_u32 *)(void *)(v->cfg + reg), value, __ATOMIC_RELEASE);
}

static void cfg_write_begin(struct gvt_vgpu *v)
{
	__atomic_store_n(&v->cfg_seq, v->cfg_seq + 1, __ATOMIC_RELAXED);
}

static void cfg_write_end(struct gvt_vgpu *v)
{
	__atomic_store_n(&v->cfg_seq, v->cfg_seq + 1, __ATOMIC_RELEASE);
}

/* Two dwords as they were at one moment. */
static u64 cfg_load_pair(const struct gvt_vgpu *v, u32 reg)
{
	u32 seq, low, high;

	do {
		seq = __atomic_load_n(&v->cfg_seq, __ATOMIC_ACQUIRE);
		low = cfg_load(v, reg);
		high = cfg_load(v, reg + 4);
	} while ((seq & 1) || seq != __atomic_load_n(&v->cfg_seq, __ATOMIC_RELAXED));
	return (u64)high << 32 | low;
}

u16 gvt_cfg_command(const struct gvt_vgpu *v)
{
	return (u16)cfg_load(v, CFG_COMMAND);
}

bool gvt_cfg_msi_enabled(const struct gvt_vgpu *v)
{
	return cfg_load(v, v->base.msi_cap_offset) >> 16 & MPT_MSI_ENABLE;
}

/* --- what follows the BARs below --- */

static int bar_switch(struct gvt_vgpu *v, const struct gvt_bar *bar, u64 base, bool on)
{
	if (bar == &v->bar0)
		return intel_gvt_hypervisor_set_trap_area(&v->base, base, base + bar->size - 1, on);
	/* Of the aperture a guest sees its own part and nothing else. */
	return intel_gvt_hypervisor_map_gfn_to_mfn(
		&v->base, (base + v->low.start) >> MPT_PAGE_SHIFT,
		v->gvt->aperture_mfn + (v->low.start >> MPT_PAGE_SHIFT),
		(unsigned int)(v->low.size >> MPT_PAGE_SHIFT), on);
}

static u64 bar_place(const struct gvt_bar *bar)
{
	return bar->on ? bar->base : 0;
}

/*
 * @to: 0 is nowhere. The old place is given up by the address remembered with it, never by what the
 * register says. When the new place is refused the old one is taken again; if that fails too, the
 * BAR is nowhere until the next write to it or to COMMAND. PV MMIO does not come back with it.
 */
static int bar_move(struct gvt_vgpu *v, struct gvt_bar *bar, u64 to)
{
	u64 from = bar_place(bar);
	int ret;

	if (to == from)
		return 0;
	if (from) {
		ret = bar == &v->bar0 ? gvt_pvmmio_off(v) : 0;
		if (ret)
			return ret;
		ret = bar_switch(v, bar, from, false);
		if (ret)
			return ret;
		bar->on = false;
	}
	if (!to)
		return 0;
	ret = bar_switch(v, bar, to, true);
	if (ret && (!from || bar_switch(v, bar, from, true)))
		return ret;
	bar->base = ret ? from : to;
	bar->on = true;
	return ret;
}

/* The value of a dword once @c is stored. */
static u32 cfg_after(const struct gvt_vgpu *v, const struct cfg_change *c, u32 reg)
{
	return c->reg == reg ? c->value : cfg_load(v, reg);
}

/*
 * Where a BAR belongs; 0: nowhere. That is decoding off, a BAR that nobody has placed yet (address
 * 0), one being sized, and one that does not fit below BAR_LIMIT.
 */
static u64 bar_decodes(u32 command, u32 low, u32 high, u64 size, bool sizing)
{
	u64 base = (u64)high << 32 | (low & ~0xfU);

	if (!(command & COMMAND_MEMORY) || sizing)
		return 0;
	return base <= BAR_LIMIT - size ? base : 0;
}

/* The same once @c is stored. */
static u64 bar_wanted(const struct gvt_vgpu *v, const struct cfg_change *c,
		      const struct gvt_bar *bar)
{
	u32 reg = bar == &v->bar0 ? CFG_BAR0 : CFG_BAR2;

	return bar_decodes(cfg_after(v, c, CFG_COMMAND), cfg_after(v, c, reg),
			   cfg_after(v, c, reg + 4), bar->size, bar->sizing);
}

static int commit_bar(struct gvt_vgpu *v, struct cfg_change *c, struct gvt_bar *bar)
{
	u32 address = (u32)~(bar->size - 1);
	bool sizing = bar->sizing;
	int ret;

	/* Told by what was written: the value read back can be an honest address too. */
	if (!(c->reg & 4))
		bar->sizing = c->ones && (c->value & address) == address;
	ret = bar_move(v, bar, bar_wanted(v, c, bar));
	if (ret)
		bar->sizing = sizing;
	return ret;
}

static int commit_bar0(struct gvt_vgpu *v, struct cfg_change *c)
{
	return commit_bar(v, c, &v->bar0);
}

static int commit_bar2(struct gvt_vgpu *v, struct cfg_change *c)
{
	return commit_bar(v, c, &v->bar2);
}

static int commit_command(struct gvt_vgpu *v, struct cfg_change *c)
{
	u64 from = bar_place(&v->bar0);
	int ret = bar_move(v, &v->bar0, bar_wanted(v, c, &v->bar0));

	if (ret)
		return ret;
	ret = bar_move(v, &v->bar2, bar_wanted(v, c, &v->bar2));
	if (ret)
		bar_move(v, &v->bar0, from);
	return ret;
}

static int commit_power(struct gvt_vgpu *v, struct cfg_change *c)
{
	u32 state = c->value & PMCSR_STATE;

	/* D1 and D2 do not exist: the write completes and changes nothing (PCI PM 1.2, 3.2.4). */
	if (state && state != PMCSR_D3HOT)
		c->value = cfg_load(v, c->reg);
	else if (state)
		power_down(v);
	return 0;
}

/* What was there tells an edge of the trigger (Linux 5.10, cfg_space.c never stores SWSCI). */
static int commit_swsci(struct gvt_vgpu *v, struct cfg_change *c)
{
	gvt_opregion_swsci(v, cfg_load(v, CFG_ASLS), cfg_load(v, c->reg), c->value);
	return 0;
}

/* Stored whatever it is. An address of halves would have memory overwritten that nobody named. */
static int commit_asls(struct gvt_vgpu *v, struct cfg_change *c)
{
	if (c->whole)
		gvt_opregion_place(v, c->value);
	return 0;
}

void gvt_cfg_off(struct gvt_vgpu *v)
{
	int ret;

	gvt_pvmmio_end(v);
	ret = bar_move(v, &v->bar0, 0);
	if (!ret)
		ret = bar_move(v, &v->bar2, 0);
	else
		bar_move(v, &v->bar2, 0);
	if (ret)
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: a BAR could not be unmapped: %s", v->base.id,
			      mpt_last_error());
}

/* After power-on. */
static u32 cfg_initial(const struct gvt_platform *p, u32 reg)
{
	if (reg >= CFG_MAP_SIZE)
		return 0;
	if (reg == CFG_ID)
		return p->id;
	return p->cfg->dword[reg / 4].init | (reg == CFG_CLASS ? p->revision : 0);
}

void gvt_cfg_init(struct gvt_vgpu *v)
{
	const struct gvt_platform *p = v->gvt->platform;
	u32 reg;

	cfg_write_begin(v);
	for (reg = 0; reg < CFG_MAP_SIZE; reg += 4)
		cfg_store(v, reg, cfg_initial(p, reg));
	cfg_write_end(v);
	v->base.cfg_space = v->cfg;
	v->base.msi_cap_offset = p->msi_cap;
	v->bar0.size = GVT_BAR0_SIZE;
	v->bar2.size = v->gvt->aperture;
	v->bar0.sizing = false;
	v->bar2.sizing = false;
}

/* --- the entry points --- */

static bool cfg_range_ok(unsigned int offset, unsigned int bytes)
{
	return (bytes <= 2 || bytes == 4) && offset <= GVT_CFG_SIZE &&
	       bytes <= GVT_CFG_SIZE - offset;
}

/* Out of line: what reads well needs no frame. */
static __attribute__((noinline, cold)) int cfg_refuse(struct gvt_vgpu *v, unsigned int offset,
						      unsigned int bytes)
{
	gvt_lock(&v->lock);
	v->count.errors++;
	gvt_unlock(&v->lock);
	return mpt_fail(-EINVAL, "gvt",
			"vGPU %d: %u bytes at 0x%x (1, 2 or 4 below 0x%x, a write in one dword)",
			v->base.id, bytes, offset, GVT_CFG_SIZE);
}

/* A size that is no constant would be a call. */
static u32 cfg_take(const void *buf, unsigned int bytes)
{
	u32 data = 0;

	if (bytes == 1)
		memcpy(&data, buf, 1);
	else if (bytes == 2)
		memcpy(&data, buf, 2);
	else
		memcpy(&data, buf, 4);
	return data;
}

static void cfg_give(void *buf, u32 data, unsigned int bytes)
{
	if (bytes == 4)
		memcpy(buf, &data, 4);
	else if (bytes == 2)
		memcpy(buf, &data, 2);
	else
		memcpy(buf, &data, 1);
}

/* From two dwords, nothing, or an access that cannot be. */
static __attribute__((noinline)) int cfg_read_other(struct gvt_vgpu *v, unsigned int offset,
						    void *buf, unsigned int bytes)
{
	if (!cfg_range_ok(offset, bytes)) {
		memset(buf, 0xff, bytes);
		return cfg_refuse(v, offset, bytes);
	}
	if (bytes)
		cfg_give(buf, (u32)(cfg_load_pair(v, offset & ~3U) >> (offset & 3) * 8), bytes);
	return 0;
}

/* Inside one dword nothing can tear, and a writer who was preempted holds nobody up. */
int gvt_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	u32 lane = offset & 3;

	/* The common read: measured at 0.65 of a memcpy(8), against 0.85 by the general way. */
	if (bytes == 4 && !lane && offset < GVT_CFG_SIZE) {
		cfg_give(buf, cfg_load(v, offset), 4);
		return 0;
	}
	if (offset >= GVT_CFG_SIZE || bytes - 1 >= 4 - lane || bytes == 3)
		return cfg_read_other(v, offset, buf, bytes);
	cfg_give(buf, cfg_load(v, offset - lane) >> lane * 8, bytes);
	return 0;
}

static u32 cfg_writable(const struct gvt_vgpu *v, u32 reg)
{
	switch (reg) {
	case CFG_BAR0:
		return (u32)~(v->bar0.size - 1);
	case CFG_BAR2:
		return (u32)~(v->bar2.size - 1);
	case CFG_BAR0 + 4:
	case CFG_BAR2 + 4:
		return ~0U;
	default:
		return v->gvt->platform->cfg->dword[reg / 4].rw;
	}
}

/* The count is loaded once: a load behind a store to the same word would wait for that. */
static void cfg_write_one(struct gvt_vgpu *v, u32 reg, u32 value)
{
	u32 seq = v->cfg_seq;

	__atomic_store_n(&v->cfg_seq, seq + 1, __ATOMIC_RELAXED);
	cfg_store(v, reg, value);
	__atomic_store_n(&v->cfg_seq, seq + 2, __ATOMIC_RELEASE);
}

static int cfg_commit(struct gvt_vgpu *v, const struct gvt_cfg_dword *row, u32 reg, u32 data,
		      u32 lanes)
{
	u32 old = cfg_load(v, reg), rw = cfg_writable(v, reg) & lanes;
	struct cfg_change c = {
		.reg = reg,
		.value = ((old & ~rw) | (data & rw)) & ~(data & row->w1c & lanes),
		.whole = lanes == ~0U,
		.ones = data == lanes,
	};
	int ret = row->commit ? row->commit(v, &c) : 0;

	if (ret) {
		v->count.errors++;
		return ret;
	}
	cfg_write_one(v, reg, c.value);
	if (row->done)
		row->done(v);
	return 0;
}

/* BARs have a commit, so what the row says of others is all. */
static bool cfg_just_kept(const struct gvt_cfg_dword *row)
{
	return !row->commit && !row->done && !row->w1c;
}

/* @lanes: 0xff for each byte that is written. */
static int cfg_write_dword(struct gvt_vgpu *v, const struct gvt_cfg_dword *row, u32 reg, u32 data,
			   u32 lanes)
{
	if (!cfg_just_kept(row))
		return cfg_commit(v, row, reg, data, lanes);
	lanes &= row->rw;
	cfg_write_one(v, reg, (cfg_load(v, reg) & ~lanes) | (data & lanes));
	return 0;
}

int gvt_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	const struct gvt_cfg_dword *row;
	u32 lane = offset & 3, data, lanes;
	int ret;

	if (!cfg_range_ok(offset, bytes) || lane + bytes > 4)
		return cfg_refuse(v, offset, bytes);
	if (!bytes || offset >= CFG_MAP_SIZE)
		return 0;
	/* Before the lock, behind which every load waits for it. */
	row = &v->gvt->platform->cfg->dword[offset / 4];
	data = cfg_take(buf, bytes) << (lane * 8);
	lanes = (u32)((1ULL << (bytes * 8)) - 1) << (lane * 8);
	gvt_lock(&v->lock);
	ret = cfg_write_dword(v, row, offset - lane, data, lanes);
	gvt_unlock(&v->lock);
	return ret;
}

/* --- save and restore --- */

static u32 saved_dword(const struct gvt_cfg_saved *s, u32 reg)
{
	u32 value;

	memcpy(&value, s->space + reg, sizeof(value));
	return value;
}

/* What no guest can write must be as here. */
static u32 cfg_changeable(const struct gvt_vgpu *v, u32 reg)
{
	if (reg >= CFG_MAP_SIZE)
		return 0;
	return cfg_writable(v, reg) | v->gvt->platform->cfg->dword[reg / 4].w1c;
}

static int saved_bar_check(const struct gvt_vgpu *v, const struct gvt_cfg_saved *s, unsigned int i)
{
	u32 reg = i ? CFG_BAR2 : CFG_BAR0;
	u64 size = i ? v->bar2.size : v->bar0.size;

	if (!s->on[i] || bar_decodes(saved_dword(s, CFG_COMMAND), saved_dword(s, reg),
				     saved_dword(s, reg + 4), size, s->sizing[i]))
		return 0;
	return mpt_fail(-EINVAL, "gvt", "vGPU %d: state: field config.bar%u_on: it is on, but "
			"config.space decodes it nowhere", v->base.id, 2 * i);
}

int gvt_cfg_check(const struct gvt_vgpu *v, const struct gvt_cfg_saved *s)
{
	u32 reg, value, here, state;
	int ret;

	for (reg = 0; reg < GVT_CFG_SIZE; reg += 4) {
		value = saved_dword(s, reg);
		here = cfg_initial(v->gvt->platform, reg);
		if ((value ^ here) & ~cfg_changeable(v, reg))
			return mpt_fail(-EINVAL, "gvt",
					"vGPU %d: state: field config.space: 0x%08x at 0x%x in the "
					"state, 0x%08x here, and no guest could change that",
					v->base.id, value, reg, here);
	}
	state = saved_dword(s, CFG_PMCSR) & PMCSR_STATE;
	if (state && state != PMCSR_D3HOT)
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: state: field config.space: there is no power state D%u",
				v->base.id, state);
	ret = saved_bar_check(v, s, 0);
	return ret ? ret : saved_bar_check(v, s, 1);
}

/* After a reset. Where the BARs are taken to is what the guest reads of them. */
int gvt_cfg_restore(struct gvt_vgpu *v, const struct gvt_cfg_saved *s)
{
	struct cfg_change none = { .reg = ~0U };
	int ret = 0;
	u32 reg;

	cfg_write_begin(v);
	for (reg = 0; reg < CFG_MAP_SIZE; reg += 4)
		cfg_store(v, reg, saved_dword(s, reg));
	cfg_write_end(v);
	v->bar0.sizing = s->sizing[0];
	v->bar2.sizing = s->sizing[1];
	if (s->on[0])
		ret = bar_move(v, &v->bar0, bar_wanted(v, &none, &v->bar0));
	if (!ret && s->on[1])
		ret = bar_move(v, &v->bar2, bar_wanted(v, &none, &v->bar2));
	return ret;
}
