/* SPDX-License-Identifier: MIT */
/* The yardsticks: what the machine itself takes for a call, a copy, a lock, a system call. */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mpt/host.h>

#include "bench.h"

static void empty_loop(unsigned long n)
{
	while (n--)
		bench_fence();
}

static __attribute__((noinline)) unsigned long callee(unsigned long x)
{
	bench_fence();
	return x + 1;
}

static void direct_call(unsigned long n)
{
	unsigned long x = 0;

	while (n--)
		x = callee(x);
	bench_use(x);
}

static unsigned long (*volatile pointer)(unsigned long) = callee;

static void indirect_call(unsigned long n)
{
	unsigned long x = 0;

	while (n--)
		x = pointer(x);
	bench_use(x);
}

static void plt_call(unsigned long n)
{
	while (n--)
		bench_use(mpt_version());
}

static char page_a[4096] __attribute__((aligned(4096)));
static char hot[BENCH_HOT_SIZE] __attribute__((aligned(4096)));
static volatile size_t eight = 8, four_k = 4096;

#define SPOT(i) ((((i) * 37) % 512 * 8 + (i) % 4 * 4096) % BENCH_HOT_SIZE)
#define SPOT8(i) SPOT(i), SPOT(i + 1), SPOT(i + 2), SPOT(i + 3), SPOT(i + 4), SPOT(i + 5), \
	SPOT(i + 6), SPOT(i + 7)
const uint16_t bench_hot[BENCH_HOT] = {
	SPOT8(0), SPOT8(8), SPOT8(16), SPOT8(24), SPOT8(32), SPOT8(40), SPOT8(48), SPOT8(56),
};

/* libc's function, as any program calls it with a length that the compiler does not know. */
static void memcpy_8(unsigned long n)
{
	size_t len = eight;
	uint64_t word;

	while (n--) {
		memcpy(&word, hot + bench_hot[n % BENCH_HOT], len);
		bench_use(word);
	}
}

static void memcpy_4096(unsigned long n)
{
	size_t len = four_k;

	while (n--) {
		memcpy(page_a, hot, len);
		bench_fence();
	}
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock_pair(unsigned long n)
{
	while (n--) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static int event;

static int event_setup(void)
{
	event = eventfd(0, EFD_NONBLOCK);
	return event < 0;
}

static void event_write(unsigned long n)
{
	uint64_t one = 1, got;

	while (n--)
		if (write(event, &one, 8) < 0 || read(event, &got, 8) < 0)
			return;
}

static int pair[2];

static int socket_setup(void)
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

/* Both directions in one thread: four system calls, the floor of any message. */
static void socket_trip(unsigned long n)
{
	char msg[64] = { 0 };

	while (n--)
		if (write(pair[0], msg, 32) < 0 || read(pair[1], msg, 32) < 0 ||
		    write(pair[1], msg, 32) < 0 || read(pair[0], msg, 32) < 0)
			return;
}

static atomic_int turn;
static pthread_t partner;

static void futex(atomic_int *addr, int op, int val)
{
	syscall(SYS_futex, addr, op, val, NULL, NULL, 0);
}

static void *futex_partner(void *arg)
{
	(void)arg;
	for (;;) {
		int t = atomic_load(&turn);

		if (t == 2)
			return NULL;
		if (t == 1) {
			atomic_store(&turn, 0);
			futex(&turn, FUTEX_WAKE_PRIVATE, 1);
		} else {
			futex(&turn, FUTEX_WAIT_PRIVATE, 0);
		}
	}
}

static int futex_setup(void)
{
	return pthread_create(&partner, NULL, futex_partner, NULL);
}

static void futex_teardown(void)
{
	atomic_store(&turn, 2);
	futex(&turn, FUTEX_WAKE_PRIVATE, 1);
	pthread_join(partner, NULL);
}

static void futex_trip(unsigned long n)
{
	while (n--) {
		atomic_store(&turn, 1);
		futex(&turn, FUTEX_WAKE_PRIVATE, 1);
		while (atomic_load(&turn) == 1)
			futex(&turn, FUTEX_WAIT_PRIVATE, 1);
	}
}

/* --- two processors: a cache line there, another one back --- */

static struct {
	atomic_ulong value;
	char rest[128 - sizeof(atomic_ulong)];
} there __attribute__((aligned(128))), back __attribute__((aligned(128)));

static void await(atomic_ulong *flag, unsigned long value)
{
	while (atomic_load_explicit(flag, memory_order_acquire) != value)
		__builtin_ia32_pause();
}

static void *flag_partner(void *arg)
{
	unsigned long i, n = *(unsigned long *)arg;

	for (i = 1; i <= n; i++) {
		await(&there.value, i);
		atomic_store_explicit(&back.value, i, memory_order_release);
	}
	return NULL;
}

static int flag_setup(void)
{
	return bench_other_cpu() < 0;
}

static void flag_trips(unsigned long first, unsigned long last)
{
	for (; first <= last; first++) {
		atomic_store_explicit(&there.value, first, memory_order_release);
		await(&back.value, first);
	}
}

/*
 * The same with what a slot of ACRN's page hands over: head, five words and state are in three lines,
 * and a word comes back.
 */
#define SLOT_HEAD 0
#define SLOT_WORD 8
#define SLOT_WORDS 5
#define SLOT_STATE 17

static atomic_ulong slot[32] __attribute__((aligned(256)));

static void *slot_partner(void *arg)
{
	unsigned long i, k, sum, n = *(unsigned long *)arg;

	for (i = 1; i <= n; i++) {
		await(&slot[SLOT_STATE], 2 * i - 1);
		sum = atomic_load_explicit(&slot[SLOT_HEAD], memory_order_relaxed);
		for (k = SLOT_WORD; k < SLOT_WORD + SLOT_WORDS; k++)
			sum += atomic_load_explicit(&slot[k], memory_order_relaxed);
		atomic_store_explicit(&slot[SLOT_WORD + 3], sum, memory_order_relaxed);
		atomic_store_explicit(&slot[SLOT_STATE], 2 * i, memory_order_release);
	}
	return NULL;
}

static void slot_trips(unsigned long first, unsigned long last)
{
	unsigned long k;

	for (; first <= last; first++) {
		atomic_store_explicit(&slot[SLOT_HEAD], first, memory_order_relaxed);
		for (k = SLOT_WORD; k < SLOT_WORD + SLOT_WORDS; k++)
			atomic_store_explicit(&slot[k], first, memory_order_relaxed);
		atomic_store_explicit(&slot[SLOT_STATE], 2 * first - 1, memory_order_release);
		await(&slot[SLOT_STATE], 2 * first);
		atomic_load_explicit(&slot[SLOT_WORD + 3], memory_order_relaxed);
	}
}

/* The first one waits for the thread. */
static double spin_timed(unsigned long n, void *(*other)(void *arg),
			 void (*trips)(unsigned long first, unsigned long last))
{
	unsigned long all = n + 1;
	pthread_t thread;
	double start;
	int failed;

	atomic_store(&there.value, 0);
	atomic_store(&back.value, 0);
	atomic_store(&slot[SLOT_STATE], 0);
	bench_pin(bench_other_cpu());
	failed = pthread_create(&thread, NULL, other, &all);
	bench_pin(-1);
	if (failed)
		return 0;
	trips(1, 1);
	start = bench_wall();
	trips(2, all);
	start = bench_wall() - start;
	pthread_join(thread, NULL);
	return start;
}

static double flag_timed(unsigned long n)
{
	return spin_timed(n, flag_partner, flag_trips);
}

static double slot_timed(unsigned long n)
{
	return spin_timed(n, slot_partner, slot_trips);
}

const struct bench_row rows_yard[] = {
	{ .name = "empty loop", .fn = empty_loop },
	{ .name = "direct call", .fn = direct_call },
	{ .name = "indirect call", .fn = indirect_call },
	{ .name = "PLT call", .fn = plt_call },
	{ .name = "memcpy(8)", .fn = memcpy_8 },
	{ .name = "memcpy(4096)", .fn = memcpy_4096 },
	{ .name = "lock pair", .fn = lock_pair },
	{ .name = "eventfd write + read", .fn = event_write, .setup = event_setup },
	{ .name = "socket round trip", .fn = socket_trip, .setup = socket_setup },
	{ .name = "futex round trip", .fn = futex_trip, .setup = futex_setup,
	  .teardown = futex_teardown },
	{ .name = "spinning flag round trip", .timed = flag_timed, .setup = flag_setup },
	{ .name = "spinning slot round trip", .timed = slot_timed, .setup = flag_setup },
};
const size_t num_rows_yard = sizeof(rows_yard) / sizeof(rows_yard[0]);
