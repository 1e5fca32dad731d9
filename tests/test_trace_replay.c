/* SPDX-License-Identifier: MIT */
/*
 * Replaying a trace: what a core calls while it is told of an access is called again at that point;
 * answers and states are compared; what differs is found and named; a hostile trace is refused.
 */
#include "trace_rig.h"
#include "specs.h"

#define TRAP 0x100000000ULL
#define APERTURE_MFN 0x500000ULL

/* --- a core that looks into guest memory while it is told --- */

static struct {
	bool stores; /* it stores itself, before it looks */
	int answer;
	unsigned int told;
	u64 last;
} core;

static int look(struct intel_vgpu *vgpu, u64 gpa)
{
	return intel_gvt_hypervisor_read_gpa(vgpu, gpa & ~7ULL, &core.last, 8);
}

static int on_store(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	core.told++;
	if (core.stores)
		ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(vgpu, gpa, data, bytes), 0);
	ck_assert_int_eq(look(vgpu, gpa), 0);
	return core.answer;
}

static int on_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	u64 value = gpa * 3 + core.last;

	memcpy(buf, &value, bytes);
	return look(vgpu, 0x1000);
}

static int on_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	(void)gpa;
	return intel_gvt_hypervisor_write_gpa(vgpu, 0x1000, buf, bytes);
}

static int on_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	(void)vgpu;
	memset(buf, (int)offset, bytes);
	return 0;
}

static int on_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
			unsigned int bytes)
{
	(void)offset;
	(void)bytes;
	return *(u8 *)buf ? intel_gvt_hypervisor_set_trap_area(vgpu, TRAP, TRAP + 4095, true) : 0;
}

static void on_region(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	(void)nr;
	if (!added)
		intel_gvt_hypervisor_disable_page_track(vgpu, gfn);
}

static int on_aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	(void)opaque;
	memset(buf, (int)(offset / 16), len);
	return 0;
}

static int on_aperture_write(void *opaque, u64 offset, const void *buf, unsigned int len)
{
	u8 copy[64];

	(void)opaque;
	(void)offset;
	memcpy(copy, buf, len < sizeof(copy) ? len : sizeof(copy));
	return intel_gvt_hypervisor_write_gpa(&rig_vgpu, 0x4000, copy, 4);
}

static const struct intel_gvt_ops ops = {
	.emulate_cfg_read = on_cfg_read,
	.emulate_cfg_write = on_cfg_write,
	.emulate_mmio_read = on_mmio_read,
	.emulate_mmio_write = on_mmio_write,
	.write_protect_handler = on_store,
	.guest_region_event = on_region,
};

static struct mpt_core describe(bool stores)
{
	memset(&core, 0, sizeof(core));
	core.stores = stores;
	return (struct mpt_core){
		.size = sizeof(struct mpt_core),
		.flags = stores ? MPT_CORE_STORES : 0,
		.ops = &ops,
		.aperture_mfn = APERTURE_MFN,
		.aperture_pages = 16,
		.aperture_read = on_aperture_read,
		.aperture_write = on_aperture_write,
	};
}

static void store(u64 gpa, u64 value, unsigned int len)
{
	ck_assert_int_eq(mpt_guest_write(rig_vm, gpa, &value, len), 0);
}

/* --- nested calls --- */

static void tracked_stores(const char *spec, bool stores)
{
	const char *other = "acrn-sim";
	struct mpt_core c = describe(stores);
	u64 hash;

	rig_record(":256K", spec, &c);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig_vgpu, 2), 0);
	/* Each value is another one: a look before or behind its turn sees a wrong one. */
	store(0x2008, 0x1111111111111111, 8);
	store(0x2008, 0x2222222222222222, 8);
	ck_assert_uint_eq(core.last, 0x2222222222222222);
	store(0x2ffc, 0x3333333333333333, 8);
	store(0x2008, 0x44, 1);
	ck_assert_uint_eq(core.told, 4);
	rig_recorded();
	ck_assert_uint_eq(rig_trace.open, 0);
	ck_assert_uint_eq(rig_trace.op[rig_find("read_gpa", 0)].within,
			  rig_find("write_protect_handler", 0) + 1);
	ck_assert_uint_eq(rig_trace.op[rig_find("write_protect_handler", 1)].outer,
			  rig_find("guest_write", 1) + 1);
	hash = rig_equal(spec);
	ck_assert_uint_eq(hash, rig_equal(spec));
	/* A back end that tells its core on threads of its own. */
	if (specs_built(&other, 1))
		rig_equal(other);
	rig_done();
}

START_TEST(store_and_look)
{
	tracked_stores("mock", true);
	tracked_stores("mock", false);
	tracked_stores("mock:trap=after", false);
}
END_TEST

/* The look, taken out of its store and put before it, sees what was there before. */
START_TEST(out_of_turn)
{
	struct mpt_core c = describe(false);
	struct play_result r;
	uint32_t i, told;

	rig_record(":256K", "mock:trap=after", &c);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig_vgpu, 2), 0);
	store(0x2008, 0x1111111111111111, 8);
	rig_recorded();
	i = rig_find("read_gpa", 0);
	told = rig_trace.op[i].within - 1;
	rig_trace.op[told].first = rig_trace.op[told].last = 0;
	rig_trace.op[i].within = 0;
	rig_play("mock:trap=after", NULL, &r);
	ck_assert_uint_eq(r.diffs, 1);
	ck_assert_int_eq(r.first.what, PLAY_BYTES_DIFFER);
	ck_assert_uint_eq(r.first.op, i);
	rig_done();
}
END_TEST

static void all_accesses(void)
{
	u8 buf[64];
	u64 value;

	intel_gvt_hypervisor_enable_page_track(&rig_vgpu, 2);
	value = 1;
	ck_assert_int_eq(mpt_guest_cfg_write(rig_vm, 4, &value, 4), 0);
	ck_assert_int_eq(mpt_guest_cfg_read(rig_vm, 0x40, buf, 4), 0);
	store(TRAP + 8, 0x77, 8);
	ck_assert_int_eq(mpt_guest_read(rig_vm, TRAP, buf, 32), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&rig_vgpu, 0x800, APERTURE_MFN + 1, 2,
							     true), 0);
	store(0x800010, 0x99, 8);
	ck_assert_int_eq(mpt_guest_read(rig_vm, 0x801020, buf, 48), 0);
	core.answer = -EINVAL;
	value = 5;
	ck_assert_int_eq(mpt_guest_write(rig_vm, 0x2100, &value, 8), -EINVAL);
	core.answer = 0;
	ck_assert_int_eq(mpt_ram_add(rig_vm, 16 << 20, 1 << 20, 0), 0);
	intel_gvt_hypervisor_enable_page_track(&rig_vgpu, (16 << 20) >> 12);
	ck_assert_int_eq(mpt_ram_move(rig_vm, 16 << 20, 1 << 20, 32 << 20), 0);
	ck_assert_int_eq(mpt_ram_remove(rig_vm, 32 << 20, 1 << 20), 0);
}

START_TEST(told_of_everything)
{
	struct mpt_core c = describe(true);

	rig_record(":256K", "mock", &c);
	all_accesses();
	rig_recorded();
	ck_assert_uint_eq(rig_trace.skipped, 0);
	ck_assert_uint_eq(rig_equal("mock"), rig_equal("mock"));
	/* Other frames, other bus addresses: the same trace, the same state. */
	ck_assert_uint_eq(rig_equal("mock"), rig_equal("mock:seed=9"));
	rig_done();
}
END_TEST

/* --- addresses that the back end chose --- */

static void all_calls(void)
{
	struct mpt_iommu_fault fault;
	struct mpt_irq irq;
	dma_addr_t a, b, c;
	u8 buf[4096] = { 1, 2, 3 }, bits[32];
	unsigned long handle = rig_vgpu.handle, mfn;

	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&rig_vgpu, 5, 4096, &a), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&rig_vgpu, 5, 4096, &b), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&rig_vgpu, 6, 4096, &c), 0);
	intel_gvt_hypervisor_dma_map_guest_page(&rig_vgpu, 99999, 4096, &b);
	ck_assert_int_eq(mpt_bus_write(rig_host, c + 10, buf, 100), 0);
	ck_assert_int_eq(mpt_bus_read(rig_host, c, buf, 200), 0);
	intel_gvt_hypervisor_dma_pin_guest_page(&rig_vgpu, a);
	intel_gvt_hypervisor_dma_unmap_guest_page(&rig_vgpu, a);
	intel_gvt_hypervisor_dma_unmap_guest_page(&rig_vgpu, c);
	ck_assert_int_eq(mpt_bus_read(rig_host, c + 8, buf, 8), -EFAULT);
	ck_assert_int_eq(mpt_fault_take(rig_host, &fault), 0);
	intel_gvt_hypervisor_dma_unmap_guest_page(&rig_vgpu, c);
	mfn = intel_gvt_hypervisor_gfn_to_mfn(&rig_vgpu, 3);
	intel_gvt_hypervisor_gfn_to_mfn(&rig_vgpu, 3000);
	intel_gvt_hypervisor_map_gfn_to_mfn(&rig_vgpu, 0x900, mfn, 1, true);
	intel_gvt_hypervisor_is_valid_gfn(&rig_vgpu, 3000);
	rig_vgpu.mpt->inject_msi(handle, 0xfee00000, 0x31);
	ck_assert_int_eq(mpt_irq_take(rig_vm, &irq), 0);
	ck_assert_int_eq(mpt_irq_take(rig_vm, &irq), -ENOENT);
	store(0x7000, 9, 8);
	ck_assert_int_eq(mpt_dirty_fetch(rig_vm, 0, 256, bits), 0);
	mpt_vm_tracked(rig_vm, 3);
	intel_gvt_hypervisor_set_edid(&rig_vgpu, 2);
	rig_vgpu.handle = 0xdead00;
	intel_gvt_hypervisor_read_gpa(&rig_vgpu, 0, buf, 8);
	intel_gvt_hypervisor_gfn_to_mfn(&rig_vgpu, 3);
	rig_vgpu.handle = handle;
}

START_TEST(chosen_addresses)
{
	rig_record(":256K", "mock", NULL);
	all_calls();
	rig_recorded();
	ck_assert_uint_eq(rig_equal("mock"), rig_equal("mock:seed=77"));
	ck_assert_uint_eq(rig_equal("mock"), rig_equal("mock:trap=after"));
	rig_done();
}
END_TEST

/* --- differences --- */

/* What is left out of a replay, and what that makes of it. */
static void without(const char *name, unsigned int n, enum play_what what, const char *at)
{
	uint8_t *drop = calloc(rig_trace.n, 1);
	char text[PLAY_WHY_MAX + 128];
	struct play_result r;

	drop[rig_find(name, n)] = 1;
	rig_play("mock", drop, &r);
	ck_assert_uint_ge(r.diffs, 1);
	play_tell(&rig_trace, &r.first, text, sizeof(text));
	ck_assert_msg(r.first.what == what, "%s", text);
	ck_assert_msg(strstr(text, at), "%s", text);
	free(drop);
}

START_TEST(differences)
{
	struct mpt_core c = describe(true);

	rig_record(":256K", "mock", &c);
	all_accesses();
	all_calls();
	rig_recorded();
	without("write_protect_handler", 0, PLAY_MORE, "seen write_protect_handler at 0x2100");
	without("set_trap_area", 0, PLAY_LESS, "told emulate_mmio_write at 0x100000008");
	without("enable_page_track", 0, PLAY_RET, "guest_write: expected -EINVAL, seen 0");
	without("emulate_mmio_read", 0, PLAY_OTHER, "emulate_mmio_read at 0x100000008, seen "
		"emulate_mmio_read at 0x100000000");
	without("vm_get", 0, PLAY_ABSENT, "ram_add");
	without("attach_vgpu", 0, PLAY_ABSENT, "enable_page_track");
	without("bus_write", 0, PLAY_BYTES_DIFFER, "bus_read: expected data of check 0x");
	without("dma_unmap_guest_page", 1, PLAY_RET, "bus_read: expected -EFAULT, seen 0");
	without("inject_msi", 0, PLAY_RET, "irq_take: expected 0, seen -ENOENT");
	without("ram_add", 1, PLAY_RET, "enable_page_track: expected 0, seen -EFAULT");
	rig_done();
}
END_TEST

/* A write that is left out makes another state, though nothing is read of it. */
START_TEST(states)
{
	uint8_t drop[64] = { 0 };
	struct play_result r;
	uint64_t whole;

	rig_record(":256K", "mock", NULL);
	store(0x5000, 1, 8);
	intel_gvt_hypervisor_enable_page_track(&rig_vgpu, 9);
	intel_gvt_hypervisor_set_trap_area(&rig_vgpu, TRAP, TRAP + 4095, true);
	/* As one that was killed: nothing is given back. */
	intel_gvt_hypervisor_detach_vgpu(&rig_vgpu);
	rig_load();
	drop[rig_find("detach_vgpu", 0)] = 1;
	rig_play("mock", drop, &r);
	whole = r.hash;
	for (unsigned int i = 4; i < 7; i++) {
		drop[i] = 1;
		rig_play("mock", drop, &r);
		ck_assert_uint_eq(r.diffs, 0);
		ck_assert_msg(r.hash != whole, "%s does not matter",
			      rig_trace.op[i].kind->name);
		drop[i] = 0;
	}
	mpt_vm_put(rig_vm);
	ck_assert_int_eq(mpt_host_close(rig_host), 0);
	rig_done();
}
END_TEST

/* --- limits --- */

static void refused(struct play_config *c, const char *why)
{
	struct play_result r;

	c->end = rig_trace.n;
	ck_assert_int_eq(play_run(&rig_trace, c, &r), -1);
	ck_assert_msg(strstr(r.why, why), "%s", r.why);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

START_TEST(limits)
{
	struct play_config c = { .spec = "mock", .ram = RIG_RAM - 1 };

	rig_record(":64K", "mock", NULL);
	store(0x5000, 1, 8);
	rig_recorded();
	refused(&c, "asks for more than 0 MiB of RAM");
	c.ram = 0;
	rig_trace.op[rig_find("guest_write", 0)].arg[2] = PLAY_BYTES + 1;
	refused(&c, "asks for more than 1048576 bytes");
	c.spec = "no-such";
	refused(&c, "no back end 'no-such'");
	rig_done();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("trace-replay");
	TCase *tc = tcase_create("replay");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, store_and_look);
	tcase_add_test(tc, out_of_turn);
	tcase_add_test(tc, told_of_everything);
	tcase_add_test(tc, chosen_addresses);
	tcase_add_test(tc, differences);
	tcase_add_test(tc, states);
	tcase_add_test(tc, limits);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("trace-replay", suites, 1);
}
