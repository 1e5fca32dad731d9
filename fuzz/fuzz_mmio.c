/* SPDX-License-Identifier: MIT */
/*
 * Guest accesses to BAR0 and BAR2 of one vGPU on the mock hypervisor. An input is a stream of
 * records: a byte of flags, four of offset, eight of data where the record writes. After it the
 * ledger must agree with what the vGPU says that it has mapped, and be empty once it is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

#define BAR0 0xc0000000ULL
#define BAR2 0xb0000000ULL
#define APERTURE (256ULL << 20)
#define LOW (64ULL << 20)
#define EXTRA (128ULL << 20)
#define EXTRA_SIZE (1ULL << 20)

enum {
	FLAG_WRITE = 1 << 0,
	FLAG_SIZE = 3 << 1, /* log2 of the bytes */
	FLAG_BAR2 = 1 << 3,
	FLAG_ODD = 1 << 4, /* any size up to 17 at any offset */
	FLAG_REGION = 1 << 5, /* RAM goes or comes back */
	FLAG_RESET = 1 << 6, /* with FLAG_ODD: a DMLR */
	FLAG_ENTRY = 1 << 7, /* in BAR0: an entry that the vGPU owns */
};

struct guest {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	bool extra;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(call) must_be((call) == 0, #call)

static void must_be(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_mmio: %s: %s\n", what, mpt_last_error());
	abort();
}

static void cfg(struct guest *g, unsigned int offset, u32 value, unsigned int len)
{
	must(mpt_guest_cfg_write(g->vm, offset, &value, len));
}

static void place(struct guest *g)
{
	cfg(g, 0x10, (u32)BAR0, 4);
	cfg(g, 0x18, (u32)BAR2, 4);
	cfg(g, 0x04, 0x6, 2);
	cfg(g, 0xae, 1, 2);
}

static void vgpu_open(struct guest *g)
{
	struct intel_vgpu_type type;

	gvt_type_init(&type, 64ULL << 20, 64ULL << 20, 4);
	type.low_start = LOW;
	g->vgpu = mpt_vgpu_create(g->vm, g->gvt, &type);
	must_be(!MPT_IS_ERR(g->vgpu), "mpt_vgpu_create");
	gvt_ops()->vgpu_activate(g->vgpu);
	gvt_ops()->emulate_hotplug(g->vgpu, true);
	place(g);
}

/*
 * For each input anew. Kept from one to the next, it would all be a leak to the sanitizer, which
 * does not look for pointers in mapped memory.
 */
static void guest_open(struct guest *g)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = APERTURE, .pvmmio = 0xf };

	must(mpt_host_open("check,mock", &g->host));
	must(mpt_host_set_policy(g->host, MPT_POLICY_RETURN));
	must(gvt_open(g->host, &config, &g->gvt));
	must(mpt_vm_create(g->host, 1));
	must(mpt_vm_get(g->host, 1, &g->vm));
	must(mpt_ram_add(g->vm, 0, 1ULL << 20, 0));
	must(mpt_ram_add(g->vm, EXTRA, EXTRA_SIZE, 0));
	g->extra = true;
	vgpu_open(g);
}

static void guest_close(struct guest *g)
{
	struct mpt_ledger ledger;
	int kind;

	must(mpt_vgpu_destroy(g->vm, g->vgpu));
	must(gvt_close(g->gvt));
	must(mpt_ledger_get(g->host, &ledger));
	must_be(!ledger.left && !ledger.violations, "ledger: something left, or a violation");
	for (kind = 0; kind < MPT_LEDGER_KINDS; kind++)
		must_be(!ledger.live[kind], mpt_ledger_kind_name((enum mpt_ledger_kind)kind));
	mpt_vm_put(g->vm);
	must(mpt_vm_destroy(g->host, 1));
	must(mpt_host_close(g->host));
}

static void toggle_region(struct guest *g)
{
	if (g->extra)
		must(mpt_ram_remove(g->vm, EXTRA, EXTRA_SIZE));
	else
		must(mpt_ram_add(g->vm, EXTRA, EXTRA_SIZE, 0));
	g->extra = !g->extra;
}

static u64 address(unsigned int flags, u32 offset)
{
	if (flags & FLAG_ENTRY)
		return BAR0 + GVT_GTT_OFFSET + (LOW >> 12) * 8 + offset % (1 << 17);
	if (flags & FLAG_BAR2)
		return BAR2 + offset;
	return BAR0 + (flags & FLAG_ODD ? offset : offset % GVT_BAR0_SIZE);
}

/* A read that fails fills its bytes with ones, and no read goes beyond them. */
static void guest_read(struct guest *g, u64 gpa, unsigned int len)
{
	u8 buf[24];
	int ret;
	unsigned int i;

	memset(buf, 0x5a, sizeof(buf));
	ret = gvt_ops()->emulate_mmio_read(g->vgpu, gpa, buf, len);
	for (i = 0; i < sizeof(buf); i++)
		must_be(i < len ? !ret || buf[i] == 0xff : buf[i] == 0x5a, "bytes of a read");
}

static void access_one(struct guest *g, unsigned int flags, u32 offset, u64 value)
{
	unsigned int len = 1U << (flags & FLAG_SIZE) / 2;
	u8 buf[24] = { 0 };

	if (flags & FLAG_ODD)
		len = (offset >> 24) % 18;
	memcpy(buf, &value, sizeof(value));
	if (flags & FLAG_WRITE)
		gvt_ops()->emulate_mmio_write(g->vgpu, address(flags, offset), buf, len);
	else
		guest_read(g, address(flags, offset), len);
}

static size_t record(struct guest *g, const uint8_t *data, size_t size)
{
	unsigned int flags = data[0];
	size_t need = flags & FLAG_WRITE ? 13 : 5;
	u64 value = 0;
	u32 offset;

	if (size < need)
		return size;
	memcpy(&offset, data + 1, sizeof(offset));
	if (flags & FLAG_WRITE)
		memcpy(&value, data + 5, sizeof(value));
	if (flags & FLAG_REGION) {
		toggle_region(g);
	} else if ((flags & FLAG_RESET) && (flags & FLAG_ODD)) {
		gvt_ops()->vgpu_reset(g->vgpu);
		place(g);
	} else {
		access_one(g, flags, offset, value);
	}
	return need;
}

static int add_counts(void *arg, const struct mpt_ledger_entry *entry, bool left)
{
	if (entry->kind == MPT_LEDGER_DMA && !left)
		*(u64 *)arg += entry->count;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gvt_vgpu_info info;
	struct guest g;
	u64 counts = 0;
	size_t done;

	memset(&g, 0, sizeof(g));
	guest_open(&g);
	for (done = 0; done < size;)
		done += record(&g, data + done, size - done);
	gvt_vgpu_info(g.vgpu, &info);
	must(mpt_ledger_each(g.host, add_counts, &counts));
	must_be(counts == info.ggtt_mapped, "the ledger's count of DMA mappings");
	guest_close(&g);
	return 0;
}
