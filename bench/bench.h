/* SPDX-License-Identifier: MIT */
/*
 * The benchmark's rows: what is timed, against which yardstick of the same run, and the gate. Rows
 * are data; the harness (bench.c) times them in turn, round by round.
 */
#ifndef MPT_BENCH_H
#define MPT_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Runs @n iterations of the row. */
typedef void (*bench_fn)(unsigned long n);

/**
 * struct bench_row - one thing that is timed.
 * @name: as in the table
 * @fn: n iterations
 * @setup: called once before the first round, may be NULL; nonzero: the row is left out
 * @teardown: called once at the end, may be NULL
 * @yard: name of the row it is measured against; NULL: memcpy(8)
 * @factor: gate: ns <= factor x yardstick + plus
 * @plus: ns on a machine where memcpy(8) takes 5 ns (DESIGN: a figure in ns stands for that)
 * @instructions: gate on the instruction count of one iteration, 0: none
 * @scale: operations an iteration stands for, 0: 1
 * @slow: one iteration is longer than 10 us: fewer of them
 * @warm: one iteration more before, which is not timed: what the others work on has turned its
 *	memory out of the caches, and the iterations of a round are too few to make up for it
 * @timed: instead of @fn, where an iteration is more than what is timed: ns of @n iterations
 * @amount: instead of both: something that is no time, found out once, in @unit
 * @most: gate of an @amount
 */
struct bench_row {
	const char *name;
	bench_fn fn;
	int (*setup)(void);
	void (*teardown)(void);
	const char *yard;
	double factor;
	double plus;
	unsigned int instructions;
	unsigned int scale;
	bool slow, warm;
	double (*timed)(unsigned long n);
	double (*amount)(void);
	const char *unit;
	double most;
};

/*
 * Where a row of 8-byte accesses goes: "hot" is BENCH_HOT words scattered over 4 pages, the same
 * for the yardstick and for what is measured against it.
 */
#define BENCH_HOT 64
#define BENCH_HOT_SIZE 16384
extern const uint16_t bench_hot[BENCH_HOT];

/* CPU time of the process, and time, ns. */
double bench_now(void);
double bench_wall(void);

/*
 * All rows run on one processor. bench_other_cpu(): another one, for a row's second thread that
 * spins, -1: there is none. bench_pin(): the caller, and threads that it makes, go there; -1: back.
 */
int bench_other_cpu(void);
void bench_pin(int cpu);

/* Memory of the process that is there and backed by no file, KiB; 0: cannot tell. */
double bench_anonymous_kib(void);

extern const struct bench_row rows_yard[];
extern const struct bench_row rows_mem[];
extern const struct bench_row rows_layers[];
extern const struct bench_row rows_gvt[];
extern const struct bench_row rows_submit[];
extern const struct bench_row rows_vfu[];
extern const struct bench_row rows_acrn[];
extern const struct bench_row rows_kvm[];
extern const struct bench_row rows_ppgtt[];
extern const struct bench_row rows_blit[];
extern const size_t num_rows_yard, num_rows_mem, num_rows_layers, num_rows_gvt, num_rows_submit,
	num_rows_vfu, num_rows_acrn, num_rows_kvm, num_rows_ppgtt, num_rows_blit;

/* What a program times, in this order; NULL ends. */
struct bench_set {
	const struct bench_row *rows;
	const size_t *num;
};
extern const struct bench_set bench_sets[];

/* Instructions of one iteration of a row, by single-stepping a child; 0: cannot here. */
unsigned long bench_instructions(bench_fn fn);

/* Keeps the compiler from dropping a value or moving code across. */
#define bench_use(x) __asm__ volatile("" : : "r"(x) : "memory")
#define bench_fence() __asm__ volatile("" : : : "memory")

#endif
