/* SPDX-License-Identifier: MIT */
/*
 * make bench: times all rows in turn in one process, round by round, and compares each with its
 * yardstick of the same round. A gate is a ratio or an instruction count, never a time of its own.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mpt/host.h>

#include "bench.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

#define ROUNDS 15
#define ROWS_MAX 64
#define TARGET_NS 1500000.0 /* a row's share of a round */
#define REFERENCE_NS 5.0 /* memcpy(8) on the machine the figures in ns stand for */

struct result {
	const struct bench_row *row;
	unsigned long n;
	double ns[ROUNDS];
	double median;
	double limit; /* what the gate allows; of times the median over the rounds */
	double ratio; /* median over the rounds of ns / limit */
	unsigned long instructions;
	bool there, gated, met;
};

static struct result results[ROWS_MAX];
static size_t num_results;

double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

double bench_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static cpu_set_t allowed;
static int home;

int bench_other_cpu(void)
{
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (cpu != home && CPU_ISSET(cpu, &allowed))
			return cpu;
	return -1;
}

void bench_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? home : cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Counted page by page, unlike /proc/self/statm, which may be off by dozens of pages. */
double bench_anonymous_kib(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	double kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Anonymous: %lf", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static double time_row(const struct result *r)
{
	unsigned int scale = r->row->scale ? r->row->scale : 1;
	double start, ns;

	if (r->row->timed)
		return r->row->timed(r->n) / (double)r->n / scale;
	if (r->row->warm)
		r->row->fn(1);
	start = bench_now();
	r->row->fn(r->n);
	ns = bench_now() - start;
	return ns / (double)r->n / scale;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *v, size_t n)
{
	double copy[ROUNDS];

	memcpy(copy, v, n * sizeof(*v));
	qsort(copy, n, sizeof(*copy), by_value);
	return copy[n / 2];
}

static struct result *find(const char *name)
{
	size_t i;

	for (i = 0; i < num_results; i++)
		if (!strcmp(results[i].row->name, name))
			return &results[i];
	return NULL;
}

static void add_rows(const struct bench_row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n && num_results < ROWS_MAX; i++) {
		struct result *r = &results[num_results++];

		r->row = &rows[i];
		r->there = !rows[i].setup || !rows[i].setup();
	}
}

static void calibrate(struct result *r)
{
	double ns;

	r->n = r->row->slow ? 2 : 64;
	time_row(r);
	ns = time_row(r) * (r->row->scale ? r->row->scale : 1);
	r->n = (unsigned long)(TARGET_NS / (ns > 0.1 ? ns : 0.1)) + 1;
}

static void run_rounds(void)
{
	size_t i;
	int round;

	for (i = 0; i < num_results; i++)
		if (results[i].there && !results[i].row->amount)
			calibrate(&results[i]);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < num_results; i++)
			if (results[i].there && !results[i].row->amount)
				results[i].ns[round] = time_row(&results[i]);
}

static void judge_amount(struct result *r)
{
	r->median = r->row->amount();
	r->limit = r->row->most;
	r->gated = true;
	r->met = r->median <= r->limit;
}

static void judge(struct result *r)
{
	struct result *yard = find(r->row->yard ? r->row->yard : "memcpy(8)");
	struct result *unit = find("memcpy(8)");
	double limit[ROUNDS], ratio[ROUNDS];
	int i;

	if (r->row->amount) {
		judge_amount(r);
		return;
	}
	r->median = median(r->ns, ROUNDS);
	r->gated = r->row->factor > 0 || r->row->plus > 0 || r->row->instructions;
	r->met = true;
	if (r->row->factor > 0 || r->row->plus > 0) {
		for (i = 0; i < ROUNDS; i++) {
			limit[i] = r->row->factor * yard->ns[i] +
				   r->row->plus / REFERENCE_NS * unit->ns[i];
			ratio[i] = r->ns[i] / limit[i];
		}
		r->limit = median(limit, ROUNDS);
		r->ratio = median(ratio, ROUNDS);
		r->met = r->ratio <= 1.0;
	}
	if (r->row->instructions) {
		r->instructions = bench_instructions(r->row->fn);
		r->met &= r->instructions <= r->row->instructions;
	}
}

static void gate_text(const struct bench_row *row, char *buf, size_t len)
{
	int n = 0;

	buf[0] = '\0';
	if (row->amount)
		snprintf(buf, len, "%.6g %s", row->most, row->unit);
	if (row->factor > 0)
		n = snprintf(buf, len, "%.4gx %s", row->factor,
			     row->yard ? row->yard : "memcpy(8)");
	if (row->plus > 0)
		n += snprintf(buf + n, len - (size_t)n, "%s%.6g ns", n ? " + " : "", row->plus);
	if (row->instructions)
		snprintf(buf + n, len - (size_t)n, "%s%u instr.", n ? ", " : "", row->instructions);
}

static unsigned int print_table(void)
{
	unsigned int missed = 0;
	char gate[96], instr[24];
	size_t i;

	printf("%-34s %11s %11s %6s  %s\n", "row", "ns", "allowed", "",
	       "gate (ns: where memcpy(8) is 5)");
	for (i = 0; i < num_results; i++) {
		const struct result *r = &results[i];

		if (!r->there) {
			printf("%-34s %11s\n", r->row->name, "cannot here");
			continue;
		}
		gate_text(r->row, gate, sizeof(gate));
		instr[0] = '\0';
		if (r->row->instructions)
			snprintf(instr, sizeof(instr), " (%lu)", r->instructions);
		if (!r->gated)
			printf("%-34s %11.2f\n", r->row->name, r->median);
		else
			printf("%-34s %11.2f %11.2f %6s  %s%s\n", r->row->name, r->median, r->limit,
			       r->met ? "ok" : "MISSED", gate, instr);
		missed += r->gated && !r->met;
	}
	return missed;
}

#ifdef HAVE_JANSSON
static int write_json(const char *path)
{
	json_t *list = json_array();
	size_t i;
	int ret;

	for (i = 0; i < num_results; i++) {
		const struct result *r = &results[i];
		char gate[96];

		gate_text(r->row, gate, sizeof(gate));
		if (r->there)
			json_array_append_new(
				list, json_pack("{s:s, s:f, s:s, s:f, s:i, s:s, s:b, s:b}", "name",
						r->row->name, "value", r->median, "unit",
						r->row->unit ? r->row->unit : "ns", "allowed",
						r->limit, "instructions", (int)r->instructions,
						"gate", gate, "gated", r->gated, "met", r->met));
	}
	ret = json_dump_file(list, path, JSON_INDENT(2));
	json_decref(list);
	return ret;
}
#else
static int write_json(const char *path)
{
	fprintf(stderr, "%s: built without jansson (install libjansson-dev)\n", path);
	return -1;
}
#endif

int main(int argc, char **argv)
{
	const char *json = argc > 2 && !strcmp(argv[1], "--json") ? argv[2] : NULL;
	unsigned int missed;
	size_t i;

	if (argc > 1 && !json) {
		fprintf(stderr, "usage: bench [--json FILE]\nexit status 1: a gate was missed\n");
		return 2;
	}
	sched_getaffinity(0, sizeof(allowed), &allowed);
	home = sched_getcpu();
	bench_pin(-1);
	for (i = 0; bench_sets[i].rows; i++)
		add_rows(bench_sets[i].rows, *bench_sets[i].num);
	run_rounds();
	for (i = 0; i < num_results; i++)
		if (results[i].there)
			judge(&results[i]);
	missed = print_table();
	printf("\nlibmpt %s, %d rounds, medians of CPU time; %u gate%s missed\n", mpt_version(),
	       ROUNDS, missed, missed == 1 ? "" : "s");
	for (i = num_results; i-- > 0;)
		if (results[i].there && results[i].row->teardown)
			results[i].row->teardown();
	return json && write_json(json) ? 2 : missed != 0;
}
