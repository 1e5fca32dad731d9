/* SPDX-License-Identifier: MIT */
/* Interrupts of the vfio-user server: eventfds that come and go, the pin that masks itself. */
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "vfu_cl.h"

#define INTX 0
#define MSI 1
#define EVENTFD_TRIGGER 0x24
#define NONE_TRIGGER 0x21
#define NONE_MASK 0x09
#define NONE_UNMASK 0x11

static int event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static u64 count(int fd)
{
	u64 n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static int inject(void)
{
	return intel_gvt_hypervisor_inject_msi(&rig.vgpu);
}

static void msi_on(void)
{
	rig.vgpu.msi_cap_offset = CFG_CAP;
	rig_put(rig.cfg + CFG_CAP + 2, 1, 2);
	rig_put(rig.cfg + CFG_CAP + 4, 0xfee00000, 4);
	rig_put(rig.cfg + CFG_CAP + 8, 0x4041, 2);
}

START_TEST(msi)
{
	int fd = event(), other = event();
	struct cl c;

	msi_on();
	/* Before a client has asked, and before one is there, they are only counted. */
	ck_assert_int_eq(inject(), 0);
	cl_hello(&c);
	ck_assert_int_eq(inject(), 0);
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_uint_eq(count(fd), 0);
	ck_assert_int_eq(inject(), 0);
	ck_assert_int_eq(inject(), 0);
	ck_assert_uint_eq(count(fd), 2);
	/* Another one takes its place. */
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, other), 0);
	ck_assert_int_eq(inject(), 0);
	ck_assert_uint_eq(count(fd), 0);
	ck_assert_uint_eq(count(other), 1);
	/* None takes its place. */
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, -1), 0);
	ck_assert_int_eq(inject(), 0);
	ck_assert_uint_eq(count(other), 0);
	/* All of the type go. */
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_int_eq(cl_irqs(&c, MSI, NONE_TRIGGER, 0, 0, -1), 0);
	ck_assert_int_eq(inject(), 0);
	ck_assert_uint_eq(count(fd), 0);
	ck_assert_uint_eq(os_load(&rig.v->msi), 7);
	cl_close(&c);
	close(fd);
	close(other);
}
END_TEST

/* With the client its descriptors go. */
START_TEST(client_goes)
{
	int fd = event();
	struct cl c;

	msi_on();
	cl_hello(&c);
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_int_eq(cl_irqs(&c, INTX, EVENTFD_TRIGGER, 0, 1, fd), 0);
	cl_close(&c);
	cl_hello(&c);
	ck_assert_int_eq(inject(), 0);
	ck_assert_uint_eq(count(fd), 0);
	cl_close(&c);
	close(fd);
}
END_TEST

static void level(bool up)
{
	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, up), 0);
}

/* Once told, the pin is masked until the client has looked; then it is told again if it is up. */
START_TEST(pin)
{
	int fd = event();
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_irqs(&c, INTX, EVENTFD_TRIGGER, 0, 1, fd), 0);
	level(false);
	ck_assert_uint_eq(count(fd), 0);
	level(true);
	ck_assert_uint_eq(count(fd), 1);
	level(true);
	level(false);
	level(true);
	ck_assert_uint_eq(count(fd), 0);
	ck_assert_int_eq(cl_irqs(&c, INTX, NONE_UNMASK, 0, 1, -1), 0);
	ck_assert_uint_eq(count(fd), 1);
	level(false);
	ck_assert_int_eq(cl_irqs(&c, INTX, NONE_UNMASK, 0, 1, -1), 0);
	ck_assert_uint_eq(count(fd), 0);
	/* Masked by the client. */
	ck_assert_int_eq(cl_irqs(&c, INTX, NONE_MASK, 0, 1, -1), 0);
	level(true);
	ck_assert_uint_eq(count(fd), 0);
	ck_assert_int_eq(cl_irqs(&c, INTX, NONE_UNMASK, 0, 1, -1), 0);
	ck_assert_uint_eq(count(fd), 1);
	/* A new descriptor learns of a level that is up. */
	ck_assert_int_eq(cl_irqs(&c, INTX, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_uint_eq(count(fd), 1);
	ck_assert_uint_eq(os_load(&rig.v->intx), 3);
	cl_close(&c);
	close(fd);
}
END_TEST

static int bools(struct cl *c, u32 index, u32 action, u8 value)
{
	u8 body[21] = { 21 };

	rig_put(body + 4, 2 | action, 4);
	rig_put(body + 8, index, 4);
	rig_put(body + 16, 1, 4);
	body[20] = value;
	return cl_call(c, 8, body, 21);
}

/* The client triggers by itself; with a byte of 0 nothing is done. */
START_TEST(triggered_by_the_client)
{
	int fd = event();
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_irqs(&c, MSI, NONE_TRIGGER, 0, 1, -1), 0);
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_int_eq(cl_irqs(&c, MSI, NONE_TRIGGER, 0, 1, -1), 0);
	ck_assert_uint_eq(count(fd), 1);
	ck_assert_int_eq(bools(&c, MSI, 0x20, 1), 0);
	ck_assert_uint_eq(count(fd), 1);
	ck_assert_int_eq(bools(&c, MSI, 0x20, 0), 0);
	ck_assert_uint_eq(count(fd), 0);
	level(true);
	ck_assert_int_eq(cl_irqs(&c, INTX, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_uint_eq(count(fd), 1);
	ck_assert_int_eq(bools(&c, INTX, 0x10, 0), 0);
	ck_assert_uint_eq(count(fd), 0);
	ck_assert_int_eq(bools(&c, INTX, 0x10, 1), 0);
	ck_assert_uint_eq(count(fd), 1);
	/* None of no interrupts. */
	ck_assert_int_eq(cl_irqs(&c, MSI, 0x22, 1, 0, -1), 0);
	cl_close(&c);
	close(fd);
}
END_TEST

/* What is there to be signalled and never is: an error and a request. */
START_TEST(other_types)
{
	int fd = event();
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_irqs(&c, VU_IRQ_ERR, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_int_eq(cl_irqs(&c, VU_IRQ_REQ, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_int_eq(cl_irqs(&c, VU_IRQ_REQ, NONE_TRIGGER, 0, 0, -1), 0);
	ck_assert_int_eq(cl_irqs(&c, VU_IRQ_MSIX, EVENTFD_TRIGGER, 0, 1, fd), EINVAL);
	ck_assert_int_eq(cl_irqs(&c, VU_IRQ_MSIX, NONE_TRIGGER, 0, 0, -1), 0);
	ck_assert_uint_eq(count(fd), 0);
	cl_close(&c);
	close(fd);
}
END_TEST

START_TEST(refused)
{
	static const struct {
		u32 index, flags, start, count;
		int fd, err;
	} bad[] = {
		{ 5, NONE_TRIGGER, 0, 1, 0, EINVAL },
		{ 0xffffffff, NONE_TRIGGER, 0, 1, 0, EINVAL },
		/* Not one kind of data, not one action, a flag of no meaning. */
		{ MSI, 0x20, 0, 1, 0, EINVAL },
		{ MSI, 0x25, 0, 1, 1, EINVAL },
		{ MSI, 0x27, 0, 1, 1, EINVAL },
		{ MSI, 0x01, 0, 1, 0, EINVAL },
		{ INTX, 0x31, 0, 1, 0, EINVAL },
		{ INTX, 0x19, 0, 1, 0, EINVAL },
		{ MSI, 0x61, 0, 1, 0, EINVAL },
		{ MSI, 0x80000021, 0, 1, 0, EINVAL },
		/* More than there are. */
		{ MSI, NONE_TRIGGER, 0, 2, 0, EINVAL },
		{ MSI, NONE_TRIGGER, 1, 1, 0, EINVAL },
		{ MSI, NONE_TRIGGER, 2, 0, 0, EINVAL },
		{ MSI, NONE_TRIGGER, 0xffffffff, 2, 0, EINVAL },
		{ MSI, NONE_TRIGGER, 1, 0xffffffff, 0, EINVAL },
		{ MSI, EVENTFD_TRIGGER, 0, 0xffffffff, 1, EINVAL },
		/* A descriptor for nothing. */
		{ MSI, NONE_TRIGGER, 0, 1, 1, EINVAL },
		{ MSI, EVENTFD_TRIGGER, 0, 0, 1, EINVAL },
		/* All off is only for all. */
		{ MSI, NONE_TRIGGER, 1, 0, 0, EINVAL },
		{ INTX, NONE_MASK, 0, 0, 0, EINVAL },
		/* Masks are the pin's, and are told to nobody. */
		{ MSI, NONE_MASK, 0, 1, 0, EOPNOTSUPP },
		{ MSI, NONE_UNMASK, 0, 1, 0, EOPNOTSUPP },
		{ INTX, 0x0c, 0, 1, 1, EOPNOTSUPP },
		{ INTX, 0x14, 0, 1, 1, EOPNOTSUPP },
	};
	int fd = event();
	struct cl c;
	size_t i;

	cl_hello(&c);
	for (i = 0; i < N(bad); i++)
		ck_assert_msg(cl_irqs(&c, bad[i].index, bad[i].flags, bad[i].start, bad[i].count,
				      bad[i].fd ? fd : -1) == bad[i].err,
			      "case %zu", i);
	cl_close(&c);
	close(fd);
}
END_TEST

static int short_argsz(struct cl *c, u32 argsz)
{
	u8 body[21] = { 0 };

	rig_put(body, argsz, 4);
	rig_put(body + 4, 0x22, 4);
	rig_put(body + 8, MSI, 4);
	rig_put(body + 16, 1, 4);
	return cl_call(c, 8, body, 21);
}

START_TEST(sizes)
{
	const int two[2] = { event(), event() };
	u8 body[20] = { 20 };
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(short_argsz(&c, 20), EINVAL);
	ck_assert_int_eq(short_argsz(&c, 0), EINVAL);
	ck_assert_int_eq(short_argsz(&c, 21), 0);
	/* A descriptor more than interrupts. */
	rig_put(body + 4, EVENTFD_TRIGGER, 4);
	rig_put(body + 8, MSI, 4);
	rig_put(body + 16, 1, 4);
	ck_assert_int_eq(cl_call_fds(&c, 8, body, 20, two, 2), EINVAL);
	cl_close(&c);
	close(two[0]);
	close(two[1]);
}
END_TEST

/* What could keep its writer waiting is no event descriptor. */
START_TEST(wrong_descriptors)
{
	int pipes[2], sockets[2], fd[7];
	struct cl c;
	size_t i;

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	fd[0] = pipes[0];
	fd[1] = pipes[1];
	fd[2] = sockets[0];
	fd[3] = rig_memfd(PAGE, true);
	fd[4] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fd[5] = open("/proc/self", O_RDONLY | O_CLOEXEC);
	fd[6] = open("/dev/null", O_PATH | O_CLOEXEC);
	cl_hello(&c);
	for (i = 0; i < N(fd); i++)
		ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd[i]), EINVAL);
	cl_close(&c);
	for (i = 0; i < N(fd); i++)
		close(fd[i]);
	close(sockets[1]);
}
END_TEST

/* Descriptors that take no count: the client's own loss. */
START_TEST(deaf_descriptors)
{
	int fd[2] = { epoll_create1(EPOLL_CLOEXEC), timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) };
	struct cl c;
	size_t i;

	msi_on();
	cl_hello(&c);
	for (i = 0; i < N(fd); i++) {
		ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd[i]), 0);
		ck_assert_int_eq(inject(), 0);
	}
	cl_alive(&c);
	cl_close(&c);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

/* One that is full and, by the client's flag, waits: nobody here waits with it. */
START_TEST(full_and_blocking)
{
	const u64 full = 0xfffffffffffffffe;
	int fd = event();
	struct cl c;

	msi_on();
	cl_hello(&c);
	ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd), 0);
	ck_assert_int_eq(write(fd, &full, sizeof(full)), sizeof(full));
	ck_assert_int_eq(inject(), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
	ck_assert_int_eq(inject(), 0);
	ck_assert_int_eq(cl_irqs(&c, MSI, NONE_TRIGGER, 0, 1, -1), 0);
	ck_assert_uint_eq(count(fd), full);
	ck_assert_int_eq(inject(), 0);
	ck_assert_uint_eq(count(fd), 1);
	cl_close(&c);
	close(fd);
}
END_TEST

static void *injector(void *arg)
{
	int i;

	for (i = 0; i < 20000 && !os_load((bool *)arg); i++) {
		inject();
		intel_gvt_hypervisor_set_intx(&rig.vgpu, i & 1);
	}
	return NULL;
}

/* Interrupts beside descriptors that come and go, and clients. */
START_TEST(beside_each_other)
{
	int fd = event();
	bool stop = false;
	pthread_t thread;
	struct cl c;
	int i, k;

	msi_on();
	ck_assert_int_eq(pthread_create(&thread, NULL, injector, &stop), 0);
	for (i = 0; i < 20; i++) {
		cl_hello(&c);
		for (k = 0; k < 20; k++) {
			ck_assert_int_eq(cl_irqs(&c, MSI, EVENTFD_TRIGGER, 0, 1, fd), 0);
			ck_assert_int_eq(cl_irqs(&c, INTX, EVENTFD_TRIGGER, 0, 1, fd), 0);
			ck_assert_int_eq(cl_irqs(&c, INTX, NONE_UNMASK, 0, 1, -1), 0);
			ck_assert_int_eq(cl_irqs(&c, MSI, NONE_TRIGGER, 0, 0, -1), 0);
		}
		cl_close(&c);
	}
	os_store(&stop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	close(fd);
}
END_TEST

static Suite *irq_suite(void)
{
	Suite *s = suite_create("vfio-user interrupts");
	TCase *t = tcase_create("interrupts");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, msi);
	tcase_add_test(t, client_goes);
	tcase_add_test(t, pin);
	tcase_add_test(t, triggered_by_the_client);
	tcase_add_test(t, other_types);
	tcase_add_test(t, refused);
	tcase_add_test(t, sizes);
	tcase_add_test(t, wrong_descriptors);
	tcase_add_test(t, deaf_descriptors);
	tcase_add_test(t, full_and_blocking);
	tcase_add_test(t, beside_each_other);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { irq_suite };

	return mpt_test_main("vfu_irq", suites, N(suites));
}
