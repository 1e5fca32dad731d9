/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user back end's own client, as the testbed's user sees it: what is not a clause of the
 * contract. That it speaks over a socket is seen in what the core is told, and when.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "vfu_rig.h"

#define HUGE MPT_HUGE_SIZE
#define MSI_ADDR 0xfee00000U
#define MSI_DATA 0x4041U

#define ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

/* --- a VM without a socket, the vGPU attached --- */

static void open_host(void)
{
	struct mpt_core core = { .size = sizeof(core), .ops = &rig_ops, .opaque = &rig };
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	memset(&rig, 0, sizeof(rig));
	rig.lock = lock;
	rig_cfg_make();
	rig.fds = rig_fds();
	ok(mpt_host_open("vfio-user", &rig.host));
	ok(mpt_host_set_policy(rig.host, MPT_POLICY_RETURN));
	ok(mpt_host_set_core(rig.host, &core));
}

static void open_vm(void)
{
	open_host();
	ok(mpt_vm_create(rig.host, 1));
	ok(mpt_vm_get(rig.host, 1, &rig.vm));
	rig.v = mpt_vm_priv(rig.vm);
	rig.vgpu.mpt = mpt_host_table(rig.host);
	rig.vgpu.cfg_space = rig.cfg;
	rig_attach();
}

static void close_vm(void)
{
	if (rig.attached)
		rig_detach();
	mpt_vm_put(rig.vm);
	ok(mpt_vm_destroy(rig.host, 1));
	ok(mpt_host_close(rig.host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
	ck_assert_int_eq(rig_fds(), rig.fds);
}

static struct mpt_vm_stats stats(void)
{
	struct mpt_vm_stats s;

	ok(mpt_vm_stats_get(rig.vm, &s));
	return s;
}

/* --- as the guest --- */

static u64 load(u64 gpa, unsigned int len)
{
	u64 value = 0;

	ok(mpt_guest_read(rig.vm, gpa, &value, len));
	return value;
}

static void store(u64 gpa, u64 value, unsigned int len)
{
	ok(mpt_guest_write(rig.vm, gpa, &value, len));
}

static void cfg_set(unsigned int offset, u32 value, unsigned int len)
{
	ok(mpt_guest_cfg_write(rig.vm, offset, &value, len));
}

static u32 cfg(unsigned int offset, unsigned int len)
{
	u32 value = 0;

	ok(mpt_guest_cfg_read(rig.vm, offset, &value, len));
	return value;
}

static void place(void)
{
	cfg_set(0x10, (u32)BAR0_AT, 4);
	cfg_set(0x14, (u32)(BAR0_AT >> 32), 4);
	cfg_set(0x18, BAR2_AT, 4);
	cfg_set(4, 6, 2);
}

/* --- the device --- */

START_TEST(device_is_found)
{
	place();
	ck_assert_uint_eq(cfg(0, 4), 0x19128086);
	store(BAR0_AT + 0x10, 0x12345678, 4);
	ck_assert_uint_eq(load(BAR0_AT + 0x10, 4), 0x12345678);
	store(BAR2_AT + BAR2_SIZE - 8, 0x1122334455667788, 8);
	ck_assert_uint_eq(load(BAR2_AT + BAR2_SIZE - 8, 8), 0x1122334455667788);
	ck_assert_uint_eq(stats().traps, 4);
	/* One byte beside them there is nothing. */
	ck_assert_uint_eq(load(BAR0_AT - 1, 1), 0xff);
	ck_assert_uint_eq(load(BAR0_AT + BAR0_SIZE, 1), 0xff);
	ck_assert_uint_eq(load(BAR2_AT + BAR2_SIZE, 1), 0xff);
	ck_assert_uint_eq(stats().traps, 4);
}
END_TEST

/* Each of these makes what the client has learned old. */
START_TEST(what_is_known_gets_old)
{
	unsigned int reads;

	place();
	load(BAR2_AT, 4);
	reads = rig.cfg_reads;
	load(BAR2_AT, 4);
	/* What the server itself asks for each access: COMMAND and one BAR of 32 bits. */
	ck_assert_uint_eq(rig.cfg_reads - reads, 2);
	/* The guest moves it. */
	cfg_set(0x18, BAR2_AT + BAR2_SIZE, 4);
	ck_assert_uint_eq(load(BAR2_AT, 4), 0xffffffff);
	ck_assert_uint_eq(load(BAR2_AT + BAR2_SIZE, 4), 0);
	/* It switches decoding off, and on again. */
	cfg_set(4, 0, 2);
	ck_assert_uint_eq(load(BAR2_AT + BAR2_SIZE, 4), 0xffffffff);
	cfg_set(4, 2, 2);
	ck_assert_uint_eq(load(BAR2_AT + BAR2_SIZE, 4), 0);
	/* The core moves it on its own: a miss asks again. */
	pthread_mutex_lock(&rig.lock);
	rig_put(rig.cfg + 0x18, BAR2_AT, 4);
	pthread_mutex_unlock(&rig.lock);
	ck_assert_uint_eq(load(BAR2_AT, 4), 0);
	/* The vGPU goes, and another comes whose BAR is larger. */
	rig_detach();
	ck_assert_uint_eq(load(BAR2_AT, 4), 0xffffffff);
	rig_put(rig.writable + 0x18, ~(2 * BAR2_SIZE - 1), 4);
	rig_attach();
	ck_assert_uint_eq(load(BAR2_AT + BAR2_SIZE, 4), 0);
}
END_TEST

/* The wire says only that an access was done; the testbed's user is told what the core said. */
START_TEST(core_answers)
{
	u64 value = 0;

	place();
	rig.answer = -ENOENT;
	ck_assert_int_eq(mpt_guest_read(rig.vm, BAR0_AT, &value, 4), -ENOENT);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "did not emulate"));
	ck_assert_uint_eq(value, 0xffffffff);
	ck_assert_int_eq(mpt_guest_write(rig.vm, BAR0_AT, &value, 4), -ENOENT);
	ck_assert_uint_eq(cfg(0, 4), 0x19128086);
	rig.answer = 0;
	load(BAR0_AT, 4);
	ck_assert_int_eq(mpt_guest_cfg_read(rig.vm, 254, &value, 4), -EINVAL);
	ck_assert_uint_eq(cfg(252, 4), 0);
}
END_TEST

/* RAM, a BAR and nothing in one access. */
START_TEST(access_of_many_kinds)
{
	u8 buf[48], want[48];

	ok(mpt_ram_add(rig.vm, BAR2_AT - PAGE, PAGE, 0));
	place();
	memset(want, 0x5a, sizeof(want));
	ok(mpt_guest_write(rig.vm, BAR2_AT - 24, want, sizeof(want)));
	ck_assert_uint_eq(stats().traps, 3);
	ok(mpt_guest_read(rig.vm, BAR2_AT - 24, buf, sizeof(buf)));
	ck_assert_mem_eq(buf, want, sizeof(buf));
	ok(mpt_guest_read(rig.vm, BAR2_AT + BAR2_SIZE - 24, buf, sizeof(buf)));
	memset(want, 0, 24);
	memset(want + 24, 0xff, 24);
	ck_assert_mem_eq(buf, want, sizeof(buf));
	ok(mpt_ram_remove(rig.vm, BAR2_AT - PAGE, PAGE));
}
END_TEST

/* --- from inside a call of the core --- */

static struct {
	int mem, cfg, add, remove, ram;
	u32 word;
} nested;

static void access_inside(bool write, u64 gpa, void *buf)
{
	u64 value = 0;

	(void)buf;
	if (write || gpa != BAR0_AT)
		return;
	nested.word = 0;
	nested.mem = mpt_guest_read(rig.vm, BAR0_AT + 8, &nested.word, 4);
	nested.cfg = mpt_guest_cfg_read(rig.vm, 0, &value, 4);
	nested.add = mpt_ram_add(rig.vm, 64 * MIB, PAGE, 0);
	nested.remove = mpt_ram_remove(rig.vm, 0, PAGE);
	nested.ram = mpt_guest_read(rig.vm, 8, &value, 8);
}

START_TEST(nested_is_busy)
{
	ok(mpt_ram_add(rig.vm, 0, PAGE, 0));
	place();
	rig.hook = access_inside;
	load(BAR0_AT, 4);
	rig.hook = NULL;
	ck_assert_int_eq(nested.mem, -EBUSY);
	ck_assert_uint_eq(nested.word, 0xffffffff);
	ck_assert_int_eq(nested.cfg, -EBUSY);
	ck_assert_int_eq(nested.add, -EBUSY);
	ck_assert_int_eq(nested.remove, -EBUSY);
	/* RAM needs no server. */
	ck_assert_int_eq(nested.ram, 0);
	ck_assert_uint_eq(load(BAR0_AT, 4), 0);
}
END_TEST

/* --- RAM --- */

START_TEST(ram_is_the_guests_and_the_devices)
{
	u64 word = 0x1234567890abcdef, got = 0;
	u8 bits[1];

	ok(mpt_ram_add(rig.vm, MIB, 4 * PAGE, 0));
	ck_assert_uint_eq(rig.call[0].what, 'a');
	ck_assert_uint_eq(rig_places(), 1);
	store(MIB + 8, word, 8);
	ok(rig_gpa_read(MIB + 8, &got, 8));
	ck_assert_uint_eq(got, word);
	word++;
	ok(rig_gpa_write(MIB + 3 * PAGE, &word, 8));
	ck_assert_uint_eq(load(MIB + 3 * PAGE, 8), word);
	/* The guest's stores and the device's are in one log. */
	ok(mpt_dirty_fetch(rig.vm, MIB / PAGE, 4, bits));
	ck_assert_uint_eq(bits[0], 9);
	ok(mpt_dirty_fetch(rig.vm, MIB / PAGE, 4, bits));
	ck_assert_uint_eq(bits[0], 0);
	ok(mpt_ram_move(rig.vm, MIB, 4 * PAGE, MIB + PAGE));
	ck_assert_uint_eq(load(MIB + 4 * PAGE, 8), word);
	ck_assert_uint_eq(load(MIB, 1), 0xff);
	ok(mpt_ram_remove(rig.vm, MIB + PAGE, 4 * PAGE));
	ck_assert_uint_eq(rig_places(), 0);
	ck_assert_int_eq(rig_gpa_read(MIB + PAGE, &got, 8), -EFAULT);
	/* Added, moved (removed and added), removed. */
	ck_assert_uint_eq(rig.calls, 4);
	ok(mpt_ram_add(rig.vm, MIB, PAGE, MPT_RAM_READONLY));
	ck_assert_int_eq(rig_gpa_write(MIB, &word, 8), -EFAULT);
	store(MIB, word, 8);
	ck_assert_uint_eq(load(MIB, 8), 0);
}
END_TEST

/* What the server has no room for is not there for the guest either. */
START_TEST(server_refuses_ram)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 1100 && !ret; i++)
		ret = mpt_ram_add(rig.vm, 2 * i * PAGE, PAGE, 0);
	ck_assert_int_eq(ret, -ENOMEM);
	ck_assert_uint_eq(i, 1025);
	ck_assert_uint_eq(load(2 * 1024 * PAGE, 4), 0xffffffff);
	ck_assert_uint_eq(load(2 * 1023 * PAGE, 4), 0);
	ok(mpt_ram_remove(rig.vm, 0, PAGE));
	ok(mpt_ram_add(rig.vm, 2 * 1024 * PAGE, PAGE, 0));
}
END_TEST

/* --- interrupts --- */

static u64 events(void)
{
	u64 n = 0;

	return read(mpt_irq_fd(rig.vm), &n, sizeof(n)) == sizeof(n) ? n : 0;
}

START_TEST(msi)
{
	struct mpt_irq irq;
	struct pollfd p = { .fd = mpt_irq_fd(rig.vm), .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ok(rig.vgpu.mpt->inject_msi(rig.vgpu.handle, MSI_ADDR, MSI_DATA));
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	ck_assert_uint_eq(events(), 1);
	ok(mpt_irq_take(rig.vm, &irq));
	ck_assert(!irq.intx && irq.addr == MSI_ADDR && irq.data == MSI_DATA);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
	ck_assert_uint_eq(events(), 0);
}
END_TEST

static void level(bool up)
{
	ok(rig.vgpu.mpt->set_intx(rig.vgpu.handle, up));
}

static void take_intx(void)
{
	struct mpt_irq irq;

	ok(mpt_irq_take(rig.vm, &irq));
	ck_assert(irq.intx);
}

/* The pin masks itself until its edge is taken; a level that is still up then tells again. */
START_TEST(intx)
{
	level(true);
	ck_assert_uint_eq(events(), 1);
	level(false);
	level(true);
	ck_assert_uint_eq(events(), 0);
	level(false);
	take_intx();
	take_intx();
	ck_assert_uint_eq(events(), 0);
	level(true);
	ck_assert_uint_eq(events(), 1);
	take_intx();
	ck_assert_uint_eq(events(), 1);
	level(false);
	ck_assert_uint_eq(stats().intx, 3);
	ck_assert(!stats().intx_level);
}
END_TEST

/* An edge taken while another vCPU's access is inside the core: nobody waits. */
static struct {
	bool inside, release, taken;
} meet;

static void wait_inside(bool write, u64 gpa, void *buf)
{
	(void)write;
	(void)gpa;
	(void)buf;
	os_store(&meet.inside, true);
	rig_until(os_load(&meet.release));
}

static void *vcpu(void *arg)
{
	u32 word;

	(void)arg;
	return mpt_guest_read(rig.vm, BAR0_AT, &word, 4) ? &meet : NULL;
}

START_TEST(intx_while_the_server_is_busy)
{
	pthread_t t;
	void *ret;

	place();
	memset(&meet, 0, sizeof(meet));
	rig.hook = wait_inside;
	ck_assert_int_eq(pthread_create(&t, NULL, vcpu, NULL), 0);
	rig_until(os_load(&meet.inside));
	level(true);
	take_intx();
	ck_assert_uint_eq(events(), 1);
	os_store(&meet.release, true);
	pthread_join(t, &ret);
	ck_assert_ptr_null(ret);
	rig.hook = NULL;
	/* By now it is unmasked, and the level still up. */
	rig_until(events() == 1);
	level(false);
}
END_TEST

/* --- coming and going --- */

START_TEST(vms)
{
	struct mpt_vm *vm;
	unsigned int i;

	ck_assert_int_eq(mpt_vm_create(rig.host, 1), -EEXIST);
	ck_assert_int_eq(mpt_vm_create(rig.host, 0), -EINVAL);
	ck_assert_int_eq(mpt_vm_create(rig.host, 65536), -EINVAL);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 9), -ESRCH);
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), -EBUSY);
	for (i = 2; i < 20; i++)
		ok(mpt_vm_create(rig.host, i));
	ok(mpt_vm_get(rig.host, 7, &vm));
	ok(mpt_ram_add(vm, 0, HUGE, 0));
	ck_assert_int_eq(mpt_vm_destroy(rig.host, 7), -EBUSY);
	mpt_vm_put(vm);
	for (i = 2; i < 10; i++)
		ok(mpt_vm_destroy(rig.host, i));
	/* The others go with the host. */
}
END_TEST

/* A VM that waits on a socket has no client of ours. */
START_TEST(on_a_socket)
{
	struct mpt_irq irq;
	u32 word;

	ck_assert_int_eq(mpt_vm_destroy(rig.host, 1), -EBUSY);
	ck_assert_int_eq(mpt_ram_add(rig.vm, 0, PAGE, 0), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 0, PAGE), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_ram_move(rig.vm, 0, PAGE, PAGE), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_guest_read(rig.vm, 0, &word, 4), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_guest_cfg_read(rig.vm, 0, &word, 4), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -EOPNOTSUPP);
	ck_assert_int_eq(mpt_irq_fd(rig.vm), -EOPNOTSUPP);
	/* But VMs of the testbed stand beside it. */
	ok(mpt_vm_create(rig.host, 2));
	ok(mpt_vm_destroy(rig.host, 2));
}
END_TEST

static bool stop_traffic;

static void *traffic(void *arg)
{
	u64 n = 0, word;

	(void)arg;
	for (; !os_load(&stop_traffic); n++) {
		word = n;
		if (mpt_guest_write(rig.vm, BAR0_AT + n % 64 * 4, &word, 4) ||
		    mpt_guest_cfg_read(rig.vm, 0, &word, 4) ||
		    mpt_guest_read(rig.vm, n % HUGE & ~7ULL, &word, 8))
			return &stop_traffic;
	}
	return NULL;
}

/* vGPUs end and begin under a vCPU's accesses. */
START_TEST(traffic_goes_on)
{
	unsigned int i, calls;
	pthread_t t;
	void *ret;

	ok(mpt_ram_add(rig.vm, 0, HUGE, 0));
	place();
	stop_traffic = false;
	ck_assert_int_eq(pthread_create(&t, NULL, traffic, NULL), 0);
	for (i = 0; i < 30; i++) {
		calls = rig_calls();
		rig_until(rig_calls() != calls);
		rig_detach();
		calls = rig_calls();
		usleep(100);
		ck_assert_uint_eq(rig_calls(), calls);
		rig_attach();
	}
	os_store(&stop_traffic, true);
	pthread_join(t, &ret);
	ck_assert_ptr_null(ret);
}
END_TEST

/* --- out of memory --- */

/* Moved, or, the place it was in, still there for guest and device. */
static int move(void)
{
	u64 word = 7, got = 0;
	int ret = mpt_guest_write(rig.vm, 8, &word, 8);

	ret = ret ? ret : mpt_ram_move(rig.vm, 0, HUGE + PAGE, 4 * HUGE);
	ok(mpt_guest_read(rig.vm, ret ? 8 : 4 * HUGE + 8, &got, 8));
	ck_assert_uint_eq(got, 7);
	rig.v = mpt_vm_priv(rig.vm);
	ck_assert_uint_eq(rig_places(), 2);
	return ret;
}

static int scenario(void)
{
	u64 word = 7;
	int ret;

	ret = mpt_vm_create(rig.host, 1);
	ret = ret ? ret : mpt_vm_get(rig.host, 1, &rig.vm);
	ret = ret ? ret : mpt_ram_add(rig.vm, 0, HUGE + PAGE, 0);
	ret = ret ? ret : mpt_ram_add(rig.vm, 2 * HUGE, PAGE, MPT_RAM_READONLY);
	ret = ret ? ret : move();
	ret = ret ? ret : mpt_guest_write(rig.vm, 4 * HUGE, &word, 8);
	/* What takes away allocates nothing. */
	if (!ret && mpt_ram_remove(rig.vm, 4 * HUGE, HUGE + PAGE))
		ret = -EIO;
	return ret;
}

START_TEST(each_allocation_fails_once)
{
	unsigned long nth;
	bool fired = true;
	long live;
	int ret, fds;

	open_host();
	live = mpt_alloc_live();
	fds = rig_fds();
	for (nth = 1; fired; nth++) {
		mpt_alloc_fail_at(nth);
		rig.vm = NULL;
		ret = scenario();
		fired = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_msg(ret == (fired ? -ENOMEM : 0), "%lu: %d, %s", nth, ret,
			      mpt_last_error());
		if (rig.vm)
			mpt_vm_put(rig.vm);
		mpt_vm_destroy(rig.host, 1);
		ck_assert_int_eq(mpt_alloc_live(), live);
		ck_assert_int_eq(rig_fds(), fds);
	}
	ck_assert_uint_gt(nth, 20);
	ok(mpt_host_close(rig.host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

static Suite *client_suite(void)
{
	Suite *s = suite_create("vfio-user client");
	TCase *t = tcase_create("client"), *socket = tcase_create("on a socket"),
	      *none = tcase_create("out of memory");

	tcase_add_checked_fixture(t, open_vm, close_vm);
	tcase_add_test(t, device_is_found);
	tcase_add_test(t, what_is_known_gets_old);
	tcase_add_test(t, core_answers);
	tcase_add_test(t, access_of_many_kinds);
	tcase_add_test(t, nested_is_busy);
	tcase_add_test(t, ram_is_the_guests_and_the_devices);
	tcase_add_test(t, server_refuses_ram);
	tcase_add_test(t, msi);
	tcase_add_test(t, intx);
	tcase_add_test(t, intx_while_the_server_is_busy);
	tcase_add_test(t, vms);
	tcase_add_test(t, traffic_goes_on);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(socket, rig_open, rig_close);
	tcase_add_test(socket, on_a_socket);
	suite_add_tcase(s, socket);
	tcase_add_test(none, each_allocation_fails_once);
	suite_add_tcase(s, none);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { client_suite };

	return mpt_test_main("vfu_client", suites, N(suites));
}
