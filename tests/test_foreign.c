/* SPDX-License-Identifier: MIT */
/*
 * <mpt/foreign.h> with a core made up here: the operations it is given, its entry points, what is
 * refused. An unmodified core of Linux is make check-linux-core's.
 */
#include <mpt/alloc.h>
#include <mpt/foreign.h>

#include "fake_backend.h"
#include "lib/runner.h"

static struct mpt_host *host;
static struct mpt_vm *vm;
static char gvt, the_vgpu, the_type;
static unsigned long handle;
static struct {
	unsigned int created, destroyed, failed;
	const void *vgpu;
	u64 gpa;
} seen;

static void setup(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(mpt_host_open_table(&fake_backend, NULL, &host), 0);
	ck_assert_int_eq(mpt_vm_get(host, 1, &vm), 0);
}

static void teardown(void)
{
	mpt_vm_put(vm);
	ck_assert_int_eq(mpt_host_close(host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- a core --- */

static void *create(void *device, void *type)
{
	struct mpt_foreign_table table = { .size = sizeof(table) };
	int ret;

	ck_assert_ptr_eq(device, &gvt);
	ck_assert_ptr_eq(type, &the_type);
	mpt_foreign_table(host, &table);
	ret = table.attach_vgpu(&the_vgpu, &handle);
	seen.created += !ret;
	return ret ? MPT_ERR_PTR(ret) : &the_vgpu;
}

static void destroy(void *vgpu)
{
	struct mpt_foreign_table table = { .size = sizeof(table) };

	ck_assert_ptr_eq(vgpu, &the_vgpu);
	mpt_foreign_table(host, &table);
	table.detach_vgpu(handle);
	seen.destroyed++;
}

static int mmio_read(void *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	seen.vgpu = vgpu;
	seen.gpa = gpa;
	memset(buf, 0x5a, bytes);
	return 0;
}

static int mmio_write(void *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	(void)vgpu;
	(void)gpa;
	(void)buf;
	(void)bytes;
	return -EINVAL;
}

static int aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	ck_assert_ptr_eq(opaque, &gvt);
	seen.gpa = offset;
	memset(buf, 0x77, len);
	return 0;
}

static void emulation_failed(void *vgpu, int err)
{
	ck_assert_ptr_eq(vgpu, &the_vgpu);
	ck_assert_int_eq(err, -EINVAL);
	seen.failed++;
}

static const struct mpt_foreign_core core = {
	.size = sizeof(core),
	.opaque = &gvt,
	.aperture_mfn = 0x80000,
	.aperture_pages = 16,
	.aperture_read = aperture_read,
	.emulation_failed = emulation_failed,
	.emulate_mmio_read = mmio_read,
	.emulate_mmio_write = mmio_write,
	.vgpu_create = create,
	.vgpu_destroy = destroy,
};

static struct intel_vgpu *create_vgpu(void)
{
	return mpt_vgpu_create(vm, (struct intel_gvt *)&gvt, (struct intel_vgpu_type *)&the_type);
}

/* --- the operations --- */

START_TEST(operations)
{
	struct mpt_foreign_table table = { .size = sizeof(table) };
	const struct intel_gvt_mpt *t = mpt_host_table(host);

	ck_assert_int_eq(mpt_foreign_table(host, &table), 0);
	ck_assert_uint_eq(table.size, sizeof(table));
	ck_assert_uint_eq(table.caps, mpt_host_caps(host));
	ck_assert(table.read_gpa == t->read_gpa && table.read_gpa);
	ck_assert(table.write_gpa == t->write_gpa);
	ck_assert(table.dma_map_guest_page == t->dma_map_guest_page);
	ck_assert(table.detach_vgpu == t->detach_vgpu);
	ck_assert(!table.set_trap_area && !table.enable_page_track && !table.is_valid_gfn);
	ck_assert_uint_eq(mpt_foreign_virt_to_mfn(host, &gvt), INTEL_GVT_INVALID_ADDR);
}
END_TEST

/* Of a caller with older headers nothing beyond its part is written. */
START_TEST(operations_by_size)
{
	struct mpt_foreign_table table;
	unsigned int i;

	memset(&table, 0x33, sizeof(table));
	table.size = offsetof(struct mpt_foreign_table, read_gpa);
	ck_assert_int_eq(mpt_foreign_table(host, &table), 0);
	ck_assert_ptr_eq((void *)(uintptr_t)table.attach_vgpu,
			 (void *)(uintptr_t)mpt_host_table(host)->attach_vgpu);
	for (i = (unsigned int)table.size; i < sizeof(table); i++)
		ck_assert_uint_eq(((u8 *)&table)[i], 0x33);
	table.size = 0;
	ck_assert_int_eq(mpt_foreign_table(host, &table), -EINVAL);
}
END_TEST

/* --- the entry points --- */

START_TEST(entry_points)
{
	struct intel_vgpu *vgpu;
	u64 value = 0;

	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &core), 0);
	ck_assert_uint_eq(mpt_host_core(host)->flags, 0);
	vgpu = create_vgpu();
	ck_assert_ptr_eq(vgpu, &the_vgpu);
	ck_assert_uint_eq(fake.attached, 1);
	ck_assert_int_eq(mpt_deliver_mmio(host, vgpu, NULL, 0x123456789aULL, &value, 2, false), 0);
	ck_assert_uint_eq(value, 0x5a5a);
	ck_assert_uint_eq(seen.gpa, 0x123456789aULL);
	ck_assert_ptr_eq(seen.vgpu, vgpu);
	ck_assert_int_eq(mpt_deliver_mmio(host, vgpu, NULL, 0, &value, 2, true), -EINVAL);
	ck_assert_uint_eq(seen.failed, 1);
	ck_assert_int_eq(mpt_deliver_aperture(host, 0xf008, &value, 8, false), 0);
	ck_assert_uint_eq(value, 0x7777777777777777ULL);
	ck_assert_int_eq(mpt_deliver_aperture(host, 0x10000, &value, 1, false), -EINVAL);
	/* It has no such entry point. */
	mpt_deliver_reset(host, vgpu);
	ck_assert_int_eq(mpt_deliver_cfg(host, vgpu, NULL, 0, &value, 4, false), -EINVAL);
	ck_assert_int_eq(mpt_vgpu_destroy(vm, vgpu), 0);
	ck_assert_uint_eq(seen.destroyed, 1);
	mpt_foreign_exit(host, NULL, &gvt);
	ck_assert(MPT_IS_ERR(create_vgpu()));
}
END_TEST

/* The library stores for a core that does not, and only for it. */
static unsigned int stores;

static int count_store(unsigned long h, unsigned long gpa, void *buf, unsigned long len)
{
	(void)h;
	(void)gpa;
	(void)buf;
	(void)len;
	stores++;
	return 0;
}

static int handler(void *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	(void)data;
	(void)bytes;
	ck_assert_ptr_eq(vgpu, &the_vgpu);
	seen.gpa = gpa;
	return 0;
}

START_TEST(trapped_store)
{
	struct mpt_foreign_core with = core;
	u64 value = 1;

	with.write_protect_handler = handler;
	with.flags = _i ? MPT_FOREIGN_STORES : 0;
	stores = 0;
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &with), 0);
	ck_assert_int_eq(mpt_deliver_store(host, &the_vgpu, NULL, 1, 0x2000, &value, 8,
					   count_store), 0);
	ck_assert_uint_eq(seen.gpa, 0x2000);
	ck_assert_uint_eq(stores, _i ? 0 : 1);
	mpt_foreign_exit(host, NULL, &gvt);
}
END_TEST

START_TEST(core_by_size)
{
	struct mpt_foreign_core old = core;

	old.size = offsetof(struct mpt_foreign_core, vgpu_create);
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &old), 0);
	ck_assert_ptr_nonnull(mpt_host_core(host)->ops->emulate_mmio_read);
	ck_assert(!mpt_host_core(host)->ops->vgpu_create);
	mpt_foreign_exit(host, NULL, &gvt);
}
END_TEST

/* --- what is refused --- */

START_TEST(refused)
{
	struct mpt_foreign_core bad = core;

	ck_assert_int_eq(mpt_foreign_init(host, NULL, NULL, &core), -EINVAL);
	bad.size = 0;
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &bad), -EINVAL);
	bad = core;
	bad.flags = 1U << 31;
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &bad), -EINVAL);
	ck_assert_ptr_null(mpt_host_core(host)->ops);
	mpt_foreign_exit(host, NULL, &gvt);
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &core), 0);
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &core), -EEXIST);
	ck_assert(!MPT_IS_ERR(create_vgpu()));
	ck_assert_int_eq(mpt_vgpu_destroy(vm, (struct intel_vgpu *)&the_vgpu), 0);
	mpt_foreign_exit(host, NULL, &gvt);
}
END_TEST

/* It leaves before its vGPU: no access reaches it, but it can still give the vGPU back. */
START_TEST(leaves_first)
{
	u64 value = 0;

	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &core), 0);
	ck_assert(!MPT_IS_ERR(create_vgpu()));
	mpt_foreign_exit(host, NULL, &gvt);
	ck_assert_int_eq(mpt_deliver_mmio(host, &the_vgpu, NULL, 0, &value, 8, false), -EINVAL);
	ck_assert_uint_eq(value, ~0ULL);
	ck_assert_int_eq(mpt_vgpu_destroy(vm, (struct intel_vgpu *)&the_vgpu), 0);
	ck_assert_uint_eq(seen.destroyed, 1);
	mpt_foreign_exit(host, NULL, &gvt);
	ck_assert_int_eq(mpt_foreign_init(host, NULL, &gvt, &core), 0);
	mpt_foreign_exit(host, NULL, &gvt);
}
END_TEST

START_TEST(each_allocation)
{
	unsigned int n;
	int ret;

	for (n = 1;; n++) {
		mpt_alloc_fail_at(n);
		ret = mpt_foreign_init(host, NULL, &gvt, &core);
		mpt_alloc_fail_at(0);
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_ptr_null(mpt_host_core(host)->ops);
	}
	ck_assert_uint_gt(n, 1);
	mpt_foreign_exit(host, NULL, &gvt);
}
END_TEST

static Suite *foreign_suite(void)
{
	Suite *s = suite_create("foreign cores");
	TCase *tc = tcase_create("glue");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, operations);
	tcase_add_test(tc, operations_by_size);
	tcase_add_test(tc, entry_points);
	tcase_add_loop_test(tc, trapped_store, 0, 2);
	tcase_add_test(tc, core_by_size);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, leaves_first);
	tcase_add_test(tc, each_allocation);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { foreign_suite };

	return mpt_test_main("foreign", suites, sizeof(suites) / sizeof(suites[0]));
}
