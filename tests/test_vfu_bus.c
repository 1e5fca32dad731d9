/* SPDX-License-Identifier: MIT */
/*
 * The bus side of the vfio-user back end: mappings and their counts, memory that goes while it is
 * mapped, what the device may do to memory of each kind, and calls without memory (Fail-N).
 */
#include "backends/vfio-user/place.h"
#include "vfu_rig.h"

#define RW (VU_MEM_READ | VU_MEM_WRITE)
#define HUGE MPT_HUGE_SIZE

static void add(u64 gpa, u64 size, unsigned int flags, int fd, u64 offset)
{
	ck_assert_msg(!mpt_vu_mem_add(rig.v, gpa, size, flags, fd < 0 ? -1 : dup(fd), offset), "%s",
		      mpt_last_error());
}

/* RAM from 0 to 8 MiB, mapped. */
static void setup(void)
{
	int fd;

	rig_open();
	fd = rig_memfd(4 * HUGE, true);
	add(0, 4 * HUGE, RW, fd, 0);
	close(fd);
}

static void teardown(void)
{
	mpt_vu_dma_clear(rig.v);
	rig_close();
}

static int map_err(u64 gfn, unsigned long size, dma_addr_t *dma)
{
	return intel_gvt_hypervisor_dma_map_guest_page(&rig.vgpu, gfn, size, dma);
}

static dma_addr_t map(u64 gfn, unsigned long size)
{
	dma_addr_t dma = 0;

	ck_assert_msg(!map_err(gfn, size, &dma), "%s", mpt_last_error());
	return dma;
}

static void unmap(dma_addr_t dma)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(&rig.vgpu, dma);
}

static int pin(dma_addr_t dma)
{
	return intel_gvt_hypervisor_dma_pin_guest_page(&rig.vgpu, dma);
}

static bool live(dma_addr_t dma)
{
	u8 byte;

	return !mpt_bus_read(rig.host, dma, &byte, 1);
}

static u64 bad_unmaps(void)
{
	return os_load(&rig.v->bad_unmap);
}

/* --- counts --- */

START_TEST(counted)
{
	dma_addr_t a = map(3, PAGE), b = map(4, PAGE);

	ck_assert_uint_eq(b, a + PAGE);
	ck_assert_uint_ne(a >> 12, 3);
	ck_assert_uint_ne(a >> 12, intel_gvt_hypervisor_gfn_to_mfn(&rig.vgpu, 3));
	ck_assert_uint_eq(map(3, PAGE), a);
	ck_assert_int_eq(pin(a), 0);
	unmap(a);
	unmap(a);
	ck_assert(live(a));
	unmap(a);
	ck_assert(!live(a));
	ck_assert(live(b));
	ck_assert_int_eq(pin(a), -ENOENT);
	ck_assert_uint_eq(bad_unmaps(), 0);
	unmap(a);
	ck_assert_uint_eq(bad_unmaps(), 1);
	ck_assert_uint_eq(mpt_vu_dma_live(rig.v), 1);
}
END_TEST

START_TEST(refused)
{
	static const struct {
		u64 gfn;
		unsigned long size;
		int err;
	} bad[] = {
		{ 0, 0, -EINVAL },
		{ 0, 1, -EINVAL },
		{ 0, 8192, -EINVAL },
		{ 0, ~0UL, -EINVAL },
		{ 1, HUGE, -EINVAL },
		{ 2048, PAGE, -EFAULT },
		{ 2048, HUGE, -EFAULT },
		{ ~0ULL, PAGE, -EFAULT },
		{ 1ULL << 40, PAGE, -EFAULT },
		{ 1ULL << 52, PAGE, -EFAULT },
		/* Two regions in one block, a hole in one, an end in one. */
		{ 10 * 512, HUGE, -EINVAL },
		{ 11 * 512, HUGE, -EFAULT },
		{ 12 * 512, HUGE, -EFAULT },
	};
	dma_addr_t dma;
	size_t i;

	add(10 * HUGE, PAGE, RW, -1, 0);
	add(10 * HUGE + PAGE, HUGE - PAGE, RW, -1, 0);
	add(11 * HUGE, PAGE, RW, -1, 0);
	add(11 * HUGE + 2 * PAGE, HUGE - 2 * PAGE, RW, -1, 0);
	add(12 * HUGE, HUGE - PAGE, RW, -1, 0);
	for (i = 0; i < N(bad); i++) {
		dma = 0x55;
		ck_assert_msg(map_err(bad[i].gfn, bad[i].size, &dma) == bad[i].err, "case %zu", i);
		ck_assert_uint_eq(dma, 0x55);
	}
	ck_assert_uint_eq(mpt_vu_dma_live(rig.v), 0);
}
END_TEST

START_TEST(large_and_small)
{
	dma_addr_t large = map(512, HUGE), small = map(512, PAGE), other = map(700, PAGE);

	ck_assert_uint_eq(large, small);
	ck_assert_uint_eq(other, large + 188 * PAGE);
	unmap(other);
	ck_assert(live(other));
	unmap(large);
	ck_assert(live(large + HUGE - 1));
	unmap(small);
	ck_assert(!live(large) && !live(large + HUGE - 1));
	small = map(512, PAGE);
	ck_assert(live(small) && !live(small + PAGE));
}
END_TEST

START_TEST(unknown_addresses)
{
	static const u64 bits[] = { 1, 1ULL << 44, 1ULL << 45, 1ULL << 46, 1ULL << 63 };
	dma_addr_t dma = map(3, PAGE);
	size_t i;

	for (i = 0; i < N(bits); i++) {
		unmap(dma ^ bits[i]);
		ck_assert_int_eq(pin(dma ^ bits[i]), -ENOENT);
		if (bits[i] > PAGE)
			ck_assert(!live(dma ^ bits[i]));
	}
	unmap(0);
	unmap(~0ULL);
	unmap(dma + PAGE);
	unmap(dma - 4 * PAGE);
	ck_assert_uint_eq(bad_unmaps(), i + 4);
	ck_assert(live(dma));
}
END_TEST

/* Another VM's vGPU can neither unmap nor pin what is not its own. */
START_TEST(owners)
{
	struct intel_vgpu other = { .mpt = rig.vgpu.mpt, .cfg_space = rig.cfg };
	dma_addr_t dma = map(3, PAGE);
	struct mpt_vm *vm, *old;
	struct vu_vm *v;

	ck_assert_int_eq(mpt_vu_vm_new(rig.v->vu, 2, &v), 0);
	ck_assert_int_eq(mpt_vu_vm_show(v), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 2, &vm), 0);
	old = mpt_target_set(vm);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&other), 0);
	mpt_target_set(old);
	intel_gvt_hypervisor_dma_unmap_guest_page(&other, dma);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&other, dma), -ENOENT);
	ck_assert(live(dma));
	ck_assert_uint_eq(os_load(&v->bad_unmap), 1);
	intel_gvt_hypervisor_detach_vgpu(&other);
	ck_assert(live(dma));
	mpt_vm_put(vm);
}
END_TEST

/* --- memory that goes while it is mapped --- */

START_TEST(outlives_its_ram)
{
	int fd = rig_memfd(PAGE, true);
	u64 value = 0xabcd, got = 0;
	dma_addr_t dma, again;

	add(8 * HUGE, PAGE, RW, fd, 0);
	ck_assert_int_eq(rig_gpa_write(8 * HUGE + 16, &value, 8), 0);
	dma = map(8 * 512, PAGE);
	ck_assert_int_eq(pin(dma), 0);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 8 * HUGE, PAGE), 0);
	ck_assert_uint_eq(rig_places(), 2);
	ck_assert_int_eq(mpt_bus_read(rig.host, dma + 16, &got, 8), 0);
	ck_assert_uint_eq(got, value);
	ck_assert_int_eq(pin(dma), 0);
	/* The same again is at another address, and shows the same file. */
	add(8 * HUGE, PAGE, RW, fd, 0);
	again = map(8 * 512, PAGE);
	ck_assert_uint_ne(again, dma);
	value = 1;
	ck_assert_int_eq(mpt_bus_write(rig.host, again + 16, &value, 8), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, dma + 16, &got, 8), 0);
	ck_assert_uint_eq(got, 1);
	unmap(dma);
	unmap(dma);
	ck_assert(live(dma));
	unmap(dma);
	ck_assert(!live(dma));
	ck_assert_uint_eq(rig_places(), 2);
	unmap(again);
	close(fd);
}
END_TEST

/* The client's own memory is another by then. */
START_TEST(gone_and_remote)
{
	dma_addr_t dma;

	add(8 * HUGE, PAGE, RW, -1, 0);
	dma = map(8 * 512, PAGE);
	ck_assert(!live(dma));
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 8 * HUGE, PAGE), 0);
	ck_assert(!live(dma));
	ck_assert_uint_eq(rig_places(), 2);
	unmap(dma);
	ck_assert_uint_eq(rig_places(), 1);
}
END_TEST

START_TEST(churn)
{
	dma_addr_t held[64] = { 0 };
	int fd = rig_memfd(HUGE + PAGE, true);
	unsigned int round, i;

	for (round = 0; round < 400; round++) {
		i = round % 64;
		if (held[i]) {
			ck_assert(live(held[i]));
			unmap(held[i]);
			ck_assert(!live(held[i]));
		}
		add(8 * HUGE, HUGE + PAGE, RW, fd, 0);
		held[i] = map(8 * 512 + round % 513, PAGE);
		ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 8 * HUGE, HUGE + PAGE), 0);
	}
	ck_assert_uint_eq(mpt_vu_dma_live(rig.v), 64);
	ck_assert_uint_eq(rig_places(), 65);
	ck_assert_uint_eq(bad_unmaps(), 0);
	mpt_vu_dma_clear(rig.v);
	ck_assert_uint_eq(rig_places(), 1);
	close(fd);
}
END_TEST

/* --- the device --- */

static void drain(void)
{
	struct mpt_iommu_fault f;

	while (!mpt_fault_take(rig.host, &f))
		;
}

START_TEST(device_accesses)
{
	dma_addr_t a = map(10, PAGE), b = map(11, PAGE);
	struct mpt_iommu_fault f;
	u8 out[PAGE], in[PAGE];
	u64 bits = 0;
	u32 i;

	for (i = 0; i < PAGE; i++)
		out[i] = (u8)(i * 3 + 1);
	ck_assert_int_eq(mpt_bus_write(rig.host, b - 100, out, PAGE), 0);
	ck_assert_int_eq(rig_gpa_read(11 * PAGE - 100, in, PAGE), 0);
	ck_assert_mem_eq(in, out, PAGE);
	ck_assert_int_eq(mpt_vu_mem_dirty(rig.v, 0, 64, (u8 *)&bits), 0);
	ck_assert_uint_eq(bits, 3 << 10);
	ck_assert_int_eq(mpt_bus_read(rig.host, a, in, 0), -EINVAL);
	ck_assert_int_eq(mpt_bus_read(rig.host, a, in, PAGE + 1), -EINVAL);
	/* Beyond the second: nothing happens, the first bad byte is named. */
	memset(out, 0, PAGE);
	ck_assert_int_eq(mpt_bus_write(rig.host, b + 16, out, PAGE), -EFAULT);
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), 0);
	ck_assert_uint_eq(f.dma_addr, b + PAGE);
	ck_assert_uint_eq(f.len, PAGE);
	ck_assert(f.write);
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), -ENOENT);
	ck_assert_int_eq(mpt_bus_read(rig.host, b + 16, in, 1), 0);
	ck_assert_uint_eq(in[0], (16 + 100) * 3 + 1 - 256);
	ck_assert_int_eq(mpt_bus_read(rig.host, a - 1, in, 2), -EFAULT);
	ck_assert_uint_eq(in[0] & in[1], 0xff);
}
END_TEST

START_TEST(rights)
{
	int fd = rig_memfd(2 * PAGE, true);
	dma_addr_t r, w;
	u8 byte = 1;

	add(8 * HUGE, PAGE, VU_MEM_READ, fd, 0);
	add(9 * HUGE, PAGE, VU_MEM_WRITE, fd, PAGE);
	r = map(8 * 512, PAGE);
	w = map(9 * 512, PAGE);
	ck_assert_int_eq(mpt_bus_read(rig.host, r, &byte, 1), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, r, &byte, 1), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, w, &byte, 1), -EFAULT);
	ck_assert_int_eq(mpt_bus_write(rig.host, w, &byte, 1), 0);
	close(fd);
}
END_TEST

/*
 * Two frames beside each other on the bus, of regions of two kinds. _i: which comes first. The one
 * that falls short fails both: nothing is written.
 */
START_TEST(two_kinds)
{
	int sealed = rig_memfd(HUGE, true), file = rig_memfd(HUGE, false);
	u64 one = 0x1111111111111111, got;
	dma_addr_t a, b;

	add(16 * HUGE, HUGE, RW, _i ? file : sealed, 0);
	add(17 * HUGE, HUGE, RW, _i ? sealed : file, 0);
	a = map(16 * 512 + 511, PAGE);
	b = map(17 * 512, PAGE);
	ck_assert_uint_eq(b, a + PAGE);
	ck_assert_int_eq(mpt_bus_write(rig.host, b - 4, &one, 8), 0);
	ck_assert_int_eq(mpt_bus_read(rig.host, b - 4, &got, 8), 0);
	ck_assert_uint_eq(got, one);
	ck_assert_int_eq(rig_gpa_read(17 * HUGE - 4, &got, 8), 0);
	ck_assert_uint_eq(got, one);
	one = 0x2222222222222222;
	ck_assert_int_eq(ftruncate(file, 0), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, b - 4, &one, 8), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, _i ? b : b - 4, &got, 4), 0);
	ck_assert_uint_eq((u32)got, 0x11111111);
	got = 0;
	ck_assert_int_eq(mpt_bus_read(rig.host, b - 4, &got, 8), -EFAULT);
	ck_assert_uint_eq(got, ~0ULL);
	drain();
	close(sealed);
	close(file);
}
END_TEST

/* Two files, of which only the second falls short. */
START_TEST(two_files)
{
	int first = rig_memfd(HUGE, false), second = rig_memfd(HUGE, false);
	u64 one = 0x1111111111111111, got;
	dma_addr_t b;

	add(16 * HUGE, HUGE, RW, first, 0);
	add(17 * HUGE, HUGE, RW, second, 0);
	map(16 * 512 + 511, PAGE);
	b = map(17 * 512, PAGE);
	ck_assert_int_eq(ftruncate(second, 0), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, b - 4, &one, 8), -EFAULT);
	ck_assert_int_eq(pread(first, &got, 8, (off_t)HUGE - 8), 8);
	ck_assert_uint_eq(got, 0);
	drain();
	close(first);
	close(second);
}
END_TEST

START_TEST(faults_drop_the_oldest)
{
	struct mpt_iommu_fault f;
	unsigned int i;
	u8 byte;

	for (i = 0; i < 700; i++)
		ck_assert_int_eq(mpt_bus_read(rig.host, i, &byte, 1), -EFAULT);
	for (i = 700 - VU_FAULTS; i < 700; i++) {
		ck_assert_int_eq(mpt_fault_take(rig.host, &f), 0);
		ck_assert_uint_eq(f.dma_addr, i);
	}
	ck_assert_int_eq(mpt_fault_take(rig.host, &f), -ENOENT);
}
END_TEST

/* --- without memory --- */

/* Adding a region: it is there whole, or nothing of it. */
START_TEST(add_fails)
{
	int fd = rig_memfd(HUGE, _i);
	unsigned long n;
	bool failed = true;
	int ret;

	for (n = 1; failed; n++) {
		mpt_alloc_fail_at(n);
		ret = mpt_vu_mem_add(rig.v, 8 * HUGE, HUGE, RW, dup(fd), 0);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(ret, failed ? -ENOMEM : 0);
		ck_assert_uint_eq(rig_places(), failed ? 1 : 2);
	}
	ck_assert_uint_gt(n, 2);
	ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 8 * HUGE, HUGE), 0);
	close(fd);
}
END_TEST

START_TEST(map_fails)
{
	unsigned long n;
	bool failed = true;
	dma_addr_t dma = 0x55;
	int ret;

	for (n = 1; failed; n++) {
		mpt_alloc_fail_at(n);
		ret = map_err(600, PAGE, &dma);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(ret, failed ? -ENOMEM : 0);
		ck_assert(!failed || dma == 0x55);
		ck_assert_uint_eq(mpt_vu_dma_live(rig.v), !failed);
	}
	ck_assert_uint_gt(n, 2);
}
END_TEST

/* --- threads --- */

static void *device(void *stop)
{
	static u8 buf[PAGE];
	u64 block;

	while (!os_load((bool *)stop))
		for (block = 2048; block < 2064; block++)
			mpt_bus_read(rig.host, block << 21 | VU_BUS_BIT | 0x800, buf, PAGE);
	return NULL;
}

/* The device looks everywhere while regions come, are mapped, go, and are unmapped. */
START_TEST(beside_each_other)
{
	int a = rig_memfd(HUGE, true), b = rig_memfd(HUGE, false);
	bool stop = false;
	pthread_t thread;
	dma_addr_t dma[2];
	int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, device, &stop), 0);
	for (i = 0; i < 200; i++) {
		add(16 * HUGE, HUGE, RW, i & 1 ? a : b, 0);
		dma[0] = map(16 * 512, PAGE);
		dma[1] = map(16 * 512 + 1, PAGE);
		if (i & 2)
			unmap(dma[0]);
		ck_assert_int_eq(mpt_vu_mem_remove(rig.v, 16 * HUGE, HUGE), 0);
		if (!(i & 2))
			unmap(dma[0]);
		unmap(dma[1]);
	}
	os_store(&stop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	mpt_vu_orphans_reap(rig.v);
	ck_assert_uint_eq(rig_places(), 1);
	close(a);
	close(b);
}
END_TEST

static Suite *bus_suite(void)
{
	Suite *s = suite_create("vfio-user bus");
	TCase *t = tcase_create("bus");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, counted);
	tcase_add_test(t, refused);
	tcase_add_test(t, large_and_small);
	tcase_add_test(t, unknown_addresses);
	tcase_add_test(t, outlives_its_ram);
	tcase_add_test(t, gone_and_remote);
	tcase_add_test(t, churn);
	tcase_add_test(t, device_accesses);
	tcase_add_test(t, rights);
	tcase_add_loop_test(t, two_kinds, 0, 2);
	tcase_add_test(t, two_files);
	tcase_add_test(t, owners);
	tcase_add_test(t, faults_drop_the_oldest);
	tcase_add_loop_test(t, add_fails, 0, 2);
	tcase_add_test(t, map_fails);
	tcase_add_test(t, beside_each_other);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { bus_suite };

	return mpt_test_main("vfu_bus", suites, N(suites));
}
