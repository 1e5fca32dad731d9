/* SPDX-License-Identifier: MIT */
/*
 * Steps that submit one context at a time and look at memory: each kind of command on each engine,
 * a ring that goes round, page tables that change in between.
 */
#include "guest_priv.h"

#define A 0x123456789abcdef0ULL
#define B 0x0fedcba987654321ULL

/* --- batches --- */

/* Each kind of leaf gets a value, in its middle. */
static void stores(struct guest *g, struct guest_cs *cs, u32 n)
{
	guest_cs_store(cs, G_VA_4K + 0x40 * n, 0x4000 + n);
	guest_cs_store64(cs, G_VA_4K + 0x40 * n + 8, B + n);
	guest_cs_store(cs, G_VA_64K + 0x3008 + 0x40 * n, 0x6400 + n);
	guest_cs_store(cs, G_VA_64K + 0xff00 + 4 * n, 0x6500 + n);
	guest_cs_store(cs, G_VA_2M + 0x123450 + 0x40 * n, 0x2000 + n);
	guest_cs_store(cs, G_VA_2M + 0x1fff00 + 4 * n, 0x2100 + n);
	guest_cs_store(cs, guest_va_far(&g->vm[0]) + 0xf00 + 4 * n, 0xfa00 + n);
}

static void stores_check(struct guest *g, const char *name, u32 n)
{
	guest_expect(g, guest_ram32(g, g->data4k + 0x40 * n), 0x4000 + n, "%s: 4 KiB page", name);
	guest_expect(g, guest_ram64(g, g->data4k + 0x40 * n + 8), B + n, "%s: 8 bytes", name);
	guest_expect(g, guest_ram32(g, g->data64k + 0x3008 + 0x40 * n), 0x6400 + n,
		     "%s: 64 KiB page", name);
	guest_expect(g, guest_ram32(g, g->data64k + 0xff00 + 4 * n), 0x6500 + n,
		     "%s: end of a 64 KiB page", name);
	guest_expect(g, guest_ram32(g, g->data2m + 0x123450 + 0x40 * n), 0x2000 + n,
		     "%s: 2 MiB page", name);
	guest_expect(g, guest_ram32(g, g->data2m + 0x1fff00 + 4 * n), 0x2100 + n,
		     "%s: end of a 2 MiB page", name);
	guest_expect(g, guest_ram32(g, g->far + 0xf00 + 4 * n), 0xfa00 + n, "%s: far address",
		     name);
}

static const struct {
	const char *name;
	u32 op;
	u64 result;
} sums[] = {
	{ "add", G_ALU_ADD, A + B }, { "sub", G_ALU_SUB, A - B }, { "and", G_ALU_AND, A & B },
	{ "or", G_ALU_OR, A | B },   { "xor", G_ALU_XOR, A ^ B },
};

#define RESULTS (G_VA_4K + 0x800)

static void arithmetic(const struct guest_engine *e, struct guest_cs *cs)
{
	u32 i;

	guest_cs_lri64(cs, guest_gpr(e, 0), A);
	guest_cs_lri64(cs, guest_gpr(e, 1), B);
	for (i = 0; i < G_ARRAY(sums); i++) {
		guest_cs_math(cs, sums[i].op, 0, 1, 2 + i);
		guest_cs_srm64(cs, guest_gpr(e, 2 + i), RESULTS + 8 * i);
	}
}

/* Memory to register, to another register, to memory, to memory. */
static void copies(const struct guest_engine *e, struct guest_cs *cs)
{
	guest_cs_store(cs, RESULTS + 0x100, 0xc0ffee00);
	guest_cs_lrm(cs, guest_gpr(e, 8), RESULTS + 0x100);
	guest_cs_lrr(cs, guest_gpr(e, 8), guest_gpr(e, 9));
	guest_cs_srm(cs, guest_gpr(e, 9), RESULTS + 0x104);
	guest_cs_copy(cs, RESULTS + 0x104, RESULTS + 0x108);
}

static void work(struct guest *g, u32 n)
{
	struct guest_engine *e = &g->engine[n];
	const char *name = e->info->name;
	u32 i;

	guest_cs_begin(&g->cs);
	stores(g, &g->cs, n);
	arithmetic(e, &g->cs);
	copies(e, &g->cs);
	guest_exec(g, g->work[n], &g->cs);
	stores_check(g, name, n);
	for (i = 0; i < G_ARRAY(sums); i++) {
		guest_expect(g, guest_ram64(g, g->data4k + 0x800 + 8 * i), sums[i].result, "%s: %s",
			     name, sums[i].name);
		guest_ram64_set(g, g->data4k + 0x800 + 8 * i, 0);
	}
	guest_expect(g, guest_ram32(g, g->data4k + 0x904), 0xc0ffee00, "%s: register copied", name);
	guest_expect(g, guest_ram32(g, g->data4k + 0x908), 0xc0ffee00, "%s: memory copied", name);
	guest_ram32_set(g, g->data4k + 0x904, 0);
	guest_ram32_set(g, g->data4k + 0x908, 0);
}

#define TIMESTAMP(e) ((e)->info->base + 0x358)

static void timestamps(struct guest *g, u32 n)
{
	struct guest_engine *e = &g->engine[n];
	u64 first, second;

	guest_cs_begin(&g->cs);
	guest_cs_srm64(&g->cs, TIMESTAMP(e), RESULTS + 0x110);
	guest_cs_srm64(&g->cs, TIMESTAMP(e), RESULTS + 0x118);
	guest_exec(g, g->work[n], &g->cs);
	/* The upper half is 4 bits wide. */
	first = guest_ram64(g, g->data4k + 0x910) & 0xfffffffffULL;
	second = guest_ram64(g, g->data4k + 0x918) & 0xfffffffffULL;
	guest_check(g, first, first, "timestamp", "a running clock");
	guest_check(g, second >= first, second, "second timestamp", "not before the first");
}

/* A batch that goes on in another page, which the end ends. */
static void chain(struct guest *g, u32 n)
{
	guest_cs_begin(&g->cs);
	guest_cs_store(&g->cs, G_VA_4K + 0xa00, 0xcafe0000 + n);
	guest_cs_end(&g->cs);
	guest_ram_write(g, g->batch + 3 * G_PAGE + 8, g->cs.dw, 4 * g->cs.n);
	guest_cs_begin(&g->cs);
	guest_cs_jump(&g->cs, G_VA_BATCH + 3 * G_PAGE + 8);
	guest_cs_store(&g->cs, G_VA_4K + 0xa00, 0xbad);
	guest_exec(g, g->work[n], &g->cs);
	guest_expect(g, guest_ram32(g, g->data4k + 0xa00), 0xcafe0000 + n, "%s: chained batch",
		     g->engine[n].info->name);
}

void guest_step_batches(struct guest *g)
{
	u32 n;

	for (n = 0; n < G_NUM_ENGINES && !g->failed; n++) {
		work(g, n);
		timestamps(g, n);
		chain(g, n);
	}
}

/* --- wrap --- */

/* A ring of one page holds some twenty requests. */
void guest_step_wrap(struct guest *g)
{
	u32 n, i, rounds;

	for (n = 0; n < G_NUM_ENGINES; n++) {
		struct guest_ctx *ctx = g->other[n];

		for (rounds = 0, i = 0; rounds < 2 && i < 200 && !g->failed; i++) {
			u32 before = ctx->tail;

			guest_cs_begin(&g->cs);
			guest_cs_store(&g->cs, G_VA_4K + 0x200, i);
			guest_exec(g, ctx, &g->cs);
			guest_expect(g, guest_ram32(g, g->data1 + 0x200), i,
				     "%s: store before and after the wrap", ctx->e->info->name);
			rounds += ctx->tail < before;
		}
	}
}

/* --- tables --- */

/* A batch stores to the address that moves; the page that should have it, has it, and only that. */
static void stored(struct guest *g, u64 va, u64 page, u64 old, u32 value, const char *what)
{
	guest_ram32_set(g, page + 0x10, 0);
	guest_ram32_set(g, old + 0x10, 0);
	guest_cs_begin(&g->cs);
	guest_cs_store(&g->cs, va + 0x10, value);
	guest_exec(g, g->work[G_RCS], &g->cs);
	guest_expect(g, guest_ram32(g, page + 0x10), value, "%s: the new page", what);
	guest_expect(g, guest_ram32(g, old + 0x10), 0, "%s: the old page", what);
}

/* By one store, by two halves, to scratch and back, and with another table above. */
static void move_leaf(struct guest *g, u64 one, u64 two)
{
	struct guest_vm *vm = &g->vm[0];
	u64 pte = guest_vm_entry(g, vm, G_VA_MOVE, 1);

	guest_ram64_set(g, pte, guest_vm_pte(one));
	stored(g, G_VA_MOVE, one, two, 0x701, "entry");
	guest_ram64_set(g, pte, guest_vm_pte(two));
	stored(g, G_VA_MOVE, two, one, 0x702, "entry changed");
	guest_ram32_set(g, pte, (u32)guest_vm_pte(one));
	guest_ram32_set(g, pte + 4, (u32)(guest_vm_pte(one) >> 32));
	stored(g, G_VA_MOVE, one, two, 0x703, "entry changed by halves");
	guest_ram64_set(g, pte, guest_vm_pte(vm->scratch[0]));
	stored(g, G_VA_MOVE, vm->scratch[0], one, 0x704, "entry to scratch");
	guest_ram64_set(g, pte, guest_vm_pte(two));
	stored(g, G_VA_MOVE, two, vm->scratch[0], 0x705, "entry back");
}

/* The directory entry leads to a copy of the table in which the page is another one. */
static void move_table(struct guest *g, u64 one, u64 two)
{
	struct guest_vm *vm = &g->vm[0];
	u64 pde = guest_vm_entry(g, vm, G_VA_MOVE, 2), old = guest_ram64(g, pde);
	u64 table = guest_alloc(g, 1, 1), page[512], i = G_VA_MOVE / G_PAGE % 512;

	guest_ram_read(g, old & ~0xfffULL, page, sizeof(page));
	page[i] = guest_vm_pte(one);
	guest_ram_write(g, table, page, sizeof(page));
	guest_ram64_set(g, pde, table | (old & 0xfff));
	stored(g, G_VA_MOVE, one, two, 0x706, "another table");
	/* The old one is memory like any other now. */
	guest_ram64_set(g, (old & ~0xfffULL) + 8 * i, ~0ULL);
	stored(g, G_VA_MOVE, one, two, 0x707, "the table before is written");
	guest_ram64_set(g, table + 8 * i, guest_vm_pte(two));
	stored(g, G_VA_MOVE, two, one, 0x708, "the other table changes");
}

/* What was one large page becomes a table of small ones. */
static void split(struct guest *g, u64 one)
{
	struct guest_vm *vm = &g->vm[0];
	u64 pde = guest_vm_entry(g, vm, G_VA_2M, 2), old = guest_ram64(g, pde);
	u64 table = guest_alloc(g, 1, 1), page[512], i;

	for (i = 0; i < 512; i++)
		page[i] = guest_vm_pte(i == 7 ? one : g->data2m + i * G_PAGE);
	guest_ram_write(g, table, page, sizeof(page));
	guest_ram64_set(g, pde, table | (guest_vm_pte(0) & 3));
	stored(g, G_VA_2M + 7 * G_PAGE, one, g->data2m + 7 * G_PAGE, 0x709, "2 MiB page split");
	stored(g, G_VA_2M + 8 * G_PAGE, g->data2m + 8 * G_PAGE, one, 0x70a, "2 MiB page split");
	guest_ram64_set(g, pde, old);
	stored(g, G_VA_2M + 7 * G_PAGE, g->data2m + 7 * G_PAGE, one, 0x70b, "2 MiB page again");
}

#define MANY 512U /* entries: a whole table */
#define PLACES 8U /* pages they lead to */

/* Stores to each page of a table whose entries were all written one by one. */
static void many(struct guest *g, const u64 *page, u32 turn)
{
	struct guest_vm *vm = &g->vm[0];
	u32 i;

	for (i = 0; i < MANY; i++)
		guest_vm_map(g, vm, G_VA_MANY + (u64)i * G_PAGE, page[(i + turn) % PLACES], 1);
	guest_cs_begin(&g->cs);
	for (i = 0; i < MANY; i++)
		guest_cs_store(&g->cs, G_VA_MANY + (u64)i * G_PAGE + 4 * i, turn << 16 | i);
	guest_exec(g, g->work[G_RCS], &g->cs);
	for (i = 0; i < MANY; i++)
		guest_expect(g, guest_ram32(g, page[(i + turn) % PLACES] + 4 * i), turn << 16 | i,
			     "entry %u of a whole table", i);
}

void guest_step_tables(struct guest *g)
{
	u64 one = guest_alloc(g, 1, 1), two = guest_alloc(g, 1, 1), page[PLACES];
	u32 i;

	move_leaf(g, one, two);
	move_table(g, one, two);
	split(g, one);
	for (i = 0; i < PLACES; i++)
		page[i] = guest_alloc(g, 1, 1);
	for (i = 0; i < 4; i++)
		many(g, page, i);
}
