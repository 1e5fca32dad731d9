/* SPDX-License-Identifier: MIT */
/* The check and fault layers over a caller's back end: ledger, leftovers, violations, Fail-N. */
#include "layer_rig.h"

START_TEST(ledger_counts)
{
	dma_addr_t a, b;

	open_spec("check,mock");
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 3, 4096, &a), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 3, 4096, &b), 0);
	ck_assert_uint_eq(a, b);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_DMA], 1);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&vgpu, a), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&vgpu, 4), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&vgpu, 4), 0);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_TRACK], 1);
	ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&vgpu, 4), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&vgpu, 4), 0);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_TRACK], 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&vgpu, 0x100000000, 0x100000fff, true),
			 0);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_TRAP], 1);
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&vgpu, 0x100000000, 0x100000fff, false),
			 0);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&vgpu, 0x200000, 0x80000, 2, true), 0);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_MAP], 1);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&vgpu, 0x200000, 0x80000, 2, false),
			 0);
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(&vgpu), 0);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_VFIO], 1);
	intel_gvt_hypervisor_put_vfio_device(&vgpu);
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, a);
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, a);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_DMA], 1);
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, a);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_uint_eq(ledger().left, 0);
	ck_assert_uint_eq(ledger().violations, 0);
	ck_assert_uint_eq(ledger().made[MPT_LEDGER_DMA], 1);
	close_vm();
}
END_TEST

struct seen {
	unsigned int live, left;
	struct mpt_ledger_entry last;
};

static int see(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	struct seen *s = arg;

	s->live += !left;
	s->left += left;
	s->last = *e;
	return 0;
}

static int stop(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	(void)e;
	(void)left;
	++*(unsigned int *)arg;
	return -EBUSY;
}

START_TEST(leftovers_say_where)
{
	struct seen s = { 0 };
	unsigned int stopped = 0;
	dma_addr_t dma;

	open_spec("check,mock");
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 3, 4096, &dma), 0);
	ck_assert_int_eq(mpt_ledger_each(host, see, &s), 0);
	ck_assert_uint_eq(s.live, 2); /* the mapping and the attachment */
	ck_assert_int_eq(mpt_ledger_each(host, stop, &stopped), -EBUSY);
	ck_assert_uint_eq(stopped, 1);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_uint_eq(ledger().left, 1);
	s = (struct seen){ 0 };
	ck_assert_int_eq(mpt_ledger_each(host, see, &s), 0);
	ck_assert_uint_eq(s.live, 0);
	ck_assert_uint_eq(s.left, 1);
	ck_assert_int_eq(s.last.kind, MPT_LEDGER_DMA);
	ck_assert_uint_eq(s.last.key, dma);
	ck_assert_uint_eq(s.last.gfn, 3);
	ck_assert_ptr_eq(s.last.vgpu, &vgpu);
	ck_assert_ptr_nonnull(s.last.where);
	ck_assert_uint_eq(s.last.serial, 2);
	close_vm();
}
END_TEST

START_TEST(violations)
{
	unsigned long handle;
	u64 word;

	open_spec("check,mock");
	handle = vgpu.handle;
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, 0xdead000);
	ck_assert_uint_eq(ledger().violations, 1);
	ck_assert_ptr_nonnull(strstr(mpt_ledger_violation(host, 0), "0xdead000"));
	/* The caller, by its file: no program of ours is linked with -rdynamic. */
	ck_assert_msg(strstr(mpt_ledger_violation(host, 0), "; called from test_layers+0x"), "%s",
		      mpt_ledger_violation(host, 0));
	intel_gvt_hypervisor_put_vfio_device(&vgpu);
	ck_assert_uint_eq(ledger().violations, 2);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_int_eq(vgpu.mpt->read_gpa(handle, 0, &word, 8), -ESRCH);
	ck_assert_uint_eq(ledger().violations, 3);
	ck_assert_ptr_nonnull(strstr(mpt_ledger_violation(host, 0), "read_gpa"));
	ck_assert_ptr_nonnull(strstr(mpt_ledger_violation(host, 0), "; called from test_layers+0x"));
	ck_assert_ptr_nonnull(mpt_ledger_violation(host, 2));
	ck_assert_ptr_null(mpt_ledger_violation(host, 3));
	vgpu.mpt->detach_vgpu(handle);
	ck_assert_uint_eq(ledger().violations, 4);
	close_vm();
}
END_TEST

START_TEST(nested_layers)
{
	struct mpt_ledger l;
	u64 word = 5;

	open_spec("check,check,fault,mock");
	ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(&vgpu, 64, &word, 8), 0);
	word = 0;
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 64, &word, 8), 0);
	ck_assert_uint_eq(word, 5);
	ck_assert_int_eq(intel_gvt_hypervisor_set_opregion(&vgpu), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(&vgpu, 3), 0);
	ck_assert_int_eq(mpt_dom0_ready(host), 0);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	l = ledger();
	ck_assert_uint_eq(l.calls, 7);
	ck_assert_uint_eq(l.violations, 0);
	close_vm();
}
END_TEST

START_TEST(fault_nth)
{
	enum mpt_op_id op;
	u8 buf[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	dma_addr_t dma = 77;

	open_spec("fault,mock");
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_read_gpa, 2, 0), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, buf, 8), 0);
	memset(buf, 1, sizeof(buf));
	ck_assert(!mpt_fault_fired(host, NULL));
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, buf, 8), -EFAULT);
	ck_assert_uint_eq(buf[0] | buf[7], 0);
	ck_assert(mpt_fault_fired(host, &op));
	ck_assert_int_eq(op, MPT_OP_ID_read_gpa);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, buf, 8), 0);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_dma_map_guest_page, 1, -ENOMEM), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 1, 4096, &dma), -ENOMEM);
	ck_assert_uint_eq(dma, 77);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_gfn_to_mfn, 1, 0), 0);
	ck_assert(intel_gvt_hypervisor_gfn_to_mfn(&vgpu, 1) == INTEL_GVT_INVALID_ADDR);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_is_valid_gfn, 1, 0), 0);
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(&vgpu, 1));
	ck_assert(intel_gvt_hypervisor_is_valid_gfn(&vgpu, 1));
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_read_gpa, 1, -ENOSPC), -EINVAL);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_ID_detach_vgpu, 1, 0), -EINVAL);
	ck_assert_int_eq(mpt_fault_at(host, (enum mpt_op_id)99, 1, 0), -EINVAL);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_COUNT, 1, 0), 0);
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_COUNT, 0, 0), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, buf, 8), 0);
	close_all();
}
END_TEST

START_TEST(fault_by_spec)
{
	u64 word;

	open_spec("fault=write_gpa:2,mock");
	word = 1;
	ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(&vgpu, 0, &word, 8), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(&vgpu, 0, &word, 8), -EFAULT);
	ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(&vgpu, 0, &word, 8), 0);
	close_all();
}
END_TEST

START_TEST(controls_without_layer)
{
	struct mpt_ledger l;

	open_vm("mock");
	ck_assert_int_eq(mpt_ledger_get(host, &l), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_ledger_each(host, see, NULL), -EOPNOTSUPP);
	ck_assert_ptr_null(mpt_ledger_violation(host, 0));
	ck_assert_int_eq(mpt_fault_at(host, MPT_OP_COUNT, 1, 0), -EOPNOTSUPP);
	ck_assert(!mpt_fault_fired(host, NULL));
	close_vm();
}
END_TEST

static int try_attach(void *arg)
{
	(void)arg;
	return intel_gvt_hypervisor_attach_vgpu(&vgpu);
}

static void detach(void *arg)
{
	(void)arg;
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
}

static int no_memory(void *arg, const struct mpt_fault_run *run)
{
	(void)arg;
	ck_assert_int_eq(run->ret, run->fired ? -ENOMEM : 0);
	return 0;
}

/* Attach through a stack of layers with each allocation failing in turn. */
START_TEST(attach_survives_any_allocation)
{
	const struct mpt_fault_scenario s = {
		.allocations = true, .run = try_attach, .undo = detach, .check = no_memory,
	};
	struct mpt_fault_report r;

	open_vm("fault,mock");
	ck_assert_msg(!mpt_fault_each(host, &s, &r), "%s", mpt_last_error());
	ck_assert_uint_gt(r.runs, 0);
	close_vm();
}
END_TEST

/* Without memory the ledger loses an entry and says so once; it does not blame the core for it. */
START_TEST(a_lost_entry_is_no_violation_of_the_core)
{
	dma_addr_t dma;

	open_spec("check,mock");
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 2, 4096, &dma), 0);
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 3, 4096, &dma), 0);
	ck_assert(mpt_alloc_failed());
	ck_assert_uint_eq(ledger().violations, 1);
	ck_assert_ptr_nonnull(strstr(mpt_ledger_violation(host, 0), "lost a dma entry"));
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, dma);
	ck_assert_uint_eq(ledger().violations, 1);
	close_all();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("layers");
	TCase *tc = tcase_create("layers");

	tcase_add_test(tc, ledger_counts);
	tcase_add_test(tc, leftovers_say_where);
	tcase_add_test(tc, violations);
	tcase_add_test(tc, nested_layers);
	tcase_add_test(tc, a_lost_entry_is_no_violation_of_the_core);
	tcase_add_test(tc, fault_nth);
	tcase_add_test(tc, fault_by_spec);
	tcase_add_test(tc, controls_without_layer);
	tcase_add_test(tc, attach_survives_any_allocation);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("layers", suites, 1);
}
