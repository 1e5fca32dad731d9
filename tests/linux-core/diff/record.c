/* SPDX-License-Identifier: MIT */
/*
 * The recorder between a core and its host's operations: what is called, with what, and what came
 * of it, in terms in which two cores can be compared: guest frames instead of bus addresses. It is
 * put there by the linker (--wrap), so that neither core knows.
 */
#include <mpt/hypercall.h>

#include "diff.h"

struct diff_side *recording;

/* --- what is mapped and tracked --- */

static u64 mix(u64 x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ULL;
	x ^= x >> 29;
	return x * 0xbf58476d1ce4e5b9ULL;
}

/* Slots are never emptied while anything is mapped: an address is used again by and by. */
static unsigned int slot_of(const struct diff_side *side, u64 dma)
{
	unsigned int i = (unsigned int)(dma >> 12) % DMA_SLOTS, n;

	for (n = 0; n < DMA_SLOTS; n++, i = (i + 1) % DMA_SLOTS)
		if (!side->dma[i].dma || side->dma[i].dma == (dma | 1))
			return i;
	fprintf(stderr, "diff: too many bus addresses\n");
	exit(2);
}

u64 record_frame(const struct diff_side *side, u64 bus)
{
	unsigned int i = slot_of(side, bus & ADDR_MASK);

	return side->dma[i].count ? side->dma[i].gfn : ~0ULL;
}

static void mapped(struct diff_side *side, u64 dma, u64 gfn)
{
	unsigned int i = slot_of(side, dma);

	side->dma[i].dma = dma | 1;
	side->dma[i].gfn = gfn;
	side->dma[i].vm = (u8)(side->of - side->sum);
	side->dma[i].count++;
	side->live++;
	side->of->mapped++;
	side->of->mapped_sum += mix(gfn + 1);
}

static u64 unmapped(struct diff_side *side, u64 dma)
{
	unsigned int i = slot_of(side, dma);
	u64 gfn = side->dma[i].gfn;

	if (!side->dma[i].count)
		return ~0ULL;
	side->dma[i].count--;
	side->of->mapped--;
	side->of->mapped_sum -= mix(gfn + 1);
	if (!--side->live)
		memset(side->dma, 0, sizeof(side->dma));
	return gfn;
}

void record_forget(struct diff_side *side, unsigned int vm)
{
	unsigned int i;

	for (i = 0; i < DMA_SLOTS && side->sum[vm].mapped; i++) {
		if (!side->dma[i].count || side->dma[i].vm != vm)
			continue;
		side->live -= side->dma[i].count;
		side->sum[vm].mapped -= side->dma[i].count;
		side->dma[i].count = 0;
	}
	memset(&side->sum[vm], 0, sizeof(side->sum[vm]));
}

static void tracked(struct diff_side *side, u64 gfn, int by)
{
	side->of->tracked += (u64)by;
	side->of->tracked_sum += (u64)by * mix(gfn + 1);
}

/* --- the operations --- */

static struct diff_call *put(u8 op, int ret, u64 a, u64 b, u64 c)
{
	static struct diff_call none;
	struct diff_record *r = recording->now;
	struct diff_call *call = r && r->calls < MAX_CALLS ? &r->call[r->calls++] : &none;

	*call = (struct diff_call){ .op = op, .ret = ret, .a = a, .b = b, .c = c };
	return call;
}

static int rec_attach(void *vgpu, unsigned long *handle)
{
	int ret = recording->table.attach_vgpu(vgpu, handle);

	put(CALL_ATTACH, ret, 0, 0, 0);
	return ret;
}

static void rec_detach(unsigned long handle)
{
	put(CALL_DETACH, 0, 0, 0, 0);
	recording->table.detach_vgpu(handle);
}

static int rec_msi(unsigned long handle, unsigned int addr, unsigned short data)
{
	int ret = recording->table.inject_msi(handle, addr, data);

	put(CALL_MSI, ret, addr, data, 0);
	return ret;
}

static int rec_track(unsigned long handle, uint64_t gfn)
{
	int ret = recording->table.enable_page_track(handle, gfn);

	put(CALL_TRACK, ret, gfn, 0, 0);
	if (!ret)
		tracked(recording, gfn, 1);
	return ret;
}

static int rec_untrack(unsigned long handle, uint64_t gfn)
{
	int ret = recording->table.disable_page_track(handle, gfn);

	put(CALL_UNTRACK, ret, gfn, 0, 0);
	if (!ret)
		tracked(recording, gfn, -1);
	return ret;
}

static int rec_read(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = recording->table.read_gpa(handle, gpa, buf, len);

	put(CALL_READ_GPA, ret, gpa, len, 0);
	return ret;
}

static int rec_write(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = recording->table.write_gpa(handle, gpa, buf, len);
	u64 value = 0;

	memcpy(&value, buf, len < 8 ? len : 8);
	put(CALL_WRITE_GPA, ret, gpa, len, value);
	return ret;
}

static unsigned long rec_gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	unsigned long mfn = recording->table.gfn_to_mfn(handle, gfn);

	put(CALL_GFN_TO_MFN, 0, gfn, mfn != ~0UL, 0);
	return mfn;
}

/* Frames outside of the aperture are the core's own: which ones is its business. */
static int rec_map_gfn(unsigned long handle, unsigned long gfn, unsigned long mfn, unsigned int nr,
		       bool map)
{
	int ret = recording->table.map_gfn_to_mfn(handle, gfn, mfn, nr, map);
	u64 frame = mfn - recording->core->aperture_mfn;

	put(CALL_MAP_GFN, ret, gfn, frame < 1 << 18 ? frame : ~0ULL, nr << 1 | map);
	return ret;
}

static int rec_dma_map(unsigned long handle, unsigned long gfn, unsigned long size, uint64_t *dma)
{
	int ret = recording->table.dma_map_guest_page(handle, gfn, size, dma);

	put(CALL_DMA_MAP, ret, gfn, size, 0);
	if (!ret)
		mapped(recording, *dma, gfn);
	return ret;
}

static void rec_dma_unmap(unsigned long handle, uint64_t dma)
{
	put(CALL_DMA_UNMAP, 0, unmapped(recording, dma), 0, 0);
	recording->table.dma_unmap_guest_page(handle, dma);
}

static int rec_trap(unsigned long handle, uint64_t start, uint64_t end, bool map)
{
	int ret = recording->table.set_trap_area(handle, start, end, map);

	put(CALL_TRAP, ret, start, end, map);
	return ret;
}

static int rec_pvmmio(unsigned long handle, uint64_t start, uint64_t end, bool map)
{
	int ret = recording->table.set_pvmmio(handle, start, end, map);

	put(CALL_PVMMIO, ret, start, end, map);
	return ret;
}

static int rec_pin(unsigned long handle, uint64_t dma)
{
	int ret = recording->table.dma_pin_guest_page(handle, dma);

	put(CALL_DMA_PIN, ret, record_frame(recording, dma), 0, 0);
	return ret;
}

static int rec_opregion(void *vgpu)
{
	int ret = recording->table.set_opregion(vgpu);

	put(CALL_OPREGION, ret, 0, 0, 0);
	return ret;
}

static int rec_edid(void *vgpu, int port)
{
	int ret = recording->table.set_edid(vgpu, port);

	put(CALL_EDID, ret, (u64)port, 0, 0);
	return ret;
}

static int rec_vfio_get(void *vgpu)
{
	int ret = recording->table.get_vfio_device(vgpu);

	put(CALL_VFIO_GET, ret, 0, 0, 0);
	return ret;
}

static void rec_vfio_put(void *vgpu)
{
	put(CALL_VFIO_PUT, 0, 0, 0, 0);
	recording->table.put_vfio_device(vgpu);
}

static bool rec_valid(unsigned long handle, unsigned long gfn)
{
	bool valid = recording->table.is_valid_gfn(handle, gfn);

	put(CALL_VALID_GFN, 0, gfn, valid, 0);
	return valid;
}

static int rec_intx(unsigned long handle, bool level)
{
	int ret = recording->table.set_intx(handle, level);

	put(CALL_INTX, ret, level, 0, 0);
	return ret;
}

#define OPS(X)								\
	X(attach_vgpu, rec_attach) X(detach_vgpu, rec_detach) X(inject_msi, rec_msi)	\
	X(enable_page_track, rec_track) X(disable_page_track, rec_untrack)	\
	X(read_gpa, rec_read) X(write_gpa, rec_write) X(gfn_to_mfn, rec_gfn_to_mfn)	\
	X(map_gfn_to_mfn, rec_map_gfn) X(dma_map_guest_page, rec_dma_map)	\
	X(dma_unmap_guest_page, rec_dma_unmap) X(set_trap_area, rec_trap)	\
	X(set_pvmmio, rec_pvmmio) X(dma_pin_guest_page, rec_pin) X(set_opregion, rec_opregion) \
	X(set_edid, rec_edid) X(get_vfio_device, rec_vfio_get)	\
	X(put_vfio_device, rec_vfio_put) X(is_valid_gfn, rec_valid) X(set_intx, rec_intx)

/* --- between: what --wrap leads here --- */

int __real_mpt_foreign_table(struct mpt_host *host, struct mpt_foreign_table *table);
int __wrap_mpt_foreign_table(struct mpt_host *host, struct mpt_foreign_table *table);

int __wrap_mpt_foreign_table(struct mpt_host *host, struct mpt_foreign_table *table)
{
	int ret = __real_mpt_foreign_table(host, table);

	if (ret)
		return ret;
	recording->table = *table;
#define X(member, function)						\
	if (table->member)						\
		table->member = function;
	OPS(X)
#undef X
	return 0;
}

const struct intel_gvt_mpt *__real_mpt_host_table(const struct mpt_host *host);
const struct intel_gvt_mpt *__wrap_mpt_host_table(const struct mpt_host *host);

const struct intel_gvt_mpt *__wrap_mpt_host_table(const struct mpt_host *host)
{
	static struct intel_gvt_mpt between;
	const struct intel_gvt_mpt *table = __real_mpt_host_table(host);

	if (!table || !recording || recording->core != &our_core || recording->host != host)
		return table;
	between = *table;
#define X(member, function)						\
	recording->table.member = table->member;			\
	if (table->member)						\
		between.member = function;
	OPS(X)
#undef X
	return &between;
}

void record_describe(const struct diff_call *c, char *text, size_t size)
{
	static const char *const name[NUM_CALLS] = {
		"set_trap_area", "map_gfn_to_mfn", "dma_map", "dma_unmap", "dma_pin", "track",
		"untrack", "inject_msi", "set_intx", "write_gpa", "read_gpa", "gfn_to_mfn",
		"is_valid_gfn", "set_opregion", "set_edid", "set_pvmmio", "get_vfio_device",
		"put_vfio_device", "attach", "detach",
	};

	snprintf(text, size, "%s 0x%llx 0x%llx 0x%llx = %d", name[c->op],
		 (unsigned long long)c->a, (unsigned long long)c->b, (unsigned long long)c->c,
		 c->ret);
}
