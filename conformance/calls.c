/* SPDX-License-Identifier: MIT */
/*
 * The last calls of each thread, kept for the report of a clause that fails: operations, what the
 * guest did, what the core was told. Who notes them is record.c, core.c and the macros of env.h.
 */
#define CF_CALLS_KEEPER
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "env.h"

/* No two threads share one, so keeping them orders nothing between threads. */
/* A module has no thread-local data: there the calls of all threads stand in one list. */
#ifdef __KERNEL__
#define PER_THREAD
#else
#define PER_THREAD _Thread_local
#endif

static PER_THREAD struct cf_calls own;
static PER_THREAD struct cf_calls *kept;
/* Where calls go that say nothing about what went wrong. */
static PER_THREAD struct cf_calls aside;
static PER_THREAD bool pause;

static struct cf_calls *mine(void)
{
	if (pause)
		return &aside;
	return kept ? kept : &own;
}

void cf_calls_pause(bool on)
{
	pause = on;
}

void cf_calls_keep(struct cf_calls *calls)
{
	kept = calls;
}

void cf_calls_forget(void)
{
	mine()->n = 0;
}

void cf_calls_copy(struct cf_calls *to)
{
	*to = *mine();
}

u64 cf_call_begin(enum cf_call_kind kind, const char *name, const char *args, const u64 *value,
		  u32 pointers, unsigned int n)
{
	struct cf_calls *calls = mine();
	struct cf_call *c = &calls->call[calls->n % CF_CALLS];
	unsigned int i;

	*c = (struct cf_call){ .kind = kind, .name = name, .args = args, .pointers = pointers };
	for (i = 0; i < n && i < CF_CALL_ARGS; i++)
		c->value[i] = value[i];
	return calls->n++;
}

/* Nothing if so much happened inside that it is no longer kept. */
static struct cf_call *find(u64 number)
{
	struct cf_calls *calls = mine();

	return calls->n - number <= CF_CALLS ? &calls->call[number % CF_CALLS] : NULL;
}

void cf_call_end(u64 number, u64 answer)
{
	struct cf_call *c = find(number);

	if (!c)
		return;
	c->answer = answer;
	c->over = true;
}

void cf_call_out(u64 value)
{
	struct cf_calls *calls = mine();
	struct cf_call *c = calls->n ? find(calls->n - 1) : NULL;

	if (c) {
		c->out = value;
		c->has_out = true;
	}
}

/* --- the guest's and the device's side --- */

/* @args: names of the arguments, the values of the numbers among them in their order. */
static u64 begin(const char *name, const char *args, u64 a, u64 b, u64 c, u32 pointers)
{
	const u64 value[] = { a, b, c };

	return cf_call_begin(CF_CALL_INT, name, args, value, pointers, 3);
}

static int end(u64 number, int answer)
{
	cf_call_end(number, (u64)answer);
	return answer;
}

#define BUFFER_IN_THE_MIDDLE 2

int cf_guest_read(struct mpt_vm *vm, u64 gpa, void *buf, unsigned int len)
{
	u64 n = begin("guest_read", "(gpa, buf, len)", gpa, 0, len, BUFFER_IN_THE_MIDDLE);

	return end(n, mpt_guest_read(vm, gpa, buf, len));
}

int cf_guest_write(struct mpt_vm *vm, u64 gpa, const void *buf, unsigned int len)
{
	u64 n = begin("guest_write", "(gpa, buf, len)", gpa, 0, len, BUFFER_IN_THE_MIDDLE);

	return end(n, mpt_guest_write(vm, gpa, buf, len));
}

int cf_guest_cfg_read(struct mpt_vm *vm, unsigned int offset, void *buf, unsigned int len)
{
	u64 n = begin("guest_cfg_read", "(offset, buf, len)", offset, 0, len, BUFFER_IN_THE_MIDDLE);

	return end(n, mpt_guest_cfg_read(vm, offset, buf, len));
}

int cf_guest_cfg_write(struct mpt_vm *vm, unsigned int offset, const void *buf, unsigned int len)
{
	u64 n = begin("guest_cfg_write", "(offset, buf, len)", offset, 0, len,
		      BUFFER_IN_THE_MIDDLE);

	return end(n, mpt_guest_cfg_write(vm, offset, buf, len));
}

int cf_bus_read(struct mpt_host *host, u64 dma_addr, void *buf, unsigned int len)
{
	u64 n = begin("bus_read", "(dma_addr, buf, len)", dma_addr, 0, len, BUFFER_IN_THE_MIDDLE);

	return end(n, mpt_bus_read(host, dma_addr, buf, len));
}

int cf_bus_write(struct mpt_host *host, u64 dma_addr, const void *buf, unsigned int len)
{
	u64 n = begin("bus_write", "(dma_addr, buf, len)", dma_addr, 0, len, BUFFER_IN_THE_MIDDLE);

	return end(n, mpt_bus_write(host, dma_addr, buf, len));
}

int cf_ram_add(struct mpt_vm *vm, u64 gpa, u64 size, unsigned int flags)
{
	u64 n = begin("ram_add", "(gpa, size, flags)", gpa, size, flags, 0);

	return end(n, mpt_ram_add(vm, gpa, size, flags));
}

int cf_ram_remove(struct mpt_vm *vm, u64 gpa, u64 size)
{
	u64 n = begin("ram_remove", "(gpa, size)", gpa, size, 0, 0);

	return end(n, mpt_ram_remove(vm, gpa, size));
}

int cf_ram_move(struct mpt_vm *vm, u64 gpa, u64 size, u64 new_gpa)
{
	u64 n = begin("ram_move", "(gpa, size, new_gpa)", gpa, size, new_gpa, 0);

	return end(n, mpt_ram_move(vm, gpa, size, new_gpa));
}

/* --- as text --- */

struct text {
	char *buf;
	size_t len, n;
};

static void add(struct text *t, const char *fmt, ...) MPT_PRINTF(2, 3);

static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->n >= t->len)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->n, t->len - t->n, fmt, ap);
	va_end(ap);
	t->n += n > 0 ? (size_t)n : 0;
}

/* "(handle(, gpa, buf, len)" with the values behind the names; a pointer's value says nothing. */
static void add_args(struct text *t, const struct cf_call *c)
{
	const char *at = c->args + strspn(c->args, "(, ");
	unsigned int i;
	size_t n;

	add(t, "(");
	for (i = 0; i < CF_CALL_ARGS && (n = strcspn(at, "(,)")); i++) {
		add(t, "%s%.*s", i ? ", " : "", (int)n, at);
		if (!(c->pointers & 1U << i))
			add(t, " 0x%llx", (unsigned long long)c->value[i]);
		at += n + strspn(at + n, "(, )");
	}
	add(t, ")");
}

static void add_answer(struct text *t, const struct cf_call *c)
{
	int answer = (int)c->answer;

	if (!c->over)
		add(t, ": has not returned");
	else if (c->kind == CF_CALL_MFN)
		add(t, " = 0x%llx", (unsigned long long)c->answer);
	else if (c->kind == CF_CALL_BOOL)
		add(t, " = %s", c->answer ? "true" : "false");
	else if (c->kind == CF_CALL_INT && answer && mpt_errno_bit(answer))
		add(t, " = -%s", mpt_errno_name(answer));
	else if (c->kind == CF_CALL_INT)
		add(t, " = %d", answer);
	if (c->has_out)
		add(t, ", 0x%llx", (unsigned long long)c->out);
}

void cf_call_text(const struct cf_call *c, char *buf, size_t len)
{
	struct text t = { buf, len, 0 };

	*buf = '\0';
	add(&t, "%s%s", c->kind == CF_CALL_EVENT ? "the core is told: " : "", c->name);
	add_args(&t, c);
	if (c->kind != CF_CALL_EVENT)
		add_answer(&t, c);
}
