/* SPDX-License-Identifier: MIT */
/*
 * Copies what a submission executes with privileges, the ring's part and the batches in the GGTT
 * that it starts, and validates the copies by the table of commands. What a command does, and what
 * a batch in the PPGTT may do, is the hardware's to judge and not here.
 *
 * Every dword of guest memory is read once, and the hardware executes what was read: a guest that
 * writes to its batch after it was looked at changes nothing, and neither does a command of the
 * submission that stores into a batch that follows.
 */
#include "cmd.h"
#include "scan.h"

#define BATCH_DWORDS (GVT_SCAN_BATCH_BYTES / 4)
#define STORE_DWORDS 256U /* to begin with */

/* Dword 0 of MI_BATCH_BUFFER_START (Intel PRM, Skylake, volume 2a). */
#define START_PPGTT (1U << 8)
#define START_PREDICATED (1U << 15)
#define START_ADDS_OFFSET (1U << 16)
#define START_SECOND_LEVEL (1U << 22)

/* Offsets in BAR0 as commands name them: bits 22:2. */
#define REG_BITS 0x007ffffcU

/* How far a walk through the copies is. A piece is the ring's part or one batch. */
struct walk {
	struct gvt_vgpu *v;
	enum gvt_engine engine;
	struct gvt_scan *scan;
	u32 second; /* bit n: batch n runs on the second level */
	/* the piece */
	u64 addr; /* of its first dword */
	u32 base; /* where it begins in the store */
	u32 have; /* dwords of it that are copied */
	u32 pos; /* the command that is looked at */
	u8 level; /* 0: the ring; 1 and 2: batches */
};

static const char *const engine_names[] = {
	[GVT_RCS] = "rcs", [GVT_VCS] = "vcs", [GVT_BCS] = "bcs", [GVT_VECS] = "vecs",
};

static int complain(const struct walk *w, int err, const char *name, const char *why, u64 value)
{
	return mpt_fail(err, "gvt", "vGPU %d, %s: %s at dword %u of the %s at 0x%llx: %s (0x%llx)",
			w->v->base.id, engine_names[w->engine], name, w->pos,
			w->level ? "batch" : "ring's part", (unsigned long long)w->addr, why,
			(unsigned long long)value);
}

static int refuse(const struct walk *w, const struct gvt_cmd *cmd, const char *why, u64 value)
{
	return complain(w, -EINVAL, cmd->name, why, value);
}

/* --- copying --- */

static int store_grow(struct gvt_scan *scan, u32 dwords)
{
	u32 room = scan->room ? scan->room : STORE_DWORDS, *store;

	while (room - scan->used < dwords)
		room *= 2;
	store = mpt_zalloc((size_t)room * 4);
	if (!store)
		return mpt_fail(-ENOMEM, "gvt", "no memory for a copy of %u dwords of commands",
				room);
	if (scan->used)
		memcpy(store, scan->store, (size_t)scan->used * 4);
	mpt_free(scan->store);
	scan->store = store;
	scan->room = room;
	return 0;
}

static int store_fill(struct walk *w, u64 addr, u32 dwords)
{
	struct gvt_scan *scan = w->scan;
	int ret = 0;

	if (!scan->store || scan->room - scan->used < dwords)
		ret = store_grow(scan, dwords);
	if (!ret)
		ret = gvt_gm_read(w->v, addr, scan->store + scan->used, (u64)dwords * 4);
	if (!ret) {
		scan->used += dwords;
		w->have += dwords;
	}
	return ret;
}

static bool ring_sound(const struct gvt_vgpu *v, u64 start, u32 size, u32 head, u32 tail)
{
	return !(size & (size - 1)) && size <= GVT_SCAN_RING_BYTES && !((head | tail) & 3) &&
	       head < size && tail < size && gvt_ggtt_validate(v, start, size);
}

static int copy_ring(struct walk *w, u64 start, u32 size, u32 head, u32 tail)
{
	u32 bytes = (tail - head) & (size - 1), first = size - head;
	int ret;

	if (!ring_sound(w->v, start, size, head, tail))
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d, %s: no ring of 0x%x bytes at 0x%llx, head 0x%x tail 0x%x",
				w->v->base.id, engine_names[w->engine], size,
				(unsigned long long)start, head, tail);
	w->addr = start + head;
	if (first > bytes)
		first = bytes;
	ret = store_fill(w, start + head, first / 4);
	if (!ret && bytes > first)
		ret = store_fill(w, start, (bytes - first) / 4);
	return ret;
}

/* The rest of a page, and no more bytes than a submission may have. */
static int copy_page(struct walk *w)
{
	u64 addr = w->addr + (u64)w->have * 4;
	u32 left = BATCH_DWORDS - (w->scan->used - w->scan->ring_dwords);
	u32 n = (u32)(MPT_PAGE_SIZE - addr % MPT_PAGE_SIZE) / 4;

	if (!left)
		return complain(w, -ENOSPC, "the command",
				"more bytes of batches than a submission may have",
				GVT_SCAN_BATCH_BYTES);
	if (n > left)
		n = left;
	if (!gvt_ggtt_validate(w->v, w->addr, ((u64)w->have + n) * 4))
		return complain(w, -EFAULT, "the command", "the batch leaves the vGPU's range",
				addr);
	return store_fill(w, addr, n);
}

/* need(): so many dwords of the piece are there. */
static int need_more(struct walk *w, const char *name, u32 dwords)
{
	int ret = 0;

	if (!w->level)
		return complain(w, -EINVAL, name, "goes on behind the tail, with dwords in all",
				dwords - w->pos);
	while (!ret && w->have < dwords)
		ret = copy_page(w);
	return ret;
}

static inline int need(struct walk *w, const char *name, u32 dwords)
{
	return w->have >= dwords ? 0 : need_more(w, name, dwords);
}

/* --- registers --- */

/*
 * Which dwords name registers (Intel PRM, Skylake, volume 2a). A command that the table says names
 * some, but that has no row, is refused. Step 0: the one dword. A condition: only with a bit of it.
 */
static const struct reg_rule {
	u32 opcode, opcode_mask;
	u8 first, step;
	bool write;
	u8 if_dw;
	u32 if_mask;
} reg_rules[] = {
	{ 0x22U << 23, 0xff800000, 1, 2, true, 0, 0 }, /* MI_LOAD_REGISTER_IMM */
	{ 0x24U << 23, 0xff800000, 1, 0, false, 0, 0 }, /* MI_STORE_REGISTER_MEM */
	{ 0x29U << 23, 0xff800000, 1, 0, true, 0, 0 }, /* MI_LOAD_REGISTER_MEM */
	{ 0x2aU << 23, 0xff800000, 1, 0, false, 0, 0 }, /* MI_LOAD_REGISTER_REG: from */
	{ 0x2aU << 23, 0xff800000, 2, 0, true, 0, 0 }, /* to */
	{ 0x1cU << 23, 0xff800000, 2, 0, false, 0, 1U << 16 }, /* MI_SEMAPHORE_WAIT polls one */
	{ 0x7a000000, 0xffff0000, 2, 0, true, 1, 1U << 23 }, /* PIPE_CONTROL writes one */
};

static int check_rule(const struct walk *w, const struct gvt_cmd *cmd, const u32 *dw, u32 len,
		      const struct reg_rule *rule)
{
	u32 i = rule->first;

	if (rule->step && (len - i) % rule->step)
		return refuse(w, cmd, "half of the last pair is missing, in dwords", len);
	if (rule->if_mask && (rule->if_dw >= len || !(dw[rule->if_dw] & rule->if_mask)))
		return 0;
	do {
		if (i >= len)
			return refuse(w, cmd, "too short for the register that it names", len);
		if (dw[i] & ~REG_BITS || !gvt_cmd_reg_ok(w->engine, dw[i], rule->write, true))
			return refuse(w, cmd,
				      rule->write ? "a register that it must not write" :
						    "a register that it must not read", dw[i]);
		i += rule->step;
	} while (rule->step && i < len);
	return 0;
}

static int check_regs(const struct walk *w, const struct gvt_cmd *cmd, const u32 *dw, u32 len)
{
	bool found = false;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < sizeof(reg_rules) / sizeof(reg_rules[0]); i++) {
		if ((dw[0] & reg_rules[i].opcode_mask) != reg_rules[i].opcode)
			continue;
		found = true;
		ret = check_rule(w, cmd, dw, len, &reg_rules[i]);
	}
	if (!found)
		return refuse(w, cmd, "it is not known where it names registers", dw[0]);
	return ret;
}

/* --- addresses --- */

/* Low bits that are no address bits, the choice of the space among them, are not looked at. */
static u64 address(const u32 *dw, const struct gvt_cmd_addr *a)
{
	u32 low = dw[a->dw] & ~3U;

	if (a->ggtt_dw == a->dw)
		low &= ~a->ggtt_mask;
	return (u64)dw[a->dw + 1] << 32 | low;
}

static int check_addr(const struct walk *w, const struct gvt_cmd *cmd, const u32 *dw, u32 len,
		      const struct gvt_cmd_addr *a)
{
	u64 addr;

	if (a->use_mask && a->use_dw < len && !(dw[a->use_dw] & a->use_mask))
		return 0;
	if (a->dw + 1U >= len || a->ggtt_dw >= len || a->use_dw >= len || a->index_dw >= len)
		return refuse(w, cmd, "too short for its address, in dwords", len);
	addr = address(dw, a);
	if (dw[a->index_dw] & a->index_mask) {
		if (addr >= MPT_PAGE_SIZE || MPT_PAGE_SIZE - addr < a->bytes)
			return refuse(w, cmd, "not in the status page", addr);
		return 0;
	}
	/* The ring's commands and those of its batches in the GGTT: without a choice, the GGTT. */
	if (a->ggtt_mask && !(dw[a->ggtt_dw] & a->ggtt_mask))
		return 0;
	if (!gvt_ggtt_validate(w->v, addr, a->bytes))
		return refuse(w, cmd, "a graphics address that is not the vGPU's", addr);
	return 0;
}

/* --- batches --- */

/*
 * From the ring a batch runs on the first level, whatever the command says; the second is what a
 * batch of the first calls and gets back from; there is no third. A batch is copied once, however
 * often it is started, and since its end depends on its level, that must be the same each time.
 */
static int collect(struct walk *w, const struct gvt_cmd *cmd, u64 addr, bool second)
{
	struct gvt_scan *scan = w->scan;
	unsigned int i;

	for (i = 0; i < scan->batches; i++) {
		if (scan->batch[i].addr != addr)
			continue;
		if ((w->second >> i & 1) != second)
			return refuse(w, cmd, "a batch started on both levels", addr);
		return 0;
	}
	if (i == GVT_SCAN_BATCHES)
		return complain(w, -ENOSPC, cmd->name, "more batches than a submission may have",
				i + 1);
	scan->batch[i].addr = addr;
	w->second |= (u32)second << i;
	scan->batches = i + 1;
	return 0;
}

static int check_start(struct walk *w, const struct gvt_cmd *cmd, const u32 *dw, u32 len)
{
	u64 addr;

	if (len < 3)
		return refuse(w, cmd, "too short for its address, in dwords", len);
	if (dw[0] & START_PPGTT)
		return 0;
	addr = (u64)dw[2] << 32 | (dw[1] & ~3U);
	if (dw[0] & START_ADDS_OFFSET)
		return refuse(w, cmd, "where it goes depends on a register", dw[0]);
	if (!gvt_ggtt_validate(w->v, addr, 4))
		return refuse(w, cmd, "a graphics address that is not the vGPU's", addr);
	return collect(w, cmd, addr, w->level == 2 || (w->level && dw[0] & START_SECOND_LEVEL));
}

/* Whether nothing behind the command is executed, in a batch. */
static bool ends(const struct walk *w, const struct gvt_cmd *cmd, u32 dw0)
{
	if (cmd->flags & GVT_CMD_END)
		return true;
	if (!(cmd->flags & GVT_CMD_BATCH) || dw0 & START_PREDICATED)
		return false;
	return w->level == 2 || !(dw0 & START_SECOND_LEVEL);
}

/* --- the walk --- */

static int check(struct walk *w, const struct gvt_cmd *cmd, const u32 *dw, u32 len)
{
	int ret = 0;

	if (cmd->flags & GVT_CMD_REFUSED)
		return refuse(w, cmd, "no guest may use it", dw[0]);
	if (cmd->flags & GVT_CMD_BATCH)
		return check_start(w, cmd, dw, len);
	if (cmd->addr[0].dw)
		ret = check_addr(w, cmd, dw, len, &cmd->addr[0]);
	if (!ret && cmd->addr[1].dw)
		ret = check_addr(w, cmd, dw, len, &cmd->addr[1]);
	if (!ret && cmd->flags & GVT_CMD_REGS)
		ret = check_regs(w, cmd, dw, len);
	return ret;
}

/* Return: the dwords of the command at w->pos, copied and sound, or a negative error. */
static int step(struct walk *w, const struct gvt_cmd **cmd)
{
	const u32 *dw;
	u32 len;
	int ret = need(w, "the command", w->pos + 1);

	if (ret)
		return ret;
	dw = w->scan->store + w->base + w->pos;
	*cmd = gvt_cmd_lookup(w->engine, dw[0]);
	if (!*cmd)
		return complain(w, -EINVAL, "the command", "not one that this engine knows", dw[0]);
	len = gvt_cmd_len(*cmd, dw[0]);
	if (!len || len < (*cmd)->min_len)
		return refuse(w, *cmd, "shorter than it can be, in dwords", len);
	ret = need(w, (*cmd)->name, w->pos + len);
	if (!ret)
		ret = check(w, *cmd, w->scan->store + w->base + w->pos, len);
	return ret ? ret : (int)len;
}

/* To the tail: what the engine does at the end of a batch in its ring does not matter. */
static int walk_ring(struct walk *w)
{
	const struct gvt_cmd *cmd;
	int len;

	for (; w->pos < w->have; w->pos += (u32)len) {
		len = step(w, &cmd);
		if (len < 0)
			return len;
	}
	return 0;
}

static int walk_batch(struct walk *w, unsigned int index)
{
	struct gvt_scan *scan = w->scan;
	const struct gvt_cmd *cmd;
	bool over = false;
	int len;

	w->addr = scan->batch[index].addr;
	w->base = scan->used;
	w->have = w->pos = 0;
	w->level = w->second >> index & 1 ? 2 : 1;
	for (; !over; w->pos += (u32)len) {
		len = step(w, &cmd);
		if (len < 0)
			return len;
		over = ends(w, cmd, scan->store[w->base + w->pos]);
	}
	scan->used = w->base + w->pos;
	scan->batch[index].bytes = w->pos * 4;
	return 0;
}

/* The store has moved while it grew. */
static void batches_place(struct gvt_scan *scan)
{
	const u32 *dw = scan->store + scan->ring_dwords;
	unsigned int i;

	for (i = 0; i < scan->batches; i++) {
		scan->batch[i].dw = dw;
		dw += scan->batch[i].bytes / 4;
	}
}

static void forget(struct gvt_scan *scan)
{
	scan->used = scan->ring_dwords = 0;
	scan->batches = 0;
}

int gvt_scan_ring(struct gvt_vgpu *v, enum gvt_engine engine, u64 ring_start, u32 ring_size,
		  u32 head, u32 tail, struct gvt_scan *scan)
{
	struct walk w = { .v = v, .engine = engine, .scan = scan };
	unsigned int i;
	int ret;

	forget(scan);
	ret = copy_ring(&w, ring_start, ring_size, head, tail);
	if (!ret) {
		scan->ring_dwords = w.have;
		ret = walk_ring(&w);
	}
	for (i = 0; !ret && i < scan->batches; i++)
		ret = walk_batch(&w, i);
	v->share.cost += scan->used;
	if (ret)
		forget(scan);
	else
		batches_place(scan);
	return ret;
}

void gvt_scan_free(struct gvt_scan *scan)
{
	mpt_free(scan->store);
	memset(scan, 0, sizeof(*scan));
}
