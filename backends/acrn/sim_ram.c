/* SPDX-License-Identifier: MIT */
/*
 * RAM that the simulated device model gives to VMs: where it lies in the machine, and the
 * hypercalls and records that make it the guest's. Which VMs there are is sim_dm.c's.
 */
#include "backends/acrn/sim_dm.h"

#define HUGE_SIZE (2ULL << 20)
#define GIANT_SIZE (1ULL << 30)
/* A piece where RAM is scattered in the machine. */
#define SCATTERED_SIZE (64ULL << 10)
/* Regions in a hypercall; VHM's own number is 128. */
#define BATCH 128U

/* --- memory of the machine --- */

/* The next piece of [gpa, end): none crosses a boundary of its own size. */
static u64 piece_size(const struct acrn_sim_config *c, u64 gpa, u64 end)
{
	u64 size = c->contiguous ? HUGE_SIZE : SCATTERED_SIZE;

	if (c->contiguous && c->huge_records && gpa % GIANT_SIZE == 0 && end - gpa >= GIANT_SIZE)
		return GIANT_SIZE;
	size -= gpa % size;
	return size < end - gpa ? size : end - gpa;
}

static u64 count_pieces(const struct acrn_sim_config *c, u64 gpa, u64 size)
{
	u64 at, n = 0;

	for (at = gpa; at < gpa + size; at += piece_size(c, at, gpa + size))
		n++;
	return n;
}

/* Never where the guest sees it: who takes a guest address for a machine one shall fail. */
static u64 piece_alloc(struct acrn_sim *sim, u64 gpa, u64 size)
{
	u64 align = size & (size - 1) ? MPT_PAGE_SIZE : size;
	u64 hpa = acrn_mem_alloc(sim, size, align), other;

	if (hpa != gpa)
		return hpa;
	other = acrn_mem_alloc(sim, size, align);
	acrn_mem_free(sim, hpa, size);
	return other;
}

static void pieces_free(struct acrn_sim *sim, struct acrn_ram *ram, u64 from)
{
	u64 i;

	for (i = from; i < ram->n; i++)
		acrn_mem_free(sim, ram->piece[i].hpa, ram->piece[i].size);
}

static void ram_free(struct acrn_sim *sim, struct acrn_ram *ram)
{
	pieces_free(sim, ram, 0);
	mpt_free(ram);
}

/* From the last to the first, so that no piece is followed by its neighbour in the machine. */
static struct acrn_ram *ram_alloc(struct acrn_sim *sim, u64 gpa, u64 size)
{
	const struct acrn_sim_config *c = acrn_sim_config(sim);
	u64 n = count_pieces(c, gpa, size), i, off;
	struct acrn_ram *ram = mpt_zalloc(sizeof(*ram) + n * sizeof(ram->piece[0]));

	if (!ram)
		return NULL;
	ram->gpa = gpa;
	ram->size = size;
	ram->n = n;
	for (i = 0, off = 0; i < n; off += ram->piece[i++].size)
		ram->piece[i] = (struct acrn_piece){
			.off = off,
			.size = piece_size(c, gpa + off, gpa + size),
		};
	for (i = n; i--;) {
		ram->piece[i].hpa = piece_alloc(sim, gpa + ram->piece[i].off, ram->piece[i].size);
		if (ram->piece[i].hpa != ~0ULL)
			continue;
		pieces_free(sim, ram, i + 1);
		mpt_free(ram);
		return NULL;
	}
	return ram;
}

/* --- the guest's view: the hypervisor's map and VHM's records --- */

static void guest_unmap(struct acrn_dm_vm *vm, struct acrn_ram *ram)
{
	u64 i;

	/* One by one: a piece that is not there must not keep the others. */
	for (i = 0; i < ram->n; i++) {
		struct acrn_region r = {
			.type = ACRN_MR_DEL,
			.gpa = ram->gpa + ram->piece[i].off,
			.size = ram->piece[i].size,
		};

		acrn_hc_set_regions(vm->sim, vm->id, &r, 1);
	}
}

/* Only what is readable and executable would make a store REQ_WP (ACRN, io_req.c). */
static int guest_map_some(struct acrn_dm_vm *vm, struct acrn_ram *ram, u64 from, unsigned int n)
{
	struct acrn_region r[BATCH];
	unsigned int i;

	for (i = 0; i < n; i++)
		r[i] = (struct acrn_region){
			.type = ACRN_MR_ADD,
			.prot = MEM_TYPE_WB | (ram->readonly ? MEM_ACCESS_READ : MEM_ACCESS_RWX),
			.gpa = ram->gpa + ram->piece[from + i].off,
			.service_gpa = acrn_mem_to_service(vm->sim, ram->piece[from + i].hpa),
			.size = ram->piece[from + i].size,
		};
	return acrn_hc_set_regions(vm->sim, vm->id, r, n) < 0 ? -EIO : 0;
}

static int guest_map(struct acrn_dm_vm *vm, struct acrn_ram *ram)
{
	unsigned int n;
	int ret = 0;
	u64 i;

	for (i = 0; i < ram->n && !ret; i += n) {
		n = (unsigned int)(ram->n - i < BATCH ? ram->n - i : BATCH);
		ret = guest_map_some(vm, ram, i, n);
	}
	/* A list that ends early has been done up to there. */
	if (ret)
		guest_unmap(vm, ram);
	return ret;
}

static int record(struct acrn_dm_vm *vm, struct acrn_ram *ram)
{
	int ret = 0;
	u64 i;

	for (i = 0; i < ram->n && !ret; i++)
		ret = acrn_svm_record(vm->sim, vm->id, ram->gpa + ram->piece[i].off,
				      ram->piece[i].size, ram->piece[i].hpa);
	if (ret)
		acrn_svm_unrecord(vm->sim, vm->id, ram->gpa, ram->size);
	return ret;
}

static int publish(struct acrn_dm_vm *vm, struct acrn_ram *ram)
{
	int ret = record(vm, ram);

	if (ret)
		return ret;
	ret = guest_map(vm, ram);
	if (ret)
		acrn_svm_unrecord(vm->sim, vm->id, ram->gpa, ram->size);
	return ret;
}

static void withdraw(struct acrn_dm_vm *vm, struct acrn_ram *ram)
{
	guest_unmap(vm, ram);
	acrn_svm_unrecord(vm->sim, vm->id, ram->gpa, ram->size);
}

/* --- regions; ram_gate is held --- */

static int range_check(struct acrn_dm_vm *vm, u64 gpa, u64 size)
{
	u64 width = 1ULL << acrn_sim_config(vm->sim)->gpa_bits;

	if ((gpa | size) % MPT_PAGE_SIZE || !size || gpa >= width || size > width - gpa)
		return -EINVAL;
	return 0;
}

static struct acrn_ram **overlap(struct acrn_ram **at, u64 gpa, u64 size)
{
	while (*at && !(gpa < (*at)->gpa + (*at)->size && (*at)->gpa < gpa + size))
		at = &(*at)->next;
	return at;
}

/* NULL: no region is exactly that. */
static struct acrn_ram **exact(struct acrn_dm_vm *vm, u64 gpa, u64 size)
{
	struct acrn_ram **at = overlap(&vm->ram, gpa, size);

	return *at && (*at)->gpa == gpa && (*at)->size == size ? at : NULL;
}

struct presence {
	u64 end;
	bool found;
};

static bool first_leaf(void *arg, u64 gpa, const struct acrn_ept_leaf *leaf)
{
	struct presence *p = arg;

	(void)leaf;
	p->found = gpa < p->end;
	return false;
}

/* Something is mapped there: RAM, or a device's memory, over which an ADD would be lost. */
static bool present(struct acrn_dm_vm *vm, u64 gpa, u64 size)
{
	struct presence p = { .end = gpa + size };
	struct acrn_hvm *hvm = acrn_hvm_get(vm->sim, vm->id);

	if (!hvm)
		return false;
	acrn_ept_each(hvm, gpa, first_leaf, &p);
	acrn_hvm_put(hvm);
	return p.found;
}

static int add(struct acrn_dm_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct acrn_ram *ram;
	int ret = range_check(vm, gpa, size);

	if (ret)
		return ret;
	if (*overlap(&vm->ram, gpa, size) || present(vm, gpa, size))
		return -EEXIST;
	ram = ram_alloc(vm->sim, gpa, size);
	if (!ram)
		return -ENOMEM;
	ram->readonly = readonly;
	ret = publish(vm, ram);
	if (ret) {
		ram_free(vm->sim, ram);
		return ret;
	}
	ram->next = vm->ram;
	vm->ram = ram;
	return 0;
}

static int remove_exact(struct acrn_dm_vm *vm, u64 gpa, u64 size, bool keep)
{
	struct acrn_ram **at = exact(vm, gpa, size), *ram;

	if (!at)
		return -ENOENT;
	ram = *at;
	*at = ram->next;
	withdraw(vm, ram);
	if (keep) {
		ram->next = vm->kept;
		vm->kept = ram;
	} else {
		ram_free(vm->sim, ram);
	}
	return 0;
}

/* Over its own old place it may move: that is empty by then. */
static int move(struct acrn_dm_vm *vm, u64 gpa, u64 size, u64 new_gpa)
{
	struct acrn_ram **at = exact(vm, gpa, size), *ram;
	int ret;

	if (!at)
		return -ENOENT;
	ret = range_check(vm, new_gpa, size);
	if (ret)
		return ret;
	ram = *at;
	*at = ram->next;
	withdraw(vm, ram);
	if (*overlap(&vm->ram, new_gpa, size) || present(vm, new_gpa, size))
		ret = -EEXIST;
	if (!ret) {
		ram->gpa = new_gpa;
		ret = publish(vm, ram);
	}
	if (ret) {
		ram->gpa = gpa;
		if (publish(vm, ram)) {
			/* Neither there nor here: the guest has lost it. */
			ram_free(vm->sim, ram);
			return ret;
		}
	}
	ram->next = vm->ram;
	vm->ram = ram;
	return ret;
}

static void list_free(struct acrn_sim *sim, struct acrn_ram **list)
{
	struct acrn_ram *ram;

	while ((ram = *list)) {
		*list = ram->next;
		ram_free(sim, ram);
	}
}

/* --- for callers --- */

static struct acrn_dm_vm *enter(void *dm, u16 vmid)
{
	struct acrn_dm_vm *vm = acrn_dm_get(dm, vmid);

	if (vm)
		acrn_gate_enter(vm->sim, &vm->ram_gate);
	return vm;
}

static int leave(struct acrn_dm_vm *vm, int ret)
{
	acrn_gate_leave(vm->sim, &vm->ram_gate);
	acrn_dm_put(vm);
	return ret;
}

int acrn_ram_add(void *dm, u16 vmid, u64 gpa, u64 size, bool readonly)
{
	struct acrn_dm_vm *vm = enter(dm, vmid);

	if (!vm)
		return -ESRCH;
	return leave(vm, vm->ended ? -ESRCH : add(vm, gpa, size, readonly));
}

int acrn_ram_remove(void *dm, u16 vmid, u64 gpa, u64 size, bool keep)
{
	struct acrn_dm_vm *vm = enter(dm, vmid);

	if (!vm)
		return -ESRCH;
	return leave(vm, vm->ended ? -ESRCH : remove_exact(vm, gpa, size, keep));
}

int acrn_ram_move(void *dm, u16 vmid, u64 gpa, u64 size, u64 new_gpa)
{
	struct acrn_dm_vm *vm = enter(dm, vmid);

	if (!vm)
		return -ESRCH;
	return leave(vm, vm->ended ? -ESRCH : move(vm, gpa, size, new_gpa));
}

void acrn_ram_free(void *dm, u16 vmid)
{
	struct acrn_dm_vm *vm = enter(dm, vmid);

	if (!vm)
		return;
	list_free(vm->sim, &vm->kept);
	leave(vm, 0);
}

void acrn_ram_forget(struct acrn_dm_vm *vm)
{
	struct acrn_ram *ram;

	for (ram = vm->ram; ram; ram = ram->next)
		acrn_svm_unrecord(vm->sim, vm->id, ram->gpa, ram->size);
}

void acrn_ram_end(struct acrn_dm_vm *vm)
{
	list_free(vm->sim, &vm->ram);
	list_free(vm->sim, &vm->kept);
}
