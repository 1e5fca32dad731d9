/* SPDX-License-Identifier: MIT */
/*
 * The loop of `mptctl serve` with synthetic guests on the mock in place of QEMU: engines that are
 * woken by submissions, signals, a recording that can be replayed, a picture that holds what was
 * drawn. The command line is the matter of tool.sh.
 */
#include <pthread.h>
#include <signal.h>

#include "../tools/loop.h"
#include "../tools/png.h"
#include "../tools/serve.h"
#include "guest/guest.h"
#include "run_rig.h"

#if TOOLS_HAVE_PNG
#include <png.h>
#endif

#define BAR0 0xc0000000ULL
#define BAR2 0xb0000000ULL
#define PIPECONF 0x70008U
#define PLANE 0x70180U

struct bed {
	struct serve_args args;
	struct serve s;
};

/* Only the loop's threads let the device run. */
static void idle(void *arg)
{
	(void)arg;
	usleep(50);
}

static void bed_up(struct bed *b, unsigned int n)
{
	unsigned int i;

	memset(b, 0, sizeof(*b));
	b->args = (struct serve_args){ .socket = "x", .type = "8", .aperture = 256 * MIB };
	b->s.args = &b->args;
	b->s.n = n;
	ck_assert_int_eq(loop_init("serve", true), 0);
	ck_assert_int_eq(mpt_host_open("check,mock", &b->s.host), 0);
	for (i = 1; i <= n; i++)
		ck_assert_int_eq(mpt_vm_create(b->s.host, i), 0);
}

static void bed_start(struct bed *b)
{
	unsigned int i;

	ck_assert_int_eq(serve_up(&b->s), 0);
	for (i = 0; i < b->s.n; i++)
		ck_assert_int_eq(mpt_ram_add(b->s.vgpu[i].vm, 0, 64 * MIB, 0), 0);
}

static void bed_down(struct bed *b)
{
	serve_down(&b->s);
	loop_exit();
	ck_assert_msg(serve_healthy(&b->s), "%s%s%s", b->s.end.first_error, b->s.end.violation,
		      b->s.end.left);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- guests under the loop --- */

struct player {
	struct serve_vgpu *v;
	unsigned int *left; /* players that are not done yet */
	bool passed;
	char why[320];
};

static void *play(void *arg)
{
	struct player *p = arg;
	struct guest_config c = {
		.vm = p->v->vm,
		.ram = 64 * MIB,
		.bar0 = BAR0,
		.bar2 = BAR2,
		.levels = 4,
		.executes = true,
		.wait = idle,
	};
	struct guest *g = guest_new(&c);

	p->passed = g && guest_run(g);
	if (g)
		memcpy(p->why, guest_result(g)->why, sizeof(p->why));
	guest_free(g);
	if (!__atomic_sub_fetch(p->left, 1, __ATOMIC_ACQ_REL))
		kill(getpid(), SIGTERM);
	return NULL;
}

/* _i: guests. Without the loop's engines none of them would come to an end. */
START_TEST(guests)
{
	unsigned int n = (unsigned int)_i, left = n, i;
	struct player player[2];
	pthread_t thread[2];
	struct bed b;

	bed_up(&b, n);
	bed_start(&b);
	for (i = 0; i < n; i++) {
		player[i] = (struct player){ .v = &b.s.vgpu[i], .left = &left };
		ck_assert_int_eq(pthread_create(&thread[i], NULL, play, &player[i]), 0);
	}
	ck_assert_int_eq(serve_loop(&b.s), 0);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
		ck_assert_msg(player[i].passed, "%s", player[i].why);
		ck_assert(b.s.vgpu[i].driver);
	}
	/* The mock keeps its VMs until the host is closed. */
	bed_down(&b);
	for (i = 0; i < n; i++)
		ck_assert_uint_gt(b.s.vgpu[i].info.submissions, 100);
}
END_TEST

/* --- a recording --- */

START_TEST(recording)
{
	const char *path = temp_path();
	unsigned int left = 1;
	struct player player;
	pthread_t thread;
	struct bed b;
	u64 seen;

	bed_up(&b, 1);
	b.args.record = path;
	bed_start(&b);
	player = (struct player){ .v = &b.s.vgpu[0], .left = &left };
	ck_assert_int_eq(pthread_create(&thread, NULL, play, &player), 0);
	ck_assert_int_eq(serve_loop(&b.s), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	bed_down(&b);
	ck_assert_msg(player.passed, "%s", player.why);
	seen = b.s.vgpu[0].info.mmio_reads + b.s.vgpu[0].info.mmio_writes +
	       b.s.vgpu[0].info.ggtt_writes;
	/* What it submits is not there any more, so only the accesses are judged. */
	ck_assert_int_eq(run_on("mock", path), 0);
	ck_assert_uint_eq(r.skipped, 0);
	ck_assert_uint_eq(r.pvinfo_bad, 0);
	ck_assert_uint_le(r.tally.all.reads + r.tally.all.writes, seen + seen / 10);
	ck_assert_uint_ge(r.tally.all.reads + r.tally.all.writes, seen / 2);
	ck_assert(session_ledger_empty(&r));
}
END_TEST

/* --- a picture --- */

#if TOOLS_HAVE_PNG
static void set(struct bed *b, u64 at, u64 value, unsigned int len)
{
	ck_assert_int_eq(mpt_guest_write(b->s.vgpu[0].vm, at, &value, len), 0);
}

/* 64 x 16 pixels, each another one, at the begin of the aperture. */
static void show(struct bed *b)
{
	u64 addr = b->s.vgpu[0].info.low_start;
	u32 i;

	ck_assert_int_eq(mpt_guest_cfg_write(b->s.vgpu[0].vm, 0x10, &(u32){ BAR0 }, 4), 0);
	ck_assert_int_eq(mpt_guest_cfg_write(b->s.vgpu[0].vm, 4, &(u16){ 6 }, 2), 0);
	ck_assert_int_eq(mpt_guest_read(b->s.vgpu[0].vm, BAR0 + GVT_PVINFO_OFFSET, &(u64){ 0 }, 8),
			 0);
	set(b, BAR0 + GVT_GTT_OFFSET + addr / 4096 * 8, 0x100000 | 1, 8);
	for (i = 0; i < 1024; i++)
		set(b, 0x100000 + 4 * i, i * 0x3f1, 4);
	set(b, BAR0 + PIPECONF, 1U << 31, 4);
	set(b, BAR0 + PLANE + 0x08, 4, 4);
	set(b, BAR0 + PLANE + 0x10, 15 << 16 | 63, 4);
	set(b, BAR0 + PLANE, 1U << 31 | 4 << 24, 4);
	set(b, BAR0 + PLANE + 0x1c, addr, 4);
}

static void compare(const char *path)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	u8 rgb[1024 * 3];
	u32 i;

	ck_assert_msg(png_image_begin_read_from_file(&image, path), "%s", image.message);
	ck_assert_uint_eq(image.width, 64);
	ck_assert_uint_eq(image.height, 16);
	image.format = PNG_FORMAT_RGB;
	ck_assert(png_image_finish_read(&image, NULL, rgb, 0, NULL));
	for (i = 0; i < 1024; i++)
		ck_assert_uint_eq((u32)rgb[3 * i] << 16 | rgb[3 * i + 1] << 8 | rgb[3 * i + 2],
				  i * 0x3f1);
}

/* Signals from before the loop are taken by it: a picture, then the end. */
START_TEST(picture)
{
	const char *path = temp_path();
	struct bed b;

	bed_up(&b, 1);
	b.args.screenshot = path;
	bed_start(&b);
	/* Of a guest that shows nothing the file is left alone. */
	serve_shot(&b.s);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(truncate(path, 0), 0);
	show(&b);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGHUP);
	ck_assert_int_eq(serve_loop(&b.s), 0);
	compare(path);
	bed_down(&b);
}
END_TEST
#endif

/* What becomes exit status 1. */
START_TEST(failsafe_is_not_healthy)
{
	static const u64 bar[6] = { BAR0 | 0x4, 0, BAR2 | 0xc, 0, 0x1041, 0 };
	u32 run = 0x2000200; /* of the render engine's mode, before PVINFO was read */
	struct bed b;

	bed_up(&b, 1);
	bed_start(&b);
	session_firmware(b.s.vgpu[0].vm, bar, &b.s.end);
	ck_assert_int_eq(mpt_guest_write(b.s.vgpu[0].vm, BAR0 + 0x229c, &run, sizeof(run)), 0);
	serve_down(&b.s);
	loop_exit();
	ck_assert_uint_eq(b.s.vgpu[0].info.failsafes, 1);
	ck_assert_uint_eq(b.s.end.errors, 0);
	ck_assert(!serve_healthy(&b.s));
}
END_TEST

static Suite *serve_suite(void)
{
	Suite *s = suite_create("serve");
	TCase *loop = tcase_create("loop");

	tcase_set_timeout(loop, 60);
	tcase_add_checked_fixture(loop, NULL, temp_unlink);
	tcase_add_loop_test(loop, guests, 1, 3);
	tcase_add_test(loop, failsafe_is_not_healthy);
	tcase_add_test(loop, recording);
#if TOOLS_HAVE_PNG
	tcase_add_test(loop, picture);
#endif
	suite_add_tcase(s, loop);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { serve_suite };

	return mpt_test_main("serve", suites, N(suites));
}
