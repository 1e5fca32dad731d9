/* SPDX-License-Identifier: MIT */
/*
 * Runs scripts on both cores and compares what is recorded of each step: what differs has to be in
 * rules.c, or the test fails and shows seed, step, the steps before it and both records.
 *
 *   diff [SPEC [SEED [STEPS]]]
 *
 * With VERBOSE in the environment every step is shown before it is done.
 */
#include "diff.h"

#define LAST 12

static struct diff_side real, ours;
static struct diff_record record[2];
static struct diff_vm vm[VMS];
static struct diff_step last[LAST];
static const char *spec;
static bool verbose;
static unsigned long steps, explained, again;

/* --- comparing --- */

static const struct diff_call *next_call(const struct diff_record *r, unsigned int *i, u32 kind)
{
	while (*i < r->calls && call_kind(r->call[*i].op) != kind)
		++*i;
	return *i < r->calls ? &r->call[(*i)++] : NULL;
}

static bool same_calls(const struct diff_record *a, const struct diff_record *b, u32 kind)
{
	const struct diff_call *of_a, *of_b;
	unsigned int i = 0, j = 0;

	do {
		of_a = next_call(a, &i, kind);
		of_b = next_call(b, &j, kind);
		if (!of_a != !of_b || (of_a && !same_call(of_a, of_b)))
			return false;
	} while (of_a);
	return true;
}

static u32 compare(const struct diff_record *a, const struct diff_record *b)
{
	u32 differs = 0, kind;

	for (kind = PLACES; kind <= LIFE; kind <<= 1)
		if (!same_calls(a, b, kind))
			differs |= kind;
	if (a->ret != b->ret)
		differs |= RET;
	if (a->value != b->value || a->host != b->host ||
	    memcmp(a->walk, b->walk, sizeof(a->walk)) ||
	    memcmp(a->ready, b->ready, sizeof(a->ready)))
		differs |= VALUE;
	if (a->failsafe != b->failsafe)
		differs |= FAILSAFE;
	if (a->mapped != b->mapped || a->mapped_sum != b->mapped_sum)
		differs |= MAPPED;
	if (a->tracked != b->tracked || a->tracked_sum != b->tracked_sum)
		differs |= TRACKED;
	return differs;
}

/* --- showing --- */

static void show_walk(const struct diff_record *r, const struct diff_record *other)
{
	unsigned int i, j;

	for (i = 0; i < SPACES; i++) {
		if (r->ready[i] || other->ready[i])
			printf("      space %u: ready %d\n", i, r->ready[i]);
		for (j = 0; j < PROBES; j++)
			if (r->walk[i][j] != other->walk[i][j])
				printf("      space %u: 0x%llx is at 0x%llx\n", i,
				       (unsigned long long)probe_address(j),
				       (unsigned long long)r->walk[i][j]);
	}
}

static void show(const char *name, const struct diff_record *r, const struct diff_record *other)
{
	char text[160];
	unsigned int i;

	printf("    %s: returned %d, value 0x%llx, host 0x%llx%s, ", name, r->ret,
	       (unsigned long long)r->value, (unsigned long long)r->host,
	       r->failsafe ? ", failsafe" : "");
	printf("%llu mapped, %llu tracked\n", (unsigned long long)r->mapped,
	       (unsigned long long)r->tracked);
	for (i = 0; i < r->calls && i < 40; i++) {
		record_describe(&r->call[i], text, sizeof(text));
		printf("      %s\n", text);
	}
	show_walk(r, other);
}

static void show_step(const char *name, u64 seed, unsigned long n, u32 differs)
{
	static const char *const kind[] = {
		"traps and frames", "DMA mappings", "tracking", "interrupts", "stores", "queries",
		"life", "the result", "the value", "failsafe", "all that is mapped",
		"all that is tracked",
	};
	unsigned int i;
	char text[160];

	printf("not ok %s: %s, SEED=%llu, step %lu: not explained:", spec, name,
	       (unsigned long long)seed, n);
	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
		if (differs & 1U << i)
			printf(" %s;", kind[i]);
	printf("\n");
	for (i = 0; i < LAST; i++) {
		script_describe(&last[(steps + i) % LAST], text, sizeof(text));
		printf("  %s%s\n", i == LAST - 1 ? "> " : "  ", text);
	}
	show("real", &record[0], &record[1]);
	show("ours", &record[1], &record[0]);
}

static void show_next(const struct diff_step *s, unsigned long n)
{
	char text[160];

	script_describe(s, text, sizeof(text));
	printf("# %lu %s\n", n, text);
}

/* --- what rules depend on --- */

static u32 cfg(unsigned int v, unsigned int at)
{
	u32 value = 0;

	recording = &ours;
	ours.ops->emulate_cfg_read(ours.vgpu[v], at, &value, 4);
	return value;
}

static u32 pipes(unsigned int v)
{
	u32 on = 0, value, i;

	for (i = 0; i < 3; i++) {
		value = 0;
		mpt_guest_read(ours.vm[v], (vm[v].bar0_at & ~0xfULL) + 0x70008 + 0x1000 * i,
			       &value, 4);
		on |= (value >> 31) << i;
	}
	return on;
}

static void before(const struct diff_step *s)
{
	struct diff_vm *v = &vm[s->vm];

	v->there = ours.vgpu[s->vm];
	if (!v->there)
		return;
	v->command = cfg(s->vm, 4);
	v->bar0 = cfg(s->vm, 0x10);
	v->bar2 = cfg(s->vm, 0x18);
	v->bar0_at = (u64)cfg(s->vm, 0x14) << 32 | v->bar0;
	v->bar2_at = (u64)cfg(s->vm, 0x1c) << 32 | v->bar2;
	if (s->op == FLIP)
		v->pipes = pipes(s->vm);
}

/* A whole write does not end what the real core waits for, nor does a reset. */
static void entry_written(struct diff_vm *v, const struct diff_step *s)
{
	u8 *entry = &v->entry[s->at / 8 % ENTRIES], bit = s->at & 4 ? HALF_HIGH : HALF_LOW;
	const u8 halves = HALF_LOW | HALF_HIGH;

	*entry = (*entry & ~ENTRY_SURVIVES) | ENTRY_WRITTEN;
	if (s->len == 8)
		*entry |= *entry & halves ? HALF_STALE : 0;
	else if (*entry & halves & ~bit)
		*entry &= ~halves;
	else
		*entry |= bit;
}

static void tables_reset(struct diff_vm *v)
{
	unsigned int i;

	v->resumed = v->d3 && v->announced;
	if (!v->d3) {
		v->announced = 0;
		memset(v->times, 0, sizeof(v->times));
		v->no_ram = v->unseen = false;
	}
	v->d3 = false;
	for (i = 0; i < ENTRIES; i++) {
		v->entry[i] |= v->entry[i] & ENTRY_WRITTEN ? ENTRY_SURVIVES : 0;
		v->entry[i] |= v->entry[i] & (HALF_LOW | HALF_HIGH) ? HALF_STALE : 0;
	}
}

static void table_written(struct diff_vm *v, const struct diff_step *s)
{
	u64 frame = (s->at - FRAME(0)) >> 12;

	v->no_ram |= frame < FRAMES && (s->value & ~0xfffULL) == NO_RAM;
	v->unseen |= frame < FRAMES && v->failsafe;
}

static void announced(struct diff_vm *v, const struct diff_step *s)
{
	unsigned int *times = &v->times[s->at];

	if (s->value == 2 || s->value == 4)
		++*times;
	else if (*times)
		--*times;
	v->announced = (v->announced & ~(1U << s->at)) | (u32)!!*times << s->at;
	v->no_ram &= !!v->announced;
	v->unseen &= !!v->announced;
	v->resumed &= !!v->announced;
}

static void after(const struct diff_step *s)
{
	struct diff_vm *v = &vm[s->vm];

	if (s->op == CREATE || s->op == DESTROY)
		memset(v, 0, sizeof(*v));
	if (!v->there)
		return;
	v->failsafe = record[1].failsafe;
	if (s->op == GTT_WRITE && v->command & 2 && !record[1].ret)
		entry_written(v, s);
	if (s->op == RESET)
		tables_reset(v);
	if (s->op == CFG_WRITE && s->at == 0xd4 && (record[1].value & 3) == 3)
		v->d3 = true;
	v->d3 &= s->op != RELEASE;
	v->pcode |= s->op == BAR0_WRITE && s->at == 0x138124 && s->value >> 31 & 1;
	if (s->op == RAM_WRITE && v->announced)
		table_written(v, s);
	if (s->op == NOTIFY && v->command & 2 && !v->failsafe)
		announced(v, s);
}

/* --- running --- */

static u32 explain(const struct diff_step *s, u32 differs, bool *anew)
{
	struct diff_view view = { s, &vm[s->vm], &record[0], &record[1], differs, false };
	struct diff_rule *rule;
	u32 left = differs;

	*anew = false;
	if (s->op == WALK)
		view.ours_true = side_walk_is_true(&ours, s->vm, &record[1], (u32)s->value);
	for (rule = diff_rules; rule->where && left; rule++) {
		if (!(rule->mask & left) || !rule->applies(&view))
			continue;
		left &= ~rule->mask;
		rule->fired++;
		*anew |= rule->again;
	}
	return left;
}

/* 0: alike, or explained; 1: both were made anew; -1: not explained. */
static int step(const struct diff_step *given, const char *name, u64 seed, unsigned long n)
{
	struct diff_step s = *given;
	bool anew = false;
	u32 differs;

	/* Where its interrupt cannot be read a monitor does not come: it would show in a later step. */
	if (s.op == HOTPLUG && !(vm[s.vm].command & 2))
		s.op = ACTIVATE;
	last[steps++ % LAST] = s;
	if (verbose)
		show_next(&s, n);
	before(&s);
	if (s.op == WALK)
		s.value = vm[s.vm].failsafe ? 0 : vm[s.vm].announced;
	side_step(&real, &s, &record[0], NULL);
	side_step(&ours, &s, &record[1], &real.place[s.vm]);
	differs = compare(&record[0], &record[1]);
	/* Alike is not enough where guest memory says what is right. */
	if (s.op == WALK && !differs &&
	    !side_walk_is_true(&ours, s.vm, &record[1], (u32)s.value)) {
		show_step("both are wrong", seed, n, VALUE);
		return -1;
	}
	if (differs) {
		explained += !!(differs & ~QUERIES);
		differs = explain(&s, differs, &anew);
	}
	if (differs) {
		show_step(name, seed, n, differs);
		return -1;
	}
	after(&s);
	return anew;
}

static int fresh(unsigned int v, const char *name, u64 seed, unsigned long n)
{
	const struct diff_step s = { .op = CREATE, .vm = (u8)v };

	again++;
	side_drop(&real, v);
	side_drop(&ours, v);
	return step(&s, name, seed, n);
}

static int script_run(const struct diff_script *script)
{
	unsigned long n;
	int ret;

	if (fresh(0, script->name, 0, 0) < 0)
		return -1;
	for (n = 0; n < script->steps; n++) {
		ret = step(&script->step[n], script->name, 0, n);
		if (ret < 0 || (ret && fresh(script->step[n].vm, script->name, 0, n) < 0))
			return -1;
	}
	return 0;
}

static int seed_run(u64 seed, unsigned long count)
{
	struct script *g = script_new(seed);
	struct diff_step s;
	unsigned long n;
	int ret = 0;

	for (n = 0; n < VMS && ret >= 0; n++) {
		ret = fresh((unsigned int)n, "generated", seed, 0);
		script_fresh(g, (unsigned int)n);
	}
	for (n = 0; n < count && ret >= 0; n++) {
		script_next(g, &s);
		ret = step(&s, "generated", seed, n);
		if (ret > 0) {
			ret = fresh(s.vm, "generated", seed, n);
			script_fresh(g, s.vm);
		}
	}
	free(g);
	return ret;
}

/* --- the program --- */

static int run_all(u64 seed, unsigned long count, unsigned int seeds, unsigned int *failed)
{
	const struct diff_script *script;
	unsigned int passed = 0;

	for (script = diff_scripts; script->name; script++)
		++*(script_run(script) < 0 ? failed : &passed);
	for (; seeds; seeds--, seed++)
		++*(seed_run(seed, count) < 0 ? failed : &passed);
	return passed;
}

/* A rule that never was the reason is not known to be true any more. */
static unsigned int stale_rules(void)
{
	const struct diff_rule *rule;
	unsigned int n = 0;

	for (rule = diff_rules; rule->where; rule++) {
		if (rule->fired)
			continue;
		printf("not ok a rule that never applied: %s: %s\n", rule->where, rule->real);
		n++;
	}
	return n;
}

#define SEEDS 6
#define STEPS 10000

static int run_spec(const char *with, u64 seed, unsigned long count, unsigned int seeds,
		    unsigned int *failed)
{
	int passed;

	spec = with;
	if (side_open(&real, &real_core, spec) || side_open(&ours, &our_core, spec)) {
		printf("not ok %s: %s\n", spec, mpt_last_error());
		++*failed;
		return 0;
	}
	memset(vm, 0, sizeof(vm));
	passed = run_all(seed, count, seeds, failed);
	side_close(&ours);
	side_close(&real);
	return passed;
}

/* Stores trap before they are performed, and after. 2 MiB are as the core has them: never one. */
static const char *const specs[] = { "mock:contig=no", "mock:contig=no,trap=after" };
#define SPECS (sizeof(specs) / sizeof(specs[0]))

int main(int argc, char **argv)
{
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 0) : STEPS;
	unsigned int failed = 0, passed = 0, i;

	verbose = getenv("VERBOSE");
	for (i = 0; i < SPECS && argc <= 1; i++)
		passed += run_spec(specs[i], 1 + SEEDS * i, count, SEEDS, &failed);
	if (argc > 1)
		passed = run_spec(argv[1], seed, count, argc > 2 ? 1 : SEEDS, &failed);
	else if (!failed)
		failed += stale_rules();
	printf("%lu steps, %lu of them differ as the table says, %lu times both were made anew\n",
	       steps, explained, again);
	printf("diff: %u passed, %u failed, 0 skipped\n", passed, failed);
	return failed || !passed;
}
