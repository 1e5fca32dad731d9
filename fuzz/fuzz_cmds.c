/* SPDX-License-Identifier: MIT */
/*
 * Command streams on an engine of the software GPU: the ring, a copied batch, a batch in the PPGTT
 * and the context image are the input's, as if no scanner had looked at them. Whatever they say, no
 * access leaves the vGPU's graphics addresses or its tables (it would be an IOMMU fault), no
 * register that submits or resets is written, and each run ends within its budget.
 *
 * An input: a byte of flags, three bytes of lengths in dwords (ring, copy, PPGTT batch), the dwords
 * of each, and the rest for the image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/gvt.h>
#include <gvt/hw.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#define LOW (64ULL << 20)
#define LOW_SIZE (4ULL << 20)
#define HIGH (512ULL << 20)
#define HIGH_SIZE (2ULL << 20)
#define RAM (4ULL << 20)
#define CTX LOW
#define COPY (LOW + 0x20000)
#define GPA_CTX 0x100000ULL
#define GPA_BATCH 0x110000ULL
#define VA_BATCH 0x10000ULL
#define PAGES 32U		  /* of RAM in the tables, from 0 */
#define NOWHERE 0x3f0000000000ULL /* a bus address that nothing has */
#define MAX_TABLES 8
#define MAX_RUNS 64
#define BUDGET 512ULL

enum {
	FLAG_ENGINE = 3,
	FLAG_3_LEVELS = 1 << 2,
	FLAG_SMALL = 1 << 3, /* budgets of one */
	FLAG_AGAIN = 1 << 4, /* save in the middle, and load again */
	FLAG_LITE = 1 << 5,  /* with FLAG_AGAIN: a lite restore instead */
};

struct gpu {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct gvt_hw hw;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	void *state;
	u64 table[MAX_TABLES];
	unsigned int tables, events;
	dma_addr_t dma[PAGES];
	u32 ring[256], copy[256], batch[256], image[1024], ring_n, copy_n, batch_n;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(call) must_be((call) == 0, #call)

static void must_be(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_cmds: %s: %s\n", what, mpt_last_error());
	abort();
}

/* --- the client --- */

static u32 reg_read(void *arg, u32 reg)
{
	(void)arg;
	must_be(reg < GVT_MMIO_SIZE && !(reg % 4), "a read of a register");
	/* The status page, in the share; and what a driver might have opened. */
	return (reg & 0xfff) == 0x80 ? (u32)LOW : (reg & 0xfff) == 0x4d0 ? 0x7304 : reg;
}

static void reg_write(void *arg, u32 reg, u32 value)
{
	(void)arg;
	(void)value;
	must_be(reg < 0x40000 && !(reg % 4), "a write beyond the GT");
	must_be((reg & 0xfff) != 0x230 || reg < 0x2000, "a write of ELSP");
	must_be(reg != 0x941c && (reg & 0xffffff00) != 0x78800, "a write of GDRST or PVINFO");
}

static void event(void *arg, enum gvt_engine engine, enum gvt_hw_event what)
{
	struct gpu *g = arg;

	must_be(engine < GVT_NUM_ENGINES && what <= GVT_HW_NOTIFY, "an event");
	g->events++;
}

static u64 now(void *arg)
{
	return ((struct gpu *)arg)->events;
}

/* --- memory --- */

static u64 *table_new(struct gpu *g, u64 *bus)
{
	u64 *dw = g->hw.page_new(g->hw.priv, bus);

	must_be(dw && g->tables < MAX_TABLES, "a page for a table");
	g->table[g->tables++] = *bus;
	return dw;
}

/*
 * Entries of the host's table, put there behind the core's back: RAM in the vGPU's share, and
 * beside it what nobody may reach.
 */
static void host_entries(struct gpu *g, bool set)
{
	static const u64 outside[] = { 0, LOW - 4096, LOW + LOW_SIZE, HIGH - 4096,
				       HIGH + HIGH_SIZE };
	u64 i;

	for (i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		g->hw.ggtt[outside[i] >> 12] = set ? NOWHERE | 1 : 0;
	for (i = 0; i < PAGES; i++) {
		g->hw.ggtt[(LOW >> 12) + i] = set ? g->dma[i] | 1 : 0;
		g->hw.ggtt[((HIGH + HIGH_SIZE) >> 12) - PAGES + i] = set ? g->dma[i] | 1 : 0;
	}
}

/* RAM from 0 on in pages of 4 KiB: every fifth read-only, every seventh not there. */
static void fill_tables(struct gpu *g, struct gvt_hw_work *work)
{
	u64 bus[4], *pml4 = table_new(g, &bus[3]), *pdp = table_new(g, &bus[2]);
	u64 *pd = table_new(g, &bus[1]), *pt = table_new(g, &bus[0]), i;

	pml4[0] = bus[2] | 3;
	pdp[0] = bus[1] | 3;
	pdp[1] = 0x80 | 3; /* a page of 1 GiB */
	pd[0] = bus[0] | 3;
	for (i = 0; i < PAGES; i++) {
		must(intel_gvt_hypervisor_dma_map_guest_page(g->vgpu, i + (GPA_CTX >> 12),
							     MPT_PAGE_SIZE, &g->dma[i]));
		pt[i] = i % 7 == 5 ? 0 : g->dma[i] | (i % 5 == 4 ? 1 : 3);
	}
	host_entries(g, true);
	work->root[0] = work->levels == 4 ? bus[3] : bus[1];
}

static void gpu_open(struct gpu *g)
{
	struct gvt_config config = { .size = sizeof(config),
				     .aperture = 256ULL << 20,
				     .hw = &g->hw };
	struct intel_vgpu_type type;

	must(mpt_host_open("mock", &g->host));
	must(gvt_swgpu_new(g->host, config.aperture, &g->hw));
	must(gvt_open(g->host, &config, &g->gvt));
	must(mpt_vm_create(g->host, 1));
	must(mpt_vm_get(g->host, 1, &g->vm));
	must(mpt_ram_add(g->vm, 0, RAM, 0));
	gvt_type_init(&type, 64ULL << 20, 64ULL << 20, 4);
	g->vgpu = mpt_vgpu_create(g->vm, g->gvt, &type);
	must_be(!MPT_IS_ERR(g->vgpu), "mpt_vgpu_create");
}

static void gpu_close(struct gpu *g)
{
	struct mpt_iommu_fault fault;
	unsigned int i;

	must_be(mpt_fault_take(g->host, &fault) == -ENOENT, "a fault of the IOMMU");
	g->hw.engine_free(g->hw.priv, g->state);
	for (i = 0; i < g->tables; i++)
		g->hw.page_free(g->hw.priv, g->table[i]);
	for (i = 0; i < PAGES; i++)
		intel_gvt_hypervisor_dma_unmap_guest_page(g->vgpu, g->dma[i]);
	host_entries(g, false);
	must(mpt_vgpu_destroy(g->vm, g->vgpu));
	must(gvt_close(g->gvt));
	g->hw.close(g->hw.priv);
	mpt_vm_put(g->vm);
	must(mpt_vm_destroy(g->host, 1));
	must(mpt_host_close(g->host));
}

/* --- an input --- */

static const uint8_t *take(const uint8_t *data, const uint8_t *end, void *buf, size_t dwords)
{
	size_t bytes = dwords * 4, have = (size_t)(end - data);

	memcpy(buf, data, bytes < have ? bytes : have);
	return data + (bytes < have ? bytes : have);
}

static void fill(struct gpu *g, const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;

	g->ring_n = data[1] & ~1U;
	g->copy_n = data[2];
	g->batch_n = data[3];
	data = take(data + 4, end, g->ring, g->ring_n);
	data = take(data, end, g->copy, g->copy_n);
	data = take(data, end, g->batch, g->batch_n);
	take(data, end, g->image, 0xb0);
	must(mpt_guest_write(g->vm, GPA_CTX + 4096, g->image, 4096));
	must(mpt_guest_write(g->vm, GPA_BATCH, g->batch, sizeof(g->batch)));
}

/* HUNG ends it; so does a semaphore that nobody signals. */
static void run(struct gpu *g, struct gvt_hw_work *work, unsigned int flags)
{
	enum gvt_hw_state state = GVT_HW_MORE;
	u64 budget, before = flags & FLAG_SMALL ? 1 : BUDGET;
	unsigned int i;

	for (i = 0; i < MAX_RUNS && state == GVT_HW_MORE; i++) {
		budget = before;
		state = g->hw.run(g->hw.priv, g->state, &budget);
		must_be(budget <= before && (state != GVT_HW_MORE || !budget), "a budget");
		must_be(g->hw.head(g->hw.priv, g->state) < work->ring_size, "the head");
		if (i == 8 && (flags & FLAG_AGAIN)) {
			work->restore = !(flags & FLAG_LITE);
			if (work->restore)
				g->hw.save(g->hw.priv, g->state);
			g->hw.load(g->hw.priv, g->state, work);
		}
	}
	must_be(g->events <= MAX_RUNS * BUDGET, "too many events");
	if (state == GVT_HW_DONE)
		g->hw.save(g->hw.priv, g->state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gvt_hw_client client = { .reg_read = reg_read,
					.reg_write = reg_write,
					.event = event,
					.now = now,
					.low_start = LOW,
					.low_size = LOW_SIZE,
					.high_start = HIGH,
					.high_size = HIGH_SIZE };
	struct gvt_hw_work work = { .context = CTX,
				    .restore = true,
				    .levels = 4,
				    .ring_size = 4096,
				    .ring_start = LOW + 0x10000,
				    .batches = 1 };
	struct gvt_hw_batch copy = { .addr = COPY };
	struct gpu *g;

	if (size < 4)
		return 0;
	g = calloc(1, sizeof(*g));
	must_be(g != NULL, "memory");
	gpu_open(g);
	if (data[0] & FLAG_3_LEVELS)
		work.levels = 3;
	fill_tables(g, &work);
	fill(g, data, size);
	copy.dw = g->copy;
	copy.bytes = g->copy_n * 4;
	work.ring = g->ring;
	work.tail = g->ring_n * 4;
	work.batch = &copy;
	client.arg = g;
	must(g->hw.engine_new(g->hw.priv, &client, (enum gvt_engine)(data[0] & FLAG_ENGINE),
			      &g->state));
	g->hw.load(g->hw.priv, g->state, &work);
	run(g, &work, data[0]);
	gpu_close(g);
	free(g);
	return 0;
}
