/* SPDX-License-Identifier: MIT */
/* The simulated HSM: what each ioctl answers, and what it cannot forgive. */
#include "acrn_rig.h"

#include "backends/acrn/sim_hsm.h"

#define PAGE MPT_PAGE_SIZE
#define REG 0x40000000ULL
#define DEVICE_HPA 0x90000000ULL

/* --- ioctls, one by one --- */

struct raw {
	struct rig r;
	struct acrn_hsm_file *f;
	union vhm_request_buffer *page;
};

static int call(struct raw *w, unsigned int cmd, const void *arg)
{
	return acrn_sim_hsm_ioctl(w->f, cmd, (unsigned long)arg);
}

static void raw_open(struct raw *w)
{
	rig_open(&w->r, &(struct acrn_sim_config){ .profile = acrn_profile_find("upstream") });
	ck_assert_int_eq(acrn_sim_hsm_open(w->r.sim, &w->f), 0);
	w->page = mpt_zalloc_pages(sizeof(*w->page));
}

static void raw_create(struct raw *w)
{
	struct acrn_vm_creation c = { .ioreq_buf = (u64)(uintptr_t)w->page };

	ck_assert_int_eq(call(w, ACRN_IOCTL_CREATE_VM, &c), 0);
	ck_assert_uint_eq(c.vcpu_num, 1);
	ck_assert_uint_gt(c.vmid, 0);
}

static void raw_close(struct raw *w)
{
	acrn_sim_hsm_close(w->f);
	mpt_free_pages(w->page, sizeof(*w->page));
	rig_close(&w->r);
}

START_TEST(test_before_create)
{
	static const unsigned int cmds[] = {
		ACRN_IOCTL_DESTROY_VM, ACRN_IOCTL_START_VM, ACRN_IOCTL_PAUSE_VM,
		ACRN_IOCTL_INJECT_MSI, ACRN_IOCTL_ATTACH_IOREQ_CLIENT,
		ACRN_IOCTL_DESTROY_IOREQ_CLIENT, ACRN_IOCTL_SET_MEMSEG, 0x1234,
	};
	struct acrn_vm_creation c = { .reserved0 = 1 };
	struct raw w;
	size_t i;

	raw_open(&w);
	for (i = 0; i < OS_ARRAY_SIZE(cmds); i++)
		ck_assert_int_eq(call(&w, cmds[i], NULL), -EINVAL);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CREATE_VM, NULL), -EFAULT);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CREATE_VM, &c), -EINVAL);
	c.reserved0 = 0;
	/* No page. */
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CREATE_VM, &c), -EINVAL);
	raw_create(&w);
	ck_assert_int_eq(call(&w, 0x1234, NULL), -ENOTTY);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_PAUSE_VM, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_DESTROY_VM, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_DESTROY_VM, NULL), -EINVAL);
	raw_close(&w);
}
END_TEST

/* The hypervisor says -1, which a caller sees as -EPERM. */
START_TEST(test_refused)
{
	struct acrn_msi_entry msi = { .msi_addr = 0x1000, .msi_data = 0x41 };
	struct acrn_ioreq_notify n = { .reserved = 1 };
	struct raw w;

	raw_open(&w);
	raw_create(&w);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_DESTROY_VM, NULL), -EPERM);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_RESET_VM, NULL), -EPERM);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_START_VM, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_START_VM, NULL), -EPERM);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_INJECT_MSI, &msi), -EPERM);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_INJECT_MSI, NULL), -EFAULT);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &n), -EINVAL);
	n = (struct acrn_ioreq_notify){ .vcpu = 1 };
	ck_assert_int_eq(call(&w, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &n), -EINVAL);
	/* Without a client nothing is done, whatever is asked. */
	n.vcpu = 0x10000;
	ck_assert_int_eq(call(&w, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &n), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_PAUSE_VM, NULL), 0);
	raw_close(&w);
}
END_TEST

START_TEST(test_client)
{
	struct raw w;

	raw_open(&w);
	raw_create(&w);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, NULL), -ENODEV);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CREATE_IOREQ_CLIENT, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CREATE_IOREQ_CLIENT, NULL), -EEXIST);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CREATE_IOREQ_CLIENT, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_CLEAR_VM_IOREQ, NULL), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_PAUSE_VM, NULL), 0);
	raw_close(&w);
}
END_TEST

struct waiter {
	struct raw *w;
	struct acrn_thread thread;
	int ret;
};

static void wait_in_attach(void *arg)
{
	struct waiter *t = arg;

	t->ret = call(t->w, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, NULL);
}

static bool is_inside(void *arg)
{
	return os_load(&((struct raw *)arg)->f->inside);
}

/* A signal ends it with 0; the end of its client, which is an offence, with -ENODEV. */
START_TEST(test_attach)
{
	struct raw w;
	struct waiter t = { .w = &w };

	raw_open(&w);
	raw_create(&w);
	call(&w, ACRN_IOCTL_CREATE_IOREQ_CLIENT, NULL);
	acrn_sim_hsm_interrupt(w.f);
	ck_assert_int_eq(acrn_thread_start(w.r.sim, &t.thread, "reader", wait_in_attach, &t), 0);
	acrn_door_wait(w.r.sim, NULL, is_inside, &w, 0);
	acrn_sim_hsm_interrupt(w.f);
	acrn_thread_join(&t.thread);
	ck_assert_int_eq(t.ret, 0);
	ck_assert_int_eq(acrn_thread_start(w.r.sim, &t.thread, "reader", wait_in_attach, &t), 0);
	acrn_door_wait(w.r.sim, NULL, is_inside, &w, 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, NULL), 0);
	acrn_thread_join(&t.thread);
	ck_assert_int_eq(t.ret, -ENODEV);
	ck_assert_uint_eq(acrn_broken_count(w.r.sim, 13), 1);
	/* So is closing the file of a VM that runs. */
	ck_assert_int_eq(call(&w, ACRN_IOCTL_START_VM, NULL), 0);
	acrn_sim_hsm_close(w.f);
	ck_assert_uint_eq(acrn_broken_count(w.r.sim, 23), 1);
	mpt_free_pages(w.page, sizeof(*w.page));
	rig_free(&w.r);
}
END_TEST

static struct acrn_vm_memmap memmap(u32 type, u64 gpa, u64 at, u64 len)
{
	return (struct acrn_vm_memmap){ .type = type, .attr = ACRN_MEM_ACCESS_RWX,
					.user_vm_pa = gpa, .vma_base = at, .len = len };
}

START_TEST(test_memseg)
{
	struct acrn_vm_memmap m;
	struct acrn_ept_leaf leaf;
	struct raw w;
	u8 *ram;
	unsigned int i;

	raw_open(&w);
	raw_create(&w);
	ram = mpt_zalloc_pages(2 * PAGE);
	m = memmap(ACRN_MEMMAP_RAM, 0, (u64)(uintptr_t)ram, PAGE - 1);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_SET_MEMSEG, &m), -EINVAL);
	m = memmap(7, 0, (u64)(uintptr_t)ram, PAGE);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_SET_MEMSEG, &m), -EINVAL);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_UNSET_MEMSEG, &m), -EINVAL);
	m = memmap(ACRN_MEMMAP_RAM, 0, (u64)(uintptr_t)ram, 2 * PAGE);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_SET_MEMSEG, &m), 0);
	ck_assert_uint_eq(acrn_ept_pages(w.f->hvm), 2);
	ck_assert(acrn_ept_look(w.f->hvm, PAGE, &leaf));
	ck_assert_uint_eq(leaf.type, MEM_TYPE_WB);
	ck_assert_ptr_eq(acrn_mem_virt(w.r.sim, leaf.hpa), ram + PAGE);
	/* Taken away as if it were a device's; as memory it is not. */
	ck_assert_int_eq(call(&w, ACRN_IOCTL_UNSET_MEMSEG, &m), -EINVAL);
	m.type = ACRN_MEMMAP_MMIO;
	ck_assert_int_eq(call(&w, ACRN_IOCTL_UNSET_MEMSEG, &m), 0);
	ck_assert_uint_eq(acrn_ept_pages(w.f->hvm), 0);
	m = memmap(ACRN_MEMMAP_MMIO, REG, DEVICE_HPA, PAGE);
	m.attr |= ACRN_MEM_TYPE_WC;
	ck_assert_int_eq(call(&w, ACRN_IOCTL_SET_MEMSEG, &m), 0);
	ck_assert(acrn_ept_look(w.f->hvm, REG, &leaf));
	ck_assert_uint_eq(leaf.type, MEM_TYPE_UC);
	/* One record is used: of the 256, 255 are left for the VM's life. */
	m = memmap(ACRN_MEMMAP_RAM, 0, (u64)(uintptr_t)ram, PAGE);
	for (i = 0; i < 255; i++)
		ck_assert_int_eq(call(&w, ACRN_IOCTL_SET_MEMSEG, &m), 0);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_SET_MEMSEG, &m), -ENOMEM);
	ck_assert_int_eq(call(&w, ACRN_IOCTL_PAUSE_VM, NULL), 0);
	acrn_sim_hsm_close(w.f);
	mpt_free_pages(ram, 2 * PAGE);
	mpt_free_pages(w.page, sizeof(*w.page));
	rig_close(&w.r);
}
END_TEST

static Suite *hsm_suite(void)
{
	Suite *s = suite_create("acrn sim hsm");
	TCase *t = tcase_create("ioctls");

	tcase_add_test(t, test_before_create);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_client);
	tcase_add_test(t, test_attach);
	tcase_add_test(t, test_memseg);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { hsm_suite };

	return mpt_test_main("acrn sim hsm", suites, 1);
}
