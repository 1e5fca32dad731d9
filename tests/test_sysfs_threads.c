/* SPDX-License-Identifier: MIT */
/*
 * The sysfs tree used by many threads at once: writers that make and destroy, each its own VM or
 * all the same one; readers of what comes and goes; a guest that sends uevents meanwhile. Nobody
 * waits for time to pass.
 */
#include "sysfs_rig.h"

#define WRITERS 6
#define READERS 3

static struct tree t;
static unsigned int writers; /* still at work; atomic */

static unsigned int rounds(void)
{
	return getenv("MPT_TEST_FEW") ? 10 : 30;
}

static void must(int ret, const char *text)
{
	if (ret) {
		fprintf(stderr, "'%s': %d: %s\n", text, ret, mpt_last_error());
		abort();
	}
}

/* --- each its own VM --- */

static void *own_vm(void *arg)
{
	unsigned int id = (unsigned int)(uintptr_t)arg, i;
	char make[32], take[16], path[32], buf[64];

	snprintf(make, sizeof(make), "%u,64,128,4\n", id);
	snprintf(take, sizeof(take), "-%u", id);
	snprintf(path, sizeof(path), "vm%u/vgpu_bar_info", id);
	for (i = 0; i < rounds(); i++) {
		must(tree_echo(&t, make), make);
		must(mpt_sysfs_cat(t.fs, path, buf, sizeof(buf)) == sizeof(buf) - 1 ? 0 : -1, path);
		must(tree_echo(&t, take), take);
	}
	__atomic_fetch_sub(&writers, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Whatever is there is read, and is whole; what has gone says so. */
static void read_file(const char *path)
{
	static const char *const good[] = { "active\n", "GVTg_V5_8\n", "custom\n" };
	struct mpt_sysfs_file *f;
	char buf[MPT_SYSFS_PAGE];
	size_t i;
	long n;
	int ret = mpt_sysfs_open(t.fs, path, MPT_SYSFS_READ, &f);

	if (ret == -ENOENT)
		return;
	must(ret, path);
	n = mpt_sysfs_read(f, 0, buf, sizeof(buf) - 1);
	mpt_sysfs_close(f);
	if (n == -ENODEV)
		return;
	must(n > 0 ? 0 : (int)n, path);
	buf[n] = '\0';
	if (strstr(path, "/state") || strstr(path, "/type")) {
		for (i = 0; i < N(good) && strcmp(buf, good[i]); i++)
			;
		must(i < N(good) ? 0 : -1, buf);
	}
	if (strstr(path, "/vgpu_id"))
		must(n == 2 && buf[0] >= '1' && buf[0] <= '7' ? 0 : -1, buf);
}

static int read_vm(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	static const char *const files[] = { "vgpu_id", "state", "type", "resources", "counters" };
	char path[64];
	size_t i;

	(void)arg;
	(void)st;
	for (i = 0; name[0] == 'v' && i < N(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", name, files[i]);
		read_file(path);
	}
	return 0;
}

static void *reader(void *arg)
{
	char buf[16];

	(void)arg;
	while (__atomic_load_n(&writers, __ATOMIC_ACQUIRE)) {
		must(mpt_sysfs_list(t.fs, "", read_vm, NULL), "list");
		must(mpt_sysfs_cat(t.fs, "types/GVTg_V5_8/available_instances", buf, sizeof(buf)) ==
				     2 ? 0 : -1, "available");
	}
	return NULL;
}

static void run(void *(*writer)(void *))
{
	pthread_t w[WRITERS], r[READERS];
	unsigned int i;

	writers = WRITERS;
	for (i = 0; i < WRITERS; i++)
		ck_assert_int_eq(
			pthread_create(&w[i], NULL, writer, (void *)(uintptr_t)(i + 10)), 0);
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&r[i], NULL, reader, NULL), 0);
	for (i = 0; i < WRITERS; i++)
		pthread_join(w[i], NULL);
	for (i = 0; i < READERS; i++)
		pthread_join(r[i], NULL);
}

START_TEST(each_its_own)
{
	tree_open(&t, tree_specs[_i], 0);
	run(own_vm);
	ck_assert_str_eq(tree_cat(&t, "types/GVTg_V5_8/available_instances"), "7\n");
	tree_close(&t);
}
END_TEST

/* --- all the same VM: as often as it was made, it was taken --- */

static int made, taken; /* atomic */

static void *same_vm(void *arg)
{
	unsigned int i;
	int ret;

	(void)arg;
	for (i = 0; i < rounds(); i++) {
		ret = tree_echo(&t, "5,64,128,4");
		must(ret == -EEXIST ? 0 : ret, "make");
		if (!ret)
			__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
		ret = tree_echo(&t, "-5");
		must(ret == -ENOENT ? 0 : ret, "take");
		if (!ret)
			__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_sub(&writers, 1, __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(all_the_same)
{
	tree_open(&t, tree_specs[_i], 0);
	made = taken = 0;
	run(same_vm);
	ck_assert_int_gt(made, 0);
	ck_assert_int_eq(made, taken);
	ck_assert(!tree_has(&t, "vm5"));
	tree_close(&t);
}
END_TEST

/* --- one file, many readers --- */

static struct mpt_sysfs_file *shared;

static void *shared_reader(void *arg)
{
	unsigned int i;
	char c;
	long n;

	(void)arg;
	for (i = 0; i < 20 * rounds(); i++) {
		n = mpt_sysfs_read(shared, i % 76, &c, 1);
		if (n == -ENODEV)
			break;
		must(n == 1 && (c == '\n') == (i % 76 == 37 || i % 76 == 75) ? 0 : -1, "byte");
	}
	return NULL;
}

START_TEST(one_file)
{
	pthread_t r[READERS];
	unsigned int i;

	tree_open(&t, tree_specs[_i], 0);
	tree_ok(tree_echo(&t, "1,64,128,4"));
	tree_ok(mpt_sysfs_open(t.fs, "vm1/vgpu_bar_info", MPT_SYSFS_READ, &shared));
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&r[i], NULL, shared_reader, NULL), 0);
	shared_reader(NULL);
	tree_ok(tree_echo(&t, "-1"));
	for (i = 0; i < READERS; i++)
		pthread_join(r[i], NULL);
	mpt_sysfs_close(shared);
	tree_close(&t);
}
END_TEST

/* --- a guest at work, uevents, readers, and its end --- */

static void *guest(void *arg)
{
	struct mpt_vm *vm = arg;
	u32 value, i, bar = 0xc0000000, command = 2;

	must(mpt_guest_cfg_write(vm, 0x10, &bar, 4), "bar");
	must(mpt_guest_cfg_write(vm, 0x04, &command, 2), "command");
	/* When the vGPU goes, accesses are refused or meet nothing. */
	for (i = 0; i < 10 * rounds(); i++) {
		value = i & 1;
		mpt_guest_write(vm, bar + GVT_PVINFO_OFFSET + 0x804, &value, 4);
	}
	__atomic_fetch_sub(&writers, 1, __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(guest_at_work)
{
	pthread_t g, r;
	struct mpt_vm *vm;

	tree_open(&t, tree_specs[_i], 0);
	tree_ok(tree_echo(&t, "1,64,128,4"));
	tree_ok(mpt_vm_get(t.host, 1, &vm));
	writers = 1;
	ck_assert_int_eq(pthread_create(&g, NULL, guest, vm), 0);
	ck_assert_int_eq(pthread_create(&r, NULL, reader, NULL), 0);
	tree_ok(mpt_dom0_ready(t.host));
	/* Somewhere in the middle. */
	while (strstr(tree_cat(&t, "vm1/counters"), "mmio_writes 0\n") &&
	       __atomic_load_n(&writers, __ATOMIC_ACQUIRE))
		;
	tree_ok(tree_echo(&t, "-1"));
	pthread_join(g, NULL);
	pthread_join(r, NULL);
	mpt_vm_put(vm);
	tree_ok(mpt_vm_destroy(t.host, 1));
	tree_close(&t);
}
END_TEST

static Suite *threads_suite(void)
{
	Suite *s = suite_create("sysfs-threads");
	TCase *tc = tcase_create("threads");
	int n = (int)specs_built(tree_specs, N(tree_specs));

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, each_its_own, 0, n);
	tcase_add_loop_test(tc, all_the_same, 0, n);
	tcase_add_loop_test(tc, one_file, 0, n);
	tcase_add_loop_test(tc, guest_at_work, 0, n);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { threads_suite };

	return mpt_test_main("sysfs-threads", suites, N(suites));
}
