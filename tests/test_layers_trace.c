/* SPDX-License-Identifier: MIT */
/*
 * The trace layer: what went in comes out of the reader, for every operation; the ring's laps; a
 * writer that is killed with its threads; files that cannot be.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "lib/runner.h"
#include "../tools/trace_ring.h"

static struct mpt_host *host;
static struct mpt_vm *vm;
static struct intel_vgpu vgpu;
static char dir[64], path[96];
static struct trace_ring ring;
static struct trace_record rec;
static void *bytes;

static void make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/mpt-trace-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ring", dir);
}

static void remove_dir(void)
{
	char old[112];

	snprintf(old, sizeof(old), "%s.old", path);
	unlink(old);
	unlink(path);
	rmdir(dir);
	free(bytes);
	bytes = NULL;
}

static void open_host(const char *size)
{
	char spec[160];

	snprintf(spec, sizeof(spec), "trace=%s%s,mock", path, size);
	ck_assert_msg(!mpt_host_open(spec, &host), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_vm_create(host, 7), 0);
	ck_assert_int_eq(mpt_vm_get(host, 7, &vm), 0);
	ck_assert_int_eq(mpt_ram_add(vm, 0, 1 << 20, 0), 0);
	vgpu = (struct intel_vgpu){ .mpt = mpt_host_table(host), .id = 1 };
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&vgpu), 0);
}

static void close_host(void)
{
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	mpt_vm_put(vm);
	ck_assert_int_eq(mpt_vm_destroy(host, 7), 0);
	ck_assert_int_eq(mpt_host_close(host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static void read_file(void)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char why[128];

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &st), 0);
	bytes = malloc((size_t)st.st_size);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)st.st_size, file), (size_t)st.st_size);
	fclose(file);
	ck_assert_msg(!trace_ring_open(&ring, bytes, (size_t)st.st_size, why, sizeof(why)), "%s",
		      why);
}

/* The next record is of an operation, with an answer and its first arguments. */
static void expect(const char *name, int64_t ret, unsigned int n, const uint64_t *arg)
{
	ck_assert_msg(trace_ring_next(&ring, &rec), "no %s", name);
	ck_assert_str_eq(rec.op->name, name);
	ck_assert_msg(rec.ret == ret, "%s: %lld", name, (long long)rec.ret);
	ck_assert_uint_eq(rec.args, n);
	for (unsigned int i = 0; i < n; i++)
		ck_assert_msg(rec.arg[i] == arg[i], "%s: argument %u is 0x%llx, not 0x%llx", name,
			      i, (unsigned long long)rec.arg[i], (unsigned long long)arg[i]);
}

#define EXPECT(name, ret, ...) \
	expect(name, ret, sizeof((uint64_t[]){ __VA_ARGS__ }) / 8, (uint64_t[]){ __VA_ARGS__ })

static u8 page[4096], back[4096];
static dma_addr_t dma;
static unsigned long mfn;

static void every_call(void)
{
	struct mpt_irq irq;
	struct mpt_iommu_fault fault;
	u8 bits[1];
	unsigned long handle = vgpu.handle;

	intel_gvt_hypervisor_write_gpa(&vgpu, 0x2000, page, sizeof(page));
	intel_gvt_hypervisor_read_gpa(&vgpu, 0x2008, back, 8);
	intel_gvt_hypervisor_read_gpa(&vgpu, 1ULL << 40, back, 8);
	intel_gvt_hypervisor_write_gpa(&vgpu, 0x10, page, 2);
	mfn = intel_gvt_hypervisor_gfn_to_mfn(&vgpu, 2);
	intel_gvt_hypervisor_gfn_to_mfn(&vgpu, 1 << 30);
	intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 2, 4096, &dma);
	intel_gvt_hypervisor_dma_pin_guest_page(&vgpu, dma);
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, dma);
	intel_gvt_hypervisor_set_trap_area(&vgpu, 1ULL << 32, (1ULL << 32) + 4095, true);
	intel_gvt_hypervisor_is_valid_gfn(&vgpu, 2);
	mpt_guest_write(vm, 0x3001, page, 3);
	mpt_guest_read(vm, 0x3001, back, 3);
	mpt_bus_read(host, dma + 5, back, 4);
	mpt_bus_read(host, 0x123456789, back, 4);
	mpt_fault_take(host, &fault);
	mpt_fault_take(host, &fault);
	mpt_irq_take(vm, &irq);
	mpt_dirty_fetch(vm, 0, 8, bits);
	mpt_vm_tracked(vm, 3);
	vgpu.handle = 0xdead;
	intel_gvt_hypervisor_enable_page_track(&vgpu, 4);
	vgpu.handle = handle;
}

static void every_record(void)
{
	const u64 end = (1ULL << 32) + 4095;

	EXPECT("write_gpa", 0, 0x2000, 4096);
	ck_assert_uint_eq(rec.data_len, 4096);
	ck_assert_mem_eq(rec.data, page, 4096);
	EXPECT("read_gpa", 0, 0x2008, 8, mpt_trace_check(page + 8, 8));
	EXPECT("read_gpa", -EFAULT, 1ULL << 40, 8);
	EXPECT("write_gpa", 0, 0x10, 2);
	ck_assert_mem_eq(rec.data, page, 2);
	EXPECT("gfn_to_mfn", 0, 2, mfn);
	EXPECT("gfn_to_mfn", 0, 1 << 30, ~0ULL);
	EXPECT("dma_map_guest_page", 0, 2, 4096, dma);
	EXPECT("dma_pin_guest_page", 0, dma);
	EXPECT("dma_unmap_guest_page", 0, dma);
	EXPECT("set_trap_area", 0, 1ULL << 32, end, 1);
	EXPECT("is_valid_gfn", 0, 2, 1);
	EXPECT("guest_write", 0, 7, 0x3001, 3);
	ck_assert_mem_eq(rec.data, page, 3);
	EXPECT("guest_read", 0, 7, 0x3001, 3, mpt_trace_check(page, 3));
	EXPECT("bus_read", 0, dma + 5, 4, mpt_trace_check(page + 5, 4));
	EXPECT("bus_read", -EFAULT, 0x123456789, 4);
	EXPECT("fault_take", 0, 0x123456789, 4, 0);
	expect("fault_take", -ENOENT, 0, NULL);
	EXPECT("irq_take", -ENOENT, 7);
	EXPECT("dirty_fetch", 0, 7, 0, 8, 1, mpt_trace_check("\x0d", 1));
	EXPECT("vm_tracked", 0, 7, 3, 0);
	EXPECT("enable_page_track", -ESRCH, 4);
	ck_assert(rec.dead);
}

START_TEST(what_went_in)
{
	make_dir();
	for (unsigned int i = 0; i < sizeof(page); i++)
		page[i] = (u8)(i * 7 + 1);
	open_host("");
	every_call();
	close_host();
	read_file();
	ck_assert_uint_eq(ring.head.closed, 1);
	ck_assert_ptr_nonnull(strstr(ring.head.spec, ",mock"));
	EXPECT("vm_create", 0, 7);
	EXPECT("vm_get", 0, 7);
	EXPECT("ram_add", 0, 7, 0, 1 << 20, 0);
	EXPECT("attach_vgpu", 0, 7);
	every_record();
	expect("detach_vgpu", 0, 0, NULL);
	EXPECT("vm_put", 0, 7);
	EXPECT("vm_destroy", 0, 7);
	ck_assert(!trace_ring_next(&ring, &rec));
	ck_assert_uint_eq(ring.torn, 0);
	remove_dir();
}
END_TEST

/* The last records of many laps are all there, in order; long ones across the end too. */
START_TEST(laps)
{
	u64 i, n = 300000, word, last = 0, seen = 0, ns = 0;

	make_dir();
	open_host(":64K");
	for (i = 1; i <= n; i++) {
		word = i;
		mpt_guest_write(vm, 0x1000, &word, 8);
		intel_gvt_hypervisor_enable_page_track(&vgpu, i);
	}
	close_host();
	read_file();
	while (trace_ring_next(&ring, &rec)) {
		ck_assert(rec.ns >= ns && rec.ns < 100000000000);
		ns = rec.ns;
		if (strcmp(rec.op->name, "guest_write"))
			continue;
		memcpy(&word, rec.data, 8);
		ck_assert(!last || word == last + 1);
		last = word;
		seen++;
	}
	ck_assert_uint_eq(last, n);
	ck_assert_uint_ge(seen, 1000);
	ck_assert_uint_eq(ring.torn, 0);
	remove_dir();
}
END_TEST

#define WRITERS 4

struct counter {
	u64 done; /* tells the parent how many calls have returned */
	char pad[56];
};

static struct counter *counters;

static void *writer(void *arg)
{
	u64 me = (u64)(uintptr_t)arg, i;

	for (i = 1;; i++) {
		u64 word[3] = { me, i, ~i };

		intel_gvt_hypervisor_write_gpa(&vgpu, 0x1000 * (me + 1), word, sizeof(word));
		__atomic_store_n(&counters[me].done, i, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void run_writers(void)
{
	pthread_t thread;
	u64 i;

	open_host(":16M");
	for (i = 0; i < WRITERS; i++)
		pthread_create(&thread, NULL, writer, (void *)(uintptr_t)i);
	pause();
}

static void kill_writers(void)
{
	pid_t pid = fork();
	int status;
	u64 i;

	if (!pid) {
		run_writers();
		_exit(1);
	}
	for (i = 0; i < WRITERS; i++)
		while (__atomic_load_n(&counters[i].done, __ATOMIC_ACQUIRE) < 100000)
			usleep(100);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

/*
 * Each thread's last call that returned is in the file, and those before it without a gap, but for
 * what a thread has spoiled that the machine let stand still for a lap: the reader counts that.
 */
START_TEST(killed)
{
	u64 last[WRITERS] = { 0 }, word[3], missing = 0;

	make_dir();
	counters = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	kill_writers();
	read_file();
	ck_assert_uint_eq(ring.head.closed, 0);
	ck_assert_uint_gt(ring.head.head, ring.head.slots);
	while (trace_ring_next(&ring, &rec)) {
		ck_assert_str_eq(rec.op->name, "write_gpa");
		ck_assert_uint_eq(rec.data_len, sizeof(word));
		memcpy(word, rec.data, sizeof(word));
		ck_assert_uint_lt(word[0], WRITERS);
		ck_assert_uint_eq(word[1], ~word[2]);
		ck_assert_uint_eq(rec.arg[0], 0x1000 * (word[0] + 1));
		ck_assert_uint_gt(word[1], last[word[0]]);
		missing += last[word[0]] ? word[1] - last[word[0]] - 1 : 0;
		last[word[0]] = word[1];
	}
	for (u64 i = 0; i < WRITERS; i++)
		missing += last[i] && last[i] < counters[i].done ? counters[i].done - last[i] : 0;
	ck_assert_uint_le(missing, ring.torn);
	/* Of each thread one record was on its way, and few have stood still. */
	ck_assert_uint_le(ring.torn, WRITERS * 30);
	munmap(counters, 4096);
	remove_dir();
}
END_TEST

static void refused(const char *spec, int err, const char *why)
{
	ck_assert_int_eq(mpt_host_open(spec, &host), err);
	ck_assert_msg(strstr(mpt_last_error(), why), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

START_TEST(no_such_file)
{
	char spec[200], old[112];

	make_dir();
	refused("trace,mock", -EINVAL, "trace=FILE");
	refused("trace=,mock", -EINVAL, "trace=FILE");
	refused("trace=/dev/null,mock", -EINVAL, "no regular file");
	refused("trace=/no/such/dir,mock", -ENOENT, "No such file");
	snprintf(spec, sizeof(spec), "trace=%s:1K,mock", path);
	refused(spec, -EINVAL, "64K to 64G");
	snprintf(spec, sizeof(spec), "trace=%s:9Q,mock", path);
	refused(spec, -EINVAL, "64K to 64G");
	/* An earlier file stays. */
	open_host(":64K");
	close_host();
	open_host(":64K");
	close_host();
	snprintf(old, sizeof(old), "%s.old", path);
	ck_assert_int_eq(access(old, R_OK), 0);
	remove_dir();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("layers-trace");
	TCase *tc = tcase_create("trace");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_went_in);
	tcase_add_test(tc, laps);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, no_such_file);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("layers-trace", suites, 1);
}
