/* SPDX-License-Identifier: MIT */
/*
 * Guest memory of the vfio-user back end by its own functions, without a client: places of each
 * kind, ranges over several, what is refused. The bus side is in test_vfu_bus.c.
 */
#include "backends/vfio-user/place.h"
#include "vfu_rig.h"

#define RW (VU_MEM_READ | VU_MEM_WRITE)
#define SIZE (1 * MIB)

/* The memory of a file, for the one who made it. */
static u8 *view(int fd, u64 size)
{
	u8 *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static int add(u64 gpa, u64 size, unsigned int flags, int fd, u64 offset)
{
	return mpt_vu_mem_add(rig.v, gpa, size, flags, fd < 0 ? -1 : dup(fd), offset);
}

static enum vu_kind kind(u64 gpa)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_place *place = vu_place_at(os_load(&rig.v->map), gpa / PAGE);
	enum vu_kind k = place ? place->kind : (enum vu_kind)99;

	mpt_rcu_leave(old);
	return k;
}

/* --- kinds --- */

/* _i: whether the file can shrink. Both sides see each other's bytes. */
START_TEST(shared_bytes)
{
	int fd = rig_memfd(4 * SIZE, !_i);
	u8 *mem = view(fd, 4 * SIZE), buf[5000];
	size_t i, len;

	for (i = 0; i < 4 * SIZE; i++)
		mem[i] = (u8)(i * 7 + i / 4096);
	ck_assert_int_eq(add(GIB, 2 * SIZE, RW, fd, SIZE), 0);
	ck_assert_int_eq(kind(GIB), _i ? VU_FILE : VU_MAPPED);
	for (len = 1; len <= sizeof(buf); len = len < 17 ? len + 1 : len * 3) {
		ck_assert_int_eq(rig_gpa_read(GIB + 0x1003, buf, len), 0);
		ck_assert_mem_eq(buf, mem + SIZE + 0x1003, len);
		memset(buf, (int)len, len);
		ck_assert_int_eq(rig_gpa_write(GIB + 0x8001, buf, len), 0);
		ck_assert_mem_eq(buf, mem + SIZE + 0x8001, len);
	}
	/* To the last byte, and not one more. */
	ck_assert_int_eq(rig_gpa_read(GIB + 2 * SIZE - 16, buf, 16), 0);
	ck_assert_int_eq(rig_gpa_read(GIB + 2 * SIZE - 16, buf, 17), -EFAULT);
	ck_assert_int_eq(rig_gpa_read(GIB - 1, buf, 2), -EFAULT);
	ck_assert_int_eq(rig_gpa_read(~0ULL, buf, 2), -EFAULT);
	ck_assert_int_eq(rig_gpa_read(GIB, buf, ~0UL), -EFAULT);
	ck_assert_int_eq(rig_gpa_read(12345, buf, 0), 0);
	munmap(mem, 4 * SIZE);
	close(fd);
}
END_TEST

/* Without a client its own memory is not there. */
START_TEST(nobody_gives_it)
{
	u8 buf[4] = { 1, 2, 3, 4 };

	ck_assert_int_eq(add(0, SIZE, RW, -1, 0), 0);
	ck_assert_int_eq(kind(0), VU_REMOTE);
	ck_assert_int_eq(rig_gpa_write(0, buf, 4), -EFAULT);
	ck_assert_int_eq(rig_gpa_read(0, buf, 4), -EFAULT);
	ck_assert_mem_eq(buf, "\0\0\0\0", 4);
}
END_TEST

/* A file that is cut off falls short, and is no SIGBUS; nor is it made longer by us. */
START_TEST(file_shrinks)
{
	int fd = rig_memfd(SIZE, false);
	struct stat st;
	u64 value = 7;

	ck_assert_int_eq(add(0, SIZE, RW, fd, 0), 0);
	ck_assert_int_eq(rig_gpa_write(SIZE - 8, &value, 8), 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)SIZE - 4), 0);
	ck_assert_int_eq(rig_gpa_read(SIZE - 8, &value, 8), -EFAULT);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(rig_gpa_write(SIZE - 8, &value, 8), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(SIZE - 8, &value, 4), 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(rig_gpa_read(0, &value, 1), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(0, &value, 1), -EFAULT);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(ftruncate(fd, SIZE), 0);
	ck_assert_int_eq(rig_gpa_read(0, &value, 8), 0);
	/* What cannot shrink cannot. */
	close(fd);
	fd = rig_memfd(SIZE, true);
	ck_assert_int_eq(add(GIB, SIZE, RW, fd, 0), 0);
	ck_assert_int_lt(ftruncate(fd, 0), 0);
	close(fd);
}
END_TEST

/* A hole that is made below a mapping is zeros, and no SIGBUS either. */
START_TEST(hole_is_punched)
{
	int fd = rig_memfd(SIZE, true);
	u64 value = 7;

	ck_assert_int_eq(add(0, SIZE, RW, fd, 0), 0);
	ck_assert_int_eq(rig_gpa_write(0, &value, 8), 0);
	ck_assert_int_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE), 0);
	ck_assert_int_eq(rig_gpa_read(0, &value, 8), 0);
	ck_assert_uint_eq(value, 0);
	close(fd);
}
END_TEST

/* --- what is refused, and leaves nothing --- */

START_TEST(ranges_refused)
{
	static const struct {
		u64 gpa, size, offset;
		unsigned int flags;
		int err;
	} bad[] = {
		{ 0, 0, 0, RW, -EINVAL },
		{ 1, PAGE, 0, RW, -EINVAL },
		{ 0, PAGE + 1, 0, RW, -EINVAL },
		{ 0, 1, 0, RW, -EINVAL },
		{ 0, PAGE, 0, 4, -EINVAL },
		{ ~0ULL - PAGE + 1, PAGE, 0, RW, -EINVAL },
		{ 1ULL << 52, PAGE, 0, RW, -EINVAL },
		{ (1ULL << 52) - PAGE, 2 * PAGE, 0, RW, -EINVAL },
		{ 0, ~0ULL - PAGE + 1, 0, RW, -EINVAL },
		{ 0, VU_TOTAL + PAGE, 0, RW, -EINVAL },
		/* Of the file. */
		{ 0, SIZE + PAGE, 0, RW, -EINVAL },
		{ 0, PAGE, 1, RW, -EINVAL },
		{ 0, PAGE, SIZE, RW, -EINVAL },
		{ 0, SIZE, PAGE, RW, -EINVAL },
		{ 0, PAGE, ~0ULL - PAGE + 1, RW, -EINVAL },
		{ 0, 2 * PAGE, ~0ULL - PAGE + 1, RW, -EINVAL },
	};
	int fd = rig_memfd(SIZE, true);
	size_t i;

	for (i = 0; i < N(bad); i++)
		ck_assert_msg(add(bad[i].gpa, bad[i].size, bad[i].flags, fd, bad[i].offset) ==
				      bad[i].err,
			      "case %zu", i);
	ck_assert_uint_eq(rig_places(), 0);
	ck_assert_uint_eq(rig_calls(), 0);
	ck_assert_int_eq(add((1ULL << 52) - PAGE, PAGE, RW, fd, SIZE - PAGE), 0);
	close(fd);
}
END_TEST

START_TEST(descriptors_refused)
{
	char proc[64];
	int pipes[2], fd[9], mem = rig_memfd(SIZE, true);
	size_t i;

	ck_assert_int_eq(pipe(pipes), 0);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", mem);
	fd[0] = open(proc, O_RDONLY | O_CLOEXEC); /* to write */
	fd[1] = open(proc, O_WRONLY | O_CLOEXEC);
	fd[2] = open(proc, O_PATH | O_CLOEXEC);
	fd[3] = open(proc, O_RDWR | O_APPEND | O_CLOEXEC);
	fd[4] = open("/dev/zero", O_RDWR | O_CLOEXEC);
	fd[5] = open("/proc/self", O_RDONLY | O_CLOEXEC);
	fd[6] = pipes[0];
	fd[7] = pipes[1];
	fd[8] = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	for (i = 0; i < N(fd); i++) {
		int ret = add(0, PAGE, RW, fd[i], 0);

		ck_assert_msg(ret == (i == 8 ? -EINVAL : -EACCES), "case %zu: %d", i, ret);
	}
	/* What is only read may be only readable; mapped or not. */
	ck_assert_int_eq(add(0, PAGE, VU_MEM_READ, fd[0], 0), 0);
	ck_assert_int_eq(add(PAGE, PAGE, VU_MEM_READ, fd[1], 0), -EACCES);
	ck_assert_int_eq(add(PAGE, PAGE, VU_MEM_WRITE, fd[1], 0), -EACCES);
	for (i = 0; i < N(fd); i++)
		close(fd[i]);
	/* Sealed against writing. */
	ck_assert_int_eq(fcntl(mem, F_ADD_SEALS, F_SEAL_WRITE), 0);
	ck_assert_int_eq(add(PAGE, PAGE, RW, mem, 0), -EACCES);
	ck_assert_int_eq(add(PAGE, PAGE, VU_MEM_READ, mem, 0), 0);
	close(mem);
}
END_TEST

START_TEST(overlaps)
{
	static const struct {
		u64 gpa, size;
		int err;
	} cases[] = {
		{ 4 * SIZE, SIZE, -EEXIST },
		{ 4 * SIZE, PAGE, -EEXIST },
		{ 5 * SIZE - PAGE, PAGE, -EEXIST },
		{ 5 * SIZE - PAGE, 2 * PAGE, -EEXIST },
		{ 4 * SIZE - PAGE, 2 * PAGE, -EEXIST },
		{ 0, 16 * SIZE, -EEXIST },
		{ 5 * SIZE, SIZE, 0 },
		{ 4 * SIZE - PAGE, PAGE, 0 },
		{ 5 * SIZE - PAGE, 3 * SIZE, -EEXIST },
		{ 0, 4 * SIZE - PAGE, 0 },
		{ 6 * SIZE, PAGE, 0 },
	};
	size_t i;

	ck_assert_int_eq(add(4 * SIZE, SIZE, RW, -1, 0), 0);
	for (i = 0; i < N(cases); i++)
		ck_assert_msg(add(cases[i].gpa, cases[i].size, RW, -1, 0) == cases[i].err,
			      "case %zu", i);
	ck_assert_uint_eq(rig_places(), 5);
}
END_TEST

START_TEST(removal)
{
	int fd = rig_memfd(SIZE, true);
	u8 byte;

	ck_assert_int_eq(add(SIZE, SIZE, RW, fd, 0), 0);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE, PAGE), -ENOENT);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE, 2 * SIZE), -ENOENT);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE + PAGE, SIZE), -ENOENT);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE - PAGE, SIZE), -ENOENT);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 0, 0), -ENOENT);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, ~0ULL, ~0ULL), -ENOENT);
	ck_assert_int_eq(rig_gpa_read(SIZE, &byte, 1), 0);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE, SIZE), 0);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE, SIZE), -ENOENT);
	ck_assert_int_eq(rig_gpa_read(SIZE, &byte, 1), -EFAULT);
	/* The core was told of both, by frames. */
	ck_assert_uint_eq(rig.calls, 2);
	ck_assert_int_eq(rig.call[0].what, 'a');
	ck_assert_int_eq(rig.call[1].what, 'd');
	ck_assert_uint_eq(rig.call[1].addr, SIZE / PAGE);
	ck_assert_uint_eq(rig.call[1].val, SIZE / PAGE);
	ck_assert_uint_eq(rig_places(), 0);
	close(fd);
}
END_TEST

/* So many and no more, whichever way; then all of them go. */
START_TEST(limits)
{
	u64 i;

	for (i = 0; i < VU_REGIONS; i++)
		ck_assert_int_eq(add(2 * i * PAGE, PAGE, RW, -1, 0), 0);
	ck_assert_int_eq(add(2 * i * PAGE, PAGE, RW, -1, 0), -ENOMEM);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 0, PAGE), 0);
	ck_assert_int_eq(add(PAGE, PAGE, RW, -1, 0), 0);
	mpt_vu_mem_clear(rig.v);
	ck_assert_uint_eq(rig_places(), 0);
	ck_assert_int_eq(add(0, VU_TOTAL - PAGE, RW, -1, 0), 0);
	ck_assert_int_eq(add(VU_TOTAL, 2 * PAGE, RW, -1, 0), -ENOMEM);
	ck_assert_int_eq(add(VU_TOTAL, PAGE, RW, -1, 0), 0);
}
END_TEST

/* Descriptors are every VM's: what needs one is less often. */
START_TEST(limit_of_files)
{
	int file = rig_memfd(PAGE, false), sealed = rig_memfd(PAGE, true);
	u64 i;

	for (i = 0; i < VU_FILES; i++)
		ck_assert_int_eq(add(i * PAGE, PAGE, RW, file, 0), 0);
	ck_assert_int_eq(add(i * PAGE, PAGE, RW, file, 0), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "memfd"));
	ck_assert_int_eq(add(i * PAGE, PAGE, RW, sealed, 0), 0);
	ck_assert_uint_eq(rig_places(), VU_FILES + 1);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 0, PAGE), 0);
	ck_assert_int_eq(add(0, PAGE, RW, file, 0), 0);
	mpt_vu_mem_clear(rig.v);
	ck_assert_int_eq(add(0, PAGE, RW, file, 0), 0);
	close(file);
	close(sealed);
}
END_TEST

/* --- rights and ranges --- */

START_TEST(rights)
{
	int fd = rig_memfd(3 * PAGE, true);
	u8 byte = 1;

	ck_assert_int_eq(add(0, PAGE, VU_MEM_READ, fd, 0), 0);
	ck_assert_int_eq(add(PAGE, PAGE, VU_MEM_WRITE, fd, PAGE), 0);
	ck_assert_int_eq(add(2 * PAGE, PAGE, 0, fd, 2 * PAGE), 0);
	ck_assert_int_eq(rig_gpa_read(0, &byte, 1), 0);
	ck_assert_int_eq(rig_gpa_write(0, &byte, 1), -EFAULT);
	ck_assert_int_eq(rig_gpa_read(PAGE, &byte, 1), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(PAGE, &byte, 1), 0);
	ck_assert_int_eq(rig_gpa_read(2 * PAGE, &byte, 1), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(2 * PAGE, &byte, 1), -EFAULT);
	close(fd);
}
END_TEST

/* Mapped, file, file that is short, nothing, read-only: in a row of a MiB each. */
START_TEST(ranges_over_several)
{
	int a = rig_memfd(SIZE, true), b = rig_memfd(SIZE, false), s = rig_memfd(SIZE, false);
	u8 *mem = view(a, SIZE), *file = view(b, SIZE), buf[64];
	static u8 all[3 * SIZE];

	ck_assert_int_eq(add(0, SIZE, RW, a, 0), 0);
	ck_assert_int_eq(add(SIZE, SIZE, RW, b, 0), 0);
	ck_assert_int_eq(add(2 * SIZE, SIZE, RW, s, 0), 0);
	ck_assert_int_eq(add(4 * SIZE, SIZE, VU_MEM_READ, a, 0), 0);
	memset(buf, 0x11, sizeof(buf));
	ck_assert_int_eq(rig_gpa_write(SIZE - 32, buf, 64), 0);
	ck_assert_mem_eq(mem + SIZE - 32, buf, 32);
	ck_assert_mem_eq(file, buf, 32);
	ck_assert_uint_eq(file[32], 0);
	ck_assert_int_eq(rig_gpa_read(0, all, 3 * SIZE), 0);
	ck_assert_mem_eq(all + SIZE - 32, buf, 64);
	/* One that fails fails whole: nothing is written, the reader gets zeros. */
	ck_assert_int_eq(ftruncate(s, 0), 0);
	memset(buf, 0x22, sizeof(buf));
	ck_assert_int_eq(rig_gpa_write(2 * SIZE - 32, buf, 64), -EFAULT);
	ck_assert_uint_eq(file[SIZE - 1], 0);
	ck_assert_int_eq(rig_gpa_write(3 * SIZE - 32, buf, 64), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(4 * SIZE - 32, buf, 64), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(4 * SIZE, buf, 64), -EFAULT);
	ck_assert_int_eq(rig_gpa_write(5 * SIZE - 32, buf, 64), -EFAULT);
	ck_assert_uint_eq(mem[0] | mem[SIZE - 1], 0x11);
	ck_assert_int_eq(rig_gpa_read(2 * SIZE - 32, buf, 64), -EFAULT);
	ck_assert_uint_eq(buf[0] | buf[31] | buf[32] | buf[63], 0);
	munmap(mem, SIZE);
	munmap(file, SIZE);
	close(a);
	close(b);
	close(s);
}
END_TEST

/* --- frames --- */

START_TEST(machine_frames)
{
	u64 first, i;

	ck_assert_int_eq(add(GIB, 4 * SIZE, RW, -1, 0), 0);
	first = intel_gvt_hypervisor_gfn_to_mfn(&rig.vgpu, GIB / PAGE);
	ck_assert_uint_ne(first, GIB / PAGE);
	for (i = 0; i < 4 * SIZE / PAGE; i++) {
		ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(&rig.vgpu, GIB / PAGE + i),
				  first + i);
		ck_assert(intel_gvt_hypervisor_is_valid_gfn(&rig.vgpu, GIB / PAGE + i));
	}
	for (i = 0; i < 64; i++) {
		u64 gfn = 1ULL << i;

		if (gfn == GIB / PAGE)
			continue;
		ck_assert(!intel_gvt_hypervisor_is_valid_gfn(&rig.vgpu, gfn));
		ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(&rig.vgpu, gfn),
				  INTEL_GVT_INVALID_ADDR);
	}
}
END_TEST

/* Where the first machine frames are, guest memory is elsewhere all the same. */
START_TEST(never_itself)
{
	u64 gpa = (u64)VU_BLOCK_FIRST * MPT_HUGE_SIZE;

	ck_assert_int_eq(add(gpa, 2 * MPT_HUGE_SIZE, RW, -1, 0), 0);
	ck_assert_uint_ne(intel_gvt_hypervisor_gfn_to_mfn(&rig.vgpu, gpa / PAGE), gpa / PAGE);
}
END_TEST

/* --- the dirty log --- */

static u64 dirty(u64 gfn, unsigned int nr)
{
	u64 bits = 0;

	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, gfn, nr, (u8 *)&bits), 0);
	return bits;
}

/* _i: whether the file can shrink. */
START_TEST(dirty_log)
{
	int fd = rig_memfd(SIZE, !_i);
	u8 buf[3 * PAGE] = { 0 };

	ck_assert_int_eq(add(16 * PAGE, 16 * PAGE, RW, fd, 0), 0);
	ck_assert_int_eq(add(32 * PAGE, 16 * PAGE, RW, fd, 16 * PAGE), 0);
	ck_assert_uint_eq(dirty(0, 64), 0);
	ck_assert_int_eq(rig_gpa_read(16 * PAGE, buf, PAGE), 0);
	ck_assert_int_eq(rig_gpa_write(17 * PAGE + 5, buf, 1), 0);
	ck_assert_int_eq(rig_gpa_write(20 * PAGE - 1, buf, PAGE + 2), 0);
	ck_assert_int_eq(rig_gpa_write(31 * PAGE, buf, 2 * PAGE), 0);
	ck_assert_int_eq(rig_gpa_write(47 * PAGE, buf, 2 * PAGE), -EFAULT);
	ck_assert_uint_eq(dirty(16, 2), 2);
	ck_assert_uint_eq(dirty(19, 64), 7 | 3ULL << 12);
	ck_assert_uint_eq(dirty(0, 64), 0);
	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, ~0ULL, 2, buf), -EINVAL);
	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, 0, ~0ULL, buf), -EINVAL);
	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, 1ULL << 40, 1, buf), -EINVAL);
	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, (1ULL << 40) - 1, 1, buf), 0);
	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, 5, 0, buf), 0);
	close(fd);
}
END_TEST

/* --- threads --- */

static void *reader(void *stop)
{
	static u8 buf[4 * PAGE];

	while (!os_load((bool *)stop)) {
		int ret = rig_gpa_read(SIZE - 2 * PAGE, buf, sizeof(buf));

		ck_assert(!ret || ret == -EFAULT);
	}
	return NULL;
}

/* Memory that goes while it is read, of either kind. */
START_TEST(beside_each_other)
{
	int a = rig_memfd(SIZE, true), b = rig_memfd(SIZE, false);
	bool stop = false;
	pthread_t thread;
	int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, reader, &stop), 0);
	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(add(0, SIZE, RW, a, 0), 0);
		ck_assert_int_eq(add(SIZE, SIZE, RW, i & 1 ? a : b, 0), 0);
		ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 0, SIZE), 0);
		ck_assert_int_eq(mpt_vu_mem_remove(rig.v, SIZE, SIZE), 0);
	}
	os_store(&stop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	mpt_vu_orphans_reap(rig.v);
	ck_assert_uint_eq(rig_places(), 0);
	close(a);
	close(b);
}
END_TEST

static Suite *mem_suite(void)
{
	Suite *s = suite_create("vfio-user memory");
	TCase *t = tcase_create("memory");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_loop_test(t, shared_bytes, 0, 2);
	tcase_add_test(t, nobody_gives_it);
	tcase_add_test(t, file_shrinks);
	tcase_add_test(t, hole_is_punched);
	tcase_add_test(t, ranges_refused);
	tcase_add_test(t, descriptors_refused);
	tcase_add_test(t, overlaps);
	tcase_add_test(t, removal);
	tcase_add_test(t, limits);
	tcase_add_test(t, limit_of_files);
	tcase_add_test(t, rights);
	tcase_add_test(t, ranges_over_several);
	tcase_add_test(t, machine_frames);
	tcase_add_test(t, never_itself);
	tcase_add_loop_test(t, dirty_log, 0, 2);
	tcase_add_test(t, beside_each_other);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { mem_suite };

	return mpt_test_main("vfu_mem", suites, N(suites));
}
