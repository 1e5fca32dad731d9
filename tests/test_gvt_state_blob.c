/* SPDX-License-Identifier: MIT */
/*
 * Saved states that nobody saved: cut, damaged, edited field by field with a right hash. Each is
 * refused with its reason and leaves the vGPU as it was, or means something that a vGPU can be.
 * Lists that disagree with each other: test_gvt_state_lists.c.
 */
#include <stdio.h>

#include "state_refused.h"

#include "lib/runner.h"

/* --- damaged on the way --- */

START_TEST(test_cut)
{
	struct blob cut;
	size_t len;
	int ret;

	for (len = 0; len < good.len; len++) {
		/* On the heap and of this size, so that a sanitizer sees a read behind it. */
		cut.p = malloc(len ? len : 1);
		cut.len = len;
		memcpy(cut.p, good.p, len);
		ret = side_restore(&b, &cut);
		if (ret != -EINVAL)
			ck_abort_msg("%zu bytes: %d", len, ret);
		if (len > 24) {
			blob_seal(&cut);
			ret = side_restore(&b, &cut);
			if (ret != -EINVAL)
				ck_abort_msg("%zu bytes, with a right hash: %d", len, ret);
		}
		free(cut.p);
	}
	ck_assert_int_eq(gvt_vgpu_restore(b.vgpu, NULL, 100), -EINVAL);
	ck_assert_int_eq(gvt_state_each(good.p, good.len - 1, NULL, NULL), -EINVAL);
	unchanged();
}
END_TEST

/* Of what is 0 far and wide one byte in 16 stands for all. */
static bool dull(size_t at)
{
	static const u8 zero[32];

	return at % 16 && at > 16 && at + 24 < good.len && !memcmp(good.p + at - 16, zero, 32);
}

START_TEST(test_each_byte)
{
	size_t i;

	for (i = 0; i < good.len; i++) {
		if (dull(i))
			continue;
		good.p[i] ^= 1U << i % 8;
		if (side_restore(&b, &good) != -EINVAL)
			ck_abort_msg("byte %zu", i);
		good.p[i] ^= 1U << i % 8;
	}
	unchanged();
	life_ok(side_restore(&b, &good));
}
END_TEST

/* The hash is made right again: the fields have to stand for themselves. */
START_TEST(test_each_byte_sealed)
{
	static const u8 change[] = { 0x01, 0x80, 0xff };
	struct blob blob = blob_copy(&good);
	unsigned int taken = 0;
	u64 before, now = hash;
	size_t i;
	int ret;

	for (i = 0; i + 8 < good.len; i++) {
		if (dull(i))
			continue;
		blob.p[i] ^= change[i % N(change)];
		blob_seal(&blob);
		ret = side_restore(&b, &blob);
		taken += !ret;
		before = now;
		now = gvt_vgpu_hash(b.vgpu);
		/* A changed entry can name a page that is not there: it is as after a reset. */
		if (ret == -EINVAL && now != before)
			ck_abort_msg("byte %zu was refused and changed something", i);
		if (ret && ret != -EINVAL && ret != -EFAULT)
			ck_abort_msg("byte %zu: %d: %s", i, ret, mpt_last_error());
		blob.p[i] ^= change[i % N(change)];
	}
	ck_assert_uint_gt(taken, 100);
	blob_seal(&blob);
	life_ok(side_restore(&b, &blob));
	free(blob.p);
}
END_TEST

/* --- form --- */

START_TEST(test_head)
{
	struct blob blob = blob_copy(&good);

	blob.p[0] = 'X';
	refused(&blob, "magic");
	blob = blob_copy(&good);
	blob.p[8] = 2;
	refused(&blob, "format: 2 in the state, 1");
	blob = blob_copy(&good);
	blob.len++;
	ck_assert_int_eq(side_restore(&b, &blob), -EINVAL);
	has("size: it says");
	free(blob.p);
	/* Something behind the last section. */
	blob = blob_copy(&good);
	blob_splice(&blob, blob.len - 8, "garbage", 7);
	refused(&blob, "middle of the section after pvmmio");
	blob = blob_copy(&good);
	blob_splice(&blob, blob.len - 8, "\0garbage................", 24);
	refused(&blob, "no name of a section after pvmmio");
}
END_TEST

struct head {
	char name[16];
	u32 word[2];
};

static void splice_section(struct blob *blob, const char *name, u16 version, u16 flags)
{
	struct head h[2] = { { .name = "" }, { .name = "what", .word = { 1, 3 } } };

	memcpy(h[0].name, name, strlen(name));
	h[0].word[0] = version | (u32)flags << 16;
	h[0].word[1] = 24 + 3;
	blob_splice(blob, blob_section(blob, "ggtt"), "???", 3);
	blob_splice(blob, blob_section(&good, "ggtt"), h, sizeof(h));
	blob_seal(blob);
}

static int count_fields(void *arg, const struct gvt_state_field *f)
{
	(void)f;
	(*(unsigned int *)arg)++;
	return 0;
}

START_TEST(test_unknown_section)
{
	struct blob blob = blob_copy(&good);
	unsigned int before = 0, now = 0;
	u64 want;

	splice_section(&blob, "future", 3, 0);
	refused(&blob, "section future is not known here, and needed");
	blob = blob_copy(&good);
	splice_section(&blob, "future", 3, 1);
	memcpy(&want, good.p + good.len - 8, 8);
	life_ok(side_restore(&b, &blob));
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), want);
	life_ok(gvt_state_each(good.p, good.len, count_fields, &before));
	life_ok(gvt_state_each(blob.p, blob.len, count_fields, &now));
	ck_assert_uint_eq(now, before + 1);
	ck_assert_uint_eq(blob_field(&blob, "future.what").count, 3);
	ck_assert(blob_field(&blob, "future.what").optional);
	free(blob.p);
}
END_TEST

START_TEST(test_section_form)
{
	struct blob blob = blob_copy(&good);
	size_t at = blob_section(&good, "guest"), next = blob_section(&good, "engine");

	/* Twice. */
	blob_splice(&blob, at, good.p + at, (long)(next - at));
	refused(&blob, "section guest is there twice");
	/* Not at all: the first field of it is missed. */
	blob = blob_copy(&good);
	blob_splice(&blob, at, NULL, -(long)(next - at));
	refused(&blob, "field guest.pv_notified: is missing");
	blob = blob_copy(&good);
	blob.p[at + HEAD_VERSION] = 2;
	refused(&blob, "section guest: version 2 in the state, 1 is read here");
	blob = blob_copy(&good);
	blob.p[at + HEAD_FLAGS] = 4;
	refused(&blob, "section guest: flags 0x4");
	/* Longer than it is, up to more than there is; shorter. */
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_LENGTH, ~0U, 4);
	refused(&blob, "section guest: 4294967295 bytes");
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_LENGTH, blob_get32(&good, at + HEAD_LENGTH) + 1, 4);
	refused(&blob, "middle of the field after display_ready");
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_LENGTH, blob_get32(&good, at + HEAD_LENGTH) - 1, 4);
	refused(&blob, "field guest.display_ready: 4 bytes, its section has 3 left");
}
END_TEST

START_TEST(test_any_order)
{
	size_t begin = 16, at = blob_section(&good, "monitor"), end = good.len - 8;
	struct blob blob = blob_copy(&good);
	u64 want;

	memcpy(blob.p + begin, good.p + at, end - at);
	memcpy(blob.p + begin + (end - at), good.p + begin, at - begin);
	blob_seal(&blob);
	memcpy(&want, good.p + good.len - 8, 8);
	life_ok(side_restore(&b, &blob));
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), want);
	free(blob.p);
}
END_TEST

/* A reader that does not know of waiting flips, and a writer. */
START_TEST(test_optional_section_is_missing)
{
	struct blob blob = blob_copy(&good);
	size_t at = blob_section(&good, "vblank"), next = blob_section(&good, "pvmmio");

	blob_splice(&blob, at, NULL, -(long)(next - at));
	blob_seal(&blob);
	b.v->vblank.flip = 3;
	life_ok(side_restore(&b, &blob));
	ck_assert_uint_eq(b.v->vblank.flip, 0);
	free(blob.p);
}
END_TEST

START_TEST(test_field_form)
{
	size_t at = blob_data(&good, "guest.d3") - HEAD_SIZE;
	size_t section = blob_section(&good, "guest");
	struct blob blob = blob_copy(&good);

	blob_splice(&blob, at, good.p + at, HEAD_SIZE + 1);
	blob_set(&blob, section + HEAD_LENGTH, blob_get32(&good, section + HEAD_LENGTH) + 25, 4);
	refused(&blob, "field guest.d3: is there twice");
	blob = blob_copy(&good);
	blob_splice(&blob, at, NULL, -(HEAD_SIZE + 1));
	blob_set(&blob, section + HEAD_LENGTH, blob_get32(&good, section + HEAD_LENGTH) - 25, 4);
	refused(&blob, "field guest.d3: is missing");
	blob = blob_copy(&good);
	blob.p[at] = 'e';
	refused(&blob, "field guest.e3 is not known here");
	blob = blob_copy(&good);
	blob.p[at] = 'D';
	refused(&blob, "section guest: no name of a field after pv_notified");
	blob = blob_copy(&good);
	blob.p[at + 15] = 'x';
	refused(&blob, "section guest: no name of a field after pv_notified");
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_WIDTH, 3, 4);
	refused(&blob, "field guest.d3: elements of 3 bytes");
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_WIDTH, 0, 4);
	refused(&blob, "field guest.d3: elements of 0 bytes");
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_LENGTH, ~0U, 4);
	refused(&blob, "field guest.d3: 4294967295 bytes");
	/* As long, but told otherwise. */
	at = blob_data(&good, "guest.failsafe") - HEAD_SIZE;
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_WIDTH, 2, 4);
	blob_set(&blob, at + HEAD_LENGTH, 2, 4);
	refused(&blob, "field guest.failsafe: elements of 2 bytes in the state, 4 here");
	at = blob_data(&good, "monitor.edid") - HEAD_SIZE;
	blob = blob_copy(&good);
	blob_set(&blob, at + HEAD_LENGTH, 127, 4);
	blob_splice(&blob, at + HEAD_SIZE, NULL, -1);
	section = blob_section(&good, "monitor");
	blob_set(&blob, section + HEAD_LENGTH, blob_get32(&good, section + HEAD_LENGTH) - 1, 4);
	refused(&blob, "field monitor.edid: 127 elements in the state, 128 here");
}
END_TEST

/* --- values --- */

static const struct {
	const char *field;
	u32 index;
	u64 value;
	const char *why; /* NULL: taken */
} values[] = {
	{ "identity.platform", 0, 0x776462, "identity.platform: bdw in the state, skl here" },
	{ "identity.platform", 0, 0x0a25, "identity.platform: ?? in the state" },
	{ "identity.device", 0, 0x19168086,
	  "identity.device: 0x19168086 in the state, 0x19128086" },
	{ "identity.engines", 0, 0,
	  "identity.engines: 0x0 in the state, 0x4 here (set gvt_config.hw)" },
	{ "identity.revision", 0, 9, "identity.revision: 0x9 in the state, 0x7 here" },
	{ "config.space", 0, 0x87, "config.space: 0x19128087 at 0x0 in the state, 0x19128086" },
	{ "config.space", 0x10, 0x05, "config.space: 0xc0000005 at 0x10" },
	{ "config.space", 0x12, 0x10, "config.space: 0xc0100004 at 0x10" },
	{ "config.space", 0x100, 1, "config.space: 0x00000001 at 0x100" },
	{ "config.space", 0xfff, 1, "config.space: 0x01000000 at 0xffc" },
	{ "config.space", 0xd4, 2, "power state D2" },
	{ "config.space", 0xd4, 3, NULL },
	{ "config.space", 0x07, 0x40, NULL }, /* a status bit that is cleared by writing 1 */
	{ "config.space", 0x04, 0, "config.bar0_on" },	  /* decoding off */
	{ "config.space", 0x16, 0xff, "config.bar0_on" }, /* beyond what can be decoded */
	{ "config.space", 0x1e, 0xff, "config.bar2_on" },
	{ "config.bar0_sizing", 0, 1, "config.bar0_on" },
	{ "config.bar2_sizing", 0, 1, "config.bar2_on" },
	{ "config.bar2_on", 0, 2, "config.bar2_on: 0x2 in the state, 0x1 is the largest" },
	{ "config.bar2_on", 0, 0, NULL },
	{ "registers.run_at", 1, 0, "registers.run_at: a run at this place (0x0)" },
	{ "registers.run_at", 0, 2, "registers.run_at: a run at this place (0x2)" },
	{ "registers.run_len", 0, 0, "registers.run_len: a run of this length (0x0)" },
	{ "registers.run_len", 0, ~0U, "registers.run_len: a run of this length" },
	{ "registers.run_len", 0, 0x80000, "registers.run_at: a run at this place" },
	{ "ggtt.run_at", 0, 0x3fff, "ggtt.run_at: an entry out of the vGPU's share (0x3fff)" },
	{ "ggtt.run_at", 0, 0xfffff, "ggtt.run_at: a run at this place (0xfffff)" },
	{ "ggtt.flags", 0, 8, "ggtt.flags: no such state of an entry (0x8)" },
	{ "ggtt.flags", 0, 3, "ggtt.flags: no such state of an entry (0x3)" },
	{ "ggtt.flags", 0, 5, "ggtt.flags: no such state of an entry (0x5)" },
	{ "ggtt.flags", 0, 2, "ggtt.entry: waits for a half that it has" },
	{ "ggtt.flags", 0, 1, NULL },
	{ "ggtt.flags", 0, 0, NULL },
	{ "ggtt.entry", 0, 0x100000, "ggtt.entry: mapped, but not present" },
	{ "guest.pv_notified", 0, 2, "guest.pv_notified: 0x2 in the state, 0x1 is the largest" },
	{ "guest.d3", 0, 0xff, "guest.d3" },
	{ "guest.failsafe", 0, 4, "guest.failsafe: 0x4 in the state, 0x3 is the largest" },
	{ "engine.elsp_index", 1, 4, "engine.elsp_index: 0x4 in the state, 0x3 is the largest" },
	{ "engine.status_page", 2, 0x1000,
	  "engine.status_page: 0x1000 is not in the vGPU's share" },
	{ "engine.status_page", 3, SIDE_HIGH + 5, NULL },
	/* Engine 1 is hung at a context; on engine 2 a list waits. */
	{ "engine.list", 4, 0x118, "engine.list: engine 1: 0x118 and 0x0 are no list" },
	{ "engine.list", 4, 0x19, "engine.list: engine 1: 0x19 and 0x0 are no list" },
	{ "engine.list", 6, 0x11, "engine.list: engine 1: 0x20100119 and 0x11 are no list" },
	{ "engine.list", 6, 0x111, NULL },
	{ "engine.list", 6, 0x10, NULL },
	{ "engine.list", 0, 0x118, NULL },
	{ "engine.next", 8, 0x118, "engine.next: engine 2: 0x118 and 0x0 are no list" },
	{ "engine.next", 10, 1, "engine.next: engine 2: 0x20100119 and 0x1 are no list" },
	{ "engine.next", 4, 0x118, NULL },
	{ "engine.running", 1, 0, "engine.hung: engine 1: it runs nothing" },
	{ "engine.running", 2, 1, "engine.list: engine 2: 0x0 and 0x0 are no list" },
	{ "engine.running", 1, 2, "engine.running: 0x2 in the state, 0x1 is the largest" },
	{ "engine.queued", 0, 1, "engine.next: engine 0: 0x0 and 0x0 are no list" },
	{ "engine.queued", 2, 2, "engine.queued" },
	{ "engine.hung", 0, 1, "engine.hung: engine 0: it runs nothing" },
	{ "engine.hung", 1, 0, NULL },
	{ "engine.hung", 1, 2, "engine.hung" },
	{ "engine.at", 1, 1, "engine.at: engine 1: its list has no second context" },
	{ "engine.at", 1, 2, "engine.at: 0x2 in the state, 0x1 is the largest" },
	{ "engine.at", 0, 1, NULL },
	{ "engine.slot", 0, 2, "engine.slot: 0x2 in the state, 0x1 is the largest" },
	{ "engine.slot", 0, 0, NULL },
	{ "engine.kept", 0, 1, "engine.kept: not what the hardware here can go on with (0x0)" },
	{ "engine.kept", 95, 1, "engine.kept: not what the hardware here can go on with (0x3)" },
	/* Of three levels 0x209000 and 0x20a000, of four 0x207000, of four 0x208000. */
	{ "spaces.levels", 0, 2, "spaces.root: no address space is so (0x209000)" },
	{ "spaces.levels", 0, 5, "spaces.root: no address space is so (0x209000)" },
	{ "spaces.levels", 0, 4, "spaces.root: no address space is so (0x209000)" },
	{ "spaces.levels", 1, 3, "spaces.root: not in order (0x207000)" },
	{ "spaces.created", 1, 0, "spaces.root: no address space is so (0x207000)" },
	{ "spaces.created", 2, ~0U, NULL },
	{ "spaces.root", 0, 0x209800, "spaces.root: no address space is so (0x209800)" },
	{ "spaces.root", 3, 1ULL << 46, "spaces.root: no address space is so (0x209000)" },
	{ "spaces.root", 3, (1ULL << 46) - 4096, NULL }, /* no RAM there: a pin will see */
	{ "spaces.root", 0, 0, NULL },
	{ "spaces.root", 4, 0x208000, "spaces.root: not in order (0x208000)" },
	{ "spaces.root", 4, 0x210000, "spaces.root: not in order (0x208000)" },
	{ "spaces.root", 9, 0x1000, "spaces.root: no address space is so (0x208000)" },
	{ "gmbus.phase", 0, 0, "gmbus.phase: no cycle is so: 0x0 with 0x1c bytes done and 0x64" },
	{ "gmbus.phase", 0, 2, "gmbus.phase: no cycle is so: 0x2" },
	{ "gmbus.phase", 0, 3, "gmbus.phase: 0x3 in the state, 0x2 is the largest" },
	{ "gmbus.stop", 0, 2, "gmbus.stop" },
	{ "gmbus.stop", 0, 0, NULL },
	{ "gmbus.segment", 0, 0xff, NULL },
	{ "gmbus.left", 0, 0, "gmbus.phase: no cycle is so: 0x1 with 0x1c bytes done and 0x0" },
	{ "gmbus.left", 0, 483, NULL },
	{ "gmbus.left", 0, 484, "gmbus.phase: no cycle is so: 0x1 with 0x1c bytes done and 0x1e4" },
	{ "gmbus.left", 0, 512, "gmbus.left: 0x200 in the state, 0x1ff is the largest" },
	{ "gmbus.done", 0, 512, "gmbus.done: 0x200 in the state, 0x1ff is the largest" },
	{ "monitor.plugged", 0, 2, "monitor.plugged" },
	{ "monitor.edid_offset", 0, 0xff, NULL },
	{ "vblank.flip", 0, 8, "vblank.flip: 0x8 in the state, 0x7 is the largest" },
	{ "pvmmio.levels", 0, 0x20, "pvmmio.levels: 0x20 in the state, 0x1f is the largest" },
	{ "pvmmio.levels", 0, 1, "pvmmio.levels: 0x1 in the state, 0x0 are offered here" },
};

START_TEST(test_value)
{
	struct gvt_state_field f = blob_field(&good, values[_i].field);
	struct blob blob = blob_copy(&good);
	u64 want;

	ck_assert_uint_lt(values[_i].index, f.count);
	blob_set(&blob, blob_data(&good, values[_i].field) + values[_i].index * f.width,
		 values[_i].value, f.width);
	if (values[_i].why) {
		refused(&blob, values[_i].why);
		return;
	}
	life_ok(side_restore(&b, &blob));
	memcpy(&want, blob.p + blob.len - 8, 8);
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), want);
	free(blob.p);
}
END_TEST

/* A slot that would open what no guest may open to its batches; 0x24d0 is the first of twelve. */
START_TEST(test_nonpriv)
{
	struct blob blob;
	u32 slot = 0x24d0;

	gvt_vreg_set(a.v, slot, 0xc4000);
	blob = side_save(&a);
	refused(&blob, "field registers.value: 0xc4000 at 0x24d0");
}
END_TEST

/* PV MMIO's page and levels go together. */
START_TEST(test_pv_page)
{
	struct side_config c = side_default(SIDE_SPEC);
	struct side pv;
	struct blob blob = blob_copy(&good);

	c.pvmmio = 0xf;
	side_open_config(&pv, &c);
	blob_set(&blob, blob_data(&good, "pvmmio.levels"), 1, 4);
	ck_assert_int_eq(side_restore(&pv, &blob), -EINVAL);
	has("pvmmio.page: 0 bytes in the state with levels 0x1");
	blob_set(&blob, blob_data(&good, "config.bar0_on"), 0, 1);
	ck_assert_int_eq(side_restore(&pv, &blob), -EINVAL);
	has("pvmmio.levels: 0x1 in the state, but BAR0 is nowhere");
	free(blob.p);
	side_close(&pv);
}
END_TEST

/* --- looking at one --- */

static int stop(void *arg, const struct gvt_state_field *f)
{
	(void)f;
	return ++*(int *)arg == 3 ? -ENOENT : 0;
}

START_TEST(test_each)
{
	struct gvt_state_field f = blob_field(&good, "monitor.edid");
	int n = 0;

	ck_assert_str_eq(f.section, "monitor");
	ck_assert_str_eq(f.name, "edid");
	ck_assert_uint_eq(f.version, 1);
	ck_assert(!f.optional && blob_field(&good, "vblank.flip").optional);
	ck_assert_uint_eq(f.width, 1);
	ck_assert_uint_eq(f.count, 128);
	ck_assert_mem_eq(f.data, "\0\xff\xff\xff\xff\xff\xff\0", 8);
	ck_assert_int_eq(gvt_state_each(good.p, good.len, stop, &n), -ENOENT);
	ck_assert_int_eq(n, 3);
}
END_TEST

static Suite *blob_suite(void)
{
	Suite *s = suite_create("gvt_state_blob");
	TCase *tc = tcase_create("blob");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_each_byte);
	tcase_add_test(tc, test_each_byte_sealed);
	tcase_add_test(tc, test_head);
	tcase_add_test(tc, test_unknown_section);
	tcase_add_test(tc, test_section_form);
	tcase_add_test(tc, test_any_order);
	tcase_add_test(tc, test_optional_section_is_missing);
	tcase_add_test(tc, test_field_form);
	tcase_add_loop_test(tc, test_value, 0, (int)N(values));
	tcase_add_test(tc, test_nonpriv);
	tcase_add_test(tc, test_pv_page);
	tcase_add_test(tc, test_each);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { blob_suite };

	return mpt_test_main("gvt_state_blob", suites, N(suites));
}
