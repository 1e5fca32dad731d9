/* SPDX-License-Identifier: MIT */
/*
 * Several VMs of the vfio-user back end and its own client at once: vCPUs, RAM that comes and goes,
 * the device's accesses, interrupts, and vGPUs and VMs that begin and end beside them. Meant for
 * ThreadSanitizer; without it for what the threads check themselves.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "lib/runner.h"
#include "libmpt/os.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE MPT_PAGE_SIZE
#define MIB (1ULL << 20)
#define VMS 3
#define RUN_MS 400
#define BAR0_AT 0xc0000000ULL
#define BAR0_SIZE MIB
#define DOORBELL 0x1000
#define RAM (8 * MIB)
#define PLUG (64 * MIB)
#define MSI_ADDR 0xfee00000U

#define ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

struct dev {
	struct intel_vgpu vgpu;
	struct mpt_vm *vm;
	unsigned int id;
	pthread_mutex_t lock;
	u8 cfg[256];
	u64 taken, edges, regions;
};

static struct mpt_host *host;
static struct dev devs[VMS + 1];
static bool stop;
static const char *wrong; /* the first complaint of a thread */

static void *complain(const char *what)
{
	os_store(&wrong, what);
	os_store(&stop, true);
	return NULL;
}

/* --- a core: one BAR, whose registers say whose they are; the doorbell rings --- */

static struct dev *dev_of(struct intel_vgpu *vgpu)
{
	return OS_CONTAINER_OF(vgpu, struct dev, vgpu);
}

static int cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int len)
{
	struct dev *d = dev_of(vgpu);

	if (offset >= sizeof(d->cfg) || len > sizeof(d->cfg) - offset)
		return -EINVAL;
	pthread_mutex_lock(&d->lock);
	memcpy(buf, d->cfg + offset, len);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static int cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int len)
{
	struct dev *d = dev_of(vgpu);
	u32 value = 0;

	memcpy(&value, buf, len < 4 ? len : 4);
	pthread_mutex_lock(&d->lock);
	if (offset == 4)
		memcpy(d->cfg + 4, &value, 2);
	value &= ~((u32)BAR0_SIZE - 1);
	if (offset == 0x10)
		memcpy(d->cfg + 0x10, &value, 4);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static u32 reg_value(unsigned int id, u64 gpa)
{
	return id << 24 | (u32)(gpa & (BAR0_SIZE - 1));
}

static int mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	u32 value = reg_value(dev_of(vgpu)->id, gpa);
	u64 word;

	/* What is always there, through the back end. */
	if (intel_gvt_hypervisor_read_gpa(vgpu, 8, &word, 8))
		complain("read_gpa of RAM that is always there");
	memcpy(buf, &value, len < 4 ? len : 4);
	return 0;
}

static int mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	u32 value = 0;

	memcpy(&value, buf, len < 4 ? len : 4);
	if ((gpa & (BAR0_SIZE - 1)) != DOORBELL)
		return 0;
	return vgpu->mpt->inject_msi(vgpu->handle, MSI_ADDR, (u16)value);
}

static void region_event(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	(void)gfn;
	(void)nr;
	(void)added;
	os_fetch_add(&dev_of(vgpu)->regions, 1);
}

static const struct intel_gvt_ops ops = {
	.emulate_cfg_read = cfg_read,
	.emulate_cfg_write = cfg_write,
	.emulate_mmio_read = mmio_read,
	.emulate_mmio_write = mmio_write,
	.guest_region_event = region_event,
};

/* --- VMs --- */

static void attach(struct dev *d)
{
	struct mpt_vm *old = mpt_target_set(d->vm);

	d->vgpu = (struct intel_vgpu){ .mpt = mpt_host_table(host), .cfg_space = d->cfg };
	ok(intel_gvt_hypervisor_attach_vgpu(&d->vgpu));
	mpt_target_set(old);
}

static void dev_open(unsigned int i)
{
	struct dev *d = &devs[i];
	u32 id = 0x19128086, bar = BAR0_AT;
	u16 command = 2;

	memset(d, 0, sizeof(*d));
	pthread_mutex_init(&d->lock, NULL);
	d->id = i + 1;
	memcpy(d->cfg, &id, 4);
	ok(mpt_vm_create(host, d->id));
	ok(mpt_vm_get(host, d->id, &d->vm));
	ok(mpt_ram_add(d->vm, 0, RAM, 0));
	attach(d);
	ok(mpt_guest_cfg_write(d->vm, 0x10, &bar, 4));
	ok(mpt_guest_cfg_write(d->vm, 4, &command, 2));
}

static void dev_close(unsigned int i)
{
	struct dev *d = &devs[i];

	intel_gvt_hypervisor_detach_vgpu(&d->vgpu);
	mpt_vm_put(d->vm);
	ok(mpt_vm_destroy(host, d->id));
	pthread_mutex_destroy(&d->lock);
}

static void setup(void)
{
	struct mpt_core core = { .size = sizeof(core), .ops = &ops };
	unsigned int i;

	stop = false;
	wrong = NULL;
	ok(mpt_host_open("check,vfio-user", &host));
	ok(mpt_host_set_policy(host, MPT_POLICY_RETURN));
	ok(mpt_host_set_core(host, &core));
	for (i = 0; i < VMS; i++)
		dev_open(i);
}

static void teardown(void)
{
	struct mpt_ledger ledger;
	unsigned int i;

	for (i = 0; i < VMS; i++)
		dev_close(i);
	ok(mpt_ledger_get(host, &ledger));
	ck_assert_uint_eq(ledger.violations, 0);
	ck_assert_uint_eq(ledger.left, 0);
	ok(mpt_host_close(host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- threads --- */

static void *vcpu(void *arg)
{
	struct dev *d = arg;
	u64 n, at, word;
	u32 value;

	for (n = 0; !os_load(&stop); n++) {
		at = BAR0_AT + n % 1024 * 4;
		if (mpt_guest_read(d->vm, at, &value, 4) || value != reg_value(d->id, at))
			return complain("another VM's register, or none");
		if (n % 8 == 0 && mpt_guest_write(d->vm, BAR0_AT + DOORBELL, &value, 4))
			return complain("the doorbell");
		if (n % 64 == 0 && mpt_guest_cfg_write(d->vm, 0x40, &value, 4))
			return complain("a configuration write");
		if (mpt_guest_read(d->vm, n * 8 % RAM, &word, 8))
			return complain("RAM");
	}
	return NULL;
}

static bool holds(struct dev *d, u64 gpa, u64 want)
{
	u64 word = ~want;

	return !mpt_guest_read(d->vm, gpa, &word, 8) && word == want;
}

static void *plugger(void *arg)
{
	struct dev *d = arg;
	u8 bits[2];
	u64 n;

	for (n = 1; !os_load(&stop); n++) {
		if (mpt_ram_add(d->vm, PLUG, 16 * PAGE, 0) ||
		    mpt_guest_write(d->vm, PLUG + 8, &n, 8) || !holds(d, PLUG + 8, n))
			return complain("RAM that came");
		if (mpt_dirty_fetch(d->vm, PLUG / PAGE, 16, bits) || !(bits[0] & 1))
			return complain("the dirty log");
		if (mpt_ram_move(d->vm, PLUG, 16 * PAGE, PLUG + 4 * PAGE) ||
		    !holds(d, PLUG + 4 * PAGE + 8, n) || !holds(d, PLUG + 8, ~0ULL))
			return complain("RAM that moved");
		if (mpt_ram_remove(d->vm, PLUG + 4 * PAGE, 16 * PAGE) ||
		    !holds(d, PLUG + 4 * PAGE + 8, ~0ULL))
			return complain("RAM that went");
	}
	return NULL;
}

/* Its own pages of the RAM that stays, and any of those that come and go. */
static void *device(void *arg)
{
	struct dev *d = arg;
	dma_addr_t addr, loose;
	u64 n, word;

	for (n = 1; !os_load(&stop); n++) {
		u64 gfn = RAM / PAGE - 1 - n % 8;

		if (intel_gvt_hypervisor_dma_map_guest_page(&d->vgpu, gfn, PAGE, &addr))
			return complain("dma_map_guest_page");
		if (mpt_bus_write(host, addr + 16, &n, 8) || !holds(d, gfn * PAGE + 16, n) ||
		    mpt_bus_read(host, addr + 16, &word, 8) || word != n)
			return complain("a device's access");
		intel_gvt_hypervisor_dma_unmap_guest_page(&d->vgpu, addr);
		gfn = PLUG / PAGE + n % 20;
		if (!intel_gvt_hypervisor_dma_map_guest_page(&d->vgpu, gfn, PAGE, &loose)) {
			if (mpt_bus_write(host, loose + 64, &n, 8))
				return complain("an access to RAM that may be gone by now");
			intel_gvt_hypervisor_dma_unmap_guest_page(&d->vgpu, loose);
		}
		if (d->vgpu.mpt->set_intx(d->vgpu.handle, n % 2))
			return complain("set_intx");
	}
	return NULL;
}

static void take_all(struct dev *d)
{
	struct mpt_irq irq;

	while (!mpt_irq_take(d->vm, &irq))
		os_fetch_add(irq.intx ? &d->edges : &d->taken, 1);
}

/* Every thread has had a turn: under valgrind they take turns of 100 ms, of which an MSI wants two. */
static bool all_had_a_turn(void)
{
	struct dev *d;

	for (d = devs; d < &devs[VMS]; d++)
		if (!os_load(&d->taken) || !os_load(&d->edges) || !os_load(&d->regions))
			return false;
	return true;
}

static void *interrupts(void *arg)
{
	struct dev *d = arg;
	struct pollfd p = { .fd = mpt_irq_fd(d->vm), .events = POLLIN };
	u64 count;

	while (!os_load(&stop)) {
		if (poll(&p, 1, 10) == 1 && read(p.fd, &count, 8) != 8)
			return complain("the eventfd");
		take_all(d);
	}
	return NULL;
}

/* A VM beside them that begins and ends, with a vGPU and without. */
static void *life(void *arg)
{
	u32 value;
	u64 n;

	(void)arg;
	for (n = 0; !os_load(&stop); n++) {
		dev_open(VMS);
		if (mpt_guest_read(devs[VMS].vm, BAR0_AT, &value, 4) ||
		    value != reg_value(VMS + 1, BAR0_AT))
			return complain("a new VM's register");
		intel_gvt_hypervisor_detach_vgpu(&devs[VMS].vgpu);
		if (mpt_guest_read(devs[VMS].vm, BAR0_AT, &value, 4) || ~value)
			return complain("a register of a vGPU that is gone");
		attach(&devs[VMS]);
		dev_close(VMS);
	}
	return NULL;
}

START_TEST(all_at_once)
{
	static void *(*const kinds[])(void *) = { vcpu, vcpu, plugger, device, interrupts };
	pthread_t thread[VMS * N(kinds) + 1];
	struct mpt_vm_stats stats;
	struct mpt_iommu_fault fault;
	unsigned int i, tries, n = 0;
	struct dev *d;

	for (i = 0; i < VMS * N(kinds); i++)
		ck_assert_int_eq(pthread_create(&thread[n++], NULL, kinds[i % N(kinds)],
						&devs[i / N(kinds)]),
				 0);
	ck_assert_int_eq(pthread_create(&thread[n++], NULL, life, NULL), 0);
	for (tries = 0; tries < 100 && (!tries || !all_had_a_turn()); tries++)
		usleep(RUN_MS * 1000);
	os_store(&stop, true);
	while (n)
		pthread_join(thread[--n], NULL);
	ck_assert_msg(!wrong, "%s", wrong);
	ck_assert_int_eq(mpt_fault_take(host, &fault), -ENOENT);
	for (d = devs; d < &devs[VMS]; d++) {
		take_all(d);
		ok(mpt_vm_stats_get(d->vm, &stats));
		ck_assert_uint_eq(d->taken + d->edges + stats.irq_lost, stats.msi + stats.intx);
		ck_assert_uint_gt(d->taken, 0);
		ck_assert_uint_gt(d->edges, 0);
		ck_assert_uint_gt(d->regions, 0);
		ck_assert_uint_eq(stats.dma_live, 0);
	}
}
END_TEST

static Suite *threads_suite(void)
{
	Suite *s = suite_create("vfio-user threads");
	TCase *t = tcase_create("threads");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_at_once);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { threads_suite };

	return mpt_test_main("vfu_threads", suites, N(suites));
}
