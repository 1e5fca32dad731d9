/* SPDX-License-Identifier: MIT */
/*
 * The core behind the vfio-user server, with the check layer between: a client that sets up a vGPU
 * as a driver does and dies anywhere on the way. The ledger is empty afterwards, and the next
 * client finds a device as new.
 */
#include <gvt/gvt.h>
#include <mpt/layers.h>

#include "vfu_cl.h"

#define GVT_BAR0 0xc0000000ULL
#define GVT_BAR2 0xb0000000ULL
#define PVINFO 0x78000U
#define GGTT (8 * MIB)
#define LOW (64 * MIB)
#define RAM (16 * MIB)
#define STEPS 12

static struct intel_gvt *gvt;
static struct intel_vgpu *vgpu;
static int ram;

static void open_gvt(void)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256 * MIB };
	struct intel_vgpu_type type;
	char spec[160];

	memset(&rig, 0, sizeof(rig));
	rig_folder();
	rig.fds = rig_fds();
	snprintf(spec, sizeof(spec), "check,vfio-user:socket=%s", rig.path);
	ck_assert_msg(!mpt_host_open(spec, &rig.host), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_host_set_policy(rig.host, MPT_POLICY_RETURN), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 1, &rig.vm), 0);
	rig.v = mpt_vm_priv(rig.vm);
	ck_assert_int_eq(gvt_open(rig.host, &config, &gvt), 0);
	gvt_type_init(&type, 64 * MIB, 64 * MIB, 4);
	type.low_start = LOW;
	vgpu = mpt_vgpu_create(rig.vm, gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(vgpu), "%s", mpt_last_error());
	gvt_ops()->vgpu_activate(vgpu);
	ram = rig_memfd(RAM, true);
	rig.fds_idle = rig_fds();
}

static void ledger_empty(void)
{
	struct mpt_ledger ledger;
	unsigned int kind;

	ck_assert_int_eq(mpt_ledger_get(rig.host, &ledger), 0);
	for (kind = 0; kind < MPT_LEDGER_KINDS; kind++)
		ck_assert_msg(ledger.live[kind] == 0, "%llu of %s left",
			      (unsigned long long)ledger.live[kind], mpt_ledger_kind_name(kind));
	ck_assert_uint_eq(ledger.left, 0);
	ck_assert_msg(!ledger.violations, "%s", mpt_ledger_violation(rig.host, 0));
}

static void close_gvt(void)
{
	close(ram);
	ck_assert_int_eq(mpt_vgpu_destroy(rig.vm, vgpu), 0);
	ck_assert_int_eq(gvt_close(gvt), 0);
	ledger_empty();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
	ck_assert_int_eq(rig_fds(), rig.fds);
	ck_assert_int_eq(rmdir(rig.dir), 0);
}

/* --- the driver --- */

static void bars(struct cl *c)
{
	cl_cfg_set(c, 0x10, (u32)GVT_BAR0, 4);
	cl_cfg_set(c, 0x14, 0, 4);
	cl_cfg_set(c, 0x18, (u32)GVT_BAR2, 4);
	cl_cfg_set(c, 0x1c, 0, 4);
	cl_cfg_set(c, 0x04, 6, 2);
}

/* @n pages of RAM from @first on, at the begin of the vGPU's share. */
static void map_pages(struct cl *c, u32 first, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u64 entry = (first + i) * PAGE | 1;

		ck_assert_int_eq(cl_write(c, 0, GGTT + (LOW / PAGE + i) * 8, &entry, 8), 0);
	}
}

/* Through the aperture; what the device has mapped there. */
static u32 aperture(struct cl *c, u64 at)
{
	u32 value = 0;

	ck_assert_int_eq(cl_read(c, 2, LOW + at, &value, 4), 0);
	return value;
}

/* A step of a driver's beginning; what the step before has made is there. */
static void step(struct cl *c, int n)
{
	u32 value = 0;

	switch (n) {
	case 0:
		ck_assert_int_eq(cl_map(c, 0, RAM, 0, ram, 3), 0);
		break;
	case 1:
		ck_assert_uint_eq(cl_cfg(c, 0, 4), 0x19128086);
		bars(c);
		break;
	case 2:
		ck_assert_int_eq(cl_read(c, 0, PVINFO, &value, 4), 0);
		ck_assert_uint_eq(value, 0x76544776);
		break;
	case 3:
	case 4:
	case 5:
		map_pages(c, 16U * (u32)n, 16);
		break;
	case 6:
		value = 0x1234567;
		ck_assert_int_eq(pwrite(ram, &value, 4, 16 * 5 * (off_t)PAGE), 4);
		ck_assert_uint_eq(aperture(c, 0), value);
		break;
	case 7:
		ck_assert_int_eq(cl_unmap(c, 0, RAM, 0), 0);
		ck_assert_int_eq(cl_map(c, 0, RAM, 0, ram, 3), 0);
		break;
	case 8:
		map_pages(c, 512, 40);
		break;
	case 9:
		ck_assert_int_eq(cl_call(c, 13, NULL, 0), 0);
		ck_assert_uint_eq(cl_cfg(c, 4, 2), 0);
		break;
	case 10:
		bars(c);
		map_pages(c, 7, 7);
		break;
	default:
		ck_assert_int_eq(cl_unmap(c, 0, 0, 2), 0);
	}
}

static u32 region_size(struct cl *c, u8 index)
{
	u8 body[32] = { 32 }, reply[64];
	size_t len;

	body[8] = index;
	ck_assert(cl_send(c, 5, 0, body, 32, NULL, 0));
	ck_assert_int_eq(cl_reply(c, 5, reply, sizeof(reply), &len), 0);
	return cl_get32(reply + 16);
}

START_TEST(device)
{
	struct cl c;

	cl_hello(&c);
	ck_assert_uint_eq(region_size(&c, 0), 16 * MIB);
	ck_assert_uint_eq(region_size(&c, 2), 256 * MIB);
	ck_assert_uint_eq(region_size(&c, 4), 64);
	ck_assert_uint_eq(region_size(&c, 7), 256);
	ck_assert_uint_eq(region_size(&c, 1) | region_size(&c, 3) | region_size(&c, 5), 0);
	ck_assert_uint_eq(cl_cfg(&c, 0x50, 2), 3 << 6);
	cl_close(&c);
}
END_TEST

/* _i: after how many steps the client dies. */
START_TEST(dies_on_the_way)
{
	struct cl c;
	int i, round;

	for (round = 0; round < 3; round++) {
		cl_hello(&c);
		for (i = 0; i < _i; i++)
			step(&c, i);
		cl_close(&c);
		/* The next one finds nothing of it: no decoding, no memory, no mapping. */
		cl_hello(&c);
		ck_assert_uint_eq(cl_cfg(&c, 4, 2), 0);
		ck_assert_uint_eq(rig_places(), 0);
		ck_assert_uint_eq(mpt_vu_dma_live(rig.v), 0);
		cl_close(&c);
	}
}
END_TEST

/* The vGPU is destroyed while its client works. */
START_TEST(destroyed_on_the_way)
{
	struct cl c;
	int i;

	cl_hello(&c);
	for (i = 0; i < _i; i++)
		step(&c, i);
	rig.fds++; /* the client's own */
	close_gvt();
	ck_assert(cl_closed(&c));
	cl_close(&c);
	open_gvt();
}
END_TEST

static Suite *gvt_suite(void)
{
	Suite *s = suite_create("vfio-user and the core");
	TCase *t = tcase_create("core");

	tcase_add_checked_fixture(t, open_gvt, close_gvt);
	tcase_add_test(t, device);
	tcase_add_loop_test(t, dies_on_the_way, 0, STEPS + 1);
	tcase_add_loop_test(t, destroyed_on_the_way, 0, STEPS + 1);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { gvt_suite };

	return mpt_test_main("vfu_gvt", suites, N(suites));
}
