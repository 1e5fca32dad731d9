/* SPDX-License-Identifier: MIT */
/* Saved states whose lists are too long, too short, or do not belong together: each is refused. */
#include <stdio.h>

#include "state_refused.h"

#include "lib/runner.h"

/* Of the list @path the last element goes. */
static struct blob shorter(const char *section, const char *path)
{
	struct gvt_state_field f = blob_field(&good, path);
	struct blob blob = blob_copy(&good);
	size_t at = blob_data(&good, path), head = blob_section(&good, section);

	blob_splice(&blob, at, NULL, -(long)f.width);
	blob_set(&blob, at - HEAD_SIZE + HEAD_LENGTH, f.count - 1, 4);
	blob_set(&blob, head + HEAD_LENGTH, blob_get32(&good, head + HEAD_LENGTH) - f.width, 4);
	return blob;
}

START_TEST(test_lists_disagree)
{
	struct blob blob = shorter("registers", "registers.run_len");

	refused(&blob, "field registers.run_len: not as many as run_at");
	blob = shorter("registers", "registers.value");
	refused(&blob, "in all more or less than there are values");
	blob = shorter("ggtt", "ggtt.entry");
	refused(&blob, "in all more or less than there are values");
	blob = shorter("ggtt", "ggtt.flags");
	refused(&blob, "field ggtt.flags: not as many as entries");
	blob = shorter("spaces", "spaces.levels");
	refused(&blob, "field spaces.created: not as many as levels (0x3)");
	blob = shorter("spaces", "spaces.created");
	refused(&blob, "field spaces.created: not as many as levels (0x2)");
	blob = shorter("spaces", "spaces.root");
	refused(&blob, "field spaces.root: not four for each (0xb)");
	blob = shorter("engine", "engine.kept");
	refused(&blob, "field engine.kept: elements of another number of engines (0x5f)");
}
END_TEST

/* The list @path has @n elements of 0 more at its end. */
static void longer(struct blob *blob, const char *section, const char *path, u32 n)
{
	struct gvt_state_field f = blob_field(blob, path);
	size_t at = blob_data(blob, path), head = blob_section(blob, section), bytes = n * f.width;

	memset(blob->p + blob->len, 0, bytes);
	blob_splice(blob, at + f.count * f.width, NULL, (long)bytes);
	memset(blob->p + at + f.count * f.width, 0, bytes);
	blob_set(blob, at - HEAD_SIZE + HEAD_LENGTH, f.count + n, 4);
	blob_set(blob, head + HEAD_LENGTH, blob_get32(blob, head + HEAD_LENGTH) + bytes, 4);
}

/* One address space more than a vGPU can have, each of them right; and as many as that. */
START_TEST(test_too_many_spaces)
{
	u32 i, n = 4097 - (u32)_i, had = 3;
	struct blob blob = blob_copy(&good);
	size_t levels, created, root;

	blob.p = realloc(blob.p, blob.len + 256 * 1024);
	longer(&blob, "spaces", "spaces.levels", n - had);
	longer(&blob, "spaces", "spaces.created", n - had);
	longer(&blob, "spaces", "spaces.root", 4 * (n - had));
	levels = blob_data(&blob, "spaces.levels");
	created = blob_data(&blob, "spaces.created");
	root = blob_data(&blob, "spaces.root");
	memset(blob.p + levels, 4, n);
	memset(blob.p + root, 0, 32 * n);
	for (i = 0; i < n; i++) {
		memcpy(blob.p + created + 4 * i, &(u32){ 1 }, 4);
		memcpy(blob.p + root + 32 * i, &(u64){ i << 12 }, 8);
	}
	blob_seal(&blob);
	if (!_i) {
		refused(&blob, "spaces.levels: more than a vGPU can have (0x1001)");
		return;
	}
	life_ok(side_restore(&b, &blob));
	ck_assert_uint_eq(life_info(b.vgpu).ppgtt_spaces, 4096);
	free(blob.p);
}
END_TEST

/* Lengths whose sum is right only in 32 bits. */
START_TEST(test_lengths_wrap)
{
	struct gvt_state_field f = blob_field(&good, "ggtt.run_len");
	size_t at = blob_data(&good, "ggtt.run_len");
	struct blob blob = blob_copy(&good);

	ck_assert_uint_gt(f.count, 2);
	blob_set(&blob, at, (u64)blob_get32(&good, at) + 0x80000000U, 4);
	blob_set(&blob, at + 4, (u64)blob_get32(&good, at + 4) + 0x80000000U, 4);
	refused(&blob, "ggtt.run_len: a run of this length");
}
END_TEST

static Suite *lists_suite(void)
{
	Suite *s = suite_create("gvt_state_lists");
	TCase *tc = tcase_create("lists");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_lists_disagree);
	tcase_add_test(tc, test_lengths_wrap);
	tcase_add_loop_test(tc, test_too_many_spaces, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { lists_suite };

	return mpt_test_main("gvt_state_lists", suites, N(suites));
}
