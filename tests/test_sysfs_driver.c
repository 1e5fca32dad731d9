/* SPDX-License-Identifier: MIT */
/*
 * A recorded driver in a vGPU that a write to the mounted sysfs tree has made: this test's, and the
 * tool's own.
 */
#include "libmpt/internal.h"
#include "sysfs_mount.h"

static const char *probe_path(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/i915-6.1-skl-probe.mmiotrace", TEST_DATA);
	return path;
}

static u64 counter(const char *vm, const char *name)
{
	char path[64], line[64];
	const char *found;

	snprintf(path, sizeof(path), "%s/counters", vm);
	snprintf(line, sizeof(line), "%s ", name);
	found = strstr(get(path), line);
	ck_assert_msg(found, "no %s", name);
	return strtoull(found + strlen(line), NULL, 10);
}

/* In front of the device's own: the place that was recorded, as a driver goes on using it. */
static struct replay *recorded;
static struct intel_vgpu *placed;

static struct intel_vgpu *create_placed(void *opaque, struct mpt_vm *vm,
					const struct mpt_sysfs_sizes *sizes)
{
	struct intel_vgpu_type type;

	gvt_type_init(&type, sizes->low, sizes->high, sizes->fence);
	type.low_start = recorded->low.start;
	type.high_start = recorded->high.start;
	placed = mpt_vgpu_create(vm, opaque, &type);
	if (!MPT_IS_ERR(placed))
		gvt_ops()->vgpu_activate(placed);
	return placed;
}

static void drive(struct mpt_vm *vm, struct session_result *r)
{
	static const struct session_config config;

	session_firmware(vm, recorded->bar, r);
	ck_assert_msg(!replay_run(recorded, &config, vm, s.gvt, placed, r), "%s", r->why);
	ck_assert_uint_gt(r->accesses, 5000);
	ck_assert_msg(!r->errors, "%s", r->first_error);
	ck_assert_msg(!r->pvinfo_bad, "%s", r->first_pvinfo);
}

/* Made by a write, driven, read, destroyed by a write; the driver is this test's. */
START_TEST(a_whole_vgpu)
{
	static struct session_result r;
	struct mpt_vm *vm;

	args = (struct sysfs_args){ .backend = mount_specs[_i], .aperture = 256 * MIB };
	if (!mount_args())
		return;
	ck_assert_int_eq(tally_init(&r.tally), 0);
	ck_assert_msg(!replay_open(probe_path(), &recorded, &r), "%s", r.why);
	s.core.vgpu_create = create_placed;
	ck_assert_int_eq(put("1,64,128,4\n"), 0);
	ck_assert_str_eq(get("vm1/vgpu_id"), "1\n");
	ck_assert_int_eq(mpt_vm_get(s.host, 1, &vm), 0);
	drive(vm, &r);
	mpt_vm_put(vm);
	ck_assert_str_eq(get("vm1/vgpu_id"), "1\n");
	ck_assert_str_eq(get("vm1/state"), "active\n");
	ck_assert_uint_gt(counter("vm1", "mmio_reads"), 2000);
	ck_assert_uint_gt(counter("vm1", "ggtt_writes"), 200);
	ck_assert_uint_eq(counter("vm1", "ggtt_ignored"), 0);
	ck_assert_uint_eq(counter("vm1", "errors"), 0);
	ck_assert_str_eq(get("vm1/vgpu_bar_info"), "0x00000000c0000000 0x0000000001000000\n"
						   "0x00000000b0000000 0x0000000010000000\n");
	ck_assert_int_eq(put("-1\n"), 0);
	replay_close(recorded);
	session_result_free(&r);
	mount_down(0);
	ck_assert_uint_gt(s.end.ledger.made[MPT_LEDGER_DMA], 100);
}
END_TEST

/* --trace: the tool's own driver, into the first of the recorded sizes alone. */
START_TEST(trace)
{
	args = (struct sysfs_args){ .backend = mount_specs[_i], .trace = probe_path() };
	if (!mount_args())
		return;
	/* Others do not get its place. */
	ck_assert_int_eq(put("9,128,128,4"), 0);
	ck_assert_int_eq(put("8,64,256,4"), 0);
	ck_assert_int_eq(put("7,64,128,4"), 0);
	ck_assert_str_eq(get("vm7/resources"), "low_gm 0x0000000000000000 0x0000000004000000\n"
					       "high_gm 0x0000000010000000 0x0000000008000000\n"
					       "fence 8 4\nresolution 1024x768\nweight 2\n");
	ck_assert_uint_eq(s.trace_vm, 7);
	ck_assert_uint_gt(counter("vm7", "ggtt_writes"), 200);
	ck_assert_uint_eq(counter("vm7", "ggtt_ignored"), 0);
	ck_assert_uint_eq(counter("vm8", "mmio_reads") + counter("vm9", "mmio_reads"), 0);
	/* The next one of these sizes is as any other. */
	ck_assert_int_eq(put("-7"), 0);
	ck_assert_int_eq(put("7,64,128,4"), 0);
	ck_assert_uint_eq(counter("vm7", "mmio_reads"), 0);
	ck_assert_str_eq(get("vm7/vgpu_bar_info"), "0x0000000000000000 0x0000000001000000\n"
						   "0x0000000000000000 0x0000000010000000\n");
	mount_down(3);
	ck_assert_uint_eq(s.played.errors, 0);
}
END_TEST

/* A vGPU that cannot be made leaves the place for the next one. */
START_TEST(trace_after_a_failure)
{
	args = (struct sysfs_args){ .backend = "check,fault=attach_vgpu:1,mock",
				    .trace = probe_path() };
	if (!mount_args())
		return;
	ck_assert_int_lt(put("1,64,128,4"), 0);
	ck_assert_uint_eq(s.trace_vm, 0);
	ck_assert_int_eq(put("2,192,128,4"), 0);
	ck_assert_int_eq(put("1,64,128,4"), 0);
	ck_assert_uint_eq(s.trace_vm, 1);
	ck_assert_uint_gt(counter("vm1", "ggtt_writes"), 200);
	mount_down(2);
}
END_TEST

static Suite *driver_suite(void)
{
	Suite *su = suite_create("sysfs-driver");
	TCase *tc = tcase_create("driver");
	int n = (int)specs_built(mount_specs, N(mount_specs));

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, mount_dir_make, mount_dir_take);
	tcase_add_loop_test(tc, a_whole_vgpu, 0, n);
	tcase_add_loop_test(tc, trace, 0, n);
	tcase_add_test(tc, trace_after_a_failure);
	suite_add_tcase(su, tc);
	return su;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { driver_suite };

	return mpt_test_main("sysfs-driver", suites, N(suites));
}
