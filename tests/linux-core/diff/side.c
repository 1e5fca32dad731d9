/* SPDX-License-Identifier: MIT */
/* A step on one core: what the guest or its hypervisor does, and what came of it. */
#include <errno.h>

#include "diff.h"

int side_open(struct diff_side *side, const struct diff_core *core, const char *spec)
{
	unsigned int i;
	int ret;

	memset(side, 0, sizeof(*side));
	side->core = core;
	recording = side;
	ret = mpt_host_open(spec, &side->host);
	if (ret)
		return ret;
	mpt_host_set_policy(side->host, MPT_POLICY_RETURN);
	for (i = 0; i < VMS && !ret; i++) {
		mpt_vm_create(side->host, i + 1);
		ret = mpt_vm_get(side->host, i + 1, &side->vm[i]);
		if (!ret)
			ret = mpt_ram_add(side->vm[i], 0, RAM_SIZE, 0);
	}
	return ret ? ret : core->open(side);
}

void side_close(struct diff_side *side)
{
	unsigned int i;

	recording = side;
	for (i = 0; i < VMS; i++)
		side_drop(side, i);
	side->core->close(side);
	for (i = 0; i < VMS; i++) {
		mpt_vm_put(side->vm[i]);
		mpt_vm_destroy(side->host, i + 1);
	}
	mpt_host_close(side->host);
}

/* --- where the guest has its BARs --- */

static u64 bar(struct diff_side *side, unsigned int vm, unsigned int at)
{
	u64 value = 0;

	side->ops->emulate_cfg_read(side->vgpu[vm], at, &value, 4);
	side->ops->emulate_cfg_read(side->vgpu[vm], at + 4, (u8 *)&value + 4, 4);
	return value & ~0xfULL;
}

static void guest_read(struct diff_side *side, const struct diff_step *s, u64 gpa,
		       struct diff_record *r)
{
	r->ret = mpt_guest_read(side->vm[s->vm], gpa, &r->value, s->len);
}

static void guest_write(struct diff_side *side, const struct diff_step *s, u64 gpa,
			struct diff_record *r)
{
	r->ret = mpt_guest_write(side->vm[s->vm], gpa, &s->value, s->len);
}

/* A vCPU's access comes in aligned pieces; from elsewhere it may come as it is. */
static bool direct(struct diff_side *side, const struct diff_step *s, u64 gpa)
{
	u32 command = 0;

	side->ops->emulate_cfg_read(side->vgpu[s->vm], 4, &command, 4);
	return command & 2 && gpa % s->len;
}

static void mmio_read(struct diff_side *side, const struct diff_step *s, u64 gpa,
		      struct diff_record *r)
{
	if (!direct(side, s, gpa)) {
		guest_read(side, s, gpa, r);
		return;
	}
	r->ret = side->ops->emulate_mmio_read(side->vgpu[s->vm], gpa, &r->value, s->len);
	r->value = r->ret ? 0 : r->value;
}

static void mmio_write(struct diff_side *side, const struct diff_step *s, u64 gpa,
		       struct diff_record *r)
{
	u64 value = s->value;

	if (direct(side, s, gpa))
		r->ret = side->ops->emulate_mmio_write(side->vgpu[s->vm], gpa, &value, s->len);
	else
		guest_write(side, s, gpa, r);
}

/* --- the global page table --- */

/* The vGPU's entries in a row: first those of the aperture, then hidden ones, then some others'. */
static u64 gtt_index(const struct diff_place *p, u64 n)
{
	u64 low = p->low_size >> 12, high = p->high_size >> 12;

	if (n < low)
		return (p->low >> 12) + n;
	return n - low < high ? (p->high >> 12) + n - low : (p->high >> 12) + n;
}

static u64 gtt_gpa(struct diff_side *side, const struct diff_step *s)
{
	u64 index = gtt_index(&side->place[s->vm], s->at / 8);

	return bar(side, s->vm, 0x10) + GTT + index * 8 + s->at % 8;
}

/* What the device finds: the guest's frame, and the entry's flags; 0: not the guest's memory. */
static u64 gtt_host(struct diff_side *side, const struct diff_step *s)
{
	u64 entry = side->core->ggtt(side, gtt_index(&side->place[s->vm], s->at / 8));
	u64 gfn = entry & 1 ? record_frame(side, entry & ADDR_MASK) : ~0ULL;

	return gfn == ~0ULL ? 0 : gfn << 12 | (entry & 0xfff);
}

static void gtt_write(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	struct diff_step whole = *s;
	u64 gpa = gtt_gpa(side, s);

	mmio_write(side, s, gpa, r);
	whole.len = 8;
	mpt_guest_read(side->vm[s->vm], gpa & ~7ULL, &r->value, 8);
	r->host = gtt_host(side, &whole);
}

/* --- page tables of processes --- */

static void notify(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	const struct space_roots *roots = &space_roots[s->at];
	u64 at = bar(side, s->vm, 0x10) + PVINFO;
	u32 message = (u32)s->value;

	mpt_guest_write(side->vm[s->vm], at + 0x838, &roots->pdp[0], 8);
	if (roots->levels == 3) {
		mpt_guest_write(side->vm[s->vm], at + 0x840, &roots->pdp[1], 8);
		mpt_guest_write(side->vm[s->vm], at + 0x848, &roots->pdp[2], 8);
		mpt_guest_write(side->vm[s->vm], at + 0x850, &roots->pdp[3], 8);
	}
	r->ret = mpt_guest_write(side->vm[s->vm], at + 0x818, &message, 4);
}

/* The leaf for an address: guest frame and rights; 0: none, or none of the guest's memory. */
static u64 leaf(struct diff_side *side, int levels, const u64 root[4], u64 address)
{
	int shift = levels == 4 ? 39 : 21;
	u64 entry = levels == 4 ? root[0] : root[address >> 30 & 3], rights = 3, frame;
	const u64 *table;

	for (; shift >= 12; shift -= 9) {
		table = entry & ADDR_MASK ? side->core->page(entry & ADDR_MASK) : NULL;
		entry = table ? table[address >> shift & 511] : 0;
		rights &= entry;
		if (!(entry & 1))
			return 0;
		if (shift == 21 && entry & 0x80) {
			entry = (entry & ADDR_MASK & ~0x1fffffULL) + (address & 0x1ff000);
			break;
		}
	}
	frame = record_frame(side, entry & ADDR_MASK);
	return frame == ~0ULL ? 0 : frame << 12 | rights;
}

static void walk_space(struct diff_side *side, void *vgpu, unsigned int space,
		       struct diff_record *r)
{
	const struct space_roots *s = &space_roots[space];
	u64 root[4] = { 0 };
	unsigned int i;
	void *held;

	r->ready[space] = side->core->ready(vgpu, s, root, &held);
	if (r->ready[space])
		return;
	for (i = 0; i < PROBES; i++)
		r->walk[space][i] = leaf(side, s->levels, root, probe_address(i));
	side->core->done(vgpu, held);
}

/* The same by the guest's own memory: what no core had a hand in. */
static u64 guest_leaf(struct diff_side *side, unsigned int vm, const struct space_roots *s,
		      u64 address)
{
	int shift = s->levels == 4 ? 39 : 21;
	u64 entry = s->levels == 4 ? s->pdp[0] : s->pdp[address >> 30 & 3], rights = 3, at;

	for (; shift >= 12; shift -= 9) {
		at = (entry & ADDR_MASK) + (address >> shift & 511) * 8;
		if (mpt_guest_read(side->vm[vm], at, &entry, 8) || !(entry & 1))
			return 0;
		rights &= entry;
		if (shift == 21 && entry & 0x80) {
			entry = (entry & ADDR_MASK & ~0x1fffffULL) + (address & 0x1ff000);
			break;
		}
	}
	return (entry & ADDR_MASK) < RAM_SIZE ? (entry & ADDR_MASK) | rights : 0;
}

bool side_walk_is_true(struct diff_side *side, unsigned int vm, const struct diff_record *r,
		       u32 announced)
{
	unsigned int i, j;
	u64 wanted;

	for (i = 0; i < SPACES; i++) {
		if (!(announced & 1U << i))
			continue;
		for (j = 0; j < PROBES; j++) {
			wanted = guest_leaf(side, vm, &space_roots[i], probe_address(j));
			if (r->ready[i] || r->walk[i][j] != wanted)
				return false;
		}
	}
	return true;
}

static void walk(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	unsigned int i;

	for (i = 0; i < SPACES; i++)
		if (s->value & 1ULL << i)
			walk_space(side, side->vgpu[s->vm], i, r);
}

/* --- the rest --- */

static void flip(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	u64 at = bar(side, s->vm, 0x10) + 0x1000 * s->at;
	u32 control = 1 << 9, surface = (u32)s->value;

	mpt_guest_write(side->vm[s->vm], at + 0x70180, &control, 4);
	r->ret = mpt_guest_write(side->vm[s->vm], at + 0x7019c, &surface, 4);
	mpt_guest_read(side->vm[s->vm], at + 0x701ac, &r->value, 4);
	at = bar(side, s->vm, 0x10) + 0x44408 + 0x10 * s->at;
	mpt_guest_read(side->vm[s->vm], at, (u8 *)&r->value + 4, 4);
}

static void hotplug(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	u64 at = bar(side, s->vm, 0x10);

	side->ops->emulate_hotplug(side->vgpu[s->vm], s->value);
	mpt_guest_read(side->vm[s->vm], at + 0xc4008, &r->value, 4);
	mpt_guest_read(side->vm[s->vm], at + 0x44200, (u8 *)&r->value + 4, 4);
}

static void destroy(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	struct intel_vgpu *vgpu = side->vgpu[s->vm];

	side->vgpu[s->vm] = NULL;
	side->ops->vgpu_deactivate(vgpu);
	if (!s->value)
		side->ops->vgpu_reset(vgpu);
	r->ret = mpt_vgpu_destroy(side->vm[s->vm], vgpu);
}

void side_drop(struct diff_side *side, unsigned int vm)
{
	const struct diff_step s = { .op = DESTROY, .vm = (u8)vm };
	static struct diff_record unused;

	recording = side;
	side->of = &side->sum[vm];
	if (side->vgpu[vm])
		destroy(side, &s, &unused);
	record_forget(side, vm);
}

static void create(struct diff_side *side, const struct diff_step *s, struct diff_record *r,
		   const struct diff_place *place)
{
	const struct diff_step end = { .op = DESTROY, .vm = s->vm };
	struct diff_place *p = &side->place[s->vm];

	if (side->vgpu[s->vm])
		destroy(side, &end, r);
	if (place)
		*p = *place;
	r->ret = side->core->create(side, s->vm, p);
	if (!r->ret)
		side->ops->vgpu_activate(side->vgpu[s->vm]);
}

static void cfg_write(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	u64 value = s->value;
	unsigned int at = (unsigned int)s->at & ~3U;

	r->ret = mpt_guest_cfg_write(side->vm[s->vm], (unsigned int)s->at, &value, s->len);
	side->ops->emulate_cfg_read(side->vgpu[s->vm], at, &r->value, 4);
	if (s->at % 4 + s->len > 4 && at + 4 < 4096)
		side->ops->emulate_cfg_read(side->vgpu[s->vm], at + 4, (u8 *)&r->value + 4, 4);
}

static void aperture(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	u64 gpa = bar(side, s->vm, 0x18) + side->place[s->vm].low + s->at;

	if (s->op == APERTURE_READ)
		guest_read(side, s, gpa, r);
	else
		guest_write(side, s, gpa, r);
}

/* What is there after a write. */
static void bar0_back(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	unsigned int len = s->len == 8 ? 8 : 4;

	mpt_guest_read(side->vm[s->vm], bar(side, s->vm, 0x10) + (s->at & ~(len - 1ULL)),
		       &r->value, len);
}

static void cfg_read(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	r->ret = mpt_guest_cfg_read(side->vm[s->vm], (unsigned int)s->at, &r->value, s->len);
}

static void bar0_read(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	mmio_read(side, s, bar(side, s->vm, 0x10) + s->at, r);
}

static void bar0_write(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	mmio_write(side, s, bar(side, s->vm, 0x10) + s->at, r);
	bar0_back(side, s, r);
}

static void gtt_read(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	mmio_read(side, s, gtt_gpa(side, s), r);
}

/* What a hypervisor does, and no guest. */
static void life(struct diff_side *side, const struct diff_step *s, struct diff_record *r)
{
	struct intel_vgpu *vgpu = side->vgpu[s->vm];

	(void)r;
	if (s->op == RESET)
		side->ops->vgpu_reset(vgpu);
	else if (s->op == ACTIVATE)
		side->ops->vgpu_activate(vgpu);
	else if (s->op == DEACTIVATE)
		side->ops->vgpu_deactivate(vgpu);
	else
		side->ops->vgpu_release(vgpu);
}

/* Those that need a vGPU. */
static void (*const with_vgpu[NUM_OPS])(struct diff_side *side, const struct diff_step *s,
					struct diff_record *r) = {
	[CFG_READ] = cfg_read, [CFG_WRITE] = cfg_write,
	[BAR0_READ] = bar0_read, [BAR0_WRITE] = bar0_write,
	[GTT_READ] = gtt_read, [GTT_WRITE] = gtt_write,
	[APERTURE_READ] = aperture, [APERTURE_WRITE] = aperture,
	[NOTIFY] = notify, [WALK] = walk, [FLIP] = flip, [HOTPLUG] = hotplug,
	[RESET] = life, [ACTIVATE] = life, [DEACTIVATE] = life, [RELEASE] = life,
	[DESTROY] = destroy,
};

void side_step(struct diff_side *side, const struct diff_step *s, struct diff_record *r,
	       const struct diff_place *place)
{
	memset(r, 0, offsetof(struct diff_record, call));
	recording = side;
	side->of = &side->sum[s->vm];
	side->now = r;
	if (s->op == RAM_READ)
		guest_read(side, s, s->at, r);
	else if (s->op == RAM_WRITE)
		guest_write(side, s, s->at, r);
	else if (s->op == CREATE)
		create(side, s, r, place);
	else if (side->vgpu[s->vm])
		with_vgpu[s->op](side, s, r);
	side->now = NULL;
	r->failsafe = side->vgpu[s->vm] && side->core->failsafe(side->vgpu[s->vm]);
	r->mapped = side->of->mapped;
	r->mapped_sum = side->of->mapped_sum;
	r->tracked = side->of->tracked;
	r->tracked_sum = side->of->tracked_sum;
}
