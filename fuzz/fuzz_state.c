/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: saved states that nobody saved. An input edits the state of a vGPU that has
 * something everywhere; its size and hash are made right again, so that the rest is looked at. It
 * is restored into a vGPU on the mock hypervisor: what is refused changes nothing, what is taken
 * can be saved and restored again as the same, and what is mapped agrees with the ledger.
 *
 * Input: edits. A byte says which (enum edit), two where in the state (modulo its size), then what
 * the edit takes; what the input lacks at its end is 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/state.h>
#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

enum edit {
	EDIT_BYTE,     /* a byte */
	EDIT_DWORD,    /* four */
	EDIT_INSERT,   /* how many, then they */
	EDIT_REMOVE,   /* how many */
	EDIT_COPY,     /* how many, where to */
	EDIT_CUT,      /* all behind */
	EDIT_WHOLE,    /* the rest of the input, between a header and a hash */
	EDIT_UNSEALED, /* the hash stays as it was */
	NUM_EDITS
};

#define BAR0 0xc0000000ULL
#define LOW (64ULL << 20)
#define HIGH (512ULL << 20)
#define HEAD 16U
#define TAIL 8U
#define STATE_MAX (1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

struct state {
	uint8_t p[STATE_MAX];
	size_t len;
};

static struct mpt_host *host;
static struct intel_gvt *gvt;
static struct mpt_vm *vm;
static struct intel_vgpu *g;
static struct state state, again;

#define must(what)                                                                     \
	do {                                                                           \
		if (!(what)) {                                                         \
			fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #what, \
				mpt_last_error());                                     \
			abort();                                                       \
		}                                                                      \
	} while (0)

static void open_all(void)
{
	struct gvt_config config = { .size = sizeof(config),
				     .aperture = 256ULL << 20,
				     .pvmmio = 0x1f };
	struct intel_vgpu_type type;

	must(!mpt_host_open("check,mock", &host));
	must(!mpt_vm_create(host, 1));
	must(!mpt_vm_get(host, 1, &vm));
	must(!mpt_ram_add(vm, 0, 1ULL << 20, 0));
	must(!gvt_open(host, &config, &gvt));
	gvt_type_init(&type, 32ULL << 20, 64ULL << 20, 2);
	type.low_start = LOW;
	type.high_start = HIGH;
	g = mpt_vgpu_create(vm, gvt, &type);
	must(!MPT_IS_ERR(g));
}

static void close_all(void)
{
	struct mpt_ledger ledger;
	int i;

	must(!mpt_vgpu_destroy(vm, g));
	must(!mpt_ledger_get(host, &ledger));
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		must(ledger.live[i] == 0);
	must(ledger.left == 0 && ledger.violations == 0);
	must(!gvt_close(gvt));
	mpt_vm_put(vm);
	must(!mpt_vm_destroy(host, 1));
	must(!mpt_host_close(host));
	must(mpt_alloc_live() == 0);
}

/* --- the guest --- */

static void cfg(unsigned int offset, u32 value, unsigned int len)
{
	must(!mpt_guest_cfg_write(vm, offset, &value, len));
}

static void reg(u64 offset, u64 value, unsigned int len)
{
	must(!mpt_guest_write(vm, BAR0 + offset, &value, len));
}

static u64 entry(u64 addr)
{
	return GVT_GTT_OFFSET + (addr >> 12) * 8;
}

/* The video engine hangs, the blitter is stopped with a list that waits; two address spaces. */
static void engines(void)
{
	static const u32 submit[] = { 0, 0, 0x71, HIGH + 0x20000 + 0x119 };
	u32 i;

	reg(0x1229c, 0x80008000, 4);
	reg(0x2229c, 0x80008000, 4);
	reg(0x2209c, 0x01000100, 4);
	for (i = 0; i < 4; i++) {
		reg(0x12230, submit[i], 4);
		reg(0x22230, submit[i], 4);
	}
	reg(GVT_PVINFO_OFFSET + 0x838, 0x20000, 8);
	reg(GVT_PVINFO_OFFSET + 0x840, 0x21000, 8);
	reg(GVT_PVINFO_OFFSET + 0x818, 2, 4);
	reg(GVT_PVINFO_OFFSET + 0x818, 4, 4);
}

static void busy(void)
{
	u64 i, magic;

	cfg(0x10, (u32)BAR0, 4);
	cfg(0x18, 0xb0000000, 4);
	cfg(0x04, 0x6, 2);
	must(!mpt_guest_read(vm, BAR0 + GVT_PVINFO_OFFSET, &magic, 8));
	for (i = 0; i < 4; i++)
		reg(entry(LOW + i * 4096), i << 12 | 1, 8);
	reg(entry(HIGH), 0x10001, 8);
	reg(entry(HIGH + 0x5000), 0x11001, 4);
	reg(entry(HIGH + 0x9000) + 4, 0, 4);
	reg(0x2080, LOW, 4);
	reg(0x100000, ((LOW + 0x1000) | 7) << 32 | LOW | 1, 8);
	engines();
	reg(0x78860, 0x13, 4);
	gvt_ops()->emulate_hotplug(g, true);
}

/* --- editing --- */

static void take(struct input *in, void *buf, size_t len)
{
	size_t left = (size_t)(in->end - in->p), n = len < left ? len : left;

	memset(buf, 0, len);
	memcpy(buf, in->p, n);
	in->p += n;
}

static int keep(void *arg, const void *buf, size_t len)
{
	struct state *s = arg;

	must(len <= STATE_MAX);
	memcpy(s->p, buf, len);
	s->len = len;
	return 0;
}

/* Room at @at; false when the state is full. */
static bool make_room(size_t at, size_t n)
{
	if (n > STATE_MAX - state.len)
		return false;
	memmove(state.p + at + n, state.p + at, state.len - at);
	state.len += n;
	return true;
}

static void insert(struct input *in, size_t at)
{
	uint8_t n;

	take(in, &n, 1);
	if (make_room(at, n))
		take(in, state.p + at, n);
}

static void remove_some(struct input *in, size_t at)
{
	size_t left = state.len - at;
	uint8_t n;

	take(in, &n, 1);
	left = left < n ? left : n;
	memmove(state.p + at, state.p + at + left, state.len - at - left);
	state.len -= left;
}

static void copy(struct input *in, size_t at)
{
	static uint8_t piece[2048];
	uint16_t n, to;

	take(in, &n, 2);
	take(in, &to, 2);
	n %= sizeof(piece);
	if (n > state.len - at)
		n = (uint16_t)(state.len - at);
	memcpy(piece, state.p + at, n);
	if (make_room(to % (state.len + 1), n))
		memcpy(state.p + to % (state.len - n + 1), piece, n);
}

static void whole(struct input *in)
{
	size_t n = (size_t)(in->end - in->p);

	if (n > STATE_MAX - HEAD - TAIL)
		n = STATE_MAX - HEAD - TAIL;
	take(in, state.p + HEAD, n);
	state.len = HEAD + n + TAIL;
}

static void seal(void)
{
	u64 hash = 0xcbf29ce484222325ULL;
	u32 size = (u32)state.len;
	size_t i;

	if (state.len < HEAD + TAIL)
		return;
	memcpy(state.p + 12, &size, sizeof(size));
	for (i = 0; i < state.len - TAIL; i++)
		hash = (hash ^ state.p[i]) * 0x100000001b3ULL;
	memcpy(state.p + state.len - TAIL, &hash, sizeof(hash));
}

/* Return: false, if the hash is to stay wrong. */
static bool edit(struct input *in)
{
	uint16_t where;
	uint8_t op;
	size_t at;

	take(in, &op, 1);
	take(in, &where, 2);
	at = where % (state.len + 1);
	switch (op % NUM_EDITS) {
	case EDIT_BYTE:
		take(in, state.p + at, at < state.len);
		break;
	case EDIT_DWORD:
		if (state.len - at >= 4)
			take(in, state.p + at, 4);
		break;
	case EDIT_INSERT:
		insert(in, at);
		break;
	case EDIT_REMOVE:
		remove_some(in, at);
		break;
	case EDIT_COPY:
		copy(in, at);
		break;
	case EDIT_CUT:
		state.len = at;
		break;
	case EDIT_WHOLE:
		whole(in);
		break;
	case EDIT_UNSEALED:
		return false;
	}
	return true;
}

/* --- what must hold --- */

static int count_dma(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	must(!left);
	if (e->kind == MPT_LEDGER_DMA)
		*(u64 *)arg += e->count;
	return 0;
}

static void ledger_agrees(void)
{
	struct gvt_vgpu_info info;
	struct mpt_ledger ledger;
	u64 dma = 0;

	gvt_vgpu_info(g, &info);
	must(!mpt_ledger_get(host, &ledger));
	must(ledger.violations == 0);
	must(!mpt_ledger_each(host, count_dma, &dma));
	must(dma == info.ggtt_mapped);
	must(ledger.live[MPT_LEDGER_TRAP] == (info.bar0 != 0));
	must(ledger.live[MPT_LEDGER_MAP] == (info.bar2 != 0));
}

/* A guest uses what it got, then it is reset. */
static void use(void)
{
	struct gvt_vgpu_info info;
	u64 value = 0;

	gvt_vgpu_info(g, &info);
	gvt_ops()->vgpu_activate(g);
	gvt_run(gvt, 10000);
	gvt_service(gvt, 1);
	gvt_service(gvt, 1ULL << 40);
	if (info.bar0) {
		mpt_guest_read(vm, info.bar0 + GVT_MMIO_SIZE, &value, 8);
		mpt_guest_write(vm, info.bar0 + entry(HIGH + 0x5000) + 4, &value, 4);
		mpt_guest_write(vm, info.bar0 + 0x44200, &value, 4);
		mpt_guest_write(vm, info.bar0 + 0x2209c, &(u32){ 0x01000000 }, 4);
		mpt_guest_read(vm, info.bar0 + 0xc510c, &value, 4);
	}
	if (info.bar2)
		mpt_guest_read(vm, info.bar2 + LOW, &value, 8);
	gvt_ops()->vgpu_deactivate(g);
	ledger_agrees();
}

static int each(void *arg, const struct gvt_state_field *f)
{
	const uint8_t *p = f->data;
	u64 i, n = (u64)f->width * f->count;

	must(strlen(f->section) < 16 && strlen(f->name) < 16);
	for (i = 0; i < n; i++)
		*(u64 *)arg += p[i];
	return 0;
}

static void restore(void)
{
	u64 before = gvt_vgpu_hash(g), hash, sum = 0;
	int ret, form;

	form = gvt_state_each(state.p, state.len, each, &sum);
	ret = gvt_vgpu_restore(g, state.p, state.len);
	must(!form || ret == -EINVAL);
	hash = gvt_vgpu_hash(g);
	ledger_agrees();
	if (ret) {
		must(hash == before);
		return;
	}
	must(!gvt_vgpu_save(g, keep, &again));
	must(!gvt_vgpu_restore(g, again.p, again.len));
	must(gvt_vgpu_hash(g) == hash);
	use();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	bool sealed = true;

	open_all();
	busy();
	must(!gvt_vgpu_save(g, keep, &state));
	gvt_ops()->emulate_hotplug(g, false);
	gvt_ops()->vgpu_reset(g);
	while (in.p < in.end)
		sealed &= edit(&in);
	if (sealed)
		seal();
	restore();
	close_all();
	return 0;
}
