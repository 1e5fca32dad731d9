/* SPDX-License-Identifier: MIT */
/*
 * The rows of the comparison: what is done, the same on either core, and the proof that it was.
 * What a vCPU does is called at the core's entry points, so that neither core is charged for the
 * hypervisor's way to them.
 */
#include <stdlib.h>

#include "ppgtt.h"
#include "speed.h"

#define REGISTERS 8
#define CONFIG_BYTE 0x3c /* the interrupt line, which is only kept, too */
#define ENTRIES 512
#define LEAVES 512
#define FIRST_GFN (DATA >> 12)
#define PDP0 (PVINFO + 0x838)
#define NOTIFY (PVINFO + 0x818)
#define MAGIC 0x4776544776544776ULL

/* Watermarks: neither core does anything but keep them. */
static const u32 plain[REGISTERS] = { 0x45100, 0x45104, 0x45108, 0x4510c,
				      0x45110, 0x45120, 0x45124, 0x45128 };

/* Keeps the compiler from dropping a value. */
#define USE(x) __asm__ volatile("" : : "r"(x) : "memory")

/* --- the memory that both VMs have --- */

static int store(struct mpt_vm *vm, u64 gpa, u64 value)
{
	return mpt_guest_write(vm, gpa, &value, sizeof(value));
}

/* The first word of page i of the data is 0x1000 + i. */
int speed_tables(struct mpt_vm *vm)
{
	int ret = store(vm, PML4, PDP | 3) | store(vm, PDP, PD | 3) | store(vm, PD, PT | 3);
	unsigned int i;

	for (i = 0; i < LEAVES; i++) {
		ret |= store(vm, PT + i * 8, (DATA + i * 4096ULL) | 3);
		ret |= store(vm, DATA + i * 4096ULL, 0x1000 + i);
	}
	return ret;
}

int speed_boot(struct mpt_vm *vm)
{
	u32 bar0 = (u32)BAR0, bar2 = (u32)BAR2, zero = 0, command = 6;
	u64 magic = 0;

	if (mpt_guest_cfg_write(vm, 0x10, &bar0, 4) || mpt_guest_cfg_write(vm, 0x14, &zero, 4) ||
	    mpt_guest_cfg_write(vm, 0x18, &bar2, 4) || mpt_guest_cfg_write(vm, 0x1c, &zero, 4) ||
	    mpt_guest_cfg_write(vm, 0x04, &command, 2) ||
	    mpt_guest_read(vm, BAR0 + PVINFO, &magic, 8))
		return -1;
	return magic == MAGIC ? 0 : -1;
}

static struct mpt_vm_stats counted(const struct speed_side *s, unsigned int vm)
{
	struct mpt_vm_stats stats = { .msi = 0 };

	mpt_vm_stats_get(s->vm[vm], &stats);
	return stats;
}

static u64 bus_word(const struct speed_side *s, u64 addr)
{
	u64 word = 0;

	mpt_bus_read(s->host, addr & ADDR_MASK, &word, sizeof(word));
	return word;
}

/* --- registers --- */

static int put(struct speed_side *s, u32 reg, u32 value)
{
	return s->ops.emulate_mmio_write(s->vgpu, BAR0 + reg, &value, 4);
}

static double mmio_read(struct speed_side *s, unsigned long n)
{
	double start = speed_now();
	u32 value = 0;

	while (n--) {
		s->failed |= s->ops.emulate_mmio_read(s->vgpu, BAR0 + plain[n % REGISTERS], &value,
						      4) != 0;
		USE(value);
	}
	s->value = value;
	return speed_now() - start;
}

static double mmio_write(struct speed_side *s, unsigned long n)
{
	double start = speed_now();

	for (; n; n--)
		s->failed |= put(s, plain[n % REGISTERS], (u32)n & 0x1ff) != 0;
	return speed_now() - start;
}

static const char *mmio_proof(struct speed_side *s)
{
	unsigned int i;
	u32 value;

	mmio_write(s, 0x1a8);
	for (i = 0; i < REGISTERS; i++) {
		value = 0;
		EQ(s->ops.emulate_mmio_read(s->vgpu, BAR0 + plain[i], &value, 4), 0);
		EQ(value, i ? i : REGISTERS);
	}
	EQ(put(s, plain[0], 0x155), 0);
	mmio_read(s, REGISTERS);
	EQ(s->value, 0x155);
	return NULL;
}

static double pvinfo_read(struct speed_side *s, unsigned long n)
{
	double start = speed_now();
	u64 value = 0;

	while (n--) {
		s->failed |= s->ops.emulate_mmio_read(s->vgpu, BAR0 + PVINFO, &value, 8) != 0;
		USE(value);
	}
	s->value = value;
	return speed_now() - start;
}

static const char *pvinfo_proof(struct speed_side *s)
{
	pvinfo_read(s, 1);
	EQ(s->value, MAGIC);
	return NULL;
}

/* --- configuration space --- */

static double config_read(struct speed_side *s, unsigned long n)
{
	double start = speed_now();
	u32 value = 0;

	while (n--) {
		s->failed |= s->ops.emulate_cfg_read(s->vgpu, 0x10, &value, 4) != 0;
		USE(value);
	}
	s->value = value;
	return speed_now() - start;
}

static const char *config_read_proof(struct speed_side *s)
{
	config_read(s, 1);
	EQ(s->value, BAR0 | 4);
	return NULL;
}

static double config_write(struct speed_side *s, unsigned long n)
{
	double start = speed_now();

	for (; n; n--) {
		u8 value = (u8)n;

		s->failed |= s->ops.emulate_cfg_write(s->vgpu, CONFIG_BYTE, &value, 1) != 0;
	}
	return speed_now() - start;
}

static const char *config_write_proof(struct speed_side *s)
{
	u32 value = 0;

	config_write(s, 0x7f);
	EQ(s->ops.emulate_cfg_read(s->vgpu, CONFIG_BYTE, &value, 1), 0);
	EQ(value, 1);
	return NULL;
}

/* --- the global page table: each entry is a page of the guest's in the place of another --- */

static int entry_write(struct speed_side *s, unsigned long i, u64 gfn)
{
	u64 pte = gfn << 12 | 1;

	return s->ops.emulate_mmio_write(s->vgpu, BAR0 + GTT + 8 * (s->first + i), &pte, 8);
}

static double ggtt_write(struct speed_side *s, unsigned long n)
{
	double start = speed_now();

	for (; n; n--)
		s->failed |= entry_write(s, n % ENTRIES, FIRST_GFN + n / ENTRIES % LEAVES) != 0;
	return speed_now() - start;
}

static const char *ggtt_proof(struct speed_side *s)
{
	unsigned int i;

	ggtt_write(s, ENTRIES * 3);
	EQ(counted(s, 0).dma_live, ENTRIES);
	for (i = 1; i < ENTRIES; i++)
		EQ(bus_word(s, s->core->ggtt(s->device, s->first + i)), 0x1000);
	for (i = 0; i < ENTRIES; i++)
		EQ(entry_write(s, i, FIRST_GFN + i), 0);
	for (i = 0; i < ENTRIES; i++)
		EQ(bus_word(s, s->core->ggtt(s->device, s->first + i)), 0x1000 + i);
	return NULL;
}

/* --- an address space --- */

static int space_notify(struct speed_side *s, u32 message)
{
	return put(s, PDP0, (u32)PML4) | put(s, PDP0 + 4, (u32)(PML4 >> 32)) |
	       put(s, NOTIFY, message);
}

static int space_create(struct speed_side *s)
{
	return space_notify(s, L4_CREATE) | s->core->shadow(s->vgpu, PML4);
}

static int space_destroy(struct speed_side *s)
{
	return space_notify(s, L4_DESTROY);
}

static double space(struct speed_side *s, unsigned long n)
{
	double start = speed_now();

	while (n--)
		s->failed |= space_create(s) | space_destroy(s);
	return speed_now() - start;
}

static const char *space_proof(struct speed_side *s)
{
	u64 live = counted(s, 0).dma_live;
	unsigned int i;

	EQ(space_create(s), 0);
	EQ(counted(s, 0).dma_live, live + LEAVES);
	EQ(counted(s, 0).tracked, 4);
	for (i = 0; i < LEAVES; i++)
		EQ(bus_word(s, s->core->walk(s->vgpu, PML4, i * 4096ULL)), 0x1000 + i);
	EQ(space_destroy(s), 0);
	EQ(s->core->walk(s->vgpu, PML4, 0), 0);
	EQ(counted(s, 0).dma_live, live);
	EQ(counted(s, 0).tracked, 0);
	return NULL;
}

/* --- reset: of a vGPU that was at work --- */

static bool at_work(struct speed_side *s)
{
	unsigned int i;
	int ret = put(s, plain[0], 0x1ff);

	for (i = 0; i < ENTRIES; i++)
		ret |= entry_write(s, i, FIRST_GFN + i);
	return !(ret | space_create(s));
}

static double reset(struct speed_side *s, unsigned long n)
{
	double start, ns = 0;

	while (n--) {
		s->failed |= !at_work(s);
		start = speed_now();
		s->ops.vgpu_reset(s->vgpu);
		ns += speed_now() - start;
		s->failed |= speed_boot(s->vm[0]) != 0;
	}
	return ns;
}

static const char *reset_proof(struct speed_side *s)
{
	u64 mapped;

	CHECK(at_work(s));
	mapped = s->core->ggtt(s->device, s->first);
	EQ(counted(s, 0).dma_live, ENTRIES + LEAVES);
	s->ops.vgpu_reset(s->vgpu);
	EQ(counted(s, 0).dma_live, 0);
	EQ(counted(s, 0).tracked, 0);
	CHECK(s->core->ggtt(s->device, s->first) != mapped);
	EQ(s->core->walk(s->vgpu, PML4, 0), 0);
	EQ(speed_boot(s->vm[0]), 0);
	mmio_read(s, 1);
	EQ(s->value, 0);
	return NULL;
}

/* --- a vGPU: made active; made inactive and destroyed --- */

static double life(struct speed_side *s, unsigned long n, unsigned int type, bool destroys)
{
	double start, middle, ns = 0;

	while (n--) {
		struct intel_vgpu *vgpu;

		start = speed_now();
		vgpu = s->create(s, type);
		middle = speed_now();
		if (MPT_IS_ERR(vgpu)) {
			s->failed = true;
			return 0;
		}
		s->failed |= s->destroy(s, vgpu) != 0;
		ns += destroys ? speed_now() - middle : middle - start;
	}
	return ns;
}

#define LIFE(suffix, type)						\
static double create_##suffix(struct speed_side *s, unsigned long n)	\
{									\
	return life(s, n, type, false);					\
}									\
static double destroy_##suffix(struct speed_side *s, unsigned long n)	\
{									\
	return life(s, n, type, true);					\
}									\
static const char *life_proof_##suffix(struct speed_side *s)		\
{									\
	return life_proof(s, type);					\
}

/* A vGPU has what its type says, works, and leaves nothing to the next one in its place. */
static const char *life_proof(struct speed_side *s, unsigned int type)
{
	static const u64 low[] = { 64, 128, 256, 512 }, high[] = { 384, 512, 1024, 2048 };
	struct intel_vgpu *vgpu = s->create(s, type);
	struct speed_place place = { .low = 0 };
	u64 pte = DATA | 1, mapped;

	CHECK(!MPT_IS_ERR(vgpu));
	EQ(speed_boot(s->vm[1]), 0);
	s->core->place(vgpu, &place);
	EQ(place.low_size, low[type] << 20);
	EQ(place.high_size, high[type] << 20);
	EQ(place.fences, 4);
	EQ(mpt_guest_write(s->vm[1], BAR0 + GTT + (place.low >> 12) * 8, &pte, 8), 0);
	mapped = s->core->ggtt(s->device, place.low >> 12);
	EQ(bus_word(s, mapped), 0x1000);
	/* The Linux core gives its traps back at a reset only. */
	s->ops.vgpu_reset(vgpu);
	EQ(s->destroy(s, vgpu), 0);
	EQ(counted(s, 1).dma_live, 0);
	CHECK(s->core->ggtt(s->device, place.low >> 12) != mapped);
	return NULL;
}

LIFE(8, 0)
LIFE(1, 3)

const struct speed_row speed_rows[] = {
	{ "MMIO read, plain register, 4 bytes", mmio_read, mmio_proof, 1 },
	{ "MMIO write, plain register, 4 bytes", mmio_write, mmio_proof, 1 },
	{ "MMIO read, PVINFO, 8 bytes", pvinfo_read, pvinfo_proof, 1 },
	{ "config read, 4 bytes", config_read, config_read_proof, 1.2 },
	{ "config write, 1 byte", config_write, config_write_proof, 1.2 },
	{ "GGTT write, present entry, 8 bytes", ggtt_write, ggtt_proof, 1 },
	{ "PPGTT create + destroy, 4 levels, 512 pages", space, space_proof, 1 },
	{ "reset of a vGPU at work (DMLR)", reset, reset_proof, 1 },
	{ "vGPU create, type _8", create_8, life_proof_8, 1 },
	{ "vGPU destroy, type _8", destroy_8, life_proof_8, 1 },
	{ "vGPU create, type _1", create_1, life_proof_1, 1 },
	{ "vGPU destroy, type _1", destroy_1, life_proof_1, 1 },
};
const unsigned int speed_num_rows = sizeof(speed_rows) / sizeof(speed_rows[0]);
