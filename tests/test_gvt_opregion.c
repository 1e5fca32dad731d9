/* SPDX-License-Identifier: MIT */
/*
 * The opregion: its contents as a driver parses them, where it goes when ASLS is written, and what
 * SWSCI answers.
 */
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE 8192U
#define AT 0x200000U
#define ASLS 0xfc
#define SWSCI 0xe8

static u32 le(const u8 *p, unsigned int bytes)
{
	u32 value = 0;

	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

/* --- a driver's parser --- */

static const u8 *bdb_block(const u8 *bdb, u32 id, u32 *size)
{
	u32 at = le(bdb + 18, 2), end = le(bdb + 20, 2);

	while (at + 3 < end) {
		*size = le(bdb + at + 1, 2);
		ck_assert_uint_le(at + 3 + *size, end);
		if (bdb[at] == id)
			return bdb + at + 3;
		at += 3 + *size;
	}
	ck_assert_uint_eq(at, end);
	return NULL;
}

static void children(const u8 *bdb)
{
	static const u32 handles[] = { 0x04, 0x40, 0x20, 0x10 };
	static const u8 ports[] = { 10, 7, 8, 9 }, aux[] = { 0x40, 0x10, 0x20, 0x30 };
	const u8 *p;
	u32 size, i;

	p = bdb_block(bdb, 2, &size);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p[4], 33);
	ck_assert_uint_eq((size - 5) / p[4], 4);
	ck_assert_uint_eq((size - 5) % p[4], 0);
	for (i = 0, p += 5; i < 4; i++, p += 33) {
		ck_assert_uint_eq(le(p, 2), handles[i]);
		ck_assert_uint_eq(le(p + 2, 2), 0x68c6);
		ck_assert_uint_eq(p[16], ports[i]);
		ck_assert_uint_eq(p[25], aux[i]);
		ck_assert_uint_eq(p[24], 2); /* DP, and neither HDMI nor DVI */
		ck_assert_uint_eq(p[27], 0x20);
	}
}

static void parse(const u8 *region)
{
	const u8 *vbt = region + 0x400, *bdb = vbt + le(vbt + 28, 4), *p;
	u32 vbt_size = le(vbt + 24, 2), size, i;
	u8 sum = 0;

	ck_assert_mem_eq(region, "IntelGraphicsMem", 16);
	ck_assert_uint_eq(le(region + 0x10, 4), 8);
	ck_assert_uint_eq(le(region + 0x14, 4), 0x02000000);
	ck_assert_uint_eq(le(region + 0x58, 4), 8);
	ck_assert_uint_eq(region[0x1ac], 3);
	ck_assert_mem_eq(vbt, "$VBT", 4);
	ck_assert_uint_eq(le(vbt + 20, 2), 155);
	ck_assert_uint_le(vbt_size, 0x1c00);
	ck_assert_mem_eq(bdb, "BIOS_DATA_BLOCK ", 16);
	ck_assert_uint_eq(le(bdb + 16, 2), 186);
	ck_assert_uint_eq(le(vbt + 28, 4) + le(bdb + 20, 2), vbt_size);
	for (i = 0; i < vbt_size; i++)
		sum = (u8)(sum + vbt[i]);
	ck_assert_uint_eq(sum, 0);
	children(bdb);
	p = bdb_block(bdb, 1, &size);
	ck_assert(p && size >= 5 && !(p[4] & 1)); /* no CRT */
	p = bdb_block(bdb, 12, &size);
	ck_assert(p && size == 16 && !(le(p + 7, 2) >> 11 & 3)); /* no LVDS */
	ck_assert_ptr_null(bdb_block(bdb, 40, &size));
	for (i = 0x400 + vbt_size; i < SIZE; i++)
		if (region[i])
			ck_abort_msg("0x%x is not 0", i);
}

START_TEST(contents)
{
	u8 region[SIZE + 1];

	memset(region, 0xa5, sizeof(region));
	gvt_opregion_build(region);
	ck_assert_uint_eq(region[SIZE], 0xa5);
	parse(region);
}
END_TEST

/* --- as a guest --- */

static u8 memory[SIZE];

static void look(struct rig *r, u64 gpa)
{
	rig_ok(mpt_guest_read(r->vm, gpa, memory, 4096));
	rig_ok(mpt_guest_read(r->vm, gpa + 4096, memory + 4096, 4096));
}

static u32 cfg(struct rig *r, unsigned int offset)
{
	u32 value = 0;

	rig_ok(mpt_guest_cfg_read(r->vm, offset, &value, 4));
	return value;
}

static bool empty(void)
{
	u32 i;

	for (i = 0; i < SIZE && !memory[i]; i++)
		;
	return i == SIZE;
}

START_TEST(goes_where_the_guest_says)
{
	struct rig r;

	rig_open(&r);
	rig_cfg_write(&r, ASLS, AT, 4);
	look(&r, AT);
	parse(memory);
	look(&r, AT - SIZE);
	ck_assert(empty());
	look(&r, AT + SIZE);
	ck_assert(empty());
	ck_assert_uint_eq(cfg(&r, ASLS), AT);
	/* Written by halves it is nowhere on the way there, and not at its end either. */
	rig_cfg_write(&r, ASLS, 0, 4);
	rig_cfg_write(&r, ASLS, 0x8000, 2);
	rig_cfg_write(&r, ASLS + 2, 0x30, 2);
	ck_assert_uint_eq(cfg(&r, ASLS), 0x308000);
	look(&r, 0x8000);
	ck_assert(empty());
	look(&r, 0x308000);
	ck_assert(empty());
	/* The last place there is. */
	rig_cfg_write(&r, ASLS, (u32)(RIG_RAM - SIZE), 4);
	look(&r, RIG_RAM - SIZE);
	parse(memory);
	/* A reset forgets the address; the memory is the guest's. */
	r.ops->vgpu_reset(r.vgpu);
	ck_assert_uint_eq(cfg(&r, ASLS), 0);
	rig_cfg_place(&r);
	rig_close(&r);
}
END_TEST

/* Stored all the same, and nothing written, not even the half that is RAM. */
START_TEST(places_that_are_none)
{
	static const u32 at[] = {
		0,	    AT + 1,	AT + 0x800, (u32)RIG_RAM - 4096, (u32)RIG_RAM,
		0xfffff000, 0xffffffff, 0x10000000,
	};
	struct rig r;
	size_t i;

	rig_open(&r);
	for (i = 0; i < N(at); i++) {
		rig_cfg_write(&r, ASLS, at[i], 4);
		ck_assert_uint_eq(cfg(&r, ASLS), at[i]);
		rig_cfg_write(&r, SWSCI, 0x8000, 2);
		rig_cfg_write(&r, SWSCI, 0x8001, 2);
	}
	look(&r, 0);
	ck_assert(empty());
	look(&r, AT);
	ck_assert(empty());
	look(&r, RIG_RAM - SIZE);
	ck_assert(empty());
	rig_close(&r);
}
END_TEST

/* Mailbox before and after a request. */
static const struct {
	u32 scic, parm, scic_after, parm_after;
} requests[] = {
	{ 4 << 1 | 1, 7, 0, 0 },
	{ 4 << 1 | 1 | 1 << 8 | 7 << 5, 7, 0, 0 },
	{ 6 << 1 | 1, 7, 0, 0 },
	{ 4 << 1 | 2 << 8 | 7 << 5, 7, 4 << 1 | 2 << 8, 7 },
	{ 6 << 1 | 1 << 8 | 1 << 5, 7, 6 << 1 | 1 << 8, 7 },
	{ 5 << 1 | 7 << 5 | 1, 0xffffffff, 5 << 1 | 1, 0xffffffff },
	{ 0xffffffff, 0x12345678, 0xffffff1f, 0x12345678 },
	{ 0, 9, 0, 9 },
};

static void mailbox(struct rig *r, u32 scic, u32 parm)
{
	rig_ok(mpt_guest_write(r->vm, AT + 0x200, &scic, 4));
	rig_ok(mpt_guest_write(r->vm, AT + 0x204, &parm, 4));
}

static void mailbox_is(struct rig *r, u32 scic, u32 parm)
{
	look(r, AT);
	ck_assert_uint_eq(le(memory + 0x200, 4), scic);
	ck_assert_uint_eq(le(memory + 0x204, 4), parm);
	/* C28: not at four times the offset. */
	ck_assert_uint_eq(le(memory + 0x800, 4) | le(memory + 0x810, 4), 0);
}

START_TEST(swsci_answers)
{
	struct rig r;

	rig_open(&r);
	rig_cfg_write(&r, ASLS, AT, 4);
	mailbox(&r, requests[_i].scic, requests[_i].parm);
	rig_cfg_write(&r, SWSCI, 0x8001, 2);
	mailbox_is(&r, requests[_i].scic_after, requests[_i].parm_after);
	rig_close(&r);
}
END_TEST

START_TEST(swsci_edge)
{
	static const struct {
		u32 value, len;
		bool acts;
	} writes[] = {
		{ 0x0001, 2, false }, /* no SCI */
		{ 0x8001, 2, false }, /* no edge */
		{ 0x8000, 2, false }, { 0x8001, 2, true },  { 0x8001, 2, false },
		{ 0x8000, 4, false }, { 0x8001, 4, true },  { 0x00, 1, false },
		{ 0x01, 1, true }, /* the low byte beside a stored SCI bit */
		{ 0x7fff, 2, false }, { 0x7ffe, 2, false },
	};
	struct rig r;
	size_t i;

	rig_open(&r);
	rig_cfg_write(&r, SWSCI, 0x8001, 2); /* without an opregion: nothing */
	look(&r, 0);
	ck_assert(empty());
	rig_cfg_write(&r, SWSCI, 0, 2);
	rig_cfg_write(&r, ASLS, AT, 4);
	for (i = 0; i < N(writes); i++) {
		mailbox(&r, 4 << 1 | 1, 7);
		rig_cfg_write(&r, SWSCI, writes[i].value, writes[i].len);
		if (writes[i].acts)
			mailbox_is(&r, 0, 0);
		else
			mailbox_is(&r, 4 << 1 | 1, 7);
	}
	rig_close(&r);
}
END_TEST

/* A guest goes without, and gets it when it asks again. */
START_TEST(out_of_memory)
{
	struct rig r;

	rig_open(&r);
	mpt_alloc_fail_at(1);
	rig_cfg_write(&r, ASLS, AT, 4);
	mpt_alloc_fail_at(0);
	look(&r, AT);
	ck_assert(empty());
	rig_cfg_write(&r, ASLS, AT, 4);
	look(&r, AT);
	parse(memory);
	rig_close(&r);
}
END_TEST

static Suite *opregion_suite(void)
{
	Suite *s = suite_create("gvt-opregion");
	TCase *tc = tcase_create("opregion");

	tcase_add_test(tc, contents);
	tcase_add_test(tc, goes_where_the_guest_says);
	tcase_add_test(tc, places_that_are_none);
	tcase_add_loop_test(tc, swsci_answers, 0, N(requests));
	tcase_add_test(tc, swsci_edge);
	tcase_add_test(tc, out_of_memory);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { opregion_suite };

	return mpt_test_main("gvt_opregion", suites, N(suites));
}
