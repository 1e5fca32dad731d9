/* SPDX-License-Identifier: MIT */
/*
 * The life of vGPUs: creation with every step failing in turn, destruction, activation, failsafe,
 * events, resets. c23 and c26 are defects of real cores that ours must not have.
 */
#include <pthread.h>
#include <stdlib.h>

#include "gvt_life.h"
#include "runner.h"

static struct life r;

static void setup(void)
{
	life_open(&r, "check,fault,mock", 256 * MIB);
}

static void teardown(void)
{
	life_close(&r);
}

static bool error_says(const char *text)
{
	return strstr(mpt_last_error(), text) != NULL;
}

/* --- creation --- */

START_TEST(test_seven_succeed_and_the_eighth_does_not)
{
	struct intel_vgpu_type type;
	int i;

	gvt_type_init(&type, MIB, MIB, 1);
	for (i = 0; i < 7; i++)
		ck_assert_int_eq(life_create(&r, (unsigned int)i, &type)->id, i + 1);
	life_refused(&r, 7, &type, -ENOSPC);
	ck_assert(error_says("7 vGPUs exist"));
	ck_assert_uint_eq(gvt_type_available(r.gvt, &type), 0);
	/* The lowest free id is next. */
	life_destroy(&r, 4);
	life_destroy(&r, 2);
	ck_assert_int_eq(life_create(&r, 7, &type)->id, 3);
	ck_assert_int_eq(life_create(&r, 2, &type)->id, 5);
}
END_TEST

/* A vGPU that gets a fence finds it clear, whatever the one before left in it. */
START_TEST(test_fences_are_given_back_clear)
{
	u64 value = 0x0000100000000001ULL;
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_hw *hw = &r.gvt->hw;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x100000 + 8, &value, 8));
	ck_assert_uint_eq(hw->fence_read(hw->priv, 1), value);
	life_destroy(&r, 0);
	ck_assert_uint_eq(hw->fence_read(hw->priv, 1), 0);
}
END_TEST

/* Without a target, and with another host as the thread's own, the device's host is the one. */
START_TEST(test_attach_in_the_right_host)
{
	struct life other;
	struct mpt_host *before;
	struct intel_vgpu *g;

	life_vm(&r, 0);
	life_open(&other, "check,mock", 256 * MIB);
	life_vm(&other, 0);
	before = mpt_host_use(other.host);
	g = gvt_ops()->vgpu_create(r.gvt, gvt_type_each(r.gvt, 0));
	ck_assert_msg(!MPT_IS_ERR(g), "%s", mpt_last_error());
	ck_assert_ptr_eq(mpt_host_current(), other.host);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_ATTACH).count, 1);
	ck_assert_uint_eq(life_held(other.host, MPT_LEDGER_ATTACH).count, 0);
	gvt_ops()->vgpu_destroy(g);
	mpt_host_use(before);
	life_close(&other);
}
END_TEST

START_TEST(test_a_vm_has_one)
{
	life_create(&r, 0, NULL);
	life_refused(&r, 0, gvt_type_each(r.gvt, 0), -EEXIST);
	ck_assert_int_eq(life_info(r.vgpu[0]).id, 1);
	ck_assert_uint_eq(gvt_type_available(r.gvt, gvt_type_each(r.gvt, 0)), 3);
}
END_TEST

/* --- Fail-N --- */

static void try_again(struct intel_vgpu_type *type, long live)
{
	life_ledger_empty(r.host);
	ck_assert_int_eq(mpt_alloc_live(), live);
	ck_assert_uint_eq(gvt_type_available(r.gvt, type), 4);
	ck_assert_int_eq(life_create(&r, 0, type)->id, 1);
	life_destroy(&r, 0);
}

static int create_error(struct intel_vgpu_type *type)
{
	struct intel_vgpu *g = mpt_vgpu_create(life_vm(&r, 0), r.gvt, type);

	if (MPT_IS_ERR(g))
		return MPT_PTR_ERR(g);
	r.vgpu[0] = g;
	return 0;
}

START_TEST(test_c23_creation_unwinds_from_every_call)
{
	struct intel_vgpu_type *type = gvt_type_each(r.gvt, 0);
	enum mpt_op_id op = MPT_OP_COUNT;
	unsigned int n, seen = 0;
	long live;
	int ret;

	/* What a back end makes once and keeps is made now. */
	life_create(&r, 0, type);
	life_destroy(&r, 0);
	live = mpt_alloc_live();
	for (n = 1; n < 100; n++) {
		ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_COUNT, n, 0), 0);
		ret = create_error(type);
		if (!mpt_fault_fired(r.host, &op))
			break;
		ck_assert_msg(ret < 0, "call %u, %s, failed unseen", n, mpt_op_info(op)->name);
		ck_assert_uint_ne(mpt_op_info(op)->errnos & mpt_errno_bit(ret), 0);
		seen |= 1U << op;
		ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_COUNT, 0, 0), 0);
		try_again(type, live);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_eq(seen, 1U << MPT_OP_ID_attach_vgpu | 1U << MPT_OP_ID_set_opregion |
				1U << MPT_OP_ID_set_edid);
}
END_TEST

/* Without the check layer: its ledger allocates too, and says so when it could not. */
START_TEST(test_c23_creation_unwinds_from_every_allocation)
{
	struct intel_vgpu_type *type;
	unsigned long n;
	long live;
	int ret;

	life_open(&r, "mock", 256 * MIB);
	type = gvt_type_each(r.gvt, 0);
	life_create(&r, 0, type);
	life_destroy(&r, 0);
	live = mpt_alloc_live();
	for (n = 1; n < 100; n++) {
		mpt_alloc_fail_at(n);
		ret = create_error(type);
		if (!mpt_alloc_failed())
			break;
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(ret, -ENOMEM);
		try_again(type, live);
	}
	mpt_alloc_fail_at(0);
	ck_assert_int_eq(ret, 0);
	/* The vGPU, its registers, its GGTT at least. */
	ck_assert_uint_gt(n, 3);
	life_close(&r);
}
END_TEST

/* --- destruction --- */

START_TEST(test_destroy_gives_everything_back)
{
	u64 pte = 0x1001;
	struct intel_vgpu *g;
	int i;

	for (i = 0; i < 3; i++) {
		g = life_create(&r, 0, NULL);
		if (!i)
			life_ok(mpt_ram_add(r.vm[0], 0, 64 * MIB, 0));
		gvt_ops()->vgpu_activate(g);
		life_decode(g, LIFE_BAR0, LIFE_BAR2);
		life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET, &pte, 8));
		ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_DMA).count, 1);
		ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_TRAP).count, 1);
		ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_MAP).count, 1);
		life_destroy(&r, 0);
		life_ledger_empty(r.host);
	}
}
END_TEST

START_TEST(test_activation)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_vgpu *v = to_gvt_vgpu(g);

	ck_assert(!life_info(g).active);
	gvt_ops()->vgpu_activate(g);
	ck_assert(life_info(g).active);
	gvt_ops()->vgpu_deactivate(g);
	ck_assert(!life_info(g).active);
	gvt_ops()->vgpu_activate(g);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0xd4, 3, 2);
	v->elsp_index[GVT_BCS] = 2;
	gvt_ops()->vgpu_release(g);
	ck_assert(!life_info(g).active);
	ck_assert(!v->d3);
	ck_assert_uint_eq(v->elsp_index[GVT_BCS], 0);
	/* The device is still there for whoever opens it next. */
	ck_assert_uint_eq(life_info(g).bar0, LIFE_BAR0);
}
END_TEST

/* --- failsafe and events --- */

START_TEST(test_failsafe)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	u32 value = 0;

	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_NONE);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_NONE);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	/* The library's default policy: an access that cannot be emulated ends in failsafe. */
	ck_assert_int_eq(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET, &value, 2), -EINVAL);
	ck_assert_uint_eq(value, 0xffff);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_GUEST_ERR);
	ck_assert_uint_eq(life_info(g).errors, 1);
	/* The first reason stays. */
	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_RESOURCES);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_GUEST_ERR);
	gvt_ops()->vgpu_reset(g);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_NONE);
	gvt_emulation_failed(g, -EIO);
	ck_assert_int_eq(life_info(g).failsafe, GVT_FAILSAFE_GUEST_ERR);
}
END_TEST

START_TEST(test_no_page_is_ours)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	unsigned int bytes;
	u64 data = 0;

	for (bytes = 0; bytes <= 17; bytes++)
		ck_assert_int_eq(gvt_ops()->write_protect_handler(g, 0x1000 + bytes, &data, bytes),
				 -ENXIO);
	ck_assert_int_eq(gvt_ops()->write_protect_handler(g, ~0ULL, &data, 8), -ENXIO);
}
END_TEST

START_TEST(test_ram_that_goes_is_dropped)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	u64 pte[2] = { 0x1001, 0x2000001 };
	int i;

	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	life_ok(mpt_ram_add(r.vm[0], 32 * MIB, 16 * MIB, 0));
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	for (i = 0; i < 2; i++)
		life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET + 8 * (u64)i, &pte[i],
					8));
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 2);
	gvt_ops()->guest_region_event(g, 0, 4096, true);
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 2);
	life_ok(mpt_ram_remove(r.vm[0], 32 * MIB, 16 * MIB));
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 1);
	ck_assert_uint_eq(life_info(g).ggtt_scratch, 1);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_DMA).count, 1);
}
END_TEST

START_TEST(test_hotplug)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	struct mpt_irq irq;

	life_cfg_write(g, 0xb0, 0xfee00000, 4);
	life_cfg_write(g, 0xb4, 0x4041, 2);
	life_cfg_write(g, 0xae, 1, 2);
	/* South display: unmask port D, enable it, enable the master. */
	gvt_vreg_set(v, 0xc4004, ~(1U << 23));
	gvt_vreg_set(v, 0xc400c, 1U << 23);
	gvt_vreg_set(v, 0x44200, 1U << 31);
	gvt_ops()->emulate_hotplug(g, true);
	ck_assert_uint_eq(gvt_vreg(v, 0xc2014) & 7, 1);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4000) & 1U << 23, 1U << 23);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4008) & 1U << 23, 1U << 23);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4030) >> 16 & 3, 2);
	ck_assert_int_eq(mpt_irq_take(r.vm[0], &irq), 0);
	ck_assert_uint_eq(irq.data, 0x4041);
	gvt_ops()->emulate_hotplug(g, false);
	ck_assert_uint_eq(gvt_vreg(v, 0xc2014) & 7, 0);
	ck_assert_uint_eq(gvt_vreg(v, 0xc4000) & 1U << 23, 0);
	ck_assert_int_eq(mpt_irq_take(r.vm[0], &irq), 0);
}
END_TEST

/* --- resets --- */

static void dirty(struct intel_vgpu *g)
{
	u64 magic = 0, pte = 0x1001, fence = 1;
	u32 value = 0x12345678;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_ok(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_PVINFO_OFFSET, &magic, 8));
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET, &pte, 8));
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x100000, &fence, 8));
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x2038, &value, 4)); /* RCS ring start */
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x44404, &value, 4)); /* pipe A IMR */
	value = 0x1;
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x2230, &value, 4)); /* ELSP: one of four */
	value = 0x1000;
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x2080, &value, 4)); /* RCS status page */
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x78804, &value, 4)); /* display_ready */
}

START_TEST(test_device_model_reset)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL), *fresh;
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	struct gvt_hw *hw = &r.gvt->hw;
	struct gvt_vgpu_info before, after;

	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	fresh = life_create(&r, 1, NULL);
	dirty(g);
	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_GUEST_ERR);
	before = life_info(g);
	gvt_ops()->vgpu_reset(g);
	after = life_info(g);
	ck_assert_uint_eq(after.bar0 | after.bar2, 0);
	ck_assert_uint_eq(after.ggtt_mapped, 0);
	ck_assert_int_eq(after.failsafe, GVT_FAILSAFE_NONE);
	ck_assert(before.pv_notified && !after.pv_notified);
	ck_assert_uint_eq(after.mmio_writes, before.mmio_writes);
	ck_assert_uint_eq(after.ggtt_writes, before.ggtt_writes);
	ck_assert_uint_eq(after.resets, before.resets + 1);
	ck_assert_uint_eq(hw->fence_read(hw->priv, after.fence_base), 0);
	ck_assert_uint_eq(v->elsp_index[GVT_RCS], 0);
	ck_assert_uint_eq(v->hws_pga[GVT_RCS], 0);
	ck_assert_uint_eq(gvt_vreg(v, 0x78000), 0x76544776);
	ck_assert_uint_eq(gvt_vreg(v, 0x7800c), 1);
	ck_assert_uint_eq(gvt_vreg(v, 0x78050), 4);
	ck_assert_uint_eq(gvt_vreg(v, 0x23a0), 7);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_DMA).count, 0);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_TRAP).count, 0);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_MAP).count, 0);
	/* All registers but PVINFO are those of a vGPU that was reset before anybody used it. */
	gvt_ops()->vgpu_reset(fresh);
	ck_assert(!memcmp(v->regs, to_gvt_vgpu(fresh)->regs, GVT_PVINFO_OFFSET));
	ck_assert(!memcmp(v->regs + 0x79000, to_gvt_vgpu(fresh)->regs + 0x79000,
			  GVT_MMIO_SIZE - 0x79000));
	/* And it works again. */
	dirty(g);
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 1);
}
END_TEST

START_TEST(test_reset_after_d3hot)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	u32 magic;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_ok(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_PVINFO_OFFSET, &magic, 4));
	life_cfg_write(g, 0xd4, 3, 2);
	life_cfg_write(g, 0xd4, 0, 2);
	gvt_ops()->vgpu_reset(g);
	ck_assert(life_info(g).pv_notified);
	gvt_ops()->vgpu_reset(g);
	ck_assert(!life_info(g).pv_notified);
}
END_TEST

static void gdrst(u32 bits)
{
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x941c, &bits, 4));
	life_ok(mpt_guest_read(r.vm[0], LIFE_BAR0 + 0x941c, &bits, 4));
	ck_assert_uint_eq(bits, 0);
}

START_TEST(test_engine_and_full_reset)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	struct gvt_vgpu_info info;

	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	dirty(g);
	gvt_vreg_set(v, 0x223a0, 0x0203);
	gvt_vreg_set(v, 0x23a0, 0x0203);
	v->elsp_index[GVT_BCS] = 3;
	/* The blitter's submission and nothing else. */
	gdrst(1U << 3);
	ck_assert_uint_eq(v->elsp_index[GVT_BCS], 0);
	ck_assert_uint_eq(v->elsp_index[GVT_RCS], 1);
	ck_assert_uint_eq(gvt_vreg(v, 0x223a0), 7);
	ck_assert_uint_eq(gvt_vreg(v, 0x23a0), 0x0203);
	ck_assert_uint_eq(gvt_vreg(v, 0x2038), 0x12345678);
	ck_assert_uint_eq(v->hws_pga[GVT_RCS], 0x1000);
	/* The GT, and nothing of the display, the GGTT or configuration space. */
	gdrst(1);
	info = life_info(g);
	ck_assert_uint_eq(v->elsp_index[GVT_RCS], 0);
	ck_assert_uint_eq(gvt_vreg(v, 0x23a0), 7);
	ck_assert_uint_eq(gvt_vreg(v, 0x2038), 0);
	ck_assert_uint_eq(v->hws_pga[GVT_RCS], 0);
	ck_assert_uint_eq(gvt_vreg(v, 0x44404), 0x12345678);
	ck_assert_uint_eq(gvt_vreg(v, 0x78000), 0x76544776);
	ck_assert_uint_eq(info.ggtt_mapped, 1);
	ck_assert_uint_eq(info.bar0, LIFE_BAR0);
	ck_assert(info.pv_notified);
	ck_assert_uint_eq(info.resets, 2);
}
END_TEST

/*
 * A reset is one step for everybody else. The reader sees the two registers as the writer left
 * them, both, or both as after power-on.
 */
static bool resets_over;

static void *reset_often(void *arg)
{
	int i;

	for (i = 0; i < 300; i++) {
		gvt_ops()->vgpu_reset(arg);
		life_decode(arg, LIFE_BAR0, LIFE_BAR2);
	}
	__atomic_store_n(&resets_over, true, __ATOMIC_RELAXED);
	return NULL;
}

START_TEST(test_c26_a_reset_is_one_step)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	pthread_t thread;
	u64 pair = 0;
	int i;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	ck_assert_int_eq(mpt_host_set_policy(r.host, MPT_POLICY_RETURN), 0);
	resets_over = false;
	pthread_create(&thread, NULL, reset_often, g);
	for (i = 0; i < 3000 || !__atomic_load_n(&resets_over, __ATOMIC_RELAXED); i++) {
		/* Tail and head of the render ring: one access, one lock. */
		u64 value = (u64)(i + 1) << 32 | (u32)(i + 1);

		gvt_ops()->emulate_mmio_write(g, LIFE_BAR0 + 0x2030, &value, 8);
		if (gvt_ops()->emulate_mmio_read(g, LIFE_BAR0 + 0x2030, &pair, 8))
			ck_assert_uint_eq(pair, ~0ULL);
		else
			ck_assert_uint_eq(pair >> 32, (u32)pair);
	}
	pthread_join(thread, NULL);
}
END_TEST

/* --- memory that goes from one vGPU to the next --- */

#define SCRIBBLES 20000

static u32 xorshift(u32 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* Writes of every size all over the registers and the GGTT, whatever comes of them. */
static void scribble(struct intel_vgpu *g, u32 seed)
{
	const struct gvt_vgpu *v = to_gvt_vgpu(g);
	u32 x = seed, i;

	for (i = 0; i < SCRIBBLES; i++) {
		u32 bytes = 1U << xorshift(&x) % 4, where = xorshift(&x);
		u64 offset = where % GVT_MMIO_SIZE, value = (u64)xorshift(&x) << 32 | x;
		const struct gvt_range *own = where & 1U << 20 ? &v->low : &v->high;

		if (i % 2)
			offset = GVT_GTT_OFFSET + (own->start + where % own->size) / MPT_PAGE_SIZE * 8 +
				 where / 4 % 2 * 4;
		offset &= ~((u64)bytes - 1);
		(void)gvt_ops()->emulate_mmio_write(g, LIFE_BAR0 + offset, &value, bytes);
	}
}

/* From the first entry of the virtual table to the last bit of the halves that were seen. */
static size_t tables_end(const struct gvt_vgpu *v)
{
	return (size_t)((u8 *)v->half - (u8 *)v->ggtt) + sizeof(u64) + 2 * GVT_GGTT_ENTRIES / 8;
}

static void expect_zero(const void *mem, size_t size)
{
	const u64 *p = mem;
	size_t i;

	/* An assertion that holds costs a system call as well. */
	for (i = 0; i < size / 8; i++)
		if (p[i])
			ck_abort_msg("0x%zx holds 0x%llx", i * 8, (unsigned long long)p[i]);
}

/* As on the day of its creation, whatever an earlier vGPU did with the memory. */
static void expect_new(const struct intel_vgpu *g, const u8 *regs)
{
	const struct gvt_vgpu *v = to_gvt_vgpu((struct intel_vgpu *)(uintptr_t)g);

	ck_assert(!memcmp(v->regs, regs, GVT_MMIO_SIZE));
	expect_zero(v->ggtt, tables_end(v));
}

START_TEST(test_nothing_is_left_for_the_next)
{
	static const u64 sizes[][2] = { { 64 * MIB, 128 * MIB }, { 256 * MIB, 1024 * MIB } };
	u8 *regs = malloc(GVT_MMIO_SIZE);
	struct intel_vgpu_type type;
	struct intel_vgpu *g;

	gvt_type_init(&type, sizes[_i / 2][0], sizes[_i / 2][1], 4);
	life_ok(mpt_host_set_policy(r.host, MPT_POLICY_RETURN));
	life_ok(mpt_ram_add(life_vm(&r, 0), 0, 64 * MIB, 0));
	g = life_create(&r, 0, &type);
	memcpy(regs, to_gvt_vgpu(g)->regs, GVT_MMIO_SIZE);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	if (_i % 2)
		gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_GUEST_ERR);
	scribble(g, 1 + (u32)_i);
	ck_assert(memcmp(to_gvt_vgpu(g)->regs, regs, GVT_MMIO_SIZE) != 0);
	life_destroy(&r, 0);
	g = life_create(&r, 0, &type);
	expect_new(g, regs);
	/* A reset is held to the same, but that it says no engine has written its status buffer. */
	gvt_ops()->vgpu_reset(g);
	memcpy(regs, to_gvt_vgpu(g)->regs, GVT_MMIO_SIZE);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	scribble(g, 99);
	gvt_ops()->vgpu_reset(g);
	expect_new(g, regs);
	free(regs);
}
END_TEST

static Suite *vgpu_suite(void)
{
	Suite *s = suite_create("gvt_vgpu");
	TCase *life = tcase_create("life");
	TCase *bare = tcase_create("no layer");
	TCase *events = tcase_create("events");
	TCase *reset = tcase_create("reset");

	tcase_add_checked_fixture(life, setup, teardown);
	tcase_add_test(life, test_seven_succeed_and_the_eighth_does_not);
	tcase_add_test(life, test_fences_are_given_back_clear);
	tcase_add_test(life, test_attach_in_the_right_host);
	tcase_add_test(life, test_a_vm_has_one);
	tcase_add_test(life, test_c23_creation_unwinds_from_every_call);
	tcase_add_test(life, test_destroy_gives_everything_back);
	tcase_add_test(life, test_activation);
	suite_add_tcase(s, life);
	tcase_add_test(bare, test_c23_creation_unwinds_from_every_allocation);
	suite_add_tcase(s, bare);
	tcase_add_checked_fixture(events, setup, teardown);
	tcase_add_test(events, test_failsafe);
	tcase_add_test(events, test_no_page_is_ours);
	tcase_add_test(events, test_ram_that_goes_is_dropped);
	tcase_add_test(events, test_hotplug);
	suite_add_tcase(s, events);
	tcase_add_checked_fixture(reset, setup, teardown);
	tcase_add_test(reset, test_device_model_reset);
	tcase_add_test(reset, test_reset_after_d3hot);
	tcase_add_test(reset, test_engine_and_full_reset);
	tcase_add_test(reset, test_c26_a_reset_is_one_step);
	tcase_add_loop_test(reset, test_nothing_is_left_for_the_next, 0, 4);
	suite_add_tcase(s, reset);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { vgpu_suite };

	return mpt_test_main("gvt_vgpu", suites, 1);
}
