/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a guest's accesses to one vGPU's configuration space on the mock hypervisor. After
 * each, what is trapped and mapped must agree with what COMMAND and the BARs say.
 *
 * Input: a sequence of accesses. A control byte: bits 1:0 choose 1, 2, 4 or as many bytes as the
 * next byte says, bit 2 is a write, bit 3 an offset of four bytes instead of one; 0xff is a reset.
 * Then the offset, then a write's data; what the input lacks at its end is 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

#define CTL_RESET 0xff
#define CTL_WRITE 0x04
#define CTL_WIDE 0x08

#define APERTURE (256ULL << 20)
#define BAR_LIMIT (1ULL << 46)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static struct mpt_host *host;
static struct intel_gvt *gvt;
static struct mpt_vm *vm;
static struct intel_vgpu *g;

#define must(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

static void open_all(void)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = APERTURE };
	struct intel_vgpu_type type;

	must(!mpt_host_open("check,mock", &host));
	must(!mpt_vm_create(host, 1));
	must(!mpt_vm_get(host, 1, &vm));
	/* For an opregion. */
	must(!mpt_ram_add(vm, 0, 1ULL << 20, 0));
	must(!gvt_open(host, &config, &gvt));
	gvt_type_init(&type, 32ULL << 20, 64ULL << 20, 2);
	type.low_start = 96ULL << 20;
	g = mpt_vgpu_create(vm, gvt, &type);
	must(!MPT_IS_ERR(g));
}

/* Nothing is kept from input to input, so that each stands for itself and a leak is this one's. */
static void close_all(void)
{
	struct mpt_ledger ledger;
	int i;

	must(!mpt_vgpu_destroy(vm, g));
	must(!mpt_ledger_get(host, &ledger));
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		must(ledger.live[i] == 0);
	must(ledger.left == 0);
	must(!gvt_close(gvt));
	mpt_vm_put(vm);
	must(!mpt_vm_destroy(host, 1));
	must(!mpt_host_close(host));
	must(mpt_alloc_live() == 0);
}

static void take(struct input *in, void *buf, size_t len)
{
	size_t left = (size_t)(in->end - in->p), n = len < left ? len : left;

	memset(buf, 0, len);
	memcpy(buf, in->p, n);
	in->p += n;
}

static u32 cfg(u32 offset)
{
	u32 value;

	must(!gvt_ops()->emulate_cfg_read(g, offset, &value, 4));
	return value;
}

/* --- what is held below --- */

struct held {
	unsigned int traps, maps;
	u64 trap, trap_size, map, map_size;
};

static int held_entry(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	struct held *h = arg;

	must(!left);
	if (e->kind == MPT_LEDGER_TRAP) {
		h->traps++;
		h->trap = e->key;
		h->trap_size = e->size;
	} else if (e->kind == MPT_LEDGER_MAP) {
		h->maps++;
		h->map = e->key;
		h->map_size = e->size;
	}
	return 0;
}

/*
 * @at: where the core says the BAR is, 0: nowhere. It may be nowhere although decoding is on when
 * it could not be reached there, or when the guest asks for its size.
 */
static void bar_agrees(u32 command, u32 low, u32 high, u64 size, u64 at)
{
	u64 base = (u64)high << 32 | (low & ~0xfU);
	u32 ones = (u32)~(size - 1);

	must(base % size == 0);
	if (at) {
		must(command & 2);
		must(at == base && base <= BAR_LIMIT - size);
	} else if ((command & 2) && base && base <= BAR_LIMIT - size) {
		must((low & ones) == ones);
	}
}

static void check(void)
{
	struct gvt_vgpu_info info;
	struct held h = { 0 };
	struct mpt_ledger ledger;

	gvt_vgpu_info(g, &info);
	must(!mpt_ledger_get(host, &ledger));
	must(ledger.violations == 0);
	must(mpt_ledger_each(host, held_entry, &h) == 0);
	must(h.traps == (info.bar0 != 0) && h.maps == (info.bar2 != 0));
	if (h.traps)
		must(h.trap == info.bar0 && h.trap_size == info.bar0_size);
	if (h.maps)
		must(h.map == (info.bar2 + info.low_start) >> 12 &&
		     h.map_size == info.low_size >> 12);
	bar_agrees(cfg(4), cfg(0x10), cfg(0x14), info.bar0_size, info.bar0);
	bar_agrees(cfg(4), cfg(0x18), cfg(0x1c), info.bar2_size, info.bar2);
	must(cfg(0) == 0x19128086 && cfg(8) == 0x03000007);
	must((cfg(0x10) & 0xf) == 4 && (cfg(0x18) & 0xf) == 0xc && (cfg(0x20) & 0x3f) == 1);
	must((cfg(0xac) & ~0x00010000U) == 0xd005 && cfg(0xd0) == 0x00220001);
	must(cfg(0x30) == 0 && cfg(0x100) == 0 && cfg(0xffc) == 0);
}

/* --- accesses --- */

static void access_one(struct input *in, uint8_t ctl)
{
	static const unsigned int sizes[] = { 1, 2, 4 };
	uint8_t buf[256], more = 0;
	unsigned int bytes;
	u32 offset = 0;

	if ((ctl & 3) == 3)
		take(in, &more, 1);
	bytes = (ctl & 3) == 3 ? more : sizes[ctl & 3];
	take(in, &offset, ctl & CTL_WIDE ? 4 : 1);
	memset(buf, 0x5a, sizeof(buf));
	if (ctl & CTL_WRITE) {
		take(in, buf, bytes);
		gvt_ops()->emulate_cfg_write(g, offset, buf, bytes);
		return;
	}
	if (gvt_ops()->emulate_cfg_read(g, offset, buf, bytes)) {
		while (bytes--)
			must(buf[bytes] == 0xff);
	} else {
		must(bytes <= 4 && buf[bytes] == 0x5a && (u64)offset + bytes <= 4096);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	uint8_t ctl;

	open_all();
	check();
	while (in.p < in.end) {
		take(&in, &ctl, 1);
		if (ctl == CTL_RESET)
			gvt_ops()->vgpu_reset(g);
		else
			access_one(&in, ctl);
		check();
	}
	close_all();
	return 0;
}
