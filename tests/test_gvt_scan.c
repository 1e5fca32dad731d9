/* SPDX-License-Identifier: MIT */
/*
 * The scanner of commands: what it refuses and what it says then, rule by rule, in the ring and in
 * a batch; where addresses end; that it judges its copy alone. Batches and bounds are in
 * test_gvt_scan_batch.c.
 */
#include "gvt_scan.h"
#include "lib/runner.h"

/* --- rule by rule --- */

static const struct rule_case {
	const char *says; /* NULL: accepted */
	enum gvt_engine engine;
	u32 n, dw[6];
} cases[] = {
	{ NULL, GVT_RCS, 1, { MI_NOOP } },
	{ NULL, GVT_VECS, 1, { MI_USER_INTERRUPT } },
	{ "not one that this engine knows (0x1f800000)", GVT_RCS, 1, { 0x1f800000 } },
	{ "not one that this engine knows (0xffffffff)", GVT_BCS, 1, { 0xffffffff } },
	{ "not one that this engine knows", GVT_BCS, 6, { PIPE_CONTROL } },
	/* length */
	{ "MI_STORE_DATA_IMM", GVT_RCS, 3, { MI(0x20, 3), 0, 0 } },
	{ "shorter than it can be, in dwords (0x3)", GVT_RCS, 3, { MI(0x20, 3), 0, 0 } },
	{ "shorter than it can be", GVT_RCS, 2, { MI(0x31, 2) | BATCH_PPGTT, 0 } },
	/* registers */
	{ NULL, GVT_RCS, 3, { MI(0x22, 3), GPR, 1 } },
	{ NULL, GVT_RCS, 5, { MI(0x22, 5), GPR, 1, GPR + 4, 2 } },
	{ "MI_LOAD_REGISTER_IMM", GVT_RCS, 3, { MI(0x22, 3), ELSP, 1 } },
	{ "a register that it must not write (0x2230)", GVT_RCS, 3, { MI(0x22, 3), ELSP, 1 } },
	{ "must not write (0x2230)", GVT_RCS, 5, { MI(0x22, 5), GPR, 1, ELSP, 2 } },
	{ "half of the last pair", GVT_RCS, 4, { MI(0x22, 4), GPR, 1, GPR + 4 } },
	{ "must not write (0x802600)", GVT_RCS, 3, { MI(0x22, 3), 0x800000 | GPR, 1 } },
	{ "must not write (0x2601)", GVT_RCS, 3, { MI(0x22, 3), GPR | 1, 1 } },
	{ "must not write (0xfffffffc)", GVT_RCS, 3, { MI(0x22, 3), 0xfffffffc, 1 } },
	{ NULL, GVT_RCS, 4, { MI(0x24, 4) | GGTT22, TIMESTAMP, (u32)LOW, 0 } },
	{ "must not read (0x2230)", GVT_RCS, 4, { MI(0x24, 4) | GGTT22, ELSP, (u32)LOW, 0 } },
	{ NULL, GVT_RCS, 4, { MI(0x29, 4) | GGTT22, GPR, (u32)LOW, 0 } },
	{ "must not write (0x2230)", GVT_RCS, 4, { MI(0x29, 4) | GGTT22, ELSP, (u32)LOW, 0 } },
	{ "must not write (0x2358)", GVT_RCS, 4, { MI(0x29, 4) | GGTT22, TIMESTAMP, (u32)LOW, 0 } },
	{ NULL, GVT_RCS, 3, { MI(0x2a, 3), TIMESTAMP, GPR } },
	{ "must not read (0x2230)", GVT_RCS, 3, { MI(0x2a, 3), ELSP, GPR } },
	{ "must not write (0x2358)", GVT_RCS, 3, { MI(0x2a, 3), GPR, TIMESTAMP } },
	{ "must not write (0x2230)", GVT_RCS, 6,
	  { PIPE_CONTROL, CONTROL_GGTT | CONTROL_REGISTER, ELSP, 0, 0, 0 } },
	/* addresses: the GGTT's are judged, the others are the hardware's to judge */
	{ NULL, GVT_RCS, 4, { MI(0x20, 4) | GGTT22, (u32)LOW, 0, 7 } },
	{ "graphics address that is not the vGPU's (0x1000)", GVT_RCS, 4,
	  { MI(0x20, 4) | GGTT22, 0x1000, 0, 7 } },
	{ NULL, GVT_RCS, 4, { MI(0x20, 4), 0x1000, 0, 7 } },
	{ "not the vGPU's (0x104000000)", GVT_RCS, 4, { MI(0x20, 4) | GGTT22, (u32)LOW, 1, 7 } },
	{ "not the vGPU's (0x1000)", GVT_RCS, 4, { MI(0x1c, 4) | GGTT22, 0, 0x1000, 0 } },
	{ "must not read", GVT_RCS, 4, { MI(0x1c, 4) | POLL_REGISTER, 0, ELSP, 0 } },
	{ NULL, GVT_RCS, 4, { MI(0x1c, 4) | POLL_REGISTER, 0, GPR, 0 } },
	{ NULL, GVT_RCS, 4, { MI(0x1c, 4), 0, ELSP, 0 } },
	{ "not the vGPU's (0x1000)", GVT_RCS, 4, { MI(0x24, 4) | GGTT22, GPR, 0x1000, 0 } },
	{ "not the vGPU's (0x1000)", GVT_RCS, 4, { MI(0x29, 4) | GGTT22, GPR, 0x1000, 0 } },
	/* MI_COPY_MEM_MEM: to and from, each with a choice of its own */
	{ NULL, GVT_RCS, 5, { MI(0x2e, 5) | GGTT22 | GGTT21, (u32)LOW, 0, (u32)HIGH, 0 } },
	{ "not the vGPU's (0x1000)", GVT_RCS, 5, { MI(0x2e, 5) | GGTT21, 0x1000, 0, 0x2000, 0 } },
	{ "not the vGPU's (0x2000)", GVT_RCS, 5, { MI(0x2e, 5) | GGTT22, 0x1000, 0, 0x2000, 0 } },
	{ NULL, GVT_RCS, 5, { MI(0x2e, 5), 0x1000, 0, 0x2000, 0 } },
	/* post-sync operations: the address counts when there is one */
	{ NULL, GVT_RCS, 6, { PIPE_CONTROL, CONTROL_GGTT, 0x1000, 0, 0, 0 } },
	{ NULL, GVT_RCS, 6, { PIPE_CONTROL, CONTROL_GGTT | POST_SYNC, (u32)LOW, 0, 1, 0 } },
	{ "not the vGPU's (0x1000)", GVT_RCS, 6,
	  { PIPE_CONTROL, CONTROL_GGTT | POST_SYNC, 0x1000, 0, 1, 0 } },
	{ NULL, GVT_RCS, 6, { PIPE_CONTROL, POST_SYNC, 0x1000, 0, 1, 0 } },
	{ NULL, GVT_BCS, 4, { FLUSH_DW | POST_SYNC, (u32)LOW | FLUSH_GGTT, 0, 1 } },
	{ "not the vGPU's (0x1000)", GVT_BCS, 4,
	  { FLUSH_DW | POST_SYNC, 0x1000 | FLUSH_GGTT, 0, 1 } },
	{ NULL, GVT_BCS, 4, { FLUSH_DW, 0x1000 | FLUSH_GGTT, 0, 1 } },
	/* the status page: what i915 flushes into */
	{ NULL, GVT_BCS, 4, { FLUSH_DW | POST_SYNC | STORE_INDEX, 0xc0 | FLUSH_GGTT, 0, 0 } },
	{ NULL, GVT_BCS, 4, { FLUSH_DW | POST_SYNC | STORE_INDEX, 0xff8 | FLUSH_GGTT, 0, 0 } },
	{ "not in the status page (0x1000)", GVT_BCS, 4,
	  { FLUSH_DW | POST_SYNC | STORE_INDEX, 0x1000, 0, 0 } },
	{ "not in the status page (0x1000000c0)", GVT_BCS, 4,
	  { FLUSH_DW | POST_SYNC | STORE_INDEX, 0xc0, 1, 0 } },
	{ "not in the status page (0xffc)", GVT_RCS, 6,
	  { PIPE_CONTROL, POST_SYNC | STORE_INDEX, 0xffc, 0, 0, 0 } },
	/* starts */
	{ NULL, GVT_RCS, 3, { BATCH_START | BATCH_PPGTT, 0x1000, 0 } },
	{ "not the vGPU's (0x1000)", GVT_RCS, 3, { BATCH_START, 0x1000, 0 } },
	{ "not the vGPU's (0x104000000)", GVT_RCS, 3, { BATCH_START, (u32)LOW, 1 } },
	{ "depends on a register", GVT_RCS, 3, { BATCH_START | 1 << 16, (u32)LOW, 0 } },
};

static void expect(struct scan_rig *r, const struct rule_case *c, int ret, const char *where)
{
	if (!c->says) {
		ck_assert_msg(!ret, "0x%x: %s", c->dw[0], mpt_last_error());
		return;
	}
	ck_assert_msg(ret == -EINVAL, "0x%x: %d, not: %s", c->dw[0], ret, c->says);
	says(c->says);
	says(where);
	holds_nothing(r);
}

START_TEST(in_the_ring)
{
	const struct rule_case *c = &cases[_i];
	struct scan_rig r;

	scan_open(&r);
	ring_put(&r, 0, MI_NOOP);
	r.tail = 4;
	ring_add(&r, c->dw, c->n);
	expect(&r, c, scan(&r, c->engine), "at dword 1 of the ring's part at 0x4010000:");
	scan_close(&r);
}
END_TEST

START_TEST(in_a_batch)
{
	const struct rule_case *c = &cases[_i];
	struct scan_rig r;
	u32 n;

	scan_open(&r);
	n = gm_add(&r, BATCH(0), 0, c->dw, c->n);
	gm_put(&r, BATCH(0) + 4ULL * n, MI_BATCH_END);
	ring_start_batch(&r, BATCH_START, BATCH(0));
	expect(&r, c, scan(&r, c->engine), "at dword 0 of the batch at 0x4100000:");
	scan_close(&r);
}
END_TEST

/* Whichever commands the table refuses to all: there is one at least. */
START_TEST(what_no_guest_may_use)
{
	struct scan_rig r;
	u32 op, found = 0;

	scan_open(&r);
	for (op = 0; op < 64; op++) {
		const struct gvt_cmd *cmd = gvt_cmd_lookup(GVT_RCS, op << 23);

		if (!cmd || !(cmd->flags & GVT_CMD_REFUSED))
			continue;
		r.tail = 0;
		ring_add(&r, (u32[16]){ op << 23 | (cmd->len_mask ? 14 : 0) }, 16);
		ck_assert_int_eq(scan(&r, GVT_RCS), -EINVAL);
		says("no guest may use it");
		says(cmd->name);
		holds_nothing(&r);
		found++;
	}
	ck_assert_uint_gt(found, 0);
	scan_close(&r);
}
END_TEST

static bool address_sound(const struct gvt_cmd_addr *a, u32 len)
{
	if (a->use_dw >= len || a->ggtt_dw >= len || a->index_dw >= len || !a->bytes)
		return false;
	return a->use_mask || a->dw + 1U < len;
}

/* The scanner relies on it: each command is as long as what the table says of it. */
START_TEST(every_row_is_sound)
{
	const struct gvt_cmd *c;
	unsigned int engine, a;
	u32 high;

	for (engine = 0; engine < GVT_NUM_ENGINES; engine++) {
		for (high = 0; high < 0x10000; high++) {
			c = gvt_cmd_lookup((enum gvt_engine)engine, high << 16);
			if (!c)
				continue;
			if (!c->min_len || (!c->len_mask && c->min_len > c->len_bias) ||
			    (c->flags & GVT_CMD_BATCH && c->min_len < 3))
				ck_abort_msg("%s: its length", c->name);
			for (a = 0; a < 2; a++)
				if (c->addr[a].dw && !address_sound(&c->addr[a], c->min_len))
					ck_abort_msg("%s: its address %u", c->name, a);
		}
	}
}
END_TEST

/* Of each command that names registers the scanner knows where. */
START_TEST(registers_are_found)
{
	const struct gvt_cmd *c;
	struct scan_rig r;
	u32 high, found = 0;

	scan_open(&r);
	for (high = 0; high < 0x10000; high++) {
		c = gvt_cmd_lookup(GVT_RCS, high << 16);
		if (!c || c->opcode != high << 16 || !(c->flags & GVT_CMD_REGS))
			continue;
		r.tail = 0;
		ring_add(&r, (u32[8]){ c->opcode | ((c->min_len - c->len_bias) & c->len_mask) }, 8);
		if (scan(&r, GVT_RCS) && strstr(mpt_last_error(), "not known where"))
			ck_abort_msg("%s", mpt_last_error());
		found++;
	}
	ck_assert_uint_ge(found, 4);
	scan_close(&r);
}
END_TEST

/* --- where ranges end --- */

static const struct {
	u64 addr;
	bool ok4, ok8; /* MI_STORE_DATA_IMM of 4, PIPE_CONTROL of 8 bytes */
} edges[] = {
	{ 0, false, false },
	{ LOW - 8, false, false },
	{ LOW - 4, false, false },
	{ LOW, true, true },
	{ LOW + LOW_SIZE - 8, true, true },
	{ LOW + LOW_SIZE - 4, true, false },
	{ LOW + LOW_SIZE, false, false },
	{ HIGH - 4, false, false },
	{ HIGH, true, true },
	{ HIGH + HIGH_SIZE - 8, true, true },
	{ HIGH + HIGH_SIZE - 4, true, false },
	{ HIGH + HIGH_SIZE, false, false },
	{ 0xfffffffc, false, false },
	{ 1ULL << 32, false, false },
	{ (1ULL << 32) + LOW, false, false },
	{ (1ULL << 48) + LOW, false, false },
	{ (1ULL << 63) + LOW, false, false },
	{ ~0ULL - 7, false, false },
	{ ~0ULL - 3, false, false },
};

START_TEST(edges_of_the_ranges)
{
	u32 low = (u32)edges[_i].addr, high = (u32)(edges[_i].addr >> 32);
	struct scan_rig r;

	scan_open(&r);
	ring_add(&r, (u32[]){ MI(0x20, 4) | GGTT22, low, high, 7 }, 4);
	ck_assert_int_eq(scan(&r, GVT_RCS), edges[_i].ok4 ? 0 : -EINVAL);
	r.tail = 0;
	ring_add(&r, (u32[]){ PIPE_CONTROL, CONTROL_GGTT | POST_SYNC, low, high, 0, 0 }, 6);
	ck_assert_int_eq(scan(&r, GVT_RCS), edges[_i].ok8 ? 0 : -EINVAL);
	/* Bits that are no address bits do not move it. */
	r.tail = 0;
	ring_add(&r, (u32[]){ MI(0x20, 4) | GGTT22, low | 3, high, 7 }, 4);
	ck_assert_int_eq(scan(&r, GVT_RCS), edges[_i].ok4 ? 0 : -EINVAL);
	scan_close(&r);
}
END_TEST

/* --- the ring --- */

static const struct {
	u64 start;
	u32 size, head, tail;
	int ret;
} rings[] = {
	{ RING, RING_SIZE, 0, 0, 0 },
	{ RING, RING_SIZE, 8, 8, 0 },
	{ RING, RING_SIZE, RING_SIZE - 8, 0, 0 },
	{ RING, RING_SIZE, 4, RING_SIZE - 4, 0 },
	{ RING, RING_SIZE, RING_SIZE - 4, RING_SIZE - 8, 0 },
	{ RING, RING_SIZE, RING_SIZE, 0, -EINVAL },
	{ RING, RING_SIZE, 0, RING_SIZE, -EINVAL },
	{ RING, RING_SIZE, 2, 8, -EINVAL },
	{ RING, RING_SIZE, 8, 10, -EINVAL },
	{ RING, RING_SIZE - 0x1000, 0, 8, -EINVAL },
	{ RING, 0, 0, 0, -EINVAL },
	{ RING, 2U << 20, 0, 8, 0 },
	{ RING, 4U << 20, 0, 8, -EINVAL },
	{ LOW - 0x1000, RING_SIZE, 0x1000, 0x1008, -EINVAL },
	{ LOW + LOW_SIZE - 0x1000, RING_SIZE, 0, 8, -EINVAL },
	{ LOW + LOW_SIZE - RING_SIZE, RING_SIZE, RING_SIZE - 8, RING_SIZE - 4, 0 },
	{ LOW + LOW_SIZE - RING_SIZE, RING_SIZE, 0, 8, -EFAULT }, /* no memory there */
	{ ~0ULL - 0xfff, RING_SIZE, 0, 8, -EINVAL },
	{ ~0ULL - 0xfff, RING_SIZE, 0x1000, 0x1008, -EINVAL },
	{ 0, RING_SIZE, 0, 8, -EINVAL },
};

START_TEST(ring_geometry)
{
	struct scan_rig r;

	scan_open(&r);
	ck_assert_int_eq(gvt_scan_ring(r.g.v, GVT_RCS, rings[_i].start, rings[_i].size,
				       rings[_i].head, rings[_i].tail, &r.scan), rings[_i].ret);
	if (rings[_i].ret)
		holds_nothing(&r);
	else
		ck_assert_ptr_nonnull(r.scan.store);
	if (!rings[_i].ret)
		ck_assert_uint_eq(r.scan.ring_dwords * 4,
				  (rings[_i].tail - rings[_i].head) & (rings[_i].size - 1));
	scan_close(&r);
}
END_TEST

/* A command lies across the ring's end; what was there before the head is not looked at. */
START_TEST(a_wrap_is_taken_out)
{
	static const u32 dw[] = { 0, MI(0x20, 4) | GGTT22, (u32)HIGH, 0, 7, MI_USER_INTERRUPT };
	struct scan_rig r;
	u32 head;

	scan_open(&r);
	for (head = RING_SIZE - 28; head < RING_SIZE; head += 4) {
		memset(r.ring, 0xff, sizeof(r.ring));
		ring_store(&r);
		r.head = r.tail = head;
		ring_add(&r, dw, N(dw));
		ck_assert_msg(!scan(&r, GVT_RCS), "%s", mpt_last_error());
		ck_assert_uint_eq(r.scan.ring_dwords, N(dw));
		ck_assert_mem_eq(r.scan.store, dw, sizeof(dw));
	}
	scan_close(&r);
}
END_TEST

START_TEST(a_command_stays_before_the_tail)
{
	struct scan_rig r;
	u32 n;

	scan_open(&r);
	for (n = 1; n < 4; n++) {
		r.tail = 0;
		ring_add(&r, (u32[]){ MI_NOOP, MI(0x20, 4), 0, 0, 0 }, 1 + n);
		ck_assert_int_eq(scan(&r, GVT_RCS), -EINVAL);
		says("MI_STORE_DATA_IMM at dword 1 of the ring's part");
		says("goes on behind the tail, with dwords in all (0x4)");
		holds_nothing(&r);
	}
	/* The longest there is. */
	r.tail = 0;
	ring_add(&r, (u32[]){ 0x22U << 23 | 0xff, GPR, 0 }, 3);
	ck_assert_int_eq(scan(&r, GVT_RCS), -EINVAL);
	says("(0x101)");
	scan_close(&r);
}
END_TEST

/* The end of a batch does not end the ring's part for the scanner: nothing goes unseen. */
START_TEST(the_ring_is_walked_to_its_tail)
{
	struct scan_rig r;

	scan_open(&r);
	ring_add(&r, (u32[]){ MI_BATCH_END, 0xffffffff }, 2);
	ck_assert_int_eq(scan(&r, GVT_RCS), -EINVAL);
	r.tail = 0;
	ring_add(&r, (u32[]){ BATCH_START | BATCH_PPGTT, 0, 0, 0xffffffff }, 4);
	ck_assert_int_eq(scan(&r, GVT_RCS), -EINVAL);
	says("at dword 3 ");
	scan_close(&r);
}
END_TEST

/* Dwords are counted from the head, whose address is told. */
START_TEST(the_place_is_told)
{
	struct scan_rig r;

	scan_open(&r);
	r.head = r.tail = 0x100;
	ring_add(&r, (u32[]){ MI_NOOP, MI_NOOP, 0xffffffff }, 3);
	ck_assert_int_eq(scan(&r, GVT_RCS), -EINVAL);
	says("the command at dword 2 of the ring's part at 0x4010100: not one");
	scan_close(&r);
}
END_TEST

START_TEST(the_engine_is_named)
{
	static const char *const names[] = {
		"vGPU 1, rcs:", "vGPU 1, vcs:", "vGPU 1, bcs:", "vGPU 1, vecs:",
	};
	struct scan_rig r;
	unsigned int e;

	scan_open(&r);
	ring_add(&r, (u32[]){ 0xffffffff }, 1);
	for (e = 0; e < GVT_NUM_ENGINES; e++) {
		ck_assert_int_eq(scan(&r, (enum gvt_engine)e), -EINVAL);
		says(names[e]);
	}
	scan_close(&r);
}
END_TEST

/* --- rows that the table should not have: the scanner once more, with a table of its own --- */

static struct gvt_cmd odd;

static const struct gvt_cmd *odd_lookup(enum gvt_engine engine, u32 dw0)
{
	return dw0 >> 23 && odd.engines >> engine & 1 ? &odd : gvt_cmd_lookup(engine, dw0);
}

int odd_scan_ring(struct gvt_vgpu *v, enum gvt_engine engine, u64 ring_start, u32 ring_size,
		  u32 head, u32 tail, struct gvt_scan *scan);
void odd_scan_free(struct gvt_scan *scan);
#define gvt_cmd_lookup odd_lookup
#define gvt_scan_ring odd_scan_ring
#define gvt_scan_free odd_scan_free
#include "gvt/scan.c"
#undef gvt_cmd_lookup
#undef gvt_scan_ring
#undef gvt_scan_free

#define ODD_DW MI(0x3f, 3)
#define ODD(bias, min, ...) \
	{ .name = "MI_ODD", .engines = GVT_ON_RCS, .len_bias = bias, .min_len = min, __VA_ARGS__ }

#define CUT "too short for its address"

static const struct odd_case {
	const char *says; /* NULL: accepted */
	struct gvt_cmd row;
	u32 dw[3];
} odds[] = {
	{ NULL, ODD(3, 1, .flags = 0), { ODD_DW, 0, 0 } },
	{ "shorter than it can be, in dwords (0x0)", ODD(0, 0, .flags = 0), { ODD_DW } },
	{ CUT, ODD(3, 1, .addr = { { .dw = 2 } }), { ODD_DW } },
	{ CUT, ODD(3, 1, .addr = { { .dw = 1 }, { .dw = 3 } }),
	  { ODD_DW, (u32)LOW, 0 } },
	{ CUT, ODD(3, 1, .addr = { { .dw = 1, .ggtt_dw = 3 } }), { ODD_DW } },
	{ CUT, ODD(3, 1, .addr = { { .dw = 1, .use_dw = 3, .use_mask = 1 } }), { ODD_DW } },
	{ CUT, ODD(3, 1, .addr = { { .dw = 2, .use_mask = 1 } }), { ODD_DW } },
	{ NULL, ODD(3, 1, .addr = { { .dw = 2, .use_mask = 2 } }), { ODD_DW } },
	{ CUT, ODD(3, 1, .addr = { { .dw = 1, .index_dw = 3 } }), { ODD_DW } },
	{ CUT, ODD(2, 1, .flags = GVT_CMD_BATCH), { ODD_DW } },
	/* Without a choice of the space: the GGTT. Of no size: a byte. */
	{ "not the vGPU's (0x1000)", ODD(3, 1, .addr = { { .dw = 1 } }), { ODD_DW, 0x1000, 0 } },
	{ NULL, ODD(3, 1, .addr = { { .dw = 1 } }), { ODD_DW, (u32)LOW, 0 } },
	{ "it is not known where", ODD(3, 1, .flags = GVT_CMD_REGS), { ODD_DW } },
	{ "too short for the register", ODD(1, 1, .flags = GVT_CMD_REGS), { MI(0x24, 3) } },
	{ "must not read (0x2230)", ODD(3, 1, .flags = GVT_CMD_REGS),
	  { MI(0x1c, 3) | 1 << 16, 0, ELSP } },
	{ NULL, ODD(3, 1, .flags = GVT_CMD_REGS), { MI(0x1c, 3), 0, ELSP } },
};

START_TEST(odd_rows)
{
	const struct odd_case *c = &odds[_i];
	struct scan_rig r;
	int ret;

	scan_open(&r);
	odd = c->row;
	ring_add(&r, c->dw, 3);
	ret = odd_scan_ring(r.g.v, GVT_RCS, RING, RING_SIZE, r.head, r.tail, &r.scan);
	ck_assert_msg(ret == (c->says ? -EINVAL : 0), "%d: %s", ret, mpt_last_error());
	if (c->says)
		says(c->says);
	odd_scan_free(&r.scan);
	scan_close(&r);
}
END_TEST

static Suite *scan_suite(void)
{
	Suite *s = suite_create("gvt-scan");
	TCase *tc = tcase_create("rules");

	tcase_add_loop_test(tc, in_the_ring, 0, N(cases));
	tcase_add_loop_test(tc, in_a_batch, 0, N(cases));
	tcase_add_test(tc, what_no_guest_may_use);
	tcase_add_test(tc, every_row_is_sound);
	tcase_add_test(tc, registers_are_found);
	tcase_add_loop_test(tc, edges_of_the_ranges, 0, N(edges));
	tcase_add_loop_test(tc, odd_rows, 0, N(odds));
	suite_add_tcase(s, tc);
	tc = tcase_create("ring");
	tcase_add_loop_test(tc, ring_geometry, 0, N(rings));
	tcase_add_test(tc, a_wrap_is_taken_out);
	tcase_add_test(tc, a_command_stays_before_the_tail);
	tcase_add_test(tc, the_ring_is_walked_to_its_tail);
	tcase_add_test(tc, the_place_is_told);
	tcase_add_test(tc, the_engine_is_named);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { scan_suite };

	return mpt_test_main("gvt_scan", suites, N(suites));
}
