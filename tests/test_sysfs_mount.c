/* SPDX-License-Identifier: MIT */
/*
 * The sysfs tree through the kernel: this process serves a real mount and is its user as well. What
 * a shell and acrn-dm do with it, every errno, threads. A driver's vGPU is test_sysfs_driver.c's.
 */
#include <dirent.h>

#include "libmpt/internal.h"
#include "sysfs_mount.h"

/* --- what there is --- */

struct node {
	const char *path;
	mode_t mode;
};

START_TEST(what_there_is)
{
	static const struct node nodes[] = {
		{ "", S_IFDIR | 0755 },
		{ "control", S_IFDIR | 0755 },
		{ "control/create_gvt_instance", S_IFREG | 0220 },
		{ "control/plane_owner_show", S_IFREG | 0440 },
		{ "control/version", S_IFREG | 0444 },
		{ "types/GVTg_V5_8", S_IFDIR | 0755 },
		{ "types/GVTg_V5_8/sizes", S_IFREG | 0444 },
		{ "vm1", S_IFDIR | 0755 },
		{ "vm1/vgpu_id", S_IFREG | 0440 },
		{ "vm1/vgpu_bar_info", S_IFREG | 0440 },
	};
	struct stat st;
	size_t i;

	if (!mount_up(mount_specs[_i]))
		return;
	ck_assert_int_eq(put("1,64,128,4\n"), 0);
	for (i = 0; i < N(nodes); i++) {
		ck_assert_msg(!stat(at(nodes[i].path), &st), "%s", nodes[i].path);
		ck_assert_msg(st.st_mode == nodes[i].mode, "%s: %o", nodes[i].path, st.st_mode);
		ck_assert_int_eq(st.st_size, S_ISDIR(st.st_mode) ? 0 : 4096);
		ck_assert_uint_eq(st.st_uid, geteuid());
	}
	ck_assert_str_eq(get("control/version"), MPT_VERSION "\n");
	ck_assert_str_eq(get("vm1/vgpu_id"), "1\n");
	ck_assert_str_eq(get("vm1/type"), "custom\n");
	mount_down(1);
}
END_TEST

static unsigned int names_in(const char *path, const char *wanted)
{
	DIR *dir = opendir(at(path));
	unsigned int n = 0;
	struct dirent *e;
	bool seen = false;

	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir))) {
		n += e->d_name[0] != '.';
		seen |= !strcmp(e->d_name, wanted);
	}
	closedir(dir);
	ck_assert_msg(seen, "no %s", wanted);
	return n;
}

START_TEST(directories_come_and_go)
{
	int dir, id;
	char c;

	if (!mount_up("mock"))
		return;
	ck_assert_uint_eq(names_in("", "types"), 2);
	ck_assert(!is_there("vm7"));
	ck_assert_int_eq(put("7,64,128,4"), 0);
	ck_assert(is_there("vm7") && is_there("vm7/state"));
	ck_assert_uint_eq(names_in("", "vm7"), 3);
	ck_assert_uint_eq(names_in("vm7", "vgpu_id"), 6);
	dir = open(at("vm7"), O_RDONLY | O_DIRECTORY);
	id = open(at("vm7/vgpu_id"), O_RDONLY);
	ck_assert(dir >= 0 && id >= 0);
	ck_assert_int_eq(put("-7"), 0);
	ck_assert(!is_there("vm7") && !is_there("vm7/state"));
	ck_assert_uint_eq(names_in("", "types"), 2);
	ck_assert_int_eq(read(id, &c, 1), -1);
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_int_eq(openat(dir, "state", O_RDONLY), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* The next of that name is another one. */
	ck_assert_int_eq(put("7,64,128,4"), 0);
	ck_assert_int_eq(pread(id, &c, 1, 0), -1);
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_str_eq(get("vm7/vgpu_id"), "1\n");
	close(dir);
	close(id);
	mount_down(1);
}
END_TEST

/* --- reads and writes --- */

START_TEST(reads)
{
	static const char text[] = "0x0000000000000000 0x0000000001000000\n"
				   "0x0000000000000000 0x0000000040000000\n";
	char buf[128];
	int fd, i;

	if (!mount_up(mount_specs[_i]))
		return;
	ck_assert_int_eq(put("1,64,128,4"), 0);
	fd = open(at("vm1/vgpu_bar_info"), O_RDONLY);
	ck_assert_int_ge(fd, 0);
	for (i = 0; i < 76; i++) {
		ck_assert_int_eq(read(fd, buf, 1), 1);
		ck_assert_int_eq(buf[0], text[i]);
	}
	ck_assert_int_eq(read(fd, buf, 1), 0);
	ck_assert_int_eq(pread(fd, buf, sizeof(buf), 70), 6);
	ck_assert(!memcmp(buf, text + 70, 6));
	ck_assert_int_eq(pread(fd, buf, sizeof(buf), 76), 0);
	ck_assert_int_eq(pread(fd, buf, sizeof(buf), 5000), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 76);
	ck_assert(!memcmp(buf, text, 76));
	close(fd);
	/* A read from the beginning is made anew, though nothing was opened anew. */
	fd = open(at("types/GVTg_V5_8/available_instances"), O_RDONLY);
	ck_assert_int_eq(read(fd, buf, 1), 1);
	ck_assert_int_eq(buf[0], '6');
	ck_assert_int_eq(put("2,64,128,4"), 0);
	ck_assert_int_eq(pread(fd, buf, 8, 0), 2);
	ck_assert_int_eq(buf[0], '5');
	close(fd);
	mount_down(2);
}
END_TEST

START_TEST(writes)
{
	static char big[2 * MPT_SYSFS_PAGE];
	int fd;

	if (!mount_up("mock"))
		return;
	memset(big, '1', sizeof(big));
	ck_assert_int_eq(put_bytes(CREATE, big, MPT_SYSFS_PAGE), -EINVAL);
	ck_assert_int_eq(put_bytes(CREATE, big, sizeof(big)), -EINVAL);
	fd = open(at(CREATE), O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "1,64,128,4", 10), 10);
	ck_assert_int_eq(write(fd, "2,64,128,4\n", 11), 11);
	ck_assert_int_eq(write(fd, "3,64,", 5), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(write(fd, "128,4", 5), -1);
	ck_assert_int_eq(pwrite(fd, "-1", 2, 100), 2);
	ck_assert_int_eq(write(fd, "", 0), 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	close(fd);
	ck_assert(!is_there("vm1") && is_there("vm2") && !is_there("vm3"));
	mount_down(1);
}
END_TEST

/* --- errors --- */

static int open_err(const char *path, int flags)
{
	int fd = open(at(path), flags, 0666);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

#define FAILS(call, err)                                             \
	do {                                                         \
		ck_assert_int_eq((call), -1);                        \
		ck_assert_msg(errno == (err), "%s: %s", #call, strerror(errno)); \
	} while (0)

/* Root, too: there is nothing to read, nothing to write. */
START_TEST(modes)
{
	struct stat st;

	if (!mount_up("mock"))
		return;
	ck_assert_int_eq(open_err(CREATE, O_WRONLY), 0);
	ck_assert_int_eq(open_err(CREATE, O_RDONLY), -EACCES);
	ck_assert_int_eq(open_err(CREATE, O_RDWR), -EACCES);
	ck_assert_int_eq(open_err("control/version", O_RDONLY), 0);
	ck_assert_int_eq(open_err("control/version", O_WRONLY), -EACCES);
	ck_assert_int_eq(open_err("control/version", O_WRONLY | O_TRUNC), -EACCES);
	ck_assert_int_eq(open_err("control/plane_owner_show", O_RDWR), -EACCES);
	ck_assert_int_eq(open_err("control/none", O_RDONLY), -ENOENT);
	ck_assert_int_eq(open_err("control/none", O_WRONLY | O_CREAT), -EACCES);
	ck_assert_int_eq(open_err("vm1/vgpu_id", O_RDONLY), -ENOENT);
	ck_assert_int_eq(open_err("control", O_WRONLY), -EISDIR);
	ck_assert_int_eq(open_err("control/version/x", O_RDONLY), -ENOTDIR);
	FAILS(mkdir(at("vm1"), 0777), EPERM);
	FAILS(rmdir(at("types")), EPERM);
	FAILS(unlink(at("control/version")), EPERM);
	FAILS(rename(at("control/version"), at("control/x")), EPERM);
	FAILS(symlink("x", at("x")), EPERM);
	FAILS(link(at("control/version"), at("x")), EPERM);
	FAILS(mknod(at("x"), S_IFIFO | 0666, 0), EPERM);
	FAILS(chmod(at(CREATE), 0666), EPERM);
	FAILS(chown(at(CREATE), 1, 1), EPERM);
	ck_assert_int_eq(stat(at(CREATE), &st), 0);
	ck_assert_int_eq(st.st_mode, S_IFREG | 0220);
	mount_down(0);
}
END_TEST

/* Seven vGPUs, the eighth not; and each other answer. */
START_TEST(answers)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "8,64,128,4", -ENOSPC }, { "9,64,128,4\n", -ENOSPC },	 { "7,64,128,4", -EEXIST },
		{ "-8", -ENOENT },	   { "-65535\n", -ENOENT },	 { "0,64,128,4", -EINVAL },
		{ "65536,64,128,4", -EINVAL }, { "8,64,128", -EINVAL },	 { "8,64,128,33", -EINVAL },
		{ "8,1025,128,4", -EINVAL },   { "8,64,4096,4", -EINVAL }, { "8,0,128,4", -EINVAL },
		{ "8,17592186044480,128,4", -EINVAL }, { "8,64,128,4 ", -EINVAL },
		{ "\n", -EINVAL },	   { "-0", -EINVAL },		 { "x", -EINVAL },
	};
	char text[32];
	unsigned int id;
	size_t i;

	if (!mount_up(mount_specs[_i]))
		return;
	for (id = 1; id <= 7; id++) {
		snprintf(text, sizeof(text), "%u,64,128,4\n", id);
		ck_assert_int_eq(put(text), 0);
	}
	for (i = 0; i < N(rows); i++)
		ck_assert_msg(put(rows[i].text) == rows[i].err, "'%s'", rows[i].text);
	ck_assert_str_eq(get("types/GVTg_V5_8/available_instances"), "0\n");
	ck_assert_int_eq(put("-4"), 0);
	ck_assert_int_eq(put("8,64,128,4"), 0);
	ck_assert_str_eq(get("vm8/vgpu_id"), "4\n");
	ck_assert_int_eq(put("-4"), -ENOENT);
	mount_down(7);
}
END_TEST

START_TEST(acrn_answers)
{
	args = (struct sysfs_args){ .backend = mount_specs[_i], .acrn_answers = true };
	if (!mount_args())
		return;
	ck_assert_int_eq(put(" 1,64,448,8xyz"), 0);
	ck_assert_int_eq(put("1,64,448,8"), -EEXIST);
	ck_assert_int_eq(put("2,1024,448,8"), -EINVAL);
	ck_assert_int_eq(put("-2"), 0);
	ck_assert_int_eq(put("-1zzz"), 0);
	mount_down(0);
}
END_TEST

/* What needs a host that lacks something. */
START_TEST(rarer_answers)
{
	int (*vm_create)(void *self, unsigned int id);
	int fd;

	if (!mount_up("mock"))
		return;
	vm_create = s.host->testbed.vm_create;
	s.host->testbed.vm_create = NULL;
	ck_assert_int_eq(put("3,64,128,4"), -ESRCH);
	s.host->testbed.vm_create = vm_create;
	fd = open(at(CREATE), O_WRONLY);
	ck_assert_int_ge(fd, 0);
	mpt_alloc_fail_at(1);
	FAILS(write(fd, "3,64,128,4", 10), ENOMEM);
	mpt_alloc_fail_at(0);
	ck_assert_int_eq(write(fd, "3,64,128,4", 10), 10);
	close(fd);
	mount_down(1);
}
END_TEST

/* --- as acrn-dm does it --- */

/* "%d,%u,%u,%u\n" or "%d\n" through stdio; what is wrong shows at fclose(). */
static int dm_write(int vmid, unsigned int low, unsigned int high, unsigned int fence)
{
	FILE *f = fopen(at(CREATE), "w");

	ck_assert_ptr_nonnull(f);
	if (vmid < 0)
		ck_assert_int_gt(fprintf(f, "%d\n", vmid), 0);
	else
		ck_assert_int_gt(fprintf(f, "%d,%u,%u,%u\n", vmid, low, high, fence), 0);
	return fclose(f) ? -errno : 0;
}

START_TEST(acrn_dm)
{
	char info[77] = "";
	u64 n[4];
	int fd;

	args = (struct sysfs_args){ .backend = mount_specs[_i] };
	if (!mount_args())
		return;
	/* Its defaults. */
	ck_assert_int_eq(dm_write(1, 64, 448, 8), 0);
	ck_assert_int_eq(dm_write(1, 64, 448, 8), -EEXIST);
	ck_assert_int_eq(dm_write(2, 64, 448, 33), -EINVAL);
	ck_assert_int_eq(dm_write(2, 64, 3000, 8), -ENOSPC);
	fd = open(at("vm1/vgpu_bar_info"), O_RDONLY);
	ck_assert_int_eq(read(fd, info, 76), 76);
	close(fd);
	ck_assert_int_eq(sscanf(info, "0x%llx 0x%llx\n0x%llx 0x%llx\n", (unsigned long long *)&n[0],
				(unsigned long long *)&n[1], (unsigned long long *)&n[2],
				(unsigned long long *)&n[3]), 4);
	ck_assert_uint_eq(n[1], 16 * MIB);
	ck_assert_uint_eq(n[3], 1024 * MIB);
	ck_assert_int_eq(dm_write(-1, 0, 0, 0), 0);
	ck_assert_int_eq(dm_write(-1, 0, 0, 0), -ENOENT);
	ck_assert(!is_there("vm1"));
	mount_down(0);
}
END_TEST

/* --- at once --- */

#define WRITERS 5
#define ROUNDS 8

static unsigned int writers; /* atomic */

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		mount_give_up(0);
	}
}

static int write_text(const char *text)
{
	char path[512];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", mount_dir, CREATE);
	fd = open(path, O_WRONLY);
	must(fd >= 0, path);
	ret = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -errno;
	close(fd);
	return ret;
}

static void *writer(void *arg)
{
	unsigned int id = (unsigned int)(uintptr_t)arg, i;
	char text[32];
	int ret;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(text, sizeof(text), "%u,64,128,4", id);
		must(!write_text(text), text);
		snprintf(text, sizeof(text), "-%u", id);
		must(!write_text(text), text);
		/* All want this one. */
		ret = write_text("99,64,128,4");
		must(!ret || ret == -EEXIST, "99");
		ret = write_text("-99");
		must(!ret || ret == -ENOENT, "-99");
	}
	__atomic_fetch_sub(&writers, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void read_vm(const char *name)
{
	char path[512], buf[16];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/vgpu_id", mount_dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		must(errno == ENOENT, path);
		return;
	}
	n = read(fd, buf, sizeof(buf));
	must(n == 2 || errno == ENODEV, path);
	close(fd);
}

static void *lister(void *arg)
{
	struct dirent *e;
	DIR *dir;

	(void)arg;
	while (__atomic_load_n(&writers, __ATOMIC_ACQUIRE)) {
		dir = opendir(mount_dir);
		must(dir, mount_dir);
		while ((e = readdir(dir)))
			if (e->d_name[0] == 'v')
				read_vm(e->d_name);
		closedir(dir);
	}
	return NULL;
}

START_TEST(at_once)
{
	pthread_t t[WRITERS + 1];
	unsigned int i;

	if (!mount_up(mount_specs[_i]))
		return;
	writers = WRITERS;
	for (i = 0; i < WRITERS; i++)
		ck_assert_int_eq(
			pthread_create(&t[i], NULL, writer, (void *)(uintptr_t)(i + 10)), 0);
	ck_assert_int_eq(pthread_create(&t[WRITERS], NULL, lister, NULL), 0);
	for (i = 0; i <= WRITERS; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_eq(names_in("", "types"), 2);
	mount_down(0);
}
END_TEST

/* Files that are open, a folder that is somebody's: the server ends all the same. */
START_TEST(busy)
{
	int fd, dir;

	if (!mount_up("mock"))
		return;
	ck_assert_int_eq(put("1,64,128,4"), 0);
	fd = open(at("vm1/state"), O_RDONLY);
	/* Not as readdir() has it: libfuse would keep memory for who never closes that. */
	dir = open(at("vm1"), O_PATH | O_DIRECTORY);
	ck_assert(fd >= 0 && dir >= 0);
	mount_down(1);
	ck_assert_int_eq(openat(dir, "state", O_RDONLY), -1);
	close(dir);
	close(fd);
}
END_TEST

static Suite *mount_suite(void)
{
	Suite *su = suite_create("sysfs-mount");
	TCase *tc = tcase_create("mount");
	int n = (int)specs_built(mount_specs, N(mount_specs));

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, mount_dir_make, mount_dir_take);
	tcase_add_loop_test(tc, what_there_is, 0, n);
	tcase_add_test(tc, directories_come_and_go);
	tcase_add_loop_test(tc, reads, 0, n);
	tcase_add_test(tc, writes);
	tcase_add_test(tc, modes);
	tcase_add_loop_test(tc, answers, 0, n);
	tcase_add_loop_test(tc, acrn_answers, 0, n);
	tcase_add_test(tc, rarer_answers);
	tcase_add_loop_test(tc, acrn_dm, 0, n);
	tcase_add_loop_test(tc, at_once, 0, n);
	tcase_add_test(tc, busy);
	suite_add_tcase(su, tc);
	return su;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { mount_suite };

	return mpt_test_main("sysfs-mount", suites, N(suites));
}
