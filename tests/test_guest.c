/* SPDX-License-Identifier: MIT */
/*
 * The synthetic guest on the mock's shapes, with page tables of both depths; that its checks bite:
 * whatever it reads, another value there fails the step. Several at once are in test_guest_many.c,
 * failures of the back end and of allocations under it in test_guest_fail.c.
 */
#include "guest_rig.h"
#include "specs.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Asked before a store to a table, told after it, not at all; and BAR2 that always traps. */
static const char *specs[] = {
	"check,mock", "check,mock:trap=after", "check,mock:track=no", "check,mock:map=no",
	"check,mock:trap-area=no", "check,mock:contig=no", "check,vfio-user",
	"check,acrn-sim", "check,acrn-sim:vcpus=1,contig=no,profile=2020",
	"check,kvm-stub", "check,kvm-stub:hugepages=no",
};

/*
 * Of what a step reads while it executes, something must hang on a good part: the others are polls
 * that come too early in any case. A few are tried.
 */
static const char *const sampled[] = {
	"batches", "blits", "elements", "lite-restore", "preempt", "semaphore", "registers", "wrap",
	"tables", "hang", "gt-reset",
};

/* The second one finds the device as the first one left it. */
START_TEST(all_steps)
{
	struct bed b;
	int n;

	bed_open(&b, specs[_i], 1);
	for (n = 0; n < 4; n++) {
		bed_guest(&b, 0, 4 - n % 2);
		guest_run(b.guest[0]);
		passed(b.guest[0]);
		bed_left(&b, 0);
	}
	bed_close(&b);
}
END_TEST

/* For hardware that executes nothing. */
START_TEST(without_engines)
{
	const struct guest_result *r;
	unsigned int i, n = 0;
	struct bed b;

	bed_open(&b, "check,mock", 1);
	b.no_engines = true;
	bed_guest(&b, 0, 4);
	ck_assert(guest_run(b.guest[0]));
	r = guest_result(b.guest[0]);
	for (i = 0; i < r->steps; i++)
		n += r->step[i].state == GUEST_SKIPPED;
	ck_assert_uint_eq(n, N(sampled));
	ck_assert_uint_eq(r->submissions, 0);
	bed_left(&b, 0);
	bed_close(&b);
}
END_TEST

/* --- lies --- */

/* From the step's begin on all reads there are changed; the step notices and names it. */
static const struct {
	const char *step;
	enum guest_space space;
	u64 first, last, flip;
	const char *word;
} lies[] = {
	{ "pci", GUEST_CFG, 0x00, 0x00, 0x1, "vendor" },
	{ "pci", GUEST_CFG, 0x02, 0x02, 0xff, "device id" },
	{ "pci", GUEST_CFG, 0x08, 0x08, 0x100, "class" },
	{ "pci", GUEST_CFG, 0x50, 0x50, 0x40, "GGTT size" },
	{ "pci", GUEST_CFG, 0x10, 0x10, 0x4, "type of the BAR" },
	{ "pci", GUEST_CFG, 0x10, 0x10, 0x1000000, "BAR at 0x10" },
	{ "pci", GUEST_CFG, 0x14, 0x14, 0x1, "upper half" },
	{ "pci", GUEST_CFG, 0x18, 0x18, 0x8, "type of the BAR" },
	{ "pci", GUEST_CFG, 0x04, 0x04, 0x4, "COMMAND" },
	{ "pci", GUEST_CFG, 0x06, 0x06, 0x10, "capability list" },
	{ "pci", GUEST_CFG, 0x34, 0x34, 0xac, "MSI capability" },
	{ "pci", GUEST_CFG, 0xb0, 0xb0, 0x10, "MSI address" },
	{ "pci", GUEST_CFG, 0xb4, 0xb4, 0x1, "MSI data" },
	{ "pci", GUEST_CFG, 0xae, 0xae, 0x1, "MSI enable" },
	{ "pvinfo", GUEST_REG, 0x78000, 0x78000, 0x1ULL << 63, "magic" },
	{ "pvinfo", GUEST_REG, 0x78008, 0x78008, 0x1, "version" },
	{ "pvinfo", GUEST_REG, 0x78010, 0x78010, 0x4, "full PPGTT" },
	{ "pvinfo", GUEST_REG, 0x78010, 0x78010, 0x8, "status page" },
	{ "pvinfo", GUEST_REG, 0x78044, 0x78044, 0x20, "size of a share" },
	{ "pvinfo", GUEST_REG, 0x78040, 0x78040, 0xf0000000, "end of the aperture's share" },
	{ "pvinfo", GUEST_REG, 0x78048, 0x78048, 0xffffffff, "size of a share" },
	{ "pvinfo", GUEST_REG, 0x78048, 0x78048, 0xfc000000, "begin of the hidden share" },
	{ "pvinfo", GUEST_REG, 0x7804c, 0x7804c, 0xf0000000, "end of the hidden share" },
	{ "pvinfo", GUEST_REG, 0x78050, 0x78050, 0x4, "fences" },
	{ "gt", GUEST_REG, 0x0d84, 0x0d84, 0x1, "render forcewake" },
	{ "gt", GUEST_REG, 0x0d88, 0x0d88, 0x1, "media forcewake" },
	{ "gt", GUEST_REG, 0x130044, 0x130044, 0x1, "GT forcewake" },
	{ "gt", GUEST_REG, 0x941c, 0x941c, 0x1, "full reset" },
	{ "gt", GUEST_REG, 0x20a8, 0x20a8, 0x2, "ring IMR" },
	{ "gt", GUEST_REG, 0x4080, 0x4080, 0x1, "64 KiB" },
	{ "ggtt", GUEST_REG, 0x800000, 0xffffff, 0x1, "GGTT entry" },
	{ "ggtt", GUEST_RAM, 0, ~0ULL, 0x80, "behind the aperture" },
	{ "ggtt", GUEST_APERTURE, 0, ~0ULL, 0x80, "aperture" },
	{ "ggtt", GUEST_REG, 0x100000, 0x1000ff, 1ULL << 32, "fence" },
	{ "engines", GUEST_REG, 0x2080, 0x2080, 0x1000, "rcs: status page" },
	{ "engines", GUEST_REG, 0x22080, 0x22080, 0x1000, "bcs: status page" },
	{ "engines", GUEST_REG, 0x1229c, 0x1229c, 0x8000, "vcs: execlists" },
	{ "engines", GUEST_REG, 0x44338, 0x44338, 0x1, "GT IIR 3" },
	{ "engines", GUEST_REG, 0x4430c, 0x4430c, 0x1, "GT IER 0" },
	{ "engines", GUEST_REG, 0x44314, 0x44314, 0x1, "GT IMR 1" },
	{ "engines", GUEST_REG, 0x44200, 0x44200, 1U << 31, "master" },
	{ "ppgtt", GUEST_REG, 0x78838, 0x78838, 0x1000, "pdp 0" },
	{ "contexts", GUEST_REG, 0x800000, 0xffffff, 1ULL << 45, "GGTT entry" },
	{ "contexts", GUEST_RAM, 0, ~0ULL, 0x10, "ring start in the image" },
	{ "batches", GUEST_MSI, 0, 0, 1, "address of an MSI" },
	{ "batches", GUEST_MSI, 0, 0, 1ULL << 32, "data of an MSI" },
	{ "batches", GUEST_MSI, 0, 0, 1ULL << 48, "interrupt on the pin" },
	{ "batches", GUEST_REG, 0x44308, 0x44308, 0x101, "in a row" },
	{ "batches", GUEST_REG, 0x44308, 0x44308, 0x001, "in a row" },
	{ "batches", GUEST_REG, 0x44200, 0x44200, 0x001, "in a row" },
	{ "hang", GUEST_REG, 0x2034, 0x2034, 0x2000, "RING_HEAD" },
	{ "hang", GUEST_REG, 0x209c, 0x209c, 0x200, "the ring to stop" },
	{ "hang", GUEST_REG, 0x20d0, 0x20d0, 0x2, "ready for reset" },
	{ "hang", GUEST_REG, 0x941c, 0x941c, 0x2, "engine reset" },
	{ "gt-reset", GUEST_REG, 0x941c, 0x941c, 0x1, "full reset" },
	{ "gt-reset", GUEST_REG, 0x4080, 0x4080, 0x1, "64 KiB" },
	{ "teardown", GUEST_REG, 0x941c, 0x941c, 0x2, "engine reset" },
	{ "teardown", GUEST_REG, 0x800000, 0xffffff, 0x1, "cleared GGTT entry" },
	{ "teardown", GUEST_CFG, 0xae, 0xae, 0x1, "MSI enable" },
	{ "teardown", GUEST_CFG, 0x04, 0x04, 0x2, "COMMAND" },
};

static unsigned int step_of(const struct guest *g, const char *name)
{
	const struct guest_result *r = guest_result(g);
	unsigned int i;

	for (i = 0; i < r->steps; i++)
		if (!strcmp(r->step[i].name, name))
			return i;
	ck_abort_msg("no step '%s'", name);
	return 0;
}

/* Everything before the step passes; returns the step. */
static unsigned int run_to(struct bed *b, const char *name)
{
	unsigned int i, step = step_of(b->guest[0], name);

	for (i = 0; i < step; i++)
		ck_assert_msg(guest_step(b->guest[0]), "%s", guest_result(b->guest[0])->why);
	return step;
}

START_TEST(lie_is_noticed)
{
	struct bed b;
	const struct guest_result *r;
	unsigned int step, i;

	bed_open(&b, "check,mock", 1);
	bed_guest(&b, 0, 4);
	step = run_to(&b, lies[_i].step);
	b.lie = (struct bed_lie){ .space = lies[_i].space, .first = lies[_i].first,
				  .last = lies[_i].last, .flip = lies[_i].flip, .armed = true };
	ck_assert_msg(!guest_run(b.guest[0]), "%s, %s: not noticed", lies[_i].step, lies[_i].word);
	r = guest_result(b.guest[0]);
	ck_assert_uint_gt(b.lie.told, 0);
	ck_assert_msg(!strncmp(r->why, lies[_i].step, strlen(lies[_i].step)), "%s", r->why);
	ck_assert_msg(strstr(r->why, lies[_i].word) != NULL, "%s, not %s", r->why, lies[_i].word);
	ck_assert_msg(strstr(r->why, "expected") != NULL, "%s", r->why);
	ck_assert_int_eq(r->step[step].state, GUEST_FAILED);
	for (i = step + 1; i < r->steps; i++)
		ck_assert_int_eq(r->step[i].state, GUEST_NOT_RUN);
	ck_assert(!guest_step(b.guest[0]));
	bed_close(&b);
}
END_TEST

/* --- lies about one read of many --- */

#define SAMPLES 10

/* Return: how many reads of RAM the step made. */
static u64 lie_once(const char *step, u64 nth, bool *noticed)
{
	struct bed b;
	u64 seen;

	bed_open(&b, "check,mock", 1);
	bed_guest(&b, 0, 4);
	run_to(&b, step);
	b.lie = (struct bed_lie){ .space = GUEST_RAM, .last = ~0ULL, .flip = 0x10100,
				  .armed = true, .nth = nth };
	*noticed = !guest_step(b.guest[0]);
	seen = b.lie.seen;
	b.lie.armed = false;
	*noticed = !guest_run(b.guest[0]);
	bed_close(&b);
	return seen;
}

START_TEST(lie_about_one_read)
{
	const char *step = sampled[_i];
	bool noticed;
	u64 reads = lie_once(step, ~0ULL, &noticed), n, told = 0, found = 0;

	ck_assert_msg(!noticed, "%s: fails without a lie", step);
	for (n = 1; n <= reads; n += reads / SAMPLES + 1, told++) {
		lie_once(step, n, &noticed);
		found += noticed;
	}
	ck_assert_msg(4 * found >= told, "%s: %llu of %llu lies noticed", step,
		      (unsigned long long)found, (unsigned long long)told);
}
END_TEST

static Suite *guest_suite(void)
{
	Suite *s = suite_create("guest");
	TCase *alone = tcase_create("alone"), *lying = tcase_create("lies");

	tcase_add_loop_test(alone, all_steps, 0, (int)specs_built(specs, N(specs)));
	tcase_add_test(alone, without_engines);
	suite_add_tcase(s, alone);
	tcase_add_loop_test(lying, lie_is_noticed, 0, N(lies));
	tcase_add_loop_test(lying, lie_about_one_read, 0, N(sampled));
	suite_add_tcase(s, lying);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { guest_suite };

	return mpt_test_main("guest", suites, N(suites));
}
