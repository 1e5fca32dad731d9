/* SPDX-License-Identifier: MIT */
/*
 * Page tables in guest memory as i915 builds them: what is not mapped leads to scratch tables and a
 * scratch page, never to an entry that is not present. Format: Skylake PRM vol. 5; Linux 6.1
 * gt/gen8_ppgtt.c, from memory.
 */
#include <gvt/gvt.h>

#include "guest_priv.h"

#define ENTRIES 512U
#define RW_PRESENT 3ULL
#define PTE_CACHED (1ULL << 7) /* PAT of a 4 KiB leaf; in a directory the bit says 2 MiB */
#define PDE_2M (1ULL << 7)
#define PDE_64K (1ULL << 11)
#define ADDR 0x00007ffffffff000ULL

#define PV_NOTIFY (GVT_PVINFO_OFFSET + 0x818)
#define PV_PDP(n) (GVT_PVINFO_OFFSET + 0x838U + 8 * (n))
#define NOTIFY_CREATE(levels) ((levels) == 4 ? 4U : 2U)
#define NOTIFY_DESTROY(levels) ((levels) == 4 ? 5U : 3U)

u64 guest_vm_pte(u64 gpa)
{
	return gpa | RW_PRESENT | PTE_CACHED;
}

/* What an entry at @level holds that leads to @gpa. */
static u64 encode(int level, u64 gpa)
{
	return level == 1 ? guest_vm_pte(gpa) : gpa | RW_PRESENT;
}

/* A table of @level whose entries all lead to scratch; it is filled before anything leads to it. */
static u64 table_new(struct guest *g, struct guest_vm *vm, int level)
{
	u64 page[ENTRIES], gpa = guest_alloc(g, 1, 1);
	u32 i;

	for (i = 0; i < ENTRIES; i++)
		page[i] = encode(level, vm->scratch[level - 1]);
	guest_ram_write(g, gpa, page, sizeof(page));
	return gpa;
}

void guest_vm_new(struct guest *g, struct guest_vm *vm)
{
	int i, top = g->c.levels == 4 ? 4 : 2;

	vm->levels = g->c.levels;
	vm->scratch[0] = guest_alloc(g, 1, 1);
	for (i = 1; i < top; i++)
		vm->scratch[i] = table_new(g, vm, i);
	for (i = 0; i < (vm->levels == 4 ? 1 : 4); i++)
		vm->root[i] = table_new(g, vm, top);
}

u64 guest_vm_entry(struct guest *g, struct guest_vm *vm, u64 va, int level)
{
	int at = vm->levels == 4 ? 4 : 2;
	u64 table = vm->levels == 4 ? vm->root[0] : vm->root[va >> 30 & 3];

	for (; !g->failed; at--) {
		u64 gpa = table + (va >> (3 + 9 * at) & (ENTRIES - 1)) * 8, entry;

		if (at == level)
			return gpa;
		entry = guest_ram64(g, gpa);
		if (entry == encode(at, vm->scratch[at - 1])) {
			entry = encode(at, table_new(g, vm, at - 1));
			guest_ram64_set(g, gpa, entry);
		}
		table = entry & ADDR;
	}
	return 0;
}

void guest_vm_map(struct guest *g, struct guest_vm *vm, u64 va, u64 gpa, u32 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		guest_ram64_set(g, guest_vm_entry(g, vm, va + i * G_PAGE, 1),
				guest_vm_pte(gpa + i * G_PAGE));
}

/*
 * The table is filled as if for 4 KiB pages, then its directory entry says otherwise. Only each
 * 16th entry counts now; the others lead to scratch, so that one which is used shows.
 */
void guest_vm_map_64k(struct guest *g, struct guest_vm *vm, u64 va, u64 gpa)
{
	u64 pde;

	guest_ram64_set(g, guest_vm_entry(g, vm, va, 1), guest_vm_pte(gpa));
	pde = guest_vm_entry(g, vm, va, 2);
	guest_ram64_set(g, pde, guest_ram64(g, pde) | PDE_64K);
}

void guest_vm_map_2m(struct guest *g, struct guest_vm *vm, u64 va, u64 gpa)
{
	guest_ram64_set(g, guest_vm_entry(g, vm, va, 2), gpa | RW_PRESENT | PDE_2M);
}

/* As far up as the space goes: indices of all levels differ from those of everything else. */
u64 guest_va_far(const struct guest_vm *vm)
{
	return vm->levels == 4 ? 0x55ULL << 39 | 0x101ULL << 30 | 0x1ffULL << 21 | 0x1ffULL << 12
			       : 0xfffff000ULL;
}

/* The addresses first, dword by dword; the command consumes them (gen8_ppgtt_notify_vgt()). */
void guest_vm_notify(struct guest *g, struct guest_vm *vm, bool create)
{
	u32 i;

	for (i = 0; i < (vm->levels == 4 ? 1U : 4U); i++) {
		guest_reg_set(g, PV_PDP(i), (u32)vm->root[i]);
		guest_reg_set(g, PV_PDP(i) + 4, (u32)(vm->root[i] >> 32));
		guest_expect(g, guest_bar0_read(g, PV_PDP(i), 8), vm->root[i], "PVINFO pdp %u", i);
	}
	guest_reg_set(g, PV_NOTIFY,
		      create ? NOTIFY_CREATE(vm->levels) : NOTIFY_DESTROY(vm->levels));
	vm->announced = create;
}

/* Half of it is mapped before the device knows the tables, half after. */
void guest_step_ppgtt(struct guest *g)
{
	struct guest_vm *vm = &g->vm[0];

	g->batch = guest_alloc(g, G_BATCH_PAGES, 1);
	g->data4k = guest_alloc(g, 1, 1);
	g->data64k = guest_alloc(g, 16, 16);
	g->data2m = guest_alloc(g, 512, 512);
	g->far = guest_alloc(g, 1, 1);
	guest_vm_new(g, vm);
	guest_vm_map(g, vm, G_VA_BATCH, g->batch, G_BATCH_PAGES);
	guest_vm_map_64k(g, vm, G_VA_64K, g->data64k);
	guest_vm_notify(g, vm, true);
	guest_vm_map(g, vm, G_VA_4K, g->data4k, 1);
	guest_vm_map_2m(g, vm, G_VA_2M, g->data2m);
	guest_vm_map(g, vm, guest_va_far(vm), g->far, 1);

	vm = &g->vm[1];
	g->batch1 = guest_alloc(g, G_BATCH_PAGES, 1);
	g->data1 = guest_alloc(g, 1, 1);
	guest_vm_new(g, vm);
	guest_vm_notify(g, vm, true);
	guest_vm_map(g, vm, G_VA_BATCH, g->batch1, G_BATCH_PAGES);
	guest_vm_map(g, vm, G_VA_4K, g->data1, 1);
}
